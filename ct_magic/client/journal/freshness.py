"""Which counts need not be asked again: what the journal may answer, and for how long."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, tzinfo
from typing import TYPE_CHECKING

from ct_magic.client.jobs import Job
from ct_magic.client.journal.entries import Entry, day_at
from ct_magic.rows import Plan, Question, Record

if TYPE_CHECKING:
    from ct_magic.client.journal.journal import Journal


class Freshness(Record):
    """When a count need not be asked again.

    What speaks of profiles as they are now is kept for `ttl` since it was asked, whatever its days.
    """

    today: date
    zone: tzinfo | None  # the account's, in which its days end
    ttl: float  # seconds for which a count is kept; 0: it is asked anew always
    settled_after: int = 7  # days until late events no longer change a count
    settled_ttl: float = 0.0  # seconds for which one is kept that was sent later than that
    pickup_age: float = 600.0  # seconds in which a pending id of a day of now is looked at again

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
        # What was sent before the end of a day is not a count of that day.
        return day < day_at(now, self.zone)


def recalled(plan: Plan, journal: Journal, freshness: Freshness) -> list[Job]:
    """Return a job for each question: counted, pending, or to be asked.

    A row's counts belong together: of those that may still change, one that must be asked anew
    takes the others with it. An id of just now is as good as one of now, except where a row speaks
    of profiles as they are: then all its counts come from one run of one cell.
    """
    found = [journal.found(question, freshness) for question in plan.questions]
    moving, now = together(plan), journal.now()
    for group in moving:
        _of_one_cell(group, found)
    changing = {
        number
        for number, (question, entries) in enumerate(zip(plan.questions, found, strict=True))
        if freshness.may_change(question) and not (entries and freshness.is_of_now(entries[0], now))
    }
    groups = _connected([*(changing.intersection(row.questions) for row in plan.rows), *moving])
    anew = {number for number, entries in enumerate(found) if not entries}
    lost = {id(groups[number]) for number in anew if number in groups}
    anew |= {number for number, group in groups.items() if id(group) in lost}
    return [
        Job(number, question) if number in anew else journal.taken(Job(number, question), known[0])
        for number, (question, known) in enumerate(zip(plan.questions, found, strict=True))
    ]


def together(plan: Plan) -> list[set[int]]:
    """Return the groups of questions, by number, that one run must ask: see `recalled`."""
    moving = {n for n, question in enumerate(plan.questions) if question.profiles_now}
    rows = [row.questions for row in plan.rows if not moving.isdisjoint(row.questions)]
    groups = {id(group): group for group in _connected(rows).values()}
    return [group for group in groups.values() if len(group) > 1]


def _connected(sets: Iterable[Collection[int]]) -> dict[int, set[int]]:
    """Return, for each number, all that are reached from it through sets that share one."""
    groups: dict[int, set[int]] = {}
    for numbers in sets:
        known = {id(groups[n]): groups[n] for n in numbers if n in groups}
        # The smaller ones go into the largest: a chain of thousands takes no time.
        whole = max(known.values(), key=len, default=set[int]())
        for part in (set(numbers), *known.values()):
            if part is not whole:
                whole |= part
                groups.update(dict.fromkeys(part, whole))
    return groups


def _of_one_cell(group: set[int], found: list[list[Entry]]) -> None:
    """Leave in `found` what the latest cell submitted that submitted all of a group, if any."""
    by_cell = {n: {entry.cell: entry for entry in reversed(found[n])} for n in group}
    cells = set.intersection(*(set(entries) for entries in by_cell.values())) - {None}
    latest = max(cells, key=lambda cell: max(by_cell[n][cell].id for n in group), default=None)
    for number in group:
        found[number] = [by_cell[number][latest]] if latest is not None else []
