"""The pages cannot lie: blocks run, tables are the code's, and nothing is left out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from helpers.pages import PAGES, ROOT, blocks
from helpers.shell import TODAY, point_at, run
from IPython.core.interactiveshell import InteractiveShell

import ct_magic
from ct_magic import errors
from ct_magic.client import accounts
from ct_magic.magic import arguments as options, commands
from ct_magic.magic.magics import CountMagics
from ct_magic.sandbox import Sandbox
from ct_magic.sandbox.__main__ import _server_parser as sandbox_parser
from ct_magic.session.session import SESSION
from ct_magic.settings import Changes, Settings

SOURCES = "".join(
    path.read_text(encoding="utf-8")
    for folder in ("ct_magic", "jupyter-config")
    for path in (ROOT / folder).rglob("*.py")
)


EVERYTHING = "\n".join(PAGES.values())
MAGIC, CLIENT = "ct_magic/magic/README.md", "ct_magic/client/README.md"


def table(page: str, name: str) -> str:
    """The table that follows the comment with this name."""
    match = re.search(rf"<!-- table: {name} -->\n\n((?:\|.*\n)+)", PAGES[page])
    return match[1] if match else ""


def settings_table() -> str:
    traits = CountMagics.class_traits(config=True)
    rows = [
        f"| `{name}` | `{traits[name].default_value}` | {traits[name].help} |\n"
        for name in Settings.__dataclass_fields__
    ]
    return "".join(["| setting | unset | |\n", "| --- | --- | --- |\n", *rows])


def options_table() -> str:
    usages = [f"{option.name} {option.value}".strip() for option in options.OPTIONS]
    rows = [f"| `{u}` | {o.help} |\n" for u, o in zip(usages, options.OPTIONS, strict=True)]
    return "".join(["| option | |\n", "| --- | --- |\n", *rows])


def commands_table() -> str:
    rows = [
        f"| `%ct {name}` | {(command.__doc__ or '').splitlines()[0]} |\n"
        for name, command in commands.COMMANDS.items()
    ]
    return "".join(["| command | |\n", "| --- | --- |\n", *rows])


@pytest.fixture(scope="module")
def prompt() -> Iterator[Sandbox]:
    """A sandbox that answers at once: a page's script would look again after half a minute."""
    with Sandbox(profiles=800, latency=0, today=TODAY) as box:
        yield box


@pytest.fixture
def session(prompt: Sandbox, state: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """`%ct use sandbox` and the environment give this one, so that the page is read quickly."""
    point_at(prompt, monkeypatch)
    before, SESSION.sandbox = SESSION.sandbox, prompt
    yield prompt
    SESSION.sandbox, SESSION.used = before, "default"


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")])
def test_every_cell_runs_in_order(
    page: str,
    session: Sandbox,
    shell: InteractiveShell,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A newcomer who copies a page from top to bottom meets no error."""
    monkeypatch.chdir(tmp_path)
    for block in blocks(page, "python"):
        run(shell, block).raise_error()
    names = re.findall(r"^%%ctcount (\w+)", "\n".join(blocks(page, "python")), re.MULTILINE)
    for name in names:
        assert isinstance(shell.user_ns[name], pd.DataFrame), name


@pytest.mark.parametrize(
    "text",
    [text for page in PAGES for text in blocks(page, "ctcount")],
    ids=lambda text: text.split("\n")[0][:40],
)
def test_every_query_is_answered(session: Sandbox, text: str) -> None:
    """The language's examples are not only grammatical: the sandbox counts them."""
    frame = ct_magic.count(text, account="sandbox", poll_interval=0.01, progress="none")
    assert set(frame["status"]) <= {"success", "not yet"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("settings", settings_table()),
        ("options", options_table()),
        ("commands", commands_table()),
    ],
)
def test_the_tables_are_those_of_the_code(name: str, expected: str) -> None:
    """Made from the traits, the options and the commands; a failure prints what belongs there."""
    assert table(MAGIC, name) == expected, "\n" + expected


def test_settings_and_traits_are_the_same() -> None:
    """What `count()` takes, `%config CountMagics` sets, with the same default."""
    traits = CountMagics.class_traits(config=True)
    assert set(Changes.__annotations__) == set(Settings.__dataclass_fields__) == set(traits)
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
    """Every command, extra, variable, region, key and option is on a page."""
    assert word in EVERYTHING


def test_every_message_is_one_that_can_be_met() -> None:
    """What stands under "When something goes wrong" is really said by somebody."""
    section = PAGES[CLIENT].split("## When something goes wrong")[1].split("\n## ")[0]
    cells = [cell for row in section.split("\n") for cell in row.split(" | ")[:1] if "`" in cell]
    spoken = re.sub(r'"\s*\n?\s*f?"', "", SOURCES)
    assert len(cells) > 5
    for cell in cells:
        for message in re.findall(r"`([^`]+)`", cell):
            words = re.sub(r"'%ct \w+'", "", message.removeprefix("UsageError: "))
            assert words == "Cell magic" or any(part in spoken for part in [message, words]), (
                message
            )


@pytest.mark.parametrize("page", PAGES)
def test_every_file_named_is_there(page: str) -> None:
    """Paths and links on a page exist."""
    named = re.findall(r"`((?:ct_magic|notebooks|tests|jupyter-config)/[\w./-]*)`", PAGES[page])
    assert [path for path in named if not (ROOT / path).exists()] == []
    links = re.findall(r"\]\(([^)\s]+)\)", PAGES[page])
    linked = [path.split("#")[0] for path in links if ":" not in path]
    assert [path for path in linked if not (ROOT / page).parent.joinpath(path).exists()] == []


def test_readme_is_short() -> None:
    """What one needs at once; the rest is on the page where one looks for it."""
    assert len(PAGES["README.md"].splitlines()) <= 150


def test_every_public_name_has_a_manual() -> None:
    """`help()` says what comes in, what comes out and what is raised."""
    for name in ct_magic.__all__:
        assert (getattr(ct_magic, name).__doc__ or "").strip(), name


def test_every_error_stands_in_the_tree() -> None:
    """Who catches errors finds them all drawn in one place."""
    drawn = errors.__doc__ or ""
    for name, member in vars(errors).items():
        if isinstance(member, type) and issubclass(member, BaseException | Warning):
            assert name in drawn, name
