"""The form's widgets: what is typed in them as a draft, a draft into them. It decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial

import ipywidgets as w

from ct_magic.forms import html
from ct_magic.forms.draft import field_text
from ct_magic.forms.draft.draft import ANY, AxisFields, DidFields, Draft, EventFields, FilterFields
from ct_magic.forms.row_list import (
    NARROW,
    UNLABELLED,
    Problems,
    Rows,
    button,
    combobox,
    of_prefix,
    propose,
)
from ct_magic.forms.row_widgets import (
    PRESETS,
    AxisRow,
    ConditionRow,
    DidRow,
    Fields,
    event_proposals,
)
from ct_magic.panel.widget_panel import close, uncount, walk
from ct_magic.query.catalog import Names

_DAY = "YYYY-MM-DD"
WRAPPED = 48  # characters after which the narrowest text is wrapped
STALE = "The result below is of another query:"
OTHERS = ("previous", "before 1 week", "before 52 weeks", "last month")
TEXT_ALONE = "This says something that the fields cannot show: change it in the text."
NO_QUERY = "The text is not a query yet. The fields wait until it is one."


@dataclass(frozen=True, slots=True)
class Calls:
    """What to call when the user does something."""

    changed: Callable[[], None]
    typed: Callable[[str], None]
    undo: Callable[[], None]
    turn: Callable[[int], None]
    add: Callable[[], None]
    remove: Callable[[], None]
    run: Callable[[], None]
    insert: Callable[[], None]
    close: Callable[[], None]


class FormView:
    """All widgets of a form; `box` holds them."""

    def __init__(self, calls: Calls, accounts: list[str], name: str) -> None:
        self._calls, self._quiet, self._body = calls, True, ""
        self._build_fields(accounts)
        self.top.entries["name"].value = name
        self._build_text()
        self._build_actions()
        self.box = w.VBox([w.HTML(html.STYLE), self._columns(), self._actions])
        self.box.add_class("ct-magic-form")
        self._quiet = False

    @property
    def name(self) -> str:
        """The variable that is filled."""
        return self.top.typed("name").strip()

    @property
    def account(self) -> str | None:
        """The account that is asked; None is the one in use."""
        return self.top.typed("account").strip() or None

    @property
    def refresh(self) -> bool:
        """Whether the service is asked in any case, and not the journal."""
        return bool(self._refresh.value)

    def draft(self) -> Draft:
        """Return the statement as it is typed."""
        label = self.top.typed("label")
        if self._body:
            return Draft(label, body=self._body)
        event, period = self.event.typed("event"), self.when.typed("period")
        base = EventFields(event, self.where.values(), period)
        often, versus = self.often.typed("often"), self.versus.typed("versus")
        return Draft(label, base, self.did.values(), often, versus, self.by.values())

    def show(self, draft: Draft) -> None:
        """Fill the fields with a statement."""
        with self._unheard():
            self._body = draft.body
            self._note.value = html.status(TEXT_ALONE) if draft.body else ""
            self._fields.layout.display = "none" if draft.body else ""
            self.top.entries["label"].value = draft.label
            self.event.entries["event"].value = draft.base.event
            self.when.entries["period"].value = draft.base.period
            self.often.entries["often"].value = draft.often
            self.versus.entries["versus"].value = draft.versus
            self.where.show(draft.base.where)
            self.did.show(draft.did)
            self.by.show(draft.by)

    def suggest(self, names: Names, draft: Draft) -> None:
        """Propose names and values for what is typed."""
        propose(self.event.entries["event"], event_proposals(names))
        event = field_text.field_name(draft.base.event)
        for rows in (self.where, self.did, self.by):
            for row in rows:
                row.suggest(names, event)
        for number, condition in enumerate(self.where):
            if isinstance(condition, ConditionRow):
                condition.show_joint(number > 0)
        any_of = any(did.kind in ANY for did in draft.did)
        self.often.box.layout.display = "" if any_of or draft.often else "none"

    def mark(self, problems: Problems) -> None:
        """Show what is wrong, at the fields it concerns."""
        for fields in (self.top, self.event, self.when, self.often, self.versus):
            fields.mark(problems)
        for name in ("where", "did", "by"):
            getattr(self, name).mark(of_prefix(problems, name))

    def show_text(self, text: str) -> None:
        """Put the text where it can be typed on."""
        with self._unheard():
            self.text.value = text
            lines = sum(1 + len(line) // WRAPPED for line in text.split("\n"))
            self.text.rows = min(14, max(4, lines + 1))

    def show_days(self, days: tuple[date, date] | None) -> None:
        """Show the days that the period means today, where it means any."""
        with self._unheard():
            for field, day in zip(self.days.entries.values(), days or (), strict=False):
                field.value = day.isoformat()

    def show_place(self, number: int, many: int) -> None:
        """Show which statement of the cell is in the fields."""
        self._which.value = html.head(f"Statement {number + 1} of {many}") if many > 1 else ""
        for widget in (self._which, *self._turning):
            widget.layout.display = "" if many > 1 else "none"

    def show_ready(self, ready: bool, asks: str) -> None:
        """Enable Run and Insert for a query only, and show what Run would ask."""
        for widget in (self._run, self._insert):
            widget.disabled = not ready
        self._asks.value = html.note(asks) if ready else ""

    def show_stale(self, text: str | None) -> None:
        """Dim a result that is of another query than the one in the fields, and name that one."""
        stale = text is not None and bool(self._panel.children)
        (self._panel.add_class if stale else self._panel.remove_class)("ct-magic-stale")
        self._other.value = html.status(f"{STALE} {text}") if stale else ""

    def show_reading(self, error: str, bodies: str) -> None:
        """Show what is wrong with the text as a whole, and its JSON."""
        self.error.value, self.json.value = error, bodies

    def lock(self, locked: bool) -> None:
        """Disable the fields while the text is no query."""
        self._banner.layout.display = "" if locked else "none"
        for widget in [*walk(self._fields), *walk(self.top.box)]:
            if hasattr(widget, "disabled") and widget.disabled != locked:
                widget.disabled = locked

    def say(self, text: str, wrong: bool = False) -> None:
        """Show the state of the count."""
        self.status.value = html.status(text, wrong)

    def place_panel(self, box: w.Widget) -> None:
        """Show the panel of a count; the one before goes."""
        before = self._panel.children
        for old in before:
            uncount(old)
        self._panel.children = (box,)
        for old in before:
            close(old)

    def offer(self, cell: str) -> None:
        """Show a cell's text to be copied, or nothing."""
        self.copy.value = cell
        self.copy.rows = cell.count("\n") + 2
        self.copy.layout.display = "" if cell else "none"
        if cell:
            self.copy.focus()

    def close(self) -> None:
        """Release every widget."""
        close(self.box)

    def _heard(self, call: Callable[..., None], *arguments: object) -> None:
        if not self._quiet:
            call(*arguments)

    @contextmanager
    def _unheard(self) -> Iterator[None]:
        """Change fields without taking it for a change by the user."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    def _build_fields(self, accounts: list[str]) -> None:
        def changed() -> None:
            self._heard(self._calls.changed)

        top = partial(combobox, labelled=True, at_once=False)  # Run is pressed right after them
        self.top = Fields(
            changed,
            name=top("variable", hint="foodies", flex="1 1 11em"),
            label=top("label", hint="of the rows", flex="1 1 11em"),
            account=top("account", accounts, "the one in use", "1 1 13em"),
        )
        self.event = Fields(changed, event=combobox("event", hint="event, like Charged"))
        self.where = Rows(
            "filter", lambda: ConditionRow(changed, joints=True), FilterFields(), changed
        )
        self.when = Fields(changed, period=combobox("period", PRESETS, "last 30 days"))
        self.when.box.layout.width, self.when.box.layout.flex = "auto", "1 1 10em"
        self.days = Fields(
            self._picked, start=combobox("from", hint=_DAY), end=combobox("to", hint=_DAY)
        )
        self.days.box.layout.width, self.days.box.layout.flex = "auto", "1 1 18em"
        self.did = Rows("did", lambda: DidRow(changed), DidFields(), changed)
        self.often = Fields(
            changed, often=combobox("did any, how often", hint=">= 1", labelled=True)
        )
        self.versus = Fields(
            changed, versus=combobox("the other period", OTHERS, "no other period", "0 1 16em")
        )
        self.by = Rows("by", lambda: AxisRow(changed), AxisFields(), changed)
        self._fields = w.VBox(self._sections())

    def _sections(self) -> list[w.Widget]:
        return [
            w.HTML(html.head("Event")),
            self.event.box,
            w.HTML(html.head("Filters", "and binds tighter than or")),
            self.where.box,
            w.HTML(html.head("Period", "both days included")),
            w.HBox([self.when.box, self.days.box], layout=w.Layout(flex_flow="row wrap")),
            w.HTML(
                html.head(
                    "What else the profile did", "share: a step, counted inside the ones before"
                )
            ),
            self.did.box,
            self.often.box,
            w.HTML(html.head("Against another period", "vs")),
            self.versus.box,
            w.HTML(html.head("By", "one count for each piece")),
            self.by.box,
        ]

    def _picked(self) -> None:
        if self._quiet:
            return
        ends = [_day(self.days.typed(name)) for name in ("start", "end")]
        if None not in ends and ends[0] <= ends[1]:  # type: ignore[operator] # none is None here
            self.when.entries["period"].value = "..".join(map(str, ends))

    def _build_text(self) -> None:
        self.text = _area("the query as text", 6)
        self.text.observe(lambda change: self._heard(self._calls.typed, change["new"]), "value")
        undo = button("Back to the fields", "Forget the text, take the fields", self._calls.undo)
        note = w.HTML(html.status(NO_QUERY, wrong=True))
        self._banner = w.VBox([note, undo], layout=w.Layout(display="none"))
        self.error, self.json, self._note = w.HTML(), w.HTML(), w.HTML()
        self.json.add_class("ct-magic-json")

    def _build_actions(self) -> None:
        self._run = button("Run", "Count in the background and fill the variable", self._calls.run)
        self._run.button_style = "primary"
        self._refresh = w.Checkbox(
            description="ask anew (--refresh)",
            tooltip="Ask the service, also for a count that the journal has",
            indent=False,
            layout=w.Layout(width="auto", margin="2px 8px"),
        )
        self._insert = button("Insert cell", "Write a %%ctcount cell below", self._calls.insert)
        off = button("Close", "Take the form away; the query stays to be read", self._calls.close)
        self._asks, self.status, self._other = w.HTML(), w.HTML(), w.HTML()
        self.copy = _area("the cell's text", 2)
        self.copy.layout.display = "none"
        self._panel = w.VBox()
        row = w.Layout(flex_flow="row wrap", align_items="center", margin="8px 0 0 0")
        self.top.box.layout.width, self.top.box.layout.flex = "auto", "3 1 30em"
        buttons = [self._run, self._refresh, self._insert, off]
        line = w.HBox([self.top.box, *buttons, self._asks], layout=row)
        line.add_class("ct-magic-actions")
        self._actions = w.VBox([line, self.status, self.copy, self._other, self._panel])

    def _columns(self) -> w.Box:
        turn, self._which = self._calls.turn, w.HTML()
        more = button("+ statement", "Begin one more statement in this cell", self._calls.add)
        self._turning = [
            button("◀", "The statement before", lambda: turn(-1), NARROW),
            button("▶", "The statement after", lambda: turn(1), NARROW),
            button("✕", "Remove this statement", self._calls.remove, NARROW),
        ]
        places = w.HBox([self._which, *self._turning])
        left = [places, self._banner, self._note, self._fields, more]
        right = [w.HTML(html.head("Text")), self.text, self.error]
        right += [self.json]
        return w.Box(
            [_column(left, "3 1 36em"), _column(right, "2 1 21em")],
            layout=w.Layout(flex_flow="row wrap", width="100%"),
        )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _area(name: str, rows: int) -> w.Textarea:
    layout = w.Layout(width="auto", margin="2px")
    return w.Textarea(description=name, layout=layout, rows=rows).add_class(UNLABELLED)


def _column(children: list[w.Widget], flex: str) -> w.VBox:
    return w.VBox(children, layout=w.Layout(flex=flex, min_width="0", margin="0 8px 0 0"))
