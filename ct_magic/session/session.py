"""One kernel's session: the account in use, the names each account knows, its own sandbox."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import TYPE_CHECKING

from ct_magic.client import accounts
from ct_magic.client.accounts import Account
from ct_magic.client.credentials import Secret
from ct_magic.common.threads import ForkLock
from ct_magic.errors import AccountError, UsageError
from ct_magic.query.catalog import SYSTEM, Names

if TYPE_CHECKING:
    from ct_magic.query.model import JsonQuery, Query
    from ct_magic.sandbox import Sandbox

SANDBOX = "sandbox"


class Session:
    """What `%ct use` chose, and which names are known. Shared by magics, form and `count()`."""

    def __init__(self) -> None:
        self.used = accounts.DEFAULT  # the account that is asked where none is named
        self.sandbox: Sandbox | None = None  # that this session started, if it did
        # Of each account: what a file, a sandbox or `%ct values` gave, and what found profiles.
        self._given: dict[str, dict[str, Names]] = {}  # by where they come from
        self._learned: dict[str, Names] = {}
        self._lock, self._starting = ForkLock(), ForkLock()

    def use(self, name: str) -> Account:
        """Ask this account from now on; `sandbox` is started if it is not running."""
        account = self.account(name)
        self.used = account.name
        return account

    def account(self, account: str | Account | None = None) -> Account:
        """Return the account that is given or has that name; without one, the one in use."""
        if isinstance(account, Account):
            return account
        if not isinstance(account, str | None):
            raise UsageError("account is a name or a ct_magic.Account")
        name = account or self.used
        if name != SANDBOX:
            return accounts.find_account(name)
        from ct_magic.sandbox import Sandbox

        with self._starting:
            self.sandbox = self.sandbox or Sandbox().start()
        return Account(
            name=SANDBOX,
            id=accounts.SANDBOX_ID,
            passcode=Secret("sandbox"),
            base_url=self.sandbox.url,
            timezone="UTC",
            poll_interval=1.0,
        )

    def account_if_any(self, account: str | Account | None = None) -> Account | None:
        """Return the account; None where none is given and none is set up: nothing is sent then."""
        try:
            return self.account(account)
        except AccountError:
            if account:
                raise
            return None

    @property
    def names(self) -> Names:
        """The names that Tab and the form propose: the given ones first, then the learned ones."""
        system, learned, *given = self.sources().values()
        return system.merged(learned.in_order()).merged(_all_names(given).in_order())

    def sources(self, account: str | None = None) -> dict[str, Names]:
        """Return what is known of an account, by where it comes from: the surest at the end."""
        account = account or self.used
        with self._lock:
            given = dict(self._given.get(account, {}))
            return {"API": SYSTEM, "asked": self._learned.get(account, Names()), **given}

    def given_names(self, account: str | None = None) -> Names:
        """Return the names that are sure for an account: what is near one of them is doubted."""
        system, _, *given = self.sources(account).values()
        return system.merged(_all_names(given))

    def know(self, names: Names, account: str | None = None, source: str = "given") -> None:
        """Add given names of an account; the newer values come first."""
        with self._lock:
            given = self._given.setdefault(account or self.used, {})
            given[source] = given.pop(source, Names()).merged(names)

    def learn(self, queries: Iterable[Query | JsonQuery], account: str | None = None) -> None:
        """Add the names of queries that found profiles."""
        account = account or self.used
        # The journal's names are learned beside the cells: neither may undo what the other did.
        with self._lock:
            names = self._learned.get(account, Names())
            for query in queries:
                names = names.learned(query)
            self._learned[account] = names


def _all_names(parts: Iterable[Names]) -> Names:
    return reduce(Names.merged, parts, Names())


SESSION = Session()
