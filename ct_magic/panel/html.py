"""How a run stands -> one piece of HTML, without scripts: what is asked, then how it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from html import escape

from ct_magic.client.jobs import State
from ct_magic.common.words import change, counted, duration
from ct_magic.panel import text as panel_text
from ct_magic.panel.standing import FINE, Standing, has_trouble, is_kept, last_news
from ct_magic.panel.style import (
    BAR,
    BOX,
    CLASS,
    CODE,
    DOUBT,
    HIDDEN,
    INK,
    LIVE,
    MUTED,
    NUMBER_STYLE,
    RIGHT,
    SHEET,
    TRACK,
    WRONG,
    bar,
    coloured,
    unbroken,
)
from ct_magic.panel.table_html import (
    clock,
    foreign,
    is_drawn_as_triangle,
    is_triangle,
    sparklines,
    state,
    table,
    triangle,
)
from ct_magic.planning.row_results import RowResult, shared_error
from ct_magic.rows import days

IN_SIGHT = 8  # rows of a long table while it runs: those that changed last
UNFOLDED = 8  # rows that are shown without a disclosure when all is done: a week, two months
_MOST = 200  # rows in the page, which are some 100 kB; the DataFrame has all
SCROLLED = 12  # rows from which on an open disclosure scrolls
STATEMENTS = 12  # that are shown
_DAY = 86400  # seconds that a clock goes on by itself
SIDE = '<span style="color:{}">{}</span>'
_PART = '<span class="ct-part" style="display:inline-block">'
SAVED = "This was saved while it ran. Run the cell again: nothing is sent twice."
ANY_ORDER = "in any order: the service knows days, not sequences"
FETCH = "The service goes on counting: '%ct resume' fetches what it has counted."
MISSING = "Run the cell again to ask for what is missing."
PARTS = {State.SUCCESS: BAR, State.FAILED: WRONG, State.TIMED_OUT: WRONG, State.CANCELLED: MUTED}


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
        f'{_query(standing)}<div class="ct-head"><b>{head}</b> '
        f"{SIDE.format(MUTED, SAVED)}</div></div>"
    )


def live(standing: Standing) -> str:
    """Return the card of a live panel, which has the frame: its clocks run by themselves."""
    # Dressed as the still card that replaces it, which is an output of the page's own.
    dress = f"{CLASS} ct-magic-live jp-RenderedHTMLCommon"
    return f'{SHEET}{LIVE}<div class="{dress}">{_card(standing, live=True)}</div>'


def below(standing: Standing, hint: str | None = None) -> str:
    """Return what is said below the rows: doubts, then notes."""
    doubts = "".join(map(doubted, standing.doubts))
    shared = any(row.row.base is not None for row in standing.rows)
    note = None if is_folded(standing) else standing.note
    notes = [*([ANY_ORDER] if shared else []), *filter(None, [note, hint])]
    noted = f'<div style="color:{MUTED}">{_joined(map(escape, notes))}</div>' if notes else ""
    return f'<div style="margin-top:6px">{doubts}{noted}</div>' if doubts or noted else ""


def doubted(doubt: str) -> str:
    """Return a line on what the service may ignore silently."""
    sign = f'<span style="color:{DOUBT}" aria-hidden="true">⚠</span>'
    return f"<div>{sign} <b>in doubt:</b> {foreign(doubt)}</div>"


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


def is_folded(standing: Standing) -> bool:
    """Return True for a card whose rows are behind a disclosure."""
    rows = standing.rows
    few = panel_text.ROWS if _lost(standing) else UNFOLDED
    shares = any(row.row.base is not None for row in rows)
    return standing.over and len(rows) > few and not shares


def _card(standing: Standing, *, live: bool) -> str:
    if len(standing.rows) == 1:
        return _query(standing) + _one(standing, standing.rows[0], live)
    if not standing.over:
        return _query(standing) + _running(standing, live)
    return _over(standing)


def _query(standing: Standing) -> str:
    plan = standing.plan
    texts = plan.statements or tuple(dict.fromkeys(row.title for row in plan.rows))
    shown = texts[:STATEMENTS]
    more = [f"# and {len(texts) - STATEMENTS:,} more"] if len(texts) > STATEMENTS else []
    lines = "\n".join([coloured(text) for text in shown] + more)
    return f'<div class="ct-asked"><code class="ct-q" style="{CODE}">{lines}</code></div>'


def _one(standing: Standing, row: RowResult, live: bool) -> str:
    if row.count is None:
        stands = state(row, standing.now, live=live, short=False)
        took = f'<span class="ct-live">{_took(standing, live)}</span>' if live else ""
        rest = [*_unsaid_days(standing, row), took or _took(standing, live)]
        quiet = SIDE.format(MUTED, unbroken(" · ".join(filter(None, rest))))
        return f'<div class="ct-head ct-one"><span>{stands}</span> {quiet}</div>'
    unit = counted(row.count, "profile").partition(" ")[2]
    rest = [f"{unit}{_versus(row)}", *_behind(row), *_unsaid_days(standing, row)]
    done = filter(None, [_took(standing, live), _cached(standing)])
    # The count has arrived; what it is compared with may not have.
    stands = f"{_tick()} {' · '.join(done)}"
    if not row.state.ended:
        stands = state(row, standing.now, live=live)
    return (
        f'<div class="ct-head ct-one"><b style="font-size:28px;line-height:1.3;{NUMBER_STYLE}">'
        f'{row.count:,}</b> <span class="ct-rest" style="color:{MUTED}">{_joined(rest)}</span> '
        f'<span style="color:{MUTED};margin-left:auto">{stands}</span></div>'
    )


def _joined(parts: Iterable[str]) -> str:
    """Return parts with dots between, each whole where there is room, none begun with a dot."""
    known = [unbroken(part) for part in parts if part]
    dots = [*[" ·"] * (len(known) - 1), ""]
    return " ".join(f"{_PART}{part}{dot}</span>" for part, dot in zip(known, dots, strict=False))


def _unsaid_days(standing: Standing, row: RowResult) -> list[str]:
    typed = " ".join(standing.plan.statements)
    is_typed = row.row.start.isoformat() in typed and row.row.end.isoformat() in typed
    return [] if is_typed else [days(row.row)]


def _behind(row: RowResult) -> list[str]:
    # One user and one device for each profile is the usual, and no news.
    split = {"users": row.users, "devices": row.devices}
    parts = {unit: count for unit, count in split.items() if count != row.count}
    known = {"events": row.events if row.count else None} | parts
    return [f"{count:,} {unit}" for unit, count in known.items() if count is not None]


def _versus(row: RowResult) -> str:
    words = panel_text.versus(row)
    if row.change is None:
        return words
    bold = change(row.change)
    return words.replace(bold, f'<b style="color:{INK}">{bold}</b>', 1)


def _running(standing: Standing, live: bool) -> str:
    begin = f"{_head(standing, live)}{_track(standing)}"
    rows = standing.rows
    if is_drawn_as_triangle(rows):
        worst = next((row for row in rows if has_trouble(row)), None)
        trouble = state(worst, standing.now, live=live) if worst else ""
        return f'{begin}{triangle(rows, "cohort")}<div class="ct-state">{trouble}</div>'
    shown = in_sight(standing) if live else rows[: panel_text.ROWS]
    rest = len(rows) - len(shown)
    more = f'<div style="color:{MUTED};margin-top:4px">{rest:,} more rows</div>' if rest else ""
    return f"{begin}{table(standing, shown, live=live)}{more}"


def _over(standing: Standing) -> str:
    rows = standing.rows
    query, head = _query(standing), _head(standing, live=False)
    if lost := [row for row in rows if row.state not in FINE]:
        do = FETCH if any(map(is_kept, rows)) else MISSING
        head += f'<div style="color:{MUTED}">{do}</div>'
    if reason := shared_error(rows):
        head += f'<div style="color:{WRONG}">✗ {foreign(reason)}</div>'
        rows = tuple(replace(row, error=None) for row in rows)
    if is_triangle(rows):
        return query + head + triangle(rows, "cohort")
    if not is_folded(standing):
        return query + head + (_scrolled(standing, rows) if rows else "")
    missing = table(standing, lost[:IN_SIGHT]) if lost else ""
    picture = sparklines(rows)
    folded = f'<div class="ct-over"><div>{query}{head}</div><div class="ct-fold">{picture}</div>'
    return (
        f"{folded}</div>{missing}<details><summary>{len(rows):,} rows</summary>"
        f"{_scrolled(standing, rows)}</details>"
    )


def _scrolled(standing: Standing, rows: Sequence[RowResult]) -> str:
    drawn = table(standing, rows[:_MOST])
    if len(rows) <= SCROLLED:
        return drawn
    left = len(rows) - _MOST
    more = f"<div>and {left:,} more in the DataFrame</div>" if left > 0 else ""
    name = f"the first {_MOST} rows" if more else "all rows"
    return (
        f'<div class="ct-scroll" tabindex="0" role="region" aria-label="{name}">{drawn}</div>{more}'
    )


def _head(standing: Standing, live: bool) -> str:
    took = _took(standing, live)
    if took and live and not standing.over:
        took = f'<span class="ct-live">{took}</span>'
    loud = f"{standing.tally[State.SUCCESS]:,} of {len(standing.rows):,} done"
    quiet = [
        *panel_text.groups(standing),
        panel_text.time_left(standing),
        _cached(standing),
        _shared_days(standing),
        took,
        escape(standing.note or "") if is_folded(standing) else "",
    ]
    # Behind the words, which so stay where they were.
    sign = f" {_tick()}" if standing.over and not _lost(standing) else ""
    return (
        f'<div class="ct-head"><span><b>{loud}</b>{sign}</span> '
        f'<span class="ct-rest" style="color:{MUTED}">{_joined(quiet)}</span></div>'
    )


def _cached(standing: Standing) -> str:
    option, rest = panel_text.REFRESH.split(" ", 1)
    note = escape(panel_text.cache_note(standing))
    # Not broken behind its first hyphen.
    return note.replace(panel_text.REFRESH, f"{_PART}{option}</span> {rest}")


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
    width = 100 * tally[State.SUBMITTED] / total
    # No border: forced colours would make it as bright as what is done.
    pale = f'<div style="width:{width:.1f}%;background:{TRACK}"></div>' if width else ""
    return (
        f'<div class="ct-track" role="progressbar" aria-label="counts that have ended" '
        f'aria-valuemin="0" aria-valuemax="{total}" aria-valuenow="{ended}" style="display:flex;'
        f'height:4px;margin:6px 0 0;border-radius:2px;overflow:hidden;background:{TRACK}">'
        f"{parts}{pale}</div>"
    )


def _took(standing: Standing, live: bool) -> str:
    seconds = standing.seconds
    if seconds is None:
        return ""
    if not live or standing.over:
        return duration(seconds)
    return _going(max(0, int(seconds)))


def _going(seconds: int) -> str:
    """Return a clock that goes on; in minutes when it says more than people count in seconds."""
    begun = f";--ct-magic-begun:-{seconds}s"
    if seconds < panel_text.MINUTES:
        return clock("up", 0, _DAY, _DAY, begun)
    return clock("up", 0, _DAY // 60, _DAY, f"{begun};--ct-magic-unit:'min'")


def _shared_days(standing: Standing) -> str:
    spans = {days(row.row) for row in standing.rows}
    return spans.pop() if len(spans) == 1 else ""


def _tick() -> str:
    return f'<span aria-hidden="true" style="color:{RIGHT}">✓</span>'
