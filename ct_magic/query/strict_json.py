"""JSON as people paste it: decoded strictly, with errors that have the place and the cure.

An error's `column` counts from the JSON's first character, over all its lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NoReturn

from ct_magic.errors import QueryError
from ct_magic.query.parameters import number_value

_MOST_NESTED = 30
TRAILING = "JSON has no comma before a closing bracket: take it away"
_PART = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)
# A text, number or constant.
_JSON_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s,:{}\[\]"]+', re.DOTALL)
_COLON = re.compile(r"\s*:")
_UNQUOTED_DAY = re.compile(r"(?<=[:\s])(\d{4})-(\d\d)-(\d\d)\b")
_PYTHON = {"T": "true", "F": "false", "N": "null"}
# What json leaves as it is, although no line of text may hold it.
_UNPRINTABLE = re.compile(r"[\x7f-\x9f\u2028\u2029]")


class _RefusedError(Exception):
    """JSON that json accepts and we refuse: `part` is the number, constant or key at fault."""

    def __init__(self, message: str, part: str) -> None:
        super().__init__(message)
        self.part = part


def decode(text: str) -> dict[str, object]:
    """Read one JSON object; raise QueryError for anything that json or we refuse.

    Refused beside broken JSON: a key twice, NaN and infinities, numbers that fit no float, half
    surrogate pairs, and more than 30 levels.
    """
    for part, depth in parts(text):
        if depth > _MOST_NESTED:
            fail(text, "the JSON is nested deeper than any query", *part.span())
    try:
        value: dict[str, object] = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_checked_number,
            parse_float=_checked_number,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        fail(text, *_error_words(text, error))
    except _RefusedError as error:
        fail(text, str(error), *_place_of_part(text, error.part))
    encode(value)
    return value


def encode(value: object) -> str:
    """Write JSON on one line that any editor shows as one; raise QueryError where it cannot be."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except UnicodeEncodeError:
        raise QueryError("the JSON holds half a surrogate pair, which cannot be sent") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise QueryError(f"this cannot be written as JSON: {error}") from None
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def parts(text: str, at: int = 0) -> Iterator[tuple[re.Match[str], int]]:
    """Yield each text and bracket of JSON, and how many brackets are open after it."""
    depth = 0
    for part in _PART.finditer(text, at):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(part[0], 0)
        yield part, depth


def fail(text: str, message: str, start: int, end: int) -> NoReturn:
    """Raise the error that underlines these characters of the JSON."""
    raise QueryError(message, source=text, column=start + 1, length=end - start)


def place_of(text: str, key: str) -> tuple[int, int]:
    """Find the value of a top-level key, or the first character where there is none."""
    for part, depth in parts(text):
        value = re.compile(r'\s*:\s*("(?:[^"\\]|\\.)*"|[^\s,}\]]+)').match(text, part.end())
        if depth == 1 and part[0] == f'"{key}"' and value:
            return value.span(1)
    return 0, 1


def _place_of_part(text: str, part: str) -> tuple[int, int]:
    """Find what was refused: a number or constant outside of texts, or a key that came before."""
    if not part.startswith('"'):
        words = (word for word in _JSON_WORD.finditer(text) if word[0].startswith(part))
        return next((word.span() for word in words), (0, 1))
    keys: list[set[str]] = []
    for found, depth in parts(text):
        del keys[depth:]
        keys += [set() for _ in range(depth - len(keys))]
        if found[0][0] == '"' and _COLON.match(text, found.end()):
            key = json.dumps(json.loads(found[0]))
            if key == part and key in keys[-1]:
                return found.span()
            keys[-1].add(key)
    return 0, 1


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        message = f"the JSON has the key {twice!r} twice in one place"
        raise _RefusedError(message, json.dumps(twice))
    return table


def _constant(name: str) -> NoReturn:
    raise _RefusedError(f"JSON has no {name}", name)


def _checked_number(written: str) -> int | float:
    try:
        return number_value(written)
    except QueryError as error:
        raise _RefusedError(error.message, written) from None


def _error_words(text: str, error: json.JSONDecodeError) -> tuple[str, int, int]:
    """Return what is wrong with the JSON, and from where to where."""
    at = error.pos
    before, rest = text[:at].rstrip(), text[at:].lstrip()
    # Older Pythons point at the bracket after a trailing comma, newer ones at the comma.
    comma = re.compile(r",\s*[}\]]").match(text, len(before) - 1 if before[-1:] == "," else at)
    if comma:
        return TRAILING, comma.start(), comma.start() + 1
    if rest.startswith(("//", "#", "/*")):
        at = len(text) - len(rest)
        return "JSON has no comments: take it away", at, at + len(rest.splitlines()[0])
    if not rest:
        return "the JSON is not closed: a bracket or quote is missing", at, at + 1
    if day := _UNQUOTED_DAY.search(text, max(0, at - 10), at + 6):
        return f"JSON writes a day as a number: {''.join(day.groups())}", *day.span()
    if rest[0] == "'":
        return "JSON's texts are in double quotes", at, at + 1
    if word := re.match("True|False|None", rest):
        return f"JSON writes {_PYTHON[word[0][0]]}", at, at + len(word[0])
    return f"this is not JSON: {error.msg[0].lower()}{error.msg[1:]}", at, at + 1
