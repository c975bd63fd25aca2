"""The names that Tab and the form propose: of the journal, a team's file, a sandbox."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import errors
from .client import journal
from .client.journal_history import texts_that_found
from .client.threads import spawn
from .query import parser
from .query.catalog import from_json, from_schema, to_json
from .session import SANDBOX, SESSION

if TYPE_CHECKING:
    from .query.catalog import Names

RECOLLECTED = 300  # of the latest submissions, whose names are proposed


def names() -> Names:
    """Give the names that are known; the first time, those of the journal are fetched beside."""
    if not SESSION.recollected:
        SESSION.recollected = True
        spawn(_recollect, "ct_magic-names")
    return SESSION.names


def read(source: str) -> Names:
    """Add the names of a team's file, or those of the sandbox; give all that are known now."""
    if source == SANDBOX:
        SESSION.know(from_schema(_schema()))
        return SESSION.names
    try:
        SESSION.know(from_json(Path(source).expanduser().read_text(encoding="utf-8")))
    except OSError as error:
        what = f"the names file {source!r} cannot be read: {error.strerror}"
        raise errors.UsageError(what) from None
    except UnicodeDecodeError:
        raise errors.UsageError(f"the names file {source!r} is not UTF-8 text") from None
    return SESSION.names


def write(target: str) -> None:
    """Write the names that are known into a file that a team can share."""
    try:
        Path(target).expanduser().write_text(to_json(names()), encoding="utf-8")
    except OSError as error:
        what = f"the names file {target!r} cannot be written: {error.strerror}"
        raise errors.UsageError(what) from None


def _schema() -> dict[str, Any]:
    """Ask the sandbox in use: one that runs beside the kernel, else the kernel's own."""
    from .client.transport import sandbox_schema

    with suppress(errors.AccountError):
        if SESSION.used != SANDBOX and (found := sandbox_schema(SESSION.account())):
            return dict(found)
    return SESSION.started_sandbox().schema()


def _recollect() -> None:
    texts: list[str] = []
    with suppress(errors.JournalError):
        texts = texts_that_found(journal.path(), RECOLLECTED)
    for text in reversed(texts):
        with suppress(errors.QueryError):
            SESSION.learn(parser.statements(text))
