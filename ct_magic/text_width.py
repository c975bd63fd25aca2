"""A foreign text on a line: made printable, and how wide it is."""

from __future__ import annotations

import re

_LONGEST = 300  # characters of a foreign text that are shown


def width(char: str) -> int:
    """Return the columns that a character takes: Chinese 2, a combining accent 0."""
    # wcwidth comes with IPython; importing it costs milliseconds that `%load_ext` has not.
    from wcwidth import wcwidth

    return max(0, wcwidth(char))


def fit(text: str, columns: int) -> str:
    """Return the beginning of a text that fits into so many columns."""
    used = 0
    for place, char in enumerate(text):
        used += width(char)
        if used > columns:
            return text[:place]
    return text


def plain(text: str) -> str:
    """Return a foreign text without control characters and line breaks, and not too long."""
    folded = "".join(c if c.isprintable() else " " for c in text[: 2 * _LONGEST])
    folded = re.sub(r" +", " ", folded).strip()
    return folded if len(folded) <= _LONGEST else folded[:_LONGEST] + " …"
