"""The live panel: what a run looks like as widgets."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TextIO

import ipywidgets as w

from ct_magic.common.words import plain
from ct_magic.panel import html as panel_html
from ct_magic.panel import text as panel_text
from ct_magic.panel.panel import SAVED_TICK, Display, Panel, Shown, TextPanel, still
from ct_magic.panel.standing import Standing, pieces
from ct_magic.panel.style import BESIDE
from ct_magic.panel.table_html import is_drawn_as_triangle
from ct_magic.planning.row_results import RowResult
from ct_magic.rows import Row, days, row_name

# The buttons that stop a run while it is shown: all of it, or single rows.

STOPS = "We stop asking. The service has no call that stops the query itself."
INTERRUPT = "To cancel, interrupt the kernel"
OFFERED = 2000  # rows that can be marked


class CancelButtons:
    """A button for the whole cell and, where it asks for several rows, a way to cancel each.

    `beside` stands beside the card, whose rows are as high as its buttons, and `below` below it;
    `widgets` are those whose clicks must be heard.
    """

    def __init__(self, run: Shown) -> None:
        count = len(run.rows)
        self._all = _button("Cancel" if count == 1 else "Cancel all", run.cancel)
        is_table = count <= panel_text.ROWS and not is_drawn_as_triangle(run.rows)
        self._each = Each(run) if is_table and count > 1 else None
        self._marked = None if is_table else Marked(run)
        rows = [self._each.box] if self._each else []
        layout = w.Layout(
            justify_content="space-between", align_items="flex-end", flex=f"0 0 {BESIDE}px"
        )
        self.beside = w.VBox([self._all, *rows], layout=layout)
        self.below = self._marked.box if self._marked else w.VBox([])
        self._parts = [self._all, *(self._each.widgets if self._each else [])]
        self._parts += [self.beside, self.below, *(self._marked.widgets if self._marked else [])]
        self.widgets = list(dict.fromkeys(self._parts))

    def follow(self, rows: Sequence[RowResult]) -> None:
        """Remove the buttons of rows that have ended."""
        if self._each:
            self._each.follow(rows)

    def disable(self) -> None:
        """Name the interrupt in place of the buttons, which nobody hears."""
        self._all.description, self._all.layout.width = INTERRUPT, "auto"
        for widget in self.widgets:
            if hasattr(widget, "disabled"):
                widget.disabled = True

    def close(self) -> None:
        """Close all of them."""
        for widget in self.widgets:
            for part in (widget.layout, getattr(widget, "style", None), widget):
                if part is not None:
                    part.close()


class Each:
    """A button for each of several rows, at its row."""

    def __init__(self, run: Shown) -> None:
        # One layout and one style for all: each would be a message of its own.
        layout, style = w.Layout(width="68px", flex="0 0 auto"), w.ButtonStyle()
        self._buttons = [_row_button(row, run.cancel, layout, style) for row in run.rows]
        self.box = w.VBox(self._buttons, layout=w.Layout(flex="0 0 auto"))
        self.widgets = [*self._buttons, self.box]

    def follow(self, rows: Sequence[RowResult]) -> None:
        """Remove the buttons of rows that have ended."""
        for button, row in zip(self._buttons, rows, strict=True):
            if row.state.ended and not button.disabled:
                button.disabled = True


class Marked:
    """A list in which rows are marked, and a button that cancels these.

    The list is made when it is opened: a cell of ten thousand rows costs nothing before.
    """

    def __init__(self, run: Shown) -> None:
        self._run = run
        self._open = w.ToggleButton(description="Cancel some …", layout=w.Layout(width="auto"))
        self._open.observe(lambda _: self._toggle(), "value")
        self._list = w.SelectMultiple(
            rows=8, layout=w.Layout(width="auto", flex="1 1 20em", display="none")
        )
        self._list.add_class("ct-magic-marked")
        self._cancel = _button("Cancel marked rows", self._cancel_marked)
        self._cancel.layout.display = "none"
        layout = w.Layout(flex_flow="row wrap", align_items="flex-start")
        self.box = w.HBox([self._open, self._list, self._cancel], layout=layout)
        self.widgets = [self._open, self._list, self._cancel, self.box]

    def _toggle(self) -> None:
        is_open = self._open.value
        if is_open:
            self._offer()
        self._list.layout.display = self._cancel.layout.display = None if is_open else "none"

    def _offer(self) -> None:
        rows = [row.row for row in self._run.rows if not row.state.ended][:OFFERED]
        has_one_title = len({row.title for row in self._run.plan.rows}) == 1
        self._list.options = [
            (_short(row) if has_one_title else row_name(row), row.number) for row in rows
        ]

    def _cancel_marked(self) -> None:
        if not self._list.value:
            return  # nothing is marked yet: the list stays open
        for number in self._list.value:
            self._run.cancel(number)
        self._list.value = ()
        self._open.value = False


def _short(row: Row) -> str:
    return f"{row.number + 1}: {plain(', '.join([*pieces(row), days(row)]))}"


def _row_button(
    row: RowResult, cancel: Callable[[int], None], layout: w.Layout, style: w.ButtonStyle
) -> w.Button:
    number = row.row.number
    button = _button(
        "cancel",
        lambda: cancel(number),
        tooltip=f"Cancel {plain(row_name(row.row))}. {STOPS}",
        disabled=row.state.ended,
        layout=layout,
        style=style,
    )
    button.add_class("ct-magic-x")
    return button


def _button(description: str, press: Callable[[], object], **more: object) -> w.Button:
    usual = {
        "description": description,
        "tooltip": STOPS,
        "layout": None if "layout" in more else w.Layout(width="auto", flex="0 0 auto"),
    }
    button = w.Button(**usual | more)
    button.on_click(lambda _: press())
    return button


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
