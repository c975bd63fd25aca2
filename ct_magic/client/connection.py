"""The way to an account's address: its proxy, its certificates, a connection bounded in time."""

from __future__ import annotations

import io
import os
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from http.client import HTTPResponse, HTTPSConnection
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests.adapters
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies, select_proxy
from urllib3.connection import HTTPConnection
from urllib3.util.ssl_ import create_urllib3_context

from ct_magic.common.threads import now, spawn
from ct_magic.rows import Record

# A connection for one exchange: bounded as a whole, without interim answers.
#
# What http.client and requests leave open, and what is closed here:
#
# - their time limits are for one step, so an answer whose headers drip never ends: here each read
#   of the socket gets what is left of the exchange's own time;
# - the search for a host's address has no limit at all, and one that has several is tried for the
#   sum of their limits: here both are done by a thread, which is left behind when the time is up,
#   unless the host is one plain address, as the sandbox's;
# - an interim answer (103 and the like) would be taken for the answer: here all of them are
#   skipped;
# - the certificates are read for every connection, which takes longer than the rest of it: here
#   once for each file and state of it;
# - `http.client.HTTPConnection.debuglevel`, which prints headers, has no effect here.
#
# What this rests on. Public are an adapter's `init_poolmanager` and `proxy_manager_for`, a pool
# manager's `pool_classes_by_scheme`, a pool's `ConnectionCls`, urllib3's `HTTPConnection` with its
# `timeout` and `sock`, and `connect` to be overridden; urllib3 2 offers no limit for a whole
# exchange, and no say in how a host's address is found. Not public is a part of http.client: what
# reads the answer is its `response_class`; that reads from its `fp`, and status and headers in
# `begin`, again where `headers` is None. Another kind of connection in a pool (a recorder of tests
# puts one there) is kept, and bounded where it is one of urllib3's.


class Deadline:
    """What is left of the time of one exchange, which takes so many seconds at the most."""

    def __init__(self, seconds: float) -> None:
        self._end = now() + seconds

    def left(self, step: object = None) -> float:
        """Return the seconds that are left, at most those of a step; TimeoutError for none."""
        left = self._end - now()
        if left <= 0:
            raise TimeoutError("the exchange took too long")
        return min(step, left) if isinstance(step, int | float) else left


class BoundedAdapter(HTTPAdapter):
    """An adapter for one exchange, over in so many seconds; `trust` is for https."""

    def __init__(self, seconds: float, trust: ssl.SSLContext | None = None) -> None:
        self._deadline, self._trust = Deadline(seconds), trust
        super().__init__(pool_connections=1, pool_maxsize=1)

    def send(self, *args: Any, **options: Any) -> requests.Response:
        """Send a request; what is made for it keeps to the deadline."""
        _exchange.deadline = self._deadline
        return super().send(*args, **options)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, **options, ssl_context=self._trust)
        _bound(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> object:
        """Return the pools of connections through a proxy."""
        options["ssl_context"] = self._trust
        if proxy.lower().startswith("https:"):
            options["proxy_ssl_context"] = self._trust
        manager = super().proxy_manager_for(proxy, **options)
        _bound(manager)
        return manager

    def cert_verify(self, *_: object) -> None:
        """Leave it to the context, which has the certificates."""


_exchange = threading.local()  # of a thread: the deadline of the exchange that it is in


def _bound(manager: Any) -> None:
    manager.pool_classes_by_scheme = pools = dict(manager.pool_classes_by_scheme)
    for name, kind in pools.items():
        with suppress(AttributeError, TypeError):  # what no class can be made of stays as it is
            pools[name] = _bounded_pool(kind, kind.ConnectionCls)


# A class is made once: making one takes longer than what it does for an exchange. A recorder of
# tests makes its own for each recording, so that not all are kept.
@lru_cache(maxsize=16)
def _bounded_pool(pool: type, kind: Any) -> type:
    if not issubclass(kind, HTTPConnection):
        return pool
    connection = type("Connection", (_Bounded, kind), {"debuglevel": 0})
    return type(pool.__name__, (pool,), {"ConnectionCls": connection})


class _Bounded(HTTPConnection):
    """A connection that keeps to the deadline of its exchange."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.deadline: Deadline = _exchange.deadline

    def connect(self) -> None:
        """Find the host, and connect to it, its TLS and a proxy's tunnel included."""
        connect, close = super().connect, super().close
        is_one_step = False  # where only one address is connected to, which has a limit of its own
        with suppress(ValueError):
            ip_address(self.host)  # of http, which is for loopback and has no proxy
            is_one_step = not isinstance(self, HTTPSConnection)
        if is_one_step:
            self.timeout = self.deadline.left(self.timeout)
            connect()
        else:
            _within(self.deadline, connect, close)

    def response_class(  # type: ignore[override] # a class, says typeshed; it is only called
        self, sock: socket.socket, *args: object, **options: object
    ) -> HTTPResponse:
        """Return what reads the answer."""
        step, deadline = self.timeout, self.deadline
        return _Response(lambda: deadline.left(step), sock, *args, **options)


def _within(deadline: Deadline, work: Callable[[], None], undo: Callable[[], None]) -> None:
    """Do this by the deadline, or raise TimeoutError: then it is left behind, and undone later."""
    left, over, failures = deadline.left(), threading.Event(), list[BaseException]()
    is_left_behind = False

    def run() -> None:
        try:
            work()
        except BaseException as error:  # whatever it is, who waits for it raises it again
            failures.append(error)
        finally:
            over.set()
            if is_left_behind:
                undo()

    if not spawn(run, "ct_magic-connect"):
        work()
    elif not over.wait(left):
        is_left_behind = True
        raise TimeoutError("the host was not found, or not reached, in time")
    if failures:
        raise failures.pop()


@lru_cache(maxsize=4)
def _trusted(certificates: str, _changed: int) -> ssl.SSLContext:
    context = create_urllib3_context()
    place = "capath" if Path(certificates).is_dir() else "cafile"
    context.load_verify_locations(**{place: certificates})
    return context


class _Response(HTTPResponse):
    """An HTTP answer that is read until a deadline, and that no interim answer replaces."""

    def __init__(
        self, limit: Callable[[], float], sock: socket.socket, *args: Any, **options: Any
    ) -> None:
        super().__init__(sock, *args, **options)
        # `makefile` has counted this reader among the socket's users: keep it, below ours.
        self.fp = io.BufferedReader(_BoundedReader(limit, sock, self.fp.detach()))

    def begin(self) -> None:
        """Read status and headers."""
        super().begin()
        while 100 <= self.status < 200 and self.status != 101:  # what follows 101 is not HTTP
            self.headers = self.msg = None  # type: ignore[assignment] # so that it begins again
            super().begin()


class _BoundedReader(io.RawIOBase):
    def __init__(self, limit: Callable[[], float], sock: socket.socket, raw: io.RawIOBase) -> None:
        self._limit, self._sock, self._raw = limit, sock, raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._limit())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")


class RouteError(Exception):
    """A variable of the environment that is wrong; the text names it and the cure."""


class Route(Record):
    """How to reach an address."""

    proxies: Mapping[str, str]  # as requests takes them
    trust: ssl.SSLContext | None = None  # the certificates that are trusted
    proxy_variable: str | None = None  # where the proxy comes from, if there is one


def to(url: str, environ: Mapping[str, str] = os.environ) -> Route:
    """Return the route to an address, or raise RouteError."""
    # http is for loopback: a proxy would carry the passcode elsewhere.
    if not url.startswith("https:"):
        return Route({})
    trust = _trust(environ)
    # Without a scheme `localhost:3128` would be one of the scheme `localhost`.
    proxies = {
        name: value if "://" in value else f"http://{value}"
        for name, value in get_environ_proxies(url).items()
    }
    proxy = select_proxy(url, proxies)
    if not proxy:
        return Route(proxies, trust)
    names = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
    written = (proxy, proxy.removeprefix("http://"))
    name = next((name for name in names if environ.get(name) in written), "the system's settings")
    _check_proxy(proxy, name)
    return Route(proxies, trust, name)


def _trust(environ: Mapping[str, str]) -> ssl.SSLContext:
    variable = next((name for name in CERTIFICATES if environ.get(name)), "")
    certificates = environ.get(variable) or DEFAULT_CA_BUNDLE_PATH
    if variable and not Path(certificates).exists():
        raise RouteError(
            f"{variable} names {certificates!r}, which does not exist: set it to a "
            "file of certificates, or unset it"
        )
    why = f"the certificates {certificates} cannot be read: pip install --force-reinstall certifi"
    if variable:
        cure = "set it to a PEM file, or unset it"
        why = f"{variable} names no certificates that can be read: {cure}"
    try:
        return _trusted(certificates, Path(certificates).stat().st_mtime_ns)
    except (ssl.SSLError, FileNotFoundError, PermissionError):
        raise RouteError(why) from None


def _check_proxy(proxy: str, name: str) -> None:
    # The proxy itself is not repeated: it may hold a password.
    try:
        parts = urlsplit(proxy)
        is_address = parts.scheme.lower() in SCHEMES and bool(parts.hostname)
        is_address = is_address and parts.port != 0 and not set(parts.netloc) & set(" \t")
    except ValueError:
        is_address = False
    if not is_address:
        raise RouteError(
            f"the proxy in {name} is not an address: write it like http://proxy.example:8080, or "
            f"unset {name}"
        )
    # What requests found when it was imported: of a later installation it makes nothing.
    has_socks = isinstance(requests.adapters.SOCKSProxyManager, type)
    if parts.scheme.lower().startswith("socks") and not has_socks:
        raise RouteError(
            f"the proxy in {name} is a SOCKS one, which needs PySocks: pip install pysocks, then "
            "restart the kernel"
        )
