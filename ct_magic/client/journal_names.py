"""The queries of a journal that found somebody: their names are worth proposing.

Read beside the journal itself, a bounded number at a time, and never written: Tab asks for them,
and a journal of years must not make anybody wait.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

# Of an account's rows the newest; `account` there is its id and address.
FOUND = (
    "SELECT id, text FROM asked WHERE id > ? AND substr(account, 1, length(?)) = ?"
    " AND state = 'success' AND typeof(count) = 'integer' AND count > 0"
    " ORDER BY id DESC LIMIT ?"
)


def found_somebody(
    file: Path, account_id: str, after: int, most: int = 300
) -> tuple[tuple[str, ...], int]:
    """Return texts of an account's queries that found somebody, oldest first, and the last row.

    Only rows behind the number `after` are read. Nothing is returned where the file is not there
    or cannot be read: a count says what is wrong with it, Tab does not.
    """
    if not file.is_file():
        return (), after
    account = f"{account_id} at "
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as db:
            rows = db.execute(FOUND, (after, account, account, most)).fetchall()
    except sqlite3.Error:
        return (), after
    texts = [text for _, text in reversed(rows) if isinstance(text, str)]
    return tuple(dict.fromkeys(texts)), rows[0][0] if rows else after
