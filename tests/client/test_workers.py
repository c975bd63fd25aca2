"""Carrying a schedule out: threads that end whatever the service or the journal does."""

from __future__ import annotations

import importlib
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue
from types import SimpleNamespace

import pytest
from helpers.forks import forked
from helpers.journals import submissions
from helpers.plans import question
from helpers.shell import until

from ct_magic.client.jobs import (
    Answer,
    Busy,
    Job,
    Partial,
    State,
    Success,
    Tally,
    Timing,
)
from ct_magic.client.journal.journal import Journal
from ct_magic.client.limits import LIMITS, Gate, Learned, gate
from ct_magic.client.workers import Run
from ct_magic.common.threads import spawn
from ct_magic.errors import JournalWarning

JOBS = [Job(n, question(f"q{n}")) for n in range(5)]


class Quick:
    """A service that answers every look at once."""

    def submit(self, body: str) -> Answer:
        return Partial(f"id of {body}")

    def poll(self, req_id: str) -> Answer:
        return Success(Tally(7))


def test_an_id_that_two_queries_get_is_forgotten(tmp_path: Path) -> None:
    """`%ct resume` would fetch the other's count; and what was fetched by it is asked anew."""

    class Joined(Quick):
        """Something on the way gives the second query the answer of the first."""

        def __init__(self) -> None:
            self.bodies: dict[str, list[str]] = {"q0": [], "q1": []}
            self.is_fetched = threading.Event()

        def submit(self, body: str) -> Answer:
            self.bodies[body].append(body)
            if len(self.bodies[body]) == 1:
                assert body == "q0" or self.is_fetched.wait(60)
                return Partial("7")
            return Partial(f"id of {body}")

        def poll(self, req_id: str) -> Answer:
            if req_id == "7":
                until(lambda: bool(self.bodies["q1"]))
                self.is_fetched.set()
                return Success(Tally(66))
            return Success(Tally(len(req_id)))

    journal = Journal(tmp_path / "j", "a", warn=print, now=lambda: 0.0)
    timing = Timing(first_look=0.01, retry_wait=0.01, max_concurrent=2)
    run = Run(JOBS[:2], service := Joined(), timing, journal=journal)
    assert states(run) == {State.SUCCESS}
    assert [job.tally for job in run.jobs] == [Tally(8), Tally(8)]
    assert service.bodies == {"q0": ["q0"] * 2, "q1": ["q1"] * 2}
    assert journal.pending() == []
    written = [(row["state"], row["count"]) for row in submissions(tmp_path / "j")]
    assert sorted(written, key=str) == [("shared", None)] * 2 + [("success", 8)] * 2


class Broken(Quick):
    """One whose answers cannot be read."""

    def poll(self, req_id: str) -> Answer:
        raise UnicodeError


def states(run: Run) -> set[State]:
    run.start()
    assert run.wait(60), "a cell would wait for ever"
    return {job.state for job in run.jobs}


class Slow(Journal):
    """A journal that takes its time over the end of the first count."""

    run: Run

    def __init__(self, file: Path) -> None:
        super().__init__(file, "a", warn=print, now=lambda: 0.0)
        self.begun = threading.Event()
        self.was_over: Queue[bool] = Queue()

    def ended(self, job: Job) -> None:
        """Look meanwhile whether the run is over."""
        if job.number == 0:
            self.begun.set()
            self.was_over.put(self.run.wait(0.3))
        super().ended(job)


def test_a_run_is_over_when_all_is_written_down(tmp_path: Path) -> None:
    """A script ends then: a count that its journal lacks would be submitted a second time."""
    journal = Slow(tmp_path / "j")

    class OneByOne(Quick):
        def submit(self, body: str) -> Answer:
            assert body == "first" or journal.begun.wait(60)
            return Success(Tally(7))

    first = replace(JOBS[0], question=replace(JOBS[0].question, body="first"))
    journal.run = Run([first, JOBS[1]], OneByOne(), Timing(), journal=journal)
    assert states(journal.run) == {State.SUCCESS}
    assert not journal.was_over.get(timeout=60)


@pytest.mark.parametrize("held", [True, False])
def test_a_journal_whose_warning_is_an_error_costs_no_count(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, held: bool
) -> None:
    """Whoever turns warnings into errors gets counts all the same, not a cell without an end."""

    def refuse(message: str) -> None:
        raise JournalWarning(message)

    caplog.set_level(logging.CRITICAL + 1)
    journal = Journal(tmp_path / "j", "a", warn=refuse, now=lambda: 0.0)
    journal.asking(JOBS[0])
    assert journal._file is not None
    journal._file.read("DROP TABLE submissions")
    jobs = [replace(job, state=State.SUBMITTED, req_id="1") for job in JOBS] if held else JOBS
    timing = Timing(poll_interval=0.01)
    assert states(Run(jobs, Quick(), timing, journal=journal)) == {State.SUCCESS}


def test_a_mistake_inside_ends_its_row(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever was not foreseen is said in the row, and the other rows go on."""
    caplog.set_level(logging.CRITICAL + 1)
    run = Run(JOBS, Broken(), Timing(poll_interval=0.01))
    assert states(run) == {State.FAILED}
    assert all("UnicodeError" in str(job.error) for job in run.jobs)


class Exhausted(Run):
    """A run whose schedule raises in a worker, as where memory has run out."""

    def _next_step(self) -> Job | None:
        raise MemoryError


class Killed(Run):
    """A run whose workers end without a word."""

    def _work(self) -> None:
        pass


@pytest.mark.parametrize("kind", [Exhausted, Killed])
def test_a_run_whose_workers_have_died_ends_and_says_so(
    kind: type[Run], caplog: pytest.LogCaptureFixture
) -> None:
    """The cell would wait for ever."""
    caplog.set_level(logging.CRITICAL + 1)
    run = kind(JOBS, Quick(), Timing())
    assert states(run) == {State.FAILED}
    assert all("an error inside ct_magic" in str(job.error) for job in run.jobs)


class Leaving(Quick):
    """One that ends its thread."""

    def submit(self, body: str) -> Answer:
        raise SystemExit


def test_a_request_that_ends_its_thread_gives_its_place_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The gate is the account's: a place that is lost is lost for every later cell."""
    caplog.set_level(logging.CRITICAL + 1)
    entrance = Gate(1)
    assert states(Run(JOBS, Leaving(), Timing(), gate=entrance)) == {State.FAILED}

    class Quits(Journal):
        def asking(self, job: Job) -> None:
            raise SystemExit

    journal = Quits(tmp_path / "j", "a", warn=print, now=lambda: 0.0)
    run = Run(JOBS, Quick(), Timing(first_look=0.01), gate=entrance, journal=journal)
    assert states(run) == {State.SUCCESS}


@pytest.fixture
def no_threads() -> Iterator[None]:
    """A machine that has no more threads: each would need more memory than there is."""
    before = threading.stack_size(1 << 46)
    yield
    threading.stack_size(before)


def test_a_machine_without_threads_counts_all_the_same(no_threads: None) -> None:
    """In the caller's own: it takes longer, and the count is there."""
    run = Run(JOBS, Quick(), Timing(first_look=0.01, timeout=60))
    assert states(run) == {State.SUCCESS}


def test_without_threads_the_deadline_holds(no_threads: None) -> None:
    """Nobody else watches the clock."""

    class Never(Quick):
        def poll(self, req_id: str) -> Answer:
            return Partial(req_id)

    timing = Timing(first_look=0.01, poll_interval=0.01, timeout=0.2)
    assert states(Run(JOBS, Never(), timing)) == {State.TIMED_OUT}


def test_a_fork_in_the_middle_of_an_import_leaves_the_child_the_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread of ours that imports holds the module's lock, and is not there to let go."""
    gates = SimpleNamespace(inside=threading.Event(), go_on=threading.Event())
    monkeypatch.setitem(sys.modules, "gates_of_this_test", gates)
    (tmp_path / "slowly_imported.py").write_text(
        "import gates_of_this_test as gates\ngates.inside.set()\ngates.go_on.wait(60)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    thread = spawn(lambda: importlib.import_module("slowly_imported") and None, "ct_magic-test")
    assert thread
    assert gates.inside.wait(60)
    gates.go_on.set()  # this thread goes on first: the other one is still inside when it forks
    assert forked(lambda: bool(importlib.import_module("slowly_imported")))
    thread.join()
    del sys.modules["slowly_imported"]


def test_a_process_that_is_forked_while_a_count_runs_counts_too() -> None:
    """Its parent's workers are inside the gate, and hold locks, and are not there to leave."""
    began, go_on = threading.Event(), threading.Event()

    class Hangs(Quick):
        def submit(self, body: str) -> Answer:
            began.set()
            assert go_on.wait(120)
            return Partial(body)

    entrance = gate("forks", 1)
    run = Run(JOBS, Hangs(), Timing(first_look=0.01), gate=entrance)
    run.start()
    assert began.wait(60)

    def child() -> bool:
        own = Run(JOBS, Quick(), Timing(first_look=0.01), gate=gate("forks", 1))
        return states(own) == {State.SUCCESS}

    def inherited() -> bool:
        return run.wait(60) and {job.state for job in run.jobs} == {State.FAILED}

    with run._news:  # as if a worker held it at this moment
        assert forked(child), "the child never gets through the gate"
        assert forked(inherited), "the child waits for threads that it has not"
    go_on.set()
    assert run.wait(60)
    assert {job.state for job in run.jobs} == {State.SUCCESS}


def test_what_an_account_teaches_is_handed_on() -> None:
    """The journal keeps it for the next cell."""
    heard: list[tuple[str, str]] = []
    pending: list[str] = []

    class Strict(Quick):
        def submit(self, body: str) -> Answer:
            if len(pending) >= 2:
                return Busy("HTTP 429")
            pending.append(body)
            return Partial(body)

    jobs = [replace(job, question=replace(job.question, body=f"{job.number}")) for job in JOBS]
    # No count is fetched before the third query was refused twice, however slow the machine.
    timing = Timing(first_look=600, poll_interval=600, retry_wait=0.01, max_concurrent=1)
    run = Run(jobs, Strict(), timing, learn=lambda name, text: heard.append((name, text)))
    run.start()
    until(lambda: heard)
    run.cancel()
    assert run.wait(60)
    assert [(name, Learned.from_text(text).pending) for name, text in heard] == [(LIMITS, 2)]


def test_a_count_is_dated_also_where_the_service_says_no_time() -> None:
    """By the machine's clock then."""
    run = Run(JOBS[:1], Quick(), Timing(poll_interval=0.01))
    before = datetime.now(UTC)
    assert states(run) == {State.SUCCESS}
    counted = run.jobs[0].counted
    assert counted is not None
    assert before <= counted <= datetime.now(UTC)


STOPPED = """
import os, signal, subprocess, sys, time
from helpers.plans import question
from ct_magic.client.jobs import Job, Partial, Success, Tally, Trouble
from ct_magic.client.workers import Run
from ct_magic.client.jobs import Timing

class Away:
    back = float("inf")
    def submit(self, body):
        return Partial(body)
    def poll(self, req_id):
        return Success(Tally(7)) if time.monotonic() > self.back else Trouble("no connection")

timing = Timing(first_look=0.01, retry_wait=0.2, give_up_after=3.0)
run = Run([Job(n, question(f"q{n}")) for n in range(3)], away := Away(), timing)
run.start()
while run.outage is None:
    time.sleep(0.01)
subprocess.Popen(["sh", "-c", f"sleep 4.5; kill -CONT {os.getpid()}"])
stopped = run.clock()
os.kill(os.getpid(), signal.SIGSTOP)
assert run.clock() - stopped < 3, "time went on"
away.back = time.monotonic()
assert run.wait(60)
print({str(job.state) for job in run.jobs})
"""


def test_a_process_that_was_stopped_was_not_waiting_for_an_answer() -> None:
    """A laptop is closed, a container paused: nothing is given up for that."""
    path = os.pathsep.join([str(Path(__file__).parents[1]), str(Path(__file__).parents[2])])
    command = [sys.executable, "-c", STOPPED]
    environ = os.environ | {"PYTHONPATH": path}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120)
    assert done.stdout == "{'success'}\n", done.stderr
