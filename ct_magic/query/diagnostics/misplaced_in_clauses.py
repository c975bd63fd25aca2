"""What may stand in a statement, but not in its period, `did`, `vs` or `by`, or nowhere else."""

from __future__ import annotations

from collections.abc import Callable

from .error_position import Stop
from .stop_tests import (
    COMPARES,
    NUMBERS,
    PERIODS,
    PLACES,
    SMALL,
    UNITS,
    WHICH_VALUES,
    begins_filter,
    is_axis,
    word_at,
)

MISPLACED_IN_CLAUSES: list[tuple[Callable[[Stop], bool], str]] = [
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
            stop.is_("AND") and stop.after("DATE") and word_at(stop, stop.at - 2) == "between"
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
        lambda stop: stop.may("DAYS") and word_at(stop, stop.at) in SMALL,
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
    # in did, vs and by
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
        lambda stop: is_axis(stop) and word_at(stop, stop.at - 1) == "rolling",
        "'rolling' stands behind a piece of time, as in by day rolling 7 days",
    ),
    (
        lambda stop: is_axis(stop) and word_at(stop, stop.at - 1) in ("hours", "hourly"),
        "write by hour",
    ),
    (
        lambda stop: is_axis(stop) and word_at(stop, stop.at - 1) in ("quarters", "quarterly"),
        "write by quarter",
    ),
    (
        lambda stop: is_axis(stop) and word_at(stop, stop.at - 1) in SMALL,
        "write by hour or by day: the hour is the smallest piece",
    ),
    (
        lambda stop: is_axis(stop) and word_at(stop, stop.at - 1) in PLACES,
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
        "a number has no separators, write 1000",
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
        lambda stop: stop.is_("NOT") and begins_filter(stop),
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
