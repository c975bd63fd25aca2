"""The query form: on the left the fields, on the right the text, and both are one query."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from ct_magic.errors import UsageError
from ct_magic.forms import actions, html
from ct_magic.forms.view import FormView
from ct_magic.panel.front_end import current_shell, is_interactive
from ct_magic.panel.widget_panel import VIEW, close, uncount
from ct_magic.planning import prepare
from ct_magic.settings import Settings, in_force

NO_PLACE = (
    "the form needs a notebook: open one in JupyterLab or Notebook 7 and type '%ct form' there; "
    "here, ct_magic.count(text) counts and '%ct explain' shows what a query sends"
)
CLOSED = "The form is closed: %ct form opens it again."
AWAY = "The form needs Jupyter's widgets and its kernel: %ct form opens it where they are."
UNSEEN = "A query form: %ct form opens it in a notebook that is open in a browser."


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
        patience: float = actions.PATIENCE,
    ) -> None:
        prepare.day_in(settings.timezone)  # an unknown time zone fails here, not at each key
        self._handles: list[Any] = []
        self._note = CLOSED if live else UNSEEN
        self._text, self._cell = text, actions.cell(text, "", None)
        self._view: FormView | None = None
        if live:
            self._view = FormView(text, variables, settings, patience, self.close)

    @property
    def text(self) -> str:
        """The query, perhaps unfinished."""
        return self._view.query_text if self._view else self._text

    def close(self) -> None:
        """Remove the form and release its widgets; the query stays to be read.

        A count that is under way goes on, and its variable is filled.
        """
        if self._view is None:
            return
        view, self._text, self._cell = self._view, self.text, self._view.cell
        self._view = None
        uncount(view.box)
        for handle in self._handles:
            handle.update(html.kept(self._cell, self._note), raw=True)
        close(view.box)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        bundle = html.kept(self._cell, AWAY if self._view else self._note)
        if self._view:
            model = {"version_major": 2, "version_minor": 0, "model_id": self._view.box.model_id}
            bundle = {VIEW: model, **bundle}
        handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        self._handles.append(handle)

    def __repr__(self) -> str:
        return f"<query form: {self.text!r}>"
