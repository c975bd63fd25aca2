"""The form in a real JupyterLab, with the keyboard alone: from fields and text to a DataFrame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.browser import Notebook, notebook, server
from helpers.contrast import least_contrast, least_edge

pytestmark = pytest.mark.browser
FOCUSED = """() => { const e = document.activeElement;
  return e.closest('.ct-magic-form') ? e.title || e.labels?.[0]?.textContent || '' : '' }"""
# The fields that nobody can read: those that are hidden have no width at all.
SLIVERS = """() => [...document.querySelectorAll('.ct-magic-form :is(input, select)')]
  .map(e => e.offsetWidth).filter(width => width && width < 60)"""
# With a property that is doubted.
PASTED = 'seen: App Launched last 7 days\n  did Charged where Categry = "Shoes"'
FORM = ".ct-magic-form"


@pytest.fixture(scope="module")
def lab(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Path]]:
    """A JupyterLab that serves an empty folder."""
    root = tmp_path_factory.mktemp("lab")
    with server(root, extension=True) as address:
        yield chromium, address, root


def go(found: Notebook, to: str, key: str = "Tab") -> None:
    """Press Tab, or Shift+Tab, until the field or button of that name has the focus."""
    for _ in range(60):
        if found.page.evaluate(FOCUSED) == to:
            return
        found.page.keyboard.press(key)
    raise AssertionError(f"{key} does not reach {to}")


def focused(found: Notebook, what: str) -> None:
    """Wait until the form has put the focus there."""
    found.page.wait_for_function(f"what => ({FOCUSED})() === what", arg=what)


def reads(found: Notebook, text: str) -> None:
    """Wait until the form's text is this."""
    area = "document.querySelector('.ct-magic-form textarea')"
    found.page.wait_for_function(f"text => {area}.value === text", arg=text)


def check_seen(found: Notebook) -> None:
    """All words of the form, its messages and hints too, and the edges of its fields."""
    assert least_contrast(found, FORM)[0] >= 4.5, least_contrast(found, FORM)
    assert least_edge(found, FORM)[0] >= 3, least_edge(found, FORM)


def test_a_query_is_put_together_pasted_and_counted_without_a_mouse(
    lab: tuple[str, str, Path],
) -> None:
    """Fields and text move each other, Run fills the variable, and the cell is written."""
    cells = ["%load_ext ct_magic\n%ct use sandbox\n%ct names --from sandbox", "%ct form", "seen"]
    with notebook(*lab, *cells, height=1250) as found:
        keyboard = found.page.keyboard
        found.command("notebook:run-cell-and-select-next", wait=True)
        found.wait_output(0, "events are known")
        keyboard.press("Control+Enter")
        found.page.wait_for_selector(".ct-magic-form textarea")
        go(found, "event")
        keyboard.type("Charged")
        go(found, "Add one more: filter")
        keyboard.press("Enter")
        focused(found, "property")
        keyboard.type("Amount")
        go(found, "operator")
        keyboard.press("ArrowDown")  # which JupyterLab would take for the next cell
        keyboard.type(">")
        go(found, "value")
        keyboard.type("much")
        found.wait_output(1, 'compares numbers, and "much" is text')
        check_seen(found)
        found.screenshot("form-wrong")
        keyboard.press("Control+A")
        keyboard.type("100")
        reads(found, "Charged where Amount > 100")
        go(found, "the query as text")
        keyboard.press("Control+A")
        keyboard.insert_text(PASTED)
        found.page.wait_for_function(
            "() => [...document.querySelectorAll('.ct-magic-form input')]"
            ".some(e => e.value === 'Shoes')"
        )
        go(found, "variable")
        keyboard.type("seen")
        go(found, "Count in the background and fill the variable")
        found.watch()
        keyboard.press("Space")
        found.wait_showed("next look in")
        found.wait_output(1, "seen is a DataFrame with 1 row")
        found.wait_output(1, "in doubt:")
        found.screenshot("form-light")
        check_seen(found)
        found.command("apputils:change-theme", theme="JupyterLab Dark", wait=True)
        found.page.wait_for_selector("#jupyterlab-splash", state="detached")
        found.screenshot("form-dark")
        check_seen(found)
        found.command("application:toggle-left-area", wait=True)
        found.page.set_viewport_size({"width": 480, "height": 1250})
        found.until(lambda: found.page.evaluate(SLIVERS) == [])
        found.screenshot("form-narrow")
        go(found, "Write a %%ctcount cell below")
        keyboard.press("Space")
        found.until(lambda: found.source(2).startswith("%%ctcount"))
        assert found.source(2) == f"%%ctcount seen\n{PASTED}"
        found.page.locator(".jp-CodeCell").nth(3).click()
        found.command("notebook:run-cell", wait=True)
        found.wait_output(3, "success")
