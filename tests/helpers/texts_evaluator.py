"""What the rows of a random text must hold: people one by one, days by plain arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from typing import Any

from .plain_counts import Data, Happened
from .plain_days import DAY, MONTHS, Stretch, cut, is_whole, last_of, moved, moved_stretch, start_of
from .random_texts import OFTEN, Axis, Clause, Inner, Meant, Spec, Test

Z = 1.959964


@dataclass(frozen=True)
class Wanted:
    """What a row must hold; `other` is the previous stretch with its counts, if it has one."""

    days: Stretch
    axes: dict[str, Any]
    whole: bool | None
    count: int | None
    is_base: bool = True
    of: int | None = None
    after: int | None = None
    window: tuple[int, int] | None = None
    other: Stretch | None = None
    previous: int | None = None
    previous_of: int | None = None
    is_alike: bool = False


def days_of(spec: Spec, today: date, unit: str | None) -> Stretch:
    """Return the days of a period where `by` cuts in that unit."""
    match spec:
        case ("days" | "quarter", start, end):
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
        case ("quarter", *_):
            return start_of(last, "quarter"), last
        case ("this", length):
            return moved(own[0], -1, length), moved(own[1], -1, length)
        case ("days", start, end) if start.day == 1 and end == last_of(start, "month"):
            return start_of(last, "month"), last
    return last - (own[1] - own[0]), last


def newcombe(pair: tuple[int, int], other: tuple[int, int]) -> tuple[float, float]:
    """Return Newcombe's interval of a difference, of Wilson's of both shares."""
    (low, high), (other_low, other_high) = wilson(*pair), wilson(*other)
    share, previous = pair[0] / pair[1], other[0] / other[1]
    below = ((share - low) ** 2 + (other_high - previous) ** 2) ** 0.5
    above = ((high - share) ** 2 + (previous - other_low) ** 2) ** 0.5
    return share - previous - below, share - previous + above


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

    def first(self, profile_id: Any, event: str, test: Test, days: Stretch) -> date | None:
        """Return the first of these days on which a person did something, by what is of events."""
        acts = self.events.get((profile_id, event), ())
        found = (act.day for act in acts if days[0] <= act.day <= days[1] and test(act, None))
        return min(found, default=None)


@dataclass(frozen=True)
class _Chain:
    """The steps up to a row's own, each with one window at most, and its `after`."""

    steps: tuple[Clause, ...] = ()
    after: int | None = None

    @property
    def last(self) -> int | None:
        """The last own day that any of them looks at."""
        return max((end for step in self.steps for _, end in step.windows), default=None)


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
        return [self._wanted(chain, other, whole_other) for chain in self._chains()]

    def _chains(self) -> Iterator[_Chain]:
        yield _Chain()
        for n in range(len(self.meant.steps)):
            *before, last = self.meant.steps[: n + 1]
            axis = next((i.days for i in last.events if i.days and i.days[0] == "after"), None)
            for after in range(axis[1], axis[2] + 1) if axis else (None,):
                for windows in [(window,) for window in last.windows] or [()]:
                    yield _Chain((*before, replace(last, windows=windows)), after)

    def _wanted(self, chain: _Chain, other: Stretch | None, whole_other: Stretch | None) -> Wanted:
        today, pieces = self.evaluator.today, [self.piece, *([other] if other else [])]
        used, is_cut, is_asked = self._used(chain, pieces)
        counts: list[tuple[int | None, int | None]] = []
        for piece, period, days in zip(pieces, (self.period, whole_other), used, strict=False):
            is_asked = is_asked and not self._is_early(chain, piece)
            counts.append((None, None))
            if is_asked and period:
                stretches = piece, period, days
                counts[-1] = self._count(chain, stretches), self._count(_Chain(), stretches)
        whole = None
        if self.time and self.time.unit:
            whole = is_whole(self.piece, self.time.unit) and self.piece[1] < today
        row = Wanted(
            days=used[0],
            axes={axis.name: value for axis, value in self.held.items()},
            whole=False if is_cut else whole,
            count=counts[0][0],
            is_base=not chain.steps,
            of=counts[0][1] if self.meant.steps else None,
            after=chain.after,
            window=chain.steps[-1].windows[0] if chain.last is not None else None,
        )
        if other is None:
            return row
        is_over = max(used[0][1], used[1][1]) < today
        is_alike = is_over and self._are_alike(used[0], used[1])
        previous, of = counts[1]
        of = of if self.meant.steps else None
        return replace(row, other=used[1], previous=previous, previous_of=of, is_alike=is_alike)

    def _used(self, chain: _Chain, pieces: list[Stretch]) -> tuple[list[Stretch], bool, bool]:
        """Return the days that are used, whether some are left out, and whether any is left."""
        if chain.last is None:
            return [self._window(piece) for piece in pieces], False, True
        last, today = chain.last * DAY, self.evaluator.today
        over = [[day for day in walk(piece) if day + last < today] for piece in pieces]
        if all(len(days) == len(walk(p)) for days, p in zip(over, pieces, strict=True)):
            return pieces, False, True
        fewest = min(map(len, over))
        used = [(piece[0], piece[0] + (fewest - 1) * DAY) for piece in pieces]
        return used if fewest else pieces, not fewest or used[0] != pieces[0], fewest > 0

    def _are_alike(self, own: Stretch, other: Stretch) -> bool:
        kind, *rest = self.meant.days
        same_words = self.meant.other == ("previous",) and kind == "last" and not self.time
        return (
            own[1] - own[0] == other[1] - other[0]
            or (same_words and rest[-1] in MONTHS)
            or any(
                is_whole(own, unit)
                and is_whole(other, unit)
                and len(cut(own, unit)) == len(cut(other, unit))
                for unit in ("week", *MONTHS)
            )
        )

    def _count(self, chain: _Chain, stretches: tuple[Stretch, Stretch, Stretch]) -> int:
        people = self.evaluator.people
        return sum(self._is_in(profile_id, chain, *stretches) for profile_id in people)

    def _is_in(
        self, profile_id: Any, chain: _Chain, piece: Stretch, period: Stretch, days: Stretch
    ) -> bool:
        """Return True for a person of the row: of the base, in this piece, and of each step."""
        own = any(step.windows for step in self.meant.steps)
        axes = [(axis.holds, value) for axis, value in self.held.items()]
        more = [step.test for step in chain.steps if step.test]

        def base(event: Happened, person: Any) -> bool:
            return self.meant.test(event, person) and all(h(event, person, v) for h, v in axes)

        def whole(event: Happened, person: Any) -> bool:
            return base(event, person) and all(test(event, person) for test in more)

        name, times = self.meant.event, self.evaluator.times
        day_0 = self.evaluator.first(profile_id, name, base, period) if own else None
        if own and (day_0 is None or not days[0] <= day_0 <= days[1]):
            return False
        if not times(profile_id, name, whole, (day_0, day_0) if day_0 else days):
            return False
        if self.time and self.time.is_first and not own:
            before = period[0], days[0] - DAY
            if times(profile_id, name, base, before):
                return False
        inside = piece if own else days
        return all(
            self._holds(profile_id, clause, inside, chain.after, day_0)
            for clause in (*self.meant.did, *chain.steps)
            if not clause.test
        )

    def _holds(
        self, profile_id: Any, clause: Clause, days: Stretch, after: int | None, day_0: date | None
    ) -> bool:
        own = None
        if clause.windows and day_0:
            own = day_0 + clause.windows[0][0] * DAY, day_0 + clause.windows[0][1] * DAY
        times = sum(
            self.evaluator.times(
                profile_id, inner.event, inner.test, own or self._days(inner, days, after)
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

    def _is_early(self, chain: _Chain, piece: Stretch) -> bool:
        """Return True for a row that is not asked yet."""
        if any(step.windows for step in self.meant.steps):
            return not chain.steps and piece[0] > self.evaluator.today
        every_clause = (*self.meant.did, *self.meant.steps)
        if not any(_is_after(inner) for clause in every_clause for inner in clause.events):
            return False
        ends = [
            self._days(inner, piece, chain.after)[1]
            for clause in (*self.meant.did, *chain.steps)
            for inner in clause.events
            if _is_after(inner)
        ]
        today = self.evaluator.today
        return piece[0] > today or any(end >= today for end in ends)


def walk(days: Stretch) -> list[date]:
    """Return each of some days."""
    return [days[0] + n * DAY for n in range((days[1] - days[0]).days + 1)]


def _is_after(inner: Inner) -> bool:
    kind, n, *_ = inner.days or ("", 0)
    return kind == "after" or (kind == "moved" and n >= 0)
