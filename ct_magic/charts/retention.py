"""Shares after some time -> Chart: a triangle of cohorts as a heat map, or curves with a mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt

from ct_magic.charts.chart import SERIES, Box, Chart, ChartAxis, Colour, Dot, Mark, Path, Words
from ct_magic.charts.lines import MOST_LINES, PLANE, end_labels
from ct_magic.charts.shares import steps
from ct_magic.charts.wording import (
    after_unit,
    axis_words,
    clause,
    events,
    in_brackets,
    missing,
    names,
    number,
    period,
    piece,
    pixels,
    share_axis,
    short,
    statement,
)
from ct_magic.common.words import share
from ct_magic.results.cells import Cell, is_over_time

_MOST = 60
_ROW = 26
PALEST, STRONGEST = 0.06, 0.6  # how much colour a cell has: the page's own text is read on it
MEAN = "mean"
Cohort = tuple[object, ...]
_Column = tuple[str, int | None]


def triangle(rows: Sequence[Cell]) -> Chart:
    """Return a heat map: a row for each cohort, a column for each time after it, blank if not yet.

    The last row is the mean of the finished cells above it, each with the weight of its cohort.
    """
    cohorts, columns = _cohorts(rows), _columns(rows)
    shown = dict(list(cohorts.items())[:_MOST])
    means = _means(cohorts.values(), columns)
    strongest = max((row.share or 0 for row in steps(rows) if row.series.after), default=0) or 1.0
    marks: list[Mark] = []
    for line, cells in enumerate(shown.values()):
        for at, column in enumerate(columns):
            marks += _cell(at, -line, cells.get(column), strongest)
    marks += [
        Words(at, -len(shown) - 0.2, share(means[column]), align="center", bold=True)
        for at, column in enumerate(columns)
        if column in means
    ]
    labels = _row_labels(shown, rows)
    ticks = [*((-n, label) for n, label in enumerate(labels)), (-len(shown) - 0.2, MEAN)]
    title = f"{events(rows)}: {_what(rows)}{axis_words(rows)}"
    return Chart(
        title=title,
        lines=(*statement(rows), "; ".join(_notes(rows, cohorts))),
        alt=f"{title}, {period(rows)}. {_gist(means, columns)}",
        x=ChartAxis(-0.5, len(columns) - 0.5, _column_ticks(columns), above=True),
        y=ChartAxis(-len(shown) - 0.8, 0.5, tuple(ticks)),
        marks=tuple(marks),
        height=_ROW * (len(shown) + 1) + 8,
    )


def curves(rows: Sequence[Cell]) -> Chart:
    """Return a line for each cohort or value over the time after it, and their mean.

    Cohorts of one event are grey, since it is the mean that speaks; values have colours.
    """
    cohorts = _cohorts(rows)
    columns = [column for column in _columns(rows) if column[1] is not None]
    means = _means(cohorts.values(), columns)
    over_time = is_over_time(rows)
    lines = dict(list(cohorts.items())[: _MOST if over_time else MOST_LINES])
    labels = _row_labels(lines, rows)
    axis = share_axis([row.share or 0 for row in rows if row.series.after is not None])
    marks: list[Mark] = []
    ends: dict[str, float | None] = {}
    for n, (cells, label) in enumerate(zip(lines.values(), labels, strict=True)):
        known = [(c[1], cells[c].share) for c in columns if c in cells]
        marks += _curve(known, Colour.GREY if over_time else SERIES[n % len(SERIES)], n, over_time)
        ends[label] = next((share for _, share in reversed(known) if share is not None), None)
    mean = [(column[1], means.get(column)) for column in columns]
    marks += _curve(mean, Colour.FIRST, 0, thin=False) if over_time and len(lines) > 1 else []
    last = max((after or 0 for _, after in columns), default=1)
    x = ChartAxis(0 - 0.02 * last, last * 1.02 + 0.01, _after_ticks(columns))
    marks += _curve_labels(ends, mean, x, axis, over_time)
    title = f"{events(rows)}: {_what(rows)}{axis_words(rows)}"
    return Chart(
        title=title,
        lines=(*statement(rows), "; ".join(_notes(rows, cohorts))),
        alt=f"{title}, {period(rows)}. {_gist(means, columns)}",
        x=x,
        y=axis,
        marks=tuple(marks),
        height=PLANE,
        margin=24 + pixels(ends if not over_time else [MEAN]),
    )


def _cohorts(rows: Sequence[Cell]) -> dict[Cohort, dict[_Column, Cell]]:
    """Return the cells of each cohort; its base is the column without a step's name."""
    cohorts: dict[Cohort, dict[_Column, Cell]] = {}
    for row in rows:
        key = row.series.query, row.series.values, row.start, row.end
        step = "" if row.is_base else row.series.step or ""
        cohorts.setdefault(key, {})[step, row.series.after] = row
    return cohorts


def _columns(rows: Sequence[Cell]) -> list[_Column]:
    return list(dict.fromkeys((row.series.step or "", row.series.after) for row in steps(rows)))


def _means(
    cohorts: Iterable[Mapping[_Column, Cell]], columns: Sequence[_Column]
) -> dict[_Column, float]:
    """Return the share of all finished cohorts together, for each column that has one."""
    means = {}
    for column in columns:
        cells = [cohort[column] for cohort in cohorts if column in cohort]
        done = [(c.count, c.of) for c in cells if c.count is not None and c.of is not None]
        below = sum(of for _, of in done)
        if below:
            means[column] = sum(count for count, _ in done) / below
    return means


def _cell(x: int, y: float, row: Cell | None, strongest: float) -> list[Mark]:
    if row is None or row.status == "not yet":
        return []
    if row.share is None:
        return [Words(x, y, "\N{EN DASH}", Colour.QUIET, "center")]
    part = sqrt(min(1.0, row.share / strongest))
    strength = PALEST + (STRONGEST - PALEST) * part
    tip = f"{number(row.count)} of {number(row.of)}: {share(row.share)}"
    tip += in_brackets(row.low, row.high)
    box = Box(x - 0.485, x + 0.485, y - 0.46, y + 0.46, strength=round(strength, 3), tip=tip)
    return [box, Words(x, y, share(row.share), align="center")]


def _row_labels(
    cohorts: Mapping[Cohort, Mapping[_Column, Cell]], rows: Sequence[Cell]
) -> list[str]:
    firsts = [next(iter(cells.values())) for cells in cohorts.values()]
    called = names(firsts)
    over_time = is_over_time(rows)
    years = len({row.start.year for row in firsts}) > 1
    labels = []
    for row, cells in zip(firsts, cohorts.values(), strict=True):
        base = cells.get(("", None))
        is_named = row.series.values or len({r.series.query for r in firsts}) > 1 or not over_time
        parts = [called[row.series]] if is_named else []
        parts += [piece(row, with_year=years)] if over_time else []
        parts += [number(base.count if base else row.of)]
        labels.append(" · ".join(parts))
    return labels


def _column_ticks(columns: Sequence[_Column]) -> tuple[tuple[float, str], ...]:
    return tuple(
        (at, short(clause(step), 18) if after is None else _after(step, after, at, len(columns)))
        for at, (step, after) in enumerate(columns)
    )


def _after(step: str, after: int, at: int, several: int) -> str:
    is_first = at == 0 or several < 9
    return f"{after_unit(step) or 'after'} {after}" if is_first else str(after)


def _after_ticks(columns: Sequence[_Column]) -> tuple[tuple[float, str], ...]:
    steps_of = {after: step for step, after in columns if after is not None}
    return tuple(
        (after, _after(steps_of[after], after, at, _MOST))
        for at, after in enumerate(sorted(steps_of))
    )


def _curve(
    places: Sequence[tuple[int | None, float | None]], colour: Colour, n: int, thin: bool
) -> list[Mark]:
    known = tuple((float(x or 0), share) for x, share in places if share is not None)
    if not known:
        return []
    dots = [] if thin else [Dot(x, y, colour, shape=n, tip=share(y)) for x, y in known]
    return [Path(known, colour, thin=thin), *dots]


def _curve_labels(
    ends: dict[str, float | None],
    mean: Sequence[tuple[int | None, float | None]],
    x: ChartAxis,
    axis: ChartAxis,
    over_time: bool,
) -> list[Mark]:
    if not over_time:
        return end_labels(ends, x, axis) if len(ends) > 1 else []
    known = [(at or 0, share) for at, share in mean if share is not None]
    return [Words(known[-1][0], known[-1][1], MEAN, right=9, bold=True)] if known else []


def _what(rows: Sequence[Cell]) -> str:
    later = (row.series for row in steps(rows) if row.series.after is not None)
    names = list(dict.fromkeys(series.step or "" for series in later))
    words = {after_unit(step) for step in names}
    word = words.pop() if len(words) == 1 else None
    when = f"in each {word} after" if word else "after some time"
    return (
        f"share that {short(clause(names[0]), 60)} {when}" if len(names) == 1 else f"shares {when}"
    )


def _notes(rows: Sequence[Cell], cohorts: Mapping[Cohort, object]) -> list[str]:
    not_yet = any(row.status == "not yet" for row in rows)
    cut = [f"the first {_MOST} of {len(cohorts):,} cohorts"] if len(cohorts) > _MOST else []
    weighed = ["mean of what is over, by size"] if len(cohorts) > 1 else []
    blank = ["blank: not over yet"] if not_yet else []
    return [period(rows), *weighed, *blank, *cut, *missing(rows)]


def _gist(means: Mapping[_Column, float], columns: Sequence[_Column]) -> str:
    parts = [
        f"{after_unit(step) or 'after'} {after}: {share(means[step, after])}"
        for step, after in columns
        if after is not None and (step, after) in means
    ]
    return f"Mean of what is over: {short(', '.join(parts), 300)}."
