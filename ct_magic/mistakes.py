"""Where the grammar stops: what was found, what could stand there, and what was likely meant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .lexer import Token

INDENTED = "a statement begins without indentation: take the spaces before it away"
EMPTY = "nothing is asked: write an event's name, as in: App Launched last 7 days"
Line = Sequence[Token]


@dataclass(frozen=True, slots=True)
class Mistake:
    """What to say, and the part of the text to underline."""

    message: str
    start: int
    end: int


def explain(
    line: Line, at: int, accepted: Callable[[Line], frozenset[str]], reach: Callable[[Line], int]
) -> Mistake:
    """Explain why the token at `at` cannot stand there; the line ends with `$END`.

    `accepted` says what may follow some tokens, `reach` how far the grammar follows them.
    """
    found = line[at]
    return Mistake(f"found {found.text!r}", found.start, found.end)
