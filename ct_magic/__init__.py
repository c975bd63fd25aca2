"""Ask CleverTap how many profiles did something, from a notebook cell.

    %load_ext ct_magic

    %%ctcount foodies
    choseNewFavoriteFood where value ~ "piz" 2015-08-10..2015-10-25

The same from Python: `ct_magic.count(text)` returns the DataFrame, `ct_magic.parse(text)` the
queries behind it. Public is what stands in `__all__` and `__version__`; everything else, every
module included, is private and may change with any version. Nothing heavy is imported until it is
needed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import (
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

    from .api import count, history, resume, start, use
    from .checks import check
    from .client.accounts import Account
    from .costs.cost import plan
    from .explanation import explain
    from .forms import form
    from .handle import Counting
    from .query.catalog import Names
    from .query.model import Query
    from .query.parser import parse
    from .query.payload import from_payload, to_payload
    from .query.printer import to_text
    from .results.compare import compare
    from .results.plot import Picture, plot
    from .results.shares import shares
    from .settings import Settings

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
    "count",
    "explain",
    "form",
    "from_payload",
    "history",
    "parse",
    "plan",
    "plot",
    "resume",
    "shares",
    "start",
    "to_payload",
    "to_text",
    "use",
]

# Where a public name lives. It is imported when first asked for: see "nothing heavy" above.
_HOME = {
    "Account": "client.accounts",
    "Counting": "handle",
    "Picture": "results.plot",
    "check": "checks",
    "Query": "query.model",
    "Settings": "settings",
    "compare": "results.compare",
    "count": "api",
    "explain": "explanation",
    "form": "forms",
    "from_payload": "query.payload",
    "history": "api",
    "parse": "query.parser",
    "plan": "costs.cost",
    "plot": "results.plot",
    "resume": "api",
    "shares": "results.shares",
    "start": "api",
    "to_payload": "query.payload",
    "to_text": "query.printer",
    "use": "api",
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
    from .magic.completer import install
    from .magic.magics import CountMagics

    ipython.register_magics(CountMagics)
    install(ipython, _names)


def unload_ipython_extension(ipython: InteractiveShell) -> None:
    """Leave the shell as it was before; what `%unload_ext ct_magic` calls."""
    from .magic.completer import uninstall
    from .magic.magics import unregister

    uninstall(ipython)
    unregister(ipython)


def _names() -> Names:
    from .name_sources import AT_A_KEY, names

    return names(AT_A_KEY)
