"""What the grammar accepts next, in words."""

from __future__ import annotations

from collections.abc import Iterable

from ..lexer import CONTEXTUAL, SYMBOLS, WORDS

_DAY = {"DATE", "EIGHT_DIGITS", "TODAY", "YESTERDAY", "PARAM"}
PERIOD = _DAY | {"ON", "FROM", "SINCE", "LAST", "THIS", "YEAR_MONTH"}
OPERATOR = {*SYMBOLS.values(), "IN", "NOT", "EXISTS", "DOES_NOT_EXIST"} - {"DOT", "COLON"}
VALUE = {"STRING", "NUMBER", "EIGHT_DIGITS", "TRUE", "FALSE", "PARAM"}
_NAME = {"WORD", "STRING"}
UNITS = {"DAY", "DAYS", "WEEK", "WEEKS", "MONTH", "MONTHS", "QUARTER", "QUARTERS", "YEAR", "YEARS"}
_OPERATORS = "an operator (=, !=, ~, !~, >, >=, <, <=, in, not in, exists)"
# What is said, the types that all must be expected for it, and the types that it speaks for.
_KINDS: list[tuple[str, set[str], set[str]]] = [
    (_OPERATORS, {"IS", "HAS"}, OPERATOR),
    ('a value ("text", a number, true or false)', {"TRUE"}, VALUE),
    ("an event's name", _NAME | {"PARAM"}, _NAME | {"PARAM", "JSON"}),
    ("a property's name", _NAME, _NAME | {"OPENING"}),
    ("a period (last 7 days, 2015-08-10..2015-10-25)", {"SINCE"}, PERIOD),
    ("a day (2015-08-10, today, yesterday)", {"DATE"}, _DAY),
    ("days, weeks, months, quarters or years", {"DAYS"}, UNITS),
    ("a whole number", {"NUMBER"}, {"NUMBER", "EIGHT_DIGITS"}),
]
SPELLED = {kind: symbol for symbol, kind in SYMBOLS.items()}
SPELLED |= {word.upper(): word for word in (*WORDS, *CONTEXTUAL)}


def in_words(expected: Iterable[str], before: str) -> str:
    """Return what may come next; `before` is the type of the token it would come after."""
    left = set(expected) - {"$END"}
    if before == "WORD":
        left -= {"WORD", "DOT", "COLON"}  # more words of the same name, a scope, a label
    phrases = []
    for phrase, signs, kind in _KINDS:
        if signs <= left:
            phrases.append(phrase)
            left -= kind
    phrases += [f"'{word}'" for word in SPELLED.values() if _is_left(word, left)]
    return f"expected {_either(phrases)}" if phrases else "nothing more can stand here"


def _is_left(word: str, left: set[str]) -> bool:
    return SYMBOLS.get(word, word.upper()) in left


def _either(phrases: list[str]) -> str:
    return " or ".join([", ".join(phrases[:-1]), phrases[-1]] if len(phrases) > 1 else phrases)
