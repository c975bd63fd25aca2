"""What counts are compared with: the step before, the piece before; and where a change is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from itertools import pairwise
from typing import Any

import pandas as pd

from ct_magic.common.statistics import holm, relative_change
from ct_magic.common.words import MINUS, change as in_words, share as percent
from ct_magic.errors import UsageError
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
from ct_magic.rows import Record


def with_shares(df: pd.DataFrame) -> pd.DataFrame:
    """Return the DataFrame with columns for what counts are compared with: see `api.shares`."""
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
                changes[id(later)] = _change(later.count, earlier.count)
    return changes


def _over(count: int | None, other: int | None) -> float | None:
    return count / other if count is not None and other else None


def _change(count: int | None, other: int | None) -> float | None:
    ratio = _over(count, other)
    return None if ratio is None else ratio - 1


def _column(values: Sequence[float | None], df: pd.DataFrame) -> pd.Series[float]:
    numbers: pd.Series[float] = pd.Series(list(values), index=df.index, dtype="Float64")
    return numbers


# Where a change comes from: each value of some axes beside everybody else.

SIGNIFICANT = 0.05
NOTHING = "nothing stands out"
NO_CAUSE = "where a change is, not why: a correlation is no cause"
_WHY = ("axis", "value", "before", "after", "change", "rest_before", "rest_after", "rest_change")
_NUMBERS: dict[str, Any] = {
    name: "Float64" if "change" in name else "Int64" for name in _WHY if name not in _WHY[:2]
}


class Finding(Record):
    """A value before and after, and everybody else; `p` is adjusted for all that were looked at."""

    axis: str
    value: str
    before: int | None
    after: int | None
    change: float | None
    rest_before: int | None
    rest_after: int | None
    rest_change: float | None
    z: float | None
    p: float | None

    @property
    def is_significant(self) -> bool:
        """True where chance alone would hardly have made it."""
        return self.p is not None and self.p < SIGNIFICANT

    def __str__(self) -> str:
        """Return it in words: `UPI: -30 %, everybody else +1 % (z -11.2)`."""
        own, rest = (_in_words(part) for part in (self.change, self.rest_change))
        z = "" if self.z is None else f" (z {self.z:+.1f})".replace("-", MINUS)
        return f"{self.axis} = {self.value}: {own}, everybody else {rest}{z}"


class Findings(pd.DataFrame):
    """The DataFrame of `why`, which shows its first finding in words above its rows."""

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame  # what is taken out of it says nothing of the whole

    def __repr__(self) -> str:
        return f"{self.attrs['finding']}\n{super().__repr__()}"

    def _repr_html_(self) -> str:
        lines = "".join(f"<div>{escape(line)}</div>" for line in self.attrs["finding"].split("\n"))
        return f"{lines}{pd.DataFrame(self)._repr_html_()}"  # type: ignore[operator] # untyped


def reasons_of(df: pd.DataFrame) -> pd.DataFrame:
    """Return where a change comes from: see `api.why`."""
    rows = cells(df)
    whole = _whole(rows)
    known = [(row, *row.series.values[0]) for row in rows if row is not whole]
    found = [_finding(axis, str(value), row, whole) for row, axis, _, value in known]
    likely = [f.p for f in found if f.p is not None]
    adjusted = iter(holm(likely))
    found = [f if f.p is None else replace(f, p=next(adjusted)) for f in found]
    found.sort(key=lambda f: -1.0 if f.z is None else abs(f.z), reverse=True)
    columns = {name: [getattr(f, name) for f in found] for name in (*_WHY, "z", "p")}
    types = {"axis": "string", "value": "string", "z": "Float64", "p": "Float64", **_NUMBERS}
    shown = Findings(pd.DataFrame(columns).astype(types))
    first = str(found[0]) if found and found[0].is_significant else NOTHING
    shown.attrs = {"finding": "\n".join([first, *_coverage(found, whole), NO_CAUSE])}
    return shown


def findings(df: pd.DataFrame) -> list[Finding] | None:
    """Return the rows of what `why` gave; None for another DataFrame."""
    names = [*_WHY, "z", "p"]
    if not set(names) <= set(df.columns):
        return None
    plain = df[names].astype("object").where(df[names].notna(), None)
    return [Finding(*line) for line in plain.itertuples(index=False, name=None)]


def _whole(rows: Sequence[Cell]) -> Cell:
    wholes = [row for row in rows if not row.series.values]
    if len(wholes) != 1 or len(rows) == 1 or any(len(row.series.values) > 1 for row in rows):
        raise UsageError(
            "one statement of the whole is needed, and at least one by an axis: "
            "'Charged 2026-06 vs 2026-05', below it the same with 'by Category in (…)'"
        )
    (whole,) = wholes
    for row in rows:
        if row.series.step is not None or row.previous_start is None:
            raise UsageError(f"{row.series.query!r} compares no two periods: write 'vs previous'")
        if row.event != whole.event or _days(row) != _days(whole):
            raise UsageError(f"{row.series.query!r} is not of the event and the days of the whole")
    return whole


def _days(row: Cell) -> tuple[object, ...]:
    return row.start, row.end, row.previous_start, row.previous_end


def _finding(axis: str, value: str, row: Cell, whole: Cell) -> Finding:
    before, after = row.previous, row.count
    rest_before, rest_after = _less(whole.previous, before), _less(whole.count, after)
    z, p = relative_change(before, after, rest_before, rest_after)
    return Finding(
        axis=axis,
        value=value,
        before=before,
        after=after,
        change=_change(after, before),
        rest_before=rest_before,
        rest_after=rest_after,
        rest_change=_change(rest_after, rest_before),
        z=z,
        p=p,
    )


def _less(count: int | None, other: int | None) -> int | None:
    return None if count is None or other is None else count - other


def _coverage(found: Sequence[Finding], whole: Cell) -> list[str]:
    """Return, for each axis, whether its values overlap or leave a part of the whole out."""
    lines = []
    for axis in dict.fromkeys(f.axis for f in found):
        sums = [
            sum(count or 0 for count in counts)
            for counts in zip(*((f.before, f.after) for f in found if f.axis == axis), strict=True)
        ]
        wholes = (whole.previous, whole.count)
        parts = [_over(total, of) for total, of in zip(sums, wholes, strict=True)]
        known = [part for part in parts if part is not None]
        if any(part > 1 for part in known):
            lines.append(f"the values of {axis} overlap: together {max(known):.2f} times the whole")
        elif any(part < 1 for part in known):
            lines.append(f"the values of {axis} cover {percent(min(known))} of the whole")
    return lines


def _in_words(change: float | None) -> str:
    return "no change known" if change is None else in_words(change)
