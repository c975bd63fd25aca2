"""Texts, names and labels that need quotes: how they are written with them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ct_magic.common.words import suggestions
from ct_magic.query.lexer import API_NAMES, KEYWORDS, WORDS, Token
from ct_magic.query.mistakes.examples import NUMBERS, ORDERS
from ct_magic.query.mistakes.stop import UNITS, Mistake, Stop
from ct_magic.query.mistakes.words import quoted


def text_cut_short(stop: Stop) -> Mistake | None:
    """Explain a quote inside a text: what follows it sticks to the text's end."""
    if not stop.after("STRING") or not stop.is_glued():
        return None
    if not stop.is_("WORD", "STRING", "OPEN", "GLUED", *NUMBERS):
        return None
    other = "'" if stop.around(-1).text[0] == '"' else '"'
    hint = f"put {other} around it, or a backslash before the quote that it holds"
    message = f"the text ended before '{stop.found.text:.40}': {hint}"
    return Mistake(message, stop.found.start, stop.found.end)


def unquoted_text(stop: Stop) -> Mistake | None:
    """Explain a text without quotes where a value is expected."""
    if not {"STRING", "NUMBER", "TRUE"} <= stop.expected or stop.after(*ORDERS):
        return None
    if not stop.is_("WORD"):
        return None
    last = stop.ahead("WORD") - 1
    words = stop.typed(stop.at, last + 1)
    rest = stop.line[last + 1]
    if rest.type in ("OPEN", "STRING") and rest.start == stop.line[last].end:
        ending = rest.text.split()[0]
        words += ending if ending[0] == "'" != ending else ""  # an apostrophe, as in O'Brien
    message = f"found '{words}': text is quoted, \"{words}\""
    return Mistake(message, stop.found.start, stop.line[last].end)


def label_with_keyword(stop: Stop) -> Mistake | None:
    """Explain `last week: …`: all before the colon are words, and a keyword is among them."""
    colon = stop.begin() - 1
    words = [token.text for token in stop.line[: max(0, colon)]]
    if stop.at >= colon or not all(word[:1].isalpha() for word in words):
        return None
    if stop.found.text not in KEYWORDS:
        return None
    label = f'"{stop.typed(0, colon)}"'
    hint = f"a label that holds the keyword '{stop.found.text}' is quoted, {label}"
    found = stop.mistake(hint)
    return Mistake(found.message, stop.line[0].start, stop.line[colon - 1].end)


def number_in_name(stop: Stop) -> Mistake | None:
    """Explain `Top 10 Viewed`, and `7 days` without `last`."""
    if not stop.is_(*NUMBERS) or not (stop.may("WHERE") or stop.at == 0):
        return None
    number, unit = stop.found.text, stop.around(1)
    if unit.text.upper() in UNITS:
        if stop.around(2).text == "ago" and unit.type in ("DAY", "DAYS"):
            return stop.mistake(f"write today-{number}")
        return stop.mistake(f"write last {number} {unit.text}")
    if not stop.after("WORD") and stop.at:
        return None
    name = quoted(stop)
    if stop.has("DID"):
        often = f"how often is written did Charged >= {number}"
        return stop.mistake(f"{often}; in a name it is quoted, {name}")
    is_year = re.fullmatch("(19|20)[0-9]{2}", number)
    year = f"; a year is written {number}-01-01..{number}-12-31" if is_year else ""
    return stop.mistake(f"a name with a number in it is quoted, {name}{year}")


def keyword_in_name(stop: Stop) -> str:
    """Return how a name is written that holds the keyword before or at the stop."""
    return next(filter(None, (_quoted_name(stop, place) for place in _keywords(stop))), "")


def _keywords(stop: Stop) -> Iterator[int]:
    """Return the places of keywords that may have been meant as a part of a name."""
    run = stop.words()
    if stop.found.text in KEYWORDS and (run or stop.may("WORD")):
        yield stop.at
    before = run.start - 1
    if before < 0 or not (run or stop.is_("WORD")):
        return
    if stop.line[before].text in KEYWORDS and stop.line[before].type not in ("WHERE", "AND", "DID"):
        yield before


def _quoted_name(stop: Stop, place: int) -> str:
    """Quote the keyword with the words around it; empty where that brings nothing."""
    first, end = stop.back("WORD", at=place), stop.ahead("WORD", at=place + 1)
    words = stop.typed(first, end)
    name = Token("STRING", words, stop.line[first].start)
    changed = [*stop.line[:first], name, *stop.line[end:]]
    # What follows several words must fit, too; a keyword alone has shown that it stands for a name.
    if stop.reach(changed) <= first + (end - first > 1) or not stop.gains(changed):
        return ""
    return f"; a name that holds the keyword '{stop.line[place].text}' is quoted: \"{words}\""


# Did you mean: the keyword or operator that a word was probably meant to be.
#
# A guess is tried before it is shown: a word is called misspelt only where the grammar gets further
# with the other one in its place.

MOST_WORDS = 12  # before a stop that are tried as misspelt: each costs a parse


def misspelt_word(stop: Stop) -> Mistake | None:
    """Return the keyword or operator that gets further in the place of a word."""
    guesses = [(_gain(stop, *guess), *guess) for guess in _corrections(stop)]
    gain, place, keyword = max(guesses, key=lambda guess: guess[0], default=(0, 0, ""))
    if not gain:
        return None
    case = " Keywords are lower case." if stop.line[place].text.lower() == keyword else ""
    return stop.mistake(f"did you mean '{keyword}'?{case}", place)


def _corrections(stop: Stop) -> Iterator[tuple[int, str]]:
    for place in [*stop.words()[-MOST_WORDS:], stop.at]:
        word = stop.line[place].text.lower()
        if stop.line[place].type != "WORD" or word == "minutes":  # no 'months' misspelt
            continue
        near = suggestions(word, [*WORDS, *API_NAMES])
        if stop.line[place - 1].type == "BY":  # the name of a property, unless it is very near
            near = [known for known in near if known[:1] == word[:1]]
        if place == stop.at and "STRING" in stop.expected:
            near = [known for known in near if known == word]  # else it is a text without quotes
        yield from ((place, keyword) for keyword in near)


def _gain(stop: Stop, place: int, keyword: str) -> int:
    kind = keyword.upper() if keyword in KEYWORDS else "WORD"
    word = Token(kind, keyword, stop.line[place].start)
    gain = stop.gains([*stop.line[:place], word, *stop.line[place + 1 :]])
    # That the other word itself fits where the grammar stopped is no proof: what follows must too.
    return 0 if place == stop.at and gain == 1 else gain
