"""The place where the grammar stopped: what is there, what could be, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..lexer import Token

Line = Sequence[Token]


@dataclass(frozen=True, slots=True)
class Mistake:
    """What to say, and the part of the text to underline."""

    message: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Stop:
    """The place where the grammar stopped: what is there, and what could be."""

    line: Line
    at: int
    expected: frozenset[str]
    reach: Callable[[Line], int]

    @property
    def found(self) -> Token:
        """The token that cannot stand there."""
        return self.line[self.at]

    def before(self) -> str:
        """Return the type of the token before it; empty at the beginning."""
        return self.line[self.at - 1].type if self.at else ""

    def next(self) -> str:
        """Return the type of the token after it; empty at the end."""
        return self.line[self.at + 1].type if self.at + 1 < len(self.line) else ""

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
