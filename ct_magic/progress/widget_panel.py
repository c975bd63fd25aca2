"""The live panel: what a run looks like as widgets."""

from __future__ import annotations

import threading
from collections import deque
from typing import TextIO

import ipywidgets as w

from . import html as panel_html
from .cancel_buttons import INTERRUPT, CancelButtons
from .panel import SAVED_TICK, Display, Panel, Shown, TextPanel, still
from .standing import Standing

VIEW = "application/vnd.jupyter.widget-view+json"
# What a page without a widget manager says, and a notebook that was saved meanwhile.
MEANWHILE = f"{INTERRUPT}; after a restart run the cell again: nothing is sent twice"
# The widgets of every live panel of this process. A cell that blocks hears them all, so that a
# count in the background can be stopped from its own panel meanwhile.
HEARD: set[str] = set()
MOST_KEPT = 4
KEPT: deque[WidgetPanel] = deque()  # panels that ended in the background, the oldest first


class WidgetPanel(Panel):
    """The card with its buttons beside it, and its words for a screen reader.

    At most two messages a second: the card, and the words or, where no page shows the widgets,
    what stands in their place. `box` is the widget; it is closed at the end unless `keep` says
    that it is shown elsewhere, too. `lines` is where lines go where no page shows up at all.
    """

    def __init__(
        self,
        run: Shown,
        note: str | None,
        display: Display,
        *,
        lines: TextIO | None = None,
        keep: bool = False,
        stable: bool = False,
    ) -> None:
        super().__init__(run, note, stable=stable)
        self._display, self._lines, self._keep = display, lines, keep
        self._printed: TextPanel | None = None
        self._thread = threading.get_ident()
        standing = self._standing()
        self._kept, self._shown, self._until = standing.now, standing.rows, standing.next_look
        self._build(standing)
        display(self._bundle({"text/html": panel_html.saved(standing)}))

    def say_deaf(self) -> None:
        """Announce that clicks have no effect here, and what has."""
        self._buttons.disable()

    def _build(self, standing: Standing) -> None:
        self._card = w.HTML(
            panel_html.live(standing), layout=w.Layout(flex="1 1 auto", min_width="0")
        )
        self._words = w.HTML(
            panel_html.live_region(standing), layout=w.Layout(height="0", margin="0")
        )
        self._below = w.HTML(panel_html.below(standing))
        self._buttons = CancelButtons(self._run)
        layout = w.Layout(align_items="stretch", overflow="visible")
        self._beside = w.HBox([self._card, self._buttons.beside], layout=layout)
        notes = [self._below] * bool(self._below.value)
        self.box = w.VBox([self._beside, *notes, self._buttons.below, self._words])
        self.box.add_class("ct-magic-panel")
        self.box._view_count = 0  # the front end counts from here
        heard = [self._card, self._words, self._below, self._beside, self.box]
        self._mine = {widget.comm.comm_id for widget in [*heard, *self._buttons.widgets]}
        HEARD.update(self._mine)
        self.comm_ids = HEARD

    def _bundle(self, more: dict[str, object]) -> dict[str, object]:
        view = {"version_major": 2, "version_minor": 0, "model_id": self.box.model_id}
        return {VIEW: view, **still(self._standing(), MEANWHILE), **more}

    def _show(self, standing: Standing) -> None:
        # A countdown that has come to its end is taken away.
        self._until = standing.next_look
        self._card.value = panel_html.live(standing)
        self._words.value = panel_html.live_region(standing)
        self._buttons.follow(standing.rows)
        if not self.box._view_count:
            self._show_elsewhere(standing)

    def _show_elsewhere(self, standing: Standing) -> None:
        # A new bundle is a new view: where one is seen it would lose the focus and what is marked.
        due = self._kept + SAVED_TICK
        if standing.now < due:
            self._until = min(self._until, due)
            return
        self._kept = standing.now
        self._display(self._bundle({}))
        if self._printed is not None:
            self._printed.refresh()
        elif self._lines is not None:
            self._printed = TextPanel(self._run, self._note, self._lines, stable=self._stable)

    def _end(self, standing: Standing) -> None:
        HEARD.difference_update(self._mine)
        views = self.box._view_count or 0
        # A page that was reloaded meanwhile hears no more of the display: there the card stays, as
        # it ended. In the background nobody notices a reload, so the last ones are kept.
        behind = threading.get_ident() != self._thread
        # Where the form around it was closed, the box is closed already, and the rest goes, too.
        is_open = self.box.comm is not None
        stays = is_open and (self._keep or behind or views > 1)
        if is_open and not stays:
            # Before the display goes. Else the page says that its view is gone, to a subshell that
            # it deletes at once, and asyncio complains about the message under a user's cell.
            self.box._view_count = None
        self._display(still(standing))
        self._print_end(views)
        self._buttons.close()
        if stays:
            self._card.value = panel_html.live(standing)
            self._words.value = panel_html.live_region(standing)
            self._below.value = panel_html.below(standing)  # no word any more of how long it takes
            self.box.children = (self._card, self._below, self._words)
            close(self._beside)
        else:
            self._close()
        if behind and stays and not self._keep:
            KEPT.append(self)
        while len(KEPT) > MOST_KEPT:
            KEPT.popleft()._close()

    def _close(self) -> None:
        if self.box.comm is not None:
            self.box._view_count = None
        close(self._card, self._words, self._below, self._beside, self.box)

    def _print_end(self, views: int) -> None:
        if self._lines is not None and (self._printed is not None or not views):
            TextPanel(self._run, self._note, self._lines, stable=self._stable).close()


def close(*widgets: w.Widget) -> None:
    """Close widgets with their layouts and styles."""
    for widget in widgets:
        for part in (getattr(widget, "layout", None), getattr(widget, "style", None), widget):
            if part is not None:
                part.close()
