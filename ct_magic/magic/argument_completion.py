"""Tab on a magic's own line: options and their values, commands of `%ct` and what they take."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress

from ..client import accounts
from ..errors import AccountError
from ..query.completion import Completion
from ..session import SANDBOX
from .options import OPTIONS, Typed, split_options, word_at


def of_arguments(line: str, begin: int) -> list[Completion]:
    """Return what may come at the end of a magic's line, whose arguments start at `begin`."""
    option = open_option(line, begin)
    if option is None:
        return []
    if option.end == len(line) and option.value is None:
        names = (option.name for option in OPTIONS)
        return _beginning(names, option.name, option.start, "option")
    values = _accounts() if option.name == "--account" else ()
    start = len(line) if option.value is None else option.value_start
    return _beginning(values, option.value or "", start, "account")


def open_option(line: str, begin: int) -> Typed | None:
    """Return the option that the end of a line is in, or whose value is still to come."""
    split = split_options(line, begin)
    while split.begin < len(line):  # behind the variable's name, or a word too many
        split = split_options(line, word_at(line, split.begin)[1])
    last = split.options[-1] if split.options else None
    if last is None or last.end == len(line):
        return last
    takes_value = last.option is not None and last.option.example
    return last if takes_value and last.value is None else None


def of_command(line: str, begin: int, variables: Mapping[str, object]) -> list[Completion]:
    """Return what may replace the last word of `%ct command words`, which begins at `begin`."""
    from .commands import COMMANDS, WORDS

    command, space, _ = line[begin:].partition(" ")
    if not space:
        return _beginning(COMMANDS, command, begin, "command")
    typed = re.split(r"\s", line)[-1]
    words: Iterable[str] = ()
    if command in ("use", "login", "check"):
        words = _accounts()
    elif command == "wait":
        words = (n for n, v in variables.items() if type(v).__name__ == "Counting")
    elif command in WORDS:
        words = WORDS[command]()
    return _beginning(words, typed, len(line) - len(typed), "argument")


def _accounts() -> list[str]:
    names = [accounts.DEFAULT, SANDBOX]
    with suppress(AccountError):
        names += accounts.from_file()
    return names


def _beginning(words: Iterable[str], typed: str, start: int, kind: str) -> list[Completion]:
    return [Completion(start, word, kind) for word in words if word.startswith(typed)]
