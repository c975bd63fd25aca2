"""Which word was probably meant: behind every "did you mean"."""

from __future__ import annotations

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
