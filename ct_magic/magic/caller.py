"""The names of the code that calls a magic: where `$name` is looked up and NAME is bound.

That code is a cell, a module that calls `run_cell_magic`, a script under `%run`, or a function of
one of these. IPython offers the names of a line magic's caller only, without its globals, and for
a cell magic the notebook's; so the frame is looked for here.
"""

from __future__ import annotations

import inspect
import sys
from collections import ChainMap
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from types import FrameType

from ..errors import UsageError

# Up to Python 3.11 a comprehension has a frame of its own; its names are those around it, too.
_COMPREHENSIONS = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")


@dataclass(frozen=True, slots=True)
class Caller:
    """The calling code's names. `bindable` is None in a function: no code binds a local there."""

    names: Mapping[str, object]
    bindable: MutableMapping[str, object] | None

    def check_name(self, name: str | None) -> None:
        """Raise UsageError, before anything is asked, for a variable that could not be bound."""
        if name and self.bindable is None:
            raise UsageError(
                f"a magic cannot bind {name!r} in a function: write {name} = %ctcount QUERY, or "
                f"{name} = ct_magic.count(TEXT, params=locals())"
            )

    def bind(self, name: str, value: object) -> None:
        """Bind a variable of the calling code."""
        self.check_name(name)
        if self.bindable is not None:
            self.bindable[name] = value


def calling(notebook: MutableMapping[str, object]) -> Caller:
    """Return the names of the code that called the magic which calls this.

    `notebook` are the names of the shell, for a call that no code of a user made.
    """
    frame = _first_foreign(sys._getframe(1))
    if frame is None:
        return Caller(notebook, notebook)
    scopes = [_locals(frame), *map(_locals, _around(frame))]
    while frame.f_code.co_name in _COMPREHENSIONS and frame.f_back is not None:
        frame = frame.f_back
        scopes.append(_locals(frame))
    names = ChainMap(*map(_writable, scopes), frame.f_globals)
    return Caller(names, _bindable(frame, notebook))


def _first_foreign(frame: FrameType | None) -> FrameType | None:
    """Return the nearest frame that is neither ours nor IPython's."""
    while frame is not None:
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package not in ("IPython", "ct_magic"):
            return frame
        frame = frame.f_back
    return None


def _around(frame: FrameType) -> Iterator[FrameType]:
    """Yield the functions around a function's text that are still running, the innermost first.

    What a nested function does not mention it does not hold: `$name` in a query is no mention.
    """
    code, outer = frame.f_code, frame.f_back
    while outer is not None and code.co_flags & inspect.CO_NESTED:
        if any(const is code for const in outer.f_code.co_consts):
            code = outer.f_code
            yield outer
        outer = outer.f_back


def _locals(frame: FrameType) -> Mapping[str, object]:
    # A copy of a function's: from Python 3.13 on they are a view that keeps the frame alive.
    return frame.f_locals if frame.f_locals is frame.f_globals else dict(frame.f_locals)


def _writable(names: Mapping[str, object]) -> MutableMapping[str, object]:
    return names if isinstance(names, dict) else dict(names)


def _bindable(
    frame: FrameType, notebook: MutableMapping[str, object]
) -> MutableMapping[str, object] | None:
    if frame.f_code.co_flags & inspect.CO_OPTIMIZED:
        return None
    # In a shell that is embedded in a function, the notebook's names are the locals.
    return notebook if frame.f_locals is notebook else frame.f_globals
