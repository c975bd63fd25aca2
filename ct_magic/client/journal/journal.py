"""What was asked, under which id and account, and what came back: SQLite, on the user's disk.

One row is one submission. It is written before the request leaves, its id as soon as there is
one, its end when it comes; each is committed before anything else happens, so that a process may
be killed at any instant and lose nothing but a submission whose id it never saw. Several kernels
may use one file: one that finds another's id, before its cell begins or when a query is about to be
sent, looks at that instead. If two ask the same question before either has an id, both submit
it: the service has no idempotency key, and a lock held over a crash would cost more than a second
count.
"""

from __future__ import annotations

import logging
import secrets
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ct_magic.client.accounts import SANDBOX_ID, Account, moved
from ct_magic.client.jobs import (
    BY_A_CACHE,
    Answer,
    Busy,
    Cause,
    Denied,
    Forgotten,
    Job,
    Partial,
    Shared,
    State,
    Success,
    Tally,
    Trouble,
)
from ct_magic.client.journal.entries import Entry, Freshness, entry, job_after, moment
from ct_magic.client.journal.plan_record import CellRecord, plan_from_json, plan_to_json
from ct_magic.errors import AccountError, JournalWarning
from ct_magic.rows import Plan, Question
from ct_magic.settings import LONGEST

if TYPE_CHECKING:
    from ct_magic.client.journal.store import JournalFile


# Newest first; more than so many of one question are not looked through. Those of older versions
# have their body as key. The plus keeps SQLite from walking through the whole table by id.
OF_A_QUESTION = (
    "SELECT * FROM asked WHERE account = ? AND key IN (?, ?)"
    " AND state IN ('success', 'submitted') ORDER BY +id DESC LIMIT 50"
)
PENDING = (
    "SELECT * FROM asked WHERE account = ? AND state = 'submitted' AND req_id IS NOT NULL"
    " ORDER BY id DESC LIMIT 1000"
)
# The latest are enough: whatever answers every query alike does it now.
OF_ANOTHER_QUESTION = (
    "SELECT 1 FROM asked WHERE +account = ? AND id > ? - 1000 AND req_id = ?"
    " AND key NOT IN (?, ?) LIMIT 1"
)
SHARED = "shared"  # the state of a submission whose id another one got, too
BY_ID = "SELECT * FROM asked WHERE account = ? AND req_id = ? ORDER BY id DESC LIMIT 1000"
WITHDRAW = (
    f"UPDATE asked SET state = '{SHARED}', count = NULL, events = NULL, users = NULL,"  # noqa: S608 # all our own
    " devices = NULL, counted = NULL WHERE account = ? AND req_id = ?"
)
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Journal:
    """The journal of one account. Trouble with the disk costs the journal, never the count.

    The first thing that goes wrong is passed to `warn` as one sentence, and is `trouble` from then
    on; nothing is written any more. `now` gives seconds since 1970; no `file`, no journal. May be
    used by several threads.
    """

    def __init__(
        self,
        file: Path | None,
        account: str,
        *,
        warn: Callable[[str], None],
        now: Callable[[], float],
    ) -> None:
        self._account, self._warn, self.now = account, warn, now
        self._path = file
        self.trouble: str | None = None
        self.data: str | None = None  # what a sandbox says that it counts
        self._cell: str | None = None
        self._began = 0.0
        self._freshness: Freshness | None = None
        self._rows: dict[int, int] = {}
        self._asked: dict[int, float] = {}
        self._sent: dict[int, float] = {}
        self._titles: Mapping[int, str] = {}
        self._denied = False
        self._file: JournalFile | None = None
        try:
            self._file = _file(file)
        except Exception as error:  # a path, a disk, a Python without sqlite3
            self._give_up(error)

    def find(self, question: Question, freshness: Freshness) -> Entry | None:
        """Return the submission that answers this question now: counted, or still pending."""
        values = (self._account, question.key, question.body)
        now, until, pending = self.now(), question.until, None
        for row in self._read(OF_A_QUESTION, values):
            known = entry(row)
            if freshness.keeps(known, until, now):
                return known
            if pending is None and freshness.picks_up(known, until, now):
                pending = known
        return pending

    def taken(self, job: Job, known: Entry) -> Job:
        """Return the job as this submission leaves it, which it goes on writing into."""
        self._rows[job.number] = known.id
        return job_after(job, known)

    def begin(self, cell: CellRecord, freshness: Freshness | None = None) -> None:
        """Write down the cell whose questions will be asked, and what is known of them.

        With `freshness`, what another kernel gets meanwhile is taken: see `asked_elsewhere`.
        """
        self._began, self._freshness = self.now(), freshness
        rows = reversed(cell.plan.rows)
        self._titles = {number: row.title for row in rows for number in row.questions}
        values = (self._account, self._began, cell.variable, cell.zone, plan_to_json(cell.plan))
        sql = "INSERT INTO cells (id, account, began, variable, zone, plan) VALUES (?,?,?,?,?,?)"
        self._write(sql, (cell.id, *values))
        self._cell = cell.id
        needed = [(cell.id, number, row) for number, row in self._rows.items()]
        if needed:
            self._guarded(
                lambda file: file.write_all("INSERT OR REPLACE INTO needed VALUES (?,?,?)", needed)
            )

    def asked_elsewhere(self, job: Job) -> Success | Partial | None:
        """Return what another kernel has got for this question since the cell began, if anything.

        That is its count, or an id of just now; the job goes on writing into its submission.
        """
        if job.again and (row := self._rows.pop(job.number, None)):
            self._write("UPDATE asked SET state = 'forgotten' WHERE id = ?", (row,))
        if self._freshness is None:
            return None
        q, now = job.question, self.now()
        for known in map(entry, self._read(OF_A_QUESTION, (self._account, q.key, q.body))):
            if self._freshness.came_meanwhile(known, q.until, self._began, now):
                after = job_after(job, known)
                self._rows[job.number] = known.id
                self._asked.pop(job.number, None)  # by an earlier try, which met with trouble
                self._sent.pop(job.number, None)
                self._need(job.number)
                if after.tally is not None:
                    return Success(after.tally, after.counted)
                return Partial(known.req_id or "")
        return None

    def asking(self, job: Job) -> None:
        """Write down that this job's query is about to be sent."""
        q, now = job.question, self.now()
        title = self._titles.get(job.number, q.text)
        row = self._write(
            "INSERT INTO asked (account, body, key, title, text, asked, state)"
            " VALUES (?,?,?,?,?,?,?)",
            (self._account, q.body, q.key, title, q.text, now, str(State.WAITING)),
        )
        if row is None:
            return
        self._rows[job.number], self._asked[job.number] = row, now
        self._sent.pop(job.number, None)
        self._need(job.number)

    def answered(self, job: Job, answer: Answer) -> Answer:
        """Write down the id that came, or why there is none; return the answer that counts.

        That is another one where an id is forgotten because another kernel fetched its count, and
        where an id is that of another query, in whichever cell: see `withdraw`.
        """
        answer = self._own(job, answer)
        match answer:
            case Success(_, at, req_id):
                self._note_sent(job, at)
                if req_id:
                    self._set(job, "req_id = ?", (req_id,))
            case Partial(req_id, at) if job.number in self._asked:
                # Of one that was picked up all is written, and perhaps its end by now.
                self._note_sent(job, at)
                values = (req_id, str(State.SUBMITTED), self._sent.get(job.number))
                self._set(job, "req_id = ?, state = ?, sent = coalesce(sent, ?)", values)
            case Forgotten():
                # It is called forgotten once it is sent again: a young id may be known a bit later.
                return self._fetched_elsewhere(job) or answer
            case Busy() if job.req_id is None and job.number in self._rows:
                # It was turned away at the door: no submission, so no row of one.
                self._write("DELETE FROM asked WHERE id = ?", (self._rows.pop(job.number),))
            case Trouble(error) if job.req_id is None:
                self._set(job, "state = ?, error = ?", ("unanswered", error))
            case Shared() if job.req_id is None:
                self._set(job, "state = ?", (SHARED,))
            case Denied(error):
                # A wrong passcode must not cost the ids that wait for the right one.
                if job.req_id is None:
                    self._set(job, "state = ?, error = ?", (str(State.FAILED), error))
                self._denied = True
        return answer

    def withdraw(self, req_id: str) -> None:
        """Forget an id that two queries got, and the counts that were fetched by it.

        A count of another cell may be wrong as well, and whoever has it is warned.
        """
        values = (self._account, req_id)
        own = set(self._rows.values())
        counted = [row for row in self._read(BY_ID, values) if row["state"] == State.SUCCESS]
        self._write(WITHDRAW, values)
        for known in (entry(row) for row in counted if row["id"] not in own):
            self._warn(
                f"the count of {known.title!r} may be wrong: another query got the same id since "
                "then. It is forgotten: run its cell again"
            )

    def ended(self, job: Job) -> None:
        """Write down how it ended. Cancelled, late or lost it stays pending: it can be fetched."""
        ends = (State.SUCCESS,) if self._denied else (State.SUCCESS, State.FAILED)
        if job.state not in ends or job.lost:
            return
        tally = job.tally or Tally(0)
        values = {
            "state": str(job.state),
            "ended": self.now(),
            "error": job.error,
            "count": tally.count if job.tally else None,
            "events": tally.events,
            "users": tally.users,
            "devices": tally.devices,
            "counted": job.counted and job.counted.timestamp(),
        }
        if job.number in self._asked:
            # By the machine's clock: one that was refused at first has waited before.
            values["took"] = max(0.0, self.now() - self._asked[job.number])
        if job.number in self._sent:
            values["sent"] = self._sent[job.number]
        self._set(job, ", ".join(f"{name} = ?" for name in values), tuple(values.values()))

    def pending(self) -> list[Entry]:
        """Return what this account was asked and never came back, the oldest first."""
        return [entry(row) for row in reversed(self._read(PENDING, (self._account,)))]

    def entries_of(self, cell: str) -> dict[int, Entry]:
        """Return what was submitted for each question of a cell."""
        sql = (
            "SELECT asked.*, question FROM needed JOIN asked ON asked.id = needed.asked"
            " WHERE cell = ?"
        )
        return {row["question"]: entry(row) for row in self._read(sql, (cell,))}

    def last_cell_with(self, submission: Entry) -> tuple[CellRecord, float] | None:
        """Return the latest cell that needs a submission, and when it began."""
        sql = (
            "SELECT cells.* FROM needed JOIN cells ON cells.id = needed.cell"
            " WHERE needed.asked = ? ORDER BY began DESC LIMIT 1"
        )
        for row in self._read(sql, (submission.id,)):
            try:
                record = CellRecord(
                    str(row["id"]), plan_from_json(row["plan"]), row["variable"], row["zone"]
                )
                return record, float(row["began"])
            except ValueError:
                _log.warning("ct_magic: a cell in the journal cannot be read")
        return None

    def learned(self, name: str) -> str | None:
        """Return what this account taught under that name: a text that was `learn`ed."""
        sql = "SELECT value FROM learned WHERE account = ? AND name = ?"
        values = [row["value"] for row in self._read(sql, (self._account, name))]
        return values[0] if values and isinstance(values[0], str) else None

    def learn(self, name: str, value: str) -> None:
        """Keep what this account taught."""
        sql = "INSERT OR REPLACE INTO learned (account, name, value) VALUES (?,?,?)"
        self._write(sql, (self._account, name, value))

    def latencies(self, limit: int = 200) -> list[float]:
        """Return the seconds that this account's latest counts took, the newest first."""
        sql = (
            "SELECT took FROM asked WHERE account = ? AND state = 'success' AND took > 0"
            " AND took < ? AND typeof(took) = 'real' ORDER BY id DESC LIMIT ?"
        )
        return [row["took"] for row in self._read(sql, (self._account, LONGEST, limit))]

    def _note_sent(self, job: Job, at: datetime | None) -> None:
        # Back from the answer's time to the request's: both clocks may be wrong, not their rate.
        if job.req_id is None and at is not None and job.number in self._asked:
            under_way = max(0.0, self.now() - self._asked[job.number])
            self._sent[job.number] = at.timestamp() - under_way

    def _need(self, number: int) -> None:
        if self._cell is not None:
            needed = (self._cell, number, self._rows[number])
            self._write("INSERT OR REPLACE INTO needed VALUES (?,?,?)", needed)

    def _fetched_elsewhere(self, job: Job) -> Success | None:
        rows = self._read("SELECT * FROM asked WHERE id = ?", (self._rows.get(job.number),))
        after = [job_after(job, known) for known in map(entry, rows) if known.is_counted]
        newest = next(iter(after), None)
        return Success(newest.tally, newest.counted) if newest and newest.tally else None

    def _own(self, job: Job, answer: Answer) -> Answer:
        """Return the answer, or Shared where its id is that of another question, too."""
        row = self._rows.get(job.number)
        if row is None or not isinstance(answer, Partial | Success):
            return answer
        if job.req_id is not None:
            # Another kernel may have found out, since this id was looked at.
            for own in self._read("SELECT state, sent FROM asked WHERE id = ?", (row,)):
                if own["state"] == SHARED:
                    return Shared(job.req_id)
                if answer.at and answer.at.timestamp() < (moment(own["sent"]) or 0.0) - 1:
                    return Trouble(f"{BY_A_CACHE} before it was asked", cause=Cause.FOREIGN)
            return answer
        values = (self._account, row, answer.req_id, job.question.key, job.question.body)
        is_anothers = answer.req_id is not None and self._read(OF_ANOTHER_QUESTION, values)
        return Shared(answer.req_id) if answer.req_id and is_anothers else answer

    def _set(self, job: Job, assignments: str, values: Sequence[object]) -> None:
        if job.number in self._rows:
            sql = f"UPDATE asked SET {assignments} WHERE id = ?"  # noqa: S608 # `assignments` is our own text
            self._write(sql, (*values, self._rows[job.number]))

    def _read(self, sql: str, values: Sequence[object]) -> list[dict[str, Any]]:
        return self._guarded(lambda file: file.read(sql, values)) or []

    def _write(self, sql: str, values: Sequence[Any]) -> int | None:
        return self._guarded(lambda file: file.write(sql, values))

    def _guarded(self, work: Callable[[JournalFile], _T]) -> _T | None:
        if self._file is None:
            return None
        try:
            return work(self._file)
        except Exception as error:  # whatever happens to the journal, the count arrives
            self._give_up(error)
            return None

    def _give_up(self, error: Exception) -> None:
        self._file = None
        _log.debug("ct_magic: the journal is off", exc_info=error)
        journal = f"the journal {self._path}" if self._path else "the journal"
        self.trouble = f"{journal} cannot be used ({error})"
        again = "an interrupted one will have to be asked again"
        self._warn(f"{self.trouble}; counts go on, but {again}")


def path() -> Path | None:
    """Return the journal's file: in the user's state directory, or in `CT_MAGIC_STATE_DIR`.

    None where there is neither: nobody knows the user's home.
    """
    try:
        if folder := moved("CT_MAGIC_STATE_DIR"):
            return folder / "journal.sqlite"
        import platformdirs

        file = platformdirs.user_state_path("ct_magic") / "journal.sqlite"
    except (RuntimeError, LookupError):
        return None
    return file if file.is_absolute() else None


def _file(file: Path | None) -> JournalFile:
    if file is None:
        raise LookupError("no home directory is known; CT_MAGIC_STATE_DIR names a whole path")
    # Imported here, since there are Pythons without SQLite.
    from ct_magic.client.journal.store import opened

    return opened(file)


# The journal of an account: a sandbox's is that of the data which it has now.

DATA = "data"  # under this name the journal of an address keeps which data a sandbox has there
WARNED: dict[Any, Any] = {}  # what Python shows once per process, unless a filter says otherwise
_warning_log = logging.getLogger(__name__)


def open_journal(account: Account, *, to_resume: bool = False, to_ask: bool = True) -> Journal:
    """Return the journal of an account.

    To resume it must be known which: raise AccountError for a sandbox that does not answer. Where
    nothing will be asked it is that of the last time, and nothing is sent.
    """
    from ct_magic.client.transport import sandbox_data

    at_address = Journal(path(), account_key(account), warn=warn, now=time.time)
    if not account.base_url.startswith("http:"):
        return at_address
    # Another sandbox may have come to the same address, whose counts and ids are others; and the
    # same data at another port are the same account, whose counts are kept.
    now = None
    if to_ask:
        with suppress(OSError, ValueError):  # the latter where a name can be none
            now = sandbox_data(account) or ""
    last = at_address.learned(DATA)
    if to_resume and now is None and (last is None or account.id == SANDBOX_ID):
        raise AccountError(
            f"no sandbox answers at {account.base_url}: what is pending is known by its data"
        )
    if now not in (None, last):
        at_address.learn(DATA, now or "")
    data = last if now is None else now
    if data == "" or at_address.trouble or not (data or to_ask):
        return at_address
    key = data or f"that nobody knows {secrets.token_hex(8)}"  # nor will it be looked up
    of_data = Journal(path(), f"{account.id} at data {key}", warn=warn, now=time.time)
    of_data.data = data
    return of_data


def account_key(account: Account) -> str:
    """Return the text that tells an account from another."""
    return f"{account.id} at {account.base_url}"


def warn(message: str, category: type[Warning] = JournalWarning) -> None:
    """Warn in nobody's name: a line of our own source below it would say nothing to a reader."""
    try:
        warnings.warn_explicit(message, category, "ct_magic", 0, registry=WARNED)
    except Warning:
        # Somebody made warnings errors: not even then may one cost a count.
        _warning_log.warning("ct_magic: %s", message)


# A plan -> the jobs of its questions, as far as the journal can answer them.


def recalled(plan: Plan, journal: Journal, freshness: Freshness) -> list[Job]:
    """Return a job for each question: counted, pending, or to be asked.

    A row's counts belong together: of those whose days may still change, one that must be asked
    anew takes the others with it. An id of just now is as good as one of now.
    """
    known = [journal.find(question, freshness) for question in plan.questions]
    anew = _asked_anew(plan, known, freshness, journal.now())
    jobs = []
    for number, (question, kept) in enumerate(zip(plan.questions, known, strict=True)):
        job = Job(number, question)
        jobs.append(job if kept is None or number in anew else journal.taken(job, kept))
    return jobs


def _asked_anew(
    plan: Plan, known: Sequence[Entry | None], freshness: Freshness, now: float
) -> set[int]:
    changing = {
        number for number, question in enumerate(plan.questions) if freshness.may_change(question)
    }
    beside: dict[int, set[int]] = defaultdict(set)
    for row in plan.rows:
        together = changing.intersection(row.questions)
        for number in together:
            beside[number] |= together
    anew = {number for number, entry in enumerate(known) if entry is None}
    fine = {n for n, entry in enumerate(known) if entry and freshness.is_of_now(entry, now)}
    left = list(anew)
    while left:
        more = beside[left.pop()] - anew - fine
        anew |= more
        left += more
    return anew
