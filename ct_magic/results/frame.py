"""Rows -> DataFrame: one row for each, in the order asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from functools import lru_cache
from hashlib import sha256
from itertools import chain, pairwise
from operator import attrgetter
from typing import Any

import numpy as np
import pandas as pd

from ct_magic.errors import QueryError
from ct_magic.planning.row_results import RowResult
from ct_magic.query import calendar, model
from ct_magic.query.parser import read_cell
from ct_magic.rows import Plan, Row, Scalar

# Pieces of `by` -> columns that every file and database takes.

EXACT = 2**53  # whole numbers up to here are exact as floats
_INT64_END = 2**63


def axis_columns(rows: Sequence[Sequence[tuple[str, Scalar]]]) -> dict[str, object]:
    """Return the column of each axis, by its name; NA where a row has no such axis.

    Names are made distinct without case, as SQL compares them: see `free_names`. Whole numbers
    become Int64, others Float64, texts string. Where a column mixes them, or a number is too large,
    all become text; where two would be the same text, those that were text keep their quotes.
    """
    known = [dict(pieces) for pieces in rows]
    axes = list(dict.fromkeys(name for pieces in rows for name, _ in pieces))
    names = free_names(axes, COLUMNS)
    return {names[axis]: _axis_column([pieces.get(axis) for pieces in known]) for axis in axes}


def free_names(axes: Sequence[str], taken: Iterable[str]) -> Mapping[str, str]:
    """Return each axis's column name; where it is taken, with ` (property)` or a number behind."""
    used = {name.casefold() for name in taken}
    free: dict[str, str] = {}
    for axis in axes:
        name = f"{axis} (property)" if axis.casefold() in used else axis
        number = 2
        while name.casefold() in used:
            name, number = f"{axis} ({number})", number + 1
        used.add(name.casefold())
        free[axis] = name
    return free


def _axis_column(values: Sequence[Any]) -> Any:
    known = {(type(value), value) for value in values if value is not None}
    kinds = {kind for kind, _ in known}
    numbers = [value for _, value in known if not isinstance(value, str)]
    if kinds <= {int} and all(-_INT64_END <= number < _INT64_END for number in numbers):
        return pd.array(values, dtype="Int64")
    if kinds <= {int, float} and all(type(n) is float or abs(n) <= EXACT for n in numbers):
        return pd.array(values, dtype="Float64")
    texts = _texts_of(value for _, value in known)
    cells = [None if value is None else texts[type(value), value] for value in values]
    return pd.array(cells, dtype=pd.StringDtype())


def _texts_of(values: Iterable[Scalar]) -> Mapping[tuple[type, Scalar], str]:
    plain = {(type(value), value): str(value) for value in values}
    quoted = {key: f'"{text}"' if key[0] is str else text for key, text in plain.items()}
    times = Counter(plain.values())
    texts = {key: quoted[key] if times[text] > 1 else text for key, text in plain.items()}
    # A text may have quotes of its own: with all of them quoted, no two are the same.
    return texts if len(set(texts.values())) == len(texts) else quoted


_Column = Any  # an array of numpy or pandas: a Series of its own for each takes a millisecond
TEXT = pd.StringDtype()
INT = pd.Int64Dtype()
FLOAT = pd.Float64Dtype()
DAY = "datetime64[ns]"
_PREVIOUS_SHARE = ("previous_share", "difference", "difference_low", "difference_high")
# The columns in their order, with their types.
COLUMNS: dict[str, Any] = {
    "query": TEXT,
    **dict.fromkeys(("start", "end"), DAY),
    "step": TEXT,
    **dict.fromkeys(("after", "from_day", "to_day", "count", "of"), INT),
    **dict.fromkeys(("share", "low", "high"), FLOAT),
    "previous": INT,
    **dict.fromkeys(("previous_start", "previous_end"), DAY),
    "change": FLOAT,
    "previous_of": INT,
    **dict.fromkeys(_PREVIOUS_SHARE, FLOAT),
    "whole": pd.BooleanDtype(),
    **dict.fromkeys(("status", "error", "event"), TEXT),
    **dict.fromkeys(("events", "users", "devices"), INT),
    "cached": np.dtype(bool),
    "counted": DAY,
    "doubt": TEXT,
}
LAYOUT = "layout"  # the key in a frame's `attrs`
_MOST_ORDERED = 1000  # of an axis whose order is kept there
# The columns that only some statements have, and the field of a row that shows it.
OPTIONAL: dict[tuple[str, ...], Callable[[Row], object]] = {
    ("step",): lambda row: row.step,
    ("after",): lambda row: row.after,
    ("from_day", "to_day"): lambda row: row.from_day,
    ("of", "share", "low", "high"): lambda row: row.base,
    ("previous", "previous_start", "previous_end", "change"): lambda row: row.previous,
    ("previous_of", *_PREVIOUS_SHARE): lambda row: None if row.base is None else row.previous,
    ("whole",): lambda row: row.whole,
}
_CELL_OF: dict[str, Callable[[RowResult], object]] = {
    "query": lambda result: result.row.title,
    "previous_start": lambda result: result.row.previous and result.row.previous.start,
    "previous_end": lambda result: result.row.previous and result.row.previous.end,
    "status": lambda result: str(result.state),
    "doubt": lambda result: "; ".join(result.row.doubts) or None,
}
OF_THE_ROW = frozenset({"event", "start", "end", "step", "after", "from_day", "to_day", "whole"})
# The days that pandas' nanoseconds can represent.
FIRST, LAST = date(1677, 9, 22), date(2262, 4, 11)


def frame(plan: Plan, results: Sequence[RowResult], zone: tzinfo | None = None) -> pd.DataFrame:
    """Return the DataFrame of a plan's rows as they are now, with a RangeIndex.

    `ct_magic.count` documents the columns. Those of `share`, `after`, `vs` and `by` are there where
    a statement of the cell has these clauses, all others always.
    """
    unused = [names for names, of in OPTIONAL.items() if all(of(r) is None for r in plan.rows)]
    absent = set(chain(*unused))
    columns = {name: _column_values(name, results, zone) for name in COLUMNS if name not in absent}
    axes = axis_columns([result.row.pieces for result in results])
    before = {"query": columns.pop("query")}  # what is mostly the same comes last
    # With an index pandas need not look for one; and no one else uses the arrays.
    data = pd.DataFrame(before | axes | columns, index=pd.RangeIndex(len(results)), copy=False)
    data.attrs["timezone"] = str(zone or datetime.now().astimezone().tzinfo)
    if known := _layout_of(plan, axes):
        data.attrs[LAYOUT] = known
    return data


def _layout_of(plan: Plan, axes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a frame's single rows do not tell, as a value that JSON can hold.

    The columns of axes and their values in the order asked; of each statement its steps, the unit
    of its pieces, and whether each is a window that ends with one.
    """
    statements: dict[str, list[Row]] = {}
    for row in plan.rows:
        if row.step is not None or row.whole is not None:
            statements.setdefault(row.title, []).append(row)
    if not statements and not axes:
        return {}
    values = {}
    for name, column in axes.items():
        known = dict.fromkeys(value for value in column.tolist() if value is not pd.NA)
        if len(known) <= _MOST_ORDERED:
            values[name] = list(known)
    steps = {title: _statement(rows) for title, rows in statements.items()}
    return {"axes": list(axes), "values": values, "statements": steps}


@lru_cache(maxsize=256)
def layout_of(text: str, event: str) -> Mapping[str, Any]:
    """Return the layout of a statement of this event, which is read again; of a label, nothing."""
    if event not in text:
        return {}
    try:
        plan = read_cell(text, max_counts=None).plan
    except QueryError:
        return {}
    axes = axis_columns([row.pieces for row in plan.rows])
    return _layout_of(plan, axes) if plan.rows[0].event == event else {}


def _statement(rows: Sequence[Row]) -> dict[str, Any]:
    steps = list(dict.fromkeys(row.step for row in rows if row.step is not None))
    # The rows of one series: those in the place of the base and of the first value.
    one = [r for r in rows if (r.step, r.pieces) == (rows[0].step, rows[0].pieces)]
    every, rolls = (None, False) if one[0].whole is None else pieces_of([one])
    return {"steps": steps, "every": every, "rolls": rolls}


# Stretches of the calendar, as they are seen from days.


def pieces_of(lines: Sequence[Sequence[Any]]) -> tuple[str | None, bool]:
    """Return the stretch of the calendar that pieces are, and whether they only end with one.

    `lines` are the rows of each series in the order of their days. A whole piece that is no stretch
    of the calendar is a window, as is one that overlaps the next.
    """
    whole = [[row for row in line if row.whole] for line in lines]
    is_window = (unit_of_days([(row.start, row.end)]) is None for line in whole for row in line)
    overlap = (later.start <= earlier.end for line in lines for earlier, later in pairwise(line))
    if any(is_window) or any(overlap):
        return unit_of_ends([[row.end for row in line] for line in whole]), True
    rows = (row for line in lines for row in line if row.whole is not False)
    return unit_of_days((row.start, row.end) for row in rows), False


def unit_of_days(stretches: Iterable[tuple[date, date]]) -> str | None:
    """Return the stretch of the calendar that all of these are: `week`; None if unknown."""
    known = {model.Days(*days) for days in stretches}
    units = model.Unit if known else ()
    return next((unit.value for unit in units if all(_is_one(days, unit) for days in known)), None)


def _is_one(days: model.Days, unit: model.Unit) -> bool:
    return calendar.is_whole(days, unit) and calendar.number_of_pieces(days, unit) == 1


def unit_of_ends(lines: Iterable[Sequence[date]]) -> str | None:
    """Return the stretch of the calendar between the ends of windows."""
    pairs = {pair for line in lines for pair in pairwise(line)}
    for unit in model.Unit:
        ends = {model.Days(calendar.first_of(unit, end), end) for pair in pairs for end in pair}
        next_to = (calendar.number_of_pieces(model.Days(*pair), unit) == 2 for pair in pairs)
        if all(_is_one(days, unit) for days in ends) and any(next_to):
            return unit.value
    return None


def unit_days(name: str, day: date) -> int:
    """Return how many days the stretch that contains this day has."""
    unit = model.Unit(name)
    return calendar.DAYS.get(unit) or calendar.length(calendar.unit_of(unit, day))


def is_frame(value: object) -> bool:
    """Return True for a DataFrame."""
    return isinstance(value, pd.DataFrame)


def digest(data: pd.DataFrame) -> str:
    """Return a text that changes with anything in a DataFrame."""
    columns = repr([(name, str(dtype)) for name, dtype in data.dtypes.items()])
    attrs = sorted({*map(str, data.attrs), "as_given"})
    columns += repr([data.index.names, data.columns.names, attrs])
    try:
        rows = pd.util.hash_pandas_object(data).to_numpy().tobytes()
    except TypeError:  # a value that cannot be hashed is not one of ours
        return ""
    return sha256(columns.encode("utf-8", "replace") + rows).hexdigest()


def moments(times: Sequence[datetime | None], zone: tzinfo | None) -> _Column:
    """Return times as a column, on a zone's clock (None: the machine's) and to the second."""
    # Without a zone, which Excel and SQLite do not take, and without parts of a second.
    local = [
        moment and moment.astimezone(zone).replace(tzinfo=None, microsecond=0) for moment in times
    ]
    return np.array(local, dtype=DAY)


def _column_values(name: str, results: Sequence[RowResult], zone: tzinfo | None) -> _Column:
    if name == "counted":
        return moments([result.moment(zone) for result in results], zone)
    of_row = attrgetter(f"row.{name}" if name in OF_THE_ROW else name)
    cells: list[Any] = [_CELL_OF.get(name, of_row)(result) for result in results]
    if COLUMNS[name] is DAY:
        are_near = all(FIRST <= day <= LAST for day in cells if day is not None)
        # "until ever" is often written 9999-12-31, and counts that have arrived must not be lost.
        return np.array(cells, dtype=DAY if are_near else "datetime64[s]")
    if COLUMNS[name] is INT:
        # What pd.array would make of them, in a sixth of the time.
        values = np.array([cell or 0 for cell in cells], dtype=np.int64)
        return pd.arrays.IntegerArray(values, np.array([c is None for c in cells], dtype=bool))
    return pd.array(cells, dtype=COLUMNS[name])
