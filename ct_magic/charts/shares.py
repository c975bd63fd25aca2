"""Shares -> Chart: a funnel of nested bars, points with intervals over values, lines over time."""

from __future__ import annotations

from collections.abc import Sequence

from ct_magic.charts import wording
from ct_magic.charts.chart import Box, Chart, ChartAxis, Colour, Dot, Mark, Path, Words
from ct_magic.charts.lines import last_of, line, line_chart, partial_words
from ct_magic.common.statistics import wilson
from ct_magic.common.words import points, points_between, share
from ct_magic.results.cells import Cell, by_series, steps, steps_before, unit

_STEP = 30  # pixels
WHERE = "where "  # a step that is a filter
DRAW = "each period is one draw"
INTERVALS = "lines are 95 % intervals"


def order(rows: Sequence[Cell]) -> list[str]:
    """Return the note on the steps' order: it is known only of a window that is moved."""
    names = [row.series.step or "" for row in steps(rows)]
    others = [name for name in names if not name.startswith(WHERE)]
    return [wording.ORDER] if others and not any(map(wording.MOVED.search, others)) else []


def funnel(rows: Sequence[Cell]) -> Chart:
    """Return nested bars: each step is inside the one it is counted among, else inside the base."""
    before = steps_before(rows)

    def around(row: Cell) -> int:
        step = before.get(id(row))
        return (row.of if step is None or step.count is None else step.count) or row.count or 0

    def text_of(row: Cell) -> str:
        if row.share is None or row.is_base:
            return wording.number(row.count)
        ends = wording.in_brackets(row.low, row.high)
        text = f"{wording.number(row.count)} · {share(row.share)}{ends}"
        step = before.get(id(row))
        if step is None or step.is_base or not step.count or row.count is None:
            return text
        return f"{text}, {share(row.count / step.count)} of the step before"

    def marks(y: int, row: Cell, name: str, text: str) -> list[Mark]:
        tip = f"{name}: {text}"
        track = Box(0, around(row), y - 0.34, y + 0.34, Colour.TRACK, strength=0.25, tip=tip)
        bar = Box(0, row.count or 0, y - 0.34, y + 0.34, hollow=row.is_partial, tip=tip)
        found: list[Mark] = [track] if around(row) and not row.is_base else []
        return [*found, *([bar] if row.count else []), Words(around(row), y, text, right=8)]

    axis = ChartAxis(0, max([row.count or 0 for row in rows[: wording.MOST]] + [1]))
    notes = [wording.period(rows), *order(rows)]
    return wording.row_chart(rows, rows, _title(rows), notes, axis, text_of, marks, _STEP)


def dots(rows: Sequence[Cell]) -> Chart:
    """Return a point for each value's share, with its interval."""
    shown = steps(rows)
    axis = wording.share_axis([row.high or row.share or 0 for row in shown[: wording.MOST]])

    def marks(y: int, row: Cell, name: str, text: str) -> list[Mark]:
        return [*_interval(y, row, f"{name}: {text}"), Words(axis.high, y, text, right=10)]

    notes = [wording.period(rows), INTERVALS]
    return wording.row_chart(rows, shown, _title(rows), notes, axis, _dot_text, marks, _STEP)


def paired_dots(rows: Sequence[Cell]) -> Chart:
    """Return each share above that of the other period, and their difference in points."""
    shown = steps(rows)
    highest = [(r.high or r.share or 0, *_other_interval(r)) for r in shown[: wording.MOST]]
    axis = wording.share_axis([max(ends) for ends in highest])

    def text_of(row: Cell) -> str:
        if row.share is None or row.previous_share is None:
            return _dot_text(row)
        both = f"{share(row.share)}, before {share(row.previous_share)}"
        if row.difference is None:
            return both
        low, high, text = row.difference_low, row.difference_high, points(row.difference)
        ends = "" if low is None or high is None else f" ({points_between(low, high)})"
        return f"{both}: {text}{ends}"

    def marks(y: int, row: Cell, name: str, text: str) -> list[Mark]:
        found = _interval(y + 0.16, row, f"{name}: {_dot_text(row)}")
        if row.previous_share is not None:
            if ends := tuple((end, y - 0.16) for end in _other_interval(row)):
                found.append(Path(ends, Colour.GREY))
            tip = f"{name}, the other period: {share(row.previous_share)}"
            found.append(Dot(row.previous_share, y - 0.16, Colour.GREY, shape=1, tip=tip))
        return [*found, Words(axis.high, y, text, right=10)]

    what = f"{_title(rows)} against another period"
    notes = [wording.two_periods(shown, "point"), INTERVALS, DRAW]
    return wording.row_chart(rows, shown, what, notes, axis, text_of, marks, _STEP + 14)


def _other_interval(row: Cell) -> tuple[float, ...]:
    known = row.previous is not None and row.previous_of
    return wilson(row.previous or 0, row.previous_of or 1) if known else ()


def share_lines(rows: Sequence[Cell]) -> Chart:
    """Return a line over time for each step and value, of its share."""
    shown = steps(rows)
    lines = by_series(shown)
    firsts = [pieces[0] for pieces in lines.values()]
    called = dict(zip(lines, wording.labels(firsts, with_days=False), strict=True))
    axis, x = wording.share_axis([row.share or 0 for row in shown]), wording.time_axis(shown)
    marks: list[Mark] = []
    for n, (series, pieces) in enumerate(lines.items()):
        name = called[series]
        tips = [f"{name}, {wording.stretch(r.start, r.end)}: {_dot_text(r)}" for r in pieces]
        marks += line(pieces, [row.share for row in pieces], n, tips)
    marks += partial_words(shown, axis, several=True)
    ends = [(called[s], last_of([r.share for r in pieces])) for s, pieces in lines.items()]
    gist = "; ".join(f"{name}: last {share(at)}" for name, at in ends if at is not None)
    ends = ends if len(lines) > 1 else []
    what, gist = f"{_title(rows)}, by {unit(shown) or 'piece'}", f"{wording.short(gist, 300)}."
    notes = [wording.period(rows), *order(rows)]
    return line_chart(rows, what, notes, gist, (x, axis), marks, ends)


def _title(rows: Sequence[Cell]) -> str:
    names = list(dict.fromkeys(row.series.step for row in steps(rows)))
    if len(names) > 1:
        return "share of each step"
    step = wording.short(wording.clause(names[0]), 60)
    return f"share {step}" if step.startswith(WHERE) else f"share that {step}"


def _dot_text(row: Cell) -> str:
    of = wording.number(row.of)
    if row.share is None:
        text = wording.number(None) if row.count is None else f"{row.count:,} of {of}"
        return "not yet" if row.status == "not yet" else text
    return f"{share(row.share)}{wording.in_brackets(row.low, row.high)} of {of}"


def _interval(y: float, row: Cell, tip: str) -> list[Mark]:
    if row.share is None:
        return []
    ends = tuple((end, y) for end in (row.low, row.high) if end is not None)
    paths = [Path(ends)] if len(ends) == 2 else []
    return [*paths, Dot(row.share, y, hollow=row.is_partial, tip=tip)]
