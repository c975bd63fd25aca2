"""The journal's pending ids -> a plan of their rows, and the cells that they belong to."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from ..client.jobs import Job, State
from ..client.journal import Journal
from ..client.journal_entries import Entry, job_after
from ..client.plan_record import CellRecord
from ..rows import Formula, Plan, Question, Row


@dataclass(frozen=True, slots=True)
class PendingCell:
    """A cell some of whose ids are pending.

    `entries` are what is known of its questions; `questions` are the numbers of those that are
    looked at, in the order of `plan`, which holds the rows that can be complete.
    """

    record: CellRecord
    began: float
    entries: Mapping[int, Entry]
    plan: Plan
    questions: tuple[int, ...]

    @property
    def known(self) -> tuple[Entry, ...]:
        """What is known of the questions that are looked at."""
        return tuple(self.entries[number] for number in self.questions)

    def jobs(self, answers: Sequence[Job]) -> tuple[Job, ...]:
        """Return a job for each question of the whole cell, given those of the looked at ones."""
        answered = dict(zip(self.questions, answers, strict=True))
        jobs = []
        for number, question in enumerate(self.record.plan.questions):
            job = replace(answered.get(number) or Job(number, question), number=number)
            entry = self.entries.get(number)
            if number not in answered:
                cancelled = replace(job, state=State.CANCELLED, error="cancelled")
                job = job_after(job, entry) if entry and entry.is_counted else cancelled
            jobs.append(job)
        return tuple(jobs)


def pending_cells(journal: Journal) -> list[PendingCell]:
    """Return the cells with ids that are pending, the oldest first.

    An id that no such cell can complete, or that an older version wrote down, is a cell of its
    own.
    """
    pending = journal.pending()
    cells: dict[str, tuple[CellRecord, float]] = {}
    for entry in pending:
        if entries := journal.last_cell_with(entry):
            cells[entries[0].id] = entries
    parts = [_part(*cell, journal.entries_of(cell[0].id)) for cell in cells.values()]
    seen = {entry.id for part in parts for entry in part.known}
    rest = [entry for entry in pending if entry.id not in seen]
    return [*(part for part in parts if part.plan.rows), *_alone(rest)]


def _part(record: CellRecord, began: float, entries: Mapping[int, Entry]) -> PendingCell:
    known = {n: e for n, e in entries.items() if e.is_counted or e.is_pending}
    needs = record.plan.needs
    due = [row for row in record.plan.rows if _is_due(needs(row), known)]
    # With the rows that they are counted among, where these are known: counts may contradict.
    among = {row.within for row in due if row.within is not None}
    known_rows = {n for n in among if known.keys() >= set(needs(record.plan.rows[n]))}
    plan, questions = record.plan.only({row.number for row in due} | known_rows)
    return PendingCell(record, began, known, plan, questions)


def _is_due(questions: Sequence[int], known: Mapping[int, Entry]) -> bool:
    """Return True where all of a row's questions were sent, and one is pending."""
    entries = [known.get(number) for number in questions]
    return None not in entries and any(entry and entry.is_pending for entry in entries)


def _alone(entries: Sequence[Entry]) -> list[PendingCell]:
    titles = Counter(entry.title for entry in entries)
    return [cell for entry in entries if (cell := _cell_of(entry, titles[entry.title] == 1))]


def _cell_of(entry: Entry, has_own_title: bool) -> PendingCell | None:
    question = _question(entry)
    if question is None:
        return None
    # Pieces of one statement bear one title: only their own texts tell them apart.
    title = entry.title if has_own_title else entry.text
    row = Row(0, 0, title, entry.text, question.event, question.start, question.end, Formula((0,)))
    plan = Plan((row,), (question,))
    record = CellRecord(f"asked {entry.id}", plan)
    return PendingCell(record, entry.asked or 0.0, {0: entry}, plan, (0,))


def _question(entry: Entry) -> Question | None:
    try:
        body = json.loads(entry.body)
        start, end = (date.fromisoformat(str(body[name])) for name in ("from", "to"))
        event = str(body["event_name"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return Question(entry.text, event, start, end, entry.body, entry.body, end)


def age(cell: PendingCell, now: datetime) -> str:
    """Return how old a cell is, in words: `df, asked 2026-11-25 09:00, 8 h ago`."""
    began = datetime.fromtimestamp(cell.began, now.tzinfo)
    name = cell.record.variable or cell.plan.rows[0].title
    minutes = max(0, round((now - began).total_seconds() / 60))
    ago = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
    ago = ago if minutes < 2880 else f"{minutes // 1440} days"
    return f"{name}, asked {began:%Y-%m-%d %H:%M}, {ago} ago"
