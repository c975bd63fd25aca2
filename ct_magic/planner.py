"""A cell's statements -> its `Plan`: rows as formulas over distinct questions, before any is sent.

Where the two halves meet: here, and in `prepare`, a query of the language becomes a question of
the service.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from .query.calendar_pieces import ends
from .query.distinct import key
from .query.doubts import Known, of_count, of_statement
from .query.expand import own_days, unit_of_pieces
from .query.expand_cell import CellRow, Expansion, Numbers
from .query.model import ByTime, JsonQuery, Query
from .query.payload import day_of_number, to_payload
from .query.printer import to_text
from .query.resolve_period import is_of_whole_pieces
from .query.versus import left_out, other_days
from .rows import Comparison, Formula, Plan, Question, Row

NO_PERIOD = "no period given: the last 30 days"


def plan(
    statements: Sequence[Query | JsonQuery], expansion: Expansion, today: date, known: Known
) -> Plan:
    """Return what a cell asks; `known` is what is known of the account, for doubts."""
    questions = tuple(map(question, expansion.counts, expansion.keys))
    firsts: dict[int, int] = {}
    doubts = _doubts_of_counts(expansion, today, known)
    rows = []
    for number, cell_row in enumerate(expansion.rows):
        first = firsts.setdefault(cell_row.statement, number)
        row = _row(cell_row, number, first, questions)
        own = of_statement(statements[cell_row.statement], known)
        others = (doubt for n in row.questions for doubt in doubts[n])
        rows.append(replace(row, doubts=tuple(dict.fromkeys((*own, *others)))))
    typed = tuple(map(_as_typed, statements))
    return Plan(tuple(rows), questions, notes(statements, rows, today), typed)


def doubts_of(
    statements: Sequence[Query | JsonQuery], expansion: Expansion, today: date, known: Known
) -> tuple[str, ...]:
    """Return all doubts about a cell, each once."""
    own = (doubt for query in statements for doubt in of_statement(query, known))
    of_counts = _doubts_of_counts(expansion, today, known)
    return tuple(dict.fromkeys((*own, *(doubt for of_count in of_counts for doubt in of_count))))


def question(count: Query | JsonQuery, canonical: str | None = None) -> Question:
    """Return a single count in the words of the service half."""
    body = to_payload(count)
    start, end = (date.fromisoformat(f"{body[name]:08}") for name in ("from", "to"))
    return Question(
        text=to_text(_unlabelled(count)),
        event=body["event_name"],
        start=start,
        end=end,
        body=json.dumps(body),
        key=canonical if canonical is not None else key(count),
        until=max(_latest(body), end),
    )


def _doubts_of_counts(expansion: Expansion, today: date, known: Known) -> list[tuple[str, ...]]:
    return [of_count(to_payload(count), today, known) for count in expansion.counts]


def notes(
    statements: Sequence[Query | JsonQuery], rows: Sequence[Row], today: date
) -> tuple[str, ...]:
    """Return the sentences on the whole cell that its panel shows, each once."""
    sentences = [note for query in statements for note in _notes(query, today)]
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
        event=_event(row.query),
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


def _notes(query: Query | JsonQuery, today: date) -> list[str]:
    if isinstance(query, JsonQuery):
        return []
    sentences = [NO_PERIOD] if query.event.period is None else []
    unit, own = unit_of_pieces(query), own_days(query, today)
    if unit is not None and is_of_whole_pieces(query.event.period, unit):
        start, end = ends(own)
        sentences.append(f"whole {unit.value}s: {start} to {end}")
    if query.versus is not None and (left := left_out(query, own, _other(query, today), unit)):
        sentences.append(left)
    if _is_first(query) and (query.did or query.did_not or query.did_any):
        sentences.append("the pieces of 'by first' do not add up: a 'did' takes each piece's days")
    return sentences


def _other(query: Query, today: date) -> Any:
    return other_days(query, own_days(query, today), unit_of_pieces(query), today)


def _is_first(query: Query) -> bool:
    return any(isinstance(axis, ByTime) and axis.first for axis in query.by)


def _event(query: Query | JsonQuery) -> str:
    return (
        str(to_payload(query)["event_name"]) if isinstance(query, JsonQuery) else query.event.name
    )


def _unlabelled(query: Query | JsonQuery) -> Query | JsonQuery:
    return query if query.label is None else replace(query, label=None)


def _latest(body: Any) -> date:
    # The latest "to" of the query and of every event query inside it.
    if isinstance(body, dict):
        own = day_of_number(body.get("to")) or date.min
        return max([own, *map(_latest, body.values())])
    return max(map(_latest, body), default=date.min) if isinstance(body, list) else date.min
