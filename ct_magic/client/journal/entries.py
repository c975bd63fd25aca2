"""What a journal's row says, as far as it can be believed: absurd values are none at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from math import isfinite
from typing import Any

from ct_magic.client.jobs import Job, State, Tally
from ct_magic.rows import Question

_Stored = Mapping[str, Any]
LATEST = datetime(9000, 1, 1, tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True)
class Entry:
    """One submission. Times are seconds since 1970; what could not be read is None.

    `asked` and `ended` are readings of the machine's clock; `sent` and `counted` of the service's
    where it is known, else of the machine's.
    """

    id: int
    state: str
    body: str
    title: str
    text: str
    asked: float | None
    sent: float | None
    req_id: str | None
    ended: float | None
    counted: float | None
    tally: Tally | None
    error: str | None
    cell: str | None = None  # that submitted it

    @property
    def is_counted(self) -> bool:
        """True where its count is there, and when it was taken is known."""
        times = (self.sent, self.ended, self.counted)
        return self.state == State.SUCCESS and self.tally is not None and None not in times

    @property
    def is_pending(self) -> bool:
        """True where its id is known and its end is not."""
        return self.state == State.SUBMITTED and bool(self.req_id) and self.sent is not None

    def age(self, now: float) -> float:
        """Return the seconds since it was asked; endless where that is not known."""
        return now - self.asked if self.asked is not None else float("inf")

    def days_after(self, day: date, zone: tzinfo | None) -> int:
        """Return how many days after this one, in this zone, it was sent: 1 on the next day.

        By the service's clock and by this machine's: one that runs ahead over midnight would make
        the count of a part of a day one of the whole. Before every day where that is not known.
        """
        if self.sent is None or self.asked is None:
            return -1
        return (day_of(min(self.sent, self.asked), zone) - day).days


def entry(row: _Stored) -> Entry:
    """Return what a row of the table `submissions` says, its texts unfolded."""
    asked, ended = moment(row["asked"]), moment(row["ended"])
    return Entry(
        id=row["id"],
        state=text(row["state"]) or "",
        body=text(row["body"]) or "",
        title=text(row["title"]) or "",
        text=text(row["text"]) or "",
        asked=asked,
        sent=moment(row["sent"]) if row["sent"] is not None else asked,
        req_id=text(row["req_id"]),
        ended=ended,
        counted=moment(row["counted"]) if row["counted"] is not None else ended,
        tally=_stored_tally(row),
        error=text(row["error"]),
        cell=text(row["cell"]),
    )


def job_after(job: Job, known: Entry) -> Job:
    """Return the job as its submission leaves it: counted, or pending."""
    if not known.is_counted:
        return replace(job, state=State.SUBMITTED, req_id=known.req_id)
    at = datetime.fromtimestamp(known.counted or 0.0, UTC)
    counted = replace(job, state=State.SUCCESS, req_id=known.req_id)
    return replace(counted, tally=known.tally, taken=at, counted=at)


def moment(value: object) -> float | None:
    """Return a time that a calendar has, or None."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value):
        return None
    return float(value) if 0 <= value < LATEST else None


def day_of(seconds: float, zone: tzinfo | None) -> date:
    """Return the day that a time lies in."""
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone).date()


def _stored_tally(row: _Stored) -> Tally | None:
    count, events, users, devices = (
        _whole(row[name]) for name in ("count", "events", "users", "devices")
    )
    return None if count is None else Tally(count, events, users, devices)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def text(value: object) -> str | None:
    """Return a text, or None for what is none."""
    return value if isinstance(value, str) else None


# When a count need not be asked again: what the journal knows answers this question, now.

SETTLES = 7  # days


@dataclass(frozen=True, slots=True)
class Freshness:
    """When a count need not be asked again.

    `zone` is the account's time zone, in which its days end. A count is kept for `ttl` seconds (0:
    it is asked anew always), and for `settled_ttl` where its latest day was more than
    `settled_after` days past when it was sent; one that speaks of profiles as they are now is kept
    for `ttl` since it was asked, whatever its days. A pending id is looked at again where its days
    were over when it was sent, or where it is at most `pickup_age` seconds old.
    """

    today: date
    zone: tzinfo | None
    ttl: float
    settled_after: int = SETTLES
    settled_ttl: float = 0.0
    pickup_age: float = 600.0

    def may_change(self, question: Question) -> bool:
        """Return True while the question's count may still change."""
        late_events = (self.today - question.until).days <= self.settled_after
        return late_events or question.profiles_now

    def keeps(self, known: Entry, question: Question, now: float) -> bool:
        """Return True if this count still answers its question."""
        if self.ttl <= 0 or not known.is_counted or known.ended is None:
            return False
        days = known.days_after(question.until, self.zone)
        is_settled = days > self.settled_after and not question.profiles_now
        ttl = max(self.ttl, self.settled_ttl) if is_settled else self.ttl
        age = known.age(now) if question.profiles_now else now - known.ended
        # One from the future was taken while the machine's clock was wrong.
        return question.until < self.today and days > 0 and 0 <= age < ttl

    def picks_up(self, known: Entry, question: Question, now: float) -> bool:
        """Return True if this id's count will be one of now, or of days that were over."""
        if not known.is_pending:
            return False
        if known.days_after(question.until, self.zone) > 0:
            longest = max(self.ttl, self.pickup_age)
            return not question.profiles_now or 0 <= known.age(now) < longest
        return self.is_of_now(known, now) and not self._is_over(question.until, now)

    def is_of_now(self, known: Entry, now: float) -> bool:
        """Return True for a pending id whose count is as good as one that is asked now."""
        return known.is_pending and 0 <= known.age(now) <= self.pickup_age

    def came_meanwhile(self, known: Entry, question: Question, began: float, now: float) -> bool:
        """Return True for an id, or a count that came since `began`, as good as one asked now."""
        came = known.is_counted and known.ended is not None and began <= known.ended <= now
        is_of_now = (came or known.is_pending) and 0 <= known.age(now) <= self.pickup_age
        was_over = known.days_after(question.until, self.zone) > 0
        return is_of_now and (was_over or not self._is_over(question.until, now))

    def _is_over(self, day: date, now: float) -> bool:
        # Of a day that ended meanwhile, what was sent before its end is no count.
        return day < day_of(now, self.zone)
