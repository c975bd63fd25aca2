"""A cell played out before it is asked: how long counts may take, and when the last one is seen.

How long one count takes is taken for log-normal, with unknown middle and width. What earlier
counts took says how likely each pair of them is; a count is only ever *seen* at a look, so "seen
after 35 seconds" means that it took between 5 and 35. A cell is played with its requests in the
order in which `client.scheduler` sends them. Pure; nothing is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import product
from math import exp, hypot, log
from random import Random
from statistics import NormalDist

from ct_magic.client.scheduler import SUBMITS_A_POLL

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
    request: float = USUAL_REQUEST
    pending: int | None = None
    is_taught: bool = True


def weighed(took: Sequence[float], pacing: Pacing) -> Iterator[tuple[tuple[float, float], float]]:
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
    # What was seen later than this was looked at before, in vain.
    latest = 1.5 * max(pacing.first_look, pacing.poll_interval / 2)
    total = 0.0
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
    places = (pacing.pending if pacing.is_taught else random.choice(_LIMITS)) or counts
    fresh, unseen, in_a_row, last = counts, counts, 0, 0.0
    looks: list[tuple[float, float]] = []  # when one is due, and when its count is ready
    freed: list[float] = []  # when a place is free again
    at_once = min(pacing.at_once, places)  # a pending count has one request at a time
    workers = [0.0] * min(at_once, MOST_WORKERS)  # more are played as fewer quicker ones
    request = pacing.request * random.uniform(*REQUESTS) * len(workers) / at_once
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
                heappush(looks, (done + interval, ready))
        elif may_submit:
            fresh, places, in_a_row = fresh - 1, places - 1, in_a_row + 1
            ready = now + request / 2 + random.lognormvariate(middle, width)
            heappush(looks, (done + pacing.first_look, ready))
        else:
            done = min(due for due in (*(look for look, _ in looks[:1]), *freed[:1]) if due > now)
        heappush(workers, done)
    return last
