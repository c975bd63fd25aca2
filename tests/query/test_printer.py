"""Query -> text: the shortest that reads back the same, on one line or laid out over some."""

from datetime import date

import pytest

from ct_magic.query.model import Event, Filter, Operator, Property, Query
from ct_magic.query.parser import parse, statements
from ct_magic.query.printer import layout, to_text

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ('"App Launched" on 2026-10-04', "App Launched 2026-10-04"),
        ('"a  b" today', '"a  b" today'),
        ('"Ride by night" today', '"Ride by night" today'),
        ('"$x" today', '"$x" today'),
        ("a$ where b$c = 1", "a$ where b$c = 1"),
        ("A where value contains 'piz'", 'A where value ~ "piz"'),
        ("A where x equals 'say \"a\"'", "A where x = 'say \"a\"'"),
        ('A where x = "it\'s"', 'A where x = "it\'s"'),
        ('A where x = "\\\\"', 'A where x = "\\\\"'),
        ("A where x = 'True' and y in (\"False\")", "A where x = true and y in (false)"),
        ("A where x exists and y does_not_exist", "A where x exists and y not exists"),
        ("A where x >= 1 and x <= 2", "A where x in 1..2"),
        ("A where x >= 2 and x <= 1", "A where x >= 2 and x <= 1"),
        ("A where x >= 1 and y <= 2", "A where x >= 1 and y <= 2"),
        ('A where "geo" = 1 and geo = "Oman"', 'A where "geo" = 1 and geo = "Oman"'),
        ('A where profile."geo" = 1', "A where profile.geo = 1"),
        ("A where tech.x = 1 and y = 2", "A where y = 2 and tech.x = 1"),
        ("A where x = 1e2 and y = 2.50", "A where x = 100.0 and y = 2.5"),
        ("A from 2026-10-01 to 2026-10-31", "A 2026-10"),
        ("A 2026-10-04..20261004", "A 2026-10-04"),
        ("A 2026-10-04..yesterday", "A since 2026-10-04"),
        ("A today-1..yesterday", "A yesterday"),
        ("A today-7..today", "A today-7..today"),
        ("A last 1 weeks", "A last 1 week"),
        ("A did any (B, C) >= 1", "A did any (B, C)"),
        ("A did any (B) greater_than 1", "A did any (B) > 1"),
        ("A today did B today", "A today did B"),
        ("A did not B did C by week, x in (1)", "A did C did not B by week, x in (1)"),
        ('"new one" : A', "new one: A"),
        ('"2x": A', '"2x": A'),
    ],
)
def test_the_canonical_spelling(typed: str, printed: str) -> None:
    """Bare names where they may be bare, symbols for operators, the shortest period."""
    (query,) = statements(typed, today=TODAY)
    assert to_text(query) == printed
    assert statements(printed, today=TODAY) == (query,)


def test_a_layout_gives_each_clause_a_line() -> None:
    """As the design's example stands; a long first clause is broken, too."""
    cell = """loyal: App Launched where session.first_time = true last 7 days
  did Charged where Amount > 100 last 90 days
  did not App Uninstalled
  did any (Product Viewed, Added To Cart where Category = "Shoes" last 14 days) >= 2
  by week"""
    assert layout(statements(cell)[0]) == cell
    long = (
        'Charged where Category in ("Shoes", "Bags") and Brand = "A brand with a long name" today'
    )
    assert layout(statements(long + "\n  did A")[0]).splitlines() == [long, "  did A"]
    longer = long.replace("today", 'and Colour = "Green" today')
    assert layout(statements(longer)[0]).splitlines() == [
        "Charged",
        '    where Category in ("Shoes", "Bags")',
        '    and Brand = "A brand with a long name"',
        '    and Colour = "Green"',
        "    today",
    ]


def test_what_no_line_of_text_can_hold_prints_as_json() -> None:
    """Strings end on their line; a value with a line break comes back whole all the same."""
    (query,) = parse("A where x = $v 2026-01-01", params={"v": "a\nb\u2028"}, today=TODAY)
    assert to_text(query) == (
        '{"event_name": "A", "event_properties": [{"name": "x", "operator": "equals", '
        '"value": "a\\nb\\u2028"}], "from": 20260101, "to": 20260101}'
    )
    assert parse(to_text(query)) == (query,)


def test_a_statement_that_is_no_single_count_shows_such_a_character() -> None:
    """There is no JSON for `by`; the text is for reading, and stays on one line."""
    (query,) = statements("A where x = $v by day", params={"v": "a\nb"})
    assert to_text(query) == 'A where x = "a␊b" by day'


def test_equal_queries_ask_the_same() -> None:
    """Neither the order of scopes nor a label nor a repeated period makes a difference."""
    filters = [Filter(Property(name), Operator.EQUALS, 1) for name in "ab"]
    assert Query(Event("A", tuple(filters))) != Query(Event("A", tuple(reversed(filters))))
    (first,) = parse("l: A where tech.b = 1 and a = 1 today")
    (second,) = parse("A where a = 1 and tech.b = 1 today")
    assert first == second
    assert hash(first) == hash(second)
    assert to_text(first) == "l: " + to_text(second)


@pytest.mark.parametrize("text", ["Paid early 2026-10", "Looked at the", 'A where Coupon is = "x"'])
def test_words_that_are_no_keywords_need_no_quotes(text: str) -> None:
    """The list of keywords is closed, also where a word sounds like a slip."""
    (query,) = statements(text, today=TODAY)
    assert to_text(query) == text
