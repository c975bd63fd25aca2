"""What an account is known to do, once it has passed `%ct check`; kept in its journal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ct_magic.client.accounts import SANDBOX_ID, Account
from ct_magic.client.journal.journal import Journal, open_journal
from ct_magic.query.doubts import FACTS

CHECKED = "facts"  # under this name the journal keeps what `%ct check` found


def known_facts(account: Account) -> frozenset[str]:
    """Return what is known to hold for an account: the sandbox counts as one that has passed."""
    if account.id == SANDBOX_ID:
        return FACTS
    journal = open_journal(account, to_ask=False)
    return frozenset(name for name, value in _kept(journal).items() if value is True)


def remember_facts(journal: Journal, facts: Mapping[str, bool | None]) -> None:
    """Save the facts that were determined; an undetermined one keeps its earlier value."""
    known = {name: value for name, value in facts.items() if value is not None}
    journal.learn(CHECKED, json.dumps(_kept(journal) | known))


def _kept(journal: Journal) -> dict[str, Any]:
    try:
        kept = json.loads(journal.learned(CHECKED) or "{}")
    except (ValueError, RecursionError):
        return {}
    return kept if isinstance(kept, dict) else {}
