"""Torn parts against what is promised of named parts: python tests/fuzz_parts.py 10000 [seed].

What reads as a condition or an event must be nothing else, print as itself, and mean behind `$name`
what its text means; and no `str` may ever become one. What breaks that is printed, and the exit
code is 1.
"""

import random
import sys
import traceback

from helpers.language_inputs import check_part, corpus, torn_parts


def main(times: int, seed: int = 0) -> int:
    rng, cells = random.Random(seed), corpus()
    texts = made = failed = 0
    while texts < times:
        for text in torn_parts(rng, cells):
            texts += 1
            try:
                made += check_part(text)
            except Exception:  # whatever it is, it is what this looks for
                failed += 1
                if failed <= 5:
                    sys.stdout.write(f"{text!r:.2000}\n{traceback.format_exc(limit=-3)}\n")
    sys.stdout.write(f"{texts:,} texts, {made:,} parts, {failed:,} broken promises\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
