"""Threads that belong to the cell that is running."""

from __future__ import annotations

import contextvars
import os
import threading
from collections.abc import Callable
from weakref import WeakSet

LONGEST_IMPORT = 20.0  # seconds; how long a fork waits for an import at the most
_importing: WeakSet[threading.Thread] = WeakSet()


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


def spawn_import(work: Callable[[], None], name: str) -> None:
    """Start a thread that only imports something, so that it need not be waited for later.

    A fork waits for its end: the child would find the module locked, and nobody to unlock it.
    """
    # It registers what is done at a fork; registered while a fork waits, half of it would be.
    import concurrent.futures.thread  # noqa: F401

    if thread := spawn(work, name):
        _importing.add(thread)


def _finish_imports() -> None:
    for thread in list(_importing):
        if thread is not threading.current_thread():
            thread.join(LONGEST_IMPORT)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_finish_imports)
