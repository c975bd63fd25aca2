"""Waiting for a run: in the cell, where clicks and interrupts are heard, or beside it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from .panel import Panel
from .pump import CommPump

SLICE = 0.1  # seconds; how late a click or an interrupt is heard


class Waitable(Protocol):
    """What is waited for: see `run.Run`."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait; say whether it is over."""
        ...

    def cancel(self, number: int | None = None) -> None:
        """Stop asking."""
        ...


def wait(run: Waitable, panel: Panel, kernel: Any = None) -> None:
    """Block until the run is over.

    The first interrupt cancels the run, and KeyboardInterrupt is raised once it is over; a second
    one is raised at once, whatever happens.
    """
    with _interrupts(run) as heard, CommPump(kernel, panel.comm_ids) as pump:
        if panel.comm_ids and not pump.ok:
            panel.say_deaf()
        while not run.wait(SLICE):
            pump()
            panel.refresh()
    panel.close()
    if heard:
        raise KeyboardInterrupt


def follow(run: Waitable, panel: Panel) -> None:
    """Keep the panel true until the run is over; for a thread beside the cell."""
    while not run.wait(SLICE):
        panel.refresh()
    panel.close()


@contextmanager
def _interrupts(run: Waitable) -> Iterator[list[int]]:
    heard: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield heard  # only the main thread can be interrupted
        return

    def interrupted(number: int, _frame: object) -> None:
        heard.append(number)
        if len(heard) > 1:
            raise KeyboardInterrupt
        run.cancel()

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield heard
    finally:
        signal.signal(signal.SIGINT, before)
