"""Where a run can be shown: a notebook that somebody looks at, an executed one, a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any, TextIO

from .panel import HtmlPanel, Panel, Shown, TextPanel


def open_panel(
    run: Shown,
    note: str | None = None,
    *,
    mode: str = "auto",
    shell: Any = None,
    out: TextIO | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Panel:
    """Show a run where it can be shown.

    `mode` is auto, widget, html, text or none. Auto: widgets in a notebook that somebody looks
    at, replaced HTML in one that is only executed, lines on standard error everywhere else. Where
    `environ` has `CI` or a dumb `TERM`, no line is rewritten.
    """
    # Without a shell there is nothing that could replace what was displayed.
    rich = mode in ("widget", "html") and shell is None
    match _mode(shell) if mode == "auto" or rich else mode:
        case "none":
            return Panel(run, note)
        case "widget":
            from .widget_panel import WidgetPanel

            return WidgetPanel(run, note)
        case "html":
            return HtmlPanel(run, note)
    stream = out or sys.stderr
    return TextPanel(run, note, stream, rewrite=stream.isatty() and _can_rewrite(environ))


def is_interactive(shell: Any) -> bool:
    """Say whether somebody sits before the kernel, and could press a button."""
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        # IPython's own shell ends with its last line where a scheduler started it.
        has_terminal = not hasattr(shell, "simple_prompt") or sys.stdin.isatty()
        return shell is not None and has_terminal
    # nbclient, papermill, nbconvert and Voila ask cells to run without a line to type on.
    return bool(kernel.get_parent().get("content", {}).get("allow_stdin", False))


def _can_rewrite(environ: Mapping[str, str]) -> bool:
    is_ci = environ.get("CI", "").lower() not in ("", "0", "false")
    return not is_ci and environ.get("TERM") != "dumb"


def _mode(shell: Any) -> str:
    if getattr(shell, "kernel", None) is None:
        return "text"
    return "widget" if is_interactive(shell) else "html"


def current_shell() -> Any:
    """Give the IPython shell that runs us, if one does."""
    # Only where IPython runs already: a plain script need not import it.
    if "IPython" not in sys.modules:
        return None
    from IPython.core.getipython import get_ipython

    return get_ipython()
