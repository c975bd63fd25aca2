"""What to do next, and when: computed from the jobs and the time, without thread or clock."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from .concurrency import Limit
from .jobs import (
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
    Trouble,
)

LONGEST_WAIT = 60.0  # seconds; growing waits stop growing here
# Submissions go first, since a look that comes later more often finds its count; but some looks
# go between them, so that counts arrive while a large cell is still being sent.
SUBMITS_A_POLL = 3


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast to go; all times in seconds.

    `poll_interval` lies between an answer and the next look at the same count (30, as the API's
    page asks). `max_concurrent` requests are under way at once at the most (3, as its older page
    says); as many queries may be pending at first, more as long as the service takes them.
    `retry_wait` comes before the first retry, growing after it; a request is tried `max_tries`
    times in a row at the most. After `timeout` whatever is missing has timed out.
    """

    poll_interval: float = 30.0
    max_concurrent: int = 3
    retry_wait: float = 1.0
    max_tries: int = 8
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Submit:
    """Send this job's query."""

    job: Job


@dataclass(frozen=True, slots=True)
class Poll:
    """Look at this job's id."""

    job: Job


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before that time, or (None) before an answer comes."""

    until: float | None


@dataclass(frozen=True, slots=True)
class Done:
    """Every job has ended."""


Step = Submit | Poll | Wait | Done


class Schedule:
    """The jobs of a run and the order of their requests.

    `next(now)` gives a step; who takes a Submit or a Poll brings its answer to `answered`. `now`
    is any clock's reading in seconds that never runs backwards; `random()` gives 0 <= x < 1 and
    spreads the retries. Every step costs O(log n).
    """

    def __init__(
        self, jobs: Sequence[Job], pace: Pace, now: float, random: Callable[[], float]
    ) -> None:
        self.pace, self._random = pace, random
        self._deadline = None if pace.timeout is None else now + pace.timeout
        self._jobs = list(jobs)
        self._left = {job.number for job in jobs if not job.state.ended}
        self._fresh = deque(job.number for job in jobs if job.state is State.WAITING)
        self._later: list[tuple[float, int]] = []
        self._flying: set[int] = set()
        self._held = {job.number for job in jobs if job.state is State.SUBMITTED}
        self._in_flight = Limit(pace.max_concurrent, pace.max_concurrent)
        self._pending = Limit(pace.max_concurrent)
        self._pause, self._busy_in_a_row, self._submitted_in_a_row = now, 0, 0
        for number in self._held:
            self._push(replace(jobs[number], began=now, due=now), now)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Every job as it stands, in the order asked."""
        return tuple(self._jobs)

    @property
    def done(self) -> bool:
        """True when every job has ended."""
        return not self._left

    def next(self, now: float) -> Step:
        """Give the next step; a Submit or Poll counts as under way from here on."""
        if not self._left:
            return Done()
        if len(self._flying) >= self._in_flight.now:
            return Wait(None)
        self._take_due(now)
        poll, submit = self._ready_poll(now), self._may_submit(now)
        if poll is not None and not (submit and self._submitted_in_a_row < SUBMITS_A_POLL):
            return self._poll(poll)
        return self._submit(now) if submit else Wait(self._wake(now))

    def answered(self, number: int, answer: Answer, now: float) -> list[Job]:
        """Take the answer to a step; give every job that it changed, the answered one first."""
        polled = number in self._held
        self._flying.discard(number)
        if self._jobs[number].state.ended:
            return []
        self._learn(isinstance(answer, Busy), polled)
        return self._take(self._jobs[number], answer, now, polled=polled)

    def dropped(self, number: int) -> bool:
        """Say whether a step need not be taken any more because its job has ended."""
        if self._jobs[number].state.ended:
            self._flying.discard(number)
            return True
        return False

    def expire(self, now: float) -> list[Job]:
        """End what is left once the deadline is past; give the jobs that it changed."""
        if self._deadline is None or now < self._deadline:
            return []
        return self.cancel(None, now, State.TIMED_OUT)

    def cancel(self, number: int | None, now: float, state: State = State.CANCELLED) -> list[Job]:
        """End one job, or all that have not ended; give those that it changed."""
        chosen = sorted(self._left) if number is None else self._left & {number}
        why = "the deadline came first" if state is State.TIMED_OUT else "it was not waited for"
        return [self._end(replace(self._jobs[n], error=why), state, now) for n in chosen]

    def _learn(self, busy: bool, polled: bool) -> None:
        self._busy_in_a_row = self._busy_in_a_row + 1 if busy else 0
        if not busy:
            self._in_flight.accepted(len(self._flying) + 1)
            return
        # It is not known which of the two the service counts: requests, or pending queries.
        self._in_flight.busy(len(self._flying))
        if not polled:
            self._pending.busy(len(self._held))

    def _take(self, job: Job, answer: Answer, now: float, *, polled: bool) -> list[Job]:
        if polled and not isinstance(answer, Busy | Trouble):
            job = replace(job, polls=job.polls + 1)
        match answer:
            case Success(tally):
                return [self._end(replace(job, tally=tally), State.SUCCESS, now)]
            case Partial(req_id):
                return [self._hold(job, req_id, now)]
            case Busy(error, retry_after):
                wait = self._wait(self._busy_in_a_row - 1, retry_after)
                return [self._again(job, error, wait, now)]
            case Trouble(error, retry_after):
                return self._retry(job, error, self._wait(job.tries, retry_after), now)
            case NotYet():
                wait = max(self._wait(job.tries, None), self.pace.poll_interval * polled)
                return self._retry(job, "the service is still at it", wait, now)
            case Forgotten(error):
                return [self._resubmit(job, error, now)]
            case Denied(error):
                return self._deny(job, error, now)
            case Failure(error):
                return [self._end(replace(job, error=error), State.FAILED, now)]

    def _hold(self, job: Job, req_id: str, now: float) -> Job:
        if job.number not in self._held:
            self._held.add(job.number)
            self._pending.accepted(self._under_way())
        due = now + self.pace.poll_interval
        held = replace(
            job, state=State.SUBMITTED, req_id=req_id, due=due, tries=0, note=None, error=None
        )
        return self._push(held, due)

    def _retry(self, job: Job, error: str, wait: float, now: float) -> list[Job]:
        if job.tries + 1 < self.pace.max_tries:
            return [self._again(replace(job, tries=job.tries + 1), error, wait, now)]
        said = f"{error}; given up after {self.pace.max_tries} tries"
        lost = replace(job, error=said, lost=job.req_id is not None)
        return [self._end(lost, State.FAILED, now)]

    def _again(self, job: Job, note: str, wait: float, now: float) -> Job:
        if job.number not in self._held:
            self._pause = max(self._pause, now + wait)
        return self._push(replace(job, due=now + wait, note=note), now + wait)

    def _resubmit(self, job: Job, error: str, now: float) -> Job:
        if job.again:
            said = f"{error}; submitted twice, and forgotten twice"
            return self._end(replace(job, error=said), State.FAILED, now)
        self._held.discard(job.number)
        note = "the service forgot this query: submitting it again"
        fresh = replace(job, state=State.WAITING, req_id=None, due=now, again=True, note=note)
        return self._push(fresh, now)

    def _deny(self, job: Job, error: str, now: float) -> list[Job]:
        denied = [self._end(replace(job, error=error), State.FAILED, now)]
        for other in [self._jobs[number] for number in sorted(self._left)]:
            sent = other.req_id is not None or other.number in self._flying
            what = "not asked again" if sent else "not sent"
            denied.append(self._end(replace(other, error=f"{what}: {error}"), State.FAILED, now))
        return denied

    def _end(self, job: Job, state: State, now: float) -> Job:
        ended = replace(job, state=state, ended=now, due=None, note=None)
        self._jobs[job.number] = ended
        # Last, so that cancelling again ends what an interrupt kept from ending.
        self._left.discard(job.number)
        self._held.discard(job.number)
        return ended

    def _push(self, job: Job, due: float) -> Job:
        self._jobs[job.number] = job
        heapq.heappush(self._later, (due, job.number))
        return job

    def _wait(self, times: int, retry_after: float | None) -> float:
        # Growing, and spread over half of itself, so that clients do not come back in step.
        grown = min(self.pace.retry_wait * 2.0 ** min(times, 30), LONGEST_WAIT)
        return max(retry_after or 0.0, grown * (1 + self._random() / 2))

    def _take_due(self, now: float) -> None:
        # What waits to be submitted again goes before what never was; what ended is dropped.
        while self._later and self._later[0][0] <= now:
            number = self._later[0][1]
            if number in self._held:
                return
            heapq.heappop(self._later)
            if not self._jobs[number].state.ended:
                self._fresh.appendleft(number)

    def _ready_poll(self, now: float) -> int | None:
        return self._later[0][1] if self._later and self._later[0][0] <= now else None

    def _may_submit(self, now: float) -> bool:
        while self._fresh and self._jobs[self._fresh[0]].state.ended:
            self._fresh.popleft()
        room = self._under_way() < self._pending.now
        return bool(self._fresh) and now >= self._pause and room

    def _under_way(self) -> int:
        return len(self._held) + len(self._flying - self._held)

    def _poll(self, number: int) -> Poll:
        heapq.heappop(self._later)
        self._flying.add(number)
        self._submitted_in_a_row = 0
        return Poll(self._jobs[number])

    def _submit(self, now: float) -> Submit:
        number = self._fresh.popleft()
        self._flying.add(number)
        self._submitted_in_a_row += 1
        job = self._jobs[number]
        self._jobs[number] = replace(job, began=now if job.began is None else job.began)
        return Submit(self._jobs[number])

    def _wake(self, now: float) -> float | None:
        times = [self._later[0][0]] if self._later else []
        times += [self._pause] if self._fresh and self._pause > now else []
        return min(times, default=None)
