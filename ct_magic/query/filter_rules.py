"""How the builder reads a `where`. Rule: README.md here, "Filters" and "Or"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from ..suggest import suggest
from . import check_filter, parameters, tree
from .lexer import API_NAMES, Token
from .literals import Reader
from .model import And, AtPlace, ClockRange, Condition, Filter, Operator, Or, Place, Property, Scope

OPERATOR_OF = {API_NAMES[o.value]: o for o in Operator}
_SCOPES = [scope.value for scope in Scope if scope.value]
NO_SCOPES = {
    "geo": 'it stands alone, as in geo = "India/Goa".',
    "event": "what stands alone is a property of the event.",
    "user": "did you mean 'profile'?",
}
GEO_TWICE = "a filter takes 'geo' once: name all places in one list, geo in (…)"
ONLY_GEO = 'only = and in apply to geo, as in geo = "India/Goa"'


@dataclass(frozen=True, slots=True)
class Where:
    """A `where` as a query holds it: filters and places, or one condition with an `or`."""

    filters: tuple[Filter, ...] = ()
    places: tuple[Place, ...] = ()
    condition: And | Or | None = None


class FilterRules(Reader):
    """Reads conditions."""

    def where(self, node: tree.ConditionNode | None) -> Where:
        """Return what must hold of the statement's own event."""
        if node is None:
            return Where()
        if self._has_or(node):
            condition = self.condition(node)
            return Where(condition=condition if isinstance(condition, And | Or) else None)
        conditions = list(_flat(self.condition(node)))
        self._check_places(node)
        places = [part.places for part in conditions if isinstance(part, AtPlace)]
        filters = tuple(part for part in conditions if isinstance(part, Filter))
        return Where(filters, places[0] if places else ())

    def condition(self, node: tree.ConditionNode) -> Condition:
        """Return a condition, whole."""
        match node:
            case tree.Conjunction(parts):
                return And(tuple(map(self.condition, parts)))
            case tree.Disjunction(parts):
                return Or(tuple(map(self.condition, parts)))
            case tree.ComparisonNode():
                return self._comparison(node)
            case tree.Membership():
                return self._membership(node)
            case tree.Range():
                return self._range(node)
            case tree.Existence(prop, _, negated):
                self._check_plain(prop)
                operator = Operator.DOES_NOT_EXIST if negated else Operator.EXISTS
                return Filter(self.property(prop), operator, "")
            case _:
                assert_never(node)

    def property(self, node: tree.PropertyName) -> Property:
        """Return the property in the scope that stands before the dot."""
        name = self.name(node.name)
        if node.scope is None:
            return Property(name)
        scope = node.scope.text
        if scope not in _SCOPES:
            near = suggest(scope, _SCOPES)
            known = f"there are {', '.join(_SCOPES)}; without one it is the event's."
            hint = NO_SCOPES.get(scope, f"did you mean '{near}'?" if near else known)
            message = f"there is no scope '{scope}': {hint} A name that holds a dot is quoted."
            self.fail(message, node.scope)
        return Property(name, Scope(scope))

    def places(self, values: tree.ValuesNode) -> tuple[Place, ...]:
        """Return the places of a list."""
        if values.variable is None:
            return tuple(map(self._place, values.items))
        return tuple(self._place_of(value, values) for value in self.values(values))

    def _comparison(self, node: tree.ComparisonNode) -> Condition:
        operator = OPERATOR_OF[node.operator.type]
        if node.property.is_geo:
            if operator is not Operator.EQUALS:
                self.fail(ONLY_GEO, node.property)
            return AtPlace((self._place(node.value),))
        self._check_clock(node.property, node)
        value, shown = self.value(node.value), self.shown(node.value)
        if message := check_filter.misfit(operator, value, shown):
            self.fail(message, node.value)
        return Filter(self.property(node.property), operator, value)

    def _membership(self, node: tree.Membership) -> Condition:
        if node.property.is_geo and not node.negated:
            return AtPlace(self.places(node.values))
        self._check_plain(node.property)
        operator = Operator.NOT_EQUALS if node.negated else Operator.EQUALS
        return Filter(self.property(node.property), operator, self.values(node.values))

    def _range(self, node: tree.Range) -> Condition:
        if node.property.is_geo:
            self.fail(ONLY_GEO, node.property)
        prop = self.property(node.property)
        if prop == check_filter.TIME_OF_DAY:
            return Filter(prop, Operator.EQUALS, self._clock_range(node))
        least, most = Operator.GREATER_THAN_EQUALS, Operator.LESS_THAN_EQUALS
        low, high = self._bound(node.low, least), self._bound(node.high, most)
        if low > high:
            self.fail(f"the range ends ({high}) before it begins ({low})", node.low, node.high)
        return And((Filter(prop, least, low), Filter(prop, most, high)))

    def _bound(self, token: Token, operator: Operator) -> int | float:
        if token.type == "CLOCK":
            self.fail(f"{check_filter.CLOCK}, of no other property", token)
        value = self.value(token)
        message = check_filter.misfit(operator, value, self.shown(token), "a range")
        if message or isinstance(value, str):
            self.fail(str(message), token)
        return value

    def _clock_range(self, node: tree.Range) -> ClockRange:
        start, end = self._minute(node.low), self._minute(node.high)
        if start > end:
            message = f"the range ends ({node.high.text}) before it begins ({node.low.text})"
            self.fail(f"{message}: {check_filter.OVERNIGHT}", node.low, node.high)
        return ClockRange(start, end)

    def _minute(self, token: Token) -> int:
        if token.type == "PARAM":
            with self.at(token):
                return parameters.clock_value(token.text[1:], self.params)
        text = self.unquoted(token) if token.type == "STRING" else token.text
        minute = check_filter.minutes(text)
        if minute is None:
            self.fail(f"{token.text} is no time of day: write HH:MM, from 00:00 to 23:59", token)
        return minute

    def _check_clock(self, prop: tree.PropertyName, node: tree.Node) -> None:
        if self.property(prop) == check_filter.TIME_OF_DAY:
            self.fail(check_filter.ONLY_CLOCK, node)

    def _check_plain(self, prop: tree.PropertyName) -> None:
        if prop.is_geo:
            self.fail(ONLY_GEO, prop)
        self._check_clock(prop, prop)

    def _check_places(self, node: tree.ConditionNode) -> None:
        """Raise QueryError where two different places meet: no count can ask for both."""
        seen: set[frozenset[Place]] = set()
        for leaf in tree.leaves(node):
            condition = self.condition(leaf) if leaf.property.is_geo else None
            if isinstance(condition, AtPlace):
                seen.add(frozenset(condition.places))
            if len(seen) > 1:
                self.fail(GEO_TWICE, leaf.property)

    def _has_or(self, node: tree.ConditionNode) -> bool:
        if isinstance(node, tree.Conjunction):
            return any(map(self._has_or, node.parts))
        return isinstance(node, tree.Disjunction)

    def _place(self, token: Token) -> Place:
        value = self.value(token)
        if value in ("True", "False") and token.type != "STRING":
            self.fail(f"{value!r} is no place: write {check_filter.PLACE}", token)
        return self._place_of(value, token)

    def _place_of(self, value: str | int | float, at: Token | tree.Node) -> Place:
        place = check_filter.check_place(value)
        if place is None:
            self.fail(f"{value!r} is no place: write {check_filter.PLACE}", at)
        return place


def _flat(condition: Condition) -> Iterator[Filter | AtPlace]:
    if isinstance(condition, And | Or):
        for part in condition.parts:
            yield from _flat(part)
    else:
        yield condition
