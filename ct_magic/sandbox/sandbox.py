"""The sandbox: the engine's data behind the API's protocol, and the server that speaks it."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from ct_magic.common import threads
from ct_magic.errors import UsageError
from ct_magic.sandbox.engine import Engine
from ct_magic.sandbox.faults import Fault, Faults, Reply, plan as fault_plan
from ct_magic.sandbox.protocol import Protocol, Request
from ct_magic.sandbox.server import Server
from ct_magic.settings import zone

PUBLIC_ACCOUNT, PUBLIC_PASSCODE = "SANDBOX", "sandbox"  # everybody knows them
LATENCY = (1.5, 2.8)  # seconds: with a look every second, two or three looks


class Sandbox:
    """A stand-in for the service on loopback: `with Sandbox() as box:` serves at `box.url`."""

    def __init__(
        self,
        *,
        account: str = PUBLIC_ACCOUNT,
        passcode: str = PUBLIC_PASSCODE,
        port: int = 0,  # any that is free
        latency: float | tuple[float, float] = LATENCY,  # seconds of a count, from 0
        partials: int | None = None,  # looks that are answered "partial", in place of seconds
        at_once: int = 3,  # requests that are let in at the same time
        pending_at_once: int | None = None,  # queries that may be pending
        faults: str | Iterable[Fault] = (),  # a plan: see `faults`
        lenient: bool = False,  # ignores what it does not understand, as the service was seen to do
        profiles: int = 50_000,  # of about ten events each
        seed: int = 1,  # all but the ids is the same for the same one
        today: date | None = None,  # up to its end there are events, else up to `now()`
        now: Callable[[], datetime] | None = None,
        timezone: str = "UTC",  # whose days are meant
        data: str | Path | None = None,  # a folder of exported events to use instead
        db: str | Path | None = None,  # a file that keeps these: loaded once
        say: Callable[[str], None] = lambda line: None,
        clock: Callable[[], float] = threads.now,
    ) -> None:
        if profiles < 1:
            raise UsageError(f"profiles is a whole number above 0, not {profiles!r}")
        seconds = latency if isinstance(latency, tuple) else (latency, latency)
        if not all(0 <= end < math.inf for end in seconds):
            raise UsageError(f"latency is seconds, from 0, not {latency!r}")
        planned = Faults(fault_plan(faults) if isinstance(faults, str) else faults, seed)
        days_of = zone(timezone) or UTC
        is_own = data is None and db is None
        utc = partial(datetime.now, UTC)
        clocked = now or (utc if is_own and today is None else None)
        self._engine = Engine(days_of, lenient=lenient, now=clocked)
        limits = partials, at_once, pending_at_once
        whom = account, passcode
        self._protocol = Protocol(whom, self._engine, planned, seed, clock, seconds, *limits)
        # By a method of ours: a sandbox that serves is kept, though no variable may hold it.
        self._port, self._server = port, Server(self.answer, self._protocol.refused)
        # DuckDB complains at the end of a process about connections that are still open.
        self._closing = weakref.finalize(self, self._engine.close)
        threads.in_child(self._leave)
        try:
            if is_own:
                day = today or (clocked or utc)().astimezone(days_of).date()
                self._engine.generate(profiles, seed, day)
            else:
                folder, file = (None if name is None else Path(name) for name in (data, db))
                self._engine.load(folder, say, file)
        except BaseException:  # an interrupt, too: its traceback would keep the data
            self._engine.close()
            raise

    def _leave(self) -> None:
        self._closing.detach()
        self._engine.leave()
        self._server.leave()

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> Sandbox:
        """Start to serve, in threads that end with the process."""
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
        """The latest 10,000 requests to the counts, in the order of their answers."""
        return self._protocol.log

    def count(self, body: Mapping[str, object]) -> int:
        """Count straight from the data, without the protocol."""
        return self._engine.count(body)[0]

    def schema(self) -> dict[str, object]:
        """Return the names of events and properties, with types and example values."""
        return self._engine.schema()

    def export(self, folder: Path) -> None:
        """Write what it holds: `events.parquet` and `profiles.parquet`."""
        self._engine.export(folder)

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer one request, as the server does."""
        return self._protocol.answer(method, target, headers, body)
