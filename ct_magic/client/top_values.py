"""Top values of properties: the neighbour of the counts that names them, with their events.

It is submitted and polled as a count is; only its path and what a success holds are others. What
comes are events, not profiles.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from ct_magic.client.jobs import Answer, Success, Tally
from ct_magic.client.responses import INVALID_GROUP, is_anothers, json_object, read, unusable
from ct_magic.rows import Record

TOP_VALUES_PATH = "/1/counts/top.json"
MOST_VALUES = 100  # of a group
LONGEST = 1 << 20  # bytes of an answer: eight groups of a hundred long values
_VALUE_KINDS = ("STR", "ENUM", "NUMBER")


class Group(Record):
    """A property that is asked for: its `property_type`, its name, and how many values."""

    property_type: str
    name: str
    top: int = 10


class Value(Record):
    """A value and how many events had it; of a number, `text` is a range like `0-100`."""

    kind: str
    text: str
    events: int


class Listed(Tally):
    """What a success carries here: the values, by the keys of their groups, and no count."""

    values: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)


def request_body(query: Mapping[str, object], groups: Sequence[Group]) -> str:
    """Return the JSON that asks for the groups' values among the events of a query."""
    asked_groups = {
        f"g{number}": {"property_type": group.property_type, "name": group.name, "top_n": group.top}
        for number, group in enumerate(groups, 1)
    }
    return json.dumps({**query, "groups": asked_groups})


def read_top(
    status: int, body: bytes, *, req_id: str | None = None, events: Iterable[str] = ()
) -> Answer:
    """Return the answer that an HTTP response is; all but a success is read as a count's is."""
    data = json_object(body)
    if status != 200 or data.get("status") != "success":
        return read(status, body, req_id=req_id, events=events)
    values = {key: _read_group(kinds) for key, kinds in data.items() if isinstance(kinds, dict)}
    if is_anothers(data, req_id) or None in values.values():
        return unusable("the answer holds no values of this query")
    return Success(Listed(0, values={key: listed or () for key, listed in values.items()}))


def values_of(tally: Tally | None, groups: Sequence[Group]) -> list[tuple[Value, ...]]:
    """Return the values of each group, the commonest first; none where they did not arrive."""
    values = tally.values if isinstance(tally, Listed) else {}
    listed = (values.get(f"g{number}", ()) for number, _ in enumerate(groups, 1))
    return [tuple(sorted(each, key=lambda value: -value.events)) for each in listed]


def explained(error: str, groups: Sequence[Group]) -> str:
    """Return what the service says of a query that it refused, and what it may mean by it."""
    if INVALID_GROUP not in error.lower():
        return error
    names = ", ".join(repr(group.name) for group in groups)
    hint = f"the event never had one of the properties {names}: names are exact"
    return f"{error}; {hint}, upper and lower case differ"


def _read_group(kinds: Mapping[str, object]) -> tuple[Value, ...] | None:
    """Return the values of a group; None for anything else."""
    values: list[Value] = []
    for kind, counts in kinds.items():
        if kind not in _VALUE_KINDS or not isinstance(counts, dict):
            return None
        for text, events in counts.items():
            if not isinstance(events, int) or isinstance(events, bool) or events < 0:
                return None
            # Half a surrogate pair cannot be encoded.
            whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            values.append(Value(kind, whole, events))
    return tuple(values)
