"""Counts -> Chart of bars: over values, over statements, in pairs with another period."""

from __future__ import annotations

from collections.abc import Sequence

from ct_magic.charts.chart import Box, Chart, ChartAxis, Colour, Mark, Words
from ct_magic.charts.wording import (
    HOUR,
    axis_words,
    count_axis,
    events,
    missing,
    names,
    not_comparable,
    not_over,
    number,
    period,
    piece,
    pixels,
    row_axis,
    row_labels,
    short,
    shortened,
    statement,
)
from ct_magic.common.words import MINUS, change, span
from ct_magic.results.cells import Cell, is_over_time
from ct_magic.results.changes import Finding

_MOST = 60  # bars in one picture: more would be a picture that nobody scrolls through
ROW, PLANE = 26, 220  # pixels of a bar's row, and of a plane with columns


def bars(rows: Sequence[Cell]) -> Chart:
    """Return bars, as long as their counts, with the numbers at their ends."""
    called = row_labels(rows)
    shown = list(zip(called, rows, strict=True))[:_MOST]
    texts = [number(row.count) for _, row in shown]
    marks: list[Mark] = [
        _bar(n, row.count, f"{name}: {number(row.count)}", hollow=row.is_partial)
        for n, (name, row) in enumerate(shown)
        if row.count
    ]
    marks += [
        Words(row.count or 0, -n, text, right=6)
        for n, ((_, row), text) in enumerate(zip(shown, texts, strict=True))
    ]
    title = f"{events(rows)}: profiles{axis_words(rows)}"
    gist = ", ".join(f"{name}: {text}" for (name, _), text in zip(shown, texts, strict=True))
    return Chart(
        title=title,
        lines=(*statement(rows), "; ".join([period(rows), *_left_out(rows), *_said(rows)])),
        alt=f"{title}, {period(rows)}. {short(gist, 300)}.",
        x=ChartAxis(0, max([row.count or 0 for _, row in shown] + [1])),
        y=row_axis([name for name, _ in shown]),
        marks=tuple(marks),
        height=ROW * len(shown),
        margin=12 + pixels(texts),
    )


def _bar(n: int, count: int, tip: str, *, hollow: bool) -> Box:
    return Box(0, count, -n - 0.34, -n + 0.34, hollow=hollow, tip=tip)


def _said(rows: Sequence[Cell]) -> list[str]:
    return [*not_over(rows), *missing(rows)]


def columns(rows: Sequence[Cell]) -> Chart:
    """Return a column for each hour of the day, in the day's order."""
    marks = [
        _column(hour, row, f"{name}: {number(row.count)}")
        for name, (hour, row) in zip(row_labels(rows), _by_hour(rows), strict=True)
        if row.status != "not yet"
    ]
    hours = [hour for hour, _ in _by_hour(rows)]
    most = max(rows, key=lambda row: row.count or 0)
    title = f"{events(rows)}: profiles by hour of the day"
    busiest = f"Most at {row_labels(rows)[rows.index(most)]}: {number(most.count)}."
    return Chart(
        title=title,
        lines=(*statement(rows), "; ".join([period(rows), *_said(rows)])),
        alt=f"{title}, {period(rows)}. {busiest}",
        x=ChartAxis(-0.6, 23.6, tuple((hour, f"{hour:02}:00") for hour in hours if hour % 3 == 0)),
        y=count_axis([row.count or 0 for row in rows]),
        marks=tuple(marks),
        height=PLANE,
    )


def _column(hour: int, row: Cell, tip: str) -> Mark:
    # A zero is a number, and a count that did not arrive is none.
    if not row.count:
        sign = "0" if row.count == 0 else "\N{EN DASH}"
        return Words(hour, 0, sign, align="center", up=8)
    return Box(hour - 0.4, hour + 0.4, 0, row.count, tip=tip)


def is_by_hour(rows: Sequence[Cell]) -> bool:
    """Return True if the rows are one statement's hours, and differ in nothing else."""
    labelsof = {tuple(name for name, *_ in row.series.values) for row in rows}
    is_clock = labelsof == {(HOUR,)} and len({row.series.query for row in rows}) == 1
    return is_clock and all(row.series.values[0][2] in range(24) for row in rows)


def _by_hour(rows: Sequence[Cell]) -> list[tuple[int, Cell]]:
    return [(int(str(row.series.values[0][2]).split(".")[0]), row) for row in rows]


def paired_bars(rows: Sequence[Cell]) -> Chart:
    """Return two bars for each row: its count, and below it that of the other period."""
    shown = list(zip(_pair_labels(rows), rows, strict=True))[:_MOST]
    texts = [_pair_text(row) for _, row in shown]
    marks: list[Mark] = []
    for n, ((name, row), text) in enumerate(zip(shown, texts, strict=True)):
        marks += _pair(n, name, row)
        marks.append(Words(row.count or 0, 0.2 - n, text, right=6))
    counts = [count or 0 for _, row in shown for count in (row.count, row.previous)]
    title = f"{events(rows)}: profiles against another period{axis_words(rows)}"
    notes = [*_two_periods(rows), *_left_out(rows), *_said(rows), *not_comparable(rows)]
    gist = ", ".join(f"{name}: {text}" for (name, _), text in zip(shown, texts, strict=True))
    return Chart(
        title=title,
        lines=(*statement(rows), "; ".join(notes)),
        alt=f"{title}. {short(gist, 300)}.",
        x=ChartAxis(0, max([*counts, 1])),
        y=row_axis([name for name, _ in shown]),
        marks=tuple(marks),
        height=2 * ROW * len(shown),
        margin=12 + pixels(texts),
    )


def _pair(n: int, name: str, row: Cell) -> list[Mark]:
    marks: list[Mark] = []
    if row.count:
        tip = f"{name}: {number(row.count)}"
        marks.append(Box(0, row.count, 0.04 - n, 0.36 - n, hollow=row.is_partial, tip=tip))
    if row.previous:
        tip = f"{name}, the other period: {number(row.previous)}"
        marks.append(Box(0, row.previous, -0.36 - n, -0.04 - n, Colour.GREY, tip=tip))
    if row.previous is not None:
        marks.append(Words(row.previous, -0.2 - n, number(row.previous), right=6))
    return marks


def _pair_text(row: Cell) -> str:
    return number(row.count) + ("" if row.change is None else f" · {change(row.change)}")


def _pair_labels(rows: Sequence[Cell]) -> list[str]:
    called = names(rows)
    over_time = is_over_time(rows)
    return [called[row.series] + (f" · {piece(row)}" if over_time else "") for row in rows]


def _two_periods(rows: Sequence[Cell]) -> list[str]:
    others = [(r.previous_start, r.previous_end) for r in rows]
    starts, ends = [s for s, _ in others if s], [e for _, e in others if e]
    own = span(min(row.start for row in rows), max(row.end for row in rows))
    return [f"upper bar {own}, lower bar {span(min(starts), max(ends))}"] if starts else [own]


def _left_out(rows: Sequence[Cell]) -> list[str]:
    return [f"the first {_MOST} of {len(rows):,} rows"] if len(rows) > _MOST else []


def reasons(found: Sequence[Finding], words: str) -> Chart:
    """Return a bar of z for each value, the significant ones in colour."""
    shown = [f for f in found if f.z is not None][:_MOST]
    called = shortened(f"{f.axis} = {f.value}" for f in shown)
    labels = [called[f"{f.axis} = {f.value}"] for f in shown]
    texts = [f"{f.z:+.1f}".replace("-", MINUS) for f in shown]
    marks: list[Mark] = []
    for n, (f, text) in enumerate(zip(shown, texts, strict=True)):
        z = f.z or 0.0
        colour = Colour.FIRST if f.is_significant else Colour.GREY
        marks.append(Box(min(0.0, z), max(0.0, z), -n - 0.34, -n + 0.34, colour, tip=str(f)))
        marks.append(Words(max(0.0, z), -n, text, right=6))
    first, *notes = words.split("\n")
    ends = [f.z or 0.0 for f in shown]
    return Chart(
        title=f"Where the change is: {first}",
        lines=(
            *notes,
            "z: how far a value's change is from everybody else's; colour: p below 0.05",
        ),
        alt=f"Where the change is: {first}. {'. '.join(notes)}.",
        x=ChartAxis(min([*ends, -3.0]), max([*ends, 3.0])),
        y=row_axis(labels),
        marks=tuple(marks),
        height=ROW * max(1, len(shown)),
        margin=12 + pixels(texts),
    )
