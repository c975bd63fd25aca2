"""A journal, read as a whole: what was asked, cell by cell, and the names that found somebody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ct_magic.client.journal.entries import Entry, entry, moment, text
from ct_magic.errors import JournalError

# A submission without a cell, as older versions wrote them, is a cell of its own.
_CELLS = """
SELECT coalesce(cells.id, 'asked ' || asked.id) AS cell, max(asked.id) AS last,
       cells.began, cells.variable, cells.zone, asked.account
FROM (SELECT * FROM asked {where} ORDER BY id DESC LIMIT ?) AS asked
LEFT JOIN needed ON needed.asked = asked.id
LEFT JOIN cells ON cells.id = needed.cell
GROUP BY 1 ORDER BY last DESC LIMIT ?
"""
_MOST = 100_000  # of the latest submissions, which are looked through
HOLDS = "WHERE instr(asked.text, ?) OR instr(asked.title, ?) OR instr(asked.body, ?)"
OF_A_CELL = (
    "SELECT asked.* FROM needed JOIN asked ON asked.id = needed.asked WHERE cell = ?"
    " ORDER BY question"
)
_FOUND = (
    "SELECT text FROM (SELECT * FROM asked ORDER BY id DESC LIMIT ?)"
    " WHERE substr(account, 1, length(?)) = ? AND state = 'success'"
    " AND typeof(count) = 'integer' AND count > 0 GROUP BY text ORDER BY max(id) DESC"
)


@dataclass(frozen=True, slots=True)
class PastCell:
    """A cell that was asked: when (seconds since 1970), of whom, for which variable, and how."""

    account: str
    began: float | None
    variable: str | None
    zone: str | None
    entries: tuple[Entry, ...]


def submissions(file: Path | None) -> list[dict[str, object]]:
    """Return every submission of a journal, the oldest first: one dict for each, as stored.

    Raises JournalError for a file that cannot be read.
    """
    return _read(file, [("SELECT * FROM asked ORDER BY id", ())])[0]


def past_cells(file: Path | None, limit: int, holding: str | None = None) -> list[PastCell]:
    """Return the latest cells, the newest first; with `holding` only those whose queries hold it.

    Raises JournalError for a file that cannot be read.
    """
    where, values = (HOLDS, (holding,) * 3) if holding else ("", ())
    (cells,) = _read(file, [(_CELLS.format(where=where), (*values, _MOST, limit))])
    queries = [_entries_of(cell) for cell in cells]
    rows = _read(file, queries)
    return [_past_cell(cell, entries) for cell, entries in zip(cells, rows, strict=True)]


def texts_that_found(file: Path | None, limit: int, account: str = "") -> list[str]:
    """Return the queries, among so many of the latest submissions, that found somebody.

    `account` is how the journal's name of the account begins: its id, and perhaps its address.
    """
    (rows,) = _read(file, [(_FOUND, (limit, account, account))])
    return [row["text"] for row in rows if isinstance(row["text"], str)]


def _entries_of(cell: dict[str, object]) -> tuple[str, tuple[object, ...]]:
    if cell["began"] is None:
        return "SELECT * FROM asked WHERE id = ?", (cell["last"],)
    return OF_A_CELL, (cell["cell"],)


def _past_cell(cell: dict[str, object], rows: Sequence[dict[str, object]]) -> PastCell:
    entries = tuple(map(entry, rows))
    times = [known.asked for known in entries if known.asked is not None]
    began = moment(cell["began"]) if cell["began"] is not None else min(times, default=None)
    variable, zone = text(cell["variable"]), text(cell["zone"])
    return PastCell(str(cell["account"]), began, variable, zone, entries)


def _read(
    file: Path | None, queries: Sequence[tuple[str, tuple[object, ...]]]
) -> list[list[dict[str, object]]]:
    if file is None or not file.exists():
        return [[] for _ in queries]
    try:
        from ct_magic.client.journal.store import JournalFile, JournalFileError
    except ImportError as error:
        raise JournalError(f"the journal {file} cannot be read ({error})") from None
    try:
        opened = JournalFile(file)
        try:
            return [opened.read(*query) for query in queries]
        finally:
            opened.close()
    except JournalFileError as error:
        raise JournalError(f"the journal {file} cannot be read ({error})") from None
