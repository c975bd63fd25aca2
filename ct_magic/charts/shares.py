"""Shares -> Chart: a funnel of nested bars, points with intervals over values, lines over time."""

from __future__ import annotations

from collections.abc import Sequence

from ct_magic.charts.chart import Box, Chart, ChartAxis, Colour, Dot, Mark, Path, Words
from ct_magic.charts.lines import end_labels, last_of, line, partial_words
from ct_magic.charts.wording import (
    ORDER,
    axis_words,
    clause,
    has_moved,
    in_brackets,
    is_cumulative,
    names,
    number,
    over_plane,
    over_rows,
    pair_labels,
    period,
    row_labels,
    share_axis,
    short,
    shortened,
    stretch,
    time_axis,
    two_periods,
    window_words,
)
from ct_magic.common.statistics import wilson
from ct_magic.common.words import points, points_between, share
from ct_magic.results.cells import Cell, by_series, steps_before, unit

_MOST = 60
_BAR_HEIGHT = 30
WHERE = "where "  # a step that is a filter
DRAW = "each period is one draw"
INTERVALS = "lines are 95 % intervals"


def order(rows: Sequence[Cell]) -> list[str]:
    """Return what is to be said of the steps' order: it is known only of a window that is moved."""
    others = [row for row in steps(rows) if not (row.series.step or "").startswith(WHERE)]
    return [ORDER] if others and not any(has_moved(row.series.step) for row in others) else []


def steps(rows: Sequence[Cell]) -> list[Cell]:
    """Return the rows that are a share of a base."""
    return [row for row in rows if row.is_step]


def funnel(rows: Sequence[Cell]) -> Chart:
    """Return nested bars: each step's lies in the one that it is counted inside."""
    shown = rows[:_MOST]
    found = steps_before(rows)
    before = [found.get(id(row)) for row in shown]
    texts = [_step_text(row, step) for row, step in zip(shown, before, strict=True)]
    named = list(zip(_step_labels(shown), texts, strict=True))
    marks: list[Mark] = []
    for n, (row, step, (name, text)) in enumerate(zip(shown, before, named, strict=True)):
        marks += _nested(n, row, step, f"{name}: {text}")
        marks.append(Words(_rows_around(row, step) or 0, -n, text, right=8))
    axis = ChartAxis(0, max([row.count or 0 for row in shown] + [1]))
    return over_rows(
        rows, _what(rows), [period(rows), *order(rows)], named, axis, marks, _BAR_HEIGHT
    )


def dots(rows: Sequence[Cell]) -> Chart:
    """Return a point for each value's share, with its interval."""
    shown = steps(rows)[:_MOST]
    named = list(zip(row_labels(shown), map(_dot_text, shown), strict=True))
    axis = share_axis([row.high or row.share or 0 for row in shown])
    marks: list[Mark] = []
    for n, (row, (name, text)) in enumerate(zip(shown, named, strict=True)):
        ends = (row.low, row.high)
        marks += _interval(-n, row.share, ends, f"{name}: {text}", hollow=row.is_partial)
        marks.append(Words(axis.high, -n, text, right=10))
    what, notes = f"{_what(rows)}{axis_words(rows)}", [period(rows), INTERVALS]
    return over_rows(rows, what, notes, named, axis, marks, _BAR_HEIGHT)


def paired_dots(rows: Sequence[Cell]) -> Chart:
    """Return two points for each share, its own and that of the other period, and their difference.

    The upper one is of the statement's period; the difference is in points, with its interval.
    """
    shown = steps(rows)[:_MOST]
    named = list(zip(pair_labels(shown), map(_pair_text, shown), strict=True))
    high = [row.high or row.share or 0 for row in shown] + [r.previous_share or 0 for r in shown]
    axis = share_axis(high)
    marks: list[Mark] = []
    for n, (row, (label, text)) in enumerate(zip(shown, named, strict=True)):
        tip, ends = f"{label}: {_dot_text(row)}", (row.low, row.high)
        marks += _interval(0.16 - n, row.share, ends, tip, hollow=row.is_partial)
        tip = f"{label}, the other period: {share(row.previous_share or 0)}"
        has_ends = row.previous is not None and row.previous_of
        others = wilson(row.previous or 0, row.previous_of or 0) if has_ends else (None, None)
        marks += _interval(-0.16 - n, row.previous_share, others, tip, Colour.GREY, shape=1)
        marks.append(Words(axis.high, -n, text, right=10))
    what = f"{_what(rows)} against another period{axis_words(rows)}"
    notes = [two_periods(shown, "point"), INTERVALS, DRAW]
    return over_rows(rows, what, notes, named, axis, marks, _BAR_HEIGHT + 14)


def _pair_text(row: Cell) -> str:
    if row.share is None or row.previous_share is None:
        return _dot_text(row)
    both = f"{share(row.share)}, before {share(row.previous_share)}"
    if row.difference is None:
        return both
    text = f"{both}: {points(row.difference)}"
    if row.difference_low is None or row.difference_high is None:
        return text
    return f"{text} ({points_between(row.difference_low, row.difference_high)})"


def share_lines(rows: Sequence[Cell]) -> Chart:
    """Return a line over time for each step and value, of its share."""
    shown = steps(rows)
    lines = by_series(shown)
    called = names(shown)
    # Of several windows each has its own name.
    within = is_cumulative(shown)
    step_texts = {
        series: window_words(series.window, within=within) if series.window else series.step or ""
        for series in lines
    }
    several = len(set(step_texts.values())) > 1
    step_of = shortened(step_texts.values())
    labels = {}
    for series in lines:
        is_named = not several or series.values or len({s.query for s in lines}) > 1
        parts = [step_of[step_texts[series]]] if several else []
        labels[series] = " · ".join([*parts, called[series]] if is_named else parts)
    axis = share_axis([row.share or 0 for row in shown])
    marks: list[Mark] = []
    for n, (series, pieces) in enumerate(lines.items()):
        tips = [f"{labels[series]}, {stretch(r.start, r.end)}: {_dot_text(r)}" for r in pieces]
        marks += line(pieces, [row.share for row in pieces], shown, n, tips)
    marks += partial_words(shown, axis, several=True)
    x = time_axis(shown)
    ends = [(labels[s], last_of([r.share for r in p])) for s, p in lines.items()]
    marks += end_labels(ends, x, axis) if len(lines) > 1 else []
    what = f"{_what(rows)}, by {unit(shown) or 'piece'}{axis_words(rows)}"
    gist = "; ".join(f"{name}: last {share(at)}" for name, at in ends if at is not None)
    named = ends if len(lines) > 1 else []
    return over_plane(rows, what, order(rows), f"{short(gist, 300)}.", (x, axis), marks, named)


def _what(rows: Sequence[Cell]) -> str:
    names = list(dict.fromkeys(row.series.step for row in steps(rows)))
    if len(names) > 1:
        return "share of each step"
    step = clause(names[0])
    return f"share {short(step, 60)}" if step.startswith(WHERE) else f"share that {short(step, 60)}"


def _step_labels(rows: Sequence[Cell]) -> list[str]:
    several = len({row.series.query for row in rows}) > 1
    called = shortened(row.series.step or row.series.query for row in rows)
    queries = shortened(row.series.query for row in rows)
    return [
        called[row.series.step or row.series.query]
        + (f" · {queries[row.series.query]}" if several else "")
        for row in rows
    ]


def _rows_around(row: Cell, before: Cell | None) -> int | None:
    return row.of or row.count if before is None or before.count is None else before.count


def _nested(n: int, row: Cell, before: Cell | None, tip: str) -> list[Mark]:
    marks: list[Mark] = []
    around = _rows_around(row, before)
    if around and not row.is_base:
        marks.append(Box(0, around, -n - 0.34, -n + 0.34, Colour.TRACK, strength=0.25, tip=tip))
    if row.count:
        hollow = row.is_partial
        marks.append(Box(0, row.count, -n - 0.34, -n + 0.34, hollow=hollow, tip=tip))
    return marks


def _step_text(row: Cell, before: Cell | None) -> str:
    if row.share is None or row.is_base:
        return number(row.count)
    text = f"{number(row.count)} · {share(row.share)}{in_brackets(row.low, row.high)}"
    if before is None or before.is_base or not before.count or row.count is None:
        return text
    return f"{text}, {share(row.count / before.count)} of the step before"


def _dot_text(row: Cell) -> str:
    if row.share is None:
        return "no count" if row.count is None else f"{number(row.count)} of {number(row.of)}"
    return f"{share(row.share)}{in_brackets(row.low, row.high)} of {number(row.of)}"


def _interval(
    y: float,
    at: float | None,
    ends: tuple[float | None, float | None],
    tip: str,
    colour: Colour = Colour.FIRST,
    *,
    hollow: bool = False,
    shape: int = 0,
) -> list[Mark]:
    known = tuple((end, y) for end in ends if end is not None)
    paths = [Path(known, colour)] if len(known) == 2 else []
    return [] if at is None else [*paths, Dot(at, y, colour, hollow, shape, tip)]
