"""The sandbox's answers over more and more events, against pandas over the same rows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date
from statistics import median

from timing import Row

BODY = {
    "event_name": "Charged",
    "event_properties": [{"name": "Amount", "operator": "greater_than", "value": 100}],
    "from": 20260101,
    "to": 20261031,
}
SIZES = (50_000, 500_000, 1_000_000)  # profiles; ten events each


def rows() -> Iterator[Row]:
    """The median of five counts over 0.5, 5 and 10 million events."""
    from ct_magic.sandbox.engine import Engine

    for profiles in SIZES:
        engine = Engine(UTC)
        engine.generate(profiles, 1, date(2026, 11, 23))
        events = engine._db.execute("SELECT count(*) FROM events").fetchone()[0]
        took = _median(lambda engine=engine: engine.count(BODY))
        said = f"a count over {events / 1e6:.1f} million events"
        yield Row(said, took, _with_pandas(engine), "pandas, its frame in memory")
        engine.close()


def _with_pandas(engine: object) -> float:
    import pandas as pd

    frame = engine._db.execute(  # type: ignore[attr-defined]
        "SELECT profile_id, event_name, ts, (properties ->> 'Amount')::DOUBLE AS amount FROM events"
    ).df()
    first, last = pd.Timestamp("2026-01-01"), pd.Timestamp("2026-11-01")

    def count() -> int:
        mine = (
            (frame["event_name"] == "Charged")
            & (frame["ts"] >= first)
            & (frame["ts"] < last)
            & (frame["amount"] > 100)
        )
        return int(frame.loc[mine, "profile_id"].nunique())

    assert count() == engine.count(BODY)[0]  # type: ignore[attr-defined]
    return _median(count)


def _median(work: object) -> float:
    took = []
    for _ in range(5):
        begun = time.perf_counter()
        work()  # type: ignore[operator]
        took.append(time.perf_counter() - begun)
    return median(took)
