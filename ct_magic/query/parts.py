"""Named parts: a condition or an event that a team says once, as a frozen value of Python.

Rule: README.md here, "Named parts". `parser.condition` and `parser.event` make them of a text, and
the builder puts them in the place of a `$name`: nothing else ever becomes one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ct_magic.query.model import And, Condition, Or, Query, ShareWhere, identity
from ct_magic.query.printer import clause_text, often_text, to_text


class _Part:
    """Equality and hash of both kinds of part: by what they ask."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return _key(self) == _key(other) if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash(_key(self))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class NamedCondition(_Part):
    """What may be behind `where`, said once: `ct_magic.condition('Amount > 500')`.

    Two are equal that have the same filters with values of the same types, in whatever order.
    """

    condition: Condition

    def __str__(self) -> str:
        return clause_text(ShareWhere(self.condition)).removeprefix("where ")

    def __repr__(self) -> str:
        return f"ct_magic.condition({str(self)!r})"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class NamedEvent(_Part):
    """An event with its filters, said once: `ct_magic.event('Charged where Amount > 500')`."""

    query: Query  # of this event alone, which may have `often`

    def __str__(self) -> str:
        return " ".join([to_text(self.query), *often_text(self.query.event)])

    def __repr__(self) -> str:
        return f"ct_magic.event({str(self)!r})"


def _key(part: Any) -> object:
    match part:
        case None:
            return None
        case NamedCondition(condition):
            return _key(condition)
        case NamedEvent(query):
            return query.event.name, _key(query.where), query.event.period, query.event.often
        case And(parts):
            keys = frozenset(map(_key, parts))
            return ("and", keys) if len(keys) > 1 else next(iter(keys))
        case Or(parts):
            return "or", tuple(map(_key, parts))
        case single:
            return identity(single)
