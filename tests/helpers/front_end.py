"""A front end without a page: a real kernel, driven through its protocol."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

ROOT = Path(__file__).parents[2]
# Our variables are these, and no others.
ENVIRON_LIKE = """
for name in [name for name in os.environ if name.startswith(("CT_MAGIC_", "CLEVERTAP_"))]:
    del os.environ[name]
os.environ |= {}
"""


def overlay(folder: Path, *packages: str) -> Path:
    """Put packages, as they are and alone, into a folder that comes before the installed ones."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    done = subprocess.run([*command, str(folder), *packages], capture_output=True, text=True)
    if done.returncode:
        pytest.fail(f"{' '.join(packages)} cannot be installed for this test:\n{done.stderr}")
    return folder


@contextmanager
def started_kernel(
    environ: Mapping[str, str] | None = None,
) -> Iterator[tuple[KernelManager, BlockingKernelClient]]:
    """Start a kernel, and end it; another one where the first dies.

    Its ports are free when they are chosen; until it has them, any process may take one.
    """
    manager = KernelManager(kernel_name="python3")
    for is_last in (False, False, True):
        manager.start_kernel(env=dict(os.environ if environ is None else environ))
        client = manager.blocking_client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=90)
            break
        except RuntimeError:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
            if is_last:
                raise
            manager = KernelManager(kernel_name="python3")
    try:
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


class FrontEnd:
    """Runs cells, keeps what they display and the state of their widgets, and clicks."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self._manager, self._client = manager, client
        self._last = ""
        self._idle: set[str] = set()
        self._replies: dict[str, dict[str, Any]] = {}
        self.comms: dict[str, tuple[str, dict[str, Any]]] = {}
        self.widgets: dict[str, dict[str, Any]] = {}
        self.shown: list[dict[str, Any]] = []
        self.used: list[str] = []  # accounts, as they came into use
        self.printed = ""
        self.messages: list[tuple[float, str]] = []

    def begin(self) -> None:
        """Forget what earlier tests ran and showed; the kernel gets this process's environment."""
        places = {k: v for k, v in os.environ.items() if k.startswith(("CT_MAGIC_", "CLEVERTAP_"))}
        self.done("import gc\ngc.freeze()\n%reset -f")  # which collects: what is old takes long
        self.done(f"import os{ENVIRON_LIKE.format(places)}")
        self.done("%unload_ext ct_magic")
        self.read()
        for seen in (self.comms, self.widgets, self.shown, self.used, self.messages):
            seen.clear()
        self.printed = ""

    def run(self, cell: str, *, subshell: str | None = None, typist: bool = True) -> str:
        """Ask for a cell to be run, where somebody could type or nobody; return its id."""
        content = {"code": cell, "silent": False, "store_history": True, "allow_stdin": typist}
        self._last = self._send("execute_request", content, subshell)
        return self._last

    def reply(self, request: str, seconds: float = 60) -> dict[str, Any]:
        """Wait for the reply to a request."""
        end = time.monotonic() + seconds
        while request not in self._replies:
            message = self._client.get_shell_msg(timeout=max(0.0, end - time.monotonic()))
            self._replies[message["parent_header"].get("msg_id")] = message["content"]
        return self._replies[request]

    def is_running(self, request: str) -> bool:
        """Return True while there is no reply."""
        try:
            self.reply(request, 0.05)
        except Empty:
            return True
        return False

    def done(self, cell: str, **options: Any) -> None:
        """Run a cell that must succeed."""
        reply = self._insist(lambda: self.run(cell, **options))
        assert reply["status"] == "ok", reply

    def ask(self, kind: str, **content: Any) -> dict[str, Any]:
        """Send a request of that kind, and wait for its reply."""
        return self.reply(self._send(kind, content))

    def value(self, expression: str) -> Any:
        """Return the value of an expression that prints as a literal."""
        content = {"code": "", "silent": True, "user_expressions": {"value": expression}}
        reply = self._insist(lambda: self._send("execute_request", content))
        answer = reply["user_expressions"]["value"]
        assert answer["status"] == "ok", answer
        return ast.literal_eval(answer["data"]["text/plain"])

    def until(self, holds: Callable[[], Any], seconds: float = 60) -> Any:
        """Read what the kernel publishes until something holds; give it."""
        end = time.monotonic() + seconds
        while not (result := holds()):
            assert time.monotonic() < end, "the kernel did not publish it"
            self._read(0.1)
        return result

    def read(self) -> None:
        """Read all that the last cell's run published."""
        self.until(lambda: self._last in self._idle)

    def find(self, **state: Any) -> str | None:
        """Return the newest widget whose state holds this."""
        fitting = [
            comm
            for comm, widget_state in self.widgets.items()
            if all(widget_state.get(name) == value for name, value in state.items())
        ]
        return fitting[-1] if fitting else None

    def button(self, label: str) -> str:
        """Wait for a button; give its id."""
        comm: str = self.until(lambda: self.find(_model_name="ButtonModel", description=label))
        return comm

    def shows(self, words: str) -> bool:
        """Return True if any widget holds these words."""
        return any(words in str(state.get("value", "")) for state in self.widgets.values())

    def click(self, comm: str, subshell: str | None = None) -> None:
        """Click a button, over a subshell or not."""
        self.tell(comm, {"method": "custom", "content": {"event": "click"}}, subshell)

    def set(self, comm: str, subshell: str | None = None, **state: Any) -> None:
        """Change a widget as a person would."""
        self.tell(comm, {"method": "update", "state": state, "buffer_paths": []}, subshell)

    def tell(self, comm: str, data: dict[str, Any], subshell: str | None = None) -> None:
        """Send a message to a widget or another comm."""
        self._send("comm_msg", {"comm_id": comm, "data": data}, subshell)

    def heard(self, comm: str) -> None:
        """Send a widget nothing, and wait until the kernel has taken that, and all before it."""
        event = {"method": "custom", "content": {}}
        sent = self._send("comm_msg", {"comm_id": comm, "data": event})
        self.until(lambda: sent in self._idle)

    def interrupt(self) -> None:
        """Press the toolbar's Interrupt."""
        self._manager.interrupt_kernel()

    def settle(self) -> None:
        """Get the kernel out of a cell that a failed test left behind."""
        for _ in range(2):
            if self.is_running(self._last):
                self.interrupt()
                time.sleep(0.2)

    def subshell(self) -> str | None:
        """Open a subshell; None where the kernel has none."""
        if "kernel subshells" not in self._features():
            return None
        self._client.control_channel.send(self._client.session.msg("create_subshell_request", {}))
        subshell_id: str = self._client.get_control_msg(timeout=60)["content"]["subshell_id"]
        return subshell_id

    def _insist(self, ask: Callable[[], str]) -> dict[str, Any]:
        # For an instant after a failure the kernel turns everything away.
        while (reply := self.reply(ask()))["status"] == "aborted":
            time.sleep(0.01)
        return reply

    def _features(self) -> list[str]:
        features: list[str] = self.reply(self._send("kernel_info_request", {})).get(
            "supported_features", []
        )
        return features

    def _send(self, kind: str, content: dict[str, Any], subshell: str | None = None) -> str:
        message = self._client.session.msg(kind, content)
        if subshell is not None:
            message["header"]["subshell_id"] = subshell
        self._client.shell_channel.send(message)
        sent: str = message["header"]["msg_id"]
        return sent

    def _read(self, seconds: float) -> bool:
        try:
            message = self._client.get_iopub_msg(timeout=seconds)
        except Empty:
            return False
        content, kind = message["content"], message["msg_type"]
        if kind == "comm_open":
            self.comms[content["comm_id"]] = (content["target_name"], content["data"])
            self.widgets[content["comm_id"]] = dict(content["data"].get("state", {}))
        elif kind == "comm_msg" and content["comm_id"] in self.widgets:
            self.widgets[content["comm_id"]] |= content["data"].get("state", {})
        elif kind == "comm_close":
            self.widgets.pop(content["comm_id"], None)
        elif kind in ("display_data", "update_display_data"):
            self.shown.append(content["data"])
        elif kind == "ct_magic.used":
            self.used.append(content["account"])
        elif kind == "stream":
            self.printed += content["text"]
        elif kind == "status" and content["execution_state"] == "idle":
            self._idle.add(message["parent_header"].get("msg_id", ""))
        self.messages.append((time.monotonic(), kind))
        return True


@contextmanager
def front_end(
    before: Path | None = None, environ: Mapping[str, str] | None = None
) -> Iterator[FrontEnd]:
    """Start a kernel, with the packages of that folder before the installed ones."""
    path = [str(before)] if before else []
    first = {"PYTHONPATH": os.pathsep.join([*path, str(ROOT)])}
    with started_kernel(os.environ | dict(environ or {}) | first) as (manager, client):
        yield FrontEnd(manager, client)
