"""Query -> its one canonical text: the shortest that `parse` reads back as an equal query."""

from __future__ import annotations

import re
from datetime import date
from typing import assert_never

from . import strict_json as jsontext
from .calendar_pieces import month_of
from .lexer import is_bare_name
from .model import (
    Ago,
    Axis,
    ByPlace,
    ByTime,
    ByValue,
    Days,
    Did,
    DidAny,
    DidNot,
    Event,
    Filter,
    JsonQuery,
    Last,
    Operator,
    Period,
    Place,
    Previous,
    Property,
    Query,
    Scalar,
    Step,
    This,
    Value,
)
from .payload import to_payload

WIDEST = 88
# A text between quotes stands on one line, so these cannot be said in the language.
_UNSAYABLE = re.compile(r"[\x00-\x08\n-\x1f\x7f-\x9f\u2028\u2029]")


def to_text(query: Query | JsonQuery) -> str:
    """Print a query on one line, its label before it.

    A single count that holds line breaks or other control characters prints as JSON. A statement
    with `by`, or with days that count from today, cannot: there such a character is shown as its
    picture (␊).
    """
    return _label(query) + " ".join(_clauses(query))


def layout(query: Query | JsonQuery) -> str:
    """Print a query over indented lines, one for each clause; it reads back as the same query."""
    head, *clauses = _clauses(query)
    if isinstance(query, Query) and len(head) > WIDEST and not head.startswith("{"):
        parts = _parts(query.event, query.places)
        head = "\n    ".join(_UNSAYABLE.sub(_picture, part) for part in parts)
    return "\n  ".join([_label(query) + head, *clauses])


def name(text: str) -> str:
    """Print a name: bare where it may be bare."""
    return text if is_bare_name(text) else quote(text)


def quote(text: str) -> str:
    """Print a text between the quotes that need fewer backslashes, double ones if in doubt."""
    mark = "'" if text.count('"') > text.count("'") else '"'
    return mark + text.replace("\\", "\\\\").replace(mark, "\\" + mark) + mark


def value(scalar: Scalar) -> str:
    """Print a value: `"text"`, a number, `true` or `false`."""
    if scalar in ("True", "False"):
        return str(scalar).lower()
    return quote(scalar) if isinstance(scalar, str) else repr(scalar)


def property_name(asked: Property) -> str:
    """Print a property with its scope; one of the event that is called geo keeps its quotes."""
    if asked == Property("geo"):
        return quote(asked.name)
    scope = f"{asked.scope.value}." if asked.scope.value else ""
    return scope + name(asked.name)


def clause(step: Step) -> str:
    """Print what may stand behind `share`: `did Charged`, `did not …`, `did any (…)`."""
    match step:
        case Did(event):
            return f"did {_event(event)}"
        case DidNot(event):
            return f"did not {_event(event)}"
        case DidAny():
            return _did_any(step)


def period(asked: Period) -> str:
    """Print a period: `2015-08`, `since 2015-08-10`, `last 30 days`."""
    match asked:
        case Days(start, end) if start == end:
            return _day(start)
        case Days(start, Ago(1)):
            return f"since {_day(start)}"
        case Days(date() as start, date()) if month_of(start) == asked:
            return start.isoformat()[:7]
        case Days(start, end):
            return f"{_day(start)}..{_day(end)}"
        case Last(n, unit):
            return f"last {n} {unit.value}{'' if n == 1 else 's'}"
        case This(unit):
            return f"this {unit.value}"
        case Previous(unit):
            return f"last {unit.value}"
        case _:
            assert_never(asked)


def _label(query: Query | JsonQuery) -> str:
    return f"{name(query.label)}: " if query.label is not None else ""


def _clauses(query: Query | JsonQuery) -> list[str]:
    if isinstance(query, JsonQuery):
        return [query.body]
    said = [
        " ".join(_parts(query.event, query.places)),
        *(f"did {_event(event)}" for event in query.did),
        *(f"did not {_event(event)}" for event in query.did_not),
        *([_did_any(query.did_any)] if query.did_any else []),
        *([f"by {', '.join(map(_axis, query.by))}"] if query.by else []),
    ]
    if not any(map(_UNSAYABLE.search, said)):
        return said
    if not query.by and _is_absolute(query.event.period):
        return [jsontext.encode(to_payload(query))]
    return [_UNSAYABLE.sub(_picture, clause) for clause in said]


def _is_absolute(asked: Period | None) -> bool:
    return isinstance(asked, Days) and not any(isinstance(d, Ago) for d in (asked.start, asked.end))


def _picture(char: re.Match[str]) -> str:
    return chr(0x2400 + ord(char[0])) if char[0] < " " else "\N{REPLACEMENT CHARACTER}"


def _parts(event: Event, places: tuple[Place, ...] = ()) -> list[str]:
    """Print an event in the parts that `layout` may put on lines of their own."""
    conditions = _conditions(event.where) + ([f"geo {_list(places)}"] if places else [])
    joined = [f"{'and' if at else 'where'} {said}" for at, said in enumerate(conditions)]
    return [name(event.name), *joined, *([period(event.period)] if event.period else [])]


def _event(event: Event) -> str:
    return " ".join(_parts(event))


def _conditions(where: tuple[Filter, ...]) -> list[str]:
    """Print filters; two neighbours that bound a property from both sides are one range."""
    said, at = [], 0
    while at < len(where):
        pair = where[at : at + 2]
        if _is_range(pair):
            ends = "..".join(_values(one.value) for one in pair)
            said.append(f"{property_name(pair[0].property)} in {ends}")
        else:
            said.append(_condition(where[at]))
        at += 2 if _is_range(pair) else 1
    return said


def _is_range(pair: tuple[Filter, ...]) -> bool:
    match pair:
        case (
            Filter(asked, Operator.GREATER_THAN_EQUALS, int() | float() as low),
            Filter(same, Operator.LESS_THAN_EQUALS, int() | float() as high),
        ):
            return asked == same and low <= high
    return False


def _condition(one: Filter) -> str:
    asked, symbol = property_name(one.property), one.operator.symbol
    if one.operator in (Operator.EXISTS, Operator.DOES_NOT_EXIST):
        return f"{asked} {symbol}"
    if isinstance(one.value, tuple):
        symbol = "in" if one.operator is Operator.EQUALS else "not in"
    return f"{asked} {symbol} {_values(one.value)}"


def _values(asked: Value) -> str:
    if isinstance(asked, tuple):
        return f"({', '.join(map(value, asked))})"
    return value(asked)


def _list(places: tuple[Place, ...]) -> str:
    said = ["/".join(place) for place in places]
    return f"= {value(said[0])}" if len(said) == 1 else f"in {_values(tuple(said))}"


def _did_any(asked: DidAny) -> str:
    events = ", ".join(map(_event, asked.events))
    times = f" {asked.operator.symbol} {asked.times}"
    return f"did any ({events})" + ("" if asked == DidAny(asked.events) else times)


def _axis(axis: Axis) -> str:
    match axis:
        case ByTime(unit):
            return unit.value
        case ByValue(asked, values):
            return f"{property_name(asked)} in {_values(values)}"
        case ByPlace(places):
            return f"geo in {_values(tuple('/'.join(place) for place in places))}"
        case _:
            assert_never(axis)


def _day(day: date | Ago) -> str:
    if isinstance(day, date):
        return day.isoformat()
    return {0: "today", 1: "yesterday"}.get(day.days, f"today-{day.days}")
