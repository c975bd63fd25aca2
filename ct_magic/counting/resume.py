"""`%ct resume`: pending ids are fetched, their rows restored, and their variables filled.

The journal keeps each cell that was asked: its plan, its variable, and the id of each of its
submissions. A cell some of whose ids are pending is cut down to the rows that can be complete, and
the cut cells are put together as one plan, which is counted as that of a cell. An id that several
cells wait for is one question of it. At the end each cell gets its own answers back, and where its
variable still holds the frame that it gave, a new frame is put there.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from functools import reduce
from typing import TYPE_CHECKING, Any

from ct_magic.client.jobs import Job, State
from ct_magic.client.journal.entries import CellRecord, Entry, job_after
from ct_magic.client.journal.journal import Journal, open_journal
from ct_magic.common.words import ago
from ct_magic.counting.asking import begin
from ct_magic.counting.handle import Stamp, frame_maker
from ct_magic.errors import CountError, CountInterrupt, JournalError
from ct_magic.planning.prepare import PreparedCell, today_of
from ct_magic.planning.row_results import row_results
from ct_magic.rows import Formula, Plan, Question, Record, Row, replace
from ct_magic.session.session import SESSION
from ct_magic.settings import Settings, zone

if TYPE_CHECKING:
    import pandas as pd


# The journal's pending ids -> a plan of their rows, and the cells that they belong to.


class PendingCell(Record):
    """A cell some of whose ids are pending."""

    record: CellRecord
    began: float  # seconds since 1970
    entries: Mapping[int, Entry]  # what is known of its questions, by their numbers
    plan: Plan  # of the rows that can be complete
    questions: tuple[int, ...]  # the numbers, in the cell, of this plan's questions
    unsent: int = 0  # how many of its counts were never sent

    def jobs(self, answers: Mapping[int, Job]) -> tuple[Job, ...]:
        """Return a job for each question of the whole cell, given those of the pending ids."""
        jobs = []
        for number, question in enumerate(self.record.plan.questions):
            job, entry = Job(number, question), self.entries.get(number)
            if entry and number in self.questions:
                job = replace(answers[entry.id], number=number)
            elif entry and entry.is_counted:
                job = job_after(job, entry)
            else:
                job = replace(job, state=State.CANCELLED, error="cancelled")
            jobs.append(job)
        return tuple(jobs)


def pending_cells(journal: Journal) -> list[PendingCell]:
    """Return the cells with pending ids, the oldest first; any other pending id as its own cell."""
    pending = journal.pending()
    parts = [
        _pending_part(*cell, journal.entries_of(cell[0].id)) for cell in journal.pending_cells()
    ]
    seen = {part.entries[number].id for part in parts for number in part.questions}
    rest = [entry for entry in pending if entry.id not in seen]
    # Pieces of one statement have one title: only their own texts tell them apart.
    titles = Counter(entry.title for entry in rest)
    alone = (_alone(e, e.title if titles[e.title] == 1 else e.text) for e in rest)
    return [*(part for part in parts if part.plan.rows), *filter(None, alone)]


def _pending_part(record: CellRecord, began: float, entries: Mapping[int, Entry]) -> PendingCell:
    known = {n: e for n, e in entries.items() if e.is_counted or e.is_pending}
    pending = {n for n, entry in known.items() if entry.is_pending}
    # The rows whose questions were all sent, and one is pending.
    due = [row for row in record.plan.rows if known.keys() >= set(row.questions)]
    due = [row for row in due if not pending.isdisjoint(row.questions)]
    # With the known rows that they are counted among: these show counts that contradict.
    among = {row.within for row in due if row.within is not None}
    bases = {row.base for row in due if row.from_day is not None}
    among |= {r.number for r in record.plan.rows if r.base in bases and r.from_day is not None}
    known_rows = {n for n in among if known.keys() >= set(record.plan.rows[n].questions)}
    plan, questions = record.plan.only({row.number for row in due} | known_rows)
    answered = known.keys() | {n for n, entry in entries.items() if entry.state == State.FAILED}
    unsent = len(record.plan.questions) - len(answered)
    return PendingCell(record, began, known, plan, questions, unsent)


def _alone(entry: Entry, title: str) -> PendingCell | None:
    """Return the cell of a submission alone; None where its body cannot be read."""
    try:
        body = json.loads(entry.body)
        start, end = (date.fromisoformat(str(body[name])) for name in ("from", "to"))
        event = str(body["event_name"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    question = Question(entry.text, event, start, end, entry.body, entry.body, end)
    row = Row(0, 0, title, entry.text, event, start, end, Formula((0,)))
    plan = Plan((row,), (question,))
    return PendingCell(CellRecord("", plan), entry.asked or 0.0, {0: entry}, plan, (0,))


def resumed(settings: Settings, variables: MutableMapping[str, object]) -> pd.DataFrame:
    """Return the frame of what was pending; fill the variables that hold such a cell's frame."""
    frame, account = frame_maker(), SESSION.account()
    journal = open_journal(account, to_resume=True)
    cells = pending_cells(journal)
    if journal.trouble:
        raise JournalError(f"what is pending cannot be looked up: {journal.trouble}")
    plan = reduce(Plan.beside, (cell.plan for cell in cells), Plan((), ()))
    whole = PreparedCell(plan, account, settings, today_of(account, settings))
    if not cells:
        return _with_moments(frame(plan, (), whole.zone), [], whole.zone)
    # What several cells wait for is looked up once: an id of two queries would belong to neither.
    jobs: dict[int, Job] = {}
    places = defaultdict[int, list[tuple[str, int]]](list)
    numbers = []
    for cell in cells:
        for number in cell.questions:
            entry = cell.entries[number]
            job = jobs.get(entry.id, Job(len(jobs), cell.record.plan.questions[number]))
            places[entry.id] += [(cell.record.id, number)] if cell.record.id else []
            jobs[entry.id] = journal.taken(job, entry, places[entry.id])
            numbers.append(job.number)
    same = {row.number: row.number for row in plan.rows}
    rows = tuple(row.moved(same, dict(enumerate(numbers))) for row in plan.rows)
    notes = (*_ages(cells, whole.zone), *_changed_since(cells, variables))
    questions = tuple(job.question for job in jobs.values())
    plan = replace(plan, rows=rows, questions=questions, notes=notes)
    journal.ask_together(plan)
    whole, unsent = replace(whole, plan=plan), sum(cell.unsent for cell in cells)
    handle = begin(whole, [*jobs.values()], journal, left_out=unsent)
    try:
        return _with_moments(handle.watched(), cells, whole.zone)
    except (CountError, CountInterrupt) as stopped:
        stopped.frame = _with_moments(stopped.frame, cells, whole.zone)
        raise
    finally:
        _fill(variables, cells, dict(zip(jobs, handle.jobs, strict=True)), account.name)


def _ages(cells: Sequence[PendingCell], zone: tzinfo | None) -> Iterator[str]:
    """Yield when each cell was asked, in words."""
    now = datetime.now(UTC).astimezone(zone)
    for cell in cells:
        began = datetime.fromtimestamp(cell.began, now.tzinfo)
        name = cell.record.variable or cell.plan.rows[0].title
        yield f"{name}, asked {began:%Y-%m-%d %H:%M}, {ago((now - began).total_seconds())}"


def _changed_since(cells: Sequence[PendingCell], variables: Mapping[str, object]) -> Iterator[str]:
    """Yield the variables that no longer hold the frame of their cell."""
    for record in (cell.record for cell in cells):
        value = None if record.variable is None else variables.get(record.variable)
        if value is not None and not Stamp("", record.id).is_on(value):
            where = "its counts are in what resume gives, not in it"
            yield f"{record.variable} was changed since: {where}"


def _with_moments(
    frame: pd.DataFrame, cells: Sequence[PendingCell], zone: tzinfo | None
) -> pd.DataFrame:
    """Return the frame with the moment when each row's cell was asked."""
    from ct_magic.results.cells import with_room
    from ct_magic.results.frame import moments

    began = [datetime.fromtimestamp(cell.began, UTC) for cell in cells for _ in cell.plan.rows]
    return with_room(frame, ["asked"]).assign(asked=moments(began, zone))


def _fill(
    variables: MutableMapping[str, Any],
    cells: Sequence[PendingCell],
    jobs: Mapping[int, Job],
    account: str,
) -> None:
    """Put the frame of each cell into its variable, given the jobs by the ids they fetched."""
    frame = frame_maker()
    for cell in cells:
        record, stamp = cell.record, Stamp(account, cell.record.id)
        # A frame that was changed belongs to the user: it is left alone.
        if record.variable is not None and stamp.is_on(variables.get(record.variable)):
            results = row_results(record.plan, cell.jobs(jobs))
            filled = frame(record.plan, results, zone(record.zone))
            variables[record.variable] = stamp.put_on(filled)
