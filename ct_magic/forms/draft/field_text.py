"""The text of one field of a form <-> the language's words: a text needs no quotes there.

A name or a text is typed as it is; one that would be read otherwise is put between quotes: a text
`"5"` that is no number, a text with a comma in a list. `$name` is a variable of the notebook.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ct_magic.errors import QueryError
from ct_magic.query import lexer, printer
from ct_magic.query.lexer import SYMBOLS, Source, Token, tokens
from ct_magic.query.model import THOUSANDS, Property, Scope
from ct_magic.query.parameters import number_value

_OFTEN = re.compile(r"\s*(=|>=|>|<=|<)?\s*([0-9]{1,9})\s*")
_CLOCK = re.compile(r"\d{1,2}:\d{2}")
SYMBOL = {kind: text for text, kind in SYMBOLS.items()}
_VALUE_TOKENS = {"STRING", "NUMBER", "EIGHT_DIGITS", "TRUE", "FALSE", "PARAM"}
_ITEM = re.compile(
    r"""\s*((?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')(?=\s*(?:,|$))|[^,]*)\s*(?:,|$)""", re.DOTALL
)


def field_name(field: str) -> str:
    """Return the name or text that is meant: the inside of quotes, else the text itself."""
    token = _token(field)
    if token is None or token.type != "STRING" or _odd_escape(token.text):
        return field.strip()
    return lexer.unquoted(token.text)


def name_field(name: str) -> str:
    """Show a name: as it is, or quoted where `unquoted` would not give it back."""
    shown = name if name and not name.startswith("$") else printer.quote(name)
    return shown if field_name(shown) == name else printer.quote(name)


def event_word(field: str) -> str:
    """Write an event's name, or the variable that holds it."""
    token = _token(field)
    if token and token.type == "PARAM":
        return token.text
    return printer.event_name(field_name(field)) if field.strip() else ""


def property_word(scope: str, field: str) -> str:
    """Write a property in its scope."""
    if not field.strip():
        return f"{scope}.".removeprefix(".")  # not yet one; see `missing_or_invalid`
    return printer.property_text(Property(field_name(field), Scope(scope)))


def value_word(field: str) -> str:
    """Write a value: a number, a variable, true or false; anything else is a text."""
    token = _token(field)
    if THOUSANDS.fullmatch(field.strip()):
        return field.strip()  # the text says how a number is written
    if token is None or token.type not in _VALUE_TOKENS:
        return printer.value_text(field.strip()) if field.strip() else ""
    if token.type == "STRING":
        # A place may be called "True": between quotes it stays a text.
        text = field_name(field)
        as_typed = _odd_escape(token.text) or text in ("True", "False")
        return token.text if as_typed else printer.value_text(text)
    return _number(token.text) if token.type in ("NUMBER", "EIGHT_DIGITS") else token.text


def value_field(word: str) -> str:
    """Show a value of the language: a text without its quotes, where it would be read as one."""
    text = field_name(word)
    bare = text and value_word(text) == word and word not in ("true", "false")
    return text if bare else word


def list_word(field: str) -> str:
    """Write a list, or the variable that holds one."""
    token = _token(field)
    if token and token.type == "PARAM":
        return token.text
    return _list(map(value_word, items(field)))


def list_field(words: Iterable[str]) -> str:
    """Show the values of a list with commas between them."""
    values = list(words)
    shown = ", ".join(word if "," in word else value_field(word) for word in values)
    return shown if list_word(shown) == _list(values) else _list(values)


def items(field: str) -> list[str]:
    """Cut the text of a list's field at the commas outside of quotes."""
    text = field.strip()
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1]
    return [item.strip() for item in _ITEM.findall(text) if item.strip()]


def range_field(low: Token, high: Token) -> str:
    """Show a range: `100..500`, `13:00..17:00`."""
    return "..".join(
        end.text if end.type == "CLOCK" else value_field(value_word(end.text))
        for end in (low, high)
    )


def range_word(field: str) -> str:
    """Write a range, `100..500`."""
    ends = (end.strip() for end in field.partition("..")[::2])
    return "..".join(end if _CLOCK.fullmatch(end) else value_word(end) for end in ends)


def as_typed(field: str) -> str:
    """Write what was typed in words of the language: a period, a window, the other period."""
    return lexer.one_line(list(tokens(Source(field))))


def often(field: str) -> str:
    """Write how often; nothing for `>= 1`, which is the default."""
    match = _OFTEN.fullmatch(field)
    if not match:
        return as_typed(field)
    words = f"{match[1] or '>='} {int(match[2])}"
    return "" if words == ">= 1" else words


def check_often(field: str) -> None:
    """Raise QueryError for what does not say how often."""
    if not _OFTEN.fullmatch(field):
        raise QueryError("how often: one of = > >= < <= and a whole number, like '>= 2'")


def symbol(operator: Token) -> str:
    """Return the symbol of an operator, which may have been typed as the API's word."""
    return SYMBOL.get(operator.type, operator.text)


def _list(words: Iterable[str]) -> str:
    return f"({', '.join(words)})"


def _token(field: str) -> Token | None:
    """Return the one token that the field is, if it is one."""
    text = field.strip()
    token = next(tokens(Source(text)), None)
    return token if token and token.text == text else None


def _odd_escape(string: str) -> bool:
    return any(escape not in "\"'\\" for escape in re.findall(r"\\(.)", string[1:-1]))


def _number(written: str) -> str:
    try:
        return repr(number_value(written))
    except QueryError:
        return written  # the text says what is wrong with it
