"""The form in a real kernel, whose front end the test plays: clicks, and the inserted cell."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from ct_magic.forms.inserting import TARGET
from ct_magic.sandbox import Sandbox

Message = dict[str, Any]
OPEN = """
%load_ext ct_magic
%config CountMagics.poll_interval = 0.05
%ct form App Launched 2026-10
"""


class Page:
    """What a front end knows of the widgets, and what somebody does with them."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client
        self.states: dict[str, dict[str, Any]] = {}
        self.shown: list[dict[str, Any]] = []
        self.comms: dict[str, tuple[str, Any]] = {}

    def run(self, code: str, *, seen: bool = True) -> Message:
        """Run a cell as a page does that somebody looks at, or as nbclient does."""
        told = {"allow_stdin": seen, "timeout": 60, "stdin_hook": lambda _: None}
        found: Message = self._client.execute_interactive(code, output_hook=self.hear, **told)
        return found["content"]

    def hear(self, message: Message) -> None:
        """Take what the kernel publishes."""
        content = message["content"]
        if message["msg_type"] == "comm_open":
            self.comms[content["comm_id"]] = (content["target_name"], content["data"])
            self.states[content["comm_id"]] = dict(content["data"].get("state", {}))
        elif message["msg_type"] == "comm_msg" and content["data"].get("method") == "update":
            self.states[content["comm_id"]].update(content["data"]["state"])
        elif message["msg_type"] == "display_data":
            self.shown.append(content["data"])
        elif message["msg_type"] == "comm_close":
            self.states.pop(content["comm_id"], None)

    def tell(self, comm: str, data: dict[str, Any]) -> None:
        """Send a message to a widget or another comm."""
        message = self._client.session.msg("comm_msg", {"comm_id": comm, "data": data})
        self._client.shell_channel.send(message)

    def click(self, button: str) -> None:
        """Press a button."""
        (comm,) = [c for c, state in self.states.items() if state.get("description") == button]
        self.tell(comm, {"method": "custom", "content": {"event": "click"}})

    def until(self, holds: Callable[[], bool], seconds: float = 20) -> None:
        """Listen until something holds."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end
            with suppress(Empty):
                self.hear(self._client.get_iopub_msg(timeout=0.1))

    def asked(self) -> dict[str, Any]:
        """Give the cells that the kernel asked to be inserted, by their comm."""
        return {comm: data for comm, (target, data) in self.comms.items() if target == TARGET}

    def shows(self, text: str) -> bool:
        """Say whether any widget holds this text."""
        return any(text in str(state.get("value", "")) for state in self.states.values())


@pytest.fixture
def page(account: Sandbox, state: Path) -> Iterator[Page]:
    """A form that is open in a kernel."""
    manager, client = start_new_kernel(kernel_name="python3", env=dict(os.environ))
    try:
        found = Page(client)
        assert found.run(OPEN)["status"] == "ok"
        yield found
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_the_page_inserts_the_cell_or_its_text_is_shown(page: Page) -> None:
    """A page that answers has written it; one that is silent shows it to be copied."""
    page.click("Insert cell")
    page.until(lambda: page.shows("This page inserts no cells"))
    assert page.shows("%%ctcount counts\nApp Launched 2026-10")
    asked = set(page.asked())
    page.click("Insert cell")
    page.until(lambda: len(page.asked()) == 2)
    (comm,) = set(page.asked()) - asked
    assert page.asked()[comm] == {"text": "%%ctcount counts\nApp Launched 2026-10"}
    page.tell(comm, {"inserted": True})
    page.until(lambda: page.shows("The cell stands below"))
    page.until(lambda: not page.shows("%%ctcount counts"))


def test_an_executed_notebook_has_no_widgets(page: Page) -> None:
    """Nobody could press a button there, and no model is left in the file."""
    before = set(page.comms)
    assert page.run("%ct form Charged today", seen=False)["status"] == "ok"
    assert page.shown[-1]["text/plain"].startswith("%%ctcount\nCharged today")
    assert set(page.comms) == before


def test_run_fills_the_variable_while_other_cells_run(page: Page) -> None:
    """The panel stands in the form, the variable follows, and closing leaves no widget."""
    page.click("Run")
    page.until(lambda: page.shows("counts is a DataFrame with 1 row"))
    assert page.run("assert list(counts['status']) == ['success'], counts")["status"] == "ok"
    page.click("Close")
    page.until(lambda: not any(page.states.values()))
