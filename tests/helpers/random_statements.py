"""Random statements over the sandbox's data, of every kind that the language has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from ct_magic.query.calendar import in_own_units
from ct_magic.query.model import (
    Ago,
    And,
    AnyPeriod,
    AtPlace,
    Axis,
    ByHour,
    ByPlace,
    ByTime,
    ByValue,
    Clause,
    ClockRange,
    Condition,
    Days,
    Did,
    DidAny,
    DidNot,
    Event,
    Filter,
    Last,
    Often,
    Operator,
    Or,
    OwnDays,
    Period,
    Preceding,
    Previous,
    Property,
    Query,
    Scalar,
    Scope,
    ShareWhere,
    Shift,
    ShiftAxis,
    This,
    Unit,
)

EVENTS = ("App Launched", "App Launched", "Product Viewed", "Added To Cart", "Charged")
OFTEN_DONE = ("App Launched", "App Launched", "Product Viewed")
VALUES: dict[Property, tuple[Scalar, ...]] = {
    Property("Category"): ("Shoes", "Bags", "Groceries", "Books"),
    Property("Payment mode"): ("UPI", "Credit Card", "Cash"),
    Property("Brand"): ("Acme", "Orbit", "नमस्ते"),
    Property("utm_source", Scope.SESSION): ("google", "facebook"),
    Property("first_time", Scope.SESSION): ("True", "False"),
    Property("Customer Type", Scope.PROFILE): ("Silver", "Gold", "Platinum"),
    Property("OS", Scope.TECH): ("Android", "iOS"),
}
OF_EVENT = [prop for prop in VALUES if prop.scope in (Scope.EVENT, Scope.SESSION)]
AMOUNT = Property("Amount")
AMOUNTS = (20, 100, 300.5, -1, -2, 0, 2**61 - 1)  # to Python some of these hash alike
CLOCK = Property("time_of_day", Scope.SESSION)
PLACES = (("India",), ("India", "Maharashtra"), ("Singapore",), ("India", "Karnataka", "Bengaluru"))
LENGTHS = {Unit.DAY: 9, Unit.WEEK: 4, Unit.MONTH: 3, Unit.QUARTER: 2, Unit.YEAR: 1}
KINDS = ("plain", "share", "after", "or", "first", "rolling", "vs", "vs")
NEW_KINDS = ("own", "own", "own", "where", "vs")
OFTEN = (Operator.EQUALS, Operator.GREATER_THAN, Operator.GREATER_THAN_EQUALS)


@dataclass(slots=True)
class Statements:
    """Makes statements; what the language refuses by its form is not made."""

    random: Random
    today: date
    _own: Last | None = None  # how long the statement's period, or its piece, is by its words

    def statement(self) -> Query:
        """Return any statement."""
        return self._statement(self.random.choice(KINDS))

    def new_statement(self) -> Query:
        """Return a statement with own days, with `share where`, or with `vs` beside `share`."""
        return self._statement(self.random.choice(NEW_KINDS))

    def _statement(self, kind: str) -> Query:
        if kind == "own":
            return self._of_own_days()
        time = self._time_axis(kind)
        period = self._period(time)
        self._own = Last(1, time.unit) if time else in_own_units(period or Last(30, Unit.DAY))
        query = Query(Event(self.random.choice(EVENTS), (), period))
        query = self._with_where(query, kind)
        query = replace(query, by=self._axes(query, time))
        query = self._with_did(query, kind, time)
        if kind in ("share", "after", "where") or (kind in ("or", "first") and self._one_in(3)):
            query = self._with_steps(query, kind, time)
        if kind == "where" or (query.steps and self._one_in(6)):
            steps = list(query.steps)
            last = len(steps) - ("ShiftAxis" in repr(steps[-1:]))  # which is in the last clause
            steps.insert(self.random.randint(0, last), ShareWhere(self._shared(query)))
            query = replace(query, clauses=(*query.base, *steps))
        if kind == "vs":
            query = replace(query, versus=self._versus(time))
            if self._one_in(2):
                query = self._with_steps(query, kind, time)
        return query

    def _shared(self, query: Query) -> Condition:
        """Return the condition of a `share where`; of clock and place the base has its own."""
        condition = self._filter(True) if self._one_in(2) else self._filter(None)
        if self._one_in(4) and not query.condition:
            condition = Or((condition, self._filter(None)))
        return condition if not holds_clock(condition) else Filter(AMOUNT, Operator.EXISTS, "")

    def _of_own_days(self) -> Query:
        random = self.random
        time = ByTime(random.choice([Unit.DAY, Unit.WEEK, Unit.MONTH]), first=True)
        axis = None if self._one_in(2) else time
        query = Query(Event(random.choice(OFTEN_DONE), (), self._few_days()))
        # Days and windows are what is tried: most of the filters would leave nobody.
        query = self._with_where(query, "own") if self._one_in(4) else query
        query = replace(query, by=self._axes(query, axis, hours=False))
        query = self._with_did(query, "own", axis) if self._one_in(4) else query
        first = tuple(self._own_step(1) for _ in range(random.choice([0, 0, 1])))
        any_of = query.condition or any(isinstance(c, DidAny) for c in (*query.clauses, *first))
        last = self._own_step(random.randint(1, 3), can_be_any=not any_of)
        query = _with(query, *first, last)
        return replace(query, versus=Preceding()) if self._one_in(4) else query

    def _few_days(self) -> Period:
        random = self.random
        words = random.choice([Last(1, Unit.WEEK), Last(2, Unit.WEEK), This(Unit.WEEK)])
        end = random.randint(-1, 20)
        days = Days(Ago(end + random.randint(0, 12)), Ago(max(0, end)))
        return random.choice([words, Previous(Unit.WEEK), days, days])

    def _own_step(self, windows: int, can_be_any: bool = False) -> Did | DidNot | DidAny:
        random = self.random
        firsts = [random.choice([0, 0, 1, 1, 2, 5]) for _ in range(windows)]
        days = [(first, first + random.choice([0, 2, 6, 13])) for first in firsts]
        window = OwnDays(tuple(dict.fromkeys(days)))
        if can_be_any and self._one_in(4):
            events = tuple(Event(name) for name in random.sample(EVENTS, 2))
            return DidAny(events, random.choice(OFTEN), random.randint(1, 3), window, share=True)
        event = self._inside("rolling", None, can_be_often=True)
        if not self._one_in(5):
            event = replace(event, name=random.choice(OFTEN_DONE), where=())
        event = replace(event, period=window)
        if self._one_in(4):
            return DidNot(replace(event, often=None), share=True)
        return Did(event, share=True)

    def _one_in(self, n: int) -> bool:
        return self.random.randrange(n) == 0

    def _time_axis(self, kind: str) -> ByTime | None:
        if kind not in ("first", "rolling", "after") and self._one_in(3):
            return None
        unit = self.random.choice([Unit.DAY, Unit.WEEK, Unit.WEEK, Unit.MONTH, Unit.QUARTER])
        if kind == "rolling":
            length = self.random.choice([Unit.DAY, Unit.WEEK, Unit.MONTH])
            return ByTime(unit, rolling=Shift(self.random.randint(1, 4), length))
        return ByTime(unit, first=kind == "first")

    def _period(self, time: ByTime | None) -> Period | None:
        random, unit = self.random, time.unit if time else random_unit(self.random)
        match random.randrange(7):
            case 0:
                return None if unit is not Unit.DAY else Last(random.randint(1, 9), Unit.DAY)
            case 1 | 2:
                return Last(random.randint(1, LENGTHS[unit]), unit)
            case 3:
                return Last(1, random.choice([Unit.QUARTER, Unit.MONTH, Unit.WEEK]))
            case 4:
                larger = Unit.WEEK if unit is Unit.DAY else unit
                return random.choice([This, Previous])(larger)
            case 5:
                month = (self.today - timedelta(random.randint(30, 200))).replace(day=1)
                return Days(month, (month + timedelta(31)).replace(day=1) - timedelta(1))
        end = random.randint(-3, 30)
        return Days(Ago(end + random.randint(0, 3 * LENGTHS[unit])), Ago(max(0, end)))

    def _with_where(self, query: Query, kind: str) -> Query:
        if kind == "or" or self._one_in(8):
            return replace(query, condition=self._condition(kind))
        filters = tuple(self._filter(None) for _ in range(self.random.choice([0, 0, 0, 1, 1, 2])))
        places = (self.random.choice(PLACES),) if self._one_in(8) else ()
        return replace(query, event=replace(query.event, where=filters), places=places)

    def _condition(self, kind: str) -> Or | And:
        only_event = kind != "or" or self._one_in(2)
        parts = tuple(self._part(only_event) for _ in range(self.random.choice([2, 2, 2, 3])))
        if self._one_in(3):
            return And((self._filter(not only_event), Or(parts)))
        if self._one_in(5):
            return And((Or(parts), Or((self._part(only_event), self._part(only_event)))))
        return Or(parts)

    def _part(self, only_event: bool) -> Condition:
        if not only_event and self._one_in(6):
            return AtPlace((self.random.choice(PLACES),))
        if self._one_in(4):
            return And((self._filter(None), self._filter(None)))
        return self._filter(None if only_event else self._one_in(2))

    def _filter(self, of_profile: bool | None) -> Filter:
        """Return a filter of the event (None), of the profile (True), or of either."""
        random = self.random
        if not of_profile and self._one_in(5):
            start = 60 * random.randint(6, 20)
            return Filter(CLOCK, Operator.EQUALS, ClockRange(start, start + 119))
        if not of_profile and self._one_in(4):
            chosen = random.choice(
                [Operator.GREATER_THAN, Operator.LESS_THAN_EQUALS, Operator.NOT_EQUALS]
            )
            return Filter(AMOUNT, chosen, random.choice(AMOUNTS))
        prop = random.choice(list(VALUES) if of_profile else OF_EVENT)
        value = random.choice(VALUES[prop])
        match random.randrange(6):
            case 0:
                return Filter(prop, Operator.NOT_EQUALS, value)
            case 1 if len(VALUES[prop]) > 2:
                return Filter(prop, Operator.EQUALS, tuple(random.sample(VALUES[prop], 2)))
            case 2 if prop.scope is Scope.EVENT:
                chosen = random.choice([Operator.EXISTS, Operator.DOES_NOT_EXIST])
                return Filter(prop, chosen, "")
        return Filter(prop, Operator.EQUALS, value)

    def _axes(self, query: Query, time: ByTime | None, hours: bool = True) -> tuple[Axis, ...]:
        axes: list[Axis] = [time] if time else []
        if self._one_in(3):
            prop = self.random.choice(list(VALUES))
            axes.insert(self._one_in(2), ByValue(prop, VALUES[prop][:2]))
        if self._one_in(8) and not query.places and not holds(query, AtPlace):
            axes.append(ByPlace(PLACES[1:3]))
        if hours and self._one_in(25) and not holds(query, ClockRange):
            axes.append(ByHour())
        return tuple(axes)

    def _with_did(self, query: Query, kind: str, time: ByTime | None) -> Query:
        if self._one_in(3):
            query = _with(query, Did(self._inside(kind, time, can_be_often=True)))
        if self._one_in(5):
            query = _with(query, DidNot(self._inside(kind, time)))
        if self._one_in(6) and query.condition is None:
            query = _with(query, self._did_any(kind, time))
        return query

    def _with_steps(self, query: Query, kind: str, time: ByTime | None) -> Query:
        steps: list[Did | DidNot | DidAny] = [
            self._step(kind, time) for _ in range(self.random.choice([1, 1, 2]))
        ]
        any_of = any(isinstance(clause, DidAny) for clause in query.clauses)
        taken = any_of or query.condition is not None
        if not taken and self._one_in(4):
            steps.append(self._did_any(kind, time))
        last = steps[-1]
        own = self._own
        if own and kind == "after" and not isinstance(last, DidAny) and self._one_in(2):
            first = self.random.randint(0, 1) if own.n == 1 else own.n
            axis = ShiftAxis(first, own.n + self.random.randint(0, 2), own.unit)
            steps[-1] = replace(last, event=replace(last.event, period=axis))
        return _with(query, *(replace(step, share=True) for step in steps))

    def _step(self, kind: str, time: ByTime | None) -> Did | DidNot | DidAny:
        if self._one_in(4):
            return DidNot(self._inside(kind, time))
        return Did(self._inside(kind, time, can_be_often=True))

    def _did_any(self, kind: str, time: ByTime | None) -> DidAny:
        events = tuple(self._inside(kind, time) for _ in range(self.random.randint(1, 2)))
        return DidAny(events, self.random.choice(OFTEN), self.random.randint(1, 3))

    def _inside(self, kind: str, time: ByTime | None, can_be_often: bool = False) -> Event:
        filters = (self._filter(None),) if self._one_in(3) else ()
        period: AnyPeriod | None = None
        if kind not in ("rolling", "own") and self._one_in(2 if kind == "after" else 5):
            # Where nothing cuts the period, it is moved by no less than it has.
            own = self._own or Last(0, Unit.DAY)
            number = self.random.choice([-2, -1, 0, 1, 1, 2])
            more = max(0, own.n - 1) if self._own else -abs(number)
            period = Shift(number + (more if number > 0 else -more if number else 0), own.unit)
        elif self._one_in(6):
            period = Days(self.today - timedelta(40), self.today - timedelta(10))
        elif kind != "vs" and self._one_in(6):
            period = Last(2, Unit.WEEK)
        often = None
        if can_be_often and self._one_in(4):
            often = Often(self.random.choice(OFTEN), self.random.randint(1, 3))
        return Event(self.random.choice(EVENTS), filters, period, often)

    def _versus(self, time: ByTime | None) -> Period | Shift | Preceding:
        unit = time.unit if time else random_unit(self.random)
        match self.random.randrange(4):
            case 0:
                return Shift(-self.random.randint(1, 5), unit)
            case 1 if unit is not Unit.DAY:
                return Previous(unit)
        return Preceding()


def _with(query: Query, *clauses: Clause) -> Query:
    return replace(query, clauses=(*query.clauses, *clauses))


def holds_clock(condition: Condition) -> bool:
    """Return True for what speaks of the hour of the day."""
    parts = condition.parts if isinstance(condition, And | Or) else (condition,)
    return any(isinstance(part, Filter) and part.property == CLOCK for part in parts)


def random_unit(random: Random) -> Unit:
    """Return a unit, short ones more often."""
    return random.choice([Unit.DAY, Unit.WEEK, Unit.WEEK, Unit.MONTH, Unit.QUARTER])


def holds(query: Query, kind: type) -> bool:
    """Return True if a condition of this kind stands anywhere in the base."""

    def inside(part: object) -> bool:
        if isinstance(part, And | Or):
            return any(map(inside, part.parts))
        return isinstance(part, kind) or (isinstance(part, Filter) and isinstance(part.value, kind))

    return any(map(inside, (*query.event.where, query.condition)))
