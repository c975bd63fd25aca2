"""Named parts: a condition or an event that a team says once, as a frozen value of Python.

Rule: README.md here, "Named parts". `parser.condition` and `parser.event` make them of a text, and
the builder puts them in the place of a `$name`: nothing else ever becomes one.
"""

from __future__ import annotations

from dataclasses import dataclass

from ct_magic.query.model import And, Condition, Or, Query, ShareWhere, identity
from ct_magic.query.printer import clause_text, often_text, to_text


class _Part:
    """What both have in common: they are equal, and the same key, by what they ask."""

    __slots__ = ()

    def _key(self) -> object:
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Part) or type(other) is not type(self):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())


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

    def _key(self) -> object:
        return _key_of(self.condition)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class NamedEvent(_Part):
    """An event with its filters, said once: `ct_magic.event('Charged where Amount > 500')`.

    `query` holds it as a statement's base would; its event may have `often`, too.
    """

    query: Query

    def __str__(self) -> str:
        return " ".join([to_text(self.query), *often_text(self.query.event)])

    def __repr__(self) -> str:
        return f"ct_magic.event({str(self)!r})"

    def _key(self) -> object:
        event = self.query.event
        return event.name, _key_of(self.query.where), event.period, event.often


def _key_of(condition: Condition | None) -> object:
    match condition:
        case None:
            return None
        case And(parts):
            keys = frozenset(map(_key_of, parts))
            return ("and", keys) if len(keys) > 1 else next(iter(keys))
        case Or(parts):
            return "or", tuple(map(_key_of, parts))
        case single:
            return identity(single)
