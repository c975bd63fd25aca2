"""Text -> tokens: words, strings, numbers, dates and signs, each with its place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from .errors import QueryError
from .query import Operator

KEYWORDS = {
    *("where", "and", "or", "not", "in", "exists", "did", "any", "by"),
    *("from", "to", "on", "since", "last", "this", "today", "yesterday"),
    *("day", "days", "week", "weeks", "month", "months", "year", "years"),
    *("true", "false"),
}
# `2015-08` is a MONTH too, so the unit's terminal bears another name.
KEYWORD_KINDS = {word: word.upper() for word in KEYWORDS} | {"month": "MONTH_UNIT"}
SYMBOLS = {operator.symbol for operator in Operator if not operator.symbol[-1].isalpha()}
API_NAMES = {operator.value: operator.symbol for operator in Operator}
FOREIGN = {
    "==": "write '=' for equality",
    "<>": "write '!='",
    "=~": "write '~' for 'contains'",
    "=>": "write '>='",
    "=<": "write '<='",
    "&&": "write 'and'",
    "&": "write 'and'",
    "||": "there is no OR between filters: use in (…) for several values of one property, or a "
    "second statement",
    "|": "there is no OR between filters: use in (…) for several values of one property, or a "
    "second statement",
    "[": "write a list in round brackets: (1, 2)",
    "{": "JSON stands alone in its statement, from its first character",
    "*": "there are no wildcards: write '~' for 'contains'",
    "%": 'a name or a text with this sign is quoted: "50% off"',
    ";": "a statement ends where the next line without indentation begins",
    "`": 'write a name in straight quotes: "2x points"',
    "/": 'a place or a text with this sign is quoted: "India/Goa"',
}
VALUES = ("STRING", "NUMBER", "PARAM", "TRUE", "FALSE")
NAMING = ("NAME", "STRING", "DOT")
# Quotes that text editors put in place of straight ones.
QUOTES = "“”„‟«»‘’‚‛′″＂＇"  # noqa: RUF001 # they are what is looked for
SPACE = re.compile(r"[ \t\r\n\f\v]*")
PATTERNS = [
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("AGO", r"today-[0-9]+(?![\w-])"),
        ("DATE", r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![\w-])"),
        ("MONTH", r"[0-9]{4}-[0-9]{2}(?![\w-])"),
        (
            "ODD_DATE",
            r"[0-9]{1,4}([-/])[0-9]{1,2}\1[0-9]{1,4}|[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{2,4}"
            r"|[0-9]{4}-[0-9]{1,2}(?![\w])",
        ),
        ("NUMBER", r"-?[0-9]+(\.[0-9]+)?"),
        ("PARAM", r"\$[^\W\d]\w*"),
        ("FOREIGN", "|".join(map(re.escape, sorted(FOREIGN, key=len, reverse=True)))),
        ("OP", "|".join(map(re.escape, sorted(SYMBOLS, key=len, reverse=True)))),
        ("DOTS", r"\.\."),
        ("DOT", r"\."),
        ("COMMA", ","),
        ("COLON", ":"),
        ("OPEN", r"\("),
        ("CLOSE", r"\)"),
    )
]


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its kind (a terminal of the grammar), its text, and where it stands.

    `words` are the single words of a bare NAME with their offsets; `value` is the text that a
    STRING stands for.
    """

    kind: str
    text: str
    start: int
    end: int
    value: str = ""
    words: tuple[tuple[str, int], ...] = ()


def error(text: str, message: str, start: int, end: int | None = None) -> QueryError:
    """Make the error for a place in the whole text: line and column, and that line's text."""
    begin = text.rfind("\n", 0, start) + 1
    stop = text.find("\n", begin)
    line = text[begin : stop if stop >= 0 else len(text)].rstrip("\r")
    length = max(1, min(end or start + 1, begin + len(line)) - start)
    row = text.count("\n", 0, begin) + 1
    return QueryError(message, source=line, line=row, column=start - begin + 1, length=length)


def tokens(text: str, start: int, end: int) -> list[Token]:
    """Cut text[start:end] into tokens. Runs of words are one NAME. Raises QueryError."""
    return list(_api_names(list(_names(_scan(text, start, end)))))


def is_word_start(char: str) -> bool:
    """Say whether a word may begin with this character: a letter of any script, or `_`."""
    return char == "_" or unicodedata.category(char)[0] == "L"


def is_word_part(char: str) -> bool:
    """Say whether a word may go on with it: letters, combining marks, digits, `_` and `$`."""
    return (
        char in "_$" or unicodedata.category(char) == "Nd" or unicodedata.category(char)[0] in "LM"
    )


def _scan(text: str, start: int, end: int) -> Iterator[Token]:
    at = start
    while (at := _skip(text, at, end)) < end:
        token = _word(text, at, end) or _string(text, at, end) or _sign(text, at, end)
        if token is None:
            raise _unreadable(text, at)
        yield token
        at = token.end


def _skip(text: str, at: int, end: int) -> int:
    while at < end:
        match = SPACE.match(text, at, end)
        at = match.end() if match else at
        if text[at : at + 1] != "#" or at >= end:
            return at
        line = text.find("\n", at, end)
        at = end if line < 0 else line
    return at


def _word(text: str, at: int, end: int) -> Token | None:
    if not is_word_start(text[at]) or PATTERNS[0][1].match(text, at, end):
        return None
    stop = at + 1
    while stop < end and is_word_part(text[stop]):
        stop += 1
    word = text[at:stop]
    kind = KEYWORD_KINDS.get(word, "NAME")
    return Token(kind, word, at, stop, value=word, words=((word, at),))


def _string(text: str, at: int, end: int) -> Token | None:
    quote = text[at]
    if quote not in "\"'":
        return None
    value: list[str] = []
    i = at + 1
    while i < end and text[i] not in "\r\n":
        if text[i] == quote:
            return Token("STRING", text[at : i + 1], at, i + 1, value="".join(value))
        if text[i] == "\\" and text[i + 1 : i + 2] in ("\\", '"', "'") and i + 1 < end:
            i += 1
        value.append(text[i])
        i += 1
    raise error(text, f"this {quote} is never closed: end the text with {quote}", at, i)


def _sign(text: str, at: int, end: int) -> Token | None:
    for kind, pattern in PATTERNS:
        if match := pattern.match(text, at, end):
            if kind == "FOREIGN":
                said = match[0]
                raise error(text, f"found '{said}': {FOREIGN[said]}", at, match.end())
            if kind == "ODD_DATE":
                message = f"found '{match[0]}': a date is written like 2015-08-10"
                raise error(text, message, at, match.end())
            return Token(kind, match[0], at, match.end(), value=match[0])
    return None


def _unreadable(text: str, at: int) -> QueryError:
    char = text[at]
    name = unicodedata.name(char, f"U+{ord(char):04X}").lower()
    if char in QUOTES:
        return error(text, f"found {char}, a curly quote: type a straight one, \" or '", at)
    if char.isspace() or unicodedata.category(char) in ("Zs", "Cf"):
        return error(text, f"found an invisible character ({name}): type a plain space", at)
    if unicodedata.category(char) == "Nd":
        return error(text, f"found {char} ({name}): type the digit {unicodedata.digit(char)}", at)
    if unicodedata.normalize("NFKC", char) in SYMBOLS | {"(", ")", ",", ":", "."}:
        plain = unicodedata.normalize("NFKC", char)
        return error(text, f"found {char} ({name}): type {plain}", at)
    if char == "$":
        return error(text, "a $ stands before the name of a variable: $name", at)
    shown = char if char.isprintable() else f"U+{ord(char):04X}"
    return error(text, f"found {shown} ({name}): a name or a text that holds it is quoted", at)


def _names(stream: Iterator[Token]) -> Iterator[Token]:
    held: Token | None = None
    for token in stream:
        if held and token.kind == "NAME":
            held = replace(
                held,
                text=f"{held.text} {token.text}",
                value=f"{held.text} {token.text}",
                end=token.end,
                words=held.words + token.words,
            )
            continue
        if held:
            yield held
        held = token if token.kind == "NAME" else None
        if held is None:
            yield token
    if held:
        yield held


def _api_names(stream: list[Token]) -> Iterator[Token]:
    # `value contains "piz"`: inside a filter, before a value, the last word is the operator.
    inside, before = False, ""
    for token, after in zip(stream, [*(t.kind for t in stream[1:]), "END"], strict=True):
        if inside and _ends_in_operator(token, before, after):
            yield from _apart(token)
        else:
            yield token
        inside = token.kind in ("WHERE", "AND") or (inside and token.kind in NAMING)
        before = token.kind


def _ends_in_operator(token: Token, before: str, after: str) -> bool:
    if token.kind != "NAME" or (len(token.words) == 1 and before != "STRING"):
        return False
    word = token.words[-1][0]
    if word == Operator.DOES_NOT_EXIST.value:
        return after not in ("OP", "IN", "NOT", "EXISTS", "DOT")
    return word in API_NAMES and after in VALUES


def _apart(token: Token) -> Iterator[Token]:
    word, at = token.words[-1]
    if len(token.words) > 1:
        name = " ".join(w for w, _ in token.words[:-1])
        last, start = token.words[-2]
        yield Token("NAME", name, token.start, start + len(last), name, token.words[:-1])
    if word == Operator.DOES_NOT_EXIST.value:
        yield Token("NOT", word, at, token.end)
        yield Token("EXISTS", word, at, token.end)
    else:
        yield Token("OP", API_NAMES[word], at, token.end, API_NAMES[word])
