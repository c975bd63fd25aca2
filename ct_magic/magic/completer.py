"""Tab in IPython: our cells and lines get our completions and nothing of Python's.

Facts of IPython's matchers were tried on 8.39 and 9.18: a result suppresses the others only if
it is not empty, and its fragment must be the text right before the cursor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext
    from IPython.core.interactiveshell import InteractiveShell

    from ct_magic.query.catalog import Names
    from ct_magic.query.completion import Completion

IDENTIFIER = "ct_magic.tab"


class _Silence(list[object]):
    """No completions, and yet not empty: or IPython would ask its other matchers."""

    def __len__(self) -> int:
        return 1


def install(shell: InteractiveShell, names: Callable[[], Names]) -> None:
    """Register what IPython asks at every Tab; registered twice, the newer answers."""
    from IPython.core.completer import context_matcher

    @context_matcher(identifier=IDENTIFIER)  # type: ignore[untyped-decorator,unused-ignore]
    def ct_magic_matcher(context: CompletionContext) -> object:
        if "%ct" not in context.full_text:
            return {"completions": []}
        # The grammar is loaded with the first Tab in a cell of ours, not with the extension.
        from ct_magic.magic.completion import at

        place = context.full_text, context.cursor_line, context.cursor_position
        completions = at(*place, names, shell.user_ns)
        return {"completions": []} if completions is None else _answer(context, completions)

    uninstall(shell)
    _matchers(shell).append(ct_magic_matcher)


def uninstall(shell: InteractiveShell) -> None:
    """Leave the shell as it was."""
    matchers = _matchers(shell)
    matchers[:] = [m for m in matchers if getattr(m, "matcher_identifier", None) != IDENTIFIER]


def _matchers(shell: InteractiveShell) -> list[object]:
    # A shell may have no completer at all.
    return getattr(getattr(shell, "Completer", None), "custom_matchers", [])


def _answer(context: CompletionContext, completions: list[Completion]) -> dict[str, object]:
    """Return IPython's result: all texts replace one fragment, the longest that any replaces."""
    from IPython.core.completer import SimpleCompletion

    line = context.line_with_cursor[: context.cursor_position]
    start = min((c.start for c in completions), default=len(line))
    texts = [SimpleCompletion(line[start : c.start] + c.text, type=c.kind) for c in completions]
    return {
        "completions": texts or _Silence(),
        "suppress": True,
        "ordered": True,
        "matched_fragment": line[start:],
    }
