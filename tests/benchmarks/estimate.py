"""How often the estimated range holds: simulated services, asked by the real schedule.

`python tests/benchmarks/estimate.py [ACCOUNTS]`: each account has a service of its own, lenient or
strict about how many queries may be pending, with log-normal times that drift from cell to cell,
and asks five cells, as fast as `client.scheduler` lets it. What is known for the estimate is what
the journal would hold: how long earlier counts took to be seen, and the limits that were learned.
Goals: the range holds the truth in 95 of 100 cells; after the first cell its ends differ by a
factor of 2 at the most.
"""

from __future__ import annotations

import heapq
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from random import Random

from ct_magic.client.concurrency import Learned
from ct_magic.client.jobs import Answer, Busy, Partial, Success, Tally, jobs_of
from ct_magic.client.pace import Done, Pace, Poll, Submit, Wait
from ct_magic.client.scheduler import Schedule
from ct_magic.costs.estimate import FACTOR, Estimate, Pacing, estimate
from ct_magic.costs.expectation import pacing_of
from ct_magic.rows import Question

CELLS = 5
SIZES = (11, 12, 14, 20, 30, 52, 100)
MIDDLES = (1.0, 2.0, 4.0, 8.0, 20.0)
REQUEST = (0.15, 0.45)  # seconds
REMEMBERED = 200  # counts, as by `Journal.latencies`
HOUR = 3600.0
QUESTION = Question("t", "e", date(2026, 1, 1), date(2026, 1, 1), "{}", "{}", date(2026, 1, 1))
Estimator = Callable[[int, list[float], Pacing], Estimate]


@dataclass
class Service:
    """A service whose counts take a while.

    At most `limit` queries are pending, until their counts are fetched (None: any number).
    """

    random: Random
    middle: float
    width: float
    limit: int | None
    drift: float = 1.0
    ready: dict[int, float] = field(default_factory=dict)

    def answer(self, step: Submit | Poll, now: float) -> Answer:
        """Return what it answers to a request that arrives at that time."""
        number = step.job.number
        if isinstance(step, Poll):
            is_ready = self.ready[number] <= now
            if is_ready:
                del self.ready[number]
            return Success(Tally(1)) if is_ready else Partial(str(number))
        if self.limit is not None and len(self.ready) >= self.limit:
            return Busy("too many")
        takes = self.middle * self.drift * self.random.lognormvariate(0, self.width)
        self.ready[number] = now + takes
        return Partial(str(number))


@dataclass
class Account:
    """An account that is asked one cell after the other, and what its answers have taught."""

    service: Service
    learned: Learned = field(default_factory=Learned)
    took: list[float] = field(default_factory=list)
    wall: float = 1.8e9

    def ask(self, counts: int) -> float:
        """Ask a cell, and return how long it took."""
        random, now = self.service.random, 0.0
        self.service.drift, self.service.ready = random.lognormvariate(0, 0.1), {}
        self.wall += HOUR
        jobs = jobs_of([QUESTION] * counts)
        run = Schedule(jobs, Pace(), now, random.random, self.learned, self.wall)
        under_way: list[tuple[float, int, Answer]] = []
        sent: dict[int, float] = {}
        while not isinstance(step := run.next(now), Done):
            if isinstance(step, Wait):
                until = float("inf") if step.until is None else step.until
                if under_way and under_way[0][0] <= until:
                    now, number, answer = heapq.heappop(under_way)
                    run.answered(number, answer, now)
                else:
                    now = until
                continue
            if isinstance(step, Submit):
                sent[step.job.number] = now
            request = random.uniform(*REQUEST)
            answer = self.service.answer(step, now + request / 2)
            heapq.heappush(under_way, (now + request, step.job.number, answer))
        self.learned = run.limits.learned
        ended = sorted(run.jobs, key=lambda job: job.ended or 0.0)
        self.took += [(job.ended or 0.0) - sent[job.number] for job in ended]
        return now


def account(random: Random) -> Account:
    """Return one of many accounts."""
    middle, width = random.choice(MIDDLES), random.uniform(0.2, 0.8)
    return Account(Service(random, middle, width, random.choice([3, None])))


def play(accounts: int, estimator: Estimator) -> tuple[dict[str, list[bool]], list[float]]:
    """Return which ranges held, by kind, and by how much the ends of later ones differ."""
    random = Random(1)
    held: dict[str, list[bool]] = defaultdict(list)
    factors = []
    for _ in range(accounts):
        customer = account(random)
        limit = "strict" if customer.service.limit else "lenient"
        for cell in range(CELLS):
            counts = random.choice(SIZES)
            pacing = pacing_of(Pace(), customer.learned, is_taught=cell > 0)
            span = estimator(counts, customer.took[: -REMEMBERED - 1 : -1], pacing)
            holds = span.low <= customer.ask(counts) <= span.high
            kinds = ["all", "later cells"] if cell else ["all", "first cells"]
            kinds += [limit, f"cells of {counts}", f"middle {customer.service.middle:g} s"]
            for kind in kinds:
                held[kind].append(holds)
            factors += [span.high / span.low] if cell else []
    return held, factors


def main(accounts: int = 200) -> int:
    """Play the accounts and print how often the range held."""
    held, factors = play(accounts, estimate)
    for kind, holds in held.items():
        share = 100 * sum(holds) / len(holds)
        sys.stdout.write(f"{kind}: {sum(holds)} of {len(holds)} ranges hold, {share:.1f} %\n")
    sys.stdout.write(f"the ends of later ranges differ by {max(factors):.2f} at most\n")
    total = sum(held["all"]) / len(held["all"])
    return 0 if total >= 0.95 and max(factors) <= FACTOR + 1e-9 else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
