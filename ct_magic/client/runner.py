"""Carries a schedule out: threads, clock, cancel, and the journal that is kept of it."""

from __future__ import annotations

import contextvars
import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from .concurrency import Gate
from .jobs import Answer, Failure, Job
from .scheduler import Done, Pace, Poll, Schedule, Submit, Wait

if TYPE_CHECKING:
    from .journal import Journal
    from .transport import Asker

T = TypeVar("T")
log = logging.getLogger(__name__)


def spawn(work: Callable[[], None], name: str) -> None:
    """Start a daemon thread that belongs to the cell that is running."""
    # Without the cell's context its widgets and prints would land in another cell, or nowhere.
    run = contextvars.copy_context().run
    threading.Thread(target=run, args=(work,), name=name, daemon=True).start()


class Run:
    """Jobs on their way. `start()` begins, `wait()` waits, `cancel()` stops asking.

    `jobs` are what to ask, some perhaps answered or pending already; `asker` sends the requests
    (see `service.Service`); `journal` writes down what was asked and what came; `gate` bounds the
    requests of all runs together. `clock()` gives seconds.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        asker: Asker,
        pace: Pace,
        *,
        journal: Journal | None = None,
        gate: Gate | None = None,
    ) -> None:
        self.clock = time.monotonic
        self._asker, self._pace, self._journal = asker, pace, journal
        self._gate = gate or Gate(pace.max_concurrent)
        self._news = threading.Condition()
        self._over = threading.Event()
        self._writing = 0  # threads that are writing down what has changed
        self._schedule = Schedule(jobs, pace, self.clock(), random.random)
        if all(job.state.ended for job in jobs):
            self._over.set()

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Every job as it stands, in the order asked."""
        with self._news:
            return self._schedule.jobs

    @property
    def done(self) -> bool:
        """True when every job has ended."""
        return self._over.is_set()

    def start(self) -> None:
        """Begin to ask; the cell's thread is free."""
        workers = min(self._pace.max_concurrent, sum(not j.state.ended for j in self.jobs))
        for number in range(workers):
            spawn(self._work, f"ct_magic-{number}")
        if workers and self._pace.timeout is not None:
            spawn(self._keep_deadline, "ct_magic-deadline")

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all is over, `timeout` seconds at the most; say whether it is."""
        return self._over.wait(timeout)

    def cancel(self, number: int | None = None) -> None:
        """Stop asking for one job or for all. A request under way may still be answered."""
        self._change(lambda now: self._schedule.cancel(number, now))

    def _work(self) -> None:
        while (step := self._next_step()) is not None:
            if self._pass_gate(step):
                self._take(step, self._ask(step))

    def _keep_deadline(self) -> None:
        # Apart from the workers: every one of them may hang in a request.
        if not self._over.wait(self._pace.timeout):
            self._change(self._schedule.expire)

    def _next_step(self) -> Submit | Poll | None:
        with self._news:
            while isinstance(step := self._schedule.next(self.clock()), Wait):
                until = step.until
                self._news.wait(None if until is None else max(0.0, until - self.clock()))
        return None if isinstance(step, Done) else step

    def _pass_gate(self, step: Submit | Poll) -> bool:
        # In slices, so that a job that is cancelled at the gate does not wait for other runs.
        while not self._gate.enter(0.1):
            with self._news:
                if self._schedule.dropped(step.job.number):
                    return False
        return True

    def _ask(self, step: Submit | Poll) -> Answer:
        try:
            if isinstance(step, Poll):
                return self._asker.poll(step.job.req_id or "")
            if self._journal:
                _safely(self._journal.asking, step.job)
            return self._asker.submit(step.job.question.body)
        except Exception as error:
            # A mistake of ours must end its row, not leave the cell waiting for ever.
            log.exception("ct_magic: a request failed in an unforeseen way")
            return Failure(f"an error inside ct_magic: {type(error).__name__}")
        finally:
            self._gate.leave()

    def _take(self, step: Submit | Poll, answer: Answer) -> None:
        # The id is written down before anything else can happen to it.
        if self._journal:
            answer = _safely(self._journal.answered, step.job, answer) or answer
        self._change(lambda now: self._schedule.answered(step.job.number, answer, now))

    def _change(self, change: Callable[[float], list[Job]]) -> None:
        with self._news:
            changed = change(self.clock())
            self._writing += 1
            self._news.notify_all()
        try:
            self._write_down(changed)
        finally:
            self._written()

    def _write_down(self, changed: list[Job]) -> None:
        for job in changed:
            if job.state.ended and self._journal:
                _safely(self._journal.ended, job)

    def _written(self) -> None:
        # A script ends when its run is over, and the threads with it: not before all is written.
        with self._news:
            self._writing -= 1
            if self._schedule.done and not self._writing:
                self._over.set()


def _safely(write: Callable[..., T], *news: Job | Answer) -> T | None:
    try:
        return write(*news)
    except Exception:
        # Who writes a count down must not keep it from arriving.
        log.exception("ct_magic: a count could not be written down")
        return None
