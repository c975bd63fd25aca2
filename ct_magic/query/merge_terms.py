"""Rule 2 of `or`: alternative terms that say the same are merged. Rule: README.md here, "Or".

First a term that stands twice counts once, and one that holds another's conditions and more is
dropped; then the first two in the text that differ in one `=` of one property become one `in (…)`;
and so again until nothing changes. An `or` may have thousands of parts, so terms are found by
their conditions, never by comparing each with each.
"""

from __future__ import annotations

import heapq
from bisect import insort
from collections import defaultdict
from collections.abc import Iterable
from functools import reduce
from operator import xor

from .model import AtPlace, ClockRange, Filter, Operator, Scalar

Single = Filter | AtPlace
Term = tuple[Single, ...]  # conditions that must all hold
# Equal for two conditions that ask the same: property, operator and the set of values.
_Key = tuple[object, Operator | None, frozenset[object]]
Rest = tuple[object, int, int]


def merged(terms: Iterable[Term]) -> tuple[Term, ...]:
    """Return the terms that are left, in the order of the text."""
    return _Terms(terms).merged()


def once(term: Iterable[Single]) -> Term:
    """Return the conditions, each once."""
    seen = {condition_key(condition): condition for condition in reversed(tuple(term))}
    return tuple(reversed(seen.values()))


def condition_keys(term: Iterable[Single]) -> frozenset[_Key]:
    """Return what is equal for two terms that ask the same."""
    return frozenset(map(condition_key, term))


def condition_key(condition: Single) -> _Key:
    """Return what is equal for two conditions that ask the same."""
    if isinstance(condition, AtPlace):
        return AtPlace, None, frozenset(condition.places)
    if isinstance(condition.value, ClockRange):
        return condition.property, condition.operator, frozenset([condition.value])
    return condition.property, condition.operator, frozenset(map(_typed, _values(condition)))


class _Terms:
    """Terms by their places in the text, and where each can be found by its conditions.

    `_marked` finds a term by one of its conditions, `_holding` by any. `_alike` holds the places of
    terms that are the same but for one condition of one property; `_pairs` their first two.
    """

    def __init__(self, terms: Iterable[Term]) -> None:
        self._terms: dict[int, dict[_Key, Single]] = {}
        self._rests: dict[int, list[Rest]] = {}
        self._marked: dict[_Key, set[int]] = defaultdict(set)
        self._holding: dict[_Key, set[int]] = defaultdict(set)
        self._alike: dict[Rest, list[int]] = defaultdict(list)
        self._pairs: list[tuple[int, int, int, Rest]] = []
        for place, term in enumerate(terms):
            self._add(place, {condition_key(condition): condition for condition in once(term)})

    def merged(self) -> tuple[Term, ...]:
        while self._pairs:
            first, second, _, rest = heapq.heappop(self._pairs)
            if self._alike[rest][:2] == [first, second]:
                term = self._united(first, second)
                self._remove(second)
                self._remove(first)
                self._add(first, term)
        return tuple(tuple(self._terms[place].values()) for place in sorted(self._terms))

    def _add(self, place: int, term: dict[_Key, Single]) -> None:
        keys = term.keys()
        inside = {other for key in keys for other in self._marked[key]}
        others = ((other, self._terms[other].keys()) for other in inside)
        if any(
            other_keys < keys or (other_keys == keys and other < place)
            for other, other_keys in others
        ):
            return
        mark = next(iter(keys))
        for other in [key for key in self._holding[mark] if keys <= self._terms[key].keys()]:
            self._remove(other)
        self._terms[place], self._rests[place] = term, _rests(term)
        self._marked[mark].add(place)
        for key in keys:
            self._holding[key].add(place)
        for rest in self._rests[place]:
            insort(self._alike[rest], place)
            self._note_pair(rest)

    def _remove(self, place: int) -> None:
        for key in self._terms.pop(place):
            self._marked[key].discard(place)
            self._holding[key].discard(place)
        for rest in self._rests.pop(place):
            self._alike[rest].remove(place)
            self._note_pair(rest)

    def _note_pair(self, rest: Rest) -> None:
        if len(places := self._alike[rest]) > 1:
            heapq.heappush(self._pairs, (places[0], places[1], len(self._pairs), rest))

    def _united(self, first: int, second: int) -> dict[_Key, Single]:
        left, right = self._terms[first], self._terms[second]
        (new,) = right.keys() - left.keys()
        both = (
            (k, condition) if k in right else _either(k, condition, new, right[new])
            for k, condition in left.items()
        )
        return dict(both)


def _rests(term: dict[_Key, Single]) -> list[Rest]:
    """Return for each condition that may become a list what stands beside it, and its property.

    What stands beside it is a number made of all other conditions: a set of them for each would
    take the square of their number.
    """
    whole = reduce(xor, map(hash, term), 0)
    return [
        (k[0], len(term), whole ^ hash(k))
        for k, condition in term.items()
        if _can_be_list(condition)
    ]


def _can_be_list(condition: Single) -> bool:
    return isinstance(condition, AtPlace) or (
        condition.operator is Operator.EQUALS and not isinstance(condition.value, ClockRange)
    )


def _either(key_left: _Key, left: Single, key_right: _Key, right: Single) -> tuple[_Key, Single]:
    """Return the condition that one of two holds, and its key; both are of one property."""
    about, operator, held = key_left
    united = about, operator, held | key_right[2]
    if isinstance(left, AtPlace) and isinstance(right, AtPlace):
        new_places = (place for place in right.places if place not in held)
        return united, AtPlace((*left.places, *new_places))
    if not isinstance(left, Filter) or not isinstance(right, Filter):
        raise TypeError("a place and a filter have nothing in common")
    new_values = (value for value in _values(right) if _typed(value) not in held)
    return united, Filter(left.property, left.operator, (*_values(left), *new_values))


def _values(condition: Filter) -> tuple[Scalar, ...]:
    match condition.value:
        case tuple() as values:
            return values
        case ClockRange():
            return ()
        case value:
            return (value,)


def _typed(value: Scalar) -> object:
    # To Python 1 and 1.0 are equal; to the service they may not be.
    return type(value).__name__, value
