"""When two counts are one: what may differ in their JSON, and what may not."""

from datetime import date

import pytest

from ct_magic.query.parser import parse
from ct_magic.query.payload import key

TODAY = date(2026, 11, 23)
DAYS = '"from": 20260101, "to": 20260131'


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
