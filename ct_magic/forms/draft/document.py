"""A cell's text, cut into statements that a form changes one by one; everything else stays."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from ct_magic.errors import QueryError
from ct_magic.forms.draft.draft import (
    ANY,
    AXIS_UNITS,
    BARE,
    KINDS,
    LISTS,
    OPERATOR_WORDS,
    RANGE,
    SCOPE_WORDS,
    VALUES,
    AxisFields,
    Draft,
    EventFields,
    FilterFields,
    Key,
    clause_key,
    write_draft,
)
from ct_magic.forms.draft.field_text import (
    clause_period_words,
    items,
    often_words,
    period_words,
    versus_words,
)
from ct_magic.forms.draft.from_tree import draft
from ct_magic.query.lexer import Source, tokens
from ct_magic.query.parser import spelled

# What is still missing in a draft, or not allowed in its field; each with what is.


class Missing(str):
    """Says what is still to be filled in: no mistake until Run or Insert is pressed."""

    __slots__ = ()


def missing_or_invalid(draft: Draft) -> dict[Key, str]:
    """Return what is still empty, or not allowed in its field."""
    if draft.body:
        return {}
    problems = _event_problems(draft.base, ())
    for number, did in enumerate(draft.did):
        problems |= _unknown(("did", number, "kind"), did.kind, KINDS)
        problems |= _event_problems(did.inner, ("did", number), clause_period_words)
        if did.times.strip():
            problems |= _fails(("did", number, "times"), often_words, did.times)
    for number, axis in enumerate(draft.by):
        problems |= _of_axis(axis, ("by", number))
    if any(did.kind in ANY for did in draft.did) and draft.often.strip():
        problems |= _fails(("often",), often_words, draft.often)
    if draft.versus.strip():
        problems |= _fails(("versus",), versus_words, draft.versus)
    return problems


def _event_problems(
    event: EventFields, key: Key, words: Callable[[str], str] = period_words
) -> dict[Key, str]:
    problems: dict[Key, str] = {}
    if not event.event.strip():
        problems[(*key, "event")] = Missing("which event? Like 'Charged'")
    for number, condition in enumerate(event.where):
        problems |= _of_condition(condition, (*key, "where", number))
    if event.period.strip():
        problems |= _fails((*key, "period"), words, event.period)
    return problems


def _of_condition(condition: FilterFields, key: Key) -> dict[Key, str]:
    odd = _unknown((*key, "scope"), condition.scope, SCOPE_WORDS)
    odd |= _unknown((*key, "operator"), condition.operator, OPERATOR_WORDS)
    return (
        odd or _property_problem(condition, key, "Amount") or _of_value(condition, (*key, "value"))
    )


def _of_value(condition: FilterFields, key: Key) -> dict[Key, str]:
    if condition.operator in BARE:
        return {}
    if not condition.value.strip() or (condition.operator in LISTS and not items(condition.value)):
        return {key: Missing("which value? A text, a number, or a variable as $name")}
    if condition.operator == RANGE and not all(
        end.strip() for end in condition.value.partition("..")
    ):
        return {key: "a range has two ends, like 100..500"}
    return {}


def _of_axis(axis: AxisFields, key: Key) -> dict[Key, str]:
    if axis.unit != VALUES:
        return _unknown((*key, "unit"), axis.unit, AXIS_UNITS)
    odd = _unknown((*key, "scope"), axis.scope, SCOPE_WORDS) or _property_problem(
        axis, key, "Category"
    )
    if odd:
        return odd
    if not items(axis.values):
        return {(*key, "values"): Missing("which values? Commas between them, like Shoes, Bags")}
    return {}


def _property_problem(row: FilterFields | AxisFields, key: Key, example: str) -> dict[Key, str]:
    if row.scope == "geo" or row.property.strip():
        return {}
    return {(*key, "property"): Missing(f"which property? Like '{example}'")}


def _unknown(key: Key, word: str, known: Collection[str]) -> dict[Key, str]:
    if word in known:
        return {}
    return {key: f"there is no {word!r} here: take {', '.join(filter(None, known))}"}


def _fails(key: Key, words: Callable[[str], str], field: str) -> dict[Key, str]:
    try:
        words(field)
    except QueryError as error:
        return {key: error.message}
    return {}


_Check = Callable[[str], object]  # raises QueryError for a text that cannot be asked
ELSEWHERE: Key = ("elsewhere",)


@dataclass(frozen=True, slots=True)
class _Written:
    """A statement, its text, and what is between the one before and it: comments, lines."""

    draft: Draft
    text: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The statements of a cell, at least one, and what is behind the last."""

    statements: tuple[_Written, ...] = (_Written(Draft()),)
    tail: str = ""

    @property
    def text(self) -> str:
        """The cell's text."""
        return (
            "".join(statement.before + statement.text for statement in self.statements) + self.tail
        )

    def put(self, number: int, changed: Draft) -> Sheet:
        """Write one statement anew; its comments go on lines before it."""
        old = self.statements[number]
        text = (
            "".join(f"{comment}\n" for comment in _comments(old.text)) + write_draft(changed).text
        )
        new = _Written(changed, text, _ended(old.before))
        return replace(self, statements=_replaced(self.statements, number, new))

    def add(self) -> Sheet:
        """Add an empty statement at the end."""
        before = _ended(self.tail or "\n") if self.text.strip() else self.tail
        return Sheet((*self.statements, _Written(Draft(), before=before)))

    def remove(self, number: int) -> Sheet:
        """Remove a statement; the last one leaves an empty one."""
        left, (gone, *after) = self.statements[:number], self.statements[number:]
        if not after:
            tail = (gone.before.rstrip("\r\n") if left else gone.before) + self.tail
            return Sheet(left, tail) if left else Sheet(tail=tail)
        first = replace(after[0], before=gone.before + after[0].before.lstrip("\r\n"))
        return replace(self, statements=(*left, first, *after[1:]))


def read_sheet(text: str) -> Sheet:
    """Cut a cell's text into statements; raise QueryError where the grammar does not take it."""
    source = Source(text)
    if not any(True for _ in tokens(source)):
        return Sheet((_Written(Draft(), before=_ended(source.text)),))
    statements, at = [], 0
    for spelling in spelled(source):
        start, end = spelling.line[0].start, spelling.line[-1].end
        statements.append(
            _Written(draft(spelling, source), source.text[start:end], source.text[at:start])
        )
        at = end
    return Sheet(tuple(statements), source.text[at:])


def problems(sheet: Sheet, number: int, check: _Check) -> dict[Key, str]:
    """Return what is wrong with a statement, by the field it concerns.

    What has been found wrong is left out and the rest is checked again, so that all is shown
    at once. What is wrong in another statement has the key ELSEWHERE.
    """
    statement = sheet.statements[number]
    messages = dict(missing_or_invalid(statement.draft))
    while True:
        without = {clause_key(key) for key in messages}
        wrong = _wrong(sheet, number, without, check)
        if wrong is None:
            return messages
        key, message = wrong
        if clause_key(key) in without:  # leaving it out did not help: it is shown already
            return messages
        messages[key] = message


def _wrong(sheet: Sheet, number: int, without: set[Key], check: _Check) -> tuple[Key, str] | None:
    """Return the first thing wrong in the cell once these clauses of the statement are left out."""
    written = write_draft(sheet.statements[number].draft, without)
    tried = replace(sheet.statements[number], text=written.text)
    text = replace(sheet, statements=_replaced(sheet.statements, number, tried)).text
    try:
        check(text)
    except QueryError as error:
        start = sum(len(s.before + s.text) for s in sheet.statements[:number]) + len(tried.before)
        at = offset(text, error) - start
        inside = 0 <= at <= len(written.text)
        return (written.at(at) if inside else ELSEWHERE), error.message
    return None


def offset(text: str, error: QueryError) -> int:
    """Return the place of the text that an error names."""
    lines = re.split(r"(\r\n?|\n)", text)
    return sum(map(len, lines[: 2 * (error.line - 1)])) + error.column - 1


def _comments(text: str) -> list[str]:
    """Return the comments inside a statement."""
    comments: list[str] = []
    at = 0
    for token in tokens(Source(text)):
        comments += re.findall(r"#[^\r\n]*", text[at : token.start])
        at = token.end
    return comments


def _ended(text: str) -> str:
    return text if not text or text[-1] in "\r\n" else f"{text}\n"


def _replaced(many: tuple[_Written, ...], number: int, new: _Written) -> tuple[_Written, ...]:
    return (*many[:number], new, *many[number + 1 :])
