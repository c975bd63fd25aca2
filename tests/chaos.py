"""Counts through a storm of faults: python tests/chaos.py [COUNTS] [SEED] [SHARE].

Each count is checked against a known function of its query, and the process is stopped for five
seconds in between. What is wrong or lost is printed, and the exit code is 1. See
`helpers/storm.py` for the faults.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from helpers.storm import weather


def main(counts: int = 20_000, seed: int = 1, share: float = 0.15) -> int:
    stop = f"sleep 10; kill -STOP {os.getpid()}; sleep 5; kill -CONT {os.getpid()}"
    subprocess.Popen(["/bin/sh", "-c", stop])  # as a laptop that is closed
    with tempfile.TemporaryDirectory() as folder:
        outcome = weather(counts, seed, share, Path(folder) / "journal.sqlite")
    storm = outcome.storm
    met = sum(storm.met.values())
    for job in [*outcome.wrong, *outcome.lost][:5]:
        sys.stdout.write(f"{job.question.body}: {job.state}, {job.tally}, {job.error}\n")
    sys.stdout.write(
        f"{counts:,} counts, {storm.requests:,} requests, {met:,} faults of {len(storm.met)} "
        f"kinds, {outcome.seconds:.0f} s: {len(outcome.wrong)} wrong, {len(outcome.lost)} lost\n"
    )
    return 1 if outcome.wrong or outcome.lost else 0


if __name__ == "__main__":
    kinds = (int, int, float)
    sys.exit(main(*(kind(word) for kind, word in zip(kinds, sys.argv[1:], strict=False))))
