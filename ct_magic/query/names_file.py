"""The file in which a team shares its names: what `%ct names` reads and writes.

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
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..errors import UsageError
from .catalog import SCOPES, Names, Properties, Values
from .model import Scalar


def names_from_json(text: str) -> Names:
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
        {name: _properties(value, f"the event {name!r}") for name, value in events.items()},
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
    read = names_from_json(json.dumps(plain | {"events": events, "geo": schema.get("geo", [])}))
    return replace(read, are_all=True)


def to_json(names: Names) -> str:
    """Write a names file: sorted, so that a team's changes stay small."""
    known: dict[str, Any] = {"events": {e: _listed(p) for e, p in sorted(names.events.items())}}
    known |= {scope.value: _listed(p) for scope in SCOPES if (p := names.of_scope(scope))}
    if names.places:
        known["geo"] = sorted(names.places)
    return json.dumps(known, indent=2, ensure_ascii=False) + "\n"


def _examples(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: known["examples"] if known["type"] == "text" else []
        for name, known in properties.items()
    }


def _listed(properties: Properties) -> dict[str, list[Scalar]]:
    return {name: sorted(values, key=str) for name, values in sorted(properties.items())}


def _table(value: object, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"in the names file, {place} is a table: {{…}}")
    return value


def _properties(value: object, place: str) -> dict[str, Values]:
    table = _table(value, place)
    return {name: _values(values, f"{name!r} of {place}") for name, values in table.items()}


def _values(value: object, place: str) -> Values:
    if not isinstance(value, list) or not all(type(v) in (str, int, float) for v in value):
        raise UsageError(f"in the names file, {place} has a list of texts and numbers: […]")
    return tuple(value)


def _texts_only(value: object) -> tuple[str, ...]:
    places = tuple(place for place in _values(value, "'geo'") if isinstance(place, str))
    if len(places) != len(_values(value, "'geo'")):
        raise UsageError("in the names file, 'geo' has a list of texts, as India/Goa")
    return places
