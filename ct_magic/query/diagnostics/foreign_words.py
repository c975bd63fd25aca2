"""The words of other languages and of everyday speech, and what to write in their place."""

from __future__ import annotations

from .invalid_tokens import OR

WORDS_OF_OTHERS = {
    "like": 'write ~ for contains, as in Category ~ "piz"',
    "ilike": 'write ~ for contains, as in Category ~ "piz"',
    "includes": 'write ~ for contains, as in Category ~ "piz"',
    "matches": 'write ~ for contains, as in Category ~ "piz"',
    "between": "write a range, as in Amount in 100..500",
    "is": "write = before a value, 'exists' or 'not exists' to ask whether there is one",
    "null": "write 'exists' or 'not exists' to ask whether there is a value",
    "none": "write 'exists' or 'not exists' to ask whether there is a value",
    "startswith": "there is ~ for contains; CleverTap knows no beginnings and ends",
    "endswith": "there is ~ for contains; CleverTap knows no beginnings and ends",
    "least": "write >= for at least, as in did any (App Launched) >= 2",
    "or": OR,
    "group": 'write by week, or by Category in ("Shoes", "Bags")',
    "order": "rows come in the order they are asked for: sort the DataFrame",
    "limit": "every count is one row: cut the DataFrame",
    "having": "write 'where' for filters, 'did' for what else the profile did",
    "select": "begin with the event's name: every statement counts profiles",
    "curl": "a statement is the JSON alone, what stands behind -d",
    "per": "write by day, by week or by month",
    "daily": "write by day",
    "weekly": "write by week",
    "monthly": "write by month",
    "vs": "write two statements, each on a line of its own",
    "past": "write last 7 days",
    "previous": "write last week, or last 7 days",
    "until": "write from 2015-08-10 to 2015-10-25",
    "before": "write from 2015-08-10 to 2015-10-25",
    "after": "write since 2015-08-10",
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
MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
DAY_IN_WORDS = "a day is written 2015-08-10, a whole month 2015-08"


def is_month(word: str) -> bool:
    """Say whether it is the name of a month, or the beginning of one: Aug, August."""
    return len(word) >= 3 and any(month.startswith(word.lower()) for month in MONTHS)


def is_weekday(word: str) -> bool:
    """Say whether it is the name of a day of the week, or the beginning of one."""
    return len(word) >= 3 and any(day.startswith(word.lower()) for day in WEEKDAYS)
