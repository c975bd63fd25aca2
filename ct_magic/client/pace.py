"""What a schedule goes by, and the steps that it hands out."""

from __future__ import annotations

from dataclasses import dataclass

from .jobs import Job


@dataclass(frozen=True, slots=True)
class Pace:
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


def in_words(seconds: float) -> str:
    """Return a duration as messages say it: `90 seconds`, `3 minutes`."""
    return f"{seconds:g} seconds" if seconds < 120 else f"{seconds / 60:.3g} minutes"
