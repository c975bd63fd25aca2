"""Tab: what is proposed where, how it is spelled."""

import json
import random

import pytest
from helpers.language_inputs import broken, corpus

from ct_magic.query.catalog import Names, names_from_json
from ct_magic.query.completion import Completion, complete
from ct_magic.query.parser import parse

NAMES = names_from_json(
    """{
      "events": {
        "Charged": {"Amount": [], "Category": ["Shoes", "Running Shoes", "it's"], "geo": []},
        "App Launched": {}, "App Installed": {}, "2x points": {},
        "Ride by night": {"Fare": [5, "free"]}
      },
      "session": {"utm_source": ["google"]},
      "profile": {"Plan": ["gold"], "50% off": []},
      "geo": ["India/Goa", "Oman"]
    }"""
).in_order()
SCOPES = ["session.", "profile.", "tech.", "app.", "demographics.", "reachability.", "geo"]
OPERATORS = ["=", "!=", "~", "!~", ">", ">=", "<", "<=", "in", "not", "exists"]
QUARTERS = ["quarter", "quarters"]
CLAUSES = ["share", "did", "vs", "by"]
TIME = ["day", "week", "month", "year", "quarter", "hour", "first"]
PERIODS = ["from", "on", "last", "this", "today", "yesterday", "since"]
EVENTS = ['"2x points"', "App Installed", "App Launched", "Charged", '"Ride by night"']


def proposed(cell: str) -> list[str]:
    """The texts for a cell with | as the cursor."""
    return [
        completion.text for completion in complete(cell.replace("|", ""), cell.index("|"), NAMES)
    ]


@pytest.mark.parametrize(
    ("cell", "texts"),
    [
        ("|", EVENTS),
        ("app l|", ["App Launched", "last"]),
        ("App Launched |", ["where", *CLAUSES, *PERIODS]),
        ("App Launched wh|", ["where"]),
        ("2|", ['"2x points"']),
        ("2x|", ['"2x points"']),
        (
            '"|',
            ['"2x points"', '"App Installed"', '"App Launched"', '"Charged"', '"Ride by night"'],
        ),
        ('"App L|"', ['"App Launched']),
        ('"Ride by night" where |', ["Fare", *SCOPES]),
        ("Charged where |", ["Amount", "Category", '"geo"', *SCOPES]),
        ("Charged where cat|", ["Category"]),
        ("Charged where Category |", OPERATORS),
        ("Charged where Category n|", ["not"]),
        ("Charged where Category not |", ["in", "exists"]),
        ("Charged where Category = |", ['"Shoes"', '"Running Shoes"', '"it\'s"', "true", "false"]),
        ('"Ride by night" where Fare = |', ["5", '"free"', "true", "false"]),
        ('"Ride by night" where Fare >= |', ["5"]),
        ('"Ride by night" where Fare in 1..|', ["5"]),
        ('"Ride by night" where Fare !~ |', ['"free"', "true", "false"]),
        ("Charged where Category = running s|", ['"Running Shoes"']),
        (
            "Charged where Category contains |",
            ['"Shoes"', '"Running Shoes"', '"it\'s"', "true", "false"],
        ),
        ('Charged where Category in ("Shoes", "R|")', ['"Running Shoes']),
        ("Charged where Category = 'i|", ["'it\\'s'"]),
        ("Charged where session.|", ["utm_source"]),
        ("Charged where profile.|", ['"50% off"', "Plan"]),
        ('Charged where profile."5|', ['"50% off"']),
        ('Charged where profile.Plan = "|"', ['"gold']),
        ("Charged where Category in |", ["("]),
        ('"Ride by night" where Fare in |', ["5", "("]),
        ("Charged where geo |", ["=", "in"]),
        ("Charged where Category exists and geo |", ["=", "in"]),
        ("Charged where profile.geo |", OPERATORS),
        ("Charged where geo = |", ['"India"', '"Oman"', '"India/Goa"']),
        ('Charged where "geo" = |', ["true", "false"]),
        ('Charged where Category = "Shoes" |', ["and", "or", *CLAUSES, *PERIODS]),
        ("Charged last |", ["7 days", "30 days", "week", "month", "year", "quarter"]),
        ("Charged last 7 days|", ["days"]),
        ("Charged last 3 q|", ["quarter", "quarters"]),
        (
            "Charged last 7 |",
            ["day", "days", "week", "weeks", "month", "months", "year", "years", *QUARTERS],
        ),
        ("Charged did |", [*EVENTS, "not", "any"]),
        ("Charged did App Launched where |", ["Amount", "Category", '"geo"', "Fare", "session."]),
        ("Charged did any (Ride|", ['"Ride by night"']),
        ("Charged did App Launched by c|", ["Category"]),
        (
            "Charged by |",
            ["day", "week", "month", "Amount", "Category", '"geo"', *SCOPES, *TIME[3:]],
        ),
        ("Charged by first |", ["day", "week", "month", "year", "quarter"]),
        ("Charged share did B within 7 |", [",", "day", "days", "week", "weeks"]),
        ("Charged share did B within 7, 14 w|", ["week", "weeks"]),
        ("Charged share did B on day 7 by w|", []),
        ("Charged share did B on day 7 by f|", ["first day", "first week", "first month"]),
        (
            "Charged share did B within 7 days by first |",
            ["day", "week", "month", "year", "quarter"],
        ),
        ("Charged by f|", ["first"]),
        ("Charged by day r|", ["rolling"]),
        ("Charged by day rolling 7 d|", ["day", "days"]),
        ("Charged last 7 days vs |", [*PERIODS, "after", "before", "previous"]),
        ("Charged share |", ["did", "where"]),
        ("Charged share did App Launched w|", ["within 7 days", "where"]),
        ("Charged share did App Launched within 7|", ["7 days"]),
        ("Charged share did any (App Launched) within 3|", ["30 days"]),
        ("Charged share did App Launched on d|", ["day 1, 7, 30", "day", "days"]),
        ("Charged did App Launched w|", ["where"]),
        ("Charged where geo in ('India', |", ['"Oman"', '"India/Goa"']),
        ('Charged where Category in ("Shoes", |', ['"Running Shoes"', '"it\'s"', "true", "false"]),
        ('Charged by Category in ("Shoes", "it\'s", "R|")', ['"Running Shoes']),
        ('"Ride by night" where Fare in (5, |', ['"free"', "true", "false"]),
        ("Charged did App Launched a|", ["after"]),
        ("Charged did App Launched after 2 w|", ["week", "weeks"]),
        ("Charged where session.time_of_day |", ["in"]),
        ("Charged where (Category = 'Shoes' or c|", ["Category"]),
        ("Charged by Category in (|", ['"Shoes"', '"Running Shoes"', '"it\'s"', "true", "false"]),
        ("x: Charged where Amount > 5\n|", EVENTS),
        ("x: Charged\n  |", ["where", *CLAUSES, *PERIODS]),
        ("Charged # where |", []),
        ('{"event_name": |', []),
        ("Charged where where |", []),
        ("Charged where $fl|", []),
    ],
)
def test_what_may_come_at_the_cursor(cell: str, texts: list[str]) -> None:
    """Names and values before keywords, quoted where they must be, and nothing that is wrong."""
    assert proposed(cell) == texts


@pytest.mark.parametrize(
    ("cell", "first"),
    [
        ("Charged share did App Launched |", ["within 7 days", "on day 1, 7, 30"]),
        ("Charged share did App Launched within |", ["7 days", "30 days"]),
        ("Charged did App Launched |", ["=", ">"]),
    ],
)
def test_own_days_come_first_behind_a_step(cell: str, first: list[str]) -> None:
    """And behind another `did`, where they would be refused, not at all."""
    assert proposed(cell)[:2] == first
    assert not {"within", "within 7 days"} & set(proposed("Charged did App Launched |"))


def test_each_says_what_it_is_and_what_it_replaces() -> None:
    """The front end shows the kind; the start is where the whole name began, not its last word."""
    assert complete("Charged where x = 1\n  did app l", 32, NAMES) == [
        Completion(26, "App Launched", "event"),
        Completion(30, "last", "keyword"),
    ]
    kinds = {completion.text: completion.kind for completion in complete("Charged by ", 11, NAMES)}
    assert (kinds["Amount"], kinds["profile."], kinds["week"]) == ("property", "scope", "unit")


def test_what_is_proposed_can_be_typed() -> None:
    """Promise 5: the grammar that reads is the one that proposes; each event is a query."""
    events, values = proposed("|"), proposed("Charged where Category = |")
    assert events
    assert values
    for text in events:
        assert parse(f"{text} today")
    for text in values:
        assert parse(f"Charged where Category = {text}")


def test_an_event_whose_name_holds_a_word_of_sequences_is_proposed_in_quotes() -> None:
    """Bare it would be refused: the API does not know what came first."""
    names = Names(events={"Viewed then Bought": {}})
    assert [c.text for c in complete("View", 4, names)] == ['"Viewed then Bought"']


def test_thousands_of_names_are_proposed_up_to_a_limit() -> None:
    """A page shows so many; what is typed finds the others. How fast: tests/benchmarks."""
    events = {f"Event e{n}": {f"Property p{n}": ["a", "b"]} for n in range(5_000)}
    names = names_from_json(json.dumps({"events": events}))
    completions = {
        cell: complete(cell, len(cell), names) for cell in ("Eve", "Event e4999", "Nobody where P")
    }
    assert [len(texts) for texts in completions.values()] == [500, 1, 500]
    assert completions["Event e4999"][0].text == "Event e4999"


def test_no_text_and_no_cursor_makes_it_fail() -> None:
    """Tab is pressed in cells that are wrong, unfinished, and full of odd characters."""
    rng, cells = random.Random(5), corpus()
    for _ in range(600):
        cell = broken(rng, cells)
        cursor = rng.randint(0, len(cell))
        for completion in complete(cell, cursor, NAMES):
            assert 0 <= completion.start <= cursor
