"""What commands say on a page: it is wrapped between words, and stays the text that it is."""

from __future__ import annotations

import re
from html import unescape

import pytest
from helpers.front_end import FrontEnd

from ct_magic.magic.commands import overview
from ct_magic.magic.formatters import wrapped
from ct_magic.query.help import PAGE, topic


@pytest.mark.parametrize("text", [overview(), PAGE, topic("where"), "a <b> & $x $y\n\n  c"])
def test_a_page_holds_the_text_as_it_is(text: str) -> None:
    """Every sign and every line, whatever stands in it."""
    lines = re.findall(r"<div style[^>]*>(.*?)</div>", wrapped(text))
    assert [unescape(line.replace("<br>", "")) for line in lines] == text.rstrip("\n").split("\n")


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("%ct use       Ask this account", 14),
        ("names     App Launched  quoted", 10),
        ("          in (1, 2)   not in", 14),
        ("  Charged last 7 days", 6),
        ("Filters of an event: a profile counts", 0),
    ],
)
def test_a_line_goes_on_below_its_second_column(line: str, column: int) -> None:
    """Else a list of two columns cannot be read where the page is narrow."""
    assert f"padding-left:{column}ch;text-indent:-{column}ch" in wrapped(line)


def test_a_notebook_gets_html_and_the_text(kernel: FrontEnd) -> None:
    """Where there is none the text is printed: other tests read it there."""
    kernel.done("%load_ext ct_magic")
    for command in ("%ct", "%ct help", "%ct help where", "%ct help retention", "%ct help form"):
        kernel.done(command)
        kernel.read()
        shown = kernel.shown[-1]
        assert shown["text/html"] == wrapped(shown["text/plain"])
    assert len(kernel.shown) == 5
