"""Where nobody looks on: Voila's page, papermill's notebook; no widget is made, nothing hangs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import nbformat
import pytest
from helpers.front_end import ROOT, overlay

from ct_magic.sandbox import Sandbox

SET_UP = "%load_ext ct_magic\n%config CountMagics.poll_interval = 0.05"
TWO = "App Launched 2026-09\nApp Launched 2026-10"
# Beside the notebook server's packages, which are there; its own page extension stays outside.
VOILA = ["voila==0.5.13", "websockets==15.0.1"]


@pytest.fixture
def written(account: Sandbox, tmp_path: Path) -> Path:
    """A notebook that counts, and counts in the background."""
    cells = [SET_UP, f"%%ctcount df\n{TWO}", f"%%ctcount behind --background\n{TWO}"]
    cells.append("print('statuses:', *behind['status'])")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "", "language": "python"}
    nbformat.write(notebook, tmp_path / "page.ipynb")
    return tmp_path / "page.ipynb"


@pytest.mark.long
def test_voila_serves_the_end(written: Path) -> None:
    """Counted before the page appears, also what was sent to the background; no buttons."""
    page = served(overlay(written.parent / "site", *VOILA), written)
    assert page.count('"text/plain": "2 of 2 done') == 2
    assert "statuses: success success" in page
    assert "Cancel" not in page
    assert "widget-view" not in page


def test_papermill_keeps_the_end(written: Path) -> None:
    """As HTML and as text, also of what was sent to the background; no state of widgets."""
    done = written.with_name("done.ipynb")
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", str(written), str(done)]
    subprocess.run(command, check=True, capture_output=True, timeout=90)
    notebook = nbformat.read(done, as_version=4)
    assert "widgets" not in notebook.metadata
    for cell in notebook.cells[1:3]:
        (output,) = cell.outputs
        assert set(output.data) == {"text/html", "text/plain"}
        assert "2 of 2 done" in output.data["text/html"]
    assert notebook.cells[3].outputs[0].text == "statuses: success success\n"


def served(site: Path, file: Path) -> str:
    """Serve a notebook with Voila and fetch its page."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {
        "PYTHONPATH": os.pathsep.join([str(site), str(ROOT), os.environ["PYTHONPATH"]]),
        "JUPYTER_PATH": str(site / "share" / "jupyter"),
    }
    command = [sys.executable, "-m", "voila", str(file), "--no-browser", f"--port={port}"]
    process = subprocess.Popen(
        command, env=os.environ | environ, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if "is running at" in line:
                break
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=90) as response:
            text: str = response.read().decode()
            return text
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=90)
