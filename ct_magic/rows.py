"""A cell's rows as formulas over distinct questions: frozen values, made by `query.expand`.

A question is one count that the service is asked. A row of the DataFrame is a formula over such
counts: mostly one of them, with `or` a sum and a difference. Several rows may need one question;
it is asked once. `row_results` computes the state of a row from the jobs of its questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, dataclass_transform

Scalar = str | int | float
# What a larger window of own days holds: at least as much, at most as much; and PARTS: at least as
# much, and no more than the windows together that it is made of.
MORE, FEWER, PARTS = "more", "fewer", "parts"


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Record:
    """A value: its fields are given once, and it equals another of its class that has the same.

    A dataclass, but what compares, hashes and shows it is written once, here, and that it is frozen
    is held by the type checker alone: to make a hundred frozen classes, each with code of its
    own for all that, takes a quarter of the time of the first query.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]
    _compared: ClassVar[Any]  # returns the fields that are compared

    def __init_subclass__(cls) -> None:
        dataclass(eq=False, repr=False)(cls)
        names = [each.name for each in fields(cls) if each.compare]
        cls._compared = staticmethod(attrgetter(*names) if names else type)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return bool(self._compared(self) == self._compared(other))

    def __hash__(self) -> int:
        return hash(self._compared(self))

    def __repr__(self) -> str:
        shown = (f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
        return f"{type(self).__qualname__}({', '.join(shown)})"


if TYPE_CHECKING:
    from dataclasses import replace as replace  # whose arguments the type checker knows
else:

    def replace(record, /, **changes):
        """Return the Record with other fields, in half the time of the function for dataclasses."""
        return type(record)(**{**vars(record), **changes})


Places = Mapping[int, int]  # where something lies: its number there, by that of before


def is_over(end: date, pieces: Iterable[tuple[str, object]], day: date, hours: int) -> bool:
    """Return True if what is counted up to `end` is over when so many full hours of `day` are."""
    # That is at midnight, or after its hour: no axis but `by hour` has a column of this name.
    hour = dict(pieces).get("hour")
    return (end, hour if isinstance(hour, int | float) else 23) < (day, hours)


class Question(Record):
    """One distinct count, in the words that the service half needs."""

    text: str  # canonical
    event: str
    start: date  # and `end`: the days of its base, both included
    end: date
    body: str  # the JSON that is sent
    key: str  # equal for two questions that ask the same
    until: date  # the latest day that it looks at: before it is over the count may change
    profiles_now: bool = False  # speaks of profiles as they are then: its count changes for ever


def question_about(query: Mapping[str, Any], body: str, text: str) -> Question:
    """Return the question that sends `body` about the event and the days of a count's JSON."""
    start, end = (date.fromisoformat(f"{query[key]:08}") for key in ("from", "to"))
    return Question(
        text=text, event=query["event_name"], start=start, end=end, body=body, key=body, until=end
    )


class Formula(Record):
    """Counts added and subtracted: numbers of the cell's questions, from 0."""

    plus: tuple[int, ...]
    minus: tuple[int, ...] = ()

    @property
    def questions(self) -> tuple[int, ...]:
        """Return the numbers of all questions that the formula needs."""
        return (*self.plus, *self.minus)

    def moved(self, question_at: Places) -> Formula:
        """Return the same over questions that have other numbers."""
        plus, minus = ([question_at[n] for n in part] for part in (self.plus, self.minus))
        return Formula(tuple(plus), tuple(minus))


class Comparison(Record):
    """What `vs` compares a row with: another period's count."""

    formula: Formula | None  # None where the piece has no partner
    start: date | None
    end: date | None
    incomparable: str | None = None  # why two counts give no `change`: "7 days against 31"
    of: Formula | None = None  # the other period's count that the row's share is of


class Row(Record):
    """One row of the DataFrame, and all that is known of it before anything is asked."""

    number: int  # its place in the cell, from 0
    statement: int  # the number of its statement
    title: str  # the label, else the statement as typed
    text: str  # canonical, of what is counted
    event: str
    start: date  # and `end`: the days really sent
    end: date
    formula: Formula | None  # of own days, a count for each first day, in order; None: `not yet`
    pieces: tuple[tuple[str, Scalar], ...] = ()  # (column, value) that the axes of `by` fixed
    step: str | None = None  # with `share`: the base's event, or the clause as printed
    after: int | None = None  # the number of an `after 0..11 weeks`
    from_day: int | None = None  # and `to_day`: the window of own days
    to_day: int | None = None
    windows: str | None = None  # what larger ones hold, if it is known: MORE, FEWER, PARTS
    base: int | None = None  # the number of the row it is compared with, its own for the base
    of: Formula | None = None  # the count that its share is of
    within: int | None = None  # the row it is counted among: the step before it, or the base
    previous: Comparison | None = None  # what `vs` compares with
    cut: str | None = None  # with `share`: into what `by` cuts time, "first week", "day"
    whole: bool | None = None  # False: cut short, not over, or own days leave some out
    has_events: bool = True  # False: its base was sent without some filters
    doubts: tuple[str, ...] = ()  # what the service may ignore silently

    @property
    def window(self) -> tuple[int, int] | None:
        """Return the first and the last own day, both included."""
        return None if self.from_day is None else (self.from_day, self.to_day or 0)

    @property
    def questions(self) -> tuple[int, ...]:
        """Return the numbers of all questions behind it: of its count, `of`, and their others."""
        other = (self.previous.formula, self.previous.of) if self.previous else ()
        formulas = (formula for formula in (self.formula, *other, self.of) if formula)
        return tuple(dict.fromkeys(n for formula in formulas for n in formula.questions))

    def moved(self, row_at: Places, question_at: Places, statements: int = 0) -> Row:
        """Return the row in another plan, where rows, questions and statements lie elsewhere."""
        previous = self.previous
        if previous:
            formula, of = (f and f.moved(question_at) for f in (previous.formula, previous.of))
            previous = replace(previous, formula=formula, of=of)
        return replace(
            self,
            number=row_at[self.number],
            statement=self.statement + statements,
            formula=self.formula and self.formula.moved(question_at),
            of=self.of and self.of.moved(question_at),
            base=None if self.base is None else row_at[self.base],
            within=None if self.within is None else row_at.get(self.within),
            previous=previous,
        )


class Plan(Record):
    """What a cell asks: its rows, the distinct questions behind them, and notes for the panel."""

    rows: tuple[Row, ...]
    questions: tuple[Question, ...]  # in the order in which the rows first need them
    notes: tuple[str, ...] = ()  # on the whole cell, like the period that was meant
    statements: tuple[str, ...] = ()  # as typed
    expects: str | None = None  # how long it may take, where that is worth saying

    @property
    def doubts(self) -> tuple[str, ...]:
        """Return the doubts about all rows, each once."""
        return tuple(dict.fromkeys(doubt for row in self.rows for doubt in row.doubts))

    def only(self, numbers: Iterable[int]) -> tuple[Plan, tuple[int, ...]]:
        """Return the plan of these rows and their bases, and its questions' numbers in this one."""
        rows = [self.rows[number] for number in numbers]
        bases = {row.base for row in rows if row.base is not None}
        chosen = sorted(bases.union(row.number for row in rows))
        questions = tuple(dict.fromkeys(n for r in chosen for n in self.rows[r].questions))
        row_at = {old: new for new, old in enumerate(chosen)}
        question_at = {old: new for new, old in enumerate(questions)}
        moved = tuple(self.rows[old].moved(row_at, question_at) for old in chosen)
        of_rows = tuple(self.questions[n] for n in questions)
        return Plan(moved, of_rows, self.notes, self.statements), questions

    def beside(self, other: Plan) -> Plan:
        """Return one plan of both, the other's rows behind these."""
        row_at = {n: n + len(self.rows) for n in range(len(other.rows))}
        question_at = {n: n + len(self.questions) for n in range(len(other.questions))}
        statements = 1 + max((row.statement for row in self.rows), default=-1)
        behind = (row.moved(row_at, question_at, statements) for row in other.rows)
        questions, notes = self.questions + other.questions, self.notes + other.notes
        typed = self.statements + other.statements
        return Plan((*self.rows, *behind), questions, notes, typed)


def row_name(row: Row) -> str:
    """Return a row's own name: `3: App Launched, Category = Shoes, 2026-11-01`."""
    first, last = row.window or (0, 0)
    parts = [
        row.title,
        row.step,
        None if row.after is None else f"after {row.after}",
        (f"day {first}" if first == last else f"days {first}..{last}") if row.window else None,
        *(f"{column} = {value}" for column, value in row.pieces),
        f"{row.start}" if row.start == row.end else f"{row.start} to {row.end}",
    ]
    return f"{row.number + 1}: {', '.join(filter(None, parts))}"
