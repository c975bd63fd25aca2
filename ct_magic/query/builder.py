"""The typed tree of a statement -> a query, or the first thing in it that means nothing.

What may be asked: README, "Filters", "What else the profile did", "Shares", "Many counts".
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import prod
from typing import TypeVar

from ..errors import QueryError
from . import parameters, printer, tree
from .check_filter import ONLY_CLOCK, TIME_OF_DAY
from .clause_rules import ClauseRules
from .diagnostics.foreign_words import WORDS_OF_OTHERS
from .filter_rules import OPERATOR_OF
from .lexer import Token, tried_word
from .model import (
    And,
    Axis,
    ByHour,
    ByPlace,
    ByTime,
    ByValue,
    Condition,
    Did,
    DidAny,
    DidNot,
    Event,
    Filter,
    JsonQuery,
    Often,
    Operator,
    Or,
    Period,
    Preceding,
    Query,
    Scope,
    Shift,
    ShiftAxis,
    Step,
)
from .payload import from_json
from .period_rules import unit

IN_DID = (Scope.EVENT, Scope.SESSION)  # what the API knows of an event inside `did`
_OFTEN = (Operator.EQUALS, Operator.GREATER_THAN, Operator.GREATER_THAN_EQUALS)
FEWER = (
    "write =, > or >= and a number of 1 or more: whether those who never did it would count, "
    "nobody has said"
)
NOT_OFTEN = "a number cannot stand behind 'did not': it asks for those who never did it"
MOST_SHOWN = 4  # alternatives that an error writes out
_T = TypeVar("_T")
_MOVED = tree.MovedNode | tree.MovedAxis


class Builder(ClauseRules):
    """Builds the statements of one source."""

    def build(self, node: tree.StatementNode) -> Query | JsonQuery:
        """Return what a statement asks, with its label."""
        query = self._json(node.body) if isinstance(node.body, Token) else self.query(node.body)
        return replace(query, label=self.name(node.label)) if node.label else query

    def query(self, node: tree.QueryNode) -> Query:
        """Return the query of a statement's clauses."""
        where = self.where(node.event.where)
        event = Event(self._event_name(node.event.name), where.filters, self._base_period(node))
        self.check_clauses(node)
        steps = [(clause, self.step(clause)) for clause in node.clauses]
        base = [step for clause, step in steps if not clause.share]
        axes = tuple(map(self.axis, node.by.axes)) if node.by else ()
        self.check_axes(node, axes)
        return Query(
            event,
            places=where.places,
            did=tuple(step.event for step in base if isinstance(step, Did)),
            did_not=tuple(step.event for step in base if isinstance(step, DidNot)),
            did_any=next((step for step in base if isinstance(step, DidAny)), None),
            steps=tuple(step for clause, step in steps if clause.share),
            condition=where.condition,
            versus=self.versus(node.versus) if node.versus else None,
            by=axes,
        )

    def step(self, node: tree.Clause) -> Step:
        """Return a clause, whether it belongs to the base or stands behind `share`."""
        match node:
            case tree.DidNotNode():
                if node.times:
                    self.fail(NOT_OFTEN, node.times)
                return DidNot(self._inner(node.event, node))
            case tree.DidNode(event=event, times=times):
                often = self._often(times) if times else None
                return Did(replace(self._inner(event, node), often=often))
            case tree.DidAnyNode(events=events, times=times):
                inner = tuple(self._inner(event, node) for event in events)
                return DidAny(inner, *self._times(times)) if times else DidAny(inner)

    def versus(self, node: tree.Versus) -> Period | Shift | Preceding:
        """Return the period that a statement is compared with."""
        if isinstance(node.period, Token):
            return Preceding()
        period = self._any_period(node.period)
        assert not isinstance(period, ShiftAxis | None)  # noqa: S101 # check_clauses refuses it
        return period

    def axis(self, node: tree.AxisNode) -> Axis:
        """Return a part of `by`."""
        match node:
            case tree.TimeAxis(by_first, token, rolling):
                window = self.rolling(rolling) if rolling else None
                return ByTime(unit(token), by_first is not None, window)
            case tree.HourAxis():
                return ByHour()
            case tree.ValueAxis(prop, values) if prop.is_geo:
                return ByPlace(self._each_once(self.places(values), values))
            case tree.ValueAxis(prop, values):
                if self.property(prop) == TIME_OF_DAY:
                    self.fail(f"{ONLY_CLOCK}; or by hour", node)
                return ByValue(self.property(prop), self._each_once(self.values(values), values))

    def _base_period(self, node: tree.QueryNode) -> Period | None:
        period = node.event.period
        return self.period(period) if period and not isinstance(period, _MOVED) else None

    def _event_name(self, node: tree.EventName) -> str:
        if isinstance(node.name, tree.Name):
            self._check_words(node.name)
            if (name := self.name(node.name)).startswith("{") and '"event_name"' in name:
                self.fail("JSON stands without quotes around it: take them away", node.name)
            return name
        with self.at(node.name):
            return parameters.text_value(node.name.text[1:], self.params)

    def _check_words(self, name: tree.Name) -> None:
        """Raise QueryError for a name that was meant as a query: `App Installed then Charged`."""
        words = [word.text for word in name.words] if name.is_bare else []
        place = tried_word(words)
        if place is not None:
            hint = f"a name that holds it is quoted, {printer.quote(name.text)}"
            message = f"found '{words[place]}': {WORDS_OF_OTHERS[words[place]]}; {hint}"
            self.fail(message, name.words[place])

    def _inner(self, node: tree.EventNode, clause: tree.Clause) -> Event:
        """Return an event inside `did`."""
        self._check_inner(node)
        period = self._any_period(node.period)
        where = self.where(node.where)
        event = Event(self._event_name(node.name), where.filters, period)
        if where.condition:
            self.fail(_write_or(event, where.condition, clause), _first_or(node.where) or node)
        return event

    def _check_inner(self, node: tree.EventNode) -> None:
        for leaf in tree.leaves(node.where):
            prop = leaf.property
            if prop.is_geo or self.property(prop).scope not in IN_DID:
                name = "geo" if prop.is_geo else self.property(prop).scope.value
                message = f"'{name}' cannot stand inside 'did': write it in the first 'where'"
                self.fail(message, prop)

    def _any_period(
        self, node: tree.PeriodNode | tree.MovedNode | tree.MovedAxis | None
    ) -> Period | Shift | ShiftAxis | None:
        if node is None:
            return None
        return self.shift(node) if isinstance(node, _MOVED) else self.period(node)

    def _times(self, node: tree.Times) -> tuple[Operator, int]:
        return OPERATOR_OF[node.operator.type], self.whole_number(node.number, least=1)

    def _often(self, node: tree.Times) -> Often:
        if OPERATOR_OF[node.operator.type] not in _OFTEN or node.number.text.strip("0.-") == "":
            self.fail(FEWER, node)
        return Often(*self._times(node))

    def _each_once(self, values: tuple[_T, ...], at: tree.ValuesNode) -> tuple[_T, ...]:
        seen: set[_T] = set()
        for value in values:
            if value in seen:
                shown = "/".join(value) if isinstance(value, tuple) else value
                self.fail(f"{shown!r} stands twice, and would be counted twice", at)
            seen.add(value)
        return values

    def _json(self, token: Token) -> Query | JsonQuery:
        try:
            return from_json(token.text)
        except QueryError as error:
            start = token.start + error.column - 1  # it counts from the JSON's beginning
            raise self.source.error(error.message, start, start + error.length) from None


def _first_or(node: tree.ConditionNode | None) -> tree.Disjunction | None:
    """Return the alternatives that an error underlines."""
    if isinstance(node, tree.Conjunction):
        return next(filter(None, map(_first_or, node.parts)), None)
    return node if isinstance(node, tree.Disjunction) else None


def _write_or(event: Event, condition: Condition, clause: tree.Clause) -> str:
    """Return how an `or` inside `did` is written: one event for each alternative."""
    alone = "'or' stands in the statement's own 'where' only"
    counted = isinstance(clause, tree.DidNode) and clause.times is not None
    if counted or _size(condition) > MOST_SHOWN:
        return f"{alone}: take a statement for each"
    events = [printer.event_text(replace(event, where=term)) for term in _alternatives(condition)]
    if isinstance(clause, tree.DidNotNode):
        return f"{alone}: write {' '.join(f'did not {name}' for name in events)}"
    return f"{alone}: write did any ({', '.join(events)})"


def _size(condition: Condition) -> int:
    """Return how many alternatives there are, in no time however many they are."""
    if isinstance(condition, Or):
        return sum(map(_size, condition.parts))
    return prod(map(_size, condition.parts)) if isinstance(condition, And) else 1


def _alternatives(condition: Condition) -> list[tuple[Filter, ...]]:
    match condition:
        case Or(parts):
            return [term for part in parts for term in _alternatives(part)]
        case And(parts):
            several = product(*map(_alternatives, parts))
            return [
                tuple(alternative for term in terms for alternative in term) for terms in several
            ]
        case Filter():
            return [(condition,)]
        case _:
            return [()]  # a place, which cannot stand inside `did`
