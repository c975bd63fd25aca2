"""A cell's text: its lines, and the errors that underline a place in it."""

from __future__ import annotations

import re
from bisect import bisect_right

from ct_magic.errors import QueryError

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
        number = self.line(start)
        begin = self._line_starts[number - 1]
        line = re.split(r"[\r\n]", self.text[begin:], maxsplit=1)[0]
        column = start - begin
        return QueryError(
            _printable(message),
            source=_printable(line),
            line=number,
            column=column + 1,
            length=max(1, min(end - start, len(line) - column)),
        )


def _printable(text: str) -> str:
    """Show half a surrogate pair as what it is: no terminal or notebook can print it."""
    return re.sub(r"[\ud800-\udfff]", "\ufffd", text)
