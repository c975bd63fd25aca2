"""The data and the answers: DuckDB behind a lock, generated or loaded from exported files."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ct_magic.common.threads import ForkLock
from ct_magic.errors import MissingExtraError, UsageError
from ct_magic.sandbox.compile_sql import FAMILIES, compile_query
from ct_magic.sandbox.filter_sql import MACROS, Sql
from ct_magic.sandbox.sample_data import generate
from ct_magic.sandbox.top_values_sql import top_values

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from ct_magic.sandbox.stored import Stored


# Of each kind of object and each key in it the type, a text where two are as frequent, and the
# fifty values that are most frequent.
DESCRIBED = """
WITH r AS ({rows}),
k AS (SELECT kind, unnest(json_keys(j)) AS name, j FROM r),
v AS (SELECT kind, name,
  json_extract(j, '/' || replace(replace(name, '~', '~0'), '/', '~1')) AS x FROM k),
t AS MATERIALIZED (SELECT kind, name, json_type(x) AS type,
  coalesce(text_of(x), x ->> '$') AS text FROM v),
top AS (SELECT kind, name, text FROM t WHERE type <> 'ARRAY' AND text <> ''
  GROUP BY kind, name, text
  QUALIFY row_number() OVER (PARTITION BY kind, name ORDER BY count(*) DESC, text) <= 50),
examples AS (SELECT kind, name, list(text ORDER BY text) AS texts FROM top GROUP BY kind, name)
SELECT kind, name, CASE mode(type ORDER BY type DESC) WHEN 'VARCHAR' THEN 'text'
  WHEN 'BOOLEAN' THEN 'text' WHEN 'ARRAY' THEN 'list' ELSE 'number' END,
  coalesce(any_value(texts), [])
FROM t LEFT JOIN examples USING (kind, name)
GROUP BY kind, name ORDER BY kind, name
"""
SCANNED = 5_000  # rows of an event, or profiles, that are looked at
_TOGETHER = 20  # kinds of objects in one statement, most of whose time is its compilation
ITEMS = """
SELECT i FROM (SELECT unnest(TRY_CAST(json_extract(j, '/Items') AS JSON[])) AS i FROM e)
WHERE json_type(i) = 'OBJECT'
"""
_PLACE_PATHS = """
SELECT DISTINCT concat_ws('/', country, state, city) FROM profiles WHERE country IS NOT NULL
ORDER BY 1 LIMIT 1000
"""
# The same rows in any order, in any file, give the same number.
IDENTITY = """
SELECT concat_ws(' ', (SELECT sum(hash(e)::HUGEINT) FROM events e),
  (SELECT sum(hash(p)::HUGEINT) FROM profiles p))
"""


def schema(db: duckdb.DuckDBPyConnection, events: Iterable[str]) -> dict[str, Any]:
    """Return the names of events and properties, with types and examples."""
    names, columns = sorted(events), FAMILIES.values()
    named = f"SELECT properties AS j FROM events WHERE event_name = ? LIMIT {SCANNED}"
    # A filter on Charged finds what its items have, too.
    with_items = f"WITH e AS ({named}) SELECT j FROM e UNION ALL {ITEMS}"
    rows = [with_items if name == "Charged" else named for name in names]
    rows += [f"SELECT session AS j FROM events LIMIT {SCANNED}"]
    rows += [f"SELECT {column} AS j FROM profiles LIMIT {SCANNED}" for column in columns]
    found: list[dict[str, Any]] = [{} for _ in rows]
    for begin in range(0, len(rows), _TOGETHER):
        part = slice(begin, begin + _TOGETHER)
        kinds = enumerate(rows[part], begin)
        united = " UNION ALL ".join(f"SELECT {kind} AS kind, j FROM ({j})" for kind, j in kinds)
        records = db.execute(DESCRIBED.format(rows=united), names[part]).fetchall()
        for kind, name, type_, examples in records:
            found[kind][name] = {"type": type_, "examples": examples}
    return {
        "events": dict(zip(names, found, strict=False)),
        **dict(zip(("session", *columns), found[len(names) :], strict=True)),
        "geo": [place for (place,) in db.execute(_PLACE_PATHS).fetchall()],
    }


# A second thread takes longer to start, and to be handed its part, than it saves with few rows.
CONFIG: dict[str, str | bool | int | float | list[str]] = {"threads": 1}
SECOND_THREAD = "SET threads = 2"
MANY = 20_000  # profiles from which on one is worth it
# In a notebook it would leave a bar of its own, black and for good, below the user's cell.
_SETUP = f"SET enable_progress_bar = false; {MACROS}"


class Engine:
    """Profiles and events, and counts over what happened before `now()`. For several threads."""

    def __init__(
        self, zone: tzinfo, *, lenient: bool = False, now: Callable[[], datetime] | None = None
    ) -> None:
        try:
            import duckdb  # noqa: F401
        except ImportError:
            raise MissingExtraError("the sandbox", "sandbox") from None
        self._lock = ForkLock()
        self._zone, self._lenient, self._now = zone, lenient, now
        self._names: set[str] = set()
        self._schema: dict[str, object] | None = None
        self._data: str | None = None
        self._stored: Stored | None = None
        self._is_parents = False

    def generate(self, profiles: int, seed: int, today: date) -> None:
        """Fill it with the sandbox's own data."""
        import duckdb

        self._open(duckdb.connect(config=CONFIG))
        if profiles >= MANY:
            self._db.execute(SECOND_THREAD)
        generate(self._db, profiles, seed, today)
        self._names = self._event_names()

    def load(
        self, folder: Path | None, say: Callable[[str], None], file: Path | None = None
    ) -> None:
        """Fill it with exported events, kept in that file or in a temporary one: see `stored`."""
        from ct_magic.sandbox.import_events import LARGE
        from ct_magic.sandbox.stored import Stored

        self._stored = Stored(file, CONFIG)
        self._open(self._stored.db)
        if self._stored.size_with(folder) >= LARGE:
            self._db.execute(SECOND_THREAD)
        if self._stored.is_of(folder, self._zone) or folder is None:
            self._identity()  # which reads all of it
            say(f"{file}: opened as it was loaded before")
        else:
            self._stored.load(folder, self._zone, say)
        self._names = self._event_names()

    def count(self, body: object) -> tuple[int, int]:
        """Return profiles and events of a query. Raises `filter_sql.RefusedError`."""
        sql = self._sql()
        text = compile_query(sql, body)
        with self._lock:
            # To its end: DuckDB 2 does nothing else while a result is half read.
            [(profiles, events)] = self._own().execute(text, sql.values).fetchall()
        return int(profiles), int(events)

    def top(self, body: object) -> dict[str, object]:
        """Return the commonest values of properties. Raises `filter_sql.RefusedError`."""
        with self._lock:
            return top_values(self._own(), self._sql(), body)

    def export(self, folder: Path) -> None:
        """Write `events.parquet` and `profiles.parquet`: every row, JSON as text, `ts` in UTC."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{folder} cannot be written to: {error.strerror}") from None
        with self._lock:
            for table in ("events", "profiles"):
                rows, now = self._own().table(table).order("ALL"), self._until()
                happened = rows.filter(f"ts < '{now}'") if table == "events" else rows
                target = str(folder / f"{table}.parquet")
                happened.write_parquet(target, compression="zstd")

    def schema(self) -> dict[str, object]:
        """Return the names of what it holds, and under `data` a text that identifies the data."""
        with self._lock:
            if self._schema is None:
                db = self._own()
                self._schema = {"data": self._identity(), **schema(db, self._names)}
            return self._schema

    def data(self) -> str:
        """Return a text that is the same for the same data, and another for another."""
        with self._lock:
            return self._identity()

    def close(self) -> None:
        """Free the memory."""
        with self._lock:
            if hasattr(self, "_db") and not self._is_parents:
                self._db.close()
                # DuckDB complains of objects that are alive when the interpreter ends.
                del self._db
                if self._stored is not None:
                    self._stored.close()
                self._stored = None

    def leave(self) -> None:
        """Leave the data to the process that this one was forked from."""
        # DuckDB's threads are there: to ask it here may take for ever, and to free it crashes, so
        # one reference is never given back.
        if not self._is_parents and hasattr(self, "_db"):
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._db))
        self._is_parents = True

    def _open(self, db: duckdb.DuckDBPyConnection) -> None:
        self._db = db
        db.execute(_SETUP)

    def _identity(self) -> str:
        if self._data is None:
            db = self._own()
            rows = self._stored.read(IDENTITY) if self._stored else db.execute(IDENTITY).fetchall()
            held = f"{rows[0][0]} {self._zone} {self._lenient}"
            self._data = sha256(held.encode()).hexdigest()[:16]
        return self._data

    def _own(self) -> duckdb.DuckDBPyConnection:
        if self._is_parents:
            raise UsageError("this process was forked from the sandbox's: ask it at its url")
        return self._db

    def _sql(self) -> Sql:
        return Sql(self._zone, self._names.__contains__, self._lenient, self._until())

    def _until(self) -> datetime:
        # As UTC without a zone, which is how `ts` is stored.
        return self._now().astimezone(UTC).replace(tzinfo=None) if self._now else datetime.max

    def _event_names(self) -> set[str]:
        names = self._db.execute("SELECT DISTINCT event_name FROM events").fetchall()
        return {name for (name,) in names}
