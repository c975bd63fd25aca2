"""Threads that belong to the cell that is running."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable


def spawn(work: Callable[[], None], name: str) -> threading.Thread | None:
    """Start a daemon thread; return None where the machine has no more of them.

    Without the cell's context its widgets and prints would land in another cell, or nowhere.
    """
    run = contextvars.copy_context().run
    thread = threading.Thread(target=run, args=(work,), name=name, daemon=True)
    try:
        thread.start()
    except (RuntimeError, MemoryError):
        return None
    return thread
