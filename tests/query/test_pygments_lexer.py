"""Queries in the colours of an export."""

import pytest
from hypothesis import given, strategies as st
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Whitespace

from ct_magic.query.pygments_lexer import QueryLexer

CELL = """%%ctcount foodies --refresh
a: Charged where Amount >= $least and "B" in (x, 2) 2015-08  # why
  by first week
first hour where last contains "piz" last 7 days
"""


def pieces(text: str) -> list[tuple[object, str]]:
    return [(kind, piece) for _, kind, piece in QueryLexer().get_tokens_unprocessed(text)]


def test_each_piece_is_what_it_is_in_the_editor() -> None:
    """Words of one place are names anywhere else, and a quoted keyword is a text."""
    shown = [piece for piece in pieces(CELL) if piece[0] is not Whitespace]
    kinds = {kind: [text for other, text in shown if other is kind] for kind, _ in shown}
    assert kinds[Keyword] == [
        *("ctcount", "where", "and", "in", "by", "first", "week", "where", "last", "last", "days"),
    ]
    assert kinds[Operator] == ["%%", ">=", "contains"]
    assert kinds[String] == ['"B"', '"piz"']
    assert kinds[Number] == ["2", "2015-08", "7"]
    assert kinds[Name.Variable] == ["$least"]
    assert kinds[Comment] == ["# why"]
    assert kinds[Punctuation] == [":", "(", ",", ")"]
    assert kinds[Name] == [" foodies --refresh", "a", "Charged", "Amount", "x", "first", "hour"]


@given(st.text() | st.text(alphabet="%ctcount where\\n\"'#{}$=<>.0123 "))
@pytest.mark.parametrize("begin", ["", "%%ctcount df\n", "\n%%ct explain\n"])
def test_no_text_is_lost(begin: str, text: str) -> None:
    """Whatever stands there, it is shown, and each piece where it begins."""
    whole = begin + text
    lexed = list(QueryLexer().get_tokens_unprocessed(whole))
    assert "".join(piece for _, _, piece in lexed) == whole
    assert all(whole.startswith(piece, at) for at, _, piece in lexed)


def test_pygments_finds_it_by_its_name() -> None:
    """By the entry point of the installed package."""
    assert isinstance(get_lexer_by_name("ctcount"), QueryLexer)
