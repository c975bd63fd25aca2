"""Query <-> the API's JSON. Rules: reference on CleverTap's query language; design, "JSON"."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from ..errors import QueryError, UsageError
from . import strict_json as jsontext
from .calendar_pieces import ends
from .model import (
    Days,
    DidAny,
    Event,
    Filter,
    JsonQuery,
    Operator,
    Period,
    Place,
    Property,
    Query,
    Scalar,
    Scope,
    Value,
    fits,
)

FAMILIES = {
    "profile_fields": Scope.PROFILE,
    "technographics": Scope.TECH,
    "app_fields": Scope.APP,
    "demographics": Scope.DEMOGRAPHICS,
    "reachability": Scope.REACHABILITY,
}
TIMES = frozenset(  # what `did any (…)` may be followed by
    {
        Operator.EQUALS,
        Operator.GREATER_THAN,
        Operator.GREATER_THAN_EQUALS,
        Operator.LESS_THAN,
        Operator.LESS_THAN_EQUALS,
    }
)


class UnsayableError(Exception):
    """JSON that the language has no words for; it stays JSON."""


def to_payload(query: Query | JsonQuery) -> dict[str, Any]:
    """Give the JSON of a single count, as a new dict.

    Raises QueryError for a query that is not single: with `by`, or days that count from today.
    """
    if isinstance(query, JsonQuery):
        return jsontext.decode(query.body)
    if query.by or query.event.period is None:
        raise QueryError("this statement is not a single count yet: unfold it first")
    if query.pasted is not None:
        pasted = jsontext.decode(query.pasted)
        if _said(pasted) == query:  # else it was changed since
            return pasted
    said = _event(query.event, query.event.period)
    if common := _common(query):
        said["common_profile_properties"] = common
    if advanced := _advanced(query, query.event.period):
        said["advanced_query"] = advanced
    return said


def from_payload(mapping: Mapping[str, Any]) -> Query | JsonQuery:
    """Give the query that this JSON asks, in the language wherever the language can say it.

    What it sends stays what stood there. Raises QueryError where `event_name`, `from` or `to` is
    missing or wrong.
    """
    if not isinstance(mapping, Mapping):
        raise UsageError("the JSON is a dict here; of a text, json.loads(text) makes one")
    return from_json(jsontext.encode(mapping))


def from_json(text: str) -> Query | JsonQuery:
    """Read a JSON statement; as `from_payload`, with errors that know the place in the text."""
    found = jsontext.decode(text)
    _check(found, text)
    query = _said(found)
    if query is None:
        return JsonQuery(jsontext.encode(found))
    if _exactly(to_payload(query)) != _exactly(found):
        return replace(query, pasted=jsontext.encode(found))
    return query


def day(number: object) -> date | None:
    """Read a day as the API writes it, 20150810; None for what is none."""
    try:
        return date.fromisoformat(f"{number:08}") if type(number) is int else None
    except ValueError:
        return None


# query -> JSON


def _event(event: Event, period: Period) -> dict[str, Any]:
    if not isinstance(period, Days):
        raise QueryError("the period counts from today: resolve it first")
    start, end = ends(period)
    said: dict[str, Any] = {"event_name": event.name}
    if own := _triples(event, Scope.EVENT):
        said["event_properties"] = own
    said |= {"from": _number(start), "to": _number(end)}
    if session := _triples(event, Scope.SESSION):
        said["session_properties"] = session
    return said


def _triples(event: Event, scope: Scope) -> list[dict[str, Any]]:
    return [
        {"name": f.property.name, "operator": f.operator.value, "value": _plain(f.value)}
        for f in event.where
        if f.property.scope is scope
    ]


def _common(query: Query) -> dict[str, Any]:
    lists: dict[str, Any] = {key: _triples(query.event, scope) for key, scope in FAMILIES.items()}
    lists["geo_fields"] = [list(place) for place in query.places]
    return {key: listed for key, listed in lists.items() if listed}


def _advanced(query: Query, period: Period) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if query.did:
        said["did_all"] = [_event(event, event.period or period) for event in query.did]
    if query.did_not:
        said["did_none"] = [_event(event, event.period or period) for event in query.did_not]
    if query.did_any:
        said["did_any"] = {
            "any_events": [_event(e, e.period or period) for e in query.did_any.events],
            "operator": query.did_any.operator.value,
            "value": query.did_any.times,
        }
    return said


def _plain(value: Value) -> Scalar | list[Scalar]:
    return list(value) if isinstance(value, tuple) else value


def _number(day: date) -> int:
    return day.year * 10000 + day.month * 100 + day.day


# JSON -> query


def _check(found: dict[str, Any], text: str) -> None:
    """Raise QueryError unless what the API requires is there, and is what it must be."""
    for key in ("event_name", "from", "to"):
        if key not in found:
            jsontext.fail(text, f"the JSON has no {key!r}, which every query needs", 0, 1)
    if not isinstance(found["event_name"], str) or not found["event_name"]:
        jsontext.fail(
            text,
            "'event_name' must be a text, and not empty",
            *jsontext.place_of(text, "event_name"),
        )
    for key in ("from", "to"):
        if day(found[key]) is None:
            message = f"{key!r} must be a day, written as a number like 20150810"
            jsontext.fail(text, message, *jsontext.place_of(text, key))
    if found["from"] > found["to"]:
        message = f"the period ends ({found['to']}) before it begins ({found['from']})"
        jsontext.fail(text, message, *jsontext.place_of(text, "to"))


def _exactly(found: dict[str, Any]) -> str:
    # As text, because to Python 1, 1.0 and True are equal, and to the service they are not.
    return json.dumps(found, sort_keys=True)


def _said(found: dict[str, Any]) -> Query | None:
    try:
        return _query(found)
    except UnsayableError:
        return None


def _query(found: dict[str, Any]) -> Query:
    found = dict(found)
    common = _dict(found.pop("common_profile_properties", {}), {*FAMILIES, "geo_fields"})
    advanced = _dict(found.pop("advanced_query", {}), {"did_all", "did_none", "did_any"})
    event = _read_event(found)
    filters = [f for key, scope in FAMILIES.items() for f in _filters(common.get(key, []), scope)]
    return Query(
        Event(event.name, (*event.where, *filters), event.period),
        places=tuple(map(_place, _list(common.get("geo_fields", [])))),
        did=tuple(map(_read_event, _list(advanced.get("did_all", [])))),
        did_not=tuple(map(_read_event, _list(advanced.get("did_none", [])))),
        did_any=_any(advanced["did_any"]) if "did_any" in advanced else None,
    )


def _read_event(said: object) -> Event:
    keys = {"event_name", "from", "to", "event_properties", "session_properties"}
    found = _dict(said, keys)
    name = _sayable(found.get("event_name"), str)
    start, end = day(found.get("from")), day(found.get("to"))
    if not name or start is None or end is None or start > end:
        raise UnsayableError
    own = _filters(found.get("event_properties", []), Scope.EVENT)
    session = _filters(found.get("session_properties", []), Scope.SESSION)
    return Event(name, (*own, *session), Days(start, end))


def _filters(said: object, scope: Scope) -> list[Filter]:
    return [_filter(one, scope) for one in _list(said)]


def _filter(said: object, scope: Scope) -> Filter:
    found = _dict(said, {"name", "operator", "value"})
    if scope is Scope.SESSION:
        found = {"operator": "equals", **found}  # it may be left out for equality
    name, value = _sayable(found.get("name"), str), _value(found.get("value"))
    operator = _operator(found.get("operator"))
    if not name or not fits(operator, value):
        raise UnsayableError
    return Filter(Property(name, scope), operator, value)


def _value(said: object) -> Value:
    if isinstance(said, list):
        return tuple(_sayable(one, str, int, float) for one in said)
    value: Scalar = _sayable(said, str, int, float)
    return value


def _operator(said: object) -> Operator:
    found = next((operator for operator in Operator if operator.value == said), None)
    if found is None:
        raise UnsayableError
    return found


def _any(said: object) -> DidAny:
    found = _dict(said, {"any_events", "operator", "value"})
    events = tuple(map(_read_event, _list(found.get("any_events"))))
    operator = _operator(found.get("operator"))
    times = _sayable(found.get("value"), int)
    if not events or operator not in TIMES or times < 0:
        raise UnsayableError
    return DidAny(events, operator, times)


def _place(said: object) -> Place:
    parts = tuple(_sayable(part, str) for part in _list(said))
    if not 1 <= len(parts) <= 3 or not all(parts) or any("/" in part for part in parts):
        raise UnsayableError
    return parts


def _sayable(said: object, *kinds: type) -> Any:
    if type(said) not in kinds:  # not isinstance: True is an int to Python alone
        raise UnsayableError
    return said


def _dict(said: object, keys: Iterable[str]) -> dict[str, Any]:
    if not isinstance(said, dict) or not said.keys() <= set(keys):
        raise UnsayableError
    return said


def _list(said: object) -> list[Any]:
    if not isinstance(said, list):
        raise UnsayableError
    return said
