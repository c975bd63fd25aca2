"""Periods + today -> days, and a statement -> its single counts. Rule: design, "Periods"."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import product
from math import prod

from ..errors import QueryError, UsageError
from .model import (
    Ago,
    Axis,
    ByPlace,
    ByTime,
    ByValue,
    Days,
    Event,
    Filter,
    JsonQuery,
    Last,
    Operator,
    Period,
    Previous,
    Query,
    This,
    Unit,
)

DEFAULT = Last(30, Unit.DAY)
Piece = Days | ByValue | ByPlace  # what one turn of an axis adds: days, one value or one place


def plain_day(today: date) -> date:
    """Give the day itself of a datetime or Timestamp; raise UsageError for what is no day."""
    if not isinstance(today, date):
        raise UsageError(f"today is a datetime.date, not {today!r}")
    return today.date() if isinstance(today, datetime) else today


def unfold(query: Query | JsonQuery, today: date) -> tuple[Query | JsonQuery, ...]:
    """Give the single counts a statement asks, in order, the last axis of `by` turning fastest.

    Each has its days resolved against `today`, no `by`, the statement's label and source, and in
    `pieces` the column and value of each value axis. Raises QueryError for a period that ends
    before it begins or lies before the calendar. Pasted JSON is a single count as it stands.
    """
    if isinstance(query, JsonQuery):
        return (query,)
    period = resolve(query.event.period, today)
    axes = [list(_pieces(axis, period)) for axis in query.by]
    return tuple(_single(query, period, pieces, today) for pieces in product(*axes))


def how_many(query: Query | JsonQuery, today: date) -> int:
    """Count what `unfold` would give, in no time however many that is."""
    if isinstance(query, JsonQuery):
        return 1
    period = resolve(query.event.period, today)
    return prod(_size(axis, period) for axis in query.by)


def resolve(period: Period | None, today: date) -> Days:
    """Give the days a period means when `today` is today; no period is the last 30 days."""
    try:
        start, end = _ends(period or DEFAULT, _plain(today))
    except (OverflowError, ValueError):
        raise QueryError("the period begins before the calendar does") from None
    if start > end:
        raise QueryError(f"the period ends ({end}) before it begins ({start})")
    return Days(start, end)


def ends(period: Days) -> tuple[date, date]:
    """Give both days of a period that is resolved; raise QueryError for one that is not."""
    if isinstance(period.start, Ago) or isinstance(period.end, Ago):
        raise QueryError("the period counts from today: resolve it first")
    return period.start, period.end


def month_of(day: date) -> Days:
    """Give the month that the day lies in."""
    return Days(day.replace(day=1), day.replace(day=_length_of_month(day)))


def _plain(day: date) -> date:
    return day.date() if isinstance(day, datetime) else day


def _ends(period: Period, today: date) -> tuple[date, date]:
    yesterday = today - timedelta(1)
    match period:
        case Days(start, end):
            return _day(start, today), _day(end, today)
        case Last(n, Unit.DAY):
            return today - timedelta(n), yesterday
        case Last(n, Unit.WEEK):
            return today - timedelta(7 * n), yesterday
        case Last(n, Unit.MONTH):
            return _months_before(today, n), yesterday
        case Last(n):  # years
            return _months_before(today, 12 * n), yesterday
        case This(unit):
            return _first_of(unit, today), today
        case Previous(unit):
            last = _first_of(unit, today) - timedelta(1)
            return _first_of(unit, last), last


def _day(day: date | Ago, today: date) -> date:
    return today - timedelta(day.days) if isinstance(day, Ago) else day


def _months_before(day: date, n: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - n, 12)
    first = date(year, month + 1, 1)
    return first.replace(day=min(day.day, _length_of_month(first)))


def _length_of_month(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _first_of(unit: Unit, day: date) -> date:
    match unit:
        case Unit.DAY:
            return day
        case Unit.WEEK:
            return day - timedelta(day.weekday())
        case Unit.MONTH:
            return day.replace(day=1)
        case Unit.YEAR:
            return day.replace(month=1, day=1)


def _pieces(axis: Axis, period: Days) -> Iterator[Piece]:
    match axis:
        case ByTime(unit):
            yield from _cut(period, unit)
        case ByValue(asked, values):
            yield from (ByValue(asked, (value,)) for value in values)
        case ByPlace(places):
            yield from (ByPlace((place,)) for place in places)


def _cut(period: Days, unit: Unit) -> Iterator[Days]:
    start, end = ends(period)
    day = start
    while True:
        last = min(end.toordinal(), _last_of(unit, day))
        yield Days(day, date.fromordinal(last))
        if last == end.toordinal():
            return
        day = date.fromordinal(last + 1)


def _last_of(unit: Unit, day: date) -> int:
    # An ordinal, because the last week of the calendar ends after it.
    match unit:
        case Unit.WEEK:
            return day.toordinal() + 6 - day.weekday()
        case Unit.MONTH:
            return day.replace(day=_length_of_month(day)).toordinal()
        case _:
            return day.toordinal()


def _size(axis: Axis, period: Days) -> int:
    if isinstance(axis, ByValue):
        return len(axis.values)
    if isinstance(axis, ByPlace):
        return len(axis.places)
    return _number(axis.unit, ends(period)[1]) - _number(axis.unit, ends(period)[0]) + 1


def _number(unit: Unit, day: date) -> int:
    """Count the pieces up to here from a fixed day; a Monday has the ordinal 1."""
    match unit:
        case Unit.WEEK:
            return (day.toordinal() - 1) // 7
        case Unit.MONTH:
            return day.year * 12 + day.month
        case _:
            return day.toordinal()


def _single(query: Query, period: Days, pieces: tuple[Piece, ...], today: date) -> Query:
    event, places, named = query.event.during(period), query.places, query.pieces
    for piece in pieces:
        match piece:
            case Days():
                event = event.during(piece)
            case ByValue(asked, (value, *_)):
                event = replace(event, where=(*event.where, Filter(asked, Operator.EQUALS, value)))
                named += ((asked.column, value),)
            case ByPlace((place, *_)):
                places = (*places, place)
                named += (("geo", "/".join(place)),)
    return replace(
        query,
        event=event,
        places=places,
        did=_all_resolved(query.did, today),
        did_not=_all_resolved(query.did_not, today),
        did_any=query.did_any
        and replace(query.did_any, events=_all_resolved(query.did_any.events, today)),
        by=(),
        pieces=named,
    )


def _all_resolved(events: tuple[Event, ...], today: date) -> tuple[Event, ...]:
    return tuple(e.during(resolve(e.period, today)) if e.period else e for e in events)
