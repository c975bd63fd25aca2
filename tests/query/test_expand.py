"""Periods -> days: every way to say when, at the calendar's corners, and the pieces of `by`."""

import re
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from ct_magic import QueryError
from ct_magic.query.calendar import resolve
from ct_magic.query.expand import TooLargeError, expand
from ct_magic.query.model import (
    Ago,
    ByTime,
    ByValue,
    Days,
    Event,
    JsonQuery,
    Last,
    Previous,
    Property,
    Query,
    This,
    Unit,
)
from ct_magic.query.parser import parse, statements
from ct_magic.query.printer import to_text
from ct_magic.rows import Formula, Row

MONDAY = date(2026, 11, 23)


def rows_of(query: Query | JsonQuery, today: date) -> tuple[Row, ...]:
    """The rows of one statement."""
    return expand([query], today, max_counts=None).plan.rows


def rows_foretold(query: Query | JsonQuery) -> int:
    """How many rows a statement has that is refused before they are made."""
    with pytest.raises(TooLargeError) as refused:
        expand([query], MONDAY, max_counts=0)
    return refused.value.rows


def days(text: str, today: date) -> tuple[str, str]:
    """The days that a period's text means."""
    (query,) = statements(f"A {text}", today=today)
    assert isinstance(query, Query)
    period = resolve(query.event.period, today)
    return str(period.start), str(period.end)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("", "2026-10-24", "2026-11-22"),
        ("2015-08-10..2015-10-25", "2015-08-10", "2015-10-25"),
        ("20150810..20151025", "2015-08-10", "2015-10-25"),
        ("from 2015-08-10 to 20151025", "2015-08-10", "2015-10-25"),
        ("2015-08-10", "2015-08-10", "2015-08-10"),
        ("on yesterday", "2026-11-22", "2026-11-22"),
        ("2016-02", "2016-02-01", "2016-02-29"),
        ("today", "2026-11-23", "2026-11-23"),
        ("today-7..yesterday", "2026-11-16", "2026-11-22"),
        ("today-0..today", "2026-11-23", "2026-11-23"),
        ("since 2026-11-01", "2026-11-01", "2026-11-22"),
        ("last 1 day", "2026-11-22", "2026-11-22"),
        ("last 2 weeks", "2026-11-09", "2026-11-22"),
        ("last 1 week", "2026-11-16", "2026-11-22"),
        ("last 3 months", "2026-08-23", "2026-11-22"),
        ("last 2 years", "2024-11-23", "2026-11-22"),
        ("this week", "2026-11-23", "2026-11-23"),
        ("this month", "2026-11-01", "2026-11-23"),
        ("this year", "2026-01-01", "2026-11-23"),
        ("last week", "2026-11-16", "2026-11-22"),
        ("last month", "2026-10-01", "2026-10-31"),
        ("last year", "2025-01-01", "2025-12-31"),
    ],
)
def test_the_designs_table_of_periods(text: str, start: str, end: str) -> None:
    """Each line of the table, on a Monday."""
    assert days(text, MONDAY) == (start, end)


@pytest.mark.parametrize(
    ("text", "today", "start", "end"),
    [
        ("last 1 month", date(2026, 3, 31), "2026-02-28", "2026-03-30"),
        ("last 3 months", date(2024, 5, 31), "2024-02-29", "2024-05-30"),
        ("last 1 month", date(2026, 1, 1), "2025-12-01", "2025-12-31"),
        ("last 12 months", date(2024, 2, 29), "2023-02-28", "2024-02-28"),
        ("last 1 year", date(2024, 2, 29), "2023-02-28", "2024-02-28"),
        ("this week", date(2026, 1, 4), "2025-12-29", "2026-01-04"),
        ("last week", date(2026, 1, 4), "2025-12-22", "2025-12-28"),
        ("last month", date(2026, 3, 31), "2026-02-01", "2026-02-28"),
        ("last month", date(2026, 1, 31), "2025-12-01", "2025-12-31"),
        ("last year", date(2024, 12, 31), "2023-01-01", "2023-12-31"),
        ("today", datetime(2026, 1, 4, 12, tzinfo=UTC), "2026-01-04", "2026-01-04"),
    ],
)
def test_the_calendars_corners(text: str, today: date, start: str, end: str) -> None:
    """A day that the month lacks becomes its last; weeks begin on Mondays across the year's end."""
    assert days(text, today) == (start, end)


@given(
    st.dates(date(1, 1, 1), date(9999, 12, 31)),
    st.dates(date(1, 1, 1), date(9999, 12, 31)),
    st.sampled_from([Unit.DAY, Unit.WEEK, Unit.MONTH]),
)
def test_pieces_tile_the_period(first: date, second: date, unit: Unit) -> None:
    """They meet without gap or overlap, are as many as foretold, and inner ones begin aright."""
    start, end = min(first, second), max(first, second)
    start = max(start, date.fromordinal(max(1, end.toordinal() - 400)))
    query = Query(Event("A", period=Days(start, end)), by=(ByTime(unit),))
    bounds = [(row.start, row.end) for row in rows_of(query, MONDAY)]
    assert len(bounds) == rows_foretold(query)
    assert (bounds[0][0], bounds[-1][1]) == (start, end)
    for (_, left), (right, _) in pairwise(bounds):
        assert right.toordinal() == left.toordinal() + 1
        assert {Unit.DAY: True, Unit.WEEK: right.weekday() == 0, Unit.MONTH: right.day == 1}[unit]


def test_a_did_without_period_takes_the_piece_and_one_with_it_keeps_its_own() -> None:
    """Also where its own is the statement's: then it means the whole, not the piece."""
    text = "A 2026-11-01..2026-11-02 did B did not C 2026-11-01..2026-11-02 by day"
    assert [to_text(query) for query in parse(text, today=MONDAY)] == [
        f"A {day} did B did not C 2026-11-01..2026-11-02" for day in ("2026-11-01", "2026-11-02")
    ]
    whole = "A 2026-11-01..2026-11-02 did B 2026-11-01..2026-11-02"
    assert to_text(parse(whole, today=MONDAY)[0]) == "A 2026-11-01..2026-11-02 did B"


def test_the_last_axis_turns_fastest() -> None:
    """As an odometer: rows of one week stand together."""
    query = Query(
        Event("A", period=Last(2, Unit.WEEK)),
        by=(ByTime(Unit.WEEK), ByValue(Property("x"), (1, 2))),
        label="l",
        source="s",
    )
    rows = list(rows_of(query, MONDAY))
    assert [row.pieces for row in rows] == [(("x", 1),), (("x", 2),)] * 2
    assert {row.title for row in rows} == {"l"}


def test_json_is_a_count_as_it_stands() -> None:
    """It has its days already."""
    pasted = JsonQuery('{"event_name": "x", "from": 20150101, "to": 20150101}')
    (row,) = rows_of(pasted, MONDAY)
    assert (row.text, row.start, row.formula) == (pasted.body, date(2015, 1, 1), Formula((0,)))
    assert rows_foretold(pasted) == 1


@pytest.mark.parametrize(
    "period",
    [Days(Ago(10**9), Ago(0)), Last(10**12, Unit.MONTH), Last(30, Unit.DAY), Previous(Unit.YEAR)],
)
def test_before_the_calendar_is_a_query_error(period: Days | Last) -> None:
    """Also for queries that were made by hand, and for a today that leaves no room."""
    with pytest.raises(QueryError, match="before the calendar"):
        resolve(period, date(1, 1, 2))


def test_this_year_needs_no_room() -> None:
    """The first days of the calendar are days like others."""
    assert resolve(This(Unit.MONTH), date(1, 1, 2)) == Days(date(1, 1, 1), date(1, 1, 2))


def counts(text: str, today: date = MONDAY) -> list[str]:
    """The distinct single counts of a cell, as texts."""
    return [to_text(query) for query in parse(text, today=today)]


@pytest.mark.parametrize(
    ("text", "today", "pieces"),
    [
        (
            "last 2 weeks by week",
            date(2026, 11, 25),
            ["2026-11-09 2026-11-15", "2026-11-16 2026-11-22"],
        ),
        ("last 1 week by first week", date(2026, 11, 22), ["2026-11-09 2026-11-15"]),
        (
            "last 2 months by month",
            date(2026, 3, 31),
            ["2026-01-01 2026-01-31", "2026-02-01 2026-02-28"],
        ),
        ("last 1 quarter by quarter", date(2026, 3, 31), ["2025-10-01 2025-12-31"]),
        (
            "last 1 year by quarter",
            MONDAY,
            [
                "2025-10-01 2025-12-31",
                "2026-01-01 2026-03-31",
                "2026-04-01 2026-06-30",
                "2026-07-01 2026-09-30",
            ],
        ),
        ("last 1 year by year", MONDAY, ["2025-01-01 2025-12-31"]),
        (
            "last 1 quarter by month",
            date(2026, 1, 1),
            ["2025-10-01 2025-10-31", "2025-11-01 2025-11-30", "2025-12-01 2025-12-31"],
        ),
        # Not made of them: cut where it falls.
        (
            "last 1 month by week",
            date(2026, 3, 9),
            [
                "2026-02-09 2026-02-15",
                "2026-02-16 2026-02-22",
                "2026-02-23 2026-03-01",
                "2026-03-02 2026-03-08",
            ],
        ),
        (
            "last 9 days by week",
            date(2026, 11, 25),
            ["2026-11-16 2026-11-22", "2026-11-23 2026-11-24"],
        ),
        (
            "last 2 days by day rolling 1 week",
            MONDAY,
            ["2026-11-15 2026-11-21", "2026-11-16 2026-11-22"],
        ),
        ("2026-03-30..2026-03-30 by day rolling 1 month", MONDAY, ["2026-02-28 2026-03-30"]),
        ("last 1 week by week rolling 4 weeks", MONDAY, ["2026-10-26 2026-11-22"]),
    ],
)
def test_the_days_of_pieces(text: str, today: date, pieces: list[str]) -> None:
    """`last N` of the piece's own unit, or of one made of it, means whole ones; windows end with
    the piece's last day."""
    (query,) = statements(f"A {text}", today=today)
    assert [f"{row.start} {row.end}" for row in rows_of(query, today)] == pieces


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("2026-11-20..2026-11-25 by day", [True, True, True, False, False, False]),
        ("2026-11-10..2026-11-22 by week", [False, True]),
        ("2026-09-15..2026-11-23 by month", [False, True, False]),
        ("this month by day, x in (1)", [True] * 22 + [False]),
        ("2026-11-10..2026-11-17 by week rolling 2 weeks", [False, False]),
        ("last 7 days", [None]),
    ],
)
def test_a_piece_that_is_cut_short_or_not_over_is_not_whole(
    text: str, whole: list[bool | None]
) -> None:
    """Such a count is no dip."""
    (query,) = statements(f"A {text}", today=MONDAY)
    assert [row.whole for row in rows_of(query, MONDAY)] == whole


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("2026-11-09..2026-11-15 did B after 7 days", "2026-11-16..2026-11-22"),
        ("2026-11-09..2026-11-15 did B after 0 weeks", ""),
        ("2026-02 did B before 1 month", "2026-01"),
        ("2026-02 did B before 12 months", "2025-02"),
        ("2026-Q1 did B before 1 quarter", "2025-10-01..2025-12-31"),
        ("last 2 weeks did B before 2 weeks", "2026-10-26..2026-11-08"),
        ("last 3 months did B before 4 months", "2026-04-23..2026-07-22"),
        ("2026-09 did B after 1 month", "2026-10"),
        ("today-19..today-13 did B after 7 days", "2026-11-11..2026-11-17"),
        ("2024-02-29 did B before 366 days", "2023-02-28"),
    ],
)
def test_a_moved_period(text: str, inside: str) -> None:
    """Days and weeks move by days; whole months stay whole when moved by months."""
    (count,) = counts(f"A {text}")
    assert count.split(" did B")[1].strip() == inside


def test_a_retention_triangle_asks_what_is_over() -> None:
    """Twelve weeks with twelve numbers: 156 rows, 90 of them asked, in three lines."""
    text = (
        "App Installed last 12 weeks\n  share did App Launched after 0..11 weeks\n  by first week"
    )
    (query,) = statements(text, today=MONDAY)
    rows = list(rows_of(query, MONDAY))
    assert len(rows) == rows_foretold(query) == 156
    assert sum(row.formula is not None for row in rows) == 90
    assert len(parse(text, today=MONDAY)) == 90
    steps = rows[:13]
    assert [row.after for row in steps] == [None, *range(12)]
    assert {row.base for row in steps} == {0}
    assert [row.within for row in steps] == [None] + [0] * 12
    assert {row.step for row in steps[1:]} == {"did App Launched after weeks"}


@pytest.mark.parametrize(
    ("text", "is_asked"),
    [
        # A window that is not over, a piece that begins after today, and one that is under way.
        ("2026-11-16..2026-11-22 did B after 7 days", [False]),
        ("2026-11-09..2026-11-15 did B after 7 days", [True]),
        ("2026-11-23..2026-11-25 did B before 7 days by day", [True, True, True]),
        ("2026-11-22..2026-11-25 did B after 0 days by day", [True, False, False, False]),
        (
            "2026-11-22..2026-11-25 share did B after 0 days by day",
            [True, True] + [True, False] + [False] * 4,
        ),
        ("2026-11-10..2026-11-12 did not B after 2..11 days by day", None),
    ],
)
def test_a_row_is_not_asked_before_its_window_is_over(
    text: str, is_asked: list[bool] | None
) -> None:
    """It is there all the same; a `before` alone asks as typed."""
    (query,) = statements(f"A {text}", today=MONDAY)
    rows = list(rows_of(query, MONDAY))
    if is_asked is None:
        assert len(rows) == 30
        is_asked = [10 + n // 10 + 2 + n % 10 < 23 for n in range(30)]
    assert [row.formula is not None for row in rows] == is_asked


def test_a_cell_of_millions_of_rows_is_refused_at_once() -> None:
    """Counting them takes no time, and the error says how many."""
    values = ", ".join(map(str, range(1000)))
    steps = "share did B after 0..1000 days"
    text = f"A 1900-01-01..2020-12-31\n  {steps}\n  by day, X in ({values}), hour"
    with pytest.raises(QueryError, match="would have 1,062,801,360,000 rows"):
        parse(text, today=MONDAY)


@pytest.mark.parametrize("before", ["A last 7 days by day", "A last 3 days by day\nC today"])
def test_the_limit_that_a_refusal_names_is_enough(before: str) -> None:
    """Counts of the statements before one with own days are among those that may come."""
    text = f"{before}\nB last 30 days\n  share did D within 1, 2, 3 days"
    with pytest.raises(QueryError, match="raise it") as refused:
        parse(text, today=MONDAY, max_counts=20)
    limit = int(re.findall(r"max_counts=(\d+)", str(refused.value))[0])
    assert len(parse(text, today=MONDAY, max_counts=limit)) > 20
