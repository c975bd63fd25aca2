"""The sandbox as other people's clients meet it: every shape that the reference knows."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
from helpers.engines import generated
from helpers.shell import TODAY

from ct_magic.sandbox import Sandbox
from ct_magic.sandbox.compile_sql import compile_query
from ct_magic.sandbox.engine import Engine
from ct_magic.sandbox.filter_sql import RefusedError, Sql
from ct_magic.sandbox.protocol import LOGGED
from ct_magic.sandbox.server import is_loopback

SHAPES = json.loads((Path(__file__).parents[1] / "helpers/vendor-shapes.json").read_text("utf-8"))
HEADERS = {"X-CleverTap-Account-Id": "SANDBOX", "X-CleverTap-Passcode": "sandbox"}
BODY = {"event_name": "Charged", "from": 20261001, "to": 20261031}
PATH, TOP, SCHEMA = "/1/counts/profiles.json", "/1/counts/top.json", "/sandbox/schema.json"
NOBODY = ("did_all with how often", "did_any equals")  # ten times in a week


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """As many profiles as make every shape find somebody."""
    with generated(4000) as engine:
        yield engine


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    """A sandbox that answers at once."""
    with Sandbox(profiles=300, latency=0, today=TODAY) as box:
        yield box


def ask(box: Sandbox, method: str, target: str, **more: Any) -> requests.Response:
    more = {"headers": HEADERS} | more
    return requests.request(method, box.url + target, timeout=60, **more)


# What is asked


@pytest.mark.parametrize("name", SHAPES["queries"])
def test_every_shape_of_the_vendors_files_is_taken(engine: Engine, name: str) -> None:
    """And finds somebody; a radius is refused in words, since nobody knows its unit."""
    query = SHAPES["queries"][name]
    if name.startswith("geo_radius"):
        with pytest.raises(RefusedError, match="no coordinates"):
            engine.count(query)
        return
    profiles, events = engine.count(query)
    assert (profiles > 0) == (name not in NOBODY)
    assert events >= profiles


def test_two_times_are_a_range_and_its_halves_add_up(engine: Engine) -> None:
    """Both minutes included; the values of a list are alternatives everywhere else."""
    day = {"event_name": "App Launched", "from": 20261007, "to": 20261007}

    def events(first: str, last: str) -> int:
        clock = [{"name": "time_of_day", "value": [first, last]}]
        return engine.count(day | {"session_properties": clock})[1]

    assert events("00:00", "23:59") == engine.count(day)[1]
    assert events("00:00", "12:59") + events("13:00", "23:59") == events("00:00", "23:59")
    assert 0 < events("00:00", "12:59") < events("00:00", "23:59")


@pytest.mark.parametrize(("operator", "right"), [("equals", 1), ("greater_than_equals", 2)])
def test_how_often_an_event_of_did_all_is_wanted(operator: str, right: int, tmp_path: Path) -> None:
    """Three profiles launched once, twice and three times; the base sees each."""
    lines = [
        {"eventName": "App Launched", "ts": f"202610010{hour}0000", "objectId": profile}
        for profile, times in (("a", 1), ("b", 2), ("c", 3))
        for hour in range(times)
    ]
    (tmp_path / "a.json").write_text("\n".join(map(json.dumps, lines)))
    engine = Engine(ZoneInfo("UTC"))
    engine.load(tmp_path, lambda line: None)
    event = {"event_name": "App Launched", "from": 20261001, "to": 20261001}
    did = {"did_all": [event | {"operator": operator, "value": 2}]}
    assert engine.count(event | {"advanced_query": did})[0] == right
    engine.close()


def test_a_list_of_values_is_one_parameter() -> None:
    """The SQL of a thousand values is that of two: DuckDB plans it in milliseconds."""

    def compiled(values: list[object]) -> tuple[str, int]:
        condition = {"name": "Category", "operator": "equals", "value": values}
        sql = Sql(ZoneInfo("UTC"), lambda name: True)
        text = compile_query(sql, BODY | {"event_properties": [condition]})
        return text, len(sql.values)

    texts: list[object] = [f"value {n}" for n in range(1000)]
    assert compiled(texts) == compiled(texts[:2])
    assert compiled([*texts, 1, 2]) == compiled(["a", "b", 3, 4])


def test_ten_thousand_values_find_what_one_of_them_finds(engine: Engine) -> None:
    """Texts and numbers in one list, in the event and in its items."""

    def count(name: str, value: object) -> int:
        condition = {"name": name, "operator": "equals", "value": value}
        return engine.count(BODY | {"event_properties": [condition]})[0]

    values: list[object] = [f"value {n}" for n in range(9_999)]
    for name, right in (("Category", "Shoes"), ("Product", "Gift wrap"), ("Quantity", 2)):
        assert count(name, [*values, right, 0.5]) == count(name, right)


def test_what_is_not_understood_is_ignored_where_the_service_would() -> None:
    """`--lenient`: an unknown key, operator, family and radius change nothing."""
    strange = [
        {"surprise": 1},
        {"event_properties": [{"name": "Amount", "operator": "greaterThan", "value": 5}]},
        {"common_profile_properties": {"geo_radius": [[1, 2, 3]]}},
        {"common_profile_properties": {"shoe_size": [{"name": "EU", "value": 42}]}},
    ]
    for lenient in (True, False):
        with generated(200, lenient=lenient) as engine:
            plain = engine.count(BODY)
            for more in strange:
                if lenient:
                    assert engine.count(BODY | more) == plain
                else:
                    with pytest.raises(RefusedError):
                        engine.count(BODY | more)


# What is answered


def test_an_unknown_event_is_refused_as_the_service_does(served: Sandbox) -> None:
    """A list inside the text, under HTTP 200: what decides is the code."""
    answer = ask(served, "POST", PATH, json=BODY | {"event_name": "Chraged"})
    reply = {"status": "fail", "error": '["Invalid event : Chraged"]', "code": 400}
    assert (answer.status_code, answer.json()) == (200, reply)


def test_dates_with_dashes_are_an_error_for_ever(served: Sandbox) -> None:
    """500, though it is the query's own fault."""
    for _ in range(2):
        answer = ask(served, "POST", PATH, json=BODY | {"from": "2026-10-01"})
        reply = {"status": "fail", "error": "An unknown error occurred", "code": 500}
        assert (answer.status_code, answer.json()) == (500, reply)


def test_a_malformed_account_is_400_and_a_wrong_one_401(served: Sandbox) -> None:
    """Both have been seen."""
    codes = {"S A N D": (400, "Account ID is not valid"), "OTHER": (401, "Invalid Credentials")}
    for account, right in codes.items():
        wrong = HEADERS | {"X-CleverTap-Account-Id": account}
        answer = ask(served, "POST", PATH, json=BODY, headers=wrong)
        assert (answer.status_code, answer.json()["error"]) == right
        assert answer.json()["code"] == right[0]


@pytest.mark.parametrize(
    ("method", "body"),
    [("GET", None), ("POST", b"{}"), ("POST", b""), ("POST", json.dumps(BODY).encode())],
)
def test_an_id_in_the_url_is_a_poll(box: Sandbox, method: str, body: bytes | None) -> None:
    """Whatever the method and the body: nothing is submitted twice."""
    req_id = ask(box, "POST", PATH, json=BODY).json()["req_id"]
    target = f"{PATH}?req_id={req_id}"
    first = ask(box, method, target, data=body).json()
    assert first == {"status": "partial", "req_id": req_id}
    assert ask(box, method, target, data=body).json()["count"] == box.count(BODY)


def test_ids_are_numbers_that_javascript_keeps_and_no_two_runs_share(box: Sandbox) -> None:
    """A client that remembers the ids of one run must not fetch a count of another."""
    ids = []
    for _ in range(2):
        with Sandbox(profiles=50, today=TODAY) as other:
            ids.append([ask(other, "POST", PATH, json=BODY).json()["req_id"] for _ in range(3)])
    assert not set(ids[0]) & set(ids[1])
    assert all(len(str(req_id)) == 15 and req_id < 2**53 for req_id in ids[0] + ids[1])


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD", "PUT", "DELETE", "PATCH", "BREW"])
@pytest.mark.parametrize("path", [PATH, TOP, SCHEMA])
def test_other_methods_get_a_clean_answer(served: Sandbox, method: str, path: str) -> None:
    """JSON or nothing, never a page; and the connection can be used again or is closed."""
    answer = ask(served, method, path)
    if method == "OPTIONS":
        assert (answer.status_code, answer.content) == (204, b"")
    elif method == "HEAD":
        assert answer.status_code == (200 if path == SCHEMA else 405)
        assert answer.content == b""
    else:
        assert (answer.status_code, answer.json()["code"]) == (405, 405)
    if method != "BREW":
        assert "GET" in answer.headers.get("Allow", "GET")
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert ask(served, "POST", PATH, json=BODY).status_code == 200


@pytest.mark.parametrize(
    ("host", "fine"),
    [
        *[(name, True) for name in ("localhost", "127.0.0.1:80", "[::1]:8", "LOCALHOST:1")],
        *[(name, True) for name in ("box.localhost", "127.1.2.3", "localhost.", "LOCALHOST.:8")],
        *[(name, False) for name in ("evil.example", "evil.example:80", "192.168.1.5", "")],
        *[
            (name, False)
            for name in ("localhost.evil.example", "localhost..", "8.8.8.8", "[", "[::1", "a:b:c")
        ],
    ],
)
def test_only_names_of_this_machine_are_answered(served: Sandbox, host: str, fine: bool) -> None:
    """A page that binds its own name to 127.0.0.1 reads nothing."""
    assert is_loopback(host) == fine
    answer = ask(served, "POST", PATH, json=BODY, headers=HEADERS | {"Host": host})
    assert answer.status_code == (200 if fine else 403)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("HTTP/1.1\r\n", 400),
        ("HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n", 400),
        ("HTTP/1.1\r\nHost:\r\n", 403),
        ("HTTP/1.0\r\n", 200),
        ("HTTP/1.1\r\nHost: localhost.\r\n", 200),
    ],
)
def test_a_request_names_its_host_once(served: Sandbox, head: str, status: int) -> None:
    """HTTP/1.1 demands it, and whoever reads the other of two would be let in."""
    host, port = served.url.removeprefix("http://").split(":")
    credentials = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    with socket.create_connection((host, int(port)), timeout=60) as raw_socket:
        raw_socket.sendall(f"GET /sandbox/schema.json {head}{credentials}\r\n".encode())
        answer = http.client.HTTPResponse(raw_socket)
        answer.begin()
        assert answer.status == status


def test_a_body_in_chunks_is_read(served: Sandbox) -> None:
    """As clients send one whose length they do not know."""
    parts = (json.dumps(BODY)[:10].encode(), json.dumps(BODY)[10:].encode())
    answer = ask(served, "POST", PATH, data=iter(parts))
    assert answer.json()["count"] == served.count(BODY)


@pytest.mark.parametrize("raw", ["zz\r\n", "-5\r\nabc", "fffffff\r\n"])
def test_a_broken_chunk_is_refused(served: Sandbox, raw: str) -> None:
    """And the sandbox goes on serving."""
    host, port = served.url.removeprefix("http://").split(":")
    head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=60) as raw_socket:
        raw_socket.sendall((head + raw).encode())
        answer = http.client.HTTPResponse(raw_socket)
        answer.begin()
        assert answer.status in (400, 413)
    assert ask(served, "POST", PATH, json=BODY).status_code == 200


def test_the_data_has_an_identity(tmp_path: Path) -> None:
    """The same for the same data, however they came; another for other data, other days."""

    def identity(**options: Any) -> str:
        with Sandbox(today=TODAY, latency=0, **options) as box:
            data = ask(box, "GET", SCHEMA).json()["data"]
        return str(data)

    first = identity(profiles=60)
    with Sandbox(today=TODAY, profiles=60) as box:
        box.export(tmp_path)
    assert identity(profiles=60) == first
    different = [identity(profiles=61), identity(profiles=60, seed=2)]
    different += [
        identity(profiles=60, timezone="Asia/Kolkata"),
        identity(profiles=60, lenient=True),
    ]
    assert len({first, *different}) == 5


# Top values


def top(box: Sandbox, **groups: Any) -> requests.Response:
    return ask(box, "POST", TOP, json=BODY | {"groups": groups})


def test_top_values_are_the_commonest_with_their_events(served: Sandbox) -> None:
    """Events, not profiles: those of a text add up to all that have one."""
    mode = {"property_type": "event_properties", "name": "Payment mode"}
    answer = top(served, a=mode, b=mode | {"top_n": 1}, c=mode | {"order": "asc", "top_n": 1})
    values = answer.json()["a"]["STR"]
    assert answer.json()["status"] == "success"
    assert sum(values.values()) == served._engine.count(BODY)[1]
    assert list(values.values()) == sorted(values.values(), reverse=True)
    assert answer.json()["b"]["STR"] == dict(list(values.items())[:1])
    ((rarest, count),) = answer.json()["c"]["STR"].items()
    assert count == values[rarest] == min(values.values())
    for value, events in values.items():
        condition = {"name": "Payment mode", "operator": "equals", "value": value}
        assert served._engine.count(BODY | {"event_properties": [condition]})[1] == events


def test_numbers_are_told_as_ranges(served: Sandbox) -> None:
    """Of one width, and together they are all events."""
    amount = {"property_type": "event_properties", "name": "Amount", "top_n": 100}
    ranges = top(served, a=amount).json()["a"]["NUMBER"]
    assert sum(ranges.values()) == served._engine.count(BODY)[1]
    widths = {round(float(end) - float(start), 6) for start, end in (r.split("-") for r in ranges)}
    assert len(widths) == 1


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("session_properties", "utm_source"),
        ("profile_fields", "Customer Type"),
        ("app_fields", "Make"),
        ("demographics", "Education"),
        ("technographics", "Platform"),
        ("reachability", "has_token"),
        ("geo_fields", "City"),
    ],
)
def test_every_family_has_top_values(served: Sandbox, kind: str, name: str) -> None:
    """Those that the reference lists."""
    groups = top(served, a={"property_type": kind, "name": name}).json()
    assert sum(groups["a"]["STR"].values()) > 0


@pytest.mark.parametrize(
    "group",
    [
        {"property_type": "event_properties", "name": "Never"},
        {"property_type": "nothing", "name": "Amount"},
        {"property_type": "event_properties"},
        {"property_type": "event_properties", "name": "Amount", "top_n": 101},
        {"property_type": "event_properties", "name": "Amount", "top_n": True},
        {"property_type": "event_properties", "name": "Amount", "order": "up"},
    ],
)
def test_a_group_that_cannot_be_is_refused(served: Sandbox, group: dict[str, Any]) -> None:
    """In the service's words."""
    answer = top(served, a=group)
    assert (answer.status_code, answer.json()["error"]) == (400, "Invalid group")


def test_a_query_that_would_take_the_database_too_long_is_refused(served: Sandbox) -> None:
    """Whichever path it is sent to: both make SQL of all its parts."""
    body = BODY | {"advanced_query": {"did_all": [BODY] * 600}}
    groups = {"a": {"property_type": "event_properties", "name": "Amount"}}
    for path, more in ((PATH, {}), (TOP, {"groups": groups})):
        answer = ask(served, "POST", path, json=body | more)
        assert (answer.status_code, "the sandbox takes 500" in answer.text) == (400, True)


def test_a_property_that_nobody_showed_in_these_days_is_no_error(served: Sandbox) -> None:
    """It is one that the event has: there is only nothing to count."""
    group = {"a": {"property_type": "event_properties", "name": "Amount"}}
    body = BODY | {"from": 20100101, "to": 20100102, "groups": group}
    assert ask(served, "POST", TOP, json=body).json() == {"status": "success", "a": {}}


def test_top_values_are_polled_under_their_own_path(box: Sandbox) -> None:
    """An id of the one is none of the other."""
    groups = {"a": {"property_type": "event_properties", "name": "Payment mode"}}
    req_id = ask(box, "POST", TOP, json=BODY | {"groups": groups}).json()["req_id"]
    assert ask(box, "GET", f"{PATH}?req_id={req_id}").json()["error"] == "Invalid request id"
    ask(box, "GET", f"{TOP}?req_id={req_id}")
    assert "STR" in ask(box, "GET", f"{TOP}?req_id={req_id}").json()["a"]


# What is planted


def within(kind: str) -> dict[str, Any]:
    return {"profile_fields": [{"name": "Group", "operator": "equals", "value": kind}]}


def test_the_experiments_difference_is_there(engine: Engine) -> None:
    """The treated buy more, since eight weeks, and not before."""
    shares = {}
    for days in ({"from": 20261001, "to": 20261122}, {"from": 20260701, "to": 20260922}):
        for group in ("control", "treated"):
            base = {"event_name": "App Launched", **days}
            base["common_profile_properties"] = within(group)
            did = {"did_all": [{"event_name": "Charged", **days}]}
            part, whole = engine.count(base | {"advanced_query": did}), engine.count(base)
            shares[group, days["from"]] = part[0] / whole[0]
    assert shares["treated", 20261001] > 1.3 * shares["control", 20261001]
    assert 0.8 < shares["treated", 20260701] / shares["control", 20260701] < 1.25


def week(monday: date) -> dict[str, int]:
    ends = (monday, monday + timedelta(days=6))
    return {key: int(day.strftime("%Y%m%d")) for key, day in zip(("from", "to"), ends, strict=True)}


def test_newcomers_come_back_less_and_less(engine: Engine) -> None:
    """The curve of retention: it falls at first, then it is flat and above nothing."""
    cohorts = [date(2026, 8, 24) + timedelta(weeks=number) for number in range(5)]

    def back(after: int) -> int:
        profiles = 0
        for monday in cohorts:
            days = week(monday + timedelta(weeks=after))
            did = {"did_all": [{"event_name": "App Launched", **days}]}
            base = {"event_name": "App Installed", **week(monday)}
            profiles += engine.count(base | {"advanced_query": did})[0]
        return profiles

    assert back(0) == sum(
        engine.count({"event_name": "App Installed", **week(monday)})[0] for monday in cohorts
    )
    assert back(0) / 2 > back(1)
    assert back(1) + back(2) > back(6) + back(7) > back(0) / 10


def test_some_buy_without_having_looked(engine: Engine) -> None:
    """A funnel that is not nested: a step may hold people whom the one before lacks."""
    bought = BODY | {"advanced_query": {"did_none": [BODY | {"event_name": "Product Viewed"}]}}
    assert 0 < engine.count(bought)[0] < engine.count(BODY)[0] / 2


# What a page on the web, or a client that is broken, costs


def send_raw(url: str, *parts: bytes) -> tuple[int, int]:
    """Send what may never be read; return the status, and how many bytes were taken."""
    host, port = url.removeprefix("http://").split(":")
    taken = 0
    with socket.create_connection((host, int(port)), timeout=60) as raw:
        with suppress(OSError):
            for part in parts:
                raw.sendall(part)
                taken += len(part)
        answer = http.client.HTTPResponse(raw)
        answer.begin()
        return answer.status, taken


@pytest.mark.parametrize("chunked", [True, False])
def test_a_body_without_a_passcode_is_not_read(served: Sandbox, chunked: bool) -> None:
    """A page of another origin may send as much as it likes: nothing of it is kept."""
    kind = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {16 << 20}"
    head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nOrigin: https://x.example\r\n{kind}\r\n\r\n"
    before = len(served.log)
    first = b"20000\r\n" if chunked else b""
    status, _ = send_raw(served.url, head.encode() + first)
    assert status == 401
    assert len(served.log) == before
    small = requests.post(served.url + PATH, data=b"x" * 1000, timeout=60)
    assert small.status_code == 401


def test_the_log_is_short(served: Sandbox) -> None:
    """A long body leaves its length, and the latest requests alone are kept."""
    long = json.dumps(BODY | {"x": "y" * (1 << 20)})
    assert ask(served, "POST", PATH, data=long).status_code == 400
    assert served.log[-1].body == f"{len(long):,} bytes"
    assert ask(served, "POST", PATH, json=BODY).status_code == 200
    assert served.log[-1].body == BODY
    assert served._protocol._log.maxlen == LOGGED


def test_a_body_in_many_small_chunks_is_joined_once(served: Sandbox) -> None:
    """Its time grows with its length."""
    body = json.dumps(BODY | {"x": "y" * (4 << 20)}).encode()
    chunks = (body[at : at + 64] for at in range(0, len(body), 64))
    headers = {"Transfer-Encoding": "chunked", **HEADERS}
    framed = b"".join(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n" for chunk in chunks)
    head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    begun = time.process_time()
    status, _ = send_raw(served.url, f"{head}\r\n".encode(), framed, b"0\r\n\r\n")
    assert status == 400  # the key is not known
    assert time.process_time() - begun < 10


def test_trailers_have_an_end(served: Sandbox) -> None:
    """They are read behind a body in chunks, and thrown away."""
    head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    assert send_raw(served.url, head.encode() + b"x: y\r\n" * 1000 + b"\r\n")[0] == 401


@pytest.mark.parametrize("target", ["http://[::1", "//[x", "http://[::1/1/counts/profiles.json"])
def test_a_target_that_is_no_address_is_refused(served: Sandbox, target: str) -> None:
    """In JSON, as everything here."""
    head = f"POST {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert send_raw(served.url, head.encode())[0] in (400, 404)


CROWD = """
import resource, socket, sys, time
from ct_magic.sandbox import Sandbox
box = Sandbox(profiles=10, latency=0).start()
port = int(box.url.rpartition(":")[2])
held = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
time.sleep(0.5)
resource.setrlimit(resource.RLIMIT_NOFILE, (3, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
print(port, flush=True)
begun = time.process_time()
sys.stdin.readline()
print(time.process_time() - begun)
"""


@pytest.mark.skipif(os.name != "posix", reason="there is no such limit elsewhere")
def test_too_many_connections_do_not_keep_the_processor_busy() -> None:
    """A process that may open no more files waits, instead of trying without a pause."""
    with subprocess.Popen(
        [sys.executable, "-c", CROWD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with socket.create_connection(("127.0.0.1", port)), suppress(subprocess.TimeoutExpired):
            process.wait(2)
        process.stdin.write("\n")
        process.stdin.flush()
        assert float(process.stdout.readline()) < 1
