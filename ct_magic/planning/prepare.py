"""Text -> the questions of its counts, and how they are shown; nothing is sent from here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from functools import partial
from textwrap import dedent
from typing import Any

from ct_magic.client.accounts import SANDBOX_ID, Account
from ct_magic.client.jobs import Timing
from ct_magic.client.journal.freshness import Freshness
from ct_magic.client.journal.journal import Journal, open_journal
from ct_magic.errors import UsageError
from ct_magic.query import parser
from ct_magic.query.calendar import plain_day
from ct_magic.query.doubts import FACTS, Known, doubted
from ct_magic.query.expand import Expansion
from ct_magic.rows import Plan, Record, replace
from ct_magic.session.session import SESSION
from ct_magic.settings import Settings, in_force, zone

# What an account is known to do, once it has passed `%ct check`; kept in its journal.

CHECKED = "facts"  # under this name the journal keeps what `%ct check` found


def known_facts(account: Account) -> frozenset[str]:
    """Return the facts that hold for an account; the sandbox has passed all checks."""
    if account.id == SANDBOX_ID:
        return FACTS
    journal = open_journal(account, to_ask=False)
    return frozenset(name for name, value in _kept_answers(journal).items() if value is True)


def remember_facts(journal: Journal, facts: Mapping[str, bool | None]) -> None:
    """Save the facts that were determined; an undetermined one keeps its earlier value."""
    known = {name: value for name, value in facts.items() if value is not None}
    journal.learn(CHECKED, json.dumps(_kept_answers(journal) | known))


def _kept_answers(journal: Journal) -> dict[str, Any]:
    try:
        kept = json.loads(journal.learned(CHECKED) or "{}")
    except (ValueError, RecursionError):
        return {}
    return kept if isinstance(kept, dict) else {}


class PreparedCell(Record):
    """A text made ready: what is asked of which account, with which settings, on which day."""

    plan: Plan
    account: Account
    settings: Settings
    today: date

    @property
    def zone(self) -> tzinfo | None:
        """The zone of its days: that of the settings, else the account's; None: the machine's."""
        return zone_of(self.account, self.settings)

    @property
    def freshness(self) -> Freshness:
        """The rules by which a known count is used again."""
        own = self.settings
        settled = own.settled_after, own.settled_ttl
        return Freshness(self.today, self.zone, own.cache_ttl, *settled, own.pickup_age)

    @property
    def timing(self) -> Timing:
        """How fast the account is asked: by the settings, else as is set for the account."""
        settings, account, usual = self.settings, self.account, Timing()
        at_once = settings.max_concurrent or account.max_concurrent or usual.max_concurrent
        return Timing(
            poll_interval=settings.poll_interval or account.poll_interval or usual.poll_interval,
            first_look=settings.first_look,
            max_concurrent=at_once,
            retry_wait=settings.retry_wait,
            give_up_after=settings.give_up_after,
            stalled_after=settings.stalled_after,
            timeout=settings.timeout,
        )


def prepare(
    text: str | Sequence[str],
    *,
    params: Mapping[str, object] | None = None,
    today: date | None = None,
    account: str | Account | None = None,
    settings: Settings | None = None,
) -> PreparedCell:
    """Make a text ready to be asked; nothing is sent."""
    settings = settings or in_force()
    chosen = SESSION.account(account)
    cell, day = read_plan(text, params, chosen, settings, today)
    return PreparedCell(cell.plan, chosen, settings, day)


def read_plan(
    text: str | Sequence[str],
    params: Mapping[str, object] | None,
    account: Account | None,
    settings: Settings,
    today: date | None = None,
) -> tuple[Expansion, date]:
    """Read a text for an account: its rows with their doubts, and the account's today."""
    days_of, known = zone_of(account, settings), known_of(account)
    day, hours = day_and_hours(today, days_of)
    read = partial(parser.read_cell, params=params, today=day, hours=hours, zone=days_of)
    cell = read(one_text(text), max_counts=settings.max_counts, names=known.names)
    return replace(cell, plan=doubted(cell, day, known)), day


def day_and_hours(
    today: date | None, days_of: tzinfo | None, now: datetime | None = None
) -> tuple[date, int | None]:
    """Return today, and how many of its hours are over (None for a day that is given)."""
    if today is not None:
        return plain_day(today, days_of), None
    moment = now.astimezone(days_of) if now else datetime.now(days_of)
    return moment.date(), moment.hour


def one_text(text: str | Sequence[str]) -> str:
    """Return one text of one or several, whose common indentation is removed."""
    if isinstance(text, list | tuple) and all(isinstance(part, str) for part in text):
        return "\n".join(dedent(part).strip("\n") for part in text)
    if not isinstance(text, str):
        raise UsageError(f"a query is a text, as in 'App Launched today', not {text!r:.60}")
    return dedent(text)


def known_of(account: Account | None) -> Known:
    """Return what is known of an account: what it passed in `%ct check`, and its names."""
    facts = known_facts(account) if account is not None else frozenset[str]()
    return Known(facts=facts, names=SESSION.given_names(account.name if account else None))


def today_of(account: Account | None, settings: Settings) -> date:
    """Return today where the account's days are counted, or as the settings say."""
    return datetime.now(zone_of(account, settings)).date()


def zone_of(account: Account | None, settings: Settings) -> tzinfo | None:
    """Return the zone of the days: the settings', else the account's; None: the machine's."""
    return zone(settings.timezone or (account.timezone if account else None))


def day_in(name: str | None) -> date:
    """Return today in the time zone of that name, or on the machine where none is named."""
    return datetime.now(zone(name)).date()
