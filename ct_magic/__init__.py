"""Ask CleverTap how many profiles did something, from a notebook cell.

    %load_ext ct_magic

    %%ctcount foodies
    choseNewFavoriteFood where value ~ "piz" 2015-08-10..2015-10-25

The same from Python: `ct_magic.count(text)` returns the DataFrame, `ct_magic.parse(text)` the
queries behind it; `condition(text)` and `event(text)` are parts of queries that a team says once.
What a text may say is in `ct_magic.language()`, which events and properties the account has in
`ct_magic.names()`, which values these have in `ct_magic.values(text)`. Public is what `__all__`
names, and `__version__`; everything else, every module included, is private and may change with
any version. Nothing heavy is imported until it is needed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ct_magic.errors import (
    AccountError as AccountError,
    ClockWarning as ClockWarning,
    CountCancelledError as CountCancelledError,
    CountError as CountError,
    CountFailedError as CountFailedError,
    CountInterrupt as CountInterrupt,
    CountTimedOutError as CountTimedOutError,
    CtMagicError as CtMagicError,
    JournalError as JournalError,
    JournalWarning as JournalWarning,
    MissingExtraError as MissingExtraError,
    QueryError as QueryError,
    QueryWarning as QueryWarning,
    StillRunningError as StillRunningError,
    UsageError as UsageError,
)

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ct_magic.api import (
        compare as compare,
        count as count,
        history as history,
        names as names,
        plot as plot,
        resume as resume,
        shares as shares,
        start as start,
        use as use,
        values as values,
        why as why,
    )
    from ct_magic.charts.vega import Picture as Picture
    from ct_magic.client.accounts import Account as Account
    from ct_magic.counting.account_check import check as check
    from ct_magic.counting.handle import Counting as Counting
    from ct_magic.forms import form as form
    from ct_magic.planning.preview import explain as explain, plan as plan
    from ct_magic.query.catalog import Names
    from ct_magic.query.help import language as language
    from ct_magic.query.model import Query as Query
    from ct_magic.query.parser import condition as condition, event as event, parse as parse
    from ct_magic.query.payload import from_payload as from_payload, to_payload as to_payload
    from ct_magic.query.printer import to_text as to_text
    from ct_magic.settings import Settings as Settings

__version__ = "0.2.0"  # of 2026-11-30

# Where a public name lives. It is imported when first asked for: see "nothing heavy" above.
_HOMES = {
    "api": "compare count history names plot resume shares start use values why",
    "charts.vega": "Picture",
    "client.accounts": "Account",
    "counting.account_check": "check",
    "counting.handle": "Counting",
    "forms": "form",
    "planning.preview": "explain plan",
    "query.help": "language",
    "query.model": "Query",
    "query.parser": "condition event parse",
    "query.payload": "from_payload to_payload",
    "query.printer": "to_text",
    "settings": "Settings",
}
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}
_ERRORS = ("Error", "Warning", "Interrupt")
__all__ = sorted([*_HOME, *(name for name in globals() if name.endswith(_ERRORS))])


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)


def load_ipython_extension(ipython: InteractiveShell) -> None:
    """Register `%%ctcount`, `%ctcount`, `%ct` and Tab; what `%load_ext ct_magic` calls."""
    from IPython import __version__, version_info

    if version_info < (8, 12):
        raise UsageError(
            f"ct_magic needs IPython 8.12 or newer, and this is {__version__}: "
            "pip install --upgrade ipython"
        )
    from ct_magic.magic.completer import install
    from ct_magic.magic.magics import register

    register(ipython)
    install(ipython, _names)


def unload_ipython_extension(ipython: InteractiveShell) -> None:
    """Leave the shell as it was before; what `%unload_ext ct_magic` calls."""
    from ct_magic.magic.completer import uninstall
    from ct_magic.magic.magics import unregister

    uninstall(ipython)
    unregister(ipython)


def _names() -> Names:
    from ct_magic.session.known_names import AT_A_KEY, names

    return names(AT_A_KEY)
