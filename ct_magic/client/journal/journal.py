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
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ct_magic.client.accounts import SANDBOX_ID, Account, moved
from ct_magic.client.jobs import (
    BY_A_CACHE,
    Answer,
    Busy,
    Cause,
    Denied,
    Failure,
    Forgotten,
    Job,
    Partial,
    Shared,
    State,
    Success,
    Tally,
    Trouble,
)
from ct_magic.client.journal.entries import (
    CellRecord,
    Entry,
    Freshness,
    Parts,
    day_of,
    entry,
    job_after,
    moment,
    plan_from_json,
    plan_to_json,
    titles_to_json,
)
from ct_magic.client.journal.history import OF_A_CELL
from ct_magic.errors import AccountError, JournalWarning
from ct_magic.rows import Plan, Question
from ct_magic.settings import LONGEST

if TYPE_CHECKING:
    from ct_magic.client.journal.store import JournalFile


# Newest first; more than so many of one question are not looked through. Those of older versions
# have their body as key. The plus keeps SQLite from walking through the whole table by id.
OF_A_QUESTION = (
    "SELECT * FROM submissions WHERE account = ? AND lookup IN (lookup(?), lookup(?))"
    " AND state IN ('success', 'submitted') ORDER BY +id DESC LIMIT 50"
)
PENDING = (
    "SELECT * FROM submissions WHERE account = ? AND state = 'submitted' AND req_id IS NOT NULL"
    " ORDER BY id DESC LIMIT 10000"
)
# The latest are enough: whatever answers every query alike does it now.
_WITH_THIS_ID = "SELECT * FROM submissions WHERE req_id = ? AND account = ? AND id > ? - 1000"
# A rerun asks the account in use now; a cell that was cut off may have asked another.
_PENDING_ELSEWHERE = (
    "SELECT submissions.*, account_name FROM submissions"
    " JOIN cells ON cells.id = submissions.cell WHERE lookup IN (lookup(?), lookup(?))"
    " AND state = 'submitted' AND req_id IS NOT NULL AND account_name IS NOT NULL"
    " AND submissions.account != ? AND asked > ?"
)
_LATELY = 7 * 86400.0  # seconds
_PRUNED = "pruned"  # under this name it keeps the day on which it was pruned last
_INSERT = (
    "INSERT INTO submissions (account, cell, body, key, title, text, asked, state, lookup)"
    " VALUES (?,?,?,?,?,?,?,?,lookup(?))"
)
_BEGIN = (
    "INSERT INTO cells (id, account, account_name, began, variable, zone, plan, titles, counts)"
    " VALUES (?,?,?,?,?,?,?,?,?)"
)
_SHARED = "shared"  # the state of a submission whose id another one got, too
_BY_ID = "SELECT * FROM submissions WHERE account = ? AND req_id = ? ORDER BY id DESC LIMIT 1000"
_WITHDRAW = (
    f"UPDATE submissions SET state = '{_SHARED}', count = NULL, events = NULL, users = NULL,"  # noqa: S608 # all our own
    " devices = NULL, counted = NULL WHERE account = ? AND req_id = ?"
)
_FORGOTTEN = (
    "the service forgot this query, and it speaks of profiles as they are: run the cell again, "
    "which asks all counts of its row"
)
_LINK = "INSERT OR REPLACE INTO cell_questions VALUES (?,?,?)"
_INSERT_PART = "INSERT INTO parts VALUES (?,?,?)"
_QuestionAt = tuple[str, int]  # a cell, and the number of one of its questions
_Rows = Sequence[Sequence[Any]]
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
        self._places: dict[int, Sequence[_QuestionAt]] = {}
        self._together: set[int] = set()  # what is not taken from another cell
        self._parts: dict[str, Parts] = {}
        self._denied = False
        self._file: JournalFile | None = None
        try:
            self._file = _file(file)
        except Exception as error:  # a path, a disk, a Python without sqlite3
            self._give_up(error)

    def found(self, question: Question, freshness: Freshness) -> list[Entry]:
        """Return the submissions that answer this question now, the best first.

        Those that are counted, the newest first, then those that are pending.
        """
        now, entries = self.now(), self._of(question)
        kept = [entry for entry in entries if freshness.keeps(entry, question, now)]
        return kept + [entry for entry in entries if freshness.picks_up(entry, question, now)]

    def taken(self, job: Job, known: Entry, places: Sequence[_QuestionAt] | None = None) -> Job:
        """Return the job as this submission leaves it, which it goes on writing into.

        `places` are the cells and the numbers of their questions, where no cell begins.
        """
        self._rows[job.number] = known.id
        if places is not None:
            self._places[job.number] = places
        return job_after(job, known)

    def begin(self, cell: CellRecord, freshness: Freshness | None = None) -> None:
        """Write down the cell whose questions will be asked, and what is known of them.

        With `freshness`, what another kernel gets meanwhile is taken: see `asked_elsewhere`.
        """
        self._began, self._freshness = self.now(), freshness
        self._prune(freshness)
        plan, self._cell = cell.plan, cell.id
        self._titles = {n: row.title for row in reversed(plan.rows) for n in row.questions}
        self.ask_together(plan)
        parts = self._parts[cell.id] = Parts()
        text, titles = plan_to_json(plan, parts), titles_to_json(plan, parts)
        account = (cell.id, self._account, cell.account)
        shown = (cell.variable, cell.zone, text, titles, len(plan.questions))
        kept = [(cell.id, *numbered) for numbered in enumerate(parts.texts)]
        links = [(cell.id, number, row) for number, row in self._rows.items()]
        cells = [(*account, self._began, *shown)]
        self._write_all(_BEGIN, cells, (_INSERT_PART, kept), (_LINK, links))

    def ask_together(self, plan: Plan) -> None:
        """Take no count of a row that speaks of profiles as they are from another moment."""
        self._together = {number for group in together(plan) for number in group}

    def asked_elsewhere(self, job: Job) -> Success | Partial | Failure | None:
        """Return what another kernel has got for this question since the cell began, if anything.

        That is its count, or an id of just now; the job goes on writing into its submission. What
        speaks of profiles as they are now comes from one run, with all that its row needs.
        """
        if job.again and (row := self._rows.pop(job.number, None)):
            self._write("UPDATE submissions SET state = 'forgotten' WHERE id = ?", (row,))
            if job.number in self._together and job.number not in self._asked:
                return Failure(_FORGOTTEN)  # its id was another run's, and so is its row
        if self._freshness is None or job.number in self._together:
            return None
        q, now = job.question, self.now()
        for known in self._of(q):
            if self._freshness.came_meanwhile(known, q, self._began, now):
                after = job_after(job, known)
                self._rows[job.number] = known.id
                self._asked.pop(job.number, None)  # by an earlier try, which met with trouble
                self._sent.pop(job.number, None)
                self._link(job.number)
                if after.tally is not None:
                    return Success(after.tally, after.counted)
                return Partial(known.req_id or "")
        return None

    def asking(self, job: Job) -> None:
        """Write down that this job's query is about to be sent."""
        q, now = job.question, self.now()
        cell = next((cell for cell, _ in self._places_of(job.number)), None)
        texts = (q.body, q.key, self._titles.get(job.number, q.text), q.text)
        stored = self._stored(cell, texts)
        values = (self._account, cell, *stored, now, str(State.WAITING), q.key)
        row = self._write(_INSERT, values)
        if row is None:
            return
        self._rows[job.number], self._asked[job.number] = row, now
        self._sent.pop(job.number, None)
        self._link(job.number)

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
                # It was turned away at the door: no submission, so no row of one, nor a link.
                row = [(self._rows.pop(job.number),)]
                of_it = "DELETE FROM cell_questions WHERE submission = ?"
                self._write_all(of_it, row, ("DELETE FROM submissions WHERE id = ?", row))
            case Trouble(error) if job.req_id is None:
                self._set(job, "state = ?, error = ?", ("unanswered", error))
            case Shared() if job.req_id is None:
                self._set(job, "state = ?", (_SHARED,))
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
        counted = [row for row in self._read(_BY_ID, values) if row["state"] == State.SUCCESS]
        self._write(_WITHDRAW, values)
        for known in self._entries(row for row in counted if row["id"] not in own):
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
        return self._entries(reversed(self._read(PENDING, (self._account,))))

    def entries_of(self, cell: str) -> dict[int, Entry]:
        """Return what was submitted for each question of a cell."""
        rows = self._read(f"{OF_A_CELL} ORDER BY question", (cell,))
        entries = self._entries(rows)
        return {row["question"]: entry for row, entry in zip(rows, entries, strict=True)}

    def last_cell_with(self, submission: Entry) -> str | None:
        """Return the latest cell that needs a submission."""
        sql = (
            "SELECT cells.id FROM cell_questions JOIN cells ON cells.id = cell_questions.cell"
            " WHERE submission = ? ORDER BY began DESC LIMIT 1"
        )
        return next((row["id"] for row in self._read(sql, (submission.id,))), None)

    def cell(self, cell: str) -> tuple[CellRecord, float] | None:
        """Return a cell, and when it began; None where it cannot be read."""
        for row in self._read("SELECT * FROM cells WHERE id = ?", (cell,)):
            try:
                plan = plan_from_json(row["plan"], self._parts_of(cell))
                return CellRecord(cell, plan, row["variable"], row["zone"]), float(row["began"])
            except ValueError:
                _log.warning("ct_magic: a cell in the journal cannot be read")
        return None

    def pending_elsewhere(self, questions: Iterable[Question]) -> Counter[str]:
        """Return at which other accounts, by name, how many of these questions are pending."""
        names: Counter[str] = Counter()
        for question in questions:
            values = (question.key, question.body, self._account, self.now() - _LATELY)
            rows = [
                row for row in self._read(_PENDING_ELSEWHERE, values) if self._asks(row, question)
            ]
            names.update({str(row["account_name"]) for row in rows})
        return names

    def learned(self, name: str) -> str | None:
        """Return what this account taught under that name: a text that was `learn`ed."""
        sql = "SELECT value FROM account_facts WHERE account = ? AND name = ?"
        values = [row["value"] for row in self._read(sql, (self._account, name))]
        return values[0] if values and isinstance(values[0], str) else None

    def learn(self, name: str, value: str) -> None:
        """Keep what this account taught."""
        sql = "INSERT OR REPLACE INTO account_facts (account, name, value) VALUES (?,?,?)"
        self._write(sql, (self._account, name, value))

    def latencies(self, limit: int = 200) -> list[float]:
        """Return the seconds that this account's latest counts took, the newest first."""
        sql = (
            "SELECT took FROM submissions WHERE account = ? AND state = 'success' AND took > 0"
            " AND took < ? AND typeof(took) = 'real' ORDER BY id DESC LIMIT ?"
        )
        return [row["took"] for row in self._read(sql, (self._account, LONGEST, limit))]

    def _note_sent(self, job: Job, at: datetime | None) -> None:
        # Back from the answer's time to the request's: both clocks may be wrong, not their rate.
        if job.req_id is None and at is not None and job.number in self._asked:
            under_way = max(0.0, self.now() - self._asked[job.number])
            self._sent[job.number] = at.timestamp() - under_way

    def _places_of(self, number: int) -> Sequence[_QuestionAt]:
        own = [] if self._cell is None else [(self._cell, number)]
        return self._places.get(number, own)

    def _link(self, number: int) -> None:
        for place in self._places_of(number):
            self._write(_LINK, (*place, self._rows[number]))

    def _of(self, question: Question) -> list[Entry]:
        rows = self._read(OF_A_QUESTION, (self._account, question.key, question.body))
        return self._entries(row for row in rows if self._asks(row, question))

    def _asks(self, row: dict[str, Any], question: Question) -> bool:
        # `lookup` only finds it: what is the same is compared.
        return self._text(row, "key") in (question.key, question.body)

    def _entries(self, rows: Iterable[dict[str, Any]]) -> list[Entry]:
        texts = ("body", "title", "text")
        return [entry(row | {name: self._text(row, name) for name in texts}) for row in rows]

    def _text(self, row: dict[str, Any], name: str) -> str | None:
        return self._parts_of(row["cell"]).read(row[name])

    def _parts_of(self, cell: str | None) -> Parts:
        if cell is None:
            return Parts()
        if cell not in self._parts:
            sql = "SELECT text FROM parts WHERE cell = ? ORDER BY number"
            self._parts[cell] = Parts(row["text"] for row in self._read(sql, (cell,)))
        return self._parts[cell]

    def _stored(self, cell: str | None, texts: Iterable[str]) -> list[str | bytes]:
        if cell is None:
            return list(texts)
        parts = self._parts_of(cell)
        known = len(parts.texts)
        stored = [parts.stored(text) for text in texts]
        for number in range(known, len(parts.texts)):
            self._write(_INSERT_PART, (cell, number, parts.texts[number]))
        return stored

    def _prune(self, freshness: Freshness | None) -> None:
        """Once a day, forget what nothing can use any more."""
        today = day_of(self._began, UTC).isoformat()
        if self.learned(_PRUNED) != today:
            self.learn(_PRUNED, today)
            ttl = max(freshness.ttl, freshness.settled_ttl) if freshness else 0.0
            self._guarded(lambda file: file.prune(self._began, ttl))

    def _fetched_elsewhere(self, job: Job) -> Success | None:
        rows = self._read("SELECT * FROM submissions WHERE id = ?", (self._rows.get(job.number),))
        after = [job_after(job, known) for known in self._entries(rows) if known.is_counted]
        newest = next(iter(after), None)
        return Success(newest.tally, newest.counted) if newest and newest.tally else None

    def _own(self, job: Job, answer: Answer) -> Answer:
        """Return the answer, or Shared where its id is that of another question, too."""
        row = self._rows.get(job.number)
        if row is None or not isinstance(answer, Partial | Success):
            return answer
        if job.req_id is not None:
            # Another kernel may have found out, since this id was looked at.
            for own in self._read("SELECT state, sent FROM submissions WHERE id = ?", (row,)):
                if own["state"] == _SHARED:
                    return Shared(job.req_id)
                if answer.at and answer.at.timestamp() < (moment(own["sent"]) or 0.0) - 1:
                    return Trouble(f"{BY_A_CACHE} before it was asked", cause=Cause.FOREIGN)
            return answer
        known = self._read(_WITH_THIS_ID, (answer.req_id, self._account, row))
        is_anothers = any(not self._asks(other, job.question) for other in known)
        return Shared(answer.req_id) if answer.req_id and is_anothers else answer

    def _set(self, job: Job, assignments: str, values: Sequence[object]) -> None:
        if job.number in self._rows:
            sql = f"UPDATE submissions SET {assignments} WHERE id = ?"  # noqa: S608 # `assignments` is our own text
            self._write(sql, (*values, self._rows[job.number]))

    def _read(self, sql: str, values: Sequence[object]) -> list[dict[str, Any]]:
        return self._guarded(lambda file: file.read(sql, values)) or []

    def _write(self, sql: str, values: Sequence[Any]) -> int | None:
        return self._guarded(lambda file: file.write(sql, values))

    def _write_all(self, sql: str, values: _Rows, *more: tuple[str, _Rows]) -> None:
        self._guarded(lambda file: file.write_all(sql, values, *more))

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
    if now not in (None, last) and account.id != SANDBOX_ID:  # each kernel's has a port of its own
        at_address.learn(DATA, now or "")
    data = last if now is None else now
    is_known = data or (to_ask and account.id == SANDBOX_ID)  # or it is no sandbox, for all we know
    if data == "" or at_address.trouble or not is_known:
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

    A row's counts belong together: of those that may still change, one that must be asked anew
    takes the others with it. An id of just now is as good as one of now, except where a row speaks
    of profiles as they are: then all its counts come from one run of one cell.
    """
    found = [journal.found(question, freshness) for question in plan.questions]
    moving = together(plan)
    for group in moving:
        _of_one_cell(group, found)
    known = [entries[0] if entries else None for entries in found]
    anew = _asked_anew(plan, known, moving, freshness, journal.now())
    jobs = []
    for number, (question, kept) in enumerate(zip(plan.questions, known, strict=True)):
        job = Job(number, question)
        jobs.append(job if kept is None or number in anew else journal.taken(job, kept))
    return jobs


def together(plan: Plan) -> list[set[int]]:
    """Return the questions that one run must ask, by their numbers: several in each group.

    Those of a row that speaks of profiles as they are now, and of all such rows that share one.
    """
    needed = [row.questions for row in plan.rows]
    moving = {n for n, question in enumerate(plan.questions) if question.profiles_now}
    rows = [set(numbers) for numbers in needed if not moving.isdisjoint(numbers)]
    reach = _Reach(rows)
    groups, seen = [], set[int]()
    for row in rows:
        if not row <= seen:
            groups.append(reach.from_(row))
            seen |= groups[-1]
    return [group for group in groups if len(group) > 1]


class _Reach:
    """Which numbers are reached from some through sets that share one; each set is met once."""

    def __init__(self, sets: Sequence[set[int]]) -> None:
        self._sets = sets
        self._with: dict[int, list[int]] = defaultdict(list)
        for place, numbers in enumerate(sets):
            for number in numbers:
                self._with[number].append(place)

    def from_(self, begin: Iterable[int]) -> set[int]:
        """Return these and all that are reached from them."""
        reached, met = set(begin), set[int]()
        left = list(reached)
        while left:
            places = [place for place in self._with[left.pop()] if place not in met]
            met.update(places)
            more = set[int]().union(*(self._sets[place] for place in places)) - reached
            reached |= more
            left += more
        return reached


def _of_one_cell(group: set[int], found: list[list[Entry]]) -> None:
    """Leave in `found` what the latest cell submitted that submitted all of a group, if any."""
    by_cell = {n: {entry.cell: entry for entry in reversed(found[n])} for n in group}
    cells = set.intersection(*(set(entries) for entries in by_cell.values())) - {None}
    latest = max(cells, key=lambda cell: max(by_cell[n][cell].id for n in group), default=None)
    for number in group:
        found[number] = [by_cell[number][latest]] if latest is not None else []


def _asked_anew(
    plan: Plan,
    known: Sequence[Entry | None],
    moving: Sequence[set[int]],
    freshness: Freshness,
    now: float,
) -> set[int]:
    changing = {n for n, question in enumerate(plan.questions) if freshness.may_change(question)}
    fine = {n for n, entry in enumerate(known) if entry and freshness.is_of_now(entry, now)}
    rows = [(changing - fine).intersection(row.questions) for row in plan.rows]
    anew = {number for number, entry in enumerate(known) if entry is None}
    return _Reach([*rows, *moving]).from_(anew)
