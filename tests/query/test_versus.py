"""`vs`: the other period by its words, pairs of pieces, and when there is a change."""

from datetime import date

import pytest

from ct_magic import QueryError
from ct_magic.common.words import day
from ct_magic.query.expand import expand
from ct_magic.query.parser import parse, statements
from ct_magic.rows import Row

MONDAY = date(2026, 11, 23)


def rows(text: str, today: date = MONDAY) -> tuple[Row, ...]:
    """The rows of one statement."""
    return expand(statements(f"A {text}", today=today), today, max_counts=None).plan.rows


def previous_days(text: str, today: date = MONDAY) -> list[tuple[str, str] | None]:
    """The other period's days in each row; None where a piece has no partner."""
    comparisons = [row.previous for row in rows(text, today)]
    return [
        (str(comparison.start), str(comparison.end)) if comparison and comparison.start else None
        for comparison in comparisons
    ]


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("last 7 days vs previous", "2026-11-09", "2026-11-15"),
        ("vs previous", "2026-09-24", "2026-10-23"),
        ("yesterday vs previous", "2026-11-21", "2026-11-21"),
        ("last 2 weeks vs previous", "2026-10-26", "2026-11-08"),
        ("last 3 months vs previous", "2026-05-23", "2026-08-22"),
        ("last 2 quarters vs previous", "2025-11-23", "2026-05-22"),
        ("last 1 year vs previous", "2024-11-23", "2025-11-22"),
        ("last month vs previous", "2026-09-01", "2026-09-30"),
        ("last week vs previous", "2026-11-09", "2026-11-15"),
        ("last quarter vs previous", "2026-04-01", "2026-06-30"),
        ("last year vs previous", "2024-01-01", "2024-12-31"),
        ("2026-03 vs previous", "2026-02-01", "2026-02-28"),
        # Dates that are no whole month: as many days just before.
        ("2026-03-01..2026-03-30 vs previous", "2026-01-30", "2026-02-28"),
        ("2026-07-01..2026-09-30 vs previous", "2026-03-31", "2026-06-30"),
        ("since 2026-11-20 vs previous", "2026-11-17", "2026-11-19"),
        ("this week vs previous", "2026-11-16", "2026-11-16"),
        ("this month vs previous", "2026-10-01", "2026-10-23"),
        ("this quarter vs previous", "2026-07-01", "2026-08-23"),
        ("this year vs previous", "2025-01-01", "2025-11-23"),
        ("last 7 days vs before 52 weeks", "2025-11-17", "2025-11-23"),
        ("2026-02 vs before 1 month", "2026-01-01", "2026-01-31"),
        ("2026-02-01..2026-03-31 vs before 1 year", "2025-02-01", "2025-03-31"),
        ("2026-03-30..2026-03-31 vs before 1 month", "2026-02-28", "2026-02-28"),
        ("last 7 days vs last month", "2026-10-01", "2026-10-31"),
    ],
)
def test_the_other_period_goes_by_the_words(text: str, start: str, end: str) -> None:
    """Each line of the page's table, on a Monday."""
    assert previous_days(text) == [(start, end)]


@pytest.mark.parametrize(
    ("text", "today", "start", "end"),
    [
        ("this month vs previous", date(2026, 3, 31), "2026-02-01", "2026-02-28"),
        ("this quarter vs previous", date(2026, 5, 31), "2026-01-01", "2026-02-28"),
        ("this year vs previous", date(2024, 2, 29), "2023-01-01", "2023-02-28"),
        ("last 1 month vs previous", date(2026, 3, 31), "2026-01-31", "2026-02-27"),
        ("this week vs previous", date(2026, 1, 4), "2025-12-22", "2025-12-28"),
    ],
)
def test_the_other_period_at_the_calendars_corners(
    text: str, today: date, start: str, end: str
) -> None:
    """A day that the month lacks becomes its last."""
    assert previous_days(text, today) == [(start, end)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "last 2 weeks vs previous by week",
            [("2026-10-26", "2026-11-01"), ("2026-11-02", "2026-11-08")],
        ),
        (
            "last quarter vs previous by month",
            [
                ("2026-04-01", "2026-04-30"),
                ("2026-05-01", "2026-05-31"),
                ("2026-06-01", "2026-06-30"),
            ],
        ),
        (
            "last 1 quarter vs last quarter by month",
            [
                ("2026-07-01", "2026-07-31"),
                ("2026-08-01", "2026-08-31"),
                ("2026-09-01", "2026-09-30"),
            ],
        ),
    ],
)
def test_pieces_are_paired_in_their_order(text: str, expected: list[tuple[str, str]]) -> None:
    """By week, month, quarter or year both periods are whole."""
    assert previous_days(text) == expected


def test_by_day_a_day_without_a_partner_has_no_previous() -> None:
    """31 days against 30: the last stands alone, and is no error."""
    days = previous_days("2026-10 vs previous by day")
    assert len(days) == 31
    assert days[:2] == [("2026-09-01", "2026-09-01"), ("2026-09-02", "2026-09-02")]
    assert days[-1] is None
    longer = previous_days("2026-02 vs previous by day")
    assert longer[-1] == ("2026-01-28", "2026-01-28")


@pytest.mark.parametrize(
    "text",
    [
        "last 14 days vs previous by week",
        "last 14 days vs last 2 weeks by week",
        "last 2 weeks vs last 14 days by week",
        "this week vs previous by week",
        "since 2026-11-16 vs previous by week",
        "today-14..today-8 vs previous by week",
        "last month vs previous by week",
        "last 2 months vs before 4 weeks by month",
        "last 2 weeks vs before 1 month by week",
        "last 2 weeks vs before 1 day by week",
        "2026-01-01..2026-02-28 vs previous by month",
        "last 4 weeks vs previous by month",
        "2026-11-10..2026-11-22 vs previous by week",
        "last 2 months vs 2026-05-01..2026-06-29 by month",
    ],
)
def test_pieces_that_only_happen_to_fit_are_an_error(text: str) -> None:
    """On whichever Monday it is: tomorrow the same cell would pair other days."""
    with pytest.raises(QueryError, match="whole"):
        rows(text)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("last 7 days vs last month by day", "7 and 31"),
        ("2026-06 vs 2026-05 by day", "30 and 31"),
        ("last 2 weeks vs last 3 weeks by week", "2 and 3"),
        ("last quarter vs last year by month", "3 and 12"),
    ],
)
def test_written_periods_with_unequal_pieces_are_an_error(text: str, numbers: str) -> None:
    """It names both numbers."""
    with pytest.raises(QueryError, match=numbers):
        rows(text)
    with pytest.raises(QueryError) as caught:
        parse(f"A {text}", today=MONDAY)
    assert (caught.value.column, caught.value.length) == (text.index("vs") + 3, 2)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("last 7 days vs previous", None),
        ("2026-06 vs 2026-05", None),
        ("last month vs previous", None),
        ("last year vs previous", None),
        ("last 3 months vs previous", None),
        ("last 1 year vs previous", None),
        ("2026-01-01..2026-02-28 vs 2026-05-01..2026-06-30", None),
        ("last 7 days vs last month", "7 days against 31"),
        ("yesterday vs last week", "1 day against 7"),
        ("2026-03-01..2026-03-30 vs 2026-02", "30 days against 28"),
        ("2026-05-02..2026-06-30 vs before 3 months", "60 days against 57"),
        ("this week vs previous", "{today} is not over"),
        ("this month vs previous", "{today} is not over"),
        ("today vs yesterday", "{today} is not over"),
        ("yesterday vs today", "{today} is not over"),
        ("2026-05 vs previous by month rolling 3 months", None),
    ],
)
def test_a_change_stands_only_between_stretches_that_can_be_compared(
    text: str, why: str | None
) -> None:
    """Else it is missing, and the words say why."""
    (row,) = rows(text)
    assert row.previous
    assert row.previous.incomparable == (why and why.format(today=day(MONDAY)))


def test_a_did_whose_own_period_counts_from_today_is_refused_beside_vs() -> None:
    """It would be the same for both periods; dates that are written out stay."""
    for period in ("last 7 days", "this week", "since 2026-01-01", "today", "yesterday"):
        with pytest.raises(QueryError, match="before 2 weeks"):
            rows(f"last 2 weeks did B {period} vs previous")
    rows("last 2 weeks did B 2026-01-01..2026-02-01 did C before 2 weeks vs previous")


@pytest.mark.parametrize("period", ["0001-01-01", "0001-01-01..0001-01-09", "0001-01", "0001-Q1"])
def test_before_the_first_days_there_is_no_other_period(period: str) -> None:
    """That is an error of the query; and the calendar's last week is a week like others."""
    with pytest.raises(QueryError, match="leaves the calendar"):
        parse(f"A {period} vs previous")
    assert len(parse("A 9999-12-27..9999-12-31 by week")) == 1
