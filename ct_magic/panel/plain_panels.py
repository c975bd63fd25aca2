"""Panels without widgets: lines of text, and a display that is replaced."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from typing import TextIO

from ct_magic.common.words import encodable
from ct_magic.panel.panel import About, Panel, Standing
from ct_magic.planning.row_results import RowRun

SAVED_TICK = 4.0  # seconds between two states that a saved notebook would show
REWRITE = "\r\x1b[K"  # back to the line's beginning, and clear it
_log = logging.getLogger(__name__)
# Shows a bundle of mime types: the first one is displayed, the next take its place.
Display = Callable[[Mapping[str, object]], None]


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
