"""What may be in a statement, but not there: the wrong cell that is most like it decides.

`misplaced.txt` holds wrong cells under the message that helps each. Cells are alike by what the
grammar would accept where it stops, and by the tokens there and around. The order of the rows says
nothing. To teach a new mistake, add a cell: it is rule and test at once. Where a message comes up
for a cell that it does not help, add that cell under a better one, or under `expected`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from ct_magic.query.lexer import NAMED_DAYS, Source, Token, tokens, with_contextual
from ct_magic.query.mistakes.rewriting import table_lines
from ct_magic.query.mistakes.stop import Stop
from ct_magic.query.tree import reach

NUMBERS = ("NUMBER", "EIGHT_DIGITS")
ORDERS = ("OVER", "AT_LEAST", "UNDER", "AT_MOST")
ALIKE = (
    NUMBERS,
    ("IS", "IS_NOT", "HAS", "LACKS", *ORDERS),
    ("ON", "FROM", "SINCE", "LAST", "THIS", "TODAY", "YESTERDAY", *NAMED_DAYS),
    ("DAY", "DAYS", "WEEK", "WEEKS", "MONTH", "MONTHS", "QUARTER", "QUARTERS", "YEAR", "YEARS"),
    ("AND", "OR"),
    ("WORD", "STRING"),
)
KIND = {kind: kinds[0] for kinds in ALIKE for kind in kinds}
EXPECTED = "expected"  # heads the cells for which what the grammar expects says it best
# How much it weighs that the tokens are alike there: where the grammar stops, before it, behind it.
AROUND = ((0, 4.0), (-1, 3.0), (1, 2.0), (-2, 1.0))
ACCEPTED, GLUED = 8.0, 2.0  # that the grammar would accept the same, that a space is before it
LEAST = 12.0  # of 20: a cell less alike than this says nothing
NAMED, MISSING = 2.0, -9.0  # a word in small letters: that it is there, that it is not


def misplaced_token(stop: Stop) -> str | None:
    """Return what to write instead of what is there; None where no example is like it."""
    examples = _examples_by_token().get(_kind(stop.found), [])
    like = [(_likeness(stop, example), message) for message, example in examples]
    likeness, message = max(like, key=lambda found: found[0], default=(0.0, EXPECTED))
    if likeness < LEAST or message == EXPECTED:
        return None
    return message.format(before=stop.around(-1).text, found=stop.found.text)


def wrong_cells() -> Iterator[tuple[str, str]]:
    """Yield the wrong cells of the table, each with its message."""
    return table_entries("misplaced.txt", r" *\|\| *")


def table_entries(name: str, between: str) -> Iterator[tuple[str, str]]:
    """Yield what is indented in a table, each with the message above it; `between` parts them."""
    message = ""
    for line in table_lines(name):
        if line.startswith(" "):
            yield from ((entry, message) for entry in re.split(between, line.strip()) if entry)
        else:
            message = line


@cache
def _examples_by_token() -> dict[str, list[tuple[str, Stop]]]:
    """Return messages, each with where the grammar stops, by the kind of token found there."""
    examples: dict[str, list[tuple[str, Stop]]] = {}
    for cell, message in wrong_cells():
        line = with_contextual(list(tokens(Source(cell))))
        line.append(Token("$END", "", len(cell)))
        stop = Stop(line, reach(line))
        examples.setdefault(_kind(stop.found), []).append((message, stop))
    return examples


def _likeness(stop: Stop, example: Stop) -> float:
    both, either = stop.expected & example.expected, stop.expected | example.expected
    accepted = ACCEPTED * len(both) / max(1, len(either))
    glued = GLUED * (stop.is_glued() == example.is_glued())
    return accepted + glued + sum(weight * _alike(stop, example, at) for at, weight in AROUND)


def _alike(stop: Stop, example: Stop, place: int) -> float:
    """Return how much the tokens at a place are alike: from 0 to 1, but for words that count."""
    token, expected = stop.around(place), example.around(place)
    if expected.type == "WORD" and expected.text.islower() and len(expected.text) > 1:
        return NAMED if token.text.lower() == expected.text else MISSING
    if token.type == expected.type:
        return 0.9
    return 0.5 if _kind(token) == _kind(expected) else 0


def _kind(token: Token) -> str:
    return KIND.get(token.type, token.type)
