"""A cell's text, cut into statements that a form changes one by one; everything else stays."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from ct_magic.errors import QueryError
from ct_magic.forms.draft import draft as rows, field_text
from ct_magic.forms.draft.draft import FIELDS, FieldRow, Key, clause_key, row, write_draft
from ct_magic.forms.draft.from_tree import draft
from ct_magic.query.lexer import Source, tokens
from ct_magic.query.parser import spelled
from ct_magic.rows import Record, replace


class Missing(str):
    """Says what is still to be filled in: no mistake until Run or Insert is pressed."""

    __slots__ = ()


# Fields that are put into a statement of their own and read back, so that none says more than its
# own; and what is right.
_ALONE = {
    ("query", "period"): "write a period, like 'last 7 days' or '2026-08-10..2026-10-25'",
    ("did", "period"): "write a period, like 'last 7 days', 'after 1 week' or 'within 7 days'",
    ("query", "own"): "write a window, like 'within 7 days' or 'on day 1, 7'",
    ("query", "versus"): "write the other period: 'previous', 'before 52 weeks' or '2026-05'",
}


def missing_or_invalid(draft: FieldRow) -> dict[Key, str]:
    """Return what is still empty, or not allowed in its field."""
    return {} if draft["body"] else dict(_of_row("query", draft, ()))


def _of_row(kind: str, typed: FieldRow, key: Key) -> Iterator[tuple[Key, str]]:
    is_missing = typed["kind"] == rows.SHARE_WHERE and not typed.below("where")
    if is_missing:
        yield (*key, "kind"), Missing("which profiles of the first event? Add a filter to it")
    for name in (name for name in FIELDS[kind] if rows.is_there(name, typed)):
        if typed[name]:
            try:
                _check(kind, name, typed)
            except QueryError as error:
                yield (*key, name), error.message
        elif name in rows.MISSING and not is_missing:
            is_missing = True  # one thing after the other
            yield (*key, name), Missing(rows.MISSING[name])
    for name, below in typed.rows.items():
        for number, child in enumerate(below):
            yield from _of_row(name, child, (*key, name, number))


def _check(kind: str, name: str, typed: FieldRow) -> None:
    """Raise QueryError for a field that is not what it should be, whatever is in the others."""
    text = typed[name]
    if name in ("often", "times"):
        field_text.check_often(text)
    elif name == "property" and typed["scope"] == rows.PART and not text.strip().startswith("$"):
        raise QueryError("a part that has a name: $real, where real = ct_magic.condition(...)")
    elif name == "value" and typed["operator"] == rows.RANGE:
        if not all(part.strip() for part in text.partition("..")):
            raise QueryError("a range has two ends, like 100..500")
    elif (kind, name) in _ALONE:
        own, x = {name: field_text.as_typed(text)}, {"event": "x"}
        of_did = {"kind": "did", **x, **own} if kind == "did" else {"kind": "did any", **x}
        alone = row(x | own if kind == "query" else x, did=(row(of_did),))
        source = Source(write_draft(alone).text)
        if [draft(statement, source) for statement in spelled(source)] != [alone]:
            raise QueryError(_ALONE[kind, name])


ELSEWHERE: Key = ("elsewhere",)


class _Written(Record):
    """A statement, its text, and what is between the one before and it: comments, lines."""

    draft: FieldRow
    text: str = ""
    before: str = ""


class Sheet(Record):
    """The statements of a cell, at least one, and what is behind the last."""

    statements: tuple[_Written, ...] = (_Written(row({})),)
    tail: str = ""

    @property
    def text(self) -> str:
        """The cell's text."""
        return "".join(s.before + s.text for s in self.statements) + self.tail

    def put(self, number: int, changed: FieldRow) -> Sheet:
        """Write one statement anew; its comments go on lines before it."""
        old = self.statements[number]
        text = "".join([*_comments(old.text), write_draft(changed).text])
        new = _Written(changed, text, _ended(old.before))
        return self.with_statement(number, new)

    def with_statement(self, number: int, new: _Written) -> Sheet:
        """Put another statement in the place of one."""
        before, after = self.statements[:number], self.statements[number + 1 :]
        return replace(self, statements=(*before, new, *after))

    def add(self) -> Sheet:
        """Add an empty statement at the end."""
        before = _ended(self.tail or "\n") if self.text.strip() else self.tail
        return Sheet((*self.statements, _Written(row({}), before=before)))

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
        return Sheet((_Written(row({}), before=_ended(source.text)),))
    statements, at = [], 0
    for spelling in spelled(source):
        start, end = spelling[0][0].start, spelling[0][-1].end
        statements.append(
            _Written(draft(spelling, source), source.text[start:end], source.text[at:start])
        )
        at = end
    return Sheet(tuple(statements), source.text[at:])


def problems(sheet: Sheet, number: int, check: Callable[[str], object]) -> dict[Key, str]:
    """Return what is wrong with a statement, by the field it concerns.

    `check` raises QueryError for a text that cannot be asked. What has been found wrong is left out
    and the rest is checked again, so that all is shown at once. What is wrong in another statement
    has the key ELSEWHERE.
    """
    statement = sheet.statements[number]
    start = sum(len(s.before + s.text) for s in sheet.statements[:number]) + len(statement.before)
    messages = dict(missing_or_invalid(statement.draft))
    while True:
        without = {clause_key(key) for key in messages}
        written = write_draft(statement.draft, without)
        text = sheet.with_statement(number, replace(statement, text=written.text)).text
        try:
            check(text)
        except QueryError as error:
            at = Source(text).offset(error.line, error.column) - start
            key = written.at(at) if 0 <= at <= len(written.text) else ELSEWHERE
            if clause_key(key) not in without:
                messages[key] = error.message
                continue
        return messages  # nothing more is wrong, or leaving it out did not help


def _comments(text: str) -> list[str]:
    """Return the comments inside a statement, each as a line."""
    found = list(tokens(Source(text)))
    gaps = [text[left.end : right.start] for left, right in pairwise(found)]
    return [f"{comment}\n" for gap in gaps for comment in re.findall(r"#[^\r\n]*", gap)]


def _ended(text: str) -> str:
    return text if not text or text[-1] in "\r\n" else f"{text}\n"
