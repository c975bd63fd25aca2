"""Counts -> Chart of bars: over values, over statements, in pairs with another period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ct_magic.charts import wording
from ct_magic.charts.chart import Box, Chart, ChartAxis, Colour, Mark, Words
from ct_magic.common.words import MINUS, change
from ct_magic.results.cells import Cell
from ct_magic.results.changes import SIGNIFICANT, said

ROW, _PLANE = 26, 220  # pixels of a bar's row, and of a plane with columns


def bars(rows: Sequence[Cell]) -> Chart:
    """Return bars, as long as their counts, with the numbers at their ends."""

    def marks(y: int, row: Cell, name: str, text: str) -> list[Mark]:
        count, tip = row.count or 0, f"{name}: {text}"
        bar = Box(0, count, y - 0.34, y + 0.34, hollow=row.is_partial, tip=tip)
        return [*([bar] if count else []), Words(count, y, text, right=6)]

    axis = ChartAxis(0, max([row.count or 0 for row in rows[: wording.MOST]] + [1]))
    notes = [wording.period(rows)]
    return wording.row_chart(
        rows, rows, "profiles", notes, axis, lambda row: wording.number(row.count), marks, ROW
    )


def columns(rows: Sequence[Cell]) -> Chart:
    """Return a column for each hour of the day, in the day's order."""
    hours = [int(str(row.series.values[0][2]).split(".")[0]) for row in rows]
    names = wording.labels(rows)
    marks: list[Mark] = []
    for row, hour, name in zip(rows, hours, names, strict=True):
        tip = f"{name}: {wording.number(row.count)}"
        if row.count:
            marks.append(Box(hour - 0.4, hour + 0.4, 0, row.count, tip=tip))
        elif row.status != "not yet":
            # A zero is a number; a count that did not arrive is not.
            sign = "0" if row.count == 0 else "\N{EN DASH}"
            marks.append(Words(hour, 0, sign, align="center", up=8))
    most = max(range(len(rows)), key=lambda n: rows[n].count or 0)
    busiest = f"Most at {names[most]}: {wording.number(rows[most].count)}."
    x = ChartAxis(-0.6, 23.6, tuple((hour, f"{hour:02}:00") for hour in hours if hour % 3 == 0))
    axes = x, wording.count_axis([row.count or 0 for row in rows])
    notes = [wording.period(rows), *wording.not_over(rows)]
    return wording.chart_of(rows, "profiles", notes, busiest, axes, marks, _PLANE)


def is_by_hour(rows: Sequence[Cell]) -> bool:
    """Return True if the rows are one statement's hours, and differ in nothing else."""
    names_of = {tuple(name for name, *_ in row.series.values) for row in rows}
    is_clock = names_of == {(wording.HOUR,)} and len({row.series.query for row in rows}) == 1
    return is_clock and all(row.series.values[0][2] in range(24) for row in rows)


def paired_bars(rows: Sequence[Cell]) -> Chart:
    """Return two bars for each row: its count, and below it that of the other period."""

    def text_of(row: Cell) -> str:
        more = "" if row.change is None else f" · {change(row.change)}"
        return wording.number(row.count) + more

    def marks(y: int, row: Cell, name: str, text: str) -> list[Mark]:
        found: list[Mark] = [Words(row.count or 0, y + 0.2, text, right=6)]
        if row.count:
            tip = f"{name}: {wording.number(row.count)}"
            found.append(Box(0, row.count, y + 0.04, y + 0.36, hollow=row.is_partial, tip=tip))
        if row.previous is not None:
            found.append(Words(row.previous, y - 0.2, f"{row.previous:,}", right=6))
        if row.previous:
            tip = f"{name}, the other period: {row.previous:,}"
            found.append(Box(0, row.previous, y - 0.36, y - 0.04, Colour.GREY, tip=tip))
        return found

    counts = [n or 0 for row in rows[: wording.MOST] for n in (row.count, row.previous)]
    notes = [wording.two_periods(rows, "bar"), *wording.not_comparable(rows)]
    what, axis = "profiles against another period", ChartAxis(0, max([*counts, 1]))
    return wording.row_chart(rows, rows, what, notes, axis, text_of, marks, 2 * ROW)


def reasons(found: Any, words: str) -> Chart:
    """Return a bar of z for each value that `why` found, the significant ones in colour."""
    shown = list(found[found["z"].notna()].head(wording.MOST).itertuples())
    called = wording.shortened(f"{row.axis} = {row.value}" for row in shown)
    marks: list[Mark] = []
    for n, row in enumerate(shown):
        left, right = sorted((0.0, row.z))
        colour = Colour.FIRST if row.p < SIGNIFICANT else Colour.GREY
        marks.append(Box(left, right, -n - 0.34, -n + 0.34, colour, tip=said(row)))
        marks.append(Words(right, -n, f"{row.z:+.1f}".replace("-", MINUS), right=6))
    first, *notes = words.split("\n")
    ends = [row.z for row in shown]
    title = f"Where the change is: {first}"
    names = [called[f"{row.axis} = {row.value}"] for row in shown]
    return Chart(
        title=title,
        lines=(*notes, "z: how far a change is from that of the rest; colour: p below 0.05"),
        alt=f"{title}. {'. '.join(notes)}.",
        x=ChartAxis(min([*ends, -3.0]), max([*ends, 3.0])),
        y=wording.row_axis(names),
        marks=tuple(marks),
        height=ROW * max(1, len(shown)),
        margin=12 + wording.pixels(["+999.9"]),
    )
