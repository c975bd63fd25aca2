"""The words of other languages and of everyday speech, and what to write in their place."""

from __future__ import annotations

import re
import unicodedata

from ct_magic.query.lexer import NOT_FIRST
from ct_magic.query.mistakes.examples import ORDERS, word_tables
from ct_magic.query.mistakes.rewriting import NUMBERS
from ct_magic.query.mistakes.stop import Mistake, Stop

_TABLES = word_tables()
WORDS_OF_OTHERS, _NEGATED, _SIGNS = (_TABLES[name] for name in ("foreign", "negated", "sign"))
FUNNEL = WORDS_OF_OTHERS["funnel"]
_DAYS = ("DATE", "EIGHT_DIGITS", "TODAY", "YESTERDAY")


def of_another_language(stop: Stop) -> Mistake | None:
    """Explain SQL's `select *` and a whole curl command."""
    word = stop.line[0].text.lower()
    sign = {"select": "*", "curl": "-"}.get(word)
    if sign != stop.found.text or stop.back("WORD") or not stop.at:
        return None
    return stop.mistake(WORDS_OF_OTHERS[word], 0)


def negated(stop: Stop) -> Mistake | None:
    """Explain `not like`, `does not contain` and `is not null`."""
    hint = _NEGATED.get(stop.found.text.lower())
    if not hint or not stop.after("NOT") or stop.at < 2 or stop.around(-2).type == "DID":
        return None
    has_helper = stop.around(-2).text.lower() in ("does", "do", "is")
    return stop.mistake(hint, stop.at - 1 - has_helper, stop.at)


def number_in_words(stop: Stop) -> Mistake | None:
    """Explain `last seven days`."""
    word = stop.found.text.lower()
    if word not in NUMBERS or not stop.may("NUMBER") or stop.may("WORD"):
        return None
    return stop.mistake(f"a number is written in digits, {NUMBERS.index(word)}")


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
ARROWS = "\u2192\u21d2\u27f6\u203a"
_UNITS = {"d": "days", "w": "weeks", "m": "months", "y": "years"}
# What is before an apostrophe, and the word that says it.
_NOT = {
    **dict.fromkeys(("doesn", "don"), "contains"),
    **dict.fromkeys(("isn", "aren", "wasn"), "equals"),
}


def odd_token(stop: Stop) -> Mistake | None:
    """Explain a token that no rule knows: what to type instead."""
    explained = {
        "OPEN": _open,
        "GLUED": _glued,
        "ODD_DATE": _odd_date,
        "HABIT": _habit,
        "BAD": _stranger,
    }.get(stop.found.type)
    if explained is None:
        return None
    width = 1 if stop.is_("OPEN") else len(stop.found.text)
    return Mistake(explained(stop), stop.found.start, stop.found.start + width)


def _habit(stop: Stop) -> str:
    text, option = stop.found.text, stop.around(1)
    if text == "--" and option.type == "WORD" and option.start == stop.found.end:
        hint = "options go on the magic's line, before a query"
        if option.text in ("data", "header", "request", "url"):
            hint = WORDS_OF_OTHERS["curl"]
        return f"found '--{option.text}': {hint}"
    return f"found '{text}': {_SIGNS.get(text, _SIGNS['=='])}"


def _open(stop: Stop) -> str:
    quote = stop.found.text[0]
    before = stop.around(-1) if stop.is_glued() else stop.around(-len(stop.line))
    if before.text in _NOT:
        return _NEGATED[_NOT[before.text]]
    if before.text == "didn":
        return "write did not, as in did not App Uninstalled"
    if before.type == "WORD":
        return f"the quote {quote} opens a text here; a name that holds it is quoted whole"
    return f"the quote {quote} is not closed on its line"


def _glued(stop: Stop) -> str:
    text = stop.found.text
    number, letters = re.findall(r"^([-0-9.]+)(.*)$", text)[0]
    if letters in ("day", "days", "week", "weeks", "month", "months", "year", "years"):
        return f"found '{text}': put a space between, {number} {letters}"
    if re.fullmatch(r"[0-9_]+", text):
        return f"found '{text}': a number has no separators, {text.replace('_', '')}"
    if day := re.match(r"(\d{4}-\d\d-\d\d)[Tt]", text):
        return f"found '{text}': a day has no time, {day[1]}"
    if sign := _compared(stop):
        return f"found '{text}': {sign} compares numbers: write the number alone"
    quote = f"a name or text that begins with a digit is quoted, {quoted(stop)}"
    unit = _UNITS.get(letters.lower())
    if unit and stop.after("WORD", "STRING", "LAST"):
        return f"found '{text}': a period is written last {number.strip('-')} {unit}; {quote}"
    return f"found '{text}': {quote}"


def _odd_date(stop: Stop) -> str:
    text = stop.found.text
    return f"found '{text}': {_dated(stop, text)}"


def _dated(stop: Stop, text: str) -> str:
    if stop.after("IN", "AFTER") and (ends := re.fullmatch(r"(\d+)-(\d+)", text)):
        return f"a range is written {ends[1]}..{ends[2]}"
    if days := re.fullmatch(r"(\d{4}-\d\d-\d\d|\d{8})-(\d{4}-\d\d-\d\d|\d{8})", text):
        return f"a period has two dots, {days[1]}..{days[2]}"
    parts = [int(part) for part in re.split(r"[-/.]", text) if len(part) <= 4]
    if len(parts) == 3 and parts[0] > 99:
        return f"a date is written {parts[0]:04}-{parts[1]:02}-{parts[2]:02}"
    if len(parts) == 2 and parts[0] > 31 and parts[1] <= 12:
        return f"a month is written {parts[0]:04}-{parts[1]:02}"
    return "a date is written year-month-day, as 2015-08-10"


def _stranger(stop: Stop) -> str:
    char = stop.found.text
    if message := _dash(stop) or _bracket(stop) or _SIGNS.get(char):
        return f"found '{char}': {message}"
    if char in QUOTES:
        return f"found {char}, a quote that programs do not know: type {QUOTES[char]}"
    if unicodedata.category(char) in ("Zs", "Cf", "Cc", "Zl", "Zp", "Cs"):
        return f"found {_called(char)}: it cannot be seen, type an ordinary space or nothing"
    plain = LOOKALIKES.get(char, unicodedata.normalize("NFKC", char))
    if plain != char and plain.isascii():
        return f"found {char}, {_called(char)}: type {plain}"
    if sign := _compared(stop):
        return f"found '{char}': {sign} compares numbers: write the number alone, or $name"
    is_apart = stop.at > 0 and not stop.is_glued()
    share = f"{WORDS_OF_OTHERS['percent']}; " if char in "/%" and is_apart else ""
    return f"found '{char}': {share}a name or text that holds it is quoted, {quoted(stop)}"


def _dash(stop: Stop) -> str | None:
    """Explain a dash or a plus behind a day, curl's -d, an arrow, and the sign of a question."""
    char, following = stop.found.text, stop.around(1)
    if char == "-" and stop.at == 0 and following.text == "d":
        return WORDS_OF_OTHERS["curl"]
    if char in ARROWS or (char == "-" and following.type == "OVER"):
        return f"for a funnel {FUNNEL}"
    if char == "-" and stop.after("TODAY"):
        return "days are counted back without a space, today-7"
    if char in "?!" and following.type == "$END" and stop.is_glued():
        return "no sign ends a statement: take it away"
    if char == "+" and following.type == "NUMBER" and stop.after("IS", "IS_NOT", "IN", *ORDERS):
        return f"a number has no plus, {following.text}"
    if char == "+" and stop.after(*_DAYS):
        return "days are counted back, today-7; what is to come has no count"
    if LOOKALIKES.get(char, char) == "-" and stop.after(*_DAYS):
        return "a period has two dots, 2015-08-10..2015-10-25"
    return None


def _bracket(stop: Stop) -> str | None:
    """Explain a list of JSON objects, a bracket behind one, and Python's subscript."""
    if stop.found.text == "{" and stop.after("IN"):
        return _SIGNS["["]
    if stop.found.text not in "[}":
        return None
    if stop.after("JSON"):
        return "one bracket too many, the JSON ends before it"
    if stop.at == 0:
        return "every JSON object is a statement of its own, without the brackets around"
    if stop.after("PARAM"):
        return "behind $ comes a name alone: give the value one in a cell before"
    if stop.after("WORD") and stop.is_glued():
        return "a name that holds it is quoted; Python goes into a cell of its own"
    return None


def _compared(stop: Stop) -> str:
    """Return the operator that takes a number there, quoted; empty where none does."""
    sign = stop.around(-2 if stop.after("NUMBER") else -1)
    return f"'{sign.text}'" if sign.type in ORDERS else ""


def _called(char: str) -> str:
    code = f"U+{ord(char):04X}"
    return f"{unicodedata.name(char, 'a character').lower()} ({code})"


def quoted(stop: Stop) -> str:
    """Quote the token with the words and odd tokens around it, spaced as they were."""
    kinds = ("WORD", "BAD", "GLUED", "NUMBER")
    return f'"{stop.typed(stop.back(*kinds), stop.ahead(*kinds, at=stop.at + 1))}"'
