"""The names that the data holds: events, properties with types and examples, places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

# Of each key its type, and the five values that are most frequent.
DESCRIBED = """
WITH r AS ({rows}),
k AS (SELECT unnest(json_keys(j)) AS name, j FROM r),
v AS (SELECT name, json_extract(j, '/' || replace(replace(name, '~', '~0'), '/', '~1')) AS x
  FROM k),
t AS (SELECT name, json_type(x) AS kind, CASE json_type(x) WHEN 'BOOLEAN' THEN
    CASE x ->> '$' WHEN 'true' THEN 'True' ELSE 'False' END ELSE x ->> '$' END AS text FROM v),
top AS (SELECT name, text FROM t WHERE kind <> 'ARRAY' AND text <> '' GROUP BY name, text
  QUALIFY row_number() OVER (PARTITION BY name ORDER BY count(*) DESC, text) <= 5),
examples AS (SELECT name, list(text ORDER BY text) AS texts FROM top GROUP BY name)
SELECT name, mode(kind), any_value(texts) FROM t LEFT JOIN examples USING (name)
GROUP BY name ORDER BY name
"""
_SCOPES = ("profile", "tech", "app", "demographics", "reachability")
SCANNED = 5_000  # rows of an event, or profiles, that are looked at
ITEMS = """
SELECT i FROM (SELECT unnest(TRY_CAST(json_extract(j, '/Items') AS JSON[])) AS i FROM e)
WHERE json_type(i) = 'OBJECT'
"""
# The same rows in any order, in any file, give the same number.
IDENTITY = """
SELECT concat_ws(' ', (SELECT sum(hash(e)::HUGEINT) FROM events e),
  (SELECT sum(hash(p)::HUGEINT) FROM profiles p))
"""


def schema(db: duckdb.DuckDBPyConnection, events: Iterable[str]) -> dict[str, Any]:
    """Return the names of events and properties, with types and examples."""
    happened = "SELECT {} AS j FROM events {} LIMIT {}"
    named = happened.format("properties", "WHERE event_name = $1", SCANNED)
    # A filter on Charged finds what its items have, too.
    with_items = f"WITH e AS ({named}) SELECT j FROM e UNION ALL {ITEMS}"
    session = happened.format("session", "", SCANNED)
    return {
        "events": {
            name: _described(db, with_items if name == "Charged" else named, [name])
            for name in sorted(events)
        },
        "session": _described(db, session, []),
        **{
            scope: _described(db, f"SELECT {scope} AS j FROM profiles LIMIT {SCANNED}", [])
            for scope in _SCOPES
        },
        "geo": _places(db),
    }


def identity(db: duckdb.DuckDBPyConnection) -> str:
    """Return a text that is the same for the same data, and another for another."""
    [(text,)] = db.execute(IDENTITY).fetchall()
    return str(text)


def _described(
    db: duckdb.DuckDBPyConnection, rows: str, values: list[Any]
) -> dict[str, dict[str, Any]]:
    records = db.execute(DESCRIBED.format(rows=rows), values).fetchall()
    return {
        name: {"type": _type(kind), "examples": examples or []} for name, kind, examples in records
    }


def _places(db: duckdb.DuckDBPyConnection) -> list[str]:
    records = db.execute(
        "SELECT DISTINCT concat_ws('/', country, state, city) FROM profiles "
        "WHERE country IS NOT NULL ORDER BY 1 LIMIT 1000"
    ).fetchall()
    return [place for (place,) in records]


def _type(kind: str | None) -> str:
    return {"VARCHAR": "text", "BOOLEAN": "text", "ARRAY": "list"}.get(kind or "", "number")
