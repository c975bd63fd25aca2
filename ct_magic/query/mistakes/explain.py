"""Where the grammar stops: what was found, what could stand there, and what was likely meant.

Rule: `query/README.md`, "Promises", 4.
"""

from __future__ import annotations

from collections.abc import Callable

from ct_magic.query.mistakes import several_events
from ct_magic.query.mistakes.examples import NUMBERS, misplaced_token
from ct_magic.query.mistakes.quoting import (
    keyword_in_name,
    label_with_keyword,
    misspelt_word,
    number_in_name,
    text_cut_short,
    unquoted_text,
)
from ct_magic.query.mistakes.stop import (
    OPERATOR,
    Accepted,
    Line,
    Mistake,
    Reach,
    Stop,
    in_words,
    shown,
)
from ct_magic.query.mistakes.words import (
    DAY_IN_WORDS,
    day_in_words,
    foreign_word,
    invalid_token,
    is_month,
    negated,
    number_in_words,
    of_another_language,
)

_DAYS = ("DATE", "EIGHT_DIGITS")
INDENTED = "a statement begins without indentation: take the spaces before it away"
INDENTED_LABEL = "a label begins its statement: take the spaces before it away"
EMPTY = "nothing is asked: write an event's name, as in App Launched last 7 days"


def explain_mistake(line: Line, at: int, accepted: Accepted, reach: Reach) -> Mistake:
    """Explain why the token at `at` cannot stand there; the line ends with `$END`.

    `accepted` says what may follow some tokens, `reach` how many of them the grammar takes.
    """
    stop = Stop(line, at, accepted, reach)
    for guess in GUESSES:
        if mistake := guess(stop):
            return mistake
    return stop.mistake(
        f"{shown(stop.found)}: {in_words(stop.expected, stop.before())}{keyword_in_name(stop)}"
    )


def _odd(stop: Stop) -> Mistake | None:
    message = invalid_token(stop.line, stop.at)
    if message is None:
        return None
    width = 1 if stop.found.type == "OPEN" else len(stop.found.text)
    return Mistake(message, stop.found.start, stop.found.start + width)


def _bare_range(stop: Stop) -> Mistake | None:
    """Explain `in 5` with nothing behind it: neither a list nor a range."""
    if stop.expected != {"DOTS"}:
        return None
    value = stop.line[stop.at - 1]
    hint = f", and a range is written {value.text}..500" if value.type in NUMBERS else ""
    message = f"{shown(value)}: a list stands in brackets, in ({value.text}){hint}"
    return Mistake(message, value.start, value.end)


def _or_value(stop: Stop) -> Mistake | None:
    """Explain `Category = "A" or "B"`: the second is no filter."""
    first = stop.at - 1 if stop.after("STRING") else stop.at
    values = (*NUMBERS, "STRING", "TRUE", "FALSE", "PARAM")
    types = [token.type for token in stop.line[max(0, first - 3) : first + 1]]
    if len(types) < 4 or types[0] not in ("IS", "IS_NOT") or types[2] != "OR":
        return None
    if types[1] not in values or types[3] not in values:
        return None
    last, end = first, len(stop.line) - 1
    while (
        last + 2 < end and stop.line[last + 1].type == "OR" and stop.line[last + 2].type in values
    ):
        last += 2
    words = ", ".join(token.text for token in stop.line[first - 2 : last + 1] if token.type != "OR")
    sign = "in" if types[0] == "IS" else "not in"
    message = f"write {_property_before(stop, first - 3)}{sign} ({words})"
    return Mistake(message, stop.line[first].start, stop.line[last].end)


def _property_before(stop: Stop, operator: int) -> str:
    first = operator
    while first > 0 and stop.line[first - 1].type in ("WORD", "STRING", "DOT"):
        first -= 1
    text = " ".join(token.text for token in stop.line[first:operator])
    return text.replace(" . ", ".") + " " * bool(text)


def _how_often(stop: Stop) -> Mistake | None:
    """Explain `Charged >= 3`: how often stands behind `did`."""
    if not stop.is_("IS", "OVER", "AT_LEAST") or not stop.may("WHERE"):
        return None
    base = stop.words().start in (0, *_behind_label(stop)) and not stop.has("DID")
    if not base or stop.next() not in NUMBERS or stop.line[stop.at + 2].type == "AND":
        return None
    words = [stop.line[place].text for place in stop.words()] or [stop.line[stop.at - 1].text]
    often = f"write did {' '.join(words)} {stop.found.text} {stop.line[stop.at + 1].text} behind it"
    if len(words) == 1:
        return stop.mistake(f"{shown(stop.found)}: {often}; filters begin with 'where'")
    where = "filters begin with 'where', as in Charged where Amount > 5"
    return stop.mistake(f"{shown(stop.found)}: {where}; for how often {often}")


def _behind_label(stop: Stop) -> tuple[int, ...]:
    return tuple(at + 1 for at in range(stop.at) if stop.line[at].type == "COLON")


def _axis_without_values(stop: Stop) -> Mistake | None:
    """Explain `by Category`: name the command that shows the values there are."""
    message = misplaced_token(stop) if stop.is_("$END") and stop.is_axis() else None
    if not message or not message.startswith("say which values"):
        return None
    by = max(at for at, token in enumerate(stop.line) if token.type in ("BY", "COMMA"))
    event = [token.text for token in stop.line[: _end_of_name(stop)]]
    if not event or stop.has("COLON"):
        return None
    words = [token.text for token in stop.line[by + 1 : stop.at]]
    if "." in words:  # the API lists the values of an event's own properties
        return None
    hint = f"'%ct values {' '.join(event)} by {' '.join(words)}' shows them"
    return stop.mistake(f"{shown(stop.found)}: {message}; {hint}{keyword_in_name(stop)}")


def _two_days(stop: Stop) -> Mistake | None:
    """Explain two days without two dots between them: `2026-11-01 to 2026-11-05`."""
    has_sign = stop.is_("TO", "COMMA", "COLON", "DOT", "BAD")
    first, last = stop.around(-1), stop.around(1) if has_sign else stop.found
    is_value = stop.around(-2).type in (*OPERATOR, "OPENING", "COMMA", "DOTS")
    if first.type not in _DAYS or last.type not in _DAYS or is_value:
        return None
    return stop.mistake(f"{shown(stop.found)}: a period has two dots, {first.text}..{last.text}")


def _end_of_name(stop: Stop) -> int:
    return next(at for at, token in enumerate(stop.line) if token.type not in ("WORD", "STRING"))


def _out_of_order(stop: Stop) -> Mistake | None:
    """Explain what may stand in a statement, but not there."""
    if stop.is_("$END") and (other := misplaced_token(stop) or "").startswith("write by"):
        word = stop.around(-1)  # `by hours`: the word itself is wrong, not that the text ends
        return Mistake(f"{shown(word)}: {other}", word.start, word.end)
    in_month = stop.is_("IN") and stop.may("WHERE") and is_month(stop.around(1).text)
    message = DAY_IN_WORDS if in_month else misplaced_token(stop)
    is_clause = stop.is_("WHERE", "AND", "OR") or (stop.is_("SHARE") and stop.next() == "DID")
    begins = stop.at == 0 and not is_clause
    inside = stop.after("WORD") and stop.next() != "DID"
    name = keyword_in_name(stop) if begins or inside or stop.is_axis() else ""
    return stop.mistake(f"{shown(stop.found)}: {message}{name}") if message else None


# The first that has something to say says it.
GUESSES: tuple[Callable[[Stop], Mistake | None], ...] = (
    text_cut_short,
    of_another_language,
    several_events.joined,
    _two_days,
    _odd,
    label_with_keyword,
    negated,
    _or_value,
    foreign_word,
    number_in_words,
    day_in_words,
    misspelt_word,
    _how_often,
    unquoted_text,
    _bare_range,
    number_in_name,
    _axis_without_values,
    _out_of_order,
)
