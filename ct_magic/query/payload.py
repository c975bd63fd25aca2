"""Query <-> the API's JSON. Rule: README.md here, "Filters" and "JSON"."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date
from itertools import groupby
from typing import Any

from ct_magic.errors import QueryError, UsageError
from ct_magic.query import model, strict_json
from ct_magic.query.calendar import ends
from ct_magic.rows import replace

FAMILIES = {
    "profile_fields": model.Scope.PROFILE,
    "technographics": model.Scope.TECH,
    "app_fields": model.Scope.APP,
    "demographics": model.Scope.DEMOGRAPHICS,
    "reachability": model.Scope.REACHABILITY,
}
EVENT_KEYS = frozenset({"event_name", "from", "to", "event_properties", "session_properties"})
INNER_KEYS = EVENT_KEYS | {"operator", "value"}  # of an event inside `did_all`
FILTER_KEYS = frozenset({"name", "operator", "value"})
ADVANCED_KEYS = frozenset({"did_all", "did_none", "did_any"})
ANY_KEYS = frozenset({"any_events", "operator", "value"})
OFTEN = frozenset(  # what `did E` may be followed by
    {model.Operator.EQUALS, model.Operator.GREATER_THAN, model.Operator.GREATER_THAN_EQUALS}
)
# What `did any (…)` may be followed by.
TIMES = OFTEN | {model.Operator.LESS_THAN, model.Operator.LESS_THAN_EQUALS}


class UnsayableError(Exception):
    """JSON that the language has no words for; it stays JSON."""


def to_payload(query: model.Query | model.JsonQuery) -> dict[str, Any]:
    """Return the JSON that asks this single count, as a new dict; days are numbers like 20150810.

    Raises QueryError for a statement with `by`, `share`, `vs` or `or`, or with days that count from
    today: `parse` makes single counts of it.
    """
    if isinstance(query, model.JsonQuery):
        return strict_json.decode(query.body)
    if not query.is_single or query.event.period is None:
        raise QueryError("this statement is not a single count yet: unfold it first")
    if query.pasted is not None:
        pasted = strict_json.decode(query.pasted)
        if _expressed(pasted) == query:  # else it was changed since
            return pasted
    body = _event(query.event, query.event.period)
    common: dict[str, object] = {k: _triples(query.event, scope) for k, scope in FAMILIES.items()}
    common["geo_fields"] = [list(place) for place in query.places]
    if common := {key: listed for key, listed in common.items() if listed}:
        body["common_profile_properties"] = common
    if advanced := _advanced(query, query.event.period):
        body["advanced_query"] = advanced
    return body


def from_payload(mapping: Mapping[str, object]) -> model.Query | model.JsonQuery:
    """Return the query that this JSON, a dict, asks.

    It is a Query wherever the language can express it, else it holds the JSON word for word; both
    send the JSON as it is. Raises QueryError where `event_name`, `from` or `to` is missing or
    wrong, and UsageError for what is no dict.
    """
    if not isinstance(mapping, Mapping):
        raise UsageError("expected the JSON as a dict: of a text, json.loads(text) makes one")
    return from_json(strict_json.encode(mapping))


def from_json(text: str) -> model.Query | model.JsonQuery:
    """Read a JSON statement as `from_payload` does; errors know the place in the text."""
    body = strict_json.decode(text)
    _check_keys(body, text)
    query = _expressed(body)
    if query is None:
        return model.JsonQuery(strict_json.encode(body))
    if _text(to_payload(query)) != _text(body):
        return replace(query, pasted=strict_json.encode(body))
    return query


def day_of_number(number: object) -> date | None:
    """Read a day as the API writes it, 20150810; None for anything else."""
    try:
        return date.fromisoformat(f"{number:08}") if type(number) is int else None
    except ValueError:
        return None


# query -> JSON


def _event(event: model.Event, base: model.AnyPeriod) -> dict[str, object]:
    period = event.period or base
    if not isinstance(period, model.Days):
        raise QueryError("the period counts from today: resolve it first")
    start, end = ends(period)
    body: dict[str, object] = {"event_name": event.name}
    if own := _triples(event, model.Scope.EVENT):
        body["event_properties"] = own
    body |= {"from": int(f"{start:%Y%m%d}"), "to": int(f"{end:%Y%m%d}")}
    if session := _triples(event, model.Scope.SESSION):
        body["session_properties"] = session
    if event.often:
        body |= {"operator": event.often.operator.value, "value": event.often.times}
    return body


def _triples(event: model.Event, scope: model.Scope) -> list[dict[str, object]]:
    triples = []
    for condition in event.where:
        if condition.property.scope is scope:
            operator, value = condition.operator, condition.value
            # Known programs leave out the equality of a session's property.
            is_usual = scope is model.Scope.SESSION and operator is model.Operator.EQUALS
            named = {} if is_usual else {"operator": operator.value}
            triples.append({"name": condition.property.name, **named, "value": _json_value(value)})
    return triples


def _advanced(query: model.Query, period: model.AnyPeriod) -> dict[str, object]:
    body: dict[str, Any] = {}
    for clause in query.clauses:
        events = [_event(event, period) for event in clause.events]
        if isinstance(clause, model.DidAny):
            how_often = {"operator": clause.operator.value, "value": clause.times}
            body["did_any"] = {"any_events": events, **how_often}
        else:
            name = "did_all" if isinstance(clause, model.Did) else "did_none"
            body.setdefault(name, []).extend(events)
    return body


def _json_value(value: model.Value) -> model.Scalar | list[model.Scalar]:
    if isinstance(value, model.ClockRange):
        return [model.clock_text(value.start), model.clock_text(value.end)]
    return list(value) if isinstance(value, tuple) else value


# JSON -> query


def _check_keys(body: dict[str, Any], text: str) -> None:
    """Raise QueryError unless what the API requires is there, and is what it must be."""
    for key in ("event_name", "from", "to"):
        if key not in body:
            strict_json.fail(text, f"the JSON has no {key!r}, which every query needs", 0, 1)
    if not isinstance(body["event_name"], str) or not body["event_name"]:
        at = strict_json.place_of(text, "event_name")
        strict_json.fail(text, "'event_name' must be a text, and not empty", *at)
    for key in ("from", "to"):
        if day_of_number(body[key]) is None:
            message = f"{key!r} must be a day, written as a number{_as_number(body[key])}"
            strict_json.fail(text, message, *strict_json.place_of(text, key))
    if body["from"] > body["to"]:
        message = f"the period ends ({body['to']}) before it begins ({body['from']})"
        strict_json.fail(text, message, *strict_json.place_of(text, "to"))


def _as_number(day: object) -> str:
    """Return how a day in other writing, as "2015-08-10", is written as a number."""
    digits = str(day).replace("-", "").replace("/", "")
    is_day = digits.isascii() and digits.isdigit() and day_of_number(int(digits))
    return f": {digits}" if is_day and len(digits) == 8 else " like 20150810"


def _expressed(body: dict[str, object]) -> model.Query | None:
    with suppress(UnsayableError):
        return _query(body)
    return None


def _query(body: dict[str, object]) -> model.Query:
    body = dict(body)
    common = _checked_object(body.pop("common_profile_properties", {}), {*FAMILIES, "geo_fields"})
    advanced = _checked_object(body.pop("advanced_query", {}), ADVANCED_KEYS)
    event = _read_event(body)
    filters = [f for key, scope in FAMILIES.items() for f in _filters(common.get(key, []), scope)]
    did, did_not = (_sayable(advanced.get(k, []), list) for k in ("did_all", "did_none"))
    done = (model.Did(_read_event(part, often=True)) for part in did)
    not_done = (model.DidNot(_read_event(part)) for part in did_not)
    any_of = [_any(advanced["did_any"])] if "did_any" in advanced else []
    return model.Query(
        model.Event(event.name, (*event.where, *filters), event.period),
        places=tuple(map(_place, _sayable(common.get("geo_fields", []), list))),
        clauses=(*done, *not_done, *any_of),
    )


def _read_event(part: object, often: bool = False) -> model.Event:
    body = _checked_object(part, INNER_KEYS if often else EVENT_KEYS)
    name = _sayable(body.get("event_name"), str)
    start, end = day_of_number(body.get("from")), day_of_number(body.get("to"))
    if not name or start is None or end is None or start > end:
        raise UnsayableError
    own_filters = body.get("event_properties")  # null for no filters is what one program sends
    own = [] if own_filters is None else _filters(own_filters, model.Scope.EVENT)
    session = _filters(body.get("session_properties", []), model.Scope.SESSION)
    is_often = body.keys() & {"operator", "value"}
    times = model.Often(*_times(body, OFTEN)) if is_often else None
    return model.Event(name, (*own, *session), model.Days(start, end), times)


def _times(
    body: dict[str, object], operators: frozenset[model.Operator]
) -> tuple[model.Operator, int]:
    operator, times = _operator(body.get("operator")), _sayable(body.get("value"), int)
    if operator not in operators or times < 1:
        raise UnsayableError
    return operator, times


def _filters(part: object, scope: model.Scope) -> list[model.Filter]:
    return [_filter(item, scope) for item in _sayable(part, list)]


def _filter(part: object, scope: model.Scope) -> model.Filter:
    body = _checked_object(part, FILTER_KEYS)
    if scope is not model.Scope.EVENT:
        body = {"operator": "equals", **body}  # it may be left out for equality
    name = _sayable(body.get("name"), str)
    prop, value = model.Property(name, scope), _read_value(body.get("value"))
    if prop == model.TIME_OF_DAY:
        value = _clock_range(value)
    condition = model.Filter(prop, _operator(body.get("operator")), value)
    if not name or not model.fits(condition):
        raise UnsayableError
    return condition


def _read_value(part: object) -> model.Value:
    listed = part if isinstance(part, list) else [part]
    values = tuple(_sayable(value, str, int, float) for value in listed)
    return values if isinstance(part, list) else values[0]


def _clock_range(value: model.Value) -> model.ClockRange:
    match [model.minutes(str(end)) for end in value] if isinstance(value, tuple) else []:
        case [int() as start, int() as end]:
            return model.ClockRange(start, end)
    raise UnsayableError


def _operator(part: object) -> model.Operator:
    for operator in model.Operator:
        if operator.value == part:
            return operator
    raise UnsayableError


def _any(part: object) -> model.DidAny:
    body = _checked_object(part, ANY_KEYS)
    events = tuple(map(_read_event, _sayable(body.get("any_events"), list)))
    if not events:
        raise UnsayableError
    return model.DidAny(events, *_times(body, TIMES))


def _place(path: object) -> model.Place:
    parts = tuple(_sayable(part, str) for part in _sayable(path, list))
    if not 1 <= len(parts) <= 3 or not all(parts) or any("/" in part for part in parts):
        raise UnsayableError
    return parts


def _sayable(part: object, *kinds: type) -> Any:
    if type(part) not in kinds:  # not isinstance: True is an int to Python alone
        raise UnsayableError
    return part


def _checked_object(part: object, keys: Iterable[str]) -> dict[str, object]:
    body: dict[str, object] = _sayable(part, dict)
    if not body.keys() <= set(keys):
        raise UnsayableError
    return body


# When two single counts ask the same: a canonical text of their JSON.
#
# The JSON may differ in the order of filters, of the values of one list (never of `time_of_day`,
# whose two are a range), of places, and of events within `did_all`, `did_none` and `did_any`; a
# list of one value is that value, and what is in one of these lists twice, except events, is
# there once. Rule: README.md here, "What is asked, and what it costs".


def key(count: model.Query | model.JsonQuery, body: dict[str, Any] | None = None) -> str:
    """Return the text that is equal for two counts that ask the same; `body` is its JSON, made."""
    body = to_payload(count) if body is None else body
    return _text(body if isinstance(count, model.JsonQuery) else _canonical(body))


def _canonical(part: Any) -> Any:
    match part:
        case {"name": "time_of_day"}:
            return part
        case {"name": _, "value": list() as values}:
            values = _ordered(values)
            return {**part, "value": values[0] if len(values) == 1 else values}
        case {"geo_fields": list() as places}:  # a place is a path, which has its own order
            return {**_canonical({**part, "geo_fields": None}), "geo_fields": _ordered(places)}
        case dict():
            return {name: _canonical(inner) for name, inner in part.items()}
        case list():
            return _ordered(map(_canonical, part))
    return part


def _ordered(parts: Iterable[Any]) -> list[Any]:
    """Return the parts sorted and each once; events may be there twice, and then count twice."""
    listed = [*parts]
    if len(listed) < 2:
        return listed
    listed.sort(key=_text)
    if any(isinstance(part, dict) and "event_name" in part for part in listed):
        return listed
    return [next(same) for _, same in groupby(listed, key=_text)]


def _text(part: object) -> str:
    # As text, because to Python 1, 1.0 and True are equal, and to the service they may not be.
    return json.dumps(part, sort_keys=True, ensure_ascii=False)
