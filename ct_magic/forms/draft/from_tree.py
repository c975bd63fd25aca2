"""A statement's tree -> the draft that a form shows; `$names` stay as they are."""

from __future__ import annotations

from collections.abc import Iterator

from ct_magic.errors import QueryError
from ct_magic.forms.draft.draft import (
    RANGE,
    SCOPE_WORDS,
    VALUES,
    AxisFields,
    DidFields,
    Draft,
    EventFields,
    FilterFields,
)
from ct_magic.forms.draft.field_text import (
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
from ct_magic.query import printer, tree
from ct_magic.query.lexer import Source, Token
from ct_magic.query.parser import Spelled, spelled
from ct_magic.query.payload import from_json

_Joined = tuple[str, tree.FilterNode]  # how a filter is joined to the one before, and the filter


def draft(statement: Spelled, source: Source) -> Draft:
    """Return the fields of a statement; what no field can show is kept as its text.

    Raises QueryError for an unknown word before a dot.
    """
    label, body = statement.tree.label, statement.tree.body
    named = name_field(label.text) if label else ""
    if isinstance(body, Token):
        return _json(body.text, named)
    pieces = _pieces(body.event.where)
    if pieces is None or not all(map(_has_fields, body.clauses)):
        return Draft(named, body=source.text[body.first.start : statement.line[-1].end])
    return Draft(
        named,
        _event_fields(body.event, pieces),
        tuple(did for clause in body.clauses for did in _did(clause)),
        _often_field(body.clauses),
        spell_versus(body.versus) if body.versus else "",
        tuple(map(_axis, body.by.axes)) if body.by else (),
    )


def _has_fields(clause: tree.Clause) -> bool:
    """Return True if the fields can show the clause."""
    is_own_any = isinstance(clause, tree.DidAnyNode) and clause.own is not None
    return not isinstance(clause, tree.ShareWhereNode) and not is_own_any


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


def _pieces(where: tree.ConditionNode | None) -> list[_Joined] | None:
    """Return the filters with their joints; None where one of them is a bracket."""
    terms = where.parts if isinstance(where, tree.Disjunction) else (where,) if where else ()
    pieces: list[_Joined] = []
    for term in terms:
        parts = term.parts if isinstance(term, tree.Conjunction) else (term,)
        for number, part in enumerate(parts):
            if isinstance(part, tree.Conjunction | tree.Disjunction | tree.Named):
                return None
            pieces.append(("and" if number or not pieces else "or", part))
    return pieces


def _event_fields(event: tree.EventNode, pieces: list[_Joined]) -> EventFields:
    name = event.name.name
    return EventFields(
        name.text if isinstance(name, Token) else name_field(name.text),
        tuple(_filter_fields(part, joint) for joint, part in pieces),
        spell_period(event.period) if event.period else "",
    )


def _did(clause: tree.Clause) -> Iterator[DidFields]:
    share = "share " if clause.share else ""
    match clause:
        case tree.DidNode():
            times = spell_times(clause.times) if clause.times else ""
            yield DidFields(f"{share}did", _inner(clause.event), times)
        case tree.DidNotNode():
            yield DidFields(f"{share}did not", _inner(clause.event))
        case tree.DidAnyNode():
            for event in clause.events:
                yield DidFields(f"{share}did any", _inner(event))


def _inner(event: tree.EventNode) -> EventFields:
    pieces = _pieces(event.where)
    if pieces is None or any(joint == "or" for joint, _ in pieces):
        raise QueryError("'or' belongs to the statement's own 'where': see '%ct help or'")
    return _event_fields(event, pieces)


def _often_field(clauses: tuple[tree.Clause, ...]) -> str:
    several = [clause for clause in clauses if isinstance(clause, tree.DidAnyNode)]
    if len(several) > 1:
        raise QueryError("only one 'did any' is allowed in a statement")
    return spell_times(several[0].times) if several and several[0].times else ""


def _filter_fields(part: tree.FilterNode, joint: str) -> FilterFields:
    scope, name = _property(part.property)
    match part:
        case tree.Existence():
            return FilterFields(scope, name, "not exists" if part.negated else "exists", "", joint)
        case tree.Membership():
            return FilterFields(
                scope, name, "not in" if part.negated else "in", _list(part.values), joint
            )
        case tree.Range(_, low, high):
            return FilterFields(scope, name, RANGE, range_field(low, high), joint)
        case tree.ComparisonNode(_, operator, value):
            return FilterFields(
                scope, name, symbol(operator), value_field(value_word(value.text)), joint
            )


def _axis(axis: tree.AxisNode) -> AxisFields:
    match axis:
        case tree.TimeAxis():
            first = "first " if axis.by_first else ""
            window = f"{axis.rolling.number.text} {axis.rolling.unit.text}" if axis.rolling else ""
            return AxisFields(f"{first}{axis.unit.text}", rolling=window)
        case tree.HourAxis():
            return AxisFields("hour")
        case tree.ValueAxis():
            return AxisFields(VALUES, *_property(axis.property), _list(axis.values))


def _property(name: tree.PropertyName) -> tuple[str, str]:
    """Return the scope and the property's field; `geo` is a scope of its own."""
    if name.is_geo:
        return "geo", ""
    if name.scope is not None and name.scope.text not in SCOPE_WORDS[:-1]:
        raise QueryError(f"there is no scope '{name.scope.text}'")
    return (name.scope.text if name.scope else ""), name_field(name.name.text)


def _list(values: tree.ValuesNode) -> str:
    if values.variable:
        return values.variable.text
    return list_field(value_word(item.text) for item in values.items)
