"""Whom to ask: account, region, time zone; from the environment or a TOML file.

The account of the environment is named `default`; it reads `CLEVERTAP_ACCOUNT_ID`,
`CLEVERTAP_PASSCODE`, `CLEVERTAP_REGION` and `CLEVERTAP_BASE_URL`. Further ones stand in
`accounts.toml`, one table an account:

    [prod]
    id = "ABC-123-456"
    region = "in1"                 # default "eu1"
    timezone = "Asia/Kolkata"      # whose days are meant; default: the machine's
    max_concurrent = 3             # counts asked at once; default 3
    poll_interval = 30             # seconds between two looks; default 30

The file lies in the user's configuration directory, or in `CT_MAGIC_CONFIG_DIR`. It holds no
passcode: see `credentials`.
"""

from __future__ import annotations

import os
import re
import stat
import string
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlsplit

from ct_magic.client import credentials
from ct_magic.client.credentials import Secret
from ct_magic.common.words import suggest
from ct_magic.errors import AccountError, UsageError
from ct_magic.settings import LONGEST, zone

# Folders of our own that the environment may move: to `~/x`, `$HOME/x`, or any path.


def moved(name: str, environ: Mapping[str, str]) -> Path | None:
    """Return the folder that a variable names, None where it is not set.

    A kernel's or a container's settings pass no shell that would put `$HOME` in. Raise LookupError
    for what names no folder.
    """
    written = environ.get(name)
    if not written:
        return None
    filled = Template(written).safe_substitute(environ)
    try:
        return Path(filled).expanduser()
    except RuntimeError:
        raise LookupError(
            f"{name} is {written!r}, and nobody knows that home: name it whole"
        ) from None


# Region -> host. Source: the API's reference, "The two calls".
REGIONS = {
    "eu1": "api.clevertap.com",
    "in1": "in1.api.clevertap.com",
    "us1": "us1.api.clevertap.com",
    "sg1": "sg1.api.clevertap.com",
    "aps3": "aps3.api.clevertap.com",
    "mec1": "mec1.api.clevertap.com",
    "sk1": "sk1.api.clevertap.com",
}
REGION_SHAPE = re.compile(r"[a-z]{2,4}\d")  # a code of a region that may be newer than the list
COUNTS_PATH = "/1/counts/profiles.json"  # of both calls
KEYS = {"id", "region", "base_url", "timezone", "max_concurrent", "poll_interval"}
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Account:
    """One account of the service, as a table of `accounts.toml` describes it.

    `id` is CleverTap's account id; `passcode` shows as `****`. `base_url` is where requests go, a
    region's host or an address of one's own, without a slash at its end. `timezone` is a name like
    "Asia/Kolkata": whose days are meant. At most `max_concurrent` counts are asked at once, and
    `poll_interval` seconds lie between two looks at one count. None leaves it to `Settings`.
    """

    name: str
    id: str
    passcode: Secret
    region: str = "eu1"
    base_url: str = "https://api.clevertap.com"
    timezone: str | None = None
    max_concurrent: int | None = None
    poll_interval: float | None = None

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


def find_account(name: str | None = None, environ: Mapping[str, str] = os.environ) -> Account:
    """Return the account of that name; without one, the environment's.

    Raise AccountError for a name, an id, a passcode or a region that is missing or unknown.
    """
    if name in (None, DEFAULT):
        return _from_environment(environ)
    known = from_file(environ)
    if name not in known:
        raise AccountError(_unknown(str(name), known, config_file(environ)))
    return _build(name, known[name], environ)


def config_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the path of `accounts.toml`, whether it is there or not."""
    try:
        folder = moved("CT_MAGIC_CONFIG_DIR", environ)
    except LookupError as error:
        raise AccountError(str(error)) from None
    if folder:
        return folder / "accounts.toml"
    import platformdirs

    return platformdirs.user_config_path("ct_magic") / "accounts.toml"


def from_file(
    environ: Mapping[str, str] = os.environ, user: int | None = None
) -> dict[str, dict[str, object]]:
    """Return what `accounts.toml` holds: name -> its table. No file is no account, not an error.

    `user` is the number of the user who may have written it, this process' own unless given.
    """
    path = config_file(environ)
    try:
        _check_permissions(path, user)
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # Windows' editors add a BOM
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AccountError(f"{path} is not TOML: {error}") from None
    except OSError as error:
        raise AccountError(f"{path} cannot be read: {error.strerror}") from None
    for name, table in tables.items():
        _check_table(path, name, table)
    _check_variables(path, tables)
    return tables


def _check_host(name: str) -> None:
    """Raise UnicodeError, which is a ValueError, for a name that no host can have."""
    try:
        name.encode("idna")
    except SystemError:
        # CPython 3.13.0 in a directory that is gone: its first look for a codec fails so.
        name.encode("idna")


def base_url(url: str) -> str:
    """Check an address that a passcode may be sent to: https, or http on loopback only."""
    try:
        parts = urlsplit(url.strip())
        odd = parts.port == 0 or bool(set(url.strip()) & set(string.whitespace))
        _check_host(parts.hostname or "")
    except ValueError:  # a port, a name or an address of version 6 that is none
        parts, odd = urlsplit(""), True
    if (
        odd
        or parts.query
        or parts.fragment
        or parts.username
        or parts.password
        or not parts.hostname
    ):
        shown = re.sub("//.*[@?#].*", "//****", url)  # a passcode may have been put there
        raise AccountError(
            f"{shown!r} is not a base URL: write it like https://host or https://host/path"
        )
    if parts.path.rstrip("/").endswith(("/1", "/counts/profiles.json")):
        raise AccountError(
            f"{url!r} is more than a base URL: leave away what begins with /1, it is put behind"
        )
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname)):
        return url.strip().rstrip("/")
    raise AccountError(
        f"{url!r} would send the passcode in the clear: use https (http is for loopback only)"
    )


def _from_environment(environ: Mapping[str, str]) -> Account:
    table = {
        "id": environ.get("CLEVERTAP_ACCOUNT_ID", "").strip(),
        "region": environ.get("CLEVERTAP_REGION") or "eu1",
        "base_url": environ.get("CLEVERTAP_BASE_URL", "").strip() or None,
    }
    if not table["id"]:
        raise AccountError(
            "CLEVERTAP_ACCOUNT_ID is not set: set it with CLEVERTAP_PASSCODE and CLEVERTAP_REGION "
            f"(one of {', '.join(REGIONS)}; eu1 unless set), name an account of "
            f"{config_file(environ)}, or type '%ct use sandbox' to try without an account"
        )
    return _build(DEFAULT, table, environ)


def _build(name: str, table: Mapping[str, Any], environ: Mapping[str, str]) -> Account:
    region = str(table.get("region", "eu1")).strip().lower()
    url = table.get("base_url")
    if region not in REGIONS and not (url and REGION_SHAPE.fullmatch(region)):
        raise AccountError(_unknown_region(name, region))
    where = f" at {url}" if url else f" in region {region} of {', '.join(REGIONS)}"
    return Account(
        name=name,
        id=_header_safe(name, str(table["id"])),
        passcode=credentials.find_passcode(name, environ, where),
        region=region,
        base_url=base_url(str(url or f"https://{REGIONS[region]}")),
        timezone=table.get("timezone"),
        max_concurrent=table.get("max_concurrent"),
        poll_interval=table.get("poll_interval"),
    )


def _unknown_region(name: str, region: str) -> str:
    # Codes are never a near miss of each other: another region is another company's data.
    place = "CLEVERTAP_REGION" if name == DEFAULT else f"[{name}]"
    variable = "CLEVERTAP_BASE_URL" if name == DEFAULT else "base_url"
    newer = f"; {variable} can name the host of one that is newer, as https://HOST"
    cure = newer if REGION_SHAPE.fullmatch(region) else ""
    return f"unknown region {region!r}: the regions are {', '.join(REGIONS)}; see {place}{cure}"


def _header_safe(name: str, text: str) -> str:
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise AccountError(f"the id of account {name!r} holds characters that no account id has")
    return text


def _check_permissions(path: Path, user: int | None) -> None:
    # Whoever can write this file can send the passcode to a host of theirs.
    status = path.stat()
    if os.name != "posix":
        return
    if status.st_uid not in (os.geteuid() if user is None else user, 0):
        raise AccountError(f"{path} belongs to another user, who could change it: run chown on it")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise AccountError(f"{path} can be changed by others: run chmod go-w on it")
    mode = path.parent.stat().st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        raise AccountError(f"anyone may replace {path}: run chmod o-w on {path.parent}")


def _check_variables(path: Path, names: Iterable[str]) -> None:
    # Or the passcode of one account would be sent to the address of another.
    names_of: dict[str, str] = {}
    for name in names:
        other = names_of.setdefault(credentials.variable(name), name)
        if other != name:
            raise AccountError(
                f"{path}: [{other}] and [{name}] would both read {credentials.variable(name)}: "
                "rename one of them"
            )


def _check_table(path: Path, name: str, table: object) -> None:
    if not isinstance(table, dict):
        raise AccountError(f"{path}: {name!r} stands outside a table; accounts begin with [name]")
    if any(key.lower().startswith("pass") for key in table):
        raise AccountError(
            f"{path}: [{name}] holds a passcode; take it out (and change it in the dashboard), "
            f"then type '%ct login {name}', or set {credentials.variable(name)}"
        )
    if name in (DEFAULT, "sandbox"):
        raise AccountError(f"{path}: [{name}] is a name of ct_magic's own; choose another")
    if unknown := sorted(set(table) - KEYS):
        raise AccountError(
            f"{path}: [{name}] has {unknown[0]!r}; it may have {', '.join(sorted(KEYS))}"
        )
    if not isinstance(table.get("id"), str) or not table["id"].strip():
        raise AccountError(f"{path}: [{name}] needs an id, the account's id as text")
    _check_numbers(path, name, table)
    _check_timezone(path, name, table.get("timezone"))


def _check_numbers(path: Path, name: str, table: Mapping[str, object]) -> None:
    at_once, interval = table.get("max_concurrent", 1), table.get("poll_interval", 1)
    if not isinstance(at_once, int) or isinstance(at_once, bool) or at_once < 1:
        raise AccountError(f"{path}: [{name}] max_concurrent is a whole number from 1")
    if (
        not isinstance(interval, int | float)
        or isinstance(interval, bool)
        or not 0 < interval <= LONGEST
    ):
        raise AccountError(
            f"{path}: [{name}] poll_interval is a number of seconds above 0, up to a year"
        )


def _check_timezone(path: Path, name: str, timezone: Any) -> None:
    try:
        zone(timezone)
    except TypeError:
        raise AccountError(f"{path}: [{name}] timezone is a text like 'Asia/Kolkata'") from None
    except UsageError as error:
        raise AccountError(f"{path}: [{name}] {error}") from None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _unknown(name: str, known: Mapping[str, object], path: Path) -> str:
    names = [DEFAULT, "sandbox", *known]
    near = suggest(name, names)
    hint = f"did you mean {near!r}?" if near else f"the accounts are {', '.join(names)}"
    return f"there is no account {name!r} in {path}: {hint}"
