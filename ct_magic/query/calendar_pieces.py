"""Days of the calendar: whole weeks, months, quarters and years, cutting at them, and moving.

Knows nothing of "today" nor of words: see `resolve_period`. Rule: README.md here, "Periods".
Months are moved by hand: dateutil comes with pandas only, and importing it costs milliseconds.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date, timedelta

from ..errors import QueryError
from .model import Ago, Days, Shift, Unit

MONTHS = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}
DAYS = {Unit.DAY: 1, Unit.WEEK: 7}


def ends(period: Days) -> tuple[date, date]:
    """Return both days of a resolved period; raise QueryError for one that counts from today."""
    if isinstance(period.start, Ago) or isinstance(period.end, Ago):
        raise QueryError("the period counts from today: resolve it first")
    return period.start, period.end


def month_of(day: date) -> Days:
    """Return the month that the day lies in."""
    return unit_of(Unit.MONTH, day)


def unit_of(unit: Unit, day: date) -> Days:
    """Return the whole day, week, month, quarter or year that the day lies in."""
    return Days(first_of(unit, day), date.fromordinal(_last_of(unit, day)))


def first_of(unit: Unit, day: date) -> date:
    """Return the first day of the week, month, quarter or year that the day lies in."""
    match unit:
        case Unit.DAY:
            return day
        case Unit.WEEK:
            return day - timedelta(day.weekday())
        case Unit.MONTH:
            return day.replace(day=1)
        case Unit.QUARTER:
            return day.replace(month=day.month - (day.month - 1) % 3, day=1)
        case Unit.YEAR:
            return day.replace(month=1, day=1)


def cut(period: Days, unit: Unit) -> Iterator[Days]:
    """Yield the pieces of a period, cut at midnight, Mondays or firsts of month, quarter, year."""
    start, end = ends(period)
    day = start
    while True:
        last = min(end.toordinal(), _last_of(unit, day))
        yield Days(day, date.fromordinal(last))
        if last == end.toordinal():
            return
        day = date.fromordinal(last + 1)


def number_of_pieces(period: Days, unit: Unit) -> int:
    """Return how many pieces `cut` yields, in no time however many they are."""
    start, end = ends(period)
    return _index(unit, end) - _index(unit, start) + 1


def is_whole(period: Days, unit: Unit) -> bool:
    """Return True if the period is one or more whole weeks, months, quarters or years."""
    start, end = ends(period)
    return first_of(unit, start) == start and _last_of(unit, end) == end.toordinal()


def moved_day(day: date, shift: Shift) -> date:
    """Return the day moved; one that its new month lacks becomes that month's last."""
    if shift.unit in DAYS:
        return day + timedelta(shift.n * DAYS[shift.unit])
    year, month = divmod(day.year * 12 + day.month - 1 + shift.n * MONTHS[shift.unit], 12)
    first = date(year, month + 1, 1)
    return first.replace(day=min(day.day, _length_of_month(first)))


def moved(period: Days, shift: Shift) -> Days:
    """Return the period moved; what begins and ends with a month's ends keeps both.

    Raises QueryError where it leaves the calendar.
    """
    start, end = ends(period)
    try:
        first, last = moved_day(start, shift), moved_day(end, shift)
    except (OverflowError, ValueError):
        raise out_of_calendar(shift) from None
    if shift.unit in MONTHS and is_whole(period, Unit.MONTH):
        last = last.replace(day=_length_of_month(last))
    return Days(first, last)


def window(last: date, length: Shift) -> Days:
    """Return the days of this length that end with `last`: from the day after it, moved back."""
    try:
        first = moved_day(last + timedelta(1), Shift(-length.n, length.unit))
    except (OverflowError, ValueError):
        raise out_of_calendar(length) from None
    return Days(first, last)


def out_of_calendar(shift: Shift) -> QueryError:
    """Return the error for a day that the calendar does not have."""
    return QueryError(f"moved by {abs(shift.n)} {shift.unit.value}s a day leaves the calendar")


def length(period: Days) -> int:
    """Return the number of days, both ends included."""
    start, end = ends(period)
    return (end - start).days + 1


def _last_of(unit: Unit, day: date) -> int:
    # An ordinal, because the last week of the calendar ends after it.
    if unit in DAYS:
        return first_of(unit, day).toordinal() + DAYS[unit] - 1
    month = first_of(unit, day).month + MONTHS[unit] - 1
    last = day.replace(month=month, day=1)
    return last.replace(day=_length_of_month(last)).toordinal()


def _length_of_month(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _index(unit: Unit, day: date) -> int:
    # The number of the piece since a fixed day; a Monday has the ordinal 1.
    if unit in DAYS:
        return (day.toordinal() - 1) // DAYS[unit]
    return (day.year * 12 + day.month - 1) // MONTHS[unit]
