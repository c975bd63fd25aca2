"""Carries a schedule out: threads, clock, cancel, and the journal that is kept of it.

Whatever dies, the run ends: a request that fails in an unforeseen way is its count's failure, a
worker that dies otherwise ends the run, and so does a fork, in the child. Where no thread can be
started, the caller's own carries the run out.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from math import inf
from random import Random
from time import time
from typing import TYPE_CHECKING, TypeVar

from ct_magic.client.jobs import Answer, Failure, Job, Shared, State, Success, Timing
from ct_magic.client.limits import LIMITS, REQUEST, UNTAUGHT, Gate, Learned
from ct_magic.client.scheduler import Schedule
from ct_magic.common.threads import AwakeClock, in_child, spawn
from ct_magic.rows import replace

if TYPE_CHECKING:
    from ct_magic.client.journal.journal import Journal
    from ct_magic.client.transport import Asker

_T = TypeVar("_T")
_log = logging.getLogger(__name__)

_MEASURED = 5  # requests of a run; of one count alone there are fewer
# Between two ticks, and how late it is noticed that every worker has died.
_TICK_SECONDS = 1.0
FORKED = "this process was forked from the one that counts: the count arrives there"


class Run:
    """Jobs on their way. `start()` begins, `wait()` waits, `cancel()` stops asking."""

    def __init__(
        self,
        jobs: Sequence[Job],  # some perhaps answered or pending already
        asker: Asker,  # sends the requests
        timing: Timing,
        *,
        journal: Journal | None = None,  # writes down what was asked and what came
        gate: Gate | None = None,  # bounds the requests of all runs
        learned: Learned = UNTAUGHT,  # what the account taught before
        learn: Callable[[str, str], None] | None = None,  # keeps what it has taught, by its name
    ) -> None:
        self.clock = AwakeClock()
        self._asker, self._timing, self._journal = asker, timing, journal
        self._news = threading.Condition()
        self._over = threading.Event()
        self._seconds: list[float] = []  # that the first requests took
        self._writing = 0  # threads that are writing down what has changed
        self._threads: list[threading.Thread] = []
        random = Random().random  # noqa: S311 # spreads requests over time, keeps no secret
        self._schedule = Schedule(jobs, timing, self.clock(), random, learned, time(), gate)
        self._gate, self._learn = self._schedule.limits.gate, learn
        self._learned = self._schedule.limits.learned
        if all(job.state.ended for job in jobs):
            self._over.set()
        in_child(self._orphan)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Every job as it is now, in the order asked."""
        with self._news:
            return self._schedule.jobs

    @property
    def outage(self) -> tuple[float, float] | None:
        """Since when no answer came, and when the service is given up; None while it answers."""
        with self._news:
            return self._schedule.outage

    @property
    def done(self) -> bool:
        """True when every job has ended."""
        return self._over.is_set()

    @property
    def at_once(self) -> int | None:
        """How many requests the service takes at once, where that is fewer than are wanted."""
        limit = self._gate.limit
        return limit if limit < self._timing.max_concurrent else None

    def start(self) -> None:
        """Start to ask and return at once, unless the machine has no more threads."""
        workers = min(self._timing.max_concurrent, sum(not job.state.ended for job in self.jobs))
        threads = [spawn(self._work, f"ct_magic-{number}") for number in range(workers)]
        self._threads = [thread for thread in threads if thread is not None]
        if workers:
            spawn(self._keep_time, "ct_magic-clock")
        if workers and not self._threads:
            self._work()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all is over, `timeout` seconds at the most; return True if it is."""
        end = inf if timeout is None else self.clock() + timeout
        while not self._over.wait(max(0.0, min(_TICK_SECONDS, end - self.clock()))):
            if self._threads and not any(thread.is_alive() for thread in self._threads):
                if not self._schedule.done:
                    self._end("an error inside ct_magic: its threads have died")
            elif self.clock() >= end:
                return False
        return True

    def cancel(self, number: int | None = None) -> None:
        """Stop asking for one job or for all. A request under way may still be answered."""
        self._change(lambda now: self._schedule.cancel(number, now))

    def _work(self) -> None:
        try:
            while (job := self._next_step()) is not None:
                if self._pass_gate(job):
                    began = self.clock()
                    answer = self._ask(job)
                    took = self.clock() - began
                    self._take(job, answer)
                    self._measure(took)
        except BaseException as error:
            # A run without its workers would let the cell wait for ever.
            self._end(f"an error inside ct_magic: {type(error).__name__}")
            if isinstance(error, KeyboardInterrupt):
                raise  # in the caller's own thread
            _log.exception("ct_magic: a thread died in an unforeseen way")

    def _end(self, error: str) -> None:
        try:
            self._change(lambda now: self._schedule.give_up(error, now))
        finally:
            self._over.set()

    def _keep_time(self) -> None:
        # Apart from the workers: every one of them may hang in a request.
        while not self._over.is_set():
            self.clock.tick()
            left = self._schedule.deadline - self.clock()
            if left <= 0:
                self._change(self._schedule.expire)
            self._over.wait(min(_TICK_SECONDS, left) if left > 0 else _TICK_SECONDS)

    def _next_step(self) -> Job | None:
        if self.clock() >= self._schedule.deadline:
            self._change(self._schedule.expire)  # where no thread could be had for it
        with self._news:
            while not self._schedule.done:
                step = self._schedule.next(self.clock())
                if isinstance(step, Job):
                    return step
                self._news.wait(None if step == inf else max(0.0, step - self.clock()))
        return None

    def _pass_gate(self, job: Job) -> bool:
        # In slices, so that a job that is cancelled at the gate does not wait for other runs.
        while not self._gate.enter(0.1):
            with self._news:
                if self._schedule.dropped(job.number):
                    return False
        return True

    def _ask(self, job: Job) -> Answer:
        try:
            if job.state is State.SUBMITTED:
                return self._asker.poll(job.req_id or "")
            if self._journal:
                if known := _safely(self._journal.asked_elsewhere, job):
                    return known
                _safely(self._journal.asking, job)
            return self._asker.submit(job.question.body)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            # A mistake of ours must end its row, not leave the cell waiting for ever.
            _log.exception("ct_magic: a request failed in an unforeseen way")
            return Failure(f"an error inside ct_magic: {type(error).__name__}")
        finally:
            self._gate.leave()

    def _measure(self, seconds: float) -> None:
        with self._news:
            self._seconds.append(seconds)
            is_enough = len(self._seconds) == _MEASURED
        if is_enough and self._learn:
            median = sorted(self._seconds)[_MEASURED // 2]
            _safely(self._learn, REQUEST, f"{median:.3g}")

    def _take(self, job: Job, answer: Answer) -> None:
        number = job.number
        # The answer to another query must not be written down as this one's id.
        with self._news:
            answer = self._schedule.believed(number, answer)
        # The id is written down before anything else can happen to it.
        if self._journal:
            answer = _safely(self._journal.answered, job, answer) or answer
        if isinstance(answer, Success) and answer.at is None:
            answer = replace(answer, at=datetime.now(UTC))  # a service that says no time of its own
        shared: list[str] = []

        def take(now: float) -> list[Job]:
            # Meanwhile another query may have got the same id.
            if isinstance(final := self._schedule.believed(number, answer), Shared):
                shared.append(final.req_id)
            return self._schedule.answered(number, answer, now)

        self._change(take, shared)
        if self._learn and (learned := self._schedule.limits.learned) != self._learned:
            self._learned = learned
            _safely(self._learn, LIMITS, learned.to_text())

    def _change(self, change: Callable[[float], list[Job]], shared: Sequence[str] = ()) -> None:
        with self._news:
            changed = change(self.clock())
            self._writing += 1
            self._news.notify_all()
        try:
            if self._journal:
                for req_id in shared:
                    _safely(self._journal.withdraw, req_id)
                for job in changed:
                    if job.state.ended:
                        _safely(self._journal.ended, job)
        finally:
            # A script ends when its run is over, and the threads with it: not before all is
            # written.
            with self._news:
                self._writing -= 1
                if self._schedule.done and not self._writing:
                    self._over.set()

    def _orphan(self) -> None:
        # The threads are the parent's, so are the connections and the journal's; and a lock may
        # have been held by one of them.
        self._news, self._over = threading.Condition(), threading.Event()
        self._threads, self._journal, self._writing = [], None, 0
        self._end(FORKED)


def _safely(write: Callable[..., _T], *news: Job | Answer | str) -> _T | None:
    try:
        return write(*news)
    except KeyboardInterrupt:
        raise
    except BaseException:
        # Who writes a count down must not keep it from arriving.
        _log.exception("ct_magic: a count could not be written down")
        return None
