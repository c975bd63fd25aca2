"""The form in a real JupyterLab, with the keyboard alone: from fields and text to a DataFrame."""

from __future__ import annotations

import pytest
from helpers.browser import USE_SANDBOX, Desk, Notebook
from helpers.contrast import least_contrast, least_edge

pytestmark = pytest.mark.browser
FOCUSED = """() => { const e = document.activeElement;
  return e.closest('.ct-magic-form') ? e.title || e.labels?.[0]?.textContent || '' : '' }"""
# The fields that nobody can read: those that are hidden have no width at all.
SLIVERS = """() => [...document.querySelectorAll('.ct-magic-form :is(input, select)')]
  .filter(e => e.type !== 'checkbox').map(e => e.offsetWidth)
  .filter(width => width && width < 60)"""
# How far below the form's upper edge its fields and buttons are.
HEIGHTS = """() => { const form = document.querySelector('.ct-magic-form');
  const top = e => Math.round(e.getBoundingClientRect().top);
  return [...form.querySelectorAll('input, select, button')].map(e => [e.title, top(e) - top(form)])
}"""
# With a property that is doubted.
PASTED = 'seen: App Launched last 7 days\n  did Charged where Categry = "Shoes"'
FORM = ".ct-magic-form"


def go(notebook: Notebook, name: str, key: str = "Tab") -> None:
    """Press Tab, or Shift+Tab, until the field or button of that name has the focus."""
    for _ in range(60):
        if notebook.page.evaluate(FOCUSED) == name:
            return
        notebook.page.keyboard.press(key)
    raise AssertionError(f"{key} does not reach {name}")


def focused(notebook: Notebook, name: str) -> None:
    """Wait until the form has put the focus there."""
    notebook.page.wait_for_function(f"what => ({FOCUSED})() === what", arg=name)


def reads(notebook: Notebook, text: str) -> None:
    """Wait until the form's text is this."""
    area = "document.querySelector('.ct-magic-form textarea')"
    notebook.page.wait_for_function(f"text => {area}.value === text", arg=text)


def check_seen(notebook: Notebook) -> None:
    """All words of the form, its messages and hints too, and the edges of its fields."""
    assert least_contrast(notebook, FORM)[0] >= 4.5, least_contrast(notebook, FORM)
    assert least_edge(notebook, FORM)[0] >= 3, least_edge(notebook, FORM)


def test_a_query_is_put_together_pasted_and_counted_without_a_mouse(
    lab: Desk,
) -> None:
    """Fields and text move each other, Run fills the variable, and the cell is written."""
    cells = [f"{USE_SANDBOX}\n%ct names --from sandbox", "%ct form", "seen"]
    with lab.open(*cells, name="fields.ipynb", shared=True, height=1250) as notebook:
        keyboard = notebook.page.keyboard
        notebook.command("notebook:run-cell-and-select-next", wait=True)
        notebook.wait_output(0, "events are known")
        keyboard.press("Control+Enter")
        notebook.page.wait_for_selector(".ct-magic-form textarea")
        go(notebook, "event")
        keyboard.type("Charged")
        go(notebook, "Add one more: filter")
        keyboard.press("Enter")
        focused(notebook, "property")
        keyboard.type("Amount")
        go(notebook, "operator")
        keyboard.press("ArrowDown")  # which JupyterLab would take for the next cell
        keyboard.type(">")
        go(notebook, "value")
        # What joins filters goes from before the first one when the kernel has heard of it.
        notebook.page.locator(f"{FORM} select").first.wait_for(state="hidden")
        heights = notebook.page.evaluate(HEIGHTS)
        keyboard.type("much")
        notebook.wait_output(1, 'compares numbers, and "much" is text')
        assert notebook.page.evaluate(HEIGHTS) == heights  # an error moves nothing
        assert notebook.page.evaluate(f"document.querySelector('{FORM}').offsetHeight") < 900
        check_seen(notebook)
        notebook.screenshot("form-wrong")
        keyboard.press("Control+A")
        keyboard.type("100")
        reads(notebook, "Charged where Amount > 100")
        go(notebook, "the query as text")
        keyboard.press("Control+A")
        keyboard.insert_text(PASTED)
        notebook.page.wait_for_function(
            "() => [...document.querySelectorAll('.ct-magic-form input')]"
            ".some(e => e.value === 'Shoes')"
        )
        go(notebook, "variable")
        keyboard.type("seen")
        go(notebook, "Count in the background and fill the variable")
        notebook.watch()
        keyboard.press("Space")
        notebook.wait_showed("next look in")
        notebook.wait_output(1, "seen is a DataFrame with 1 row")
        notebook.wait_output(1, "in doubt:")
        notebook.screenshot("form-light")
        check_seen(notebook)
        notebook.dark()
        notebook.screenshot("form-dark")
        check_seen(notebook)
        notebook.command("application:toggle-left-area", wait=True)
        notebook.page.set_viewport_size({"width": 480, "height": 1250})
        notebook.until(lambda: notebook.page.evaluate(SLIVERS) == [])
        notebook.screenshot("form-narrow")
        notebook.command("application:toggle-left-area", wait=True)
        go(notebook, "Write a %%ctcount cell below")
        keyboard.press("Space")
        notebook.until(lambda: notebook.source(2).startswith("%%ctcount"))
        assert notebook.source(2) == f"%%ctcount seen\n{PASTED}"
        notebook.page.locator(".jp-CodeCell").nth(3).click()
        notebook.command("notebook:run-cell", wait=True)
        notebook.wait_output(3, "success")
