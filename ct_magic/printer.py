"""Query -> its one canonical text: the shortest unambiguous spelling."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from .cql import payload
from .dates import end_of_month
from .errors import QueryError
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
    Property,
    Query,
    Scalar,
    Scope,
    This,
    Value,
)
from .tokens import tokens

RANGE = (Operator.GREATER_THAN_EQUALS, Operator.LESS_THAN_EQUALS)
MANY = {Operator.EQUALS: "in", Operator.NOT_EQUALS: "not in"}


class UnsayableError(ValueError):
    """A text with a line break: no string of the language can hold it."""


def text(query: Query | JsonQuery) -> str:
    """Print a query on one line. What the language cannot say is printed as JSON."""
    return _labelled(query, " ")


def layout(query: Query | JsonQuery) -> str:
    """Print a query as one would write it in a cell: each `did` and `by` on a line of its own."""
    return _labelled(query, "\n  ")


def name(text: str) -> str:
    """Print the name of an event, a property or a label: bare where it may be bare."""
    return text if _is_bare(text) else string(text)


def string(text: str) -> str:
    """Print a text in the quotes that need fewer backslashes."""
    if "\n" in text or "\r" in text:
        raise UnsayableError(text)
    quote = "'" if '"' in text and "'" not in text else '"'
    return quote + text.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote


def scalar(value: Scalar) -> str:
    """Print one value: a text, `true`, `false` or a number without exponent."""
    if isinstance(value, str):
        return value.lower() if value in ("True", "False") else string(value)
    return format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)


def period(value: Period) -> str:
    """Print a period."""
    match value:
        case Days(start, end):
            return _days(start, end)
        case Last(n, unit):
            return f"last {n} {unit.value}{'' if n == 1 else 's'}"
        case This(unit):
            return f"this {unit.value}"
        case Previous(unit):
            return f"last {unit.value}"


def property_name(value: Property) -> str:
    """Print a property with its scope: `Amount`, `profile.Customer Type`, `"geo"`."""
    if value.scope is not Scope.EVENT:
        return f"{value.scope.value}.{name(value.name)}"
    # A bare geo means the places.
    return '"geo"' if value.name == "geo" else name(value.name)


def axis(value: Axis) -> str:
    """Print one axis of `by`."""
    match value:
        case ByTime(unit):
            return unit.value
        case ByValue(about, values):
            return f"{property_name(about)} in {_list(values)}"
        case ByPlace(places):
            return f"geo in {_list(tuple(map('/'.join, places)))}"


def _labelled(query: Query | JsonQuery, gap: str) -> str:
    label = f"{name(query.label)}: " if query.label is not None else ""
    if isinstance(query, JsonQuery):
        return label + query.body
    try:
        return label + gap.join(_clauses(query))
    except UnsayableError:
        return label + _as_json(query)


def _as_json(query: Query) -> str:
    try:
        return json.dumps(payload(query))
    except QueryError:
        return query.source or repr(query)


def _clauses(query: Query) -> Iterator[str]:
    base = query.event
    resolved = isinstance(base.period, Days) and not query.by and _is_absolute(base.period)
    same = base.period if resolved else None
    yield _event(base, query.places)
    yield from (f"did {_event(event, (), same)}" for event in query.did)
    yield from (f"did not {_event(event, (), same)}" for event in query.did_not)
    if query.did_any:
        yield _did_any(query.did_any, same)
    if query.by:
        yield f"by {', '.join(map(axis, query.by))}"


def _is_absolute(days: Days) -> bool:
    return isinstance(days.start, date) and isinstance(days.end, date)


def _event(event: Event, places: tuple[Place, ...] = (), same: Period | None = None) -> str:
    # Once the dates are resolved, a period that is the statement's need not be said again.
    said = [name(event.name)]
    if conditions := [*_conditions(event.where), *_geo(places)]:
        said.append(f"where {' and '.join(conditions)}")
    if event.period is not None and event.period != same:
        said.append(period(event.period))
    return " ".join(said)


def _did_any(did_any: DidAny, same: Period | None) -> str:
    events = ", ".join(_event(event, (), same) for event in did_any.events)
    usual = (did_any.operator, did_any.times) == (Operator.GREATER_THAN_EQUALS, 1)
    return f"did any ({events})" + ("" if usual else f" {did_any.operator.symbol} {did_any.times}")


def _conditions(where: tuple[Filter, ...]) -> Iterator[str]:
    rest = list(where)
    while rest:
        first = rest.pop(0)
        if rest and _is_range(first, rest[0]):
            low, high = _number(first.value), _number(rest.pop(0).value)
            yield f"{property_name(first.property)} in {low}..{high}"
        else:
            yield _condition(first)


def _is_range(low: Filter, high: Filter) -> bool:
    return (
        low.property == high.property
        and (low.operator, high.operator) == RANGE
        and low.value <= high.value  # type: ignore[operator] # both are numbers: see RANGE
    )


def _condition(one: Filter) -> str:
    about = property_name(one.property)
    if isinstance(one.value, tuple):
        return f"{about} {MANY[one.operator]} {_list(one.value)}"
    if one.operator in (Operator.EXISTS, Operator.DOES_NOT_EXIST):
        return f"{about} {one.operator.symbol}"
    return f"{about} {one.operator.symbol} {scalar(one.value)}"


def _geo(places: tuple[Place, ...]) -> Iterator[str]:
    paths = ["/".join(place) for place in places]
    if len(paths) == 1:
        yield f"geo = {string(paths[0])}"
    elif paths:
        yield f"geo in {_list(tuple(paths))}"


def _list(values: tuple[Scalar, ...]) -> str:
    return f"({', '.join(map(scalar, values))})"


def _number(value: Value) -> str:
    return scalar(value) if not isinstance(value, tuple) else _list(value)


def _days(start: date | Ago, end: date | Ago) -> str:
    if start == end:
        return _day(start)
    if isinstance(start, date) and isinstance(end, date) and _is_month(start, end):
        return f"{start:%Y-%m}"
    return f"since {_day(start)}" if end == Ago(1) else f"{_day(start)}..{_day(end)}"


def _is_month(start: date, end: date) -> bool:
    return start.day == 1 and end == end_of_month(start)


def _day(day: date | Ago) -> str:
    if isinstance(day, Ago):
        return {0: "today", 1: "yesterday"}.get(day.days, f"today-{day.days}")
    return day.isoformat()


def _is_bare(text: str) -> bool:
    try:
        found = tokens(text, 0, len(text))
    except QueryError:
        return False
    return len(found) == 1 and found[0].kind == "NAME" and found[0].value == text
