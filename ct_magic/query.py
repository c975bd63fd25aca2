"""What a person can ask, as frozen values: the hub between text, dates and the API's JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any

Scalar = str | int | float
Value = Scalar | tuple[Scalar, ...]
Place = tuple[str, ...]


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


class Scope(Enum):
    """What a filter is about: its value is the word before the dot."""

    EVENT = ""
    SESSION = "session"
    PROFILE = "profile"
    TECH = "tech"
    APP = "app"
    DEMOGRAPHICS = "demographics"
    REACHABILITY = "reachability"


class Unit(Enum):
    """A stretch of the calendar."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Property:
    """A property by its name, in the scope it belongs to."""

    name: str
    scope: Scope = Scope.EVENT


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition. A tuple as value means any of them (none of them for NOT_EQUALS)."""

    property: Property
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class Ago:
    """A day counted back from today: 0 is today, 1 yesterday."""

    days: int


@dataclass(frozen=True, slots=True)
class Days:
    """From one day to another, both included."""

    start: date | Ago
    end: date | Ago


@dataclass(frozen=True, slots=True)
class Last:
    """`last N units`: whole days up to yesterday."""

    n: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class This:
    """Of `this week`, `this month`, `this year`: from its first day to today."""

    unit: Unit


@dataclass(frozen=True, slots=True)
class Previous:
    """`last week`, `last month`, `last year`: the whole one before."""

    unit: Unit


Period = Days | Last | This | Previous


@dataclass(frozen=True, slots=True)
class Event:
    """One event with its filters; without a period it takes the statement's.

    Filters stand in the order of their scopes, since the JSON keeps no other: what asks the same
    is equal.
    """

    name: str
    where: tuple[Filter, ...] = ()
    period: Period | None = None

    def __post_init__(self) -> None:
        """Sort the filters by scope; those of one scope keep their order."""
        order = list(Scope)
        where = sorted(self.where, key=lambda one: order.index(one.property.scope))
        object.__setattr__(self, "where", tuple(where))


@dataclass(frozen=True, slots=True)
class DidAny:
    """The events together happened so many times: `did any (a, b) >= 2`."""

    events: tuple[Event, ...]
    operator: Operator = Operator.GREATER_THAN_EQUALS
    times: int = 1


@dataclass(frozen=True, slots=True)
class ByTime:
    """Cut the period at midnight, at Mondays or at firsts of the month."""

    unit: Unit


@dataclass(frozen=True, slots=True)
class ByValue:
    """Ask once for each value of a property."""

    property: Property
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class ByPlace:
    """Ask once for each place."""

    places: tuple[Place, ...]


Axis = ByTime | ByValue | ByPlace


@dataclass(frozen=True, slots=True)
class Query:
    """A statement; without `by` and with its dates resolved, one single count.

    `places` are the paths of `geo`. Two queries are equal when they ask the same thing: `label`
    (what names the rows), `source` (the statement as typed, on one line) and `pieces` (the
    column and value of each axis that was unfolded into this count) are not compared.
    """

    event: Event
    places: tuple[Place, ...] = ()
    did: tuple[Event, ...] = ()
    did_not: tuple[Event, ...] = ()
    did_any: DidAny | None = None
    by: tuple[Axis, ...] = ()
    label: str | None = field(default=None, compare=False)
    source: str | None = field(default=None, compare=False)
    pieces: tuple[tuple[str, Scalar], ...] = field(default=(), compare=False)

    def payload(self) -> dict[str, Any]:
        """Give the API's JSON for this single count, as a new dict."""
        from .cql import payload

        return payload(self)

    def __str__(self) -> str:
        from .printer import text

        return text(self)


@dataclass(frozen=True, slots=True)
class JsonQuery:
    """The API's own JSON that the language cannot say, kept word for word in `body`."""

    body: str
    label: str | None = field(default=None, compare=False)
    source: str | None = field(default=None, compare=False)
    pieces: tuple[tuple[str, Scalar], ...] = field(default=(), compare=False)

    def payload(self) -> dict[str, Any]:
        """Give the JSON as it was pasted, as a new dict."""
        from .cql import payload

        return payload(self)

    def __str__(self) -> str:
        from .printer import text

        return text(self)
