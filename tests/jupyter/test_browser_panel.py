"""The panel as people see it, stop it and keep it: JupyterLab and Notebook 7 in Chromium."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
from helpers.browser import APPUTILS, Desk, Desks, Notebook, choose, page
from helpers.cards import CELLS, STATES, card_of
from nbconvert import HTMLExporter

from ct_magic.panel import style
from ct_magic.panel.widget_panel import VIEW

pytestmark = pytest.mark.browser


def set_up(latency: float, poll_interval: float) -> str:
    """Write a first cell: a small sandbox, whose time jumps where `later` is called.

    Each has other data: the same data would be the same account, which has its answers.
    """
    return f"""%load_ext ct_magic
import os, time
from ct_magic.sandbox import Sandbox
ahead = [0]
box = Sandbox(profiles=500, seed=time.monotonic_ns(), latency={latency},
              clock=lambda: time.monotonic() + ahead[0]).start()
os.environ["CLEVERTAP_ACCOUNT_ID"], os.environ["CLEVERTAP_PASSCODE"] = "SANDBOX", "sandbox"
os.environ["CLEVERTAP_BASE_URL"] = box.url
%config CountMagics.poll_interval = {poll_interval}"""


# However busy the machine is, no count of this one arrives before time jumps.
NEVER = set_up(latency=3600, poll_interval=600)
LATER = "ahead[0] += 7200"
FORTY = "%%ctcount days\nApp Launched last 40 days by day"
# Notebook 7 is the same code, with fewer shortcuts.
# What the page says to the kernel from now on, without what it asks and runs.
LISTEN = """() => {
  window.said = [];
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  kernel.anyMessage.connect((_, {msg, direction}) => {
    if (direction === "send" && msg.content.data) window.said.push(msg.content.data);
  });
}"""
RESTART = """() => {
  window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart();
}"""
DIRTY = "window.jupyterapp.shell.currentWidget.content.model.dirty"
# The heights that each cell's output has with a card in it, at every frame from now on.
HEIGHTS = """() => {
  window.heights = [];
  const look = () => {
    document.querySelectorAll(".jp-CodeCell").forEach((cell, number) => {
      const output = cell.querySelector(".jp-OutputArea:has(.ct-magic)");
      const seen = (window.heights[number] ??= new Set());
      if (output) seen.add(Math.round(output.getBoundingClientRect().height));
    });
    requestAnimationFrame(look);
  };
  look();
}"""
# The parts of cards that look otherwise than with the whole sheet: alone, where a shadow has the
# sheet that is in it, and on one page with others.
OTHERWISE = """([whole, own, pages, names, widths]) => {
  const look = (part) => {
    const style = getComputedStyle(part), { width, height } = part.getBoundingClientRect();
    const box = [part.tagName, part.className, width, height];
    return [...box, ...names.map((name) => style[name])].join();
  };
  const seen = (root) => [...root.querySelectorAll(":not(style)")].map(look);
  const alone = (cards) => cards.map((card) => {
    const host = document.body.appendChild(document.createElement("section"));
    host.attachShadow({ mode: "open" }).innerHTML = card;
    const looks = seen(host.shadowRoot);
    host.remove();
    return looks;
  });
  const together = (cards) => {
    document.body.innerHTML = cards.map((card) => `<section>${card}</section>`).join("");
    const looks = [...document.querySelectorAll("section")].map(seen);
    document.body.innerHTML = "";
    return looks;
  };
  const found = [];
  for (const width of widths) {
    document.body.style.width = width;
    const expected = alone(whole).flat();
    const compare = (looks) => looks.flat().forEach((look, at) => {
      if (look !== expected[at]) found.push([width, look, expected[at]]);
    });
    compare(alone(own));
    for (const cards of pages) {
      compare(together(cards));
      compare(together([...cards].reverse()).reverse());
    }
  }
  return found;
}"""
IN_LAB = pytest.mark.parametrize("app", ["lab"], indirect=True)
# Notebook 7 is made of the same parts: what is done there shows that they hear each other.
MOST_IN_LAB = pytest.mark.parametrize(
    "app", ["lab", pytest.param("notebook", marks=pytest.mark.long)], indirect=True
)


@pytest.fixture(scope="module", params=["lab", "notebook"])
def app(request: pytest.FixtureRequest, desks: Desks) -> Desk:
    """A page of JupyterLab or Notebook 7."""
    return desks.desk(request.param)


@pytest.fixture(scope="module")
def asked(app: Desk) -> Iterator[Notebook]:
    """A notebook whose second cell asks for what never arrives, for several tests: one kernel."""
    cells = [NEVER, FORTY, "print('must not run')"]
    with app.open(*cells, name=f"asked-{app.app}.ipynb") as notebook:
        yield notebook


def test_cancel_and_interrupt_are_heard_over_subshells(app: Desk, asked: Notebook) -> None:
    """While the cell blocks, as JupyterLab sends the messages of widgets; Run All stops."""
    check_stops(app, asked, "perCommTarget")  # the default
    content = "window.jupyterapp.shell.currentWidget.content"
    types = asked.page.evaluate(f"() => {content}.widgets.map((cell) => cell.model.mimeType)")
    assert "text/x-ctcount" in types, "the labextension works in both"


@MOST_IN_LAB
def test_a_reloaded_page_can_cancel_a_cell_that_blocks(app: Desk, asked: Notebook) -> None:
    """The kernel tells the page of its widgets while the cell runs, and hears the click."""
    ask(asked)
    asked.command("docmanager:save", wait=True)
    asked.reload()
    asked.page.locator("button", has_text="Cancel all").click()
    begun = time.monotonic()
    asked.wait_output(1, "40 cancelled")
    print(f"{app.app}: {time.monotonic() - begun:.2f} s after Reload")  # noqa: T201 # as above


@MOST_IN_LAB
def test_cancel_and_interrupt_are_heard_without_subshells(app: Desk, asked: Notebook) -> None:
    """As older front ends send the messages of widgets, and newer ones where it is chosen."""
    choose(app.root, f"{APPUTILS}/kernels-settings", {"commsOverSubshells": "disabled"})
    asked.reload()
    check_stops(app, asked, "disabled")


def ask(notebook: Notebook) -> None:
    """Run all cells; nothing of an earlier run is left when this one has asked for its counts."""
    notebook.command("notebook:clear-all-cell-outputs")
    notebook.command("notebook:run-all-cells")
    notebook.wait_output(1, "40 asked")
    notebook.page.locator("button", has_text="Cancel all").wait_for()  # the widgets come later


def check_stops(app: Desk, notebook: Notebook, comms: str) -> None:
    for error in ("CountCancelledError", "CountInterrupt"):
        ask(notebook)
        notebook.page.evaluate(LISTEN)
        begun = time.monotonic()
        if error == "CountInterrupt":
            notebook.command("notebook:interrupt-kernel")
        else:
            notebook.page.locator("button", has_text="Cancel all").click()
        notebook.wait_output(1, error)
        print(f"{app.app}, {comms}, {error}: {time.monotonic() - begun:.2f} s")  # noqa: T201 # as above
        notebook.wait_run()
        assert "40 cancelled" in notebook.output(1)
        assert notebook.output(2) == ""
        # A late word would meet a subshell that goes, and asyncio would complain in a cell.
        messages = notebook.page.evaluate("window.said")
        assert {"_view_count": 0} not in [data.get("state") for data in messages]
    notebook.screenshot(f"cancelled-{app.app}-{comms}")


@IN_LAB
def test_some_are_cancelled_with_the_keyboard_alone(asked: Notebook) -> None:
    """Rows are marked in a list, whose keys are not the notebook's; Enter cancels them."""
    ask(asked)
    keys = asked.page.keyboard
    asked.page.get_by_text("32 more rows").focus()
    keys.press("Enter")
    rows = asked.page.locator(".ct-magic-list select")
    rows.wait_for()
    rows.focus()
    asked.until(lambda: rows.locator("option").count() == 40)
    for key in ("Home", "Shift+ArrowDown", "Shift+ArrowDown", "Enter"):
        keys.press(key)
    asked.wait_output(1, "3 cancelled")
    assert asked.page.locator(".jp-CodeCell").count() == 3
    asked.screenshot("many-running")
    asked.dark()
    asked.screenshot("many-running-dark")
    asked.light()
    asked.command("notebook:interrupt-kernel")
    asked.wait_run()


@IN_LAB
def test_no_dead_widget_is_left_of_a_kernel_that_has_ended(app: Desk, asked: Notebook) -> None:
    """Restarted in mid-run, and reopened after it was saved in mid-run: words, and what to do."""
    ask(asked)
    asked.command("docmanager:save", wait=True)
    shutil.copy(app.root / "asked-lab.ipynb", app.root / "again.ipynb")
    asked.page.evaluate(RESTART)
    asked.wait_output(1, "The kernel has ended")
    assert "0 of 40 done" in asked.output(1)
    assert not asked.page.locator("button", has_text="Cancel all").count()
    asked.command("docmanager:open", path="again.ipynb", wait=True)
    reopened = asked.page.locator(".jp-NotebookPanel").last
    reopened.get_by_text("This was saved while it ran.").wait_for()
    assert not asked.page.evaluate(DIRTY)
    assert "40 counts were under way" in reopened.inner_text()
    assert "Error displaying widget" not in reopened.inner_text()


OUTPUTS = """import ipywidgets
from IPython import get_ipython
ask = get_ipython().run_line_magic
out, press = ipywidgets.Output(), ipywidgets.Button(description="press")
display(out, press)
with out:
    ask("ctcount", "Charged 2026-10")
@out.capture()
def pressed(_):
    ask("ctcount", "Charged 2026-09-01..2026-09-03 by day")
press.on_click(pressed)"""
INTERACT = """@ipywidgets.interact(days=(3, 9))
def seen(days=3):
    return ask("ctcount", f"App Launched last {days} days")"""


@IN_LAB
def test_a_panel_stays_where_an_output_widget_shows_it(app: Desk) -> None:
    """In `with out:`, in `interact`, in a button's handler: there no display is replaced."""
    cells = [set_up(latency=0.3, poll_interval=0.2), OUTPUTS, INTERACT]
    with app.open(*cells, name="output.ipynb", shared=True) as notebook:
        notebook.run_all()
        notebook.until(lambda: re.search(r"\d\s+profiles", notebook.output(1)))
        notebook.page.locator("button", has_text="press").click()
        notebook.wait_output(1, "3 of 3 done")
        notebook.until(lambda: re.search(r"\d\s+profiles", notebook.output(2)))
        notebook.page.locator(".noUi-handle").first.focus()
        notebook.page.keyboard.press("ArrowRight")
        notebook.wait_output(2, "App Launched last 4 days")
        notebook.until(lambda: re.search(r"last 4 days\s+[\d,]+\s+profiles", notebook.output(2)))
        for cell in (1, 2):
            assert "Error displaying widget" not in notebook.output(cell)
            assert "Cancel" not in notebook.output(cell)


@IN_LAB
def test_a_notebook_without_a_kernel_shows_what_was_saved(app: Desk) -> None:
    """Trusted, with a widget in it, and no kernel is named: it does not wait for ever."""
    card = '<div class="ct-magic">40 counts were under way</div>{}'
    output = nbformat.v4.new_output(
        "display_data", {VIEW: {"model_id": "gone"}, "text/html": card, "text/plain": ""}
    )
    other = nbformat.v4.new_output(
        "display_data",
        {VIEW: {"model_id": "gone"}, "text/html": 'class="ct-magic', "text/plain": ""},
    )
    cell = nbformat.v4.new_code_cell("1", outputs=[output, other])
    cell.metadata["trusted"] = True
    written = nbformat.v4.new_notebook(cells=[cell])
    nbformat.write(written, app.root / "kernelless.ipynb")
    with app.open("1", name="beside.ipynb", shared=True) as notebook:
        command = "notebook:trust", "docmanager:open"
        notebook.command(command[1], path="kernelless.ipynb", wait=True)
        shown = notebook.page.locator(".jp-NotebookPanel").last
        shown.get_by_text("40 counts were under way").wait_for()
        # JupyterLab asks for a kernel, and gives the focus to nothing else until it is told.
        notebook.page.locator(".jp-Dialog button", has_text="No Kernel").click()


TWO = """%load_ext ct_magic
import os
from ct_magic.sandbox import Sandbox
box = Sandbox(profiles=30, latency=0.1).start()
os.environ |= {"CLEVERTAP_ACCOUNT_ID": "SANDBOX", "CLEVERTAP_PASSCODE": "sandbox"}
os.environ["CLEVERTAP_BASE_URL"] = box.url
%config CountMagics.poll_interval = 0.2
from ct_magic.session.session import SESSION
SESSION.sandbox = box
%ct use sandbox"""
ASKED = 'print(days.attrs["account"], days["cached"].any(), other.attrs["account"])'


def run_cell(notebook: Notebook, number: int) -> None:
    content = "window.jupyterapp.shell.currentWidget.content"
    notebook.page.evaluate(f"() => {{ {content}.activeCellIndex = {number} }}")
    notebook.command("notebook:run-cell", wait=True)


@IN_LAB
def test_a_panel_that_is_over_is_copied_and_asked_anew(app: Desk) -> None:
    """As a spreadsheet takes it; asked of the same account; without a kernel it says what to do.

    Where another account is in use it is faded, and says which it asked; until it is in use again.
    """
    cells = [
        TWO,
        "%%ctcount days\nApp Launched last 3 days by day",
        'other = %ctcount Product Viewed last 40 days by day\n"an output" # of the same cell',
        "print(days['count'].tolist())",
        "%ct use default",
        ASKED,
        "%ct use sandbox",
    ]
    with app.open(*cells, name="actions.ipynb", height=1600) as notebook:
        notebook.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        notebook.run_all()
        cell = notebook.page.locator(".jp-Notebook .jp-CodeCell").nth
        copy, anew = (cell(1).locator("button", has_text=name) for name in ("copy", "ask anew"))
        copy.click()
        cell(1).get_by_text("copied").wait_for()
        lines = notebook.page.evaluate("navigator.clipboard.readText()").split("\n")
        assert [line.split("\t")[1] for line in lines[1:]] == re.findall(r"\d+", notebook.output(3))
        cell(2).locator("button", has_text="copy").click()
        cell(2).get_by_text("copied").wait_for()
        assert notebook.page.evaluate("navigator.clipboard.readText()").count("\n") == 40
        notebook.command("notebook:run-all-cells", wait=True)
        notebook.wait_run()
        assert "True" in notebook.output(5)
        other = "This asked sandbox; the environment's account is in use now. Run %ct use sandbox"
        faded = cell(1).locator(".ct-head")
        for number, is_faded in ((4, True), (6, False), (4, True)):
            run_cell(notebook, number)
            notebook.until(lambda n=is_faded: (other in notebook.output(1)) == n)
            assert faded.evaluate("node => node.style.opacity") == ("0.55" if is_faded else "")
        for number in (1, 2):
            source = notebook.source(number)
            assert "all from" in notebook.output(number)
            cell(number).locator("button", has_text="ask anew").click()
            notebook.until(lambda number=number: "all from" not in notebook.output(number))
            notebook.wait_run()
            assert notebook.source(number) == source
        run_cell(notebook, 5)
        notebook.wait_output(5, "sandbox False sandbox")
        notebook.command("kernelmenu:shutdown", wait=True)
        anew.click()
        notebook.wait_output(1, "No kernel is running. Start one")
        assert "3 of 3 done" in notebook.output(1)


@IN_LAB
def test_the_height_does_not_change_while_it_runs(app: Desk) -> None:
    """From the first frame to the last: a short table, a long one, one number."""
    cells = [
        set_up(latency=0.6, poll_interval=0.3),
        "%%ctcount df\nApp Launched last 8 days by day",
        "%%ctcount df\nApp Launched last 60 days by day",
        "%%ctcount df\nApp Launched 2026-08",
    ]
    with app.open(*cells, name="height.ipynb", shared=True) as notebook:
        notebook.page.evaluate(HEIGHTS)
        notebook.run_all()
        seen = notebook.page.evaluate("() => window.heights.map((heights) => [...heights])")
        assert [len(heights) for heights in seen] == [0, 1, 1, 1], seen


@IN_LAB
def test_a_background_run_is_found_again_and_kept(app: Desk) -> None:
    """After Reload the panel lives and ends right; saved, it needs neither kernel nor widgets."""
    ask = "%%ctcount df --background\nApp Launched last 40 days by day"
    with app.open(set_up(3600, 0.5), ask, LATER, name="behind.ipynb") as notebook:
        notebook.command("notebook:run-cell-and-select-next", wait=True)
        notebook.command("notebook:run-cell-and-select-next", wait=True)
        notebook.wait_output(1, "asked")
        notebook.command("docmanager:save", wait=True)
        notebook.reload()
        notebook.page.locator("button", has_text="Cancel all").wait_for()
        notebook.page.locator(".jp-CodeCell").nth(2).click()
        notebook.command("notebook:run-cell", wait=True)
        notebook.wait_output(1, "40 of 40 done")
        for label in ("Cancel all", "more rows"):
            notebook.page.locator("button", has_text=label).wait_for(state="detached")
        notebook.screenshot("reloaded")
        run_cell(notebook, 1)
        notebook.wait_output(1, "all from")
        notebook.command("docmanager:save", wait=True)
        saved = nbformat.read(app.root / "behind.ipynb", as_version=4)
        assert "widgets" not in saved.metadata
        check_kept(saved)


def check_kept(saved: Any) -> None:
    """The saved file, and what nbconvert makes of it, hold the end."""
    (output,) = saved.cells[1].outputs
    assert VIEW not in output.data
    assert "40 of 40 done" in output.data["text/plain"]
    assert output.data["text/html"].count("<tr") == 41
    page, _ = HTMLExporter().from_notebook_node(saved)
    assert "40 of 40 done" in page
    assert "Cancel all" not in page


def test_a_card_with_its_part_of_the_sheet_looks_as_with_all_of_it(desks: Desks) -> None:
    """Alone, and beside others, whose rules come before and after its own; also beside old ones."""
    own = [card_of(cell, *states) for cell in CELLS for states in (STATES[:1], STATES)]
    whole = [f"{style.SHEET}{card.partition('</style>')[2]}" for card in own]
    names = sorted(set(re.findall(r"[{;]([a-z-]+):", style.SHEET)))
    pages = [own, [*whole[:3], *own[3:-3], *whole[-3:]]]
    with page(desks.browser()) as empty:
        widths = ["1150px", "500px"]
        assert empty.evaluate(OTHERWISE, [whole, own, pages, names, widths]) == []
