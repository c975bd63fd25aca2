"""Chart -> Vega-Lite 5: what JupyterLab draws by itself, and what is saved as PNG, SVG or PDF.

A page and a file are of one specification, so that what is saved is what was shown. They differ in
two things. On a page text has the page's own colour (`currentColor`), which follows its theme, and
the width is that of the output; a file has ink on white, and a width of its own.

How it is built: the scales of both directions are given once, for all layers. Each kind of mark of
one look is a layer over a table of its own; what comes first lies lowest. Places are plain numbers,
and the axes find the names that belong to them in a table inside `labelExpr`, since Vega sorts
ticks and would otherwise give a place another's name. A grid is one layer over one table, drawn
twice: as rectangles and as texts.
"""

from __future__ import annotations

import json
import os
import pathlib
import zlib
from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from importlib.util import find_spec
from textwrap import wrap
from typing import Any

from ct_magic.charts import chart as parts
from ct_magic.charts.chart import LETTER, Chart, ChartAxis, Colour
from ct_magic.errors import MissingExtraError, UsageError

MIME = "application/vnd.vegalite.v5+json"
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
# JupyterLab 4.6 draws with Vega-Lite 5.6; this is the nearest that vl-convert brings along.
VEGA_LITE = "5.8"
GROUND, INK = "#ffffff", "#24292f"  # of a file
WIDTH = 820  # pixels of a file, about those of a panel in JupyterLab
SHARPER = 2  # times as many pixels as it takes on a page
# An SVG's text takes the page's own colour, whatever the theme is, and when it changes.
_PAGES_INK = "currentColor"
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
_drawn_by: dict[str, int] = {}
_PALETTE = 256  # colours of a small PNG
_USUAL_WIDTH = 760  # pixels
TITLE, LINE = 80, 105  # characters of a line of the title, and of those below it
FONT = "system-ui, -apple-system, 'Segoe UI', sans-serif"


def drawn(chart: Chart, kind: str) -> bytes:
    """Return a `png`, `svg` or `pdf`; raise MissingExtraError, or UsageError if that is broken."""
    if not can_draw():
        raise MissingExtraError("plotting", "plot")
    if kind not in ("png", "svg", "pdf"):
        raise UsageError(f"a picture is saved as .png, .svg, .pdf or .json, not as .{kind}")
    try:
        import vl_convert
    except Exception as error:  # one that was built for another machine raises what it likes
        raise UsageError(
            f"vl-convert cannot be imported ({type(error).__name__}: {error}): reinstall it "
            "(pip install --force-reinstall vl-convert-python), then restart the kernel"
        ) from None
    # It has threads of its own, which a fork does not take along: the child would wait for ever.
    if _drawn_by.setdefault("process", os.getpid()) != os.getpid():
        raise UsageError(
            "a forked process cannot draw a file: save the picture where it was forked"
        )
    specification = _specification(chart, max(WIDTH, narrowest(chart)), GROUND, INK)
    convert = getattr(vl_convert, f"vegalite_to_{kind}")
    how: dict[str, Any] = {"scale": SHARPER} if kind == "png" else {}
    # Given as text: what is passed as a dict loses the order of its keys.
    made: str | bytes = convert(json.dumps(specification), vl_version=VEGA_LITE, **how)
    if kind == "png":
        return _small(bytes(made))  # type: ignore[arg-type] # bytes for this kind
    return made.encode() if isinstance(made, str) else made


def _small(png: bytes) -> bytes:
    """Return a PNG with a palette, a fifth as large: a notebook keeps each picture.

    What comes has four bytes for a pixel and hardly a compression, each row as differences from
    the pixel at its left. A picture has some hundred colours: the commonest 256 are kept, and the
    rest, which are edges of letters, become the nearest of these.
    """
    import numpy as np

    width, height = _png_size(png)
    at, packed = 8, b""
    while at < len(png):
        end = at + 8 + int.from_bytes(png[at : at + 4], "big")
        packed += png[at + 8 : end] if png[at + 4 : at + 8] == b"IDAT" else b""
        at = end + 4
    rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, -1)
    if rows.shape[1] != 1 + 4 * width or (rows[:, 0] != 1).any():
        return png  # written in another way, and right as it is
    # Of a picture hardly one pixel in thirty differs from the one before: they are taken in runs.
    steps = rows[:, 1:].reshape(-1, 4)
    differs = steps.view(np.uint32).reshape(height, width) != 0
    differs[:, 0] = True
    begins = np.flatnonzero(differs)
    lengths = np.diff(begins, append=differs.size)
    sums = np.cumsum(steps[begins], axis=0, dtype=np.uint8)
    before = (sums - steps[begins])[begins % width == 0]  # what a row begins with is no difference
    rgb = (sums - before[begins // width])[:, :3].astype(np.uint32)
    colours, places = np.unique(rgb @ np.array([65536, 256, 1], np.uint32), return_inverse=True)
    if len(colours) > _PALETTE:
        shades = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1).astype(int)
        often = np.bincount(places, weights=lengths)
        kept = np.argsort(-often, kind="stable")[:_PALETTE]
        apart = ((shades[:, None] - shades[kept]) ** 2).sum(axis=2)
        colours, places = colours[kept], apart.argmin(axis=1)[places]
    lines = np.zeros((height, 1 + width), np.uint8)
    lines[:, 1:] = np.repeat(places.astype(np.uint8), lengths).reshape(height, width)
    palette = b"".join(int(colour).to_bytes(3, "big") for colour in colours)
    header = png[16:24] + bytes([8, 3, 0, 0, 0])
    parts = {b"IHDR": header, b"PLTE": palette, b"IDAT": zlib.compress(lines.tobytes(), 9)}
    chunks = [
        len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")
        for name, data in (*parts.items(), (b"IEND", b""))
    ]
    return png[:8] + b"".join(chunks)


def can_draw() -> bool:
    """Return True if a file can be drawn."""
    try:
        return find_spec("vl_convert") is not None
    except ValueError:  # None was put in its place
        return False


def _png_size(png: bytes) -> tuple[int, int]:
    """Return width and height of a PNG in its own pixels."""
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


def embed_options(chart: Chart) -> dict[str, object]:
    """Return how JupyterLab is to show a chart: as wide as the output, but never too narrow.

    Vega-Lite compiles a width of "container" into two signals, which measure the box when it is
    drawn and when the window changes. The patch gives both a least width, below which words would
    lie on each other: the box then scrolls.
    """
    # Where another chart's style came first the box has no width yet, and the chart the usual one.
    least = narrowest(chart)
    inside = "containerSize()[0]"
    width = f"{inside} > 100 ? max({inside}, {least}) : {max(_USUAL_WIDTH, least)}"
    paths = ("/signals/0/init", "/signals/0/on/0/update")
    patch = [{"op": "replace", "path": path, "value": width} for path in paths]
    return {**_OPTIONS, "defaultStyle": _STYLE, "patch": patch}


def narrowest(chart: Chart) -> int:
    """Return the width in pixels below which words of a chart would lie on each other."""
    left = max((LETTER * len(name) for _, name in chart.y.ticks), default=0)
    longest = max((len(line) for _, name in chart.x.ticks for line in name.split("\n")), default=0)
    plane = max(140, len(chart.x.ticks) * (LETTER * longest + 12 * bool(longest)))
    words = max(LETTER * len(line) for line in ("", *_wrapped(chart.lines, LINE)))
    title = max((LETTER + 1) * len(line) for line in _wrapped([chart.title], TITLE))
    return max(left + plane + chart.margin, words, title)


def _wrapped(lines: Iterable[str], most: int) -> list[str]:
    """Return the lines, none of more than so many characters."""
    return [part for line in lines for part in wrap(line, most) or [""]]


def _specification(chart: Chart, width: int | str, background: str, ink: str) -> dict[str, object]:
    layers: dict[tuple[Any, ...], list[Any]] = {}
    for mark in chart.marks:
        look = (getattr(mark, name) for name in _MARKS[type(mark)][0].split())
        layers.setdefault((type(mark), *look), []).append(mark)
    return {
        "$schema": SCHEMA,
        "description": chart.alt,
        "usermeta": {"embedOptions": _OPTIONS},
        "background": background,
        "width": width,
        "height": chart.height,
        # The plane shrinks by what the names beside it need; the whole keeps its width.
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": 4,  # beside the words at the plane's right end, which Vega makes room for
        "title": {"text": _wrapped([chart.title], TITLE), "subtitle": _wrapped(chart.lines, LINE)},
        "encoding": {"x": _scaled("x", chart.x), "y": _scaled("y", chart.y)},
        "layer": [_layer(marks) for marks in layers.values()],
        "config": _config(ink),
    }


def _scaled(field: str, axis: ChartAxis) -> dict[str, object]:
    places = [place for place, _ in axis.ticks]
    # By their places as JavaScript writes them.
    keys = [str(int(at)) if float(at).is_integer() else repr(float(at)) for at in places]
    names = dict(zip(keys, (name.split("\n") for _, name in axis.ticks), strict=True))
    label = f"({json.dumps(names, ensure_ascii=False)})[toString(datum.value)] || ''"
    shown = {"title": None, "grid": axis.grid, "values": places, "labelExpr": label}
    shown |= {"orient": "top"} if axis.above else {}
    scale = {"domain": [axis.low, axis.high], "nice": False, "zero": False}
    found = {"axis": shown if axis.ticks else None, "scale": scale}
    return {"field": field, "type": "quantitative", **found}


# Of each kind of marks: the fields in which all of a layer are alike, and those of its table.
_MARKS: dict[type[parts.Mark], tuple[str, str]] = {
    parts.Words: ("align right up bold", "x y text"),
    parts.Path: ("colour dotted thin thick", ""),
    parts.Box: ("hollow", "left right bottom top colour strength tip"),
    parts.Dot: ("hollow", "x y tip colour shape"),
    parts.Tile: ("", "x y text strength tip hollow"),
    parts.Band: ("colour", ""),
}
_CHANNELS = {"left": "x", "right": "x2", "bottom": "y", "top": "y2"}


def _mark_rows(marks: Sequence[Any]) -> list[dict[str, object]]:
    """Return the table of a layer: a row for each mark, of lines and bands one for each place."""
    if isinstance(marks[0], parts.Path | parts.Band):
        # `line` keeps lines of one look apart, `n` the order of a line's places.
        return [
            dict(zip(("x", "y", "y2"), place, strict=False)) | {"n": n, "line": number}
            for number, mark in enumerate(marks)
            for n, place in enumerate(mark.places)
        ]
    rows = []
    for mark in marks:
        known = {name: getattr(mark, name) for name in _MARKS[type(mark)][1].split()}
        if "colour" in known:
            known["colour"] = mark.colour.value
        if "shape" in known:
            known["shape"] = _SHAPES[mark.shape % len(_SHAPES)]
        rows.append({_CHANNELS.get(name, name): value for name, value in known.items()})
    return rows


def _channel(field: str, **more: object) -> dict[str, object]:
    return {"field": field, "type": "nominal", **more}


_COLOUR, _TEXT_COLOUR = _channel("colour", scale=None), {"text": _channel("text")}
_STRENGTH = {"field": "strength", "type": "quantitative", "scale": None}
_ENDS: dict[str, object] = {"x2": {"field": "x2"}, "y2": {"field": "y2"}}
_LINE = {"detail": _channel("line"), "order": {"field": "n", "type": "quantitative"}}
# The edges of a grid's cells, computed from their middles.
_EDGES = {"x2": "datum.x + 0.485", "y2": "datum.y + 0.46"}
_EDGES |= {"x": "datum.x - 0.485", "y": "datum.y - 0.46"}


def _layer(marks: Sequence[Any]) -> dict[str, object]:
    """Return the layer of marks of one look: a table, a mark, and where each channel is from."""
    first, colour = marks[0], getattr(marks[0], "colour", Colour.FIRST).value
    has_tip = any(getattr(mark, "tip", "") for mark in marks)
    tip = {"tooltip": _channel("tip")} if has_tip else {}
    look: dict[str, Any]
    match first:
        case parts.Box(hollow=True):
            # What is not over, or not whole, has no fill and a dashed edge.
            dashed = {"filled": False, "strokeWidth": 1.5, "strokeDash": [3, 2]}
            look = {"mark": {"type": "rect", "cornerRadius": 1.5} | dashed}
            look["encoding"] = {"stroke": _COLOUR} | _ENDS | tip
        case parts.Box():
            look = {"mark": {"type": "rect", "cornerRadius": 1.5}}
            look["encoding"] = {"fill": _COLOUR, "fillOpacity": _STRENGTH} | _ENDS | tip
        case parts.Dot():
            look = {"mark": {"type": "point", "size": 42, "filled": not first.hollow, "opacity": 1}}
            look["encoding"] = {"color": _COLOUR, "shape": _channel("shape", scale=None)} | tip
        case parts.Path():
            wide = 1.4 if first.thin else 8 if first.thick else 2
            dotted = {"strokeDash": [2, 4]} if first.dotted else {}
            look = {"mark": {"type": "line", "color": colour, "strokeWidth": wide} | dotted}
            look["encoding"] = _LINE
        case parts.Band():
            look = {"mark": {"type": "area", "color": colour, "opacity": 0.15}}
            look["encoding"] = {"detail": _LINE["detail"], "y2": _ENDS["y2"]}
        case parts.Tile():
            edge = {"condition": {"test": "datum.hollow", "value": colour}, "value": None}
            ground = {
                "transform": [{"calculate": how, "as": name} for name, how in _EDGES.items()],
                "mark": {"type": "rect", "fill": colour, "strokeDash": [3, 2]},
                "encoding": _ENDS | {"stroke": edge, "fillOpacity": _STRENGTH} | tip,
            }
            text = {"mark": _text_mark("center", 0, 0, bold=False), "encoding": _TEXT_COLOUR | tip}
            look = {"layer": [ground, text]}
        case _:
            look = {"mark": _text_mark(first.align, first.right, -first.up, bold=first.bold)}
            look["encoding"] = _TEXT_COLOUR
    return {"data": {"values": _mark_rows(marks)}, **look}


def _text_mark(align: str, right: int, down: int, *, bold: bool) -> dict[str, object]:
    look = {"align": align, "baseline": "middle", "dx": right, "dy": down}
    return {"type": "text", **look, "fontWeight": "bold" if bold else "normal"}


def _config(ink: str) -> dict[str, object]:
    return {
        "font": FONT,
        "view": {"stroke": None},
        "text": {"color": ink, "fontSize": 12},
        "axis": {
            "labelColor": ink,
            "labelFontSize": 12,
            "labelLimit": 400,
            "labelOverlap": False,
            "labelPadding": 6,
            "domain": False,
            "ticks": False,
            "gridColor": Colour.GREY.value,
            "gridOpacity": 0.25,
        },
        "title": {
            "anchor": "start",
            "frame": "bounds",
            "color": ink,
            "fontSize": 14,
            "fontWeight": 600,
            "subtitleColor": ink,
            "subtitleFontSize": 12,
            "subtitleFontWeight": "normal",
            "subtitleLineHeight": 17,
            "subtitlePadding": 6,
            "offset": 12,
        },
    }


class Picture:
    """A picture of counts: a notebook shows it, `save()` writes it, `text` says what is drawn.

    JupyterLab draws it itself, in the colours of its theme and as wide as the page
    (`vega_lite()`). A file, and what is exported, is drawn of the same, which needs the extra
    `plot` (vl-convert).
    """

    def __init__(self, chart: Chart) -> None:
        self._chart = chart

    @property
    def text(self) -> str:
        """What is drawn, in words."""
        return self._chart.alt

    def vega_lite(self) -> dict[str, Any]:
        """Return a Vega-Lite 5 specification, for `json.dumps`; as wide as what it is shown in."""
        return _specification(self._chart, "container", "transparent", _PAGES_INK)

    def png(self) -> bytes:
        """Return the picture as the bytes of a PNG; raise MissingExtraError without vl-convert."""
        return drawn(self._chart, "png")

    def save(self, file: str | pathlib.Path) -> None:
        """Write the picture to a file: `.png`, `.svg`, `.pdf`, or `.json` for Vega-Lite.

        All but the last raise MissingExtraError without vl-convert.
        """
        path = pathlib.Path(file)
        kind = path.suffix.lstrip(".").lower() or "png"
        if kind == "json":
            path.write_text(json.dumps(self.vega_lite(), ensure_ascii=False), encoding="utf-8")
        else:
            path.write_bytes(drawn(self._chart, kind))

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, object], dict[str, object]]:
        data: dict[str, object] = {MIME: self.vega_lite(), "text/plain": self.text}
        about: dict[str, object] = {MIME: {"embed_options": embed_options(self._chart)}}
        if not can_draw():
            return data, about  # who sees the picture misses nothing; `save` says what it needs
        try:
            png = self.png()
        except UsageError as error:
            data["text/plain"] = f"{self.text}\n{error}"
            return data, about
        width, height = (round(pixels / SHARPER) for pixels in _png_size(png))
        about["image/png"] = {"width": width, "height": height, "alt": self.text}
        alt = escape(" ".join(self.text.split()), quote=True)
        source = f"data:image/png;base64,{b64encode(png).decode()}"
        image = f'<img alt="{alt}" width="{width}" height="{height}" src="{source}">'
        # nbconvert's HTML has no `alt` for a PNG, but keeps that of an image in Markdown, which it
        # prefers; JupyterLab prefers Vega-Lite to both, and paper takes the PNG.
        data |= {"image/png": png, "text/markdown": image}
        return data, about

    def __repr__(self) -> str:
        return self.text
