"""Submit and poll: a call -> one answer of the closed list. The one room that imports requests."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import requests
from requests.auth import AuthBase

from .accounts import PATH
from .jobs import Answer, Busy, Denied, Failure, NotYet, Partial, Success, Trouble
from .responses import pause, read

if TYPE_CHECKING:
    from .accounts import Account

SCHEMA_PATH = "/sandbox/schema.json"
SCHEMA_TIME = 10.0  # seconds; over ten million events it takes one
LONGEST = 16 << 10  # bytes of a body that are read; an answer has some hundred


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
        return self._said_of(answer, pause(response.headers))

    def _understood(self, status: int, body: bytes, *, polled: bool) -> Answer:
        answer = read(status, body, polled=polled)
        if isinstance(answer, Success | Partial | NotYet):
            return answer
        # A proxy's page may repeat what it was sent, plain or in JSON, and errors quote pages.
        passcode = self._account.passcode.reveal()
        for shown in (passcode, json.dumps(passcode)[1:-1]):
            body = body.replace(shown.encode(), b"****")
        return read(status, body, polled=polled)

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

    def _said_of(self, answer: Answer, wait: float | None) -> Answer:
        match answer:
            case Denied(error):
                who = f"account {self._account.id!r} in region {self._account.region!r}"
                return Denied(
                    f"{error} ({who}, {self._account.base_url}): check id, passcode and region; "
                    "a wrong region is answered like a wrong passcode"
                )
            case Busy(error):
                return Busy(error, wait)
            case Trouble(error):
                return Trouble(error, wait)
        return answer


def sandbox_schema(account: Account) -> Any:
    """Ask a sandbox that runs beside the kernel for its names; None where none answers.

    Only asked on loopback: the service itself has no such address.
    """
    if not account.base_url.startswith("http:"):
        return None
    try:
        with requests.Session() as session:
            session.trust_env = False
            url, whose = account.base_url + SCHEMA_PATH, _Credentials(account)
            found = session.get(url, auth=whose, timeout=SCHEMA_TIME, allow_redirects=False)
            return found.json() if found.ok else None
    except (requests.RequestException, ValueError):
        return None


class _Credentials(AuthBase):
    """Puts id and passcode into the headers at the last moment; also keeps a .netrc out."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["X-CleverTap-Account-Id"] = self._account.id
        request.headers["X-CleverTap-Passcode"] = self._account.passcode.reveal()
        return request
