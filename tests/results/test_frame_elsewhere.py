"""The DataFrame elsewhere: written and read by what people carry tables away with."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from helpers.plans import plan, question, row

from ct_magic.client.jobs import Job, State, Tally
from ct_magic.planning.row_results import row_results
from ct_magic.results.frame import frame
from ct_magic.rows import Comparison, Formula


def awkward() -> pd.DataFrame:
    """A frame with every column there is, axes that mix, and rows that did not arrive."""
    day, counted = date(2026, 10, 1), datetime(2026, 11, 1, 12, 30, tzinfo=UTC)
    other = Comparison(Formula((0,)), day, day)
    rows = [
        row(0, pieces=(("Size", 38), ("status", "new")), step="App Installed", base=0, whole=True),
        row(1, pieces=(("Size", "XL"), ("Geo", 2**70)), step="did", base=0, within=0, after=2),
        row(2, pieces=(("Size", "38"), ("hour", 13)), previous=other, doubts=("a", "b")),
        row(3, pieces=(("Größe", 0.5),), formula=None, whole=False),
    ]
    jobs = [
        Job(0, question(), State.SUCCESS, tally=Tally(2**53 + 1, 7, 8, 9), counted=counted),
        Job(1, question(), State.SUCCESS, tally=Tally(5), taken=counted, counted=counted),
        Job(2, question(), State.FAILED, error="HTTP 400: no such event"),
    ]
    planned = plan(rows)
    return frame(planned, row_results(planned, jobs), UTC)


def parquet(df: pd.DataFrame, folder: Path) -> pd.DataFrame:
    df.to_parquet(folder / "x.parquet")
    return pd.read_parquet(folder / "x.parquet")


def sqlite(df: pd.DataFrame, folder: Path) -> pd.DataFrame:
    with closing(sqlite3.connect(folder / "x.sqlite")) as db:
        df.to_sql("counts", db, index=False)
        return pd.read_sql("SELECT * FROM counts", db)


def excel(df: pd.DataFrame, folder: Path) -> pd.DataFrame:
    df.to_excel(folder / "x.xlsx", index=False)
    return pd.read_excel(folder / "x.xlsx")


def through_polars(df: pd.DataFrame, folder: Path) -> pd.DataFrame:
    pl.from_pandas(df).write_parquet(folder / "x.parquet")
    return pl.read_parquet(folder / "x.parquet").to_pandas()


def csv(df: pd.DataFrame, folder: Path) -> pd.DataFrame:
    df.to_csv(folder / "x.csv", index=False)
    return pd.read_csv(folder / "x.csv")


WAYS = [parquet, sqlite, excel, through_polars, csv]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_it_comes_back_with_all_columns_and_numbers(
    tmp_path: Path, way: Callable[[pd.DataFrame, Path], pd.DataFrame]
) -> None:
    """No type that a format lacks, no two columns that are one without case, nothing lost."""
    df = awkward()
    back = way(df, tmp_path)
    assert list(back.columns) == list(df.columns)
    assert len(back) == len(df)
    # Who reads a column with gaps makes floats of it.
    counts = [frame["count"].astype("Float64").fillna(-1).tolist() for frame in (back, df)]
    assert counts[0] == counts[1]
    assert back["Size"].tolist()[:3] == ["38", "XL", '"38"']
    assert pd.to_datetime(back["counted"]).tolist()[:2] == [pd.Timestamp("2026-11-01 12:30")] * 2
    assert pd.to_datetime(back["start"]).tolist() == df["start"].tolist()
    assert back["share"].tolist()[:2] == pytest.approx(df["share"].tolist()[:2])
    assert back["status"].tolist() == ["success", "success", "failed", "not yet"]


def test_parquet_and_polars_keep_the_types(tmp_path: Path) -> None:
    """What is read is what was written, to the type."""
    df = awkward()
    pd.testing.assert_frame_equal(parquet(df, tmp_path), df)
    assert pl.from_pandas(df)["count"].to_list() == [2**53 + 1, 5, None, None]


def test_history_goes_into_a_sheet(tmp_path: Path) -> None:
    """Times without a zone: Excel takes no other."""
    from ct_magic.client.journal.history import PastCell
    from ct_magic.results.tables import history_frame

    df = history_frame([PastCell("acc", 1.8e9, "df", None, (), 0, ())], lambda _: UTC)
    df.to_excel(tmp_path / "x.xlsx", index=False)
    back = pd.read_excel(tmp_path / "x.xlsx")
    assert back["asked"].tolist() == [pd.Timestamp("2027-01-15 08:00")]


def test_two_axes_pivot_in_one_line() -> None:
    """As the page says: `df.pivot(index=..., columns=..., values="count")`."""
    pieces = [(d, c) for d in (1, 2) for c in ("Shoes", "Bags")]
    rows = [
        replace(row(n, pieces=(("Category", c),)), start=date(2026, 10, d), end=date(2026, 10, d))
        for n, (d, c) in enumerate(pieces)
    ]
    jobs = [Job(n, question(), State.SUCCESS, tally=Tally(n)) for n in range(4)]
    planned = plan(rows)
    df = frame(planned, row_results(planned, jobs), UTC)
    table = df.pivot(index="start", columns="Category", values="count")
    assert table["Shoes"].tolist() == [0, 2]
    assert table["Bags"].tolist() == [1, 3]
