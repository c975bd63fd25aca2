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
from .query import expand, parser, printer
from .query import payload as cql
from .query import resolve_period as dates
from .query import strict_json as jsontext
from .query.catalog import Names, doubt
from .query.model import JsonQuery, Query
from .query.payload import to_payload
from .query.printer import to_text
from .rows import Formula, Plan, Question, Row
from .session import SESSION
from .settings import Settings, zone

NO_PERIOD = "no period given: the last 30 days"


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
    note = _note(cell.statements)
    SESSION.learn(cell.statements)
    return Asked(plan(cell, day), whom, how, day, note)


def plan(cell: parser.Cell, today: date) -> Plan:
    """Return the rows of a cell over its distinct questions."""
    sizes = [expand.how_many(statement, today) for statement in cell.statements]
    statements = [number for number, size in enumerate(sizes) for _ in range(size)]
    questions: dict[str, Question] = {}
    places: dict[str, int] = {}
    rows = []
    for number, (statement, count) in enumerate(zip(statements, cell.counts, strict=True)):
        asked = question(count)
        place = places.setdefault(asked.key, len(places))
        questions.setdefault(asked.key, asked)
        rows.append(
            Row(
                number=number,
                statement=statement,
                title=_title(count),
                text=asked.text,
                event=asked.event,
                start=asked.start,
                end=asked.end,
                formula=Formula((place,)),
                pieces=count.pieces,
            )
        )
    return Plan(tuple(rows), tuple(questions.values()))


def question(query: Query | JsonQuery) -> Question:
    """Put a single count into the words of the service half."""
    body = to_payload(query)
    start, end = (date.fromisoformat(f"{body[key]:08}") for key in ("from", "to"))
    return Question(
        text=to_text(query),
        event=body["event_name"],
        start=start,
        end=end,
        body=json.dumps(body),
        key=json.dumps(body, sort_keys=True),
        until=max(_latest(body), end),
    )


def _title(query: Query | JsonQuery) -> str:
    return query.label if query.label is not None else query.source or to_text(query)


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


def _note(statements: Sequence[Query | JsonQuery]) -> str | None:
    doubts = (doubt(Names().learned(one), SESSION.told) for one in statements)
    said = [NO_PERIOD if any(map(_is_open, statements)) else None, *doubts]
    return "; ".join(filter(None, said)) or None


def _is_open(statement: Query | JsonQuery) -> bool:
    return isinstance(statement, Query) and statement.event.period is None


def _latest(body: Any) -> date:
    # The latest "to" of the query and of every event query inside it.
    if isinstance(body, dict):
        own = cql.day(body.get("to")) or date.min
        return max([own, *map(_latest, body.values())])
    return max(map(_latest, body), default=date.min) if isinstance(body, list) else date.min
