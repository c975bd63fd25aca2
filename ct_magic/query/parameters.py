"""What a `$name` holds: a Python value -> a value of the query, or an error that names it.

pandas, numpy, polars and pyarrow are recognised by what their values can do, so that none of them
is imported here. Rule: README.md here, "Values from Python".
"""

from __future__ import annotations

import re
import reprlib
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, time, tzinfo
from decimal import Decimal
from enum import Enum
from typing import Any

from ct_magic.common.words import suggest
from ct_magic.errors import QueryError
from ct_magic.query.calendar import day_of
from ct_magic.query.model import Days, Scalar, Unit, check_name, minutes

_BIGGEST = 1e300  # a little more fits no float, and no count needs it
_TOO_MANY_DIGITS = "more digits than can be sent, so another number would be compared; round it"
_LONGEST_NUMBER = 400  # characters; Python itself refuses to read integers of some thousands
_MOST_VALUES = 100_000  # of a list: a range may hold more than fits the memory
# A text that holds more than a name: JSON, a filter, a clause or a period.
_STATEMENT = re.compile(
    r"\s*\{|.*(\swhere\s.*[=<>~]|\sdid\s+[A-Z\"]|\slast\s+\d|\s\d{4}-\d\d)", re.DOTALL
)
# What a container says of its floats of fewer than 64 bits: numpy and pandas by their dtype, polars
# and pyarrow by their type, whose `float` has 32 and whose `double` has 64.
_NARROW_FLOATS = re.compile(
    r"(?P<float16>half|float16)|(?P<float32>float32|float(?!\d))", re.IGNORECASE
)
# The frequencies of pandas' Period that name a stretch of the calendar as people do.
_FREQUENCIES = {"W-SUN": Unit.WEEK, "M": Unit.MONTH, "Q-DEC": Unit.QUARTER}
_FREQUENCIES |= {"Y-DEC": Unit.YEAR, "A-DEC": Unit.YEAR}
_COARSE = {"Y": "years", "M": "months", "W": "weeks"}  # numpy's datetime64 of less than days


def scalar(name: str, params: Mapping[str, object]) -> Scalar:
    """Return the text or number that `$name` holds; booleans become "True" and "False"."""
    value = _unboxed(lookup(name, params), name)
    if isinstance(value, date):
        raise QueryError(f"${name} is a date, and a filter compares text or numbers")
    if isinstance(value, list):
        raise QueryError(f"${name} is a list; a list comes after 'in': in ${name}")
    return value


def scalars(name: str, params: Mapping[str, object]) -> tuple[Scalar, ...]:
    """Return the values of the list that `$name` holds, a set's in sorted order."""
    values = _unboxed(lookup(name, params), name)
    if not isinstance(values, list):
        raise QueryError(f"${name} is not a list: write in (${name}), or make it one")
    if not values:
        raise QueryError(f"${name} is an empty list; no value can be in it")
    items = [_item(value, name) for value in values]
    if odd := [value for value in items if isinstance(value, date | list)]:
        kind = "dates" if isinstance(odd[0], date) else "lists"
        raise QueryError(f"${name} holds {kind}; a list here holds text and numbers")
    return tuple(value for value in items if not isinstance(value, date | list))


def day_value(name: str, params: Mapping[str, object], zone: tzinfo | None) -> date:
    """Return the day that `$name` holds: that of a date, a datetime, or an instant in `zone`."""
    value = _unboxed(lookup(name, params), name)
    if not isinstance(value, date):
        kind = type(lookup(name, params)).__name__
        of_text = f"datetime.date.fromisoformat({name})"
        cure = of_text if isinstance(value, str) else "datetime.date(Y, M, D)"
        raise QueryError(f"${name} is {_article(kind)}, expected a date: make it {cure}")
    try:
        return day_of(value, zone)
    except (OverflowError, ValueError, OSError):
        raise QueryError(f"${name} ({value}) leaves the calendar in the account's zone") from None


def period_value(name: str, params: Mapping[str, object], zone: tzinfo | None) -> Days:
    """Return the days that `$name` holds in the place of a period: a day, or a `Period`."""
    value = lookup(name, params)
    if type(value).__name__ != "Period" or not hasattr(value, "freqstr"):
        only = day_value(name, params, zone)
        return Days(only, only)
    unit = _FREQUENCIES.get(value.freqstr)
    if unit is None:
        known = "of months, quarters, years, or weeks from Monday to Sunday"
        raise QueryError(f"${name} is a Period of frequency {value.freqstr}: take one {known}")
    named = unit if unit is Unit.QUARTER else None  # the others are their dates
    return Days(value.start_time.date(), value.end_time.date(), named)


def clock_value(name: str, params: Mapping[str, object]) -> int:
    """Return the minutes from midnight of the time of day that `$name` holds."""
    value = lookup(name, params)
    if isinstance(value, time) and value.tzinfo is not None:
        raise QueryError(f"${name} is a time with a zone of its own: take one without")
    if isinstance(value, time) and value.second == value.microsecond == 0:
        return value.hour * 60 + value.minute
    minute = minutes(value) if isinstance(value, str) else None
    if minute is None:
        taken = 'a datetime.time of whole minutes, or a text like "13:00"'
        raise QueryError(f"${name} is {reprlib.repr(value)}, and the clock takes {taken}")
    return minute


def text_value(name: str, params: Mapping[str, object]) -> str:
    """Return the event's name that `$name` holds."""
    value, held = scalar(name, params), lookup(name, params)
    is_boolean = value in ("True", "False") and not isinstance(held, str)
    if is_boolean or not isinstance(value, str) or not value:
        shown = held if is_boolean else value
        raise QueryError(f"${name} is {shown!r}, not an event's name, which is a text")
    if _STATEMENT.match(value) or value.splitlines() != [value]:
        cure = "write the query's clauses in the cell, as in 'did Charged where Amount > $floor'"
        held = f"${name} holds a query, and a variable is an event's name here"
        raise QueryError(f"{held}: {cure}; see %ct help segment")
    return check_name(value, f"${name}: ")


def number_value(written: str) -> int | float:
    """Read a number as the language and JSON write it; raise QueryError for one too large."""
    if len(written) > _LONGEST_NUMBER:
        raise QueryError("the number is too long")
    if re.match(r"-?0\d", written):
        cure = f'leave the separators out, or quote it, "{written}"'
        raise QueryError(f"a number does not begin with 0: {cure}")
    value = Decimal(written)
    if not -_BIGGEST <= value <= _BIGGEST:
        raise QueryError("the number is too large")
    if re.fullmatch(r"-?\d+", written):
        return int(written)
    if (digits := _float(value)) is None:
        raise QueryError(f"the number has {_TOO_MANY_DIGITS}")
    return digits


def check_text(value: str, holder: str = "") -> str:
    """Return the text back; raise QueryError where half a surrogate pair makes it unsendable."""
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise QueryError(f"{holder}the text holds half a surrogate pair, which cannot be sent")
    return value


def lookup(name: str, params: Mapping[str, object]) -> Any:
    """Return what `$name` holds; raise QueryError where there is no such variable."""
    name = unicodedata.normalize("NFKC", name)  # as Python reads its own identifiers
    if name in params:
        return params[name]
    # A notebook holds `open` and `exit`, too.
    own = [key for key, value in params.items() if isinstance(key, str) and not callable(value)]
    near = suggest(name, [key for key in own if not key.startswith("_")])
    hint = f"set it in a cell before, or pass params={{'{name}': ...}}"
    raise QueryError(f"there is no variable '{name}': {f'did you mean ${near}?' if near else hint}")


def _unboxed(value: object, name: str) -> Scalar | date | list[object]:
    match value:
        case Enum() if not isinstance(value, str | int | float):
            return _unboxed(value.value, name)
        case bool():
            return str(value)
        case str():
            return check_text("".join(value), f"${name}: ")  # of a subclass, the text itself
        case int() | float() | Decimal():
            return _checked_number(value, name)
        case date():
            if value != value:
                raise QueryError(f"${name} is not a date (NaT)")
            return value
        case list() | tuple() | range() | set() | frozenset():
            if not isinstance(value, list | tuple) and len(value) > _MOST_VALUES:
                raise QueryError(f"${name} holds {len(value):,} values, more than any list")
            if not isinstance(value, set | frozenset):
                return list(value)
            plain = (_item(held, name) for held in value)
            return sorted(
                plain, key=lambda v: (0, v) if isinstance(v, int | float) else (1, str(v))
            )
    return _foreign(value, name)


def _item(value: object, name: str) -> Scalar | date | list[object]:
    """Return a value of the list that `$name` holds; an error names the value."""
    try:
        return _unboxed(value, name)
    except QueryError as error:
        of_item = error.message.replace(f"${name} is", f"${name} holds a value that is", 1)
        raise QueryError(of_item) from None


def _foreign(value: Any, name: str) -> Scalar | date | list[object]:
    """Return the Python value that a value of numpy, pandas, polars or pyarrow means."""
    if type(value).__module__.split(".")[0] in ("pyarrow", "polars"):
        return _arrow(value, name)
    if hasattr(value, "dtype") and getattr(value, "ndim", 0) == 1:
        return _with_digits(value, value.dtype)
    is_masked = getattr(value, "ndim", 1) == 0 and bool(getattr(value, "mask", False))
    is_scalar = hasattr(value, "dtype") and getattr(value, "shape", None) == ()
    if is_scalar and hasattr(value, "item") and not is_masked:
        if getattr(value.dtype, "kind", "") == "M":
            _check_days(value, name)
            value = value.astype("datetime64[us]")  # of nanoseconds, item() is a bare integer
        if getattr(value.dtype, "kind", "") == "f":
            digits = Decimal(str(value))  # 9.99 of 32 bits is not 9.989999771118164
            return _checked_number(digits if value.dtype.itemsize > 8 else float(digits), name)
        if isinstance(value.item(), bool | str | int | float | date):
            return _unboxed(value.item(), name)
    raise _no_value(value, name)


def _arrow(value: Any, name: str) -> Scalar | date | list[object]:
    """Return what an array or a scalar holds; whole tables are no values."""
    for method in ("to_pylist", "to_list"):
        if hasattr(value, method) and not hasattr(value, "columns"):
            kind = value.dtype if hasattr(value, "dtype") else value.type
            return _with_digits(getattr(value, method)(), kind)
    if hasattr(value, "as_py") and value.as_py() is not None:
        if hasattr(value.type, "value_field"):  # of a list, which says what its numbers are
            return _arrow(value.values, name)
        (held,) = _with_digits([value.as_py()], value.type)
        return _unboxed(held, name)
    raise _no_value(value, name)


def _with_digits(values: Iterable[object], kind: Any) -> list[object]:
    """Return a container's values; small floats with their own digits.

    Most containers return a float of 32 bits as one of 64 with other digits: it is made small again
    before it is written.
    """
    categories = getattr(kind, "categories", None)
    narrow = _NARROW_FLOATS.search(str(getattr(categories, "dtype", kind)))
    if not narrow:
        return list(values)
    import numpy as np  # is loaded by then, or pandas would need it anyway

    small = getattr(np, str(narrow.lastgroup))
    return [float(str(small(v))) if isinstance(v, float) else v for v in values]


def _check_days(value: Any, name: str) -> None:
    """Raise QueryError for a numpy date that names a month as one: it has no one day."""
    unit = str(value.dtype).removeprefix("datetime64[").removesuffix("]")
    if unit in _COARSE and value == value:
        cure = f"{name}.astype('datetime64[D]') is its first day"
        raise QueryError(f"${name} is a datetime64 of {_COARSE[unit]}, expected a day: {cure}")


def _no_value(value: object, name: str) -> QueryError:
    kind = type(value).__name__
    if kind == "Period":
        return QueryError(f"${name} is a Period: write it alone, in the place of a period")
    if kind in ("NamedCondition", "NamedEvent"):
        use = f"a filter of its own, where ${name}" if kind == "NamedCondition" else "an event"
        return QueryError(f"${name} is {value!r}: it is used as {use}")
    if isinstance(value, time):
        return QueryError(f"${name} is a time: write it in a range of the clock")
    is_missing = value is None or kind in ("NAType", "datetime64", "MaskedConstant")
    description = "missing" if is_missing else _article(kind)
    shown = reprlib.repr(value)  # which survives a repr that fails
    seen = "" if "\n" in shown else f" ({shown})"
    return QueryError(f"${name} is {description}{seen}: expected a text, number, date or list")


def _checked_number(value: int | float | Decimal, name: str) -> int | float:
    # A signalling NaN of Decimal cannot even be compared.
    if value.is_nan() if isinstance(value, Decimal) else value != value:
        raise QueryError(f"${name} is not a number (NaN); there is nothing to compare with")
    if not -_BIGGEST <= value <= _BIGGEST:
        raise QueryError(f"${name} is too large a number")
    if not isinstance(value, Decimal):
        return float(value) if isinstance(value, float) else int(value)
    if value == value.to_integral_value():
        return int(value)
    if (digits := _float(value)) is None:
        raise QueryError(f"${name} has {_TOO_MANY_DIGITS}: {name} = float({name})")
    return digits


def _float(value: Decimal) -> float | None:
    """Return the number that is sent as these very digits, or None where none is."""
    sent = float(value)
    return sent if Decimal(repr(sent)) == value else None


def _article(kind: str) -> str:
    return f"an {kind}" if kind[:1].lower() in "aeiou" else f"a {kind}"
