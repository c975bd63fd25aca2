"""Rows -> tables: one set of columns, and one grid of shares, for a page and for plain text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from ct_magic.client.jobs import State
from ct_magic.common import words
from ct_magic.common.statistics import wilson
from ct_magic.common.words import change, duration, fit, interval, plain, share
from ct_magic.panel import text as panel_text
from ct_magic.panel.standing import Standing, column_words, pieces
from ct_magic.panel.style import DOUBT, INK, MUTED, WRONG, bar
from ct_magic.planning.row_results import RowResult, reason, shared_error
from ct_magic.rows import Row, row_name

NONE = "\u2013"  # in the place of a count that will not come
NUMERIC = " class=n"  # of a column whose cells stand at the right
_GAP = "  "
_COLOURS = {State.FAILED: WRONG, State.TIMED_OUT: WRONG, State.INCONSISTENT: WRONG}


def html_table(
    heads: Sequence[str | None],
    lines: Iterable[Sequence[str]],
    looks: Sequence[str],
    *,
    kind: str = "",
    label: str = "",
) -> str:
    """Return a table of cells that are HTML; a column's look is what all its cells' tags say.

    A column whose head is None takes the room that the others leave.
    """
    rest = '<td style="width:100%;min-width:60px"></td>'
    head = "".join(
        rest if text is None else f'<th scope="col"{look}>{text}</th>' if text else "<td></td>"
        for text, look in zip(heads, looks, strict=True)
    )
    body = "".join(
        f"<tr>{''.join(f'<td{look}>{c}</td>' for c, look in zip(line, looks, strict=True))}</tr>"
        for line in lines
    )
    name = f' aria-label="{label}"' if label else ""
    of_kind = f' class="{kind}"' if kind else ""
    return f"<table{of_kind}{name}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def text_table(lines: Sequence[Sequence[str]], right: Sequence[bool], columns: int) -> list[str]:
    """Return lines of words as lines of a terminal; a column without a word is left out.

    The first column gives way where there is no room; the last one is not cut.
    """
    kept = [n for n in range(len(right)) if any(line[n] for line in lines)]
    widths = [max(sum(map(words.width, line[n])) for line in lines) for n in kept]
    over = sum(widths) + len(_GAP) * (len(kept) - 1) - columns
    if kept and over > 0 and not right[kept[0]]:
        widths[0] = max(12, widths[0] - over)
    return [
        _GAP.join(
            _in_columns(line[n], w, right[n]) for n, w in zip(kept, widths, strict=True)
        ).rstrip()
        for line in lines
    ]


def _in_columns(text: str, columns: int, right: bool) -> str:
    if fit(text, columns) != text:
        text = f"{fit(text, columns - 1)}…"
    gap = " " * (columns - sum(map(words.width, text)))
    return gap + text if right else text + gap


# What a table of rows has in its columns: what all of them share is left out.


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head, the words of a row, and where a page shows them otherwise, its HTML."""

    head: str
    words: Callable[[RowResult], str]
    html: Callable[[RowResult], str] | None = None
    right: bool = False
    is_bar: bool = False

    def cell(self, row: RowResult) -> str:
        """Return what a page shows of a row."""
        return self.html(row) if self.html else escape(self.words(row))


def row_columns(standing: Standing, *, live: bool = False) -> list[Column]:
    """Return the columns that all rows of a cell need."""
    rows = standing.rows
    highest = max((row.count for row in rows if row.count is not None), default=0)
    named = len({row.row.title for row in rows}) > 1
    columns = []
    if named or any(pieces(row.row) for row in rows):
        steps = ["step"] * any(row.row.step is not None for row in rows)
        fixed = [column for column, _ in rows[0].row.pieces]
        head = "query" if named else ", ".join([*fixed, *steps])
        columns.append(
            Column(head, lambda row: row_label(row, named), lambda row: _named(row, named))
        )
    if len({(row.row.start, row.row.end) for row in rows}) > 1:
        single = all(row.row.start == row.row.end for row in rows)
        columns.append(Column("day" if single else "days", lambda row: row_days(row, rows)))
    columns.append(Column("profiles", count_words, _count, right=True))
    if any(row.row.previous is not None for row in rows):
        columns.append(
            Column("before", lambda row: _known("{:,}".format, row.previous), right=True)
        )
        if not standing.has_shares:
            columns.append(Column("change", lambda row: _known(change, row.change), right=True))
    columns.append(Column("", lambda _: "", lambda row: _bar(row, highest, standing), is_bar=True))
    note = Column(
        "share" if standing.has_shares else "",
        lambda row: panel_text.note(row, standing),
        lambda row: _note(row, standing, live),
    )
    return [*columns, note]


def _known(write: Callable[[Any], str], value: float | None) -> str:
    return "" if value is None else write(value)


def rows_as_html(standing: Standing, rows: Sequence[RowResult], *, live: bool = False) -> str:
    """Return some rows of a cell as a table, with the columns that all of its rows need."""
    columns = row_columns(standing, live=live)
    if not live and not any(columns[-1].words(row) for row in standing.rows):
        columns.pop()
    looks = [NUMERIC if column.right else "" for column in columns]
    heads = [None if column.is_bar else escape(plain(column.head)) for column in columns]
    lines = ([column.cell(row) for column in columns] for row in rows)
    return html_table(heads, lines, looks, kind="ct-rows", label="counts")


def rows_as_text(
    standing: Standing, rows: Sequence[tuple[RowResult | None, str]], width: int
) -> list[str]:
    """Return some rows as lines, each with a remark; without a row, that is a line of its own."""
    columns = row_columns(standing)
    lines = [[column.head for column in columns]]
    for row, remark in rows:
        if row is None:
            lines.append([remark, *[""] * (len(columns) - 1)])
            continue
        said = [plain(column.words(row)) for column in columns]
        lines.append([*said[:-1], " · ".join(filter(None, [said[-1], remark]))])
    return text_table(lines, [column.right for column in columns], width)


def row_label(row: RowResult, named: bool) -> str:
    """Return what tells a row from others, but for its days."""
    return plain(" · ".join([row.row.title] * named + pieces(row.row)))


def row_days(row: RowResult, rows: Sequence[RowResult]) -> str:
    """Return the days of a row; with the year where the rows are not all of one."""
    years = {day.year for other in rows for day in (other.row.start, other.row.end)}
    return words.span(row.row.start, row.row.end, year=len(years) > 1)


def count_words(row: RowResult) -> str:
    """Return the count of a row, or the sign in its place."""
    return (NONE if row.state.ended else "…") if row.count is None else f"{row.count:,}"


def _named(row: RowResult, named: bool) -> str:
    name = row_label(row, named)
    sign = ""
    if row.row.doubts:
        why = escape(plain("; ".join(row.row.doubts)), quote=True)
        sign = f'<span style="color:{DOUBT}" role="img" aria-label="doubt" title="{why}">⚠</span> '
    # Pointing at what may be cut says all of it.
    title = f' title="{escape(name, quote=True)}"' if len(name) > 20 else ""
    return f"{sign}<bdi{title}>{escape(name)}</bdi>"


def _count(row: RowResult) -> str:
    return _quiet(count_words(row)) if row.count is None else f"{row.count:,}"


def _bar(row: RowResult, highest: int, standing: Standing) -> str:
    width = 100 * row.count / highest if row.count and highest else 0.0
    return bar(width, hollow=standing.is_open(row)) if width else ""


def _note(row: RowResult, standing: Standing, live: bool) -> str:
    parts = [] if row.share is None or row.low is None else [_share(row)]
    if not live and row.difference is None:
        parts.append(escape(panel_text.of_step_before(row, standing.rows)))
    parts.append(state(row, standing, live=live))
    said = " · ".join(filter(None, parts))
    if not live or row.state in panel_text.QUIET:
        return said
    # While it runs a line has no room for all, and must not become two: pointing at it says all.
    return f'<span title="{escape(panel_text.phase(row, standing))}">{said}</span>'


def _share(row: RowResult) -> str:
    ends = escape(interval(row.low, row.high))
    said = f"<b>{escape(share(row.share or 0.0))}</b> {_quiet(f'({ends})')}"
    if row.difference is None:
        return said
    between = panel_text.difference(row).partition(" (")
    return f"{said} · <b>{between[0]}</b> {_quiet(f'({between[2]}')}"


def state(row: RowResult, standing: Standing, *, live: bool, short: bool = True) -> str:
    """Return the state of a row that is not simply done, as HTML."""
    if not row.state.ended:
        said = foreign(panel_text.under_way(row, short=short))
        colour = DOUBT if panel_text.trouble(row) else INK
        if (left := panel_text.next_look(row, standing.now)) is not None:
            what = panel_text.next_what(row)
            time = clock("down", (left, 1), left, f"{left} s") if live else words.duration(left)
            # A page that hears nothing meanwhile takes away what has come to its end by itself.
            ends = f' ct-magic-ends" style="--ct-magic-for:{left}s' if live else ""
            said += f'<span class="ct-next{ends}">, next {what} in {time}</span>'
        return f'<span class="ct-live" style="color:{colour}">{said}</span>'
    if row.state in panel_text.QUIET:
        quiet = standing.so_far(row) if row.state is State.SUCCESS else "not yet"
        return f'<span style="color:{MUTED}">{quiet}</span>' if quiet else ""
    colour = _COLOURS.get(row.state, INK)
    sign = f'<span aria-hidden="true">{panel_text.SIGNS[row.state]}</span> '
    said = foreign(panel_text.ended(row))
    sign = sign if row.state in _COLOURS else ""
    return f'<span class="ct-why" style="color:{colour}">{sign}{said}</span>'


def foreign(text: str) -> str:
    """Return a foreign text as HTML."""
    # <bdi> keeps a right-to-left name from turning the rest of the line round.
    return f"<bdi>{escape(plain(text))}</bdi>"


def clock(way: str, ends: tuple[int, int], seconds: int, copied: str, more: str = "") -> str:
    """Return a clock that the browser moves on by itself; who copies it gets these words."""
    style = f"--ct-magic-from:{ends[0]};--ct-magic-to:{ends[1]};--ct-magic-for:{seconds}s{more}"
    unseen = f'<span style="font-size:0">{copied}</span>'
    return f'<span class="ct-magic-{way}" style="{style}">{unseen}</span>'


# Shares over numbers of `after`, or over windows of own days: a line for each base, a column for
# each of these, the mean first.

STRONG = 60  # percent of the bar's colour behind the largest share
_ROOMY = 8  # columns that have room for a sign behind each number
Place = tuple[int, ...]  # of a column: its number of `after`, or its first and last day


@dataclass(frozen=True, slots=True)
class Grid:
    """Shares as they are read: what the columns are called, and the lines.

    `is_own` is true of own days, which have no shades: a number, and of how many it is.
    """

    heads: tuple[str, ...]
    lines: tuple[tuple[RowResult, tuple[RowResult | None, ...]], ...]
    is_own: bool

    @property
    def means(self) -> list[tuple[int, int] | None]:
        """The counts and the bases of each column's shares, added up; None for one piece of time.

        Values of a property may overlap, or not be all.
        """
        sums, pieces = [], len({base.row.start for base, _ in self.lines})
        for n in range(len(self.heads)):
            known = [row for _, cells in self.lines if (row := cells[n]) and row.share is not None]
            total = sum(row.count or 0 for row in known), sum(row.of or 0 for row in known)
            sums.append(total if total[1] and pieces > 1 else None)
        return sums

    @property
    def mean_name(self) -> str:
        """What the line of means is called: own days of pieces of time are all there are."""
        has_values = any(base.row.pieces for base, _ in self.lines)
        return "all" if self.is_own and not has_values else "mean"

    @property
    def largest(self) -> float:
        """The largest share behind the first column, which has the darkest shade."""
        cells = [c for _, cells in self.lines for c in cells[len(self.heads) > 1 :]]
        return max((c.share for c in cells if c and c.share is not None), default=1.0) or 1.0


def _place(row: Row) -> Place | None:
    if row.after is not None:
        return (row.after,)
    return None if row.from_day is None or row.to_day is None else (row.from_day, row.to_day)


def is_grid(rows: Sequence[RowResult]) -> bool:
    """Return True for shares of one step over `after` numbers or own days: read as a grid."""
    steps = {row.row.step for row in rows if _place(row.row)}
    is_base = [row.row.base == row.row.number for row in rows]
    is_all = all(base or _place(row.row) for base, row in zip(is_base, rows, strict=True))
    return len(steps) == 1 and any(is_base) and is_all


def grid(rows: Sequence[RowResult]) -> Grid:
    """Return the grid of rows that are one."""
    by_base: dict[int, dict[Place, RowResult]] = {}
    called: dict[Place, str] = {}
    for row in rows:
        if (place := _place(row.row)) and row.row.base is not None:
            by_base.setdefault(row.row.base, {})[place] = row
            called[place] = column_words(row.row)
    is_own = any(len(place) > 1 for place in called)
    places = list(called) if is_own else sorted(called)  # in the order typed
    bases = [row for row in rows if row.row.base == row.row.number]
    cells = [by_base.get(base.row.number, {}) for base in bases]
    lines = [tuple(known.get(place) for place in places) for known in cells]
    heads = tuple(called[place] for place in places)
    if any(head.startswith("within") for head in heads):
        heads = tuple("within 1 day" if head == "day 0" else head for head in heads)
    return Grid(heads, tuple(zip(bases, lines, strict=True)), is_own)


def grid_as_html(standing: Standing) -> str:
    """Return the grid as a table, retention in shades of one linear scale but its first column."""
    rows, shown = standing.rows, grid(standing.rows)
    is_single = len(shown.lines) == 1

    def cell(row: RowResult | None, place: int) -> str:
        if shown.is_own:
            return _own_cell(row, standing, is_single)
        return _cell(row, shown.largest if place or len(shown.heads) == 1 else None)

    lines = [
        [f"<bdi>{escape(_cohort(base, rows))}</bdi>", escape(count_words(base))]
        + [cell(row, place) for place, row in enumerate(cells)]
        for base, cells in shown.lines
    ]
    if any(shown.means):
        name = shown.mean_name
        means = [_mean(total, shown.is_own) for total in shown.means]
        lines.insert(0, [f"<b>{name}</b>", "", *means])
    heads = [
        h if n == 0 or shown.is_own else h.partition(" ")[2] for n, h in enumerate(shown.heads)
    ]
    wide = " ct-wide" if len(heads) > _ROOMY else ""
    drawn = html_table(
        ["cohort", "profiles", *heads],
        lines,
        ["", NUMERIC, *([""] * len(heads))],
        kind="ct-rows" if shown.is_own else f"ct-rows ct-heat{wide}",
        label="shares",
    )
    return f'<div style="overflow-x:auto;--ct-magic-columns:{len(heads)}">{drawn}</div>'


def grid_as_text(standing: Standing, width: int) -> list[str]:
    """Return the grid as lines of a terminal."""
    rows, shown = standing.rows, grid(standing.rows)

    def cell(row: RowResult | None) -> str:
        if not shown.is_own or row is None or row.share is None:
            return _cell_words(row, shown.is_own)
        return " ".join(filter(None, [share(row.share), _of(row, standing)]))

    lines = [
        [plain(_cohort(base, rows)), count_words(base), *map(cell, cells)]
        for base, cells in shown.lines
    ]
    if any(shown.means):
        said = [share(total[0] / total[1]) if total else "" for total in shown.means]
        lines.insert(0, [shown.mean_name, "", *said])
    heads = ["cohort", "profiles", *shown.heads]
    right = [False, True, *[not shown.is_own] * len(shown.heads)]
    if max(map(len, text_table([heads, *lines], right, 10**6)), default=0) > width:
        heads = [*heads[:3], *(head.partition(" ")[2] for head in heads[3:])]
    return text_table([heads, *lines], right, width)


def _cohort(base: RowResult, rows: Sequence[RowResult]) -> str:
    fixed = [str(value) for _, value in base.row.pieces]
    return " · ".join([*fixed, row_days(base, rows)])


def _mean(total: tuple[int, int] | None, with_interval: bool) -> str:
    if total is None:
        return ""
    ends = escape(interval(*wilson(*total)))
    mean = f'<b title="{ends}">{_percent(total[0] / total[1])}</b>'
    return f'{mean} <span style="color:{MUTED}">{ends}</span>' if with_interval else mean


def _percent(fraction: float) -> str:
    percent, sign = escape(share(fraction)).split(" ")
    return f"{percent}<i> {sign}</i>"


def _cell_words(row: RowResult | None, is_own: bool = False) -> str:
    """Return what is said of a cell that has no share: what is not over is blank, or said."""
    if row is None or row.state is State.NOT_YET:
        return "not yet" if row and is_own else ""
    if row.share is not None:
        return share(row.share)
    return {State.WAITING: "", State.SUBMITTED: "…", State.SUCCESS: ""}.get(row.state, NONE)


def _quiet(words: str) -> str:
    return f'<span style="color:{MUTED}">{words}</span>' if words else ""


def _of(row: RowResult, standing: Standing) -> str:
    """Return of how many a share is whose days are not all over: `of 64, 5 of 7 days`."""
    so_far = standing.so_far(row)
    return f"of {row.of:,}, {so_far}" if so_far else ""


def _own_cell(row: RowResult | None, standing: Standing, with_interval: bool) -> str:
    if row is None or row.share is None:
        return _quiet(_cell_words(row, is_own=True))
    ends, of = escape(interval(row.low, row.high)), _of(row, standing)
    beside = ", ".join(filter(None, [ends if with_interval else "", of]))
    return f'<b title="{row.count:,}, {ends}">{escape(share(row.share))}</b> {_quiet(beside)}'


def _cell(row: RowResult | None, largest: float | None) -> str:
    if row is None or row.share is None:
        return _quiet(_cell_words(row))
    ends = interval(row.low, row.high)
    title = escape(f"{row.count or 0:,} of {row.of or 0:,}, {ends}")
    shade = 0 if largest is None else round(STRONG * row.share / largest)
    return f'<div title="{title}" style="--s:{shade}%">{_percent(row.share)}</div>'


# All of it as plain text.


def text(standing: Standing, columns: int = panel_text.TERMINAL) -> str:
    """Return all of it as plain text: one line, or a table under a head that names the query."""
    rows = standing.rows
    if len(rows) == 1:
        row = rows[0]
        said = panel_text.state(row, standing)
        lines = [f"{panel_text.SIGNS[row.state]} {plain(row.row.title)} - {said}"]
    else:
        is_shown_as_grid = is_grid(rows) and not standing.lost and len(rows) > 2
        shown = grid_as_text(standing, columns) if is_shown_as_grid else []
        shown = shown or rows_as_text(standing, _remarkable(standing), columns)
        took = standing.seconds if standing.over else None
        head = [panel_text.summary(standing), *([duration(took)] if took is not None else [])]
        cached = panel_text.from_when(standing)
        head += [f"{cached}: {panel_text.REFRESH}"] if cached else []
        lines = [" · ".join(head), *panel_text.queries(standing), *shown, *_reasons(rows)]
    notes = [note for note in (standing.about.account, *panel_text.notes_of(standing)) if note]
    return "\n".join(
        [*lines, *(f"! {plain(doubt)}" for doubt in standing.doubts), *(f"({n})" for n in notes)]
    )


def _remarkable(standing: Standing) -> list[tuple[RowResult | None, str]]:
    """Return the rows of a table in plain text, and why each is there: of many but a dozen.

    Those are the first, the last, the highest, the lowest, and what did not arrive; None with the
    number of those that are left out is between them.
    """
    rows = standing.rows
    if len(rows) <= panel_text.ROWS:
        return [(row, "") for row in rows]
    whole = [row for row in rows if row.count is not None and not standing.is_open(row)]
    whole.sort(key=lambda row: row.count or 0)
    marks = {row.row.number: "highest" for row in whole[-1:]}
    marks |= {row.row.number: "lowest" for row in whole[:1]}
    first = [*(row.row.number for row in standing.lost[:3]), *marks, 0, *range(len(rows))[::-1]]
    kept = sorted([*dict.fromkeys(first)][: panel_text.DOZEN])
    shown: list[tuple[RowResult | None, str]] = []
    for number, following in zip(kept, [*kept[1:], len(rows)], strict=True):
        shown.append((rows[number], marks.get(number, "")))
        if gap := following - number - 1:
            shown.append((None, f"… {gap:,} more"))
    return shown


def _reasons(rows: Sequence[RowResult]) -> list[str]:
    """Return why rows have no count: once where all have one reason."""
    if shared := shared_error(rows):
        return [f"✗ {plain(shared)}"]
    lost = [row for row in rows if row.state.ended and reason(row)]
    said = ((panel_text.SIGNS[row.state], row_name(row.row), reason(row)) for row in lost[:3])
    return [f"{sign} {plain(name)}: {plain(why)}" for sign, name, why in said]
