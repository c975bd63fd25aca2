"""A server of bare sockets: what no HTTP library would send can be sent."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

CLEAN = b'{"status": "success", "count": 1}'


class Wire:
    """One connection, seen from the server: requests come in, bytes go out."""

    def __init__(self, sock: socket.socket, number: int) -> None:
        self.sock, self.number = sock, number
        self._left = b""

    def request(self) -> bytes | None:
        """Return the next request, head and body, or None once the client has gone."""
        while b"\r\n\r\n" not in self._left:
            if not (data := self.sock.recv(65536)):
                return None
            self._left += data
        head, _, rest = self._left.partition(b"\r\n\r\n")
        lines = [line.partition(b":") for line in head.lower().split(b"\r\n")]
        length = next((int(value) for name, _, value in lines if name == b"content-length"), 0)
        while len(rest) < length:
            rest += self.sock.recv(65536)
        self._left = rest[length:]
        return head + b"\r\n\r\n" + rest[:length]

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.sock.sendall(data)

    def answer(self, body: bytes | object = CLEAN, status: int = 200, head: str = "") -> None:
        """Send a whole answer; what is not bytes is sent as JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send(f"HTTP/1.1 {status} X\r\n{head}Content-Length: {len(raw)}\r\n\r\n".encode() + raw)


@contextmanager
def wires(serve: Callable[[Wire], None]) -> Iterator[str]:
    """Run a server on loopback whose every connection is handled by `serve`; give its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    numbers = iter(range(1_000_000))

    def handle(sock: socket.socket) -> None:
        with sock, suppress(OSError):
            sock.settimeout(60)
            serve(Wire(sock, next(numbers)))

    def accept() -> None:
        with suppress(OSError):
            while True:
                sock, _ = listener.accept()
                threading.Thread(target=handle, args=(sock,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        # Closing alone would not wake the thread that accepts.
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
