"""The startup file: what a shell knows without `%load_ext`, and that it is never in the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.shell import run
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

FILE = Path(__file__).parents[2] / "jupyter-config" / "startup" / "10-ct_magic.py"
QUERY = "Charged where Amount > 5 2026-10"


@pytest.fixture
def bare() -> InteractiveShell:
    """A shell that has run nothing yet."""
    config = Config()
    config.HistoryManager.enabled = False
    return InteractiveShell(config=config)


@pytest.fixture
def shell(bare: InteractiveShell) -> InteractiveShell:
    """A shell right after it has run the startup file, as IPython runs it."""
    bare.safe_execfile(str(FILE), bare.user_ns, raise_exceptions=True)
    return bare


def is_loaded(shell: InteractiveShell) -> bool:
    return "ct_magic" in shell.extension_manager.loaded


def texts(shell: InteractiveShell, cell: str) -> list[str]:
    with provisionalcompleter():
        return [completion.text for completion in shell.Completer.completions(cell, len(cell))]


def test_it_leaves_no_name_behind_and_loads_nothing(bare: InteractiveShell) -> None:
    """The variables are the user's, and a kernel that never counts pays nothing."""
    before = set(bare.user_ns)
    bare.safe_execfile(str(FILE), bare.user_ns, raise_exceptions=True)
    assert set(bare.user_ns) == before
    assert not is_loaded(bare)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (f"%%ctcount --dry-run\n{QUERY}", '"event_name": "Charged"'),
        (f"%ctcount --dry-run {QUERY}", '"event_name": "Charged"'),
        ("%ct help where", "where"),
        ("%config CountMagics", "CountMagics.poll_interval=<Float>"),
        ("get_ipython().run_line_magic('ct', '')", "%ct use"),
        ("%load_ext ct_magic\n%ct help where", "where"),
    ],
)
def test_whatever_is_typed_first_works(
    shell: InteractiveShell, cell: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A count, a command, a setting, a magic called by code, and the habit of loading."""
    run(shell, cell).raise_error()
    out = capsys.readouterr().out
    assert message in out
    assert "already loaded" not in out


def test_the_manual_can_be_read_before_anything_else(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """`%%ctcount?` is what people type who have just installed it."""
    shell.run_cell("%%ctcount?")
    assert "--dry-run" in capsys.readouterr().out


def test_the_first_tab_is_answered(shell: InteractiveShell) -> None:
    """And the second by the extension alone."""
    before = len(shell.Completer.custom_matchers)
    for _ in range(2):
        assert texts(shell, "%%ctcount\nx: Charged wh") == ["where"]
    assert len(shell.Completer.custom_matchers) == before


def test_other_cells_stay_as_they_are(shell: InteractiveShell) -> None:
    """Nothing is loaded for a cell that does not ask for it, nor proposed in one."""
    run(shell, "ctcount = 1; ct = ctcount + 1; text = '%ctime'").raise_error()
    assert "print" in texts(shell, "prin")
    assert not is_loaded(shell)


def test_what_watched_for_the_first_use_is_gone_after_it(shell: InteractiveShell) -> None:
    """One callback, for as long as it is of use."""
    watching = len(shell.events.callbacks["pre_run_cell"])
    for _ in range(2):
        run(shell, f"%%ctcount --dry-run\n{QUERY}").raise_error()
    assert len(shell.events.callbacks["pre_run_cell"]) == watching - 1


def test_loading_reloading_and_unloading_work_after_it(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who unloads it means it: nothing loads it again by itself, `%load_ext` does."""
    for cell in ("%load_ext ct_magic", "%reload_ext ct_magic", "%unload_ext ct_magic"):
        run(shell, cell).raise_error()
    assert [
        magics for magics in shell.configurables if type(magics).__name__ == "CountMagics"
    ] == []
    run(shell, f"%%ctcount --dry-run\n{QUERY}")
    assert "`%%ctcount` not found" in "".join(capsys.readouterr())
    run(shell, f"%load_ext ct_magic\n%ctcount --dry-run {QUERY}").raise_error()
    assert '"Charged"' in capsys.readouterr().out


@pytest.mark.parametrize("value", ["0", "false", "No", "OFF"])
def test_it_can_be_switched_off(
    bare: InteractiveShell, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """By a variable, for those who want to load by hand."""
    monkeypatch.setenv("CT_MAGIC_AUTOLOAD", value)
    matchers = list(bare.Completer.custom_matchers)
    bare.safe_execfile(str(FILE), bare.user_ns, raise_exceptions=True)
    assert bare.Completer.custom_matchers == matchers
    assert "ctcount" not in bare.magics_manager.lazy_magics


@pytest.mark.parametrize("shell_of", ["None", "object()", "type('Old', (), {'events': None})()"])
def test_no_shell_is_too_strange_for_it(shell_of: str) -> None:
    """A kernel that is built otherwise starts all the same, and says nothing."""
    names: dict[str, object] = {}
    exec(f"get_ipython = lambda: {shell_of}\n{FILE.read_text(encoding='utf-8')}", names)  # noqa: S102
    assert "_ct_magic" not in names
