"""The form in a real kernel, whose front end the test plays: clicks, and the inserted cell."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.front_end import FrontEnd

from ct_magic.forms.actions import TARGET
from ct_magic.sandbox import Sandbox

OPEN = """
%load_ext ct_magic
%config CountMagics.poll_interval = 0.05
%ct form App Launched 2026-10
"""


@pytest.fixture
def page(account: Sandbox, kernel: FrontEnd) -> FrontEnd:
    """A form that is open in a kernel."""
    kernel.done(OPEN)
    return kernel


def asked(page: FrontEnd) -> dict[str, Any]:
    """The cells that the kernel asked to be inserted, by their comm."""
    return {comm: data for comm, (target, data) in page.comms.items() if target == TARGET}


def test_the_page_inserts_the_cell_or_its_text_is_shown(page: FrontEnd) -> None:
    """A page that answers has written it; one that is silent shows it to be copied."""
    page.click(page.button("Insert cell"))
    page.until(lambda: page.shows("This page inserts no cells"))
    assert page.shows("%%ctcount counts\nApp Launched 2026-10")
    before = set(asked(page))
    page.click(page.button("Insert cell"))
    page.until(lambda: len(asked(page)) == 2)
    (comm,) = set(asked(page)) - before
    assert asked(page)[comm] == {"text": "%%ctcount counts\nApp Launched 2026-10"}
    page.tell(comm, {"inserted": True})
    page.until(lambda: page.shows("The cell was written below"))
    page.until(lambda: not page.shows("%%ctcount counts"))


def test_an_executed_notebook_has_no_widgets(page: FrontEnd) -> None:
    """Nobody could press a button there, and no model is left in the file."""
    page.read()
    before = set(page.comms)
    page.done("%ct form Charged today", typist=False)
    page.read()
    assert page.shown[-1]["text/plain"].startswith("%%ctcount\nCharged today")
    assert set(page.comms) == before


def test_run_fills_the_variable_while_other_cells_run(page: FrontEnd) -> None:
    """The panel is in the form, the variable follows, and closing leaves what panels share."""
    page.click(page.button("Run"))
    page.until(lambda: page.shows("counts is a DataFrame with 1 row"))
    page.done("assert list(counts['status']) == ['success'], counts")
    page.click(page.button("Close"))
    shared = {"LayoutModel", "ButtonStyleModel"}
    page.until(lambda: {state.get("_model_name") for state in page.widgets.values()} <= shared)
    assert len(page.widgets) <= len(shared)
