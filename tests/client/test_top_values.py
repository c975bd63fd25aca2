"""The commonest values of properties: asked, polled and read as counts are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.shell import TODAY, point_at, run
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import ct_magic
from ct_magic.client.accounts import Account
from ct_magic.client.credentials import Secret
from ct_magic.client.jobs import Failure, Forgotten, NotYet, Partial, Success, Trouble
from ct_magic.client.top_values import Group, Listed, Value, read_top, request_body
from ct_magic.common.words import harmless
from ct_magic.counting.property_values import CommonValues, property_values
from ct_magic.errors import CountFailedError
from ct_magic.sandbox import Sandbox
from ct_magic.settings import Settings

SHAPES = json.loads((Path(__file__).parents[1] / "helpers/vendor-shapes.json").read_text("utf-8"))
QUERY = {"event_name": "Charged", "from": 20261001, "to": 20261031}
MODE = Group("event_properties", "Payment mode")
QUICK = Settings(poll_interval=0.05, first_look=0.05, retry_wait=0.01)


@pytest.fixture(scope="module")
def small() -> Iterator[Sandbox]:
    """A sandbox that answers at once."""
    with Sandbox(profiles=60, latency=0, today=TODAY) as box:
        yield box


@pytest.fixture
def told(small: Sandbox) -> Iterator[Sandbox]:
    """The same, which a test may tell what to answer."""
    usual = small._protocol._ask
    yield small
    small._protocol._ask = usual


def account(box: Sandbox) -> Account:
    return Account("box", "SANDBOX", Secret("sandbox"), base_url=box.url, timezone="UTC")


def test_the_vendors_answer_is_read() -> None:
    """Texts and ranges, with their events."""
    answer = read_top(200, json.dumps(SHAPES["top values"]["answer"]).encode())
    assert isinstance(answer, Success)
    assert isinstance(answer.tally, Listed)
    assert answer.tally.values == {
        "a": (Value("NUMBER", "0-100", 10), Value("NUMBER", "100-200", 9)),
        "b": (Value("STR", "Gold", 5), Value("STR", "Silver", 10)),
    }


def test_a_request_has_the_vendors_shape() -> None:
    """The query as for a count, and the groups beside it."""
    body = json.loads(request_body(QUERY, [MODE, Group("profile_fields", "Customer Type", 2)]))
    assert body == QUERY | {
        "groups": {
            "g1": {"property_type": "event_properties", "name": "Payment mode", "top_n": 10},
            "g2": {"property_type": "profile_fields", "name": "Customer Type", "top_n": 2},
        }
    }


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"status": "partial", "req_id": 5}, Partial),
        (202, {"status": "fail", "error": "Request still in progress", "code": "2"}, NotYet),
        (400, {"status": "fail", "error": "Invalid group", "code": 400}, Failure),
        (200, {"status": "fail", "error": "Invalid request id", "code": 400}, Forgotten),
        (500, {"status": "fail", "error": "An unknown error occurred", "code": 500}, Trouble),
        (202, {"status": "success", "a": {"STR": {"UPI": 1}}}, (Trouble, NotYet)),
        (200, {"status": "success", "a": {"STR": {"UPI": "many"}}}, Trouble),
        (200, {"status": "success", "a": {"STR": {"UPI": True}}}, Trouble),
        (200, {"status": "success", "a": {"STR": ["UPI"]}}, Trouble),
        (200, {"status": "success", "a": {"ODD": {"UPI": 1}}}, Trouble),
        (200, {"status": "success", "req_id": 6, "a": {"STR": {"UPI": 1}}}, Trouble),
        (200, [], Trouble),
    ],
)
def test_whatever_is_no_list_of_values_is_none(status: int, body: Any, kind: Any) -> None:
    """All but a clean success is what it would be for a count."""
    answer = read_top(status, json.dumps(body).encode(), req_id="5")
    assert isinstance(answer, kind)


def found(box: Sandbox, text: str, **more: Any) -> CommonValues:
    """What is found in the October of a sandbox."""
    more = {"account": account(box), "settings": QUICK, "today": TODAY} | more
    return property_values(text, {}, **more)


@pytest.mark.parametrize("partials", [0, 2])
def test_values_come_with_their_events(state: object, partials: int) -> None:
    """At once or after some looks; the commonest first, and as many as the events that had it."""
    with Sandbox(profiles=300, partials=partials, today=TODAY) as box:
        answer = found(box, "Charged 2026-10 by Payment mode, Amount")
        mode, amount = answer.values
        values = answer.values[mode]
        assert [value.events for value in values] == sorted(
            (value.events for value in values), reverse=True
        )
        for value in values:
            condition = {"name": "Payment mode", "operator": "equals", "value": value.text}
            assert box._engine.count(QUERY | {"event_properties": [condition]})[1] == value.events
        assert {value.kind for value in answer.values[amount]} == {"NUMBER"}
        assert list(answer.frame["value"]) == [
            value.text for values in answer.values.values() for value in values
        ]


def test_a_property_that_the_event_never_had_is_explained(state: object, small: Sandbox) -> None:
    """The service says "Invalid group", which nobody understands."""
    with pytest.raises(CountFailedError, match="the event never had one of") as caught:
        found(small, "Charged 2026-10 by Nothing like it")
    assert list(caught.value.frame.columns)[-1] == "events"


def test_a_long_answer_is_read_whole(state: object, told: Sandbox) -> None:
    """A hundred values are more than an answer with a count may be."""
    long = {"status": "success", "g1": {"STR": {f"{n:0500}": 1 for n in range(100)}}}
    told._protocol._ask = {"/1/counts/top.json": lambda body: long}
    (values,) = found(told, "Charged 2026-10 by Payment mode", top=100).values.values()
    assert len(values) == 100


STEERING = ["\x1b[2J", "a\x07b", "\ud800", "c\x9bd", "\ufffd"]


@pytest.mark.parametrize("odd", STEERING)
def test_a_value_that_steers_a_terminal_is_shown_and_not_learned(
    state: object, told: Sandbox, odd: str, shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes from the service, and goes into a terminal; half a pair could be written nowhere."""
    point_at(told, monkeypatch)
    some = {"status": "success", "g1": {"STR": {odd: 2, "UPI": 1}}}
    told._protocol._ask = {"/1/counts/top.json": lambda body: some}
    with capture_output() as captured:
        run(shell, "%ct values Charged 2026-10 by Payment mode")
        run(shell, "%ct names")
    shown = captured.stdout + "".join(str(o.data["text/plain"]) for o in captured.outputs)
    shown = shown.replace("\x1b[0m", "").replace("\x1b[31m", "")
    assert "UPI" in shown
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", shown)
    known = ct_magic.names()
    (values,) = known["values"][known["property"] == "Payment mode"]
    assert "UPI" in values
    assert not [value for value in values if "\ufffd" in harmless(value)]
