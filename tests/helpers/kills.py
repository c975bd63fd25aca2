"""Processes that are killed in the middle of a cell, and what the service saw of it.

Each process asks the cell of the one before to its end, then begins the next one, and is killed at
a random moment. So nothing may be lost, and nothing sent again whose answer had arrived: only where
the kill fell between the answer's leaving and the id's being written down is a query sent twice.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from helpers.journals import submissions
from helpers.raw_server import Wire, wires
from helpers.storm import right

COUNTS = 31  # of a cell: a month by day
TAKES = 0.15  # seconds of a count
HELD = 7  # one count of so many never comes to a process that will be killed: it falls midway
CODE = """
import sys
from datetime import date
import ct_magic
def ask(month):
    text = f"App Launched {month} by day"
    return ct_magic.count(text, today=date(2026, 11, 25), poll_interval=0.1, progress="none")
before, now = sys.argv[1:]
if before:
    assert list(ask(before)["status"]) == ["success"] * 31
print("begun", flush=True)
if now:
    ask(now)
print("done", flush=True)
"""
MONTHS = [f"{year}-{month:02}" for year in range(2026, 2014, -1) for month in (10, 8, 7, 5, 3, 1)]


@dataclass
class Ledger:
    """A service that counts, and writes down when which query was answered."""

    sent: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    kills: list[float] = field(default_factory=list)
    doomed: str = "no month"  # 202610: it is asked by a process that will be killed

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._queries: dict[str, tuple[str, float]] = {}

    def serve(self, wire: Wire) -> None:
        """Answer one connection."""
        while request := wire.request():
            head, _, body = request.partition(b"\r\n\r\n")
            if body:
                with self._lock:
                    req_id = str(384649162721759 + len(self._queries))
                    self._queries[req_id] = body.decode(), time.monotonic()
                wire.answer({"status": "partial", "req_id": int(req_id)})
                self.sent[body.decode()].append(time.monotonic())
                continue
            if b"req_id=" not in head:
                wire.answer(b"", 404)  # no sandbox, which tells of its data
                continue
            query, began = self._queries[head.split(b"req_id=")[1].split()[0].decode()]
            is_held = right(query) % HELD == 0 and self.doomed in query
            ready = time.monotonic() - began > TAKES and not is_held
            count = {"status": "success", "count": right(query)}
            wire.answer(count if ready else {"status": "partial"})


@dataclass(frozen=True)
class Outcome:
    """What came of the kills."""

    finished: int
    wrong: int
    # Seconds between the answer to a submission that was sent again and its kill.
    repeated: list[float]


def killed(rounds: int, seed: int, folder: Path) -> Outcome:
    """Kill so many processes at random moments, then let a last one finish."""
    random, ledger = Random(seed), Ledger()
    with wires(ledger.serve) as url:
        environ = os.environ | {
            "CLEVERTAP_ACCOUNT_ID": "ABC",
            "CLEVERTAP_PASSCODE": "x-y-z",
            "CLEVERTAP_BASE_URL": url,
            "CT_MAGIC_STATE_DIR": str(folder),
        }
        for number in range(rounds + 1):
            now = MONTHS[number] if number < rounds else ""
            ledger.doomed = now.replace("-", "") or "no month"
            arguments = [MONTHS[number - 1] if number else "", now]
            command = [sys.executable, "-c", CODE, *arguments]
            with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE) as child:
                assert child.stdout is not None
                assert child.stdout.readline() == b"begun\n", "what was killed was lost"
                if now:
                    time.sleep(random.uniform(0.0, 0.6))
                    child.kill()
                    ledger.kills.append(time.monotonic())
                assert child.stdout.readline() == (b"" if now else b"done\n")
                child.wait(60)
    return _outcome(ledger, submissions(folder / "journal.sqlite"))


def _outcome(ledger: Ledger, rows: list[dict[str, object]]) -> Outcome:
    finished = [row for row in rows if row["state"] == "success"]
    wrong = sum(row["count"] != right(str(row["body"])) for row in finished)
    repeated = [
        min((kill for kill in ledger.kills if kill > moment - 1.0), default=moment) - moment
        for moments in ledger.sent.values()
        for moment in moments[:-1]
    ]
    return Outcome(len({row["body"] for row in finished}), wrong, repeated)
