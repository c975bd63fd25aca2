"""The grammar's tree of a statement -> the draft that a form shows; `$names` stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...errors import QueryError
from ...query import printer
from ...query.lexer import SYMBOLS, Source, Token
from ...query.parser import Spelled, spelled
from ...query.payload import from_json
from .draft import RANGE, SCOPES, VALUES, Axis, Condition, Did, Draft, Happening
from .field_text import list_field, name_field, spell_period, unquoted, value_field, value_word

_SYMBOL = {kind: symbol for symbol, kind in SYMBOLS.items()}
_KINDS = {"did": "did", "did_not": "did not", "did_any": "did any"}
_LISTS = {"is_any_of": "in", "is_none_of": "not in"}
_BARE = {"exists": "exists", "exists_not": "not exists"}


def draft(statement: Spelled) -> Draft:
    """Read a statement; raise QueryError for one that no form can show: see the two messages."""
    label, body = statement.tree.children
    named = name_field(_name(label.children[0])) if label else ""
    if isinstance(body, Token):
        return _json(body.text, named)
    event, *dids, by = body.children
    if sum(did.data == "did_any" for did in dids) > 1:
        raise QueryError("'did any' stands once in a statement")
    times = [part for did in dids for part in did.children if _is(part, "times")]
    return Draft(
        named,
        _happening(event),
        tuple(one for did in dids for one in _did(did)),
        _often(times[0]) if times else "",
        tuple(map(_axis, by.children)) if by else (),
    )


def _json(body: str, label: str) -> Draft:
    """Read JSON that the language can say; keep what it cannot, or not yet, word for word."""
    try:
        said = printer.layout(from_json(body))
        (statement,) = spelled(Source(said))
    except QueryError:
        return Draft(label, body=body)
    if said.startswith("{"):
        return Draft(label, body=body)
    found = draft(statement)
    return Draft(label, found.base, found.did, found.often, found.by)


def _happening(event: Any) -> Happening:
    name, where, period = event.children
    return Happening(
        _event_name(name.children[0]),
        tuple(map(_condition, where.children)) if where else (),
        spell_period(period) if period else "",
    )


def _event_name(name: Any) -> str:
    return name.text if isinstance(name, Token) else name_field(_name(name))


def _did(did: Any) -> Iterator[Did]:
    for part in did.children:
        if _is(part, "event"):
            yield Did(_KINDS[did.data], _happening(part))


def _often(times: Any) -> str:
    operator, number = times.children
    return f"{_SYMBOL[operator.type]} {number.text}"


def _condition(one: Any) -> Condition:
    scope, name = _property(one.children[0])
    rest = one.children[1:]
    if one.data in _BARE:
        return Condition(scope, name, _BARE[one.data])
    if one.data in _LISTS:
        return Condition(scope, name, _LISTS[one.data], _list(rest[0]))
    if one.data == "is_between":
        return Condition(scope, name, RANGE, "..".join(value_field(_value(v)) for v in rest))
    operator, value = rest
    symbol = _SYMBOL[operator.children[0].type]
    return Condition(scope, name, symbol, value_field(_value(value)))


def _axis(axis: Any) -> Axis:
    if axis.data == "by_time":
        return Axis(axis.children[0].text)
    asked, values = axis.children
    return Axis(VALUES, *_property(asked), _list(values))


def _property(asked: Any) -> tuple[str, str]:
    """Give the scope and the property's field; `geo` is a scope of its own."""
    scope, name = asked.children
    if scope is None and [(t.type, t.text) for t in name.children] == [("WORD", "geo")]:
        return "geo", ""
    if scope is not None and scope.text not in SCOPES[:-1]:
        raise QueryError(f"there is no scope '{scope.text}'")
    return (scope.text if scope else ""), name_field(_name(name))


def _list(values: Any) -> str:
    first = values.children[0]
    return first.text if isinstance(first, Token) else list_field(map(_value, values.children))


def _value(value: Any) -> str:
    return value_word(value.children[0].text)


def _name(name: Any) -> str:
    if name.children[0].type == "STRING":
        return unquoted(name.children[0].text)
    return " ".join(token.text for token in name.children)


def _is(part: Any, kind: str) -> bool:
    return bool(getattr(part, "data", None) == kind)
