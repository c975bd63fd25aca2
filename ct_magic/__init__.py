"""Ask CleverTap how many profiles did something, from a notebook cell.

    %load_ext ct_magic

    %%ctcount foodies
    choseNewFavoriteFood where value ~ "piz" 2015-08-10..2015-10-25

The same from Python: `ct_magic.count(text)` returns the DataFrame, `ct_magic.parse(text)` the
queries behind it. What a text may say is in `ct_magic.language()`, which events and properties the
account has in `ct_magic.names()`, which values these have in `ct_magic.values(text)`. Public is
what `__all__` names, and `__version__`; everything else, every module included, is private and may
change with any version. Nothing heavy is imported until it is needed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ct_magic.errors import (
    AccountError,
    ClockWarning,
    CountCancelledError,
    CountError,
    CountFailedError,
    CountInterrupt,
    CountTimedOutError,
    CtMagicError,
    JournalError,
    JournalWarning,
    MissingExtraError,
    QueryError,
    QueryWarning,
    StillRunningError,
    UsageError,
)

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ct_magic.api import (
        compare,
        count,
        history,
        language,
        names,
        plot,
        resume,
        shares,
        start,
        use,
        values,
        why,
    )
    from ct_magic.charts.vega import Picture
    from ct_magic.client.accounts import Account
    from ct_magic.counting.checks import check
    from ct_magic.counting.handle import Counting
    from ct_magic.forms import form
    from ct_magic.planning.cost import plan
    from ct_magic.planning.preview import explain
    from ct_magic.query.catalog import Names
    from ct_magic.query.model import Query
    from ct_magic.query.parser import condition, event, parse
    from ct_magic.query.payload import from_payload, to_payload
    from ct_magic.query.printer import to_text
    from ct_magic.settings import Settings

__version__ = "0.1.0"
__all__ = [
    "Account",
    "AccountError",
    "ClockWarning",
    "CountCancelledError",
    "CountError",
    "CountFailedError",
    "CountInterrupt",
    "CountTimedOutError",
    "Counting",
    "CtMagicError",
    "JournalError",
    "JournalWarning",
    "MissingExtraError",
    "Picture",
    "Query",
    "QueryError",
    "QueryWarning",
    "Settings",
    "StillRunningError",
    "UsageError",
    "check",
    "compare",
    "condition",
    "count",
    "event",
    "explain",
    "form",
    "from_payload",
    "history",
    "language",
    "names",
    "parse",
    "plan",
    "plot",
    "resume",
    "shares",
    "start",
    "to_payload",
    "to_text",
    "use",
    "values",
    "why",
]

# Where a public name lives. It is imported when first asked for: see "nothing heavy" above.
_HOME = {
    "Account": "client.accounts",
    "Counting": "counting.handle",
    "Picture": "charts.vega",
    "check": "counting.checks",
    "Query": "query.model",
    "Settings": "settings",
    "compare": "api",
    "condition": "query.parser",
    "count": "api",
    "event": "query.parser",
    "explain": "planning.preview",
    "form": "forms",
    "from_payload": "query.payload",
    "history": "api",
    "language": "api",
    "names": "api",
    "parse": "query.parser",
    "plan": "planning.cost",
    "plot": "api",
    "resume": "api",
    "shares": "api",
    "start": "api",
    "to_payload": "query.payload",
    "to_text": "query.printer",
    "use": "api",
    "values": "api",
    "why": "api",
}


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
