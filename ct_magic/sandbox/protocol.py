"""The API's protocol: one request in, one reply out, and the queries that are pending between."""

from __future__ import annotations

import json
import re
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ct_magic.common.threads import ForkLock
from ct_magic.sandbox.engine import Engine
from ct_magic.sandbox.faults import REPLIES, Faults, Reply, failed, reply
from ct_magic.sandbox.filter_sql import RefusedError

PATH = "/1/counts/profiles.json"
TOP_PATH = "/1/counts/top.json"
_NAMES_PATH = "/sandbox/schema.json"
JUMP = 3600.0  # seconds that the fault "clock" puts the sandbox's clock ahead
ACCOUNT_ID = r"[A-Za-z0-9-]+"
MOST_PARTS = 500  # event queries and filters of one query; DuckDB takes seconds over more
_TOO_MANY = REPLIES["429"]
LOGGED, LONGEST_LOGGED = 10_000, 1 << 16  # requests that the log keeps; bytes of a body in it
MOST_ANSWERS = 100_000  # answers that are kept under their ids


@dataclass(frozen=True, slots=True)
class Request:
    """What the sandbox got, and the HTTP status it gave."""

    method: str
    body: Any  # of a long one only how long it was
    req_id: str | None
    at: float  # seconds, on the sandbox's clock
    status: int


@dataclass(slots=True)
class _Pending:
    path: str
    answer: Reply
    ready: float
    looks: int
    polls: int = 0
    never: bool = False


class Protocol:
    """Answers requests to one account, as `Sandbox` says. May be used by several threads."""

    def __init__(
        self,
        credentials: tuple[str, str],
        engine: Engine,
        faults: Faults,
        seed: int,
        clock: Callable[[], float],
        latency: tuple[float, float],
        partials: int | None,
        at_once: int,
        pending_at_once: int | None,
    ) -> None:
        self._credentials, self._engine, self._faults = credentials, engine, faults
        self._ask = {PATH: self._count, TOP_PATH: engine.top}
        self._random = Random(seed)  # noqa: S311 # reproducible, not secret
        self._clock, self._latency, self._partials = clock, latency, partials
        self._at_once, self._pending_at_once = at_once, pending_at_once
        self._lock, self._ahead, self._inside = ForkLock(), 0.0, 0
        self._pending: dict[str, _Pending] = {}
        self._log: deque[Request] = deque(maxlen=LOGGED)
        # 15 digits, as the service's: a double keeps them. No two runs have one in common, or a
        # client that remembers the ids of one would fetch another's counts.
        self._last_id = 10**14 + secrets.randbelow(8 * 10**14)

    @property
    def log(self) -> tuple[Request, ...]:
        """The latest requests to the counts, in the order of their answers."""
        with self._lock:
            return tuple(self._log)

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer one request; what the server calls."""
        if refused := self.refused(method, target, headers):
            return refused
        parts = urlsplit(target)
        if parts.path == _NAMES_PATH:
            is_short = headers.get("Prefer") == "return=minimal"
            content = {"data": self._engine.data()} if is_short else self._engine.schema()
            return reply(200, content)
        req_id = parse_qs(parts.query, keep_blank_values=True).get("req_id", [None])[0]
        # Only so many requests to the counts at once: what comes above that is answered 429.
        with self._lock:
            self._inside += 1
            has_room = self._inside <= self._at_once
        try:
            answer = self._within(parts.path, method, req_id, body) if has_room else _TOO_MANY
        finally:
            with self._lock:
                self._inside -= 1
        self._note(method, body, req_id, answer.status)
        return replace(answer, headers=(*answer.headers, ("X-Sandbox-Data", self._engine.data())))

    def refused(self, method: str, target: str, headers: Mapping[str, str]) -> Reply | None:
        """Return why a request is not answered, whatever its body is; None where it is."""
        try:
            path = urlsplit(target).path
        except ValueError:  # as http://[::1
            return failed(400, "Bad request")
        if path not in (*self._ask, _NAMES_PATH):
            return failed(404, "Not found")
        methods = ("GET", "HEAD") if path == _NAMES_PATH else ("GET", "POST")
        if method not in methods:
            is_asked = method == "OPTIONS"
            refused = Reply(204, b"") if is_asked else failed(405, "Method not allowed")
            return replace(refused, headers=(("Allow", ", ".join((*methods, "OPTIONS"))),))
        # Names of headers have no case, and some clients write them small.
        sent = {name.lower(): value for name, value in headers.items()}
        account, passcode = (sent.get(f"x-clevertap-{key}") for key in ("account-id", "passcode"))
        if account and not re.fullmatch(ACCOUNT_ID, account):
            return failed(400, "Account ID is not valid")
        if (account, passcode) == self._credentials:
            return None
        return failed(401, "Invalid Credentials")

    def _within(self, path: str, method: str, req_id: str | None, body: bytes) -> Reply:
        # An id in the URL is a poll, whatever the method and the body.
        submits = method == "POST" and req_id is None
        with self._lock:
            known = self._pending.get(req_id or "")
            looked = "later" if known and known.polls else "first"
        fault = self._faults.next("submit" if submits else looked)
        if fault in REPLIES:
            return REPLIES[fault]
        if fault == "clock":
            with self._lock:
                self._ahead += JUMP
        return self._submitted(path, body, fault) if submits else self._polled(path, req_id, fault)

    def _submitted(self, path: str, body: bytes, fault: str | None) -> Reply:
        try:
            done = reply(200, {"status": "success"} | self._ask[path](_decoded(body)))
        except RefusedError as refused:
            return failed(refused.status, refused.error, refused.code)
        except (ValueError, RecursionError):
            return failed(400, "Payload is not JSON")
        if not self._latency[1] and not self._partials and fault is None:
            return done
        with self._lock:
            open_now = sum(self._now() < p.ready for p in self._pending.values())
            if self._pending_at_once is not None and open_now >= self._pending_at_once:
                return _TOO_MANY
            looks, never = self._partials, fault == "partial"
            wait = self._random.uniform(*self._latency) if looks is None else 0.0
            self._last_id += self._random.randrange(1, 1000)
            req_id = str(self._last_id)
            if fault != "forget":
                ready = self._now() + wait
                self._pending[req_id] = _Pending(path, done, ready, looks or 0, never=never)
                if len(self._pending) > MOST_ANSWERS:
                    del self._pending[next(iter(self._pending))]
        return _not_finished(req_id if fault == "text-id" else int(req_id))

    def _polled(self, path: str, req_id: str | None, fault: str | None) -> Reply:
        with self._lock:
            known = self._pending.get(req_id or "")
            if fault == "forget" and req_id:
                known = self._pending.pop(req_id, None) and None
            if known is None or known.path != path:
                return failed(200, "Invalid request id", 400)
            known.polls += 1
            known.never = known.never or fault == "partial"
            if known.never or known.polls <= known.looks or self._now() < known.ready:
                return _not_finished(int(req_id or 0))
            return known.answer

    def _count(self, body: object) -> dict[str, object]:
        profiles, events = self._engine.count(body)
        split = {"users": profiles, "devices": profiles}
        return {"count": profiles, "tcount": events, "nQCount": 0, "userDeviceCount": split}

    def _now(self) -> float:
        return self._clock() + self._ahead

    def _note(self, method: str, body: bytes, req_id: str | None, status: int) -> None:
        try:
            sent = json.loads(body) if method == "POST" and body else None
        except (ValueError, RecursionError):
            sent = body.decode("utf-8", "replace")
        if len(body) > LONGEST_LOGGED:
            sent = f"{len(body):,} bytes"
        with self._lock:
            self._log.append(Request(method, sent, req_id, self._now(), status))


def _decoded(body: bytes) -> Any:
    decoded = json.loads(body)
    json.dumps(decoded, ensure_ascii=False).encode()  # half a surrogate pair is refused here
    # Every object is an event query or a filter, or one of a handful around them.
    if (parts := _objects(decoded)) > MOST_PARTS:
        raise RefusedError(
            f"{parts} events and filters in one query: the sandbox takes {MOST_PARTS}"
        )
    return decoded


def _objects(body: object) -> int:
    if isinstance(body, dict):
        return 1 + sum(map(_objects, body.values()))
    return sum(map(_objects, body)) if isinstance(body, list) else 0


def _not_finished(req_id: int | str) -> Reply:
    return reply(200, {"status": "partial", "req_id": req_id})
