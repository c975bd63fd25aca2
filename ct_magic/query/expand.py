"""A statement -> its rows over single counts. Rules: README, from "Shares" on.

The road of a statement: `by` makes slices (a stretch of time, a value, a place, an hour), each
slice has a row for the base and one for each step (see `_Chain`), and a row is a formula over
single counts (see `alternatives`); beside `vs` it has the same over the other period's stretch. A
count that several rows need is one question of the cell's plan.

Own days (`within 7 days`) are sums. No count of the API can say "within 7 days of the first", but
for the profiles whose first day is 4 October it can: those are the base on 4 October without those
who did it before, from the statement's first day on. So a row has one count for each first day of
its piece, with the step's event on 4 to 10 October. First days part the profiles: the sum is
exact. Days whose window is not over are left out, of the share's `of` as well, which therefore is
a count of its own: the base on the days that were used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import product
from math import prod
from typing import Any

from ct_magic.errors import QueryError
from ct_magic.query import alternatives, model
from ct_magic.query.calendar import (
    Stretch,
    cut,
    ends,
    is_of_whole_pieces,
    length,
    moved,
    number_of_pieces,
    resolve,
    stretches,
)
from ct_magic.query.lexer import ClauseError
from ct_magic.query.payload import day_of_number, key, to_payload
from ct_magic.query.printer import clause_text, to_text
from ct_magic.query.versus import incomparable, left_out, other_days
from ct_magic.rows import (
    FEWER,
    MORE,
    PARTS,
    Comparison,
    Formula,
    Plan,
    Question,
    Record,
    Row,
    is_over,
)

# What else the profile did: a statement's clauses as steps, and their periods beside a piece.
#
# Rules: README, "Moving periods" and "Shares".

_NUMBERS = re.compile(r" after \d+\.\.\d+ ([a-z]+)(?=( [>=]+ \d+)?$)")


class _Chain(Record):
    """The clauses of one row of each piece: those of the base and of the steps up to its own.

    `step` names it where the statement has shares, `after` is its number of `after 0..11 weeks`,
    `within` the place, among the rows of its piece, of the one it is counted inside.
    """

    clauses: tuple[model.Clause, ...]
    step: str | None = None
    after: int | None = None
    within: int | None = None

    @property
    def window(self) -> tuple[int, int] | None:
        """Return the own days of the row's step."""
        own = self.clauses[-1].window if self.clauses else None
        return own.windows[0] if own else None

    @property
    def last_day(self) -> int | None:
        """Return the latest own day that any of the steps looks at."""
        windows = (clause.window.windows for clause in self.clauses if clause.window)
        return max((last for own in windows for _, last in own), default=None)

    def on(self, day_0: model.Days) -> _Chain:
        """Return the chain of the profiles with this day 0, whose own days are dates."""

        def at(clause: model.Clause) -> model.Clause:
            if isinstance(clause, model.ShareWhere) or clause.window is None:
                return clause
            first, last = (
                moved(day_0, model.Shift(n, model.Unit.DAY)) for n in clause.window.windows[0]
            )
            dates = model.Days(first.start, last.end)
            dated = clause.during(None).mapped(lambda e: e if e.period else e.during(dates))
            return replace(dated, share=False)

        return replace(self, clauses=tuple(map(at, self.clauses)))

    def is_over(self, piece: model.Days, today: date) -> bool:
        """Return True if the last day of each window that an `after` moves is over."""
        shifts = (e.period for e in _events_of(self.clauses) if isinstance(e.period, model.Shift))
        return all(ends(moved(piece, shift))[1] < today for shift in shifts if shift.n >= 0)

    def resolved(self, piece: model.Days, today: date, *, whole: bool) -> tuple[model.Clause, ...]:
        """Return the clauses with their days.

        Those without a period take their base's later, or the `whole` piece, whichever of its days
        are used.
        """

        def with_days(event: model.Event) -> model.Event:
            match event.period:
                case model.ShiftAxis() | model.OwnDays():
                    return event
                case None:
                    return event.during(piece) if whole else event
                case model.Shift() as shift:
                    return event.during(moved(piece, shift))
                case period:
                    return event.during(resolve(period, today))

        return tuple(c if c.window else c.mapped(with_days) for c in self.clauses)


def _chains(query: model.Query) -> list[_Chain]:
    """Return the clauses of each row that every piece has: the base, its steps, their numbers."""
    if not query.steps:
        return list(_turns(query.base))
    rows = [_Chain(query.base, step=query.event.name)]
    for number, step in enumerate(query.steps):
        is_plain = not isinstance(step, model.ShareWhere) and step.window is None
        own = replace(step, share=False) if is_plain else step  # type: ignore[arg-type] # is no ShareWhere
        rows += _turns((*rows[number].clauses, own), step_name(step), number)
    return rows


def _turns(
    clauses: tuple[model.Clause, ...], step: str | None = None, within: int | None = None
) -> Iterator[_Chain]:
    """Yield the clauses once for each number or window of the one that has several."""
    for turn in product(*map(_each, clauses)):
        after = next((number for _, number in turn if number is not None), None)
        yield _Chain(tuple(clause for clause, _ in turn), step, after, within)


def _each(clause: model.Clause) -> Iterator[tuple[model.Clause, int | None]]:
    """Yield a clause for each number of its `after 0..11 weeks`, or window of its own days."""
    axis = next((e.period for e in clause.events if isinstance(e.period, model.ShiftAxis)), None)
    if axis:
        for number in range(axis.first, axis.last + 1):
            shift = model.Shift(number, axis.unit)
            yield clause.mapped(lambda e: e.during(shift) if e.period == axis else e), number  # noqa: B023
    elif isinstance(clause, model.ShareWhere) or clause.window is None:
        yield clause, None
    else:
        yield from ((clause.during(model.OwnDays((days,))), None) for days in clause.window.windows)


def _rows_of_a_piece(query: model.Query) -> int:
    """Return how many rows every piece has, in no time however many."""
    periods = (event.period for event in _events_of(query.clauses))
    axes = [period for period in periods if isinstance(period, model.ShiftAxis)]
    more = sum(axis.last - axis.first for axis in axes)
    more += sum(len(step.window.windows) - 1 for step in query.steps if step.window)
    return 1 + len(query.steps) + more


def _has_after(query: model.Query) -> bool:
    """Return True if an `after` is anywhere in the statement."""
    periods = (event.period for event in _events_of(query.clauses))
    return any(
        isinstance(p, model.ShiftAxis) or (isinstance(p, model.Shift) and p.n >= 0) for p in periods
    )


def _events_of(clauses: Sequence[model.Clause]) -> Iterator[model.Event]:
    return (event for clause in clauses for event in clause.events)


def step_name(step: model.Clause) -> str:
    """Return the clause as printed, without the numbers of an `after 0..11 weeks` or a list."""
    if not isinstance(step, model.ShareWhere) and step.window and len(step.window.windows) > 1:
        return clause_text(step.during(None))
    return _NUMBERS.sub(r" after \1", clause_text(step))


# The distinct single counts of a cell.


@dataclass(slots=True)
class _Counts:
    """The distinct counts seen so far, numbered in the order in which they come."""

    counts: list[model.Query | model.JsonQuery] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    _places: dict[str, int] = field(default_factory=dict)

    def formula(self, total: alternatives.Sum | None) -> Formula | None:
        """Return a sum over the numbers of its counts."""
        if total is None:
            return None
        plus = tuple(map(self.number, total.plus))
        return Formula(plus, tuple(map(self.number, total.minus)))

    def number(self, count: model.Query | model.JsonQuery) -> int:
        canonical = key(count)
        number = self._places.setdefault(canonical, len(self.counts))
        if number == len(self.counts):
            self.counts.append(count)
            self.questions.append(_question(count, canonical))
        return number


def _question(count: model.Query | model.JsonQuery, canonical: str) -> Question:
    """Return a single count in the words of the service half."""
    body = to_payload(count)
    start, end = (date.fromisoformat(f"{body[name]:08}") for name in ("from", "to"))
    until, profiles_now = _until(body)
    return Question(
        text=to_text(replace(count, label=None)),
        event=body["event_name"],
        start=start,
        end=end,
        body=json.dumps(body),
        key=canonical,
        until=until,
        profiles_now=profiles_now,
    )


# What only speaks of events on days. Everything else, the unknown too, may speak of profiles.
_OF_EVENTS = {"event_name", "from", "to", "event_properties", "session_properties"}
_OF_EVENTS |= {"operator", "value"}
_DID = {"did_all", "did_none"}


def _until(body: Mapping[str, Any]) -> tuple[date, bool]:
    """Return the latest day that a count looks at, and whether it speaks of profiles as they are.

    JSON that cannot be read is never over, and may speak of anything.
    """
    advanced = body.get("advanced_query") or {}
    unknown = body.keys() - _OF_EVENTS - {"advanced_query"}
    events: list[Any] = [body]
    try:
        unknown |= advanced.keys() - _DID - {"did_any"}
        for name in _DID & advanced.keys():
            events += advanced[name]
        events += advanced.get("did_any", {}).get("any_events", ())
        unknown |= {name for event in events[1:] for name in event.keys() - _OF_EVENTS}
        days = [day_of_number(event.get("to")) for event in events]
        starts = [day_of_number(event.get("from")) for event in events]
    except (AttributeError, TypeError):
        return date.max, True
    known = [day for day in days if day is not None]
    is_read = len(known) == len(events) and None not in starts
    return max(known) if is_read else date.max, bool(unknown)


# A statement's rows.

_CLOCK = model.Property("time_of_day", model.Scope.SESSION)
HOURS = 24


class _Slice(Record):
    """One turn of all axes: the place of its stretch, and what the other axes add."""

    stretch: int
    conditions: alternatives.Term
    pieces: tuple[tuple[str, model.Scalar], ...]


class _Statement:
    """A statement whose rows are being made; what they share is computed once."""

    def __init__(
        self, query: model.Query, number: int, today: date, counts: _Counts, hours: int | None
    ) -> None:
        self.query, self.number, self.today, self.counts = query, number, today, counts
        self.hours = hours or 0
        is_by_hour = any(isinstance(axis, model.ByHour) for axis in query.by)
        self.has_hours = is_by_hour and hours is not None
        self.axis = query.time_axis
        self.unit = self.axis.unit if self.axis else None
        self.period = _period(query, today)
        self.stretches = stretches(self.period, self.axis)
        self.other = other_days(query, self.period, self.unit, today) if query.versus else None
        self.others = stretches(self.other, self.axis) if self.other else []
        self.is_own = any(step.window for step in query.steps)
        self.waits = self.is_own or _has_after(query)
        self.base, *_ = self.chains = _chains(query)
        is_first = self.axis is not None and self.axis.first
        self.only_one = "own days" if self.is_own else "'by first'" if is_first else None

    def rows(self, first: int) -> Iterator[Row]:
        """Yield the rows, whose numbers begin with `first`; the last axis turns fastest."""
        has_steps = bool(self.query.steps)
        for piece in self._slices():
            base = None
            for place, chain in enumerate(self.chains):
                row = self._row(piece, chain, first + place)
                if has_steps:
                    base = base or row
                    within = None if chain.within is None else first + chain.within
                    row = replace(_shared(row, base), base=first, within=within)
                yield row
            first += len(self.chains)

    def _slices(self) -> Iterator[_Slice]:
        time: list[model.Axis] = (
            [] if self.axis else [model.ByTime(model.Unit.DAY)]
        )  # one turn: the whole period
        for turn in product(*map(self._turns, (*time, *self.query.by))):
            stretch = next(turned for turned in turn if isinstance(turned, int))
            added = [turned for turned in turn if not isinstance(turned, int)]
            yield _Slice(stretch, tuple(c for c, _ in added), tuple(named for _, named in added))

    def _turns(
        self, axis: model.Axis
    ) -> list[int | tuple[alternatives.Single, tuple[str, model.Scalar]]]:
        match axis:
            case model.ByTime():
                return list(range(len(self.stretches)))
            case model.ByValue(of, values):
                return [
                    (model.Filter(of, model.Operator.EQUALS, v), (of.column, v)) for v in values
                ]
            case model.ByPlace(places):
                return [(model.AtPlace((place,)), ("geo", "/".join(place))) for place in places]
            case model.ByHour():
                return [(_hour(hour), ("hour", hour)) for hour in range(HOURS)]

    def _row(self, piece: _Slice, chain: _Chain, number: int) -> Row:
        stretch, other, is_asked = self._asked(piece, chain)
        start, end = ends(stretch.days)
        total = self._total(piece, chain, stretch) if is_asked else None
        formula = self.counts.formula(total)
        if formula and total and total.is_single:
            text = self.counts.questions[formula.plus[0]].text
        else:
            text = to_text(self._one_statement(piece, chain, stretch))
        return Row(
            number=number,
            statement=self.number,
            title=_title(self.query) or text,
            text=text,
            event=self.query.event.name,
            start=start,
            end=end,
            formula=formula,
            pieces=piece.pieces,
            step=chain.step,
            after=chain.after,
            from_day=chain.window and chain.window[0],
            to_day=chain.window and chain.window[1],
            windows=_windows(chain.clauses[-1]) if chain.window else None,
            of=self._of(piece, chain, stretch if is_asked else None),
            previous=self._previous(piece, chain, (stretch, other), is_asked),
            whole=stretch.whole and self._is_over(piece, end),
            has_events=total is None or total.has_events,
        )

    def _of(self, piece: _Slice, chain: _Chain, stretch: Stretch | None) -> Formula | None:
        """Return the base on the days that own days use; any other row has its base's formula."""
        if stretch is None or chain.last_day is None:
            return None
        return self.counts.formula(self._total(piece, self.base, stretch))

    def _previous(
        self, piece: _Slice, chain: _Chain, pair: tuple[Stretch, Stretch | None], is_asked: bool
    ) -> Comparison | None:
        own, other = pair
        if self.other is None or other is None:
            return None if self.other is None else Comparison(None, None, None)
        is_asked = is_asked and (chain.last_day is not None or self._is_asked(chain, other))
        return Comparison(
            self.counts.formula(self._total(piece, chain, other) if is_asked else None),
            *ends(other.days),
            incomparable(
                self.query, own.days, other.days, self.unit, lambda day: self._is_over(piece, day)
            ),
            self._of(piece, chain, other if is_asked else None),
        )

    def _asked(self, piece: _Slice, chain: _Chain) -> tuple[Stretch, Stretch | None, bool]:
        """Return the stretch of a row, its partner of the other period, and whether it is asked.

        Of own days both have the days that are used, the first ones, equally many where any is left
        out.
        """
        own, place = self.stretches[piece.stretch], piece.stretch
        other = self.others[place] if place < len(self.others) else None
        if chain.last_day is None:
            has_begun = not self.has_hours or self._is_over(piece, ends(own.days)[0])
            return own, other, self._is_asked(chain, own) and has_begun
        pair = [stretch for stretch in (own, other) if stretch]
        used = [self._used_days(chain, stretch) for stretch in pair]
        if all(days == length(s.piece) for days, s in zip(used, pair, strict=True)):
            return own, other, True
        fewest = min(used)
        return _first_days(own, fewest), other and _first_days(other, fewest), fewest > 0

    def _used_days(self, chain: _Chain, stretch: Stretch) -> int:
        """Return how many first days of a stretch have all windows of the chain behind them."""
        start = ends(stretch.piece)[0].toordinal()
        over = self.today.toordinal() - (chain.last_day or 0) - start
        return max(0, min(over, length(stretch.piece)))

    def own_counts(self) -> int:
        """Return how many counts the own days of the statement's own period need."""
        own = (chain for chain in self.chains if chain.last_day is not None)
        days = sum(self._used_days(c, stretch) for c in own for stretch in self.stretches)
        axes = (axis for axis in self.query.by if not isinstance(axis, model.ByTime))
        return days * prod(_size(axis, self.period) for axis in axes)

    def _is_asked(self, chain: _Chain, stretch: Stretch) -> bool:
        if not self.waits:
            return True
        begins = ends(stretch.piece)[0]
        return begins <= self.today and chain.is_over(stretch.piece, self.today)

    def _is_over(self, piece: _Slice, end: date) -> bool:
        return is_over(end, piece.pieces, self.today, self.hours)

    def _total(self, piece: _Slice, chain: _Chain, stretch: Stretch) -> alternatives.Sum:
        if chain.last_day is None:
            return self._count(piece, chain, stretch)
        days = (self._count(piece, chain.on(day.days), day) for day in _each_day(stretch))
        return alternatives.Sum(
            tuple(one for total in days for one in total.plus), has_events=False
        )

    def _count(self, piece: _Slice, chain: _Chain, stretch: Stretch) -> alternatives.Sum:
        base, terms = self._base(piece, chain, stretch), self._terms(piece, chain)
        if stretch.earlier:  # what is excluded has the base's filters, not those of `share where`
            base = alternatives.without_earlier(
                base, self._terms(piece, self.base), stretch.earlier
            )
        return alternatives.counts_of(base, terms, self.only_one)

    def _base(self, piece: _Slice, chain: _Chain, stretch: Stretch) -> model.Query:
        clauses = chain.resolved(stretch.piece, self.today, whole=self.is_own)
        return replace(
            self.query,
            event=model.Event(self.query.event.name, (), stretch.days),
            places=(),
            clauses=tuple(clause for clause in clauses if not isinstance(clause, model.ShareWhere)),
            condition=None,
            versus=None,
            by=(),
            pieces=piece.pieces,
        )

    def _one_statement(self, piece: _Slice, chain: _Chain, stretch: Stretch) -> model.Query:
        """Return what is counted, in one statement, its days resolved."""
        parts = self._conditions(piece, chain)
        is_or = len(parts) == 1 and isinstance(parts[0], model.Or)
        whole = parts[0] if is_or else model.And(parts) if parts else None
        return replace(self._base(piece, chain, stretch), condition=whole, label=None)  # type: ignore[arg-type] # one part is an Or

    def _terms(self, piece: _Slice, chain: _Chain) -> tuple[alternatives.Term, ...]:
        """Return the alternatives of what must hold; several only where there is an `or`."""
        return alternatives.terms_of(model.And(self._conditions(piece, chain)))

    def _conditions(self, piece: _Slice, chain: _Chain) -> tuple[model.Condition, ...]:
        """Return what must hold: the base's filters, the axes', and those of a `share where`."""
        query = self.query
        shared = (step.condition for step in chain.clauses if isinstance(step, model.ShareWhere))
        places = (model.AtPlace(query.places),) if query.places else ()
        own = (query.condition,) if query.condition else (*query.event.where, *places)
        return (*own, *piece.conditions, *shared)

    def notes(self) -> Iterator[str]:
        """Yield what a panel says of it: the days that were meant, and how to read its shares."""
        query, unit = self.query, self.unit
        if query.event.period is None:
            yield NO_PERIOD
        if unit is not None and is_of_whole_pieces(query.event.period, unit):
            start, end = ends(self.period)
            yield f"whole {unit.value}s: {start} to {end}"
        if self.other and (note := left_out(query, self.period, self.other, unit)):
            yield note
        is_first = self.axis is not None and self.axis.first
        if is_first and query.base:
            yield _DO_NOT_ADD_UP
        windows = (window for step in query.steps if step.window for window in step.window.windows)
        if any(first == 0 for first, _ in windows):
            yield ON_DAY_0
        if any(isinstance(step, model.ShareWhere) for step in query.steps):
            yield WHERE_OF_PROFILES + (", and its pieces do not add up" if is_first else "")
        if self.other and query.steps:
            yield ONE_DRAW


def _shared(row: Row, base: Row) -> Row:
    """Return the row with the base's count as that which its share is of, if it has none yet."""
    previous = row.previous
    if previous and base.previous and row.from_day is None:
        previous = replace(previous, of=base.previous.formula)
    return replace(row, of=base.formula if row.from_day is None else row.of, previous=previous)


def _windows(step: model.Clause) -> str | None:
    """Return what a larger window of a step holds; None where nothing is known."""
    if isinstance(step, model.DidNot):
        return FEWER
    often = step.events[0].often if isinstance(step, model.Did) else None
    operator, times = (
        (often.operator, often.times) if often else (model.Operator.GREATER_THAN_EQUALS, 1)
    )
    if isinstance(step, model.DidAny):
        operator, times = step.operator, step.times
    if operator is model.Operator.EQUALS:
        return None
    if operator in (model.Operator.LESS_THAN, model.Operator.LESS_THAN_EQUALS):
        return FEWER
    return PARTS if (operator, times) == (model.Operator.GREATER_THAN_EQUALS, 1) else MORE


def _first_days(stretch: Stretch, number: int) -> Stretch:
    """Return the stretch with only so many of its days; with all of them where it has none."""
    if number == length(stretch.piece):
        return stretch
    start = ends(stretch.piece)[0]
    days = model.Days(start, start + timedelta(number - 1)) if number else stretch.piece
    return replace(stretch, days=days, whole=False)


def _each_day(stretch: Stretch) -> Iterator[Stretch]:
    """Yield each day of a stretch, and before it those from the statement's first day on."""
    first = ends(stretch.earlier or stretch.piece)[0]
    for day in cut(stretch.days, model.Unit.DAY):
        start = ends(day)[0]
        earlier = model.Days(first, start - timedelta(1)) if start > first else None
        yield replace(stretch, days=day, earlier=earlier)


def _title(query: model.Query | model.JsonQuery) -> str | None:
    return query.label if query.label is not None else query.source


def _json_row(query: model.JsonQuery, statement: int, number: int, counts: _Counts) -> Row:
    formula = Formula((counts.number(query),))
    question = counts.questions[formula.plus[0]]
    title = _title(query)
    return Row(
        number=number,
        statement=statement,
        title=question.text if title is None else title,
        text=question.text,
        event=question.event,
        start=question.start,
        end=question.end,
        formula=formula,
        pieces=query.pieces,
    )


def _hour(hour: int) -> model.Filter:
    return model.Filter(_CLOCK, model.Operator.EQUALS, model.ClockRange(60 * hour, 60 * hour + 59))


def _period(query: model.Query, today: date) -> model.Days:
    """Return the days of the statement's own period."""
    axis = query.time_axis
    return resolve(query.event.period, today, axis.unit if axis else None)


# A cell -> its rows over distinct single counts, or the refusal of a cell that is too large.

MOST_COUNTS = 500
MOST_ROWS = 10_000
_TOO_MANY = "take a shorter period, larger pieces or fewer values"
_TOO_MANY_OWN_DAYS = "take fewer windows, fewer values or a shorter period"


class StatementError(QueryError):
    """What is wrong with a statement of a cell: its place there, from 0.

    `keyword` is the type of the token with which the clause at fault begins, where it is known.
    """

    def __init__(self, message: str, statement: int, keyword: str | None = None) -> None:
        super().__init__(message)
        self.statement, self.keyword = statement, keyword


class TooLargeError(StatementError):
    """A cell of too many rows or counts: how many, in words, and how many there may be."""

    def __init__(self, size: str, limit: int, statement: int, cure: str = _TOO_MANY) -> None:
        verb = "have" if size.endswith("rows") else "ask"
        message = f"this cell would {verb} {size}, and the limit is {limit:,}: {cure}"
        super().__init__(message, statement, "BY")
        self.size, self.limit = size, limit


class Expansion(Record):
    """A cell that was read: its statements, what they ask, and the single counts of its questions.

    The rows of the plan have no doubts yet: see `doubts`.
    """

    statements: tuple[model.Query | model.JsonQuery, ...]
    plan: Plan
    counts: tuple[model.Query | model.JsonQuery, ...]


def expand(
    statements: Sequence[model.Query | model.JsonQuery],
    today: date,
    max_counts: int | None = MOST_COUNTS,
    hours: int | None = None,
) -> Expansion:
    """Return what a cell asks; StatementError tells what is wrong with which statement.

    Where `hours` says how many hours of today are over, the others are not asked `by hour`.

    Raises TooLargeError above 10,000 rows, and above `max_counts` distinct counts (None: any
    number); QueryError for what cannot be asked: a period that leaves the calendar, an `or` that
    has no form, pieces that cannot be paired. JSON that was pasted is one row as it is.
    """
    sizes = [_statement_size(number, query, today) for number, query in enumerate(statements)]
    largest = max(range(len(sizes)), key=sizes.__getitem__, default=0)
    if sum(sizes) > MOST_ROWS:
        raise TooLargeError(f"{sum(sizes):,} rows", MOST_ROWS, largest)
    counts, rows = _Counts(), list[Row]()
    made = [_made(n, query, today, counts, hours) for n, query in enumerate(statements)]
    most = [_most_counts(*pair) for pair in zip(made, sizes, strict=True)]
    largest = max(range(len(most)), key=most.__getitem__, default=0)
    left = sum(most)  # counts that may still come
    for number, statement in enumerate(made):
        # Of own days it is known before: a row of them may need more counts than there may be.
        own = statement.own_counts() if isinstance(statement, _Statement) else 0
        if max_counts is not None and own > max_counts:
            raise _too_many(statements, 0, left, max_counts, number)
        for row in _rows(number, statement, len(rows), counts):
            rows.append(row)
            left -= most[number] // sizes[number]
            # Rows that are refused in any case need not be made.
            if max_counts is not None and len(counts.counts) > max_counts:
                raise _too_many(statements, len(counts.counts), left, max_counts, largest)
    typed = tuple(map(_as_typed, statements))
    rows = _named_apart(rows, statements)
    notes = dict.fromkeys(_notes(made, rows, counts.questions))
    plan = Plan(tuple(rows), tuple(counts.questions), tuple(notes), typed)
    return Expansion(tuple(statements), plan, tuple(counts.counts))


def _named_apart(
    rows: Sequence[Row], statements: Sequence[model.Query | model.JsonQuery]
) -> list[Row]:
    """Return the rows; none has another statement's label as its title, or they were one series."""
    labels = {query.label for query in statements if query.label is not None}
    return [
        replace(row, title=f"{row.title} (no label)")
        if row.title in labels and statements[row.statement].label is None
        else row
        for row in rows
    ]


def _too_many(
    statements: Sequence[model.Query | model.JsonQuery],
    counts: int,
    left: int,
    limit: int,
    number: int,
) -> TooLargeError:
    most, query = counts + left, statements[number]
    is_own = isinstance(query, model.Query) and any(step.window for step in query.steps)
    raised = f"%config CountMagics.max_counts = {most}, count(..., max_counts={most})"
    cure = f"{_TOO_MANY_OWN_DAYS if is_own else _TOO_MANY}, or raise it: {raised}"
    return TooLargeError(f"{'up to ' if left else ''}{most:,} counts", limit, number, cure)


def rows_in(statements: Sequence[model.Query | model.JsonQuery], today: date) -> int:
    """Return how many rows a cell has, in no time however many they are."""
    return sum(_statement_size(number, query, today) for number, query in enumerate(statements))


def _statement_size(number: int, query: model.Query | model.JsonQuery, today: date) -> int:
    if isinstance(query, model.JsonQuery):
        return 1
    with _of_statement(number):
        period = _period(query, today)
    return prod((_rows_of_a_piece(query), *(_size(axis, period) for axis in query.by)))


def _size(axis: model.Axis, period: model.Days) -> int:
    match axis:
        case model.ByTime(unit):
            return number_of_pieces(period, unit)
        case model.ByValue(_, values):
            return len(values)
        case model.ByPlace(places):
            return len(places)
        case model.ByHour():
            return HOURS


def _made(
    number: int,
    query: model.Query | model.JsonQuery,
    today: date,
    counts: _Counts,
    hours: int | None,
) -> _Statement | model.JsonQuery:
    """Return a statement ready to give its rows."""
    with _of_statement(number):
        if isinstance(query, model.JsonQuery):
            return query
        return _Statement(query, number, today, counts, hours)


def _most_counts(statement: _Statement | model.JsonQuery, rows: int) -> int:
    """Return how many counts a statement of so many rows needs at the most."""
    if isinstance(statement, model.JsonQuery):
        return 1
    query = statement.query
    has_or = query.condition or any(isinstance(step, model.ShareWhere) for step in query.steps)
    of_a_row = alternatives.MOST_IN_A_SUM if has_or else 1
    return (statement.own_counts() + rows * of_a_row) * (1 if query.versus is None else 2)


def _rows(
    number: int, statement: _Statement | model.JsonQuery, first: int, counts: _Counts
) -> Iterator[Row]:
    with _of_statement(number):
        if isinstance(statement, model.JsonQuery):
            yield _json_row(statement, number, first, counts)
        else:
            yield from statement.rows(first)


@contextmanager
def _of_statement(number: int) -> Iterator[None]:
    """Raise an error of the block as one of this statement."""
    try:
        yield
    except QueryError as error:
        keyword = error.keyword if isinstance(error, ClauseError) else None
        raise StatementError(error.message, number, keyword) from None


def _as_typed(query: model.Query | model.JsonQuery) -> str:
    label = "" if query.label is None else f"{query.label}: "
    return label + (query.source or to_text(replace(query, label=None)))


# What a panel says of a cell.

NO_PERIOD = "no period given: the last 30 days"
ON_DAY_0 = "on day 0 either may have come first: days are all that the API knows"
WHERE_OF_PROFILES = "'share where' counts profiles, not events"
ONE_DRAW = "a period is one draw: rates that wander by themselves differ from period to period, too"
ONE_RUN = "filters of profiles mean profiles as they are now: a row's counts are asked in one run"
_DO_NOT_ADD_UP = "the pieces of 'by first' do not add up: a 'did' takes each piece's days"


def _notes(
    made: Sequence[_Statement | model.JsonQuery], rows: Sequence[Row], questions: Sequence[Question]
) -> Iterator[str]:
    for statement in made:
        if isinstance(statement, _Statement):
            yield from statement.notes()
    own = (question for row in rows if row.from_day is not None for question in row.questions)
    if any(questions[number].profiles_now for number in own):
        yield ONE_RUN
    reasons = (row.previous.incomparable for row in rows if row.previous and row.formula)
    for reason in filter(None, reasons):
        is_later = reason.endswith("is not over")
        yield f"{reason}: no comparison yet" if is_later else f"no change: {reason}"
