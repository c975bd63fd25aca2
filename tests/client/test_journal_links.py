"""Whose submission is whose: a number is given out once, and no link outlives what it leads to."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from helpers.plans import question, row

from ct_magic.client.jobs import Busy, Job, Partial, State, Tally, Trouble
from ct_magic.client.journal.entries import CellRecord
from ct_magic.client.journal.history import past_cells
from ct_magic.client.journal.journal import Journal
from ct_magic.counting.resume import pending_cells
from ct_magic.results.tables import history_frame
from ct_magic.rows import Plan

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC).timestamp()
DAY = date(2026, 11, 1)


def opened(file: Path, account: str = "acc", now: float = NOW) -> Journal:
    return Journal(file, account, warn=pytest.fail, now=lambda: now)


def cell(name: str, *texts: str) -> CellRecord:
    rows = tuple(row(n, text) for n, text in enumerate(texts))
    return CellRecord(name, Plan(rows, tuple(map(question, texts))), f"of_{name}")


def begun(journal: Journal, record: CellRecord) -> list[Job]:
    """The jobs of a cell that has begun and sent them all."""
    journal.begin(record)
    jobs = [Job(number, asked) for number, asked in enumerate(record.plan.questions)]
    for job in jobs:
        journal.asking(job)
    return jobs


def counted(journal: Journal, job: Job, count: int) -> None:
    journal.answered(job, Partial(f"{job.question.text} {count}"))
    journal.ended(replace(job, state=State.SUCCESS, tally=Tally(count)))


@pytest.mark.parametrize("account", ["acc", "other"])
@pytest.mark.parametrize("later", [["a"], ["b"], ["b", "a", "c"]])
def test_a_cell_that_was_turned_away_has_no_count(
    tmp_path: Path, account: str, later: list[str]
) -> None:
    """Whoever is counted next, also of another account: nothing of it is the first cell's."""
    first = opened(tmp_path / "j")
    for job in begun(first, cell("first", "a", "b")):
        first.answered(job, Busy("HTTP 429"))
    second = opened(tmp_path / "j", account, NOW + 60)
    jobs = begun(second, cell("second", *later))
    for number, job in enumerate(jobs[1:], 5):
        counted(second, job, number)
    second.answered(jobs[0], Partial("7"))
    assert first.entries_of("first") == {}
    frame = history_frame(past_cells(tmp_path / "j", 10), lambda _: UTC)
    assert frame["title"].tolist() == ["; ".join(later), "a; b"]
    assert frame["state"].tolist()[1] == "not sent"
    assert frame["counts"].tolist() == [len(later), 2]
    assert frame["count"].isna().all()
    (found,) = pending_cells(second)
    assert (found.record.id, found.plan.rows[0].title) == ("second", later[0])


def test_a_query_that_was_tried_several_times_is_one_count_of_its_cell(tmp_path: Path) -> None:
    """Retries and refusals are not cells of their own; its last try says how it is."""
    journal = opened(tmp_path / "j")
    (job,) = begun(journal, cell("c", "a"))
    for answer in (Trouble("HTTP 503"), Busy("HTTP 429"), Trouble("HTTP 503")):
        journal.answered(job, answer)
        journal.asking(job)
    counted(journal, job, 5)
    frame = history_frame(past_cells(tmp_path / "j", 10), lambda _: UTC)
    assert frame[["counts", "state", "count", "error"]].values.tolist()[0][:3] == [1, "success", 5]
    assert frame["error"].isna().all()


def test_a_cell_bears_its_own_titles(tmp_path: Path) -> None:
    """What it took from another cell was asked under that one's label."""
    first, plan = opened(tmp_path / "j"), cell("first", "a").plan
    (job,) = begun(first, replace(cell("first", "a"), plan=replace(plan, rows=(row(0, "mine"),))))
    first.answered(job, Partial("7"))
    second = opened(tmp_path / "j", now=NOW + 60)
    second.taken(job, first.entries_of("first")[0])
    second.begin(cell("second", "a"))
    frame = history_frame(past_cells(tmp_path / "j", 10), lambda _: UTC)
    assert frame["title"].tolist() == ["a", "mine"]
    assert frame["req_id"].tolist() == ["7", "7"]


# As version 2 of the file was written.
VERSION_2 = """
CREATE TABLE asked (id INTEGER PRIMARY KEY, account TEXT NOT NULL, body TEXT NOT NULL,
    title TEXT NOT NULL, text TEXT NOT NULL, asked REAL NOT NULL, req_id TEXT,
    state TEXT NOT NULL, ended REAL, count INTEGER, events INTEGER, users INTEGER,
    devices INTEGER, error TEXT, key TEXT, sent REAL, counted REAL, took REAL);
CREATE INDEX asked_by_question ON asked (account, body);
CREATE INDEX asked_by_key ON asked (account, key);
CREATE TABLE cells (id TEXT PRIMARY KEY, account TEXT NOT NULL, began REAL NOT NULL,
    variable TEXT, zone TEXT, plan TEXT NOT NULL);
CREATE TABLE needed (cell TEXT NOT NULL, question INTEGER NOT NULL, asked INTEGER NOT NULL,
    PRIMARY KEY (cell, question)) WITHOUT ROWID;
CREATE INDEX needed_by_asked ON needed (asked);
CREATE TABLE learned (account TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (account, name)) WITHOUT ROWID;
PRAGMA user_version = 2;
"""


class Old:
    """A journal of version 2, whose numbers of submissions may be given out twice."""

    def __init__(self, file: Path) -> None:
        self.db = sqlite3.connect(file, isolation_level=None)
        self.db.executescript(VERSION_2)

    def cell(self, name: str, began: float, texts: str, account: str = "acc") -> None:
        """A cell with a row for each of these letters."""
        days = {"start": "2026-11-01", "end": "2026-11-01"}
        rows = [
            {"number": n, "statement": 0, "title": t, "text": t, "event": "e", **days}
            | {"formula": {"plus": [n], "minus": []}}
            for n, t in enumerate(texts)
        ]
        asked = [
            {"text": t, "event": "e", **days, "body": t, "key": t, "until": "2026-11-01"}
            for t in texts
        ]
        plan = json.dumps({"rows": rows, "questions": asked})
        values = (name, account, began, f"of_{name}", None, plan)
        self.db.execute("INSERT INTO cells VALUES (?,?,?,?,?,?)", values)

    def asked(self, text: str, at: float, state: str, account: str = "acc") -> int:
        """A submission; 99 is its count, and its letter its id."""
        counted = (at + 1, 99) if state == "success" else (None, None)
        values = (account, text, text, text, text, at, text, state, *counted, at, counted[0])
        sql = (
            "INSERT INTO asked (account, body, key, title, text, asked, req_id, state, ended,"
            " count, sent, counted) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"
        )
        return self.db.execute(sql, values).lastrowid or 0

    def needed(self, cell: str, question: int, submission: int) -> None:
        """A link, right or stale."""
        self.db.execute("INSERT INTO needed VALUES (?,?,?)", (cell, question, submission))


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Old]:
    """An empty journal of version 2."""
    journal = Old(tmp_path / "j")
    with closing(journal.db):
        yield journal


@pytest.mark.parametrize(
    ("stale", "true", "account", "is_sure"),
    [
        ("a", "b", "acc", True),  # another question
        ("a", "a", "other", True),  # another account's
        ("a", "a", "acc", False),  # the same question: whose it is cannot be told
    ],
)
@pytest.mark.parametrize("state", ["success", "submitted"])
def test_a_link_of_an_older_version_to_anothers_submission_is_dropped(
    old: Old, tmp_path: Path, stale: str, true: str, account: str, is_sure: bool, state: str
) -> None:
    """Its number had been given out twice; the row of the first cell stays empty."""
    old.cell("turned away", NOW, stale)
    old.cell("true", NOW + 60, true, account)
    number = old.asked(true, NOW + 61, state, account)
    old.needed("turned away", 0, number)
    old.needed("true", 0, number)
    journal = opened(tmp_path / "j", account, NOW + 90)
    assert opened(tmp_path / "j").entries_of("turned away") == {}
    assert [entry.text for entry in journal.entries_of("true").values()] == [true] * is_sure
    names = [cell.record.variable for cell in pending_cells(journal)]
    assert names == ["of_true"] * (is_sure and state == "submitted")
    cells = past_cells(tmp_path / "j", 10)
    assert [c.entries for c in cells if c.variable == "of_turned away"] == [()]


def test_what_an_older_version_took_from_an_earlier_cell_is_kept(old: Old, tmp_path: Path) -> None:
    """A link to what was there before the cell began can be no other's."""
    old.cell("first", NOW, "ab")
    numbers = [old.asked(text, NOW + 1, "success") for text in "ab"]
    for question_number, number in enumerate(numbers):
        old.needed("first", question_number, number)
    old.cell("second", NOW + 60, "b")
    old.needed("second", 0, numbers[1])
    journal = opened(tmp_path / "j")
    assert [entry.id for entry in journal.entries_of("first").values()] == numbers
    assert [entry.id for entry in journal.entries_of("second").values()] == [numbers[1]]
    assert {entry.cell for entry in journal.entries_of("second").values()} == {"first"}


def test_the_tries_that_an_older_version_wrote_down_are_those_of_their_cell(
    old: Old, tmp_path: Path
) -> None:
    """Each was a row of its own in `%ct history`."""
    old.cell("c", NOW, "a")
    old.asked("a", NOW + 1, "unanswered")
    old.asked("a", NOW + 2, "forgotten")
    old.needed("c", 0, old.asked("a", NOW + 3, "success"))
    (found,) = past_cells(tmp_path / "j", 10)
    assert [entry.state for entry in found.entries] == ["success"]


@pytest.mark.parametrize("plan", ["", "{", "[]", '{"rows": 5}', '{"rows": [], "questions": [{}]}'])
def test_an_older_cell_that_cannot_be_read_costs_no_journal(
    old: Old, tmp_path: Path, plan: str
) -> None:
    """Its links lead nowhere, and what it asked is a cell of its own."""
    old.cell("c", NOW, "a")
    old.db.execute("UPDATE cells SET plan = ?", (plan,))
    old.needed("c", 0, old.asked("a", NOW + 1, "success"))
    old.needed("gone", 3, 17)
    assert opened(tmp_path / "j").entries_of("c") == {}
    counts = [[e.tally and e.tally.count for e in c.entries] for c in past_cells(tmp_path / "j", 9)]
    assert counts == [[99], []]


def test_a_number_is_never_given_out_twice(old: Old, tmp_path: Path) -> None:
    """Not even that of a submission which an older version took away."""
    numbers = [old.asked(text, NOW, "success") for text in "abc"]
    old.db.execute("DELETE FROM asked WHERE id = ?", (numbers[-1],))
    journal, jobs = opened(tmp_path / "j"), [Job(n, question(f"q{n}")) for n in range(3)]
    for job in jobs:
        journal.asking(job)
    seen = set(journal._rows.values())
    journal.answered(jobs[-1], Busy("HTTP 429"))
    journal.asking(jobs[-1])
    assert len(seen | set(journal._rows.values())) == 4


@pytest.mark.parametrize("is_sent_again", [False, True])
def test_a_count_that_comes_after_its_id_was_withdrawn_is_not_kept(
    tmp_path: Path, is_sent_again: bool
) -> None:
    """Another thread found meanwhile that two queries have its id; it may be sent anew by then."""
    journal = opened(tmp_path / "j")
    (job,) = begun(journal, cell("c", "a"))
    journal.answered(job, Partial("7"))
    journal.withdraw("7")
    if is_sent_again:
        journal.asking(job)
    journal.ended(replace(job, state=State.SUCCESS, req_id="7", tally=Tally(66)))
    assert [entry.tally for entry in journal.entries_of("c").values()] == [None]
