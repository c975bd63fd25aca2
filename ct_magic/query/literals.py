"""What the builder finds on its way, where it stood, and how leaves are read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, NoReturn

from ..errors import QueryError
from . import parameters as variables
from .lexer import Source, Token, unquoted
from .model import Event, Filter, Place, Scalar


@dataclass(frozen=True, slots=True)
class Found:
    """A name, value or day, and the tokens it was made of."""

    value: Any
    first: Token
    last: Token
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """What one filter says, and where: conditions of a property, or places."""

    at: Found
    filters: tuple[Filter, ...] = ()
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """An event with its clauses; only the base event may use all of them."""

    event: Event
    clauses: tuple[Clause, ...]


class Reader:
    """Reads the leaves of one source: texts, numbers, variables. `today` checks the periods."""

    def __init__(self, source: Source, params: Mapping[str, Any], today: date) -> None:
        self.source, self.params, self.today = source, params, today

    def fail(
        self, message: str, first: Token | Found, last: Token | Found | None = None
    ) -> NoReturn:
        """Raise the error that underlines from one finding to another."""
        last = last or first
        start = first.first.start if isinstance(first, Found) else first.start
        end = last.last.end if isinstance(last, Found) else last.end
        raise self.source.error(message, start, end)

    @contextmanager
    def at(self, first: Token, last: Token | None = None) -> Iterator[None]:
        """Give an error that knows no place this one."""
        try:
            yield
        except QueryError as error:
            raise self.source.error(error.message, first.start, (last or first).end) from None

    def unquoted(self, token: Token) -> str:
        """Take off the quotes, and the backslash before a quote or a backslash."""
        for escape in re.finditer(r"\\(.)", token.text[1:-1]):
            if escape[1] not in "\"'\\":
                start = token.start + 1 + escape.start()
                message = "a backslash stands before a quote or a backslash: write two for one"
                raise self.source.error(message, start, start + 2)
        with self.at(token):
            return variables.check_text(unquoted(token.text))

    def whole_number(self, token: Token, least: int, most: int = 10**9) -> int:
        """Read a number that counts something."""
        with self.at(token):
            number = variables.number(token.text)
        if not isinstance(number, int) or not least <= number <= most:
            self.fail(f"a whole number from {least} to {most} is wanted, found {token.text}", token)
        return number

    def value(self, token: Token) -> Found:
        """Read a text, number, boolean or variable."""
        if token.type == "STRING":
            return Found(self.unquoted(token), token, token)
        if token.type in ("TRUE", "FALSE"):
            return Found(token.text.capitalize(), token, token)
        with self.at(token):
            if token.type == "PARAM":
                return Found(variables.scalar(token.text[1:], self.params), token, token)
            return Found(variables.number(token.text), token, token)

    def list(self, *values: Found | Token) -> Found:
        """Read `("a", "b")`, or a variable that holds a list."""
        found = [value for value in values if isinstance(value, Found)]
        if found:
            listed: tuple[Scalar, ...] = tuple(value.value for value in found)
            return Found(listed, found[0].first, found[-1].last)
        (variable,) = [value for value in values if isinstance(value, Token)]
        with self.at(variable):
            return Found(variables.scalars(variable.text[1:], self.params), variable, variable)

    def shown(self, value: Found) -> str:
        """Show a value as it was typed, and what a variable holds."""
        typed = value.first.text
        return f"{typed} ({value.value!r})" if value.first.type == "PARAM" else typed
