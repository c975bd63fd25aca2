"""The clock of everything that waits: one for all threads, and no test's frozen time stops it.

What freezes time for a test replaces the functions of `time`, in some threads and not in others: a
wait that is begun by one clock and ended by the other never ends.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from ct_magic.common.fork import ForkLock

ASLEEP = 3.0  # seconds without a tick: the process did not run, whatever else is late by less

# Seconds, of a beginning that nobody knows. Within `partial` it is not found and replaced.
now: Callable[[], float]
if hasattr(time, "clock_gettime"):
    now = partial(time.clock_gettime, time.CLOCK_MONOTONIC)
else:
    now = partial(time.monotonic)


class AwakeClock:
    """Seconds in which this process ran: of a stopped process or a closed laptop none pass.

    Some thread must `tick` each second or so from the first time on; until then it is `now`.
    """

    def __init__(self) -> None:
        self._lock, self._lost = ForkLock(), 0.0
        self._ticked: float | None = None

    def __call__(self) -> float:
        """Return the reading."""
        with self._lock:
            reading = now()
            if self._ticked is not None and reading - self._ticked > ASLEEP:
                # Whoever wakes first notes it, before anything is found to be late.
                self._lost += reading - self._ticked
                self._ticked = reading
            return reading - self._lost

    def tick(self) -> None:
        """Note that the process runs."""
        self()
        with self._lock:
            self._ticked = now()
