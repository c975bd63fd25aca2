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

import json
import logging
import secrets
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ct_magic.client import jobs
from ct_magic.client.accounts import SANDBOX_ID, Account, moved
from ct_magic.client.jobs import Answer, Job, State
from ct_magic.client.journal import entries
from ct_magic.client.journal.entries import CellRecord, Entry, Parts
from ct_magic.client.journal.freshness import Freshness, together
from ct_magic.client.journal.history import OF_A_CELL
from ct_magic.errors import AccountError, JournalWarning
from ct_magic.rows import Plan, Question
from ct_magic.settings import LONGEST

if TYPE_CHECKING:
    from ct_magic.client.journal.store import JournalFile, Step


# Newest first; more than so many of one question are not looked through. Those of older versions
# have their body as key. The plus keeps SQLite from walking through the whole table by id.
OF_A_QUESTION = (
    "SELECT * FROM submissions WHERE account = ? AND lookup IN (lookup(?), lookup(?))"
    " AND state IN ('success', 'submitted') ORDER BY +id DESC LIMIT 50"
)
_IS_PENDING = "state = 'submitted' AND req_id IS NOT NULL"
_PENDING = (
    f"SELECT * FROM submissions WHERE account = ? AND {_IS_PENDING} ORDER BY id DESC LIMIT 10000"  # noqa: S608 # all our own
)
# Of each that is pending the latest cell that needs it.
_PENDING_CELLS = (
    "SELECT cells.*, max(began) FROM submissions JOIN cell_questions ON submission = submissions.id"  # noqa: S608 # all our own
    f" JOIN cells ON cells.id = cell_questions.cell WHERE submissions.account = ? AND {_IS_PENDING}"
    " GROUP BY submission ORDER BY submission"
)
# A rerun asks the account in use now; a cell that was cut off may have asked another.
_PENDING_ELSEWHERE = (
    "SELECT submissions.*, account_name FROM submissions"  # noqa: S608 # all our own
    " JOIN cells ON cells.id = submissions.cell WHERE lookup IN (lookup(?), lookup(?))"
    f" AND {_IS_PENDING} AND account_name IS NOT NULL AND submissions.account != ? AND asked > ?"
)
_LATELY = 7 * 86400.0  # seconds
_BEGIN = (
    "INSERT INTO cells (id, account, account_name, began, variable, zone, plan, titles, counts)"
    " VALUES (?,?,?,?,?,?,?,?,?)"
)
_ADD_PART = "INSERT INTO parts VALUES (?,?,?)"
_LINK = "INSERT OR REPLACE INTO cell_questions VALUES (?,?,coalesce(?, last_insert_rowid()))"
_ASKING = (
    "INSERT INTO submissions (account, cell, body, key, title, text, asked, state, lookup)"
    " VALUES (?,?,?,?,?,?,?,?,lookup(?))"
)
# Back from the answer's time to the request's: both clocks may be wrong, not their rate.
_ACCEPTED = (
    "UPDATE submissions SET state = ?, req_id = ?, sent = ? - max(0.0, ? - asked) WHERE id = ?"
)
# The latest are enough: whatever answers every query alike does it now.
_WITH_THIS_ID = "SELECT * FROM submissions WHERE req_id = ? AND account = ? AND id > ? - 1000"
_REFUSED = "UPDATE submissions SET state = ?, error = ? WHERE id = ?"
# Not over what was withdrawn meanwhile, nor into the next submission of the same question.
# How long it took is by the machine's clock: one that was refused at first has waited before.
_ENDED = (
    "UPDATE submissions SET state = ?, error = ?, count = ?, events = ?, users = ?, devices = ?,"
    " counted = ?, ended = ?, took = CASE WHEN ? THEN max(0.0, ? - asked) ELSE took END"
    " WHERE id = ? AND coalesce(?, req_id) IS req_id AND (state != 'shared' OR ? IS NULL)"
)
_SHARED = "shared"  # the state of a submission whose id another one got, too
_BY_ID = "SELECT * FROM submissions WHERE account = ? AND req_id = ? ORDER BY id DESC LIMIT 1000"
_WITHDRAW = (
    f"UPDATE submissions SET state = '{_SHARED}', count = NULL, events = NULL, users = NULL,"  # noqa: S608 # all our own
    " devices = NULL, counted = NULL WHERE account = ? AND req_id = ?"
)
# What nothing can use any more: lists of customers are kept for as long as they can answer, what is
# short for `%ct history`.
_LONG_AGO, _YEARS_AGO = 30 * 86400.0, 400 * 86400.0  # seconds, at the earliest
_PRUNINGS = (
    "DELETE FROM cells WHERE began < :years_ago OR began < :long_ago"
    " AND (id IN (SELECT cell FROM parts) OR length(plan) > 2000000)",
    "DELETE FROM submissions WHERE asked < :years_ago OR asked < :long_ago"
    " AND (typeof(body) = 'blob' OR length(body) > 10000)",
    "DELETE FROM parts WHERE cell NOT IN (SELECT id FROM cells)",
    "DELETE FROM cell_questions WHERE cell NOT IN (SELECT id FROM cells)"
    " OR submission NOT IN (SELECT id FROM submissions)",
)
_PRUNED = "pruned"  # under this name it keeps the day on which it was pruned last
_FORGOTTEN = (
    "the service forgot this query, and it speaks of profiles as they are: run the cell again, "
    "which asks all counts of its row"
)
_QuestionAt = tuple[str, int]  # a cell, and the number of one of its questions
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
        self._path, self._account, self._warn, self.now = file, account, warn, now
        self.trouble: str | None = None
        self.data: str | None = None  # what a sandbox says that it counts
        self._cell: str | None = None
        self._began = 0.0
        self._freshness: Freshness | None = None
        self._rows: dict[int, int] = {}  # the submission of each job
        self._own: set[int] = set()  # jobs that were submitted here, not found
        self._titles: Mapping[int, str] = {}
        self._places: dict[int, Sequence[_QuestionAt]] = {}
        self._together: set[int] = set()  # what is not taken from another cell
        self._parts: dict[str, Parts] = {}
        self._denied = False
        self._file: JournalFile | None = None
        self._file = self._guarded(lambda: _file(file))  # a path, a disk, a Python without sqlite3

    def found(self, question: Question, freshness: Freshness) -> list[Entry]:
        """Return what answers this question now: counts, newest first, then what is pending."""
        now, known = self.now(), self._of(question)
        kept = [each for each in known if freshness.keeps(each, question, now)]
        return kept + [each for each in known if freshness.picks_up(each, question, now)]

    def taken(self, job: Job, known: Entry, places: Sequence[_QuestionAt] | None = None) -> Job:
        """Return the job as this submission leaves it, which it goes on writing into."""
        # `places` are the cells and the numbers of their questions, where no cell begins.
        self._rows[job.number] = known.id
        if places is not None:
            self._places[job.number] = places
        return entries.job_after(job, known)

    def begin(self, cell: CellRecord, freshness: Freshness | None = None) -> None:
        """Write down the cell whose questions will be asked, and what is known of them."""
        # With `freshness`, what another kernel gets meanwhile is taken: see `asked_elsewhere`.
        self._began, self._freshness = self.now(), freshness
        today = entries.day_at(self._began, UTC).isoformat()
        if self.learned(_PRUNED) != today:
            self.learn(_PRUNED, today)
            ttl = max(freshness.ttl, freshness.settled_ttl) if freshness else 0.0
            ages = {"long_ago": max(_LONG_AGO, ttl), "years_ago": max(_YEARS_AGO, ttl)}
            times = {name: self._began - age for name, age in ages.items()}
            self._write(*((sql, times) for sql in _PRUNINGS))
        plan, self._cell = cell.plan, cell.id
        self._titles = {n: row.title for row in reversed(plan.rows) for n in row.questions}
        self.ask_together(plan)
        parts = self._parts[cell.id] = Parts()
        written = entries.plan_to_json(plan, parts)
        titles = json.dumps([parts.folded(t) for t in dict.fromkeys(r.title for r in plan.rows)])
        whose = cell.id, self._account, cell.account, self._began, cell.variable, cell.zone
        self._write(
            (_BEGIN, (*whose, written, titles, len(plan.questions))),
            *((_ADD_PART, (cell.id, *numbered)) for numbered in enumerate(parts.texts)),
            *((_LINK, (cell.id, *known)) for known in self._rows.items()),
        )

    def ask_together(self, plan: Plan) -> None:
        """Take no count of a row that speaks of profiles as they are from another moment."""
        self._together = {number for group in together(plan) for number in group}

    def asked_elsewhere(self, job: Job) -> jobs.Success | jobs.Partial | jobs.Failure | None:
        """Return what another kernel got for this question since the cell began, or None.

        That is its count, or an id of just now; the job goes on writing into its submission.
        """
        number, question, now = job.number, job.question, self.now()
        if job.again and (row := self._rows.pop(number, None)):
            self._write(("UPDATE submissions SET state = 'forgotten' WHERE id = ?", (row,)))
            if number in self._together and number not in self._own:
                return jobs.Failure(_FORGOTTEN)  # its id was another run's, and so is its row
        # What speaks of profiles as they are now comes from one run, with all that its row needs.
        if self._freshness is None or number in self._together:
            return None
        for known in self._of(question):
            if self._freshness.came_meanwhile(known, question, self._began, now):
                self._rows[number] = known.id
                self._own.discard(number)  # an earlier try, which met with trouble
                self._write(*((_LINK, (*at, known.id)) for at in self._places_of(number)))
                after = entries.job_after(job, known)
                if after.tally is None:
                    return jobs.Partial(known.req_id or "")
                return jobs.Success(after.tally, after.counted)
        return None

    def asking(self, job: Job) -> None:
        """Write down that this job's query is about to be sent."""
        q, places = job.question, self._places_of(job.number)
        cell = places[0][0] if places else None
        parts, known = self._parts_of(cell), len(self._parts_of(cell).texts)
        texts = q.body, q.key, self._titles.get(job.number, q.text), q.text
        stored = texts if cell is None else tuple(map(parts.stored, texts))
        new = list(enumerate(parts.texts))[known:]
        row = self._write(
            *((_ADD_PART, (cell, *numbered)) for numbered in new),
            (_ASKING, (self._account, cell, *stored, self.now(), str(State.WAITING), q.key)),
            *((_LINK, (*at, None)) for at in places),
        )
        if row is not None:
            self._rows[job.number] = row
            self._own.add(job.number)

    def answered(self, job: Job, answer: Answer) -> Answer:
        """Write down the id that came, or why there is none; return the answer that counts.

        It is another one where another kernel has fetched the count of an id that is forgotten, and
        where an id is that of another query, in whichever cell: see `withdraw`.
        """
        # A wrong passcode must not cost the ids that wait for the right one.
        self._denied |= isinstance(answer, jobs.Denied)
        row = self._rows.get(job.number)
        if row is None:
            return answer
        if job.req_id is not None:
            return self._believed(row, job, answer)
        match answer:
            case jobs.Success(_, at, req_id) | jobs.Partial(req_id, at):
                # Nothing comes before it: whoever is killed here sends the query once more.
                if job.number in self._own:
                    sent = at and at.timestamp()
                    values = str(State.SUBMITTED), req_id, sent, self.now(), row
                    self._write((_ACCEPTED, values))
                others = self._read(_WITH_THIS_ID, (req_id, self._account, row)) if req_id else []
                if req_id and not all(self._asks(other, job.question) for other in others):
                    self._write((_REFUSED, (_SHARED, None, row)))
                    return jobs.Shared(req_id)
            case jobs.Busy():
                # It was turned away at the door: no submission, so no row of one, nor a link.
                del self._rows[job.number]
                link = "DELETE FROM cell_questions WHERE submission = ?", (row,)
                self._write(link, ("DELETE FROM submissions WHERE id = ?", (row,)))
            case jobs.Trouble(error):
                self._write((_REFUSED, ("unanswered", error, row)))
            case jobs.Denied(error):
                self._write((_REFUSED, (str(State.FAILED), error, row)))
            case jobs.Shared():
                self._write((_REFUSED, (_SHARED, None, row)))
        return answer

    def _believed(self, row: int, job: Job, answer: Answer) -> Answer:
        """Return the answer to a look; another kernel may have found out since about its id."""
        for own in self._read("SELECT * FROM submissions WHERE id = ?", (row,)):
            if isinstance(answer, jobs.Forgotten):
                # It is called so once it is sent again: a young id may be known a bit later.
                (known,) = self._entries([own])
                after = entries.job_after(job, known)
                if known.is_counted and after.tally:
                    return jobs.Success(after.tally, after.counted)
            elif isinstance(answer, jobs.Partial | jobs.Success):
                if own["state"] == _SHARED:
                    return jobs.Shared(job.req_id or "")
                if answer.at and answer.at.timestamp() < (entries.moment(own["sent"]) or 0.0) - 1:
                    error = f"{jobs.BY_A_CACHE} before it was asked"
                    return jobs.Trouble(error, cause=jobs.Cause.FOREIGN)
        return answer

    def withdraw(self, req_id: str) -> None:
        """Forget an id that two queries got, and its counts; warn of those of other cells."""
        values = (self._account, req_id)
        own = set(self._rows.values())
        known = self._entries(self._read(_BY_ID, values))
        self._write((_WITHDRAW, values))
        for other in known:
            if other.state == State.SUCCESS and other.id not in own:
                self._warn(
                    f"the count of {other.title!r} may be wrong: another query got the same id "
                    "since then. It is forgotten: run its cell again"
                )

    def ended(self, job: Job) -> None:
        """Write down how it ended. Cancelled, late or lost it stays pending: it can be fetched."""
        ends = (State.SUCCESS,) if self._denied else (State.SUCCESS, State.FAILED)
        row = self._rows.get(job.number)
        if row is None or job.state not in ends or job.lost:
            return
        tally, now = job.tally, self.now()
        came = (tally.count, tally.events, tally.users, tally.devices) if tally else (None,) * 4
        times = job.counted and job.counted.timestamp(), now, job.number in self._own, now
        which = row, job.req_id, came[0]
        self._write((_ENDED, (str(job.state), job.error, *came, *times, *which)))

    def pending(self) -> list[Entry]:
        """Return what this account was asked and never came back, the oldest first."""
        return self._entries(reversed(self._read(_PENDING, (self._account,))))

    def pending_cells(self) -> list[tuple[CellRecord, float]]:
        """Return the latest cells that need what is pending, and when each began."""
        cells = []
        rows = self._read(_PENDING_CELLS, (self._account,))
        for row in {row["id"]: row for row in rows}.values():
            try:
                plan = entries.plan_from_json(row["plan"], self._parts_of(row["id"]))
                record = CellRecord(row["id"], plan, row["variable"], row["zone"])
                cells.append((record, float(row["began"])))
            except ValueError:
                _log.warning("ct_magic: a cell in the journal cannot be read")
        return cells

    def entries_of(self, cell: str) -> dict[int, Entry]:
        """Return what was submitted for each question of a cell."""
        rows = self._read(OF_A_CELL, (cell,))
        return dict(zip((row["question"] for row in rows), self._entries(rows), strict=True))

    def pending_elsewhere(self, questions: Iterable[Question]) -> Counter[str]:
        """Return at which other accounts, by name, how many of these questions are pending."""
        names: Counter[str] = Counter()
        own, since = self._account, self.now() - _LATELY
        for q in questions:
            rows = self._read(_PENDING_ELSEWHERE, (q.key, q.body, own, since))
            names.update({str(row["account_name"]) for row in rows if self._asks(row, q)})
        return names

    def learned(self, name: str) -> str | None:
        """Return what this account taught under that name: a text that was `learn`ed."""
        sql = "SELECT value FROM account_facts WHERE account = ? AND name = ?"
        values = [row["value"] for row in self._read(sql, (self._account, name))]
        return values[0] if values and isinstance(values[0], str) else None

    def learn(self, name: str, value: str) -> None:
        """Keep what this account taught."""
        sql = "INSERT OR REPLACE INTO account_facts (account, name, value) VALUES (?,?,?)"
        self._write((sql, (self._account, name, value)))

    def latencies(self, limit: int = 200) -> list[float]:
        """Return the seconds that this account's latest counts took, the newest first."""
        sql = (
            "SELECT took FROM submissions WHERE account = ? AND state = 'success' AND took > 0"
            " AND took < ? AND typeof(took) = 'real' ORDER BY id DESC LIMIT ?"
        )
        return [row["took"] for row in self._read(sql, (self._account, LONGEST, limit))]

    def _places_of(self, number: int) -> Sequence[_QuestionAt]:
        own = [] if self._cell is None else [(self._cell, number)]
        return self._places.get(number, own)

    def _of(self, question: Question) -> list[Entry]:
        rows = self._read(OF_A_QUESTION, (self._account, question.key, question.body))
        return self._entries(row for row in rows if self._asks(row, question))

    def _asks(self, row: dict[str, Any], question: Question) -> bool:
        # `lookup` only finds it: what is the same is compared.
        return self._parts_of(row["cell"]).read(row["key"]) in (question.key, question.body)

    def _entries(self, rows: Iterable[dict[str, Any]]) -> list[Entry]:
        return [entries.entry(row, self._parts_of(row["cell"])) for row in rows]

    def _parts_of(self, cell: str | None) -> Parts:
        if cell is None:
            return Parts()
        if cell not in self._parts:
            sql = "SELECT text FROM parts WHERE cell = ? ORDER BY number"
            self._parts[cell] = Parts(row["text"] for row in self._read(sql, (cell,)))
        return self._parts[cell]

    def _read(self, sql: str, values: Sequence[object]) -> list[dict[str, Any]]:
        file = self._file
        return (self._guarded(lambda: file.read(sql, values)) if file else None) or []

    def _write(self, *steps: Step) -> int | None:
        file = self._file
        return self._guarded(lambda: file.write(*steps)) if file and steps else None

    def _guarded(self, work: Callable[[], _T]) -> _T | None:
        try:
            return work()
        except Exception as error:  # of the disk, SQLite or what it holds: the count arrives
            self._file = None
            _log.debug("ct_magic: the journal is off", exc_info=error)
            journal = f"the journal {self._path}" if self._path else "the journal"
            self.trouble = f"{journal} cannot be used ({error})"
            again = "an interrupted one will have to be asked again"
            self._warn(f"{self.trouble}; counts go on, but {again}")
            return None


def path() -> Path | None:
    """Return the journal's file, in `CT_MAGIC_STATE_DIR` or the user's state directory, if any."""
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


def open_journal(account: Account, *, to_resume: bool = False, to_ask: bool = True) -> Journal:
    """Return the journal of an account.

    To resume it must be known which: raise AccountError for a sandbox that does not answer. Where
    nothing will be asked it is that of the last time, and nothing is sent.
    """
    from ct_magic.client.transport import sandbox_data

    at_address = Journal(path(), key_of(account), warn=warn, now=time.time)
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
    if now not in (None, last) and account.id != SANDBOX_ID:  # each kernel's has a port of its own
        at_address.learn(DATA, now or "")
    data = last if now is None else now
    is_known = data or (to_ask and account.id == SANDBOX_ID)  # or it is no sandbox, for all we know
    if data == "" or at_address.trouble or not is_known:
        return at_address
    key = data or f"unknown {secrets.token_hex(8)}"  # nor will it be looked up
    of_data = Journal(path(), f"{account.id} at data {key}", warn=warn, now=time.time)
    of_data.data = data
    return of_data


def key_of(account: Account) -> str:
    """Return the text that tells an account from another."""
    return f"{account.id} at {account.base_url}"


def warn(message: str, category: type[Warning] = JournalWarning) -> None:
    """Warn without a place: a line of our own source below it would say nothing to a reader."""
    try:
        warnings.warn_explicit(message, category, "ct_magic", 0, registry=WARNED)
    except Warning:
        # Where warnings are errors, they must not cost a count.
        _log.warning("ct_magic: %s", message)
