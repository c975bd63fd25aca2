"""How long a cell may take, from what its account took before.

The cell is simulated many times (see `played`), and the range is where most of these runs ended.
Without earlier counts the same works, and is wide.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from heapq import heappop, heappush, heappushpop, heapreplace
from itertools import product
from math import ceil, exp, floor, hypot, log
from random import Random
from statistics import NormalDist, fmean

from ct_magic.client.scheduler import SUBMITS_A_POLL
from ct_magic.common.words import durations
from ct_magic.rows import Record

# A cell played out before it is asked: how long counts may take, and when the last one is seen.
#
# How long one count takes is taken for log-normal, with unknown middle and width. What earlier
# counts took says how likely each pair of them is; a count is only ever *seen* at a look, so "seen
# after 35 seconds" means that it took between 5 and 35. A cell is played with its requests in the
# order in which `client.scheduler` sends them. Pure; nothing is asked.

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
USUAL_REQUEST = 0.3  # seconds, where the account has not shown it
MOST_LOOKS = 8  # at a count that takes as long as the middle one
MOST_WORKERS = 8
# How many may be pending at once where the account has not taught it: few, or any number.
_USUAL_LIMITS = (3, None)


class Pacing(Record):
    """How an account is asked; times are in seconds."""

    first_look: float = 5.0
    poll_interval: float = 30.0
    at_once: int = 3  # requests
    request: float = USUAL_REQUEST  # how long one takes
    pending: int | None = None  # counts at a time; None: any number
    is_taught: bool = True  # False while it is unknown whether the account allows so many


def drawn(
    took: Sequence[float], pacing: Pacing, times: int, random: Random
) -> list[tuple[float, float]]:
    """Return pairs of middle and width, each as often as the earlier counts make it likely."""
    seen = Counter(round(2 * seconds) / 2 for seconds in took)
    pairs = [(log(middle), width) for middle, width in product(MIDDLES, WIDTHS)]
    scores = [_log_score(seen, *pair, pacing) for pair in pairs]
    best = max(scores)
    return random.choices(pairs, [exp(score - best) for score in scores], k=times)


def _log_score(seen: Counter[float], middle: float, width: float, pacing: Pacing) -> float:
    logs = NormalDist(middle, hypot(width, MOOD))
    # What was seen later than this was looked at before, without an answer.
    latest = 1.5 * max(pacing.first_look, pacing.poll_interval / 2)
    total = log(USUAL_MIDDLE.pdf(middle)) + log(USUAL_WIDTH.pdf(width))
    for seconds, times in seen.items():
        since = seconds - pacing.poll_interval if seconds > latest else 0.0
        below = logs.cdf(log(since)) if since > 0 else 0.0
        total += times * log(max(logs.cdf(log(max(seconds, 0.1))) - below, 1e-9))
    return total


def played(counts: int, pair: tuple[float, float], pacing: Pacing, random: Random) -> float:
    """Return when the last count of one played cell is seen.

    Submissions go before looks, and a look after every third; each of `at_once` workers takes
    the next request when it is free.
    """
    middle, width = random.gauss(pair[0], MOOD), pair[1]
    # Far shorter intervals than a count takes hardly change its end, and each look costs time here.
    interval = max(pacing.poll_interval, exp(middle) / MOST_LOOKS)
    places = (pacing.pending if pacing.is_taught else random.choice(_USUAL_LIMITS)) or counts
    fresh, unseen, in_a_row, last = counts, counts, 0, 0.0
    looks: list[tuple[float, float]] = []  # when one is due, and when its count is ready
    freed: list[float] = []  # when a place is free again
    at_once = min(pacing.at_once, places)  # a pending count has one request at a time
    workers = [0.0] * min(at_once, MOST_WORKERS)  # more are played as fewer quicker ones
    request = pacing.request * random.uniform(*REQUESTS) * len(workers) / at_once
    now = heappop(workers)  # of the worker whose turn it is; the heap is the others
    while unseen:
        while freed and freed[0] <= now:
            heappop(freed)
            places += 1
        done, may_submit = now + request, fresh and places
        if looks and looks[0][0] <= now and not (may_submit and in_a_row < SUBMITS_A_POLL):
            ready = looks[0][1]
            in_a_row = 0
            if ready <= now + request / 2:
                heappop(looks)
                unseen, last = unseen - 1, done
                heappush(freed, done)
            else:
                heapreplace(looks, (done + interval, ready))
        elif may_submit:
            fresh, places, in_a_row = fresh - 1, places - 1, in_a_row + 1
            ready = now + request / 2 + random.lognormvariate(middle, width)
            heappush(looks, (done + pacing.first_look, ready))
        else:
            done = freed[0] if freed and not (looks and looks[0][0] < freed[0]) else looks[0][0]
            while workers and workers[0] == now:  # who is free now has nothing to do, either
                heapreplace(workers, done)
        now = heappushpop(workers, done)
    return last


PLAYED = 300  # times that a cell is played out
LEAST_PLAYED = 50
MOST_PLAYED = 20_000  # counts, over all of these times
MOST_COUNTS = 600  # of a cell that is played; the rest goes on at its rate
COVERED = 0.97  # share of them that the range holds
GUESSED = 0.95  # the same, where nothing is known
PADDED = 1.5  # factor by which the range is widened at most, over both ends
MARGIN = 1.1  # factor by which it is widened always: many runs may end at its edge
WIDEST = 4.0  # between the ends of a range that is shown
FACTOR = 2.0  # between the ends of the range, once something is known
ENOUGH = 5  # earlier counts from which on something is known


class Estimate(Record):
    """A range of seconds: `low` to `high`; `is_guess` where the account has taught nothing yet."""

    low: float
    high: float
    is_guess: bool = False

    def __str__(self) -> str:
        """Return the range in words, `may take 20 to 45 s`, unless it is too wide to plan by."""
        if self.high > WIDEST * self.low:
            why = ": first counts of this account" if self.is_guess else ""
            return f"no estimate yet{why}"
        return f"may take {durations(_rounded(self.low, floor), _rounded(self.high, ceil))}"


def _rounded(seconds: float, outwards: Callable[[float], int]) -> int:
    """Return whole hours, minutes or seconds, as one would say them."""
    step = next((size for size in (3600, 60) if seconds >= 2 * size), 5 if seconds > 20 else 1)
    return max(1, step * outwards(seconds / step))


def estimate(counts: int, took: Sequence[float], pacing: Pacing) -> Estimate:
    """Return how long so many counts take; `took` are seconds that earlier ones took to be seen."""
    if not counts:
        return Estimate(0.0, 0.0)
    size = min(counts, MOST_COUNTS)
    times = max(LEAST_PLAYED, min(PLAYED, MOST_PLAYED // size))
    random = Random(counts)  # noqa: S311 # it plays, it keeps no secret
    chosen = drawn(took, pacing, times, random)
    ended = sorted(played(size, pair, pacing, random) for pair in chosen)
    if counts > size:
        half = fmean(played(size // 2, pair, pacing, random) for pair in chosen)
        rate = (1 - half / fmean(ended)) / (size - size // 2)
        ended = [end * (1 + rate * (counts - size)) for end in ended]
    if len(took) >= ENOUGH:
        return _narrowest(ended)
    edge = int(len(ended) * (1 - GUESSED) / 2)
    return Estimate(ended[edge] / MARGIN, ended[-1 - edge] * MARGIN, is_guess=True)


def _narrowest(ended: Sequence[float]) -> Estimate:
    """Return the narrowest range that holds enough, but no wider than the factor allows."""
    enough, widest = ceil(len(ended) * COVERED), FACTOR / MARGIN
    spans = list(zip(ended, ended[enough - 1 :], strict=False))
    low, high = min(spans, key=lambda span: span[1] / span[0])
    if high / low > widest:
        _, low, high = max(held_from(ended, first, widest) for first in range(len(ended)))
    wider = max(1.0, min(PADDED, FACTOR * low / high)) ** 0.5
    return Estimate(low / wider, high * wider)


def held_from(ended: Sequence[float], first: int, widest: float) -> tuple[int, float, float]:
    """Return how many of the ends the widest range from this one on holds, and their range."""
    last = bisect_right(ended, ended[first] * widest) - 1
    return last - first + 1, ended[first], ended[last]
