"""How leaves of the tree are read: texts, numbers, lists, variables; and where an error stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import NoReturn

from ..errors import QueryError
from . import parameters, tree
from .lexer import Token, unquoted
from .model import Scalar
from .source import Source


class Reader:
    """Reads the leaves of one source: texts, numbers, variables. `today` checks the periods."""

    def __init__(self, source: Source, params: Mapping[str, object], today: date) -> None:
        self.source, self.params, self.today = source, params, today

    def fail(
        self, message: str, first: Token | tree.Node, last: Token | tree.Node | None = None
    ) -> NoReturn:
        """Raise the error that underlines from one part of the statement to another."""
        raise self.source.error(message, *_ends(first, last or first))

    @contextmanager
    def at(self, first: Token | tree.Node, last: Token | tree.Node | None = None) -> Iterator[None]:
        """Raise an error of the block that knows no place with this one."""
        try:
            yield
        except QueryError as error:
            raise self.source.error(error.message, *_ends(first, last or first)) from None

    def unquoted(self, token: Token) -> str:
        """Return a text without its quotes, and without the backslash before what it escapes."""
        for escape in re.finditer(r"\\(.)", token.text[1:-1]):
            if escape[1] not in "\"'\\":
                start = token.start + 1 + escape.start()
                message = "a backslash stands before a quote or a backslash: write two for one"
                raise self.source.error(message, start, start + 2)
        with self.at(token):
            return parameters.check_text(unquoted(token.text))

    def name(self, name: tree.Name) -> str:
        """Return a name that is not empty."""
        text = name.text if name.is_bare else self.unquoted(name.first)
        if not text:
            self.fail("a name cannot be empty", name)
        return text

    def whole_number(self, token: Token, least: int, most: int = 10**9) -> int:
        """Return a number that counts something."""
        with self.at(token):
            number = parameters.number_value(token.text)
        if not isinstance(number, int) or not least <= number <= most:
            expected = f"expected a whole number from {least} to {most}"
            self.fail(f"{expected}, found {token.text}", token)
        return number

    def value(self, token: Token) -> Scalar:
        """Return a text, number, boolean or variable."""
        if token.type == "STRING":
            return self.unquoted(token)
        if token.type in ("TRUE", "FALSE"):
            return token.text.capitalize()
        with self.at(token):
            if token.type == "PARAM":
                return parameters.scalar(token.text[1:], self.params)
            return parameters.number_value(token.text)

    def values(self, values: tree.ValuesNode) -> tuple[Scalar, ...]:
        """Return the values of `("a", "b")`, or of a variable that holds a list."""
        if values.variable is None:
            return tuple(map(self.value, values.items))
        with self.at(values):
            return parameters.scalars(values.variable.text[1:], self.params)

    def shown(self, token: Token) -> str:
        """Return a value as it was typed, and what a variable holds."""
        return f"{token.text} ({self.value(token)!r})" if token.type == "PARAM" else token.text


def _ends(first: Token | tree.Node, last: Token | tree.Node) -> tuple[int, int]:
    start = first if isinstance(first, Token) else first.first
    end = last if isinstance(last, Token) else last.last
    return start.start, end.end
