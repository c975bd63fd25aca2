"""What a schedule goes by, and the steps that it hands out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ct_magic.client.jobs import Job

# How long to wait after a request without an answer, and when a silent service is given up.

LONGEST_WAIT = 60.0  # seconds; growing waits stop growing here
_QUIET = 3  # requests in a row without an answer: from here on it is the service, not a request
LONGEST_BUSY = 30.0  # seconds of a pause after a 429, for all counts of a run
FOREIGN_TRIES = 3  # of a submission that something else than the API answers
REFUSED_TRIES = 5  # of a look that the API fails, in words that say nothing of the query
SUSPICION = "; the query itself may be the cause"  # of an error 500 that stays
MAX_PAUSES = 8  # pauses in a row that a service may ask for without an answer between


def growing(first: float, times: int, random: Callable[[], float]) -> float:
    """Return the wait before a retry: doubled each time, up to a minute.

    It is spread over half of itself, so that clients do not come back in step.
    """
    return min(first * 2.0 ** min(times, 30), LONGEST_WAIT) * (1 + random() / 2)


@dataclass(frozen=True, slots=True)
class Outage:
    """The requests in a row, of whichever counts, that brought no answer of the API.

    `since` is when the first of them was over, moved on by every pause that the service asked
    for: those are no part of it. `pauses` counts these. `error` says what came last instead.
    """

    since: float = 0.0
    failures: int = 0
    pauses: int = 0
    error: str = ""

    @property
    def is_quiet(self) -> bool:
        """True when one request at a time is enough to find out whether the service is back."""
        return self.failures >= _QUIET

    def record_failure(self, now: float, error: str) -> Outage:
        """Return it with one more request without an answer."""
        since = self.since if self.failures else now
        return replace(self, since=since, failures=self.failures + 1, error=error)

    def extend(self, seconds: float) -> Outage:
        """Return it with a pause that the service asked for."""
        return replace(self, since=self.since + seconds, pauses=self.pauses + 1)

    def is_over(self, now: float, give_up_after: float) -> bool:
        """Return True if it has lasted so long that the service is given up."""
        is_long = now - self.since >= give_up_after or self.pauses >= MAX_PAUSES
        return self.failures > 1 and is_long


@dataclass(frozen=True, slots=True)
class Timing:
    """How fast to go; all times in seconds.

    `poll_interval` lies between two looks at the same count (30, as the API's page asks), and
    `first_look`, or `poll_interval` where that is less, between its submission and the first.
    `max_concurrent` requests are under way at once at the most (3, as the page says).
    `retry_wait` comes before the first retry, growing after it; a request is tried `max_tries`
    times in a row at the most, and a service that answers nothing is given up `give_up_after`.
    After `timeout` whatever is missing has timed out, and so it has where no count has moved on
    for `stalled_after`, however often the service answered meanwhile.
    """

    poll_interval: float = 30.0
    first_look: float = 5.0
    max_concurrent: int = 3
    retry_wait: float = 1.0
    max_tries: int = 8
    give_up_after: float = 180.0
    stalled_after: float = 3600.0
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Submit:
    """Send this job's query."""

    job: Job


@dataclass(frozen=True, slots=True)
class Poll:
    """Look at this job's id."""

    job: Job


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before that time, or (None) before an answer comes."""

    until: float | None


@dataclass(frozen=True, slots=True)
class Done:
    """Every job has ended."""


RequestStep = Submit | Poll | Wait | Done
