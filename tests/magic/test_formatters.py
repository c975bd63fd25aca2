"""A cell without NAME shows its frame short; the value, and every other frame, is as always."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import UTC
from html import escape
from pathlib import Path

import pandas as pd
import pytest
from helpers.shell import run
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from ct_magic.client.jobs import Tally
from ct_magic.client.journal.entries import Entry
from ct_magic.client.journal.history import PastCell
from ct_magic.common.words import width
from ct_magic.errors import QueryError
from ct_magic.panel.short_tables import short_history
from ct_magic.results.tables import history_frame
from ct_magic.sandbox import Sandbox

CELL = "%%ctcount\nApp Launched 2026-10\nCharged 2026-10"


def drawn(shell: InteractiveShell, value: object) -> dict[str, str]:
    assert shell.display_formatter is not None
    data: dict[str, str] = shell.display_formatter.format(value)[0]
    return data


def test_a_cells_own_frame_is_shown_short(account: Sandbox, shell: InteractiveShell) -> None:
    """Its value has all columns, and is a plain DataFrame."""
    with capture_output():
        df = run(shell, CELL).result
    assert type(df) is pd.DataFrame
    assert "status" in df.columns
    for text in drawn(shell, df).values():
        assert "count" in text
        assert "status" not in text
        assert f"{df['count'].iloc[0]:,}" in text


def test_one_count_is_said_once(account: Sandbox, shell: InteractiveShell) -> None:
    """The page has the panel with the number: there it says only what `_` is; later it shows it."""
    run(shell, "%config CountMagics.progress = 'html'").raise_error()
    shell.execution_count = 7
    for cell, is_line in ((7, True), (8, False)):
        if is_line:
            with capture_output():
                df = run(shell, "%ctcount App Launched 2026-10").result
        shell.execution_count = cell
        page, text = (drawn(shell, df)[kind] for kind in ("text/html", "text/plain"))
        number = f"{df['count'].iloc[0]:,}"
        assert ("DataFrame of 1 row: query, start" in page) == is_line
        assert (f"<td>{number}</td>" in page) != is_line
        assert number in text


def test_a_named_frame_is_shown_short_in_a_later_cell(
    account: Sandbox, shell: InteractiveShell
) -> None:
    """It is the DataFrame that it was; what is made of it is shown as ever."""
    with capture_output():
        run(shell, CELL.replace("ctcount", "ctcount df")).raise_error()
    df = shell.user_ns["df"]
    assert type(df) is pd.DataFrame
    assert "status" not in drawn(shell, df)["text/html"]
    assert "status" in drawn(shell, df.head(1))["text/html"]
    del df["query"]
    assert "App Launched" in drawn(shell, df)["text/html"], "somebody has changed it in place"


@pytest.mark.parametrize(
    "line", ["%ctcount Charged where Amount > 5 and Amount < 9", "%ct history"]
)
def test_dollars_are_no_formula_in_a_frame(
    line: str, account: Sandbox, shell: InteractiveShell
) -> None:
    """A page sets what is between two of them as one, unless its element says otherwise."""
    with capture_output():
        run(shell, "%%ctcount\na$b: App Launched 2026-10\nc$d: Charged 2026-10").raise_error()
        frame = run(shell, line).result
    assert re.search(r'class="[^"]*\bmathjax_ignore\b', drawn(shell, frame)["text/html"])


def test_who_wants_no_html_gets_the_text(account: Sandbox, shell: InteractiveShell) -> None:
    """pandas has an option for it: a page shows no "None" in its place."""
    with capture_output():
        df = run(shell, CELL).result
    with pd.option_context("display.notebook_repr_html", False):
        assert set(drawn(shell, df)) == {"text/plain"}


def test_every_other_frame_is_shown_as_before(account: Sandbox, shell: InteractiveShell) -> None:
    """Also by who drew them before, and after the extension is gone."""
    assert shell.display_formatter is not None
    html = shell.display_formatter.formatters["text/html"]
    html.for_type(pd.DataFrame, lambda frame: "<b>mine</b>")
    try:
        with capture_output():
            df = run(shell, CELL).result
        other = pd.DataFrame({"status": [1]})
        assert drawn(shell, other)["text/html"] == "<b>mine</b>"
        assert drawn(shell, other)["text/plain"] == repr(other)
        assert drawn(shell, df)["text/html"] != "<b>mine</b>"
        assert drawn(shell, df.head(1))["text/html"] == "<b>mine</b>"
        run(shell, "%unload_ext ct_magic").raise_error()
        assert drawn(shell, df)["text/html"] == "<b>mine</b>"
    finally:
        html.pop(pd.DataFrame)
        run(shell, "%load_ext ct_magic").raise_error()


def cells(times: int = 1) -> list[PastCell]:
    """A cell of one count with an awkward title, one of three that failed in part, and more."""
    entry = Entry(
        1, "success", "", "<b>\n食べ物 " + "x" * 99, "", 0, 0, "1", 1, 1, Tally(1379), None
    )
    lost = Entry(2, "failed", "", "funnel", "", 0, 0, "2", 1, 1, None, "why")
    three = (replace(entry, title="funnel"), replace(entry, title="funnel"), lost)
    pair = [
        PastCell("A at b", 1.8e9, "df", None, (entry.title,), 1, (entry,)),
        PastCell("A at b", 0, None, None, ("funnel",), 3, three),
    ]
    return pair * times


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_history_is_one_line_a_cell_that_fits_into_the_terminal(
    columns: int,
) -> None:
    """Whatever stands in a query; what all cells share is left out."""
    history = history_frame(cells(), lambda _: UTC)
    lines = short_history(history, is_page=False, columns=columns).splitlines()
    assert len(lines) == 3
    assert max(sum(map(width, line)) for line in lines) <= columns
    assert lines[1].startswith("2027-01-15 08:00:00  df")
    assert "2 success, 1 failed" in lines[2]
    if columns >= 80:
        assert lines[0].split() == ["asked", "variable", "state", "counts", "count", "title"]
        assert "1,379  <b> 食べ" in lines[1]
        assert lines[2].endswith("funnel")


def test_a_pages_history_is_a_table_and_says_what_it_leaves_out() -> None:
    """Its value has all columns and all rows."""
    page = short_history(history_frame(cells(40), lambda _: UTC), is_page=True)
    assert page.count("<tr>") == 51
    assert "and 30 older" in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert "older" not in short_history(history_frame(cells(), lambda _: UTC), is_page=False)


def test_a_history_of_nothing_is_shown_too(state: Path, shell: InteractiveShell) -> None:
    """Before the first count: a header, not a traceback of pandas."""
    with capture_output():
        history = run(shell, "%ct history").result
    assert history.empty
    for text in drawn(shell, history).values():
        assert "asked" in text


def test_the_command_shows_history_short(account: Sandbox, shell: InteractiveShell) -> None:
    """And gives a plain DataFrame of all columns."""
    with capture_output():
        run(shell, "%%ctcount df\nApp Launched 2026-10").raise_error()
        history = run(shell, "%ct history").result
    assert type(history) is pd.DataFrame
    assert "req_id" in history.columns
    for text in drawn(shell, history).values():
        assert "App Launched 2026-10" in text
        assert "req_id" not in text


def test_accounts_are_a_table_of_words(account: Sandbox, shell: InteractiveShell) -> None:
    """What is missing is blank, what is to be done is not cut; the value is a plain DataFrame."""
    accounts = run(shell, "%ct accounts").result
    page = drawn(shell, accounts)["text/html"]
    assert "NaN" not in page
    assert "NA" not in page
    assert ">yes</td>" in page
    assert page.count("<tr>") == len(accounts) + 1
    assert all(escape(note) in page for note in accounts["note"].dropna())
    assert drawn(shell, accounts)["text/plain"] == repr(accounts)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "cp437"])
def test_what_is_printed_loses_a_letter_not_the_answer(
    account: Sandbox, shell: InteractiveShell, encoding: str
) -> None:
    """A terminal or a file of an old encoding: commands and errors come without what it lacks."""
    kept = io.BytesIO()
    with redirect_stdout(io.TextIOWrapper(kept, encoding, write_through=True)) as out:
        shell.run_line_magic("ct", "explain Charged where Category = '\u4e2d \U0001f600' 2026-10")
        with pytest.raises(QueryError) as caught:
            shell.run_line_magic("ctcount", "Charged where \u4e2d \u2192 5")
        out.write("\n".join(caught.value._render_traceback_()))
    assert b"Category = '? ?'" in kept.getvalue().replace(b'"', b"'")
    assert b"QueryError: line 1" in kept.getvalue()
