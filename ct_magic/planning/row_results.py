"""Rows + jobs -> each row's state: its count, its share, its change, its status.

A row has a number only where every count behind it has arrived and none contradicts another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, Any

from ct_magic.client.jobs import NOT_AGAIN, NOT_SENT, TOO_LATE, Job, State
from ct_magic.common.statistics import difference, wilson
from ct_magic.rows import FEWER, PARTS, Comparison, Formula, Plan, Record, Row

if TYPE_CHECKING:
    from ct_magic.client.workers import Run


# Counts that cannot all be right: when a row is `inconsistent`, and gets no number.
#
# The counts of a row are taken at different moments, and what they count may change in between: a
# person buys, a profile moves to another plan. Where that shows, the row gets no number. Own days
# are compared first day by first day, since a sum may hide what its parts show.

_Counts = Sequence[int | None]  # of each question, None until it is there
_Values = tuple[int | None, int | None, bool]  # of a row: its count, its `of`, whether one is wrong


class _Sum(Record):
    """A formula whose counts have all arrived."""

    plus: tuple[int, ...]
    minus: tuple[int, ...]

    @property
    def value(self) -> int:
        return sum(self.plus) - sum(self.minus)

    @property
    def is_possible(self) -> bool:
        # first + second - both is between the larger of the two and their sum.
        return max(self.plus) <= self.value <= sum(self.plus)


_SumWindow = tuple[int, int, Row, _Sum]  # both its ends, its row and what that counts


def _values_of(
    rows: Sequence[Row],
    formulas: Sequence[Formula | None],
    ofs: Sequence[Formula | None],
    counts: _Counts,
) -> list[_Values]:
    """Return what each row's formulas come to (None: missing or wrong), and whether it is wrong."""
    sums, bases = ([_sum(formula, counts) for formula in part] for part in (formulas, ofs))
    bad = {n for n, own in enumerate(sums) if own and not own.is_possible}
    groups: dict[tuple[int | None, int | None], list[_SumWindow]] = defaultdict(list)
    bases_of: dict[int | None, list[tuple[int, int, int]]] = defaultdict(list)
    for row, own, base in zip(rows, sums, bases, strict=True):
        outer = None if row.within is None else sums[row.within]
        if own and ((base and own.value > base.value) or (outer and _is_above(own, outer))):
            bad.add(row.number)
        if own and row.window:
            groups[row.base, row.within].append((*row.window, row, own))
            if base:
                bases_of[row.base].append((len(own.plus), base.value, row.number))
    for group in groups.values():
        bad.update(_windows_above(group))
    for number, some in bases_of.items():
        bad.update(_falling(some, sums[number] if number is not None else None))
    values = []
    for n, (own, base) in enumerate(zip(sums, bases, strict=True)):
        of = base.value if base and base.is_possible else None
        count = own.value if own and n not in bad else None
        values.append((count, of, n in bad or (base is not None and of is None)))
    return values


def _sum(formula: Formula | None, counts: _Counts) -> _Sum | None:
    if formula is None:
        return None
    known = tuple(count for n in formula.questions if (count := counts[n]) is not None)
    size = len(formula.plus)
    is_whole = len(known) == len(formula.questions)
    return _Sum(known[:size], known[size:]) if is_whole else None


def _is_above(own: _Sum, outer: _Sum) -> bool:
    """Return True where a row is above the one it is counted among, in total or on any day."""
    if len(outer.plus) > 1 and not outer.minus and not own.minus:
        return any(a > b for a, b in zip(own.plus, outer.plus, strict=False))
    return own.value > outer.value


def _windows_above(group: Sequence[_SumWindow]) -> Iterator[int]:
    """Yield the numbers of rows, of one step's windows, that contradict each other."""
    for first, last, row, own in group:
        near = []
        for low, high, other, sums in group:
            if other is row or low > last or high < first:
                continue
            near.append((low, high, other.number, sums.plus))
            if row.windows and low <= first and last <= high:
                less, more = (sums, own) if row.windows == FEWER else (own, sums)
                if any(a > b for a, b in zip(less.plus, more.plus, strict=False)):
                    yield from (row.number, other.number)
        for day, count in enumerate(own.plus if row.windows == PARTS else ()):
            parts = [(low, high, n, plus[day]) for low, high, n, plus in near if day < len(plus)]
            if count > _cheapest_cover(first, last, [(a, b, cost) for a, b, _, cost in parts]):
                yield from (row.number, *(n for _, _, n, _ in parts))


def _cheapest_cover(first: int, last: int, parts: Sequence[tuple[int, int, int]]) -> float:
    """Return the smallest sum of windows that together cover all days; a part is (ends, sum)."""
    costs: dict[int, float] = {first: 0}  # the first day not covered yet -> its cost
    for low, high, count in sorted(parts, key=lambda part: part[1]):
        before = [cost + count for day, cost in costs.items() if low <= day <= high]
        costs[high + 1] = min([*before, costs.get(high + 1, inf)])
    return min((cost for day, cost in costs.items() if day > last), default=inf)


def _falling(bases: Sequence[tuple[int, int, int]], whole: _Sum | None) -> Iterator[int]:
    """Yield the rows whose base on fewer days is above that on more, or on all."""
    yield from (number for _, of, number in bases if whole and of > whole.value)
    for fewer, more in pairwise(sorted(bases)):
        if fewer[1] > more[1]:
            yield from (fewer[2], more[2])


INCONSISTENT = "counts of different moments: --refresh asks them anew"


class RowResult(Record):
    """A row as it is now. `jobs` are those of all counts behind it, each once.

    A number is None where a count that it is made of is missing, and `of` wherever `count` is.
    Shares and changes are fractions. `difference` is that of the two periods' shares, with
    Newcombe's interval; it and the other share are None where the periods are not comparable.
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

        A count that was sent before its last day was over has the moment when it was sent: it is
        unknown how much of that day it holds.
        """
        return min((_moment_of(job, zone) for job in self.jobs if job.counted), default=None)


def row_results(plan: Plan, jobs: Sequence[Job]) -> tuple[RowResult, ...]:
    """Return the state of each row of a plan; `jobs` are those of its questions, in their order."""
    counts = [job.tally.count if job.state is State.SUCCESS and job.tally else None for job in jobs]
    rows, none = plan.rows, Comparison(None, None, None)
    others = [row.previous or none for row in rows]
    own = _values_of(rows, [r.formula for r in rows], [r.of for r in rows], counts)
    other = _values_of(rows, [o.formula for o in others], [o.of for o in others], counts)
    return tuple(_result(row, jobs, *pair) for row, *pair in zip(rows, own, other, strict=True))


def shared_error(rows: Sequence[RowResult]) -> str | None:
    """Return why several rows failed where all of them failed for one reason, else None."""
    failed = [reason(row) for row in rows if row.state in (State.FAILED, State.TIMED_OUT)]
    reasons = {error.removeprefix(NOT_SENT).removeprefix(NOT_AGAIN) for error in failed}
    reasons = {error.replace(TOO_LATE[1], TOO_LATE[0]) for error in reasons}
    return (reasons.pop() or None) if len(failed) > 1 and len(reasons) == 1 else None


def reason(row: RowResult) -> str:
    """Return why a row has no count, or nothing where its state is enough."""
    is_said = row.state is State.CANCELLED or row.error in TOO_LATE
    return "" if is_said else row.error or ""


def _result(row: Row, jobs: Sequence[Job], own: _Values, other: _Values) -> RowResult:
    (count, of, is_wrong), (previous, previous_of, is_other_wrong) = own, other
    is_alike = row.previous is not None and row.previous.incomparable is None
    is_base, needed = row.base == row.number, tuple(jobs[n] for n in row.questions)
    found: dict[str, Any] = {}
    if count is not None and of:
        found["share"] = count / of
        if not is_base:
            found["low"], found["high"] = wilson(count, of)
        if is_alike and previous is not None:
            found["previous_of"] = previous_of
            if previous_of:
                gap = difference(count, of, previous, previous_of)
                found |= {"previous_share": previous / previous_of, "difference": gap.difference}
                if not is_base:
                    found |= {"difference_low": gap.low, "difference_high": gap.high}
    if is_alike and count is not None and previous:
        found["change"] = count / previous - 1
    # The split of one count is that of its row only where its base was sent with all its filters.
    split = row.formula if count is not None and row.has_events else None
    if split and len(split.questions) == 1 and (tally := jobs[split.plus[0]].tally):
        found |= {"events": tally.events, "users": tally.users, "devices": tally.devices}
    # Of what cannot be asked yet only the base is asked.
    states = {State.NOT_YET} if row.formula is None else {job.state for job in needed}
    state = next((state for state in State if state in states), State.SUCCESS)
    error = next((job.error for job in needed if job.state is state and job.error), None)
    if is_wrong or is_other_wrong:
        state, error = State.INCONSISTENT, INCONSISTENT
    found |= {"count": count, "of": None if count is None else of, "previous": previous}
    cached = bool(needed) and all(job.taken is not None for job in needed)
    return RowResult(row, state, needed, error=error, cached=cached, **found)


def _moment_of(job: Job, zone: tzinfo | None) -> datetime:
    times = [time.astimezone(zone) for time in (job.sent, job.counted) if time]
    return min(times) if times[0].date() <= job.question.until else times[-1]


# A plan on its way: its rows, as they are now, over the run of its questions.


class RowRun:
    """The rows of a plan, for panel and DataFrame, over the run of their `questions`.

    Cancelling a row ends those of its questions that no other row needs.
    """

    def __init__(self, plan: Plan, run: Run) -> None:
        self.plan, self.questions = plan, run
        self._cancelled: set[int] = set()
        # The jobs seen last, and their rows. Without a lock, which a fork might find held.
        self._drawn: tuple[tuple[Job, ...] | None, tuple[RowResult, ...]] = (None, ())

    @property
    def rows(self) -> tuple[RowResult, ...]:
        """Every row as it is now: the same tuple until something has changed."""
        jobs, (seen, rows) = self.questions.jobs, self._drawn
        # Frozen jobs: comparing what is the same object takes no time.
        if jobs != seen:
            rows = row_results(self.plan, jobs)
            self._drawn = (jobs, rows)
        return rows

    def cancel(self, number: int | None = None) -> None:
        """Stop asking for one row (by its number, from 0) or for all of them."""
        if number is None:
            self.questions.cancel()
            return
        self._cancelled.add(number)
        kept = [row for row in self.plan.rows if row.number not in self._cancelled]
        needed = {question for row in kept for question in row.questions}
        for question in self.plan.rows[number].questions:
            if question not in needed:
                self.questions.cancel(question)
