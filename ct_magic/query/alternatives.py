"""The rules of `or`: a condition -> alternative terms -> single counts added and subtracted.

CleverTap requires every filter, so an `or` is multiplied out into terms (rules 1 and 2 of the
README, "Or"), and the terms become one `did any` (rule 3) or "first + second - both" (rule 4):

    E where Category = "Shoes" or Amount > 5 and tech.OS = "iOS"
    terms   (Category = "Shoes")  (Amount > 5, tech.OS = "iOS")
    counts  E where Category = "Shoes"  +  E where Amount > 5 and tech.OS = "iOS"
            -  E where Category = "Shoes" and tech.OS = "iOS" did E where Amount > 5

"Both" takes a `did`: one event may be Shoes, and another of the same profile above 5. `by first`
and own days exclude in each count the profiles that did the event before, which works in one count
only: there an `or` must be one `did any`.
"""

from __future__ import annotations

import heapq
from bisect import insort
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby, product

from ct_magic.query import model
from ct_magic.query.lexer import ClauseError
from ct_magic.rows import Record, replace

# Rule 2 of `or`: alternative terms are merged where one count finds the same. README.md here, "Or".
#
# A term that is there twice, or that has all conditions of another and more, is dropped; then the
# first two in the text that differ in one `=` of one property become one `in (…)`; both again until
# nothing changes. An `or` may have thousands of parts, so terms are found by their conditions,
# never by comparing each with each.

Single = model.Filter | model.AtPlace
Term = tuple[Single, ...]  # conditions that must all hold
# What two terms must share to become one: the property, and the bits of all other conditions.
Rest = tuple[object, int]


def merged(terms: Iterable[Term]) -> tuple[Term, ...]:
    """Return the terms that remain, in the order of the text."""
    return _Terms(terms).merged()


def condition_keys(term: Iterable[Single]) -> frozenset[model.Identity]:
    """Return what is equal for two terms that ask the same."""
    return frozenset(map(model.identity, term))


class _Terms:
    """Terms by their places in the text, with indexes over their conditions.

    `_marked` finds a term by one of its conditions, `_holding` by any. `_alike` has the places of
    terms that differ in one condition of one property only, `_pairs` the first two of each.
    """

    def __init__(self, terms: Iterable[Term]) -> None:
        self._terms: dict[int, dict[model.Identity, Single]] = {}
        self._rests: dict[int, list[Rest]] = {}
        self._marked: dict[model.Identity, set[int]] = defaultdict(set)
        self._holding: dict[model.Identity, set[int]] = defaultdict(set)
        self._alike: dict[Rest, list[int]] = defaultdict(list)
        self._pairs: list[tuple[int, int, int, Rest]] = []
        self._bits: dict[model.Identity, int] = {}
        for place, term in enumerate(terms):
            self._add(place, {model.identity(each): each for each in model.once(term)})

    def merged(self) -> tuple[Term, ...]:
        while self._pairs:
            first, second, _, rest = heapq.heappop(self._pairs)
            if self._alike[rest][:2] == [first, second]:
                term = self._united(first, second)
                self._remove(second)
                self._remove(first)
                self._add(first, term)
        return tuple(tuple(self._terms[place].values()) for place in sorted(self._terms))

    def _add(self, place: int, term: dict[model.Identity, Single]) -> None:
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
        self._terms[place], self._rests[place] = term, self._rests_of(term)
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

    def _rests_of(self, term: dict[model.Identity, Single]) -> list[Rest]:
        """Return for each condition that may become a list its property, and the others beside it.

        Each condition has a bit of its own, so the others are one number: no two sets have the same
        one, as hashes may, and a term of n conditions takes n numbers of n bits, not n sets.
        """
        bits = {k: 1 << self._bits.setdefault(k, len(self._bits)) for k in term}
        whole = sum(bits.values())
        return [(k[0], whole ^ bits[k]) for k, condition in term.items() if _can_be_list(condition)]

    def _note_pair(self, rest: Rest) -> None:
        if len(places := self._alike[rest]) > 1:
            heapq.heappush(self._pairs, (places[0], places[1], len(self._pairs), rest))

    def _united(self, first: int, second: int) -> dict[model.Identity, Single]:
        left, right = self._terms[first], self._terms[second]
        (new,) = right.keys() - left.keys()
        both = (
            (k, condition) if k in right else _merged_filter(k, condition, new, right[new])
            for k, condition in left.items()
        )
        return dict(both)


def _can_be_list(condition: Single) -> bool:
    return isinstance(condition, model.AtPlace) or (
        condition.operator is model.Operator.EQUALS
        and not isinstance(condition.value, model.ClockRange)
    )


def _merged_filter(
    key_left: model.Identity, left: Single, key_right: model.Identity, right: Single
) -> tuple[model.Identity, Single]:
    """Return the condition that one of two holds, and its key; both are of one property."""
    about, operator, held = key_left
    values = model.values_in(left)
    values += tuple(value for value in model.values_in(right) if repr(value) not in held)
    united = about, operator, held | key_right[2]
    if isinstance(left, model.AtPlace):
        return united, model.AtPlace(values)
    return united, replace(left, value=values)


MOST_TERMS = 12
MOST_IN_A_SUM = 3  # counts: first + second - both
_FOR_EACH = "take a statement for each alternative"


class Sum(Record):
    """Single counts added and subtracted."""

    plus: tuple[model.Query | model.JsonQuery, ...]
    minus: tuple[model.Query | model.JsonQuery, ...] = ()
    has_events: bool = True  # False: the split into events, users and devices is not the row's


def terms_of(condition: model.Condition) -> tuple[Term, ...]:
    """Return the alternatives that a condition has when it is multiplied out and merged."""
    match condition:
        case model.Or(parts):
            return _not_too_many([term for part in parts for term in terms_of(part)])
        case model.And(parts):
            terms: tuple[Term, ...] = ((),)
            for alternatives in _factors(parts):
                pairs = product(terms, alternatives)
                terms = _not_too_many([(*left, *right) for left, right in pairs])
            return terms
        case _:
            return ((condition,),)


def _factors(parts: Iterable[model.Condition]) -> Iterator[tuple[Term, ...]]:
    """Yield the terms of each bracket, and those of neighbouring conditions as one term."""
    for is_bracket, group in groupby(parts, lambda part: isinstance(part, model.And | model.Or)):
        if is_bracket:
            yield from map(terms_of, group)
        else:
            yield (tuple(group),)  # type: ignore[arg-type] # what is no bracket is single


def counts_of(base: model.Query, terms: tuple[Term, ...], only_one: str | None) -> Sum:
    """Return the counts of a base with these terms; `only_one` names what allows one count only."""
    if len(terms) == 1:
        return Sum((_with(base, terms[0]),))
    common = tuple(c for c in terms[0] if not _is_of_event(c) and all(_holds(t, c) for t in terms))
    events = tuple(tuple(c for c in term if not _holds(common, c)) for term in terms)
    if all(_is_of_event(condition) for term in events for condition in term):
        if any(isinstance(clause, model.DidAny) for clause in base.clauses):
            sent = "this 'or' is sent as a 'did any', and the statement has one of its own"
            raise ClauseError(f"{sent}: {_FOR_EACH}", "OR")
        any_of = model.DidAny(tuple(_event(base, term) for term in events))
        clauses = (*base.clauses, any_of)
        return Sum((replace(_with(base, common), clauses=clauses),), has_events=False)
    if only_one is not None:
        beside = f"{only_one} cannot be beside an 'or' over the profile"
        raise ClauseError(f"{beside}: {_FOR_EACH}", "OR")
    if len(terms) > 2:
        of_two = "an 'or' over the profile is first + second - both, so it has two alternatives"
        raise ClauseError(f"{of_two}, and here are {len(terms)}: take a statement for each", "OR")
    return Sum((_with(base, terms[0]), _with(base, terms[1])), (_both_terms(base, *terms),))


def _both_terms(base: model.Query, first: Term, second: Term) -> model.Query:
    """Return the count of the profiles to which both terms apply."""
    profile = [c for c in (*first, *second) if not _is_of_event(c)]
    left, right = (tuple(filter(_is_of_event, term)) for term in (first, second))
    single = _with(base, (*(left or right), *model.once(profile)))
    if left and right and condition_keys(left) != condition_keys(right):
        return replace(single, clauses=(*single.clauses, model.Did(_event(base, right))))
    return single


def without_earlier(base: model.Query, terms: tuple[Term, ...], earlier: model.Days) -> model.Query:
    """Return a base that leaves out who did its event, by these terms, on the earlier days."""
    before = (model.DidNot(_event(base, term, earlier)) for term in terms)
    return replace(base, clauses=(*base.clauses, *before))


def _with(base: model.Query, term: Term) -> model.Query:
    places = [condition for condition in term if isinstance(condition, model.AtPlace)]
    if len(condition_keys(places)) > 1:
        twice = "two conditions on 'geo' meet in one count: say the place in one of them"
        raise ClauseError(twice, "WHERE")
    filters = tuple(condition for condition in term if isinstance(condition, model.Filter))
    event = replace(base.event, where=filters)
    return replace(base, event=event, places=places[0].places if places else ())


def _event(base: model.Query, term: Term, period: model.Days | None = None) -> model.Event:
    """Return the base's event with what a term says of it."""
    return model.Event(base.event.name, tuple(filter(_is_of_event, term)), period)  # type: ignore[arg-type] # these are filters


def _is_of_event(condition: Single) -> bool:
    return isinstance(condition, model.Filter) and condition.property.scope in model.OF_AN_EVENT


def _not_too_many(terms: Iterable[Term]) -> tuple[Term, ...]:
    left = merged(terms)
    if len(left) > MOST_TERMS:
        many = f"multiplied out this 'or' has more than {MOST_TERMS} alternatives"
        raise ClauseError(f"{many}: ask fewer at once, or take several statements", "OR")
    return left


def _holds(term: Term, condition: Single) -> bool:
    return model.identity(condition) in condition_keys(term)
