"""Shares after some time -> Chart: a triangle of cohorts as a heat map, or curves with a mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ct_magic.charts.chart import SERIES, Chart, ChartAxis, Colour, Dot, Mark, Path, Tile, Words
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
from ct_magic.results.cells import Cell, Piece, is_over_time

_MOST = 60
_ROW = 26
STRONGEST = 0.6  # how much colour a cell has: the page's own text is read on it
MEAN = "mean"
Cohort = Piece
_Column = tuple[str, int | None]
_Statements = Mapping[str, Mapping[Cohort, Mapping[_Column, Cell]]]


def triangle(rows: Sequence[Cell]) -> Chart:
    """Return a heat map: a row for each cohort, a column for each time after it, blank if not yet.

    Its colours are one linear scale from nothing to the largest share behind the first column,
    which is mostly all of the cohort and so a number without a colour, as in the panel. Below the
    cohorts of a statement is the mean of its finished cells, each with the weight of its cohort.
    """
    columns = _columns(rows)
    ticks: list[tuple[float, str]] = []
    marks: list[Mark] = []
    top = 0.0
    largest = max((row.share or 0 for row in steps(rows) if row.series.after), default=0)
    statements = _by_statement(rows)
    for query, cohorts in statements.items():
        shown = dict(list(cohorts.items())[:_MOST])
        for label, cells in zip(_row_labels(shown, rows), shown.values(), strict=True):
            ticks.append((-top, label))
            for at, column in enumerate(columns):
                marks += _cell(at, -top, cells.get(column), largest)
            top += 1
        means = _means(cohorts.values(), columns)
        name = f"{MEAN} · {short(query)}" if len(statements) > 1 else MEAN
        ticks.append((-top - 0.2, name))
        marks += [
            Words(at, -top - 0.2, share(means[column]), align="center", bold=True)
            for at, column in enumerate(columns)
            if column in means
        ]
        top += 1.4
    title = f"{events(rows)}: {_what(rows)}{axis_words(rows)}"
    return Chart(
        title=title,
        lines=(*statement(rows), "; ".join(_notes(rows, statements))),
        alt=f"{title}, {period(rows)}. {_gist(statements, columns)}",
        x=ChartAxis(-0.5, len(columns) - 0.5, _column_ticks(columns), above=True),
        y=ChartAxis(0.2 - top, 0.5, tuple(ticks)),
        marks=tuple(marks),
        height=int(_ROW * (top + 0.3)),
    )


def curves(rows: Sequence[Cell]) -> Chart:
    """Return a line for each cohort or value over the time after it, and their mean.

    Cohorts of one statement are grey, since it is the mean that speaks; values have colours, and
    so have the means of several statements.
    """
    statements = _by_statement(rows)
    columns = [column for column in _columns(rows) if column[1] is not None]
    over_time = is_over_time(rows)
    axis = share_axis([row.share or 0 for row in rows if row.series.after is not None])
    marks: list[Mark] = []
    ends: list[tuple[str, float | None]] = []
    for turn, (query, cohorts) in enumerate(statements.items()):
        lines = dict(list(cohorts.items())[: _MOST if over_time else MOST_LINES])
        for cells, label in zip(lines.values(), _row_labels(lines, rows), strict=True):
            known = [(c[1], cells[c].share) for c in columns if c in cells]
            n = len(ends)
            colour = Colour.GREY if over_time else SERIES[n % len(SERIES)]
            marks += _curve(known, colour, n, thin=over_time)
            ends += [] if over_time else [(label, _last(known))]
        if over_time:
            means = _means(cohorts.values(), columns)
            mean = [(column[1], means.get(column)) for column in columns]
            marks += _curve(mean, SERIES[turn % len(SERIES)], turn, thin=False)
            name = f"{MEAN} · {short(query)}" if len(statements) > 1 else MEAN
            ends.append((name, _last(mean)))
    last = max((after or 0 for _, after in columns), default=1)
    x = ChartAxis(0 - 0.02 * last, last * 1.02 + 0.01, _after_ticks(columns))
    marks += end_labels(ends, x, axis) if len(ends) > 1 or over_time else []
    title = f"{events(rows)}: {_what(rows)}{axis_words(rows)}"
    return Chart(
        title=title,
        lines=(*statement(rows), "; ".join(_notes(rows, statements))),
        alt=f"{title}, {period(rows)}. {_gist(statements, columns)}",
        x=x,
        y=axis,
        marks=tuple(marks),
        height=PLANE,
        margin=24 + pixels(name for name, _ in ends),
    )


def _last(places: Sequence[tuple[int | None, float | None]]) -> float | None:
    return next((at for _, at in reversed(places) if at is not None), None)


def _by_statement(rows: Sequence[Cell]) -> dict[str, dict[Cohort, dict[_Column, Cell]]]:
    """Return the cells of each cohort of each statement; its base is the column without a step."""
    statements: dict[str, dict[Cohort, dict[_Column, Cell]]] = {}
    for row in rows:
        step = "" if row.is_base else row.series.step or ""
        cohorts = statements.setdefault(row.series.query, {})
        cohorts.setdefault(row.piece, {})[step, row.series.after] = row
    return statements


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


def _cell(x: int, y: float, row: Cell | None, largest: float) -> list[Mark]:
    if row is None or row.status == "not yet":
        return []
    if row.share is None:
        return [Tile(x, y, "\N{EN DASH}", tip="no count")]
    strength = STRONGEST * row.share / largest if largest and x else 0.0
    tip = f"{number(row.count)} of {number(row.of)}: {share(row.share)}"
    tip += in_brackets(row.low, row.high)
    return [Tile(x, y, share(row.share), round(strength, 3), tip)]


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


def _what(rows: Sequence[Cell]) -> str:
    later = (row.series for row in steps(rows) if row.series.after is not None)
    names = list(dict.fromkeys(series.step or "" for series in later))
    words = {after_unit(step) for step in names}
    word = words.pop() if len(words) == 1 else None
    when = f"in each {word} after" if word else "after some time"
    return (
        f"share that {short(clause(names[0]), 60)} {when}" if len(names) == 1 else f"shares {when}"
    )


def _notes(rows: Sequence[Cell], statements: _Statements) -> list[str]:
    several = sum(map(len, statements.values()))
    longest = max(map(len, statements.values()))
    cut = [f"the first {_MOST} of {longest:,} cohorts"] if longest > _MOST else []
    weighed = ["mean of what is over, by size"] if several > 1 else []
    blank = ["blank: not over yet"] if any(row.status == "not yet" for row in rows) else []
    return [period(rows), *weighed, *blank, *cut, *missing(rows)]


def _gist(statements: _Statements, columns: Sequence[_Column]) -> str:
    words = []
    for query, cohorts in statements.items():
        means = _means(cohorts.values(), columns)
        parts = [
            f"{after_unit(step) or 'after'} {after}: {share(means[step, after])}"
            for step, after in columns
            if after is not None and (step, after) in means
        ]
        of = f" of {short(query)}" if len(statements) > 1 else ""
        words.append(f"Mean{of} of what is over: {short(', '.join(parts), 300)}.")
    return " ".join(words)
