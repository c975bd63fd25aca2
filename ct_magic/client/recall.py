"""A plan -> the jobs of its questions, as far as the journal can answer them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from ..rows import Plan
from .freshness import Freshness
from .jobs import Job
from .journal import Journal
from .journal_entries import Entry


def recalled(plan: Plan, journal: Journal, freshness: Freshness) -> list[Job]:
    """Return a job for each question: counted, pending, or to be asked.

    A row's counts belong together: of those whose days may still change, one that must be asked
    anew takes the others with it. An id of just now is as good as one of now.
    """
    known = [journal.find(question, freshness) for question in plan.questions]
    anew = _asked_anew(plan, known, freshness, journal.now())
    jobs = []
    for number, (question, entry) in enumerate(zip(plan.questions, known, strict=True)):
        job = Job(number, question)
        jobs.append(job if entry is None or number in anew else journal.taken(job, entry))
    return jobs


def _asked_anew(
    plan: Plan, known: Sequence[Entry | None], freshness: Freshness, now: float
) -> set[int]:
    changing = {
        number for number, question in enumerate(plan.questions) if freshness.may_change(question)
    }
    beside: dict[int, set[int]] = defaultdict(set)
    for row in plan.rows:
        together = changing.intersection(plan.needs(row))
        for number in together:
            beside[number] |= together
    anew = {number for number, entry in enumerate(known) if entry is None}
    fine = {n for n, entry in enumerate(known) if entry and freshness.is_of_now(entry, now)}
    left = list(anew)
    while left:
        more = beside[left.pop()] - anew - fine
        anew |= more
        left += more
    return anew
