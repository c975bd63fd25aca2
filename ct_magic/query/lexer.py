"""Text -> tokens. It refuses nothing: what cannot be a token becomes one that no rule accepts.

A token's type is the grammar's name for it. The types that no rule knows, each of which
`mistakes.words.odd_token` has a sentence for: OPEN (a quote that is never closed), GLUED
(`2x`), ODD_DATE (`2015/08/10`), HABIT (`<>`, `==`), and BAD (any other character).

Two kinds of word mean something in one place and are names anywhere else: the API's own names of
operators and the words in CONTEXTUAL. `in_context` decides which they are, from their neighbours.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from ct_magic.errors import QueryError
from ct_magic.query.model import Operator
from ct_magic.query.strict_json import parts
from ct_magic.rows import Record

# A cell's text: its lines, and the errors that underline a place in it.

_LINE_END = re.compile(r"\r\n?|\n")


class ClauseError(QueryError):
    """What is wrong with one clause of a statement; `keyword` is the type of its first token."""

    def __init__(self, message: str, keyword: str) -> None:
        super().__init__(message)
        self.keyword = keyword


class Source:
    """The text that was given, and the lines and columns of the places in it."""

    def __init__(self, text: str) -> None:
        self.text = text.removeprefix("\ufeff")
        self._line_starts = [0, *(match.end() for match in _LINE_END.finditer(self.text))]

    def begins_line(self, offset: int) -> bool:
        """Return True if a token here has no indentation."""
        return offset == 0 or self.text[offset - 1] in "\r\n"

    def line(self, offset: int) -> int:
        """Return the number of the line, from 1. CR, LF and both together end a line."""
        return bisect_right(self._line_starts, offset)

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a place, whose line and column count from 1."""
        return self._line_starts[line - 1] + column - 1

    def error(self, message: str, start: int, end: int) -> QueryError:
        """Return the error that underlines the text from start to end, or to the line's end."""
        start = max(start, 0)
        number = self.line(start)
        begin = self._line_starts[number - 1]
        line = re.split(r"[\r\n]", self.text[begin:], maxsplit=1)[0]
        column = start - begin
        length = max(1, min(end - start, len(line) - column))
        place = {"line": number, "column": column + 1, "length": length}
        return QueryError(_printable(message), source=_printable(line), **place)


def _printable(text: str) -> str:
    """Replace half a surrogate pair, which no terminal or notebook can print."""
    return re.sub(r"[\ud800-\udfff]", "\ufffd", text)


WORDS = [
    *("where", "and", "or", "in", "not", "exists", "share", "did", "any", "vs", "by"),
    *("from", "to", "on", "last", "this", "today", "yesterday", "since", "after", "before"),
    *("true", "false"),
    *("day", "days", "week", "weeks", "month", "months", "year", "years"),
]
KEYWORDS = frozenset(WORDS)
CONTEXTUAL = ("quarter", "quarters", "hour", "first", "rolling", "previous", "within")
NAMED_DAYS = ("DATE", "YEAR_MONTH", "YEAR_QUARTER")
DATES = ("CLOCK", *NAMED_DAYS, "EIGHT_DIGITS")
SYMBOLS = {"=": "IS", "!=": "IS_NOT", "~": "HAS", "!~": "LACKS", ">": "OVER", ">=": "AT_LEAST"}
SYMBOLS |= {"<": "UNDER", "<=": "AT_MOST", "..": "DOTS", "(": "OPENING", ")": "CLOSING"}
SYMBOLS |= {",": "COMMA", ".": "DOT", ":": "COLON"}
# The API's own names of operators: words like any other, except where an operator may be.
API_NAMES = {
    o.value: "DOES_NOT_EXIST" if o is Operator.DOES_NOT_EXIST else SYMBOLS.get(o.symbol, "EXISTS")
    for o in Operator
}
OPERATORS = frozenset(API_NAMES.values()) | {"IN", "NOT"}
_UNITS = ("DAY", "DAYS", "WEEK", "WEEKS", "MONTH", "MONTHS", "YEAR", "YEARS")
# Words that people try, which are no keywords: an event's name neither begins with one of the
# first nor has one of the others behind its first word, or a query would be sent as a name.
NOT_FIRST = frozenset({"retention", "cohort", "funnel", "compare"})
NOT_INSIDE = frozenset({"then", "followed", "within", "next", "step", "versus"})
NOT_BEHIND = frozenset({"during", "until", "tomorrow"})  # nor as its last word
BEFORE_UNIT = ("LAST", "THIS", "NUMBER", "EIGHT_DIGITS")  # of periods; `by` is another matter

_TOKEN = re.compile(
    r"""(?P<SPACE>[ \t\r\n]+|\#[^\r\n]*)
    | (?P<STRING>"(?:[^"\\\r\n]|\\[^\r\n])*"|'(?:[^'\\\r\n]|\\[^\r\n])*')
    | (?P<OPEN>["'][^\r\n]*)
    | (?P<CLOCK>[0-9]{1,2}:[0-9]{2}(?![0-9]))
    | (?P<DATE>[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9-]))
    | (?P<YEAR_MONTH>[0-9]{4}-[0-9]{2}(?![0-9-]))
    | (?P<YEAR_QUARTER>[0-9]{4}-Q[0-9]+(?![0-9-]))
    | (?P<ODD_DATE>[0-9]+(?:-[0-9]+)+|[0-9]+(?:/[0-9]+)+|[0-9]+(?:\.[0-9]+){2,})
    | (?P<EIGHT_DIGITS>[0-9]{8}(?![0-9]|\.[0-9]|[eE][+-]?[0-9]))
    | (?P<NUMBER>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
    | (?P<HABIT><>|==+|=>|=<|=~|&&?|\|\|?|;|//|/\*|--)
    | (?P<SYMBOL>[<>!]=|!~|\.\.|[=~<>(),.:])""",
    re.VERBOSE,
)


class Token(Record):
    """A piece of the text, and where it begins."""

    type: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Return the offset just after it."""
        return self.start + len(self.text)


def tokens(source: Source) -> Iterator[Token]:
    """Yield the text's tokens; spaces and comments are left out."""
    at, last = 0, None
    while at < len(source.text):
        token = _next(source, at, last)
        at = token.end
        if token.type != "SPACE":
            yield token
            last = token


def one_line(line: Sequence[Token]) -> str:
    """Return the text of tokens: where something was between two of them, one space."""
    gaps = [" " if left.end < right.start else "" for left, right in pairwise(line)]
    return "".join(token.text + gap for token, gap in zip(line, [*gaps, ""], strict=False))


def statement_tokens(source: Source) -> list[list[Token]]:
    """Return the tokens of each statement: one without indentation begins it."""
    lines: list[list[Token]] = []
    for token in tokens(source):
        if not lines or source.begins_line(token.start):
            lines.append([])
        lines[-1].append(token)
    return lines


def tokens_of_cell(text: str) -> list[Token]:
    """Return the tokens of all statements, for highlighting: see `in_context`. Refuses nothing."""
    return [token for line in statement_tokens(Source(text)) for token in in_context(line)]


def unquoted(string: str) -> str:
    """Return a text without its quotes and without the backslashes that escape."""
    return re.sub(r"\\(.)", r"\1", string[1:-1])


@lru_cache(maxsize=10_000)
def is_bare_name(name: str) -> bool:
    """Return True if a name needs no quotes: bare words with one space between them."""
    words = name.split(" ")
    return all(w not in KEYWORDS and w and word_end(w, 0) == len(w) for w in words)


def is_bare_event(name: str) -> bool:
    """Return True if an event's name needs no quotes."""
    return is_bare_name(name) and tried_word(name.split(" ")) is None


def tried_word(words: Sequence[str]) -> int | None:
    """Return the place of a word that is not allowed there in the bare name of an event."""
    if len(words) > 1 and words[0] in NOT_FIRST:
        return 0
    last = len(words) - 1
    places = (p for p in range(1, len(words)) if words[p] in NOT_BEHIND | NOT_INSIDE)
    return next((p for p in places if p < last or words[p] in NOT_BEHIND), None)


def word_end(text: str, at: int) -> int:
    """Return the end of the word that begins here; `at` itself where none does."""
    return _run_end(text, at) if _begins_word(text[at]) else at


def _run_end(text: str, at: int) -> int:
    """Return where what may be inside a word ends."""
    while at < len(text) and _is_inside(text[at]):
        at += 1
    return at


def _begins_word(char: str) -> bool:
    return char.isalpha() or char == "_"


def _is_inside(char: str) -> bool:
    is_plain = char.isalpha() or char.isdecimal() or char in "_$"
    return is_plain or unicodedata.category(char)[0] == "M"


def _next(source: Source, at: int, last: Token | None) -> Token:
    text = source.text
    if text[at] == "{" and (source.begins_line(at) or (last and last.type == "COLON")):
        end = next((part.end() for part, depth in parts(text, at) if not depth), len(text))
        return Token("JSON", text[at:end], at)
    if _begins_word(text[at]):
        end = word_end(text, at)
        word = text[at:end]
        if word == "today" and (ago := re.compile("-[0-9]+").match(text, end)):
            end = ago.end()
        return Token(word.upper() if word in KEYWORDS else "WORD", text[at:end], at)
    if text[at] == "$" and at + 1 < len(text) and _begins_word(text[at + 1]):
        end = at + 1
        while end < len(text) and text[end] != "$" and _is_inside(text[end]):
            end += 1
        return Token("PARAM", text[at:end], at)
    match = _TOKEN.match(text, at)
    if not match:
        return Token("BAD", text[at], at)
    kind = str(match.lastgroup)
    if kind in ("NUMBER", *DATES):
        end = _run_end(text, match.end())
        return Token(kind if end == match.end() else "GLUED", text[at:end], at)
    return Token(SYMBOLS.get(match[0], kind) if kind == "SYMBOL" else kind, match[0], at)


def in_context(line: Sequence[Token]) -> list[Token]:
    """Return a statement's tokens; contextual words and API names get their types where they apply.

    API names (`value contains "piz"`): in a filter's words the last such name that is not the
    first word is the operator, unless a symbol follows the words.
    """
    marked = with_contextual(line)
    opens_filter = False
    for at, token in enumerate(marked):
        opens_filter = token.type in ("WHERE", "AND", "OR") or (
            token.type == "OPENING" and opens_filter
        )
        if opens_filter and _type(marked, at + 1) != "OPENING":
            _mark_operator(marked, at + 1)
        elif token.type == "CLOSING" and _type(marked, at + 1) == "WORD":
            marked[at + 1] = _as_operator(marked[at + 1])
    return marked


def with_contextual(line: Sequence[Token]) -> list[Token]:
    """Return the tokens with `last quarter`, `vs previous` and, behind `by`, their like marked."""
    marked, in_by = list(line), False
    for at, token in enumerate(line):
        in_by = in_by or token.type == "BY"
        if token.type == "WORD" and token.text in CONTEXTUAL and _is_meant(marked, at, in_by):
            marked[at] = Token(token.text.upper(), token.text, token.start)
    return marked


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


def _is_meant(line: Sequence[Token], at: int, in_by: bool) -> bool:
    before = _type(line, at - 1)
    match line[at].text:
        case "previous":
            return before == "VS"
        case "within":  # no name goes on with a number, and a date has eight digits
            return _type(line, at + 1) in ("NUMBER", "GLUED", "ODD_DATE")
        case "quarter" | "quarters" if before in BEFORE_UNIT:
            return True
        case "quarter" | "hour":
            return in_by and before in ("BY", "COMMA", "FIRST") and _is_whole(line, at)
        case "first":
            begins = in_by and before in ("BY", "COMMA")
            ends = _type(line, at + 1) in ("", "$END", *_UNITS)
            is_axis = ends or (line[at + 1].text in ("quarter", "hour") and _is_whole(line, at + 1))
            return begins and is_axis
        case "rolling":
            return in_by and before in (*_UNITS, "QUARTER", "HOUR")
    return False


def _is_whole(line: Sequence[Token], at: int) -> bool:
    """Return True if the word is a whole axis: nothing of a name or a list follows it."""
    if at + 1 < len(line) and line[at + 1].text == "rolling":
        at += 1
    return _type(line, at + 1) in ("", "$END", "COMMA", "NUMBER", "EIGHT_DIGITS", "PARAM")


def _type(line: Sequence[Token], at: int) -> str:
    return line[at].type if 0 <= at < len(line) else ""
