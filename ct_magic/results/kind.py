"""What kind of result a DataFrame of counts is: a number, a funnel, values, or counts over time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

import pandas as pd

from ..errors import StillRunningError, UsageError
from .frame import COLUMNS

NEEDED = ("query", "start", "end", "count")


class Kind(Enum):
    """How the rows of a result belong together."""

    NUMBER = "one count"
    FUNNEL = "several statements"
    VALUES = "one count for each value"
    TIME = "counts over time"


@dataclass(frozen=True, slots=True)
class Shape:
    """The kind of a result, and for each row the name of the series that it belongs to.

    In time a series is a line; elsewhere every row is a series of its own.
    """

    kind: Kind
    series: tuple[str, ...]


def shape(df: pd.DataFrame) -> Shape:
    """Look at a DataFrame that `count()` gave; columns added behind its own change nothing.

    Raises UsageError for another.
    """
    missing = [name for name in NEEDED if name not in _columns(df)]
    if missing:
        raise UsageError(
            f"this is no DataFrame of counts: it has no column {missing[0]!r}; "
            "give what %%ctcount or count() gave"
        )
    if df.empty:
        raise UsageError("this DataFrame holds no count")
    axes = _axes(df)
    several = df["query"].nunique() > 1
    names = tuple(_name(row, axes, several) for row in df.to_dict("records"))
    return Shape(_kind(df, axes, names), names)


def _axes(df: pd.DataFrame) -> list[str]:
    # What stands behind the count is no axis: somebody's own column, or a share of `shares()`.
    names = list(df.columns)
    return [name for name in names[: names.index("count")] if name not in COLUMNS]


def _columns(df: pd.DataFrame) -> Collection[object]:
    try:
        return df.columns
    except StillRunningError:
        raise  # a handle says better than we what to do
    except AttributeError:
        return ()


def _kind(df: pd.DataFrame, axes: list[str], names: tuple[str, ...]) -> Kind:
    if len(set(names)) < len(df):
        return Kind.TIME
    if len(df) == 1:
        return Kind.NUMBER
    return Kind.VALUES if axes else Kind.FUNNEL


def _name(row: dict[object, object], axes: list[str], several: bool) -> str:
    values = [str(row[name]) for name in axes if not pd.isna(row[name])]  # type: ignore[call-overload]
    return ", ".join([*([str(row["query"])] if several or not values else []), *values])
