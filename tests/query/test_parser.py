"""Text -> queries: the design's examples, statements, names, labels, and how many counts."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ct_magic import QueryError
from ct_magic.query.model import Ago, ByTime, Days, Event, Last, Query, Unit
from ct_magic.query.parser import parse, read_cell, statements
from ct_magic.query.payload import from_payload, to_payload
from ct_magic.query.printer import layout, to_text
from ct_magic.rows import Formula, Row

GIVEN = json.loads(Path(__file__).with_name("query-examples.json").read_text(encoding="utf-8"))
TODAY = date.fromisoformat(GIVEN["today"])


def params_of(example: dict[str, Any]) -> dict[str, Any]:
    """The example's variables; those listed as dates are ISO texts in the file."""
    dates = example.get("dates", [])
    params = example.get("params", {})
    return {k: date.fromisoformat(v) if k in dates else v for k, v in params.items()}


def in_one_order(part: Any) -> Any:
    """JSON with its filters and events sorted: in which order they stand is free."""
    if isinstance(part, dict):
        return {key: in_one_order(value) for key, value in part.items()}
    if isinstance(part, list) and all(isinstance(item, dict) for item in part):
        return sorted(map(in_one_order, part), key=lambda item: json.dumps(item, sort_keys=True))
    return part


def formula_of(row: Row) -> dict[str, Any]:
    """A row's counts by number, as the examples write them."""
    own, other = sums(row.formula), sums(row.previous and row.previous.formula)
    return own | {"previous": other} if other else own


def sums(formula: Formula | None) -> dict[str, Any]:
    parts = {"plus": formula.plus, "minus": formula.minus} if formula else {}
    return {name: list(numbers) for name, numbers in parts.items() if numbers}


@pytest.mark.parametrize("example", GIVEN["examples"], ids=lambda example: example["text"][:40])
def test_a_statement_prints_and_reads_back_as_it_was(example: dict[str, Any]) -> None:
    """With all its clauses, which single counts no longer have; and in no other words twice."""
    for query in statements(example["text"], params_of(example), TODAY):
        for printed in (to_text(query), layout(query)):
            (reread,) = statements(printed, today=TODAY)
            assert reread == query
            assert to_text(reread) == to_text(query)


@pytest.mark.parametrize("example", GIVEN["examples"], ids=lambda example: example["text"][:40])
def test_the_designs_rows_are_formulas_over_its_payloads(example: dict[str, Any]) -> None:
    """Which counts a row adds, subtracts and is compared with; and how many rows are not asked."""
    cell = read_cell(example["text"], params=params_of(example), today=TODAY)
    rows = cell.plan.rows
    unasked = [row for row in rows if row.formula is None]
    assert len(unasked) == example.get("rows_without_a_count", 0)
    expected = example.get("rows", [{"plus": [at]} for at in range(len(example["payloads"]))])
    if "rows" in example or not unasked:
        assert [formula_of(row) for row in rows] == expected


@pytest.mark.parametrize("example", GIVEN["examples"], ids=lambda example: example["text"][:40])
def test_the_designs_examples_become_the_designs_json(example: dict[str, Any]) -> None:
    """The acceptance test of the language: text -> JSON, and every print reads back equal."""
    queries = parse(example["text"], params=params_of(example), today=TODAY)
    sent = [in_one_order(to_payload(query)) for query in queries]
    assert sent == [in_one_order(payload) for payload in example["payloads"]]
    for query in queries:
        assert parse(to_text(query), today=TODAY) == (query,)
        assert parse(layout(query), today=TODAY) == (query,)
        assert from_payload(to_payload(query)) == query
        assert to_text(parse(to_text(query), today=TODAY)[0]) == to_text(query)


def test_statements_stay_as_they_were_typed() -> None:
    """The form and the history need the statement itself: `by` and relative days kept."""
    (query,) = statements("weekly: Charged   last 2  weeks # so\n\n  # a remark\n  by day\n")
    assert query == Query(Event("Charged", period=Last(2, Unit.WEEK)), by=(ByTime(Unit.DAY),))
    assert (query.label, query.source) == ("weekly", "Charged last 2 weeks by day")


def test_a_statement_begins_where_a_line_has_no_indentation() -> None:
    """Two unindented lines are two statements, however many lines each goes on."""
    queries = statements("Charged\n  where A = 1\n\tlast 7 days\r\nApp Launched\r  today\n")
    assert [to_text(query) for query in queries] == [
        "Charged where A = 1 last 7 days",
        "App Launched today",
    ]


def test_pieces_name_the_value_axes_alone() -> None:
    """`pieces` become columns: the dates have their own, the rest is named as people type it."""
    text = 'Charged 2026-01 by month, profile.Plan in ("a", 2), geo in ("India/Goa", "Oman")'
    queries = parse(text, today=TODAY)
    assert [query.pieces for query in queries] == [
        (("profile.Plan", "a"), ("geo", "India/Goa")),
        (("profile.Plan", "a"), ("geo", "Oman")),
        (("profile.Plan", 2), ("geo", "India/Goa")),
        (("profile.Plan", 2), ("geo", "Oman")),
    ]
    assert {query.source for query in queries} == {text}


def test_too_many_counts_are_refused_before_they_are_made() -> None:
    """A thousand years by day costs nothing but the message, which says how many it would be."""
    with pytest.raises(
        QueryError, match="would have 365,245 rows, and the limit is 10,000"
    ) as caught:
        parse("Charged today\nCharged 1026-01-01..2026-01-01 by day", today=TODAY)
    assert (caught.value.line, caught.value.column) == (2, 32)
    assert len(parse("Charged last 500 days by day", today=TODAY)) == 500
    with pytest.raises(QueryError, match="would ask 2 counts, and the limit is 1"):
        parse("Charged today\nCharged yesterday", today=TODAY, max_counts=1)
    assert len(parse("Charged today\nCharged today", today=TODAY, max_counts=1)) == 1


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("A 9997-01-01..9999-12-31 did B after 10 days by day", "up to 1,095 counts"),
        ("A 9997-01-01..9999-12-31 share did B after 9 days by day", "up to 2,190 counts"),
        (
            "A where profile.x = 1 or tech.y = 2 9997-01-01..9999-12-31 did B after 9 days by day",
            "up to 3,285 counts",
        ),
    ],
)
def test_a_cell_of_too_many_counts_is_refused_before_all_its_rows_are_made(
    text: str, size: str
) -> None:
    """The last of these would leave the calendar; how many counts there may be is said."""
    last_day = date(9999, 12, 31)
    with pytest.raises(QueryError, match=f"would ask {size}, and the limit is 500"):
        parse(text, today=last_day)
    with pytest.raises(QueryError, match="leaves the calendar"):
        parse(text, today=last_day, max_counts=None)


def test_a_cell_that_is_refused_never_asks_more_than_was_said() -> None:
    """Where nothing is left out, the number is exact."""
    for text in (
        "A 2026-10 by day",
        "A 2026-09-01..2026-10-31 vs before 1 month by month",
        "A today\nA today",
    ):
        counts = len(parse(text, today=TODAY))
        assert len(parse(text, today=TODAY, max_counts=counts)) == counts
        if counts > 1:
            with pytest.raises(QueryError, match=f"would ask (up to )?{counts} counts"):
                parse(text, today=TODAY, max_counts=counts - 1)


def test_a_period_that_turns_round_is_underlined_where_it_stands() -> None:
    """`today` decides whether a mixed period is reversed; the error still knows the place."""
    (right,) = statements("Charged 2026-11-20..today-3", today=TODAY)
    assert right == Query(Event("Charged", period=Days(date(2026, 11, 20), Ago(3))))
    with pytest.raises(QueryError, match="ends \\(2026-11-20\\) before it begins") as caught:
        parse("Charged 2026-11-21..today-3", today=TODAY)
    assert (caught.value.column, caught.value.length) == (9, 19)
