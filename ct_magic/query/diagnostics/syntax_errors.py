"""Where the grammar stops: what was found, what could stand there, and what was likely meant.

Guesses are tried before they are shown: a word is called misspelt only where the grammar gets
further with the other one. Rule: `query/README.md`, "Promises", 4.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ...suggest import suggestions
from ..lexer import API_NAMES, KEYWORDS, NOT_FIRST, WORDS, Token
from . import misplaced_tokens
from .error_position import Accepted, Line, Mistake, Reach, Stop, shown
from .expected_tokens import in_words
from .foreign_words import (
    DAY_IN_WORDS,
    DIGITS,
    NEGATED,
    PAIRS,
    WORDS_OF_OTHERS,
    is_month,
    is_weekday,
)
from .invalid_tokens import quoted, sentence
from .misplaced_tokens import NUMBERS, ORDERS

MOST_WORDS = 12  # before a stop that are tried as misspelt: each costs a parse
INDENTED = "a statement begins without indentation: take the spaces before it away"
INDENTED_LABEL = "a label begins its statement: take the spaces before it away"
EMPTY = "nothing is asked: write an event's name, as in App Launched last 7 days"
_UNITS = (
    *("day", "days", "week", "weeks", "month", "months"),
    *("quarter", "quarters", "year", "years"),
)


def explain_mistake(line: Line, at: int, accepted: Accepted, reach: Reach) -> Mistake:
    """Explain why the token at `at` cannot stand there; the line ends with `$END`.

    `accepted` says what may follow some tokens, `reach` how many of them the grammar takes.
    """
    stop = Stop(line, at, accepted, reach)
    for guess in GUESSES:
        if mistake := guess(stop):
            return mistake
    return stop.mistake(
        f"{shown(stop.found)}: {in_words(stop.expected, stop.before())}{_name(stop)}"
    )


def _text_cut_short(stop: Stop) -> Mistake | None:
    """Explain a quote inside a text: what follows it sticks to the text's end."""
    if not stop.after("STRING") or stop.line[stop.at - 1].end != stop.found.start:
        return None
    if not stop.is_("WORD", "STRING", "OPEN", "GLUED", *NUMBERS):
        return None
    mark = stop.line[stop.at - 1].text[0]
    other = "'" if mark == '"' else '"'
    hint = f"put {other} around it, or a backslash before the quote that it holds"
    return stop.mistake(f"the text ended before '{stop.found.text:.40}': {hint}")


def _of_another_language(stop: Stop) -> Mistake | None:
    """Explain SQL's `select *` and a whole curl command."""
    first = stop.line[0]
    meant = {"select": "*", "curl": "-"}.get(first.text.lower())
    if first.type != "WORD" or meant != stop.found.text or len(stop.words()) != stop.at:
        return None
    return Mistake(
        f"found '{first.text}': {WORDS_OF_OTHERS[first.text.lower()]}", first.start, first.end
    )


def _odd(stop: Stop) -> Mistake | None:
    message = sentence(stop.line, stop.at)
    if message is None:
        return None
    width = 1 if stop.found.type == "OPEN" else len(stop.found.text)
    return Mistake(message, stop.found.start, stop.found.start + width)


def _negated(stop: Stop) -> Mistake | None:
    """Explain `not like`, `does not contain` and `is not null`."""
    meant = NEGATED.get(stop.found.text.lower())
    if not meant or not stop.after("NOT") or stop.at < 2 or stop.line[stop.at - 2].type == "DID":
        return None
    helper = stop.line[stop.at - 2].text.lower() in ("does", "do", "is")
    first = stop.line[stop.at - 1 - helper]
    typed = " ".join(token.text for token in stop.line[stop.at - 1 - helper : stop.at + 1])
    return Mistake(f"found '{typed}': {meant}", first.start, stop.found.end)


def _number_in_words(stop: Stop) -> Mistake | None:
    """Explain `last seven days`."""
    number = DIGITS.get(stop.found.text.lower())
    if number is None or not stop.may("NUMBER") or stop.may("WORD"):
        return None
    return stop.mistake(f"{shown(stop.found)}: a number is written in digits, {number}")


def _day_in_words(stop: Stop) -> Mistake | None:
    """Explain the names of months and days of the week where a day is expected."""
    if not stop.may("DATE") or not stop.is_("WORD"):
        return None
    if is_weekday(stop.found.text):
        return stop.mistake(f"{shown(stop.found)}: write its date, or today-3, or yesterday")
    return (
        stop.mistake(f"{shown(stop.found)}: {DAY_IN_WORDS}") if is_month(stop.found.text) else None
    )


def _label_with_keyword(stop: Stop) -> Mistake | None:
    """Explain `last week: …`: all before the colon are words, and a keyword is among them."""
    colon = next((at for at, token in enumerate(stop.line) if token.type == "COLON"), 0)
    words = [token.text for token in stop.line[:colon]]
    if stop.at >= colon or not all(word[:1].isalpha() for word in words):
        return None
    if stop.found.text not in KEYWORDS:
        return None
    hint = f"a label that holds the keyword '{stop.found.text}' is quoted, \"{' '.join(words)}\""
    end = stop.line[colon - 1].end
    return Mistake(f"{shown(stop.found)}: {hint}", stop.line[0].start, end)


def _habit(stop: Stop) -> Mistake | None:
    """Explain the words that other languages would have there."""
    places = [*stop.words(), stop.at]
    if places[0] > 1 and stop.line[places[0] - 1].type == "BY":
        places.insert(0, places[0] - 2)
    for place in places:
        token = stop.line[place]
        meant = WORDS_OF_OTHERS.get(token.text.lower()) if token.type == "WORD" else None
        if meant and _may_be_foreign(stop, place):
            return Mistake(f"found '{token.text}': {meant}", token.start, token.end)
    return None


def _may_be_foreign(stop: Stop, place: int) -> bool:
    """Return True unless the word is rather a name, or a part of one."""
    word = stop.line[place].text.lower()
    if place == 0:
        return word == "select" or (word in NOT_FIRST and stop.line[1].type == "WORD")
    if stop.line[place - 1].type in ("WHERE", "AND", "OR"):
        return False
    if word in PAIRS and stop.line[place + 1].text.lower() != PAIRS[word]:
        return False
    if stop.line[place - 1].type == "DOT":
        return False
    if word == "is":
        following = stop.line[place + 1].text.lower()
        return following not in WORDS_OF_OTHERS or following in ("null", "none")
    if word == "none" and stop.line[place - 1].type == "DID":
        return False
    return word != "select" and (word != "of" or _is_share(stop, place))


def _is_share(stop: Stop, place: int) -> bool:
    """Return True if `of` may be that of a share: not that of `day of week`."""
    return place >= stop.at - 1 and stop.line[place - 1].type not in ("DAY", "HOUR", "WEEK")


def _misspelt(stop: Stop) -> Mistake | None:
    """Return the keyword or operator that gets further in the place of a word."""
    guesses = list(_corrections(stop))
    gains = [_gain(stop, *guess) for guess in guesses]
    if not any(gains):
        return None
    place, meant = guesses[gains.index(max(gains))]
    token = stop.line[place]
    case = " Keywords are lower case." if token.text.lower() == meant else ""
    return Mistake(f"found '{token.text}': did you mean '{meant}'?{case}", token.start, token.end)


def _corrections(stop: Stop) -> Iterator[tuple[int, str]]:
    for place in [*stop.words()[-MOST_WORDS:], stop.at]:
        word = stop.line[place].text.lower()
        if stop.line[place].type != "WORD" or word == "minutes":  # no 'months' misspelt
            continue
        near = suggestions(word, [*WORDS, *API_NAMES])
        if place == stop.at and "STRING" in stop.expected:
            near = [meant for meant in near if meant == word]  # else it is a text without quotes
        yield from ((place, meant) for meant in near)


def _gain(stop: Stop, place: int, meant: str) -> int:
    kind = meant.upper() if meant in KEYWORDS else "WORD"
    word = Token(kind, meant, stop.line[place].start)
    gain = stop.gains([*stop.line[:place], word, *stop.line[place + 1 :]])
    # That the other word itself fits where the grammar stopped is no proof: what follows must too.
    return 0 if place == stop.at and gain == 1 else gain


def _unquoted(stop: Stop) -> Mistake | None:
    """Explain a text without quotes where a value is expected."""
    if not {"STRING", "NUMBER", "TRUE"} <= stop.expected or stop.after(*ORDERS):
        return None
    last = stop.at
    while stop.line[last].type == "WORD" and stop.line[last + 1].type == "WORD":
        last += 1
    if stop.found.type != "WORD":
        return None
    words = " ".join(token.text for token in stop.line[stop.at : last + 1])
    rest = stop.line[last + 1]
    if rest.type in ("OPEN", "STRING") and rest.start == stop.line[last].end:
        ending = rest.text.split()[0]
        words += ending if ending[0] == "'" != ending else ""  # an apostrophe, as in O'Brien
    message = f"found '{words}': text is quoted, \"{words}\""
    return Mistake(message, stop.found.start, stop.line[last].end)


def _bare_range(stop: Stop) -> Mistake | None:
    """Explain `in 5` with nothing behind it: neither a list nor a range."""
    if stop.expected != {"DOTS"}:
        return None
    value = stop.line[stop.at - 1]
    hint = f", and a range is written {value.text}..500" if value.type in NUMBERS else ""
    message = f"{shown(value)}: a list stands in brackets, in ({value.text}){hint}"
    return Mistake(message, value.start, value.end)


def _or_value(stop: Stop) -> Mistake | None:
    """Explain `Category = "A" or "B"`: the second is no filter."""
    first = stop.at - 1 if stop.after("STRING") else stop.at
    values = (*NUMBERS, "STRING", "TRUE", "FALSE", "PARAM")
    types = [token.type for token in stop.line[max(0, first - 3) : first + 1]]
    if len(types) < 4 or types[0] not in ("IS", "IS_NOT") or types[2] != "OR":
        return None
    if types[1] not in values or types[3] not in values:
        return None
    last, end = first, len(stop.line) - 1
    while (
        last + 2 < end and stop.line[last + 1].type == "OR" and stop.line[last + 2].type in values
    ):
        last += 2
    words = ", ".join(token.text for token in stop.line[first - 2 : last + 1] if token.type != "OR")
    sign = "in" if types[0] == "IS" else "not in"
    message = f"write {_property_before(stop, first - 3)}{sign} ({words})"
    return Mistake(message, stop.line[first].start, stop.line[last].end)


def _property_before(stop: Stop, operator: int) -> str:
    first = operator
    while first > 0 and stop.line[first - 1].type in ("WORD", "STRING", "DOT"):
        first -= 1
    text = " ".join(token.text for token in stop.line[first:operator])
    return text.replace(" . ", ".") + " " * bool(text)


def _how_often(stop: Stop) -> Mistake | None:
    """Explain `Charged >= 3`: how often stands behind `did`."""
    if not stop.is_("IS", "OVER", "AT_LEAST") or not stop.may("WHERE"):
        return None
    base = stop.words().start in (0, *_behind_label(stop)) and not stop.has("DID")
    if not base or stop.next() not in NUMBERS or stop.line[stop.at + 2].type == "AND":
        return None
    words = [stop.line[place].text for place in stop.words()] or [stop.line[stop.at - 1].text]
    often = f"write did {' '.join(words)} {stop.found.text} {stop.line[stop.at + 1].text} behind it"
    if len(words) == 1:
        return stop.mistake(f"{shown(stop.found)}: {often}; filters begin with 'where'")
    where = "filters begin with 'where', as in Charged where Amount > 5"
    return stop.mistake(f"{shown(stop.found)}: {where}; for how often {often}")


def _behind_label(stop: Stop) -> tuple[int, ...]:
    return tuple(at + 1 for at in range(stop.at) if stop.line[at].type == "COLON")


def _number_in_name(stop: Stop) -> Mistake | None:
    """Explain `Top 10 Viewed`, and `7 days` without `last`."""
    if not stop.is_(*NUMBERS) or not (stop.may("WHERE") or stop.at == 0):
        return None
    if stop.next().lower() in _UNITS:
        number, unit = stop.line[stop.at : stop.at + 2]
        return stop.mistake(f"{shown(number)}: write last {number.text} {unit.text}")
    if not stop.after("WORD") and stop.at:
        return None
    name = quoted(stop.line, stop.at)
    if is_month(stop.line[stop.at - 1].text) or is_month(stop.line[stop.at + 1].text):
        hint = f"{DAY_IN_WORDS}; a name with a number in it is quoted, {name}"
        return stop.mistake(f"{shown(stop.found)}: {hint}")
    if stop.has("DID"):
        often = f"how often is written did Charged >= {stop.found.text}"
        return stop.mistake(f"{shown(stop.found)}: {often}; in a name it is quoted, {name}")
    hint = _years_days(stop.found.text, name)
    return stop.mistake(f"{shown(stop.found)}: a name with a number in it is quoted, {name}{hint}")


def _years_days(number: str, name: str) -> str:
    """Return how the days of a year or of one of its quarters are written; empty for no year."""
    if not re.fullmatch("(19|20)[0-9]{2}", number):
        return ""
    if quarter := re.search(r"\b[Qq]([1-4])\b", name):
        first, last = ("01-01", "04-01", "07-01", "10-01"), ("03-31", "06-30", "09-30", "12-31")
        at = int(quarter[1]) - 1
        return f"; a quarter is written {number}-{first[at]}..{number}-{last[at]}"
    return f"; a year is written {number}-01-01..{number}-12-31"


def _axis_without_values(stop: Stop) -> Mistake | None:
    """Explain `by Category`: name the command that shows the values there are."""
    message = misplaced_tokens.sentence(stop) if stop.is_("$END") and stop.is_axis() else None
    if not message or not message.startswith("say which values"):
        return None
    by = max(at for at, token in enumerate(stop.line) if token.type in ("BY", "COMMA"))
    event = [token.text for token in stop.line[: _end_of_name(stop)]]
    if not event or stop.has("COLON"):
        return None
    words = [token.text for token in stop.line[by + 1 : stop.at]]
    if "." in words:  # the API lists the values of an event's own properties
        return None
    hint = f"'%ct values {' '.join(event)} by {' '.join(words)}' shows them"
    return stop.mistake(f"{shown(stop.found)}: {message}; {hint}{_name(stop)}")


def _end_of_name(stop: Stop) -> int:
    return next(at for at, token in enumerate(stop.line) if token.type not in ("WORD", "STRING"))


def _out_of_order(stop: Stop) -> Mistake | None:
    """Explain what may stand in a statement, but not there."""
    in_month = stop.is_("IN") and stop.may("WHERE") and is_month(stop.around(1).text)
    message = DAY_IN_WORDS if in_month else misplaced_tokens.sentence(stop)
    is_clause = stop.is_("WHERE", "AND", "OR") or (stop.is_("SHARE") and stop.next() == "DID")
    begins = stop.at == 0 and not is_clause
    inside = stop.after("WORD") and stop.next() != "DID"
    name = _name(stop) if begins or inside or stop.is_axis() else ""
    return stop.mistake(f"{shown(stop.found)}: {message}{name}") if message else None


GUESSES: tuple[Callable[[Stop], Mistake | None], ...] = (
    *(_text_cut_short, _of_another_language, _odd, _label_with_keyword, _negated, _or_value),
    *(_habit, _number_in_words, _day_in_words, _misspelt, _how_often, _unquoted, _bare_range),
    *(_number_in_name, _axis_without_values, _out_of_order),
)


def _name(stop: Stop) -> str:
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
    first = last = place
    while first > 0 and stop.line[first - 1].type == "WORD":
        first -= 1
    while stop.line[last + 1].type == "WORD":
        last += 1
    words = " ".join(token.text for token in stop.line[first : last + 1])
    name = Token("STRING", words, stop.line[first].start)
    changed = [*stop.line[:first], name, *stop.line[last + 1 :]]
    # What follows several words must fit, too; a keyword alone has shown that it stands for a name.
    if stop.reach(changed) <= first + (first < last) or not stop.gains(changed):
        return ""
    return f"; a name that holds the keyword '{stop.line[place].text}' is quoted: \"{words}\""
