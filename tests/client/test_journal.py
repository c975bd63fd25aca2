"""The journal: what is written is there after a crash, and trouble with it costs no count."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import ct_magic
from ct_magic.client.freshness import Freshness
from ct_magic.client.jobs import (
    Busy,
    Denied,
    Forgotten,
    Job,
    Partial,
    State,
    Tally,
    Trouble,
)
from ct_magic.client.journal import Journal
from ct_magic.client.journal_history import submissions
from ct_magic.errors import JournalWarning
from ct_magic.rows import Question
from ct_magic.sandbox import Sandbox

DAY = date(2026, 10, 31)
QUESTION = Question("t", "e", DAY, DAY, '{"q": 1}', '{"q": 1}', DAY)
JOB = Job(0, QUESTION)
NOW = datetime(2026, 11, 5, 12, tzinfo=UTC).timestamp()


def fail(message: str) -> None:
    raise AssertionError(message)


def journal(file: Path, now: float = NOW, warn: Callable[[str], None] = fail) -> Journal:
    return Journal(file, "acc", warn=warn, now=lambda: now)


def recall(kept: Journal, job: Job, freshness: Freshness) -> Job:
    """The job as the journal knows it, or as it is."""
    known = kept.find(job.question, freshness)
    return job if known is None else kept.taken(job, known)


def fresh(today: date = date(2026, 11, 5), ttl: float = 86400.0, zone: str = "UTC") -> Freshness:
    return Freshness(today, ZoneInfo(zone), ttl)


def counted(file: Path, at: float) -> None:
    kept = journal(file, at)
    kept.asking(JOB)
    kept.answered(JOB, Partial("123456789012345678901"))
    kept.ended(replace(JOB, state=State.SUCCESS, tally=Tally(5, 9)))


def test_an_id_is_there_for_the_next_kernel(tmp_path: Path) -> None:
    """Every digit of it, as soon as it came."""
    first = journal(tmp_path / "j")
    first.asking(JOB)
    first.answered(JOB, Partial("123456789012345678901"))
    found = recall(journal(tmp_path / "j"), JOB, fresh())
    assert (found.state, found.req_id) == (State.SUBMITTED, "123456789012345678901")


def test_a_submission_without_an_id_is_asked_again(tmp_path: Path) -> None:
    """Nobody can know whether it arrived."""
    journal(tmp_path / "j").asking(JOB)
    assert recall(journal(tmp_path / "j"), JOB, fresh()) == JOB


def test_another_account_or_another_query_is_another_question(tmp_path: Path) -> None:
    """Neither its id nor its count is taken."""
    counted(tmp_path / "j", NOW)
    other = Journal(tmp_path / "j", "other", warn=fail, now=lambda: NOW)
    assert recall(other, JOB, fresh()) == JOB
    asked = replace(JOB, question=replace(QUESTION, body='{"q": 2}', key='{"q": 2}'))
    assert recall(journal(tmp_path / "j"), asked, fresh()) == asked


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
    found = recall(journal(tmp_path / "j", now), JOB, freshness)
    assert (found.state is State.SUCCESS) == known
    if known:
        assert found.tally == Tally(5, 9)
        assert found.taken == taken


def test_a_count_that_was_sent_before_its_days_were_over_is_asked_anew(tmp_path: Path) -> None:
    """It arrived after midnight, and the service may have counted before."""
    evening = journal(tmp_path / "j", datetime(2026, 10, 31, 23, 59, tzinfo=UTC).timestamp())
    evening.asking(JOB)
    evening.answered(JOB, Partial("5"))
    after_midnight = journal(tmp_path / "j", datetime(2026, 11, 1, 0, 1, tzinfo=UTC).timestamp())
    again = recall(after_midnight, JOB, fresh(date(2026, 11, 1)))
    after_midnight.ended(replace(again, state=State.SUCCESS, tally=Tally(5, 9)))
    assert recall(after_midnight, JOB, fresh(date(2026, 11, 1))) == JOB


def test_a_count_that_is_too_old_is_asked_anew(tmp_path: Path) -> None:
    """A day unless set."""
    counted(tmp_path / "j", NOW)
    assert recall(journal(tmp_path / "j", NOW + 86_399), JOB, fresh()).state is State.SUCCESS
    assert recall(journal(tmp_path / "j", NOW + 86_401), JOB, fresh()) == JOB


def test_a_count_of_a_clock_that_went_ahead_is_not_believed(tmp_path: Path) -> None:
    """Set right again, it would else be answered from the journal until that day comes."""
    counted(tmp_path / "j", NOW + 30 * 86_400)
    assert recall(journal(tmp_path / "j", NOW), JOB, fresh()) == JOB


def test_a_count_of_a_clock_that_went_ahead_hides_no_other(tmp_path: Path) -> None:
    """Else nothing would be answered from the journal until that day comes."""
    counted(tmp_path / "j", NOW + 30 * 86_400)
    counted(tmp_path / "j", NOW)
    assert recall(journal(tmp_path / "j", NOW + 60), JOB, fresh()).state is State.SUCCESS


def test_a_forgotten_id_is_not_picked_up_again(tmp_path: Path) -> None:
    """Only a new submission helps."""
    kept = journal(tmp_path / "j")
    kept.asking(JOB)
    kept.answered(JOB, Partial("1"))
    kept.answered(JOB, Forgotten("Invalid request id"))
    assert recall(journal(tmp_path / "j"), JOB, fresh()) == JOB


def test_a_row_is_a_submission_and_a_refusal_is_none(tmp_path: Path) -> None:
    """After two 429, a 503 and an id, history shows the two that may have reached the service."""
    kept = journal(tmp_path / "j")
    for answer in (Busy("HTTP 429"), Busy("HTTP 429"), Trouble("HTTP 503"), Partial("1")):
        kept.asking(JOB)
        kept.answered(JOB, answer)
    kept.answered(replace(JOB, state=State.SUBMITTED, req_id="1"), Busy("HTTP 429"))
    kept.answered(replace(JOB, state=State.SUBMITTED, req_id="1"), Trouble("HTTP 503"))
    rows = [(row["state"], row["req_id"], row["error"]) for row in submissions(tmp_path / "j")]
    assert rows == [("unanswered", None, "HTTP 503"), ("submitted", "1", None)]


def test_a_wrong_passcode_costs_no_pending_id(tmp_path: Path) -> None:
    """Whoever types the right one finds it again."""
    kept = journal(tmp_path / "j")
    kept.asking(JOB)
    kept.answered(JOB, Partial("1"))
    held = replace(JOB, state=State.SUBMITTED, req_id="1")
    kept.answered(held, Denied("HTTP 401"))
    kept.ended(replace(held, state=State.FAILED, error="HTTP 401"))
    assert recall(journal(tmp_path / "j"), JOB, fresh()).req_id == "1"


def test_an_id_that_comes_after_a_wrong_passcode_is_kept(tmp_path: Path) -> None:
    """The other request was under way already; nothing else knows its id."""
    kept, other = journal(tmp_path / "j"), replace(JOB, number=1)
    kept.asking(JOB)
    kept.asking(other)
    kept.answered(JOB, Denied("HTTP 401"))
    kept.ended(replace(JOB, state=State.FAILED, error="HTTP 401"))
    kept.ended(replace(other, state=State.FAILED, error="not asked again: HTTP 401"))
    kept.answered(other, Partial("7"))
    assert [known.req_id for known in journal(tmp_path / "j").pending()] == ["7"]


# What ends a kernel takes a moment; a count in the background may arrive in it.
LEAVING = """
import atexit, pathlib, sys, test_journal
atexit.register(lambda: kept.answered(test_journal.JOB, test_journal.Partial("7")))
kept = test_journal.journal(pathlib.Path(sys.argv[1]))
kept.asking(test_journal.JOB)
"""


def test_an_id_that_comes_while_the_process_ends_is_kept(tmp_path: Path) -> None:
    """Nothing is sent twice, and nobody reads on the way out that the file is damaged."""
    done = subprocess.run(
        [sys.executable, "-c", LEAVING, str(tmp_path / "j")],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert [known.req_id for known in journal(tmp_path / "j").pending()] == ["7"]


def write(file: Path, first: int) -> None:
    kept = journal(file)
    for number in range(first, first + 200):
        job = replace(JOB, number=number)
        kept.asking(job)
        kept.answered(job, Partial(str(number)))


def test_several_processes_write_one_journal(tmp_path: Path) -> None:
    """Kernels do not wait for each other, and no row is lost."""
    here, file = Path(__file__).parent, str(tmp_path / "j")
    code = "import pathlib, sys, test_journal; test_journal.write(pathlib.Path(sys.argv[1]), %d)"
    writers = [
        subprocess.Popen([sys.executable, "-c", code % (n * 200), file], cwd=here) for n in range(3)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert sorted(int(row["req_id"]) for row in submissions(tmp_path / "j")) == list(range(600))


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Queries are nobody else's business."""
    journal(tmp_path / "deep" / "j").asking(JOB)
    for file in (tmp_path / "deep").iterdir():
        assert file.stat().st_mode & 0o077 == 0


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
        found = ct_magic.count("App Launched 2026-10", poll_interval=0.01, progress="none")
    assert found["status"].iloc[0] == "success"
    assert len(warned) == 1


def test_a_disk_that_fills_up_costs_a_warning_and_no_more(tmp_path: Path) -> None:
    """From then on nothing is written, nobody is told twice, and nobody removes the file."""
    said: list[str] = []
    kept = journal(tmp_path / "j", warn=said.append)
    assert kept._file is not None
    kept._file.write("PRAGMA max_page_count = 12")
    for number in range(500):
        kept.asking(replace(JOB, number=number))
    assert len(said) == 1
    assert "full; free some space" in said[0]
    assert "remove" not in said[0]


def test_no_passcode_is_ever_in_the_file(account: Sandbox, state: Path) -> None:
    """Nor anything else of the headers."""
    ct_magic.count("App Launched 2026-10", poll_interval=0.01, progress="none")
    stored = b"".join(file.read_bytes() for file in (state / "state").iterdir())
    assert b"App Launched" in stored
    assert b"sandbox" not in stored
