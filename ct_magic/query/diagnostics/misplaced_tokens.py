"""What may stand in a statement, but not there: a test for each, and what to write instead."""

from __future__ import annotations

from collections.abc import Callable

from .error_position import Stop
from .expected_tokens import OPERATORS
from .foreign_words import DAY_IN_WORDS, FUNNEL, WEEKDAYS_OF, is_month

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


def sentence(stop: Stop) -> str | None:
    """Return what to write instead of what stands there; None where no rule knows it."""
    return next((message for fits, message in MISPLACED if fits(stop)), None)


def _begins_filter(stop: Stop) -> bool:
    in_bracket = stop.after("OPENING") and stop.may("WORD") and not stop.may("PARAM")
    return stop.after("WHERE", "AND", "OR") or in_bracket


def is_axis(stop: Stop) -> bool:
    """Return True if a name behind `by` stands before it: of all operators only `in` may follow."""
    return stop.may("IN") and not stop.may("HAS") and not stop.after("NOT")


def _sticks(stop: Stop) -> bool:
    """Return True if no space stands before it."""
    return stop.at > 0 and stop.line[stop.at - 1].end == stop.found.start


def _opens(stop: Stop) -> str:
    """Return the type of the token before the words just before it."""
    first = stop.words().start
    return stop.line[first - 1].type if first else ""


def _alone_behind_did(stop: Stop, *words: str) -> bool:
    is_did = stop.at > 1 and stop.line[stop.at - 2].type == "DID"
    return is_did and _word(stop, stop.at - 1) in words


def _word(stop: Stop, at: int) -> str:
    return stop.line[at].text.lower() if at >= 0 else ""


MISPLACED: list[tuple[Callable[[Stop], bool], str]] = [
    # at the beginning
    (
        lambda stop: stop.at == 0 and stop.is_(*CLAUSES),
        "the event's name comes first, as in Charged where Amount > 5 last 7 days; "
        "a line that goes on with the one above is indented",
    ),
    (
        lambda stop: stop.at == 0 and stop.is_("SHARE") and stop.next() != "DID",
        "the share of a base is written App Installed share did Charged",
    ),
    (
        lambda stop: stop.at == 0 and stop.is_(*STEPS),
        "indent it: it belongs to the statement above",
    ),
    # between the name and the filters
    (
        lambda stop: stop.is_("IN") and stop.may("WHERE") and stop.next() in UNITS,
        "write after 1 week, as in share did App Launched after 1 week",
    ),
    (
        lambda stop: stop.is_("IN") and stop.may("WHERE") and is_month(_word(stop, stop.at + 1)),
        DAY_IN_WORDS,
    ),
    (
        lambda stop: stop.is_("OVER") and stop.may("WHERE") and stop.next() in ("WORD", "STRING"),
        f"for a funnel {FUNNEL}; filters begin with 'where'",
    ),
    (
        lambda stop: stop.is_("OPENING") and _word(stop, stop.at - 1) in ("count", "distinct"),
        "every statement counts profiles: write the event's name alone, Charged last 7 days",
    ),
    (
        lambda stop: stop.is_("OPENING") and _word(stop, stop.at - 1) in SUMS,
        "the API counts profiles, it adds nothing up: write Charged where Amount > 5",
    ),
    (
        lambda stop: stop.is_("OPENING") and _alone_behind_did(stop, "all", "both"),
        "all of several events is a 'did' for each: did Product Viewed did Charged",
    ),
    (
        lambda stop: stop.is_("OPENING") and _alone_behind_did(stop, "none", "never"),
        "none of several events is a 'did not' for each: did not Product Viewed did not Charged",
    ),
    (
        lambda stop: (
            stop.is_("IN")
            and stop.may("WHERE")
            and (stop.next() in (*PERIODS, *NUMBERS) or _word(stop, stop.at + 1) == "the")
        ),
        "a period stands alone, as in Charged last 7 days",
    ),
    (
        lambda stop: stop.is_("NOT") and stop.may("WHERE") and stop.next() in ("WORD", "STRING"),
        "write did not, as in App Launched did not App Uninstalled; filters begin with 'where'",
    ),
    (
        lambda stop: (
            stop.is_("COMMA", "AND")
            and stop.may("WHERE")
            and _opens(stop) in ("DID", "NOT")
            and stop.next() not in ("DID", "SHARE")
        ),
        "write did again, or for any of them did any (Product Viewed, Added To Cart)",
    ),
    (
        lambda stop: stop.is_("OPENING") and stop.may("WHERE") and _sticks(stop),
        "here stand queries only, Python goes into a cell of its own",
    ),
    (
        lambda stop: (
            stop.is_("DOT") and stop.may("WHERE") and _sticks(stop) and stop.next() != "$END"
        ),
        "a name that holds a dot is quoted; Python goes into a cell of its own",
    ),
    (
        lambda stop: (
            stop.is_("STRING") and stop.may("WHERE") and _sticks(stop) and stop.after("WORD")
        ),
        "a name is quoted whole or not at all; an f-string is Python's: write $name in the query",
    ),
    (
        lambda stop: stop.is_(*COMPARES) and stop.may("WHERE") and _opens(stop) in ("DID", "NOT"),
        "filters begin with 'where'; how often is written =, > or >= and a number, >= 2",
    ),
    (
        lambda stop: stop.is_("IS") and stop.may("COLON") and stop.next() == "WORD",
        "a label ends with a colon, as in new: App Launched; filters begin with 'where'",
    ),
    (
        lambda stop: (
            stop.is_(*COMPARES, "IN", "NOT", "EXISTS", "DOES_NOT_EXIST") and stop.may("WHERE")
        ),
        "filters begin with 'where', as in Charged where Amount > 5",
    ),
    (
        lambda stop: stop.is_("AND") and stop.next() in ("DID", "SHARE"),
        "one 'did' follows another without 'and'",
    ),
    (
        lambda stop: stop.is_("OR") and stop.has("DID") and stop.may("$END"),
        "write did any (Product Viewed, Added To Cart)",
    ),
    (
        lambda stop: stop.is_("OR", "AND", "COMMA") and stop.may("WHERE"),
        "filters begin with 'where'; another event goes on a line of its own",
    ),
    (
        lambda stop: stop.is_("STRING") and stop.may("WHERE"),
        "a name is quoted whole or not at all, filters begin with 'where', a day has no quotes",
    ),
    (
        lambda stop: stop.is_("OPENING") and stop.may("WHERE") and stop.next() == "WORD",
        "filters begin with 'where', as in Charged where (Amount > 5 or Gift = true)",
    ),
    # in the filters
    (
        lambda stop: stop.is_("STRING", "TRUE", "FALSE", *NUMBERS) and stop.after("NOT"),
        'write != for is not, as in Category != "Shoes"',
    ),
    (
        lambda stop: (
            stop.is_("WORD")
            and stop.after(*NUMBERS)
            and stop.may("AND")
            and stop.next() in ENDS_FILTER
        ),
        "a number stands alone, without a unit",
    ),
    (
        lambda stop: stop.may("HAS") and stop.may("EXISTS") and stop.is_(*ENDS_FILTER),
        f"expected {OPERATORS}, as in Gift = true or Coupon exists",
    ),
    (
        lambda stop: (
            stop.is_(*COMPARES)
            and (_begins_filter(stop) or (stop.may("AND") and stop.after(*NUMBERS, "STRING")))
        ),
        "every filter names its property, as in Amount > 100 and Amount < 500",
    ),
    (
        lambda stop: stop.is_(*NUMBERS) and _begins_filter(stop),
        "the property comes first, as in Amount > 5; a name with a number in it is quoted",
    ),
    (
        lambda stop: stop.is_("PARAM") and (_begins_filter(stop) or stop.after("BY")),
        "a variable stands for a value, a list, a day or an event's name, not for a property",
    ),
    (
        lambda stop: stop.is_("EXISTS") and _begins_filter(stop),
        "'exists' stands behind the name, as in Coupon exists",
    ),
    (
        lambda stop: stop.is_(*COMPARES) and stop.after("EXISTS", "DOES_NOT_EXIST"),
        "'exists' is a whole filter, no value follows it",
    ),
    (
        lambda stop: stop.is_(*COMPARES) and stop.after("NOT"),
        "write != for is not, !~ for does not contain",
    ),
    (
        lambda stop: stop.is_("NOT") and _begins_filter(stop) and stop.next() == "OPENING",
        "a bracket cannot be negated: say it with !=, not in, did not",
    ),
    (
        lambda stop: stop.is_("CLOCK"),
        "a range of the clock is written session.time_of_day in 13:00..17:00",
    ),
    (
        lambda stop: stop.is_("COLON") and stop.after("CLOCK"),
        "a time of day is HH:MM, from 00:00 to 23:59",
    ),
    (
        lambda stop: stop.is_("OPENING") and stop.after("IS", "IS_NOT") and stop.may("TRUE"),
        'a list stands after in or not in, as in Category in ("Shoes", "Bags")',
    ),
    (
        lambda stop: stop.is_("DOT", "OPENING") and stop.after("PARAM") and _sticks(stop),
        "behind $ stands a name alone: give the value one in a cell before",
    ),
    (
        lambda stop: stop.is_("COLON") and stop.may("TRUE"),
        "a variable of the notebook is written $name",
    ),
    (
        lambda stop: stop.is_("DOTS") and stop.expected == {"CLOSING", "COMMA"},
        "a range has no brackets, as in Amount in 100..500",
    ),
    (
        lambda stop: stop.is_("COMMA") and stop.after("STRING") and stop.next() == "STRING",
        'a list stands after in, as in Category in ("Shoes", "Bags")',
    ),
    # in the period
    (
        lambda stop: stop.is_("$END") and stop.after("DOTS") and stop.may("TODAY"),
        "a period has two ends, as in today-7..yesterday; or write since 2015-08-10",
    ),
    (
        lambda stop: stop.is_("DOTS") and stop.may("LAST"),
        "a period has two ends, as in 2015-08-10..2015-10-25; or write since 2015-08-10",
    ),
    (
        lambda stop: stop.is_("TO") and stop.may("$END") and stop.has("LAST"),
        "a period from one day to another is written 2015-08-10..2015-10-25",
    ),
    (
        lambda stop: (
            stop.is_(*PERIODS, "AFTER", "BEFORE")
            and stop.after(*NUMBERS)
            and stop.has("DID")
            and stop.line[stop.at - 2].type in COMPARES
        ),
        "how often comes last, as in did Charged last 90 days >= 3",
    ),
    (
        lambda stop: (
            stop.is_("AND") and stop.after("DATE") and _word(stop, stop.at - 2) == "between"
        ),
        "a period is written without 'between', 2015-08-10..2015-10-25",
    ),
    (
        lambda stop: stop.is_("LAST", "THIS") and stop.after("SINCE", "FROM"),
        "it is a period of its own, as in Charged last 7 days; here stands a day",
    ),
    (
        lambda stop: stop.is_("$END") and stop.expected == {"TO"},
        "expected 'to', as in from 2015-08-10 to 2015-10-25; or write since 2015-08-10",
    ),
    (
        lambda stop: stop.is_("COLON") and stop.after("DATE", "EIGHT_DIGITS"),
        "a period has two dots, 2015-08-10..2015-10-25",
    ),
    (
        lambda stop: stop.is_("AND", "OR") and stop.may("$END") and stop.next() in PERIODS,
        "a statement has one period, from 2015-08-10 to 2015-10-25; for two write two statements",
    ),
    (
        lambda stop: stop.is_("TO") and stop.may("DOTS"),
        "write from 2015-08-10 to 2015-10-25, or 2015-08-10..2015-10-25",
    ),
    (
        lambda stop: stop.is_("DOT") and stop.after("DOTS"),
        "two dots are enough, as in 2015-08-10..2015-10-25",
    ),
    (
        lambda stop: stop.may("DAYS") and _word(stop, stop.at) in SMALL,
        "periods are whole days: yesterday, or by hour",
    ),
    (
        lambda stop: stop.is_("AFTER", "BEFORE") and stop.next() in NUMBERS,
        "a period is moved inside 'did' or behind 'vs', as in did Charged after 1 week",
    ),
    (
        lambda stop: stop.is_("AFTER") or (stop.after("AFTER") and stop.is_(*PERIODS)),
        "write since 2015-08-10; a period is moved by after 2 weeks, inside 'did'",
    ),
    (
        lambda stop: stop.is_("BEFORE") or (stop.after("BEFORE") and stop.is_(*PERIODS)),
        "write from 2015-08-10 to 2015-10-25; a period is moved by before 2 weeks, inside 'did'",
    ),
    (
        lambda stop: stop.is_("PARAM") and stop.may("NUMBER") and not stop.may("TRUE"),
        "numbers of units and times are typed, not variables",
    ),
    (
        lambda stop: stop.is_(*UNITS) and stop.next() == "TO",
        "write this week, this month or this year",
    ),
    (
        lambda stop: stop.is_("TO") and stop.may("$END") and stop.has("THIS"),
        "it goes up to today as it stands, as in Charged this month",
    ),
    (
        lambda stop: stop.is_(*NUMBERS) and stop.after("SINCE"),
        "write last 7 days, or since today-7",
    ),
    # in did, vs and by
    (
        lambda stop: stop.is_("DAY") and stop.after("WEEK") and stop.has("BY"),
        WEEKDAYS_OF,
    ),
    (
        lambda stop: stop.after("DAY") and stop.has("BY") and _word(stop, stop.at) == "of",
        WEEKDAYS_OF,
    ),
    (
        lambda stop: stop.is_("BY") and stop.has("BY"),
        'what \'by\' splits is joined by commas, as in by week, Category in ("Shoes", "Bags")',
    ),
    (
        lambda stop: stop.is_(*UNITS) and _word(stop, stop.at - 1) in ("each", "every"),
        "write by day or by week, at the statement's end",
    ),
    (
        lambda stop: (
            stop.is_(*UNITS)
            and stop.next() in NUMBERS
            and stop.has("DID")
            and not stop.after("AFTER", "BEFORE")
        ),
        "write after 1 day, as in share did App Launched after 1 day",
    ),
    (
        lambda stop: stop.after("VS") and _word(stop, stop.at) == "same",
        "write vs before 1 week, or vs before 52 weeks for the same weekdays a year ago",
    ),
    (
        lambda stop: stop.may("$END") and _word(stop, stop.at) == "as",
        "a label comes first, as in shoes: Charged; a variable stands behind %%ctcount",
    ),
    (
        lambda stop: stop.after("AFTER", "BEFORE") and stop.is_(*UNITS),
        "the number comes first, as in after 1 week",
    ),
    (
        lambda stop: stop.after("PREVIOUS") and stop.is_(*UNITS),
        "'previous' stands alone: write vs previous, or vs last week",
    ),
    (
        lambda stop: stop.after("BY") and stop.is_(*NUMBERS),
        "write by day, by week or by day rolling 7 days",
    ),
    (
        lambda stop: stop.is_("AND") and stop.may("COMMA") and stop.has("BY"),
        'what \'by\' splits is joined by commas, as in by week, Category in ("Shoes", "Bags"); '
        "filters come right after the event's name",
    ),
    (
        lambda stop: stop.after("VS") and stop.is_("WORD", "STRING"),
        "'vs' compares two periods; two events are two statements",
    ),
    (
        lambda stop: stop.is_("ANY") and stop.after("NOT"),
        "'did not' takes one event, and may be written again for each",
    ),
    (
        lambda stop: stop.after("ANY") and stop.may("OPENING"),
        "the events stand in brackets, as in did any (Product Viewed, Added To Cart) >= 2",
    ),
    (
        lambda stop: (
            stop.is_(*NUMBERS)
            and (stop.after("DID") or (stop.may("AT_LEAST") and not stop.may("HAS")))
        ),
        "how often stands behind the event, as in did App Launched >= 2",
    ),
    (
        lambda stop: stop.is_("HOUR") and stop.after("FIRST"),
        "'by first' takes day, week, month, quarter or year: an hour is no piece of time",
    ),
    (
        lambda stop: stop.is_("ROLLING") and stop.after("HOUR"),
        "'rolling' stands behind day, week, month, quarter or year: an hour is no piece of time",
    ),
    (
        lambda stop: is_axis(stop) and _word(stop, stop.at - 1) == "rolling",
        "'rolling' stands behind a piece of time, as in by day rolling 7 days",
    ),
    (
        lambda stop: is_axis(stop) and _word(stop, stop.at - 1) in ("hours", "hourly"),
        "write by hour",
    ),
    (
        lambda stop: is_axis(stop) and _word(stop, stop.at - 1) in ("quarters", "quarterly"),
        "write by quarter",
    ),
    (
        lambda stop: is_axis(stop) and _word(stop, stop.at - 1) in SMALL,
        "write by hour or by day: the hour is the smallest piece",
    ),
    (
        lambda stop: is_axis(stop) and _word(stop, stop.at - 1) in PLACES,
        'say which places, as in by geo in ("India", "Singapore")',
    ),
    (
        lambda stop: is_axis(stop) and not stop.is_("IN"),
        WHICH_VALUES,
    ),
    # anywhere
    (
        lambda stop: stop.is_("DOT") and stop.may("$END") and stop.next() == "$END",
        "no sign ends a statement: take it away",
    ),
    (lambda stop: stop.after("JSON"), "the statement ends where its JSON ends"),
    (
        lambda stop: stop.is_("COMMA") and stop.after("NUMBER") and stop.next() == "NUMBER",
        "a number has no separators, and a point for decimals: write 1000, or 9.99",
    ),
    (
        lambda stop: (
            stop.is_("WORD", "STRING", "COMMA") and stop.may("AND") and not stop.after("WORD")
        ),
        "filters are joined by 'and'",
    ),
    (
        lambda stop: stop.is_("WHERE") and stop.may("AND"),
        "'where' stands already, filters are joined by 'and'",
    ),
    (
        lambda stop: stop.is_("WHERE", "AND", "OR") and stop.may("$END"),
        "filters come right after the event's name, where … and …",
    ),
    (
        lambda stop: stop.is_("NOT") and _begins_filter(stop),
        "'not' stands behind the name, as in not in (…), not exists; or write !=",
    ),
    (
        lambda stop: stop.is_(*PERIODS) and stop.may("$END") and stop.has("BY"),
        "the period comes before 'by'",
    ),
    (lambda stop: stop.is_(*PERIODS) and stop.may("$END"), "there is a period already"),
    (
        lambda stop: stop.is_("DID", "SHARE", "VS") and stop.may("$END") and stop.has("BY"),
        "'by' is the last clause: did …, share did …, vs … come before it",
    ),
    (
        lambda stop: stop.is_("DID", "SHARE") and stop.may("$END") and stop.has("VS"),
        "'did' comes before 'vs'",
    ),
    (
        lambda stop: stop.after("SHARE"),
        "'share' stands before 'did', as in share did Charged",
    ),
    (
        lambda stop: stop.is_("DAY", "DAYS") and stop.after("LAST"),
        "write yesterday, or a number, last 7 days",
    ),
    (lambda stop: stop.is_("DAY", "DAYS") and stop.after("THIS"), "write today"),
    (
        lambda stop: stop.is_("DAYS", "WEEKS", "MONTHS", "YEARS") and stop.may("DAY"),
        "write by day, by week, by month or by year",
    ),
    (
        lambda stop: stop.is_("YEAR_MONTH") or (stop.is_("DOTS") and stop.after("YEAR_MONTH")),
        "a whole month stands alone; a range is of days, 2015-08-01..2015-10-31",
    ),
    (
        lambda stop: stop.is_("NUMBER") and stop.after("TODAY", "YESTERDAY"),
        "days are counted back from today and without a space, today-7",
    ),
    (
        lambda stop: stop.is_("CLOSING") and stop.after("OPENING") and stop.may("TRUE"),
        "a list holds at least one value",
    ),
    (
        lambda stop: stop.is_("COMMA") and stop.may("$END"),
        "another statement goes on a line of its own",
    ),
    (
        lambda stop: stop.is_("$END") and stop.after("COMMA", "OPENING") and stop.may("TRUE"),
        "the list goes on: what goes on over lines is indented, up to its closing bracket",
    ),
    (
        lambda stop: stop.is_("$END") and stop.expected == {"CLOSING", "COMMA"},
        "expected ')' or ',': what goes on over lines is indented",
    ),
    (
        lambda stop: stop.is_("COLON"),
        "a label stands at the statement's beginning, and is one name",
    ),
]
