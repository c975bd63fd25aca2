"""`%ct use`, `accounts` and `login`: whom to ask."""

from __future__ import annotations

import getpass
import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ..client import accounts, credentials
from ..errors import AccountError, MissingExtraError, UsageError
from ..session import SANDBOX, SESSION
from .arguments import PASSCODE
from .invocation import Invocation, say

if TYPE_CHECKING:
    import pandas as pd


def use_command(invocation: Invocation) -> None:
    """Ask this account from now on: %ct use sandbox, %ct use prod."""
    from .. import name_sources

    name = invocation.one_word("the name of an account", default=SESSION.used)
    account = SESSION.use(name)
    if name == SANDBOX:
        name_sources.read_names(SANDBOX)
    say(f"using account {account.name}, {account.id}, {account.where}")


def show_accounts(invocation: Invocation) -> pd.DataFrame:
    """Show the accounts that can be used, where each is asked, and whether a passcode is there."""
    from ..results.frame import records
    from .short_display import as_table

    invocation.refuse_arguments()
    tables: dict[str, dict[str, object]] = {accounts.DEFAULT: {}, SANDBOX: {}}
    tables |= accounts.from_file()
    return as_table(records([_row(name, table) for name, table in tables.items()]))


def login(invocation: Invocation) -> None:
    """Ask for an account's passcode with a hidden prompt: %ct login prod."""
    if len(invocation.text.split()) > 1:
        raise UsageError(PASSCODE)
    name = invocation.one_word("the name of an account", default=accounts.DEFAULT)
    if name == SANDBOX:
        raise UsageError("the sandbox asks for no passcode: '%ct use sandbox' is all it needs")
    if name not in (known := (accounts.DEFAULT, *accounts.from_file())):
        # What was typed may be the passcode itself: it is not repeated.
        raise AccountError(
            f"{accounts.config_file()} has no account of that name: there are {', '.join(known)}. "
            "If it was a passcode, change it: '%ct login' asks for one hidden"
        )
    passcode = credentials.checked(_typed(name))
    try:
        kept = credentials.remember(name, passcode)
    except KeyboardInterrupt:
        raise AccountError(
            f"cancelled in the keyring's dialog: no passcode of account {name} is kept; "
            f"'%ct login {name}' asks again"
        ) from None
    say(f"kept for account {name} {'in the keyring' if kept else _only_now()}")


def _typed(name: str) -> credentials.Secret:
    url = _own_address(name)
    prompt = f"Passcode of account {name}{f', for {url}' if url else ''}: "
    try:
        # Looked up now: a kernel puts its own in place while a cell runs.
        return credentials.Secret(getpass.getpass(prompt))
    except Exception as error:
        # A front end without an input line raises what it likes: EOFError, a kernel's own error.
        raise AccountError(
            f"this front end has no input line; set {credentials.variable(name)} instead"
        ) from error


def _own_address(name: str) -> str | None:
    """Return the address that an account names itself: whoever types the passcode may see it."""
    if name == accounts.DEFAULT:
        url = os.environ.get("CLEVERTAP_BASE_URL", "").strip()
    else:
        url = str(accounts.from_file()[name].get("base_url") or "")
    return accounts.base_url(url) if url else None


def _row(name: str, table: dict[str, object]) -> dict[str, object]:
    row = {
        "account": name,
        "in use": name == SESSION.used,
        "ready": True,
        "id": table.get("id"),
        "region": table.get("region", "eu1" if table else None),
        "note": None,
    }
    if name == SANDBOX:
        return row | {"id": "SANDBOX", "region": "local"}
    try:
        account = accounts.find_account(name)
    except AccountError as error:
        return row | {"ready": False, "note": str(error)}
    return row | {"id": account.id, "region": account.place}


def _only_now() -> str:
    if find_spec("keyring") is not None:
        return "for this session"
    return f"for this session; {MissingExtraError('keeping it for good', 'keyring')}"
