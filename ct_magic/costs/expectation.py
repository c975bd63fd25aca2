"""How long a cell that is about to be asked may take, and when its counts are looked at first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..client.concurrency import LIMITS, Learned
from ..client.jobs import Job
from ..client.journal import Journal
from ..client.pace import Pace
from ..prepare import PreparedCell
from .estimate import Estimate, estimate, put_off
from .latency_model import USUAL_REQUEST, Pacing

REQUEST = "request"  # under this name the journal keeps the seconds that a request takes
LONGEST_REQUEST = 60.0  # seconds; what takes longer was never measured
FROM = 11  # counts without an answer from which on a cell is played out before it is asked


def expected(jobs: Sequence[Job], journal: Journal, pace: Pace) -> tuple[Estimate, float]:
    """Return how long the jobs that have no answer yet may take, and their first look in seconds.

    The look is that of the pace, or a later one where so many jobs are served better by it.
    """
    took, learned = journal.latencies(), Learned.from_text(journal.learned(LIMITS))
    pacing = pacing_of(pace, learned, _request(journal), is_taught=bool(took))
    counts = _unanswered(jobs)
    if counts >= FROM:
        pacing = put_off(counts, took, pacing)
    return estimate(counts, took, pacing), pacing.first_look


def pacing_of(
    pace: Pace, learned: Learned, request: float = USUAL_REQUEST, *, is_taught: bool
) -> Pacing:
    """Return how an account is asked, by the pace and by what it has taught."""
    return Pacing(
        first_look=min(pace.first_look, pace.poll_interval),
        poll_interval=pace.poll_interval,
        at_once=min(learned.requests or pace.max_concurrent, pace.max_concurrent),
        request=request,
        pending=learned.pending,
        is_taught=is_taught,
    )


def with_expectation(cell: PreparedCell, jobs: Sequence[Job], journal: Journal) -> PreparedCell:
    """Return the same with a note on how long many counts may take, and with their first look."""
    if _unanswered(jobs) < FROM:
        return cell
    seconds, first_look = expected(jobs, journal, cell.pace)
    plan = replace(cell.plan, expects=f"may take {seconds}")
    return replace(cell, plan=plan, settings=replace(cell.settings, first_look=first_look))


def _request(journal: Journal) -> float:
    try:
        seconds = float(journal.learned(REQUEST) or USUAL_REQUEST)
    except ValueError:
        return USUAL_REQUEST
    return seconds if 0 < seconds < LONGEST_REQUEST else USUAL_REQUEST


def _unanswered(jobs: Sequence[Job]) -> int:
    return sum(not job.state.ended for job in jobs)
