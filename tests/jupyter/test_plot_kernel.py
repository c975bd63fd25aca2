"""`--plot` in a real kernel: one picture at the end, of what arrived, and none of nothing."""

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


def test_it_is_drawn_once_and_at_the_end(kernel: FrontEnd) -> None:
    """It has a mark from its first frame on, and stays in its own place."""
    clock = Clock()
    with Sandbox(profiles=500, latency=(1, 9), clock=clock) as box:
        kernel.done(f"os.environ['CLEVERTAP_BASE_URL'] = '{box.url}'")
        request = kernel.run(f"%%ctcount days --plot\n{BY_DAY}")
        kernel.until(lambda: submitted(box) == 12)
        clock.now = 10.0
        assert kernel.reply(request)["status"] == "ok"
    (picture,) = pictures(kernel)
    assert "image/png" in picture
    assert picture[MIME]["layer"]
    assert kernel.value("int(days['count'].notna().sum())") == 12


def test_an_interrupt_before_the_first_count_gives_a_line_and_no_picture(kernel: FrontEnd) -> None:
    """A picture without a mark is an error in JavaScript, 80 lines of it."""
    with Sandbox(profiles=500, latency=60, clock=Clock()) as box:
        kernel.done(f"os.environ['CLEVERTAP_BASE_URL'] = '{box.url}'")
        request = kernel.run(f"%%ctcount days --plot\n{BY_DAY}")
        kernel.until(lambda: submitted(box) == 12)
        kernel.interrupt()
        assert kernel.reply(request)["status"] == "error"
    assert pictures(kernel) == []
    assert "no picture: no count has arrived" in kernel.printed


def test_one_number_has_no_picture(kernel: FrontEnd) -> None:
    """The panel says it, a share with its interval."""
    kernel.done("serve(latency=0)")
    kernel.done("%%ctcount one --plot\nCharged last 12 days")
    kernel.done("%%ctcount share --plot\nApp Launched last 12 days\n  share did Charged")
    assert pictures(kernel) == []


def test_what_arrived_is_drawn_where_something_failed(kernel: FrontEnd) -> None:
    """The cell fails, its variable is there, and so is the picture."""
    kernel.done("serve(latency=0, faults='submit:400')")
    reply = kernel.reply(kernel.run(f"%%ctcount days --plot\n{BY_DAY}"))
    assert reply["ename"] == "CountFailedError"
    last = pictures(kernel)[-1]
    assert "1 of 12 without a count" in str(last[MIME]["title"])
    assert kernel.value("int(days['count'].notna().sum())") == 11


def test_without_the_extra_jupyterlab_draws_and_nothing_is_said(kernel: FrontEnd) -> None:
    """Who sees the picture misses nothing; `save` says what it needs."""
    kernel.done("serve(latency=0)\nsys.modules['vl_convert'] = None")
    kernel.done(f"%%ctcount days --plot\n{BY_DAY}")
    (picture,) = pictures(kernel)
    assert "image/png" not in picture
    assert "plotting needs" not in picture["text/plain"] + kernel.printed
    assert kernel.value("int(days['count'].notna().sum())") == 12
