"""Cells in a storm of SIGINT: python tests/interrupts.py [STORMS] [SEED].

Each cell is interrupted two to eight times at random moments: while its panel is made, while it
waits, and while it is left. What widgets are left in the end is printed; the exit code is 1 if
there are more than the two that all panels share.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from random import Random

from helpers.plans import plan, row
from ipywidgets.widgets.widget import _instances

from ct_magic.client.jobs import Answer, Partial, Timing, jobs_of
from ct_magic.client.runner import Run
from ct_magic.counting.handle import wait
from ct_magic.panel.standing import About
from ct_magic.panel.widget_panel import WidgetPanel
from ct_magic.planning.row_results import RowRun

SHARED = 2


class Never:
    """A service that is still at it."""

    def submit(self, body: str) -> Answer:
        return Partial(body)

    def poll(self, req_id: str) -> Answer:
        return Partial(req_id)


def cell() -> None:
    asked = plan([row(number, f"App Launched {number}") for number in range(7)])
    run = RowRun(asked, Run(jobs_of(asked.questions), Never(), Timing()))
    wait(run, lambda: WidgetPanel(run, About(), lambda bundle: time.sleep(0.002)))


def storm(chance: Random) -> None:
    """Run a cell, and leave when no more interrupts come; here alone they end nothing."""
    pause, gaps = chance.random() ** 3 * 0.3, [chance.random() * 0.02 for _ in range(8)]
    times, over, began, started = (
        chance.randint(2, 8),
        threading.Event(),
        [False],
        threading.Event(),
    )

    def kill() -> None:
        started.set()
        time.sleep(pause)
        for gap in gaps[:times]:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(gap)
        over.set()

    def once() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        if not began[0]:
            began[0] = True
            cell()
        while not over.is_set():
            time.sleep(0.01)

    # Python's own start of a thread is not made for interrupts.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    threading.Thread(target=kill, daemon=True).start()
    started.wait()
    again(lambda: again(lambda: again(lambda: again(once))))


def again(work: Callable[[], None]) -> None:
    while True:
        try:
            return work()
        except KeyboardInterrupt:
            pass


def main(storms: int = 50, seed: int = 7) -> int:
    chance = Random(seed)
    for _ in range(storms):
        storm(chance)
    end = time.monotonic() + 60
    while len(_instances) > SHARED and time.monotonic() < end:
        time.sleep(0.1)  # what was left is closed by a thread beside
    left = Counter(type(widget).__name__ for widget in _instances.values())
    sys.stdout.write(f"{storms} storms: {sum(left.values())} widgets left {dict(left)}\n")
    return int(sum(left.values()) > SHARED)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
