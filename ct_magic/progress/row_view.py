"""A row as the panel reads it: what is asked, how it stands, and when the next look comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..client.jobs import Job, State, Tally
from ..row_results import RowResult
from ..rows import Row


@dataclass(frozen=True, slots=True)
class RowView:
    """A row and the times of the counts behind it: of the next look, the first and the last."""

    number: int
    question: Row
    state: State = State.WAITING
    req_id: str | None = None
    polls: int = 0
    due: float | None = None
    began: float | None = None
    ended: float | None = None
    tally: Tally | None = None
    error: str | None = None
    note: str | None = None
    taken: datetime | None = None
    lost: bool = False


def views(results: Sequence[RowResult]) -> tuple[RowView, ...]:
    """Return each row as the panel reads it."""
    return tuple(map(_view, results))


def _view(result: RowResult) -> RowView:
    jobs = result.jobs
    began = [job.began for job in jobs if job.began is not None]
    ended = [job.ended for job in jobs if job.ended is not None]
    waiting = next((job for job in jobs if not job.state.ended), None)
    return RowView(
        number=result.row.number,
        question=result.row,
        state=result.state,
        req_id=next((job.req_id for job in jobs if job.req_id and _is_open(job)), None),
        polls=max((job.polls for job in jobs), default=0),
        due=min((job.due for job in jobs if job.due is not None), default=None),
        began=min(began, default=None),
        ended=max(ended, default=None) if result.state.ended else None,
        tally=None if result.count is None else Tally(result.count),
        error=result.error,
        note=waiting.note if waiting else None,
        taken=result.counted if result.cached else None,
        lost=any(job.lost for job in jobs),
    )


def _is_open(job: Job) -> bool:
    return job.state is not State.SUCCESS
