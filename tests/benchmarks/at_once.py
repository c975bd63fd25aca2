"""How long a cell takes where the service takes fewer at once than are wanted, in virtual time.

    python tests/benchmarks/at_once.py

Each service is asked for 300 counts with `max_concurrent = 20`, and with what would be right.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from helpers.at_once import NARROW, Narrow

COUNTS = 300


def main() -> None:
    print("| the service | with 20 | with the right setting | ratio | refused |")
    print("| --- | --- | --- | --- | --- |")
    for name, (takes, settings) in NARROW.items():
        world = Narrow(takes)
        seconds = world.makespan(COUNTS, 20)
        best = min(Narrow(takes).makespan(COUNTS, most) for most in settings)
        ratio = seconds / best
        print(f"| {name} | {seconds:.1f} s | {best:.1f} s | {ratio:.2f} | {world.refused} |")


if __name__ == "__main__":
    main()
