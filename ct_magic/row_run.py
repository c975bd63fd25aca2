"""A plan on its way: its rows, as they stand, over the run of its questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from .client.jobs import Job
from .row_results import RowResult, row_results
from .rows import Plan


class Asking(Protocol):
    """What carries the questions out: see `client.runner.Run`."""

    clock: Callable[[], float]

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Every job as it stands, in the order of the plan's questions."""
        ...

    @property
    def done(self) -> bool:
        """True when every job has ended."""
        ...

    def start(self) -> None:
        """Begin."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Wait, `timeout` seconds at the most; return True if all is over."""
        ...

    def cancel(self, number: int | None = None) -> None:
        """Stop asking for one job or for all."""
        ...


class RowRun:
    """The rows of a plan, and the run of the questions behind them.

    Panel, handle and DataFrame see rows; only the client sees questions. A row that is cancelled
    ends those of its questions that no other row needs.
    """

    def __init__(self, plan: Plan, run: Asking) -> None:
        self.plan, self._run = plan, run
        self.clock = run.clock
        self._cancelled: set[int] = set()
        # What was seen, and its rows. Without a lock, which a fork would find held.
        self._drawn: tuple[tuple[Job, ...] | None, tuple[RowResult, ...]] = (None, ())

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The job of every question as it stands."""
        return self._run.jobs

    @property
    def rows(self) -> tuple[RowResult, ...]:
        """Every row as it stands: the same tuple until something has changed."""
        jobs, (seen, rows) = self._run.jobs, self._drawn
        # Frozen jobs: comparing what is the same object takes no time.
        if jobs != seen:
            rows = row_results(self.plan, jobs)
            self._drawn = (jobs, rows)
        return rows

    @property
    def done(self) -> bool:
        """True when every count has arrived or never will."""
        return self._run.done

    def start(self) -> None:
        """Start to ask and return at once."""
        self._run.start()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait, `timeout` seconds at the most; return True if all is over."""
        return self._run.wait(timeout)

    def cancel(self, number: int | None = None) -> None:
        """Stop asking for one row (by its number, from 0) or for all of them."""
        if number is None:
            self._run.cancel()
            return
        self._cancelled.add(number)
        kept = [row for row in self.plan.rows if row.number not in self._cancelled]
        needed = {question for row in kept for question in self.plan.needs(row)}
        for question in self.plan.needs(self.plan.rows[number]):
            if question not in needed:
                self._run.cancel(question)
