"""How often the estimated range holds: simulated services, asked by the real schedule.

`python tests/benchmarks/estimate.py [ACCOUNTS]`: each account has a service of its own, lenient or
strict about how many queries may be pending, with log-normal times that drift from cell to cell,
and asks five cells, as fast as `client.scheduler` lets it. What is known for the estimate is what
the journal would hold: how long earlier counts took to be seen, and the limits that were learned.
Goals: the range holds the truth in 95 of 100 cells; after the first cell its ends differ by a
factor of 2 at the most. Beside it the same accounts are asked with no first look put off. Cells
of 30 counts and more are watched while they run, too: how often the time that their panel says
is left holds, whenever another tenth of them has ended.
"""

from __future__ import annotations

import heapq
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from random import Random
from statistics import fmean

from ct_magic.client.jobs import (
    Answer,
    Busy,
    Job,
    Partial,
    State,
    Success,
    Tally,
    Timing,
    jobs_of,
)
from ct_magic.client.limits import Learned
from ct_magic.client.scheduler import Schedule
from ct_magic.panel.panel import seconds_left
from ct_magic.planning.estimate import FACTOR, estimate
from ct_magic.planning.first_look import pacing_of, put_off
from ct_magic.rows import Question

CELLS = 5
SIZES = (11, 12, 14, 20, 30, 52, 100)
MIDDLES = (1.0, 2.0, 4.0, 8.0, 20.0)
REQUEST = (0.15, 0.45)  # seconds
WATCHED = 30  # counts from which on a cell is watched
REMEMBERED = 200  # counts, as by `Journal.latencies`
HOUR = 3600.0
QUESTION = Question("t", "e", date(2026, 1, 1), date(2026, 1, 1), "{}", "{}", date(2026, 1, 1))


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

    def answer(self, step: Job, now: float) -> Answer:
        """Return what it answers to a request that arrives at that time."""
        number = step.number
        if step.state is State.SUBMITTED:
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
    watched: list[tuple[float, tuple[Job, ...]]] = field(default_factory=list)

    def ask(self, counts: int, first_look: float) -> float:
        """Ask a cell, and return how long it took."""
        random, now = self.service.random, 0.0
        self.service.drift, self.service.ready = random.lognormvariate(0, 0.1), {}
        self.wall += HOUR
        jobs = jobs_of([QUESTION] * counts)
        timing = Timing(first_look=first_look)
        run = Schedule(jobs, timing, now, random.random, self.learned, self.wall)
        under_way: list[tuple[float, int, Answer]] = []
        sent: dict[int, float] = {}
        while not run.done:
            step = run.next(now)
            if not isinstance(step, Job):
                if under_way and under_way[0][0] <= step:
                    now, number, answer = heapq.heappop(under_way)
                    run.answered(number, answer, now)
                    self.watched.append((now, run.jobs))
                else:
                    now = step
                continue
            if step.state is State.WAITING:
                sent[step.number] = now
            request = random.uniform(*REQUEST)
            answer = self.service.answer(step, now + request / 2)
            heapq.heappush(under_way, (now + request, step.number, answer))
        self.learned = run.limits.learned
        ended = sorted(run.jobs, key=lambda job: job.ended or 0.0)
        self.took += [(job.ended or 0.0) - sent[job.number] for job in ended]
        return now


def account(random: Random) -> Account:
    """Return one of many accounts."""
    middle, width = random.choice(MIDDLES), random.uniform(0.2, 0.8)
    return Account(Service(Random(random.random()), middle, width, random.choice([3, None])))


@dataclass
class Tallies:
    """Which ranges held, by kind; how far the ends of later ones differ, how long they took."""

    held: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    factors: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)


def play(accounts: int, puts_off: bool = True) -> Tallies:
    """Ask all cells of so many accounts; the same ones in whichever way their looks are chosen."""
    tallies = Tallies()
    for seed in range(accounts):
        random = Random(seed)
        customer = account(random)
        for cell in range(CELLS):
            play_cell(customer, random.choice(SIZES), cell > 0, puts_off, tallies)
    return tallies


def play_cell(
    customer: Account, counts: int, is_taught: bool, puts_off: bool, tallies: Tallies
) -> None:
    """Estimate a cell, ask it, and note what came of it."""
    took = customer.took[: -REMEMBERED - 1 : -1]
    pacing = pacing_of(Timing(), customer.learned, is_taught=is_taught)
    if puts_off:
        pacing = put_off(counts, took, pacing)
    expected = estimate(counts, took, pacing)
    customer.watched = []
    seconds = customer.ask(counts, pacing.first_look)
    limit = "strict" if customer.service.limit else "lenient"
    kinds = ["all", "later cells" if is_taught else "first cells", limit]
    kinds += [f"cells of {counts}", f"middle {customer.service.middle:g} s"]
    for kind in kinds:
        tallies.held[kind].append(expected.low <= seconds <= expected.high)
    tallies.held["time left"] += promises(customer, seconds) if counts >= WATCHED else []
    if is_taught:
        tallies.factors.append(expected.high / expected.low)
        tallies.took.append(seconds)


def promises(customer: Account, end: float) -> list[bool]:
    """Return which of the times left that the panel says hold, at most one for each tenth."""
    held, tenth = [], -1
    for now, jobs in customer.watched:
        ended = 10 * sum(job.state.ended for job in jobs) // len(jobs)
        if ended == tenth:
            continue
        tenth = ended
        if left := seconds_left(jobs, now):
            held.append(left[0] <= end - now <= left[1])
    return held


def main(accounts: int = 200) -> int:
    """Play the accounts and print how often the range held."""
    tallies, at_once = play(accounts), play(accounts, puts_off=False)
    for kind, holds in tallies.held.items():
        share = 100 * sum(holds) / len(holds)
        sys.stdout.write(f"{kind}: {sum(holds)} of {len(holds)} ranges hold, {share:.1f} %\n")
    sys.stdout.write(f"the ends of later ranges differ by {max(tallies.factors):.2f} at most\n")
    total, fixed = (fmean(played.held["all"]) for played in (tallies, at_once))
    sys.stdout.write(
        f"with no first look put off {100 * fixed:.1f} % hold, and a later cell takes "
        f"{fmean(at_once.took):.1f} s on average in place of {fmean(tallies.took):.1f}\n"
    )
    return 0 if total >= 0.95 and max(tallies.factors) <= FACTOR + 1e-9 else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
