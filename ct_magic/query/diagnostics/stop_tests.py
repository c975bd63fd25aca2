"""What the rules about misplaced tokens ask of a stop, and the kinds of token they name."""

from __future__ import annotations

from .error_position import Stop

NUMBERS = ("NUMBER", "EIGHT_DIGITS")
PERIODS = frozenset(
    ["ON", "FROM", "SINCE", "LAST", "THIS", "TODAY", "YESTERDAY", "DATE", "YEAR_MONTH"]
)
COMPARES = ("IS", "IS_NOT", "HAS", "LACKS", "OVER", "AT_LEAST", "UNDER", "AT_MOST")
ORDERS = ("OVER", "AT_LEAST", "UNDER", "AT_MOST")
CLAUSES = ("WHERE", "AND", "OR", "DID", "BY", "ON", "FROM", "SINCE", "LAST", "THIS")
STEPS = ("SHARE", "VS", "AFTER", "BEFORE")
UNITS = ("DAY", "DAYS", "WEEK", "WEEKS", "MONTH", "MONTHS", "YEAR", "YEARS")
ENDS_FILTER = (*PERIODS, "$END", "AND", "OR", "CLOSING", "COMMA", "DID", "SHARE", "VS", "BY")
SUMS = ("sum", "avg", "average", "mean", "median", "min", "max")
PLACES = ("geo", "country", "region", "state", "city", "location")
WHICH_VALUES = 'say which values, as in by Category in ("Shoes", "Bags")'
SMALL = ("second", "seconds", "minute", "minutes", "hour", "hours", "hourly")


def begins_filter(stop: Stop) -> bool:
    """Return True if a filter can begin there."""
    in_bracket = stop.after("OPENING") and stop.may("WORD") and not stop.may("PARAM")
    return stop.after("WHERE", "AND", "OR") or in_bracket


def is_axis(stop: Stop) -> bool:
    """Return True if a name behind `by` stands before it: of all operators only `in` may follow."""
    return stop.may("IN") and not stop.may("HAS") and not stop.after("NOT")


def is_attached(stop: Stop) -> bool:
    """Return True if no space stands before it."""
    return stop.at > 0 and stop.line[stop.at - 1].end == stop.found.start


def type_before_words(stop: Stop) -> str:
    """Return the type of the token before the words just before it."""
    first = stop.words().start
    return stop.line[first - 1].type if first else ""


def is_alone_behind_did(stop: Stop, *words: str) -> bool:
    """Return True if one of these words is all that stands between `did` and the stop."""
    is_did = stop.at > 1 and stop.line[stop.at - 2].type == "DID"
    return is_did and word_at(stop, stop.at - 1) in words


def word_at(stop: Stop, at: int) -> str:
    """Return the text of a token in lower case; an empty one before the first."""
    return stop.line[at].text.lower() if at >= 0 else ""
