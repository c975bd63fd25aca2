"""Shares and their uncertainty: Wilson, Newcombe, the score test, Holm.

The difference of two shares has Newcombe's interval (1998, method 10): Wilson's intervals of both,
put together. It holds for small counts, too, where the usual one leaves 0 to 1 or has no width.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import erfc, hypot, log, sqrt

from ct_magic.rows import Record

Z = 1.959964  # two-sided 95 % of the normal distribution


def wilson(count: int, of: int) -> tuple[float, float]:
    """Return the ends of Wilson's 95 % interval of a share, without continuity correction."""
    share, below = count / of, 1 + Z * Z / of
    middle = (share + Z * Z / (2 * of)) / below
    half = Z * sqrt(share * (1 - share) / of + Z * Z / (4 * of * of)) / below
    low = 0.0 if count == 0 else max(0.0, middle - half)
    high = 1.0 if count == of else min(1.0, middle + half)
    return low, high


class Difference(Record):
    """How a share differs from another one."""

    difference: float  # share - the other share
    low: float  # and `high`: the ends of its 95 % interval
    high: float
    ratio: float | None  # share / the other share, None where that is 0
    p: float  # two-sided: how often chance alone would give at least this difference


def difference(count: int, of: int, other_count: int, other_of: int) -> Difference:
    """Return how the share `count / of` differs from `other_count / other_of`."""
    share, other = count / of, other_count / other_of
    low, high = wilson(count, of)
    other_low, other_high = wilson(other_count, other_of)
    gap = share - other
    pooled = (count + other_count) / (of + other_of)
    spread = sqrt(pooled * (1 - pooled) * (1 / of + 1 / other_of))
    return Difference(
        difference=gap,
        low=gap - hypot(share - low, other_high - other),
        high=gap + hypot(high - share, other - other_low),
        ratio=share / other if other else None,
        # All or none of both: there is no difference that chance could make.
        p=erfc(abs(gap) / spread / sqrt(2)) if spread else 1.0,
    )


def relative_change(
    before: int | None, after: int | None, rest_before: int | None, rest_after: int | None
) -> tuple[float | None, float | None]:
    """Return z and two-sided p of how a count's change differs from that of the rest, if known."""
    counts = (before, after, rest_before, rest_after)
    if any(count is None or count <= 0 for count in counts):
        return None, None
    # The difference of the logarithms of both changes in its standard errors, if counts vary as
    # Poisson's do.
    a, b, c, d = (float(count or 0) for count in counts)
    z = (log(b / a) - log(d / c)) / sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    return z, erfc(abs(z) / sqrt(2))


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Return p values adjusted by Holm's steps for how many are known; None stays None."""
    known = sorted(p for p in values if p is not None)
    steps = (min(1.0, p * (len(known) - at)) for at, p in enumerate(known))
    adjusted = dict(zip(known, accumulate(steps, max), strict=True))  # equal values, equal steps
    return [None if p is None else adjusted[p] for p in values]
