"""Carrying a schedule out: threads that end whatever the service or the journal does."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from pathlib import Path
from queue import Queue

import pytest
from helpers.plans import question

from ct_magic.client.jobs import Answer, Job, Partial, State, Success, Tally
from ct_magic.client.journal import Journal
from ct_magic.client.runner import Run
from ct_magic.client.scheduler import Pace
from ct_magic.errors import JournalWarning

JOBS = [Job(n, question(f"q{n}")) for n in range(5)]


class Quick:
    """A service that answers every look at once."""

    def submit(self, body: str) -> Answer:
        return Partial("1")

    def poll(self, req_id: str) -> Answer:
        return Success(Tally(7))


class Broken(Quick):
    """One whose answers cannot be read."""

    def poll(self, req_id: str) -> Answer:
        raise UnicodeError


def states(run: Run) -> set[State]:
    run.start()
    assert run.wait(10), "a cell would wait for ever"
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
    kept = Slow(tmp_path / "j")

    class OneByOne(Quick):
        def submit(self, body: str) -> Answer:
            assert body == "first" or kept.begun.wait(10)
            return Success(Tally(7))

    first = replace(JOBS[0], question=replace(JOBS[0].question, body="first"))
    kept.run = Run([first, JOBS[1]], OneByOne(), Pace(), journal=kept)
    assert states(kept.run) == {State.SUCCESS}
    assert not kept.was_over.get(timeout=10)


@pytest.mark.parametrize("held", [True, False])
def test_a_journal_whose_warning_is_an_error_costs_no_count(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, held: bool
) -> None:
    """Whoever turns warnings into errors gets counts all the same, not a cell without an end."""

    def refuse(message: str) -> None:
        raise JournalWarning(message)

    caplog.set_level(logging.CRITICAL + 1)
    kept = Journal(tmp_path / "j", "a", warn=refuse, now=lambda: 0.0)
    kept.asking(JOBS[0])
    assert kept._file is not None
    kept._file.write("DROP TABLE asked")
    jobs = [replace(job, state=State.SUBMITTED, req_id="1") for job in JOBS] if held else JOBS
    assert states(Run(jobs, Quick(), Pace(poll_interval=0.01), journal=kept)) == {State.SUCCESS}


def test_a_mistake_inside_ends_its_row(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever was not foreseen is said in the row, and the other rows go on."""
    caplog.set_level(logging.CRITICAL + 1)
    run = Run(JOBS, Broken(), Pace(poll_interval=0.01))
    assert states(run) == {State.FAILED}
    assert all("UnicodeError" in str(job.error) for job in run.jobs)
