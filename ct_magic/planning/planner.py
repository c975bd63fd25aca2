"""A cell's statements -> its `Plan`: rows as formulas over distinct questions, before any is sent.

Where the two halves meet: here, and in `prepare`, a query of the language becomes a question of
the service.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from ct_magic.query.doubts import Known, doubts_of_rows
from ct_magic.query.expand import CellRow, Expansion, Numbers, notes
from ct_magic.query.model import JsonQuery, Query
from ct_magic.query.payload import day_of_number, to_payload
from ct_magic.query.printer import to_text
from ct_magic.rows import Comparison, Formula, Plan, Question, Row


def plan_cell(
    statements: Sequence[Query | JsonQuery], expansion: Expansion, today: date, known: Known
) -> Plan:
    """Return what a cell asks; `known` is what is known of the account, for doubts."""
    questions = tuple(map(_question, expansion.counts, expansion.keys))
    doubts = doubts_of_rows(statements, expansion, today, known)
    firsts: dict[int, int] = {}
    rows = []
    for number, cell_row in enumerate(expansion.rows):
        first = firsts.setdefault(cell_row.statement, number)
        rows.append(replace(_row(cell_row, number, first, questions), doubts=doubts[number]))
    typed = tuple(map(_as_typed, statements))
    return Plan(tuple(rows), questions, _notes(statements, rows, today), typed)


def _question(count: Query | JsonQuery, key: str) -> Question:
    """Return a single count in the words of the service half."""
    body = to_payload(count)
    start, end = (date.fromisoformat(f"{body[name]:08}") for name in ("from", "to"))
    until, profiles_now = _moment(body)
    return Question(
        text=to_text(_unlabelled(count)),
        event=body["event_name"],
        start=start,
        end=end,
        body=json.dumps(body),
        key=key,
        until=until,
        profiles_now=profiles_now,
    )


def _notes(
    statements: Sequence[Query | JsonQuery], rows: Sequence[Row], today: date
) -> tuple[str, ...]:
    """Return the sentences on the whole cell that its panel shows, each once."""
    sentences = [note for query in statements for note in notes(query, today)]
    compared = (row.previous.incomparable for row in rows if row.previous)
    sentences += [f"no change: {reason}" for reason in compared if reason]
    return tuple(dict.fromkeys(sentences))


def _as_typed(query: Query | JsonQuery) -> str:
    label = "" if query.label is None else f"{query.label}: "
    return label + (query.source or to_text(_unlabelled(query)))


def _row(cell_row: CellRow, number: int, first: int, questions: Sequence[Question]) -> Row:
    row, own = cell_row.row, cell_row.own
    is_single = row.total is not None and row.total.is_single
    title = row.query.label if row.query.label is not None else row.query.source
    text = questions[own.plus[0]].text if own and is_single else to_text(_unlabelled(row.query))
    return Row(
        number=number,
        statement=cell_row.statement,
        title=text if title is None else title,
        text=text,
        event=row.event,
        start=row.start,
        end=row.end,
        formula=_formula(own),
        pieces=row.pieces,
        step=row.step,
        after=row.after,
        base=None if row.base is None else first + row.base,
        within=None if row.within is None else first + row.within,
        previous=_comparison(cell_row),
        whole=row.whole,
        has_events=row.total is None or row.total.has_events,
    )


def _comparison(cell_row: CellRow) -> Comparison | None:
    other = cell_row.row.previous
    if other is None:
        return None
    return Comparison(_formula(cell_row.other), other.start, other.end, other.incomparable)


def _formula(numbers: Numbers | None) -> Formula | None:
    return None if numbers is None else Formula(numbers.plus, numbers.minus)


def _unlabelled(query: Query | JsonQuery) -> Query | JsonQuery:
    return query if query.label is None else replace(query, label=None)


# What only speaks of events on days. Everything else, the unknown too, may speak of profiles.
_OF_EVENTS = {"event_name", "from", "to", "event_properties", "session_properties"}
_OF_EVENTS |= {"operator", "value"}
_DID = {"did_all", "did_none"}


def _moment(body: Mapping[str, Any]) -> tuple[date, bool]:
    """Return the latest day that a count looks at, and whether it speaks of profiles as they are.

    JSON that cannot be read is never over, and may speak of anything.
    """
    advanced = body.get("advanced_query") or {}
    unknown = body.keys() - _OF_EVENTS - {"advanced_query"}
    events: list[Any] = [body]
    try:
        unknown |= advanced.keys() - _DID - {"did_any"}
        for name in _DID & advanced.keys():
            events += advanced[name]
        events += advanced.get("did_any", {}).get("any_events", ())
        unknown |= {name for event in events[1:] for name in event.keys() - _OF_EVENTS}
        days = [day_of_number(event.get("to")) for event in events]
        starts = [day_of_number(event.get("from")) for event in events]
    except (AttributeError, TypeError):
        return date.max, True
    known = [day for day in days if day is not None]
    is_read = len(known) == len(events) and None not in starts
    return max(known) if is_read else date.max, bool(unknown)
