"""How many at once: what an account's answers teach, and one gate for each account.

Two things may be limited: the requests under way, and the queries that are pending. The page says
3 of the first; whether the second are limited at all is not known, so nothing is held back until a
429 teaches it. One refusal teaches nothing, since colleagues ask the same account; but

- a submission that is refused once more after the pause, while as many queries are pending as were
  ever accepted, shows that pending ones count: the limit is what was accepted;
- refusals in three rounds in a row that this does not explain show that fewer requests are taken.

What was learned holds for the next cell and the next kernel. A limit is tried one higher on one
occasion a day, for as long as that is accepted.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from threading import Condition

from ct_magic.common.fork import ForkLock

LIMITS = "limits"  # under this name the journal keeps what an account takes at once
_DAY = 86400.0  # seconds
CONTENT = 10  # requests accepted in a row after which earlier refusals are forgotten


@dataclass(frozen=True, slots=True)
class Learned:
    """What an account's answers taught; None: no limit was met.

    `requests` at once and `pending` queries are what the service takes; `tried` is when one more
    was last tried, or a limit met, in seconds since 1970.
    """

    requests: int | None = None
    pending: int | None = None
    tried: float | None = None

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


class Limits:
    """The limits of a run, learned from what is accepted and what is refused.

    `most` requests may be under way in any case; `wall` is the time in seconds since 1970.
    """

    def __init__(self, most: int, learned: Learned, wall: float) -> None:
        self._most, self._wall, self._tried = most, wall, learned.tried
        self._requests = min(learned.requests or most, most)
        self._pending = learned.pending
        self._trying = learned.tried is not None and wall - learned.tried >= _DAY
        self._most_accepted = self._doubts = self._rounds = self._content = 0

    @property
    def learned(self) -> Learned:
        """What is known by now, for the next run."""
        requests = self._requests if self._requests < self._most else None
        return Learned(requests, self._pending, self._tried)

    def may_send(self, under_way: int) -> bool:
        """Return True if one more request may leave while so many are under way."""
        return under_way < min(self._requests + self._trying, self._most)

    def may_submit(self, pending: int) -> bool:
        """Return True if one more query may be submitted while so many are pending."""
        return self._pending is None or pending < self._pending + self._trying

    def accepted(self, under_way: int, pending: int) -> None:
        """Take an acceptance, with so many under way and pending, this one included."""
        if pending > self._most_accepted:
            self._most_accepted, self._doubts = pending, 0
        self._content += 1
        if self._content >= CONTENT:
            self._rounds = 0
        if self._trying and under_way > self._requests:
            self._requests, self._tried = under_way, self._wall
        if self._trying and self._pending is not None and pending > self._pending:
            self._pending, self._tried = pending, self._wall

    def refused(self, under_way: int, pending: int, submission: bool, is_new_round: bool) -> None:
        """Take a refusal, with so many others under way and pending.

        It is of a new round if the pause after the last refusal was waited out before.
        """
        self._content = 0
        if self._trying and self._is_above(under_way, pending):
            self._trying, self._tried = False, self._wall
        elif is_new_round:
            is_full = submission and pending >= self._most_accepted
            self._rounds += 1
            self._doubts += is_full
            if is_full and self._doubts >= 2:
                self._learn(pending=max(1, pending))
            elif self._rounds >= 3:
                self._learn(requests=max(1, self._requests - 1))

    def _is_above(self, under_way: int, pending: int) -> bool:
        return under_way >= self._requests or (
            self._pending is not None and pending >= self._pending
        )

    def _learn(self, *, requests: int | None = None, pending: int | None = None) -> None:
        self._requests = requests or self._requests
        self._pending = pending or self._pending
        self._tried, self._trying, self._rounds, self._doubts = self._wall, False, 0, 0


class Gate:
    """Lets `limit` requests through at once; the limit may be changed while it is in use."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._inside = 0
        self._room = Condition()

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


_gates: dict[str, Gate] = {}
_lock = ForkLock()


def gate(account: str, limit: int) -> Gate:
    """Return the one gate of an account; all its runs keep to the limit that was set last."""
    with _lock:
        entrance = _gates.setdefault(account, Gate(limit))
        entrance.limit = limit
        return entrance


def _forget_gates() -> None:
    # In a process that was forked, whoever was inside is not there to leave.
    _gates.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_gates)
