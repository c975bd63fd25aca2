"""Text -> the questions of its counts, and how they are shown; nothing is sent from here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from . import cql, dates, errors, parser, printer
from .accounts import REGIONS, Account
from .job import Question
from .query import JsonQuery, Query
from .session import SESSION
from .settings import Settings

NO_PERIOD = "no period given: the last 30 days"


@dataclass(frozen=True, slots=True)
class Asked:
    """A text made ready: what is asked of whom and how, and what the panel has to say of it."""

    questions: tuple[Question, ...]
    account: Account
    settings: Settings
    today: date
    note: str | None = None


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
    queries = parser.parse(text, params=params, today=day, max_counts=how.max_counts)
    statements = parser.statements(text, params=params, today=day)
    note = NO_PERIOD if any(_is_open(one) for one in statements) else None
    SESSION.learn(statements)
    return Asked(tuple(map(question, queries)), whom, how, day, note)


def question(query: Query | JsonQuery) -> Question:
    """Put a single count into the words of the service half."""
    body = query.payload()
    start, end = (_day(body[key]) for key in ("from", "to"))
    return Question(
        title=query.label if query.label is not None else query.source or str(query),
        text=str(query),
        event=body["event_name"],
        start=start,
        end=end,
        pieces=query.pieces,
        body=json.dumps(body),
        until=max(_latest(body), end),
    )


def explain(text: str, params: Mapping[str, Any], settings: Settings) -> str:
    """Print a text as the language, as JSON and as `curl`, each single count of it."""
    zone, url = settings.timezone, f"https://{REGIONS['eu1']}"
    try:
        whom = SESSION.account()
        zone, url = zone or whom.timezone, whom.base_url
    except errors.AccountError:
        pass  # explaining needs no account; the default region's address will do
    day = day_in(zone)
    statements = parser.statements(text, params=params, today=day)
    singles = parser.parse(text, params=params, today=day, max_counts=settings.max_counts)
    parts = [printer.layout(one) for one in statements]
    for single in singles:
        parts += [pretty(single.payload()), cql.curl(single.payload(), url)]
    return "\n\n".join(parts)


def dry_run(
    text: str, params: Mapping[str, Any], settings: Settings, account: str | None
) -> list[dict[str, Any]]:
    """Give the JSON of every count that a text would ask. An account is not needed for it."""
    zone = settings.timezone
    try:
        zone = zone or SESSION.account(account).timezone
    except errors.AccountError:
        if account:
            raise
    queries = parser.parse(text, params=params, today=day_in(zone), max_counts=settings.max_counts)
    return [query.payload() for query in queries]


def pretty(body: Mapping[str, Any]) -> str:
    """Print JSON as people read it: short lists and objects on one line."""
    return json.dumps(body, indent=2, ensure_ascii=False)


def day_in(zone: str | None) -> date:
    """Give today in a time zone, or on the machine where none is named."""
    if zone is None:
        return datetime.now().astimezone().date()
    try:
        return datetime.now(ZoneInfo(zone)).date()
    except (KeyError, ValueError, OSError):
        raise errors.UsageError(
            f"there is no time zone {zone!r}; write it like 'Asia/Kolkata'"
        ) from None


def _is_open(statement: Query | JsonQuery) -> bool:
    return isinstance(statement, Query) and statement.event.period is None


def _day(number: int) -> date:
    return date(number // 10000, number // 100 % 100, number % 100)


def _latest(body: Any) -> date:
    # The latest "to" of the query and of every event query inside it.
    if isinstance(body, dict):
        own = _day(body["to"]) if isinstance(body.get("to"), int) else date.min
        return max([own, *map(_latest, body.values())])
    return max(map(_latest, body), default=date.min) if isinstance(body, list) else date.min
