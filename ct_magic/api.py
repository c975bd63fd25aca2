"""Text -> DataFrame: what a script calls."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from datetime import date, tzinfo
from typing import TYPE_CHECKING, Unpack

from . import errors
from .client.accounts import Account
from .client.journal import path as journal_path
from .counting.asking import ask
from .prepare import prepare
from .session import SESSION
from .settings import Changes, Settings, changed, zone

if TYPE_CHECKING:
    import pandas as pd

    from .handle import Counting

_MOST = 10_000  # cells that `history` reads where nobody says how many


def count(
    text: str | Sequence[str],
    *,
    params: Mapping[str, object] | None = None,
    today: date | None = None,
    account: str | Account | None = None,
    refresh: bool = False,
    variable: str | None = None,
    plot: bool = False,
    settings: Settings | None = None,
    **changes: Unpack[Changes],
) -> pd.DataFrame:
    """Ask how many profiles did something, wait, and return the DataFrame.

    `text` is one or more statements of the query language, or a list of such texts, which are
    asked together; `params` the values of its `$names`; `today` the day that relative periods
    count from (the account's today); `account` a name or an `Account` (the one in use); `refresh`
    asks anew what the journal could answer; `variable` is the name that will hold the DataFrame,
    which `%ct resume` fills; `plot` draws what arrives. The fields of `Settings` may be given by
    name: `count(text, timeout=600)`.

    The DataFrame has the rows of the statements in order: see `ct_magic.results.frame` for
    columns and dtypes.

    Raises QueryError for a text that is no query, AccountError for missing credentials, and where
    a count did not arrive CountFailedError, CountTimedOutError, CountCancelledError or, after an
    interrupt, CountInterrupt; these carry what did arrive as `.frame`.
    """
    settings = changed(settings, changes)
    cell = prepare(text, params=params, today=today, account=account, settings=settings)
    return ask(cell, refresh=refresh, variable=variable).watched(plot=plot)


def start(
    text: str | Sequence[str],
    *,
    params: Mapping[str, object] | None = None,
    today: date | None = None,
    account: str | Account | None = None,
    refresh: bool = False,
    variable: str | None = None,
    settings: Settings | None = None,
    **changes: Unpack[Changes],
) -> Counting:
    """Start to ask as `count` does, and return its handle at once."""
    settings = changed(settings, changes)
    cell = prepare(text, params=params, today=today, account=account, settings=settings)
    return ask(cell, refresh=refresh, variable=variable).followed()


def history(limit: int = _MOST, text: str | None = None) -> pd.DataFrame:
    """Return what was asked and what came back: a row for each cell, the newest first.

    `history(20)` gives the latest twenty, `history(text="Charged")` those whose queries hold
    that. See `ct_magic.results.history_frame.history_frame` for columns and dtypes.
    """
    from .client.journal_history import past_cells
    from .results.history_frame import history_frame

    return history_frame(past_cells(journal_path(), limit, text), _zone)


def resume(
    settings: Settings | None = None, *, variables: MutableMapping[str, object] | None = None
) -> pd.DataFrame:
    """Fetch the counts of the account in use that were pending when a cell or a kernel ended.

    The DataFrame is like that of `count`, empty where nothing was pending; its column `asked` says
    when. Of `variables`, those that still hold the frame of such a cell get it anew.
    """
    from .counting.resumed import resumed

    return resumed(settings or Settings(), variables if variables is not None else {})


def use(name: str) -> None:
    """Ask this account from now on, in this process: what `%ct use` does."""
    SESSION.use(name)


def _zone(name: str | None) -> tzinfo | None:
    try:
        return zone(name)
    except errors.UsageError:
        return None  # it stands in the journal, and this machine does not know it
