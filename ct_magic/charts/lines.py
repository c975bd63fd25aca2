"""Counts -> Chart of lines over time, one for each series, or beside another period's."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise

from ct_magic.charts import chart, wording
from ct_magic.common.words import change, span
from ct_magic.results.cells import Cell, by_series, follows

MOST_LINES, MOST_DOTS = 12, 60  # lines in a picture, and pieces whose places are marked
GIST = 6  # numbers that an `alt` text holds


def timeline(rows: Sequence[Cell]) -> chart.Chart:
    """Return a line for each series; a piece that is not whole is hollow, the way to it dotted."""
    lines = by_series(rows)
    cut = [f"the largest {MOST_LINES} of {len(lines):,} lines"] if len(lines) > MOST_LINES else []
    totals = {series: sum(row.count or 0 for row in some) for series, some in lines.items()}
    kept = sorted(lines, key=lambda series: -totals[series])[:MOST_LINES]
    lines = {series: some for series, some in lines.items() if series in kept}
    called = wording.names(rows)
    x, axis = wording.time_axis(rows), wording.count_axis([row.count or 0 for row in rows])
    marks: list[chart.Mark] = []
    for n, (series, pieces) in enumerate(lines.items()):
        marks += line(pieces, [row.count for row in pieces], n, _tips(called[series], pieces))
    marks += partial_words(rows, axis, several=len(lines) > 1)
    ends = [(called[s], last_of([r.count for r in pieces])) for s, pieces in lines.items()]
    ends = ends if len(lines) > 1 else []
    gist = " ".join(_line_gist(called[series], pieces) for series, pieces in lines.items())
    what, notes = f"profiles {wording.how_often(rows)}", [wording.period(rows), *cut]
    return line_chart(rows, what, notes, gist, (x, axis), marks, ends)


def paired_lines(rows: Sequence[Cell]) -> chart.Chart:
    """Return the line of a series beside that of the other period, paired in their order."""
    (pieces,) = by_series(rows).values()
    counts, before = [row.count for row in pieces], [row.previous for row in pieces]
    axis, x = wording.count_axis([n or 0 for n in (*counts, *before)]), wording.time_axis(rows)
    others = [(r.previous_start, r.previous_end) for r in pieces]
    days = [(start, end) for start, end in others if start is not None and end is not None]
    tips = [
        f"{wording.stretch(start, end)}: {wording.number(row.previous)}" if start and end else ""
        for row, (start, end) in zip(pieces, others, strict=True)
    ]
    marks = line(pieces, before, 1, tips, chart.Colour.GREY)
    marks += line(pieces, counts, 0, _tips(wording.events(rows), pieces))
    ends = [
        (span(pieces[0].start, pieces[-1].end), last_of(counts)),
        (span(min(start for start, _ in days), max(end for _, end in days)), last_of(before)),
    ]
    changes = [f"{row.start}: {change(row.change)}." for row in pieces if row.change is not None]
    notes = [wording.period(rows), *wording.not_comparable(rows)]
    what = f"profiles {wording.how_often(rows)} against another period"
    gist, colours = " ".join(changes[:GIST]), (chart.SERIES[0], chart.Colour.GREY)
    return line_chart(rows, what, notes, gist, (x, axis), marks, ends, colours)


def line(
    pieces: Sequence[Cell],
    values: Sequence[float | None],
    n: int,
    tips: Sequence[str],
    colour: chart.Colour | None = None,
) -> list[chart.Mark]:
    """Return the marks of one line over time; `n` is its number in the picture."""
    colour = colour or chart.SERIES[n % len(chart.SERIES)]
    ways = list(pairwise(zip(pieces, values, strict=True)))
    marks: list[chart.Mark] = []
    for is_dotted, some in groupby(ways, key=_is_dotted):
        if is_dotted is not None:
            ends = list(some)
            way = [ends[0][0], *(later for _, later in ends)]
            places = tuple((wording.place(row), value) for row, value in way if value is not None)
            marks.append(chart.Path(places, colour, dotted=is_dotted))
    # Of many pieces one that no line leads to or from would not be seen.
    joined = {id(row) for way in ways if _is_dotted(way) is not None for row, _ in way}
    are_few = len(pieces) <= MOST_DOTS
    for row, value, tip in zip(pieces, values, tips, strict=True):
        if value is not None and (are_few or row.is_partial or id(row) not in joined):
            tip += f", {wording.so_far(row)}" if row.is_partial else ""
            marks.append(chart.Dot(wording.place(row), value, colour, row.is_partial, n, tip))
    return marks


def _is_dotted(way: tuple[tuple[Cell, float | None], tuple[Cell, float | None]]) -> bool | None:
    """Return whether the way from a piece to the next is dotted; None where there is no line."""
    (earlier, value), (later, other) = way
    if value is None or other is None or not follows(earlier, later):
        return None
    return earlier.is_partial or later.is_partial


def partial_words(
    rows: Sequence[Cell], axis: chart.ChartAxis, *, several: bool
) -> list[chart.Mark]:
    """Return the words at pieces that are not whole: how much of them is counted."""
    pieces = sorted({(row.start, row.end): row for row in rows}.items())
    ends = dict(pieces[:1] + pieces[-1:])
    marks: list[chart.Mark] = []
    for row in ends.values():
        if not row.is_partial or len(pieces) == 1:
            continue
        is_last = row is pieces[-1][1]
        value = axis.high if several or row.count is None else float(row.count)
        up = 14 if several or value < 0.2 * axis.high else -16
        x, text = wording.place(row), wording.so_far(row)
        marks.append(chart.Words(x, value, text, "right" if is_last else "left", 0, up))
    return marks


def line_chart(
    rows: Sequence[Cell],
    what: str,
    notes: Sequence[str],
    gist: str,
    axes: tuple[chart.ChartAxis, chart.ChartAxis],
    marks: Sequence[chart.Mark],
    ends: Sequence[tuple[str, float | None]],
    colours: Sequence[chart.Colour] = chart.SERIES,
) -> chart.Chart:
    """Return the chart of lines, each with its own mark and its name at its end, moved apart."""
    # By their places: two lines may have one name. A line without any number has no end: a name
    # at 0 would be a count.
    known = [(n, name, at) for n, (name, at) in enumerate(ends) if at is not None]
    x, y = axes
    gap = (y.high - y.low) * (chart.LINE + 1) / max(wording.PLANE, (chart.LINE + 1) * len(known))
    places = chart.spread([at for *_, at in known], gap, y.low)
    beside = x.high + 0.025 * (x.high - x.low)
    named: list[chart.Mark] = []
    for (n, name, _), at in zip(known, places, strict=True):
        named.append(chart.Dot(beside, at, colours[n % len(colours)], shape=n))
        named.append(chart.Words(beside, at, name, right=9))
    margin = 24 + wording.pixels(name for name, _ in ends) if ends else 12
    return wording.chart_of(rows, what, notes, gist, axes, [*marks, *named], margin=margin)


def _tips(name: str, pieces: Sequence[Cell]) -> list[str]:
    return [f"{name}, {wording.stretch(r.start, r.end)}: {wording.number(r.count)}" for r in pieces]


def last_of(values: Sequence[float | None]) -> float | None:
    """Return the last number that is known: where a line ends."""
    return next((value for value in reversed(values) if value is not None), None)


def _line_gist(name: str, pieces: Sequence[Cell]) -> str:
    known = [(row.count, row) for row in pieces if row.count is not None]
    if not known:
        return f"{name}: no count."
    (first, _), (last, end) = known[0], known[-1]
    (low, least), (high, most) = (f(known, key=lambda one: one[0]) for f in (min, max))
    partial = "; the last piece is not whole" if end.is_partial else ""
    return (
        f"{name}: {len(pieces)} pieces, first {first:,}, last {last:,}, "
        f"lowest {low:,} ({least.start}), highest {high:,} ({most.start}){partial}."
    )
