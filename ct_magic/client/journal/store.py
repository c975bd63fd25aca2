"""The journal's file: opened, migrated, read and written; trouble becomes one sentence.

SQLite in WAL mode, so that several kernels may use one file. Each write is committed before
anything else happens. What is read is not believed: see `journal_entries`.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from ct_magic.common.clock import now

_ASKED = """
CREATE TABLE asked (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,      -- id and address, and which data it has
    body TEXT NOT NULL,         -- the JSON that was sent
    title TEXT NOT NULL,
    text TEXT NOT NULL,         -- the query, canonical
    asked REAL NOT NULL,        -- seconds since 1970, UTC, on this machine's clock
    req_id TEXT,
    state TEXT NOT NULL,
    ended REAL,
    count INTEGER, events INTEGER, users INTEGER, devices INTEGER,
    error TEXT
)"""
_CELLS = """
CREATE TABLE cells (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    began REAL NOT NULL,
    variable TEXT,              -- the name that gets the DataFrame
    zone TEXT,                  -- whose days were meant
    plan TEXT NOT NULL          -- its rows and questions, JSON
)"""
_NEEDED = """
CREATE TABLE needed (           -- the questions of a cell, and where each was submitted
    cell TEXT NOT NULL,
    question INTEGER NOT NULL,
    asked INTEGER NOT NULL,
    PRIMARY KEY (cell, question)
) WITHOUT ROWID"""
LEARNED = """
CREATE TABLE learned (          -- what an account taught: limits, facts
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (account, name)
) WITHOUT ROWID"""
# Each takes a file from the version before it; files of version 1 are out there.
MIGRATIONS = (
    (_ASKED, "CREATE INDEX asked_by_question ON asked (account, body)"),
    (
        "ALTER TABLE asked ADD COLUMN key TEXT",  # equal for two questions that ask the same
        "UPDATE asked SET key = body",
        "ALTER TABLE asked ADD COLUMN sent REAL",  # when it was sent, by the service's clock
        "ALTER TABLE asked ADD COLUMN counted REAL",  # when its count came, by that clock
        "ALTER TABLE asked ADD COLUMN took REAL",  # seconds from the accepted request to the count
        "CREATE INDEX asked_by_key ON asked (account, key)",
        _CELLS,
        _NEEDED,
        "CREATE INDEX needed_by_asked ON needed (asked)",
        LEARNED,
    ),
)
VERSION = len(MIGRATIONS)
_PATIENCE = 10.0  # seconds that a file which somebody else is writing is waited for
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
CURES = {
    sqlite3.SQLITE_FULL: "free some space on its disk",
    sqlite3.SQLITE_READONLY: "its folder, and each file there that begins with its name, must be "
    "writable, or CT_MAGIC_STATE_DIR name another folder",
    sqlite3.SQLITE_CANTOPEN: "it must be your file, or CT_MAGIC_STATE_DIR name another folder",
    **dict.fromkeys(DAMAGED, "it is damaged: remove it, and the next count makes a new one"),
    **dict.fromkeys(LOCKED, "another program holds it; the next cell tries again"),
    # A quota is full, or the folder is one of the network that knows no locks.
    **dict.fromkeys(
        (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PROTOCOL),
        "free some space, or let CT_MAGIC_STATE_DIR name a folder on another disk",
    ),
}
_T = TypeVar("_T")
_opening = threading.Lock()
_busy = threading.Lock()  # held while SQLite works, in whichever thread
_forking = threading.local()
_open_files: dict[Path, JournalFile] = {}


class JournalFileError(Exception):
    """The file cannot be used: why, and what to do, in one sentence."""


def opened(path: Path) -> JournalFile:
    """Return the journal of this path, which stays open: closing one takes longer than a count."""
    with _opening:
        known = _open_files.get(path)
        if known is None or not known.is_well():
            _open_files.clear()
            known = _open_files[path] = JournalFile(path)
        return known


class JournalFile:
    """An open journal; it may be used by several threads. Every method raises JournalFileError."""

    def __init__(self, path: Path) -> None:
        try:
            self._db = _patiently(lambda: _open(path))
        except OSError as error:
            cure = "CT_MAGIC_STATE_DIR names another folder"
            raise JournalFileError(f"{error.strerror or error}; {cure}") from None
        except sqlite3.Error as error:
            raise JournalFileError(_sentence(error)) from None
        self._path, self._file, self._failed = path, _identity(path), False
        # Not at the process's end: until then threads in the background write down what comes.
        weakref.finalize(self, self._db.close).atexit = False

    def is_well(self) -> bool:
        """Return False once somebody has removed or replaced the file, and after any trouble.

        What was opened while it could not be written stays so, whatever is done about it.
        """
        return not self._failed and self._file == _identity(self._path)

    def read(self, sql: str, values: Sequence[object] = ()) -> list[dict[str, object]]:
        """Return the rows of a query."""
        return self._guarded(lambda db: [dict(row) for row in db.execute(sql, values)])

    def write(self, sql: str, values: Sequence[object] = ()) -> int:
        """Write, and return the number of the row that was inserted last."""
        return self._guarded(lambda db: db.execute(sql, values).lastrowid or 0)

    def write_all(self, sql: str, values: Iterable[Sequence[object]]) -> None:
        """Write the same with each of several values, all or none of them."""

        def work(db: sqlite3.Connection) -> None:
            db.execute("BEGIN IMMEDIATE")
            try:
                db.executemany(sql, values)
            except BaseException:
                _undo(db)
                raise
            db.execute("COMMIT")

        self._guarded(work)

    def close(self) -> None:
        """Close it."""
        with _busy:
            self._db.close()

    def _guarded(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        with _busy:
            try:
                return work(self._db)
            except sqlite3.Error as error:
                self._failed = True
                raise JournalFileError(_sentence(error)) from None


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Made by us before SQLite does, so that nobody else may read it at any time.
    path.touch(mode=0o600, exist_ok=True)
    db = sqlite3.connect(path, timeout=_PATIENCE, check_same_thread=False, isolation_level=None)
    try:
        db.row_factory = sqlite3.Row
        # Whatever stands there, reading it is no error.
        db.text_factory = lambda text: text.decode("utf-8", "replace")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        _migrate(db)
    except sqlite3.Error:
        db.close()
        raise
    return db


def _migrate(db: sqlite3.Connection) -> None:
    if _version(db) == VERSION:
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        version = _version(db)  # another kernel may have done it meanwhile
        if version > VERSION:
            raise sqlite3.DatabaseError("it was written by a newer ct_magic: upgrade this one")
        for migration in MIGRATIONS[version:]:
            for statement in migration:
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
    except BaseException:
        _undo(db)
        raise


def _undo(db: sqlite3.Connection) -> None:
    # SQLite has done it by itself where the disk is full, and that is what must be said.
    with suppress(sqlite3.Error):
        db.execute("ROLLBACK")


def _version(db: sqlite3.Connection) -> int:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    return int(version)


def _patiently(work: Callable[[], _T]) -> _T:
    # Turning on WAL needs the file alone, and SQLite does not wait for that by itself.
    until = now() + _PATIENCE
    while True:
        try:
            with _busy:
                return work()
        except sqlite3.OperationalError as error:
            if _code(error) not in LOCKED or now() > until:
                raise
        time.sleep(0.02)


def _code(error: sqlite3.Error) -> int:
    # Ours have none; extended codes hold the plain one in their last byte.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _sentence(error: sqlite3.Error) -> str:
    cure = CURES.get(_code(error))
    return f"{error}; {cure}" if cure else str(error)


def _come_to_rest() -> None:
    # A fork in the middle of a write would leave SQLite's own locks held in the child, which would
    # wait for ever, or find the file locked by a thread that it has not.
    _forking.holds = _busy.acquire(timeout=_PATIENCE)


def _go_on() -> None:
    if _forking.holds:
        _busy.release()


def _forget_files() -> None:
    # A connection does not survive a fork; and the locks are held. Closing it in the child would
    # let go of the parent's locks, so it is kept, unused.
    global _opening, _busy
    _opening, _busy = threading.Lock(), threading.Lock()
    _parents.extend(_open_files.values())
    _open_files.clear()


_parents: list[JournalFile] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_come_to_rest, after_in_parent=_go_on, after_in_child=_forget_files)
