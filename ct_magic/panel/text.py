"""How a run stands -> plain words: what a terminal prints, a log keeps, a screen reader says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import ceil

from ct_magic.client.jobs import Job, State
from ct_magic.common.words import (
    change,
    counted,
    duration,
    durations,
    fit,
    interval,
    plain,
    share,
)
from ct_magic.panel.standing import Standing, is_kept, pieces, taken_at, waiting
from ct_magic.planning.row_results import RowResult, reason
from ct_magic.rows import days

ROWS = 20  # rows of plain text, and of a table that has a button for each
MINUTES = 90  # seconds from which on people wonder
SIGNS = {
    State.WAITING: "·",
    State.SUBMITTED: "…",
    State.SUCCESS: "✓",
    State.FAILED: "✗",
    State.CANCELLED: "-",
    State.TIMED_OUT: "!",
    State.INCONSISTENT: "!",
    State.NOT_YET: "·",
}
GROUPS = {
    State.SUBMITTED: "asked",
    State.WAITING: "waiting their turn",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
    State.TIMED_OUT: "timed out",
    State.INCONSISTENT: "inconsistent",
    State.NOT_YET: "not yet",
}
QUIET = (State.SUCCESS, State.NOT_YET)
REFRESH = "--refresh asks anew"
_FETCH = "'%ct resume' fetches it"


def summary(standing: Standing) -> str:
    """Return in one line how a cell stands: `61 of 500 done · 164 asked · 275 waiting …`."""
    parts = [f"{standing.tally[State.SUCCESS]:,} of {len(standing.rows):,} done", *groups(standing)]
    return " · ".join([*parts, *filter(None, [time_left(standing)])])


def groups(standing: Standing) -> list[str]:
    """Return how many rows are in each state that is not done: `164 asked`."""
    words = ((standing.tally[state], word) for state, word in GROUPS.items())
    return [f"{n:,} {word if n > 1 else _single(word)}" for n, word in words if n]


def time_left(standing: Standing) -> str:
    """Return the time that is left, `about 1 to 2 min left`, or nothing without ground for it."""
    left = standing.seconds_left
    if left is None:
        return ""
    return f"about {durations(*left)} left"


def cache_note(standing: Standing) -> str:
    """Return what came from the journal, from when, and how it is asked anew; or nothing."""
    cached, oldest = standing.cached
    if not cached or not standing.over or standing.stable:
        return ""
    which = "" if cached == len(standing.rows) else f"{cached:,} of them "
    time = "" if oldest is None else f" of {oldest:%Y-%m-%d %H:%M} UTC"
    return f"{which}from the journal{time}: {REFRESH}"


def progress(standing: Standing) -> str:
    """Return how far a cell is, in words that change only when something has happened."""
    rows = standing.rows
    if len(rows) == 1:
        return f"{plain(rows[0].row.title)} - {phase(rows[0])}"
    # Tenths, so that a thousand counts are not a thousand lines.
    tenths = 10 * sum(row.state.ended for row in rows) // len(rows) if rows else 10
    failed = standing.tally[State.FAILED]
    return f"{tenths * 10} % of {len(rows):,} counts" + (f", {failed:,} failed" if failed else "")


def text(standing: Standing) -> str:
    """Return all of it as plain text: a line for each row, under one line for the cell."""
    rows = standing.rows
    lines = [f"{SIGNS[r.state]} {plain(title(r))} - {state(r, standing)}" for r in rows[:ROWS]]
    if len(rows) > ROWS:
        lines.append(f"  ... and {len(rows) - ROWS:,} more")
    head = [summary(standing)] if len(rows) > 1 else []
    cached = cache_note(standing) if len(rows) > 1 else ""
    doubts = [f"! {plain(doubt)}" for doubt in standing.doubts]
    notes = [f"({note})" for note in (cached, standing.note) if note]
    return "\n".join([*head, *lines, *doubts, *notes])


def title(row: RowResult) -> str:
    """Return the words of a row on a line of its own: what is counted, or its days and step."""
    own = row.row
    steps = [own.title, days(own), *pieces(own)]
    text = own.text if own.step is None else " · ".join(steps)
    return text or own.title


def state(row: RowResult, standing: Standing) -> str:
    """Return in words how a row stands, with the time of the next look."""
    job = waiting(row)
    left = None if job is None else next_look(job, standing.now)
    words = f"{phase(row)}{_so_far(job, standing)}"
    if len(standing.rows) == 1 and (note := cache_note(standing)):
        return f"{words}, {note}"
    return words if left is None else f"{words}, next look in {left} s"


def _so_far(job: Job | None, standing: Standing) -> str:
    """Return for how long a count has been asked, once people would wonder."""
    if job is None or job.began is None or standing.stable:
        return ""
    seconds = standing.now - job.began
    return f", for {duration(seconds)} so far" if seconds >= MINUTES else ""


def spoken(standing: Standing) -> str:
    """Return what is worth telling somebody who listens: not every look, and no clock."""
    rows = standing.rows
    if len(rows) != 1:
        return summary(standing) if standing.over else progress(standing)
    words = phase(rows[0]) if rows[0].state.ended else GROUPS[rows[0].state]
    return f"{plain(rows[0].row.title)} - {_single(words)}"


def line(standing: Standing, columns: int = 10**6) -> str:
    """Return it on one line, for a terminal that rewrites it and has so many columns."""
    words = summary(standing)
    if len(standing.rows) == 1:
        # How often it was looked at has no room there.
        stands = re.sub(r", looked (once|twice|\d+ times)", "", state(standing.rows[0], standing))
        tail = f" - {stands}"
        # What is asked is known; how it stands is what one looks for.
        room = max(12, min(60, columns - len(tail) - len("ctcount: ")))
        words = fit(plain(standing.rows[0].row.title), room) + tail
    return fit(f"ctcount: {words}", columns)


def phase(row: RowResult) -> str:
    """Return in words how a row stands, without the time."""
    match row.state:
        case State.WAITING | State.SUBMITTED:
            return under_way(row)
        case State.SUCCESS:
            return f"done: {counted(row.count or 0, 'profile')}{percent(row)}{versus(row)}"
        case State.NOT_YET:
            return "not yet: its days are not over"
        case _:
            return ended(row)


def ended(row: RowResult, *, short: bool = False) -> str:
    """Return how a row ended that has no count: `failed: …`, `cancelled`."""
    why = plain(reason(row))
    words = f"{row.state}: {why}" if why else str(row.state)
    return f"{words}: {_FETCH}" if is_kept(row) and not short else words


def under_way(row: RowResult, *, short: bool = False) -> str:
    """Return where a row is that has not ended: `asked`, `counting, looked twice`.

    The `short` words have room in a column: `HTTP 503` without what the service says beside it.
    """
    job = waiting(row)
    why = plain(job.note) if job and job.note else ""
    is_waiting = job is None or job.state is State.WAITING
    if short and (why or is_waiting or (job and job.polls)):
        return why.partition(": ")[0] or ("waiting" if is_waiting else "counting")
    note = f" ({why})" if why else ""
    if job is None or is_waiting:
        return f"waiting{note}" if note else "waiting its turn"
    looks = {0: "asked", 1: "counting, looked once", 2: "counting, looked twice"}
    return looks.get(job.polls, f"counting, looked {job.polls} times") + note


def _single(word: str) -> str:
    return word.replace("their", "its")


def percent(row: RowResult) -> str:
    """Return the share of a step, with its interval: `, 75 % (73-77 %) of 1,844`."""
    if row.share is None or row.low is None or row.high is None:
        return ""
    return f", {share(row.share)} ({interval(row.low, row.high)}) of {row.of:,}"


def versus(row: RowResult) -> str:
    """Return the count of the other period, and the change: `, +12 % from 394 before`."""
    if row.previous is None:
        return ""
    begin = "" if row.change is None else f"{change(row.change)} from "
    return f", {begin}{row.previous:,} before"


def of_step_before(row: RowResult, rows: Sequence[RowResult]) -> str:
    """Return `34 % of the step before` for a step whose step before is not the base."""
    within = row.row.within
    if within is None or within == row.row.base or row.row.after is not None or row.count is None:
        return ""
    before = rows[within].count
    return f"{share(row.count / before)} of the step before" if before else ""


def taken(row: RowResult, standing: Standing) -> str:
    """Return when a count was taken, and how long it took: `counted 2026-11-20 10:30 UTC, 12 s`."""
    if standing.stable:
        return ""
    time = row.counted or taken_at(row)
    parts = [] if time is None else [f"counted {time:%Y-%m-%d %H:%M} UTC"]
    spans = [(j.began, j.ended) for j in row.jobs if j.began is not None and j.ended is not None]
    if spans:
        begun, ended = min(begin for begin, _ in spans), max(end for _, end in spans)
        parts.append(f"in {duration(ended - begun)}")
    return " ".join(parts + ["(from the journal)"] * row.cached)


def next_look(job: Job, now: float) -> int | None:
    """Return the seconds until the next look or the next try; None where none is planned."""
    # What is due is being asked: no countdown from nothing.
    return None if job.due is None or job.due <= now else ceil(job.due - now)
