"""SIGKILL at random instants: nothing is lost, and nothing is sent twice.

The one exception is a submission that was under way when the kill fell: the request may have left
and its id never arrived, so nobody can know it, and it is submitted again. Such rows are counted
here, and there are never more of them than requests may be under way at once.

`python tests/kills.py` does fifty rounds with processes; the suite does two, and one with kernels.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from helpers.front_end import started_kernel
from helpers.journals import submissions
from helpers.kills import COUNTS, killed
from helpers.length import amount
from helpers.shell import TODAY
from jupyter_client.blocking.client import BlockingKernelClient

from ct_magic.sandbox import Sandbox

ROUNDS = amount(1, long=20)
SET_UP = """
%load_ext ct_magic
%config CountMagics.poll_interval = 0.15
%config CountMagics.progress = "none"
"""


def cell(number: int) -> str:
    end = TODAY - timedelta(days=1 + 7 * number)
    return f"%%ctcount found\nApp Launched {end - timedelta(days=6)}..{end} by day"


def done(client: BlockingKernelClient, code: str) -> None:
    reply = client.execute_interactive(code, timeout=90, output_hook=lambda _: None)
    assert reply["content"]["status"] == "ok", reply["content"]


def test_nothing_is_lost_and_nothing_is_sent_twice(
    account: Sandbox, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each round's cell is killed, and run to its end by the next kernel."""
    random, before = Random(7), len(account.log)
    for number in range(ROUNDS + 1):
        with started_kernel() as (_, client):
            done(client, SET_UP)
            if number:
                done(client, cell(number - 1))
                done(client, "assert list(found['status']) == ['success'] * 7, found")
            client.execute(cell(number))
            time.sleep(random.uniform(0.0, 0.7))
    rows = submissions(state / "state" / "journal.sqlite")
    finished = [row for row in rows if row["state"] == "success"]
    lost = [row for row in rows if row["req_id"] is None]
    ids = Counter(row["body"] for row in rows if row["req_id"] is not None)
    posts = [r for r in account.log[before:] if r.method == "POST" and r.status == 200]
    assert len(finished) >= 7 * ROUNDS
    assert set(ids.values()) == {1}, "a query whose id was known was submitted again"
    assert len(lost) <= 3 * (ROUNDS + 1)
    assert len(posts) <= len(rows)


def test_only_what_the_kill_cut_off_is_sent_again(tmp_path: Path) -> None:
    """A worker writes an id down before it asks further: each kill costs three at the most."""
    rounds = amount(2, long=20)
    outcome = killed(rounds, seed=3, folder=tmp_path)
    assert (outcome.finished, outcome.wrong) == (rounds * COUNTS, 0)
    assert len(outcome.repeated) <= 3 * rounds
