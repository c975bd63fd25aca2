"""The notebooks run from top to bottom, and what they say of their numbers is true."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from helpers.length import amount
from nbclient import NotebookClient
from nbconvert import HTMLExporter, ScriptExporter
from traitlets.config import Config

from ct_magic.sandbox import Sandbox

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
NAMES = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
# Instead of the sandbox inside the kernel, which takes its time: one that answers at once.
INSTEAD = "%config CountMagics.poll_interval = 0.05"
# Fewer than a sandbox has by itself, and enough for what the notebooks say of their numbers.
PROFILES = amount(20_000, long=50_000)
VEGA = "application/vnd.vegalite.v5+json"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a kernel whose account is a sandbox of today."""
    with Sandbox(latency=0, profiles=PROFILES) as box:
        yield dict(os.environ) | {
            "CLEVERTAP_ACCOUNT_ID": "SANDBOX",
            "CLEVERTAP_PASSCODE": "sandbox",
            "CLEVERTAP_BASE_URL": box.url,
            "CT_MAGIC_STATE_DIR": str(tmp_path_factory.mktemp("state")),
        }


@pytest.fixture(scope="module")
def executed(environment: dict[str, str]) -> Any:
    """Run a notebook as nbconvert and papermill do, each once."""

    @cache
    def run(name: str) -> Any:
        notebook = read(name)
        for cell in notebook.cells:
            cell.source = cell.source.replace("%ct use sandbox", INSTEAD)
        NotebookClient(notebook, timeout=90).execute(env=environment)
        return notebook

    return run


def read(name: str) -> Any:
    return nbformat.read(NOTEBOOKS / name, as_version=4)  # type: ignore[no-untyped-call]


def code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def pictures(cell: Any) -> list[Any]:
    return [output.data for output in cell.outputs if VEGA in output.get("data", {})]


def shown(notebook: Any, beginning: str) -> pd.DataFrame:
    """The DataFrame that the cell with this beginning shows, its first column as the index."""
    (cell,) = [cell for cell in notebook.cells if cell.source.startswith(beginning)]
    rows = re.findall(r"<tr.*?</tr>", cell.outputs[-1].data["text/html"], re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]
    body = [row for row in cells[1:] if any(row[1:])]  # an index has its name in a row of its own
    table = pd.DataFrame([row[1:] for row in body], [row[0] for row in body], cells[0][1:])
    return table.apply(_numbers)


def _numbers(column: pd.Series[Any]) -> pd.Series[Any]:
    numbers: pd.Series[Any] = pd.to_numeric(column, errors="coerce")
    return column if numbers.isna().any() else numbers


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_and_keeps_no_widget(name: str, executed: Any) -> None:
    """No cell fails, and what is saved needs no widget manager to be read."""
    notebook = executed(name)
    assert "widgets" not in notebook.metadata
    saved = [output for cell in code(notebook) for output in cell.outputs]
    assert saved
    assert not any("widget-view" in kind for output in saved for kind in output.get("data", {}))


@pytest.mark.parametrize("name", NAMES)
def test_each_cell_that_draws_has_a_picture_of_all_its_counts(name: str, executed: Any) -> None:
    """In an export, too; and none of them is grey, or says that a count is missing."""
    notebook = executed(name)
    drawn = [cell for cell in code(notebook) if re.match("%%ctcount .*--plot", cell.source)]
    assert drawn
    for cell in drawn:
        last = pictures(cell)[-1]
        assert last["image/png"]
        assert "so far" not in str(last[VEGA]["title"])
        assert "without a count" not in str(last[VEGA]["title"])
    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert page.count('src="data:image/png') >= len(drawn)


def test_each_recipe_is_a_question_one_cell_and_two_sentences() -> None:
    """Each is a question, the cell that answers it, and what its numbers say and do not say."""
    cells = read("recipes.ipynb").cells
    titles = [n for n, cell in enumerate(cells) if cell.source.startswith("## ")]
    assert len(titles) == 22
    for begin, end in zip(titles, [*titles[1:], len(cells)], strict=True):
        question, answer, *more, words = cells[begin:end]
        assert question.cell_type == words.cell_type == "markdown"
        assert re.match(r"%%ctcount \w+ --plot\n", answer.source)
        assert len(more) <= 1
        plain = re.sub(r"`[^`]*`", "code", words.source)
        assert len(re.findall(r"[.?!](\s|$)", plain)) == 2, words.source


def picture_text(notebook: Any, name: str) -> str:
    (cell,) = [c for c in code(notebook) if c.source.startswith(f"%%ctcount {name} ")]
    text: str = pictures(cell)[-1]["text/plain"]
    return text


def test_the_recipes_find_what_the_sandbox_holds(executed: Any) -> None:
    """Its curve of retention, its experiment, its evening spot, and the drop of UPI in June."""
    notebook = executed("recipes.ipynb")
    curve = {
        int(week): float(share) / 100
        for week, share in re.findall(
            r"week (\d+): ([\d.]+) %", picture_text(notebook, "retention")
        )
    }
    assert curve[0] == 1
    assert 0.3 < curve[1] < 0.5
    assert 0.08 < curve[8] < 0.25
    assert curve[1] > curve[3] > curve[7]
    compared = shown(notebook, "ct_magic.compare(test)")
    difference = {name: column.iloc[0] for name, column in compared.items()}
    assert 0 < difference["low"] < difference["difference"] < difference["high"]
    assert difference["p"] < 0.001
    assert "Most at 22:00" in picture_text(notebook, "hours")
    (first, *_) = [o for c in code(notebook) if "why(drop)" in c.source for o in c.outputs]
    assert first.data["text/plain"].startswith("Payment mode = UPI: \N{MINUS SIGN}8")
    by_mode = picture_text(notebook, "june_by_mode")
    assert re.search(r"UPI: 4 pieces, .* lowest \d+ \(\d{4}-06-01\)", by_mode)


def test_the_tutorial_tells_what_its_numbers_show(executed: Any) -> None:
    """Each of its sentences about a number, against that number and what it is compared with."""
    notebook = executed("tutorial.ipynb")
    changes = shown(notebook, "import ct_magic")["change"]
    assert changes.iloc[1] < -0.2 < 0.2 < changes.iloc[2], "fewer than in May, and more in July"
    (cell,) = [cell for cell in notebook.cells if cell.source.startswith("year_before")]
    before, now = map(int, re.findall(r"([+-]\d+)%", cell.outputs[-1].data["text/plain"]))
    assert now < before - 20, "the season does not explain it"
    index = shown(notebook, "by_month").iloc[-2:].astype(float)
    assert 90 < index["opened"].iloc[0] < 110, "as many opened the app"
    assert index["bought"].iloc[0] < 80
    steps = shown(notebook, "in_order")
    shares = {step: (steps.loc[step, "May"], steps.loc[step, "June"]) for step in steps.index[1:]}
    for step in ("did Product Viewed", "did Added To Cart"):
        may, june = map(float, shares[step])
        assert june == pytest.approx(may, abs=0.03)
    assert float(shares["did Charged"][1]) < 0.75 * float(shares["did Charged"][0])
    modes = shown(notebook, "modes").iloc[-2].astype(float)
    assert modes["UPI"] < 40
    assert min(modes[["Cash", "Credit Card", "Wallet"]]) > 70, "the control group stood"
    lost = picture_text(notebook, "lost")
    april, june = re.findall(r"Added To Cart · [^:]*: ([\d,]+)", lost)
    assert int(june.replace(",", "")) > int(april.replace(",", ""))
    intervals = re.findall(r"\(([\d.]+)\N{EN DASH}([\d.]+) %\)", lost)
    (low, high), (other_low, other_high) = [tuple(map(float, pair)) for pair in intervals]
    assert max(low, other_low) < min(high, other_high), "about as many"
    assert max(high, other_high) < 15, "a few in a hundred"
    moved = shown(notebook, "campaign[[").set_index("profile.Customer Type")["change"]
    assert moved["Silver"] < 0.4 < 0.6 < min(moved["Gold"], moved["Platinum"])


@pytest.mark.parametrize("name", NAMES)
def test_it_is_kept_without_outputs(name: str) -> None:
    """What a notebook shows comes from running it; and no output of anybody's is published."""
    assert all(not cell.outputs and cell.execution_count is None for cell in code(read(name)))


@pytest.mark.parametrize("name", NAMES)
def test_it_converts_to_python(name: str) -> None:
    """Its metadata carry its language: a `.py`, and no text of cells."""
    script, resources = ScriptExporter().from_notebook_node(read(name))
    assert resources["output_extension"] == ".py"
    compile(script, name, "exec")
    assert "get_ipython().run_cell_magic('ctcount'" in script


@pytest.mark.parametrize("name", NAMES)
def test_it_is_exported_with_queries_in_colours(name: str) -> None:
    """Its cells name our lexer, which nbconvert finds; so does one that is told of our magic."""
    notebook = read(name)
    page, _ = HTMLExporter().from_notebook_node(notebook)
    queries = sum(cell.source.startswith("%%ctcount") for cell in code(notebook))
    magic = '<span class="o">%%</span><span class="k">ctcount</span>'
    assert page.count(magic) == queries > 0
    for cell in code(notebook):
        cell.metadata.pop("magics_language", None)
    config = Config()
    config.HighlightMagicsPreprocessor.languages = {"%%ctcount": "ctcount"}
    configured, _ = HTMLExporter(config=config).from_notebook_node(notebook)
    for word in ("where", "by"):
        coloured = f'<span class="k">{word}</span>'
        assert configured.count(coloured) == page.count(coloured) > 0


def test_what_it_converts_to_is_run_by_ipython(environment: dict[str, str], tmp_path: Path) -> None:
    """As a scheduled script is, on a machine without Jupyter."""
    script, _ = ScriptExporter().from_notebook_node(read("quickstart.ipynb"))
    file = tmp_path / "quickstart.py"
    file.write_text(script.replace("'use sandbox'", "''"), encoding="utf-8")
    command = [sys.executable, "-m", "IPython", "--no-banner", "--HistoryManager.enabled=False",
               "--CountMagics.poll_interval=0.05", str(file)]  # fmt: skip
    done = subprocess.run(
        command, env=environment | {"IPYTHONDIR": str(tmp_path)}, capture_output=True, text=True,
        timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "Product Viewed: share of each step" in done.stdout
