"""Surroundings that lack something, one line each: the count arrives all the same.

Each has a process of its own: a fork of one that has imported everything, or where something is
lacking from the start on, a new one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from helpers.shell import TODAY

import ct_magic
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
# Forks a process for each place that it reads; 7 is its result, 2 what it says.
FORKS = """
import gc, json, os, signal, sys, time
import ct_magic.api, ct_magic.client.journal.store, ct_magic.client.workers
import ct_magic.client.transport, ct_magic.results.frame, ct_magic.panel.front_end
import ct_magic.counting.handle, ct_magic.panel.tables
gc.freeze()  # what is here is collected by no fork, not even when it ends
for line in sys.stdin:
    place = json.loads(line)
    if not (child := os.fork()):
        signal.alarm(60)
        for number in (7, 2):
            file = os.open(f"{place['folder']}/{number}", os.O_WRONLY | os.O_CREAT)
            os.dup2(file, number)
        os.environ.clear()
        os.environ.update(place["environ"])
        time.tzset()
        exec(place["code"])
        sys.exit()
    os.waitpid(child, 0)
    print("over", flush=True)
"""
# Name -> what is run before the count; RUN stands for the count itself, which comes last otherwise.
PLACES = {
    "an ordinary script": "",
    "a fork": "",
    "no standard input": "import sys; sys.stdin = None",
    "streams that have nothing": (
        "import sys\n"
        "class Nothing:\n    def __getattr__(self, name): return None\n"
        "sys.stdin = sys.stdout = sys.stderr = Nothing()"
    ),
    "streams that break": (
        "import sys\n"
        "class Broken:\n    def __getattr__(self, name): raise RuntimeError(name)\n"
        "sys.stdin = sys.stdout = sys.stderr = Broken()"
    ),
    "a directory that is gone": (
        "import os, tempfile\nfolder = tempfile.mkdtemp(); os.chdir(folder); os.rmdir(folder)"
    ),
    "somebody else's handlers": (
        "import signal\n"
        "signal.signal(signal.SIGINT, lambda *_: None)\n"
        "signal.signal(signal.SIGALRM, lambda *_: None)\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)"
    ),
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
    "a host's other thread": (
        "import _thread\n"
        "lock = _thread.allocate_lock(); lock.acquire()\n"
        "def work():\n    try: RUN()\n    finally: lock.release()\n"
        "_thread.start_new_thread(work, ()); lock.acquire(); raise SystemExit"
    ),
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


# What is lacking from the start on, so that a fork would not lack it.
COLD = ("an ordinary script", "no sqlite", "warnings that are errors", "a host's other thread")
Arrived = Callable[[str, dict[str, str]], bytes]


def code_of(place: str) -> str:
    """What a process in such a place runs."""
    before = PLACES[place].replace("RUN()", "exec(SHOW)")
    return f"SHOW = {SHOW!r}\n{COUNT}\ndef lambda_count(_): return count()\n{before}\n{SHOW}"


def arrived_in_a_new_process(place: str, environ: dict[str, str]) -> bytes:
    """Return what a process in such a place has counted, or fail with what it said."""
    read, write = os.pipe()
    with os.fdopen(read, "rb") as result:
        done = subprocess.run(
            [sys.executable, "-c", f"import os; os.dup2({write}, 7)\n{code_of(place)}"],
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
def forks() -> Iterator[subprocess.Popen[str]]:
    """A process that has imported everything, and forks."""
    command = [sys.executable, "-c", FORKS]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def arrived(forks: subprocess.Popen[str], tmp_path: Path) -> Arrived:
    """Give what the process of a place has counted, or fail with what it said."""

    def ask(place: str, environ: dict[str, str]) -> bytes:
        if place in COLD:
            return arrived_in_a_new_process(place, environ)
        request = {"code": code_of(place), "environ": environ, "folder": str(tmp_path)}
        assert forks.stdin is not None
        assert forks.stdout is not None
        forks.stdin.write(json.dumps(request) + "\n")
        forks.stdin.flush()
        assert forks.stdout.readline() == "over\n"
        counted = (tmp_path / "7").read_bytes()
        assert counted, (tmp_path / "2").read_text()
        return counted

    return ask


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A sandbox for all places."""
    with Sandbox(profiles=60, partials=1, today=TODAY) as box:
        yield box


@pytest.fixture(scope="module")
def truth(box: Sandbox) -> bytes:
    """The right count, straight from the data."""
    return str(box.count(BODY)).encode()


@pytest.mark.parametrize("place", PLACES)
def test_the_count_arrives(place: str, truth: bytes, account: Sandbox, arrived: Arrived) -> None:
    """Whatever is missing costs at most what it is good for."""
    assert arrived(place, dict(os.environ)) == truth


@pytest.mark.parametrize(
    "missing",
    [
        {"HOME": "/no/such/home", "CT_MAGIC_STATE_DIR": "", "CT_MAGIC_CONFIG_DIR": ""},
        {"CT_MAGIC_STATE_DIR": "/proc/nowhere"},
        {"CT_MAGIC_STATE_DIR": "/dev/null/x", "TZ": "No/Such"},
        {"CT_MAGIC_STATE_DIR": "~nobody-at-all/x", "TZ": ":/etc/localtime"},
        {"TZ": "UTC+25"},
    ],
    ids=["no home", "no state", "no state, odd zone", "no such user", "no such zone"],
)
def test_the_count_arrives_where_the_environment_is_odd(
    missing: dict[str, str], truth: bytes, account: Sandbox, arrived: Arrived
) -> None:
    """No home, no directory that can be written, no zone."""
    environ = {name: value for name, value in (os.environ | missing).items() if value}
    assert arrived("a fork", environ) == truth


def test_the_count_arrives_without_docstrings_and_in_ascii(truth: bytes, account: Sandbox) -> None:
    """No encoding to speak of."""
    missing = {"PYTHONOPTIMIZE": "2", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    assert arrived_in_a_new_process("an ordinary script", os.environ | missing) == truth


FROZEN = """
import sys, time
from contextlib import nullcontext
from importlib.metadata import version
from freezegun import freeze_time
began = time.monotonic()
with freeze_time("2026-11-20 12:00"):
    from ct_magic.sandbox import Sandbox
    import ct_magic

with Sandbox(profiles=60, latency=0.2) as box:
    account = ct_magic.Account("d", "SANDBOX", "sandbox", base_url=box.url)
    # DuckDB 1 imports pandas for its first query, which hangs in frozen time.
    is_old = version("duckdb").startswith("1.")
    # Time is frozen before a query is sent, or between its answer and the first look.
    for text, sent in (("App Launched yesterday", 0), ("App Launched 2026-10", 1)):
        known = len(box.log)
        handle = ct_magic.start(text, account=account, poll_interval=0.05)
        while len(box.log) < known + sent:
            time.sleep(0.01)
        with nullcontext() if is_old else freeze_time("2026-11-20 12:00"):
            while not handle.done():
                time.sleep(0.01)
assert is_old or "pandas" not in sys.modules, "nor in mid-run: freezing it would end Python"
with Sandbox(profiles=60, partials=1) as box, Sandbox(profiles=60, latency=3600) as slow:
    with freeze_time("2026-11-20 12:00"):
        names = [getattr(ct_magic, name) for name in dir(ct_magic)]
        assert is_old or "pandas" not in sys.modules, "public names are light"
        ask = dict(progress="none", poll_interval=0.05)
        at = lambda box: ct_magic.Account("d", "SANDBOX", "sandbox", base_url=box.url)
        df = ct_magic.count("App Launched last 7 days by day", account=at(box), **ask)
        assert str(df["end"].max().date()) == "2026-11-19", df["end"]
        assert df["count"].notna().all(), df
        try:
            ct_magic.count("App Launched 2026-09", account=at(slow), timeout=0.5, **ask)
        except ct_magic.CountTimedOutError:
            print("kept")
assert time.monotonic() - began < 60
"""


@pytest.mark.skipif(
    version("pandas").startswith("2.0."), reason="pandas 2.0 cannot be imported in frozen time"
)
def test_a_test_that_freezes_time_gets_its_count_and_its_timeout(tmp_path: Path) -> None:
    """All threads wait by one clock that is not frozen, and no name of ours imports pandas."""
    environ = os.environ | {"CT_MAGIC_STATE_DIR": str(tmp_path)}
    command = [sys.executable, "-W", "ignore", "-c", FROZEN]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120)
    assert done.stdout == "kept\n", done.stderr


BROKEN = {
    "numpy": "raise ImportError('numpy.core.multiarray failed to import')",
    "a version": "raise ValueError('numpy.dtype size changed')",
    "half of it": "raise AttributeError('module numpy has no attribute bool')",
}


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("call", ["count", "start"])
def test_a_pandas_that_cannot_be_imported_says_its_first_error(
    state: Path, box: Sandbox, tmp_path: Path, broken: str, call: str
) -> None:
    """And what was counted is in the journal: the next run asks for nothing."""
    (tmp_path / "pandas").mkdir()
    (tmp_path / "pandas/__init__.py").write_text(BROKEN[broken])
    result = ".result(60)" if call == "start" else ""
    account = ct_magic.Account("box", "SANDBOX", "sandbox", base_url=box.url)
    code = (
        "import ct_magic; account = ct_magic.Account('box', 'SANDBOX', 'sandbox', "
        f"base_url={box.url!r}); print(len(ct_magic.{call}('App Launched 2026-08', "
        f"account=account, progress='none', poll_interval=0.01){result}))"
    )
    before = len(box.log)
    failed = run_python(code, PYTHONPATH=str(tmp_path))
    message = BROKEN[broken].split("'")[1]
    assert (
        f"pandas cannot be imported ({BROKEN[broken][6:].split('(')[0]}: {message})"
        in (failed.stderr.splitlines()[-1])
    )
    assert "what was counted is in the journal" in failed.stderr.splitlines()[-1]
    assert "Exception in thread" not in failed.stderr
    asked = len(box.log)
    assert asked > before
    assert len(ct_magic.count("App Launched 2026-08", account=account, poll_interval=0.01)) == 1
    assert len(box.log) == asked


def test_what_bears_the_name_of_lark_is_not_looked_at(tmp_path: Path) -> None:
    """lark-parser installs itself there; the grammar's tables are our own, made before."""
    (tmp_path / "lark.py").write_text("raise ImportError('nobody imports this')")
    code = "import ct_magic; print(ct_magic.parse('Charged today')[0].event.name)"
    assert run_python(code, PYTHONPATH=str(tmp_path)).stdout == "Charged\n"


def test_an_ipython_that_is_too_old_is_said(tmp_path: Path) -> None:
    """Before anything fails that needs a newer one."""
    (tmp_path / "IPython").mkdir()
    text = "__version__ = '7.34.0'\nversion_info = (7, 34, 0, '')"
    (tmp_path / "IPython/__init__.py").write_text(text)
    code = "import ct_magic; ct_magic.load_ipython_extension(None)"
    failed = run_python(code, PYTHONPATH=str(tmp_path))
    last = failed.stderr.splitlines()[-1]
    assert "ct_magic needs IPython 8.12 or newer, and this is 7.34.0" in last


def run_python(code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | variables,
        check=False,
        capture_output=True,
        text=True,
    )
