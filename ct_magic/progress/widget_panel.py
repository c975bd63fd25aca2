"""The live panel: what a run looks like as widgets."""

from __future__ import annotations

from typing import Any

import ipywidgets as w

from . import html as card
from . import text as words
from .cancel_buttons import INTERRUPT, Stops
from .panel import HtmlPanel
from .row_view import RowView as Job
from .row_view import views

VIEW = "application/vnd.jupyter.widget-view+json"
# What a page without a widget manager says, and a notebook that was saved meanwhile.
MEANWHILE = f"{INTERRUPT}; after a restart run the cell again, it goes on."
TALLEST = "44em"  # a table that is higher scrolls
# The widgets of every live panel of this process. A cell that blocks hears them all, so that a
# count in the background can be stopped from its own panel meanwhile.
HEARD: set[str] = set()


class WidgetPanel(HtmlPanel):
    """The card, the buttons under it, and its words for a screen reader.

    At most two messages a second: the card, and the words, a button that is switched off or, where
    no page shows the widgets, what stands in their place.
    """

    def _display(self) -> Any:
        self._build()
        return super()._display()

    def _build(self) -> None:
        jobs = views(self._run.rows)
        self._card = w.HTML(
            self._drawn(jobs),
            tabbable=len(jobs) > words.ROWS or None,  # what scrolls is reached with Tab
            layout=w.Layout(max_height=TALLEST, overflow="auto"),
        )
        self._words = w.HTML(card.live_region(jobs), layout=w.Layout(height="0", margin="0"))
        self._stops = Stops(self._run)
        self._box = w.VBox([self._card, self._words, self._stops.box])
        self._box.add_class("ct-magic-panel")
        self._box._view_count = 0  # the front end counts from here
        heard = [self._card, self._words, self._box, *self._stops.widgets]
        self._mine = {widget.comm.comm_id for widget in heard}
        HEARD.update(self._mine)
        self.comm_ids = HEARD

    def _drawn(self, jobs: tuple[Job, ...]) -> str:
        return card.html(jobs, self._run.clock(), self._note, live=True)

    def _bundle(self, jobs: tuple[Job, ...]) -> dict[str, Any]:
        view = {"version_major": 2, "version_minor": 0, "model_id": self._box.model_id}
        return {VIEW: view, **self._still(jobs, MEANWHILE)}

    def say_deaf(self) -> None:
        """Say that clicks are not heard here, and what is."""
        self._stops.disable()

    def _show(self, jobs: tuple[Job, ...], now: float) -> None:
        self._card.value = self._drawn(jobs)

    def _tell(self, jobs: tuple[Job, ...], now: float) -> bool:
        said, self._words.value = self._words.value, card.live_region(jobs)
        if said != self._words.value or self._stops.follow(jobs):
            return True
        # A new bundle is a new view: it would lose the place, the focus and what is being typed.
        return not self._box._view_count and super()._tell(jobs, now)

    def _end(self, jobs: tuple[Job, ...], now: float) -> None:
        # A page that was reloaded meanwhile still shows the widget, so it must be right too.
        self._card.value = self._drawn(jobs)
        self._words.value = card.live_region(jobs)
        self._box.children = (self._card, self._words)
        self._handle.update(self._still(jobs), raw=True)
        self._stops.close()
        HEARD.difference_update(self._mine)
