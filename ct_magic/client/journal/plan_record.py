"""What the journal keeps of a cell: its plan as JSON, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from ct_magic.rows import Comparison, Formula, Plan, Question, Row


@dataclass(frozen=True, slots=True)
class CellRecord:
    """A cell as the journal keeps it, for `%ct resume` and `%ct history`.

    `id` is also in the `attrs` of its DataFrame; `variable` is the name that gets it; `zone` the
    name of whose days were meant, None for the machine's.
    """

    id: str
    plan: Plan
    variable: str | None = None
    zone: str | None = None


def plan_to_json(plan: Plan) -> str:
    """Return a plan as JSON; what is as usual is left out."""
    rows = [_changed(_fields(row)) for row in plan.rows]
    return json.dumps({"rows": rows, "questions": plan.questions}, default=_plain)


def plan_from_json(text: str) -> Plan:
    """Return the plan that was written; raise ValueError for a text that is none."""
    try:
        record = json.loads(text)
        rows = tuple(_row(row) for row in record["rows"])
        questions = tuple(_question(question) for question in record["questions"])
        # What an older version wrote has no `of`: it was the base's count.
        rows = tuple(
            row if row.of or row.base is None else replace(row, of=rows[row.base].formula)
            for row in rows
        )
        plan = Plan(rows, questions)
        _check(plan)
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("this is no plan") from error
    return plan


def _plain(value: Any) -> object:
    return value.isoformat() if isinstance(value, date) else _fields(value)


def _fields(value: Any) -> dict[str, object]:
    # Not `asdict`, which copies what is about to be written.
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def _changed(row: dict[str, object]) -> dict[str, object]:
    usual = {"has_events": True}
    return {name: value for name, value in row.items() if value != usual.get(name) and value != ()}


def _question(record: Mapping[str, Any]) -> Question:
    days = {name: date.fromisoformat(record[name]) for name in ("start", "end", "until")}
    return Question(**dict(record) | days)


def _row(record: Mapping[str, Any]) -> Row:
    changes: dict[str, object] = {
        "start": date.fromisoformat(record["start"]),
        "end": date.fromisoformat(record["end"]),
        "formula": _formula(record.get("formula")),
        "pieces": tuple((name, value) for name, value in record.get("pieces", ())),
        "of": _formula(record.get("of")),
        "previous": _comparison(record.get("previous")),
        "doubts": tuple(record.get("doubts", ())),
    }
    return Row(**dict(record) | changes)


def _formula(record: Mapping[str, Any] | None) -> Formula | None:
    return None if record is None else Formula(tuple(record["plus"]), tuple(record["minus"]))


def _comparison(record: Mapping[str, Any] | None) -> Comparison | None:
    if record is None:
        return None
    return Comparison(
        _formula(record["formula"]),
        record["start"] and date.fromisoformat(record["start"]),
        record["end"] and date.fromisoformat(record["end"]),
        record["incomparable"],
        _formula(record.get("of")),
    )


def _check(plan: Plan) -> None:
    """Raise LookupError where a row names a row or a question that is not there."""
    for number, row in enumerate(plan.rows):
        if row.number != number:
            raise LookupError(number)
        for other in (row.base, row.within):
            if other is not None:
                plan.rows[other]
        for question in row.questions:
            plan.questions[question]
