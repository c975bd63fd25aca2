"""What people see: the quick start in a real JupyterLab, in headless Chromium."""

import nbformat
import pytest
from helpers.browser import USE_SANDBOX, Desk, Notebook
from helpers.contrast import least_contrast
from nbconvert import HTMLExporter

pytestmark = pytest.mark.browser
TRUSTED = "() => window.jupyterapp.shell.currentWidget.content.model.cells.get(1).trusted"
FUNNEL = """%%ctcount funnel
App Installed last 30 days
  share did Product Viewed
  share did Charged where Amount > 100"""
RETENTION = """%%ctcount weeks
App Installed last 3 weeks
  share did App Launched after 0..2 weeks
  by first week"""
# Where each piece of each card stands in its output, at every frame from now on: a set for each.
FOLLOW = """() => {
  window.places = {};
  const note = (name, node, output) => {
    const {left, top} = node.getBoundingClientRect(), origin = output.getBoundingClientRect();
    const place = [left - origin.left, top - origin.top].map(Math.round).join();
    (window.places[name] ??= new Set()).add(place);
  };
  const follow = () => {
    if (!window.places) return;
    document.querySelectorAll(".jp-CodeCell").forEach((cell, number) => {
      const output = cell.querySelector(".jp-OutputArea-output");
      if (!cell.querySelector(".ct-magic .ct-head")) return;
      for (const part of [".ct-q", ".ct-head b", "tr > :first-child", "tr > :nth-child(2)"])
        output.querySelectorAll(part).forEach(
          (node, row) => note([number, part, row], node, output));
    });
    requestAnimationFrame(follow);
  };
  follow();
}"""
PLACES = """() => {
  const seen = Object.entries(window.places).map(([name, places]) => [name, [...places]]);
  window.places = null;
  return seen;
}"""
CARDS = ".ct-magic, .ct-magic-panel"
SEED = 'choseNewFavoriteFood where value ~ "piz" 2015-08-10..2015-10-25'


def test_the_quick_start_is_lived_through(lab: Desk) -> None:
    """A stranger types a cell, sees the panel change, and reads the DataFrame."""
    seed = f"%%ctcount foodies\n{SEED}"
    cells = ["%load_ext ct_magic\n%ct use sandbox", seed, "foodies", FUNNEL, RETENTION]
    with lab.open(*cells, name="first.ipynb", height=1400) as notebook:
        notebook.page.evaluate(FOLLOW)
        notebook.watch()
        notebook.command("notebook:run-all-cells")
        notebook.wait_showed("next look in", "Cancel")
        notebook.screenshot("quickstart-running")
        notebook.wait_run()
        assert "1,3" in notebook.output(1)
        assert "2015-10-25" in notebook.output(2)
        assert not notebook.page.locator("button", has_text="Cancel").count()
        notebook.screenshot("quickstart-done")
        check_that_nothing_jumped(notebook)
        assert least_contrast(notebook, CARDS)[0] >= 4.5, least_contrast(notebook, CARDS)
        notebook.dark()
        notebook.screenshot("quickstart-dark")
        assert least_contrast(notebook, CARDS)[0] >= 4.5, least_contrast(notebook, CARDS)


def check_that_nothing_jumped(notebook: Notebook) -> None:
    """From the first frame to the last, the query, the head, rows and columns stood still."""
    places = dict(notebook.page.evaluate(PLACES))
    assert len(places) == 24  # of a funnel, of a grid with its mean, and of one number
    assert {name: boxes for name, boxes in places.items() if len(boxes) > 1} == {}


def test_what_is_saved_shows_the_end_everywhere(lab: Desk) -> None:
    """In the file, in a notebook that is not trusted, and exported: the count, and no widget."""
    set_up = f"{USE_SANDBOX}\n%config CountMagics.poll_interval = 0.1"
    cells = [set_up, f"%%ctcount foodies\n{SEED}", "print(foodies['count'].item())"]
    with lab.open(*cells, name="kept.ipynb", shared=True) as notebook:
        notebook.run_all()
        count = notebook.output(2).strip()
        notebook.command("docmanager:save", wait=True)
        saved = nbformat.read(lab.root / "kept.ipynb", 4)
        (output,) = saved.cells[1].outputs
        assert set(output.data) == {"text/html", "text/plain"}
        exported, _ = HTMLExporter().from_notebook_node(saved)
        # Changed outside of Jupyter, it is nobody's signed work.
        saved.cells[0].source += "  # changed"
        nbformat.write(saved, lab.root / "changed.ipynb")
        notebook.command("docmanager:open", path="changed.ipynb", wait=True)
        foreign = notebook.page.locator(".jp-NotebookPanel").last
        foreign.locator(".ct-magic").get_by_text(count, exact=True).wait_for()
        assert not notebook.page.evaluate(TRUSTED)
        frame = "e => getComputedStyle(e).borderTopWidth"
        assert foreign.locator(".ct-magic.mathjax_ignore").evaluate(frame) == "1px"
        notebook.screenshot("kept-untrusted")
    assert int(count) > 10
    assert f"{count} profiles" in output.data["text/plain"]
    assert f">{count}<" in exported
    assert "widget-view" not in exported


def test_tab_proposes_what_the_sandbox_knows(lab: Desk) -> None:
    """A name is completed as one piece, its values come quoted, each with its kind."""
    known = f"{USE_SANDBOX}\n%ct names --from sandbox"
    with lab.open(known, "%%ctcount\nCharged where Pa", name="tab.ipynb", shared=True) as notebook:
        notebook.command("notebook:run-cell")
        notebook.wait_output(0, "events are known")
        assert notebook.tab(1) == [("Payment mode", "property")]
        notebook.page.keyboard.press("Enter")
        assert notebook.source(1) == "%%ctcount\nCharged where Payment mode"
        notebook.page.keyboard.type(" = ")
        offered = notebook.tab(1)
        notebook.screenshot("tab-values")
        assert ('"Credit Card"', "value") in offered
        assert {kind for _, kind in offered} == {"value", "keyword"}, offered
