"""Counts that cannot all be right: when a row is `inconsistent`, and gets no number.

Each count of a row is taken at a moment of its own, and what they count may change in between:
someone buys, a profile moves to another plan. Where that shows, the numbers are no answer. Own days
are compared first day by first day, since a sum may hide what its parts say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ct_magic.rows import FEWER, MORE, PARTS, Formula, Row

Counted = Callable[[int], int | None]  # the number of a question -> its count, once it is there


@dataclass(frozen=True, slots=True)
class Values:
    """What the formulas of all rows come to, and which rows contradict others.

    A value is None where one of its counts is missing, or the formula is impossible in itself.
    """

    counts: tuple[int | None, ...]
    ofs: tuple[int | None, ...]
    wrong: tuple[bool, ...]


def values_of(
    rows: Sequence[Row],
    formulas: Sequence[Formula | None],
    ofs: Sequence[Formula | None],
    counted: Counted,
) -> Values:
    """Return the values of each row's formula and of what its share is of."""
    counts, bases = ([_value(f, counted) for f in part] for part in (formulas, ofs))
    wrong = [not _is_possible(f, counted) for f in formulas]
    wrong_of = [not _is_possible(f, counted) for f in ofs]
    days = [_days(f, counted) for f in formulas]
    own: dict[tuple[int | None, int | None], list[Row]] = defaultdict(list)
    for row in rows:
        n, within = row.number, row.within
        value, of = counts[n], bases[n]
        if value is not None and of is not None and value > of:
            wrong[n] = True
        if within is not None and _is_above(row, rows[within], counts, days):
            wrong[n] = True
        if row.from_day is not None and days[n]:
            own[row.base, within].append(row)
    contradicted = (number for group in own.values() for number in _windows(group, days))
    for number in (*contradicted, *_rising(rows, counts, bases, formulas)):
        wrong[number] = True
    return Values(
        tuple(None if bad else value for value, bad in zip(counts, wrong, strict=True)),
        tuple(None if bad else value for value, bad in zip(bases, wrong_of, strict=True)),
        tuple(map(max, wrong, wrong_of)),
    )


def _value(formula: Formula | None, counted: Counted) -> int | None:
    if formula is None:
        return None
    plus, minus = ([counted(n) for n in part] for part in (formula.plus, formula.minus))
    known = [count for count in (*plus, *minus) if count is not None]
    if len(known) < len(plus) + len(minus):
        return None
    return sum(known[: len(plus)]) - sum(known[len(plus) :])


def _is_possible(formula: Formula | None, counted: Counted) -> bool:
    # first + second - both lies between the larger of the two and their sum.
    value = _value(formula, counted)
    if formula is None or value is None:
        return True
    terms = [counted(number) or 0 for number in formula.plus]
    return max(terms) <= value <= sum(terms)


def _days(formula: Formula | None, counted: Counted) -> list[int]:
    """Return the counts of a sum, in order, once all are there."""
    counts = [counted(number) for number in formula.plus] if formula else []
    known = [count for count in counts if count is not None]
    return known if len(known) == len(counts) else []


def _is_above(
    row: Row, outer: Row, counts: Sequence[int | None], days: Sequence[list[int]]
) -> bool:
    """Return True where a row has more than the one that it is counted among."""
    if row.from_day is not None and outer.from_day is not None:
        return any(a > b for a, b in zip(days[row.number], days[outer.number], strict=False))
    value, most = counts[row.number], counts[outer.number]
    return value is not None and most is not None and value > most


def _windows(rows: Sequence[Row], days: Sequence[list[int]]) -> Iterable[int]:
    """Yield the numbers of rows, of one step's windows, that contradict each other."""
    for row in rows:
        for other in rows:
            if other is not row and _holds(other, row):
                pairs = list(zip(days[row.number], days[other.number], strict=False))
                more = row.windows in (MORE, PARTS) and any(a > b for a, b in pairs)
                if more or (row.windows == FEWER and any(a < b for a, b in pairs)):
                    yield from (row.number, other.number)
        if row.windows == PARTS:
            parts = [other for other in rows if other is not row and _meets(other, row)]
            for at, count in enumerate(days[row.number]):
                here = [
                    (part, days[part.number][at]) for part in parts if at < len(days[part.number])
                ]
                most = _cheapest_cover(row, here)
                if most is not None and count > most:
                    yield from (row.number, *(part.number for part, _ in here))
                    break


def _holds(outer: Row, inner: Row) -> bool:
    a, b, c, d = (day or 0 for day in (outer.from_day, inner.from_day, inner.to_day, outer.to_day))
    return a <= b and c <= d


def _meets(row: Row, other: Row) -> bool:
    a, b, c, d = (day or 0 for day in (row.from_day, row.to_day, other.from_day, other.to_day))
    return a <= d and c <= b


def _cheapest_cover(row: Row, parts: Sequence[tuple[Row, int]]) -> int | None:
    """Return the smallest sum of windows that together hold every day of a row's."""
    costs = {row.from_day or 0: 0}  # the first day that is not covered yet -> its cost
    for part, count in sorted(parts, key=lambda pair: pair[0].to_day or 0):
        first, last = part.from_day or 0, part.to_day or 0
        before = [cost for day, cost in costs.items() if first <= day <= last]
        if before:
            costs[last + 1] = min(min(before) + count, costs.get(last + 1, min(before) + count))
    return min((cost for day, cost in costs.items() if day > (row.to_day or 0)), default=None)


def _rising(
    rows: Sequence[Row],
    counts: Sequence[int | None],
    ofs: Sequence[int | None],
    formulas: Sequence[Formula | None],
) -> Iterable[int]:
    """Yield the rows of own days whose base on fewer days is above that on more."""
    of_bases: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for row in rows:
        of, formula = ofs[row.number], formulas[row.number]
        if row.from_day is None or row.base is None or of is None or formula is None:
            continue
        of_bases[row.base].append((len(formula.plus), of, row.number))
        whole = counts[row.base]
        if whole is not None and of > whole:
            yield row.number
    for bases in of_bases.values():
        for fewer, more in pairwise(sorted(bases)):
            if fewer[1] > more[1]:
                yield from (fewer[2], more[2])
