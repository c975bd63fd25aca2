"""A plan's rows over its distinct questions, against sets of people and against each other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest
from helpers import plain_counts
from helpers.engines import generated
from helpers.evaluated import Count, compare, planned, results_of
from helpers.length import amount
from helpers.plain_counts import Data
from helpers.random_statements import Statements

from ct_magic import QueryError
from ct_magic.planning.row_results import RowResult
from ct_magic.query.model import JsonQuery, Query
from ct_magic.query.parser import parse, read_cell, statements
from ct_magic.query.payload import from_payload, key
from ct_magic.query.printer import to_text
from ct_magic.rows import Row
from ct_magic.sandbox.engine import Engine

TODAY = date(2026, 11, 23)
STATEMENTS = 9


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """The sandbox's own data, small."""
    with generated(900, 7) as engine:
        yield engine


@pytest.fixture(scope="module")
def data(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Data:
    """The same data as plain rows."""
    folder = tmp_path_factory.mktemp("plain")
    engine.export(folder)
    tables = (pq.read_table(Path(folder, f"{name}.parquet")) for name in ("events", "profiles"))
    return plain_counts.read(*(table.to_pylist() for table in tables), ZoneInfo("UTC"))


def rows(text: str, count: Count) -> tuple[RowResult, ...]:
    """The rows of a cell, all of whose counts have arrived."""
    return results_of(list(statements(text, today=TODAY)), count, TODAY)


SEEDS = range(18, 18 + amount(4, long=40))  # the first has people on both sides of an `or`


@pytest.mark.parametrize("seed", SEEDS)
def test_every_row_equals_what_sets_of_people_say(engine: Engine, data: Data, seed: int) -> None:
    """Statements of every kind; `python tests/evaluate_statements.py 3000` tries more of them."""
    compared = compare(engine.count, data, TODAY, STATEMENTS, seed)
    assert not compared.wrong, compared.wrong[0]
    assert compared.nonempty, "rows that find nobody prove little"
    assert compared.refused < compared.statements


def test_each_distinct_count_is_one_question_and_rows_are_formulas_over_them() -> None:
    """No question is there twice, none is there for nothing, and first needs come first."""
    makes = Statements(Random(5), TODAY)
    for _ in range(60):
        cell = [makes.statement() for _ in range(makes.random.randint(1, 3))]
        try:
            plan = planned([*cell, cell[0]], TODAY)
        except QueryError:
            continue
        keys = [question.key for question in plan.questions]
        assert len(set(keys)) == len(keys)
        needed = [number for row in plan.rows for number in row.questions]
        assert list(dict.fromkeys(needed)) == list(range(len(keys)))
        for question in plan.questions:
            assert key(from_payload(json.loads(question.body))) == question.key
        first, repeated = (
            [row for row in plan.rows if row.statement == number] for number in (0, len(cell))
        )
        assert [(r.formula, r.previous) for r in first] == [
            (r.formula, r.previous) for r in repeated
        ]
        assert [distances(row) for row in first] == [distances(row) for row in repeated]


def distances(row: Row) -> list[int | None]:
    """How far before a row stand the rows that it is compared with, and counted among."""
    return [None if other is None else row.number - other for other in (row.base, row.within)]


def test_a_statement_that_was_printed_plans_the_same() -> None:
    """Random statements of every kind are sayable, and the text says all that the plan needs."""
    makes = Statements(Random(2), TODAY)
    tried = 0
    while tried < 60:
        statement = makes.statement()
        try:
            plan = planned([statement], TODAY)
        except QueryError:
            continue
        tried += 1
        (back,) = statements(to_text(statement), today=TODAY)
        assert back == statement
        replanned = planned([back], TODAY)
        rows = [(row.formula, row.previous, row.pieces, row.step) for row in plan.rows]
        assert rows == [(row.formula, row.previous, row.pieces, row.step) for row in replanned.rows]
        assert [q.key for q in plan.questions] == [q.key for q in replanned.questions]


def test_asking_each_statement_alone_gives_the_same_rows(engine: Engine) -> None:
    """That a count is shared changes no number."""
    makes = Statements(Random(8), TODAY)
    cell: list[Query | JsonQuery] = []
    while len(cell) < 8:
        statement = makes.statement()
        try:
            planned([statement], TODAY)
        except QueryError:
            continue
        cell.append(statement)
    together = [row.count for row in results_of(cell, engine.count, TODAY)]
    alone = [
        row.count for statement in cell for row in results_of([statement], engine.count, TODAY)
    ]
    assert together == alone


def test_steps_never_rise_and_shares_are_at_most_one(engine: Engine) -> None:
    """A step is counted inside those before it."""
    text = """App Launched last 60 days
      share did Product Viewed
      share did Added To Cart where Category in ("Shoes", "Bags")
      share did not App Uninstalled
      share did any (Charged, Notification Clicked) >= 2
      by profile.Customer Type in ("Silver", "Gold")"""
    results = rows(text, engine.count)
    for first in (0, 5):
        counts = [row.count or 0 for row in results[first : first + 5]]
        assert counts == sorted(counts, reverse=True)
        assert counts[0] > counts[-1]
    assert all(row.share is not None and 0 <= row.share <= 1 for row in results)
    assert [row.row.within for row in results[5:]] == [None, 5, 6, 7, 8]


@pytest.mark.parametrize("unit", ["day", "week", "month"])
@pytest.mark.parametrize(
    "filter_text", ["", "where Amount > 50", 'where Category = "Shoes" or Amount > 100']
)
def test_the_pieces_of_by_first_add_up(engine: Engine, unit: str, filter_text: str) -> None:
    """Each profile stands in one of them."""
    (whole,) = rows(f"Charged {filter_text} 2026-09-03..2026-11-22", engine.count)
    pieces = rows(f"Charged {filter_text} 2026-09-03..2026-11-22 by first {unit}", engine.count)
    assert sum(row.count or 0 for row in pieces) == whole.count
    assert whole.count


def test_an_or_commutes_absorbs_and_is_no_more_than_its_parts(engine: Engine) -> None:
    """Of event filters and of profile filters alike."""
    pairs = [
        ("Amount > 100", 'Category = "Shoes"'),
        ('profile.Customer Type = "Gold"', 'tech.OS = "iOS"'),
        ('profile.Customer Type = "Gold" and Amount > 20', 'Category = "Bags"'),
    ]
    for p, q in pairs:
        wheres = [f"{p} or {q}", f"{q} or {p}", f"{p} or {q} or ({p}) and ({q})", p, q]
        text = "\n".join(f"r{n}: Charged where {w} last 90 days" for n, w in enumerate(wheres))
        both, turned, absorbed, first, second = (row.count or 0 for row in rows(text, engine.count))
        assert both == turned == absorbed
        assert max(first, second) < both <= first + second


def test_a_period_against_itself_has_no_change(engine: Engine) -> None:
    """One question serves both."""
    for period in ("2026-10", "last 7 days", "2026-09-01..2026-11-15", "last week"):
        for by in ("", "by Category in ('Shoes', 'Bags')", "by day"):
            text = f"Charged {period} vs {period} {by}"
            results = rows(text, engine.count)
            assert all(row.count == row.previous for row in results)
            assert {row.change for row in results} <= {0.0, None}
            assert all(row.change == 0 for row in results if row.count)


def test_a_row_says_what_it_counts() -> None:
    """Titles, texts and days as the DataFrame shows them."""
    cell = read_cell(
        "funnel: App Installed last 2 weeks\n  share did Charged\n  by week\n"
        "Charged where A > 1 or B > 2 today",
        today=TODAY,
    )
    plan = planned(list(cell.statements), TODAY)
    shown = [(row.number, row.statement, row.title, row.step, row.base) for row in plan.rows]
    assert shown == [
        (0, 0, "funnel", "App Installed", 0),
        (1, 0, "funnel", "did Charged", 0),
        (2, 0, "funnel", "App Installed", 2),
        (3, 0, "funnel", "did Charged", 2),
        (4, 1, "Charged where A > 1 or B > 2 today", None, None),
    ]
    assert plan.rows[1].text == "App Installed 2026-11-09..2026-11-15 did Charged"
    assert plan.rows[4].text == "Charged where A > 1 or B > 2 2026-11-23"
    assert [row.has_events for row in plan.rows] == [True] * 4 + [False]
    assert plan.notes == ("whole weeks: 2026-11-09 to 2026-11-22",)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("Charged", "no period given: the last 30 days"),
        ("Charged last 2 months by month", "whole months: 2026-09-01 to 2026-10-31"),
        ("Charged 2026-02 vs previous by day", "3 days of the longer other period left out"),
        ("Charged 2026-10 vs previous by day", "1 day without a partner"),
        ("Charged last 7 days vs last month", "no change: 7 days against 31"),
        ("Charged 2026-11 did A by first week", "do not add up"),
    ],
)
def test_the_panel_is_told_what_the_words_do_not_say(text: str, note: str) -> None:
    """Days that are not those of the same words elsewhere, and what has no number."""
    (plan_note,) = planned(list(statements(text, today=TODAY)), TODAY).notes
    assert note in plan_note


def test_the_latest_day_of_a_question_is_that_of_all_its_parts() -> None:
    """Before it is over, the count may still change."""
    plan = planned(
        list(statements("A 2026-01 did B today did not C 2026-12-01", today=TODAY)), TODAY
    )
    assert [question.until for question in plan.questions] == [date(2026, 12, 1)]


def test_what_parse_gives_is_what_is_asked() -> None:
    """The public list of single counts and the questions of the plan are the same."""
    text = "a: Charged where A > 1 or tech.B = 2 last 2 weeks vs previous by week"
    queries: list[Any] = [replace(query, label=None) for query in parse(text, today=TODAY)]
    plan = planned(list(statements(text, today=TODAY)), TODAY)
    assert [key(query) for query in queries] == [question.key for question in plan.questions]
    assert len(queries) == 12
    formulas = [row.formula for row in plan.rows if row.formula]
    assert [(f.plus, f.minus) for f in formulas] == [((0, 1), (2,)), ((6, 7), (8,))]


INNER = '{"event_name": "A", "from": 20260901, "to": 20260930%s}'


@pytest.mark.parametrize(
    "advanced",
    [
        '{"did_all": [{"event_name": "B"}]}',
        '{"did_all": [{"event_name": "B", "from": 20260801}]}',
        '{"did_all": [{"event_name": "B", "to": 20260801}]}',
        '{"did_none": [{"event_name": "B", "from": 20260801, "to": "2026-08-31"}]}',
        '{"did_none": [{"event_name": "B", "from": 20260801, "to": 20260832}]}',
        '{"did_any": {"any_events": [{"event_name": "B", "from": 1, "to": null}], "value": 1}}',
        '{"did_any": [{"event_name": "B", "from": 20260801, "to": 20260831}]}',
        '{"did_all": {"event_name": "B", "from": 20260801, "to": 20260831}}',
        '{"did_any": {"events": [{"event_name": "B", "from": 20260801, "to": 20271231}]}}',
        '{"did_any": {"any_events": [], "days": 900}}',
        '{"did_none": [{"event_name": "B", "from": 20260801, "to": 20260831, "days": 900}]}',
        '{"did_all": [{"event_name": "B", "from": 20260801, "to": 20260831, "days": 5}]}',
        '{"did_most": [{"event_name": "B", "from": 20260801, "to": 20271231}]}',
        '{"did_all": "B"}',
        '{"did_all": 5}',
        '["B"]',
        '"B"',
    ],
)
def test_json_whose_inner_days_cannot_be_read_is_never_over(advanced: str) -> None:
    """Who knows what the service makes of it: no count of it is kept for its days."""
    (question,) = planned([*statements(INNER % f', "advanced_query": {advanced}')], TODAY).questions
    assert question.until == date.max


@pytest.mark.parametrize(
    ("text", "is_of_now"),
    [
        ("A where b = 1 and session.first_time = true @", False),
        ("A @ did B where c = 2 did not C did any (D, E) >= 2", False),
        ("A where profile.p = 1 @", True),
        ("A where tech.OS = 'iOS' @", True),
        ("A where app.Make = 'x' @", True),
        ("A where demographics.Gender = 'Female' @", True),
        ("A where reachability.has_token = true @", True),
        ("A where geo = 'India' @", True),
        ("A @ by tech.OS in ('iOS')", True),
        ("A @ by geo in ('India')", True),
        ("A where profile.p = 1 or profile.p = 2 @", True),
        (INNER % "", False),
        (INNER % ', "operator": "equals", "value": 2', False),
        (INNER % ', "advanced_query": null', False),
        (INNER % ', "common_profile_properties": {"geo_radius": [[1, 2, 3]]}', True),
        (INNER % ', "segment": 5', True),
        (INNER % ', "advanced_query": {"did_every": []}', True),
        (
            INNER % ', "advanced_query": {"did_all": [{"event_name": "B", "from": 20260801, '
            '"to": 20260831, "profile_fields": []}]}',
            True,
        ),
    ],
)
def test_a_count_knows_whether_it_speaks_of_profiles_as_they_are_now(
    text: str, is_of_now: bool
) -> None:
    """What speaks of events alone settles; what is not known to do so may change for ever."""
    text = text.replace("'", '"').replace("@", "2026-09")
    questions = planned([*statements(text, today=TODAY)], TODAY).questions
    assert {question.profiles_now for question in questions} == {is_of_now}


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("App Launched today by hour", 11),
        ("App Launched today by day, hour", 11),
        ("App Launched yesterday..today by day, hour", 24 + 11),
        ("App Launched yesterday by hour", 24),
        ("App Launched last 7 days by hour", 24),
        ("App Launched today by hour in (1, 23)", 2),
    ],
)
def test_hours_of_today_that_are_not_over_are_not_yet(text: str, asked: int) -> None:
    """At 11:15 eleven hours are over; an axis of values called `hour` is no clock."""
    text = text.replace("by hour in", 'by "hour" in')
    rows = read_cell(text, today=TODAY, hours=11).plan.rows
    assert sum(row.formula is not None for row in rows) == asked
