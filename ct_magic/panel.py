"""The progress panel: where it can be shown, and how often it may speak."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol, TextIO

from . import card
from .job import Job

TICK = 1.0  # seconds between two messages to the front end
SAVED_TICK = 4.0  # seconds between two states that a saved notebook would show
VIEW = "application/vnd.jupyter.widget-view+json"
LISTED = 500  # counts that can be cancelled one by one
NOTHING = "one count …"


class Shown(Protocol):
    """The run behind a panel: see `run.Run`."""

    clock: Callable[[], float]

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Every job as it stands."""
        ...

    def cancel(self, number: int | None = None) -> None:
        """Stop asking."""
        ...


class Panel:
    """Shows nothing: what `progress="none"` gives, and what the others are made from.

    `refresh()` may be called as often as one likes and speaks at most once a second; `close()`
    shows the end. `comm_ids` are the widgets whose clicks must be heard while a cell blocks.
    """

    comm_ids: Collection[str] = ()

    def __init__(self, run: Shown, note: str | None = None) -> None:
        self._run, self._note = run, note
        self._spoken = float("-inf")
        self._shown: object = None

    def refresh(self) -> None:
        """Show what has changed, if it is time."""
        now = self._run.clock()
        if now - self._spoken < TICK:
            return
        jobs = self._run.jobs
        # Frozen jobs: the same tuple of them is the same picture.
        if jobs != self._shown:
            self._spoken, self._shown = now, jobs
            self._show(jobs, now)

    def close(self) -> None:
        """Show how it ended."""
        self._end(self._run.jobs, self._run.clock())

    def say_deaf(self) -> None:
        """Say that clicks are not heard here, and what is."""

    def _show(self, jobs: tuple[Job, ...], now: float) -> None: ...

    def _end(self, jobs: tuple[Job, ...], now: float) -> None: ...


class TextPanel(Panel):
    """Plain lines: one that is rewritten where there is a terminal, else one for each change."""

    def __init__(self, run: Shown, note: str | None, out: TextIO, *, rewrite: bool) -> None:
        super().__init__(run, note)
        self._out, self._rewrite = out, rewrite
        self._said = ""
        self.refresh()

    def _show(self, jobs: tuple[Job, ...], now: float) -> None:
        if self._rewrite:
            self._print("\r\x1b[K" + card.line(jobs, now))
        elif (said := card.progress(jobs)) != self._said:
            self._said = said
            self._print(f"ctcount: {said}\n")

    def _end(self, jobs: tuple[Job, ...], now: float) -> None:
        lead = "\r\x1b[K" if self._rewrite else ""
        self._print(f"{lead}{card.text(jobs, now, self._note)}\n")

    def _print(self, text: str) -> None:
        encoding = self._out.encoding or "utf-8"
        self._out.write(text.encode(encoding, "replace").decode(encoding))
        self._out.flush()


class HtmlPanel(Panel):
    """A display that is replaced: what a page without widgets and an executed notebook show."""

    def __init__(self, run: Shown, note: str | None) -> None:
        super().__init__(run, note)
        self._kept = float("-inf")
        self._handle = self._display()
        self._spoken, self._shown = run.clock(), run.jobs

    def _display(self) -> Any:
        from IPython.display import display

        self._kept = self._run.clock()
        return display(self._bundle(self._run.jobs), raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def _bundle(self, jobs: tuple[Job, ...]) -> dict[str, Any]:
        now = self._run.clock()
        return {
            "text/plain": card.text(jobs, now, self._note),
            "text/html": card.html(jobs, now, self._note),
        }

    def _show(self, jobs: tuple[Job, ...], now: float) -> None:
        if now - self._kept >= SAVED_TICK:
            self._kept = now
            self._handle.update(self._bundle(jobs), raw=True)

    def _end(self, jobs: tuple[Job, ...], now: float) -> None:
        self._handle.update(self._bundle(jobs), raw=True)


class WidgetPanel(HtmlPanel):
    """The live panel: the card, a button for all and, for many counts, one for a chosen count."""

    def _display(self) -> Any:
        self._build()
        return super()._display()

    def _build(self) -> None:
        import ipywidgets as w

        jobs = self._run.jobs
        self._card = w.HTML(card.html(jobs, self._run.clock(), self._note, live=True))
        self._all = w.Button(
            description="Cancel" if len(jobs) == 1 else "Cancel all",
            icon="stop",
            tooltip="Stop asking. The service has no call that stops the query itself.",
        )
        self._all.on_click(lambda _: self._run.cancel())
        self._one = w.Dropdown(options=self._choices(jobs), layout=w.Layout(width="28em"))
        self._this = w.Button(description="Cancel this one", tooltip="Stop asking for this count.")
        self._this.on_click(self._cancel_one)
        controls = [self._all] if len(jobs) == 1 else [self._all, self._one, self._this]
        self._controls = w.HBox(controls)
        self._box = w.VBox([self._card, self._controls])
        heard = [*controls, self._controls, self._box, self._card]
        self.comm_ids = {widget.comm.comm_id for widget in heard}

    def _bundle(self, jobs: tuple[Job, ...]) -> dict[str, Any]:
        view = {"version_major": 2, "version_minor": 0, "model_id": self._box.model_id}
        return {VIEW: view, **super()._bundle(jobs)}

    def _choices(self, jobs: tuple[Job, ...]) -> list[tuple[str, int]]:
        open_ones = [job for job in jobs if not job.state.ended][:LISTED]
        return [(NOTHING, -1), *((_name(job), job.number) for job in open_ones)]

    def _cancel_one(self, _: object) -> None:
        if self._one.value >= 0:
            self._run.cancel(self._one.value)
            self._one.options = self._choices(self._run.jobs)

    def say_deaf(self) -> None:
        """Say that clicks are not heard here, and what is."""
        self._all.description = "To cancel, interrupt the kernel"
        self._all.layout.width = "auto"
        self._all.disabled = self._this.disabled = True

    def _show(self, jobs: tuple[Job, ...], now: float) -> None:
        self._card.value = card.html(jobs, now, self._note, live=True)
        super()._show(jobs, now)

    def _end(self, jobs: tuple[Job, ...], now: float) -> None:
        # A page that was reloaded meanwhile still shows the widget, so it must be right too.
        self._card.value = card.html(jobs, now, self._note)
        self._box.children = (self._card,)
        self._handle.update(super()._bundle(jobs), raw=True)
        for widget in (self._all, self._one, self._this, self._controls):
            for part in (widget.layout, getattr(widget, "style", None), widget):
                if part is not None:
                    part.close()


def open_panel(
    run: Shown,
    *,
    mode: str = "auto",
    note: str | None = None,
    shell: Any = None,
    out: TextIO | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Panel:
    """Show a run where it can be shown.

    `mode` is auto, widget, html, text or none. Auto: widgets in a notebook that somebody looks
    at, replaced HTML in one that is only executed, lines on standard error everywhere else. Where
    `environ` has `CI`, no line is rewritten.
    """
    # Without a shell there is nothing that could replace what was displayed.
    rich = mode in ("widget", "html") and shell is None
    match _mode(shell) if mode == "auto" or rich else mode:
        case "none":
            return Panel(run, note)
        case "widget":
            return WidgetPanel(run, note)
        case "html":
            return HtmlPanel(run, note)
    stream = out or sys.stderr
    return TextPanel(run, note, stream, rewrite=stream.isatty() and not _is_ci(environ))


def is_interactive(shell: Any) -> bool:
    """Say whether somebody sits before the kernel, and could press a button."""
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return shell is not None
    # nbclient, papermill, nbconvert and Voila ask cells to run without a line to type on.
    return bool(kernel.get_parent().get("content", {}).get("allow_stdin", False))


def _is_ci(environ: Mapping[str, str]) -> bool:
    return environ.get("CI", "").lower() not in ("", "0", "false")


def _mode(shell: Any) -> str:
    if getattr(shell, "kernel", None) is None:
        return "text"
    return "widget" if is_interactive(shell) else "html"


def current_shell() -> Any:
    """Give the IPython shell that runs us, if one does."""
    # Only where IPython runs already: a plain script need not import it.
    if "IPython" not in sys.modules:
        return None
    from IPython.core.getipython import get_ipython

    return get_ipython()


def _name(job: Job) -> str:
    q = job.question
    pieces = ", ".join(f"{name} = {value}" for name, value in q.pieces)
    return card.plain(f"{job.number + 1}: {q.title} {pieces} {q.start}")[:80]
