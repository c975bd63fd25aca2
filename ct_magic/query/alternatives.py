"""The rules of `or`: a condition -> alternative terms -> single counts added and subtracted.

CleverTap requires every filter, so an `or` is multiplied out into terms (rules 1 and 2 of the
README, "Or"), and the terms become one `did any` (rule 3) or "first + second - both" (rule 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby, product

from .clause_error import ClauseError
from .merge_terms import Single, Term, condition_key, condition_keys, merged, once
from .model import And, AtPlace, Condition, Days, DidAny, Event, Filter, JsonQuery, Or, Query, Scope

MOST_TERMS = 12
MOST_IN_A_SUM = 3  # counts: first + second - both
OF_THE_EVENT = (Scope.EVENT, Scope.SESSION)
_TOO_MANY = (
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
_NOT_FIRST = (
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
            return _not_too_many([term for part in parts for term in terms_of(part)])
        case And(parts):
            terms: tuple[Term, ...] = ((),)
            for alternatives in _factors(parts):
                pairs = product(terms, alternatives)
                terms = _not_too_many([(*left, *right) for left, right in pairs])
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
        raise ClauseError(_NOT_FIRST, "OR")
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
    left, right = (tuple(filter(_is_of_event, term)) for term in (first, second))
    single = _with(base, (*(left or right), *once(profile)))
    if left and right and condition_keys(left) != condition_keys(right):
        return replace(single, did=(*single.did, Event(base.event.name, _filters(right))))
    return single


def _without_earlier(base: Query, terms: tuple[Term, ...], earlier: Days | None) -> Query:
    if earlier is None:
        return base
    events = (tuple(filter(_is_of_event, term)) for term in terms)
    before = tuple(Event(base.event.name, _filters(term), earlier) for term in events)
    return replace(base, did_not=(*base.did_not, *before))


def _with(base: Query, term: Term) -> Query:
    places = [condition for condition in term if isinstance(condition, AtPlace)]
    if len(condition_keys(places)) > 1:
        raise ClauseError(TWO_PLACES, "WHERE")
    event = replace(base.event, where=_filters(term))
    return replace(base, event=event, places=places[0].places if places else ())


def _filters(term: Term) -> tuple[Filter, ...]:
    return tuple(condition for condition in term if isinstance(condition, Filter))


def _is_of_event(condition: Single) -> bool:
    return isinstance(condition, Filter) and condition.property.scope in OF_THE_EVENT


def _not_too_many(terms: Iterable[Term]) -> tuple[Term, ...]:
    left = merged(terms)
    if len(left) > MOST_TERMS:
        raise ClauseError(_TOO_MANY, "OR")
    return left


def _holds(term: Term, condition: Single) -> bool:
    return condition_key(condition) in condition_keys(term)
