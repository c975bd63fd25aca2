"""Kernels over one journal: python tests/journals.py [KERNELS] [SEED].

Their cells are refused, cut short, cancelled and killed. What a cell, `resume` and `history` show
is compared with what the service knows. The exit code is 1 where a number is another's.
"""

import sys
import tempfile
from pathlib import Path

from helpers.journal_runs import Runs


def main(kernels: int = 30, seed: int = 1) -> int:
    """Run them, and print what differs."""
    with tempfile.TemporaryDirectory() as folder:
        outcome = Runs(seed, Path(folder)).run(kernels, cells=8)
    for difference in outcome.wrong[:20]:
        sys.stdout.write(f"{difference}\n")
    sys.stdout.write(
        f"{2 * kernels + 1} kernels, {outcome.cells} cells, {outcome.kills} killed: "
        f"{outcome.rows} rows, {outcome.counts} counts, {len(outcome.wrong)} wrong\n"
    )
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
