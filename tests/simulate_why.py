"""`python tests/simulate_why.py`: how often `why` alarms in vain, and how often it is right.

Worlds of 19 axes and 61 values, seeded. In a quiet one both periods are drawn alike; else one value
that holds 10 to 70 % of the people falls by 30 %, and its axis should come first.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
from helpers.frames import frame

from ct_magic import why

SIZES = [2] * 5 + [3] * 7 + [4] * 5 + [5] * 2  # values of each of the 19 axes: 61
OTHER = {"previous_start": "2026-05-01", "previous_end": "2026-05-31"}
DAYS = {"start": "2026-06-01", "end": "2026-06-30"}
QUIET, FALLS = 1000, 200  # worlds


def world(random: np.random.Generator, size: int, fall: float | None) -> tuple[pd.DataFrame, str]:
    """Return a cell's frame, and the axis whose first value falls (or none)."""
    fallen = int(random.integers(len(SIZES)))
    shares = [random.dirichlet(np.full(n, 4.0)) for n in SIZES]
    if fall is not None:
        part = random.uniform(0.1, 0.7)
        rest = shares[fallen][1:] / shares[fallen][1:].sum()
        shares[fallen] = np.array([part, *(rest * (1 - part))])
    before, after = (int(random.poisson(size)) for _ in range(2))
    drawn = [[random.multinomial(n, of) for n in (before, after)] for of in shares]
    if fall is not None:
        lost = random.binomial(drawn[fallen][1][0], fall)
        # Those who are lost are lost to every axis: as many of each value as by chance.
        for axis, (_, later) in enumerate(drawn):
            if axis != fallen:
                drawn[axis][1] = later - random.multivariate_hypergeometric(later, lost)
        drawn[fallen][1][0] -= lost
        after -= int(lost)
    rows = [{"query": "whole", "count": after, "previous": before} | DAYS | OTHER]
    for axis, (first, second) in enumerate(drawn):
        for value, (was, now) in enumerate(zip(first, second, strict=True)):
            counts = {"count": int(now), "previous": int(was), f"axis {axis}": f"value {value}"}
            rows.append({"query": f"by {axis}"} | counts | DAYS | OTHER)
    return frame(*rows), f"axis {fallen}"


def alarms(size: int, worlds: int = QUIET, seed: int = 1) -> int:
    """Return in how many quiet worlds something stands out."""
    random = np.random.default_rng(seed)
    found = (why(world(random, size, None)[0]) for _ in range(worlds))
    return sum(bool((df["p"] < 0.05).any()) for df in found)


def hits(size: int, worlds: int = FALLS, seed: int = 2) -> int:
    """Return in how many worlds the axis of the value that fell by 30 % comes first."""
    random = np.random.default_rng(seed)
    cells = (world(random, size, 0.3) for _ in range(worlds))
    return sum(why(df)["axis"].iloc[0] == axis for df, axis in cells)


if __name__ == "__main__":
    assert (len(SIZES), sum(SIZES)) == (19, 61)
    for size in map(int, sys.argv[1:] or ("500", "2000", "10000")):
        quiet, found = alarms(size), hits(size)
        print(f"{size:,}: {quiet} of {QUIET:,} quiet worlds alarm, {found} of {FALLS} falls first")
