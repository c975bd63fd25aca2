"""README cannot lie: its blocks run, its tables are made from the code, and nothing is left out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from helpers.readme import README, ROOT, blocks
from helpers.shell import run
from IPython.core.interactiveshell import InteractiveShell

import ct_magic
from ct_magic import errors
from ct_magic.client import accounts
from ct_magic.magic import arguments, commands
from ct_magic.magic.magics import CountMagics
from ct_magic.sandbox import Sandbox
from ct_magic.sandbox.__main__ import _parser as sandbox_parser
from ct_magic.session import SESSION
from ct_magic.settings import Settings

SOURCES = "".join(
    path.read_text(encoding="utf-8")
    for folder in ("ct_magic", "jupyter-config")
    for path in (ROOT / folder).rglob("*.py")
)


def table(name: str) -> str:
    """The table that follows the comment with this name."""
    found = re.search(rf"<!-- table: {name} -->\n\n((?:\|.*\n)+)", README)
    return found[1] if found else ""


def settings_table() -> str:
    traits = CountMagics.class_own_traits()
    rows = [
        f"| `{name}` | `{traits[name].default_value}` | {traits[name].help} |\n"
        for name in Settings.__dataclass_fields__
    ]
    return "".join(["| setting | unset | |\n", "| --- | --- | --- |\n", *rows])


def options_table() -> str:
    told = [action for action in arguments.parser()._actions if action.option_strings]
    rows = [
        f"| `{' '.join([one.option_strings[0], *filter(None, [one.metavar])])}` | {one.help} |\n"
        for one in told
    ]
    return "".join(["| option | |\n", "| --- | --- |\n", *rows])


@pytest.fixture
def session(account: Sandbox) -> Iterator[Sandbox]:
    """`%ct use sandbox` gives the small one, so that the page is read quickly."""
    before, SESSION._sandbox = SESSION._sandbox, account
    yield account
    SESSION._sandbox, SESSION._used = before, None


def test_every_cell_runs_in_order(
    session: Sandbox, shell: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newcomer who copies the page from top to bottom meets no error."""
    monkeypatch.chdir(tmp_path)
    for block in blocks("python"):
        run(shell, block).raise_error()
    for name in ("foodies", "funnel", "week", "dear"):
        assert isinstance(shell.user_ns[name], pd.DataFrame), name


@pytest.mark.parametrize("text", blocks("ctcount"), ids=lambda text: text.split("\n")[0][:40])
def test_every_query_is_answered(session: Sandbox, text: str) -> None:
    """The language's examples are not only grammatical: the sandbox counts them."""
    found = ct_magic.count(text, account="sandbox", poll_interval=0.01, progress="none")
    assert found["count"].notna().all()


def test_the_tables_are_those_of_the_code() -> None:
    """Made from the traits and the options; a failure prints what belongs there."""
    assert table("settings") == settings_table(), "\n" + settings_table()
    assert table("options") == options_table(), "\n" + options_table()


def test_settings_and_traits_are_the_same() -> None:
    """What `count()` takes, `%config CountMagics` sets, with the same default."""
    traits = CountMagics.class_own_traits()
    for name, field in Settings.__dataclass_fields__.items():
        assert traits[name].default_value == field.default, name


def mentioned() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [
        *(f"`%ct {name}" for name in commands.COMMANDS),
        *(f"`{extra}`" for extra in project["optional-dependencies"] if extra != "dev"),
        *set(re.findall(r"\b(?:CLEVERTAP|CT_MAGIC)_[A-Z_]*[A-Z]\b", SOURCES)),
        *accounts.REGIONS,
        *accounts.KEYS,
        *(
            option
            for a in sandbox_parser()._actions
            for option in a.option_strings
            if len(option) > 2
        ),
    ]


@pytest.mark.parametrize("word", sorted(set(mentioned()) - {"--help"}))
def test_nothing_is_left_out(word: str) -> None:
    """Every command, extra, variable, region, key and option stands on the page."""
    assert word in README


def test_every_message_is_one_that_can_be_met() -> None:
    """What stands under "When something goes wrong" is really said by somebody."""
    section = README.split("## When something goes wrong")[1].split("\n## ")[0]
    said = [cell for row in section.split("\n") for cell in row.split(" | ")[:1] if "`" in cell]
    spoken = re.sub(r'"\s*\n?\s*f?"', "", SOURCES)
    for cell in said:
        for message in re.findall(r"`([^`]+)`", cell):
            words = re.sub(r"'%ct \w+'", "", message.removeprefix("UsageError: "))
            assert words == "Cell magic" or any(part in spoken for part in [message, words]), (
                message
            )


def test_every_file_named_is_there() -> None:
    """Paths on the page exist."""
    for path in re.findall(r"`((?:ct_magic|notebooks|tests|jupyter-config)/[\w./-]*)`", README):
        assert (ROOT / path).exists(), path


def test_every_public_name_has_a_manual() -> None:
    """`help()` says what comes in, what comes out and what is raised."""
    for name in ct_magic.__all__:
        assert (getattr(ct_magic, name).__doc__ or "").strip(), name


def test_every_error_stands_in_the_tree() -> None:
    """Who catches errors finds them all drawn in one place."""
    drawn = errors.__doc__ or ""
    for name, found in vars(errors).items():
        if isinstance(found, type) and issubclass(found, BaseException | Warning):
            assert name in drawn, name
