"""What a magic's line asks for, as values; or one message that says what is right."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from ct_magic.common.words import is_reserved, suggest
from ct_magic.errors import UsageError
from ct_magic.query.lexer import KEYWORDS
from ct_magic.rows import Record
from ct_magic.settings import Settings, seconds

# The one reader of a magic's line: which options it holds, and where the rest begins.
#
# `%%ctcount`, `%ctcount`, Tab and every message about the line read it through `split_options`. It
# refuses nothing, since Tab reads lines that are half typed; `arguments` refuses.

# A quoted text, which may hold anything, or what has neither space nor quote at its beginning.
_WORD = re.compile(r"""(?P<quote>["'])(?P<inside>.*?)(?:(?P=quote)|\Z)(?=\s|\Z)|\S+""", re.DOTALL)
_OPTION = re.compile(r"(?P<name>--?[^\s=\"']*)(?P<sign>=?)")


class Option(Record):
    """An option of the line: its name, what its value is called, and what it does."""

    name: str
    help: str
    value: str = ""
    example: str = ""
    choices: tuple[str, ...] = ()  # the only words that are its value, which may be left out


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


class Typed(Record):
    """An option as it was typed, known or not."""

    name: str
    start: int  # its place in the line
    end: int
    value: str | None = None
    value_start: int = 0
    closed: bool = True  # False where a quote was left open


def split_options(line: str, start: int = 0) -> tuple[list[Typed], int]:
    """Return the options at the beginning of a line, and where what is no option begins."""
    options: list[Typed] = []
    place = after_space(line, start)
    while line.startswith("-", place):
        options.append(_option(line, place))
        place = after_space(line, options[-1].end)
    return options, place


def after_space(line: str, place: int) -> int:
    """Return the place of the next character after spaces, tabs and no-break spaces."""
    return len(line) - len(line[place:].lstrip())


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
    option, place = BY_NAME.get(name), after_space(line, end)
    if option is None or not option.value or place == end or place == len(line):
        return Typed(name, start, end + len(re.split(r"\s", line[end:], maxsplit=1)[0]))
    value, value_end, closed = word_at(line, place)
    if line[place] in "-#" or (option.choices and value not in option.choices):
        return Typed(name, start, end)
    return Typed(name, start, value_end, value, place, closed)


# `%ctcount df Charged ...`: a variable that would be sent as a part of the event's name.

_VARIABLE_FIRST = re.compile(r"(?P<variable>[a-z_]\w*)[ \t]+(?P<query>[^\W\d].*)", re.DOTALL)


def refuse_variable(text: str, events: Collection[str]) -> None:
    """Raise UsageError where a known event is behind a word that looks like a variable."""
    match = _VARIABLE_FIRST.fullmatch(text)
    if match is None or match["variable"] in KEYWORDS:
        return
    if any(_begins(text, event) for event in events):
        return
    if event := next((event for event in events if _begins(match["query"], event)), None):
        variable, query = match["variable"], " ".join(match["query"].split())
        raise UsageError(
            f"found '{variable} {event}': on one line the variable comes before the magic, "
            f"{variable} = %ctcount {query}. An event of that name is quoted: "
            f'"{variable} {event}"'
        )


def _begins(text: str, event: str) -> bool:
    """Return True if the text's first words are this event's whole name."""
    words, name = text.split(), event.split()
    if not name or words[: len(name)] != name:
        return False
    following = words[len(name) : len(name) + 1]
    return not following or following[0] in KEYWORDS or not re.match(r"[^\W\d]", following[0])


_USAGE = "%%ctcount [NAME] [options]   or on one line   NAME = %ctcount [options] QUERY"
PASSCODE = (
    "a passcode on a magic's line would be saved with the notebook and the history: "
    "type '%ct login', which asks for it hidden, and change the one you typed if others can see it"
)
QUERY_BELOW = (
    "the first line is '%%ctcount NAME [options]' and the query goes on the lines below it; "
    "on one line it is '%ctcount QUERY'"
)
_NAMED = re.compile(r"(^|\s)--?pass(code|word|wd|phrase)?[\s=]", re.IGNORECASE)
_SET = re.compile(r"(^|\s)pass(code|word|wd|phrase)=", re.IGNORECASE)
_TIME = r"\d+(?:\.\d+)?[smhd]?"
_ONE_TIME = re.compile(
    r"(\d+(?:\.\d+)?)\s*(s|m|h|d|secs?|seconds?|mins?|minutes?|hrs?|hours?|days?)(?=\s|\Z)",
    re.IGNORECASE,
)
_SEVERAL_TIMES = re.compile(rf"{_ONE_TIME.pattern}(?:\s+{_ONE_TIME.pattern})*", re.IGNORECASE)
_LONGER_UNIT = re.compile(
    r"\s+(ms|msecs?|w|wks?|weeks?|months?|quarters?|years?)(?=\s|\Z)", re.IGNORECASE
)
# Texts and comments of the query: what looks like an option in them is not one.
_NO_OPTION = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|#[^\r\n]*""")


class Arguments(Record):
    """What `%%ctcount` was asked for."""

    text: str  # the query
    name: str | None = None
    account: str | None = None
    timeout: float | None = None  # seconds
    dry_run: str | None = None  # "some", or "all" for every body
    plan: bool = False
    refresh: bool = False
    background: bool = False
    plot: bool = False


def manual() -> str:
    """Return the arguments of `%%ctcount` as `%%ctcount?` shows them."""
    rows = [("NAME", "the variable that gets the DataFrame")]
    rows += [(f"{option.name} {option.value}".strip(), option.help) for option in OPTIONS]
    return "\n".join([_USAGE, "", *(f"  {name:<16} {text}" for name, text in rows), ""])


def of_cell(line: str, cell: str) -> Arguments:
    """Read `%%ctcount name --options` and the query below it."""
    if _SET.search(line):
        raise UsageError(PASSCODE)
    refuse_passcode(line)
    before, begin = _options(line, 0)
    name, end = _variable_name(line, begin)
    after, rest = _options(line, end)
    if rest < len(line) and line[rest] != "#":
        word = line[rest:].split()[0]
        raise UsageError(f"unexpected {word!r} behind the variable {name!r}: {QUERY_BELOW}")
    return _arguments([*before, *after], cell, name)


def of_line(line: str) -> Arguments:
    """Read `%ctcount --options query`; the query begins where the options end."""
    refuse_passcode(line)
    options, begin = _options(line, 0)
    text = line[begin:].strip()
    words = (word.partition("=")[0] for word in _NO_OPTION.sub(" ", text).split())
    if late := next((word for word in words if word in BY_NAME), None):
        raise UsageError(f"options come before the query: '%ctcount {late} ... QUERY'")
    return _arguments(options, text)


def refuse_passcode(line: str) -> None:
    """Raise UsageError, which does not repeat it, where the line seems to hold a passcode."""
    if _NAMED.search(line + " "):
        raise UsageError(PASSCODE)


def _options(line: str, start: int) -> tuple[list[Typed], int]:
    """Return the options that begin there; raise UsageError for one that is not right."""
    options, begin = split_options(line, start)
    for option in options:
        _check_option(option)
    if options and options[-1].name == "--timeout":
        _refuse_two_words(line, options[-1])
    return options, begin


def _variable_name(line: str, place: int) -> tuple[str | None, int]:
    """Return the variable's name, and where the line goes on behind it."""
    if place == len(line) or line[place] == "#":
        return None, place
    name, end, _ = word_at(line, place)
    if is_reserved(name):
        raise UsageError(f"{name!r} is a word of Python's own: take another for the variable")
    if not name.isidentifier():
        raise UsageError(f"{name!r} cannot name a variable: {QUERY_BELOW}")
    return name, end


def _refuse_two_words(line: str, timeout: Typed) -> None:
    # Its second word would else be the variable's name, or begin the query.
    value = timeout.value or ""
    if not re.fullmatch(_TIME, value):
        return
    if not value[-1:].isalpha() and (other := _LONGER_UNIT.match(line, timeout.end)):
        raise UsageError(f"'{value}{other[0]}' is no duration: write it like 90s, 30m or 2h")
    times = _SEVERAL_TIMES.match(line, timeout.value_start)
    if times and times.end() > timeout.end:
        total = sum(seconds(number + unit[0]) for number, unit in _ONE_TIME.findall(times[0]))
        size, unit = next((s, u) for s, u in ((3600, "h"), (60, "m"), (1, "s")) if not total % s)
        typed = " ".join(times[0].split())
        raise UsageError(f"a time is one word: --timeout {total / size:g}{unit}, not {typed}")


def _arguments(options: Iterable[Typed], text: str, name: str | None = None) -> Arguments:
    values: dict[str, str | None] = {}
    for option in options:
        if option.name in values:
            raise UsageError(f"{option.name} is there twice: leave one of them out")
        values[option.name] = option.value
    if "--plot" in values and "--background" in values:
        raise UsageError("--plot draws in the cell that waits; after --background: ct_magic.plot")
    timeout = values.get("--timeout")
    return Arguments(
        text=text,
        name=name,
        account=values.get("--account"),
        timeout=None if timeout is None else seconds(timeout),
        dry_run=(values["--dry-run"] or "some") if "--dry-run" in values else None,
        **{option.removeprefix("--"): True for option in values if not BY_NAME[option].value},
    )


def _check_option(typed: Typed) -> None:
    """Raise UsageError for an option that there is not, or whose value is not right."""
    option = BY_NAME.get(typed.name)
    if option is None:
        raise UsageError(_no_option(typed.name))
    if not typed.closed:
        raise UsageError(f"the quote behind {typed.name} is not closed")
    if option.example and not typed.value:
        raise UsageError(f"{typed.name} takes a value, as in {option.example}")
    if not option.value and typed.value is not None:
        raise UsageError(f"{typed.name} takes no value")
    if option.choices and typed.value not in (None, *option.choices):
        raise UsageError(f"{typed.name} takes {' or '.join(option.choices)}, or no value")


def _no_option(name: str) -> str:
    if name in ("--help", "-h"):
        return "'%%ctcount?' shows the arguments and the language, '%ct help where' explains a word"
    setting = name.lstrip("-").replace("-", "_")
    if setting in Settings.__dataclass_fields__:
        return f"there is no {name}: it is a setting, '%config CountMagics.{setting} = ...'"
    near = suggest(name, BY_NAME)
    hint = f"did you mean {near}?" if near else f"the options are {', '.join(BY_NAME)}"
    return f"there is no {name}: {hint}"
