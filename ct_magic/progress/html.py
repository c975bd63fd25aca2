"""Jobs + time -> one piece of HTML: a card for one count, a table for many; no scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ..client.jobs import State
from ..text_width import plain
from . import text as words
from .row_view import RowView as Job

# Colours of the front end's own theme, with a fallback for pages that have none.
MUTED = "var(--jp-ui-font-color2,#757575)"
PAGE = "var(--jp-layout-color0,#ffffff)"
BAR = "var(--jp-brand-color1,#1976d2)"
WRONG = "var(--jp-error-color1,#c62828)"
RIGHT = "var(--jp-success-color1,#2e7d32)"
# These are seen on white and on black, and need no theme: an untrusted notebook keeps no variable.
LINE = "rgba(128,128,128,.45)"
TRACK = "rgba(128,128,128,.3)"
SHARES = {
    State.SUCCESS: BAR,
    State.FAILED: WRONG,
    State.TIMED_OUT: WRONG,
    State.CANCELLED: MUTED,
}
COLOURS = {State.SUCCESS: RIGHT, State.FAILED: WRONG, State.TIMED_OUT: WRONG}
BOX = (
    f"border:1px solid {LINE};border-radius:6px;padding:8px 14px;margin:2px 0;"
    "box-sizing:border-box;max-width:900px;line-height:1.45;overflow-wrap:break-word"
)
CODE = "background:none;padding:0;white-space:pre-wrap"
TABLE = "width:100%;table-layout:auto;border-collapse:collapse;margin:0"
NUMBERS = "font-variant-numeric:tabular-nums"
SCROLLED = (
    'style="overflow:auto;max-height:40em" tabindex="0" role="region" aria-label="scrolled counts"'
)
WHOLE = "white-space:nowrap"
PADDING = 1  # em that a page leaves beside the letters of a cell, both sides together
WIDEST = 16  # letters of a query beside each other, however narrow its table is
# A page sets what stands between two dollars as a formula, also a query's `$low and $high`.
CLASS = "ct-magic mathjax_ignore tex2jax_ignore"
HIDDEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)"
# A page shows by a shade what has the focus and what is a button; forced colours have no shades.
OURS = ":is(.ct-magic-panel, .ct-magic-form)"
FOCUS = f"""
{OURS} :is(button, input, textarea, pre, [tabindex]):focus-visible {{
  outline:2px solid {BAR} !important;outline-offset:0 }}
@media (forced-colors:active) {{ {OURS} button {{ border:1px solid }} }}"""
# What only a live panel has: its frame, and a countdown that needs no messages: the browser
# animates a whole number down to nothing.
STYLE = f"""<style>{FOCUS}
.ct-magic-panel {{ {BOX};overflow:hidden }}
.ct-magic-panel .widget-html-content {{ min-width:0 }}
.ct-magic.ct-magic-live {{ padding:0;line-height:1.45 }}
.ct-magic-head {{ position:sticky;top:0;background:{PAGE};padding-bottom:2px }}
@property --ct-magic-n {{ syntax: "<integer>"; initial-value: 0; inherits: false; }}
@keyframes ct-magic-count {{ from {{ --ct-magic-n: var(--ct-magic-from); }}
  to {{ --ct-magic-n: var(--ct-magic-to); }} }}
.ct-magic-down::after, .ct-magic-up::after {{
  animation: ct-magic-count var(--ct-magic-for) linear var(--ct-magic-begun, 0s) forwards;
  counter-reset: ct-magic-n var(--ct-magic-n);
  content: counter(ct-magic-n) "\\a0" var(--ct-magic-unit, "s"); }}
</style>"""
DAY = 86400  # seconds that a clock goes on by itself


@dataclass(frozen=True, slots=True)
class Columns:
    """What the rows of a table show: what all of them share is said once, above."""

    named: bool
    dated: bool
    pieces: str
    width: float  # of what was asked, in em
    bars: int  # how wide they are, in percent: long queries need the room
    highest: int


def html(jobs: Sequence[Job], now: float, note: str | None = None, *, live: bool = False) -> str:
    """Draw it: one count as a card, many as a table.

    `live` is for a panel that is replaced every second: clocks that run by themselves, and no
    frame, which is the panel's.
    """
    inner = _one(jobs[0], now, live) if len(jobs) == 1 else _many(jobs, now, live)
    said = f'<div style="color:{MUTED}">{escape(note)}</div>' if note else ""
    if live:
        # Dressed as the still card that replaces it, which is an output of the page's own.
        dress = f"{CLASS} ct-magic-live jp-RenderedHTMLCommon"
        return f'{STYLE}<div class="{dress}">{inner}{said}</div>'
    return (
        f'<div class="{CLASS}" role="group" aria-label="counts" style="{BOX}">{inner}{said}</div>'
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
        f"{_code(job.question.text)}{number}"
        f"<div>{_sign(job)} {_state_html(job, now, live)}"
        f'<span style="color:{MUTED}">{_days(job)}{_elapsed([job], now, live)}</span></div>'
    )


def _many(jobs: Sequence[Job], now: float, live: bool) -> str:
    columns = _columns(jobs)
    shared = "" if columns.named else _code(jobs[0].question.title)
    days = "" if columns.dated else _days(jobs[0])
    frame = SCROLLED if len(jobs) > words.ROWS and not live else 'style="overflow:auto"'
    return (
        f'<div class="ct-magic-head">{shared}<div><b>{words.summary(jobs, now)}</b>'
        f'<span style="color:{MUTED}">{days}{_elapsed(jobs, now, live)}</span></div>'
        f"{_track(jobs)}</div>"
        f"<div {frame}>{_table(jobs, now, live, columns)}</div>"
    )


def _columns(jobs: Sequence[Job]) -> Columns:
    asked = [job.question for job in jobs]
    named = len({question.title for question in asked}) > 1
    pieces = plain(", ".join(column for column, _ in asked[0].pieces))
    longest = max(len(_asked_for(job, named)) for job in jobs)
    highest = max((job.tally.count for job in jobs if job.tally), default=0)
    dated = len({(question.start, question.end) for question in asked}) > 1
    bars = 25 if longest > WIDEST else 40
    return Columns(named, dated, pieces, 0.6 * min(longest, WIDEST) + PADDING, bars, highest)


def _track(jobs: Sequence[Job]) -> str:
    ended = sum(job.state.ended for job in jobs)
    counts = Counter(job.state for job in jobs)
    parts = "".join(
        _bar(100 * counts[state] / len(jobs), "4px", colour)
        for state, colour in SHARES.items()
        if counts[state]
    )
    return (
        f'<div role="progressbar" aria-label="counts that have ended" aria-valuemin="0" '
        f'aria-valuemax="{len(jobs)}" aria-valuenow="{ended}" style="display:flex;height:4px;'
        f'margin:6px 0;border-radius:2px;overflow:hidden;background:{TRACK}">{parts}</div>'
    )


def _bar(percent: float, height: str, colour: str) -> str:
    # A border and no background: it is printed, too, and seen where a system forces its colours.
    plain = colour.rstrip(")").rpartition(",")[2]
    drawn = f"border-top:{height} solid {plain};border-color:{colour}"
    return f'<div style="width:{percent:.1f}%;{drawn}"></div>'


def _table(jobs: Sequence[Job], now: float, live: bool, columns: Columns) -> str:
    asked = "query" if columns.named else columns.pieces
    heads = ["#", *filter(None, [asked, "days" if columns.dated else ""]), "profiles", "", "state"]
    cells = "".join(map(_head, heads))
    rows = "".join(_row(job, now, live, columns) for job in jobs)
    return (
        f'<table aria-label="counts" style="{TABLE}"><thead><tr>{cells}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _head(text: str) -> str:
    side = "right" if text in ("#", "profiles") else "left"
    return f'<th scope="col" style="text-align:{side}">{escape(text)}</th>' if text else "<td></td>"


def _row(job: Job, now: float, live: bool, columns: Columns) -> str:
    count = f"{job.tally.count:,}" if job.tally else ""
    width = 100 * job.tally.count / columns.highest if job.tally and columns.highest else 0
    days = (
        f'<td style="text-align:left;{WHOLE};{NUMBERS}">{_span(job)}</td>' if columns.dated else ""
    )
    return (
        f'<tr><td style="text-align:right;width:1%;color:{MUTED};{NUMBERS}">{job.number + 1}</td>'
        f"{_asked(job, columns)}{days}"
        f'<td style="text-align:right;width:1%;{NUMBERS}">{count}</td>'
        f'<td style="width:{columns.bars}%;min-width:2em" aria-hidden="true">'
        f"{_bar(width, '.7em', BAR)}</td>"
        f'<td style="text-align:left;min-width:6em;overflow-wrap:anywhere">{_sign(job)} '
        f"{_state_html(job, now, live, short=True)}</td></tr>"
    )


def _asked(job: Job, columns: Columns) -> str:
    if not (columns.named or columns.pieces):
        return ""
    text = _foreign(_asked_for(job, columns.named))
    if columns.named and job.question.pieces:
        said = ", ".join(f"{column} = {value}" for column, value in job.question.pieces)
        text += f" <small>{_foreign(said)}</small>"
    style = f"text-align:left;min-width:{columns.width:g}em;max-width:24em;overflow-wrap:anywhere"
    return f'<td style="{style}">{text}</td>'


def _asked_for(job: Job, named: bool) -> str:
    pieces = ", ".join(str(value) for _, value in job.question.pieces)
    return job.question.title if named else pieces


def _state_html(job: Job, now: float, live: bool, *, short: bool = False) -> str:
    if not words.looks_again(job):
        return f"<bdi>{escape(_short(job) if short else _ending(job))}</bdi>"
    left = words.next_look(job, now)
    clock = _clock("down", left, 0, left) if live else f"{left} s"
    said = f'<span style="{WHOLE}">in {clock}</span>'
    return f"<bdi>{escape(words.phase(job))}</bdi>, next look {said}"


def _clock(way: str, begin: int, end: int, seconds: int, more: str = "") -> str:
    style = f"--ct-magic-from:{begin};--ct-magic-to:{end};--ct-magic-for:{seconds}s{more}"
    return f'<span class="ct-magic-{way}" style="{style}"></span>'


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
        return _beside(_running(max(0, int(now - begun))))
    until = max((job.ended for job in jobs if job.ended is not None), default=now)
    return _beside(words.duration(until - begun))


def _running(seconds: int) -> str:
    """Draw a clock that goes on; in minutes when it says more than people count in seconds."""
    begun = f";--ct-magic-begun:-{seconds}s"
    if seconds < words.MINUTES:
        return _clock("up", 0, DAY, DAY, begun)
    return _clock("up", 0, DAY // 60, DAY, f"{begun};--ct-magic-unit:'min'")


def _days(job: Job) -> str:
    return _beside(_span(job))


def _span(job: Job) -> str:
    return words.span(job.question.start, job.question.end)


def _beside(text: str) -> str:
    return f' <span style="{WHOLE}">· {text}</span>'


def _code(text: str) -> str:
    return f'<div><code style="{CODE}">{_foreign(text)}</code></div>'


def _sign(job: Job) -> str:
    colour = COLOURS.get(job.state, MUTED)
    return f'<span aria-hidden="true" style="color:{colour}">{words.SIGNS[job.state]}</span>'


def _foreign(text: str) -> str:
    # <bdi> keeps a right-to-left name from turning the rest of the line round.
    return f"<bdi>{escape(plain(text))}</bdi>"
