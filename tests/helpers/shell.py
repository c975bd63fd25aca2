"""A day that is today, an account in the environment, and cells run as a front end runs them."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import pytest
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell

from ct_magic.sandbox import Sandbox

TODAY = date(2026, 11, 23)
Count = Callable[..., pd.DataFrame]


class Clock:
    """A clock that somebody else sets, in seconds: a count takes as long as the test likes."""

    now = 0.0

    def __call__(self) -> float:
        """Read it."""
        return self.now


def submitted(box: Sandbox) -> int:
    """Return how many queries a sandbox was sent."""
    return sum(request.method == "POST" for request in box.log)


def point_at(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the environment's account be that of this sandbox."""
    monkeypatch.setenv("CLEVERTAP_ACCOUNT_ID", "SANDBOX")
    monkeypatch.setenv("CLEVERTAP_PASSCODE", "sandbox")
    monkeypatch.setenv("CLEVERTAP_BASE_URL", box.url)


def through_cell(shell: InteractiveShell, text: str, **more: Any) -> pd.DataFrame:
    """Ask through a cell; raise what the cell failed with."""
    options = "".join(f" --{name}" for name, value in more.items() if value is True)
    shell.user_ns |= more.get("params", {})
    result = run(shell, f"%%ctcount counts{options}\n{text}")
    result.raise_error()
    df: pd.DataFrame = shell.user_ns["counts"]
    return df


def run(shell: InteractiveShell, cell: str) -> ExecutionResult:
    """Run a cell as a front end would."""
    return shell.run_cell(cell, store_history=False)


def until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until it holds; fail where it does not in time."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)
