"""When a count need not be asked again: what the journal knows answers this question, now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, tzinfo

from ..rows import Question
from .journal_entries import Entry, day_of

SETTLES = 7  # days


@dataclass(frozen=True, slots=True)
class Freshness:
    """When a count need not be asked again.

    `zone` is the account's time zone, in which its days end. A count is kept for `ttl` seconds (0:
    it is asked anew always), and for `settled_ttl` where its latest day was more than
    `settled_after` days past when it was sent. A pending id is looked at again where its days were
    over when it was sent, or where it is at most `pickup_age` seconds old.
    """

    today: date
    zone: tzinfo | None
    ttl: float
    settled_after: int = SETTLES
    settled_ttl: float = 0.0
    pickup_age: float = 600.0

    def may_change(self, question: Question) -> bool:
        """Return True while late events may still change the question's count."""
        return (self.today - question.until).days <= self.settled_after

    def keeps(self, known: Entry, until: date, now: float) -> bool:
        """Return True if this count still answers its question, whose latest day is `until`."""
        if self.ttl <= 0 or not known.is_counted or known.ended is None or known.sent is None:
            return False
        days = (day_of(known.sent, self.zone) - until).days
        ttl = max(self.ttl, self.settled_ttl) if days > self.settled_after else self.ttl
        # One from the future was taken while the machine's clock was wrong.
        is_young = 0 <= now - known.ended < ttl
        return until < self.today and known.was_over(until, self.zone) and is_young

    def picks_up(self, known: Entry, until: date, now: float) -> bool:
        """Return True if this id's count will be one of now, or of days that are over."""
        if not known.is_pending:
            return False
        return known.was_over(until, self.zone) or self.is_of_now(known, now)

    def is_of_now(self, known: Entry, now: float) -> bool:
        """Return True for a pending id whose count is as good as one that is asked now."""
        return known.is_pending and 0 <= known.age(now) <= self.pickup_age

    def came_meanwhile(self, known: Entry, began: float, now: float) -> bool:
        """Return True for an id, or a count that came since `began`, as good as one asked now."""
        came = known.is_counted and known.ended is not None and began <= known.ended <= now
        return (came or known.is_pending) and 0 <= known.age(now) <= self.pickup_age
