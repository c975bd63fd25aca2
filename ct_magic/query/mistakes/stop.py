"""The place where the grammar stopped: what is there, what could be, and the message on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from ct_magic.query.lexer import CONTEXTUAL, NAMED_DAYS, SYMBOLS, WORDS, Token
from ct_magic.query.tree import Progress, reach
from ct_magic.rows import Record

_LONGEST_FOUND = 50  # characters of what was found that are shown
Line = Sequence[Token]


class Mistake(Record):
    """What to say, and the part of the text to underline."""

    message: str
    start: int
    end: int


class Stop:
    """The place where the grammar stopped: what is there, and what could be."""

    def __init__(self, line: Line, at: int, today: date | None = None) -> None:
        self.line, self.at = line, at
        self.today = today  # for days in words; None where it is not known
        self._expected: frozenset[str] | None = None

    @property
    def found(self) -> Token:
        """The token that cannot come there."""
        return self.line[self.at]

    @property
    def expected(self) -> frozenset[str]:
        """The types of token that can come there."""
        if self._expected is None:
            self._expected = Progress(self.line[: self.at]).accepted
        return self._expected

    def around(self, place: int) -> Token:
        """Return the token so many places behind it; one of no type outside of the line."""
        at = self.at + place
        return self.line[at] if 0 <= at < len(self.line) else Token("", "", 0)

    def is_glued(self) -> bool:
        """Return True if no space is before it."""
        return self.at > 0 and self.line[self.at - 1].end == self.found.start

    def is_axis(self) -> bool:
        """Return True if a name behind `by` is before it: only `in` may follow."""
        return self.may("IN") and not self.may("HAS") and not self.after("NOT")

    def is_(self, *types: str) -> bool:
        """Return True if the token that cannot come there is one of these."""
        return self.found.type in types

    def after(self, *types: str) -> bool:
        """Return True if one of these is right before it."""
        return self.around(-1).type in types

    def has(self, kind: str) -> bool:
        """Return True if this is somewhere before it."""
        return any(token.type == kind for token in self.line[: self.at])

    def may(self, kind: str) -> bool:
        """Return True if this could come in its place."""
        return kind in self.expected

    def back(self, *types: str, at: int | None = None) -> int:
        """Walk back over such tokens, from `at` or from the stop; return the first one's place."""
        place = self.at if at is None else at
        while place > 0 and self.line[place - 1].type in types:
            place -= 1
        return place

    def ahead(self, *types: str, at: int | None = None) -> int:
        """Walk on over such tokens, from `at` or from the stop; return the place behind them."""
        place = self.at if at is None else at
        while place < len(self.line) and self.line[place].type in types:
            place += 1
        return place

    def begin(self) -> int:
        """Return the place of the event's name: behind the label, where there is one."""
        colon = next((at for at, t in enumerate(self.line) if t.type == "COLON"), -1)
        return max(1 + colon, self.outside)

    @property
    def outside(self) -> int:
        """Return how many tokens come before the text: those that a part is read behind."""
        return sum(token.start < 0 for token in self.line)

    def typed(self, first: int, end: int) -> str:
        """Return the tokens from one place up to another as they were typed."""
        return typed(self.line[first:end])

    def gains(self, changed: Line) -> int:
        """Return how much further the grammar gets in a changed line; 0 where it does not."""
        return max(0, len(self.line) - self.at - (len(changed) - reach(changed)))

    def words(self) -> range:
        """Return the places of the words just before it: a keyword misspelt looks like one."""
        return range(self.back("WORD"), self.at)

    def mistake(self, message: str, first: int | None = None, last: int | None = None) -> Mistake:
        """Return a message that begins with what was found, from one place to another."""
        first = self.at if first is None else first
        last = first if last is None else last
        found, end = self.line[first], self.line[last].end
        if last > first:
            found = Token("", self.typed(first, last + 1), found.start)
        return Mistake(f"{shown(found)}: {message}", found.start, end)


def typed(tokens: Line) -> str:
    """Return tokens as they were typed, with one space where there was any."""
    text, end = "", tokens[0].start if tokens else 0
    for token in tokens:
        text, end = text + " " * (token.start > end) + token.text, token.end
    return text


def shown(token: Token) -> str:
    """Return the words for what was found."""
    if token.type == "$END":
        return "found the end of the statement"
    text = (
        token.text if len(token.text) <= _LONGEST_FOUND else f"{token.text[: _LONGEST_FOUND - 1]}…"
    )
    return f"found {token.text}" if token.type == "STRING" else f"found '{text}'"


# What the grammar accepts next, in words.

_DAY_TOKENS = {"DATE", "EIGHT_DIGITS", "TODAY", "YESTERDAY", "PARAM"}
PERIOD = _DAY_TOKENS | {"ON", "FROM", "SINCE", "LAST", "THIS", *NAMED_DAYS}
OPERATOR = {*SYMBOLS.values(), "IN", "NOT", "EXISTS", "DOES_NOT_EXIST"} - {"DOT", "COLON"}
VALUE = {"STRING", "NUMBER", "EIGHT_DIGITS", "TRUE", "FALSE", "PARAM"}
_NAME = {"WORD", "STRING"}
UNITS = {"DAY", "DAYS", "WEEK", "WEEKS", "MONTH", "MONTHS", "QUARTER", "QUARTERS", "YEAR", "YEARS"}
_OPERATORS = "an operator (=, !=, ~, !~, >, >=, <, <=, in, not in, exists)"
# A phrase, the types that must all be expected for it, and the types that it covers.
_EXPECTED: list[tuple[str, set[str], set[str]]] = [
    (_OPERATORS, {"IS", "HAS"}, OPERATOR),
    ('a value ("text", a number, true or false)', {"TRUE"}, VALUE),
    ("a property's name", _NAME | {"OPENING"}, _NAME | {"OPENING", "PARAM"}),
    ("an event's name", _NAME | {"PARAM"}, _NAME | {"PARAM", "JSON"}),
    ("a property's name", _NAME, _NAME),
    ("a period (last 7 days, 2015-08-10..2015-10-25)", {"SINCE"}, PERIOD),
    ("a day (2015-08-10, today, yesterday)", {"DATE"}, _DAY_TOKENS),
    ("days, weeks, months, quarters or years", {"DAYS"}, UNITS),
    ("a whole number", {"NUMBER"}, {"NUMBER", "EIGHT_DIGITS"}),
]
SPELLED = {kind: symbol for symbol, kind in SYMBOLS.items()}
SPELLED |= {word.upper(): word for word in (*WORDS, *CONTEXTUAL)}


def in_words(expected: Iterable[str], before: str) -> str:
    """Return what may come next; `before` is the type of the token it would come after."""
    left = set(expected) - {"$END"}
    if before == "WORD":
        left -= {"WORD", "DOT", "COLON"}  # more words of the same name, a scope, a label
    phrases = []
    for phrase, signs, kind in _EXPECTED:
        if signs <= left:
            phrases.append(phrase)
            left -= kind
    left_words = (word for word in SPELLED.values() if SYMBOLS.get(word, word.upper()) in left)
    phrases += [f"'{word}'" for word in left_words]
    if not phrases:
        return "nothing more can come here"
    *others, last = phrases
    return "expected " + (f"{', '.join(others)} or {last}" if others else last)
