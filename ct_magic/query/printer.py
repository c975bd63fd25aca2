"""Query -> its one canonical text: the shortest that `parse` reads back as an equal query."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from ct_magic.common.system_events import SYSTEM_EVENTS
from ct_magic.query import model, strict_json
from ct_magic.query.calendar import counts_from_today, unit_of
from ct_magic.query.lexer import is_bare_event, is_bare_name
from ct_magic.query.payload import to_payload

WIDEST = 88
_ONCE = (model.Operator.GREATER_THAN_EQUALS, 1)  # what `did any` means without a number


def to_text(query: model.Query | model.JsonQuery) -> str:
    """Return a query on one line, its label before it.

    A single count with line breaks or other control characters prints as JSON; in any other
    statement such a character is shown as its picture (␊).
    """
    return _label(query) + " ".join(_clauses(query))


def layout(query: model.Query | model.JsonQuery) -> str:
    """Return a query over indented lines, one for each clause; it reads back as the same query."""
    head, *clauses = _clauses(query)
    if isinstance(query, model.Query) and len(head) > WIDEST and not head.startswith("{"):
        parts = _base_text(query)
        head = "\n    ".join(model.CONTROL.sub(_visible_char, part) for part in parts)
    return "\n  ".join([_label(query) + head, *clauses])


def name_text(text: str) -> str:
    """Return a name: bare where it may be bare."""
    return text if is_bare_name(text) else quote(text)


@lru_cache(maxsize=10_000)  # each count of a cell names its events
def event_name(text: str) -> str:
    """Return the name of an event: bare where no word in it could be meant as a clause."""
    return text if is_bare_event(text) and not meant(text) else quote(text)


def meant(name: str, today: date | None = None) -> str | None:
    """Return what to write for an event's name that is rather a query: `Charged twice`."""
    if name.removeprefix("did ") in SYSTEM_EVENTS:
        return None
    from ct_magic.query.mistakes.rewriting import swallowed  # most of a process loads no mistakes

    return swallowed(name, today)


def quote(text: str) -> str:
    """Return a text between the quotes that need fewer backslashes, double ones if in doubt."""
    mark = "'" if text.count('"') > text.count("'") else '"'
    return mark + text.replace("\\", "\\\\").replace(mark, "\\" + mark) + mark


def value_text(scalar: model.Scalar) -> str:
    """Return a value: `"text"`, a number, `true` or `false`."""
    if scalar in ("True", "False"):
        return str(scalar).lower()
    return quote(scalar) if isinstance(scalar, str) else repr(scalar)


def property_text(prop: model.Property) -> str:
    """Return a property with its scope; one of the event that is called geo keeps its quotes."""
    if prop == model.Property("geo"):
        return quote(prop.name)
    scope = f"{prop.scope.value}." if prop.scope.value else ""
    return scope + name_text(prop.name)


def event_text(event: model.Event) -> str:
    """Return an event with its filters, its period and how often, as it is written inside `did`."""
    where = _where(model.And(event.where))
    return " ".join([event_name(event.name), *where, *_period_words(event), *often_text(event)])


def often_text(event: model.Event) -> list[str]:
    """Return how often an event happened, as `>= 3`; nothing where that is not said."""
    return [f"{event.often.operator.symbol} {event.often.times}"] if event.often else []


def clause_text(clause: model.Clause) -> str:
    """Return a clause as it is written behind `share`: `did not App Uninstalled`."""
    match clause:
        case model.Did(done):
            return f"did {event_text(done)}"
        case model.DidNot(done):
            return f"did not {event_text(done)}"
        case model.DidAny(events, operator, times, window):
            inside = ", ".join(map(event_text, events))
            often = None if (operator, times) == _ONCE else f"{operator.symbol} {times}"
            parts = [f"did any ({inside})", period_text(window) if window else None, often]
            return " ".join(filter(None, parts))
        case model.ShareWhere(condition):
            return " ".join(_where(condition))


def period_text(period: model.AnyPeriod | model.Preceding) -> str:
    """Return a period: `2015-08`, `since 2015-08-10`, `last 30 days`, `after 2 weeks`."""
    match period:
        case model.Days():
            return _days(period)
        case model.Last(n, unit):
            return f"last {units_text(n, unit)}"
        case model.This(unit):
            return f"this {unit.value}"
        case model.Previous(unit):
            return f"last {unit.value}"
        case model.Shift(n, unit):
            return f"{'before' if n < 0 else 'after'} {units_text(abs(n), unit)}"
        case model.ShiftAxis(first, last, unit):
            return f"after {first}..{units_text(last, unit)}"
        case model.OwnDays(windows):
            return _own_days_text(windows)
        case model.Preceding():
            return "previous"


def _own_days_text(windows: tuple[tuple[int, int], ...]) -> str:
    longest = max(last - first for first, last in windows)
    if longest and not any(first for first, _ in windows):
        numbers = ", ".join(str(last + 1) for _, last in windows)
        return f"within {numbers} days"
    texts = [str(first) if first == last else f"{first}..{last}" for first, last in windows]
    return f"on {'days' if longest else 'day'} {', '.join(texts)}"


def _label(query: model.Query | model.JsonQuery) -> str:
    return f"{name_text(query.label)}: " if query.label is not None else ""


def _clauses(query: model.Query | model.JsonQuery) -> list[str]:
    if isinstance(query, model.JsonQuery):
        return [query.body]
    texts = [
        " ".join(_base_text(query)),
        *(("share " if clause.share else "") + clause_text(clause) for clause in query.clauses),
        *([f"vs {period_text(query.versus)}"] if query.versus else []),
        *([f"by {', '.join(map(_axis_text, query.by))}"] if query.by else []),
    ]
    if not any(map(model.CONTROL.search, texts)):
        return texts
    periods = (query.event.period, *(e.period for e in query.inner_events if e.period))
    if query.is_single and not any(p is None or counts_from_today(p) for p in periods):
        return [strict_json.encode(to_payload(query))]
    return [model.CONTROL.sub(_visible_char, clause_text) for clause_text in texts]


def _visible_char(char: re.Match[str]) -> str:
    if char[0] == "\t":  # a value may have one
        return char[0]
    return chr(0x2400 + ord(char[0])) if char[0] < " " else "\N{REPLACEMENT CHARACTER}"


def _base_text(query: model.Query) -> list[str]:
    """Return the base in the parts that `layout` may put on lines of their own."""
    where = _where(query.where) if query.where else []
    return [event_name(query.event.name), *where, *_period_words(query.event)]


def _period_words(event: model.Event) -> list[str]:
    return [period_text(event.period)] if event.period else []


def _where(condition: model.Condition) -> list[str]:
    """Return a `where` in its parts, whatever joins them."""
    word = "or" if isinstance(condition, model.Or) else "and"
    parts = condition.parts if isinstance(condition, model.And | model.Or) else (condition,)
    texts = _joined_conditions(parts, in_and=word == "and")
    return [f"{word if at else 'where'} {text}" for at, text in enumerate(texts)]


def _joined_conditions(parts: tuple[model.Condition, ...], in_and: bool = False) -> list[str]:
    """Return the parts of an `and` or `or`; neighbours that are one range are printed as one."""
    texts, at = [], 0
    while at < len(parts):
        both = _range(parts[at : at + 2]) if in_and else None
        texts.append(both or _part_text(parts[at], in_and))
        at += 2 if both else 1
    return texts


def _part_text(part: model.Condition, in_and: bool) -> str:
    match part:
        case model.And(parts):
            return " and ".join(_joined_conditions(parts, in_and=True))
        case model.Or(parts):
            text = " or ".join(_joined_conditions(parts))
            return f"({text})" if in_and else text
        case model.AtPlace(places):
            return f"geo {_places_text(places)}"
        case model.Filter():
            return _filter_text(part)


def _range(pair: tuple[model.Condition, ...]) -> str | None:
    """Return two conditions as one range, `Amount in 100..500`; None where they are none."""
    match pair:
        case (
            model.Filter(prop, model.Operator.GREATER_THAN_EQUALS, int() | float() as low),
            model.Filter(other, model.Operator.LESS_THAN_EQUALS, int() | float() as high),
        ) if prop == other and low <= high:
            return f"{property_text(prop)} in {_values_text(low)}..{_values_text(high)}"
    return None


def _filter_text(condition: model.Filter) -> str:
    name, symbol = property_text(condition.property), condition.operator.symbol
    if condition.operator in (model.Operator.EXISTS, model.Operator.DOES_NOT_EXIST):
        return f"{name} {symbol}"
    if isinstance(condition.value, tuple | model.ClockRange):
        symbol = "in" if condition.operator is model.Operator.EQUALS else "not in"
    return f"{name} {symbol} {_values_text(condition.value)}"


def _values_text(value: model.Value) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(value_text, value))})"
    if isinstance(value, model.ClockRange):
        return f"{model.clock_text(value.start)}..{model.clock_text(value.end)}"
    return value_text(value)


def _places_text(places: tuple[model.Place, ...]) -> str:
    # Quoted always: `geo = true` is no place, and one may be called "True".
    names = [quote("/".join(place)) for place in places]
    return f"= {names[0]}" if len(names) == 1 else f"in ({', '.join(names)})"


def _axis_text(axis: model.Axis) -> str:
    match axis:
        case model.ByTime(unit, first, rolling):
            window = f" rolling {units_text(rolling.n, rolling.unit)}" if rolling else ""
            return f"{'first ' if first else ''}{unit.value}{window}"
        case model.ByHour():
            return "hour"
        case model.ByValue(prop, values):
            return f"{property_text(prop)} in {_values_text(values)}"
        case model.ByPlace(places):
            return f"geo in {_values_text(tuple('/'.join(place) for place in places))}"


def _days(period: model.Days) -> str:
    match period:
        case model.Days(date() as start, named=model.Unit.QUARTER):
            return f"{start.year:04}-Q{(start.month + 2) // 3}"
        case model.Days(start, end) if start == end:
            return _day_text(start)
        case model.Days(start, model.Ago(1)):
            return f"since {_day_text(start)}"
        case model.Days(date() as start, date()) if unit_of(model.Unit.MONTH, start) == period:
            return start.isoformat()[:7]
    return f"{_day_text(period.start)}..{_day_text(period.end)}"


def units_text(n: int, unit: model.Unit) -> str:
    """Return a number of units: `1 week`, `2 weeks`."""
    return f"{n} {unit.value}{'' if n == 1 else 's'}"


def _day_text(day: date | model.Ago) -> str:
    if isinstance(day, date):
        return day.isoformat()
    return {0: "today", 1: "yesterday"}.get(day.days, f"today-{day.days}")
