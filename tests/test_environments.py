"""Surroundings that lack something, one line each: the count arrives all the same.

Each runs in a process of its own, since what it lacks is lacking from the start.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.shell import TODAY, point_at

from ct_magic.sandbox import Sandbox

BODY = {"event_name": "App Launched", "from": 20261001, "to": 20261031}
COUNT = """
def count():
    import ct_magic
    return ct_magic.count("App Launched 2026-10", poll_interval=0.05)["count"].iloc[0]
"""
SHOW = """
import os
os.write(7, str(count()).encode())
"""
# Name -> what is run before the count; RUN stands for the count itself, which comes last otherwise.
PLACES = {
    "an ordinary script": "",
    "no standard input": "import sys; sys.stdin = None",
    "closed descriptors": "import os; os.close(0); os.close(1); os.close(2)",
    "no sqlite": "import sys; sys.modules['_sqlite3'] = None; sys.modules['sqlite3'] = None",
    "warnings that are errors": "import warnings; warnings.simplefilter('error')",
    "no threads": (
        "import threading\n"
        'def refuse(self): raise RuntimeError("can\'t start new thread")\n'
        "import ct_magic, pandas, requests\n"
        "threading.Thread.start = refuse"
    ),
    "interrupts ignored": "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)",
    "another thread": (
        "import threading\n"
        "thread = threading.Thread(target=lambda: RUN())\n"
        "thread.start(); thread.join(); raise SystemExit"
    ),
    "a fork while another count runs": (
        "import os, ct_magic\n"
        "handle = ct_magic.start('App Launched 2026-09', poll_interval=0.05)\n"
        "child = os.fork()\n"
        "if child:\n"
        "    assert os.waitpid(child, 0)[1] == 0\n"
        "    assert handle.result()['status'].iloc[0] == 'success'\n"
        "    raise SystemExit"
    ),
    "a pool of processes": (
        "import multiprocessing, concurrent.futures, ct_magic\n"
        "count()\n"
        "pool = concurrent.futures.ProcessPoolExecutor(2, multiprocessing.get_context('fork'))\n"
        "counts = set(pool.map(lambda_count, range(3)))\n"
        "assert len(counts) == 1, counts\n"
        "pool.shutdown()"
    ),
    "a debugged http.client": "import http.client; http.client.HTTPConnection.debuglevel = 1",
    "a limit on every socket": "import socket; socket.setdefaulttimeout(0.001)",
    "a proxy that is none": (
        "import os; os.environ['HTTP_PROXY'] = os.environ['ALL_PROXY'] = 'x:y:z'"
    ),
    "a file of certificates that is not there": (
        "import os; os.environ['REQUESTS_CA_BUNDLE'] = '/no/such.pem'"
    ),
}


def arrived(place: str, environ: dict[str, str], *options: str) -> bytes:
    """Return what a process in such a place has counted, or fail with what it said."""
    read, write = os.pipe()
    before = PLACES[place].replace("RUN()", "exec(SHOW)")
    code = f"SHOW = {SHOW!r}\n{COUNT}\ndef lambda_count(_): return count()\n{before}\n{SHOW}"
    preamble = f"import os; os.dup2({write}, 7)\n"
    with os.fdopen(read, "rb") as result:
        done = subprocess.run(
            [sys.executable, *options, "-c", preamble + code],
            env=environ,
            pass_fds=[write],
            check=False,
            capture_output=True,
            timeout=100,
        )
        os.close(write)
        counted = result.read()
    assert counted, done.stderr.decode()
    return counted


@pytest.fixture(scope="module")
def truth() -> int:
    """The right count, straight from the data."""
    with Sandbox(profiles=60, today=TODAY) as box:
        return box.count(BODY)


@pytest.mark.parametrize("place", PLACES)
def test_the_count_arrives(
    place: str, truth: int, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is missing costs at most what it is good for."""
    with Sandbox(profiles=60, partials=1, today=TODAY) as box:
        point_at(box, monkeypatch)
        assert arrived(place, dict(os.environ)) == str(truth).encode()


@pytest.mark.parametrize(
    "missing",
    [
        {"HOME": "/no/such/home", "CT_MAGIC_STATE_DIR": "", "CT_MAGIC_CONFIG_DIR": ""},
        {"CT_MAGIC_STATE_DIR": "/proc/nowhere"},
        {"CT_MAGIC_STATE_DIR": "/dev/null/x", "TZ": "No/Such"},
        {"PYTHONOPTIMIZE": "2", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
    ],
    ids=["no home", "no state", "no state, odd zone", "no docstrings, ASCII"],
)
def test_the_count_arrives_where_the_environment_is_odd(
    missing: dict[str, str], truth: int, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No home, no directory that can be written, no zone, no encoding to speak of."""
    with Sandbox(profiles=60, partials=1, today=TODAY) as box:
        point_at(box, monkeypatch)
        environ = {name: value for name, value in (os.environ | missing).items() if value}
        assert arrived("an ordinary script", environ) == str(truth).encode()
