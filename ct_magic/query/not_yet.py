"""What is not over yet is not asked: a row of which no day is over has the status `not yet`.

A count of days that are still to come would be too low, and would not say so. So of own days only
those first days are asked whose window is over (of the share's `of` as well), and an `after 4
weeks` only when what it is moved to is over. Rules: README.md here, "What else the profile did" and
"Own days".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from ct_magic.query import calendar, model
from ct_magic.query.calendar import Stretch, ends
from ct_magic.rows import replace


def has_come(today: date, piece: model.Days, shifts: Iterable[model.Shift]) -> bool:
    """Return True where the piece has begun, and whatever an `after` moves it to is over."""
    moved = (calendar.moved(piece, shift) for shift in shifts)
    return ends(piece)[0] <= today and all(ends(days)[1] < today for days in moved)


def days_over(today: date, last_day: int, stretch: Stretch) -> int:
    """Return how many first days of a stretch have this own day in the past."""
    over = (today - ends(stretch.piece)[0]).days - last_day
    return max(0, min(over, calendar.length(stretch.piece)))


def over_in_both(
    today: date, last_day: int, own: Stretch, other: Stretch | None
) -> tuple[Stretch, Stretch | None, bool]:
    """Return of both the first days whose window is over, equally many, and whether there are any.

    Both stay as they are where that is all days, or none.
    """
    pair = [stretch for stretch in (own, other) if stretch]
    over = [days_over(today, last_day, stretch) for stretch in pair]
    if all(n == calendar.length(s.piece) for n, s in zip(over, pair, strict=True)):
        return own, other, True
    fewest = min(over)
    return _first_days(own, fewest), other and _first_days(other, fewest), fewest > 0


def _first_days(stretch: Stretch, number: int) -> Stretch:
    """Return the stretch with only so many of its days; with all of them where it has none."""
    if number == calendar.length(stretch.piece):
        return stretch
    start = ends(stretch.piece)[0]
    days = model.Days(start, start + timedelta(number - 1)) if number else stretch.piece
    return replace(stretch, days=days, whole=False)
