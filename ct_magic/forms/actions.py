"""What the form does with its query: count it, or write it into a cell."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from ct_magic.client import accounts
from ct_magic.common.threads import spawn
from ct_magic.common.words import counted, is_reserved
from ct_magic.counting.asking import ask
from ct_magic.counting.handle import Counting
from ct_magic.errors import CountError, CtMagicError
from ct_magic.panel.panel import Panel
from ct_magic.panel.widget_panel import WidgetPanel
from ct_magic.planning.prepare import prepare
from ct_magic.session.session import SANDBOX
from ct_magic.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

    from ct_magic.panel.panel import About
    from ct_magic.planning.row_results import RowRun


Show = Callable[[w.Widget], None]
Say = Callable[[str, bool], None]  # the message, and whether it is an error


class Runner:
    """Counts in the background and fills a variable; one count at a time.

    `show` places the panel, `say` shows its state.
    """

    def __init__(
        self, variables: MutableMapping[str, object], settings: Settings, show: Show, say: Say
    ) -> None:
        self._variables, self._settings = variables, settings
        self._show, self._say = show, say
        self._counting: Counting | None = None

    def start(self, text: str, name: str, account: str | None, *, refresh: bool = False) -> bool:
        """Start to count; the variable is a handle, and then the DataFrame.

        Return True if it began. With `refresh` the service is asked in any case.
        """
        if self._counting is not None and not self._counting.done():
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

    def _opened(self, run: RowRun, about: About) -> Panel:
        # The form shows the panel itself, so nothing is displayed.
        panel = WidgetPanel(run, about, lambda bundle: None, keep=True)
        self._show(panel.box)
        return panel

    def _arrived(self, name: str, counting: Counting, frame: pd.DataFrame) -> None:
        # Only while the variable is still ours: the user may have bound it to something else.
        is_bound = self._variables.get(name) is counting
        if is_bound:
            self._variables[name] = frame
        held = "holds what had arrived" if is_bound else "is bound to something else"
        state = f"{name} {held}"
        try:
            counting.result(0)
        except CountError as error:
            return self._say(f"{error}\n{state}", True)
        rows = f"{name} is a DataFrame with {counted(len(frame), 'row')}"
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


# Asks the page to insert a cell below: a comm that a front end's extension answers.
#
# The kernel opens the comm `ct_magic.insert` with `{"text": "<the cell's source>"}`. A page that
# can insert cells does, and answers `{"inserted": true}`, or false where it failed. A page that
# knows nothing of it is silent.

TARGET = "ct_magic.insert"
PATIENCE = 1.0  # seconds after which a page is taken for one that cannot


def insert(text: str, tell: Callable[[bool], None], patience: float = PATIENCE) -> None:
    """Ask for a cell with this text, and come back at once.

    `tell` is called with False when no page has inserted it in time, from another thread, and with
    True when one has, however late.
    """
    from comm import create_comm

    over = threading.Event()

    def answered(message: dict[str, Any]) -> None:
        over.set()
        tell(message["content"]["data"].get("inserted") is True)
        comm.close()

    def wait() -> None:
        if not over.wait(patience):
            tell(False)

    comm = create_comm(target_name=TARGET, data={"text": text})
    comm.on_msg(answered)
    spawn(wait, "ct_magic-insert")
