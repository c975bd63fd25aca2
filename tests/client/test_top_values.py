"""The commonest values of properties: asked, polled and read as counts are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.shell import TODAY

from ct_magic import errors
from ct_magic.client.accounts import Account
from ct_magic.client.credentials import Secret
from ct_magic.client.jobs import Failure, Forgotten, NotYet, Partial, Trouble
from ct_magic.client.top_values import Group, Listed, Value, read_top, request_body
from ct_magic.counting.property_values import property_values
from ct_magic.sandbox import Sandbox
from ct_magic.settings import Settings

SHAPES = json.loads((Path(__file__).parents[1] / "helpers/vendor-shapes.json").read_text("utf-8"))
QUERY = {"event_name": "Charged", "from": 20261001, "to": 20261031}
MODE = Group("event_properties", "Payment mode")
QUICK = Settings(poll_interval=0.05, first_look=0.05, retry_wait=0.01)


def account(box: Sandbox) -> Account:
    return Account("box", "SANDBOX", Secret("sandbox"), base_url=box.url, timezone="UTC")


def test_the_vendors_answer_is_read() -> None:
    """Texts and ranges, with their events."""
    answer = read_top(200, json.dumps(SHAPES["top values"]["answer"]).encode())
    assert isinstance(answer, Listed)
    assert answer.values == {
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
    assert not isinstance(answer, Listed)


@pytest.mark.parametrize("partials", [0, 2])
def test_values_come_with_their_events(state: object, partials: int) -> None:
    """At once or after some looks; the commonest first, and as many as the events that had it."""
    with Sandbox(profiles=300, partials=partials, today=TODAY) as box:
        amount = Group("event_properties", "Amount", 5)
        answer = property_values(QUERY, [MODE, amount], account(box), QUICK)
        values = answer.values[MODE]
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


def test_a_property_that_the_event_never_had_is_explained(state: object) -> None:
    """The service says "Invalid group", which nobody understands."""
    with Sandbox(profiles=60, latency=0, today=TODAY) as box:
        wrong = Group("event_properties", "payment mode")
        with pytest.raises(errors.CountFailedError, match=r"never had one of .* 'payment mode'"):
            property_values(QUERY, [wrong], account(box), QUICK)


def test_a_long_answer_arrives_whole(state: object) -> None:
    """A hundred values are more than an answer with a count may be."""
    with Sandbox(profiles=60, latency=0, today=TODAY) as box:
        long = {"status": "success", "g1": {"STR": {f"{n:0500}": 1 for n in range(100)}}}
        box._protocol._ask = {"/1/counts/top.json": lambda body: long}
        assert len(property_values(QUERY, [MODE], account(box), QUICK).values[MODE]) == 100
