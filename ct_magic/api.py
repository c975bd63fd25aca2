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
from ct_magic.settings import Changes, Settings, changed, in_force, zone

if TYPE_CHECKING:
    import pandas as pd

    from ct_magic.charts.vega import Picture
    from ct_magic.counting.handle import Counting

_MOST_CELLS = 10_000  # the most cells that `history` returns by default


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
    | | | time zone, which `df.attrs["timezone"]` names; |
    | | | whose counts they are, `df.attrs["account"]` does |
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
    asked = ask(cell, refresh=refresh, variable=variable, plotted=plot)
    return asked.watched(plot=plot)


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


def history(limit: int = _MOST_CELLS, text: str | None = None) -> pd.DataFrame:
    """Return what was asked and what came back: a row for each cell, the newest first.

    `history(20)` gives the latest twenty, `history(text="Charged")` those whose queries hold
    that; all accounts are in it.

    | column | dtype | |
    | --- | --- | --- |
    | asked, ended | datetime64[ns] | to the second, on the clock of the account's time zone |
    | account | string | id and address; of a sandbox, which data it has |
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

    return resumed(settings or in_force(), variables if variables is not None else {})


def names(account: str | None = None) -> pd.DataFrame:
    """Return the names that an account is known to have: a row for each property.

    | column | dtype | |
    | --- | --- | --- |
    | event | string | NA for what is of a profile, a session, or a place |
    | property | string | as it is written: `Amount`, `tech.OS`; NA where none is known |
    | type | string | `text`, `number` or `list`; NA where it is not known |
    | values | object | a list of those that are worth asking for, perhaps none |
    | source | string | `API` for names that every account has, `asked` for those of counts that |
    | | | found profiles, `sandbox`, `values`, or the file that holds them |

    `account` is the name of one; without it, the one in use. Nothing is sent to a service: a file
    of names is read by `%ct names --from FILE`, values are asked for by `ct_magic.values`. Raises
    AccountError for an account that there is not.
    """
    from ct_magic.query.catalog import table_rows
    from ct_magic.results.tables import NAME_COLUMNS, table
    from ct_magic.session.known_names import known_of_account

    return table(table_rows(known_of_account(account)), NAME_COLUMNS)


def values(
    text: str,
    *,
    params: Mapping[str, object] | None = None,
    top: int = 10,
    today: date | None = None,
    account: str | Account | None = None,
    settings: Settings | None = None,
    **changes: Unpack[Changes],
) -> pd.DataFrame:
    """Ask for the commonest values of properties, wait, and return them: what `%ct values` shows.

    `text` is a statement of one count with the properties behind its `by`:
    `values("Charged last 30 days by Category, Brand")`. At most `top` values come of each, 100 at
    the most. The other parameters are those of `count`. So a count by the commonest values is

        top = ct_magic.values("Charged last 30 days by Category")["value"]
        ct_magic.count("Charged last 30 days by Category in $top", params={"top": top})

    | column | dtype | |
    | --- | --- | --- |
    | property_type | string | as the API calls it: `event_properties`, `technographics` |
    | property, value | string | a number's values are ranges like `0-100` |
    | kind | string | STR, ENUM or NUMBER |
    | events | Int64 | how many *events* had the value, not profiles |

    Raises QueryError and UsageError for a text that asks for no values, AccountError for missing
    credentials, and CountFailedError where the values did not arrive.
    """
    from ct_magic.counting.property_values import property_values

    settings = changed(settings, changes)
    found = property_values(
        text, params or {}, account=account, top=top, today=today, settings=settings
    )
    return found.frame


def use(name: str) -> None:
    """Ask this account from now on, in this process: what `%ct use` does.

    `name` is one of `accounts.toml`, `default` for that of the environment, or `sandbox`, which is
    started, and whose names are known then. Raises AccountError for any other, and where its
    credentials are missing.
    """
    from ct_magic.panel.front_end import tell_page
    from ct_magic.session.known_names import use as use_account

    use_account(name)
    tell_page(name)


def _zone(name: str | None) -> tzinfo | None:
    try:
        return zone(name)
    except errors.UsageError:
        return None  # the journal names it, and this machine does not know it


# What works on DataFrames of counts: light here, since pandas takes a while to import.


def shares(df: pd.DataFrame) -> pd.DataFrame:
    """Return the DataFrame with columns for what its counts are compared with; `df` is left alone.

    A statement with `share` has its share of the base already, and gets beside it

    | column | dtype | |
    | --- | --- | --- |
    | share_of_step_before | Float64 | count / the count of the step that it is counted inside |

    and counts over time get, within each series (a statement, or a value of `by`),

    | column | dtype | |
    | --- | --- | --- |
    | change | Float64 | count / the count of the piece before, minus 1 |

    as fractions: 0.25 is a quarter. A value is missing where a count is, where it would be divided
    by 0, where nothing comes before or that row was taken out, and where a piece or the one before
    is not whole, since a part of a week says nothing of a week. The order of rows has no meaning.
    What a DataFrame knows of its steps is in its `attrs`; where they are lost, as in a file, the
    statement in `query` says it, and under a label the share of the step before is missing.

    Anything else gets no column. Two statements need not be about the same profiles, and a profile
    may have several values: write `share did …` for a share. A DataFrame with `vs` has its change
    already, and is left as it is. Raise UsageError for a DataFrame that holds no counts.
    """
    from ct_magic.results import changes

    return changes.with_shares(df)


def compare(df: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """Compare shares with the first of them, each step apart: values, statements or pieces.

        test: App Launched last 14 days
          share did Charged by profile.Group in ("control", "treated")

    `by` is the axis whose values are compared, `"query"` for statements, or `"start"` for pieces
    of time; it may be left out where `by` has one axis. Rows that differ in something else (an
    axis, the days, `after`) are compared apart; statements may speak of different days. The first
    is the one that was asked first, in whatever order the rows are. There is a row for each other:

    | column | dtype | |
    | --- | --- | --- |
    | query, step, and where there are any after, from_day, to_day, start, end, axes | | what |
    | against | as what is compared | the first |
    | share, share_against | Float64 | |
    | difference, low, high | Float64 | share - share_against; Newcombe's 95 % interval |
    | ratio | Float64 | share / share_against |
    | p | Float64 | two-sided, score test with the pooled share |
    | p_holm | Float64 | p adjusted by Holm for all that is compared here |

    A value is missing where a count is, where a base is 0, where the first was taken out, and
    where a piece of time is not over. Interval and p suppose that no profile is in two groups: a
    property of an event may put one into several, which is warned of. A comparison of periods is
    one draw each: where rates wander by 5 % a week by themselves, 17 % of quiet weeks look
    significant. An axis that is called like a column here gets ` (property)` behind its name.
    Raise UsageError for a DataFrame without shares, or with nothing to compare.
    """
    from ct_magic.results.compare import comparison

    return comparison(df, by)


def why(df: pd.DataFrame) -> pd.DataFrame:
    """Return where a change comes from: each value of some axes against everybody else.

    `df` is of one cell: a statement with `vs` of the whole, and the same by each of some axes,

        June: Charged 2026-06 vs 2026-05
        Charged 2026-06 vs 2026-05 by "Payment mode" in ("UPI", "Credit Card")
        Charged 2026-06 vs 2026-05 by Category in ("Shoes", "Bags")

    | column | dtype | |
    | --- | --- | --- |
    | axis, value | string | |
    | before, after | Int64 | the value's counts of both periods |
    | change | Float64 | after / before - 1 |
    | rest_before, rest_after, rest_change | Int64, Float64 | the whole without the value |
    | z | Float64 | how far both changes are apart, in standard errors of their logarithms |
    | p | Float64 | two-sided, adjusted by Holm for all values of all axes |

    The largest |z| comes first; z is missing where a count is missing or 0. Shown, and in
    `attrs["finding"]`, is the first row in words where its p is below 0.05, else "nothing stands
    out", and of each axis whether its values overlap or leave profiles out. `plot` draws it.

    It says where a change is, and not what made it: a correlation is no cause, two axes may hold
    the same people, and a period is one draw. Raise UsageError for a DataFrame of something else.
    """
    from ct_magic.results import changes

    return changes.reasons_of(df)


def plot(df: pd.DataFrame, *, as_curves: bool = False) -> Picture:
    """Return the picture that fits what was counted; a notebook shows it.

    Counts over time are lines, and a piece that is not whole is hollow and dotted. One count for
    each value, and several statements, are bars. `share` gives a funnel of nested bars, points with
    intervals where `by` splits by values, lines over time; with `after` a triangle of cohorts, or
    their curves (`as_curves=True`). `vs` gives pairs. What did not arrive is left out, and named;
    a row that was taken out is a gap.

    What `why` gave is drawn as bars. Raise UsageError for a DataFrame that holds no counts, or one
    of them twice.
    """
    from ct_magic.charts.plot import picture

    return picture(df, as_curves=as_curves)
