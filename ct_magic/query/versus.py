"""`vs`: the other period, whether its pieces can be paired, and whether a change can be said.

Rule: README.md here, "Against another period".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from ct_magic.common import words
from ct_magic.query import calendar
from ct_magic.query.lexer import ClauseError
from ct_magic.query.model import (
    AnyPeriod,
    Days,
    Last,
    Preceding,
    Previous,
    Query,
    Shift,
    ShiftAxis,
    This,
    Unit,
)
from ct_magic.query.printer import period_text as period_text

LARGER = (Unit.WEEK, Unit.MONTH, Unit.QUARTER, Unit.YEAR)


def other_days(query: Query, own: Days, unit: Unit | None, today: date) -> Days:
    """Return the days of the other period; `own` are the statement's, cut in `unit` by `by`.

    Raises QueryError where the two cannot be paired piece by piece.
    """
    match query.versus:
        case Preceding():
            days = preceding(query.event.period or calendar.DEFAULT, own, unit, today)
        case Shift() as shift:
            days = calendar.moved(own, shift)
        case period:
            days = calendar.resolve(period, today, unit)
    if unit is not None:
        _check_pairs(query, own, days, unit)
    return days


def preceding(period: AnyPeriod, own: Days, unit: Unit | None, today: date) -> Days:
    """Return the period before, by the words of the period."""
    start, end = calendar.ends(own)
    before = start - timedelta(1)
    match period:
        case Last(n, of) if calendar.is_of_whole_pieces(period, unit):
            return Days(calendar.ends(calendar.moved(Days(start, start), Shift(-n, of)))[0], before)
        case Last(n, of):
            return Days(
                calendar.ends(calendar.moved(Days(today, today), Shift(-2 * n, of)))[0], before
            )
        case This(Unit.WEEK):
            return calendar.moved(own, Shift(-1, Unit.WEEK))
        case This(of) if of is not Unit.DAY:
            first, last = (calendar.moved(Days(day, day), Shift(-1, of)) for day in (start, end))
            return Days(first.start, last.start)
    if named := _named(period, own):
        return calendar.unit_of(named, before)
    return calendar.moved(own, Shift(-calendar.length(own), Unit.DAY))


def _named(period: AnyPeriod, own: Days) -> Unit | None:
    """Return the unit of a week, month, quarter or year that was named as one."""
    match period:
        case Previous(unit):
            return unit
        case Days(named=Unit() as unit):
            return unit
        case Days() if not calendar.counts_from_today(period) and own == calendar.unit_of(
            Unit.MONTH, calendar.ends(own)[0]
        ):
            return Unit.MONTH
    return None


def incomparable(
    query: Query, own: Days, other: Days, unit: Unit | None, is_over: Callable[[date], bool]
) -> str | None:
    """Return why there is no `change` between two stretches, None where there is one.

    `is_over` tells whether what is counted of a stretch is, by its last day.
    """
    for last in (calendar.ends(own)[1], calendar.ends(other)[1]):
        if not is_over(last):
            return f"{words.day(last)} is not over"
    if calendar.length(own) == calendar.length(other) or any(
        _as_many(own, other, of) for of in LARGER
    ):
        return None
    if unit is None and _is_last_and_before(query):
        return None
    days = "1 day" if calendar.length(own) == 1 else f"{calendar.length(own)} days"
    return f"{days} against {calendar.length(other)}"


def left_out(query: Query, own: Days, other: Days, unit: Unit | None) -> str | None:
    """Return the sentence on days that have no partner, None where each has one."""
    if unit is None:
        return None
    more = calendar.number_of_pieces(other, unit) - calendar.number_of_pieces(own, unit)
    days = "1 day" if abs(more) == 1 else f"{abs(more)} days"
    if more > 0:
        return f"{days} of the longer other period left out"
    return f"{days} without a partner in the shorter other period" if more else None


def _as_many(own: Days, other: Days, unit: Unit) -> bool:
    return (
        calendar.is_whole(own, unit)
        and calendar.is_whole(other, unit)
        and calendar.number_of_pieces(own, unit) == calendar.number_of_pieces(other, unit)
    )


def _is_last_and_before(query: Query) -> bool:
    period = query.event.period
    is_last = isinstance(period, Last) and period.unit in calendar.MONTHS
    return is_last and isinstance(query.versus, Preceding)


def _check_pairs(query: Query, own: Days, other: Days, unit: Unit) -> None:
    if unit is not Unit.DAY:
        _check_whole(query, own, other, unit)
    numbers = calendar.number_of_pieces(own, unit), calendar.number_of_pieces(other, unit)
    is_by_words = unit is Unit.DAY and isinstance(query.versus, Preceding | Shift)
    if numbers[0] != numbers[1] and not is_by_words:
        raise ClauseError(
            f"cut by {unit.value} the periods have {numbers[0]:,} and {numbers[1]:,} pieces: "
            "take periods with as many each",
            "VS",
        )


def _check_whole(query: Query, own: Days, other: Days, unit: Unit) -> None:
    period = query.event.period or calendar.DEFAULT
    if not _is_whole_by_words(period, own, unit):
        raise _not_whole(_words(period), unit)
    match query.versus:
        case Preceding():
            is_fine = isinstance(period, Last | Previous) or calendar.is_whole(other, unit)
        case Shift() as shift:
            is_fine = calendar.is_whole(other, unit) and (
                _is_written(period) or _is_made_of(shift, unit)
            )
        case versus:
            is_fine = _is_whole_by_words(versus or calendar.DEFAULT, other, unit)
    if not is_fine:
        raise _not_whole(f"the other period, {period_text(other)},", unit)


def _is_written(period: AnyPeriod) -> bool:
    return isinstance(period, Days) and not calendar.counts_from_today(period)


def _is_whole_by_words(period: AnyPeriod, days: Days, unit: Unit) -> bool:
    match period:
        case Last(_, of) | Previous(of):
            return unit in calendar.MADE_OF[of]
        case Days():
            return _is_written(period) and calendar.is_whole(days, unit)
    return False


def _is_made_of(shift: Shift, unit: Unit) -> bool:
    """Return True if a shift is a number of these units, whichever day it is."""
    for sizes in (calendar.DAYS, calendar.MONTHS):
        if shift.unit in sizes and unit in sizes:
            return shift.n * sizes[shift.unit] % sizes[unit] == 0
    return False


def _words(period: AnyPeriod) -> str:
    return "the period" if isinstance(period, Shift | ShiftAxis) else f"'{period_text(period)}'"


def _not_whole(period: str, unit: Unit) -> ClauseError:
    name = unit.value
    return ClauseError(
        f"beside 'vs', 'by {name}' pairs whole {name}s, and {period} is not made of them: "
        f"write 'last 3 {name}s', 'last {name}' or dates of whole {name}s",
        "VS",
    )
