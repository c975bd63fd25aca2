"""Bytes -> answer: every row of `client/API.md`, and what is none of its answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ct_magic.client.jobs import (
    Answer,
    Busy,
    Cause,
    Denied,
    Failure,
    Forgotten,
    NotYet,
    Partial,
    Success,
    Tally,
    Trouble,
)
from ct_magic.client.responses import kept_by, pause, read, sent_at
from ct_magic.common.system_events import SYSTEM_EVENTS

LIVE = {
    "count": 2953671,
    "nQCount": 0,
    "status": "success",
    "tcount": 7921312,
    "userDeviceCount": {"devices": 2953671, "users": 2953670},
}
ID = "384649162721759"


def fail(error: object, code: object = None) -> dict[str, object]:
    return {"status": "fail", "error": error} | ({} if code is None else {"code": code})


def reading(status: int, body: object, req_id: str | None = ID) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read(status, raw, req_id=req_id)


def refused(error: str) -> Trouble:
    """Of a look, whose query was accepted: it may pass."""
    return Trouble(error, cause=Cause.REFUSED)


NO_EVENT = "invalid event 'App Lauched': names are exact and case-sensitive."


@pytest.mark.parametrize(
    ("status", "body", "answer"),
    [
        (200, {"status": "success", "count": 0}, Success(Tally(0))),
        (200, LIVE, Success(Tally(2953671, 7921312, 2953670, 2953671))),
        (202, b"", NotYet()),
        (202, {"status": "success", "count": 5}, NotYet()),
        (200, fail("Request still in progress, please retry later", 2), NotYet()),
        (202, fail("Request still in progress, please retry later", "2"), NotYet()),
        (200, fail("Request still in progress, please retry later"), NotYet()),
        (400, fail("busy", 2), NotYet()),
        (400, fail("Invalid request id"), Forgotten("HTTP 400: Invalid request id")),
        (
            200,
            fail("Invalid request id", 400),
            Forgotten("the service answered: Invalid request id (code 400)"),
        ),
        (200, fail("nope"), refused("the service answered: nope")),
        (400, fail("bad", 4002), Failure("HTTP 400: bad (code 4002)")),
        (200, fail("bad", "4002"), Failure("the service answered: bad (code 4002)")),
        (
            200,
            fail('["Invalid event : App Lauched"]', 400),
            Failure(NO_EVENT + " Did you mean 'App Launched'?"),
        ),
        (200, fail(["one", "two"], 400), refused("the service answered: one; two (code 400)")),
        (200, fail("[no list", 400), refused("the service answered: [no list (code 400)")),
        (404, fail("Not found"), refused("HTTP 404: Not found")),
        (405, fail("x", 405), refused("HTTP 405: x")),
        (401, fail("Invalid Credentials", 401), Denied("HTTP 401: Invalid Credentials")),
        (401, {"error": "Invalid Credentials"}, Denied("HTTP 401: Invalid Credentials")),
        (403, fail("no"), Denied("HTTP 403: no")),
        (200, fail("no", 401), Denied("the service answered: no (code 401)")),
        (200, fail("no", "401"), Denied("the service answered: no (code 401)")),
        (400, fail("Account ID is not valid", 400), Denied("HTTP 400: Account ID is not valid")),
        (200, fail("Invalid Credentials"), Denied("the service answered: Invalid Credentials")),
        (429, fail("Too many", 429), Busy("HTTP 429: Too many")),
        (429, b"<html>slow down</html>", Busy("HTTP 429: a page of 22 bytes")),
        (409, fail("x"), Busy("HTTP 409: x")),
        (200, fail("Too many", 429), Busy("the service answered: Too many (code 429)")),
        (
            200,
            fail("Too many concurrent requests"),
            Busy("the service answered: Too many concurrent requests"),
        ),
    ],
)
def test_each_answer_of_the_reference(status: int, body: object, answer: Answer) -> None:
    """What is known of the API, one by one: what is final, and what backs off."""
    assert reading(status, body) == answer


@pytest.mark.parametrize(
    ("status", "body", "cause"),
    [
        (500, fail("An unknown error occurred", 500), Cause.INTERNAL),
        (200, fail("An unknown error occurred", 500), Cause.INTERNAL),
        (500, b"", Cause.INTERNAL),
        (503, fail("later"), Cause.UNAVAILABLE),
        (200, fail("later", "503"), Cause.UNAVAILABLE),
        (502, b"<html>Bad Gateway</html>", Cause.UNAVAILABLE),
        (503, {"status": "success", "count": 5}, Cause.UNAVAILABLE),
        (408, b"", Cause.UNAVAILABLE),
        (425, fail("Too early"), Cause.UNAVAILABLE),
        (200, b"<html>Sign in</html>", Cause.FOREIGN),
        (202, b"<html>Sign in</html>", Cause.FOREIGN),
        (302, b"", Cause.FOREIGN),
        (302, fail("moved", 400), Cause.FOREIGN),
        (101, b"", Cause.FOREIGN),
        (204, b"", Cause.FOREIGN),
        (206, {"status": "success", "count": 5}, Cause.FOREIGN),
        (201, {"status": "success", "count": 5}, Cause.FOREIGN),
        (400, {"status": "success", "count": 5}, Cause.FOREIGN),
        (404, b"<html>nothing here</html>", Cause.FOREIGN),
        (404, {"message": "no Route matched"}, Cause.FOREIGN),
        (403, b"<html>Request blocked</html>", Cause.FOREIGN),
        (407, b"", Cause.FOREIGN),
    ],
)
def test_what_is_no_answer_of_the_api_is_trouble(status: int, body: object, cause: Cause) -> None:
    """It is tried again, and an id is kept: a page, a redirection, a count under another status."""
    answer = reading(status, body)
    assert isinstance(answer, Trouble)
    assert answer.cause is cause


@pytest.mark.parametrize(
    "body",
    [
        {"status": "success"},
        *(
            {"status": "success", "count": count}
            for count in (None, True, -1, 12.0, "12", [1], 2**63, {"count": 1})
        ),
        {"status": "maybe", "count": 5},
        {"count": 5},
        {"status": ["success"], "count": 5},
        [{"status": "success", "count": 5}],
        5,
        {"status": "partial"},
        *(
            {"status": "partial", "req_id": req_id}
            for req_id in (None, 1.5e15, True, -1, "", "x" * 300, [], "a\nb")
        ),
        b"<html>Sign in</html>",
        b"",
        b"\xff\xfe\x00",
        b'{"status": "success", "count": NaN}',
        b'{"status": "success", "count": 1, "count": 2}',
        b'{"status": "success", "count": 5',
        b"[" * 100_000,
        b'{"status": "success", "count": ' + b"9" * 5000 + b"}",
    ],
)
def test_nothing_but_a_count_is_a_count(body: object) -> None:
    """What is no answer of the API's becomes an error that quotes what came, and is short."""
    answer = reading(200, body, req_id=None)
    assert isinstance(answer, Trouble)
    assert len(answer.error) < 400


@pytest.mark.parametrize("req_id", [None, ID])
@pytest.mark.parametrize(
    ("sent", "expected"),
    [(int(ID), ID), (ID, ID), (10**40 + 1, str(10**40 + 1)), ("0123", "0123")],
)
def test_an_id_keeps_every_digit(sent: object, expected: str, req_id: str | None) -> None:
    """As a number or as text; a double would round the long ones."""
    answer = reading(200, {"status": "partial", "req_id": sent}, req_id=req_id and expected)
    assert answer == Partial(expected)


def test_a_poll_that_is_told_partial_without_an_id_keeps_its_own() -> None:
    """The service leaves it out, seen live; the id is known."""
    assert reading(200, {"status": "partial"}) == Partial(ID)
    assert reading(200, {"status": "partial", "req_id": None}) == Partial(ID)


@pytest.mark.parametrize("req_id", [int(ID) + 1, "other", 3.8e14, True, [ID]])
@pytest.mark.parametrize(
    "body",
    [
        {"status": "success", "count": 5},
        {"status": "partial"},
        fail("Invalid event : X", 400),
        fail("Invalid request id", 400),
    ],
)
def test_an_answer_that_names_another_id_is_refused(body: dict[str, Any], req_id: object) -> None:
    """It is the count of another query: it came late, or by a proxy's mistake."""
    answer = reading(200, body | {"req_id": req_id})
    assert isinstance(answer, Trouble)
    assert "another query" in answer.error
    assert isinstance(reading(200, LIVE | {"req_id": int(ID)}), Success)


def test_an_unknown_event_is_told_the_nearest_that_is_known() -> None:
    """The account's own names, and those that every account has; never the refused one itself."""
    body = json.dumps(fail("Invalid event : Chargd", 400)).encode()
    assert "Did you mean 'Charged'?" in str(read(400, body, events=["Ride Booked"]))
    body = json.dumps(fail('["Invalid event : ride booked"]', 400)).encode()
    assert "Did you mean 'Ride Booked'?" in str(read(400, body, events=["Ride Booked"]))
    body = json.dumps(fail("Invalid event : Charged", 400)).encode()
    assert "Did you mean" not in str(read(400, body, events=SYSTEM_EVENTS))


@pytest.mark.parametrize("event", ["Passcode wrong", "Invalid Credentials"])
def test_an_event_that_is_called_like_an_error_is_no_error(event: str) -> None:
    """The run would be ended for a wrong passcode."""
    assert isinstance(reading(400, fail(f"Invalid event : {event}", 400)), Failure)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("\x1b[31mred\x00\n\n  two", "\ufffd[31mred\ufffd two"),
        ("half a pair: \ud800", "half a pair: \ufffd"),
        ("x" * 9999, "x" * 400 + " ..."),
    ],
)
def test_the_services_own_words_are_shown_on_one_plain_line(sent: str, shown: str) -> None:
    """They reach a terminal, a file and a DataFrame: nothing that moves a cursor or has no code."""
    assert reading(400, fail(sent), req_id=None) == Failure(f"HTTP 400: {shown}")


def test_what_a_success_adds_is_taken_only_where_it_is_a_number() -> None:
    """None of it may be required, and none of it can spoil the count."""
    odd = {"status": "success", "count": 5, "tcount": "many", "userDeviceCount": {"users": -1}}
    assert reading(200, odd) == Success(Tally(5))


@pytest.mark.parametrize(
    "words",
    [
        *("Rate limit exceeded", "rate-limit reached", "Too many requests", "Too many queries"),
        *("Please try again later", "Try again in 30 seconds", "Please retry after some time"),
        *("Request limit reached", "Server is busy", "You are being throttled", "Slow down"),
        *("Concurrency exceeded", "Quota exceeded", "Temporarily unavailable", "TOO MANY"),
        *("TooManyRequestsException", "too_many_requests", "rate_limit_exceeded", "QuotaExceeded"),
        *("Please slow-down", "RateLimitExceeded", "ThrottlingException", "Rate exceeded"),
        *(
            "Limit exceeded",
            "API call limit reached",
            "Daily limit exceeded",
            "Request rate too high",
        ),
        *("Requests per second exceeded", "You have exceeded the maximum number of requests"),
        *("Please wait 30 seconds between polling requests", "Please retry your request"),
        *("Please try in a few minutes", "Come back later", "You are polling too fast"),
        *("A query is already running", "Another request is in progress", "Job queue is full"),
        *("RESOURCE_EXHAUSTED", "Capacity exceeded", "Service is currently unavailable"),
        *(
            "Under maintenance",
            "Back off",
            "Too many reports in progress",
            "exceeded limit of 3 calls",
        ),
        *("The 'reports' queue is full", "Usage limits reached"),
    ],
)
@pytest.mark.parametrize(("status", "code"), [(400, 400), (200, 400), (200, None), (403, 403)])
@pytest.mark.parametrize("req_id", [None, ID])
def test_whatever_asks_to_come_later_is_busy(
    words: str, status: int, code: object, req_id: str | None
) -> None:
    """In any words and under any code: it is no failure of the query, and costs no try."""
    assert isinstance(reading(status, fail(words, code), req_id), Busy)


@pytest.mark.parametrize(
    "words",
    [
        *("Invalid event : Try again", "Invalid event : Too many requests", "Bad request"),
        *("Too many filters", "too many event properties", "Too many events in the query"),
        *(
            "Invalid property : quota",
            "Invalid operator : try again",
            "Unknown property: Rate limit",
        ),
        *("Event 'Quota reached' does not exist", 'event property "busy" is invalid'),
        *("Too many arguments", "Too many operands", "Request limit of 100 filters exceeded"),
        *("Unknown event Busy", "Invalid parameter: rate limit", "Please try with fewer values"),
    ],
)
def test_what_is_wrong_with_the_query_is_no_reason_to_come_later(words: str) -> None:
    """It would be asked for an hour: its parts stay as many, and an event may have any name."""
    assert isinstance(reading(400, fail(words, 400), req_id=None), Failure)


@pytest.mark.parametrize(
    ("body", "is_final"),
    [
        (fail("Error accessing report job", 400), False),
        (fail("Query failed", 400), False),
        (fail("Not found", 404), False),
        (fail("Unknown"), False),
        (fail('["Invalid event : X"]', 400), True),
        (fail("bad dates", 4002), True),
        (fail("Invalid group", 400), True),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_a_failed_look_is_final_only_where_it_names_what_is_wrong_with_the_query(
    status: int, body: dict[str, object], is_final: bool
) -> None:
    """The query was accepted: what says nothing of it may pass, and its id is kept."""
    assert isinstance(reading(status, body, req_id=None), Failure)
    assert isinstance(reading(status, body), Failure if is_final else Trouble)


@pytest.mark.parametrize(
    "more",
    [
        {"error": "An unknown error occurred", "code": 500},
        {"error": ["no"]},
        {"code": 429},
        {"code": "400"},
        *({"code": 2}, {"code": 4002}, {"code": "2"}),
        *({"error": {"message": "no"}}, {"error": True}, {"errors": ["no"]}, {"errorCode": 7}),
        {"tcount": 4},
        {"tcount": 0},
    ],
)
def test_a_success_that_contradicts_itself_is_no_count(more: dict[str, object]) -> None:
    """A failure in it, or fewer events than profiles: nobody knows which half is true."""
    answer = reading(200, {"status": "success", "count": 5} | more)
    assert isinstance(answer, Trouble)
    fine = [{"error": ""}, {"error": None}, {"code": 200}, {"code": 0}, {"tcount": 5}]
    fine += [{"error": False}, {"errors": []}, {"error": {}}, {"error": "[]"}, {"errorCode": 0}]
    for extra in fine:
        assert isinstance(reading(200, {"status": "success", "count": 5} | extra), Success)


def test_a_success_of_a_submission_names_its_id() -> None:
    """By that it is found out where two queries got one answer."""
    answer = reading(200, LIVE | {"req_id": int(ID)}, req_id=None)
    assert isinstance(answer, Success)
    assert answer.req_id == ID


@pytest.mark.parametrize(
    "words",
    [
        *("Unknown request id", "No such req_id", "reqId not found", "Request id has expired"),
        *("The request id is not valid", "Invalid RequestId", "job id does not exist"),
    ],
)
@pytest.mark.parametrize(("status", "code"), [(400, 400), (404, 404), (200, None), (410, 410)])
def test_an_id_that_is_not_known_is_forgotten_in_any_words(
    words: str, status: int, code: object
) -> None:
    """Young it is looked at again, later only a new submission helps; a submission has none."""
    assert isinstance(reading(status, fail(words, code)), Forgotten)
    assert isinstance(reading(400, fail(f"Invalid event : {words}", 400)), Failure)
    assert not isinstance(reading(status, fail(words, code), None), Forgotten)


@pytest.mark.parametrize(
    "words",
    ["Still processing", "Query is still running", "Result not ready", "Request in progress"],
)
@pytest.mark.parametrize(("status", "code"), [(400, 400), (200, 400), (200, None)])
def test_what_is_still_counted_is_no_failure(words: str, status: int, code: object) -> None:
    """However it is said: a long count would else be given up after five looks."""
    assert reading(status, fail(words, code)) == NotYet()


@pytest.mark.parametrize(
    "headers",
    [
        *({"X-Cache": "TCP_MEM_HIT from proxy"}, {"X-Cache": "RefreshHit from cloudfront"}),
        *({"CF-Cache-Status": "HIT"}, {"X-Cache-Status": "STALE"}, {"X-Proxy-Cache": "hit"}),
        *({"X-Cache-Hits": "0, 2"}, {"Cache-Status": "edge; hit; ttl=5"}, {"Age": "007"}),
    ],
)
def test_every_cache_that_says_so_is_believed(headers: dict[str, str]) -> None:
    """What it gives was given before: it is no answer to this request."""
    assert kept_by(headers)
    fine = {"X-Cache": "TCP_MISS", "CF-Cache-Status": "DYNAMIC", "X-Cache-Hits": "0", "Age": "0"}
    assert not kept_by(fine | {"Cache-Control": "no-cache, stale-if-error=0", "X-White": "hit"})


@pytest.mark.parametrize("header", ["1_000", "1_0.5", "0x10", "1e", ""])
def test_a_pause_is_written_as_http_writes_it(header: str) -> None:
    """Python alone takes 1_000 for a number."""
    assert pause({"Retry-After": header}) is None


@pytest.mark.parametrize("between", [", ", ","])
def test_of_two_dates_the_earlier_one_counts(between: str) -> None:
    """A cache's neighbour may put its own date beside that of the answer."""
    dates = ["Sun, 29 Nov 2026 10:00:00 GMT", "Mon, 30 Nov 2026 10:00:00 GMT"]
    for both in (dates, dates[::-1]):
        assert sent_at({"Date": between.join(both)}) == datetime(2026, 11, 29, 10, tzinfo=UTC)
