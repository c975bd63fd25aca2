"""A service that takes so many requests at once, with a clock that is simulated."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from ct_magic.client.jobs import Answer, Busy, Job, Partial, State, Success, Tally
from ct_magic.client.scheduler import Schedule
from ct_magic.client.timing import Done, Poll, Timing, Wait
from helpers.plans import question


@dataclass
class Narrow:
    """It refuses a request that arrives while `takes(now)` others of ours are answered.

    What is taken is answered after `latency` seconds, what is refused after a tenth of that, and a
    count is ready `ready` seconds after its submission.
    """

    takes: Callable[[float], int]
    latency: float = 0.2
    ready: float = 4.0
    now: float = 0.0
    refused: int = 0
    longest_wait: float = 0.0
    inside: int = 0
    submitted: dict[int, float] = field(default_factory=dict)
    flying: list[tuple[float, int, bool, bool]] = field(default_factory=list)
    since: dict[int, float] = field(default_factory=dict)

    def makespan(self, counts: int, most: int, seed: int = 1) -> float:
        """Ask for so many counts with `max_concurrent` set to `most`; return when all are there."""
        jobs = [Job(number, question(f"q{number}")) for number in range(counts)]
        schedule = Schedule(jobs, Timing(max_concurrent=most), 0.0, Random(seed).random)
        while not isinstance(step := schedule.next(self.now), Done):
            if isinstance(step, Wait):
                self._sleep(schedule, step.until)
            else:
                self._send(step.job.number, isinstance(step, Poll))
        assert all(job.state is State.SUCCESS for job in schedule.jobs)
        return self.now

    def _send(self, number: int, polled: bool) -> None:
        is_taken = self.inside < self.takes(self.now)
        self.inside += is_taken
        self.refused += not is_taken
        if number in self.since and is_taken:
            self.longest_wait = max(self.longest_wait, self.now - self.since.pop(number))
        elif not is_taken:
            self.since.setdefault(number, self.now)
        end = self.now + self.latency * (1 if is_taken else 0.1)
        heapq.heappush(self.flying, (end, number, polled, is_taken))

    def _sleep(self, schedule: Schedule, until: float | None) -> None:
        if not self.flying or (until is not None and until < self.flying[0][0]):
            assert until is not None, "a wait for ever with nothing under way"
            self.now = until
            return
        self.now, number, polled, is_taken = heapq.heappop(self.flying)
        self.inside -= is_taken
        answer: Answer = Busy("HTTP 429: too many")
        if is_taken:
            begun = self.submitted.setdefault(number, self.now)
            is_ready = polled and self.now - begun >= self.ready
            answer = Success(Tally(1)) if is_ready else Partial(str(number))
        schedule.answered(number, answer, self.now)
