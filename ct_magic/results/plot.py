"""The picture of a result: what a notebook shows, and what is saved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import MissingExtraError, UsageError
from .cells import cells
from .chart import Chart
from .choose_chart import choose_chart
from .draw import drawn, has_matplotlib, size
from .vega import MIME, embed_options, vega_lite

if TYPE_CHECKING:
    import pandas as pd


class Picture:
    """A picture of counts: a notebook shows it, `save()` writes it, `text` says what is drawn.

    JupyterLab draws it itself, in the colours of its theme and as wide as the page
    (`vega_lite()`); elsewhere, and in what is exported, it is a PNG, which needs matplotlib.
    """

    def __init__(self, chart: Chart, *, is_complete: bool = True) -> None:
        self._chart, self._is_complete = chart, is_complete

    @property
    def text(self) -> str:
        """What is drawn, in words."""
        return self._chart.alt

    @property
    def lacks(self) -> str | None:
        """What is missing for a file of it, in words; None where nothing is."""
        return None if has_matplotlib() else str(MissingExtraError("plotting", "plot"))

    def vega_lite(self) -> dict[str, Any]:
        """Return the picture as a Vega-Lite 5 specification: a dict that `json.dumps` takes."""
        return vega_lite(self._chart)

    def png(self) -> bytes:
        """Return the picture as the bytes of a PNG; raise MissingExtraError without matplotlib."""
        return drawn(self._chart, "png")

    def save(self, file: str | Path) -> None:
        """Write the picture to a file: `.png`, `.svg`, `.pdf`, or `.json` for Vega-Lite.

        All but the last raise MissingExtraError without matplotlib.
        """
        path = Path(file)
        kind = path.suffix.lstrip(".").lower() or "png"
        if kind == "json":
            path.write_text(json.dumps(self.vega_lite(), ensure_ascii=False), encoding="utf-8")
        else:
            path.write_bytes(drawn(self._chart, kind))

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, object], dict[str, object]]:
        data: dict[str, Any] = {MIME: self.vega_lite(), "text/plain": self.text}
        about: dict[str, object] = {MIME: {"embed_options": embed_options(self._chart)}}
        if not self._is_complete:
            return data, about  # it is replaced in a moment: no file is drawn of it
        if self.lacks:
            data["text/plain"] += f"\n{self.lacks}"
            return data, about
        try:
            data["image/png"] = self.png()
        except UsageError as error:
            data["text/plain"] += f"\n{error}"
            return data, about
        width, height = size(self._chart)
        about["image/png"] = {"width": width, "height": height, "alt": self.text}
        return data, about

    def __repr__(self) -> str:
        return self.text


def plot(df: pd.DataFrame, *, complete: bool = True, as_curves: bool = False) -> Picture:
    """Return the picture that fits what was counted; a notebook shows it.

    Counts over time are lines, and a piece that is not whole is hollow and dotted. One count for
    each value, and several statements, are bars. `share` gives a funnel of nested bars, points with
    intervals where `by` splits by values, lines over time; with `after` a triangle of cohorts, or
    their curves (`as_curves=True`). `vs` gives pairs. What did not arrive is left out, and said.

    `complete=False` draws in grey what is there so far. Raise UsageError for a DataFrame that
    holds no counts, or one of them twice.
    """
    chart = choose_chart(cells(df), complete=complete, as_curves=as_curves)
    return Picture(chart, is_complete=complete)
