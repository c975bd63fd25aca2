"""The typed tree of a statement -> a query, or the first thing in it that means nothing.

What may be asked: README, "Filters", "What else the profile did", "Shares", "Many counts".
"""

from __future__ import annotations

import re
import reprlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, tzinfo
from itertools import pairwise, repeat
from typing import Any, NoReturn, TypeVar

from ct_magic.common.words import last_of_month, suggest
from ct_magic.errors import QueryError
from ct_magic.query import alternatives, calendar, model, parameters, printer, tree
from ct_magic.query.catalog import Names
from ct_magic.query.doubts import is_misspelt, misplaced, of_event_name
from ct_magic.query.lexer import API_NAMES, Source, Token, tried_word, unquoted
from ct_magic.query.parts import NamedCondition, NamedEvent
from ct_magic.query.payload import OFTEN, from_json
from ct_magic.rows import Record, replace

# How leaves of the tree are read: texts, numbers, lists, variables; and the place of an error.

_ZEROS = re.compile(r"^(-?)0+(?=\d)")


class Reader(Record):
    """Reads the leaves of one source: texts, numbers, variables."""

    source: Source
    params: Mapping[str, object]
    today: date  # by which periods are checked
    zone: tzinfo | None = None  # in which an instant of a variable has its day
    names: Names = Names()  # of the account

    def fail(
        self, message: str, first: Token | tree.Node, last: Token | tree.Node | None = None
    ) -> NoReturn:
        """Raise the error that underlines from one part of the statement to another."""
        last = last or first
        start = first if isinstance(first, Token) else first.first
        end = last if isinstance(last, Token) else last.last
        held = self.params.get(start.text[1:]) if start.type == "PARAM" else None
        if isinstance(held, NamedCondition | NamedEvent) and start.text not in message:
            message = f"{start.text} is {held}: {message}"
        raise self.source.error(message, start.start, end.end) from None

    @contextmanager
    def at(self, place: Token | tree.Node) -> Iterator[None]:
        """Give an error of the block that has no place this one."""
        try:
            yield
        except QueryError as error:
            if error.source:
                raise
            self.fail(error.message, place)

    def unquoted(self, token: Token) -> str:
        """Return a text without its quotes, and without the backslash before what it escapes."""
        for escape in re.finditer(r"\\(.)", token.text[1:-1]):
            if escape[1] not in "\"'\\":
                start = token.start + 1 + escape.start()
                message = "a backslash comes before a quote or a backslash: write two for one"
                raise self.source.error(message, start, start + 2)
        with self.at(token):
            return parameters.check_text(unquoted(token.text))

    def name(self, name: tree.Name) -> str:
        """Return a name that is not empty."""
        text = name.text if name.is_bare else self.unquoted(name.first)
        if not text:
            self.fail("a name cannot be empty", name)
        return text

    def whole_number(self, token: Token, least: int, most: int = 10**9) -> int:
        """Return a number that counts something."""
        with self.at(token):
            number = parameters.number_value(_ZEROS.sub(r"\1", token.text))
        if not isinstance(number, int) or not least <= number <= most:
            expected = f"expected a whole number from {least} to {most}"
            self.fail(f"{expected}, found {token.text}", token)
        self._check_zeros(token)
        return number

    def _check_zeros(self, token: Token) -> None:
        """Raise QueryError for `030`, where it cannot be meant as a text."""
        if (plain := _ZEROS.sub(r"\1", token.text)) != token.text:
            self.fail(f"a number does not begin with 0: write {plain}", token)

    def value(self, token: Token, *, is_number: bool = False) -> model.Scalar:
        """Return a text, number, boolean or variable."""
        if token.type == "STRING":
            return self.unquoted(token)
        if token.type in ("TRUE", "FALSE"):
            return token.text.capitalize()
        with self.at(token):
            if token.type == "PARAM":
                return parameters.scalar(token.text[1:], self.params)
            if is_number:
                self._check_zeros(token)
            return parameters.number_value(token.text)

    def values(self, values: tree.ValuesNode) -> tuple[model.Scalar, ...]:
        """Return the values of `("a", "b")`, or of a variable that holds a list."""
        if values.variable is None:
            held = tuple(map(self.value, values.items))
            self.check_separators(list(pairwise(values.items)))
            return held
        with self.at(values):
            return parameters.scalars(values.variable.text[1:], self.params)

    def check_separators(self, pairs: Sequence[tuple[Token, Token]]) -> None:
        """Raise QueryError for `(1,250)`, `(1.250,5)`, `(9,99, 19,99)`: a comma may be inside."""
        glued = [(a, b, f"{a.text},{b.text}") for a, b in pairs if b.start == a.end + 1]
        glued = [pair for pair in glued if not re.search("[^-0-9.,]", pair[2])]
        is_one = re.compile(r"-?\d{1,3}(,\d{3}(\.\d+)?|\.\d{3},\d+)").fullmatch
        odd = glued if 1 < len(glued) < len(pairs) else [p for p in glued if is_one(p[2])]
        # Several numbers of three digits each, like `(100,200,300)`, are a list.
        is_list = len(odd) == len(pairs) > 1 and len(pairs[0][0].text) == 3
        if odd and not is_list:
            first, last, one = odd[0]
            cure = "leave the separators out, or put a space behind every comma of the list"
            self.fail(f"{one} is two numbers here: {cure}", first, last)

    def fitting(
        self, token: Token, operator: model.Operator, name: str | None = None
    ) -> model.Scalar:
        """Return a value that the operator can take; `name` is it where it has no symbol."""
        value = self.value(token, is_number=operator in model.ORDERING)
        shown = f"{token.text} ({value!r})" if token.type == "PARAM" else token.text
        if message := model.misfit(operator, value, shown, name):
            self.fail(message, token)
        return value


# How the builder reads a `where`. Rule: README.md here, "Filters" and "Or".

OPERATOR_OF = {API_NAMES[o.value]: o for o in model.Operator}
_SCOPES = [scope.value for scope in model.Scope if scope.value]
NO_SCOPES = {
    "geo": 'it has no scope, as in geo = "India/Goa".',
    "event": "a name without one is a property of the event.",
    "user": "did you mean 'profile'?",
}
GEO_TWICE = "a filter takes 'geo' once: name all places in one list, geo in (…)"


class FilterRules(Reader):
    """Reads conditions."""

    def where(self, node: tree.ConditionNode | None) -> model.Condition | None:
        """Return what must hold of an event; one count can ask for one list of places."""
        if node is None:
            return None
        condition = self.condition(node)
        seen: set[object] = set()
        for leaf in () if _holds_or(condition) else tree.leaves(node):
            conditions = model.singles(self.condition(leaf))
            seen |= {model.identity(c) for c in conditions if isinstance(c, model.AtPlace)}
            if len(seen) > 1:
                self.fail(GEO_TWICE, leaf if isinstance(leaf, tree.Named) else leaf.property)
        return condition

    def condition(self, node: tree.ConditionNode) -> model.Condition:
        """Return a condition with all its parts."""
        match node:
            case tree.Conjunction(parts):
                return model.And(tuple(map(self.condition, parts)))
            case tree.Disjunction(parts):
                return model.Or(tuple(map(self.condition, parts)))
            case tree.Named(variable):
                return self._named(variable)
        return self._filter(node)

    def property(self, node: tree.PropertyName) -> model.Property:
        """Return the property in the scope before the dot."""
        with self.at(node.name):
            name = model.check_name(self.name(node.name))
        if node.scope is None:
            return model.Property(name)
        scope = node.scope.text
        if scope not in _SCOPES:
            near = suggest(scope, _SCOPES)
            known = f"there are {', '.join(_SCOPES)}; without one it is the event's."
            hint = NO_SCOPES.get(scope, f"did you mean '{near}'?" if near else known)
            message = f"there is no scope '{scope}': {hint} A name that holds a dot is quoted."
            self.fail(message, node.scope)
        return model.Property(name, model.Scope(scope))

    def places(self, values: tree.ValuesNode) -> tuple[model.Place, ...]:
        """Return the places of a list."""
        where = values.items if values.typed else repeat(values)
        return tuple(map(self._place, self.values(values), where))

    def _place(self, value: model.Scalar, at: Token | tree.Node) -> model.Place:
        is_boolean = isinstance(at, Token) and at.type != "STRING" and value in ("True", "False")
        place = None if is_boolean else model.place_parts(value)
        if place is None:
            self.fail(f"{value!r} is not a place: write {model.PLACE}", at)
        return place

    def _filter(self, node: tree.FilterNode) -> model.Condition:
        """Return a filter or a place; a range is two filters."""
        if node.property.is_geo:
            return self._at_place(node)
        prop = self.property(node.property)
        if prop == model.TIME_OF_DAY and not isinstance(node, tree.Range):
            where = node if isinstance(node, tree.ComparisonNode) else node.property
            self.fail(model.ONLY_CLOCK, where)
        match node:
            case tree.ComparisonNode(_, sign, value):
                operator = OPERATOR_OF[sign.type]
                return model.Filter(prop, operator, self.fitting(value, operator))
            case tree.Membership(_, values, negated):
                operator = model.Operator.NOT_EQUALS if negated else model.Operator.EQUALS
                return model.Filter(prop, operator, self.values(values))
            case tree.Existence(_, _, negated):
                operator = model.Operator.DOES_NOT_EXIST if negated else model.Operator.EXISTS
                return model.Filter(prop, operator, "")
            case tree.Range():
                return self._range(node, prop)

    def _at_place(self, node: tree.FilterNode) -> model.AtPlace:
        if isinstance(node, tree.ComparisonNode) and node.operator.type == "IS":
            return model.AtPlace((self._place(self.value(node.value), node.value),))
        if not isinstance(node, tree.Membership) or node.negated:
            self.fail('only = and in apply to geo, as in geo = "India/Goa"', node.property)
        return model.AtPlace(self.places(node.values))

    def _range(self, node: tree.Range, prop: model.Property) -> model.Condition:
        if prop == model.TIME_OF_DAY:
            start, end = self._minute(node.low), self._minute(node.high)
            if start > end:
                message = f"the range ends ({node.high.text}) before it begins ({node.low.text})"
                self.fail(f"{message}: {model.OVERNIGHT}", node.low, node.high)
            return model.Filter(prop, model.Operator.EQUALS, model.ClockRange(start, end))
        least, most = model.Operator.GREATER_THAN_EQUALS, model.Operator.LESS_THAN_EQUALS
        if clock := next((t for t in (node.low, node.high) if t.type == "CLOCK"), None):
            self.fail(f"{model.CLOCK}, of no other property", clock)
        low = self.fitting(node.low, least, "a range")
        high = self.fitting(node.high, most, "a range")
        if low > high:  # type: ignore[operator] # both are numbers, or they would not fit
            self.fail(f"the range ends ({high}) before it begins ({low})", node.low, node.high)
        return model.And((model.Filter(prop, least, low), model.Filter(prop, most, high)))

    def _minute(self, token: Token) -> int:
        if token.type == "PARAM":
            with self.at(token):
                return parameters.clock_value(token.text[1:], self.params)
        text = self.unquoted(token) if token.type == "STRING" else token.text
        minute = model.minutes(text)
        if minute is None:
            self.fail(f"{token.text} is not a time of day: write HH:MM, from 00:00 to 23:59", token)
        return minute

    def _named(self, variable: Token) -> model.Condition:
        """Return the condition that a variable holds; a text is not one."""
        name = variable.text[1:]
        with self.at(variable):
            held = parameters.lookup(name, self.params)
        if not isinstance(held, NamedCondition):
            what = "an event" if isinstance(held, NamedEvent) else reprlib.repr(held)
            cure = f"{name} = ct_magic.condition('Amount > 500')"
            self.fail(f"${name} is {what}, not a condition: make it one, {cure}", variable)
        return held.condition


def _holds_or(condition: model.Condition | None) -> bool:
    if isinstance(condition, model.And):
        return any(map(_holds_or, condition.parts))
    return isinstance(condition, model.Or)


# How the builder reads a period. Rule: README.md here, "Periods".

YESTERDAY = model.Ago(1)
# Where people mean days.
_DAYS_OF_UNITS = {model.Unit.MONTH: 30, model.Unit.QUARTER: 90, model.Unit.YEAR: 365}
MOST_OWN_DAYS = 3650  # the last day, from a profile's first one, that a window may hold
_LONGEST_SPAN = 100 * 366  # days: more than any account has, and far from the calendar's beginning
_MOST_DAYS = dict(zip(model.Unit, (1, 7, 31, 92, 366), strict=True))


class PeriodRules(Reader):
    """Reads each way to say when."""

    def period(self, node: tree.PeriodNode | tree.OnDays | None) -> Any:
        """Return a period that the calendar has; its days do not end before they begin."""
        if node is None:
            return None
        with self.at(node):
            if isinstance(node, tree.OnDays):
                ends = ((a.end or a.start, b.start) for a, b in pairwise(node.windows))
                self.check_separators(list(ends))
                return _own_days([self._window(window, node) for window in node.windows])
            period = self._period(node)
            if isinstance(period, model.Period):
                calendar.resolve(period, self.today)
            return period

    def number(self, number: Token, units: Token, least: int = 1) -> int:
        """Return how many units, at most as many as the calendar allows."""
        return self.whole_number(number, least, _LONGEST_SPAN // _MOST_DAYS[unit(units)])

    def _period(self, node: tree.PeriodNode) -> model.AnyPeriod:
        match node.rule, node.tokens:
            case "one_day", (day,) if day.type == "PARAM":
                return parameters.period_value(day.text[1:], self.params, self.zone)
            case "one_day", (day,):
                return model.Days(self._day(day), self._day(day))
            case "days", (start, end):
                return model.Days(self._day(start), self._day(end))
            case "named_unit", (name,):
                return _named(name.text)
            case "since", (day,):
                return model.Days(self._day(day), YESTERDAY)
            case "last", (number, of):
                return model.Last(self.number(number, of), unit(of))
            case "previous", (of,):
                return model.Previous(unit(of))
            case "this", (of,):
                return model.This(unit(of))
        return self._moved(node)

    def _moved(self, node: tree.PeriodNode) -> model.Shift | model.ShiftAxis | model.OwnDays:
        first, *numbers, of = node.tokens
        if node.rule == "within":
            return self._within(numbers, unit(of))
        if node.rule == "rolling":
            return model.Shift(self.number(numbers[0], of), unit(of))
        back = first.type == "BEFORE"
        if back and node.rule == "moved_axis":
            self.fail("'before' takes one number: only 'after' takes several", node)
        start, *end = (self.number(number, of, least=int(back)) for number in numbers)
        if not end:
            return model.Shift(-start if back else start, unit(of))
        if start > end[0]:
            self.fail(f"the numbers end ({end[0]}) before they begin ({start})", *numbers)
        return model.ShiftAxis(start, end[0], unit(of))

    def _within(self, numbers: list[Token], of: model.Unit) -> model.OwnDays:
        if of not in calendar.DAYS:
            about = _DAYS_OF_UNITS[of] * self.whole_number(numbers[0], least=1)
            raise QueryError(f"own days are days or weeks: write within {about} days")
        if zero := next((token for token in numbers if token.text == "0"), None):
            self.fail("the first day is day 0: write within 1 day", zero)
        self.check_separators(list(pairwise(numbers)))
        size = calendar.DAYS[of]
        most = (MOST_OWN_DAYS + 1) // size
        return _own_days([(0, self.whole_number(n, 1, most) * size - 1) for n in numbers])

    def _window(self, node: tree.WindowNode, days: tree.OnDays) -> tuple[int, int]:
        for token in filter(None, (node.start, node.end)):
            if token.type == "EIGHT_DIGITS":
                self.fail(f"a date is written on {_calendar_day(token.text)}", days)
        first = self.whole_number(node.start, 0, MOST_OWN_DAYS)
        last = self.whole_number(node.end, 0, MOST_OWN_DAYS) if node.end else first
        if last < first:
            self.fail(f"the window ends ({last}) before it begins ({first})", node)
        return first, last

    def _day(self, token: Token) -> date | model.Ago:
        if token.type == "YESTERDAY":
            return YESTERDAY
        if token.type == "TODAY":
            number = token.text.removeprefix("today").removeprefix("-")
            ago = Token("NUMBER", number or "0", token.end - len(number))
            return model.Ago(self.whole_number(ago, least=0, most=_LONGEST_SPAN))
        with self.at(token):
            if token.type == "PARAM":
                return parameters.day_value(token.text[1:], self.params, self.zone)
            return _calendar_day(token.text)


def _own_days(windows: list[tuple[int, int]]) -> model.OwnDays:
    """Return own days; raise QueryError for a duplicate window."""
    if twice := next((w for at, w in enumerate(windows) if w in windows[:at]), None):
        raise QueryError(f"duplicate window, {printer.period_text(model.OwnDays((twice,)))}")
    return model.OwnDays(tuple(windows))


def unit(token: Token) -> model.Unit:
    """Return the unit of `day` or `days`."""
    return model.Unit(token.text.removesuffix("s"))


def _named(written: str) -> model.Days:
    """Return the days of `2015-08`, or of `2026-Q3`."""
    year, quarter_sign, number = written.partition("-Q")
    if not quarter_sign:
        return calendar.unit_of(model.Unit.MONTH, _calendar_day(f"{written}-01"))
    if number not in ("1", "2", "3", "4"):
        raise QueryError(f"there is no quarter {number}: a year has Q1 to Q4, as in 2026-Q3")
    days = calendar.unit_of(model.Unit.QUARTER, _calendar_day(f"{year}-{3 * int(number):02}-01"))
    return replace(days, named=model.Unit.QUARTER)


def _calendar_day(written: str) -> date:
    year, month, day = map(int, re.findall(r"^(\d{4})-?(\d\d)-?(\d\d)$", written)[0])
    if not 1 <= month <= 12:
        raise QueryError(f"there is no month {month}: a date is year, month, day, as 2015-08-10")
    if year < 1:
        raise QueryError("the calendar begins with the year 1")
    first = date(year, month, 1)
    length = last_of_month(first).day
    if not 1 <= day <= length:
        raise QueryError(f"{first:%B} {year} has no day {day}: it has {length}")
    return first.replace(day=day)


_Pairs = list[tuple[tree.Clause, model.Clause]]

# What a statement's clauses may be together, whatever they ask.
#
# Rule: README.md here, from "What else the profile did" on. Each check raises the error that
# underlines the clause that is not allowed there. What needs days (whole pieces, pairs of `vs`) is
# `expand`'s.

NO_ROLLING = "'rolling' is not allowed beside {}: take one of the two"
NOT_MOVED = "own days cannot be beside '{}': both say which days are meant"
MOST_SHOWN = 4  # alternatives that an error writes out
_T = TypeVar("_T")


class ClauseRules(PeriodRules, FilterRules):
    """Checks the clauses of a statement against each other."""

    def check_clauses(self, node: tree.QueryNode) -> None:
        """Raise QueryError for clauses that are not allowed there, or not together."""
        for before, clause in pairwise(node.clauses):
            if before.share and not clause.share:
                belongs = "a 'did' without 'share' belongs to the base: move it before the first"
                self.fail(f"{belongs} 'share', or write share did", clause.first)
        brackets = [c for c in node.clauses if isinstance(c, tree.DidNode) and c.kind == "did any"]
        if len(brackets) > 1:
            self.fail("only one 'did any' is allowed in a statement", brackets[1].did)
        moved = [(clause, period) for clause in node.clauses for period in _moved_in(clause)]
        for clause, period in (pair for pair in moved if pair[1].rule == "moved_axis"):
            several = "'after' with several numbers is"
            if clause in brackets:
                where = "inside 'did any': write did, or share did"
                self.fail(f"{several} not allowed {where}", period)
            if clause is not node.clauses[-1]:
                self.fail(f"{several} allowed once, in the statement's last clause", period)
        versus = node.versus.period if node.versus else None
        if isinstance(versus, tree.PeriodNode) and versus.rule == "moved_axis":
            self.fail("'vs' takes one number, as in vs before 52 weeks", versus)

    def check_time(self, node: tree.QueryNode, axis: tree.TimeAxis) -> None:
        """Raise QueryError for a time axis that is not allowed with `first` or a moved period."""
        if axis.rolling and axis.by_first:
            self.fail(NO_ROLLING.format("'first'"), axis.rolling)
        for period in (period for clause in node.clauses for period in _moved_in(clause)):
            if axis.rolling:
                self.fail(NO_ROLLING.format(f"'{period.first.text}'"), axis.rolling)
            shift = self.period(period)
            if shift.unit is not unit(axis.unit):
                self.fail(_in_unit(shift, unit(axis.unit)), period)

    def check_axes(
        self, pairs: _Pairs, node: tree.QueryNode, axes: tuple[model.Axis, ...], taken: set[str]
    ) -> None:
        """Raise QueryError for axes that are not allowed together, or beside the statement.

        `taken` are those of `geo` and `time_of_day` in its `where`: a `share where` must not repeat
        them, nor be there twice.
        """
        columns: set[str] = set()
        for axis, at in zip(axes, node.axes, strict=True):
            column, own, message = _axis_column(axis)
            if column in columns:
                same = f"two parts of 'by' would make the same column, '{column}': leave one out"
                self.fail(same if column else "'by' takes only one unit of time", at)
            if own in taken:
                self.fail(message, at)
            columns.add(column)
        taken |= {own for _, own, _ in map(_axis_column, axes)}
        wheres = [(at, step) for at, step in pairs if isinstance(step, model.ShareWhere)]
        if len(wheres) > 1:
            cure = "join the conditions by 'and', or take a statement for each"
            self.fail(f"'share where' is allowed once: {cure}", wheres[1][0])
        for clause, step in wheres:
            if both := taken & _places_and_clocks(step.condition):
                twice = f"'{min(both)}' is in 'where' or 'by', and in 'share where'"
                self.fail(f"{twice}: say it in one of the two", clause)

    def check_own_days(self, pairs: _Pairs, node: tree.QueryNode, query: model.Query) -> None:
        """Raise QueryError for windows that cannot be asked there, or not together.

        A window counts from a profile's day 0, on which it did the base's event first, so nothing
        else may cut or move the period.
        """
        window = next((clause.window for _, clause in pairs if clause.window), None)
        if window is None:
            return
        self._check_side_by_side(pairs)
        for at, clause in pairs:
            self._check_beside(at, clause, window, query)
            if clause.window and len(clause.window.windows) > 1 and at is not pairs[-1][0]:
                self.fail("several windows are allowed in the statement's last step only", at)
            if message := _known_on_day_0(clause, query):
                self.fail(message, at)
        for axis, part in zip(query.by, node.axes, strict=True):
            if isinstance(axis, model.ByHour):
                self.fail(NOT_MOVED.format("by hour"), part)
            if isinstance(axis, model.ByTime) and not axis.first:
                whose = f"each profile's first {printer.event_name(query.event.name)}"
                self.fail(f"own days count from {whose}: write by first {axis.unit.value}", part)

    def _check_beside(
        self, at: tree.Clause, clause: model.Clause, window: model.OwnDays, query: model.Query
    ) -> None:
        """Raise QueryError for a clause that cannot be beside a window, or not without one."""
        if isinstance(clause, model.ShareWhere):
            whole = model.And((query.where, clause.condition)) if query.where else clause.condition
            step = printer.clause_text(model.ShareWhere(whole))
            base = printer.event_name(query.event.name)
            self.fail(f"beside own days a filter is the base's: write {base} {step}", at)
        if clause.window and not clause.share:
            step = printer.clause_text(clause)
            self.fail(f"own days are allowed in a step only: write share {step}", at)
        if clause.share and not clause.window:
            step = printer.clause_text(clause.during(model.OwnDays(window.windows[:1])))
            self.fail(f"every step has a window, or none has: write share {step}", at)
        for period in _moved_in(at):
            self.fail(NOT_MOVED.format(period.first.text), period)

    def check_periods(self, pairs: _Pairs, query: model.Query) -> None:
        """Raise QueryError for days of a `did` that are not allowed beside the statement's.

        Where nothing cuts the period, all of it is moved: by less than its length, days overlap.
        """
        axis = query.time_axis
        own = calendar.in_own_units(query.event.period or calendar.DEFAULT)  # type: ignore[arg-type] # is never moved
        piece = model.Last(1, axis.unit) if axis else own or model.Last(1, model.Unit.DAY)
        for node, clause in pairs:
            for at, event in zip(node.events, clause.events, strict=True):
                period = event.period
                if isinstance(period, model.Shift | model.ShiftAxis):
                    # By nothing, or by at least what the period has, in its own unit.
                    first, last = _numbers(period)
                    fits = own and period.unit is own.unit and max(first, 1) >= own.n
                    if axis is None and last and not fits:
                        self.fail(_moves_all(period, own, clause), at.period or at)
                elif (
                    query.versus
                    and not isinstance(period, model.OwnDays | None)
                    and calendar.counts_from_today(period)
                ):
                    before = f"write before {printer.units_text(piece.n, piece.unit)}"
                    message = "beside 'vs' a 'did' cannot count its days from today: leave the"
                    self.fail(f"{message} period out, or {before}", at.period or at)

    def _check_side_by_side(self, pairs: _Pairs) -> None:
        """Raise QueryError for `on day 1` and `on day 7` as two steps: meant is one list."""
        seen: dict[tuple[object, ...], model.OwnDays] = {}
        for at, clause in pairs:
            if not isinstance(clause, model.Did) or not clause.window or clause.event.often:
                continue
            same = clause.event.name, alternatives.condition_keys(clause.event.where)
            if before := seen.get(same):
                days = dict.fromkeys((*before.windows, *clause.window.windows))
                step = printer.clause_text(clause.during(model.OwnDays(tuple(days))))
                message = "each line is counted inside the one before"
                self.fail(f"{message}: for days side by side write share {step}", at)
            seen[same] = clause.window


def _axis_column(axis: model.Axis) -> tuple[str, str, str]:
    """Return an axis's column, the part of `where` that it excludes, and the message on both."""
    match axis:
        case model.ByTime():
            return "", "", ""  # its days have columns of their own
        case model.ByHour():
            message = "'by hour' asks every hour of the clock: leave time_of_day out, or by hour"
            return "hour", model.TIME_OF_DAY.name, message
        case model.ByValue(prop):
            return prop.column.removesuffix(" (property)"), "", ""
        case model.ByPlace():
            return "geo", "geo", "'geo' is in 'where' and in 'by': say the place in one of the two"


def _moves_all(
    shift: model.Shift | model.ShiftAxis, own: model.Last | None, clause: model.Clause
) -> str:
    """Return how a period that nothing cuts is moved, and what was probably meant."""
    text, size = printer.period_text(shift), calendar.DAYS.get(own.unit) if own else None
    if own is None:
        message = "moves the whole period, and its last day is another one tomorrow"
        return f"'{text}' {message}: write both dates"
    length = own.n * size if size else 1  # of a month nobody knows it
    days = "the whole period" if length == 1 else f"all {length} days of the period"
    whole = f"{text.split()[0]} {printer.units_text(own.n, own.unit)}"
    if text.startswith("before"):
        return f"'{text}' moves {days}: write {whole}, or the dates"
    step = calendar.DAYS.get(shift.unit, 0)
    first, last = (step * number for number in _numbers(shift))
    of_profile = model.OwnDays(((first, last + max(step, 1) - 1),))
    window = printer.period_text(of_profile)
    if not clause.share and not isinstance(clause, model.DidAny):
        window = f"share {printer.clause_text(clause.during(of_profile))}"
    of_each = f"for days from each profile's first one write {window}; " if first + last else ""
    pieces = shift.unit if first % 7 or not first else model.Unit.WEEK
    return f"'{text}' moves {days}: {of_each}for pieces, by first {pieces.value}; or {whole}"


def _numbers(shift: model.Shift | model.ShiftAxis) -> tuple[int, int]:
    """Return by how many units a period is moved at least and at most."""
    if isinstance(shift, model.Shift):
        return abs(shift.n), abs(shift.n)
    return shift.first, shift.last


def _places_and_clocks(condition: model.Condition | None) -> set[str]:
    """Return those of `geo` and `time_of_day` that are in a condition."""
    props = [
        "geo" if isinstance(c, model.AtPlace) else c.property for c in model.singles(condition)
    ]
    named = {"geo": "geo", model.TIME_OF_DAY: model.TIME_OF_DAY.name}
    return {name for prop, name in named.items() if prop in props}


def _known_on_day_0(clause: model.Clause, query: model.Query) -> str | None:
    """Return the message on a step that asks for the base's event in a window with day 0.

    Each profile did it on day 0 by definition, so such a step counts all of them, or none.
    """
    windows = clause.window.windows if clause.window else ()
    last = next((last for first, last in windows if first == 0), None)
    once = (model.Operator.GREATER_THAN_EQUALS, 1)
    often = next(((e.often.operator, e.often.times) for e in clause.events if e.often), once)
    if isinstance(clause, model.DidAny):
        often = clause.operator, clause.times
    if last is None or often != once:
        return None
    base = query.where.parts if isinstance(query.where, model.And) else (query.where,)
    known = {model.identity(part) for part in base if isinstance(part, model.Filter)}
    for axis in query.by:
        if isinstance(axis, model.ByValue):
            values = (model.Filter(axis.property, model.Operator.EQUALS, v) for v in axis.values)
            known.update(map(model.identity, values))
    # One of a bracket may have days of its own.
    in_window = (e for e in clause.events if not isinstance(e.period, model.Period))
    same = [e for e in in_window if e.name == query.event.name]
    if not any(alternatives.condition_keys(event.where) <= known for event in same):
        return None
    cures = [printer.period_text(model.OwnDays(((1, max(1, last)),)))]
    if not isinstance(clause, model.DidNot):
        cures.append(f"{printer.period_text(model.OwnDays(((0, last),)))} >= 2")
    who = "nobody" if isinstance(clause, model.DidNot) else "everybody"
    first = f"the first {printer.event_name(query.event.name)} is itself on day 0"
    return f"{first}, so this is {who}: write {', or '.join(cures)}"


def _moved_in(clause: tree.Clause) -> Iterator[tree.PeriodNode]:
    periods = (event.period for event in clause.events)
    moved = ("moved", "moved_axis")
    return (p for p in periods if isinstance(p, tree.PeriodNode) and p.rule in moved)


def _in_unit(shift: model.Shift | model.ShiftAxis, by: model.Unit) -> str:
    """Return how a moved period is written beside `by`, with its number where there is one."""
    units = {shift.unit, by}
    sizes = next((s for s in (calendar.DAYS, calendar.MONTHS) if units <= s.keys()), None)
    moved = [n * sizes[shift.unit] for n in dict.fromkeys(_numbers(shift))] if sizes else []
    word = "before" if isinstance(shift, model.Shift) and shift.n < 0 else "after"
    example = f", as in {word} 2 {by.value}s"
    if sizes and not any(size % sizes[by] for size in moved):
        number = "..".join(str(size // sizes[by]) for size in moved)
        example = f": write {word} {number} {by.value}{'' if number == '1' else 's'}"
    return f"beside 'by {by.value}' a period is moved by {by.value}s{example}"


class Builder(ClauseRules):
    """Builds the statements of one source."""

    def build(self, node: tree.StatementNode) -> model.Query | model.JsonQuery:
        """Return what a statement asks, with its label."""
        body = node.body
        query: model.Query | model.JsonQuery
        if isinstance(body, Token):
            try:
                query = from_json(body.text)
            except QueryError as error:
                start = body.start + error.column - 1  # it counts from the JSON's beginning
                raise self.source.error(error.message, start, start + error.length) from None
        else:
            query = self.query(body)
        return replace(query, label=self.name(node.label)) if node.label else query

    def query(self, node: tree.QueryNode) -> model.Query:
        """Return the query of a statement's clauses."""
        event, condition = self._event(node.event)
        if event.often:
            self.fail("a number of times is allowed only behind did and share did", node.event.name)
        self.check_clauses(node)
        for axis in node.axes:
            if isinstance(axis, tree.TimeAxis) and axis.unit.type != "HOUR":
                self.check_time(node, axis)
        clauses = tuple(map(self.clause, node.clauses))
        axes = tuple(self.axis(part, event.name) for part in node.axes)
        pairs = list(zip(node.clauses, clauses, strict=True))
        self.check_axes(pairs, node, axes, _places_and_clocks(condition))
        other = node.versus.period if node.versus else None
        versus = model.Preceding() if isinstance(other, Token) else self.period(other)
        query = replace(_base(event, condition), clauses=clauses, versus=versus, by=axes)
        self.check_own_days(pairs, node, query)
        self.check_periods(pairs, query)
        return query

    def named_event(self, node: tree.DidNode) -> model.Query:
        """Return an event by itself, with how often, as a statement's base would be."""
        event, condition = self._event(node.events[0], inner=True)
        if not isinstance(event.period, model.Period | None):
            at = node.events[0].period or node
            self.fail("a named event's own period is fixed days: write this behind its name", at)
        often = self._often(node.times) if node.times else event.often
        return _base(replace(event, often=often), condition)

    def clause(self, node: tree.Clause) -> model.Clause:
        """Return a clause, of the base or behind `share`."""
        if isinstance(node, tree.ShareWhereNode):
            return model.ShareWhere(self.where(node.where))  # type: ignore[arg-type] # it has one
        return replace(self._did(node), share=node.share is not None)

    def _did(self, node: tree.DidNode) -> model.Did | model.DidNot | model.DidAny:
        events, times = tuple(self._inner(event, node) for event in node.events), node.times
        counted = next((at for at, e in zip(node.events, events, strict=True) if e.often), None)
        if node.kind == "did any":
            if counted:
                own = "inside 'did any' an event has no number: it is behind the bracket"
                self.fail(f"{own}, for all of them", counted)
            how_often = self._times(times) if times else (model.Operator.GREATER_THAN_EQUALS, 1)
            return model.DidAny(events, *how_often, self.period(node.own))
        if node.kind == "did not":
            if times or counted:
                message = "a number is not allowed behind 'did not': it asks for those who never"
                self.fail(f"{message} did it", times or node.events[0])
            return model.DidNot(events[0])
        often = self._often(times) if times else events[0].often
        if times and counted:
            own_number = " ".join(printer.often_text(events[0]))
            self.fail(f"{counted.first.text} has a number of its own, {own_number}", times)
        return model.Did(replace(events[0], often=often))

    def axis(self, node: tree.AxisNode, event: str) -> model.Axis:
        """Return a part of `by`; an error where it is known to be of another scope: tech.OS."""
        match node:
            case tree.TimeAxis(unit=token) if token.type == "HOUR":
                return model.ByHour()
            case tree.TimeAxis(by_first, token, rolling):
                return model.ByTime(unit(token), by_first is not None, self.period(rolling))
            case tree.ValueAxis(name, values) if name.is_geo:
                return model.ByPlace(self._each_once(self.places(values), values))
            case tree.ValueAxis(name, values):
                prop = self.property(name)
                if prop == model.TIME_OF_DAY:
                    self.fail(f"{model.ONLY_CLOCK}; or by hour", node)
                doubt = misplaced(prop, event, self.names) if name.name.is_bare else None
                if doubt and "geo" not in doubt:  # which would be a list
                    self.fail(f"{doubt} Quoted, it is sent as it is", name)
                return model.ByValue(prop, self._each_once(self.values(values), values))

    def _event(
        self, node: tree.EventNode, *, inner: bool = False
    ) -> tuple[model.Event, model.Condition | None]:
        """Return an event and its `where`, as they are typed or as its `$name` holds them."""
        condition, period = self.where(node.where), self.period(node.period)
        part, name = None, node.name.name
        if isinstance(name, Token):
            with self.at(name):
                part = parameters.lookup(name.text[1:], self.params)
        if not isinstance(part, NamedEvent):
            return model.Event(self._event_name(node.name, inner=inner), (), period), condition
        event, shown = part.query.event, node.first.text
        if node.where:
            self.fail(f"{shown} has its filters, and takes no more: {part}", node.where)
        if event.period and node.period:
            own = printer.period_text(event.period)
            self.fail(f"{shown} has a period of its own, {own}", node.period)
        return replace(event, where=(), period=event.period or period), part.query.where

    def _event_name(self, node: tree.EventName, *, inner: bool = False) -> str:
        with self.at(node.name):
            if isinstance(node.name, Token):
                return parameters.text_value(node.name.text[1:], self.params)
            self._check_words(node.name, inner=inner)
            name = model.check_name(self.name(node.name))
        if name.startswith("{") and '"event_name"' in name:
            self.fail("JSON is written without quotes around it: take them away", node.name)
        return name

    def _check_words(self, name: tree.Name, *, inner: bool) -> None:
        """Raise QueryError for a name that was meant as a query: `App Installed then Charged`."""
        if not name.is_bare or name.text in self.names.events:
            return
        if is_misspelt(name.text, self.names):
            (doubt,) = of_event_name(name.text, self.names)
            self.fail(f"{doubt} Quoted, it is sent as it is", name)
        words = [word.text for word in name.words]
        inside = printer.meant(f"did {name.text}", self.today) if inner else None
        if message := inside or printer.meant(name.text, self.today):
            self.fail(f"{message}; a name is quoted, {printer.quote(name.text)}", name)
        place = tried_word(words)
        if place is not None:
            from ct_magic.query.mistakes.words import WORDS_OF_OTHERS

            hint = f"a name that holds it is quoted, {printer.quote(name.text)}"
            message = f"found '{words[place]}': {WORDS_OF_OTHERS[words[place]]}; {hint}"
            self.fail(message, name.words[place])

    def _inner(self, node: tree.EventNode, clause: tree.DidNode) -> model.Event:
        """Return an event inside `did`, whose filters are of events and sessions only."""
        for leaf in tree.leaves(node.where):
            at = leaf if isinstance(leaf, tree.Named) else leaf.property
            self._check_inner(self.condition(leaf), at)
        event, condition = self._event(node, inner=True)
        self._check_inner(condition, node.where or node.name)
        if _holds_or(condition):
            self.fail(_write_or(event, condition, clause), _first_or(node.where) or node)
        filters = tuple(c for c in model.singles(condition) if isinstance(c, model.Filter))
        return replace(event, where=filters)

    def _check_inner(self, condition: model.Condition | None, at: tree.Node) -> None:
        for part in model.singles(condition):
            scope = part.property.scope if isinstance(part, model.Filter) else None
            if scope not in model.OF_AN_EVENT:
                name = scope.value if scope else "geo"
                where = "write it in the first 'where'"
                self.fail(f"'{name}' is not allowed inside 'did': {where}", at)

    def _times(self, node: tree.Times) -> tuple[model.Operator, int]:
        return OPERATOR_OF[node.operator.type], self.whole_number(node.number, least=1)

    def _often(self, node: tree.Times) -> model.Often:
        if OPERATOR_OF[node.operator.type] not in OFTEN or node.number.text.strip("0.-") == "":
            cure = "use =, > or >= with a number of at least 1"
            why = "CleverTap does not say whether profiles that never did it count"
            self.fail(f"{cure} ({why})", node)
        return model.Often(*self._times(node))

    def _each_once(self, values: tuple[_T, ...], at: tree.ValuesNode) -> tuple[_T, ...]:
        if twice := [value for value, times in Counter(values).items() if times > 1]:
            shown = "/".join(twice[0]) if isinstance(twice[0], tuple) else twice[0]
            self.fail(f"duplicate value {shown!r}", at)
        return values


def _first_or(node: tree.ConditionNode | None) -> tree.Disjunction | None:
    """Return the alternatives that an error underlines."""
    if isinstance(node, tree.Conjunction):
        return next(filter(None, map(_first_or, node.parts)), None)
    return node if isinstance(node, tree.Disjunction) else None


def _base(event: model.Event, condition: model.Condition | None) -> model.Query:
    """Return a query of an event alone: its filters and places, or one condition with an `or`."""
    if isinstance(condition, model.And | model.Or) and _holds_or(condition):
        return model.Query(event, condition=condition)
    parts = list(model.singles(condition))
    places = next((part.places for part in parts if isinstance(part, model.AtPlace)), ())
    filters = tuple(part for part in parts if isinstance(part, model.Filter))
    return model.Query(replace(event, where=filters), places)


def _write_or(event: model.Event, condition: model.Condition | None, clause: tree.DidNode) -> str:
    """Return how an `or` inside `did` is written: one event for each alternative."""
    alone = "'or' is allowed in the statement's own 'where' only"
    terms: Sequence[alternatives.Term] = ()
    with suppress(QueryError):  # of too many
        terms = alternatives.terms_of(condition) if condition else ()
    # An event that is of two alternatives would be counted twice.
    counted = clause.times and (clause.kind == "did" or (clause.kind == "did any" and terms[1:]))
    window = event.period if isinstance(event.period, model.OwnDays) else None
    event = event.during(None) if window else event
    if counted or event.often or not 0 < len(terms) <= MOST_SHOWN:
        return f"{alone}: take a statement for each"
    filters = [tuple(c for c in term if isinstance(c, model.Filter)) for term in terms]
    events = [printer.event_text(replace(event, where=where)) for where in filters]
    if clause.kind == "did not":
        return f"{alone}: write {' '.join(f'did not {name}' for name in events)}"
    if clause.kind == "did any":
        return f"{alone}: in the bracket write {', '.join(events)}"
    behind = f" {printer.period_text(window)}" if window else ""
    together = f"any ({', '.join(events)})" if len(events) > 1 else events[0]
    return f"{alone}: write did {together}{behind}"
