"""Rows + jobs -> each row's state: its count, its share, its change, its status.

A row has a number only where every count behind it has arrived and none contradicts another
(see `consistency`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING

from ct_magic.client.jobs import NOT_AGAIN, NOT_SENT, TOO_LATE, Job, State, Tally
from ct_magic.common.statistics import difference, wilson
from ct_magic.rows import FEWER, PARTS, Comparison, Formula, Plan, Record, Row

if TYPE_CHECKING:
    from ct_magic.client.runner import Run


# Counts that cannot all be right: when a row is `inconsistent`, and gets no number.
#
# Each count of a row is taken at a moment of its own, and what they count may change in between:
# someone buys, a profile moves to another plan. Where that shows, the numbers are no answer. Own
# days are compared first day by first day, since a sum may hide what its parts say.

Counted = Callable[[int], int | None]  # the number of a question -> its count, once it is there


class Values(Record):
    """What the formulas of all rows come to, and which rows contradict others.

    A value is None where one of its counts is missing, or where it cannot be right.
    """

    counts: tuple[int | None, ...]
    ofs: tuple[int | None, ...]
    wrong: tuple[bool, ...]


class _Sum(Record):
    """A formula whose counts are all there."""

    plus: tuple[int, ...]
    minus: tuple[int, ...]

    @property
    def value(self) -> int:
        return sum(self.plus) - sum(self.minus)

    @property
    def is_possible(self) -> bool:
        # first + second - both lies between the larger of the two and their sum.
        return max(self.plus) <= self.value <= sum(self.plus)


def values_of(
    rows: Sequence[Row],
    formulas: Sequence[Formula | None],
    ofs: Sequence[Formula | None],
    counted: Counted,
) -> Values:
    """Return the values of each row's formula and of what its share is of."""
    sums, bases = ([_sum(formula, counted) for formula in part] for part in (formulas, ofs))
    bad_of = [base is not None and not base.is_possible for base in bases]
    bad = {n for n, own in enumerate(sums) if own and not own.is_possible}
    groups: dict[tuple[int | None, int | None], list[tuple[Row, _Sum]]] = defaultdict(list)
    bases_of: dict[int | None, list[tuple[int, int, int]]] = defaultdict(list)
    for row, own, base in zip(rows, sums, bases, strict=True):
        outer = None if row.within is None else sums[row.within]
        if own and ((base and own.value > base.value) or (outer and _is_above(own, outer))):
            bad.add(row.number)
        if own and row.from_day is not None:
            groups[row.base, row.within].append((row, own))
            if base:
                bases_of[row.base].append((len(own.plus), base.value, row.number))
    for group in groups.values():
        bad.update(_windows_above(group))
    for number, some in bases_of.items():
        bad.update(_falling(some, sums[number] if number is not None else None))
    return Values(
        tuple(None if own is None or n in bad else own.value for n, own in enumerate(sums)),
        tuple(
            None if base is None or not_of else base.value
            for base, not_of in zip(bases, bad_of, strict=True)
        ),
        tuple(n in bad or bad_of[n] for n in range(len(rows))),
    )


def _sum(formula: Formula | None, counted: Counted) -> _Sum | None:
    if formula is None:
        return None
    plus, minus = (tuple(map(counted, part)) for part in (formula.plus, formula.minus))
    known = tuple(count for count in (*plus, *minus) if count is not None)
    return _Sum(known[: len(plus)], known[len(plus) :]) if known == (*plus, *minus) else None


def _is_above(own: _Sum, outer: _Sum) -> bool:
    """Return True where a row has more than the one it is counted among, of days on any of them."""
    if len(outer.plus) > 1 and not outer.minus and not own.minus:
        return any(a > b for a, b in zip(own.plus, outer.plus, strict=False))
    return own.value > outer.value


def _windows_above(group: Sequence[tuple[Row, _Sum]]) -> Iterator[int]:
    """Yield the numbers of rows, of one step's windows, that contradict each other."""
    for row, own in group:
        others = [pair for pair in group if pair[0] is not row]
        for other, larger in others:
            if _first(other) <= _first(row) and _last_day(row) <= _last_day(other):
                less, more = (larger, own) if row.windows == FEWER else (own, larger)
                if row.windows and any(a > b for a, b in zip(less.plus, more.plus, strict=False)):
                    yield from (row.number, other.number)
        near = [
            (o, s) for o, s in others if _first(o) <= _last_day(row) and _first(row) <= _last_day(o)
        ]
        for day, count in enumerate(own.plus if row.windows == PARTS else ()):
            parts = [(other, sums.plus[day]) for other, sums in near if day < len(sums.plus)]
            if count > _cheapest_cover(row, parts):
                yield from (row.number, *(part.number for part, _ in parts))


def _cheapest_cover(row: Row, parts: Sequence[tuple[Row, int]]) -> float:
    """Return the smallest sum of windows that together hold every day of a row's."""
    costs: dict[int, float] = {_first(row): 0}  # the first day not covered yet -> its cost
    for part, count in sorted(parts, key=lambda pair: _last_day(pair[0])):
        before = [cost for day, cost in costs.items() if _first(part) <= day <= _last_day(part)]
        after = _last_day(part) + 1
        costs[after] = min([cost + count for cost in before] + [costs.get(after, inf)])
    return min((cost for day, cost in costs.items() if day > _last_day(row)), default=inf)


def _first(row: Row) -> int:
    return row.from_day or 0


def _last_day(row: Row) -> int:
    return row.to_day or 0


def _falling(bases: Sequence[tuple[int, int, int]], whole: _Sum | None) -> Iterator[int]:
    """Yield the rows whose base on fewer days is above that on more, or on all."""
    yield from (number for _, of, number in bases if whole and of > whole.value)
    for fewer, more in pairwise(sorted(bases)):
        if fewer[1] > more[1]:
            yield from (fewer[2], more[2])


INCONSISTENT = "counts of different moments: --refresh asks them anew"
# The worst comes first.
WORST = (
    State.FAILED,
    State.TIMED_OUT,
    State.CANCELLED,
    State.INCONSISTENT,
    State.NOT_YET,
    State.SUCCESS,
)


class RowResult(Record):
    """A row as it is now. `jobs` are those of all counts behind it, each once.

    `count` is None where a count that it is made of is missing, and `of` wherever `count` is;
    `share`, `low`, `high`, `previous` and `change` are None where theirs are. `difference` is of
    the two periods' shares, with Newcombe's interval; it and what is of the other share is None
    where the periods are not alike. Shares and changes are fractions.
    """

    row: Row
    state: State
    jobs: tuple[Job, ...] = ()
    count: int | None = None
    of: int | None = None
    share: float | None = None
    low: float | None = None
    high: float | None = None
    previous: int | None = None
    change: float | None = None
    previous_of: int | None = None
    previous_share: float | None = None
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    events: int | None = None
    users: int | None = None
    devices: int | None = None
    error: str | None = None
    cached: bool = False

    def moment(self, zone: tzinfo | None) -> datetime | None:
        """Return the moment of the oldest count behind it, on a zone's clock (None: the machine's).

        Of one whose last day was not over when it was sent, that is then: how much of that day it
        holds, nobody knows.
        """
        return min((_moment(job, zone) for job in self.jobs if job.counted), default=None)


def row_results(plan: Plan, jobs: Sequence[Job]) -> tuple[RowResult, ...]:
    """Return the state of each row of a plan; `jobs` are those of its questions, in their order."""
    counts = [_job_count(job) for job in jobs]
    rows, none = plan.rows, Comparison(None, None, None)
    others = [row.previous or none for row in rows]
    own = values_of(rows, [r.formula for r in rows], [r.of for r in rows], counts.__getitem__)
    other = values_of(rows, [o.formula for o in others], [o.of for o in others], counts.__getitem__)
    return tuple(_result(row, jobs, own, other) for row in rows)


def shared_error(rows: Sequence[RowResult]) -> str | None:
    """Return why several rows failed where all of them failed for one reason, else None."""
    failed = [reason(row) for row in rows if row.state in (State.FAILED, State.TIMED_OUT)]
    reasons = {error.removeprefix(NOT_SENT).removeprefix(NOT_AGAIN) for error in failed}
    return (reasons.pop() or None) if len(failed) > 1 and len(reasons) == 1 else None


def reason(row: RowResult) -> str:
    """Return why a row has no count, or nothing where its state says it all."""
    is_said = row.state is State.CANCELLED or row.error in TOO_LATE
    return "" if is_said else row.error or ""


def _result(row: Row, jobs: Sequence[Job], own: Values, other: Values) -> RowResult:
    number = row.number
    count, previous = own.counts[number], other.counts[number]
    of = None if count is None else own.ofs[number]
    share = count / of if count is not None and of else None
    is_base = row.base == number
    interval = wilson(count, of) if count is not None and of and not is_base else (None, None)
    needed = [jobs[n] for n in row.questions]
    contradicted = own.wrong[number] or other.wrong[number]
    state = State.INCONSISTENT if contradicted else _state(row, needed)
    tally = _row_tally(row, jobs) if count is not None else None
    result = RowResult(
        row=row,
        state=state,
        jobs=tuple(needed),
        count=count,
        of=of,
        share=share,
        low=interval[0],
        high=interval[1],
        previous=previous,
        change=_change(row, count, previous),
        events=tally.events if tally else None,
        users=tally.users if tally else None,
        devices=tally.devices if tally else None,
        error=INCONSISTENT if state is State.INCONSISTENT else _error(state, needed),
        cached=bool(needed) and all(job.taken is not None for job in needed),
    )
    return _with_difference(result, other.ofs[number])


def _moment(job: Job, zone: tzinfo | None) -> datetime:
    times = [time.astimezone(zone) for time in (job.sent, job.counted) if time]
    return min(times) if times[0].date() <= job.question.until else times[-1]


def _with_difference(result: RowResult, previous_of: int | None) -> RowResult:
    """Return a row with the other period's share and how its own differs from that."""
    row, count, of, previous = result.row, result.count, result.of, result.previous
    if row.previous is None or row.previous.incomparable is not None or result.share is None:
        return result
    if count is None or not of or previous is None or not previous_of:
        return result if previous is None else replace(result, previous_of=previous_of)
    gap = difference(count, of, previous, previous_of)
    is_base = row.base == row.number
    return replace(
        result,
        previous_of=previous_of,
        previous_share=previous / previous_of,
        difference=gap.difference,
        difference_low=None if is_base else gap.low,
        difference_high=None if is_base else gap.high,
    )


def _job_count(job: Job) -> int | None:
    return job.tally.count if job.state is State.SUCCESS and job.tally else None


def _change(row: Row, count: int | None, previous: int | None) -> float | None:
    if row.previous is None or row.previous.incomparable is not None:
        return None
    return count / previous - 1 if count is not None and previous else None


def _row_tally(row: Row, jobs: Sequence[Job]) -> Tally | None:
    # The split of one count is that of its row only where its base was sent with all its filters.
    if row.formula is None or row.formula.minus or len(row.formula.plus) > 1 or not row.has_events:
        return None
    return jobs[row.formula.plus[0]].tally


def _state(row: Row, jobs: Sequence[Job]) -> State:
    states = {job.state for job in jobs}
    if row.formula is None:
        states.add(State.NOT_YET)
    for state in (State.SUBMITTED, State.WAITING, *WORST):
        if state in states:
            return state
    return State.SUCCESS


def _error(state: State, jobs: Sequence[Job]) -> str | None:
    return next((job.error for job in jobs if job.state is state and job.error), None)


# A plan on its way: its rows, as they are now, over the run of its questions.


class RowRun:
    """The rows of a plan, and the run of the questions behind them.

    Panel, handle and DataFrame see rows; only the client sees questions. A row that is cancelled
    ends those of its questions that no other row needs.
    """

    def __init__(self, plan: Plan, run: Run) -> None:
        self.plan, self._run = plan, run
        self.clock = run.clock
        self._cancelled: set[int] = set()
        # What was seen, and its rows. Without a lock, which a fork would find held.
        self._drawn: tuple[tuple[Job, ...] | None, tuple[RowResult, ...]] = (None, ())

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The job of every question as it is now."""
        return self._run.jobs

    @property
    def rows(self) -> tuple[RowResult, ...]:
        """Every row as it is now: the same tuple until something has changed."""
        jobs, (seen, rows) = self._run.jobs, self._drawn
        # Frozen jobs: comparing what is the same object takes no time.
        if jobs != seen:
            rows = row_results(self.plan, jobs)
            self._drawn = (jobs, rows)
        return rows

    @property
    def done(self) -> bool:
        """True when every count has arrived or never will."""
        return self._run.done

    @property
    def outage(self) -> tuple[float, float] | None:
        """Since when no answer came, and when the service is given up; None while it answers."""
        return self._run.outage

    @property
    def at_once(self) -> int | None:
        """How many requests the service takes at once, where that is fewer than are wanted."""
        return self._run.at_once

    def start(self) -> None:
        """Start to ask and return at once."""
        self._run.start()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait, `timeout` seconds at the most; return True if all is over."""
        return self._run.wait(timeout)

    def cancel(self, number: int | None = None) -> None:
        """Stop asking for one row (by its number, from 0) or for all of them."""
        if number is None:
            self._run.cancel()
            return
        self._cancelled.add(number)
        kept = [row for row in self.plan.rows if row.number not in self._cancelled]
        needed = {question for row in kept for question in row.questions}
        for question in self.plan.rows[number].questions:
            if question not in needed:
                self._run.cancel(question)
