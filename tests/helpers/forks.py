"""A process that is forked from the test's own, and what comes of it there."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable


def forked(work: Callable[[], bool]) -> bool:
    """Return what this comes to in a process that is forked from this one."""
    if not (child := os.fork()):
        signal.alarm(100)  # a child that hangs must not outlive its test
        try:
            os._exit(0 if work() else 1)
        except BaseException:
            traceback.print_exc()
            os._exit(2)
    return os.waitpid(child, 0)[1] == 0
