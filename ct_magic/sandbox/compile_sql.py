"""The API's JSON -> one SQL statement with parameters; what the service would refuse is refused.

Written apart from the package's own `query.payload` on purpose: a stand-in that shared its reading
of the JSON could not catch a mistake in it.

Where the real service is not known, this was chosen (for filters, see `filter_sql`):

- `did_all`, `did_any` and `did_none` see the base event's own occurrences.
- `geo_fields` are alternatives; profile filters speak of the profile as it is now.
- `did_any` counts all its events together; an event that two of them describe counts twice.
- `less_than` and `less_than_equals` behind an event of `did_all` still want it once.
- An event that has never happened is an error that names it, except the system events.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from ct_magic.common.system_events import SYSTEM_EVENTS
from ct_magic.sandbox import filter_sql
from ct_magic.sandbox.filter_sql import COMPARED, RefusedError, Sql, list_of, object_of

FAMILIES = {
    "profile_fields": "profile",
    "technographics": "tech",
    "app_fields": "app",
    "demographics": "demographics",
    "reachability": "reachability",
}
_TIMES = COMPARED | {"equals": "="}
EVENT_KEYS = {"event_name", "event_properties", "session_properties", "from", "to"}
QUERY_KEYS = EVENT_KEYS | {"common_profile_properties", "advanced_query"}
HOW_OFTEN = {"operator", "value"}
BAD_DATES = 4002
_PLACE_COLUMNS, _PARTS = ("country", "state", "city"), ("path[1]", "path[2]", "path[3]")


def compile_query(sql: Sql, body: object) -> str:
    """Return the SQL, whose one row is profiles and events. Raises RefusedError."""
    # One pass over `events`: each event query becomes a boolean column, and the profile decides on
    # how often each was true.
    sql.check_keys(body, QUERY_KEYS, "the query")
    return f"SELECT count(*), coalesce(sum(base), 0)::BIGINT FROM ({matching_profiles(sql, body)})"


def matching_profiles(sql: Sql, body: Any) -> str:
    """Return the SQL of the profiles that a query finds, each with how often it did the base."""
    advanced = object_of(body.get("advanced_query") or {}, "advanced_query")
    sql.check_keys(advanced, {"did_all", "did_any", "did_none"}, "advanced_query")
    marks = _Marks(sql)
    marks.add("base", {k: body[k] for k in EVENT_KEYS if k in body}, "> 0")
    for event in list_of(advanced.get("did_all"), "did_all"):
        marks.add_did(event)
    for event in list_of(advanced.get("did_none"), "did_none"):
        marks.add("none", event, "= 0")
    if "did_any" in advanced:
        marks.add_any(advanced["did_any"])
    people = _profiles(sql, body.get("common_profile_properties") or {})
    marked = ", ".join(f"({happened}) AS {mark}" for mark, happened in marks.conditions.items())
    # Names and days alone: what lets the scan skip most of the table.
    begins, ends = zip(*(_moments(sql, event) for event in marks.events), strict=True)
    names = ", ".join(map(sql.value, sorted({e["event_name"] for e in marks.events})))
    within = f"ts >= {sql.value(min(begins))} AND ts < {sql.value(max(ends))}"
    rows = f"SELECT profile_id, {marked} FROM events WHERE event_name IN ({names}) AND {within}"
    times = ", ".join(f"count(*) FILTER ({mark}) AS {mark}" for mark in marks.conditions)
    counted = f"SELECT profile_id, {times} FROM ({rows}) GROUP BY profile_id"
    return f"SELECT profile_id, base FROM ({counted}) WHERE {' AND '.join(marks.having)}{people}"


def event_condition(sql: Sql, body: Any) -> str:
    """Return the condition of one event query on a row of `events`."""
    sql.check_keys(body, EVENT_KEYS, "an event query")
    name = body.get("event_name")
    if not isinstance(name, str) or not name:
        raise RefusedError("Missing mandatory field: event_name")
    if name not in SYSTEM_EVENTS and not sql.is_event(name):
        # The service says it so: a list inside the text, under HTTP 200.
        raise RefusedError(json.dumps([f"Invalid event : {name}"], ensure_ascii=False), status=200)
    begin, end = _moments(sql, body)
    conditions = [
        f"event_name = {sql.value(name)}",
        f"ts >= {sql.value(begin)}",
        f"ts < {sql.value(end)}",
    ]
    conditions += [
        filter_sql.condition(sql, "properties", triple, items=name == "Charged")
        for triple in list_of(body.get("event_properties"), "event_properties")
    ]
    conditions += [
        filter_sql.session_condition(sql, triple)
        for triple in list_of(body.get("session_properties"), "session_properties")
    ]
    return " AND ".join(conditions)


@dataclass
class _Marks:
    """The event queries of one pass: a boolean column each, and how often it is to be true."""

    sql: Sql
    conditions: dict[str, str] = field(default_factory=dict)
    having: list[str] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)

    def add(self, kind: str, body: object, often: str | None = None) -> str:
        """Add an event query; return its column."""
        mark = f"{kind}{len(self.conditions)}" if kind != "base" else kind
        self.conditions[mark] = event_condition(self.sql, body)
        self.events.append(body)
        if often is not None:
            self.having.append(f"{mark} {often}")
        return mark

    def add_did(self, body: object) -> None:
        """Add an event query of `did_all`, with its number of times where one is given."""
        event = object_of(body, "an event query")
        mark = self.add("did", {k: v for k, v in event.items() if k not in HOW_OFTEN}, "> 0")
        if HOW_OFTEN & set(event):
            self.having.append(f"{mark} {_often_sql(self.sql, event, 'an event of did_all')}")

    def add_any(self, body: Any) -> None:
        """Add those of `did_any`, which are counted together."""
        self.sql.check_keys(body, {"any_events", *HOW_OFTEN}, "did_any")
        events = list_of(body.get("any_events"), "any_events")
        if not events:
            raise RefusedError("did_any needs any_events, an operator and a whole number as value")
        together = " + ".join([self.add("any", event) for event in events])
        self.having.append(f"{together} {_often_sql(self.sql, body, 'did_any')}")


def _often_sql(sql: Sql, body: Any, name: str) -> str:
    times, operator = body.get("value"), body.get("operator")
    if operator not in _TIMES or not _is_integer(times):
        raise RefusedError(f"{name} needs an operator and a whole number as value")
    return f"{_TIMES[operator]} {sql.value(times)}"


def _profiles(sql: Sql, body: Any) -> str:
    if not sql.lenient and "geo_radius" in object_of(body, "common_profile_properties"):
        raise RefusedError("geo_radius: the sandbox's profiles have no coordinates")
    sql.check_keys(body, {*FAMILIES, "geo_fields"}, "common_profile_properties")
    conditions = [
        filter_sql.condition(sql, column, {"operator": "equals", **object_of(triple, "a filter")})
        for key, column in FAMILIES.items()
        for triple in list_of(body.get(key), key)
    ]
    if places := _places(sql, list_of(body.get("geo_fields"), "geo_fields")):
        conditions.append(f"({' OR '.join(places)})")
    if not conditions:
        return ""
    return f" AND profile_id IN (SELECT profile_id FROM profiles WHERE {' AND '.join(conditions)})"


def _places(sql: Sql, paths: list[Any]) -> list[str]:
    # However many there are, those of one length are one parameter.
    of_length: dict[int, list[list[str]]] = {}
    for path in paths:
        parts = list_of(path, "geo_fields")
        if not 1 <= len(parts) <= 3 or not all(isinstance(part, str) for part in parts):
            raise RefusedError(
                "geo_fields must be a list of paths: [country, state, city] or shorter"
            )
        of_length.setdefault(len(parts), []).append(parts)
    return [
        f"({', '.join(_PLACE_COLUMNS[:length])}) IN (SELECT {', '.join(_PARTS[:length])} FROM "
        f"(SELECT unnest({sql.value(listed)}::VARCHAR[][]) AS path))"
        for length, listed in of_length.items()
    ]


def _moments(sql: Sql, body: Any) -> tuple[datetime, datetime]:
    """Return when the days of an event query begin, and when they are over or it is now."""
    days = []
    for key in ("from", "to"):
        if key not in body:
            raise RefusedError(f"Missing mandatory field: {key}")
        days.append(_day_of(body[key]))
    if days[0] > days[1]:
        raise RefusedError("Invalid date range: from is after to", BAD_DATES)
    end = min(_midnight(days[1], sql.zone, after=timedelta(days=1)), sql.now)
    return _midnight(days[0], sql.zone), end


def _day_of(number: Any) -> date:
    if isinstance(number, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", number):
        # So the service was seen to answer, for ever.
        raise RefusedError("An unknown error occurred", 500, 500)
    with suppress(ValueError, OverflowError):
        if _is_integer(number):
            return date(number // 10000, number // 100 % 100, number % 100)
    raise RefusedError(f"Invalid date: {str(number)[:20]}; dates are YYYYMMDD", BAD_DATES)


def _midnight(day: date, zone: tzinfo, after: timedelta = timedelta(0)) -> datetime:
    # As UTC without a zone, which is how `ts` is stored.
    try:
        local = datetime.combine(day + after, time.min, zone)
        return local.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:  # beyond the calendar's first or last day lies no event
        return datetime.max if after else datetime.min


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63
