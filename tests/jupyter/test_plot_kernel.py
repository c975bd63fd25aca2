"""`--plot` in a real kernel: one picture at the end, of what arrived, and none of nothing."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.front_end import FrontEnd
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
def plotting(kernel: FrontEnd) -> FrontEnd:
    """A kernel with the extension, and a sandbox to be served."""
    kernel.done(SET_UP)
    return kernel


def pictures(kernel: FrontEnd) -> list[dict[str, Any]]:
    kernel.read()
    return [data for data in kernel.shown if MIME in data]


def test_it_is_drawn_once_and_at_the_end(plotting: FrontEnd) -> None:
    """It has a mark from its first frame on, and stays in its own place."""
    clock = Clock()
    with Sandbox(profiles=500, latency=(1, 9), clock=clock) as box:
        plotting.done(f"os.environ['CLEVERTAP_BASE_URL'] = '{box.url}'")
        request = plotting.run(f"%%ctcount days --plot\n{BY_DAY}")
        plotting.until(lambda: submitted(box) == 12)
        clock.now = 10.0
        assert plotting.reply(request)["status"] == "ok"
    (picture,) = pictures(plotting)
    assert "image/png" in picture
    assert picture[MIME]["layer"]
    assert plotting.value("int(days['count'].notna().sum())") == 12


def test_an_interrupt_before_the_first_count_gives_a_line_alone(
    plotting: FrontEnd,
) -> None:
    """A picture without a mark is an error in JavaScript, 80 lines of it."""
    with Sandbox(profiles=500, latency=60, clock=Clock()) as box:
        plotting.done(f"os.environ['CLEVERTAP_BASE_URL'] = '{box.url}'")
        request = plotting.run(f"%%ctcount days --plot\n{BY_DAY}")
        plotting.until(lambda: submitted(box) == 12)
        plotting.interrupt()
        assert plotting.reply(request)["status"] == "error"
    assert pictures(plotting) == []
    assert "no picture: no count has arrived" in plotting.printed


def test_one_number_has_no_picture(plotting: FrontEnd) -> None:
    """The panel says it, a share with its interval."""
    plotting.done("serve(latency=0)")
    plotting.done("%%ctcount one --plot\nCharged last 12 days")
    plotting.done("%%ctcount share --plot\nApp Launched last 12 days\n  share did Charged")
    assert pictures(plotting) == []


def test_what_arrived_is_drawn_where_something_failed(plotting: FrontEnd) -> None:
    """The cell fails, its variable is there, and so is the picture."""
    plotting.done("serve(latency=0, faults='submit:400')")
    reply = plotting.reply(plotting.run(f"%%ctcount days --plot\n{BY_DAY}"))
    assert reply["ename"] == "CountFailedError"
    last = pictures(plotting)[-1]
    assert "1 of 12 without a count" in str(last[MIME]["title"])
    assert plotting.value("int(days['count'].notna().sum())") == 11


def test_without_the_extra_jupyterlab_draws_and_nothing_is_said(plotting: FrontEnd) -> None:
    """Who sees the picture misses nothing; `save` says what it needs."""
    plotting.done("serve(latency=0)\nsys.modules['vl_convert'] = None")
    plotting.done(f"%%ctcount days --plot\n{BY_DAY}")
    plotting.done("del sys.modules['vl_convert']")
    (picture,) = pictures(plotting)
    assert "image/png" not in picture
    assert "plotting needs" not in picture["text/plain"] + plotting.printed
    assert plotting.value("int(days['count'].notna().sum())") == 12
