"""Why a count did not arrive, in words that agree with what happened: sent or not, answered."""

from __future__ import annotations

from .backoff import SUSPICION
from .jobs import NOT_AGAIN, NOT_SENT, STOPPED, TOO_LATE, Cause, Job, Trouble
from .pace import in_words


def stopped(job: Job, *, by_deadline: bool) -> str:
    """Return why there is no count of a job that was stopped."""
    arrived, sent = TOO_LATE if by_deadline else STOPPED
    return sent if job.began is None else arrived


def left(job: Job, error: str) -> str:
    """Return why there is no count of a job that was left when this error ended the run."""
    return f"{NOT_SENT if job.began is None else NOT_AGAIN}{error}"


def silent(trouble: Trouble, give_up_after: float, *, alone: bool) -> str:
    """Return why a service is given up whose last word was this; `alone`: with one query."""
    # Of several queries not every one can be the cause.
    suspicion = SUSPICION if alone and trouble.cause is Cause.INTERNAL else ""
    after = in_words(give_up_after)
    return f"{trouble.error}{suspicion}; given up after {after} without a usable answer"


def exhausted(trouble: Trouble, tries: int) -> str:
    """Return why a job is given up whose tries are used up, while the service answers others."""
    suspicion = SUSPICION if trouble.cause is Cause.INTERNAL else ""
    return f"{trouble.error}{suspicion}; given up after {tries} tries"


def stalled(job: Job, seconds: float) -> str:
    """Return why there is no count of a job in a run where nothing moved on for so long."""
    stands = job.note or f"still counting after {job.polls} looks"
    if job.began is None:
        stands = f"{NOT_SENT}the service takes no more queries"
    return f"{stands}; nothing new for {in_words(seconds)}"


def paused(job: Job, news: Job, seconds: float) -> str:
    """Return why there is no count of a job in a run of which a job had to pause for longer."""
    error = f"{news.note}; a cell waits for {in_words(seconds)} without news (stalled_after)"
    return error if job.number == news.number else left(job, error)
