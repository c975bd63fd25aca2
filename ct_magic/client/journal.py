"""What was asked, under which id and account, and what came back: SQLite, on the user's disk.

One row is one submission. It is written before the request leaves, its id as soon as there is
one, its end when it comes; each is committed before anything else happens, so that a process may
be killed at any instant and lose nothing but a submission whose id it never saw. Several kernels
may use one file. If two ask the same question at the same moment, both submit it: the service has
no idempotency key, and a lock held over a crash would cost more than a second count.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import Any, TypeVar

from ..errors import JournalError
from ..rows import Question
from .jobs import Answer, Busy, Denied, Forgotten, Job, Partial, State, Tally, Trouble

VERSION = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS asked (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,      -- id and address
    body TEXT NOT NULL,         -- the JSON that was sent
    title TEXT NOT NULL,
    text TEXT NOT NULL,         -- the query, canonical
    asked REAL NOT NULL,        -- seconds since 1970, UTC
    req_id TEXT,
    state TEXT NOT NULL,
    ended REAL,
    count INTEGER, events INTEGER, users INTEGER, devices INTEGER,
    error TEXT
);
CREATE INDEX IF NOT EXISTS asked_by_question ON asked (account, body);
"""
PENDING = "SELECT * FROM asked WHERE state = 'submitted' AND req_id IS NOT NULL"
# A count from the future was taken while the machine's clock was wrong.
COUNTED = (
    "SELECT * FROM asked WHERE account = ? AND body = ? AND state = 'success'"
    " AND ended > ? AND ended <= ? ORDER BY ended DESC LIMIT 1"
)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Freshness:
    """When a count need not be asked again.

    `zone` is the account's time zone, in which its days end; a count older than `ttl` seconds is
    asked anew, and so is every one where `ttl` is 0.
    """

    today: date
    zone: tzinfo | None
    ttl: float


def path() -> Path:
    """Give the journal's file: in the user's state directory, or in `CT_MAGIC_STATE_DIR`."""
    if moved := os.environ.get("CT_MAGIC_STATE_DIR"):
        return Path(moved) / "journal.sqlite"
    import platformdirs

    return platformdirs.user_state_path("ct_magic") / "journal.sqlite"


class Journal:
    """The journal of one account. Trouble with the disk costs the journal, never the count.

    The first thing that goes wrong is told to `warn` as one sentence; from then on nothing is
    written. `now` gives seconds since 1970. May be used by several threads.
    """

    def __init__(
        self, file: Path, account: str, *, warn: Callable[[str], None], now: Callable[[], float]
    ) -> None:
        self._file, self._account, self._warn, self._now = file, account, warn, now
        self._lock = threading.Lock()
        self._rows: dict[int, int] = {}
        self.titles: Mapping[int, str] = {}
        self._denied = False
        self._db: sqlite3.Connection | None = None
        try:
            self._db = _open(file)
            # Not at the process's end: until then threads in the background write down what comes.
            weakref.finalize(self, self._db.close).atexit = False
        except (sqlite3.Error, OSError) as error:
            self._give_up(error)

    def recall(self, job: Job, freshness: Freshness | None) -> Job:
        """Give the job as it stands in the journal: counted, still pending, or unchanged."""
        found = self._guarded(lambda db: self._find(db, job.question, freshness))
        if not found:
            return job
        if found["state"] == State.SUBMITTED:
            self._rows[job.number] = found["id"]
            return replace(job, state=State.SUBMITTED, req_id=found["req_id"])
        taken = datetime.fromtimestamp(found["ended"], UTC)
        return replace(job, state=State.SUCCESS, tally=_tally(found), taken=taken, counted=taken)

    def asking(self, job: Job) -> None:
        """Write down that this job's query is about to be sent."""
        q = job.question
        title = self.titles.get(job.number, q.text)
        row = (self._account, q.body, title, q.text, self._now(), str(State.WAITING))
        done = self._execute(
            "INSERT INTO asked (account, body, title, text, asked, state)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            row,
        )
        if done is not None and done.lastrowid is not None:
            self._rows[job.number] = done.lastrowid

    def answered(self, job: Job, answer: Answer) -> None:
        """Write down the id that came, or why there is none."""
        match answer:
            case Partial(req_id):
                self._set(job, "req_id = ?, state = ?", (req_id, str(State.SUBMITTED)))
            case Forgotten(error):
                self._set(job, "state = ?, error = ?", ("forgotten", error))
            case Busy() if job.req_id is None and job.number in self._rows:
                # It was turned away at the door: no submission, so no row of one.
                self._execute("DELETE FROM asked WHERE id = ?", (self._rows.pop(job.number),))
            case Trouble(error) if job.req_id is None:
                self._set(job, "state = ?, error = ?", ("unanswered", error))
            case Denied(error):
                # A wrong passcode must not cost the ids that wait for the right one.
                if job.req_id is None:
                    self._set(job, "state = ?, error = ?", (str(State.FAILED), error))
                self._denied = True

    def ended(self, job: Job) -> None:
        """Write down how it ended. Cancelled, late or lost it stays pending: it can be fetched."""
        ends = (State.SUCCESS,) if self._denied else (State.SUCCESS, State.FAILED)
        if job.state not in ends or job.lost:
            return
        tally = job.tally or Tally(0)
        counts = (tally.count if job.tally else None, tally.events, tally.users, tally.devices)
        self._set(
            job,
            "state = ?, ended = ?, error = ?, count = ?, events = ?, users = ?, devices = ?",
            (str(job.state), self._now(), job.error, *counts),
        )

    def pending(self) -> list[dict[str, Any]]:
        """Give the rows of this account that were submitted and never came back."""
        query = f"{PENDING} AND account = ? ORDER BY id"
        return self._guarded(lambda db: _rows(db.execute(query, (self._account,)))) or []

    def adopt(self, job: Job, row: int) -> None:
        """Let this job go on writing into a row that is there."""
        self._rows[job.number] = row

    def _set(self, job: Job, what: str, values: Iterable[Any]) -> None:
        if job.number in self._rows:
            sql = f"UPDATE asked SET {what} WHERE id = ?"  # noqa: S608 # `what` is our own text
            self._execute(sql, (*values, self._rows[job.number]))

    def _execute(self, sql: str, values: tuple[Any, ...]) -> sqlite3.Cursor | None:
        return self._guarded(lambda db: db.execute(sql, values))

    def _find(
        self, db: sqlite3.Connection, question: Question, freshness: Freshness | None
    ) -> dict[str, Any] | None:
        mine = (self._account, question.body)
        if freshness is not None and question.until < freshness.today:
            now = self._now()
            for row in _rows(db.execute(COUNTED, (*mine, now - freshness.ttl, now))):
                # By when it was sent: one that is fetched after midnight may be of before.
                if _is_past(question.until, row["asked"], freshness.zone):
                    return row
        query = f"{PENDING} AND account = ? AND body = ? ORDER BY id DESC LIMIT 1"
        return next(iter(_rows(db.execute(query, mine))), None)

    def _guarded(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        with self._lock:
            if self._db is None:
                return None
            try:
                return work(self._db)
            except sqlite3.Error as error:
                self._give_up(error)
                return None

    def _give_up(self, error: Exception) -> None:
        self._db = None
        self._warn(
            f"the journal {self._file} cannot be used ({error}); counts go on, but an interrupted "
            "one will have to be asked again. Remove the file if it is damaged."
        )


def history(file: Path) -> list[dict[str, Any]]:
    """Give every row of a journal, the oldest first: one dict for each submission.

    Raises JournalError for a file that cannot be read.
    """
    if not file.exists():
        return []
    try:
        with closing(_open(file)) as db:
            return _rows(db.execute("SELECT * FROM asked ORDER BY id"))
    except (sqlite3.Error, OSError) as error:
        message = f"the journal {file} cannot be read ({error}): remove the file if it is damaged"
        raise JournalError(message) from None


def _open(file: Path) -> sqlite3.Connection:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Made by us before SQLite does, so that nobody else may read it at any time.
    file.touch(mode=0o600, exist_ok=True)
    db = sqlite3.connect(file, timeout=10, check_same_thread=False, isolation_level=None)
    try:
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        _migrate(db)
    except sqlite3.Error:
        db.close()
        raise
    return db


def _migrate(db: sqlite3.Connection) -> None:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise sqlite3.DatabaseError("it was written by a newer ct_magic")
    if version < VERSION:
        db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")


def _is_past(day: date, moment: float, zone: tzinfo | None) -> bool:
    return datetime.fromtimestamp(moment, UTC).astimezone(zone).date() > day


def _rows(found: sqlite3.Cursor) -> list[dict[str, Any]]:
    return [dict(row) for row in found]


def _tally(row: dict[str, Any]) -> Tally:
    return Tally(row["count"], row["events"], row["users"], row["devices"])
