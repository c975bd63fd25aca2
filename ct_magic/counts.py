"""Text -> DataFrame: the one room where the language and the service meet."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from . import cql, errors, parser, printer
from . import journal as journals
from . import names as known
from .accounts import REGIONS, Account
from .gate import gate
from .job import Job, Question, State
from .journal import Freshness, Journal
from .query import JsonQuery, Query
from .run import spawn
from .schedule import Pace
from .session import SANDBOX, SESSION
from .settings import Settings

if TYPE_CHECKING:
    import pandas as pd

    from .counting import Counting
    from .names import Names
    from .panel import Panel, Shown

    Opener = Callable[[Shown, str | None], Panel]

USUAL = Pace()
RECOLLECTED = 300  # rows of the journal whose names are proposed
NO_PERIOD = "no period given: the last 30 days"


@dataclass(frozen=True, slots=True)
class Asked:
    """A text made ready: what is asked of whom and how, and what the panel has to say of it."""

    questions: tuple[Question, ...]
    account: Account
    settings: Settings
    today: date
    note: str | None = None


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

    The DataFrame has a row for each count: see `ct_magic.frame.frame` for columns and dtypes.

    Raises QueryError for a text that is no query, AccountError for missing credentials, and where
    a count did not arrive CountFailedError, CountTimedOutError, CountCancelledError or, after an
    interrupt, CountInterrupt; these carry what did arrive as `.frame`.
    """
    how = replace(settings or Settings(), **changes)
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
    how = replace(settings or Settings(), **changes)
    asked = prepare(text, params=params, today=today, account=account, settings=how)
    return ask(asked, refresh=refresh).followed()


def ask(asked: Asked, *, refresh: bool = False, panel: Opener | None = None) -> Counting:
    """Make ready what will be asked: what the journal does not know is sent.

    `panel` makes what shows it, where that is not the panel of a cell.
    """
    journal = _journal(asked.account)
    jobs = [Job(number, question) for number, question in enumerate(asked.questions)]
    if not refresh:
        freshness = Freshness(asked.today, _zone(asked), asked.settings.cache_ttl)
        jobs = [journal.recall(job, freshness) for job in jobs]
    return begin(asked, jobs, journal, panel)


def begin(
    asked: Asked, jobs: Sequence[Job], journal: Journal, panel: Opener | None = None
) -> Counting:
    """Make jobs ready to go, and the panel that will show them: `watched()` or `followed()`."""
    from .counting import Counting
    from .panel import current_shell, open_panel
    from .run import Run
    from .service import Service

    pace, whom, shell = _pace(asked), asked.account, current_shell()
    one_gate = gate(_who(whom), pace.max_concurrent)
    run = Run(jobs, Service(whom), pace, journal=journal, gate=one_gate)
    usual = partial(open_panel, mode=asked.settings.progress, shell=shell)
    spawn(_prepare_frame, "ct_magic-frame")
    show = partial(panel or usual, run, asked.note)
    return Counting(run, show, getattr(shell, "kernel", None))


def prepare(
    text: str,
    *,
    params: Mapping[str, Any] | None = None,
    today: date | None = None,
    account: str | Account | None = None,
    settings: Settings | None = None,
) -> Asked:
    """Make a text ready to be asked; nothing is sent."""
    how = settings or Settings()
    whom = account if isinstance(account, Account) else SESSION.account(account)
    day = today or day_in(how.timezone or whom.timezone)
    queries = parser.parse(text, params=params, today=day, max_counts=how.max_counts)
    statements = parser.statements(text, params=params, today=day)
    note = NO_PERIOD if any(_is_open(one) for one in statements) else None
    SESSION.learn(statements)
    return Asked(tuple(map(question, queries)), whom, how, day, note)


def question(query: Query | JsonQuery) -> Question:
    """Put a single count into the words of the service half."""
    body = query.payload()
    start, end = (_day(body[key]) for key in ("from", "to"))
    return Question(
        title=query.label if query.label is not None else query.source or str(query),
        text=str(query),
        event=body["event_name"],
        start=start,
        end=end,
        pieces=query.pieces,
        body=json.dumps(body),
        until=max(_latest(body), end),
    )


def names() -> Names:
    """Give the names that are known; the first time, those of the journal are fetched beside."""
    if not SESSION.recollected:
        SESSION.recollected = True
        spawn(_recollect, "ct_magic-names")
    return SESSION.names


def read_names(source: str) -> Names:
    """Add the names of a team's file, or those of the sandbox; give all that are known now."""
    if source == SANDBOX:
        SESSION.know(known.from_schema(_schema()))
        return SESSION.names
    try:
        SESSION.know(known.from_json(Path(source).expanduser().read_text(encoding="utf-8")))
    except OSError as error:
        what = f"the names file {source!r} cannot be read: {error.strerror}"
        raise errors.UsageError(what) from None
    except UnicodeDecodeError:
        raise errors.UsageError(f"the names file {source!r} is not UTF-8 text") from None
    return SESSION.names


def write_names(target: str) -> None:
    """Write the names that are known into a file that a team can share."""
    try:
        Path(target).expanduser().write_text(known.to_json(names()), encoding="utf-8")
    except OSError as error:
        what = f"the names file {target!r} cannot be written: {error.strerror}"
        raise errors.UsageError(what) from None


def _schema() -> dict[str, Any]:
    """Ask the sandbox in use: one that runs beside the kernel, else the kernel's own."""
    from .service import sandbox_schema

    with suppress(errors.AccountError):
        if SESSION.used != SANDBOX and (found := sandbox_schema(SESSION.account())):
            return dict(found)
    SESSION.account(SANDBOX)
    assert SESSION.sandbox is not None  # noqa: S101 # the line above started it
    return SESSION.sandbox.schema()


def history() -> pd.DataFrame:
    """Give what was asked, under which id, and what came back: a row for each submission.

    Columns as in the journal; `asked` and `ended` are datetime64[ns] in UTC, counts Int64.
    """
    from . import frame

    return frame.history(journals.history(journals.path()))


def resume(settings: Settings | None = None, account: str | None = None) -> pd.DataFrame:
    """Fetch the counts of an account that were pending when a cell or a kernel ended.

    The DataFrame is like that of `count`, empty where nothing was pending.
    """
    from . import frame

    whom = SESSION.account(account)
    journal = _journal(whom)
    rows = journal.pending()
    if not rows:
        return frame.frame(())
    asked = Asked((), whom, settings or Settings(), day_in(whom.timezone))
    titles = [row["title"] for row in rows]
    jobs = [_pending_job(number, row, titles) for number, row in enumerate(rows)]
    for job, row in zip(jobs, rows, strict=True):
        journal.adopt(job, row["id"])
    return begin(asked, jobs, journal).watched()


def explain(text: str, params: Mapping[str, Any], settings: Settings) -> str:
    """Print a text as the language, as JSON and as `curl`, each single count of it."""
    zone, url = settings.timezone, f"https://{REGIONS['eu1']}"
    try:
        whom = SESSION.account()
        zone, url = zone or whom.timezone, whom.base_url
    except errors.AccountError:
        pass  # explaining needs no account; the default region's address will do
    day = day_in(zone)
    statements = parser.statements(text, params=params, today=day)
    singles = parser.parse(text, params=params, today=day, max_counts=settings.max_counts)
    parts = [printer.layout(one) for one in statements]
    for single in singles:
        parts += [pretty(single.payload()), cql.curl(single.payload(), url)]
    return "\n\n".join(parts)


def dry_run(
    text: str, params: Mapping[str, Any], settings: Settings, account: str | None
) -> list[dict[str, Any]]:
    """Give the JSON of every count that a text would ask. An account is not needed for it."""
    zone = settings.timezone
    try:
        zone = zone or SESSION.account(account).timezone
    except errors.AccountError:
        if account:
            raise
    queries = parser.parse(text, params=params, today=day_in(zone), max_counts=settings.max_counts)
    return [query.payload() for query in queries]


def pretty(body: Mapping[str, Any]) -> str:
    """Print JSON as people read it: short lists and objects on one line."""
    return json.dumps(body, indent=2, ensure_ascii=False)


def use(name: str) -> None:
    """Ask this account from now on, in this process: what `%ct use` does."""
    SESSION.use(name)


def day_in(zone: str | None) -> date:
    """Give today in a time zone, or on the machine where none is named."""
    if zone is None:
        return datetime.now().astimezone().date()
    try:
        return datetime.now(ZoneInfo(zone)).date()
    except (KeyError, ValueError, OSError):
        raise errors.UsageError(
            f"there is no time zone {zone!r}; write it like 'Asia/Kolkata'"
        ) from None


def _prepare_frame() -> None:
    # pandas takes a while to import; better while the service counts than after a click on Cancel.
    from . import frame  # noqa: F401 # importing is what it is for


def _recollect() -> None:
    rows: list[dict[str, Any]] = []
    with suppress(errors.JournalError):
        rows = journals.history(journals.path())[-RECOLLECTED:]
    for row in rows:
        with suppress(errors.QueryError):
            SESSION.learn(parser.statements(row["text"]))


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
    warnings.warn(message, errors.JournalWarning, stacklevel=2)


def _who(whom: Account) -> str:
    return f"{whom.id} at {whom.base_url}"


def _zone(asked: Asked) -> ZoneInfo | None:
    name = asked.settings.timezone or asked.account.timezone
    return ZoneInfo(name) if name else None


def _is_open(statement: Query | JsonQuery) -> bool:
    return isinstance(statement, Query) and statement.event.period is None


def _day(number: int) -> date:
    return date(number // 10000, number // 100 % 100, number % 100)


def _latest(body: Any) -> date:
    # The latest "to" of the query and of every event query inside it.
    if isinstance(body, dict):
        own = _day(body["to"]) if isinstance(body.get("to"), int) else date.min
        return max([own, *map(_latest, body.values())])
    return max(map(_latest, body), default=date.min) if isinstance(body, list) else date.min


def _pending_job(number: int, row: dict[str, Any], titles: list[str]) -> Job:
    # Pieces of one statement bear one title: only their own texts tell them apart.
    label = row["title"] if titles.count(row["title"]) == 1 else None
    asked = question(replace(cql.from_payload(json.loads(row["body"])), label=label))
    return Job(number, asked, State.SUBMITTED, req_id=row["req_id"])
