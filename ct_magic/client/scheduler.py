"""What to do next, and when: computed from the jobs and the time, without thread or clock.

How it works. A job is WAITING until its query is accepted, then SUBMITTED with an id until its
count is fetched; every other state is an end. `next` hands out requests; `answered` takes what came
and moves the job on, by this table:

    answer      to the submission (WAITING)          to a look (SUBMITTED)
    ---------   ----------------------------------   ----------------------------------------
    Success     SUCCESS                              SUCCESS
    Partial     SUBMITTED, first look in first_look  SUBMITTED, next look in poll_interval
    NotYet      like Trouble                         SUBMITTED, next look in poll_interval
    Busy        again; submissions pause             again; nothing is lost
    Trouble     again, max_tries times (a page: 3)   again, max_tries times; then FAILED, id kept
    Forgotten   -                                    WAITING once more; the second time FAILED
    Failure     FAILED                               FAILED
    Denied      FAILED, and every other job          FAILED, and every other job; ids kept

    cancel      CANCELLED                            CANCELLED, id kept
    timeout     TIMED OUT                            TIMED OUT, id kept
    stalled     TIMED OUT                            TIMED OUT, id kept

An id that another job has is no answer: two queries would get one count.

Trouble and NotYet in a row, of whichever jobs, are the service's silence. From the third on a
single request at a time asks whether it is back, tries are no longer counted, and after
`give_up_after` seconds every job is given up together. Any answer of the API ends the silence.

A run is stalled when no job has moved on for `stalled_after` seconds, or will not have by the end
of a pause that the service asks for: it answers, again and again, but neither takes a query nor
gives a count. So every run ends.

What was refused as one too many goes before what was never sent, what met with trouble after it.
Fresh submissions go before looks, since a look that comes later more often finds its count; but a
look goes after every third, so that counts arrive while a large cell is still being sent. How many
requests and pending queries there may be is for `concurrency.Limits` to say.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from ct_magic.client.jobs import (
    NOT_AGAIN,
    NOT_SENT,
    SHARED_ID,
    STOPPED,
    TOO_LATE,
    Answer,
    Busy,
    Cause,
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
from ct_magic.client.limits import Learned, Limits
from ct_magic.client.timing import (
    FOREIGN_TRIES,
    SUSPICION,
    Done,
    Outage,
    Poll,
    RequestStep,
    Submit,
    Timing,
    Wait,
    growing,
)
from ct_magic.common.words import duration

# Why a count did not arrive, in words that agree with what happened: sent or not, answered.


def error_when_stopped(job: Job, *, by_deadline: bool) -> str:
    """Return why there is no count of a job that was stopped."""
    arrived, sent = TOO_LATE if by_deadline else STOPPED
    return sent if job.began is None else arrived


def error_when_left(job: Job, error: str) -> str:
    """Return why there is no count of a job that was left when this error ended the run."""
    return f"{NOT_SENT if job.began is None else NOT_AGAIN}{error}"


def error_of_outage(trouble: Trouble, give_up_after: float, *, alone: bool) -> str:
    """Return why a service is given up whose last word was this; `alone`: with one query."""
    # Of several queries not every one can be the cause.
    suspicion = SUSPICION if alone and trouble.cause is Cause.INTERNAL else ""
    after = duration(give_up_after)
    return f"{trouble.error}{suspicion}; given up after {after} without a usable answer"


def error_of_tries(trouble: Trouble, tries: int) -> str:
    """Return why a job is given up whose tries are used up, while the service answers others."""
    suspicion = SUSPICION if trouble.cause is Cause.INTERNAL else ""
    return f"{trouble.error}{suspicion}; given up after {tries} tries"


def error_of_stall(job: Job, seconds: float) -> str:
    """Return why there is no count of a job in a run where nothing moved on for so long."""
    stands = job.note or f"still counting after {job.polls} looks"
    if job.began is None:
        stands = f"{NOT_SENT}the service takes no more queries"
    return f"{stands}; nothing new for {duration(seconds)}"


def error_of_pause(job: Job, news: Job, seconds: float) -> str:
    """Return why there is no count of a job in a run of which a job had to pause for longer."""
    error = f"{news.note}; a cell waits for {duration(seconds)} without news (stalled_after)"
    return error if job.number == news.number else error_when_left(job, error)


SUBMITS_A_POLL = 3
STILL_AT_IT = Trouble("the service is still at it and gave no id", cause=Cause.UNAVAILABLE)


class Schedule:
    """The jobs of a run and the order of their requests.

    `next(now)` returns a step; who takes a Submit or a Poll brings its answer to `answered`. `now`
    is any clock's reading in seconds that never runs backwards; `random()` returns 0 <= x < 1 and
    spreads the retries. `learned` is what the account taught before, `wall` the time in seconds
    since 1970; `limits.learned` is for the next run. Every step costs O(log n).
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        timing: Timing,
        now: float,
        random: Callable[[], float],
        learned: Learned | None = None,
        wall: float = 0.0,
    ) -> None:
        self.timing, self._random = timing, random
        self.limits = Limits(timing.max_concurrent, learned or Learned(), wall)
        self._deadline = None if timing.timeout is None else now + timing.timeout
        self._jobs = list(jobs)
        self._left = {job.number for job in jobs if not job.state.ended}
        self._fresh = deque(job.number for job in jobs if job.state is State.WAITING)
        self._later: list[tuple[float, int]] = []
        self._flying: set[int] = set()
        self._held = {job.number for job in jobs if job.state is State.SUBMITTED}
        self._submissions_pause = self._pause = self._round_ends = self._moved = now
        self._owners = {job.req_id: job.number for job in jobs if job.req_id}
        self._outage, self._busy_in_a_row, self._submitted_in_a_row = Outage(), 0, 0
        for number in self._held:
            self._push(replace(jobs[number], began=now), now)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Every job as it stands, in the order asked."""
        return tuple(self._jobs)

    @property
    def outage(self) -> tuple[float, float] | None:
        """Since when no answer came, and when the service is given up; None while it answers."""
        since = self._outage.since
        return (since, since + self.timing.give_up_after) if self._outage.is_quiet else None

    @property
    def done(self) -> bool:
        """True when every job has ended."""
        return not self._left

    def next(self, now: float) -> RequestStep:
        """Return the next step; a Submit or Poll counts as under way from here on."""
        if not self._left:
            return Done()
        if not self._may_send():
            return Wait(None)
        if now < self._pause:
            return Wait(self._pause)
        poll, submit = self._due_look(now), self._may_submit(now)
        if poll is not None and not (submit and self._submitted_in_a_row < SUBMITS_A_POLL):
            return self._poll(poll)
        return self._submit(now) if submit else Wait(self._wake(now))

    def believed(self, number: int, answer: Answer) -> Answer:
        """Return what an answer is to this job's request; the id of another job is none."""
        if number in self._held:
            return answer
        if isinstance(answer, Partial):
            is_own = self._owners.setdefault(answer.req_id, number) == number
            return answer if is_own else SHARED_ID
        return STILL_AT_IT if isinstance(answer, NotYet) else answer

    def answered(self, number: int, answer: Answer, now: float) -> list[Job]:
        """Take the answer to a step; return every job that it changed, the answered one first."""
        polled = number in self._held
        self._flying.discard(number)
        job = self._jobs[number]
        if job.state.ended:
            return []
        answer = self.believed(number, answer)
        self._outage = self._outage.record_failure(now) if isinstance(answer, Trouble) else Outage()
        if not isinstance(answer, Busy):
            self._busy_in_a_row = 0
        if polled and not isinstance(answer, Busy | Trouble):
            job = replace(job, polls=job.polls + 1)
        changed = self._take(job, answer, now)
        if changed[0].state is not job.state:
            self._moved = now
        if not isinstance(answer, Busy | Trouble):
            self.limits.accepted(len(self._flying) + 1, len(self._held))
        return [*changed, *self._stalled(changed[0], now)]

    def dropped(self, number: int) -> bool:
        """Return True if a step need not be taken any more because its job has ended."""
        if self._jobs[number].state.ended:
            self._flying.discard(number)
            return True
        return False

    def expire(self, now: float) -> list[Job]:
        """End what is left once the deadline is past; return the jobs that it changed."""
        if self._deadline is None or now < self._deadline:
            return []
        return self.cancel(None, now, State.TIMED_OUT)

    def cancel(self, number: int | None, now: float, state: State = State.CANCELLED) -> list[Job]:
        """End one job, or all that have not ended; return those that it changed."""
        chosen = self._left if number is None else self._left & {number}
        late = state is State.TIMED_OUT
        return self._end_all(
            chosen, state, lambda job: error_when_stopped(job, by_deadline=late), now
        )

    def give_up(self, error: str, now: float) -> list[Job]:
        """End all that have not ended, with an error that is none of theirs; ids are kept."""
        left = [self._jobs[number] for number in sorted(self._left)]
        return [self._give_up(job, error_when_left(job, error), now) for job in left]

    def _stalled(self, news: Job, now: float) -> list[Job]:
        """End what is left where nothing has moved on for too long, by now or after a pause."""
        # Who looks once in two hours wants to look more than once.
        limit = max(self.timing.stalled_after, 3 * self.timing.poll_interval)
        if max(now, self._pause) - self._moved < limit:
            return []
        is_paused = now - self._moved < limit

        def why(job: Job) -> str:
            return error_of_pause(job, news, limit) if is_paused else error_of_stall(job, limit)

        return self._end_all(self._left, State.TIMED_OUT, why, now)

    def _take(self, job: Job, answer: Answer, now: float) -> list[Job]:
        match answer:
            case Success(tally, at):
                return [self._end(replace(job, tally=tally, counted=at), State.SUCCESS, now)]
            case Partial(req_id):
                return [self._hold(job, req_id, now)]
            case NotYet():
                return [self._hold(job, job.req_id or "", now)]
            case Busy(error, retry_after):
                return [self._busy(job, error, retry_after, now)]
            case Trouble():
                return self._trouble(job, answer, now)
            case Forgotten(error):
                return [self._resubmit(job, error, now)]
            case Denied(error):
                ended = self._end(replace(job, error=error), State.FAILED, now)
                return [ended, *self.give_up(error, now)]
            case Failure(error):
                return [self._end(replace(job, error=error), State.FAILED, now)]

    def _hold(self, job: Job, req_id: str, now: float) -> Job:
        wait = self.timing.poll_interval
        if job.number not in self._held:
            wait = min(wait, self.timing.first_look)
            self._held.add(job.number)
        held = replace(
            job, state=State.SUBMITTED, req_id=req_id, tries=0, pages=0, note=None, error=None
        )
        return self._push(held, now + wait)

    def _busy(self, job: Job, error: str, retry_after: float | None, now: float) -> Job:
        submission, is_new_round = job.number not in self._held, now >= self._round_ends
        self.limits.refused(len(self._flying), len(self._held), submission, is_new_round)
        own = growing(self.timing.retry_wait, self._busy_in_a_row, self._random)
        wait = max(retry_after or 0.0, own)
        self._busy_in_a_row += 1
        self._round_ends = max(self._round_ends, now + wait)
        if submission:
            self._submissions_pause = max(self._submissions_pause, now + wait)
        if retry_after:
            self._pause = max(self._pause, now + wait)
        return self._again(job, error, wait, now)

    def _trouble(self, job: Job, trouble: Trouble, now: float) -> list[Job]:
        if self._outage.is_over(now, self.timing.give_up_after):
            alone = len(self._left) == 1
            error = error_of_outage(trouble, self.timing.give_up_after, alone=alone)
            return [self._give_up(job, error, now), *self.give_up(error, now)]
        is_page = trouble.cause is Cause.FOREIGN and job.number not in self._held
        is_counted = is_page or not self._outage.is_quiet
        job = replace(job, tries=job.tries + is_counted, pages=(job.pages + 1) * is_page)
        tries, most = (job.pages, FOREIGN_TRIES) if is_page else (job.tries, self.timing.max_tries)
        if is_counted and tries >= most:
            return [self._give_up(job, error_of_tries(trouble, most), now)]
        return [self._again(job, trouble.error, self._retry_wait(job, trouble, now), now)]

    def _retry_wait(self, job: Job, trouble: Trouble, now: float) -> float:
        times = max(job.tries, self._outage.failures) - 1
        wait = growing(self.timing.retry_wait, times, self._random)
        asked = trouble.retry_after or 0.0
        if asked > wait:
            self._outage, wait = self._outage.extend(asked), asked
        elif self._outage.is_quiet:
            # The last try falls on the moment at which the service is given up.
            end = self._outage.since + self.timing.give_up_after
            wait = min(wait, max(end - now, 0.0))
        if asked or self._outage.is_quiet:
            self._pause = max(self._pause, now + wait)
        return wait

    def _again(self, job: Job, note: str, wait: float, now: float) -> Job:
        return self._push(replace(job, note=note), now + wait)

    def _resubmit(self, job: Job, error: str, now: float) -> Job:
        if job.again:
            error = f"{error}; submitted twice, and forgotten twice"
            return self._end(replace(job, error=error), State.FAILED, now)
        self._held.discard(job.number)
        note = "the service forgot this query: submitting it again"
        fresh = replace(job, state=State.WAITING, req_id=None, again=True, note=note)
        return self._push(fresh, now)

    def _give_up(self, job: Job, error: str, now: float) -> Job:
        lost = replace(job, error=error, lost=job.req_id is not None)
        return self._end(lost, State.FAILED, now)

    def _end_all(
        self, numbers: Collection[int], state: State, why: Callable[[Job], str], now: float
    ) -> list[Job]:
        jobs = [self._jobs[number] for number in sorted(numbers)]
        return [self._end(replace(job, error=why(job)), state, now) for job in jobs]

    def _end(self, job: Job, state: State, now: float) -> Job:
        ended = replace(job, state=state, ended=now, due=None, note=None)
        self._jobs[job.number] = ended
        # Last, so that cancelling again ends what an interrupt kept from ending.
        self._left.discard(job.number)
        self._held.discard(job.number)
        return ended

    def _push(self, job: Job, due: float) -> Job:
        self._jobs[job.number] = job = replace(job, due=due)
        heapq.heappush(self._later, (due, job.number))
        return job

    def _due_look(self, now: float) -> int | None:
        while self._later and self._later[0][0] <= now:
            number = self._later[0][1]
            if number in self._held:
                return number
            heapq.heappop(self._later)
            if not self._jobs[number].state.ended:
                self._again_to_submit(number)
        return None

    def _again_to_submit(self, number: int) -> None:
        # After trouble others go first: it may be this very query that the service cannot read.
        if self._outage.is_quiet or self._jobs[number].tries:
            self._fresh.append(number)
        else:
            self._fresh.appendleft(number)

    def _may_send(self) -> bool:
        if self._outage.is_quiet:
            return not self._flying
        return self.limits.may_send(len(self._flying))

    def _may_submit(self, now: float) -> bool:
        while self._fresh and self._jobs[self._fresh[0]].state.ended:
            self._fresh.popleft()
        pending = len(self._held) + len(self._flying - self._held)
        is_time = bool(self._fresh) and now >= self._submissions_pause
        return is_time and self.limits.may_submit(pending)

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
        times += [self._submissions_pause] if self._fresh and self._submissions_pause > now else []
        return min(times, default=None)
