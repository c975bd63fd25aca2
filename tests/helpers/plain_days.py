"""The calendar of the language page, in plain arithmetic of days and months."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

DAY = timedelta(1)
MONTHS = {"month": 1, "quarter": 3, "year": 12}
Stretch = tuple[date, date]  # both included


def start_of(day: date, unit: str) -> date:
    """Return the first day of the week, month, quarter or year that a day lies in."""
    if unit not in MONTHS:
        return day - timedelta(day.weekday() if unit == "week" else 0)
    return day.replace(day=1, month=(day.month - 1) // MONTHS[unit] * MONTHS[unit] + 1)


def last_of(day: date, unit: str) -> date:
    """Return the last day of the week, month, quarter or year that a day lies in."""
    return moved(start_of(day, unit), 1, unit) - DAY


def moved(day: date, n: int, unit: str) -> date:
    """Return a day that lies so many units later; one that the month lacks becomes its last."""
    if unit not in MONTHS:
        return day + timedelta(n * (7 if unit == "week" else 1))
    year, month = divmod(day.year * 12 + day.month - 1 + n * MONTHS[unit], 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def moved_stretch(days: Stretch, n: int, unit: str) -> Stretch:
    """Return days that are moved; whole months stay whole months."""
    start, end = moved(days[0], n, unit), moved(days[1], n, unit)
    is_whole = days[0].day == 1 and (days[1] + DAY).day == 1
    return (start, last_of(end, "month")) if is_whole and unit in MONTHS else (start, end)


def cut(days: Stretch, unit: str | None) -> list[Stretch]:
    """Return the pieces of some days, cut where a unit begins; the days alone without one."""
    if unit is None:
        return [days]
    pieces, start = [], days[0]
    while start <= days[1]:
        pieces.append((start, min(last_of(start, unit), days[1])))
        start = pieces[-1][1] + DAY
    return pieces


def is_whole(days: Stretch, unit: str) -> bool:
    """Return True for days that begin and end with a unit."""
    return start_of(days[0], unit) == days[0] and last_of(days[1], unit) == days[1]
