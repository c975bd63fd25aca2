"""What kind of result the rows of a DataFrame are, and the stretch of time that `by` cut."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from enum import Enum
from itertools import pairwise

from .cells import Cell, Series

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
