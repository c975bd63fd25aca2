"""The picture of a result: what a notebook shows, and what is saved."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ct_magic.charts.bars import bars, columns, is_by_hour, paired_bars
from ct_magic.charts.chart import Chart, greyed
from ct_magic.charts.lines import paired_lines, timeline
from ct_magic.charts.retention import curves, triangle
from ct_magic.charts.shares import dots, funnel, share_lines
from ct_magic.charts.vega import MIME, drawn, embed_options, has_matplotlib, size, vega_lite
from ct_magic.charts.wording import doubts
from ct_magic.errors import CtMagicError, MissingExtraError, UsageError
from ct_magic.results.cells import Cell, Kind, by_series, cells, in_order, is_over_time, kind

if TYPE_CHECKING:
    import pandas as pd

    from ct_magic.counting.waiting import Watched


# Rows of a result -> the Chart that shows them; which kind of picture fits which kind of rows.

PICTURES: dict[Kind, Callable[[Sequence[Cell]], Chart]] = {
    Kind.NUMBER: bars,
    Kind.STATEMENTS: bars,
    Kind.VALUES: bars,
    Kind.TIME: timeline,
}


def choose_chart(rows: Sequence[Cell], *, complete: bool = True, as_curves: bool = False) -> Chart:
    """Return the Chart of a result; grey, and saying so, where not everything is there yet."""
    rows = in_order(rows)
    chart = _picture(rows, as_curves)(rows)
    for line in doubts(rows):
        chart = replace(chart, lines=(*chart.lines, line), alt=f"{chart.alt} {line}.")
    if complete:
        return chart
    there = sum(row.count is not None for row in rows)
    line = f"{there:,} of {len(rows):,} so far"
    return greyed(replace(chart, lines=(*chart.lines, line), alt=f"{chart.alt} {line}."))


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


# A picture below the panel of a cell, which grows with what arrives: what `--plot` shows.

TICK = 2.0  # seconds between two pictures: each is drawn whole
_log = logging.getLogger(__name__)


class LivePicture:
    """A panel with a picture below it: grey while counts are missing, in colour at the end.

    The end is drawn however it came: what did not arrive is left out, and said. Whatever becomes of
    the picture, the counts arrive.
    """

    def __init__(
        self,
        panel: Watched,
        frame: Callable[[], pd.DataFrame],
        *,
        is_live: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._panel, self._frame, self._clock = panel, frame, clock
        self._is_live, self._drawn = is_live, clock()
        self._there = 0
        self._handle: Any = None

    @property
    def comm_ids(self) -> Collection[str]:
        """The panel's widgets, whose clicks must be heard."""
        return self._panel.comm_ids

    def say_deaf(self) -> None:
        """Announce in the panel that clicks have no effect here."""
        self._panel.say_deaf()

    def refresh(self) -> None:
        """Show what has changed, if it is time."""
        self._panel.refresh()
        if self._is_live and self._clock() - self._drawn >= TICK:
            self._drawn = self._clock()
            self._draw_so_far()

    def close(self) -> None:
        """Show how it ended."""
        self._panel.close()
        try:
            picture = _plot(self._frame(), complete=True)
            self._show(picture)
            if self._is_live and (lacks := picture.lacks):
                print(lacks)  # noqa: T201 # JupyterLab draws, but an export will have no picture
        except CtMagicError as error:
            print(f"no picture: {error}")  # noqa: T201 # the cell asked for one, and shows this instead
        except Exception:
            _log.warning("ct_magic: the picture was lost; the counts are there", exc_info=True)

    def _draw_so_far(self) -> None:
        try:
            frame = self._frame()
            there = int(frame["count"].notna().sum())
            if there > self._there:
                self._there = there
                self._show(_plot(frame, complete=False))
        except Exception:
            _log.debug("ct_magic: a picture of what was there is left out", exc_info=True)
            self._is_live = False

    def _show(self, picture: Picture) -> None:
        from IPython.display import display

        if self._handle is None:
            self._handle = display(picture, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(picture)


def _plot(frame: pd.DataFrame, *, complete: bool) -> Picture:

    return plot(frame, complete=complete)


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
