"""A statement's tree -> the draft that a form shows; `$names` stay as they are."""

from __future__ import annotations

from collections.abc import Iterator

from ...errors import QueryError
from ...query import printer, tree
from ...query.lexer import Token
from ...query.parser import Spelled, spelled
from ...query.payload import from_json
from ...query.source import Source
from .draft import RANGE, SCOPES, VALUES, Axis, Condition, Did, Draft, Happening
from .field_text import (
    list_field,
    name_field,
    range_field,
    spell_period,
    spell_times,
    spell_versus,
    symbol,
    value_field,
    value_word,
)

Piece = tuple[str, tree.Filter]  # how a filter is joined to the one before, and the filter


def draft(statement: Spelled, source: Source) -> Draft:
    """Return the fields of a statement; what no field can show is kept as its text.

    Raises QueryError for an unknown word before a dot.
    """
    label, body = statement.tree.label, statement.tree.body
    named = name_field(label.text) if label else ""
    if isinstance(body, Token):
        return _json(body.text, named)
    pieces = _pieces(body.event.where)
    if pieces is None:
        return Draft(named, body=source.text[body.first.start : statement.line[-1].end])
    return Draft(
        named,
        _happening(body.event, pieces),
        tuple(did for clause in body.clauses for did in _did(clause)),
        _often(body.clauses),
        spell_versus(body.versus) if body.versus else "",
        tuple(map(_axis, body.by.axes)) if body.by else (),
    )


def _json(body: str, label: str) -> Draft:
    """Read JSON that the language can say; keep what it cannot, or not yet, word for word."""
    try:
        text = printer.layout(from_json(body))
        source = Source(text)
        (statement,) = spelled(source)
    except QueryError:
        return Draft(label, body=body)
    if text.startswith("{"):
        return Draft(label, body=body)
    fields = draft(statement, source)
    return Draft(label, fields.base, fields.did, fields.often, fields.versus, fields.by)


def _pieces(where: tree.Condition | None) -> list[Piece] | None:
    """Return the filters with their joints; None where a bracket stands among them."""
    terms = where.parts if isinstance(where, tree.Disjunction) else (where,) if where else ()
    pieces: list[Piece] = []
    for term in terms:
        parts = term.parts if isinstance(term, tree.Conjunction) else (term,)
        for number, part in enumerate(parts):
            if isinstance(part, tree.Conjunction | tree.Disjunction):
                return None
            pieces.append(("and" if number or not pieces else "or", part))
    return pieces


def _happening(event: tree.Event, pieces: list[Piece]) -> Happening:
    name = event.name.name
    return Happening(
        name.text if isinstance(name, Token) else name_field(name.text),
        tuple(_condition(part, joint) for joint, part in pieces),
        spell_period(event.period) if event.period else "",
    )


def _did(clause: tree.Clause) -> Iterator[Did]:
    share = "share " if clause.share else ""
    match clause:
        case tree.Did():
            times = spell_times(clause.times) if clause.times else ""
            yield Did(f"{share}did", _inner(clause.event), times)
        case tree.DidNot():
            yield Did(f"{share}did not", _inner(clause.event))
        case tree.DidAny():
            for event in clause.events:
                yield Did(f"{share}did any", _inner(event))


def _inner(event: tree.Event) -> Happening:
    pieces = _pieces(event.where)
    if pieces is None or any(joint == "or" for joint, _ in pieces):
        raise QueryError("'or' belongs to the statement's own 'where': see '%ct help or'")
    return _happening(event, pieces)


def _often(clauses: tuple[tree.Clause, ...]) -> str:
    several = [clause for clause in clauses if isinstance(clause, tree.DidAny)]
    if len(several) > 1:
        raise QueryError("a statement takes 'did any' once")
    return spell_times(several[0].times) if several and several[0].times else ""


def _condition(part: tree.Filter, joint: str) -> Condition:
    scope, name = _property(part.property)
    match part:
        case tree.Existence():
            return Condition(scope, name, "not exists" if part.negated else "exists", "", joint)
        case tree.Membership():
            return Condition(
                scope, name, "not in" if part.negated else "in", _list(part.values), joint
            )
        case tree.Range(_, low, high):
            return Condition(scope, name, RANGE, range_field(low, high), joint)
        case tree.Comparison(_, operator, value):
            return Condition(
                scope, name, symbol(operator), value_field(value_word(value.text)), joint
            )


def _axis(axis: tree.Axis) -> Axis:
    match axis:
        case tree.TimeAxis():
            first = "first " if axis.by_first else ""
            window = f"{axis.rolling.number.text} {axis.rolling.unit.text}" if axis.rolling else ""
            return Axis(f"{first}{axis.unit.text}", rolling=window)
        case tree.HourAxis():
            return Axis("hour")
        case tree.ValueAxis():
            return Axis(VALUES, *_property(axis.property), _list(axis.values))


def _property(name: tree.PropertyName) -> tuple[str, str]:
    """Return the scope and the property's field; `geo` is a scope of its own."""
    if name.is_geo:
        return "geo", ""
    if name.scope is not None and name.scope.text not in SCOPES[:-1]:
        raise QueryError(f"there is no scope '{name.scope.text}'")
    return (name.scope.text if name.scope else ""), name_field(name.name.text)


def _list(values: tree.Values) -> str:
    if values.variable:
        return values.variable.text
    return list_field(value_word(item.text) for item in values.items)
