"""The values of properties and how often events had them, as `top.json` answers it.

Chosen where the service is not known: numbers are reported as ranges of one width, from a whole
multiple of it; a value that is a list is left out; `geo_fields` are `country`, `state`, `city`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ct_magic.sandbox.compile_sql import EVENT_KEYS, FAMILIES, event_condition, matching_profiles
from ct_magic.sandbox.filter_sql import RefusedError, Sql, object_of

if TYPE_CHECKING:
    import duckdb

_COLUMNS = {"event_properties": "properties", "session_properties": "session", **FAMILIES}
PLACES = ("country", "state", "city")
GROUP_KEYS = {"property_type", "name", "top_n", "order"}
_ORDERS = ("desc", "asc")
USUAL, MOST = 10, 100
# Of each event that the query finds, the property: as text, and as number where it is one.
_FOUND = """
CREATE OR REPLACE TEMP TABLE grouped AS
WITH mine AS ({profiles}),
happened AS (SELECT profile_id, properties, session FROM events JOIN mine USING (profile_id)
  WHERE {base}),
v AS (SELECT {value} AS x FROM happened JOIN profiles USING (profile_id))
SELECT text_of(x) AS text, number_of(x) AS number FROM v
"""
EVER = """
SELECT 1 FROM events JOIN profiles USING (profile_id)
WHERE event_name = {event} AND is_there({value}) LIMIT 1
"""
_COMMON_TEXTS = """
SELECT text, count(*) AS n FROM grouped WHERE text IS NOT NULL
GROUP BY text ORDER BY n {order}, text LIMIT {top_n}
"""
RANGES = """
SELECT floor(number / $1)::HUGEINT AS k, count(*) AS n FROM grouped WHERE number IS NOT NULL
GROUP BY k ORDER BY n {order}, k LIMIT {top_n}
"""


def top_values(db: duckdb.DuckDBPyConnection, sql: Sql, body: object) -> dict[str, object]:
    """Return, for each group of the query, its kinds of value. Raises RefusedError."""
    query = dict(object_of(body, "the query"))
    groups = object_of(query.pop("groups", None), "groups")
    if not groups:
        raise RefusedError("Missing mandatory field: groups")
    asked = {key: _checked_group(sql, group) for key, group in groups.items()}
    return {key: _top_values(db, sql, query, group) for key, group in asked.items()}


def _checked_group(sql: Sql, group: Any) -> dict[str, Any]:
    sql.check_keys(group, GROUP_KEYS, "a group")
    whole: dict[str, Any] = {"top_n": USUAL, "order": _ORDERS[0], **group}
    kind, name, top = group.get("property_type"), group.get("name"), whole["top_n"]
    is_whole = isinstance(top, int) and not isinstance(top, bool) and 1 <= top <= MOST
    is_known = kind in _COLUMNS or (kind == "geo_fields" and str(name).lower() in PLACES)
    if not (is_known and isinstance(name, str) and is_whole and whole["order"] in _ORDERS):
        raise RefusedError("Invalid group")
    return whole


def _top_values(
    db: duckdb.DuckDBPyConnection, sql: Sql, query: Mapping[str, Any], group: Mapping[str, Any]
) -> dict[str, Any]:
    fresh = replace(sql, values=[])
    profiles = matching_profiles(fresh, query)
    base = event_condition(fresh, {key: query[key] for key in EVENT_KEYS if key in query})
    value = _value(fresh, group)
    db.execute(_FOUND.format(profiles=profiles, base=base, value=value), fresh.values)
    kinds = {
        "STR": dict(db.execute(_COMMON_TEXTS.format(**group)).fetchall()),
        "NUMBER": _ranges(db, group),
    }
    if not any(kinds.values()):
        ever = replace(sql, values=[])
        name, value = ever.value(query["event_name"]), _value(ever, group)
        if not db.execute(EVER.format(event=name, value=value), ever.values).fetchone():
            raise RefusedError("Invalid group")
    return {kind: found for kind, found in kinds.items() if found}


def _value(sql: Sql, group: Mapping[str, Any]) -> str:
    if group["property_type"] == "geo_fields":
        return f"to_json({group['name'].lower()})"
    pointer = "/" + group["name"].replace("~", "~0").replace("/", "~1")
    return f"json_extract({_COLUMNS[group['property_type']]}, {sql.value(pointer)})"


def _ranges(db: duckdb.DuckDBPyConnection, group: Mapping[str, Any]) -> dict[str, int]:
    [(least, most)] = db.execute("SELECT min(number), max(number) FROM grouped").fetchall()
    if least is None:
        return {}
    # Not finer than a float is there, or neighbours would have one name.
    largest = max(abs(least), abs(most))
    power = _power(max((most - least) / group["top_n"] or largest, largest * 2.0**-50))
    records = db.execute(RANGES.format(**group), [float(power)]).fetchall()
    ends = [((k * power).normalize(), ((k + 1) * power).normalize(), n) for k, n in records]
    return {f"{low:f}-{high:f}": n for low, high, n in ends}


def _power(least: float) -> Decimal:
    # 1, 2 or 5 of some power of ten, so that people can read the ranges.
    power = Decimal(10) ** (math.floor(math.log10(least)) if least > 0 else 0)
    return next((step * power for step in (1, 2, 5) if step * power >= least), 10 * power)
