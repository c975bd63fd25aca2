"""The sandbox's answers over more and more events, against pandas over the same rows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from timing import Row

BODY = {
    "event_name": "Charged",
    "event_properties": [{"name": "Amount", "operator": "greater_than", "value": 100}],
    "from": 20260101,
    "to": 20261031,
}
SIZES = (50_000, 500_000, 1_000_000)  # profiles; ten events each


def rows() -> Iterator[Row]:
    """The median of five counts over 0.5, 5 and 10 million events, and over a file."""
    from ct_magic.sandbox.engine import Engine

    for profiles in SIZES:
        engine = Engine(UTC)
        engine.generate(profiles, 1, date(2026, 11, 23))
        events = engine._db.execute("SELECT count(*) FROM events").fetchone()[0]
        took = _median(lambda engine=engine: engine.count(BODY))
        label = f"a count over {events / 1e6:.1f} million events"
        yield Row(label, took, _with_pandas(engine), "pandas, its frame in memory")
        engine.close()
    yield _over_a_file()


def _over_a_file() -> Row:
    """A count over `--db FILE` against the same SQL on bare DuckDB over the same file."""
    import duckdb

    from ct_magic.sandbox.compile_sql import compile_query
    from ct_magic.sandbox.engine import CONFIG, Engine
    from ct_magic.sandbox.filter_sql import MACROS, Sql
    from ct_magic.sandbox.stored import MEMORY

    with TemporaryDirectory() as name:
        folder, file = Path(name, "exported"), Path(name, "events.duckdb")
        exported = Engine(UTC)
        exported.generate(SIZES[1], 1, date(2026, 11, 23))
        exported.export(folder)
        exported.close()
        stored = Engine(UTC)
        stored.load(folder, lambda line: None, file)
        sql = Sql(UTC, lambda name: True)
        text = compile_query(sql, BODY)
        bare = duckdb.connect(str(file), config={**CONFIG, "memory_limit": MEMORY})
        bare.execute(MACROS)
        assert bare.execute(text, sql.values).fetchall() == [stored.count(BODY)]
        # In turns: a busy machine is busy for both.
        pairs = [
            (_took(lambda: stored.count(BODY)), _took(lambda: bare.execute(text, sql.values)))
            for _ in range(15)
        ]
        bare.close()
        stored.close()
    own, other = map(median, zip(*pairs, strict=True))
    return Row("a filtered count over a file of 5 million events", own, other, "bare DuckDB")


def _with_pandas(engine: object) -> float:
    import pandas as pd

    frame = engine._db.execute(  # type: ignore[attr-defined]
        "SELECT profile_id, event_name, ts, (properties ->> 'Amount')::DOUBLE AS amount FROM events"
    ).df()
    first, last = pd.Timestamp("2026-01-01"), pd.Timestamp("2026-11-01")

    def count() -> int:
        mask = (
            (frame["event_name"] == "Charged")
            & (frame["ts"] >= first)
            & (frame["ts"] < last)
            & (frame["amount"] > 100)
        )
        return int(frame.loc[mask, "profile_id"].nunique())

    assert count() == engine.count(BODY)[0]  # type: ignore[attr-defined]
    return _median(count)


def _median(work: object) -> float:
    return median(_took(work) for _ in range(5))


def _took(work: object) -> float:
    begun = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - begun
