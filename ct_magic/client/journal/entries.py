"""What a journal's row says, as far as it can be trusted: absurd values are missing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, tzinfo
from itertools import groupby
from math import isfinite
from typing import Any

from ct_magic.client.jobs import Job, State, Tally
from ct_magic.rows import Comparison, Formula, Plan, Question, Record, Row, replace

_Stored = Mapping[str, Any]
LATEST = datetime(9000, 1, 1, tzinfo=UTC).timestamp()


class Entry(Record):
    """One submission. Times are seconds since 1970; what could not be read is None."""

    id: int
    state: str
    body: str
    title: str
    text: str
    asked: float | None  # by this machine's clock, as `ended`
    sent: float | None  # by the service's clock where it is known, as `counted`
    req_id: str | None
    ended: float | None
    counted: float | None
    tally: Tally | None
    error: str | None
    cell: str | None = None  # that submitted it

    @property
    def is_counted(self) -> bool:
        """True where its count is there, and when it was taken is known."""
        times = (self.sent, self.ended, self.counted)
        return self.state == State.SUCCESS and self.tally is not None and None not in times

    @property
    def is_pending(self) -> bool:
        """True where its id is known and its end is not."""
        return self.state == State.SUBMITTED and bool(self.req_id) and self.sent is not None

    def age(self, now: float) -> float:
        """Return the seconds since it was asked; endless where that is not known."""
        return now - self.asked if self.asked is not None else float("inf")

    def days_after(self, day: date, zone: tzinfo | None) -> int:
        """Return how many days after this one, in this zone, it was sent; -1 if not known."""
        # By the earlier clock: one that runs ahead over midnight would make the count of a part
        # of a day one of the whole.
        if self.sent is None or self.asked is None:
            return -1
        return (day_at(min(self.sent, self.asked), zone) - day).days


def entry(row: _Stored, parts: Parts) -> Entry:
    """Return what a row of the table `submissions` says, given the parts of its cell."""
    asked, ended = moment(row["asked"]), moment(row["ended"])
    count, *split = (_stored_count(row[name]) for name in ("count", "events", "users", "devices"))
    return Entry(
        id=row["id"],
        state=text(row["state"]) or "",
        body=parts.read(row["body"]) or "",
        title=parts.read(row["title"]) or "",
        text=parts.read(row["text"]) or "",
        asked=asked,
        sent=moment(row["sent"]) if row["sent"] is not None else asked,
        req_id=text(row["req_id"]),
        ended=ended,
        counted=moment(row["counted"]) if row["counted"] is not None else ended,
        tally=None if count is None else Tally(count, *split),
        error=text(row["error"]),
        cell=text(row["cell"]),
    )


def job_after(job: Job, known: Entry) -> Job:
    """Return the job as its submission leaves it: counted, or pending."""
    if not known.is_counted:
        sent = datetime.fromtimestamp(known.sent, UTC) if known.sent is not None else None
        return replace(job, state=State.SUBMITTED, req_id=known.req_id, sent=sent)
    at = datetime.fromtimestamp(known.counted or 0.0, UTC)
    counted = replace(job, state=State.SUCCESS, req_id=known.req_id)
    return replace(counted, tally=known.tally, taken=at, counted=at)


def moment(value: object) -> float | None:
    """Return a time that a calendar has, or None."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value):
        return None
    return float(value) if 0 <= value < LATEST else None


def day_at(seconds: float, zone: tzinfo | None) -> date:
    """Return the day that a time lies in."""
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone).date()


def _stored_count(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def text(value: object) -> str | None:
    """Return a text, or None for anything else."""
    return value if isinstance(value, str) else None


# What the journal keeps of a cell: its plan as JSON, and back.

_KEPT_ONCE = 500  # characters of a part that is kept once
_FOLDED = ("title", "text", "body", "key")
_VALUE = r'(?:"(?:[^"\\]++|\\.)*+"|[-+.\w]++)'
_LISTS = re.compile(rf"({_VALUE}(?:,\s*{_VALUE})*+)")  # as JSON has them, and the language
Folded = str | list[str | int]


class CellRecord(Record):
    """A cell as the journal keeps it, for `%ct resume` and `%ct history`."""

    id: str  # also in the `attrs` of its DataFrame
    plan: Plan
    variable: str | None = None  # that gets the DataFrame
    zone: str | None = None  # whose days were meant; None: the machine's
    account: str | None = None  # its name


class Parts:
    """The long parts of a cell's texts, mostly lists of values, each kept once."""

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
        """Return the text that a column holds, or None for anything else."""
        try:
            return self.unfolded(json.loads(value) if isinstance(value, bytes) else value)  # type: ignore[arg-type] # anything may be in it
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
    usual = {"has_events": True}
    rows = [
        {name: value for name, value in _fields(row).items() if value not in (usual.get(name), ())}
        for row in plan.rows
    ]
    questions = list(map(_fields, plan.questions))
    for record in (*rows, *questions):
        record.update((name, parts.folded(record[name])) for name in _FOLDED if name in record)
    return json.dumps({"rows": rows, "questions": questions}, default=_as_json)


def plan_from_json(text: str, parts: Parts) -> Plan:
    """Return the plan that was written; raise ValueError for anything else."""
    try:
        record = json.loads(text)
        rows = [Row(**{"formula": None} | _recorded(row, parts)) for row in record["rows"]]
        questions = [Question(**_recorded(question, parts)) for question in record["questions"]]
        for number, row in enumerate(rows):
            # What an older version wrote has no `of`: it was the base's count.
            if not row.of and row.base is not None and row.from_day is None:
                rows[number] = row = replace(row, of=rows[row.base].formula)
            if row.number != number:
                raise LookupError(number)
            # Each row and each question that it names is there, too.
            for other in (row.base, row.within):
                _ = other is None or rows[other]
            for question in row.questions:
                _ = questions[question]
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("this is no plan") from error
    return Plan(tuple(rows), tuple(questions))


def _as_json(value: Any) -> object:
    return value.isoformat() if isinstance(value, date) else _fields(value)


def _fields(value: Any) -> dict[str, Any]:
    # Not `asdict`, which copies what is about to be written.
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def _recorded(record: Mapping[str, Any], parts: Parts) -> dict[str, Any]:
    """Return the fields of a row or a question."""
    fields = _fields_read(record)
    return fields | {name: parts.unfolded(fields[name]) for name in _FOLDED if name in fields}


def _fields_read(record: Mapping[str, Any]) -> dict[str, Any]:
    return {**record} | {
        name: read(record[name]) for name, read in _KINDS.items() if name in record
    }


def _formula(record: Mapping[str, Any] | None) -> Formula | None:
    return None if record is None else Formula(**_fields_read(record))


def _comparison(record: Mapping[str, Any] | None) -> Comparison | None:
    if record is None:
        return None
    known = _fields_read({name: value for name, value in record.items() if value is not None})
    return Comparison(**{"formula": None, "start": None, "end": None} | known)


_KINDS: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("start", "end", "until"), date.fromisoformat),
    **dict.fromkeys(("formula", "of"), _formula),
    **dict.fromkeys(("plus", "minus", "doubts"), tuple),
    "previous": _comparison,
    "pieces": lambda pieces: tuple((name, value) for name, value in pieces),
}
