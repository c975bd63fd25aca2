"""The schedule, simulated: hours of 10,000 counts in seconds, against what is best possible."""

from __future__ import annotations

import heapq
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil
from random import Random
from types import FrameType
from typing import Any

import pytest
from helpers.plans import question

from ct_magic.client.jobs import (
    Answer,
    Busy,
    Denied,
    Failure,
    Forgotten,
    Job,
    NotYet,
    Partial,
    State,
    Success,
    Tally,
    Trouble,
)
from ct_magic.client.scheduler import Done, Pace, Poll, Schedule, Submit, Wait

LATENCY = 0.2  # seconds that a request takes
INTERVAL = 30.0


def jobs(n: int) -> list[Job]:
    return [Job(i, question(f"q{i}")) for i in range(n)]


@dataclass
class World:
    """A service and a clock, both simulated.

    `pending_at_once` is the reading of the limit: None counts only requests under way; a number
    counts queries too, from their submission until their answer has been fetched.
    """

    durations: list[float]
    requests_at_once: int = 3
    pending_at_once: int | None = None
    now: float = 0.0
    submitted: dict[int, float] = field(default_factory=dict)
    fetched: set[int] = field(default_factory=set)
    flying: list[tuple[float, int, bool]] = field(default_factory=list)
    looked: dict[int, float] = field(default_factory=dict)
    most_at_once: int = 0
    refused: int = 0
    polls: int = 0
    late: float = 0.0
    earliest_gap: float = INTERVAL
    submissions: list[int] = field(default_factory=list)
    first_count: float | None = None

    def run(self, schedule: Schedule) -> None:
        """Let the schedule do what it wants until all is done."""
        while not isinstance(step := schedule.next(self.now), Done):
            if isinstance(step, Wait):
                self._sleep(schedule, step.until)
                continue
            number, polled = step.job.number, isinstance(step, Poll)
            if polled:
                self._looking(step.job)
            heapq.heappush(self.flying, (self.now + LATENCY, number, polled))
            self.most_at_once = max(self.most_at_once, len(self.flying))

    def _sleep(self, schedule: Schedule, until: float | None) -> None:
        if self.flying and (until is None or self.flying[0][0] <= until):
            self.now, number, polled = heapq.heappop(self.flying)
            schedule.answered(number, self._answer(number, polled=polled), self.now)
        else:
            assert until is not None, "a wait for ever with nothing under way"
            self.now = until

    def _looking(self, job: Job) -> None:
        self.polls += 1
        self.earliest_gap = min(self.earliest_gap, self.now - self.looked[job.number])
        self.late = max(self.late, self.now - (job.due or self.now))

    def _answer(self, number: int, *, polled: bool) -> Answer:
        if not polled:
            open_now = len(self.submitted) - len(self.fetched)
            if self.pending_at_once is not None and open_now >= self.pending_at_once:
                self.refused += 1
                return Busy("HTTP 429")
            assert number not in self.submitted, "submitted twice"
            self.submitted[number] = self.now
            self.submissions.append(number)
        self.looked[number] = self.now
        if self.now - self.submitted[number] < self.durations[number]:
            return Partial(str(number))
        if polled or self.durations[number] == 0:
            self.fetched.add(number)
            self.first_count = self.now if self.first_count is None else self.first_count
            return Success(Tally(1))
        return Partial(str(number))


def durations(n: int, seed: int) -> list[float]:
    """Seconds to a few minutes, most of them short."""
    random = Random(seed)
    return [min(random.lognormvariate(3.0, 1.0), 400.0) for _ in range(n)]


@pytest.mark.parametrize("seed", [1, 2])
def test_ten_thousand_counts_where_only_requests_are_limited(seed: int) -> None:
    """Within 5 % of the best possible: two requests for each count, three at once, no pause."""
    n = 10_000
    world = World(durations(n, seed))
    schedule = Schedule(jobs(n), Pace(), 0.0, Random(seed).random)
    world.run(schedule)
    assert all(job.state is State.SUCCESS for job in schedule.jobs)
    assert world.now <= 1.05 * 2 * n * LATENCY / 3, (world.now, world.polls)
    assert world.most_at_once <= 3
    assert world.earliest_gap >= INTERVAL - 1e-6
    assert world.first_count is not None
    assert world.first_count < 2 * INTERVAL


@pytest.mark.parametrize("limit", [1, 3, 7])
def test_ten_thousand_counts_where_pending_queries_are_limited(limit: int) -> None:
    """Within 5 % of the best possible, and the limit is found with few refusals."""
    n = 10_000
    world = World(durations(n, 3), pending_at_once=limit)
    schedule = Schedule(jobs(n), Pace(), 0.0, Random(3).random)
    world.run(schedule)
    held = [LATENCY + ceil(max(d, 1) / INTERVAL) * (INTERVAL + LATENCY) for d in world.durations]
    assert all(job.state is State.SUCCESS for job in schedule.jobs)
    assert world.now <= 1.05 * sum(held) / limit, (world.now, sum(held) / limit)
    assert world.refused < 0.05 * n
    assert world.earliest_gap >= INTERVAL - 1e-6
    assert world.late < 5


def test_submissions_go_in_the_order_asked() -> None:
    """Nobody is overtaken for ever: without refusals the order is that of the cell."""
    world = World([5.0] * 300)
    world.run(Schedule(jobs(300), Pace(), 0.0, Random(1).random))
    assert world.submissions == sorted(world.submissions)


def test_fewer_at_once_are_allowed_and_more_again_later() -> None:
    """A service that takes one request at a time for a while: nothing lost, full speed after."""

    class Narrow(World):
        def _answer(self, number: int, *, polled: bool) -> Answer:
            if self.now < 300 and self.flying:
                self.refused += 1
                return Busy("HTTP 429")
            return super()._answer(number, polled=polled)

    world = Narrow([5.0] * 3000)
    schedule = Schedule(jobs(3000), Pace(), 0.0, Random(1).random)
    world.run(schedule)
    assert all(job.state is State.SUCCESS for job in schedule.jobs)
    assert world.most_at_once == 3
    # 300 s with one request at a time, then three: 600 s at the best.
    assert world.now < 1.25 * 600
    assert world.refused < 150


def drive(answers: list[Answer], pace: Pace | None = None) -> tuple[Job, list[tuple[str, float]]]:
    """Give one job these answers in turn; tell how it ended and when each request went."""
    schedule = Schedule(jobs(1), pace or Pace(), 0.0, lambda: 0.0)
    now, sent, left = 0.0, [], list(answers)
    while not isinstance(step := schedule.next(now), Done):
        if isinstance(step, Wait):
            assert step.until is not None
            now = step.until
            continue
        sent.append(("submit" if isinstance(step, Submit) else "poll", now))
        schedule.answered(0, left.pop(0) if left else Success(Tally(1)), now)
    return schedule.jobs[0], sent


def test_a_refusal_is_waited_out_however_often() -> None:
    """429 and 409 never become an error row, and the waits grow."""
    job, sent = drive([Busy("HTTP 429")] * 30)
    assert job.state is State.SUCCESS
    gaps = [later - earlier for (_, earlier), (_, later) in pairwise(sent)]
    assert gaps[:4] == [1, 2, 4, 8]
    assert max(gaps) == 60


@pytest.mark.parametrize("trouble", [Trouble("HTTP 503: no"), NotYet()])
def test_trouble_is_tried_again_a_bounded_number_of_times(trouble: Answer) -> None:
    """Then there is a row that says so."""
    job, sent = drive([trouble] * 8)
    assert job.state is State.FAILED
    assert "given up after 8 tries" in str(job.error)
    assert len(sent) == 8
    assert drive([trouble] * 7)[0].state is State.SUCCESS


def test_news_resets_the_tries() -> None:
    """Seven losses, an answer, and seven losses more are not fourteen in a row."""
    lost = [Trouble("x")] * 7
    assert drive([*lost, Partial("1"), *lost, Partial("1"), *lost])[0].state is State.SUCCESS


@pytest.mark.parametrize("answer", [Busy("x", 90.0), Trouble("x", 90.0)])
def test_retry_after_is_obeyed(answer: Answer) -> None:
    """It is a lower bound, in seconds."""
    _, sent = drive([answer])
    assert sent[1][1] == 90.0


def test_a_forgotten_id_is_submitted_again_once() -> None:
    """The only cure; a second time it is an error."""
    job, sent = drive([Partial("1"), Forgotten("Invalid request id")])
    assert job.state is State.SUCCESS
    assert [what for what, _ in sent] == ["submit", "poll", "submit"]
    forgets = [Partial("1"), Forgotten("x"), Partial("2"), Forgotten("x")]
    job, sent = drive(forgets)
    assert job.state is State.FAILED
    assert "forgotten twice" in str(job.error)


def test_not_yet_on_a_poll_keeps_to_the_interval() -> None:
    """ "Still in progress" is no reason to look more often."""
    _, sent = drive([Partial("1"), NotYet(), NotYet()])
    gaps = [later - earlier for (_, earlier), (_, later) in pairwise(sent)]
    assert min(gaps) >= INTERVAL


def test_wrong_credentials_end_the_whole_cell() -> None:
    """What was not sent is not sent."""
    schedule = Schedule(jobs(5), Pace(max_concurrent=1), 0.0, lambda: 0.0)
    step = schedule.next(0.0)
    assert isinstance(step, Submit)
    changed = schedule.answered(0, Denied("HTTP 401: no"), 0.1)
    assert len(changed) == 5
    assert isinstance(schedule.next(0.1), Done)
    assert "not sent" in str(schedule.jobs[4].error)


def test_the_deadline_ends_what_is_left_and_nothing_is_asked_after_it() -> None:
    """What had arrived stays."""
    schedule = Schedule(jobs(2), Pace(timeout=10.0), 5.0, lambda: 0.0)
    schedule.next(5.0)
    schedule.answered(0, Success(Tally(1)), 5.1)
    schedule.next(5.1)
    schedule.answered(1, Partial("1"), 5.2)
    assert schedule.expire(14.9) == []
    assert schedule.next(5.3) == Wait(35.2)
    assert [job.state for job in schedule.expire(15.0)] == [State.TIMED_OUT]
    assert isinstance(schedule.next(15.0), Done)
    assert schedule.jobs[0].state is State.SUCCESS


def test_what_was_stopped_says_why() -> None:
    """The DataFrame's `error` is empty for counts alone."""
    late = Schedule(jobs(1), Pace(timeout=5.0), 0.0, lambda: 0.0).expire(5.0)
    assert [job.error for job in late] == ["the deadline came first"]
    stopped = Schedule(jobs(1), Pace(), 0.0, lambda: 0.0).cancel(None, 1.0)
    assert [job.error for job in stopped] == ["it was not waited for"]


def test_what_was_refused_on_the_way_is_not_called_unsent() -> None:
    """A wrong passcode: the second request had left when the first was answered."""
    schedule = Schedule(jobs(3), Pace(max_concurrent=2), 0.0, lambda: 0.0)
    schedule.next(0.0), schedule.next(0.0)
    errors = [job.error for job in schedule.answered(0, Denied("HTTP 401"), 0.1)]
    assert errors == ["HTTP 401", "not asked again: HTTP 401", "not sent: HTTP 401"]


@contextmanager
def interrupted(after: int) -> Iterator[None]:
    """Raise KeyboardInterrupt before the line that comes after so many others."""
    left = after

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        nonlocal left
        left -= event == "line"
        if left < 0:
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def test_an_interrupt_between_any_two_lines_leaves_nothing_that_never_ends() -> None:
    """Somebody pressed twice; cancelling once more, from another thread, ends what is left."""
    for after in range(1000):
        schedule = Schedule(jobs(2), Pace(), 0.0, lambda: 0.0)
        schedule.next(0.0)
        try:
            with interrupted(after):
                schedule.cancel(None, 1.0)
            return
        except KeyboardInterrupt:
            schedule.cancel(None, 2.0)
        assert schedule.done
        assert {job.state for job in schedule.jobs} == {State.CANCELLED}
    raise AssertionError("it was interrupted every time")


def test_a_late_answer_changes_nothing() -> None:
    """A request that was under way when its job was cancelled."""
    schedule = Schedule(jobs(1), Pace(), 0.0, lambda: 0.0)
    schedule.next(0.0)
    schedule.cancel(None, 1.0)
    assert schedule.answered(0, Success(Tally(5)), 2.0) == []
    assert schedule.jobs[0].state is State.CANCELLED


def test_pending_jobs_of_the_journal_are_looked_at_first_and_at_once() -> None:
    """They are not submitted."""
    known = jobs(3)
    held = Job(2, known[2].question, State.SUBMITTED, req_id="77")
    schedule = Schedule([*known[:2], held], Pace(), 0.0, lambda: 0.0)
    steps: list[Callable[..., object] | object] = [schedule.next(0.0) for _ in range(3)]
    assert sum(isinstance(step, Poll) and step.job.number == 2 for step in steps) == 1


def test_a_failure_is_final() -> None:
    """A query that the service refuses is not sent again."""
    job, sent = drive([Failure("HTTP 400: bad")])
    assert (job.state, job.error, len(sent)) == (State.FAILED, "HTTP 400: bad", 1)
