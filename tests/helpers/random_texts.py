"""Random cells as people type them, each with what it means in plain Python.

Nothing of `ct_magic.query` is known here: a text and its meaning are made together, word by word,
so that lexer, grammar and builder are tried, too, and not what follows alone. Where the person is
None, a test asks only what is of the event: that is what moves day 0.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Any

import ct_magic

from .plain_counts import Happened
from .plain_days import last_of, moved, start_of

Test = Callable[[Happened, Any], bool]  # an event, and the person who did it
Spec = tuple[Any, ...]  # a period: its kind, then its parts
UNITS = ("day", "week", "week", "month", "month", "quarter", "year")
MOST = {"day": 10, "week": 5, "month": 4, "quarter": 3, "year": 2}
LONG = {"day": 20, "week": 60, "month": 200, "quarter": 400, "year": 800}
EVENTS = ("App Launched", "App Launched", "Product Viewed", "Added To Cart", "Charged")
EVENTS += ("App Installed", "Notification Sent", '"Ride by night"')
OF_EVENT = {
    "Category": ("Shoes", "Bags", "Groceries", "Books"),
    "Brand": ("Acme", "Orbit", "नमस्ते"),
    "Payment mode": ("UPI", "Cash", "Credit Card"),
    "Gift": ("True", "False"),
    "Product": ("Acme Bags", "Orbit Shoes"),
    "session.utm_source": ("google", "facebook", "referral"),
    "session.first_time": ("True", "False"),
    "session.day_of_week": ("Monday", "Friday", "Sunday"),
}
OF_PERSON = {
    "profile.Customer Type": ("Silver", "Gold", "Platinum"),
    "profile.Group": ("control", "treated"),
    "tech.OS": ("Android", "iOS"),
    "app.Make": ("Apple", "Samsung"),
    "demographics.Gender": ("Male", "Female"),
    "reachability.has_token": ("True", "False"),
}
PLACES = ("India", "India/Maharashtra", "Singapore", "India/Karnataka/Bengaluru", "India/Delhi")
OFTEN = {">=": int.__ge__, ">": int.__gt__, "=": int.__eq__, "<": int.__lt__, "<=": int.__le__}


@dataclass(frozen=True)
class Inner:
    """An event inside a `did`: with which condition, on which days."""

    event: str
    test: Test
    days: Spec | None


@dataclass(frozen=True)
class Clause:
    """`did`, `did not` or `did any` with how often, and with own days; or `where` with its test."""

    kind: str
    events: tuple[Inner, ...] = ()
    often: str = ">="
    times: int = 1
    windows: tuple[tuple[int, int], ...] = ()
    test: Test | None = None


@dataclass(frozen=True)
class Axis:
    """What `by` cuts or repeats: `name` is the frame's column; time has a unit."""

    name: str
    text: str
    values: tuple[Any, ...] = ()
    holds: Callable[[Happened, Any, Any], bool] = lambda *_: True
    unit: str | None = None
    is_first: bool = False
    rolling: tuple[int, str] | None = None


@dataclass(frozen=True)
class Meant:
    """A statement: its text, the named parts in it, and what it means."""

    text: str
    params: dict[str, Any]
    event: str
    test: Test
    days: Spec
    did: tuple[Clause, ...]
    steps: tuple[Clause, ...]
    other: Spec | None
    axes: tuple[Axis, ...]


def values_of(name: str, event: Happened, person: Any) -> list[Any]:
    """Return the values of a property: of the event and its items, the session or the person."""
    scope, _, rest = name.rpartition(".")
    if scope == "session":
        return [event.session.get(rest)]
    if scope:
        return [person[scope].get(rest)]
    items = event.properties.get("Items") if event.name == "Charged" else None
    return [place.get(rest) for place in (event.properties, *(items or ()))]


def is_at(person: Any, place: str) -> bool:
    """Return True for a person in this country, state or city."""
    path = place.split("/")
    return [person["country"], person["state"], person["city"]][: len(path)] == path


def minute(event: Happened) -> int:
    """Return the minute in which the session began; -1 where there was none."""
    hours, _, minutes = event.session.get("time_of_day", "-1:59").partition(":")
    return int(hours) * 60 + int(minutes)


class Texts:
    """Makes statements over the sandbox's names."""

    def __init__(self, random: Random, today: date) -> None:
        self.random, self.today = random, today
        self.params: dict[str, Any] = {}

    def statement(self, is_new: bool = False) -> Meant:
        """Return any statement; some of them the language refuses.

        Where it `is_new`, of own days, `share where`, `vs` beside `share`, or with named parts.
        """
        self.params = {}
        kinds = ("plain", "share", "after", "first", "rolling", "vs", "vs", "or", "or")
        new_kinds = ("own", "own", "own", "where", "where", "vs", "share", "first")
        kind = self.choose(*(new_kinds if is_new else kinds))
        needs_time = kind in ("first", "rolling")
        time = self.time(kind) if needs_time or self.chance(0.4 if kind == "own" else 0.6) else None
        unit = time.unit if time else None
        words, days = self.few_days() if kind == "own" else self.period(unit)
        event, (filter_text, test) = self.choose(*EVENTS), self.where(kind)
        base = f"{event} {filter_text}".rstrip()
        if is_new and self.chance(0.4):
            base = self.named(base, filter_text)
        axes = self.axes(time, filter_text, hours=kind != "own")
        versus = self.versus() if kind == "vs" or self.chance(0.1) else None
        can_move = kind not in ("rolling", "own")
        did = [self.clause(unit, can_move, not versus) for _ in range(self.choose(0, 0, 0, 1, 2))]
        steps = []
        if kind in ("share", "after", "own") or self.chance(0.5 if is_new else 0.2):
            n = self.choose(0, 0, 1) if kind == "own" else self.choose(0, 1, 2)
            if kind == "own":
                steps = [self.own_step(is_last=at == n) for at in range(n + 1)]
            else:
                steps = [self.clause(unit, can_move, not versus) for _ in range(n)]
                steps.append(self.last_step(kind, unit, can_move, not versus))
        if kind == "where":
            text, shared = self.where("or" if self.chance(0.3) else "where", always=True)
            steps.insert(self.random.randint(0, len(steps)), (text, Clause("where", test=shared)))
        lines = [f"{base} {words}".rstrip(), *(text for text, _ in did)]
        lines += [f"share {text}" for text, _ in steps]
        if versus and self.chance(0.5):
            lines[0] += f" vs {versus[0]}"
        elif versus:
            lines.append(f"vs {versus[0]}")
        lines += ["by " + ", ".join(axis.text for axis in axes)] if axes else []
        return Meant(
            text=self.choose("\n  ", " ").join(lines),
            params=self.params,
            event=event.strip('"'),
            test=test,
            days=days,
            did=tuple(clause for _, clause in did),
            steps=tuple(clause for _, clause in steps),
            other=versus[1] if versus else None,
            axes=axes,
        )

    def choose(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def number(self, n: int, unit: str) -> str:
        return f"{n} {unit}{'s' if n != 1 or self.chance(0.2) else ''}"

    def named(self, event: str, filter_text: str) -> str:
        """Return an event with its filters by a name, or the event with a name for its filters."""
        name = f"part{len(self.params)}"
        if filter_text and self.chance(0.6):
            condition = filter_text.removeprefix("where ")
            self.params[name] = ct_magic.condition(condition)
            return event.replace(condition, f"${name}")
        self.params[name] = ct_magic.event(event)
        return f"${name}"

    # Periods

    def few_days(self) -> tuple[str, Spec]:
        near = self.random.randint(0, 20)
        far = near + self.random.randint(0, 12)
        start, end = (moved(self.today, -n, "day") for n in (far, near))
        return self.choose(
            ("last week", ("whole", "week")),
            ("last 2 weeks", ("last", 2, "week")),
            ("this week", ("this", "week")),
            ("this month", ("this", "month")),
            (f"{start}..{end}", ("days", start, end)),
            (f"today-{far}..today-{near}", ("ago", far, near)),
        )

    def period(self, unit: str | None = None) -> tuple[str, Spec]:
        unit = unit or self.choose(*UNITS)
        longer = self.choose("week", "month", "quarter", "year") if unit != "day" else "week"
        match self.random.randrange(10):
            case 9:
                first = moved(
                    start_of(self.today, "quarter"), -self.random.randint(0, 4), "quarter"
                )
                quarter = f"{first.year}-Q{(first.month + 2) // 3}"
                return quarter, ("quarter", first, last_of(first, "quarter"))
            case 0:
                return "", ("last", 30, "day")
            case 1 | 2 | 3:
                n = self.random.randint(1, MOST[unit])
                return f"last {self.number(n, unit)}", ("last", n, unit)
            case 4:
                return f"this {longer}", ("this", longer)
            case 5:
                return f"last {longer}", ("whole", longer)
            case 6:
                first = moved(start_of(self.today, "month"), -self.random.randint(0, 14), "month")
                return f"{first:%Y-%m}", ("days", first, last_of(first, "month"))
            case 7:
                near = self.random.randint(0, 2)
                far = near + self.random.randint(0, LONG[unit])
                return f"today-{far}..today-{near}", ("ago", far, near)
        return self.written(unit)

    def written(self, unit: str) -> tuple[str, Spec]:
        first = self.today - timedelta(self.random.randint(3, LONG[unit]))
        last = first + timedelta(self.random.randint(0, LONG[unit]))
        if self.chance(0.4):
            first, last = start_of(first, unit), last_of(last, unit)
        spelled = (f"{first}..{last}", f"{first:%Y%m%d}..{last:%Y%m%d}", f"from {first} to {last}")
        return (f"on {first}" if first == last else self.choose(*spelled)), ("days", first, last)

    def versus(self) -> tuple[str, Spec]:
        unit = self.choose(*UNITS)
        n = self.random.randint(1, 5 if unit != "year" else 1)
        moves = (f"before {self.number(n, unit)}", ("moved", -n, unit))
        return self.choose(("previous", ("previous",)), moves, self.period(unit)) or moves

    # Filters

    def where(self, kind: str, always: bool = False) -> tuple[str, Test]:
        if kind == "or" or self.chance(0.25):
            text, test, _ = self.condition(self.choose(OF_EVENT, OF_PERSON, None, None))
        elif always or self.chance(0.4):
            text, test = self.filter(self.choose(OF_EVENT, OF_PERSON))
        else:
            return "", lambda event, person: True
        return f"where {text}", test

    def condition(self, names: Any, depth: int = 0) -> tuple[str, Test, str]:
        if depth > 2 or self.chance(0.5):
            return *self.filter(names or self.choose(OF_EVENT, OF_PERSON)), "filter"
        parts = [self.condition(names, depth + 1) for _ in range(self.choose(2, 2, 3))]
        tests = [test for _, test, _ in parts]
        if self.chance(0.55):
            texts = [text if kind == "filter" else f"({text})" for text, _, kind in parts]
            return " or ".join(texts), lambda e, p: any(test(e, p) for test in tests), "or"
        texts = [f"({text})" if kind == "or" else text for text, _, kind in parts]
        return " and ".join(texts), lambda e, p: all(test(e, p) for test in tests), "and"

    def filter(self, names: dict[str, tuple[str, ...]]) -> tuple[str, Test]:
        if self.chance(0.25):
            return self.amount() if names is OF_EVENT else self.place()
        if names is OF_EVENT and self.chance(0.15):
            start = self.random.randint(0, 1400)
            end = self.random.randint(start, 1439)
            clock = f"{start // 60:02}:{start % 60:02}..{end // 60:02}:{end % 60:02}"
            inside = f"session.time_of_day in {clock}"
            return inside, lambda e, p: start <= minute(e) <= end
        name = self.choose(*names)
        text, test = self.compared(name, names[name])
        return text, test if names is OF_EVENT else lambda e, p: p is None or test(e, p)

    def compared(self, name: str, values: tuple[str, ...]) -> tuple[str, Test]:
        value = self.choose(*values)
        sample = tuple(self.random.sample(values, min(2, len(values))))
        listed = ", ".join(map(self.quoted, sample))
        text, holds = self.choose(
            (f"= {self.quoted(value)}", lambda x: x == value),
            (f"!= {self.quoted(value)}", lambda x: x not in (None, value)),
            (f"in ({listed})", lambda x: x in sample),
            (f"not in ({listed})", lambda x: x is not None and x not in sample),
            (f'~ "{value[:3]}"', lambda x: x is not None and value[:3] in x),
            (f'!~ "{value[1:3]}"', lambda x: x is not None and value[1:3] not in x),
            ("exists", lambda x: x is not None),
        )
        if self.chance(0.1):
            return (
                f"{name} not exists",
                lambda e, p: values_of(name, e, p).count(None) == len(values_of(name, e, p)),
            )
        return f"{name} {text}", lambda e, p: any(map(holds, values_of(name, e, p)))

    def quoted(self, value: str) -> str:
        plain = value.lower() if value in ("True", "False") else f"'{value}'"
        return str(self.choose(f'"{value}"', plain))

    def amount(self) -> tuple[str, Test]:
        name, low = self.choose("Amount", "Price", "Quantity"), self.choose(1, 2, 20, 150.5, 300)
        high = low + self.choose(0, 1, 100)
        text, holds = self.choose(
            (f"> {low}", lambda x: x > low),
            (f">= {low}", lambda x: x >= low),
            (f"< {low}", lambda x: x < low),
            (f"<= {low}", lambda x: x <= low),
            (f"in {low}..{high}", None),
        )
        tests = [holds] if holds else [lambda x: x >= low, lambda x: x <= high]

        def test(event: Happened, person: Any) -> bool:
            numbers = [x for x in values_of(name, event, person) if isinstance(x, int | float)]
            return all(any(map(check, numbers)) for check in tests)  # each on some item

        return f"{name} {text}", test

    def place(self) -> tuple[str, Test]:
        places = self.random.sample(PLACES, self.choose(1, 2))
        text = f"geo in ({', '.join(map(json.dumps, places))})"
        return text, lambda e, p: p is None or any(is_at(p, place) for place in places)

    # Clauses

    def clause(
        self, unit: str | None, can_move: bool, can_count: bool = True, window: str = ""
    ) -> tuple[str, Clause]:
        """Return any clause; `can_count` lets its period count from today."""
        inners = [self.inner(unit, can_move, can_count) for _ in range(self.choose(1, 2, 3))]
        (text, inner), n = inners[0], self.random.randint(1, 3)
        text, behind = f"{text} {window}".rstrip(), f" {window}".rstrip()
        match self.random.randrange(5):
            case 0:
                often = self.choose(*OFTEN)
                texts = ", ".join(text for text, _ in inners)
                events = tuple(event for _, event in inners)
                return f"did any ({texts}){behind} {often} {n}", Clause("any", events, often, n)
            case 1:
                return f"did not {text}", Clause("not", (inner,))
            case 2:
                often = self.choose(">=", ">", "=")
                return f"did {text} {often} {n}", Clause("did", (inner,), often, n)
        return f"did {text}", Clause("did", (inner,))

    def own_step(self, is_last: bool) -> tuple[str, Clause]:
        """Return a step of own days; the last one may have a list of windows."""
        firsts = [self.choose(0, 0, 1, 2, 5) for _ in range(self.choose(1, 2, 3) if is_last else 1)]
        days = [(first, first + self.choose(0, 2, 6, 13)) for first in firsts]
        windows = tuple(dict.fromkeys(days))
        if all(first == last for first, last in windows):
            window = (
                f"on {self.choose('day', 'days')} {', '.join(str(last) for _, last in windows)}"
            )
        elif not any(firsts):
            window = f"within {', '.join(str(last + 1) for _, last in windows)} days"
        else:
            window = f"on days {', '.join(f'{first}..{last}' for first, last in windows)}"
        if windows[0] in ((0, 6), (0, 13)) and len(windows) == 1 and self.chance(0.5):
            window = f"within {(windows[0][1] + 1) // 7} weeks".replace("1 weeks", "1 week")
        text, clause = self.clause(None, False, False, window)
        return text, replace(clause, windows=windows)

    def last_step(
        self, kind: str, unit: str | None, can_move: bool, can_count: bool
    ) -> tuple[str, Clause]:
        if kind != "after" or self.chance(0.3):
            return self.clause(unit, can_move, can_count)
        first = self.random.randint(0, 2)
        last, unit = first + self.random.randint(0, 3), unit or self.choose(*UNITS)
        text, inner = self.inner(unit, False, False)
        axis = Inner(inner.event, inner.test, ("after", first, last, unit))
        return f"did {text} after {first}..{last} {unit}s", Clause("did", (axis,))

    def inner(self, unit: str | None, can_move: bool, can_count: bool) -> tuple[str, Inner]:
        event = self.choose(*EVENTS)
        filter_text, test = "", lambda event, person: True
        if self.chance(0.4):
            text, test = self.filter(OF_EVENT)
            filter_text = f" where {text}"
        said = f"{event}{filter_text}"
        if self.chance(0.15):
            said = self.named(said, filter_text.strip())
        words, days = "", None
        if can_move and self.chance(0.25):
            n, unit = self.random.randint(-3, 3), unit or self.choose(*UNITS)
            side = "after" if n >= 0 else "before"
            words, days = f" {side} {self.number(abs(n), unit)}", ("moved", n, unit)
        elif can_count and self.chance(0.25):
            words, days = self.period(self.choose("day", "week"))
            words, days = (f" {words}", days) if words else ("", None)
        return f"{said}{words}", Inner(event.strip('"'), test, days)

    # Axes

    def time(self, kind: str) -> Axis:
        unit = self.choose(*UNITS)
        if kind == "own":
            unit = self.choose("day", "week", "month")
        if kind != "rolling":
            is_first = kind in ("first", "own")
            return Axis("", f"{'first ' * is_first}{unit}", unit=unit, is_first=is_first)
        n, length = self.random.randint(1, 4), self.choose(*UNITS)
        text = f"{unit} rolling {self.number(n, length)}"
        return Axis("", text, unit=unit, rolling=(n, length))

    def axes(self, time: Axis | None, filter_text: str, hours: bool) -> tuple[Axis, ...]:
        axes = [time] if time else []
        if self.chance(0.25):
            name, values = self.choose(*OF_EVENT.items(), *OF_PERSON.items())
            text = f"{name} in ({', '.join(map(self.quoted, values[:2]))})"
            axes.append(Axis(name, text, values[:2], self.has_value(name)))
        if self.chance(0.08) and "geo" not in filter_text:
            text = f"geo in ({', '.join(map(json.dumps, PLACES[1:3]))})"
            axes.append(Axis("geo", text, PLACES[1:3], lambda e, p, v: p is None or is_at(p, v)))
        if hours and self.chance(0.05) and "time_of_day" not in filter_text:
            axes.append(
                Axis("hour", "hour", tuple(range(24)), lambda e, p, v: minute(e) // 60 == v)
            )
        self.random.shuffle(axes)
        return tuple(axes)

    def has_value(self, name: str) -> Callable[[Happened, Any, Any], bool]:
        is_of_person = name in OF_PERSON
        return lambda e, p, v: (is_of_person and p is None) or v in values_of(name, e, p)
