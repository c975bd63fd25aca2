"""Threads, their clock and their locks, also in a forked child: what such a child forgets.

A thread that held a lock in the parent is not there to let go of it: the child would wait for ever.
So what such a lock guards is replaced as a whole, and never found half changed.
"""

from __future__ import annotations

import contextvars
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from inspect import ismethod
from threading import Lock
from weakref import WeakSet, ref


class ForkLock:
    """`with lock:` lets one thread in, which must not fork. One that `holds_forks` delays forks."""

    def __init__(self, *, holds_forks: bool = False) -> None:
        self.inner, self.holds_forks = Lock(), holds_forks
        _locks.add(self)

    def __enter__(self) -> None:
        self.inner.acquire()

    def __exit__(self, *_: object) -> None:
        self.inner.release()


LONGEST_WORK = 20.0  # seconds; how long a fork waits for others' work at the most
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
        lock.inner = Lock()
    for held in _actions.copy():
        if action := held():
            action()


# The clock of everything that waits: one for all threads, and no test's frozen time stops it.
#
# What freezes time for a test replaces the functions of `time`, in some threads and not in others:
# a wait that is begun by one clock and ended by the other never ends.

ASLEEP = 3.0  # seconds without a tick: the process did not run, whatever else is late by less

# Seconds since some moment. Within `partial` it is not found and replaced.
now: Callable[[], float]
if hasattr(time, "clock_gettime"):
    now = partial(time.clock_gettime, time.CLOCK_MONOTONIC)
else:
    now = partial(time.monotonic)


class AwakeClock:
    """Seconds in which this process ran: of a stopped process or a closed laptop none pass."""

    def __init__(self) -> None:
        self._lock, self._lost = ForkLock(), 0.0
        self._ticked: float | None = None

    def __call__(self) -> float:
        """Return the reading."""
        with self._lock:
            reading = now()
            if self._ticked is not None and reading - self._ticked > ASLEEP:
                # The first thread to wake notes it, before anything is found to be late.
                self._lost += reading - self._ticked
                self._ticked = reading
            return reading - self._lost

    def tick(self) -> None:
        """Note that the process runs: some thread must, each second or so."""
        self()
        with self._lock:
            self._ticked = now()


# Threads that belong to the cell that is running, and that a fork finds outside any import.
#
# A thread that a fork finds inside an import leaves the module locked in the child, where no thread
# unlocks it: the next import of it waits for ever.

IMPORT_CODE = "<frozen importlib._bootstrap>"  # the file that Python names for it
_ours: WeakSet[threading.Thread] = WeakSet()


def spawn(work: Callable[[], None], name: str) -> threading.Thread | None:
    """Start a daemon thread; return None where the machine has no more of them."""
    # Without the cell's context its widgets and prints would land in another cell, or nowhere.
    run = contextvars.copy_context().run
    thread = threading.Thread(target=run, args=(work,), name=name, daemon=True)
    _ours.add(thread)
    try:
        thread.start()
    except (RuntimeError, MemoryError):
        return None
    return thread


def spawn_import(work: Callable[[], None], name: str) -> None:
    """Start a thread that only imports something, so that it need not be waited for later."""
    # It registers what is done at a fork; registered while a fork waits, half of it would be.
    try:
        import concurrent.futures.thread  # noqa: F401
    except RuntimeError:
        return  # the process ends: what is needed is imported when it is

    spawn(work, name)


def _is_importing() -> bool:
    idents = {thread.ident for thread in list(_ours)} - {threading.get_ident()}
    frames = sys._current_frames()
    for frame in [frames.get(ident or 0) for ident in idents]:
        while frame is not None:
            if frame.f_code.co_filename == IMPORT_CODE:
                return True
            frame = frame.f_back
    return False


def _before_fork() -> None:
    end = now() + LONGEST_WORK
    while _is_importing() and now() < end:
        time.sleep(0.001)
    held = (lock for lock in list(_locks) if lock.holds_forks)
    _resting.locks = [lock for lock in held if lock.inner.acquire(timeout=LONGEST_WORK)]


def _in_parent() -> None:
    for lock in _resting.locks:
        lock.inner.release()


_resting = threading.local()  # the locks that a fork of this thread holds
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_in_parent, after_in_child=_begin_child
    )
