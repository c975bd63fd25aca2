"""Tab as IPython asks for it: in a shell of this process, and through a kernel's own protocol."""

import textwrap
from collections.abc import Iterator
from datetime import date

import pytest
from helpers.front_end import FrontEnd
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from ct_magic import condition
from ct_magic.magic.completer import IDENTIFIER, install, uninstall
from ct_magic.query.catalog import Names

NAMES = Names({"App Launched": {}, "Charged": {"Category": ("Shoes",), "2x": ()}})


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    shell = InteractiveShell()
    # Jedi reads a cache on disk that other processes write, and its exceptions become "nothing":
    # what Python has to say must not depend on that, where it is asked for and where it is not.
    shell.Completer.use_jedi = False
    shell.user_ns |= {
        "floor": 5,
        "floors": [1],
        "flow": print,
        "flows": condition("A = 1"),
        "day": date(2026, 1, 1),
        "_f": 1,
    }
    install(shell, lambda: NAMES)
    yield shell
    uninstall(shell)


def completions(shell: InteractiveShell, cell: str) -> tuple[str, list[str]]:
    """What IPython answers for a cell with | as the cursor: the text replaced, and the texts."""
    text, cursor = cell.replace("|", ""), cell.index("|")
    with provisionalcompleter():
        proposed = list(shell.Completer.completions(text, cursor))
    return (
        text[proposed[0].start : cursor] if proposed else "",
        [completion.text for completion in proposed],
    )


@pytest.mark.parametrize(
    ("cell", "replaced", "texts"),
    [
        ("%%ctcount\nApp L|", "App L", ["App Launched", "App last"]),
        ("%%ctcount pizza --refresh\nCharged where cat|\n  last 7 days", "cat", ["Category"]),
        ('%%ctcount\nCharged where Category = "|"', '"', ['"Shoes']),
        ("\n%%ctcount\nnew: Charged\n  where 2|", "2", ['"2x"']),
        ("%%ctcount pizza --r|", "--r", ["--refresh"]),
        ("%ctcount Charged where Category = |", "", ['"Shoes"', "true", "false"]),
        ("x = 1\ndf = %ctcount --refresh App L|", "App L", ["App Launched", "App last"]),
        ("%ctcount --d|", "--d", ["--dry-run"]),
        ("%ctcount --account prod App L|", "App L", ["App Launched", "App last"]),
        ("%ctcount --account  prod\tApp L|", "App L", ["App Launched", "App last"]),
        ("%ctcount --account s|", "s", ["sandbox"]),
        ("%%ctcount df --account |", "", ["default", "sandbox"]),
        ("%%ctcount df --account prod --re|", "--re", ["--refresh"]),
        ("%ct h|", "h", ["help", "history"]),
        ("x = %ct hi|", "hi", ["history"]),
        ("%ct use s|", "s", ["sandbox"]),
        ("%ct names --f|", "--f", ["--from"]),
        ("%ct help reten|", "reten", ["retention"]),
        ("%ct explain App L|", "App L", ["App Launched", "App last"]),
        ("%%ct explain\nApp L|", "App L", ["App Launched", "App last"]),
        ("%%ctcount\nCharged where Amount > $fl|", "$fl", ["$floor", "$floors", "$flows"]),
        ("%ctcount Charged where Amount > $|", "$", ["$day", "$floor", "$floors", "$flows"]),
    ],
)
def test_our_cells_and_lines_complete_the_language(
    shell: InteractiveShell, cell: str, replaced: str, texts: list[str]
) -> None:
    """Everything that is proposed is ours, and it replaces just what was typed of it."""
    assert completions(shell, cell) == (replaced, texts)


@pytest.mark.parametrize(
    "cell",
    [
        "%%ctcount\nprin|",
        "%%ctcount\nCharged where Category = pri|",
        "%%ctcount pri|",
        "%%ctcount df --account prod |",
        "%%ctcount df --timeout |",
        "%ct pri|",
        "%ct wait pri|",
        '%%ctcount\nCharged where Category = "$fl|',
        "%%ctcount\nCharged # $fl|",
    ],
)
def test_nothing_of_python_appears_in_our_cells(shell: InteractiveShell, cell: str) -> None:
    """`print` in a query would be an error; no proposal is the right proposal."""
    assert completions(shell, cell) == ("", [])


@pytest.mark.parametrize(
    "cell", ["App L|", "%%ctcounter\nApp L|", "%%time\nApp L|", "x = 'Charged where cat|"]
)
def test_nothing_of_ours_appears_in_other_cells(shell: InteractiveShell, cell: str) -> None:
    """People write Python, too."""
    texts = completions(shell, cell)[1]
    assert not {"App Launched", "Category"} & set(texts)


@pytest.mark.parametrize(
    "cell",
    [
        "prin|",
        "%%time\nprin|",
        "x = '%%ctcount'\nprin|",
        "df = %ctcount Charged\nprin|",
        "%%ctcounter\nprin|",
    ],
)
def test_python_completes_as_ever(shell: InteractiveShell, cell: str) -> None:
    """What is not ours is not suppressed, also where a word of ours stands in the same cell."""
    assert "print" in completions(shell, cell)[1]


def test_installing_twice_and_taking_away_leaves_no_trace() -> None:
    """An extension is loaded again after every change of it, and unloaded now and then."""
    shell = InteractiveShell()
    before = list(shell.Completer.custom_matchers)
    install(shell, Names)
    install(shell, lambda: NAMES)
    matchers = [
        matcher
        for matcher in shell.Completer.custom_matchers
        if getattr(matcher, "matcher_identifier", "") == IDENTIFIER
    ]
    assert len(matchers) == 1
    assert completions(shell, "%%ctcount\nApp L|")[1] == ["App Launched", "App last"]
    uninstall(shell)
    uninstall(shell)
    assert shell.Completer.custom_matchers == before


def test_a_kernel_answers_tab_with_our_names(kernel: FrontEnd) -> None:
    """The way every front end asks: complete_request, and the types that it shows."""
    setup = """
        from ct_magic.query.catalog import Names
        from ct_magic.magic.completer import install, uninstall
        install(get_ipython(), lambda: Names({"App Launched": {}}))
    """
    kernel.done(textwrap.dedent(setup))
    code = "%%ctcount\nx: App La"
    reply = kernel.ask("complete_request", code=code, cursor_pos=len(code))
    kernel.done("uninstall(get_ipython())")
    assert reply["matches"] == ["App Launched", "App last"]
    assert (reply["cursor_start"], reply["cursor_end"]) == (13, 19)
    shown = reply["metadata"]["_jupyter_types_experimental"]
    assert [completion["type"] for completion in shown] == ["event", "keyword"]
