"""Text -> DataFrame: the one room where the language and the service meet."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from . import dates, errors, parser
from .accounts import Account
from .job import Question
from .query import JsonQuery, Query
from .session import SESSION
from .settings import Settings

if TYPE_CHECKING:
    import pandas as pd

    from .counting import Counting

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
    counting = start(
        text,
        params=params,
        today=today,
        account=account,
        refresh=refresh,
        settings=settings,
        **changes,
    )
    return counting.watched()


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
    from .counting import Counting
    from .panel import open_panel
    from .run import Run
    from .service import Service

    how = replace(settings or Settings(), **changes)
    asked = prepare(text, params=params, today=today, account=account, settings=how)
    service = Service(asked.account)
    run = Run(asked.questions, service, pace(asked), journal=_journal(asked, refresh))
    panel = open_panel(run, mode=how.progress, note=asked.note)
    run.start()
    return Counting(run, panel)


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
    day = today or _today(how.timezone or whom.timezone)
    asked, note = questions(text, params=params, today=day, max_counts=how.max_counts)
    return Asked(asked, whom, how, day, note)
