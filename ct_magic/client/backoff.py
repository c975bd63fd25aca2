"""How long to wait after a request without an answer, and when a silent service is given up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

LONGEST_WAIT = 60.0  # seconds; growing waits stop growing here
_QUIET = 3  # requests in a row without an answer: from here on it is the service, not a request
FOREIGN_TRIES = 3  # of a submission that something else than the API answers
SUSPICION = "; the query itself may be the cause"  # of an error 500 that stays
MAX_PAUSES = 8  # pauses in a row that a service may ask for without an answer between


def growing(first: float, times: int, random: Callable[[], float]) -> float:
    """Return the wait before a retry: doubled each time, up to a minute.

    It is spread over half of itself, so that clients do not come back in step.
    """
    return min(first * 2.0 ** min(times, 30), LONGEST_WAIT) * (1 + random() / 2)


@dataclass(frozen=True, slots=True)
class Silence:
    """The requests in a row, of whichever counts, that brought no answer of the API.

    `since` is when the first of them was over, moved on by every pause that the service asked
    for: those are not its silence. `pauses` counts these.
    """

    since: float = 0.0
    misses: int = 0
    pauses: int = 0

    @property
    def is_quiet(self) -> bool:
        """True when one request at a time is enough to find out whether the service is back."""
        return self.misses >= _QUIET

    def missed(self, now: float) -> Silence:
        """Return it with one more request without an answer."""
        return replace(self, since=self.since if self.misses else now, misses=self.misses + 1)

    def paused(self, seconds: float) -> Silence:
        """Return it with a pause that the service asked for."""
        return replace(self, since=self.since + seconds, pauses=self.pauses + 1)

    def is_over(self, now: float, give_up_after: float) -> bool:
        """Return True if it has lasted so long that the service is given up."""
        return self.misses > 1 and (now - self.since >= give_up_after or self.pauses >= MAX_PAUSES)
