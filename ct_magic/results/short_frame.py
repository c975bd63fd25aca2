"""What a page shows of a DataFrame of counts: the columns that say something, numbers to read."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import pandas as pd

_WHOLE = ("count", "of", "previous", "events", "users", "devices")
PERCENT = ("share", "low", "high")
_DAYS = ("start", "end", "previous_start", "previous_end")


def short_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame of texts, to be shown: thousands separated, shares in percent.

    Left out is what is missing in all rows, and what is as usual in all: the status of counts that
    arrived, when they were taken where that was now, an event that the query names, the end of
    days that stand alone, a query that all rows share.
    """
    names = [name for name in frame.columns if _says_something(frame, name)]
    return pd.DataFrame({name: _texts(frame[name], name) for name in names})


def drawn_short(frame: pd.DataFrame, *, is_page: bool) -> str:
    """Return a frame of counts as HTML or as text, short."""
    shown = short_frame(frame)
    return str(shown._repr_html_() if is_page else shown)  # type: ignore[operator] # pandas' own


class DrawnBeside:
    """One count that the panel of its cell has shown: there the page says only what the value is.

    `cell` returns which one runs. In a later one, as `_` or under a name, it is drawn as ever.
    """

    def __init__(self, cell: Callable[[], int]) -> None:
        self._cell, self._own = cell, cell()

    def __call__(self, frame: pd.DataFrame, *, is_page: bool) -> str:
        """Return a line for the page that has the panel, else the frame, short."""
        if not is_page or self._cell() != self._own:
            return drawn_short(frame, is_page=is_page)
        names = ", ".join(escape(str(name)) for name in short_frame(frame).columns)
        return f'<span style="opacity:.75;font-size:13px">DataFrame of 1 row: {names}</span>'


def _says_something(frame: pd.DataFrame, name: str) -> bool:
    column = frame[name]
    if column.isna().all():
        return False
    match name:
        case "query":
            return len(frame) == 1 or column.nunique() > 1
        case "event":
            titles = frame["query"]
            return any(event not in title for event, title in zip(column, titles, strict=True))
        case "end" | "previous_end":
            return not column.equals(frame[name.replace("end", "start")])
        case "status":
            return bool((column != "success").any())
        case "cached":
            return bool(column.any())
        case "counted":
            return bool(frame["cached"].any())
        case "whole":
            return not column.all()
    return True


def _texts(column: pd.Series[Any], name: str) -> pd.Series[Any]:
    write = _writer(name)
    return column.map(lambda value: "" if pd.isna(value) else write(value)).astype("object")


def _writer(name: str) -> Callable[[Any], str]:
    if name in _WHOLE:
        return "{:,}".format
    if name in PERCENT:
        return "{:.1%}".format
    if name in _DAYS:
        return "{:%Y-%m-%d}".format
    return {"change": "{:+.1%}", "counted": "{:%Y-%m-%d %H:%M}"}.get(name, "{}").format
