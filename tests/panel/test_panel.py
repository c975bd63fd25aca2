"""The panel without a browser: what it sends, how often, and what is left of it."""

from __future__ import annotations

import io
import os
import re
import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import ipywidgets as w
import pytest
from helpers.plans import PlainRun, row
from helpers.shell import run, submitted
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from ct_magic.client.jobs import State, Tally
from ct_magic.panel.front_end import is_interactive, open_panel, tell_page
from ct_magic.panel.panel import About, Panel
from ct_magic.panel.plain_panels import HtmlPanel, TextPanel
from ct_magic.panel.widget_panel import VIEW, WidgetPanel
from ct_magic.sandbox import Sandbox

pytestmark = pytest.mark.usefixtures("shell")


class Runner(PlainRun):
    """A run of some rows that the test moves."""

    def __init__(self, many: int = 1) -> None:
        super().__init__([row(n, f"count {n}", text=f"count {n}") for n in range(many)])

    def end(self) -> None:
        for number in range(len(self.service.jobs)):
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

    session: object = None

    def __init__(self, allow_stdin: bool) -> None:
        self.parent: dict[str, Any] = {"content": {"allow_stdin": allow_stdin}}

    def get_parent(self) -> dict[str, Any]:
        return self.parent


class Session:
    def __init__(self, pid: int) -> None:
        self.pid = pid


class Shell:
    def __init__(self, kernel: Kernel | None) -> None:
        self.kernel = kernel


def widgets(root: w.Box) -> list[w.Widget]:
    inner = [
        widget for child in root.children if isinstance(child, w.Box) for widget in widgets(child)
    ]
    return [*root.children, *inner]


def opened(run: PlainRun, **more: Any) -> tuple[Any, list[Mapping[str, Any]]]:
    """Open a live panel; give it and the bundles that it displays."""
    bundles: list[Mapping[str, Any]] = []
    return WidgetPanel(run, About(), bundles.append, **more), bundles


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


@pytest.mark.parametrize("place", [None, Shell(None), Shell(Kernel(True)), Shell(Kernel(False))])
def test_an_account_comes_into_use_whatever_the_front_end_makes_of_it(place: Shell | None) -> None:
    """A terminal hears nothing of it; a kernel that cannot send is no obstacle."""
    with capture_output() as shown:
        tell_page("prod", place)
    assert (shown.stdout, shown.stderr, shown.outputs) == ("", "", [])


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


class ProgramShell(InteractiveShell):
    """What a runner of notebooks makes of IPython's shell, in its own process."""


def test_nobody_sits_before_an_executed_notebook() -> None:
    """So `--background` has to wait there, and with a runner that has no kernel."""
    assert is_interactive(Shell(Kernel(True)))
    assert is_interactive(Shell(None))
    assert not is_interactive(Shell(Kernel(False)))
    assert not is_interactive(object.__new__(ProgramShell))
    assert not is_interactive(None)


def test_who_pressed_a_button_is_there() -> None:
    """In a button's handler the kernel's parent message is the click, not a cell."""
    kernel = Kernel(False)
    kernel.parent = {"header": {"msg_type": "comm_msg"}, "content": {"comm_id": "1"}}
    assert is_interactive(Shell(kernel))


def test_a_thread_of_a_cell_shows_no_dead_button(shell: InteractiveShell) -> None:
    """Nobody hears a click there while the cell blocks."""
    kinds: list[type[Panel]] = []

    def count() -> None:
        with capture_output():
            kinds.append(type(open_panel(Runner(), shell=Shell(Kernel(True)))))

    thread = threading.Thread(target=count)
    thread.start()
    thread.join()
    assert kinds == [HtmlPanel]


def test_a_forked_process_has_lines() -> None:
    """It is not the kernel: its widgets would be nobody's."""
    kernel = Kernel(True)
    kernel.session = Session(os.getpid() + 1)
    assert type(open_panel(Runner(), shell=Shell(kernel), out=io.StringIO())) is TextPanel
    kernel.session = Session(os.getpid())
    with capture_output():
        assert type(open_panel(Runner(), shell=Shell(kernel))) is WidgetPanel


class Logger:
    """What programs put in the place of standard error."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None: ...


class Broken(Logger):
    def write(self, text: str) -> None:
        raise RuntimeError("nobody listens")


@pytest.mark.parametrize("kind", ["none", "closed", "logger", "broken"])
def test_a_strange_standard_error_costs_no_count(
    kind: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """None without a console, closed by a daemon, a logger's stand-in that writes and flushes."""
    closed = io.StringIO()
    closed.close()
    streams = {"none": None, "closed": closed, "logger": Logger(), "broken": Broken()}
    monkeypatch.setattr("sys.stderr", streams[kind])
    run = Runner()
    panel = open_panel(run)
    run.now = 5.0
    run.end()
    panel.refresh()
    panel.close()
    assert caplog.records == []
    if isinstance(streams[kind], Logger) and kind == "logger":
        assert "count 0 - done: 7,138 profiles" in streams[kind].text  # type: ignore[union-attr]


@pytest.mark.parametrize("value", [None, "closed"])
def test_a_strange_standard_input_is_nobody(
    value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--background` asks whether somebody is there; a closed input answers no."""
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr("sys.stdin", closed if value else None)
    prompt = Shell(None)
    prompt.simple_prompt = True  # type: ignore[attr-defined] # as IPython's own shell has
    assert not is_interactive(prompt)


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
    assert "Run the cell again: what was sent is fetched" in bundles[0]["text/html"]


def test_the_end_is_still_and_every_widget_is_closed() -> None:
    """What is saved needs neither a kernel nor a widget manager, and nothing is left behind."""
    opened(Runner())[0].close()  # what all share is made once
    before = set(w.widgets.widget._instances)
    for count in (1, 3, 30):
        run = Runner(count)
        panel, bundles = opened(run)
        run.now = 9.0
        run.end()
        panel.close()
        assert set(bundles[-1]) == {"text/html", "text/plain"}
        assert "7,138" in bundles[-1]["text/html"]
    assert set(w.widgets.widget._instances) == before


def test_a_page_that_was_reloaded_keeps_the_end() -> None:
    """It no longer hears of the display: there the card itself shows how it ended, no button."""
    run = Runner(3)
    run.plan = replace(run.plan, expects="may take 7 seconds")
    panel, _ = opened(run)
    assert "may take" in panel._card.value
    panel.box._view_count = 2
    run.now = 9.0
    run.end()
    panel.close()
    assert "3 of 3 done" in panel._card.value
    assert "may take" not in panel._card.value
    assert not any(isinstance(widget, w.Button) for widget in widgets(panel.box))


@pytest.mark.parametrize("views", [0, 1])
def test_a_page_is_not_asked_to_count_the_views_of_a_closed_panel(views: int) -> None:
    """Else it answers to a subshell that it deletes next, and asyncio complains in a cell."""
    run = Runner(3)
    counted: list[int | None] = []

    def display(bundle: Mapping[str, Any]) -> None:
        if VIEW not in bundle:  # the widgets go from the page
            counted.append(panel.box._view_count)

    panel = WidgetPanel(run, About(), display)
    panel.box._view_count = views
    run.end()
    panel.close()
    assert counted == [None]


def test_a_countdown_that_has_ended_is_taken_away() -> None:
    """Whatever the service takes its time for, "next look in 0 s" does not stand for it."""
    run = Runner()
    run.move(0, state=State.SUBMITTED, due=30.0)
    panel, _ = opened(run)
    panel.refresh()
    assert "next look in" in panel._card.value
    for second in range(40):
        run.now = float(second)
        panel.refresh()
    assert "next look in" not in panel._card.value


@pytest.mark.parametrize(("many", "label"), [(1, "Cancel"), (3, "Cancel all")])
def test_the_cancel_button_cancels(many: int, label: str) -> None:
    """All of the cell with one click, and its tooltip says what cancelling can do."""
    run = Runner(many)
    panel, _ = opened(run)
    (button,) = [b for b in widgets(panel.box) if getattr(b, "description", "") == label]
    assert "no call that stops the query" in button.tooltip
    button.click()
    assert run.cancelled == [None]


def boxes(panel: Any) -> list[w.Checkbox]:
    return [widget for widget in widgets(panel.box) if isinstance(widget, w.Checkbox)]


def button(panel: Any, label: str) -> w.Button:
    inner = widgets(panel.box)
    (found,) = [b for b in inner if getattr(b, "description", "").startswith(label)]
    return found


def line(panel: Any) -> str | None:
    """What is said beside the button that cancels what is marked, where anything is."""
    (chosen,) = [b for b in widgets(panel.box) if "ct-magic-stop" in getattr(b, "_dom_classes", ())]
    count, press = chosen.children
    is_off = "ct-magic-off" in chosen._dom_classes
    return None if is_off else f"{count.value} · {press.description}"


def test_some_of_several_rows_are_marked_and_cancelled() -> None:
    """Each has a box, whose name says which row it is; how many are marked is beside the button."""
    run = Runner(20)
    panel, _ = opened(run)
    assert len(boxes(panel)) == 20
    assert boxes(panel)[2].description == "Mark 3: count 2, 2026-11-01"
    assert line(panel) is None
    boxes(panel)[2].value = True
    assert line(panel) == "1 marked · Cancel this"
    boxes(panel)[7].value = True
    assert line(panel) == "2 marked · Cancel these"
    button(panel, "Cancel these").click()
    assert run.cancelled == [2, 7]
    assert not any(box.value for box in boxes(panel))
    assert line(panel) is None


def test_a_box_goes_with_its_row() -> None:
    """What has ended cannot be cancelled."""
    run = Runner(3)
    run.move(0, state=State.SUCCESS, tally=Tally(1))
    panel, _ = opened(run)
    second, third = boxes(panel)
    second.value = third.value = True
    run.move(1, state=State.CANCELLED)
    run.now = 1.0
    panel.refresh()
    assert boxes(panel) == [third]
    assert line(panel) == "1 marked · Cancel this"


@pytest.mark.parametrize("many", [21, 210])
def test_a_box_of_a_long_table_is_its_rows_whatever_comes_into_sight(many: int) -> None:
    """A click that comes late hits no other row; what is marked stays in sight until it ends."""
    run = Runner(many)
    for number in range(many):
        run.move(number, state=State.SUBMITTED, began=0.0)
    panel, _ = opened(run)
    shown = boxes(panel)
    assert [box.description.split(":")[0] for box in shown] == [f"Mark {n + 1}" for n in range(8)]
    shown[1].value = shown[6].value = True
    for number in [0, *range(8, many)]:
        run.now = float(number)
        run.move(number, state=State.SUCCESS, tally=Tally(1), began=0.0, ended=run.now)
        panel.refresh()
        assert {shown[1], shown[6]} <= set(boxes(panel))
        assert panel._card.value.count("<tr>") == 9
    assert line(panel) == "2 marked · Cancel these"
    shown[0].value = True  # a click that was on its way
    button(panel, "Cancel these").click()
    assert run.cancelled == [1, 6]
    heard = {box.comm.comm_id for box in boxes(panel)}
    assert heard <= set(panel.comm_ids)
    panel.close()
    assert not {box.comm and box.comm.comm_id for box in shown} & set(panel.comm_ids)


def test_some_of_many_are_marked_and_cancelled() -> None:
    """In a list that is made when it is opened, of the rows that have not ended; or by a box."""
    run = Runner(30)
    run.move(0, state=State.SUCCESS, tally=Tally(1))
    panel, _ = opened(run)
    inner = widgets(panel.box)
    (toggle,) = [widget for widget in inner if isinstance(widget, w.ToggleButton)]
    (rows,) = [widget for widget in inner if isinstance(widget, w.SelectMultiple)]
    assert rows.options == ()
    assert toggle.description == "22 more rows ▸"
    toggle.value = True
    assert [number for _, number in rows.options] == list(range(1, 30))
    assert rows.options[1][0].startswith("3: ")
    rows.value = (2, 17)
    boxes(panel)[1].value = True  # of the row that is chosen in the list, too
    boxes(panel)[2].value = True
    assert line(panel) == "3 marked · Cancel these"
    button(panel, "Cancel these").click()
    assert run.cancelled == [2, 3, 17]
    assert (toggle.value, rows.value, line(panel)) == (False, (), None)


@pytest.mark.parametrize("count", [1, 3, 30])
def test_every_button_has_a_name(count: int) -> None:
    """That says what it does."""
    panel, _ = opened(Runner(count))
    buttons = [b for b in widgets(panel.box) if isinstance(b, w.Button | w.ToggleButton)]
    assert buttons
    names = [button.description.lower() for button in buttons]
    assert all(name.startswith("cancel") or "more rows" in name for name in names)


def test_a_deaf_kernel_is_not_left_unsaid() -> None:
    """A button that nobody hears names the interrupt instead."""
    for count in (1, 3, 30):
        panel, _ = opened(Runner(count))
        panel.disable_buttons()
        buttons = [
            widget for widget in widgets(panel.box) if isinstance(widget, w.Button | w.ToggleButton)
        ]
        assert all(button.disabled for button in buttons)
        assert "To cancel, interrupt the kernel" in [button.description for button in buttons]


def test_a_screen_reader_hears_of_steps_not_of_seconds() -> None:
    """The region that is read out changes when a tenth has arrived, and at the end."""
    run = Runner(100)
    panel, _ = opened(run)
    spoken: list[str] = []
    panel._words.observe(lambda change: spoken.append(change["new"]), "value")
    for step in range(200):
        run.now = float(step)
        run.move(step // 2, state=State.SUBMITTED, polls=step, due=step + 30.0)
        if step % 2:
            run.move(step // 2, state=State.SUCCESS, tally=Tally(step), began=0.0, ended=run.now)
        panel.refresh()
    panel.box._view_count = 2  # a page that still shows them
    panel.close()
    assert len(spoken) == 10
    assert all('role="status"' in region for region in spoken)
    assert "100 of 100 done" in spoken[-1]
    assert "status" not in panel._card.value


@pytest.mark.parametrize("views", [0, 1])
def test_a_page_without_widgets_is_a_few_seconds_behind(views: int) -> None:
    """A page with them is left alone: it would be drawn anew, and lose what is marked."""
    run = Runner()
    panel, bundles = opened(run)
    panel.box._view_count = views
    run.now = 1.5
    run.move(0, state=State.SUBMITTED, due=3600.0)
    for tenth in range(20, 100):
        run.now = tenth / 10
        if tenth == 50:
            run.move(0, state=State.SUBMITTED, polls=1, due=3600.0)
        panel.refresh()
    texts = [bundle["text/plain"].split(",")[0] for bundle in bundles]
    first = "· count 0 - waiting its turn\n(To cancel"
    assert texts == [first, "… count 0 - asked", "… count 0 - counting"][: 3 - 2 * views]


def test_a_console_that_shows_no_page_gets_lines() -> None:
    """As `jupyter console`, which shows no display that is replaced: not "waiting" for ever."""
    run, out = Runner(), Terminal(tty=False)
    panel, _ = opened(run, lines=out)
    for second in range(1, 12):
        run.now = float(second)
        run.move(0, state=State.SUBMITTED, polls=second, due=3600.0)
        panel.refresh()
    run.end()
    panel.close()
    assert "ctcount: count 0 - counting" in out.getvalue()
    assert out.getvalue().endswith("✓ count 0 - done: 7,138 profiles\n")


def test_ten_thousand_counts_send_less_than_a_hundred_kilobytes_a_second() -> None:
    """However many of them move."""
    run = Runner(10_000)
    sent: list[int] = []
    panel, _ = opened(run)
    for part in (panel._card, panel._words):
        part.observe(lambda change: sent.append(len(change["new"].encode())), "value")
    for second in range(1, 4):
        run.now = float(second)
        for number in range(100 * second, 100 * second + 100, 10):
            run.move(number, state=State.SUBMITTED, polls=1, began=run.now, due=run.now + 30)
        panel.refresh()
    assert len(sent) >= 3
    assert sum(sent) / 3 < 100_000


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
        "ctcount: count 0 - waiting its turn\n"
        "ctcount: count 0 - asked\n"
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
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "✓ App Launched 2026-10 - done: " in printed.err


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
    panel.box.close()
    for run.now in (5.0, 10.0):
        run.move(0, polls=int(run.now))
        panel.refresh()
    run.end()
    panel.close()
    assert [record.message for record in caplog.records] == [
        "ct_magic: the panel was lost; counting goes on"
    ]


def test_a_service_that_takes_fewer_at_once_is_said() -> None:
    """`max_concurrent = 20`, and it takes 4: else nobody knows what the counts wait for."""
    cell = PlainRun([row(number) for number in range(9)])
    cell.service.at_once = 4
    panel, _ = opened(cell)
    assert "the service takes 4 at once" in panel._card.value
    for number in range(9):
        cell.move(number, state=State.SUCCESS, tally=Tally(1), began=0.0, ended=1.0)
    cell.now = 9.0
    panel.refresh()
    assert "at once" not in panel._card.value
    panel.close()


def test_a_lone_number_shows_the_days_that_are_known(
    account: Sandbox, shell: InteractiveShell
) -> None:
    """Of its own query, as far as the journal has them: nothing is asked for it."""
    run(shell, "%config CountMagics.progress = 'html'").raise_error()

    def shown(text: str) -> str:
        with capture_output() as said:
            run(shell, f"%ctcount {text}").raise_error()
        return "".join(output.data.get("text/html", "") for output in said.outputs)

    assert "<svg" not in shown("App Launched 2026-10-01..2026-10-07")
    days = run(shell, "df = %ctcount App Launched 2026-10-03..2026-10-07 by day")
    days.raise_error()
    counts = shell.user_ns["df"]["count"]
    sent = submitted(account)
    again = shown("App Launched 2026-10-01..2026-10-07")
    assert f"{counts.min()}\N{EN DASH}{counts.max()} a day" in again
    assert re.findall(r"M(\d+) ", again)[-5:] == ["20", "30", "40", "50", "60"]
    for other in (
        'App Launched where tech.OS = "iOS" 2026-10-01..2026-10-07',
        "App Launched 2026-10-03",
    ):
        assert "a day" not in shown(other)
    assert submitted(account) == sent + 1
