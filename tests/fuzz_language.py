"""Broken cells against the language's promises: python tests/fuzz_language.py 100000 [seed].

Each must give queries that print and travel as JSON and come back equal, or one QueryError that
points into the text. What breaks a promise is printed, and the exit code is 1.
"""

import random
import sys
import time
import traceback

from helpers.language_inputs import broken, check_text, corpus


def main(times: int, seed: int = 0) -> int:
    rng, cells = random.Random(seed), corpus()
    accepted = failed = 0
    slowest = (0.0, "")
    for _ in range(times):
        cell = broken(rng, cells)
        began = time.perf_counter()
        try:
            accepted += check_text(cell)
        except Exception:  # whatever it is, it is what this looks for
            failed += 1
            if failed <= 5:
                sys.stdout.write(f"{cell!r:.2000}\n{traceback.format_exc(limit=-3)}\n")
        slowest = max(slowest, (time.perf_counter() - began, cell))
    sys.stdout.write(f"{times:,} cells, {accepted:,} queries, {failed:,} broken promises\n")
    sys.stdout.write(f"slowest {slowest[0]:.3f} s: {slowest[1]!r:.200}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
