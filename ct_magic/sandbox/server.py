"""The sandbox's HTTP server: reads requests, sends replies whole, halved, slowly or not."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ..errors import UsageError
from .faults import Reply

Answer = Callable[[str, str, Mapping[str, str], bytes], Reply]
DRIP = 0.2  # seconds between two bytes of a slow answer
RESET = struct.pack("ii", 1, 0)  # linger for no time: closing sends RST


class Server:
    """Serves an `answer` function on loopback, a thread for each connection."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._http: ThreadingHTTPServer | None = None

    def start(self, port: int) -> None:
        """Listen on that port, 0 for any that is free."""
        handler = type("Handler", (_Handler,), {"answer": staticmethod(self._answer)})
        try:
            self._http = _Http(("127.0.0.1", port), handler)
        except (OSError, OverflowError) as error:
            why = error.strerror if isinstance(error, OSError) else "ports end at 65535"
            raise UsageError(f"port {port} cannot be used: {why}") from None
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        """The address, with the port that it got."""
        if self._http is None:
            raise UsageError("the sandbox does not serve yet: call start()")
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def stop(self) -> None:
        """Stop listening."""
        if self._http is not None:
            self._http.shutdown()
            self._http.server_close()
            self._http = None


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that went away is not the sandbox's trouble."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    # Or the body waits 40 ms for the client to acknowledge the headers.
    disable_nagle_algorithm = True
    answer: Answer

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    do_PUT = do_POST  # noqa: N815 # the base class's way of naming
    do_DELETE = do_POST  # noqa: N815
    do_PATCH = do_POST  # noqa: N815

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        body = self.rfile.read(int(length) if length.isdigit() else 0)
        self._send(self.answer(self.command, self.path, dict(self.headers.items()), body))

    def _send(self, reply: Reply) -> None:
        if reply.manner == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.close_connection = True
            self.connection.close()
            return
        self.send_response(reply.status)
        for name, value in (("Content-Type", "application/json"), *reply.headers):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
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

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 # the base class's name
        """Say nothing: the sandbox has a log of its own."""
