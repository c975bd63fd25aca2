"""The notebooks run from top to bottom, and what they say of their numbers is true."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from ct_magic.sandbox import Sandbox

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
# Instead of the sandbox inside the kernel, which takes its time: one that answers at once.
INSTEAD = "%config CountMagics.poll_interval = 0.05"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a kernel whose account is a whole sandbox of today."""
    with Sandbox(latency=0) as box:
        yield dict(os.environ) | {
            "CLEVERTAP_ACCOUNT_ID": "SANDBOX",
            "CLEVERTAP_PASSCODE": "sandbox",
            "CLEVERTAP_BASE_URL": box.url,
            "CT_MAGIC_STATE_DIR": str(tmp_path_factory.mktemp("state")),
        }


def executed(name: str, environment: dict[str, str]) -> Any:
    """Run a notebook as nbconvert and papermill do."""
    found = nbformat.read(NOTEBOOKS / name, as_version=4)  # type: ignore[no-untyped-call]
    for cell in found.cells:
        cell.source = cell.source.replace("%ct use sandbox", INSTEAD)
    NotebookClient(found, timeout=60).execute(env=environment)
    return found


def shown(found: Any, beginning: str) -> dict[str, Any]:
    """The data that the cell with this beginning shows last."""
    (cell,) = [cell for cell in found.cells if cell.source.startswith(beginning)]
    data: dict[str, Any] = cell.outputs[-1].data
    return data


@pytest.mark.parametrize("name", sorted(path.name for path in NOTEBOOKS.glob("*.ipynb")))
def test_it_runs_and_keeps_no_widget(name: str, environment: dict[str, str]) -> None:
    """No cell fails, and what is saved needs no widget manager to be read."""
    found = executed(name, environment)
    assert "widgets" not in found.metadata
    saved = [output for cell in found.cells for output in cell.get("outputs", [])]
    assert saved
    assert not any("widget-view" in kind for one in saved for kind in one.get("data", {}))
    if name == "tutorial.ipynb":
        the_story_is_true(found)


def the_story_is_true(found: Any) -> None:
    """June fell by more than a quarter and July did not; only UPI did; the campaign moved two."""
    changes = shown(found, "import ct_magic")["text/plain"].splitlines()[-3:]
    may, june, july = (float(line.split()[-1]) for line in changes)
    assert june < -1 / 4 < may
    assert july > 0.5
    paid = {
        words[0]: [int(count) for count in words[-3:]]
        for words in map(str.split, shown(found, "paid.pivot")["text/plain"].splitlines()[2:])
    }
    assert paid["UPI"][1] < paid["UPI"][0] / 2
    assert all(paid[mode][1] > paid[mode][0] / 2 for mode in ("Cash", "Wallet"))
    moved = {
        words[1]: float(words[-1])
        for words in map(
            str.split, shown(found, "ct_magic.shares(campaign)")["text/plain"].splitlines()[-3:]
        )
    }
    assert moved["Silver"] < 0.2 < min(moved["Gold"], moved["Platinum"])
    drawn = [cell for cell in found.cells if re.match("%%ctcount .*--plot", cell.source)]
    assert drawn
    assert all("image/png" in cell.outputs[-1].data for cell in drawn)


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.name)
def test_it_is_kept_without_outputs(path: Path) -> None:
    """What a notebook shows comes from running it; and no output of anybody's is published."""
    found = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    code = [cell for cell in found.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
