"""When the counts of a cell are looked at first: up to three times later than usual.

Where many counts are ready just after their first look, each of these costs a whole
`poll_interval`, and it is unknown which cell has one: a slightly later first look ends such cells
sooner, and at a time that is known. Small cells are looked at as the settings say.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from statistics import fmean

from ct_magic.client.jobs import Job, Timing
from ct_magic.client.journal.journal import Journal
from ct_magic.client.limits import LIMITS, REQUEST, Learned
from ct_magic.planning.estimate import (
    ENOUGH,
    FACTOR,
    USUAL_REQUEST,
    Estimate,
    Pacing,
    drawn,
    estimate,
    held_from,
    played,
)
from ct_magic.planning.prepare import PreparedCell
from ct_magic.rows import replace

LATER = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0)  # times `first_look` that a first look may be put off
TRIED = 100  # times that a cell is played out for each of them
SURE = 0.95  # share of them in a range of the factor, from which on an end is predictable
LONGEST_REQUEST = 60.0  # seconds; a longer one was no measurement
FROM = 11  # counts without an answer from which on a cell is played out before it is asked


def put_off(counts: int, took: Sequence[float], pacing: Pacing) -> Pacing:
    """Return the pacing whose first look is best: a predictable end first, then an early one."""
    looks = {min(pacing.first_look * times, pacing.poll_interval) for times in LATER}
    if len(took) < ENOUGH or not counts or len(looks) == 1:
        return pacing
    size = min(counts, TRIED)
    random = Random(counts)  # noqa: S311 # it plays, it keeps no secret
    chosen = drawn(took, pacing, TRIED, random)
    trials = []
    for look in sorted(looks):
        later = replace(pacing, first_look=look)
        ended = sorted(played(size, pair, later, random) for pair in chosen)
        held = max(held_from(ended, first, FACTOR)[0] for first in range(len(ended))) / len(ended)
        trials.append((-min(held, SURE), fmean(ended), later))
    return min(trials, key=lambda trial: trial[:2])[2]


def expected(jobs: Sequence[Job], journal: Journal, timing: Timing) -> tuple[Estimate, float]:
    """Return how long the jobs without an answer may take, and their best first look (seconds)."""
    took, learned = journal.latencies(), Learned.from_text(journal.learned(LIMITS))
    pacing = pacing_of(timing, learned, _request_seconds(journal), is_taught=bool(took))
    counts = _unanswered(jobs)
    if counts >= FROM:
        pacing = put_off(counts, took, pacing)
    return estimate(counts, took, pacing), pacing.first_look


def pacing_of(
    timing: Timing, learned: Learned, request: float = USUAL_REQUEST, *, is_taught: bool
) -> Pacing:
    """Return how an account is asked, by the timing and by the limits that were learned."""
    return Pacing(
        first_look=min(timing.first_look, timing.poll_interval),
        poll_interval=timing.poll_interval,
        at_once=min(learned.requests or timing.max_concurrent, timing.max_concurrent),
        request=request,
        pending=learned.pending,
        is_taught=is_taught,
    )


def with_expectation(cell: PreparedCell, jobs: Sequence[Job], journal: Journal) -> PreparedCell:
    """Return the cell with a note on how long many counts may take, and with their first look."""
    if _unanswered(jobs) < FROM:
        return cell
    seconds, first_look = expected(jobs, journal, cell.timing)
    plan = replace(cell.plan, expects=str(seconds))
    return replace(cell, plan=plan, settings=replace(cell.settings, first_look=first_look))


def _request_seconds(journal: Journal) -> float:
    try:
        seconds = float(journal.learned(REQUEST) or USUAL_REQUEST)
    except ValueError:
        return USUAL_REQUEST
    return seconds if 0 < seconds < LONGEST_REQUEST else USUAL_REQUEST


def _unanswered(jobs: Sequence[Job]) -> int:
    return sum(not job.state.ended for job in jobs)
