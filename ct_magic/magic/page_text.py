"""A text that is read: printed, or on a page as HTML whose lines are wrapped between words.

JupyterLab breaks what is printed anywhere, also in the middle of a word.
"""

from __future__ import annotations

import re
from html import escape

from ..progress.environment import current_shell
from ..progress.style import CODE
from .invocation import say

# Where the second column of a line begins, if it has one: `names     App Launched`.
_COLUMN = re.compile(r"\S+(?: \S+)?  +(?=\S)")
_LOOK = f"display:block;{CODE};margin:0 5px;line-height:1.3;font-size:13px"


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
    lines = "".join(map(_line, text.rstrip("\n").split("\n")))
    # An untrusted notebook keeps no variable, and so no font: the element has one.
    return f'<code class="tex2jax_ignore mathjax_ignore" style="{_LOOK}">{lines}</code>'


def _line(line: str) -> str:
    column = _COLUMN.match(line)
    inside = len(line) - len(line.lstrip(" "))
    goes_on = column.end() if column else inside + 4 * bool(inside)
    style = f"padding-left:{goes_on}ch;text-indent:-{goes_on}ch"
    return f'<div style="{style}">{escape(line) or "<br>"}</div>'
