"""Shares and changes as columns: only where a statement says so, and a piece is whole."""

from __future__ import annotations

import pandas as pd
import pytest
from helpers import frames
from helpers.frames import frame, unfinished, week, weeks

from ct_magic import shares


def changes(df: pd.DataFrame) -> list[float | None]:
    return [None if pd.isna(value) else value for value in shares(df)["change"]]


def test_statements_that_say_no_share_get_none() -> None:
    """Two statements need not be about the same people: no share of the first, no 374 %."""
    several = frame({"query": "a", "count": 10}, {"query": "b", "count": 37})
    values = frame({"Category": "a", "count": 10}, {"Category": "b", "count": 37})
    for df in (several, values, frames.versus()):
        pd.testing.assert_frame_equal(shares(df), df)


def test_a_change_compares_with_the_piece_before_in_its_own_line() -> None:
    """A fraction, missing for the first piece of each line; the DataFrame is left alone."""
    df = frame(*weeks(10, 15, 12, Category="a"), *weeks(4, 4, 8, Category="b"))
    assert changes(df) == [None, 0.5, pytest.approx(-0.2), None, 0.0, 1.0]
    assert "change" not in df


def test_a_piece_that_is_not_whole_has_no_change_nor_has_the_one_behind_it() -> None:
    """Two days of a week are no fall by three quarters."""
    assert changes(unfinished(100, 110, 30)) == [None, pytest.approx(0.1), None]
    rows = weeks(20, 110, 121)
    rows[0] |= {"whole": False}
    assert changes(frame(*rows)) == [None, None, pytest.approx(0.1)]


@pytest.mark.parametrize("missing", [None, 0])
def test_nothing_is_compared_with_a_count_that_is_missing_or_0(missing: int | None) -> None:
    """Neither is a number that could be divided by."""
    relative = changes(frame(*weeks(10, missing, 12)))
    assert relative == [None, None if missing is None else -1.0, None]


def test_a_gap_between_pieces_has_no_change() -> None:
    """Somebody took a row out: the week before the last is not the one before."""
    assert changes(frame(week(0, count=10), week(2, count=20))) == [None, None]


def test_a_share_gets_beside_it_the_share_of_the_step_before() -> None:
    """Both of a funnel's percentages, as columns."""
    of_step_before = shares(frames.funnel())["share_of_step_before"]
    assert [None if pd.isna(value) else round(value, 4) for value in of_step_before] == [
        None,
        round(1387 / 1844, 4),
        round(474 / 1387, 4),
    ]


def test_each_number_of_after_lies_inside_the_step_before_the_clause() -> None:
    """`after 0..3` are four windows beside each other, not one inside the other."""
    df = frames.triangle(3)
    with_shares = shares(df)
    dated = with_shares[with_shares["after"].notna() & with_shares["count"].notna()]
    assert (dated["share_of_step_before"] == dated["share"]).all()
