"""A cell without NAME shows its frame short; the value, and every other frame, is as always."""

from __future__ import annotations

import pandas as pd
from helpers.shell import run
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from ct_magic.sandbox import Sandbox

CELL = "%%ctcount\nApp Launched 2026-10\nCharged 2026-10"


def drawn(shell: InteractiveShell, value: object) -> dict[str, str]:
    assert shell.display_formatter is not None
    data: dict[str, str] = shell.display_formatter.format(value)[0]
    return data


def test_a_cells_own_frame_is_shown_short(account: Sandbox, shell: InteractiveShell) -> None:
    """Its value has all columns, and is a plain DataFrame."""
    with capture_output():
        found = run(shell, CELL).result
    assert type(found) is pd.DataFrame
    assert "status" in found.columns
    for text in drawn(shell, found).values():
        assert "count" in text
        assert "status" not in text
        assert f"{found['count'].iloc[0]:,}" in text


def test_every_other_frame_is_shown_as_before(account: Sandbox, shell: InteractiveShell) -> None:
    """Also by who drew them before, and after the extension is gone."""
    assert shell.display_formatter is not None
    html = shell.display_formatter.formatters["text/html"]
    html.for_type(pd.DataFrame, lambda frame: "<b>mine</b>")
    try:
        with capture_output():
            found = run(shell, CELL).result
        other = pd.DataFrame({"status": [1]})
        assert drawn(shell, other)["text/html"] == "<b>mine</b>"
        assert drawn(shell, other)["text/plain"] == repr(other)
        assert drawn(shell, found)["text/html"] != "<b>mine</b>"
        assert drawn(shell, found.head(1))["text/html"] == "<b>mine</b>"
        run(shell, "%unload_ext ct_magic").raise_error()
        assert drawn(shell, found)["text/html"] == "<b>mine</b>"
    finally:
        html.pop(pd.DataFrame)
        run(shell, "%load_ext ct_magic").raise_error()
