"""`--background`: the cell comes back at once, the variable follows, other cells run meanwhile."""

from __future__ import annotations

import asyncio
import operator
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import pandas as pd
import pytest
from helpers.plans import question, results, row
from helpers.shell import TODAY, Clock, point_at, run, until
from IPython.core.interactiveshell import InteractiveShell

import ct_magic
from ct_magic import errors
from ct_magic.client.jobs import Job, State
from ct_magic.counting.asking import ask
from ct_magic.counting.handle import Counting, outcome
from ct_magic.panel.panel import Panel
from ct_magic.planning.prepare import prepare
from ct_magic.planning.row_results import RowRun
from ct_magic.sandbox import Sandbox
from ct_magic.settings import Settings


def is_frame(shell: InteractiveShell, name: str) -> bool:
    return isinstance(shell.user_ns.get(name), pd.DataFrame)


@pytest.fixture
def clock(state: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """The clock of a sandbox that counts for ten seconds; the environment's account is there."""
    clock = Clock()
    with Sandbox(profiles=50, latency=10, clock=clock, today=TODAY) as box:
        point_at(box, monkeypatch)
        yield clock


def arrive(handle: Counting, clock: Clock) -> None:
    """Let the count that was begun arrive."""
    until(lambda: handle.progress == "1 asked")
    clock.now += 11


def test_the_variable_is_a_handle_and_then_the_dataframe(
    clock: Clock, shell: InteractiveShell
) -> None:
    """Meanwhile other cells run."""
    run(shell, "%%ctcount df --background\nApp Launched 2026-10").raise_error()
    handle = shell.user_ns["df"]
    assert isinstance(handle, Counting)
    assert run(shell, "1 + 1").result == 2
    assert not handle.done()
    arrive(handle, clock)
    until(lambda: is_frame(shell, "df"))
    assert shell.user_ns["df"]["status"].iloc[0] == "success"
    assert handle.result()["count"].iloc[0] == shell.user_ns["df"]["count"].iloc[0]


def test_a_variable_that_was_bound_anew_is_left_alone(
    clock: Clock, shell: InteractiveShell
) -> None:
    """The count must not overwrite what the user put there since."""
    earlier = set(threading.enumerate())  # another test's count may still be on its way
    run(shell, "%%ctcount df --background\nApp Launched 2026-10").raise_error()
    handle = shell.user_ns["df"]
    run(shell, "df = 'mine'").raise_error()
    arrive(handle, clock)
    handle.result(60)
    started = set(threading.enumerate()) - earlier
    until(
        lambda: not any(thread.is_alive() for thread in started if thread.name == "ct_magic-then")
    )
    assert shell.user_ns["df"] == "mine"


def test_who_asks_to_be_called_is_called_once(clock: Clock) -> None:
    """Whether it was over before or not."""
    handle = ct_magic.start("App Launched 2026-10", poll_interval=0.01, progress="none")
    called: Queue[pd.DataFrame] = Queue()
    handle.when_done(called.put)
    assert called.empty()
    arrive(handle, clock)
    assert called.get(timeout=60)["status"].tolist() == ["success"]
    handle.when_done(called.put)
    assert called.get(timeout=60)["status"].tolist() == ["success"]
    assert called.empty()


class Late(Panel):
    """A panel that takes its time over the end."""

    ended = False

    def close(self) -> None:
        """Show how it ended."""
        self.ended = not threading.Event().wait(0.2)


def test_who_asks_to_be_called_is_called_when_the_panel_shows_the_end(account: Sandbox) -> None:
    """The form says below the panel that the DataFrame is there: not while that still waits."""
    prepared = prepare("App Launched 2026-10", settings=Settings(poll_interval=0.01))
    panels: list[Late] = []

    def opened(run: RowRun, note: str | None) -> Panel:
        panels.append(Late(run, note))
        return panels[0]

    has_ended: Queue[bool] = Queue()
    handle = ask(prepared, refresh=True, panel=opened).followed()
    handle.when_done(lambda _: has_ended.put(panels[0].ended))
    assert has_ended.get(timeout=60)


@pytest.mark.parametrize("use", ["df.shape", "df['count']", "len(df)", "df.plot()", "list(df)"])
def test_a_handle_that_is_used_too_early_says_what_to_do(
    account: Sandbox, shell: InteractiveShell, use: str
) -> None:
    """Not an AttributeError about a class that nobody knows."""
    run(shell, "%config CountMagics.poll_interval = 60")
    run(shell, "%%ctcount df --background\nApp Launched 2026-10").raise_error()
    try:
        error = run(shell, use).error_in_exec
        assert isinstance(error, errors.StillRunningError)
        assert ".result() waits" in str(error)
    finally:
        shell.user_ns["df"].cancel()


def test_a_failure_in_the_background_is_in_the_dataframe_and_in_result(
    state: Path, shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody's cell can fail any more, so the row says it, and whoever asks for the result."""
    with Sandbox(profiles=50, partials=1, faults="submit:fail", today=TODAY) as box:
        point_at(box, monkeypatch)
        handle = run(shell, "%%ctcount --background\nCharged 2026-10").result
        with pytest.raises(errors.CountFailedError, match="Query failed"):
            handle.result(60)
    assert handle.frame["status"].tolist() == ["failed"]


def test_without_a_name_the_handle_is_the_cells_value(
    account: Sandbox, shell: InteractiveShell
) -> None:
    """As everything in a notebook is."""
    handle = run(shell, "%%ctcount --background\nApp Launched 2026-10").result
    assert isinstance(handle, Counting)
    assert handle.result(60)["count"].notna().all()


def test_cancelling_keeps_what_had_arrived(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what is there so far can be looked at before."""
    with Sandbox(profiles=100, partials=0, faults="submit:partial", today=TODAY) as box:
        point_at(box, monkeypatch)
        handle = ct_magic.start(
            "Charged 2026-10\nApp Launched 2026-10",
            poll_interval=0.01,
            max_concurrent=1,
            progress="none",
        )
        until(lambda: handle.frame["status"].tolist() == ["submitted", "success"])
        assert handle.progress == "1 asked, 1 done"
        assert repr(handle) == "<counting: 1 asked, 1 done>"
        handle.cancel()
        with pytest.raises(errors.CountCancelledError) as caught:
            handle.result(60)
    assert caught.value.frame["status"].tolist() == ["cancelled", "success"]
    assert caught.value.frame["count"].notna().tolist() == [False, True]


def test_several_at_once_share_the_accounts_limit(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three cells in the background are not three times as many requests: none is refused."""
    with Sandbox(profiles=100, partials=1, at_once=2, today=TODAY) as box:
        point_at(box, monkeypatch)
        settings = {"poll_interval": 0.02, "max_concurrent": 2, "progress": "none"}
        texts = [f"App Launched 2026-{month:02} by week" for month in (7, 8, 9)]
        handles = [ct_magic.start(text, **settings) for text in texts]
        frames = [handle.result(60) for handle in handles]
        assert all((frame["status"] == "success").all() for frame in frames)
        assert {request.status for request in box.log} == {200}


@pytest.mark.parametrize("many", [1, 2])
def test_the_message_of_an_error_is_as_short_and_as_safe_as_a_panel(many: int) -> None:
    """Ten kilobytes of a name are no page of red, and its marks do not turn the message round."""
    text = "abc\u202edlrow\u202c\u2066 \u05d0" + "x" * 10_000
    rows = [row(n, text) for n in range(many)]
    jobs = [Job(n, question(), State.FAILED, error=text) for n in range(many)]
    with pytest.raises(errors.CountFailedError) as caught:
        outcome(results(rows, jobs), pd.DataFrame())
    assert len(str(caught.value)) < 1_500 * many
    assert "\u202e" not in str(caught.value)


def test_a_handle_can_be_awaited(clock: Clock) -> None:
    """As a Future can: other tasks go on meanwhile; what did not arrive is raised."""
    handle = ct_magic.start("App Launched 2026-10", poll_interval=0.01, progress="none")
    done: list[str] = []

    async def other() -> None:
        while "counted" not in done:
            done.append("other")
            if len(done) == 3:
                arrive(handle, clock)
            await asyncio.sleep(0)

    async def counted() -> pd.DataFrame:
        df = await handle
        done.append("counted")
        return df

    async def both() -> pd.DataFrame:
        return (await asyncio.gather(counted(), other()))[0]

    assert asyncio.run(both())["status"].tolist() == ["success"]
    assert handle.done()
    assert done.count("other") > 3
    assert asyncio.run(counted())["status"].tolist() == ["success"], "a second time, too"


def test_an_awaited_handle_raises_what_result_does(account: Sandbox) -> None:
    """The error carries what arrived."""

    async def counted() -> pd.DataFrame:
        return await ct_magic.start("No Such 2026-10", poll_interval=0.01, progress="none")

    with pytest.raises(errors.CountFailedError) as caught:
        asyncio.run(counted())
    assert caught.value.frame["status"].tolist() == ["failed"]


def test_a_handle_has_no_length(account: Sandbox) -> None:
    """Python asks for one in passing, and takes a TypeError for "there is none"."""
    handle = ct_magic.start("App Launched 2026-10", poll_interval=60, progress="none")
    try:
        with pytest.raises(TypeError, match=r"\.result\(\) waits"):
            len(handle)
        assert operator.length_hint(handle, 7) == 7
    finally:
        handle.cancel()


def test_a_reason_that_all_counts_share_is_said_once(
    account: Sandbox, shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error of a cell of thirty days with a wrong passcode has two lines."""
    monkeypatch.setenv("CLEVERTAP_PASSCODE", "wrong")
    error = run(shell, "%%ctcount df\nApp Launched last 30 days by day").error_in_exec
    head, reason = str(error).splitlines()
    assert head == "30 of 30 counts did not arrive: 30 failed"
    assert reason.strip().startswith("HTTP 401")
    assert shell.user_ns["df"]["error"].str.contains("HTTP 401").all()
