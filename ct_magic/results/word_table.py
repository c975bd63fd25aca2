"""Words as a table in a page: each column has the room that its words need."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from html import escape

_WHOLE = 20  # characters of a column that stays on one line: a moment, a name
_LONG = 40  # characters of a column that is wrapped, but not into single words


def word_table(lines: Sequence[Sequence[str]], numbers: Collection[int] = ()) -> str:
    """Return lines as HTML, the first of them the heads; columns of numbers stand at the right."""
    styles = [
        _style(max(map(len, column)), "right" if place in numbers else "left")
        for place, column in enumerate(zip(*lines, strict=True))
    ]
    rows = (
        "".join(
            f'<{tag} style="{style}">{escape(text)}</{tag}>'
            for text, style in zip(line, styles, strict=True)
        )
        for tag, line in zip(["th", *["td"] * (len(lines) - 1)], lines, strict=True)
    )
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def _style(longest: int, side: str) -> str:
    style = f"text-align:{side};vertical-align:top"
    if longest <= _WHOLE:
        return f"{style};white-space:nowrap"
    return f"{style};min-width:12em;overflow-wrap:anywhere" if longest > _LONG else style
