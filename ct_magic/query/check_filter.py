"""Whether a filter's operator and property can take its value; the rules and their words.

Shared by text and JSON: what `fits` refuses is an error in the language, and JSON that holds it is
kept word for word.
"""

from __future__ import annotations

import re

from ct_magic.query import model

TIME_OF_DAY = model.Property("time_of_day", model.Scope.SESSION)
CLOCK = "a range of the clock is written session.time_of_day in 13:00..17:00"
ONLY_CLOCK = "'time_of_day' takes a range of the clock alone, session.time_of_day in 13:00..17:00"
OVERNIGHT = "over midnight write two statements, or join two ranges by 'or'"
PLACE = '"country", "country/state" or "country/state/city"'
THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def fits(condition: model.Filter) -> bool:
    """Return True if the operator and the property can take the value."""
    operator, value = condition.operator, condition.value
    if isinstance(value, model.ClockRange) or condition.property == TIME_OF_DAY:
        whole = isinstance(value, model.ClockRange) and value.start <= value.end
        return whole and condition.property == TIME_OF_DAY and operator is model.Operator.EQUALS
    return _takes(operator, value)


def misfit(
    operator: model.Operator, value: model.Scalar, shown: str, name: str | None = None
) -> str | None:
    """Return what is wrong with a value behind an operator; None where it fits.

    `shown` is the value as it was typed, `name` the operator's name where it is not its symbol.
    """
    name = name or f"'{operator.symbol}'"
    if _takes(operator, value):
        return None
    if operator in model.ORDERING:
        digits = str(value).replace(",", "")
        write = f": write {digits}" if THOUSANDS.fullmatch(str(value)) else ""
        return f"{name} compares numbers, and {shown} is text{write}"
    return f"{name} looks into text, and {shown} is a number: quote it"


def minutes(text: str) -> int | None:
    """Return the minutes from midnight of `HH:MM`, 00:00 to 23:59; None for anything else."""
    match = _CLOCK.fullmatch(text)
    return int(match[1]) * 60 + int(match[2]) if match else None


def check_clock(minute: int) -> str:
    """Return the time of day as `HH:MM`."""
    return f"{minute // 60:02}:{minute % 60:02}"


def check_place(value: model.Scalar) -> model.Place | None:
    """Return the parts of "India/Goa"; None for what is no place."""
    parts = tuple(value.split("/")) if isinstance(value, str) else ()
    return parts if 1 <= len(parts) <= 3 and all(parts) else None


def _takes(operator: model.Operator, value: model.Scalar | tuple[model.Scalar, ...]) -> bool:
    if isinstance(value, tuple):
        return operator in model.LISTING and bool(value)
    if operator in model.ORDERING:
        return not isinstance(value, str)
    if operator in model.SEARCHING:
        return isinstance(value, str)
    return operator in model.LISTING or value == ""
