"""The rows of the form: a filter, what else the profile did, a part of `by`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ipywidgets as w

from ct_magic.forms.draft import draft, field_text
from ct_magic.forms.row_list import (
    Problems,
    Rows,
    choice,
    combobox,
    mark_fields,
    of_prefix,
    propose,
    show_if,
)
from ct_magic.query import printer
from ct_magic.query.catalog import Names
from ct_magic.query.model import Property, Scope

Changed = Callable[[], None]
PRESETS = (
    *("today", "yesterday", "last 7 days", "last 30 days", "last 90 days", "this week"),
    *("last week", "this month", "last month", "last 3 months", "this year", "last year"),
)
_SHOWN = {  # how a choice is shown where its word alone says too little
    "": "event",
    "=": "= is",
    "!=": "!= is not",
    "~": "~ contains",
    "!~": "!~ lacks",
    "in": "in (any of)",
    "not in": "not in (none of)",
    draft.RANGE: "in a..b",
}


TIMES_OFTEN = (">= 2", ">= 3", "= 1")
WINDOWS = ("7 days", "28 days", "4 weeks", "3 months")
_MOVED = ("after 30 days", "before 30 days", "within 7 days", "on day 1, 7, 30")


class Fields:
    """What a row of simple fields has in common."""

    def __init__(self, changed: Changed, **entries: w.Combobox | w.Dropdown) -> None:
        self.entries = entries
        self.problem = w.HTML()
        self.tail: Sequence[w.Widget] = ()
        self.first: w.DOMWidget = next(iter(entries.values()))
        wrapped = w.Layout(width="100%", flex_flow="row wrap")
        line = w.HBox(tuple(entries.values()), layout=wrapped)
        self.box = w.VBox([line, self.problem], layout=w.Layout(width="100%", min_width="0"))
        for widget in entries.values():
            widget.observe(lambda _: changed(), "value")

    def mark(self, problems: Problems) -> None:
        """Show what is wrong at the fields."""
        mark_fields(self.problem, problems, self.entries)

    def typed(self, name: str) -> str:
        """Return what a field holds."""
        return str(self.entries[name].value)

    def all_typed(self) -> dict[str, str]:
        """Return what each field holds, by its name."""
        return {name: self.typed(name) for name in self.entries}

    def show(self, value: object) -> None:
        """Fill each field with what the value has under its name."""
        for name, entry in self.entries.items():
            entry.value = getattr(value, name)

    def _propose(self, names: Names, event: str | None, values: str, several: bool) -> None:
        """Propose the properties of the scope, and the values of the property."""
        scope, name = self.typed("scope"), field_text.field_name(self.typed("property"))
        propose(self.entries["property"], _properties(names, event, scope))
        known = _values(names, event, scope, name)
        typed = self.typed(values)
        propose(self.entries[values], _continued(typed, known) if several else known)


class ConditionRow(Fields):
    """A filter: scope, property, operator, value."""

    def __init__(self, changed: Changed, *, joints: bool = False) -> None:
        joint = {"joint": choice("and, or", _choices(draft.JOINTS), "0 1 5em")} if joints else {}
        super().__init__(
            changed,
            **joint,
            scope=_scope_choice(),
            property=combobox("property", flex="2 1 10em"),
            operator=choice("operator", _choices(draft.OPERATOR_WORDS), "0 1 9em"),
            value=combobox("value", flex="5 1 9em"),
        )
        self.first = self.entries["property"]

    def value(self) -> draft.FilterFields:
        """Return the filter as it is typed."""
        return draft.FilterFields(**self.all_typed())

    def show_joint(self, shown: bool) -> None:
        """Show how it is joined to the filter before, where there is one."""
        self.entries["joint"].layout.display = "" if shown else "none"

    def suggest(self, names: Names, event: str | None) -> None:
        """Propose what is known; hide what takes nothing."""
        now = self.value()
        self._propose(names, event, "value", now.operator in draft.LISTS)
        show_if(now.scope != "geo", self.entries["property"])
        show_if(now.operator not in draft.BARE, self.entries["value"])
        hints = {draft.RANGE: "100..500", **dict.fromkeys(draft.LISTS, "Shoes, Bags")}
        self.entries["value"].placeholder = hints.get(now.operator, "value")


class AxisRow(Fields):
    """A part of `by`: a piece of time, or the values of a property."""

    def __init__(self, changed: Changed) -> None:
        super().__init__(
            changed,
            unit=choice(
                "by",
                _choices((draft.VALUES, *(u for u in draft.AXIS_UNITS if u != draft.VALUES))),
                "0 1 8em",
            ),
            scope=_scope_choice(),
            property=combobox("property", flex="2 1 10em"),
            values=combobox("values", hint="Shoes, Bags", flex="5 1 9em"),
            rolling=combobox("rolling", WINDOWS, "rolling, like 7 days", "2 1 10em"),
        )

    def value(self) -> draft.AxisFields:
        """Return the part as it is typed."""
        unit = self.typed("unit")
        if unit != draft.VALUES:
            return draft.AxisFields(
                unit, rolling=self.typed("rolling") if unit in draft.PIECES else ""
            )
        return draft.AxisFields(
            unit, self.typed("scope"), self.typed("property"), self.typed("values")
        )

    def suggest(self, names: Names, event: str | None) -> None:
        """Propose what is known; a piece of time has no property."""
        now = self.value()
        self._propose(names, event, "values", several=True)
        for name in ("scope", "values"):
            self.entries[name].layout.display = "" if now.unit == draft.VALUES else "none"
        asks = now.unit == draft.VALUES and now.scope != "geo"
        self.entries["property"].layout.display = "" if asks else "none"
        self.entries["rolling"].layout.display = "" if now.unit in draft.PIECES else "none"


class DidRow:
    """What else the profile did: an event with filters and a period of its own."""

    def __init__(self, changed: Changed) -> None:
        self.head = Fields(
            changed,
            kind=choice("did, did not or did any", _choices(draft.KINDS), "0 1 9em"),
            event=combobox("event", flex="2 1 12em"),
            times=combobox("how often", TIMES_OFTEN, ">= 1", "0 1 7em"),
            period=combobox("its own period", (*_MOVED, *PRESETS), "the same period", "1 1 9em"),
        )
        self.where = Rows(
            "filter of it", lambda: ConditionRow(changed), draft.FilterFields(), changed
        )
        self.first = self.head.entries["event"]
        self.box = self.head.box
        self.tail: Sequence[w.Widget] = (
            w.VBox([self.where.box], layout=w.Layout(margin="0 0 0 2em")),
        )

    def value(self) -> draft.DidFields:
        """Return the row as it is typed."""
        typed = self.head.all_typed()
        inner = draft.EventFields(typed["event"], self.where.values(), typed["period"])
        return draft.DidFields(
            typed["kind"], inner, typed["times"] if typed["kind"] in draft.TIMED_KINDS else ""
        )

    def show(self, value: draft.DidFields) -> None:
        """Fill the fields with the row."""
        self.head.entries["kind"].value = value.kind
        self.head.entries["event"].value = value.inner.event
        self.head.entries["period"].value = value.inner.period
        self.head.entries["times"].value = value.times
        self.where.show(value.inner.where)

    def suggest(self, names: Names, event: str | None) -> None:
        """Propose events, and what is known of the one that is named."""
        propose(self.head.entries["event"], event_proposals(names))
        takes = str(self.head.entries["kind"].value) in draft.TIMED_KINDS
        self.head.entries["times"].layout.display = "" if takes else "none"
        own = field_text.field_name(str(self.head.entries["event"].value))
        for row in self.where:
            row.suggest(names, own)

    def mark(self, problems: Problems) -> None:
        """Show what is wrong at the fields."""
        self.head.mark(problems)
        self.where.mark(of_prefix(problems, "where"))


def _scope_choice() -> w.Dropdown:
    return choice("scope", _choices(draft.SCOPE_WORDS), "0 1 8em")


def _choices(words: Sequence[str]) -> list[tuple[str, str]]:
    """Return what a select shows for each word of the language, and the word."""
    return [(_SHOWN.get(word, word), word) for word in words]


def event_proposals(names: Names) -> list[str]:
    """Return the events to propose."""
    return [field_text.name_field(name) for name in names.events]


def _properties(names: Names, event: str | None, scope: str) -> list[str]:
    if scope not in draft.SCOPE_WORDS[:-1]:
        return []
    known = names.of_scope(Scope(scope)) if scope else names.of_event(event)
    return [field_text.name_field(name) for name in known]


def _values(names: Names, event: str | None, scope: str, name: str) -> list[str]:
    if scope == "geo":
        known: Sequence[str | int | float] = names.places
    elif scope in draft.SCOPE_WORDS and name:
        known = names.values(event, Property(name, Scope(scope)))
    else:
        known = ()
    return [field_text.value_field(printer.value_text(value)) for value in known]


def _continued(typed: str, known: Sequence[str]) -> list[str]:
    """Propose lists: what is typed up to its last comma, and one more value."""
    begun, comma, _ = typed.rpartition(",")
    there = field_text.items(typed)
    lead = f"{begun}{comma} " if comma else ""
    return [
        lead + (f'"{value}"' if "," in value else value) for value in known if value not in there
    ]
