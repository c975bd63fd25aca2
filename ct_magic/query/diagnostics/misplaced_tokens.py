"""What may stand in a statement, but not there: a test for each, and what to write instead."""

from __future__ import annotations

from .error_position import Stop
from .misplaced_in_clauses import MISPLACED_IN_CLAUSES
from .misplaced_in_filters import MISPLACED_IN_FILTERS

MISPLACED = (*MISPLACED_IN_FILTERS, *MISPLACED_IN_CLAUSES)  # the first that fits is said


def advice(stop: Stop) -> str | None:
    """Return what to write instead of what stands there; None where no rule knows it."""
    return next((message for fits, message in MISPLACED if fits(stop)), None)
