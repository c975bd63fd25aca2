"""What JupyterLab draws of a picture: the right names at the right places, in both themes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.browser import Desks, Notebook

pytestmark = pytest.mark.browser
HELPERS = Path(__file__).parents[1]
BEGIN = f"""import sys; sys.path.insert(0, {str(HELPERS)!r})
import pandas as pd
from helpers import frames
from helpers.frames import experiment, frame, unfinished
from ct_magic import plot"""
CELLS = (
    'plot(frame({"Category": "Shoes", "count": 1234}, {"Category": "Bags", "count": 877}))',
    "plot(frames.funnel())",
    "plot(frames.triangle(12))",
    "plot(experiment(control=(240, 1200), treated=(301, 1180)))",
    "plot(unfinished(600, 640, 610, 590, 200))",
    "plot(frames.versus())",
    "plot(frames.triangle(12), as_curves=True)",
    'plot(frame({"count": None, "status": "not yet"}, {"query": "b", "count": None}))',
)
# Every text of a cell's picture: what it says, where its middle is, its colour, and the page's.
TEXTS = """cell => [...document.querySelectorAll('.jp-CodeCell')[cell].querySelectorAll(
    '.jp-OutputArea-output .chart-wrapper svg text')].filter(t => t.textContent).map(t => {
  const r = t.getBoundingClientRect(), s = getComputedStyle(t);
  return [t.textContent, r.x + r.width / 2, r.y + r.height / 2, s.fill, s.opacity] })"""
WIDTHS = """cell => { const o = document.querySelectorAll('.jp-CodeCell')[cell].querySelector(
    '.jp-OutputArea-output'), s = o.querySelector('.chart-wrapper svg');
  return [s.getBoundingClientRect().width, o.getBoundingClientRect().width] }"""
GROUND = "() => getComputedStyle(document.querySelector('.jp-Notebook')).backgroundColor"
ALT = """cell => document.querySelectorAll('.jp-CodeCell')[cell].querySelector(
    '.chart-wrapper[aria-label], .chart-wrapper [aria-label]')?.getAttribute('aria-label')"""


@pytest.fixture(scope="module")
def notebook(desks: Desks) -> Iterator[Notebook]:
    """A notebook in which each kind of picture was drawn; the page shows all of it."""
    with desks.desk("lab").open(
        BEGIN, *CELLS, name="pictures.ipynb", shared=True, width=1400, height=3600
    ) as notebook:
        notebook.run_all()
        pictures = notebook.page.locator(".chart-wrapper svg")
        notebook.until(lambda: pictures.count() == len(CELLS))
        yield notebook


def texts(notebook: Notebook, cell: int) -> list[list[Any]]:
    read: list[list[Any]] = notebook.page.evaluate(TEXTS, cell)
    return read


def middle(notebook: Notebook, cell: int, text: str) -> tuple[float, float]:
    (place,) = [(x, y) for written, x, y, *_ in texts(notebook, cell) if written == text]
    return place


def test_each_name_stands_at_its_own_bar(notebook: Notebook) -> None:
    """A name beside another's number would be a wrong number."""
    for name, number in (("Shoes", "1,234"), ("Bags", "877")):
        assert middle(notebook, 1, name)[1] == pytest.approx(middle(notebook, 1, number)[1], abs=4)
    assert middle(notebook, 1, "Shoes")[1] < middle(notebook, 1, "Bags")[1]
    step = middle(notebook, 2, "474 · 26 % (24\N{EN DASH}28 %), 34 % of the step before")
    assert step[1] == pytest.approx(middle(notebook, 2, "did Charged")[1], abs=4)
    assert middle(notebook, 4, "control")[1] < middle(notebook, 4, "treated")[1]


def test_each_number_of_a_triangle_stands_in_its_row_and_column(notebook: Notebook) -> None:
    """Half of the first cohort was there a week later."""
    row, column = middle(notebook, 3, "7\N{EN DASH}13 Sep · 400"), middle(notebook, 3, "1")
    cells = [(x, y) for written, x, y, *_ in texts(notebook, 3) if written == "50 %"]
    assert any(abs(x - column[0]) < 4 and abs(y - row[1]) < 4 for x, y in cells)


@pytest.mark.parametrize("cell", range(1, len(CELLS) + 1))
def test_a_picture_is_as_wide_as_the_output(notebook: Notebook, cell: int) -> None:
    """But for the menu at its side."""
    picture, output = notebook.page.evaluate(WIDTHS, cell)
    assert output - 60 < picture <= output


@pytest.mark.parametrize("cell", range(1, len(CELLS) + 1))
def test_a_screen_reader_hears_the_gist(notebook: Notebook, cell: int) -> None:
    """The same words as in a terminal."""
    heard = notebook.page.evaluate(ALT, cell)
    assert heard.startswith(("Charged: ", "App Launched: "))


def brightness(colour: str) -> tuple[float, float]:
    """The luminance of `rgb(…)` or `rgba(…)`, and how opaque it is."""
    parts = [float(part) for part in colour[colour.index("(") + 1 : -1].split(",")]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (part / 255 for part in parts[:3])
    ]
    light = sum(p * w for p, w in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))
    return light, parts[3] if len(parts) > 3 else 1.0


def least_contrast(notebook: Notebook) -> float:
    ground, _ = brightness(notebook.page.evaluate(GROUND))
    contrasts = []
    for cell in range(1, len(CELLS) + 1):
        for _, _, _, fill, opacity in texts(notebook, cell):
            ink, opaque = brightness(fill)
            opaque *= float(opacity)
            mixed = opaque * ink + (1 - opaque) * ground
            low, high = sorted([mixed, ground])
            contrasts.append((high + 0.05) / (low + 0.05))
    return min(contrasts)


def test_text_is_read_in_both_themes_also_after_a_change(notebook: Notebook) -> None:
    """Nothing is drawn anew when the theme changes: the colours must follow by themselves."""
    assert least_contrast(notebook) >= 4.5
    notebook.screenshot("pictures-light")
    notebook.dark()
    assert least_contrast(notebook) >= 4.5
    notebook.screenshot("pictures-dark")
