"""Exported events in a DuckDB file: loaded once, opened in a moment, a quarter of the memory.

The table `ct_magic_source` has one row: a text that names the exported files, their sizes and times
and the time zone, and whether all of them were loaded. A file without that table is not ours, and
is never written to.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import tzinfo
from pathlib import Path
from typing import Any

from ct_magic.errors import UsageError
from ct_magic.sandbox import import_events

MEMORY = "2GB"  # for the load's sorting; more than that is put beside the file
_TABLE_NAMES = "SELECT table_name FROM duckdb_tables() WHERE NOT temporary"
SOURCE = """
DROP TABLE IF EXISTS events; DROP TABLE IF EXISTS profiles; DROP TABLE IF EXISTS ct_magic_source;
CREATE TABLE ct_magic_source (files VARCHAR, zone VARCHAR, complete BOOLEAN);
"""
# So that a query reads the rows of its own events and days, and few others.
SORTED = f"""
CREATE OR REPLACE TABLE events AS
SELECT {", ".join(import_events.EVENTS)} FROM events ORDER BY event_name, ts
"""
# Of how files become rows. A kept file of another number would give other counts: it is not used.
RULES = 2  # of a profile in several files, its latest event that says something of it is right
_ANEW = "where it was cut short, remove it and load the events again with --data DIR"
_FOREIGN = "is another database or file: --db takes one of its own"


class Stored:
    """A file of exported events, or a temporary one, open as `db`; UsageError if it is not ours."""

    def __init__(self, file: Path | None, config: Mapping[str, Any]) -> None:
        import duckdb

        # Not a TemporaryDirectory, which a process that was forked would remove at its end.
        self._folder = None if file else Path(tempfile.mkdtemp(prefix="ct_magic-"))
        self._file = file or (self._folder or Path()) / "events.duckdb"
        if self._file.is_file():
            with self._file.open("rb") as content:
                head = content.read(12)
            if not head:
                self._file.unlink()  # made empty, to be filled: DuckDB takes none that is there
            # For another program's DuckDB would fetch a part of its own from the internet.
            elif head[8:] != b"DUCK":
                raise UsageError(f"{self._file} {_FOREIGN}")
        with self._readable():
            # Whole, since DuckDB has a meaning of its own for ":memory:" and the like.
            place = str(self._file.absolute())
            self.db = duckdb.connect(place, config={**config, "memory_limit": MEMORY})
        self.db.execute("SET preserve_insertion_order = false")
        if (tables := self._tables()) and "ct_magic_source" not in tables:
            self.db.close()
            raise UsageError(f"{self._file} {_FOREIGN}")

    def read(self, query: str) -> list[Any]:
        """Return the rows of a query; raise UsageError where the file is cut short."""
        with self._readable():
            return self.db.execute(query).fetchall()

    def size_with(self, folder: Path | None) -> int:
        """Return how many bytes it has, together with the files of a folder."""
        files = import_events.files(folder) if folder else []
        return sum(file.stat().st_size for file in [self._file, *files])

    def is_of(self, folder: Path | None, zone: tzinfo) -> bool:
        """Return True if it holds all events of that folder; of any, where none is named."""
        complete = "SELECT files, zone FROM ct_magic_source WHERE complete"
        sources = self.read(complete) if "ct_magic_source" in self._tables() else []
        sources = [source for source in sources if source[0].startswith(f"[{RULES}, ")]
        if folder is not None:
            return sources == [(_fingerprint(folder), str(zone))]
        if sources and sources[0][1] == str(zone):
            return True
        other = f", but of {sources[0][1]}" if sources else ""
        raise UsageError(
            f"{self._file} holds no events of time zone {zone}{other}: load them with --data DIR"
        )

    def load(self, folder: Path, zone: tzinfo, say: Callable[[str], None]) -> None:
        """Load the folder's events in place of what it holds; complete once they are sorted."""
        row = (_fingerprint(folder), str(zone), False)
        self.db.execute(SOURCE)
        self.db.execute("INSERT INTO ct_magic_source VALUES (?, ?, ?)", row)
        import_events.load(self.db, folder, zone, say)
        self.db.execute(SORTED)
        # That all is there; and what the load left behind is given back.
        self.db.execute("UPDATE ct_magic_source SET complete = true; CHECKPOINT")

    def close(self) -> None:
        """Remove it where it is a temporary one."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _tables(self) -> set[str]:
        if self._folder is not None:
            return set()  # a temporary file, that is asked only before it is filled
        return {name for (name,) in self.read(_TABLE_NAMES)}

    @contextmanager
    def _readable(self) -> Iterator[None]:
        import duckdb

        try:
            yield
        except (duckdb.Error, OSError, RuntimeError) as error:
            if hasattr(self, "db"):
                self.db.close()
            why = str(error).splitlines()[0]
            raise UsageError(f"{self._file} cannot be read: {why}; {_ANEW}") from None


def _fingerprint(folder: Path) -> str:
    files = import_events.files(folder)
    stats = [(str(file.relative_to(folder)), file.stat()) for file in files]
    return json.dumps([RULES, *([name, stat.st_size, stat.st_mtime_ns] for name, stat in stats)])
