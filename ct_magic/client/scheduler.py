"""What to do next, and when: computed from the jobs and the time, without thread or clock.

How it works. A job is WAITING until its query is accepted, then SUBMITTED with an id until its
count is fetched; every other state is an end. `next` hands out requests; `answered` takes what came
and moves the job on: the table "State and answer" in `client/API.md` says how. A count may move
back: an id that two queries got belongs to neither, so a count that was fetched by it is withdrawn
and both are sent again, each alone, since what is on the way may join requests of one moment.

Trouble and NotYet in a row, of whichever jobs, are an outage of the service. From the third on a
single request at a time asks whether it is back, tries no longer count, and after `give_up_after`
seconds every job is given up together. Any answer of the API ends the outage.

A run is stalled when no job has moved on for `stalled_after` seconds, or will not have by the end
of a pause that the service asks for: it answers, again and again, but neither takes a query nor
gives a count. So every run ends.

A request that is refused as one too many waits for room where others of ours were under way, and
only where there were none for a time, which then holds for all: no count waits alone. It goes
before what was never sent, what met with trouble after it. Fresh submissions go before looks, since
a look that comes later more often finds its count; but a look goes after every third, so that
counts arrive while a large cell is still being sent. How many requests and pending queries there
may be is for `limits` to say.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from ct_magic.client import jobs as kinds
from ct_magic.client.jobs import Answer, Busy, Cause, Job, Partial, Shared, State, Success, Trouble
from ct_magic.client.limits import UNTAUGHT, Gate, Learned, Limits
from ct_magic.common.words import duration
from ct_magic.rows import Record, replace

LONGEST_WAIT = 60.0  # seconds; growing waits stop growing here
LONGEST_BUSY = 30.0  # seconds of a pause after a 429, for all counts of a run
QUIET_FROM = 3  # requests in a row without an answer: from here on it is the service, not a request
FOREIGN_TRIES = 3  # of a submission that something else than the API answers
REFUSED_TRIES = 5  # of a look that the API fails, in words that say nothing of the query
SHARED_TRIES = 3
MAX_PAUSES = 8  # pauses in a row that a service may ask for without an answer between
SUBMITS_A_POLL = 3
YOUNG, YOUNG_LOOKS = 15.0, 3  # an id of so many seconds may not be known everywhere: looks again
NOBODY = -1  # whose an id is that two queries got
STILL_AT_IT = Trouble("the service is still working and gave no id", cause=Cause.UNAVAILABLE)
SUSPICION = "; the query itself may be the cause"  # of an error 500 that stays
SHARED_ID = f"two queries got the same id: no number is taken (tried {SHARED_TRIES} times)"


class Outage(Record):
    """The requests in a row, of whichever counts, that brought no answer of the API."""

    since: float = 0.0  # when the first was over, moved on by the pauses that were asked for
    failures: int = 0
    pauses: int = 0  # that the service asked for
    error: str = ""  # what came last instead of an answer

    @property
    def is_quiet(self) -> bool:
        """True when one request at a time is enough to find out whether the service is back."""
        return self.failures >= QUIET_FROM


class Schedule:
    """The jobs of a run and the order of their requests. Every step costs O(log n).

    `next(now)` returns a job; who sends its request brings the answer to `answered`.
    `limits.learned` is for the next run.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        timing: kinds.Timing,
        now: float,  # here and below: a clock's seconds that never run backwards
        random: Callable[[], float],  # returns 0 <= x < 1, which spreads the retries
        learned: Learned = UNTAUGHT,  # what the account taught before
        wall: float = 0.0,  # seconds since 1970
        gate: Gate | None = None,  # what all runs of the account share
    ) -> None:
        self.timing, self._random = timing, random
        gate = gate or Gate(timing.max_concurrent, learned, wall)
        gate.begin(now)
        self.limits = Limits(gate, learned, wall)
        self.deadline = math.inf if timing.timeout is None else now + timing.timeout
        self._jobs = list(jobs)
        self._left = {job.number for job in jobs if not job.state.ended}
        self._fresh = deque(job.number for job in jobs if job.state is State.WAITING)
        self._later: list[tuple[float, int]] = []
        self._flying: dict[int, int] = {}  # and how many were under way when it was sent
        self._held = {job.number for job in jobs if job.state is State.SUBMITTED}
        self._submissions_pause = self._pause = self._asked_pause = self._moved = now
        self._owners: dict[str, int] = {}
        for job in jobs:
            if job.req_id:
                is_first = job.req_id not in self._owners
                self._owners[job.req_id] = job.number if is_first else NOBODY
        self._outage, self._busy_in_a_row, self._submitted_in_a_row = Outage(), 0, 0
        for number in self._held:
            self._push(jobs[number], now, began=now)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Every job as it is now, in the order asked."""
        return tuple(self._jobs)

    @property
    def outage(self) -> tuple[float, float] | None:
        """Since when no answer came, and when the service is given up; None while it answers."""
        since, end = self._outage.since, self._outage.since + self.timing.give_up_after
        is_lasting = self._outage.is_quiet and not self.done
        return (since, min(end, self.deadline)) if is_lasting else None

    @property
    def done(self) -> bool:
        """True when every job has ended."""
        return not self._left

    def next(self, now: float) -> Job | float:
        """Return the job whose request is due, else until when to wait: infinite for an answer."""
        # One with an id is looked at, another is submitted; from here on it counts as under way.
        most = min(self.timing.max_concurrent, self.limits.gate.limit)
        if self.done or len(self._flying) >= (1 if self._outage.is_quiet else most):
            return math.inf
        if now < self._pause:
            return self._pause
        number, may_submit = self._due_look(now), self._may_submit(now)
        if number is not None and not (may_submit and self._submitted_in_a_row < SUBMITS_A_POLL):
            heapq.heappop(self._later)
            self._submitted_in_a_row = 0
        elif may_submit:
            number = self._fresh.popleft()
            self._submitted_in_a_row += 1
        else:
            pause = self._submissions_pause
            times = [self._later[0][0]] if self._later else []
            return min([*times, pause] if self._fresh and pause > now else times, default=math.inf)
        self._flying[number] = len(self._flying) + 1
        if self._jobs[number].began is None:
            self._jobs[number] = replace(self._jobs[number], began=now)
        return self._jobs[number]

    def believed(self, number: int, answer: Answer) -> Answer:
        """Return what an answer means for this job: an id of two queries belongs to neither."""
        is_look = number in self._held
        named = answer.req_id if isinstance(answer, Partial | Success) else None
        req_id = self._jobs[number].req_id if is_look else named
        if req_id and self._owners.setdefault(req_id, number) != number:
            return Shared(req_id)
        return STILL_AT_IT if isinstance(answer, kinds.NotYet) and not is_look else answer

    def answered(self, number: int, answer: Answer, now: float) -> list[Job]:
        """Take the answer to a step; return every job that it changed, the answered one first."""
        job, polled = self._jobs[number], number in self._held
        answer = self.believed(number, answer)
        beside = self._flying.pop(number, 1)
        if job.state.ended:
            return self._withdraw(answer.req_id, number, now) if isinstance(answer, Shared) else []
        if isinstance(answer, Trouble) and answer.cause is not Cause.REFUSED:
            since = self._outage.since if self._outage.failures else now
            failures = self._outage.failures + 1
            self._outage = replace(self._outage, since=since, failures=failures, error=answer.error)
        else:
            self._outage = Outage()
        if not isinstance(answer, Busy):
            self._busy_in_a_row = 0
        if polled and not isinstance(answer, Busy | Trouble):
            job = replace(job, polls=job.polls + 1)
        changed = self._take(job, answer, beside, now)
        if changed[0].state is not job.state:
            self._moved = now
        if not isinstance(answer, Busy | Trouble):
            self.limits.accepted(beside, len(self._held))
        return [*changed, *self._stalled(changed[0], now)]

    def dropped(self, number: int) -> bool:
        """Return True if a request need not be sent any more because its job has ended."""
        if self._jobs[number].state.ended:
            self._flying.pop(number, None)
            return True
        return False

    def expire(self, now: float) -> list[Job]:
        """End what is left once the deadline is past; return the jobs that it changed."""
        return self.cancel(None, now, State.TIMED_OUT) if now >= self.deadline else []

    def cancel(self, number: int | None, now: float, state: State = State.CANCELLED) -> list[Job]:
        """End one job, or all that have not ended; return those that it changed."""
        chosen = self._left if number is None else self._left & {number}
        is_late = state is State.TIMED_OUT
        words = kinds.TOO_LATE if is_late else kinds.STOPPED
        why = f"; until then: {self._outage.error}" if is_late and self._outage.failures else ""
        return self._end_all(chosen, state, lambda job: words[job.began is None] + why, now)

    def give_up(self, error: str, now: float) -> list[Job]:
        """End all that have not ended, with an error that is none of theirs; ids are kept."""
        left = [self._jobs[number] for number in sorted(self._left)]
        return [self._give_up(job, _when_left(job, error), now) for job in left]

    def _stalled(self, news: Job, now: float) -> list[Job]:
        """End what is left where nothing has moved on for too long, by now or after a pause."""
        # Who looks once in two hours wants to look more than once.
        limit = max(self.timing.stalled_after, 3 * self.timing.poll_interval)
        if max(now, self._asked_pause) - self._moved < limit:
            return []
        is_paused = now - self._moved < limit

        def why(job: Job) -> str:
            if is_paused:
                waits = f"a cell waits for {duration(limit)} without news (stalled_after)"
                error = f"{news.note}; {waits}"
                return error if job.number == news.number else _when_left(job, error)
            stuck = job.note or f"still counting after {job.polls} looks"
            if job.began is None:
                stuck = f"{kinds.NOT_SENT}the service takes no more queries"
            return f"{stuck}; nothing new for {duration(limit)}"

        return self._end_all(self._left, State.TIMED_OUT, why, now)

    def _take(self, job: Job, answer: Answer, beside: int, now: float) -> list[Job]:
        match answer:
            case Success(tally, at):
                return [self._end(replace(job, tally=tally, counted=at), State.SUCCESS, now)]
            case Partial(req_id, at):
                return [self._hold(job, req_id, now, at)]
            case kinds.NotYet():
                return [self._hold(job, job.req_id or "", now)]
            case Shared(req_id):
                return [self._send_again(job, now), *self._withdraw(req_id, job.number, now)]
            case Busy():
                return [self._busy(job, answer, beside, now)]
            case Trouble():
                return self._trouble(job, answer, now)
            case kinds.Forgotten(error):
                return [self._forgotten(job, error, now)]
            case kinds.Denied(error) | kinds.Failure(error):
                is_final = isinstance(answer, kinds.Denied)  # for everything that would be asked
                refused = replace(job, error=error, refused=not is_final)
                ended = self._end(refused, State.FAILED, now)
                return [ended, *self.give_up(error, now)] if is_final else [ended]

    def _hold(self, job: Job, req_id: str, now: float, at: datetime | None = None) -> Job:
        wait = self.timing.poll_interval
        if job.number not in self._held:
            wait = min(wait, self.timing.first_look)
            self._held.add(job.number)
            job = replace(job, given=now, sent=at)
        held = replace(job, state=State.SUBMITTED, req_id=req_id, tries=0, pages=0, forgets=0)
        return self._push(held, now + wait, note=None, error=None)

    def _busy(self, job: Job, busy: Busy, beside: int, now: float) -> Job:
        submission = job.number not in self._held
        self.limits.refused(beside, len(self._held), submission, now)
        wait = busy.retry_after or 0.0
        if beside == 1:
            wait = max(wait, min(self._growing(self._busy_in_a_row), LONGEST_BUSY))
            self._busy_in_a_row += 1
        if submission:
            self._submissions_pause = max(self._submissions_pause, now + wait)
        if busy.retry_after or not submission:
            self._pause_all(now + wait, is_asked=bool(busy.retry_after))
        return self._push(job, now + wait, note=busy.error)

    def _trouble(self, job: Job, trouble: Trouble, now: float) -> list[Job]:
        suspicion = SUSPICION if trouble.cause is Cause.INTERNAL else ""
        outage, give_up_after = self._outage, self.timing.give_up_after
        is_long = now - outage.since >= give_up_after or outage.pauses >= MAX_PAUSES
        if outage.failures > 1 and is_long:
            # Of several queries not every one can be the cause.
            why = f"{trouble.error}{suspicion if len(self._left) == 1 else ''}"
            error = f"{why}; given up after {duration(give_up_after)} without a usable answer"
            return [self._give_up(job, error, now), *self.give_up(error, now)]
        is_page = trouble.cause is Cause.FOREIGN and job.number not in self._held
        is_counted = is_page or not outage.is_quiet
        job = replace(job, tries=job.tries + is_counted, pages=(job.pages + 1) * is_page)
        tries, most = (job.pages, FOREIGN_TRIES) if is_page else (job.tries, self.timing.max_tries)
        is_refused = trouble.cause is Cause.REFUSED
        most = REFUSED_TRIES if is_refused else most
        if is_counted and tries >= most:
            anew = "; --refresh asks anew" if is_refused else ""
            error = f"{trouble.error}{suspicion}; given up after {most} tries{anew}"
            return [self._give_up(job, error, now)]
        wait = self._retry_wait(job, trouble, now)
        return [self._push(job, now + wait, note=trouble.error)]

    def _retry_wait(self, job: Job, trouble: Trouble, now: float) -> float:
        outage, asked = self._outage, trouble.retry_after or 0.0
        wait = self._growing(max(job.tries, outage.failures) - 1)
        if asked > wait:
            wait, since = asked, outage.since + asked
            self._outage = replace(outage, since=since, pauses=outage.pauses + 1)
        elif outage.is_quiet:
            # The last try falls on the moment at which the service is given up.
            wait = min(wait, max(outage.since + self.timing.give_up_after - now, 0.0))
        if asked or outage.is_quiet:
            self._pause_all(now + wait, is_asked=bool(asked))
        return wait

    def _growing(self, times: int) -> float:
        """Return the wait before a retry: doubled each time, up to a minute."""
        # Spread over half of itself, so that clients do not come back in step.
        wait = self.timing.retry_wait * 2.0 ** min(times, 30)
        return min(wait, LONGEST_WAIT) * (1 + self._random() / 2)

    def _pause_all(self, until: float, *, is_asked: bool) -> None:
        self._pause = max(self._pause, until)
        if is_asked:
            self._asked_pause = max(self._asked_pause, until)

    def _forgotten(self, job: Job, error: str, now: float) -> Job:
        is_young = job.given is not None and now - job.given < YOUNG
        if is_young and job.forgets < YOUNG_LOOKS:
            due = now + self._growing(job.forgets)
            return self._push(job, due, forgets=job.forgets + 1, note=error)
        if job.again:
            error = f"{error}; submitted twice, and forgotten twice"
            return self._end(replace(job, error=error), State.FAILED, now)
        note = "the service forgot this query: submitting it again"
        return self._push_fresh(job, now, again=True, forgets=0, note=note)

    def _withdraw(self, req_id: str, finder: int, now: float) -> list[Job]:
        """Take an id away from the job that had it; one under way hears so with its answer."""
        owner = self._owners.get(req_id, NOBODY)
        self._owners[req_id] = NOBODY
        if owner in (NOBODY, finder) or owner in self._flying:
            return []
        job = self._jobs[owner]
        if not job.state.ended or job.state is State.SUCCESS:
            return [self._send_again(job, now)]
        self._jobs[owner] = job = replace(job, req_id=None, lost=False)  # nothing to fetch later
        return [job]

    def _send_again(self, job: Job, now: float) -> Job:
        job = replace(job, shared=job.shared + 1, tally=None, taken=None, counted=None)
        self._left.add(job.number)
        if job.shared >= SHARED_TRIES:
            return self._end(replace(job, req_id=None, error=SHARED_ID), State.FAILED, now)
        note = "two queries got the same id: sending it again"
        wait = self._growing(job.shared - 1)
        return self._push_fresh(job, now + wait, ended=None, note=note)

    def _push_fresh(self, job: Job, due: float, **changes: Any) -> Job:
        self._held.discard(job.number)
        return self._push(job, due, state=State.WAITING, req_id=None, sent=None, **changes)

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

    def _push(self, job: Job, due: float, **changes: Any) -> Job:
        self._jobs[job.number] = job = replace(job, due=due, **changes)
        heapq.heappush(self._later, (due, job.number))
        return job

    def _due_look(self, now: float) -> int | None:
        while self._later and self._later[0][0] <= now:
            due, number = self._later[0]
            is_due = self._jobs[number].due == due  # or it was ended, or withdrawn, since then
            if is_due and number in self._held:
                return number
            heapq.heappop(self._later)
            if is_due:
                # After trouble others go first: it may be this query that cannot be read.
                is_last = self._outage.is_quiet or self._jobs[number].tries
                (self._fresh.append if is_last else self._fresh.appendleft)(number)
        return None

    def _may_submit(self, now: float) -> bool:
        while self._fresh and self._jobs[self._fresh[0]].state.ended:
            self._fresh.popleft()
        if not self._fresh or now < self._submissions_pause:
            return False
        sent = self._flying.keys() - self._held
        # What is on the way may join the requests of one moment: one that met with that goes alone.
        is_joined = any(self._jobs[number].shared for number in (self._fresh[0], *sent))
        return not (is_joined and sent) and self.limits.may_submit(len(self._held) + len(sent))


def _when_left(job: Job, error: str) -> str:
    """Return why there is no count of a job that was left when this error ended the run."""
    return f"{kinds.NOT_SENT if job.began is None else kinds.NOT_AGAIN}{error}"
