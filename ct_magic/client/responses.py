"""What came over HTTP -> one answer of the closed list. Nothing but a count is a count."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from email.utils import formatdate, parsedate_to_datetime
from typing import Any

from .jobs import Answer, Busy, Denied, Failure, Forgotten, NotYet, Partial, Success, Tally, Trouble

SHOWN = 120  # characters of a body that an error quotes
SAID = 400  # characters of the service's own words that an error repeats
LONGEST_PAUSE = 86400.0  # seconds; whoever asks for more than a day's pause cannot mean it
STILL_IN_PROGRESS = 2  # the code of "Request still in progress"


def read(status: int, body: bytes, *, polled: bool) -> Answer:
    """Read an HTTP answer. Source: the API's reference, "Answers"."""
    found = _json(body)
    said = _error(found, body)
    if status in (401, 403):
        return Denied(f"HTTP {status}: {said}")
    if status in (409, 429):
        return Busy(f"HTTP {status}: {said}")
    if status >= 500:
        return Trouble(f"HTTP {status}: {said}")
    if 300 <= status < 400:
        return Failure(f"HTTP {status}: a redirection, which is not followed; check the address")
    if isinstance(found, dict) and found.get("status") == "fail":
        return _failed(found, f"HTTP {status}: {said}", polled=polled)
    if status >= 400:
        return Failure(f"HTTP {status}: {said}")
    if status == 202 and not (isinstance(found, dict) and "req_id" in found):
        return NotYet()
    return _good(found, body)


def pause(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After, in seconds: a number, or a date by the service's own clock, else ours."""
    said = headers.get("Retry-After", "")
    try:
        seconds = float(said)
    except ValueError:
        seconds = _between(headers.get("Date") or formatdate(usegmt=True), said)
    return min(seconds, LONGEST_PAUSE) if seconds >= 0 else None


def _failed(found: dict[str, Any], said: str, *, polled: bool) -> Answer:
    if found.get("code") == STILL_IN_PROGRESS:
        return NotYet()
    if polled and "invalid request id" in str(found.get("error")).lower():
        return Forgotten(said)
    return Failure(said)


def _good(found: Any, body: bytes) -> Answer:
    if not isinstance(found, dict):
        return Failure(f"the answer is not JSON of the API: {_quoted(body)}")
    match found.get("status"):
        case "success":
            count = _whole(found.get("count"))
            if count is None:
                return Failure(f"the answer holds no count: {_quoted(body)}")
            return Success(_tally(count, found))
        case "partial":
            req_id = _req_id(found.get("req_id"))
            if req_id is None:
                return Failure(f"the answer holds no request id: {_quoted(body)}")
            return Partial(req_id)
    return Failure(f"the answer has a status that is not known: {_quoted(body)}")


def _tally(count: int, found: dict[str, Any]) -> Tally:
    split = found.get("userDeviceCount")
    split = split if isinstance(split, dict) else {}
    return Tally(
        count=count,
        events=_whole(found.get("tcount")),
        users=_whole(split.get("users")),
        devices=_whole(split.get("devices")),
    )


def _whole(value: Any) -> int | None:
    # Int64 is what the DataFrame can hold.
    fine = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63
    return value if fine else None


def _req_id(value: Any) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    fine = isinstance(value, str) and 0 < len(value) <= 200 and value.isprintable()
    return value if fine else None


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _error(found: Any, body: bytes) -> str:
    said = found.get("error") if isinstance(found, dict) else None
    if isinstance(said, str) and said.strip():
        code = found.get("code")
        return _plain(said) + (f" (code {code})" if isinstance(code, int) else "")
    return _quoted(body)


def _plain(said: str) -> str:
    # On one line, without what moves a terminal's cursor or cannot be encoded.
    text = " ".join(said.split())
    shown = "".join(char if char.isprintable() else "\ufffd" for char in text[:SAID])
    return shown + (" ..." if len(text) > SAID else "")


def _quoted(body: bytes) -> str:
    if not body.strip():
        return "an empty answer"
    text = " ".join(body[: 8 * SHOWN].decode("utf-8", "replace").split())
    return repr(text[:SHOWN]) + (" ..." if len(text) > SHOWN else "")


def _between(start: str, end: str) -> float:
    try:
        return (parsedate_to_datetime(end) - parsedate_to_datetime(start)).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return math.nan
