"""DataFrames of counts made by hand, with the columns that `count()` gives."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ct_magic.common.statistics import wilson
from ct_magic.results.frame import COLUMNS

MONDAY = date(2026, 9, 7)
SHARE = "App Launched 2026-09-07 share did Charged"
FUNNEL = "App Launched 2026-09-07 share did Product Viewed share did Charged"
Row = dict[str, Any]


def frame(*rows: Row) -> pd.DataFrame:
    """A DataFrame of these rows: each says what differs from one count that arrived."""
    usual = {"query": "Charged", "event": "Charged", "start": MONDAY, "end": MONDAY}
    full = [usual | {"status": "success"} | row for row in rows]
    names = dict.fromkeys(name for row in full for name in row)
    axes = [name for name in names if name not in COLUMNS]
    columns = [name for name in COLUMNS if name in names]
    order = [*columns[:1], *axes, *columns[1:]]
    df = pd.DataFrame(full, columns=order)
    for name in columns:
        if name.removeprefix("previous_") in ("start", "end"):
            days = [None if pd.isna(day) else day for day in df[name]]
            df[name] = np.array(days, dtype="datetime64[s]")  # any year, with any pandas
        else:
            df[name] = df[name].astype(COLUMNS[name])
    return df


def from_csv(path: Path) -> pd.DataFrame:
    """Read what was written, to the last digit: before pandas 3 that must be asked for."""
    exact: Row = {} if pd.__version__ >= "3" else {"float_precision": "round_trip"}
    return pd.read_csv(path, **exact)


def week(number: int, **more: Any) -> Row:
    """The row of a whole week, the first of which is number 0."""
    start = MONDAY + timedelta(days=7 * number)
    return {"start": start, "end": start + timedelta(days=6), "whole": True} | more


def share(count: int | None, of: int, **more: Any) -> Row:
    """The row of a step: its count, the base's, and what follows from both."""
    row: Row = {"step": "did Charged", "count": count, "of": of, "event": "App Launched"}
    if count is not None:
        low, high = wilson(count, of)
        row |= {"share": count / of, "low": low, "high": high}
    return row | {"query": SHARE} | more


def base(count: int, **more: Any) -> Row:
    """The row that steps are compared with."""
    row = {"step": "App Launched", "event": "App Launched", "query": SHARE}
    return row | {"count": count, "of": count, "share": 1.0} | more


def weeks(*counts: int | None, **more: Any) -> list[Row]:
    """Rows of whole weeks, one after the other."""
    return [week(number, count=count, **more) for number, count in enumerate(counts)]


def unfinished(*counts: int, **more: Any) -> pd.DataFrame:
    """Weeks of which only two days of the last are there."""
    rows = weeks(*counts, **more)
    rows[-1] |= {"end": rows[-1]["start"] + timedelta(days=1), "whole": False}
    return frame(*rows)


def funnel() -> pd.DataFrame:
    """A base of 1,844, three quarters of which looked, and a quarter bought."""
    return frame(
        base(1844, query=FUNNEL),
        share(1387, 1844, step="did Product Viewed", query=FUNNEL),
        share(474, 1844, step="did Charged", query=FUNNEL),
    )


def experiment(**counts: tuple[int, int]) -> pd.DataFrame:
    """A base and one step for each group: its count and its base's."""
    rows: list[Row] = []
    for group, (count, of) in counts.items():
        group_of = {"profile.Group": group}
        rows += [base(of, **group_of), share(count, of, **group_of)]
    return frame(*rows)


def triangle(cohorts: int = 4, size: int = 400) -> pd.DataFrame:
    """Cohorts of weeks; half of each is there a week later, and a tenth less each week after."""
    rows: list[Row] = []
    for n in range(cohorts):
        rows.append(base(size + n, after=None, **week(n)))
        for after in range(cohorts):
            is_over = n + after < cohorts
            left = 1 if after == 0 else 0.5 * 0.9 ** (after - 1)
            count = int((size + n) * left) if is_over else None
            status = {"status": "success" if is_over else "not yet"}
            step = {"step": "did Charged after weeks", "after": after}
            rows.append(share(count, size + n, **step, **week(n), **status))
    return frame(*rows)


def versus() -> pd.DataFrame:
    """Three values against the period before."""
    other = {"previous_start": date(2026, 8, 31), "previous_end": date(2026, 8, 31)}
    return frame(
        *(
            {"Category": name, "count": now, "previous": before, "change": now / before - 1} | other
            for name, now, before in (("Shoes", 700, 640), ("Bags", 333, 350), ("Toys", 51, 50))
        )
    )
