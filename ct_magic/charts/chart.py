"""What a picture shows, as frozen values: marks on two axes, and the words around them.

`choose_chart` makes it, `vega` turns it into what a front end shows and what is saved. Every place
is a number; a category is at a whole one, time at its day.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from math import inf

from ct_magic.rows import Record

LETTER = 7  # pixels of a letter, about
LINE = 15  # pixels between two lines of text, so that neither touches the other


class Colour(StrEnum):
    """The colours of marks: each has a contrast of 3 or more in both of JupyterLab's themes."""

    GREY = "#808080"  # what is compared with, or has not arrived yet
    TRACK = "#808080"  # the track of a bar
    FIRST = "#2f7fd1"  # the series of a picture, in their order
    SECOND = "#c4680b"
    THIRD = "#1f8f6a"
    FOURTH = "#c2518f"
    FIFTH = "#8a6fd6"
    SIXTH = "#a5781c"


SERIES = tuple(Colour)[-6:]


class ChartAxis(Record):
    """One direction of the plane: what is in sight, and what is written beside it."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...] = ()  # a name may have two lines: a day, and its month
    grid: bool = False
    above: bool = False  # the names of columns are above them


class Box(Record):
    """A bar or a cell. `strength` is how much of its colour covers the ground, from 0 to 1."""

    left: float
    right: float
    bottom: float
    top: float
    colour: Colour = Colour.FIRST
    strength: float = 1.0
    hollow: bool = False
    tip: str = ""


class Path(Record):
    """A line through places, in their order."""

    places: tuple[tuple[float, float], ...]
    colour: Colour = Colour.FIRST
    dotted: bool = False
    thin: bool = False
    thick: bool = False


class Dot(Record):
    """A mark at a place. `shape` is its number: lines differ without colour, too."""

    x: float
    y: float
    colour: Colour = Colour.FIRST
    hollow: bool = False
    shape: int = 0
    tip: str = ""


class Words(Record):
    """A text beside a place: `right` and `up` are pixels away from it."""

    x: float
    y: float
    text: str
    align: str = "left"
    right: int = 0
    up: int = 0
    bold: bool = False


class Tile(Record):
    """A cell of a grid around its middle. `strength` is how much of its ground has the colour."""

    x: float
    y: float
    text: str
    strength: float = 0.0
    hollow: bool = False
    tip: str = ""


class Band(Record):
    """The ground between two lines: places are (x, lower, upper)."""

    places: tuple[tuple[float, float, float], ...]
    colour: Colour = Colour.FIRST


Mark = Box | Path | Dot | Words | Tile | Band


class Chart(Record):
    """A whole picture."""

    title: str
    lines: tuple[str, ...]  # below the title
    alt: str  # the gist, for people who do not see it
    x: ChartAxis
    y: ChartAxis
    marks: tuple[Mark, ...]
    height: int  # of the plane, in pixels
    margin: int = 8  # pixels that the words at its right end need


def spread(places: Sequence[float], gap: float, low: float = -inf) -> list[float]:
    """Return the places, moved as little as makes any two `gap` apart, and none below `low`."""
    order = sorted(range(len(places)), key=places.__getitem__)
    groups: list[tuple[float, list[int]]] = []  # the lowest place of some that touch each other
    for number in order:
        first, group = places[number], [number]
        while groups and groups[-1][0] + gap * len(groups[-1][1]) > first + 1e-9 * gap:
            group = groups.pop()[1] + group
            first = sum(places[n] for n in group) / len(group) - gap * (len(group) - 1) / 2
        groups.append((first, group))
    moved = list(places)
    for first, group in groups:
        for step, number in enumerate(group):
            low = moved[number] = max(first + step * gap, low)
            low += gap
    return moved
