"""Rows of a result -> the Chart that shows them; which kind of picture fits which kind of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from .bar_charts import bars, columns, is_by_hour, paired_bars
from .cells import Cell
from .chart import Chart, greyed
from .line_charts import paired_lines, timeline
from .result_kind import Kind, by_series, is_over_time, kind
from .retention_charts import curves, triangle
from .share_charts import dots, funnel, share_lines
from .wording import doubts

PICTURES: dict[Kind, Callable[[Sequence[Cell]], Chart]] = {
    Kind.NUMBER: bars,
    Kind.STATEMENTS: bars,
    Kind.VALUES: bars,
    Kind.TIME: timeline,
}


def choose_chart(rows: Sequence[Cell], *, complete: bool = True, as_curves: bool = False) -> Chart:
    """Return the Chart of a result; grey, and saying so, where not everything is there yet."""
    chart = _picture(rows, as_curves)(rows)
    for line in doubts(rows):
        chart = replace(chart, lines=(*chart.lines, line), alt=f"{chart.alt} {line}.")
    if complete:
        return chart
    there = sum(row.count is not None for row in rows)
    line = f"{there:,} of {len(rows):,} so far"
    return greyed(replace(chart, lines=(*chart.lines, line), alt=f"{chart.alt} {line}."))


def _picture(rows: Sequence[Cell], as_curves: bool) -> Callable[[Sequence[Cell]], Chart]:
    is_a = kind(rows)
    if is_a is Kind.RETENTION:
        return triangle if is_over_time(rows) and not as_curves else curves
    if is_a is Kind.FUNNEL:
        if is_over_time(rows):
            return share_lines
        return dots if any(row.series.values for row in rows) else funnel
    if is_a is Kind.VERSUS:
        return paired_lines if is_over_time(rows) and len(by_series(rows)) == 1 else paired_bars
    if is_a is Kind.VALUES and is_by_hour(rows):
        return columns
    return PICTURES[is_a]
