"""Everything that can go wrong, as one tree, and how it looks in a notebook.

CtMagicError                what a caller catches to catch them all
├── QueryError              the text cannot be a query; it knows the line and the column
├── UsageError              a magic's arguments, a setting or a name that is not there
├── AccountError            no account, no passcode, an unknown region
├── MissingExtraError       an optional part is not installed
├── JournalError            what was asked before cannot be read
├── StillRunningError       a background count was used before it had arrived
└── CountError              counts did not all arrive; `.frame` holds those that did
    ├── CountFailedError    the service, or the way to it, refused some
    ├── CountTimedOutError  the deadline came first
    └── CountCancelledError Cancel was pressed

ClockWarning                this machine's clock is minutes off the service's
JournalWarning              the journal cannot be used; counts go on without it
QueryWarning                a part of a query that the service may ignore silently
CountInterrupt              a KeyboardInterrupt that brings the `.frame` of what had arrived
"""

from __future__ import annotations

import copyreg
import sys
from typing import TYPE_CHECKING

from ct_magic.common.words import encodable, width

if TYPE_CHECKING:
    import pandas as pd


_WIDEST = 100  # characters of a line that a QueryError shows, around its place


class OneMessage:
    """How an error of ours looks in a notebook: one message, no traceback, and the cell fails."""

    def _render_traceback_(self) -> list[str]:
        return [encodable(f"{type(self).__name__}: {self}", sys.stdout)]

    def __reduce__(self) -> tuple[object, ...]:
        # Or a pool of processes dies of an error whose class takes more than its message.
        made_by = copyreg.__newobj__  # type: ignore[attr-defined] # what pickle itself calls
        return made_by, (type(self), *getattr(self, "args", ())), vars(self)


class CtMagicError(OneMessage, Exception):
    """The root of this package's errors."""


class QueryError(CtMagicError, ValueError):
    """A text that is not a query: where in the cell, and what to type instead.

    `line` and `column` count from 1, in the text that was given; `length` is how many characters
    the caret underlines (at least 1); `source` is that line of the text; `message` says what is
    wrong and what to do. Without a place there is the message alone. `cure` is the whole text as
    it would be read, where the one change of the message does that, which was tried; else None.
    """

    cure: str | None = None

    def __init__(
        self, message: str, *, source: str = "", line: int = 1, column: int = 1, length: int = 1
    ) -> None:
        super().__init__(message)
        self.message, self.source = message, source
        self.line, self.column, self.length = line, column, length

    def saying(self, message: str) -> QueryError:
        """Return the error at the same place with another message."""
        place = {"line": self.line, "column": self.column, "length": self.length}
        return QueryError(message, source=self.source, **place)

    def __str__(self) -> str:
        return self.shown(_WIDEST, _WIDEST // 2)

    def shown(self, widest: int, lead: int) -> str:
        """Return it with at most so many characters of a wider line, and of those before it."""
        if not self.source:
            return self.message
        before, under = self.source[: self.column - 1], self.source[self.column - 1 :]
        # A front end would wrap a wider one, and part it from its caret.
        if len(before) + len(under) > widest:
            before = f"\u2026{before[-lead:]}" if len(before) > lead else before
            rest = widest - len(before)
            under = f"{under[:rest]}\u2026" if len(under) > rest else under
        # The caret line repeats the tabs above it, so that it is right however wide they are.
        gap = "".join("\t" if c == "\t" else " " * width(c) for c in before)
        caret = gap + "^" * max(1, sum(map(width, under[: self.length])))
        place = f"line {self.line}, column {self.column}"
        return f"{place}\n    {before}{under}\n    {caret}\n{self.message}"


class UsageError(CtMagicError, ValueError):
    """A magic's arguments, a setting or a name that is not right; the message says what is."""


class AccountError(CtMagicError):
    """Credentials or a region that are missing, unknown or unsafe to use."""


class MissingExtraError(CtMagicError, ImportError):
    """A part of ct_magic that is installed by an extra."""

    def __init__(self, part: str, extra: str) -> None:
        super().__init__(f"{part} needs the extra '{extra}': pip install 'ct-magic[{extra}]'")


class JournalError(CtMagicError):
    """The journal's file cannot be read; a count never needs it, `%ct history` does."""


class StillRunningError(CtMagicError, AttributeError):
    """A background count was used as if it had arrived."""


class CountError(CtMagicError):
    """Not every count arrived. `frame` is the DataFrame with those that did and why others not."""

    def __init__(self, message: str, frame: pd.DataFrame) -> None:
        super().__init__(message)
        self.frame = frame


class CountFailedError(CountError):
    """The service, or the way to it, refused at least one count."""


class CountTimedOutError(CountError):
    """The deadline, or an hour without news, came before the last count; ids are kept."""


class CountCancelledError(CountError):
    """Cancel was pressed before the last count had arrived."""


class CountInterrupt(OneMessage, KeyboardInterrupt):
    """The kernel was interrupted. `frame` is the DataFrame with what had arrived."""

    def __init__(self, message: str, frame: pd.DataFrame) -> None:
        super().__init__(message)
        self.frame = frame


class QueryWarning(UserWarning):
    """A part of a query that is not documented: CleverTap may ignore it."""


class ClockWarning(UserWarning):
    """The machine's clock is minutes off the service's, and so may be the days that are meant."""


class JournalWarning(UserWarning):
    """The journal cannot be used; counts go on, but nothing is written down."""
