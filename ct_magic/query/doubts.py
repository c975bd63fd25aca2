"""What the service may ignore silently: doubts about the JSON that is sent, in words.

It was seen to ignore what it does not understand, so what is undocumented is sent as typed, with a
doubt. Each doubt names the part, then what is known of it. Rule: README.md, "Filters".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import date
from functools import lru_cache
from itertools import chain
from typing import Any

from ct_magic.common.words import suggest
from ct_magic.query import payload
from ct_magic.query.catalog import Names
from ct_magic.query.expand import Expansion
from ct_magic.query.model import ORDERING, TIME_OF_DAY, ByHour, Operator, Property, Query, Scope
from ct_magic.query.printer import property_text, value_text
from ct_magic.rows import Plan, Record, Row, replace

# What an account may have passed in `%ct check`.
DID_SEES_BASE = "did sees the base"
CLOCK = "clock of time_of_day"
FACTS = frozenset({DID_SEES_BASE, CLOCK})

# What the vendor lists for texts and for numbers.
TEXT_OPERATORS = frozenset(operator.value for operator in Operator if operator not in ORDERING)
NUMBER_OPERATORS = frozenset({"equals", *(operator.value for operator in ORDERING)})
_SYMBOLS = {operator.value: operator.symbol for operator in Operator}
ANY_OPERATORS = ("equals", "greater_than_equals")
BASE_KEYS = payload.EVENT_KEYS | {"common_profile_properties", "advanced_query"}
COMMON_KEYS = frozenset({*payload.FAMILIES, "geo_fields", "geo_radius"})
_PARAMETER = re.compile(r"\$[A-Za-z_]\w*")
_SCOPES = frozenset(scope.value for scope in Scope if scope is not Scope.EVENT)
_PLACES = ("country", "state", "city", "region", "location", "place")
_MOST_COMPARED = 50  # of one list that are compared with the known ones
_COMPLETE = 50  # known values: where there are as many, there may be more
_MOST_SHOWN = 5  # of them
_ALL_PLACES = 1000  # likewise

IGNORED = "CleverTap may ignore it"
_Json = Mapping[str, Any]


class Known(Record):
    """What is known of an account: the facts that hold for it, and its names."""

    facts: frozenset[str] = frozenset()
    names: Names = field(default_factory=Names)


def doubted(cell: Expansion, today: date, known: Known) -> Plan:
    """Return a cell's plan with the doubts about each row: its statement's, then its counts'."""
    clock = "by hour: undocumented which clock is used; run '%ct check' to find out"
    axes = [query.by if isinstance(query, Query) else () for query in cell.statements]
    is_open = CLOCK not in known.facts
    by_hour = [is_open and any(isinstance(axis, ByHour) for axis in by) for by in axes]
    of_counts = [[*_of_count(payload.to_payload(count), today, known)] for count in cell.counts]

    def of_row(row: Row) -> tuple[str, ...]:
        other = row.previous.formula if row.previous else None
        formulas = (formula for formula in (row.formula, other) if formula)
        numbers = (number for formula in formulas for number in formula.questions)
        doubts = chain.from_iterable(of_counts[n] for n in numbers)
        return tuple(dict.fromkeys(chain([clock] * by_hour[row.statement], doubts)))

    return replace(cell.plan, rows=tuple(replace(r, doubts=of_row(r)) for r in cell.plan.rows))


def _of_count(body: _Json, today: date, known: Known) -> Iterator[str]:
    common, advanced = (_dict(body.get(k)) for k in ("common_profile_properties", "advanced_query"))
    any_of = _dict(advanced.get("did_any"))
    lists = (advanced.get("did_all"), advanced.get("did_none"), any_of.get("any_events"))
    inner = [event for events in lists for event in _dicts(events)]
    yield from _keys(body, BASE_KEYS)
    yield from _event_doubts(body, today, known)
    yield from _keys(common, COMMON_KEYS)
    places = known.names.places
    yield from _of_places(common.get("geo_fields"), places, known.names.are_all)
    for key, scope in payload.FAMILIES.items():
        for condition in _dicts(common.get(key)):
            yield from _of_filter(condition, scope, None, known)
    yield from _keys(advanced, payload.ADVANCED_KEYS)
    for event in inner:
        yield from _keys(event, payload.INNER_KEYS)
        yield from _event_doubts(event, today, known)
    yield from _keys(any_of, payload.ANY_KEYS)
    operator = any_of.get("operator", ANY_OPERATORS[0])
    if operator in _SYMBOLS and operator not in ANY_OPERATORS:
        yield f"did any (…) {_SYMBOLS[operator]}: the vendor lists = and >= there; {IGNORED}"
    elif operator not in _SYMBOLS:
        yield _unknown_word("operator", str(operator), _SYMBOLS)
    if DID_SEES_BASE not in known.facts:
        yield from _of_base_again(body, inner)


def _event_doubts(event: _Json, today: date, known: Known) -> Iterator[str]:
    name, end = str(event.get("event_name")), payload.day_of_number(event.get("to"))
    if end is not None and end > today:
        yield f"{name}: its period ends on {end}, after today"
    yield from of_event_name(name, known.names)
    for key, scope in (("event_properties", Scope.EVENT), ("session_properties", Scope.SESSION)):
        for condition in _dicts(event.get(key)):
            yield from _of_filter(condition, scope, name, known)


def _of_base_again(body: _Json, inner: Iterable[_Json]) -> Iterator[str]:
    """Doubt a `did` of the base's event on days of the base: it may not see them."""
    name = body.get("event_name")
    for event in inner:
        days: list[Any] = [event.get("from"), event.get("to"), body.get("from"), body.get("to")]
        if event.get("event_name") != name or not all(isinstance(day, int) for day in days):
            continue
        if days[0] <= days[3] and days[1] >= days[2]:
            yield (
                f"did {name}: undocumented whether a 'did' sees the occurrences that the base "
                "counts; run '%ct check' to find out"
            )


def _of_filter(condition: _Json, scope: Scope, event: str | None, known: Known) -> Iterator[str]:
    prop, part = Property(str(condition.get("name")), scope), _condition_text(condition, scope)
    operator, values = condition.get("operator", "equals"), condition.get("value")
    listed = values if isinstance(values, list) else [values]
    yield from _keys(condition, payload.FILTER_KEYS)
    of_name = of_property(prop, event, known.names)
    if "version" in prop.name.casefold() and any(type(item) in (int, float) for item in listed):
        # Quoted, its operator is right; so one doubt says all.
        version = f"{part}: a version is a text, and 1.10 is not 1.1: quote it"
        yield "; ".join([version, *of_name])
        return
    yield from of_name
    for text in (t for t in listed if isinstance(t, str) and _PARAMETER.fullmatch(t)):
        yield f'{part}: "{text}" is a text; a variable has no quotes, {text}'
    for doubt in _of_operator(operator, listed, scope):
        yield f"{part}: {doubt}"
    texts, kind = _known_texts(prop, event, known.names), _kind_of(prop, event, known.names)
    if operator in ("equals", "not_equals"):
        for doubt in _of_values(listed, texts, known.names):
            yield f"{part}: {doubt}"
    is_inside = any(str(item) in text for item in listed for text in texts)
    if operator == "contains" and kind and 0 < len(texts) < _COMPLETE and not is_inside:
        yield f"{part}: none of its known values holds that{_shown(texts)}"
    plain = [v for v in listed if isinstance(v, str | int | float) and not isinstance(v, bool)]
    odd = [v for v in plain if kind and isinstance(v, str) is (kind == "number")]
    if odd and odd[0] != "" and prop != TIME_OF_DAY:
        yield f"{part}: its known values are {kind}s, and {value_text(odd[0])} is none"


def of_property(prop: Property, event: str | None, names: Names) -> Iterator[str]:
    """Doubt a property that is known elsewhere, or is much like a known one, or is not known."""
    name, scope = prop.name, prop.scope
    properties = _properties(scope, event, names)
    if name in properties:
        return
    if scope is Scope.EVENT and name in names.events:
        yield f"{name} is an event, not a property: what else was done is did {name}"
        return
    head, rest = [*re.split(r"(?<=\w)[. ](?=\w)", name, maxsplit=1), ""][:2]
    if scope is Scope.EVENT and rest and head in _SCOPES:
        known = {known.casefold() for known in names.of_scope(Scope(head))}
        if "." in name or rest[0].isupper() or rest.casefold() in known:
            yield f'"{name}" is one name, of the event: is {head}.{rest} meant, with a dot?'
            return
    doubts = [misplaced(prop, event, names) or next(_of_name(name, properties), None)]
    if doubts == [None] and names.are_all:
        whose = f"properties of {event}" if scope is Scope.EVENT else "names"
        doubts = [f"{property_text(prop)} is not among the known {whose}"]
    yield from filter(None, doubts)


def misplaced(prop: Property, event: str | None, names: Names) -> str | None:
    """Return the doubt about a property that is known elsewhere: `tech.OS` for `OS`."""
    word, properties = prop.name.casefold(), _properties(prop.scope, event, names)
    near = prop.name if prop.name in properties else _near(prop.name, tuple(properties)) or ""
    if near.casefold() == word:
        return None
    others = [scope for scope in Scope if scope is not prop.scope]
    known = (Property(n, scope) for scope in others for n in _properties(scope, event, names))
    elsewhere = (property_text(other) for other in known if other.name.casefold() == word)
    other = next(elsewhere, 'geo, as in geo = "India",' if word in _PLACES else None)
    return other and f"{property_text(prop)} is not among the known names: is {other} meant?"


def of_event_name(name: str, names: Names) -> Iterator[str]:
    """Doubt an event that is not known, and is much like a known one or holds several."""
    is_known = name in names.events
    held = [] if is_known else [event for event in names.events if f" {event} " in f" {name} "]
    if len(held) < 2:
        yield from _of_name(name, names.events)
        return
    # As `App Launched Then Charged` does.
    events = " did ".join(sorted(held, key=name.index))
    yield f"{name!r} is not among the known names: for those who did all of it write {events}"


def are_doubted(learned: Names, names: Names) -> bool:
    """Return True if some name, value or place of a query is doubted: it is no name to propose."""
    of_scopes = ((None, p, scope) for scope in Scope for p in learned.of_scope(scope).items())
    of_events = ((e, p, Scope.EVENT) for e, of in learned.events.items() for p in of.items())
    doubts = chain.from_iterable(of_event_name(event, names) for event in learned.events)
    for event, (name, values), scope in (*of_scopes, *of_events):
        prop = Property(name, scope)
        known = _known_texts(prop, event, names)
        doubts = chain(doubts, of_property(prop, event, names), _of_values(values, known, names))
    places = [place.split("/") for place in learned.places]
    return any(True for _ in chain(doubts, _of_places(places, names.places)))


def is_misspelt(name: str, names: Names) -> bool:
    """Return True if an event is a misspelling of a known one, where all events are known."""
    near = _near(name, tuple(names.events)) if names.are_all and name not in names.events else None
    return near is not None and near.casefold() != name.casefold()


def _of_name(name: str, known: Mapping[str, Any]) -> Iterator[str]:
    """Doubt a name much like a known one: it would match no profile."""
    if name not in known and (near := _near(name, tuple(known))):
        yield f"{name!r} is not among the known names: is {near!r} meant?{_differ(name, near)}"


def _differ(typed: str, near: str) -> str:
    """Return how two texts differ that look the same: by the characters that make an accent."""
    if unicodedata.normalize("NFC", typed) != unicodedata.normalize("NFC", near):
        return ""
    codes = (" ".join(f"U+{ord(c):04X}" for c in text if not c.isascii()) for text in (typed, near))
    return " They look alike: typed is {}, known is {}".format(*codes)


def _properties(scope: Scope, event: str | None, names: Names) -> Mapping[str, Any]:
    return names.events.get(event or "", {}) if scope is Scope.EVENT else names.of_scope(scope)


def _of_places(places: object, known: tuple[str, ...], are_all: bool = False) -> Iterator[str]:
    """Doubt a place that is the end of a known one, as "Mumbai" is, or like one, or unknown."""
    for parts in places if isinstance(places, list) else ():
        place = "/".join(map(str, parts)) if isinstance(parts, list) else str(parts)
        ends = (path for path in known if path.endswith(f"/{place}"))
        wider = _with_wider(known)
        if place not in wider and known:
            near = next(ends, None) or _near(place, wider)
            typed = f"geo: {value_text(place)} is not among the known places"
            if near or (are_all and len(known) < _ALL_PLACES):
                yield f"{typed}: is {value_text(near)} meant?" if near else typed


def _of_operator(operator: str, listed: list[Any], scope: Scope) -> Iterator[str]:
    if operator not in _SYMBOLS:
        yield _unknown_word("operator", str(operator), _SYMBOLS)
    elif scope is Scope.SESSION and operator != "equals":
        yield f"the vendor lists only equality on the session; {IGNORED}"
    elif not all(
        # What a boolean is taken for is a doubt of its own.
        operator in (NUMBER_OPERATORS if type(item) in (int, float) else TEXT_OPERATORS)
        for item in listed
    ):
        kind = "texts" if isinstance(listed[0], str) else "numbers"
        yield f"the vendor does not list '{_SYMBOLS[operator]}' for {kind}; {IGNORED}"
    if any(isinstance(item, bool) for item in listed):
        yield f'true and false travel as the texts "True" and "False"; {IGNORED}'
    if operator in ("equals", "not_equals") and any(
        isinstance(item, float) and abs(item) > 2**53 for item in listed
    ):
        yield "a float of this size has no last digits: take whole numbers, as of dtype Int64"
    if operator == "equals" and "" in listed:
        yield "an equality with an empty text may mean no filter"


def _of_values(listed: Sequence[Any], known: tuple[str, ...], names: Names) -> Iterator[str]:
    for item in listed[:_MOST_COMPARED]:
        if not isinstance(item, str) or item in known or not (known and item):
            continue
        unknown = f"{value_text(item)} is not among its known values"
        if near := _near(item, known):
            yield f"{unknown}: is {value_text(near)} meant?{_differ(item, near)}"
        elif names.are_all and len(known) < _COMPLETE:
            yield f"{unknown}{_shown(known)}"


def _shown(known: tuple[str, ...]) -> str:
    """Return some of the known values, behind a comma."""
    more = [", …"] if len(known) > _MOST_SHOWN else []
    return "".join([f", {value_text(value)}" for value in known[:_MOST_SHOWN]] + more)


def _kind_of(prop: Property, event: str | None, names: Names) -> str | None:
    """Return whether a property has texts or numbers, where all names are known."""
    holder = event if prop.scope is Scope.EVENT else prop.scope.value
    kind = names.types.get((holder or "", prop.name)) if names.are_all else None
    return kind if kind in ("text", "number") else None


def _known_texts(prop: Property, event: str | None, names: Names) -> tuple[str, ...]:
    """Return the known texts of a property; a clock has all minutes, whichever were seen."""
    values = () if prop == TIME_OF_DAY else names.values(event, prop)
    return tuple(value for value in values if isinstance(value, str))


@lru_cache(maxsize=10)
def _with_wider(places: tuple[str, ...]) -> tuple[str, ...]:
    """Return the places and those that hold them: India is known where India/Goa is."""
    parts = (place.split("/") for place in places)
    return tuple({"/".join(p[:end]): None for p in parts for end in range(1, len(p) + 1)})


@lru_cache(maxsize=1000)
def _near(word: str, known: tuple[str, ...]) -> str | None:
    held = (other for other in known if f" {word} ".casefold() in f" {other} ".casefold())
    return suggest(word, known) or next(held, None)


def _condition_text(condition: _Json, scope: Scope) -> str:
    name = property_text(Property(str(condition.get("name")), scope))
    operator, values = str(condition.get("operator", "equals")), condition.get("value")
    symbol = _SYMBOLS.get(operator, operator)
    if operator in ("exists", "does_not_exist"):
        return f"{name} {symbol}"
    if isinstance(values, list):
        return f"{name} {'not in' if operator == 'not_equals' else 'in'} (…)"
    if isinstance(values, bool):
        return f"{name} {symbol} {str(values).lower()}"
    return f"{name} {symbol} {value_text(values) if isinstance(values, str | int | float) else '…'}"


def _keys(part: _Json, listed: frozenset[str]) -> Iterator[str]:
    yield from (_unknown_word("key", key, listed) for key in part if key not in listed)


def _unknown_word(kind: str, word: str, listed: Mapping[str, str] | frozenset[str]) -> str:
    near = suggest(word, sorted(listed))
    hint = f": is '{near}' meant?" if near else f"; {IGNORED}"
    return f"'{word}' is not a documented {kind}{hint}"


def _dict(part: object) -> _Json:
    return part if isinstance(part, dict) else {}


def _dicts(part: object) -> Iterator[_Json]:
    yield from (item for item in part if isinstance(item, dict)) if isinstance(part, list) else ()
