"""The progress panel: how often it may speak, and its forms without widgets."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection
from typing import Any, Protocol, TextIO

from ..row_results import RowResult
from ..rows import Plan
from . import html as card
from . import text as words
from .row_view import RowView as Job
from .row_view import views

TICK = 1.0  # seconds between two messages to the front end
SAVED_TICK = 4.0  # seconds between two states that a saved notebook would show
REWRITE = "\r\x1b[K"  # back to the line's beginning, and clear it
USUAL_COLUMNS = 80
log = logging.getLogger(__name__)


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

    def __init__(self, run: Shown, note: str | None = None) -> None:
        self._run, self._note = run, note
        self._spoken = float("-inf")
        self._shown: object = None
        self._lost = False

    def refresh(self) -> None:
        """Show what has changed, if it is time."""
        self._safely(self._refresh)

    def close(self) -> None:
        """Show how it ended."""
        self._safely(lambda: self._end(views(self._run.rows), self._run.clock()))

    def say_deaf(self) -> None:
        """Say that clicks are not heard here, and what is."""

    def _safely(self, show: Callable[[], None]) -> None:
        if self._lost:
            return
        try:
            show()
        except Exception:
            # Whatever a front end does to a panel, the counts arrive.
            self._lost = True
            log.warning("ct_magic: the panel was lost; counting goes on", exc_info=True)

    def _refresh(self) -> None:
        now = self._run.clock()
        if now - self._spoken < TICK:
            return
        jobs = views(self._run.rows)
        # Frozen jobs: the same tuple of them is the same picture.
        if self.ticks or jobs != self._shown:
            self._spoken, self._shown = now, jobs
            self._show(jobs, now)

    def _show(self, jobs: tuple[Job, ...], now: float) -> None: ...

    def _end(self, jobs: tuple[Job, ...], now: float) -> None: ...


class TextPanel(Panel):
    """Plain lines: one that is rewritten where there is a terminal, else one for each change."""

    def __init__(self, run: Shown, note: str | None, out: TextIO, *, rewrite: bool) -> None:
        super().__init__(run, note)
        self._out, self._rewrite, self.ticks = out, rewrite, rewrite
        self._said = ""
        self.refresh()

    def _show(self, jobs: tuple[Job, ...], now: float) -> None:
        if self._rewrite:
            self._print(REWRITE + words.line(jobs, now, self._columns() - 1))
        elif (said := words.progress(jobs)) != self._said:
            self._said = said
            self._print(f"ctcount: {said}\n")

    def _end(self, jobs: tuple[Job, ...], now: float) -> None:
        lead = REWRITE if self._rewrite else ""
        self._print(f"{lead}{words.text(jobs, now, self._note)}\n")

    def _columns(self) -> int:
        # A line that is longer than the terminal's cannot be rewritten. Some say they have none.
        try:
            return os.get_terminal_size(self._out.fileno()).columns or USUAL_COLUMNS
        except (OSError, ValueError):
            return USUAL_COLUMNS

    def _print(self, text: str) -> None:
        encoding = self._out.encoding or "utf-8"
        try:
            self._out.write(text.encode(encoding, "replace").decode(encoding))
            self._out.flush()
        except (OSError, ValueError):
            # `script.py 2>&1 | head`: who no longer listens must not cost the counts.
            log.debug("ct_magic: the progress cannot be printed", exc_info=True)


class HtmlPanel(Panel):
    """A display that is replaced: what a page without widgets and an executed notebook show."""

    def __init__(self, run: Shown, note: str | None) -> None:
        super().__init__(run, note)
        self._handle = self._display()
        # What comes first is shown at once: it was displayed before anything was asked.
        self._told = self._kept = run.clock()
        self._shown = self._saved = views(run.rows)

    def _refresh(self) -> None:
        super()._refresh()
        now = self._run.clock()
        if now - self._told >= TICK and self._tell(views(self._run.rows), now):
            self._told = now

    def _display(self) -> Any:
        from IPython.display import display

        return display(self._bundle(views(self._run.rows)), raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def _bundle(self, jobs: tuple[Job, ...]) -> dict[str, Any]:
        return self._still(jobs)

    def _still(self, jobs: tuple[Job, ...], hint: str | None = None) -> dict[str, Any]:
        now, note = self._run.clock(), " ".join(filter(None, [self._note, hint])) or None
        return {
            "text/plain": words.text(jobs, now, note),
            "text/html": card.html(jobs, now, note),
        }

    def _tell(self, jobs: tuple[Job, ...], now: float) -> bool:
        """Send what is due beside what is seen; say whether anything was."""
        if jobs == self._saved or now - self._kept < SAVED_TICK:
            return False
        self._kept, self._saved = now, jobs
        self._handle.update(self._bundle(jobs), raw=True)
        return True

    def _end(self, jobs: tuple[Job, ...], now: float) -> None:
        self._handle.update(self._still(jobs), raw=True)
