"""A prepared cell -> a running count: journal, service, panel and handle are put together."""

from __future__ import annotations

import secrets
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import time
from typing import TYPE_CHECKING

from ct_magic import errors
from ct_magic.client import accounts
from ct_magic.client.accounts import Account
from ct_magic.client.jobs import Job, State, jobs_of
from ct_magic.client.journal.entries import CellRecord, job_after
from ct_magic.client.journal.freshness import recalled
from ct_magic.client.journal.journal import WARNED, Journal, key_of, open_journal, warn
from ct_magic.client.limits import LIMITS, Learned, gate
from ct_magic.planning.prepare import PreparedCell
from ct_magic.planning.row_results import RowResult, RowRun, row_results
from ct_magic.query import parser
from ct_magic.rows import replace
from ct_magic.session.session import SANDBOX, SESSION

if TYPE_CHECKING:
    from ct_magic.client.transport import Asker
    from ct_magic.client.workers import Run
    from ct_magic.counting.handle import Counting
    from ct_magic.panel.panel import About, Panel

    Opener = Callable[[RowRun, About], Panel]

_BETWEEN = 0.2  # seconds between two looks at a run; an interrupt takes effect at once
_SPARKLINE_DAYS = 92  # of a lone number that are looked up in the journal


def ask(
    cell: PreparedCell,
    *,
    refresh: bool = False,
    panel: Opener | None = None,
    variable: str | None = None,
    plotted: bool = False,
) -> Counting:
    """Return the handle of a count, not started: only what the journal does not know is sent.

    `panel` opens another panel than that of a cell; `variable` is the name that will hold the
    DataFrame, for `%ct resume`. With `plotted` a picture follows.
    """
    journal = open_journal(cell.account)
    jobs = jobs_of(cell.plan.questions) if refresh else recalled(cell.plan, journal, cell.freshness)
    cell_id, zone_name = secrets.token_hex(8), cell.settings.timezone or cell.account.timezone
    record = CellRecord(cell_id, cell.plan, variable, zone_name, cell.account.name)
    if not all(job.state.ended for job in jobs):
        journal.begin(record, None if refresh else cell.freshness)
    waiting = [job.question for job in jobs if job.state is State.WAITING and not refresh]
    cell = _with_warnings(cell, journal.pending_elsewhere(waiting))
    if len(jobs) > 1:
        from ct_magic.planning.first_look import with_expectation

        cell = with_expectation(cell, jobs, journal)
    return begin(cell, jobs, journal, panel, cell_id, plotted=plotted)


def begin(
    cell: PreparedCell,
    jobs: Sequence[Job],
    journal: Journal,
    panel: Opener | None = None,
    cell_id: str | None = None,
    left_out: int = 0,
    plotted: bool = False,
) -> Counting:
    """Return the handle of jobs that are ready to go: start it by `watched()` or `followed()`.

    `left_out` is how many counts of the cell were never sent, and are not sent now either.
    """
    from ct_magic.counting.handle import Counting, Stamp
    from ct_magic.panel.front_end import current_shell, open_panel
    from ct_magic.panel.panel import About

    shell = current_shell()
    rows = RowRun(cell.plan, _service_run(cell, jobs, journal))
    usual = partial(open_panel, mode=cell.settings.progress, shell=shell)
    # The panel's own line says which days are meant.
    notes = [note for note in cell.plan.notes if not note.startswith("whole ")]
    about = About(
        note="; ".join(notes) or None,
        account=_account_words(cell.account),
        name=None if cell.account.name == accounts.DEFAULT else cell.account.name,
        used=SESSION.used,
        zone=cell.zone,
        today=cell.today,
        stable=cell.settings.stable_outputs,
        left_out=left_out,
        plotted=plotted,
        days=_days_of(cell, journal) if shell else (),
    )
    show = partial(panel or usual, rows, about)
    stamp = Stamp(cell.account.name, cell_id)
    return Counting(rows, show, cell.zone, stamp, kernel=getattr(shell, "kernel", None))


def _days_of(cell: PreparedCell, journal: Journal) -> tuple[RowResult, ...]:
    """Return the days of a lone number as far as the journal has their counts; asks nothing."""
    first, *others = cell.plan.rows
    if others or not 1 < (first.end - first.start).days < _SPARKLINE_DAYS:
        return ()
    try:
        text = f"{first.text} by day"
        days = parser.read_cell(text, today=cell.today, zone=cell.zone).plan
    except errors.QueryError:  # JSON that was pasted, a clause whose days are not the base's
        return ()
    jobs = jobs_of(days.questions)
    for number, question in enumerate(days.questions):
        counted = [known for known in journal.found(question, cell.freshness) if known.is_counted]
        jobs[number] = job_after(jobs[number], counted[0]) if counted else jobs[number]
    return row_results(days, jobs)


def _with_warnings(cell: PreparedCell, elsewhere: Mapping[str, int]) -> PreparedCell:
    """Return the cell with a note on its counts that are pending at other accounts, by their names.

    A script gets this note and the doubts as warnings; a notebook shows both in the panel.
    """
    from ct_magic.panel.front_end import current_shell

    is_script = current_shell() is None
    for doubt in cell.plan.doubts if is_script else ():
        # A warning that is turned into an error is raised before anything is sent.
        warnings.warn_explicit(doubt, errors.QueryWarning, "ct_magic", 0, registry=WARNED)
    own = cell.account.name
    parts = [f"{n:,} at {name} ('%ct use {name}')" for name, n in elsewhere.items() if name != own]
    if not parts:
        return cell
    message = f"some of these counts are pending at another account: {', '.join(parts)}"
    if is_script:
        warn(message)
    return replace(cell, plan=replace(cell.plan, notes=(message, *cell.plan.notes)))


def _account_words(account: Account) -> str | None:
    """Return an account's name in a panel; None for the environment's if there is no other."""
    try:
        others = bool(accounts.from_file()) or SESSION.sandbox is not None
    except (errors.AccountError, RuntimeError):  # the latter where no home is known
        others = False
    if account.name == accounts.DEFAULT and not others:
        return None
    place = account.place.partition("://")[2] or account.place
    return account.name if account.name == SANDBOX else f"{account.name} · {place}"


def ask_unrecorded(cell: PreparedCell, journal: Journal, asker: Asker) -> tuple[Job, ...]:
    """Ask through this `asker` and wait; return the jobs, which are not in the journal."""
    run = _service_run(cell, jobs_of(cell.plan.questions), journal, asker)
    try:
        run.start()
        while not run.wait(_BETWEEN):
            pass
    finally:
        run.cancel()
    return run.jobs


def _service_run(
    cell: PreparedCell, jobs: Sequence[Job], journal: Journal, asker: Asker | None = None
) -> Run:
    """Return the run of these jobs; with another `asker` the journal keeps no count."""
    from ct_magic.client.transport import Service
    from ct_magic.client.workers import Run

    timing, account = cell.timing, cell.account
    learned = Learned.from_text(journal.learned(LIMITS))
    events = SESSION.given_names(account.name).events
    warn_of_clock = partial(warn, category=errors.ClockWarning)
    return Run(
        jobs,
        asker or Service(account, events=events, warn=warn_of_clock, data=journal.data),
        timing,
        journal=None if asker else journal,
        gate=gate(key_of(account), timing.max_concurrent, learned, time()),
        learned=learned,
        learn=journal.learn,
    )
