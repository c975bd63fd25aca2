"""Rows -> a table: what all of them share is left out, and every column has its width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from ..client.jobs import State
from ..row_results import RowResult
from ..text_width import plain
from . import text as panel_text
from .standing import Standing, pieces, waiting
from .style import BAR, DOUBT, INK, MUTED, WRONG, bar

NONE = "\u2013"  # in the place of a count that will not come
_COLOURS = {State.FAILED: WRONG, State.TIMED_OUT: WRONG, State.INCONSISTENT: WRONG}


@dataclass(frozen=True, slots=True)
class _Column:
    """A column: its head, its width (none: what is left), and the cell of a row."""

    head: str
    width: str
    cell: Callable[[RowResult], str]
    right: bool = False


def table(standing: Standing, rows: Sequence[RowResult], *, live: bool = False) -> str:
    """Return some rows of a cell as a table, with the columns that all of its rows need."""
    columns = _columns(standing, live)
    widths = "".join(
        f'<col style="width:{column.width}">' if column.width else "<col>" for column in columns
    )
    heads = "".join(map(_head, columns))
    lines = "".join(_line(row, columns) for row in rows)
    return (
        f'<table class="ct-rows" aria-label="counts"><colgroup>{widths}</colgroup>'
        f"<thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"
    )


def foreign(text: str) -> str:
    """Return a foreign text as HTML."""
    # <bdi> keeps a right-to-left name from turning the rest of the line round.
    return f"<bdi>{escape(plain(text))}</bdi>"


def clock(way: str, begin: int, end: int, seconds: int, more: str = "") -> str:
    """Return a clock that the browser moves on by itself."""
    style = f"--ct-magic-from:{begin};--ct-magic-to:{end};--ct-magic-for:{seconds}s{more}"
    return f'<span class="ct-magic-{way}" style="{style}"></span>'


def state(row: RowResult, now: float, *, live: bool, short: bool = True) -> str:
    """Return how a row stands that is not simply done, as HTML."""
    if not row.state.ended:
        job = waiting(row)
        left = None if job is None else panel_text.next_look(job, now)
        words = foreign(panel_text.under_way(row, short=short))
        if left is None:
            return words
        time = clock("down", left, 0, left) if live else panel_text.duration(left)
        return f'{words}<span class="ct-live">, next look in {time}</span>'
    if row.state is State.SUCCESS:
        days = (row.row.end - row.row.start).days + 1
        return "" if row.row.whole is not False else f"{days} day{'s' * (days > 1)}, not whole"
    if row.state is State.NOT_YET:
        return "not yet"
    colour = _COLOURS.get(row.state, INK)
    sign = f'<span aria-hidden="true">{panel_text.SIGNS[row.state]}</span>'
    return (
        f'<span style="color:{colour}">{sign} {foreign(panel_text.ended(row, short=short))}</span>'
    )


def _columns(standing: Standing, live: bool) -> list[_Column]:
    rows = standing.rows
    named = len({row.row.title for row in rows}) > 1
    highest = max((row.count for row in rows if row.count is not None), default=0)
    columns = _names(standing, named)
    columns.append(_Column("profiles", "84px", _count, right=True))
    columns.append(_Column("", "", lambda row: _bar(row, highest)))
    if any(row.row.base is not None for row in rows):
        columns.append(_Column("share", "190px", _share))
    if any(row.row.previous is not None for row in rows):
        columns.append(_Column("before", "84px", _previous, right=True))
        columns.append(_Column("change", "72px", _change, right=True))
    if not standing.over or any(state(row, 0.0, live=False) for row in rows):
        now = standing.now
        columns.append(
            _Column(
                "", "36%", lambda row: f'<div class="ct-state">{state(row, now, live=live)}</div>'
            )
        )
    return columns


def _names(standing: Standing, named: bool) -> list[_Column]:
    rows, columns = standing.rows, []
    if named or any(pieces(row.row) for row in rows):
        fixed = [column for column, _ in rows[0].row.pieces]
        steps = ["step"] * any(row.row.step is not None for row in rows)
        head = "query" if named else ", ".join([*fixed, *steps])
        longest = max(len(_name(row, named)) for row in rows[:1000])
        columns.append(
            _Column(head, "32%" if longest > 24 else "170px", lambda row: _named(row, named))
        )
    if len({(row.row.start, row.row.end) for row in rows}) > 1:
        single = all(row.row.start == row.row.end for row in rows)
        width = "96px" if single else "188px"
        columns.append(_Column("day" if single else "days", width, _days))
    return columns


def _head(column: _Column) -> str:
    side = "right" if column.right else "left"
    head = escape(plain(column.head))
    return f'<th scope="col" style="text-align:{side}">{head}</th>' if head else "<td></td>"


def _line(row: RowResult, columns: Sequence[_Column]) -> str:
    cells = (
        f"<td>{column.cell(row)}</td>"
        if column.right
        else f'<td style="text-align:left">{column.cell(row)}</td>'
        for column in columns
    )
    return f"<tr>{''.join(cells)}</tr>"


def _name(row: RowResult, named: bool) -> str:
    return " · ".join([row.row.title] * named + pieces(row.row))


def _named(row: RowResult, named: bool) -> str:
    name = plain(_name(row, named))
    sign = ""
    if row.row.doubts:
        why = escape(plain("; ".join(row.row.doubts)), quote=True)
        sign = f'<span style="color:{DOUBT}" role="img" aria-label="doubt" title="{why}">⚠</span> '
    return f'{sign}<bdi title="{escape(name, quote=True)}">{escape(name)}</bdi>'


def _days(row: RowResult) -> str:
    return panel_text.span(row.row.start, row.row.end)


def _count(row: RowResult) -> str:
    if row.count is not None:
        return f"{row.count:,}"
    return f'<span style="color:{MUTED}">{NONE if row.state.ended else "…"}</span>'


def _bar(row: RowResult, highest: int) -> str:
    width = 100 * row.count / highest if row.count and highest else 0.0
    drawn = bar(width, "9px", BAR, hollow=row.row.whole is False)
    return f'<div aria-hidden="true">{drawn}</div>' if width else ""


def _share(row: RowResult) -> str:
    if row.share is None or row.low is None:
        return ""
    return (
        f"<b>{panel_text.share(row.share)}</b> "
        f'<span style="color:{MUTED}">({panel_text.interval(row)})</span>'
    )


def _state(row: RowResult, now: float, live: bool) -> str:
    return f'<div class="ct-state">{state(row, now, live=live)}</div>'


def _previous(row: RowResult) -> str:
    return "" if row.previous is None else f"{row.previous:,}"


def _change(row: RowResult) -> str:
    return "" if row.change is None else panel_text.change(row.change)
