"""When two single counts ask the same: a canonical text of their JSON.

The JSON may differ in the order of filters, of the values of one list (never of `time_of_day`,
whose two are a range), of places, and of events within `did_all`, `did_none` and `did_any`; a list
of one value is that value. Rule: README.md here, "What is asked, and what it costs".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ct_magic.query.model import JsonQuery, Query
from ct_magic.query.payload import to_payload

FILTERS = ("event_properties", "session_properties")


def key(count: Query | JsonQuery) -> str:
    """Return the text that is equal for two counts that ask the same."""
    body = to_payload(count)
    return _text(body if isinstance(count, JsonQuery) else _query_key(body))


def _query_key(body: Mapping[str, Any]) -> dict[str, object]:
    plain = _event_key(body)
    if common := body.get("common_profile_properties"):
        plain["common_profile_properties"] = {
            name: _common_key(name, common[name]) for name in common
        }
    if advanced := body.get("advanced_query"):
        plain["advanced_query"] = {name: _advanced_key(advanced[name]) for name in advanced}
    return plain


def _event_key(body: Mapping[str, Any]) -> dict[str, object]:
    lists = {name: _sorted_keys(map(_filter_key, body[name])) for name in FILTERS if body.get(name)}
    return {**body, **lists}


def _common_key(name: str, conditions: Sequence[Any]) -> list[object]:
    return _sorted_keys(conditions if name == "geo_fields" else map(_filter_key, conditions))


def _advanced_key(events: Any) -> object:
    if isinstance(events, Mapping):  # did_any
        return {**events, "any_events": _advanced_key(events["any_events"])}
    return _sorted_keys(map(_event_key, events))


def _filter_key(condition: Mapping[str, object]) -> Mapping[str, object]:
    value = condition.get("value")
    if not isinstance(value, list) or condition.get("name") == "time_of_day":
        return condition
    return {**condition, "value": value[0] if len(value) == 1 else _sorted_keys(value)}


def _sorted_keys(parts: Any) -> list[object]:
    return sorted(parts, key=_text)


def _text(part: object) -> str:
    # As text, because to Python 1, 1.0 and True are equal, and to the service they may not be.
    return json.dumps(part, sort_keys=True, ensure_ascii=False)
