"""`python tests/pictures.py`: make README's two pictures anew, as JupyterLab shows them."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from helpers.browser import ROOT, Notebook, chromium, desk, server
from PIL import Image

PICTURES = ROOT / "notebooks" / "pictures"
FUNNEL = """%%ctcount funnel
# of the newcomers of 30 days: who looked, and who bought
App Installed last 30 days
  share did Product Viewed
  share did Charged where Amount > 100"""
SHOWN = 'funnel[["step", "start", "end", "count", "share", "low", "high", "status"]]'
FORM = """%%ct form
loyal: App Launched where session.first_time = false or tech.OS = "iOS" last 2 weeks
  did Charged where Category in ("Shoes", "Bags") last 90 days >= 2
  share did Product Viewed after 2 weeks
  by profile.Customer Type in ("Gold", "Silver")"""
CHOOSE_FIRST = "() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 0 }"
COLOURS = 256  # enough for an interface, and less than half of the bytes


def main() -> None:
    """Serve a JupyterLab, and keep what two notebooks show in it."""
    PICTURES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        server(Path(folder), extension=True) as address,
        chromium() as browser,
        desk(browser, address, Path(folder)) as page,
    ):
        cells = ["%ct use sandbox", FUNNEL, SHOWN]
        with page.open(*cells, name="cell.ipynb", height=1000) as notebook:
            notebook.run_all()
            keep(notebook, "cell", below=3)
        cells = ["%ct use sandbox", FORM]
        with page.open(*cells, name="form.ipynb", width=1500, height=1300) as notebook:
            notebook.run_all()
            keep(notebook, "form", below=2)


def keep(notebook: Notebook, name: str, below: int) -> None:
    """Keep the cells behind the first one, without the rest of the page."""
    notebook.command("application:toggle-left-area", wait=True)
    # No cell of the picture has the frame and the buttons of the one that is chosen.
    notebook.page.evaluate(CHOOSE_FIRST)
    notebook.page.wait_for_timeout(1000)  # the page draws its columns anew
    cells = notebook.page.locator(".jp-Notebook .jp-CodeCell")
    first, last = cells.nth(1).bounding_box(), cells.nth(below - 1).bounding_box()
    assert first
    assert last
    area = {"x": first["x"], "y": first["y"], "width": first["width"]}
    area["height"] = last["y"] + last["height"] - first["y"]
    drawn = Image.open(io.BytesIO(notebook.page.screenshot(clip=area)))  # type: ignore[arg-type]
    drawn.convert("RGB").quantize(COLOURS).save(PICTURES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
