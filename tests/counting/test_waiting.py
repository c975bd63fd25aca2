"""The cell waits: every way out of it cancels, closes the panel, and keeps what had arrived."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from helpers.plans import plan, question, row
from helpers.shell import TODAY, Clock, point_at, submitted, until
from IPython.core.interactiveshell import InteractiveShell

from ct_magic.client.jobs import Answer, Job, Partial, State, Success, Tally, Timing
from ct_magic.client.workers import Run
from ct_magic.counting.handle import wait
from ct_magic.panel.panel import Panel
from ct_magic.planning.row_results import RowRun
from ct_magic.sandbox import Sandbox


class Slow:
    """A service that answers the first query at once, and any other never."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def submit(self, body: str) -> Answer:
        self.sent.append(body)
        return Success(Tally(7)) if body == "q0" else Partial(body)

    def poll(self, req_id: str) -> Answer:
        return Partial(req_id)


class Watched(Panel):
    """A panel that knows whether it was closed."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    def refresh(self) -> None:
        pass

    def close(self) -> None:
        self.closed.set()


class OverdueError(Exception):
    """What a soft time limit raises."""


@contextmanager
def alarm(error: type[BaseException], is_time: Callable[[], bool]) -> Iterator[None]:
    """Let an alarm raise this in the main thread as soon as it is time."""

    def ring(*_: object) -> None:
        raise error

    def watch() -> None:
        while not is_time() and not over.wait(0.01):
            pass
        if not over.is_set():
            os.kill(os.getpid(), signal.SIGALRM)

    over, before = threading.Event(), signal.signal(signal.SIGALRM, ring)
    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        over.set()
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("error", [OverdueError, SystemExit, GeneratorExit])
def test_whatever_ends_the_waiting_ends_the_asking(error: type[BaseException]) -> None:
    """An alarm, a soft time limit, a handler that exits: nothing goes on against the will."""

    asker, panel = Slow(), Watched()
    jobs = [Job(number, question(f"q{number}")) for number in range(3)]
    run = Run(jobs, asker, Timing(poll_interval=0.05))
    arrived = [State.SUCCESS, State.SUBMITTED, State.SUBMITTED]
    with (
        pytest.raises(error),
        alarm(error, lambda: [job.state for job in run.jobs] == arrived),
    ):
        wait(RowRun(plan([row(number) for number in range(3)]), run), lambda: panel)
    assert run.wait(60)
    assert panel.closed.wait(60)
    ended = [job.state for job in run.jobs]
    assert ended == [State.SUCCESS, State.CANCELLED, State.CANCELLED]


CODE = """
import os
import signal
import ct_magic
signal.signal(signal.SIGINT, {handler})
try:
    frame = ct_magic.count("App Launched 2026-10", poll_interval=0.2, progress="none")
    print(list(frame["status"]))
except KeyboardInterrupt as stopped:
    print("interrupted", list(stopped.frame["status"]))
"""


@pytest.mark.parametrize(
    ("handler", "shown"),
    [
        ("signal.SIG_IGN", "['success']"),
        ("lambda *_: None", "['success']"),
        ("signal.default_int_handler", "interrupted ['cancelled']"),
    ],
)
def test_only_pythons_own_handler_is_replaced(
    state: Path, monkeypatch: pytest.MonkeyPatch, handler: str, shown: str
) -> None:
    """`python x.py &` ignores interrupts, and a host that embeds Python has its own."""
    clock = Clock()
    with Sandbox(profiles=50, latency=1, clock=clock, today=TODAY) as box:
        point_at(box, monkeypatch)
        command = [sys.executable, "-c", CODE.format(handler=handler)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            until(lambda: submitted(box) > 0 or process.poll() is not None)
            process.send_signal(signal.SIGINT)
            clock.now += 2 * (shown == "['success']")
            out, _ = process.communicate(timeout=60)
    assert out.strip() == shown


def test_a_cell_that_an_alarm_ends_has_what_had_arrived(
    state: Path, shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own exception, and the variable: whoever limits a notebook's time loses no count."""
    with Sandbox(profiles=50, latency=60, today=TODAY) as box:
        point_at(box, monkeypatch)
        with alarm(OverdueError, lambda: submitted(box) > 0):
            result = shell.run_cell("%%ctcount found\nApp Launched 2026-10 by week")
    assert isinstance(result.error_in_exec, OverdueError)
    assert set(shell.user_ns["found"]["status"]) == {"cancelled"}


def test_storms_of_interrupts_leave_no_widget_behind() -> None:
    """While a panel is made, and while it goes, a second interrupt waits a moment."""
    script = Path(__file__).parents[1] / "interrupts.py"
    done = subprocess.run([sys.executable, script, "12"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
