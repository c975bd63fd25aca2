"""Counts as small pictures without a script: a sparkline, and a table of shares in shades."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ..client.jobs import State
from ..row_results import RowResult
from ..rows import days
from ..text_width import plain
from . import text as panel_text
from .style import BAR, INK, MUTED, NUMBER_STYLE
from .table_html import dates, number

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
        _line(row, [by_base.get(row.row.number, {}).get(after) for after in afters])
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


def _line(base: RowResult, cells: Sequence[RowResult | None]) -> str:
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
    title = f"{row.count:,} of {row.of:,}, {panel_text.interval(row)}"
    percent, sign = panel_text.share(row.share).split(" ")
    return (
        f'<td title="{title}" style="text-align:center;color:{INK};background:'
        f'color-mix(in srgb,{BAR} {shade}%,transparent)">{percent}'
        f'<span class="ct-sign"> {sign}</span></td>'
    )
