"""What is not over: one rule for days, hours and windows, on the account's clock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from ct_magic.client.jobs import Job, State, Tally
from ct_magic.panel.panel import About, Standing
from ct_magic.planning.prepare import day_and_hours
from ct_magic.planning.row_results import row_results
from ct_magic.query.parser import read_cell
from ct_magic.results.cells import cells
from ct_magic.results.frame import frame
from ct_magic.rows import Question

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # a Monday
PAST = NOON.replace(minute=15)


def found(question: Question) -> int:
    """Fewer who did something else, too: no two counts contradict each other."""
    return 1 if "did_all" in question.body else 100


def seen(text: str, now: datetime, name: str = "UTC", later: datetime | None = None) -> list[str]:
    """Return each row's mark, where it is asked at one moment and counted then, or `later`.

    `?` is not asked, `+` asked and over, `-` asked and not over; panel, picture and column agree.
    """
    zone = ZoneInfo(name)
    today, hours = day_and_hours(None, zone, now)
    plan = read_cell(text, today=today, hours=hours).plan
    jobs = [
        Job(n, question, State.SUCCESS, tally=Tally(found(question)), counted=later or now)
        for n, question in enumerate(plan.questions)
    ]
    rows = row_results(plan, jobs)
    standing = Standing(plan, rows, 0.0, About(zone=zone, today=today))
    marks = []
    for row, cell in zip(rows, cells(frame(plan, rows, zone)), strict=True):
        if row.count is None:
            marks.append("?")
            assert row.row.whole is not True
            continue
        marks.append("-" if cell.is_open else "+")
        until = "until" in standing.so_far(row)
        assert until == cell.is_open, row.row
        if row.row.whole is not None and row.row.from_day is None and later is None:
            assert row.row.whole is not cell.is_open
        if row.row.previous:
            assert (row.change is None) == cell.is_open
    return marks


@pytest.mark.parametrize(
    ("name", "over"),
    [
        ("UTC", 12),
        ("Asia/Kolkata", 17),
        ("Asia/Kathmandu", 17),
        ("America/St_Johns", 8),
        ("Australia/Lord_Howe", 23),
        ("Pacific/Chatham", 1),
        ("America/Los_Angeles", 4),
    ],
)
@pytest.mark.parametrize("text", ["App Launched today by hour", "App Launched today by day, hour"])
def test_the_hours_of_today_that_are_over_are_whole(text: str, name: str, over: int) -> None:
    """The others are not asked; hours are of the account's clock, also of half-hour zones."""
    assert seen(text, NOON, name) == ["+"] * over + ["?"] * (24 - over)


@pytest.mark.parametrize(
    ("clock", "over"), [((0, 0), 0), ((11, 59), 11), ((12, 0), 12), ((12, 1), 12), ((23, 59), 23)]
)
def test_an_hour_is_over_at_the_full_hour(clock: tuple[int, int], over: int) -> None:
    """Neither a minute before, nor only with the next hour."""
    now = datetime(2026, 11, 23, *clock, 59 if clock[1] == 59 else 0, tzinfo=UTC)
    assert seen("App Launched today by hour", now).count("+") == over
    of_the_week = seen("App Launched yesterday..today by hour", now)
    assert of_the_week == ["+"] * over + ["-"] * (24 - over)


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("App Launched yesterday..today by day", "+-"),
        ("App Launched yesterday..today by day rolling 7 days", "+-"),
        ("App Launched today", "-"),
        ("App Launched yesterday by hour", "+" * 24),
        ("App Launched this week by hour", "+" * 12 + "?" * 12),
        ("App Launched last week by week, hour", "+" * 24),
        ('App Launched today by "hour" in (1, 2)', "--"),
        ("App Launched today vs previous by hour", "+" * 12 + "?" * 12),
        ("App Launched yesterday..today vs previous by day, hour", "+" * 36 + "?" * 12),
        ("App Installed 2026-11-20..today share did Charged within 2 days", "-+"),
        ("App Installed 2026-11-20..2026-11-22 share did Charged on day 0, 1", "+++"),
    ],
)
def test_what_is_not_over_has_its_end_after_the_moment_of_asking(text: str, marks: str) -> None:
    """A day, a window that ends with it, an hour of several days, own days: all by their end."""
    assert seen(text, PAST) == list(marks)


def test_a_day_ends_at_midnight_of_its_own_zone() -> None:
    """What was counted just after it is of a whole day there, and only there."""
    before, after = (datetime(2026, 11, 23, 18, n, tzinfo=UTC) for n in (29, 30))
    for name, marks in (("Asia/Kolkata", "-+"), ("Asia/Kathmandu", "++"), ("UTC", "--")):
        found = [seen("App Launched 2026-11-23", now, name) for now in (before, after)]
        assert found == [[mark] for mark in marks]


def test_what_is_counted_later_than_it_was_asked_is_judged_by_its_count() -> None:
    """A day that ended while the cell ran is a whole one."""
    assert seen("App Launched today", PAST, later=PAST.replace(day=24, hour=0)) == ["+"]


def test_of_a_day_that_is_given_no_hour_is_known() -> None:
    """Then every hour is asked, and none of today is called whole."""
    assert day_and_hours(date(2026, 11, 23), UTC) == (date(2026, 11, 23), None)
    rows = read_cell("App Launched today by day, hour", today=date(2026, 11, 23)).plan.rows
    assert len(rows) == 24
    assert all(row.formula and row.whole is False for row in rows)


@pytest.mark.parametrize(
    ("text", "is_said"),
    [
        ("App Launched yesterday did Charged today", True),
        ("App Launched 2026-11-01 share did Charged 2026-11-20..2026-11-23", True),
        ("App Launched yesterday did any (Charged today-3..today, Signup) >= 2", True),
        ("App Launched yesterday did not Charged 2026-11", True),
        ("App Launched yesterday did Charged 2026-11-20..2026-11-22", False),
        ("App Launched yesterday did Charged", False),
        ("App Launched last 2 weeks did Charged after 1 week by week", False),
        ("App Launched today did Charged today", False),  # the row says so itself
    ],
)
def test_what_else_was_done_on_a_day_that_is_not_over_is_said(text: str, is_said: bool) -> None:
    """The base's own days are over, so that its row looks whole."""
    notes = read_cell(text, today=NOON.date()).plan.notes
    assert any("is not over: a 'did' counts what has happened" in note for note in notes) == is_said
