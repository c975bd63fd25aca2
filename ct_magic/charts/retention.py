"""Shares after some time -> Chart: a grid of cohorts, curves, a bar between two windows.

The time after is a number of weeks (`after 0..11 weeks`) or days behind each profile's own first
day (`on day 1, 7, 30`, `within 1, 7, 30 days`): both are the columns of a grid and the places of a
curve.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import pairwise

from ct_magic.charts import chart, wording
from ct_magic.charts.lines import MOST_LINES, last_of, line_chart
from ct_magic.charts.shares import share_lines
from ct_magic.common.statistics import wilson
from ct_magic.common.words import share, window_words
from ct_magic.results.cells import Cell, is_over_time, steps

_COHORT_HEIGHT = 26
_FEW = 4  # the most curves with intervals, and the most columns drawn as lines
STRONGEST = 0.6  # how much colour a cell has: the page's own text is read on it
MEAN = "mean"
BANDS = "bands are 95 % intervals"
BRACKET = "on day 0 either may have come first: the truth lies between both ends"
LEFT_OUT = "hollow: some days are not over, and left out"
_After = tuple[str, int | None, tuple[int, int] | None]  # step, after, window
_Cohort = tuple[object, ...]  # statement, values, first day
_Grid = Mapping[str, Mapping[_Cohort, Mapping[_After, Cell]]]  # by statement
_Sums = Mapping[_After, tuple[int, int, bool]]  # how many, of whom, and whether some are left out


def after_some_time(
    rows: Sequence[Cell], as_curves: bool
) -> Callable[[Sequence[Cell]], chart.Chart]:
    """Return what draws these shares: of windows behind each profile's own first day, or moved."""
    windows = sorted({row.series.window for row in rows if row.series.window is not None})
    over_time = is_over_time(rows)
    if windows:
        if [first for first, _ in windows] == [0, 1] and len({last for _, last in windows}) == 1:
            return brackets  # they differ in day 0 alone: `on days 0..6, 1..6`
        are_few = len(set(map(_cohort_of, steps(rows)))) <= _FEW
        is_curve = not over_time or (wording.is_cumulative(rows) and are_few)
        if not is_curve and len(_columns(rows)) <= _FEW:
            return share_lines
    else:
        # By values it would be a grid of grids.
        is_curve = not over_time or any(row.series.values for row in rows)
    return curves if is_curve or as_curves else triangle


def triangle(rows: Sequence[Cell]) -> chart.Chart:
    """Return a heat map: a row for each cohort, a column for each time after it, blank if not yet.

    Its colours are one linear scale from nothing to the largest share behind the first column,
    which is mostly all of the cohort and so a number without a colour, as in the panel. Below the
    cohorts of a statement is the mean of its finished cells, each with the weight of its cohort.
    """
    columns, places, grid = _columns(rows), _offsets(rows), _grid(rows)
    largest = max((row.share or 0 for row in steps(rows) if row.series.after != 0), default=0)
    ticks: list[tuple[float, str]] = []
    marks: list[chart.Mark] = []
    top = 0.0
    for query, cohorts in grid.items():
        shown = dict(list(cohorts.items())[: wording.MOST])
        for label, cells in zip(_row_labels(shown, rows), shown.values(), strict=True):
            ticks.append((-top, label))
            marks += [
                _tile(at, -top, cells[column], largest)
                for at, column in enumerate(columns)
                if column in cells and cells[column].status != "not yet"
            ]
            top += 1
        ticks.append((-top - 0.2, _mean_name(query, grid)))
        marks += [
            chart.Words(columns.index(column), -top - 0.2, share(n / of), align="center", bold=True)
            for column, (n, of, _) in _sums(cohorts.values(), columns).items()
        ]
        top += 1.4
    above = tuple(
        (at, _name(column, places.get(column), is_short=at > 0 and len(columns) > 8))
        for at, column in enumerate(columns)
    )
    x = chart.ChartAxis(-0.5, len(columns) - 0.5, above, above=True)
    y, notes = chart.ChartAxis(0.2 - top, 0.5, tuple(ticks)), _notes(rows, grid)
    gist, height = _mean_gist(grid, places), int(_COHORT_HEIGHT * (top + 0.3))
    return wording.chart_of(rows, _after_title(rows), notes, gist, (x, y), marks, height)


def curves(rows: Sequence[Cell]) -> chart.Chart:
    """Return a line for each value or cohort; many cohorts are grey, and their mean is drawn."""
    grid, places = _grid(rows), _offsets(rows)
    lines = _curves(grid, places, rows)
    has_cohorts = is_over_time(rows) and not any(row.series.values for row in rows)
    is_grey = has_cohorts and not (any(row.series.window for row in rows) and len(lines) <= _FEW)
    has_bands = len(lines) <= _FEW and not is_grey
    marks: list[chart.Mark] = []
    if is_grey:
        for _, sums in lines[: wording.MOST]:
            marks.append(chart.Path(_points(sums, places), chart.Colour.GREY, thin=True))
        lines = [(_mean_name(q, grid), _sums(some.values(), places)) for q, some in grid.items()]
    lines = lines[:MOST_LINES]
    for n, (_, sums) in enumerate(lines):
        marks += _curve(sums, places, n, has_band=has_bands, can_be_hollow=not is_grey)
    ends = [(name, last_of([n / of for n, of, _ in sums.values()])) for name, sums in lines]
    shares = [(row.high if has_bands else None) or row.share or 0 for row in rows if row.is_step]
    last = max(places.values(), default=1.0) or 1.0
    x = chart.ChartAxis(-0.02 * last, last * 1.02 + 0.01, _after_ticks(places))
    axes = x, wording.share_axis(shares)
    marks.sort(key=lambda mark: not isinstance(mark, chart.Band))  # below all lines
    are_cut = any(isinstance(mark, chart.Dot) and mark.hollow for mark in marks)
    notes = [*_notes(rows, grid), *([BANDS] if has_bands else []), *([LEFT_OUT] if are_cut else [])]
    ends = ends if len(ends) > 1 or is_grey else []
    return line_chart(rows, _after_title(rows), notes, _mean_gist(grid, places), axes, marks, ends)


def brackets(rows: Sequence[Cell]) -> chart.Chart:
    """Return a bar from the low to the high end that two windows leave: the truth lies between."""
    both: dict[_Cohort, list[Cell]] = {}
    for row in sorted(steps(rows), key=lambda row: row.share or 0.0):
        both.setdefault(_cohort_of(row), []).append(row)
    tops = [both[key][-1] for key in dict.fromkeys(map(_cohort_of, steps(rows)))]
    axis = wording.share_axis([row.share or 0 for row in tops[: wording.MOST]])

    def text_of(row: Cell) -> str:
        known = [share(one.share) for one in both[_cohort_of(row)] if one.share is not None]
        text = f"between {' and '.join(known)}" if len(known) == 2 else wording.number(None)
        return f"{text} of {wording.number(row.of)}"

    def marks(y: int, row: Cell, name: str, text: str) -> list[chart.Mark]:
        pair = [(one.share, one) for one in both[_cohort_of(row)] if one.share is not None]
        bar: list[chart.Mark] = [chart.Path(tuple((at, y) for at, _ in pair), thick=True)]
        bar += [chart.Dot(at, y, hollow=one.is_partial, tip=f"{name}: {text}") for at, one in pair]
        return [*(bar if len(pair) == 2 else []), chart.Words(axis.high, y, text, right=10)]

    notes = [wording.period(rows), BRACKET]
    return wording.row_chart(rows, tops, _after_title(rows), notes, axis, text_of, marks, 30)


def _curves(
    grid: _Grid, columns: Collection[_After], rows: Sequence[Cell]
) -> list[tuple[str, _Sums]]:
    """Return the counts of each line: of a value over all its cohorts, else of each cohort."""
    lines: list[tuple[str, _Sums]] = []
    called = wording.names(steps(rows))
    for cohorts in grid.values():
        labels = _row_labels(cohorts, rows)
        groups: dict[object, tuple[str, list[Mapping[_After, Cell]]]] = {}
        for label, (key, cells) in zip(labels, cohorts.items(), strict=True):
            _, values, start = key
            series = next((row.series for row in cells.values() if row.is_step), None)
            name = called[series] if values and series else label
            groups.setdefault(values or start, (name, []))[1].append(cells)
        lines += [(name, _sums(some, columns)) for name, some in groups.values()]
    return lines


def _cohort_of(row: Cell) -> _Cohort:
    # Windows that are not over leave days out at the end: a cohort is known by its first day.
    return row.series.query, row.series.values, row.start


def _column_of(row: Cell) -> _After:
    return "" if row.is_base else row.series.step or "", row.series.after, row.series.window


def _columns(rows: Sequence[Cell]) -> list[_After]:
    return list(dict.fromkeys(map(_column_of, steps(rows))))


def _offsets(rows: Sequence[Cell]) -> dict[_After, float]:
    """Return where the columns are in time: weeks after, or days since the first one."""
    # `within 1, 7, 30 days` are at 1, 7 and 30, `on day 0, 7` at 0 and 7.
    places, holds_each = dict[_After, float](), wording.is_cumulative(rows)
    for column in _columns(rows):
        _, after, window = column
        if window is not None:
            first, last = window
            places[column] = float(last + 1 if first == 0 and (last or holds_each) else last)
        elif after is not None:
            places[column] = float(after)
    return places


def _grid(rows: Sequence[Cell]) -> _Grid:
    """Return the cells of each cohort of each statement; its base is the column without a step."""
    grid: dict[str, dict[_Cohort, dict[_After, Cell]]] = {}
    for row in rows:
        cohorts = grid.setdefault(row.series.query, {})
        cohorts.setdefault(_cohort_of(row), {})[_column_of(row)] = row
    return grid


def _sums(cohorts: Iterable[Mapping[_After, Cell]], columns: Iterable[_After]) -> _Sums:
    """Return the counts of all finished cells together, for each column that has one."""
    sums: dict[_After, tuple[int, int, bool]] = {}
    cells = [cell for cohort in cohorts for cell in cohort.items()]
    for column in columns:
        for key, row in cells:
            if key == column and row.count is not None and row.of:
                n, of, is_cut = sums.get(column, (0, 0, False))
                sums[column] = n + row.count, of + row.of, is_cut or row.is_partial
    return sums


def _tile(x: int, y: float, row: Cell, largest: float) -> chart.Tile:
    if row.share is None:
        return chart.Tile(x, y, "\N{EN DASH}", tip="no count")
    # The column of week 0 is mostly all of the cohort.
    strength = STRONGEST * row.share / largest if largest and row.series.after != 0 else 0.0
    tip = f"{wording.number(row.count)} of {wording.number(row.of)}: {share(row.share)}"
    tip += wording.in_brackets(row.low, row.high)
    tip += f", {wording.so_far(row)}" if row.is_partial else ""
    return chart.Tile(x, y, share(row.share), round(strength, 3), row.is_partial, tip)


def _row_labels(
    cohorts: Mapping[_Cohort, Mapping[_After, Cell]], rows: Sequence[Cell]
) -> list[str]:
    firsts = [next(iter(cells.values())) for cells in cohorts.values()]
    called, over_time = wording.names(firsts), is_over_time(rows)
    years = len({row.start.year for row in firsts}) > 1
    labels = []
    for row, cells in zip(firsts, cohorts.values(), strict=True):
        base = cells.get(("", None, None))
        parts = [called[row.series]] if row.series.values or not over_time else []
        parts += [wording.piece(row, with_year=years)] if over_time else []
        labels.append(" · ".join([*parts, wording.number(base.count if base else row.of)]))
    return labels


def _mean_name(query: str, grid: _Grid) -> str:
    return f"{MEAN} · {wording.short(query)}" if len(grid) > 1 else MEAN


def _name(column: _After, place: float | None, *, is_short: bool = False) -> str:
    """Return what a column is called: `day 7`, `week 2`; where it is short only `2`."""
    step, after, window = column
    if window is not None:
        name = window_words(window, within=bool(place))
        return name.strip("abcdefghijklmnopqrstuvwxyz ") if is_short else name
    if after is None:
        return wording.short(wording.clause(step), 18)
    return str(after) if is_short else f"{wording.after_unit(step) or 'after'} {after}"


def _after_ticks(places: Mapping[_After, float]) -> tuple[tuple[float, str], ...]:
    ticks: list[tuple[float, str]] = []
    last = max(places.values(), default=1.0) or 1.0
    known = sorted({place: column for column, place in places.items()}.items())
    # Days 1, 3, 7 of 30 have no room for more than numbers, days 1, 2, 3 not for all of these.
    is_narrow = any(after[0] - one[0] < 0.2 * last for one, after in pairwise(known))
    for place, column in known:
        if not ticks or place - ticks[-1][0] >= 0.06 * last or column[2] is None:
            is_short = is_narrow if column[2] else bool(ticks)
            ticks.append((place, _name(column, place, is_short=is_short)))
    return tuple(ticks)


def _points(sums: _Sums, places: Mapping[_After, float]) -> tuple[tuple[float, float], ...]:
    return tuple((places[column], n / of) for column, (n, of, _) in sums.items())


def _curve(
    sums: _Sums, places: Mapping[_After, float], n: int, *, has_band: bool, can_be_hollow: bool
) -> list[chart.Mark]:
    if not sums:
        return []
    colour, points = chart.SERIES[n % len(chart.SERIES)], _points(sums, places)
    marks: list[chart.Mark] = [chart.Path(points, colour)]
    ends = []
    for (x, y), (count, of, is_cut) in zip(points, sums.values(), strict=True):
        low, high = wilson(count, of)
        tip = f"{share(y)}{wording.in_brackets(low, high)} of {of:,}"
        marks.append(chart.Dot(x, y, colour, is_cut and can_be_hollow, n, tip))
        ends.append((x, low, high))
    return [chart.Band(tuple(ends), colour), *marks] if has_band else marks


def _after_title(rows: Sequence[Cell]) -> str:
    if any(row.series.window for row in rows):
        last = wording.clause(steps(rows)[-1].series.step)
        return f"share that {wording.short(last, 60)}, in days after their own first day"
    names = list(dict.fromkeys(r.series.step for r in steps(rows) if r.series.after is not None))
    words = {wording.after_unit(step) for step in names}
    word = words.pop() if len(words) == 1 else None
    when = f"in each {word} after" if word else "after some time"
    one = f"share that {wording.short(wording.clause(names[0]), 60)}"
    return f"{one if len(names) == 1 else 'shares'} {when}"


def _notes(rows: Sequence[Cell], grid: _Grid) -> list[str]:
    several, longest = sum(map(len, grid.values())), max(map(len, grid.values()))
    most = wording.MOST
    return [
        wording.period(rows),
        *(["mean of what is over, by size"] if several > 1 else []),
        *(["blank: not over yet"] if any(row.status == "not yet" for row in rows) else []),
        *([f"the first {most} of {longest:,} cohorts"] if longest > most else []),
    ]


def _mean_gist(grid: _Grid, places: Mapping[_After, float]) -> str:
    lines = []
    for query, cohorts in grid.items():
        means = _sums(cohorts.values(), places).items()
        parts = [f"{_name(at, places[at])}: {share(n / of)}" for at, (n, of, _) in means]
        whose = f" of {wording.short(query)}" if len(grid) > 1 else ""
        lines.append(f"Mean{whose} of what is over: {wording.short(', '.join(parts), 300)}.")
    return " ".join(lines)
