"""The panel without a browser: what it sends, how often, and what is left of it."""

from __future__ import annotations

import io
from typing import Any

import ipywidgets as w
import pytest
from helpers.plans import PlainRun, row
from helpers.shell import run
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from ct_magic.client.jobs import State, Tally
from ct_magic.progress.environment import is_interactive, open_panel
from ct_magic.progress.panel import HtmlPanel, Panel, TextPanel
from ct_magic.progress.widget_panel import VIEW, WidgetPanel
from ct_magic.sandbox import Sandbox

pytestmark = pytest.mark.usefixtures("shell")


class Runner(PlainRun):
    """A run of some rows that the test moves."""

    def __init__(self, many: int = 1) -> None:
        super().__init__([row(n, f"count {n}", text=f"count {n}") for n in range(many)])

    def end(self) -> None:
        for number in range(len(self.jobs)):
            self.move(number, state=State.SUCCESS, tally=Tally(7138), began=0.0, ended=self.now)


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


def opened(run: PlainRun, kind: type[HtmlPanel] = WidgetPanel) -> tuple[Any, list[dict[str, Any]]]:
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
    assert 'class="ct-magic-down"' not in panel._card.value
    assert not any(isinstance(found, w.Button) for found in widgets(panel._box))


@pytest.mark.parametrize(("many", "reached"), [(20, None), (21, True)])
def test_what_scrolls_is_reached_with_tab(many: int, reached: bool | None) -> None:
    """A table that is longer than its place; a shorter one is no stop on the way."""
    panel, _ = opened(Runner(many))
    assert panel._card.tabbable is reached


@pytest.mark.parametrize(("many", "label"), [(1, "Cancel"), (3, "Cancel all")])
def test_the_cancel_button_cancels(many: int, label: str) -> None:
    """All of the cell with one click, and its tooltip says what cancelling can do."""
    run = Runner(many)
    panel, _ = opened(run)
    (button,) = [b for b in widgets(panel._box) if getattr(b, "description", "") == label]
    assert "no call that stops the query" in button.tooltip
    button.click()
    assert run.cancelled == [None]


def numbered(panel: Any) -> list[w.Button]:
    found = [one for one in widgets(panel._box) if isinstance(one, w.Button)]
    return [one for one in found if one.description.isdigit()]


def test_each_of_several_counts_has_a_button() -> None:
    """With its number in the table; what it would stop, and what that means, is its tooltip."""
    run = Runner(20)
    panel, _ = opened(run)
    buttons = numbered(panel)
    assert [button.description for button in buttons] == [str(n) for n in range(1, 21)]
    assert buttons[2].tooltip.startswith("Cancel 3: count 2, 2026-11-01. We stop asking.")
    buttons[2].click()
    assert run.cancelled == [2]


def test_a_button_goes_off_with_its_count() -> None:
    """What has ended cannot be cancelled; one message for each, and no two in one second."""
    run = Runner(3)
    run.move(0, state=State.SUCCESS, tally=Tally(1))
    panel, _ = opened(run)
    assert [button.disabled for button in numbered(panel)] == [True, False, False]
    said: list[str] = []
    for number, button in enumerate(numbered(panel)):
        button.observe(lambda _, number=number: said.append(f"{number} at {run.now}"), "disabled")
    run.move(1, state=State.CANCELLED)
    run.move(2, state=State.SUBMITTED, due=60.0)
    run.now = 1.0
    panel.refresh()  # the words for a screen reader come first
    for tenth in range(20, 40):
        run.now = tenth / 10
        panel.refresh()
    assert said == ["1 at 2.0"]


def field_and_button(panel: Any) -> tuple[w.Combobox, w.Button, w.Label]:
    found = widgets(panel._box)
    (field,) = [one for one in found if isinstance(one, w.Combobox)]
    (said,) = [one for one in found if isinstance(one, w.Label)]
    (button,) = [b for b in found if getattr(b, "description", "") == "Cancel these"]
    return field, button, said


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [("2", [1]), (" 1, 3 ", [0, 2]), ("2-3", [1, 2]), ("3: count 2, 2026-11-01", [2])],
)
def test_some_of_many_can_be_cancelled(typed: str, numbers: list[int]) -> None:
    """By the numbers in the table, as one prints pages, or by a name from the list."""
    run = Runner(30)
    panel, _ = opened(run)
    field, button, said = field_and_button(panel)
    field.value = typed
    button.click()
    assert run.cancelled == numbers
    assert (field.value, said.value) == ("", "")


@pytest.mark.parametrize("many", [1, 3, 30])
def test_every_field_and_button_has_a_name(many: int) -> None:
    """A label that one sees and hears, not only a hint that goes when one types."""
    panel, _ = opened(Runner(many))
    fields = (w.Combobox, w.Button)
    assert all(one.description for one in widgets(panel._box) if isinstance(one, fields))


def test_the_list_names_every_count() -> None:
    """What is offered is what the field understands."""
    run = Runner(21)
    panel, _ = opened(run)
    field, button, _ = field_and_button(panel)
    assert len(field.options) == 21
    for name in field.options:
        field.value = name
        button.click()
    assert run.cancelled == list(range(21))


@pytest.mark.parametrize(
    ("typed", "says"),
    [("", "write numbers"), ("all", "write numbers"), ("1,", "write numbers")]
    + [(typed, "the counts are 1 to 30") for typed in ("0", "31", "2-90", "3-1", "9" * 30)],
)
def test_a_count_that_is_not_there_is_not_cancelled(typed: str, says: str) -> None:
    """Nothing happens by mistake, what was typed stays, and beside it stands what is right."""
    run = Runner(30)
    panel, _ = opened(run)
    field, button, said = field_and_button(panel)
    field.value = typed
    button.click()
    assert run.cancelled == []
    assert field.value == typed
    assert says in said.value


def test_a_deaf_kernel_is_not_left_unsaid() -> None:
    """A button that nobody hears names the interrupt instead."""
    for many in (1, 3, 30):
        panel, _ = opened(Runner(many))
        panel.say_deaf()
        found = [f for f in widgets(panel._box) if isinstance(f, w.Button | w.Combobox)]
        assert all(one.disabled for one in found)
        assert found[0].description == "To cancel, interrupt the kernel"


def test_a_screen_reader_hears_of_steps_not_of_seconds() -> None:
    """The region that is read out changes when a tenth has arrived, and at the end."""
    run = Runner(100)
    panel, _ = opened(run)
    said: list[str] = []
    panel._words.observe(lambda change: said.append(change["new"]), "value")
    for step in range(1000):
        run.now = float(step)
        run.move(step // 10, state=State.SUBMITTED, polls=step, due=step + 30.0)
        if step % 10 == 9:
            run.move(step // 10, state=State.SUCCESS, tally=Tally(step), began=0.0, ended=run.now)
        panel.refresh()
    with capture_output():
        panel.close()
    assert len(said) == 10
    assert all('role="status"' in one for one in said)
    assert "100 of 100 done" in said[-1]
    assert "status" not in panel._card.value


@pytest.mark.parametrize("views", [0, 1])
def test_a_page_without_widgets_is_a_few_seconds_behind(views: int) -> None:
    """Also when nothing happens any more; a page with them is left alone: it would be redrawn."""
    run = Runner()
    with capture_output() as said:
        panel = WidgetPanel(run, None)
        panel._box._view_count = views
        run.now = 1.5
        run.move(0, state=State.SUBMITTED, due=3600.0)
        for tenth in range(20, 100):
            run.now = tenth / 10
            panel.refresh()
    assert [bundle.data["text/plain"].split(",")[0] for bundle in said.outputs] == [
        "· count 0 - waiting\n(To cancel",
        "… count 0 - submitted",
    ][: 2 - views]


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


def test_a_terminals_countdown_goes_on_while_nothing_happens() -> None:
    """It costs no messages there, and a line that stands still looks dead."""
    run, out = Runner(), Terminal(tty=True)
    run.move(0, state=State.SUBMITTED, due=9.0)
    panel = open_panel(run, out=out, environ={})
    for tenth in range(90):
        run.now = tenth / 10
        panel.refresh()
    assert [f"next look in {left} s" in out.getvalue() for left in range(9, 0, -1)] == [True] * 9


def test_a_terminals_line_fits_on_it() -> None:
    """A longer one would wrap, and could not be rewritten; Chinese characters are wide."""
    run, out = PlainRun([row(0, "数" * 100)]), Terminal(tty=True)
    run.move(0, note="busy " * 50)
    open_panel(run, out=out, environ={})
    line = out.getvalue().removeprefix("\r\x1b[K")
    assert line.startswith("ctcount: 数数")
    assert 70 < sum(2 if char == "数" else 1 for char in line) <= 79


def test_a_reader_that_went_away_does_not_cost_the_count(caplog: pytest.LogCaptureFixture) -> None:
    """`script.py 2>&1 | head` closes the stream; the run goes on, and nobody is warned of it."""
    run, out = Runner(), Terminal(tty=False)
    panel = open_panel(run, out=out)
    out.close()
    run.now = 5.0
    run.end()
    panel.refresh()
    panel.close()
    assert caplog.records == []


@pytest.mark.parametrize("environ", [{"CI": "true"}, {"TERM": "dumb"}])
def test_what_is_no_terminal(environ: dict[str, str]) -> None:
    """A log or an editor's shell is not rewritten, whatever the stream says."""
    out = Terminal(tty=True)
    open_panel(Runner(), out=out, environ=environ).close()
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


def test_a_panel_that_was_closed_costs_no_count(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever closes all widgets of the kernel meanwhile: it is said once, and counting goes on."""
    run = Runner()
    panel, _ = opened(run)
    panel._box.close()
    for run.now in (5.0, 10.0):
        run.move(0, polls=int(run.now))
        panel.refresh()
    run.end()
    panel.close()
    assert [record.message for record in caplog.records] == [
        "ct_magic: the panel was lost; counting goes on"
    ]
