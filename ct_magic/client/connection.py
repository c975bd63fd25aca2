"""Connections for one exchange at a time: bounded as a whole, without interim answers.

What http.client and requests leave open, and what is closed here:

- their time limits are for one step, so an answer whose headers drip never ends: here each read
  of the socket gets what is left of the exchange's own time;
- an interim answer (103 and the like) would be taken for the answer, and the real one for that of
  the next request: here they are read away, whatever their number;
- `http.client.HTTPConnection.debuglevel`, which prints headers, has no effect here.
"""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Callable
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter


class Deadline:
    """What is left of the time of one exchange."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._end = clock, 0.0

    def begin(self, seconds: float) -> None:
        """Let a new exchange begin, which must be over after so many seconds."""
        self._end = self._clock() + seconds

    def left(self) -> float:
        """Return the seconds that are left, or raise TimeoutError where none are."""
        left = self._end - self._clock()
        if left <= 0:
            raise TimeoutError("the exchange took too long")
        return left


class BoundedAdapter(HTTPAdapter):
    """An adapter of requests whose every connection keeps to its deadline. For one thread."""

    def __init__(self) -> None:
        self.deadline = Deadline()
        super().__init__(pool_connections=1, pool_maxsize=1)

    def __enter__(self) -> BoundedAdapter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, **options)
        self._bound(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: object) -> object:
        """Return the pools of connections through a proxy."""
        known = proxy in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **options)
        if not known:
            self._bound(manager)
        return manager

    def _bound(self, manager: Any) -> None:
        pools = manager.pool_classes_by_scheme
        manager.pool_classes_by_scheme = {name: self._pool(pool) for name, pool in pools.items()}

    def _pool(self, pool: Any) -> type:
        response = {"response_class": staticmethod(self._response), "debuglevel": 0}
        connection = type("Connection", (pool.ConnectionCls,), response)
        return type("Pool", (pool,), {"ConnectionCls": connection})

    def _response(self, sock: socket.socket, *args: object, **options: object) -> HTTPResponse:
        return _Response(self.deadline, sock, *args, **options)


class _Response(HTTPResponse):
    """An HTTP answer that is read until a deadline, and that no interim answer stands for."""

    def __init__(self, deadline: Deadline, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        # `makefile` has counted this reader among the socket's users: keep it, below ours.
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_BoundedReader(deadline, sock, raw))

    def begin(self) -> None:
        """Read status and headers."""
        super().begin()
        while 100 <= self.status < 200 and self.status != 101:  # what follows 101 is not HTTP
            self.headers = self.msg = None  # type: ignore[assignment] # which lets it begin anew
            super().begin()


class _BoundedReader(io.RawIOBase):
    def __init__(self, deadline: Deadline, sock: socket.socket, raw: io.RawIOBase) -> None:
        self._deadline, self._sock, self._raw = deadline, sock, raw
        self._step = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline.left()
        self._sock.settimeout(left if self._step is None else min(self._step, left))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
