"""Named parts: conditions and events that are said once, in Python, and named in any cell."""

import copy
import pickle
import random
from datetime import date, timedelta

import pytest
from helpers.language_inputs import check_part, check_statement, corpus, torn_parts
from helpers.length import amount

import ct_magic
from ct_magic import QueryError
from ct_magic.query.model import Query
from ct_magic.query.parser import parse, statements
from ct_magic.query.printer import to_text

TODAY = date(2026, 11, 23)
PARTS: dict[str, object] = {
    "real": ct_magic.condition('geo = "India" and session.utm_source != "test"'),
    "paid": ct_magic.condition("Amount > 500 or Coupon exists"),
    "gift": ct_magic.condition("Gift = true and Amount in 1..5"),
    "big": ct_magic.event("Charged where Amount > 500"),
    "goan": ct_magic.event('Charged where geo = "India/Goa" or tech.OS = "iOS"'),
    "loyal": ct_magic.event("Charged where Amount > 500 last 90 days >= 2"),
    "floor": 500,
    "text": "Amount > 500",
    "day": TODAY,
}


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("A where $gift", "A where Gift = true and Amount in 1..5"),
        ("A where $paid $day", "A where Amount > 500 or Coupon exists 2026-11-23"),
        ("A where x = 1 and $paid", "A where x = 1 and (Amount > 500 or Coupon exists)"),
        ("A where x = 1 or $gift", "A where x = 1 or Gift = true and Amount in 1..5"),
        (
            "A where ($real) and $paid today",
            'A where (Amount > 500 or Coupon exists) and session.utm_source != "test" and '
            'geo = "India" today',
        ),
        ("A share where $paid by week", "A share where Amount > 500 or Coupon exists by week"),
        ("A did B where $gift", "A did B where Gift = true and Amount in 1..5"),
        ("$big", "Charged where Amount > 500"),
        (
            "$big last month did $big",
            "Charged where Amount > 500 last month did Charged where Amount > 500",
        ),
        ("$goan today", 'Charged where geo = "India/Goa" or tech.OS = "iOS" today'),
        ("A did $loyal", "A did Charged where Amount > 500 last 90 days >= 2"),
        ("A did not $big on 2026-11-01", "A did not Charged where Amount > 500 2026-11-01"),
        ("A share did $big on day 1, 7", "A share did Charged where Amount > 500 on day 1, 7"),
        (
            "A share did $big within 7 days >= 2",
            "A share did Charged where Amount > 500 within 7 days >= 2",
        ),
        (
            "A did any ($big last 7 days, B) >= 2",
            "A did any (Charged where Amount > 500 last 7 days, B) >= 2",
        ),
    ],
)
def test_a_part_is_its_text(cell: str, written: str) -> None:
    """In the place of its name; what is printed and explained is written out."""
    (query,) = statements(cell, PARTS, TODAY)
    assert isinstance(query, Query)
    assert to_text(query) == query.source == written
    assert statements(written, today=TODAY) == (query,)
    check_statement(query)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("A where $floor", "$floor is 500, not a condition: make it one, floor = ct_magic.cond"),
        ("A where $text", "$text is 'Amount > 500', not a condition"),
        ("A where $big", "$big is an event, not a condition"),
        ("A where $none", "there is no variable 'none'"),
        ("A where x = $gift", "$gift is ct_magic.condition('Gift = true and Amount in 1..5')"),
        ("A where x in $gift", "$gift is ct_magic.condition("),
        ("A where x = $big", "$big is ct_magic.event('Charged where Amount > 500'): it is used as"),
        ("A since $real", "$real is ct_magic.condition("),
        ("$real today", "$real is ct_magic.condition("),
        ("A share did $loyal last 7 days", "$loyal has a period of its own, last 90 days"),
        ("A share did $loyal within 7 days", "$loyal has a period of its own, last 90 days"),
        ("A did $loyal >= 3", "$loyal has a number of its own, >= 2"),
        ("A did not $loyal", "a number is not allowed behind 'did not'"),
        ("A did any ($loyal, B)", "inside 'did any' an event has no number"),
        ("$loyal", "a number of times is allowed only behind did and share did"),
        ("$big where x = 1", "$big has its filters, and takes no more: Charged where Amount > 500"),
        ("A did B where $real", "'geo' is not allowed inside 'did'"),
        (
            "A did B where $paid",
            "'or' is allowed in the statement's own 'where' only: write did any",
        ),
        ("A share did B where $paid on day 1", "write did any (B where Amount > 500, B where Coup"),
        (
            "$loyal",
            "$loyal is Charged where Amount > 500 last 90 days >= 2: a number of times",
        ),
        ("A did not $loyal", "$loyal is Charged where Amount > 500 last 90 days >= 2: a number is"),
        ("A did $goan", "$goan is "),
        ("A did $goan", "'geo' is not allowed inside 'did'"),
        ('A where $real by geo in ("Oman")', "'geo' is in 'where' and in 'by'"),
        ('A where $real and geo = "Oman"', "a filter takes 'geo' once"),
        ("A where $real share where $real", "'geo' is in 'where' or 'by'"),
    ],
)
def test_an_error_names_the_variable_and_what_it_holds(cell: str, message: str) -> None:
    """And stands under it, or under what does not go with it."""
    with pytest.raises(QueryError) as caught:
        statements(cell, PARTS, TODAY)
    assert message in caught.value.message or caught.value.message.startswith(message)


@pytest.mark.parametrize(
    ("make", "text", "message"),
    [
        (ct_magic.condition, "", "there is no filter: write one"),
        (ct_magic.condition, "x = 1 last 7 days", "what may be behind 'where', and no more"),
        (ct_magic.condition, "x = 1 within 7 days", "and no more"),
        (ct_magic.condition, "x = 1 >= 2", "and no more"),
        (ct_magic.condition, "x = 1\n  y = 2", "and no more"),
        (ct_magic.condition, "not x = 1", "found 'not': 'not' comes behind the name"),
        (ct_magic.condition, "share where x = 1", "write what comes behind 'where' alone"),
        (ct_magic.event, "share did B", "write what comes behind 'did' alone"),
        (ct_magic.condition, "x = 1 did B", "and no more"),
        (ct_magic.condition, "x = 1 by day", "and no more"),
        (ct_magic.condition, "x = 1 vs previous", "and no more"),
        (ct_magic.condition, "x", "expected an operator"),
        (ct_magic.condition, "where x = 1", "write what comes behind 'where' alone"),
        (ct_magic.condition, "x = $y", "there is no variable 'y'"),
        (ct_magic.condition, 'geo = "a" and geo = "b"', "a filter takes 'geo' once"),
        (ct_magic.condition, '{"event_name": "A"}', "found"),
        (ct_magic.event, "", "nothing is asked"),
        (ct_magic.event, "did B", "write what comes behind 'did' alone"),
        (ct_magic.event, "not B", "and no more"),
        (ct_magic.event, "any (B, C)", "and no more"),
        (ct_magic.event, "B did C", "and no more"),
        (ct_magic.event, "B vs previous", "and no more"),
        (ct_magic.event, "B by week", "and no more"),
        (ct_magic.event, "B after 1 week", "write this behind its name"),
        (ct_magic.event, "B within 7 days", "write this behind its name"),
        (ct_magic.event, "B >= 0", "a number of at least 1"),
        (ct_magic.event, "B <= 2", "=, > or >="),
        (ct_magic.event, "a: B", "a label"),
    ],
)
def test_a_part_is_that_part_and_nothing_else(make, text: str, message: str) -> None:  # type: ignore[no-untyped-def]
    """Its error stands under what is too much, in its own text."""
    with pytest.raises(QueryError) as caught:
        make(text)
    assert message in caught.value.message
    assert 1 <= caught.value.column <= len(text) + 1


def test_a_part_that_is_no_text_is_a_usage_error() -> None:
    """As a cell that is none."""
    for make in (ct_magic.condition, ct_magic.event):
        with pytest.raises(ct_magic.UsageError, match="a part of a query is a text"):
            make(5)  # type: ignore[arg-type]


def test_names_inside_are_bound_when_the_part_is_made() -> None:
    """Another part, too; what the cell's variables hold later is not asked."""
    floor = {"floor": 5, "gift": PARTS["gift"]}
    part = ct_magic.condition("Amount > $floor and $gift", params=floor)
    floor["floor"] = 6
    assert str(part) == "Amount > 5 and Gift = true and Amount in 1..5"
    (query,) = statements("A where $p", {"p": part, "floor": 7}, TODAY)
    assert to_text(query) == f"A where {part}"


def test_a_period_is_resolved_where_the_part_is_used() -> None:
    """So a module that holds it means other days tomorrow."""
    part = ct_magic.event("Charged yesterday")
    for today in (TODAY, TODAY + timedelta(1)):
        (count,) = parse("$p", params={"p": part}, today=today)
        assert to_text(count) == f"Charged {today - timedelta(1)}"


@pytest.mark.parametrize(
    ("one", "other", "are_equal"),
    [
        ("x = 1 and y = 2", "y = 2 and x = 1", True),
        ("x in (1, 2)", "x in (2, 1)", True),
        ("x in (1)", "x = 1", True),
        ("(x = 1 or y = 2) and z = 3", "z = 3 and (x = 1 or y = 2)", True),
        ("x in 1..5", "x <= 5 and x >= 1", True),
        ('geo in ("Oman", "Chad")', 'geo in ("Chad", "Oman")', True),
        ("x = true", 'x = "True"', True),
        ("x = 1", "x = 1.0", False),
        ("x = 1", 'x = "1"', False),
        ("x = -1", "x = -2", False),
        ("x = 1", "x != 1", False),
        ("x = 1", "session.x = 1", False),
        ("x = 1 and y = 2", "x = 1 or y = 2", False),
        ("x = 1 and y = 2", "x = 1", False),
    ],
)
def test_parts_are_equal_that_ask_the_same(one: str, other: str, are_equal: bool) -> None:
    """By their filters and the types of their values, in whatever order; so are their hashes."""
    left, right = ct_magic.condition(one), ct_magic.condition(other)
    events = [ct_magic.event(f"A where {text} last 7 days >= 2") for text in (one, other)]
    for pair in ((left, right), events):
        assert (pair[0] == pair[1]) is are_equal
        assert len({*pair}) == (1 if are_equal else 2)
    assert left != events[0]
    for text in ("A", "A last 8 days", "A last 7 days", "A last 7 days >= 3", "B last 7 days >= 2"):
        assert ct_magic.event(text) != events[0]


@pytest.mark.parametrize("name", ["real", "paid", "gift", "big", "goan", "loyal"])
def test_a_part_is_a_frozen_value(name: str) -> None:
    """It prints as the language, its repr makes it anew, and it travels to other processes."""
    part = PARTS[name]
    assert eval(repr(part), {"ct_magic": ct_magic}) == part  # noqa: S307 # our own repr
    assert pickle.loads(pickle.dumps(part)) == copy.deepcopy(part) == part  # noqa: S301
    with pytest.raises(AttributeError):
        setattr(part, "condition" if hasattr(part, "condition") else "query", None)


def test_no_text_ever_becomes_a_condition() -> None:
    """What reads as one is nothing else; `tests/fuzz_parts.py` does it 10,000 times."""
    rng, cells = random.Random(2026), corpus()
    rounds = range(amount(50, long=600))
    made = sum(check_part(text) for _ in rounds for text in torn_parts(rng, cells))
    assert made > 15


def test_an_event_is_one_statement_s_worth_of_lines() -> None:
    """A line that is not indented begins another, whose words are not this event's."""
    whole = ct_magic.event("Charged where Amount > 5 last 7 days")
    assert ct_magic.event("Charged where Amount > 5\n  last 7 days") == whole
    with pytest.raises(QueryError, match="goes on indented"):
        ct_magic.event("Charged\nApp Launched")
