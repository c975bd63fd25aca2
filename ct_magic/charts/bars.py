"""Counts -> Chart of bars: over values, over statements, in pairs with another period."""

from __future__ import annotations

from collections.abc import Sequence

from ct_magic.charts import wording
from ct_magic.charts.chart import Box, Chart, ChartAxis, Colour, Mark, Words
from ct_magic.common.words import MINUS, change
from ct_magic.results.cells import Cell
from ct_magic.results.changes import Finding

_MOST = 60  # bars in one picture: more would be a picture that nobody scrolls through
ROW, _PLANE = 26, 220  # pixels of a bar's row, and of a plane with columns


def bars(rows: Sequence[Cell]) -> Chart:
    """Return bars, as long as their counts, with the numbers at their ends."""
    shown = rows[:_MOST]
    named = [
        (name, wording.number(row.count))
        for name, row in zip(wording.row_labels(rows), shown, strict=False)
    ]
    marks: list[Mark] = []
    for n, (row, (name, text)) in enumerate(zip(shown, named, strict=True)):
        if row.count:
            tip = f"{name}: {text}"
            marks.append(Box(0, row.count, -n - 0.34, -n + 0.34, hollow=row.is_partial, tip=tip))
        marks.append(Words(row.count or 0, -n, text, right=6))
    axis = ChartAxis(0, max([row.count or 0 for row in shown] + [1]))
    what, notes = f"profiles{wording.axis_words(rows)}", [wording.period(rows), *_left_out(rows)]
    return wording.over_rows(rows, what, notes, named, axis, marks, ROW, ", ")


def columns(rows: Sequence[Cell]) -> Chart:
    """Return a column for each hour of the day, in the day's order."""
    marks = [
        _column(hour, row, f"{name}: {wording.number(row.count)}")
        for name, (hour, row) in zip(wording.row_labels(rows), _by_hour(rows), strict=True)
        if row.status != "not yet"
    ]
    hours = [hour for hour, _ in _by_hour(rows)]
    most = max(rows, key=lambda row: row.count or 0)
    busiest = f"Most at {wording.row_labels(rows)[rows.index(most)]}: {wording.number(most.count)}."
    x = ChartAxis(-0.6, 23.6, tuple((hour, f"{hour:02}:00") for hour in hours if hour % 3 == 0))
    y, what = wording.count_axis([row.count or 0 for row in rows]), "profiles by hour of the day"
    return wording.over_plane(
        rows, what, wording.not_over(rows), busiest, (x, y), marks, height=_PLANE
    )


def _column(hour: int, row: Cell, tip: str) -> Mark:
    # A zero is a number, and a count that did not arrive is none.
    if not row.count:
        sign = "0" if row.count == 0 else "\N{EN DASH}"
        return Words(hour, 0, sign, align="center", up=8)
    return Box(hour - 0.4, hour + 0.4, 0, row.count, tip=tip)


def is_by_hour(rows: Sequence[Cell]) -> bool:
    """Return True if the rows are one statement's hours, and differ in nothing else."""
    names_of = {tuple(name for name, *_ in row.series.values) for row in rows}
    is_clock = names_of == {(wording.HOUR,)} and len({row.series.query for row in rows}) == 1
    return is_clock and all(row.series.values[0][2] in range(24) for row in rows)


def _by_hour(rows: Sequence[Cell]) -> list[tuple[int, Cell]]:
    return [(int(str(row.series.values[0][2]).split(".")[0]), row) for row in rows]


def paired_bars(rows: Sequence[Cell]) -> Chart:
    """Return two bars for each row: its count, and below it that of the other period."""
    shown = rows[:_MOST]
    changes = ["" if row.change is None else f" · {change(row.change)}" for row in shown]
    texts = [wording.number(row.count) + more for row, more in zip(shown, changes, strict=True)]
    named = list(zip(wording.pair_labels(rows)[:_MOST], texts, strict=True))
    marks: list[Mark] = []
    for n, (row, (name, text)) in enumerate(zip(shown, named, strict=True)):
        marks += [*_pair(n, name, row), Words(row.count or 0, 0.2 - n, text, right=6)]
    counts = [count or 0 for row in shown for count in (row.count, row.previous)]
    what = f"profiles against another period{wording.axis_words(rows)}"
    notes = [wording.two_periods(rows, "bar"), *_left_out(rows), *wording.not_comparable(rows)]
    axis = ChartAxis(0, max([*counts, 1]))
    return wording.over_rows(rows, what, notes, named, axis, marks, 2 * ROW, ", ")


def _pair(n: int, name: str, row: Cell) -> list[Mark]:
    marks: list[Mark] = []
    if row.count:
        tip = f"{name}: {wording.number(row.count)}"
        marks.append(Box(0, row.count, 0.04 - n, 0.36 - n, hollow=row.is_partial, tip=tip))
    if row.previous:
        tip = f"{name}, the other period: {wording.number(row.previous)}"
        marks.append(Box(0, row.previous, -0.36 - n, -0.04 - n, Colour.GREY, tip=tip))
    if row.previous is not None:
        marks.append(Words(row.previous, -0.2 - n, wording.number(row.previous), right=6))
    return marks


def _left_out(rows: Sequence[Cell]) -> list[str]:
    return [f"the first {_MOST} of {len(rows):,} rows"] if len(rows) > _MOST else []


def reasons(found: Sequence[Finding], words: str) -> Chart:
    """Return a bar of z for each value, the significant ones in colour."""
    shown = [f for f in found if f.z is not None][:_MOST]
    called = wording.shortened(f"{f.axis} = {f.value}" for f in shown)
    texts = [f"{f.z:+.1f}".replace("-", MINUS) for f in shown]
    marks: list[Mark] = []
    for n, (f, text) in enumerate(zip(shown, texts, strict=True)):
        left, right = sorted((0.0, f.z or 0.0))
        colour = Colour.FIRST if f.is_significant else Colour.GREY
        marks.append(Box(left, right, -n - 0.34, -n + 0.34, colour, tip=str(f)))
        marks.append(Words(right, -n, text, right=6))
    first, *notes = words.split("\n")
    ends = [f.z or 0.0 for f in shown]
    title = f"Where the change is: {first}"
    return Chart(
        title=title,
        lines=(*notes, "z: how far a change is from that of everybody else; colour: p below 0.05"),
        alt=f"{title}. {'. '.join(notes)}.",
        x=ChartAxis(min([*ends, -3.0]), max([*ends, 3.0])),
        y=wording.row_axis([called[f"{f.axis} = {f.value}"] for f in shown]),
        marks=tuple(marks),
        height=ROW * max(1, len(shown)),
        margin=12 + wording.pixels(texts),
    )
