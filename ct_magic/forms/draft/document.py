"""A cell's text, cut into statements that a form changes one by one; everything else stays."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from ...errors import QueryError
from ...query.lexer import tokens
from ...query.parser import spelled
from ...query.source import Source
from .draft import Draft, Key, clause_key, write_draft
from .from_tree import draft
from .validate import holes

_Check = Callable[[str], object]  # raises QueryError for a text that cannot be asked
ELSEWHERE: Key = ("elsewhere",)


@dataclass(frozen=True, slots=True)
class _Statement:
    """A statement, its text, and what stands between the one before and it: comments, lines."""

    draft: Draft
    text: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The statements of a cell, at least one, and what stands behind the last."""

    statements: tuple[_Statement, ...] = (_Statement(Draft()),)
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
        new = _Statement(changed, text, _ended(old.before))
        return replace(self, statements=_with(self.statements, number, new))

    def add(self) -> Sheet:
        """Add an empty statement at the end."""
        before = _ended(self.tail or "\n") if self.text.strip() else self.tail
        return Sheet((*self.statements, _Statement(Draft(), before=before)))

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
        return Sheet((_Statement(Draft(), before=_ended(source.text)),))
    statements, at = [], 0
    for spelling in spelled(source):
        start, end = spelling.line[0].start, spelling.line[-1].end
        statements.append(
            _Statement(draft(spelling, source), source.text[start:end], source.text[at:start])
        )
        at = end
    return Sheet(tuple(statements), source.text[at:])


def problems(sheet: Sheet, number: int, check: _Check) -> dict[Key, str]:
    """Return what is wrong with a statement, by the field it concerns.

    What has been found wrong is left out and the rest is checked again, so that all is said at
    once. What is wrong in another statement stands under ELSEWHERE.
    """
    statement = sheet.statements[number]
    messages = dict(holes(statement.draft))
    while True:
        without = {clause_key(key) for key in messages}
        wrong = _wrong(sheet, number, without, check)
        if wrong is None:
            return messages
        key, message = wrong
        if clause_key(key) in without:  # leaving it out did not help: what is left is said already
            return messages
        messages[key] = message


def _wrong(sheet: Sheet, number: int, without: set[Key], check: _Check) -> tuple[Key, str] | None:
    """Return the first thing wrong in the cell once these clauses of the statement are left out."""
    written = write_draft(sheet.statements[number].draft, without)
    tried = replace(sheet.statements[number], text=written.text)
    text = replace(sheet, statements=_with(sheet.statements, number, tried)).text
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


def _with(many: tuple[_Statement, ...], number: int, new: _Statement) -> tuple[_Statement, ...]:
    return (*many[:number], new, *many[number + 1 :])
