"""Text -> tokens. It refuses nothing: what cannot be a token becomes one that no rule accepts.

A token's type is the grammar's name for it. The types that no rule knows, each of which
`mistakes` has a sentence for: OPEN (a quote that is never closed), GLUED (`2x`), ODD_DATE
(`2015/08/10`), HABIT (`<>`, `==`), OR, and BAD (any other character).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import QueryError
from .model import Operator
from .strict_json import parts

WORDS = [
    *("where", "and", "or", "in", "not", "exists", "did", "any", "by"),
    *("from", "to", "on", "last", "this", "today", "yesterday", "since", "true", "false"),
    *("day", "days", "week", "weeks", "month", "months", "year", "years"),
]
KEYWORDS = frozenset(WORDS)
SYMBOLS = {
    "=": "IS",
    "!=": "IS_NOT",
    "~": "HAS",
    "!~": "LACKS",
    ">": "OVER",
    ">=": "AT_LEAST",
    "<": "UNDER",
    "<=": "AT_MOST",
    "..": "DOTS",
    "(": "OPENING",
    ")": "CLOSING",
    ",": "COMMA",
    ".": "DOT",
    ":": "COLON",
}
# The API's own names of operators: words like any other, unless they stand where an operator may.
API_NAMES = {
    o.value: "DOES_NOT_EXIST" if o is Operator.DOES_NOT_EXIST else SYMBOLS.get(o.symbol, "EXISTS")
    for o in Operator
}
OPERATORS = frozenset(API_NAMES.values()) | {"IN", "NOT"}

_TOKEN = re.compile(
    r"""(?P<SPACE>[ \t\r\n]+|\#[^\r\n]*)
    | (?P<STRING>"(?:[^"\\\r\n]|\\[^\r\n])*"|'(?:[^'\\\r\n]|\\[^\r\n])*')
    | (?P<OPEN>["'][^\r\n]*)
    | (?P<DATE>[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9-]))
    | (?P<YEAR_MONTH>[0-9]{4}-[0-9]{2}(?![0-9-]))
    | (?P<ODD_DATE>[0-9]+(?:-[0-9]+)+|[0-9]+(?:/[0-9]+)+|[0-9]+(?:\.[0-9]+){2,})
    | (?P<EIGHT_DIGITS>[0-9]{8}(?![0-9]|\.[0-9]|[eE][+-]?[0-9]))
    | (?P<NUMBER>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
    | (?P<HABIT><>|==+|=>|=<|=~|&&?|\|\|?|;|//|/\*|--)
    | (?P<SYMBOL>[<>!]=|!~|\.\.|[=~<>(),.:])""",
    re.VERBOSE,
)
_AGO = re.compile(r"-[0-9]+")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text, and where it begins."""

    type: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """The offset just after it."""
        return self.start + len(self.text)


class Source:
    """The text that was given, and the lines and columns of the places in it."""

    def __init__(self, text: str) -> None:
        self.text = text.removeprefix("\ufeff")

    def begins_line(self, offset: int) -> bool:
        """Say whether a token here stands without indentation."""
        return offset == 0 or self.text[offset - 1] in "\r\n"

    def line(self, offset: int) -> int:
        """Count the lines up to here, from 1. CR, LF and both together end a line."""
        return len(re.findall(r"\r\n?|\n", self.text[:offset])) + 1

    def error(self, message: str, start: int, end: int) -> QueryError:
        """Make the error that underlines the text from start to end, or to the line's end."""
        before, after = self.text[:start], self.text[start:]
        left = re.split(r"[\r\n]", before)[-1]
        right = re.split(r"[\r\n]", after, maxsplit=1)[0]
        return QueryError(
            _printable(message),
            source=_printable(left + right),
            line=self.line(start),
            column=len(left) + 1,
            length=max(1, min(end - start, len(right))),
        )


def _printable(text: str) -> str:
    """Show half a surrogate pair as what it is: no terminal or notebook can print it."""
    return re.sub(r"[\ud800-\udfff]", "\ufffd", text)


def tokens(source: Source) -> Iterator[Token]:
    """Cut the text into tokens; spaces and comments are left out."""
    at, last = 0, None
    while at < len(source.text):
        token = _next(source, at, last)
        at = token.end
        if token.type != "SPACE":
            yield token
            last = token


def unquoted(string: str) -> str:
    """Take off a text's quotes, and its backslashes before what they stand before."""
    return re.sub(r"\\(.)", r"\1", string[1:-1])


def is_bare_word(word: str) -> bool:
    """Say whether this may stand as a word of a name without quotes."""
    return word not in KEYWORDS and bool(word) and word_end(word, 0) == len(word)


def is_bare_name(name: str) -> bool:
    """Say whether a name may stand without quotes: bare words with one space between them."""
    return all(map(is_bare_word, name.split(" ")))


def word_end(text: str, at: int) -> int:
    """Give the end of the word that begins here; `at` itself where none does."""
    end = at
    if text[at].isalpha() or text[at] == "_":
        while end < len(text) and _is_inside(text[end]):
            end += 1
    return end


def _is_inside(char: str) -> bool:
    return (
        char.isalpha() or char.isdecimal() or char in "_$" or unicodedata.category(char)[0] == "M"
    )


def _next(source: Source, at: int, last: Token | None) -> Token:
    text = source.text
    if text[at] == "{" and (source.begins_line(at) or (last and last.type == "COLON")):
        return Token("JSON", text[at : _json_end(text, at)], at)
    if word_end(text, at) > at:
        return _word(text, at)
    if text[at] == "$" and at + 1 < len(text) and word_end(text, at + 1) > at + 1:
        return _param(text, at)
    match = _TOKEN.match(text, at)
    if not match:
        return Token("BAD", text[at], at)
    kind = str(match.lastgroup)
    if kind in ("DATE", "YEAR_MONTH", "EIGHT_DIGITS", "NUMBER"):
        return _number(text, match, kind)
    return Token(SYMBOLS.get(match[0], kind) if kind == "SYMBOL" else kind, match[0], at)


def _word(text: str, at: int) -> Token:
    end = word_end(text, at)
    word = text[at:end]
    if word == "today" and (ago := _AGO.match(text, end)):
        end = ago.end()
    return Token(word.upper() if word in KEYWORDS else "WORD", text[at:end], at)


def _param(text: str, at: int) -> Token:
    end = at + 1
    while end < len(text) and text[end] != "$" and _is_inside(text[end]):
        end += 1
    return Token("PARAM", text[at:end], at)


def _number(text: str, match: re.Match[str], kind: str) -> Token:
    end = match.end()
    if end < len(text) and _is_inside(text[end]):
        while end < len(text) and _is_inside(text[end]):
            end += 1
        return Token("GLUED", text[match.start() : end], match.start())
    return Token(kind, match[0], match.start())


def _json_end(text: str, at: int) -> int:
    return next((part.end() for part, depth in parts(text, at) if not depth), len(text))


def with_operators(line: list[Token]) -> list[Token]:
    """Tell where the API's names of operators are meant: `value contains "piz"`.

    They are no keywords, so a name may hold them too. In a filter's words the last such name
    that is not the first word is the operator, unless a symbol follows the words.
    """
    found = list(line)
    for at, token in enumerate(line):
        if token.type in ("WHERE", "AND"):
            _mark_operator(found, at + 1)
        elif token.type == "CLOSING" and at + 1 < len(line) and line[at + 1].type == "WORD":
            found[at + 1] = _as_operator(line[at + 1])
    return found


def _mark_operator(line: list[Token], at: int) -> None:
    if [token.type for token in line[at : at + 2]] == ["WORD", "DOT"]:
        at += 2
    end = at + 1
    while end < len(line) and line[end].type == "WORD":
        end += 1
    if end < len(line) and line[end].type in OPERATORS:
        return
    for place in range(end - 1, at, -1):
        if line[place].text in API_NAMES:
            line[place] = _as_operator(line[place])
            return


def _as_operator(word: Token) -> Token:
    return Token(API_NAMES.get(word.text, word.type), word.text, word.start)
