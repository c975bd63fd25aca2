"""The live panel: what a run looks like as widgets.

How it works. A cell that is over in a moment shows no widget: the panel begins as a still display,
and becomes a widget after `PATIENCE`. The widget is a card of HTML, drawn anew once a second at the
most, and beside it what can be pressed: a button in the card's corner, a box at each row of a short
table, a list of the rows of a long one. They lie over the card by the sheet alone, so that the card
has its whole width and no widget needs a layout of its own.

At the end the display becomes a still one again and the widgets are closed, but where no display
can be replaced: in an Output widget, in a form, on a page that was reloaded meanwhile. There the
card stays, as it ended, and the last few of those are kept.

One layout and one style are shared by all and never closed. Each widget so costs one message less;
and a page, which deletes the subshell of widgets when their last one goes, keeps it. Else asyncio
complains of messages on their way to it, in somebody's cell.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain
from typing import Any, TextIO

import ipywidgets as w

from ct_magic.common.words import plain
from ct_magic.panel import folding, html as panel_html, text as panel_text
from ct_magic.panel.panel import About, Panel, Standing
from ct_magic.panel.plain_panels import SAVED_TICK, Display, TextPanel, still
from ct_magic.panel.tables import days_among, row_label
from ct_magic.planning.row_results import RowResult, RowRun
from ct_magic.rows import replace, row_name

STOPS = "We stop asking. The service has no call that stops the query itself."
INTERRUPT = "To cancel, interrupt the kernel"
PATIENCE = 0.4  # seconds before a panel becomes a widget
OFFERED = 2000  # rows that can be marked
OFF = "ct-magic-off"  # the class of what is not shown


@cache
def _shared_style() -> tuple[w.Layout, w.ButtonStyle]:
    return w.Layout(), w.ButtonStyle()


class CancelButtons:
    """A button for the whole cell and, where it asks for several rows, boxes to mark some of them.

    Each row in sight has a box, which is that row's as long as it is there. The rows of a long
    table, or of a grid, are a list below it, too, which is made when it is opened: a cell of ten
    thousand rows costs nothing before.
    """

    def __init__(self, run: RowRun, standing: Standing) -> None:
        self._run, layout = run, _shared_style()[0]
        self._shape = shape = folding.shape(standing)
        self._all = _button("Cancel" if shape == "one" else "Cancel all", run.cancel)
        self._boxes: dict[int, w.Checkbox] = {}
        self._list: Any = None  # of the rows that can be marked, where there is one
        self._marks = w.VBox(layout=layout).add_class("ct-magic-marks")
        corner = w.HBox([self._all], layout=layout).add_class("ct-magic-corner")
        self.over, self.below = [self._marks, corner], list[w.DOMWidget]()
        if shape != "one":
            self._some = _button("Cancel these", self._cancel_marked)
            self._count, self._gap = w.HTML(layout=layout), w.Box(layout=layout)
            self._chosen = w.HBox([self._count, self._some], layout=layout)
            self._line = w.HBox([self._chosen.add_class("ct-magic-stop")], layout=layout)
            # In the place of a box; among these it is closed with them, and takes no room.
            self.below = [self._line.add_class("ct-magic-line"), self._gap]
        if shape in ("long", "grid"):
            self._open = w.ToggleButton(layout=layout).add_class("ct-magic-more")
            self._line.children = (self._open, self._chosen)
            self._list = w.SelectMultiple(rows=8, layout=layout).add_class("ct-magic-list")
            self._open.observe(self._toggle, "value")
            self._list.observe(self._tell, "value")
            self.below.append(_shown(self._list, False))
        self._sight = {row.row.number for row in folding.in_sight(standing)}
        self.follow(standing)
        self._tell()

    def follow(self, standing: Standing) -> bool:
        """Give each row in sight its box, if it has not ended; say how many are not in sight.

        Return True where the boxes are others now: that was one message more.
        """
        self._seen, shown = standing, folding.in_sight(standing)
        if self._list:
            hidden = len(standing.rows) - len(shown)
            what = f"{hidden:,} more rows" if self._shape == "long" else "cancel some"
            self._open.description = f"{what} {'▾' if self._open.value else '▸'}"
        beside = list[w.Widget]()
        for row in shown if self._shape in ("rows", "long") else ():
            number = row.row.number
            # What comes and goes within a second has none: nobody could press it.
            is_due = not row.state.ended and number in self._sight
            if is_due and number not in self._boxes:
                self._boxes[number] = box = _box(row)
                box.disabled = self._all.disabled
                box.observe(self._tell, "value")
            beside.append(self._boxes[number] if is_due else self._gap)
        self._sight = {row.row.number for row in shown}
        is_new = bool(self._marks.children != tuple(beside))
        if is_new:
            self._marks.children = beside
        for number in [number for number, box in self._boxes.items() if box not in beside]:
            gone = self._boxes.pop(number)
            gone.value = False
            close(gone)
        return is_new

    def disable(self) -> None:
        """Name the interrupt in place of the buttons, which nobody hears."""
        for widget in chain.from_iterable(map(walk, [*self.over, *self.below])):
            if widget.has_trait("disabled"):
                widget.disabled = True
        self._all.description = INTERRUPT

    @property
    def ticked(self) -> frozenset[int]:
        """The numbers of the rows that are marked by their boxes."""
        # A copy: a click may be heard by another thread than the one that draws.
        return frozenset(number for number, box in list(self._boxes.items()) if box.value)

    @property
    def _marked(self) -> frozenset[int]:
        return self.ticked.union(self._list.value if self._list else ())

    def _tell(self, change: object = None) -> None:
        if self._shape != "one":
            count = len(self._marked)
            self._some.description = "Cancel this" if count == 1 else "Cancel these"
            self._count.value = f"{count:,} marked"
            _shown(self._chosen, bool(count))

    def _toggle(self, change: object) -> None:
        if self._open.value:
            rows, options = self._run.rows, list[tuple[str, int]]()
            named, days = len({row.row.title for row in rows}) > 1, days_among(rows)
            for row in [row for row in rows if not row.state.ended][:OFFERED]:
                parts = [row_label(row, named), days(row)]
                parts.append(panel_text.under_way(row, short=True))
                name = f"{row.row.number + 1}: {', '.join(filter(None, parts))}"
                options.append((name, row.row.number))
            self._list.options = options
        _shown(self._list, self._open.value)
        self.follow(self._seen)

    def _cancel_marked(self) -> None:
        for number in sorted(self._marked):
            self._run.cancel(number)
        for box in list(self._boxes.values()):
            box.value = False
        if self._list:
            self._list.value, self._open.value = (), False


def _shown(widget: w.DOMWidget, is_shown: bool) -> w.DOMWidget:
    return widget.remove_class(OFF) if is_shown else widget.add_class(OFF)


def _box(row: RowResult) -> w.Checkbox:
    # The name is read out, and seen by nobody.
    name = f"Mark {plain(row_name(row.row))}"
    box = w.Checkbox(description=name, indent=False, layout=_shared_style()[0])
    return box.add_class("ct-magic-mark")


def _button(description: str, press: Callable[[], object]) -> w.Button:
    layout, style = _shared_style()
    button = w.Button(description=description, tooltip=STOPS, layout=layout, style=style)
    button.on_click(lambda _: press())
    return button


VIEW = "application/vnd.jupyter.widget-view+json"
# What a page without a widget manager says, and a notebook that was saved meanwhile.
MEANWHILE = f"{INTERRUPT}; after a restart run the cell again: nothing is sent twice"
# The widgets of every live panel of this process. A cell that blocks hears them all, so that a
# count in the background can be stopped from its own panel meanwhile.
HEARD: set[str] = set()
MOST_KEPT = 4
KEPT: deque[w.Widget] = deque()  # cards that ended and are still seen, the oldest first


class WidgetPanel(Panel):
    """The card with its buttons, and its words for a screen reader.

    At most two messages a second: the card, and the words or, where no page shows the widgets,
    what takes their place. `box` is the widget. It stays open at the end where it was shown by
    somebody else (`keep`), and where no display can be replaced (`stays`). `lines` is where lines
    go where no page shows up at all; `patience` is how long there is no widget.
    """

    comm_ids = HEARD

    def __init__(
        self,
        run: RowRun,
        about: About,
        display: Display,
        *,
        lines: TextIO | None = None,
        keep: bool = False,
        stays: bool = False,
        patience: float = 0.0,
    ) -> None:
        super().__init__(run, about)
        self._display, self._lines = display, lines
        self._keep, self._stays = keep, stays
        self._printed: TextPanel | None = None
        self._thread = threading.get_ident()
        self._is_built = self._is_deaf = False
        standing = self._standing()
        self._opens = standing.now + patience
        if patience:
            if not stays:
                display(still(standing))
        else:
            self._build(standing)

    def disable_buttons(self) -> None:
        """Announce that clicks have no effect here, and what has."""
        self._is_deaf = True
        if self._is_built:
            self._buttons.disable()

    def move_here(self) -> None:
        """Be shown by this thread from now on, in place of the cell's, which is left."""
        self._thread = threading.get_ident()

    def _build(self, standing: Standing) -> None:
        layout = _shared_style()[0]
        self._kept, self._until = standing.now, standing.next_look
        self._is_timed = standing.seconds is not None  # its clock goes on by itself
        self._shown = standing.rows, standing.outage
        draw = (panel_html.live, panel_html.live_region, panel_html.live_below)
        parts = [w.HTML(part(standing), layout=layout) for part in draw]
        self._card, self._words, self._below = parts
        self._buttons = CancelButtons(self._run, standing)
        self._beside = w.Box([self._card, *self._buttons.over], layout=layout)
        if folding.shape(standing) in ("rows", "long"):
            self._beside.add_class("ct-magic-marked")
        shown = [self._beside, *self._buttons.below, self._below, self._words]
        self.box = w.VBox(shown, layout=layout).add_class("ct-magic-panel")
        self.box._view_count = 0  # the front end counts from here
        self._hear()
        self._is_built = True
        if self._is_deaf:
            self._buttons.disable()
        self._display(self._bundle({"text/html": panel_html.saved(standing)}))

    def _hear(self) -> None:
        self._mine = {widget.comm.comm_id for widget in walk(self.box)}
        HEARD.update(self._mine)

    def _standing(self) -> Standing:
        marked = self._buttons.ticked if self._is_built else frozenset[int]()
        return replace(super()._standing(), marked=marked)

    def _bundle(self, more: dict[str, object]) -> dict[str, object]:
        view = {"version_major": 2, "version_minor": 0, "model_id": self.box.model_id}
        return {VIEW: view, **still(self._standing(), MEANWHILE), **more}

    def _refresh(self) -> None:
        if self._is_built:
            super()._refresh()
        elif self._run.questions.clock() >= self._opens:
            self._build(self._standing())

    def _show(self, standing: Standing) -> None:
        # A countdown that has come to its end is taken away.
        self._until = standing.next_look
        self._card.value = panel_html.live(standing)
        if self._buttons.follow(standing):
            self._until = min(self._until, standing.now + self.tick)  # the words come next
        else:
            self._words.value = panel_html.live_region(standing)
        HEARD.difference_update(self._mine)
        self._hear()
        if not self._is_timed and standing.seconds is not None:
            self._below.value, self._is_timed = panel_html.live_below(standing), True
        if not self.box._view_count:
            self._show_elsewhere(standing)

    def _show_elsewhere(self, standing: Standing) -> None:
        # A new bundle is a new view: where one is seen it would lose the focus and what is marked.
        due = self._kept + SAVED_TICK
        if standing.now < due:
            self._until = min(self._until, due)
            return
        self._kept = standing.now
        if not self._stays:
            self._display(self._bundle({}))
        if self._printed is not None:
            self._printed.refresh()
        elif self._lines is not None:
            self._printed = TextPanel(self._run, self._about, self._lines)

    def _end(self, standing: Standing) -> None:
        views, stays = 0, False
        if self._is_built:
            HEARD.difference_update(self._mine)
            views = self.box._view_count or 0
            # A page that was reloaded meanwhile hears no more of the display: there the card stays,
            # as it ended. In the background nobody notices a reload, so the last ones are kept.
            behind = threading.get_ident() != self._thread
            # Where the form around it was closed, the box is closed already: the rest goes, too.
            is_open = self.box.comm is not None
            stays = is_open and (self._keep or self._stays or behind or views > 1)
            if not stays:
                # Before the display goes: a page would answer for a view that it has no more.
                uncount(self.box)
        if not self._is_built or not self._stays:
            self._display(still(standing))
        if self._lines is not None and (self._printed is not None or not views):
            TextPanel(self._run, self._about, self._lines).close()
        if stays:
            self._card.value = panel_html.live(standing)
            self._words.value = panel_html.live_region(standing)
            self._below.value = panel_html.live_below(standing)
            self.box.children = (self._card, self._below, self._words)
            self._beside.children = self._buttons.over
            close(self._beside, *self._buttons.below)
            KEPT.extend([] if self._keep else [self.box])
        elif self._is_built:
            close(self.box)
        while len(KEPT) > MOST_KEPT:
            close(KEPT.popleft())


def walk(widget: w.Widget) -> Iterator[w.Widget]:
    """Yield a widget and all inside it."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from walk(child)


def uncount(widget: w.Widget) -> None:
    """Ask pages no longer how often a widget is seen, nor what is inside; before it goes from them.

    Else they answer to a subshell that they delete next, and asyncio complains in a cell.
    """
    for inner in walk(widget):
        if getattr(inner, "_view_count", None) is not None and inner.comm is not None:
            inner._view_count = None


def close(*widgets: w.Widget) -> None:
    """Release widgets and all inside them, with what belongs to them alone."""
    for widget in widgets:
        uncount(widget)
        for inner in list(walk(widget)):
            for part in (getattr(inner, "layout", None), getattr(inner, "style", None), inner):
                if part is not None and part not in _shared_style():
                    part.close()
