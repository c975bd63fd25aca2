"""Accounts: whom a passcode may be sent to, and what a wrong one is told."""

import copy
import dataclasses
import os
import pickle
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from ct_magic.client import accounts, credentials as passcodes
from ct_magic.client.credentials import Secret
from ct_magic.client.journal import journal
from ct_magic.errors import AccountError

HIDDEN = "AAE-hidden-7731"


def environ(tmp_path: Path, **variables: str) -> dict[str, str]:
    """An environment with credentials and a configuration directory of its own."""
    return {
        "CT_MAGIC_CONFIG_DIR": str(tmp_path),
        "CLEVERTAP_ACCOUNT_ID": "ABC-123",
        "CLEVERTAP_PASSCODE": HIDDEN,
    } | variables


def write(tmp_path: Path, text: str) -> None:
    path = tmp_path / "accounts.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)


def test_the_environment_alone_is_an_account(tmp_path: Path) -> None:
    """Id and passcode suffice; the region is eu1 and its host the documented one."""
    account = accounts.find_account(None, environ(tmp_path))
    assert (account.id, account.region) == ("ABC-123", "eu1")
    assert account.base_url == "https://api.clevertap.com"
    assert account.passcode.reveal() == HIDDEN


@pytest.mark.parametrize(("region", "host"), accounts.REGIONS.items())
def test_each_region_has_its_host(tmp_path: Path, region: str, host: str) -> None:
    """The hosts are those of `client/API.md`."""
    account = accounts.find_account(None, environ(tmp_path, CLEVERTAP_REGION=region))
    assert account.base_url == f"https://{host}"


@pytest.mark.parametrize("region", ["in2", "kr1", "us11", "india", "", "../evil"])
def test_an_unknown_region_lists_the_known_ones(tmp_path: Path, region: str) -> None:
    """No code is a near miss of another: the data there is another company's."""
    with pytest.raises(AccountError, match=r"eu1, in1, us1, sg1, aps3, mec1, sk1") as caught:
        accounts.find_account(None, environ(tmp_path, CLEVERTAP_REGION=region or "x"))
    assert "did you mean" not in str(caught.value)
    assert ("CLEVERTAP_BASE_URL" in str(caught.value)) == (region in ("in2", "kr1"))


def test_a_region_that_is_newer_than_the_list_has_its_host_named(tmp_path: Path) -> None:
    """The cure that the error names, tried."""
    newer = {"CLEVERTAP_REGION": "kr2", "CLEVERTAP_BASE_URL": "https://kr2.api.clevertap.com"}
    account = accounts.find_account(None, environ(tmp_path, **newer))
    assert account.base_url == "https://kr2.api.clevertap.com"
    write(tmp_path, '[prod]\nid = "P"\nregion = "kr2"\n')
    passcode = {"CLEVERTAP_PASSCODE_PROD": "x"}
    with pytest.raises(AccountError, match=r"see \[prod\]; base_url can name"):
        accounts.find_account("prod", environ(tmp_path, **passcode))
    write(tmp_path, '[prod]\nid = "P"\nregion = "kr2"\nbase_url = "https://kr2.example"\n')
    assert (
        accounts.find_account("prod", environ(tmp_path, **passcode)).where
        == "at https://kr2.example"
    )


def test_where_a_passcode_goes_is_said_by_its_host(tmp_path: Path) -> None:
    """An account with a base_url is not announced by a region whose host never sees it."""
    account = accounts.find_account(None, environ(tmp_path, CLEVERTAP_REGION=" IN1 "))
    assert account.where == "in region 'in1', https://in1.api.clevertap.com"
    assert account.place == "in1"
    account = accounts.find_account(
        None, environ(tmp_path, CLEVERTAP_BASE_URL="https://proxy.example")
    )
    assert account.where == "at https://proxy.example"
    assert account.place == "https://proxy.example"
    only_id = {"CLEVERTAP_ACCOUNT_ID": "A", "CLEVERTAP_BASE_URL": "https://proxy.example"}
    with pytest.raises(AccountError, match=r"'default' at https://proxy.example: set"):
        accounts.find_account(None, only_id | {"CT_MAGIC_CONFIG_DIR": str(tmp_path)})


def test_a_missing_id_names_the_variables_and_the_sandbox(tmp_path: Path) -> None:
    """The first error of a newcomer says every way on."""
    with pytest.raises(AccountError, match=r"CLEVERTAP_ACCOUNT_ID.*eu1, in1.*%ct use sandbox"):
        accounts.find_account(None, {"CT_MAGIC_CONFIG_DIR": str(tmp_path)})


def test_a_directory_that_cannot_be_looked_into_is_an_error_of_ours() -> None:
    """Another's traceback would show the environment, and with it the passcodes there."""
    with pytest.raises(AccountError, match="cannot be read: File name too long"):
        accounts.find_account("prod", {"CT_MAGIC_CONFIG_DIR": "x" * 5000})


def test_a_missing_passcode_names_its_variable_and_login(tmp_path: Path) -> None:
    """The variable's name depends on the account's."""
    write(tmp_path, '[big-shop]\nid = "X"\n')
    with pytest.raises(AccountError, match=r"CLEVERTAP_PASSCODE_BIG_SHOP.*%ct login big-shop"):
        accounts.find_account("big-shop", {"CT_MAGIC_CONFIG_DIR": str(tmp_path)})


def test_a_missing_passcode_says_in_which_region_it_would_be_used(tmp_path: Path) -> None:
    """Each region has passcodes of its own, and a wrong region is answered like a wrong one."""
    only_id = {"CLEVERTAP_ACCOUNT_ID": "A", "CLEVERTAP_REGION": "sg1"}
    with pytest.raises(AccountError, match=r"in region sg1 of eu1, in1, .*, mec1, sk1:.*"):
        accounts.find_account(None, only_id | {"CT_MAGIC_CONFIG_DIR": str(tmp_path)})


@pytest.mark.parametrize(
    "url", ["https://proxy.example/ct/", "http://127.0.0.1:80", "http://[::1]:9"]
)
def test_safe_addresses_are_taken(tmp_path: Path, url: str) -> None:
    """https anywhere, http on loopback."""
    account = accounts.find_account(None, environ(tmp_path, CLEVERTAP_BASE_URL=url))
    assert account.base_url == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://api.clevertap.com",
        "http://10.0.0.1",
        "http://127.0.0.1.evil.example",
        "ftp://x",
        "https://u:p@x",
        "https://x/?a=1",
        "localhost:80",
        "http://localhost.evil.example",
        "http://[::1",
        "https://x:99999",
        "https://two words",
        "https://api..x",
        f"https://{'x' * 64}.example",
    ],
)
def test_an_address_that_would_leak_the_passcode_is_refused(tmp_path: Path, url: str) -> None:
    """http off loopback, credentials in the address, and what is no address at all."""
    with pytest.raises(AccountError):
        accounts.find_account(None, environ(tmp_path, CLEVERTAP_BASE_URL=url))


@pytest.mark.parametrize("ending", ["A:{}@x", "A:{}@x:99999", "x?pass={}", "x#{}", "x/?a@b={}"])
def test_a_passcode_in_an_address_is_not_repeated(tmp_path: Path, ending: str) -> None:
    """Other tools take it there; the error is saved with the notebook."""
    url = f"https://{ending.format('hidden-7731')}"
    with pytest.raises(AccountError, match="is not a base URL") as caught:
        accounts.find_account(None, environ(tmp_path, CLEVERTAP_BASE_URL=url))
    assert "7731" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["https://x.example/1", "https://x.example/1/", "https://x/1/counts/profiles.json"]
)
def test_a_whole_request_is_no_base_url(tmp_path: Path, url: str) -> None:
    """Vendors' pages and old scripts hold it whole; each count would be answered 404."""
    with pytest.raises(AccountError, match="leave out what begins with /1"):
        accounts.find_account(None, environ(tmp_path, CLEVERTAP_BASE_URL=url))


def test_the_file_gives_accounts_by_name(tmp_path: Path) -> None:
    """Id, region, zone and limits stand in the file, the passcode in the environment."""
    write(
        tmp_path,
        '[prod]\nid = "P-1"\nregion = "in1"\ntimezone = "Asia/Kolkata"\nmax_concurrent = 2\n'
        "poll_interval = 12.5\n",
    )
    account = accounts.find_account("prod", environ(tmp_path, CLEVERTAP_PASSCODE_PROD="other"))
    assert (account.id, account.base_url) == ("P-1", "https://in1.api.clevertap.com")
    assert (account.timezone, account.max_concurrent, account.poll_interval) == (
        "Asia/Kolkata",
        2,
        12.5,
    )
    assert account.passcode.reveal() == "other"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[prod]\nid = "P"\npasscode = "hunter2"', "%ct login prod"),
        ('[prod]\nid = "P"\npassword = "hunter2"', "%ct login prod"),
        ('[prod]\nid = "P"\nregoin = "in1"', "'regoin'; it may have base_url, id"),
        ("[prod]\nregion = 'in1'", "needs an id"),
        ('[prod]\nid = "P"\ntimezone = "Mars/Base"', "there is no time zone 'Mars/Base'"),
        ('[prod]\nid = "P"\nmax_concurrent = 0', "whole number from 1"),
        ('[prod]\nid = "P"\npoll_interval = true', "seconds above 0"),
        ('[prod]\nid = "P"\npoll_interval = nan', "seconds above 0"),
        ('[prod]\nid = "P"\npoll_interval = inf', "up to a year"),
        ('[prod\nid = "P"', "is not TOML"),
        ('id = "P"', "outside a table"),
        ('[sandbox]\nid = "P"', "a name of ct_magic's own"),
    ],
)
def test_a_broken_file_says_where_and_what_to_do(tmp_path: Path, text: str, message: str) -> None:
    """One message that names the file and the account; a passcode in it is never repeated."""
    write(tmp_path, text)
    with pytest.raises(AccountError) as caught:
        accounts.find_account("prod", environ(tmp_path))
    assert message in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "accounts.toml" in str(caught.value)


def test_a_folder_in_the_files_place_is_named(tmp_path: Path) -> None:
    """Whatever keeps the file from being read is one message."""
    (tmp_path / "accounts.toml").mkdir(mode=0o700)
    with pytest.raises(AccountError, match=r"accounts\.toml cannot be read: Is a directory"):
        accounts.find_account("prod", environ(tmp_path))


def test_a_file_that_others_may_change_is_refused(tmp_path: Path) -> None:
    """Whoever can write it could send the passcode elsewhere."""
    write(tmp_path, '[prod]\nid = "P"')
    (tmp_path / "accounts.toml").chmod(0o666)
    with pytest.raises(AccountError, match="chmod go-w"):
        accounts.find_account("prod", environ(tmp_path))


def test_a_misspelt_name_is_told_the_near_one(tmp_path: Path) -> None:
    """`prdo` means `prod`."""
    write(tmp_path, '[prod]\nid = "P"')
    with pytest.raises(AccountError, match="did you mean 'prod'"):
        accounts.find_account("prdo", environ(tmp_path))


def test_a_passcode_is_four_stars_wherever_it_is_shown(tmp_path: Path) -> None:
    """Print, format, repr, dataclass tools, errors: never the text."""
    account = accounts.find_account(None, environ(tmp_path))
    shown = [
        str(account),
        repr(account),
        f"{account.passcode:>9}",
        str(account.passcode),
        repr(dataclasses.asdict(account)),
        repr(copy.deepcopy(account)),
        repr(dataclasses.replace(account, name="x")),
        str(dir(account.passcode)),
        repr([getattr(account.passcode, name, None) for name in Secret.__slots__]),
    ]
    assert not [text for text in shown if HIDDEN in text]
    assert "****" in repr(account)


def test_a_passcode_cannot_be_pickled_or_looked_into() -> None:
    """What is pickled is stored; what has a `vars` is dumped."""
    secret = Secret(HIDDEN)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        vars(secret)
    with pytest.raises(AttributeError):
        secret.reveal = str


@pytest.mark.parametrize("text", ["", "  ", "naïve", "two\nlines", "tab\there"])
def test_what_no_header_can_carry_is_refused_without_being_shown(text: str) -> None:
    """A pasted passcode with a line break is an error here, not a leak in a header's error."""
    with pytest.raises(AccountError) as caught:
        passcodes.checked(Secret(text))
    assert "naïve" not in "".join(traceback.format_exception_only(caught.value))


def test_a_passcode_is_taken_without_the_space_around_it() -> None:
    """Copying from a dashboard brings spaces and line ends along."""
    assert passcodes.checked(Secret(f" {HIDDEN}\n")).reveal() == HIDDEN


@pytest.mark.parametrize(
    ("first", "second"), [("my-prod", "my_prod"), ("prod", "PROD"), ("a.b", "a b"), ("ß", "ss")]
)
def test_two_accounts_do_not_read_one_variable(tmp_path: Path, first: str, second: str) -> None:
    """The passcode of the one would be sent to the address of the other."""
    write(
        tmp_path, f'["{first}"]\nid = "A"\n["{second}"]\nid = "B"\nbase_url = "https://b.example"'
    )
    with pytest.raises(AccountError, match="would both read CLEVERTAP_PASSCODE_"):
        accounts.find_account(first, environ(tmp_path))


def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    """They could change it at any time, and have the passcode sent to them."""
    write(tmp_path, '[prod]\nid = "P"')
    if not (owner := (tmp_path / "accounts.toml").stat().st_uid):
        os.chown(tmp_path / "accounts.toml", owner := 12345, -1)
    with pytest.raises(AccountError, match=r"belongs to another user.*chown"):
        accounts.from_file(environ(tmp_path), user=owner + 1)
    assert accounts.from_file(environ(tmp_path), user=owner)


def test_a_file_in_a_folder_that_anyone_may_write_is_refused(tmp_path: Path) -> None:
    """Whoever can replace it need not change it; the sticky bit keeps them from that."""
    write(tmp_path, '[prod]\nid = "P"')
    tmp_path.chmod(0o777)
    with pytest.raises(AccountError, match=r"anyone may replace .* chmod o-w"):
        accounts.from_file(environ(tmp_path))
    tmp_path.chmod(0o1777)
    assert accounts.from_file(environ(tmp_path))


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path: Path) -> None:
    """Windows' editors write one."""
    write(tmp_path, '\ufeff[prod]\nid = "P"')
    assert accounts.from_file(environ(tmp_path)) == {"prod": {"id": "P"}}


NO_ZONES = """
import sys
sys.modules["tzdata"] = None
from ct_magic.settings import zone
print(zone("UTC"), zone(None))
print(zone("Asia/Kolkata"))
"""


def test_a_machine_without_time_zones_knows_utc_and_says_what_to_install() -> None:
    """The sandbox is in UTC; any other zone needs the database."""
    done = subprocess.run(
        [sys.executable, "-c", NO_ZONES],
        env=os.environ | {"PYTHONTZPATH": ""},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "UTC None\n"
    assert "pip install tzdata" in done.stderr.splitlines()[-1]


class Odd(KeyringBackend):
    """A keyring whose dialog is answered by what a test does."""

    priority = 1.0

    def __init__(self, dialog: Callable[[], str | None]) -> None:
        self.dialog, self.asked = dialog, 0

    def get_password(self, service: str, username: str) -> str | None:
        self.asked += 1
        return self.dialog()

    def set_password(self, service: str, username: str, password: str) -> None:
        self.dialog()


@pytest.fixture
def backend() -> Iterator[Callable[[Callable[[], str | None]], Odd]]:
    """Let a dialog be the system's keyring, and forget afterwards what it led to."""
    before = keyring.get_keyring()

    def put(dialog: Callable[[], str | None]) -> Odd:
        passcodes._left_behind.clear()
        keyring.set_keyring(odd := Odd(dialog))
        return odd

    yield put
    keyring.set_keyring(before)
    passcodes._left_behind.clear()
    passcodes._session.clear()


def test_a_keyring_that_hangs_is_waited_for_once(
    backend: Callable[[Callable[[], str | None]], Odd],
) -> None:
    """Some wait for a dialog that nobody sees, as over ssh."""
    go_on = threading.Event()

    def hang() -> str | None:
        go_on.wait(60)
        return None

    odd = backend(hang)
    for _ in range(3):
        with pytest.raises(AccountError, match=r"keyring does not answer\): set CLEVERTAP_"):
            passcodes.find_passcode("prod", {}, patience=0.2)
    go_on.set()
    passcodes._left_behind[0].join(60)
    assert odd.asked == 1


def test_a_keyring_that_has_answered_late_is_asked_again(
    backend: Callable[[Callable[[], str | None]], Odd],
) -> None:
    """Somebody needed a while to unlock it, or the machine was busy; then it answers at once."""

    def unlock() -> str:
        unlocked.wait(60)
        return HIDDEN

    unlocked = threading.Event()
    backend(unlock)
    with pytest.raises(AccountError, match="keyring does not answer"):
        passcodes.find_passcode("prod", {}, patience=0.05)
    unlocked.set()
    passcodes._left_behind[0].join(60)
    assert passcodes.find_passcode("prod", {}, patience=60).reveal() == HIDDEN


def test_a_keyring_that_raises_shows_nobody_what_it_was_given(
    backend: Callable[[Callable[[], str | None]], Odd],
) -> None:
    """Backends raise what they like; the passcode stays for this session."""

    def broken() -> str | None:
        raise OSError("no bus")

    backend(broken)
    assert passcodes.remember("prod", Secret(HIDDEN)) is False
    assert passcodes.find_passcode("prod", {}).reveal() == HIDDEN


@pytest.mark.parametrize("in_its_own_thread", [True, False])
def test_an_interrupt_in_the_keyrings_dialog_keeps_nothing(
    backend: Callable[[Callable[[], str | None]], Odd], in_its_own_thread: bool
) -> None:
    """Whoever pressed Ctrl-C is not told that the passcode was kept."""

    def dialog() -> str | None:
        if in_its_own_thread:
            raise KeyboardInterrupt
        os.kill(os.getpid(), signal.SIGINT)
        go_on.wait(60)
        return None

    go_on = threading.Event()
    backend(dialog)
    # Python leaves the signal ignored where it was started so, as in the background of a script.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            passcodes.remember("prod", Secret(HIDDEN))
    finally:
        go_on.set()
        signal.signal(signal.SIGINT, before)
    assert "prod" not in passcodes._session


@pytest.mark.parametrize("written", ["~/team", "$HOME/team", "${HOME}/team"])
def test_a_folder_of_ours_may_begin_with_the_home(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    """An env file or a kernel's specification expands nothing, and would make a folder `$HOME`."""
    monkeypatch.setenv("HOME", "/home/ann")
    monkeypatch.setenv("CT_MAGIC_STATE_DIR", written)
    monkeypatch.setenv("CT_MAGIC_CONFIG_DIR", written)
    assert accounts.config_file() == Path("/home/ann/team/accounts.toml")
    assert journal.path() == Path("/home/ann/team/journal.sqlite")


def test_a_home_that_nobody_knows_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The configuration cannot be read then; the journal alone is missed."""
    monkeypatch.setenv("CT_MAGIC_STATE_DIR", "~nobody-at-all/x")
    with pytest.raises(AccountError, match="give the whole path"):
        accounts.config_file({"CT_MAGIC_CONFIG_DIR": "~nobody-at-all/x"})
    assert journal.path() is None
