"""Submit and poll: a call -> one answer of the closed list.

Each request has a connection of its own. HTTP pairs answers with requests by their order alone,
and a count names no query: on a connection that is used again, an answer that came late or twice
would be the next query's count, however clean it is. The price is 0.6 ms of the processor (over
TLS 1.6) and two round trips to the service for each request, of which a count needs two or three.

The passcode goes to the account's own address alone: nothing is redirected, no session, cookie or
.netrc is used.
"""

from __future__ import annotations

import errno
import json
import logging
import math
import re
import ssl
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import requests
import urllib3.exceptions

from ct_magic.client import connection as route, jobs, redaction
from ct_magic.client.accounts import COUNTS_PATH
from ct_magic.client.connection import BoundedAdapter
from ct_magic.client.responses import kept_by, pause, read, sent_at, unusable
from ct_magic.common.threads import now
from ct_magic.common.words import duration
from ct_magic.rows import replace
from ct_magic.settings import zone

if TYPE_CHECKING:
    from ct_magic.client.accounts import Account

_log = logging.getLogger(__name__)

_SCHEMA_PATH = "/sandbox/schema.json"
_LONGEST_SCHEMA = 16 << 20  # bytes of it
_DATA_HEADER = "X-Sandbox-Data"  # a sandbox says with each answer which data it counts
SCHEMA_TIME = 10.0  # seconds; over ten million events it takes one
_LONGEST_BODY = 16 << 10  # bytes of a body that are read; an answer has some hundred
WRONG_CLOCK = 120.0  # seconds; a clock that is further off than this is warned of
SKEW = 5.0  # seconds by which the clocks of the service's machines may differ
LONG_PAUSE = 60.0  # seconds; a pause that is longer says when it ends
_E = TypeVar("_E", bound=BaseException)
_TOO_MANY_FILES = (errno.EMFILE, errno.ENFILE)
_OUT_OF_DATE, _OF_ANOTHER_HOST = (9, 10), (62, 64)  # OpenSSL's numbers of what is wrong
# What makes an answer of an HTTP response, as `responses.read` does.
_ReadAnswer = Callable[..., jobs.Answer]


class Asker(Protocol):
    """What a run needs of the service; a test passes functions."""

    def submit(self, body: str) -> jobs.Answer:
        """Send a query, JSON as text."""

    def poll(self, req_id: str) -> jobs.Answer:
        """Look whether the query under this id is done."""


class Service:
    """The service at an account's address. Whatever the network does, a call gives an Answer.

    May be used by several threads at once.
    """

    def __init__(
        self,
        account: Account,
        *,
        connect_timeout: float = 5.0,  # seconds for one step, as the next one
        read_timeout: float = 30.0,
        total: float = 60.0,  # seconds for the whole exchange
        path: str = COUNTS_PATH,  # a neighbour of the counts has another path,
        read: _ReadAnswer = read,  # other answers,
        longest: int = _LONGEST_BODY,  # and longer ones
        events: Iterable[str] = (),  # that the account is known to have
        warn: Callable[[str], None] | None = None,  # hears that this machine's clock is wrong
        wall: Callable[[], float] = time.time,
        data: str | None = None,  # what a sandbox counts; else its first answer says it
    ) -> None:
        self._account = account
        self._timeouts, self._total = (connect_timeout, read_timeout), total
        self._path, self._read, self._longest = path, read, longest
        self._events, self._warn, self._wall = tuple(events), warn, wall
        self._is_clock_wrong = False
        self._data = data
        self._given: dict[str, datetime] = {}  # the ids, and when they were
        self._ahead: tuple[float, float] | None = None  # the service's clock, of ours and the wall

    def submit(self, body: str) -> jobs.Answer:
        """Send a query, JSON as text."""
        return self._ask("POST", data=body.encode())

    def poll(self, req_id: str) -> jobs.Answer:
        """Look whether the query under this id is done."""
        return self._ask("GET", req_id, params={"req_id": req_id})

    def _ask(self, method: str, req_id: str | None = None, **content: object) -> jobs.Answer:
        failed: type[BaseException]
        try:
            return self._exchange(method, req_id, content)
        except Exception as error:  # of requests, urllib3, OpenSSL, ours: each becomes an answer
            return self._no_answer(error)
        except BaseException as error:
            failed = type(error)
        # A new one: the frames of the first hold the headers, and a front end may show them.
        raise failed

    def _exchange(self, method: str, req_id: str | None, content: Any) -> jobs.Answer:
        url, began = self._account.base_url, (now(), self._wall())
        way = route.to(url)
        headers = {
            "Content-Type": "application/json",
            "Cache-Control": "no-cache",
            "Connection": "close",
        }
        # By the adapter alone: a session keeps cookies, reads .netrc, and others replace it by
        # one that answers from a cache.
        request = _request(self._account, method, self._path, headers=headers, **content)
        with (
            closing(BoundedAdapter(self._total, way.trust)) as adapter,
            adapter.send(
                request, stream=True, timeout=self._timeouts, proxies=way.proxies
            ) as response,
        ):
            if "," in response.headers.get("Content-Encoding", ""):
                # Unpacked twice, some kilobytes would fill the memory.
                return unusable("an answer that is packed twice is not read")
            try:
                body = response.raw.read(self._longest + 1, decode_content=True)
            except ValueError as error:  # a chunk of -5 bytes
                return unusable(f"an answer that cannot be read ({type(error).__name__})")
        return self._answer(response, body, req_id, began)

    def _answer(
        self,
        response: requests.Response,
        body: bytes,
        req_id: str | None,
        began: tuple[float, float],
    ) -> jobs.Answer:
        status, headers = response.status_code, response.headers
        data = headers.get(_DATA_HEADER)
        if data and data != (self._data or data):
            return jobs.Denied(
                f"the sandbox at {self._account.base_url} was restarted over other data: "
                "run the cell again"
            )
        self._data = self._data or data
        answer = self._read(status, body, req_id=req_id, events=self._events)
        at = sent_at(headers)
        is_final = not isinstance(answer, jobs.Busy | jobs.Trouble)
        if is_final and (why := kept_by(headers) or self._why_old(at, req_id, began)):
            return unusable(f"{jobs.BY_A_CACHE} {why}")
        match answer:
            case jobs.Partial(new_id) if redaction.holds(new_id, self._account.passcode):
                return unusable("the answer's id is the passcode: ****")
            case jobs.Success() | jobs.Partial():
                self._compare_clocks(at)
                if isinstance(answer, jobs.Partial) and req_id is None and at is not None:
                    self._given[answer.req_id] = at
                return replace(answer, at=at)
            case jobs.Busy() | jobs.Trouble() | jobs.Denied() | jobs.Failure() | jobs.Forgotten():
                answer = self._redacted(answer, status, body, req_id)
        return self._with_advice(answer, pause(headers))

    def _redacted(
        self, answer: jobs.Answer, status: int, body: bytes, req_id: str | None
    ) -> jobs.Answer:
        # The service repeats what it was sent; whole, since errors are cut to a length later.
        passcode, shown = self._account.passcode, redaction.plainly(body)
        if redaction.holds(shown, passcode):
            body = redaction.without(shown, passcode).encode("utf-8", "surrogatepass")
            answer = self._read(status, body, req_id=req_id, events=self._events)
        error = redaction.without(getattr(answer, "error", ""), passcode)
        return replace(answer, error=error)  # type: ignore[arg-type] # it has one

    def _why_old(
        self, at: datetime | None, req_id: str | None, began: tuple[float, float]
    ) -> str | None:
        """Return why an answer is not to this request, but one that was given before."""
        if at is None:
            return None
        if req_id in self._given and at < self._given[req_id]:
            return "it is older than the id that it was asked for"
        # By both of our clocks: one may have been set, the other have slept.
        moment, ahead = at.timestamp(), self._ahead or (-math.inf, -math.inf)
        if all(moment < clock + gap - SKEW for clock, gap in zip(began, ahead, strict=True)):
            return f"it is of {at:%H:%M:%S} UTC, before it was asked"
        gaps = moment - now(), moment - self._wall()
        self._ahead = max(ahead[0], gaps[0]), max(ahead[1], gaps[1])
        return None

    def _compare_clocks(self, at: datetime | None) -> None:
        if at is None:
            return
        ahead = self._wall() - at.timestamp()
        was_wrong, self._is_clock_wrong = self._is_clock_wrong, abs(ahead) > WRONG_CLOCK
        if self._is_clock_wrong and not was_wrong and self._warn:
            direction = "ahead of" if ahead > 0 else "behind"
            message = (
                f"this machine's clock is {duration(abs(ahead))} {direction} the service's: what "
                "is kept is dated by the service's, but 'today' and 'last 7 days' are this "
                "machine's"
            )
            try:
                self._warn(message)
            except Exception:
                # Where warnings are errors, they must not cost a count.
                _log.exception("ct_magic: %s", message)

    def _no_answer(self, error: Exception) -> jobs.Answer:
        host = self._account.base_url
        if isinstance(error, route.RouteError):
            return jobs.Failure(str(error))
        if refusal := _refused_certificate(error, host):
            return jobs.Failure(refusal)
        if isinstance(error, requests.exceptions.ProxyError):
            return _no_proxy(error, host)
        if lack := _inner_error(error, OSError, having=_TOO_MANY_FILES):
            return jobs.Trouble(f"no socket could be opened ({lack.strerror}): see 'ulimit -n'")
        is_late = isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError)
        if is_late or _inner_error(error, TimeoutError):
            return jobs.Trouble(f"{host} did not answer in time")
        if _inner_error(error, urllib3.exceptions.InvalidHeader):
            return unusable("an answer with headers that contradict each other")
        if isinstance(error, requests.exceptions.InvalidSchema | ValueError):
            return jobs.Failure(f"the request to {host} could not be made ({type(error).__name__})")
        if isinstance(error, requests.RequestException | urllib3.exceptions.HTTPError | OSError):
            # A SOCKS proxy that is not there looks like a service that is not.
            name = route.to(host).proxy_variable
            through = f" through the proxy in {name}" if name else ""
            return jobs.Trouble(f"no connection to {host}{through}, or it was lost")
        _log.error("ct_magic: a request failed in an unforeseen way: %s", type(error).__name__)
        return jobs.Failure(f"an error inside ct_magic: {type(error).__name__}")

    def _with_advice(self, answer: jobs.Answer, wait: float | None) -> jobs.Answer:
        match answer:
            case jobs.Denied(error):
                return jobs.Denied(
                    f"{error} (account {self._account.id!r} {self._account.where}): check id, "
                    "passcode and region; a wrong region is answered like a wrong passcode"
                )
            case jobs.Busy(error) | jobs.Trouble(error):
                if wait is not None and wait >= LONG_PAUSE:
                    end = datetime.fromtimestamp(self._wall() + wait, zone(None))
                    error += f"; it asks to wait until {end:%Y-%m-%d %H:%M}"
                return replace(answer, error=error, retry_after=wait)
        return answer


def sandbox_schema(account: Account, **headers: str) -> Any:
    """Return what a sandbox tells of its data, None where none is; OSError without an answer."""
    # Only loopback is asked: any other account is asked nothing but the documented calls.
    if not account.base_url.startswith("http:"):
        return None
    request = _request(account, "GET", _SCHEMA_PATH, headers=headers)
    with (
        closing(BoundedAdapter(SCHEMA_TIME)) as adapter,
        adapter.send(request, stream=True, timeout=SCHEMA_TIME) as response,
    ):
        try:
            longest = _LONGEST_SCHEMA + 1
            body = response.raw.read(longest, decode_content=True) if response.ok else b""
        except urllib3.exceptions.HTTPError as error:
            raise OSError(type(error).__name__) from None
    try:
        # Half a surrogate pair cannot be encoded.
        text = json.dumps(json.loads(body), ensure_ascii=False).encode("utf-16", "surrogatepass")
        return json.loads(text.decode("utf-16", "replace"))
    except (ValueError, RecursionError):
        return None


def sandbox_data(account: Account) -> str | None:
    """Return the identity of the data that a sandbox counts, or None: see `sandbox_schema`."""
    schema = sandbox_schema(account, Prefer="return=minimal")  # the rest takes it half a second
    data = schema.get("data") if isinstance(schema, dict) else None
    return data if isinstance(data, str) else None


def _request(account: Account, method: str, path: str, **content: Any) -> requests.PreparedRequest:
    """Return a request of an account, with id and passcode in its headers."""
    request = requests.Request(method, account.base_url + path, **content).prepare()
    request.headers["X-CleverTap-Account-Id"] = account.id
    request.headers["X-CleverTap-Passcode"] = account.passcode.reveal()
    return request


def _inner_error(
    error: BaseException | None, kind: type[_E], having: Collection[int] | None = None
) -> _E | None:
    """Return the error of this kind, and with one of these `errno`s, that others are around."""
    for _ in range(10):
        if isinstance(error, kind) and (having is None or getattr(error, "errno", 0) in having):
            return error
        if error is None:
            return None
        inner = (cause for cause in (getattr(error, "reason", None), *error.args))
        causes = (cause for cause in inner if isinstance(cause, BaseException))
        error = next(causes, error.__cause__ or error.__context__)
    return None


def _refused_certificate(error: Exception, host: str) -> str | None:
    # Only this is final: a handshake that was merely cut is tried again.
    refused = _inner_error(error, ssl.SSLError)
    reason = getattr(refused, "verify_message", "")
    if refused is None or not (reason or "certificate verify failed" in str(refused)):
        return None
    unsafe = f"no safe connection to {host}: its TLS certificate cannot be verified"
    unsafe += f" ({reason})" if reason else ""
    code = getattr(refused, "verify_code", 0)
    if code in _OUT_OF_DATE:
        return f"{unsafe}; this machine's clock says {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    if code in _OF_ANOTHER_HOST:
        return f"{unsafe}; check the address"
    return f"{unsafe}; behind a proxy that has one of its own, REQUESTS_CA_BUNDLE names a PEM file \
with that"


def _no_proxy(error: Exception, host: str) -> jobs.Answer:
    """Return what it means that a proxy opened no way: what it refuses, it refuses for all."""
    name = route.to(host).proxy_variable
    see = f": see {name}" if name else ""
    status = re.search(r"Tunnel connection failed: (\d+)([^'\"()]*)", str(error))
    if status is None:
        return jobs.Trouble(f"the proxy on the way to {host} does not answer{see}")
    said = f"the proxy on the way to {host} answers HTTP {status[1]}{status[2]:.60}"
    if status[1] == "407":
        cure = f": put user and password into {name}, as in http://user:password@proxy.example:8080"
        return jobs.Denied(said + cure)
    if status[1] in ("401", "403"):
        return jobs.Denied(f"{said}: whoever runs it must allow the way to {host}, or unset {name}")
    return jobs.Trouble(f"{said}{see}")
