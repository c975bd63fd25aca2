"""Wherever an error names a cure, the cure is tried: provoked, done as it says, and counted.

What is typed in a cell is in `magic/test_typed_cures.py`, what is written in a query in
`query/test_written_cures.py`; certificates and proxies are in `client/test_wire.py`. By hand was
tried what a suite cannot do: a full disk, a read-only folder, each `pip install`, a SOCKS proxy.
"""

from __future__ import annotations

import re
import resource
import subprocess
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import ct_magic
from ct_magic.client import accounts
from ct_magic.client.journal.store import opened
from ct_magic.errors import AccountError, JournalWarning

Patch = pytest.MonkeyPatch


# The journal: trouble costs no count, and what is named for it brings the journal back.


def counted() -> list[str]:
    """Count anew, and give what the journal has to say about it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        df = ct_magic.count(
            "App Launched 2026-10", poll_interval=0.01, progress="none", refresh=True
        )
    assert list(df["status"]) == ["success"]
    return [
        str(warning.message) for warning in caught if issubclass(warning.category, JournalWarning)
    ]


def no_database(file: Path, _: Patch) -> None:
    file.parent.mkdir()
    file.write_text("this is no database " * 500)


def a_folder(file: Path, _: Patch) -> None:
    file.mkdir(parents=True)


def a_file_for_the_folder(file: Path, _: Patch) -> None:
    file.parent.write_text("")


def no_home(_: Path, patch: Patch) -> None:
    patch.setenv("CT_MAGIC_STATE_DIR", "~nobody-at-all/x")


def let_files_grow(to: int) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (to, most))


def no_room(_: Path, __: Patch) -> None:
    let_files_grow(4096)  # which is told as a full quota is


def no_more_room(_: Path, __: Patch) -> None:
    counted()
    let_files_grow(8192)


def read_only(file: Path, _: Patch) -> None:
    counted()
    opened(file)._db.execute("PRAGMA query_only = 1")  # which a root's test may do, unlike chmod


def remove_it(file: Path, _: Patch) -> None:
    file.unlink()


def name_another_folder(file: Path, patch: Patch) -> None:
    patch.setenv("CT_MAGIC_STATE_DIR", str(file.parent.parent / "other"))


def free_some_space(*_: object) -> None:
    let_files_grow(resource.RLIM_INFINITY)


def nothing(*_: object) -> None:
    """Here the cure is that the next cell tries again."""


@pytest.fixture
def _room() -> Iterator[None]:
    yield
    free_some_space()


@pytest.mark.usefixtures("account", "_room")
@pytest.mark.parametrize(
    ("trouble", "message", "cure"),
    [
        (no_database, "it is damaged: remove it", remove_it),
        (a_folder, "or CT_MAGIC_STATE_DIR name another folder", name_another_folder),
        (a_file_for_the_folder, "CT_MAGIC_STATE_DIR names another folder", name_another_folder),
        (no_home, "CT_MAGIC_STATE_DIR names a whole path", name_another_folder),
        (no_room, "disk I/O error; free some space, or let CT_MAGIC_", free_some_space),
        (no_more_room, "disk I/O error; free some space, or let CT_MAGIC_", free_some_space),
        (read_only, "must be writable", nothing),
    ],
)
def test_the_journal_is_back_after_its_cure(
    state: Path,
    monkeypatch: Patch,
    trouble: Callable[[Path, Patch], None],
    message: str,
    cure: Callable[[Path, Patch], None],
) -> None:
    """In the same kernel, without a restart: nobody would think of that."""
    file = state / "state" / "journal.sqlite"
    trouble(file, monkeypatch)
    (warning,) = counted()
    assert message in warning
    cure(file, monkeypatch)
    before = len(ct_magic.history())
    assert counted() == []
    assert len(ct_magic.history()) == before + 1


# Accounts: what is said is done to the file, the environment or the folder.


def write(state: Path, text: str, mode: int = 0o600) -> Path:
    file = state / "config" / "accounts.toml"
    file.parent.mkdir(exist_ok=True, mode=0o700)
    file.write_text(text)
    file.chmod(mode)
    return file


def shell_command(message: str, file: Path) -> None:
    """Run the command that a message names, on what it names."""
    command = re.search(r"run (chmod \S+) on (.+)", message)
    assert command
    target = file if command[2] == "it" else command[2]
    subprocess.run([*command[1].split(), target], check=True)


PROD = '[prod]\nid = "P"'


def test_a_file_that_others_may_change_is_taken_once_its_mode_is_as_said(
    state: Path, monkeypatch: Patch
) -> None:
    """The commands are run as they stand."""
    monkeypatch.setenv("CLEVERTAP_PASSCODE_PROD", "x")
    file = write(state, PROD, 0o666)
    file.parent.chmod(0o777)
    for _ in range(2):
        with pytest.raises(AccountError) as caught:
            accounts.find_account("prod")
        shell_command(str(caught.value), file)
    assert accounts.find_account("prod").id == "P"


@pytest.mark.parametrize(
    ("text", "environ", "message", "cured", "cure"),
    [
        (PROD, {}, "set CLEVERTAP_PASSCODE_PROD, or", PROD, {"CLEVERTAP_PASSCODE_PROD": "x"}),
        (
            PROD + "\npasscode = 'y'",
            {},
            "take it out .* or set CLEVERTAP_PASSCODE_PROD",
            PROD,
            {"CLEVERTAP_PASSCODE_PROD": "x"},
        ),
        (
            '[my-prod]\nid = "A"\n[my_prod]\nid = "B"',
            {"CLEVERTAP_PASSCODE_MY_PROD": "x"},
            "would both read CLEVERTAP_PASSCODE_MY_PROD: rename one",
            PROD + '\n[my_prod]\nid = "B"',
            {"CLEVERTAP_PASSCODE_PROD": "x"},
        ),
        (
            PROD + '\nbase_url = "http://ct.example"',
            {"CLEVERTAP_PASSCODE_PROD": "x"},
            "in the clear: use https",
            PROD + '\nbase_url = "https://ct.example"',
            {},
        ),
        (
            PROD + '\nbase_url = "ct.example"',
            {"CLEVERTAP_PASSCODE_PROD": "x"},
            "write it like https://host or https://host/path",
            PROD + '\nbase_url = "https://ct.example/path"',
            {},
        ),
        (
            PROD + '\nbase_url = "https://ct.example/1/counts/profiles.json"',
            {"CLEVERTAP_PASSCODE_PROD": "x"},
            "leave out what begins with /1",
            PROD + '\nbase_url = "https://ct.example"',
            {},
        ),
        (
            PROD + '\ntimezone = "Kolkata"',
            {"CLEVERTAP_PASSCODE_PROD": "x"},
            "write it like 'Asia/Kolkata'",
            PROD + '\ntimezone = "Asia/Kolkata"',
            {},
        ),
        ('id = "P"', {}, r"begin with \[name\]", PROD, {"CLEVERTAP_PASSCODE_PROD": "x"}),
        (
            '[default]\nid = "P"',
            {},
            "choose another",
            PROD,
            {"CLEVERTAP_PASSCODE_PROD": "x"},
        ),
        (
            PROD,
            {"CT_MAGIC_CONFIG_DIR": "~nobody-at-all/x", "CLEVERTAP_PASSCODE_PROD": "x"},
            "give the whole path",
            PROD,
            {"CT_MAGIC_CONFIG_DIR": ""},
        ),
    ],
)
def test_an_account_is_found_once_its_cure_is_done(
    state: Path,
    monkeypatch: Patch,
    text: str,
    environ: dict[str, str],
    message: str,
    cured: str,
    cure: dict[str, str],
) -> None:
    """What is set and written as the message has it."""
    folder = str(state / "config")
    write(state, text)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(AccountError, match=message):
        accounts.find_account("prod")
    write(state, cured)
    for name, value in cure.items():
        monkeypatch.setenv(name, value or folder)
    assert accounts.find_account("prod").id == "P"
