"""The DataFrame: its columns, their dtypes, and that nothing that is missing becomes a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from helpers.plans import plan, question, results, row

from ct_magic.client.jobs import Job, State, Tally
from ct_magic.results.frame import frame
from ct_magic.rows import Comparison, Formula, Plan, Row

DONE = Job(0, question(), State.SUCCESS, tally=Tally(7138))
FAILED = Job(1, question(), State.FAILED, error="HTTP 400: no such event")
USUAL = {
    "query": "string",
    "start": "datetime64[ns]",
    "end": "datetime64[ns]",
    "count": "Int64",
    "status": "string",
    "error": "string",
    "event": "string",
    "events": "Int64",
    "users": "Int64",
    "devices": "Int64",
    "cached": "bool",
    "counted": "datetime64[ns]",
    "doubt": "string",
}


def framed(rows: Sequence[Row], jobs: Sequence[Job]) -> pd.DataFrame:
    numbered = [replace(job, number=number) for number, job in enumerate(jobs)]
    return frame(plan(rows), results(rows, numbered), UTC)


def pieces(*values: str | int | float, name: str = "Size") -> pd.DataFrame:
    """The frame of a row for each value of one axis."""
    rows = [row(n, pieces=((name, value),)) for n, value in enumerate(values)]
    return framed(rows, [DONE] * len(rows))


@pytest.mark.parametrize("jobs", [[], [DONE], [FAILED], [DONE, FAILED]])
def test_the_columns_and_their_dtypes_do_not_depend_on_what_came(jobs: list[Job]) -> None:
    """Unattended code may rely on them: same names, same dtypes, for success, failure, nothing."""
    df = framed([row(n) for n in range(len(jobs))], jobs)
    assert {name: str(kind) for name, kind in df.dtypes.items()} == USUAL
    assert list(df.columns) == list(USUAL)
    assert type(df) is pd.DataFrame


def test_a_failure_is_a_row_with_a_reason_and_no_number() -> None:
    """A count that did not arrive is NA, never 0."""
    failure = framed([row(0), row(1)], [DONE, FAILED]).iloc[1]
    assert failure["count"] is pd.NA
    assert (failure["status"], failure["error"]) == ("failed", "HTTP 400: no such event")


def test_what_is_behind_a_count_stands_beside_it() -> None:
    """`events`, `users` and `devices` are missing where the service did not send them."""
    rich = replace(DONE, tally=Tally(5, events=9, users=5, devices=6))
    df = framed([row(0), row(1)], [rich, DONE])
    assert list(df[["events", "users", "devices"]].iloc[0]) == [9, 5, 6]
    assert df["events"].iloc[1] is pd.NA


def test_each_axis_is_a_column_beside_the_dates() -> None:
    """A statement without that axis has NA there; numbers stay numbers."""
    shoes = row(0, pieces=(("Category", "Shoes"), ("Size", 42)))
    df = framed([shoes, row(1)], [DONE, DONE])
    assert list(df.columns)[1:3] == ["Category", "Size"]
    assert (df["Category"].iloc[0], df["Size"].iloc[0]) == ("Shoes", 42)
    assert df["Size"].dtype == "Int64"
    assert df["Category"].isna().iloc[1]


@pytest.mark.parametrize("name", ["count", "Status", "CACHED", "share", "Whole", "after"])
def test_a_property_called_like_a_column_keeps_both(name: str) -> None:
    """Compared without case, as SQL does; also where our column is not in this frame."""
    df = pieces(1, name=name)
    assert df["count"].iloc[0] == 7138
    assert df[f"{name} (property)"].iloc[0] == 1


def test_no_two_columns_differ_in_case_only() -> None:
    """SQLite refuses such a table, whichever of the names are whose."""
    axes = (("size", 1), ("Size", 2), ("status", 3), ("Status (property)", 4))
    df = framed([row(0, pieces=axes)], [DONE])
    names = [name.casefold() for name in df.columns]
    assert len(set(names)) == len(names) == len(USUAL) + 4
    assert sorted(df[name].iloc[0] for name in list(df.columns)[1:5]) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("values", "cells", "dtype"),
    [
        ((38, 40), [38, 40], "Int64"),
        ((38, 40.5), [38.0, 40.5], "Float64"),
        ((38, "XL"), ["38", "XL"], "string"),
        ((5, "5"), ["5", '"5"'], "string"),
        ((5, "5", "XL"), ["5", '"5"', "XL"], "string"),
        ((5, "5", '"5"'), ["5", '"5"', '""5""'], "string"),
        ((2**70, 1), [str(2**70), "1"], "string"),
        ((2**60 + 1, 0.5), [str(2**60 + 1), "0.5"], "string"),
    ],
)
def test_a_mixed_axis_is_text_in_which_no_two_values_are_one(
    values: tuple[str | int | float, ...], cells: list[object], dtype: str
) -> None:
    """Parquet takes one type a column, and nothing may be rounded or fall together."""
    sizes = pieces(*values)["Size"]
    assert list(sizes) == cells
    assert sizes.dtype == dtype


def test_shares_have_their_columns_behind_the_count() -> None:
    """The base has share 1 and no interval; a row that is not yet has no `of` either."""
    rows = [
        row(0, step="App Installed", base=0),
        row(1, step="did Charged", base=0, within=0),
        row(2, step="did Charged", after=1, base=0, within=0, formula=None),
    ]
    df = framed(rows, [replace(DONE, tally=Tally(200)), replace(DONE, tally=Tally(50))])
    at = list(df.columns).index("step")
    names = ["step", "after", "count", "of", "share", "low", "high"]
    assert list(df.columns)[at : at + 7] == names
    assert list(df["share"].fillna(-1)) == [1, 0.25, -1]
    assert list(df["of"].fillna(-1)) == [200, 200, -1]
    assert list(df["low"].isna()) == [True, False, True]
    assert list(df["status"]) == ["success", "success", "not yet"]


def test_another_period_has_its_columns_behind_the_count() -> None:
    """Where there is no change although both counts are there, it is missing."""
    day = date(2026, 10, 1)
    rows = [
        row(0, previous=Comparison(Formula((1,)), day, day), whole=True),
        row(1, formula=Formula((1,)), previous=Comparison(None, None, None), whole=False),
    ]
    df = framed(rows, [replace(DONE, tally=Tally(30)), replace(DONE, tally=Tally(40))])
    at = list(df.columns).index("count")
    names = ["count", "previous", "previous_start", "previous_end", "change", "whole", "status"]
    assert list(df.columns)[at : at + 7] == names
    assert list(df["change"].fillna(9)) == [-0.25, 9]
    assert list(df["previous_start"].isna()) == [False, True]
    assert list(df["whole"]) == [True, False]


def test_days_beyond_nanoseconds_cost_no_count() -> None:
    """`2015-01-01..9999-12-31` means "until ever"; the days in the row are those that were sent."""
    ever = row(0, start=date(1, 1, 1), end=date(9999, 12, 31))
    df = framed([ever, row(1)], [DONE, DONE])
    assert df["start"].dt.year.tolist() == [1, 2026]
    assert df["end"].dt.year.tolist() == [9999, 2026]
    assert df["count"].tolist() == [7138, 7138]


def test_a_row_says_whether_and_when_it_was_counted() -> None:
    """On the account's clock, without a zone, which Excel does not take; the zone is named."""
    moment = datetime(2026, 2, 1, 20, 0, 0, 5, tzinfo=UTC)
    recalled = replace(DONE, taken=moment, counted=moment)
    rows = [row(0), row(1)]
    df = frame(plan(rows), results(rows, [recalled, DONE]), ZoneInfo("Asia/Kolkata"))
    assert list(df["cached"]) == [True, False]
    assert df["counted"].iloc[0] == pd.Timestamp("2026-02-02 01:30")
    assert df["counted"].iloc[1] is pd.NaT
    assert df.attrs == {"timezone": "Asia/Kolkata"}


def test_what_is_doubted_stands_in_the_row() -> None:
    """For scripts, which see no panel."""
    df = framed([row(0, doubts=("one", "two")), row(1)], [DONE, DONE])
    assert list(df["doubt"].fillna("")) == ["one; two", ""]


def test_a_count_beyond_a_float_is_exact() -> None:
    """Int64 all the way: 2**53 + 1 is not rounded."""
    big = 2**53 + 1
    assert framed([row(0), row(1)], [replace(DONE, tally=Tally(big)), FAILED])["count"][0] == big


def test_a_plan_of_nothing_is_a_frame_of_nothing() -> None:
    """What `%ct resume` gives where nothing was pending: columns and no row."""
    assert list(frame(Plan((), ()), (), UTC).columns) == list(USUAL)
