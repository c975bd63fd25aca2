"""A cell of ours for Pygments, with which nbconvert colours a notebook that it exports.

Pygments finds it as `ctcount`, by the entry point that the package declares. It refuses nothing:
what is no query stays as it is. Our own lexer decides what a word is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pygments.lexer import Lexer
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Whitespace

from ct_magic.query.lexer import CONTEXTUAL, DATES, KEYWORDS, OPERATORS, tokens_of_cell

if TYPE_CHECKING:
    from pygments.token import _TokenType

    Piece = tuple[int, _TokenType, str]

_MAGIC = re.compile(r"(\s*)(%%)(\w+)([^\n]*)")
_TOKEN_TYPES = {
    **dict.fromkeys([word.upper() for word in (*KEYWORDS, *CONTEXTUAL)], Keyword),
    **dict.fromkeys(OPERATORS - {"IN", "NOT", "EXISTS"}, Operator),
    **dict.fromkeys(("OPENING", "CLOSING", "COMMA", "DOT", "COLON", "DOTS"), Punctuation),
    **dict.fromkeys(("NUMBER", *DATES), Number),
    "STRING": String,
    "PARAM": Name.Variable,
}


class QueryLexer(Lexer):
    """Colours a cell that begins with `%%ctcount`, or a query alone."""

    name = "CleverTap query"
    aliases = ("ctcount",)

    def get_tokens_unprocessed(self, text: str) -> Iterator[Piece]:
        """Yield each piece of the text with where it begins and what it is."""
        magic = _MAGIC.match(text)
        if magic:
            for group, kind in enumerate((Whitespace, Operator, Keyword, Name), start=1):
                yield magic.start(group), kind, magic[group]
        at = begin = magic.end() if magic else 0
        for token in tokens_of_cell(text[begin:]):
            yield from _pieces_between(text, at, begin + token.start)
            yield begin + token.start, _TOKEN_TYPES.get(token.type, Name), token.text
            at = begin + token.end
        yield from _pieces_between(text, at, len(text))


def _pieces_between(text: str, start: int, end: int) -> Iterator[Piece]:
    for match in re.finditer(r"#[^\r\n]*|[^#]+", text[start:end]):
        yield start + match.start(), Comment if match[0].startswith("#") else Whitespace, match[0]
