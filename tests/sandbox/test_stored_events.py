"""Exported events in a file of their own: loaded once, opened again, never somebody else's."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from ct_magic.errors import UsageError
from ct_magic.sandbox import Sandbox

BODY = {"event_name": "App Launched", "from": 20261001, "to": 20261001}


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """A folder with one exported event."""
    folder = tmp_path / "exported"
    folder.mkdir()
    add(folder, "a")
    return folder


def add(folder: Path, profile: str) -> None:
    event = {"eventName": "App Launched", "ts": "20261001120000", "objectId": profile}
    (folder / f"{profile}.json").write_text(json.dumps(event))


def counted(data: Path | None, db: Path | None, zone: str = "UTC") -> tuple[int, str, list[str]]:
    """Return the count, the data's identity, and what was said while it was loaded."""
    messages: list[str] = []
    box = Sandbox(data=data, db=db, say=messages.append, timezone=zone)
    result = box.count(BODY), str(box.schema()["data"]), messages
    box.stop()
    return result


def test_events_are_loaded_once(exported: Path, tmp_path: Path) -> None:
    """The second start reads nothing, with or without the folder's name, and counts the same."""
    db = tmp_path / "kept.duckdb"
    first = counted(exported, db)
    assert first[0] == 1
    assert "1 of 1 files" in first[2][-1]
    for data in (exported, None):
        second = counted(data, db)
        assert second[:2] == first[:2]
        assert second[2] == [f"{db}: opened as it was loaded before"]


def test_files_that_changed_are_loaded_again(exported: Path, tmp_path: Path) -> None:
    """A file more, one less, one that was written anew, and another time zone."""
    db = tmp_path / "kept.duckdb"
    identities = [counted(exported, db)[1]]
    add(exported, "b")
    assert counted(exported, db)[0] == 2
    identities.append(counted(exported, db)[1])
    (exported / "a.json").unlink()
    assert counted(exported, db)[0] == 1
    identities.append(counted(exported, db)[1])
    os.utime(exported / "b.json", (1, 1))
    assert "1 of 1 files" in counted(exported, db)[2][-1]
    identities.append(counted(exported, db, "Asia/Kolkata")[1])
    assert len(set(identities)) == 4


def test_a_load_that_was_cut_short_is_done_again(exported: Path, tmp_path: Path) -> None:
    """Half the events are never counted as all of them."""
    db = tmp_path / "kept.duckdb"
    (exported / "z.json").write_text("{}\n{")
    with pytest.raises(UsageError, match="no eventName"):
        counted(exported, db)
    with pytest.raises(UsageError, match="load them with --data"):
        counted(None, db)
    (exported / "z.json").unlink()
    assert counted(exported, db)[0] == 1


@pytest.mark.parametrize("rules", ["[", "[1, "])
def test_a_file_of_other_rules_is_loaded_again(exported: Path, tmp_path: Path, rules: str) -> None:
    """Older versions kept a profile twice, or what an earlier event said of it."""
    db = tmp_path / "kept.duckdb"
    first = counted(exported, db)
    with duckdb.connect(str(db)) as older:
        older.execute("INSERT INTO profiles SELECT * FROM profiles")
        older.execute("UPDATE ct_magic_source SET files = replace(files, '[2, ', ?)", [rules])
    with pytest.raises(UsageError, match="load them with --data"):
        counted(None, db)
    again = counted(exported, db)
    assert again[:2] == first[:2]
    assert "1 of 1 files" in again[2][-1]


def test_somebody_elses_database_is_left_alone(exported: Path, tmp_path: Path) -> None:
    """Nothing is dropped from it, and nothing written to it; nor to a file that is none."""
    foreign, text = tmp_path / "theirs.duckdb", tmp_path / "notes.txt"
    with duckdb.connect(str(foreign)) as db:
        db.execute("CREATE TABLE events AS SELECT 42 AS mine")
    text.write_text("my notes, which are longer than a header" * 200)
    with pytest.raises(UsageError, match="another database"):
        counted(exported, foreign)
    with duckdb.connect(str(foreign)) as db:
        assert db.execute("FROM events").fetchall() == [(42,)]
    with closing(sqlite3.connect(tmp_path / "other.sqlite")) as other:
        other.execute("CREATE TABLE events (mine)")
    # Of these DuckDB would fetch a part of its own from the internet to read the last.
    for file in (text, tmp_path / "other.sqlite"):
        before = file.read_bytes()
        with pytest.raises(UsageError, match="another database or file: --db takes one of its own"):
            counted(exported, file)
        assert file.read_bytes() == before


def test_a_time_zone_other_than_the_files_is_said(exported: Path, tmp_path: Path) -> None:
    """Its days were cut by another clock."""
    db = tmp_path / "kept.duckdb"
    counted(exported, db)
    with pytest.raises(UsageError, match="of time zone Asia/Kolkata, but of UTC"):
        counted(None, db, "Asia/Kolkata")


def test_without_a_name_the_file_is_gone_afterwards(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A team's events do not lie about in /tmp."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", None)
    assert counted(exported, None)[0] == 1
    assert list((tmp_path / "temporary").iterdir()) == []
