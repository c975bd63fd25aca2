"""The words of other languages and of everyday speech, and what to write in their place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from ct_magic.query.lexer import NOT_FIRST, Token
from ct_magic.query.mistakes.stop import Mistake, Stop, shown

RETENTION = "write App Installed share did App Launched after 0..11 weeks by first week"
FUNNEL = "write App Installed share did Product Viewed share did Charged"
IN_ORDER = f"days are all that the API knows, not what came first: {FUNNEL}"
VERSUS = "write vs behind the period, as in Charged last 7 days vs previous"
SHARE = "the share of a base is written App Installed share did Charged"
_MORE = "write > for more than, as in Amount > 3, did Charged > 3"
LESS = "write < for less than, as in Amount < 3"
WEEKDAYS_OF = 'write by session.day_of_week in ("Monday", "Sunday")'
# The words behind them without which they are names.
PAIRS = {
    **dict.fromkeys(("starts", "begins", "ends"), "with"),
    **dict.fromkeys(("group", "order"), "by"),
    "one": "of",
}
NO_ENDS = "there is ~ for contains; CleverTap knows no beginnings and ends"
WORDS_OF_OTHERS = {
    "retention": RETENTION,
    "cohort": RETENTION,
    "cohorts": RETENTION,
    "funnel": FUNNEL,
    "step": FUNNEL,
    "steps": FUNNEL,
    "then": IN_ORDER,
    "followed": IN_ORDER,
    "within": "write App Installed share did Charged after 0..7 days by day",
    "next": "what is to come has no count: write last 7 days, or behind did after 1 week",
    "of": SHARE,
    "percent": SHARE,
    "compare": VERSUS,
    "compared": VERSUS,
    "versus": VERSUS,
    "against": VERSUS,
    "rolling": "write by day rolling 7 days",
    **dict.fromkeys(("more", "greater", "higher"), _MORE),
    **dict.fromkeys(("less", "fewer", "lower"), LESS),
    "one": 'write in for one of, as in Category in ("Shoes", "Bags")',
    **dict.fromkeys(("weekday", "weekdays"), WEEKDAYS_OF),
    "times": "the number alone says how often, as in did Charged >= 3",
    "like": 'write ~ for contains, as in Category ~ "piz"',
    "ilike": 'write ~ for contains, as in Category ~ "piz"',
    "includes": 'write ~ for contains, as in Category ~ "piz"',
    "matches": 'write ~ for contains, as in Category ~ "piz"',
    "between": "write a range, as in Amount in 100..500",
    "is": "write = before a value, 'exists' or 'not exists' to ask whether there is one",
    "null": "write 'exists' or 'not exists' to ask whether there is a value",
    "none": "write 'exists' or 'not exists' to ask whether there is a value",
    **dict.fromkeys(("startswith", "endswith", "starts", "begins", "ends"), NO_ENDS),
    "least": "write >= for at least, as in Amount >= 2, did Charged >= 2",
    "most": "write <= for at most, as in Amount <= 2",
    "group": 'write by week, or by Category in ("Shoes", "Bags")',
    "order": "rows come in the order they are asked for: sort the DataFrame",
    "limit": "every count is one row: cut the DataFrame",
    "having": "write 'where' for filters, 'did' for what else the profile did",
    "select": "begin with the event's name: every statement counts profiles",
    "curl": "a statement is the JSON alone, what stands between the quotes behind -d",
    "per": "write by day, by week or by hour",
    "hourly": "write by hour",
    "daily": "write by day",
    "weekly": "write by week",
    "monthly": "write by month",
    "quarterly": "write by quarter",
    "yearly": "write by year",
    "past": "write last 7 days",
    "during": "a period stands alone, as in Charged last 7 days",
    "tomorrow": "what is to come has no count: write today, yesterday or last 7 days",
    "previous": "write last week, or last 7 days",
    "until": "write from 2015-08-10 to 2015-10-25",
    "without": "write did not App Uninstalled",
}
LACKS = 'write !~ for does not contain, as in Category !~ "piz"'
NEGATED = dict.fromkeys(("like", "ilike", "contain", "contains", "include", "includes"), LACKS)
NEGATED |= dict.fromkeys(("equal", "equals", "is"), 'write != for is not, as in Brand != "Acme"')
NEGATED |= {
    "exist": "write not exists, as in Coupon not exists",
    "null": "write exists, as in Coupon exists",
    "none": "write exists, as in Coupon exists",
}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
DIGITS = {word: number for number, word in enumerate(_NUMBERS)}
DAY_IN_WORDS = "a day is written 2015-08-10, a whole month 2015-08"


def is_month(word: str) -> bool:
    """Return True if it is the name of a month, or the beginning of one: Aug, August."""
    return len(word) >= 3 and any(month.startswith(word.lower()) for month in _MONTHS)


def is_weekday(word: str) -> bool:
    """Return True if it is the name of a day of the week, or the beginning of one."""
    return len(word) >= 3 and any(day.startswith(word.lower()) for day in WEEKDAYS)


def of_another_language(stop: Stop) -> Mistake | None:
    """Explain SQL's `select *` and a whole curl command."""
    first = stop.line[0]
    sign = {"select": "*", "curl": "-"}.get(first.text.lower())
    if first.type != "WORD" or sign != stop.found.text or len(stop.words()) != stop.at:
        return None
    return Mistake(
        f"found '{first.text}': {WORDS_OF_OTHERS[first.text.lower()]}", first.start, first.end
    )


def negated(stop: Stop) -> Mistake | None:
    """Explain `not like`, `does not contain` and `is not null`."""
    hint = NEGATED.get(stop.found.text.lower())
    if not hint or not stop.after("NOT") or stop.at < 2 or stop.line[stop.at - 2].type == "DID":
        return None
    helper = stop.line[stop.at - 2].text.lower() in ("does", "do", "is")
    first = stop.line[stop.at - 1 - helper]
    typed = " ".join(token.text for token in stop.line[stop.at - 1 - helper : stop.at + 1])
    return Mistake(f"found '{typed}': {hint}", first.start, stop.found.end)


def number_in_words(stop: Stop) -> Mistake | None:
    """Explain `last seven days`."""
    number = DIGITS.get(stop.found.text.lower())
    if number is None or not stop.may("NUMBER") or stop.may("WORD"):
        return None
    return stop.mistake(f"{shown(stop.found)}: a number is written in digits, {number}")


def day_in_words(stop: Stop) -> Mistake | None:
    """Explain the names of months and days of the week where a day is expected."""
    if not stop.may("DATE") or not stop.is_("WORD"):
        return None
    if is_weekday(stop.found.text):
        return stop.mistake(f"{shown(stop.found)}: write its date, or today-3, or yesterday")
    return (
        stop.mistake(f"{shown(stop.found)}: {DAY_IN_WORDS}") if is_month(stop.found.text) else None
    )


def foreign_word(stop: Stop) -> Mistake | None:
    """Explain the words that other languages would have there."""
    places = [*stop.words(), stop.at]
    if places[0] > 1 and stop.line[places[0] - 1].type == "BY":
        places.insert(0, places[0] - 2)
    for place in places:
        token = stop.line[place]
        hint = WORDS_OF_OTHERS.get(token.text.lower()) if token.type == "WORD" else None
        if hint and _may_be_foreign(stop, place):
            return Mistake(f"found '{token.text}': {hint}", token.start, token.end)
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


# The tokens that no rule knows, and a sentence for each: what to type instead.

OR = """filters are joined by 'or'; several values of one property are in ("a", "b")"""
HABITS = {
    "<>": "write != for is not",
    "=>": "write >= for at least",
    "=<": "write <= for at most",
    "=~": "write ~ for contains",
    "&": "filters are joined by 'and'",
    "&&": "filters are joined by 'and'",
    "|": OR,
    "||": OR,
    ";": "a statement ends where the next line without indentation begins: take it away",
    "//": "a comment begins with #",
    "/*": "a comment begins with #",
    "--": "a comment begins with #",
}
QUOTES = dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033", '"')
QUOTES |= dict.fromkeys("\u2018\u2019\u201a\u201b`\u00b4\u2032", "'")
LOOKALIKES = dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
LOOKALIKES |= {"\u2026": "..", "\u2260": "!=", "\u2264": "<=", "\u2265": ">=", "\u00d7": "*"}
ARROWS = "\u2192\u21d2\u27f6\u203a"
_UNITS = {"d": "days", "w": "weeks", "m": "months", "y": "years"}
_DAYS = ("DATE", "EIGHT_DIGITS", "TODAY", "YESTERDAY")
_COMPARED = ("IS", "IS_NOT", "IN", "OVER", "AT_LEAST", "UNDER", "AT_MOST")
_ORDERING = ("OVER", "AT_LEAST", "UNDER", "AT_MOST")
_SIGNS = {
    "{": "JSON stands at a statement's beginning only; a variable is written $name",
    "[": "a list stands in round brackets: in (…)",
    "]": "a list stands in round brackets: in (…)",
    "!": "write != for is not, !~ for does not contain",
    "$": "the name of a variable comes right behind the $, as in $floor",
}


def invalid_token(line: Sequence[Token], at: int) -> str | None:
    """Return what to type instead of an odd token; None for a token that some rule knows."""
    token = line[at]
    match token.type:
        case "OPEN":
            return _open(line, at)
        case "GLUED":
            return _glued(line, at)
        case "ODD_DATE":
            return _odd_date(token.text, line[at - 1].type if at else "")
        case "HABIT":
            return _habit(line, at)
        case "BAD":
            return _stranger(line, at)
    return None


def _habit(line: Sequence[Token], at: int) -> str:
    text = line[at].text
    if text == "--" and line[at + 1].type == "WORD" and line[at + 1].start == line[at].end:
        option = f"--{line[at + 1].text}"
        if option in ("--data", "--header", "--request", "--url"):
            return f"found '{option}': {WORDS_OF_OTHERS['curl']}"
        return f"found '{option}': options stand on the magic's line, before a query"
    return f"found '{text}': {HABITS.get(text, 'write = for equals')}"


def _open(line: Sequence[Token], at: int) -> str:
    quote = line[at].text[0]
    before = line[at - 1] if at and line[at - 1].end == line[at].start else None
    if before and before.text in ("doesn", "don"):
        return 'write !~ for does not contain, as in Category !~ "piz"'
    if before and before.text in ("isn", "aren", "wasn"):
        return 'write != for is not, as in Category != "Shoes"'
    if before and before.text == "didn":
        return "write did not, as in did not App Uninstalled"
    if before and before.type == "WORD":
        return f"the quote {quote} opens a text here; a name that holds it is quoted whole"
    return f"the quote {quote} is not closed on its line"


def _glued(line: Sequence[Token], at: int) -> str:
    text = line[at].text
    number, letters = re.findall(r"^([-0-9.]+)(.*)$", text)[0]
    if letters in ("day", "days", "week", "weeks", "month", "months", "year", "years"):
        return f"found '{text}': put a space between, {number} {letters}"
    if re.fullmatch(r"[0-9_]+", text):
        return f"found '{text}': a number has no separators, {text.replace('_', '')}"
    if day := re.match(r"(\d{4}-\d\d-\d\d)[Tt]", text):
        return f"found '{text}': a day has no time, {day[1]}"
    if sign := _compared(line, at):
        return f"found '{text}': {sign} compares numbers: write the number alone"
    quote = f"a name or text that begins with a digit is quoted, {quoted(line, at)}"
    unit = _UNITS.get(letters.lower())
    if unit and at and line[at - 1].type in ("WORD", "STRING", "LAST"):
        return f"found '{text}': a period is written last {number.strip('-')} {unit}; {quote}"
    return f"found '{text}': {quote}"


def _odd_date(text: str, before: str) -> str:
    if before in ("IN", "AFTER") and (ends := re.fullmatch(r"(\d+)-(\d+)", text)):
        return f"found '{text}': a range is written {ends[1]}..{ends[2]}"
    if days := re.fullmatch(r"(\d{4}-\d\d-\d\d|\d{8})-(\d{4}-\d\d-\d\d|\d{8})", text):
        return f"found '{text}': a period has two dots, {days[1]}..{days[2]}"
    parts = [int(part) for part in re.split(r"[-/.]", text) if len(part) <= 4]
    if len(parts) == 3 and parts[0] > 99:
        return f"found '{text}': a date is written {parts[0]:04}-{parts[1]:02}-{parts[2]:02}"
    if len(parts) == 2 and parts[0] > 31 and parts[1] <= 12:
        return f"found '{text}': a month is written {parts[0]:04}-{parts[1]:02}"
    return f"found '{text}': a date is written year-month-day, as 2015-08-10"


def _stranger(line: Sequence[Token], at: int) -> str:
    char = line[at].text
    if message := _dash(line, at):
        return message
    if char in QUOTES:
        return f"found {char}, a quote that programs do not know: type {QUOTES[char]}"
    if char == "{" and at and line[at - 1].type == "IN":
        return f"found '{char}': {_SIGNS['[']}"
    if char in "[}" and (message := _bracket(line, at)):
        return f"found '{char}': {message}"
    if char in _SIGNS:
        return f"found '{char}': {_SIGNS[char]}"
    if unicodedata.category(char) in ("Zs", "Cf", "Cc", "Zl", "Zp", "Cs"):
        return f"found {_called(char)}: it cannot be seen, type an ordinary space or nothing"
    plain = LOOKALIKES.get(char, unicodedata.normalize("NFKC", char))
    if plain != char and plain.isascii():
        return f"found {char}, {_called(char)}: type {plain}"
    if sign := _compared(line, at):
        return f"found '{char}': {sign} compares numbers: write the number alone, or $name"
    apart = at > 0 and line[at - 1].end < line[at].start
    share = f"{SHARE}; " if char in "/%" and apart else ""
    return f"found '{char}': {share}a name or text that holds it is quoted, {quoted(line, at)}"


def _dash(line: Sequence[Token], at: int) -> str | None:
    """Explain a dash or a plus behind a day, curl's -d, an arrow, and the sign of a question."""
    char = line[at].text
    if char == "-" and at == 0 and line[at + 1].text == "d":
        return f"found '-': {WORDS_OF_OTHERS['curl']}"
    if char in ARROWS or (char == "-" and line[at + 1].type == "OVER"):
        return f"found '{char}': for a funnel {FUNNEL}"
    if char == "-" and at and line[at - 1].type == "TODAY":
        return "found '-': days are counted back without a space, today-7"
    if char in "?!" and line[at + 1].type == "$END" and at and line[at - 1].end == line[at].start:
        return f"found '{char}': no sign ends a statement: take it away"
    if char == "+" and line[at + 1].type == "NUMBER" and at and line[at - 1].type in _COMPARED:
        return f"found '+': a number has no plus, {line[at + 1].text}"
    if char == "+" and at and line[at - 1].type in _DAYS:
        return "found '+': days are counted back, today-7; what is to come has no count"
    if LOOKALIKES.get(char, char) == "-" and at and line[at - 1].type in _DAYS:
        return f"found '{char}': a period has two dots, 2015-08-10..2015-10-25"
    return None


def _bracket(line: Sequence[Token], at: int) -> str | None:
    """Explain a list of JSON objects, a bracket behind one, and Python's subscript."""
    if at and line[at - 1].type == "JSON":
        return "one bracket too many, the JSON ends before it"
    if at == 0:
        return "every JSON object is a statement of its own, without the brackets around"
    if line[at - 1].type == "PARAM":
        return "behind $ stands a name alone: give the value one in a cell before"
    if line[at - 1].type == "WORD" and line[at - 1].end == line[at].start:
        return "a name that holds it is quoted; Python goes into a cell of its own"
    return None


def _compared(line: Sequence[Token], at: int) -> str:
    """Return the operator that takes a number there, quoted; empty where none does."""
    before = line[at - 2 : at] if at > 1 and line[at - 1].type == "NUMBER" else line[at - 1 : at]
    return f"'{before[0].text}'" if before and before[0].type in _ORDERING else ""


def _called(char: str) -> str:
    code = f"U+{ord(char):04X}"
    return f"{unicodedata.name(char, 'a character').lower()} ({code})"


def quoted(line: Sequence[Token], at: int) -> str:
    """Quote the token with the words and odd tokens around it, spaced as they were."""
    kinds = ("WORD", "BAD", "GLUED", "NUMBER")
    first, last = at, at
    while first > 0 and line[first - 1].type in kinds:
        first -= 1
    while last + 1 < len(line) and line[last + 1].type in kinds:
        last += 1
    text, end = "", line[first].start
    for token in line[first : last + 1]:
        text, end = text + " " * (token.start > end) + token.text, token.end
    return f'"{text}"'
