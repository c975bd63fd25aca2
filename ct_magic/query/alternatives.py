"""The rules of `or`: a condition -> alternative terms -> single counts added and subtracted.

CleverTap requires every filter, so an `or` is multiplied out into terms (rules 1 and 2 of the
README, "Or"), and the terms become one `did any` (rule 3) or "first + second - both" (rule 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby, product

from .clause_error import ClauseError
from .model import (
    And,
    AtPlace,
    ClockRange,
    Condition,
    Days,
    DidAny,
    Event,
    Filter,
    JsonQuery,
    Operator,
    Or,
    Place,
    Query,
    Scalar,
    Scope,
)

Single = Filter | AtPlace
Term = tuple[Single, ...]  # conditions that must all hold
MOST_TERMS = 12
OF_THE_EVENT = (Scope.EVENT, Scope.SESSION)
TOO_MANY = (
    f"multiplied out this 'or' has more than {MOST_TERMS} alternatives: "
    "ask fewer at once, or take several statements"
)
TAKEN = (
    "this 'or' is sent as a 'did any', and the statement has one of its own: "
    "take a statement for each alternative"
)
THREE = (
    "an 'or' over the profile is first + second - both, so it has two alternatives, "
    "and here are {n}: take a statement for each"
)
NOT_FIRST = (
    "'by first' cannot stand beside an 'or' over the profile: take a statement for each alternative"
)
TWO_PLACES = "two conditions on 'geo' meet in one count: say the place in one of them"


@dataclass(frozen=True, slots=True)
class Sum:
    """Single counts added and subtracted.

    `has_events` is False where a base was sent without some of its filters, so that the events,
    users and devices behind the count are not the row's.
    """

    plus: tuple[Query | JsonQuery, ...]
    minus: tuple[Query | JsonQuery, ...] = ()
    has_events: bool = True

    @property
    def is_single(self) -> bool:
        """Return True if this is one count whose base was sent with all its filters."""
        return self.has_events and len(self.plus) == 1 and not self.minus

    @property
    def counts(self) -> tuple[Query | JsonQuery, ...]:
        """Return all single counts, those that are added first."""
        return (*self.plus, *self.minus)


def terms_of(condition: Condition) -> tuple[Term, ...]:
    """Return the alternatives that a condition has when it is multiplied out and merged."""
    match condition:
        case Or(parts):
            return _merged([term for part in parts for term in terms_of(part)])
        case And(parts):
            terms: tuple[Term, ...] = ((),)
            for alternatives in _factors(parts):
                pairs = product(terms, alternatives)
                terms = _merged([(*left, *right) for left, right in pairs])
            return terms
        case _:
            return ((condition,),)


def _factors(parts: Iterable[Condition]) -> Iterator[tuple[Term, ...]]:
    """Yield the terms of each bracket, and those of neighbouring conditions as one term."""
    for is_single, group in groupby(parts, lambda part: isinstance(part, Filter | AtPlace)):
        if is_single:
            yield (tuple(part for part in group if isinstance(part, Filter | AtPlace)),)
        else:
            yield from map(terms_of, group)


def counts_of(base: Query, terms: tuple[Term, ...], *, first: bool, earlier: Days | None) -> Sum:
    """Return the counts of a base whose `where` are these terms.

    `first` is True under `by first …`; `earlier` are the days on which the profile must not have
    done the event, None for the first piece.
    """
    base = _without_earlier(base, terms, earlier)
    if len(terms) == 1:
        return Sum((_with(base, terms[0]),))
    common = tuple(c for c in terms[0] if not _is_of_event(c) and all(_holds(t, c) for t in terms))
    events = tuple(tuple(c for c in term if not _holds(common, c)) for term in terms)
    if all(_is_of_event(condition) for term in events for condition in term):
        return _as_did_any(base, common, events)
    if first:
        raise ClauseError(NOT_FIRST, "OR")
    if len(terms) > 2:
        raise ClauseError(THREE.format(n=len(terms)), "OR")
    both = _both(base, *terms)
    return Sum((_with(base, terms[0]), _with(base, terms[1])), (both,))


def _as_did_any(base: Query, common: Term, terms: tuple[Term, ...]) -> Sum:
    if base.did_any is not None:
        raise ClauseError(TAKEN, "OR")
    events = tuple(Event(base.event.name, _filters(term)) for term in terms)
    return Sum((replace(_with(base, common), did_any=DidAny(events)),), has_events=False)


def _both(base: Query, first: Term, second: Term) -> Query:
    """Return the count of those to whom both terms apply."""
    profile = [c for c in (*first, *second) if not _is_of_event(c)]
    one, other = (tuple(filter(_is_of_event, term)) for term in (first, second))
    single = _with(base, (*(one or other), *_once(profile)))
    if one and other and _keys(one) != _keys(other):
        return replace(single, did=(*single.did, Event(base.event.name, _filters(other))))
    return single


def _without_earlier(base: Query, terms: tuple[Term, ...], earlier: Days | None) -> Query:
    if earlier is None:
        return base
    events = (tuple(filter(_is_of_event, term)) for term in terms)
    before = tuple(Event(base.event.name, _filters(term), earlier) for term in events)
    return replace(base, did_not=(*base.did_not, *before))


def _with(base: Query, term: Term) -> Query:
    places = [condition for condition in term if isinstance(condition, AtPlace)]
    if len(_keys(places)) > 1:
        raise ClauseError(TWO_PLACES, "WHERE")
    event = replace(base.event, where=_filters(term))
    return replace(base, event=event, places=places[0].places if places else ())


def _filters(term: Term) -> tuple[Filter, ...]:
    return tuple(condition for condition in term if isinstance(condition, Filter))


def _is_of_event(condition: Single) -> bool:
    return isinstance(condition, Filter) and condition.property.scope in OF_THE_EVENT


# Terms that say the same, and how two become one.


def _merged(terms: Iterable[Term]) -> tuple[Term, ...]:
    """Return the terms after rule 2; raise QueryError where too many are left."""
    left = _without_larger([_once(term) for term in terms])
    while pair := _first_pair(left):
        at, other, merged = pair
        changed = [*left[:at], merged, *left[at + 1 : other], *left[other + 1 :]]
        left = _without_larger(changed, at)
    if len(left) > MOST_TERMS:
        raise ClauseError(TOO_MANY, "OR")
    return tuple(left)


def _once(term: Iterable[Single]) -> Term:
    seen = {_key(condition): condition for condition in reversed(tuple(term))}
    return tuple(reversed(seen.values()))


def _without_larger(terms: list[Term], changed: int | None = None) -> list[Term]:
    """Drop a term that stands twice, or holds another's conditions and more.

    Where one place has changed, only its term needs to be compared with the others.
    """
    keys = [_keys(term) for term in terms]

    def is_superfluous(at: int) -> bool:
        others = range(len(terms)) if changed in (None, at) else (changed,)
        return any(
            keys[other] < keys[at] or (keys[other] == keys[at] and other < at)
            for other in others
            if other is not None and other != at
        )

    return [term for at, term in enumerate(terms) if not is_superfluous(at)]


def _first_pair(terms: list[Term]) -> tuple[int, int, Term] | None:
    """Return the first two terms that differ in one `=` of one property, and what they become."""
    seen: dict[object, tuple[int, Single]] = {}
    best: tuple[int, int, Term] | None = None
    for at, term in enumerate(terms):
        keys = _keys(term)
        for condition in filter(_can_be_list, term):
            about = condition.property if isinstance(condition, Filter) else AtPlace
            rest = (about, keys - {_key(condition)})
            earlier, other = seen.setdefault(rest, (at, condition))
            if earlier < at and (best is None or earlier < best[0]):
                united = _united(other, condition)
                best = earlier, at, tuple(united if c is other else c for c in terms[earlier])
    return best


def _can_be_list(condition: Single) -> bool:
    return isinstance(condition, AtPlace) or (
        condition.operator is Operator.EQUALS and not isinstance(condition.value, ClockRange)
    )


def _united(one: Single, other: Single) -> Single:
    if isinstance(one, AtPlace) and isinstance(other, AtPlace):
        return AtPlace(tuple(dict.fromkeys((*one.places, *other.places))))
    if not isinstance(one, Filter) or not isinstance(other, Filter):
        raise TypeError("a place and a filter have nothing in common")
    values = {_typed(value): value for value in (*_values(other), *_values(one))}
    order = dict.fromkeys(map(_typed, (*_values(one), *_values(other))))
    return replace(one, value=tuple(values[key] for key in order))


def _values(condition: Filter) -> tuple[Scalar, ...]:
    match condition.value:
        case tuple() as values:
            return values
        case ClockRange():
            return ()
        case value:
            return (value,)


def _holds(term: Term, condition: Single) -> bool:
    return _key(condition) in _keys(term)


def _keys(term: Iterable[Single]) -> frozenset[object]:
    return frozenset(map(_key, term))


def _key(condition: Single) -> object:
    """Return what is equal for two conditions that ask the same."""
    if isinstance(condition, AtPlace):
        return frozenset[Place](condition.places)
    value: object = condition.value
    if not isinstance(condition.value, ClockRange):
        value = frozenset(map(_typed, _values(condition)))
    return condition.property, condition.operator, value


def _typed(value: Scalar) -> tuple[str, Scalar]:
    # To Python 1 and 1.0 are equal; to the service they may not be.
    return type(value).__name__, value
