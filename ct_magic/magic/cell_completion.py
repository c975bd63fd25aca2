"""Where in a cell the language stands: a place in a cell -> what may come there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from ..query.catalog import Names
from ..query.completion import Completion, complete

_CELL = re.compile(r"%%ctcount\b")
_LINE = re.compile(r"\s*(?:\w+\s*=\s*)?%ctcount\s")
_OPTIONS = re.compile(r"(?:--[\w-]+(?:=\S*)?\s+)*")


def at(
    cell: str, row: int, column: int, names: Callable[[], Names], options: Sequence[str]
) -> list[Completion] | None:
    """Give the completions at a place of a cell; None where the cell or line is not ours.

    Their `start` counts in the row. Row and column count from 0.
    """
    lines = cell.split("\n")
    head = next((number for number, line in enumerate(lines) if line.strip()), 0)
    line = lines[row][:column]
    if _CELL.match(lines[head]):
        if row <= head:
            return _of_arguments(line, options)
        return _of_text("\n".join(lines[head + 1 :]), lines[head + 1 : row], column, names)
    if magic := _LINE.match(line):
        return _of_line(lines[row], column, magic.end(), names, options)
    return None


def _of_arguments(line: str, options: Sequence[str]) -> list[Completion]:
    word = re.split(r"\s", line)[-1]
    if not word.startswith("-"):
        return []
    start = len(line) - len(word)
    return [Completion(start, o, "option") for o in options if o.startswith(word)]


def _of_text(
    text: str, above: list[str], column: int, names: Callable[[], Names]
) -> list[Completion]:
    begin = sum(len(line) + 1 for line in above)
    return _shifted(complete(text, begin + column, names()), -begin)


def _of_line(
    line: str, column: int, begin: int, names: Callable[[], Names], options: Sequence[str]
) -> list[Completion]:
    arguments = _OPTIONS.match(line, begin)
    begin = arguments.end() if arguments else begin
    typed = line[begin:column]
    if column < begin or typed.startswith("-"):
        return _of_arguments(line[:column], options)
    return _shifted(complete(line[begin:], column - begin, names()), begin)


def _shifted(found: Iterable[Completion], by: int) -> list[Completion]:
    return [Completion(one.start + by, one.text, one.kind) for one in found]
