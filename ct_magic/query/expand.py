"""A statement -> its single counts. Rule: design, "Many counts from one statement"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import product
from math import prod

from .calendar_pieces import cut, number_of_pieces
from .model import (
    Axis,
    ByPlace,
    ByTime,
    ByValue,
    Days,
    Event,
    Filter,
    JsonQuery,
    Operator,
    Query,
    Unit,
)
from .resolve_period import resolve

Piece = Days | ByValue | ByPlace  # what one turn of an axis adds: days, one value or one place


def unfold(query: Query | JsonQuery, today: date) -> tuple[Query | JsonQuery, ...]:
    """Give the single counts a statement asks, in order, the last axis of `by` turning fastest.

    Each has its days resolved against `today`, no `by`, the statement's label and source, and in
    `pieces` the column and value of each value axis. Raises QueryError for a period that ends
    before it begins or lies before the calendar. Pasted JSON is a single count as it stands.
    """
    if isinstance(query, JsonQuery):
        return (query,)
    period = resolve(query.event.period, today, _unit(query))
    axes = [list(_pieces(axis, period)) for axis in query.by]
    return tuple(_single(query, period, pieces, today) for pieces in product(*axes))


def how_many(query: Query | JsonQuery, today: date) -> int:
    """Count what `unfold` would give, in no time however many that is."""
    if isinstance(query, JsonQuery):
        return 1
    period = resolve(query.event.period, today, _unit(query))
    return prod(_size(axis, period) for axis in query.by)


def _unit(query: Query) -> Unit | None:
    return next((axis.unit for axis in query.by if isinstance(axis, ByTime)), None)


def _pieces(axis: Axis, period: Days) -> Iterator[Piece]:
    match axis:
        case ByTime(unit):
            yield from cut(period, unit)
        case ByValue(asked, values):
            yield from (ByValue(asked, (value,)) for value in values)
        case ByPlace(places):
            yield from (ByPlace((place,)) for place in places)


def _size(axis: Axis, period: Days) -> int:
    if isinstance(axis, ByValue):
        return len(axis.values)
    if isinstance(axis, ByPlace):
        return len(axis.places)
    return number_of_pieces(period, axis.unit) if isinstance(axis, ByTime) else 24


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
