"""The names an account knows: events, their properties, and values; merged, learned, shared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from functools import reduce
from typing import Any, TypeVar

from ct_magic.common.system_events import SYSTEM_EVENTS
from ct_magic.errors import UsageError
from ct_magic.query import model
from ct_magic.rows import Record, replace

_T = TypeVar("_T")
Values = tuple[model.Scalar, ...]
Properties = Mapping[str, Values]
SCOPES = tuple(scope for scope in model.Scope if scope is not model.Scope.EVENT)
MOST = 200  # values kept for a property: nobody reads a longer list


class Names(Record):
    """The names to propose, in their order. Never changed in place."""

    events: Mapping[str, Properties] = field(default_factory=dict)
    scopes: Mapping[model.Scope, Properties] = field(default_factory=dict)
    places: tuple[str, ...] = ()
    are_all: bool = False  # there are hardly others, as with a sandbox's own
    # text, number or list, by the event or scope and the property's name
    types: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def merged(self, other: Names) -> Names:
        """Return what both know; the other's names and values come first."""
        new, old = other.events, self.events
        return Names(
            {name: _merged(new.get(name, {}), old.get(name, {})) for name in _united(new, old)},
            {scope: _merged(other.of_scope(scope), self.of_scope(scope)) for scope in SCOPES},
            _united(other.places, self.places),
            self.are_all or other.are_all,
            {**self.types, **other.types},
        )

    def learned(self, query: model.Query | model.JsonQuery) -> Names:
        """Return what is known after this query was asked."""
        return self if isinstance(query, model.JsonQuery) else self.merged(_of_query(query))

    def in_order(self) -> Names:
        """Return the same with its names in alphabetical order; values stay as they are."""
        return Names(
            {name: _sorted(properties) for name, properties in _sorted(self.events).items()},
            {scope: _sorted(properties) for scope, properties in self.scopes.items()},
            tuple(sorted(self.places, key=str.casefold)),
            types=self.types,
        )

    def of_scope(self, scope: model.Scope) -> Properties:
        """Return the properties of a scope other than the event's own."""
        return self.scopes.get(scope, {})

    def of_event(self, event: str | None) -> Properties:
        """Return the properties of an event; of one without known ones, those of all events."""
        own = self.events.get(event or "")
        return own or {name: p[name] for p in self.events.values() for name in p}

    def values(self, event: str | None, prop: model.Property) -> Values:
        """Return the values worth proposing for a property."""
        is_own = prop.scope is model.Scope.EVENT
        known = self.of_event(event) if is_own else self.of_scope(prop.scope)
        return known.get(prop.name, ())


# What the API has (`client/API.md`): events of every account, and properties of a profile.
SYSTEM = Names(
    {event: {} for event in sorted(SYSTEM_EVENTS)},
    {
        model.Scope.TECH: dict.fromkeys(("Device", "OS", "Platform"), ()),
        model.Scope.DEMOGRAPHICS: dict.fromkeys(("Age", "Education", "Gender"), ()),
        model.Scope.REACHABILITY: {"has_token": ()},
    },
)


def table_rows(sources: Mapping[str, Names]) -> Iterator[tuple[object, ...]]:
    """Yield a row for each property that these sources know, the most reliable source last.

    It has the event (None for profiles and sessions), the property as it is written, its type and
    values, where they are known, and the sources.
    """
    known = reduce(Names.merged, sources.values(), Names())
    held = {source: _by_holder(names) for source, names in sources.items()}
    for (holder, name), values in _by_holder(known).items():
        scope = holder.value if isinstance(holder, model.Scope) else None
        kinds = {isinstance(value, str) for value in values}
        plain = ("text" if True in kinds else "number") if len(kinds) == 1 else None
        yield (
            None if scope else holder,
            f"{scope}.{name}" if scope else name or None,
            known.types.get((scope or str(holder), name)) or plain,
            list(values),
            ", ".join(source for source, names in held.items() if (holder, name) in names),
        )


def _by_holder(names: Names) -> dict[tuple[str | model.Scope | None, str], Values]:
    """Return the values by event, scope or None (geo), and by property ("": the event alone)."""
    held: list[tuple[str | model.Scope | None, Properties]]
    held = [(event, properties or {"": ()}) for event, properties in names.events.items()]
    held += [(scope, names.of_scope(scope)) for scope in SCOPES]
    held += [(None, {"geo": names.places})] if names.places else []
    return {(holder, name): values for holder, p in held for name, values in p.items()}


def _merged(first: Properties, second: Properties) -> dict[str, Values]:
    return {
        name: _united(first.get(name, ()), second.get(name, ()))[:MOST]
        for name in _united(first, second)
    }


def _sorted(names: Mapping[str, _T]) -> dict[str, _T]:
    return {name: names[name] for name in sorted(names, key=str.casefold)}


def _united(some: Iterable[_T], others: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys([*some, *others]))


def _of_query(query: model.Query) -> Names:
    """Return the names of a query, and the texts that its filters and axes compare with."""
    name, inner = query.event.name, query.inner_events
    shared = [step.condition for step in query.steps if isinstance(step, model.ShareWhere)]
    conditions = (single for whole in (query.condition, *shared) for single in model.singles(whole))
    leaves = (*conditions, *query.by)
    held: list[tuple[str, model.Filter | model.ByValue]] = [
        (event.name, condition) for event in (query.event, *inner) for condition in event.where
    ]
    held += [(name, leaf) for leaf in leaves if isinstance(leaf, model.Filter | model.ByValue)]
    events: dict[str, dict[str, Values]] = {event.name: {} for event in (query.event, *inner)}
    scopes: dict[model.Scope, dict[str, Values]] = {}
    for event, leaf in held:
        scope, prop = leaf.property.scope, leaf.property.name
        of = events[event] if scope is model.Scope.EVENT else scopes.setdefault(scope, {})
        values = leaf.values if isinstance(leaf, model.ByValue) else _worth(leaf.value)
        of[prop] = _united(of.get(prop, ()), values)
    holders = (leaf for leaf in leaves if isinstance(leaf, model.AtPlace | model.ByPlace))
    places = [*query.places, *(place for holder in holders for place in holder.places)]
    return Names(events, scopes, _united(("/".join(p) for p in places), ()))


def _worth(value: model.Value) -> Values:
    """Return the values worth proposing: texts; a number is a bound, and "" is no value."""
    values = value if isinstance(value, tuple) else (value,)
    return tuple(value for value in values if isinstance(value, str) and value)


# The file in which a team shares its names: what `%ct names` reads and writes.
#
#     {
#       "events": {
#         "Charged": {"Amount": [], "Category": ["Shoes", "Bags"]},
#         "App Launched": {}
#       },
#       "session": {"utm_source": ["google"]},
#       "profile": {"Customer Type": ["Platinum", "Gold"]},
#       "geo": ["India/Goa", "Singapore"]
#     }
#
# An event has its properties, a property the values that are worth proposing, perhaps none.
# `session`, `profile`, `tech`, `app`, `demographics` and `reachability` hold the properties of that
# scope, `geo` the places. Every key may be left out.


def names_from_json(text: str) -> Names:
    """Read a names file; raise UsageError that says which part is not as described above."""
    try:
        read = json.loads(text)
        json.dumps(read, ensure_ascii=False).encode()  # no half of a surrogate pair
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the names file is not JSON: {error}") from None
    known = _read_table(read, "the file")
    odd = known.keys() - {"events", "geo", *(scope.value for scope in SCOPES)}
    if odd:
        raise UsageError(f"the names file has {min(odd)!r}, which is no scope: see %ct help names")
    events = _read_table(known.get("events", {}), "'events'")
    held = [scope for scope in SCOPES if scope.value in known]
    geo = _read_values(known.get("geo", []), "'geo'")
    places = tuple(place for place in geo if isinstance(place, str))
    if len(places) != len(geo):
        raise UsageError("in the names file, 'geo' has a list of texts, as India/Goa")
    return Names(
        {name: _read_properties(value, f"the event {name!r}") for name, value in events.items()},
        {scope: _read_properties(known[scope.value], repr(scope.value)) for scope in held},
        places,
    )


def from_schema(schema: Any) -> Names:
    """Read the sandbox's schema: like the file, with a type beside each property's values.

    Raise UsageError for what is no schema.
    """
    try:
        scopes = {scope.value: schema.get(scope.value, {}) for scope in SCOPES}
        plain: dict[str, Any] = {scope: _examples(p) for scope, p in scopes.items()}
        plain["events"] = {name: _examples(p) for name, p in schema["events"].items()}
        holders = (schema["events"] | scopes).items()
        types = {(holder, name): of["type"] for holder, p in holders for name, of in p.items()}
        read = names_from_json(json.dumps(plain | {"geo": schema.get("geo", [])}))
    except (AttributeError, LookupError, TypeError):
        raise UsageError("no sandbox is there, or one of another version") from None
    return replace(read, are_all=True, types=types)


def to_json(names: Names) -> str:
    """Write a names file: sorted, so that a team's changes stay small."""
    events = {event: _value_lists(p) for event, p in sorted(names.events.items())}
    known: dict[str, Any] = {"events": events}
    known |= {scope.value: _value_lists(p) for scope in SCOPES if (p := names.of_scope(scope))}
    if names.places:
        known["geo"] = sorted(names.places)
    return json.dumps(known, indent=2, ensure_ascii=False) + "\n"


def _examples(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: known["examples"] if known["type"] == "text" else []
        for name, known in properties.items()
    }


def _value_lists(properties: Properties) -> dict[str, list[model.Scalar]]:
    return {name: sorted(values, key=str) for name, values in sorted(properties.items())}


def _read_table(value: object, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"in the names file, {place} is a table: {{…}}")
    return value


def _read_properties(value: object, place: str) -> dict[str, Values]:
    table = _read_table(value, place)
    return {name: _read_values(values, f"{name!r} of {place}") for name, values in table.items()}


def _read_values(value: object, place: str) -> Values:
    if not isinstance(value, list) or not all(type(v) in (str, int, float) for v in value):
        raise UsageError(f"in the names file, {place} has a list of texts and numbers: […]")
    return tuple(value)
