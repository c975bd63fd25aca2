"""What counts are compared with: the step before, the piece before; and where a change is."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import Any

import pandas as pd

from ct_magic.common.statistics import holm, relative_change
from ct_magic.common.words import MINUS, change as in_words, share as percent
from ct_magic.errors import UsageError
from ct_magic.results import cells
from ct_magic.results.cells import Cell, Kind
from ct_magic.results.frame import TEXT
from ct_magic.results.tables import table

_Numbers = Any  # a column; pandas' types know no arithmetic of nullable ones


def with_shares(df: pd.DataFrame) -> pd.DataFrame:
    """Return the DataFrame with columns for what counts are compared with: see `api.shares`."""
    rows = cells.cells(df)
    result = cells.with_room(df, ("share_of_step_before", "change"))
    is_a = cells.kind(rows)
    if is_a in (Kind.FUNNEL, Kind.RETENTION):
        before = cells.steps_before(rows)
        result["share_of_step_before"] = _over(_counts(rows, df), _counts(rows, df, before))
    elif is_a is Kind.TIME:
        ways = [way for pieces in cells.by_series(rows).values() for way in pairwise(pieces)]
        whole = [way for way in ways if way[0].whole and way[1].whole and cells.follows(*way)]
        # Under one label may be weeks and days.
        alike = [way for way in whole if way[0].rolls or cells.unit(way)]
        before = {id(later): earlier for earlier, later in alike}
        result["change"] = _over(_counts(rows, df), _counts(rows, df, before)) - 1
    return result


def _counts(
    rows: Sequence[Cell], df: pd.DataFrame, before: dict[int, Cell] | None = None
) -> _Numbers:
    """Return the counts of rows, or those of the rows before them."""
    some = rows if before is None else [before.get(id(row)) for row in rows]
    return pd.Series([row and row.count for row in some], index=df.index, dtype="Int64")


def _over(counts: _Numbers, others: _Numbers) -> _Numbers:
    """Return counts by others, missing where those are 0."""
    return counts / others.mask(others == 0)


# Where a change comes from: each value of some axes against all others.

SIGNIFICANT = 0.05
NOTHING = "nothing stands out"
NO_CAUSE = "where a change is, not why: a correlation is no cause"
_COUNTS = ("before", "after", "rest_before", "rest_after")


class Findings(pd.DataFrame):
    """The DataFrame of `why`, which shows its first finding in words above its rows."""

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame  # a part of it has no finding of its own

    def __repr__(self) -> str:
        return f"{self.attrs['finding']}\n{super().__repr__()}"

    def _repr_html_(self) -> str:
        lines = "".join(f"<div>{escape(line)}</div>" for line in self.attrs["finding"].split("\n"))
        return f"{lines}{pd.DataFrame(self)._repr_html_()}"  # type: ignore[operator] # untyped


def reasons_of(df: pd.DataFrame) -> pd.DataFrame:
    """Return where a change comes from: see `api.why`."""
    rows = cells.cells(df)
    whole = _whole(rows)
    values = [(row, *row.series.values[0]) for row in rows if row is not whole]
    types = {"axis": TEXT, "value": TEXT, "before": "Int64", "after": "Int64"}
    numbers = ((axis, str(value), row.previous, row.count) for row, axis, _, value in values)
    found: Any = table(numbers, types)
    found["change"] = _over(found["after"], found["before"]) - 1
    for name, count in (("before", whole.previous), ("after", whole.count)):
        found[f"rest_{name}"] = (pd.NA if count is None else count) - found[name]
    found["rest_change"] = _over(found["rest_after"], found["rest_before"]) - 1
    counts = found[list(_COUNTS)].astype("object").where(found[list(_COUNTS)].notna(), None)
    tested = [relative_change(a, b, c, d) for a, b, c, d in counts.to_numpy()]
    found["z"] = pd.array([z for z, _ in tested], dtype="Float64")
    found["p"] = pd.array(holm([p for _, p in tested]), dtype="Float64")
    found = found.sort_values("z", key=abs, ascending=False, kind="stable", ignore_index=True)
    shown = Findings(found)
    stands_out = (found["p"] < SIGNIFICANT).head(1).any()
    first = said(next(found.itertuples())) if stands_out else NOTHING
    shown.attrs = {"finding": "\n".join([first, *_coverage(found, whole), NO_CAUSE])}
    return shown


def is_findings(df: pd.DataFrame) -> bool:
    """Return True for what `why` gave."""
    return {"axis", "value", "rest_change", "z", "p", *_COUNTS} <= set(df.columns)


def said(found: Any) -> str:
    """Return a row of `why` in words: `UPI: -30 %, everybody else +1 % (z -11.2)`."""
    own, rest = (
        "no change known" if pd.isna(part) else in_words(part)
        for part in (found.change, found.rest_change)
    )
    z = "" if pd.isna(found.z) else f" (z {found.z:+.1f})".replace("-", MINUS)
    return f"{found.axis} = {found.value}: {own}, everybody else {rest}{z}"


def _whole(rows: Sequence[Cell]) -> Cell:
    wholes = [row for row in rows if not row.series.values]
    if len(wholes) != 1 or len(rows) == 1 or any(len(row.series.values) > 1 for row in rows):
        raise UsageError(
            "one statement of the whole is needed, and at least one by an axis: "
            "'Charged 2026-06 vs 2026-05', below it the same with 'by Category in (…)'"
        )
    (whole,) = wholes
    own = whole.start, whole.end, whole.previous_start, whole.previous_end
    for row in rows:
        days = row.start, row.end, row.previous_start, row.previous_end
        if row.series.step is not None or row.previous_start is None:
            raise UsageError(f"{row.series.query!r} compares no two periods: write 'vs previous'")
        if row.event != whole.event or days != own:
            raise UsageError(f"{row.series.query!r} is not of the event and the days of the whole")
    return whole


def _coverage(found: Any, whole: Cell) -> list[str]:
    """Return, for each axis, whether its values overlap or leave a part of the whole out."""
    lines = []
    wholes = {"before": whole.previous, "after": whole.count}
    for axis, some in found.groupby("axis", sort=False):
        parts = [some[name].sum() / of for name, of in wholes.items() if of]
        if any(part > 1 for part in parts):
            lines.append(f"the values of {axis} overlap: together {max(parts):.2f} times the whole")
        elif any(part < 1 for part in parts):
            lines.append(f"the values of {axis} cover {percent(min(parts))} of the whole")
    return lines
