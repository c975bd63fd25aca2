"""Where the names come from that Tab and the form propose: a file, a sandbox, the journal."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ct_magic import errors
from ct_magic.client import accounts
from ct_magic.client.journal import journal
from ct_magic.client.journal.history import texts_that_found
from ct_magic.client.threads import spawn
from ct_magic.common.fork import ForkLock
from ct_magic.query import parser
from ct_magic.query.catalog import from_schema, names_from_json, to_json
from ct_magic.session.session import SANDBOX, SESSION

if TYPE_CHECKING:
    from ct_magic.query.catalog import Names

AT_A_KEY = 0.15  # seconds that Tab waits for the journal's names; what comes later is for the next
_reading = ForkLock()
_begun: set[str] = set()  # accounts whose forgotten names were read
_learned: set[tuple[Path, str, str]] = set()  # journal, account and text
_MOST = 300  # of the latest submissions, whose names are proposed
_LONGEST = (
    10_000  # characters of a text that is learned from: a longer one is a program's, with ids
)


def names(patience: float | None = None) -> Names:
    """Return the names that are known of the account in use, with what it asked meanwhile.

    Those of the journal are waited for `patience` seconds at the most; None: until they are there.
    """
    account = SESSION.used
    if account not in _begun:
        _begun.add(account)
        SESSION.forget(_forgotten(account), account)
    if reading := spawn(lambda: _learn(account), "ct_magic-names"):
        reading.join(patience)
    else:
        _learn(account)  # the machine has no more threads
    return SESSION.names


def read_names(source: str) -> Names:
    """Add the names of a team's file, or those of the sandbox; return all that are known now."""
    if source == SANDBOX:
        SESSION.know(from_schema(_schema()))
        return SESSION.names
    try:
        text = Path(source).expanduser().read_text(encoding="utf-8-sig")
    except OSError as error:
        message = f"the names file {source!r} cannot be read: {error.strerror}"
        raise errors.UsageError(message) from None
    except UnicodeDecodeError:
        raise errors.UsageError(f"the names file {source!r} is not UTF-8 text") from None
    SESSION.know(names_from_json(text))
    return SESSION.names


def write(target: str) -> None:
    """Write the names that are known into a file that a team can share."""
    try:
        Path(target).expanduser().write_text(to_json(names()), encoding="utf-8")
    except OSError as error:
        message = f"the names file {target!r} cannot be written: {error.strerror}"
        raise errors.UsageError(message) from None


def forget(name: str) -> bool:
    """Propose a name no more, in later sessions, too; return False where it was not known."""
    account = SESSION.used
    if name not in names().all_names():
        return False
    SESSION.forget([name], account)
    if file := _forgotten_file():
        kept = _all_forgotten()
        kept[account] = sorted({*kept.get(account, ()), name})
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file.write_text(json.dumps(kept, ensure_ascii=False, indent=2), encoding="utf-8")
    return True


def _schema() -> dict[str, object]:
    """Ask the sandbox in use: one that runs beside the kernel, else the kernel's own."""
    from ct_magic.client.transport import sandbox_schema

    with suppress(errors.AccountError, OSError, ValueError):
        if SESSION.used != SANDBOX and (schema := sandbox_schema(SESSION.account())):
            return dict(schema)
    own = SESSION.account(SANDBOX)
    try:
        # At its address: in a process that was forked its data are the parent's.
        return dict(sandbox_schema(own) or {})
    except OSError:
        raise errors.AccountError(f"no sandbox answers at {own.base_url}") from None


def _learn(account: str) -> None:
    """Learn what an account asked since the last time, where it found somebody."""
    file, account_id = journal.path(), _id(account)
    if file is None or account_id is None:
        return
    with _reading, suppress(errors.JournalError):
        for text in reversed(texts_that_found(file, _MOST, f"{account_id} at ")):
            if len(text) <= _LONGEST and (file, account, text) not in _learned:
                _learned.add((file, account, text))
                with suppress(errors.QueryError):
                    SESSION.learn(parser.statements(text), account)


def _id(account: str) -> str | None:
    """Return an account's id without asking anybody for its passcode."""
    if account == SANDBOX:
        return "SANDBOX"
    if account == accounts.DEFAULT:
        return os.environ.get("CLEVERTAP_ACCOUNT_ID", "").strip() or None
    with suppress(errors.AccountError):
        return str(accounts.from_file()[account]["id"])
    return None


def _forgotten_file() -> Path | None:
    file = journal.path()
    return file.parent / "forgotten-names.json" if file else None


def _forgotten(account: str) -> list[str]:
    return [name for name in _all_forgotten().get(account, []) if isinstance(name, str)]


def _all_forgotten() -> dict[str, list[str]]:
    file = _forgotten_file()
    with suppress(OSError, ValueError, RecursionError):
        kept = json.loads(file.read_text(encoding="utf-8")) if file else {}
        if isinstance(kept, dict):
            return {name: names for name, names in kept.items() if isinstance(names, list)}
    return {}
