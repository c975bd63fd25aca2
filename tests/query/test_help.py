"""Help: on one screen, complete, and every example of it runs."""

from datetime import date

import pytest
from helpers.pages import examples
from helpers.shell import TODAY

from ct_magic import UsageError
from ct_magic.query.help import PAGE, TOPICS, topic
from ct_magic.query.lexer import API_NAMES, KEYWORDS, SYMBOLS
from ct_magic.query.model import Scope
from ct_magic.query.parser import parse

PARAMS = {"floor": 5, "kinds": ["a"], "start": date(2026, 1, 1), "end": date(2026, 1, 2)}
QUERIES = [topic for topic in TOPICS if not topic.is_recipe]
EXAMPLES = [example for topic in QUERIES for example in examples(topic)]


def test_the_page_fits_one_screen_and_its_cell_runs() -> None:
    """It stands under `%%ctcount?`, where nobody scrolls sideways."""
    assert PAGE.count("\n") <= 32
    assert max(map(len, PAGE.splitlines())) <= 80
    cell = PAGE.split("\n\n")[1]
    typed = "\n".join(line[2:] for line in cell.split("\n"))
    assert len(parse(typed, today=TODAY)) == 16


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_runs(example: str) -> None:
    """Help that cannot be typed is worse than none."""
    assert parse(example, params=PARAMS)


@pytest.mark.parametrize(
    "word",
    sorted(KEYWORDS | API_NAMES.keys() | (SYMBOLS.keys() - {"(", ")", ",", "."}))
    + [scope.value for scope in Scope if scope.value]
    + ["geo", "geo.", "profile.", "WHERE", "did  not", "$", "{", "#", "JSON"],
)
def test_every_word_of_the_language_is_explained(word: str) -> None:
    """With an example that shows it."""
    assert "\n    " in topic(word)


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("day 0", "share did"),
        ("conversion rate", "share did Charged"),
        ("unbounded retention", "on days 7..30"),
        ("time to first purchase", "within 1, 3, 7, 14, 30 days"),
        ("opt in", "share where reachability.has_token = true"),
        ("cohort analysis", "by first week"),
        ("condition", "ct_magic.condition"),
        ("difference", "A period is one draw"),
    ],
)
def test_a_question_is_found_by_what_people_call_it(word: str, says: str) -> None:
    """Whoever comes from another tool has its word, not ours."""
    assert says in topic(word)


def test_a_word_it_does_not_have_gets_near_misses() -> None:
    """And a word that is near to none gets the way to the whole."""
    with pytest.raises(UsageError, match="has no 'wher': did you mean where"):
        topic("wher")
    with pytest.raises(UsageError, match="has no 'xyzzy': '%ct help' shows all of it"):
        topic("xyzzy")
