"""Top values of properties: the neighbour of the counts that names them, with their events.

It is submitted and polled as a count is; only its path and what a success holds are others. What
comes are events, not profiles.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ct_magic.client.jobs import Answer, Failure, Success, Tally
from ct_magic.client.responses import INVALID_GROUP, is_anothers, json_object, read, unusable
from ct_magic.rows import Record

if TYPE_CHECKING:
    from ct_magic.client.transport import Asker

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


class Listed(Success):
    """The values are there, by the keys of their groups."""

    values: Mapping[str, tuple[Value, ...]] | None = None


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
    return Listed(Tally(0), values={key: listed or () for key, listed in values.items()})


class TopValues:
    """Asks for the values of some groups, and keeps what came: `values`, by the groups' keys."""

    def __init__(self, asker: Asker, groups: Sequence[Group]) -> None:
        self._asker, self._groups = asker, groups
        self.values: Mapping[str, tuple[Value, ...]] = {}

    def submit(self, body: str) -> Answer:
        """Send a request, JSON as text."""
        return self._kept(self._asker.submit(body))

    def poll(self, req_id: str) -> Answer:
        """Look whether the values under this id are there."""
        return self._kept(self._asker.poll(req_id))

    def of(self, group: Group) -> tuple[Value, ...]:
        """Return the values of a group, the commonest first."""
        values = self.values.get(f"g{self._groups.index(group) + 1}", ())
        return tuple(sorted(values, key=lambda value: -value.events))

    def _kept(self, answer: Answer) -> Answer:
        if isinstance(answer, Listed):
            self.values = answer.values or {}
        if isinstance(answer, Failure) and INVALID_GROUP in answer.error.lower():
            names = ", ".join(repr(group.name) for group in self._groups)
            hint = f"the event never had one of the properties {names}: names are exact"
            return replace(answer, error=f"{answer.error}; {hint}, upper and lower case differ")
        return answer


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
