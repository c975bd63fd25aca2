"""Faults on purpose: which answer goes wrong, how, and how often; the same for the same seed.

A plan is written `STEP:WHAT[*TIMES][@SHARE]`, several joined by commas:

    submit:429*2                the first two submissions are answered 429
    first:reset, later:html     the first first-poll is reset, the first later poll is a page
    any:503*1000@0.1            a tenth of all requests, up to a thousand, get 503
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from ct_magic.common.threads import ForkLock
from ct_magic.errors import UsageError

STEPS = ("any", "submit", "first", "later")
OK = {"status": "success"}
HTML = b"<!DOCTYPE html><html><body><h1>Sign in to the guest network</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer; `manner` says how it is sent: whole, reset, half or slow."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    manner: str = "whole"


@dataclass(frozen=True, slots=True)
class Fault:
    """One line of a plan: at this step, this goes wrong, so often, for this share of requests."""

    step: str
    kind: str
    times: int = 1
    share: float = 1.0


def reply(status: int, body: object, **headers: str) -> Reply:
    """Make a reply of a JSON value."""
    return Reply(status, json.dumps(body).encode(), tuple(headers.items()))


def failed(status: int, error: str, code: int | str | None = None) -> Reply:
    """Make the service's `fail`; its code is the HTTP status where it has no other."""
    return reply(status, {"status": "fail", "error": error, "code": code or status})


_IN_PROGRESS = "Request still in progress, please retry later"
_BUSY = failed(429, "Too many concurrent requests")
# What a fault answers. Those of FORGETFUL change the box's memory instead.
REPLIES: dict[str, Reply] = {
    "400": failed(400, "Bad request"),
    "401": failed(401, "Invalid Credentials"),
    "403": failed(403, "Permission denied"),
    "404": failed(404, "Not found"),
    "409": failed(409, "Conflict"),
    "429": _BUSY,
    "retry-after": Reply(429, _BUSY.body, (("Retry-After", "1"),)),
    "500": failed(500, "An unknown error occurred"),
    "502": Reply(502, b"<html>Bad Gateway</html>"),
    "503": failed(503, "Service unavailable"),
    "504": failed(504, "Gateway timeout"),
    "202": Reply(202, b""),
    # Under HTTP 200 the code says what a failure is: a number, or a text of one.
    "code2": failed(200, _IN_PROGRESS, 2),
    "code2-text": failed(200, _IN_PROGRESS, "2"),
    "no-code": reply(200, {"status": "fail", "error": _IN_PROGRESS}),
    "code401": failed(200, "Invalid Credentials", 401),
    "code429": failed(200, "Too many concurrent requests", 429),
    "code500": failed(200, "An unknown error occurred", 500),
    "fail": failed(200, "Query failed", 400),
    "redirect": Reply(302, b"", (("Location", "http://127.0.0.1:9/elsewhere"),)),
    "html": Reply(200, HTML),
    "empty": Reply(200, b""),
    "huge": Reply(200, b'{"status": "success", "count": 1, "x": "' + b"x" * (1 << 20) + b'"}'),
    "reset": Reply(200, b"", manner="reset"),
    "half": Reply(200, json.dumps(OK | {"count": 123456789}).encode(), manner="half"),
    "slow": Reply(200, json.dumps(OK | {"count": 123456789}).encode(), manner="slow"),
    "count:missing": reply(200, OK),
    "count:null": reply(200, OK | {"count": None}),
    "count:true": reply(200, OK | {"count": True}),
    "count:negative": reply(200, OK | {"count": -1}),
    "count:float": reply(200, OK | {"count": 12.5}),
    "count:text": reply(200, OK | {"count": "123"}),
    "status": reply(200, {"status": "maybe", "count": 5}),
    "list": reply(200, [1, 2, 3]),
    "no-id": reply(200, {"status": "partial"}),
}
FORGETFUL = ("forget", "partial", "text-id", "clock")


def plan(text: str) -> tuple[Fault, ...]:
    """Read a plan; raise UsageError with what is right."""
    return tuple(_fault(part.strip()) for part in text.split(",") if part.strip())


class Faults:
    """A plan being carried out."""

    def __init__(self, faults: Iterable[Fault], seed: int) -> None:
        self._plan = list(faults)
        self._left = [fault.times for fault in self._plan]
        self._random, self._lock = Random(seed), ForkLock()  # noqa: S311 # reproducible, not secret

    def next(self, step: str) -> str | None:
        """Return what goes wrong at this step, if anything does."""
        with self._lock:
            for number, fault in enumerate(self._plan):
                here = self._left[number] and fault.step in ("any", step)
                if here and self._random.random() < fault.share:
                    self._left[number] -= 1
                    return fault.kind
        return None


def _fault(text: str) -> Fault:
    match = re.fullmatch(r"(\w+):([\w:-]+?)(?:\*(\d+))?(?:@(0?\.\d+|0|1))?", text)
    if not match or match[1] not in STEPS or match[2] not in {*REPLIES, *FORGETFUL}:
        raise UsageError(
            f"{text!r} is no fault: write STEP:WHAT*TIMES@SHARE with the steps {', '.join(STEPS)} "
            f"and {', '.join([*REPLIES, *FORGETFUL])}"
        )
    return Fault(match[1], match[2], int(match[3] or 1), float(match[4] or 1))
