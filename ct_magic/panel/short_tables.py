"""A small DataFrame as a page reads it: words at the left, numbers at the right."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from html import escape
from shutil import get_terminal_size
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from ct_magic.common.words import change, fit, plain, points, share
from ct_magic.panel.panel import MOST_ROWS
from ct_magic.panel.style import NO_FORMULA
from ct_magic.panel.tables import html_table, text_table

# What a page shows of a DataFrame of counts: the columns that say something, numbers to read.

_WRITERS: dict[str, Callable[[Any], str]] = {
    **dict.fromkeys(("count", "of", "previous", "previous_of"), "{:,}".format),
    **dict.fromkeys(("events", "users", "devices"), "{:,}".format),
    **dict.fromkeys(("share", "low", "high", "previous_share"), share),
    "change": change,
    **dict.fromkeys(("difference", "difference_low", "difference_high"), points),
    **dict.fromkeys(("start", "end", "previous_start", "previous_end"), "{:%Y-%m-%d}".format),
    "counted": "{:%Y-%m-%d %H:%M}".format,
}


def short_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame of texts, to be shown: thousands separated, shares in percent.

    Left out is what is missing in all rows, and what is as usual in all: the status of counts that
    arrived, when they were taken where that was now, an event that the query names, the end of
    days that are the same, a query that all rows share.
    """

    def texts(name: str) -> pd.Series[Any]:
        write = _WRITERS.get(name, "{}".format)
        # Not by `map`: pandas 2.1 to 2.3 make floats of whole numbers there if one is missing.
        shown = ["" if pd.isna(value) else write(value) for value in frame[name]]
        return pd.Series(shown, index=frame.index, dtype="object")

    names = [name for name in frame.columns if _says_something(frame, name)]
    return pd.DataFrame({name: texts(name) for name in names})


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
    return page and str(page).replace("<div>", f'<div class="ct-magic-frame {NO_FORMULA}">', 1)


def drawn_beside(cell: Callable[[], int]) -> Callable[..., str | None]:
    """Return how one count is drawn that the panel of its cell has shown: what the value is.

    `cell` returns which one runs. In a later one, as `_` or under a name, it is drawn as ever.
    """
    own = cell()

    def draw(frame: pd.DataFrame, *, is_page: bool) -> str | None:
        if not is_page or cell() != own:
            return drawn_short(frame, is_page=is_page)
        names = ", ".join(escape(str(name)) for name in short_frame(frame).columns)
        return f'<span style="opacity:.75;font-size:13px">DataFrame of 1 row: {names}</span>'

    return draw


def _says_something(frame: pd.DataFrame, name: str) -> bool:
    column, queries = frame[name], frame["query"]
    tells: dict[str, Callable[[], object]] = {
        "query": lambda: len(frame) == 1 or column.nunique() > 1,
        "event": lambda: any(e not in q for e, q in zip(column, queries, strict=True)),
        "end": lambda: not column.equals(frame["start"]),
        "previous_end": lambda: not column.equals(frame["previous_start"]),
        "status": lambda: (column != "success").any(),
        "cached": column.any,
        "counted": lambda: frame["cached"].any(),
        "whole": lambda: not column.all(),
    }
    return not column.isna().all() and bool(tells.get(name, lambda: True)())


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


def short_history(frame: pd.DataFrame, *, is_page: bool, columns: int | None = None) -> str:
    """Return the latest cells as a table in HTML, or as lines that fit into the terminal.

    `columns` is how wide that is, where it is known better.

    Left out is what is missing in all cells or as usual in all: the account, if it is one, how many
    counts, if each cell had one, the state, if all are there. The query comes last, and is cut.
    """
    rows = frame.head(MOST_LINES)
    # Not by pandas: of no rows its `partition` makes no columns.
    rows = rows.assign(account=[text.partition(" at ")[0] for text in rows["account"]])
    is_shown = {
        "asked": True,
        "account": rows["account"].nunique() > 1,
        "variable": rows["variable"].notna().any(),
        "state": (rows["state"] != "success").any(),
        "counts": (rows["counts"] != 1).any(),
        "count": rows["count"].notna().any(),
        "title": True,
    }
    names = [name for name, is_told in is_shown.items() if is_told]
    lines = [[*map(_cell_text, line)] for line in rows[names].itertuples(index=False)]
    numbers = [place for place, name in enumerate(names) if name in ("counts", "count")]
    for line in lines:
        for place in numbers:
            line[place] = f"{int(line[place]):,}" if line[place] else ""
    older = len(frame) - len(rows)
    more = f"and {older:,} older: the value holds all" if older else ""
    if is_page:
        return word_table([names, *lines], numbers) + f"<p>{more}</p>" * bool(more)
    most = columns or get_terminal_size().columns
    shown = text_table([names, *lines], [n in numbers for n in range(len(names))], 10**6)
    cut = [line if fit(line, most) == line else f"{fit(line, most - 1)}…" for line in shown]
    return "\n".join([*cut, more] if more else cut)


def short_table(frame: pd.DataFrame, *, is_page: bool) -> str:
    """Return the frame as HTML, or as the text that pandas makes of it."""
    if not is_page:
        return repr(frame)
    is_number = [is_numeric_dtype(kind) and not is_bool_dtype(kind) for kind in frame.dtypes]
    shown = [list(map(_cell_text, line)) for line in frame.head(MOST_ROWS).itertuples(index=False)]
    more = len(frame) - len(shown)
    rest = f"<p>and {more:,} more: the value holds all</p>" if more else ""
    numbers = [place for place, is_one in enumerate(is_number) if is_one]
    return word_table([[str(name) for name in frame.columns], *shown], numbers) + rest


def _cell_text(value: Any) -> str:
    if isinstance(value, list):
        # Values of a property, as a query has them.
        return ", ".join(str(v).lower() if isinstance(v, bool) else plain(str(v)) for v in value)
    if pd.isna(value):
        return ""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else plain(str(value))
