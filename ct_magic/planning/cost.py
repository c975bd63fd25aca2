"""What a cell would ask of an account and how long that may take, before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Unpack

from ct_magic.client.accounts import Account
from ct_magic.client.jobs import Job, State, jobs_of
from ct_magic.client.journal.journal import open_journal, recalled
from ct_magic.common.words import counted
from ct_magic.planning.estimate import Estimate, expected
from ct_magic.planning.prepare import PreparedCell, known_of, one_text, today_of, zone_of
from ct_magic.query.calendar import plain_day
from ct_magic.query.doubts import doubted
from ct_magic.query.expand import TooLargeError, expand, rows_in
from ct_magic.query.parser import statements
from ct_magic.rows import Plan
from ct_magic.session.session import SESSION
from ct_magic.settings import Changes, Settings, changed

# What a cell would ask and what it costs, as a value that prints itself: `--plan`.


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """What a cell would ask, before anything is sent.

    `rows` are the DataFrame's; `counts` the distinct counts behind them, of which `known` are in
    the journal, `pending` are fetched under an id that the service still knows, and `to_send` are
    submitted; `seconds` is how long that may take. `not_yet` rows are not asked, since their days
    are not over. Where a cell is refused for its size, `refused` says so, and `counts` are None
    where they were not even looked at. `notes` are sentences on the whole cell.
    """

    rows: int
    counts: int | None
    known: int = 0
    pending: int = 0
    to_send: int = 0
    not_yet: int = 0
    seconds: Estimate | None = None
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    refused: str | None = None

    def __str__(self) -> str:
        """Return at most four lines, then one for each doubt."""
        lines = [self._counts(), self._time(), self.refused, "; ".join(self.notes)]
        doubts = (f"doubt: {doubt}" for doubt in self.doubts)
        return "\n".join([*filter(None, lines), *doubts])

    def _repr_pretty_(self, printer: object, cycle: bool) -> None:
        # IPython shows the text, not the fields.
        printer.text("…" if cycle else str(self))  # type: ignore[attr-defined] # IPython's own

    def _counts(self) -> str:
        rows = counted(self.rows, "row")
        if self.counts is None:
            return rows
        parts = [
            f"{counted(self.to_send, 'count')} to ask for {rows}",
            f"{self.known:,} from the journal" if self.known else None,
            f"{self.pending:,} still pending" if self.pending else None,
        ]
        future = f"; {counted(self.not_yet, 'row')} in the future" if self.not_yet else ""
        return ", ".join(filter(None, parts)) + future

    def _time(self) -> str | None:
        if self.seconds is None or self.refused:
            return None
        if not self.to_send and not self.pending:
            return "answered at once"
        return str(self.seconds)


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
    days_of = zone_of(chosen, settings)
    day = plain_day(today or today_of(chosen, settings), days_of)
    known = known_of(chosen)
    queries = statements(one_text(text), params, day, days_of, known.names)
    rows = rows_in(queries, day)
    try:
        expansion = expand(queries, day, settings.max_counts)
    except TooLargeError as error:
        refused = f"refused: {error.size}, the limit is {error.limit:,}"
        return PlanSummary(rows, None, refused=refused)
    planned = doubted(expansion, day, known)
    if chosen is None:
        return _summary(planned, jobs_of(planned.questions), None)
    journal, cell = open_journal(chosen), PreparedCell(planned, chosen, settings, day)
    jobs = jobs_of(planned.questions) if refresh else recalled(planned, journal, cell.freshness)
    seconds, _ = expected(jobs, journal, cell.timing)
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
        doubts=planned.doubts,
    )
