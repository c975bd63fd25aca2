"""`%ct values Charged last 30 days by Payment mode`: the commonest values of properties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import QueryError, UsageError
from ..query.catalog import Names
from ..query.lexer import tokens
from ..query.model import ByPlace, ByValue, Property, Scope
from ..query.parser import parse, statements
from ..query.payload import FAMILIES, to_payload
from ..query.printer import property_text, value_text
from ..query.source import Source
from ..session import SESSION
from .invocation import Invocation, say

if TYPE_CHECKING:
    import pandas as pd

_USAGE = "write '%ct values EVENT [where ...] [PERIOD] by PROPERTY, PROPERTY'"
_PLACES = (
    "no page says by which names the API lists countries and cities, and it knows no paths: name "
    'the places yourself, as in by geo in ("India/Goa", "Singapore")'
)
_TEXTS = ("STR", "ENUM")  # kinds whose values a filter can name; a number's are ranges
TYPES = {scope: key for key, scope in FAMILIES.items()} | {
    Scope.EVENT: "event_properties",
    Scope.SESSION: "session_properties",
}


def values(invocation: Invocation) -> pd.DataFrame:
    """Show the commonest values of properties, and make them known: %ct values Charged by Brand."""
    from ..client.top_values import Group
    from ..property_values import property_values
    from .short_display import as_table

    text, names = split_properties(invocation.text)
    query = _count(text, invocation)
    groups = {p: Group(TYPES[p.scope], p.name) for p in map(read_property, names)}
    account = SESSION.account()
    answer = property_values(query, tuple(groups.values()), account, invocation.settings)
    axes = {p: _texts(answer.values[group]) for p, group in groups.items()}
    SESSION.know(_names(answer.event, axes), account.name)
    say("events, not profiles; to count by them:\n" + "\n".join(map(_axis, axes.items())))
    return as_table(answer.frame)


def split_properties(text: str) -> tuple[str, list[str]]:
    """Return the statement before the last `by`, and the properties behind it as typed."""
    parts = list(tokens(Source(text)))
    places = [number for number, token in enumerate(parts) if token.type == "BY"]
    if not places:
        raise UsageError(f"there is no 'by' with the properties: {_USAGE}")
    by = parts[places[-1]]
    commas = [t.start for t in parts[places[-1] + 1 :] if t.type == "COMMA"]
    edges = [by.end, *(start + 1 for start in commas)]
    ends = [*commas, len(text)]
    return text[: by.start], [text[a:b].strip() for a, b in zip(edges, ends, strict=True)]


def read_property(text: str) -> Property:
    """Return the property that a text names; raise UsageError for one that it does not."""
    try:
        (statement,) = statements(f'E by {text} in ("x")')
    except (QueryError, ValueError):
        raise UsageError(f"{text!r} is no property: {_USAGE}") from None
    axes: tuple[object, ...] = getattr(statement, "by", ())
    axis = axes[0] if len(axes) == 1 else None
    if isinstance(axis, ByValue):
        return axis.property
    if isinstance(axis, ByPlace):
        raise UsageError(_PLACES)
    raise UsageError(f"{text!r} has no list of values that the API gives: {_USAGE}")


def _count(text: str, invocation: Invocation) -> dict[str, object]:
    from ..prepare import today_of

    today = today_of(SESSION.account(), invocation.settings)
    counts = parse(text, params=invocation.caller.names, today=today)
    if len(counts) != 1:
        raise UsageError(f"values are asked of one count, and this is {len(counts)}: {_USAGE}")
    return to_payload(counts[0])


def _texts(answers: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(answer.text for answer in answers if answer.kind in _TEXTS)


def _names(event: str, axes: Mapping[Property, tuple[str, ...]]) -> Names:
    known = Names()
    for prop, texts in axes.items():
        if prop.scope is Scope.EVENT:
            known = known.merged(Names({event: {prop.name: texts}}))
        else:
            known = known.merged(Names(scopes={prop.scope: {prop.name: texts}}))
    return known


def _axis(axis: tuple[Property, tuple[str, ...]]) -> str:
    prop, texts = axis
    if not texts:
        return f"  # {property_text(prop)} has numbers or no values: write in 0..100"
    return f"  by {property_text(prop)} in ({', '.join(map(value_text, texts))})"
