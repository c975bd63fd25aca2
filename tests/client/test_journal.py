"""The journal: what is written is there after a crash, and trouble with it costs no count."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import ct_magic
from ct_magic.client.jobs import (
    Answer,
    Busy,
    Denied,
    Forgotten,
    Job,
    Partial,
    Shared,
    State,
    Success,
    Tally,
    Timing,
    Trouble,
)
from ct_magic.client.journal.entries import CellRecord
from ct_magic.client.journal.freshness import Freshness
from ct_magic.client.journal.history import past_cells
from ct_magic.client.journal.journal import OF_A_QUESTION, Journal, path
from ct_magic.client.journal.store import JournalFile, JournalFileError, opened
from ct_magic.counting.asking import ask
from ct_magic.counting.resume import pending_cells
from ct_magic.errors import JournalWarning
from ct_magic.planning.first_look import expected
from ct_magic.planning.prepare import prepare
from ct_magic.results.tables import history_frame
from ct_magic.rows import Formula, Plan, Question, Row
from ct_magic.sandbox import Sandbox
from ct_magic.settings import Settings

DAY = date(2026, 10, 31)
QUESTION = Question("t", "e", DAY, DAY, '{"q": 1}', '{"q": 1}', DAY)
JOB = Job(0, QUESTION)
NOW = datetime(2026, 11, 5, 12, tzinfo=UTC).timestamp()


def fail(message: str) -> None:
    raise AssertionError(message)


def submissions(file: Path) -> list[dict[str, object]]:
    """Every submission of a journal, the oldest first, as stored."""
    return JournalFile(file).read("SELECT * FROM submissions ORDER BY id")


def open_journal(file: Path, now: float = NOW, warn: Callable[[str], None] = fail) -> Journal:
    return Journal(file, "acc", warn=warn, now=lambda: now)


def recall(journal: Journal, job: Job, freshness: Freshness) -> Job:
    """The job as the journal knows it, or as it is."""
    known = journal.found(job.question, freshness)
    return journal.taken(job, known[0]) if known else job


def fresh(today: date = date(2026, 11, 5), ttl: float = 86400.0, zone: str = "UTC") -> Freshness:
    return Freshness(today, ZoneInfo(zone), ttl)


def counted(file: Path, at: float) -> None:
    journal = open_journal(file, at)
    journal.asking(JOB)
    journal.answered(JOB, Partial("123456789012345678901"))
    journal.ended(replace(JOB, state=State.SUCCESS, tally=Tally(5, 9)))


def test_an_id_is_there_for_the_next_kernel(tmp_path: Path) -> None:
    """Every digit of it, as soon as it came."""
    first = open_journal(tmp_path / "j")
    first.asking(JOB)
    first.answered(JOB, Partial("123456789012345678901"))
    job = recall(open_journal(tmp_path / "j"), JOB, fresh())
    assert (job.state, job.req_id) == (State.SUBMITTED, "123456789012345678901")


def test_a_submission_without_an_id_is_asked_again(tmp_path: Path) -> None:
    """Nobody can know whether it arrived."""
    open_journal(tmp_path / "j").asking(JOB)
    assert recall(open_journal(tmp_path / "j"), JOB, fresh()) == JOB


def test_another_account_or_another_query_is_another_question(tmp_path: Path) -> None:
    """Neither its id nor its count is taken."""
    counted(tmp_path / "j", NOW)
    other = Journal(tmp_path / "j", "other", warn=fail, now=lambda: NOW)
    assert recall(other, JOB, fresh()) == JOB
    job = replace(JOB, question=replace(QUESTION, body='{"q": 2}', key='{"q": 2}'))
    assert recall(open_journal(tmp_path / "j"), job, fresh()) == job


@pytest.mark.parametrize(
    ("taken", "freshness", "known"),
    [
        (datetime(2026, 11, 5, 0, tzinfo=UTC), fresh(), True),
        (datetime(2026, 11, 1, 0, tzinfo=UTC), fresh(today=date(2026, 11, 1)), True),
        # taken on the period's last day: it was not over
        (datetime(2026, 10, 31, 23, tzinfo=UTC), fresh(), False),
        # over in Kolkata, where the account's days end five and a half hours before UTC's
        (datetime(2026, 10, 31, 19, tzinfo=UTC), fresh(zone="Asia/Kolkata"), True),
        (datetime(2026, 10, 31, 18, tzinfo=UTC), fresh(zone="Asia/Kolkata"), False),
        # not over yet today
        (datetime(2026, 11, 5, 0, tzinfo=UTC), fresh(today=DAY), False),
        (datetime(2026, 11, 5, 0, tzinfo=UTC), fresh(ttl=0), False),
    ],
)
def test_a_count_is_kept_once_its_days_are_over(
    tmp_path: Path, taken: datetime, freshness: Freshness, known: bool
) -> None:
    """It was taken after the period's end in the account's zone, and is younger than the ttl."""
    counted(tmp_path / "j", taken.timestamp())
    now = taken.timestamp() + 3600
    job = recall(open_journal(tmp_path / "j", now), JOB, freshness)
    assert (job.state is State.SUCCESS) == known
    if known:
        assert job.tally == Tally(5, 9)
        assert job.taken == taken


def test_a_count_that_was_sent_before_its_days_were_over_is_asked_anew(tmp_path: Path) -> None:
    """It arrived after midnight, and the service may have counted before."""
    evening = open_journal(tmp_path / "j", datetime(2026, 10, 31, 23, 59, tzinfo=UTC).timestamp())
    evening.asking(JOB)
    evening.answered(JOB, Partial("5"))
    after_midnight = open_journal(
        tmp_path / "j", datetime(2026, 11, 1, 0, 1, tzinfo=UTC).timestamp()
    )
    job = recall(after_midnight, JOB, fresh(date(2026, 11, 1)))
    after_midnight.ended(replace(job, state=State.SUCCESS, tally=Tally(5, 9)))
    assert recall(after_midnight, JOB, fresh(date(2026, 11, 1))) == JOB


def test_a_count_that_is_too_old_is_asked_anew(tmp_path: Path) -> None:
    """A day unless set."""
    counted(tmp_path / "j", NOW)
    assert recall(open_journal(tmp_path / "j", NOW + 86_399), JOB, fresh()).state is State.SUCCESS
    assert recall(open_journal(tmp_path / "j", NOW + 86_401), JOB, fresh()) == JOB


def test_a_count_of_a_clock_that_went_ahead_is_not_believed(tmp_path: Path) -> None:
    """Set right again, it would else be answered from the journal until that day comes."""
    counted(tmp_path / "j", NOW + 30 * 86_400)
    assert recall(open_journal(tmp_path / "j", NOW), JOB, fresh()) == JOB


def test_a_count_of_a_clock_that_went_ahead_hides_no_other(tmp_path: Path) -> None:
    """Else nothing would be answered from the journal until that day comes."""
    counted(tmp_path / "j", NOW + 30 * 86_400)
    counted(tmp_path / "j", NOW)
    assert recall(open_journal(tmp_path / "j", NOW + 60), JOB, fresh()).state is State.SUCCESS


def test_a_forgotten_id_is_not_picked_up_again(tmp_path: Path) -> None:
    """Only a new submission helps."""
    journal = open_journal(tmp_path / "j")
    journal.asking(JOB)
    journal.answered(JOB, Partial("1"))
    journal.answered(JOB, Forgotten("Invalid request id"))
    known = recall(open_journal(tmp_path / "j"), JOB, fresh())
    assert known.req_id == "1", "a young id may be known a bit later"
    journal.asked_elsewhere(replace(JOB, again=True))
    assert recall(open_journal(tmp_path / "j"), JOB, fresh()) == JOB


ROW = Row(0, 0, "t", "t", "e", DAY, DAY, Formula((0,)))
CELL = CellRecord("c", Plan((ROW,), (QUESTION,)))


@pytest.mark.parametrize(
    ("sent", "arrived", "answer"),
    [
        (NOW - 2, None, Partial("7")),  # an id of just now
        (NOW - 601, None, None),  # one of another moment
        (NOW - 2, NOW + 1, Success(Tally(5), datetime.fromtimestamp(NOW + 1, UTC))),
        (NOW - 601, NOW + 1, None),  # a count of another moment
        (NOW - 2, NOW - 1, None),  # it was there before the cell began, and was not enough
        (NOW - 2, NOW + 99, None),  # the machine's clock was wrong
    ],
)
def test_what_another_kernel_gets_meanwhile_is_not_sent_again(
    tmp_path: Path, sent: float, arrived: float | None, answer: Answer | None
) -> None:
    """An id or a count that comes after the cell has begun, and is as good as one asked now."""
    times = iter([NOW, NOW + 2])
    journal = Journal(tmp_path / "j", "acc", warn=fail, now=lambda: next(times))
    journal.begin(CELL, fresh())
    other = open_journal(tmp_path / "j", sent)
    other.asking(JOB)
    other.answered(JOB, Partial("7"))
    if arrived:
        other.now = lambda: arrived
        other.ended(replace(JOB, state=State.SUCCESS, tally=Tally(5)))
    assert journal.asked_elsewhere(JOB) == answer


def test_a_look_at_anothers_id_does_not_undo_what_the_other_wrote(tmp_path: Path) -> None:
    """It may have fetched the count while this kernel's look was under way."""
    other, journal = open_journal(tmp_path / "j"), open_journal(tmp_path / "j")
    journal.begin(CELL, fresh())
    other.asking(JOB)
    other.answered(JOB, Partial("7"))
    assert journal.asked_elsewhere(JOB) == Partial("7")
    done = replace(JOB, state=State.SUCCESS, tally=Tally(5))
    other.now = lambda: NOW + 3
    other.ended(done)
    journal.answered(replace(JOB, req_id="7"), Partial("7"))
    assert recall(open_journal(tmp_path / "j", NOW + 3), JOB, fresh()).tally == Tally(5)
    journal.ended(done)
    assert journal.latencies() == [3.0]


def test_what_a_count_took_begins_when_it_was_accepted(tmp_path: Path) -> None:
    """One that was refused as one too many has waited before: that says nothing of the service."""
    journal = open_journal(tmp_path / "j")
    for passed, answer in ((0, Busy("HTTP 429")), (60, Partial("7"))):
        journal.now = lambda passed=passed: NOW + passed
        journal.asking(JOB)
        journal.answered(JOB, answer)
    journal.now = lambda: NOW + 65
    journal.ended(replace(JOB, state=State.SUCCESS, tally=Tally(5), began=0.0, ended=65.0))
    assert journal.latencies() == [5.0]


def test_two_kernels_that_ask_the_same_submit_it_once(
    account: Sandbox,
) -> None:
    """Also where neither knew anything of it when its cell began; not where it is asked anew."""
    quick = Settings(progress="none", poll_interval=0.01)
    cell = prepare("Charged today-4..today by day", settings=quick)
    later, anew = ask(cell), ask(cell, refresh=True)
    first = ct_magic.count("Charged today-4..today by day", settings=quick)
    second = later.watched()
    assert list(second["count"]) == list(first["count"])
    assert not second["cached"].any()
    assert len(submissions(path())) == 5
    anew.watched()
    assert len(submissions(path())) == 10


def test_a_row_is_a_submission_and_a_refusal_is_none(tmp_path: Path) -> None:
    """After two 429, a 503 and an id, history shows the two that may have reached the service."""
    journal = open_journal(tmp_path / "j")
    for answer in (Busy("HTTP 429"), Busy("HTTP 429"), Trouble("HTTP 503"), Partial("1")):
        journal.asking(JOB)
        journal.answered(JOB, answer)
    journal.answered(replace(JOB, state=State.SUBMITTED, req_id="1"), Busy("HTTP 429"))
    journal.answered(replace(JOB, state=State.SUBMITTED, req_id="1"), Trouble("HTTP 503"))
    rows = [(row["state"], row["req_id"], row["error"]) for row in submissions(tmp_path / "j")]
    assert rows == [("unanswered", None, "HTTP 503"), ("submitted", "1", None)]


def test_a_wrong_passcode_costs_no_pending_id(tmp_path: Path) -> None:
    """Whoever types the right one finds it again."""
    journal = open_journal(tmp_path / "j")
    journal.asking(JOB)
    journal.answered(JOB, Partial("1"))
    held = replace(JOB, state=State.SUBMITTED, req_id="1")
    journal.answered(held, Denied("HTTP 401"))
    journal.ended(replace(held, state=State.FAILED, error="HTTP 401"))
    assert recall(open_journal(tmp_path / "j"), JOB, fresh()).req_id == "1"


def test_an_id_that_comes_after_a_wrong_passcode_is_kept(tmp_path: Path) -> None:
    """The other request was under way already; nothing else knows its id."""
    journal, other = open_journal(tmp_path / "j"), replace(JOB, number=1)
    journal.asking(JOB)
    journal.asking(other)
    journal.answered(JOB, Denied("HTTP 401"))
    journal.ended(replace(JOB, state=State.FAILED, error="HTTP 401"))
    journal.ended(replace(other, state=State.FAILED, error="not asked again: HTTP 401"))
    journal.answered(other, Partial("7"))
    assert [known.req_id for known in open_journal(tmp_path / "j").pending()] == ["7"]


# A process that opens the journal, and has imported nothing else.
ANOTHERS = f"""
import atexit, sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from ct_magic.client.jobs import Job, Partial
from ct_magic.client.journal.journal import Journal
from ct_magic.rows import Question
def fail(message):
    raise AssertionError(message)
day = date(2026, 10, 31)
first = Job(0, Question("t", "e", day, day, '{{"q": 1}}', '{{"q": 1}}', day))
journal = Journal(Path(sys.argv[1]), "acc", warn=fail, now=lambda: {NOW})
"""
# What ends a kernel takes a moment; a count in the background may arrive in it.
LEAVING = f"""{ANOTHERS}
atexit.register(lambda: journal.answered(first, Partial("7")))
journal.asking(first)
"""
WRITING = f"""{ANOTHERS}
begin = int(sys.argv[2])
for number in range(begin, begin + 200):
    job = replace(first, number=number)
    journal.asking(job)
    journal.answered(job, Partial(str(number)))
"""


def test_an_id_that_comes_while_the_process_ends_is_kept(tmp_path: Path) -> None:
    """Nothing is sent twice, and nobody reads on the way out that the file is damaged."""
    done = subprocess.run(
        [sys.executable, "-c", LEAVING, str(tmp_path / "j")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert [known.req_id for known in open_journal(tmp_path / "j").pending()] == ["7"]


def test_several_processes_write_one_journal(tmp_path: Path) -> None:
    """Kernels do not wait for each other, and no row is lost."""
    command = [sys.executable, "-c", WRITING, str(tmp_path / "j")]
    writers = [subprocess.Popen([*command, str(200 * n)]) for n in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert sorted(int(row["req_id"]) for row in submissions(tmp_path / "j")) == list(range(600))


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Queries are nobody else's business."""
    open_journal(tmp_path / "deep" / "j").asking(JOB)
    files = list((tmp_path / "deep").iterdir())
    assert files
    assert [file for file in files if file.stat().st_mode & 0o077] == []


@pytest.mark.parametrize("damage", ["garbage", "directory", "newer"])
def test_a_damaged_journal_costs_a_warning_and_no_count(
    account: Sandbox, state: Path, damage: str
) -> None:
    """One sentence that names the file; the count arrives."""
    folder = state / "state"
    folder.mkdir()
    file = folder / "journal.sqlite"
    if damage == "garbage":
        file.write_bytes(b"this is no database, " * 500)
    elif damage == "directory":
        file.mkdir()
    else:
        with sqlite3.connect(file) as db:
            db.execute("PRAGMA user_version = 99")
        db.close()
    with pytest.warns(JournalWarning, match=r"journal\.sqlite cannot be used") as warned:
        frame = ct_magic.count("App Launched 2026-10", poll_interval=0.01, progress="none")
    assert frame["status"].iloc[0] == "success"
    assert len(warned) == 1


def test_a_disk_that_fills_up_costs_a_warning_and_no_more(tmp_path: Path) -> None:
    """From then on nothing is written, nobody is told twice, and nobody removes the file."""
    warned: list[str] = []
    journal = open_journal(tmp_path / "j", warn=warned.append)
    assert journal._file is not None
    journal._file.read("PRAGMA max_page_count = 12")
    for number in range(500):
        journal.asking(replace(JOB, number=number))
    assert len(warned) == 1
    assert "full; free some space" in warned[0]
    assert "remove" not in warned[0]


def test_no_passcode_is_ever_in_the_file(account: Sandbox, state: Path) -> None:
    """Nor anything else of the headers."""
    ct_magic.count("App Launched 2026-10", poll_interval=0.01, progress="none")
    stored = b"".join(file.read_bytes() for file in (state / "state").iterdir())
    assert b"App Launched" in stored
    assert b"sandbox" not in stored


# How a pending id is picked up: its period's last day, when it was sent, when it is found again.
@pytest.mark.parametrize(
    ("until", "sent", "now", "known"),
    [
        # of today: at 9:00 it was another count than at 17:00
        (date(2026, 11, 5), datetime(2026, 11, 5, 9), datetime(2026, 11, 5, 17), False),
        (date(2026, 11, 5), datetime(2026, 11, 5, 9), datetime(2026, 11, 5, 9, 10), True),
        (date(2026, 11, 5), datetime(2026, 11, 5, 9), datetime(2026, 11, 5, 9, 11), False),
        # of days to come
        (date(2026, 11, 9), datetime(2026, 11, 5, 9), datetime(2026, 11, 5, 17), False),
        # over when it was sent: it is the same count whenever it is fetched
        (date(2026, 11, 4), datetime(2026, 11, 5, 0), datetime(2026, 11, 9, 17), True),
        # over by now, but not when it was sent
        (date(2026, 11, 4), datetime(2026, 11, 4, 23), datetime(2026, 11, 5, 9), False),
        # a clock that was set back since: nobody knows how old it is
        (date(2026, 11, 5), datetime(2026, 11, 5, 9), datetime(2026, 11, 5, 8), False),
    ],
)
def test_an_id_is_picked_up_if_its_count_is_still_that_of_now(
    tmp_path: Path, until: date, sent: datetime, now: datetime, known: bool
) -> None:
    """Else it would be an old number given as a fresh one."""
    job = replace(JOB, question=replace(QUESTION, until=until))
    first = open_journal(tmp_path / "j", sent.replace(tzinfo=UTC).timestamp())
    first.asking(job)
    first.answered(job, Partial("7"))
    later = open_journal(tmp_path / "j", now.replace(tzinfo=UTC).timestamp())
    assert (recall(later, job, fresh(now.date())).req_id == "7") == known


def test_when_a_count_was_sent_is_read_off_the_services_clock(tmp_path: Path) -> None:
    """The machine's clock is five hours ahead: its tomorrow is still the service's today."""
    machine = datetime(2026, 11, 1, 2, tzinfo=UTC)
    journal = open_journal(tmp_path / "j", machine.timestamp())
    journal.asking(JOB)
    journal.answered(JOB, Partial("7", at=machine - timedelta(hours=5)))
    held = replace(JOB, state=State.SUBMITTED, req_id="7")
    journal.answered(held, Success(Tally(5), at=machine - timedelta(hours=5)))
    journal.ended(replace(held, state=State.SUCCESS, tally=Tally(5)))
    later = open_journal(tmp_path / "j", machine.timestamp() + 7200)
    assert recall(later, JOB, fresh(date(2026, 11, 2))) == JOB


def test_a_long_answer_does_not_make_a_count_of_before_midnight_one_of_after(
    tmp_path: Path,
) -> None:
    """It left at 23:59:50 and was answered at 0:00:10: it may be a count of before midnight."""
    clock = [datetime(2026, 10, 31, 23, 59, 50, tzinfo=UTC).timestamp()]
    journal = Journal(tmp_path / "j", "acc", warn=fail, now=lambda: clock[0])
    journal.asking(JOB)
    clock[0] += 20
    journal.answered(JOB, Success(Tally(5), at=datetime(2026, 11, 1, 0, 0, 10, tzinfo=UTC)))
    journal.ended(replace(JOB, state=State.SUCCESS, tally=Tally(5)))
    assert recall(journal, JOB, fresh(date(2026, 11, 1))) == JOB


def test_a_count_says_when_the_service_took_it(tmp_path: Path) -> None:
    """What the journal gives is dated by it, not by when it was looked up."""
    taken = datetime(2026, 11, 5, 11, 30, tzinfo=UTC)
    journal = open_journal(tmp_path / "j")
    journal.asking(JOB)
    journal.ended(replace(JOB, state=State.SUCCESS, tally=Tally(5), counted=taken))
    job = recall(open_journal(tmp_path / "j", NOW + 60), JOB, fresh())
    assert (job.taken, job.counted) == (taken, taken)


@pytest.mark.parametrize(
    ("days_after", "age", "known"), [(7, 2, False), (8, 2, True), (8, 29, True), (8, 31, False)]
)
def test_days_that_are_over_stay_over(
    tmp_path: Path, days_after: int, age: int, known: bool
) -> None:
    """A week later nothing changes them: such a count is kept for a month, others for a day."""
    sent = datetime(2026, 10, 31, 12, tzinfo=UTC) + timedelta(days_after)
    counted(tmp_path / "j", sent.timestamp())
    later = sent + timedelta(age)
    freshness = replace(fresh(later.date()), settled_ttl=30 * 86400.0)
    job = recall(open_journal(tmp_path / "j", later.timestamp()), JOB, freshness)
    assert (job.state is State.SUCCESS) == known


@pytest.mark.parametrize("column", sorted({"asked", "sent", "ended", "counted", "took", "count"}))
@pytest.mark.parametrize(
    "value", [1e18, -1e18, float("inf"), "yesterday", b"\xff\x00", None, -5, 2.5, 2**62]
)
def test_no_value_in_the_journal_costs_a_count(tmp_path: Path, column: str, value: object) -> None:
    """Whatever stands there: it is asked anew, or answered by what can be believed."""
    counted(tmp_path / "j", NOW)
    journal = open_journal(tmp_path / "j", NOW + 60)
    assert journal._file is not None
    try:
        journal._file.read(f"UPDATE submissions SET {column} = ?", (value,))  # noqa: S608 # ours
    except JournalFileError:
        return  # SQLite refuses it: then it cannot stand there
    job = recall(journal, JOB, fresh())
    assert job == JOB or (job.tally is not None and job.tally.count >= 0)
    estimate, _ = expected([JOB] * 20, journal, Timing())
    assert 0 < estimate.low < estimate.high < 366 * 86400
    for cell in past_cells(tmp_path / "j", 10):
        assert len(history_frame([cell], lambda _: UTC)) == 1


@pytest.mark.parametrize("column", ["req_id", "state", "body", "text", "title", "key", "account"])
@pytest.mark.parametrize("value", [b"\xff\xfe", 5, "", "{", '{"from": 1e999}'])
def test_no_text_in_the_journal_costs_a_count(tmp_path: Path, column: str, value: object) -> None:
    """Nor `%ct resume`, nor `%ct history`."""
    journal = open_journal(tmp_path / "j")
    journal.asking(JOB)
    journal.answered(JOB, Partial("7"))
    assert journal._file is not None
    journal._file.read(f"UPDATE submissions SET {column} = ?", (value,))  # noqa: S608 # ours
    assert recall(journal, JOB, fresh()).state in (State.WAITING, State.SUBMITTED)
    assert len(pending_cells(journal)) <= 1
    assert len(history_frame(past_cells(tmp_path / "j", 10), lambda _: UTC)) == 1


BODY = '{"q": 1}'
OLD = """
CREATE TABLE asked (id INTEGER PRIMARY KEY, account TEXT NOT NULL, body TEXT NOT NULL,
    title TEXT NOT NULL, text TEXT NOT NULL, asked REAL NOT NULL, req_id TEXT,
    state TEXT NOT NULL, ended REAL, count INTEGER, events INTEGER, users INTEGER,
    devices INTEGER, error TEXT);
CREATE INDEX asked_by_question ON asked (account, body);
PRAGMA user_version = 1;
"""


def test_a_journal_of_an_older_version_is_read_as_before(tmp_path: Path) -> None:
    """Its counts and its pending ids answer, and new ones are written beside them."""
    body = '{"event_name": "Charged", "from": 20261030, "to": 20261031}'
    with closing(sqlite3.connect(tmp_path / "j")) as db:
        db.executescript(OLD)
        sql = "INSERT INTO asked VALUES (?,'acc',?,'t','Charged',?,?,?,?,?,9,NULL,NULL,NULL)"
        db.execute(sql, (1, BODY, NOW, "1", "success", NOW, 5))
        db.execute(sql, (2, body, NOW, "77", "submitted", None, None))
        db.commit()
    journal = open_journal(tmp_path / "j", NOW + 60)
    job = recall(journal, JOB, fresh())
    assert (job.tally, job.taken) == (Tally(5, 9), datetime.fromtimestamp(NOW, UTC))
    (cell,) = pending_cells(journal)
    assert [entry.req_id for entry in cell.entries.values()] == ["77"]
    assert (cell.plan.rows[0].event, cell.plan.rows[0].end) == ("Charged", DAY)
    journal.asking(replace(JOB, number=3))
    states = [cell.entries[0].state for cell in past_cells(tmp_path / "j", 10)]
    assert states == ["waiting", "submitted", "success"]


def test_a_first_use_waits_for_another(tmp_path: Path) -> None:
    """Turning a journal on needs the file alone, and SQLite gives up at once where it is not."""
    with closing(sqlite3.connect(tmp_path / "j", isolation_level=None)) as db:
        db.execute("CREATE TABLE other (x)")
    begun = threading.Event()

    def first() -> None:
        with closing(sqlite3.connect(tmp_path / "j", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("INSERT INTO other VALUES (1)")
            begun.set()
            time.sleep(0.1)  # as long as another kernel may take
            other.execute("COMMIT")

    thread = threading.Thread(target=first)
    thread.start()
    assert begun.wait(60)
    open_journal(tmp_path / "j").asking(JOB)
    thread.join()
    assert len(submissions(tmp_path / "j")) == 1


def test_a_lock_is_no_reason_to_remove_a_file(tmp_path: Path) -> None:
    """Whoever follows the advice must not lose what another kernel just wrote."""
    open_journal(tmp_path / "j")
    warned: list[str] = []
    with closing(sqlite3.connect(tmp_path / "j", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        journal = open_journal(tmp_path / "j", warn=warned.append)
        assert journal._file is not None
        journal._file._db.execute("PRAGMA busy_timeout = 0")
        journal.asking(JOB)
        other.execute("ROLLBACK")
    assert len(warned) == 1
    assert "another program holds it" in warned[0]
    assert "remove" not in warned[0]


def test_a_count_that_another_kernel_fetched_is_not_asked_again(tmp_path: Path) -> None:
    """Two kernels look at one id; the service gives its count once and then forgets it."""
    first, second = open_journal(tmp_path / "j"), open_journal(tmp_path / "j")
    first.asking(JOB)
    first.answered(JOB, Partial("7"))
    held = recall(second, JOB, fresh())
    assert held.req_id == "7"
    first.ended(replace(held, state=State.SUCCESS, tally=Tally(5)))
    assert second.answered(held, Forgotten("Invalid request id")) == Success(Tally(5))
    assert recall(open_journal(tmp_path / "j"), JOB, fresh()).tally == Tally(5)


def test_what_an_account_taught_is_its_own(tmp_path: Path) -> None:
    """The next kernel knows it, another account does not."""
    open_journal(tmp_path / "j").learn("limit", "3")
    open_journal(tmp_path / "j").learn("limit", "4")
    assert open_journal(tmp_path / "j").learned("limit") == "4"
    assert Journal(tmp_path / "j", "other", warn=fail, now=lambda: NOW).learned("limit") is None


def test_what_counts_took_is_kept_but_not_of_those_that_were_left_alone(tmp_path: Path) -> None:
    """A count that was fetched the next morning did not take a night."""
    journal = open_journal(tmp_path / "j")
    journal.asking(JOB)
    journal.answered(JOB, Partial("7"))
    journal.now = lambda: NOW + 4.5
    journal.ended(replace(JOB, state=State.SUCCESS, tally=Tally(5)))
    other = replace(JOB, number=1, question=replace(QUESTION, key="k2", body="{}"))
    journal.asking(other)
    journal.answered(other, Partial("8"))
    later = open_journal(tmp_path / "j", NOW + 40_000)
    held = recall(later, other, fresh())
    later.ended(replace(held, state=State.SUCCESS, tally=Tally(6)))
    assert later.latencies() == [4.5]


WITHOUT_SQLITE = """
import sys
sys.modules["_sqlite3"] = None
import warnings, ct_magic
from ct_magic.errors import JournalWarning
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    frame = ct_magic.count("App Launched 2026-10", poll_interval=0.01, progress="none")
assert list(frame["status"]) == ["success"]
assert [warning.category for warning in caught] == [JournalWarning], caught
"""
NO_HOME = """
import sys
sys.modules["pwd"] = None  # as where a container runs under a number that nobody has
import warnings, ct_magic
from ct_magic.errors import JournalWarning
warnings.simplefilter("error")
frame = ct_magic.count("App Launched 2026-10", poll_interval=0.01, progress="none")
assert list(frame["status"]) == ["success"]
assert ct_magic.api.history().empty
"""


@pytest.mark.parametrize("code", [WITHOUT_SQLITE, NO_HOME], ids=["no sqlite", "no home"])
def test_the_surroundings_may_be_missing(account: Sandbox, tmp_path: Path, code: str) -> None:
    """No SQLite in this Python; no home directory and an unknown user, warnings made errors."""
    root = str(Path(ct_magic.__file__).parent.parent)
    names = ("CLEVERTAP_ACCOUNT_ID", "CLEVERTAP_PASSCODE", "CLEVERTAP_BASE_URL", "PATH")
    env = {name: os.environ[name] for name in names} | {"PYTHONPATH": root}
    env["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    if code is WITHOUT_SQLITE:
        env["CT_MAGIC_STATE_DIR"] = str(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.glob("~*")), "a folder that is called like a home"


@pytest.mark.skipif(sys.platform != "linux", reason="each system has its own place")
def test_it_lies_in_the_users_state_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing else is named."""
    monkeypatch.delenv("CT_MAGIC_STATE_DIR", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert path() == tmp_path / "ct_magic" / "journal.sqlite"


def test_a_journal_of_years_answers_as_quickly_as_a_new_one(tmp_path: Path) -> None:
    """A question is found by its key, whatever else was asked."""
    file = JournalFile(tmp_path / "j")
    (first, *_) = file.read(f"EXPLAIN QUERY PLAN {OF_A_QUESTION}", ("a", "key", "body"))
    assert first["detail"].startswith("SEARCH submissions USING INDEX submissions_by_key")


@pytest.mark.parametrize("moved", ["~/x", "there"])
def test_the_state_directory_may_be_written_as_people_write_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: str
) -> None:
    """`~` is the home, not a folder of that name."""
    monkeypatch.setenv("CT_MAGIC_STATE_DIR", moved)
    file = path()
    assert file is not None
    assert file.is_absolute() == moved.startswith("~")
    assert file.parent.name == Path(moved).name
    assert "~" not in str(file)


def test_what_another_kernel_fetched_is_dated_as_it_was(tmp_path: Path) -> None:
    """The moment is that of the count, not that of whoever looks it up."""
    journal, taken = open_journal(tmp_path / "j"), datetime(2026, 11, 5, 11, tzinfo=UTC)
    journal.asking(JOB)
    journal.answered(JOB, Partial("7"))
    held = recall(open_journal(tmp_path / "j"), JOB, fresh())
    journal.ended(replace(held, state=State.SUCCESS, tally=Tally(5), counted=taken))
    answer = journal.answered(held, Forgotten("Invalid request id"))
    assert isinstance(answer, Success)
    assert answer.at == taken


def test_a_fork_in_the_middle_of_a_write_leaves_the_child_its_journal(tmp_path: Path) -> None:
    """It would find SQLite's own locks held by a thread that it has not: for ever."""
    file, inside, go_on = opened(tmp_path / "j"), threading.Event(), threading.Event()

    def held() -> str:
        inside.set()
        go_on.wait(60)
        return "parent"

    file._db.create_function("held", 0, held)
    insert = "INSERT OR REPLACE INTO account_facts VALUES ('a', 'limits', {})"
    step = (insert.format("held()"), ())
    thread = threading.Thread(target=lambda: file.write(step, step))
    thread.start()
    assert inside.wait(60)
    go_on.set()  # this thread goes on first: the other one is still inside when it forks
    if not (child := os.fork()):
        with suppress(BaseException):
            opened(tmp_path / "j").write((insert.format("'child'"), ()))
            os._exit(0)
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    thread.join()
    assert file.read("SELECT value FROM account_facts") == [{"value": "child"}]


OTHER = Job(0, replace(QUESTION, body="b", key="b"))


@pytest.mark.parametrize("second", [Partial("7"), Success(Tally(9), req_id="7")])
@pytest.mark.parametrize("is_counted", [False, True])
def test_an_id_that_two_cells_queries_get_is_nobodys(
    tmp_path: Path, second: Partial | Success, is_counted: bool
) -> None:
    """Something on the way answers every query alike: one count would be the other's."""
    heard: list[str] = []
    journal = open_journal(tmp_path / "j")
    for _ in range(2):  # the same query may be given its former id
        journal.asking(JOB)
        assert journal.answered(JOB, Partial("7")) == Partial("7")
    held = replace(JOB, state=State.SUBMITTED, req_id="7")
    if is_counted:
        journal.ended(replace(held, state=State.SUCCESS, tally=Tally(9)))
    later = open_journal(tmp_path / "j", warn=heard.append)
    later.asking(OTHER)
    assert later.answered(OTHER, second) == Shared("7")
    later.withdraw("7")
    assert recall(open_journal(tmp_path / "j"), JOB, fresh()) == JOB
    assert later.pending() == []
    assert ["the count of 't' may be wrong" in message for message in heard] == [True] * is_counted
    if not is_counted:
        assert journal.answered(held, Success(Tally(9))) == Shared("7"), "of the other kernel"
    later.asking(OTHER)
    assert later.answered(OTHER, Partial("7")) == Shared("7"), "it is nobody's for good"
    later.asking(OTHER)
    assert later.answered(OTHER, Partial("8")) == Partial("8")
    assert [(entry.body, entry.req_id) for entry in journal.pending()] == [("b", "8")]


def test_a_count_that_is_older_than_its_question_is_no_answer(tmp_path: Path) -> None:
    """A cache gives it; after a restart nobody but the journal knows when it was asked."""
    journal = open_journal(tmp_path / "j")
    journal.asking(JOB)
    journal.answered(JOB, Partial("7", at=datetime.fromtimestamp(NOW, UTC)))
    held = recall(later := open_journal(tmp_path / "j"), JOB, fresh())
    old = later.answered(held, Success(Tally(5), at=datetime.fromtimestamp(NOW - 30, UTC)))
    assert isinstance(old, Trouble)
    assert "answered by a cache" in old.error
    new = Success(Tally(5), at=datetime.fromtimestamp(NOW + 30, UTC))
    assert later.answered(held, new) == new


@pytest.mark.parametrize(
    ("body", "key", "is_its_own"),
    [
        (BODY, "k", True),  # the same question, whose key was its body
        (BODY, BODY, True),
        ('{"q": 2}', "k", False),
        ('{"q": 2}', '{"q": 2}', False),
    ],
)
def test_an_id_that_an_older_version_wrote_down_is_that_of_its_own_question(
    tmp_path: Path, body: str, key: str, is_its_own: bool
) -> None:
    """After an upgrade it is submitted again, and a service may give it its former id."""
    with closing(sqlite3.connect(tmp_path / "j")) as db:
        db.executescript(OLD)
        sql = "INSERT INTO asked VALUES (1,'acc',?,'t','x',?,'77','submitted',?,?,?,?,?,?)"
        db.execute(sql, (BODY, NOW, *(None,) * 6))
        db.commit()
    journal = open_journal(tmp_path / "j")
    job = Job(0, replace(QUESTION, body=body, key=key))
    journal.asking(job)
    assert journal.answered(job, Partial("77")) == (Partial("77") if is_its_own else Shared("77"))
