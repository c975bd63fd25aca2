"""The API's JSON -> one SQL statement with parameters; what the service would refuse is refused.

Written apart from the package's own `cql` on purpose: a stand-in that shared its reading of the
JSON could not catch a mistake in it.

Where the real service is not known, this was chosen (for filters, see `filters`):

- `geo_fields` are alternatives; profile filters speak of the profile as it is now.
- `did_any` counts all its events together; an event that two of them describe counts twice.
- An event that has never happened is an error that names it, except the system events.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from .filter_sql import COMPARED, RefusedError, Sql, condition, filter_of, object_of

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
TIMES = COMPARED | {"equals": "="}
EVENT_KEYS = {"event_name", "event_properties", "session_properties", "from", "to"}
BAD_DATES = 4002
DAY = timedelta(days=1)


def compile_query(
    body: Any, zone: tzinfo, is_event: Callable[[str], bool]
) -> tuple[str, list[Any]]:
    """Give the SQL and its parameters; its one row is profiles and events. Raises RefusedError.

    One pass over `events`: each event query becomes a boolean column, and the profile decides on
    how often each was true.
    """
    sql = Sql(zone, is_event)
    _keys(body, EVENT_KEYS | {"common_profile_properties", "advanced_query"}, "the query")
    advanced = object_of(body.get("advanced_query", {}), "advanced_query")
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
    columns = ", ".join(f"({happened}) AS {mark}" for mark, happened in marks.items())
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
        condition(sql, "properties", one, items=name == "Charged")
        for one in _list(body.get("event_properties", []), "event_properties")
    ]
    conditions += [
        condition(sql, "session", {"operator": "equals"} | filter_of(one))
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
        condition(sql, column, one)
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


def _list(body: Any, what: str) -> list[Any]:
    if not isinstance(body, list):
        raise RefusedError(f"{what} must be a list")
    return body


def _keys(body: Any, known: set[str], what: str) -> None:
    unknown = sorted(set(object_of(body, what)) - known)
    if unknown:
        raise RefusedError(f"{what} has the unknown key '{unknown[0]}'")
