"""Where in a cell the language or a command stands: a place in a cell -> what may come there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ..query.catalog import Names
from ..query.completion import Completion, complete
from ..query.lexer import tokens
from ..query.source import Source
from .argument_completion import of_arguments, of_command, open_option
from .options import after_space, split_options

_CELL = re.compile(r"%%ctcount\b")
_LINE = re.compile(r"\s*(?:\w+\s*=\s*)?%ctcount\s")
_COMMAND = re.compile(r"\s*(?:\w+\s*=\s*)?%%?ct\s+")
_VARIABLE = re.compile(r"\$(\w*)\Z")
# What a `$name` can stand for. Names of other libraries' types, which are not imported for this.
_VALUES = (str, int, float, list, tuple, set, frozenset, range)
_OTHER_VALUES = {"date", "datetime", "time", "Timestamp", "Period", "Decimal", "Series", "Index"}


@dataclass(frozen=True, slots=True)
class KnownNames:
    """What may be proposed: names of the account in use, and the notebook's variables."""

    names: Callable[[], Names]
    variables: Mapping[str, object]


def at(cell: str, row: int, column: int, known: KnownNames) -> list[Completion] | None:
    """Return the completions at a place of a cell; None where the cell or line is not ours.

    Their `start` counts in the row. Row and column count from 0.
    """
    lines = cell.split("\n")
    head = next((number for number, line in enumerate(lines) if line.strip()), 0)
    line = lines[row]
    if magic := _CELL.match(lines[head]):
        if row <= head:
            return of_arguments(line[:column], magic.end())
        return _of_text("\n".join(lines[head + 1 :]), lines[head + 1 : row], column, known)
    if magic := _LINE.match(line):
        return _of_line(line, column, magic.end(), known)
    if lines[head].startswith("%%ct ") and row > head:
        return _of_text("\n".join(lines[head + 1 :]), lines[head + 1 : row], column, known)
    if (magic := _COMMAND.match(line)) and column >= magic.end():
        return _of_command(line, column, magic.end(), known)
    return None


def _of_command(line: str, column: int, begin: int, known: KnownNames) -> list[Completion]:
    command, _, _ = line[begin:column].partition(" ")
    behind = begin + len(command)
    if column > behind and command in ("explain", "form", "values"):
        return _of_query(line, column, after_space(line, behind), known)
    return of_command(line[:column], begin, known.variables)


def _of_line(line: str, column: int, begin: int, known: KnownNames) -> list[Completion]:
    query = split_options(line[:column], begin).begin
    if query == column and open_option(line[:column], begin):
        return of_arguments(line[:column], begin)
    return _of_query(line, column, query, known)


def _of_query(line: str, column: int, begin: int, known: KnownNames) -> list[Completion]:
    return _shifted(_complete(line[begin:], max(0, column - begin), known), begin)


def _of_text(text: str, above: list[str], column: int, known: KnownNames) -> list[Completion]:
    begin = sum(len(line) + 1 for line in above)
    return _shifted(_complete(text, begin + column, known), -begin)


def _complete(text: str, cursor: int, known: KnownNames) -> list[Completion]:
    before = text[:cursor]
    if (typed := _VARIABLE.search(before)) and not _is_quoted(before[: typed.start()]):
        return _variables(typed, known.variables)
    return complete(text, cursor, known.names())


def _is_quoted(before: str) -> bool:
    """Return True if a text or a comment is open at the end."""
    last = next(reversed(list(tokens(Source(before)))), None)
    rest = before[last.end if last else 0 :]
    return "#" in rest.split("\n")[-1] or (last is not None and last.type == "OPEN")


def _variables(typed: re.Match[str], variables: Mapping[str, object]) -> list[Completion]:
    fitting = sorted(
        (
            name
            for name, value in variables.items()
            if name.startswith(typed[1]) and _is_proposed(name, value)
        ),
        key=str.casefold,
    )
    return [Completion(typed.start(), f"${name}", "variable") for name in fitting]


def _is_proposed(name: str, value: object) -> bool:
    if name.startswith("_") or name in ("In", "Out"):  # the notebook's own
        return False
    if isinstance(value, _VALUES):
        return True
    return bool(_OTHER_VALUES & {kind.__name__ for kind in type(value).__mro__})


def _shifted(completions: Iterable[Completion], by: int) -> list[Completion]:
    return [Completion(c.start + by, c.text, c.kind) for c in completions]
