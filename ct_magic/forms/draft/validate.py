"""What is still missing in a draft, or cannot stand in its field; each with what could."""

from __future__ import annotations

from collections.abc import Callable, Collection

from ...errors import QueryError
from .draft import (
    ANY,
    AXIS_UNITS,
    BARE,
    KINDS,
    LISTS,
    OPERATOR_WORDS,
    RANGE,
    SCOPE_WORDS,
    VALUES,
    AxisFields,
    Draft,
    FilterFields,
    Happening,
    Key,
)
from .field_text import clause_period_words, items, often_words, period_words, versus_words


class Missing(str):
    """Says what is still to be filled in: no mistake before somebody wants to go on."""

    __slots__ = ()


def holes(draft: Draft) -> dict[Key, str]:
    """Return what is still empty, or not allowed in its field."""
    if draft.body:
        return {}
    problems = _of_event(draft.base, ())
    for number, did in enumerate(draft.did):
        problems |= _unknown(("did", number, "kind"), did.kind, KINDS)
        problems |= _of_event(did.happening, ("did", number), clause_period_words)
        if did.times.strip():
            problems |= _fails(("did", number, "times"), often_words, did.times)
    for number, axis in enumerate(draft.by):
        problems |= _of_axis(axis, ("by", number))
    if any(did.kind in ANY for did in draft.did) and draft.often.strip():
        problems |= _fails(("often",), often_words, draft.often)
    if draft.versus.strip():
        problems |= _fails(("versus",), versus_words, draft.versus)
    return problems


def _of_event(
    event: Happening, key: Key, words: Callable[[str], str] = period_words
) -> dict[Key, str]:
    problems: dict[Key, str] = {}
    if not event.event.strip():
        problems[(*key, "event")] = Missing("which event? Like 'Charged'")
    for number, condition in enumerate(event.where):
        problems |= _of_condition(condition, (*key, "where", number))
    if event.period.strip():
        problems |= _fails((*key, "period"), words, event.period)
    return problems


def _of_condition(condition: FilterFields, key: Key) -> dict[Key, str]:
    odd = _unknown((*key, "scope"), condition.scope, SCOPE_WORDS)
    odd |= _unknown((*key, "operator"), condition.operator, OPERATOR_WORDS)
    return odd or _property(condition, key, "Amount") or _of_value(condition, (*key, "value"))


def _of_value(condition: FilterFields, key: Key) -> dict[Key, str]:
    if condition.operator in BARE:
        return {}
    if not condition.value.strip() or (condition.operator in LISTS and not items(condition.value)):
        return {key: Missing("which value? A text, a number, or a variable as $name")}
    if condition.operator == RANGE and not all(
        end.strip() for end in condition.value.partition("..")
    ):
        return {key: "a range has two ends, like 100..500"}
    return {}


def _of_axis(axis: AxisFields, key: Key) -> dict[Key, str]:
    if axis.unit != VALUES:
        return _unknown((*key, "unit"), axis.unit, AXIS_UNITS)
    odd = _unknown((*key, "scope"), axis.scope, SCOPE_WORDS) or _property(axis, key, "Category")
    if odd:
        return odd
    if not items(axis.values):
        return {(*key, "values"): Missing("which values? Commas between them, like Shoes, Bags")}
    return {}


def _property(row: FilterFields | AxisFields, key: Key, example: str) -> dict[Key, str]:
    if row.scope == "geo" or row.property.strip():
        return {}
    return {(*key, "property"): Missing(f"which property? Like '{example}'")}


def _unknown(key: Key, word: str, known: Collection[str]) -> dict[Key, str]:
    if word in known:
        return {}
    return {key: f"there is no {word!r} here: take {', '.join(filter(None, known))}"}


def _fails(key: Key, words: Callable[[str], str], field: str) -> dict[Key, str]:
    try:
        words(field)
    except QueryError as error:
        return {key: error.message}
    return {}
