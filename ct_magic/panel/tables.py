"""Rows -> tables: one set of columns, of rows or of shares as a grid, for a page and for text.

A cell of a table is written once, as HTML. Plain text is what is left of it without its tags; a
column whose text says less has words of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from html import escape, unescape
from itertools import zip_longest

from ct_magic.client.jobs import State
from ct_magic.common import words
from ct_magic.common.statistics import wilson
from ct_magic.common.words import change, duration, fit, interval, plain, share
from ct_magic.panel import text as panel_text
from ct_magic.panel.panel import FINE, MOST_ROWS, Standing, column_words, pieces
from ct_magic.panel.style import DOUBT, INK, MUTED, WRONG, bar
from ct_magic.planning.row_results import RowResult, reason, shared_error
from ct_magic.rows import Record, Row, replace, row_name

NONE = "\u2013"  # in the place of a count that will not come
_LONGEST_NAME = 24  # characters of names whose common begin is shown
_BEGIN = 6  # characters of it that stay before what differs
NUMERIC = " class=n"  # of a column whose cells are at the right
_COLOURS = {State.FAILED: WRONG, State.TIMED_OUT: WRONG, State.INCONSISTENT: WRONG}
_SIGN = re.compile(r'<span[^>]*(?:aria-hidden|role="img")[^>]*>[^<]*</span> ?')


def html_table(
    heads: Sequence[str | None],
    lines: Iterable[Sequence[str]],
    looks: Sequence[str],
    *,
    kind: str,
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
    head = f"<thead><tr>{head}</tr></thead>"
    return f'<table class="{kind}"{name}>{head}<tbody>{body}</tbody></table>'


def text_table(lines: Sequence[Sequence[str]], right: Sequence[bool], columns: int) -> list[str]:
    """Return lines of words as lines of a terminal; a column without a word is left out.

    The first column gives way where there is no room; the last one is not cut.
    """
    kept = [n for n in range(len(right)) if any(line[n] for line in lines)]
    widths = [max(sum(map(words.width, line[n])) for line in lines) for n in kept]
    over, gap = sum(widths) + 2 * (len(kept) - 1) - columns, "  "
    if over > 0:
        over, gap = over - len(kept) + 1, " "
    if kept and over > 0 and not right[kept[0]]:
        widths[0] = max(12, widths[0] - over)
    room = list(zip(kept, widths, strict=True))
    return [
        gap.join(_padded(line[n], width, right[n]) for n, width in room).rstrip() for line in lines
    ]


def _padded(text: str, columns: int, right: bool) -> str:
    if fit(text, columns) != text:
        text = f"{fit(text, columns - 1)}…"
    gap = " " * (columns - sum(map(words.width, text)))
    return gap + text if right else text + gap


class Column(Record):
    """A column: its head, what a page shows of a row, and the words of plain text if others.

    `short` is its head where there is no room; `mean` is what is said of all rows together, in a
    line above them. A bar takes the room that the other columns leave; the cells of a `shade` are
    coloured, and in the middle.
    """

    head: str
    html: Callable[[RowResult], str]
    own_words: Callable[[RowResult], str] | None = None
    right: bool = False
    is_bar: bool = False
    is_shade: bool = False
    short: str = ""
    mean: str = ""

    def words(self, row: RowResult) -> str:
        """Return what plain text says of a row."""
        return plain(self.own_words(row) if self.own_words else _stripped(self.html(row)))


def _stripped(html: str) -> str:
    return unescape(re.sub("<[^>]*>", "", _SIGN.sub("", html)))


def table_as_html(columns: Sequence[Column], rows: Sequence[RowResult], label: str) -> str:
    """Return rows as a table of a page."""
    shades = sum(column.is_shade for column in columns)
    kind = "ct-rows" + " ct-heat" * bool(shades) + " ct-wide" * (shades > _ROOMY)
    kind += " ct-own" * (label == "shares" and not shades)
    heads = [column.short or column.head if shades else plain(column.head) for column in columns]
    looks = [NUMERIC * (column.right and not column.is_shade) for column in columns]
    lines = [[column.html(row) for column in columns] for row in rows]
    means = [column.mean for column in columns]
    shown = [None if c.is_bar else escape(h) for c, h in zip(columns, heads, strict=True)]
    return html_table(shown, [means] * any(means) + lines, looks, kind=kind, label=label)


def table_as_text(
    columns: Sequence[Column], rows: Sequence[tuple[RowResult | None, str]], width: int
) -> list[str]:
    """Return rows as lines, each with a remark; without a row, that is a line of its own."""
    means = [re.sub(" <span.*", "", column.mean) for column in columns]
    lines = [[column.head for column in columns]]
    lines += [list(map(_stripped, means))] * any(means)
    for row, remark in rows:
        if row is None:
            lines.append([remark, *[""] * (len(columns) - 1)])
            continue
        *said, last = [column.words(row) for column in columns]
        lines.append([*said, " · ".join(filter(None, [last, remark]))])
    right = [column.right for column in columns]
    if _is_wider(lines, right, width):
        lines[0] = [column.short or column.head for column in columns]
        short = partial(re.sub, r"(\d) of (\d+ days)", r"\1/\2")
        lines = [[name, *map(short, said)] for name, *said in lines]
    if _is_wider(lines, right, width) and any(column.is_shade for column in columns):
        lines = [[name, *(text.removesuffix(" %") for text in said)] for name, *said in lines]
        lines[0][0] += ", in %"
    return text_table(lines, right, width)


def _is_wider(lines: Sequence[Sequence[str]], right: Sequence[bool], width: int) -> bool:
    return max(map(len, text_table(lines, right, 10**6)), default=0) > width


# What a table of rows has in its columns: what all of them share is left out.


def row_columns(standing: Standing, *, live: bool = False) -> list[Column]:
    """Return the columns that all rows of a cell need."""
    rows = standing.rows
    highest = max((row.count or 0 for row in rows), default=0)
    named = len({row.row.title for row in rows}) > 1
    columns = []
    if named or any(pieces(row.row) for row in rows):
        steps = ["step"] * any(row.row.step is not None for row in rows)
        fixed = [column for column, _ in rows[0].row.pieces]
        head, same = "query" if named else ", ".join([*fixed, *steps]), _alike(rows, named)
        columns.append(Column(head, lambda row: _named(row, row_label(row, named), same)))
    if len({(row.row.start, row.row.end) for row in rows}) > 1:
        head = "day" if all(row.row.start == row.row.end for row in rows) else "days"
        days = days_among(rows)
        columns.append(Column(head, lambda row: escape(days(row))))
    columns.append(Column("profiles", count_html, right=True))
    if any(row.row.previous is not None for row in rows):
        columns.append(Column("before", _previous, right=True))
        if not standing.has_shares:
            known = {row.row.number: change(row.change) for row in rows if row.change is not None}
            columns.append(Column("change", lambda row: known.get(row.row.number, ""), right=True))

    def drawn(row: RowResult) -> str:
        width = 100 * (row.count or 0) / (highest or 1)
        return bar(width, hollow=standing.is_open(row)) if width else ""

    columns.append(Column("", drawn, is_bar=True))
    head = "share" if standing.has_shares else ""
    return [*columns, Column(head, lambda row: _note(row, standing, live))]


def rows_as_html(standing: Standing, rows: Sequence[RowResult], *, live: bool) -> str:
    """Return some rows of a cell as a table, with the columns that all of its rows need."""
    columns = row_columns(standing, live=live)
    if not live and not any(map(columns[-1].html, standing.rows)):
        columns.pop()
    return table_as_html(columns, rows, "counts")


def whole_table(standing: Standing, rows: Sequence[RowResult], *, live: bool = False) -> str:
    """Return a table of rows that is as wide as it must be and, if they are many, scrolls."""
    drawn = rows_as_html(standing, rows[:MOST_ROWS], live=live)
    if len(rows) <= panel_text.ROWS:
        return f'<div style="overflow-x:auto">{drawn}</div>'
    left = len(rows) - MOST_ROWS
    more = f"<div>and {left:,} more in the DataFrame</div>" if left > 0 else ""
    name = f"the first {MOST_ROWS} rows" if more else "all rows"
    region = f'class="ct-scroll" tabindex="0" role="region" aria-label="{name}"'
    return f"<div {region}>{drawn}</div>{more}"


def row_label(row: RowResult, named: bool) -> str:
    """Return what tells a row from others, but for its days."""
    return plain(" · ".join([row.row.title] * named + pieces(row.row)))


def days_among(rows: Sequence[RowResult]) -> Callable[[RowResult], str]:
    """Return what writes a row's days; with the year where these rows are not all of one."""
    years = {day.year for row in rows for day in (row.row.start, row.row.end)}
    return lambda row: words.span(row.row.start, row.row.end, year=len(years) > 1)


def count_html(row: RowResult) -> str:
    """Return the count of a row, or the sign in its place."""
    return quiet(NONE if row.state.ended else "…") if row.count is None else f"{row.count:,}"


def _previous(row: RowResult) -> str:
    is_base, part = row.row.base == row.row.number, row.previous_share
    known = "" if part is None or is_base else quiet(escape(share(part)))
    said = f' <span class="ct-next">{known}</span>' if known else ""
    return "" if row.previous is None else f"{row.previous:,}{said}"


def _alike(rows: Sequence[RowResult], named: bool) -> int:
    """Return how many characters of long names a page leaves out, for all begin with them."""
    names = sorted({row_label(row, named) for row in rows})
    if len(names) < 2 or max(map(len, names)) <= _LONGEST_NAME:
        return 0
    # What the first and the last of them begin with, all others do, too.
    chars = enumerate(zip_longest(names[0], names[-1]))
    return max(0, next(n for n, (one, other) in chars if one != other) - _BEGIN)


def _named(row: RowResult, name: str, same: int) -> str:
    sign = ""
    if row.row.doubts:
        why = escape(plain("; ".join(row.row.doubts)), quote=True)
        sign = f'<span style="color:{DOUBT}" role="img" aria-label="doubt" title="{why}">⚠</span> '
    # Pointing at what may be cut says all of it; who copies it has all of it, too.
    title = f' title="{escape(name, quote=True)}"' if len(name) > 20 else ""
    begin = f'<span class="ct-alike">{escape(name[:same])}</span>' if same else ""
    # From left to right, as the query: what is written from right to left is one of its words.
    return f'{sign}<bdi dir="ltr"{title}>{begin}{escape(name[same:])}</bdi>'


def _note(row: RowResult, standing: Standing, live: bool) -> str:
    """Return what a table says of a row beside its number: its share, or why it has none."""
    parts = [] if row.share is None or row.low is None else _share_parts(row)
    if not live and row.difference is None:
        parts.append(escape(panel_text.of_step_before(row, standing.rows)))
    said = dotted([*parts, state(row, standing, live=live)])
    if row.share is not None:
        said = f'<span class="ct-gap">{said}</span>'
    if not live or row.state in FINE:
        return said
    # While it runs a line has no room for all, and must not become two: pointing at it says all.
    return f'<span title="{escape(panel_text.phase(row, standing))}">{said}</span>'


def _share_parts(row: RowResult) -> list[str]:
    """Return a share with its interval, and by how much it differs from the other period's."""
    known = [share(row.share or 0.0), f"({interval(row.low, row.high)})"]
    both = [known, re.split(r" (?=\()", panel_text.difference(row))]
    return [f"<b>{escape(b)}</b> {quiet(escape(ends))}" for b, *rest in both for ends in rest]


def dotted(parts: Iterable[str]) -> str:
    """Return parts with dots between, each whole where there is room, none begun with a dot."""
    *first, last = [part for part in parts if part] or [""]
    whole = [*(f"{part} ·" for part in first), *([last] if last else [])]
    return " ".join(f'<span class="ct-part">{part}</span>' for part in whole)


def quiet(words: str) -> str:
    """Return words in the colour of what is not looked for."""
    return f'<span style="color:{MUTED}">{words}</span>' if words else ""


def state(row: RowResult, standing: Standing, *, live: bool, short: bool = True) -> str:
    """Return the state of a row that is not simply done, as HTML."""
    if not row.state.ended:
        why = panel_text.trouble(row)
        is_said = bool(why) and short and panel_text.outage(standing).startswith(why)
        left = panel_text.next_look(row, standing.now)
        known = "trying" * (left is None) if is_said else panel_text.under_way(row, short=short)
        said = foreign(known) if known else ""
        colour, what = (DOUBT, "try") if why else (INK, "look")
        if left is not None:
            time = clock("down", (left, 1), left, f"{left} s") if live else words.duration(left)
            # A page that hears nothing meanwhile takes away what has come to its end by itself.
            ends = f' ct-magic-ends" style="--ct-magic-for:{left}s' if live else ""
            kind, comma = ("", "") if is_said else ("ct-next", ", ")
            said += f'<span class="{kind}{ends}">{comma}next {what} in {time}</span>'
        return f'<span class="ct-live" style="color:{colour}">{said}</span>'
    if row.state in FINE:
        return quiet(standing.so_far(row) if row.state is State.SUCCESS else "not yet")
    said, colour = foreign(panel_text.ended(row)), _COLOURS.get(row.state, INK)
    if row.state in _COLOURS:
        said = f'<span aria-hidden="true">{panel_text.SIGNS[row.state]}</span> {said}'
    return f'<span class="ct-why" style="color:{colour}">{said}</span>'


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
# each of these, the mean first. Retention is in shades of one linear scale but its first column;
# own days have no shades: a number, and of how many it is.

STRONG = 60  # percent of the bar's colour behind the largest share
_ROOMY = 8  # columns that have room for a sign behind each number
Place = tuple[int, ...]  # of a column: its number of `after`, or its first and last day
_Cells = dict[int | None, RowResult]  # of a column, by the number of the base


def _place(row: Row) -> Place | None:
    return row.window if row.after is None else (row.after,)


def is_grid(rows: Sequence[RowResult]) -> bool:
    """Return True for shares of one step over `after` numbers or own days: read as a grid."""
    others = [row.row for row in rows if row.row.base != row.row.number]
    is_one = len({row.step for row in others}) == 1
    return is_one and all(map(_place, others)) and len(others) < len(rows)


def bases(rows: Sequence[RowResult]) -> list[RowResult]:
    """Return the rows that others are compared with: the lines of a grid."""
    return [row for row in rows if row.row.base == row.row.number]


def grid_columns(standing: Standing) -> list[Column]:
    """Return the columns of rows that are a grid; its lines are `bases(rows)`."""
    lines, known = bases(standing.rows), _by_place(standing.rows)
    is_own = any(len(place) > 1 for place in known)
    holds_day_0 = any(place[0] == 0 < place[-1] for place in known)
    # Values of a property may overlap, or not be all; pieces of time are all there are.
    has_means = len({base.row.start for base in lines}) > 1
    first, *rest = known.values()
    largest = max(row.share or 0.0 for some in rest or [first] for row in some.values()) or 1.0

    def column(cells: _Cells) -> Column:
        head = column_words(next(iter(cells.values())).row, within=holds_day_0)
        # The first one is the largest, and tells nothing.
        scale = None if cells is first and rest else largest

        def drawn(base: RowResult, *, with_interval: bool) -> str:
            cell = cells.get(base.row.number)
            return _own_cell(cell, standing, with_interval) if is_own else _shade(cell, scale)

        return Column(
            head,
            partial(drawn, with_interval=len(lines) == 1),
            lambda base: _stripped(drawn(base, with_interval=False)),
            right=not is_own,
            is_shade=not is_own,
            short=head if cells is first else head.partition(" ")[2],
            mean=_mean(cells.values(), with_interval=is_own) if has_means else "",
        )

    columns = list(map(column, known.values()))
    name = "all" if is_own and not any(base.row.pieces for base in lines) else "mean"
    mean = f"<b>{name}</b>" if any(column.mean for column in columns) else ""
    profiles = Column("profiles", count_html, right=True)
    return [_cohorts(lines, mean), profiles, *columns]


def _by_place(rows: Sequence[RowResult]) -> dict[Place, _Cells]:
    """Return the cells of each column, of own days in the order typed."""
    known: dict[Place, _Cells] = {}
    for row in rows:
        if place := _place(row.row):
            known.setdefault(place, {})[row.row.base] = row
    is_own = any(len(place) > 1 for place in known)
    return known if is_own else dict(sorted(known.items()))


def _cohorts(lines: Sequence[RowResult], mean: str) -> Column:
    """Return the column of whose shares these are, under the word of the query: `first week`."""
    days = days_among(lines)
    cuts = {None if base.row.pieces else base.row.cut for base in lines}

    def name(base: RowResult) -> str:
        fixed = [str(value) for _, value in base.row.pieces]
        return f"<bdi>{escape(' · '.join([*fixed, days(base)]))}</bdi>"

    return Column((cuts.pop() if len(cuts) == 1 else None) or "cohort", name, mean=mean)


def _mean(cells: Iterable[RowResult], *, with_interval: bool) -> str:
    """Return the share of all that are known, added up."""
    shares = [row for row in cells if row.share is not None]
    count, of = sum(row.count or 0 for row in shares), sum(row.of or 0 for row in shares)
    if not of:
        return ""
    ends = escape(interval(*wilson(count, of)))
    mean = f'<b title="{ends}">{_percent(count / of)}</b>'
    return f"{mean} {quiet(ends)}" if with_interval else mean


def _percent(fraction: float) -> str:
    percent, sign = escape(share(fraction)).split(" ")
    return f"{percent}<i> {sign}</i>"


def _shade(row: RowResult | None, largest: float | None) -> str:
    if row is None or row.share is None:
        blank = (State.WAITING, State.SUCCESS, State.NOT_YET)
        sign = "…" if row and row.state is State.SUBMITTED else NONE
        return "" if row is None or row.state in blank else quiet(sign)
    title = escape(f"{row.count or 0:,} of {row.of or 0:,}, {interval(row.low, row.high)}")
    shade = 0 if largest is None else round(STRONG * row.share / largest)
    return f'<div title="{title}" style="--s:{shade}%">{_percent(row.share)}</div>'


def _own_cell(row: RowResult | None, standing: Standing, with_interval: bool) -> str:
    if row is None or row.share is None:
        is_open = row is not None and row.state is State.NOT_YET
        return quiet("not yet") if is_open else _shade(row, None)
    ends, so_far = escape(interval(row.low, row.high)), standing.so_far(row)
    # Of how many it is where their days are not all over.
    parts = [ends if with_interval else "", f"of {row.of:,}, {so_far}" if so_far else ""]
    beside = ", ".join(filter(None, parts))
    return f'<b title="{row.count:,}, {ends}">{escape(share(row.share))}</b> {quiet(beside)}'


def grid_as_html(standing: Standing) -> str:
    """Return the grid as a table."""
    columns = grid_columns(standing)
    drawn = table_as_html(columns, bases(standing.rows), "shares")
    return f'<div style="overflow-x:auto;--ct-magic-columns:{len(columns) - 2}">{drawn}</div>'


# All of it as plain text.


def text(standing: Standing, columns: int = panel_text.TERMINAL) -> str:
    """Return all of it as plain text: one line, or a table under a head that names the query."""
    rows = standing.rows
    if len(rows) == 1:
        row = rows[0]
        said = panel_text.state(row, standing)
        lines = [f"{panel_text.SIGNS[row.state]} {plain(row.row.title)} - {said}"]
    else:
        if is_grid(rows) and not standing.lost and len(rows) > 2:
            lined = [(base, "") for base in bases(rows)]
            shown = table_as_text(grid_columns(standing), lined, columns)
        else:
            # Why a row has no count is below the table.
            unsaid = replace(standing, rows=tuple(replace(row, error=None) for row in rows))
            shown = table_as_text(row_columns(unsaid), _remarkable(unsaid), columns)
        took = standing.seconds if standing.over else None
        head = [panel_text.summary(standing), *([duration(took)] if took is not None else [])]
        cached = panel_text.from_when(standing)
        head += [f"{cached}: {panel_text.REFRESH}"] if cached else []
        lines = [" · ".join(head), *panel_text.queries(standing), *shown, *_reasons(rows)]
    notes = filter(None, (standing.about.account, *panel_text.notes_of(standing)))
    doubts = [f"! {plain(doubt)}" for doubt in standing.plan.doubts]
    return "\n".join([*lines, *doubts, *(f"({note})" for note in notes)])


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
        left, shown = following - number - 1, [*shown, (rows[number], marks.get(number, ""))]
        if left:  # a line that leaves out one has room for it
            shown.append((None, f"… {left:,} more") if left > 1 else (rows[number + 1], ""))
    return shown


def _reasons(rows: Sequence[RowResult]) -> list[str]:
    """Return why rows have no count: once where all have one reason."""
    if shared := shared_error(rows):
        return [f"✗ {plain(shared)}"]
    lost = [row for row in rows if row.state.ended and reason(row)]
    said = ((panel_text.SIGNS[row.state], row_name(row.row), reason(row)) for row in lost[:3])
    return [f"{sign} {plain(name)}: {plain(why)}" for sign, name, why in said]
