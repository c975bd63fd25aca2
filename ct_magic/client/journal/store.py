"""The journal's file: opened, migrated, read and written; trouble becomes one sentence.

How it works. SQLite is in WAL mode, so that several kernels may use one file; each write is
committed before anything else happens. A file stays open until the process ends, since closing it
takes longer than a count. SQLite does not notice a file that is removed or replaced: its device and
inode tell, a write into it fails, and the next cell opens the new one. A fork waits until a write
is over; the child opens the file again, and never closes the connection of its parent, since that
would release the parent's locks. A file of an older version is migrated in one transaction. What is
read is not trusted: see `entries`.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from zlib import crc32

from ct_magic.common.threads import ForkLock, in_child, now

_CREATE_TABLES = (
    """CREATE TABLE IF NOT EXISTS cells (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,      -- id and address, and which data it has
    began REAL NOT NULL,
    variable TEXT,              -- the name that gets the DataFrame
    zone TEXT,                  -- whose days were meant
    plan TEXT NOT NULL,         -- its rows and questions, JSON
    account_name TEXT,
    titles,                     -- of its rows, JSON
    counts INTEGER              -- how many it needs
)""",
    """CREATE TABLE submissions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given out twice
    account TEXT NOT NULL,
    cell TEXT,                  -- that submitted it
    body NOT NULL,              -- the JSON that was sent; a BLOB is folded: see `entries`
    key,                        -- equal for two questions that ask the same
    lookup INTEGER,             -- `lookup(key)`
    title NOT NULL,
    text NOT NULL,              -- the query, canonical
    asked REAL NOT NULL,        -- seconds since 1970, UTC, on this machine's clock
    sent REAL,                  -- when it was sent, by the service's clock
    req_id TEXT,
    state TEXT NOT NULL,
    ended REAL,
    counted REAL,               -- when its count came, by the service's clock
    took REAL,                  -- seconds from the accepted request to the count
    count INTEGER, events INTEGER, users INTEGER, devices INTEGER,
    error TEXT
)""",
    """CREATE TABLE cell_questions (  -- of a cell, and where each was submitted
    cell TEXT NOT NULL, question INTEGER NOT NULL, submission INTEGER NOT NULL,
    PRIMARY KEY (cell, question)
) WITHOUT ROWID""",
    """CREATE TABLE parts (        -- long parts of a cell's texts, each once
    cell TEXT NOT NULL, number INTEGER NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (cell, number)
) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS account_facts (  -- what an account taught: limits, facts
    account TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (account, name)
) WITHOUT ROWID""",
    "CREATE INDEX cells_by_time ON cells (began)",
    "CREATE INDEX submissions_by_key ON submissions (lookup, account)",
    "CREATE INDEX submissions_by_id ON submissions (req_id)",
    "CREATE INDEX submissions_by_cell ON submissions (cell)",
    "CREATE INDEX cells_by_submission ON cell_questions (submission)",
)
_FROM_1 = tuple(
    f"ALTER TABLE asked ADD COLUMN {column}"
    for column in ("key TEXT", "sent REAL", "counted REAL", "took REAL")
)
_FROM_2 = (
    "ALTER TABLE learned RENAME TO account_facts",
    *(f"ALTER TABLE cells ADD COLUMN {name}" for name in ("account_name", "titles", "counts")),
)
_MOVED = (
    "id, account, body, title, text, asked, sent, req_id, state, ended, counted, took,"
    " count, events, users, devices, error"
)
_MOVE = (
    f"INSERT INTO submissions ({_MOVED}, key, lookup)"  # noqa: S608 # our own text
    f" SELECT {_MOVED}, coalesce(key, body), lookup(coalesce(key, body)) FROM asked"
)
_EVERY_COLUMN = (  # or a count would fail where somebody has changed a table
    f"SELECT {_MOVED}, cell, key, lookup FROM submissions LIMIT 0",  # noqa: S608 # our own text
    "SELECT id, account, account_name, began, variable, zone, plan, titles, counts FROM cells"
    " LIMIT 0",
)
# A link of version 2 may lead to another's submission: numbers were given out twice. One whose
# question is that of its submission is sure if the cell began later, or alone before it was sent.
_LINKS = (
    """
INSERT INTO cell_questions SELECT cell, question, asked.id FROM needed
JOIN asked ON asked.id = needed.asked
JOIN cells ON cells.id = cell AND cells.account = asked.account
WHERE CASE WHEN json_valid(plan) THEN key IN (
    json_extract(plan, '$.questions[' || question || '].key'),
    json_extract(plan, '$.questions[' || question || '].body')) END""",
    """
UPDATE cells SET counts = json_array_length(plan, '$.questions'), titles = (
    SELECT json_group_array(DISTINCT json_extract(plan, fullkey || '.title'))
    FROM json_each(plan, '$.rows'))
WHERE json_valid(plan)""",
    """
DELETE FROM cell_questions WHERE submission IN (
    SELECT submission FROM cell_questions JOIN cells ON cells.id = cell_questions.cell
    JOIN submissions ON submissions.id = submission
    WHERE began <= asked GROUP BY submission HAVING count(*) > 1
) AND (SELECT began FROM cells WHERE id = cell) <= (
    SELECT asked FROM submissions WHERE id = submission)""",
    """
UPDATE submissions SET cell = (
    SELECT cell_questions.cell FROM cell_questions JOIN cells ON cells.id = cell_questions.cell
    WHERE submission = submissions.id AND began <= asked)""",
    # What was tried before it was submitted belongs to the same cell.
    """
UPDATE submissions SET cell = (
    SELECT later.cell FROM submissions AS later JOIN cells ON cells.id = later.cell
    WHERE later.account = submissions.account AND later.lookup = submissions.lookup
    AND later.key = submissions.key AND later.id > submissions.id AND began <= submissions.asked
    ORDER BY began DESC LIMIT 1)
WHERE cell IS NULL AND state IN ('unanswered', 'forgotten')""",
)


def _lookup(key: object) -> int:
    """Return the number that finds a question's submissions; then their keys are compared."""
    return crc32(str(key).encode("utf-8", "replace"))


VERSION = 3
# What makes the tables of a file of each version; those of versions 1 and 2 are out there.
_STEPS: tuple[tuple[str, ...], ...] = (
    _CREATE_TABLES,
    (*_FROM_1, *_CREATE_TABLES, _MOVE, "DROP TABLE asked"),
    (*_FROM_2, *_CREATE_TABLES, _MOVE, *_LINKS, "DROP TABLE needed", "DROP TABLE asked"),
)
Step = tuple[str, Sequence[object] | Mapping[str, object]]  # a statement of SQL, and its values
_PATIENCE = 10.0  # seconds to wait for a file that another process is writing
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
_opening = ForkLock()
# A fork in the middle of a write would leave SQLite's own locks held in the child, which would
# wait for ever, or find the file locked by a thread that it has not.
_busy = ForkLock(holds_forks=True)  # held while SQLite works, in whichever thread
_open_files: dict[Path, JournalFile] = {}


class JournalFileError(Exception):
    """The file cannot be used: why, and what to do, in one sentence."""


def opened(path: Path) -> JournalFile:
    """Return the journal of this path, which stays open: closing one takes longer than a count."""
    with _opening:
        known = _open_files.get(path)
        _check_owner(path)
        if known is None or not known.is_well():
            _open_files.clear()
            known = _open_files[path] = JournalFile(path)
        return known


class JournalFile:
    """An open journal; it may be used by several threads. Every method raises JournalFileError."""

    def __init__(self, path: Path) -> None:
        try:
            self._db = _open_in_time(path)
        except OSError as error:
            cure = "CT_MAGIC_STATE_DIR names another folder"
            raise JournalFileError(f"{error.strerror or error}; {cure}") from None
        except sqlite3.Error as error:
            raise JournalFileError(_sentence(error)) from None
        self._path, self._file, self._failed = path, _identity(path), False
        # Not at the process's end: until then threads in the background write down what comes.
        weakref.finalize(self, self._db.close).atexit = False

    def is_well(self) -> bool:
        """Return False where the file was removed or replaced, and after any trouble."""
        # What was opened while it could not be written stays so, whatever is done about it.
        return not self._failed and self._file == _identity(self._path)

    def read(self, sql: str, values: Sequence[object] = ()) -> list[dict[str, object]]:
        """Return the rows of a query."""
        with self._use() as db:
            return [dict(row) for row in db.execute(sql, values)]

    def write(self, *steps: Step) -> int:
        """Write all or none of it, and return the number of the row that was inserted last."""
        # What is written into a file that was removed is lost without a word; and one that is at
        # its place now has the same WAL.
        if self._file != _identity(self._path):
            raise JournalFileError(
                "it was removed or replaced while it was in use; the next cell makes a new one"
            )
        with self._use() as db:
            cursor = db.cursor()
            # One is a transaction by itself, at once.
            with _transaction(db) if len(steps) > 1 else nullcontext():
                for step in steps:
                    cursor.execute(*step)
            return cursor.lastrowid or 0

    @contextmanager
    def _use(self) -> Iterator[sqlite3.Connection]:
        with _busy:
            try:
                yield self._db
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
    _check_owner(path)
    # Made by us before SQLite does, so that no other user may read it at any time.
    path.touch(mode=0o600, exist_ok=True)
    db = sqlite3.connect(path, timeout=_PATIENCE, check_same_thread=False, isolation_level=None)
    try:
        db.row_factory = sqlite3.Row
        # Whatever is there, reading it is no error.
        db.text_factory = lambda text: text.decode("utf-8", "replace")
        db.create_function("lookup", 1, _lookup, deterministic=True)
        db.execute("PRAGMA auto_vacuum = FULL")  # of a new file
        db.execute("PRAGMA secure_delete = ON")  # what is pruned is gone
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA wal_autocheckpoint = 400")  # pages of 4 kB, which lie beside the file
        _migrate(db)
    except sqlite3.Error:
        db.close()
        raise
    return db


def _check_owner(path: Path) -> None:
    """Raise JournalFileError where another user could have written what would be read here."""
    if os.name != "posix":
        return
    # Beside the file SQLite keeps what is not in it yet, and believes that as much.
    files = [path.with_name(path.name + end) for end in ("", "-wal", "-shm", "-journal")]
    for place in (path.parent, *files):
        if place.is_symlink() and place in files:
            raise JournalFileError(f"it is a link: remove {place}, or put the file itself there")
        with suppress(OSError):
            status = place.stat()
            if status.st_uid not in (os.geteuid(), 0):
                raise JournalFileError(f"{place} belongs to another user: run chown on it")
            if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise JournalFileError(f"{place} can be changed by others: run chmod go-w on it")


def _migrate(db: sqlite3.Connection) -> None:
    ask = "PRAGMA user_version"
    if db.execute(ask).fetchone()[0] == VERSION:
        for sql in _EVERY_COLUMN:
            db.execute(sql)
        return
    with _transaction(db):
        version = db.execute(ask).fetchone()[0]  # another kernel may have done it meanwhile
        if version > VERSION:
            raise sqlite3.DatabaseError("it was written by a newer ct_magic: upgrade this one")
        for step in _STEPS[version] if version < VERSION else ():
            db.execute(step)
        db.execute(f"PRAGMA user_version = {VERSION}")
    if version:
        with suppress(sqlite3.Error):  # another kernel has it open: the next version's will do
            db.execute("VACUUM")


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        # SQLite has done it by itself where the disk is full, and its error is the one to report.
        with suppress(sqlite3.Error):
            db.execute("ROLLBACK")
        raise


def _open_in_time(path: Path) -> sqlite3.Connection:
    # Turning on WAL needs the file alone, and SQLite does not wait for that by itself.
    until = now() + _PATIENCE
    while True:
        try:
            with _busy:
                return _open(path)
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


def _forget_files() -> None:
    # A connection does not survive a fork. Closing it in the child would let go of the parent's
    # locks, so it is kept, unused.
    _parents.extend(_open_files.values())
    _open_files.clear()


_parents: list[JournalFile] = []
in_child(_forget_files)
