"""Every way to an account passes the same door: the unsafe is refused, and nothing is quoted."""

from __future__ import annotations

import dataclasses
import os
import pickle
import select
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from traceback import walk_tb
from types import FrameType
from typing import Any

import keyring
import pandas as pd
import pytest
from helpers.shell import run
from IPython.core.interactiveshell import InteractiveShell
from keyring.backend import KeyringBackend

import ct_magic
from ct_magic.client import accounts, credentials as passcodes
from ct_magic.client.credentials import Secret
from ct_magic.errors import AccountError
from ct_magic.sandbox import Sandbox

HIDDEN = "AAE-hidden-7731"
UNSAFE = {
    "in the clear": f"http://{HIDDEN}.example",
    "no scheme": f"user:{HIDDEN}@api.example",
    "userinfo": f"https://user:{HIDDEN}@api.example",
    "a user": f"https://{HIDDEN}@api.example",
    "an empty user": f"https://@{HIDDEN}.example",
    "a query": f"https://api.example?{HIDDEN}",
    "an empty query": f"https://{HIDDEN}.example?",
    "a fragment": f"https://api.example#{HIDDEN}",
    "a backslash": f"https://{HIDDEN}.example\\@127.0.0.1",
    "another scheme": f"ftp://{HIDDEN}",
    "a port": f"https://{HIDDEN}:99999",
    "a space": f"https://{HIDDEN} .example",
    "a control character": f"https://{HIDDEN}\x07.example",
    "a line": f"https://{HIDDEN}\n.example",
    "version 6": f"http://[::1{HIDDEN}",
    "an end of loopback's": f"http://127.0.0.1.{HIDDEN}.example",
    "a whole request": f"https://{HIDDEN}.example/1/counts/profiles.json",
    "the passcode": HIDDEN,
    "behind a bracket": f"https://[::1]{HIDDEN}",
    "in a bracket": f"https://[v1.{HIDDEN}]",
    "a zone": f"http://[::1%25{HIDDEN}]",
    "an empty port": f"https://{HIDDEN}:",
    "a variable": f"https://${{{HIDDEN}}}",
    "an assignment": f"https://passcode={HIDDEN}",
    "a list": f"https://x.example,{HIDDEN}",
    "a star": f"https://*.{HIDDEN}.example",
    "a mark": f"https://<{HIDDEN}>",
    "half a request": f"https://{HIDDEN}.example/1/counts",
    "a request in capitals": f"https://{HIDDEN}.example/1/COUNTS/profiles.JSON/",
}


def by_environment(url: str, folder: Path) -> None:
    accounts.find_account(None, {**safe(folder), "CLEVERTAP_BASE_URL": url})


def by_environment_without_passcode(url: str, folder: Path) -> None:
    variables = {**safe(folder), "CLEVERTAP_BASE_URL": url}
    del variables["CLEVERTAP_PASSCODE"]
    accounts.find_account(None, variables)


def by_file(url: str, folder: Path) -> None:
    import json

    file = folder / "accounts.toml"
    file.write_text(f'[prod]\nid = "A"\nbase_url = {json.dumps(url)}\n', encoding="utf-8")
    file.chmod(0o600)
    accounts.find_account("prod", safe(folder))


def by_hand(url: str, folder: Path) -> None:
    ct_magic.Account("prod", "A", Secret("x-y-z"), base_url=url)


def by_replacing(url: str, folder: Path) -> None:
    dataclasses.replace(ct_magic.Account("prod", "A", Secret("x-y-z")), base_url=url)


def safe(folder: Path) -> dict[str, str]:
    return {
        "CT_MAGIC_CONFIG_DIR": str(folder),
        "CLEVERTAP_ACCOUNT_ID": "A",
        "CLEVERTAP_PASSCODE": "x-y-z",
        "CLEVERTAP_PASSCODE_PROD": "x-y-z",
    }


@pytest.mark.parametrize("url", UNSAFE.values(), ids=UNSAFE.keys())
@pytest.mark.parametrize(
    "way",
    [by_environment, by_environment_without_passcode, by_file, by_hand, by_replacing],
    ids=lambda way: way.__name__,
)
def test_an_unsafe_address_is_refused_and_not_quoted(
    tmp_path: Path, way: Callable[[str, Path], None], url: str
) -> None:
    """A passcode may have been put there by mistake, and an error is saved with the notebook."""
    with pytest.raises(AccountError) as caught:
        way(url, tmp_path)
    assert HIDDEN not in str(caught.value)
    assert HIDDEN not in repr([frame.f_locals for frame in ours(caught.value)])
    name = "CLEVERTAP_BASE_URL" if way.__name__.startswith("by_environment") else "base_url"
    assert name in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        *("https://x.example/a/", "http://127.0.0.1:8", "http://[::1]:9", " http://localhost:1 "),
        *("https://b\u00fccher.example", "https://my_gateway:8443/1/team", "https://x.example."),
    ],
)
def test_a_safe_address_is_taken_by_hand(url: str) -> None:
    """https anywhere, http on loopback."""
    assert ct_magic.Account("a", "A", "x-y-z", base_url=url).base_url == url.strip().rstrip("/")


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("HTTPS://X.Example/Team/", "https://x.example/Team"),
        ("Http://LocalHost:8", "http://localhost:8"),
        ("HTTPS://IN1.api.CleverTap.com", "https://in1.api.clevertap.com"),
    ],
)
def test_an_address_has_one_writing(tmp_path: Path, url: str, read: str) -> None:
    """Or one in capitals would have no proxy, no certificates of its own, and another journal."""
    by_hand = ct_magic.Account("a", "A", "x-y-z", base_url=url)
    of_environment = accounts.find_account(None, {**safe(tmp_path), "CLEVERTAP_BASE_URL": url})
    assert by_hand.base_url == of_environment.base_url == read


@pytest.mark.parametrize("end", [".", ":443", "/gateway", "./"])
def test_a_host_of_a_region_is_known_in_every_writing(end: str) -> None:
    """Beside another region one of the two is a mistake: it is another company's data."""
    url = f"https://IN1.api.clevertap.com{end}"
    assert ct_magic.Account("prod", "A", "x-y-z", base_url=url).region == "in1"
    with pytest.raises(AccountError, match="is the host of region in1"):
        ct_magic.Account("prod", "A", "x-y-z", region="us1", base_url=url)


def test_a_passcode_given_as_text_is_a_secret() -> None:
    """In every way that shows an account."""
    account = ct_magic.Account("prod", "ABC", HIDDEN)
    for made in (account, dataclasses.replace(account, passcode=f" {HIDDEN} ")):
        shown = [repr(made), str(made), f"{made.passcode}", repr(dataclasses.asdict(made))]
        assert not [text for text in shown if HIDDEN in text]
        assert made.passcode == Secret(HIDDEN)
        with pytest.raises(TypeError):
            pickle.dumps(made)


def test_an_account_by_hand_counts(state: Path, box: Sandbox) -> None:
    """With a plain text for its passcode."""
    account = ct_magic.Account("box", "SANDBOX", "sandbox", base_url=box.url, timezone="UTC")
    df = ct_magic.count(
        "App Launched 2026-10", account=account, poll_interval=0.01, progress="none"
    )
    assert df["count"][0] > 0


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"passcode": ""}, "no passcode"),
        ({"passcode": None}, "no passcode"),
        ({"passcode": HIDDEN.encode()}, "no passcode"),
        ({"passcode": f"{HIDDEN}\u201d"}, "no passcode"),
        ({"passcode": Secret("two\nlines")}, "no passcode"),
        ({"id": ""}, "needs an id"),
        ({"id": 5}, "needs an id"),
        ({"id": "A B"}, "needs an id"),
        ({"region": "xx9"}, "the regions are eu1"),
        ({"region": 1}, "region of account 'prod' is a text"),
        ({"region": "us1", "base_url": "https://api.clevertap.com"}, "is the host of region eu1"),
        ({"base_url": 5}, "base_url of account 'prod' is a text"),
        ({"timezone": "Mars/Base"}, "no time zone"),
        ({"timezone": 5}, "timezone of account 'prod' is a text"),
        ({"max_concurrent": 0}, "a whole number from 1"),
        ({"max_concurrent": True}, "a whole number from 1"),
        ({"poll_interval": -1}, "seconds above 0"),
        ({"poll_interval": float("nan")}, "seconds above 0"),
    ],
)
def test_what_an_account_cannot_have_is_one_error(fields: dict[str, Any], message: str) -> None:
    """By hand and by `replace`, as in the file; no value is repeated, and no frame keeps one."""
    given = {"name": "prod", "id": "A", "passcode": "x-y-z"} | fields
    whole = ct_magic.Account("prod", "A", Secret("x-y-z"))
    both = (
        (lambda: ct_magic.Account(**given), message),
        (
            lambda: dataclasses.replace(whole, **fields),
            "the region is another" if fields.get("region") == "xx9" else message,
        ),
    )
    for make, words in both:
        with pytest.raises(AccountError, match=words) as caught:
            make()
        assert HIDDEN not in str(caught.value)
        assert HIDDEN not in repr([frame.f_locals for frame in ours(caught.value)])


def ours(error: BaseException | None) -> list[FrameType]:
    """The frames of the package that an error and what came before it keep alive."""
    kept = []
    while error is not None:
        frames = (frame for frame, _ in walk_tb(error.__traceback__))
        kept += [f for f in frames if f.f_globals["__name__"].startswith("ct_magic")]
        error = error.__context__
    return kept


def test_a_region_alone_has_its_own_host() -> None:
    """The passcode of an account in India does not go to Europe."""
    account = ct_magic.Account("prod", "A", "x-y-z", region="in1")
    assert account.base_url == "https://in1.api.clevertap.com"
    assert ct_magic.Account("prod", "A", "x-y-z", base_url=account.base_url).region == "in1"
    with pytest.raises(AccountError, match="remove one of them"):
        dataclasses.replace(account, region="us1")


@pytest.mark.parametrize(
    "text",
    [
        f'[prod]\nid = "A"\npasscode = "{HIDDEN}"\n',
        f'[prod]\nid = "A"\npass = "{HIDDEN}\n',
        f'prod = "{HIDDEN}"\n',
        f'[prod]\nid = "A"\nregion = "{HIDDEN}"\n',
        f'[prod]\nid = "{HIDDEN} x"\n',
        f'[prod]\nid = "A"\n[default]\nid = "{HIDDEN}"\n',
        f'[pr-od]\nid = "A"\nbase_url = "https://{HIDDEN}.x"\n[pr_od]\nid = "B"\n',
    ],
)
def test_no_frame_of_an_error_holds_the_file(tmp_path: Path, text: str) -> None:
    """Whoever wrote a passcode into it is told so, and nothing else is."""
    file = tmp_path / "accounts.toml"
    file.write_text(text)
    file.chmod(0o600)
    for read in (accounts.from_file, lambda e: accounts.find_account("prod", e)):
        with pytest.raises(AccountError) as caught:
            read(safe(tmp_path))
        assert ours(caught.value)
        assert HIDDEN not in f"{caught.value} {every_local(caught.value)}"


def every_local(error: BaseException | None) -> str:
    """What a tool shows that keeps the locals of all frames, but of the tests' own."""
    kept = []
    while error is not None:
        frames = [f for f, _ in walk_tb(error.__traceback__) if f.f_code.co_filename != __file__]
        kept += [repr(frame.f_locals) for frame in frames]
        error = error.__context__
    return " ".join(kept)


@pytest.mark.parametrize("given", [("A", HIDDEN), {"passcode": HIDDEN}, HIDDEN.encode(), 5])
def test_an_account_is_a_name_or_an_account(state: Path, given: Any) -> None:
    """Whatever else somebody gives is not repeated."""
    with pytest.raises(ct_magic.UsageError, match=r"a name or a ct_magic\.Account") as caught:
        ct_magic.count("Charged yesterday", account=given)
    assert HIDDEN not in str(caught.value)


WRONG: dict[str, dict[str, str]] = {
    "no id": {"CLEVERTAP_ACCOUNT_ID": ""},
    "a bad id": {"CLEVERTAP_ACCOUNT_ID": f"{HIDDEN} x"},
    "no passcode": {"CLEVERTAP_PASSCODE": ""},
    "a bad passcode": {"CLEVERTAP_PASSCODE": f"{HIDDEN}\u201d"},
    "a quoted passcode": {"CLEVERTAP_PASSCODE": f'"{HIDDEN}"'},
    "a quoted id": {"CLEVERTAP_ACCOUNT_ID": f"'{HIDDEN}'"},
    "a region": {"CLEVERTAP_REGION": HIDDEN},
    "an address": {"CLEVERTAP_BASE_URL": f"https://x:{HIDDEN}@y"},
    "a folder": {"CT_MAGIC_CONFIG_DIR": f"~{HIDDEN}/x"},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_no_frame_of_an_error_holds_the_environment(
    state: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    """A service that collects errors takes the locals of every frame along."""
    usual = {"CLEVERTAP_ACCOUNT_ID": "A", "CLEVERTAP_PASSCODE": "of-default"}
    for name, value in (usual | {"CLEVERTAP_PASSCODE_TEAM": "of-team"} | WRONG[wrong]).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(AccountError) as caught:
        ct_magic.use("prod" if wrong == "a folder" else "default")
    assert HIDDEN not in str(caught.value)
    frames = ours(caught.value)
    assert len(frames) > 2
    for frame in frames:
        for value in frame.f_locals.values():
            shown = repr(list(value.items()) if isinstance(value, Mapping) else value)
            assert "of-default" not in shown
            assert "of-team" not in shown


@pytest.mark.parametrize("mark", ['"', "'"])
@pytest.mark.parametrize(
    "name", ["CLEVERTAP_PASSCODE", "CLEVERTAP_ACCOUNT_ID", "CLEVERTAP_REGION", "CLEVERTAP_BASE_URL"]
)
def test_the_quotes_of_an_env_file_are_said(tmp_path: Path, name: str, mark: str) -> None:
    """The service would answer 401 without a word of them."""
    with pytest.raises(AccountError, match=f"{name} begins and ends with a quotation mark"):
        accounts.find_account(None, {**safe(tmp_path), name: f"{mark}in1{mark}"})


def test_where_chmod_does_nothing_there_is_a_way_on(tmp_path: Path) -> None:
    """Windows' drives and some shares have one mode for all files."""
    by_file("https://x.example", tmp_path)
    (tmp_path / "accounts.toml").chmod(0o777)
    with pytest.raises(AccountError, match=r"where chmod changes nothing.*CT_MAGIC_CONFIG_DIR"):
        accounts.from_file(safe(tmp_path))


class Kept(KeyringBackend):
    """A keyring that keeps what it gets in memory."""

    priority = 1.0

    def __init__(self) -> None:
        self.held: dict[str, str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[username] = password


class Plain(Kept):
    """One that is no system's: a plain file, as keyrings.alt has it."""

    priority = 0.5


class Chained(Kept):
    """Asks several in turn, as keyring's own."""

    priority = 10.0
    backends: tuple[Kept, ...] = ()

    def get_password(self, service: str, username: str) -> str | None:
        return next((b.held[username] for b in self.backends if username in b.held), None)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.backends[0].held[username] = password


@pytest.mark.parametrize("chained", [False, True])
@pytest.mark.parametrize("kind", [Plain, Kept])
def test_a_weak_keyring_is_named_for_what_it_is(kind: type[Kept], chained: bool) -> None:
    """`%ct login` says where the passcode lies."""
    before, backend = keyring.get_keyring(), kind()
    if chained:
        backend = Chained()
        backend.backends = (kind(), Kept())
    keyring.set_keyring(backend)
    try:
        assert passcodes.remember("prod", Secret(HIDDEN))
        weak = passcodes.weak_keeper("prod")
    finally:
        keyring.set_keyring(before)
        passcodes._session.clear()
    assert weak == (f"{__name__}.Plain" if kind is Plain else None)


ASKS = """
import sys
sys.path.insert(0, {folder!r})
import keyring, asking, time
from ct_magic.client import credentials
credentials.KEYRING_TIME = 0.3
keyring.set_keyring(asking.Asking())
print(len(credentials.find_passcode("prod", {{}}).reveal()), flush=True)
"""
ASKING = """
from keyring.backend import KeyringBackend
class Asking(KeyringBackend):
    priority = 1.0
    def get_password(self, service, username):
        return input("Password of the keyring: ")
    def set_password(self, service, username, password):
        pass
"""


@pytest.mark.skipif(os.name != "posix", reason="there are no such terminals elsewhere")
def test_a_keyring_that_asks_on_the_terminal_is_waited_for(tmp_path: Path) -> None:
    """What is typed next would else go into its prompt, seen by nobody."""
    (tmp_path / "asking.py").write_text(ASKING)
    leader, follower = os.openpty()
    code = ASKS.format(folder=str(tmp_path))
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=follower, stdout=follower, stderr=follower
    )
    os.close(follower)
    seen = b""
    try:
        while b"waiting for the keyring" not in seen:
            assert select.select([leader], [], [], 60)[0]
            seen += os.read(leader, 4096)
        os.write(leader, b"seven77\n")
        assert process.wait(60) == 0
        while select.select([leader], [], [], 0.1)[0]:
            try:
                seen += os.read(leader, 4096)
            except OSError:
                break
    finally:
        process.kill()
        os.close(leader)
    assert b"\r\n7\r\n" in seen


def test_accounts_does_not_name_a_region_that_is_not_asked(
    state: Path, shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside an address of its own a region's name would be wrong, with or without a passcode."""
    file = state / "config" / "accounts.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text('[prod]\nid = "A"\nbase_url = "https://x.example"\n[plain]\nid = "B"\n')
    file.chmod(0o600)
    for passcode, shown in (("", None), ("x-y-z", "https://x.example")):
        monkeypatch.setenv("CLEVERTAP_PASSCODE_PROD", passcode)
        table = run(shell, "%ct accounts").result.set_index("account")
        region = table.loc["prod", "region"]
        assert (None if pd.isna(region) else region) == shown
        assert table.loc["plain", "region"] == "eu1"
