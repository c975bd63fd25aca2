"""Ask CleverTap how many profiles did something, from a notebook cell.

    %load_ext ct_magic

    %%ctcount foodies
    choseNewFavoriteFood where value ~ "piz" 2015-08-10..2015-10-25

The same from Python: ``ct_magic.count(text)`` gives the DataFrame, ``ct_magic.parse(text)`` the
queries behind it. Nothing heavy is imported until it is needed.
"""

from __future__ import annotations

from .errors import (
    AccountError,
    CountCancelledError,
    CountError,
    CountFailedError,
    CountTimedOutError,
    CtMagicError,
    MissingExtraError,
    QueryError,
    StillRunningError,
    UsageError,
)

__version__ = "0.1.0"

__all__ = [
    "AccountError",
    "CountCancelledError",
    "CountError",
    "CountFailedError",
    "CountTimedOutError",
    "CtMagicError",
    "MissingExtraError",
    "QueryError",
    "StillRunningError",
    "UsageError",
]
