"""The words of other languages and of everyday speech, and what to write in their place."""

from __future__ import annotations

from ..lexer import NOT_FIRST
from .error_position import Mistake, Stop, shown

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
