"""Query <-> the API's JSON, the CleverTap Query Language.

Source: the API's reference, "The query".
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from datetime import date
from typing import Any

from .errors import QueryError
from .query import (
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
)

FAMILIES = {
    Scope.PROFILE: "profile_fields",
    Scope.TECH: "technographics",
    Scope.APP: "app_fields",
    Scope.DEMOGRAPHICS: "demographics",
    Scope.REACHABILITY: "reachability",
}
ORDERING = {
    Operator.GREATER_THAN,
    Operator.GREATER_THAN_EQUALS,
    Operator.LESS_THAN,
    Operator.LESS_THAN_EQUALS,
}
CONTAINING = {Operator.CONTAINS, Operator.DOES_NOT_CONTAIN}
EXISTING = {Operator.EXISTS, Operator.DOES_NOT_EXIST}
COUNTING = ORDERING | {Operator.EQUALS}  # what `did any (…)` may be compared with
FIRST, LAST = 1000_01_01, 9999_12_31  # days of four-digit years, as YYYYMMDD
LONGEST = 400  # digits of a number; what is longer is no number anybody means
BASE = {"event_name", "event_properties", "session_properties", "from", "to"}


class _UnsayableError(Exception):
    """The JSON holds something that the language cannot say."""


def payload(query: Query | JsonQuery) -> dict[str, Any]:
    """Give the JSON of a single count as a new dict. A query with open dates is a QueryError."""
    if isinstance(query, JsonQuery):
        found: dict[str, Any] = json.loads(query.body)
        return found
    if query.by:
        raise QueryError("a query with 'by' is many counts: unfold it first", source=str(query))
    common = {FAMILIES[s]: _filters(query.event, s) for s in FAMILIES} | {
        "geo_fields": [list(place) for place in query.places]
    }
    advanced = {
        "did_all": [_event(event) for event in query.did],
        "did_any": _did_any(query.did_any),
        "did_none": [_event(event) for event in query.did_not],
    }
    more = {"common_profile_properties": _full(common), "advanced_query": _full(advanced)}
    return _event(query.event) | _full(more)


def from_payload(body: Mapping[str, Any], source: str | None = None) -> Query | JsonQuery:
    """Read the API's JSON: a Query where the language can say it, else the JSON word for word.

    `source` is the JSON's own text, if there is one. Raises QueryError where `event_name`, `from`
    or `to` is missing or wrong, since no service would take that.
    """
    _check(body)
    try:
        return _query(body)
    except _UnsayableError:
        return JsonQuery(source if source is not None else json.dumps(dict(body)))


def curl(body: Mapping[str, Any], base_url: str) -> str:
    """Write the request as a `curl` command that reads the credentials from the environment."""
    text = json.dumps(body, ensure_ascii=False)
    return " \\\n  ".join(
        [
            f"curl -X POST {shlex.quote(base_url + '/1/counts/profiles.json')}",
            '-H "X-CleverTap-Account-Id: $CLEVERTAP_ACCOUNT_ID"',
            '-H "X-CleverTap-Passcode: $CLEVERTAP_PASSCODE"',
            "-H 'Content-Type: application/json'",
            f"--data {shlex.quote(text)}",
        ]
    )


def _event(event: Event) -> dict[str, Any]:
    if not isinstance(event.period, Days) or not (
        isinstance(event.period.start, date) and isinstance(event.period.end, date)
    ):
        raise QueryError("the dates of this query are open: unfold it first", source=event.name)
    properties = {
        "event_properties": _filters(event, Scope.EVENT),
        "session_properties": _filters(event, Scope.SESSION),
    }
    days = {"from": _number(event.period.start), "to": _number(event.period.end)}
    return {"event_name": event.name} | _full(properties) | days


def _did_any(did_any: DidAny | None) -> dict[str, Any] | None:
    if did_any is None:
        return None
    return {
        "any_events": [_event(event) for event in did_any.events],
        "operator": did_any.operator.value,
        "value": did_any.times,
    }


def _filters(event: Event, scope: Scope) -> list[dict[str, Any]]:
    return [_filter(one) for one in event.where if one.property.scope is scope]


def _filter(one: Filter) -> dict[str, Any]:
    value = list(one.value) if isinstance(one.value, tuple) else one.value
    return {"name": one.property.name, "operator": one.operator.value, "value": value}


def _full(parts: dict[str, Any]) -> dict[str, Any]:
    return {key: part for key, part in parts.items() if part}


def _number(day: date) -> int:
    return day.year * 10000 + day.month * 100 + day.day


def day_of(number: object) -> date | None:
    """Read a day as the API writes it, YYYYMMDD; None for what is none."""
    if (
        not isinstance(number, int)
        or isinstance(number, bool)
        or not 10000101 <= number <= 99991231
    ):
        return None
    try:
        return date(number // 10000, number // 100 % 100, number % 100)
    except ValueError:
        return None


def _check(body: Mapping[str, Any]) -> None:
    if not isinstance(body, Mapping):
        raise QueryError("JSON for a count is an object: {...}")
    if not isinstance(body.get("event_name"), str) or not body["event_name"]:
        raise QueryError('this JSON needs an "event_name", a text')
    for key in ("from", "to"):
        if day_of(body.get(key)) is None:
            raise QueryError(f'this JSON needs "{key}", a real day as the integer YYYYMMDD')
    if body["from"] > body["to"]:
        raise QueryError('this JSON ends before it begins: "from" is after "to"')


def _query(body: Mapping[str, Any]) -> Query:
    _only(body, BASE | {"common_profile_properties", "advanced_query"})
    common = _object(body.get("common_profile_properties", {}))
    advanced = _object(body.get("advanced_query", {}))
    _only(common, {*FAMILIES.values(), "geo_fields"})
    _only(advanced, {"did_all", "did_any", "did_none"})
    base = _read_event({key: body[key] for key in BASE if key in body})
    profile = tuple(
        one for scope, key in FAMILIES.items() for one in _read_filters(common.get(key, []), scope)
    )
    return Query(
        event=Event(base.name, base.where + profile, base.period),
        places=tuple(_read_place(place) for place in _array(common.get("geo_fields", []))),
        did=tuple(map(_read_event, _array(advanced.get("did_all", [])))),
        did_not=tuple(map(_read_event, _array(advanced.get("did_none", [])))),
        did_any=_read_did_any(advanced["did_any"]) if "did_any" in advanced else None,
    )


def _read_event(body: Any) -> Event:
    _only(_object(body), BASE)
    name, start, end = body.get("event_name"), day_of(body.get("from")), day_of(body.get("to"))
    if not isinstance(name, str) or not name or start is None or end is None or start > end:
        raise _UnsayableError
    where = [
        *_read_filters(body.get("event_properties", []), Scope.EVENT),
        *_read_filters(body.get("session_properties", []), Scope.SESSION),
    ]
    period: Period = Days(start, end)
    return Event(name, tuple(where), period)


def _read_did_any(body: Any) -> DidAny:
    _only(_object(body), {"any_events", "operator", "value"})
    operator, times = _operator(body.get("operator")), body.get("value")
    events = tuple(map(_read_event, _array(body.get("any_events"))))
    whole = isinstance(times, int) and not isinstance(times, bool) and 0 <= times < 10**LONGEST
    if not events or not whole or operator not in COUNTING:
        raise _UnsayableError
    return DidAny(events, operator, times)


def _read_filters(body: Any, scope: Scope) -> list[Filter]:
    return [_read_filter(one, scope) for one in _array(body)]


def _read_filter(body: Any, scope: Scope) -> Filter:
    _only(_object(body), {"name", "operator", "value"})
    # Only session properties are seen without operator, for equality.
    usual = Operator.EQUALS.value if scope is Scope.SESSION else None
    name, operator = body.get("name"), _operator(body.get("operator", usual))
    if not isinstance(name, str) or not name or "value" not in body:
        raise _UnsayableError
    value = body["value"]
    found: Value = tuple(map(_scalar, value)) if isinstance(value, list) else _scalar(value)
    if not fits(operator, found):
        raise _UnsayableError
    return Filter(Property(name, scope), operator, found)


def fits(operator: Operator, value: Value) -> bool:
    """Say whether the language can join this operator and this value."""
    if isinstance(value, tuple):
        return bool(value) and operator in (Operator.EQUALS, Operator.NOT_EQUALS)
    if operator in EXISTING:
        return value == ""
    if operator in ORDERING:
        return not isinstance(value, str)
    return isinstance(value, str) or operator not in CONTAINING


def _read_place(body: Any) -> Place:
    place = tuple(_array(body))
    if not 1 <= len(place) <= 3 or not all(
        isinstance(p, str) and p and "/" not in p for p in place
    ):
        raise _UnsayableError
    return place


def _operator(name: Any) -> Operator:
    found = {operator.value: operator for operator in Operator}.get(name)
    if found is None:
        raise _UnsayableError
    return found


def _scalar(value: Any) -> Scalar:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _UnsayableError
    if isinstance(value, int) and abs(value) >= 10 ** (LONGEST - 1):
        raise _UnsayableError
    if isinstance(value, float) and not abs(value) < float("inf"):
        raise _UnsayableError
    return value


def _array(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _UnsayableError
    return value


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _UnsayableError
    return value


def _only(body: Mapping[str, Any], keys: set[str]) -> None:
    if not set(body) <= keys:
        raise _UnsayableError
