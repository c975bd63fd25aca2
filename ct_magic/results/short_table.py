"""A small DataFrame as a page reads it: words at the left, numbers at the right."""

from __future__ import annotations

from html import escape
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from ..text_width import plain

_YES = {True: "yes", False: "no"}


def short_table(frame: pd.DataFrame, *, is_page: bool) -> str:
    """Return the frame as HTML, or as the text that pandas makes of it."""
    if not is_page:
        return repr(frame)
    sides = {
        name: "right" if is_numeric_dtype(column) and not is_bool_dtype(column) else "left"
        for name, column in frame.items()
    }
    lines = [list(frame.columns), *frame.itertuples(index=False)]
    rows = (
        "".join(
            f'<{tag} style="text-align:{side}">{escape(_text(value))}</{tag}>'
            for value, side in zip(line, sides.values(), strict=True)
        )
        for tag, line in zip(["th", *["td"] * len(frame)], lines, strict=True)
    )
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def _text(value: Any) -> str:
    if pd.isna(value):
        return ""
    return _YES[value] if isinstance(value, bool) else plain(str(value))
