"""Shares of the values of an axis against the first: difference, interval, ratio, p."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from ct_magic.common.statistics import difference, holm
from ct_magic.errors import QueryWarning, UsageError
from ct_magic.results.cells import Cell, axes, cells

# A profile has one value of these, so groups by them are different people.
OF_PROFILES = ("profile.", "tech.", "app.", "demographics.", "reachability.", "geo")
_TEXT = pd.StringDtype()


def compare(df: pd.DataFrame, axis: str | None = None) -> pd.DataFrame:
    """Compare the share of each value of an axis with that of the first value, each step apart.

        test: App Launched last 14 days
          share did Charged by profile.Group in ("control", "treated")

    `axis` is needed where `by` has several: rows that differ in another axis, in `after` or in
    their days are compared apart. The result has a row for each value but the first:

    | column | dtype | |
    | --- | --- | --- |
    | query, step, and where there are any after, start, end, the other axes | | what is compared |
    | (the axis) | as in `df` | the value |
    | against | as the axis | the first value |
    | share, share_against | Float64 | |
    | difference, low, high | Float64 | share - share_against; Newcombe's 95 % interval |
    | ratio | Float64 | share / share_against |
    | p | Float64 | two-sided, score test with the pooled share |
    | p_holm | Float64 | p adjusted by Holm, where a step has more than two values |

    A value is missing where a count is, or where a base is 0. Interval and p suppose that no
    profile is in two groups: a property of an event may put one into several, which is warned of.
    Raise UsageError for a DataFrame without shares, or without an axis.
    """
    rows = cells(df)
    name = _axis(df, axis)
    _doubt(name)
    groups = [_group(name, some) for some in _apart(name, _steps(rows)).values()]
    return _frame([line for group in groups for line in group], name, df)


def _axis(df: pd.DataFrame, axis: str | None) -> str:
    names = axes(df)
    if "step" not in df.columns:
        raise UsageError("there is no share to compare: write `share did …` in the statement")
    if not names:
        raise UsageError('there is nothing to compare: write `by profile.Group in ("a", "b")`')
    if axis is None and len(names) > 1:
        raise UsageError(f"which of {', '.join(names)}? compare(df, {names[0]!r})")
    if axis is not None and axis not in names:
        raise UsageError(f"no axis {axis!r}: there is {', '.join(names)}")
    return axis or names[0]


def _doubt(axis: str) -> None:
    if not axis.startswith(OF_PROFILES):
        warnings.warn(
            f"{axis} is no property of the profile: one profile may be in several groups, "
            "while interval and p suppose different people",
            QueryWarning,
            stacklevel=3,
        )


def _steps(rows: Sequence[Cell]) -> list[Cell]:
    bases: dict[str, str | None] = {}
    for row in rows:
        bases.setdefault(row.series.query, row.series.step)
    return [row for row in rows if row.series.step not in (None, bases[row.series.query])]


def _apart(axis: str, rows: Iterable[Cell]) -> dict[object, list[Cell]]:
    groups: dict[object, list[Cell]] = {}
    for row in rows:
        if _value(row, axis) is not None:
            series = row.series
            others = tuple(value for value in series.values if value[0] != axis)
            key = series.query, others, series.step, series.after, row.start, row.end
            groups.setdefault(key, []).append(row)
    return groups


def _value(row: Cell, axis: str) -> object:
    return next((value for name, _, value in row.series.values if name == axis), None)


def _group(axis: str, rows: Sequence[Cell]) -> list[dict[str, object]]:
    first, *others = rows
    lines = [_line(axis, row, first) for row in others]
    known = [line for line in lines if line["p"] is not None]
    for line, p in zip(known, holm([line["p"] for line in known]), strict=True):
        line["p_holm"] = p
    return lines


def _line(axis: str, row: Cell, first: Cell) -> dict[str, Any]:
    line: dict[str, object] = {
        "query": row.series.query,
        "step": row.series.step,
        "after": row.series.after,
        "start": pd.Timestamp(row.start),
        "end": pd.Timestamp(row.end),
        **{name: value for name, _, value in row.series.values},
        "against": _value(first, axis),
        "share": row.share,
        "share_against": first.share,
    }
    return line | _numbers(row, first)


def _numbers(row: Cell, first: Cell) -> dict[str, float | None]:
    if row.count is None or first.count is None or not row.of or not first.of:
        return dict.fromkeys(("difference", "low", "high", "ratio", "p", "p_holm"))
    d = difference(row.count, row.of, first.count, first.of)
    numbers = {"difference": d.difference, "low": d.low, "high": d.high, "ratio": d.ratio}
    return numbers | {"p": d.p, "p_holm": None}


def _frame(lines: Sequence[dict[str, object]], axis: str, df: pd.DataFrame) -> pd.DataFrame:
    others = [name for name in axes(df) if name != axis]
    several = df["start"].nunique() > 1
    names = ["query", "step"]
    names += ["after"] if "after" in df.columns else []
    names += ["start", "end"] if several else []
    names += [*others, axis, "against"]
    numbers = ["share", "share_against", "difference", "low", "high", "ratio", "p", "p_holm"]
    frame = pd.DataFrame(list(lines), columns=[*names, *numbers])
    types: dict[str, Any] = {"query": _TEXT, "step": _TEXT} | dict.fromkeys(numbers, "Float64")
    types |= {"after": "Int64"} if "after" in names else {}
    types |= {name: df[name].dtype for name in [*others, axis]} | {"against": df[axis].dtype}
    return frame.astype(types)
