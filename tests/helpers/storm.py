"""A service in a storm: it counts a known function of each query, and breaks in fifty ways.

Every count can be checked, since it is computed from the query alone; an answer that comes late, or
belongs to another query, would be a wrong number. A query meets two faults in a row at the most, so
that whatever fails in the end was lost by the client.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from random import Random
from zlib import crc32

from ct_magic.client.accounts import Account
from ct_magic.client.credentials import Secret
from ct_magic.client.jobs import Job, State, Timing
from ct_magic.client.journal.journal import Journal
from ct_magic.client.transport import Service
from ct_magic.client.workers import Run
from helpers.plans import question
from helpers.raw_server import Wire, wires

LATE = 0.015  # seconds after which the rest of an answer comes: the next request has left by then
PATIENCE = 0.2  # seconds of a whole exchange
RESET = struct.pack("ii", 1, 0)  # linger for no time: closing sends RST
PAGE = b"<!DOCTYPE html><html><body>Sign in to the guest network</body></html>"

Fault = Callable[[Wire, object], bool]


def right(body: str) -> int:
    """The count of a query."""
    return crc32(body.encode()) % 10_000_019


def failed(error: str, code: object) -> dict[str, object]:
    return {"status": "fail", "error": error, "code": code}


def plain(status: int, body: object, head: str = "") -> Fault:
    """An answer that is whole, and not the right one; the connection goes on."""

    def send(wire: Wire, _: object) -> bool:
        wire.answer(body, status, head)
        return True

    return send


def late(status: int, body: object = b"") -> Fault:
    """Another answer first, and the right one behind it, unasked."""

    def send(wire: Wire, answer: object) -> bool:
        wire.answer(body, status)
        time.sleep(LATE)
        wire.answer(answer)
        return True

    return send


def once_more(wire: Wire, answer: object) -> bool:
    """The right answer, and behind it the same again, unasked: clean, and not the next one's."""
    wire.answer(answer)
    time.sleep(LATE)
    wire.answer(answer)
    return True


def raw(data: bytes, times: int = 1) -> Fault:
    """These bytes, and the end of the connection."""

    def send(wire: Wire, _: object) -> bool:
        for _ in range(times):
            wire.send(data)
            time.sleep(PATIENCE / 20 if times > 1 else 0)
        return False

    return send


def interim(data: bytes, pause: float) -> Fault:
    """Interim answers, and the right one behind them, as HTTP allows it."""

    def send(wire: Wire, answer: object) -> bool:
        wire.send(data)
        time.sleep(pause)
        wire.answer(answer)
        return True

    return send


def silent(wire: Wire, _: object) -> bool:
    time.sleep(2 * PATIENCE)
    return False


def reset(wire: Wire, _: object) -> bool:
    wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    return False


def anothers(wire: Wire, answer: object) -> bool:
    """The count of another query; a submission gets its own id, since nobody asked for one yet."""
    is_look = answer == {"status": "partial"} or "count" in str(answer)
    wrong = {"status": "success", "count": 1, "req_id": "999999999999999"}
    wire.answer(wrong if is_look else answer)
    return True


def twice(wire: Wire, answer: object) -> bool:
    """The answer and once more, at once: what comes in one piece must not be left over."""
    body = json.dumps(answer)
    wire.send(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode() * 2)
    return True


def of_a_look(fault: Fault) -> Fault:
    """Only where a query was accepted; a submission gets its answer."""

    def send(wire: Wire, answer: object) -> bool:
        if "req_id" in str(answer):
            wire.answer(answer)
            return True
        return fault(wire, answer)

    return send


def old(head: str) -> Fault:
    """What a cache gives: another's count, clean."""
    return of_a_look(plain(200, {"status": "success", "count": 1}, head))


def whole(wire: Wire, answer: object) -> bool:
    """The answer; what is wrong with it was done before."""
    wire.answer(answer)
    return True


LONG_AGO = "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
JOINED = "an id of two queries"
OK = b"HTTP/1.1 200 OK\r\n"
FAULTS: dict[str, Fault] = {
    "103, then the answer": interim(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", LATE),
    "several 1xx": interim(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n", 0),
    "empty 200, late answer": late(200),
    "204, late answer": late(204),
    "304, late answer": late(304),
    "202, late answer": late(202),
    "503, late answer": late(503, failed("Service unavailable", 503)),
    "page, late answer": late(200, PAGE),
    "the answer, once more": once_more,
    "page": plain(200, PAGE),
    "page under 404": plain(404, PAGE),
    "page under 403": plain(403, PAGE),
    "redirection": plain(302, b"", "Location: http://127.0.0.1:9/\r\n"),
    "proxy": plain(407, b""),
    "408": plain(408, b""),
    "429": plain(429, failed("Too many concurrent requests", 429)),
    "429 under 200": plain(200, failed("Too many concurrent requests", "429")),
    "500": plain(500, failed("An unknown error occurred", 500)),
    "500 under 200": plain(200, failed("An unknown error occurred", 500)),
    "502": plain(502, b"<html>Bad Gateway</html>"),
    "in progress": plain(200, failed("Request still in progress, please retry later", "2")),
    "count under 206": plain(206, {"status": "success", "count": 1}),
    "no count": plain(200, {"status": "success"}),
    "count as text": plain(200, {"status": "success", "count": "1"}),
    "another's count": anothers,
    "two answers": twice,
    "cut body": raw(OK + b'Content-Length: 99\r\n\r\n{"status": "success", "count": 12'),
    "cut chunk": raw(OK + b'Transfer-Encoding: chunked\r\n\r\n30\r\n{"status": "success"'),
    "no gzip": raw(OK + b"Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!"),
    "closed": raw(b""),
    "reset": reset,
    "silence": silent,
    "100 for ever": raw(b"HTTP/1.1 100 Continue\r\n\r\n", 99),
    "headers that drip": raw(b"X-Drip: drip\r\n", 99),
    JOINED: whole,
    "an id that is not known yet": of_a_look(plain(200, failed("Invalid request id", 400))),
    "a look that fails": of_a_look(plain(400, failed("Error accessing report job", 400))),
    "a look that fails under 200": of_a_look(plain(200, failed("Query failed", 400))),
    "busy in other words": plain(400, failed("Rate limit exceeded, please try again", 400)),
    "busy under 403": plain(403, failed("Too many requests", 403)),
    "a cache, by its age": old("Age: 30\r\n"),
    "a cache, by its warning": old('Warning: 110 - "Response is Stale"\r\n'),
    "a cache, by its date": old(LONG_AGO),
    "a success and a failure": plain(200, {"status": "success", "count": 1, "error": "no"}),
    "fewer events than profiles": plain(200, {"status": "success", "count": 9, "tcount": 1}),
    "two lengths": plain(200, {"status": "success", "count": 1}, "Content-Length: 9\r\n"),
    "packed twice": plain(200, b"x", "Content-Encoding: gzip, gzip\r\n"),
    "body that drips": raw(OK + b"Content-Length: 99999\r\n\r\n {", 99),
}


@dataclass
class Storm:
    """The service: queries by their ids, and a fault for a share of all requests."""

    seed: int
    share: float
    met: Counter[str] = field(default_factory=Counter)
    requests: int = 0

    def __post_init__(self) -> None:
        self._random, self._lock = Random(self.seed), threading.Lock()
        self._deck: list[str] = []
        self._bodies: dict[str, str] = {}
        self._in_a_row: defaultdict[str, int] = defaultdict(int)
        self._looks: Counter[str] = Counter()
        self._joined: set[str] = set()
        self._given: list[str] = []  # ids that came to their own query: it has looked at them

    def serve(self, wire: Wire) -> None:
        """Answer one connection."""
        while request := wire.request():
            head, _, body = request.partition(b"\r\n\r\n")
            with self._lock:
                query, answer = self._answer(head, body.decode())
                fault = self._fault(query)
                if fault is FAULTS[JOINED] and body:
                    answer = self._join(query, answer)
            if fault is None:
                wire.answer(answer, head=f"Date: {formatdate(usegmt=True)}\r\n")
            elif not fault(wire, answer):
                return

    def _answer(self, head: bytes, body: str) -> tuple[str, object]:
        self.requests += 1
        if body:
            req_id = str(384649162721759 + len(self._bodies))
            self._bodies[req_id] = body
            return body, {"status": "partial", "req_id": int(req_id)}
        req_id = head.split(b"req_id=")[1].split()[0].decode()
        query = self._bodies[req_id]
        self._looks[query] += 1
        if req_id not in self._given[-200:]:
            self._given.append(req_id)
        if self._looks[query] % 3 == 1:
            return query, {"status": "partial"}
        return query, {"status": "success", "count": right(query)}

    def _join(self, query: str, answer: object) -> object:
        """Give it the id that one of the queries before it got: each is joined to another once."""
        others = [req_id for req_id in self._given[-40:] if self._bodies[req_id] != query]
        for req_id in self._random.sample(others, len(others)):
            both = {query, self._bodies[req_id]}
            if not both & self._joined:
                self._joined |= both
                return {"status": "partial", "req_id": int(req_id)}
        return answer

    def _fault(self, query: str) -> Fault | None:
        if self._random.random() >= self.share or self._in_a_row[query] >= 2:
            self._in_a_row[query] = 0
            return None
        self._in_a_row[query] += 1
        # Each kind once before any comes again.
        self._deck = self._deck or self._random.sample(list(FAULTS), len(FAULTS))
        name = self._deck.pop()
        self.met[name] += 1
        return FAULTS[name]


@dataclass(frozen=True)
class Outcome:
    """What came of a storm."""

    jobs: tuple[Job, ...]
    storm: Storm
    seconds: float

    @property
    def wrong(self) -> list[Job]:
        """Counts that are not those of their queries."""
        return [
            job for job in self.jobs if job.tally and job.tally.count != right(job.question.body)
        ]

    @property
    def lost(self) -> list[Job]:
        """Counts that did not arrive."""
        return [job for job in self.jobs if job.state is not State.SUCCESS]


def weather(n: int, seed: int, share: float, journal: Path) -> Outcome:
    """Ask for so many counts through a storm, with a journal as always."""
    storm, began = Storm(seed, share), time.monotonic()
    jobs = [Job(number, question(f"query {number}")) for number in range(n)]
    timing = Timing(
        first_look=0.02,
        poll_interval=0.02,
        retry_wait=0.01,
        max_concurrent=8,
        # On a busy machine what was answered may be late, too, and again: that loses no count.
        max_tries=1000,
        give_up_after=200,
    )
    with wires(storm.serve) as url:
        account = Account("default", "ABC", Secret("not-a-word-of-it"), base_url=url)
        opened = Journal(journal, "ABC", warn=lambda _: None, now=time.time)
        run = Run(jobs, Service(account, total=PATIENCE), timing, journal=opened)
        run.start()
        run.wait(600)
    return Outcome(run.jobs, storm, time.monotonic() - began)
