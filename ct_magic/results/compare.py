"""Shares against the first of them: of values, of statements, of pieces of time."""

from __future__ import annotations

import warnings
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
_TIMES = ("after", "from_day", "to_day")
_OURS = ("query", "step", *_TIMES, "start", "end", "against", *_SHARES)


def comparison(df: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """Compare shares with the first of them, each step apart: see `api.compare`."""
    if pd.api.types.is_integer_dtype(df.index):
        df = df.sort_index(kind="stable")  # as it was asked, however it was sorted since
    rows = cells(df)
    name = _compared(df, by)
    if name not in ("query", "start"):
        _doubt(name)
    lines = _lines(df, name, [row for row in rows if row.is_step and _value(row, name) is not None])
    known = [line for line in lines if line["p"] is not None]
    for line, p in zip(known, holm([line["p"] for line in known]), strict=True):
        line["p_holm"] = p
    return _frame(lines, name, df)


def _compared(df: pd.DataFrame, by: str | None) -> str:
    names = axes(df)
    if "step" not in df.columns:
        raise UsageError("there is no share to compare: write `share did …` in the statement")
    if by is None and not names:
        raise UsageError(
            'there is nothing to compare: write `by profile.Group in ("a", "b")`, or compare '
            'statements with by="query" and pieces of time with by="start"'
        )
    if by is None and len(names) > 1:
        raise UsageError(f"which of {', '.join(names)}? compare(df, {names[0]!r})")
    if by in (None, "query", "start", *names):
        return by or names[0]
    if f"{by} (property)" in names:
        return f"{by} (property)"
    raise UsageError(f"no axis {by!r}: there is {', '.join([*names, 'query', 'start'])}")


def _doubt(axis: str) -> None:
    if not axis.startswith(OF_PROFILES):
        warnings.warn(
            f"{axis} is no property of the profile: one profile may be in several groups, "
            "while interval and p suppose different people",
            QueryWarning,
            stacklevel=3,
        )


def _value(row: Cell, by: str) -> Any:
    if by in ("query", "start"):
        return row.series.query if by == "query" else row.start
    return next((value for name, _, value in row.series.values if name == by), None)


def _lines(df: pd.DataFrame, by: str, rows: Sequence[Cell]) -> list[dict[str, Any]]:
    # Statements of one piece each may speak of different days.
    days = {(row.series.query, row.start, row.end) for row in rows}
    several = len(days) > len({query for query, *_ in days})
    steps: dict[int | None, set[str | None]] = {}
    for row in rows:
        steps.setdefault(row.rank, set()).add(row.series.step)
    groups: dict[object, dict[Any, Cell]] = {}
    for row in rows:
        # The first step of each statement, though their filters differ.
        is_ranked = by == "query" and row.rank is not None and len(steps[row.rank]) > 1
        step = row.rank if is_ranked else row.series.step
        key = _apart(row, by, step, with_days=several or by != "query")
        group = groups.setdefault(key, {})
        if _value(row, by) in group:
            raise UsageError(f"{by} {_value(row, by)} has two shares of {row.series.step!r}")
        group[_value(row, by)] = row
    values = [_value(row, by) for row in rows]
    order = sorted(set(values)) if by == "start" else asked_order(df, values, by)
    return [
        _line(by, group[value], order[0], group.get(order[0]))
        for group in groups.values()
        for value in order[1:]
        if value in group
    ]


def _apart(row: Cell, by: str, step: object, *, with_days: bool) -> object:
    """Return what rows have in common that are compared with each other."""
    series = row.series
    others = tuple(value for value in series.values if value[0] != by)
    days = (row.start, row.end) if with_days and by != "start" else None
    times = series.after, series.window
    return None if by == "query" else series.query, others, step, *times, days


def _line(by: str, row: Cell, against: Any, first: Cell | None) -> dict[str, Any]:
    return {
        "query": row.series.query,
        "step": row.series.step,
        **dict(zip(_TIMES, (row.series.after, *(row.series.window or (None, None))), strict=True)),
        "start": pd.Timestamp(row.start),
        "end": pd.Timestamp(row.end),
        **{_axis(name): value for name, _, value in row.series.values},
        "against": pd.Timestamp(against) if by == "start" else against,
        "share": row.share,
        "share_against": first.share if first else None,
        **_numbers(row, first),
    }


def _numbers(row: Cell, first: Cell | None) -> dict[str, float | None]:
    unknown: dict[str, float | None] = dict.fromkeys(_SHARES[2:])
    # Where days count from each profile's first, a share is of the days that are over.
    if first is None or (row.series.window is None and False in (row.whole, first.whole)):
        return unknown
    if row.count is None or first.count is None or not row.of or not first.of:
        return unknown
    return unknown | asdict(difference(row.count, row.of, first.count, first.of))


def _axis(name: str) -> str:
    return free_names([name], _OURS)[name]


def _frame(lines: Sequence[dict[str, Any]], by: str, df: pd.DataFrame) -> pd.DataFrame:
    names = ["query", "step"]
    names += [name for name in _TIMES if name in df.columns]
    names += ["start", "end"] if df["start"].nunique() > 1 else []
    own = {_axis(name): df[name].dtype for name in axes(df)}
    last = _axis(by) if by in axes(df) else None
    names += [*(name for name in own if name != last), *([last] if last else []), "against"]
    frame = pd.DataFrame(list(lines), columns=[*names, *_SHARES])
    kinds = {"query": TEXT, "start": "datetime64[ns]"}
    types: dict[str, Any] = {"query": TEXT, "step": TEXT} | dict.fromkeys(_SHARES, "Float64")
    types |= {name: "Int64" for name in _TIMES if name in names}
    types |= own | {"against": kinds.get(by) or df[by].dtype}
    return frame.astype(types)
