"""When two counts are one: what may differ in their JSON, and what may not."""

import json
from datetime import UTC, date, datetime
from unittest.mock import ANY

import pytest

from ct_magic.client import jobs
from ct_magic.query.parser import condition, parse, statements
from ct_magic.query.payload import key, to_payload
from ct_magic.query.printer import to_text

TODAY = date(2026, 11, 23)
DAYS = '"from": 20260101, "to": 20260131'
FILTER = '{"name": "A", "operator": "equals", "value": 1}'


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("C where A = 1 and B = 2 today", "C where B = 2 and A = 1 today"),
        ('C where A in ("x", "y") today', 'C where A in ("y", "x") today'),
        ('C where A in ("x") today', 'C where A = "x" today'),
        ('C where A not in ("x") today', 'C where A != "x" today'),
        (
            'C where geo in ("Oman", "India/Goa") today',
            'C where geo in ("India/Goa", "Oman") today',
        ),
        ("C today did A did B", "C today did B did A"),
        ("C today did not A did not B", "C today did not B did not A"),
        ("C today did any (A, B)", "C today did any (B, A)"),
        ("C today did any (A where X = 1 and Y = 2)", "C today did any (A where Y = 2 and X = 1)"),
        ("C where tech.a = 1 and tech.b = 2 today", "C where tech.b = 2 and tech.a = 1 today"),
        ("l: C today", "m: C 2026-11-23"),
        ("C last 7 days did A last 7 days", "C 2026-11-16..2026-11-22 did A"),
        (f'{{"event_name": "C", {DAYS}, "x": 1}}', f'{{"x": 1, {DAYS}, "event_name": "C"}}'),
        ("C where A = 1 and A = 1 today", "C where A = 1 today"),
        ('C where A in ("x", "x") today', 'C where A = "x" today'),
        ("C where A = 1 and B = 2 and A = 1 today", "C where B = 2 and A = 1 today"),
        ('C where A in ("x", "y") and A in ("y", "x") today', 'C where A in ("x", "y") today'),
        ("C where tech.A = 1 and tech.A = 1 today", "C where tech.A = 1 today"),
        ("C where A = 1 today by A in (1)", "C where A = 1 today"),
        ("C today did D where A = 1 and A = 1", "C today did D where A = 1"),
        ("C today did not D where A exists and A exists", "C today did not D where A exists"),
        ("C today did any (D where A > 1 and A > 1)", "C today did any (D where A > 1)"),
        (
            f'{{"event_name": "C", {DAYS}, "event_properties": [{FILTER}, {FILTER}]}}',
            "C where A = 1 2026-01",
        ),
    ],
)
def test_the_same_question_is_asked_once(first: str, second: str) -> None:
    """Whatever the order of what has none."""
    assert (
        len(parse(f"a: {first.removeprefix('l: ')}\nb: {second.removeprefix('m: ')}", today=TODAY))
        == 1
    )
    assert key(*parse(first, today=TODAY)) == key(*parse(second, today=TODAY))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("C where A = 1 today", 'C where A = "1" today'),
        ("C where A = 1 today", "C where A = 1.0 today"),
        ("C where A = 1 and A = 1.0 today", "C where A = 1 today"),
        ("C where A in (1, 1.0) today", "C where A = 1 today"),
        ("C where A = 1 today", "C where A = 1 yesterday"),
        ("C where A = 1 today", "C where tech.A = 1 today"),
        ('C where A in ("x", "y") today', 'C where A not in ("x", "y") today'),
        ("C today did A", "C today did not A"),
        ("C today did A", "C today did any (A)"),
        ("C today did A", "C today did A >= 1"),
        ("C today did any (A) >= 2", "C today did any (A) >= 3"),
        (f'{{"event_name": "C", {DAYS}, "x": 1}}', f'{{"event_name": "C", {DAYS}, "x": true}}'),
        (
            f'{{"event_name": "C", {DAYS}, "x": [1, 2]}}',
            f'{{"event_name": "C", {DAYS}, "x": [2, 1]}}',
        ),
    ],
)
def test_what_differs_is_asked_twice(first: str, second: str) -> None:
    """A number that answers another question is a wrong one."""
    assert key(*parse(first, today=TODAY)) != key(*parse(second, today=TODAY))


def test_two_times_of_day_are_a_range_and_no_list() -> None:
    """From one to four is not from four to one, also in pasted JSON."""
    names = ('["13:00", "16:00"]', '["16:00", "13:00"]')
    bodies = [
        f'{{"event_name": "C", {DAYS}, "session_properties": '
        f'[{{"name": "time_of_day", "value": {value}}}]}}'
        for value in names
    ]
    first, second = (parse(body, today=TODAY)[0] for body in bodies)
    assert key(first) != key(second)


@pytest.mark.parametrize(
    "typed",
    [
        "C where A = 1 and A = 1 today",
        "C where (A = 1) and A in (1) and A = 1 today",
        "C where A = 1 today by A in (1, 2)",
        "C where A = 1 today share where A = 1",
        "C today share where A = 1 and A = 1",
        "C where A = 1 today did D where A = 1 and A = 1 by first day",
        "C where $a and A = 1 and $a today",
        "C 2026-11-20 did E where A = 1 and A = 1\n  share did D where A = 1 and A = 1 on day 1",
    ],
)
def test_a_filter_that_is_there_twice_is_sent_once(typed: str) -> None:
    """Typed, of `by`, of a step or of a part: a count has it once, and so has its text."""
    sent = json.loads(FILTER)
    for count in parse(typed, today=TODAY, params={"a": condition("A = 1")}):
        body = to_payload(count)
        for event in (body, *body.get("advanced_query", {}).get("did_all", [])):
            assert event.get("event_properties", []).count(sent) <= 1
        assert parse(to_text(count), today=TODAY) == (count,)


def test_the_first_of_two_equal_filters_stays() -> None:
    """So a range is printed as one, and a list in the order in which it came first."""
    text = "C where A in 1..5 and A >= 1 and B in (2, 1) and B in (1, 2) today"
    assert to_text(*statements(text)) == "C where A in 1..5 and B in (2, 1) today"


def test_a_record_equals_another_of_its_class_alone() -> None:
    """Fields that are not compared make no difference; it shows them as it is written."""
    assert jobs.Busy("x") == jobs.Busy("x") != jobs.Busy("y")
    assert jobs.Failure("x") != jobs.Denied("x")
    assert jobs.NotYet() == jobs.NotYet()
    assert len({jobs.Partial("7"), jobs.Partial("7", datetime(2026, 11, 1, tzinfo=UTC))}) == 1
    assert repr(jobs.Busy("x")) == "Busy(error='x', retry_after=None)"
    assert jobs.Busy("x") == ANY


@pytest.mark.parametrize(
    "text",
    [
        *("C today by A in ({})", "C where A in ({}) today", "C where A = {} or B = 2 today"),
        *("C today share where A = {}", "C today share did D where A = {} by B in (1)"),
    ],
)
def test_statements_with_values_of_other_types_are_not_equal(text: str) -> None:
    """To Python 1 and 1.0 are one value, and 0.0 and -0.0; what is sent is another text."""
    written = ["1", "1.0", '"1"', "true", "0", "0.0", "-0.0"]
    asked = [statements(text.format(value), today=TODAY) for value in written]
    assert [asked.index(each) for each in asked] == list(range(len(asked)))
