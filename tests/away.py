"""A service that is away for a while: python tests/away.py [COUNTS] [SECONDS].

It takes half of the counts of a cell, answers nobody for so long, and comes back. Nothing may be
given up, nothing be wrong, and no query that it took be sent twice. The exit code is 1 otherwise.
"""

import json
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
from ct_magic.client.jobs import Job, State
from ct_magic.client.journal.journal import Journal
from ct_magic.client.runner import Run
from ct_magic.client.timing import Timing
from ct_magic.client.transport import Service


class Absent:
    """Counts a known function of each query; away from the middle on, for so many seconds."""

    def __init__(self, counts: int, seconds: float) -> None:
        self._half, self._seconds, self._until = counts // 2, seconds, 0.0
        self._lock, self.taken = threading.Lock(), list[str]()
        self.refused = 0

    def serve(self, wire: Wire) -> None:
        """Answer one connection, or close it."""
        while request := wire.request():
            head, _, body = request.partition(b"\r\n\r\n")
            with self._lock:
                if len(self.taken) == self._half and not self._until:
                    self._until = time.monotonic() + self._seconds
                if time.monotonic() < self._until:
                    self.refused += 1
                    return
                if body:
                    self.taken.append(body.decode())
            if body:
                wire.answer({"status": "partial", "req_id": 10**14 + len(self.taken) - 1})
            else:
                number = int(head.split(b"req_id=")[1].split()[0]) - 10**14
                wire.answer({"status": "success", "count": right(self.taken[number])})


def main(counts: int = 500, seconds: float = 100.0) -> int:
    """Run it, and print what came."""
    absent, began = Absent(counts, seconds), time.monotonic()
    jobs = [Job(number, question(f"query {number}")) for number in range(counts)]
    with tempfile.TemporaryDirectory() as folder, wires(absent.serve) as url:
        account = Account("default", "ABC", Secret("not-a-word-of-it"), base_url=url)
        journal = Journal(Path(folder, "j"), "ABC", warn=sys.stdout.write, now=time.time)
        run = Run(jobs, Service(account), Timing(poll_interval=1.0), journal=journal)
        run.start()
        run.wait(seconds + 600)
    lost = [job for job in run.jobs if job.state is not State.SUCCESS]
    wrong = [job for job in run.jobs if job.tally and job.tally.count != right(job.question.body)]
    twice = sum(times - 1 for times in Counter(absent.taken).values())
    sys.stdout.write(
        f"{counts} counts, away for {seconds:g} s, {time.monotonic() - began:.0f} s in all, "
        f"{absent.refused} requests meanwhile: {len(lost)} lost, {len(wrong)} wrong, "
        f"{twice} sent twice\n"
    )
    return 1 if lost or wrong or twice else 0


if __name__ == "__main__":
    sys.exit(main(*map(json.loads, sys.argv[1:])))
