"""Counts that cannot all be right: when a row is `inconsistent`, and gets no number.

Each count of a row is taken at a moment of its own, and what they count may change in between:
someone buys, a profile moves to another plan. Where that shows, the numbers are no answer. Own days
are compared first day by first day, since a sum may hide what its parts say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from ct_magic.rows import FEWER, PARTS, Formula, Row

Counted = Callable[[int], int | None]  # the number of a question -> its count, once it is there


@dataclass(frozen=True, slots=True)
class Values:
    """What the formulas of all rows come to, and which rows contradict others.

    A value is None where one of its counts is missing, or where it cannot be right.
    """

    counts: tuple[int | None, ...]
    ofs: tuple[int | None, ...]
    wrong: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class _Sum:
    """A formula whose counts are all there."""

    plus: tuple[int, ...]
    minus: tuple[int, ...]

    @property
    def value(self) -> int:
        return sum(self.plus) - sum(self.minus)

    @property
    def is_possible(self) -> bool:
        # first + second - both lies between the larger of the two and their sum.
        return max(self.plus) <= self.value <= sum(self.plus)


def values_of(
    rows: Sequence[Row],
    formulas: Sequence[Formula | None],
    ofs: Sequence[Formula | None],
    counted: Counted,
) -> Values:
    """Return the values of each row's formula and of what its share is of."""
    sums, bases = ([_sum(formula, counted) for formula in part] for part in (formulas, ofs))
    bad_of = [base is not None and not base.is_possible for base in bases]
    bad = {n for n, own in enumerate(sums) if own and not own.is_possible}
    groups: dict[tuple[int | None, int | None], list[tuple[Row, _Sum]]] = defaultdict(list)
    bases_of: dict[int | None, list[tuple[int, int, int]]] = defaultdict(list)
    for row, own, base in zip(rows, sums, bases, strict=True):
        outer = None if row.within is None else sums[row.within]
        if own and ((base and own.value > base.value) or (outer and _is_above(own, outer))):
            bad.add(row.number)
        if own and row.from_day is not None:
            groups[row.base, row.within].append((row, own))
            if base:
                bases_of[row.base].append((len(own.plus), base.value, row.number))
    for group in groups.values():
        bad.update(_windows_above(group))
    for number, some in bases_of.items():
        bad.update(_falling(some, sums[number] if number is not None else None))
    return Values(
        tuple(None if own is None or n in bad else own.value for n, own in enumerate(sums)),
        tuple(
            None if base is None or not_of else base.value
            for base, not_of in zip(bases, bad_of, strict=True)
        ),
        tuple(n in bad or bad_of[n] for n in range(len(rows))),
    )


def _sum(formula: Formula | None, counted: Counted) -> _Sum | None:
    if formula is None:
        return None
    plus, minus = (tuple(map(counted, part)) for part in (formula.plus, formula.minus))
    known = tuple(count for count in (*plus, *minus) if count is not None)
    return _Sum(known[: len(plus)], known[len(plus) :]) if known == (*plus, *minus) else None


def _is_above(own: _Sum, outer: _Sum) -> bool:
    """Return True where a row has more than the one it is counted among, of days on any of them."""
    if len(outer.plus) > 1 and not outer.minus and not own.minus:
        return any(a > b for a, b in zip(own.plus, outer.plus, strict=False))
    return own.value > outer.value


def _windows_above(group: Sequence[tuple[Row, _Sum]]) -> Iterator[int]:
    """Yield the numbers of rows, of one step's windows, that contradict each other."""
    for row, own in group:
        others = [pair for pair in group if pair[0] is not row]
        for other, larger in others:
            if _first(other) <= _first(row) and _last_day(row) <= _last_day(other):
                less, more = (larger, own) if row.windows == FEWER else (own, larger)
                if row.windows and any(a > b for a, b in zip(less.plus, more.plus, strict=False)):
                    yield from (row.number, other.number)
        near = [
            (o, s) for o, s in others if _first(o) <= _last_day(row) and _first(row) <= _last_day(o)
        ]
        for day, count in enumerate(own.plus if row.windows == PARTS else ()):
            parts = [(other, sums.plus[day]) for other, sums in near if day < len(sums.plus)]
            if count > _cheapest_cover(row, parts):
                yield from (row.number, *(part.number for part, _ in parts))


def _cheapest_cover(row: Row, parts: Sequence[tuple[Row, int]]) -> float:
    """Return the smallest sum of windows that together hold every day of a row's."""
    costs: dict[int, float] = {_first(row): 0}  # the first day not covered yet -> its cost
    for part, count in sorted(parts, key=lambda pair: _last_day(pair[0])):
        before = [cost for day, cost in costs.items() if _first(part) <= day <= _last_day(part)]
        after = _last_day(part) + 1
        costs[after] = min([cost + count for cost in before] + [costs.get(after, inf)])
    return min((cost for day, cost in costs.items() if day > _last_day(row)), default=inf)


def _first(row: Row) -> int:
    return row.from_day or 0


def _last_day(row: Row) -> int:
    return row.to_day or 0


def _falling(bases: Sequence[tuple[int, int, int]], whole: _Sum | None) -> Iterator[int]:
    """Yield the rows whose base on fewer days is above that on more, or on all."""
    yield from (number for _, of, number in bases if whole and of > whole.value)
    for fewer, more in pairwise(sorted(bases)):
        if fewer[1] > more[1]:
            yield from (fewer[2], more[2])
