"""The form's widgets and what they do: on the left the fields, on the right the text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from datetime import date
from typing import Any

import ipywidgets as w

from ct_magic.client import accounts
from ct_magic.common.words import counted
from ct_magic.errors import AccountError, QueryError
from ct_magic.forms import actions, html
from ct_magic.forms.draft import field_text
from ct_magic.forms.draft.document import ELSEWHERE, Missing, Sheet, problems, read_sheet
from ct_magic.forms.draft.draft import BELOW, FIELDS, Field, FieldRow, Key, row
from ct_magic.forms.row_list import NARROW, UNLABELLED, Fields, Rows, button
from ct_magic.panel.widget_panel import close, uncount, walk
from ct_magic.planning import prepare
from ct_magic.planning.preview import Preview, preview
from ct_magic.query import parser
from ct_magic.query.calendar import ends, resolve
from ct_magic.session import known_names as name_sources
from ct_magic.session.session import SANDBOX, SESSION
from ct_magic.settings import Settings

_WRAPPED = 48  # characters after which the narrowest text is wrapped
_STALE = "The result below is of another query:"
_TEXT_ALONE = "This says something that the fields cannot show: change it in the text."
_NO_QUERY = "The text is not a query yet. The fields wait until it is one."
_MISSING = "Not a query yet: something is still to be filled in."
_COPY = (
    "This page inserts no cells. Here is the text: Ctrl+A, Ctrl+C, and paste it into a new cell."
)
_WRAP = {"flex_flow": "row wrap"}
_DAY_FIELDS = {"start": Field("from", hint="YYYY-MM-DD"), "end": Field("to", hint="YYYY-MM-DD")}
_TOP = {
    "name": Field("variable", "1 1 11em", hint="foodies", labelled=True),
    "account": Field("account", "1 1 13em", hint="the one in use", labelled=True),
}


class FormView:
    """All widgets of a form that is open, and its query; `box` holds them.

    `variables`, `settings` and `patience` are those of `Form`.
    """

    def __init__(
        self,
        text: str,
        variables: MutableMapping[str, object],
        settings: Settings,
        patience: float,
        leave: Callable[[], None],
    ) -> None:
        self._variables, self._settings, self._patience = variables, settings, patience
        self._sheet, self._at = Sheet(), 0
        self._typed: str | None = text  # the text, while it is not a query
        self._ran: str | None = None  # the text whose result is shown
        self._quiet = True
        self._build_fields()
        self._build_text()
        actions_row = self._build_actions(leave)
        self.box = w.VBox([w.HTML(html.STYLE), self._columns(), actions_row])
        self.box.add_class("ct-magic-form")
        self._runner = actions.Runner(variables, settings, self.place_panel, self._say)
        self._show_text(text)
        self._quiet = False
        self._take(text)

    @property
    def query_text(self) -> str:
        """The query, perhaps unfinished."""
        return self._sheet.text if self._typed is None else self._typed

    @property
    def cell(self) -> str:
        """The cell that asks the same."""
        return actions.cell(
            self.query_text, self._name, self._account, refresh=bool(self._refresh.value)
        )

    def place_panel(self, box: w.Widget) -> None:
        """Show the panel of a count; the one before goes."""
        before = self._panel.children
        for old in before:
            uncount(old)
        self._panel.children = (box,)
        close(*before)

    # what is typed

    @property
    def _name(self) -> str:
        return self._top.value()["name"].strip()

    @property
    def _account(self) -> str | None:
        return self._top.value()["account"].strip() or None

    @property
    def _draft(self) -> FieldRow:
        return self._sheet.statements[self._at].draft

    def _changed(self) -> None:
        """Apply a change of a field."""
        if self._quiet:
            return
        draft = self._query.value()
        if body := self._draft["body"]:
            draft = row({"label": draft["label"], "body": body})
        if draft != self._draft:
            self._sheet = self._sheet.put(self._at, draft)
            self._show_text(self._sheet.text)
        self._tell()

    def _take(self, typed: str) -> None:
        """Apply what was typed or pasted as text; what is no query waits there."""
        if self._quiet:
            return
        try:
            self._sheet, self._typed = read_sheet(typed), None
        except QueryError:
            self._typed = typed
        else:
            self._at = min(self._at, len(self._sheet.statements) - 1)
            self._fill()
        self._tell()

    def _picked(self) -> None:
        """Write the period of two days that were typed."""
        if self._quiet:
            return
        typed = self._days.value()
        try:
            start, end = (date.fromisoformat(typed[name].strip()) for name in ("start", "end"))
        except ValueError:
            return
        if start <= end:
            self._query.entries["period"].value = f"{start}..{end}"

    def _turn(self, sheet: Sheet, at: int, focused: Any = None) -> None:
        """Show another statement, or the sheet anew."""
        self._sheet, self._typed = sheet, None
        self._at = min(at, len(sheet.statements) - 1)
        self._show_text(sheet.text)
        self._fill()
        self._tell()
        if focused:  # the button that was pressed may be gone
            focused.focus()

    # what is shown

    @contextmanager
    def _unheard(self) -> Iterator[None]:
        """Change fields without taking it for a change by the user."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    def _fill(self) -> None:
        """Fill the fields with the statement."""
        body = self._draft["body"]
        with self._unheard():
            self._note.value = html.status(_TEXT_ALONE) if body else ""
            self._fields.layout.display = "none" if body else ""
            self._query.show(self._draft)

    def _show_text(self, text: str) -> None:
        with self._unheard():
            self.text.value = text
            lines = sum(1 + len(line) // _WRAPPED for line in text.split("\n"))
            self.text.rows = min(14, max(4, lines + 1))

    def _tell(self) -> None:
        """Show what is wrong and what would be sent, and propose what may be typed."""
        wrong = self._problems()
        error, asks = None, Preview((), 0, ())
        try:
            asks = self._preview(self.query_text)
        except QueryError as no_query:
            error = no_query
        is_missing = any(isinstance(message, Missing) for message in wrong.values())
        self.error.value = html.status(_MISSING) if is_missing else html.caret(error)
        self.json.value = html.doubts(asks.doubts) + html.json(asks.bodies)
        for widget in (self._run, self._insert):
            widget.disabled = bool(wrong or error)
        several = len(self._draft.below("where")) > 1
        self._filters.value = html.head("Filters", "'and' before 'or'" if several else "")
        self._asks.value = "" if wrong or error else html.note(_asks(asks))
        self._show_stale()
        number, many = self._at + 1, len(self._sheet.statements)
        self._which.value = html.head(f"Statement {number} of {many}") if many > 1 else ""
        for widget in (self._which, *self._turning):
            widget.layout.display = "" if many > 1 else "none"
        self._mark({key: m for key, m in wrong.items() if not isinstance(m, Missing)})
        with self._unheard():
            for entry, day in zip(self._days.entries.values(), self._period(), strict=False):
                entry.value = day.isoformat()
        self._suggest()
        self._lock(self._typed is not None)

    def _suggest(self) -> None:
        self._query.suggest(name_sources.names(name_sources.AT_A_KEY), None)

    def _mark(self, wrong: dict[Key, str]) -> None:
        self._query.mark(wrong)
        self._top.mark(wrong)

    def _lock(self, locked: bool) -> None:
        """Disable the fields while the text is no query."""
        self._banner.layout.display = "" if locked else "none"
        for widget in [*walk(self._fields), *walk(self._line)]:
            if isinstance(widget, w.Combobox | w.Dropdown | w.Button):
                widget.disabled = locked

    def _show_stale(self) -> None:
        """Dim a result that is of another query than the one in the fields, and name that one."""
        is_stale = self._ran not in (None, self.query_text) and bool(self._panel.children)
        (self._panel.add_class if is_stale else self._panel.remove_class)("ct-magic-stale")
        self._other.value = html.status(f"{_STALE} {self._ran}") if is_stale else ""

    def _say(self, text: str, wrong: bool = False) -> None:
        self.status.value = html.status(text, wrong)

    def _offer(self, cell: str) -> None:
        """Show a cell's text to be copied, or nothing."""
        self.copy.value = cell
        self.copy.rows = cell.count("\n") + 2
        self.copy.layout.display = "" if cell else "none"
        if cell:
            self.copy.focus()

    # what it means

    def _preview(self, text: str) -> Preview:
        # To know the day of a sandbox that has not begun yet, it would have to begin.
        account = None if SESSION.sandbox is None and self._account == SANDBOX else self._account
        try:
            return preview(text, self._variables, self._settings, account)
        except AccountError:  # which is shown at its field
            return preview(text, self._variables, self._settings, None)

    def _problems(self) -> dict[Key, str]:
        name, account = actions.name_problem(self._name), actions.account_problem(self._account)
        top: dict[Key, str | None] = {("name",): name, ("account",): account}
        wrong = {key: problem for key, problem in top.items() if problem}
        if self._typed is None:
            wrong |= problems(self._sheet, self._at, self._preview)
        return wrong

    def _period(self) -> tuple[date, ...]:
        """Return the days that the period in the fields means today, if it means any."""
        zone = self._settings.timezone
        try:
            if not zone and self._account in accounts.from_file():
                zone = accounts.find_account(self._account).timezone
            today = prepare.day_in(zone)
            text = f"x {field_text.as_typed(self._draft['period'])}"
            (statement,) = parser.statements(text, self._variables, today)
            return ends(resolve(statement.event.period, today))  # type: ignore[union-attr]
        except (QueryError, AccountError):
            return ()

    # what is done with it

    def _is_ready(self) -> bool:
        self._offer("")
        wrong = self._problems()
        if self._typed is not None:
            self._say("the text is not a query yet: the place is marked below it", wrong=True)
        elif wrong:
            where = "another statement: " if set(wrong) == {ELSEWHERE} else ""
            self._mark(wrong)
            self._say(f"not yet: {where}{next(iter(wrong.values()))}", wrong=True)
        return self._typed is None and not wrong

    def _count(self) -> None:
        if self._is_ready():
            text, refresh = self.query_text, bool(self._refresh.value)
            if self._runner.start(text, self._name, self._account, refresh=refresh):
                self._ran = text
            self._show_stale()
            self._suggest()

    def _write(self) -> None:
        if self._is_ready():
            cell = self.cell

            def announce(inserted: bool) -> None:
                self._offer("" if inserted else cell)
                self._say("The cell was written below." if inserted else _COPY)

            actions.insert(cell, announce, self._patience)

    # its widgets

    def _build_fields(self) -> None:
        self._query = Fields(FIELDS["query"], self._changed)
        self._top = Fields(_TOP, self._changed)
        self._top.entries["account"].options = actions.known_accounts()
        self._top.entries["name"].value = "counts"
        self._days = Fields(_DAY_FIELDS, self._picked)
        places = {"where": "filter", "did": "did", "by": "by"}
        rows = {name: Rows(name, places[name], self._changed) for name in BELOW["query"]}
        self._query.lists = rows
        line = self._query.line
        period = [line("period", flex="1 1 10em"), self._days.line(flex="1 1 18em")]
        self._filters = _heading("Filters")
        self._fields = w.VBox(
            [
                _heading("Event"),
                line("event"),
                self._filters,
                rows["where"].box,
                _heading("Period", "both days included"),
                w.HBox(period, layout=w.Layout(**_WRAP)),
                _heading(
                    "What else the profile did", "share: a step, counted inside the ones before"
                ),
                rows["did"].box,
                line("own", "often"),
                _heading("Against another period", "vs"),
                line("versus"),
                _heading("By", "one count for each piece"),
                rows["by"].box,
            ]
        )

    def _build_text(self) -> None:
        self.text = _area("the query as text", 6)
        self.text.observe(lambda change: self._take(change["new"]), "value")
        back = lambda: self._turn(self._sheet, self._at, self.text)  # noqa: E731
        undo = button("Back to the fields", "Forget the text, take the fields", back)
        note = w.HTML(html.status(_NO_QUERY, wrong=True))
        self._banner = w.VBox([note, undo], layout=w.Layout(display="none"))
        self.error, self.json, self._note = w.HTML(), w.HTML(), w.HTML()
        self.json.add_class("ct-magic-json")

    def _build_actions(self, leave: Callable[[], None]) -> w.VBox:
        self._run = button("Run", "Count in the background and fill the variable", self._count)
        self._run.button_style = "primary"
        self._refresh = w.Checkbox(
            description="ask anew (--refresh)",
            tooltip="Ask the service, also for a count that the journal has",
            indent=False,
            layout=w.Layout(width="auto", margin="2px 8px"),
        )
        self._insert = button("Insert cell", "Write a %%ctcount cell below", self._write)
        off = button("Close", "Take the form away; the query stays to be read", leave)
        self._asks, self.status, self._other = w.HTML(), w.HTML(), w.HTML()
        self.copy = _area("the cell's text", 2)
        self.copy.layout.display = "none"
        self._panel = w.VBox()
        boxes = [
            self._top.line("name", flex="1 1 11em"),
            self._query.line("label", flex="1 1 11em"),
            self._top.line("account", flex="1 1 13em"),
        ]
        self._line = w.HBox(boxes, layout=w.Layout(flex="3 1 38em", **_WRAP))
        layout = w.Layout(align_items="center", margin="8px 0 0 0", **_WRAP)
        buttons = [self._run, self._refresh, self._insert, off]
        line = w.HBox([self._line, *buttons, self._asks], layout=layout)
        line.add_class("ct-magic-actions")
        return w.VBox([line, self.status, self.copy, self._other, self._panel])

    def _columns(self) -> w.Box:
        event = self._query.entries["event"]

        def add() -> None:
            self._turn(self._sheet.add(), len(self._sheet.statements), event)

        def step(by: int) -> None:
            self._turn(self._sheet, (self._at + by) % len(self._sheet.statements))

        def remove() -> None:
            self._turn(self._sheet.remove(self._at), self._at, event)

        more = button("+ statement", "Begin one more statement in this cell", add)
        self._which = w.HTML()
        self._turning = [
            button("◀", "The statement before", lambda: step(-1), NARROW),
            button("▶", "The statement after", lambda: step(1), NARROW),
            button("✕", "Remove this statement", remove, NARROW),
        ]
        left = [w.HBox([self._which, *self._turning]), self._note, self._fields, more]
        # As high with an error as without one, so that nothing below it moves.
        messages = w.VBox([self.error, self._banner, self.json], layout=w.Layout(min_height="7em"))
        right = [_heading("Text"), self.text, messages]
        return w.Box(
            [_vertical(left, "3 1 36em"), _vertical(right, "2 1 21em")],
            layout=w.Layout(width="100%", **_WRAP),
        )


def _asks(asks: Preview) -> str:
    many = len(asks.bodies)
    counts = f"asks {counted(many, 'count')}"
    return counts if asks.rows == many else f"{counts} for {counted(asks.rows, 'row')}"


def _heading(text: str, note: str = "") -> w.HTML:
    return w.HTML(html.head(text, note))


def _area(name: str, rows: int) -> w.Textarea:
    layout = w.Layout(width="auto", margin="2px")
    return w.Textarea(description=name, layout=layout, rows=rows).add_class(UNLABELLED)


def _vertical(children: list[Any], flex: str) -> w.VBox:
    return w.VBox(children, layout=w.Layout(flex=flex, min_width="0", margin="0 8px 0 0"))
