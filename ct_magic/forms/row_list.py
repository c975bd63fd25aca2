"""The rows of a form as widgets: what `draft.FIELDS` says of them, drawn, filled in and read.

What can be anything is a line to type on, with proposals; what is one of a few is a select, which
shows its default. JupyterLab would take the arrow keys from a select and move to the next cell:
our labextension keeps them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

import ipywidgets as w

from ct_magic.forms.draft import draft, field_text
from ct_magic.forms.draft.draft import BELOW, FIELDS, Field, FieldRow, Key, row
from ct_magic.panel.widget_panel import close
from ct_magic.query import printer
from ct_magic.query.catalog import Names
from ct_magic.query.model import Property, Scope

WRONG = "ct-magic-wrong"
UNLABELLED = "ct-magic-unlabelled"  # its label is heard, not seen
ROW, PROBLEM = "ct-magic-row", "ct-magic-problem"
NARROW = "2em"  # a button with one sign
_LONGEST_ERROR = 400  # characters of an error, which may quote what was typed
_MOST_PROPOSALS = 200  # proposals that a list is read through
_CHOICE_TEXTS = {  # how a choice is shown where its word alone says too little
    "": "event",
    draft.PART: "$name (a named part)",
    "=": "= is",
    "!=": "!= is not",
    "~": "~ contains",
    "!~": "!~ lacks",
    "in": "in (any of)",
    "not in": "not in (none of)",
    draft.RANGE: "in a..b",
}
_HINTS = {draft.RANGE: "100..500", **dict.fromkeys(draft.LISTS, "Shoes, Bags")}


def _entry(field: Field) -> w.Combobox | w.Dropdown:
    """Make the widget of a field.

    One whose label is seen is heard when it is left, not at each key: a page keeps the later keys
    back until the kernel has heard the first, and a click that follows would overtake them.
    """
    common: dict[str, Any] = {
        "tooltip": field.label,
        "description": field.label,
        "style": {"description_width": "initial"},
        "layout": w.Layout(flex=field.flex, min_width="0", width="auto", margin="2px"),
    }
    if field.choices:
        made = w.Dropdown(options=[(_CHOICE_TEXTS.get(c, c), c) for c in field.choices], **common)
    else:
        common["continuous_update"] = not field.labelled
        hint = field.hint or field.label
        made = w.Combobox(options=field.proposed, placeholder=hint, **common)
    return made if field.labelled else made.add_class(UNLABELLED)


def button(text: str, tooltip: str, then: Callable[[], object], width: str = "auto") -> w.Button:
    """Make a button that does this."""
    inside = "0" if width == NARROW else None
    layout = w.Layout(
        width=width, margin="2px", flex="0 0 auto", align_self="flex-start", padding=inside
    )
    made = w.Button(description=text, tooltip=tooltip, layout=layout)
    made.on_click(lambda _: then())
    return made


class Fields:
    """The widgets of one row: its fields by their names, and the lists of rows below it."""

    def __init__(self, fields: Mapping[str, Field], changed: Callable[[], None]) -> None:
        self._fields = fields
        self.entries = {name: _entry(field) for name, field in fields.items()}
        self._lines: list[tuple[w.HTML, tuple[str, ...]]] = []
        self.lists: dict[str, Rows] = {}
        for widget in self.entries.values():
            widget.observe(lambda _: changed(), "value")

    def line(self, *names: str, flex: str | None = None) -> w.Box:
        """Place fields on a line, by default all and as wide as the form; errors float below it."""
        problem = w.HTML().add_class(PROBLEM)
        self._lines.append((problem, names or tuple(self.entries)))
        widgets = [self.entries[name] for name in names or self.entries]
        line = w.HBox(widgets, layout=w.Layout(width="100%", flex_flow="row wrap"))
        layout = w.Layout(flex=flex, min_width="0", width="auto" if flex else "100%")
        return w.VBox([line, problem], layout=layout).add_class(ROW)

    def value(self) -> FieldRow:
        """Return what is typed in the fields that are there."""
        typed = {name: str(widget.value) for name, widget in self.entries.items()}
        whole = row(typed, **{name: rows.values() for name, rows in self.lists.items()})
        there = [name for name in whole.typed if draft.is_there(name, whole)]
        return FieldRow({name: whole[name] for name in there}, whole.rows)

    def show(self, shown: FieldRow) -> None:
        """Fill the fields."""
        for name, widget in self.entries.items():
            first = next(iter(self._fields[name].choices), "")
            widget.value = shown[name] or first
        for name, rows in self.lists.items():
            rows.show(shown.below(name))

    def suggest(self, names: Names, event: str | None, is_first: bool = True) -> None:
        """Propose what is known of an event, and show the fields that the row has."""
        now = self.value()
        for name, widget in self.entries.items():
            is_there = draft.is_there(name, now) and not (is_first and name == "joint")
            widget.layout.display = "" if is_there else "none"
        if "event" in self.entries:
            event = field_text.field_name(now["event"]) or event
            self._propose("event", [field_text.name_field(name) for name in names.events])
        if "property" in self.entries:
            scope, name = now["scope"], field_text.field_name(now["property"])
            known: Iterable[str] = ()
            if scope in draft.SCOPE_WORDS:
                known = names.of_scope(Scope(scope)) if scope else names.of_event(event)
            self._propose("property", [field_text.name_field(each) for each in known])
            place = "value" if "value" in self.entries else "values"
            values = _proposed_values(names, event, scope, name)
            if place == "values" or now["operator"] in draft.LISTS:
                values = _continued(now[place], values)
            self._propose(place, values)
        if "operator" in self.entries:
            self.entries["value"].placeholder = _HINTS.get(now["operator"], "value")
        for rows in self.lists.values():
            for number, below in enumerate(rows):
                below.suggest(names, event, number == 0)

    def mark(self, problems: Mapping[Key, str]) -> None:
        """Mark the fields that are wrong, and say why at them."""
        for name, widget in self.entries.items():
            (widget.add_class if (name,) in problems else widget.remove_class)(WRONG)
        for place, names in self._lines:
            lines = [
                escape(text[:_LONGEST_ERROR]) for key, text in problems.items() if key[0] in names
            ]
            alert = f'<div class="ct-magic-error" role="alert">{"<br>".join(lines)}</div>'
            place.value = alert if lines else ""
        for name, rows in self.lists.items():
            for number, below in enumerate(rows):
                inner = {key[2:]: p for key, p in problems.items() if key[:2] == (name, number)}
                below.mark(inner)

    def _propose(self, name: str, options: Sequence[str]) -> None:
        """Put proposals under a field, if they are others than those that are there."""
        shown = tuple(dict.fromkeys(options))[:_MOST_PROPOSALS]
        if self.entries[name].options != shown:
            self.entries[name].options = shown


class Rows:
    """A list of rows of one kind, with a button that adds one; `box` is its widget.

    `changed` is called after every change by the user.
    """

    def __init__(self, kind: str, name: str, changed: Callable[[], None]) -> None:
        self._kind, self._name, self._changed = kind, name, changed
        self._rows: list[Fields] = []
        self._steps: list[w.HBox] = []
        self._adder = button(f"+ {name}", f"Add one more: {name}", self._add)
        # Apart from the button: a page draws a child anew, and takes its focus, behind a new one.
        self._list = w.VBox()
        self.box = w.VBox([self._list, self._adder])

    def __iter__(self) -> Iterator[Fields]:
        return iter(self._rows)

    def values(self) -> tuple[FieldRow, ...]:
        """Return what is typed, row by row."""
        return tuple(fields.value() for fields in self._rows)

    def show(self, values: Sequence[FieldRow]) -> None:
        """Show these values; rows that are there are used again."""
        while len(self._rows) < len(values):
            self._append()
        while len(self._rows) > len(values):
            self._rows.pop()
            self._steps.pop()
            *kept, gone = self._list.children
            self._list.children = tuple(kept)
            close(gone)
        for fields, value in zip(self._rows, values, strict=True):
            fields.show(value)

    def _add(self) -> None:
        """Add an empty row, ready to type."""
        self._append(focused=True)
        self._changed()

    def _append(self, focused: bool = False) -> None:
        fields = Fields(FIELDS[self._kind], self._changed)
        fields.lists = {
            name: Rows(name, "filter of it", self._changed) for name in BELOW.get(self._kind, ())
        }
        if focused:
            _focus_once_seen(_first(fields))
        number = len(self._rows)
        name = f"{self._name} {number + 1}"
        steps = [
            button("↑", f"Move {name} up", lambda: self._move(number, -1), NARROW),
            button("↓", f"Move {name} down", lambda: self._move(number, 1), NARROW),
            button("✕", f"Remove {name}", lambda: self._remove(number), NARROW),
        ]
        self._steps.append(w.HBox(steps, layout=w.Layout(flex="0 0 auto")))
        self._rows.append(fields)
        wrapped = w.Layout(flex_flow="row wrap")
        head = w.HBox([fields.line(flex="1 1 14em"), self._steps[-1]], layout=wrapped)
        indented = w.Layout(margin="0 0 0 2em")
        below = [w.VBox([rows.box], layout=indented) for rows in fields.lists.values()]
        self._list.children = (*self._list.children, w.VBox([head, *below]))

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
        rows = self._rows
        (_first(rows[min(number, len(rows) - 1)]) if rows else self._adder).focus()
        self._changed()


def _first(fields: Fields) -> Any:
    """Return the field of a row where typing begins."""
    return next(e for name, e in fields.entries.items() if name in ("unit", "event", "property"))


def _focus_once_seen(widget: Any) -> None:
    # A page that has not drawn it yet would not know what to focus; this counts its views.
    def seen(change: Any) -> None:
        if change["new"]:
            widget.unobserve(seen, "_view_count")
            widget._view_count = None
            widget.focus()

    widget._view_count = 0
    widget.observe(seen, "_view_count")


def _proposed_values(names: Names, event: str | None, scope: str, name: str) -> list[str]:
    known: Sequence[str | int | float] = ()
    if scope == draft.GEO:
        known = names.places
    elif scope in draft.SCOPE_WORDS and name:
        known = names.values(event, Property(name, Scope(scope)))
    return [field_text.value_field(printer.value_text(value)) for value in known]


def _continued(typed: str, known: Sequence[str]) -> list[str]:
    """Propose lists: what is typed up to its last comma, and one more value."""
    begun, comma, _ = typed.rpartition(",")
    lead = f"{begun}{comma} " if comma else ""
    there = field_text.items(typed)
    return [lead + (f'"{v}"' if "," in v else v) for v in known if v not in there]
