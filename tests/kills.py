"""Processes killed at random moments: python tests/kills.py [ROUNDS] [SEED].

What was asked is asked again by the next process: nothing may be lost, and nothing be sent again
whose answer had arrived more than 20 ms before the kill. The exit code is 1 where it was.
"""

import sys
import tempfile
from pathlib import Path

from helpers.kills import COUNTS, killed


def main(rounds: int = 50, seed: int = 1) -> int:
    with tempfile.TemporaryDirectory() as folder:
        outcome = killed(rounds, seed, Path(folder))
    late = [seconds for seconds in outcome.repeated if seconds > 0.02]
    sys.stdout.write(
        f"{rounds} kills: {outcome.finished} of {rounds * COUNTS} counts arrived, "
        f"{outcome.wrong} wrong, {len(outcome.repeated)} sent again, "
        f"{len(late)} of them though their answer had come"
        f"{f', {max(late) * 1000:.0f} ms before the kill at the most' if late else ''}\n"
    )
    return 1 if late or outcome.wrong or outcome.finished < rounds * COUNTS else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
