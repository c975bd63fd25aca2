"""What a person can ask, as frozen values: the hub between text, dates and the API's JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from datetime import date
from enum import Enum
from typing import Any, ClassVar, Self, TypeVar

from ct_magic.errors import QueryError
from ct_magic.rows import Record, Scalar as Scalar, replace


class ClockRange(Record):
    """A stretch of the day, `13:00..17:00`: minutes from midnight, both included."""

    start: int
    end: int


Value = Scalar | tuple[Scalar, ...] | ClockRange
Place = tuple[str, ...]
# Of a condition: the property, the operator and the values, each with its type.
Identity = tuple[object, "Operator | None", frozenset[object]]


class Operator(Enum):
    """A filter's operator: its value is the API's name, `symbol` is what people type."""

    symbol: str

    EQUALS = "equals", "="
    NOT_EQUALS = "not_equals", "!="
    CONTAINS = "contains", "~"
    DOES_NOT_CONTAIN = "does_not_contain", "!~"
    GREATER_THAN = "greater_than", ">"
    GREATER_THAN_EQUALS = "greater_than_equals", ">="
    LESS_THAN = "less_than", "<"
    LESS_THAN_EQUALS = "less_than_equals", "<="
    EXISTS = "exists", "exists"
    DOES_NOT_EXIST = "does_not_exist", "not exists"

    def __new__(cls, name: str, symbol: str) -> Operator:
        """Make the API's name the value, and keep the symbol beside it."""
        member = object.__new__(cls)
        member._value_ = name
        member.symbol = symbol
        return member


ORDERING = frozenset(operator for operator in Operator if operator.symbol[0] in "<>")
LISTING = frozenset({Operator.EQUALS, Operator.NOT_EQUALS})
SEARCHING = frozenset({Operator.CONTAINS, Operator.DOES_NOT_CONTAIN})


class Scope(Enum):
    """What a filter is about: its value is the word before the dot."""

    EVENT = ""
    SESSION = "session"
    PROFILE = "profile"
    TECH = "tech"
    APP = "app"
    DEMOGRAPHICS = "demographics"
    REACHABILITY = "reachability"


OF_AN_EVENT = (Scope.EVENT, Scope.SESSION)  # all that the API knows of an event inside `did`
_SCOPES = {scope: rank for rank, scope in enumerate(Scope)}


class Unit(Enum):
    """A stretch of the calendar."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Property(Record):
    """A property by its name, in the scope it belongs to."""

    name: str
    scope: Scope = Scope.EVENT

    @property
    def column(self) -> str:
        """What a DataFrame's column of its values is called: `Category`, `profile.Plan`."""
        if self.scope.value:
            return f"{self.scope.value}.{self.name}"
        # The axes `by hour` and `by geo` have these columns.
        return f"{self.name} (property)" if self.name in ("hour", "geo") else self.name


class Filter(Record):
    """One condition. A tuple as value means any of them (none of them for NOT_EQUALS)."""

    property: Property
    operator: Operator
    value: Value

    __hash__ = Record.__hash__

    def __eq__(self, other: object) -> bool:
        # To Python 1, 1.0 and True are equal; to the service they may not be.
        if not isinstance(other, Filter):
            return NotImplemented
        return (self.property, self.operator, repr(self.value)) == (
            (other.property, other.operator, repr(other.value))
        )


class Ago(Record):
    """A day counted back from today: 0 is today, 1 yesterday."""

    days: int


class Days(Record):
    """From one day to another, both included."""

    start: date | Ago
    end: date | Ago
    # Unit.QUARTER for `2026-Q3`, whose `vs previous` is the whole quarter before. (The dates of one
    # month are that month, however they were written.)
    named: Unit | None = None


class Last(Record):
    """`last N units`: whole days up to yesterday."""

    n: int
    unit: Unit


class This(Record):
    """Of `this week`, `this month`, `this year`: from its first day to today."""

    unit: Unit


class Previous(Record):
    """`last week`, `last month`, `last year`: the whole one before."""

    unit: Unit


Period = Days | Last | This | Previous


class Shift(Record):
    """`after 2 weeks` (n = 2), `before 1 month` (n = -1): a period moved by so much."""

    n: int
    unit: Unit


class ShiftAxis(Record):
    """`after 0..11 weeks`: asked once for each number, both ends included."""

    first: int
    last: int
    unit: Unit


class OwnDays(Record):
    """`within 7 days`, `on day 1, 7`: windows in days after a profile's own day 0."""

    windows: tuple[tuple[int, int], ...]  # both ends included, in the order typed: a row for each


# What an event may have: a moved one only inside `did`, own days only behind `share`.
AnyPeriod = Period | Shift | ShiftAxis | OwnDays


class Often(Record):
    """How many times an event happened: `>= 3`; one of EQUALS, GREATER_THAN(_EQUALS)."""

    operator: Operator
    times: int


class Event(Record):
    """One event with its filters.

    These are in the order of their scopes, because the API's JSON has a list for each scope. One
    that is there twice is sent once.
    """

    name: str
    where: tuple[Filter, ...] = ()
    period: AnyPeriod | None = None  # None: the statement's
    often: Often | None = None  # only inside `did`

    def __post_init__(self) -> None:
        where = self.where
        if len({(f.property, f.operator) for f in where}) < len(where):  # a list may be long
            where = once(where)
        object.__setattr__(self, "where", tuple(sorted(where, key=_rank)))

    def during(self, period: AnyPeriod | None) -> Event:
        """Return the same event with this period."""
        return replace(self, period=period)


Change = Callable[[Event], Event]


class _OfOneEvent(Record):
    event: Event
    share: bool = False

    @property
    def events(self) -> tuple[Event, ...]:
        """Return the clause's events."""
        return (self.event,)

    @property
    def window(self) -> OwnDays | None:
        """Return the own days that the clause is asked on."""
        return self.event.period if isinstance(self.event.period, OwnDays) else None

    def mapped(self, change: Change) -> Self:
        """Return the same clause with each event changed."""
        return replace(self, event=change(self.event))

    def during(self, window: OwnDays | None) -> Self:
        """Return the same clause on these own days."""
        return replace(self, event=self.event.during(window))


class Did(_OfOneEvent):
    """`did E`: the profile did it; with `share`, a step."""


class DidNot(_OfOneEvent):
    """`did not E`: the profile did not."""


class DidAny(Record):
    """The events together happened so many times: `did any (a, b) >= 2`."""

    events: tuple[Event, ...]
    operator: Operator = Operator.GREATER_THAN_EQUALS
    times: int = 1
    window: OwnDays | None = None  # the own days of them all
    share: bool = False

    def mapped(self, change: Change) -> Self:
        """Return the same clause with each event changed."""
        return replace(self, events=tuple(map(change, self.events)))

    def during(self, window: OwnDays | None) -> Self:
        """Return the same clause on these own days."""
        return replace(self, window=window)


class ShareWhere(Record):
    """`share where …`: the profiles that did the base's event with these filters, too."""

    condition: Condition

    share: ClassVar[bool] = True
    events: ClassVar[tuple[Event, ...]] = ()
    window: ClassVar[None] = None

    def mapped(self, change: Change) -> Self:
        """Return the same clause: there is no event in it."""
        return self

    def during(self, window: OwnDays | None) -> Self:
        """Return the same clause: it has no days of its own."""
        return self


Clause = Did | DidNot | DidAny | ShareWhere
_CLAUSE_ORDER: dict[type, int] = {Did: 0, DidNot: 1, DidAny: 2}


class And(Record):
    """Conditions that must all hold, at least two; an `Or` among them is a bracket.

    They are in the order of their scopes, a bracket where its first filter would be.
    """

    parts: tuple[Condition, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(sorted(_leaf_conditions(self), key=_rank)))


class Or(Record):
    """Conditions of which one must hold, at least two."""

    parts: tuple[Condition, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(_leaf_conditions(self)))


class AtPlace(Record):
    """`geo = "India"`, `geo in (…)`: a condition inside an `or`."""

    places: tuple[Place, ...]


Condition = Filter | AtPlace | And | Or
_Single = TypeVar("_Single", bound=Filter | AtPlace)


def identity(condition: Filter | AtPlace) -> Identity:
    """Return what is equal for two conditions that ask the same, whatever the order of values."""
    held = frozenset(map(repr, values_in(condition)))
    if isinstance(condition, AtPlace):
        return AtPlace, None, held
    return condition.property, condition.operator, held


def singles(condition: Condition | None) -> Iterator[Filter | AtPlace]:
    """Yield the filters and places that a condition joins, in their order."""
    if isinstance(condition, And | Or):
        for part in condition.parts:
            yield from singles(part)
    elif condition is not None:
        yield condition


def values_in(condition: Filter | AtPlace) -> tuple[Any, ...]:
    """Return the values or places that a condition compares with."""
    value = condition.places if isinstance(condition, AtPlace) else condition.value
    return value if isinstance(value, tuple) else (value,)


def once(conditions: Iterable[_Single]) -> tuple[_Single, ...]:
    """Return the conditions, each once, where it was first."""
    seen: dict[Identity, _Single] = {}
    for condition in conditions:
        seen.setdefault(identity(condition), condition)
    return tuple(seen.values())


def _leaf_conditions(whole: And | Or) -> Iterator[Condition]:
    """Yield the parts; those of a part of the same kind in its place."""
    for part in whole.parts:
        yield from part.parts if isinstance(part, type(whole)) else (part,)


def _rank(condition: Condition) -> int:
    """Return the rank of a condition among others: by its scope, places last."""
    while isinstance(condition, And | Or):
        condition = condition.parts[0]
    return _SCOPES[condition.property.scope] if isinstance(condition, Filter) else len(_SCOPES)


# Whether a filter's operator and property can take its value; the rules and their words.
#
# What `fits` refuses is an error in the language, and JSON that holds it is kept word for word.

TIME_OF_DAY = Property("time_of_day", Scope.SESSION)
CLOCK = "a range of the clock is written session.time_of_day in 13:00..17:00"
ONLY_CLOCK = "'time_of_day' takes a range of the clock alone, session.time_of_day in 13:00..17:00"
OVERNIGHT = "over midnight write two statements, or join two ranges by 'or'"
PLACE = '"country", "country/state" or "country/state/city"'
THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?")
# A text between quotes is on one line, and a name has no such character.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def fits(condition: Filter) -> bool:
    """Return True if the operator and the property accept the value."""
    operator, value = condition.operator, condition.value
    if isinstance(value, ClockRange) or condition.property == TIME_OF_DAY:
        whole = isinstance(value, ClockRange) and value.start <= value.end
        return whole and condition.property == TIME_OF_DAY and operator is Operator.EQUALS
    return _takes(operator, value)


def misfit(operator: Operator, value: Scalar, shown: str, name: str | None = None) -> str | None:
    """Return what is wrong with a value, `shown` as typed, behind an operator, else None."""
    name = name or f"'{operator.symbol}'"
    if _takes(operator, value):
        return None
    if operator in ORDERING:
        digits = str(value).replace(",", "")
        write = f": write {digits}" if THOUSANDS.fullmatch(str(value)) else ""
        return f"{name} compares numbers, and {shown} is text{write}"
    return f"{name} looks into text, and {shown} is a number: quote it"


def check_name(name: str, holder: str = "") -> str:
    """Return a name back; raise QueryError where it holds a character that no name can have."""
    if odd := CONTROL.search(name):
        code = f"U+{ord(odd[0]):04X}"
        raise QueryError(f"{holder}no name holds a control character, and here is {code}")
    return name


def minutes(text: str) -> int | None:
    """Return the minutes from midnight of `HH:MM`, 00:00 to 23:59; None for anything else."""
    match = _CLOCK.fullmatch(text)
    return int(match[1]) * 60 + int(match[2]) if match else None


def clock_text(minute: int) -> str:
    """Return the time of day as `HH:MM`."""
    return f"{minute // 60:02}:{minute % 60:02}"


def place_parts(value: Scalar) -> Place | None:
    """Return the parts of "India/Goa"; None for what is no place."""
    parts = tuple(value.split("/")) if isinstance(value, str) else ()
    return parts if 1 <= len(parts) <= 3 and all(parts) else None


def _takes(operator: Operator, value: Scalar | tuple[Scalar, ...]) -> bool:
    if isinstance(value, tuple):
        return operator in LISTING and bool(value)
    if operator in ORDERING:
        return not isinstance(value, str)
    if operator in SEARCHING:
        return isinstance(value, str)
    return operator in LISTING or value == ""


class Preceding(Record):
    """`vs previous`: the period before, by the words of the period."""


class ByTime(Record):
    """Cut the period at midnight, at Mondays or at firsts of month, quarter or year."""

    unit: Unit
    first: bool = False  # each profile only in the piece where it did the event first
    rolling: Shift | None = None  # for each piece the window of this length that ends with it


class ByHour(Record):
    """Ask once for each hour of the clock."""


class ByValue(Record):
    """Ask once for each value of a property."""

    property: Property
    values: tuple[Scalar, ...]

    __hash__ = Record.__hash__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByValue) and repr(self) == repr(other)  # as of filters


class ByPlace(Record):
    """Ask once for each place."""

    places: tuple[Place, ...]


Axis = ByTime | ByHour | ByValue | ByPlace


class Query(Record):
    """A statement, or a single count: without steps, condition, versus and by, its dates resolved.

    Two queries are equal when they ask the same thing, whatever their label and source.
    """

    event: Event
    places: tuple[Place, ...] = ()  # the paths of `geo`; like the event's filters, () beside `or`
    clauses: tuple[Clause, ...] = ()  # `did`, `did not` and `did any` of the base, then the `steps`
    condition: And | Or | None = None  # the whole `where` where it has an `or`
    versus: Period | Shift | Preceding | None = None
    by: tuple[Axis, ...] = ()
    label: str | None = field(default=None, compare=False)  # what names the rows
    # The statement as typed, on one line, its variables filled in.
    source: str | None = field(default=None, compare=False)
    # The column and value of each value axis that was unfolded into this count.
    pieces: tuple[tuple[str, Scalar], ...] = field(default=(), compare=False)
    # The JSON it was read from, where ours differs.
    pasted: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        clauses = sorted(self.clauses, key=lambda c: 3 if c.share else _CLAUSE_ORDER[type(c)])
        if self.versus is None and self.time_axis is None:
            # A period that is the statement's says nothing: without one a `did` takes it anyway.
            # Where `by` cuts it, or `vs` puts another in its place, it means those very days.
            own = self.event.period
            clauses = [
                c.mapped(lambda e: e.during(None) if e.period == own else e) for c in clauses
            ]
        object.__setattr__(self, "clauses", tuple(clauses))

    @property
    def where(self) -> Condition | None:
        """Return the whole `where` of the base as one condition."""
        if self.condition is not None:
            return self.condition
        parts = (*self.event.where, *((AtPlace(self.places),) if self.places else ()))
        return And(parts) if len(parts) > 1 else next(iter(parts), None)

    @property
    def time_axis(self) -> ByTime | None:
        """Return the part of `by` that cuts time, if any."""
        return next((axis for axis in self.by if isinstance(axis, ByTime)), None)

    @property
    def base(self) -> tuple[Clause, ...]:
        """Return the clauses that belong to the base."""
        return tuple(clause for clause in self.clauses if not clause.share)

    @property
    def steps(self) -> tuple[Clause, ...]:
        """Return the clauses behind `share`."""
        return tuple(clause for clause in self.clauses if clause.share)

    @property
    def inner_events(self) -> tuple[Event, ...]:
        """Return the events inside the clauses."""
        return tuple(event for clause in self.clauses for event in clause.events)

    @property
    def is_single(self) -> bool:
        """Return True if it is one count, whichever days it has."""
        return not (self.by or self.steps or self.condition or self.versus)


class JsonQuery(Record):
    """The API's own JSON that the language cannot say, kept word for word in `body`."""

    body: str
    label: str | None = field(default=None, compare=False)
    source: str | None = field(default=None, compare=False)
    pieces: tuple[tuple[str, Scalar], ...] = field(default=(), compare=False)
