"""The journal has an end: a long list is kept once a cell, and what nothing can use is removed."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from helpers.journals import submissions
from helpers.plans import question, row

from ct_magic.client.jobs import Job, Partial, State, Tally
from ct_magic.client.journal import entries as plan_record
from ct_magic.client.journal.entries import (
    CellRecord,
    Parts,
    plan_from_json,
    plan_to_json,
)
from ct_magic.client.journal.freshness import Freshness, recalled
from ct_magic.client.journal.history import past_cells, texts_that_found
from ct_magic.client.journal.journal import Journal
from ct_magic.client.journal.store import JournalFile
from ct_magic.counting.resume import pending_cells
from ct_magic.results.tables import history_frame
from ct_magic.rows import Formula, Plan, Question

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp()
DAY = 86400.0
FRESH = Freshness(date(2026, 11, 30), UTC, DAY, settled_ttl=30 * DAY)


def opened(file: Path, now: float = NOW) -> Journal:
    return Journal(file, "acc", warn=pytest.fail, now=lambda: now)


def customers(n: int, kind: str = "cust-{}") -> list[str]:
    return [kind.format(10**9 + i) for i in range(n)]


def listing(ids: list[str], days: int) -> Plan:
    """What `Charged where id in (…) last 90 days by day` asks: only the days differ."""
    questions = []
    for n in range(days):
        day = date(2026, 11, 29) - timedelta(n)
        number = int(day.strftime("%Y%m%d"))
        where = [{"name": "id", "operator": "equals", "value": ids}]
        body = {"from": number, "event_properties": where, "to": number}
        text = f"Charged {day} where id in ({', '.join(map(json.dumps, ids))}) did E {day}"
        texts = {"text": text, "body": json.dumps(body), "key": json.dumps(body, sort_keys=True)}
        questions.append(Question(event="Charged", start=day, end=day, until=day, **texts))
    title = f"Charged where id in ({', '.join(map(json.dumps, ids))}) last {days} days by day"
    rows = [row(n, title, text=asked.text) for n, asked in enumerate(questions)]
    return Plan(tuple(rows), tuple(questions))


def asked(file: Path, plan: Plan, now: float = NOW, *, fetched: bool = True) -> None:
    journal = opened(file, now)
    journal.begin(CellRecord(secrets.token_hex(8), plan, "df"))
    for number, one in enumerate(plan.questions):
        job = Job(number, one)
        journal.asking(job)
        journal.answered(job, Partial(f"{now} {number}"))
        if fetched:
            journal.ended(replace(job, state=State.SUCCESS, tally=Tally(number)))


def size(path: Path) -> int:
    JournalFile(path).read("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size


@pytest.mark.parametrize(
    ("n", "days", "kind"),
    [
        (10_000, 90, "cust-{}"),
        (1000, 20, "{}"),
        (1000, 20, "{{{}}}"),
        (1000, 20, '"{}" \\ said'),
        (1000, 20, "a, {} (b)"),
        (1000, 20, "Zoë {} 東京"),
    ],
)
def test_a_list_of_thousands_of_customers_is_kept_once_a_cell(
    tmp_path: Path, n: int, days: int, kind: str
) -> None:
    """Ninety counts of ten thousand took 257 MB, and 178 more each time they were asked anew."""
    plan = listing(customers(n, kind), days)
    most = 200 * n + 20_000 * days
    asked(tmp_path / "j", plan)
    assert size(tmp_path / "j") < most < 5_000_000
    asked(tmp_path / "j", plan, NOW + 60)
    assert size(tmp_path / "j") < 2 * most
    jobs = recalled(plan, opened(tmp_path / "j", NOW + 99), FRESH)
    assert [job.tally for job in jobs] == [Tally(number) for number in range(days)]


def test_what_differs_in_one_of_many_values_is_another_question(tmp_path: Path) -> None:
    """It is found by a number that is short, and compared by its whole text."""
    ids = customers(2000)
    asked(tmp_path / "j", listing(ids, 2))
    for others in (ids[:-1], [*ids[:-1], "cust-0"], ids[::-1]):
        jobs = recalled(listing(others, 2), opened(tmp_path / "j"), FRESH)
        assert [job.state for job in jobs] == [State.WAITING] * 2


def test_two_questions_that_are_found_alike_are_told_apart(tmp_path: Path) -> None:
    """These two texts have one CRC-32."""
    alike = [question(text) for text in ("plumless", "buckeroo")]
    for number, one in enumerate(alike):
        asked(tmp_path / "j", Plan((row(0),), (one,)), NOW + number)
    for number, one in enumerate(alike):
        found = opened(tmp_path / "j", NOW + 9).found(one, FRESH)
        assert [(entry.text, entry.asked) for entry in found] == [(one.text, NOW + number)]


def test_a_pending_cell_with_a_long_list_is_resumed_whole(tmp_path: Path) -> None:
    """Its rows, their texts and their titles are those of the cell."""
    plan = listing(customers(3000), 3)
    asked(tmp_path / "j", plan, fetched=False)
    (cell,) = pending_cells(opened(tmp_path / "j"))
    assert (cell.plan.rows, cell.plan.questions) == (plan.rows, plan.questions)
    assert [entry.body for entry in cell.entries.values()] == [one.body for one in plan.questions]


def test_history_tells_a_long_list_short_and_finds_what_is_in_it(tmp_path: Path) -> None:
    """`%ct history` is a table to read; who looks for one customer finds the cell."""
    asked(tmp_path / "j", listing(customers(3000), 3))
    asked(tmp_path / "j", listing(["cust-7"], 1), NOW + 1)
    frame = history_frame(past_cells(tmp_path / "j", 10), lambda _: UTC)
    assert frame["counts"].tolist() == [1, 3]
    assert frame["text"].str.len().max() < 1000
    assert "…" in frame["title"].iloc[1]
    for holding, counts in ((customers(3000)[-1], [3]), ("cust-7", [1]), ("Charged", [1, 3])):
        assert [cell.counts for cell in past_cells(tmp_path / "j", 10, holding)] == counts


def test_tab_reads_no_query_of_thousands_of_values(tmp_path: Path) -> None:
    """The first Tab behind such a cell took 41 seconds."""
    for n, plan in enumerate([listing(customers(3000), 3), Plan((row(),), (question("E"),))]):
        asked(tmp_path / "j", plan, NOW + n)
        journal = opened(tmp_path / "j", NOW + 5)
        job = Job(0, question("F" * 5000))
        journal.asking(job)
        journal.ended(replace(job, state=State.SUCCESS, tally=Tally(1)))
    assert texts_that_found(tmp_path / "j", 300) == []
    job = Job(0, question("E"))
    journal.asking(job)
    journal.ended(replace(job, state=State.SUCCESS, tally=Tally(1)))
    assert texts_that_found(tmp_path / "j", 300) == ["E"]


@pytest.mark.parametrize(
    ("days", "settled_ttl", "customers_left", "cells_left"),
    [
        (29, 30, True, 2),
        (31, 30, False, 1),
        (31, 60, True, 2),
        (61, 60, False, 1),
        (401, 60, False, 0),
    ],
)
def test_what_nothing_can_use_any_more_is_removed(
    tmp_path: Path, days: int, settled_ttl: int, customers_left: bool, cells_left: int
) -> None:
    """Lists of customers once they can answer no more, the rest after more than a year."""
    asked(tmp_path / "j", listing(customers(500), 3))
    asked(tmp_path / "j", Plan((row(),), (question("short"),)))
    later = opened(tmp_path / "j", NOW + days * DAY)
    freshness = replace(FRESH, settled_ttl=settled_ttl * DAY)
    later.begin(CellRecord("later", Plan((row(),), (question(),))), freshness)
    left = [cell for cell in past_cells(tmp_path / "j", 10) if cell.variable == "df"]
    assert len(left) == cells_left
    file = JournalFile(tmp_path / "j")
    file.read("PRAGMA wal_checkpoint(TRUNCATE)")
    found = file.read("SELECT count(*) AS n FROM cell_questions")[0]["n"]
    assert found == 3 * customers_left + (cells_left > 0)
    content = b"".join(part.read_bytes() for part in tmp_path.iterdir())
    assert (customers(500)[77].encode() in content) == customers_left
    assert len(submissions(tmp_path / "j")) == found


def test_a_journal_takes_as_long_for_its_last_count_as_for_its_first(tmp_path: Path) -> None:
    """Ten thousand counts; and five hundred rows that are sums of thirty share their counts."""
    took = []
    for part in range(5):
        texts = [f"q{part} {n}" for n in range(2000)]
        rows = [row(n, "t", formula=Formula(tuple(range(4 * n, 4 * n + 30)))) for n in range(490)]
        plan = Plan(tuple(rows), tuple(map(question, texts)))
        moving = replace(
            plan, questions=tuple(replace(q, profiles_now=True) for q in plan.questions)
        )
        began = time.process_time()
        recalled(moving, opened(tmp_path / "j"), FRESH)
        asked(tmp_path / "j", moving)
        took.append(time.process_time() - began)
        assert all(job.state.ended for job in recalled(moving, opened(tmp_path / "j"), FRESH))
    assert min(took[-2:]) < 3 * took[0], took


@pytest.mark.parametrize("text", ["", "a", "x" * 5000, '"' * 5000, "[" * 5000, "1, " * 5000])
def test_every_text_comes_back_as_it_was(text: str) -> None:
    """Whatever stands in it; a part that is not there is no text."""
    parts = Parts()
    stored = [parts.stored(f"{lead}{text}{lead}") for lead in ("", "20261130 ", "20261201, ")]
    again = Parts(parts.texts)
    assert [again.read(one) for one in stored] == [
        text,
        f"20261130 {text}20261130 ",
        f"20261201, {text}20261201, ",
    ]
    assert [Parts().read(one) for one in (b"[0]", b"{", b"[[1]]", 5, None)] == [None] * 5


def test_a_plan_comes_back_as_it_was() -> None:
    """With its long texts, each of which is written once."""
    plan, parts = listing(customers(500), 4), Parts()
    written = plan_to_json(plan, parts)
    assert len(written) < 10 * plan_record._KEPT_ONCE
    assert plan_from_json(written, parts) == plan
    with pytest.raises(ValueError, match="no plan"):
        plan_from_json(written, Parts())
