"""A small DataFrame as a page reads it: words at the left, numbers at the right."""

from __future__ import annotations

from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from ..text_width import plain
from .word_table import word_table

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
