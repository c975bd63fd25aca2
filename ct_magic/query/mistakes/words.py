"""Words of other languages and odd signs, and what to write for them; names that need quotes."""

from __future__ import annotations

import re
import unicodedata

from ct_magic.common.words import suggestions
from ct_magic.query.lexer import API_NAMES, CONTEXTUAL, KEYWORDS, NOT_FIRST, WORDS, Token
from ct_magic.query.mistakes.examples import NUMBERS, ORDERS, table_entries
from ct_magic.query.mistakes.stop import Mistake, Stop, typed
from ct_magic.query.tree import reach

# Of each word, two words or sign, what to write in its place.
WORDS_OF_OTHERS = dict(table_entries("words.txt", "  +"))


def foreign_word(stop: Stop) -> Mistake | None:
    """Explain the words that other languages would have there."""
    places = [*stop.words(), stop.at]
    if stop.around(places[0] - 1 - stop.at).type == "BY" and places[0] > 1:
        places.insert(0, places[0] - 2)
    for place in places:
        hint = _hint(stop, place)
        if hint and _may_be_foreign(stop, place):
            return stop.mistake(hint, place)
    return None


def _hint(stop: Stop, place: int) -> str | None:
    """Return what the table has for the word there, or for it and the next one."""
    word = stop.line[place].text.lower()
    if stop.line[place].type != "WORD":
        return None
    pair = f"{word} {stop.around(place + 1 - stop.at).text.lower()}"
    return WORDS_OF_OTHERS.get(pair) or WORDS_OF_OTHERS.get(word)


def _may_be_foreign(stop: Stop, place: int) -> bool:
    """Return True unless the word is rather a name, or a part of one."""
    word, following = stop.line[place].text.lower(), stop.around(place + 1 - stop.at)
    before = stop.line[place - 1].type if place else ""
    if not before:
        return word == "select" or (word in NOT_FIRST and following.type == "WORD")
    if before in ("WHERE", "AND", "OR", "DOT") or word == "select":
        return False
    match word:
        case "is":
            return following.text.lower() in ("null", "none") or not _hint(stop, place + 1)
        case "none":
            return before != "DID"
        case "of":  # that of a share, not that of `day of week`
            return place >= stop.at - 1 and before not in ("DAY", "HOUR", "WEEK")
    return True


# The tokens that no rule knows, and a sentence for each: what to type instead.

QUOTES = dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033", '"')
QUOTES |= dict.fromkeys("\u2018\u2019\u201a\u201b`\u00b4\u2032", "'")
LOOKALIKES = dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
LOOKALIKES |= {"\u2026": "..", "\u2260": "!=", "\u2264": "<=", "\u2265": ">=", "\u00d7": "*"}
_UNITS = {"d": "days", "w": "weeks", "m": "months", "y": "years"}
# What is before an apostrophe, and what to write.
_CONTRACTED = {
    **dict.fromkeys(("doesn", "don"), 'write !~ for does not contain, as in Category !~ "piz"'),
    **dict.fromkeys(("isn", "aren", "wasn"), 'write != for is not, as in Brand != "Acme"'),
    "didn": "write did not, as in did not App Uninstalled",
}


def odd_token(stop: Stop) -> Mistake | None:
    """Explain a token that no rule knows: what to type instead."""
    start, text = stop.found.start, stop.found.text
    match stop.found.type:
        case "OPEN":
            return Mistake(_open_quote(stop), start, start + 1)
        case "GLUED":
            return stop.mistake(_glued(stop))
        case "ODD_DATE":
            return stop.mistake(_dated(text))
        case "HABIT":
            return stop.mistake(WORDS_OF_OTHERS.get(text, WORDS_OF_OTHERS["=="]))
        case "BAD":
            return Mistake(_stranger(stop), start, stop.found.end)
    return None


def _open_quote(stop: Stop) -> str:
    quote = stop.found.text[0]
    before = stop.around(-1) if stop.is_glued() else stop.around(-len(stop.line))
    if before.text in _CONTRACTED:
        return _CONTRACTED[before.text]
    if before.type == "WORD":
        return f"the quote {quote} opens a text here; a name that holds it is quoted whole"
    return f"the quote {quote} is not closed on its line"


def _glued(stop: Stop) -> str:
    if sign := _comparison_cure(stop):
        return f"{sign} compares numbers: write the number alone"
    number, letters = re.findall(r"^([-0-9.]+)(.*)$", stop.found.text)[0]
    quote = f"a name or text that begins with a digit is quoted, {quoted(stop)}"
    unit = _UNITS.get(letters.lower())
    if unit and stop.after("WORD", "STRING", "LAST"):
        return f"a period is written last {number.strip('-')} {unit}; {quote}"
    return quote


def _dated(text: str) -> str:
    parts = [int(part) for part in re.split(r"[-/.]", text) if len(part) <= 4]
    if len(parts) == 3 and parts[0] > 99:
        return f"a date is written {parts[0]:04}-{parts[1]:02}-{parts[2]:02}"
    if len(parts) == 2 and parts[0] > 31 and parts[1] <= 12:
        return f"a month is written {parts[0]:04}-{parts[1]:02}"
    return "a date is written year-month-day, as 2015-08-10"


def _stranger(stop: Stop) -> str:
    char = stop.found.text
    called = f"{unicodedata.name(char, 'a character').lower()} (U+{ord(char):04X})"
    if char in WORDS_OF_OTHERS:
        return f"found '{char}': {WORDS_OF_OTHERS[char]}"
    if char in QUOTES:
        return f"found {char}, a quote that programs do not know: type {QUOTES[char]}"
    if unicodedata.category(char) in ("Zs", "Cf", "Cc", "Zl", "Zp", "Cs"):
        return f"found {called}: it cannot be seen, type an ordinary space or nothing"
    plain = LOOKALIKES.get(char, unicodedata.normalize("NFKC", char))
    if plain != char and plain.isascii():
        return f"found {char}, {called}: type {plain}"
    if sign := _comparison_cure(stop):
        return f"found '{char}': {sign} compares numbers: write the number alone, or $name"
    is_apart = stop.at > 0 and not stop.is_glued()
    share = f"{WORDS_OF_OTHERS['percent']}; " if char in "/%" and is_apart else ""
    return f"found '{char}': {share}a name or text that holds it is quoted, {quoted(stop)}"


def _comparison_cure(stop: Stop) -> str:
    """Return the operator that takes a number there, quoted; empty where none does."""
    sign = stop.around(-2 if stop.after("NUMBER") else -1)
    return f"'{sign.text}'" if sign.type in ORDERS else ""


def quoted(stop: Stop) -> str:
    """Quote the token with the words and odd tokens around it, spaced as they were."""
    kinds = ("WORD", "BAD", "GLUED", "NUMBER")
    return f'"{stop.typed(stop.back(*kinds), stop.ahead(*kinds, at=stop.at + 1))}"'


# Texts, names and labels that need quotes: how they are written with them.


def text_cut_short(stop: Stop) -> Mistake | None:
    """Explain a quote inside a text: what follows it sticks to the text's end."""
    is_rest = stop.is_("WORD", "STRING", "OPEN", "GLUED", *NUMBERS)
    if not stop.after("STRING") or not stop.is_glued() or not is_rest:
        return None
    other = "'" if stop.around(-1).text[0] == '"' else '"'
    hint = f"put {other} around it, or a backslash before the quote that it holds"
    message = f"the text ended before '{stop.found.text:.40}': {hint}"
    return Mistake(message, stop.found.start, stop.found.end)


def unquoted_text(stop: Stop) -> Mistake | None:
    """Explain a text without quotes where a value is expected."""
    is_value = {"STRING", "NUMBER", "TRUE"} <= stop.expected and not stop.after(*ORDERS)
    if not is_value or not stop.is_("WORD"):
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
    colon, word = stop.begin() - 1, stop.found.text
    is_label = all(token.text[:1].isalpha() for token in stop.line[: max(0, colon)])
    if stop.at >= colon or not is_label or word not in KEYWORDS:
        return None
    hint = f"a label that holds the keyword '{word}' is quoted, \"{stop.typed(0, colon)}\""
    return Mistake(stop.mistake(hint).message, stop.line[0].start, stop.line[colon - 1].end)


def number_in_name(stop: Stop) -> Mistake | None:
    """Explain `Top 10 Viewed`."""
    number, name = stop.found.text, quoted(stop)
    if not stop.is_(*NUMBERS) or not (stop.at == 0 or (stop.may("WHERE") and stop.after("WORD"))):
        return None
    if stop.has("DID"):
        often = f"how often is written did Charged >= {number}"
        return stop.mistake(f"{often}; in a name it is quoted, {name}")
    is_year = re.fullmatch("(19|20)[0-9]{2}", number)
    year = f"; a year is written {number}-01-01..{number}-12-31" if is_year else ""
    return stop.mistake(f"a name with a number in it is quoted, {name}{year}")


def keyword_in_name(stop: Stop) -> str:
    """Return how a name is written that holds the keyword before or at the stop."""
    run, keyword = stop.words(), ""
    if stop.found.text in KEYWORDS and (run or stop.may("WORD")):
        keyword = _quoted_name(stop, stop.at)
    before = run.start - 1
    if keyword or before < 0 or not (run or stop.is_("WORD")):
        return keyword
    is_clause = stop.line[before].type in ("WHERE", "AND", "DID")
    return (
        _quoted_name(stop, before) if stop.line[before].text in KEYWORDS and not is_clause else ""
    )


def _quoted_name(stop: Stop, place: int) -> str:
    """Quote the keyword with the words around it; empty where that brings nothing."""
    first, end = stop.back("WORD", at=place), stop.ahead("WORD", at=place + 1)
    words = stop.typed(first, end)
    name = Token("STRING", words, stop.line[first].start)
    changed = [*stop.line[:first], name, *stop.line[end:]]
    # What follows several words must fit, too; a keyword alone has shown that it is a name.
    if reach(changed) <= first + (end - first > 1) or not stop.gains(changed):
        return ""
    return f"; a name that holds the keyword '{stop.line[place].text}' is quoted: \"{words}\""


def keywords_in_capitals(stop: Stop) -> Mistake | None:
    """Explain `LAST MONTH SHARE DID`: all at once, where the whole statement is read then."""
    known = {word.upper(): word for word in (*WORDS, *CONTEXTUAL)}
    small = [
        Token(token.text if word in KEYWORDS else "WORD", word, token.start)
        if token.type == "WORD" and (word := known.get(token.text))
        else token
        for token in stop.line
    ]
    places = [at for at, token in enumerate(small) if token is not stop.line[at]]
    if len(places) < 2 or reach(small) < len(small):
        return None
    first, last = places[0], places[-1]
    hint = f"keywords are lower case: write {typed(small[first : last + 1])}"
    return stop.mistake(hint, first, last)


# Did you mean: the keyword or operator that a word was probably meant to be.
#
# A guess is tried before it is shown: a word is called misspelt only where the grammar gets further
# with the other one in its place.

MOST_WORDS = 12  # before a stop that are tried as misspelt: each costs a parse


def misspelt_word(stop: Stop) -> Mistake | None:
    """Return the keyword or operator that gets further in the place of a word."""
    guesses = []
    for place in [*stop.words()[-MOST_WORDS:], stop.at]:
        word = stop.line[place].text.lower()
        if stop.line[place].type != "WORD" or word == "minutes":  # no 'months' misspelt
            continue
        near = suggestions(word, [*WORDS, *API_NAMES])
        if stop.line[place - 1].type == "BY":  # the name of a property, unless it is very near
            near = [known for known in near if known[:1] == word[:1]]
        if place == stop.at and "STRING" in stop.expected:
            near = [known for known in near if known == word]  # else it is a text without quotes
        guesses += [(_gain(stop, place, keyword), place, keyword) for keyword in near]
    gain, place, keyword = max(guesses, key=lambda guess: guess[0], default=(0, 0, ""))
    case = " Keywords are lower case." if stop.line[place].text.lower() == keyword else ""
    return stop.mistake(f"did you mean '{keyword}'?{case}", place) if gain else None


def _gain(stop: Stop, place: int, keyword: str) -> int:
    kind = keyword.upper() if keyword in KEYWORDS else "WORD"
    word = Token(kind, keyword, stop.line[place].start)
    gain = stop.gains([*stop.line[:place], word, *stop.line[place + 1 :]])
    # That the other word itself fits where the grammar stopped is no proof: what follows must too.
    return 0 if place == stop.at and gain == 1 else gain
