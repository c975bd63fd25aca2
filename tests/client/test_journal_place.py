"""Where the journal lies: what others can write is not read, and what is removed is missed."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from helpers.plans import question

import ct_magic
from ct_magic import errors
from ct_magic.client.jobs import Job, Partial
from ct_magic.client.journal.journal import Journal
from ct_magic.sandbox import Sandbox

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")


def link(file: Path) -> None:
    file.rename(file.with_name("elsewhere"))
    file.symlink_to(file.with_name("elsewhere"))


def give_away(path: Path) -> None:
    os.chown(path, 12345, -1)


def beside(end: str, mode: int) -> Callable[[Path], None]:
    """A file that SQLite would believe, which others can write, or a link (without a mode)."""

    def make(file: Path) -> None:
        place = file.with_name(file.name + end)
        place.unlink(missing_ok=True)
        if mode:
            place.touch()
            place.chmod(mode)
        else:
            place.symlink_to(file.with_name("elsewhere"))

    return make


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a file has no mode")
@pytest.mark.parametrize(
    ("change", "cure"),
    [
        (lambda file: file.parent.chmod(0o777), "run chmod go-w"),
        (lambda file: file.parent.chmod(0o1777), "run chmod go-w"),
        (lambda file: file.parent.chmod(0o770), "run chmod go-w"),
        (lambda file: file.chmod(0o666), "run chmod go-w"),
        (lambda file: file.chmod(0o620), "run chmod go-w"),
        (link, "it is a link"),
        (beside("-wal", 0o666), "run chmod go-w"),
        (beside("-journal", 0o620), "run chmod go-w"),
        (beside("-wal", 0), "it is a link"),
        (beside("-shm", 0), "it is a link"),
        pytest.param(give_away, "belongs to another user", marks=AS_ROOT),
        pytest.param(lambda f: give_away(f.parent), "belongs to another user", marks=AS_ROOT),
    ],
)
def test_a_journal_that_others_can_write_is_not_read(
    account: Sandbox, state: Path, change: Callable[[Path], None], cure: str
) -> None:
    """One row changed, and its number came as a count: one sentence, and no journal."""

    def asked() -> object:
        return ct_magic.count("App Launched 2026-10", poll_interval=0.01, progress="none")

    first, file = asked(), state / "state" / "journal.sqlite"
    with closing(sqlite3.connect(file)) as db:
        db.execute("UPDATE submissions SET count = 999999")
        db.commit()
    change(file)
    before = len(account.log)
    with pytest.warns(errors.JournalWarning, match=cure) as warned:
        again = asked()
    assert len(warned) == 1
    assert again["count"].equals(first["count"])  # type: ignore[index] # a DataFrame
    assert not again["cached"].any()  # type: ignore[index] # a DataFrame
    assert len(account.log) > before
    with pytest.raises(errors.JournalError, match=cure):
        ct_magic.api.history()


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("ALTER TABLE submissions DROP COLUMN error", "no such column: error"),
        ("ALTER TABLE cells DROP COLUMN titles", "no such column: titles"),
        ("ALTER TABLE cells RENAME TO others", "no such table: cells"),
    ],
)
def test_a_journal_whose_tables_are_others_costs_no_count(
    tmp_path: Path, sql: str, why: str
) -> None:
    """One sentence as it is opened; a row without one of its columns ended the cell."""
    shaped, warned = tmp_path / "shaped", list[str]()
    Journal(shaped, "acc", warn=pytest.fail, now=lambda: 1.0).asking(Job(0, question()))
    with closing(sqlite3.connect(shaped)) as db:
        db.execute(sql)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file = shutil.copy(shaped, tmp_path / "copy")
    journal = Journal(file, "acc", warn=warned.append, now=lambda: 1.0)
    assert journal.pending() == []
    assert why in "".join(warned)


@pytest.mark.parametrize("replaced", [False, True])
@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_journal_that_is_removed_while_a_cell_runs_is_missed(
    tmp_path: Path, what: str, replaced: bool
) -> None:
    """What is written into it now is lost: one sentence, and the next cell makes a new one."""
    file, warned = tmp_path / "state" / "j", list[str]()
    journal = Journal(file, "acc", warn=warned.append, now=lambda: 1.0)
    journal.asking(Job(0, question()))
    if what == "folder":
        shutil.rmtree(file.parent)
    else:
        file.unlink()
    if replaced:
        Journal(file, "acc", warn=pytest.fail, now=lambda: 1.0).asking(Job(0, question()))
    journal.answered(Job(0, question()), Partial("7"))
    journal.answered(Job(0, question()), Partial("8"))
    (message,) = warned
    assert "removed or replaced" in message
    assert "counts go on" in message
    later = Journal(file, "acc", warn=pytest.fail, now=lambda: 1.0)
    assert later.pending() == []
    later.asking(Job(0, question()))
    later.answered(Job(0, question()), Partial("9"))
    assert [entry.req_id for entry in later.pending()] == ["9"]
