"""The builder's rules of periods. Rule: design, "Periods"."""

from __future__ import annotations

import calendar
import re
from datetime import date

from ..errors import QueryError
from . import parameters as variables
from .calendar_pieces import month_of
from .lexer import Token
from .literals import Found, Reader
from .model import Ago, Days, Last, Period, Previous, This, Unit
from .resolve_period import resolve

YESTERDAY = Ago(1)
LONGEST = 100 * 366  # days: more than any account has, and far from the calendar's beginning


class PeriodRules(Reader):
    """A method for each way to say when."""

    def day(self, token: Token) -> Found:
        """Read one day, absolute or counted back from today."""
        if token.type == "YESTERDAY":
            return Found(YESTERDAY, token, token)
        if token.type == "TODAY":
            return Found(Ago(self._back(token)), token, token)
        with self.at(token):
            if token.type == "PARAM":
                return Found(variables.day(token.text[1:], self.params), token, token)
            return Found(_calendar_day(token.text), token, token)

    def one_day(self, day: Found) -> Period:
        """Read `2015-08-10`, `on 2015-08-10`."""
        return self._checked(Days(day.value, day.value), day, day)

    def days(self, start: Found, end: Found) -> Period:
        """Read `2015-08-10..2015-10-25`, `from … to …`."""
        return self._checked(Days(start.value, end.value), start, end)

    def whole_month(self, token: Token) -> Period:
        """Read `2015-08`."""
        with self.at(token):
            first = _calendar_day(f"{token.text}-01")
        return month_of(first)

    def since(self, day: Found) -> Period:
        """Read `since 2015-08-10`: up to yesterday."""
        return self._checked(Days(day.value, YESTERDAY), day, day)

    def last(self, number: Token, unit: Found) -> Period:
        """Read `last 30 days`."""
        days = {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 31, Unit.YEAR: 366}[unit.value]
        n = self.whole_number(number, least=1, most=LONGEST // days)
        period = Last(n, unit.value)
        return self._checked(period, Found(n, number, number), unit)

    def previous(self, unit: Token) -> Period:
        """Read `last week`: the whole one before."""
        return Previous(Unit(unit.text))

    def this(self, unit: Token) -> Period:
        """Read `this week`: from its first day to today."""
        return This(Unit(unit.text))

    def unit(self, token: Token) -> Found:
        """Read `day` or `days`."""
        return Found(Unit(token.text.removesuffix("s")), token, token)

    def _back(self, token: Token) -> int:
        number = token.text.removeprefix("today").removeprefix("-")
        if not number:
            return 0
        start = token.end - len(number)
        return self.whole_number(Token("NUMBER", number, start), least=0, most=LONGEST)

    def _checked(self, period: Period, first: Found, last: Found) -> Period:
        with self.at(first.first, last.last):
            resolve(period, self.today)
        return period


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
