"""Which data a sandbox counts: an account is one for the same data, and another for others."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
from helpers.shell import TODAY, submitted

import ct_magic
from ct_magic import errors
from ct_magic.client.accounts import Account
from ct_magic.client.credentials import Secret
from ct_magic.sandbox import Sandbox
from ct_magic.session.session import Session

QUERY = "Charged 2026-10"


def ask(box: Sandbox, name: str, text: str = QUERY) -> pd.DataFrame:
    account = Account("box", name, Secret("sandbox"), base_url=box.url, timezone="UTC")
    return ct_magic.count(text, account=account, poll_interval=0.01, today=TODAY, progress="none")


@pytest.mark.parametrize("name", ["SANDBOX", "TEAM-1", "A"])
def test_other_data_at_the_same_address_are_asked_anew(state: Path, name: str) -> None:
    """Whatever the account is called: what is kept was counted over other data."""
    with Sandbox(account=name, profiles=300, today=TODAY, latency=0) as first:
        port = int(first.url.rpartition(":")[2])
        before = ask(first, name)
        assert ask(first, name)["cached"].all()
    with Sandbox(account=name, profiles=3000, today=TODAY, latency=0, port=port) as second:
        after = ask(second, name)
        assert submitted(second) == 1
    assert not after["cached"].any()
    assert after["count"][0] > before["count"][0]


@pytest.mark.parametrize("name", ["SANDBOX", "TEAM-1"])
def test_the_same_data_at_another_port_are_the_same_account(state: Path, name: str) -> None:
    """Each kernel's sandbox has a port of its own, and all of them have the same data."""
    with Sandbox(account=name, profiles=300, today=TODAY, latency=0) as first:
        before = ask(first, name)
    with Sandbox(account=name, profiles=300, today=TODAY, latency=0) as second:
        after = ask(second, name)
        assert submitted(second) == 0
    assert after["cached"].all()
    assert list(after["count"]) == list(before["count"])


@pytest.mark.parametrize("name", ["SANDBOX", "TEAM-1"])
@pytest.mark.parametrize("profiles", [300, 600])
def test_a_restart_over_other_data_ends_a_run(state: Path, name: str, profiles: int) -> None:
    """One that has begun would hold counts of both; over the same data it goes on."""
    text = "App Launched last 30 days by day"
    first = Sandbox(account=name, profiles=300, today=TODAY, partials=1_000_000, at_once=20).start()
    port = int(first.url.rpartition(":")[2])
    account = Account("box", name, Secret("sandbox"), base_url=first.url, timezone="UTC")
    handle = ct_magic.start(
        text, account=account, today=TODAY, poll_interval=0.05, retry_wait=0.01, progress="none"
    )
    while submitted(first) < 3:
        threading.Event().wait(0.01)
    first.stop()
    with Sandbox(account=name, profiles=profiles, today=TODAY, latency=0, port=port) as second:
        if profiles == 300:
            right = [int(n) for n in ask(second, name, text)["count"]]
            assert list(handle.result(60)["count"]) == right
            return
        with pytest.raises(errors.CountError, match="was restarted over other data") as caught:
            handle.result(60)
    assert caught.value.frame["count"].isna().all()


def test_threads_that_need_the_kernels_sandbox_share_one(state: Path) -> None:
    """The first one starts it, the others wait for that."""
    session = Session()
    with ThreadPoolExecutor(6) as pool:
        addresses = set(pool.map(lambda _: session.account("sandbox").base_url, range(12)))
    assert len(addresses) == 1
    assert session.sandbox is not None
    session.sandbox.stop()
