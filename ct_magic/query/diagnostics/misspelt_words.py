"""Did you mean: the keyword or operator that a word was probably meant to be.

A guess is tried before it is shown: a word is called misspelt only where the grammar gets further
with the other one in its place.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...suggest import suggestions
from ..lexer import API_NAMES, KEYWORDS, WORDS, Token
from .error_position import Mistake, Stop

MOST_WORDS = 12  # before a stop that are tried as misspelt: each costs a parse


def misspelt_word(stop: Stop) -> Mistake | None:
    """Return the keyword or operator that gets further in the place of a word."""
    guesses = list(_corrections(stop))
    gains = [_gain(stop, *guess) for guess in guesses]
    if not any(gains):
        return None
    place, keyword = guesses[gains.index(max(gains))]
    token = stop.line[place]
    case = " Keywords are lower case." if token.text.lower() == keyword else ""
    return Mistake(f"found '{token.text}': did you mean '{keyword}'?{case}", token.start, token.end)


def _corrections(stop: Stop) -> Iterator[tuple[int, str]]:
    for place in [*stop.words()[-MOST_WORDS:], stop.at]:
        word = stop.line[place].text.lower()
        if stop.line[place].type != "WORD" or word == "minutes":  # no 'months' misspelt
            continue
        near = suggestions(word, [*WORDS, *API_NAMES])
        if place == stop.at and "STRING" in stop.expected:
            near = [known for known in near if known == word]  # else it is a text without quotes
        yield from ((place, keyword) for keyword in near)


def _gain(stop: Stop, place: int, keyword: str) -> int:
    kind = keyword.upper() if keyword in KEYWORDS else "WORD"
    word = Token(kind, keyword, stop.line[place].start)
    gain = stop.gains([*stop.line[:place], word, *stop.line[place + 1 :]])
    # That the other word itself fits where the grammar stopped is no proof: what follows must too.
    return 0 if place == stop.at and gain == 1 else gain
