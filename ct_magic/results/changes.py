"""What counts are compared with, as columns: the step before, the piece before."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pandas as pd

from ct_magic.results.cells import (
    Cell,
    Kind,
    by_series,
    cells,
    follows,
    is_over_time,
    kind,
    steps_before,
    with_room,
)


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

    Anything else gets no column. Two statements need not be about the same profiles, and a profile
    may have several values: write `share did …` for a share. A DataFrame with `vs` has its change
    already, and is left as it is. Raise UsageError for a DataFrame that holds no counts.
    """
    rows = cells(df)
    result = with_room(df, ("share_of_step_before", "change"))
    is_a = kind(rows)
    if is_a in (Kind.FUNNEL, Kind.RETENTION):
        before = steps_before(rows)
        known = [(row.count, before.get(id(row))) for row in rows]
        result["share_of_step_before"] = _column(
            [None if other is None else _over(count, other.count) for count, other in known], df
        )
    elif is_a is Kind.TIME and is_over_time(rows):
        changes = _changes(rows)
        result["change"] = _column([changes.get(id(row)) for row in rows], df)
    return result


def _changes(rows: Sequence[Cell]) -> dict[int, float | None]:
    changes: dict[int, float | None] = {}
    for pieces in by_series(rows).values():
        for earlier, later in pairwise(pieces):
            if earlier.whole and later.whole and follows(earlier, later):
                ratio = _over(later.count, earlier.count)
                changes[id(later)] = None if ratio is None else ratio - 1
    return changes


def _over(count: int | None, other: int | None) -> float | None:
    return count / other if count is not None and other else None


def _column(values: Sequence[float | None], df: pd.DataFrame) -> pd.Series[float]:
    numbers: pd.Series[float] = pd.Series(list(values), index=df.index, dtype="Float64")
    return numbers
