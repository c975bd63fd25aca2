"""The grammar's tree -> a query, or the first thing in it that means nothing, underlined.

A method for each rule of grammar.lark, called with what its children became. What may be asked:
design, "Filters", "What else the profile did", "Many counts from one statement".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from ..errors import QueryError
from . import parameters as variables
from .lexer import API_NAMES, Token
from .literals import Clause, Draft, Found, Reader
from .model import (
    ORDERING,
    SEARCHING,
    Axis,
    ByPlace,
    ByTime,
    ByValue,
    DidAny,
    Event,
    Filter,
    JsonQuery,
    Operator,
    Period,
    Place,
    Property,
    Query,
    Scope,
    Unit,
    Value,
    fits,
)
from .payload import from_json
from .period_rules import PeriodRules

OPERATORS = {API_NAMES[o.value]: o for o in Operator}
GEO = Property("geo")
IN_DID = (Scope.EVENT, Scope.SESSION)  # what the API knows of an event inside `did`
SCOPES = [scope.value for scope in Scope if scope.value]
NO_SCOPES = {
    "geo": 'it stands alone, as in geo = "India/Goa".',
    "event": "what stands alone is a property of the event.",
    "user": "did you mean 'profile'?",
}
Did = tuple[str, Event | DidAny, Token | None]


class Builder(PeriodRules, Reader):
    """Builds the statements of one source."""

    def build(self, node: Any) -> Any:
        """Build a tree from its leaves up."""
        if node is None or isinstance(node, Token):
            return node
        rule: Callable[..., Any] = getattr(self, node.data)
        return rule(*map(self.build, node.children))

    def statement(self, label: Found | None, body: Query | Token) -> Query | JsonQuery:
        """Name what was asked."""
        query = self._json(body) if isinstance(body, Token) else body
        return replace(query, label=str(label.value)) if label else query

    def label(self, name: Found) -> Found:
        """Take any name."""
        return name

    def query(self, base: Draft, *clauses: Any) -> Query:
        """Put the clauses together; the last is `by` or None."""
        *dids, by = clauses
        geo = [clause for clause in base.clauses if clause.places]
        if len(geo) > 1:
            self.fail("'geo' stands once: name all places in one list, geo in (…)", geo[1].at)
        return Query(
            base.event,
            places=geo[0].places if geo else (),
            did=tuple(event for kind, event, _ in dids if kind == "did"),
            did_not=tuple(event for kind, event, _ in dids if kind == "did not"),
            did_any=self._one_any(dids),
            by=self._axes(by or [], geo),
        )

    def event(self, name: str, where: list[Clause] | None, period: Period | None) -> Draft:
        """Keep the clauses beside the event: who may use which is known one rule up."""
        clauses = tuple(where or ())
        filters = tuple(one for clause in clauses for one in clause.filters)
        return Draft(Event(name, filters, period), clauses)

    def event_name(self, name: Found | Token) -> str:
        """Take a name, or the text of a variable."""
        if isinstance(name, Found):
            return str(name.value)
        with self.at(name):
            return variables.text(name.text[1:], self.params)

    def name(self, *words: Token) -> Found:
        """Join bare words by one space each, or take off the quotes."""
        if words[0].type != "STRING":
            text = " ".join(word.text for word in words)
            return Found(text, words[0], words[-1], bare=True)
        text = self.unquoted(words[0])
        if not text:
            self.fail("a name cannot be empty", words[0])
        return Found(text, words[0], words[0])

    # filters

    def where(self, *clauses: Clause) -> list[Clause]:
        """Give the clauses in a list."""
        return list(clauses)

    def property(self, scope: Token | None, name: Found) -> Found:
        """Find the scope that stands before the dot."""
        if scope is None:
            return replace(name, value=Property(str(name.value)))
        if scope.text not in SCOPES:
            near = get_close_matches(scope.text, SCOPES, 1)
            hint = (
                f"did you mean '{near[0]}'?"
                if near
                else f"there are {', '.join(SCOPES)}; without one it is the event's."
            )
            hint = NO_SCOPES.get(scope.text, hint)
            message = f"there is no scope '{scope.text}': {hint} A name that holds a dot is quoted."
            self.fail(message, scope)
        return Found(Property(str(name.value), Scope(scope.text)), scope, name.last)

    def operator(self, token: Token) -> Operator:
        """Know the operator by its symbol or the API's name."""
        return OPERATORS[token.type]

    def compares(self, asked: Found, operator: Operator, value: Found) -> Clause:
        """Read `name = value` and its like."""
        if _is_geo(asked):
            return self._geo(asked, operator, [value])
        self._check(operator, value)
        return _clause(asked, (operator, value.value))

    def is_any_of(self, asked: Found, values: Found) -> Clause:
        """Read `name in (…)`."""
        if _is_geo(asked):
            return self._geo(
                asked, Operator.EQUALS, [replace(values, value=v) for v in values.value]
            )
        return _clause(asked, (Operator.EQUALS, values.value))

    def is_none_of(self, asked: Found, values: Found) -> Clause:
        """Read `name not in (…)`."""
        return self._not_geo(_clause(asked, (Operator.NOT_EQUALS, values.value)))

    def is_between(self, asked: Found, low: Found, high: Found) -> Clause:
        """Read `name in 100..500` as the two filters it is sent as."""
        least, most = Operator.GREATER_THAN_EQUALS, Operator.LESS_THAN_EQUALS
        for end, operator in (low, least), (high, most):
            self._check(operator, end, "a range")
        if low.value > high.value:
            self.fail(f"the range ends ({high.value}) before it begins ({low.value})", low, high)
        return self._not_geo(_clause(asked, (least, low.value), (most, high.value)))

    def exists(self, asked: Found, _: Token) -> Clause:
        """Read `name exists`."""
        return self._not_geo(_clause(asked, (Operator.EXISTS, "")))

    def exists_not(self, asked: Found, _: Token) -> Clause:
        """Read `name not exists`."""
        return self._not_geo(_clause(asked, (Operator.DOES_NOT_EXIST, "")))

    # did and by

    def did(self, draft: Draft) -> Did:
        """Read `did event`."""
        return "did", self._inner(draft), None

    def did_not(self, draft: Draft) -> Did:
        """Read `did not event`."""
        return "did not", self._inner(draft), None

    def did_any(self, did: Token, *parts: Any) -> Did:
        """Read `did any (…) >= 2`; the last part is the times or None."""
        *drafts, times = parts
        events = tuple(map(self._inner, drafts))
        return "did any", DidAny(events, *times) if times else DidAny(events), did

    def times(self, operator: Token, times: Token) -> tuple[Operator, int]:
        """Read `>= 2`."""
        return OPERATORS[operator.type], self.whole_number(times, least=0)

    def by(self, *axes: tuple[Axis, Found]) -> list[tuple[Axis, Found]]:
        """Give the axes in a list."""
        return list(axes)

    def by_time(self, unit: Token) -> tuple[Axis, Found]:
        """Read `by day`, `by week`, `by month`."""
        return ByTime(Unit(unit.text)), Found(None, unit, unit)

    def by_value(self, asked: Found, values: Found) -> tuple[Axis, Found]:
        """Read `by name in (…)`."""
        twice = [v for i, v in enumerate(values.value) if v in values.value[:i]]
        if twice:
            self.fail(f"{twice[0]!r} stands twice, and would be counted twice", values)
        if _is_geo(asked):
            places = [self._place(replace(values, value=value)) for value in values.value]
            return ByPlace(tuple(places)), asked
        return ByValue(asked.value, values.value), asked

    def _json(self, token: Token) -> Query | JsonQuery:
        try:
            return from_json(token.text)
        except QueryError as error:
            start = token.start + error.column - 1  # it counts from the JSON's beginning
            raise self.source.error(error.message, start, start + error.length) from None

    def _one_any(self, dids: list[Did]) -> DidAny | None:
        found = [(event, at) for _, event, at in dids if isinstance(event, DidAny) and at]
        if len(found) > 1:
            self.fail("'did any' stands once in a statement", found[1][1])
        return found[0][0] if found else None

    def _inner(self, draft: Draft) -> Event:
        for clause in draft.clauses:
            if clause.places or clause.filters[0].property.scope not in IN_DID:
                what = "geo" if clause.places else clause.filters[0].property.scope.value
                message = f"'{what}' cannot stand inside 'did': write it in the first 'where'"
                self.fail(message, clause.at)
        return draft.event

    def _axes(self, by: list[tuple[Axis, Found]], geo: list[Clause]) -> tuple[Axis, ...]:
        seen: list[object] = [ByPlace] if geo else []
        for axis, at in by:
            key = axis.property if isinstance(axis, ByValue) else type(axis)
            if key in seen:
                kind = {ByTime: "a piece of time", ByPlace: "'geo'"}.get(type(axis), "a property")
                self.fail(f"{kind} stands once in a statement", at)
            seen.append(key)
        return tuple(axis for axis, _ in by)

    def _check(self, operator: Operator, value: Found, what: str | None = None) -> None:
        shown, what = self.shown(value), what or f"'{operator.symbol}'"
        if not fits(operator, value.value) and operator in ORDERING:
            self.fail(f"{what} compares numbers, and {shown} is text", value)
        if not fits(operator, value.value) and operator in SEARCHING:
            self.fail(f"{what} looks into text, and {shown} is a number: quote it", value)

    def _not_geo(self, clause: Clause) -> Clause:
        if _is_geo(clause.at):
            self.fail('only = and in apply to geo, as in geo = "India/Goa"', clause.at)
        return clause

    def _geo(self, asked: Found, operator: Operator, values: list[Found]) -> Clause:
        if operator is not Operator.EQUALS:
            self._not_geo(Clause(asked))
        return Clause(asked, places=tuple(map(self._place, values)))

    def _place(self, value: Found) -> Place:
        parts = tuple(str(value.value).split("/"))
        if not isinstance(value.value, str) or len(parts) > 3 or not all(parts):
            wanted = '"country", "country/state" or "country/state/city"'
            self.fail(f"{value.value!r} is no place: write {wanted}", value)
        return parts


def _is_geo(asked: Found) -> bool:
    return asked.bare and bool(asked.value == GEO)


def _clause(at: Found, *conditions: tuple[Operator, Value]) -> Clause:
    return Clause(at, tuple(Filter(at.value, *condition) for condition in conditions))
