"""The data and the answers: DuckDB behind a lock, generated or loaded from exported files."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import MissingExtraError, UsageError
from . import sample_data as data
from .compile_sql import compile_query

if TYPE_CHECKING:
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
SCOPES = {
    "profile": "profile",
    "tech": "tech",
    "app": "app",
    "demographics": "demographics",
    "reachability": "reachability",
}


class Engine:
    """Profiles and events in memory, and counts over them. May be used by several threads."""

    def __init__(self, zone: tzinfo) -> None:
        try:
            import duckdb
        except ImportError:
            raise MissingExtraError("the sandbox", "sandbox") from None
        self._db: duckdb.DuckDBPyConnection = duckdb.connect(config={"threads": 2})
        self._lock = threading.Lock()
        self._zone = zone
        self._names: set[str] = set()

    def generate(self, profiles: int, seed: int, today: date) -> None:
        """Fill it with the sandbox's own data."""
        data.generate(self._db, profiles, seed, today)
        self._finish()

    def load(self, folder: Path, say: Callable[[str], None]) -> None:
        """Fill it with exported events: see `load`."""
        from . import import_events as load

        load.load(self._db, folder, self._zone, say)
        self._finish()

    def count(self, body: Any) -> tuple[int, int]:
        """Give profiles and events of a query. Raises `filters.RefusedError`."""
        text, values = compile_query(body, self._zone, self._names.__contains__)
        with self._lock:
            # To its end: DuckDB 2 does nothing else while a result is half read.
            [(profiles, events)] = self._db.execute(text, values).fetchall()
        return int(profiles), int(events)

    def export(self, folder: Path) -> None:
        """Write `events.parquet` and `profiles.parquet`: every row, JSON as text, `ts` in UTC."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{folder} cannot be written to: {error.strerror}") from None
        with self._lock:
            for table in ("events", "profiles"):
                target = str(folder / f"{table}.parquet")
                self._db.table(table).order("ALL").write_parquet(target, compression="zstd")

    def schema(self) -> dict[str, Any]:
        """Give the names of events and properties, with types and examples."""
        with self._lock:
            events = {name: self._properties("properties", name) for name in sorted(self._names)}
            session = self._properties("session", None)
            people = {scope: self._people(column) for scope, column in SCOPES.items()}
            return {"events": events, "session": session, **people, "geo": self._places()}

    def close(self) -> None:
        """Free the memory."""
        with self._lock:
            if hasattr(self, "_db"):
                self._db.close()
                # DuckDB complains of objects that are alive when the interpreter ends.
                del self._db

    def _finish(self) -> None:
        # Sorted, so that a query reads the rows of its own events and days, and few others.
        self._db.execute(
            "CREATE OR REPLACE TABLE events AS SELECT * FROM events ORDER BY event_name, ts"
        )
        names = self._db.execute("SELECT DISTINCT event_name FROM events").fetchall()
        self._names = {name for (name,) in names}

    def _properties(self, column: str, event: str | None) -> dict[str, Any]:
        where, values = ("WHERE event_name = $1", [event]) if event is not None else ("", [])
        return self._described(f"SELECT {column} AS j FROM events {where} LIMIT 20000", values)

    def _people(self, column: str) -> dict[str, Any]:
        return self._described(f"SELECT {column} AS j FROM profiles LIMIT 20000", [])

    def _described(self, rows: str, values: list[Any]) -> dict[str, Any]:
        found = self._db.execute(DESCRIBED.format(rows=rows), values).fetchall()
        return {
            name: {"type": _type(kind), "examples": examples or []}
            for name, kind, examples in found
        }

    def _places(self) -> list[str]:
        found = self._db.execute(
            "SELECT DISTINCT concat_ws('/', country, state, city) FROM profiles "
            "WHERE country IS NOT NULL ORDER BY 1 LIMIT 1000"
        ).fetchall()
        return [place for (place,) in found]


def _type(kind: str | None) -> str:
    return {"VARCHAR": "text", "BOOLEAN": "text", "ARRAY": "list"}.get(kind or "", "number")
