"""Tab in IPython: our cells and lines get our completions and nothing of Python's.

Facts of IPython's matchers were tried on 8.39 and 9.18: a result suppresses the others only if
it is not empty, and its fragment must be what stands right before the cursor.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .completion import Completion, complete
from .names import Names

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext
    from IPython.core.interactiveshell import InteractiveShell

IDENTIFIER = "ct_magic.tab"
_CELL = re.compile(r"%%ctcount\b")
_LINE = re.compile(r"\s*(?:\w+\s*=\s*)?%ctcount\s")
_OPTIONS = re.compile(r"(?:--[\w-]+(?:=\S*)?\s+)*")


class _Silence(list[Any]):
    """No completions, and yet not empty: or IPython would ask its other matchers."""

    def __len__(self) -> int:
        return 1


def matcher(names: Callable[[], Names], options: Sequence[str]) -> Callable[..., Any]:
    """Make the matcher that IPython asks at every Tab; `options` belong to the magic's line."""
    from IPython.core.completer import context_matcher

    @context_matcher(identifier=IDENTIFIER)  # type: ignore[untyped-decorator,unused-ignore]
    def ct_magic_matcher(context: CompletionContext) -> Any:
        found = at(context.full_text, context.cursor_line, context.cursor_position, names, options)
        return {"completions": []} if found is None else _answer(context, found)

    return ct_magic_matcher  # type: ignore[no-any-return,unused-ignore]


def install(shell: InteractiveShell, names: Callable[[], Names], options: Sequence[str]) -> None:
    """Let the shell ask us at every Tab; done twice, the newer answers."""
    uninstall(shell)
    matchers = _matchers(shell)
    if matchers is not None:
        matchers.append(matcher(names, options))


def uninstall(shell: InteractiveShell) -> None:
    """Leave the shell as it was."""
    matchers = _matchers(shell)
    if matchers is not None:
        ours = [m for m in matchers if getattr(m, "matcher_identifier", None) == IDENTIFIER]
        for one in ours:
            matchers.remove(one)


def at(
    cell: str, row: int, column: int, names: Callable[[], Names], options: Sequence[str]
) -> list[Completion] | None:
    """Give the completions at a place of a cell; None where the cell or line is not ours.

    Their `start` counts in the row. Row and column count from 0.
    """
    lines = cell.split("\n")
    head = next((number for number, line in enumerate(lines) if line.strip()), 0)
    line = lines[row][:column]
    if _CELL.match(lines[head]):
        if row <= head:
            return _of_arguments(line, options)
        return _of_text("\n".join(lines[head + 1 :]), lines[head + 1 : row], column, names)
    if magic := _LINE.match(line):
        return _of_line(lines[row], column, magic.end(), names, options)
    return None


def _matchers(shell: InteractiveShell) -> list[Any] | None:
    # The list is there from IPython 8.6 on; a shell may also have no completer at all.
    return getattr(getattr(shell, "Completer", None), "custom_matchers", None)


def _of_arguments(line: str, options: Sequence[str]) -> list[Completion]:
    word = re.split(r"\s", line)[-1]
    if not word.startswith("-"):
        return []
    start = len(line) - len(word)
    return [Completion(start, o, "option") for o in options if o.startswith(word)]


def _of_text(
    text: str, above: list[str], column: int, names: Callable[[], Names]
) -> list[Completion]:
    begin = sum(len(line) + 1 for line in above)
    return _shifted(complete(text, begin + column, names()), -begin)


def _of_line(
    line: str, column: int, begin: int, names: Callable[[], Names], options: Sequence[str]
) -> list[Completion]:
    arguments = _OPTIONS.match(line, begin)
    begin = arguments.end() if arguments else begin
    typed = line[begin:column]
    if column < begin or typed.startswith("-"):
        return _of_arguments(line[:column], options)
    return _shifted(complete(line[begin:], column - begin, names()), begin)


def _shifted(found: Iterable[Completion], by: int) -> list[Completion]:
    return [Completion(one.start + by, one.text, one.kind) for one in found]


def _answer(context: CompletionContext, found: list[Completion]) -> dict[str, Any]:
    """Give IPython's result: all texts replace one fragment, the longest that any replaces."""
    from IPython.core.completer import SimpleCompletion

    line = context.line_with_cursor[: context.cursor_position]
    start = min((one.start for one in found), default=len(line))
    return {
        "completions": [
            SimpleCompletion(line[start : one.start] + one.text, type=one.kind) for one in found
        ]
        or _Silence(),
        "suppress": True,
        "ordered": True,
        "matched_fragment": line[start:],
    }
