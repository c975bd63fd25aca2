"""A statement -> its rows over single counts. Rules: README, from "Shares" on.

How a statement becomes rows: `by` makes slices (a stretch of time, a value, a place, an hour), each
slice has a row for the base and one for each step (see `_Chain`), and a row is a formula over
single counts (see `alternatives`); with `vs` it has a second one, over the other period's stretch.
A count that several rows need is one question of the cell's plan.

Own days (`within 7 days`) are sums. No single count can ask "within 7 days of the first", except
for the profiles whose first day is, say, 4 October: these are the base on 4 October without the
profiles that did it on the statement's days before. So a row has one count for each first day of
its piece, here with the step's event on 4 to 10 October. Each profile has one first day, so the sum
is exact. Days whose window is not over are left out, of the share's `of` as well, which therefore
is a count of its own: the base on the days that were used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from itertools import product
from math import prod
from typing import Any

from ct_magic.common import words
from ct_magic.errors import QueryError
from ct_magic.query import alternatives, calendar, model, not_yet, payload
from ct_magic.query.calendar import Stretch, ends
from ct_magic.query.lexer import ClauseError
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
    question_about,
    replace,
)

# What else the profile did: a statement's clauses as the rows that every piece has.

_NUMBERS = re.compile(r" after \d+\.\.\d+ ([a-z]+)(?=( [>=]+ \d+)?$)")


class _Chain(Record):
    """The clauses of one row of each piece: those of the base and of the steps up to its own."""

    clauses: tuple[model.Clause, ...]  # of several windows of own days, one
    step: str | None = None  # its name, where the statement has shares
    after: int | None = None  # its number of `after 0..11 weeks`
    within: int | None = None  # the row of its piece among whose profiles it is counted

    @property
    def window(self) -> tuple[int, int] | None:
        """Return the own days of the row's step."""
        own = self.clauses[-1].window if self.clauses else None
        return own.windows[0] if own else None

    @property
    def last_day(self) -> int | None:
        """Return the latest own day that any of the steps looks at."""
        windows = [clause.window.windows[0] for clause in self.clauses if clause.window]
        return max((last for _, last in windows), default=None)


def _chains(query: model.Query) -> list[_Chain]:
    """Return the clauses of each row that every piece has: the base, its steps, their numbers."""
    rows = list(_turns(query.base, query.event.name if query.steps else None))
    for number, step in enumerate(query.steps):
        rows += _turns((*rows[number].clauses, step), step_name(step), number)
    return rows


def _turns(
    clauses: tuple[model.Clause, ...], step: str | None, within: int | None = None
) -> Iterator[_Chain]:
    """Yield the clauses once for each number or window of the one that has several."""
    for turn in product(*map(_each, clauses)):
        after = next((number for _, number in turn if number is not None), None)
        yield _Chain(tuple(clause for clause, _ in turn), step, after, within)


def _each(clause: model.Clause) -> Iterator[tuple[model.Clause, int | None]]:
    """Yield a clause for each number of its `after 0..11 weeks`, or window of its own days."""
    axis = next((e.period for e in clause.events if isinstance(e.period, model.ShiftAxis)), None)
    for number in range(axis.first, axis.last + 1) if axis else ():
        shift = model.Shift(number, axis.unit)  # type: ignore[union-attr] # there is one
        yield clause.mapped(lambda e: e.during(shift) if e.period == axis else e), number  # noqa: B023
    if clause.window:
        yield from ((clause.during(model.OwnDays((days,))), None) for days in clause.window.windows)
    elif not axis:
        yield clause, None


def _rows_of_a_piece(query: model.Query) -> int:
    """Return how many rows every piece has, without making them."""
    axes = (e.period for e in query.inner_events if isinstance(e.period, model.ShiftAxis))
    windows = (len(step.window.windows) - 1 for step in query.steps if step.window)
    return 1 + len(query.steps) + sum(axis.last - axis.first for axis in axes) + sum(windows)


def step_name(step: model.Clause) -> str:
    """Return the clause as printed, without the numbers of an `after 0..11 weeks` or a list."""
    is_list = step.window and len(step.window.windows) > 1
    return _NUMBERS.sub(r" after \1", clause_text(step.during(None) if is_list else step))


# The distinct single counts of a cell.


@dataclass(slots=True)
class _Counter:
    """The distinct counts seen so far, numbered in the order in which they come."""

    counts: list[model.Query | model.JsonQuery] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    _places: dict[str, int] = field(default_factory=dict)

    def formula(self, total: alternatives.Sum) -> Formula:
        """Return a sum over the numbers of its counts."""
        plus = tuple(map(self.number, total.plus))
        return Formula(plus, tuple(map(self.number, total.minus)))

    def number(self, count: model.Query | model.JsonQuery) -> int:
        body = payload.to_payload(count)
        canonical = payload.key(count, body)
        number = self._places.setdefault(canonical, len(self.counts))
        if number == len(self.counts):
            self.counts.append(count)
            text, (until, profiles_now) = to_text(replace(count, label=None)), _until(body)
            question = question_about(body, json.dumps(body), text)
            self.questions.append(
                replace(question, key=canonical, until=until, profiles_now=profiles_now)
            )
        return number


def _until(body: Mapping[str, Any]) -> tuple[date, bool]:
    """Return the latest day that a count looks at, and whether it filters profiles as they are.

    JSON that cannot be read, or has an unknown key, is never over, and may filter anything.
    """
    advanced = body.get("advanced_query") or {}
    try:
        any_of = advanced.get("did_any", {"any_events": ()})
        unknown = advanced.keys() - payload.ADVANCED_KEYS
        unknown |= any_of.keys() - payload.ANY_KEYS
        inner = [*advanced.get("did_all", ()), *advanced.get("did_none", ())]
        inner += any_of["any_events"]
        unknown |= {name for event in inner for name in event.keys() - payload.INNER_KEYS}
        days = [
            [payload.day_of_number(e.get(end)) for end in ("from", "to")] for e in (body, *inner)
        ]
    except (AttributeError, TypeError, KeyError):
        return date.max, True
    unknown |= body.keys() - payload.INNER_KEYS - {"advanced_query"}
    lasts = [last for first, last in days if first and last]
    is_read = len(lasts) == len(days) and unknown <= {"common_profile_properties"}
    return max(lasts) if is_read else date.max, bool(unknown)


# A statement's rows.

_HOURS = 24
_Turn = tuple[alternatives.Single, tuple[str, model.Scalar]]  # what it adds, and its column's value


class _Slice(Record):
    """One turn of all axes: its stretch and the other period's, and what the other axes add."""

    stretch: Stretch
    other: Stretch | None
    conditions: alternatives.Term
    pieces: tuple[tuple[str, model.Scalar], ...]


class _Statement:
    """A statement whose rows are being made; what they share is computed once."""

    def __init__(
        self, query: model.Query, number: int, today: date, counts: _Counter, hours: int | None
    ) -> None:
        self.query, self.number, self.today, self.counts = query, number, today, counts
        self.alone = replace(query, places=(), condition=None, versus=None, by=())
        self.hours = hours or 0
        is_by_hour = any(isinstance(axis, model.ByHour) for axis in query.by)
        self.has_hours = is_by_hour and hours is not None
        axis = query.time_axis
        self.unit = axis.unit if axis else None
        self.period = calendar.resolve(query.event.period, today, self.unit)
        self.stretches = calendar.stretches(self.period, axis)
        self.other = other_days(query, self.period, self.unit, today) if query.versus else None
        self.others = calendar.stretches(self.other, axis) if self.other else []
        self.is_first = axis is not None and axis.first
        cut = axis.unit.value if axis and query.steps and not axis.rolling else None
        self.cut = cut and "first " * self.is_first + cut
        self.is_own = any(step.window for step in query.steps)
        self.only_one = "own days" if self.is_own else "'by first'" if self.is_first else None
        self.base, *_ = self.chains = _chains(query)
        later = any(_moved_on(chain.clauses) for chain in self.chains)
        self.waits = self.is_own or later

    def rows(self, first: int) -> Iterator[Row]:
        """Yield the rows, whose numbers begin with `first`; the last axis turns fastest."""
        for piece in self._slices():
            base = None
            for number, chain in enumerate(self.chains, first):
                row = self._row(piece, chain, number, base)
                if chain.step is not None:
                    within = None if chain.within is None else first + chain.within
                    row = replace(row, base=first, within=within)
                    base = base or row
                yield row
            first += len(self.chains)

    def _slices(self) -> Iterator[_Slice]:
        for turn in product(*map(self._turns, self.query.by)):
            place = next((part for part in turn if isinstance(part, int)), 0)
            added = [part for part in turn if not isinstance(part, int)]
            other = self.others[place] if place < len(self.others) else None
            conditions = tuple(condition for condition, _ in added)
            yield _Slice(self.stretches[place], other, conditions, tuple(n for _, n in added))

    def _turns(self, axis: model.Axis) -> Sequence[int | _Turn]:
        """Return what an axis puts in turn: the place of a stretch, or a condition."""
        equals = model.Operator.EQUALS
        match axis:
            case model.ByTime():
                return range(len(self.stretches))
            case model.ByValue(of, values):
                return [(model.Filter(of, equals, v), (of.column, v)) for v in values]
            case model.ByPlace(places):
                return [(model.AtPlace((place,)), ("geo", "/".join(place))) for place in places]
            case model.ByHour():
                clocks = [model.ClockRange(60 * hour, 60 * hour + 59) for hour in range(_HOURS)]
                return [
                    (model.Filter(model.TIME_OF_DAY, equals, c), ("hour", c.start // 60))
                    for c in clocks
                ]

    def _row(self, piece: _Slice, chain: _Chain, number: int, base: Row | None) -> Row:
        own, other, is_asked = self._asked(piece, chain)
        start, end = ends(own.days)
        total, formula, of = self._formulas(piece, chain, own if is_asked else None, base)
        if formula and total and total.has_events and len(formula.questions) == 1:
            text = self.counts.questions[formula.plus[0]].text
        else:
            text = to_text(self._one_statement(piece, chain, own))
        previous = Comparison(None, None, None) if self.other else None
        if other:
            is_asked = is_asked and (chain.last_day is not None or self._is_asked(chain, other))
            before = base and base.previous
            there = self._formulas(piece, chain, other if is_asked else None, before)
            days = own.days, other.days
            reason = incomparable(self.query, *days, self.unit, lambda d: self._is_over(piece, d))
            previous = Comparison(there[1], *ends(other.days), reason, there[2])
        from_day, to_day = chain.window or (None, None)
        return Row(
            number=number,
            statement=self.number,
            title=self.query.label or self.query.source or text,
            text=text,
            event=self.query.event.name,
            start=start,
            end=end,
            formula=formula,
            pieces=piece.pieces,
            step=chain.step,
            after=chain.after,
            from_day=from_day,
            to_day=to_day,
            windows=_windows(chain.clauses[-1]) if chain.window else None,
            of=of,
            previous=previous,
            cut=self.cut,
            whole=own.whole and self._is_over(piece, end),
            has_events=total is None or total.has_events,
        )

    def _formulas(
        self, piece: _Slice, chain: _Chain, asked: Stretch | None, base: Row | Comparison | None
    ) -> tuple[alternatives.Sum | None, Formula | None, Formula | None]:
        """Return what is counted of a stretch, its formula, and that of which it is a share."""
        total = self._total(piece, chain, asked) if asked else None
        formula = self.counts.formula(total) if total else None
        if chain.last_day is None:
            of = base.formula if base else formula if chain.step is not None else None
        else:
            of = self.counts.formula(self._total(piece, self.base, asked)) if asked else None
        return total, formula, of

    # Which days are asked, and whether.

    def _asked(self, piece: _Slice, chain: _Chain) -> tuple[Stretch, Stretch | None, bool]:
        """Return the stretch of a row, that of the other period, and whether they are asked."""
        own, other = piece.stretch, piece.other
        if chain.last_day is None:
            has_begun = not self.has_hours or self._is_over(piece, ends(own.days)[0])
            return own, other, self._is_asked(chain, own) and has_begun
        return not_yet.over_in_both(self.today, chain.last_day, own, other)

    def own_counts(self) -> int:
        """Return how many counts the own days of the statement's own period need."""
        lasts = [chain.last_day for chain in self.chains if chain.last_day is not None]
        days = sum(
            not_yet.days_over(self.today, last, stretch)
            for last in lasts
            for stretch in self.stretches
        )
        axes = (axis for axis in self.query.by if not isinstance(axis, model.ByTime))
        return days * prod(_size(axis, self.period) for axis in axes)

    def _is_asked(self, chain: _Chain, stretch: Stretch) -> bool:
        """Return True where the stretch has begun, and what an `after` moves it to is over."""
        shifts = _moved_on(chain.clauses)
        return not self.waits or not_yet.has_come(self.today, stretch.piece, shifts)

    def _is_over(self, piece: _Slice, end: date) -> bool:
        return is_over(end, piece.pieces, self.today, self.hours)

    # What is counted on them.

    def _total(self, piece: _Slice, chain: _Chain, stretch: Stretch) -> alternatives.Sum:
        if chain.last_day is None:
            return self._count(piece, chain, stretch)
        days = [self._count(piece, chain, day) for day in _each_day(stretch)]
        return alternatives.Sum(tuple(n for day in days for n in day.plus), has_events=False)

    def _count(self, piece: _Slice, chain: _Chain, stretch: Stretch) -> alternatives.Sum:
        """Return the counts of a stretch; of own days it is one day, each profile's day 0."""
        base, terms = self._base(piece, chain, stretch), self._terms(piece, chain)
        if stretch.earlier:  # what is excluded has the base's filters, not those of `share where`
            base = alternatives.without_earlier(
                base, self._terms(piece, self.base), stretch.earlier
            )
        return alternatives.counts_of(base, terms, self.only_one)

    def _one_statement(self, piece: _Slice, chain: _Chain, stretch: Stretch) -> model.Query:
        """Return what is counted, in one statement, its days resolved."""
        parts = self._conditions(piece, chain)
        is_or = len(parts) == 1 and isinstance(parts[0], model.Or)
        whole = parts[0] if is_or else model.And(parts) if parts else None
        base = self._base(piece, chain, stretch, has_windows=True)
        return replace(base, condition=whole, label=None)  # type: ignore[arg-type] # one part is an Or

    def _base(
        self, piece: _Slice, chain: _Chain, stretch: Stretch, has_windows: bool = False
    ) -> model.Query:
        """Return the count without its conditions; `has_windows` leaves own days as they are."""
        clauses = (c for c in chain.clauses if not isinstance(c, model.ShareWhere))
        dated = (c if c.window and has_windows else self._dated(c, stretch) for c in clauses)
        event = model.Event(self.query.event.name, (), stretch.days)
        return replace(self.alone, event=event, clauses=tuple(dated), pieces=piece.pieces)

    def _dated(
        self, clause: model.Did | model.DidNot | model.DidAny, stretch: Stretch
    ) -> model.Clause:
        """Return a clause with its days; own days count from the stretch, which is one day.

        A clause without days gets the base's later, or beside own days those of the whole piece.
        """
        days = stretch.piece if self.is_own else None
        if clause.window:
            shifts = (model.Shift(n, model.Unit.DAY) for n in clause.window.windows[0])
            first, last = (calendar.moved(stretch.days, shift) for shift in shifts)
            days, clause = model.Days(first.start, last.end), clause.during(None)

        def dated(event: model.Event) -> model.Event:
            match event.period:
                case None:
                    return event.during(days)
                case model.Shift() as shift:
                    return event.during(calendar.moved(stretch.piece, shift))
                case period:
                    return event.during(calendar.resolve(period, self.today))

        return replace(clause.mapped(dated), share=False)

    def _terms(self, piece: _Slice, chain: _Chain) -> tuple[alternatives.Term, ...]:
        """Return the alternatives of what must hold; several only where there is an `or`."""
        return alternatives.terms_of(model.And(self._conditions(piece, chain)))

    def _conditions(self, piece: _Slice, chain: _Chain) -> tuple[model.Condition, ...]:
        """Return what must hold: the base's filters, the axes', and those of a `share where`."""
        shared = (step.condition for step in chain.clauses if isinstance(step, model.ShareWhere))
        own = (self.query.where,) if self.query.where else ()
        return (*own, *piece.conditions, *shared)

    def notes(self) -> Iterator[str]:
        """Yield what a panel says of it: the days that were meant, and how to read its shares."""
        query, unit = self.query, self.unit
        if query.event.period is None:
            yield "no period given: the last 30 days"
        if unit is not None and calendar.is_of_whole_pieces(query.event.period, unit):
            start, end = ends(self.period)
            yield f"whole {unit.value}s: {start} to {end}"
        if self.other and (note := left_out(query, self.period, self.other, unit)):
            yield note
        if self.is_first and query.base:
            yield "the pieces of 'by first' do not add up: a 'did' takes each piece's days"
        windows = (window for step in query.steps if step.window for window in step.window.windows)
        if any(first == 0 for first, _ in windows):
            yield "on day 0 either may have come first: days are all that the API knows"
        if any(isinstance(step, model.ShareWhere) for step in query.steps):
            more = ", and its pieces do not add up" if self.is_first else ""
            yield f"'share where' counts profiles, not events{more}"
        if self.other and query.steps:
            wander = "rates that wander by themselves differ from period to period, too"
            yield f"a period is one draw: {wander}"


def _moved_on(clauses: Sequence[model.Clause]) -> list[model.Shift]:
    """Return what each `after` in the clauses moves."""
    periods = [event.period for clause in clauses for event in clause.events]
    return [period for period in periods if isinstance(period, model.Shift) and period.n >= 0]


def _windows(step: model.Clause) -> str | None:
    """Return what a larger window of a step counts; None where nothing is known."""
    operator, times = model.Operator.GREATER_THAN_EQUALS, 1
    match step:
        case model.DidNot():
            return FEWER
        case model.DidAny():
            operator, times = step.operator, step.times
        case model.Did(model.Event(often=model.Often() as often)):
            operator, times = often.operator, often.times
    if operator is model.Operator.EQUALS:
        return None
    if operator in (model.Operator.LESS_THAN, model.Operator.LESS_THAN_EQUALS):
        return FEWER
    return PARTS if (operator, times) == (model.Operator.GREATER_THAN_EQUALS, 1) else MORE


def _each_day(stretch: Stretch) -> Iterator[Stretch]:
    """Yield each day of a stretch, and before it those from the statement's first day on."""
    first = ends(stretch.earlier or stretch.piece)[0]
    for day in calendar.cut(stretch.days, model.Unit.DAY):
        start = ends(day)[0]
        earlier = model.Days(first, start - timedelta(1)) if start > first else None
        yield replace(stretch, days=day, earlier=earlier)


# A cell -> its rows over distinct single counts, or the refusal of a cell that is too large.

MOST_COUNTS = 500
_MOST_ROWS = 10_000
_TOO_MANY_ROWS = "take a shorter period, larger pieces or fewer values"
_TOO_MANY_OWN_DAYS = "take fewer windows, fewer values or a shorter period"


class StatementError(QueryError):
    """What is wrong with a statement of a cell: its number there, and its clause's first token."""

    def __init__(self, message: str, statement: int, keyword: str | None = None) -> None:
        super().__init__(message)
        self.statement, self.keyword = statement, keyword


class TooLargeError(StatementError):
    """A cell of too many rows or counts: `size` in words, the limit, and how many rows it has."""

    def __init__(self, size: str, limit: int, rows: int, statement: int, cure: str) -> None:
        verb = "have" if size.endswith("rows") else "ask"
        message = f"this cell would {verb} {size}, and the limit is {limit:,}: {cure}"
        super().__init__(message, statement, "BY")
        self.size, self.limit, self.rows = size, limit, rows


class Expansion(Record):
    """A cell that was read: its statements, their plan (still without doubts), and its counts."""

    statements: tuple[model.Query | model.JsonQuery, ...]
    plan: Plan
    counts: tuple[model.Query | model.JsonQuery, ...]


def expand(
    statements: Sequence[model.Query | model.JsonQuery],
    today: date,
    max_counts: int | None = MOST_COUNTS,
    hours: int | None = None,
) -> Expansion:
    """Return what a cell asks; a StatementError knows the statement at fault.

    With `hours`, the number of hours of today that are over, the others are not asked `by hour`.
    Raises TooLargeError above 10,000 rows, and above `max_counts` distinct counts (None: any
    number); QueryError for what cannot be asked: a period that leaves the calendar, an `or` that
    cannot be sent, pieces that cannot be paired.
    """
    sizes = [_statement_size(number, query, today) for number, query in enumerate(statements)]
    size = sum(sizes)
    if size > _MOST_ROWS:
        largest = sizes.index(max(sizes))
        raise TooLargeError(f"{size:,} rows", _MOST_ROWS, size, largest, _TOO_MANY_ROWS)
    counts, rows, made = _Counter(), list[Row](), list[_Statement | model.JsonQuery]()
    make = partial(_Statement, today=today, counts=counts, hours=hours)
    for number, query in enumerate(statements):
        with _of_statement(number):
            made.append(make(query, number) if isinstance(query, model.Query) else query)
    most = [_most_counts(*pair) for pair in zip(made, sizes, strict=True)]
    left = sum(most)  # counts that may still come
    for number, statement in enumerate(made):
        # Of own days it is known before: a row of them may need more counts than there may be.
        own = statement.own_counts() if isinstance(statement, _Statement) else 0
        if max_counts is not None and own > max_counts:
            so_far = len(counts.counts)
            raise _too_many(statements[number], number, so_far, left, max_counts, size)
        for row in _statement_rows(number, statement, len(rows), counts):
            rows.append(row)
            left -= most[number] // sizes[number]
            # Rows that are refused in any case need not be made.
            if max_counts is not None and len(counts.counts) > max_counts:
                at, so_far = most.index(max(most)), len(counts.counts)
                raise _too_many(statements[at], at, so_far, left, max_counts, size)
    named = (("" if q.label is None else f"{q.label}: ", q) for q in statements)
    typed = tuple(name + (q.source or to_text(replace(q, label=None))) for name, q in named)
    notes = dict.fromkeys(_row_notes(made, rows, counts.questions, today))
    titled = tuple(_with_own_titles(rows, statements))
    plan = Plan(titled, tuple(counts.questions), tuple(notes), typed)
    return Expansion(tuple(statements), plan, tuple(counts.counts))


def _with_own_titles(
    rows: Sequence[Row], statements: Sequence[model.Query | model.JsonQuery]
) -> Iterator[Row]:
    # Two statements of one name would be one series.
    labels = {query.label for query in statements if query.label is not None}
    for row in rows:
        is_taken = row.title in labels and statements[row.statement].label is None
        yield replace(row, title=f"{row.title} (no label)") if is_taken else row


def _too_many(
    query: model.Query | model.JsonQuery, number: int, made: int, left: int, limit: int, rows: int
) -> TooLargeError:
    most = made + left
    is_own = isinstance(query, model.Query) and any(step.window for step in query.steps)
    raised = f"%config CountMagics.max_counts = {most}, count(..., max_counts={most})"
    cure = f"{_TOO_MANY_OWN_DAYS if is_own else _TOO_MANY_ROWS}, or raise it: {raised}"
    return TooLargeError(f"{'up to ' if left else ''}{most:,} counts", limit, rows, number, cure)


def _statement_size(number: int, query: model.Query | model.JsonQuery, today: date) -> int:
    if isinstance(query, model.JsonQuery):
        return 1
    axis = query.time_axis
    with _of_statement(number):
        period = calendar.resolve(query.event.period, today, axis.unit if axis else None)
    return prod((_rows_of_a_piece(query), *(_size(axis, period) for axis in query.by)))


def _size(axis: model.Axis, period: model.Days) -> int:
    match axis:
        case model.ByTime(unit):
            return calendar.number_of_pieces(period, unit)
        case model.ByValue(_, values) | model.ByPlace(values):
            return len(values)
        case model.ByHour():
            return _HOURS


def _most_counts(statement: _Statement | model.JsonQuery, rows: int) -> int:
    """Return how many counts a statement of so many rows needs at the most."""
    if isinstance(statement, model.JsonQuery):
        return 1
    query = statement.query
    has_or = query.condition or any(isinstance(step, model.ShareWhere) for step in query.steps)
    of_a_row = alternatives.MOST_IN_A_SUM if has_or else 1
    return (statement.own_counts() + rows * of_a_row) * (1 if query.versus is None else 2)


def _statement_rows(
    number: int, statement: _Statement | model.JsonQuery, first: int, counts: _Counter
) -> Iterator[Row]:
    with _of_statement(number):
        if isinstance(statement, _Statement):
            yield from statement.rows(first)
            return
        place = counts.number(statement)
        asked = counts.questions[place]
        title, days = statement.label or statement.source or asked.text, (asked.start, asked.end)
        yield Row(first, number, title, asked.text, asked.event, *days, Formula((place,)))


@contextmanager
def _of_statement(number: int) -> Iterator[None]:
    """Raise an error of the block as one of this statement."""
    try:
        yield
    except QueryError as error:
        keyword = error.keyword if isinstance(error, ClauseError) else None
        raise StatementError(error.message, number, keyword) from None


def _row_notes(
    made: Sequence[_Statement | model.JsonQuery],
    rows: Sequence[Row],
    questions: Sequence[Question],
    today: date,
) -> Iterator[str]:
    """Yield what a panel says of the cell."""
    for statement in made:
        if isinstance(statement, _Statement):
            yield from statement.notes()
    own = (question for row in rows if row.from_day is not None for question in row.questions)
    if any(questions[number].profiles_now for number in own):
        now = "filters of profiles mean profiles as they are now"
        yield f"{now}: a row's counts are asked in one run"
    asked = ((row, questions[n].until) for row in rows if row.formula for n in row.formula.plus)
    if later := [until for row, until in asked if row.end < today <= until < date.max]:
        yield f"{words.day(max(later))} is not over: a 'did' counts what has happened by now"
    reasons = (row.previous.incomparable for row in rows if row.previous and row.formula)
    for reason in filter(None, reasons):
        is_later = reason.endswith("is not over")
        yield f"{reason}: no comparison yet" if is_later else f"no change: {reason}"
