"""The text of one field of a form <-> the language's words: a text needs no quotes there.

A name or a text is typed as it is; one that would be read otherwise is put between quotes: a text
`"5"` that is no number, a text with a comma in a list. `$name` is a variable of the notebook.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from ct_magic.errors import QueryError
from ct_magic.query import lexer, printer, tree
from ct_magic.query.check_filter import THOUSANDS
from ct_magic.query.lexer import SYMBOLS, Source, Token, tokens
from ct_magic.query.model import Property, Scope
from ct_magic.query.parameters import number_value
from ct_magic.query.parser import spelled

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
    """Write a property in its scope; `geo` has no property."""
    if scope == "geo":
        return "geo"
    if not field.strip() or scope not in [known.value for known in Scope]:
        return f"{scope}.{field.strip()}".removeprefix(".")  # not yet one; see `missing_or_invalid`
    return printer.property_text(Property(field_name(field), Scope(scope)))


def value_word(field: str) -> str:
    """Write a value: a number, a variable, true or false; anything else is a text."""
    token = _token(field)
    if THOUSANDS.fullmatch(field.strip()):
        return (
            field.strip()
        )  # no text but a number with separators: the text says how it is written
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
    low, _, high = field.partition("..")
    return f"{_end_word(low)}..{_end_word(high)}"


def _end_word(field: str) -> str:
    return field.strip() if _CLOCK.fullmatch(field.strip()) else value_word(field)


def period_field(text: str) -> str:
    """Write a period, or what is not one yet as it was typed."""
    return _or_as_typed(clause_period_words, text)


def versus(text: str) -> str:
    """Write the other period, or what is not one yet as it was typed."""
    return _or_as_typed(versus_words, text)


def often(text: str) -> str:
    """Write how often, or what does not say it yet as it was typed."""
    return _or_as_typed(often_words, text)


def period_words(text: str) -> str:
    """Return a period's one spelling; raise QueryError for anything else."""
    event = _only_query(f"x {text.strip()}").event
    if event.where or not event.period or event.name.last.text != "x":
        raise QueryError("write a period, like 'last 7 days' or '2026-08-10..2026-10-25'")
    return spell_period(event.period)


def clause_period_words(text: str) -> str:
    """Return the spelling of a period that may be a moved one: `after 1 week`."""
    query = _only_query(f"x did x {text.strip()}")
    clause = query.clauses[0] if len(query.clauses) == 1 else None
    if not isinstance(clause, tree.DidNode) or clause.event.where or not clause.event.period:
        raise QueryError("write a period, like 'last 7 days' or 'after 1 week'")
    return spell_period(clause.event.period)


def versus_words(text: str) -> str:
    """Return the spelling of what follows `vs`; raise QueryError for anything else."""
    query = _only_query(f"x vs {text.strip()}")
    if query.versus is None or query.by:
        raise QueryError("write the other period: 'previous', 'before 52 weeks' or '2026-05'")
    return spell_versus(query.versus)


def spell_versus(versus: tree.Versus) -> str:
    """Spell the other period that the grammar found."""
    if isinstance(versus.period, Token):
        return versus.period.text
    return spell_period(versus.period)


def spell_period(
    period_field: tree.PeriodNode | tree.MovedNode | tree.MovedAxis | tree.OwnNode,
) -> str:
    """Spell the period that the grammar found."""
    match period_field:
        case tree.Within() | tree.OnDays():
            return _own(period_field)
        case tree.OneDay(day):
            return _day(day)
        case tree.NamedUnit(name):
            return name.text
        case tree.Since(day):
            return f"since {_day(day)}"
        case tree.DaySpan(start, end):
            return _span(_day(start), _day(end))
        case tree.LastUnits(number_value, unit):
            return f"last {number_value.text} {unit.text}"
        case tree.LastUnit(unit) | tree.ThisUnit(unit):
            return f"{'last' if isinstance(period_field, tree.LastUnit) else 'this'} {unit.text}"
        case tree.MovedNode(direction, number_value, unit):
            return f"{direction.text} {number_value.text} {unit.text}"
        case tree.MovedAxis(direction, start, end, unit):
            return f"{direction.text} {start.text}..{end.text} {unit.text}"


def _own(own: tree.OwnNode) -> str:
    if isinstance(own, tree.Within):
        return f"within {', '.join(number.text for number in own.numbers)} {own.unit.text}"
    return f"on {own.day.text} {', '.join(map(_window, own.windows))}"


def _window(window: tree.WindowNode) -> str:
    return f"{window.start.text}..{window.end.text}" if window.end else window.start.text


def spell_times(times: tree.Times) -> str:
    """Spell how often: `>= 2`."""
    return f"{symbol(times.operator)} {times.number.text}"


def symbol(operator: Token) -> str:
    """Return the symbol of an operator, which may have been typed as the API's word."""
    return SYMBOL.get(operator.type, operator.text)


def often_words(text: str) -> str:
    """Return `>= 2` as it is written; nothing for `>= 1`, which is the default."""
    match = _OFTEN.fullmatch(text)
    if not match:
        raise QueryError("how often: one of = > >= < <= and a whole number, like '>= 2'")
    words = f"{match[1] or '>='} {int(match[2])}"
    return "" if words == ">= 1" else words


def _only_query(text: str) -> tree.QueryNode:
    statement, *more = spelled(Source(text))
    body = statement.tree.body
    if more or statement.tree.label or isinstance(body, Token):
        raise QueryError("write one thing in a field")
    return body


def _day(token: Token) -> str:
    text = token.text
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if token.type == "EIGHT_DIGITS" else text


def _span(start: str, end: str) -> str:
    if start == end:
        return start
    return f"since {start}" if end == "yesterday" else f"{start}..{end}"


def _or_as_typed(words: Callable[[str], str], field: str) -> str:
    try:
        return words(field)
    except QueryError:
        return " ".join(field.split())


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
