"""What a statement's rows must say: events as plain rows, sets of people, days walked one by one.

Written apart from `ct_magic.query.expand`: it knows no JSON, no
sums of counts and no terms of an `or`. A person counts where one of their events makes the whole
condition true. It is slow and obvious, so that what both say is unlikely to be the same mistake.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache
from itertools import groupby, product, zip_longest
from typing import Any

from ct_magic.query.model import (
    Ago,
    And,
    AtPlace,
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
    Last,
    Operator,
    Or,
    OwnDays,
    Preceding,
    Previous,
    Query,
    Scope,
    ShareWhere,
    Shift,
    ShiftAxis,
    This,
    Unit,
)
from helpers.plain_counts import Data, Happened

DAY = timedelta(1)
COMPARED = {
    Operator.EQUALS: operator.eq,
    Operator.GREATER_THAN: operator.gt,
    Operator.GREATER_THAN_EQUALS: operator.ge,
    Operator.LESS_THAN: operator.lt,
    Operator.LESS_THAN_EQUALS: operator.le,
}
IN_UNITS = {
    Unit.DAY: lambda day: day,
    Unit.WEEK: lambda day: day.isocalendar()[:2],
    Unit.MONTH: lambda day: (day.year, day.month),
    Unit.QUARTER: lambda day: (day.year, (day.month + 2) // 3),
    Unit.YEAR: lambda day: day.year,
}
People = frozenset[Any]
Stretch = tuple[date, date]  # both included
Condition = Callable[[Happened], bool]


@dataclass(frozen=True)
class Expected:
    """What a row must hold; no count where it is not asked."""

    start: date
    end: date
    pieces: tuple[tuple[str, Any], ...]
    count: int | None
    of: int | None = None
    after: int | None = None
    whole: bool | None = None
    window: tuple[int, int] | None = None
    previous: int | None = None
    previous_of: int | None = None
    previous_days: Stretch | None = None
    has_change: bool = False
    is_alike: bool = field(default=False, compare=False)


class Evaluator:
    """Evaluates statements over one set of events."""

    def __init__(self, data: Data, today: date) -> None:
        self.data, self.today = data, today
        self.by_name: dict[str, list[Happened]] = {}
        for happened in data.events.values():
            for event in happened:
                self.by_name.setdefault(event.name, []).append(event)

    def rows(self, query: Query) -> list[Expected]:
        """Return what each row of a statement must hold, in order."""
        axis = next((by for by in query.by if isinstance(by, ByTime)), None)
        period = days_of(query.event.period, self.today, axis.unit if axis else None)
        own = pieces(period, axis)
        other_pieces = pieces(self.other(query, period, axis), axis) if query.versus else []
        paired = list(zip_longest(own, other_pieces[: len(own)]))
        turns = [paired if isinstance(by, ByTime) else values(by) for by in query.by]
        if axis is None:
            turns.insert(0, paired)
        place = query.by.index(axis) if axis else 0
        expected = []
        for turn in product(*turns):
            piece, other = turn[place]
            added = [pair for at, pair in enumerate(turn) if at != place]
            expected += self.of_piece(query, axis, added, (period, piece), other)
        return expected

    def of_piece(
        self,
        query: Query,
        axis: ByTime | None,
        added: list[Any],
        stretches: tuple[Stretch, Stretch],
        other: Stretch | None,
    ) -> Iterator[Expected]:
        period, piece = stretches
        names = tuple(name for _, name in added)
        extra = [condition for condition, _ in added]
        start, end = window(piece, axis)
        whole = None
        if axis is not None:
            whole = piece == stretch_of(piece[0], axis.unit) and piece[1] < self.today
        row = Expected(start, end, names, None, whole=whole)
        if any(step.window for step in query.steps):
            yield from self.of_own_days(query, axis, extra, row, stretches, other)
            return
        base = None
        for chain, after in chains(query):
            people = self.people(query, axis, extra, chain, period, piece)
            base = (people, len(chain)) if base is None else base
            count = None if people is None else len(people)
            expected = replace(row, count=count, after=after)
            if query.steps and count is not None:
                expected = replace(expected, of=None if base[0] is None else len(base[0]))
            expected = self.compared(query, axis, extra, chain, expected, other)
            if query.steps and expected.previous is not None:
                base_chain = next(chains(query))[0]
                of = self.compared(query, axis, extra, base_chain, expected, other).previous
                expected = replace(expected, previous_of=of if alike(expected) else None)
            yield expected

    # Own days: each profile has a day 0 of its own, so the profiles are asked one by one.

    def of_own_days(
        self,
        query: Query,
        axis: ByTime | None,
        extra: list[Any],
        row: Expected,
        stretches: tuple[Stretch, Stretch],
        other: Stretch | None,
    ) -> Iterator[Expected]:
        period, piece = stretches
        other_period = self.other(query, period, axis) if query.versus else None
        for chain in own_chains(query):
            last = max((w[1] for step in chain if (w := window_of(step))), default=0)
            used, used_there = piece, other
            is_asked = piece[0] <= self.today
            if chain[len(query.base) :]:
                over = [day for day in walk(piece) if day + last * DAY < self.today]
                over_there = [day for day in walk(other or piece) if day + last * DAY < self.today]
                left_out = len(over) < len(walk(piece))
                if other:
                    left_out = left_out or len(over_there) < len(walk(other))
                    number = min(len(over), len(over_there))
                else:
                    number = len(over)
                is_asked = number > 0
                if left_out and number:
                    used = piece[0], piece[0] + (number - 1) * DAY
                    used_there = other and (other[0], other[0] + (number - 1) * DAY)
            whole = row.whole
            if chain[len(query.base) :] and (used != piece or not is_asked):
                whole = False
            expected = replace(row, start=used[0], end=used[1], whole=whole)
            if is_asked:
                count = len(self.first_on(query, extra, chain, period, piece, used))
                of = len(self.first_on(query, extra, query.base, period, piece, used))
                expected = replace(expected, count=count, of=of)
            if step := chain[len(query.base) :]:
                expected = replace(expected, window=window_of(step[-1]))
            if other and other_period and used_there:
                expected = replace(expected, previous_days=used_there)
                if is_asked and (step or other[0] <= self.today):
                    there = other_period, other, used_there
                    previous = len(self.first_on(query, extra, chain, *there))
                    of = len(self.first_on(query, extra, query.base, *there))
                    is_over = max(used[1], used_there[1]) < self.today
                    same = is_over and self.alike(query, axis, used, used_there)
                    expected = replace(
                        expected,
                        previous=previous,
                        previous_of=of if same and expected.of else None,
                        has_change=same and bool(previous),
                    )
            yield expected

    def first_on(
        self,
        query: Query,
        extra: list[Any],
        chain: Iterable[Any],
        period: Stretch,
        piece: Stretch,
        used: Stretch,
    ) -> list[Any]:
        """Return whose day 0 is one of those used, and who did what the chain says from then on."""
        conditions = [*query.event.where, *([AtPlace(query.places)] if query.places else [])]
        conditions += [*([query.condition] if query.condition else []), *extra]
        found = []
        for profile_id, happened in self.data.events.items():
            mine = [e for e in happened if e.name == query.event.name]
            firsts = [
                event.day
                for event in mine
                if period[0] <= event.day <= period[1]
                and all(self.holds(c, event, of_event=True) for c in conditions)
            ]
            day_0 = min(firsts, default=None)
            if day_0 is None or not used[0] <= day_0 <= used[1]:
                continue
            on_day_0 = [event for event in mine if event.day == day_0]
            if any(all(self.holds(c, event) for c in conditions) for event in on_day_0) and all(
                self.did_from(step, happened, day_0, piece) for step in chain
            ):
                found.append(profile_id)
        return found

    def did_from(
        self, step: Any, happened: Iterable[Happened], day_0: date, piece: Stretch
    ) -> bool:
        own, times = window_of(step), 0
        for event in inside(step):
            if own:
                days = day_0 + own[0] * DAY, day_0 + own[1] * DAY
            else:
                days = self.days_inside(event, piece, piece)
            times += sum(
                done.name == event.name
                and days[0] <= done.day <= days[1]
                and all(self.holds(c, done) for c in event.where)
                for done in happened
            )
        if isinstance(step, DidNot):
            return not times
        if isinstance(step, DidAny):
            return bool(COMPARED[step.operator](times, step.times))
        often = step.event.often
        return bool(COMPARED[often.operator](times, often.times)) if often else times > 0

    def compared(
        self,
        query: Query,
        axis: ByTime | None,
        extra: list[Any],
        chain: list[Any],
        row: Expected,
        other: Stretch | None,
    ) -> Expected:
        if query.versus is None or other is None:
            return row
        unit = axis.unit if axis else None
        period = self.other(query, days_of(query.event.period, self.today, unit), axis)
        people = None
        if row.count is not None:
            people = self.people(query, axis, extra, chain, period, other)
        days = window(other, axis)
        previous = None if people is None else len(people)
        is_over = max(row.end, days[1]) < self.today
        alike = is_over and self.alike(query, axis, (row.start, row.end), days)
        has_change = alike and bool(previous) and row.count is not None
        return replace(
            row, previous=previous, previous_days=days, has_change=has_change, is_alike=alike
        )

    def alike(self, query: Query, axis: ByTime | None, own: Stretch, other: Stretch) -> bool:
        if len(walk(own)) == len(walk(other)):
            return True
        for unit in (Unit.WEEK, Unit.MONTH, Unit.QUARTER, Unit.YEAR):
            cuts = [cut(stretch, unit) for stretch in (own, other)]
            is_whole = all(p == stretch_of(p[0], unit) for pieces in cuts for p in pieces)
            if is_whole and len(cuts[0]) == len(cuts[1]):
                return True
        period = query.event.period
        is_last = isinstance(period, Last) and period.unit not in (Unit.DAY, Unit.WEEK)
        return axis is None and is_last and isinstance(query.versus, Preceding)

    def people(
        self,
        query: Query,
        axis: ByTime | None,
        extra: list[Any],
        chain: list[Any],
        period: Stretch,
        piece: Stretch,
    ) -> People | None:
        """Return who is in a row, None where it is not asked."""
        days = window(piece, axis)
        moving = any(is_after(event) for event in events_of(query))
        if moving and piece[0] > self.today:
            return None
        conditions = [*query.event.where, *([AtPlace(query.places)] if query.places else [])]
        conditions += [query.condition] if query.condition else []
        name = query.event.name
        shared = [step.condition for step in chain if isinstance(step, ShareWhere)]
        people = self.did(name, [*conditions, *extra, *shared], days)
        if axis is not None and axis.first and piece[0] > period[0]:
            before = period[0], piece[0] - DAY
            people -= self.did(name, [*conditions, *extra], before, of_event=True)
        for step in chain:
            if isinstance(step, ShareWhere):
                continue
            in_step = self.of_step(step, piece, days)
            if in_step is None:
                return None
            people = people - in_step if isinstance(step, DidNot) else people & in_step
        return people

    def of_step(self, step: Did | DidNot | DidAny, piece: Stretch, days: Stretch) -> People | None:
        events = step.events if isinstance(step, DidAny) else (step.event,)
        stretches = [self.days_inside(event, piece, days) for event in events]
        for event, stretch in zip(events, stretches, strict=True):
            if is_after(event) and stretch[1] >= self.today:
                return None
        if isinstance(step, DidAny):
            times = self.times(zip(events, stretches, strict=True))
            compare, wanted = COMPARED[step.operator], step.times
        else:
            times = self.times([(step.event, stretches[0])])
            often = step.event.often
            compare = COMPARED[often.operator] if often else operator.ge
            wanted = often.times if often else 1
        return frozenset(
            profile_id
            for profile_id in self.data.events
            if compare(times.get(profile_id, 0), wanted)
        )

    def times(self, events: Iterable[tuple[Event, Stretch]]) -> dict[Any, int]:
        times: dict[Any, int] = {}
        for event, (start, end) in events:
            for happened in self.by_name.get(event.name, []):
                if start <= happened.day <= end and all(
                    self.holds(c, happened) for c in event.where
                ):
                    times[happened.profile_id] = times.get(happened.profile_id, 0) + 1
        return times

    def days_inside(self, event: Event, piece: Stretch, days: Stretch) -> Stretch:
        match event.period:
            case None:
                return days
            case Shift() as shift:
                return moved(piece, shift)
            case period:
                return days_of(period, self.today, None)

    def did(
        self, name: str, conditions: list[Any], days: Stretch, of_event: bool = False
    ) -> People:
        """Return who did the event in these days; `of_event` leaves out what the profile is."""
        people = set()
        for happened in self.by_name.get(name, []):
            if happened.profile_id in people or not days[0] <= happened.day <= days[1]:
                continue
            if all(self.holds(c, happened, of_event) for c in conditions):
                people.add(happened.profile_id)
        return frozenset(people)

    def holds(self, condition: Any, event: Happened, of_event: bool = False) -> bool:
        match condition:
            case And(parts):
                return all(self.holds(part, event, of_event) for part in parts)
            case Or(parts):
                return any(self.holds(part, event, of_event) for part in parts)
            case AtPlace(places):
                person = self.data.profiles[event.profile_id]
                home = tuple(person[name] for name in ("country", "state", "city"))
                return of_event or any(home[: len(place)] == place for place in places)
        if condition.property.scope is Scope.EVENT:
            items = [event.properties]
            if event.name == "Charged":
                items += event.properties.get("Items", [])
            test = all if condition.operator is Operator.DOES_NOT_EXIST else any
            return test(matches(condition, item) for item in items)
        if condition.property.scope is Scope.SESSION:
            return matches(condition, event.session)
        person = self.data.profiles[event.profile_id][condition.property.scope.value]
        return of_event or matches(condition, person)

    def other(self, query: Query, own: Stretch, axis: ByTime | None) -> Stretch:
        """Return the days of the other period."""
        unit = axis.unit if axis else None
        match query.versus:
            case Preceding():
                return before(query.event.period or Last(30, Unit.DAY), own, unit, self.today)
            case Shift() as shift:
                return moved(own, shift)
            case period:
                return days_of(period, self.today, unit)


def matches(condition: Filter, properties: dict[str, Any]) -> bool:
    held, wanted = properties.get(condition.property.name), condition.value
    if held is None:
        return condition.operator is Operator.DOES_NOT_EXIST
    if isinstance(wanted, ClockRange):
        hours, minutes = map(int, held.split(":"))
        return wanted.start <= 60 * hours + minutes <= wanted.end
    wanted_values = wanted if isinstance(wanted, tuple) else (wanted,)
    is_number = isinstance(held, int | float)
    is_equal = any(held == value and isinstance(value, str) != is_number for value in wanted_values)
    match condition.operator:
        case Operator.EXISTS | Operator.DOES_NOT_EXIST:
            return condition.operator is Operator.EXISTS
        case Operator.EQUALS:
            return is_equal
        case Operator.NOT_EQUALS:
            return not is_equal
        case Operator.CONTAINS | Operator.DOES_NOT_CONTAIN:
            contained = isinstance(held, str) and wanted in held
            return contained == (condition.operator is Operator.CONTAINS)
    return is_number and COMPARED[condition.operator](held, wanted)


def chains(query: Query) -> Iterator[tuple[list[Any], int | None]]:
    """Yield the clauses of each row of a piece: the base's, then with each step; and `after`."""
    for length in range(len(query.steps) + 1):
        chain = [*query.base, *query.steps[:length]]
        axes = [e.period for step in chain for e in inside(step) if is_axis(e)]
        if not axes:
            yield chain, None
        for axis in axes:
            for number in range(axis.first, axis.last + 1):
                shift = Shift(number, axis.unit)
                yield [fixed(step, shift) for step in chain], number


def alike(row: Expected) -> bool:
    """Return True where the periods of a row are compared, whatever the counts are."""
    return row.is_alike and bool(row.of)


def own_chains(query: Query) -> Iterator[list[Any]]:
    """Yield the clauses of each row of own days: the last step has one for each window."""
    yield list(query.base)
    for length in range(1, len(query.steps) + 1):
        chain = [*query.base, *query.steps[:length]]
        last = chain[-1]
        for days in last.window.windows:
            one = OwnDays((days,))
            if isinstance(last, DidAny):
                yield [*chain[:-1], replace(last, window=one)]
            else:
                yield [*chain[:-1], replace(last, event=replace(last.event, period=one))]


def window_of(step: Any) -> tuple[int, int] | None:
    return step.window.windows[0] if step.window else None


def fixed(step: Any, shift: Shift) -> Any:
    if isinstance(step, DidAny | ShareWhere) or not is_axis(step.event):
        return step
    return replace(step, event=replace(step.event, period=shift))


def inside(step: Any) -> tuple[Event, ...]:
    return tuple(step.events)


def events_of(query: Query) -> list[Event]:
    return [event for clause in query.clauses for event in inside(clause)]


def is_axis(event: Event) -> bool:
    return isinstance(event.period, ShiftAxis)


def is_after(event: Event) -> bool:
    return is_axis(event) or (isinstance(event.period, Shift) and event.period.n >= 0)


def values(axis: Any) -> list[Any]:
    match axis:
        case ByHour():
            return [((Clock(hour)), ("hour", hour)) for hour in range(24)]
        case ByPlace(places):
            return [(AtPlace((place,)), ("geo", "/".join(place))) for place in places]
        case ByValue(prop, held):
            scope = prop.scope.value
            name = f"{scope}.{prop.name}" if scope else prop.name
            return [(Filter(prop, Operator.EQUALS, value), (name, value)) for value in held]
    raise AssertionError(axis)


def Clock(hour: int) -> Filter:  # noqa: N802 # stands for a filter
    from ct_magic.query.model import Property

    prop = Property("time_of_day", Scope.SESSION)
    return Filter(prop, Operator.EQUALS, ClockRange(hour * 60, hour * 60 + 59))


# Days, walked one by one.


def walk(stretch: Stretch) -> list[date]:
    return [stretch[0] + timedelta(n) for n in range((stretch[1] - stretch[0]).days + 1)]


@cache
def cut(stretch: Stretch, unit: Unit) -> list[Stretch]:
    groups = [list(days) for _, days in groupby(walk(stretch), IN_UNITS[unit])]
    return [(days[0], days[-1]) for days in groups]


def pieces(period: Stretch, axis: ByTime | None) -> list[Stretch]:
    return cut(period, axis.unit) if axis else [period]


@cache
def stretch_of(day: date, unit: Unit) -> Stretch:
    """Return the whole week, month, quarter or year around a day."""
    first = last = day
    while IN_UNITS[unit](first - DAY) == IN_UNITS[unit](day):
        first -= DAY
    while IN_UNITS[unit](last + DAY) == IN_UNITS[unit](day):
        last += DAY
    return first, last


def window(piece: Stretch, axis: ByTime | None) -> Stretch:
    if axis is None or axis.rolling is None:
        return piece
    back = Shift(-axis.rolling.n, axis.rolling.unit)
    return shifted(piece[1] + DAY, back), piece[1]


@cache
def shifted(day: date, shift: Shift) -> date:
    if shift.unit in (Unit.DAY, Unit.WEEK):
        return day + timedelta(shift.n * (7 if shift.unit is Unit.WEEK else 1))
    months = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}[shift.unit]
    first = day.replace(day=1)
    for _ in range(abs(shift.n) * months):
        first = (first + timedelta(31) if shift.n > 0 else first - DAY).replace(day=1)
    last = stretch_of(first, Unit.MONTH)[1]
    return min(first + timedelta(day.day - 1), last)


def moved(stretch: Stretch, shift: Shift) -> Stretch:
    start, end = shifted(stretch[0], shift), shifted(stretch[1], shift)
    ends_months = stretch[0].day == 1 and (stretch[1] + DAY).day == 1
    if ends_months and shift.unit not in (Unit.DAY, Unit.WEEK):
        end = stretch_of(end, Unit.MONTH)[1]
    return start, end


def days_of(period: Any, today: date, by: Unit | None) -> Stretch:
    yesterday = today - DAY
    match period or Last(30, Unit.DAY):
        case Days(start, end):
            return plain(start, today), plain(end, today)
        case This(unit):
            return stretch_of(today, unit)[0], today
        case Previous(unit):
            return stretch_of(stretch_of(today, unit)[0] - DAY, unit)
        case Last(n, unit) if by in made_of(unit):
            start = end = stretch_of(today, by)[0] - DAY
            for _ in range(n):
                for _ in range(parts(unit, by)):
                    start = stretch_of(start, by)[0] - DAY
            return start + DAY, end
        case Last(n, unit):
            return shifted(today, Shift(-n, unit)), yesterday
    raise AssertionError(period)


def made_of(unit: Unit) -> tuple[Unit, ...]:
    larger = {Unit.QUARTER: (Unit.MONTH,), Unit.YEAR: (Unit.MONTH, Unit.QUARTER)}
    return (unit, *larger.get(unit, ()))


def parts(unit: Unit, by: Unit) -> int:
    months = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}
    return months[unit] // months[by] if unit in months else 1


def before(period: Any, own: Stretch, by: Unit | None, today: date) -> Stretch:
    last = own[0] - DAY
    match period:
        case Last(n, unit) if by in made_of(unit):
            return shifted(own[0], Shift(-n, unit)), last
        case Last(n, unit):
            return shifted(today, Shift(-2 * n, unit)), last
        case Previous(unit):
            return stretch_of(last, unit)
        case This(Unit.WEEK):
            return own[0] - 7 * DAY, own[1] - 7 * DAY
        case This(unit):
            return shifted(own[0], Shift(-1, unit)), shifted(own[1], Shift(-1, unit))
        case Days(start, end) if isinstance(start, date) and isinstance(end, date):
            if own == stretch_of(own[0], Unit.MONTH):
                return stretch_of(last, Unit.MONTH)
    return own[0] - timedelta(len(walk(own))), last


def plain(day: date | Ago, today: date) -> date:
    return today - timedelta(day.days) if isinstance(day, Ago) else day
