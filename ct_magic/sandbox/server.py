"""The sandbox's HTTP server: reads requests, sends replies whole, halved, slowly or not."""

from __future__ import annotations

import errno
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from itertools import islice
from socketserver import TCPServer
from typing import Any

from ct_magic.errors import UsageError
from ct_magic.sandbox.faults import Reply, failed

_Answer = Callable[[str, str, Mapping[str, str], bytes], Reply]
_Refuse = Callable[[str, str, Mapping[str, str]], Reply | None]
DRIP = 0.2  # seconds between two bytes of a slow answer
RESET = struct.pack("ii", 1, 0)  # linger for no time: closing sends RST
LARGEST = 16 << 20  # bytes of a body
UNREAD = 1 << 16  # bytes of one that is refused and read nevertheless, so that the answer arrives
SLOWEST = 20.0  # seconds that a client may be silent in the middle of a request
CROWDED = 0.05  # seconds until the next try to take a connection, where there are too many
TRAILERS = 100  # lines behind a body in chunks


class Server:
    """Serves an `answer` function on loopback, a thread for each connection."""

    def __init__(self, answer: _Answer, refuse: _Refuse = lambda *_: None) -> None:
        # `refuse` sees a request before its body is read, and says why it is not answered.
        functions = {"answer": staticmethod(answer), "refuse": staticmethod(refuse)}
        self._handler = type("Handler", (_Handler,), functions)
        self._http: ThreadingHTTPServer | None = None
        self._port: int | None = None

    def start(self, port: int) -> None:
        """Listen on that port, 0 for any that is free."""
        try:
            self._http = _Http(("127.0.0.1", port), self._handler)
        except (OSError, OverflowError) as error:
            why = error.strerror if isinstance(error, OSError) else "ports end at 65535"
            raise UsageError(f"port {port} cannot be used: {why}") from None
        self._port = self._http.server_address[1]
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        """The address, with the port that it got."""
        if self._port is None:
            raise UsageError("the sandbox does not serve yet: call start()")
        return f"http://127.0.0.1:{self._port}"

    def stop(self) -> None:
        """Stop listening."""
        http, self._http, self._port = self._http, None, None
        if http is not None:
            # Wakes its thread, on Linux; elsewhere that looks twenty times a second.
            with suppress(OSError):
                http.socket.shutdown(socket.SHUT_RDWR)
            http.shutdown()
            http.server_close()

    def leave(self) -> None:
        """Leave it to the process that this one was forked from: it listens there."""
        # Kept open here, the port would take requests after that process's end, and answer none.
        if self._http is not None:
            self._http.server_close()
            self._http = None


def is_loopback(host: str) -> bool:
    """Return True if a `Host` header names this machine itself."""
    name = host.rpartition(":")[0] if re.search(r":\d*$", host) else host
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        name = name.lower().removesuffix(".")  # the root's dot
        return name == "localhost" or name.endswith(".localhost")


# As `threads.now`: within `partial` what freezes time does not find it.
_real_time: Callable[[], float]
if hasattr(time, "clock_gettime"):
    _real_time = partial(time.clock_gettime, time.CLOCK_REALTIME)
else:
    _real_time = partial(time.time)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def server_bind(self) -> None:
        """Bind without asking for this machine's name, which some networks take seconds to tell."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.server_address[1]

    def get_request(self) -> tuple[socket.socket, Any]:
        """Take a connection; wait a little where this process may have no more of them."""
        try:
            return super().get_request()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                time.sleep(CROWDED)
            raise

    def handle_error(self, request: object, client_address: object) -> None:
        """Log nothing: a client that went away is not the sandbox's trouble."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = SLOWEST
    # Or the body waits 40 ms for the client to acknowledge the headers.
    disable_nagle_algorithm = True
    answer: _Answer
    refuse: _Refuse

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is not an HTTP request, in JSON as everything here."""
        self.close_connection = True
        self._send(failed(405 if code == 501 else code, message or "Bad request"))

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the moment of an answer, which no test's frozen time makes earlier than others."""
        return super().date_time_string(_real_time() if timestamp is None else timestamp)

    def do_GET(self) -> None:
        """Answer a request, of whichever method."""
        hosts = self.headers.get_all("Host") or []
        if len(hosts) > 1 or (not hosts and self.request_version != "HTTP/1.0"):
            self.send_error(400, "a request has one Host header")
            return
        if not all(map(is_loopback, hosts)):
            # A page from elsewhere may bind its own name to this address and read what it likes.
            self.close_connection = True
            self._send(failed(403, "only names of this machine itself are answered: localhost"))
            return
        headers = dict(self.headers.items())
        refused = self.refuse(self.command, self.path, headers)
        try:
            body = self._body(UNREAD if refused else LARGEST)
        except ValueError:
            self.send_error(400, "the length of a chunk is not a number")
            return
        if refused:
            self.close_connection = self.close_connection or body is None
            self._send(refused)
        elif body is None:
            self.send_error(413, "the request is too long")
        else:
            self._send(self.answer(self.command, self.path, headers, body))

    # The base class's way of naming.
    do_HEAD = do_POST = do_OPTIONS = do_PUT = do_DELETE = do_PATCH = do_GET  # noqa: N815

    def _body(self, largest: int) -> bytes | None:
        """Return the body; None where it is longer, of which nothing more is read then."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunks(largest)
        length_text = self.headers.get("Content-Length", "0")
        length = int(length_text) if length_text.isdecimal() else 0
        return self.rfile.read(length) if length <= largest else None

    def _chunks(self, largest: int) -> bytes | None:
        chunks, left = [], largest
        while length := int(self.rfile.readline(100).split(b";")[0] or b"0", 16):
            if not 0 < length <= LARGEST:
                raise ValueError("no chunk is as long as that")
            if length > left:
                return None
            chunks.append(self.rfile.read(length))
            left -= length
            self.rfile.readline(2)
        trailers = iter(lambda: self.rfile.readline(UNREAD).strip(), b"")
        return None if len(list(islice(trailers, TRAILERS))) == TRAILERS else b"".join(chunks)

    def _send(self, reply: Reply) -> None:
        if reply.manner == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.close_connection = True
            self.connection.close()
            return
        self.send_response(reply.status)
        for name, value in (("Content-Type", "application/json"), *reply.headers):
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self._send_body(reply)

    def _send_body(self, reply: Reply) -> None:
        if reply.manner == "whole":
            self.wfile.write(reply.body)
            return
        self.close_connection = True
        if reply.manner == "half":
            self.wfile.write(reply.body[: len(reply.body) // 2])
            return
        for byte in reply.body:
            self.wfile.write(bytes([byte]))
            time.sleep(DRIP)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # the base class's name
        """Log nothing: the sandbox has a log of its own."""
