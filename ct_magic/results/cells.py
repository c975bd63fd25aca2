"""DataFrame of counts -> its rows as typed values, also where it was saved and read again."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from itertools import pairwise
from typing import Any

import pandas as pd

from ct_magic.errors import StillRunningError, UsageError
from ct_magic.results.frame import COLUMNS

_NEEDED = ("query", "start", "end", "count")
CellValue = str | float | bool | date


@dataclass(frozen=True, slots=True)
class Series:
    """What a row is a count of, apart from its days: rows of one series are one line.

    `values` are typed: the number 5 and the text "5" are two values.
    """

    query: str
    values: tuple[tuple[str, str, CellValue], ...]  # column, type, value
    step: str | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """A row of the DataFrame; None where it says nothing. Shares and changes are fractions."""

    series: Series
    event: str
    start: date
    end: date
    count: int | None
    of: int | None = None
    share: float | None = None
    low: float | None = None
    high: float | None = None
    previous: int | None = None
    previous_start: date | None = None
    previous_end: date | None = None
    change: float | None = None
    whole: bool | None = None
    status: str | None = None
    doubt: str | None = None

    @property
    def days(self) -> int:
        """How many days the row counts; both ends are included."""
        return (self.end - self.start).days + 1

    @property
    def next_day(self) -> date:
        """The day after its last; the last there is where the calendar ends."""
        return self.end + timedelta(days=1) if self.end < date.max else self.end


def axes(df: pd.DataFrame) -> tuple[str, ...]:
    """Return the columns of `by`'s values: they stand between the days and the count.

    What stands behind the count is no axis: somebody's own column, or one of `shares()`; and no
    axis is called like a column of ours.
    """
    names = [str(name) for name in df.columns]
    return tuple(name for name in names[: names.index("count")] if name not in COLUMNS)


def cells(df: pd.DataFrame) -> tuple[Cell, ...]:
    """Return the rows of a DataFrame that `count()` gave; columns added behind change nothing.

    Raise UsageError for another DataFrame, for one without rows, and for one that holds a count
    twice: which of the two is meant, nobody could say.
    """
    _check(df)
    names = axes(df)
    rows = tuple(_cell(row, names) for row in df.to_dict("records"))
    _check_once(rows)
    return rows


def _check(df: object) -> None:
    try:
        columns = list(df.columns)  # type: ignore[attr-defined] # anything may be given
    except StillRunningError:
        raise  # a handle says better than we what to do
    except AttributeError:
        columns = []
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise UsageError(
            f"this is no DataFrame of counts: it has no column {missing[0]!r}; "
            "give what %%ctcount or count() gave"
        )
    if not len(df):  # type: ignore[arg-type] # with these columns it is a DataFrame
        raise UsageError("this DataFrame holds no count")


def _check_once(rows: Sequence[Cell]) -> None:
    known: set[tuple[Series, date, date]] = set()
    for row in rows:
        key = row.series, row.start, row.end
        if key in known:
            values = "".join(f", {name} {value!r}" for name, _, value in row.series.values)
            raise UsageError(
                f"{row.series.query!r}{values}, {row.start} to {row.end} stands there twice: "
                "drop one of the rows, or give the statements different labels"
            )
        known.add(key)


def _cell(row: Mapping[object, object], names: Sequence[str]) -> Cell:
    values = tuple((name, *_typed(row[name])) for name in names if not _is_missing(row[name]))
    step = row.get("step")
    series = Series(
        query=str(row["query"]),
        values=values,
        step=None if _is_missing(step) else str(step),
        after=_whole_number(row.get("after")),
    )
    event = row.get("event")
    return Cell(
        series=series,
        event=series.query if _is_missing(event) else str(event),
        start=_day(row["start"]) or date.min,
        end=_day(row["end"]) or date.max,
        count=_whole_number(row["count"]),
        of=_whole_number(row.get("of")),
        share=_number(row.get("share")),
        low=_number(row.get("low")),
        high=_number(row.get("high")),
        previous=_whole_number(row.get("previous")),
        previous_start=_day(row.get("previous_start")),
        previous_end=_day(row.get("previous_end")),
        change=_number(row.get("change")),
        whole=_flag(row.get("whole")),
        status=None if _is_missing(row.get("status")) else str(row["status"]),
        doubt=None if _is_missing(row.get("doubt")) else str(row["doubt"]),
    )


def _typed(value: object) -> tuple[str, CellValue]:
    plain = value.item() if hasattr(value, "item") else value  # numpy's scalars
    if isinstance(plain, bool):
        return "flag", plain
    if isinstance(plain, int | float):
        return "number", plain
    return "text", str(plain)


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or value != value


def _number(value: Any) -> float | None:
    number = None if _is_missing(value) else float(value)
    return number if number is not None and math.isfinite(number) else None


def _whole_number(value: Any) -> int | None:
    return None if _is_missing(value) else int(value)


def _day(value: object) -> date | None:
    if _is_missing(value):
        return None
    # From a CSV it is a text.
    return date.fromisoformat(str(value)[:10])


def _flag(value: object) -> bool | None:
    return None if _is_missing(value) else str(value) == "True"


# What kind of result the rows of a DataFrame are, and the stretch of time that `by` cut.

_MONTHS = {"month": 1, "quarter": 3, "year": 12}


class Kind(Enum):
    """How the rows of a result belong together."""

    NUMBER = "one count"
    STATEMENTS = "several statements"
    VALUES = "one count for each value"
    TIME = "counts over time"
    FUNNEL = "shares of a base"
    RETENTION = "shares of a base after some time"
    VERSUS = "counts against another period"


def kind(rows: Sequence[Cell]) -> Kind:
    """Return the kind of a result.

    Rows of different kinds, like a share beside a count over time, are several statements.
    """
    # A day without a partner is one of the comparison, too.
    compared = {row.series.query for row in rows if row.previous_start is not None}
    kinds = {_own_kind(row, compared) for row in rows}
    if kinds == {Kind.VERSUS}:
        return Kind.VERSUS
    if kinds <= {Kind.FUNNEL, Kind.RETENTION}:
        return Kind.FUNNEL if kinds == {Kind.FUNNEL} else Kind.RETENTION
    if len(kinds) > 1:
        return Kind.STATEMENTS
    if len(rows) > 1 and is_over_time(rows):
        return Kind.TIME
    if len(rows) == 1:
        return Kind.NUMBER
    return Kind.VALUES if any(row.series.values for row in rows) else Kind.STATEMENTS


def is_over_time(rows: Sequence[Cell]) -> bool:
    """Return True if some series has several pieces, and each belongs to a series that may.

    A statement without pieces beside one with them is no line.
    """
    pieces = by_series(rows).values()
    lengths = [len(cells) for cells in pieces]
    return max(lengths) > 1 and (min(lengths) > 1 or all(row.whole is not None for row in rows))


def by_series(rows: Iterable[Cell]) -> dict[Series, list[Cell]]:
    """Return the rows of each series in the order of their days; the series as they were asked."""
    series_rows: dict[Series, list[Cell]] = {}
    for row in rows:
        series_rows.setdefault(row.series, []).append(row)
    return {series: sorted(some, key=lambda row: row.start) for series, some in series_rows.items()}


def is_rolling(rows: Sequence[Cell]) -> bool:
    """Return True if pieces of one series overlap: each is a window that ends with its piece."""
    return any(
        later.start <= earlier.end
        for some in by_series(rows).values()
        for earlier, later in pairwise(some)
    )


def unit(rows: Iterable[Cell]) -> str | None:
    """Return the stretch of the calendar that all whole pieces are: `week`; None if unknown."""
    names = {_unit(row) for row in rows if row.whole is not False}
    return names.pop() if len(names) == 1 else None


def unit_days(name: str, day: date) -> int:
    """Return how many days the stretch has that this day lies in."""
    if name in ("day", "week"):
        return 7 if name == "week" else 1
    months = _MONTHS[name]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    month = first.month - 1 + months
    if first.year + month // 12 > date.max.year:
        return (date.max - first).days + 1
    return (date(first.year + month // 12, month % 12 + 1, 1) - first).days


def _own_kind(row: Cell, compared: set[str]) -> Kind | None:
    if row.series.step is not None:
        return Kind.FUNNEL if row.series.after is None else Kind.RETENTION
    return Kind.VERSUS if row.series.query in compared else None


def _unit(row: Cell) -> str | None:
    if row.days == 1:
        return "day"
    if row.days == 7 and row.start.weekday() == 0:
        return "week"
    if row.start.day != 1 or row.end == date.max or (row.end + timedelta(days=1)).day != 1:
        return None
    begins = [name for name, months in _MONTHS.items() if (row.start.month - 1) % months == 0]
    return next((name for name in begins if unit_days(name, row.start) == row.days), None)
