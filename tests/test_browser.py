"""What people see: the quick start in a real JupyterLab, in headless Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Notebook, need_chromium, notebook, server

pytestmark = pytest.mark.browser
SEED = 'choseNewFavoriteFood where value ~ "piz" 2015-08-10..2015-10-25'


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A JupyterLab that serves an empty folder."""
    need_chromium()
    root = tmp_path_factory.mktemp("lab")
    with server(root) as address:
        yield address, root


def dark(found: Notebook) -> None:
    found.command("apputils:change-theme", theme="JupyterLab Dark", wait=True)
    found.page.wait_for_selector("#jupyterlab-splash", state="detached")


def test_the_quick_start_is_lived_through(lab: tuple[str, Path]) -> None:
    """A stranger types a cell, sees the panel change, and reads the DataFrame."""
    cells = ["%load_ext ct_magic\n%ct use sandbox", f"%%ctcount foodies\n{SEED}", "foodies"]
    with notebook(*lab, *cells) as found:
        found.command("notebook:run-all-cells")
        found.wait_output(1, "next look in")
        assert found.page.locator("button", has_text="Cancel").is_visible()
        found.screenshot("quickstart-running")
        found.wait_run()
        assert "1,3" in found.output(1)
        assert "success" in found.output(2)
        assert not found.page.locator("button", has_text="Cancel").count()
        found.screenshot("quickstart-done")
        dark(found)
        found.screenshot("quickstart-dark")
