"""The buttons that stop a run while it is shown: all of it, or single rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ipywidgets as w

from ..row_results import RowResult
from ..rows import Row, days, row_name
from ..text_width import plain
from . import text as panel_text
from .charts import is_drawn_as_triangle
from .panel import Shown
from .standing import pieces
from .style import BESIDE

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
