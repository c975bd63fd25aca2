"""The progress panel: how often it may speak, and its forms without widgets."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection, Mapping
from typing import Protocol, TextIO

from ct_magic.panel import html as panel_html
from ct_magic.panel import text as panel_text
from ct_magic.panel.standing import Standing
from ct_magic.planning.row_results import RowResult
from ct_magic.rows import Plan

_TICK = 1.0  # seconds between two messages to the front end
SAVED_TICK = 4.0  # seconds between two states that a saved notebook would show
REWRITE = "\r\x1b[K"  # back to the line's beginning, and clear it
USUAL_COLUMNS = 80
_log = logging.getLogger(__name__)
# Shows a bundle of mime types: the first one is displayed, the next take its place.
Display = Callable[[Mapping[str, object]], None]


class Shown(Protocol):
    """The run behind a panel: see `row_run.RowRun`."""

    clock: Callable[[], float]

    @property
    def plan(self) -> Plan:
        """What is asked."""
        ...

    @property
    def rows(self) -> tuple[RowResult, ...]:
        """Every row as it stands."""
        ...

    def cancel(self, number: int | None = None) -> None:
        """Stop asking."""
        ...


class Panel:
    """Shows nothing: what `progress="none"` gives, and what the others are made from.

    `refresh()` may be called as often as one likes and speaks at most once a second; `close()`
    shows the end. `comm_ids` are the widgets whose clicks must be heard while a cell blocks.
    """

    comm_ids: Collection[str] = ()
    ticks = False  # whether a second that has passed is news

    def __init__(self, run: Shown, note: str | None = None, *, stable: bool = False) -> None:
        self._run, self._note, self._stable = run, note, stable
        self._spoken = float("-inf")
        self._shown: object = None
        self._until = float("inf")  # when what is shown is no longer true, whatever happens
        self._lost = False

    def refresh(self) -> None:
        """Show what has changed, if it is time."""
        self._safely(self._refresh)

    def close(self) -> None:
        """Show how it ended."""
        self._safely(lambda: self._end(self._standing()))

    def say_deaf(self) -> None:
        """Announce that clicks have no effect here, and what has."""

    def _standing(self) -> Standing:
        plan, rows = self._run.plan, self._run.rows
        # How long it may take is of no use once it is over.
        expects = None if all(row.state.ended for row in rows) else plan.expects
        note = "; ".join(filter(None, (expects, self._note))) or None
        return Standing(plan, rows, self._run.clock(), note, self._stable)

    def _safely(self, show: Callable[[], None]) -> None:
        if self._lost:
            return
        try:
            show()
        except Exception:
            # Whatever a front end does to a panel, the counts arrive.
            self._lost = True
            _log.warning("ct_magic: the panel was lost; counting goes on", exc_info=True)

    def _refresh(self) -> None:
        now = self._run.clock()
        if now - self._spoken < _TICK:
            return
        rows = self._run.rows
        # Frozen rows: the same tuple of them is the same picture.
        if self.ticks or rows != self._shown or now >= self._until:
            self._spoken, self._shown = now, rows
            self._show(self._standing())

    def _show(self, standing: Standing) -> None: ...

    def _end(self, standing: Standing) -> None: ...


class TextPanel(Panel):
    """Plain lines: one that is rewritten where there is a terminal, else one for each change."""

    def __init__(
        self,
        run: Shown,
        note: str | None,
        out: TextIO,
        *,
        rewrite: bool = False,
        stable: bool = False,
    ) -> None:
        super().__init__(run, note, stable=stable)
        self._out, self._rewrite, self.ticks = out, rewrite, rewrite
        self._said = ""
        self.refresh()

    def _show(self, standing: Standing) -> None:
        if self._rewrite:
            self._print(REWRITE + panel_text.line(standing, self._columns() - 1))
        elif (line := panel_text.progress(standing)) != self._said and not self._stable:
            self._said = line
            self._print(f"ctcount: {line}\n")

    def _end(self, standing: Standing) -> None:
        lead = REWRITE if self._rewrite else ""
        self._print(f"{lead}{panel_text.text(standing)}\n")

    def _columns(self) -> int:
        # A line that is longer than the terminal's cannot be rewritten. Some say they have none.
        try:
            return os.get_terminal_size(self._out.fileno()).columns or USUAL_COLUMNS
        except Exception:  # whatever stands in a stream's place
            return USUAL_COLUMNS

    def _print(self, text: str) -> None:
        try:
            encoding = getattr(self._out, "encoding", None) or "utf-8"
            self._out.write(text.encode(encoding, "replace").decode(encoding))
            self._out.flush()
        except Exception:
            # `script.py 2>&1 | head`, a logger in the stream's place: who no longer listens must
            # not cost the counts.
            _log.debug("ct_magic: the progress cannot be printed", exc_info=True)


class HtmlPanel(Panel):
    """A display that is replaced: what a page without widgets and an executed notebook show."""

    def __init__(
        self, run: Shown, note: str | None, display: Display, *, stable: bool = False
    ) -> None:
        super().__init__(run, note, stable=stable)
        self._display = display
        # What comes first is shown at once: it was displayed before anything was asked.
        self._kept, self._saved = run.clock(), run.rows
        display(still(self._standing()))

    def _refresh(self) -> None:
        now = self._run.clock()
        if now - self._kept < SAVED_TICK or (rows := self._run.rows) == self._saved:
            return
        self._kept, self._saved = now, rows
        self._display(still(self._standing()))

    def _end(self, standing: Standing) -> None:
        self._display(still(standing))


def still(standing: Standing, hint: str | None = None) -> dict[str, object]:
    """Return a picture that needs neither a kernel nor widgets, as HTML and as text."""
    text = panel_text.text(standing) + (f"\n({hint})" if hint else "")
    return {"text/plain": text, "text/html": panel_html.html(standing, hint)}
