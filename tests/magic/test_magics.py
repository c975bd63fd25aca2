"""The magics in a real shell: what they assign, print and refuse."""

import json
from pathlib import Path

import pandas as pd
import pytest
from helpers.shell import run
from IPython.core.interactiveshell import InteractiveShell

from ct_magic import errors
from ct_magic.sandbox import Sandbox
from ct_magic.settings import Settings


def said(shell: InteractiveShell, cell: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Run a cell; give what it printed."""
    run(shell, cell)
    return capsys.readouterr().out


def test_without_a_name_the_dataframe_is_the_cells_value(
    account: Sandbox, shell: InteractiveShell
) -> None:
    """As everything in a notebook is."""
    assert isinstance(run(shell, "%%ctcount\nApp Launched 2026-10").result, pd.DataFrame)


def test_the_line_form_returns_the_dataframe(account: Sandbox, shell: InteractiveShell) -> None:
    """`df = %ctcount App Launched ...` works, quotes and all."""
    run(shell, 'df = %ctcount Charged where Category = "Shoes" 2026-10').raise_error()
    assert shell.user_ns["df"]["event"].iloc[0] == "Charged"


def test_a_failing_cell_assigns_first_and_shows_one_message(
    account: Sandbox, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is lost, the cell fails, and there is no traceback, whatever `%xmode` says."""
    run(shell, "%xmode Verbose")
    result = run(shell, "%%ctcount df\ngood: App Launched 2026-10\nbad: No Such 2026-10")
    out = capsys.readouterr().out
    assert isinstance(result.error_in_exec, errors.CountFailedError)
    assert list(shell.user_ns["df"]["status"]) == ["success", "failed"]
    assert "CountFailedError: 1 of 2 counts did not arrive" in out
    assert "Traceback" not in out
    assert "sandbox" not in out


def test_a_dry_run_prints_the_json_and_sends_nothing(
    state: Path, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even an account is needed."""
    out = said(shell, '%%ctcount --dry-run\nCharged where A = "é" 2026-10', capsys)
    assert json.loads(out)["event_properties"] == [
        {"name": "A", "operator": "equals", "value": "é"}
    ]


def test_a_dry_run_of_many_shows_the_ends_or_all(
    state: Path, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """Thirty bodies are no overview; `all` prints each of them."""
    shortened = said(shell, "%%ctcount --dry-run\nCharged 2026-09 by day", capsys)
    assert "and 28 more" in shortened
    assert shortened.count('"event_name"') == 2
    complete = said(shell, "%%ctcount --dry-run all\nCharged 2026-09 by day", capsys)
    assert complete.count('"event_name"') == 30


def test_a_plan_says_what_would_be_sent(
    account: Sandbox, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows, distinct counts and what the journal knows; nothing is sent."""
    run(shell, "%%ctcount df\nCharged 2026-09-01").raise_error()
    before = len(account.log)
    out = said(shell, "%%ctcount df --plan\nCharged 2026-09 by day", capsys)
    assert "29 counts to ask for 30 rows, 1 from the journal" in out
    assert len(account.log) == before


def test_dollar_and_braces_reach_the_query_untouched(
    account: Sandbox, shell: InteractiveShell
) -> None:
    """IPython does not put variables into the text; the language reads them itself."""
    shell.user_ns["kind"] = "Shoes"
    result = run(shell, 'df = %ctcount Charged where Category in ("{kind}", $kind) 2026-10')
    result.raise_error()
    sent = [request.body for request in account.log if request.method == "POST"][-1]
    assert sent["event_properties"][0]["value"] == ["{kind}", "Shoes"]


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%%ctcount my-df\nApp Launched", "cannot name a variable"),
        ("%%ctcount df --dryrun\nApp Launched", "did you mean --dry-run?"),
        ("%%ctcount df\n  ", "nothing to ask"),
        ("%ctcount", "nothing to ask"),
        ("%ct ues sandbox", "did you mean '%ct use'?"),
        ("%ct use a b", "takes the name of an account"),
        ("%ct login prod hunter2", "asks for it hidden"),
        ("%ct resume please", "takes nothing more"),
    ],
)
def test_wrong_arguments_get_one_line_that_says_what_is_right(
    account: Sandbox, shell: InteractiveShell, cell: str, message: str
) -> None:
    """And the passcode that somebody typed is not repeated."""
    error = run(shell, cell).error_in_exec
    assert isinstance(error, errors.UsageError)
    assert message in str(error)
    assert "\n" not in str(error)
    assert "hunter2" not in str(error)


def test_history_is_a_dataframe_of_what_was_asked(
    account: Sandbox, shell: InteractiveShell
) -> None:
    """With the account's time to the second, which Excel takes, the id and the count."""
    run(shell, "%%ctcount df\nApp Launched 2026-10").raise_error()
    run(shell, "past = %ct history").raise_error()
    history = shell.user_ns["past"]
    assert list(history["title"]) == ["App Launched 2026-10"]
    assert history["req_id"].iloc[0].isdigit()
    assert history["asked"].dt.tz is None
    assert history["asked"].dt.microsecond.tolist() == [0]
    assert history["count"].iloc[0] == shell.user_ns["df"]["count"].iloc[0]


def test_history_may_be_cut_and_searched(account: Sandbox, shell: InteractiveShell) -> None:
    """By a number of cells, by what a query holds, or both."""
    for text in ("App Launched 2026-10", "Charged 2026-10", "Charged 2026-09"):
        run(shell, f"%%ctcount df\n{text}").raise_error()
    for argument, texts in {
        "1": ["Charged 2026-09"],
        "Charged": ["Charged 2026-09", "Charged 2026-10"],
        "1 App Launched": ["App Launched 2026-10"],
    }.items():
        assert list(run(shell, f"%ct history {argument}").result["title"]) == texts


@pytest.mark.parametrize("option", ["", " --dry-run", " --background"])
def test_an_error_counts_the_lines_of_the_cell(
    account: Sandbox, shell: InteractiveShell, option: str
) -> None:
    """As the front end numbers them: the magic's own line is the first."""
    error = run(shell, f"%%ctcount df{option}\nCharged today\nCharged wher A = 1").error_in_exec
    assert isinstance(error, errors.QueryError)
    assert str(error).startswith("line 3, column 9\n")
    error = run(shell, "%ctcount Charged wher A = 1").error_in_exec
    assert str(error).startswith("line 1, column 9\n")


def test_a_setting_that_cannot_be_meant_is_refused(
    account: Sandbox, shell: InteractiveShell
) -> None:
    """A poll interval of no time at all would hammer the service."""
    run(shell, "%config CountMagics.poll_interval = -1")
    error = run(shell, "%%ctcount df\nApp Launched 2026-10").error_in_exec
    assert isinstance(error, errors.UsageError)
    assert "poll_interval is a number of seconds above 0" in str(error)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("timeout", "30m"),
        ("timeout", float("inf")),
        ("timeout", True),
        ("poll_interval", 1e12),
        ("retry_wait", None),
        ("cache_ttl", float("nan")),
        ("max_concurrent", 2.5),
        ("max_concurrent", "3"),
        ("max_counts", 0),
        ("timezone", 5),
        ("progress", "loud"),
    ],
)
def test_a_setting_that_no_thread_could_keep_is_refused(setting: str, value: object) -> None:
    """From Python too: a text, or a time without end, would leave a count waiting for ever."""
    with pytest.raises(errors.UsageError, match=setting):
        Settings(**{setting: value})  # type: ignore[arg-type]


def test_a_damaged_journal_is_named_by_history(state: Path, shell: InteractiveShell) -> None:
    """One message with the file's path, no traceback of SQLite's."""
    (state / "state").mkdir()
    (state / "state" / "journal.sqlite").write_bytes(b"this is no database, " * 500)
    error = run(shell, "%ct history").error_in_exec
    assert isinstance(error, errors.JournalError)
    assert "journal.sqlite cannot be read" in str(error)


def test_ct_alone_lists_its_commands(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each with a line that says what it is for."""
    out = said(shell, "%ct", capsys)
    for command in ("use", "accounts", "login", "explain", "help", "history", "resume"):
        assert f"%ct {command} " in out
