"""How a run stands -> one piece of HTML, without scripts: what is asked, then how it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from typing import NamedTuple

from ..client.jobs import State
from ..row_results import RowResult, shared_error
from . import text as panel_text
from .charts import is_triangle, sparkline, triangle
from .coloured import coloured
from .standing import FINE, Standing, has_trouble, is_kept, last_news
from .style import (
    BAR,
    BOX,
    CLASS,
    CODE,
    DOUBT,
    HIDDEN,
    LIVE,
    MUTED,
    NUMBER_STYLE,
    SHEET,
    TRACK,
    WRONG,
    bar,
)
from .table_html import clock, foreign, state, table

IN_SIGHT = 8  # rows of a long table while it runs: those that changed last
UNFOLDED = 6  # rows that are shown without a disclosure when all is done
_MOST = 2000  # rows in the page; the DataFrame has all
SCROLLED = 12  # rows from which on an open disclosure scrolls
STATEMENTS = 12  # that are shown
_DAY = 86400  # seconds that a clock goes on by itself
SIDE = '<span style="color:{}">{}</span>'
_WHOLE = '<span style="display:inline-block">'
SAVED = "This was saved while it ran. Run the cell again: nothing is sent twice."
ANY_ORDER = "in any order: the service knows days, not sequences"
GOES_ON = "the service goes on counting"
_FETCH = "'%ct resume' fetches what it has counted"
MISSING = "run the cell again to ask for what is missing"
PARTS = {State.SUCCESS: BAR, State.FAILED: WRONG, State.TIMED_OUT: WRONG, State.CANCELLED: MUTED}


class Facts(NamedTuple):
    """What stands behind the head of a cell, joined by dots."""

    loud: str
    quiet: Sequence[str]


def html(standing: Standing, hint: str | None = None) -> str:
    """Return the whole card, still: what a page without widgets and a saved notebook show."""
    return (
        f'{SHEET}<div class="{CLASS}" role="group" aria-label="counts" style="{BOX}">'
        f"{_card(standing, live=False)}{below(standing, hint)}</div>"
    )


def saved(standing: Standing) -> str:
    """Return what a notebook that is saved meanwhile shows, whenever that is: no number."""
    count = len(standing.rows)
    head = "was counting" if count == 1 else f"{count:,} counts were under way"
    return (
        f'{SHEET}<div class="{CLASS}" role="group" aria-label="counts" style="{BOX}">'
        f'{_asked(standing)}<div class="ct-head"><b>{head}</b>'
        f"{SIDE.format(MUTED, SAVED)}</div></div>"
    )


def live(standing: Standing) -> str:
    """Return the card of a live panel, which has the frame: its clocks run by themselves."""
    # Dressed as the still card that replaces it, which is an output of the page's own.
    dress = f"{CLASS} ct-magic-live jp-RenderedHTMLCommon"
    return f'{SHEET}{LIVE}<div class="{dress}">{_card(standing, live=True)}</div>'


def below(standing: Standing, hint: str | None = None) -> str:
    """Return what is said below the rows: doubts, then notes."""
    doubts = "".join(
        f'<div><span style="color:{DOUBT}" aria-hidden="true">⚠</span> '
        f"<b>in doubt:</b> {foreign(doubt)}</div>"
        for doubt in standing.doubts
    )
    shared = any(row.row.base is not None for row in standing.rows)
    notes = [*([ANY_ORDER] if shared else []), *filter(None, [standing.note, hint])]
    noted = f'<div style="color:{MUTED}">{escape(" · ".join(notes))}</div>' if notes else ""
    return f'<div style="margin-top:6px">{doubts}{noted}</div>' if doubts or noted else ""


def live_region(standing: Standing) -> str:
    """Return what a screen reader says and nobody sees; to be shown when it has changed."""
    return f'<div role="status" style="{HIDDEN}">{escape(panel_text.spoken(standing))}</div>'


def in_sight(standing: Standing) -> Sequence[RowResult]:
    """Return the rows that a live panel shows: all, or of many those that changed last."""
    rows = standing.rows
    if len(rows) <= panel_text.ROWS:
        return rows
    newest = sorted(rows, key=lambda row: (has_trouble(row), last_news(row)), reverse=True)[
        :IN_SIGHT
    ]
    return sorted(newest, key=lambda row: row.row.number)


def _card(standing: Standing, *, live: bool) -> str:
    if len(standing.rows) == 1:
        return _asked(standing) + _one(standing, standing.rows[0], live)
    if not standing.over:
        return _asked(standing) + _running(standing, live)
    return _over(standing)


def _asked(standing: Standing) -> str:
    plan = standing.plan
    texts = plan.statements or tuple(dict.fromkeys(row.title for row in plan.rows))
    shown = texts[:STATEMENTS]
    more = [f"# and {len(texts) - STATEMENTS:,} more"] if len(texts) > STATEMENTS else []
    lines = "\n".join([coloured(text) for text in shown] + more)
    return f'<div><code class="ct-q" style="{CODE}">{lines}</code></div>'


def _one(standing: Standing, row: RowResult, live: bool) -> str:
    if row.count is None:
        stands = state(row, standing.now, live=live, short=False)
        took = f'<span class="ct-live">{_took(standing, live)}</span>' if live else ""
        rest = [*_unsaid_days(standing, row), took or _took(standing, live)]
        quiet = SIDE.format(MUTED, " · ".join(filter(None, rest)))
        return f'<div class="ct-head"><span>{stands}</span>{quiet}</div>'
    unit = "profile" if row.count == 1 else "profiles"
    rest = [unit, *_behind(row), *_unsaid_days(standing, row), *_versus(row)]
    done = [part for part in (_took(standing, live), panel_text.cache_note(standing)) if part]
    return (
        f'<div class="ct-head"><b style="font-size:28px;line-height:1.3;{NUMBER_STYLE}">'
        f"{row.count:,}</b>{SIDE.format(MUTED, ' · '.join(rest))}"
        f'<span style="color:{MUTED};margin-left:auto">{_tick()} {" · ".join(done)}</span></div>'
    )


def _unsaid_days(standing: Standing, row: RowResult) -> list[str]:
    typed = " ".join(standing.plan.statements)
    is_typed = row.row.start.isoformat() in typed and row.row.end.isoformat() in typed
    return [] if is_typed else [_days(row)]


def _behind(row: RowResult) -> list[str]:
    parts = {"events": row.events, "users": row.users, "devices": row.devices}
    return [f"{count:,} {unit}" for unit, count in parts.items() if count is not None]


def _versus(row: RowResult) -> list[str]:
    if row.previous is None:
        return []
    change = [] if row.change is None else [panel_text.change(row.change)]
    return [f"{row.previous:,} before", *change]


def _running(standing: Standing, live: bool) -> str:
    shown = in_sight(standing) if live else standing.rows[: panel_text.ROWS]
    rest = len(standing.rows) - len(shown)
    more = f'<div style="color:{MUTED};margin-top:4px">{rest:,} more rows</div>' if rest else ""
    return f"{_head(standing, live)}{_track(standing)}{table(standing, shown, live=live)}{more}"


def _over(standing: Standing) -> str:
    rows = standing.rows
    asked, head = _asked(standing), _head(standing, live=False)
    if reason := shared_error(rows):
        head += f'<div style="color:{WRONG}">✗ {foreign(reason)}</div>'
        rows = tuple(replace(row, error=None) for row in rows)
    if is_triangle(rows):
        return asked + head + triangle(rows, "cohort")
    lost = [row for row in rows if row.state not in FINE]
    few = len(rows) <= (panel_text.ROWS if lost else UNFOLDED)
    if few or any(row.row.base is not None for row in rows):
        return asked + head + (_scrolled(standing, rows) if rows else "")
    missing = table(standing, lost[:IN_SIGHT]) if lost else ""
    picture = f'<div class="ct-fold">{sparkline(rows)}</div>'
    folded = (
        f'<div style="display:flex;flex-wrap:wrap;gap:4px 18px;align-items:center">'
        f'<div style="min-width:0;flex:1 1 320px">{asked}{head}</div>{picture}</div>'
    )
    more = (
        f"<div>and {len(rows) - _MOST:,} more in the DataFrame</div>" if len(rows) > _MOST else ""
    )
    return (
        f"{folded}{missing}<details><summary>{len(rows):,} rows</summary>"
        f"{_scrolled(standing, rows[:_MOST])}{more}</details>"
    )


def _scrolled(standing: Standing, rows: Sequence[RowResult]) -> str:
    drawn = table(standing, rows)
    if len(rows) <= SCROLLED:
        return drawn
    return f'<div class="ct-scroll" tabindex="0" role="region" aria-label="all rows">{drawn}</div>'


def _head(standing: Standing, live: bool) -> str:
    facts = _facts(standing)
    quiet = [*facts.quiet, *filter(None, [_shared_days(standing)])]
    took = _took(standing, live)
    if took and live and not standing.over:
        took = f'<span class="ct-live">{took}</span>'
    parts = [*quiet, *filter(None, [took])]
    dots = [*[" ·"] * (len(parts) - 1), ""]
    # Whole where there is room for it, and no line begins with a dot.
    shown = " ".join(f"{_WHOLE}{part}{dot}</span>" for part, dot in zip(parts, dots, strict=False))
    sign = f"{_tick()} " if standing.over and not _lost(standing) else ""
    return (
        f'<div class="ct-head"><span>{sign}<b>{facts.loud}</b></span>'
        f"{SIDE.format(MUTED, shown)}</div>"
    )


def _facts(standing: Standing) -> Facts:
    done = f"{standing.tally[State.SUCCESS]:,} of {len(standing.rows):,} done"
    quiet = [*panel_text.groups(standing)]
    if _lost(standing):
        kept = any(map(is_kept, standing.rows))
        quiet.append(f"{GOES_ON}: {_FETCH}" if kept else MISSING)
    return Facts(done, [*quiet, *filter(None, [panel_text.time_left(standing), _cached(standing)])])


def _cached(standing: Standing) -> str:
    return escape(panel_text.cache_note(standing))


def _lost(standing: Standing) -> bool:
    return standing.over and any(row.state not in FINE for row in standing.rows)


def _track(standing: Standing) -> str:
    total, tally = len(standing.rows), standing.tally
    ended = sum(row.state.ended for row in standing.rows)
    parts = "".join(
        bar(100 * tally[state] / total, "4px", colour)
        for state, colour in PARTS.items()
        if tally[state]
    )
    asked = 100 * tally[State.SUBMITTED] / total
    pale = f'<div style="width:{asked:.1f}%;border-top:4px solid {TRACK}"></div>' if asked else ""
    return (
        f'<div role="progressbar" aria-label="counts that have ended" aria-valuemin="0" '
        f'aria-valuemax="{total}" aria-valuenow="{ended}" style="display:flex;height:4px;'
        f'margin:8px 0 2px;border-radius:2px;overflow:hidden;background:{TRACK}">'
        f"{parts}{pale}</div>"
    )


def _took(standing: Standing, live: bool) -> str:
    seconds = standing.seconds
    if seconds is None:
        return ""
    if not live or standing.over:
        return panel_text.duration(seconds)
    return _going(max(0, int(seconds)))


def _going(seconds: int) -> str:
    """Return a clock that goes on; in minutes when it says more than people count in seconds."""
    begun = f";--ct-magic-begun:-{seconds}s"
    if seconds < panel_text.MINUTES:
        return clock("up", 0, _DAY, _DAY, begun)
    return clock("up", 0, _DAY // 60, _DAY, f"{begun};--ct-magic-unit:'min'")


def _shared_days(standing: Standing) -> str:
    days = {_days(row) for row in standing.rows}
    return days.pop() if len(days) == 1 else ""


def _days(row: RowResult) -> str:
    return panel_text.span(row.row.start, row.row.end)


def _tick() -> str:
    return '<span aria-hidden="true" style="color:var(--jp-success-color1,#2e7d32)">✓</span>'
