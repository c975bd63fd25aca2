"""Shares after some time -> Chart: a grid of cohorts, curves, a bar between two windows.

The time after is a number of weeks (`after 0..11 weeks`) or days behind each profile's own first
day (`on day 1, 7, 30`, `within 1, 7, 30 days`): both are the columns of a grid and the places of a
curve.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ct_magic.charts import chart
from ct_magic.charts.lines import MOST_LINES, end_labels
from ct_magic.charts.shares import steps
from ct_magic.charts.wording import (
    after_unit,
    axis_words,
    clause,
    in_brackets,
    is_cumulative,
    names,
    number,
    over_plane,
    over_rows,
    period,
    piece,
    row_labels,
    share_axis,
    short,
    so_far,
    window_words,
)
from ct_magic.common.statistics import wilson
from ct_magic.common.words import share
from ct_magic.results.cells import Cell, is_over_time

_MOST = 60
_ROW = 26
_BANDED = 4  # curves that have their intervals: more could not be told apart
STRONGEST = 0.6  # how much colour a cell has: the page's own text is read on it
MEAN = "mean"
Cohort = tuple[object, ...]
_Column = tuple[str, int | None, tuple[int, int] | None]  # step, after, window
_Statements = Mapping[str, Mapping[Cohort, Mapping[_Column, Cell]]]
_Sums = dict[_Column, tuple[int, int]]  # how many, and of whom


def triangle(rows: Sequence[Cell]) -> chart.Chart:
    """Return a heat map: a row for each cohort, a column for each time after it, blank if not yet.

    Its colours are one linear scale from nothing to the largest share behind the first column,
    which is mostly all of the cohort and so a number without a colour, as in the panel. Below the
    cohorts of a statement is the mean of its finished cells, each with the weight of its cohort.
    """
    columns, places = _columns(rows), _places(rows)
    ticks: list[tuple[float, str]] = []
    marks: list[chart.Mark] = []
    top = 0.0
    largest = max((row.share or 0 for row in steps(rows) if row.series.after != 0), default=0)
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
            chart.Words(at, -top - 0.2, share(means[column]), align="center", bold=True)
            for at, column in enumerate(columns)
            if column in means
        ]
        top += 1.4
    ticks_above = tuple(
        (at, _name(column, places.get(column), len(columns) if at else 0))
        for at, column in enumerate(columns)
    )
    x = chart.ChartAxis(-0.5, len(columns) - 0.5, ticks_above, above=True)
    axes, gist = (x, chart.ChartAxis(0.2 - top, 0.5, tuple(ticks))), _gist(statements, places)
    what, notes = f"{_what(rows)}{axis_words(rows)}", _notes(rows, statements)
    return over_plane(rows, what, notes, gist, axes, marks, height=int(_ROW * (top + 0.3)))


def curves(rows: Sequence[Cell]) -> chart.Chart:
    """Return a line for each value or cohort over the time after it.

    Values have colours, and with few lines their intervals. Many cohorts of one statement are
    grey, since it is their mean that speaks.
    """
    statements = _by_statement(rows)
    places = _places(rows)
    lines = _lines(statements, list(places), rows)
    has_cohorts = is_over_time(rows) and not any(row.series.values for row in rows)
    is_grey = has_cohorts and not (is_own_days(rows) and len(lines) <= _BANDED)
    marks: list[chart.Mark] = []
    ends: list[tuple[str, float | None]] = []
    for n, (label, counts) in enumerate(list(lines.items())[: _MOST if is_grey else MOST_LINES]):
        colour = chart.Colour.GREY if is_grey else chart.SERIES[n % len(chart.SERIES)]
        marks += _curve(counts, places, colour, n, thin=is_grey, band=len(lines) <= _BANDED)
        ends += [] if is_grey else [(label, _last(counts))]
    for n, (query, cohorts) in enumerate(statements.items() if is_grey else ()):
        mean, colour = _sums(cohorts.values(), list(places)), chart.SERIES[n % len(chart.SERIES)]
        marks += _curve(mean, places, colour, n, thin=False, band=False)
        ends.append((f"{MEAN} · {short(query)}" if len(statements) > 1 else MEAN, _last(mean)))
    top = [at.high or at.share or 0 for at in rows if _column(at) in places]
    axis = share_axis(top if len(lines) <= _BANDED else [r.share or 0 for r in rows if r.is_step])
    last = max(places.values(), default=1.0) or 1.0
    x = chart.ChartAxis(-0.02 * last, last * 1.02 + 0.01, _after_ticks(places))
    marks += end_labels(ends, x, axis) if len(ends) > 1 or is_grey else []
    notes = [*_notes(rows, statements), *([BANDS] if len(lines) <= _BANDED else [])]
    what, gist = f"{_what(rows)}{axis_words(rows)}", _gist(statements, places)
    marks.sort(key=lambda mark: not isinstance(mark, chart.Band))  # below all lines
    return over_plane(rows, what, notes, gist, (x, axis), marks, ends)


def brackets(rows: Sequence[Cell]) -> chart.Chart:
    """Return a bar from the low to the high end that two windows leave: the truth lies between."""
    both: dict[Cohort, list[Cell]] = {}
    for row in steps(rows):
        both.setdefault(_cohort(row), []).append(row)
    shown = [sorted(pair, key=lambda row: row.share or 0.0) for pair in both.values()][:_MOST]
    tops = [pair[-1] for pair in shown]
    labels = row_labels(tops) if len(tops) > 1 else [short(tops[0].series.step or "")]
    axis = share_axis([pair[-1].share or 0 for pair in shown])
    marks: list[chart.Mark] = []
    named = []
    for n, (pair, label) in enumerate(zip(shown, labels, strict=True)):
        known = [row.share for row in pair if row.share is not None]
        text = "no count" if len(known) < 2 else f"between {share(known[0])} and {share(known[1])}"
        named.append((label, f"{text} of {number(pair[-1].of)}"))
        if len(known) == 2:
            marks.append(chart.Path(((known[0], -n), (known[1], -n)), thick=True))
            marks += [
                chart.Dot(at, -n, hollow=row.is_partial, tip=f"{label}: {text}")
                for at, row in zip(known, pair, strict=True)
            ]
        marks.append(chart.Words(axis.high, -n, named[-1][1], right=10))
    what, notes = f"{_what(rows)}{axis_words(rows)}", [period(rows), BRACKET]
    return over_rows(rows, what, notes, named, axis, marks, 30)


BANDS = "bands are 95 % intervals"
BRACKET = "on day 0 either may have come first: the truth lies between both ends"


def is_own_days(rows: Sequence[Cell]) -> bool:
    """Return True for windows behind each profile's own first day."""
    return any(row.series.window is not None for row in rows)


def is_bracket(rows: Sequence[Cell]) -> bool:
    """Return True for two windows that differ in day 0 alone: `on days 0..6, 1..6`."""
    windows = sorted({w for w in (row.series.window for row in rows) if w is not None})
    return (
        len(windows) == 2
        and [w[0] for w in windows] == [0, 1]
        and len({w[1] for w in windows}) == 1
    )


def how_many(rows: Sequence[Cell]) -> tuple[int, int]:
    """Return how many columns a grid of the rows has, and how many lines."""
    return len(_columns(rows)), len({_cohort(row) for row in steps(rows)})


def _lines(
    statements: _Statements, columns: Sequence[_Column], rows: Sequence[Cell]
) -> dict[str, _Sums]:
    """Return the counts of each line: of a value over all its cohorts, else of each cohort."""
    lines: dict[str, _Sums] = {}
    called = names(steps(rows))
    for cohorts in statements.values():
        groups: dict[Cohort, dict[Cohort, Mapping[_Column, Cell]]] = {}
        has_values = any(key[1] for key in cohorts)
        for key, cells in cohorts.items():
            groups.setdefault(key[:2] if has_values else key, {})[key] = cells
        labels = _row_labels({key: next(iter(g.values())) for key, g in groups.items()}, rows)
        for label, group in zip(labels, groups.values(), strict=True):
            step = next((c for cells in group.values() for c in cells.values() if c.is_step), None)
            name = called[step.series] if has_values and step else label
            while name in lines:
                name += " "
            lines[name] = _sums(group.values(), columns)
    return lines


def _last(sums: _Sums) -> float | None:
    return next((count / of for count, of in reversed(sums.values())), None)


def _cohort(row: Cell) -> Cohort:
    # Windows that are not over leave days out at the end: a cohort is known by its first day.
    return row.series.query, row.series.values, row.start


def _column(row: Cell) -> _Column:
    return "" if row.is_base else row.series.step or "", row.series.after, row.series.window


def _places(rows: Sequence[Cell]) -> dict[_Column, float]:
    """Return where the columns lie in time: weeks after, or days behind the first one.

    Of `within 1, 7, 30 days` they are 1, 7 and 30; of `on day 0, 7` they are 0 and 7.
    """
    places, holds_each = dict[_Column, float](), is_cumulative(rows)
    for column in _columns(rows):
        _, after, window = column
        if window is not None:
            first, last = window
            places[column] = float(last + 1 if first == 0 and (last or holds_each) else last)
        elif after is not None:
            places[column] = float(after)
    return places


def _by_statement(rows: Sequence[Cell]) -> dict[str, dict[Cohort, dict[_Column, Cell]]]:
    """Return the cells of each cohort of each statement; its base is the column without a step."""
    statements: dict[str, dict[Cohort, dict[_Column, Cell]]] = {}
    for row in rows:
        cohorts = statements.setdefault(row.series.query, {})
        cohorts.setdefault(_cohort(row), {})[_column(row)] = row
    return statements


def _columns(rows: Sequence[Cell]) -> list[_Column]:
    return list(dict.fromkeys(map(_column, steps(rows))))


def _sums(cohorts: Collection[Mapping[_Column, Cell]], columns: Sequence[_Column]) -> _Sums:
    """Return the counts of all finished cells together, for each column that has one."""
    sums: _Sums = {}
    for column in columns:
        cells = [cohort[column] for cohort in cohorts if column in cohort]
        done = [(c.count, c.of) for c in cells if c.count is not None and c.of]
        if done:
            sums[column] = sum(n for n, _ in done), sum(of for _, of in done)
    return sums


def _means(
    cohorts: Collection[Mapping[_Column, Cell]], columns: Sequence[_Column]
) -> dict[_Column, float]:
    """Return the share of all finished cohorts together, for each column that has one."""
    return {column: count / of for column, (count, of) in _sums(cohorts, columns).items()}


def _cell(x: int, y: float, row: Cell | None, largest: float) -> list[chart.Mark]:
    if row is None or row.status == "not yet":
        return []
    if row.share is None:
        return [chart.Tile(x, y, "\N{EN DASH}", tip="no count")]
    # The column of week 0 is mostly all of the cohort.
    strength = STRONGEST * row.share / largest if largest and row.series.after != 0 else 0.0
    tip = f"{number(row.count)} of {number(row.of)}: {share(row.share)}"
    tip += in_brackets(row.low, row.high) + (f", {so_far(row)}" if row.is_partial else "")
    return [chart.Tile(x, y, share(row.share), round(strength, 3), row.is_partial, tip)]


def _row_labels(
    cohorts: Mapping[Cohort, Mapping[_Column, Cell]], rows: Sequence[Cell]
) -> list[str]:
    firsts = [next(iter(cells.values())) for cells in cohorts.values()]
    called = names(firsts)
    over_time = is_over_time(rows)
    years = len({row.start.year for row in firsts}) > 1
    labels = []
    for row, cells in zip(firsts, cohorts.values(), strict=True):
        base = cells.get(("", None, None))
        is_named = row.series.values or len({r.series.query for r in firsts}) > 1 or not over_time
        parts = [called[row.series]] if is_named else []
        parts += [piece(row, with_year=years)] if over_time else []
        parts += [number(base.count if base else row.of)]
        labels.append(" · ".join(parts))
    return labels


def _name(column: _Column, place: float | None, several: int) -> str:
    """Return what a column is called; among several only the number of its weeks."""
    step, after, window = column
    if window is not None:
        return window_words(window, within=bool(place))
    if after is None:
        return short(clause(step), 18)
    return f"{after_unit(step) or 'after'} {after}" if several < 9 else str(after)


def _after_ticks(places: Mapping[_Column, float]) -> tuple[tuple[float, str], ...]:
    placed = {place: column for column, place in places.items()}
    ticks = []
    last, room = max(placed, default=1.0) or 1.0, -1.0
    for at, place in enumerate(sorted(placed)):
        # Days 1, 2, 3 of 30 have no room for their names.
        if place - room >= 0.06 * last or placed[place][2] is None:
            ticks.append((place, _name(placed[place], place, _MOST if at else 0)))
            room = place
    return tuple(ticks)


def _curve(
    sums: _Sums,
    columns: Mapping[_Column, float],
    colour: chart.Colour,
    n: int,
    *,
    thin: bool,
    band: bool,
) -> list[chart.Mark]:
    if not sums:
        return []
    places = [(columns[column], counts) for column, counts in sums.items()]
    known = tuple((x, count / of) for x, (count, of) in places)
    ends = [(x, *wilson(*counts)) for x, counts in places]
    tips = [
        f"{share(count / of)}{in_brackets(low, high)} of {of:,}"
        for (_, (count, of)), (_, low, high) in zip(places, ends, strict=True)
    ]
    dots = [] if thin else zip(known, tips, strict=True)
    bands = [chart.Band(tuple(ends), colour)] if band and not thin else []
    return [
        *bands,
        chart.Path(known, colour, thin=thin),
        *(chart.Dot(x, y, colour, shape=n, tip=tip) for (x, y), tip in dots),
    ]


def _what(rows: Sequence[Cell]) -> str:
    later = (row.series for row in steps(rows) if row.series.after is not None)
    names = list(dict.fromkeys(series.step or "" for series in later))
    if is_own_days(rows):
        last = steps(rows)[-1].series.step or ""
        return f"share that {short(clause(last), 60)}, in days after their own first day"
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
    return [*weighed, *blank, *cut]


def _gist(statements: _Statements, places: Mapping[_Column, float]) -> str:
    words = []
    for query, cohorts in statements.items():
        means = _means(cohorts.values(), list(places))
        parts = [f"{_name(column, places[column], 1)}: {share(at)}" for column, at in means.items()]
        of = f" of {short(query)}" if len(statements) > 1 else ""
        words.append(f"Mean{of} of what is over: {short(', '.join(parts), 300)}.")
    return " ".join(words)
