"""Fresh processes, medians, and a row of the table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from string import Template
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
# As a real account is asked: of one that is called SANDBOX each run asks first which data it has.
ACCOUNT = "BENCHMARK"


@dataclass(frozen=True)
class Row:
    """A line of the table: what was measured, our own value, and another's, with its name."""

    label: str
    own: float
    other: float
    against: str
    unit: str = "s"

    def __str__(self) -> str:
        ratio = self.own / self.other if self.other else float("nan")
        own, other = (_number(value, self.unit) for value in (self.own, self.other))
        return f"| {self.label} | {own} | {other} ({self.against}) | {ratio:.2g} |"


def filled(template: str, /, **values: object) -> str:
    """Put values into a piece of code, at its $names."""
    return Template(template).safe_substitute(values)


def fresh(code: str, /, *, times: int = 1, **values: Any) -> dict[str, float]:
    """Run code in a fresh interpreter, which prints a JSON object; give the medians of it."""
    return in_turn([code], times, **values)[0]


def in_turn(codes: list[str], times: int, **values: Any) -> list[dict[str, float]]:
    """Do so for several pieces of code, in turn: what else the machine does slows all of them."""
    with tempfile.TemporaryDirectory() as state:
        rounds = [[_fresh(code, state, values) for code in codes] for _ in range(times)]
    runs = zip(*rounds, strict=True)
    return [{name: median(run[name] for run in of) for name in of[0]} for of in runs]


def _fresh(code: str, state: str, values: dict[str, Any]) -> dict[str, float]:
    path = os.pathsep.join([str(ROOT), str(HERE)])
    env = os.environ | {"PYTHONPATH": path, "CT_MAGIC_STATE_DIR": state}
    env |= {"CLEVERTAP_ACCOUNT_ID": ACCOUNT, "CLEVERTAP_PASSCODE": "sandbox"}
    env |= {"CLEVERTAP_BASE_URL": values.get("address", "http://127.0.0.1:9")}
    env |= {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # installed, a package has its bytecode
    done = subprocess.run(
        [sys.executable, "-c", filled(code, **values)], env=env, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    read: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return read


@contextmanager
def served(*arguments: str) -> Iterator[str]:
    """Serve a sandbox in a process of its own; give its address."""
    account = ("--account", ACCOUNT)
    command = [sys.executable, "-m", "ct_magic.sandbox", "--port", "0", *account, *arguments]
    yield from _served(command)


@contextmanager
def quick_server() -> Iterator[str]:
    """Serve nothing but `success` at once, in a process of its own."""
    yield from _served([sys.executable, str(HERE / "quick_server.py")])


def _served(command: list[str]) -> Iterator[str]:
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            yield next(word for word in line.split() if word.startswith("http"))
        finally:
            process.terminate()


def _number(value: float, unit: str) -> str:
    if unit != "s":
        return f"{value:,.3g} {unit}"
    if value < 1e-3:
        return f"{value * 1e6:.0f} µs"
    return f"{value * 1e3:.3g} ms" if value < 1 else f"{value:.3g} s"
