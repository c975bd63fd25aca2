"""How many at once: what the service takes, learned, and one gate for each account."""

from __future__ import annotations

from threading import Condition, Lock

PATIENCE = 64  # accepted requests at the most before a limit is tried one higher again


class Limit:
    """How many at once: fewer when the service objects, one more after it has been content.

    Each objection doubles how long it must be content before the next try, so that a limit which
    is there to stay costs few requests; each try that it accepts halves it again.
    """

    def __init__(self, start: int, highest: int | None = None) -> None:
        self.now, self._highest = start, highest
        self._content, self._patience, self._raised = 0, 1, False

    def busy(self, others: int) -> None:
        """Take an objection that came while so many others were accepted."""
        self.now = max(1, min(self.now, others))
        self._content, self._patience, self._raised = 0, min(2 * self._patience, PATIENCE), False

    def accepted(self, at_once: int) -> None:
        """Take an acceptance that came while so many were there, this one included."""
        if at_once < self.now:
            return
        if self._raised:
            self._patience, self._raised = max(1, self._patience // 2), False
        self._content += 1
        if self._content >= self._patience and (self._highest is None or self.now < self._highest):
            self.now, self._content, self._raised = self.now + 1, 0, True


_gates: dict[str, Gate] = {}
_lock = Lock()


class Gate:
    """Lets `limit` requests through at once; the limit may be changed while it is in use."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._inside = 0
        self._room = Condition()

    def enter(self, timeout: float) -> bool:
        """Wait for room, `timeout` seconds at the most; say whether there was."""
        with self._room:
            entered = self._room.wait_for(lambda: self._inside < self.limit, timeout)
            self._inside += entered
            return entered

    def leave(self) -> None:
        """Make room for the next."""
        with self._room:
            self._inside -= 1
            self._room.notify()


def gate(account: str, limit: int) -> Gate:
    """Give the one gate of an account; all its runs keep to the limit that was set last."""
    with _lock:
        found = _gates.setdefault(account, Gate(limit))
        found.limit = limit
        return found
