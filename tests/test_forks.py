"""A fork finds every lock of ours as it happens to be: held by a thread that the child has not."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from helpers.forks import forked
from helpers.plans import plan, row
from helpers.shell import TODAY

import ct_magic
from ct_magic.client import limits as concurrency
from ct_magic.client.jobs import Job
from ct_magic.client.journal import store as journal_file
from ct_magic.errors import UsageError
from ct_magic.planning.row_results import RowRun
from ct_magic.query.parser import statements
from ct_magic.sandbox import Sandbox
from ct_magic.session import known_names as name_sources
from ct_magic.session.session import SESSION

# Whose child makes its locks anew: each is held in a test here, or in the one that is named.
HOME = "common.threads"  # whoever needs an ordinary lock takes one from there
OWN = {
    "client.limits": "a gate's room",
    "client.workers": "client/test_workers.py, while a count runs",
}
# Up to Python 3.11 a cached_property has one, for all objects of its class.
KINDS = "(?:Lock|RLock|Condition|Semaphore|BoundedSemaphore|Barrier)"
LOCKS = re.compile(
    rf"threading\.{KINDS}\b|from threading import .*\b{KINDS}\b|import .*\bcached_property\b"
)


def count() -> bool:
    """Count in the child, with whatever that needs."""
    df = ct_magic.count("App Launched 2026-10", poll_interval=0.01, progress="none")
    return list(df["status"]) == ["success"]


def learn() -> bool:
    SESSION.learn(statements("Forked today"))
    return "Forked" in SESSION.names.events


def read_names() -> bool:
    name_sources._learn(SESSION.used)
    return bool(name_sources.names().events)


def pass_gate() -> bool:
    entrance = concurrency.gate("of a fork", 1)
    if entered := entrance.enter(1):
        entrance.leave()
    return entered


HELD: dict[str, tuple[Callable[[], Any], Callable[[], bool]]] = {
    # What is held while a process is forked, and what the child does that needs it.
    "the session's": (lambda: SESSION._lock, learn),
    "the names'": (lambda: name_sources._reading, read_names),
    "the gates'": (lambda: concurrency._lock, pass_gate),
    "a gate's room": (lambda: concurrency.gate("of a fork", 1)._room, pass_gate),
    "the open journals'": (lambda: journal_file._opening, count),
}


def work() -> bool:
    for name, (_, needs_it) in HELD.items():
        assert needs_it(), name
    return True


@pytest.mark.usefixtures("account")
def test_locks_that_are_held_while_forking_are_free_in_the_child() -> None:
    """Tab, a form or a count of other threads hold them; the child counts all the same."""
    held, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with ExitStack() as locks:
            for lock, _ in reversed(HELD.values()):  # the gates' last: a gate is found by it
                locks.enter_context(lock())
            held.set()
            go_on.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(30)
    try:
        assert forked(work)
    finally:
        go_on.set()
        thread.join()
    assert work()


def test_rows_that_are_drawn_while_forking_are_there_in_the_child() -> None:
    """The panel's thread is in the middle of them."""
    drawing, go_on = threading.Event(), threading.Event()

    class Slow:
        clock = staticmethod(lambda: 0.0)

        @property
        def jobs(self) -> tuple[Job, ...]:
            if threading.current_thread() is thread:
                drawing.set()
                go_on.wait(30)
            return tuple(Job(n, question) for n, question in enumerate(rows.plan.questions))

    rows = RowRun(plan([row(0), row(1)]), Slow())  # type: ignore[arg-type] # all that it asks
    thread = threading.Thread(target=lambda: rows.rows)
    thread.start()
    assert drawing.wait(30)
    try:
        assert forked(lambda: len(rows.rows) == 2)
    finally:
        go_on.set()
        thread.join()


@pytest.fixture
def own() -> Iterator[Sandbox]:
    """A sandbox of this process."""
    with Sandbox(profiles=5, today=TODAY) as box:
        yield box


@pytest.mark.parametrize("part", ["_engine", "_protocol", "_protocol._faults"])
def test_a_sandbox_is_its_own_process_s(own: Sandbox, part: str) -> None:
    """The child's counts are answered there; its data cannot be asked, nor closed, in the child."""
    holder: Any = own
    for name in part.split("."):
        holder = getattr(holder, name)

    def child() -> bool:
        with pytest.raises(UsageError, match="ask it at its url"):
            own.schema()
        assert own.log == ()
        assert own.url.startswith("http://127.0.0.1:")
        own.stop()
        return not own._closing.alive

    with holder._lock:
        assert forked(child)
    assert own.schema()["events"]


def test_no_lock_of_ours_is_left_out() -> None:
    """A new one is taken from the place whose locks a fork leaves free, or is tried by a test."""
    root = Path(ct_magic.__file__).parent
    modules = {
        ".".join(file.relative_to(root).with_suffix("").parts)
        for file in root.rglob("*.py")
        if LOCKS.search(file.read_text(encoding="utf-8"))
    }
    assert modules == {HOME, *OWN}
