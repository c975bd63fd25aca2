"""Rows of fields that can be added, removed and moved; they know nothing of what they hold.

What can be anything is a line to type on, with proposals; what is one of a few is a select, which
shows its default. JupyterLab would take the arrow keys from a select and move to the next cell:
our labextension keeps them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from typing import Any, Generic, Protocol, TypeVar

import ipywidgets as w

from ct_magic.forms.draft.draft import Key
from ct_magic.panel.widget_panel import close
from ct_magic.query.catalog import Names

_T = TypeVar("_T")
Problems = Mapping[Key, str]
WRONG = "ct-magic-wrong"
UNLABELLED = "ct-magic-unlabelled"  # its label is heard, not seen
NARROW = "2em"  # a button with one sign
_LONGEST = 400  # characters of an error, which may quote what was typed
_MOST = 200  # proposals that a list is read through


class _Row(Protocol[_T]):
    """Fields for one value."""

    box: w.Box
    tail: Sequence[w.Widget]  # what is below, as wide as the form
    first: w.DOMWidget  # where typing begins

    def value(self) -> _T:
        """Return what is typed."""
        ...

    def show(self, value: _T) -> None:
        """Fill the fields with a value."""
        ...

    def suggest(self, names: Names, event: str | None) -> None:
        """Propose names and values."""
        ...

    def mark(self, problems: Problems) -> None:
        """Show what is wrong at the fields; keys are those of this row."""
        ...


def combobox(
    name: str,
    options: Sequence[str] = (),
    hint: str = "",
    flex: str = "1 1 10em",
    *,
    labelled: bool = False,
    at_once: bool = True,
) -> w.Combobox:
    """Make a line to type on, with proposals.

    `name` is for those who do not see it, and where it is `labelled`, for all. The basis of
    `flex` is what it needs: a line that has not so much goes on below. One that is not heard of
    `at_once`, at each key, is when it is left: a page keeps the later keys back until the kernel
    has heard the first, and a click that follows would overtake them.
    """
    made = w.Combobox(
        options=options,
        placeholder=hint or name,
        tooltip=name,
        description=name,
        continuous_update=at_once,
        style={"description_width": "initial"},
        layout=w.Layout(flex=flex, min_width="0", width="auto", margin="2px"),
    )
    return made if labelled else made.add_class(UNLABELLED)


def choice(name: str, options: Sequence[tuple[str, str]], flex: str = "0 1 7em") -> w.Dropdown:
    """Return a select of (shown, value) pairs; the first one is the default.

    `name` is for those who do not see it.
    """
    made = w.Dropdown(
        options=options,
        tooltip=name,
        description=name,
        style={"description_width": "initial"},
        layout=w.Layout(flex=flex, min_width="0", width="auto", margin="2px"),
    )
    return made.add_class(UNLABELLED)


def button(text: str, tooltip: str, then: Callable[[], object], width: str = "auto") -> w.Button:
    """Make a button that does this."""
    inside = "0" if width == NARROW else None
    layout = w.Layout(
        width=width, margin="2px", flex="0 0 auto", align_self="flex-start", padding=inside
    )
    made = w.Button(description=text, tooltip=tooltip, layout=layout)
    made.on_click(lambda _: then())
    return made


def propose(field: w.Combobox, options: Sequence[str]) -> None:
    """Put proposals under a field, if they are others than those that are there."""
    shown = tuple(dict.fromkeys(options))[:_MOST]
    if field.options != shown:
        field.options = shown


def of_prefix(problems: Problems, *prefix: str | int) -> dict[Key, str]:
    """Return the problems whose key has this prefix, without the prefix."""
    n = len(prefix)
    return {
        key[n:]: message for key, message in problems.items() if key[:n] == prefix and key != prefix
    }


def mark_fields(place: w.HTML, problems: Problems, fields: Mapping[str, w.DOMWidget]) -> None:
    """Mark the fields that are wrong and say why below them."""
    for name, field in fields.items():
        (field.add_class if (name,) in problems else field.remove_class)(WRONG)
    place.value = message([text for key, text in problems.items() if key[0] in fields])


def message(errors: Sequence[str]) -> str:
    """Draw errors; nothing where there are none."""
    lines = "<br>".join(escape(line[:_LONGEST]) for line in errors)
    return f'<div class="ct-magic-error" role="alert">{lines}</div>' if errors else ""


class Rows(Generic[_T]):
    """A list of values as rows, with a button that adds one; `box` is its widget.

    `make` gives an empty row, `blank` what a new one holds; `changed` is called after every
    change by the user.
    """

    def __init__(
        self, name: str, make: Callable[[], _Row[_T]], blank: _T, changed: Callable[[], None]
    ) -> None:
        self._name, self._make, self._blank, self._changed = name, make, blank, changed
        self._rows: list[_Row[_T]] = []
        self._lines: list[w.VBox] = []
        self._steps: list[w.HBox] = []
        self.adder = button(f"+ {name}", f"Add one more: {name}", self.add)
        # Apart from the button: a page draws a child anew, and takes its focus, behind a new one.
        self._list = w.VBox()
        self.box = w.VBox([self._list, self.adder])

    def __iter__(self) -> Iterator[_Row[_T]]:
        return iter(self._rows)

    def values(self) -> tuple[_T, ...]:
        """Return what is typed, row by row."""
        return tuple(row.value() for row in self._rows)

    def show(self, values: Sequence[_T]) -> None:
        """Show these values; rows that are there are used again."""
        while len(self._rows) < len(values):
            self._append(self._make())
        while len(self._rows) > len(values):
            self._drop()
        for row, value in zip(self._rows, values, strict=True):
            row.show(value)

    def add(self) -> None:
        """Add an empty row, ready to type."""
        row = self._make()
        _focus_once_seen(row.first)
        self._append(row)
        row.show(self._blank)
        self._changed()

    def mark(self, problems: Problems) -> None:
        """Show what is wrong in each row; a key begins with the row's number."""
        for number, row in enumerate(self._rows):
            row.mark(of_prefix(problems, number))

    def _append(self, row: _Row[_T]) -> None:
        number = len(self._rows)
        name = f"{self._name} {number + 1}"
        steps = [
            button("↑", f"Move {name} up", lambda: self._move(number, -1), NARROW),
            button("↓", f"Move {name} down", lambda: self._move(number, 1), NARROW),
            button("✕", f"Remove {name}", lambda: self._remove(number), NARROW),
        ]
        self._steps.append(w.HBox(steps, layout=w.Layout(flex="0 0 auto")))
        self._rows.append(row)
        row.box.layout.flex = "1 1 14em"
        head = w.HBox([row.box, self._steps[-1]], layout=w.Layout(flex_flow="row wrap"))
        self._lines.append(w.VBox([head, *row.tail]))
        self._place()

    def _drop(self) -> None:
        self._rows.pop()
        self._steps.pop()
        line = self._lines.pop()
        self._place()
        close(line)

    def _place(self) -> None:
        self._list.children = tuple(self._lines)

    def _move(self, number: int, by: int) -> None:
        """Change places with a neighbour; the button that was pressed moves along."""
        other = number + by
        if not 0 <= other < len(self._rows):
            return
        values = list(self.values())
        values[number], values[other] = values[other], values[number]
        self.show(values)
        self._steps[other].children[0 if by < 0 else 1].focus()
        self._changed()

    def _remove(self, number: int) -> None:
        values = self.values()
        self.show((*values[:number], *values[number + 1 :]))
        (self._rows[min(number, len(self._rows) - 1)].first if self._rows else self.adder).focus()
        self._changed()


def show_if(condition: bool, field: w.DOMWidget) -> None:
    """Show a field, or leave its place empty where there is nothing to say in it."""
    field.layout.visibility = "visible" if condition else "hidden"


def _focus_once_seen(widget: Any) -> None:
    # A page that has not drawn it yet would not know what to focus; this counts its views.
    def seen(change: Any) -> None:
        if change["new"]:
            widget.unobserve(seen, "_view_count")
            widget._view_count = None
            widget.focus()

    widget._view_count = 0
    widget.observe(seen, "_view_count")
