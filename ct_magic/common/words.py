"""Which word was probably meant: behind every "did you mean"."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable


def suggest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is nearest to this one, or None where none is near."""
    return next(iter(suggestions(word, known, 1)), None)


def suggestions(word: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Return at most so many known words that are near to this one, the nearest first."""
    # Imported when something is misspelt: loading the extension takes single milliseconds.
    from difflib import get_close_matches

    words = list(known)
    near = [other for other in words if other != word and _letters(other) == _letters(word)]
    near += [other for other in get_close_matches(word, words, max(most, 3)) if other not in near]
    # Two letters that changed places are the likeliest slip, and difflib does not know it.
    return sorted(near, key=lambda other: sorted(_letters(other)) != sorted(_letters(word)))[:most]


def _letters(word: str) -> str:
    """Return the word as app_launched, APP LAUNCHED and AppLaunched are one; signs alone stay."""
    return "".join(filter(str.isalnum, word.casefold())) or word


# A foreign text on a line: made printable, and how wide it is.

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


# Which names a variable of a notebook cannot have.

_SHELLS = ("get_ipython", "In", "Out")  # without them no magic runs, and there is no history


def is_reserved(name: str) -> bool:
    """Return True for a name that Python does not take, or whose loss would end a notebook."""
    is_pythons = name.startswith("__") and name.endswith("__")
    return keyword.iskeyword(name) or is_pythons or name in _SHELLS
