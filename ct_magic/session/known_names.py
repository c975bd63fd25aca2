"""Where the names come from that Tab and the form propose: a file, a sandbox, the journal."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ct_magic import errors
from ct_magic.client import accounts
from ct_magic.client.journal import journal
from ct_magic.client.journal.history import texts_that_found
from ct_magic.common.threads import ForkLock, spawn
from ct_magic.query import parser
from ct_magic.query.catalog import Names, from_schema, names_from_json, to_json
from ct_magic.query.doubts import are_doubted
from ct_magic.session.session import SANDBOX, SESSION

if TYPE_CHECKING:
    from ct_magic.client.accounts import Account

AT_A_KEY = 0.15  # seconds that Tab waits for the journal's names; what comes later is for the next
_reading = ForkLock()
_learned: set[tuple[Path, str, str]] = set()  # journal, account and text
_MOST_SUBMISSIONS = 300  # of the latest submissions, whose names are proposed
_LONGEST_TEXT = 10_000  # characters of a text to learn from: a longer one is a program's, with ids


def names(patience: float | None = None) -> Names:
    """Return the names known of the account in use; those of the journal are waited for so long."""
    account = SESSION.used
    if reading := spawn(lambda: _learn(account), "ct_magic-names"):
        reading.join(patience)
    else:
        _learn(account)  # the machine has no more threads
    return SESSION.names


def known_of_account(account: str | None = None) -> dict[str, Names]:
    """Return what is known of an account, by where it comes from: see `Session.sources`."""
    if account and account != SANDBOX:
        accounts.own_address(account)  # or an error: there is no such account
    account = account or SESSION.used
    if account == SANDBOX and SANDBOX not in SESSION.sources(account):
        SESSION.know(from_schema(_schema(account)), account, SANDBOX)
    _learn(account)
    return SESSION.sources(account)


def use(name: str) -> Account:
    """Ask this account from now on; with the sandbox the names in its data are known."""
    account = SESSION.use(name)
    if name == SANDBOX:
        known_of_account(name)
    return account


def read_names(source: str) -> Names:
    """Add the names of a team's file, or those of the sandbox; return all that are known now."""
    if source == SANDBOX:
        SESSION.know(from_schema(_schema(SESSION.used)), source=SANDBOX)
        return SESSION.names
    try:
        text = Path(source).expanduser().read_text(encoding="utf-8-sig")
    except OSError as error:
        message = f"the names file {source!r} cannot be read: {error.strerror}"
        raise errors.UsageError(message) from None
    except UnicodeDecodeError:
        raise errors.UsageError(f"the names file {source!r} is not UTF-8 text") from None
    SESSION.know(names_from_json(text), source=source)
    return SESSION.names


def write(target: str) -> None:
    """Write the names that are known into a file that a team can share."""
    try:
        Path(target).expanduser().write_text(to_json(names()), encoding="utf-8")
    except OSError as error:
        message = f"the names file {target!r} cannot be written: {error.strerror}"
        raise errors.UsageError(message) from None


def _schema(account: str) -> object:
    """Ask the sandbox of an account: one that runs beside the kernel, else the kernel's own."""
    from ct_magic.client.transport import sandbox_schema

    with suppress(errors.AccountError, OSError, ValueError):
        if account != SANDBOX and (schema := sandbox_schema(SESSION.account(account))):
            return schema
    own = SESSION.account(SANDBOX)
    try:
        # At its address: in a process that was forked its data are the parent's.
        return sandbox_schema(own)
    except OSError:
        raise errors.AccountError(f"no sandbox answers at {own.base_url}") from None


def _learn(account: str) -> None:
    """Learn what an account asked since the last time, where it found profiles."""
    file, account_id = journal.path(), _id(account)
    if file is None or account_id is None:
        return
    with _reading, suppress(errors.JournalError):
        for text in reversed(texts_that_found(file, _MOST_SUBMISSIONS, f"{account_id} at ")):
            if len(text) > _LONGEST_TEXT or (file, account, text) in _learned:
                continue
            _learned.add((file, account, text))
            with suppress(errors.QueryError):
                given = SESSION.given_names(account)
                queries = parser.statements(text, names=given)
                # Not those whose names are doubted: Tab learns no typos.
                sure = [
                    query for query in queries if not are_doubted(Names().learned(query), given)
                ]
                SESSION.learn(sure, account)


def _id(account: str) -> str | None:
    """Return an account's id without asking anybody for its passcode."""
    if account == SANDBOX:
        return accounts.SANDBOX_ID
    if account == accounts.DEFAULT:
        return os.environ.get("CLEVERTAP_ACCOUNT_ID", "").strip() or None
    with suppress(errors.AccountError):
        return str(accounts.from_file()[account]["id"])
    return None
