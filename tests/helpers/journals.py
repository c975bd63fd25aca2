"""What a journal holds, as it is stored."""

from __future__ import annotations

from pathlib import Path

from ct_magic.client.journal.store import JournalFile


def submissions(file: Path) -> list[dict[str, object]]:
    """Return every submission of a journal, the oldest first: one dict for each."""
    return JournalFile(file).read("SELECT * FROM submissions ORDER BY id")
