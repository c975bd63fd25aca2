"""How a run stands at a moment: a frozen value that text and HTML are drawn from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ct_magic.client.jobs import Job, State
from ct_magic.planning.row_results import RowResult
from ct_magic.rows import Plan, Row

FINE = (State.SUCCESS, State.NOT_YET)  # a row that cannot be asked yet is no failure
LEAST_ENDED = 5  # counts that must have ended before the rest is estimated
LEAST_SHARE = 0.1  # of all that are asked
LEAST_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Standing:
    """A plan, its rows as they stood at `now` (a reading of the run's clock), and a note.

    A `stable` one shows no time of day and no duration: two runs look alike but for the counts.
    """

    plan: Plan
    rows: tuple[RowResult, ...]
    now: float
    note: str | None = None
    stable: bool = False

    @property
    def over(self) -> bool:
        """True when every row has ended."""
        return all(row.state.ended for row in self.rows)

    @property
    def tally(self) -> Counter[State]:
        """How many rows are in each state."""
        return Counter(row.state for row in self.rows)

    @property
    def seconds(self) -> float | None:
        """The seconds since the first request; None where none was sent, or none may be shown."""
        begun = [job.began for job in self._jobs if job.began is not None]
        if not begun or self.stable:
            return None
        ended = [job.ended for job in self._jobs if job.ended is not None]
        return (max(ended, default=self.now) if self.over else self.now) - min(begun)

    @property
    def seconds_left(self) -> tuple[float, float] | None:
        """The least and the most seconds that are likely left; None without ground for it."""
        return seconds_left(self._jobs, self.now)

    @property
    def next_look(self) -> float:
        """When the next look at any count is due, by the run's clock; infinite for none."""
        dues = (job.due for job in self._jobs if not job.state.ended and job.due is not None)
        return min((due for due in dues if due > self.now), default=float("inf"))

    @property
    def cached(self) -> tuple[int, datetime | None]:
        """How many rows the journal answered, and when the oldest of them was counted (UTC)."""
        rows = [row for row in self.rows if row.cached]
        times = [row.counted or taken_at(row) for row in rows]
        return len(rows), min((time for time in times if time is not None), default=None)

    @property
    def doubts(self) -> tuple[str, ...]:
        """What the service may ignore silently, each once."""
        return tuple(dict.fromkeys(doubt for row in self.rows for doubt in row.row.doubts))

    @property
    def _jobs(self) -> tuple[Job, ...]:
        jobs = (job for row in self.rows for job in row.jobs)
        return tuple({job.number: job for job in jobs}.values())


def seconds_left(jobs: Sequence[Job], now: float) -> tuple[float, float] | None:
    """Return the least and the most seconds that are likely left; None without ground for it.

    Ground is a queue that moves: while counts wait for their turn, others end at some pace. What
    has been asked comes when the service is ready, and no pace says when; where as many are asked
    as have ended, that is most of what is left. Nor has a run's first tenth a pace.
    """
    # Neither the journal's counts nor those that were cancelled say how long one takes.
    sent = [job for job in jobs if job.began is not None and job.taken is None]
    ended = [job for job in sent if job.state in (State.SUCCESS, State.FAILED)]
    asked = [job for job in sent if not job.state.ended]
    waiting = sum(job.state is State.WAITING and job.began is None for job in jobs)
    elapsed = now - min((job.began or 0.0 for job in sent), default=now)
    least = max(LEAST_ENDED, LEAST_SHARE * (len(sent) + waiting), len(asked))
    if not waiting or len(ended) < least or elapsed < LEAST_SECONDS:
        return None
    left = (len(asked) + waiting) * elapsed / len(ended)
    return 0.7 * left, 1.4 * left


def taken_at(row: RowResult) -> datetime | None:
    """Return when the oldest cached count behind a row was taken (UTC)."""
    return min((job.taken for job in row.jobs if job.taken is not None), default=None)


def waiting(row: RowResult) -> Job | None:
    """Return the count that a row waits for: of several the one that is looked at first."""
    jobs = [job for job in row.jobs if not job.state.ended]
    return min(jobs, key=lambda job: float("inf") if job.due is None else job.due, default=None)


def last_news(row: RowResult) -> float:
    """Return when something last happened to a row, as far as is known; for sorting."""
    times = [time for job in row.jobs for time in (job.ended, job.began) if time is not None]
    return max(times, default=float("-inf"))


def has_trouble(row: RowResult) -> bool:
    """Return True if a count behind a row waits for more than its turn or its answer."""
    return any(job.note is not None and not job.state.ended for job in row.jobs)


def is_kept(row: RowResult) -> bool:
    """Return True if the service goes on counting what we stopped asking for."""
    return any(
        job.req_id is not None and (job.lost or job.state in (State.CANCELLED, State.TIMED_OUT))
        for job in row.jobs
    )


def pieces(row: Row) -> list[str]:
    """Return what tells a row from others of its statement, but for its days."""
    after = [] if row.after is None else [f"after {row.after}"]
    steps = [] if row.step is None else [row.step]
    return [*(str(value) for _, value in row.pieces), *steps, *after]
