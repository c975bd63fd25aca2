"""Jobs -> DataFrame: a row for each count, in the order asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from ..client.jobs import Job

TEXT = pd.StringDtype()
COLUMNS: dict[str, Any] = {
    "query": TEXT,
    "event": TEXT,
    "start": "datetime64[ns]",
    "end": "datetime64[ns]",
    "count": "Int64",
    "events": "Int64",
    "users": "Int64",
    "devices": "Int64",
    "status": TEXT,
    "error": TEXT,
    "cached": "bool",
}
HISTORY: dict[str, Any] = {
    "asked": "Float64",
    "account": TEXT,
    "title": TEXT,
    "text": TEXT,
    "state": TEXT,
    "count": "Int64",
    "events": "Int64",
    "users": "Int64",
    "devices": "Int64",
    "error": TEXT,
    "req_id": TEXT,
    "ended": "Float64",
}
EPOCH = date(1970, 1, 1)
DAYS = ("start", "end")
OPTIONAL = ("events", "users", "devices")


def frame(jobs: Sequence[Job]) -> pd.DataFrame:
    """Give the DataFrame of these jobs, one row each, with a RangeIndex.

    | column | dtype | |
    | --- | --- | --- |
    | query | string | the label, or the statement as typed, its `$names` filled in |
    | event | string | |
    | start, end | datetime64[ns] | the days really sent, both included; datetime64[s] where one |
    | | | lies beyond what nanoseconds can say (1677 to 2262) |
    | one for each value axis of `by` | string, Int64, Float64 | NA where a row has no such axis; |
    | | | object where text and numbers mix, or a number is larger than Int64 |
    | count | Int64 | profiles; NA where none arrived |
    | events, users, devices | Int64 | only where the service sends them for some row |
    | status | string | success, failed, cancelled, timed out; before the end also others |
    | error | string | why there is no count; NA where there is one |
    | cached | bool | taken from the journal instead of asked for |
    """
    columns = {name: _column(name, jobs) for name in COLUMNS if _wanted(name, jobs)}
    before = list(columns)[:4]
    return pd.DataFrame(
        {name: columns[name] for name in before}
        | {_free(name): _axis(name, jobs) for name in _axes(jobs)}
        | {name: column for name, column in columns.items() if name not in before}
    )


def history(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Give the DataFrame of a journal's rows: what was asked, when, of whom, and what came back."""
    found = pd.DataFrame(list(rows), columns=list(HISTORY)).astype(HISTORY)
    for name in ("asked", "ended"):
        found[name] = pd.to_datetime(found[name], unit="s", utc=True)
    return found


def records(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Give the DataFrame of some plain rows."""
    return pd.DataFrame(list(rows))


def _column(name: str, jobs: Sequence[Job]) -> pd.Series[Any]:
    cells = [_cell(job, name) for job in jobs]
    return _days(cells) if name in DAYS else pd.Series(cells, dtype=COLUMNS[name])


def _days(cells: Sequence[date]) -> pd.Series[Any]:
    # By way of numbers: pandas 2.0 reads every date as nanoseconds, whatever dtype is wanted.
    seconds = pd.Series([86400 * (day - EPOCH).days for day in cells], dtype="int64")
    days: pd.Series[Any] = seconds.astype("datetime64[s]")
    # "until ever" is often written 9999-12-31, and counts that have arrived must not be lost to it.
    fits = days.between(pd.Timestamp.min, pd.Timestamp.max).all()
    return days.astype(COLUMNS["start"]) if fits else days


def _cell(job: Job, name: str) -> Any:
    match name:
        case "query":
            return job.question.title
        case "event" | "start" | "end":
            return getattr(job.question, name)
        case "status":
            return str(job.state)
        case "error":
            return job.error
        case "cached":
            return job.taken is not None
    return getattr(job.tally, name, None)


def _wanted(name: str, jobs: Sequence[Job]) -> bool:
    return name not in OPTIONAL or any(_cell(job, name) is not None for job in jobs)


def _axes(jobs: Iterable[Job]) -> list[str]:
    return list(dict.fromkeys(name for job in jobs for name, _ in job.question.pieces))


def _axis(name: str, jobs: Sequence[Job]) -> pd.Series[Any]:
    values = [dict(job.question.pieces).get(name) for job in jobs]
    column: pd.Series[Any] = pd.Series(values, dtype="object").convert_dtypes()
    return column


def _free(name: str) -> str:
    # A property may be called like a column of ours: "count" -> "count (property)".
    return f"{name} (property)" if name in COLUMNS else name
