"""What is shown of the DataFrame of `%ct history`: one line a cell, the newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from shutil import get_terminal_size
from typing import Any

import pandas as pd

from ..text_width import fit, plain, width
from .word_table import word_table

MOST_LINES = 50
_GAP = "  "
_NUMBERS = ("counts", "count")


def short_history(frame: pd.DataFrame, *, is_page: bool, columns: int | None = None) -> str:
    """Return the latest cells as a table in HTML, or as lines that fit into the terminal.

    `columns` is how wide that is, where it is known better.

    Left out is what is missing in all cells or as usual in all: the account, if it is one, how many
    counts, if each cell had one, the state, if all are there. The query comes last, and is cut.
    """
    rows = frame.head(MOST_LINES)
    # Not by pandas: of no rows its `partition` makes no columns.
    rows = rows.assign(account=[text.partition(" at ")[0] for text in rows["account"]])
    shown = {name: _texts(name, rows[name]) for name in _names(rows)}
    older = len(frame) - len(rows)
    more = f"and {older:,} older: the value holds all" if older else ""
    if is_page:
        return _table(shown) + f"<p>{more}</p>" * bool(more)
    lines = _lines(shown, columns or get_terminal_size().columns)
    return "\n".join([*lines, more] if more else lines)


def _names(frame: pd.DataFrame) -> list[str]:
    names = ["asked"]
    names += ["account"] if frame["account"].nunique() > 1 else []
    names += ["variable"] if frame["variable"].notna().any() else []
    names += ["state"] if (frame["state"] != "success").any() else []
    names += ["counts"] if (frame["counts"] != 1).any() else []
    names += ["count"] if frame["count"].notna().any() else []
    return [*names, "title"]


def _texts(name: str, column: pd.Series[Any]) -> list[str]:
    write = "{:,}".format if name in _NUMBERS else str
    return [name, *("" if pd.isna(value) else plain(write(value)) for value in column)]


def _table(columns: Mapping[str, Sequence[str]]) -> str:
    numbers = [place for place, name in enumerate(columns) if name in _NUMBERS]
    return word_table(list(zip(*columns.values(), strict=True)), numbers)


def _lines(columns: Mapping[str, Sequence[str]], most: int) -> list[str]:
    padded = [_padded(name, texts) for name, texts in columns.items()]
    lines = [_GAP.join(texts) for texts in zip(*padded, strict=True)]
    return [_cut(line.rstrip(), most) for line in lines]


def _padded(name: str, texts: Sequence[str]) -> list[str]:
    widths = [sum(map(width, text)) for text in texts]
    gaps = [" " * (max(widths) - used) for used in widths]
    if name in _NUMBERS:
        return [gap + text for gap, text in zip(gaps, texts, strict=True)]
    return [text + gap for gap, text in zip(gaps, texts, strict=True)]


def _cut(line: str, most: int) -> str:
    return line if fit(line, most) == line else fit(line, most - 1) + "…"
