"""What a `$name` stands for: a Python value -> a value of the query, or an error that names it.

pandas and numpy are recognised by what their values can do, so that neither is imported here.
Rule: design, "Values from Python".
"""

from __future__ import annotations

import reprlib
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any

from ..errors import QueryError
from .model import Scalar

BIGGEST = 1e300  # a little more fits no float, and no count needs it
LONGEST = 400  # characters; Python itself refuses to read integers of some thousands


def scalar(name: str, params: Mapping[str, Any]) -> Scalar:
    """Give the text or number that `$name` stands for; booleans become "True" and "False"."""
    value = _plain(_lookup(name, params), name)
    if isinstance(value, date):
        raise QueryError(f"${name} is a date, and a filter compares text or numbers")
    if isinstance(value, list):
        raise QueryError(f"${name} is a list; a list stands after 'in': in ${name}")
    return value


def scalars(name: str, params: Mapping[str, Any]) -> tuple[Scalar, ...]:
    """Give the values of the list that `$name` stands for, a set's in sorted order."""
    values = _plain(_lookup(name, params), name)
    if not isinstance(values, list):
        raise QueryError(f"${name} is no list: write in (${name}), or make it one")
    if not values:
        raise QueryError(f"${name} is an empty list; no value can be in it")
    found = [_item(value, name) for value in values]
    if odd := [value for value in found if isinstance(value, date | list)]:
        kind = "dates" if isinstance(odd[0], date) else "lists"
        raise QueryError(f"${name} holds {kind}; a list here holds text and numbers")
    return tuple(value for value in found if not isinstance(value, date | list))


def day(name: str, params: Mapping[str, Any]) -> date:
    """Give the day that `$name` stands for: a date, or the date of a datetime or Timestamp."""
    value = _plain(_lookup(name, params), name)
    if not isinstance(value, date):
        kind = type(_lookup(name, params)).__name__
        cure = f"datetime.date.fromisoformat({name})" if isinstance(value, str) else "a date"
        raise QueryError(f"${name} is {_article(kind)}, and a date is wanted: make it {cure}")
    return value


def text(name: str, params: Mapping[str, Any]) -> str:
    """Give the event's name that `$name` stands for."""
    value = scalar(name, params)
    if not isinstance(value, str) or not value:
        raise QueryError(f"${name} is {value!r}, and an event's name is wanted: a text")
    return value


def number(written: str) -> int | float:
    """Read a number as the language and JSON write it; raise QueryError for one too large."""
    if len(written) > LONGEST:
        raise QueryError("the number is too long")
    try:
        value: int | float = int(written)
    except ValueError:
        value = float(written)
    if not -BIGGEST <= value <= BIGGEST:
        raise QueryError("the number is too large")
    return value


def check_text(value: str) -> str:
    """Give the text back; raise QueryError where half a surrogate pair makes it unsendable."""
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise QueryError("the text holds half a surrogate pair, which cannot be sent")
    return value


def _lookup(name: str, params: Mapping[str, Any]) -> Any:
    name = unicodedata.normalize("NFKC", name)  # as Python reads its own identifiers
    if name in params:
        return params[name]
    known = [key for key in params if isinstance(key, str) and _may_be_meant(key, params[key])]
    near = get_close_matches(name, known, 1)
    hint = (
        f"did you mean ${near[0]}?"
        if near
        else f"set it in a cell before, or pass params={{'{name}': ...}}"
    )
    raise QueryError(f"there is no variable '{name}': {hint}")


def _may_be_meant(key: str, value: Any) -> bool:
    return not key.startswith("_") and not callable(value)  # a notebook holds `open` and `exit`


def _plain(value: Any, name: str) -> Scalar | date | list[Any]:
    match value:
        case bool():
            return str(value)
        case str():
            return _text(value, name)
        case int() | float():
            return _number(value, name)
        case date():
            return _date(value, name)
        case list() | tuple():
            return list(value)
        case set() | frozenset():
            return _in_order(value, name)
    return _foreign(value, name)


def _item(value: Any, name: str) -> Scalar | date | list[Any]:
    """Take a value of the list that `$name` stands for; what is wrong is said of the value."""
    try:
        return _plain(value, name)
    except QueryError as error:
        raise QueryError(
            error.message.replace(f"${name} is", f"${name} holds what is", 1)
        ) from None


def _foreign(value: Any, name: str) -> Scalar | date | list[Any]:
    """Take a value of numpy or pandas for the Python value it stands for."""
    if hasattr(value, "dtype") and getattr(value, "ndim", 0) == 1:
        return list(value)
    if hasattr(value, "dtype") and getattr(value, "shape", None) == () and hasattr(value, "item"):
        if getattr(value.dtype, "kind", "") == "M":
            value = value.astype("datetime64[us]")  # of nanoseconds, item() is a bare integer
        if getattr(value.dtype, "kind", "") == "f":
            return _number(float(str(value)), name)  # 9.99 of 32 bits is not 9.989999771118164
        if isinstance(value.item(), bool | str | int | float | date):
            return _plain(value.item(), name)
    kind = type(value).__name__
    what = "not there" if value is None or kind in ("NAType", "datetime64") else _article(kind)
    shown = reprlib.repr(value)  # which survives a repr that fails
    seen = "" if "\n" in shown else f" ({shown})"
    raise QueryError(f"${name} is {what}{seen}: a text, number, date or list is wanted")


def _text(value: str, name: str) -> str:
    try:
        return check_text("".join(value))  # of a str's subclass, the text itself
    except QueryError as error:
        raise QueryError(f"${name}: {error.message}") from None


def _number(value: int | float, name: str) -> int | float:
    if value != value:
        raise QueryError(f"${name} is not a number (NaN); there is nothing to compare with")
    if not -BIGGEST <= value <= BIGGEST:
        raise QueryError(f"${name} is too large a number")
    return float(value) if isinstance(value, float) else int(value)


def _date(value: date, name: str) -> date:
    if value != value:
        raise QueryError(f"${name} is not a date (NaT)")
    return value.date() if isinstance(value, datetime) else value


def _in_order(values: Iterable[Any], name: str) -> list[Any]:
    plain = [_item(value, name) for value in values]
    numbers = [value for value in plain if isinstance(value, int | float)]
    others = [value for value in plain if not isinstance(value, int | float)]
    return [*sorted(numbers), *sorted(others, key=str)]


def _article(kind: str) -> str:
    return f"an {kind}" if kind[:1].lower() in "aeiou" else f"a {kind}"
