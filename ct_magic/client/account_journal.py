"""The journal of an account: a sandbox's is that of the data which it has now."""

from __future__ import annotations

import logging
import secrets
import time
import warnings
from typing import Any

from ..errors import AccountError, JournalWarning
from .accounts import Account
from .journal import Journal, path

WARNED: dict[Any, Any] = {}  # what Python shows once per process, unless a filter says otherwise
_log = logging.getLogger(__name__)


def open_journal(account: Account, *, to_resume: bool = False) -> Journal:
    """Return the journal of an account.

    To resume it must be known which: raise AccountError for a sandbox that does not answer.
    """
    from .transport import sandbox_data

    # Another sandbox may have come to the same address: its counts and ids are others.
    try:
        data = sandbox_data(account)
    except (OSError, ValueError):  # the latter where a name can be none
        if to_resume:
            message = (
                f"no sandbox answers at {account.base_url}: what is pending is known by its data"
            )
            raise AccountError(message) from None
        data = f"data that nobody knows {secrets.token_hex(8)}"  # nor will it be looked up
    key = account_key(account) if data is None else f"{account_key(account)} with {data}"
    return Journal(path(), key, warn=warn, now=time.time)


def account_key(account: Account) -> str:
    """Return the text that tells an account from another."""
    return f"{account.id} at {account.base_url}"


def warn(message: str, category: type[Warning] = JournalWarning) -> None:
    """Warn in nobody's name: a line of our own source below it would say nothing to a reader."""
    try:
        warnings.warn_explicit(message, category, "ct_magic", 0, registry=WARNED)
    except Warning:
        # Somebody made warnings errors: not even then may one cost a count.
        _log.warning("ct_magic: %s", message)
