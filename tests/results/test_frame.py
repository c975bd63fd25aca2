"""The DataFrame: its columns, their dtypes, and that nothing that is missing becomes a number."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pandas as pd

from ct_magic.client.jobs import Job, Question, State, Tally
from ct_magic.results.frame import frame

ASKED = Question(
    title="pizza",
    text="pizza: Charged 2026-01-01",
    event="Charged",
    start=date(2026, 1, 1),
    end=date(2026, 1, 31),
    pieces=(),
    body="{}",
    until=date(2026, 1, 31),
)
DONE = Job(0, ASKED, State.SUCCESS, tally=Tally(7138))
FAILED = Job(1, ASKED, State.FAILED, error="HTTP 400: no such event")


def test_the_columns_and_their_dtypes_do_not_depend_on_what_came() -> None:
    """Unattended code may rely on them: same names, same dtypes, for success and failure."""
    for jobs in ([DONE], [FAILED], [DONE, FAILED]):
        got = frame(jobs)
        assert list(got.columns) == [
            "query",
            "event",
            "start",
            "end",
            "count",
            "status",
            "error",
            "cached",
        ]
        assert got["count"].dtype == "Int64"
        assert got["start"].dtype == got["end"].dtype == "datetime64[ns]"
        assert got["cached"].dtype == bool


def test_a_failure_is_a_row_with_a_reason_and_no_number() -> None:
    """A count that did not arrive is NA, never 0."""
    row = frame([DONE, FAILED]).iloc[1]
    assert row["count"] is pd.NA
    assert (row["status"], row["error"]) == ("failed", "HTTP 400: no such event")


def test_what_the_service_adds_has_a_column_where_it_came() -> None:
    """`events`, `users` and `devices` appear when some row has them."""
    rich = replace(DONE, tally=Tally(5, events=9, users=5, devices=6))
    got = frame([rich, DONE])
    assert list(got[["events", "users", "devices"]].iloc[0]) == [9, 5, 6]
    assert got["events"].dtype == "Int64"
    assert got["events"].iloc[1] is pd.NA


def test_each_value_axis_is_a_column_beside_the_dates() -> None:
    """A statement without that axis has NA there; numbers stay numbers."""
    shoes = replace(DONE, question=replace(ASKED, pieces=(("Category", "Shoes"), ("Size", 42))))
    got = frame([shoes, DONE])
    assert list(got.columns)[4:6] == ["Category", "Size"]
    assert (got["Category"].iloc[0], got["Size"].iloc[0]) == ("Shoes", 42)
    assert got["Size"].dtype == "Int64"
    assert got["Category"].isna().iloc[1]


def test_a_property_called_like_a_column_keeps_both() -> None:
    """`by count in (1, 2)` must not replace the counts."""
    got = frame([replace(DONE, question=replace(ASKED, pieces=(("count", 1),)))])
    assert got["count"].iloc[0] == 7138
    assert got["count (property)"].iloc[0] == 1


def test_days_beyond_nanoseconds_cost_no_count() -> None:
    """`2015-01-01..9999-12-31` means "until ever"; the days in the row are those that were sent."""
    ever = replace(DONE, question=replace(ASKED, start=date(1, 1, 1), end=date(9999, 12, 31)))
    got = frame([ever, DONE])
    assert got["start"].dt.year.tolist() == [1, 2026]
    assert got["end"].dt.year.tolist() == [9999, 2026]
    assert got["count"].tolist() == [7138, 7138]


def test_a_row_says_whether_it_was_asked_now() -> None:
    """A count out of the journal is marked."""
    kept = replace(DONE, taken=datetime(2026, 2, 1, tzinfo=UTC))
    assert list(frame([kept, DONE])["cached"]) == [True, False]


def test_a_count_beyond_a_float_is_exact() -> None:
    """Int64 all the way: 2**53 + 1 is not rounded."""
    big = 2**53 + 1
    assert frame([replace(DONE, tally=Tally(big)), FAILED])["count"].iloc[0] == big
