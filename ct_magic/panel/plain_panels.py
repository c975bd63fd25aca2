"""The progress panel: how often it may speak, and its forms without widgets."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection, Mapping
from typing import TextIO

from ct_magic.common.words import encodable
from ct_magic.panel.standing import USUAL, About, Standing
from ct_magic.planning.row_results import RowRun

SAVED_TICK = 4.0  # seconds between two states that a saved notebook would show
REWRITE = "\r\x1b[K"  # back to the line's beginning, and clear it
_log = logging.getLogger(__name__)
# Shows a bundle of mime types: the first one is displayed, the next take its place.
Display = Callable[[Mapping[str, object]], None]


class Panel:
    """Shows nothing: what `progress="none"` gives, and what the others are made from.

    `refresh()` may be called as often as one likes and speaks at most once a second; `close()`
    shows the end. `comm_ids` are the widgets whose clicks must be heard while a cell blocks; None
    where there never are any.
    """

    comm_ids: Collection[str] | None = None
    tick = 1.0  # seconds between two messages to the front end
    ticks = False  # whether a second that has passed is news

    def __init__(self, run: RowRun, about: About = USUAL) -> None:
        self._run, self._about = run, about
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

    def disable_buttons(self) -> None:
        """Announce that clicks have no effect here, and what has."""

    def move_here(self) -> None:
        """Be shown by this thread from now on, in place of the cell's, which is left."""

    def _standing(self) -> Standing:
        plan, rows, run = self._run.plan, self._run.rows, self._run.questions
        return Standing(plan, rows, run.clock(), self._about, run.outage, run.at_once)

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
        now = self._run.questions.clock()
        if now - self._spoken < self.tick:
            return
        # Frozen rows: the same tuple of them is the same picture.
        shown = self._run.rows, self._run.questions.outage
        if self.ticks or shown != self._shown or now >= self._until:
            self._spoken, self._shown = now, shown
            self._show(self._standing())

    def _show(self, standing: Standing) -> None: ...

    def _end(self, standing: Standing) -> None: ...


class TextPanel(Panel):
    """Plain lines: one that is rewritten where there is a terminal, else one for each change."""

    def __init__(self, run: RowRun, about: About, out: TextIO, *, rewrite: bool = False) -> None:
        super().__init__(run, about)
        self._out, self._rewrite, self.ticks = out, rewrite, rewrite
        self._said = ""
        self.refresh()

    def _show(self, standing: Standing) -> None:
        from ct_magic.panel import text as panel_text

        if self._rewrite:
            self._print(REWRITE + panel_text.line(standing, self._columns() - 1))
        elif (line := panel_text.progress(standing)) != self._said and not self._about.stable:
            self._said = line
            self._print(f"ctcount: {line}\n")

    def _end(self, standing: Standing) -> None:
        from ct_magic.panel import tables

        lead = REWRITE if self._rewrite else ""
        self._print(f"{lead}{tables.text(standing, self._columns())}\n")

    def _columns(self) -> int:
        from ct_magic.panel import text as panel_text

        # A line that is longer than the terminal's cannot be rewritten. Some say they have none.
        try:
            return os.get_terminal_size(self._out.fileno()).columns or panel_text.TERMINAL
        except Exception:  # whatever is in a stream's place
            return panel_text.TERMINAL

    def _print(self, text: str) -> None:
        try:
            self._out.write(encodable(text, self._out))
            self._out.flush()
        except Exception:
            # `script.py 2>&1 | head`, a logger in the stream's place: who no longer listens must
            # not cost the counts.
            _log.debug("ct_magic: the progress cannot be printed", exc_info=True)


class HtmlPanel(Panel):
    """A display that is replaced: what a page without widgets and an executed notebook show.

    Where a display cannot be replaced, `is_final`, only the end is shown.
    """

    tick = SAVED_TICK

    def __init__(
        self, run: RowRun, about: About, display: Display, *, is_final: bool = False
    ) -> None:
        super().__init__(run, about)
        self._display, self._is_final = display, is_final
        self.refresh()  # what comes first is shown at once

    def _show(self, standing: Standing) -> None:
        if not self._is_final:
            self._display(still(standing))

    def _end(self, standing: Standing) -> None:
        self._display(still(standing))


def still(standing: Standing, hint: str | None = None) -> dict[str, object]:
    """Return a picture that needs neither a kernel nor widgets, as HTML and as text."""
    from ct_magic.panel import html as panel_html, tables

    text = tables.text(standing) + (f"\n({hint})" if hint else "")
    return {"text/plain": text, "text/html": panel_html.html(standing, hint)}
