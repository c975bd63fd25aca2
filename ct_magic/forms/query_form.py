"""The query form: on the left the fields, on the right the text, and both are one query."""

from __future__ import annotations

from collections.abc import MutableMapping
from datetime import date
from typing import Any

from ct_magic.client import accounts
from ct_magic.common.words import counted
from ct_magic.errors import AccountError, QueryError, UsageError
from ct_magic.forms import actions, html
from ct_magic.forms.actions import PATIENCE, Runner, insert
from ct_magic.forms.draft import field_text
from ct_magic.forms.draft.document import ELSEWHERE, Missing, Sheet, problems, read_sheet
from ct_magic.forms.draft.draft import Draft, Key
from ct_magic.forms.view import Calls, FormView
from ct_magic.panel.front_end import current_shell, is_interactive
from ct_magic.panel.widget_panel import VIEW, uncount
from ct_magic.planning import prepare
from ct_magic.planning.preview import Preview, preview
from ct_magic.query import parser
from ct_magic.query.calendar import ends, resolve
from ct_magic.session import known_names as name_sources
from ct_magic.settings import Settings, in_force

_DEFAULT_NAME = "counts"
NO_PLACE = (
    "the form needs a notebook: open one in JupyterLab or Notebook 7 and type '%ct form' there; "
    "here, ct_magic.count(text) counts and '%ct explain' shows what a query sends"
)
_NOT_YET_A_QUERY = "Not a query yet: something is still to be filled in."
CLOSED = "The form is closed: %ct form opens it again."
AWAY = "The form needs Jupyter's widgets and its kernel: %ct form opens it where they are."
UNSEEN = "A query form: %ct form opens it in a notebook that is open in a browser."
INSERTED = "The cell was written below."
COPY = "This page inserts no cells. Here is the text: Ctrl+A, Ctrl+C, and paste it into a new cell."


def form(text: str = "", *, settings: Settings | None = None) -> Form:
    """Open a query form, with the query of `text` in it; show it as the cell's value.

    Its fields and its text are one query: each moves the other. "Run" counts in the background and
    fills the variable named in it, "Insert cell" writes a `%%ctcount` cell. `.text` is the query
    as it is, `.close()` takes the form away. Any text is taken, also one that is no query.

    Raises UsageError where there is no notebook: in a terminal and in a script.
    """
    shell = current_shell()
    if getattr(shell, "kernel", None) is None:
        raise UsageError(NO_PLACE)
    return Form(text, shell.user_ns, settings or in_force(), live=is_interactive(shell))


class Form:
    """A query form. `variables` are the notebook's: `$names` are read and counts are put there.

    Without a front end (`live` is False: nbclient, papermill, nbconvert) it makes no widgets and
    shows the query alone. `patience` is how many seconds a page has to insert a cell.
    """

    def __init__(
        self,
        text: str,
        variables: MutableMapping[str, object],
        settings: Settings,
        *,
        live: bool = True,
        patience: float = PATIENCE,
    ) -> None:
        prepare.day_in(settings.timezone)  # an unknown time zone fails here, not at each key
        self._variables, self._settings, self._patience = variables, settings, patience
        self._sheet, self._at = Sheet(), 0
        self._typed: str | None = text  # the text, while it is not a query
        self._ran: str | None = None  # the text whose result is shown
        self._handles: list[Any] = []
        self._note = CLOSED if live else UNSEEN
        self._left = actions.cell(text, "", None)
        self._view: FormView | None = self._opened(text) if live else None

    @property
    def text(self) -> str:
        """The query, perhaps unfinished."""
        return self._sheet.text if self._typed is None else self._typed

    def close(self) -> None:
        """Remove the form and release its widgets; the query stays to be read.

        A count that is under way goes on, and its variable is filled.
        """
        if self._view is None:
            return
        self._left = self._cell(self._view)
        view, self._view = self._view, None
        uncount(view.box)
        for handle in self._handles:
            handle.update(html.kept(self._left, self._note), raw=True)
        view.close()

    def _ipython_display_(self) -> None:
        from IPython.display import display

        bundle = html.kept(self._left, AWAY if self._view else self._note)
        if self._view:
            model = {"version_major": 2, "version_minor": 0, "model_id": self._view.box.model_id}
            bundle = {VIEW: model, **bundle}
        handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        self._handles.append(handle)

    def __repr__(self) -> str:
        return f"<query form: {self.text!r}>"

    def _opened(self, text: str) -> FormView:
        calls = Calls(
            changed=lambda: self._changed(view),
            typed=lambda typed: self._take(view, typed),
            undo=lambda: self._back(view),
            turn=lambda by: self._turn(view, by),
            add=lambda: self._change(view, self._sheet.add(), len(self._sheet.statements)),
            remove=lambda: self._change(view, self._sheet.remove(self._at), self._at),
            run=lambda: self._run(view),
            insert=lambda: self._insert(view),
            close=self.close,
        )
        view = FormView(calls, actions.known_accounts(), _DEFAULT_NAME)
        self._runner = Runner(self._variables, self._settings, view.place_panel, view.say)
        view.show_text(text)
        self._take(view, text)
        return view

    # both ways

    def _changed(self, view: FormView) -> None:
        """Apply a change of a field."""
        draft = view.draft()
        if draft != self._draft:
            self._sheet = self._sheet.put(self._at, draft)
            view.show_text(self._sheet.text)
        self._tell(view)

    def _take(self, view: FormView, typed: str) -> None:
        """Apply what was typed or pasted as text; what is no query waits there."""
        try:
            self._sheet, self._typed = read_sheet(typed), None
        except QueryError:
            self._typed = typed
        else:
            self._at = min(self._at, len(self._sheet.statements) - 1)
            view.show(self._draft)
        self._tell(view)

    def _turn(self, view: FormView, by: int) -> None:
        self._at = (self._at + by) % len(self._sheet.statements)
        self._show(view)

    def _change(self, view: FormView, sheet: Sheet, at: int) -> None:
        self._sheet, self._at = sheet, min(at, len(sheet.statements) - 1)
        self._show(view)
        view.event.first.focus()  # the button that was pressed may be gone

    def _back(self, view: FormView) -> None:
        self._show(view)
        view.text.focus()

    def _show(self, view: FormView) -> None:
        """Show the sheet in the text and in the fields."""
        self._typed = None
        view.show_text(self._sheet.text)
        view.show(self._draft)
        self._tell(view)

    @property
    def _draft(self) -> Draft:
        return self._sheet.statements[self._at].draft

    # what the form shows about it

    def _tell(self, view: FormView) -> None:
        """Show what is wrong and what would be sent, and propose what may be typed."""
        wrong = self._problems(view)
        error, asks = self._reading(view)
        missing = any(isinstance(message, Missing) for message in wrong.values())
        view.show_reading(
            html.status(_NOT_YET_A_QUERY) if missing else html.caret(error),
            html.doubts(asks.doubts) + html.json(asks.bodies),
        )
        view.show_ready(not wrong and not error, _asks(asks))
        view.show_stale(self._ran if self._ran != self.text else None)
        view.show_place(self._at, len(self._sheet.statements))
        view.mark({key: m for key, m in wrong.items() if not isinstance(m, Missing)})
        view.show_days(self._days(view))
        view.suggest(name_sources.names(name_sources.AT_A_KEY), self._draft)
        view.lock(self._typed is not None)

    def _reading(self, view: FormView) -> tuple[str, Preview]:
        """Return what is wrong with the text as a whole, and what it asks."""
        try:
            return "", self._preview(view, self.text)
        except QueryError as error:
            return str(error), Preview((), 0, ())

    def _preview(self, view: FormView, text: str) -> Preview:
        try:
            zone = actions.zone_of(view.account)
            return preview(text, self._variables, self._settings, zone)
        except AccountError:  # which is shown at its field
            return preview(text, self._variables, self._settings, None)

    def _problems(self, view: FormView) -> dict[Key, str]:
        wrong = self._of_top(view)
        if self._typed is None:
            wrong |= problems(self._sheet, self._at, lambda text: self._preview(view, text))
        return wrong

    def _of_top(self, view: FormView) -> dict[Key, str]:
        wrong = {
            ("name",): actions.name_problem(view.name),
            ("account",): actions.account_problem(view.account),
        }
        return {key: message for key, message in wrong.items() if message}

    def _days(self, view: FormView) -> tuple[date, date] | None:
        """Return the days that the period in the fields means today."""
        try:
            today = self._today(view)
            text = f"x {field_text.period_field(self._draft.base.period)}"
            (statement,) = parser.statements(text, self._variables, today)
            return ends(resolve(statement.event.period, today))  # type: ignore[union-attr]
        except (QueryError, AccountError):
            return None

    def _today(self, view: FormView) -> date:
        zone = self._settings.timezone
        if not zone and view.account in accounts.from_file():
            zone = accounts.find_account(view.account).timezone
        return prepare.day_in(zone)

    # what is done with it

    def _cell(self, view: FormView) -> str:
        return actions.cell(self.text, view.name, view.account, refresh=view.refresh)

    def _is_ready(self, view: FormView) -> bool:
        problems = self._problems(view)
        if self._typed is not None:
            view.say("the text is not a query yet: the place is marked below it", wrong=True)
        elif problems:
            where = "another statement: " if set(problems) == {ELSEWHERE} else ""
            view.mark(problems)
            view.say(f"not yet: {where}{next(iter(problems.values()))}", wrong=True)
        return self._typed is None and not problems

    def _run(self, view: FormView) -> None:
        view.offer("")
        if self._is_ready(view):
            if self._runner.start(self.text, view.name, view.account, refresh=view.refresh):
                self._ran = self.text
            view.show_stale(self._ran if self._ran != self.text else None)
            view.suggest(name_sources.names(name_sources.AT_A_KEY), self._draft)

    def _insert(self, view: FormView) -> None:
        view.offer("")
        if self._is_ready(view):
            cell = self._cell(view)

            def announce(inserted: bool) -> None:
                view.offer("" if inserted else cell)
                view.say(INSERTED if inserted else COPY)

            insert(cell, announce, self._patience)


def _asks(asks: Preview) -> str:
    many = len(asks.bodies)
    counts = f"asks {counted(many, 'count')}"
    return counts if asks.rows == many else f"{counts} for {counted(asks.rows, 'row')}"
