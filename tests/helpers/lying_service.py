"""Services that lie in one point each, in front of a sandbox that does not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ct_magic.client.accounts import Account
from ct_magic.client.credentials import Secret
from ct_magic.sandbox import Sandbox
from ct_magic.sandbox.faults import Reply
from ct_magic.sandbox.server import Server

Json = dict[str, Any]
Lie = Callable[[Json], Json]


@contextmanager
def lying(
    box: Sandbox, query: Lie = lambda body: body, answer: Callable[[Json, Json], Json] | None = None
) -> Iterator[Account]:
    """Serve the box's answers to other queries than were asked, or other answers."""

    def answered(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        original = json.loads(body) if body else {}
        sent = json.dumps(query(original)).encode() if body else body
        reply = box.answer(method, target, headers, sent)
        if answer is None:
            return reply
        changed = answer(original, json.loads(reply.body))
        return Reply(reply.status, json.dumps(changed).encode(), reply.headers)

    server = Server(answered)
    server.start(0)
    try:
        yield Account("liar", "SANDBOX", Secret("sandbox"), base_url=server.url, timezone="UTC")
    finally:
        server.stop()


def _advanced(body: Json, **changes: Any) -> Json:
    advanced = {**body.get("advanced_query", {}), **changes}
    return body | {"advanced_query": {key: value for key, value in advanced.items() if value}}


def did_is_blind(body: Json) -> Json:
    """`did_all` does not see what the base counts: an event like the base happened nowhen."""
    base = {key: body[key] for key in body if key != "advanced_query"}
    did = body.get("advanced_query", {}).get("did_all", [])
    gone = [event | {"from": 20000101, "to": 20000101} if event == base else event for event in did]
    return _advanced(body, did_all=gone)


def did_is_ignored(body: Json) -> Json:
    return _advanced(body, did_all=None)


def did_any_is_ignored(body: Json) -> Json:
    return _advanced(body, did_any=None)


def did_not_is_ignored(body: Json) -> Json:
    return _advanced(body, did_none=None)


def did_any_takes_the_first(body: Json) -> Json:
    did_any = body.get("advanced_query", {}).get("did_any")
    return _advanced(body, did_any=did_any and did_any | {"any_events": did_any["any_events"][:1]})


def two_times_are_two_minutes(body: Json) -> Json:
    """The list is taken as alternatives, like every other."""
    return _of_sessions(body, lambda clock: [clock[0], clock[0]])


def the_clock_is_ignored(body: Json) -> Json:
    return _of_sessions(body, lambda clock: ["00:00", "23:59"])


def unknown_keys_are_ignored(body: Json) -> Json:
    return {key: body[key] for key in body if not key.startswith("ct_magic")}


def unknown_operators_are_ignored(body: Json) -> Json:
    return _without(body, lambda condition: condition["operator"].startswith("ct_magic"))


def unknown_filters_are_ignored(body: Json) -> Json:
    return {key: body[key] for key in body if key != "common_profile_properties"}


def empty_text_is_no_filter(body: Json) -> Json:
    return _without(body, lambda condition: condition["value"] == "")


def days_are_added_up(query: Json, answer: Json) -> Json:
    """A profile that comes on several days is counted on each."""
    if "count" in answer:
        answer["count"] += query["to"] - query["from"]
    return answer


def count_is_neither(query: Json, answer: Json) -> Json:
    if "userDeviceCount" in answer:
        counts = {"users": answer["count"] + 1, "devices": answer["count"] + 2}
        answer["userDeviceCount"] = counts
    return answer


def _without(body: Json, is_dropped: Callable[[Json], bool]) -> Json:
    conditions = [
        condition for condition in body.get("event_properties", []) if not is_dropped(condition)
    ]
    return body | {"event_properties": conditions}


def _of_sessions(body: Any, change: Callable[[list[str]], list[str]]) -> Any:
    if isinstance(body, list):
        return [_of_sessions(item, change) for item in body]
    if not isinstance(body, dict):
        return body
    if body.get("name") == "time_of_day":
        return body | {"value": change(body["value"])}
    return {key: _of_sessions(value, change) for key, value in body.items()}
