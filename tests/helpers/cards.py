"""Cards of each kind, as a page and a saved notebook show them: whatever the counts are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date
from functools import cache
from typing import Any

from ct_magic.client.jobs import Job, State, Tally
from ct_magic.panel import html
from ct_magic.panel.panel import About, Standing
from ct_magic.planning.row_results import RowResult, row_results
from ct_magic.query.parser import read_cell
from ct_magic.rows import Plan, Question

TODAY = date(2026, 11, 20)
SHOPS = "https://shop.example/shoes"
CELLS = (
    "Charged yesterday",
    "Charged last 7 days vs previous",
    "Charged last 10 days by day",
    "Charged last 25 days by day",
    'Charged last 8 days by day, Category in ("Shoes", "Bags", "Hats")',
    'A where Old = "1" or New = "2" yesterday\nb: C last 2 days',
    f'Charged yesterday by Url in ("{SHOPS}/red", "{SHOPS}/blue", "{SHOPS}/green")',
    "Installed last 30 days share did Viewed share did Charged",
    "Installed last 4 weeks vs previous share did Viewed share did Charged",
    "Installed last 4 weeks share did Launched after 0..3 weeks by first week",
    "Installed last 12 weeks share did Launched after 0..11 weeks by first week",
    "Installed last 4 weeks share did Launched on day 1, 7, 30 by first week",
    "Installed 2026-10-01..2026-10-09 share did Charged within 1, 3, 7 days",
)
STATES: tuple[dict[str, Any], ...] = (
    {"state": State.SUCCESS, "began": 1.0, "ended": 3.0},
    {"state": State.FAILED, "error": "HTTP 400: Query failed, for reasons of its own"},
    {"state": State.SUBMITTED, "polls": 2, "due": 60.0, "began": 1.0},
    {"note": "HTTP 429", "due": 60.0},
)


def card_of(text: str, *states: dict[str, Any], **about: Any) -> str:
    """Return the still card of a cell; the states of its counts take turns."""
    return html.html(standing_of(text, *states, **about))


def standing_of(text: str, *states: dict[str, Any], **about: Any) -> Standing:
    """Return how a cell stands; the states of its counts take turns."""
    plan, rows = _rows(text, *states)
    _, days = _rows("Charged last 7 days by day", STATES[0])
    more = {"account": "prod · in1", "zone": UTC, "today": TODAY, "days": days}
    return Standing(plan, rows, 20.0, About(**more | about))


@cache
def _plan(text: str) -> Plan:
    return read_cell(text, today=TODAY, zone=UTC, max_counts=None).plan


def _rows(text: str, *states: dict[str, Any]) -> tuple[Plan, tuple[RowResult, ...]]:
    plan = _plan(text)
    jobs = [_job(n, q, states[n % len(states)]) for n, q in enumerate(plan.questions)]
    return plan, row_results(plan, jobs)


def _job(number: int, question: Question, state: dict[str, Any]) -> Job:
    # Few of many, so that no count contradicts another.
    many = 100 * ((question.end - question.start).days + 1)
    is_step = " did " in question.text.replace(" did not ", " ")
    tally = Tally(3 if is_step else many, 2 * many, many, many + 5)
    return Job(number, question, **({"tally": tally} if "ended" in state else {}), **state)


def cards() -> Iterator[str]:
    """Yield cards of each kind: arrived, failed, under way, all of it together, and plotted."""
    for text in CELLS:
        for states in (*((state,) for state in STATES), STATES):
            yield card_of(text, *states)
        yield card_of(text, STATES[0], plotted=True)
