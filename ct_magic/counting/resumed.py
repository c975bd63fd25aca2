"""`%ct resume`: pending ids are fetched, their rows restored, and their variables filled."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from functools import reduce
from typing import TYPE_CHECKING, Any

from ..client.account_journal import open_journal
from ..client.jobs import Job
from ..errors import CountError, CountInterrupt, JournalError
from ..prepare import PreparedCell, today_of
from ..row_results import row_results
from ..rows import Plan
from ..session import SESSION
from ..settings import Settings, zone
from .asking import begin
from .pending_cells import PendingCell, age, pending_cells

if TYPE_CHECKING:
    import pandas as pd


def resumed(settings: Settings, variables: MutableMapping[str, object]) -> pd.DataFrame:
    """Return the frame of what was pending; fill the variables that hold such a cell's frame."""
    account = SESSION.account()
    journal = open_journal(account, to_resume=True)
    cells = pending_cells(journal)
    if journal.trouble:
        raise JournalError(f"what is pending cannot be looked up: {journal.trouble}")
    plan = reduce(Plan.beside, (cell.plan for cell in cells), Plan((), ()))
    whole = PreparedCell(plan, account, settings, today_of(account, settings))
    if not cells:
        return _dated(_empty(whole), [], whole.zone)
    notes = "; ".join(age(cell, datetime.now(UTC).astimezone(whole.zone)) for cell in cells)
    known = [entry for cell in cells for entry in cell.known]
    jobs = [
        journal.taken(Job(number, question), entry)
        for number, (question, entry) in enumerate(zip(plan.questions, known, strict=True))
    ]
    handle = begin(replace(whole, note=notes), jobs, journal)
    try:
        return _dated(handle.watched(), cells, whole.zone)
    except (CountError, CountInterrupt) as stopped:
        stopped.frame = _dated(stopped.frame, cells, whole.zone)
        raise
    finally:
        _fill(variables, cells, handle.jobs)


def _empty(cell: PreparedCell) -> pd.DataFrame:
    from ..results.frame import frame

    return frame(cell.plan, (), cell.zone)


def _dated(frame: pd.DataFrame, cells: Sequence[PendingCell], zone: tzinfo | None) -> pd.DataFrame:
    """Return the frame with the moment when each row's cell was asked."""
    from ..results.frame import moments

    began = [datetime.fromtimestamp(cell.began, UTC) for cell in cells for _ in cell.plan.rows]
    return frame.assign(asked=moments(began, zone))


def _fill(
    variables: MutableMapping[str, Any], cells: Sequence[PendingCell], jobs: Sequence[Job]
) -> None:
    from ..results.frame import frame

    first = 0
    for cell in cells:
        answers = jobs[first : first + len(cell.questions)]
        first += len(answers)
        record = cell.record
        if record.variable is None or not _holds(variables.get(record.variable), record.id):
            continue
        results = row_results(record.plan, cell.jobs(answers))
        filled = frame(record.plan, results, zone(record.zone))
        # Somebody's own columns, or fewer rows, make it a frame of their own.
        if filled.columns.equals(variables[record.variable].columns):
            filled.attrs["cell"] = record.id
            variables[record.variable] = filled


def _holds(value: object, cell: str) -> bool:
    return getattr(value, "attrs", {}).get("cell") == cell
