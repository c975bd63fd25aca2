"""Waiting for a run: in the cell, where clicks and interrupts are heard, or beside it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ct_magic.client.threads import spawn
from ct_magic.common.clock import now
from ct_magic.panel.comm_pump import CommPump

if TYPE_CHECKING:
    from ct_magic.panel.panel import Panel, Shown

_SLICE = 0.1  # seconds; how late a click or an interrupt is heard
_HELD = 2.0  # seconds for which a second interrupt waits for a panel
_LEAVE = 0.5  # seconds; a cancelled count is called cancelled where the machine is busy, too


def wait(run: Shown, show: Callable[[], Panel], kernel: object = None) -> None:
    """Show the run, start it and block until it is over.

    The first interrupt cancels the run, and KeyboardInterrupt is raised once it is over; a second
    one is raised as soon as no panel is half made or half gone, and so is any other exception that
    ends the waiting: an alarm's, a deadline's of whoever runs the notebook, a SystemExit.
    """
    with _interrupts() as heard:
        panel = show()
        try:
            run.start()
            _watch(run, panel, kernel, heard)
        except BaseException:
            _leave(run, panel)
            raise
        panel.close()
    if heard.times:
        raise KeyboardInterrupt


class _Interrupts:
    """The interrupts that came. A second one is raised, but not while it is held.

    It is held from the beginning on, and again from its raising on: what an exception leaves half
    made would stay in memory, and in the page. Whatever hangs then, after `_HELD` seconds it is
    raised all the same.
    """

    def __init__(self) -> None:
        self.times = 0
        self._held: float | None = now()

    def hear(self, _number: int, _frame: object) -> None:
        # The first is only noted: it may come while the run's own locks are held by this thread.
        self.times += 1
        if self.times > 1 and (self._held is None or now() - self._held > _HELD):
            self.hold()
            raise KeyboardInterrupt

    def hold(self) -> None:
        self._held = now()

    def release(self) -> None:
        if self.times > 1:
            raise KeyboardInterrupt
        self._held = None


def _watch(run: Shown, panel: Panel, kernel: object, heard: _Interrupts) -> None:
    with CommPump(kernel, panel.comm_ids) as pump:
        if panel.comm_ids is not None and not pump.ok and _is_main():
            panel.disable_buttons()
        while True:
            heard.release()
            is_over = run.wait(_SLICE)
            heard.hold()
            if is_over:
                return
            pump()
            if heard.times:
                run.cancel()
            panel.refresh()


def _leave(run: Shown, panel: Panel) -> None:
    # Out of here, even if cancelling hangs. Mostly it takes no time.
    def cancel() -> None:
        panel.move_here()
        run.cancel()
        follow(run, panel)

    if spawn(cancel, "ct_magic-cancel"):
        run.wait(_LEAVE)
    else:
        cancel()


def listen(
    run: Shown,
    heard: Collection[str] | None,
    kernel: object = None,
    timeout: float | None = None,
) -> bool:
    """Block for `timeout` seconds at the most; return True if it is over.

    For a run whose panel another thread keeps true: its widgets are those `heard` meanwhile.
    An interrupt ends the waiting, not the run.
    """
    end = float("inf") if timeout is None else now() + timeout
    with CommPump(kernel, heard) as pump:
        while not run.wait(max(0.0, min(_SLICE, end - now()))):
            if now() >= end:
                return False
            pump()
    return True


def follow(run: Shown, panel: Panel) -> None:
    """Keep the panel true until the run is over; for a thread beside the cell."""
    while not run.wait(_SLICE):
        panel.refresh()
    panel.close()


@contextmanager
def _interrupts() -> Iterator[_Interrupts]:
    heard = _Interrupts()
    if not _is_main() or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        # Only the main thread can be interrupted; and where another than Python's own handler
        # stands, it is somebody's will: ignored in the background, a host's that embeds Python.
        yield heard
        return

    try:
        signal.signal(signal.SIGINT, heard.hear)
    except ValueError:
        # A host whose other thread was the first to import `threading`: that is the main one then.
        yield heard
        return
    try:
        yield heard
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _is_main() -> bool:
    return threading.current_thread() is threading.main_thread()
