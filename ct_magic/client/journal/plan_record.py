"""What the journal keeps of a cell: its plan as JSON, and back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any

from ct_magic.rows import Comparison, Formula, Plan, Question, Row

_KEPT_ONCE = 500  # characters of a part that is kept once
_TEXTS = ("title", "text", "body", "key")
_VALUE = r'(?:"(?:[^"\\]++|\\.)*+"|[-+.\w]++)'
_LISTS = re.compile(rf"({_VALUE}(?:,\s*{_VALUE})*+)")  # as JSON has them, and the language
Folded = str | list[str | int]


@dataclass(frozen=True, slots=True)
class CellRecord:
    """A cell as the journal keeps it, for `%ct resume` and `%ct history`.

    `id` is also in the `attrs` of its DataFrame; `variable` is the name that gets it; `zone` the
    name of whose days were meant, None for the machine's; `account` the account's name.
    """

    id: str
    plan: Plan
    variable: str | None = None
    zone: str | None = None
    account: str | None = None


class Parts:
    """The long parts of a cell's texts, mostly lists of values, each kept once.

    Ninety counts whose filter names ten thousand customers differ in their days alone.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self.texts = list(texts)
        self._numbers = {text: number for number, text in enumerate(self.texts)}

    def folded(self, text: str) -> Folded:
        """Return a text, or a long one's pieces: a number for each that is kept once."""
        if len(text) < _KEPT_ONCE:
            return text
        pieces: list[str | int] = []
        for is_long, group in groupby(self._split(text), lambda piece: len(piece) >= _KEPT_ONCE):
            found = list(group)
            pieces += map(self._number, found) if is_long else ["".join(found)]
        return pieces

    def unfolded(self, folded: Folded) -> str:
        """Return the text that was folded; raise LookupError for a part that is not there."""
        if isinstance(folded, str):
            return folded
        return "".join(self.texts[part] if isinstance(part, int) else part for part in folded)

    def stored(self, text: str) -> str | bytes:
        """Return what a column holds for a text."""
        folded = self.folded(text)
        return folded if isinstance(folded, str) else json.dumps(folded).encode()

    def read(self, value: object) -> str | None:
        """Return the text that a column holds, None for what is none."""
        try:
            return self.unfolded(json.loads(value) if isinstance(value, bytes) else value)  # type: ignore[arg-type] # what stands there is not believed
        except (LookupError, TypeError, ValueError, RecursionError):
            return None

    def _split(self, text: str) -> list[str]:
        if len(text) < _KEPT_ONCE:
            return [text]
        for part in self.texts[-4:]:  # finding one again is much quicker than looking for lists
            before, found, after = text.partition(part)
            if found:
                return [*self._split(before), found, *self._split(after)]
        return _LISTS.split(text)

    def _number(self, part: str) -> int:
        if part not in self._numbers:
            self._numbers[part] = len(self.texts)
            self.texts.append(part)
        return self._numbers[part]


def plan_to_json(plan: Plan, parts: Parts) -> str:
    """Return a plan as JSON; what is as usual is left out, and long texts are folded."""
    rows = [_folded(_only_changed(_fields(row)), parts) for row in plan.rows]
    questions = [_folded(_fields(question), parts) for question in plan.questions]
    return json.dumps({"rows": rows, "questions": questions}, default=_plain)


def titles_to_json(plan: Plan, parts: Parts) -> str:
    """Return the titles of a plan's rows as JSON, each once."""
    return json.dumps([parts.folded(title) for title in dict.fromkeys(r.title for r in plan.rows)])


def plan_from_json(text: str, parts: Parts | None = None) -> Plan:
    """Return the plan that was written; raise ValueError for a text that is none."""
    parts = parts or Parts()
    try:
        record = json.loads(text)
        rows = tuple(_recorded_row(_whole(row, parts)) for row in record["rows"])
        questions = tuple(
            _recorded_question(_whole(question, parts)) for question in record["questions"]
        )
        # What an older version wrote has no `of`: it was the base's count.
        rows = tuple(
            row
            if row.of or row.base is None or row.from_day is not None
            else replace(row, of=rows[row.base].formula)
            for row in rows
        )
        plan = Plan(rows, questions)
        _check(plan)
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("this is no plan") from error
    return plan


def _folded(fields: dict[str, Any], parts: Parts) -> dict[str, object]:
    return fields | {name: parts.folded(fields[name]) for name in _TEXTS if name in fields}


def _whole(record: dict[str, Any], parts: Parts) -> dict[str, Any]:
    return record | {name: parts.unfolded(record[name]) for name in _TEXTS if name in record}


def _plain(value: Any) -> object:
    return value.isoformat() if isinstance(value, date) else _fields(value)


def _fields(value: Any) -> dict[str, object]:
    # Not `asdict`, which copies what is about to be written.
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def _only_changed(row: dict[str, object]) -> dict[str, object]:
    usual = {"has_events": True}
    return {name: value for name, value in row.items() if value != usual.get(name) and value != ()}


def _recorded_question(record: Mapping[str, Any]) -> Question:
    days = {name: date.fromisoformat(record[name]) for name in ("start", "end", "until")}
    return Question(**dict(record) | days)


def _recorded_row(record: Mapping[str, Any]) -> Row:
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
