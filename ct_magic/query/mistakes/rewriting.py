"""What people type for what the language has in other words: patterns, and the cure that is tried.

`rewrites.txt` holds a pattern over the statement's text and the message with what to write. The
cure is put in the place of what was typed, and only said where the grammar gets further with it:
so a pattern may be generous. Days in words (27 Nov, Q3) are written as the language writes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from itertools import accumulate

from ct_magic.query.check_filter import THOUSANDS
from ct_magic.query.lexer import WORDS, Source, tokens
from ct_magic.query.mistakes.stop import Mistake, Stop
from ct_magic.rows import Record

_AROUND = 20  # tokens on each side of the stop: more would take long in a long cell
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
# Words that are hardly a part of an event's name where one of the patterns is like the text.
_NO_NAME = "|".join(
    [
        *(*WORDS, "at", "more", "less", "fewer", "than", "least", "most", "exactly", "times"),
        *("but", "within", "of", "then", "followed", "over", "for", "per", "the"),
    ]
)
_NAME_WORD = rf"(?!(?:{_NO_NAME})\b)[^\W\d][\w$]*+"  # whole words, or the search would not end
_KINDS = {
    "event": rf'{_NAME_WORD}(?: {_NAME_WORD}){{0,7}}|"[^"]*"',
    "name": r"\w+",
    "d": "[0-3]?[0-9](?![0-9])",
    "n": rf"[0-9]+|{'|'.join(DIGITS)}",
    "number": r"-?[0-9]+(?:\.[0-9]+)?",
    "unit": "days?|weeks?|months?|quarters?|years?",
    "weekday": "|".join(rf"{day[:3]}(?:{day[3:]})?\b" for day in _WEEKDAYS),
    "weekdays": "|".join(rf"{day[:3]}(?:{day[3:]})?s\b" for day in _WEEKDAYS),
    "month": "|".join(rf"{month[:3]}(?:{month[3:]})?\b" for month in _MONTH_NAMES),
    "year": "(?:19|20)[0-9]{2}",
    "quarter": r"Q[1-4]\b",
    "period": r"(?: (?:last(?: [0-9]+)? \w+|this \w+|since \S+|today|yesterday|on [0-9-]+"
    r"|[0-9]{4}-\S+))?",
    "when": r" (?:last(?: [0-9]+)? \w+|this \w+|since \S+|today|yesterday|[0-9]{4}-\S+)",
    "rest": ".*",
    "filter": r"[\w.]+(?: \w+)*? (?:not )?(?:=|!=|!?~|[<>]=?|in|exists)"
    r'(?: (?:"[^"]*"|\([^()]*\)|[\w.$-]+))?',
    "rhythm": "(?-i:hourly|daily|weekly|monthly|quarterly|yearly)",
    "thousands": THOUSANDS.pattern,
    "comma": "[0-9]+,[0-9]{1,2}",
    # Days from each profile's first.
    "span": rf"(?:(?:[0-9]+|an?|the|{'|'.join(DIGITS)}) ?)?"
    r"(?:days?|weeks?|months?|quarters?|years?|[dw])\b",
    "hours": r"(?:[0-9]+|an?|one) ?(?:hours?|hrs?|h|minutes?|mins?|m|seconds?)\b",
    "whose": rf'(?:of|after|from|since)(?: {_NAME_WORD}| "[^"]*")+',
    "list": "(?:D|days?)? ?[0-9]+"
    "(?:(?: ?[,;] ?(?:and )?| and | ?& ?| ?/ ?| )(?:D|days? ?)?[0-9]+)+",
    "own": r"within [0-9, ]+ (?:days?|weeks?)|on days? [0-9](?:[0-9., ]*[0-9])?",
    "inside": r"[^()]+ (?:within|on days?) [^()]+",
    **dict.fromkeys(("week", "since", "beyond", "until", "before"), "[0-9]{1,4}"),
    **dict.fromkeys(("another", "begin", "finish"), "[0-9]{1,4}"),
}
_OWN = re.compile(rf" ?(?:{_KINDS['own']})")
_IN_DAYS = {"d": 1, "w": 7, "m": 30, "q": 90, "y": 365}
# 27 Nov 2026, Nov 27; Q3, 2026 Q3; in November; Saturday.
_DAY_IN_WORDS = (
    r"(?:{d}(?:st|nd|rd|th)?(?: of)? {month}|{month2} {d2}(?:st|nd|rd|th)?)(?:,? {year})?"
    r"|(?:{year2}[ -]?)?{quarter}(?:(?:,? |-){year3})?"
    r"|(?:in |during |on )?{month3}(?! {d3})(?:,? {year4})?|(?:last )?{weekday}"
)


class _Rewrite(Record):
    pattern: re.Pattern[str]
    sign: str  # > matches where the grammar stops, ^ where the statement begins, = whole names
    message: str


def table_lines(name: str) -> list[str]:
    """Return the lines of a table beside this file, without comments and empty ones."""
    lines = files(__package__).joinpath(name).read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def rewritten(stop: Stop) -> Mistake | None:
    """Explain what the table has in other words."""
    window, begins = _Window(stop), {">": stop.at, "^": stop.begin(), "=": -1}
    for rewrite in _rewrites():
        for match in window.matches(rewrite.pattern):
            places = window.places(match)
            if places is None or places[0] != begins.get(rewrite.sign, places[0]):
                continue
            message = rewrite.message.format_map(_filled(match, stop.today))
            _, cure, *_ = [*message.split("`"), "", ""]
            if not cure or window.gains(match.start(), cure, match.end()):
                return stop.mistake(_of_a_step(stop, places[0], message), *places)
    return None


def _of_a_step(stop: Stop, place: int, message: str) -> str:
    """Return the message with the whole step where a window is typed behind another `did`."""
    did = max((at for at in range(place) if stop.line[at].type == "DID"), default=0)
    is_window = _OWN.match(message.split("`")[-2]) if "`" in message else None
    if not is_window or not did or stop.line[did - 1].type == "SHARE":
        return message.replace("`", "")
    return message.replace("`", f"share {stop.typed(did, place)} ", 1).replace("`", "")


@lru_cache(maxsize=1000)
def swallowed(name: str, today: date | None = None) -> str | None:
    """Return what to write for an event's name that is rather a query: Charged twice."""
    # The patterns take a tenth of a second to compile, and most names have no word of theirs.
    begun = {word[:3].casefold() for word in name.split()}
    if begun.isdisjoint(_beginnings()) and not re.search(r"\d", name):
        return None
    for rewrite in _rewrites():
        if match := rewrite.pattern.fullmatch(name):
            return rewrite.message.format_map(_filled(match, today)).replace("`", "")
    return None


def day_in_words(stop: Stop) -> Mistake | None:
    """Explain days, months and quarters in words, with the latest that has begun."""
    today, window, pattern = stop.today, _Window(stop), _compiled(_DAY_IN_WORDS)
    matches = [match for match in window.matches(pattern) if match.end() in window.ends]
    if not matches or today is None:
        return None
    start, end = matches[0].start(), matches[-1].end()
    written = pattern.sub(lambda match: _day(match, today), window.text[start:end])
    if not window.gains(start, written, end):
        return None
    first = window.token(start)
    if matches[0]["weekday"]:
        hint = f"the latest is {written}; for all of them filter by session.day_of_week"
        return stop.mistake(hint, first)
    begin, last = stop.back("WORD", at=first), window.ends.index(matches[0].end())
    name = f'"{stop.typed(begin, window.first + last + 1)}"'
    hint = f"; a name that holds it is quoted, {name}" if begin < first else ""
    return stop.mistake(f"write {written}{_to_come(matches, today)}{hint}", first)


def _to_come(matches: list[re.Match[str]], today: date) -> str:
    """Return the sentence on a day that could also have been meant, and is to come."""
    this_year = [_day(match, date(today.year, 12, 31)) for match in matches]
    later = [
        day for day, match in zip(this_year, matches, strict=True) if day != _day(match, today)
    ]
    return f" ({later[0]} is to come)" if later else ""


def _day(match: re.Match[str], today: date) -> str:
    """Return a day, month or quarter as the language writes it; what is none as it was typed."""
    parts = {re.sub("[0-9]", "", name): text for name, text in match.groupdict().items() if text}
    if weekday := parts.get("weekday"):
        days = [day[:3] for day in _WEEKDAYS].index(weekday[:3].capitalize())
        return str(today - timedelta((today.weekday() - days - 1) % 7 + 1))
    year = int(parts.get("year", today.year))
    quarter, month = parts.get("quarter"), _month(parts.get("month", ""))
    try:
        begins = date(year, 3 * int(quarter[1]) - 2 if quarter else month, int(parts.get("d", 1)))
    except ValueError:
        return match[0]
    if begins > today and "year" not in parts:
        year -= 1
    if quarter:
        return f"{year}-{quarter.upper()}"
    return f"{year}-{month:02}" + (f"-{int(parts['d']):02}" if "d" in parts else "")


class _Window:
    """The text of the tokens around a stop, on one line."""

    def __init__(self, stop: Stop) -> None:
        self.stop, self.first = stop, max(0, stop.at - _AROUND)
        end = min(len(stop.line) - 1, stop.at + _AROUND)
        line = stop.line[self.first : end]
        pieces = [
            " " * (before.end < token.start) + token.text
            for before, token in zip([line[0], *line], line, strict=False)
        ]
        self.ends = list(accumulate(map(len, pieces)))
        self.starts = [e - len(token.text) for e, token in zip(self.ends, line, strict=True)]
        self.text = "".join(pieces)

    def matches(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Yield the pattern's matches that begin with a token."""
        return filter(None, (pattern.match(self.text, start) for start in self.starts))

    def token(self, offset: int) -> int:
        """Return the place of the token that begins there; -1 where none does."""
        return self.first + self.starts.index(offset) if offset in self.starts else -1

    def places(self, match: re.Match[str]) -> tuple[int, int] | None:
        """Return the first and last token of a match; None if the stop is not in it."""
        if match.start() not in self.starts or match.end() not in self.ends:
            return None
        first, last = self.starts.index(match.start()), self.ends.index(match.end())
        at = self.stop.at - self.first
        return (self.first + first, self.first + last) if first <= at <= last + 1 else None

    def gains(self, start: int, cure: str, end: int) -> bool:
        """Return True if the grammar takes another text in a place, and what follows it."""
        before, after = self.text[:start] + cure, self.text[end:]
        line = [*self.stop.line[: self.first], *tokens(Source(before))]
        changed = [*line, *tokens(Source(after)), *self.stop.line[self.first + len(self.ends) :]]
        return self.stop.reach(changed) > len(line)


def _filled(match: re.Match[str], today: date | None) -> Mapping[str, str]:
    """Return the parts of a match as the language writes them."""
    parts = {name: text or "" for name, text in match.groupdict().items()}
    for name, text in parts.items():
        if text.lower() in DIGITS:
            parts[name] = str(DIGITS.index(text.lower()))
        elif name.startswith("weekday"):
            parts[name] = next(day for day in _WEEKDAYS if day[:3] == text[:3].capitalize())
        elif name in ("month", "quarter"):
            parts[name] = _day(match, today or date.today())
        elif written := _WRITTEN.get(name):
            parts[name] = written(text)
    if inside := parts.get("inside"):
        windows = [match[0].strip() for match in _OWN.finditer(inside)]
        parts |= {"bare": _OWN.sub("", inside), "own": windows[0] if windows else ""}
    return parts


def _number(text: str) -> int:
    """Return the number in a text; `a week` is one."""
    found = re.search("|".join(["[0-9]+", *DIGITS]), text.lower())
    if not found:
        return 1
    return int(found[0]) if found[0].isdecimal() else DIGITS.index(found[0])


def _span_words(text: str) -> str:
    """Return `1 week` for a week, `30 days` for a month."""
    before, *_ = re.split("day|week|month|quarter|year|[dw]", text.lower())
    n, days = _number(text), _IN_DAYS[text.lower()[len(before)]]
    number, name = (n, "week") if days == 7 else (n * days, "day")
    return f"{number} {name}{'s' * (number != 1)}"


def _hours(text: str) -> str:
    """Return the whole days that hold so many hours; minutes are in one."""
    days = -(-_number(text) // 24) if "h" in text.lower() else 1
    return f"{days} day{'s' * (days != 1)}"


# What is typed, and how the language writes it.
_WRITTEN: dict[str, Callable[[str], str]] = {
    "span": _span_words,
    "hours": _hours,
    "thousands": lambda text: text.replace(",", ""),
    "rhythm": lambda text: "day" if text == "daily" else text.removesuffix("ly"),
    "comma": lambda text: text.replace(",", "."),
    "list": lambda text: ", ".join(re.findall("[0-9]+", text)),
    "week": lambda text: f"{7 * int(text)}..{7 * int(text) + 6}",
    "another": lambda text: f"{7 * int(text)}..{7 * int(text) + 6}",
    "begin": lambda text: str(7 * int(text)),
    "finish": lambda text: str(7 * int(text) + 6),
    "since": lambda text: f"{text}..{30 if int(text) < 30 else int(text) + 30}",
    "beyond": lambda text: f"{int(text) + 1}..{30 if int(text) < 29 else int(text) + 30}",
    "before": lambda text: str(max(0, int(text) - 1)),
}


def _month(word: str) -> int:
    """Return the number of a month; 0 for no word."""
    months = [month[:3] for month in _MONTH_NAMES]
    return 1 + months.index(word[:3].lower()) if word else 0


@cache
def _beginnings() -> frozenset[str]:
    """Return the first three letters of each word that a pattern may look for."""
    patterns = (line for line in table_lines("rewrites.txt") if not line.startswith(" "))
    text = " ".join([*patterns, *(_KINDS[kind] for kind in _KINDS.keys() - {"event", "rest"})])
    words = re.findall(
        r"[a-z]+", re.sub(r"\{[a-z]+\d?\}|\\[a-zA-Z]|\(\?", " ", text), re.IGNORECASE
    )
    return frozenset(word[:3].casefold() for word in words)


@cache
def _rewrites() -> tuple[_Rewrite, ...]:
    return tuple(_read())


def _read() -> Iterator[_Rewrite]:
    pattern = ""
    for line in table_lines("rewrites.txt"):
        if not line.startswith(" "):
            pattern = line
            continue
        sign = pattern[0] if pattern[0] in ">^=" else ""
        yield _Rewrite(_compiled(pattern.removeprefix(sign)), sign, line.strip())


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern with groups in the place of {event}, {n} and their like."""
    return re.compile(re.sub(r"\{([a-z]+)(\d?)\}", _group_name, pattern), re.IGNORECASE)


def _group_name(match: re.Match[str]) -> str:
    return f"(?P<{match[1]}{match[2]}>{_KINDS[match[1]]})"
