"""Text -> the questions of its counts, and how they are shown; nothing is sent from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from .client.accounts import Account
from .counting.account_journal import known_facts
from .planner import plan
from .query import parser
from .query.doubts import Known
from .query.resolve_period import plain_day
from .rows import Plan
from .session import SESSION
from .settings import Settings, zone


@dataclass(frozen=True, slots=True)
class Asked:
    """A text made ready: what is asked of whom and how, and what the panel has to say of it."""

    plan: Plan
    account: Account
    settings: Settings
    today: date
    note: str | None = None

    @property
    def zone(self) -> tzinfo | None:
        """Whose days are meant: the settings' zone, else the account's; None is the machine's."""
        return zone(self.settings.timezone or self.account.timezone)


def prepare(
    text: str,
    *,
    params: Mapping[str, object] | None = None,
    today: date | None = None,
    account: str | Account | None = None,
    settings: Settings | None = None,
) -> Asked:
    """Make a text ready to be asked; nothing is sent."""
    chosen = settings or Settings()
    used = account if isinstance(account, Account) else SESSION.account(account)
    day = plain_day(today or day_in(chosen.timezone or used.timezone))
    cell = parser.read_cell(text, params=params, today=day, max_counts=chosen.max_counts)
    known = known_of(used)
    asked = plan(cell.statements, cell.expansion, day, known)
    note = "; ".join(asked.notes) or None
    return Asked(asked, used, chosen, day, note)


def known_of(account: Account | None) -> Known:
    """Return what is known of an account: what it passed in `%ct check`, and its names."""
    facts = known_facts(account) if account is not None else frozenset[str]()
    return Known(facts=facts, names=SESSION.given_names(account.name if account else None))


def day_in(name: str | None) -> date:
    """Return today in the time zone of that name, or on the machine where none is named."""
    return datetime.now(zone(name)).date()
