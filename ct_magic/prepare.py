"""Text -> the questions of its counts, and how they are shown; nothing is sent from here."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from . import errors
from .client.accounts import PATH, REGIONS, Account
from .planner import plan
from .query import parser, printer
from .query import resolve_period as dates
from .query import strict_json as jsontext
from .query.catalog import Names, doubt
from .query.doubts import Known
from .query.model import JsonQuery, Query
from .query.payload import to_payload
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
    params: Mapping[str, Any] | None = None,
    today: date | None = None,
    account: str | Account | None = None,
    settings: Settings | None = None,
) -> Asked:
    """Make a text ready to be asked; nothing is sent."""
    how = settings or Settings()
    whom = account if isinstance(account, Account) else SESSION.account(account)
    day = dates.plain_day(today or day_in(how.timezone or whom.timezone))
    cell = parser.read(text, params=params, today=day, max_counts=how.max_counts)
    known = Known(names=SESSION.told)
    asked = plan(cell.statements, cell.expansion, day, known)
    note = _note(cell.statements, asked)
    SESSION.learn(cell.statements)
    return Asked(asked, whom, how, day, note)


def explain(text: str, params: Mapping[str, Any], settings: Settings) -> str:
    """Print a text as the language, as JSON and as `curl`, each single count of it."""
    whom = _whom(None)
    cell = _read(text, params, settings, whom)
    url = whom.base_url if whom else f"https://{REGIONS['eu1']}"
    parts = [printer.layout(one) for one in cell.statements]
    for body in [to_payload(single) for single in cell.counts]:
        parts += [pretty(body), curl(body, url)]
    return "\n\n".join(parts)


def dry_run(
    text: str, params: Mapping[str, Any], settings: Settings, account: str | None
) -> list[dict[str, Any]]:
    """Give the JSON of every count that a text would ask. An account is not needed for it."""
    cell = _read(text, params, settings, _whom(account))
    return [to_payload(single) for single in cell.counts]


def curl(body: Mapping[str, Any], url: str) -> str:
    """Give the shell command that asks this; it takes account and passcode from the environment."""
    return " \\\n  ".join(
        [
            f"curl -sS {shlex.quote(url + PATH)}",
            '-H "X-CleverTap-Account-Id: $CLEVERTAP_ACCOUNT_ID"',
            '-H "X-CleverTap-Passcode: $CLEVERTAP_PASSCODE"',
            "-H 'Content-Type: application/json'",
            f"-d {shlex.quote(jsontext.encode(body))}",
        ]
    )


def pretty(body: Mapping[str, Any]) -> str:
    """Print JSON as people read it: short lists and objects on one line."""
    return json.dumps(body, indent=2, ensure_ascii=False)


def day_in(name: str | None) -> date:
    """Give today in the time zone of that name, or on the machine where none is named."""
    return datetime.now(zone(name)).date()


def _whom(name: str | None) -> Account | None:
    """Give whom a text would be asked of, where nothing is sent: None where nobody is set up."""
    try:
        return SESSION.account(name)
    except errors.AccountError:
        if name:
            raise
        return None


def _read(
    text: str, params: Mapping[str, Any], settings: Settings, whom: Account | None
) -> parser.Cell:
    day = day_in(settings.timezone or (whom.timezone if whom else None))
    return parser.read(text, params=params, today=day, max_counts=settings.max_counts)


def _note(statements: Sequence[Query | JsonQuery], asked: Plan) -> str | None:
    doubts = (doubt(Names().learned(one), SESSION.told) for one in statements)
    return "; ".join(dict.fromkeys(filter(None, (*asked.notes, *doubts)))) or None
