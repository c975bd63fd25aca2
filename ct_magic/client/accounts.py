"""Whom to ask: account, region, time zone; from the environment or a TOML file.

The account of the environment is named `default`. Further ones are in `accounts.toml`, one table an
account, whose keys are fields of `Account`; README shows one. The file is in the user's
configuration directory, or in `CT_MAGIC_CONFIG_DIR`. It holds no passcode: see `credentials`.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from ipaddress import ip_address
from pathlib import Path
from traceback import clear_frames
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from ct_magic.client import credentials
from ct_magic.client.credentials import MACHINE, Secret, Variables
from ct_magic.common.words import suggest
from ct_magic.errors import AccountError, UsageError
from ct_magic.settings import SettingKind, zone

# Folders of our own that the environment may move: to `~/x`, `$HOME/x`, or any path.
_REFERENCE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")


def moved(name: str, environ: Variables = MACHINE) -> Path | None:
    """Return the folder that a variable names, None if it is not set; raise LookupError."""
    written = environ.get(name, "")
    if not written:
        return None
    # A kernel's or a container's settings pass no shell that would fill `$HOME` in.
    filled = _REFERENCE.sub(lambda match: environ.get(match[1] or match[2], match[0]), written)
    try:
        return Path(filled).expanduser()
    except RuntimeError:
        raise LookupError(f"{name} names an unknown home: give the whole path") from None


# Region -> host: `client/API.md`, "The two calls".
REGIONS = {
    "eu1": "api.clevertap.com",
    "in1": "in1.api.clevertap.com",
    "us1": "us1.api.clevertap.com",
    "sg1": "sg1.api.clevertap.com",
    "aps3": "aps3.api.clevertap.com",
    "mec1": "mec1.api.clevertap.com",
    "sk1": "sk1.api.clevertap.com",
}
_NETLOC = re.compile(r"(\[[\da-f:.]+\]|[\w.-]+)(:\d+)?", re.IGNORECASE)  # no userinfo in it
_REQUEST_PATH = re.compile(r"/1/*(counts\b.*)?$|/counts/", re.IGNORECASE)
REGION_SHAPE = re.compile(r"[a-z]{2,4}\d")  # a code of a region that may be newer than the list
COUNTS_PATH = "/1/counts/profiles.json"  # of both calls
DEFAULT = "default"
SANDBOX_ID = "SANDBOX"  # of a sandbox's account, by default
_Given = ParamSpec("_Given")
_Made = TypeVar("_Made")
_Where = Callable[[str], str]  # names the place of a value, so that the value is not quoted


def _without_locals(work: Callable[_Given, _Made]) -> Callable[_Given, _Made]:
    """Let errors keep no locals: whoever shows an error's frames would show what is configured."""

    @wraps(work)
    def call(*args: _Given.args, **options: _Given.kwargs) -> _Made:
        try:
            return work(*args, **options)
        except BaseException as error:  # an interrupt's frames hold them, too; it is raised again
            del args, options
            clear_frames(error.__traceback__)
            error.__context__ = None
            raise

    return call


def _is_id(value: object) -> bool:
    text = value.strip() if isinstance(value, str) else ""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def _is_text(value: object) -> bool:
    return isinstance(value, str)


# What each key of an account may be, and the words for it.
KEYS: dict[str, tuple[Callable[[object], bool], str]] = {
    "id": (_is_id, "needs an id, the account's id as text without spaces"),
    "region": (_is_text, "is a text like 'eu1'"),
    "base_url": (_is_text, "is a text like 'https://host'"),
    "timezone": (_is_text, "is a text like 'Asia/Kolkata'"),
    "max_concurrent": (SettingKind.WHOLE.takes, "is a whole number from 1"),
    "poll_interval": (SettingKind.SECONDS.takes, "is a number of seconds above 0, up to a year"),
}


@dataclass(frozen=True, slots=True, init=False)
class Account:
    """One account of the service, as a table of `accounts.toml` describes it.

    `id` is CleverTap's account id; `passcode`, a text or a `Secret`, shows as `****`. `base_url` is
    where requests go, the region's host unless given: https, or http on loopback. `timezone` is a
    name like "Asia/Kolkata": whose days are meant. At most `max_concurrent` counts are asked at
    once, and `poll_interval` seconds lie between two looks at one count. None leaves it to
    `Settings`. Raises AccountError for what an account cannot have.
    """

    name: str
    id: str
    passcode: Secret
    region: str
    base_url: str
    timezone: str | None
    max_concurrent: int | None
    poll_interval: float | None

    @_without_locals
    def __init__(
        self,
        name: str,
        id: str,  # noqa: A002 # the service's word
        passcode: Secret | str,
        region: str | None = None,
        base_url: str | None = None,
        timezone: str | None = None,
        max_concurrent: int | None = None,
        poll_interval: float | None = None,
    ) -> None:
        # The first thing that happens: whoever shows the locals of an error's frames shows ****.
        passcode = credentials.secret(passcode)
        for field in self.__slots__:
            object.__setattr__(self, field, None)  # so that it can be shown half made, too
        given = (id, region, base_url, timezone, max_concurrent, poll_interval)
        table = dict(zip(KEYS, given, strict=True))
        fields = _checked(name, table, lambda key: f"{key} of account {name!r}")
        fields |= {"name": name, "passcode": credentials.checked(passcode)}
        for key, value in fields.items():
            object.__setattr__(self, key, value)

    @property
    def place(self) -> str:
        """Return the region, or the address that replaces its host."""
        is_regions = self.base_url == f"https://{REGIONS.get(self.region)}"
        return self.region if is_regions else self.base_url

    @property
    def where(self) -> str:
        """Return in words where the passcode is sent to."""
        region = f"in region {self.region!r}, {self.base_url}"
        return region if self.place == self.region else f"at {self.base_url}"


@_without_locals
def find_account(name: str | None = None, environ: Variables = MACHINE) -> Account:
    """Return the account of that name, else that of the environment; raise AccountError."""
    name = name or DEFAULT
    table, place = _table(name, environ)
    if name == DEFAULT and not table["id"]:
        raise AccountError(
            "CLEVERTAP_ACCOUNT_ID is not set: set it with CLEVERTAP_PASSCODE and CLEVERTAP_REGION "
            f"(one of {', '.join(REGIONS)}; eu1 unless set), name an account of "
            f"{config_file(environ)}, or type '%ct use sandbox' to try without an account"
        )
    fields = _checked(name, table, place)
    in_region = f" in region {fields['region']} of {', '.join(REGIONS)}"
    where = f" at {fields['base_url']}" if table.get("base_url") else in_region
    passcode = credentials.find_passcode(name, environ, where)
    return Account(name=name, passcode=passcode, **fields)


@_without_locals
def own_address(name: str, environ: Variables = MACHINE) -> str | None:
    """Return the address that an account names itself, None for its region's host."""
    table, place = _table(name, environ)
    url = (table.get("base_url") or "").strip()
    return _base_url(url, place("base_url")) if url else None


def _table(name: str, environ: Variables) -> tuple[Mapping[str, Any], _Where]:
    """Return what is set for an account, and what names the place of each key."""
    if name == DEFAULT:
        held = {k: credentials.of_variable(v, environ).reveal() for k, v in _VARIABLES.items()}
        return {key: value or None for key, value in held.items()}, _VARIABLES.__getitem__
    known, path = from_file(environ), config_file(environ)
    if name not in known:
        names = [DEFAULT, "sandbox", *known]
        near = suggest(str(name), names)
        hint = f"did you mean {near!r}?" if near else f"the accounts are {', '.join(names)}"
        raise AccountError(f"there is no account {str(name)!r} in {path}: {hint}")
    return known[name], _in_file(path, name)


def config_file(environ: Variables = MACHINE) -> Path:
    """Return the path of `accounts.toml`, whether it is there or not."""
    try:
        folder = moved("CT_MAGIC_CONFIG_DIR", environ)
    except LookupError as error:
        raise AccountError(str(error)) from None
    if folder:
        return folder / "accounts.toml"
    import platformdirs

    try:
        return platformdirs.user_config_path("ct_magic") / "accounts.toml"
    except RuntimeError:
        raise AccountError(
            "no home directory is known: CT_MAGIC_CONFIG_DIR names a whole path"
        ) from None


@_without_locals
def from_file(
    environ: Variables = MACHINE, user: int | None = None
) -> dict[str, dict[str, object]]:
    """Return the tables of `accounts.toml`, none without a file; `user` or root may write it."""
    path = config_file(environ)
    try:
        _check_permissions(path, user)
        import tomllib  # most have no such file

        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # Windows' editors add a BOM
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except ValueError as error:
        raise AccountError(f"{path} is not TOML: {error}") from None
    except OSError as error:
        raise AccountError(f"{path} cannot be read: {error.strerror}") from None
    for name, table in tables.items():
        _check_table(path, name, table)
    names_of: dict[str, str] = {}
    for name in tables:
        variable = credentials.variable(name)
        # Or the passcode of one account would be sent to the address of another.
        if (other := names_of.setdefault(variable, name)) != name:
            raise AccountError(
                f"{path}: [{other}] and [{name}] would both read {variable}: rename one of them"
            )
    return tables


def _base_url(url: str, place: str) -> str:
    """Check an address that a passcode may be sent to: https, or http on loopback only."""
    with suppress(SystemError):
        # CPython 3.13.0 in a directory that is gone: its first look for a codec fails so.
        "".encode("idna")
    try:
        parts = urlsplit(url)
        # A passcode may have been put there, so nothing of it is repeated.
        is_odd = parts.port == 0 or any(c in "?#\\" or c.isspace() for c in url)
        is_odd = is_odd or not _NETLOC.fullmatch(parts.netloc)
        (parts.hostname or "").encode("idna")
    except ValueError:  # a bad port, name or address of version 6
        parts, is_odd = urlsplit(""), True
    if is_odd or not parts.hostname or not url.isprintable():
        raise AccountError(
            f"{place} is not a base URL: write it like https://host or https://host/path"
        )
    if _REQUEST_PATH.search(parts.path):
        raise AccountError(
            f"{place} is more than a base URL: leave out what begins with /1, which is added"
        )
    is_loopback = parts.hostname == "localhost"
    with suppress(ValueError):
        is_loopback = ip_address(parts.hostname).is_loopback
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback):
        # One address is one text: whether it is https, and whose host it is, is read from that.
        return parts._replace(netloc=parts.netloc.lower()).geturl().rstrip("/")
    raise AccountError(
        f"{place} would send the passcode in the clear: use https (http is for loopback only)"
    )


def _checked(name: str, table: Mapping[str, Any], place: _Where) -> dict[str, Any]:
    """Return the fields of an account but its passcode; raise AccountError for a wrong one."""
    for key, (fits, words) in KEYS.items():
        value = table.get(key)
        if not (fits(value) if key == "id" or value is not None else True):
            raise AccountError(f"{place(key)} {words}")
    try:
        zone(table.get("timezone"))
    except UsageError as error:
        raise AccountError(f"{place('timezone')}: {error}") from None
    url = (table.get("base_url") or "").strip()
    url = _base_url(url, place("base_url")) if url else ""
    region = (table.get("region") or "").strip().lower()
    host = (urlsplit(url).hostname or "").rstrip(".")
    named = next((code for code, known in REGIONS.items() if host == known), None)
    if region not in REGIONS and region and not (url and REGION_SHAPE.fullmatch(region)):
        # Codes are never a near miss of each other: another region is another company's data.
        known = f"the regions are {', '.join(REGIONS)}"
        variables = (_VARIABLES["region"], _VARIABLES["base_url"])
        place_of, variable = variables if name == DEFAULT else (f"[{name}]", "base_url")
        newer = f"; {variable} can name the host of one that is newer, as https://HOST"
        cure = newer if REGION_SHAPE.fullmatch(region) else ""
        raise AccountError(f"the region is unknown: {known}; see {place_of}{cure}")
    if named and region and named != region:
        raise AccountError(
            f"{place('base_url')} is the host of region {named}, but the region is another one: "
            "remove one of them"
        )
    region = region or named or "eu1"
    address = {"region": region, "base_url": url or f"https://{REGIONS[region]}"}
    return {key: table.get(key) for key in KEYS} | {"id": table["id"].strip()} | address


_VARIABLES = {
    "id": "CLEVERTAP_ACCOUNT_ID",
    "region": "CLEVERTAP_REGION",
    "base_url": "CLEVERTAP_BASE_URL",
}


def _in_file(path: Path, name: str) -> _Where:
    return lambda key: f"{path}: [{name}] {'' if key == 'id' else key}".rstrip()


_NO_CHMOD = (
    " (where chmod changes nothing, as on a Windows drive or a network share, let "
    "CT_MAGIC_CONFIG_DIR name a folder elsewhere)"
)


def _check_permissions(path: Path, user: int | None) -> None:
    # Whoever can write this file can send the passcode to a host of theirs.
    status = path.stat()
    if os.name != "posix":
        return
    if status.st_uid not in (os.geteuid() if user is None else user, 0):
        raise AccountError(f"{path} belongs to another user, who could change it: run chown on it")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise AccountError(f"{path} can be changed by others{_NO_CHMOD}: run chmod go-w on it")
    mode = path.parent.stat().st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        raise AccountError(f"anyone may replace {path}{_NO_CHMOD}: run chmod o-w on {path.parent}")


def _check_table(path: Path, name: str, table: object) -> None:
    if not isinstance(table, dict):
        raise AccountError(f"{path}: {name!r} is outside a table; accounts begin with [name]")
    if any(key.lower().startswith("pass") for key in table):
        raise AccountError(
            f"{path}: [{name}] holds a passcode; take it out (and change it in the dashboard), "
            f"then type '%ct login {name}', or set {credentials.variable(name)}"
        )
    if name in (DEFAULT, "sandbox"):
        raise AccountError(f"{path}: [{name}] is a name of ct_magic's own; choose another")
    if unknown := sorted(set(table) - set(KEYS)):
        raise AccountError(
            f"{path}: [{name}] has {unknown[0]!r}; it may have {', '.join(sorted(KEYS))}"
        )
    _checked(name, table, _in_file(path, name))
