"""How numbers, shares, changes and durations are written, and which word was probably meant."""

from __future__ import annotations

import keyword
import re
from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from math import floor, log10

# Every number that people read: panel, picture, table, text and messages write it in one way.
# Nothing is rounded to what it is not: a share is never all or none of the profiles where some
# are missing or there, and a change is never "all gone" where some are left.

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"
_SIZES = ((1, "s"), (60, "min"), (3600, "h"), (86400, "days"))
_FROM = (120, 5400, 172800)  # seconds from which on people say minutes, hours, days


def window_words(days: tuple[int, int], *, within: bool = False) -> str:
    """Return own days in words: `day 7`, `within 7 days`, `days 7-13`; `within` is for day 0."""
    first, last = days
    if first == 0 and (last or within):
        return f"within {counted(last + 1, 'day')}"
    return f"day {first}" if first == last else f"days {first}{DASH}{last}"


def counted(count: int, noun: str) -> str:
    """Return how many of something there are: `1 profile`, `7,138 profiles`."""
    return f"{count:,} {noun}{'s' if count != 1 else ''}"


def share(fraction: float) -> str:
    """Return a share in percent: `75 %`, `4.8 %`; `<0.1 %` of few, `>99.9 %` of nearly all."""
    part = round(100 * fraction, 9)
    if fraction <= 0 or fraction >= 1 or part == round(part) != 0 != 100 - part:
        return f"{part:.0f} %"
    if part < 0.1:
        return "<0.1 %"
    if part >= 99.5:
        return f"{part:.1f} %" if part < 99.95 else ">99.9 %"
    return f"{part:.1f} %" if part < 9.95 else f"{part:.0f} %"


def interval(low: float | None, high: float | None) -> str:
    """Return the interval of a share, `73-77 %` with a dash; nothing where there is none."""
    if low is None or high is None:
        return ""
    return f"{share(low).removesuffix(' %')}{DASH}{share(high)}"


def change(fraction: float) -> str:
    """Return a change with its sign: `+12 %`, `-99.96 %`, `±0 %`."""
    return f"{_signed(100 * fraction, below=10)} %"


def points(difference: float) -> str:
    """Return the difference of two shares: `+3.1 points`."""
    text = _signed(100 * difference, below=100)
    return f"{text} point{'s' if text[1:] != '1' else ''}"


def points_between(low: float, high: float) -> str:
    """Return the interval of a difference of two shares: `+0.4 to +5.8`."""
    return f"{_signed(100 * low, below=100)} to {_signed(100 * high, below=100)}"


def _signed(value: float, below: float) -> str:
    """Return a number with its sign; with tenths below so much, and never rounded to 0 or -100."""
    size = round(abs(value), 9)
    if not size:
        return "±0"
    digits = 1 if size < below and size != round(size) else 0
    for edge in (0.0, *([100.0] if value < 0 else [])):
        # As many digits as tell the number from one that it is not.
        if size != edge and round(size, digits) == edge:
            digits = -floor(log10(abs(size - edge)))
    return f"{'+' if value > 0 else MINUS}{size:,.{digits}f}"


def duration(seconds: float) -> str:
    """Return seconds as people say them: `12 s`, `4 min`, `1.5 h`, `3 days`."""
    return _duration_in(seconds, _unit_of(seconds))


def durations(low: float, high: float) -> str:
    """Return a range of durations, in one unit where both have it: `1 to 4 min`, `5 s to 2 h`."""
    unit = _unit_of(high)
    least = _duration_in(low, unit if low >= _SIZES[unit][0] else _unit_of(low))
    most = _duration_in(high, unit)
    return most if least == most else f"{least.removesuffix(f' {_SIZES[unit][1]}')} to {most}"


def _unit_of(seconds: float) -> int:
    return sum(seconds >= least for least in _FROM)


def _duration_in(seconds: float, unit: int) -> str:
    size, name = _SIZES[unit]
    value = max(seconds, 0.0) / size
    digits = f"{value:.1g}" if 0 < value < 1 else f"{value:.{int(name == 'h')}f}"
    return f"{digits.removesuffix('.0')} {name}"


def ago(seconds: float) -> str:
    """Return how long something is ago: `8 h ago`; below a minute `just now`."""
    return "just now" if seconds < 60 else f"{duration(seconds)} ago"


# Days, both ends included.

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(date: date, *, year: bool = False) -> str:
    """Return a day: `30 Nov`, `30 Nov 2026`."""
    return f"{date.day} {MONTHS[date.month - 1]}" + f" {date.year}" * year


def last_of_month(at: date) -> date:
    """Return the last day of a day's month."""
    return at.replace(day=monthrange(at.year, at.month)[1])


def span(start: date, end: date, *, year: bool = False) -> str:
    """Return some days: `2-8 Nov` with a dash, `5 Oct-1 Nov`, `Aug 2026`; years if they differ."""
    if start == end:
        return day(end, year=year)
    if start.day == 1 and end == last_of_month(end):
        first, last = (f"{MONTHS[at.month - 1]} {at.year}" for at in (start, end))
        return last if first == last else f"{first}{DASH}{last}"
    if start.year != end.year:
        return f"{day(start, year=True)}{DASH}{day(end, year=True)}"
    begin = f"{start.day}" if start.month == end.month else day(start)
    return f"{begin}{DASH}{day(end, year=year)}"


# Which word was probably meant: behind every "did you mean".


def suggest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is nearest to this one, or None where none is near."""
    return next(iter(suggestions(word, known, 1)), None)


def suggestions(word: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Return at most so many known words that are near to this one, the nearest first."""
    # Imported when something is misspelt: loading the extension takes single milliseconds.
    from difflib import get_close_matches

    words = list(known)
    near = [other for other in words if other != word and _letters(other) == _letters(word)]
    near += [other for other in get_close_matches(word, words, max(most, 3)) if other not in near]
    # Two letters that changed places are the likeliest slip, and difflib does not know it.
    return sorted(near, key=lambda other: sorted(_letters(other)) != sorted(_letters(word)))[:most]


def _letters(word: str) -> str:
    """Return the word as app_launched, APP LAUNCHED and AppLaunched are one; signs alone stay."""
    return "".join(filter(str.isalnum, word.casefold())) or word


# A foreign text on a line: made printable, and how wide it is.

_LONGEST_QUOTE = 300  # characters of a foreign text that are shown


def width(char: str) -> int:
    """Return the columns that a character takes: Chinese 2, a combining accent 0."""
    # wcwidth comes with IPython; importing it costs milliseconds that `%load_ext` has not.
    from wcwidth import wcwidth

    return max(0, wcwidth(char))


def fit(text: str, columns: int) -> str:
    """Return the beginning of a text that fits into so many columns."""
    used = 0
    for place, char in enumerate(text):
        used += width(char)
        if used > columns:
            return text[:place]
    return text


def plain(text: str) -> str:
    """Return a foreign text without control characters and line breaks, and not too long."""
    folded = "".join(c if c.isprintable() else " " for c in text[: 2 * _LONGEST_QUOTE])
    folded = re.sub(r" +", " ", folded).strip()
    return folded if len(folded) <= _LONGEST_QUOTE else folded[:_LONGEST_QUOTE] + " …"


# Which names a variable of a notebook cannot have.

_SHELLS = ("get_ipython", "In", "Out")  # without them no magic runs, and there is no history


def is_reserved(name: str) -> bool:
    """Return True for a name that Python does not take, or whose loss would end a notebook."""
    is_pythons = name.startswith("__") and name.endswith("__")
    return keyword.iskeyword(name) or is_pythons or name in _SHELLS


_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def harmless(text: str) -> str:
    """Return a text without characters that steer a terminal: they may come from the service."""
    return _STEERING.sub("\ufffd", text)


def encodable(text: str, out: object) -> str:
    """Return a text as `out` can write it: its encoding may have no tick, as on Windows."""
    encoding = getattr(out, "encoding", None) or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)
