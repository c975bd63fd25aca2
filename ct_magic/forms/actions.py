"""What the form does with its query: count it, or write it into a cell."""

from __future__ import annotations

import shlex
from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING

import ipywidgets as w

from ..client import accounts
from ..counting.asking import ask
from ..errors import CountError, CtMagicError
from ..handle import Counting
from ..prepare import prepare
from ..progress.panel import Panel
from ..progress.widget_panel import WidgetPanel
from ..session import SANDBOX, SESSION
from ..settings import Settings
from ..variable_name import is_reserved

if TYPE_CHECKING:
    import pandas as pd

    from ..progress.panel import Shown

Show = Callable[[w.Widget], None]
Say = Callable[[str, bool], None]  # what is said, and whether it is an error


class Runner:
    """Counts in the background and fills a variable; one count at a time.

    `show` places the panel, `say` tells how it stands.
    """

    def __init__(
        self, variables: MutableMapping[str, object], settings: Settings, show: Show, say: Say
    ) -> None:
        self._variables, self._settings = variables, settings
        self._show, self._say = show, say
        self._counting: Counting | None = None

    @property
    def running(self) -> bool:
        """Return True while a count runs."""
        return self._counting is not None and not self._counting.done()

    def start(self, text: str, name: str, account: str | None, *, refresh: bool = False) -> bool:
        """Start to count; the variable is a handle, and then the DataFrame.

        Return True if it began. With `refresh` the service is asked in any case.
        """
        if self.running:
            self._say("still counting: Cancel stops it", True)
            return False
        self._say(f"counting into {name} …", False)
        try:
            cell = prepare(text, params=self._variables, account=account, settings=self._settings)
            counting = ask(cell, refresh=refresh, panel=self._opened, variable=name).followed()
        except CtMagicError as error:
            self._say(str(error), True)
            return False
        self._counting = self._variables[name] = counting
        counting.when_done(lambda frame: self._arrived(name, counting, frame))
        return True

    def _opened(self, run: Shown, note: str | None) -> Panel:
        # The form shows the panel itself, so nothing is displayed.
        panel = WidgetPanel(run, note, lambda bundle: None, keep=True)
        self._show(panel.box)
        return panel

    def _arrived(self, name: str, counting: Counting, frame: pd.DataFrame) -> None:
        # Only while the variable is still ours: the user may have bound it to something else.
        is_bound = self._variables.get(name) is counting
        if is_bound:
            self._variables[name] = frame
        state = (
            f"{name} holds what had arrived" if is_bound else f"{name} is bound to something else"
        )
        try:
            counting.result(0)
        except CountError as error:
            return self._say(f"{error}\n{state}", True)
        rows = f"{name} is a DataFrame with {len(frame):,} row{'s' * (len(frame) != 1)}"
        return self._say(rows if is_bound else f"counted, but {state}", False)


def cell(text: str, name: str, account: str | None, *, refresh: bool = False) -> str:
    """Write the cell that asks the same."""
    head = ["%%ctcount", *([name] if name else [])]
    head += ["--account", shlex.quote(account)] if account else []
    head += ["--refresh"] if refresh else []
    return f"{' '.join(head)}\n{text}"


def known_accounts() -> list[str]:
    """Return the names of the accounts in use."""
    return [accounts.DEFAULT, SANDBOX, *accounts.from_file()]


def zone_of(account: str | None) -> str | None:
    """Return the name of an account whose today can be read without any request."""
    return None if account == SANDBOX and SESSION.sandbox is None else account


def name_problem(name: str) -> str | None:
    """Return why this cannot name a variable; None if it can."""
    if not name:
        return "which variable gets the DataFrame? Like 'foodies'"
    if not name.isidentifier():
        return f"{name!r} cannot name a variable: letters, digits and _, no digit first"
    return f"{name!r} is a word of Python's own: take another" if is_reserved(name) else None


def account_problem(name: str | None) -> str | None:
    """Return why this account cannot be used; None if it can."""
    if name is None or name in known_accounts():
        return None
    return f"there is no account {name!r}: there are {', '.join(known_accounts())}"
