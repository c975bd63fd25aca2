"""How much is tried: what the suite has time for, or with CT_MAGIC_LONG=1 all there is.

What repeats a rule, with other random inputs, in other versions or in one more page of the same
front end, is done in part by the suite, and whole by this longer run. `pytest.mark.long` is of a
test, or of a parameter, that only the longer run has.
"""

import os

IS_LONG = bool(os.environ.get("CT_MAGIC_LONG"))


def amount(usual: int, *, long: int) -> int:
    """Return how many of the random inputs, or of the rounds, are tried."""
    return long if IS_LONG else usual
