"""The language explained: on one page, and word by word with examples."""

from __future__ import annotations

from dataclasses import dataclass

from ct_magic.common.words import suggestions
from ct_magic.errors import UsageError
from ct_magic.query.model import Operator

# Questions that analysts have a word for, and the cell that answers each: `%ct help retention`.


@dataclass(frozen=True, slots=True)
class Recipe:
    """A question's words, a cell that answers it, and what its numbers say and do not say."""

    words: tuple[str, ...]
    title: str
    cell: str
    says: str


RECIPES = (
    Recipe(
        ("retention", "cohort", "cohorts", "triangle"),
        "Retention: of those who came first in a week, how many were back weeks later",
        "%%ctcount retention --plot\nApp Installed last 12 weeks\n"
        "  share did App Launched after 0..11 weeks\n  by first week",
        "A row for each week and number of weeks after it; 'share' is the part of the week's own\n"
        "people. Weeks that are not over are 'not yet'. 'First' means first in these 12 weeks;\n"
        "for first ever add: where session.first_time = true.",
    ),
    Recipe(
        ("funnel", "conversion", "steps"),
        "Funnel: how many of those who did one thing did the next ones, too",
        "%%ctcount funnel --plot\nApp Installed last 30 days\n"
        "  share did Product Viewed\n  share did Charged",
        "Each step is counted inside the steps before it. The order in time is not known: whoever\n"
        "did all of them in these days counts, in any order.",
    ),
    Recipe(
        ("a/b", "ab", "experiment", "compare", "significance"),
        "A/B: whether one group does it more often than another, and how sure that is",
        "%%ctcount test --plot\ntest: App Launched last 28 days\n  share did Charged\n"
        '  by profile.Group in ("control", "treated")',
        "ct_magic.compare(test) puts each value beside the first: the difference of their shares,\n"
        "its 95 % interval, and how often chance alone makes one as large. It is the new\n"
        "version's only where chance chose the groups.",
    ),
    Recipe(
        ("segment", "segments", "audience"),
        "Segment: people described by several things that they did or did not do",
        "%%ctcount loyal\nloyal: App Launched last 7 days\n"
        "  did Charged where Amount > 100 last 90 days\n  did not App Uninstalled last 90 days",
        "A segment is written where it is counted: clauses below an event describe its people.\n"
        "A variable stands for a value, a date or an event's name, never for a whole query. To\n"
        "count it for each value, put 'by profile.Plan in (...)' at its end.",
    ),
    Recipe(
        ("overlap", "intersection", "both"),
        "Overlap: how many are in both of two groups",
        "%%ctcount overlap\nviewed: Product Viewed last 30 days\n"
        "charged: Charged last 30 days\nboth: Product Viewed last 30 days\n  did Charged",
        "'did' without a period takes the statement's. Those in either group are the first two\n"
        "rows minus the third.",
    ),
    Recipe(
        ("schedule", "cron", "daily", "unattended", "papermill"),
        "Schedule: the same notebook every morning",
        "papermill report.ipynb report-today.ipynb      # from cron or another scheduler",
        "Put CLEVERTAP_ACCOUNT_ID, CLEVERTAP_PASSCODE and CLEVERTAP_REGION in its environment\n"
        "and let CT_MAGIC_STATE_DIR name a folder that stays: days that are over come from the\n"
        "journal, and after a failure only what is missing is asked. A cell whose counts did not\n"
        "arrive fails, and with it the run.",
    ),
    Recipe(
        ("watch", "monitor", "live", "alert"),
        "Watch: how today compares, each time the cell is run",
        "%%ctcount today --refresh\nCharged today by hour",
        "--refresh asks anew; without it days that are over come from the journal. Counts of\n"
        "today grow until the day is over. For an alert let a scheduled notebook fail:\n"
        "assert today['count'].sum() > 0. See also %ct help schedule.",
    ),
)

_MORE = "More questions, each with its picture: notebooks/recipes.ipynb beside the source."


def find_recipe(text: str) -> str | None:
    """Return the recipe for a word as text, or None where there is none."""
    word = text.strip().lower()
    recipe = next((recipe for recipe in RECIPES if word in recipe.words), None)
    return None if recipe is None else text_of(recipe)


def text_of(recipe: Recipe) -> str:
    """Return a recipe as `%ct help` prints it."""
    cell = "\n".join(f"    {line}" for line in recipe.cell.split("\n"))
    return f"{recipe.title}\n\n{cell}\n\n{recipe.says}\n\n{_MORE}\n"


# Each word of the language explained, and recipes for what people come to ask.


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
        ("where", "and", "or", "(", ")"),
        "Filters of an event: a profile counts if one event meets them. 'and' binds tighter than\n"
        "'or'; brackets group. CleverTap requires every filter, so an 'or' is sent as one\n"
        "'did any', or as three counts: first + second - both. Inside 'did' there is no 'or'.",
        (
            'Charged where Amount > 100 and Category in ("Shoes", "Bags") last 7 days',
            'Charged where (Category = "Shoes" or Amount > 500) and Gift = true last 30 days',
        ),
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
        (
            *("last", "this", "day", "days", "week", "weeks", "month", "months"),
            *("quarter", "quarters", "year", "years"),
        ),
        "'last 2 weeks' are whole days up to yesterday; 'last week' is the whole one before,\n"
        "from Monday to Sunday; 'this week' goes from its first day to today. Where 'by' cuts in\n"
        "the same unit, 'last 4 weeks by week' are the 4 whole weeks before this one.",
        (
            "Charged last 30 days",
            "Charged last 2 quarters",
            "Charged last week",
            "Charged this year",
            "Charged last 4 weeks by week",
        ),
    ),
    Topic(
        ("did", "did not", "any", "did any"),
        "What else the same profile did, did not do, or did of some events together, so many\n"
        "times. Without a period of its own it takes the statement's. Days are all that the API\n"
        "knows: what came first, nobody can ask.",
        (
            "App Launched last 7 days\n  did Charged where Amount > 100 last 90 days >= 3\n"
            "  did not App Uninstalled",
            "App Launched did any (Product Viewed, Added To Cart) >= 2",
        ),
    ),
    Topic(
        ("after", "before"),
        "A period inside 'did' that is the statement's, or its piece of 'by', moved on or back.\n"
        "'after 0..11 weeks' asks once for each number. What is not over is 'not yet'.",
        (
            "App Installed today-30..today-15 did Charged after 2 weeks",
            "Charged 2026-10 did App Launched before 1 month",
            "App Installed last 4 weeks\n  share did App Launched after 0..3 weeks\n"
            "  by first week",
        ),
    ),
    Topic(
        ("share",),
        "Before 'did', 'did not' or 'did any': counted among those before it, with its share of\n"
        "the base and a 95 % interval. In any order of events: days are all that is known.",
        ("App Installed last 30 days\n  share did Product Viewed\n  share did Charged",),
    ),
    Topic(
        ("vs", "previous"),
        "The whole statement again in another period: the one before by the words of the period,\n"
        "one moved back, or the days that are written. 'change' stands where both are alike.",
        (
            "Charged last 7 days vs previous",
            "Charged last 7 days vs before 52 weeks",
            "Charged 2026-06 vs 2026-05",
        ),
    ),
    Topic(
        ("by",),
        "One count for each piece: of the period, or for each value of a property. A profile is\n"
        "counted once in a piece, so the pieces do not add up to the count of the whole.",
        (
            "Charged last 14 days by week",
            'Charged by day, Category in ("Shoes", "Bags")',
            "Charged last 1 year by month",
        ),
    ),
    Topic(
        ("first",),
        "Each profile only in the piece where it did the event first within the period: so the\n"
        "pieces add up. First ever is session.first_time = true.",
        ("Charged last 4 weeks by first week",),
    ),
    Topic(
        ("rolling",),
        "For each piece the window that ends with the piece's last day: weekly actives by day.",
        ("App Launched last 14 days by day rolling 7 days",),
    ),
    Topic(
        ("hour", "time_of_day"),
        "The hours of the session's clock, 0 to 23; or one range of it, both minutes included.",
        (
            "App Launched yesterday by hour",
            "App Launched where session.time_of_day in 13:00..17:00 yesterday",
        ),
    ),
    Topic(
        ("retention", "cohort", "cohorts"),
        "Of those who came new in a week, how many were there 0, 1, ... weeks later. Three lines;\n"
        "weeks that are not over stay without a count. ct_magic.plot draws the triangle.",
        (
            "App Installed last 12 weeks\n  share did App Launched after 0..11 weeks\n"
            "  by first week",
        ),
    ),
    Topic(
        ("funnel", "conversion"),
        "Steps, each counted among those of the step before. In any order: days are all that the\n"
        "API knows. Two unrelated statements are no funnel.",
        (
            "funnel: App Installed last 30 days\n  share did Product Viewed\n  share did Charged",
            'test: App Launched last 14 days share did Charged by profile.Group in ("control")',
        ),
    ),
    Topic(
        ("segment", "segments", "overlap"),
        "A segment is a statement. How many are in two: the share of the one who did the other.",
        (
            "App Launched last 30 days\n  share did Charged last 30 days",
            'buyers: Charged where Category = "Shoes" last 30 days\n'
            '  share did Charged where Category = "Bags"',
        ),
    ),
    Topic(
        ("compare", "versus", "growth", "change"),
        "Two periods stand in one statement with 'vs', two groups with 'by' and 'share'.",
        (
            "Charged last 4 weeks vs previous",
            'Charged share did Product Viewed by profile.Group in ("control", "treated")',
        ),
    ),
    Topic(
        ("schedule", "watch", "unattended"),
        "A cell asks once. To ask it every morning, run the notebook with a scheduler (cron,\n"
        "papermill, nbconvert --execute), or call ct_magic.count(text) in a script: what was\n"
        "counted for days that are over is taken from the journal, not asked again.",
        ("Charged yesterday vs previous",),
    ),
    Topic(
        ("$", "$name", "variable"),
        "A variable of the notebook, for a value, a list (in $kinds), a date or an event's name.\n"
        "It is a value of its type, never text of the query.",
        ("Charged where Amount > $floor and Category in $kinds $start..$end",),
    ),
    Topic(
        ("json", "{"),
        "The API's own JSON, sent unchanged after event_name, from and to are checked.",
        ('{"event_name": "Charged", "from": 20260101, "to": 20260131}',),
    ),
    Topic(
        ("comment", "#"),
        "From # to the line's end is for people.",
        ("Charged last 7 days  # paid, at last",),
    ),
)


PAGE = """\
[label:] event [where] [period] [did ...] [share did ...] [vs] [by]
A statement starts without indentation and goes on over indented lines.

  pizza: choseNewFavoriteFood where value ~ "piz" 2015-08-10..2015-10-25
  Charged where Amount >= 500 and Payment mode = "Credit Card" last 30 days
  App Launched where session.first_time = true and profile.Plan = "Gold" today
  App Launched where geo in ("India/Maharashtra/Mumbai", "Singapore") this month
  loyal: App Launched last 7 days
    did Charged where Amount > 100 last 90 days >= 3
    did not App Uninstalled
  funnel: App Installed last 30 days
    share did Product Viewed
    share did Charged
  Charged last 4 weeks vs previous by week   # a comment

names     App Launched  "2x points"   quoted if they hold a keyword or odd signs
filters   = != ~ !~ > >= < <=         ~ contains; joined by and, or, brackets
          in ("a", "b")   not in ("a")   in 100..500   exists   not exists
values    "text"  5  -2  9.99  true  false  $name (a variable of the notebook)
scopes    session. profile. tech. app. demographics. reachability.   geo
periods   2015-08-10  2015-08  2015-08-10..2015-10-25  today  today-7..yesterday
          since 2015-08-10  last 30 days  this week  last month  last 2 quarters
          none: the last 30 days; inside did also after 2 weeks, before 1 month
did       did E >= 3   did not E   did any (E, F) >= 2
share     a step, counted in those before it: did App Launched after 0..11 weeks
vs        vs previous   vs before 52 weeks   vs 2026-05
by        day week month quarter year hour   first week   day rolling 7 days
          Category in ("a", "b")   week, Category in ("a")
JSON      a statement that starts with { is the API's own JSON
%ct help where explains a word; retention, funnel and overlap are recipes.
"""


def page() -> str:
    """Return the whole language on one screen."""
    return PAGE


def topic(word: str) -> str:
    """Return what a keyword, operator, scope or symbol means, with examples that can be run.

    Raises UsageError with the near misses for a word that the language does not have.
    """
    phrase = " ".join(word.lower().split()).rstrip(".") or word.strip()
    chosen = next((topic for topic in TOPICS if phrase in topic.words), None)
    if chosen is None:
        known = [known for topic in TOPICS for known in topic.words]
        near = suggestions(phrase, known)
        hint = f"did you mean {' or '.join(near)}?" if near else "'%ct help' shows all of it"
        raise UsageError(f"the language has no {word!r}: {hint}")
    examples = "\n\n".join(_indented(example) for example in chosen.examples)
    return f"{', '.join(chosen.words)}\n\n{chosen.text}\n\n{examples}\n"


def _indented(example: str) -> str:
    return "\n".join(f"    {line}" for line in example.split("\n"))
