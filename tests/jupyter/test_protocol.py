"""Clicks and interrupts while a cell blocks: real kernels of three ipykernels, no browser.

The front end's part is played through jupyter_client: it finds the panel's buttons among the
widgets, clicks them over the main shell or over a subshell, and interrupts.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from importlib import metadata
from typing import Any

import pytest
from helpers.front_end import FrontEnd, front_end, overlay
from helpers.raw_server import Wire, wires
from helpers.shell import TODAY, Clock

from ct_magic.panel.widget_panel import VIEW
from ct_magic.sandbox import Sandbox

INSTALLED = "installed"
# What stands before the installed packages; ipykernel 6 needs one that 7 does not.
OLDER = {
    "6.29.5": ["ipykernel==6.29.5", "nest_asyncio==1.6.0"],
    "7.3.0": ["ipykernel==7.3.0"],
}
VERSIONS = [INSTALLED, *(pytest.param(version, marks=pytest.mark.long) for version in OLDER)]
# Of what has nothing to do with the version.
IN_THE_INSTALLED = pytest.mark.parametrize("kernel", [INSTALLED], indirect=True)
THREE = "App Launched 2026-08\nApp Launched 2026-09\nApp Launched 2026-10"
SET_UP = """
import os, ipykernel
%load_ext ct_magic
%config CountMagics.retry_wait = 0.05
os.environ |= {"CLEVERTAP_ACCOUNT_ID": "SANDBOX", "CLEVERTAP_PASSCODE": "sandbox"}
"""
# The sandbox of the session, with fewer people than it has by itself.
FEW_PEOPLE = """
from ct_magic.sandbox import Sandbox
from ct_magic.session.session import SESSION
SESSION.sandbox = Sandbox(profiles=30).start()
"""


@pytest.fixture(scope="module", params=VERSIONS)
def kernel(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FrontEnd]:
    """A kernel of that ipykernel; its version is asked of itself."""
    version, folder = request.param, tmp_path_factory.mktemp("kernel")
    before = None if version == INSTALLED else overlay(folder / "site", *OLDER[version])
    environ = {f"CT_MAGIC_{kind}_DIR": str(folder / kind) for kind in ("STATE", "CONFIG")}
    with front_end(before, environ) as front:
        front.done(SET_UP)
        expected = metadata.version("ipykernel") if version == INSTALLED else version
        assert front.value("ipykernel.__version__") == expected
        yield front


@pytest.fixture
def front(kernel: FrontEnd) -> Iterator[FrontEnd]:
    """That kernel, which no test leaves blocked for the next."""
    yield kernel
    kernel.settle()


@pytest.fixture(scope="module")
def extra_shell(kernel: FrontEnd) -> str | None:
    return kernel.subshell()


@pytest.fixture(params=["main shell", "subshell"])
def via(request: pytest.FixtureRequest, extra_shell: str | None) -> str | None:
    """Where the front end sends widget messages; with a kernel without subshells, one way only."""
    if request.param == "main shell":
        return None
    if extra_shell is None:
        pytest.skip("this kernel has no subshells")
    return extra_shell


def point(front: FrontEnd, box: Sandbox | str, *, interval: float = 600, at_once: int = 3) -> None:
    """Let the kernel ask this sandbox, which has a journal of its own.

    Sandboxes with the same data are one account, so what an earlier test counted would be known.
    """
    url = box if isinstance(box, str) else box.url
    folder = url.rpartition(":")[2].strip("/")
    front.done(
        f"os.environ['CLEVERTAP_BASE_URL'] = '{url}'\n"
        "root = os.environ.setdefault('STATE_ROOT', os.environ['CT_MAGIC_STATE_DIR'])\n"
        f"os.environ['CT_MAGIC_STATE_DIR'] = os.path.join(root, '{folder}')\n"
        f"%config CountMagics.poll_interval = {interval}\n"
        f"%config CountMagics.max_concurrent = {at_once}"
    )


def forget(front: FrontEnd) -> None:
    """Begin a new page: what earlier cells showed is gone."""
    front.read()
    front.widgets.clear()
    front.shown.clear()
    front.messages.clear()


def wait_card(front: FrontEnd, words: str) -> None:
    """Wait until a live card says this."""
    front.until(lambda: front.shows(words))


def wait_display(front: FrontEnd, words: str) -> None:
    """Wait until a cell has displayed this; a panel in the background may display, too."""
    front.until(lambda: any(words in data["text/plain"] for data in front.shown))


def blocked(front: FrontEnd, text: str, words: str, cell: str = "%%ctcount df") -> str:
    """Run a cell that will block, and wait until its card says this; give the request."""
    forget(front)
    request = front.run(f"{cell}\n{text}")
    wait_card(front, words)
    return request


def ended(front: FrontEnd, request: str, error: str, since: float, label: str) -> None:
    """The cell ends with this error; what it waited for would never come, or in ten minutes."""
    reply = front.reply(request)
    # Half a second is the aim, on a machine that does nothing else: `pytest -s` shows it.
    print(f"{label}: {time.monotonic() - since:.3f} s")  # noqa: T201 # as above
    assert reply["status"] == "error"
    assert reply["ename"] == error


def statuses(front: FrontEnd, name: str = "df") -> Any:
    return front.value(f"sorted({name}['status'])")


def stuck(front: FrontEnd) -> list[int]:
    """The numbers, as in the table, of the counts that have not arrived."""
    (card,) = {v for s in front.widgets.values() if "<table" in (v := str(s.get("value", "")))}
    rows = card.split("<tr>")[2:]
    return [number for number, row in enumerate(rows, 1) if "asked" in row or "counting" in row]


def cancel_row(front: FrontEnd, number: int, via: str | None) -> None:
    """Mark a row by the box that is named after it, and click the button that cancels it."""

    def find() -> str | None:
        begins = f"Mark {number}: "
        states = front.widgets.items()
        return next((i for i, s in states if str(s.get("description")).startswith(begins)), None)

    front.set(front.until(find), via, value=True)
    front.click(front.button("Cancel this"), via)


@pytest.fixture
def one_stuck(front: FrontEnd) -> Iterator[Sandbox]:
    """A service whose first query never comes to an end; the others are answered at once."""
    with Sandbox(profiles=30, latency=0, faults="submit:partial", today=TODAY) as box:
        point(front, box)
        yield box


def test_cancel_all(front: FrontEnd, via: str | None, one_stuck: Sandbox) -> None:
    """One click: the cell fails, what had arrived is kept, and what is queued does not run."""
    request = blocked(front, THREE, "2 of 3 done")
    queued = [front.run(f"ran = {number}") for number in (1, 2)]
    begun = time.monotonic()
    front.click(front.button("Cancel all"), via)
    ended(front, request, "CountCancelledError", begun, "click to reply")
    assert [front.reply(cell)["status"] for cell in queued] == ["aborted", "aborted"]
    assert statuses(front) == ["cancelled", "success", "success"]
    assert front.value("bool(df['count'].notna().eq(df['status'].eq('success')).all())")
    wait_display(front, "2 of 3 done · 1 cancelled")
    front.until(lambda: VIEW not in front.shown[-1])  # the last display is no widget
    assert "cancelled" in front.shown[-1]["text/html"]


def test_what_was_cancelled_is_fetched_later(front: FrontEnd) -> None:
    """It is pending in the journal: nothing is submitted twice."""
    with Sandbox(profiles=30, partials=1, today=TODAY) as box:
        point(front, box)
        request = blocked(front, THREE, "3 asked")
        front.click(front.button("Cancel all"))
        assert front.reply(request)["ename"] == "CountCancelledError"
        assert statuses(front) == ["cancelled"] * 3
        point(front, box, interval=0.05)
        front.done("back = %ct resume")
        assert statuses(front, "back") == ["success"] * 3
        assert sum(request.method == "POST" for request in box.log) == 3


def test_cancel_some(front: FrontEnd, via: str | None) -> None:
    """The others go on; the cell ends when the last of them has."""
    with Sandbox(profiles=30, latency=0, faults="submit:partial*2", today=TODAY) as box:
        point(front, box)
        request = blocked(front, THREE, "1 of 3 done")
        front.until(lambda: len(stuck(front)) == 2)  # both were asked
        first, last = stuck(front)
        cancel_row(front, first, via)
        wait_card(front, "1 cancelled")
        assert front.is_running(request)
        begun = time.monotonic()
        cancel_row(front, last, via)
        ended(front, request, "CountCancelledError", begun, "click on the last to reply")
    assert statuses(front) == ["cancelled", "cancelled", "success"]


def test_interrupt(front: FrontEnd, one_stuck: Sandbox) -> None:
    """As Cancel, by the toolbar or `I, I`; the error is a KeyboardInterrupt."""
    request = blocked(front, THREE, "2 of 3 done")
    queued = front.run("ran = 3")
    front.heard(front.button("Cancel all"))
    begun = time.monotonic()
    front.interrupt()
    ended(front, request, "CountInterrupt", begun, "interrupt to reply")
    assert front.reply(queued)["status"] == "aborted"
    assert statuses(front) == ["cancelled", "success", "success"]
    assert front.value("issubclass(__import__('ct_magic').CountInterrupt, KeyboardInterrupt)")


def test_interrupt_while_a_request_hangs(front: FrontEnd) -> None:
    """A service that drips its answer holds up nobody; pressing twice is as good as once."""

    def serve(wire: Wire) -> None:
        if not (wire.request() or b"").startswith(b"POST"):
            wire.answer({}, 404)
            return
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
        drips.set()
        while not over.wait(0.1):
            wire.send(b" ")

    for presses in (1, 2):
        over, drips = threading.Event(), threading.Event()
        with wires(serve) as url:
            point(front, url)
            request = blocked(front, "App Launched 2026-10", "waiting its turn")
            assert drips.wait(60)
            begun = time.monotonic()
            for _ in range(presses):
                front.interrupt()
                time.sleep(0.02)
            ended(front, request, "CountInterrupt", begun, f"interrupt x {presses} to reply")
            over.set()  # only now: the cell has not waited for the end of the request
        assert statuses(front) == ["cancelled"]
        front.done("assert df['count'].isna().all()")


def test_a_second_interrupt_gets_one_out_whatever_happens(front: FrontEnd) -> None:
    """Even of a run that does not end when it is cancelled."""
    front.done(
        "import time\n"
        "from ct_magic.panel.panel import Panel\n"
        "from ct_magic.counting.handle import wait\n"
        "class Stubborn:\n"
        "    clock, jobs, cancels, over = time.monotonic, (), 0, False\n"
        "    questions = property(lambda self: self)\n"
        "    def wait(self, timeout): time.sleep(timeout); return self.over\n"
        "    def start(self): display('it waits')\n"
        "    def cancel(self, number=None):\n"
        "        self.cancels += 1\n"
        "        self.cancels > 1 or display('it is cancelled')\n"
        "run = Stubborn()"
    )
    forget(front)
    request = front.run("wait(run, lambda: Panel(run))")
    wait_display(front, "it waits")
    front.interrupt()
    wait_display(front, "it is cancelled")  # two interrupts at once could be one
    assert front.is_running(request)
    begun = time.monotonic()
    front.interrupt()
    ended(front, request, "KeyboardInterrupt", begun, "second interrupt to reply")
    assert front.value("run.cancels") > 0
    front.done("run.over = True")


def test_a_page_that_is_reloaded_gets_its_answers(front: FrontEnd, one_stuck: Sandbox) -> None:
    """What it asks before it shows a widget: which kernel this is, which comms are open."""
    request = blocked(front, THREE, "2 of 3 done")
    assert front.ask("kernel_info_request")["status"] == "ok"
    comms = front.ask("comm_info_request", target_name="jupyter.widget")["comms"]
    assert front.button("Cancel all") in comms
    assert front.is_running(request)
    front.click(front.button("Cancel all"))
    assert front.reply(request)["ename"] == "CountCancelledError"


def test_stopped_cells_leave_no_widgets(front: FrontEnd) -> None:
    """Two are shared by all panels, and stay."""
    front.done("import ipywidgets.widgets.widget as inside")
    with Sandbox(profiles=30, latency=3600, today=TODAY) as box:
        point(front, box)
        for days in (1, 3, 30):
            request = blocked(front, f"App Launched last {days} days by day", "asked")
            front.interrupt()
            front.reply(request)
    assert front.value("len(inside._instances)") <= 2


def test_what_is_queued_keeps_its_order(front: FrontEnd) -> None:
    """Cells, and clicks on other people's widgets, happen after the cell as they came."""
    forget(front)
    front.done(
        "import ipywidgets\n"
        "seen, field = [], ipywidgets.IntText(description='theirs')\n"
        "field.observe(lambda change: seen.append(change['new']), 'value')"
    )
    foreign = front.until(lambda: front.find(description="theirs"))
    clock = Clock()
    with Sandbox(profiles=30, latency=1, clock=clock, today=TODAY) as box:
        point(front, box, interval=0.05)
        request = blocked(front, THREE, "3 asked")
        for number in (1, 2, 3):
            front.set(foreign, value=number)
            last = front.run(f"seen.append('cell {number}')")
        clock.now += 2
        assert front.reply(request)["status"] == "ok"
        assert front.reply(last)["status"] == "ok"
    events = front.value("seen")
    assert [event for event in events if isinstance(event, str)] == ["cell 1", "cell 2", "cell 3"]
    assert [event for event in events if isinstance(event, int)] == [1, 2, 3]


def test_a_background_panel_is_heard_while_another_cell_blocks(
    front: FrontEnd, via: str | None, one_stuck: Sandbox
) -> None:
    """Whether that cell counts too, or waits for the result of the first."""
    blocked(front, "App Launched 2026-07", "asked", "%%ctcount behind --background")
    behind = front.button("Cancel")
    with Sandbox(profiles=30, partials=1, today=TODAY) as box:
        point(front, box)
        request = front.run(f"%%ctcount df\n{THREE}")
        before = front.button("Cancel all")
        front.click(behind, via)
        front.until(lambda: "cancelled" in front.shown[-1]["text/plain"])
        assert front.is_running(request)
        front.click(before, via)
        assert front.reply(request)["ename"] == "CountCancelledError"
    assert statuses(front, "behind") == ["cancelled"]


def test_waiting_for_a_result_hears_its_panel(front: FrontEnd) -> None:
    """And an interrupt ends the waiting only."""
    with Sandbox(profiles=30, partials=1, today=TODAY) as box:
        point(front, box)
        blocked(front, "App Launched 2026-07", "asked", "%%ctcount behind --background")
        cancel = front.button("Cancel")
        front.done("handle = behind")
        request = front.run("display('it waits')\nhandle.result()")
        wait_display(front, "it waits")  # an interrupt before the cell begins is none
        assert front.is_running(request)
        front.interrupt()
        assert front.reply(request)["ename"] == "KeyboardInterrupt"
        assert not front.value("handle.done()")
        request = front.run("display('it waits again')\nhandle.result()")
        # Before the cell begins the kernel takes a click, too, and keeps it until the cell is over.
        wait_display(front, "it waits again")
        begun = time.monotonic()
        front.click(cancel)
        ended(front, request, "CountCancelledError", begun, "click to the end of result()")


def test_a_cell_in_a_subshell_can_be_cancelled(
    front: FrontEnd, extra_shell: str | None, one_stuck: Sandbox
) -> None:
    """There no interrupt is heard, so the button must be."""
    if extra_shell is None:
        pytest.skip("this kernel has no subshells")
    forget(front)
    request = front.run(f"%%ctcount df\n{THREE}", subshell=extra_shell)
    wait_card(front, "2 of 3 done")
    begun = time.monotonic()
    front.click(front.button("Cancel all"))
    ended(front, request, "CountCancelledError", begun, "click to reply, cell in a subshell")


def test_nobody_looks_on(front: FrontEnd) -> None:
    """As nbclient, papermill, nbconvert and Voila ask: no widget, and `--background` waits."""
    with Sandbox(profiles=30, partials=1, today=TODAY) as box:
        point(front, box, interval=0.05)
        forget(front)
        front.done(f"%%ctcount df\n{THREE}", typist=False)
        front.done(f"%%ctcount behind --background --refresh\n{THREE}", typist=False)
        assert statuses(front, "behind") == ["success"] * 3
        front.read()
    assert front.widgets == {}
    assert [set(bundle) for bundle in front.shown] == [{"text/html", "text/plain"}] * 4
    assert "3 of 3 done" in front.shown[-1]["text/plain"]


@IN_THE_INSTALLED
def test_a_page_hears_which_account_is_in_use(front: FrontEnd) -> None:
    """From each cell, `%ct use` and `ct_magic.use`; not where nobody looks on."""
    front.done(FEW_PEOPLE)
    forget(front)
    front.used.clear()
    with Sandbox(profiles=30, partials=0, today=TODAY) as box:
        point(front, box, interval=0.05)
        front.done("%ct use sandbox")
        front.done("import ct_magic; ct_magic.use('default')")
        front.done("%ctcount App Launched 2026-11-01")
        front.done("%ctcount --account sandbox App Launched 2026-11-01")
        front.done("%ct use sandbox", typist=False)
        front.done("%ct use default", typist=False)
        front.read()
    assert front.used == ["sandbox", *["default"] * 3]


@IN_THE_INSTALLED
def test_two_messages_a_second_however_many_counts(front: FrontEnd) -> None:
    """Sixty counts that arrive within three seconds, as soon as a page looks on."""
    clock = Clock()
    with Sandbox(profiles=30, latency=(1, 50), clock=clock, today=TODAY, at_once=20) as box:
        point(front, box, interval=0.3, at_once=10)
        request = blocked(front, "App Launched last 60 days by day", "60 asked")
        # A page that shows the widgets says so.
        panel = front.until(lambda: front.find(_model_name="VBoxModel"))
        front.set(panel, _view_count=1)
        begun = time.monotonic()
        front.heard(panel)
        front.messages.clear()
        while front.is_running(request):
            clock.now += 1
        took = time.monotonic() - begun
        assert front.reply(request)["status"] == "ok"
        front.read()
    sent = [kind for at, kind in front.messages if kind in ("comm_msg", "update_display_data")]
    # That at the end, and one that may have been on its way when the page had just said so.
    displays = sent.count("update_display_data")
    assert 1 <= displays <= 2
    begins = 1  # the time goes on by itself from one moment on
    assert 2 <= len(sent) <= 2 * (took + 1) + begins + displays


@IN_THE_INSTALLED  # and there the last, for it is so from then on
def test_a_kernel_that_cannot_hear_says_so(front: FrontEnd) -> None:
    """A kernel that is built otherwise: the button names the interrupt, which works."""
    if front.subshell() is None:
        pytest.skip("ipykernel 6 changes no more")
    # As a later ipykernel might, it keeps what we look for elsewhere.
    front.done("del get_ipython().kernel.shell_channel_thread.manager._parent_thread")
    with Sandbox(profiles=30, latency=0, faults="submit:partial", today=TODAY) as box:
        point(front, box)
        request = blocked(front, THREE, "2 of 3 done")
        assert front.widgets[front.button("To cancel, interrupt the kernel")]["disabled"]
        front.interrupt()
        assert front.reply(request)["ename"] == "CountInterrupt"
        assert statuses(front) == ["cancelled", "success", "success"]
