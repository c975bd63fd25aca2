"""Syntax tree -> Query: what the grammar lets through is checked here, with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

from . import dates, params
from .cql import COUNTING, LONGEST, ORDERING, fits
from .errors import QueryError
from .query import (
    Ago,
    Axis,
    ByPlace,
    ByTime,
    ByValue,
    Days,
    DidAny,
    Event,
    Filter,
    Last,
    Operator,
    Period,
    Place,
    Previous,
    Property,
    Query,
    Scalar,
    Scope,
    This,
    Unit,
    Value,
)
from .tokens import Token, error

# A subtree of lark's, or a leaf that holds our Token: this room needs `data`, `children`, `value`.
Tree = Any
OPERATORS = {operator.symbol: operator for operator in Operator}
SCOPES = {scope.value: scope for scope in Scope if scope.value}
SESSION_SCOPES = (Scope.EVENT, Scope.SESSION)
FARTHEST = {Unit.DAY: 36500, Unit.WEEK: 5200, Unit.MONTH: 1200, Unit.YEAR: 100}
GEO = "geo"


def label_of(found: list[Token]) -> str:
    """Give the label that these tokens spell: a name and a colon."""
    return found[0].value


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds queries from the trees of one text; `variables` are the values of its `$names`."""

    text: str
    variables: Mapping[str, Any]
    today: date

    def query(self, tree: Tree) -> Query:
        """Build a statement."""
        parts = list(tree.children)
        label = _pop(parts, "label")
        name = self._event_name(_pop(parts, "event"))
        where, places = self._where(_pop(parts, "where"), base=True)
        period = self._period(_pop(parts, "period"))
        by = self._by(_pop(parts, "by"), places)
        return Query(
            event=Event(name, where, period),
            places=places,
            did=tuple(self._happened(did.children[1]) for did in _all(parts, "did")),
            did_not=tuple(self._happened(did.children[2]) for did in _all(parts, "did_not")),
            did_any=self._did_any(_all(parts, "did_any")),
            by=by,
            label=_first(label.children[0]).value if label else None,
        )

    def _wrong(self, message: str, tree: Tree) -> QueryError:
        return error(self.text, message, _first(tree).start, _final(tree).end)

    def _event_name(self, tree: Tree) -> str:
        token = _first(tree)
        if token.kind != "PARAM":
            return self._filled(token)
        value = self._param(tree)
        if not isinstance(value, str) or not value:
            raise self._wrong(f"{token.text} names an event here: it must be a text", tree)
        return str.__str__(value)

    def _filled(self, token: Token) -> str:
        if not token.value:
            raise error(self.text, "a name cannot be empty", token.start, token.end)
        return token.value

    def _where(self, tree: Tree, *, base: bool) -> tuple[tuple[Filter, ...], tuple[Place, ...]]:
        filters: list[Filter] = []
        places: tuple[Place, ...] = ()
        for condition in _rules(tree):
            if not _is_geo(condition.children[0]):
                filters += self._filters(condition, base=base)
                continue
            if places or not base:
                raise self._wrong(_geo_message(base=base), condition)
            places = self._places(condition)
        return tuple(filters), places

    def _filters(self, tree: Tree, *, base: bool) -> list[Filter]:
        about = self._property(tree.children[0], base=base)
        if tree.data == "between":
            low, high = self._range(tree)
            return [
                Filter(about, Operator.GREATER_THAN_EQUALS, low),
                Filter(about, Operator.LESS_THAN_EQUALS, high),
            ]
        return [self._condition(about, tree)]

    def _condition(self, about: Property, tree: Tree) -> Filter:
        match tree.data:
            case "exists":
                return Filter(about, Operator.EXISTS, "")
            case "not_exists":
                return Filter(about, Operator.DOES_NOT_EXIST, "")
            case "among":
                return Filter(about, Operator.EQUALS, self._list(tree.children[-1]))
            case "not_among":
                return Filter(about, Operator.NOT_EQUALS, self._list(tree.children[-1]))
        operator = OPERATORS[_leaf(tree.children[1]).text]
        value = self._value(tree.children[2])
        self._check_value(operator, value, tree.children[2])
        return Filter(about, operator, value)

    def _check_value(self, operator: Operator, value: Value, tree: Tree) -> None:
        if fits(operator, value):
            return
        said = self.text[_first(tree).start : _final(tree).end]
        if operator in ORDERING:
            hint = "take the quotes away" if _is_number(value) else "'=' compares texts"
            raise self._wrong(f"'{operator.symbol}' compares numbers, not {said}: {hint}", tree)
        raise self._wrong(f"'{operator.symbol}' looks inside texts, not {said}: quote it", tree)

    def _range(self, tree: Tree) -> tuple[Value, Value]:
        low, high = self._value(tree.children[2]), self._value(tree.children[4])
        for value, part in ((low, tree.children[2]), (high, tree.children[4])):
            if isinstance(value, str):
                raise self._wrong("a range lies between two numbers: in 100..500", part)
        if low > high:  # type: ignore[operator] # both are numbers by now
            raise self._wrong("this range ends before it begins: turn it round", tree)
        return low, high

    def _property(self, tree: Tree, *, base: bool) -> Property:
        leaves = [_leaf(child) for child in tree.children]
        if len(leaves) == 1:
            return Property(self._filled(leaves[0]))
        scope = SCOPES.get(leaves[0].value)
        if scope is None:
            raise self._unknown_scope(leaves[0], tree)
        if not base and scope not in SESSION_SCOPES:
            raise self._wrong(
                f"only the statement's own event may be asked about {scope.value}, not one in "
                "'did': move the condition before the period",
                tree,
            )
        return Property(self._filled(leaves[2]), scope)

    def _unknown_scope(self, token: Token, tree: Tree) -> QueryError:
        near = get_close_matches(token.value, SCOPES, 1)
        said = self.text[token.start : _final(tree).end]
        hint = f"did you mean '{near[0]}'?" if near else f"the scopes are {', '.join(SCOPES)}"
        message = f"found the scope '{token.value}': {hint}"
        if not near:
            message += f'; if the dot belongs to the name, quote it: "{said}"'
        return error(self.text, message, token.start, token.end)

    def _places(self, tree: Tree) -> tuple[Place, ...]:
        if tree.data == "among":
            return self._place_list(tree.children[-1])
        if tree.data == "compare" and _leaf(tree.children[1]).text == "=":
            return (self._place(self._value(tree.children[2]), tree.children[2]),)
        raise self._wrong("geo knows '=' and 'in': geo = \"India\", geo in (\"India/Goa\")", tree)

    def _place_list(self, tree: Tree) -> tuple[Place, ...]:
        return tuple(self._place(value, tree) for value in self._list(tree))

    def _place(self, value: Value, tree: Tree) -> Place:
        parts = tuple(value.split("/")) if isinstance(value, str) else ()
        if not 1 <= len(parts) <= 3 or not all(parts):
            raise self._wrong('a place is "country", "country/state" or "country/state/city"', tree)
        return parts

    def _value(self, tree: Tree) -> Scalar:
        token = _first(tree)
        match token.kind:
            case "STRING":
                return token.value
            case "TRUE" | "FALSE":
                return token.text.capitalize()
            case "NUMBER":
                return self._number(token)
        return self._converted(params.scalar, tree)  # type: ignore[no-any-return]

    def _number(self, token: Token) -> int | float:
        number = float(token.text) if "." in token.text else None
        if len(token.text) >= LONGEST or number in (float("inf"), float("-inf")):
            raise error(self.text, "this number is too long", token.start, token.end)
        return int(token.text) if number is None else number

    def _list(self, tree: Tree) -> tuple[Scalar, ...]:
        if tree.data == "param":
            return self._converted(params.many, tree)  # type: ignore[no-any-return]
        return tuple(self._value(child) for child in _rules(tree))

    def _converted(self, convert: Any, tree: Tree) -> Any:
        value = self._param(tree)
        try:
            return convert(value)
        except params.UnfitError as unfit:
            raise self._wrong(f"{_first(tree).text} {unfit}", tree) from None

    def _param(self, tree: Tree) -> Any:
        name = _first(tree).text[1:]
        if name in self.variables:
            return self.variables[name]
        near = get_close_matches(name, [n for n in self.variables if not n.startswith("_")], 1)
        hint = f"did you mean ${near[0]}?" if near else "assign it first, or pass it in params="
        raise self._wrong(f"there is no variable {name!r}: {hint}", tree)

    def _period(self, tree: Tree) -> Period | None:
        if tree is None:
            return None
        found = self._read_period(tree)
        try:
            start, end = dates.resolve(found, self.today)
        except (OverflowError, ValueError):
            raise self._wrong("this period begins before the calendar does", tree) from None
        if start > end:
            raise self._wrong(
                f"this period ends ({end}) before it begins ({start}): turn it round", tree
            )
        return found

    def _read_period(self, tree: Tree) -> Period:
        days = [self._day(child) for child in _rules(tree) if child.data == "day"]
        match tree.data:
            case "days":
                return Days(days[0], days[1])
            case "on":
                return Days(days[0], days[0])
            case "since":
                return Days(days[0], Ago(1))
            case "month":
                return self._month(tree)
            case "last":
                return self._last(tree)
            case "this":
                return This(self._whole(tree))
        return Previous(self._whole(tree))

    def _month(self, tree: Tree) -> Days:
        token = _first(tree)
        first = self._date(f"{token.text}-01", token)
        return Days(first, dates.end_of_month(first))

    def _last(self, tree: Tree) -> Last:
        number, unit = _leaf(tree.children[1]), _unit(tree.children[2])
        if not number.text.isdigit() or not int(number.text[:9]) > 0 or len(number.text) > 9:
            raise error(self.text, "'last' takes a whole number from 1", number.start, number.end)
        if int(number.text) > FARTHEST[unit]:
            raise error(self.text, "this is more than a hundred years", number.start, number.end)
        return Last(int(number.text), unit)

    def _whole(self, tree: Tree) -> Unit:
        unit = _unit(tree.children[-1])
        said = _leaf(tree.children[0]).text
        if unit is Unit.DAY:
            instead = {"this": "today", "last": "yesterday"}[said]
            raise self._wrong(f"'{said} day' is written '{instead}'", tree)
        if _final(tree).text.endswith("s"):
            raise self._wrong(f"'{said}' stands before one {unit.value}: {said} {unit.value}", tree)
        return unit

    def _day(self, tree: Tree) -> date | Ago:
        token = _first(tree)
        match token.kind:
            case "TODAY":
                return Ago(0)
            case "YESTERDAY":
                return Ago(1)
            case "AGO":
                return self._ago(token)
            case "PARAM":
                return self._converted(params.day, tree)  # type: ignore[no-any-return]
        digits = token.text
        if token.kind == "NUMBER":
            if len(digits) != 8 or not digits.isdigit():
                message = f"found '{digits}' where a day should stand: write it like 2015-08-10"
                raise error(self.text, message, token.start, token.end)
            digits = f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"
        return self._date(digits, token)

    def _ago(self, token: Token) -> Ago:
        digits = token.text.removeprefix("today-")
        if len(digits) > 9 or int(digits) > FARTHEST[Unit.DAY]:
            raise error(self.text, "this is more than a hundred years", token.start, token.end)
        return Ago(int(digits))

    def _date(self, text: str, token: Token) -> date:
        try:
            found = date.fromisoformat(text)
            if found.year < 1000:
                raise ValueError("a year has four digits")
        except ValueError:
            said = f"'{token.text}' is no day of the calendar: {_why_no_date(text)}"
            raise error(self.text, said, token.start, token.end) from None
        return found

    def _happened(self, tree: Tree) -> Event:
        parts = list(tree.children)
        name = self._event_name(_pop(parts, "event"))
        where, _ = self._where(_pop(parts, "where"), base=False)
        return Event(name, where, self._period(_pop(parts, "period")))

    def _did_any(self, found: list[Tree]) -> DidAny | None:
        if not found:
            return None
        if len(found) > 1:
            raise self._wrong("'did any' stands once in a statement", found[1])
        events = tuple(self._happened(part) for part in _rules(found[0]))
        leaves = [leaf for leaf in map(_maybe_leaf, found[0].children) if leaf]
        if leaves[-1].kind != "NUMBER":
            return DidAny(events)
        operator, times = OPERATORS[leaves[-2].text], leaves[-1]
        if operator not in COUNTING:
            said = f"'did any (…)' takes =, >, >=, < or <=, not '{operator.symbol}'"
            raise error(self.text, said, leaves[-2].start, leaves[-2].end)
        if not times.text.isdigit():
            raise error(
                self.text, "'did any (…)' is compared with a whole number", times.start, times.end
            )
        return DidAny(events, operator, int(self._number(times)))

    def _by(self, tree: Tree, places: tuple[Place, ...]) -> tuple[Axis, ...]:
        axes: list[Axis] = []
        for part in _rules(tree):
            axis = self._axis(part)
            if any(_same_axis(axis, other) for other in axes):
                raise self._wrong("this axis stands twice: an axis stands once", part)
            if isinstance(axis, ByPlace) and places:
                raise self._wrong("geo stands in 'where' already: it stands once", part)
            axes.append(axis)
        return tuple(axes)

    def _axis(self, tree: Tree) -> Axis:
        if tree.data == "by_unit":
            unit, token = _unit(tree.children[0]), _first(tree)
            if unit is Unit.YEAR or token.text.endswith("s"):
                raise self._wrong("by takes day, week or month", tree)
            return ByTime(unit)
        values = self._list(tree.children[2])
        if len(set(values)) < len(values):
            raise self._wrong("a value stands twice in this axis", tree.children[2])
        if _is_geo(tree.children[0]):
            return ByPlace(self._place_list(tree.children[2]))
        return ByValue(self._property(tree.children[0], base=True), values)


def _pop(parts: list[Tree], name: str) -> Tree:
    aliases = {"period": {"days", "on", "month", "since", "last", "this", "previous"}}
    wanted = aliases.get(name, {name})
    for index, part in enumerate(parts):
        if getattr(part, "data", None) in wanted:
            return parts.pop(index)
    return None


def _all(parts: list[Tree], name: str) -> list[Tree]:
    return [part for part in parts if getattr(part, "data", None) == name]


def _rules(tree: Tree) -> list[Tree]:
    return [child for child in tree.children if hasattr(child, "data")] if tree else []


def _leaf(child: Tree) -> Token:
    found: Token = child.value
    return found


def _maybe_leaf(child: Tree) -> Token | None:
    return None if hasattr(child, "data") else _leaf(child)


def _first(tree: Tree) -> Token:
    while hasattr(tree, "data"):
        tree = tree.children[0]
    return _leaf(tree)


def _final(tree: Tree) -> Token:
    while hasattr(tree, "data"):
        tree = tree.children[-1]
    return _leaf(tree)


def _unit(tree: Tree) -> Unit:
    return Unit(_first(tree).text.removesuffix("s"))


def _is_geo(tree: Tree) -> bool:
    token = _first(tree)
    return len(tree.children) == 1 and token.kind == "NAME" and token.value == GEO


def _geo_message(*, base: bool) -> str:
    if base:
        return "geo stands once: put the places into one list, geo in (…)"
    return "only the statement's own event may be asked about geo, not one in 'did'"


def _same_axis(one: Axis, other: Axis) -> bool:
    if isinstance(one, ByValue) and isinstance(other, ByValue):
        return one.property == other.property
    return type(one) is type(other)


def _is_number(value: Value) -> bool:
    try:
        return isinstance(value, str) and bool(float(value) + 1)
    except ValueError:
        return False


def _why_no_date(text: str) -> str:
    year, month, _ = (int(part) for part in text.split("-"))
    if not 1 <= month <= 12:
        return "the months are 01 to 12"
    if year < 1000:
        return "the year has four digits"
    last = dates.end_of_month(date(year, month, 1)).day
    return f"{year}-{month:02} has the days 01 to {last}"
