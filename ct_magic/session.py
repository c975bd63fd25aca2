"""One kernel's session: the account in use, the names it knows, the sandbox it started."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING

from .client import accounts
from .client.accounts import Account
from .client.credentials import Secret

if TYPE_CHECKING:
    from .query.catalog import Names
    from .query.model import JsonQuery, Query
    from .sandbox import Sandbox

SANDBOX = "sandbox"


class Session:
    """What `%ct use` chose, and what was learned. Shared by the magics, the form and `count()`."""

    def __init__(self) -> None:
        self._used: str | None = None
        self._sandbox: Sandbox | None = None
        self._names: Names | None = None
        self._told: Names | None = None
        self._learning = Lock()
        self.recollected = False

    @property
    def used(self) -> str:
        """The name of the account that is asked where none is named."""
        return self._used or accounts.DEFAULT

    def use(self, name: str) -> Account:
        """Ask this account from now on; `sandbox` is started if it is not running."""
        account = self.account(name)
        if name != self.used:
            self._told = None
        self._used = name
        return account

    def account(self, name: str | None = None) -> Account:
        """Give the account of that name, or the one in use."""
        name = name or self.used
        return self._sandbox_account() if name == SANDBOX else accounts.find(name)

    @property
    def sandbox(self) -> Sandbox | None:
        """The sandbox that this session started, if it did."""
        return self._sandbox

    @property
    def names(self) -> Names:
        """The names that Tab and the form propose: asked for, or read by `%ct names`."""
        from .query.catalog import Names

        return self._names or Names()

    @property
    def told(self) -> Names:
        """The names that somebody vouches for: read by `%ct names` for the account in use."""
        from .query.catalog import Names

        return self._told or Names()

    def know(self, names: Names) -> None:
        """Add names; the newer come first."""
        with self._learning:
            self._told = self.told.merged(names)
            self._names = self.names.merged(names)

    def learn(self, queries: Iterable[Query | JsonQuery]) -> None:
        """Add the names that these queries hold."""
        # The journal's names are learned beside the cells: neither may undo what the other did.
        with self._learning:
            names = self.names
            for query in queries:
                names = names.learned(query)
            self._names = names

    def started_sandbox(self) -> Sandbox:
        """Give this session's sandbox; it is started if it is not running."""
        if self._sandbox is None:
            from .sandbox import Sandbox

            self._sandbox = Sandbox().start()
        return self._sandbox

    def _sandbox_account(self) -> Account:
        return Account(
            name=SANDBOX,
            id="SANDBOX",
            passcode=Secret("sandbox"),
            base_url=self.started_sandbox().url,
            timezone="UTC",
            poll_interval=1.0,
        )


SESSION = Session()
