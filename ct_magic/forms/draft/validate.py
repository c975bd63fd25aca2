"""What is still missing in a draft, or cannot stand in its field; each with what could."""

from __future__ import annotations

from collections.abc import Callable, Collection

from ...errors import QueryError
from .draft import (
    ANY,
    BARE,
    KINDS,
    LISTS,
    OPERATORS,
    RANGE,
    SCOPES,
    UNITS,
    VALUES,
    Axis,
    Condition,
    Draft,
    Happening,
    Key,
)
from .field_text import clause_period_words, items, often_words, period_words, versus_words


class Missing(str):
    """Says what is still to be filled in: no mistake before somebody wants to go on."""

    __slots__ = ()


def holes(one: Draft) -> dict[Key, str]:
    """Return what is still empty, or not allowed in its field."""
    if one.body:
        return {}
    found = _of_event(one.base, ())
    for number, did in enumerate(one.did):
        found |= _unknown(("did", number, "kind"), did.kind, KINDS)
        found |= _of_event(did.what, ("did", number), clause_period_words)
        if did.times.strip():
            found |= _fails(("did", number, "times"), often_words, did.times)
    for number, axis in enumerate(one.by):
        found |= _of_axis(axis, ("by", number))
    if any(did.kind in ANY for did in one.did) and one.often.strip():
        found |= _fails(("often",), often_words, one.often)
    if one.versus.strip():
        found |= _fails(("versus",), versus_words, one.versus)
    return found


def _of_event(
    one: Happening, key: Key, words: Callable[[str], str] = period_words
) -> dict[Key, str]:
    found: dict[Key, str] = {}
    if not one.event.strip():
        found[(*key, "event")] = Missing("which event? Like 'Charged'")
    for number, condition in enumerate(one.where):
        found |= _of_condition(condition, (*key, "where", number))
    if one.period.strip():
        found |= _fails((*key, "period"), words, one.period)
    return found


def _of_condition(one: Condition, key: Key) -> dict[Key, str]:
    odd = _unknown((*key, "scope"), one.scope, SCOPES)
    odd |= _unknown((*key, "operator"), one.operator, OPERATORS)
    return odd or _property(one, key, "Amount") or _of_value(one, (*key, "value"))


def _of_value(one: Condition, key: Key) -> dict[Key, str]:
    if one.operator in BARE:
        return {}
    if not one.value.strip() or (one.operator in LISTS and not items(one.value)):
        return {key: Missing("which value? A text, a number, or a variable as $name")}
    if one.operator == RANGE and not all(end.strip() for end in one.value.partition("..")):
        return {key: "a range has two ends, like 100..500"}
    return {}


def _of_axis(one: Axis, key: Key) -> dict[Key, str]:
    if one.unit != VALUES:
        return _unknown((*key, "unit"), one.unit, UNITS)
    odd = _unknown((*key, "scope"), one.scope, SCOPES) or _property(one, key, "Category")
    if odd:
        return odd
    if not items(one.values):
        return {(*key, "values"): Missing("which values? Commas between them, like Shoes, Bags")}
    return {}


def _property(one: Condition | Axis, key: Key, example: str) -> dict[Key, str]:
    if one.scope == "geo" or one.property.strip():
        return {}
    return {(*key, "property"): Missing(f"which property? Like '{example}'")}


def _unknown(key: Key, said: str, known: Collection[str]) -> dict[Key, str]:
    if said in known:
        return {}
    return {key: f"there is no {said!r} here: take {', '.join(filter(None, known))}"}


def _fails(key: Key, words: Callable[[str], str], said: str) -> dict[Key, str]:
    try:
        words(said)
    except QueryError as error:
        return {key: error.message}
    return {}
