"""Cells in a storm of SIGINT: python tests/interrupts.py [STORMS] [SEED] [kernel].

Each cell is interrupted two to eight times at random moments: while its panel is made, while it
waits, and while it is left. With `kernel` the cells are a notebook's, in a kernel that its manager
interrupts; else a process interrupts itself. What widgets are left in the end is printed; the exit
code is 1 if there are more than the two that all panels share.
"""

from __future__ import annotations

import ast
import os
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from queue import Empty
from random import Random

from helpers.plans import plan, row
from ipywidgets.widgets.widget import _instances
from jupyter_client.blocking.client import BlockingKernelClient

from ct_magic.client.jobs import Answer, Partial, Timing, jobs_of
from ct_magic.client.workers import Run
from ct_magic.counting.handle import wait
from ct_magic.panel.panel import About
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


def in_kernel(storms: int, chance: Random) -> Counter[str]:
    """Run the cells in a kernel; return what widgets it is left with."""
    from helpers.front_end import started_kernel

    from ct_magic.sandbox import Sandbox

    with Sandbox(profiles=50, latency=600) as box, tempfile.TemporaryDirectory() as state:
        env = {"CLEVERTAP_BASE_URL": box.url, "CLEVERTAP_ACCOUNT_ID": "SANDBOX"}
        env |= {"CLEVERTAP_PASSCODE": "sandbox", "CT_MAGIC_STATE_DIR": state}
        with started_kernel(os.environ | env) as (manager, client):
            setup = "%load_ext ct_magic\n%config CountMagics.progress = 'widget'"
            client.execute(setup, reply=True, timeout=60)
            for number in range(storms):
                sent = client.execute(f"%%ctcount\nApp Launched last {number + 1} days by day\n")
                time.sleep(chance.random() * 1.5)
                for _ in range(chance.randint(2, 8)):
                    manager.interrupt_kernel()
                    time.sleep(chance.random() * 0.1)
                # Those before may have come before the cell; and a kernel that is interrupted
                # outside a cell may lose its request.
                for _ in range(5):
                    if _is_answered(client, sent):
                        break
                    manager.interrupt_kernel()
            return Counter(_left(client))


def _is_answered(client: BlockingKernelClient, sent: str) -> bool:
    try:
        return bool(client.get_shell_msg(timeout=2)["parent_header"]["msg_id"] == sent)
    except Empty:
        return False


def _left(client: BlockingKernelClient) -> list[str]:
    """Return the kinds of widgets that a kernel has, once none is closed any more."""
    code = "[type(w).__name__ for w in __import__('ipywidgets').widgets.widget._instances.values()]"
    end = time.monotonic() + 60
    while True:
        reply = client.execute(user_expressions={"left": code}, code="", reply=True, timeout=60)
        left = ast.literal_eval(reply["content"]["user_expressions"]["left"]["data"]["text/plain"])
        if len(left) <= SHARED or time.monotonic() > end:
            return list(left)
        time.sleep(0.1)


def in_process(storms: int, chance: Random) -> Counter[str]:
    """Run the cells here; return what widgets are left."""
    # Whoever is started in the background ignores interrupts, and so does what it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for _ in range(storms):
        storm(chance)
    end = time.monotonic() + 60
    while len(_instances) > SHARED and time.monotonic() < end:
        time.sleep(0.1)  # what was left is closed by a thread beside
    return Counter(type(widget).__name__ for widget in _instances.values())


def main(storms: str = "50", seed: str = "7", where: str = "") -> int:
    run = in_kernel if where == "kernel" else in_process
    left = run(int(storms), Random(int(seed)))
    sys.stdout.write(f"{storms} storms: {sum(left.values())} widgets left {dict(left)}\n")
    return int(sum(left.values()) > SHARED)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
