"""The front end of a cell: what it can show, and clicks on a panel while the cell blocks.

While a cell runs, its thread of the kernel reads no messages, and whether a front end's widget
messages go another way depends on its version and on the kernel's. So the waiting loop takes the
messages of its own channel itself.

Taken over, for as long as the cell waits: the callback of the ZMQ stream of this thread's shell,
nothing else. Each message that comes is one of two kinds. Ours, which are handled at once: what is
said to our widgets, and what a page asks that is reloaded while the cell runs, since it shows no
panel before that is answered: what kernel this is, which comms are open, and the state of all
widgets (the comm that opens on `jupyter.widget.control`). All others are held.

Given back when the wait ends, however it ends: the callback, and then what was held, at once and
in order, so that a cell that failed aborts those that were queued behind it.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Collection, Mapping
from contextlib import suppress
from inspect import iscoroutine
from itertools import chain, repeat
from typing import Any, TextIO

from ct_magic.panel.panel import USUAL, About, Panel
from ct_magic.panel.plain_panels import Display, HtmlPanel, TextPanel
from ct_magic.planning.row_results import RowRun

_AT_ONCE = 50  # messages taken at a time
_INFO = ("kernel_info_request", "comm_info_request")  # answered without a look at anything else
USED = "ct_magic.used"  # the type of a message that names the account in use
CONTROL = "jupyter.widget.control"  # what a page opens to ask for the state of all widgets
_log = logging.getLogger(__name__)


class CommPump:
    """`with CommPump(kernel, ids) as pump:` and call `pump()` again and again while waiting.

    `ids` are the comm ids of the widgets that may be heard, also those that are added meanwhile;
    with None nothing is taken over. On a kernel that is built otherwise than ipykernel 6 and 7
    are, `ok` is False and calling it does nothing.
    """

    def __init__(self, kernel: Any, ids: Collection[str] | None) -> None:
        self.ok = False
        self._kernel, self._ids = kernel, ids
        self._controls: set[str] = set()  # comms by which pages ask for the state of all widgets
        self._held: list[Any] = []

    def __enter__(self) -> CommPump:
        if self._ids is None:
            return self
        try:
            import zmq

            self._readable, self._writable = zmq.POLLIN, zmq.POLLOUT
            self._stream, self._replies = streams_of_this_thread(self._kernel)
            self._callback = self._stream._recv_callback
            self._say, self._comms = self._kernel._publish_status, self._kernel.comm_manager
            self.ok = self._callback is not None  # else nobody reads this stream
            if self.ok:
                self._stream.on_recv(self._received, copy=False)
        except Exception:
            # Private parts of ipykernel; a version that moved them leaves us deaf, not broken.
            self.ok = False
            _log.debug("ct_magic: this kernel's messages cannot be read", exc_info=True)
        return self

    def __exit__(self, *exc: object) -> None:
        if not self.ok:
            return
        self.ok = False
        self._stream._recv_callback = self._callback
        held, self._held = self._held, []
        for message in held:
            # At once and in order: a later callback would run cells that a failure must abort.
            self._stream._run_callback(self._callback, message)

    def __call__(self) -> None:
        """Handle what has come for our widgets."""
        if self.ok:
            self._stream.flush(self._readable, limit=_AT_ONCE)

    def _received(self, message: object) -> None:
        try:
            idents, frames = self._kernel.session.feed_identities(message, copy=False)
            is_ours = self._is_ours(frames)
        except Exception:
            is_ours = False  # not for us to judge: the kernel says what is wrong with it
        if is_ours:
            self._handle(idents, frames)
        else:
            self._held.append(message)

    def _handle(self, idents: object, frames: object) -> None:
        try:
            message = self._kernel.session.deserialize(frames, content=True, copy=False)
            # The front end waits for this "idle" before it sends the next click.
            self._say("busy", "shell", parent=message)
            try:
                self._answer(idents, message)
            finally:
                self._say("idle", "shell", parent=message)
        except Exception:
            # A click that goes wrong must not cost the cell what has arrived.
            _log.exception("ct_magic: a click could not be handled")

    def _answer(self, idents: object, message: Any) -> None:
        kind = message["msg_type"]
        if kind not in _INFO:
            getattr(self._comms, kind)(self._stream, idents, message)
            return
        answer = self._kernel.shell_handlers[kind](self._replies, idents, message)
        if iscoroutine(answer):  # it awaits nothing
            with suppress(StopIteration):
                answer.send(None)
        if hasattr(self._replies, "flush"):  # a stream of ipykernel 6, which else waits for us
            self._replies.flush(self._writable)

    def _is_ours(self, frames: Any) -> bool:
        # A peek: `deserialize` would note the signature, and refuse the message afterwards.
        unpack = self._kernel.session.unpack
        kind = unpack(frames[1].bytes)["msg_type"]
        if kind in _INFO:
            return True
        if kind not in ("comm_open", "comm_msg", "comm_close"):
            return False
        content = unpack(frames[4].bytes)
        if kind == "comm_open" and content.get("target_name") == CONTROL:
            self._controls.add(content.get("comm_id"))
        return content.get("comm_id") in (*self._controls, *(self._ids or ()))


def streams_of_this_thread(kernel: Any) -> tuple[Any, Any]:
    """Return by what this thread gets its messages, and replies; raise where it gets none."""
    if getattr(kernel, "_supports_kernel_subshells", False):  # ipykernel 7
        manager = kernel.shell_channel_thread.manager
        shell = manager.subshell_id_from_thread_id(threading.get_ident())
        replies = manager.get_subshell_to_shell_channel_socket(shell)
        return manager.get_shell_channel_to_subshell_pair(shell).to_stream, replies
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("only the main thread reads messages")
    return kernel.shell_stream, kernel.shell_stream


# Where a run can be shown: a notebook that somebody looks at, an executed one, a terminal.


def open_panel(
    run: RowRun,
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
    chosen = _mode(shell) if mode == "auto" or rich else mode
    if about.used and shell is not None:
        tell_page(about.used, shell)
    if chosen == "widget":
        from ct_magic.panel.widget_panel import PATIENCE, WidgetPanel

        lines, stays, display = _lines(shell), is_inside_output(shell), notebook_display()
        return WidgetPanel(run, about, display, lines=lines, stays=stays, patience=PATIENCE)
    if chosen == "html":
        return HtmlPanel(run, about, notebook_display(), is_final=is_inside_output(shell))
    if chosen == "none" or stream is None:  # a Python without a console
        return Panel(run, about)
    is_ci = environ.get("CI", "").lower() not in ("", "0", "false")
    is_log = is_ci or environ.get("TERM") == "dumb" or about.stable
    return TextPanel(run, about, stream, rewrite=is_terminal(stream) and not is_log)


def tell_page(used: str, shell: Any = None) -> None:
    """Tell the labextension which account is in use: it fades the panels of others.

    By a message of our own, which whoever does not look for it passes over.
    """
    shell = shell or current_shell()
    with suppress(Exception):  # whatever a front end makes of it, the account is in use
        if _mode(shell) == "widget":
            kernel = shell.kernel
            send, parent = kernel.session.send, kernel.get_parent()
            send(kernel.iopub_socket, USED, {"account": used}, parent=parent)


def is_inside_output(shell: object) -> bool:
    """Return True where an Output widget takes what is displayed: `with out:`, `interact`.

    It takes what is new, and nothing that replaces it.
    """
    kernel, widgets = getattr(shell, "kernel", None), sys.modules.get("ipywidgets")
    if kernel is None or widgets is None:
        return False
    parent = kernel.get_parent().get("header", {}).get("msg_id")
    known = list(widgets.widgets.widget._instances.values())
    outputs = [widget for widget in known if isinstance(widget, widgets.Output)]
    return any(output.msg_id and output.msg_id == parent for output in outputs)


def notebook_display() -> Display:
    """Return what shows a bundle as an output of the cell, and the next ones in its place."""
    from IPython.display import DisplayHandle

    handle: Any = DisplayHandle()  # type: ignore[no-untyped-call] # IPython's own
    ways = chain([handle.display], repeat(handle.update))
    return lambda bundle: next(ways)(dict(bundle), raw=True)


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


def _mode(shell: object) -> str:
    kernel = getattr(shell, "kernel", None)
    # The session of a kernel sends nothing from another process than its own, and a parallel
    # engine's client shows what was printed, and no display that is replaced.
    pid = getattr(getattr(kernel, "session", None), "pid", None)
    is_forked = isinstance(pid, int) and pid != os.getpid()
    if kernel is None or is_forked or type(kernel).__module__.startswith("ipyparallel"):
        return "text"
    return "widget" if is_interactive(shell) and _is_heard(kernel) else "html"


def _is_program(shell: object) -> bool:
    """Return True for a shell that a program made of IPython's, to run notebooks in itself."""
    own, *bases = type(shell).__mro__
    is_derived = any(base.__module__.startswith("IPython.") for base in bases)
    has_prompt = hasattr(shell, "simple_prompt")
    return is_derived and not has_prompt and not own.__module__.startswith("IPython.")


def _is_heard(kernel: object) -> bool:
    """Return True if a click may be heard in this thread while it blocks."""
    if threading.current_thread() is threading.main_thread():
        return True
    with suppress(Exception):  # in a thread that the cell has started nobody reads messages
        return streams_of_this_thread(kernel)[0] is not None
    return False


def _lines(shell: object) -> TextIO | None:
    """Return where lines go if no page shows up: a console shows no display that is replaced."""
    metadata = shell.kernel.get_parent().get("metadata") if hasattr(shell, "kernel") else None
    is_page = bool(metadata) or "JPY_SESSION_NAME" in os.environ or shell is None
    return None if is_page else sys.stderr
