"""The picture of a result: what a notebook shows, and what is saved."""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ct_magic.charts.bars import bars, columns, is_by_hour, paired_bars, reasons
from ct_magic.charts.chart import Chart, Words
from ct_magic.charts.lines import paired_lines, timeline
from ct_magic.charts.retention import curves, triangle
from ct_magic.charts.shares import dots, funnel, share_lines
from ct_magic.charts.vega import MIME, can_draw, drawn, embed_options, size, vega_lite
from ct_magic.charts.wording import doubts
from ct_magic.errors import CtMagicError, UsageError
from ct_magic.results.cells import (
    Cell,
    Kind,
    by_series,
    cells,
    in_order,
    is_one_number,
    is_over_time,
    kind,
)
from ct_magic.results.changes import NO_CAUSE, findings

if TYPE_CHECKING:
    import pandas as pd


_log = logging.getLogger(__name__)

# Rows of a result -> the Chart that shows them; which kind of picture fits which kind of rows.

PICTURES: dict[Kind, Callable[[Sequence[Cell]], Chart]] = {
    Kind.NUMBER: bars,
    Kind.STATEMENTS: bars,
    Kind.VALUES: bars,
    Kind.TIME: timeline,
}


def choose_chart(rows: Sequence[Cell], *, as_curves: bool = False) -> Chart:
    """Return the Chart of a result; what is not there is said."""
    rows = in_order(rows)
    chart = _picture(rows, as_curves)(rows)
    if not chart.marks:
        # A picture without a mark is an error in JavaScript.
        x, y = ((axis.low + axis.high) / 2 for axis in (chart.x, chart.y))
        chart = replace(chart, marks=(Words(x, y, "no count", align="center"),))
    for line in doubts(rows):
        chart = replace(chart, lines=(*chart.lines, line), alt=f"{chart.alt} {line}.")
    return chart


def _picture(rows: Sequence[Cell], as_curves: bool) -> Callable[[Sequence[Cell]], Chart]:
    is_a = kind(rows)
    if is_a is Kind.RETENTION:
        return triangle if is_over_time(rows) and not as_curves else curves
    if is_a is Kind.FUNNEL:
        if is_over_time(rows):
            return share_lines
        return dots if any(row.series.values for row in rows) else funnel
    if is_a is Kind.VERSUS:
        return paired_lines if is_over_time(rows) and len(by_series(rows)) == 1 else paired_bars
    if is_a is Kind.VALUES and is_by_hour(rows):
        return columns
    return PICTURES[is_a]


def show_below(frame: pd.DataFrame) -> None:
    """Show the picture of what a cell gave, below its panel; say in a line why there is none.

    A panel shows a grid of shares itself, so that its picture is the curves.
    """
    from IPython.display import display

    if not frame["count"].notna().any():
        return print("no picture: no count has arrived")  # noqa: T201 # as below
    if is_one_number(cells(frame)):
        return None  # the panel shows it
    try:
        display(plot(frame, as_curves=True))  # type: ignore[no-untyped-call] # IPython's own
    except CtMagicError as error:
        print(f"no picture: {error}")  # noqa: T201 # the cell asked for one, and shows this instead
    except Exception:
        # Whatever becomes of a picture, the counts are there.
        _log.warning("ct_magic: the picture was lost; the counts are there", exc_info=True)
    return None


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
        """Return the picture as a Vega-Lite 5 specification: a dict that `json.dumps` takes."""
        return vega_lite(self._chart)

    def png(self) -> bytes:
        """Return the picture as the bytes of a PNG; raise MissingExtraError without vl-convert."""
        return drawn(self._chart, "png")

    def save(self, file: str | Path) -> None:
        """Write the picture to a file: `.png`, `.svg`, `.pdf`, or `.json` for Vega-Lite.

        All but the last raise MissingExtraError without vl-convert.
        """
        path = Path(file)
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
        width, height = size(png)
        about["image/png"] = {"width": width, "height": height, "alt": self.text}
        encoded = b64encode(png).decode()
        # nbconvert's HTML has no `alt` for a PNG, but keeps that of an image in Markdown, which it
        # prefers; JupyterLab prefers Vega-Lite to both, and paper takes the PNG.
        data |= {"image/png": png, "text/markdown": self._image(encoded, width, height)}
        return data, about

    def _image(self, png: str, width: int, height: int) -> str:
        alt = escape(" ".join(self.text.split()), quote=True)
        source = f"data:image/png;base64,{png}"
        return f'<img alt="{alt}" width="{width}" height="{height}" src="{source}">'

    def __repr__(self) -> str:
        return self.text


def plot(df: pd.DataFrame, *, as_curves: bool = False) -> Picture:
    """Return the picture that fits what was counted; a notebook shows it.

    Counts over time are lines, and a piece that is not whole is hollow and dotted. One count for
    each value, and several statements, are bars. `share` gives a funnel of nested bars, points with
    intervals where `by` splits by values, lines over time; with `after` a triangle of cohorts, or
    their curves (`as_curves=True`). `vs` gives pairs. What did not arrive is left out, and said;
    a row that was taken out is a gap.

    What `why` gave is drawn as bars. Raise UsageError for a DataFrame that holds no counts, or one
    of them twice.
    """
    if (found := findings(df)) is not None:
        return Picture(reasons(found, df.attrs.get("finding", NO_CAUSE)))
    return Picture(choose_chart(cells(df), as_curves=as_curves))
