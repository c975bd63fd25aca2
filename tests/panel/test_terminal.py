"""Without a notebook: IPython in a terminal, and a script whose output goes into a file."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from helpers.shell import TODAY, point_at

from ct_magic.sandbox import Sandbox

SET_UP = "%load_ext ct_magic\n%config CountMagics.poll_interval = 600"
SCRIPT = """
import ct_magic
found = ct_magic.count("App Launched 2026-09\\nApp Launched 2026-10", poll_interval=0.05)
print(found["status"].tolist())
"""


class Terminal:
    """A process in a terminal of its own, 60 columns wide."""

    def __init__(self, *command: str) -> None:
        self.said = ""
        self.process, self._end = pty.fork()
        if not self.process:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored, where tests run behind a shell
            os.environ |= {"TERM": "xterm", "CI": "", "PYTHONWARNINGS": "ignore"}
            os.execv(command[0], command)  # noqa: S606 # a terminal of its own is the point

        termios.tcsetwinsize(self._end, (24, 60))

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._end, text.encode())

    def until(self, pattern: str, seconds: float = 90) -> None:
        """Read until the screen has said this since the last time."""
        end, begun = time.monotonic() + seconds, len(self.said)
        while not re.search(pattern, self.said[begun:]):
            ready, _, _ = select.select([self._end], [], [], end - time.monotonic())
            assert ready, f"{pattern!r} did not come: {self.said[-400:]!r}"
            self.said += os.read(self._end, 4096).decode(errors="replace")

    def close(self) -> None:
        """End the process."""
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self._end)


@contextmanager
def ipython(folder: Path) -> Iterator[Terminal]:
    """IPython as one starts it, with a prompt that can be read from outside."""
    options = ["--simple-prompt", "--no-banner", "--colors=NoColor", f"--ipython-dir={folder}"]
    terminal = Terminal(sys.executable, "-m", "IPython", *options)
    try:
        terminal.until(r"In \[1\]: ")
        yield terminal
    finally:
        terminal.close()


def test_a_terminal_has_one_line_that_counts_down_and_can_be_stopped(
    account: Sandbox, tmp_path: Path
) -> None:
    """Ctrl-C ends it, the prompt is back, and the variable holds the rows."""
    with ipython(tmp_path) as screen:
        for number, line in enumerate(SET_UP.split("\n"), 2):
            screen.type(f"{line}\n")
            screen.until(rf"In \[{number}\]: ")
        screen.type("df = %ctcount App Launched 2026-10\n")
        screen.until(r"\r\x1b\[Kctcount: App Launched .*next look in \d+ s")
        before = screen.said.count("\n")
        screen.until(r"\r\x1b\[Kctcount: App Launched .*next look in 5(9[0-8]|[0-8]\d) s")
        assert screen.said.count("\n") == before
        assert max(map(len, re.findall(r"\x1b\[K([^\r]*)", screen.said))) < 60
        screen.type("\x03")
        screen.until(r"In \[4\]: ")
        assert "CountInterrupt: App Launched 2026-10: cancelled" in screen.said
        assert "Traceback" not in screen.said


def test_a_script_whose_output_is_kept_prints_plain_lines(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own output on one stream, and on the other a line for each step, none rewritten."""
    with Sandbox(profiles=30, partials=1, today=TODAY) as box:
        point_at(box, monkeypatch)
        (tmp_path / "script.py").write_text(SCRIPT)
        done = subprocess.run(
            [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=90
        )
    assert (done.returncode, done.stdout) == (0, "['success', 'success']\n")
    lines = done.stderr.splitlines()
    assert lines[0] == "ctcount: 0 % of 2 counts"
    head = next(n for n, line in enumerate(lines) if line.startswith("2 of 2 done"))
    assert lines[head + 1 : head + 3] == ["App Launched 2026-09", "App Launched 2026-10"]
    assert [line.split()[:2] for line in lines[-2:]] == [["App", "Launched"]] * 2
    assert "\r" not in done.stderr
    assert "\x1b" not in done.stderr


def test_ipython_without_a_terminal_waits_for_what_is_in_the_background(
    account: Sandbox, tmp_path: Path
) -> None:
    """A scheduler's ends with its last line, and nobody would be there when the count arrives."""
    count = "df = %ctcount --background App Launched 2026-10\nprint(*df['status'])"
    code = SET_UP.replace("600", "0.05")
    options = ["--no-banner", "--colors=NoColor", f"--ipython-dir={tmp_path}"]
    done = subprocess.run(
        [sys.executable, "-m", "IPython", *options, "-c", f"{code}\n{count}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert "✓ App Launched 2026-10 - done" in done.stderr
    assert done.stdout == "success\n"
