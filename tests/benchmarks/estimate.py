"""How often the estimated range holds: simulated services against `ct_magic.estimate`.

`python tests/benchmarks/estimate.py [ACCOUNTS]`: each account has a service of its own, lenient or
strict, with log-normal times that drift from day to day, and asks five cells. Goals: the range
holds the truth in 95 of 100 cells; after the first cell its ends differ by a factor of 2.
"""

from __future__ import annotations

import heapq
import sys
from dataclasses import dataclass
from random import Random

from ct_magic.costs.estimate import FACTOR, Pacing, estimate

CELLS = 5
FIRST, THEN, REQUEST, WORKERS = 5.0, 30.0, 0.3, 3


@dataclass
class Service:
    """A service whose counts take a while; `pending` of them at once."""

    random: Random
    middle: float
    width: float
    pending: int | None

    def run(self, counts: int) -> tuple[float, list[float]]:
        """Return how long a cell takes and after how long each of its counts is seen."""
        drift = self.random.lognormvariate(0, 0.1)
        free = [0.0] * min(counts, self.pending or counts)
        took, ends = [], []
        for number in range(counts):
            begins = max(heapq.heappop(free), number * REQUEST / WORKERS)
            begins += self.random.uniform(0.5, 1.5) * REQUEST
            seen = self._seen(drift * self.random.lognormvariate(0, self.width) * self.middle)
            heapq.heappush(free, begins + seen)
            took.append(seen)
            ends.append(begins + seen)
        return max(ends), took

    def _seen(self, seconds: float) -> float:
        look = FIRST
        while look < seconds:
            look += THEN
        return look + self.random.uniform(0.5, 1.5) * REQUEST


def service(random: Random) -> Service:
    """Return one of many services."""
    middle = random.choice([1.0, 2.0, 4.0, 8.0, 20.0])
    return Service(random, middle, random.uniform(0.2, 0.8), random.choice([3, None]))


def main(accounts: int = 200) -> int:
    """Play the accounts and print how often the range held."""
    random = Random(1)
    held = {True: [0, 0], False: [0, 0]}
    widest = 0.0
    for _ in range(accounts):
        asked, seen = service(random), []
        for cell in range(CELLS):
            counts = random.choice([11, 12, 14, 20, 30, 52, 100])
            pacing = Pacing(FIRST, THEN, WORKERS, REQUEST, asked.pending, is_taught=cell > 0)
            found = estimate(counts, seen[-200:], pacing)
            truth, took = asked.run(counts)
            seen += took
            tally = held[cell > 0]
            tally[0] += found.low <= truth <= found.high
            tally[1] += 1
            if cell:
                widest = max(widest, found.high / found.low)
    for is_later, (right, cells) in held.items():
        which = "later cells" if is_later else "first cells"
        sys.stdout.write(f"{which}: {right} of {cells} ranges hold, {100 * right / cells:.1f} %\n")
    total = sum(right for right, _ in held.values()) / sum(cells for _, cells in held.values())
    sys.stdout.write(f"all: {100 * total:.1f} %; later ends differ by {widest:.2f} at most\n")
    return 0 if total >= 0.95 and widest <= FACTOR + 1e-9 else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
