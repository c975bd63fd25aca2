"""Kernels that share one journal: their cells are refused, cut short, cancelled and killed.

The service gives each submission a count of its own, which says whose it is: of which account, of
which event and day, and the how-manieth the service took. So a number that stands in another's row,
or came after its cell was over, can be told from one that is right.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zlib import crc32

from helpers.raw_server import Wire, wires

FIRST = date(2026, 8, 1)
EVENTS = ("Seen", "Bought", "Refused", "Slow", "Lost")
ACCOUNTS = ("ABC", "XYZ")
MOST = 1_000_000  # submissions of a run; a count is its question's number times this, and its own
KERNEL = """
import json, sys, time
from datetime import date
import ct_magic
from ct_magic import CountError, api
from ct_magic.client.credentials import Secret
url, names = sys.argv[1], {}
quick = dict(poll_interval=0.05, first_look=0.02, retry_wait=0.02, progress="none", timezone="UTC")
def account(id):
    return ct_magic.Account(id.lower(), id, Secret("x-y"), base_url=url)
def rows(frame):
    shown = frame.assign(start=frame["start"].astype(str), count=frame["count"].fillna(-1))
    return shown[["event", "start", "count", "status"]].values.tolist()
for line in sys.stdin:
    order = json.loads(line)
    if order["do"] == "resume":
        ct_magic.session.session.SESSION.account = lambda name=None: account(order["account"])
        try:
            frame = api.resume(ct_magic.Settings(timeout=3, **quick), variables=names)
        except CountError as error:
            frame = error.frame
        filled = {name: rows(frame) for name, frame in names.items() if hasattr(frame, "columns")}
        print(json.dumps({"rows": rows(frame), "filled": filled}), flush=True)
        continue
    handle = ct_magic.start(
        order["text"], account=account(order["account"]), variable=order["name"],
        timeout=order["timeout"], today=date(2026, 11, 25), **quick)
    if order["cancel"] is not None:
        time.sleep(order["cancel"])
        handle.cancel()
    try:
        frame = handle.result()
    except CountError as error:
        frame = error.frame
    names[order["name"]] = frame
    print(json.dumps({"rows": rows(frame)}), flush=True)
"""


@dataclass
class Service:
    """Takes a query, or refuses it; `Slow` is counted once `is_late`, `Lost` is forgotten first."""

    random: Random
    taken: list[tuple[str, str, str]] = field(default_factory=list)  # account, event, day
    is_late: bool = False

    def __post_init__(self) -> None:
        self._lock, self._known = threading.Lock(), set[int]()

    def serve(self, wire: Wire) -> None:
        """Answer one connection."""
        while request := wire.request():
            head, _, body = request.partition(b"\r\n\r\n")
            with self._lock:
                wire.answer(*self._answer(head.decode(), body.decode()))

    def _answer(self, head: str, body: str) -> tuple[object, int]:
        luck = self.random.random()
        if body:
            query = json.loads(body)
            if query["event_name"] == "Refused" or luck < 0.1:
                return {"status": "fail", "error": "Too many", "code": 429}, 429
            if luck < 0.15:
                return b"", 503
            lines = head.lower().splitlines()
            (account,) = (x.split(": ")[1] for x in lines if x.startswith("x-clevertap-account-id"))
            self.taken.append((account.upper(), query["event_name"], str(query["from"])))
            return {"status": "partial", "req_id": 10**14 + len(self.taken) - 1}, 200
        if "req_id=" not in head:
            return b"", 404
        number = int(head.split("req_id=")[1].split()[0]) - 10**14
        event = self.taken[number][1]
        if event == "Lost" and number not in self._known and luck < 0.3:
            return {"status": "fail", "error": "Invalid request id", "code": 400}, 400
        self._known.add(number)
        if luck < 0.1 or (event == "Slow" and not self.is_late):
            return {"status": "partial"}, 200
        return {"status": "success", "count": count_of(self.taken[number]) + number}, 200


def count_of(asked: tuple[str, str, str]) -> int:
    """The number of an account's question."""
    return crc32(repr(asked).encode()) % 1_000_000 * MOST


@dataclass
class Cell:
    """What was asked of whom; `until` is how many the service had taken when it was over."""

    account: str
    questions: list[tuple[str, str]]
    until: int = MOST


@dataclass
class Outcome:
    """What a run found; `wrong` in words."""

    rows: int = 0
    counts: int = 0
    cells: int = 0
    kills: int = 0
    wrong: list[str] = field(default_factory=list)


class Runs:
    """So many kernels, one after the other and two at a time, over one journal."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.random, self.outcome = Random(seed), Outcome()
        self.service, self.folder = Service(Random(seed)), folder
        self.cells: dict[str, Cell] = {}

    def run(self, kernels: int, cells: int) -> Outcome:
        """Let them run, and compare resume and history with what the service knows."""
        with wires(self.service.serve) as url:
            for number in range(kernels):
                self.service.is_late = number % 3 == 2
                with self._kernel(url) as one, self._kernel(url) as two:
                    for _ in range(cells):
                        self._ask(self.random.choice((one, two)))
                    self._resume(one, self.random.choice(ACCOUNTS))
                    self._kill(two)
            self.service.is_late = True
            with self._kernel(url) as last:
                for account in ACCOUNTS:
                    self._resume(last, account)
        self._compare_history()
        return self.outcome

    def _kernel(self, url: str) -> subprocess.Popen[str]:
        pipe, environ = subprocess.PIPE, os.environ | {"CT_MAGIC_STATE_DIR": str(self.folder)}
        command = [sys.executable, "-c", KERNEL, url]
        return subprocess.Popen(command, env=environ, stdin=pipe, stdout=pipe, text=True)

    def _order(self) -> tuple[str, dict[str, Any]]:
        name, random = f"v{len(self.cells)}", self.random
        account, event = random.choice(ACCOUNTS), random.choice(EVENTS)
        start, length = FIRST + timedelta(random.randrange(8)), random.choice((1, 1, 1, 3, 8))
        days = [start + timedelta(n) for n in range(length)]
        self.cells[name] = Cell(account, [(event, str(day).replace("-", "")) for day in days])
        cancel = random.choice((None, None, random.uniform(0, 0.1)))
        text = f"{event} {days[0]}..{days[-1]} by day"
        limit = 0.3 if event in ("Refused", "Slow") else 5
        order = {"do": "ask", "text": text, "account": account, "name": name}
        return name, order | {"cancel": cancel, "timeout": limit}

    def _ask(self, kernel: subprocess.Popen[str]) -> None:
        name, order = self._order()
        answer = self._told(kernel, order)
        self.outcome.cells += 1
        self.cells[name].until = len(self.service.taken)
        self._compare(f"cell {name}", self.cells[name].account, answer["rows"])

    def _resume(self, kernel: subprocess.Popen[str], account: str) -> None:
        answer = self._told(kernel, {"do": "resume", "account": account})
        self._compare(f"resume {account}", account, answer["rows"])
        for name, rows in answer["filled"].items():
            self._compare(f"resume into {name}", self.cells[name].account, rows)

    def _kill(self, kernel: subprocess.Popen[str]) -> None:
        name, order = self._order()
        assert kernel.stdin is not None
        kernel.stdin.write(json.dumps(order) + "\n")
        kernel.stdin.flush()
        time.sleep(self.random.uniform(0, 0.3))
        kernel.kill()
        kernel.wait()
        self.cells[name].until = len(self.service.taken)
        self.outcome.kills += 1

    def _told(self, kernel: subprocess.Popen[str], order: dict[str, Any]) -> dict[str, Any]:
        assert kernel.stdin is not None
        assert kernel.stdout is not None
        kernel.stdin.write(json.dumps(order) + "\n")
        kernel.stdin.flush()
        return dict(json.loads(kernel.stdout.readline()))

    def _compare(self, where: str, account: str, rows: list[list[Any]]) -> None:
        for event, start, count, status in rows:
            self.outcome.rows += 1
            asked = (account, event, start[:10].replace("-", ""))
            if status == "success":
                self._check(f"{where}: {asked}", asked, count, len(self.service.taken))
            elif count != -1:
                self.outcome.wrong.append(f"{where}: {asked} is {status} and has {count}")

    def _check(self, where: str, asked: tuple[str, str, str], count: int, until: int) -> None:
        self.outcome.counts += 1
        number = count % MOST
        known = self.service.taken[number] if number < until else None
        if known != asked or count - number != count_of(asked):
            self.outcome.wrong.append(f"{where} has {count}, which is of {known}")

    def _compare_history(self) -> None:
        from ct_magic.client.journal.history import past_cells

        for cell in past_cells(self.folder / "journal.sqlite", 10**6):
            if cell.variable is None:
                continue
            asked = self.cells[cell.variable]
            self.outcome.rows += len(cell.entries)
            left = [(asked.account, *question) for question in asked.questions]
            for entry in cell.entries:
                body = json.loads(entry.body)
                question = (cell.account.split(" at ")[0], body["event_name"], str(body["from"]))
                if question not in left:
                    self.outcome.wrong.append(f"history of {cell.variable}: {question} is no part")
                    continue
                left.remove(question)
                if entry.tally:
                    # What `%ct resume` sent again, since it was forgotten, came later.
                    until = MOST if question[1] == "Lost" else asked.until
                    where = f"history of {cell.variable}: {question}"
                    self._check(where, question, entry.tally.count, until)
