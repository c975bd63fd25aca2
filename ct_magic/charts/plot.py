"""The picture of a result: what a notebook shows, and what is saved."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ct_magic.charts.bars import bars, columns, is_by_hour, paired_bars, reasons
from ct_magic.charts.chart import Chart, Words
from ct_magic.charts.lines import paired_lines, timeline
from ct_magic.charts.retention import (
    brackets,
    curves,
    how_many,
    is_bracket,
    is_own_days,
    triangle,
)
from ct_magic.charts.shares import dots, funnel, paired_dots, share_lines
from ct_magic.charts.vega import Picture
from ct_magic.charts.wording import doubts, is_cumulative
from ct_magic.errors import CtMagicError
from ct_magic.results.cells import (
    Cell,
    Kind,
    by_series,
    cells,
    in_order,
    is_one_number,
    is_over_time,
    kind,
)
from ct_magic.results.changes import NO_CAUSE, findings

if TYPE_CHECKING:
    import pandas as pd


_log = logging.getLogger(__name__)

# Rows of a result -> the Chart that shows them; which kind of picture fits which kind of rows.

FEW = 4  # lines with intervals, and columns that are lines over time


def choose_chart(rows: Sequence[Cell], *, as_curves: bool = False) -> Chart:
    """Return the Chart of a result; what is not there is said."""
    rows = in_order(rows)
    chart = _picture(rows, as_curves)(rows)
    if not chart.marks:
        # A picture without a mark is an error in JavaScript.
        x, y = ((axis.low + axis.high) / 2 for axis in (chart.x, chart.y))
        chart = replace(chart, marks=(Words(x, y, "no count", align="center"),))
    for line in doubts(rows):
        chart = replace(chart, lines=(*chart.lines, line), alt=f"{chart.alt} {line}.")
    return chart


def _picture(rows: Sequence[Cell], as_curves: bool) -> Callable[[Sequence[Cell]], Chart]:
    is_a = kind(rows)
    if is_a is Kind.RETENTION:
        return _after_some_time(rows, as_curves)
    if is_a is Kind.FUNNEL and any(row.previous_share is not None for row in rows):
        return paired_dots
    if is_a is Kind.FUNNEL:
        if is_over_time(rows):
            return share_lines
        return dots if any(row.series.values for row in rows) else funnel
    if is_a is Kind.VERSUS:
        return paired_lines if is_over_time(rows) and len(by_series(rows)) == 1 else paired_bars
    if is_a is Kind.VALUES and is_by_hour(rows):
        return columns
    return timeline if is_a is Kind.TIME else bars


def _after_some_time(rows: Sequence[Cell], as_curves: bool) -> Callable[[Sequence[Cell]], Chart]:
    columns, lines = how_many(rows)
    over_time = is_over_time(rows)
    if is_own_days(rows):
        if is_bracket(rows):
            return brackets
        is_curve = not over_time or (is_cumulative(rows) and lines <= FEW)
        if not is_curve and columns <= FEW:
            return share_lines
        return curves if is_curve or as_curves else triangle
    # By values it would be a grid of grids.
    has_values = any(row.series.values for row in rows)
    return triangle if over_time and not has_values and not as_curves else curves


def show_below(frame: pd.DataFrame) -> None:
    """Show the picture of what a cell gave, below its panel; say in a line why there is none.

    A panel shows a grid of shares itself, so that its picture is the curves.
    """
    from IPython.display import display

    if not frame["count"].notna().any():
        return print("no picture: no count has arrived")  # noqa: T201 # as below
    if is_one_number(cells(frame)):
        return None  # the panel shows it
    try:
        display(picture(frame, as_curves=True))  # type: ignore[no-untyped-call] # IPython's own
    except CtMagicError as error:
        print(f"no picture: {error}")  # noqa: T201 # the cell asked for one, and shows this instead
    except Exception:
        # Whatever becomes of a picture, the counts are there.
        _log.warning("ct_magic: the picture was lost; the counts are there", exc_info=True)
    return None


def picture(df: pd.DataFrame, *, as_curves: bool = False) -> Picture:
    """Return the picture that fits what was counted: see `api.plot`."""
    if (found := findings(df)) is not None:
        return Picture(reasons(found, df.attrs.get("finding", NO_CAUSE)))
    return Picture(choose_chart(cells(df), as_curves=as_curves))
