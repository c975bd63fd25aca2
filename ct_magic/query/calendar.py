"""Days of the calendar: whole weeks, months, quarters and years, cutting at them, and moving.

Knows nothing of "today" nor of words: see `resolve_period`. Rule: README.md here, "Periods".
Months are moved by hand: dateutil comes with pandas only, and importing it costs milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo

from ct_magic.common.words import last_of_month
from ct_magic.errors import QueryError, UsageError
from ct_magic.query import model
from ct_magic.rows import Record

MONTHS = {model.Unit.MONTH: 1, model.Unit.QUARTER: 3, model.Unit.YEAR: 12}
DAYS = {model.Unit.DAY: 1, model.Unit.WEEK: 7}


def ends(period: model.Days) -> tuple[date, date]:
    """Return both days of a resolved period; raise QueryError for one that counts from today."""
    if isinstance(period.start, model.Ago) or isinstance(period.end, model.Ago):
        raise QueryError("the period counts from today: resolve it first")
    return period.start, period.end


def unit_of(unit: model.Unit, day: date) -> model.Days:
    """Return the whole day, week, month, quarter or year that the day lies in."""
    return model.Days(first_of(unit, day), date.fromordinal(_last_of(unit, day)))


def first_of(unit: model.Unit, day: date) -> date:
    """Return the first day of the week, month, quarter or year that the day lies in."""
    if unit in DAYS:
        return day - timedelta(day.weekday() if unit is model.Unit.WEEK else 0)
    return day.replace(month=day.month - (day.month - 1) % MONTHS[unit], day=1)


def cut(period: model.Days, unit: model.Unit) -> Iterator[model.Days]:
    """Yield the pieces of a period, cut at midnight, Mondays or firsts of month, quarter, year."""
    start, end = ends(period)
    day = start
    while True:
        last = min(end.toordinal(), _last_of(unit, day))
        yield model.Days(day, date.fromordinal(last))
        if last == end.toordinal():
            return
        day = date.fromordinal(last + 1)


def number_of_pieces(period: model.Days, unit: model.Unit) -> int:
    """Return how many pieces `cut` yields, without making them."""
    start, end = ends(period)
    return _index(unit, end) - _index(unit, start) + 1


def is_whole(period: model.Days, unit: model.Unit) -> bool:
    """Return True if the period is one or more whole weeks, months, quarters or years."""
    start, end = ends(period)
    return first_of(unit, start) == start and _last_of(unit, end) == end.toordinal()


def moved_day(day: date, n: int, unit: model.Unit) -> date:
    """Return the day moved, at most to its new month's last; QueryError beyond the calendar."""
    try:
        if unit in DAYS:
            return day + timedelta(n * DAYS[unit])
        year, month = divmod(day.year * 12 + day.month - 1 + n * MONTHS[unit], 12)
        first = date(year, month + 1, 1)
    except (OverflowError, ValueError):
        units = f"{abs(n)} {unit.value}s"
        raise QueryError(f"moved by {units} a day leaves the calendar") from None
    return first.replace(day=min(day.day, last_of_month(first).day))


def moved(period: model.Days, shift: model.Shift) -> model.Days:
    """Return the period moved; whole months stay whole months."""
    first, last = (moved_day(day, shift.n, shift.unit) for day in ends(period))
    if shift.unit in MONTHS and is_whole(period, model.Unit.MONTH):
        last = last_of_month(last)
    return model.Days(first, last)


def window(last: date, length: model.Shift) -> model.Days:
    """Return the days of this length that end with `last`: from the day after it, moved back."""
    after = moved_day(last, 1, model.Unit.DAY)
    return model.Days(moved_day(after, -length.n, length.unit), last)


def length(period: model.Days) -> int:
    """Return the number of days, both ends included."""
    start, end = ends(period)
    return (end - start).days + 1


def _last_of(unit: model.Unit, day: date) -> int:
    # An ordinal, because the last week of the calendar ends after it.
    if unit in DAYS:
        return first_of(unit, day).toordinal() + DAYS[unit] - 1
    month = first_of(unit, day).month + MONTHS[unit] - 1
    return last_of_month(day.replace(month=month, day=1)).toordinal()


def _index(unit: model.Unit, day: date) -> int:
    # The number of the piece since a fixed day; a Monday has the ordinal 1.
    if unit in DAYS:
        return (day.toordinal() - 1) // DAYS[unit]
    return (day.year * 12 + day.month - 1) // MONTHS[unit]


# A period cut by `by day`, `by first week`, `by month rolling 3 months` -> stretches of time.


class Stretch(Record):
    """A piece of time."""

    days: model.Days  # that are sent
    piece: model.Days
    earlier: model.Days | None = None  # whose profiles are excluded
    whole: bool | None = None  # None where `by` cuts no time


def stretches(period: model.Days, axis: model.ByTime | None) -> list[Stretch]:
    """Return the stretches of a period, the whole period where `by` cuts no time."""
    if axis is None:
        return [Stretch(period, period)]
    first, found = ends(period)[0], []
    for piece in cut(period, axis.unit):
        start, end = ends(piece)
        days = window(end, axis.rolling) if axis.rolling else piece
        is_later = axis.first and start > first
        before = model.Days(first, start - timedelta(1)) if is_later else None
        found.append(Stretch(days, piece, before, is_whole(piece, axis.unit)))
    return found


def in_own_units(period: model.Period) -> model.Last | None:
    """Return how long a period is in the unit of its words; None where it grows every day."""
    match period:
        case model.Last():
            return period
        case model.This(unit) | model.Previous(unit):
            return model.Last(1, unit)
        case model.Days(named=model.Unit() as unit):
            return model.Last(1, unit)
        case model.Days(date() as start, date()) if period == unit_of(model.Unit.MONTH, start):
            return model.Last(1, model.Unit.MONTH)
        case model.Days(date(), date()):
            return model.Last(length(period), model.Unit.DAY)
        case model.Days(model.Ago(start), model.Ago(end)):
            return model.Last(start - end + 1, model.Unit.DAY)
    return None


# The words of a period + today -> days. Rule: README.md here, "Periods".

DEFAULT = model.Last(30, model.Unit.DAY)
# What a unit is made of, where `last N units by piece` means whole ones.
MADE_OF = {unit: {unit} for unit in model.Unit}
MADE_OF[model.Unit.QUARTER] |= {model.Unit.MONTH}
MADE_OF[model.Unit.YEAR] |= {model.Unit.MONTH, model.Unit.QUARTER}


def plain_day(today: date, zone: tzinfo | None = None) -> date:
    """Return the day of a date, datetime or Timestamp; raise UsageError for anything else."""
    if not isinstance(today, date):
        raise UsageError(f"today is a datetime.date, not {today!r}")
    return day_of(today, zone)


def day_of(moment: date, zone: tzinfo | None) -> date:
    """Return the day of a date or a datetime; one with a time zone is an instant in `zone`.

    Without a `zone`, in the machine's. Raises OverflowError beyond the calendar.
    """
    if not isinstance(moment, datetime):
        return moment
    offset = moment.utcoffset()
    if offset is None:
        return moment.date()
    # Field by field: a Timestamp's own ways warn of its nanoseconds, or take no zone for UTC.
    clock = (moment.hour, moment.minute, moment.second)
    instant = datetime(moment.year, moment.month, moment.day, *clock, tzinfo=UTC) - offset
    return instant.astimezone(zone).date()


def resolve(
    period: model.AnyPeriod | None, today: date, by: model.Unit | None = None
) -> model.Days:
    """Return the days that a period means when `today` is today.

    None means the last 30 days. `by` is the unit in which the statement cuts it: `last N` of that
    unit, or of one made of it, means whole ones. Raises QueryError for a period that ends before it
    begins or lies before the calendar.
    """
    if isinstance(period, model.Shift | model.ShiftAxis | model.OwnDays):
        raise QueryError("'after', 'before' and own days are of a 'did', not of the statement")
    try:
        start, end = _ends(period or DEFAULT, plain_day(today), by)
    except (OverflowError, ValueError):
        raise QueryError("the period begins before the calendar does") from None
    if start > end:
        raise QueryError(f"the period ends ({end}) before it begins ({start})")
    return model.Days(start, end)


def is_of_whole_pieces(period: model.AnyPeriod | None, by: model.Unit | None) -> bool:
    """Return True if cutting in this unit makes the period's pieces whole ones."""
    return isinstance(period, model.Last) and by in MADE_OF[period.unit]


def counts_from_today(period: model.AnyPeriod) -> bool:
    """Return True if the period means other days tomorrow."""
    return not isinstance(period, model.Days) or any(
        isinstance(day, model.Ago) for day in (period.start, period.end)
    )


def _ends(period: model.Period, today: date, by: model.Unit | None) -> tuple[date, date]:
    yesterday = today - timedelta(1)
    match period:
        case model.Days(start, end):
            return _day(start, today), _day(end, today)
        case model.Last(n, unit) if is_of_whole_pieces(period, by) and by is not None:
            first = first_of(by, today)
            return moved_day(first, -n, unit), first - timedelta(1)
        case model.Last(n, unit):
            return moved_day(today, -n, unit), yesterday
        case model.This(unit):
            return first_of(unit, today), today
        case model.Previous(unit):
            return ends(unit_of(unit, first_of(unit, today) - timedelta(1)))


def _day(day: date | model.Ago, today: date) -> date:
    return today - timedelta(day.days) if isinstance(day, model.Ago) else day
