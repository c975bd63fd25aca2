"""Rows -> a table: what all of them share is left out, and every column has its width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape

from ct_magic.client.jobs import State
from ct_magic.common.words import change, counted, duration, interval, plain, share
from ct_magic.panel import text as panel_text
from ct_magic.panel.standing import Standing, pieces, waiting
from ct_magic.panel.style import BAR, BESIDE, DOUBT, INK, MUTED, NOTE, NUMBER_STYLE, WRONG, bar
from ct_magic.planning.row_results import RowResult
from ct_magic.rows import days

NONE = "\u2013"  # in the place of a count that will not come
_MOST_DATED = 200  # rows up to which each says when it was counted
_COLOURS = {State.FAILED: WRONG, State.TIMED_OUT: WRONG, State.INCONSISTENT: WRONG}


@dataclass(frozen=True, slots=True)
class _Column:
    """A column: its head, its width (none: what is left), and the cell of a row."""

    head: str
    width: str
    cell: Callable[[RowResult], str]
    kind: str = ""
    right: bool = False


def table(standing: Standing, rows: Sequence[RowResult], *, live: bool = False) -> str:
    """Return some rows of a cell as a table, with the columns that all of its rows need."""
    columns = _columns(standing, live)
    widths = "".join(map(_width, columns))
    heads = "".join(map(_head, columns))
    lines = "".join(_line(row, columns) for row in rows)
    return (
        f'<table class="ct-rows" aria-label="counts"><colgroup>{widths}</colgroup>'
        f"<thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"
    )


def foreign(text: str) -> str:
    """Return a foreign text as HTML."""
    # <bdi> keeps a right-to-left name from turning the rest of the line round.
    return f"<bdi>{escape(plain(text))}</bdi>"


def clock(way: str, begin: int, end: int, seconds: int, more: str = "") -> str:
    """Return a clock that the browser moves on by itself."""
    style = f"--ct-magic-from:{begin};--ct-magic-to:{end};--ct-magic-for:{seconds}s{more}"
    return f'<span class="ct-magic-{way}" style="{style}"></span>'


def state(row: RowResult, now: float, *, live: bool, short: bool = True) -> str:
    """Return how a row stands that is not simply done, as HTML."""
    if not row.state.ended:
        job = waiting(row)
        left = None if job is None else panel_text.next_look(job, now)
        words = foreign(panel_text.under_way(row, short=short))
        if left is None:
            return words
        time = clock("down", left, 1, left) if live else duration(left)
        # A page that hears nothing meanwhile takes away what has come to its end by itself.
        ends = f' ct-magic-ends" style="--ct-magic-for:{left}s' if live else ""
        return f'{words}<span class="ct-live{ends}">, next look in {time}</span>'
    if row.state is State.SUCCESS:
        length = (row.row.end - row.row.start).days + 1
        return "" if row.row.whole is not False else f"{counted(length, 'day')}, not whole"
    if row.state is State.NOT_YET:
        return "not yet"
    colour = _COLOURS.get(row.state, INK)
    sign = f'<span aria-hidden="true">{panel_text.SIGNS[row.state]}</span> '
    words = foreign(panel_text.ended(row, short=short))
    return f'<span style="color:{colour}">{sign if row.state in _COLOURS else ""}{words}</span>'


def _columns(standing: Standing, live: bool) -> list[_Column]:
    rows = standing.rows
    highest = max((row.count for row in rows if row.count is not None), default=0)
    columns = _names(standing)
    columns.append(_Column("profiles", "84px", lambda row: _count(row, standing), right=True))
    if any(row.row.previous is not None for row in rows):
        columns.append(_Column("before", "76px", _previous, right=True))
        columns.append(_Column("change", "72px", _change, right=True))
    is_full = len(columns) > 2  # where a narrow card has no room for bars beside notes
    columns.append(_Column("", "", lambda row: _bar(row, highest)))
    # It keeps its place when all is done, and what stood beside a live table, too: no bar jumps.
    shares = any(row.row.base is not None for row in rows)
    kind, width = ("ct-note", NOTE) if live else ("ct-said", NOTE + BESIDE)
    if is_full and not any(_note(standing, live, row) for row in rows):
        kind += " ct-silent"
    note = _Column("share" if shares else "", f"{width}px", partial(_note, standing, live), kind)
    return [*columns, note]


def _names(standing: Standing) -> list[_Column]:
    rows, columns = standing.rows, []
    named = len({row.row.title for row in rows}) > 1
    if named or any(pieces(row.row) for row in rows):
        fixed = [column for column, _ in rows[0].row.pieces]
        steps = ["step"] * any(row.row.step is not None for row in rows)
        head = "query" if named else ", ".join([*fixed, *steps])
        longest = max(len(_name(row, named)) for row in rows[:1000])
        width = min(max(10 * len(head), 7 * longest + 24, 96), 250)
        columns.append(_Column(head, f"{width}px", lambda row: _named(row, named), "ct-name"))
    if len({(row.row.start, row.row.end) for row in rows}) > 1:
        single = all(row.row.start == row.row.end for row in rows)
        width = 96 if single else 188
        # Pieces of equal length differ in their first days, which are enough in a narrow card.
        kind = "ct-days" if all(row.row.whole is not None for row in rows) else ""
        columns.append(_Column("day" if single else "days", f"{width}px", dates, kind))
    return columns


def _head(column: _Column) -> str:
    side = "right" if column.right else "left"
    head = escape(plain(column.head))
    return f'<th scope="col" style="text-align:{side}">{head}</th>' if head else "<td></td>"


def _width(column: _Column) -> str:
    kind = f' class="{column.kind}"' if column.kind else ""
    return f'<col{kind} style="width:{column.width}">' if column.width else "<col>"


def _line(row: RowResult, columns: Sequence[_Column]) -> str:
    cells = (f"<td{_look(column)}>{column.cell(row)}</td>" for column in columns)
    return f"<tr>{''.join(cells)}</tr>"


def _look(column: _Column) -> str:
    # An untrusted notebook keeps no sheet, and bars alone give their column no width.
    width = "" if column.width else ";width:40%"
    return "" if column.right else f' style="text-align:left{width}"'


def _name(row: RowResult, named: bool) -> str:
    return " · ".join([row.row.title] * named + pieces(row.row))


def _named(row: RowResult, named: bool) -> str:
    name = plain(_name(row, named))
    sign = ""
    if row.row.doubts:
        why = escape(plain("; ".join(row.row.doubts)), quote=True)
        sign = f'<span style="color:{DOUBT}" role="img" aria-label="doubt" title="{why}">⚠</span> '
    title = escape(name, quote=True)
    return f'<div class="ct-step">{sign}<bdi title="{title}">{escape(name)}</bdi></div>'


def dates(row: RowResult) -> str:
    """Return the days of a row as HTML; a narrow card leaves out the last day of a piece."""
    start, end = row.row.start.isoformat(), row.row.end.isoformat()
    if start == end or row.row.whole is None:
        return days(row.row)
    return f'<span title="{start} to {end}">{start}<span class="ct-end"> to {end}</span></span>'


def number(row: RowResult) -> str:
    """Return the count of a row as HTML, or the sign that stands in its place."""
    if row.count is None:
        return f'<span style="color:{MUTED}">{NONE if row.state.ended else "…"}</span>'
    return f"{row.count:,}"


def _count(row: RowResult, standing: Standing) -> str:
    few = row.count is not None and len(standing.rows) <= _MOST_DATED
    when = panel_text.taken(row, standing) if few else ""
    return f'<span title="{when}">{number(row)}</span>' if when else number(row)


def _bar(row: RowResult, highest: int) -> str:
    width = 100 * row.count / highest if row.count and highest else 0.0
    drawn = bar(width, "9px", BAR, hollow=row.row.whole is False)
    return f'<div aria-hidden="true">{drawn}</div>' if width else ""


def _note(standing: Standing, live: bool, row: RowResult) -> str:
    parts = [_share(row)]
    if not live:
        parts.append(escape(panel_text.of_step_before(row, standing.rows)))
    parts.append(state(row, standing.now, live=live))
    words = " · ".join(filter(None, parts))
    # While it runs a line has no room for all, and must not become two: pointing at it says all.
    all_of_it = escape(panel_text.phase(row)) if live and row.state not in panel_text.QUIET else ""
    title = f' title="{all_of_it}"' if all_of_it else ""
    return f'<div class="ct-state"{title}>{words}</div>' if words else ""


def _share(row: RowResult) -> str:
    if row.share is None or row.low is None:
        return ""
    return (
        f"<b>{escape(share(row.share))}</b> "
        f'<span style="color:{MUTED}">({escape(interval(row.low, row.high))})</span>'
    )


def _previous(row: RowResult) -> str:
    return "" if row.previous is None else f"{row.previous:,}"


def _change(row: RowResult) -> str:
    return "" if row.change is None else change(row.change)


# Counts as small pictures without a script: a sparkline, and a table of shares in shades.

HEIGHT = 28  # of a sparkline
_LEAST = 8  # columns that it has room for, so that few of them are no blocks
_GROUPS = 5  # of which each has a sparkline
_UNITS = {"a day": {1}, "a week": {7}, "a month": {28, 29, 30, 31}}
_AFTER = '<span class="ct-sign">after </span>'
_DRAWN = 250  # cells of a triangle that are drawn while it fills
_ROOMY = 8  # columns of a triangle that have room for a sign behind each number
_HOLLOW = 'fill="none" stroke="currentColor" vector-effect="non-scaling-stroke"'
_MOST = 400  # columns of a sparkline: more cannot be distinguished
STRONG = 54  # percent of the bar's colour behind a share of 100 %


def sparklines(rows: Sequence[RowResult]) -> str:
    """Return the counts of rows as columns, in their order; a gap where there is none.

    Rows of several groups, like `by week, Category`, have a line for each group, of one scale.
    """
    groups: dict[str, list[RowResult]] = {}
    for row in rows:
        groups.setdefault(_group(row), []).append(row)
    if len(groups) == 1 or len(groups) == len(rows):
        return _sparkline("", rows, max(_counts(rows), default=0), HEIGHT)
    largest = sorted(groups, key=lambda name: -max(_counts(groups[name]), default=0))[:_GROUPS]
    shown = [name for name in groups if name in largest]
    highest = max(_counts(rows), default=0)
    lines = "".join(_sparkline(name, groups[name], highest, HEIGHT // 2) for name in shown)
    more = len(groups) - len(shown)
    return lines + (f'<span style="color:{MUTED}">and {more:,} more</span>' if more else "")


def is_triangle(rows: Sequence[RowResult]) -> bool:
    """Return True for shares over `after` numbers, of one step: what is read as a triangle."""
    steps = {row.row.step for row in rows if row.row.after is not None}
    bases = [row for row in rows if row.row.base == row.row.number]
    return len(steps) == 1 and len(bases) + sum(r.row.after is not None for r in rows) == len(rows)


def is_drawn_as_triangle(rows: Sequence[RowResult]) -> bool:
    """Return True for a triangle that is small enough to be drawn anew while it fills."""
    return len(rows) <= _DRAWN and is_triangle(rows)


def triangle(rows: Sequence[RowResult], label: str) -> str:
    """Return retention as a table: a line for each base, a column for each `after`."""
    afters = sorted({row.row.after for row in rows if row.row.after is not None})
    by_base: dict[int, dict[int, RowResult]] = {}
    for row in rows:
        if row.row.after is not None and row.row.base is not None:
            by_base.setdefault(row.row.base, {})[row.row.after] = row
    bases = [row for row in rows if row.row.base == row.row.number]
    lines = "".join(
        _triangle_line(row, [by_base.get(row.row.number, {}).get(after) for after in afters])
        for row in bases
    )
    heads = "".join(
        f'<th scope="col" style="text-align:center">{"" if place else _AFTER}{after}</th>'
        for place, after in enumerate(afters)
    )
    longest = max((len(_cohort(row)) for row in bases), default=0)
    wide = " ct-wide" if len(afters) > _ROOMY else ""
    kind = ' class="ct-days"' if all(not row.row.pieces and _is_piece(row) for row in bases) else ""
    return (
        f'<div style="overflow-x:auto"><table class="ct-rows ct-heat{wide}" aria-label="shares" '
        f'style="--ct-magic-columns:{len(afters)};font-size:{12 if wide else 13}px"><colgroup>'
        f'<col{kind} style="width:{min(24 + 7 * longest, 300)}px"><col style="width:68px">'
        f'</colgroup><thead><tr><th scope="col" style="text-align:left">{escape(label)}'
        f'<span class="ct-percent">, % after</span></th>'
        f'<th scope="col" style="text-align:right">profiles</th>{heads}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _group(row: RowResult) -> str:
    return " · ".join([*([row.row.step] if row.row.step else []), *_fixed(row)]) or row.row.title


def _fixed(row: RowResult) -> list[str]:
    return [str(value) for _, value in row.row.pieces]


def _counts(rows: Sequence[RowResult]) -> list[int]:
    return [row.count for row in rows if row.count is not None]


def _sparkline(name: str, rows: Sequence[RowResult], highest: int, height: int) -> str:
    shown = rows[:_MOST]
    if not _counts(shown):
        return ""
    width = 10 * max(len(shown), _LEAST)  # stretched to the room there is
    columns = {True: "", False: ""}  # those of whole pieces, and of others
    for place, row in enumerate(shown):
        if row.count:
            column = _column(10 * place, 8, height * row.count / highest, height)
            columns[row.row.whole is not False] += column
    drawn = f'<path d="{columns[True]}"/><path {_HOLLOW} d="{columns[False]}"/>'
    extent, unit = _extent(shown), _unit(shown)
    label = escape(f"{name}: " * bool(name) + f"{len(shown)} counts, {extent} profiles {unit}")
    unit = f"<br>{unit}" if unit and not name else ""
    return (
        f'<div class="ct-line"><bdi style="color:{MUTED}">{escape(plain(name))}</bdi> '
        f'<svg role="img" aria-label="{label.strip()}" viewBox="0 0 {width} {height}" '
        f'preserveAspectRatio="none" style="height:{height}px;color:{BAR}" fill="currentColor">'
        f"{drawn}</svg> "
        f'<span style="color:{MUTED};{NUMBER_STYLE}">{extent}{unit}</span></div>'
    )


def _extent(rows: Sequence[RowResult]) -> str:
    # A piece that is not whole yet is no low.
    known = _counts([row for row in rows if row.row.whole is not False]) or _counts(rows)
    low, high = f"{min(known):,}", f"{max(known):,}"
    return low if low == high else f"{low}\u2013{high}"


def _unit(rows: Sequence[RowResult]) -> str:
    lengths = {(row.row.end - row.row.start).days + 1 for row in rows if row.row.whole}
    return next((unit for unit, usual in _UNITS.items() if lengths and lengths <= usual), "")


def _is_piece(row: RowResult) -> bool:
    return row.row.whole is not None


def _column(left: int, width: int, size: float, height: int) -> str:
    return f"M{left} {height}h{width}v-{max(size, 1.0):.1f}h-{width}z"


def _cohort(base: RowResult) -> str:
    return " · ".join([*_fixed(base), days(base.row)])


def _triangle_line(base: RowResult, cells: Sequence[RowResult | None]) -> str:
    fixed = "".join(f"{escape(plain(value))} · " for value in _fixed(base))
    return (
        f'<tr><td style="text-align:left"><bdi>{fixed}{dates(base)}</bdi></td>'
        f'<td style="text-align:right;padding-right:12px">{number(base)}</td>'
        f"{''.join(map(_cell, cells))}</tr>"
    )


def _cell(row: RowResult | None) -> str:
    if row is None or row.share is None:
        # What is not over is blank; what is missing says so.
        state = "" if row is None or row.state in panel_text.QUIET else str(row.state)
        sign = {"": "", State.WAITING: "", State.SUBMITTED: "…"}.get(state, "\u2013")
        style = f"text-align:center;color:{MUTED}"
        return f'<td style="{style}" title="{state}">{sign}</td>' if state else "<td></td>"
    shade = round(row.share * STRONG) + 5
    title = escape(f"{row.count:,} of {row.of:,}, {interval(row.low, row.high)}")
    percent, sign = escape(share(row.share)).split(" ")
    return (
        f'<td title="{title}" style="text-align:center;color:{INK};background:'
        f'color-mix(in srgb,{BAR} {shade}%,transparent)">{percent}'
        f'<span class="ct-sign"> {sign}</span></td>'
    )
