"""Shares and changes of counts: what they are compared with, as columns."""

from __future__ import annotations

import pandas as pd

from .kind import Kind, shape


def shares(df: pd.DataFrame) -> pd.DataFrame:
    """Give the DataFrame with columns for what its counts are compared with; `df` is left alone.

    Several statements over one period, a funnel, get

    | column | dtype | |
    | --- | --- | --- |
    | share_of_first | Float64 | count / the first row's count |
    | share_of_previous | Float64 | count / the count of the row before |

    and counts over time get, within each series (a statement, or a value of `by`),

    | column | dtype | |
    | --- | --- | --- |
    | change | Float64 | count / the count of the piece before, minus 1 |

    as fractions: 0.25 is a quarter. A value is missing where a count is, where it would be divided
    by 0, and where nothing comes before. The first and the last piece of a period may be short,
    which `start` and `end` show: their change says so too.

    One count for each value gets no column: a profile may have several values, so these counts
    are not parts of a whole. Raises UsageError for a DataFrame that holds no counts.
    """
    known, found = shape(df), df.copy()
    counts = df["count"].astype("Float64")
    if known.kind is Kind.FUNNEL:
        found["share_of_first"] = _over(counts, counts.iloc[0])
        found["share_of_previous"] = _over(counts, counts.shift(1))
    if known.kind is Kind.TIME:
        names = pd.Series(known.series, index=df.index)
        found["change"] = _over(counts, counts.groupby(names).shift(1)) - 1
    return found


def _over(counts: pd.Series[float], others: pd.Series[float] | float) -> pd.Series[float]:
    below = pd.Series(others, index=counts.index, dtype="Float64")
    return counts / below.mask(below == 0)
