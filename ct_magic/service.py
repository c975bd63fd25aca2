"""Submit and poll: HTTP -> one answer of the closed list. The one room that imports requests."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import requests
from requests.auth import AuthBase

from .job import (
    Answer,
    Busy,
    Denied,
    Failure,
    Forgotten,
    NotYet,
    Partial,
    Success,
    Tally,
    Trouble,
)

if TYPE_CHECKING:
    from .accounts import Account

PATH = "/1/counts/profiles.json"
LONGEST = 16 << 10  # bytes of a body that are read; an answer has some hundred
SHOWN = 120  # characters of a body that an error quotes
SAID = 400  # characters of the service's own words that an error repeats
LONGEST_PAUSE = 86400.0  # seconds; whoever asks for more than a day's pause cannot mean it
STILL_IN_PROGRESS = 2  # the code of "Request still in progress"


class Asker(Protocol):
    """What a run needs of the service; a test passes functions."""

    def submit(self, body: str) -> Answer:
        """Send a query, JSON as text."""
        ...

    def poll(self, req_id: str) -> Answer:
        """Look whether the query under this id is done."""
        ...


class Service:
    """The service at an account's address. Whatever the network does, a call gives an Answer.

    `connect_timeout` and `read_timeout` are seconds for one step of a request, `total` for the
    whole of its body. May be used by several threads at once. Nothing is redirected, and the
    passcode goes to the account's own address alone.
    """

    def __init__(
        self,
        account: Account,
        *,
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
        total: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._account = account
        self._timeouts = (connect_timeout, read_timeout)
        self._total, self._clock = total, clock
        self._local = threading.local()

    def submit(self, body: str) -> Answer:
        """Send a query, JSON as text."""
        return self._ask("POST", data=body.encode())

    def poll(self, req_id: str) -> Answer:
        """Look whether the query under this id is done."""
        return self._ask("GET", params={"req_id": req_id})

    def _ask(self, method: str, **more: Any) -> Answer:
        try:
            with self._session().request(
                method,
                self._account.base_url + PATH,
                headers={"Content-Type": "application/json"},
                auth=_Credentials(self._account),
                timeout=self._timeouts,
                allow_redirects=False,
                stream=True,
                **more,
            ) as response:
                body = self._read(response)
        except requests.RequestException as error:
            return self._no_answer(error)
        answer = self._understood(response.status_code, body, polled=method == "GET")
        return self._said_of(answer, response.headers.get("Retry-After"))

    def _understood(self, status: int, body: bytes, *, polled: bool) -> Answer:
        answer = read(status, body, polled=polled)
        passcode = self._account.passcode.reveal().encode()
        if passcode in body and not isinstance(answer, Success | Partial | NotYet):
            # A proxy's page may repeat what it was sent, and errors quote pages.
            return read(status, body.replace(passcode, b"****"), polled=polled)
        return answer

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
            # http is for loopback: a proxy of the environment would carry the passcode elsewhere.
            self._local.session.trust_env = self._account.base_url.startswith("https:")
        session: requests.Session = self._local.session
        return session

    def _read(self, response: requests.Response) -> bytes:
        # One byte at a time: a larger chunk waits until it is full, however slowly it drips.
        body, begun = bytearray(), self._clock()
        for chunk in response.iter_content(1):
            body += chunk
            if self._clock() - begun > self._total:
                raise requests.Timeout
            if len(body) > LONGEST:
                break
        return bytes(body)

    def _no_answer(self, error: requests.RequestException) -> Answer:
        host = self._account.base_url
        if isinstance(error, requests.exceptions.SSLError):
            return Failure(f"no safe connection to {host}: its TLS certificate cannot be verified")
        if isinstance(error, requests.Timeout):
            return Trouble(f"{host} did not answer in time")
        if isinstance(error, requests.exceptions.ProxyError):
            return Trouble(f"the proxy on the way to {host} does not answer")
        if isinstance(error, requests.ConnectionError | requests.exceptions.ChunkedEncodingError):
            return Trouble(f"no connection to {host}, or it was lost")
        return Failure(f"the request to {host} could not be made ({type(error).__name__})")

    def _said_of(self, answer: Answer, retry_after: str | None) -> Answer:
        match answer:
            case Denied(error):
                who = f"account {self._account.id!r} in region {self._account.region!r}"
                return Denied(
                    f"{error} ({who}, {self._account.base_url}): check id, passcode and region; "
                    "a wrong region is answered like a wrong passcode"
                )
            case Busy(error):
                return Busy(error, _seconds(retry_after))
            case Trouble(error):
                return Trouble(error, _seconds(retry_after))
        return answer


class _Credentials(AuthBase):
    """Puts id and passcode into the headers at the last moment; also keeps a .netrc out."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["X-CleverTap-Account-Id"] = self._account.id
        request.headers["X-CleverTap-Passcode"] = self._account.passcode.reveal()
        return request


def read(status: int, body: bytes, *, polled: bool) -> Answer:
    """Read an HTTP answer. Source: the API's reference, "Answers". Nothing but a count is one."""
    found = _json(body)
    said = _error(found, body)
    if status in (401, 403):
        return Denied(f"HTTP {status}: {said}")
    if status in (409, 429):
        return Busy(f"HTTP {status}: {said}")
    if status >= 500:
        return Trouble(f"HTTP {status}: {said}")
    if 300 <= status < 400:
        return Failure(f"HTTP {status}: a redirection, which is not followed; check the address")
    if isinstance(found, dict) and found.get("status") == "fail":
        return _failed(found, f"HTTP {status}: {said}", polled=polled)
    if status >= 400:
        return Failure(f"HTTP {status}: {said}")
    if status == 202 and not (isinstance(found, dict) and "req_id" in found):
        return NotYet()
    return _good(found, body)


def _failed(found: dict[str, Any], said: str, *, polled: bool) -> Answer:
    if found.get("code") == STILL_IN_PROGRESS:
        return NotYet()
    if polled and "invalid request id" in str(found.get("error")).lower():
        return Forgotten(said)
    return Failure(said)


def _good(found: Any, body: bytes) -> Answer:
    if not isinstance(found, dict):
        return Failure(f"the answer is not JSON of the API: {_quoted(body)}")
    match found.get("status"):
        case "success":
            count = _whole(found.get("count"))
            if count is None:
                return Failure(f"the answer holds no count: {_quoted(body)}")
            return Success(_tally(count, found))
        case "partial":
            req_id = _req_id(found.get("req_id"))
            if req_id is None:
                return Failure(f"the answer holds no request id: {_quoted(body)}")
            return Partial(req_id)
    return Failure(f"the answer has a status that is not known: {_quoted(body)}")


def _tally(count: int, found: dict[str, Any]) -> Tally:
    split = found.get("userDeviceCount")
    split = split if isinstance(split, dict) else {}
    return Tally(
        count=count,
        events=_whole(found.get("tcount")),
        users=_whole(split.get("users")),
        devices=_whole(split.get("devices")),
    )


def _whole(value: Any) -> int | None:
    # Int64 is what the DataFrame can hold.
    fine = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63
    return value if fine else None


def _req_id(value: Any) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    fine = isinstance(value, str) and 0 < len(value) <= 200 and value.isprintable()
    return value if fine else None


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _error(found: Any, body: bytes) -> str:
    said = found.get("error") if isinstance(found, dict) else None
    if isinstance(said, str) and said.strip():
        code = found.get("code")
        return _plain(said) + (f" (code {code})" if isinstance(code, int) else "")
    return _quoted(body)


def _plain(said: str) -> str:
    # On one line, without what moves a terminal's cursor or cannot be encoded.
    text = " ".join(said.split())
    shown = "".join(char if char.isprintable() else "\ufffd" for char in text[:SAID])
    return shown + (" ..." if len(text) > SAID else "")


def _quoted(body: bytes) -> str:
    if not body.strip():
        return "an empty answer"
    text = " ".join(body[: 8 * SHOWN].decode("utf-8", "replace").split())
    return repr(text[:SHOWN]) + (" ..." if len(text) > SHOWN else "")


def _seconds(retry_after: str | None) -> float | None:
    # Retry-After may also be a date; the service is not known to send one.
    try:
        seconds = float(retry_after or "")
    except ValueError:
        return None
    return min(seconds, LONGEST_PAUSE) if seconds >= 0 else None
