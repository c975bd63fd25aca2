"""The sandbox: the protocol's memory (ids, latencies, limits) around the engine, and its server."""

from __future__ import annotations

import json
import math
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ..errors import UsageError
from ..settings import zone
from . import faults as broken
from .engine import Engine
from .faults import Fault, Faults, Reply, failed, reply
from .filter_sql import RefusedError
from .server import Server

PATH = "/1/counts/profiles.json"
SCHEMA_PATH = "/sandbox/schema.json"
JUMP = 3600.0  # seconds that the fault "clock" puts the sandbox's clock ahead
LATENCY = (1.5, 2.8)  # seconds: with a look every second, two or three looks
FIRST_ID = 10**17  # ids of eighteen digits, as long as the service's


@dataclass(frozen=True, slots=True)
class Request:
    """What the sandbox got; `at` is its clock in seconds, `status` the HTTP status it gave."""

    method: str
    body: Any
    req_id: str | None
    at: float
    status: int


@dataclass(slots=True)
class _Pending:
    answer: Reply
    ready: float
    looks: int
    polls: int = 0
    never: bool = False


@dataclass(slots=True)
class _Memory:
    pending: dict[str, _Pending] = field(default_factory=dict)
    log: list[Request] = field(default_factory=list)
    last_id: int = FIRST_ID
    under_way: int = 0
    ahead: float = 0.0


class Sandbox:
    """A stand-in for the service, on loopback.

    `with Sandbox() as box:` serves at `box.url`. It takes one `account` with one `passcode`.
    `latency` is how many seconds a count takes: a number, a (low, high) pair, or 0 for an answer
    at once. `partials` counts looks instead of seconds: so many are answered "partial". `at_once`
    requests are let in at the same time; `pending_at_once` queries may be pending, where that is
    set. `faults` is a plan (see `ct_magic.sandbox.faults`), as text or values. `profiles` is how
    many there are, about ten events each, up to `today`; `data` a folder of exported events to
    use instead. `timezone` is whose days are meant. Everything is the same for the same `seed`.
    """

    def __init__(
        self,
        *,
        account: str = "SANDBOX",
        passcode: str = "sandbox",
        port: int = 0,
        latency: float | tuple[float, float] = LATENCY,
        partials: int | None = None,
        at_once: int = 3,
        pending_at_once: int | None = None,
        faults: str | Iterable[Fault] = (),
        profiles: int = 50_000,
        seed: int = 1,
        today: date | None = None,
        timezone: str = "UTC",
        data: str | Path | None = None,
        say: Callable[[str], None] = lambda line: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._credentials = (account, passcode)
        self._port, self._server = port, Server(self.answer)
        self._latency = latency if isinstance(latency, tuple) else (latency, latency)
        if not all(0 <= seconds < math.inf for seconds in self._latency):
            raise UsageError(f"latency is seconds, from 0, not {latency!r}")
        if profiles < 1:
            raise UsageError(f"profiles is a whole number above 0, not {profiles!r}")
        self._partials = partials
        self._at_once, self._pending_at_once = at_once, pending_at_once
        planned = broken.plan(faults) if isinstance(faults, str) else faults
        self._faults, self._random = Faults(planned, seed), Random(seed)  # noqa: S311 # reproducible
        self._memory, self._lock, self._clock = _Memory(), threading.Lock(), clock
        days_of = zone(timezone) or UTC
        self._engine = Engine(days_of)
        # DuckDB complains at the end of a process about connections that are still open.
        weakref.finalize(self, self._engine.close)
        if data is not None:
            self._engine.load(Path(data), say)
        else:
            self._engine.generate(profiles, seed, today or datetime.now(days_of).date())

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> Sandbox:
        """Begin to serve, in threads that end with the process."""
        self._server.start(self._port)
        return self

    def stop(self) -> None:
        """Stop serving and free the data."""
        self._server.stop()
        self._engine.close()

    @property
    def url(self) -> str:
        """The address it serves at."""
        return self._server.url

    @property
    def log(self) -> tuple[Request, ...]:
        """Every request to the counts, in the order of its answer."""
        with self._lock:
            return tuple(self._memory.log)

    def count(self, body: Mapping[str, Any]) -> int:
        """Count straight from the data, without the protocol."""
        return self._engine.count(body)[0]

    def schema(self) -> dict[str, Any]:
        """Give the names of events and properties, with types and example values."""
        return self._engine.schema()

    def export(self, folder: Path) -> None:
        """Write what it holds: `events.parquet` and `profiles.parquet`."""
        self._engine.export(folder)

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer one request; what the server calls."""
        parts = urlsplit(target)
        if parts.path == SCHEMA_PATH and method == "GET":
            return self._denied(headers) or reply(200, self.schema())
        if parts.path != PATH:
            return failed(404, "Not found")
        if method not in ("GET", "POST"):
            return failed(405, "Method not allowed")
        req_id = parse_qs(parts.query).get("req_id", [None])[0]
        with self._lock:
            self._memory.under_way += 1
            crowded = self._memory.under_way > self._at_once
        try:
            found = self._denied(headers) or self._within(crowded, method, req_id, body)
        finally:
            with self._lock:
                self._memory.under_way -= 1
        self._note(method, body, req_id, found.status)
        return found

    def _denied(self, headers: Mapping[str, str]) -> Reply | None:
        # Names of headers have no case, and some clients write them small.
        sent = {name.lower(): value for name, value in headers.items()}
        given = (sent.get("x-clevertap-account-id"), sent.get("x-clevertap-passcode"))
        return None if given == self._credentials else failed(401, "Invalid Credentials")

    def _within(self, crowded: bool, method: str, req_id: str | None, body: bytes) -> Reply:
        if crowded:
            return failed(429, "Too many concurrent requests")
        fault = self._faults.next(self._step(method, req_id))
        if fault in broken.REPLIES:
            return broken.REPLIES[fault]
        if fault == "clock":
            with self._lock:
                self._memory.ahead += JUMP
        if method == "POST":
            return self._submitted(body, fault)
        return self._polled(req_id, fault)

    def _step(self, method: str, req_id: str | None) -> str:
        if method == "POST":
            return "submit"
        with self._lock:
            known = self._memory.pending.get(req_id or "")
            return "later" if known and known.polls else "first"

    def _submitted(self, body: bytes, fault: str | None) -> Reply:
        try:
            profiles, events = self._engine.count(_decoded(body))
        except RefusedError as refused:
            return failed(400, refused.error, refused.code)
        except (ValueError, RecursionError):
            return failed(400, "Payload is not JSON")
        done = reply(200, _success(profiles, events))
        if not self._latency[1] and not self._partials and fault is None:
            return done
        with self._lock:
            if self._is_full():
                return failed(429, "Too many concurrent requests")
            req_id = self._later(done, fault)
        return _partial(req_id if fault == "text-id" else int(req_id))

    def _is_full(self) -> bool:
        open_now = sum(self._now() < p.ready for p in self._memory.pending.values())
        return self._pending_at_once is not None and open_now >= self._pending_at_once

    def _later(self, answer: Reply, fault: str | None) -> str:
        """Keep an answer until it is ready; give its id."""
        wait = self._random.uniform(*self._latency) if self._partials is None else 0.0
        self._memory.last_id += self._random.randrange(1, 1000)
        req_id = str(self._memory.last_id)
        if fault != "forget":
            self._memory.pending[req_id] = _Pending(
                answer, self._now() + wait, self._partials or 0, never=fault == "partial"
            )
        return req_id

    def _polled(self, req_id: str | None, fault: str | None) -> Reply:
        with self._lock:
            known = self._memory.pending.get(req_id or "")
            if fault == "forget" and req_id:
                known = self._memory.pending.pop(req_id, None) and None
            if known is None:
                return failed(400, "Invalid request id")
            known.polls += 1
            known.never = known.never or fault == "partial"
            if known.never or known.polls <= known.looks or self._now() < known.ready:
                return _partial(int(req_id or 0))
            return known.answer

    def _now(self) -> float:
        return self._clock() + self._memory.ahead

    def _note(self, method: str, body: bytes, req_id: str | None, status: int) -> None:
        try:
            sent = json.loads(body) if method == "POST" else None
        except (ValueError, RecursionError):
            sent = body.decode("utf-8", "replace")
        with self._lock:
            self._memory.log.append(Request(method, sent, req_id, self._now(), status))


def _decoded(body: bytes) -> Any:
    found = json.loads(body)
    json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair is refused here
    return found


def _success(profiles: int, events: int) -> dict[str, Any]:
    return {
        "status": "success",
        "count": profiles,
        "tcount": events,
        "nQCount": 0,
        "userDeviceCount": {"users": profiles, "devices": profiles},
    }


def _partial(req_id: int | str) -> Reply:
    return reply(200, {"status": "partial", "req_id": req_id})
