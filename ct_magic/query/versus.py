"""`vs`: the other period, whether its pieces can be paired, and whether a change can be said.

Rule: README.md here, "Against another period".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from ct_magic.common import words
from ct_magic.query import calendar, model
from ct_magic.query.calendar import moved_day
from ct_magic.query.lexer import ClauseError
from ct_magic.query.model import Days, Query, Unit
from ct_magic.query.printer import period_text, units_text

LARGER = (Unit.WEEK, Unit.MONTH, Unit.QUARTER, Unit.YEAR)


def other_days(query: Query, own: Days, unit: Unit | None, today: date) -> Days:
    """Return the days of the other period; `own` are the statement's, which `by` cuts in `unit`.

    Raises QueryError where the two cannot be paired piece by piece.
    """
    match query.versus:
        case model.Preceding():
            days = preceding(query.event.period or calendar.DEFAULT, own, unit, today)
        case model.Shift() as shift:
            days = calendar.moved(own, shift)
        case period:
            days = calendar.resolve(period, today, unit)
    if unit is None:
        return days
    if unit is not Unit.DAY:
        _check_whole(query, own, days, unit)
    numbers = calendar.number_of_pieces(own, unit), calendar.number_of_pieces(days, unit)
    is_by_words = unit is Unit.DAY and isinstance(query.versus, model.Preceding | model.Shift)
    if numbers[0] != numbers[1] and not is_by_words:
        pieces = "the periods have {:,} and {:,} pieces".format(*numbers)
        cure = "take periods with as many each"
        raise ClauseError(f"cut by {unit.value} {pieces}: {cure}", "VS")
    return days


def preceding(period: model.AnyPeriod, own: Days, unit: Unit | None, today: date) -> Days:
    """Return the period before, by the words of the period."""
    start, end = calendar.ends(own)
    before = moved_day(start, -1, Unit.DAY)
    match period:
        case model.Last(n, of):
            is_whole = calendar.is_of_whole_pieces(period, unit)
            first = moved_day(start, -n, of) if is_whole else moved_day(today, -2 * n, of)
            return Days(first, before)
        case model.This(of):
            return Days(moved_day(start, -1, of), moved_day(end, -1, of))
        case model.Days() | model.Previous():
            length = calendar.in_own_units(period)
            if length and length.n == 1:  # one that was named, as by `last month` and `2026-05`
                return calendar.unit_of(length.unit, before)
    return calendar.moved(own, model.Shift(-calendar.length(own), Unit.DAY))


def incomparable(
    query: Query, own: Days, other: Days, unit: Unit | None, is_over: Callable[[date], bool]
) -> str | None:
    """Return why there is no `change` between two stretches, None where there is one.

    `is_over` tells, by its last day, whether a stretch is over.
    """
    for last in (calendar.ends(own)[1], calendar.ends(other)[1]):
        if not is_over(last):
            return f"{words.day(last)} is not over"
    if calendar.length(own) == calendar.length(other) or any(
        calendar.is_whole(own, of)
        and calendar.is_whole(other, of)
        and calendar.number_of_pieces(own, of) == calendar.number_of_pieces(other, of)
        for of in LARGER
    ):
        return None
    period, versus = query.event.period, query.versus
    is_last = isinstance(period, model.Last) and period.unit in calendar.MONTHS
    if unit is None and is_last and isinstance(versus, model.Preceding):
        return None
    return f"{units_text(calendar.length(own), Unit.DAY)} against {calendar.length(other)}"


def left_out(query: Query, own: Days, other: Days, unit: Unit | None) -> str | None:
    """Return the sentence on days that have no partner, None where each has one."""
    if unit is None:
        return None
    more = calendar.number_of_pieces(other, unit) - calendar.number_of_pieces(own, unit)
    days = units_text(abs(more), Unit.DAY)
    if more > 0:
        return f"{days} of the longer other period left out"
    return f"{days} without a partner in the shorter other period" if more else None


def _check_whole(query: Query, own: Days, other: Days, unit: Unit) -> None:
    period = query.event.period or calendar.DEFAULT
    if not _is_whole_by_words(period, own, unit):
        raise _not_whole(f"'{period_text(period)}'", unit)
    match query.versus:
        case model.Preceding():
            is_named = isinstance(period, model.Last | model.Previous)
            is_fine = is_named or calendar.is_whole(other, unit)
        case model.Shift() as shift:
            can_be = not calendar.counts_from_today(period) or _is_made_of(shift, unit)
            is_fine = can_be and calendar.is_whole(other, unit)
        case versus:
            is_fine = _is_whole_by_words(versus or calendar.DEFAULT, other, unit)
    if not is_fine:
        raise _not_whole(f"the other period, {period_text(other)},", unit)


def _is_whole_by_words(period: model.AnyPeriod, days: Days, unit: Unit) -> bool:
    match period:
        case model.Last(_, of) | model.Previous(of):
            return unit in calendar.MADE_OF[of]
        case Days():
            return not calendar.counts_from_today(period) and calendar.is_whole(days, unit)
    return False


def _is_made_of(shift: model.Shift, unit: Unit) -> bool:
    """Return True if a shift is a number of these units, whichever day it is."""
    for sizes in (calendar.DAYS, calendar.MONTHS):
        if shift.unit in sizes and unit in sizes:
            return shift.n * sizes[shift.unit] % sizes[unit] == 0
    return False


def _not_whole(period: str, unit: Unit) -> ClauseError:
    name = unit.value
    message = f"beside 'vs', 'by {name}' pairs whole {name}s, and {period} is not made of them"
    cure = f"write 'last 3 {name}s', 'last {name}' or dates of whole {name}s"
    return ClauseError(f"{message}: {cure}", "VS")
