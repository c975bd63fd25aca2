"""Text -> DataFrame: what the magic, the form and a script all call."""

from __future__ import annotations

import json
import time
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from . import errors
from .client import journal as journals
from .client.accounts import Account
from .client.concurrency import gate
from .client.jobs import Job, State
from .client.journal import Freshness, Journal
from .client.runner import spawn
from .client.scheduler import Pace
from .planner import question
from .prepare import Asked, day_in, prepare
from .query import payload as cql
from .row_run import RowRun
from .rows import Formula, Plan, Question, Row
from .session import SESSION
from .settings import Settings, changed

if TYPE_CHECKING:
    import pandas as pd

    from .handle import Counting
    from .progress.panel import Panel, Shown

    Opener = Callable[[Shown, str | None], Panel]

USUAL = Pace()
WARNED: dict[Any, Any] = {}  # what Python shows once a process unless told otherwise


def count(
    text: str,
    *,
    params: Mapping[str, Any] | None = None,
    today: date | None = None,
    account: str | Account | None = None,
    refresh: bool = False,
    settings: Settings | None = None,
    **changes: Any,
) -> pd.DataFrame:
    """Ask how many profiles did something, wait, and give the DataFrame.

    `text` is one or more statements of the query language; `params` the values of its `$names`;
    `today` the day that relative periods count from (the account's today); `account` a name or an
    `Account` (the one in use); `refresh` asks anew what the journal could answer. The fields of
    `Settings` may be given by name: `count(text, timeout=600)`.

    The DataFrame has a row for each count: see `ct_magic.results.frame` for columns and dtypes.

    Raises QueryError for a text that is no query, AccountError for missing credentials, and where
    a count did not arrive CountFailedError, CountTimedOutError, CountCancelledError or, after an
    interrupt, CountInterrupt; these carry what did arrive as `.frame`.
    """
    how = changed(settings, changes)
    asked = prepare(text, params=params, today=today, account=account, settings=how)
    return ask(asked, refresh=refresh).watched()


def start(
    text: str,
    *,
    params: Mapping[str, Any] | None = None,
    today: date | None = None,
    account: str | Account | None = None,
    refresh: bool = False,
    settings: Settings | None = None,
    **changes: Any,
) -> Counting:
    """Begin to ask as `count` does, and come back at once with the handle of it."""
    how = changed(settings, changes)
    asked = prepare(text, params=params, today=today, account=account, settings=how)
    return ask(asked, refresh=refresh).followed()


def ask(asked: Asked, *, refresh: bool = False, panel: Opener | None = None) -> Counting:
    """Make ready what will be asked: what the journal does not know is sent.

    `panel` makes what shows it, where that is not the panel of a cell.
    """
    journal = _journal(asked.account)
    jobs = [Job(number, question) for number, question in enumerate(asked.plan.questions)]
    if not refresh:
        freshness = Freshness(asked.today, asked.zone, asked.settings.cache_ttl)
        jobs = [journal.recall(job, freshness) for job in jobs]
    return begin(asked, jobs, journal, panel)


def begin(
    asked: Asked, jobs: Sequence[Job], journal: Journal, panel: Opener | None = None
) -> Counting:
    """Make jobs ready to go, and the panel that will show them: `watched()` or `followed()`."""
    from .client.runner import Run
    from .client.transport import Service
    from .handle import Counting
    from .progress.environment import current_shell, open_panel

    pace, whom, shell = _pace(asked), asked.account, current_shell()
    one_gate = gate(_who(whom), pace.max_concurrent)
    journal.titles = _titles(asked.plan)
    run = RowRun(asked.plan, Run(jobs, Service(whom), pace, journal=journal, gate=one_gate))
    usual = partial(open_panel, mode=asked.settings.progress, shell=shell)
    spawn(_prepare_frame, "ct_magic-frame")
    show = partial(panel or usual, run, asked.note)
    return Counting(run, show, zone=asked.zone, kernel=getattr(shell, "kernel", None))


def history() -> pd.DataFrame:
    """Give what was asked, under which id, and what came back: a row for each submission.

    Columns as in the journal; `asked` and `ended` are datetime64[ns] in UTC, counts Int64.
    """
    from .results import frame

    return frame.history(journals.history(journals.path()))


def resume(settings: Settings | None = None) -> pd.DataFrame:
    """Fetch the counts of the account in use that were pending when a cell or a kernel ended.

    The DataFrame is like that of `count`, empty where nothing was pending.
    """
    from .results import frame

    whom = SESSION.account()
    journal = _journal(whom)
    rows = journal.pending()
    if not rows:
        return frame.frame(Plan((), ()), ())
    titles = Counter(row["title"] for row in rows)
    questions = [question(cql.from_payload(json.loads(row["body"]))) for row in rows]
    plan = Plan(
        tuple(_pending_row(n, row, questions[n], titles) for n, row in enumerate(rows)),
        tuple(questions),
    )
    asked = Asked(plan, whom, settings or Settings(), day_in(whom.timezone))
    jobs = [
        Job(number, questions[number], State.SUBMITTED, req_id=row["req_id"])
        for number, row in enumerate(rows)
    ]
    for job, row in zip(jobs, rows, strict=True):
        journal.adopt(job, row["id"])
    return begin(asked, jobs, journal).watched()


def use(name: str) -> None:
    """Ask this account from now on, in this process: what `%ct use` does."""
    SESSION.use(name)


def _prepare_frame() -> None:
    # pandas takes a while to import; better while the service counts than after a click on Cancel.
    from .results import frame  # noqa: F401 # importing is what it is for


def _pace(asked: Asked) -> Pace:
    how, whom = asked.settings, asked.account
    return Pace(
        poll_interval=how.poll_interval or whom.poll_interval or USUAL.poll_interval,
        max_concurrent=how.max_concurrent or whom.max_concurrent or USUAL.max_concurrent,
        retry_wait=how.retry_wait,
        timeout=how.timeout,
    )


def _journal(whom: Account) -> Journal:
    return Journal(journals.path(), _who(whom), warn=_warn, now=time.time)


def _warn(message: str) -> None:
    # In nobody's name: a line of our own source below it would say nothing to whoever reads it.
    warnings.warn_explicit(message, errors.JournalWarning, "ct_magic", 0, registry=WARNED)


def _who(whom: Account) -> str:
    return f"{whom.id} at {whom.base_url}"


def _titles(plan: Plan) -> dict[int, str]:
    rows = reversed(plan.rows)
    return {number: row.title for row in rows for number in row.questions}


def _pending_row(number: int, entry: dict[str, Any], asked: Question, titles: Counter[str]) -> Row:
    # Pieces of one statement bear one title: only their own texts tell them apart.
    title = entry["title"] if titles[entry["title"]] == 1 else asked.text
    return Row(
        number, number, title, asked.text, asked.event, asked.start, asked.end, Formula((number,))
    )
