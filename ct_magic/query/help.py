"""The language explained: on one page, and word by word with examples."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from ..errors import UsageError
from .model import Operator

PAGE = """\
[label:] event [where filters] [period] [did ...] [by ...]     # a comment
A statement starts without indentation and goes on over indented lines.

  pizza: choseNewFavoriteFood where value ~ "piz" 2015-08-10..2015-10-25
  Charged where Amount >= 500 and Payment mode = "Credit Card" last 30 days
  Charged where Category in ("Shoes", "Bags") and Coupon not exists by week
  App Launched where session.first_time = true and profile.Plan = "Gold" today
  App Launched where geo in ("India/Maharashtra/Mumbai", "Singapore") this month
  loyal: App Launched last 7 days
    did Charged where Amount > 100 last 90 days
    did not App Uninstalled
    did any (Product Viewed, Added To Cart) >= 2

names     App Launched  "2x points"   quoted if they hold a keyword or odd signs
filters   = != ~ !~ > >= < <=          ~ contains; joined by 'and', never 'or'
          in ("a", "b")   not in ("a")   in 100..500   exists   not exists
values    "text"  5  -2  9.99  true  false  $name (a variable of the notebook)
scopes    session. profile. tech. app. demographics. reachability.   geo
periods   2015-08-10  2015-08  2015-08-10..2015-10-25  today  today-7..yesterday
          since 2015-08-10  last 30 days  this week  last month
          without one, the last 30 days
by        day   week   month   Category in ("a", "b")   week, Category in ("a")
JSON      a statement that starts with { is the API's own JSON

%ct help where explains a word.
"""


@dataclass(frozen=True, slots=True)
class Topic:
    """A word or some, what they mean, and cells that use them."""

    words: tuple[str, ...]
    text: str
    examples: tuple[str, ...]


def _symbols(*operators: Operator) -> tuple[str, ...]:
    return tuple(word for o in operators for word in (o.symbol, o.value))


TOPICS = (
    Topic(
        ("where", "and", "or"),
        "Filters of an event, joined by 'and': a profile counts if one event meets them all.\n"
        "CleverTap has no 'or' between filters: for several values of one property write\n"
        "in (...), for anything else a second statement.",
        ('Charged where Amount > 100 and Category in ("Shoes", "Bags") last 7 days',),
    ),
    Topic(
        _symbols(Operator.EQUALS, Operator.NOT_EQUALS),
        'Is, and is not. Texts and numbers: "5" and 5 are different values.',
        ('Charged where Payment mode = "Credit Card" and Category != "Shoes"',),
    ),
    Topic(
        _symbols(Operator.CONTAINS, Operator.DOES_NOT_CONTAIN),
        "The text holds this text somewhere, or does not.",
        ('choseNewFavoriteFood where value ~ "piz"', 'Charged where Category !~ "test"'),
    ),
    Topic(
        _symbols(
            Operator.GREATER_THAN,
            Operator.GREATER_THAN_EQUALS,
            Operator.LESS_THAN,
            Operator.LESS_THAN_EQUALS,
        ),
        "More, at least, less, at most; numbers only.",
        ("Charged where Amount >= 500 and Items < 10",),
    ),
    Topic(
        ("in", "not in", "not"),
        "One of a list (or none of it); with two dots, a number from one to the other, both\n"
        "included. 'not' also stands in 'not exists' and in 'did not'.",
        (
            'Charged where Category in ("Shoes", "Bags") and Brand not in ("Acme")',
            "Charged where Amount in 100..500",
        ),
    ),
    Topic(
        ("exists", "not exists", "does_not_exist"),
        "Whether the event has the property at all, whatever its value.",
        ("Charged where Coupon exists", "Charged where Coupon not exists"),
    ),
    Topic(
        ("true", "false"),
        'Other spellings of the texts "True" and "False", which is how CleverTap keeps booleans.',
        ("App Launched where session.first_time = true",),
    ),
    Topic(
        ("name", "names", "quotes"),
        "Names of events and properties are case-sensitive. One that holds a keyword, begins\n"
        "with a digit or has other characters than letters, digits, _ and $ is quoted. A\n"
        "backslash stands before a quote or a backslash. Names to propose at Tab are kept by\n"
        '%ct names; a team shares them in a file: {"events": {"Charged": {"Category":\n'
        '["Shoes"]}}, "profile": {"Plan": []}, "geo": ["India/Goa"]}.',
        ('"Ride by night" where "50% off" exists', "App Launched last 7 days"),
    ),
    Topic(
        ("label", ":"),
        "Names the rows that the statement makes. Two statements of a cell need two labels.",
        ("new: App Installed last week\nback: App Launched last week",),
    ),
    Topic(
        ("session",),
        "A property of the session: first_time, utm_source, utm_campaign, utm_medium, ...",
        ('App Launched where session.utm_source = "google"',),
    ),
    Topic(
        ("profile", "tech", "app", "demographics", "reachability"),
        "A property of the profile, its device, its app, its person, or the ways it can be\n"
        "reached. They stand in the first 'where' only: inside 'did' they are an error.",
        ('App Launched where profile.Plan = "Gold" and tech.OS in ("Android")',),
    ),
    Topic(
        ("geo",),
        "Where the profile is: country, country/state or country/state/city. Only = and in.",
        ('App Launched where geo in ("India/Maharashtra/Mumbai", "Singapore")',),
    ),
    Topic(
        ("period", "periods", "date", "from", "to", "on", "since", "today", "yesterday", ".."),
        "When: both ends are included, and days are those of the account's time zone. 'since'\n"
        "goes up to yesterday. Without a period a statement asks for the last 30 days.",
        (
            "Charged 2015-08-10..2015-10-25",
            "Charged from 2015-08-10 to 2015-10-25",
            "Charged on 2015-08-10",
            "Charged 2015-08",
            "Charged today-7..yesterday",
            "Charged since 2015-08-10",
        ),
    ),
    Topic(
        ("last", "this", "day", "days", "week", "weeks", "month", "months", "year", "years"),
        "'last 2 weeks' are whole days up to yesterday; 'last week' is the whole one before,\n"
        "from Monday to Sunday; 'this week' goes from its first day to today.",
        ("Charged last 30 days", "Charged last 3 months", "Charged last week", "Charged this year"),
    ),
    Topic(
        ("did", "did not", "any", "did any"),
        "What else the same profile did, did not do, or did of some events together, so many\n"
        "times (>= 1 where nothing is said). Without a period of its own it takes the\n"
        "statement's.",
        (
            "App Launched last 7 days\n  did Charged where Amount > 100 last 90 days\n"
            "  did not App Uninstalled",
            "App Launched did any (Product Viewed, Added To Cart) >= 2",
        ),
    ),
    Topic(
        ("by",),
        "One count for each piece: of the period, or for each value of a property. A profile is\n"
        "counted once in a piece, so the pieces do not add up to the count of the whole.",
        ("Charged last 14 days by week", 'Charged by day, Category in ("Shoes", "Bags")'),
    ),
    Topic(
        ("$", "$name", "variable"),
        "A variable of the notebook, for a value, a list (in $kinds), a date or an event's name.\n"
        "It is a value of its type, never text of the query.",
        ("Charged where Amount > $floor and Category in $kinds $start..$end",),
    ),
    Topic(
        ("json", "{"),
        "The API's own JSON, sent as it stands once event_name, from and to are checked.",
        ('{"event_name": "Charged", "from": 20260101, "to": 20260131}',),
    ),
    Topic(
        ("comment", "#"),
        "From # to the line's end is for people.",
        ("Charged last 7 days  # paid, at last",),
    ),
)


def page() -> str:
    """Give the whole language on one screen."""
    return PAGE


def topic(word: str) -> str:
    """Explain a keyword, operator, scope or symbol, with examples that can be run.

    Raises UsageError with the near misses for a word that the language does not have.
    """
    asked = " ".join(word.lower().split()).rstrip(".") or word.strip()
    found = next((topic for topic in TOPICS if asked in topic.words), None)
    if found is None:
        known = [known for topic in TOPICS for known in topic.words]
        near = get_close_matches(asked, known, 3)
        hint = f"did you mean {' or '.join(near)}?" if near else "'%ct help' shows all of it"
        raise UsageError(f"the language has no {word!r}: {hint}")
    examples = "\n\n".join(_indented(example) for example in found.examples)
    return f"{', '.join(found.words)}\n\n{found.text}\n\n{examples}\n"


def _indented(example: str) -> str:
    return "\n".join(f"    {line}" for line in example.split("\n"))
