"""A service that takes so many requests at once, with a clock that is simulated."""

from __future__ import annotations

import heapq
from bisect import bisect
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from random import Random

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
from ct_magic.client.scheduler import Schedule
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
        while not schedule.done:
            step = schedule.next(self.now)
            if not isinstance(step, Job):
                self._sleep(schedule, step)
            else:
                self._send(step.number, step.state is State.SUBMITTED)
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

    def _sleep(self, schedule: Schedule, until: float) -> None:
        if not self.flying or until < self.flying[0][0]:
            assert until < inf, "a wait for ever with nothing under way"
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


def shared_with(takes: int, uses: int, on: float, off: float, seed: int) -> Callable[[float], int]:
    """A service that another program uses for a while, now and then."""
    chance, edges, now = Random(seed), [0.0], 0.0
    while now < 5000:
        now += chance.expovariate(1 / (on if len(edges) % 2 == 0 else off))
        edges.append(now)
    return lambda moment: takes - uses * (bisect(edges, moment) % 2 == 0)


NARROW: dict[str, tuple[Callable[[float], int], tuple[int, ...]]] = {
    "takes 3": (lambda _: 3, (3,)),
    "takes 4": (lambda _: 4, (4,)),
    "takes 10, and 2 from the sixth second on": (lambda now: 10 if now < 6 else 2, (10, 2)),
    "takes 2, and 10 from the tenth second on": (lambda now: 2 if now < 10 else 10, (10, 2)),
    "another program uses 1 of 3": (shared_with(3, 1, 5, 5, 1), (3, 2)),
    "another program uses 2 of 3": (shared_with(3, 2, 10, 10, 2), (3, 1)),
}
