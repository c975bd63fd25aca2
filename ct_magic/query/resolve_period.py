"""The words of a period + today -> days. Rule: README.md here, "Periods"."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from ..errors import QueryError, UsageError
from .calendar_pieces import first_of, moved_day, unit_of
from .model import Ago, AnyPeriod, Days, Last, Period, Previous, Shift, ShiftAxis, This, Unit

DEFAULT = Last(30, Unit.DAY)
# What a unit is made of, where `last N units by piece` means whole ones.
MADE_OF = {
    Unit.DAY: {Unit.DAY},
    Unit.WEEK: {Unit.WEEK},
    Unit.MONTH: {Unit.MONTH},
    Unit.QUARTER: {Unit.MONTH, Unit.QUARTER},
    Unit.YEAR: {Unit.MONTH, Unit.QUARTER, Unit.YEAR},
}


def plain_day(today: date) -> date:
    """Return the day itself of a datetime or Timestamp; raise UsageError for what is no day."""
    if not isinstance(today, date):
        raise UsageError(f"today is a datetime.date, not {today!r}")
    return today.date() if isinstance(today, datetime) else today


def resolve(period: AnyPeriod | None, today: date, by: Unit | None = None) -> Days:
    """Return the days that a period means when `today` is today.

    No period is the last 30 days. `by` is the unit in which the statement cuts it: of `last N`
    of that unit, or of one made of it, whole ones are meant. Raises QueryError for a period that
    ends before it begins or lies before the calendar.
    """
    if isinstance(period, Shift | ShiftAxis):
        raise QueryError("'after' and 'before' move the period of a 'did', not the statement's")
    try:
        start, end = _ends(period or DEFAULT, plain_day(today), by)
    except (OverflowError, ValueError):
        raise QueryError("the period begins before the calendar does") from None
    if start > end:
        raise QueryError(f"the period ends ({end}) before it begins ({start})")
    return Days(start, end)


def is_of_whole_pieces(period: AnyPeriod | None, by: Unit | None) -> bool:
    """Return True if cutting in this unit makes the period's pieces whole ones."""
    return isinstance(period, Last) and by in MADE_OF[period.unit]


def counts_from_today(period: AnyPeriod) -> bool:
    """Return True if the period means other days tomorrow."""
    return not isinstance(period, Days) or any(
        isinstance(day, Ago) for day in (period.start, period.end)
    )


def _ends(period: Period, today: date, by: Unit | None) -> tuple[date, date]:
    yesterday = today - timedelta(1)
    match period:
        case Days(start, end):
            return _day(start, today), _day(end, today)
        case Last(n, unit) if is_of_whole_pieces(period, by) and by is not None:
            first = first_of(by, today)
            return moved_day(first, Shift(-n, unit)), first - timedelta(1)
        case Last(n, unit):
            return moved_day(today, Shift(-n, unit)), yesterday
        case This(unit):
            return first_of(unit, today), today
        case Previous(unit):
            piece = unit_of(unit, first_of(unit, today) - timedelta(1))
            return _day(piece.start, today), _day(piece.end, today)


def _day(day: date | Ago, today: date) -> date:
    return today - timedelta(day.days) if isinstance(day, Ago) else day
