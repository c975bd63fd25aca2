"""How long a cell may take: a range, from what this account took before. Pure; nothing is asked.

How long one count takes is taken for log-normal, with unknown middle and width. What earlier
counts took says how likely each pair of them is; a count is only ever *seen* at a look, so "seen
after 35 seconds" means that it took between 5 and 35. Then the cell is played out many times, and
the range is where most of these ended. Without earlier counts the same works, and is wide.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import ceil, exp, floor, log
from random import Random
from statistics import NormalDist

PLAYED = 300  # times that a cell is played out
MOST_PLAYED = 60_000  # counts, over all of these times
COVERED = 0.97  # of them that the range holds
PADDED = 1.5  # at most, over both ends
FACTOR = 2.0  # between the ends of the range, once something is known
_ENOUGH = 5  # earlier counts from which on something is known
# Seconds that the middle count may take, and how wide (as a standard deviation of the logarithm).
MIDDLES = tuple(0.5 * 1.25**n for n in range(32))
WIDTHS = (0.15, 0.3, 0.45, 0.6, 0.8, 1.0, 1.3)
# Before anything is known: counts mostly need seconds, and are alike.
USUAL_MIDDLE = NormalDist(log(5.0), 1.0)
USUAL_WIDTH = NormalDist(0.5, 0.25)
# How many may be pending at once where the account has not taught it: few, or any number.
_LIMITS = (3, None)


@dataclass(frozen=True, slots=True)
class Pacing:
    """How an account is asked.

    `first_look` and `poll_interval` are seconds; `at_once` requests are under way at a time, of
    `request` seconds each; at most `pending` counts are (None: any number). `is_taught` is False
    where nobody knows yet whether the account takes so many.
    """

    first_look: float = 5.0
    poll_interval: float = 30.0
    at_once: int = 3
    request: float = 0.3
    pending: int | None = None
    is_taught: bool = True


@dataclass(frozen=True, slots=True)
class Estimate:
    """A range of seconds: `low` to `high`."""

    low: float
    high: float

    def __str__(self) -> str:
        """Return the range in words: `20 to 45 seconds`, `1 to 4 minutes`."""
        low, low_unit = _rounded(self.low, floor)
        high, high_unit = _rounded(self.high, ceil)
        if low_unit != high_unit:
            return f"{low} {low_unit}{'s' * (low > 1)} to {high} {high_unit}{'s' * (high > 1)}"
        many = "s" if high > 1 else ""
        return f"{high} {high_unit}{many}" if low == high else f"{low} to {high} {high_unit}{many}"


def _rounded(seconds: float, outwards: Callable[[float], int]) -> tuple[int, str]:
    """Return a number of seconds, minutes or hours."""
    for size, unit in ((3600, "hour"), (60, "minute")):
        if seconds >= 2 * size or (seconds >= size and outwards is floor):
            return outwards(seconds / size), unit
    step = 5 if seconds > 20 else 1
    return max(1, step * outwards(seconds / step)), "second"


def estimate(counts: int, took: Sequence[float], pacing: Pacing) -> Estimate:
    """Return how long so many counts take; `took` are seconds that earlier ones took to be seen."""
    if not counts:
        return Estimate(0.0, 0.0)
    random = Random(counts)  # noqa: S311 # it plays, it keeps no secret
    weighed = list(_weighed(took, pacing))
    times = max(50, min(PLAYED, MOST_PLAYED // counts))
    chosen = random.choices([pair for pair, _ in weighed], [w for _, w in weighed], k=times)
    ended = sorted(_played(counts, pair, pacing, random) for pair in chosen)
    if len(took) < _ENOUGH:
        edge = int(len(ended) * (1 - COVERED) / 2)
        return Estimate(ended[edge], ended[-1 - edge])
    return _narrowest(ended)


def _weighed(took: Sequence[float], pacing: Pacing) -> Iterator[tuple[tuple[float, float], float]]:
    """Yield each pair of middle and width with how likely the earlier counts make it."""
    seen = Counter(round(seconds, 1) for seconds in took)
    pairs = [(log(middle), width) for middle, width in product(MIDDLES, WIDTHS)]
    scores = [_log_prior(*pair) + _log_likelihood(seen, *pair, pacing) for pair in pairs]
    best = max(scores)
    yield from ((pair, exp(score - best)) for pair, score in zip(pairs, scores, strict=True))


def _log_prior(middle: float, width: float) -> float:
    return log(USUAL_MIDDLE.pdf(middle)) + log(USUAL_WIDTH.pdf(width))


def _log_likelihood(seen: Counter[float], middle: float, width: float, pacing: Pacing) -> float:
    logs = NormalDist(middle, width)
    total = 0.0
    for seconds, times in seen.items():
        since = seconds - pacing.poll_interval if seconds > 1.5 * pacing.first_look else 0.0
        below = logs.cdf(log(since)) if since > 0 else 0.0
        total += times * log(max(logs.cdf(log(max(seconds, 0.1))) - below, 1e-9))
    return total


def _played(counts: int, pair: tuple[float, float], pacing: Pacing, random: Random) -> float:
    """Return when the last count of one played cell is seen."""
    limit = pacing.pending if pacing.is_taught else random.choice(_LIMITS)
    places = min(counts, limit or counts)
    free = [0.0] * places  # when each place is free again
    gap, last = pacing.request / pacing.at_once, 0.0
    for number in range(counts):
        begins = max(heapq.heappop(free), number * gap) + pacing.request
        ends = begins + _seen_after(random.lognormvariate(*pair), pacing)
        heapq.heappush(free, ends)
        last = max(last, ends)
    return last


def _seen_after(seconds: float, pacing: Pacing) -> float:
    """Return after how many seconds a count that takes so long is seen."""
    if seconds <= pacing.first_look:
        return pacing.first_look
    looks = ceil((seconds - pacing.first_look) / pacing.poll_interval)
    return pacing.first_look + looks * pacing.poll_interval


def _narrowest(ended: Sequence[float]) -> Estimate:
    """Return the narrowest range that holds enough, but no wider than the factor allows."""
    enough = ceil(len(ended) * COVERED)
    spans = list(zip(ended, ended[enough - 1 :], strict=False))
    low, high = min(spans, key=lambda span: span[1] / span[0])
    if high / low > FACTOR:
        _, low, high = max(_held(ended, first) for first in range(len(ended)))
    # The way to the service has its moods, which nobody played.
    wider = max(1.0, min(PADDED, FACTOR * low / high)) ** 0.5
    return Estimate(low / wider, high * wider)


def _held(ended: Sequence[float], first: int) -> tuple[int, float, float]:
    """Return how many of the ends the widest range from this one on holds, and their range."""
    last = bisect_right(ended, ended[first] * FACTOR) - 1
    return last - first + 1, ended[first], ended[last]
