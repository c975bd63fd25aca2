"""What the rows of a random text must hold: people one by one, days by plain arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Any

from .plain_counts import Data, Happened
from .plain_days import DAY, MONTHS, Stretch, cut, is_whole, last_of, moved, moved_stretch, start_of
from .random_texts import OFTEN, Axis, Clause, Inner, Meant, Spec, Test

Z = 1.959964


@dataclass(frozen=True)
class Wanted:
    """What a row must hold; `other` is the previous stretch with its count, if it has one."""

    days: Stretch
    axes: dict[str, Any]
    whole: bool | None
    count: int | None
    is_base: bool = True
    of: int | None = None
    after: int | None = None
    other: tuple[Stretch, int | None] | None = None
    has_change: bool = False


def days_of(spec: Spec, today: date, unit: str | None) -> Stretch:
    """Return the days of a period where `by` cuts in that unit."""
    match spec:
        case ("days", start, end):
            return start, end
        case ("ago", far, near):
            return moved(today, -far, "day"), moved(today, -near, "day")
        case ("this", length):
            return start_of(today, length), today
        case ("whole", length):
            end = start_of(today, length) - DAY
            return start_of(end, length), end
        case ("last", n, length) if unit and _is_made_of(length, unit):
            end = start_of(today, unit)
            return moved(end, -n * _parts(length, unit), unit), end - DAY
    return moved(today, -spec[1], spec[2]), today - DAY


def days_before(spec: Spec, own: Stretch, today: date, unit: str | None) -> Stretch:
    """Return the days of `vs previous`."""
    last = own[0] - DAY
    match spec:
        case ("last", n, length) if length != "day":
            cuts = unit is not None and _is_made_of(length, unit)
            return (moved(own[0], -n, length) if cuts else moved(today, -2 * n, length)), last
        case ("whole", length):
            return start_of(last, length), last
        case ("this", length):
            return moved(own[0], -1, length), moved(own[1], -1, length)
        case ("days", start, end) if start.day == 1 and end == last_of(start, "month"):
            return start_of(last, "month"), last
    return last - (own[1] - own[0]), last


def wilson(count: int, of: int) -> tuple[float, float]:
    """Return Wilson's interval as the roots of its equation."""
    a, b, c = 1 + Z * Z / of, -(2 * count / of + Z * Z / of), (count / of) ** 2
    half = max(0.0, b * b - 4 * a * c) ** 0.5
    low, high = (-b - half) / (2 * a), (-b + half) / (2 * a)
    return (low if count else 0.0), (high if count < of else 1.0)


def _is_made_of(length: str, unit: str) -> bool:
    return length == unit or (length in MONTHS and unit in MONTHS and MONTHS[length] > MONTHS[unit])


def _parts(length: str, unit: str) -> int:
    return 1 if length == unit else MONTHS[length] // MONTHS[unit]


class TextsEvaluator:
    """Evaluates what texts mean over one set of events."""

    def __init__(self, data: Data, today: date) -> None:
        self.today, self.people = today, data.profiles
        self.events: dict[tuple[Any, str], list[Happened]] = {}
        for profile_id, happened in data.events.items():
            for event in happened:
                self.events.setdefault((profile_id, event.name), []).append(event)

    def rows(self, meant: Meant) -> list[Wanted]:
        """Return the rows of a statement, in order."""
        time = next((axis for axis in meant.axes if axis.unit), None)
        unit = time.unit if time else None
        own = days_of(meant.days, self.today, unit)
        other = self._other(meant, own, unit)
        pieces = [*enumerate(cut(own, unit))]
        other_pieces = cut(other, unit) if other else []
        turns: list[Any] = [pieces if axis.unit else axis.values for axis in meant.axes]
        rows = []
        for turn in product(*turns) if time else product(pieces, *turns):
            n, piece = turn[meant.axes.index(time) if time else 0]
            values = [value for value in turn if value != (n, piece)]
            held = dict(zip((a for a in meant.axes if not a.unit), values, strict=True))
            row = _Row(self, meant, time, piece, own, held)
            rows += row.wanted(other_pieces[n] if n < len(other_pieces) else None, other)
        return rows

    def _other(self, meant: Meant, own: Stretch, unit: str | None) -> Stretch | None:
        match meant.other:
            case None:
                return None
            case ("previous",):
                return days_before(meant.days, own, self.today, unit)
            case ("moved", n, length):
                return moved_stretch(own, n, length)
        return days_of(meant.other, self.today, unit)

    def times(self, profile_id: Any, event: str, test: Test, days: Stretch) -> int:
        """Return how often a person did something."""
        acts = self.events.get((profile_id, event), ())
        person = self.people[profile_id]
        return sum(days[0] <= act.day <= days[1] and test(act, person) for act in acts)


@dataclass(frozen=True)
class _Row:
    """One piece of a statement, with the values of its axes: the base's row and its steps."""

    evaluator: TextsEvaluator
    meant: Meant
    time: Axis | None
    piece: Stretch
    period: Stretch
    held: dict[Axis, Any]

    def wanted(self, other: Stretch | None, whole_other: Stretch | None) -> list[Wanted]:
        days, today = self._window(self.piece), self.evaluator.today
        base = None if self._is_early(self.meant.did, None) else self._base(days, self.period[0])
        whole = None
        if self.time and self.time.unit:
            whole = is_whole(self.piece, self.time.unit) and self.piece[1] < today
        plain = {axis.name: value for axis, value in self.held.items()}
        count = None if base is None else len(base)
        row = Wanted(days, plain, whole, count, of=count if self.meant.steps else None)
        if whole_other is not None:
            row = self._compared(row, other, whole_other)
        return [row, *self._steps(base, row)]

    def _compared(self, row: Wanted, other: Stretch | None, whole_other: Stretch) -> Wanted:
        if other is None:
            return row
        days = self._window(other)
        early = row.count is None or self._is_early(self.meant.did, None, other)
        count = None if early else len(self._base(days, whole_other[0]))
        alike = days[1] - days[0] == row.days[1] - row.days[0] or any(
            is_whole(days, unit)
            and is_whole(row.days, unit)
            and len(cut(days, unit)) == len(cut(row.days, unit))
            for unit in ("week", *MONTHS)
        )
        kind, *rest = self.meant.days
        same_words = self.meant.other == ("previous",) and kind == "last" and not self.time
        alike = alike or (same_words and rest[-1] in MONTHS)
        over = max(days[1], row.days[1]) < self.evaluator.today
        changed = bool(alike and over and count and row.count is not None)
        return Wanted(
            row.days, row.axes, row.whole, row.count, other=(days, count), has_change=changed
        )

    def _steps(self, base: set[Any] | None, row: Wanted) -> list[Wanted]:
        rows = []
        for n in range(len(self.meant.steps)):
            steps = self.meant.steps[: n + 1]
            axis = next((i.days for i in steps[-1].events if i.days and i.days[0] == "after"), None)
            for after in range(axis[1], axis[2] + 1) if axis else (None,):
                count = None
                if base is not None and not self._is_early((*self.meant.did, *steps), after):
                    count = sum(
                        all(self._holds(profile_id, step, row.days, after) for step in steps)
                        for profile_id in base
                    )
                of = None if count is None else row.of
                rows.append(Wanted(row.days, row.axes, row.whole, count, False, of, after))
        return rows

    def _base(self, days: Stretch, first: date) -> set[Any]:
        def test(event: Happened, person: Any) -> bool:
            in_query = self.meant.test(event, person)
            return in_query and all(a.holds(event, person, v) for a, v in self.held.items())

        name, before = self.meant.event, (first, days[0] - DAY)
        is_first = self.time is not None and self.time.is_first
        return {
            profile_id
            for profile_id in self.evaluator.people
            if self.evaluator.times(profile_id, name, test, days)
            and not (is_first and self.evaluator.times(profile_id, name, test, before))
            and all(self._holds(profile_id, clause, days, None) for clause in self.meant.did)
        }

    def _holds(self, profile_id: Any, clause: Clause, days: Stretch, after: int | None) -> bool:
        times = sum(
            self.evaluator.times(
                profile_id, inner.event, inner.test, self._days(inner, days, after)
            )
            for inner in clause.events
        )
        if clause.kind == "not":
            return times == 0
        return (times > 0 or clause.kind == "any") and OFTEN[clause.often](times, clause.times)

    def _days(self, inner: Inner, days: Stretch, after: int | None) -> Stretch:
        match inner.days:
            case None:
                return days
            case ("moved", n, unit):
                return moved_stretch(days, n, unit)
            case ("after", _, _, unit):
                return moved_stretch(days, after or 0, unit)
        return days_of(inner.days, self.evaluator.today, None)

    def _window(self, piece: Stretch) -> Stretch:
        if self.time is None or self.time.rolling is None:
            return piece
        n, unit = self.time.rolling
        return moved(piece[1] + DAY, -n, unit), piece[1]

    def _is_early(
        self, clauses: tuple[Clause, ...], after: int | None, piece: Stretch | None = None
    ) -> bool:
        """Return True for a row that is not asked yet."""
        every_clause = (*self.meant.did, *self.meant.steps)
        if not any(_is_after(inner) for clause in every_clause for inner in clause.events):
            return False
        days = piece or self.piece
        ends = [
            self._days(inner, days, after)[1]
            for clause in clauses
            for inner in clause.events
            if _is_after(inner)
        ]
        return days[0] > self.evaluator.today or any(end >= self.evaluator.today for end in ends)


def _is_after(inner: Inner) -> bool:
    kind, n, *_ = inner.days or ("", 0)
    return kind == "after" or (kind == "moved" and n >= 0)
