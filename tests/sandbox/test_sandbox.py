"""The sandbox as a client meets it: the protocol over HTTP, the command line, its own data."""

from __future__ import annotations

import gc
import gzip
import json
import os
import signal
import subprocess
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests
from helpers.engines import generated
from helpers.shell import TODAY

import ct_magic
from ct_magic.errors import UsageError
from ct_magic.sandbox import Sandbox, plan
from ct_magic.sandbox.__main__ import main
from ct_magic.sandbox.engine import Engine

HEADERS = {"X-CleverTap-Account-Id": "SANDBOX", "X-CleverTap-Passcode": "sandbox"}
BODY = {"event_name": "Charged", "from": 20261001, "to": 20261031}
PATH = "/1/counts/profiles.json"
# As people write it, from the API's page: nothing but the address was changed.
SCRIPT = """
import sys, time, requests
url = sys.argv[1] + "/1/counts/profiles.json"
headers = {
    "X-CleverTap-Account-Id": "SANDBOX",
    "X-CleverTap-Passcode": "sandbox",
    "Content-Type": "application/json",
}
data = '{"event_name": "Charged", "from": 20261001, "to": 20261031}'
answer = requests.post(url, headers=headers, data=data).json()
while answer["status"] == "partial":
    time.sleep(0.2)
    answer = requests.get(url, headers=headers, params={"req_id": answer["req_id"]}).json()
print(answer["status"], answer["count"])
"""


def post(box: Sandbox, body: Any = BODY) -> requests.Response:
    data = body if isinstance(body, bytes | str) else json.dumps(body)
    return requests.post(box.url + PATH, data=data, headers=HEADERS, timeout=60)


def look(box: Sandbox, req_id: object) -> requests.Response:
    return requests.get(box.url + PATH, params={"req_id": str(req_id)}, headers=HEADERS, timeout=60)


def test_a_count_goes_through_partial_to_success(box: Sandbox) -> None:
    """An id of 15 digits, then the count with what a live answer carries beside it."""
    first = post(box).json()
    assert first["status"] == "partial"
    assert len(str(first["req_id"])) == 15
    assert look(box, first["req_id"]).json() == first
    done = look(box, first["req_id"]).json()
    assert done["status"] == "success"
    assert done["count"] == box.count(BODY) > 0
    assert done["tcount"] >= done["count"]
    assert set(done["userDeviceCount"]) == {"users", "devices"}


def test_latency_0_answers_at_once() -> None:
    """Without an id to look under."""
    with Sandbox(profiles=100, latency=0, today=TODAY) as box:
        assert post(box).json()["status"] == "success"


def test_it_serves_though_no_variable_holds_it() -> None:
    """As one that a function of a notebook starts: its data are there while it serves."""
    started = weakref.ref(Sandbox(profiles=100, latency=0, today=TODAY).start())
    gc.collect()
    box = started()
    assert box is not None
    assert post(box).json()["status"] == "success"
    box.stop()


@pytest.mark.parametrize("name", ["X-CleverTap-Account-Id", "X-CleverTap-Passcode"])
@pytest.mark.parametrize("path", [PATH, "/sandbox/schema.json"])
def test_wrong_credentials_are_401(box: Sandbox, name: str, path: str) -> None:
    """As the service says it; also for the schema."""
    wrong = HEADERS | {name: "wrong"}
    answer = requests.get(box.url + path, headers=wrong, timeout=60)
    assert (answer.status_code, answer.json()["error"]) == (401, "Invalid Credentials")


def test_names_of_headers_have_no_case(box: Sandbox) -> None:
    """Clients written in other languages send them in small letters."""
    small = {name.lower(): value for name, value in HEADERS.items()}
    assert requests.post(box.url + PATH, json=BODY, headers=small, timeout=60).status_code == 200


@pytest.mark.parametrize("value", ["1" + "0" * 400, "NaN", "-Infinity", "[1, 1e999]", '"\\ud800"'])
@pytest.mark.parametrize("operator", ["equals", "greater_than"])
def test_a_value_that_no_data_can_hold_is_refused(box: Sandbox, operator: str, value: str) -> None:
    """Python's JSON reads them; a query with one gets an answer, not a closed connection."""
    condition = f'{{"name": "Amount", "operator": "{operator}", "value": {value}}}'
    body = json.dumps(BODY)[:-1] + f', "event_properties": [{condition}]}}'
    answer = post(box, body)
    assert answer.status_code == 400
    assert answer.json()["status"] == "fail"


def test_paths_and_methods_that_are_not_there(box: Sandbox) -> None:
    """404 and 405."""
    assert requests.get(box.url + "/1/nothing", headers=HEADERS, timeout=60).status_code == 404
    assert requests.put(box.url + PATH, headers=HEADERS, timeout=60).status_code == 405


def test_an_id_that_nobody_knows_is_said_to_be_invalid(box: Sandbox) -> None:
    """The words that make a client submit again."""
    for req_id in ("1", "", "x" * 50):
        answer = look(box, req_id)
        assert (answer.status_code, answer.json()["error"]) == (200, "Invalid request id")
        assert answer.json()["code"] == 400


CLOCK = {"name": "time_of_day"}
FILTER = {"name": "Amount", "operator": "equals", "value": 5}


@pytest.mark.parametrize(
    ("change", "message", "code"),
    [
        ({"from": None}, "Invalid date: None", 4002),
        ({"from": 20260230}, "Invalid date: 20260230", 4002),
        ({"to": 20251001}, "from is after to", 4002),
        ({"from": "20261001"}, "dates are YYYYMMDD", 4002),
        ({"event_name": ""}, "Missing mandatory field: event_name", 400),
        ({"surprise": 1}, "the unknown key 'surprise'", 400),
        ({"event_properties": {}}, "event_properties must be a list", 400),
        ({"event_properties": [FILTER | {"operator": "like"}]}, "name, operator and value", 400),
        ({"event_properties": [FILTER | {"value": True}]}, "a text or a number", 400),
        ({"event_properties": [FILTER | {"value": []}]}, "not an empty list", 400),
        (
            {"event_properties": [FILTER | {"operator": "less_than", "value": "5"}]},
            "less_than needs a number",
            400,
        ),
        ({"advanced_query": {"did_any": {"any_events": []}}}, "did_any needs", 400),
        ({"common_profile_properties": {"geo_fields": ["India"]}}, "must be a list", 400),
        ({"common_profile_properties": {"geo_radius": [[19.1, 72.9, 5]]}}, "no coordinates", 400),
        ({"session_properties": [{"name": "time_of_day", "value": "9:00"}]}, "a range", 400),
        (
            {"session_properties": [{"name": "time_of_day", "value": ["10:00", "09:00"]}]},
            "range",
            400,
        ),
        ({"advanced_query": {"did_all": [BODY | {"operator": "equals"}]}}, "whole number", 400),
        ({"advanced_query": {"did_none": [BODY | {"value": 2}]}}, "unknown key 'value'", 400),
        ({"advanced_query": {"did_all": [BODY] * 4000}}, "the sandbox takes 500", 400),
    ],
)
def test_what_the_service_would_refuse_is_refused(
    box: Sandbox, change: dict[str, Any], message: str, code: int | None
) -> None:
    """With HTTP 400, the reason, and a code, as every failure of the service."""
    answer = post(box, BODY | change)
    assert answer.status_code == 400
    assert message in answer.json()["error"]
    assert answer.json().get("code") == code


@pytest.mark.parametrize("key", ["event_name", "from", "to"])
def test_a_missing_key_is_named(box: Sandbox, key: str) -> None:
    """The three that every query has."""
    body = {name: value for name, value in BODY.items() if name != key}
    assert post(box, body).json()["error"] == f"Missing mandatory field: {key}"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b"[]", b"5", b"[" * 100_000, b'{"event_name": "\\ud800"}']
)
def test_a_body_that_is_no_query_is_refused(box: Sandbox, body: bytes) -> None:
    """Whatever it is, the sandbox goes on serving."""
    assert post(box, body).status_code == 400
    assert post(box).status_code == 200


def test_more_requests_than_allowed_are_429() -> None:
    """As the service limits them."""
    with Sandbox(profiles=100, pending_at_once=1, today=TODAY, latency=60) as box:
        assert post(box).status_code == 200
        answer = post(box)
    assert (answer.status_code, answer.json()["error"]) == (429, "Too many concurrent requests")


def test_the_same_seed_gives_the_same_data_and_another_other() -> None:
    """What a colleague sees is what you see."""
    counts = []
    for seed in (1, 1, 2):
        with generated(300, seed) as engine:
            counts.append(engine.count(BODY | {"from": 20230101}))
    assert counts[0] == counts[1] != counts[2]


def test_faults_are_the_same_for_the_same_seed() -> None:
    """A plan with a share is reproducible."""

    def statuses(seed: int) -> list[int]:
        faults = plan("submit:503*1000@0.5")
        with Sandbox(profiles=50, latency=0, faults=faults, seed=seed, today=TODAY) as box:
            return [post(box).status_code for _ in range(20)]

    assert statuses(1) == statuses(1) != statuses(2)


def test_a_day_is_a_day_of_the_accounts_time_zone(tmp_path: Path) -> None:
    """An event at 20:00 UTC falls on the next day in India."""
    lines(tmp_path / "a.json", [event(ts=1793491200 + 20 * 3600)])  # 2026-11-01 00:00 UTC
    counts = {}
    for zone in ("UTC", "Asia/Kolkata"):
        engine = Engine(ZoneInfo(zone))
        engine.load(tmp_path, lambda line: None)
        days = (20261101, 20261102)
        counts[zone] = [engine.count(BODY | {"from": day, "to": day})[0] for day in days]
        engine.close()
    assert counts == {"UTC": [1, 0], "Asia/Kolkata": [0, 1]}


# The schema


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/Los_Angeles"])
def test_the_calendars_first_and_last_day_are_days(zone: str) -> None:
    """`since 0001-01-01` and `..9999-12-31` are how people say "ever"."""
    ever, known = ({"from": a, "to": b} for a, b in ((10101, 99991231), (20200101, 20301231)))
    with generated(50, zone=ZoneInfo(zone)) as engine:
        counted = [engine.count({"event_name": "App Launched"} | days) for days in (ever, known)]
    assert counted[0] == counted[1] > (0, 0)


def test_the_schema_has_names_types_and_examples(box: Sandbox) -> None:
    """What Tab and the form propose; over HTTP the same as from Python."""
    schema = requests.get(box.url + "/sandbox/schema.json", headers=HEADERS, timeout=60).json()
    assert schema == box.schema()
    charged = schema["events"]["Charged"]
    assert charged["Amount"]["type"] == "number"
    assert charged["Category"]["type"] == "text"
    assert "Shoes" in charged["Category"]["examples"]
    assert charged["Items"]["type"] == "list"
    assert "Gold" in schema["profile"]["Customer Type"]["examples"]
    assert "India/Maharashtra/Mumbai" in schema["geo"]


def test_a_client_that_only_asks_which_data_it_is_waits_for_no_schema(state: object) -> None:
    """As each count does, which would take half a second more with the sandbox's own data."""
    with Sandbox(profiles=60, today=TODAY) as box:
        address, short = box.url + "/sandbox/schema.json", {"Prefer": "return=minimal"}
        told = requests.get(address, headers=HEADERS | short, timeout=60).json()
        account = ct_magic.Account("default", "SANDBOX", "sandbox", base_url=box.url)
        ct_magic.count("App Launched 2026-10", account=account, poll_interval=0.01)
        assert box._engine._schema is None
        assert told == {"data": box.schema()["data"]}


SESSION = ("first_time", "utm_source", "utm_campaign", "utm_medium", "session_source")


@pytest.mark.parametrize("name", [*SESSION, "time_of_day", "day_of_week"])
def test_the_session_properties_of_the_api_have_values(box: Sandbox, name: str) -> None:
    """Those that were seen in queries to the live service, asked as there: without an operator."""
    values = box.schema()["session"][name]["examples"]
    values = ["00:00", "23:59"] if name == "time_of_day" else values
    answer = {"session_properties": [{"name": name, "value": values}]}
    assert box.count(BODY | {"from": 20231201} | answer) > 0


@pytest.mark.parametrize("operator", ["exists", "does_not_exist"])
def test_what_exists_needs_no_value(box: Sandbox, operator: str) -> None:
    """There is none to compare; with an empty text it is the same."""
    condition = {"name": "Coupon", "operator": operator}
    bare, empty = (BODY | {"event_properties": [f]} for f in (condition, condition | {"value": ""}))
    assert post(box, bare).status_code == 200
    assert box.count(bare) == box.count(empty) > 0


# Data of one's own


def event(**changes: Any) -> dict[str, Any]:
    """One line of CleverTap's export, as the vendor's page shows it."""
    return {
        "profile": {"identity": "p1", "platform": "Android", "profileData": {"Plan": "Gold"}},
        "ts": 20261105093000,
        "eventName": "Charged",
        "eventProps": {"Amount": 12.5, "Gift": True},
        "deviceInfo": {"make": "Samsung"},
    } | changes


def lines(file: Path, items: list[Any]) -> None:
    text = "".join((item if isinstance(item, str) else json.dumps(item)) + "\n" for item in items)
    file.write_bytes(gzip.compress(text.encode()) if file.suffix == ".gz" else text.encode())


def loaded(folder: Path, *bodies: dict[str, Any], progress: list[str] | None = None) -> list[Any]:
    engine = Engine(ZoneInfo("UTC"))
    try:
        engine.load(folder, [].append if progress is None else progress.append)
        return [engine.count(body) for body in bodies]
    finally:
        engine.close()


def test_a_vendors_export_is_counted(tmp_path: Path) -> None:
    """Zipped or not; the event's name in each line or in the first; profiles as last seen."""
    silver = {"identity": "p1", "profileData": {"Plan": "Silver"}}
    first = event(ts=20261101000000, profile=silver)
    lines(tmp_path / "1.json", [first, "", event(), event(profile={"objectId": "p2"})])
    nameless = event(ts=20261106000000)
    del nameless["eventName"]
    lines(tmp_path / "2.json.gz", ['"App Launched"', nameless])
    plan_is = [{"name": "Plan", "operator": "equals", "value": "Gold"}]
    make_is = [{"name": "Make", "operator": "equals", "value": "Samsung"}]
    body, progress = BODY | {"from": 20261101, "to": 20261130}, []
    assert loaded(
        tmp_path,
        body,
        body | {"event_name": "App Launched"},
        body | {"common_profile_properties": {"profile_fields": plan_is}},
        body | {"common_profile_properties": {"technographics": make_is}},
        body | {"event_properties": [{"name": "Gift", "operator": "equals", "value": "True"}]},
        progress=progress,
    ) == [(2, 3), (1, 1), (1, 2), (2, 3), (2, 3)]
    assert progress == ["1 of 2 files, 3 events: 1.json", "2 of 2 files, 4 events: 2.json.gz"]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("{", "this is not JSON"),
        ("[1]", "this is not an object"),
        (event(eventName=None), "there is no eventName"),
        (event(profile={}), "no profile.objectId and no profile.identity"),
        (event(ts=20261301000000), "ts is not YYYYMMDDHHMMSS"),
        (event(ts=None), "ts is not YYYYMMDDHHMMSS"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, bad: Any, message: str) -> None:
    """File, line and reason: a million lines are not searched by hand."""
    lines(tmp_path / "a.jsonl", [event(), "", event(), bad, event()])
    with pytest.raises(UsageError, match=rf"a\.jsonl, line 4: .*{message}"):
        loaded(tmp_path)


def test_a_mark_before_the_first_line_costs_no_event(tmp_path: Path) -> None:
    """Programs of one vendor put it there; it is neither an event's name nor part of one."""
    lines(tmp_path / "a.json", ["\ufeff" + json.dumps(event()), event()])
    assert loaded(tmp_path, BODY | {"from": 20261101, "to": 20261130}) == [(1, 2)]


# Without a time in it: xdist's workers must all find tests of the same names.
CUT = gzip.compress(b"{}" * 999, mtime=0)[:-9]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", b'[{"eventName": "x"}]', "is one JSON list; an export has one object on each"),
        ("a.json", b'{"eventName": "\xe9"}', "line 1: this is not UTF-8"),
        ("a.json.gz", b"{}", "cannot be read: Not a gzipped file"),
        ("a.json.gz", CUT, "cannot be read: Compressed file ended"),
        ("a.parquet", b"PAR1", "cannot be read"),
    ],
)
def test_a_file_that_is_something_else_is_named(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    """One line with the file's path, whoever wrote it and whatever went wrong on its way."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=message) as caught:
        loaded(tmp_path)
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ts": ["2026-10-01"]}, "the column 'ts' is VARCHAR"),
        ({"profile_id": pa.array([None], pa.string())}, "without name, time or profile"),
        ({"properties": ["{x"]}, "row 1: properties or session is not JSON"),
    ],
)
def test_a_table_with_a_wrong_column_is_named(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    """Parquet that somebody else wrote, with the columns of ours."""
    row = {"profile_id": ["a"], "event_name": ["x"], "ts": [datetime(2026, 10, 1)]}
    table = row | {"properties": ["{}"], "session": ["{}"]} | change
    pq.write_table(pa.table(table), tmp_path / "events.parquet")
    with pytest.raises(UsageError, match=rf"events\.parquet.*{message}"):
        loaded(tmp_path)


def test_a_folder_without_events_says_what_it_wants(tmp_path: Path) -> None:
    """Empty, missing, or full of something else."""
    with pytest.raises(UsageError, match=r"holds no \*\.parquet"):
        loaded(tmp_path)
    with pytest.raises(UsageError, match="is no folder"):
        loaded(tmp_path / "nowhere")
    lines(tmp_path / "a.json", ["Charged"])
    with pytest.raises(UsageError, match="holds no event"):
        loaded(tmp_path)


# The command line


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `python -m ct_magic.sandbox`; give the process and the address that it printed."""
    command = [sys.executable, "-m", "ct_magic.sandbox", "--port", "0", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            yield process, next(word for word in line.split() if word.startswith("http"))
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_alone_it_serves_a_script_and_stops_when_told(number: int) -> None:
    """Fifteen lines as people write them, and no traceback at the end."""
    with serving("--profiles", "200", "--latency", "0.3", "--seed", "3") as (process, address):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, address], capture_output=True, text=True, check=True
        )
        process.send_signal(number)
        assert process.wait(60) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    status, counted = done.stdout.split()
    assert status == "success"
    assert int(counted) > 0


def test_a_script_that_never_stops_it_ends_in_silence() -> None:
    """DuckDB would print its own complaint of forty lines."""
    code = "from ct_magic.sandbox import Sandbox; box = Sandbox(profiles=10).start()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_what_it_exports_it_counts_again(tmp_path: Path) -> None:
    """The columns are documented, and the counts are the same; after a count as before one."""
    with generated(200) as engine:
        before = engine.count(BODY)
        engine.export(tmp_path)
    columns = ["profile_id", "event_name", "ts", "properties", "session"]
    assert pq.read_schema(tmp_path / "events.parquet").names == columns
    columns = ["profile_id", "profile", "tech", "app", "demographics", "reachability"]
    columns += ["country", "state", "city"]
    assert pq.read_schema(tmp_path / "profiles.parquet").names == columns
    assert loaded(tmp_path, BODY) == [before]


def test_a_wrong_argument_is_one_line(tmp_path: Path) -> None:
    """And exit code 1."""
    for arguments, message in (
        (["--data", str(tmp_path)], "holds no *.parquet"),
        (["--faults", "later:nonsense"], "is no fault"),
        (["--timezone", "Mars/Base"], "no time zone 'Mars/Base'"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "ct_magic.sandbox", *arguments], capture_output=True, text=True
        )
        assert done.returncode == 1, done.stderr
        assert done.stderr.startswith("ct_magic.sandbox: ")
        assert message in done.stderr
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--port 99999 --profiles 1", "port 99999 cannot be used"),
        ("--profiles 0", "profiles is a whole number above 0"),
        ("--latency -1", "latency is seconds, from 0"),
        ("--latency nan", "latency is seconds, from 0"),
        ("--faults submit:429@2", "is no fault"),
        ("--faults submit:429@1.2.3", "is no fault"),
    ],
)
def test_a_number_that_cannot_be_meant_is_one_line(
    arguments: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same for a script that starts it in its own process."""
    assert main(arguments.split()) == 1
    error = capsys.readouterr().err
    assert error.startswith("ct_magic.sandbox: ")
    assert message in error
    assert error.count("\n") == 1


# The story


@pytest.fixture(scope="module")
def story() -> Iterator[Engine]:
    with generated(8000) as engine:
        yield engine


def people(engine: Engine, name: str, start: int, end: int, **more: Any) -> int:
    return engine.count({"event_name": name, "from": start, "to": end} | more)[0]


def paid(kind: str) -> dict[str, Any]:
    return {"event_properties": [{"name": "Payment mode", "operator": "equals", "value": kind}]}


def customer(kind: str) -> dict[str, Any]:
    condition = {"name": "Customer Type", "operator": "equals", "value": kind}
    return {"common_profile_properties": {"profile_fields": [condition]}}


def test_a_drop_in_june_is_explained_by_one_payment_mode(story: Engine) -> None:
    """Charged falls; UPI alone fell, the others did not."""
    assert people(story, "Charged", 20260601, 20260630) < 0.8 * people(
        story, "Charged", 20260501, 20260530
    )
    june, may = (
        {kind: people(story, "Charged", *days, **paid(kind)) for kind in ("UPI", "Credit Card")}
        for days in ((20260601, 20260630), (20260501, 20260530))
    )
    assert june["UPI"] < 0.4 * may["UPI"]
    assert june["Credit Card"] > 0.8 * may["Credit Card"]


def test_a_campaign_moved_one_segment_and_not_the_other(story: Engine) -> None:
    """In the March before the June of the drop."""

    def rise(kind: str) -> float:
        during = people(story, "Charged", 20260301, 20260328, **customer(kind))
        return during / people(story, "Charged", 20260201, 20260228, **customer(kind))

    # Wide: another version of DuckDB draws other people, and of 8,000 few are so dear.
    assert 0.65 < rise("Silver") < 1.5 < rise("Gold")
    assert rise("Platinum") > 1.5


@pytest.mark.parametrize("name", ["App Installed", "App Launched", "Charged", "App Uninstalled"])
def test_something_happened_up_to_today(story: Engine, name: str) -> None:
    """Yesterday is what one tries first, and 0 would look like a mistake in the query."""
    assert people(story, name, 20261122, 20261123) > 0


def test_a_launch_and_a_season(story: Engine) -> None:
    """Nobody in Singapore before; November and December are the year's peak."""
    place = {"common_profile_properties": {"geo_fields": [["Singapore"]]}}
    assert people(story, "App Launched", 20231124, 20240501, **place) == 0
    assert people(story, "App Launched", 20240601, 20241231, **place) > 0
    peak, plain = (
        people(story, "App Launched", *days)
        for days in ((20251201, 20251230), (20260201, 20260302))
    )
    assert peak > 1.2 * plain


def test_a_slow_start_prints_no_progress_bar(box: Sandbox) -> None:
    """DuckDB would draw one into the cell that first uses the sandbox on a busy machine."""
    database = box._engine._db
    (shown,) = database.execute("SELECT current_setting('enable_progress_bar')").fetchall()
    assert shown == (False,)
