"""A service that goes away in mid-run: python tests/away.py [COUNTS] [SECONDS].

Nothing may be given up, sent twice once it was accepted, or be another's number; else the exit code
is 1.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from helpers.plans import question
from helpers.raw_server import Wire, wires
from helpers.storm import right

from ct_magic.client.accounts import Account
from ct_magic.client.credentials import Secret
from ct_magic.client.jobs import Job, Timing
from ct_magic.client.journal.journal import Journal
from ct_magic.client.transport import Service
from ct_magic.client.workers import Run

FIRST = 384649162721759


def main(counts: int = 500, seconds: float = 100.0) -> int:
    is_away, lock, bodies = threading.Event(), threading.Lock(), list[str]()

    def serve(wire: Wire) -> None:
        request = None if is_away.is_set() else wire.request()
        if request is None or is_away.is_set():
            return
        head, _, body = request.decode().partition("\r\n\r\n")
        time.sleep(0.02)
        with lock:
            if body:
                bodies.append(body)
                wire.answer({"status": "partial", "req_id": FIRST + len(bodies) - 1})
            else:
                number = int(head.split("req_id=")[1].split()[0]) - FIRST
                wire.answer({"status": "success", "count": right(bodies[number])})

    jobs = [Job(number, question(f"query {number}")) for number in range(counts)]
    with wires(serve) as url, tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal", "ABC", warn=print, now=time.time)
        account = Account("default", "ABC", Secret("not-a-word-of-it"), base_url=url)
        run, began = Run(jobs, Service(account), Timing(), journal=journal), time.monotonic()
        run.start()
        time.sleep(2)
        is_away.set()
        time.sleep(seconds)
        is_away.clear()
        run.wait(600)
    fine = sum(bool(job.tally and job.tally.count == right(job.question.body)) for job in run.jobs)
    twice = sum(times > 1 for times in Counter(bodies).values())
    sys.stdout.write(
        f"{counts} counts, away for {seconds:g} s: {fine} arrived in "
        f"{time.monotonic() - began:.0f} s, {twice} sent twice\n"
    )
    return int(fine < counts or twice > 0)


if __name__ == "__main__":
    kinds = (int, float)
    sys.exit(main(*(kind(word) for kind, word in zip(kinds, sys.argv[1:], strict=False))))
