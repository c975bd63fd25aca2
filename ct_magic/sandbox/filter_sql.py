"""One filter of the API's JSON -> an SQL condition with parameters, or what the service refuses.

Where the real service is not known, this was chosen:

- Texts are compared as they are, upper and lower case differ.
- A text in the query meets texts, and "True"/"False" also booleans; a number meets numbers.
  `Amount = "5"` does not find the number 5; an equality with "" finds empty texts.
- `not_equals` and `does_not_contain` find events that have the property with another value; one
  that lacks it is found by `does_not_exist` alone.
- `exists` finds a property that is there and not null; it and `does_not_exist` need no value.
- On `Charged`, a filter on a field of `Items` is true when any item makes it true, and so is
  `not_equals`; `does_not_exist` needs the field to be nowhere.
- `time_of_day` is the minute in which the session began.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

COMPARED = {
    "greater_than": ">",
    "greater_than_equals": ">=",
    "less_than": "<",
    "less_than_equals": "<=",
}
VALUELESS = {"exists", "does_not_exist"}
_OPERATOR_SQL = {"equals", "not_equals", "contains", "does_not_contain", *VALUELESS, *COMPARED}
_TRIPLE_KEYS = {"name", "operator", "value"}
_BEGAN = "time_of_day"
MINUTE = r"([01]\d|2[0-3]):[0-5]\d"
# What a value of JSON is: whether it is there, its text as filters compare it, its number as a
# float, and a whole number as what it is.
MACROS = """
CREATE OR REPLACE TEMP MACRO is_there(j) AS coalesce(json_type(j), 'NULL') <> 'NULL';
CREATE OR REPLACE TEMP MACRO text_of(j) AS CASE json_type(j) WHEN 'VARCHAR' THEN j ->> '$'
  WHEN 'BOOLEAN' THEN CASE j ->> '$' WHEN 'true' THEN 'True' ELSE 'False' END END;
CREATE OR REPLACE TEMP MACRO number_of(j) AS
  CASE WHEN json_type(j) IN ('BIGINT', 'UBIGINT', 'DOUBLE') THEN TRY_CAST(j AS DOUBLE) END;
CREATE OR REPLACE TEMP MACRO whole_of(j) AS
  CASE WHEN json_type(j) IN ('BIGINT', 'UBIGINT', 'DOUBLE') THEN TRY_CAST(j AS HUGEINT) END;
"""
_EXACT, _HUGE = 2**53, 2**127  # below the first a float holds each whole number; HUGEINT ends


class RefusedError(Exception):
    """What the service answers with `fail`: its `error`, its `code`, and the HTTP status of it."""

    def __init__(self, error: str, code: int = 400, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.code, self.status = error, code, status


@dataclass
class Sql:
    """A statement in the making: whose days it means, which events there are, its parameters."""

    zone: tzinfo
    is_event: Callable[[str], bool]
    lenient: bool = False  # drops what is not understood, as the service was seen to do
    now: datetime = datetime.max  # what is at this time (UTC) or later has not happened yet
    values: list[Any] = field(default_factory=list)

    def value(self, value: Any) -> str:
        """Add a parameter, numbered as they come; return its place in the text."""
        self.values.append(value)
        return f"${len(self.values)}"

    def check_keys(self, body: Any, known: set[str], name: str) -> None:
        """Raise RefusedError for what is no object, and for a key that is not known."""
        unknown = sorted(set(object_of(body, name)) - known)
        if unknown and not self.lenient:
            raise RefusedError(f"{name} has the unknown key '{unknown[0]}'")


def object_of(body: Any, name: str) -> Mapping[str, Any]:
    """Return an object as it is; raise RefusedError for anything else."""
    if not isinstance(body, Mapping):
        raise RefusedError(f"{name} must be an object")
    return body


def list_of(body: Any, name: str) -> list[Any]:
    """Return a list as it is, null as an empty one; raise RefusedError for anything else."""
    if not isinstance(body, list | None):
        raise RefusedError(f"{name} must be a list")
    return body or []


def condition(sql: Sql, column: str, body: Any, *, items: bool = False) -> str:
    """Return the condition of a filter on a column of JSON; with `items` also on those in it."""
    sql.check_keys(body, _TRIPLE_KEYS, "a filter")
    name, operator, value = body.get("name"), body.get("operator"), body.get("value")
    if sql.lenient and operator not in _OPERATOR_SQL:
        return "true"
    complete = "value" in body or operator in VALUELESS
    if not isinstance(name, str) or operator not in _OPERATOR_SQL or not complete:
        raise RefusedError(f"a filter needs name, operator and value: {str(body)[:100]}")
    pointer = sql.value("/" + name.replace("~", "~0").replace("/", "~1"))
    located = f"json_extract({column}, {pointer})"
    if operator == "does_not_exist":
        return f"NOT ({_any_item(sql, located, pointer, 'exists', value, items)})"
    return _any_item(sql, located, pointer, operator, value, items)


def session_condition(sql: Sql, body: Any) -> str:
    """Return the condition of a filter on the session: equality where no operator is named."""
    clause = {"operator": "equals", **object_of(body, "a filter")}
    if clause.get("name") != _BEGAN or clause["operator"] != "equals":
        return condition(sql, "session", clause)
    sql.check_keys(clause, _TRIPLE_KEYS, "a filter")
    times = clause.get("value")
    ends: list[Any] = times if isinstance(times, list) else [times, times]
    fine = all(isinstance(end, str) and re.fullmatch(MINUTE, end) for end in ends)
    if len(ends) != 2 or not fine or ends[0] > ends[1]:
        raise RefusedError(f'{_BEGAN} is a range like ["22:30", "22:35"], not {str(times)[:100]}')
    began = f"(session ->> '$.{_BEGAN}')"
    within = f"{began} BETWEEN {sql.value(ends[0])} AND {sql.value(ends[1])}"
    return f"coalesce({within} AND regexp_full_match({began}, '{MINUTE}'), false)"


def _any_item(sql: Sql, located: str, pointer: str, operator: str, value: Any, items: bool) -> str:
    own_holds = _condition_sql(sql, located, operator, value, nested=False)
    if not items:
        return own_holds
    inner = _condition_sql(sql, f"json_extract(item, {pointer})", operator, value, nested=True)
    return (
        f"({own_holds} OR len([item FOR item IN "
        f"coalesce(TRY_CAST(json_extract(properties, '/Items') AS JSON[]), []) IF {inner}]) > 0)"
    )


def _condition_sql(sql: Sql, located: str, operator: str, value: Any, *, nested: bool) -> str:
    there = f"is_there({located})"
    if operator == "exists":
        return there
    if operator in COMPARED:
        if not _is_number(value):
            raise RefusedError(f"{operator} needs a number, not {str(value)[:100]!r}")
        return _number_sql(sql, located, COMPARED[operator], value)
    if operator in ("contains", "does_not_contain"):
        if not isinstance(value, str):
            raise RefusedError(f"{operator} needs a text, not {str(value)[:100]!r}")
        yes = f"coalesce(contains(text_of({located}), {sql.value(value)}), false)"
        return yes if operator == "contains" else f"({there} AND NOT {yes})"
    values = value if isinstance(value, list) else [value]
    if not values:
        raise RefusedError(f"{operator} needs a value, not an empty list")
    yes = _equals_any(sql, located, values, nested)
    return yes if operator == "equals" else f"({there} AND NOT {yes})"


def _equals_any(sql: Sql, located: str, values: list[Any], nested: bool) -> str:
    if odd := [item for item in values if not isinstance(item, str) and not _is_number(item)]:
        raise RefusedError(f"a value is a text or a number, not {str(odd[0])[:100]}")
    texts = [item for item in values if isinstance(item, str)]
    numbers = [item for item in values if not isinstance(item, str)]
    wholes = [int(item) for item in numbers if _EXACT <= abs(item) < _HUGE]
    others = [float(item) for item in numbers if not _EXACT <= abs(item) < _HUGE]
    ways = [_among(sql, f"text_of({located})", texts, "VARCHAR[]", nested)] if texts else []
    ways += [_among(sql, f"number_of({located})", others, "DOUBLE[]", nested)] if others else []
    ways += [_among(sql, f"whole_of({located})", wholes, "HUGEINT[]", nested)] if wholes else []
    return f"({' OR '.join(ways)})"


def _number_sql(sql: Sql, located: str, operator: str, value: int | float) -> str:
    number = f"number_of({located}) {operator} {sql.value(float(value))}"
    if _EXACT <= abs(value) < _HUGE:
        # As floats, neighbours would be one number there.
        whole = f"whole_of({located}) {operator} {sql.value(int(value))}::HUGEINT"
        number = f"coalesce({whole}, {number})"
    return f"coalesce({number}, false)"


def _among(sql: Sql, located: str, values: list[Any], kind: str, nested: bool) -> str:
    # However many values there are, they are one parameter; DuckDB takes no subquery in a lambda.
    if len(values) == 1:
        return f"coalesce({located} = {sql.value(values[0])}::{kind[:-2]}, false)"
    listed = f"{sql.value(values)}::{kind}"
    if nested:
        return f"coalesce(list_contains({listed}, {located}), false)"
    return f"coalesce({located} IN (SELECT unnest({listed})), false)"


def _is_number(value: Any) -> bool:
    # NaN, infinities and integers that no float holds are not numbers that anything could meet.
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and abs(value) <= sys.float_info.max
