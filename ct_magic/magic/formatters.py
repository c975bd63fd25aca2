"""What a magic returns is shown short; the value stays a plain DataFrame.

IPython learns how to draw one particular object. Every other DataFrame is drawn as before, by
what drew it before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType, ref

from ct_magic.common.words import harmless
from ct_magic.magic.caller import say
from ct_magic.panel.front_end import current_shell
from ct_magic.panel.style import CODE, NO_FORMULA

if TYPE_CHECKING:
    import pandas as pd
    from IPython.core.interactiveshell import InteractiveShell


# A text that is read: printed, or on a page as HTML whose lines are wrapped between words.
#
# JupyterLab breaks what is printed anywhere, also in the middle of a word.

# Where the second column of a line begins, if it has one: `names     App Launched`.
_COLUMN = re.compile(r"\S+(?: \S+)?  +(?=\S)")
_PRE_STYLE = f"display:block;{CODE};margin:0 5px;line-height:1.3;font-size:13px"


def show(text: str) -> None:
    """Show a text as a page or a terminal reads it."""
    if getattr(current_shell(), "kernel", None) is None:
        return say(text)
    from IPython.display import display

    bundle = {"text/plain": text, "text/html": wrapped(text)}
    display(bundle, raw=True)  # type: ignore[no-untyped-call] # IPython's own
    return None


def wrapped(text: str) -> str:
    """Return a text as HTML; a line goes on below its second column, or further in."""
    lines = ""
    for line in text.rstrip("\n").split("\n"):
        column, inside = _COLUMN.match(line), len(line) - len(line.lstrip(" "))
        goes_on = column.end() if column else inside + 4 * bool(inside)
        style = f"padding-left:{goes_on}ch;text-indent:-{goes_on}ch"
        lines += f'<div style="{style}">{escape(line) or "<br>"}</div>'
    # An untrusted notebook keeps no variable, and so no font: the element has one.
    return f'<code class="{NO_FORMULA}" style="{_PRE_STYLE}">{lines}</code>'


# Returns a frame as HTML for a page (`is_page=True`), else as text; see `short_tables.drawn_short`.
# None where a page is to show the text.
Short = Callable[..., str | None]
_MIME_TYPES = ("text/html", "text/plain")
_MOST_FRAMES = 100  # frames that may still be shown again: `_`, `Out[3]`
_short: list[tuple[ReferenceType[pd.DataFrame], Short]] = []


class Drawing:
    """How a kind of output draws a DataFrame, ours short, and others as `before` does."""

    def __init__(self, before: Callable[..., Any] | None) -> None:
        self.before = before

    def __call__(self, frame: pd.DataFrame, *printer: Any) -> str | None:
        """Return HTML, or where there is a printer print text."""
        short = next((short for known, short in _short if known() is frame), None)
        if self.before is not None and short is None:
            drawn: str | None = self.before(frame, *printer)
            return drawn
        if not printer:
            return short(frame, is_page=True) if short else frame._repr_html_()  # type: ignore[operator] # pandas' own, untyped
        text = (short(frame, is_page=False) if short else None) or repr(frame)
        for number, line in enumerate(text.splitlines()):
            if number:
                printer[0].break_()
            printer[0].text(harmless(line))
        return None


def show_short(shell: InteractiveShell | None, frame: pd.DataFrame, short: Short) -> None:
    """Show this frame short wherever this shell shows it."""
    _short.append((ref(frame), short))
    del _short[:-_MOST_FRAMES]
    for formatter in _formatters(shell):
        before = formatter.for_type(type(frame))
        if not isinstance(before, Drawing):
            formatter.for_type(type(frame), Drawing(before))


def as_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame, which a page will show as a table of words."""
    from ct_magic.panel.short_tables import short_table

    show_short(current_shell(), frame, short_table)
    return frame


def show_as_before(shell: InteractiveShell | None) -> None:
    """Leave the shell as it was before the first frame that was shown short."""
    for formatter in _formatters(shell):
        for kind, drawing in list(formatter.type_printers.items()):
            if isinstance(drawing, Drawing):
                formatter.pop(kind)
                if drawing.before is not None:
                    formatter.for_type(kind, drawing.before)


def _formatters(shell: InteractiveShell | None) -> list[Any]:
    formatters = getattr(getattr(shell, "display_formatter", None), "formatters", {})
    return [formatters[kind] for kind in _MIME_TYPES if kind in formatters]
