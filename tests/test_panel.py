"""The panel without a browser: what it sends, how often, and what is left of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import ipywidgets as w
import pytest
from conftest import run
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from ct_magic.job import Job, Question, State, Tally
from ct_magic.panel import (
    VIEW,
    HtmlPanel,
    Panel,
    TextPanel,
    WidgetPanel,
    is_interactive,
    open_panel,
)
from ct_magic.sandbox import Sandbox

DAY = date(2026, 11, 1)
pytestmark = pytest.mark.usefixtures("shell")


class Runner:
    """A run whose jobs and clock the test moves."""

    def __init__(self, many: int = 1) -> None:
        self.now = 0.0
        self.jobs = tuple(Job(n, question(f"count {n}")) for n in range(many))
        self.cancelled: list[int | None] = []

    @property
    def clock(self) -> Callable[[], float]:
        return lambda: self.now

    def cancel(self, number: int | None = None) -> None:
        self.cancelled.append(number)

    def move(self, number: int, **changes: Any) -> None:
        jobs = list(self.jobs)
        jobs[number] = replace(jobs[number], **changes)
        self.jobs = tuple(jobs)

    def end(self) -> None:
        for number in range(len(self.jobs)):
            self.move(number, state=State.SUCCESS, tally=Tally(7138), began=0.0, ended=self.now)


def question(title: str) -> Question:
    return Question(title, title, "App Launched", DAY, DAY, (), "{}", DAY)


class Terminal(io.StringIO):
    """A stream that says of itself what a test wants."""

    def __init__(self, *, tty: bool, encoding: str = "utf-8") -> None:
        super().__init__()
        self._tty, self._encoding = tty, encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return self._tty


class Kernel:
    """What a front end asked a kernel: whether somebody can type there."""

    def __init__(self, allow_stdin: bool) -> None:
        self.parent = {"content": {"allow_stdin": allow_stdin}}

    def get_parent(self) -> dict[str, Any]:
        return self.parent


class Shell:
    def __init__(self, kernel: Kernel | None) -> None:
        self.kernel = kernel


def widgets(root: w.Box) -> list[w.Widget]:
    inner = [
        found for child in root.children if isinstance(child, w.Box) for found in widgets(child)
    ]
    return [*root.children, *inner]


def opened(run: Runner, kind: type[HtmlPanel] = WidgetPanel) -> tuple[Any, list[dict[str, Any]]]:
    """Open a panel; give it and the bundle that it displayed."""
    with capture_output() as said:
        panel = kind(run, None)
    return panel, [output.data for output in said.outputs]


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        (None, TextPanel),
        (Shell(None), TextPanel),
        (Shell(Kernel(True)), WidgetPanel),
        (Shell(Kernel(False)), HtmlPanel),
    ],
    ids=["script", "terminal", "notebook", "executed"],
)
def test_a_panel_fits_the_place(
    shell: InteractiveShell, place: Shell | None, kind: type[Panel]
) -> None:
    """Widgets where somebody looks on, replaced HTML where a notebook is executed, else lines."""
    with capture_output():
        assert type(open_panel(Runner(), shell=place, out=io.StringIO())) is kind


def test_the_place_can_be_overridden(shell: InteractiveShell) -> None:
    """`CountMagics.progress` decides where the guess is wrong."""
    kinds = {"none": Panel, "text": TextPanel, "html": HtmlPanel, "widget": WidgetPanel}
    with capture_output():
        for mode, kind in kinds.items():
            assert type(open_panel(Runner(), mode=mode, shell=shell, out=io.StringIO())) is kind


@pytest.mark.parametrize("mode", ["html", "widget"])
def test_a_script_has_lines_whatever_was_asked_for(mode: str) -> None:
    """Without a shell nothing could replace what was displayed."""
    assert type(open_panel(Runner(), mode=mode, out=io.StringIO())) is TextPanel


def test_nobody_sits_before_an_executed_notebook() -> None:
    """So `--background` has to wait there."""
    assert is_interactive(Shell(Kernel(True)))
    assert is_interactive(Shell(None))
    assert not is_interactive(Shell(Kernel(False)))
    assert not is_interactive(None)


def test_a_panel_speaks_once_a_second_however_much_happens() -> None:
    """A thousand counts that move a hundred times a second are a message a second."""
    run = Runner(1000)
    panel, _ = opened(run)
    values: list[str] = []
    panel._card.observe(lambda change: values.append(change["new"]), "value")
    for step in range(1000):
        run.now = step / 100
        run.move(step, state=State.SUCCESS, tally=Tally(step))
        panel.refresh()
    assert len(values) <= 11
    assert len(values) >= 9


def test_a_panel_is_silent_while_nothing_happens() -> None:
    """The countdown runs in the browser; an hour of waiting is no message at all."""
    run = Runner()
    run.move(0, state=State.SUBMITTED, due=3600.0)
    panel, _ = opened(run)
    values: list[str] = []
    panel._card.observe(lambda change: values.append(change["new"]), "value")
    for second in range(3600):
        run.now = float(second)
        panel.refresh()
    assert values == []


def test_the_bundle_falls_back_to_html_and_text() -> None:
    """A page without a widget manager, and a saved notebook, show the same facts."""
    _, bundles = opened(Runner())
    assert set(bundles[0]) == {VIEW, "text/html", "text/plain"}
    assert bundles[0]["text/plain"].startswith("· count 0 - waiting")


def test_the_end_is_still_and_holds_no_widget() -> None:
    """What is saved needs neither a kernel nor a widget manager; a reloaded page shows it too."""
    run = Runner(2)
    panel, _ = opened(run)
    run.now = 9.0
    run.end()
    with capture_output() as said:
        panel.close()
    (last,) = [output.data for output in said.outputs]
    assert set(last) == {"text/html", "text/plain"}
    assert "2 of 2 done" in last["text/html"]
    assert "ct-magic-down" not in panel._card.value
    assert panel._box.children == (panel._card,)


@pytest.mark.parametrize(("many", "label"), [(1, "Cancel"), (3, "Cancel all")])
def test_the_cancel_button_cancels(many: int, label: str) -> None:
    """All of the cell with one click, and its tooltip says what cancelling can do."""
    run = Runner(many)
    panel, _ = opened(run)
    (button,) = [b for b in widgets(panel._box) if getattr(b, "description", "") == label]
    assert "no call that stops the query" in button.tooltip
    button.click()
    assert run.cancelled == [None]


def test_one_of_many_can_be_cancelled() -> None:
    """Chosen by its name; what has ended is not in the list."""
    run = Runner(3)
    run.move(0, state=State.SUCCESS, tally=Tally(1))
    panel, _ = opened(run)
    (choice,) = [one for one in widgets(panel._box) if isinstance(one, w.Dropdown)]
    (button,) = [
        b for b in widgets(panel._box) if getattr(b, "description", "") == "Cancel this one"
    ]
    assert [number for _, number in choice.options] == [-1, 1, 2]
    button.click()
    assert run.cancelled == []
    choice.value = 2
    button.click()
    assert run.cancelled == [2]


def test_a_deaf_kernel_is_not_left_unsaid() -> None:
    """A button that nobody hears names the interrupt instead."""
    panel, _ = opened(Runner())
    panel.say_deaf()
    assert panel._all.disabled
    assert "interrupt the kernel" in panel._all.description


def test_lines_without_a_terminal_say_each_change_once() -> None:
    """A scheduler's log has a line for each step, not one for each second."""
    run, out = Runner(), Terminal(tty=False)
    panel = open_panel(run, out=out)
    for step in range(100):
        run.now = float(step)
        if step == 50:
            run.move(0, state=State.SUBMITTED, due=99.0)
        panel.refresh()
    run.end()
    panel.close()
    assert out.getvalue() == (
        "ctcount: count 0 - waiting\n"
        "ctcount: count 0 - submitted\n"
        "✓ count 0 - done: 7,138 profiles\n"
    )


def test_a_terminal_has_one_line_that_is_rewritten() -> None:
    """And it ends as a line of its own."""
    run, out = Runner(), Terminal(tty=True)
    panel = open_panel(run, out=out, environ={})
    run.now = 2.0
    run.move(0, state=State.SUBMITTED, due=9.0)
    panel.refresh()
    run.end()
    panel.close()
    assert out.getvalue().count("\n") == 1
    assert out.getvalue().count("\r\x1b[K") == 3
    assert "next look in 7 s" in out.getvalue()


def test_ci_is_no_terminal() -> None:
    """With `CI=true` nothing is rewritten, whatever the stream says."""
    out = Terminal(tty=True)
    open_panel(Runner(), out=out, environ={"CI": "true"}).close()
    assert "\r" not in out.getvalue()


def test_a_stream_that_cannot_say_a_sign_says_the_words() -> None:
    """A log in ASCII is no reason to lose the count."""
    run, out = Runner(), Terminal(tty=False, encoding="ascii")
    run.end()
    open_panel(run, out=out).close()
    assert out.getvalue().endswith("? count 0 - done: 7,138 profiles\n")


def test_a_script_prints_to_standard_error(
    account: Sandbox, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """Standard output belongs to the script's own results."""
    run(shell, "%config CountMagics.progress = 'text'").raise_error()
    run(shell, "df = %ctcount App Launched 2026-10").raise_error()
    said = capsys.readouterr()
    assert said.out == ""
    assert "✓ App Launched 2026-10 - done: " in said.err


def test_the_panel_says_which_days_are_meant_where_none_were_given(
    account: Sandbox, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """A query without a period asks the last 30 days, and says so."""
    run(shell, "%config CountMagics.progress = 'text'").raise_error()
    run(shell, "df = %ctcount App Launched").raise_error()
    assert "no period given: the last 30 days" in capsys.readouterr().err
