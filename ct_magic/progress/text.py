"""Jobs + time -> plain words: what a terminal prints, a log keeps and a screen reader says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

from ..client.jobs import State
from ..text_width import fit, plain
from .row_view import RowView as Job

ROWS = 20  # rows of plain text; a table scrolls after so many
MINUTES = 90  # seconds from which on people say minutes
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
WORDS = {
    State.SUCCESS: "done",
    State.SUBMITTED: "pending",
    State.WAITING: "waiting",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
    State.TIMED_OUT: "timed out",
    State.INCONSISTENT: "inconsistent",
    State.NOT_YET: "not yet",
}


def state(job: Job, now: float) -> str:
    """Say in words where a job stands."""
    words = phase(job)
    return f"{words}, next look in {next_look(job, now)} s" if looks_again(job) else words


def summary(jobs: Sequence[Job], now: float) -> str:
    """Say in one line how a cell stands: `12 of 90 done, 3 pending, about 4 min left`."""
    counts = Counter(job.state for job in jobs)
    said = [f"{counts[State.SUCCESS]:,} of {len(jobs):,} done"]
    said += [f"{counts[s]:,} {word}" for s, word in WORDS.items() if counts[s] and word != "done"]
    if left := seconds_left(jobs, now):
        said.append(f"about {duration(left)} left")
    return ", ".join(said)


def seconds_left(jobs: Sequence[Job], now: float) -> float | None:
    """Estimate the seconds until all have ended from the pace so far; None: not known yet."""
    # Neither the journal's counts nor those that were cancelled say how long one takes.
    came = (State.SUCCESS, State.FAILED)
    ended = [job for job in jobs if job.state in came and job.began is not None and not job.taken]
    left = sum(not job.state.ended for job in jobs)
    begun = min((job.began for job in jobs if job.began is not None), default=None)
    if not ended or not left or begun is None:
        return None
    return left * max(now - begun, 0.0) / len(ended)


def progress(jobs: Sequence[Job]) -> str:
    """Say how far a cell is, in words that change only when something has happened."""
    if len(jobs) == 1:
        return f"{plain(jobs[0].question.title)} - {phase(jobs[0])}"
    counts = Counter(job.state for job in jobs)
    # Tenths, so that a thousand counts are not a thousand lines.
    tenths = 10 * sum(job.state.ended for job in jobs) // len(jobs)
    failed = f", {counts[State.FAILED]:,} failed" if counts[State.FAILED] else ""
    return f"{tenths * 10} % of {len(jobs):,} counts{failed}"


def text(jobs: Sequence[Job], now: float, note: str | None = None) -> str:
    """Print all of it as plain text: a line for each count, under one line for the cell."""
    lines = [f"{SIGNS[j.state]} {plain(j.question.text)} - {state(j, now)}" for j in jobs[:ROWS]]
    if len(jobs) > ROWS:
        lines.append(f"  ... and {len(jobs) - ROWS:,} more")
    head = [summary(jobs, now)] if len(jobs) > 1 else []
    return "\n".join([*head, *lines, *([f"({note})"] if note else [])])


def spoken(jobs: Sequence[Job]) -> str:
    """Say what is worth telling somebody who listens: not every look, and no clock."""
    if len(jobs) > 1:
        over = all(job.state.ended for job in jobs)
        return summary(jobs, 0.0) if over else progress(jobs)
    title = plain(jobs[0].question.title)
    return f"{title} - {phase(jobs[0]) if jobs[0].state.ended else WORDS[jobs[0].state]}"


def name(job: Job) -> str:
    """Tell a count from its neighbours: `3: App Launched, Category = Shoes, 2026-11-01`."""
    q = job.question
    pieces = [f"{column} = {value}" for column, value in q.pieces]
    return plain(f"{job.number + 1}: {', '.join([q.title, *pieces, span(q.start, q.end)])}")


def line(jobs: Sequence[Job], now: float, columns: int = 10**6) -> str:
    """Print it on one line, for a terminal that rewrites it and has so many columns."""
    said = summary(jobs, now)
    if len(jobs) == 1:
        tail = f" - {state(jobs[0], now)}"
        # What is asked is known; how it stands is what one looks for.
        room = max(12, min(60, columns - len(tail) - len("ctcount: ")))
        said = fit(plain(jobs[0].question.title), room) + tail
    return fit(f"ctcount: {said}", columns)


def profiles(count: int) -> str:
    """Print a count: `1 profile`, `7,138 profiles`."""
    return f"{count:,} profile{'s' if count != 1 else ''}"


def span(start: date, end: date) -> str:
    """Print the days of a count, both included."""
    return start.isoformat() if start == end else f"{start.isoformat()} to {end.isoformat()}"


def duration(seconds: float) -> str:
    """Print seconds as people say them: `12 s`, `4 min`, `1.5 h`."""
    if seconds < MINUTES:
        return f"{max(seconds, 0.0):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def phase(job: Job) -> str:
    """Say in words where a job stands, without the time."""
    match job.state:
        case State.WAITING:
            return f"waiting ({plain(job.note)})" if job.note else "waiting"
        case State.SUBMITTED:
            return _submitted(job)
        case State.SUCCESS:
            return f"done: {profiles(job.tally.count if job.tally else 0)}{from_journal(job)}"
        case State.FAILED:
            later = _later(job) if job.lost else ""
            return f"failed: {plain(job.error or 'no reason given')}{later}"
        case State.CANCELLED:
            return f"cancelled{_later(job)}"
        case State.TIMED_OUT:
            return f"timed out{_later(job)}"
        case State.INCONSISTENT | State.NOT_YET:
            return f"{job.state}: {plain(job.error)}" if job.error else str(job.state)


def _later(job: Job) -> str:
    # Without an id nobody can ask for it again.
    return ": '%ct resume' fetches it later" if job.req_id else ""


def _submitted(job: Job) -> str:
    times = {0: "submitted", 1: "polled once"}.get(job.polls, f"polled {job.polls} times")
    return f"{times} ({plain(job.note)})" if job.note else times


def from_journal(job: Job) -> str:
    """Say when a count was taken that was not asked for now."""
    return f", from the journal of {job.taken:%Y-%m-%d %H:%M} UTC" if job.taken else ""


def looks_again(job: Job) -> bool:
    """Say whether a look at this job, or another try, is planned."""
    return job.due is not None and not job.state.ended


def next_look(job: Job, now: float) -> int:
    """Give the seconds until the next look."""
    return max(0, round((job.due or now) - now))
