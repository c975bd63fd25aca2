"""What else the profile did: a statement's clauses as steps, and their periods beside a piece.

Rules: README, "Moving periods" and "Shares".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from .calendar_pieces import ends, moved
from .model import Days, Did, DidAny, DidNot, Event, Query, Shift, ShiftAxis, Step
from .printer import clause_text
from .resolve_period import resolve

_NUMBERS = re.compile(r" after \d+\.\.\d+ ([a-z]+)(?=( [>=]+ \d+)?$)")


@dataclass(frozen=True, slots=True)
class Clauses:
    """The clauses of one row of each piece: those of the base and of the steps up to its own.

    `step` names it where the statement has shares, `after` is its number of `after 0..11 weeks`,
    `within` the place, among the rows of its piece, of the one it is counted inside.
    """

    did: tuple[Event, ...]
    did_not: tuple[Event, ...]
    did_any: DidAny | None
    step: str | None = None
    after: int | None = None
    within: int | None = None

    @property
    def events(self) -> tuple[Event, ...]:
        """Return all events that are asked beside the base."""
        return (*self.did, *self.did_not, *(self.did_any.events if self.did_any else ()))

    def mapped(self, change: Callable[[Event], Event]) -> Clauses:
        """Return the same clauses with each event changed."""
        any_of = self.did_any
        return replace(
            self,
            did=tuple(map(change, self.did)),
            did_not=tuple(map(change, self.did_not)),
            did_any=any_of and replace(any_of, events=tuple(map(change, any_of.events))),
        )


def rows_of_a_piece(query: Query) -> tuple[Clauses, ...]:
    """Return the clauses of each row that every piece has: the base, its steps, their numbers."""
    base = Clauses(query.did, query.did_not, query.did_any)
    if not query.steps:
        return tuple(_numbered(base))
    rows = [replace(base, step=query.event.name)]
    for number, step in enumerate(query.steps):
        rows += _numbered(replace(_with(rows[number], step), step=step_name(step), within=number))
    return tuple(rows)


def how_many_rows(query: Query) -> int:
    """Return how many rows every piece has, in no time however many."""
    events = (*query.did, *query.did_not, *map(_event_of, query.steps))
    axes = [event.period for event in events if event and isinstance(event.period, ShiftAxis)]
    return 1 + len(query.steps) + sum(axis.last - axis.first for axis in axes)


def has_after(query: Query) -> bool:
    """Return True if an `after` stands anywhere in the statement."""
    any_of = [query.did_any, *(step for step in query.steps if isinstance(step, DidAny))]
    inside = [event for did_any in any_of if did_any for event in did_any.events]
    events = (*query.did, *query.did_not, *map(_event_of, query.steps), *inside)
    return any(event is not None and _is_after(event) for event in events)


def is_over(clauses: Clauses, piece: Days, today: date) -> bool:
    """Return True if the last day of each window that an `after` moves is over."""
    windows = (
        moved(piece, event.period)
        for event in clauses.events
        if isinstance(event.period, Shift) and _is_after(event)
    )
    return all(ends(window)[1] < today for window in windows)


def resolved(clauses: Clauses, piece: Days, today: date) -> Clauses:
    """Return the clauses with their days; those without a period take their base's later."""

    def with_days(event: Event) -> Event:
        match event.period:
            case None | ShiftAxis():
                return event
            case Shift() as shift:
                return event.during(moved(piece, shift))
            case period:
                return event.during(resolve(period, today))

    return clauses.mapped(with_days)


def step_name(step: Step) -> str:
    """Return the clause as printed, without the numbers of `after 0..11 weeks`."""
    return _NUMBERS.sub(r" after \1", clause_text(step))


def _with(clauses: Clauses, step: Step) -> Clauses:
    match step:
        case Did(event):
            return replace(clauses, did=(*clauses.did, event))
        case DidNot(event):
            return replace(clauses, did_not=(*clauses.did_not, event))
        case DidAny():
            return replace(clauses, did_any=step)


def _numbered(clauses: Clauses) -> Iterator[Clauses]:
    """Yield the clauses once for each number of an `after 0..11 weeks`."""
    axes = (e.period for e in clauses.events if isinstance(e.period, ShiftAxis))
    axis = next(axes, None)
    if axis is None:
        yield clauses
        return
    for number in range(axis.first, axis.last + 1):
        yield replace(clauses.mapped(lambda event: _at(event, number)), after=number)  # noqa: B023


def _at(event: Event, number: int) -> Event:
    axis = event.period
    return event.during(Shift(number, axis.unit)) if isinstance(axis, ShiftAxis) else event


def _event_of(step: Step) -> Event | None:
    return None if isinstance(step, DidAny) else step.event


def _is_after(event: Event) -> bool:
    period = event.period
    return isinstance(period, ShiftAxis) or (isinstance(period, Shift) and period.n >= 0)
