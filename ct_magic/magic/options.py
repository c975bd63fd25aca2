"""The one reader of a magic's line: which options it holds, and where the rest begins.

`%%ctcount`, `%ctcount`, Tab and every message about the line read it through `split_options`. It
refuses nothing, since Tab reads lines that are half typed; `arguments` refuses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# A quoted text, in which anything may stand, or what has neither space nor quote at its beginning.
_WORD = re.compile(r"""(?P<quote>["'])(?P<inside>.*?)(?:(?P=quote)|\Z)(?=\s|\Z)|\S+""", re.DOTALL)
_OPTION = re.compile(r"(?P<name>--?[^\s=\"']*)(?P<sign>=?)")
_SPACE = re.compile(r"\s*")


@dataclass(frozen=True, slots=True)
class Option:
    """An option of the line: its name, what its value is called, and what it does.

    `choices` are the only words that are read as its value; then the value may be left out.
    """

    name: str
    help: str
    value: str = ""
    example: str = ""
    choices: tuple[str, ...] = ()

    @property
    def usage(self) -> str:
        """Return the option as the manual shows it: `--timeout TIME`."""
        return " ".join(filter(None, (self.name, self.value)))


OPTIONS = (
    Option("--account", "ask this account, this once", "NAME", "--account prod"),
    Option("--timeout", "stop asking after 90s, 30m or 2h", "TIME", "--timeout 30m"),
    Option("--refresh", "ask anew what the journal could answer"),
    Option("--background", "return at once, NAME follows"),
    Option("--plot", "draw the counts (extra 'plot')"),
    Option("--plan", "print what would be asked and how long it may take; send nothing"),
    Option(
        "--dry-run",
        "print the JSON that would be sent; of many counts the first and the last, or all",
        "[all]",
        choices=("all",),
    ),
)
BY_NAME = {option.name: option for option in OPTIONS}


@dataclass(frozen=True, slots=True)
class Typed:
    """An option as it was typed, known or not.

    `start` and `end` are its place in the line, `value_start` that of its value; `value` is None
    where there is none. `closed` is False where a quote was left open.
    """

    name: str
    start: int
    end: int
    value: str | None = None
    value_start: int = 0
    closed: bool = True

    @property
    def option(self) -> Option | None:
        """Return the option that it is, or None for one that there is not."""
        return BY_NAME.get(self.name)


@dataclass(frozen=True, slots=True)
class Split:
    """A line's options, and where behind them the query, the variable or nothing begins."""

    options: tuple[Typed, ...]
    begin: int


def split_options(line: str, start: int = 0) -> Split:
    """Return the options at the beginning of a line, and where what is no option begins."""
    options: list[Typed] = []
    place = after_space(line, start)
    while line.startswith("-", place):
        options.append(_option(line, place))
        place = after_space(line, options[-1].end)
    return Split(tuple(options), place)


def after_space(line: str, place: int) -> int:
    """Return where the next character that is no space stands: tabs and no-break ones are some."""
    match = _SPACE.match(line, place)
    return match.end() if match else place


def word_at(line: str, place: int) -> tuple[str, int, bool]:
    """Return the word there without its quotes, where it ends, and whether its quote is closed."""
    match = _WORD.match(line, place)
    if match is None:
        return "", place, True
    if not match["quote"]:
        return match[0], match.end(), True
    closed = len(match[0]) > 1 and match[0].endswith(match["quote"])
    return match["inside"], match.end(), closed


def _option(line: str, start: int) -> Typed:
    match = _OPTION.match(line, start)
    name, end = (match["name"], match.end()) if match else (line[start:], len(line))
    if match and match["sign"]:
        value, value_end, closed = word_at(line, end)
        return Typed(name, start, value_end, value, end, closed)
    option = BY_NAME.get(name)
    place = after_space(line, end)
    if option is None or not option.value or place == end or place == len(line):
        return Typed(name, start, _word_end(line, end))
    value, value_end, closed = word_at(line, place)
    if option.choices and value not in option.choices:
        return Typed(name, start, end)
    if line.startswith(("-", "#"), place):
        return Typed(name, start, end)
    return Typed(name, start, value_end, value, place, closed)


def _word_end(line: str, place: int) -> int:
    match = re.compile(r"\S*").match(line, place)
    return match.end() if match else place
