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
from datetime import UTC, date, tzinfo
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
    """One event, its JSON read, and the day it fell on in the account's time zone."""

    profile_id: Any
    name: str
    day: date
    properties: Mapping[str, Any]
    session: Mapping[str, Any]


@dataclass(frozen=True)
class Data:
    """What an export holds."""

    events: Mapping[Any, tuple[Happened, ...]]
    profiles: Mapping[Any, Mapping[str, Any]]


def read(
    events: Iterable[Mapping[str, Any]], profiles: Iterable[Mapping[str, Any]], zone: tzinfo
) -> Data:
    """Take the rows of both exported tables."""
    mine: dict[Any, list[Happened]] = defaultdict(list)
    for row in events:
        day = row["ts"].replace(tzinfo=UTC).astimezone(zone).date()
        read_row = json.loads(row["properties"]), json.loads(row["session"])
        mine[row["profile_id"]].append(
            Happened(row["profile_id"], row["event_name"], day, *read_row)
        )
    people = {
        row["profile_id"]: dict(row) | {name: json.loads(row[name]) for name in FAMILIES.values()}
        for row in profiles
    }
    return Data({who: tuple(found) for who, found in mine.items()}, people)


def count(data: Data, query: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many profiles, and how many events of the base query behind them."""
    found = [
        len(_matching(mine, query))
        for who, mine in data.events.items()
        if _counts(data, who, query)
    ]
    return len(found), sum(found)


def _counts(data: Data, who: Any, query: Mapping[str, Any]) -> bool:
    mine, advanced = data.events[who], query.get("advanced_query") or {}
    return (
        bool(_matching(mine, query))
        and all(_did(mine, one) for one in advanced.get("did_all") or [])
        and not any(_matching(mine, one) for one in advanced.get("did_none") or [])
        and _did_any(mine, advanced.get("did_any"))
        and _is(data.profiles[who], query.get("common_profile_properties") or {})
    )


def _did(mine: Iterable[Happened], asked: Mapping[str, Any]) -> bool:
    times = len(_matching(mine, asked))
    often = COMPARED[asked["operator"]](times, asked["value"]) if "operator" in asked else True
    return times > 0 and bool(often)


def _did_any(mine: Iterable[Happened], asked: Mapping[str, Any] | None) -> bool:
    if asked is None:
        return True
    times = sum(len(_matching(mine, one)) for one in asked["any_events"])
    return bool(COMPARED[asked["operator"]](times, asked["value"]))


def _matching(mine: Iterable[Happened], query: Mapping[str, Any]) -> list[Happened]:
    return [one for one in mine if _happened(one, query)]


def _happened(one: Happened, query: Mapping[str, Any]) -> bool:
    day = int(one.day.strftime("%Y%m%d"))
    if one.name != query["event_name"] or not query["from"] <= day <= query["to"]:
        return False
    places = [one.properties]
    if one.name == "Charged" and isinstance(one.properties.get("Items"), list):
        places += [item for item in one.properties["Items"] if isinstance(item, dict)]
    return all(_somewhere(places, asked) for asked in query.get("event_properties") or []) and all(
        _holds_in_session(one.session, {"operator": "equals"} | asked)
        for asked in query.get("session_properties") or []
    )


def _holds_in_session(session: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    if asked["name"] != "time_of_day" or asked["operator"] != "equals":
        return _holds(session, asked)
    began, (first, last) = session.get("time_of_day"), map(_minutes, asked["value"])
    return (
        isinstance(began, str)
        and CLOCK.fullmatch(began) is not None
        and (first <= _minutes(began) <= last)
    )


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return 60 * int(hours) + int(minutes)


def _somewhere(places: list[Mapping[str, Any]], asked: Mapping[str, Any]) -> bool:
    if asked["operator"] == "does_not_exist":
        return all(_holds(place, asked) for place in places)
    return any(_holds(place, asked) for place in places)


def _is(person: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    for key, column in FAMILIES.items():
        filters = [{"operator": "equals"} | one for one in asked.get(key) or []]
        if not all(_holds(person[column], one) for one in filters):
            return False
    paths = asked.get("geo_fields") or []
    here = [person["country"], person["state"], person["city"]]
    return not paths or any(here[: len(path)] == path for path in paths)


def _holds(place: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    found, wanted = place.get(asked["name"]), asked["value"]
    there = found is not None
    match asked["operator"]:
        case "exists":
            return there
        case "does_not_exist":
            return not there
        case "contains":
            return _contains(found, wanted)
        case "does_not_contain":
            return there and not _contains(found, wanted)
        case "equals":
            return _equals_any(found, wanted)
        case "not_equals":
            return there and not _equals_any(found, wanted)
        case compared:
            return _is_number(found) and bool(COMPARED[compared](float(found), float(wanted)))


def _contains(found: Any, wanted: str) -> bool:
    return isinstance(found, bool | str) and wanted in str(found)


def _equals_any(found: Any, wanted: Any) -> bool:
    return any(_equals(found, one) for one in (wanted if isinstance(wanted, list) else [wanted]))


def _equals(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, str):
        return isinstance(found, bool | str) and str(found) == wanted
    return _is_number(found) and float(found) == float(wanted)


def _is_number(found: Any) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool)
