"""A small DataFrame as a page reads it: words at the left, numbers at the right."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from html import escape
from shutil import get_terminal_size
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from ct_magic.common.words import change, fit, plain, share
from ct_magic.panel.style import NO_FORMULA
from ct_magic.panel.tables import html_table, text_table

# What a page shows of a DataFrame of counts: the columns that say something, numbers to read.

_WHOLE = ("count", "of", "previous", "events", "users", "devices")
PERCENT = ("share", "low", "high")
_DAY_COLUMNS = ("start", "end", "previous_start", "previous_end")


def short_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame of texts, to be shown: thousands separated, shares in percent.

    Left out is what is missing in all rows, and what is as usual in all: the status of counts that
    arrived, when they were taken where that was now, an event that the query names, the end of
    days that are the same, a query that all rows share.
    """
    names = [name for name in frame.columns if _says_something(frame, name)]
    return pd.DataFrame({name: _column_texts(frame[name], name) for name in names})


def drawn_short(frame: pd.DataFrame, *, is_page: bool) -> str | None:
    """Return a frame of counts as HTML or as text, short; as pandas does where columns are gone."""
    try:
        shown = short_frame(frame)
    except KeyError:
        shown = frame
    if not is_page:
        return str(shown)
    # None where somebody has chosen to have no HTML: a page then shows the text.
    page = shown._repr_html_()  # type: ignore[operator] # pandas' own
    return page and str(page).replace("<div>", f'<div class="{NO_FORMULA}">', 1)


class DrawnBeside:
    """One count that the panel of its cell has shown: there the page says only what the value is.

    `cell` returns which one runs. In a later one, as `_` or under a name, it is drawn as ever.
    """

    def __init__(self, cell: Callable[[], int]) -> None:
        self._cell, self._own = cell, cell()

    def __call__(self, frame: pd.DataFrame, *, is_page: bool) -> str | None:
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


def _column_texts(column: pd.Series[Any], name: str) -> pd.Series[Any]:
    write = _writer(name)
    return column.map(lambda value: "" if pd.isna(value) else write(value)).astype("object")


def _writer(name: str) -> Callable[[Any], str]:
    if name in _WHOLE:
        return "{:,}".format
    if name in PERCENT:
        return share
    if name == "change":
        return change
    if name in _DAY_COLUMNS:
        return "{:%Y-%m-%d}".format
    return ("{:%Y-%m-%d %H:%M}" if name == "counted" else "{}").format


# Words as a table in a page: each column has the room that its words need.

_ONE_LINE = 20  # characters of a column that stays on one line: a moment, a name
_LONG = 40  # characters of a column that is wrapped, but not into single words


def word_table(lines: Sequence[Sequence[str]], numbers: Collection[int] = ()) -> str:
    """Return lines as HTML, the first of them the heads; columns of numbers are at the right."""
    looks = [
        f' style="{_style(max(map(len, column)), "right" if place in numbers else "left")}"'
        for place, column in enumerate(zip(*lines, strict=True))
    ]
    heads, *rest = [list(map(escape, line)) for line in lines]
    return html_table(heads, rest, looks, kind=NO_FORMULA)


def _style(longest: int, side: str) -> str:
    style = f"text-align:{side};vertical-align:top"
    if longest <= _ONE_LINE:
        return f"{style};white-space:nowrap"
    return f"{style};min-width:12em;overflow-wrap:anywhere" if longest > _LONG else style


# What is shown of the DataFrame of `%ct history`: one line a cell, the newest first.

MOST_LINES = 50
_COUNT_COLUMNS = ("counts", "count")


def short_history(frame: pd.DataFrame, *, is_page: bool, columns: int | None = None) -> str:
    """Return the latest cells as a table in HTML, or as lines that fit into the terminal.

    `columns` is how wide that is, where it is known better.

    Left out is what is missing in all cells or as usual in all: the account, if it is one, how many
    counts, if each cell had one, the state, if all are there. The query comes last, and is cut.
    """
    rows = frame.head(MOST_LINES)
    # Not by pandas: of no rows its `partition` makes no columns.
    rows = rows.assign(account=[text.partition(" at ")[0] for text in rows["account"]])
    names = _column_names(rows)
    shown = list(zip(*(_history_texts(name, rows[name]) for name in names), strict=True))
    older = len(frame) - len(rows)
    more = f"and {older:,} older: the value holds all" if older else ""
    right = [name in _COUNT_COLUMNS for name in names]
    if is_page:
        numbers = [place for place, is_number in enumerate(right) if is_number]
        return word_table(shown, numbers) + f"<p>{more}</p>" * bool(more)
    most = columns or get_terminal_size().columns
    lines = text_table(shown, right, 10**6)
    cut = [line if fit(line, most) == line else f"{fit(line, most - 1)}…" for line in lines]
    return "\n".join([*cut, more] if more else cut)


def _column_names(frame: pd.DataFrame) -> list[str]:
    names = ["asked"]
    names += ["account"] if frame["account"].nunique() > 1 else []
    names += ["variable"] if frame["variable"].notna().any() else []
    names += ["state"] if (frame["state"] != "success").any() else []
    names += ["counts"] if (frame["counts"] != 1).any() else []
    names += ["count"] if frame["count"].notna().any() else []
    return [*names, "title"]


def _history_texts(name: str, column: pd.Series[Any]) -> list[str]:
    write = "{:,}".format if name in _COUNT_COLUMNS else str
    return [name, *("" if pd.isna(value) else plain(write(value)) for value in column)]


_YES = {True: "yes", False: "no"}
_MOST = 200  # rows in a page


def short_table(frame: pd.DataFrame, *, is_page: bool) -> str:
    """Return the frame as HTML, or as the text that pandas makes of it."""
    if not is_page:
        return repr(frame)
    numbers = [
        place
        for place, (_, column) in enumerate(frame.items())
        if is_numeric_dtype(column) and not is_bool_dtype(column)
    ]
    shown = [list(map(_text, line)) for line in frame.head(_MOST).itertuples(index=False)]
    more = len(frame) - len(shown)
    rest = f"<p>and {more:,} more: the value holds all</p>" if more else ""
    return word_table([[str(name) for name in frame.columns], *shown], numbers) + rest


def _text(value: Any) -> str:
    if isinstance(value, list):
        # Values of a property, as a query has them.
        return ", ".join(str(v).lower() if isinstance(v, bool) else plain(str(v)) for v in value)
    if pd.isna(value):
        return ""
    return _YES[value] if isinstance(value, bool) else plain(str(value))
