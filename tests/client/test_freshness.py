"""Which ids and counts are as good as one that is asked now, at the very edges of each rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from ct_magic.client.jobs import Tally
from ct_magic.client.journal.entries import Entry
from ct_magic.client.journal.freshness import Freshness
from ct_magic.rows import Question

NOW, AGE = 1_000_000.0, 600.0


def of(until: date, *, profiles_now: bool = False) -> Question:
    """A question whose latest day is this."""
    return Question("q", "e", until, until, "b", "k", until, profiles_now)


FRESH = Freshness(date(2026, 11, 5), UTC, 86400.0, pickup_age=AGE)


def asked(ago: float | None, state: str = "submitted", ended: float | None = None) -> Entry:
    """A submission of so many seconds ago; `ended` is seconds ago, too."""
    at = None if ago is None else NOW - ago
    end = None if ended is None else NOW - ended
    tally = Tally(5) if state == "success" else None
    return Entry(1, state, "b", "t", "q", at, NOW, "7", end, end, tally, None)


@pytest.mark.parametrize(
    ("known", "is_of_now"),
    [
        (asked(0), True),
        (asked(-0.001), False),  # of a clock that was set back since
        (asked(AGE), True),
        (asked(AGE + 0.001), False),
        (asked(None), False),
        (asked(1, "success", ended=0.5), False),  # a count is no id
        (asked(1, "failed"), False),
    ],
)
def test_an_id_is_of_now_for_as_long_as_it_is_picked_up(known: Entry, is_of_now: bool) -> None:
    """A pending id from the moment it was asked up to `pickup_age` seconds later, both included."""
    assert FRESH.is_of_now(known, NOW) == is_of_now


@pytest.mark.parametrize(
    ("known", "came"),
    [
        # An id: only how old it is counts, not when this cell began.
        (asked(0), True),
        (asked(-0.001), False),
        (asked(AGE), True),
        (asked(AGE + 0.001), False),
        (asked(None), False),
        # A count: it came since the cell began, 60 seconds ago, and not in the future ...
        (asked(100, "success", ended=60), True),
        (asked(100, "success", ended=60.001), False),
        (asked(100, "success", ended=0), True),
        (asked(100, "success", ended=-0.001), False),
        (asked(100, "success"), False),
        # ... and was asked as lately as an id must have been.
        (asked(0, "success", ended=0), True),
        (asked(-0.001, "success", ended=0), False),
        (asked(AGE, "success", ended=1), True),
        (asked(AGE + 0.001, "success", ended=1), False),
        (asked(1, "failed", ended=0.5), False),
        (asked(1, "forgotten"), False),
    ],
)
def test_what_came_meanwhile_is_as_good_as_one_that_is_asked_now(known: Entry, came: bool) -> None:
    """An id of just now, or a count of just now that has come since the cell began."""
    assert FRESH.came_meanwhile(known, of(date(2026, 11, 5)), NOW - 60, NOW) == came


@pytest.mark.parametrize(("days", "may_change"), [(0, True), (7, True), (8, False)])
def test_late_events_may_change_a_count_for_a_week(days: int, may_change: bool) -> None:
    """Up to `settled_after` days after its latest day, that day's own included."""
    until = FRESH.today - timedelta(days)
    assert FRESH.may_change(of(until)) == may_change


@pytest.mark.parametrize(
    ("ended", "ttl", "is_kept"),
    [
        (0, 60, True),
        (-0.001, 60, False),  # of a clock that was set back since
        (59.999, 60, True),
        (60, 60, False),
        (0, 0, False),  # every count is asked anew, however long it would be settled
    ],
)
def test_a_count_is_kept_for_less_than_its_time(ended: float, ttl: float, is_kept: bool) -> None:
    """From the moment it came, as `ttl` has it; with none, never."""
    freshness = Freshness(date(2026, 11, 5), UTC, ttl, settled_ttl=ttl or 1e9)
    assert freshness.keeps(asked(100, "success", ended), of(date(1970, 1, 1)), NOW) == is_kept


MIDNIGHT = datetime(2026, 11, 5, tzinfo=UTC).timestamp()
EVE, MORROW = date(2026, 11, 4), date(2026, 11, 5)


# When it was sent, by each clock, and when it is found: seconds after midnight, by the machine's.
@pytest.mark.parametrize(
    ("asked", "sent", "now", "of_the_eve"),
    [
        (-240, -240, 300, False),  # over by now, and not when it was sent
        (-1, -1, 0, False),
        (-240, 120, 300, False),  # a gateway's clock runs ahead over midnight
        (120, -240, 300, False),  # this machine's does
        (0, 0, 300, True),
        (-240, -240, -120, True),  # nothing has ended since
        (-240, 120, -120, True),
    ],
)
@pytest.mark.parametrize("state", ["submitted", "success"])
def test_what_was_sent_before_its_day_was_over_is_no_count_of_that_day(
    asked: float, sent: float, now: float, of_the_eve: bool, state: str
) -> None:
    """However young it is; of a day that still goes on it is as good as one that is asked now."""
    tally = Tally(5) if state == "success" else None
    at, ended = MIDNIGHT + asked, MIDNIGHT + now if state == "success" else None
    known = Entry(1, state, "b", "t", "q", at, MIDNIGHT + sent, "7", ended, ended, tally, None)
    freshness, moment = replace(FRESH, today=MORROW if now >= 0 else EVE), MIDNIGHT + now
    assert freshness.came_meanwhile(known, of(EVE), moment - 60, moment) == of_the_eve
    assert freshness.picks_up(known, of(EVE), moment) == (of_the_eve and state == "submitted")
    if now > 0:
        assert freshness.keeps(known, of(EVE), moment + 1) == (of_the_eve and state == "success")
    assert freshness.came_meanwhile(known, of(MORROW), moment - 60, moment), "it is today's so far"


@pytest.mark.parametrize("ahead", ["asked", "sent"])
def test_a_clock_that_runs_ahead_settles_no_count(ahead: str) -> None:
    """A count is old enough to be kept for long only where both clocks say so."""
    times = {"asked": MIDNIGHT + 60, "sent": MIDNIGHT + 60} | {ahead: MIDNIGHT + 8 * 86400}
    ended = MIDNIGHT + 120
    known = Entry(
        1, "success", "b", "t", "q", times["asked"], times["sent"], "7", ended, ended, Tally(5), ""
    )
    freshness = replace(FRESH, today=date(2026, 11, 14), settled_ttl=30 * 86400.0)
    assert not freshness.keeps(known, of(EVE), ended + 2 * 86400)
