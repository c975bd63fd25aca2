"""The state of a run -> one piece of HTML, without scripts: what is asked, then its state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from html import escape

from ct_magic.client.jobs import State
from ct_magic.common import words
from ct_magic.common.words import change, counted, duration, interval, plain, share
from ct_magic.panel import text as panel_text
from ct_magic.panel.standing import Standing, has_trouble, last_news
from ct_magic.panel.style import (
    AREA,
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
)
from ct_magic.panel.tables import clock, foreign, grid_as_html, is_grid, rows_as_html, state
from ct_magic.planning.row_results import RowResult, shared_error

IN_SIGHT = 8  # rows of a long table while it runs: those that changed last
IN_TROUBLE = 3  # of them at most
DRAWN = 250  # cells of a grid that is drawn anew while it fills
_MOST = 200  # rows in the page; the DataFrame has all
SCROLLED = 12  # rows from which on an open disclosure scrolls
_DAY = 86400  # seconds that a clock goes on by itself
SIDE = '<span style="color:{}">{}</span>'
TODO = "{}: what was sent is fetched, the rest is asked."
PARTS = {State.SUCCESS: "#1976d2", State.FAILED: "#c62828", State.TIMED_OUT: "#c62828"}


def html(standing: Standing, hint: str | None = None) -> str:
    """Return the whole card, still: what a page without widgets and a saved notebook show."""
    return _framed(f"{_card(standing, live=False)}{below(standing, hint)}")


def saved(standing: Standing) -> str:
    """Return what a notebook that is saved meanwhile shows, whenever that is: no number."""
    count = len(standing.rows)
    head = "was counting" if count == 1 else f"{count:,} counts were under way"
    use = escape(standing.about.name or "")
    do = TODO.format(f"Run %ct use {use}, then this cell" if use else "Run the cell again")
    # The labextension says it, too, where a kernel ends.
    return _framed(
        f'{_query_html(standing)}<div class="ct-head"><b>{head}</b></div> <div class="ct-reason" '
        f'data-todo="{do}">This was saved while it ran. {do}</div>{_meta(standing, live=False)}'
    )


def _framed(card: str) -> str:
    return (
        f'{SHEET}<div class="{CLASS}" role="group" aria-label="counts" style="{BOX}">{card}</div>'
    )


def live(standing: Standing) -> str:
    """Return the card of a live panel, which has the frame: its clocks run by themselves."""
    # Dressed as the still card that replaces it, which is an output of the page's own.
    dress = f"{CLASS} ct-magic-live jp-RenderedHTMLCommon"
    return f'<div class="{dress}">{_card(standing, live=True)}</div>'


def live_below(standing: Standing) -> str:
    """Return what is below a live card, with the sheets that the whole panel needs."""
    dress = f"{CLASS} ct-magic-live jp-RenderedHTMLCommon"
    return f'{SHEET}{LIVE}<div class="{dress}">{below(standing, live=not standing.over)}</div>'


def below(standing: Standing, hint: str | None = None, *, live: bool = False) -> str:
    """Return what is said below the rows: doubts, then notes, then the line of five facts."""
    doubts = "".join(map(doubted, standing.doubts))
    notes = [*panel_text.notes_of(standing), *([hint] if hint else [])]
    noted = f'<div style="color:{MUTED}">{_joined(map(escape, notes))}</div>' if notes else ""
    said = f'<div style="margin-top:6px">{doubts}{noted}</div>' if doubts or noted else ""
    return said + _meta(standing, live)


def _meta(standing: Standing, live: bool) -> str:
    """Return whom it asks, which days, how many counts, how many of them from when, how long."""
    seconds = standing.seconds
    took = "" if seconds is None else _going(seconds) if live else duration(seconds)
    questions = len(standing.plan.questions) + standing.about.left_out
    facts = [
        escape(standing.about.account or ""),
        _days(standing),
        counted(questions, "count"),
        panel_text.from_when(standing),
        f'<span class="ct-live">{took}</span>' if live and took else took,
    ]
    title = f' title="{panel_text.REFRESH}"' if facts[3] else ""
    spans = [f"<span{title if n == 3 else ''}>{fact}</span>" for n, fact in enumerate(facts)]
    # `ask anew` asks this account, whichever is in use by then.
    asked = f'data-account="{escape(standing.about.name or "default")}"'
    return f'<div class="ct-meta" {asked} style="color:{MUTED}">{" ".join(spans)}</div>'


def _days(standing: Standing) -> str:
    rows = [row.row for row in standing.rows]
    others = {(row.previous.start, row.previous.end) for row in rows if row.previous}
    spans = [(row.start, row.end) for row in rows]
    known = [(start, end) for start, end in others if start is not None and end is not None]
    ends = [
        (min(start for start, _ in some), max(end for _, end in some))
        for some in (spans, known)
        if some
    ]
    years = {day.year for end in ends for day in end}
    parts = [words.span(*end, year=end is ends[-1] or len(years) > 1) for end in ends]
    return " against ".join(parts)


def doubted(doubt: str) -> str:
    """Return a line on what the service may ignore silently."""
    sign = f'<span style="color:{DOUBT}" aria-hidden="true">⚠</span>'
    return f"<div>{sign} <b>in doubt:</b> {foreign(doubt)}</div>"


def live_region(standing: Standing) -> str:
    """Return what a screen reader says and nobody sees; to be shown when it has changed."""
    return f'<div role="status" style="{HIDDEN}">{escape(panel_text.spoken(standing))}</div>'


def in_sight(standing: Standing) -> Sequence[RowResult]:
    """Return the rows that a live panel shows: all, or of many those that changed last.

    At most three of these are in trouble: of what all wait for, the head speaks.
    """
    rows = standing.rows
    if len(rows) <= panel_text.ROWS:
        return rows
    newest = sorted(rows, key=last_news, reverse=True)
    troubled = [row for row in newest if has_trouble(row)][:IN_TROUBLE]
    calm = [row for row in newest if not has_trouble(row)]
    # What has its number comes first, then what is asked.
    calm.sort(key=lambda row: row.count is None)
    return sorted(
        [*calm[: IN_SIGHT - len(troubled)], *troubled],
        key=lambda row: (has_trouble(row), row.row.number),
    )


def single(standing: Standing) -> RowResult | None:
    """Return the row of a cell that is one number: its only one, or its only share."""
    rows = standing.rows
    if len(rows) == 1:
        return rows[0]
    is_share = len(rows) == 2 and [row.row.base for row in rows] == [0, 0]
    return rows[1] if is_share else None


def is_long(standing: Standing) -> bool:
    """Return True for rows that are not all shown: some of them while it runs, then a picture."""
    return len(standing.rows) > panel_text.ROWS and not is_drawn_as_grid(standing)


def is_drawn_as_grid(standing: Standing) -> bool:
    """Return True for retention, drawn as the grid that it will be unless that is too large."""
    return is_grid(standing.rows) and (standing.over or len(standing.rows) <= DRAWN)


def _card(standing: Standing, *, live: bool) -> str:
    query, rows = _query_html(standing), standing.rows
    if (row := single(standing)) is not None:
        return query + _one(standing, row, live)
    if not rows:
        return query + _head(standing)
    head = query + _head(standing)
    if reason := shared_error(rows) if standing.over else None:
        head += f'<div style="color:{WRONG}">✗ {foreign(reason)}</div>'
        standing = replace(standing, rows=tuple(replace(row, error=None) for row in rows))
    if not standing.over:
        head += _track(standing)
    if standing.over and standing.about.plotted and not standing.lost:
        return head + _folded_rows(standing)
    if is_drawn_as_grid(standing):
        return head + grid_as_html(standing)
    if not is_long(standing):
        return head + _table(standing, standing.rows, live=live)
    if not standing.over:
        shown = in_sight(standing) if live else standing.rows[:IN_SIGHT]
        more = (
            ""
            if live
            else f'<div style="margin-top:4px">{len(rows) - len(shown):,} more rows</div>'
        )
        return f'{head}<div class="ct-area">{rows_as_html(standing, shown, live=live)}</div>{more}'
    missing = _table(standing, standing.lost[:IN_SIGHT]) if standing.lost else ""
    drawn = "" if standing.has_shares else columns_drawn(standing, AREA - 4)
    picture = f'<div class="ct-area">{drawn}</div>' if drawn and not missing else missing
    return head + picture + _folded_rows(standing)


def _folded_rows(standing: Standing) -> str:
    return (
        f"<details><summary>{len(standing.rows):,} rows</summary>"
        f"{_table(standing, standing.rows)}</details>"
    )


def _table(standing: Standing, rows: Sequence[RowResult], *, live: bool = False) -> str:
    drawn = rows_as_html(standing, rows[:_MOST], live=live)
    if len(rows) <= SCROLLED or not is_long(standing):
        return f'<div style="overflow-x:auto">{drawn}</div>'
    left = len(rows) - _MOST
    more = f"<div>and {left:,} more in the DataFrame</div>" if left > 0 else ""
    name = f"the first {_MOST} rows" if more else "all rows"
    return (
        f'<div class="ct-scroll" tabindex="0" role="region" aria-label="{name}">{drawn}</div>{more}'
    )


def _query_html(standing: Standing) -> str:
    lines = "\n".join(map(coloured, panel_text.queries(standing)))
    return f'<div class="ct-asked"><code class="ct-q" style="{CODE}">{lines}</code></div>'


def _one(standing: Standing, row: RowResult, live: bool) -> str:
    if row.count is None or (row.row.base is not None and row.share is None):
        said = state(row, standing, live=live, short=False)
        quiet = "" if row.state.ended else escape(panel_text.time_left(standing))
        return f'<div class="ct-head ct-one"><span>{said}</span> {SIDE.format(MUTED, quiet)}</div>'
    unit = counted(row.count, "profile").partition(" ")[2]
    big, rest = f"{row.count:,}", [f"{unit}{_versus_line(row)}", *_behind(row)]
    if row.share is not None and row.low is not None:
        big, of = escape(share(row.share)), f"{row.count:,} of {counted(row.of or 0, 'profile')}"
        rest = [escape(interval(row.low, row.high)), of, escape(panel_text.difference(row))]
    rest.append(escape(standing.so_far(row)))
    # The count has arrived; what it is compared with may not have.
    said = _tick(standing) if row.state.ended else state(row, standing, live=live)
    return (
        f'<div class="ct-head ct-one"><b style="font-size:28px;line-height:1.3;{NUMBER_STYLE}">'
        f'{big}</b> <span class="ct-rest" style="color:{MUTED}">{_joined(rest)}'
        f"</span> {said}</div>"
    )


def _joined(parts: Iterable[str]) -> str:
    """Return parts with dots between, each whole where there is room, none begun with a dot."""
    known = [part for part in parts if part]
    dots = [*[" ·"] * (len(known) - 1), ""]
    return " ".join(
        f'<span class="ct-part">{part}{dot}</span>' for part, dot in zip(known, dots, strict=False)
    )


def _behind(row: RowResult) -> list[str]:
    # One user and one device for each profile is the usual, and no news.
    split = {"users": row.users, "devices": row.devices}
    parts = {unit: count for unit, count in split.items() if count != row.count}
    known = {"events": row.events if row.count else None} | parts
    return [f"{count:,} {unit}" for unit, count in known.items() if count is not None]


def _versus_line(row: RowResult) -> str:
    said = panel_text.versus(row)
    if row.change is None:
        return said
    bold = change(row.change)
    return said.replace(bold, f'<b style="color:{INK}">{bold}</b>', 1)


def _head(standing: Standing) -> str:
    quiet = [
        *panel_text.groups(standing),
        "" if panel_text.outage(standing) else panel_text.time_left(standing),
        "" if standing.has_shares or not standing.over else extent(standing, standing.rows),
    ]
    trouble = panel_text.outage(standing)
    wrong = f'<span style="color:{DOUBT}">{escape(trouble)}</span>' if trouble else ""
    # Behind the words, which so stay where they were.
    return (
        f'<div class="ct-head"><span><b>{panel_text.done(standing)}</b>{_tick(standing)}</span> '
        f'<span class="ct-rest" style="color:{MUTED}">{_joined([*quiet, wrong])}</span></div>'
    )


def _tick(standing: Standing) -> str:
    """Return a tick where all that was asked for is there, and is of days that are over."""
    fine = standing.over and not standing.lost and not standing.about.left_out
    if not fine or any(map(standing.is_open, standing.rows)):
        return ""
    return f' <span aria-hidden="true" style="color:{RIGHT}">✓</span>'


def _track(standing: Standing) -> str:
    total, tally = len(standing.rows), standing.tally
    ended = sum(row.state.ended for row in standing.rows)
    parts = "".join(
        bar(100 * tally[state] / total, colour=colour, height=4)
        for state, colour in (PARTS | {State.CANCELLED: "#616161"}).items()
        if tally[state]
    )
    width = 100 * tally[State.SUBMITTED] / total
    # No border: forced colours would make it as bright as what is done.
    pale = f'<div style="width:{width:.1f}%;background:{TRACK}"></div>' if width else ""
    return (
        f'<div class="ct-track" role="progressbar" aria-label="counts that have ended" '
        f'aria-valuemin="0" aria-valuemax="{total}" aria-valuenow="{ended}" style="display:flex;'
        f'height:4px;margin:6px 0 -10px;border-radius:2px;overflow:hidden;background:{TRACK}">'
        f"{parts}{pale}</div>"
    )


def _going(seconds: float) -> str:
    """Return a clock that goes on; in minutes when it says more than people count in seconds."""
    whole = max(0, int(seconds))
    begun = f";--ct-magic-begun:-{whole}s"
    copied = duration(whole)
    if whole < panel_text.MINUTES:
        return clock("up", (0, _DAY), _DAY, copied, begun)
    return clock("up", (0, _DAY // 60), _DAY, copied, f"{begun};--ct-magic-unit:'min'")


# Counts over time as columns, without a script.

_ROOM = 8  # columns that it has room for, so that few of them are no blocks
_GROUPS = 5  # of which each has a line
_UNITS = {"a day": {1}, "a week": {7}, "a month": {28, 29, 30, 31}}
_HOLLOW = 'fill="none" stroke="currentColor" vector-effect="non-scaling-stroke"'
_DRAWN = 400  # columns of a line: more cannot be distinguished


def columns_drawn(standing: Standing, height: int) -> str:
    """Return the counts of rows as columns, in their order; a gap where there is none.

    Rows of several groups, like `by week, Category`, have a line for each group, of one scale.
    """
    rows, groups = standing.rows, dict[str, list[RowResult]]()
    for row in rows:
        groups.setdefault(_group_html(row), []).append(row)
    highest = max(_counts(rows), default=0)
    if len(groups) == 1 or len(groups) == len(rows):
        return _line(standing, "", rows, highest, height)  # the head says from where to where
    largest = sorted(groups, key=lambda name: -max(_counts(groups[name]), default=0))[:_GROUPS]
    shown = [name for name in groups if name in largest]
    more = len(groups) - len(shown)
    rest = f'<span style="color:{MUTED}">and {more:,} more</span>' if more else ""
    size = (height - 20 * bool(more)) // len(shown) - 4
    return "".join(_line(standing, name, groups[name], highest, size) for name in shown) + rest


def _group_html(row: RowResult) -> str:
    fixed = [str(value) for _, value in row.row.pieces]
    return " · ".join([*([row.row.step] if row.row.step else []), *fixed]) or row.row.title


def _counts(rows: Sequence[RowResult]) -> list[int]:
    return [row.count for row in rows if row.count is not None]


def _line(
    standing: Standing, name: str, rows: Sequence[RowResult], highest: int, height: int
) -> str:
    shown = rows[:_DRAWN]
    if not _counts(shown):
        return ""
    width = 10 * max(len(shown), _ROOM)  # stretched to the room there is
    drawn = {True: "", False: ""}  # those of whole pieces, and of others
    for place, row in enumerate(shown):
        if row.count is not None:
            # A count of 0 is a line at the ground; one that did not arrive is a gap.
            size = max(1.5, height * row.count / highest) if row.count else 0.5
            drawn[not standing.is_open(row)] += f"M{10 * place} {height}h8v-{size:.1f}h-8z"
    said = extent(standing, shown)
    label = escape(f"{name}: " * bool(name) + f"{counted(len(shown), 'count')}, {said}")
    return (
        f'<div class="ct-line"><bdi style="color:{MUTED}">{escape(plain(name))}</bdi> '
        f'<svg role="img" aria-label="{label}" viewBox="0 0 {width} {height}" '
        f'preserveAspectRatio="none" style="height:{height}px;color:{BAR}" fill="currentColor">'
        f'<path d="{drawn[True]}"/><path {_HOLLOW} d="{drawn[False]}"/></svg> '
        f'<span style="color:{MUTED};{NUMBER_STYLE}">{said if name else ""}</span></div>'
    )


def extent(standing: Standing, rows: Sequence[RowResult]) -> str:
    """Return between which counts the rows lie: `25-110 a day`."""
    # A piece that is not whole yet is no low.
    known = _counts([row for row in rows if not standing.is_open(row)]) or _counts(rows)
    if not known:
        return ""
    low, high = f"{min(known):,}", f"{max(known):,}"
    lengths = {(row.row.end - row.row.start).days + 1 for row in rows if row.row.whole}
    unit = next((unit for unit, usual in _UNITS.items() if lengths and lengths <= usual), "")
    return f"{low if low == high else f'{low}{words.DASH}{high}'} {unit}".strip()
