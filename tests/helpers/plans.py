"""Questions, rows and plans as a test needs them: only what it speaks of need be said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

from ct_magic.client.jobs import Job
from ct_magic.planning.row_results import RowResult, RowRun, row_results
from ct_magic.rows import Formula, Plan, Question, Row

DAY = date(2026, 11, 1)


def question(text: str = "App Launched 2026-11-01", **changes: Any) -> Question:
    """A question of one day; its text is its key and its body, too."""
    return replace(Question(text, "App Launched", DAY, DAY, text, text, DAY), **changes)


def row(number: int = 0, title: str = "App Launched", **changes: Any) -> Row:
    """A row that is the count at its place."""
    usual = Row(
        number, 0, title, f"{title} 2026-11-01", "App Launched", DAY, DAY, Formula((number,))
    )
    return replace(usual, **changes)


def plan(rows: Sequence[Row]) -> Plan:
    """A plan over as many questions as its rows name; a share is of its base's count."""
    rows = [
        row if row.base is None or row.of else replace(row, of=rows[row.base].formula)
        for row in rows
    ]
    needed = {number for row in rows for number in row.questions}
    return Plan(tuple(rows), tuple(question(f"q{n}") for n in range(max(needed, default=-1) + 1)))


def results(rows: Sequence[Row], jobs: Sequence[Job]) -> tuple[RowResult, ...]:
    """How rows stand once their jobs have come so far."""
    return row_results(plan(rows), jobs)


class PlainRun(RowRun):
    """The run behind a panel, whose jobs and clock the test moves."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.now, planned = 0.0, plan(rows)
        self.cancelled: list[int | None] = []
        jobs = tuple(Job(n, question) for n, question in enumerate(planned.questions))
        # The service answers, and takes as many as are wanted.
        service = {"jobs": jobs, "clock": lambda: self.now, "outage": None, "at_once": None}
        self.service: Any = SimpleNamespace(**service)
        super().__init__(planned, self.service)

    def cancel(self, number: int | None = None) -> None:
        """Note what is cancelled."""
        self.cancelled.append(number)

    def move(self, number: int, **changes: Any) -> None:
        """Change one job."""
        jobs = list(self.service.jobs)
        jobs[number] = replace(jobs[number], **changes)
        self.service.jobs = tuple(jobs)
