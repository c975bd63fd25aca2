"""Tables of words on a page: read at 700 px as at 1400, without a hyphen as the end of a line."""

from __future__ import annotations

import re
from datetime import datetime

import pandas as pd

from ct_magic.panel.short_tables import short_table, word_table

MOMENT = "2026-11-29 01:55:09"
PATH = "/home/somebody/.config/ct_magic/accounts.toml is where " * 2


def styles(page: str) -> dict[str, str]:
    """The style of each cell, by its text."""
    return {
        text: style
        for style, text in re.findall(r'<t[hd](?: scope="col")? style="([^"]*)">([^<]*)<', page)
    }


def test_a_short_column_stays_on_one_line_and_a_long_one_is_no_column_of_words() -> None:
    """A moment is not three lines; a path may break anywhere and does not leave the page."""
    style_of = styles(word_table([["asked", "n", "note"], [MOMENT, "7", PATH]], numbers=[1]))
    assert (
        style_of[MOMENT]
        == style_of["asked"]
        == "text-align:left;vertical-align:top;white-space:nowrap"
    )
    assert "text-align:right" in style_of["7"]
    assert "min-width" in style_of[PATH]
    assert "overflow-wrap:anywhere" in style_of[PATH]


def test_a_value_is_said_in_words() -> None:
    """Lists without brackets, nothing for what is missing, yes and no; foreign text as text."""
    rows = [
        {"when": datetime(2026, 11, 29), "known": ["Shoes", True, 5], "ready": True, "count": 1.0},
        {"when": None, "known": [], "ready": False, "count": None},
        {"when": None, "known": ["<b>"], "ready": False, "count": 2.0},
    ]
    page = short_table(pd.DataFrame(rows), is_page=True)
    assert ">Shoes, true, 5<" in page
    assert "[" not in page
    assert page.count("><") > 3
    assert "&lt;b&gt;" in page


def test_a_page_has_some_rows_of_thousands_and_says_so() -> None:
    """A team has thousands of names."""
    page = short_table(pd.DataFrame({"name": range(1201)}), is_page=True)
    assert page.count("<tr>") == 201
    assert "and 1,001 more: the value holds all" in page
