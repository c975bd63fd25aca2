"""The way to an account's address: proxies and certificates that the environment names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests.adapters
from requests.utils import get_environ_proxies, select_proxy

CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")


class RouteError(Exception):
    """A variable of the environment that leads nowhere; the text names it and the cure."""


@dataclass(frozen=True, slots=True)
class Route:
    """How to reach an address: `proxies` as requests takes them, and who is trusted there.

    `certificates` is a file or folder, None for those of requests. `proxy_variable` and
    `certificates_variable` name where these come from, None where nothing is set.
    """

    proxies: Mapping[str, str]
    certificates: str | None = None
    proxy_variable: str | None = None
    certificates_variable: str | None = None


def to(url: str, environ: Mapping[str, str] = os.environ) -> Route:
    """Return the route to an address, or raise RouteError.

    http is for loopback: a proxy of the environment would carry the passcode elsewhere.
    """
    if not url.startswith("https:"):
        return Route({})
    variable = next((name for name in CERTIFICATES if environ.get(name)), None)
    certificates = environ[variable] if variable else None
    if certificates and not Path(certificates).exists():
        raise RouteError(
            f"{variable} names {certificates!r}, which does not exist: set it to a "
            "file of certificates, or unset it"
        )
    proxies = get_environ_proxies(url)
    proxy = select_proxy(url, proxies)
    name = _variable(proxy, environ) if proxy else None
    if proxy and name:
        _check(proxy, name)
    return Route(proxies, certificates, name, variable)


def _variable(proxy: str, environ: Mapping[str, str]) -> str:
    names = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
    return next((name for name in names if environ.get(name) == proxy), "the system's settings")


def _check(proxy: str, name: str) -> None:
    # The proxy itself is not repeated: a password may stand in it.
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        is_address = parts.scheme.lower() in SCHEMES and bool(parts.hostname)
        is_address = is_address and parts.port != 0 and not set(parts.netloc) & set(" \t")
    except ValueError:
        is_address = False
    if not is_address:
        raise RouteError(
            f"the proxy in {name} is no address: write it like http://proxy.example:8080, or unset "
            f"{name}"
        )
    if parts.scheme.lower().startswith("socks") and not _has_socks():
        raise RouteError(
            f"the proxy in {name} is a SOCKS one, which needs PySocks: pip install pysocks, then "
            "restart the kernel"
        )


def _has_socks() -> bool:
    # What requests found when it was imported: of a later installation it makes nothing.
    return isinstance(requests.adapters.SOCKSProxyManager, type)
