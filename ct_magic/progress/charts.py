"""Counts as small pictures without a script: a sparkline, and a table of shares in shades."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ..row_results import RowResult
from ..text_width import plain
from . import text as panel_text
from .style import BAR, INK, MUTED, NUMBER_STYLE

WIDTH, HEIGHT = 240, 28  # of a sparkline
_SPELLED = 6  # columns of a triangle that have room for a word
_MOST = 400  # columns of a sparkline: more cannot be distinguished
STRONG = 54  # percent of the bar's colour behind a share of 100 %


def sparkline(rows: Sequence[RowResult]) -> str:
    """Return the counts of rows as columns, in their order; a gap where there is none."""
    counts = [row.count for row in rows[:_MOST]]
    known = [count for count in counts if count is not None]
    if not known:
        return ""
    highest, step = max(*known, 1), WIDTH / max(len(counts), 12)
    drawn = "".join(
        _column(number * step, step * 0.8, HEIGHT * count / highest)
        for number, count in enumerate(counts)
        if count
    )
    low, high = f"{min(known):,}", f"{max(known):,}"
    extent = f"{low} to {high} profiles" if low != high else panel_text.profiles(max(known))
    return (
        f'<svg role="img" aria-label="{len(counts)} counts, {extent}" width="{WIDTH}" '
        f'height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" style="color:{BAR};display:block">'
        f'<path fill="currentColor" d="{drawn}"/></svg>'
        f'<span style="color:{MUTED};{NUMBER_STYLE};white-space:nowrap">{low}\u2013{high}</span>'
    )


def is_triangle(rows: Sequence[RowResult]) -> bool:
    """Return True for shares over `after` numbers, of one step: what is read as a triangle."""
    steps = {row.row.step for row in rows if row.row.after is not None}
    bases = [row for row in rows if row.row.base == row.row.number]
    return len(steps) == 1 and len(bases) + sum(r.row.after is not None for r in rows) == len(rows)


def triangle(rows: Sequence[RowResult], label: str) -> str:
    """Return retention as a table: a line for each base, a column for each `after`."""
    afters = sorted({row.row.after for row in rows if row.row.after is not None})
    by_base: dict[int, dict[int, RowResult]] = {}
    for row in rows:
        if row.row.after is not None and row.row.base is not None:
            by_base.setdefault(row.row.base, {})[row.row.after] = row
    lines = "".join(
        _line(row, [by_base.get(row.row.number, {}).get(after) for after in afters])
        for row in rows
        if row.row.base == row.row.number
    )
    word = "after " if len(afters) <= _SPELLED else ""
    heads = "".join(f'<th scope="col" style="text-align:center">{word}{n}</th>' for n in afters)
    return (
        f'<div style="overflow-x:auto"><table class="ct-rows ct-heat" aria-label="shares" '
        f'style="min-width:{250 + 42 * len(afters)}px;font-size:{13 if word else 12}px">'
        f'<colgroup><col style="width:182px"><col style="width:68px"></colgroup><thead><tr>'
        f'<th scope="col" style="text-align:left">{escape(label)}</th>'
        f'<th scope="col" style="text-align:right">profiles</th>{heads}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _column(left: float, width: float, height: float) -> str:
    return f"M{left:.1f} {HEIGHT}h{width:.1f}v-{max(height, 1.0):.1f}h-{width:.1f}z"


def _line(base: RowResult, cells: Sequence[RowResult | None]) -> str:
    fixed = [str(value) for _, value in base.row.pieces]
    name = " · ".join([*fixed, panel_text.span(base.row.start, base.row.end)])
    count = "" if base.count is None else f"{base.count:,}"
    return (
        f'<tr><td style="text-align:left"><bdi>{escape(plain(name))}</bdi></td>'
        f'<td style="text-align:right;padding-right:12px">{count}</td>'
        f"{''.join(map(_cell, cells))}</tr>"
    )


def _cell(row: RowResult | None) -> str:
    if row is None or row.share is None:
        # What is not over is blank; what failed says so.
        wrong = row is not None and row.state.ended and row.state not in panel_text.QUIET
        return (
            f'<td title="{row.state}">{panel_text.SIGNS[row.state]}</td>'
            if wrong and row
            else ("<td></td>")
        )
    shade = round(row.share * STRONG) + 5
    title = f"{row.count:,} of {row.of:,}, {panel_text.interval(row)}"
    return (
        f'<td title="{title}" style="text-align:center;color:{INK};background:'
        f'color-mix(in srgb,{BAR} {shade}%,transparent)">{panel_text.share(row.share)}</td>'
    )
