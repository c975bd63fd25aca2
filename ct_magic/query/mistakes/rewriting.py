"""What people type for what the language has in other words: patterns, and the cure that is tried.

How it works. The tables in `rewrites` hold two lines for each: what people type, and what to
write. The first is a pattern of Python's `re` over the statement on one line, in which {event},
{n}, {unit} and the like stand for what `_OF_KIND` says. It matches anywhere around the stop; behind
> where the grammar stops, behind ^ where the statement begins, behind = only the whole name of an
event that the grammar took, behind + that, too. What is behind < comes after misspelt words.

In the second line the cure is between the signs `. It is put in the place of what was typed, and
only said where the grammar gets further with it: so a pattern may be generous. The first cure that
does so is taken, over all tables in the order of `_TABLES`. Days in words (27 Nov, Q3) are written
as the language writes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from itertools import accumulate

from ct_magic.common.words import last_of_month
from ct_magic.query.lexer import WORDS, Source, Token, tokens
from ct_magic.query.mistakes.stop import Line, Mistake, Stop, typed
from ct_magic.query.model import THOUSANDS
from ct_magic.query.tree import reach

_TABLES = (
    *("funnels", "how_often", "other_events", "first_time", "own_days", "parts", "shares"),
    *("periods", "values", "commands", "filters", "numbers", "signs"),
)
_FUNNEL = "App Installed share did Product Viewed share did Charged"  # as `words.txt` has it
_MOST_DIGITS = 100  # of a number that a pattern takes
_AROUND = 20  # tokens on each side of the stop: more would take long in a long cell
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NTH = ("first", "second", "third", "fourth")
ARROWS = "\u2192\u21d2\u27f6\u203a"
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_MONTHS_OF = (("quarter", 3), ("half", 6))
_PLAIN_DAY = "(?:today|yesterday|[0-9]{4}-[0-9]{2}-[0-9]{2})"
_IN_DAYS = {"d": 1, "w": 7, "f": 14, "m": 30, "q": 90, "y": 365}
# Words that are hardly a part of an event's name where one of the patterns is like the text.
_NO_NAME = "|".join(
    [
        *(*WORDS, "at", "more", "less", "fewer", "than", "least", "most", "exactly", "times"),
        *("but", "within", "of", "then", "followed", "over", "for", "per", "the"),
    ]
)
# Whole words, or the search would not end; with the signs of other scripts that are no letters.
_NAME_WORD = rf"(?!(?:{_NO_NAME})\b)[^\W\d](?:[\w$]|[^\x00-\xbf\s\u2000-\u2fff\uff00-\uff65])*+"
_SINGLE_DAYS = (
    r" (?:last(?: [0-9]+)? \w+|this \w+|since \S+|today|yesterday|on [0-9-]+"
    r"|from \S+ to \S+|[0-9]{4}-\S+)"
)
_N = rf"[0-9]+|{'|'.join(DIGITS)}"
_AT_LEAST = "at least|min(?:imum)?|more than|over|exactly"
_HOW_OFTEN = "once|twice|thrice"
# Days from each profile's first: a span, a window of days, what is between two, the right spelling.
_SPAN = (
    rf"(?:[0-9]+ ?[dwmqy]|(?:(?:[0-9]+|an?|the|{'|'.join(DIGITS)})(?: ?- ?| )?)?"
    r"(?:(?:calendar|full|whole) )?(?:days?|weeks?|fortnights?|months?|quarters?|years?))\b"
)
_A_DAY = r"(?:D|days? ?)?[0-9]{1,4}d?\b"
_UP_TO = r" ?(?:\.\.\.?|[-\u2013\u2014]|to|until|till|through) ?"
_A_WINDOW = rf"{_A_DAY}(?:{_UP_TO}{_A_DAY})?"
_A_WEEK, _A_MONTH = (
    rf"(?:{word})?[0-9]{{1,3}}\b(?:{_UP_TO}(?:{word})?[0-9]{{1,3}}\b)?"
    for word in ("W|weeks? ?", "M|months? ?")
)
_AND = r"(?: ?[,;] ?(?:and |or )?| and | or | ?[&/] ?| )(?:on )?(?:days? )?"
_HOURS = r"(?:[0-9]+|an?|one) ?(?:hours?|hrs?|h|minutes?|mins?|seconds?)\b"
_OWN_DAYS = r"(?:within [0-9, ]+ (?:days?|weeks?)|on days? [0-9](?:[0-9., ]*[0-9])?)"
_BARE = rf"{_NAME_WORD}(?:\x20{_NAME_WORD}){{0,7}}"  # on one line
_EVENT = rf"""(?:{_BARE}|"[^"]*"|'[^']*'|\$\w+)"""
_A_VALUE = r"""(?:"[^"]*"|'[^']*'|-?[0-9]+(?:\.[0-9]+)?\b)"""
# What joins events, and the clause that each event behind it becomes.
_CLAUSES = {
    "then": rf"(?:(?:and |but )?(?:then|followed by)|,|[-=]+>+|>+(?! ?\$)|[{ARROWS}])",
    "both": r"(?:and|&&?|\+)",
    "nots": r"(?:(?:and|but) )?not",
}
_OF_KIND = {
    "event": _EVENT,
    **{kind: rf"(?: ?{joiner} ?{_EVENT})+" for kind, joiner in _CLAUSES.items()},
    "bare": _BARE,
    "tail": r"(?: (?:by|did|share|vs)\b.*)?$",
    # What is before an event and between two, where people write sentences.
    "ask": r"(?-i:(?:(?:[A-Z]?[a-z%]+ )?(?:[a-z%]+ )*"
    r"(?:of|from|for|who|that|which|funnel|conversion|activation|retention|rate|many|CVR|with"
    r"|users|people|profiles|customers) )?)",
    "who": r"(?-i:(?:(?:and|who|that|which|also|ha[sd]|have|then|they|converted|made|rate"
    r"|conversion|percent(?:age)?)(?: did)? )*)",
    "soon": rf"(?:{_OWN_DAYS}|(?:(?:with)?in|inside|under|during|up to) (?:(?:under|the|first) )*"
    rf"(?:{_SPAN}|{_HOURS})|(?:after )?[0-9]+ days? (?:later|after)|after [0-9]+ days?\b"
    rf"|(?:on |at )?(?=D ?[0-9]|day){_A_WINDOW}(?:{_AND}{_A_WINDOW})*)",
    "which": rf"(?:(?:{_A_DAY}|W ?[0-9]{{1,3}}\b|{_SPAN}|N|unbounded|rolling|classic|bounded|range"
    r"|bracket|days?|weeks?|next|first|daily|weekly|monthly|and|on|at|after|within|or|later)\b"
    r"[ ,/&-]*)++",
    "gone": _SPAN,
    "aday": rf"(?:[0-9]+|an?|the|{'|'.join(DIGITS)}) (?:days?|weeks?|months?|quarters?|years?)\b",
    "prop": rf'(?:\w+\.)?(?:{_BARE}|"[^"]*")',
    "value": _A_VALUE,
    "values": rf"{_A_VALUE}(?: or {_A_VALUE})+",
    "digit": rf"(?:{'|'.join(DIGITS)})\b",
    "iso": r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8})",
    # Beside a word in small letters: `pay later` is a name, and `Charged later` is none.
    "title": r"(?-i:[A-Z][\w$]*+(?:\x20[A-Z][\w$]*+)*)",
    "name": r"\w+",
    "d": "[0-3]?[0-9](?![0-9])",
    "n": _N,
    "number": r"-?[0-9]+(?:\.[0-9]+)?",
    "unit": "days?|weeks?|months?|quarters?|years?",
    "weekday": "|".join(rf"{day[:3]}(?:{day[3:]})?\b" for day in _WEEKDAYS),
    "weekdays": "|".join(rf"{day[:3]}(?:{day[3:]})?s\b" for day in _WEEKDAYS),
    "month": "|".join(rf"{month[:3]}(?:{month[3:]})?\b" for month in _MONTH_NAMES),
    "year": "(?:19|20)[0-9]{2}",
    "quarter": rf"(?:Q[1-4]|(?:{'|'.join(_NTH)}|[1-4](?:st|nd|rd|th)) quarter)\b",
    "half": r"(?:H[12]|(?:first|second|1st|2nd) half(?: year)?)\b",
    "months": r"(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2]) ?(?:\.\.\.?|to|until|till|through) ?"
    r"(?:0?[1-9]|1[0-2])(?![-0-9.])",
    "upto": _UP_TO,
    "isoweek": r"W(?:eek )?[0-9]{1,2}\b",
    "period": rf"(?:{_SINGLE_DAYS})?",
    "when": _SINGLE_DAYS,
    "rest": ".*",
    "filter": r"[\w.]+(?: \w+)*? (?:not )?(?:=|!=|!?~|[<>]=?|in|exists)"
    r'(?: (?:"[^"]*"|\([^()]*\)|[\w.$-]+))?',
    "rhythm": "(?-i:hourly|daily|weekly|monthly|quarterly|yearly)",
    "thousands": rf"{THOUSANDS.pattern}|[0-9]{{1,2}}(?:,[0-9]{{2}})+,[0-9]{{3}}",
    "often": rf"(?:(?:{_AT_LEAST}) (?:{_HOW_OFTEN}|{_N})|{_HOW_OFTEN}|(?:{_N}) ?(?:\+|or more)"
    rf"|(?:{_N})(?= ?x\b| times?))(?: ?x\b| times?)?",
    "comma": "[0-9]+,[0-9]{1,2}",
    "span": _SPAN,
    "spans": rf"{_SPAN}(?:(?: ?[,/&] ?(?:and )?| and | or )(?:within )?{_SPAN})+",
    "hours": _HOURS,
    "whose": rf'(?:of|after|from|since)(?: {_NAME_WORD}| "[^"]*")+',
    "list": rf"{_A_DAY}(?:{_AND}{_A_DAY})+",
    "windows": rf"{_A_WINDOW}(?:{_AND}{_A_WINDOW})*",
    "nday": r"D ?[0-9]+|day [0-9]+|[0-9]+(?: ?- ?| )?(?:d|days?)\b|[0-9]+(?:st|nd|rd|th)[ -]day",
    "nth": "|".join((*_NTH[1:], "[2-4](?:nd|rd|th)")),
    "own": _OWN_DAYS,
    "inside": r"[^()]+ (?:within|on days?) [^()]+",
    "weeks": rf"{_A_WEEK}(?:{_AND}{_A_WEEK})*",
    "thirties": rf"{_A_MONTH}(?:{_AND}{_A_MONTH})*",
    **dict.fromkeys(("since", "beyond", "until", "before"), "[0-9]{1,4}"),
}
# 27 Nov 2026, Nov 27; 2026-W45; Q3, 2026 Q3, first quarter, H1; in November, 2026-11; Monday.
_DAY_IN_WORDS = (
    r"(?:{d}(?:st|nd|rd|th)?(?: of)? {month}|{month2} {d2}(?:st|nd|rd|th)?)(?:,? {year})?"
    r"|(?:(?:in |during |for )?(?:the )?)?(?:{year2}[ -]?)?(?:{quarter}|{half})"
    r"(?:(?: of|,)? ?-?{year3})?"
    r"|(?:in |during |on )?{month3}(?! {d3})(?:,? {year4})?"
    r"|{year5}-(?P<mm>0[1-9]|1[0-2])(?![-0-9])|(?:last )?{weekday}"
    r"|(?:in |during |on )?(?:{year6}[ -]?{isoweek}|{isoweek2}(?: of|,)? {year7})"
)


def table_lines(name: str) -> list[str]:
    """Return the lines of a table beside this file, without comments and empty ones."""
    lines = files(__package__).joinpath(name).read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def rewritten(stop: Stop, *, late: bool = False) -> Mistake | None:
    """Explain what the table has in other words; late, by the rows that others come before."""
    window, begins = _Window(stop), {">": stop.at, "^": stop.begin()}
    rows = (row for row in _rewrites() if row[0][:1] != "=" and late == row[0].startswith("<"))
    for sign, typed_pattern, said in rows:
        pattern = _compiled(typed_pattern)
        for match in filter(None, (pattern.match(window.text, start) for start in window.starts)):
            start, end = match.span()
            if end not in window.ends:
                continue
            first, last = window.token(start), window.first + window.ends.index(end)
            if not first <= stop.at <= last + 1 or first != begins.get(sign[-1:], first):
                continue
            message = said.format_map(_filled(match, stop.today))
            _, cure, *_ = [*message.split("`"), "", ""]
            if not cure or window.gains(start, cure, end):
                return _said(stop, message, first, last)
    return None


def _said(stop: Stop, message: str, place: int, last: int) -> Mistake:
    """Return what is said of a place; where a window is behind another `did`, of its whole step."""
    did = max((at for at in range(place) if stop.line[at].type == "DID"), default=0)
    if not re.search(f"`{_OWN_DAYS}`", message) or not did or stop.line[did - 1].type == "SHARE":
        return stop.mistake(message.replace("`", ""), place, last)
    step = f"share {stop.typed(did, place)} "
    return stop.mistake(message.replace("`", step, 1).replace("`", ""), did, last)


def with_own_events(message: str, line: Line) -> str:
    """Return a message with the funnel that was typed, `A then B`, in place of an example."""
    begin = 1 + next((at for at, token in enumerate(line) if token.type == "COLON"), -1)
    pattern = _compiled("(?:funnel )?{event}{then}{period}{tail}")
    match = pattern.fullmatch(typed(line[begin:])) if _FUNNEL in message else None
    if match is None:
        return message
    own = "{event}{period}{then}{tail}".format_map(_filled(match, None))
    words = [*tokens(Source(own)), Token("$END", "", len(own))]
    is_statement = reach(words) == len(words)
    return message.replace(_FUNNEL, own) if is_statement else message


@lru_cache(maxsize=1000)
def swallowed(name: str, today: date | None = None) -> str | None:
    """Return what to write for an event's name that is rather a query: Charged twice."""
    # To compile all patterns takes a fifth of a second, and most names have no word of theirs.
    begun = {word[:3].casefold() for word in name.split()}

    def may_match(pattern: str) -> bool:
        return not begun.isdisjoint(_beginnings(pattern)) or bool(re.search(r"\d", name))

    days = [*_compiled(_DAY_IN_WORDS).finditer(name)] if may_match(_DAY_IN_WORDS) else []
    if len(days) == 2 and days[1].end() == len(name) and not days[0]["weekday"]:
        begin, joint = days[0].start(), name[days[0].end() : days[1].start()]
        if name[:begin].endswith(" ") and re.fullmatch(_UP_TO, joint):
            return f"write {name[:begin]}{_rewritten(name, days, today or date.today(), True)}"
    for sign, pattern, message in _rewrites():
        if sign[:1] not in ("=", "+") or not may_match(pattern):
            continue
        if match := _compiled(pattern).fullmatch(name):
            return message.format_map(_filled(match, today)).replace("`", "")
    return None


def day_in_words(stop: Stop) -> Mistake | None:
    """Explain days, months, quarters and halves in words, with the latest that have begun."""
    today, window = stop.today, _Window(stop)
    found = _compiled(_DAY_IN_WORDS).finditer(window.text)
    matches = [m for m in found if m.start() in window.starts and m.end() in window.ends]
    if not matches or today is None:
        return None
    start, end = matches[0].start(), matches[-1].end()
    first, last = window.token(start), window.first + window.ends.index(end)
    for is_range in (False, True):
        written = _rewritten(window.text, matches, today, is_range)
        begin = start
        if is_range and (word := re.search(r"(?:from|between) $", window.text[:start])):
            begin = word.start()
        if written == window.text[start:end] or not window.gains(begin, written, end):
            continue
        if matches[0]["weekday"]:
            hint = f"the latest is {written}; for all of them filter by session.day_of_week"
            return stop.mistake(hint, first)
        if is_range and window.text[start : start + 4].isdecimal():
            hint = "a whole month or quarter is written alone, a range is of days:"
            return stop.mistake(f"{hint} write {written}", window.token(begin), last)
        name_begin = stop.back("WORD", at=first)
        hint = f'; a name that holds it is quoted, "{stop.typed(name_begin, last + 1)}"'
        hint = _to_come(matches, today) + hint * (name_begin < first and begin == start)
        return stop.mistake(f"write {written}{hint}", window.token(begin), last)
    return None


def _rewritten(text: str, matches: list[re.Match[str]], today: date, is_range: bool) -> str:
    """Return the text from the first match to the last, with days as the language writes them."""
    written, end, rest = "", matches[0].start(), [*matches]
    while rest:
        match = rest.pop(0)
        written += text[end : match.start()]
        joint = text[match.end() : rest[0].start()] if rest else ""
        day = _matched_day(match, today)
        if re.fullmatch(_UP_TO, joint) or (joint == " and " and text[:end].endswith("between ")):
            other = _matched_day(rest[0], today)
            day = day if day[0] <= other[0] else _matched_day(match, other[0])  # of the year before
            written += f"{day[0]}..{other[1]}" if is_range else f"{day[2]}{joint}{other[2]}"
            match = rest.pop(0)
        elif text[:end].endswith("since ") or re.match(
            f"{_UP_TO}{_PLAIN_DAY}", text[match.end() :]
        ):
            written += str(day[0])
        else:
            written += day[2]
        end = match.end()
    return written


def _to_come(matches: list[re.Match[str]], today: date) -> str:
    """Return the sentence on a day that could also have been meant, and is to come."""
    pairs = (
        (_matched_day(match, date(today.year, 12, 31)), _matched_day(match, today))
        for match in matches
    )
    later = next((year_end[2] for year_end, day in pairs if year_end != day), "")
    return later and f" ({later} is to come)"


def _matched_day(match: re.Match[str], today: date) -> tuple[date, date, str]:
    """Return the first and last day of the latest that has begun, and how it is written."""
    parts = {re.sub("[0-9]", "", name): text for name, text in match.groupdict().items() if text}
    if weekday := parts.get("weekday"):
        days = [day[:3] for day in _WEEKDAYS].index(weekday[:3].capitalize())
        begin = today - timedelta((today.weekday() - days - 1) % 7 + 1)
        return begin, begin, str(begin)
    if "isoweek" in parts:
        with suppress(ValueError):  # no year has a 54th
            begin = date.fromisocalendar(int(parts["year"]), _nth(parts["isoweek"]), 1)
            return begin, begin + timedelta(6), f"{begin}..{begin + timedelta(6)}"
        return today, today, match[0]
    months, number = next(((n, _nth(parts[k])) for k, n in _MONTHS_OF if k in parts), (1, 0))
    names = [name[:3] for name in _MONTH_NAMES]
    month = months * number - months + 1
    if not number:
        month = int(parts.get("mm", 0)) or 1 + names.index(parts["month"][:3].lower())
    day = int(parts.get("d", 1))
    year = int(parts.get("year", today.year - ((month, day) > (today.month, today.day))))
    try:
        begin = date(year, month, day)
    except ValueError:
        return today, today, match[0]
    if "d" in parts:
        return begin, begin, str(begin)
    last = last_of_month(begin.replace(month=month + months - 1))
    written = {1: f"{begin:%Y-%m}", 3: f"{year}-Q{number}", 6: f"{begin}..{last}"}
    return begin, last, written[months]


class _Window:
    """The text of the tokens around a stop, on one line; a new line in the cell is one in it."""

    def __init__(self, stop: Stop) -> None:
        self.stop, self.first = stop, max(stop.outside, stop.at - _AROUND)
        end = min(len(stop.line) - 1, stop.at + _AROUND)
        line = stop.line[self.first : end]
        gaps = [b.start - a.end for a, b in zip([line[0], *line], line, strict=False)]
        # What is two or more behind the line's end is indented: no one types so many spaces.
        spaces = ["" if gap <= 0 else " " if gap < 3 else "\n" for gap in gaps]
        pieces = [space + token.text for space, token in zip(spaces, line, strict=True)]
        self.ends = list(accumulate(map(len, pieces)))
        self.starts = [e - len(token.text) for e, token in zip(self.ends, line, strict=True)]
        self.text = "".join(pieces)

    def token(self, offset: int) -> int:
        """Return the place of the token that begins there."""
        return self.first + self.starts.index(offset)

    def gains(self, start: int, cure: str, end: int) -> bool:
        """Return True if the grammar takes another text in a place, and what follows it."""
        before, after = self.text[:start] + cure, self.text[end:]
        line = [*self.stop.line[: self.first], *tokens(Source(before))]
        changed = [*line, *tokens(Source(after)), *self.stop.line[self.first + len(self.ends) :]]
        return reach(changed) > len(line)


def _filled(match: re.Match[str], today: date | None) -> Mapping[str, str]:
    """Return the parts of a match as the language writes them."""
    parts = {name: re.sub(r"\s+", " ", text or "") for name, text in match.groupdict().items()}
    for name, text in [*parts.items()]:
        if joiner := _CLAUSES.get(name):
            clause = {"then": "share did", "both": "did", "nots": "did not"}[name]
            events = re.findall(f" ?{joiner} ?({_EVENT})", text)
            parts |= {name: "".join(f" {clause} {event}" for event in events), "typed": text}
        elif text.lower() in DIGITS:
            parts[name] = str(DIGITS.index(text.lower()))
        elif name.startswith("weekday"):
            parts[name] = next(day for day in _WEEKDAYS if day[:3] == text[:3].capitalize())
        elif name in ("month", "quarter", "half"):
            parts[name] = _matched_day(match, today or date.today())[2]
        elif text and (written := _WRITTEN.get(name.rstrip("0123456789"))):
            parts[name] = written(text)
    if inside := parts.get("inside"):
        parts |= {
            "bare": re.sub(f" ?{_OWN_DAYS}", "", inside),
            "own": re.findall(_OWN_DAYS, inside)[0],
        }
    event = parts.get("event") or "App Installed"
    step = "App Launched" if event == "App Installed" else event
    kept = _kept(parts.get("which", "") + parts.get("which2", ""))
    # Beside own days only first days are cut.
    cohorts = re.sub("^ by (?=day|week|month|quarter|year)", " by first ", parts.get("tail", ""))
    return {"base": event, "step": step, "kept": kept, "cohorts": cohorts, **parts}


def _first_number(text: str) -> int:
    """Return the number in a text; `a week` is one."""
    found = re.findall("|".join(["[0-9]+", *DIGITS]), text.lower()) or ["1"]
    return int(found[0]) if found[0].isdecimal() else DIGITS.index(found[0])


def _nth(text: str) -> int:
    """Return 3 for Q3, 3rd and third."""
    found = re.search("[0-9]+", text)
    return int(found[0]) if found else 1 + _NTH.index(text.split()[0].lower())


def _spans(text: str) -> str:
    """Return `1 week` for a week, `30 days` for a month, `7, 14 days` for 7 days and 2 weeks."""
    unit = "day|week|fortnight|month|quarter|year|[dwmqy]$"
    pairs = [
        (_first_number(span), _IN_DAYS[re.findall(unit, span)[0][0]])
        for span in re.findall(_SPAN, text.lower())
    ]
    unit, size = ("week", 7) if all(days == 7 for _, days in pairs) else ("day", 1)
    numbers = [number * days // size for number, days in pairs]
    return f"{', '.join(map(str, numbers))} {unit}{'s' * (numbers != [1])}"


def _as_windows(text: str) -> str:
    """Return `days 1..7, 14` for D1-D7 and day 14."""
    written = _pieces(text, 1)
    return f"day{'s' * ('..' in written)} {written}"


def _months(text: str) -> str:
    """Return the days of 2026-01..03."""
    year, first, last = map(int, re.findall("[0-9]+", text))
    return f"{date(year, first, 1)}..{last_of_month(date(year + (last < first), last, 1))}"


def _pieces(text: str, size: int) -> str:
    """Return `7..13, 14..27` for week 1 and weeks 2-3, and so for months of 30 days."""
    ends = re.findall(rf"([0-9]+)d?(?:{_UP_TO}(?:[DWM]|[a-z]+ ?)?([0-9]+))?", text, re.IGNORECASE)
    pairs = ((size * int(a), size * int(b or a) + size - 1) for a, b in ends)
    return ", ".join(f"{first}" if first == last else f"{first}..{last}" for first, last in pairs)


def _kept(text: str) -> str:
    """Return the days that a retention speaks of: weekly, D1/D7, W1, unbounded day 7."""
    number = (re.findall("[0-9]+", text) or ["7"])[0]
    if re.search("unbounded|rolling|later", text, re.IGNORECASE):
        return f"on days {_WRITTEN['since'](number)}"
    if rhythm := re.search("(dai|week|month)ly", text, re.IGNORECASE):
        unit = _WRITTEN["rhythm"](rhythm[0].lower())
        return f"after 0..11 {unit}s by first {unit}"
    if re.search(f"(?:within|first) {_SPAN}", text, re.IGNORECASE):
        return f"on days 1..{max(1, _days_of(text) - 1)}"
    if re.search("W ?[0-9]|week [0-9]", text, re.IGNORECASE):
        return f"on days {_pieces(text, 7)}"
    if re.search("[0-9]", text):
        return f"on {_as_windows(text)}"
    return "on day 1" if "next" in text else "on day 1, 7, 30"


def _days_of(text: str) -> int:
    """Return how many days a span is."""
    number, *_, unit = re.split("[, ]+", _spans(text))
    return int(number) * (7 if unit.startswith("week") else 1)


def _soon(text: str) -> str:
    """Return ` within 7 days` for in one week, and what is in the language as it is."""
    if re.fullmatch(_OWN_DAYS, text):
        return f" {text}"
    if re.search("later|after", text, re.IGNORECASE):
        return f" on day {_first_number(text)}"
    if re.match("(?:on |at )?D", text, re.IGNORECASE):
        return f" on {_as_windows(text)}"
    is_hours = re.search(f"{_HOURS}$", text, re.IGNORECASE)
    return f" within {_hours(is_hours[0]) if is_hours else _spans(text)}"


def _how_often(text: str) -> str:
    """Return `>= 2` for twice and for 2 or more, `> 3` for more than three times, `= 3` for 3."""
    is_limit = re.match("at least|min|[^ ]+ ?(?:[+]|or more)|twice|thrice", text.lower())
    sign = ">=" if is_limit else ">" if re.match("more than|over", text.lower()) else "="
    times = [n for n, word in enumerate(("once", "twice", "thrice"), 1) if word in text.lower()]
    return f"{sign} {times[0] if times else _first_number(text)}"


def _hours(text: str) -> str:
    """Return the whole days that hold so many hours; minutes are in one."""
    days = -(-_first_number(text) // 24) if "h" in text.lower() else 1
    return f"{days} day{'s' * (days != 1)}"


# What is typed, and how the language writes it.
_WRITTEN: dict[str, Callable[[str], str]] = {
    "span": _spans,
    "spans": _spans,
    "windows": _as_windows,
    "months": _months,
    "weeks": lambda text: _pieces(text, 7),
    "thirties": lambda text: _pieces(text, 30),
    "soon": _soon,
    "gone": lambda text: f"1..{_days_of(text)}",
    "aday": lambda text: str(_days_of(text)),
    "often": _how_often,
    "hours": _hours,
    "bars": lambda text: text.replace("_", ""),
    "thousands": lambda text: text.replace(",", ""),
    "rhythm": lambda text: "day" if text == "daily" else text.removesuffix("ly"),
    "comma": lambda text: text.replace(",", "."),
    "values": lambda text: ", ".join(re.findall(_A_VALUE, text)),
    "list": lambda text: ", ".join(re.findall("[0-9]+", text)),
    "nday": lambda text: str(_first_number(text)),
    "nth": lambda text: f"{7 * _nth(text) - 7}..{7 * _nth(text) - 1}",
    "since": lambda text: f"{text}..{30 if int(text) < 30 else int(text) + 30}",
    "beyond": lambda text: f"{int(text) + 1}..{30 if int(text) < 29 else int(text) + 30}",
    "before": lambda text: str(max(0, int(text) - 1)),
}


@cache
def _beginnings(pattern: str) -> frozenset[str]:
    """Return the first three letters of each word that a pattern may look for."""
    kinds = {*re.findall(r"\{([a-z]+)\d?\}", pattern)} - {"event", "rest"}
    text = " ".join([pattern, *(_OF_KIND[kind] for kind in kinds)])
    bare = re.sub(r"\{[a-z]+\d?\}|\\[a-zA-Z]|\(\?", " ", text)
    return frozenset(word[:3].casefold() for word in re.findall("[a-z]+", bare, re.IGNORECASE))


@cache
def _rewrites() -> tuple[tuple[str, str, str], ...]:
    """Return of each row of the tables its sign, its pattern and its message."""
    lines = [line for name in _TABLES for line in table_lines(f"rewrites/{name}.txt")]
    rows = zip((re.split(r"^(=|[+<]?[>^]?)", p) for p in lines[::2]), lines[1::2], strict=True)
    return tuple((sign, pattern, said.strip()) for (_, sign, pattern), said in rows)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern with groups in the place of {event}, {n} and their like."""
    text = re.sub(r"\{([a-z]+)(\d?)\}", lambda m: f"(?P<{m[1]}{m[2]}>{_OF_KIND[m[1]]})", pattern)
    # A number of more digits is no number to Python.
    text = text.replace("[0-9]+", f"[0-9]{{1,{_MOST_DIGITS}}}")
    return re.compile(text.replace(" ", r"\s"), re.IGNORECASE)
