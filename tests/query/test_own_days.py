"""Own days, `share where`, `vs` before the steps: what their words mean, and what they refuse."""

import json
import logging
import re
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import lark
import pytest
from helpers.language_inputs import check_error, check_statement

import ct_magic
from ct_magic import QueryError
from ct_magic.query.model import DidAny, OwnDays, Query, ShareWhere
from ct_magic.query.parser import read_cell, statements
from ct_magic.query.printer import to_text

TODAY = date(2026, 11, 23)
HERE = Path(__file__).parent
PARTS: dict[str, object] = {
    "real": ct_magic.condition('geo = "India" and session.utm_source != "test"'),
    "paid": ct_magic.condition("Amount > 500 or Coupon exists"),
    "big": ct_magic.event("Charged where Amount > 500"),
    "loyal": ct_magic.event("Charged where Amount > 500 last 90 days >= 2"),
    "floor": 500,
}
BROKEN = json.loads((HERE / "own-days-broken.json").read_text("utf-8"))["cells"]
EXAMPLES = json.loads((HERE / "own-days-examples.json").read_text("utf-8"))["examples"]


def read(text: str) -> Query:
    (query,) = statements(text, today=TODAY)
    assert isinstance(query, Query)
    return query


def message(text: str) -> str:
    with pytest.raises(QueryError) as caught:
        statements(text, PARTS, TODAY)
    check_error(text, caught.value)
    return caught.value.message


@pytest.mark.parametrize(
    ("typed", "windows", "printed"),
    [
        ("within 7 days", [(0, 6)], "within 7 days"),
        ("within 1 week", [(0, 6)], "within 7 days"),
        ("within 2 weeks", [(0, 13)], "within 14 days"),
        ("within 1, 2 weeks", [(0, 6), (0, 13)], "within 7, 14 days"),
        ("within 7, 1, 30 days", [(0, 6), (0, 0), (0, 29)], "within 7, 1, 30 days"),
        ("within 1 day", [(0, 0)], "on day 0"),
        ("on day 7", [(7, 7)], "on day 7"),
        ("on days 7", [(7, 7)], "on day 7"),
        ("on day 0", [(0, 0)], "on day 0"),
        ("on day 1, 7, 30", [(1, 1), (7, 7), (30, 30)], "on day 1, 7, 30"),
        ("on day 30, 1", [(30, 30), (1, 1)], "on day 30, 1"),
        ("on days 1..30", [(1, 30)], "on days 1..30"),
        ("on days 0..6", [(0, 6)], "within 7 days"),
        ("on day 0..6, 0..13", [(0, 6), (0, 13)], "within 7, 14 days"),
        ("on days 0, 0..6", [(0, 0), (0, 6)], "within 1, 7 days"),
        ("on days 0..6, 7", [(0, 6), (7, 7)], "on days 0..6, 7"),
        ("on days 0..6, 1..6", [(0, 6), (1, 6)], "on days 0..6, 1..6"),
        ("on days 7..13, 14..20", [(7, 13), (14, 20)], "on days 7..13, 14..20"),
        ("on days 7..7", [(7, 7)], "on day 7"),
        ("on day 3650", [(3650, 3650)], "on day 3650"),
        ("within 3651 days", [(0, 3650)], "within 3651 days"),
    ],
)
@pytest.mark.parametrize("often", ["", " >= 2"])
def test_each_window_has_one_spelling(
    typed: str, windows: list[tuple[int, int]], printed: str, often: str
) -> None:
    """In days and in the order typed: `within` where all begin with day 0 and one is longer."""
    window = OwnDays(tuple(windows))
    for step, number in (("did B where x = 1", often), ("did not B", "")):
        query = read(f"A share {step} {typed}{number}")
        assert query.steps[0].window == window
        assert to_text(query) == f"A share {step} {printed}{number}"
        check_statement(query)
    query = read(f"A share did any (B, C last 7 days) {typed}{often}")
    (step,) = query.steps
    assert isinstance(step, DidAny)
    assert step.window == window
    assert to_text(query) == f"A share did any (B, C last 7 days) {printed}{often}"
    check_statement(query)


@pytest.mark.parametrize(
    "name", ["within", "Charged within", "within reach", "Trip within City", "on within"]
)
def test_within_is_a_name_where_no_number_follows(name: str) -> None:
    """And before a date; so no cell that was right is read in another way."""
    quoted = f'"{name}"' if name in ("Trip within City", "on within") else name
    for rest in ("last 7 days", "20261107", "2026-11", "where within = 7 today", "$day"):
        (query,) = statements(f"{quoted} {rest} did {quoted} {rest}", {"day": TODAY}, TODAY)
        assert isinstance(query, Query)
        assert query.event.name == name
        check_statement(query)


def test_vs_is_behind_the_period_or_behind_the_steps() -> None:
    """It is printed behind them."""
    for clauses in ("share did B within 7 days", "did B share where x = 1", "did not B"):
        first = read(f"A last 4 weeks vs previous {clauses} by first week")
        last = read(f"A last 4 weeks {clauses} vs previous by first week")
        assert first == last
        assert to_text(first) == f"A last 4 weeks {clauses} vs previous by first week"
    assert "found 'vs'" in message("A vs previous share did B vs previous")


def test_share_where_is_a_step_with_a_condition() -> None:
    """Brackets and `or` as in the base's `where`; before or behind the other steps."""
    query = read("A share where (x = 1 or tech.OS = 'iOS') and y exists share did B by week")
    step = query.steps[0]
    assert isinstance(step, ShareWhere)
    assert to_text(query) == (
        'A share where (x = 1 or tech.OS = "iOS") and y exists share did B by week'
    )
    for text in (
        'A share where geo in ("India", "Oman")',
        "A share did B share where x in 1..5",
        'A where geo = "Oman" share where session.time_of_day in 09:00..11:59',
        "A did C share did B share where x = 1 and y = 2 or z = 3 vs previous",
    ):
        check_statement(read(text))
        assert to_text(read(text)) == text


@pytest.mark.parametrize("cell", EXAMPLES, ids=lambda cell: cell["text"])
def test_the_examples_ask_what_they_say(cell: dict[str, Any]) -> None:
    """As many rows and counts; and they are printed in one way, and read back."""
    (query,) = statements(cell["text"], PARTS, TODAY)
    check_statement(query)
    assert to_text(query).endswith(cell.get("printed_end", ""))
    expansion = read_cell(cell["text"], params=PARTS, today=TODAY)
    assert (len(expansion.plan.rows), len(expansion.counts)) == (cell["rows"], cell["counts"])


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("A share did B within 0 weeks", ["within 1 day", "day 0"]),
        ("A share did B within 2 months", ["days or weeks", "within 60 days"]),
        ("A share did B within 1 year", ["days or weeks", "within 365 days"]),
        ("A share did B within 1, 2 quarters", ["days or weeks", "within 90 days"]),
        ("A share did B within 3652 days", ["from 1 to 3651"]),
        ("A share did B within 522 weeks", ["from 1 to 521"]),
        ("A share did B within 7.5 days", ["whole number from 1"]),
        ("A share did B within -1 days", ["whole number from 1"]),
        ("A share did B within 07 days", ["begin with 0"]),
        ("A share did B on day 3651", ["from 0 to 3650"]),
        ("A share did B on days 7..1", ["ends (1) before it begins (7)"]),
        ("A share did B on days 1, 20261107", ["on 2026-11-07"]),
        ("A share did B on days 1..20261107", ["on 2026-11-07"]),
        ("A share did B within 7, 7 days", ["duplicate window, within 7 days"]),
        ("A share did B on day 0..6, 1, 0..6", ["duplicate window, within 7 days"]),
        ("A did B within 7 days", ["write share did B within 7 days"]),
        ("A did not B on day 1", ["write share did not B on day 1"]),
        ("A did any (B, C) on day 1", ["write share did any (B, C) on day 1"]),
        ("A share did C share did B on day 1", ["write share did C on day 1"]),
        ("A share did B on day 1 share did any (C)", ["write share did any (C) on day 1"]),
        ("A share did B last 7 days share did C on day 1", ["write share did B on day 1"]),
        ("A share did B on day 1, 2 share did C on day 1", ["last step only"]),
        ("A share did B on day 1 by week", ["each profile's first A", "by first week"]),
        ('A share did B on day 1 by x in ("a"), day', ["write by first day"]),
        ("A share did B on day 1 by day rolling 7 days", ["write by first day"]),
        ("A share did B on day 1 by hour", ["cannot be beside 'by hour'"]),
        ("A did C after 30 days share did B on day 1", ["cannot be beside 'after'"]),
        ("A did not C before 30 days share did B on day 1", ["cannot be beside 'before'"]),
        (
            "A share did A within 30 days",
            [
                "the first A is itself on day 0, so this is everybody",
                "on days 1..29, or within 30",
            ],
        ),
        ("A share did A within 30 days", ["within 30 days >= 2"]),
        ("A share did A within 1 day", ["write on day 1, or on day 0 >= 2"]),
        ("A share did A on days 3, 0..2 >= 1", ["everybody: write on days 1..2"]),
        ("A share did not A within 7 days", ["so this is nobody: write on days 1..6"]),
        ("A share did any (B, A) within 7 days", ["everybody"]),
        ("A share did any (B 2026-11, A) within 7 days", ["everybody"]),
        ("A where x = 1 and y = 2 share did A where y = 2 within 7 days", ["everybody"]),
        (
            "A where (x = 1 or x > 5) and y = 2 share did A where y = 2 within 7 days",
            ["everybody"],
        ),
        ('A share did A where x = "a" within 7 days by x in ("a", "b")', ["everybody"]),
        (
            "A share did B where x = 1 and y = 2 on day 1\n"
            "  share did B where y = 2 and x = 1 on day 7",
            ["inside the one before", "write share did B where y = 2 and x = 1 on day 1, 7"],
        ),
        ("A share where x = 1 share where y = 2", ["once", "by 'and'", "statement for each"]),
        ("A where x = 1 share where y = 2 share did B on day 1", ["A where x = 1 and y = 2"]),
        (
            'A where geo = "Oman" share did B on day 1 share where x = 1 or y = 2',
            ['A where (x = 1 or y = 2) and geo = "Oman"'],
        ),
        ('A where geo = "Oman" share where geo = "Oman"', ["'geo' is in", "one of the two"]),
        ('A share where geo = "Oman" by geo in ("Oman")', ["'geo' is in"]),
        ("A share where session.time_of_day in 09:00..10:00 by hour", ["'time_of_day' is in"]),
        ('A share where geo = "Oman" and geo = "Chad"', ["a filter takes 'geo' once"]),
        ("A share where x = 1 did B", ["belongs to the base"]),
    ],
)
def test_what_cannot_be_asked_says_what_can(text: str, parts: list[str]) -> None:
    """Each with the text that works."""
    said = message(text)
    assert all(part in said for part in parts), said


@pytest.mark.parametrize(
    "text",
    [
        "A 2026-09 share did any (A 2026-11, B) within 7 days",
        "A share did A on days 1..29",
        "A share did A within 30 days >= 2",
        "A share did A within 30 days = 1",
        "A share did A where x = 1 within 30 days",
        "A where x = 1 or x > 5 share did A where x = 1 within 7 days",
        'A share did A where x = "c" within 7 days by x in ("a", "b")',
        "A share did any (A, B) within 7 days >= 2",
        "A share did B on day 1 share did B on day 7 >= 2",
        "A share did B where x = 1 on day 1 share did B where x = 2 on day 7",
        "A share did B on day 1 share did not B on day 7",
        "A did C 2026-11 share did B on day 1 vs 2026-10",
        'A share did B on day 1 by first week, x in ("a")',
    ],
)
def test_what_is_near_to_a_refusal_is_asked(text: str) -> None:
    """The refusals are of what says nothing, or is meant otherwise; no more."""
    check_statement(read(text))


@pytest.mark.parametrize("cell", BROKEN, ids=lambda cell: cell["text"])
def test_a_broken_cell_mentions_what_helps(cell: dict[str, str]) -> None:
    """Of each of the ways in which people tried it."""
    said = message(cell["text"])
    assert all(part in said for part in cell["message_should_mention"]), said


def conflicts(rules: str) -> list[str]:
    """What lark says of a grammar: it resolves conflicts silently where nothing listens."""
    heard: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]
    lark.logger.addHandler(handler)
    level = lark.logger.level
    lark.logger.setLevel(logging.DEBUG)
    try:
        lark.Lark(rules, parser="lalr", lexer="basic", start="statement", debug=True)
    finally:
        lark.logger.removeHandler(handler)
        lark.logger.setLevel(level)
    return [line for line in heard if "conflict" in line.casefold()]


def test_the_grammar_has_no_conflict() -> None:
    """What stands in it is what is read; the second rule shows that a conflict is heard."""
    rules = files("ct_magic.query").joinpath("grammar.lark").read_text("utf-8")
    assert conflicts(rules) == []
    inside = '"(" member ("," member)* ")"'
    assert conflicts(rules.replace(inside, inside.replace("member", "inner")))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "A last month share did B after 7 days",
            ["the whole period", "on day 7", "by first week"],
        ),
        ("A last week share did B after 7 days", ["all 7 days", "on day 7", "after 1 week"]),
        ("A last 4 weeks share did B after 1 week", ["28 days", "on days 7..13", "after 4 weeks"]),
        ("A share did B after 0..7 days", ["all 30 days", "within 8 days", "after 30 days"]),
        ("A last 2 months did not B after 1 month", ["by first month", "after 2 months"]),
        ("A 2026-02 did B before 1 year", ["write before 1 month, or the dates"]),
        ("A 2026-Q1 did B before 3 months", ["write before 1 quarter"]),
        ("A 2026-11-09..2026-11-15 did B after 1 week", ["all 7 days", "or after 7 days"]),
        ("A today did B before 1 week", ["moves the whole period: write before 1 day"]),
        ("A last week did not B after 7 days", ["write share did not B on day 7; "]),
        ("A last week did B after 7 days >= 2", ["write share did B on day 7 >= 2; "]),
        ("A last 4 weeks did any (B, C before 1 week)", ["write before 4 weeks, or the dates"]),
        ("A today-10..today-4 did B before 3 days", ["all 7 days", "before 7 days"]),
        ("A since 2026-11-01 did B before 30 days", ["write both dates"]),
        ("A 2026-11-01..yesterday did B before 30 days", ["write both dates"]),
        ("A last 30 days did B after 1 week vs previous", ["moves all 30 days"]),
        ('A last 30 days did B before 1 week by x in ("a"), hour', ["before 30 days"]),
    ],
)
def test_a_period_that_nothing_cuts_is_moved_by_all_it_has(text: str, parts: list[str]) -> None:
    """By its words: 'after 7 days' of a month would speak of days that are the period's own."""
    said = message(text)
    assert all(part in said for part in parts), said
    with pytest.raises(QueryError) as caught:
        statements(text, today=date(2026, 12, 31))
    assert caught.value.message == said
    column = re.search("(after|before) [0-9.]+", text)
    assert column
    assert caught.value.column == column.start() + 1


@pytest.mark.parametrize(
    "text",
    [
        "A last week did B after 1 week",
        "A last 30 days did B before 30 days",
        "A did B before 31 days",
        "A 2026-10 did B after 1 month",
        "A 2026-10-07 did B after 3 days",
        "A 2026-10-01..2026-10-10 did B before 10 days",
        "A this week did B before 1 week",
        "A today-30..today-16 did B after 15 days",
        "A last month share did B after 0..3 months",
        "A last month share did B after 0..0 days",
        "A since 2026-11-01 did B after 0 weeks",
        "A last 30 days share did B after 1 week by week",
        "A last 4 weeks vs before 1 week",
    ],
)
def test_a_period_may_be_moved_by_what_it_has_or_by_nothing(text: str) -> None:
    """Beside `vs` both may overlap, and where `by` cuts, its pieces are moved."""
    check_statement(read(text))
