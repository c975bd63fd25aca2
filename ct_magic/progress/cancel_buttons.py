"""The buttons that stop a run while it is shown: all of it, or single counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as w

from ..errors import UsageError
from . import text as words
from .panel import Shown
from .row_view import RowView as Job
from .row_view import views

STOPS = "We stop asking. The service has no call that stops the query itself."
INTERRUPT = "To cancel, interrupt the kernel"


class Stops:
    """A button for the whole cell and, where it asks several counts, a way to stop each.

    `box` is to be shown; `widgets` are those whose clicks must be heard.
    """

    def __init__(self, run: Shown) -> None:
        jobs = views(run.rows)
        self._all = _button("Cancel" if len(jobs) == 1 else "Cancel all", run.cancel, icon="stop")
        self._some = Which(run) if len(jobs) > words.ROWS else Each(run)
        layout = w.Layout(flex_flow="row wrap", align_items="center")
        self.box = w.HBox([self._all, *self._some.shown], layout=layout)
        self.widgets = [self._all, *self._some.shown, self.box]

    def follow(self, jobs: Sequence[Job]) -> bool:
        """Switch off at most one button that has nothing left to stop; say whether one was."""
        return self._some.follow(jobs)

    def disable(self) -> None:
        """Name the interrupt in place of the buttons, which nobody hears."""
        self._all.description, self._all.layout.width = INTERRUPT, "auto"
        for widget in self.box.children:
            if hasattr(widget, "disabled"):
                widget.disabled = True

    def close(self) -> None:
        """Take them away."""
        for widget in self.widgets:
            for part in (widget.layout, getattr(widget, "style", None), widget):
                if part is not None:
                    part.close()


class Each:
    """A button for each of several counts, with its number in the table."""

    def __init__(self, run: Shown) -> None:
        self.buttons = [_number(job, run.cancel) for job in views(run.rows) if len(run.rows) > 1]
        self.shown = [w.Label("or only"), *self.buttons] if self.buttons else []

    def follow(self, jobs: Sequence[Job]) -> bool:
        """Switch off the first button that is still on though its count has ended."""
        # One at a time: each is a message, and the count behind it needs no stopping meanwhile.
        for button, job in zip(self.buttons, jobs, strict=False):
            if job.state.ended and not button.disabled:
                button.disabled = True
                return True
        return False


class Which:
    """A field that says which of very many counts are meant, and its button.

    A field, since JupyterLab takes the keys of a list for its own commands, and since a field
    costs no message when counts arrive.
    """

    def __init__(self, run: Shown) -> None:
        self._run, self._many = run, len(run.rows)
        self._which = w.Combobox(
            options=[words.name(job) for job in views(run.rows)],
            description="or some of them",
            placeholder="numbers, like 3, 7-12",
            continuous_update=False,
            style={"description_width": "initial"},
            layout=w.Layout(width="24em"),
        )
        self._said = w.Label()
        self.shown = [self._which, _button("Cancel these", self._cancel), self._said]

    def follow(self, jobs: Sequence[Job]) -> bool:
        """Leave it as it is: what has ended is not harmed."""
        return False

    def _cancel(self) -> None:
        try:
            numbers = chosen(self._which.value, self._many)
        except UsageError as error:
            self._said.value = str(error)
            return
        for number in numbers:
            self._run.cancel(number)
        self._which.value, self._said.value = "", ""


def chosen(text: str, many: int) -> Sequence[int]:
    """Read which counts are meant: `3`, `3, 7-12`, or a name of `words.name`; numbers from 0.

    Raises UsageError where it says none of the `many` there are.
    """
    # What is picked from the list begins with its number and a colon.
    picked = re.sub(r"^(\d+):.*", r"\1", text.strip(), flags=re.DOTALL)
    found: list[int] = []
    for part in picked.split(","):
        match = re.fullmatch(r"(\d+)(?:\s*-\s*(\d+))?", part.strip())
        if not match:
            raise UsageError("write numbers of counts, like 3, 7-12")
        first, last = int(match[1]), int(match[2] or match[1])
        if not 1 <= first <= last <= many:
            raise UsageError(f"the counts are 1 to {many}")
        found += range(first - 1, last)
    return found


def _number(job: Job, cancel: Callable[[int], None]) -> w.Button:
    return _button(
        str(job.number + 1),
        lambda: cancel(job.number),
        tooltip=f"Cancel {words.name(job)}. {STOPS}",
        disabled=job.state.ended,
        layout=w.Layout(width="3.5em"),
    )


def _button(description: str, press: Callable[[], object], **more: Any) -> w.Button:
    button = w.Button(**{"description": description, "tooltip": STOPS} | more)
    button.on_click(lambda _: press())
    return button
