"""Random statements against a slow evaluator: python tests/evaluate_statements.py 3000 [seed].

With `new` behind the seed they are of own days, `share where` and `vs` beside `share`; and of a
third as many random pairs of events the bracket must hold the truth by the clock. Each statement
is planned, sent as JSON to the sandbox's engine, and must hold what sets of people say. What
differs is printed, and the exit code is 1.
"""

import sys
import tempfile
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
from helpers import plain_counts
from helpers.evaluated import brackets, compare

from ct_magic.sandbox.engine import Engine

TODAY = date(2026, 11, 23)
PROFILES = 600


def main(times: int, seed: int = 0, *, is_new: bool = False) -> int:
    """Compare so many statements."""
    zone = ZoneInfo("UTC")
    engine = Engine(zone)
    engine.generate(PROFILES, 7, TODAY)
    with tempfile.TemporaryDirectory() as folder:
        engine.export(Path(folder))
        tables = [pq.read_table(Path(folder, f"{t}.parquet")) for t in ("events", "profiles")]
    data = plain_counts.read(*(table.to_pylist() for table in tables), zone)
    compared = compare(engine.count, data, TODAY, times, seed, is_new)
    outside = brackets(engine.count, data, TODAY, times // 3, seed) if is_new else []
    for line in (*compared.wrong[:5], *outside[:5]):
        sys.stdout.write(f"{line}\n\n")
    sys.stdout.write(
        f"{compared.statements:,} statements, {compared.rows:,} rows, "
        f"{compared.nonempty:,} of them found somebody, {len(compared.wrong):,} differ; "
        f"{compared.refused:,} statements were refused\n"
    )
    if is_new:
        sys.stdout.write(f"{times // 3:,} brackets, {len(outside)} do not hold the truth\n")
    return 1 if compared.wrong or outside else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3]), is_new="new" in sys.argv))
