"""The names an account knows: events, their properties, and values; merged, learned, shared.

A team shares them in a file, which is what `%ct names` reads and writes:

    {
      "events": {
        "Charged": {"Amount": [], "Category": ["Shoes", "Bags"]},
        "App Launched": {}
      },
      "session": {"utm_source": ["google"]},
      "profile": {"Customer Type": ["Platinum", "Gold"]},
      "geo": ["India/Goa", "Singapore"]
    }

An event has its properties, a property the values that are worth proposing, perhaps none.
`session`, `profile`, `tech`, `app`, `demographics` and `reachability` hold the properties of that
scope, `geo` the places. Every key may be left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, TypeVar

from ..errors import UsageError
from .model import (
    ByPlace,
    ByValue,
    ClockRange,
    Event,
    JsonQuery,
    Property,
    Query,
    Scalar,
    Scope,
    Value,
)

T = TypeVar("T")
Values = tuple[Scalar, ...]
Properties = Mapping[str, Values]
SCOPES = tuple(scope for scope in Scope if scope is not Scope.EVENT)
MOST = 200  # values kept for a property: more would not fit a list that somebody reads


@dataclass(frozen=True, slots=True)
class Names:
    """What may be proposed. Never changed in place: merging gives new ones."""

    events: Mapping[str, Properties] = field(default_factory=dict)
    scopes: Mapping[Scope, Properties] = field(default_factory=dict)
    places: tuple[str, ...] = ()

    def merged(self, other: Names) -> Names:
        """Give what both know; the other's values come first."""
        return Names(
            _merged(self.events, other.events),
            {scope: _both(self.of_scope(scope), other.of_scope(scope)) for scope in SCOPES},
            _united(other.places, self.places),
        )

    def learned(self, query: Query | JsonQuery) -> Names:
        """Give what is known after this query was asked."""
        return self if isinstance(query, JsonQuery) else self.merged(_of_query(query))

    def of_scope(self, scope: Scope) -> Properties:
        """Give the properties of a scope other than the event's own."""
        return self.scopes.get(scope, {})

    def of_event(self, event: str | None) -> Properties:
        """Give the properties of an event; of one that nobody knows them of, those of all."""
        if event and self.events.get(event):
            return self.events[event]
        everything: dict[str, Values] = {}
        for properties in self.events.values():
            everything |= properties
        return everything

    def values(self, event: str | None, asked: Property) -> Values:
        """Give the values worth proposing for a property."""
        known = self.of_event(event) if asked.scope is Scope.EVENT else self.of_scope(asked.scope)
        return known.get(asked.name, ())


def doubt(asked: Names, told: Names) -> str | None:
    """Name one that was asked and that nobody told, though one much like it was; else None.

    A filter on a property that no event has is no error: it finds nobody.
    """
    for name, known in _compared(asked, told):
        if name not in known and (near := get_close_matches(name, known, 1)):
            return f"{name!r} is not among the known names: is {near[0]!r} meant?"
    return None


def _compared(asked: Names, told: Names) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for event, properties in asked.events.items():
        yield event, told.events
        yield from ((name, told.events.get(event, {})) for name in properties)
    for scope in SCOPES:
        yield from ((name, told.of_scope(scope)) for name in asked.of_scope(scope))


def from_json(text: str) -> Names:
    """Read a names file; raise UsageError that says which part is not as described above."""
    try:
        read = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the names file is not JSON: {error}") from None
    known = _table(read, "the file")
    odd = known.keys() - {"events", "geo", *(scope.value for scope in SCOPES)}
    if odd:
        raise UsageError(f"the names file has {min(odd)!r}, which is no scope: see %ct help names")
    events = _table(known.get("events", {}), "'events'")
    return Names(
        {name: _properties(said, f"the event {name!r}") for name, said in events.items()},
        {
            scope: _properties(known.get(scope.value, {}), repr(scope.value))
            for scope in SCOPES
            if scope.value in known
        },
        _texts_only(known.get("geo", [])),
    )


def from_schema(schema: Mapping[str, Any]) -> Names:
    """Read the sandbox's schema: like the file, with a type beside each property's values."""
    plain: dict[str, Any] = {
        scope.value: _examples(schema.get(scope.value, {})) for scope in SCOPES
    }
    events = {name: _examples(properties) for name, properties in schema["events"].items()}
    return from_json(json.dumps(plain | {"events": events, "geo": schema.get("geo", [])}))


def _examples(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: found["examples"] if found["type"] == "text" else []
        for name, found in properties.items()
    }


def rows(names: Names) -> list[dict[str, Any]]:
    """Give a plain row for each property: scope, event, property, values."""
    found = [
        {"scope": "event", "event": event, "property": name, "values": list(values)}
        for event, properties in names.events.items()
        for name, values in (properties or {"": ()}).items()
    ]
    return found + [
        {"scope": scope.value, "event": "", "property": name, "values": list(values)}
        for scope in SCOPES
        for name, values in names.of_scope(scope).items()
    ]


def to_json(names: Names) -> str:
    """Write a names file: sorted, so that a team's changes stay small."""
    known: dict[str, Any] = {"events": {e: _listed(p) for e, p in sorted(names.events.items())}}
    known |= {scope.value: _listed(p) for scope in SCOPES if (p := names.of_scope(scope))}
    if names.places:
        known["geo"] = sorted(names.places)
    return json.dumps(known, indent=2, ensure_ascii=False) + "\n"


def _listed(properties: Properties) -> dict[str, list[Scalar]]:
    return {name: sorted(values, key=str) for name, values in sorted(properties.items())}


def _table(said: object, what: str) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise UsageError(f"in the names file, {what} is a table: {{…}}")
    return said


def _properties(said: object, what: str) -> dict[str, Values]:
    table = _table(said, what)
    return {name: _values(values, f"{name!r} of {what}") for name, values in table.items()}


def _values(said: object, what: str) -> Values:
    if not isinstance(said, list) or not all(type(v) in (str, int, float) for v in said):
        raise UsageError(f"in the names file, {what} has a list of texts and numbers: […]")
    return tuple(said)


def _texts_only(said: object) -> tuple[str, ...]:
    places = tuple(place for place in _values(said, "'geo'") if isinstance(place, str))
    if len(places) != len(_values(said, "'geo'")):
        raise UsageError("in the names file, 'geo' has a list of texts, as India/Goa")
    return places


def _merged(some: Mapping[str, Properties], others: Mapping[str, Properties]) -> dict[str, Any]:
    return {name: _both(some.get(name, {}), others.get(name, {})) for name in _united(some, others)}


def _both(some: Properties, others: Properties) -> dict[str, Values]:
    return {
        name: _united(others.get(name, ()), some.get(name, ()))[:MOST]
        for name in _united(some, others)
    }


def _united(some: Iterable[T], others: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys([*some, *others]))


def _of_query(query: Query) -> Names:
    events = [query.event, *query.did, *query.did_not]
    events += query.did_any.events if query.did_any else ()
    known = Names()
    for event in events:
        known = known.merged(_of_event(event))
    for axis in query.by:
        if isinstance(axis, ByValue):
            known = known.merged(_of_property(query.event.name, axis.property, axis.values))
    asked = [place for axis in query.by if isinstance(axis, ByPlace) for place in axis.places]
    places = tuple("/".join(place) for place in [*query.places, *asked])
    return known.merged(Names(places=places))


def _of_event(event: Event) -> Names:
    known = Names({event.name: {}})
    for one in event.where:
        known = known.merged(_of_property(event.name, one.property, _worth(one.value)))
    return known


def _of_property(event: str, asked: Property, values: Values) -> Names:
    if asked.scope is Scope.EVENT:
        return Names({event: {asked.name: values}})
    return Names(scopes={asked.scope: {asked.name: values}})


def _worth(value: Value) -> Values:
    """Give the values that somebody may want again: texts; a bound or "" is no value of it."""
    if isinstance(value, ClockRange):
        return ()
    return tuple(_texts(value if isinstance(value, tuple) else (value,)))


def _texts(values: Values) -> Iterator[Scalar]:
    return (value for value in values if isinstance(value, str) and value)
