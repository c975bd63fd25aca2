"""Lets a cell that blocks hear the clicks on its own panel.

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
import threading
from collections.abc import Collection
from contextlib import suppress
from inspect import iscoroutine
from typing import Any

_AT_ONCE = 50  # messages taken at a time
_INFO = ("kernel_info_request", "comm_info_request")  # answered without a look at anything else
CONTROL = "jupyter.widget.control"  # what a page opens to ask for the state of all widgets
_log = logging.getLogger(__name__)


class CommPump:
    """`with CommPump(kernel, ids) as pump:` and call `pump()` again and again while waiting.

    `ids` are the comm ids of the widgets that may be heard, also those that are added meanwhile;
    with None nothing is taken over. On a kernel that is built otherwise
    than ipykernel 6 and 7 are, `ok` is False and calling it does nothing.
    """

    def __init__(self, kernel: Any, ids: Collection[str] | None) -> None:
        self.ok = False
        self._kernel, self._ids = kernel, ids
        self._controls: set[str] = set()  # comms by which pages ask for the state of all widgets
        self._held: list[Any] = []

    def __enter__(self) -> CommPump:
        if self._ids is not None:
            try:
                self._take_over()
            except Exception:
                # Private parts of ipykernel; a version that moved them leaves us deaf, not broken.
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

    def _take_over(self) -> None:
        import zmq

        self._readable, self._writable = zmq.POLLIN, zmq.POLLOUT
        self._stream, self._replies = streams_of_this_thread(self._kernel)
        self._callback = self._stream._recv_callback
        self._say, self._comms = self._kernel._publish_status, self._kernel.comm_manager
        if self._callback is None:
            raise AttributeError("nobody reads this stream")
        self._stream.on_recv(self._received, copy=False)
        self.ok = True

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
