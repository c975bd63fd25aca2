"""One filter of the API's JSON -> an SQL condition with parameters, or what the service refuses.

Where the real service is not known, this was chosen:

- Texts are compared as they are, upper and lower case told apart.
- A text in the query meets texts, and "True"/"False" also booleans; a number meets numbers.
  `Amount = "5"` does not find the number 5.
- `not_equals` and `does_not_contain` find events that have the property with another value; one
  that lacks it is found by `does_not_exist` alone.
- `exists` finds a property that is there and not null; it and `does_not_exist` need no value.
- On `Charged`, a filter on a field of `Items` is true when any item makes it true, and so is
  `not_equals`; `does_not_exist` needs the field to be nowhere.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

COMPARED = {
    "greater_than": ">",
    "greater_than_equals": ">=",
    "less_than": "<",
    "less_than_equals": "<=",
}
VALUELESS = {"exists", "does_not_exist"}
OPERATORS = {
    "equals",
    "not_equals",
    "contains",
    "does_not_contain",
    *VALUELESS,
    *COMPARED,
}
NUMBERS = "('BIGINT', 'UBIGINT', 'DOUBLE')"
BIGGEST = sys.float_info.max


class RefusedError(Exception):
    """What the service answers with HTTP 400: its `error` and, where there is one, its `code`."""

    def __init__(self, error: str, code: int | None = None) -> None:
        super().__init__(error)
        self.error, self.code = error, code


@dataclass
class Sql:
    """A statement in the making: whose days it means, which events there are, its parameters."""

    zone: tzinfo
    is_event: Callable[[str], bool]
    values: list[Any] = field(default_factory=list)

    def value(self, value: Any) -> str:
        """Add a parameter, numbered as they come; give its place in the text."""
        self.values.append(value)
        return f"${len(self.values)}"


def filter_of(body: Any) -> dict[str, Any]:
    """Give a filter as a new dict; raise RefusedError for what is none."""
    return dict(object_of(body, "a filter"))


def object_of(body: Any, what: str) -> Mapping[str, Any]:
    """Give an object as it is; raise RefusedError for anything else."""
    if not isinstance(body, Mapping):
        raise RefusedError(f"{what} must be an object")
    return body


def condition(sql: Sql, column: str, body: Any, *, items: bool = False) -> str:
    """Give the condition of a filter on a column of JSON; with `items` also on those in it."""
    one = filter_of(body)
    name, operator, value = one.get("name"), one.get("operator"), one.get("value")
    complete = "value" in one or operator in VALUELESS
    if not isinstance(name, str) or operator not in OPERATORS or not complete:
        raise RefusedError(f"a filter needs name, operator and value: {str(body)[:100]}")
    pointer = sql.value("/" + name.replace("~", "~0").replace("/", "~1"))
    found = f"json_extract({column}, {pointer})"
    if operator == "does_not_exist":
        return f"NOT ({_any(sql, found, pointer, 'exists', value, items)})"
    return _any(sql, found, pointer, operator, value, items)


def _any(sql: Sql, found: str, pointer: str, operator: str, value: Any, items: bool) -> str:
    mine = _holds(sql, found, operator, value)
    if not items:
        return mine
    inner = _holds(sql, f"json_extract(item, {pointer})", operator, value)
    return (
        f"({mine} OR len([item FOR item IN "
        f"coalesce(TRY_CAST(json_extract(properties, '/Items') AS JSON[]), []) IF {inner}]) > 0)"
    )


def _holds(sql: Sql, found: str, operator: str, value: Any) -> str:
    there = f"coalesce(json_type({found}), 'NULL') <> 'NULL'"
    if operator == "exists":
        return f"({there})"
    if operator in COMPARED:
        if not _is_number(value):
            raise RefusedError(f"{operator} needs a number, not {str(value)[:100]!r}")
        number = _number(found)
        return f"coalesce({number} {COMPARED[operator]} {sql.value(float(value))}, false)"
    if operator in ("contains", "does_not_contain"):
        if not isinstance(value, str):
            raise RefusedError(f"{operator} needs a text, not {str(value)[:100]!r}")
        yes = f"coalesce(contains({_text(found)}, {sql.value(value)}), false)"
        return yes if operator == "contains" else f"({there} AND NOT {yes})"
    values = value if isinstance(value, list) else [value]
    if not values:
        raise RefusedError(f"{operator} needs a value, not an empty list")
    yes = f"({' OR '.join(_equals(sql, found, one) for one in values)})"
    return yes if operator == "equals" else f"({there} AND NOT {yes})"


def _equals(sql: Sql, found: str, value: Any) -> str:
    if isinstance(value, str):
        return f"coalesce({_text(found)} = {sql.value(value)}, false)"
    if _is_number(value):
        return f"coalesce({_number(found)} = {sql.value(float(value))}, false)"
    raise RefusedError(f"a value is a text or a number, not {str(value)[:100]}")


def _text(found: str) -> str:
    return (
        f"CASE json_type({found}) WHEN 'VARCHAR' THEN {found} ->> '$' WHEN 'BOOLEAN' THEN "
        f"CASE {found}::VARCHAR WHEN 'true' THEN 'True' ELSE 'False' END END"
    )


def _number(found: str) -> str:
    return f"CASE WHEN json_type({found}) IN {NUMBERS} THEN TRY_CAST({found} AS DOUBLE) END"


def _is_number(value: Any) -> bool:
    # NaN, infinities and integers that no float holds are not numbers that anything could meet.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= BIGGEST
