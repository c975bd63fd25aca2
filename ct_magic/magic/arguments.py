"""What stands on a magic's line: a name and options, or one message that says what is right."""

from __future__ import annotations

import argparse
import keyword
import re
import shlex
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn

from ..errors import UsageError
from ..settings import Settings, seconds

USAGE = "%%%%ctcount [NAME] [options]   or on one line   %%ctcount [options] QUERY"
PASSCODE = (
    "a passcode on a magic's line would be saved with the notebook and the history: "
    "type '%ct login', which asks for it hidden, and change the one you typed if others can see it"
)


QUERY_BELOW = (
    "the first line is '%%ctcount NAME [options]' and the query goes on the lines below it; "
    "on one line it is '%ctcount QUERY'"
)
EXAMPLES = {"--account": "--account prod", "--timeout": "--timeout 30m"}
HELP = "'%%ctcount?' shows the arguments and the language, '%ct help where' explains a word"
NAMED = re.compile(r"(^|\s)--?pass(code|word|wd|phrase)?[\s=]", re.IGNORECASE)
SET = re.compile(r"(^|\s)pass(code|word|wd|phrase)=", re.IGNORECASE)


TIME = re.compile(
    r"--timeout[\s=]+(\d+)\s+(secs?|seconds?|mins?|minutes?|hrs?|hours?|days?)(?=\s|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Arguments:
    """What `%%ctcount` was told. `timeout` is in seconds; `text` is the query."""

    text: str
    name: str | None = None
    account: str | None = None
    timeout: float | None = None
    dry_run: bool = False
    refresh: bool = False
    background: bool = False
    plot: bool = False


class Parser(argparse.ArgumentParser):
    """An argparse parser that raises our error instead of leaving the process."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError, with the option that was meant where a near miss is likely."""
        options = [o for a in self._actions for o in a.option_strings]
        if wrong := re.search(r"unrecognized arguments: (?:\S+\s)*?(--?[\w-]+)", message):
            raise UsageError(_no_option(wrong[1], options))
        if many := re.match(r"unrecognized arguments: (\S+)", message):
            raise UsageError(f"{many[1]!r} is a word too many: {QUERY_BELOW}")
        if wanting := re.match(r"argument (--[\w-]+): expected one argument", message):
            raise UsageError(f"{wanting[1]} takes a value, as in {EXAMPLES[wanting[1]]}")
        if filled := re.match(r"argument (--[\w-]+): ignored explicit argument", message):
            raise UsageError(f"{filled[1]} takes no value")
        raise UsageError(f"{message}; {' '.join(self.format_usage().split())}")


def parser() -> Parser:
    """Describe the arguments of `%%ctcount`; `%ctcount` takes the same options."""
    p = Parser(prog="%%ctcount", add_help=False, allow_abbrev=False, usage=USAGE)
    p.color = False  # type: ignore[attr-defined,unused-ignore] # Python 3.14 and later have it
    p.add_argument("name", nargs="?", help="the variable that gets the DataFrame")
    p.add_argument("--account", metavar="NAME", help="ask this account, this once")
    p.add_argument("--timeout", metavar="TIME", help="stop asking after 90s, 30m or 2h")
    p.add_argument("--refresh", action="store_true", help="ask anew what the journal could answer")
    p.add_argument("--background", action="store_true", help="return at once, NAME follows")
    p.add_argument("--plot", action="store_true", help="draw the counts (extra 'plot')")
    p.add_argument("--dry-run", action="store_true", help="print the JSON that would be sent")
    return p


def of_cell(line: str, cell: str) -> Arguments:
    """Read `%%ctcount name --options` and the query below it."""
    if SET.search(line):
        raise UsageError(PASSCODE)
    refuse_passcode(line)
    _refuse_two_words(line)
    arguments = _read(_words(line), cell)
    name = arguments.name
    if name is not None and keyword.iskeyword(name):
        raise UsageError(f"{name!r} is a word of Python's own: take another for the variable")
    if name is not None and not name.isidentifier():
        raise UsageError(
            f"{name!r} cannot name a variable: the first line is '%%ctcount NAME', "
            "the query goes on the lines below it"
        )
    return arguments


def of_line(line: str) -> Arguments:
    """Read `%ctcount --options query`; the query begins where the options end."""
    refuse_passcode(line)
    _refuse_two_words(line)
    words, rest = [], line.strip()
    while match := re.match(r"--[\w-]+(=\S*)?\s*", rest):
        words.append(match[0].strip())
        rest = rest[match.end() :]
        if words[-1] in ("--account", "--timeout"):
            value, _, rest = rest.partition(" ")
            words.append(value)
    options = parser().format_help()
    late = re.search(r"\s(--[a-z][a-z-]*)", re.sub("\"[^\"]*\"|'[^']*'", "", f" {rest}"))
    if late and f"{late[1]} " in options:
        raise UsageError(f"options come before the query: '%ctcount {late[1]} ... QUERY'")
    return _read(words, rest.strip())


def refuse_passcode(line: str) -> None:
    """Raise UsageError, which does not repeat it, where a passcode seems to stand on the line."""
    if NAMED.search(line + " "):
        raise UsageError(PASSCODE)


def _refuse_two_words(line: str) -> None:
    # Its second word would else be the variable's name, or begin the query.
    if spaced := TIME.search(line):
        short = f"{spaced[1]}{spaced[2][0].lower()}"
        raise UsageError(f"a time is one word: --timeout {short}, not {spaced[1]} {spaced[2]}")


def _no_option(wrong: str, options: list[str]) -> str:
    if wrong in ("--help", "-h"):
        return HELP
    setting = wrong.lstrip("-").replace("-", "_")
    if setting in Settings.__dataclass_fields__:
        return f"there is no {wrong}: it is a setting, '%config CountMagics.{setting} = ...'"
    near = get_close_matches(wrong, options, 1)
    hint = f"did you mean {near[0]}?" if near else f"the options are {', '.join(options)}"
    return f"there is no {wrong}: {hint}"


def _read(words: list[str], text: str) -> Arguments:
    found = vars(parser().parse_args(words))
    if found["plot"] and found["background"]:
        raise UsageError("--plot draws in the cell that waits; after --background: ct_magic.plot")
    if found["account"] == "":
        raise UsageError(f"--account takes a value, as in {EXAMPLES['--account']}")
    timeout = found.pop("timeout")
    return Arguments(text=text, timeout=None if timeout is None else seconds(timeout), **found)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise UsageError(f"the magic's line cannot be read: {error}") from None
