"""Text -> tokens: one vocabulary with the grammar, words of every script, places of errors."""

import re
from itertools import pairwise

import pytest
from grammar import grammar
from lark.lexer import PatternStr

from ct_magic.errors import QueryError
from ct_magic.query.lexer import (
    API_NAMES,
    CONTEXTUAL,
    KEYWORDS,
    SYMBOLS,
    Source,
    is_bare_name,
    tokens,
)
from ct_magic.query.model import Operator


def test_the_grammar_and_the_lexer_have_one_vocabulary() -> None:
    """A keyword or symbol that only one of them knows could never be parsed."""
    spelled = {
        t.name: t.pattern.value for t in grammar().terminals if isinstance(t.pattern, PatternStr)
    }
    vocabulary = {word.upper(): word for word in (*KEYWORDS, *CONTEXTUAL)}
    vocabulary |= {kind: symbol for symbol, kind in SYMBOLS.items()}
    assert spelled == vocabulary
    assert API_NAMES.keys() == {operator.value for operator in Operator}


@pytest.mark.parametrize(
    "name",
    [
        "App Launched",
        "_x",
        "प्रयोग",
        "Ünï",
        "e\u0301",
        "購入",
        "a$b",
        "x2",
        "contains",
        "WHERE",
        "a१",
    ],
)
def test_names_that_may_be_bare(name: str) -> None:
    """Words of any script with its marks, digits, _ and $; keywords are lower case alone."""
    assert is_bare_name(name)
    assert [token.type for token in tokens(Source(name))] == ["WORD"] * (1 + name.count(" "))


@pytest.mark.parametrize(
    "name",
    [
        *("", "2x", "a  b", " a", "a ", "Ride by night", "true", "$a", "a-b", "a.b", "a\tb", "a\n"),
        *("\u0301", "½", "a½", "\U0001f355", "१a", "a\u200cb", '"'),
    ],
)
def test_names_that_are_quoted(name: str) -> None:
    """Everything else, also what only looks like a letter or a space."""
    assert not is_bare_name(name)


def test_the_lexer_loses_nothing() -> None:
    """Tokens and the spaces and comments between them are the text, whatever it is."""
    text = 'a: {"x": \'}\'}\r\n\tb #c\n$d 5-3 2x "q \\" r" \'open {\ud83d ..5...6 today-7x'
    source = Source(text)
    lexed = list(tokens(source))
    assert all(text[token.start : token.end] == token.text for token in lexed)
    gaps = [text[token.end : following.start] for token, following in pairwise(lexed)]
    assert all(re.fullmatch(r"(?:[ \t\r\n]|#[^\r\n]*)*", gap) for gap in gaps)


def test_lines_end_as_people_end_them() -> None:
    """CR, LF and both count one line each; a caret points into its own line."""
    source = Source("\ufeffone\r\ntwo\rthree\n\tfour")
    assert [source.line(source.text.index(w)) for w in ("one", "two", "three", "four")] == [
        1,
        2,
        3,
        4,
    ]
    at = source.text.index("four")
    error = source.error("no", at, at + 99)
    assert (error.line, error.column, error.length, error.source) == (4, 2, 4, "\tfour")


@pytest.mark.parametrize(
    ("before", "under", "carets"),
    [
        ("ab", "cd", "  ^^"),
        ("購入", "金", "    ^^"),
        ("e\u0301", "x", " ^"),
        ("\t", "x", "\t^"),
        ("a", "", " ^"),
    ],
)
def test_the_caret_stands_under_what_is_meant(before: str, under: str, carets: str) -> None:
    """Wide characters take two cells of a monospaced line, accents none, tabs what they take."""
    error = QueryError("no", source=before + under, column=len(before) + 1, length=len(under))
    assert str(error).splitlines()[2] == "    " + carets


@pytest.mark.parametrize("place", [0, 20, 60, 400, 990])
def test_a_long_line_is_cut_around_the_caret(place: int) -> None:
    """A front end wraps it, and the caret would point at something else."""
    line = "a" * place + "!" * 5 + "b" * (1000 - place)
    error = Source(line).error("wrong", place, place + 5)
    shown, caret = str(error).split("\n")[1:3]
    assert len(shown) <= 4 + 100 + 2
    assert shown[caret.index("^") : caret.rindex("^") + 1] == "!!!!!"
    assert (error.source, error.column) == (line, place + 1)
