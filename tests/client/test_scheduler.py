"""The schedule, simulated: hours of 10,000 counts in seconds, against what is best possible."""

from __future__ import annotations

import heapq
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count, pairwise
from math import ceil, inf
from random import Random
from types import FrameType
from typing import Any

import pytest
from helpers.at_once import NARROW, Narrow
from helpers.length import amount
from helpers.plans import question

from ct_magic.client.jobs import (
    Answer,
    Busy,
    Cause,
    Denied,
    Failure,
    Forgotten,
    Job,
    NotYet,
    Partial,
    Shared,
    State,
    Success,
    Tally,
    Timing,
    Trouble,
)
from ct_magic.client.limits import Learned
from ct_magic.client.scheduler import Schedule

LATENCY = 0.2  # seconds that a request takes
INTERVAL = 30.0
FIRST = 5.0


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
    latency: float = LATENCY
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
        while not schedule.done:
            step = schedule.next(self.now)
            if not isinstance(step, Job):
                self._sleep(schedule, step)
                continue
            number, polled = step.number, step.state is State.SUBMITTED
            if polled:
                self._looking(step)
            heapq.heappush(self.flying, (self.now + self.latency, number, polled))
            self.most_at_once = max(self.most_at_once, len(self.flying))

    def _sleep(self, schedule: Schedule, until: float) -> None:
        if self.flying and self.flying[0][0] <= until:
            self.now, number, polled = heapq.heappop(self.flying)
            schedule.answered(number, self._answer(number, polled=polled), self.now)
        else:
            assert until < inf, "a wait for ever with nothing under way"
            self.now = until

    def _looking(self, job: Job) -> None:
        self.polls += 1
        # Between two looks the page asks for the interval; the first one may come earlier.
        between = self.now - self.looked[job.number]
        if job.polls:
            self.earliest_gap = min(self.earliest_gap, between)
        else:
            assert between >= FIRST - 1e-6
        self.late = max(self.late, self.now - (job.due or self.now))

    def _answer(self, number: int, *, polled: bool) -> Answer:
        if len(self.flying) >= self.requests_at_once:
            self.refused += 1
            return Busy("HTTP 429")
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
    schedule = Schedule(jobs(n), Timing(), 0.0, Random(seed).random)
    world.run(schedule)
    assert all(job.state is State.SUCCESS for job in schedule.jobs)
    assert world.now <= 1.05 * 2 * n * LATENCY / 3, (world.now, world.polls)
    assert world.most_at_once <= 3
    assert world.earliest_gap >= INTERVAL - 1e-6
    assert world.first_count is not None
    assert world.first_count < 2 * INTERVAL


def held(duration: float) -> float:
    """Seconds for which a query is pending at the least: until the first look that finds it."""
    looks = 0 if duration <= FIRST else ceil((duration - FIRST) / (INTERVAL + LATENCY))
    return LATENCY + FIRST + LATENCY + looks * (INTERVAL + LATENCY)


@pytest.mark.parametrize("limit", [1, 3, 7])
def test_thousands_of_counts_where_pending_queries_are_limited(limit: int) -> None:
    """Within 5 % of the best possible, and the limit is found with a handful of refusals."""
    n = amount(3_000, long=10_000)
    world = World(durations(n, 3), pending_at_once=limit)
    schedule = Schedule(jobs(n), Timing(), 0.0, Random(3).random, wall=NOW)
    world.run(schedule)
    best = sum(map(held, world.durations)) / limit
    assert all(job.state is State.SUCCESS for job in schedule.jobs)
    assert world.now <= 1.05 * best, (world.now, best)
    assert world.refused <= 6
    assert world.earliest_gap >= INTERVAL - 1e-6
    assert world.late < 5
    assert schedule.limits.learned == Learned(pending=limit, tried=NOW)


NOW = 1.8e9  # some moment, in seconds since 1970


def second_run(world: World, learned: Learned, wall: float, n: int = 300) -> Schedule:
    """Run a cell of an account that has taught something before."""
    schedule = Schedule(jobs(n), Timing(), 0.0, Random(5).random, learned, wall)
    world.run(schedule)
    assert all(job.state is State.SUCCESS for job in schedule.jobs)
    return schedule


def test_what_an_account_taught_holds_for_its_next_cell() -> None:
    """The next cell is refused nothing, and one of the next day at most once."""
    learned = Learned(pending=3, tried=NOW)
    world = World([1.0] * 300, pending_at_once=3)
    assert second_run(world, learned, NOW + 3600).limits.learned == learned
    assert world.refused == 0
    world = World([1.0] * 300, pending_at_once=3)
    after = second_run(world, learned, NOW + 86400).limits.learned
    assert (world.refused, after) == (1, Learned(pending=3, tried=NOW + 86400))


@pytest.mark.parametrize("learned", [Learned(), Learned(1, None, NOW), Learned(None, 3, NOW)])
def test_what_was_learned_is_kept_as_text(learned: Learned) -> None:
    """In the journal, for the next kernel."""
    restored = Learned.from_text(learned.to_text())
    assert restored == (learned if learned.tried else Learned())


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "x",
        "5",
        "[]",
        "{}",
        "[" * 100_000,
        '{"requests": 0, "pending": null, "tried": 1.8e9}',
        '{"requests": true, "pending": null, "tried": 1.8e9}',
        '{"requests": 1, "pending": "3", "tried": 1.8e9}',
        '{"requests": 1, "pending": 3, "tried": null}',
        '{"requests": 1, "pending": 3, "tried": 1e300}',
        '{"requests": 1, "pending": 3, "tried": NaN}',
    ],
)
def test_an_odd_value_in_the_journal_costs_no_count(text: str | None) -> None:
    """It was never learned."""
    assert Learned.from_text(text) == Learned()


def test_a_limit_that_has_gone_is_found_out_within_a_cell_of_the_next_day() -> None:
    """Each higher try that is accepted is followed by the next, until one is refused."""
    world = World([1.0] * 300, pending_at_once=40)
    learned = second_run(world, Learned(pending=3, tried=NOW), NOW + 86400).limits.learned
    assert learned.pending is not None
    assert learned.pending > 30
    assert world.refused <= 1
    world = World([1.0] * 300)
    slow = Learned(requests=1, tried=NOW)
    assert second_run(world, slow, NOW + 86400).limits.learned.requests is None
    assert world.most_at_once == 3


@pytest.mark.parametrize("limit", [1, 2])
def test_fewer_requests_at_once_are_learned_too(limit: int) -> None:
    """Where the service takes fewer than the page says, it is not asked for more all day."""
    world = World([5.0] * 3000, requests_at_once=limit)
    schedule = Schedule(jobs(3000), Timing(), 0.0, Random(1).random, wall=NOW)
    world.run(schedule)
    assert all(job.state is State.SUCCESS for job in schedule.jobs)
    assert schedule.limits.learned == Learned(requests=limit, tried=NOW)
    assert world.now < 1.05 * 2 * 3000 * LATENCY / limit + 60
    assert world.refused < 6000 / 30


@pytest.mark.parametrize(("counts", "latency"), [(30, 0.01), (30, 0.2), (30, 4.0), (300, 0.2)])
@pytest.mark.parametrize("service", NARROW)
def test_a_setting_that_is_too_high_costs_hardly_any_time(
    service: str, counts: int, latency: float
) -> None:
    """`max_concurrent=20`, 429 by 429: at most 1.2 times what the right setting takes."""
    takes, settings = NARROW[service]
    best = min(Narrow(takes, latency).makespan(counts, most) for most in settings)
    world = Narrow(takes, latency)
    assert world.makespan(counts, 20) <= 1.2 * best
    assert world.refused < 20 + 2 * counts / 8


def test_a_colleague_on_the_same_account_teaches_nothing() -> None:
    """Now and then a request meets theirs and is refused; the next one is taken."""

    class Shared(World):
        def _answer(self, number: int, *, polled: bool) -> Answer:
            if chance.random() < 0.02:
                self.refused += 1
                return Busy("HTTP 429")
            return super()._answer(number, polled=polled)

    chance = Random(11)
    world = Shared([5.0] * 3000)
    schedule = Schedule(jobs(3000), Timing(), 0.0, Random(1).random, wall=NOW)
    world.run(schedule)
    assert world.refused > 50
    assert schedule.limits.learned == Learned()


def test_submissions_go_in_the_order_asked() -> None:
    """Nobody is overtaken for ever: without refusals the order is that of the cell."""
    world = World([5.0] * 300)
    world.run(Schedule(jobs(300), Timing(), 0.0, Random(1).random))
    assert world.submissions == sorted(world.submissions)


def state_of(step: Job | float) -> State:
    """Return the state of a job whose request is due: a look where it is submitted."""
    assert isinstance(step, Job)
    return step.state


def drive(
    answers: list[Answer], timing: Timing | None = None
) -> tuple[Job, list[tuple[str, float]]]:
    """Answer one job so, in turn; return how it ended and when each request went."""
    schedule = Schedule(jobs(1), timing or Timing(), 0.0, lambda: 0.0)
    now, sent, left = 0.0, [], list(answers)
    while not schedule.done:
        step = schedule.next(now)
        if not isinstance(step, Job):
            now = step
            continue
        sent.append(("submit" if step.state is State.WAITING else "poll", now))
        schedule.answered(0, left.pop(0) if left else Success(Tally(1)), now)
    return schedule.jobs[0], sent


def test_a_refusal_is_waited_out_however_often() -> None:
    """429 and 409 never become an error row, and the waits grow."""
    job, sent = drive([Busy("HTTP 429")] * 30)
    assert job.state is State.SUCCESS
    gaps = [later - earlier for (_, earlier), (_, later) in pairwise(sent)]
    assert gaps[:4] == [1, 2, 4, 8]
    assert max(gaps) == 30


PAGE = Trouble("HTTP 200: a page", cause=Cause.FOREIGN)
CRASH = Trouble("HTTP 500: An unknown error occurred", cause=Cause.INTERNAL)


def outage(n: int, answer: Answer, held: bool = False, most: int = 200) -> Schedule:
    """Let a service give this one answer for ever; the schedule must end by itself.

    Whatever ends, its words agree with what happened: only what never left was not sent.
    """
    asked = jobs(n)
    if held:
        asked = [replace(job, state=State.SUBMITTED, req_id=f"id {job.number}") for job in asked]
    schedule = Schedule(asked, Timing(), 0.0, Random(2).random)
    now, requests = 0.0, list[int]()
    flying: deque[int] = deque()
    while not schedule.done:
        step = schedule.next(now)
        if isinstance(step, Job):
            requests.append(step.number)
            flying.append(step.number)
        elif flying:
            now += LATENCY
            number = flying.popleft()
            own = Partial(f"id {number}") if held and isinstance(answer, Partial) else answer
            schedule.answered(number, own, now)
        else:
            now = step
        assert now < 10_000, "it never ends"
        assert len(requests) < most
    sent = set(requests) if not held else set(range(n))
    assert all(("not sent" in str(job.error)) == (job.number not in sent) for job in schedule.jobs)
    return schedule


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("n", [1, 2, 90])
@pytest.mark.parametrize(
    "answer", [Trouble("no connection"), CRASH, PAGE, Trouble("HTTP 503", cause=Cause.UNAVAILABLE)]
)
def test_a_service_that_answers_nothing_is_given_up_once_for_all(
    answer: Answer, n: int, held: bool
) -> None:
    """After three minutes, however many counts there are; the ids are kept."""
    ended = outage(n, answer, held=held).jobs
    assert {job.state for job in ended} == {State.FAILED}
    last = max(job.ended or 0.0 for job in ended)
    quick = n < 3 and answer is PAGE and not held
    assert last < 60 if quick else 180 <= last < 200
    assert all(job.req_id and job.lost for job in ended) or not held
    if n == 90:
        assert "given up after 3 min without a usable answer" in str(ended[-1].error)


@pytest.mark.parametrize(
    ("answer", "held", "words"),
    [
        (Busy("HTTP 429: too many"), False, "HTTP 429: too many; nothing new for 60 min"),
        (Busy("HTTP 429: too many"), True, "HTTP 429: too many; nothing new for 60 min"),
        (Partial("7"), True, "still counting after 121 looks; nothing new for 60 min"),
        (NotYet(), True, "still counting after 121 looks; nothing new for 60 min"),
    ],
)
def test_a_service_that_answers_for_ever_and_gives_nothing_is_left_after_an_hour(
    answer: Answer, held: bool, words: str
) -> None:
    """It is not silent, so nobody gives it up; an unattended cell would never end."""
    for n in (1, 3):
        ended = outage(n, answer, held, most=500).jobs
        assert {job.state for job in ended} == {State.TIMED_OUT}
        assert 3600 <= (ended[0].ended or 0.0) < 3700
        assert words in [job.error for job in ended]
        assert all(job.req_id for job in ended) or not held


def test_a_count_that_is_slow_has_its_hour_from_the_last_news() -> None:
    """An id, a count, a failure: each is news; a large cell may take all night."""
    news = [Failure("HTTP 400"), Success(Tally(1)), Partial("7")]
    schedule = Schedule(jobs(4), Timing(max_concurrent=1), 0.0, lambda: 0.0)
    for hour, answer in enumerate(news):
        schedule.next(hour * 3500.0)
        schedule.answered(hour, answer, hour * 3500.0)
    schedule.next(9000.0)
    assert [job.state for job in schedule.answered(3, Busy("HTTP 429"), 9000.0)] == [State.WAITING]
    schedule.next(10400.0), schedule.answered(2, Partial("7"), 10400.0)
    assert not schedule.done
    schedule.next(10700.0), schedule.answered(2, Partial("7"), 10700.0)
    assert schedule.done


def test_whoever_looks_seldom_looks_more_than_once() -> None:
    """An hour without news is nothing where the looks lie two hours apart."""
    looks = [Partial("1")] * 9
    job, sent = drive(looks, Timing(poll_interval=7200.0, first_look=60.0))
    assert job.state is State.TIMED_OUT
    assert len(sent) == 1 + 4


@pytest.mark.parametrize("answer", [Busy("no; wait", 86400.0), Trouble("no; wait", 86400.0)])
def test_a_pause_longer_than_a_cell_waits_ends_it_at_once(answer: Answer) -> None:
    """Its end is said, and nobody waits for an hour to hear it."""
    ended = outage(3, answer).jobs
    assert {job.state for job in ended} == {State.TIMED_OUT}
    assert max(job.ended or 0.0 for job in ended) < 1
    why = "no; wait; a cell waits for 60 min without news (stalled_after)"
    assert {job.error for job in ended} == {why, f"not asked again: {why}"}


def shared_by(first: Answer, second: Answer, looks: list[Answer]) -> Schedule:
    """Let two queries get these answers to their first submission, and clean ones after that.

    `looks` are what the first hears of its id before the second submission is answered.
    """
    schedule, now, given = Schedule(jobs(2), Timing(), 0.0, lambda: 0.0), 0.0, count(100)
    assert [schedule.next(now), schedule.next(now)] == list(schedule.jobs)
    schedule.answered(0, first, now := now + 0.1)
    for look in looks:
        now = max(now, schedule.jobs[0].due or now)
        assert state_of(schedule.next(now)) is State.SUBMITTED
        schedule.answered(0, look, now := now + 0.1)
    schedule.answered(1, second, now := now + 0.1)
    flying = deque[Job]()
    while not schedule.done:
        step = schedule.next(now)
        if isinstance(step, Job):
            flying.append(step)
            assert sum(left.state is State.WAITING for left in flying) <= 1, (
                "it may be joined again"
            )
        elif flying:
            step, now = flying.popleft(), now + 0.1
            number = step.number
            count_of = Success(Tally(number + 1))
            answer = count_of if step.state is State.SUBMITTED else Partial(str(next(given)))
            schedule.answered(number, answer, now)
        else:
            now = step or now
    return schedule


@pytest.mark.parametrize(
    ("first", "second", "looks"),
    [
        (Partial("7"), Partial("7"), []),
        (Partial("7"), Partial("7"), [Partial("7")]),
        (Partial("7"), Partial("7"), [Success(Tally(66))]),
        (Partial("7"), Partial("7"), [Failure("HTTP 400: no")]),
        (Partial("7"), Success(Tally(66), req_id="7"), [Success(Tally(66))]),
        (Success(Tally(66), req_id="7"), Success(Tally(66), req_id="7"), []),
        (Success(Tally(66), req_id="7"), Partial("7"), []),
    ],
)
def test_an_id_of_two_queries_is_nobodys(
    first: Answer, second: Answer, looks: list[Answer]
) -> None:
    """Something joined two submissions: both are sent again, each alone, and no count is kept."""
    ended = shared_by(first, second, looks).jobs
    if not any(isinstance(look, Failure) for look in looks):
        assert [job.tally for job in ended] == [Tally(1), Tally(2)]
    assert ended[1].tally == Tally(2)
    assert ended[0].tally in (Tally(1), None)


def test_a_look_under_way_brings_nothing_of_an_id_that_was_found_to_be_shared() -> None:
    """The first has its look out when the second gets the same id."""
    schedule = Schedule(jobs(2), Timing(), 0.0, lambda: 0.0)
    schedule.next(0.0), schedule.next(0.0)
    schedule.answered(0, Partial("7"), 0.1)
    assert state_of(schedule.next(5.2)) is State.SUBMITTED
    schedule.answered(1, Partial("7"), 5.3)
    assert schedule.believed(0, Success(Tally(66))) == Shared("7")
    schedule.answered(0, Success(Tally(66)), 5.4)
    assert [(job.tally, job.req_id) for job in schedule.jobs] == [(None, None)] * 2
    assert schedule.believed(0, Partial("7")) == Shared("7"), "it is nobody's for ever"


def test_a_service_that_gives_one_id_to_all_gets_three_tries_for_each() -> None:
    """And then the reason is said; no number is taken."""
    ended = outage(5, Partial("7")).jobs
    assert {job.state for job in ended} == {State.FAILED}
    words = "two queries got the same id: no number is taken (tried 3 times)"
    assert [job.error for job in ended] == [words] * 5


def test_what_was_cancelled_and_had_a_shared_id_has_nothing_to_fetch() -> None:
    """`%ct resume` would fetch the other's count."""
    schedule = Schedule(jobs(2), Timing(), 0.0, lambda: 0.0)
    schedule.next(0.0), schedule.next(0.0)
    schedule.answered(0, Partial("7"), 0.1)
    schedule.cancel(0, 0.2)
    changed = schedule.answered(1, Partial("7"), 0.3)
    assert [(job.number, job.req_id) for job in changed] == [(1, None), (0, None)]
    assert schedule.jobs[0].state is State.CANCELLED


def test_a_service_that_accepts_without_an_id_is_given_up_too() -> None:
    """HTTP 202 to every submission: it may be sent for ever, and each time counted."""
    ended = outage(90, NotYet()).jobs
    assert {job.state for job in ended} == {State.FAILED}
    assert max(job.ended or 0.0 for job in ended) < 200


def test_pauses_that_the_service_asks_for_are_not_its_silence() -> None:
    """503 with Retry-After: it is waited for, a bounded number of times."""
    ended = outage(90, Trouble("HTTP 503", 120.0)).jobs
    assert 5 * 120 < max(job.ended or 0.0 for job in ended) < 12 * 120


def test_a_silence_that_ends_costs_no_count() -> None:
    """Two minutes without a network, and everything goes on where it was."""

    class Away(World):
        def _answer(self, number: int, *, polled: bool) -> Answer:
            if 20 < self.now < 140:
                self.tried.append(self.now)
                return Trouble("no connection")
            return super()._answer(number, polled=polled)

    world = Away([5.0] * 300)
    world.tried = []  # type: ignore[attr-defined]
    schedule = Schedule(jobs(300), Timing(), 0.0, Random(1).random)
    world.run(schedule)
    assert all(job.state is State.SUCCESS for job in schedule.jobs)
    assert world.now < 260


def test_one_query_that_the_service_cannot_read_fails_alone() -> None:
    """500 for ever, while others are answered: the query is suspected, and the rest arrives."""
    schedule = Schedule(jobs(3), Timing(), 0.0, lambda: 0.0)
    now, flying = 0.0, deque[int]()
    while not schedule.done:
        step = schedule.next(now)
        if isinstance(step, Job):
            flying.append(step.number)
        elif flying:
            now, number = now + LATENCY, flying.popleft()
            schedule.answered(number, Partial(f"id {number}") if number else CRASH, now)
            if now > 400:
                schedule.cancel(1, now), schedule.cancel(2, now)
        else:
            now = step or now
    bad = schedule.jobs[0]
    assert bad.state is State.FAILED
    assert "given up after 8 tries" in str(bad.error)
    assert "the query itself may be the cause" in str(bad.error)


@pytest.mark.parametrize("interval", [2, 3, 10])
def test_queries_that_the_service_cannot_read_cost_no_other_count(interval: int) -> None:
    """Every second one is answered 500 for ever: what looks like a silence is theirs alone."""
    n = 90
    schedule = Schedule(jobs(n), Timing(), 0.0, lambda: 0.0)
    now, flying = 0.0, deque[int]()
    while not schedule.done:
        step = schedule.next(now)
        if isinstance(step, Job):
            flying.append(step.number)
        elif flying:
            now, number = now + LATENCY, flying.popleft()
            schedule.answered(number, Success(Tally(1)) if number % interval else CRASH, now)
        else:
            now = step or now
    good = [job for job in schedule.jobs if job.number % interval]
    assert all(job.state is State.SUCCESS for job in good)


def test_a_page_in_place_of_an_answer_ends_a_submission_but_not_a_look() -> None:
    """Three tries, then its words; but an id that is known is not thrown away for a page."""
    job, sent = drive([PAGE] * 3)
    assert (job.state, len(sent)) == (State.FAILED, 3)
    assert "HTTP 200: a page" in str(job.error)
    assert drive([PAGE, PAGE])[0].state is State.SUCCESS
    lost = Trouble("no connection")
    assert drive([lost, lost, PAGE, PAGE, lost, PAGE])[0].state is State.SUCCESS
    assert drive([Partial("1"), *[PAGE] * 6])[0].state is State.SUCCESS


def test_news_resets_the_tries() -> None:
    """Seven losses, an answer, and seven losses more are not fourteen in a row."""
    lost = [Trouble("x")] * 7
    assert drive([*lost, Partial("1"), *lost, Partial("1"), *lost])[0].state is State.SUCCESS


@pytest.mark.parametrize("answer", [Busy("x", 90.0), Trouble("x", 90.0)])
def test_retry_after_is_obeyed(answer: Answer) -> None:
    """It is a lower bound, in seconds, and holds for every request of the account."""
    _, sent = drive([answer])
    assert sent[1][1] == 90.0
    schedule = Schedule(jobs(9), Timing(), 0.0, lambda: 0.0)
    schedule.next(0.0)
    schedule.answered(0, answer, 0.0)
    assert schedule.next(0.1) == 90.0


GONE = Forgotten("HTTP 400: Invalid request id")


@pytest.mark.parametrize("unknown", [1, 2, 3])
def test_an_id_that_is_seconds_old_is_looked_at_again(unknown: int) -> None:
    """It may not be known everywhere yet: a second submission would be a second count."""
    job, sent = drive([Partial("1"), *[GONE] * unknown])
    assert job.state is State.SUCCESS
    assert [call for call, _ in sent] == ["submit", "poll", *["poll"] * unknown]


def test_a_forgotten_id_is_submitted_again_once() -> None:
    """After three looks more, or at once where the id is old; a second time it is an error."""
    job, sent = drive([Partial("1"), *[GONE] * 4])
    assert job.state is State.SUCCESS
    assert [call for call, _ in sent] == ["submit", *["poll"] * 4, "submit"]
    assert 10 < sent[-1][1] < 20
    job, sent = drive([Partial("1"), Partial("1"), GONE])
    assert [call for call, _ in sent] == ["submit", "poll", "poll", "submit"]
    job, sent = drive([Partial("1"), *[GONE] * 4, Partial("2"), *[GONE] * 4])
    assert job.state is State.FAILED
    assert "forgotten twice" in str(job.error)


@pytest.mark.parametrize("error", ["Error accessing report job", "Query failed (code 400)"])
def test_a_look_that_fails_for_no_reason_of_the_query_is_tried_again(error: str) -> None:
    """The query was accepted; and what stays so keeps its id, and says how to ask anew."""
    refused = Trouble(error, cause=Cause.REFUSED)
    for times in range(1, 5):
        job, sent = drive([Partial("1"), *[refused] * times])
        assert job.state is State.SUCCESS
        assert [call for call, _ in sent].count("submit") == 1
    job, sent = drive([Partial("1"), *[refused] * 9])
    assert (job.state, job.req_id, job.lost) == (State.FAILED, "1", True)
    assert job.error == f"{error}; given up after 5 tries; --refresh asks anew"
    assert sent[-1][1] < 30


def test_looks_that_fail_are_no_outage() -> None:
    """The API answers: others go on at full speed, and nothing is given up for all."""
    schedule = Schedule(jobs(9), Timing(), 0.0, lambda: 0.0)
    for number in range(9):
        schedule.next(0.0), schedule.answered(number, Partial(str(number)), 0.0)
    for number in range(9):
        assert state_of(schedule.next(5.0)) is State.SUBMITTED
        schedule.answered(number, Trouble("Query failed", cause=Cause.REFUSED), 5.0)
    assert schedule.outage is None


def test_not_yet_on_a_poll_keeps_to_the_interval() -> None:
    """ "Still in progress" is no reason to look more often."""
    job, sent = drive([Partial("1"), *[NotYet()] * 20])
    gaps = [later - earlier for (_, earlier), (_, later) in pairwise(sent)]
    assert gaps[0] == FIRST
    assert min(gaps[1:]) >= INTERVAL
    # It is no trouble, and not given up after three minutes.
    assert job.state is State.SUCCESS


@pytest.mark.parametrize(
    ("timing", "gaps"),
    [
        (Timing(), [5.0, 30.0, 30.0]),
        (Timing(first_look=1.0), [1.0, 30.0, 30.0]),
        (Timing(poll_interval=2.0), [2.0, 2.0, 2.0]),
        (Timing(first_look=60.0), [30.0, 30.0, 30.0]),
    ],
)
def test_the_first_look_comes_early(timing: Timing, gaps: list[float]) -> None:
    """Most counts take seconds; the page's 30 seconds lie between two looks."""
    _, sent = drive([Partial("1")] * 3, timing)
    assert [later - earlier for (_, earlier), (_, later) in pairwise(sent)] == gaps


def test_wrong_credentials_end_the_whole_cell() -> None:
    """What was not sent is not sent."""
    schedule = Schedule(jobs(5), Timing(max_concurrent=1), 0.0, lambda: 0.0)
    step = schedule.next(0.0)
    assert step.state is State.WAITING
    changed = schedule.answered(0, Denied("HTTP 401: no"), 0.1)
    assert len(changed) == 5
    assert schedule.done
    assert "not sent" in str(schedule.jobs[4].error)


def test_a_deadline_does_not_hide_that_nothing_answers() -> None:
    """`--timeout 8s` without a network: what is missing is said, not only that it was late."""
    schedule = Schedule(jobs(2), Timing(timeout=8.0), 0.0, lambda: 0.0)
    schedule.next(0.0)
    schedule.answered(0, Trouble("no connection to https://x.example, or it was lost"), 0.1)
    errors = [str(job.error) for job in schedule.expire(8.0)]
    assert all("no connection to https://x.example" in error for error in errors)
    assert "before it was sent" in errors[1]


def test_an_outage_says_since_when_and_when_it_is_given_up() -> None:
    """For the panel; it is over with the first answer of the API."""
    schedule = Schedule(jobs(5), Timing(), 0.0, lambda: 0.0)
    for _ in range(3):
        schedule.next(0.0)
    for number in range(3):
        schedule.answered(number, Trouble("no connection"), 1.0 + number)
    assert schedule.outage == (1.0, 181.0)
    step = schedule.next(3.0)
    assert isinstance(step, float)
    assert 3.0 < step < 20.0
    assert state_of(schedule.next(step)) is State.WAITING
    schedule.answered(3, Partial("1"), step + 1)
    assert schedule.outage is None


def test_the_deadline_ends_what_is_left_and_nothing_is_asked_after_it() -> None:
    """What had arrived stays."""
    schedule = Schedule(jobs(2), Timing(timeout=10.0), 5.0, lambda: 0.0)
    schedule.next(5.0)
    schedule.answered(0, Success(Tally(1)), 5.1)
    schedule.next(5.1)
    schedule.answered(1, Partial("1"), 5.2)
    assert schedule.expire(14.9) == []
    assert schedule.next(5.3) == 10.2
    assert [job.state for job in schedule.expire(15.0)] == [State.TIMED_OUT]
    assert schedule.done
    assert schedule.jobs[0].state is State.SUCCESS


def test_what_was_stopped_says_why() -> None:
    """The DataFrame's `error` is empty for counts alone."""
    late = Schedule(jobs(1), Timing(timeout=5.0), 0.0, lambda: 0.0).expire(5.0)
    assert [job.error for job in late] == ["the deadline came before it was sent"]
    schedule = Schedule(jobs(2), Timing(), 0.0, lambda: 0.0)
    schedule.next(0.0)
    stopped = [job.error for job in schedule.cancel(None, 1.0)]
    assert stopped == ["stopped before it arrived", "stopped before it was sent"]


def test_what_was_refused_on_the_way_is_not_called_unsent() -> None:
    """A wrong passcode: the second request had left when the first was answered."""
    schedule = Schedule(jobs(3), Timing(max_concurrent=2), 0.0, lambda: 0.0)
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
        schedule = Schedule(jobs(2), Timing(), 0.0, lambda: 0.0)
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
    schedule = Schedule(jobs(1), Timing(), 0.0, lambda: 0.0)
    schedule.next(0.0)
    schedule.cancel(None, 1.0)
    assert schedule.answered(0, Success(Tally(5)), 2.0) == []
    assert schedule.jobs[0].state is State.CANCELLED


def test_pending_jobs_of_the_journal_are_looked_at_first_and_at_once() -> None:
    """They are not submitted."""
    known = jobs(3)
    held = Job(2, known[2].question, State.SUBMITTED, req_id="77")
    schedule = Schedule([*known[:2], held], Timing(), 0.0, lambda: 0.0)
    steps: list[Callable[..., object] | object] = [schedule.next(0.0) for _ in range(3)]
    assert sum(step.state is State.SUBMITTED and step.number == 2 for step in steps) == 1


def test_a_failure_is_final() -> None:
    """A query that the service refuses is not sent again."""
    job, sent = drive([Failure("HTTP 400: bad")])
    assert (job.state, job.error, len(sent)) == (State.FAILED, "HTTP 400: bad", 1)


@pytest.mark.parametrize(
    ("answers", "right"),
    [
        ([Failure("HTTP 400: bad")], True),
        ([Partial("1"), Failure("invalid event 'x'")], True),
        ([Trouble("HTTP 503"), Busy("HTTP 429"), Failure("HTTP 400: bad")], True),
        ([Denied("HTTP 401: no")], False),
        ([Trouble("no connection")] * 30, False),
        ([Partial("1"), *[Trouble("no connection")] * 30], False),
        ([CRASH] * 30, False),
        ([PAGE] * 30, False),
        ([Partial("1"), *[Trouble("Query failed", cause=Cause.REFUSED)] * 9], False),
        ([Partial("1"), *[GONE] * 4, Partial("2"), *[GONE] * 4], False),
    ],
)
def test_only_a_query_that_the_service_refuses_is_called_refused(
    answers: list[Answer], right: bool
) -> None:
    """One that was lost, given up, forgotten or turned away at the door says nothing of itself."""
    job, _ = drive(answers)
    assert (job.state, job.refused) == (State.FAILED, right)
