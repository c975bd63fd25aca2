"""The state of a run -> one piece of HTML, without scripts: what is asked, then its state."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from html import escape

from ct_magic.client.jobs import State
from ct_magic.common import words
from ct_magic.common.words import counted, duration, plain
from ct_magic.panel import style, text as panel_text
from ct_magic.panel.folding import IN_SIGHT, in_sight, is_folded, is_pictured, shape
from ct_magic.panel.panel import Standing, single
from ct_magic.panel.style import DOUBT, INK, MUTED, bar
from ct_magic.panel.tables import (
    clock,
    dotted,
    foreign,
    grid_as_html,
    quiet,
    rows_as_html,
    state,
    whole_table,
)
from ct_magic.planning.row_results import RowResult, shared_error
from ct_magic.query.lexer import CONTEXTUAL, KEYWORDS, tokens_of_cell
from ct_magic.rows import replace

_DAY = 86400  # seconds that a clock goes on by itself
TODO = "{}: what was sent is fetched, the rest is asked."
_PARTS = {
    State.SUCCESS: "#1976d2",
    State.FAILED: "#c62828",
    State.TIMED_OUT: "#c62828",
    State.CANCELLED: "#616161",
}
# A rule, what is in brackets in its selector, and what a page must have for it to apply.
_RULE = re.compile(r"([^{}]+){[^{}]*}")
_INSIDE = re.compile(r"\((?:[^()]|\([^()]*\))*\)")
_CLASSES = re.compile(r"\bct-[\w-]+|\bdetails|\bsummary")
# What the labextension adds to a card, and a DataFrame below it.
_ADDED = ("ct-acts", "ct-reason", "ct-magic-frame")


def html(standing: Standing, hint: str | None = None) -> str:
    """Return the whole card, still: what a page without widgets and a saved notebook show."""
    card = _framed(f"{_card(standing, live=False)}{below(standing, hint)}")
    return _sheet_of(card) + card


def saved(standing: Standing) -> str:
    """Return what a notebook that is saved meanwhile shows, whenever that is: no number."""
    count = len(standing.rows)
    head = f"{count:,} counts were under way" if count > 1 else "was counting"
    use = escape(standing.about.name or "")
    do = TODO.format(f"Run %ct use {use}, then this cell" if use else "Run the cell again")
    # The labextension says it, too, where a kernel ends, and then the rows that were seen are here.
    card = _framed(
        f'{_query_html(standing)}<div class="ct-head"><b>{head}</b></div> <div class="ct-reason" '
        f'data-todo="{do}">This was saved while it ran. {do}</div>{_meta(standing, live=False)}'
    )
    return style.SHEET + card


def _framed(card: str) -> str:
    frame = f'class="{style.CLASS}" role="group" aria-label="counts" style="{style.BOX}"'
    return f"<div {frame}>{card}</div>"


def _sheet_of(card: str) -> str:
    """Return the sheet without the rules of what a card has not: it is saved with each output."""
    known = {*_CLASSES.findall(card), *_ADDED}

    def kept(rule: re.Match[str]) -> str:
        selectors = _INSIDE.sub("", rule[1]).split(",")
        return rule[0] * any(known.issuperset(_CLASSES.findall(each)) for each in selectors)

    return re.sub(r"@[^{}]+{}", "", _RULE.sub(kept, style.SHEET))


def live(standing: Standing) -> str:
    """Return the card of a live panel, which has the frame: its clocks run by themselves."""
    return _in_panel(_card(standing, live=True))


def live_below(standing: Standing) -> str:
    """Return what is below a live card, with the sheets that the whole panel needs."""
    parts = below(standing, live=not standing.over)
    return f"{style.SHEET}{style.LIVE}{_in_panel(parts)}"


def _in_panel(parts: str) -> str:
    # Dressed as the still card that replaces it, which is an output of the page's own.
    return f'<div class="{style.CLASS} ct-magic-live jp-RenderedHTMLCommon">{parts}</div>'


def below(standing: Standing, hint: str | None = None, *, live: bool = False) -> str:
    """Return what is said below the rows: doubts, then notes, then the line of five facts."""
    doubts = "".join(map(doubted, standing.plan.doubts))
    notes = [*panel_text.notes_of(standing), *([hint] if hint else [])]
    noted = f'<div style="color:{MUTED}">{dotted(map(escape, notes))}</div>' if notes else ""
    said = f'<div style="margin-top:6px">{doubts}{noted}</div>' if doubts or noted else ""
    return said + _meta(standing, live)


def _meta(standing: Standing, live: bool) -> str:
    """Return whom it asks, which days, how many counts, how many of them from when, how long."""
    seconds = standing.seconds
    took = "" if seconds is None else _going(seconds) if live else duration(seconds)
    questions = len(standing.plan.questions) + standing.about.left_out
    facts = [
        escape(standing.about.account or ""),
        _days_shown(standing),
        counted(questions, "count"),
        panel_text.from_when(standing),
        f'<span class="ct-live">{took}</span>' if live and took else took,
    ]
    title = f' title="{panel_text.REFRESH}"' if facts[3] else ""
    spans = [f"<span{title if n == 3 else ''}>{fact}</span>" for n, fact in enumerate(facts)]
    # `ask anew` asks this account, whichever is in use; a cell that names its own does, too.
    name, used = standing.about.name or "default", standing.about.used
    asked = f'data-account="{escape(name)}"{" data-named" * (used not in (None, name))}'
    return f'<div class="ct-meta" {asked} style="color:{MUTED}">{" ".join(spans)}</div>'


def _days_shown(standing: Standing) -> str:
    rows = [row.row for row in standing.rows]
    others = [row.previous for row in rows if row.previous]
    known = [(other.start, other.end) for other in others if other.start and other.end]
    both = [(row.start, row.end) for row in rows], known
    ends = [(min(some)[0], max(end for _, end in some)) for some in both if some]
    years = {day.year for end in ends for day in end}
    parts = [words.span(*end, year=end is ends[-1] or len(years) > 1) for end in ends]
    return " against ".join(parts)


def doubted(doubt: str) -> str:
    """Return a line on what the service may ignore silently."""
    sign = f'<span style="color:{DOUBT}" aria-hidden="true">⚠</span>'
    return f"<div>{sign} <b>in doubt:</b> {foreign(doubt)}</div>"


def live_region(standing: Standing) -> str:
    """Return what a screen reader says and nobody sees; to be shown when it has changed."""
    return f'<div role="status" style="{style.HIDDEN}">{escape(panel_text.spoken(standing))}</div>'


def _card(standing: Standing, *, live: bool) -> str:
    query, rows = _query_html(standing), standing.rows
    if (row := single(standing)) is not None:
        return query + _one(standing, row, live)
    head = query + _head(standing)
    if not standing.over:
        head += _track(standing)
        if trouble := panel_text.outage(standing):
            head += f'<div style="color:{DOUBT};margin-top:14px">{escape(trouble)}</div>'
    elif reason := shared_error(rows):
        head += f'<div style="color:{style.WRONG}">✗ {foreign(reason)}</div>'
        standing = replace(standing, rows=tuple(replace(row, error=None) for row in rows))
    # The picture below shows the rows; of a retention it adds the curve to this map.
    is_map = any(row.row.after is not None for row in rows)
    if shape(standing) == "grid" and (is_map or not is_pictured(standing)):
        return head + grid_as_html(standing)
    return head + _rows_html(standing, live)


def _rows_html(standing: Standing, live: bool) -> str:
    rows = standing.rows
    if not standing.over and shape(standing) == "long":
        shown = in_sight(standing) if live else rows[:IN_SIGHT]
        drawn = f'<div class="ct-area">{rows_as_html(standing, shown, live=live)}</div>'
        left = f'<div style="margin-top:4px">{len(rows) - len(shown):,} more rows</div>'
        return drawn if live else drawn + left
    if not is_folded(standing):
        return whole_table(standing, rows, live=live)
    drawn = ""
    if standing.lost:
        drawn = whole_table(standing, standing.lost[:IN_SIGHT])
    elif not is_pictured(standing) and not standing.has_shares:
        lines = columns_drawn(standing, style.AREA - 4)
        drawn = f'<div class="ct-area">{lines}</div>' if lines else ""
    table = whole_table(standing, rows)
    return f"{drawn}<details><summary>{len(rows):,} rows</summary>{table}</details>"


def _query_html(standing: Standing) -> str:
    lines = "\n".join(map(coloured, panel_text.queries(standing)))
    return f'<div class="ct-asked"><code class="ct-q" style="{style.CODE}">{lines}</code></div>'


def _one(standing: Standing, row: RowResult, live: bool) -> str:
    if row.count is None or (row.row.base is not None and row.share is None):
        said = state(row, standing, live=live, short=False)
        left = "" if row.state.ended else quiet(escape(panel_text.time_left(standing)))
        return f'<div class="ct-head ct-one"><span>{said}</span> {left}</div>'
    of_all = counted(row.of or row.count, "profile")
    if row.share is not None and row.low is not None:
        big, of = words.share(row.share), f"{row.count:,} of {of_all}"
        known = row.previous_share
        before = "" if known is None else f"{words.share(known)} before"
        rest = [words.interval(row.low, row.high), of, before, panel_text.difference(row)]
        rest = [escape(part) for part in rest]
    else:
        big, versus = f"{row.count:,}", panel_text.versus(row)
        if row.change is not None:
            bold = words.change(row.change)
            versus = versus.replace(bold, f'<b style="color:{INK}">{bold}</b>', 1)
        rest = [of_all.partition(" ")[2] + versus]
        # One user and one device for each profile is the usual, and no news.
        split = {"users": row.users, "devices": row.devices}
        parts = {unit: count for unit, count in split.items() if count != row.count}
        more = {"events": row.events if row.count else None} | parts
        rest += [f"{count:,} {unit}" for unit, count in more.items() if count is not None]
    rest.append(escape(standing.so_far(row)))
    # The count has arrived; what it is compared with may not have.
    said = _tick(standing) if row.state.ended else state(row, standing, live=live)
    number = f'<b style="font-size:28px;line-height:1.3;{style.NUMBER_STYLE}">{escape(big)}</b>'
    behind = f'<span class="ct-rest" style="color:{MUTED}">{dotted(rest)}</span>'
    return f'<div class="ct-head ct-one">{number} {behind} {_days_drawn(standing)}{said}</div>'


def _head(standing: Standing) -> str:
    parts = [
        *panel_text.groups(standing),
        "" if panel_text.outage(standing) else panel_text.time_left(standing),
        "" if standing.has_shares or not standing.over else extent(standing, standing.rows),
    ]
    return (
        f'<div class="ct-head"><span><b>{panel_text.done(standing)}</b>{_tick(standing)}</span> '
        f'<span class="ct-rest" style="color:{MUTED}">{dotted(parts)}</span></div>'
    )


def _tick(standing: Standing) -> str:
    """Return a tick where all that was asked for is there, and is of days that are over."""
    is_part = standing.lost or standing.about.left_out or any(map(standing.is_open, standing.rows))
    tick = f' <span aria-hidden="true" style="color:{style.RIGHT}">✓</span>'
    return tick if standing.over and not is_part else ""


def _track(standing: Standing) -> str:
    total, tally = len(standing.rows), standing.tally
    ended = sum(row.state.ended for row in standing.rows)
    parts = "".join(
        bar(100 * tally[state] / total, colour=colour, height=4)
        for state, colour in _PARTS.items()
        if tally[state]
    )
    width = 100 * tally[State.SUBMITTED] / total
    # No border: forced colours would make it as bright as what is done.
    pale = f'<div style="width:{width:.1f}%;background:{style.TRACK}"></div>' if width else ""
    return (
        f'<div class="ct-track" role="progressbar" aria-label="counts that have ended" '
        f'aria-valuemin="0" aria-valuemax="{total}" aria-valuenow="{ended}" style="display:flex;'
        "height:4px;margin:6px 0 -10px;border-radius:2px;overflow:hidden;"
        f'background:{style.TRACK}">{parts}{pale}</div>'
    )


def _going(seconds: float) -> str:
    """Return a clock that goes on; in minutes when it says more than people count in seconds."""
    whole = max(0, int(seconds))
    unit, name = (1, "") if whole < panel_text.MINUTES else (60, ";--ct-magic-unit:'min'")
    more = f";--ct-magic-begun:-{whole}s{name}"
    return clock("up", (0, _DAY // unit), _DAY, duration(whole), more)


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
        fixed = [str(value) for _, value in row.row.pieces]
        name = " · ".join([*([row.row.step] if row.row.step else []), *fixed])
        groups.setdefault(name or row.row.title, []).append(row)
    if len(groups) in (1, len(rows)):
        groups = {"": list(rows)}  # the head says from where to where
    highest = {name: max(row.count or 0 for row in groups[name]) for name in groups}
    largest = sorted(groups, key=lambda name: -highest[name])[:_GROUPS]
    more = len(groups) - len(largest)
    rest = quiet(f"and {more:,} more" if more else "")
    size = height if len(groups) == 1 else (height - 20 * bool(more)) // len(largest) - 4
    lines = []
    for name in groups:
        shown = groups[name][:_DRAWN]
        if name in largest and any(row.count is not None for row in shown):
            svg = _svg(standing, shown, max(highest.values()), size, name)
            begin = f'<bdi style="color:{MUTED}">{escape(plain(name))}</bdi>'
            parts = f"{begin} {svg} {quiet(extent(standing, shown))}" if name else svg
            lines.append(f'<div class="ct-line">{parts}</div>')
    return "".join(lines) + rest


def _days_drawn(standing: Standing) -> str:
    """Return the days of a lone number, as far as the journal has them: a quarter or more."""
    days = standing.about.days if standing.over else ()
    if sum(row.count is not None for row in days) < max(2, len(days) / 4):
        return ""  # of few of many days a range would say too much
    svg = _svg(standing, days, max(row.count or 0 for row in days), 28)
    return f'<span class="ct-days" style="color:{MUTED}">{svg} {extent(standing, days)}</span> '


def _svg(
    standing: Standing, rows: Sequence[RowResult], highest: int, height: int, name: str = ""
) -> str:
    """Return counts as columns; those that are not of whole pieces are hollow."""
    width = 10 * max(len(rows), _ROOM)  # stretched to the room there is
    drawn = {True: "", False: ""}
    for place, row in enumerate(rows):
        if row.count is not None:
            # A count of 0 is a line at the ground; one that did not arrive is a gap.
            size = max(1.5, height * row.count / highest) if row.count else 0.5
            drawn[standing.is_open(row)] += f"M{10 * place} {height}h8v-{size:.1f}h-8z"
    said = f"{counted(len(rows), 'count')}, {extent(standing, rows)}"
    label = escape(f"{name}: {said}" if name else said)
    return (
        f'<svg role="img" aria-label="{label}" viewBox="0 0 {width} {height}" '
        f'preserveAspectRatio="none" style="height:{height}px;color:{style.BAR}" '
        f'fill="currentColor"><path d="{drawn[False]}"/><path {_HOLLOW} d="{drawn[True]}"/></svg>'
    )


def extent(standing: Standing, rows: Sequence[RowResult]) -> str:
    """Return between which counts the rows lie: `25-110 a day`."""
    # A piece that is not whole yet is no low.
    known = [row for row in rows if row.count is not None]
    counts = [row.count or 0 for row in known if not standing.is_open(row)]
    counts = counts or [row.count or 0 for row in known]
    if not counts:
        return ""
    low, high = f"{min(counts):,}", f"{max(counts):,}"
    lengths = {(row.row.end - row.row.start).days + 1 for row in rows if row.row.whole}
    unit = next((unit for unit, usual in _UNITS.items() if lengths and lengths <= usual), "")
    return f"{low if low == high else f'{low}{words.DASH}{high}'} {unit}".strip()


# A query's text -> HTML in the colours of the editor; it refuses nothing.

_NUMBER_TOKENS = ("NUMBER", "EIGHT_DIGITS", "CLOCK", "DATE", "YEAR_MONTH", "DOTS")
_COLOURS = {
    **dict.fromkeys((word.upper() for word in (*KEYWORDS, *CONTEXTUAL)), "<b>{}</b>"),
    **dict.fromkeys(_NUMBER_TOKENS, '<span class="n">{}</span>'),
    "STRING": '<span class="s">{}</span>',
}


def coloured(text: str) -> str:
    """Return a query as HTML: its words, texts and numbers in colour; its lines stay lines."""
    pieces, at = list[str](), 0
    for token in tokens_of_cell(text):
        said = escape(token.text)
        # A right-to-left name turns the words around it round unless it is isolated.
        if any(unicodedata.bidirectional(char) in ("R", "AL") for char in token.text):
            said = f"<bdi>{said}</bdi>"
        pieces += [escape(text[at : token.start]), _COLOURS.get(token.type, "{}").format(said)]
        at = token.end
    # A line that begins with a right-to-left name goes from left to right, as in the editor.
    lines = "".join([*pieces, escape(text[at:])]).split("\n")
    return "\n".join(f'<bdi dir="ltr">{line}</bdi>' for line in lines)
