"""A journal, read as a whole: what was asked, cell by cell, and the queries that found profiles."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ct_magic.client.journal.entries import Entry, Parts, entry, moment, text
from ct_magic.errors import JournalError
from ct_magic.rows import Record

if TYPE_CHECKING:
    from ct_magic.client.journal.store import JournalFile

_T = TypeVar("_T")
OF_A_CELL = (
    "SELECT submissions.*, question FROM cell_questions"
    " JOIN submissions ON submissions.id = submission WHERE cell_questions.cell = ?"
    " ORDER BY question"
)
# Only the start of each part is read: it may list thousands of customers.
_SHORT_PARTS = "SELECT cell, substr(text, 1, 60) AS text FROM parts ORDER BY cell, number"
_OF_CELLS = (
    "id IN (SELECT cell FROM parts WHERE instr(text, ?)) OR instr(titles, ?) OR id IN"
    " (SELECT cell_questions.cell FROM cell_questions JOIN submissions"
    " ON submissions.id = submission WHERE instr(text, ?) OR instr(body, ?))"
)
_OF_ONE = "instr(text, ?) OR instr(title, ?) OR instr(body, ?) OR instr(key, ?)"
# A submission without a cell, as older versions wrote them, is a cell of its own.
_CELLS_SQL = """
SELECT NULL AS submission, id AS cell, account, began, variable, zone, titles, counts
FROM cells WHERE {cells}
UNION ALL
SELECT id, NULL, account, asked, NULL, NULL, NULL, 1 FROM submissions WHERE cell IS NULL AND ({one})
ORDER BY began DESC, submission DESC LIMIT ?
"""
_LONGEST_QUERY = 2000  # characters; to read a list of thousands of values would take seconds
_CELLS_FOUND = (
    "SELECT text FROM (SELECT * FROM submissions ORDER BY id DESC LIMIT ?)"
    " WHERE substr(account, 1, length(?)) = ? AND state = 'success' AND typeof(text) = 'text'"
    " AND typeof(count) = 'integer' AND count > 0 AND length(text) <= ?"
    " GROUP BY text ORDER BY max(id) DESC"
)


class PastCell(Record):
    """A cell that was asked, with all that was submitted for it."""

    account: str
    began: float | None  # seconds since 1970
    variable: str | None
    zone: str | None
    titles: tuple[str, ...]  # its statements as typed
    counts: int  # that it needed
    entries: tuple[Entry, ...]


def past_cells(file: Path | None, limit: int, holding: str | None = None) -> list[PastCell]:
    """Return the latest cells, newest first, or those that hold a text; may raise JournalError."""
    where = {"cells": _OF_CELLS, "one": _OF_ONE} if holding else {"cells": "1", "one": "1"}
    values = (holding,) * 8 if holding else ()

    def work(opened: JournalFile) -> list[PastCell]:
        parts: defaultdict[str | None, Parts] = defaultdict(Parts)
        for row in opened.read(_SHORT_PARTS):
            parts[str(row["cell"])].texts.append(f"{row['text']}…")
        cells = opened.read(_CELLS_SQL.format(**where), (*values, limit))
        return [_past_cell(cell, opened, parts) for cell in cells]

    return _read_file(file, work) or []


def texts_that_found(file: Path | None, limit: int, account: str = "") -> list[str]:
    """Return the queries that found profiles, of the latest submissions of an account."""
    # `account` is how its name in the journal begins: its id, and perhaps its address.
    values = (limit, account, account, _LONGEST_QUERY)
    rows = _read_file(file, lambda opened: opened.read(_CELLS_FOUND, values)) or []
    return [row["text"] for row in rows if isinstance(row["text"], str)]


def _past_cell(
    cell: dict[str, Any], opened: JournalFile, parts: Mapping[str | None, Parts]
) -> PastCell:
    is_one = cell["cell"] is None
    sql = "SELECT * FROM submissions WHERE id = ?" if is_one else OF_A_CELL
    rows = opened.read(sql, (cell["submission" if is_one else "cell"],))
    entries = tuple(entry(row, parts[text(row["cell"])]) for row in rows)
    if is_one:
        titles = tuple(entry.title for entry in entries)
    else:
        titles = _titles(cell["titles"], parts[cell["cell"]])
    times = [known.asked for known in entries if known.asked is not None]
    began = moment(cell["began"]) if cell["began"] is not None else min(times, default=None)
    variable, zone = text(cell["variable"]), text(cell["zone"])
    counts = cell["counts"] if isinstance(cell["counts"], int) else len(entries)
    return PastCell(str(cell["account"]), began, variable, zone, titles, counts, entries)


def _titles(stored: object, parts: Parts) -> tuple[str, ...]:
    try:
        return tuple(parts.unfolded(title) for title in json.loads(str(stored)))
    except (LookupError, TypeError, ValueError, RecursionError):
        return ()


def _read_file(file: Path | None, work: Callable[[JournalFile], _T]) -> _T | None:
    if file is None or not file.exists():
        return None
    try:
        from ct_magic.client.journal.store import JournalFileError, opened
    except ImportError as error:
        raise JournalError(f"the journal {file} cannot be read ({error})") from None
    try:
        return work(opened(file))
    except JournalFileError as error:
        raise JournalError(f"the journal {file} cannot be read ({error})") from None
