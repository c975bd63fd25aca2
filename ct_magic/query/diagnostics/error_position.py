"""The place where the grammar stopped: what is there, what could be, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..lexer import Token

Line = Sequence[Token]
Accepted = Callable[[Line], frozenset[str]]
Reach = Callable[[Line], int]


@dataclass(frozen=True, slots=True)
class Mistake:
    """What to say, and the part of the text to underline."""

    message: str
    start: int
    end: int


@dataclass(frozen=True)
class Stop:
    """The place where the grammar stopped: what is there, and what could be."""

    line: Line
    at: int
    accepted: Accepted
    reach: Reach

    @property
    def found(self) -> Token:
        """The token that cannot stand there."""
        return self.line[self.at]

    @property
    def expected(self) -> frozenset[str]:
        """The types of token that can stand there."""
        # Not by cached_property, whose lock, up to Python 3.11, a fork may find held.
        known = vars(self)
        if "_expected" not in known:
            known["_expected"] = self.accepted(self.line[: self.at])
        types: frozenset[str] = known["_expected"]
        return types

    def around(self, place: int) -> Token:
        """Return the token so many places behind it; one of no type outside of the line."""
        at = self.at + place
        return self.line[at] if 0 <= at < len(self.line) else Token("", "", 0)

    def is_glued(self) -> bool:
        """Return True if no space stands before it."""
        return self.at > 0 and self.line[self.at - 1].end == self.found.start

    def is_axis(self) -> bool:
        """Return True if a name behind `by` stands before it: only `in` may follow."""
        return self.may("IN") and not self.may("HAS") and not self.after("NOT")

    def before(self) -> str:
        """Return the type of the token before it; empty at the beginning."""
        return self.around(-1).type

    def next(self) -> str:
        """Return the type of the token after it; empty at the end."""
        return self.around(1).type

    def is_(self, *types: str) -> bool:
        """Return True if the token that cannot stand there is one of these."""
        return self.found.type in types

    def after(self, *types: str) -> bool:
        """Return True if one of these stands right before it."""
        return self.before() in types

    def has(self, kind: str) -> bool:
        """Return True if this stands somewhere before it."""
        return any(token.type == kind for token in self.line[: self.at])

    def may(self, kind: str) -> bool:
        """Return True if this could stand in its place."""
        return kind in self.expected

    def gains(self, changed: Line) -> int:
        """Return how much further the grammar gets in a changed line; 0 where it does not."""
        return max(0, len(self.line) - self.at - (len(changed) - self.reach(changed)))

    def words(self) -> range:
        """Return the places of the words just before it: a keyword misspelt looks like one."""
        first = self.at
        while first > 0 and self.line[first - 1].type == "WORD":
            first -= 1
        return range(first, self.at)

    def mistake(self, message: str) -> Mistake:
        """Return this message on the token that cannot stand there."""
        return Mistake(message, self.found.start, self.found.end)


def shown(token: Token) -> str:
    """Return the words for what was found."""
    if token.type == "$END":
        return "found the end of the statement"
    return f"found {token.text}" if token.type == "STRING" else f"found '{token.text:.40}'"
