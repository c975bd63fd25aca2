"""The sandbox's counts are checked by another road: plain Python over what it exports.

The suite tries 75 queries in each time zone, the longer run 5,000.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers import plain_counts
from helpers.length import amount
from helpers.shell import TODAY

from ct_magic.sandbox.engine import Engine

QUERIES = amount(75, long=5_000)
ZONES = ("UTC", "Asia/Kolkata", "America/Los_Angeles")
EVENTS = ("App Launched", "Charged", "Ride by night", "Naïve 🚀")
NAMES = ("value", "Amount", "50% off", "naïve/~name", "Product", "flag", "time_of_day", "missing")
CLOCKS = ("00:00", "09:05", "12:59", "13:00", "23:59")
VALUES: tuple[Any, ...] = (
    *("pizza", "Pizza", "piz", "", "True", "False", "5", "नमस्ते", "a'b\"c\\d", "%_", "null"),
    *(0, 5, -2, 5.5, 1e300, 10**15 + 1),
)
HELD: tuple[Any, ...] = (*VALUES, True, False, None, [1, "5"], {"a": 1})
COUNTRIES = (("India", "Goa", "Panaji"), ("India", "Goa", None), ("India", None, None), (None,) * 3)
TEXTS = [value for value in VALUES if isinstance(value, str)]
NUMBER_KINDS = [value for value in VALUES if not isinstance(value, str)]
ORDERING = ("greater_than", "greater_than_equals", "less_than", "less_than_equals")
START = datetime(2026, 3, 5)
# The night in which clocks go forward in one of the zones, and the midnights of all three.
MOMENTS = [
    START + timedelta(days=day, hours=hour, seconds=second)
    for day in range(6)
    for hour in (0, 7, 8, 18.5, 12)
    for second in (-1, 0, 1)
]


def held(random: Random) -> str:
    names = random.sample(NAMES[:-1], random.randrange(5))
    values = {name: random.choice(HELD) for name in names}
    if "time_of_day" in values and random.random() < 0.9:
        values["time_of_day"] = random.choice(CLOCKS)
    return json.dumps(values, ensure_ascii=False)


def odd_rows(random: Random) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Sixty profiles and five hundred events of whatever JSON can hold."""
    events = []
    for _ in range(500):
        properties = json.loads(held(random))
        if random.random() < 0.4:
            items = [json.loads(held(random)) for _ in range(random.randrange(3))]
            properties["Items"] = random.choice([items, [*items, 5], "none", None])
        event = {
            "profile_id": random.randrange(60),
            "event_name": random.choice(EVENTS),
            "ts": random.choice(MOMENTS),
            "properties": json.dumps(properties, ensure_ascii=False),
            "session": held(random),
        }
        events.append(event)
    profiles = [
        {"profile_id": number}
        | {name: held(random) for name in plain_counts.FAMILIES.values()}
        | dict(zip(("country", "state", "city"), random.choice(COUNTRIES), strict=True))
        for number in range(60)
    ]
    return events, profiles


def a_filter(random: Random) -> dict[str, Any]:
    name = random.choice(NAMES)
    match random.randrange(4):
        case 0:
            chosen, value = random.choice(["equals", "not_equals"]), random.choice(VALUES)
            value = random.choice([value, random.sample(VALUES, 3)])
        case 1:
            chosen, value = random.choice(["contains", "does_not_contain"]), random.choice(TEXTS)
        case 2:
            chosen, value = random.choice(["exists", "does_not_exist"]), ""
        case _:
            chosen, value = random.choice(ORDERING), random.choice(NUMBER_KINDS)
    return {"name": name, "operator": chosen, "value": value}


def filters(random: Random) -> list[dict[str, Any]] | None:
    if random.random() < 0.1:
        return None  # JSON's null, which is taken for no filter
    return [a_filter(random) for _ in range(random.choice([0, 0, 1, 1, 2]))]


def bare(filters: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
    """Leave `operator` out where it is equality, as clients do."""
    return filters and [
        {"name": condition["name"], "value": condition["value"]}
        if condition["operator"] == "equals"
        else condition
        for condition in filters
    ]


def session_filters(random: Random) -> list[dict[str, Any]] | None:
    if random.random() < 0.3:
        return [{"name": "time_of_day", "value": sorted(random.choices(CLOCKS, k=2))}]
    conditions = [
        condition for condition in filters(random) or [] if condition["name"] != "time_of_day"
    ]
    return conditions if random.random() < 0.5 else bare(conditions)


def an_event(random: Random) -> dict[str, Any]:
    days = sorted(random.choices(range(8), k=2))
    start, end = (int((START + timedelta(days=day - 1)).strftime("%Y%m%d")) for day in days)
    body: dict[str, Any] = {"event_name": random.choice(EVENTS), "from": start, "to": end}
    if random.random() < 0.7:
        body["event_properties"] = filters(random)
    if random.random() < 0.7:
        body["session_properties"] = session_filters(random)
    return body


def a_did(random: Random) -> dict[str, Any]:
    body = an_event(random)
    if random.random() < 0.5:
        body |= {
            "operator": random.choice([*ORDERING, "equals"]),
            "value": random.choice([0, 1, 1, 2, 2, 3]),
        }
    return body


def a_query(random: Random) -> dict[str, Any]:
    body, people, advanced = an_event(random), {}, {}
    for family in random.sample(list(plain_counts.FAMILIES), random.choice([0, 0, 1, 2])):
        people[family] = bare(filters(random))
    if random.random() < 0.2:
        people["geo_fields"] = [["India"], ["India", "Goa"], ["India", "Goa", "Panaji"]][
            random.randrange(3) :
        ]
    if random.random() < 0.3:
        advanced["did_all"] = [a_did(random) for _ in range(random.randrange(3))]
    if random.random() < 0.3:
        advanced["did_none"] = [an_event(random)]
    if random.random() < 0.3:
        events = [an_event(random) for _ in range(random.randrange(1, 3))]
        chosen = random.choice([*ORDERING, "equals"])
        advanced["did_any"] = {
            "any_events": events,
            "operator": chosen,
            "value": random.randrange(4),
        }
    return body | {"common_profile_properties": people, "advanced_query": advanced}


def disagreements(engine: Engine, data: plain_counts.Data, random: Random, n: int) -> list[Any]:
    wrong, nonempty = [], 0
    for _ in range(n):
        body = a_query(random)
        counted, plain = engine.count(body), plain_counts.count(data, body)
        nonempty += plain[0] > 0
        if counted != plain:
            wrong.append((body, counted, plain))
    assert nonempty > n / 20, "queries that find nobody prove nothing"
    return wrong


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of odd rows, as a team's own would be."""
    folder = tmp_path_factory.mktemp("odd")
    events, profiles = odd_rows(Random(11))
    pq.write_table(pa.Table.from_pylist(events), folder / "events.parquet")
    pq.write_table(pa.Table.from_pylist(profiles), folder / "profiles.parquet")
    return folder


@pytest.fixture(params=ZONES)
def zone(request: pytest.FixtureRequest) -> ZoneInfo:
    return ZoneInfo(request.param)


@pytest.fixture
def odd(folder: Path, zone: ZoneInfo) -> Iterator[Engine]:
    engine = Engine(zone)
    engine.load(folder, lambda line: None)
    yield engine
    engine.close()


def rows(folder: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    tables = [pq.read_table(folder / f"{name}.parquet") for name in ("events", "profiles")]
    return tables[0].to_pylist(), tables[1].to_pylist()


def test_both_roads_agree_on_odd_data(odd: Engine, folder: Path, zone: ZoneInfo) -> None:
    """NULLs, missing properties, mixed types, Unicode, items, midnights of three time zones."""
    data = plain_counts.read(*rows(folder), zone)
    random = Random(str(zone))
    assert disagreements(odd, data, random, QUERIES) == []


def test_both_roads_agree_on_the_sandboxs_own_data(tmp_path: Path) -> None:
    """What the tutorial and the quick start count, by the other road."""
    engine = Engine(UTC)
    engine.generate(300, 1, TODAY)
    engine.export(tmp_path)
    data = plain_counts.read(*rows(tmp_path), UTC)
    year = {"from": 20251101, "to": 20261031}
    bodies = [
        {"event_name": name, **year, "event_properties": chosen}
        for name in ("App Launched", "Charged", "Product Viewed", "choseNewFavoriteFood")
        for chosen in (
            [],
            [{"name": "Amount", "operator": "greater_than", "value": 50}],
            [{"name": "Product", "operator": "equals", "value": "Gift wrap"}],
            [{"name": "Gift", "operator": "equals", "value": "True"}],
            [{"name": "value", "operator": "contains", "value": "piz"}],
            [{"name": "Coupon", "operator": "does_not_exist", "value": ""}],
        )
    ]
    try:
        counts = [engine.count(body) for body in bodies]
    finally:
        engine.close()
    assert counts == [plain_counts.count(data, body) for body in bodies]
    assert sum(profiles > 0 for profiles, _ in counts) > 10
