"""Random texts against people one by one: python tests/evaluate_texts.py 3000 [seed] [new].

Beside `evaluate_statements.py`, which begins at the query: here a cell is typed, read, planned, its
JSON counted by the sandbox's engine, and the DataFrame compared, over several days that are "today"
(the end of a month, a leap day, the year's first, after a change of clocks) and time zones. With
`new` behind the seed they are of own days, `share where`, `vs` beside `share`, or with named parts.
"""

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow.parquet as pq
from helpers import plain_counts
from helpers.evaluated import answered as jobs_of
from helpers.random_texts import Meant, Texts
from helpers.texts_evaluator import TextsEvaluator, Wanted, newcombe, wilson

from ct_magic import QueryError
from ct_magic.planning.row_results import row_results
from ct_magic.query import parser
from ct_magic.results.frame import frame
from ct_magic.sandbox.engine import Engine

PROFILES, MOST_COUNTS = 350, 60
WORLDS = (
    ("UTC", date(2026, 11, 23)),
    ("Asia/Kathmandu", date(2028, 2, 29)),
    ("Asia/Kolkata", date(2027, 3, 31)),
    ("America/St_Johns", date(2027, 1, 1)),
    ("Europe/Berlin", date(2026, 10, 26)),
    ("Australia/Lord_Howe", date(2026, 8, 31)),
    ("Pacific/Chatham", date(2024, 3, 1)),
    ("America/New_York", date(2025, 12, 29)),
)


@dataclass
class Compared:
    """How many rows were compared, how many of them found somebody, and what differs."""

    rows: int = 0
    nonempty: int = 0
    refused: int = 0
    wrong: list[str] = field(default_factory=list)


def main(times: int, seed: int = 0, *, is_new: bool = False) -> int:
    """Compare so many cells."""
    random, compared = Random(seed), Compared()
    for zone, today in WORLDS:
        compare(ZoneInfo(zone), today, times // len(WORLDS), random, compared, is_new)
    for line in compared.wrong:
        sys.stdout.write(f"{line}\n\n")
    sys.stdout.write(
        f"{compared.rows:,} rows, {compared.nonempty:,} of them found somebody, "
        f"{len(compared.wrong):,} cells differ; {compared.refused:,} were refused\n"
    )
    return 1 if compared.wrong else 0


def compare(
    zone: ZoneInfo,
    today: date,
    times: int,
    random: Random,
    compared: Compared,
    is_new: bool = False,
) -> None:
    """Compare so many cells of one day in one time zone."""
    engine, data = world(zone, today)
    texts, evaluator, tried = Texts(random, today), TextsEvaluator(data, today), 0
    while tried < times:
        try:
            meant = texts.statement(is_new)
            df = counted(engine, meant, today)
        except QueryError:
            compared.refused += 1
            continue
        if df is not None:
            tried, compared.rows = tried + 1, compared.rows + len(df)
            compared.nonempty += int((df["count"] > 0).sum())
            if differs := difference(df, evaluator.rows(meant)):
                compared.wrong.append(f"{zone}, {today}\n{meant.text}\n{meant.params}\n{differs}")
    engine.close()


def world(zone: ZoneInfo, today: date) -> tuple[Engine, plain_counts.Data]:
    """Return an engine, and its events as plain rows."""
    engine = Engine(zone)
    engine.generate(PROFILES, 3, today)
    with tempfile.TemporaryDirectory() as folder:
        engine.export(Path(folder))
        tables = [pq.read_table(Path(folder, f"{t}.parquet")) for t in ("events", "profiles")]
    return engine, plain_counts.read(*(table.to_pylist() for table in tables), zone)


def counted(engine: Engine, meant: Meant, today: date) -> pd.DataFrame | None:
    """Return the DataFrame of a cell; None where it asks too much."""
    cell = parser.read_cell(meant.text, params=meant.params, today=today, max_counts=None)
    planned = cell.plan
    if len(planned.questions) > MOST_COUNTS:
        return None
    return frame(planned, row_results(planned, jobs_of(planned, engine.count)))


def difference(df: pd.DataFrame, wanted: list[Wanted]) -> str | None:
    """Return the first cell that is not as it must be."""
    if len(df) != len(wanted):
        return f"{len(df)} rows, not {len(wanted)}"
    for n, (row, right) in enumerate(zip(df.to_dict("records"), wanted, strict=True)):
        for column, value in cells(right):
            actual = plain(row.get(column))
            near = isinstance(value, float) and actual is not None and abs(actual - value) < 1e-9
            if not near and actual != value:
                return f"row {n}, {column}: found {actual!r}, right {value!r}"
    return None


def cells(right: Wanted) -> Iterator[tuple[str, Any]]:
    """Yield what a row's columns must hold."""
    count, of, previous, previous_of = right.count, right.of, right.previous, right.previous_of
    yield from (("start", right.days[0]), ("end", right.days[1]), ("count", count))
    yield "status", "success" if count is not None else "not yet"
    yield from right.axes.items()
    if right.whole is not None:
        yield "whole", right.whole
    if right.after is not None:
        yield "after", right.after
    if right.window is not None:
        yield from zip(("from_day", "to_day"), right.window, strict=True)
    share = count / of if count is not None and of else None
    has_share = not right.is_base or of is not None
    if has_share:
        ends = (None, None)
        if share is not None and not right.is_base:
            ends = wilson(count or 0, of or 1)
        yield from (("of", of), ("low", ends[0]), ("high", ends[1]), ("share", share))
    if right.other is None:
        return
    yield from zip(("previous_start", "previous_end"), right.other, strict=True)
    yield "previous", previous
    yield (
        "change",
        count / previous - 1 if right.is_alike and previous and count is not None else None,
    )
    if has_share:
        is_known = right.is_alike and share is not None and previous is not None
        yield "previous_of", previous_of if is_known else None
        before = (previous or 0) / previous_of if is_known and previous_of else None
        yield "previous_share", before
        yield "difference", None if before is None or share is None else share - before
        ends = (None, None)
        if before is not None and not right.is_base:
            ends = newcombe((count or 0, of or 1), (previous or 0, previous_of or 1))
        yield from zip(("difference_low", "difference_high"), ends, strict=True)


def plain(value: Any) -> Any:
    """Return a value of the frame as Python has it."""
    if pd.isna(value):
        return None
    return value.date() if isinstance(value, pd.Timestamp) else value


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3]), is_new="new" in sys.argv))
