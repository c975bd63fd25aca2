"""`--plot` in a real kernel: a picture that grows, of what arrived, and without matplotlib."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.front_end import FrontEnd, front_end
from helpers.shell import Clock, submitted

from ct_magic.charts.vega import MIME
from ct_magic.sandbox import Sandbox

BY_DAY = "Charged last 12 days by day"
SET_UP = """
import sys
from ct_magic.sandbox import Sandbox
import os
%load_ext ct_magic
%config CountMagics.poll_interval = 0.05
os.environ |= {"CLEVERTAP_ACCOUNT_ID": "SANDBOX", "CLEVERTAP_PASSCODE": "sandbox"}
def serve(**how):
    box = Sandbox(profiles=500, **how)
    box.start()
    os.environ["CLEVERTAP_BASE_URL"] = box.url
"""


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[FrontEnd]:
    """A kernel with the extension, a state of its own, and a sandbox to be served."""
    folders = {f"CT_MAGIC_{kind}_DIR": str(tmp_path / kind) for kind in ("STATE", "CONFIG")}
    with front_end(environ=folders) as front:
        front.done(SET_UP)
        yield front


def pictures(kernel: FrontEnd) -> list[dict[str, Any]]:
    kernel.read()
    return [data for data in kernel.shown if MIME in data]


def test_it_grows_while_the_cell_runs_and_is_complete_at_the_end(kernel: FrontEnd) -> None:
    """One picture, shown again in its own place; all but the last say how much is there."""
    clock = Clock()
    with Sandbox(profiles=500, latency=(1, 9), clock=clock) as box:
        kernel.done(f"os.environ['CLEVERTAP_BASE_URL'] = '{box.url}'")
        request = kernel.run(f"%%ctcount days --plot\n{BY_DAY}")
        kernel.until(lambda: submitted(box) == 12)
        clock.now = 5.0
        kernel.until(lambda: any(MIME in data for data in kernel.shown))
        clock.now = 10.0
        assert kernel.reply(request)["status"] == "ok"
    *before, last = pictures(kernel)
    assert before
    assert all("of 12 so far" in data["text/plain"] for data in before)
    assert "so far" not in str(last[MIME])
    assert "image/png" in last
    assert kernel.value("int(days['count'].notna().sum())") == 12


def test_what_arrived_is_drawn_where_something_failed(kernel: FrontEnd) -> None:
    """The cell fails, its variable is there, and so is the picture."""
    kernel.done("serve(latency=0, faults='submit:400')")
    reply = kernel.reply(kernel.run(f"%%ctcount days --plot\n{BY_DAY}"))
    assert reply["ename"] == "CountFailedError"
    last = pictures(kernel)[-1]
    assert "1 of 12 without a count" in str(last[MIME]["title"])
    assert kernel.value("int(days['count'].notna().sum())") == 11


def test_without_matplotlib_the_count_arrives_and_then_it_is_said(kernel: FrontEnd) -> None:
    """JupyterLab draws all the same; what is missing is the picture of an export."""
    kernel.done("serve(latency=0)\nsys.modules['matplotlib'] = None")
    kernel.done(f"%%ctcount days --plot\n{BY_DAY}")
    last = pictures(kernel)[-1]
    assert "image/png" not in last
    assert "plotting needs the extra 'plot'" in last["text/plain"]
    assert kernel.value("int(days['count'].notna().sum())") == 12
