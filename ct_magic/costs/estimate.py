"""How long a cell may take: a range, from what this account took before. Pure; nothing is asked.

How long one count takes is taken for log-normal, with unknown middle and width. What earlier
counts took says how likely each pair of them is; a count is only ever *seen* at a look, so "seen
after 35 seconds" means that it took between 5 and 35. Then the cell is played out many times, with
its requests in the order in which `client.scheduler` sends them, and the range is where most of
these ended. Without earlier counts the same works, and is wide.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import product
from math import ceil, exp, floor, hypot, log
from random import Random
from statistics import NormalDist, fmean

from ..client.scheduler import SUBMITS_A_POLL

PLAYED = 300  # times that a cell is played out
LEAST_PLAYED = 50
MOST_PLAYED = 20_000  # counts, over all of these times
MOST_COUNTS = 600  # of a cell that is played; the rest goes on at its rate
COVERED = 0.97  # of them that the range holds
GUESSED = 0.95  # of them, where nothing is known
PADDED = 1.5  # at most, over both ends
MARGIN = 1.1  # of it that is always there: a range must not end where many of them did
FACTOR = 2.0  # between the ends of the range, once something is known
_ENOUGH = 5  # earlier counts from which on something is known
# Seconds that the middle count may take, and how wide (as a standard deviation of the logarithm).
MIDDLES = tuple(0.5 * 1.1**n for n in range(73))
WIDTHS = (0.15, 0.25, 0.35, 0.5, 0.65, 0.8, 1.0, 1.3)
# Before anything is known: counts mostly need seconds, and are alike.
USUAL_MIDDLE = NormalDist(log(5.0), 1.0)
USUAL_WIDTH = NormalDist(0.5, 0.2)
# The service has its moods: by this much all counts of a cell differ from those of others (as a
# standard deviation of the logarithm), and within these factors the requests.
MOOD = 0.1
REQUESTS = (0.85, 1.15)
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
    """A range of seconds: `low` to `high`; `is_guess` where the account has taught nothing yet."""

    low: float
    high: float
    is_guess: bool = False

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
    size = min(counts, MOST_COUNTS)
    times = max(LEAST_PLAYED, min(PLAYED, MOST_PLAYED // size))
    chosen = random.choices([pair for pair, _ in weighed], [w for _, w in weighed], k=times)
    ended = sorted(_played(size, pair, pacing, random) for pair in chosen)
    if counts > size:
        half = fmean(_played(size // 2, pair, pacing, random) for pair in chosen)
        rate = (1 - half / fmean(ended)) / (size - size // 2)
        ended = [end * (1 + rate * (counts - size)) for end in ended]
    if len(took) >= _ENOUGH:
        return _narrowest(ended)
    edge = int(len(ended) * (1 - GUESSED) / 2)
    return Estimate(ended[edge] / MARGIN, ended[-1 - edge] * MARGIN, is_guess=True)


def _weighed(took: Sequence[float], pacing: Pacing) -> Iterator[tuple[tuple[float, float], float]]:
    """Yield each pair of middle and width with how likely the earlier counts make it."""
    seen = Counter(round(2 * seconds) / 2 for seconds in took)
    pairs = [(log(middle), width) for middle, width in product(MIDDLES, WIDTHS)]
    scores = [_log_prior(*pair) + _log_likelihood(seen, *pair, pacing) for pair in pairs]
    best = max(scores)
    yield from ((pair, exp(score - best)) for pair, score in zip(pairs, scores, strict=True))


def _log_prior(middle: float, width: float) -> float:
    return log(USUAL_MIDDLE.pdf(middle)) + log(USUAL_WIDTH.pdf(width))


def _log_likelihood(seen: Counter[float], middle: float, width: float, pacing: Pacing) -> float:
    logs = NormalDist(middle, hypot(width, MOOD))
    total = 0.0
    for seconds, times in seen.items():
        since = seconds - pacing.poll_interval if seconds > 1.5 * pacing.first_look else 0.0
        below = logs.cdf(log(since)) if since > 0 else 0.0
        total += times * log(max(logs.cdf(log(max(seconds, 0.1))) - below, 1e-9))
    return total


def _played(counts: int, pair: tuple[float, float], pacing: Pacing, random: Random) -> float:
    """Return when the last count of one played cell is seen.

    Submissions go before looks, and a look after every third; each of `at_once` workers takes
    the next request when it is free.
    """
    middle, width = random.gauss(pair[0], MOOD), pair[1]
    request = pacing.request * random.uniform(*REQUESTS)
    places = (pacing.pending if pacing.is_taught else random.choice(_LIMITS)) or counts
    fresh, unseen, in_a_row, last = counts, counts, 0, 0.0
    looks: list[tuple[float, float]] = []  # when one is due, and when its count is ready
    freed: list[float] = []  # when a place is free again
    workers = [0.0] * pacing.at_once
    while unseen:
        now = heappop(workers)
        while freed and freed[0] <= now:
            heappop(freed)
            places += 1
        done, may_submit = now + request, fresh and places
        if looks and looks[0][0] <= now and not (may_submit and in_a_row < SUBMITS_A_POLL):
            _, ready = heappop(looks)
            in_a_row = 0
            if ready <= now + request / 2:
                unseen, last = unseen - 1, max(last, done)
                heappush(freed, done)
            else:
                heappush(looks, (done + pacing.poll_interval, ready))
        elif may_submit:
            fresh, places, in_a_row = fresh - 1, places - 1, in_a_row + 1
            ready = now + request / 2 + random.lognormvariate(middle, width)
            heappush(looks, (done + pacing.first_look, ready))
        else:
            done = min(due for due in (*(look for look, _ in looks[:1]), *freed[:1]) if due > now)
        heappush(workers, done)
    return last


def _narrowest(ended: Sequence[float]) -> Estimate:
    """Return the narrowest range that holds enough, but no wider than the factor allows."""
    enough, widest = ceil(len(ended) * COVERED), FACTOR / MARGIN
    spans = list(zip(ended, ended[enough - 1 :], strict=False))
    low, high = min(spans, key=lambda span: span[1] / span[0])
    if high / low > widest:
        _, low, high = max(_held(ended, first, widest) for first in range(len(ended)))
    wider = max(1.0, min(PADDED, FACTOR * low / high)) ** 0.5
    return Estimate(low / wider, high * wider)


def _held(ended: Sequence[float], first: int, widest: float) -> tuple[int, float, float]:
    """Return how many of the ends the widest range from this one on holds, and their range."""
    last = bisect_right(ended, ended[first] * widest) - 1
    return last - first + 1, ended[first], ended[last]
