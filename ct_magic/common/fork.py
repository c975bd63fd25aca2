"""A lock that a fork leaves free in the child, whichever thread held it in the parent.

That thread is not there to let go of it: the child would wait for ever. So what the lock guards is
replaced as a whole, and never found half changed.
"""

from __future__ import annotations

import os
from threading import Lock
from weakref import WeakSet


class ForkLock:
    """`with lock:` lets one thread in at a time. Who is inside must not fork."""

    def __init__(self) -> None:
        self._lock = Lock()
        _locks.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def free(self) -> None:
        """Be free, whoever held it."""
        self._lock = Lock()


_locks: WeakSet[ForkLock] = WeakSet()


def _free_locks() -> None:
    for lock in list(_locks):
        lock.free()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_locks)
