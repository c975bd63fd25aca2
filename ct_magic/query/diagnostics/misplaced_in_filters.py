"""What may stand in a statement, but not at its beginning, after its name or in its filters."""

from __future__ import annotations

from collections.abc import Callable

from .error_position import Stop
from .expected_tokens import OPERATORS
from .foreign_words import DAY_IN_WORDS, FUNNEL, is_month
from .stop_tests import (
    CLAUSES,
    COMPARES,
    ENDS_FILTER,
    NUMBERS,
    PERIODS,
    STEPS,
    SUMS,
    UNITS,
    begins_filter,
    is_alone_behind_did,
    is_attached,
    type_before_words,
    word_at,
)

MISPLACED_IN_FILTERS: list[tuple[Callable[[Stop], bool], str]] = [
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
        lambda stop: stop.is_("IN") and stop.may("WHERE") and is_month(word_at(stop, stop.at + 1)),
        DAY_IN_WORDS,
    ),
    (
        lambda stop: stop.is_("OVER") and stop.may("WHERE") and stop.next() in ("WORD", "STRING"),
        f"for a funnel {FUNNEL}; filters begin with 'where'",
    ),
    (
        lambda stop: stop.is_("OPENING") and word_at(stop, stop.at - 1) in ("count", "distinct"),
        "every statement counts profiles: write the event's name alone, Charged last 7 days",
    ),
    (
        lambda stop: stop.is_("OPENING") and word_at(stop, stop.at - 1) in SUMS,
        "the API counts profiles, it adds nothing up: write Charged where Amount > 5",
    ),
    (
        lambda stop: stop.is_("OPENING") and is_alone_behind_did(stop, "all", "both"),
        "all of several events is a 'did' for each: did Product Viewed did Charged",
    ),
    (
        lambda stop: stop.is_("OPENING") and is_alone_behind_did(stop, "none", "never"),
        "none of several events is a 'did not' for each: did not Product Viewed did not Charged",
    ),
    (
        lambda stop: (
            stop.is_("IN")
            and stop.may("WHERE")
            and (stop.next() in (*PERIODS, *NUMBERS) or word_at(stop, stop.at + 1) == "the")
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
            and type_before_words(stop) in ("DID", "NOT")
            and stop.next() not in ("DID", "SHARE")
        ),
        "write did again, or for any of them did any (Product Viewed, Added To Cart)",
    ),
    (
        lambda stop: stop.is_("OPENING") and stop.may("WHERE") and is_attached(stop),
        "here stand queries only, Python goes into a cell of its own",
    ),
    (
        lambda stop: (
            stop.is_("DOT") and stop.may("WHERE") and is_attached(stop) and stop.next() != "$END"
        ),
        "a name that holds a dot is quoted; Python goes into a cell of its own",
    ),
    (
        lambda stop: (
            stop.is_("STRING") and stop.may("WHERE") and is_attached(stop) and stop.after("WORD")
        ),
        "a name is quoted whole or not at all; an f-string is Python's: write $name in the query",
    ),
    (
        lambda stop: (
            stop.is_(*COMPARES) and stop.may("WHERE") and type_before_words(stop) in ("DID", "NOT")
        ),
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
    # in the filters
    (
        lambda stop: stop.may("HAS") and stop.may("EXISTS") and stop.is_(*ENDS_FILTER),
        f"expected {OPERATORS}, as in Gift = true or Coupon exists",
    ),
    (
        lambda stop: (
            stop.is_(*COMPARES)
            and (begins_filter(stop) or (stop.may("AND") and stop.after(*NUMBERS, "STRING")))
        ),
        "every filter names its property, as in Amount > 100 and Amount < 500",
    ),
    (
        lambda stop: stop.is_(*NUMBERS) and begins_filter(stop),
        "the property comes first, as in Amount > 5; a name with a number in it is quoted",
    ),
    (
        lambda stop: stop.is_("PARAM") and (begins_filter(stop) or stop.after("BY")),
        "a variable stands for a value, a list, a day or an event's name, not for a property",
    ),
    (
        lambda stop: stop.is_("EXISTS") and begins_filter(stop),
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
        lambda stop: stop.is_("NOT") and begins_filter(stop) and stop.next() == "OPENING",
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
        lambda stop: stop.is_("DOT", "OPENING") and stop.after("PARAM") and is_attached(stop),
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
]
