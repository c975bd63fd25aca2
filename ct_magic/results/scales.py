"""Where ticks stand: at round numbers, and at pieces of time that have room for their names."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import ceil, floor, log10

from .cells import Cell
from .chart import ChartAxis
from .result_kind import is_rolling, unit
from .wording import MONTHS, percent, piece

MOST_TICKS = 9
LONG = 45  # days in a row that are named by their months


def count_axis(values: Sequence[int], *, grid: bool = True) -> ChartAxis:
    """Return an axis from 0 to a round number above these counts: half a profile is none."""
    step = max(1, round(_step(max(values, default=1) / 5)))
    top = step * max(1, ceil(max(values, default=1) / step))
    return ChartAxis(0, top, tuple((n, f"{n:,}") for n in range(0, top + 1, step)), grid)


def share_axis(values: Sequence[float], *, grid: bool = True) -> ChartAxis:
    """Return an axis from 0 to a round share above these, at most to all."""
    largest = min(1.0, max(values, default=1.0)) or 1.0
    step = _step(largest / 5)
    number = ceil(largest / step - 1e-9)
    ticks = tuple((round(n * step, 9), percent(n * step)) for n in range(number + 1))
    return ChartAxis(0, ticks[-1][0], tuple(t for t in ticks if t[0] <= 1), grid)


def row_axis(names: Sequence[str]) -> ChartAxis:
    """Return the axis of rows below each other: the first at 0, each further one lower by 1."""
    return ChartAxis(0.5 - len(names), 0.5, tuple((-n, name) for n, name in enumerate(names)))


def place(row: Cell, rows: Sequence[Cell]) -> int:
    """Return where a piece stands in time: at its first day, or the last one of a window."""
    return (row.end if is_rolling(rows) else row.start).toordinal()


def time_axis(rows: Sequence[Cell]) -> ChartAxis:
    """Return an axis over the pieces of some rows, with a little room at both ends."""
    pieces = sorted({place(row, rows): row for row in rows}.items())
    first, last = pieces[0][0], pieces[-1][0]
    room = max(0.5, 0.015 * (last - first))
    return ChartAxis(first - room, last + room, tuple(_names([row for _, row in pieces], rows)))


def _names(pieces: Sequence[Cell], rows: Sequence[Cell]) -> list[tuple[float, str]]:
    if len(pieces) > LONG and unit(rows) == "day":
        return _months([row for row in pieces if row.start.day == 1])
    step = ceil(len(pieces) / MOST_TICKS)
    # The last piece is the one that people look at.
    named = pieces[(len(pieces) - 1) % step :: step]
    several = named[0].start.year != named[-1].start.year
    changes = [True, *(before.start.year != after.start.year for before, after in pairwise(named))]
    return [
        (place(row, rows), piece(row, rows, with_year=several and is_new))
        for row, is_new in zip(named, changes, strict=True)
    ]


def _months(firsts: Sequence[Cell]) -> list[tuple[float, str]]:
    named = firsts[:: ceil(len(firsts) / MOST_TICKS)]
    return [
        (
            row.start.toordinal(),
            MONTHS[row.start.month - 1] + (f" {row.start.year}" if not n else ""),
        )
        if row.start.month > 1
        else (row.start.toordinal(), f"Jan {row.start.year}")
        for n, row in enumerate(named)
    ]


def _step(least: float) -> float:
    """Return the least of 1, 2, 5, 10, 20, ... (and 0.1, ...) that is not below this."""
    if least <= 0:
        return 1.0
    power = 10.0 ** floor(log10(least))
    return next(n * power for n in (1, 2, 5, 10) if n * power >= least * (1 - 1e-9))
