"""What a forked child forgets: the one registry, and a lock that a fork leaves free in the child.

A thread that held a lock in the parent is not there to let go of it: the child would wait for ever.
So what such a lock guards is replaced as a whole, and never found half changed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from inspect import ismethod
from threading import Lock
from weakref import WeakSet, ref


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
_actions: list[Callable[[], Callable[[], object] | None]] = []


def in_child(action: Callable[[], object]) -> None:
    """Call this in each process that is forked from this one; a method while its object lives."""
    held: Callable[[], Callable[[], object] | None] = lambda: action  # noqa: E731 # a type
    if ismethod(action):
        # Not a WeakMethod, which complains of itself when the process ends.
        owner, work = ref(action.__self__), action.__func__
        held = lambda: None if (alive := owner()) is None else partial(work, alive)  # noqa: E731
    _actions.append(held)
    for gone in [known for known in _actions if known() is None]:
        with suppress(ValueError):  # another thread has done it
            _actions.remove(gone)


def _begin_child() -> None:
    for lock in list(_locks):
        lock.free()
    for held in _actions.copy():
        if action := held():
            action()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_child)
