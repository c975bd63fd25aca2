"""Chart -> PNG, SVG or PDF with matplotlib: dark on a light ground, so legible in any theme."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING, Any

from ..errors import MissingExtraError, UsageError
from ..text_width import plain
from .chart import Box, Chart, ChartAxis, Colour, Dot, Mark, Path, Words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GROUND = "#ffffff"
# 4.5 and more away from the ground where it is text, 3 and more where it is a line.
COLOURS = {
    Colour.INK: "#24292f",
    Colour.QUIET: "#57606a",
    Colour.GREY: "#808080",
    Colour.TRACK: "#808080",
    Colour.FIRST: "#2f7fd1",
    Colour.SECOND: "#c4680b",
    Colour.THIRD: "#1f8f6a",
    Colour.FOURTH: "#c2518f",
    Colour.FIFTH: "#8a6fd6",
    Colour.SIXTH: "#a5781c",
}
_SHAPES = "os^DvP"
WIDTH = 820  # pixels on a page, about those of a panel in JupyterLab
TITLE, LINE, FOOT, EDGE = 24, 18, 24, 10  # pixels above and below the plane
POINTS, SHARPER = 96, 2  # dots an inch on a page, and how much finer they are drawn
TEXT, HEAD = 9, 10.5  # points


def has_matplotlib() -> bool:
    """Return True if a PNG can be drawn."""
    try:
        return find_spec("matplotlib") is not None
    except ValueError:  # somebody put None in its place
        return False


def size(chart: Chart) -> tuple[int, int]:
    """Return width and height in pixels as shown on a page."""
    return WIDTH, _head(chart) + chart.height + (FOOT if chart.x.ticks else 0) + 2 * EDGE


def drawn(chart: Chart, kind: str) -> bytes:
    """Return the file of a picture: `png`, `svg`, `pdf` or what else matplotlib writes.

    Nothing of matplotlib's own settings is changed. Raise MissingExtraError without it,
    UsageError where it is broken.
    """
    if not has_matplotlib():
        raise MissingExtraError("plotting", "plot")
    try:
        # All that draws, what is compiled included: some of it would only be imported later.
        import matplotlib.backends.backend_agg
        import matplotlib.figure  # noqa: F401
        from matplotlib import rc_context
    except Exception as error:  # one that was built for another numpy raises what it likes
        raise UsageError(
            f"matplotlib cannot be imported ({type(error).__name__}: {error}): install it anew, "
            "then restart the kernel"
        ) from None

    out = BytesIO()
    with warnings.catch_warnings(), rc_context({"svg.hashsalt": "ct_magic"}):
        # A name in a script that the font lacks is boxes, which one sees without being warned.
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        _figure(chart).savefig(out, format=kind, dpi=POINTS * SHARPER, metadata=_about(chart, kind))
    return out.getvalue()


def _about(chart: Chart, kind: str) -> dict[str, object]:
    # Without the moment of drawing, so that the same counts are the same file.
    match kind:
        case "svg":
            return {"Title": plain(chart.title), "Description": plain(chart.alt), "Date": None}
        case "png":
            return {"Description": plain(chart.alt)}
        case "pdf":
            return {"Title": plain(chart.title), "CreationDate": None}
    return {}


def _figure(chart: Chart) -> Figure:
    # Not pyplot's: what it does not know, it neither shows a second time nor keeps for ever.
    from matplotlib.figure import Figure

    width, height = size(chart)
    figure = Figure(figsize=(width / POINTS, height / POINTS), facecolor=GROUND)
    edge = EDGE / width
    room = 1 - (_head(chart) + EDGE) / height
    figure.set_layout_engine("constrained", rect=(edge, 0, 1 - 2 * edge, room), w_pad=0.02)
    _heading(figure, chart)
    axes = figure.subplots()
    _plane(axes, chart)
    for mark in chart.marks:
        DRAW[type(mark)](axes, mark)
    return figure


def _head(chart: Chart) -> int:
    return TITLE + LINE * len(chart.lines) + EDGE


def _heading(figure: Figure, chart: Chart) -> None:
    width, height = size(chart)
    left = EDGE / width
    look: dict[str, Any] = {"ha": "left", "va": "top", "parse_math": False}
    title: dict[str, Any] = {"fontsize": HEAD, "fontweight": "bold"}
    figure.text(left, 1 - EDGE / height, chart.title, color=COLOURS[Colour.INK], **look, **title)
    for n, line in enumerate(chart.lines):
        top = 1 - (EDGE + TITLE + LINE * n) / height
        figure.text(left, top, line, fontsize=TEXT, color=COLOURS[Colour.QUIET], **look)


def _plane(axes: Axes, chart: Chart) -> None:
    axes.set(xlim=(chart.x.low, chart.x.high), ylim=(chart.y.low, chart.y.high))
    axes.set_facecolor(GROUND)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, labelsize=TEXT, labelcolor=COLOURS[Colour.INK], pad=7)
    axes.xaxis.set_tick_params(labeltop=chart.x.above, labelbottom=not chart.x.above)
    for place, axis in ((axes.xaxis, chart.x), (axes.yaxis, chart.y)):
        _ticks(place, axis)
    axes.set_axisbelow(True)


def _ticks(place: Any, axis: ChartAxis) -> None:  # matplotlib's XAxis or YAxis
    places, names = [at for at, _ in axis.ticks], [name for _, name in axis.ticks]
    place.set_ticks(places, labels=names, parse_math=False)
    if axis.grid:
        place.grid(visible=True, color=COLOURS[Colour.GREY], alpha=0.25, linewidth=0.8)


def _box(axes: Axes, box: Box) -> None:
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Rectangle

    colour = COLOURS[box.colour]
    look: dict[str, Any] = {"facecolor": to_rgba(colour, box.strength)}
    if box.hollow:
        look = {"fill": False, "edgecolor": colour, "linestyle": "--", "linewidth": 1.2}
    size = box.right - box.left, box.top - box.bottom
    axes.add_patch(Rectangle((box.left, box.bottom), *size, **look))


def _path(axes: Axes, path: Path) -> None:
    look: dict[str, Any] = {"color": COLOURS[path.colour], "linewidth": 1.1 if path.thin else 1.7}
    xs, ys = zip(*path.places, strict=True)
    axes.plot(xs, ys, linestyle=":" if path.dotted else "-", clip_on=False, **look)


def _dot(axes: Axes, dot: Dot) -> None:
    colour = COLOURS[dot.colour]
    face = GROUND if dot.hollow else colour
    look: dict[str, Any] = {"markerfacecolor": face, "markeredgecolor": colour, "clip_on": False}
    axes.plot([dot.x], [dot.y], _SHAPES[dot.shape % len(_SHAPES)], markersize=5, zorder=3, **look)


def _words(axes: Axes, words: Words) -> None:
    look: dict[str, Any] = {"color": COLOURS[words.colour], "fontsize": TEXT, "parse_math": False}
    look |= {"ha": words.align, "va": "center", "weight": "bold" if words.bold else "normal"}
    move = (words.right * 72 / POINTS, words.up * 72 / POINTS)
    at = (words.x, words.y)
    axes.annotate(words.text, at, move, textcoords="offset points", annotation_clip=False, **look)


DRAW: dict[type[Mark], Callable[[Any, Any], None]] = {
    Box: _box,
    Path: _path,
    Dot: _dot,
    Words: _words,
}
