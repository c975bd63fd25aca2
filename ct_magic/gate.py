"""How many requests may be under way at once for one account, in this process."""

from __future__ import annotations

from threading import Condition, Lock

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
