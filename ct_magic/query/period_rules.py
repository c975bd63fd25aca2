"""How the builder reads a period. Rule: README.md here, "Periods"."""

from __future__ import annotations

import calendar
import re
from datetime import date
from typing import assert_never

from ..errors import QueryError
from . import parameters, tree
from .calendar_pieces import month_of
from .lexer import Token
from .literals import Reader
from .model import Ago, Days, Last, Period, Previous, Shift, ShiftAxis, This, Unit
from .resolve_period import resolve

YESTERDAY = Ago(1)
_LONGEST = 100 * 366  # days: more than any account has, and far from the calendar's beginning
_DAYS = {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 31, Unit.QUARTER: 92, Unit.YEAR: 366}


class PeriodRules(Reader):
    """Reads each way to say when."""

    def period(self, node: tree.PeriodNode) -> Period:
        """Return a period that the calendar has; its days do not end before they begin."""
        period = self._period(node)
        with self.at(node):
            resolve(period, self.today)
        return period

    def shift(self, node: tree.MovedNode | tree.MovedAxis) -> Shift | ShiftAxis:
        """Return by how much a period is moved."""
        return self.moved(node) if isinstance(node, tree.MovedNode) else self.moved_axis(node)

    def moved(self, node: tree.MovedNode) -> Shift:
        """Return `after 2 weeks`, or `before 1 month` as a negative one."""
        back = node.direction.type == "BEFORE"
        number = self._number(node.number, node.unit, least=1 if back else 0)
        return Shift(-number if back else number, unit(node.unit))

    def moved_axis(self, node: tree.MovedAxis) -> ShiftAxis:
        """Return `after 0..11 weeks`."""
        if node.direction.type == "BEFORE":
            self.fail("'before' takes one number: several stand behind 'after' alone", node)
        first, last = (self._number(n, node.unit, least=0) for n in (node.start, node.end))
        if first > last:
            message = f"the numbers end ({last}) before they begin ({first})"
            self.fail(message, node.start, node.end)
        return ShiftAxis(first, last, unit(node.unit))

    def rolling(self, node: tree.Rolling) -> Shift:
        """Return the length of `rolling 7 days`."""
        return Shift(self._number(node.number, node.unit, least=1), unit(node.unit))

    def _period(self, node: tree.PeriodNode) -> Period:
        match node:
            case tree.OneDay(token) if token.type == "PARAM":
                with self.at(token):
                    return parameters.period_value(token.text[1:], self.params)
            case tree.OneDay(token):
                return Days(self._day(token), self._day(token))
            case tree.DaySpan(start, end):
                return Days(self._day(start), self._day(end))
            case tree.WholeMonth(month):
                with self.at(month):
                    return month_of(_calendar_day(f"{month.text}-01"))
            case tree.Since(day):
                return Days(self._day(day), YESTERDAY)
            case tree.LastUnits(number, token):
                return Last(self._number(number, token, least=1), unit(token))
            case tree.LastUnit(token):
                return Previous(unit(token))
            case tree.ThisUnit(token):
                return This(unit(token))
            case _:
                assert_never(node)

    def _day(self, token: Token) -> date | Ago:
        if token.type == "YESTERDAY":
            return YESTERDAY
        if token.type == "TODAY":
            return Ago(self._back(token))
        with self.at(token):
            if token.type == "PARAM":
                return parameters.day_value(token.text[1:], self.params)
            return _calendar_day(token.text)

    def _number(self, number: Token, units: Token, least: int) -> int:
        return self.whole_number(number, least, _LONGEST // _DAYS[unit(units)])

    def _back(self, token: Token) -> int:
        number = token.text.removeprefix("today").removeprefix("-")
        if not number:
            return 0
        start = token.end - len(number)
        return self.whole_number(Token("NUMBER", number, start), least=0, most=_LONGEST)


def unit(token: Token) -> Unit:
    """Return the unit of `day` or `days`."""
    return Unit(token.text.removesuffix("s"))


def _calendar_day(written: str) -> date:
    year, month, day = map(int, re.findall(r"^(\d{4})-?(\d\d)-?(\d\d)$", written)[0])
    if not 1 <= month <= 12:
        raise QueryError(f"there is no month {month}: a date is year, month, day, as 2015-08-10")
    if year < 1:
        raise QueryError("the calendar begins with the year 1")
    length = calendar.monthrange(year, month)[1]
    if not 1 <= day <= length:
        raise QueryError(f"{calendar.month_name[month]} {year} has no day {day}: it has {length}")
    return date(year, month, day)
