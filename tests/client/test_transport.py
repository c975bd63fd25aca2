"""HTTP -> answer: every answer of `client/API.md`, over real HTTP on loopback."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

import ct_magic
from ct_magic.client.accounts import Account
from ct_magic.client.credentials import Secret
from ct_magic.client.jobs import Answer, Busy, Denied, Partial, Success, Tally, Trouble
from ct_magic.client.responses import pause
from ct_magic.client.transport import Service
from ct_magic.errors import CountFailedError
from ct_magic.sandbox.faults import Reply
from ct_magic.sandbox.server import Server

HIDDEN = "AAE-hidden-7731"
LIVE = {
    "count": 2953671,
    "nQCount": 0,
    "status": "success",
    "tcount": 7921312,
    "userDeviceCount": {"devices": 2953671, "users": 2953670},
}


@contextmanager
def serving(answer: Callable[..., Reply], **limits: Any) -> Iterator[Service]:
    """Return a Service whose account lives at a real server with this answer."""
    server = Server(answer)
    server.start(0)
    try:
        yield Service(Account("default", "ABC", Secret(HIDDEN), base_url=server.url), **limits)
    finally:
        server.stop()


def test_a_count_whose_error_cannot_be_encoded_still_ends(state: Path) -> None:
    """What the journal cannot write would otherwise leave the cell waiting for ever."""
    with serving(lambda *_: Reply(400, b'{"status": "fail", "error": "\\ud800"}')) as service:
        account = service._account
        with pytest.raises(CountFailedError, match="HTTP 400: \ufffd"):
            ct_magic.count("App Launched 2026-10", account=account, progress="none")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        *(("7", 7.0), ("0.5", 0.5), ("1e300", 86400.0), ("inf", 86400.0), ("nan", None)),
        *(("-1", None), ("Thu, 01 Jan 2026 00:00:00 +9999999999999999", None)),
    ],
)
def test_a_pause_that_the_service_asks_for_is_obeyed_up_to_a_day(
    header: str, seconds: float | None
) -> None:
    """More than any clock can wait for would end the thread that waits."""
    busy = Reply(429, b'{"error": "x"}', (("Retry-After", header),))
    with serving(lambda *_: busy) as service:
        answer = service.submit("{}")
    assert isinstance(answer, Busy)
    assert answer.retry_after == seconds
    assert ("it asks to wait until 20" in answer.error) == (seconds == 86400)


@pytest.mark.parametrize(
    ("after", "least", "most"), [(7200, 7000, 7201), (10**7, 86400, 86400), (-90, None, None)]
)
def test_a_pause_may_be_a_date(after: int, least: int | None, most: int | None) -> None:
    """Counted from the date of the answer; one that is past is none."""
    until = formatdate(time.time() + after, usegmt=True)
    with serving(lambda *_: Reply(503, b"", (("Retry-After", until),))) as service:
        answer = service.submit("{}")
    assert isinstance(answer, Trouble)
    if least is None or most is None:
        assert answer.retry_after is None
    else:
        assert least <= (answer.retry_after or 0) <= most


def test_a_pause_to_a_date_is_obeyed_where_the_answer_has_no_date_of_its_own() -> None:
    """A proxy may leave the date away; then the machine's clock is near enough."""
    until = formatdate(time.time() + 7200, usegmt=True)
    assert 7000 <= (pause({"Retry-After": until}) or 0) <= 7201


def test_the_two_calls_are_as_documented() -> None:
    """Path, method, headers and body of submit and poll."""
    requests: list[tuple[str, str, Mapping[str, str], bytes]] = []

    def answer(*request: Any) -> Reply:
        requests.append(request)
        return Reply(200, b'{"status": "partial", "req_id": 123456789012345678}')

    with serving(answer) as service:
        assert service.submit('{"a": "é"}') == Partial("123456789012345678")
        assert service.poll("123456789012345678") == Partial("123456789012345678")
    (method, path, headers, body), (method2, path2, headers2, body2) = requests
    assert (method, path) == ("POST", "/1/counts/profiles.json")
    assert body == '{"a": "é"}'.encode()
    assert (method2, path2) == ("GET", "/1/counts/profiles.json?req_id=123456789012345678")
    assert body2 == b""
    for sent in (headers, headers2):
        assert sent["X-CleverTap-Account-Id"] == "ABC"
        assert sent["X-CleverTap-Passcode"] == HIDDEN
        assert sent["Content-Type"] == "application/json"
        assert sent["Cache-Control"] == "no-cache"


def test_a_redirection_is_not_followed() -> None:
    """The passcode goes to the account's own address and nowhere else."""
    paths: list[str] = []

    def answer(method: str, path: str, *_: Any) -> Reply:
        paths.append(path)
        return Reply(302, b"", (("Location", "/elsewhere"),))

    with serving(answer) as service:
        assert "redirection" in str(service.submit("{}"))
    assert len(paths) == 1


def test_a_netrc_file_does_not_replace_the_credentials(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine's .netrc would add a header of its own."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password netrc-secret")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    received: list[Mapping[str, str]] = []

    def answer(_: str, __: str, headers: Mapping[str, str], ___: bytes) -> Reply:
        received.append(headers)
        return Reply(200, b'{"status": "success", "count": 1}')

    with serving(answer) as service:
        service.submit("{}")
    assert "Authorization" not in received[0]


def test_a_proxy_of_the_environment_never_sees_what_is_for_loopback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Over http it would read the passcode; and behind a company's proxy the sandbox must work."""
    paths: list[str] = []

    def proxy(_: str, path: str, *rest: object) -> Reply:
        paths.append(path)
        return Reply(502, b"")

    server = Server(proxy)
    server.start(0)
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, server.url)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    try:
        with serving(lambda *_: Reply(200, b'{"status": "success", "count": 1}')) as service:
            assert service.submit("{}") == Success(Tally(1))
    finally:
        server.stop()
    assert paths == []


def test_a_wrong_passcode_says_what_to_check_and_where_it_was_sent() -> None:
    """A wrong region is answered in the same way."""
    with serving(lambda *_: Reply(401, b'{"error": "Invalid Credentials"}')) as service:
        answer = service.submit("{}")
    assert isinstance(answer, Denied)
    for word in (
        "'ABC'",
        "at http://127.0.0.1:",
        "a wrong region is answered like a wrong passcode",
    ):
        assert word in answer.error


def test_nobody_there_and_nobody_answering_are_trouble() -> None:
    """Both are worth another try; both name the address."""
    with socket.socket() as occupied:
        occupied.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{occupied.getsockname()[1]}"
        refused = Service(Account("default", "A", Secret("x"), base_url=url)).submit("{}")
        occupied.listen(1)
        silent = Service(
            Account("default", "A", Secret("x"), base_url=url), read_timeout=0.1
        ).submit("{}")
    assert isinstance(refused, Trouble)
    assert isinstance(silent, Trouble)
    assert url in refused.error
    assert "did not answer in time" in silent.error


def test_slow_and_endless_bodies_are_bounded() -> None:
    """A body that drips is late after `total` seconds, one that is huge is given up early."""
    with serving(lambda *_: Reply(200, b"x" * 10_000, manner="slow"), total=0.5) as service:
        assert isinstance(service.submit("{}"), Trouble)  # the whole of it would take half an hour
    with serving(lambda *_: Reply(200, b"x" * (4 << 20))) as service:
        assert isinstance(service.submit("{}"), Trouble)


def test_several_threads_may_ask_at_once() -> None:
    """Each has its own connection."""
    with serving(lambda *_: Reply(200, b'{"status": "success", "count": 1}')) as service:
        answers: list[Answer] = []
        threads = [
            threading.Thread(target=lambda: answers.append(service.submit("{}"))) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == [Success(Tally(1))] * 8


def test_no_log_of_any_library_holds_the_passcode(caplog: pytest.LogCaptureFixture) -> None:
    """Also not at DEBUG, where urllib3 tells of every request."""
    caplog.set_level(logging.DEBUG)
    for manner in ("whole", "reset", "half"):
        reply = Reply(200, b'{"status": "success", "count": 1}', manner=manner)
        with serving(lambda *_, reply=reply: reply) as service:
            assert HIDDEN not in repr(service.submit("{}"))
            assert HIDDEN not in repr(vars(service))
    assert caplog.records
    assert HIDDEN not in caplog.text
