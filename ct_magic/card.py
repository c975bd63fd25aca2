"""Jobs + time -> one piece of HTML: a card for one count, a table for many; no scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape

from . import words
from .job import Job, State

# Colours of the front end's own theme, with a fallback for pages that have none.
MUTED = "var(--jp-ui-font-color2,#757575)"
PAGE = "var(--jp-layout-color0,#ffffff)"
LINE = "var(--jp-border-color2,#bdbdbd)"
BAR = "var(--jp-brand-color1,#1976d2)"
TRACK = "var(--jp-layout-color3,#e0e0e0)"
SHARES = {
    State.SUCCESS: BAR,
    State.FAILED: "var(--jp-error-color1,#c62828)",
    State.TIMED_OUT: "var(--jp-error-color1,#c62828)",
    State.CANCELLED: MUTED,
}
COLOURS = {
    State.SUCCESS: "var(--jp-success-color1,#2e7d32)",
    State.FAILED: "var(--jp-error-color1,#c62828)",
    State.TIMED_OUT: "var(--jp-error-color1,#c62828)",
}
BOX = f"border:1px solid {LINE};border-radius:6px;padding:8px 14px;margin:2px 0;max-width:64em"
TABLE = "width:100%;table-layout:auto;border-collapse:collapse;margin:0"
NUMBERS = "font-variant-numeric:tabular-nums"
HIDDEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)"
# What only a live panel has: its frame, and a countdown that needs no messages: the browser
# animates a whole number down to nothing.
STYLE = f"""<style>
.ct-magic-panel {{ {BOX};overflow:hidden }}
.ct-magic td, .ct-magic th {{ padding:1px 8px }}
.ct-magic-head {{ position:sticky;top:0;background:{PAGE};padding-bottom:2px }}
@property --ct-magic-s {{ syntax: "<integer>"; initial-value: 0; inherits: false; }}
@keyframes ct-magic-down {{ from {{ --ct-magic-s: var(--ct-magic-from); }}
  to {{ --ct-magic-s: 0; }} }}
@keyframes ct-magic-up {{ from {{ --ct-magic-s: var(--ct-magic-from); }}
  to {{ --ct-magic-s: calc(var(--ct-magic-from) + 86400); }} }}
.ct-magic-down::after, .ct-magic-up::after {{
  counter-reset: ct-magic-s var(--ct-magic-s); content: counter(ct-magic-s) " s"; }}
.ct-magic-down::after {{ animation: ct-magic-down var(--ct-magic-for) linear forwards; }}
.ct-magic-up::after {{ animation: ct-magic-up 86400s linear forwards; }}
</style>"""


def html(jobs: Sequence[Job], now: float, note: str | None = None, *, live: bool = False) -> str:
    """Draw it: one count as a card, many as a table.

    `live` is for a panel that is replaced every second: clocks that run by themselves, and no
    frame, which is the panel's.
    """
    inner = _one(jobs[0], now, live) if len(jobs) == 1 else _many(jobs, now, live)
    said = f'<div style="color:{MUTED}">{escape(note)}</div>' if note else ""
    if live:
        return f'{STYLE}<div class="ct-magic">{inner}{said}</div>'
    return (
        f'<div class="ct-magic" role="group" aria-label="counts" style="{BOX}">{inner}{said}</div>'
    )


def live_region(jobs: Sequence[Job]) -> str:
    """Give what a screen reader says and nobody sees; to be shown when it has changed."""
    return f'<div role="status" style="{HIDDEN}">{escape(words.spoken(jobs))}</div>'


def _one(job: Job, now: float, live: bool) -> str:
    number = ""
    if job.tally is not None:
        number = (
            f'<div style="font-size:2em;line-height:1.3;{NUMBERS}"><b>{job.tally.count:,}</b> '
            f'<span style="font-size:.5em;color:{MUTED}">profiles</span></div>'
        )
    return (
        f"<div><code>{_foreign(job.question.text)}</code></div>{number}"
        f"<div>{_sign(job)} {_state_html(job, now, live)} "
        f'<span style="color:{MUTED}">· {words.span(job.question.start, job.question.end)}'
        f"{_elapsed([job], now, live)}</span></div>"
    )


def _many(jobs: Sequence[Job], now: float, live: bool) -> str:
    titles = {job.question.title for job in jobs}
    # What every row would repeat stands once above them.
    shared = f"<div><code>{_foreign(*titles)}</code></div>" if len(titles) == 1 else ""
    scroll = "max-height:40em;overflow:auto" if len(jobs) > words.ROWS and not live else ""
    return (
        f'<div class="ct-magic-head">{shared}<div><b>{words.summary(jobs, now)}</b>'
        f'<span style="color:{MUTED}">{_elapsed(jobs, now, live)}</span></div>'
        f"{_track(jobs)}</div>"
        f'<div style="{scroll}">{_table(jobs, now, live, named=not shared)}</div>'
    )


def _track(jobs: Sequence[Job]) -> str:
    ended = sum(job.state.ended for job in jobs)
    counts = Counter(job.state for job in jobs)
    parts = "".join(
        f'<div style="width:{100 * counts[state] / len(jobs):.1f}%;background:{colour}"></div>'
        for state, colour in SHARES.items()
        if counts[state]
    )
    return (
        f'<div role="progressbar" aria-label="counts that have ended" aria-valuemin="0" '
        f'aria-valuemax="{len(jobs)}" aria-valuenow="{ended}" style="display:flex;height:4px;'
        f'margin:6px 0;border-radius:2px;overflow:hidden;background:{TRACK}">{parts}</div>'
    )


def _table(jobs: Sequence[Job], now: float, live: bool, *, named: bool) -> str:
    pieces = ", ".join(column for column, _ in jobs[0].question.pieces)
    asked = "query" if named else words.plain(pieces)
    heads = ["#", *([asked] if asked else []), "days", "profiles", "", "state"]
    cells = "".join(_head(head) for head in heads)
    highest = max((job.tally.count for job in jobs if job.tally), default=0)
    rows = "".join(_row(job, highest, now, live, named if asked else None) for job in jobs)
    return (
        f'<table aria-label="counts" style="{TABLE}"><thead><tr>{cells}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _head(text: str) -> str:
    side = "right" if text in ("#", "profiles") else "left"
    return f'<th scope="col" style="text-align:{side}">{escape(text)}</th>'


def _row(job: Job, highest: int, now: float, live: bool, named: bool | None) -> str:
    count = f"{job.tally.count:,}" if job.tally else ""
    width = 100 * job.tally.count / highest if job.tally and highest else 0
    bar = f'<div style="height:.7em;width:{width:.1f}%;background:{BAR}"></div>'
    days = words.span(job.question.start, job.question.end)
    return (
        f'<tr><td style="text-align:right;width:1%;color:{MUTED};{NUMBERS}">{job.number + 1}</td>'
        f"{_asked(job, named)}"
        f'<td style="text-align:left;white-space:nowrap;{NUMBERS}">{days}</td>'
        f'<td style="text-align:right;width:1%;{NUMBERS}">{count}</td>'
        f'<td style="width:35%;min-width:5em" aria-hidden="true">{bar}</td>'
        f'<td style="text-align:left;min-width:7em">{_sign(job)} '
        f"{_state_html(job, now, live, short=True)}</td></tr>"
    )


def _asked(job: Job, named: bool | None) -> str:
    if named is None:
        return ""
    pieces = job.question.pieces
    text = _foreign(", ".join(str(value) for _, value in pieces))
    if named:
        said = ", ".join(f"{column} = {value}" for column, value in pieces)
        text = _foreign(job.question.title) + (f" <small>{_foreign(said)}</small>" if said else "")
    return f'<td style="text-align:left;max-width:24em;overflow-wrap:anywhere">{text}</td>'


def _state_html(job: Job, now: float, live: bool, *, short: bool = False) -> str:
    if not words.looks_again(job):
        return f"<bdi>{escape(_short(job) if short else _ending(job))}</bdi>"
    left = words.next_look(job, now)
    clock = f"{left} s"
    if live:
        style = f"--ct-magic-from:{left};--ct-magic-for:{left}s"
        clock = f'<span class="ct-magic-down" style="{style}"></span>'
    return f"<bdi>{escape(words.phase(job))}</bdi>, next look in {clock}"


def _ending(job: Job) -> str:
    # The number itself stands beside it, large.
    return f"done{words.from_journal(job)}" if job.state is State.SUCCESS else words.phase(job)


def _short(job: Job) -> str:
    unsaid = job.state in (State.CANCELLED, State.TIMED_OUT)
    return words.WORDS[job.state] if unsaid else _ending(job)


def _elapsed(jobs: Sequence[Job], now: float, live: bool) -> str:
    begun = min((job.began for job in jobs if job.began is not None), default=None)
    if begun is None:
        return ""
    if live and not all(job.state.ended for job in jobs):
        style = f"--ct-magic-from:{max(0, int(now - begun))}"
        return f' · <span class="ct-magic-up" style="{style}"></span>'
    until = max((job.ended for job in jobs if job.ended is not None), default=now)
    return f" · {words.duration(until - begun)}"


def _sign(job: Job) -> str:
    colour = COLOURS.get(job.state, MUTED)
    return f'<span aria-hidden="true" style="color:{colour}">{words.SIGNS[job.state]}</span>'


def _foreign(text: str) -> str:
    # <bdi> keeps a right-to-left name from turning the rest of the line round.
    return f"<bdi>{escape(words.plain(text))}</bdi>"
