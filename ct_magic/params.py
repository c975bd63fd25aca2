"""Values from Python for the `$names` of a query: each becomes a value of its type, never text."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from .cql import LONGEST
from .query import Scalar


class UnfitError(Exception):
    """A value that cannot stand there; the message goes on after the variable's name."""


def scalar(value: Any) -> Scalar:
    """Take a text, a boolean (as the text that the API wants), a number or a numpy scalar."""
    value = _plain(value)
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, date):
        raise UnfitError("is a date, and a property holds texts and numbers: use str() of it")
    if isinstance(value, list | tuple | set | frozenset):
        raise UnfitError("is a list, and one value stands here: use 'in'")
    raise _unknown(value)


def many(value: Any) -> tuple[Scalar, ...]:
    """Take a list, a tuple, a set (sorted), a Series or an Index of such values."""
    if isinstance(value, set | frozenset):
        # Sorted by type first, so that a set of texts and numbers has an order too.
        return _filled(tuple(sorted(map(_member, value), key=lambda v: (isinstance(v, str), v))))
    if not isinstance(value, list | tuple):
        if not callable(getattr(value, "tolist", None)) or getattr(value, "ndim", 1) != 1:
            raise UnfitError(f"is {_kind(value)}, and a list stands here")
        value = value.tolist()
    return _filled(tuple(map(_member, value)))


def day(value: Any) -> date:
    """Take a date, a datetime, a Timestamp or a numpy datetime64."""
    if hasattr(value, "astype") and type(value).__name__ == "datetime64":
        value = value.astype("datetime64[D]").item()
    if value is None or value != value:
        raise UnfitError("is missing (None, NaN or NaT)")
    if isinstance(value, datetime):
        value = value.date()
    if not isinstance(value, date):
        raise UnfitError(f"is {_kind(value)}, and a day stands here: give a date")
    if value.year < 1000:
        raise UnfitError("is a day before the year 1000")
    return value


def _member(value: Any) -> Scalar:
    try:
        return scalar(value)
    except UnfitError as unfit:
        raise UnfitError(f"holds a value that {unfit}") from None


def _filled(values: tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    if not values:
        raise UnfitError("is an empty list: there is nothing to look for")
    return values


def _plain(value: Any) -> Any:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        raise UnfitError("is missing (None or NA)")
    if type(value).__module__ == "numpy" and getattr(value, "ndim", 1) == 0:
        return value.item()
    return value


def _number(value: int | float) -> int | float:
    # A subclass of int or float is taken for its number.
    number = int(value) if isinstance(value, int) else float(value)
    if isinstance(number, float) and not abs(number) < float("inf"):
        raise UnfitError("is not a number (NaN or infinite)")
    if isinstance(number, int) and abs(number) >= 10 ** (LONGEST - 1):
        raise UnfitError("is a number that is too long")
    return number


def _kind(value: Any) -> str:
    return "missing (None)" if value is None else f"of the type {type(value).__name__}"


def _unknown(value: Any) -> UnfitError:
    return UnfitError(
        f"is of the type {type(value).__name__}, and a text, a number or a boolean stands here"
    )
