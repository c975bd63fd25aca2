"""What was prepared -> a count under way: journal, service, panel and handle are put together."""

from __future__ import annotations

import secrets
import sys
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from .. import errors
from ..client.concurrency import Learned, gate
from ..client.freshness import Freshness
from ..client.jobs import Job
from ..client.journal import Journal
from ..client.pace import Pace
from ..client.plan_record import CellRecord
from ..client.threads import spawn_import
from ..costs.expectation import LIMITS, with_expectation
from ..prepare import Asked
from ..row_run import RowRun
from ..rows import Plan
from ..session import SESSION
from .account_journal import WARNED, account_key, open_journal, warn
from .recall import recalled

if TYPE_CHECKING:
    from ..client.runner import Run
    from ..client.transport import Asker
    from ..handle import Counting
    from ..progress.panel import Panel, Shown

    Opener = Callable[[Shown, str | None], Panel]

_USUAL = Pace()


def ask(
    asked: Asked,
    *,
    refresh: bool = False,
    panel: Opener | None = None,
    variable: str | None = None,
) -> Counting:
    """Return the handle of what is asked, not started: what the journal does not know is sent.

    `panel` makes what shows it, where that is not the panel of a cell; `variable` is the name
    that will hold the DataFrame, which `%ct resume` fills.
    """
    journal = open_journal(asked.account)
    jobs = (
        [Job(number, question) for number, question in enumerate(asked.plan.questions)]
        if refresh
        else recalled(asked.plan, journal, freshness(asked))
    )
    cell = CellRecord(secrets.token_hex(8), asked.plan, variable, _zone_name(asked))
    if not all(job.state.ended for job in jobs):
        journal.begin(cell)
    _warn_of_doubts(asked.plan)
    asked = with_expectation(asked, jobs, journal, pace_of(asked))
    return begin(asked, jobs, journal, panel, cell.id)


def begin(
    asked: Asked,
    jobs: Sequence[Job],
    journal: Journal,
    panel: Opener | None = None,
    cell: str | None = None,
) -> Counting:
    """Make jobs ready to go, and the panel that will show them: `watched()` or `followed()`."""
    from ..handle import Counting
    from ..progress.environment import current_shell, open_panel

    shell = current_shell()
    rows = RowRun(asked.plan, service_run(asked, jobs, journal))
    shown = asked.settings
    usual = partial(open_panel, mode=shown.progress, stable=shown.stable_outputs, shell=shell)
    if "pandas" not in sys.modules:
        spawn_import(_prepare_frame, "ct_magic-frame")
    show = partial(panel or usual, rows, asked.note)
    kernel = getattr(shell, "kernel", None)
    return Counting(rows, show, zone=asked.zone, cell=cell, kernel=kernel)


def service_run(
    asked: Asked, jobs: Sequence[Job], journal: Journal, asker: Asker | None = None
) -> Run:
    """Return the run of these jobs; with an `asker` of one's own nothing of it is written down."""
    from ..client.runner import Run
    from ..client.transport import Service

    pace, account = pace_of(asked), asked.account
    events = SESSION.given_names(account.name).events
    warn_of_clock = partial(warn, category=errors.ClockWarning)
    return Run(
        jobs,
        asker or Service(account, events=events, warn=warn_of_clock),
        pace,
        journal=None if asker else journal,
        gate=gate(account_key(account), pace.max_concurrent),
        learned=Learned.from_text(journal.learned(LIMITS)),
        learn=lambda learned: journal.learn(LIMITS, learned.to_text()),
    )


def freshness(asked: Asked) -> Freshness:
    """Return when a count need not be asked again."""
    usual = asked.settings
    return Freshness(
        today=asked.today,
        zone=asked.zone,
        ttl=usual.cache_ttl,
        settled_after=usual.settled_after,
        settled_ttl=usual.settled_ttl,
        pickup_age=usual.pickup_age,
    )


def _prepare_frame() -> None:
    # pandas takes a while to import; better while the service counts than after a click on Cancel.
    from ..results import frame  # noqa: F401 # importing is what it is for


def pace_of(asked: Asked) -> Pace:
    """Return how an account is asked, by the settings and by what is set for the account."""
    usual, account = asked.settings, asked.account
    return Pace(
        poll_interval=usual.poll_interval or account.poll_interval or _USUAL.poll_interval,
        first_look=usual.first_look,
        max_concurrent=usual.max_concurrent or account.max_concurrent or _USUAL.max_concurrent,
        retry_wait=usual.retry_wait,
        give_up_after=usual.give_up_after,
        stalled_after=usual.stalled_after,
        timeout=usual.timeout,
    )


def _warn_of_doubts(plan: Plan) -> None:
    """Warn a script of what the service may ignore; in a notebook the panel says it."""
    from ..progress.environment import current_shell

    if current_shell() is None:
        for doubt in dict.fromkeys(doubt for row in plan.rows for doubt in row.doubts):
            # Made an error by somebody, it comes before anything is sent.
            warnings.warn_explicit(doubt, errors.QueryWarning, "ct_magic", 0, registry=WARNED)


def _zone_name(asked: Asked) -> str | None:
    return asked.settings.timezone or asked.account.timezone
