"""A query's text -> HTML in the colours of the editor; it refuses nothing."""

from __future__ import annotations

import re
from html import escape

from ..text_width import plain
from .style import KEYWORD, NUMBER, TEXT

_LONGEST = 2000  # characters of a statement that are shown
COLOURED_WORDS = (
    *("where", "and", "or", "in", "not", "exists", "did", "any", "by", "from", "to", "on"),
    *("last", "this", "today", "yesterday", "since", "true", "false"),
    *("share", "after", "before", "vs", "day", "days", "week", "weeks", "month", "months"),
    *("quarter", "quarters", "year", "years"),
)
# Words in one place, names anywhere else.
PLACED = (
    r"first(?=\ (?:day|week|month|quarter|year)\b)",
    r"rolling(?=\ \d)",
    r"(?<=vs\ )previous",
    r"(?:(?<=by\ )|(?<=,\ ))hour(?=,|$|\ *\#)",
)
PIECE = re.compile(
    rf"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<number>(?<![\w$])\d[\d.:-]*)
    | (?P<word>(?<![\w$.])(?:{"|".join((*COLOURED_WORDS, *PLACED))})(?![\w$]))""",
    re.VERBOSE,
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
WHOLE = "display:inline-block"
_COLOURS = {"text": TEXT, "number": NUMBER, "word": KEYWORD}


def coloured(text: str) -> str:
    """Return a query as HTML: its words, texts and numbers in colour; its lines stay lines."""
    return "\n".join(_line(line) for line in text[:_LONGEST].splitlines())


def unbroken(html: str) -> str:
    """Return words in HTML whose days are not broken behind a hyphen."""
    return _DAY.sub(rf'<span style="{WHOLE}">\g<0></span>', html)


def _line(line: str) -> str:
    shown = line[: len(line) - len(line.lstrip(" "))] + plain(line)
    pieces, at = [], 0
    for match in PIECE.finditer(shown):
        look = f"color:{_COLOURS[str(match.lastgroup)]}"
        if _DAY.match(match[0]):
            look += f";{WHOLE}"
        pieces += [
            escape(shown[at : match.start()]),
            f'<span style="{look}">{escape(match[0])}</span>',
        ]
        at = match.end()
    # A line that begins with a right-to-left name goes from left to right, as in the editor.
    inside = "".join([*pieces, escape(shown[at:])])
    return f'<bdi dir="ltr">{inside}</bdi>'
