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
passcode: see `passcodes`.
"""

from __future__ import annotations

import os
import re
import stat
import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..errors import AccountError, UsageError
from ..settings import LONGEST, zone
from . import credentials as passcodes
from .credentials import Secret

# Region -> host. Source: the API's reference, "The two calls".
REGIONS = {
    "eu1": "api.clevertap.com",
    "in1": "in1.api.clevertap.com",
    "us1": "us1.api.clevertap.com",
    "sg1": "sg1.api.clevertap.com",
    "aps3": "aps3.api.clevertap.com",
    "mec1": "mec1.api.clevertap.com",
}
PATH = "/1/counts/profiles.json"  # of both calls
KEYS = {"id", "region", "base_url", "timezone", "max_concurrent", "poll_interval"}
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Account:
    """One account of the service. What is None is left to the settings.

    `base_url` has no slash at its end; `max_concurrent` is counts asked at once, `poll_interval`
    seconds between two looks at the same count.
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
    def where(self) -> str:
        """Return in words where a passcode is sent to: the region, or the host that replaces it."""
        if self.base_url == f"https://{REGIONS.get(self.region)}":
            return f"in region {self.region!r}, {self.base_url}"
        return f"at {self.base_url}"


def find(name: str | None = None, environ: Mapping[str, str] = os.environ) -> Account:
    """Give the account of that name; without one, the environment's.

    Raises AccountError for a name, an id, a passcode or a region that is missing or unknown.
    """
    if name in (None, DEFAULT):
        return _from_environment(environ)
    known = from_file(environ)
    if name not in known:
        raise AccountError(_unknown(str(name), known, config_file(environ)))
    return _build(name, known[name], environ)


def config_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Give the path of `accounts.toml`, whether it is there or not."""
    moved = environ.get("CT_MAGIC_CONFIG_DIR")
    if moved:
        return Path(moved) / "accounts.toml"
    import platformdirs

    return platformdirs.user_config_path("ct_magic") / "accounts.toml"


def from_file(environ: Mapping[str, str] = os.environ) -> dict[str, dict[str, Any]]:
    """Read `accounts.toml`: name -> its table. No file is no account, not an error."""
    path = config_file(environ)
    try:
        _check_permissions(path)
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AccountError(f"{path} is not TOML: {error}") from None
    except OSError as error:
        raise AccountError(f"{path} cannot be read: {error.strerror}") from None
    for name, table in tables.items():
        _check_table(path, name, table)
    return tables


def base_url(url: str) -> str:
    """Check an address that a passcode may be sent to: https, or http on loopback only."""
    try:
        parts = urlsplit(url.strip())
        odd = parts.port == 0 or bool(set(url.strip()) & set(string.whitespace))
    except ValueError:  # a port or an address of version 6 that is none
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
        "region": environ.get("CLEVERTAP_REGION", "").strip() or "eu1",
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
    region = str(table.get("region", "eu1"))
    if region not in REGIONS:
        near = get_close_matches(region.lower(), REGIONS, 1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        where = "CLEVERTAP_REGION" if name == DEFAULT else f"[{name}]"
        raise AccountError(
            f"unknown region {region!r}: {hint}the regions are {', '.join(REGIONS)}; see {where}"
        )
    url = table.get("base_url") or f"https://{REGIONS[region]}"
    return Account(
        name=name,
        id=_header_safe(name, str(table["id"])),
        passcode=passcodes.find(name, environ, f" in region {region} of {', '.join(REGIONS)}"),
        region=region,
        base_url=base_url(str(url)),
        timezone=table.get("timezone"),
        max_concurrent=table.get("max_concurrent"),
        poll_interval=table.get("poll_interval"),
    )


def _header_safe(name: str, text: str) -> str:
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise AccountError(f"the id of account {name!r} holds characters that no account id has")
    return text


def _check_permissions(path: Path) -> None:
    # Whoever can write this file can send the passcode to a host of theirs.
    mode = path.stat().st_mode
    if os.name == "posix" and mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise AccountError(f"{path} can be changed by others: run chmod go-w on it")


def _check_table(path: Path, name: str, table: Any) -> None:
    if not isinstance(table, dict):
        raise AccountError(f"{path}: {name!r} stands outside a table; accounts begin with [name]")
    if any(key.lower().startswith("pass") for key in table):
        raise AccountError(
            f"{path}: [{name}] holds a passcode; take it out (and change it in the dashboard), "
            f"then type '%ct login {name}', or set {passcodes.variable(name)}"
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


def _check_numbers(path: Path, name: str, table: Mapping[str, Any]) -> None:
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
    except (UsageError, TypeError):
        what = f"has the unknown timezone {timezone!r}; write it like 'Asia/Kolkata'"
        raise AccountError(f"{path}: [{name}] {what}") from None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _unknown(name: str, known: Mapping[str, Any], path: Path) -> str:
    names = [DEFAULT, "sandbox", *known]
    near = get_close_matches(name, names, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"the accounts are {', '.join(names)}"
    return f"there is no account {name!r} in {path}: {hint}"
