"""Chart -> Vega-Lite 5, which JupyterLab draws by itself, in the colours of its theme."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from io import BytesIO
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ct_magic.charts.chart import LETTER, Box, Chart, ChartAxis, Colour, Dot, Mark, Path, Words
from ct_magic.common.words import plain
from ct_magic.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


# Chart -> PNG, SVG or PDF with matplotlib: dark on a light ground, so legible in any theme.

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
_MARKERS = "os^DvP"
WIDTH = 820  # pixels on a page, about those of a panel in JupyterLab
TITLE, HEAD_LINE, FOOT, EDGE = 24, 18, 24, 10  # pixels above and below the plane
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
    return TITLE + HEAD_LINE * len(chart.lines) + EDGE


def _heading(figure: Figure, chart: Chart) -> None:
    width, height = size(chart)
    left = EDGE / width
    look: dict[str, Any] = {"ha": "left", "va": "top", "parse_math": False}
    title: dict[str, Any] = {"fontsize": HEAD, "fontweight": "bold"}
    figure.text(left, 1 - EDGE / height, chart.title, color=COLOURS[Colour.INK], **look, **title)
    for n, line in enumerate(chart.lines):
        top = 1 - (EDGE + TITLE + HEAD_LINE * n) / height
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


def _draw_box(axes: Axes, box: Box) -> None:
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Rectangle

    colour = COLOURS[box.colour]
    look: dict[str, Any] = {"facecolor": to_rgba(colour, box.strength)}
    if box.hollow:
        look = {"fill": False, "edgecolor": colour, "linestyle": "--", "linewidth": 1.2}
    size = box.right - box.left, box.top - box.bottom
    axes.add_patch(Rectangle((box.left, box.bottom), *size, **look))


def _draw_path(axes: Axes, path: Path) -> None:
    look: dict[str, Any] = {"color": COLOURS[path.colour], "linewidth": 1.1 if path.thin else 1.7}
    xs, ys = zip(*path.places, strict=True)
    axes.plot(xs, ys, linestyle=":" if path.dotted else "-", clip_on=False, **look)


def _draw_dot(axes: Axes, dot: Dot) -> None:
    colour = COLOURS[dot.colour]
    face = GROUND if dot.hollow else colour
    look: dict[str, Any] = {"markerfacecolor": face, "markeredgecolor": colour, "clip_on": False}
    axes.plot([dot.x], [dot.y], _MARKERS[dot.shape % len(_MARKERS)], markersize=5, zorder=3, **look)


def _draw_words(axes: Axes, words: Words) -> None:
    look: dict[str, Any] = {"color": COLOURS[words.colour], "fontsize": TEXT, "parse_math": False}
    look |= {"ha": words.align, "va": "center", "weight": "bold" if words.bold else "normal"}
    move = (words.right * 72 / POINTS, words.up * 72 / POINTS)
    at = (words.x, words.y)
    axes.annotate(words.text, at, move, textcoords="offset points", annotation_clip=False, **look)


DRAW: dict[type[Mark], Callable[[Any, Any], None]] = {
    Box: _draw_box,
    Path: _draw_path,
    Dot: _draw_dot,
    Words: _draw_words,
}


MIME = "application/vnd.vegalite.v5+json"
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
# An SVG's text takes the page's own colour, whatever the theme is, and when it changes.
_INK = "currentColor"
# Each is 3 or more away from white and from JupyterLab's dark ground.
VEGA_COLOURS = {
    Colour.INK: _INK,
    Colour.QUIET: _INK,
    Colour.GREY: "#808080",
    Colour.TRACK: "#808080",
    Colour.FIRST: "#2f7fd1",
    Colour.SECOND: "#c4680b",
    Colour.THIRD: "#1f8f6a",
    Colour.FOURTH: "#c2518f",
    Colour.FIFTH: "#8a6fd6",
    Colour.SIXTH: "#a5781c",
}
_SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")
MENU = {"export": True, "source": False, "compiled": False, "editor": False}  # nothing leaves
_OPTIONS: dict[str, object] = {"renderer": "svg", "actions": MENU}
# JupyterLab puts a chart into a box that is as wide as the chart. This makes the box as wide as the
# output, and styles the menu, since it takes the place of the usual style.
_STYLE = """
.vega-embed { position: relative; display: inline-block; box-sizing: border-box; }
.vega-embed:has(> .chart-wrapper.fit-x) { width: 100%; }
.vega-embed .chart-wrapper.fit-x { width: 100%; overflow-x: auto; overflow-y: hidden; }
.vega-embed.has-actions { padding-right: 30px; }
.vega-embed summary { position: absolute; top: 0; right: 4px; list-style: none; cursor: pointer;
  opacity: 0.5; }
.vega-embed summary svg { width: 14px; height: 14px; }
.vega-embed .vega-actions { position: absolute; top: 24px; right: 0; z-index: 10; padding: 4px 0;
  background: white; border: 1px solid #808080; border-radius: 3px; }
.vega-embed .vega-actions a { display: block; padding: 4px 12px; color: #24292f;
  text-decoration: none; white-space: nowrap; font: 13px system-ui, sans-serif; }
"""
_USUAL = 760  # pixels
FONT = "system-ui, -apple-system, 'Segoe UI', sans-serif"


def vega_lite(chart: Chart) -> dict[str, object]:
    """Return the specification of a chart; it is as wide as what it is shown in."""
    return {
        "$schema": SCHEMA,
        "description": chart.alt,
        "usermeta": {"embedOptions": _OPTIONS},
        "background": "transparent",
        "width": "container",
        "height": chart.height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": 4,  # beside the words at the plane's right end, which Vega makes room for
        "title": {"text": chart.title, "subtitle": list(chart.lines)},
        "layer": [_layer(kind, marks, chart) for kind, marks in _layers(chart.marks)],
        "config": _config(),
    }


def embed_options(chart: Chart) -> dict[str, object]:
    """Return how JupyterLab is to show a chart: as wide as the output, but never too narrow."""
    # Where another chart's style came first the box has no width yet, and the chart the usual one.
    least = narrowest(chart)
    inside = "containerSize()[0]"
    width = f"{inside} > 100 ? max({inside}, {least}) : {max(_USUAL, least)}"
    paths = ("/signals/0/init", "/signals/0/on/0/update")
    patch = [{"op": "replace", "path": path, "value": width} for path in paths]
    return {**_OPTIONS, "defaultStyle": _STYLE, "patch": patch}


def narrowest(chart: Chart) -> int:
    """Return the width in pixels below which words of a chart would lie on each other."""
    left = max((LETTER * len(name) for _, name in chart.y.ticks), default=0)
    names = [LETTER * len(name) + 12 for _, name in chart.x.ticks]
    plane = max(140, len(names) * max(names, default=0))
    words = max(LETTER * len(line) for line in ("", *chart.lines))
    return max(left + plane + chart.margin, words, (LETTER + 1) * len(chart.title))


def _layers(marks: Iterable[Mark]) -> Iterable[tuple[type[Mark], list[object]]]:
    # Marks of one look are a layer: what stands first lies lowest.
    return ((key[0], list(group)) for key, group in groupby(marks, key=lambda mark: _look(mark)))


def _look(mark: Mark) -> tuple[Any, ...]:
    match mark:
        case Words():
            return (Words, mark.align, mark.right, mark.up, mark.bold, mark.colour)
        case Path():
            return (Path, id(mark))
        case _:
            return (type(mark), mark.hollow)


def _layer(kind: type[Mark], marks: Sequence[object], chart: Chart) -> dict[str, object]:
    look = LAYERS[kind](marks)
    x, y = _scaled("x", chart.x), _scaled("y", chart.y)
    look["encoding"] = {"x": x, "y": y} | look.get("encoding", {})
    return look


def _scaled(field: str, axis: ChartAxis) -> dict[str, object]:
    return {
        "field": field,
        "type": "quantitative",
        "scale": {"domain": [axis.low, axis.high], "nice": False, "zero": False},
        "axis": _axis(axis, field),
    }


def _axis(axis: ChartAxis, field: str) -> dict[str, object] | None:
    if not axis.ticks:
        return None
    names = json.dumps({_key(place): name for place, name in axis.ticks}, ensure_ascii=False)
    return {
        "values": [place for place, _ in axis.ticks],
        "labelExpr": f"({names})[toString(datum.value)] || ''",
        "grid": axis.grid,
        "orient": "top" if axis.above else "bottom" if field == "x" else "left",
        "title": None,
    }


def _key(place: float) -> str:
    """Return a number as JavaScript writes it."""
    return str(int(place)) if float(place).is_integer() else repr(float(place))


def _boxes(boxes: Sequence[Box]) -> dict[str, object]:
    values = [
        {"x": b.left, "x2": b.right, "y": b.bottom, "y2": b.top, "strength": b.strength}
        | {"colour": VEGA_COLOURS[b.colour], "tip": b.tip}
        for b in boxes
    ]
    mark: dict[str, object] = {"type": "rect", "cornerRadius": 1.5}
    colour = {"field": "colour", "type": "nominal", "scale": None}
    if boxes[0].hollow:
        mark |= {"filled": False, "strokeWidth": 1.5, "strokeDash": [3, 2]}
        look: dict[str, object] = {"stroke": colour}
    else:
        look = {"fill": colour}
        look["fillOpacity"] = {"field": "strength", "type": "quantitative", "scale": None}
    ends = {"x2": {"field": "x2"}, "y2": {"field": "y2"}}
    return {"data": {"values": values}, "mark": mark, "encoding": look | ends | _tip(boxes)}


def _tip(marks: Sequence[Box | Dot]) -> dict[str, object]:
    has_tip = any(mark.tip for mark in marks)
    return {"tooltip": {"field": "tip", "type": "nominal"}} if has_tip else {}


def _dots(dots: Sequence[Dot]) -> dict[str, object]:
    values = [
        {"x": d.x, "y": d.y, "tip": d.tip, "colour": VEGA_COLOURS[d.colour]}
        | {"shape": _SHAPES[d.shape % len(_SHAPES)]}
        for d in dots
    ]
    colour = {"field": "colour", "type": "nominal", "scale": None}
    return {
        "data": {"values": values},
        "mark": {"type": "point", "size": 42, "filled": not dots[0].hollow, "opacity": 1},
        "encoding": {
            "color": colour,
            "shape": {"field": "shape", "type": "nominal", "scale": None},
        }
        | _tip(dots),
    }


def _path(paths: Sequence[Path]) -> dict[str, object]:
    (path,) = paths
    mark = {
        "type": "line",
        "color": VEGA_COLOURS[path.colour],
        "strokeWidth": 1.4 if path.thin else 2,
        **({"strokeDash": [2, 4]} if path.dotted else {}),
    }
    values = [{"x": x, "y": y, "n": n} for n, (x, y) in enumerate(path.places)]
    order = {"order": {"field": "n", "type": "quantitative"}}
    return {"data": {"values": values}, "mark": mark, "encoding": order}


def _words(words: Sequence[Words]) -> dict[str, object]:
    first = words[0]
    mark = {
        "type": "text",
        "align": first.align,
        "baseline": "middle",
        "dx": first.right,
        "dy": -first.up,
        "color": VEGA_COLOURS[first.colour],
        "fontWeight": "bold" if first.bold else "normal",
        "fontSize": 12,
    }
    values = [{"x": w.x, "y": w.y, "text": w.text} for w in words]
    return {
        "data": {"values": values},
        "mark": mark,
        "encoding": {"text": {"field": "text", "type": "nominal"}},
    }


def _config() -> dict[str, object]:
    return {
        "font": FONT,
        "view": {"stroke": None},
        "axis": {
            "labelColor": _INK,
            "labelFontSize": 12,
            "labelLimit": 280,
            "labelOverlap": False,
            "labelPadding": 6,
            "domain": False,
            "ticks": False,
            "gridColor": VEGA_COLOURS[Colour.GREY],
            "gridOpacity": 0.25,
        },
        "title": {
            "anchor": "start",
            "frame": "bounds",
            "color": _INK,
            "fontSize": 14,
            "fontWeight": 600,
            "subtitleColor": _INK,
            "subtitleFontSize": 12,
            "subtitleFontWeight": "normal",
            "subtitleLineHeight": 17,
            "subtitlePadding": 6,
            "offset": 12,
        },
    }


LAYERS: dict[type[Mark], Callable[[Any], dict[str, Any]]] = {
    Words: _words,
    Path: _path,
    Box: _boxes,
    Dot: _dots,
}
