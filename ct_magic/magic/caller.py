"""The names of the code that calls a magic: where `$name` is looked up and NAME is bound.

That code is a cell, a module that calls `run_cell_magic`, a script under `%run`, or a function of
one of these. IPython offers the names of a line magic's caller only, without its globals, and for
a cell magic the notebook's; so the frame is looked for here. Code is recognised by its
file: frames of ours, of IPython, of Python's library and of installed packages are passed over, so
that a pool or a decorator lends the query none of its own variables. What the nearest frame that is
left lacks is looked for in those further out. Where a thread of a pool, a timer or an event loop
calls the magic itself, no code of a user does, and the names are the notebook's.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections import ChainMap
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from traceback import walk_stack
from types import CodeType, FrameType

import IPython

from ct_magic.common.words import encodable, harmless
from ct_magic.errors import QueryError, UsageError
from ct_magic.rows import Record

# Up to Python 3.11 a comprehension has a frame of its own; its names are those around it, too.
_COMPREHENSIONS = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")
# Code that is not a user's: ours, IPython's, Python's, and what was made for a decorator.
_PASSED_OVER = (
    *(str(Path(file).parent) + os.sep for file in (IPython.__file__, os.__file__)),
    str(Path(__file__).parents[1]) + os.sep,
    "<frozen ",
    "<decorator-gen",
)
_INSTALLED = {"site-packages", "dist-packages"}


class Caller(Record):
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
    """Return the names of the code that called the magic; the notebook's where no user's did."""
    calls = walk_stack(sys._getframe(1))  # the nearest first
    frames = [frame for frame, _ in calls if _is_users(frame.f_code.co_filename)]
    if not frames:
        return Caller(notebook, notebook)
    nearest, *_ = [f for f in frames if f.f_code.co_name not in _COMPREHENSIONS] or frames
    names = ChainMap(*(scope for frame in frames for scope in _scopes(frame)), notebook)
    if nearest.f_code.co_flags & inspect.CO_OPTIMIZED:
        return Caller(names, None)
    # In a shell that is embedded in a function, the notebook's names are the locals.
    return Caller(names, notebook if nearest.f_locals is notebook else nearest.f_globals)


def _is_users(file: str) -> bool:
    return not file.startswith(_PASSED_OVER) and _INSTALLED.isdisjoint(Path(file).parts)


def _scopes(frame: FrameType) -> Iterator[MutableMapping[str, object]]:
    """Yield where Python would look for a name of this frame, and what it would not find there."""
    running = [frame, *_around(frame)]
    for each in running:
        # A copy of a function's: from Python 3.13 on they are a view that keeps the frame alive.
        yield each.f_globals if each.f_locals is each.f_globals else dict(each.f_locals)
    is_alone = frame.f_code.co_flags & inspect.CO_NESTED and len(running) == 1
    if frame.f_code.co_name in _COMPREHENSIONS and not is_alone:
        return  # its other names are those of the frame around it, which comes next
    yield _Lost(running[-1].f_code, frame.f_globals)
    if frame.f_locals is not frame.f_globals:
        yield frame.f_globals


def _around(frame: FrameType) -> Iterator[FrameType]:
    """Yield the functions around a function's text that still run, the innermost first."""
    # What a nested function does not mention it does not hold: `$name` in a query is no mention.
    code, outer = frame.f_code, frame.f_back
    while outer is not None and code.co_flags & inspect.CO_NESTED:
        if any(const is code for const in outer.f_code.co_consts):
            code = outer.f_code
            yield outer
        outer = outer.f_back


class _Lost(dict[str, object]):
    """The variables that a function's text has and its frame has not: they have no value there.

    Its own ones that are not bound yet, and those of functions around its text that have returned.
    They are looked up before others of the same name further out, whose value is not what is meant.
    """

    def __init__(self, code: CodeType, known: Mapping[str, object]) -> None:
        super().__init__()
        self._code, self._known = code, known

    def __contains__(self, name: object) -> bool:
        code = self._code
        if name in _code_variables(code) or not code.co_flags & inspect.CO_NESTED:
            return name in _code_variables(code)
        around = _codes_around(code, self._known)
        if not around:  # what it held is not known
            return name in self._known
        return any(name in _code_variables(code) for code in around)

    def __missing__(self, name: str) -> object:
        if name not in self:
            raise KeyError(name)
        inner = self._code.co_name
        if name in _code_variables(self._code):
            raise QueryError(f"${name} is a local variable of {inner} that has no value yet")
        raise QueryError(
            f"${name} is a variable around the function {inner}, which does not hold it: "
            f"mention it there, as in ct_magic.count(TEXT, params={{'{name}': {name}}})"
        )


def _code_variables(code: CodeType) -> tuple[str, ...]:
    is_function = code.co_flags & inspect.CO_OPTIMIZED
    return (*code.co_varnames, *code.co_cellvars, *code.co_freevars) if is_function else ()


def _codes_around(code: CodeType, known: Mapping[str, object]) -> list[CodeType]:
    """Return the code of each function around this one, or none where they cannot be found."""
    first, *rest = code.co_qualname.split(".<locals>.")
    value: object = known.get(first.partition(".")[0])
    for part in first.split(".")[1:]:
        value = getattr(value, part, None)
    outer = getattr(inspect.unwrap(value) if callable(value) else None, "__code__", None)
    around = []
    for part in rest:
        if not isinstance(outer, CodeType):
            return []
        around.append(outer)
        inner = [const for const in outer.co_consts if isinstance(const, CodeType)]
        named = [const for const in inner if const.co_qualname.endswith(f".{part}")]
        outer = code if code in named else next(iter(named), None)
    return around if outer is code else []


def say(text: str) -> None:
    """Print the answer of a command, without what would steer a terminal."""
    print(encodable(harmless(text), sys.stdout))  # noqa: T201 # a command answers in the cell's output
