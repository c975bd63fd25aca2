"""Where a run can be shown: a notebook that somebody looks at, an executed one, a terminal."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping
from typing import Any, TextIO

from ct_magic.panel.comm_pump import streams_of_this_thread
from ct_magic.panel.panel import Display, HtmlPanel, Panel, Shown, TextPanel
from ct_magic.panel.standing import USUAL, About


def open_panel(
    run: Shown,
    about: About = USUAL,
    *,
    mode: str = "auto",
    shell: object = None,
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
    stream = out or sys.stderr
    match _mode(shell) if mode == "auto" or rich else mode:
        case "none":
            return Panel(run, about)
        case "widget":
            from ct_magic.panel.widget_panel import PATIENCE, WidgetPanel

            lines, stays = _lines(shell), is_inside_output(shell)
            return WidgetPanel(
                run, about, notebook_display(), lines=lines, stays=stays, patience=PATIENCE
            )
        case "html":
            is_final = is_inside_output(shell)
            return HtmlPanel(run, about, notebook_display(), is_final=is_final)
    if stream is None:  # a Python without a console
        return Panel(run, about)
    rewrite = is_terminal(stream) and _can_rewrite(environ) and not about.stable
    return TextPanel(run, about, stream, rewrite=rewrite)


def is_inside_output(shell: object) -> bool:
    """Return True where an Output widget takes what is displayed: `with out:`, `interact`.

    It takes what is new, and nothing that replaces it.
    """
    kernel, widgets = getattr(shell, "kernel", None), sys.modules.get("ipywidgets")
    if kernel is None or widgets is None:
        return False
    parent = kernel.get_parent().get("header", {}).get("msg_id")
    module = widgets.widgets.widget
    known = getattr(module, "_instances", None)  # of ipywidgets 8
    known = module.Widget.widgets if known is None else known
    outputs = [widget for widget in list(known.values()) if isinstance(widget, widgets.Output)]
    return any(output.msg_id and output.msg_id == parent for output in outputs)


def notebook_display() -> Display:
    """Return what shows a bundle as an output of the cell, and the next ones in its place."""
    handle: Any = None

    def show(bundle: Mapping[str, object]) -> None:
        nonlocal handle
        if handle is None:
            from IPython.display import display

            handle = display(dict(bundle), raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            handle.update(dict(bundle), raw=True)

    return show


def is_interactive(shell: object) -> bool:
    """Return True if somebody sits before the kernel, and could press a button."""
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        # IPython's own shell ends with its last line where a scheduler started it.
        has_terminal = not hasattr(shell, "simple_prompt") or is_terminal(sys.stdin)
        return shell is not None and has_terminal and not _is_program(shell)
    parent = kernel.get_parent()
    if str(parent.get("header", {}).get("msg_type", "")).startswith("comm_"):
        return True  # a button's handler: somebody has pressed it
    # nbclient, papermill, nbconvert and Voila ask cells to run without a line to type on.
    return bool(parent.get("content", {}).get("allow_stdin", False))


def is_terminal(stream: Any) -> bool:
    """Return True for a stream that is a terminal; False for one that is closed or cannot say."""
    try:
        return bool(stream.isatty())
    except Exception:  # whatever is in a stream's place
        return False


def current_shell() -> Any:
    """Return the IPython shell that runs us, if one does."""
    # Only where IPython runs already: a plain script need not import it.
    if "IPython" not in sys.modules:
        return None
    from IPython.core.getipython import get_ipython

    return get_ipython()


def _can_rewrite(environ: Mapping[str, str]) -> bool:
    is_ci = environ.get("CI", "").lower() not in ("", "0", "false")
    return not is_ci and environ.get("TERM") != "dumb"


def _mode(shell: object) -> str:
    kernel = getattr(shell, "kernel", None)
    # A parallel engine's client shows what was printed, and no display that is replaced.
    if kernel is None or _is_forked(kernel) or type(kernel).__module__.startswith("ipyparallel"):
        return "text"
    return "widget" if is_interactive(shell) and _is_heard(kernel) else "html"


def _is_program(shell: object) -> bool:
    """Return True for a shell that a program made of IPython's, to run notebooks in itself."""
    own, *bases = type(shell).__mro__
    is_derived = any(base.__module__.startswith("IPython.") for base in bases)
    has_prompt = hasattr(shell, "simple_prompt")
    return is_derived and not has_prompt and not own.__module__.startswith("IPython.")


def _is_forked(kernel: object) -> bool:
    # The session of a kernel sends nothing from another process than its own.
    pid = getattr(getattr(kernel, "session", None), "pid", None)
    return isinstance(pid, int) and pid != os.getpid()


def _is_heard(kernel: object) -> bool:
    """Return True if a click may be heard in this thread while it blocks."""
    if threading.current_thread() is threading.main_thread():
        return True
    try:
        return streams_of_this_thread(kernel)[0] is not None
    except Exception:
        return False  # a thread that the cell has started: nobody reads messages there


def _lines(shell: object) -> TextIO | None:
    """Return where lines go if no page shows up: a console shows no display that is replaced."""
    metadata = shell.kernel.get_parent().get("metadata") if hasattr(shell, "kernel") else None
    is_page = bool(metadata) or "JPY_SESSION_NAME" in os.environ or shell is None
    return None if is_page else sys.stderr
