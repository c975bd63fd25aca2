"""How many at once: what an account's answers teach, and one gate for each account.

How it works. Two things may be limited. The API's page says that 3 *requests* may be under way at
once; whether *pending queries* are limited at all is not known. A 429 does not say which it was,
and colleagues ask the same account, so one refusal proves nothing and yet must be heeded at once:

- `Gate` is for the requests, and one for all runs of an account in this process. Each refusal
  lowers it by one: of a burst of 20 at a service that takes 3, 17 are refused. What was refused
  beside others of ours then waits for room, not for a time. After some requests in a row that were
  taken, one more at once is tried. Where that is refused the limit is known, and it takes twice as
  many requests until the next try; where it is taken, or what was taken before is refused, tries
  are frequent again. So a limit that was lowered by a colleague's load rises again, and a true one
  is hit ever more seldom.
- `Limits` is for the pending queries of a run. A request that is refused although no other of ours
  is under way may mean them. Where that happens twice, with a pause between, while as many queries
  are pending as were ever accepted, pending ones do count: the limit is what was accepted, and the
  gate goes back to where it was before.

What is known holds for the next cell and the next kernel. A limit of pending queries is tried one
higher on one occasion a day, for as long as that is accepted.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from threading import Condition

from ct_magic.common.threads import ForkLock, in_child
from ct_magic.rows import Record

LIMITS = "limits"  # under this name the journal keeps what an account takes at once
REQUEST = "request"  # and under this the seconds that a request takes
_RECENT_SECONDS = 86400.0  # seconds
AFTER_FEW, AFTER_MANY = 10, 40  # requests taken in a row before one more is tried
_CALM_SECONDS = 60.0  # seconds without a refusal after which a limit that is not known is let go


class Learned(Record):
    """What an account's answers taught; None: no limit was met."""

    requests: int | None = None  # that the service takes at once
    pending: int | None = None  # queries
    tried: float | None = None  # seconds since 1970: when one more was tried, or a limit met

    def is_recent(self, wall: float) -> bool:
        """Return True if it need not be tried again yet."""
        return self.tried is not None and wall - self.tried < _RECENT_SECONDS

    def to_text(self) -> str:
        """Return it as JSON, which `from_text` reads."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_text(text: str | None) -> Learned:
        """Return what such a text holds; what is odd in it was never learned."""
        try:
            data = json.loads(text or "")
            requests, pending, tried = data["requests"], data["pending"], data["tried"]
        except (ValueError, TypeError, KeyError, RecursionError):
            return Learned()
        is_limit = all(
            limit is None or (type(limit) is int and limit > 0) for limit in (requests, pending)
        )
        is_time = isinstance(tried, float) and 0 < tried < 1e11
        return Learned(requests, pending, tried) if is_limit and is_time else Learned()


UNTAUGHT = Learned()


class Gate:
    """Lets as many requests of an account through at once as the service takes, `most` at most.

    `learned` is what its answers taught before, seen at the time `wall` in seconds since 1970.
    `known` is a limit that was met: one more was refused. May be used by several threads; other
    times are readings of any one clock.
    """

    def __init__(self, most: int, learned: Learned = UNTAUGHT, wall: float = 0.0) -> None:
        self.most, self.known = most, learned.requests
        self._limit, self._refused = self.known, 0.0
        self._patience = AFTER_MANY if learned.is_recent(wall) else AFTER_FEW
        self._taken, self._is_trying = 0, False
        self._inside, self._room = 0, Condition()

    @property
    def limit(self) -> int:
        """How many may be under way at once now."""
        return min(self._limit or self.most, self.most)

    def enter(self, timeout: float) -> bool:
        """Wait for room, `timeout` seconds at the most; return True if there was."""
        with self._room:
            entered = self._room.wait_for(lambda: self._inside < self.limit, timeout)
            self._inside += entered
            return entered

    def leave(self) -> None:
        """Make room for the next."""
        with self._room:
            self._inside -= 1
            self._room.notify()

    def begin(self, now: float) -> None:
        """Begin a run: a limit that is only a guess is forgotten if nothing was refused lately."""
        if now - self._refused > _CALM_SECONDS:
            self._limit, self._is_trying = self.known, False

    def take(self, beside: int) -> None:
        """Note a request that was taken, sent when so many were under way, itself included."""
        with self._room:
            self._taken += 1
            if self._limit is None:
                return
            if self._is_trying and beside >= self._limit:
                self._is_trying, self._patience = False, AFTER_FEW
                self._limit = None if self._limit >= self.most else self._limit
                self.known = self.known and self._limit
            elif not self._is_trying and self._taken >= self._patience and self._limit < self.most:
                self._limit, self._is_trying, self._taken = self._limit + 1, True, 0
                self._room.notify()

    def refuse(self, now: float) -> bool:
        """Note a request that was refused; return True if the known limit changed."""
        with self._room:
            was_trying = self._is_trying
            self._limit, self._refused = max(1, self.limit - 1), now
            self._is_trying, self._taken = False, 0
            self._patience = min(2 * self._patience, AFTER_MANY) if was_trying else AFTER_FEW
            if was_trying:  # a lower limit may be a colleague's load: it is found in steps
                self.known = max(self._limit, (self.known or 1) - 1)
            return was_trying

    def restore(self, limit: int) -> None:
        """Go back to this limit: what was refused since had another reason."""
        with self._room:
            self._limit = None if limit >= self.most else limit
            self._room.notify_all()


class Limits:
    """The limits of a run, at the time `wall` in seconds since 1970."""

    def __init__(self, gate: Gate, learned: Learned, wall: float) -> None:
        self.gate, self._wall, self._tried = gate, wall, learned.tried
        self._pending = learned.pending
        self._is_trying = learned.tried is not None and not learned.is_recent(wall)
        self._most_accepted = self._doubts = 0
        self._before = gate.limit  # the first refusal that pending queries may explain

    @property
    def learned(self) -> Learned:
        """What is known by now, for the next run."""
        known, pending = self.gate.known, self._pending
        return Learned(known, pending, self._tried) if known or pending else Learned()

    def may_submit(self, pending: int) -> bool:
        """Return True if one more query may be submitted while so many are pending."""
        return self._pending is None or pending < self._pending + self._is_trying

    def accepted(self, beside: int, pending: int) -> None:
        """Take an acceptance of a request that was sent beside so many, itself included."""
        self.gate.take(beside)
        if pending > self._most_accepted:
            self._most_accepted, self._doubts = pending, 0
            self._before = self.gate.limit
        if self._is_trying and self._pending is not None and pending > self._pending:
            self._pending, self._tried = pending, self._wall

    def refused(self, beside: int, pending: int, submission: bool, now: float) -> None:
        """Take a refusal of a request that was sent beside so many, itself included."""
        is_above = submission and self._pending is not None and pending >= self._pending
        if self._is_trying and is_above:
            self._is_trying, self._tried = False, self._wall
            return
        if self.gate.refuse(now):
            self._tried = self._wall
        if submission and beside == 1 and pending >= self._most_accepted:
            self._doubts += 1
            if self._doubts >= 2:
                self._pending, self._tried = max(1, pending), self._wall
                self._is_trying, self._doubts = False, 0
                self.gate.restore(self._before)


_gates: dict[str, Gate] = {}
_lock = ForkLock()


def gate(account: str, most: int, learned: Learned = UNTAUGHT, wall: float = 0.0) -> Gate:
    """Return the one gate of an account; all its runs keep to the `most` that was set last."""
    # What was learned is for the first run of the process.
    with _lock:
        found = _gates.setdefault(account, Gate(most, learned, wall))
        found.most = most
        return found


in_child(_gates.clear)  # the threads inside are the parent's
