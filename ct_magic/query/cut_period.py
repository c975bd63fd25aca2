"""A period cut by `by day`, `by first week`, `by month rolling 3 months` -> stretches of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from .calendar_pieces import cut, ends, unit_of, window
from .model import ByTime, Days


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of time: the days that are sent, the piece itself, and the days before it.

    `earlier` is None where they do not matter; `whole` is None where `by` cuts no time.
    """

    days: Days
    piece: Days
    earlier: Days | None = None
    whole: bool | None = None


def stretches(period: Days, axis: ByTime | None, today: date) -> list[Stretch]:
    """Return the stretches of a period, the whole period where `by` cuts no time."""
    if axis is None:
        return [Stretch(period, period)]
    return [_stretch(piece, period, axis, today) for piece in cut(period, axis.unit)]


def _stretch(piece: Days, period: Days, axis: ByTime, today: date) -> Stretch:
    start, end = ends(piece)
    days = window(end, axis.rolling) if axis.rolling else piece
    first = ends(period)[0]
    before = Days(first, date.fromordinal(start.toordinal() - 1)) if start > first else None
    is_whole = end < today and piece == unit_of(axis.unit, start)
    return Stretch(days, piece, before if axis.first else None, is_whole)
