"""The sandbox counts exactly: whole numbers of any size, places, ranges, and nothing to come."""

from __future__ import annotations

import json
import operator
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from helpers.shell import TODAY

from ct_magic.sandbox import Sandbox

DAYS = {"from": 20261001, "to": 20261001}
E53, E63 = 2**53, 2**63
HELD = [-(E63) - 1, -E53 - 1, -E53, -3, 0, 2.5, 7, E53 - 1, E53, E53 + 1, E63 - 1, E63, E63 + 1]
HELD += [2**64 - 1, 2**64, 2**64 + 1, 1e300]
COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "equals": operator.eq,
    "not_equals": operator.ne,
    "greater_than": operator.gt,
    "greater_than_equals": operator.ge,
    "less_than": operator.lt,
    "less_than_equals": operator.le,
}


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A profile for each number, as a property of the event, of an item, and of the profile."""
    folder = tmp_path_factory.mktemp("numbers")
    lines = [
        {
            "eventName": "Charged",
            "ts": "20261001120000",
            "objectId": f"p{number}",
            "eventProps": {"n": value, "Items": [{"m": value}, {"m": "x"}]},
            "profile": {"objectId": f"p{number}", "profileData": {"n": value}},
        }
        for number, value in enumerate(HELD)
    ]
    (folder / "a.json").write_text("\n".join(map(json.dumps, lines)))
    box = Sandbox(data=folder)
    yield box
    box.stop()


@pytest.mark.parametrize("value", [-E53 - 1, 2.5, 7, E53, E53 + 1, E63, 2**64 + 1, 1e300])
@pytest.mark.parametrize("kind", COMPARED)
def test_numbers_are_compared_exactly(numbers: Sandbox, kind: str, value: float) -> None:
    """Beyond 2**53 two whole numbers may be one float, and are two numbers."""
    right = sum(COMPARED[kind](held, value) for held in HELD)
    body: dict[str, Any] = {"event_name": "Charged", **DAYS}
    for name in ("n", "m"):
        triple = {"name": name, "operator": kind, "value": value}
        # Of the items the text is another value, too.
        wanted = len(HELD) if (name, kind) == ("m", "not_equals") else right
        assert numbers.count(body | {"event_properties": [triple]}) == wanted
    triple = {"name": "n", "operator": kind, "value": value}
    fields = {"common_profile_properties": {"profile_fields": [triple]}}
    assert numbers.count(body | fields) == right


@pytest.mark.parametrize(
    "values", [[E53, E53 + 1], [E53 + 1], [2.5, E53 - 1, 2**64 + 1, "x"], [1e300, -E53 - 1]]
)
def test_a_list_of_numbers_finds_each_of_them(numbers: Sandbox, values: list[Any]) -> None:
    """And no neighbour of theirs."""
    for name, more in (("n", 0), ("m", len(HELD) - len(values) + 1 if "x" in values else 0)):
        triple = {"name": name, "operator": "equals", "value": values}
        body = {"event_name": "Charged", **DAYS, "event_properties": [triple]}
        assert numbers.count(body) == sum(held in values for held in HELD) + more


SPREADS = {
    "close together": [10_000_000 + n / 1000 for n in range(700)],
    "far apart": [10.0**n for n in range(30)],
    "negative": [-(1.5**n) for n in range(40)],
    "huge": [1e300, 2e300, -1e300],
    "neighbours": [E53, E53 + 1, E53 + 2, E53 + 3],
    "one": [7, 7, 7],
}


@pytest.mark.parametrize("spread", SPREADS)
def test_ranges_have_names_of_their_own(tmp_path: Path, spread: str) -> None:
    """Together they are all events: two ranges under one name would lose one of them."""
    lines = [
        {"eventName": "Charged", "ts": "20261001120000", "objectId": "a", "eventProps": {"n": n}}
        for n in SPREADS[spread]
    ]
    (tmp_path / "a.json").write_text("\n".join(map(json.dumps, lines)))
    box = Sandbox(data=tmp_path)
    group = {"property_type": "event_properties", "name": "n", "top_n": 100}
    groups: Any = box._engine.top({"event_name": "Charged", **DAYS, "groups": {"g": group}})
    box.stop()
    assert sum(groups["g"]["NUMBER"].values()) == len(SPREADS[spread])
    if spread == "one":
        assert groups["g"]["NUMBER"] == {"0-10": 3}, "no range ends a float's last digit behind it"


def test_many_places_are_one_parameter(box: Sandbox) -> None:
    """4,500 of them find what the one that is there finds, in no time."""
    body = {"event_name": "Charged", "from": 20261001, "to": 20261031}

    def at(*places: list[str]) -> int:
        return box.count(body | {"common_profile_properties": {"geo_fields": list(places)}})

    strange = [["India", f"State {n}", f"City {n}"] for n in range(2250)]
    strange += [["Atlantis", f"State {n}"] for n in range(2250)]
    begun = time.monotonic()
    goa = at(["India", "Maharashtra", "Mumbai"])
    assert at(*strange, ["India", "Maharashtra", "Mumbai"]) == goa > 0
    assert at(*strange, ["India", "Maharashtra", "Mumbai"], ["India"]) == at(["India"]) > goa
    assert at(*strange) == 0
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize("hour", [0, 11, 23])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_nothing_happens_after_now(tmp_path: Path, hour: int, zone: str) -> None:
    """Neither in counts, nor in values, nor in what is exported; as time goes on, more is there."""
    moment = datetime(2026, 11, 23, hour, 15, tzinfo=UTC)
    clock = [moment]
    box = Sandbox(profiles=1000, now=lambda: clock[0], timezone=zone, latency=0)
    body = {"event_name": "App Launched", "from": 20261120, "to": 20261124}
    group = {"property_type": "session_properties", "name": "time_of_day", "top_n": 100}
    identity = box.schema()["data"]
    box.export(tmp_path)
    exported = Sandbox(data=tmp_path, timezone=zone)
    values: Any = box._engine.top(body | {"groups": {"g": group}})
    whole = Sandbox(profiles=1000, today=moment.astimezone(ZoneInfo(zone)).date(), timezone=zone)
    late = sum(values["g"]["STR"].values())
    assert box.count(body) == exported.count(body) <= whole.count(body)
    today = {"event_name": "App Launched", "from": 20261123, "to": 20261123}
    minutes = [f"{hour:02}:15", "23:59"]
    after = {"session_properties": [{"name": "time_of_day", "value": minutes}]}
    assert zone != "UTC" or box.count(today | after) == 0
    before = box._engine.count(body)[1]
    clock[0] += timedelta(hours=30)
    assert box._engine.count(body)[1] >= max(before, late)
    assert box.schema()["data"] == identity
    for each in (box, exported, whole):
        each.stop()


def test_without_a_day_the_clock_says_what_is_over() -> None:
    """The hours that are to come have nothing yet."""
    now = datetime.now(UTC)
    box = Sandbox(profiles=20_000)
    later = now + timedelta(minutes=2)
    day = int(f"{now:%Y%m%d}")
    body = {"event_name": "App Launched", "from": day, "to": day}
    rest = {"session_properties": [{"name": "time_of_day", "value": [f"{later:%H:%M}", "23:59"]}]}
    assert later.date() != now.date() or box.count(body | rest) == 0
    box.stop()


def test_people_come_back_on_every_day_of_a_week() -> None:
    """On days 7, 14, 21 and 28 after their first one as on those beside them."""
    box = Sandbox(profiles=20_000, today=TODAY)
    firsts = [date(2026, 9, 7) + timedelta(days=number) for number in range(35)]

    def back(after: int) -> int:
        return sum(
            box.count(
                {
                    "event_name": "App Installed",
                    **day(first),
                    "advanced_query": {
                        "did_all": [{"event_name": "App Launched", **day(first, after)}]
                    },
                }
            )
            for first in firsts
        )

    for week in (7, 14, 21, 28):
        on, beside = back(week), back(week + 1)
        assert beside / 2 < on < beside * 2
    box.stop()


def day(first: date, after: int = 0) -> dict[str, int]:
    number = int(f"{first + timedelta(days=after):%Y%m%d}")
    return {"from": number, "to": number}


WATCHED = """
import sys
asked = []
sys.addaudithook(lambda what, _: what.startswith("socket.get") and asked.append(what))
import socket
from ct_magic.sandbox import Sandbox
with Sandbox(profiles=10) as box:
    print(asked, box.url)
socket.getfqdn()
print(asked)
"""


def test_a_start_asks_nobody_for_this_machines_name() -> None:
    """Some networks take five seconds to tell it."""
    watched = [sys.executable, "-c", WATCHED]
    shown = subprocess.run(watched, capture_output=True, text=True, check=True).stdout
    before, after = shown.splitlines()
    assert before.startswith("[] http://127.0.0.1:")
    assert "socket.gethostbyaddr" in after
