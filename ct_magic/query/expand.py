"""A statement -> its rows over single counts. Rules: README, from "Shares" on.

The road of a statement: `by` makes slices (a stretch of time, a value, a place, an hour), each
slice has a row for the base and one for each step (see `clauses`), and a row is a sum of single
counts (see `alternatives`); beside `vs` it has the same sum over the other period's stretch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from math import prod

from . import versus
from .alternatives import Sum, counts_of, terms_of
from .calendar_pieces import ends, number_of_pieces
from .clause_error import ClauseError
from .clauses import Clauses, has_after, how_many_rows, is_over, resolved, rows_of_a_piece
from .cut_period import Stretch, stretches
from .merge_terms import Single, Term
from .model import (
    And,
    AtPlace,
    Axis,
    ByHour,
    ByPlace,
    ByTime,
    ByValue,
    ClockRange,
    Days,
    Event,
    Filter,
    JsonQuery,
    Operator,
    Or,
    Property,
    Query,
    Scalar,
    Scope,
    Shift,
    ShiftAxis,
    Unit,
)
from .payload import to_payload
from .resolve_period import counts_from_today, resolve

_CLOCK = Property("time_of_day", Scope.SESSION)
HOURS = 24


@dataclass(frozen=True, slots=True)
class Other:
    """What `vs` compares a row with; no `total` where the piece has no partner or is not asked."""

    total: Sum | None = None
    start: date | None = None
    end: date | None = None
    incomparable: str | None = None


@dataclass(frozen=True, slots=True)
class ExpandedRow:
    """One row of a statement, over single counts; `total` is None for a row that is not asked.

    `query` is what is counted, in one statement, its days resolved. `base` and `within` are places
    among the statement's rows, from 0; for the rest see `rows.Row`.
    """

    query: Query | JsonQuery
    total: Sum | None
    event: str
    start: date
    end: date
    pieces: tuple[tuple[str, Scalar], ...] = ()
    step: str | None = None
    after: int | None = None
    base: int | None = None
    within: int | None = None
    previous: Other | None = None
    whole: bool | None = None


@dataclass(frozen=True, slots=True)
class _Slice:
    """One turn of all axes: the place of its stretch, and what the other axes add."""

    stretch: int
    conditions: Term
    pieces: tuple[tuple[str, Scalar], ...]


def rows_of(query: Query | JsonQuery, today: date) -> Iterator[ExpandedRow]:
    """Yield the rows of a statement, in order, the last axis of `by` turning fastest.

    Raises QueryError for what cannot be asked: a period that leaves the calendar, an `or` that
    has no form, pieces that cannot be paired. JSON that was pasted is one row as it stands.
    """
    if isinstance(query, JsonQuery):
        yield _json_row(query)
    else:
        yield from _Statement(query, today).rows()


def how_many(query: Query | JsonQuery, today: date) -> int:
    """Return how many rows `rows_of` yields, in no time however many they are."""
    if isinstance(query, JsonQuery):
        return 1
    period = own_days(query, today)
    return prod((how_many_rows(query), *(_size(axis, period) for axis in query.by)))


def own_days(query: Query, today: date) -> Days:
    """Return the days of the statement's own period."""
    return resolve(query.event.period, today, unit_of_pieces(query))


def unit_of_pieces(query: Query) -> Unit | None:
    """Return the unit in which `by` cuts time, None where it does not."""
    axis = _time_axis(query)
    return axis.unit if axis else None


class _Statement:
    """A statement whose rows are being made; what they share is computed once."""

    def __init__(self, query: Query, today: date) -> None:
        self.query, self.today = query, today
        self.axis = _time_axis(query)
        self.period = own_days(query, today)
        self.stretches = stretches(self.period, self.axis, today)
        self.others = self._others()
        self.has_after = has_after(query)
        self.is_first = self.axis is not None and self.axis.first

    def rows(self) -> Iterator[ExpandedRow]:
        clauses = rows_of_a_piece(self.query)
        for turn, piece in enumerate(self._slices()):
            first = turn * len(clauses)
            for place, clause in enumerate(clauses):
                row = self._row(piece, clause)
                if self.query.steps:
                    within = None if place == 0 else first + (clause.within or 0)
                    row = replace(row, base=first, within=within)
                yield row

    def _slices(self) -> Iterator[_Slice]:
        time: list[Axis] = [] if self.axis else [ByTime(Unit.DAY)]  # one turn: the whole period
        for turn in product(*map(self._turns, (*time, *self.query.by))):
            stretch = next(turned for turned in turn if isinstance(turned, int))
            added = [turned for turned in turn if not isinstance(turned, int)]
            yield _Slice(stretch, tuple(c for c, _ in added), tuple(named for _, named in added))

    def _turns(self, axis: Axis) -> list[int | tuple[Single, tuple[str, Scalar]]]:
        match axis:
            case ByTime():
                return list(range(len(self.stretches)))
            case ByValue(of, values):
                return [(Filter(of, Operator.EQUALS, v), (of.column, v)) for v in values]
            case ByPlace(places):
                return [(AtPlace((place,)), ("geo", "/".join(place))) for place in places]
            case ByHour():
                return [(_hour(hour), ("hour", hour)) for hour in range(HOURS)]

    def _row(self, piece: _Slice, clauses: Clauses) -> ExpandedRow:
        stretch = self.stretches[piece.stretch]
        start, end = ends(stretch.days)
        is_asked = self._is_asked(clauses, stretch)
        total = self._total(piece, clauses, stretch) if is_asked else None
        is_single = total is not None and total.is_single
        return ExpandedRow(
            query=total.plus[0] if total and is_single else self._query(piece, clauses, stretch),
            total=total,
            event=self.query.event.name,
            start=start,
            end=end,
            pieces=piece.pieces,
            step=clauses.step,
            after=clauses.after,
            previous=self._other(piece, clauses, is_asked),
            whole=stretch.whole,
        )

    def _other(self, piece: _Slice, clauses: Clauses, is_asked: bool) -> Other | None:
        if self.others is None:
            return None
        if piece.stretch >= len(self.others):
            return Other()
        own, other = self.stretches[piece.stretch], self.others[piece.stretch]
        is_asked = is_asked and self._is_asked(clauses, other)
        unit = self.axis.unit if self.axis else None
        return Other(
            self._total(piece, clauses, other) if is_asked else None,
            *ends(other.days),
            versus.incomparable(self.query, own.days, other.days, unit, self.today),
        )

    def _is_asked(self, clauses: Clauses, stretch: Stretch) -> bool:
        if not self.has_after:
            return True
        begins = ends(stretch.piece)[0]
        return begins <= self.today and is_over(clauses, stretch.piece, self.today)

    def _total(self, piece: _Slice, clauses: Clauses, stretch: Stretch) -> Sum:
        base = self._base(piece, clauses, stretch)
        if self.query.condition is None:
            places = (AtPlace(self.query.places),) if self.query.places else ()
            terms: tuple[Term, ...] = ((*self.query.event.where, *places, *piece.conditions),)
        else:
            terms = terms_of(_all(self.query.condition, piece.conditions))
        return counts_of(base, terms, first=self.is_first, earlier=stretch.earlier)

    def _base(self, piece: _Slice, clauses: Clauses, stretch: Stretch) -> Query:
        inside = resolved(clauses, stretch.piece, self.today)
        return replace(
            self.query,
            event=Event(self.query.event.name, (), stretch.days),
            places=(),
            did=inside.did,
            did_not=inside.did_not,
            did_any=inside.did_any,
            steps=(),
            condition=None,
            versus=None,
            by=(),
            pieces=piece.pieces,
        )

    def _query(self, piece: _Slice, clauses: Clauses, stretch: Stretch) -> Query:
        base = self._base(piece, clauses, stretch)
        where, places, condition = self.query.event.where, self.query.places, self.query.condition
        if condition is not None:
            return replace(base, condition=_all(condition, piece.conditions))
        where += tuple(added for added in piece.conditions if isinstance(added, Filter))
        for added in piece.conditions:
            places = added.places if isinstance(added, AtPlace) else places
        return replace(base, event=replace(base.event, where=where), places=places)

    def _others(self) -> list[Stretch] | None:
        if self.query.versus is None:
            return None
        self._check_clauses()
        unit = self.axis.unit if self.axis else None
        other = versus.other_days(self.query, self.period, unit, self.today)
        return stretches(other, self.axis, self.today)

    def _check_clauses(self) -> None:
        (clauses, *_) = rows_of_a_piece(self.query)
        for event in clauses.events:
            period = event.period
            if period and not isinstance(period, Shift | ShiftAxis) and counts_from_today(period):
                raise ClauseError(
                    "beside 'vs' the period of a 'did' cannot count from today: "
                    "leave it out, or write 'before 1 week'",
                    "VS",
                )


def _json_row(query: JsonQuery) -> ExpandedRow:
    body = to_payload(query)
    start, end = (date.fromisoformat(f"{body[key]:08}") for key in ("from", "to"))
    return ExpandedRow(query, Sum((query,)), body["event_name"], start, end, query.pieces)


def _all(condition: And | Or, more: Term) -> And | Or:
    if not more:
        return condition
    parts = condition.parts if isinstance(condition, And) else (condition,)
    return And((*parts, *more))


def _hour(hour: int) -> Filter:
    return Filter(_CLOCK, Operator.EQUALS, ClockRange(60 * hour, 60 * hour + 59))


def _time_axis(query: Query) -> ByTime | None:
    return next((axis for axis in query.by if isinstance(axis, ByTime)), None)


def _size(axis: Axis, period: Days) -> int:
    match axis:
        case ByTime(unit):
            return number_of_pieces(period, unit)
        case ByValue(_, values):
            return len(values)
        case ByPlace(places):
            return len(places)
        case ByHour():
            return HOURS
