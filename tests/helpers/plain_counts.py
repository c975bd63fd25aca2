"""A second reading of the API's JSON: plain Python over exported rows, slow and obvious.

It shares no code with `compile_sql` and `filter_sql` of `ct_magic.sandbox` and knows nothing of
SQL, so that what both say is unlikely to be the same mistake. The rules are those at their
beginning.
"""

from __future__ import annotations

import json
import operator
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any

COMPARED = {
    "equals": operator.eq,
    "greater_than": operator.gt,
    "greater_than_equals": operator.ge,
    "less_than": operator.lt,
    "less_than_equals": operator.le,
}
FAMILIES = {
    "profile_fields": "profile",
    "technographics": "tech",
    "app_fields": "app",
    "demographics": "demographics",
    "reachability": "reachability",
}
CLOCK = re.compile("([01][0-9]|2[0-3]):[0-5][0-9]")


@dataclass(frozen=True)
class Happened:
    """One event, its JSON read, and when it was in the account's time zone."""

    profile_id: Any
    name: str
    day: date
    properties: Mapping[str, Any]
    session: Mapping[str, Any]
    at: datetime | None = None


@dataclass(frozen=True)
class Data:
    """What an export holds."""

    events: Mapping[Any, tuple[Happened, ...]]
    profiles: Mapping[Any, Mapping[str, Any]]


def read(
    events: Iterable[Mapping[str, Any]], profiles: Iterable[Mapping[str, Any]], zone: tzinfo
) -> Data:
    """Take the rows of both exported tables."""
    by_profile: dict[Any, list[Happened]] = defaultdict(list)
    for row in events:
        at = row["ts"].replace(tzinfo=UTC).astimezone(zone)
        read_row = json.loads(row["properties"]), json.loads(row["session"])
        by_profile[row["profile_id"]].append(
            Happened(row["profile_id"], row["event_name"], at.date(), *read_row, at)
        )
    people = {
        row["profile_id"]: dict(row) | {name: json.loads(row[name]) for name in FAMILIES.values()}
        for row in profiles
    }
    return Data(
        {profile_id: tuple(happened) for profile_id, happened in by_profile.items()}, people
    )


def count(data: Data, query: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many profiles, and how many events of the base query behind them."""
    per_profile = [
        len(_matching(happened, query))
        for profile_id, happened in data.events.items()
        if _counts(data, profile_id, query)
    ]
    return len(per_profile), sum(per_profile)


def _counts(data: Data, profile_id: Any, query: Mapping[str, Any]) -> bool:
    happened, advanced = data.events[profile_id], query.get("advanced_query") or {}
    return (
        bool(_matching(happened, query))
        and all(_did(happened, event) for event in advanced.get("did_all") or [])
        and not any(_matching(happened, event) for event in advanced.get("did_none") or [])
        and _did_any(happened, advanced.get("did_any"))
        and _is(data.profiles[profile_id], query.get("common_profile_properties") or {})
    )


def _did(happened: Iterable[Happened], event: Mapping[str, Any]) -> bool:
    times = len(_matching(happened, event))
    often = COMPARED[event["operator"]](times, event["value"]) if "operator" in event else True
    return times > 0 and bool(often)


def _did_any(happened: Iterable[Happened], did_any: Mapping[str, Any] | None) -> bool:
    if did_any is None:
        return True
    times = sum(len(_matching(happened, event)) for event in did_any["any_events"])
    return bool(COMPARED[did_any["operator"]](times, did_any["value"]))


def _matching(happened: Iterable[Happened], query: Mapping[str, Any]) -> list[Happened]:
    return [event for event in happened if _happened(event, query)]


def _happened(event: Happened, query: Mapping[str, Any]) -> bool:
    day = int(event.day.strftime("%Y%m%d"))
    if event.name != query["event_name"] or not query["from"] <= day <= query["to"]:
        return False
    places = [event.properties]
    if event.name == "Charged" and isinstance(event.properties.get("Items"), list):
        places += [item for item in event.properties["Items"] if isinstance(item, dict)]
    return all(
        _somewhere(places, condition) for condition in query.get("event_properties") or []
    ) and all(
        _holds_in_session(event.session, {"operator": "equals"} | condition)
        for condition in query.get("session_properties") or []
    )


def _holds_in_session(session: Mapping[str, Any], condition: Mapping[str, Any]) -> bool:
    if condition["name"] != "time_of_day" or condition["operator"] != "equals":
        return _holds(session, condition)
    began, (first, last) = session.get("time_of_day"), map(_minutes, condition["value"])
    return (
        isinstance(began, str)
        and CLOCK.fullmatch(began) is not None
        and (first <= _minutes(began) <= last)
    )


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return 60 * int(hours) + int(minutes)


def _somewhere(places: list[Mapping[str, Any]], condition: Mapping[str, Any]) -> bool:
    if condition["operator"] == "does_not_exist":
        return all(_holds(place, condition) for place in places)
    return any(_holds(place, condition) for place in places)


def _is(person: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    for key, column in FAMILIES.items():
        filters = [{"operator": "equals"} | condition for condition in wanted.get(key) or []]
        if not all(_holds(person[column], condition) for condition in filters):
            return False
    paths = wanted.get("geo_fields") or []
    home = [person["country"], person["state"], person["city"]]
    return not paths or any(home[: len(path)] == path for path in paths)


def _holds(place: Mapping[str, Any], condition: Mapping[str, Any]) -> bool:
    value, wanted = place.get(condition["name"]), condition["value"]
    has_value = value is not None
    match condition["operator"]:
        case "exists":
            return has_value
        case "does_not_exist":
            return not has_value
        case "contains":
            return _contains(value, wanted)
        case "does_not_contain":
            return has_value and not _contains(value, wanted)
        case "equals":
            return _equals_any(value, wanted)
        case "not_equals":
            return has_value and not _equals_any(value, wanted)
        case compared:
            return _is_number(value) and bool(COMPARED[compared](float(value), float(wanted)))


def _contains(value: Any, wanted: str) -> bool:
    return isinstance(value, bool | str) and wanted in str(value)


def _equals_any(value: Any, wanted: Any) -> bool:
    return any(
        _equals(value, candidate)
        for candidate in (wanted if isinstance(wanted, list) else [wanted])
    )


def _equals(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, str):
        return isinstance(value, bool | str) and str(value) == wanted
    return _is_number(value) and float(value) == float(wanted)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
