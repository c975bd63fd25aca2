"""Shares against the first of them: of values, of statements, of pieces of time."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from ct_magic.common.statistics import difference, holm
from ct_magic.errors import QueryWarning, UsageError
from ct_magic.results.cells import Cell, asked_order, axes, cells
from ct_magic.results.frame import TEXT, free_names

# A profile has one value of these, so groups by them are different people.
OF_PROFILES = ("profile.", "tech.", "app.", "demographics.", "reachability.", "geo")
_SHARES = ("share", "share_against", "difference", "low", "high", "ratio", "p", "p_holm")
_TIME_COLUMNS = ("after", "from_day", "to_day")
_OURS = ("query", "step", *_TIME_COLUMNS, "start", "end", "against", *_SHARES)


def comparison(df: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """Compare shares with the first of them, each step apart: see `api.compare`."""
    if pd.api.types.is_integer_dtype(df.index):
        df = df.sort_index(kind="stable")  # as it was asked, however it was sorted since
    rows = cells(df)
    name, names = _compared(df, by), axes(df)
    if name in names and not name.startswith(OF_PROFILES):
        may_overlap = f"{name} is no property of the profile: one may be in several groups"
        message = f"{may_overlap}, while interval and p assume different profiles"
        warnings.warn(message, QueryWarning, stacklevel=3)
    first, pairs = _pairs(df, name, [row for row in rows if row.is_step])
    at = {id(row): number for number, row in enumerate(rows)}
    times = [time for time in _TIME_COLUMNS if time in df.columns]
    days = ["start", "end"] if df["start"].nunique() > 1 else []
    shown = ["query", "step", *times, *days, *sorted(names, key=lambda axis: axis == name)]
    frame = df.iloc[[at[id(row)] for row, _ in pairs]][shown].reset_index(drop=True)
    frame[days] = frame[days].apply(pd.to_datetime)
    kinds: dict[str, Any] = {"query": TEXT, "start": "datetime64[ns]"}
    frame.attrs = {}
    frame = frame.rename(columns=free_names(names, _OURS))
    frame["against"] = pd.Series([first] * len(pairs), dtype=kinds.get(name, df[name].dtype))
    numbers = pd.DataFrame([_numbers_of(*pair) for pair in pairs], columns=list(_SHARES[:-1]))
    numbers["p_holm"] = holm([None if pd.isna(p) else p for p in numbers["p"]])
    types: dict[str, Any] = {"query": TEXT, "step": TEXT, **dict.fromkeys(times, "Int64")}
    return frame.astype(types).join(numbers.reindex(columns=list(_SHARES)).astype("Float64"))


def _compared(df: pd.DataFrame, by: str | None) -> str:
    names = axes(df)
    if "step" not in df.columns:
        raise UsageError("there is no share to compare: write `share did …` in the statement")
    if by is None and not names:
        cure = 'write `by profile.Group in ("a", "b")`'
        other = 'compare statements with by="query" and pieces of time with by="start"'
        raise UsageError(f"there is nothing to compare: {cure}, or {other}")
    if by is None and len(names) > 1:
        raise UsageError(f"which of {', '.join(names)}? compare(df, {names[0]!r})")
    if by in (None, "query", "start", *names):
        return by or names[0]
    if f"{by} (property)" in names:
        return f"{by} (property)"
    raise UsageError(f"no axis {by!r}: there is {', '.join([*names, 'query', 'start'])}")


def _value_of(row: Cell, by: str) -> Any:
    if by in ("query", "start"):
        return row.series.query if by == "query" else row.start
    return next((value for name, _, value in row.series.values if name == by), None)


def _pairs(
    df: pd.DataFrame, by: str, rows: Sequence[Cell]
) -> tuple[Any, list[tuple[Cell, Cell | None]]]:
    """Return the value that others are compared with, and each other row with its own."""
    rows = [row for row in rows if _value_of(row, by) is not None]
    # Statements of one piece each may be of different days.
    days = {(row.series.query, row.start, row.end) for row in rows}
    several = by != "query" or len(days) > len({query for query, *_ in days})
    steps: dict[int | None, set[str | None]] = {}
    for row in rows:
        steps.setdefault(row.rank, set()).add(row.series.step)
    places = Counter(step for known in steps.values() for step in known)
    groups: dict[object, dict[Any, Cell]] = {}
    for row in rows:
        series = row.series
        # The first step of each statement, though their filters differ, but none that another
        # statement has in another place.
        is_ranked = by == "query" and row.rank is not None and len(steps[row.rank]) > 1
        is_ranked = is_ranked and all(places[step] == 1 for step in steps[row.rank])
        key = (
            None if by == "query" else series.query,
            tuple(value for value in series.values if value[0] != by),
            row.rank if is_ranked else series.step,
            (series.after, series.window),
            (row.start, row.end) if several and by != "start" else None,
        )
        group = groups.setdefault(key, {})
        if _value_of(row, by) in group:
            raise UsageError(f"{by} {_value_of(row, by)} has two shares of {series.step!r}")
        group[_value_of(row, by)] = row
    values = [_value_of(row, by) for row in rows]
    order = sorted(set(values)) if by == "start" else asked_order(df, values, by)
    first, *others = order or [None]
    wanted = [(group, value) for group in groups.values() for value in others if value in group]
    return first, [(group[value], group.get(first)) for group, value in wanted]


def _numbers_of(row: Cell, first: Cell | None) -> dict[str, float | None]:
    shares = {"share": row.share, "share_against": first.share if first else None}
    # A share on own days is of those first days only whose window is over.
    if first is None or (row.series.window is None and False in (row.whole, first.whole)):
        return shares
    if row.count is None or first.count is None or not row.of or not first.of:
        return shares
    return shares | asdict(difference(row.count, row.of, first.count, first.of))
