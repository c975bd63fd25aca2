"""The journal of an account, and what the account itself has taught: the facts of `%ct check`."""

from __future__ import annotations

import json
import logging
import time
import warnings
from collections.abc import Mapping
from typing import Any

from .. import errors
from ..client.accounts import Account
from ..client.journal import Journal
from ..client.journal import path as journal_path
from ..query.doubts import FACTS

CHECKED = "facts"  # under this name the journal keeps what `%ct check` found
_SANDBOX_ID = "SANDBOX"
WARNED: dict[Any, Any] = {}  # what Python shows once per process, unless a filter says otherwise
_log = logging.getLogger(__name__)


def open_journal(account: Account) -> Journal:
    """Return the journal of an account; of a sandbox, that of the data it has now."""
    from ..client.transport import sandbox_data

    # Another sandbox may have come to the same address: its counts and ids are others.
    data = sandbox_data(account)
    key = account_key(account) if data is None else f"{account_key(account)} with {data}"
    return Journal(journal_path(), key, warn=warn, now=time.time)


def account_key(account: Account) -> str:
    """Return the text that tells an account from another."""
    return f"{account.id} at {account.base_url}"


def known_facts(account: Account) -> frozenset[str]:
    """Return what is known to hold for an account: the sandbox counts as one that has passed."""
    if account.id == _SANDBOX_ID:
        return FACTS
    return frozenset(name for name, holds in _kept(open_journal(account)).items() if holds is True)


def remember_facts(journal: Journal, facts: Mapping[str, bool | None]) -> None:
    """Save the facts that were determined; an undetermined one keeps its earlier value."""
    known = {name: holds for name, holds in facts.items() if holds is not None}
    journal.learn(CHECKED, json.dumps(_kept(journal) | known))


def warn(message: str, category: type[Warning] = errors.JournalWarning) -> None:
    """Warn in nobody's name: a line of our own source below it would say nothing to a reader."""
    try:
        warnings.warn_explicit(message, category, "ct_magic", 0, registry=WARNED)
    except Warning:
        # Somebody made warnings errors: not even then may one cost a count.
        _log.warning("ct_magic: %s", message)


def _kept(journal: Journal) -> dict[str, Any]:
    try:
        kept = json.loads(journal.learned(CHECKED) or "{}")
    except (ValueError, RecursionError):
        return {}
    return kept if isinstance(kept, dict) else {}
