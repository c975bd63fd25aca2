"""What a cell would ask of an account and how long that may take, before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Unpack

from ..client.account_journal import open_journal
from ..client.accounts import Account
from ..client.jobs import Job, State, jobs_of
from ..client.recall import recalled
from ..planner import plan_cell
from ..prepare import PreparedCell, known_of, one_text, today_of
from ..query.expand_cell import TooLargeError, expand, rows_in
from ..query.parser import statements
from ..query.resolve_period import plain_day
from ..rows import Plan
from ..session import SESSION
from ..settings import Changes, Settings, changed
from .estimate import Estimate
from .expectation import expected
from .plan_summary import PlanSummary


def plan(
    text: str | Sequence[str],
    *,
    params: Mapping[str, object] | None = None,
    today: date | None = None,
    account: str | Account | None = None,
    refresh: bool = False,
    settings: Settings | None = None,
    **changes: Unpack[Changes],
) -> PlanSummary:
    """Return what `count` would ask and how long it may take; nothing is sent.

    The parameters are those of `count`; an account is not needed. Raises QueryError for a text
    that is no query; one that is too large is none, and its summary says so.
    """
    settings, chosen = changed(settings, changes), SESSION.account_if_any(account)
    day = plain_day(today or today_of(chosen, settings))
    queries = statements(one_text(text), params, day)
    rows = rows_in(queries, day)
    try:
        expansion = expand(queries, day, settings.max_counts)
    except TooLargeError as error:
        refused = f"refused: {error.size}, the limit is {error.limit:,}"
        return PlanSummary(rows, None, refused=refused)
    planned = plan_cell(queries, expansion, day, known_of(chosen))
    if chosen is None:
        return _summary(planned, jobs_of(planned.questions), None)
    journal, cell = open_journal(chosen), PreparedCell(planned, chosen, settings, day)
    jobs = jobs_of(planned.questions) if refresh else recalled(planned, journal, cell.freshness)
    seconds, _ = expected(jobs, journal, cell.pace)
    return _summary(planned, jobs, seconds)


def _summary(planned: Plan, jobs: Sequence[Job], seconds: Estimate | None) -> PlanSummary:
    states = [job.state for job in jobs]
    return PlanSummary(
        rows=len(planned.rows),
        counts=len(jobs),
        known=states.count(State.SUCCESS),
        pending=states.count(State.SUBMITTED),
        to_send=states.count(State.WAITING),
        not_yet=sum(row.formula is None for row in planned.rows),
        seconds=seconds,
        notes=planned.notes,
        doubts=tuple(dict.fromkeys(doubt for row in planned.rows for doubt in row.doubts)),
    )
