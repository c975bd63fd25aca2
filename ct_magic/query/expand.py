"""A statement -> its rows over single counts. Rules: README, from "Shares" on.

The road of a statement: `by` makes slices (a stretch of time, a value, a place, an hour), each
slice has a row for the base and one for each step (see `clauses`), and a row is a sum of single
counts (see `alternatives`); beside `vs` it has the same sum over the other period's stretch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import product
from math import prod
from operator import mul

from ct_magic.errors import QueryError
from ct_magic.query import versus
from ct_magic.query.alternatives import MOST_IN_A_SUM, Single, Sum, Term, counts_of, terms_of
from ct_magic.query.calendar import (
    Stretch,
    counts_from_today,
    ends,
    is_of_whole_pieces,
    moved,
    number_of_pieces,
    resolve,
    stretches,
)
from ct_magic.query.clause_error import ClauseError
from ct_magic.query.equality import key
from ct_magic.query.model import (
    And,
    AtPlace,
    Axis,
    ByHour,
    ByPlace,
    ByTime,
    ByValue,
    ClockRange,
    Days,
    Did,
    DidAny,
    DidNot,
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
    Step,
    Unit,
)
from ct_magic.query.payload import to_payload
from ct_magic.query.printer import clause_text
from ct_magic.query.versus import left_out, other_days

# What else the profile did: a statement's clauses as steps, and their periods beside a piece.
#
# Rules: README, "Moving periods" and "Shares".

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


# A cell -> its rows over distinct single counts, or the refusal of a cell that is too large.

MOST_COUNTS = 500
MOST_ROWS = 10_000
_TOO_MANY = "take a shorter period, larger pieces or fewer values"


class StatementError(QueryError):
    """What is wrong with a statement of a cell: its place there, from 0.

    `keyword` is the type of the token with which the clause at fault begins, where it is known.
    """

    def __init__(self, message: str, statement: int, keyword: str | None = None) -> None:
        super().__init__(message)
        self.statement, self.keyword = statement, keyword


class TooLargeError(StatementError):
    """A cell of too many rows or counts: how many, in words, and how many there may be."""

    def __init__(self, size: str, limit: int, statement: int, cure: str = "") -> None:
        verb = "have" if size.endswith("rows") else "ask"
        message = f"this cell would {verb} {size}, and the limit is {limit:,}: {_TOO_MANY}{cure}"
        super().__init__(message, statement, "BY")
        self.size, self.limit = size, limit


@dataclass(frozen=True, slots=True)
class Numbers:
    """A sum of single counts, by their places among the cell's distinct counts."""

    plus: tuple[int, ...]
    minus: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CellRow:
    """A row of a cell: of which statement, and its counts and the other period's by number."""

    statement: int
    row: ExpandedRow
    own: Numbers | None
    other: Numbers | None

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of all counts that it is made of or compared with."""
        return tuple(n for part in (self.own, self.other) if part for n in part.plus + part.minus)


@dataclass(frozen=True, slots=True)
class Expansion:
    """A cell's rows, and its distinct single counts in the order in which the rows need them."""

    rows: tuple[CellRow, ...]
    counts: tuple[Query | JsonQuery, ...]
    keys: tuple[str, ...]


def expand(
    statements: Sequence[Query | JsonQuery], today: date, max_counts: int | None = MOST_COUNTS
) -> Expansion:
    """Return the rows of a cell; StatementError tells what is wrong with which statement.

    Raises TooLargeError above 10,000 rows, and above `max_counts` distinct counts; None: any.
    """
    sizes = [_statement_size(number, query, today) for number, query in enumerate(statements)]
    largest = max(range(len(sizes)), key=sizes.__getitem__, default=0)
    if sum(sizes) > MOST_ROWS:
        raise TooLargeError(f"{sum(sizes):,} rows", MOST_ROWS, largest)
    left = sum(map(mul, sizes, map(_most_counts, statements)))  # counts that may still come
    distinct, rows = _Distinct(), []
    for number, query in enumerate(statements):
        for row in _rows(number, query, today):
            own, other = distinct.numbers(row.total), distinct.numbers(_other(row))
            rows.append(CellRow(number, row, own, other))
            left -= _most_counts(query)
            # Rows that are refused in any case need not be made.
            if max_counts is not None and len(distinct.counts) > max_counts:
                raise _too_many(len(distinct.counts), left, max_counts, largest)
    return Expansion(tuple(rows), tuple(distinct.counts), tuple(distinct.places))


def _too_many(counts: int, left: int, limit: int, statement: int) -> TooLargeError:
    most = counts + left
    cure = f", or raise it: %config CountMagics.max_counts = {most}, count(..., max_counts={most})"
    return TooLargeError(f"{'up to ' if left else ''}{most:,} counts", limit, statement, cure)


def rows_in(statements: Sequence[Query | JsonQuery], today: date) -> int:
    """Return how many rows a cell has, in no time however many they are."""
    return sum(_statement_size(number, query, today) for number, query in enumerate(statements))


@dataclass(slots=True)
class _Distinct:
    """The distinct counts seen so far, numbered in the order in which they come."""

    counts: list[Query | JsonQuery] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)

    def numbers(self, total: Sum | None) -> Numbers | None:
        if total is None:
            return None
        plus = tuple(map(self._number, total.plus))
        return Numbers(plus, tuple(map(self._number, total.minus)))

    def _number(self, count: Query | JsonQuery) -> int:
        number = self.places.setdefault(key(count), len(self.counts))
        if number == len(self.counts):
            self.counts.append(count)
        return number


def _other(row: ExpandedRow) -> Sum | None:
    return row.previous.total if row.previous else None


def _statement_size(number: int, query: Query | JsonQuery, today: date) -> int:
    try:
        return how_many(query, today)
    except QueryError as error:
        raise StatementError(error.message, number) from None


def _most_counts(query: Query | JsonQuery) -> int:
    """Return how many counts one row of a statement needs at the most."""
    if isinstance(query, JsonQuery):
        return 1
    return (1 if query.condition is None else MOST_IN_A_SUM) * (1 if query.versus is None else 2)


def _rows(number: int, query: Query | JsonQuery, today: date) -> Iterator[ExpandedRow]:
    try:
        yield from rows_of(query, today)
    except QueryError as error:
        keyword = error.keyword if isinstance(error, ClauseError) else None
        raise StatementError(error.message, number, keyword) from None


# What a panel says of a statement: which days were meant where its words leave that open.

NO_PERIOD = "no period given: the last 30 days"
_DO_NOT_ADD_UP = "the pieces of 'by first' do not add up: a 'did' takes each piece's days"


def notes(query: Query | JsonQuery, today: date) -> list[str]:
    """Return sentences on the days of a statement when `today` is today."""
    if isinstance(query, JsonQuery):
        return []
    sentences = [NO_PERIOD] if query.event.period is None else []
    unit, days = unit_of_pieces(query), own_days(query, today)
    if unit is not None and is_of_whole_pieces(query.event.period, unit):
        start, end = ends(days)
        sentences.append(f"whole {unit.value}s: {start} to {end}")
    if query.versus is not None:
        sentences.append(left_out(query, days, other_days(query, days, unit, today), unit) or "")
    is_first = any(isinstance(axis, ByTime) and axis.first for axis in query.by)
    if is_first and (query.did or query.did_not or query.did_any):
        sentences.append(_DO_NOT_ADD_UP)
    return list(filter(None, sentences))
