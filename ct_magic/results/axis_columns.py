"""Pieces of `by` -> columns that every file and database takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from ..rows import Scalar

Pieces = Sequence[tuple[str, Scalar]]
EXACT = 2**53  # whole numbers up to here are exact as floats
_BIGGEST = 2**63


def axis_columns(rows: Sequence[Pieces], taken: Iterable[str]) -> dict[str, object]:
    """Return the column of each axis, by its name; NA where a row has no such axis.

    A name that differs from one that is `taken`, or from an axis before it, in case only, gets
    ` (property)` or a number behind it: SQL compares without case. Whole numbers become Int64,
    others Float64, texts string; where a column mixes them, or a number is too large, all become
    text, and where two values would become one text those that were text keep their quotes.
    """
    known = [dict(pieces) for pieces in rows]
    axes = list(dict.fromkeys(name for pieces in rows for name, _ in pieces))
    names = _free_names(axes, taken)
    return {names[axis]: _column([pieces.get(axis) for pieces in known]) for axis in axes}


def _free_names(axes: Sequence[str], taken: Iterable[str]) -> Mapping[str, str]:
    used = {name.casefold() for name in taken}
    free: dict[str, str] = {}
    for axis in axes:
        name = f"{axis} (property)" if axis.casefold() in used else axis
        number = 2
        while name.casefold() in used:
            name, number = f"{axis} ({number})", number + 1
        used.add(name.casefold())
        free[axis] = name
    return free


def _column(values: Sequence[Any]) -> Any:
    known = {(type(value), value) for value in values if value is not None}
    kinds = {kind for kind, _ in known}
    numbers = [value for _, value in known if not isinstance(value, str)]
    if kinds <= {int} and all(-_BIGGEST <= number < _BIGGEST for number in numbers):
        return pd.array(values, dtype="Int64")
    if kinds <= {int, float} and all(_is_exact(number) for number in numbers):
        return pd.array(values, dtype="Float64")
    texts = _texts(value for _, value in known)
    cells = [None if value is None else texts[type(value), value] for value in values]
    return pd.array(cells, dtype=pd.StringDtype())


def _is_exact(number: int | float) -> bool:
    return isinstance(number, float) or abs(number) <= EXACT


def _texts(values: Iterable[Scalar]) -> Mapping[tuple[type, Scalar], str]:
    plain = {(type(value), value): str(value) for value in values}
    times = Counter(plain.values())
    texts = {key: _quoted(key, text) if times[text] > 1 else text for key, text in plain.items()}
    if len(set(texts.values())) == len(texts):
        return texts
    # A text that has quotes of its own: quoted all, no two can be one.
    return {key: _quoted(key, text) for key, text in plain.items()}


def _quoted(key: tuple[type, Scalar], text: str) -> str:
    return f'"{text}"' if key[0] is str else text
