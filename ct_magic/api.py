"""Text -> DataFrame: what a script calls."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from datetime import date, tzinfo
from typing import TYPE_CHECKING, Unpack

from ct_magic import errors
from ct_magic.client.accounts import Account
from ct_magic.client.journal.journal import path as journal_path
from ct_magic.counting.asking import ask
from ct_magic.planning.prepare import prepare
from ct_magic.session.session import SESSION
from ct_magic.settings import Changes, Settings, changed, zone

if TYPE_CHECKING:
    import pandas as pd

    from ct_magic.counting.handle import Counting

_MOST = 10_000  # cells that `history` reads unless told how many


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

    `text` is one or more statements of the query language (`%ct help` explains it), or a list of
    such texts, which are asked together. `params` are the values of its `$names`. `today` is the
    day that relative periods count from; without it, the account's today. `account` is a name or
    an `Account`; without it, the one in use. `refresh` asks anew what the journal could answer.
    `variable` is the name that will hold the DataFrame, so that `resume` can fill it. `plot` shows
    a picture of it at the end. The fields of `Settings` may be given by name:
    `count(text, timeout=600)`.

    The DataFrame has the rows of the statements in order, and a RangeIndex:

    | column | dtype | |
    | --- | --- | --- |
    | query | string | the label, or the statement as typed, its `$names` filled in |
    | one for each axis of `by` | string, Int64, Float64 | NA where a row has no such axis; string |
    | | | where text and numbers mix |
    | start, end | datetime64[ns] | the days really sent, both included; datetime64[s] where one |
    | | | lies beyond what nanoseconds can say (1677 to 2262) |
    | step | string | with `share`: the base's event, or the clause |
    | after | Int64 | with `after 0..11 weeks`: the number |
    | from_day, to_day | Int64 | with `within` or `on day`: the window, in days after the first |
    | count | Int64 | profiles; NA where none arrived |
    | of, share, low, high | Int64, Float64 | with `share`: the base's count (NA where `count` |
    | | | is), count by `of`, and Wilson's 95 % interval |
    | previous, previous_start, previous_end, change | Int64, datetime64, Float64 | with `vs` |
    | previous_of, previous_share, difference, difference_low, difference_high | Int64, Float64 | |
    | | | with `vs` and `share`: the other period's, share - previous_share and its 95 % interval |
    | whole | boolean | where `by` cuts time: False for a piece that is not whole or not over; |
    | | | with `within` or `on day` also where the last days are left out |
    | status | string | success, failed, timed out, cancelled, inconsistent, not yet; before the |
    | | | end also waiting, submitted |
    | error | string | why there is no count; NA where there is one |
    | event | string | |
    | events, users, devices | Int64 | NA where the service does not send them |
    | cached | bool | taken from the journal instead of asked for |
    | counted | datetime64[ns] | when its oldest count was taken, on the clock of the account's |
    | | | time zone, which `df.attrs["timezone"]` names |
    | doubt | string | what the service may ignore silently; NA where nothing is doubted |

    Shares and changes are fractions: 0.25 is a quarter. Two axes become a table by
    `df.pivot(index="start", columns="Category", values="count")`. What a notebook shows of the
    DataFrame leaves out the columns that say nothing.

    Raises QueryError for a text that is no query, AccountError for missing credentials, UsageError
    for a setting that is not right, and where a count did not arrive CountFailedError,
    CountTimedOutError, CountCancelledError or, after an interrupt, CountInterrupt; these carry
    what did arrive as `.frame`.
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
    """Start to ask, and return the handle of the count at once.

    The parameters are those of `count`. A text that is no query raises QueryError, and missing
    credentials AccountError, before anything is sent; where a count does not arrive, `result()` of
    the handle raises what `count` would.
    """
    settings = changed(settings, changes)
    cell = prepare(text, params=params, today=today, account=account, settings=settings)
    return ask(cell, refresh=refresh, variable=variable).followed()


def history(limit: int = _MOST, text: str | None = None) -> pd.DataFrame:
    """Return what was asked and what came back: a row for each cell, the newest first.

    `history(20)` gives the latest twenty, `history(text="Charged")` those whose queries hold
    that; all accounts are in it.

    | column | dtype | |
    | --- | --- | --- |
    | asked, ended | datetime64[ns] | to the second, on the clock of the account's time zone |
    | account | string | id and address |
    | variable | string | the name that got the DataFrame; NA where there is none |
    | title, text | string | the statements as typed, and the canonical text of each count |
    | counts | Int64 | how many counts the cell needed |
    | state | string | `success`, or where they differ `89 success, 1 not sent` |
    | count, events, users, devices | Int64 | of a cell of one count; NA for others |
    | error | string | the first; NA where there is none |
    | req_id | string | the ids of all; NA where there is none |

    Raises JournalError where the journal cannot be read.
    """
    from ct_magic.client.journal.history import past_cells
    from ct_magic.results.tables import history_frame

    return history_frame(past_cells(journal_path(), limit, text), _zone)


def resume(
    settings: Settings | None = None, *, variables: MutableMapping[str, object] | None = None
) -> pd.DataFrame:
    """Fetch the counts of the account in use that were pending when a cell or a kernel ended.

    The DataFrame is like that of `count`, empty where nothing was pending, and has a column more:
    `asked` (datetime64[ns]), when the row's cell was asked. `variables` are the names of the
    calling code, like `globals()`: one that still holds the DataFrame of such a cell gets it anew.

    Raises AccountError for missing credentials, and the CountErrors of `count`.
    """
    from ct_magic.counting.resume import resumed

    return resumed(settings or Settings(), variables if variables is not None else {})


def use(name: str) -> None:
    """Ask this account from now on, in this process: what `%ct use` does.

    `name` is one of `accounts.toml`, `default` for that of the environment, or `sandbox`, which is
    started. Raises AccountError for any other, and where its credentials are missing.
    """
    SESSION.use(name)


def _zone(name: str | None) -> tzinfo | None:
    try:
        return zone(name)
    except errors.UsageError:
        return None  # the journal names it, and this machine does not know it
