"""`or`: what it is multiplied out to, what is merged, and which counts are sent for it."""

import random
from datetime import date
from itertools import permutations

import pytest

from ct_magic import QueryError
from ct_magic.query.alternatives import terms_of
from ct_magic.query.expand import expand
from ct_magic.query.model import Event, Filter, Or, Query
from ct_magic.query.parser import parse, statements
from ct_magic.query.printer import to_text

TODAY = date(2026, 11, 23)


def asked(text: str) -> tuple[list[str], list[tuple[tuple[int, ...], tuple[int, ...]]]]:
    """The single counts of a cell as texts, and each row's places among them."""
    cell = expand(statements(text, today=TODAY), TODAY)
    formulas = (row.formula for row in cell.plan.rows)
    sums = [(formula.plus, formula.minus) for formula in formulas if formula]
    return [to_text(count) for count in cell.counts], sums


def terms(condition: str) -> list[str]:
    """The alternatives of a condition, each as it would be typed."""
    (query,) = statements(f"E where {condition} today", today=TODAY)
    assert isinstance(query, Query)
    assert query.condition
    alternatives = (tuple(c for c in t if isinstance(c, Filter)) for t in terms_of(query.condition))
    return [to_text(Query(Event("E", term))).removeprefix("E where ") for term in alternatives]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("A = 1 or A = 1", ["A = 1"]),
        ("A = 1 or A = 1 and B = 2", ["A = 1"]),
        ("A = 1 and B = 2 or A = 1", ["A = 1"]),
        ('A = "x" or A in ("y", "x")', ['A in ("x", "y")']),
        ('A in ("x", "y") or A = "z"', ['A in ("x", "y", "z")']),
        ('A = "x" or A in ("x")', ['A = "x"']),
        ("A = 1 or B = 1 or A = 2 or B = 2", ["A in (1, 2)", "B in (1, 2)"]),
        ("A = 1 and B = 1 or A = 2 and B = 1", ["A in (1, 2) and B = 1"]),
        # Two differences at once are two alternatives.
        ("A = 1 and B = 1 or A = 2 and B = 2", ["A = 1 and B = 1", "A = 2 and B = 2"]),
        # Four corners of a square become one term, in two rounds.
        (
            "A = 1 and B = 1 or A = 1 and B = 2 or A = 2 and B = 1 or A = 2 and B = 2",
            ["A in (1, 2) and B in (1, 2)"],
        ),
        ("(A = 1 or B = 1) and (A = 1 or C = 1)", ["A = 1", "B = 1 and C = 1"]),
        ("A in 1..2 or A in 3..4", ["A in 1..2", "A in 3..4"]),
        ("A != 1 or A != 2", ["A != 1", "A != 2"]),
        ('A = 1 or A = "1"', ['A in (1, "1")']),
        ("A = 1 or A = 1.0", ["A in (1, 1.0)"]),
        (
            "session.time_of_day in 08:00..09:59 or session.time_of_day in 20:00..21:59",
            [
                "session.time_of_day in 08:00..09:59",
                "session.time_of_day in 20:00..21:59",
            ],
        ),
    ],
)
def test_terms_are_multiplied_out_and_merged(condition: str, expected: list[str]) -> None:
    """Rule 2: doubles and larger terms go, and two that differ in one `=` become one `in`."""
    assert terms(condition) == expected


def test_the_thirteenth_term_is_an_error_and_as_many_values_as_one_likes_are_none() -> None:
    """What is merged on the way does not count, but what is left after any bracket does."""
    values = " or ".join(f'A = "{n}"' for n in range(100))
    assert len(terms(values)) == 1
    twelve = " or ".join(f"A > {n}" for n in range(12))
    assert len(terms(twelve)) == 12
    conditions = [f"{twelve} or A > 12", f"({twelve}) and (B > 1 or C > 2)"]
    # Absorbed in the end by `A > 1`, but not before the second bracket is done.
    conditions += [
        "(A > 1 or B > 1 or C > 1 or D > 1) and (E > 1 or F > 1 or G > 1 or H > 1) or A > 1"
    ]
    for condition in conditions:
        with pytest.raises(QueryError, match="more than 12 alternatives"):
            terms(condition)


@pytest.mark.parametrize(
    ("text", "counts", "sums"),
    [
        (
            'C where geo = "Oman" or geo = "India/Goa" today',
            ['C where geo in ("Oman", "India/Goa") 2026-11-23'],
            [((0,), ())],
        ),
        (
            'C where (A > 1 or B > 2) and geo = "Oman" today',
            ['C where geo = "Oman" 2026-11-23 did any (C where A > 1, C where B > 2)'],
            [((0,), ())],
        ),
        (
            "C where profile.P = 1 and A > 1 or profile.P = 1 and B > 2 today",
            ["C where profile.P = 1 2026-11-23 did any (C where A > 1, C where B > 2)"],
            [((0,), ())],
        ),
        (
            "C where profile.P = 1 and A > 1 or tech.T = 2 and B > 2 today did D",
            [
                "C where A > 1 and profile.P = 1 2026-11-23 did D",
                "C where B > 2 and tech.T = 2 2026-11-23 did D",
                "C where A > 1 and profile.P = 1 and tech.T = 2 2026-11-23 did D did C where B > 2",
            ],
            [((0, 1), (2,))],
        ),
        (
            # The same conditions of the event in both: they need not be asked of another event.
            "C where profile.P = 1 and A > 1 or tech.T = 2 and A > 1 today",
            [
                "C where A > 1 and profile.P = 1 2026-11-23",
                "C where A > 1 and tech.T = 2 2026-11-23",
                "C where A > 1 and profile.P = 1 and tech.T = 2 2026-11-23",
            ],
            [((0, 1), (2,))],
        ),
        (
            "C where A > 1 or B > 2 2026-11-09..2026-11-22 by first week, profile.P in (1)",
            [
                "C where profile.P = 1 2026-11-09..2026-11-15 "
                "did any (C where A > 1, C where B > 2)",
                "C where profile.P = 1 2026-11-16..2026-11-22 "
                "did not C where A > 1 2026-11-09..2026-11-15 "
                "did not C where B > 2 2026-11-09..2026-11-15 "
                "did any (C where A > 1, C where B > 2)",
            ],
            [((0,), ()), ((1,), ())],
        ),
        (
            "C where A > 1 or B > 2 yesterday by hour",
            None,
            [((n,), ()) for n in range(24)],
        ),
    ],
)
def test_an_or_is_sent_as_the_page_says(
    text: str, counts: list[str] | None, sums: list[tuple[tuple[int, ...], tuple[int, ...]]]
) -> None:
    """Rules 3 and 4: one `did any`, or first + second - both."""
    sent, summed = asked(text)
    assert summed == sums
    assert counts is None or sent == counts


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("C where A > 1 or B > 2 today did any (D)", "has one of its own"),
        ("C where A > 1 or B > 2 today share did any (D)", "has one of its own"),
        ("C where profile.A > 1 or tech.B > 2 or A > 3 today", "here are 3: take a statement"),
        ("C where profile.A > 1 or A > 2 last 2 weeks by first week", "beside an 'or' over"),
        ('C where geo = "Oman" and A > 1 or geo = "India" and B > 1 today', "meet in one count"),
        ('C where (geo = "Oman" or A > 1) and geo = "India" today', "meet in one count"),
    ],
)
def test_what_cannot_be_sent_is_an_error_that_says_so(text: str, message: str) -> None:
    """Never a number for something else than was asked."""
    with pytest.raises(QueryError, match=message):
        expand(statements(text, today=TODAY), TODAY)
    with pytest.raises(QueryError) as caught:
        parse(f"A today\n{text}", today=TODAY)
    under = "where" if "geo" in text else "or"
    assert (caught.value.line, caught.value.column) == (2, text.index(f" {under} ") + 2)
    assert caught.value.length == len(under)


def test_an_or_commutes_and_absorbs() -> None:
    """The order of the alternatives changes no distinct count of a `did any`."""
    parts = ["A > 1", 'B = "x"', "session.c = true", "A > 1 and D exists"]
    conditions = [" or ".join(order) for order in permutations(parts)]
    random.Random(0).shuffle(conditions)
    cell = "\n".join(f"r{n}: C where {condition} today" for n, condition in enumerate(conditions))
    counts, sums = asked(cell)
    assert len(counts) == 1
    assert sums == [((0,), ())] * len(conditions)


def test_conditions_in_brackets_of_any_depth_are_one_or() -> None:
    """Brackets that change nothing change nothing."""
    (query,) = statements("C where ((A > 1 or (B > 2)) or ((C > 3))) today", today=TODAY)
    assert isinstance(query, Query)
    assert isinstance(query.condition, Or)
    assert len(query.condition.parts) == 3
