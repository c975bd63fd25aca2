"""The language's page: its cells are queries, and it leaves no word of the language out."""

import re
from pathlib import Path

import pytest
from helpers.language_inputs import TODAY, check_statement
from helpers.pages import examples

import ct_magic
from ct_magic.query.help import TOPICS
from ct_magic.query.lexer import (
    API_NAMES,
    CONTEXTUAL,
    KEYWORDS,
    NOT_BEHIND,
    NOT_FIRST,
    NOT_INSIDE,
    SYMBOLS,
)
from ct_magic.query.model import Query, Scope
from ct_magic.query.parser import parse, statements

PAGE = (Path(ct_magic.__file__).parent / "query" / "README.md").read_text(encoding="utf-8")
WORDS = set(re.findall("[a-z]+", PAGE))
CELLS = re.findall(r"^```ctcount\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PROSE = re.sub(r"^```.*?^```$", "", PAGE, flags=re.MULTILINE | re.DOTALL).replace("\n", " ")
IN_CODE = " ".join(re.findall(r"`([^`]+)`", PROSE))


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_of_the_page_is_a_query(cell: str) -> None:
    """Who copies it from the page meets no error, and it prints as what it is."""
    assert parse(cell, today=TODAY)
    for statement in statements(cell, today=TODAY):
        check_statement(statement)


@pytest.mark.parametrize(
    "word",
    sorted(KEYWORDS | API_NAMES.keys() | NOT_FIRST | NOT_INSIDE | NOT_BEHIND | {*CONTEXTUAL})
    + [f"{scope.value}." for scope in Scope if scope.value]
    + sorted(SYMBOLS.keys() - {".", ")", ","}),
)
def test_the_page_names_every_word_of_the_language(word: str) -> None:
    """A word that only the grammar knows would be found by accident."""
    assert word in IN_CODE


def table(section: str, number: int = 0) -> list[tuple[str, str]]:
    """The rows of a table of the page: what is typed, as it stands there, and what it means."""
    text = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    part = next(part for part in text if part.startswith(section + "\n"))
    tables = re.findall(r"(?:^\|.*\n)+", part, re.MULTILINE)
    rows = [line.strip("| ").split(" | ", 1) for line in tables[number].splitlines()[2:]]
    return [(typed, means) for left, means in rows for typed in re.findall("`([^`]+)`", left)]


@pytest.mark.parametrize(
    ("frame", "typed"),
    [("A {}", typed) for typed, _ in table("Periods")]
    + [("A share did B {}", typed) for typed, _ in table("Own days")]
    + [("A last week {}", typed) for typed, _ in table("Against another period")]
    + [("A {}", typed) for typed, _ in table("Many counts from one statement")],
)
def test_what_a_table_of_the_page_says_is_typed_is_read(frame: str, typed: str) -> None:
    """Word for word."""
    assert statements(frame.format(typed), today=TODAY)


def test_the_windows_of_the_page_are_those_that_are_asked() -> None:
    """The days that its table names, of what has one window."""
    tried = 0
    for typed, means in table("Own days"):
        (query,) = statements(f"A share did B {typed}", today=TODAY)
        assert isinstance(query, Query)
        (window,) = [step.window for step in query.steps]
        if window and len(window.windows) == 1:
            tried += 1
            ((first, last),) = window.windows
            assert (f"{first} to {last}" if last > first else f"{first}") in means
    assert tried == 4


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.words[0])
def test_help_and_page_speak_of_the_same_clauses(topic) -> None:  # type: ignore[no-untyped-def]
    """Each example of `%ct help` is made of words that the page has."""
    for example in () if topic.is_recipe else examples(topic):
        bare = re.sub(r"\"[^\"]*\"|'[^']*'|\{.*\}|#.*|\$\w+|\w+:", " ", example)
        for word in re.findall(r"\b[a-z]+\b", bare):
            assert word in WORDS, word
