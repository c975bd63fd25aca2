"""How long a cell that is about to be asked may take, from what its account took before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..client.concurrency import LIMITS, Learned
from ..client.jobs import Job
from ..client.journal import Journal
from ..client.pace import Pace
from ..prepare import PreparedCell
from .estimate import Estimate, Pacing, estimate

FROM = 11  # counts without an answer from which on the panel says how long they may take


def expected(jobs: Sequence[Job], journal: Journal, pace: Pace) -> Estimate:
    """Return how long the jobs that have no answer yet may take."""
    took, learned = journal.latencies(), Learned.from_text(journal.learned(LIMITS))
    return estimate(_unanswered(jobs), took, pacing_of(pace, learned, is_taught=bool(took)))


def pacing_of(pace: Pace, learned: Learned, *, is_taught: bool) -> Pacing:
    """Return how an account is asked, by the pace and by the limits that it has taught."""
    return Pacing(
        first_look=min(pace.first_look, pace.poll_interval),
        poll_interval=pace.poll_interval,
        at_once=min(learned.requests or pace.max_concurrent, pace.max_concurrent),
        pending=learned.pending,
        is_taught=is_taught,
    )


def with_expectation(cell: PreparedCell, jobs: Sequence[Job], journal: Journal) -> PreparedCell:
    """Return the same with a note on how long it may take, where many counts have no answer."""
    if _unanswered(jobs) < FROM:
        return cell
    sentence = f"may take {expected(jobs, journal, cell.pace)}"
    return replace(cell, plan=replace(cell.plan, expects=sentence))


def _unanswered(jobs: Sequence[Job]) -> int:
    return sum(not job.state.ended for job in jobs)
