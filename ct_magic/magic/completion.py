"""Where a cell holds the language or a command: a place in a cell -> what may come there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from ct_magic.client import accounts
from ct_magic.errors import AccountError
from ct_magic.magic.arguments import BY_NAME, Typed, after_space, split_options, word_at
from ct_magic.query.catalog import Names
from ct_magic.query.completion import Completion, complete
from ct_magic.query.lexer import Source, tokens
from ct_magic.session.session import SANDBOX

# Tab on a magic's own line: options and their values, commands of `%ct` and what they take.


def of_arguments(line: str, begin: int) -> list[Completion]:
    """Return what may come at the end of a magic's line, whose arguments start at `begin`."""
    option = open_option(line, begin)
    if option is None:
        return []
    if option.end == len(line) and option.value is None:
        return _beginning(BY_NAME, option.name, option.start, "option")
    values = _accounts() if option.name == "--account" else ()
    start = len(line) if option.value is None else option.value_start
    return _beginning(values, option.value or "", start, "account")


def open_option(line: str, begin: int) -> Typed | None:
    """Return the option that the end of a line is in, or whose value is still to come."""
    options, place = split_options(line, begin)
    while place < len(line):  # behind the variable's name, or a word too many
        options, place = split_options(line, word_at(line, place)[1])
    last = options[-1] if options else None
    if last is None or last.end == len(line):
        return last
    takes_value = last.name in BY_NAME and BY_NAME[last.name].example
    return last if takes_value and last.value is None else None


def of_command(line: str, begin: int, variables: Mapping[str, object]) -> list[Completion]:
    """Return what may replace the last word of `%ct command words`, which begins at `begin`."""
    from ct_magic.magic.commands import COMMANDS, help_words

    command, space, _ = line[begin:].partition(" ")
    if not space:
        return _beginning(COMMANDS, command, begin, "command")
    typed = re.split(r"\s", line)[-1]
    words: Iterable[str] = ()
    match command:
        case "use" | "login" | "check":
            words = _accounts()
        case "wait":
            words = (n for n, v in variables.items() if type(v).__name__ == "Counting")
        case "help":
            words = [*COMMANDS, *help_words()]
        case "names":
            words = ("--from", "--to")
    return _beginning(words, typed, len(line) - len(typed), "argument")


def _accounts() -> list[str]:
    names = [accounts.DEFAULT, SANDBOX]
    with suppress(AccountError):
        names += accounts.from_file()
    return names


def _beginning(words: Iterable[str], typed: str, start: int, kind: str) -> list[Completion]:
    return [Completion(start, word, kind) for word in words if word.startswith(typed)]


_CELL = re.compile(r"%%ctcount\b")
_LINE_MAGIC = re.compile(r"\s*(?:\w+\s*=\s*)?%ctcount\s")
_COMMAND = re.compile(r"\s*(?:\w+\s*=\s*)?%%?ct\s+")
_VARIABLE = re.compile(r"\$(\w*)\Z")
# What a `$name` may hold. Names of other libraries' types, which are not imported for this.
_VALUES = (str, int, float, list, tuple, set, frozenset, range)
_OTHER_VALUES = {
    *("date", "datetime", "time", "Timestamp", "Period", "Decimal", "Series", "Index"),
    *("NamedCondition", "NamedEvent"),
}


def at(
    cell: str, row: int, column: int, names: Callable[[], Names], variables: Mapping[str, object]
) -> list[Completion] | None:
    """Return what may come at a place of a cell; None where the cell or the line is not ours."""
    # All places count from 0, and a completion's `start` in its row.
    lines = cell.split("\n")
    head = next((number for number, line in enumerate(lines) if line.strip()), 0)
    line, magic = lines[row], _CELL.match(lines[head])
    if row > head and (magic or lines[head].startswith("%%ct ")):
        begin = sum(len(above) + 1 for above in lines[head + 1 : row])
        below = "\n".join(lines[head + 1 :])
        return _in_query(below, begin + column, -begin, names, variables)
    if magic:
        return of_arguments(line[:column], magic.end())
    if magic := _LINE_MAGIC.match(line):
        _, begin = split_options(line[:column], magic.end())
        if begin == column and open_option(line[:column], magic.end()):
            return of_arguments(line[:column], magic.end())
        return _in_query(line[begin:], column - begin, begin, names, variables)
    if (magic := _COMMAND.match(line)) and column >= magic.end():
        command, space, _ = line[magic.end() : column].partition(" ")
        if space and command in ("explain", "form", "values"):
            begin = after_space(line, magic.end() + len(command))
            return _in_query(line[begin:], column - begin, begin, names, variables)
        return of_command(line[:column], magic.end(), variables)
    return None


def _in_query(
    text: str, cursor: int, shift: int, names: Callable[[], Names], variables: Mapping[str, object]
) -> list[Completion]:
    """Return what may come in a query, whose first character is at this place of the row."""
    before = text[: max(0, cursor)]
    if (typed := _VARIABLE.search(before)) and not _inside_text(before[: typed.start()]):
        begun = [name for name in variables if name.startswith(typed[1])]
        proposed = sorted((n for n in begun if _is_proposed(n, variables[n])), key=str.casefold)
        return [Completion(typed.start() + shift, f"${name}", "variable") for name in proposed]
    proposals = complete(text, len(before), names())
    return [Completion(c.start + shift, c.text, c.kind) for c in proposals]


def _inside_text(before: str) -> bool:
    """Return True if a text or a comment is open at the end."""
    last = next(reversed(list(tokens(Source(before)))), None)
    rest = before[last.end if last else 0 :]
    return "#" in rest.split("\n")[-1] or (last is not None and last.type == "OPEN")


def _is_proposed(name: str, value: object) -> bool:
    if name.startswith("_") or name in ("In", "Out"):  # the notebook's own
        return False
    if isinstance(value, _VALUES):
        return True
    return bool(_OTHER_VALUES & {kind.__name__ for kind in type(value).__mro__})
