"""What came over HTTP -> one answer of the closed list. Nothing but a count is a count.

Only the API's own JSON is final: an object whose `status` is success, partial or fail. Its HTTP
status says what kind of failure it is; under 2xx, where the service sends failures too, its `code`
does. A count is taken from HTTP 200 alone. A page, a redirection, an empty or cut body and JSON of
another shape are trouble under any status: the request is sent again, and an id is kept. Words that
ask to come later are Busy, whatever code they have; and a look whose failure says nothing of the
query may pass, since the query was accepted. The tables are in `client/API.md`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import formatdate, parsedate_to_datetime
from typing import Any

from ct_magic.client import jobs
from ct_magic.common.system_events import SYSTEM_EVENTS
from ct_magic.common.words import suggest

ERROR_LENGTH = 400  # characters of the service's own words that an error repeats
LONGEST_PAUSE = 86400.0  # seconds; a service that asks for more than a day cannot mean it
STATUSES = ("success", "partial", "fail")
STILL_IN_PROGRESS = "2"  # the code of "Request still in progress"
DATES_ARE_BAD = "4002"
# Patterns for failures alone: they are compiled when one comes, or each first query waits for it.
INVALID_EVENT = r"(?i)\binvalid event\s*:\s*(.+?)(?=; invalid event|$)"
INVALID_GROUP = "invalid group"
# What asks to come later: TooManyRequests, too_many_requests and too-many-requests are one.
BUSY = (
    r"\b(rate|requests?|usage|calls?|api|account|daily|query|queries|polls?|jobs?) ?limit|\bquotas?"
    r"\b|: limit (was )?(exceeded|reached)|\b(limit|maximum|max)( number)? of (\d+ )?(requests"
    r"|queries|calls)|\b(rate|requests?|queries|calls)( per \w+)? (is |are )?(exceeded|large|too )"
    r"|\btoo (many|fast|frequent|much load)|\bconcurren|\bsimultaneous|\bthrottl|\bslow down\b"
    r"|\bbusy\b|\boverload|\b(high|heavy) (load|traffic)\b|\bcapacity\b|\bexhausted\b|\bqueue\b.*"
    r"\bfull\b|\b(another|already)\b.*\b(in progress|running)\b|\btemporar|\bmaintenance\b"
    r"|\b(service|server|currently)\b.*\bunavailable\b|\bunavailable at\b|\bright now\b|\bback ?off"
    r"\b|\bplease (wait|(re)?(try|submit))\b(?! (with|an?|the)\b)|\bwait (for )?\d"
    r"|\b(re)?try(ing)?( \w+)? (again|later|after|in)\b(?! with)|\bcome (back|again)\b"
)
# Of the query, and so for ever: however often it is sent, its parts stay as they are.
_QUERY_PARTS = (
    r"conditions?|days|events?|(any )?events|fields?|filters?|groups?|operators?|places"
    r"|propert(y|ies)|clauses|items"
)
OF_THE_QUERY = (
    rf"\b(too many|invalid|unknown|unsupported) (\w+ ){{0,2}}({_QUERY_PARTS})\b"
    r"|\b(too many|invalid) (\w+ )?(values|arguments|parameters?|keys|operands|characters|did )"
    rf"|\blimit of \d+ (\w+ )?({_QUERY_PARTS})\b"
)
_QUOTED_NAME = r"(?<=\w )'[^']*'|(?<=\w )\"[^\"]*\""  # quoted, they may be anything
STILL = (
    r"\bstill (being|comput|count|pending|process|queued|running)|\bnot (yet )?(ready|done)\b"
    r"|\bin progress\b|\bbeing processed\b"
)
_SOME_ID = r"\b(request|req|query|job|report) ?id\b"
_GONE = r"\b(invalid|unknown|expired|no such|no longer|not (a )?(found|known|valid)|not exist)\b"
FORGOTTEN = rf"{_SOME_ID}.*{_GONE}|{_GONE}.*{_SOME_ID}"
CREDENTIALS = (
    r"\binvalid (account|passcode|credentials?)\b"
    r"|\b(account id|passcode|credentials?)\b.*\b(not valid|invalid|missing|wrong|required)\b"
)


def read(
    status: int, body: bytes, *, req_id: str | None = None, events: Iterable[str] = ()
) -> jobs.Answer:
    """Return the answer that an HTTP response is: `client/API.md`, "Answers".

    `req_id` is the id that a poll asked for, None for a submission; `events` are names that the
    account is known to have, for an event that the service does not know.
    """
    data = json_object(body)
    is_failed = data.get("status") == "fail"
    # A failure under 2xx comes from the API itself, and its HTTP status says nothing.
    source = "the service answered" if is_failed and 200 <= status < 300 else f"HTTP {status}"
    error = f"{source}: {_failure_text(data, body, status)}"
    if status == 429:
        return jobs.Busy(error)  # whoever sends it, and whatever it holds
    if status == 401 and isinstance(data.get("error"), str):
        return jobs.Denied(error)
    if data.get("status") in STATUSES and is_anothers(data, req_id):
        return unusable(f"the answer belongs to another query: {_body_kind(body)}")
    if is_failed and (200 <= status < 300 or status >= 400):
        return _failure(_failure_kind(status, data), data, _with_event(error, events), req_id)
    if status == 202 and (data.get("status") in STATUSES or not body.strip()):
        return _partial(data, req_id, body) if "req_id" in data else jobs.NotYet()
    if status == 200 and data.get("status") in STATUSES:
        return _good(data, req_id, body)
    if passing := _passing(status, error):
        return passing
    if 300 <= status < 400:
        return unusable(f"HTTP {status}: a redirection, which is not followed; check the address")
    return unusable(f"{error}, which is no answer of the API")


def pause(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that Retry-After asks for, a day at the most, or None."""
    # Not by urllib3's reader: it refuses fractions, and measures a date by this machine's clock.
    header = headers.get("Retry-After", "")
    try:
        seconds = float(header.replace("_", "x"))  # which Python alone takes for a separator
    except ValueError:
        try:
            sent = parsedate_to_datetime(headers.get("Date") or formatdate(usegmt=True))
            seconds = (parsedate_to_datetime(header) - sent).total_seconds()
        except (TypeError, ValueError, OverflowError):
            return None
    return min(seconds, LONGEST_PAUSE) if seconds >= 0 else None


def kept_by(headers: Mapping[str, str]) -> str | None:
    """Return how an answer says that a cache kept it, or None: it is no answer to this request."""
    # An `Age` of 0 may be what a cache writes below an answer that it has just got.
    age, warning = headers.get("Age", ""), headers.get("Warning", "")
    if re.search("[1-9]", age):
        return f"it has an Age of {age:.9} seconds"
    if re.search(r"(^|,)\s*11[0-3]\b", warning):
        return f"it has a Warning that says so ({warning[:3].strip()})"
    for name, value in headers.items():
        is_hit = re.search(r"hit(?![a-z])|\b(stale|revalidated)\b", value, re.IGNORECASE)
        is_some = name.lower().endswith("-hits") and re.search("[1-9]", value)
        if re.search(r"cache(?!-control)", name, re.IGNORECASE) and (is_hit or is_some):
            return f"it has a header {name:.40} that says so"
    return None


def sent_at(headers: Mapping[str, str]) -> datetime | None:
    """Return when the service sent an answer, by its own clock (UTC), or None.

    Where something on the way has added another date, it is the earliest of them.
    """
    try:
        dates = re.split("(?<=GMT),", headers.get("Date", ""))
        moment = min(map(parsedate_to_datetime, dates))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def _failure_kind(status: int, data: dict[str, object]) -> int:
    """Return what decides about a failure: its HTTP status, or under 2xx its code."""
    code = str(data.get("code", ""))
    return int(code) if 200 <= status < 300 and re.fullmatch(r"[45]\d\d", code) else status


def _failure(kind: int, data: dict[str, object], error: str, req_id: str | None) -> jobs.Answer:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|[_-]", " ", re.sub(_QUOTED_NAME, "", error))
    code, is_look = str(data.get("code")), req_id is not None
    is_event = error.startswith("invalid event")  # which may be called anything
    is_of_its_parts = is_event or _says(OF_THE_QUERY, words)
    if code == STILL_IN_PROGRESS or "still in progress" in words.lower():
        return jobs.NotYet()
    if is_look and not is_event and _says(FORGOTTEN, words):
        return jobs.Forgotten(error)
    is_plain = kind == 400 or 200 <= kind < 300
    if kind == 401 or (is_plain and not is_event and _says(CREDENTIALS, error)):
        return jobs.Denied(error)
    if kind in (409, 429) or code == "429":
        return jobs.Busy(error)
    if passing := _passing(kind, error):
        return passing
    if not is_of_its_parts and _says(BUSY, words):
        return jobs.Busy(error)
    if not is_of_its_parts and _says(STILL, words):
        return jobs.NotYet()
    if kind == 403:
        return jobs.Denied(error)
    if not is_look or is_of_its_parts or code == DATES_ARE_BAD:
        return jobs.Failure(error)
    return jobs.Trouble(error, cause=jobs.Cause.REFUSED)


def _says(pattern: str, words: str) -> bool:
    return re.search(pattern, words, re.IGNORECASE) is not None


def _passing(kind: int, error: str) -> jobs.Trouble | None:
    cause = jobs.Cause.INTERNAL if kind == 500 else jobs.Cause.UNAVAILABLE
    return jobs.Trouble(error, cause=cause) if kind in (408, 425) or kind >= 500 else None


def _good(data: dict[str, object], req_id: str | None, body: bytes) -> jobs.Answer:
    if data["status"] == "partial":
        return _partial(data, req_id, body)
    count, events = _count_of(data.get("count")), _count_of(data.get("tcount"))
    if count is None:
        return unusable(f"the answer holds no count: {_body_kind(body)}")
    errors = (value for name, value in data.items() if name.lower().startswith("error"))
    is_failed = any(_unwrapped(v) if isinstance(v, str | list) else v for v in errors)
    if is_failed or re.fullmatch(r"2|[45]\d\d+", str(data.get("code"))):
        return unusable(f"the answer is a success and a failure in one: {_body_kind(body)}")
    if events is not None and events < count:
        return unusable(f"the answer has {count} profiles, but {events} events (tcount)")
    split: object = data.get("userDeviceCount")
    split = split if isinstance(split, dict) else {}
    users, devices = _count_of(split.get("users")), _count_of(split.get("devices"))
    named = None if req_id else _req_id(data.get("req_id"))
    return jobs.Success(jobs.Tally(count, events, users, devices), req_id=named)


def _partial(data: dict[str, object], req_id: str | None, body: bytes) -> jobs.Answer:
    req_id = _req_id(data.get("req_id")) or req_id
    if req_id is None:
        return unusable(f"the answer holds no request id: {_body_kind(body)}")
    return jobs.Partial(req_id)


def is_anothers(data: dict[str, object], req_id: str | None) -> bool:
    """Return True if an answer names another id than the one that was asked."""
    named = data.get("req_id")
    return req_id is not None and named is not None and _req_id(named) != req_id


def unusable(error: str) -> jobs.Trouble:
    """Return the answer for what something else than the API sent."""
    return jobs.Trouble(error, cause=jobs.Cause.FOREIGN)


def _count_of(value: Any) -> int | None:
    # Int64 is what the DataFrame can hold.
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63
    return value if is_count else None


def _req_id(value: Any) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    is_id = isinstance(value, str) and 0 < len(value) <= 200 and value.isprintable()
    return value if is_id else None


def json_object(body: bytes) -> dict[str, object]:
    """Return the JSON object that a body holds, empty for anything else."""
    try:
        data = json.loads(body, object_pairs_hook=_without_repetition)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _without_repetition(pairs: list[tuple[str, object]]) -> dict[str, object]:
    data = dict(pairs)
    if len(data) < len(pairs):
        raise ValueError("a key is there twice: two counts would be in it")
    return data


def _failure_text(data: dict[str, object], body: bytes, status: int) -> str:
    words = _unwrapped(data.get("error"))
    if not words:
        return _body_kind(body)
    code = data.get("code")
    if isinstance(code, bool) or not isinstance(code, int | str) or str(code) == str(status):
        return _plain(words)
    return f"{_plain(words)} (code {_plain(str(code))})"


def _unwrapped(error: object) -> str:
    """Return the words of `error`: a text, a list of texts, or such a list as JSON in a text."""
    if isinstance(error, str) and error.strip().startswith("["):
        try:
            error = json.loads(error)
        except (ValueError, RecursionError):
            return str(error)
    if isinstance(error, list):
        return "; ".join(str(item) for item in error)
    return error.strip() if isinstance(error, str) else ""


def _with_event(error: str, events: Iterable[str]) -> str:
    found = re.findall(INVALID_EVENT, error)
    names = [re.sub(r" \(code \d+\)$", "", name).strip() for name in found]
    if not names:
        return error
    known = [event for event in (*events, *SYSTEM_EVENTS) if event not in names]
    near = suggest(names[0], known) if len(names) == 1 else None
    hint = f". Did you mean {near!r}?" if near else ""
    quoted = ", ".join(f"'{name}'" for name in names)
    word = "event" if len(names) == 1 else "events"
    return f"invalid {word} {quoted}: names are exact and case-sensitive{hint}"


def _plain(words: str) -> str:
    # On one line, without what moves a terminal's cursor or cannot be encoded.
    text = " ".join(words.split())
    shown = "".join(char if char.isprintable() else "\ufffd" for char in text[:ERROR_LENGTH])
    return shown + (" ..." if len(text) > ERROR_LENGTH else "")


def _body_kind(body: bytes) -> str:
    """Return what a body is. Nothing of it is quoted: a page may repeat the passcode in any way."""
    if not body.strip():
        return "an empty answer"
    begin = body.lstrip()[:1]
    kind = "a page" if begin == b"<" else "JSON" if begin in b"{[" else "a text"
    return f"{kind} of {len(body):,} bytes"
