"""Unattended runs, as notebooks/README.md has them: papermill, and a scheduler's script."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from helpers.journals import submissions
from helpers.pages import PAGES, blocks
from helpers.shell import Clock, submitted, until
from nbformat.v4 import new_code_cell, new_notebook

from ct_magic.sandbox import Sandbox

PAGE = "notebooks/README.md"


def command(name: str) -> str:
    """The command below the comment with this name."""
    (line,) = re.findall(rf"<!-- command: {name} -->\n```sh\n(.*?)\n```", PAGES[PAGE])
    return str(line)


@pytest.fixture
def prompt() -> Iterator[Sandbox]:
    """A sandbox that answers at once: who waits for a second look waits for half a minute."""
    with Sandbox(profiles=300, latency=0) as sandbox:
        yield sandbox


def cron(box: Sandbox, folder: Path, **more: str) -> dict[str, str]:
    """An environment as poor as a scheduler's: no language, no terminal, hardly a path."""
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(folder),
        "CLEVERTAP_ACCOUNT_ID": "SANDBOX",
        "CLEVERTAP_PASSCODE": "sandbox",
        "CLEVERTAP_BASE_URL": box.url,
        "CT_MAGIC_STATE_DIR": str(folder),
        **more,
    }


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """the page's script, to the letter, in a folder of its own."""
    (text,) = [block for block in blocks(PAGE, "python") if block.startswith("# counts.py")]
    path = tmp_path / "counts.py"
    path.write_text(text, encoding="utf-8")
    return path


def started(script: Path, environ: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["/bin/sh", "-c", f"exec {command('script')}"],
        cwd=script.parent,
        env=environ,
        stdin=subprocess.DEVNULL,
    )


def known(folder: Path) -> int:
    """How many ids the journal of the script in this folder holds."""
    return sum(bool(row["req_id"]) for row in submissions(folder / "journal.sqlite"))


def test_a_script_leaves_a_file_a_log_and_an_exit_code(prompt: Sandbox, script: Path) -> None:
    """Plain lines, nothing rewritten, and both counts in the file."""
    assert started(script, cron(prompt, script.parent)).wait(90) == 0
    log = (script.parent / "counts.log").read_text(encoding="utf-8")
    assert "2 of 2 done" in log
    assert not set("\r\x1b") & set(log)
    assert pd.read_csv(script.parent / "counts.csv")["count"].notna().tolist() == [True, True]


def test_a_script_that_fails_says_why_and_keeps_what_arrived(prompt: Sandbox, script: Path) -> None:
    """Exit code 1, the reason in the log's last line, no traceback, and a row for each count."""
    script.write_text(script.read_text("utf-8").replace("Charged", "No Such Event"), "utf-8")
    assert started(script, cron(prompt, script.parent)).wait(90) == 1
    log = (script.parent / "counts.log").read_text(encoding="utf-8")
    assert "invalid event 'No Such Event'" in log.rstrip().splitlines()[-1]
    assert "Traceback" not in log
    assert pd.read_csv(script.parent / "counts.csv")["status"].tolist() == ["failed", "failed"]


def test_a_script_that_was_killed_goes_on_where_it_was(script: Path) -> None:
    """The next run fetches the ids of the first: nothing is submitted twice."""
    clock = Clock()
    with Sandbox(profiles=300, latency=1, clock=clock) as box:
        environ = cron(box, script.parent)
        first = started(script, environ)
        until(lambda: known(script.parent) == 2 or first.poll() is not None)
        first.kill()
        assert first.wait() < 0
        assert not (script.parent / "counts.csv").exists()
        clock.now += 2
        assert started(script, environ).wait(90) == 0
        assert submitted(box) == 2
    assert pd.read_csv(script.parent / "counts.csv")["count"].notna().all()


@pytest.mark.parametrize(("ci", "rewritten"), [("true", False), ("", True)])
def test_a_line_is_rewritten_only_where_somebody_looks(
    prompt: Sandbox, script: Path, ci: str, rewritten: bool
) -> None:
    """A build's log has a terminal, too, and shows every line for ever: `CI=true` says so."""
    master, slave = pty.openpty()
    environ = cron(prompt, script.parent, CI=ci)
    with subprocess.Popen([sys.executable, script], cwd=script.parent, env=environ, stderr=slave):
        os.close(slave)
        output = b""
        with suppress(OSError):  # Linux says so when the last writer has gone
            while read := os.read(master, 4096):
                output += read
    os.close(master)
    assert b"2 of 2 done" in output
    assert (b"\x1b[K" in output) == rewritten


def papermill(box: Sandbox, folder: Path, **variables: str) -> int:
    """Run the page's notebook with the page's command; give the exit code."""
    part = PAGES[PAGE].split("<!-- notebook: counts.ipynb -->")[1].split("<!-- command:")[0]
    cells = re.findall(r"^```python\n(.*?)\n```$", part, re.MULTILINE | re.DOTALL)
    code_cells = [new_code_cell(cell) for cell in cells]
    code_cells[0].metadata["tags"] = ["parameters"]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = new_notebook(cells=code_cells, metadata={"kernelspec": kernel})
    nbformat.write(notebook, folder / "counts.ipynb")
    environ = cron(box, folder, PYTHONPATH=os.environ["PYTHONPATH"], **variables)
    return subprocess.run(
        ["/bin/sh", "-c", command("papermill")],
        check=False,
        cwd=folder,
        env=environ,
        capture_output=True,
    ).returncode


def test_papermill_counts_the_day_it_is_given(prompt: Sandbox, tmp_path: Path) -> None:
    """No `%load_ext`, no widget, and the numbers in the file and in the executed notebook."""
    assert papermill(prompt, tmp_path) == 0
    df = pd.read_csv(tmp_path / "counts.csv")
    assert df["start"].tolist() == ["2026-11-02", "2026-11-02"]
    assert df["count"].notna().all()
    done = (tmp_path / "done.ipynb").read_text(encoding="utf-8")
    assert "2 of 2 done" in done
    assert "widget-view" not in done


def test_papermill_fails_where_a_count_did_not_arrive(prompt: Sandbox, tmp_path: Path) -> None:
    """The cells behind do not run, and the executed notebook says why."""
    assert papermill(prompt, tmp_path, CLEVERTAP_PASSCODE="wrong") == 1
    assert not (tmp_path / "counts.csv").exists()
    assert "CountFailedError" in (tmp_path / "done.ipynb").read_text(encoding="utf-8")
