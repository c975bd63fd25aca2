"""Period + today -> dates, and a period's pieces by day, week and month."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from math import prod

from .query import (
    Ago,
    Axis,
    ByPlace,
    ByTime,
    ByValue,
    Days,
    DidAny,
    Event,
    Filter,
    JsonQuery,
    Last,
    Operator,
    Period,
    Place,
    Previous,
    Query,
    Scalar,
    Scope,
    This,
    Unit,
)

DAY = timedelta(days=1)
USUAL = Last(30, Unit.DAY)  # a statement without any period


def resolve(period: Period | None, today: date) -> tuple[date, date]:
    """Give the first and the last day that a period means, both included."""
    match period or USUAL:
        case Days(start, end):
            return _day(start, today), _day(end, today)
        case Last(n, unit):
            return _back(today, n, unit), today - DAY
        case This(unit):
            return _first(today, unit), today
        case Previous(unit):
            end = _first(today, unit) - DAY
            return _first(end, unit), end


def end_of_month(day: date) -> date:
    """Give the last day of a day's month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def how_many(query: Query | JsonQuery, today: date) -> int:
    """Say how many single counts a statement unfolds into, without making them."""
    if isinstance(query, JsonQuery):
        return 1
    span = resolve(query.event.period, today)
    return prod(_length(axis, span) for axis in query.by)


def unfold(query: Query | JsonQuery, today: date) -> Iterator[Query | JsonQuery]:
    """Give the single counts of a statement, dates resolved, the last axis turning fastest."""
    if isinstance(query, JsonQuery):
        yield query
        return
    span = resolve(query.event.period, today)
    for choice in product(*(list(_pieces(axis, span)) for axis in query.by)):
        yield _single(query, span, choice, today)


def column(axis: ByValue | ByPlace) -> str:
    """Name the column of a value axis: `Category`, `profile.Plan`, `geo`."""
    if isinstance(axis, ByPlace):
        return "geo"
    scope, name = axis.property.scope, axis.property.name
    return name if scope is Scope.EVENT else f"{scope.value}.{name}"


Piece = tuple[Axis, tuple[date, date] | Scalar | Place]


def _single(query: Query, span: tuple[date, date], choice: tuple[Piece, ...], today: date) -> Query:
    where, places, pieces = query.event.where, query.places, query.pieces
    for axis, value in choice:
        match axis, value:
            case ByTime(), (date() as start, date() as end):
                span = (start, end)
            case ByPlace(), tuple():
                places = (value,)  # type: ignore[assignment] # a place is a tuple of texts
                pieces += ((column(axis), "/".join(value)),)  # type: ignore[arg-type]
            case ByValue(), str() | int() | float():
                where += (Filter(axis.property, Operator.EQUALS, value),)
                pieces += ((column(axis), value),)
    days = Days(*span)
    return replace(
        query,
        event=replace(query.event, where=where, period=days),
        places=places,
        did=tuple(_dated(event, days, today) for event in query.did),
        did_not=tuple(_dated(event, days, today) for event in query.did_not),
        did_any=_any_dated(query.did_any, days, today),
        by=(),
        pieces=pieces,
    )


def _any_dated(did_any: DidAny | None, days: Days, today: date) -> DidAny | None:
    if did_any is None:
        return None
    return replace(did_any, events=tuple(_dated(event, days, today) for event in did_any.events))


def _dated(event: Event, days: Days, today: date) -> Event:
    return replace(event, period=Days(*resolve(event.period, today)) if event.period else days)


def _pieces(axis: Axis, span: tuple[date, date]) -> Iterator[Piece]:
    match axis:
        case ByTime(unit):
            yield from ((axis, piece) for piece in _cut(span, unit))
        case ByValue(_, values):
            yield from ((axis, value) for value in values)
        case ByPlace(places):
            yield from ((axis, place) for place in places)


def _cut(span: tuple[date, date], unit: Unit) -> Iterator[tuple[date, date]]:
    start, end = span
    while start <= end:
        last = min(_last(start, unit), end)
        yield start, last
        if last == date.max:
            return
        start = last + DAY


def _length(axis: Axis, span: tuple[date, date]) -> int:
    match axis:
        case ByTime(Unit.DAY):
            return (span[1] - span[0]).days + 1
        case ByTime(Unit.WEEK):
            return (span[1].toordinal() - 1) // 7 - (span[0].toordinal() - 1) // 7 + 1
        case ByTime():
            return 12 * (span[1].year - span[0].year) + span[1].month - span[0].month + 1
        case ByValue(_, values):
            return len(values)
        case ByPlace(places):
            return len(places)


def _day(day: date | Ago, today: date) -> date:
    return today - timedelta(days=day.days) if isinstance(day, Ago) else day


def _back(today: date, n: int, unit: Unit) -> date:
    if unit in (Unit.DAY, Unit.WEEK):
        return today - timedelta(days=n * (7 if unit is Unit.WEEK else 1))
    months = today.year * 12 + today.month - 1 - n * (12 if unit is Unit.YEAR else 1)
    year, month = divmod(months, 12)
    # The same day of that month; one that the month lacks becomes its last.
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


def _first(day: date, unit: Unit) -> date:
    match unit:
        case Unit.WEEK:
            return day - timedelta(days=day.weekday())
        case Unit.MONTH:
            return day.replace(day=1)
        case Unit.YEAR:
            return day.replace(month=1, day=1)
    return day


def _last(day: date, unit: Unit) -> date:
    match unit:
        case Unit.WEEK:
            sunday = day.toordinal() + 6 - day.weekday()
            return date.fromordinal(min(sunday, date.max.toordinal()))
        case Unit.MONTH:
            return end_of_month(day)
    return day
