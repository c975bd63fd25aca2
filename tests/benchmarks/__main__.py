"""`python tests/benchmarks [PART ...]`: a table of ratios, each measured in this run.

A ratio below 1 means that ct_magic is quicker, or smaller, than what it is compared with. The
parts are loading, counting, language, screen and engine; without a name, all of them.
bigquery-magics and jupysql are compared with where they are installed.
"""

import sys
from importlib import import_module

PARTS = ("loading", "counting", "language", "screen", "engine")


def main(parts: list[str]) -> None:
    """Print the table, a line as soon as it is there."""
    print("| | ct_magic | the other | ratio |\n| --- | --- | --- | --- |")
    for part in parts or PARTS:
        for row in import_module(part).rows():
            print(row, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
