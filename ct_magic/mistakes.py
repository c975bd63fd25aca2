"""What went wrong in a text, where, and what was meant: the words of a QueryError."""

from __future__ import annotations

import json
from collections.abc import Iterable
from difflib import get_close_matches

from .errors import QueryError
from .tokens import KEYWORD_KINDS, Token, error

KEYWORD_OF = {kind: word for word, kind in KEYWORD_KINDS.items()}
SQL = {
    "like": "write '~' for 'contains': Name ~ \"text\"",
    "ilike": "write '~' for 'contains': Name ~ \"text\"",
    "between": "write a range like this: Amount in 1..2",
    "is": "write '=' for equality, 'exists' or 'not exists' for what is there or not",
    "null": "write 'exists' or 'not exists'",
    "group": "write 'by': Charged last 14 days by week",
    "order": "rows come in the order asked; sort the DataFrame",
    "select": "begin with the event: Charged where Amount > 5",
    "having": "write 'did any (…) >= 2' for how often a profile did something",
    "limit": "every statement gives its counts whole; take them from the DataFrame",
    "equals": 'a list is asked with \'in\': Category in ("a", "b")',
    "not_equals": 'a list is asked with \'not in\': Category not in ("a", "b")',
    "but": "write 'did not' for what the profile did not do",
}
NO_OR = (
    "there is no OR between filters: use in (…) for several values of one property, "
    "or a second statement"
)
PERIOD = {"DATE", "MONTH", "LAST", "SINCE", "THIS", "FROM"}
VALUE = {"NUMBER", "STRING", "TRUE", "FALSE", "PARAM"}
DAY = {"DATE", "NUMBER", "TODAY", "YESTERDAY", "AGO", "PARAM"}
UNITS = {"DAY", "DAYS", "WEEK", "WEEKS", "MONTH_UNIT", "MONTHS", "YEAR", "YEARS"}
# What may stand at a place, in words: the kinds that show it, and those that it covers too.
WORDS: tuple[tuple[set[str], set[str], str], ...] = (
    ({"DATE", "LAST"}, PERIOD | DAY | {"ON"}, "a period (last 7 days, 2015-08-10..2015-10-25)"),
    ({"STRING", "TRUE"}, VALUE, 'a value ("text", a number, true or false)'),
    ({"DATE"}, DAY, "a day (2015-08-10, today, yesterday)"),
    ({"DAY"}, UNITS, "day, week or month"),
    ({"NAME"}, {"STRING", "PARAM"}, "a name"),
    ({"NUMBER"}, set(), "a number"),
    ({"OP"}, set(), "an operator (= != ~ !~ > >= < <=)"),
    ({"OPEN", "PARAM"}, set(), "a list in brackets or a $name"),
    ({"OPEN"}, set(), "'('"),
    ({"CLOSE"}, set(), "')'"),
    ({"COMMA"}, set(), "','"),
    ({"DOTS"}, set(), "'..'"),
    ({"DOT"}, set(), "'.'"),
)


def explain(text: str, found: list[Token], index: int, allowed: set[str]) -> QueryError:
    """Make the error for the token that the grammar does not take."""
    token, before = found[index], found[:index]
    for find in (_or, _meant_in_name, _unquoted, _keyword_in_name, _too_late, _meant):
        if (said := find(token, before, found[index + 1 :], allowed)) is not None:
            message, start, end = said
            return error(text, message, start, end)
    what = "the end" if token.kind == "$END" else f"'{token.text}'"
    return error(text, f"found {what}: {expected(allowed)}", token.start, token.end)


def expected(allowed: set[str]) -> str:
    """Say in words what may stand at a place."""
    said = list(_phrases(allowed))
    if len(said) == 1:
        return f"here must stand {said[0]}"
    return f"here may stand {', '.join(said[:-1])} or {said[-1]}"


def json_message(text: str, wrong: json.JSONDecodeError) -> str:
    """Say what is wrong with a pasted JSON statement, at the place that json found."""
    at = wrong.pos
    here, before = text[at : at + 1], text[:at].rstrip()[-1:]
    if before == "," and here in ("}", "]"):
        return f"a comma stands before '{here}': JSON has none after the last item; take it away"
    if here in ("#", "/"):
        return "JSON has no comments: take this away"
    if here in ("'", "“", "”"):
        return 'JSON has texts in straight double quotes: "text"'
    if text[at : at + 4] in ("True", "Fals", "None"):
        return 'this is Python, not JSON: write true, false or null (the API wants "True")'
    if not here:
        return "this JSON never ends: a bracket or a quote is missing"
    return f"this is no JSON: {wrong.msg[0].lower()}{wrong.msg[1:]}"


Said = tuple[str, int, int]


def _or(token: Token, before: list[Token], after: list[Token], allowed: set[str]) -> Said | None:
    return (NO_OR, token.start, token.end) if token.kind == "OR" else None


def _meant_in_name(
    token: Token, before: list[Token], after: list[Token], allowed: set[str]
) -> Said | None:
    # `Charged wher Amount >`: the word that went wrong was taken into the name before the error.
    names = [t for t in [*before[-1:], token] if t.kind == "NAME"]
    for name in names:
        first = name is before[0] if before else False
        for position, (word, at) in enumerate(name.words):
            if first and position == 0 and word.lower() not in ("select",):
                continue
            if said := _word_meant(word, allowed, taken=name is not token):
                return said, at, at + len(word)
    return None


def _word_meant(word: str, allowed: set[str], *, taken: bool) -> str | None:
    if word.lower() in SQL and (taken or word.lower() not in KEYWORD_KINDS):
        return f"found '{word}': {SQL[word.lower()]}"
    if word.lower() == "or":
        return f"found '{word}': {NO_OR}"
    if word != word.lower() and word.lower() in KEYWORD_KINDS:
        return f"found '{word}': the words of the language are lower case, write '{word.lower()}'"
    candidates = (
        set(KEYWORD_KINDS) if taken else {KEYWORD_OF[k] for k in allowed if k in KEYWORD_OF}
    )
    near = get_close_matches(word.lower(), candidates, 1, 0.75)
    return f"found '{word}': did you mean '{near[0]}'?" if near and len(word) > 1 else None


def _unquoted(
    token: Token, before: list[Token], after: list[Token], allowed: set[str]
) -> Said | None:
    if token.kind == "NAME" and allowed & VALUE == VALUE:
        return f'found {token.text}: quote a text: "{token.text}"', token.start, token.end
    if token.kind in ("DATE", "MONTH") and allowed & VALUE == VALUE:
        message = f'found {token.text}: a date is a text here, quote it: "{token.text}"'
        return message, token.start, token.end
    return None


def _keyword_in_name(
    token: Token, before: list[Token], after: list[Token], allowed: set[str]
) -> Said | None:
    if token.kind in KEYWORD_OF and (not before or "NAME" in allowed):
        said = " ".join([token.text, *(t.text for t in after[:1] if t.kind == "NAME")])
        message = f"found '{token.text}', a word of the language, where a name was meant"
        return f'{message}: quote the name, "{said}"', token.start, token.end
    # `Ride by night`: the keyword stands between two halves of one name.
    for parts in ([*before[-2:], token], before[-3:], [*before[-1:], token, *after[:1]]):
        if _is_cut_name(parts):
            said, word = " ".join(t.text for t in parts), parts[1]
            message = f"found '{word.text}', a word of the language"
            message += f': if it belongs to the name, quote it, "{said}"'
            return message, word.start, word.end
    return None


def _is_cut_name(parts: list[Token]) -> bool:
    kinds = [part.kind for part in parts]
    cut = len(kinds) == 3 and kinds[1] in KEYWORD_OF and kinds[1] not in ("WHERE", "AND", "DID")
    return cut and kinds[0] == kinds[2] == "NAME"


def _too_late(
    token: Token, before: list[Token], after: list[Token], allowed: set[str]
) -> Said | None:
    if token.kind == "WHERE" and "DID" in allowed:
        if any(t.kind == "WHERE" for t in before):
            return "'where' stands once: join filters with 'and'", token.start, token.end
        return "'where' stands before the period: event where … period", token.start, token.end
    if token.kind in PERIOD and any(t.kind == "BY" for t in before):
        return "the period stands before 'by': event period by week", token.start, token.end
    if token.kind in PERIOD and allowed == {"$END", "DID", "BY"}:
        return "a statement has one period", token.start, token.end
    if token.kind == "COLON":
        return "a label is one name at the statement's beginning", token.start, token.end
    if token.kind == "OPEN" and "NAME" in allowed:
        return "filters stand without brackets, joined by 'and'", token.start, token.end
    if token.kind == "DOTS" and "BY" in allowed:
        return "a range of days needs whole days: 2015-08-01..2015-10-31", token.start, token.end
    return None


def _meant(token: Token, before: list[Token], after: list[Token], allowed: set[str]) -> Said | None:
    if token.kind in ("DID", "BY", "WHERE", *PERIOD) and "CLOSE" in allowed:
        return f"found '{token.text}': a ')' is missing before it", token.start, token.end
    return None


def _phrases(allowed: set[str]) -> Iterable[str]:
    left = set(allowed)
    for needed, covered, phrase in WORDS:
        if needed <= left:
            yield phrase
            left -= needed | covered
    yield from sorted(f"'{KEYWORD_OF[kind]}'" for kind in left if kind in KEYWORD_OF)
    if "COLON" in left:
        yield "':' after a label"
    if "$END" in left:
        yield "the statement's end"
