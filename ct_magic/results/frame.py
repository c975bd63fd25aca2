"""Rows -> DataFrame: one row for each, in the order asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Any

import numpy as np
import pandas as pd

from ..row_results import RowResult
from ..rows import Plan, Row
from .axis_columns import axis_columns

_Column = Any  # an array of numpy or pandas: a Series of its own for each takes a millisecond
TEXT = pd.StringDtype()
INT = pd.Int64Dtype()
FLOAT = pd.Float64Dtype()
DAY = "datetime64[ns]"
COLUMNS: dict[str, Any] = {
    "query": TEXT,
    "event": TEXT,
    "start": DAY,
    "end": DAY,
    "step": TEXT,
    "after": INT,
    "count": INT,
    "of": INT,
    "share": FLOAT,
    "low": FLOAT,
    "high": FLOAT,
    "previous": INT,
    "previous_start": DAY,
    "previous_end": DAY,
    "change": FLOAT,
    "whole": pd.BooleanDtype(),
    "events": INT,
    "users": INT,
    "devices": INT,
    "status": TEXT,
    "error": TEXT,
    "cached": np.dtype(bool),
    "counted": DAY,
    "doubt": TEXT,
}
BEFORE = ("query", "event", "start", "end")  # the axes of `by` stand behind these
# What only some statements have, and by what one knows them.
OPTIONAL: dict[tuple[str, ...], Callable[[Row], object]] = {
    ("step",): lambda row: row.step,
    ("after",): lambda row: row.after,
    ("of", "share", "low", "high"): lambda row: row.base,
    ("previous", "previous_start", "previous_end", "change"): lambda row: row.previous,
    ("whole",): lambda row: row.whole,
}
_CELLS: dict[str, Callable[[RowResult], object]] = {
    "query": lambda result: result.row.title,
    "previous_start": lambda result: result.row.previous and result.row.previous.start,
    "previous_end": lambda result: result.row.previous and result.row.previous.end,
    "status": lambda result: str(result.state),
    "doubt": lambda result: "; ".join(result.row.doubts) or None,
}
OF_THE_ROW = frozenset({"event", "start", "end", "step", "after", "whole"})
# Days that nanoseconds can say.
FIRST, LAST = date(1677, 9, 22), date(2262, 4, 11)


def frame(plan: Plan, results: Sequence[RowResult], zone: tzinfo | None = None) -> pd.DataFrame:
    """Return the DataFrame of a plan's rows as they stand, with a RangeIndex.

    `ct_magic.count` says what its columns hold. Those that need `share`, `after`, `vs` or `by` are
    there where a statement of the cell has them; all others always, whatever arrived.
    """
    absent = {
        name
        for names, part in OPTIONAL.items()
        if all(part(row) is None for row in plan.rows)
        for name in names
    }
    columns = {name: _column(name, results, zone) for name in COLUMNS if name not in absent}
    axes = axis_columns([result.row.pieces for result in results], COLUMNS)
    before = {name: columns.pop(name) for name in BEFORE}
    # Given an index, pandas need not look for one; and its arrays are nobody else's.
    data = pd.DataFrame(before | axes | columns, index=pd.RangeIndex(len(results)), copy=False)
    data.attrs["timezone"] = _name(zone)
    return data


def records(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Return the DataFrame of some plain rows."""
    return pd.DataFrame(list(rows))


def moments(times: Sequence[datetime | None], zone: tzinfo | None) -> _Column:
    """Return times as a column, on a zone's clock (None: the machine's) and to the second."""
    # Without a zone, which Excel and SQLite do not take, and without parts of a second.
    local = [
        moment and moment.astimezone(zone).replace(tzinfo=None, microsecond=0) for moment in times
    ]
    return np.array(local, dtype=DAY)


def _column(name: str, results: Sequence[RowResult], zone: tzinfo | None) -> _Column:
    if name == "counted":
        return moments([result.counted for result in results], zone)
    cells = [_cell(name, result) for result in results]
    if COLUMNS[name] is DAY:
        return _days(cells)
    return _whole_numbers(cells) if COLUMNS[name] is INT else pd.array(cells, dtype=COLUMNS[name])


def _cell(name: str, result: RowResult) -> Any:
    if name in _CELLS:
        return _CELLS[name](result)
    return getattr(result.row if name in OF_THE_ROW else result, name)


def _whole_numbers(cells: Sequence[int | None]) -> _Column:
    # What pd.array would make of them, in a sixth of the time.
    values = np.array([cell or 0 for cell in cells], dtype=np.int64)
    return pd.arrays.IntegerArray(values, np.array([cell is None for cell in cells], dtype=bool))


def _days(cells: Sequence[date | None]) -> _Column:
    known = [day for day in cells if day is not None]
    if all(FIRST <= day <= LAST for day in known):
        return np.array(cells, dtype=DAY)
    # "until ever" is often written 9999-12-31, and counts that have arrived must not be lost.
    return np.array(cells, dtype="datetime64[s]")


def _name(zone: tzinfo | None) -> str:
    return str(zone or datetime.now().astimezone().tzinfo)
