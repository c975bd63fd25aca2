"""Exported files: each is read once, as it is named, and only files that hold events are read."""

from __future__ import annotations

import gzip
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ct_magic.errors import UsageError
from ct_magic.sandbox import Sandbox

BODY = {"event_name": "Charged", "from": 20261001, "to": 20261001}


def event(who: str = "a", **more: Any) -> dict[str, Any]:
    return {"eventName": "Charged", "ts": "20261001120000", "objectId": who, **more}


def write(file: Path, *events: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join(json.dumps(each) for each in events)
    if file.suffix.lower() in (".gz", ".gzip"):
        file.write_bytes(gzip.compress(text.encode()))
    else:
        file.write_text(text, encoding="utf-8")


def counted(folder: Path, body: Any = BODY, db: Path | None = None) -> tuple[int, list[str]]:
    """Return the count, and what was said while the files were loaded."""
    messages: list[str] = []
    box = Sandbox(data=folder, say=messages.append, db=db)
    try:
        return box.count(body), messages
    finally:
        box.stop()


NAMES = [
    *("events.json", "events[1].json", "events1.json", "e*.json", "e?ents.json", "[[].json"),
    *("x[!a].json", "~u.json", "A.JSON", "B.Json.GZ", "c.jsonl.gzip", "{a,b}.txt"),
    *("day=2026-10-01/a.json", "event=Viewed/who=7/b.json", "[abc]/d.json", "week */e.NDJSON"),
]


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such names")
@pytest.mark.parametrize("chosen", [NAMES, NAMES[:3], NAMES[3:7], NAMES[-4:]])
@pytest.mark.parametrize("folder", ["exported", "all [1-9] *", "day=1"])
def test_each_file_is_read_once_whatever_its_name(
    tmp_path: Path, chosen: list[str], folder: str
) -> None:
    """A name is no pattern of several files, and a folder `column=value` is no column."""
    for number, name in enumerate(chosen):
        write(tmp_path / folder / name, event(f"p{number}"))
    assert counted(tmp_path / folder)[0] == len(chosen)


def test_a_parquet_file_is_read_as_it_is_named(tmp_path: Path) -> None:
    """Its columns are those inside it, whatever the folders above it are called."""
    write(tmp_path / "plain/a.json", event("1"), event("2"), event("3"))
    box = Sandbox(data=tmp_path / "plain")
    box.export(tmp_path / "made")
    box.stop()
    for number, name in enumerate(("[a]", "a", "profile_id=9", "event_name=Viewed", "ts=2020")):
        table = pq.read_table(tmp_path / "made/events.parquet")
        ids = pa.array([f"{number}-{value}" for value in table["profile_id"].to_pylist()])
        folder = tmp_path / "data" / name
        folder.mkdir(parents=True)
        pq.write_table(table.set_column(0, "profile_id", ids), folder / "events[1].parquet")
        pq.write_table(table.set_column(0, "profile_id", ids), tmp_path / f"data/{number}.PARQUET")
    assert counted(tmp_path / "data")[0] == 15


@pytest.mark.parametrize("who", ["", " ", "\u00a0", None])
def test_a_blank_id_in_parquet_is_a_mistake(tmp_path: Path, who: str | None) -> None:
    """All who have one would be one profile."""
    write(tmp_path / "plain/a.json", event("1"), event("2"))
    box = Sandbox(data=tmp_path / "plain")
    box.export(tmp_path / "made")
    box.stop()
    table = pq.read_table(tmp_path / "made/events.parquet")
    ids = pa.array(["1", who], pa.string())
    pq.write_table(table.set_column(0, "profile_id", ids), tmp_path / "made/events.parquet")
    with pytest.raises(UsageError, match="without name, time or profile"):
        counted(tmp_path / "made")


@pytest.mark.parametrize("hidden", [".ipynb_checkpoints/a.json", ".a.json", "x/.git/a.json"])
def test_what_is_hidden_is_not_read(tmp_path: Path, hidden: str) -> None:
    """Notebooks keep a copy of what was opened; it would be counted twice."""
    write(tmp_path / "d/a.json", event("a"))
    write(tmp_path / "d" / hidden, event("b"))
    assert counted(tmp_path / "d")[0] == 1
    write(tmp_path / ".kept/a.json", event("a"))
    assert counted(tmp_path / ".kept")[0] == 1


@pytest.mark.skipif(os.name != "posix", reason="links need a right of their own on Windows")
def test_a_file_with_two_names_is_read_once(tmp_path: Path) -> None:
    """`latest.json` is a link to one of the others, of whatever kind."""
    write(tmp_path / "a.json", event("a"))
    (tmp_path / "latest.json").symlink_to("a.json")
    (tmp_path / "newest.json").hardlink_to(tmp_path / "a.json")
    box = Sandbox(data=tmp_path)
    query = BODY | {"advanced_query": {"did_all": [BODY | {"operator": "equals", "value": 1}]}}
    assert box.count(query) == 1
    box.stop()


def test_a_copy_of_a_file_is_said(tmp_path: Path) -> None:
    """Events have no ids: two that are alike may be two, and a copy counts each once more."""
    for name, who in (("a.json", "a"), ("a (1).json", "a"), ("b.json", "b")):
        write(tmp_path / name, event(who))
    count, messages = counted(tmp_path)
    assert count == 2
    (said,) = (line for line in messages if "copy" in line)
    assert said == "a.json is a copy of a (1).json: its events are counted once more"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("manifest.json", '{"files": ["a.json"], "count": 1}'),
        ("export-manifest.json", '["a.json"]'),
        ("index.json", '{\n  "files": [\n    "a.json"\n  ]\n}'),
    ],
)
def test_a_list_of_the_files_is_no_part_of_them(tmp_path: Path, name: str, text: str) -> None:
    """It is passed over, and that is said."""
    write(tmp_path / "a.json", event("a"))
    (tmp_path / name).write_text(text)
    count, messages = counted(tmp_path)
    assert count == 1
    assert any("passed over" in line and name in line for line in messages)


def test_a_line_that_lacks_its_keys_is_still_a_mistake(tmp_path: Path) -> None:
    """What may be an event is not passed over."""
    write(tmp_path / "a.json", event("a"))
    write(tmp_path / "b.json", {"event": "Charged", "who": "b"})
    with pytest.raises(UsageError, match=r"b\.json, line 1: there is no eventName"):
        counted(tmp_path)


PROPERTIES = {"Amount": 5, "Category": "Shoes", "Items": [{"Product": "x"}]}


@pytest.mark.parametrize("key", ["eventProps", "event_props", "evtData"])
@pytest.mark.parametrize("given", [PROPERTIES, json.dumps(PROPERTIES)])
def test_properties_as_the_text_of_an_object_are_found(
    tmp_path: Path, key: str, given: object
) -> None:
    """Some exports write them so."""
    write(tmp_path / "a.json", event("a", **{key: given}), event("b", **{key: ""}), event("c"))
    for name, value in (("Amount", 5), ("Category", "Shoes"), ("Product", "x")):
        condition = {"name": name, "operator": "equals", "value": value}
        assert counted(tmp_path, BODY | {"event_properties": [condition]})[0] == 1


def test_a_session_and_a_profile_may_be_such_texts_too(tmp_path: Path) -> None:
    """Whatever holds properties is read alike."""
    write(
        tmp_path / "a.json",
        event("a", sessionProps='{"utm_source": "x"}', profile={"profileData": '{"Plan": "Gold"}'}),
        event("b", sessionProps={"utm_source": "y"}, profile={"profileData": {"Plan": "Gold"}}),
    )
    session = {"session_properties": [{"name": "utm_source", "value": "x"}]}
    assert counted(tmp_path, BODY | session)[0] == 1
    plan = {"profile_fields": [{"name": "Plan", "operator": "equals", "value": "Gold"}]}
    assert counted(tmp_path, BODY | {"common_profile_properties": plan})[0] == 2


@pytest.mark.parametrize("given", ["no JSON", "[1]", "5", [1], 5, True])
@pytest.mark.parametrize("key", ["eventProps", "sessionProps", "profile.profileData"])
def test_properties_that_are_no_object_are_a_mistake(
    tmp_path: Path, given: object, key: str
) -> None:
    """The line is named; nothing is dropped in silence."""
    outer, _, inner = key.partition(".")
    write(
        tmp_path / "a.json", event("a"), event("b", **{outer: {inner: given} if inner else given})
    )
    with pytest.raises(UsageError, match=rf"a\.json, line 2: {key} is no object"):
        counted(tmp_path)


@pytest.mark.parametrize(
    ("people", "right"),
    [
        ([{"objectId": "", "identity": "x"}, {"objectId": "", "identity": "y"}], 2),
        ([{"objectId": ""}, {"objectId": "", "identity": "y"}], None),
        ([{"objectId": None, "identity": "x"}, {"identity": "x"}], 1),
        ([{"objectId": "", "profile": {"objectId": "", "identity": "x"}}, {"objectId": "y"}], 2),
        ([{"objectId": "", "identity": ""}], None),
        ([{"objectId": "a"}, {"objectId": 0}], 2),
        ([{"objectId": " ", "identity": "x"}, {"objectId": " ", "identity": "y"}], 2),
        ([{"objectId": "\t\u00a0", "identity": "x"}, {"objectId": "\u200b", "identity": "y"}], 2),
        (
            [{"profile": {"objectId": "  ", "identity": 7}}, {"objectId": "\u3000", "identity": 8}],
            2,
        ),
        ([{"objectId": {}, "identity": "x"}, {"objectId": [], "identity": "y"}], 2),
        ([{"objectId": False, "identity": "x"}, {"objectId": False, "identity": "y"}], 2),
        ([{"objectId": " "}, {"objectId": "\n", "identity": "y"}], None),
        ([{"objectId": True}], None),
        ([{"objectId": {"id": 1}, "identity": "\u2007"}], None),
        ([{"objectId": 9007199254740993}, {"objectId": 9007199254740992}], 2),
        ([{"objectId": " a"}, {"objectId": "a"}], 2),
    ],
)
def test_an_empty_id_is_no_id(tmp_path: Path, people: list[Any], right: int | None) -> None:
    """Everybody who has one would be one profile."""
    events = [{k: v for k, v in event().items() if k != "objectId"} | each for each in people]
    write(tmp_path / "a.json", *events)
    if right is None:
        with pytest.raises(UsageError, match=r"line 1: there is no profile\.objectId"):
            counted(tmp_path)
    else:
        assert counted(tmp_path)[0] == right


@pytest.mark.parametrize("name", ["", " ", "\u00a0\t"])
@pytest.mark.parametrize("key", ["eventName", "evtName"])
def test_an_event_has_a_name_that_is_seen(tmp_path: Path, name: str, key: str) -> None:
    """A blank one is none: the other spelling's is taken, or the line is named."""
    other = "evtName" if key == "eventName" else "eventName"
    nameless = {k: v for k, v in event("a").items() if k != "eventName"} | {key: name}
    write(tmp_path / "a.json", nameless | {other: "Charged"})
    assert counted(tmp_path)[0] == 1
    write(tmp_path / "b.json", event("b"), nameless)
    with pytest.raises(UsageError, match=r"b\.json, line 2: there is no eventName"):
        counted(tmp_path)


def test_a_file_that_was_made_empty_is_filled(tmp_path: Path) -> None:
    """`mktemp` makes one; without events to load it is one sentence."""
    write(tmp_path / "d/a.json", event("a"))
    db = tmp_path / "kept.duckdb"
    db.touch()
    assert counted(tmp_path / "d", db=db)[0] == 1
    (tmp_path / "other.duckdb").touch()
    with pytest.raises(UsageError, match="load them with --data"):
        Sandbox(db=tmp_path / "other.duckdb")


@pytest.mark.parametrize("left", [1, 12, 4096, 12_288, 20_000, 0.3, 0.6, 0.9, 0.999])
def test_a_file_that_is_cut_short_is_one_sentence(tmp_path: Path, left: float) -> None:
    """A copy that was stopped, a disk that was full: it names the file and the cure."""
    write(tmp_path / "d/a.json", *(event(f"p{n}", eventProps={"n": n}) for n in range(3000)))
    db = tmp_path / "kept.duckdb"
    assert counted(tmp_path / "d", db=db)[0] == 3000
    os.truncate(db, int(left if left >= 1 else left * db.stat().st_size))
    with pytest.raises(
        UsageError, match=r"kept\.duckdb .*(remove it|takes one of its own)"
    ) as caught:
        counted(tmp_path / "d", db=db)
    assert "\n" not in str(caught.value)


PEOPLE = ("profile_id", "profile", "tech", "app", "demographics", "reachability")
GOLD = {"profile_fields": [{"name": "Plan", "operator": "equals", "value": "Gold"}]}
TOP = {"1": {"property_type": "event_properties", "name": "Amount"}}


def export(folder: Path, *people: tuple[str, str, str | None], events: bool = True) -> None:
    """Write an export of profiles with their plan and city, each with one purchase."""
    folder.mkdir(parents=True)
    ids = [who for who, *_ in people]
    if events:
        table: dict[str, list[Any]] = {"profile_id": ids, "event_name": ["Charged"] * len(ids)}
        table["ts"] = [datetime(2026, 10, 1, 12)] * len(ids)
        table |= {"properties": ['{"Amount": "five"}'] * len(ids), "session": ["{}"] * len(ids)}
        pq.write_table(pa.table(table), folder / "events.parquet")
    rows: dict[str, Any] = {name: ["{}"] * len(ids) for name in PEOPLE} | {"profile_id": ids}
    rows["profile"] = [json.dumps({"Plan": plan}) for _, plan, _ in people]
    rows |= dict.fromkeys(("country", "state"), pa.array([None] * len(ids), pa.string()))
    rows["city"] = pa.array([city for *_, city in people], pa.string())
    pq.write_table(pa.table(rows), folder / "profiles.parquet")


def top(folder: Path) -> Any:
    """Return the values of `Amount` over all profiles, with their events."""
    box = Sandbox(data=folder, latency=0)
    headers = {"X-CleverTap-Account-Id": "SANDBOX", "X-CleverTap-Passcode": "sandbox"}
    body = json.dumps(BODY | {"groups": TOP}).encode()
    reply = box.answer("POST", "/1/counts/top.json", headers, body)
    box.stop()
    return json.loads(reply.body)["1"]


@pytest.mark.parametrize("city", ["Mumbai", None])
@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_profile_that_several_files_hold_counts_once(
    tmp_path: Path, times: int, city: str | None
) -> None:
    """Exports of several months each hold all profiles: their events are not more for it."""
    for number in range(times):
        export(tmp_path / str(number), ("a", "Gold", city), ("b", "Pro", "Pune"), events=not number)
    assert top(tmp_path) == {"STR": {"five": 2}}
    assert counted(tmp_path)[0] == 2
    assert counted(tmp_path, BODY | {"common_profile_properties": GOLD})[0] == 1


@pytest.mark.parametrize("other", [("b", "Gold", "Pune"), ("b", "Pro", None), ("b", "Pro", "Goa")])
def test_a_profile_of_which_two_files_say_different_things_is_refused(
    tmp_path: Path, other: tuple[str, str, str | None]
) -> None:
    """No order of files says which is right; both would be counted, each in another piece."""
    export(tmp_path / "1", ("a", "Gold", None), ("b", "Pro", "Pune"))
    export(tmp_path / "2", ("a", "Gold", None), other, events=False)
    with pytest.raises(UsageError, match="profile 'b' is there twice, and not alike") as caught:
        counted(tmp_path)
    assert "\n" not in str(caught.value)


def test_lines_that_say_nothing_of_a_profile_leave_its_row_alone(tmp_path: Path) -> None:
    """Of a profile in Parquet there may be events as lines; those that say more are refused."""
    export(tmp_path / "1", ("a", "Gold", "Pune"), events=False)
    write(tmp_path / "lines/a.json", event("a"), event("b", profile={"profileData": {}}))
    assert counted(tmp_path)[0] == 2
    assert counted(tmp_path, BODY | {"common_profile_properties": GOLD})[0] == 1
    write(tmp_path / "lines/b.json", event("a", profile={"profileData": {"Plan": "Pro"}}))
    with pytest.raises(UsageError, match="profile 'a' is there twice"):
        counted(tmp_path)


def test_a_profile_is_as_its_latest_event_shows_it(tmp_path: Path) -> None:
    """Whichever file holds that event, and whatever else its file holds."""
    for who, plans in {"a": ("Pro", "Gold"), "b": ("Gold", "Pro"), "c": ("Pro", "Gold")}.items():
        older, latest = (
            event(who, ts=f"2026100112000{second}", profile={"profileData": {"Plan": plan}})
            for second, plan in zip((1, 2), plans, strict=True)
        )
        # The latest event of all says nothing of the profile.
        files = [[older, event(who, ts="20261001120003")], [latest]]
        for number, events in enumerate(reversed(files) if who == "c" else files):
            write(tmp_path / f"{number}-{who}.json", *events)
    assert counted(tmp_path, BODY | {"common_profile_properties": GOLD})[0] == 2


@pytest.mark.parametrize("events", [1, 13, 14, 15, 45])
def test_each_event_has_the_names_and_examples_that_are_its_own(
    tmp_path: Path, events: int
) -> None:
    """However many there are: of a name that several have, each with its own type and values."""
    names = [f"Event? '{number}'" for number in range(events - 1)]
    own = [{f"P{number}": number, "Of all": name} for number, name in enumerate(names)]
    lines = [event("a", eventName=n, eventProps=p) for n, p in zip(names, own, strict=True)]
    charged = {"Of all": 5, "Items": [{"Product": "x"}]}
    write(tmp_path / "a.json", event(eventProps=charged), *lines)
    box = Sandbox(data=tmp_path)
    schema: Any = box.schema()
    box.stop()
    of_charged = schema["events"].pop("Charged")
    assert {n: (v["type"], v["examples"]) for n, v in of_charged.items()} == {
        "Of all": ("number", ["5"]),
        "Items": ("list", []),
        "Product": ("text", ["x"]),
    }
    for name, properties in zip(names, own, strict=True):
        number = next(iter(properties))
        assert schema["events"].pop(name) == {
            "Of all": {"type": "text", "examples": [name]},
            number: {"type": "number", "examples": [number[1:]]},
        }
    assert schema["events"] == schema["session"] == {}


def test_a_property_of_two_types_is_a_text(tmp_path: Path) -> None:
    """Where each is as frequent: in whichever order they come, the same data say the same."""
    others = ([1], 5, -5, 0.5, {"c": 1})
    first = {f"{other} first": other for other in others} | {
        f"{other} last": "a" for other in others
    }
    last = {f"{other} first": "a" for other in others} | {
        f"{other} last": other for other in others
    }
    write(tmp_path / "a.json", *(event(eventProps=properties) for properties in (first, last)))
    box = Sandbox(data=tmp_path)
    schema: Any = box.schema()
    box.stop()
    types = {name: described["type"] for name, described in schema["events"]["Charged"].items()}
    assert types == dict.fromkeys(first, "text")
