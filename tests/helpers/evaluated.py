"""One statement through expansion, JSON and SQL against the slow evaluator."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from ct_magic import QueryError
from ct_magic.client.jobs import Job, State, Tally
from ct_magic.planning.row_results import RowResult, row_results
from ct_magic.query.calendar import ends
from ct_magic.query.expand import TooLargeError, expand
from ct_magic.query.model import Days, Did, Event, JsonQuery, OwnDays, Query
from ct_magic.rows import Plan
from helpers.plain_counts import Data, Happened
from helpers.random_statements import EVENTS, Statements
from helpers.slow_evaluator import Evaluator, Expected

MOST_COUNTS = 60
Count = Callable[[Any], tuple[int, int]]  # the API's JSON -> profiles and events
_ANSWERS: dict[Count, dict[str, tuple[int, int]]] = {}  # an engine's data never change


@dataclass(frozen=True)
class Compared:
    """How many statements were compared, how many of their rows found somebody, what differed."""

    statements: int
    rows: int
    nonempty: int
    refused: int
    wrong: tuple[str, ...]


def compare(
    count: Count, data: Data, today: date, n: int, seed: int, is_new: bool = False
) -> Compared:
    """Compare random statements until `n` were asked; `is_new`: of own days and their like.

    Those that nobody can ask are left out, and those of so many counts that others had no time.
    """
    makes, evaluator = Statements(Random(seed), today), Evaluator(data, today)
    statements = rows = nonempty = refused = 0
    wrong = []
    while statements < n:
        statement = makes.new_statement() if is_new else makes.statement()
        try:
            cell = expand([statement], today, MOST_COUNTS).plan
        except TooLargeError:
            continue
        except QueryError:
            refused += 1
            continue
        results = row_results(cell, answered(cell, count))
        expected = evaluator.rows(statement)
        statements, rows = statements + 1, rows + len(results)
        nonempty += sum(bool(row.count) for row in expected)
        wrong += differences(statement, results, expected)
    return Compared(statements, rows, nonempty, refused, tuple(wrong))


def brackets(count: Count, data: Data, today: date, n: int, seed: int) -> list[str]:
    """Return which of so many random pairs of events have the truth outside their bracket.

    The truth is who did the second after they first did the first, by the clock, within some days.
    """
    random, wrong = Random(seed), []
    for _ in range(n):
        first, second = random.choice(EVENTS), random.choice(EVENTS)
        start = today - timedelta(random.randint(40, 80))
        period = Days(start, start + timedelta(random.randint(0, 4)))
        last = random.choice([1, 6, 13, 29])
        step = Did(Event(second, (), OwnDays(((0, last), (1, last)))), share=True)
        _, high, low = results_of([Query(Event(first, (), period), clauses=(step,))], count, today)
        found = sum(_did_after(mine, first, second, period, last) for mine in data.events.values())
        if not (low.count or 0) <= found <= (high.count or 0):
            wrong.append(f"{first}, {second} {period} {last}: {low.count} {found} {high.count}")
    return wrong


def _did_after(mine: Sequence[Happened], first: str, second: str, period: Days, last: int) -> bool:
    start, end = ends(period)
    began = [event for event in mine if event.name == first and start <= event.day <= end]
    if not began:
        return False
    moment = min(began, key=lambda event: event.at)  # type: ignore[arg-type,return-value] # all were read
    return any(
        event.name == second
        and event.at > moment.at  # type: ignore[operator] # as above
        and event.day <= moment.day + timedelta(last)
        for event in mine
    )


def results_of(
    statements: list[Query | JsonQuery], count: Count, today: date
) -> tuple[RowResult, ...]:
    """Return the rows of a cell whose distinct counts were each asked once."""
    cell = planned(statements, today)
    return row_results(cell, answered(cell, count))


def planned(statements: list[Query | JsonQuery], today: date) -> Plan:
    """Return the plan of a cell."""
    return expand(statements, today, max_counts=None).plan


def answered(cell: Plan, count: Count) -> list[Job]:
    """Return the jobs of a plan's questions, all of them answered: each body once by an engine."""
    known = _ANSWERS.setdefault(count, {})
    for question in cell.questions:
        if question.body not in known:
            known[question.body] = count(json.loads(question.body))
    return [
        Job(number, question, State.SUCCESS, tally=Tally(*known[question.body]))
        for number, question in enumerate(cell.questions)
    ]


def differences(
    statement: Query, results: tuple[RowResult, ...], expected: list[Expected]
) -> list[str]:
    """Return what is not as the slow evaluator says, one line for each row."""
    if len(results) != len(expected):
        return [f"{statement}: {len(results)} rows, not {len(expected)}"]
    return [
        f"{statement}\n  {result.row.text}\n  found {seen(result)}\n  right {wanted}"
        for result, wanted in zip(results, expected, strict=True)
        if seen(result) != wanted
    ]


def seen(result: RowResult) -> Expected:
    """Return what a row holds, in the words of the evaluator."""
    row, other = result.row, result.row.previous
    return Expected(
        start=row.start,
        end=row.end,
        pieces=row.pieces,
        count=result.count,
        of=result.of,
        after=row.after,
        whole=row.whole,
        window=row.window,
        previous=result.previous,
        previous_of=result.previous_of,
        previous_days=(other.start, other.end) if other and other.start and other.end else None,
        has_change=result.change is not None,
    )
