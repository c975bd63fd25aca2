"""Threads that belong to the cell that is running, and that a fork finds outside any import.

A thread that a fork finds inside an import leaves the module locked in the child, where nobody is
to unlock it: whoever imports that next waits for ever.
"""

from __future__ import annotations

import contextvars
import os
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from weakref import WeakSet

from ct_magic.common.clock import now

LONGEST_IMPORT = 20.0  # seconds; how long a fork waits for our threads' imports at the most
IMPORT_CODE = "<frozen importlib._bootstrap>"  # the file that Python names for it
_ours: WeakSet[threading.Thread] = WeakSet()


def spawn(work: Callable[[], None], name: str) -> threading.Thread | None:
    """Start a daemon thread; return None where the machine has no more of them.

    Without the cell's context its widgets and prints would land in another cell, or nowhere.
    """
    run = contextvars.copy_context().run
    thread = threading.Thread(target=run, args=(work,), name=name, daemon=True)
    _ours.add(thread)
    try:
        thread.start()
    except (RuntimeError, MemoryError):
        return None
    return thread


def spawn_import(work: Callable[[], None], name: str) -> None:
    """Start a thread that only imports something, so that it need not be waited for later."""
    # It registers what is done at a fork; registered while a fork waits, half of it would be.
    try:
        import concurrent.futures.thread  # noqa: F401
    except RuntimeError:
        return  # the process ends: what is needed is imported when it is

    spawn(work, name)


def _finish_imports() -> None:
    end = now() + LONGEST_IMPORT
    while _is_importing() and now() < end:
        time.sleep(0.001)


def _is_importing() -> bool:
    idents = {thread.ident for thread in list(_ours)} - {threading.get_ident()}
    frames = sys._current_frames()
    return any(_imports(frames.get(ident or 0)) for ident in idents)


def _imports(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename == IMPORT_CODE:
            return True
        frame = frame.f_back
    return False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_finish_imports)
