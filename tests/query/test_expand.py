"""Periods -> days: every way to say when, at the calendar's corners, and the pieces of `by`."""

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct_magic import QueryError
from ct_magic.query.alternatives import Sum
from ct_magic.query.expand import how_many, rows_of
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
from ct_magic.query.resolve_period import resolve

MONDAY = date(2026, 11, 23)


def days(text: str, today: date) -> tuple[str, str]:
    """The days that a period's text means."""
    (query,) = statements(f"A {text}", today=today)
    assert isinstance(query, Query)
    found = resolve(query.event.period, today)
    return str(found.start), str(found.end)


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
def test_pieces_tile_the_period(some: date, other: date, unit: Unit) -> None:
    """They meet without gap or overlap, are as many as foretold, and inner ones begin aright."""
    start, end = min(some, other), max(some, other)
    start = max(start, date.fromordinal(max(1, end.toordinal() - 1000)))
    query = Query(Event("A", period=Days(start, end)), by=(ByTime(unit),))
    bounds = [(row.start, row.end) for row in rows_of(query, MONDAY)]
    assert len(bounds) == how_many(query, MONDAY)
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
    asked = Query(
        Event("A", period=Last(2, Unit.WEEK)),
        by=(ByTime(Unit.WEEK), ByValue(Property("x"), (1, 2))),
        label="l",
        source="s",
    )
    rows = rows_of(asked, MONDAY)
    assert [row.pieces for row in rows] == [(("x", 1),), (("x", 2),)] * 2
    assert {(row.query.label, row.query.source) for row in rows} == {("l", "s")}


def test_json_is_a_count_as_it_stands() -> None:
    """It has its days already."""
    pasted = JsonQuery('{"event_name": "x", "from": 20150101, "to": 20150101}')
    assert [row.total for row in rows_of(pasted, MONDAY)] == [Sum((pasted,))]
    assert how_many(pasted, MONDAY) == 1


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
