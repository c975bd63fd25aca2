"""The picture of a result: what a notebook shows, and what is saved."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ct_magic.charts import wording
from ct_magic.charts.bars import bars, columns, is_by_hour, paired_bars, reasons
from ct_magic.charts.chart import Chart, Words
from ct_magic.charts.lines import paired_lines, timeline
from ct_magic.charts.retention import after_some_time
from ct_magic.charts.shares import dots, funnel, paired_dots, share_lines
from ct_magic.charts.vega import Picture
from ct_magic.errors import CtMagicError
from ct_magic.results import cells as results
from ct_magic.results.cells import Cell, Kind, cells, is_over_time, kind, steps
from ct_magic.results.changes import NO_CAUSE, is_findings
from ct_magic.rows import replace

if TYPE_CHECKING:
    import pandas as pd


_log = logging.getLogger(__name__)

# Rows of a result -> the Chart that shows them; which kind of picture fits which kind of rows.


def choose_chart(rows: Sequence[Cell], *, as_curves: bool = False) -> Chart:
    """Return the Chart of a result, which says what is missing."""
    rows = results.in_order(rows)
    chart = _picture(rows, as_curves)(rows)
    if not chart.marks:
        # A picture without a mark is an error in JavaScript.
        x, y = ((axis.low + axis.high) / 2 for axis in (chart.x, chart.y))
        chart = replace(chart, marks=(Words(x, y, "no count", align="center"),))
    first, *others = dict.fromkeys(row.doubt for row in rows if row.doubt) or [None]
    if first:
        more = f"; and {len(others)} more" if others else ""
        line = f"in doubt: {wording.short(first, wording.LONGEST_LINE - len(more))}{more}"
        chart = replace(chart, lines=(*chart.lines, line), alt=f"{chart.alt} {line}.")
    return chart


def _picture(rows: Sequence[Cell], as_curves: bool) -> Callable[[Sequence[Cell]], Chart]:
    is_a, over_time = kind(rows), is_over_time(rows)
    has_values = any(row.series.values for row in rows)
    if is_a in (Kind.FUNNEL, Kind.RETENTION):
        has_other = any(row.previous_share is not None for row in rows)
        if has_other and (is_a is Kind.FUNNEL or len(steps(rows)) <= wording.MOST):
            return paired_dots
        if is_a is Kind.RETENTION:
            return after_some_time(rows, as_curves)
        return share_lines if over_time else dots if has_values else funnel
    if is_a is Kind.VERSUS:
        return paired_lines if over_time and len(results.by_series(rows)) == 1 else paired_bars
    if is_a is Kind.VALUES and is_by_hour(rows):
        return columns
    return timeline if is_a is Kind.TIME else bars


def show_below(frame: pd.DataFrame) -> None:
    """Show the picture of what a cell gave, below its panel; say in a line why there is none."""
    from IPython.display import display

    if not frame["count"].notna().any():
        return print("no picture: no count has arrived")  # noqa: T201 # as below
    if [row.is_base for row in cells(frame)] in ([True], [False], [True, False]):
        return None  # the panel shows one count, or one share
    try:
        # A panel shows a grid of shares itself: its picture is the curves.
        display(picture(frame, as_curves=True))  # type: ignore[no-untyped-call] # IPython's own
    except CtMagicError as error:
        print(f"no picture: {error}")  # noqa: T201 # the cell asked for one, and shows this instead
    except Exception:
        # Whatever becomes of a picture, the counts are there.
        _log.warning("ct_magic: the picture was lost; the counts are there", exc_info=True)
    return None


def picture(df: pd.DataFrame, *, as_curves: bool = False) -> Picture:
    """Return the picture that fits what was counted: see `api.plot`."""
    if is_findings(df):
        return Picture(reasons(df, df.attrs.get("finding", NO_CAUSE)))
    return Picture(choose_chart(cells(df), as_curves=as_curves))
