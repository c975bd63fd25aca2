"""What kind of result a DataFrame is: from its typed values and its days, not from names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers import frames
from helpers.frames import frame, from_csv, week, weeks

from ct_magic import UsageError
from ct_magic.results.cells import Kind, by_series, cells, kind, unit

EXAMPLES: dict[Kind, pd.DataFrame] = {
    Kind.NUMBER: frame({"count": 3}),
    Kind.STATEMENTS: frame({"query": "a", "count": 3}, {"query": "b", "count": 4}),
    Kind.VALUES: frame({"Category": "Shoes", "count": 3}, {"Category": "Bags", "count": 4}),
    Kind.TIME: frame(*weeks(3, 4)),
    Kind.FUNNEL: frames.funnel(),
    Kind.RETENTION: frames.triangle(),
    Kind.VERSUS: frames.versus(),
}


@pytest.mark.parametrize("expected", EXAMPLES)
def test_the_kind_is_seen_from_the_dataframe(expected: Kind, tmp_path: Path) -> None:
    """Also where it was written to a file and read again, or has a column of one's own."""
    df = EXAMPLES[expected]
    df.to_csv(tmp_path / "counts.csv", index=False)
    for variant in (
        df,
        from_csv(tmp_path / "counts.csv"),
        df.assign(note="mine"),
    ):
        assert kind(cells(variant)) is expected
    assert cells(from_csv(tmp_path / "counts.csv")) == cells(df)


def values(*categories: Any, name: str = "Category") -> pd.DataFrame:
    return frame(*({name: value, "count": n} for n, value in enumerate(categories)))


@pytest.mark.parametrize(
    "df",
    [
        values(5, "5"),
        values(1.5, "1.5"),
        frame(
            {"Category": "A, B", "Brand": "C", "count": 1},
            {"Category": "A", "Brand": "B, C", "count": 2},
        ),
        frame({"query": "a, b", "count": 1}, {"query": "a", "Category": "b", "count": 2}),
    ],
)
def test_two_values_that_read_alike_are_two(df: pd.DataFrame) -> None:
    """The number 5 is not the text "5", and a comma inside a value joins nothing."""
    rows = cells(df)
    assert len(by_series(rows)) == 2
    assert kind(rows) is Kind.VALUES


@pytest.mark.parametrize(
    "rows",
    [
        [{"count": 1}, {"count": 2}],
        [{"Category": "a", "count": 1}, {"Category": "a", "count": 1}],
        [week(0, count=1), week(0, count=2)],
    ],
)
def test_a_count_that_is_there_twice_is_refused(rows: Any) -> None:
    """No mean of both is drawn, and no one of them is dropped: nobody counted that."""
    with pytest.raises(UsageError, match="occurs twice"):
        cells(frame(*rows))


def test_rows_of_different_kinds_are_statements() -> None:
    """A share beside a count over time is neither a funnel nor a line."""
    mixed = [*weeks(3, 4), frames.base(5), frames.share(2, 5)]
    assert kind(cells(frame(*mixed))) is Kind.STATEMENTS


def test_a_statement_without_pieces_beside_one_with_them_is_no_line() -> None:
    """Its one count would be a line's only place, in a time that it does not speak of."""
    rows = [*weeks(3, 4), {"query": "other", "count": 9}]
    assert kind(cells(frame(*rows))) is not Kind.TIME


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-11-23", "2026-11-23", "day"),
        ("2026-11-16", "2026-11-22", "week"),
        ("2026-11-17", "2026-11-23", None),
        ("2026-02-01", "2026-02-28", "month"),
        ("2026-02-01", "2026-02-27", None),
        ("2026-10-01", "2026-12-31", "quarter"),
        ("2026-11-01", "2027-01-31", None),
        ("2024-01-01", "2024-12-31", "year"),
        ("9999-12-31", "9999-12-31", "day"),
    ],
)
def test_the_unit_of_pieces_is_seen_from_their_days(
    start: str, end: str, expected: str | None
) -> None:
    """Titles say `a week` only of weeks."""
    assert unit(cells(frame({"start": start, "end": end, "count": 1}))) == expected


@pytest.mark.parametrize("other", [pd.DataFrame({"a": [1]}), "text", None, pd.DataFrame()])
def test_another_dataframe_is_refused(other: Any) -> None:
    """With the column that is missing."""
    with pytest.raises(UsageError, match=r"not a DataFrame of counts \(no column 'query'\)"):
        cells(other)
