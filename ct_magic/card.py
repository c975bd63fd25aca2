"""Jobs + time -> what people read: one plain text and one piece of HTML, both pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date
from html import escape

from .job import Job, State

LONGEST = 300  # characters of a foreign text that are shown
ROWS = 20  # rows after which the table scrolls
SIGNS = {
    State.WAITING: "·",
    State.SUBMITTED: "…",
    State.SUCCESS: "✓",
    State.FAILED: "✗",
    State.CANCELLED: "-",
    State.TIMED_OUT: "⌛",
}
WORDS = {
    State.SUCCESS: "done",
    State.SUBMITTED: "pending",
    State.WAITING: "waiting",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
    State.TIMED_OUT: "timed out",
}
# Colours of the front end's own theme, with a fallback for pages that have none.
MUTED = "var(--jp-ui-font-color2,#757575)"
LINE = "var(--jp-border-color2,#bdbdbd)"
BAR = "var(--jp-brand-color1,#1976d2)"
TRACK = "var(--jp-layout-color3,#e0e0e0)"
COLOURS = {
    State.SUCCESS: "var(--jp-success-color1,#2e7d32)",
    State.FAILED: "var(--jp-error-color1,#c62828)",
    State.TIMED_OUT: "var(--jp-error-color1,#c62828)",
}
BOX = f"border:1px solid {LINE};border-radius:6px;padding:8px 14px;margin:2px 0;max-width:64em"
TABLE = "width:100%;table-layout:auto;border-collapse:collapse;margin:0"
NUMBERS = "font-variant-numeric:tabular-nums"
# A countdown that needs no messages: the browser animates a whole number down to nothing.
MOTION = """<style>
@property --ct-magic-s { syntax: "<integer>"; initial-value: 0; inherits: false; }
@keyframes ct-magic-down { from { --ct-magic-s: var(--ct-magic-from); } to { --ct-magic-s: 0; } }
@keyframes ct-magic-up { from { --ct-magic-s: var(--ct-magic-from); }
  to { --ct-magic-s: calc(var(--ct-magic-from) + 86400); } }
.ct-magic-down::after, .ct-magic-up::after {
  counter-reset: ct-magic-s var(--ct-magic-s); content: counter(ct-magic-s) " s"; }
.ct-magic-down::after { animation: ct-magic-down var(--ct-magic-for) linear forwards; }
.ct-magic-up::after { animation: ct-magic-up 86400s linear forwards; }
</style>"""


def plain(text: str) -> str:
    """Make a foreign text safe to print: no control characters, no line breaks, not too long."""
    folded = "".join(c if c.isprintable() else " " for c in text[: 2 * LONGEST])
    folded = re.sub(r" +", " ", folded).strip()
    return folded if len(folded) <= LONGEST else folded[:LONGEST] + " …"


def state(job: Job, now: float) -> str:
    """Say in words where a job stands."""
    words = _state(job)
    return f"{words}, next look in {_left(job, now)} s" if _looks_again(job) else words


def summary(jobs: Sequence[Job], now: float) -> str:
    """Say in one line how a cell stands: `12 of 90 done, 3 pending, about 4 min left`."""
    counts = Counter(job.state for job in jobs)
    said = [f"{counts[State.SUCCESS]:,} of {len(jobs):,} done"]
    said += [f"{counts[s]:,} {word}" for s, word in WORDS.items() if counts[s] and word != "done"]
    if left := seconds_left(jobs, now):
        said.append(f"about {_duration(left)} left")
    return ", ".join(said)


def seconds_left(jobs: Sequence[Job], now: float) -> float | None:
    """Estimate the seconds until all have ended from the pace so far; None: not known yet."""
    ended = [job for job in jobs if job.state.ended and job.began is not None and not job.taken]
    left = sum(not job.state.ended for job in jobs)
    begun = min((job.began for job in jobs if job.began is not None), default=None)
    if not ended or not left or begun is None:
        return None
    return left * max(now - begun, 0.0) / len(ended)


def progress(jobs: Sequence[Job]) -> str:
    """Say how far a cell is, in words that change only when something has happened."""
    if len(jobs) == 1:
        return f"{plain(jobs[0].question.title)} - {_state(jobs[0])}"
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


def line(jobs: Sequence[Job], now: float) -> str:
    """Print it on one line, for a terminal that rewrites it."""
    if len(jobs) == 1:
        return f"ctcount: {plain(jobs[0].question.title)[:60]} - {state(jobs[0], now)}"
    return f"ctcount: {summary(jobs, now)}"


def html(jobs: Sequence[Job], now: float, note: str | None = None, *, live: bool = False) -> str:
    """Draw it: one count as a card, many as a table; `live` adds clocks that run by themselves."""
    inner = _one(jobs[0], now, live) if len(jobs) == 1 else _many(jobs, now, live)
    said = f'<div style="color:{MUTED}">{escape(note)}</div>' if note else ""
    motion = MOTION if live else ""
    return f'{motion}<div class="ct-magic" style="{BOX}">{inner}{said}</div>'


def _one(job: Job, now: float, live: bool) -> str:
    number = ""
    if job.tally is not None:
        number = (
            f'<div style="font-size:2em;line-height:1.3;{NUMBERS}"><b>{job.tally.count:,}</b> '
            f'<span style="font-size:.5em;color:{MUTED}">profiles</span></div>'
        )
    return (
        f"<div><code>{_foreign(job.question.text)}</code></div>{number}"
        f'<div role="status">{_sign(job)} {_state_html(job, now, live)} '
        f'<span style="color:{MUTED}">· {_span(job.question.start, job.question.end)}'
        f"{_elapsed([job], now, live)}</span></div>"
    )


def _many(jobs: Sequence[Job], now: float, live: bool) -> str:
    ended = sum(job.state.ended for job in jobs)
    share = 100 * ended / len(jobs)
    scroll = "max-height:32em;overflow:auto;" if len(jobs) > ROWS else ""
    highest = max((job.tally.count for job in jobs if job.tally), default=0)
    rows = "".join(_row(job, highest, now, live) for job in jobs)
    return (
        f'<div role="status"><b>{summary(jobs, now)}</b>'
        f'<span style="color:{MUTED}">{_elapsed(jobs, now, live)}</span></div>'
        f'<div role="progressbar" aria-label="counts that have ended" aria-valuemin="0" '
        f'aria-valuemax="{len(jobs)}" aria-valuenow="{ended}" '
        f'style="height:4px;margin:6px 0;border-radius:2px;background:{TRACK}">'
        f'<div style="height:4px;border-radius:2px;width:{share:.1f}%;background:{BAR}"></div>'
        "</div>"
        f'<div style="{scroll}"><table style="{TABLE}">'
        '<thead><tr><th scope="col" style="text-align:left">query</th>'
        '<th scope="col" style="text-align:left">days</th>'
        '<th scope="col" colspan="2" style="text-align:left">profiles</th>'
        f'<th scope="col" style="text-align:left">state</th></tr></thead><tbody>{rows}</tbody>'
        "</table></div>"
    )


def _row(job: Job, highest: int, now: float, live: bool) -> str:
    pieces = ", ".join(f"{name} = {value}" for name, value in job.question.pieces)
    title = _foreign(job.question.title) + (f" <small>{_foreign(pieces)}</small>" if pieces else "")
    count = f"{job.tally.count:,}" if job.tally else ""
    width = 100 * job.tally.count / highest if job.tally and highest else 0
    bar = f'<div style="height:.7em;width:{width:.1f}%;background:{BAR}"></div>'
    days = _span(job.question.start, job.question.end)
    return (
        f'<tr><td style="text-align:left;max-width:24em;overflow-wrap:anywhere">{title}</td>'
        f'<td style="text-align:left;white-space:nowrap;{NUMBERS}">{days}</td>'
        f'<td style="text-align:right;{NUMBERS}">{count}</td>'
        f'<td style="width:9em;min-width:5em" aria-hidden="true">{bar}</td>'
        f'<td style="text-align:left">{_sign(job)} {_state_html(job, now, live, short=True)}</td>'
        "</tr>"
    )


def _state(job: Job) -> str:
    match job.state:
        case State.WAITING:
            return f"waiting ({plain(job.note)})" if job.note else "waiting"
        case State.SUBMITTED:
            return _submitted(job)
        case State.SUCCESS:
            return f"done: {job.tally.count if job.tally else 0:,} profiles{_from_journal(job)}"
        case State.FAILED:
            return f"failed: {plain(job.error or 'no reason given')}"
        case State.CANCELLED:
            return "cancelled"
        case State.TIMED_OUT:
            return "timed out: '%ct resume' fetches it later"


def _submitted(job: Job) -> str:
    times = {0: "submitted", 1: "polled once"}.get(job.polls, f"polled {job.polls} times")
    return f"{times} ({plain(job.note)})" if job.note else times


def _from_journal(job: Job) -> str:
    return f", from the journal of {job.taken:%Y-%m-%d %H:%M} UTC" if job.taken else ""


def _looks_again(job: Job) -> bool:
    return job.due is not None and not job.state.ended


def _left(job: Job, now: float) -> int:
    return max(0, round((job.due or now) - now))


def _state_html(job: Job, now: float, live: bool, *, short: bool = False) -> str:
    words = "done" + _from_journal(job) if short and job.state is State.SUCCESS else _state(job)
    if not _looks_again(job):
        return f"<bdi>{escape(words)}</bdi>"
    left = _left(job, now)
    clock = f"{left} s"
    if live:
        style = f"--ct-magic-from:{left};--ct-magic-for:{left}s"
        clock = f'<span class="ct-magic-down" style="{style}"></span>'
    return f"<bdi>{escape(words)}</bdi>, next look in {clock}"


def _elapsed(jobs: Sequence[Job], now: float, live: bool) -> str:
    begun = min((job.began for job in jobs if job.began is not None), default=None)
    if begun is None:
        return ""
    if live and not all(job.state.ended for job in jobs):
        style = f"--ct-magic-from:{max(0, int(now - begun))}"
        return f' · <span class="ct-magic-up" style="{style}"></span>'
    until = max((job.ended for job in jobs if job.ended is not None), default=now)
    return f" · {_duration(until - begun)}"


def _sign(job: Job) -> str:
    colour = COLOURS.get(job.state, MUTED)
    return f'<span aria-hidden="true" style="color:{colour}">{SIGNS[job.state]}</span>'


def _foreign(text: str) -> str:
    # <bdi> keeps a right-to-left name from turning the rest of the line round.
    return f"<bdi>{escape(plain(text))}</bdi>"


def _span(start: date, end: date) -> str:
    return start.isoformat() if start == end else f"{start.isoformat()} to {end.isoformat()}"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 0.0):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
