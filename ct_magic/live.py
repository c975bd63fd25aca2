"""The live panel: what a run looks like as widgets, and the buttons that stop it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import ipywidgets as w

from . import card, words
from .errors import UsageError
from .job import Job
from .panel import HtmlPanel, Shown

VIEW = "application/vnd.jupyter.widget-view+json"
STOPS = "We stop asking. The service has no call that stops the query itself."
INTERRUPT = "To cancel, interrupt the kernel"
# What a page without a widget manager says, and a notebook that was saved meanwhile.
MEANWHILE = f"{INTERRUPT}; after a restart run the cell again, it goes on."
TALLEST = "44em"  # a table that is higher scrolls
# The widgets of every live panel of this process. A cell that blocks hears them all, so that a
# count in the background can be stopped from its own panel meanwhile.
HEARD: set[str] = set()


class WidgetPanel(HtmlPanel):
    """The card, the buttons under it, and its words for a screen reader.

    At most two messages a second: the card, and the words or, where no page shows the widgets,
    what stands in their place.
    """

    def _display(self) -> Any:
        self._build()
        return super()._display()

    def _build(self) -> None:
        jobs = self._run.jobs
        self._card = w.HTML(
            self._drawn(jobs),
            tabbable=len(jobs) > words.ROWS or None,  # what scrolls is reached with Tab
            layout=w.Layout(max_height=TALLEST, overflow="auto"),
        )
        self._words = w.HTML(card.live_region(jobs), layout=w.Layout(height="0", margin="0"))
        self._stops = Stops(self._run)
        self._box = w.VBox([self._card, self._words, self._stops.box])
        self._box.add_class("ct-magic-panel")
        self._box._view_count = 0  # the front end counts from here
        heard = [self._card, self._words, self._box, *self._stops.widgets]
        self._mine = {widget.comm.comm_id for widget in heard}
        HEARD.update(self._mine)
        self.comm_ids = HEARD

    def _drawn(self, jobs: tuple[Job, ...]) -> str:
        return card.html(jobs, self._run.clock(), self._note, live=True)

    def _bundle(self, jobs: tuple[Job, ...]) -> dict[str, Any]:
        view = {"version_major": 2, "version_minor": 0, "model_id": self._box.model_id}
        return {VIEW: view, **self._still(jobs, MEANWHILE)}

    def say_deaf(self) -> None:
        """Say that clicks are not heard here, and what is."""
        self._stops.disable()

    def _show(self, jobs: tuple[Job, ...], now: float) -> None:
        self._card.value = self._drawn(jobs)

    def _tell(self, jobs: tuple[Job, ...], now: float) -> bool:
        said, self._words.value = self._words.value, card.live_region(jobs)
        if said != self._words.value:
            return True
        # A new bundle is a new view: it would lose the place, the focus and what is being typed.
        return not self._box._view_count and super()._tell(jobs, now)

    def _end(self, jobs: tuple[Job, ...], now: float) -> None:
        # A page that was reloaded meanwhile still shows the widget, so it must be right too.
        self._card.value = self._drawn(jobs)
        self._words.value = card.live_region(jobs)
        self._box.children = (self._card, self._words)
        self._handle.update(self._still(jobs), raw=True)
        self._stops.close()
        HEARD.difference_update(self._mine)


class Stops:
    """The buttons that stop a run: one for all, and for many counts a field that says which.

    A field, since JupyterLab takes the keys of a list for its own commands, and since a field
    costs no message when counts arrive.
    """

    def __init__(self, run: Shown) -> None:
        jobs = run.jobs
        self._run, self._many = run, len(jobs)
        self.all = w.Button(icon="stop", tooltip=STOPS)
        self.all.description = "Cancel" if len(jobs) == 1 else "Cancel all"
        self.all.on_click(lambda _: run.cancel())
        self.which = w.Combobox(
            options=[words.name(job) for job in jobs] if len(jobs) > 1 else [],
            description="or some of them",
            placeholder="numbers, like 3, 7-12",
            continuous_update=False,
            style={"description_width": "initial"},
            layout=w.Layout(width="24em"),
        )
        self.these = w.Button(description="Cancel these", tooltip=STOPS)
        self.these.on_click(self._cancel_these)
        self.said = w.Label()
        shown = [self.all] if len(jobs) == 1 else [self.all, self.which, self.these, self.said]
        self.box = w.HBox(shown, layout=w.Layout(flex_flow="row wrap"))
        self.widgets = [self.all, self.which, self.these, self.said, self.box]

    def disable(self) -> None:
        """Name the interrupt in place of the buttons, which nobody hears."""
        self.all.description, self.all.layout.width = INTERRUPT, "auto"
        for widget in (self.all, self.which, self.these):
            widget.disabled = True

    def close(self) -> None:
        """Take them away."""
        for widget in self.widgets:
            for part in (widget.layout, getattr(widget, "style", None), widget):
                if part is not None:
                    part.close()

    def _cancel_these(self, _: object) -> None:
        try:
            numbers = chosen(self.which.value, self._many)
        except UsageError as error:
            self.said.value = str(error)
            return
        for number in numbers:
            self._run.cancel(number)
        self.which.value, self.said.value = "", ""


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
