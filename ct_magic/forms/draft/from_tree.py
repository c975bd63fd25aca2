"""The typed tree of a statement -> the draft that a form shows; `$names` stay as they are."""

from __future__ import annotations

from collections.abc import Iterator

from ...errors import QueryError
from ...query import printer, tree
from ...query.lexer import SYMBOLS, Token
from ...query.parser import Spelled, spelled
from ...query.payload import from_json
from ...query.source import Source
from .draft import RANGE, SCOPES, VALUES, Axis, Condition, Did, Draft, Happening
from .field_text import list_field, name_field, spell_period, value_field, value_word

_SYMBOL = {kind: symbol for symbol, kind in SYMBOLS.items()}
NO_FIELD = "the form has no field for {}: change it in the cell's text"


def draft(statement: Spelled) -> Draft:
    """Return the draft of a statement; raise QueryError for one that the form cannot show."""
    label, body = statement.tree.label, statement.tree.body
    named = name_field(label.text) if label else ""
    if isinstance(body, Token):
        return _json(body.text, named)
    if sum(isinstance(clause, tree.DidAny) for clause in body.clauses) > 1:
        raise QueryError("'did any' stands once in a statement")
    if body.versus:
        raise QueryError(NO_FIELD.format("'vs'"))
    times = [clause.times for clause in body.clauses if isinstance(clause, tree.DidAny)]
    return Draft(
        named,
        _happening(body.event),
        tuple(one for clause in body.clauses for one in _did(clause)),
        _often(times[0]) if times and times[0] else "",
        tuple(map(_axis, body.by.axes)) if body.by else (),
    )


def _json(body: str, label: str) -> Draft:
    """Return the draft of JSON that the language can say; else keep it word for word."""
    try:
        said = printer.layout(from_json(body))
        (statement,) = spelled(Source(said))
        if said.startswith("{"):
            return Draft(label, body=body)
        found = draft(statement)
    except QueryError:
        return Draft(label, body=body)
    return Draft(label, found.base, found.did, found.often, found.by)


def _happening(event: tree.Event) -> Happening:
    if isinstance(event.period, tree.Moved | tree.MovedAxis):
        raise QueryError(NO_FIELD.format(f"'{event.period.direction.text}'"))
    return Happening(
        _event_name(event.name.name),
        tuple(map(_condition, _conditions(event.where))),
        spell_period(event.period) if event.period else "",
    )


def _event_name(name: tree.Name | Token) -> str:
    return name.text if isinstance(name, Token) else name_field(name.text)


def _did(clause: tree.Clause) -> Iterator[Did]:
    if clause.share:
        raise QueryError(NO_FIELD.format("'share'"))
    match clause:
        case tree.DidAny(events=events):
            yield from (Did("did any", _happening(event)) for event in events)
        case tree.DidNot(event=event, times=None):
            yield Did("did not", _happening(event))
        case tree.Did(event=event, times=None):
            yield Did("did", _happening(event))
        case _:
            raise QueryError(NO_FIELD.format("how often an event behind 'did' happened"))


def _often(times: tree.Times) -> str:
    return f"{_SYMBOL[times.operator.type]} {times.number.text}"


def _conditions(where: tree.Condition | None) -> Iterator[tree.Filter]:
    match where:
        case tree.Disjunction():
            raise QueryError(NO_FIELD.format("'or'"))
        case tree.Conjunction(parts):
            for part in parts:
                yield from _conditions(part)
        case None:
            return
        case _:
            yield where


def _condition(node: tree.Filter) -> Condition:
    scope, name = _property(node.property)
    match node:
        case tree.Existence(negated=negated):
            return Condition(scope, name, "not exists" if negated else "exists")
        case tree.Membership(values=values, negated=negated):
            return Condition(scope, name, "not in" if negated else "in", _list(values))
        case tree.Range(low=low, high=high):
            ends = (value_field(_value(end)) for end in (low, high))
            return Condition(scope, name, RANGE, "..".join(ends))
        case tree.Comparison(operator=operator, value=value):
            symbol = _SYMBOL[operator.type]
            return Condition(scope, name, symbol, value_field(_value(value)))


def _axis(axis: tree.Axis) -> Axis:
    match axis:
        case tree.TimeAxis(by_first=None, unit=unit, rolling=None) if unit.type != "QUARTER":
            return Axis(unit.text)
        case tree.ValueAxis(asked, values):
            return Axis(VALUES, *_property(asked), _list(values))
        case _:
            words = "'by first', 'rolling', 'by hour' and 'by quarter'"
            raise QueryError(NO_FIELD.format(words))


def _property(asked: tree.PropertyName) -> tuple[str, str]:
    """Return the scope and the property's field; `geo` is a scope of its own."""
    if asked.is_geo:
        return "geo", ""
    if asked.scope is not None and asked.scope.text not in SCOPES[:-1]:
        raise QueryError(f"there is no scope '{asked.scope.text}'")
    return (asked.scope.text if asked.scope else ""), name_field(asked.name.text)


def _list(values: tree.Values) -> str:
    if values.variable:
        return values.variable.text
    return list_field(map(_value, values.items))


def _value(token: Token) -> str:
    return token.text if token.type == "CLOCK" else value_word(token.text)
