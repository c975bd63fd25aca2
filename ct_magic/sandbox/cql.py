"""The API's JSON -> one SQL statement with parameters; what the service would refuse is refused.

Written apart from the package's own `cql` on purpose: a stand-in that shared its reading of the
JSON could not catch a mistake in it.

Where the real service is not known, this was chosen:

- Texts are compared as they are, upper and lower case told apart.
- A text in the query meets texts, and "True"/"False" also booleans; a number meets numbers.
  `Amount = "5"` does not find the number 5.
- `not_equals` and `does_not_contain` find events that have the property with another value; one
  that lacks it is found by `does_not_exist` alone.
- `exists` finds a property that is there and not null.
- On `Charged`, a filter on a field of `Items` is true when any item makes it true, and so is
  `not_equals`; `does_not_exist` needs the field to be nowhere.
- `geo_fields` are alternatives; profile filters speak of the profile as it is now.
- `did_any` counts all its events together; an event that two of them describe counts twice.
- An event that has never happened is an error that names it, except the system events.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

SYSTEM_EVENTS = {
    "App Launched",
    "App Installed",
    "App Uninstalled",
    "Charged",
    "Notification Sent",
    "Notification Viewed",
    "Notification Clicked",
    "Push Impressions",
    "UTM Visited",
    "Session Concluded",
}
FAMILIES = {
    "profile_fields": "profile",
    "technographics": "tech",
    "app_fields": "app",
    "demographics": "demographics",
    "reachability": "reachability",
}
COMPARED = {
    "greater_than": ">",
    "greater_than_equals": ">=",
    "less_than": "<",
    "less_than_equals": "<=",
}
TIMES = COMPARED | {"equals": "="}
OPERATORS = {
    "equals",
    "not_equals",
    "contains",
    "does_not_contain",
    "exists",
    "does_not_exist",
    *COMPARED,
}
EVENT_KEYS = {"event_name", "event_properties", "session_properties", "from", "to"}
BAD_DATES = 4002
NUMBERS = "('BIGINT', 'UBIGINT', 'DOUBLE')"
BIGGEST = sys.float_info.max
DAY = timedelta(days=1)


class RefusedError(Exception):
    """What the service answers with HTTP 400: its `error` and, where there is one, its `code`."""

    def __init__(self, error: str, code: int | None = None) -> None:
        super().__init__(error)
        self.error, self.code = error, code


@dataclass
class Sql:
    """A statement in the making: its parameters are numbered as they come."""

    zone: tzinfo
    is_event: Callable[[str], bool]
    values: list[Any] = field(default_factory=list)

    def value(self, value: Any) -> str:
        """Add a parameter; give its place in the text."""
        self.values.append(value)
        return f"${len(self.values)}"


def compile_query(
    body: Any, zone: tzinfo, is_event: Callable[[str], bool]
) -> tuple[str, list[Any]]:
    """Give the SQL and its parameters; its one row is profiles and events. Raises RefusedError.

    One pass over `events`: each event query becomes a boolean column, and the profile decides on
    how often each was true.
    """
    sql = Sql(zone, is_event)
    _keys(body, EVENT_KEYS | {"common_profile_properties", "advanced_query"}, "the query")
    advanced = _object(body.get("advanced_query", {}), "advanced_query")
    _keys(advanced, {"did_all", "did_any", "did_none"}, "advanced_query")
    marks = {"base": _event(sql, {k: body[k] for k in EVENT_KEYS if k in body})}
    having = ["base > 0"]
    for number, event in enumerate(_list(advanced.get("did_all", []), "did_all")):
        marks[f"did{number}"] = _event(sql, event)
        having.append(f"did{number} > 0")
    for number, event in enumerate(_list(advanced.get("did_none", []), "did_none")):
        marks[f"none{number}"] = _event(sql, event)
        having.append(f"none{number} = 0")
    if "did_any" in advanced:
        having.append(_did_any(sql, advanced["did_any"], marks))
    people = _profiles(sql, body.get("common_profile_properties", {}))
    counted = ", ".join(f"count(*) FILTER ({mark}) AS {mark}" for mark in marks)
    columns = ", ".join(f"({condition}) AS {mark}" for mark, condition in marks.items())
    text = (
        f"SELECT count(*), coalesce(sum(base), 0)::BIGINT FROM "
        f"(SELECT profile_id, {counted} FROM "
        f"(SELECT profile_id, {columns} FROM events WHERE {_rough(sql, body, advanced)}) "
        f"GROUP BY profile_id) WHERE {' AND '.join(having)}{people}"
    )
    return text, sql.values


def _rough(sql: Sql, body: Any, advanced: Any) -> str:
    # The names alone: what lets the scan skip most of the table before anything is taken apart.
    any_events = advanced.get("did_any", {}).get("any_events", [])
    queries = [body, *advanced.get("did_all", []), *advanced.get("did_none", []), *any_events]
    names = {query["event_name"] for query in queries}
    return f"event_name IN ({', '.join(sql.value(name) for name in sorted(names))})"


def _event(sql: Sql, body: Any) -> str:
    _keys(body, EVENT_KEYS, "an event query")
    name = body.get("event_name")
    if not isinstance(name, str) or not name:
        raise RefusedError("Missing mandatory field: event_name")
    if name not in SYSTEM_EVENTS and not sql.is_event(name):
        raise RefusedError(f"Event '{name}' is not known")
    start, end = _days(body)
    conditions = [
        f"event_name = {sql.value(name)}",
        f"ts >= {sql.value(_midnight(start, sql.zone))}",
        f"ts < {sql.value(_midnight(end, sql.zone, after=DAY))}",
    ]
    conditions += [
        _filter(sql, "properties", one, items=name == "Charged")
        for one in _list(body.get("event_properties", []), "event_properties")
    ]
    conditions += [
        _filter(sql, "session", {"operator": "equals"} | _filter_of(one))
        for one in _list(body.get("session_properties", []), "session_properties")
    ]
    return " AND ".join(conditions)


def _did_any(sql: Sql, body: Any, marks: dict[str, str]) -> str:
    _keys(body, {"any_events", "operator", "value"}, "did_any")
    events = _list(body.get("any_events"), "any_events")
    times, operator = body.get("value"), body.get("operator")
    if not events or operator not in TIMES or not _is_whole(times):
        raise RefusedError("did_any needs any_events, an operator and a whole number as value")
    names = [f"any{number}" for number in range(len(events))]
    for name, event in zip(names, events, strict=True):
        marks[name] = _event(sql, event)
    return f"{' + '.join(names)} {TIMES[operator]} {sql.value(times)}"


def _profiles(sql: Sql, body: Any) -> str:
    _keys(body, {*FAMILIES, "geo_fields"}, "common_profile_properties")
    conditions = [
        _filter(sql, column, one)
        for key, column in FAMILIES.items()
        for one in _list(body.get(key, []), key)
    ]
    places = [_place(sql, path) for path in _list(body.get("geo_fields", []), "geo_fields")]
    if places:
        conditions.append(f"({' OR '.join(places)})")
    if not conditions:
        return ""
    return f" AND profile_id IN (SELECT profile_id FROM profiles WHERE {' AND '.join(conditions)})"


def _place(sql: Sql, path: Any) -> str:
    parts = _list(path, "geo_fields")
    if not 1 <= len(parts) <= 3 or not all(isinstance(part, str) for part in parts):
        raise RefusedError("geo_fields holds paths: [country], [country, state] or with a city")
    columns = zip(("country", "state", "city"), parts, strict=False)
    return "(" + " AND ".join(f"{column} = {sql.value(part)}" for column, part in columns) + ")"


def _filter(sql: Sql, column: str, body: Any, *, items: bool = False) -> str:
    one = _filter_of(body)
    name, operator, value = one.get("name"), one.get("operator"), one.get("value")
    if not isinstance(name, str) or operator not in OPERATORS or "value" not in one:
        raise RefusedError(f"a filter needs name, operator and value: {str(body)[:100]}")
    pointer = sql.value("/" + name.replace("~", "~0").replace("/", "~1"))
    found = f"json_extract({column}, {pointer})"
    if operator == "does_not_exist":
        return f"NOT ({_any(sql, found, pointer, 'exists', value, items)})"
    return _any(sql, found, pointer, operator, value, items)


def _any(sql: Sql, found: str, pointer: str, operator: str, value: Any, items: bool) -> str:
    mine = _holds(sql, found, operator, value)
    if not items:
        return mine
    inner = _holds(sql, f"json_extract(item, {pointer})", operator, value)
    return (
        f"({mine} OR len([item FOR item IN "
        f"coalesce(TRY_CAST(json_extract(properties, '/Items') AS JSON[]), []) IF {inner}]) > 0)"
    )


def _holds(sql: Sql, found: str, operator: str, value: Any) -> str:
    there = f"coalesce(json_type({found}), 'NULL') <> 'NULL'"
    if operator == "exists":
        return f"({there})"
    if operator in COMPARED:
        if not _is_number(value):
            raise RefusedError(f"{operator} needs a number, not {str(value)[:100]!r}")
        number = _number(found)
        return f"coalesce({number} {COMPARED[operator]} {sql.value(float(value))}, false)"
    if operator in ("contains", "does_not_contain"):
        if not isinstance(value, str):
            raise RefusedError(f"{operator} needs a text, not {str(value)[:100]!r}")
        yes = f"coalesce(contains({_text(found)}, {sql.value(value)}), false)"
        return yes if operator == "contains" else f"({there} AND NOT {yes})"
    values = value if isinstance(value, list) else [value]
    if not values:
        raise RefusedError(f"{operator} needs a value, not an empty list")
    yes = f"({' OR '.join(_equals(sql, found, one) for one in values)})"
    return yes if operator == "equals" else f"({there} AND NOT {yes})"


def _equals(sql: Sql, found: str, value: Any) -> str:
    if isinstance(value, str):
        return f"coalesce({_text(found)} = {sql.value(value)}, false)"
    if _is_number(value):
        return f"coalesce({_number(found)} = {sql.value(float(value))}, false)"
    raise RefusedError(f"a value is a text or a number, not {str(value)[:100]}")


def _text(found: str) -> str:
    return (
        f"CASE json_type({found}) WHEN 'VARCHAR' THEN {found} ->> '$' WHEN 'BOOLEAN' THEN "
        f"CASE {found}::VARCHAR WHEN 'true' THEN 'True' ELSE 'False' END END"
    )


def _number(found: str) -> str:
    return f"CASE WHEN json_type({found}) IN {NUMBERS} THEN TRY_CAST({found} AS DOUBLE) END"


def _days(body: Any) -> tuple[date, date]:
    days = []
    for key in ("from", "to"):
        if key not in body:
            raise RefusedError(f"Missing mandatory field: {key}")
        days.append(_day(body[key]))
    if days[0] > days[1]:
        raise RefusedError("Invalid date range: from is after to", BAD_DATES)
    return days[0], days[1]


def _day(number: Any) -> date:
    try:
        if not _is_whole(number):
            raise ValueError("not an integer")
        return date(number // 10000, number // 100 % 100, number % 100)
    except (ValueError, OverflowError):
        raise RefusedError(
            f"Invalid date: {str(number)[:20]}; dates are YYYYMMDD", BAD_DATES
        ) from None


def _midnight(day: date, zone: tzinfo, after: timedelta = timedelta(0)) -> datetime:
    # As UTC without a zone, which is how `ts` is stored.
    try:
        local = datetime.combine(day + after, time.min, zone)
        return local.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:  # beyond the calendar's first or last day lies no event
        return datetime.max if after else datetime.min


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _is_number(value: Any) -> bool:
    # NaN, infinities and integers that no float holds are not numbers that anything could meet.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= BIGGEST


def _filter_of(body: Any) -> dict[str, Any]:
    return dict(_object(body, "a filter"))


def _object(body: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(body, Mapping):
        raise RefusedError(f"{what} must be an object")
    return body


def _list(body: Any, what: str) -> list[Any]:
    if not isinstance(body, list):
        raise RefusedError(f"{what} must be a list")
    return body


def _keys(body: Any, known: set[str], what: str) -> None:
    unknown = sorted(set(_object(body, what)) - known)
    if unknown:
        raise RefusedError(f"{what} has the unknown key '{unknown[0]}'")
