"""What only bare sockets can send: interim answers, late bodies, drips, cut bodies and handshakes.

An answer belongs to its question, or it is no answer; and every exchange ends.
"""

from __future__ import annotations

import http.client
import json
import os
import select
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from email.utils import formatdate
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from helpers.raw_server import Wire, wires
from urllib3 import HTTPConnectionPool, poolmanager
from urllib3.connection import HTTPConnection

import ct_magic
from ct_magic.client.accounts import Account
from ct_magic.client.credentials import Secret
from ct_magic.client.jobs import Denied, Failure, Partial, Success, Tally, Trouble
from ct_magic.client.transport import Service, sandbox_data, sandbox_schema

LOOPBACK = ip_address("127.0.0.1")
HIDDEN = "AAE-hidden-7731"


def service(url: str, total: float = 60.0, **timeouts: float) -> Service:
    account = Account("default", "ABC", Secret(HIDDEN), base_url=url)
    return Service(account, total=total, **timeouts)  # type: ignore[arg-type] # only numbers


def number(request: bytes) -> int:
    """The count that a request asks for: it stands in its body, or in its id."""
    head, _, body = request.partition(b"\r\n\r\n")
    return int(body) if body else int(head.split(b"req_id=")[1].split()[0])


LATE = 0.03  # seconds after which the rest of an answer comes: the next request has left by then


def hints(wire: Wire, body: object) -> None:
    wire.send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
    time.sleep(LATE)
    wire.answer(body)


def several(wire: Wire, body: object) -> None:
    wire.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n")
    wire.send(b"HTTP/1.1 103 Early Hints\r\nConnection: close\r\n\r\n")
    wire.answer(body)


def hollow(status: int) -> Callable[[Wire, object], None]:
    """An answer without a body, and its body after it."""

    def send(wire: Wire, body: object) -> None:
        wire.send(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())
        time.sleep(LATE)
        wire.answer(body)

    return send


def twice(wire: Wire, body: object) -> None:
    wire.answer(b"<html>", status=503)
    time.sleep(LATE)
    wire.answer(body)


def clean(wire: Wire, body: object) -> None:
    """The answer, and the same once more when the next request has left."""
    wire.answer(body)
    time.sleep(LATE)
    wire.answer(body)


def longer(wire: Wire, body: object) -> None:
    wire.answer(body, head="")
    wire.send(b'HTTP/1.1 200 OK\r\nContent-Length: 34\r\n\r\n{"status": "success", "count": 999}')


@pytest.mark.parametrize(
    "manner",
    [hints, several, hollow(200), hollow(204), hollow(304), hollow(202), twice, longer, clean],
    ids=["103", "many", "200", "204", "304", "202", "503", "two answers", "once more"],
)
def test_no_answer_is_taken_for_that_of_the_next_question(
    manner: Callable[[Wire, object], None],
) -> None:
    """Interim and bodiless answers with a late one behind them: a count is its own, or none."""

    def serve(wire: Wire) -> None:
        while request := wire.request():
            manner(wire, {"status": "success", "count": number(request)})

    with wires(serve) as url:
        asker = service(url)
        for count in range(12):
            ask = asker.submit if count % 2 else asker.poll
            answer = ask(str(count))
            if isinstance(answer, Success):
                assert answer == Success(Tally(count))
            time.sleep(LATE / 2 * (count % 3))


def test_an_interim_answer_is_waited_through() -> None:
    """The count is behind it: submitting once more would ask the service twice."""
    for manner in (hints, several):

        def serve(wire: Wire, manner: Callable[[Wire, object], None] = manner) -> None:
            while request := wire.request():
                manner(wire, {"status": "success", "count": number(request)})

        with wires(serve) as url:
            asker = service(url)
            assert [asker.submit(str(n)) for n in range(3)] == [Success(Tally(n)) for n in range(3)]


def drip(data: bytes) -> Callable[[Wire], None]:
    def serve(wire: Wire) -> None:
        wire.request()
        while True:
            for byte in data:
                wire.send(bytes([byte]))
                time.sleep(0.02)

    return serve


@pytest.mark.parametrize(
    "data",
    [b"HTTP/1.1 100 Continue\r\n\r\n", b"X", b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 9999],
    ids=["100 for ever", "a status without an end", "headers without an end"],
)
def test_an_exchange_ends_whatever_drips(data: bytes) -> None:
    """Or its worker and its place at the gate would be gone for good: these drip for ever."""
    with wires(drip(data)) as url:
        assert isinstance(service(url, total=0.4).submit("1"), Trouble)


def test_an_exchange_ends_where_nobody_says_where_the_host_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The search for an address has no limit. What is found too late is sent nothing."""
    over, search = threading.Event(), socket.getaddrinfo
    requests = Queue[bytes | None]()

    def late(*arguments: Any, **keywords: Any) -> Any:
        over.wait()
        return search(*arguments, **keywords)

    with wires(lambda wire: requests.put(wire.request())) as url:
        # The system's search cannot be made slow but by whoever runs this machine: the one real
        # thing that no test can have. It is Python's function, not one of ours.
        monkeypatch.setattr(socket, "getaddrinfo", late)
        answer = service(url.replace("127.0.0.1", "localhost"), total=0.2).submit("1")
        over.set()
        assert requests.get(timeout=60) is None
    assert isinstance(answer, Trouble)
    assert "did not answer in time" in answer.error


def test_an_exchange_ends_where_a_plain_address_does_not_answer() -> None:
    """It is connected to without a thread, whose limit is then that of the exchange."""
    with ExitStack() as waiting:
        server = waiting.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(8):  # more than it lets wait
            client = waiting.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        begun = time.monotonic()
        answer = service(url, total=0.3, connect_timeout=60.0).submit("1")
        assert time.monotonic() - begun < 20
    assert isinstance(answer, Trouble)
    assert "did not answer in time" in answer.error


def test_interim_answers_without_a_pause_end_too() -> None:
    """There is always something to read, so no single read is ever late."""

    def serve(wire: Wire) -> None:
        wire.request()
        while True:
            wire.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)

    with wires(serve) as url:
        assert isinstance(service(url, total=0.3).submit("1"), Trouble)


BODY = json.dumps({"status": "success", "count": 12345}).encode()


@pytest.mark.parametrize(
    "answer",
    [
        b"Content-Length: 100\r\n\r\n" + BODY,
        b"Content-Length: 20\r\n\r\n" + BODY,
        b"Transfer-Encoding: chunked\r\n\r\n26\r\n" + BODY[:20],
        b"Transfer-Encoding: chunked\r\n\r\n10\r\n" + BODY[:16] + b"\r\n",
        b"Content-Encoding: gzip\r\nContent-Length: 36\r\n\r\n" + BODY,
        b"Connection: close\r\n\r\n" + BODY[:-1],
        b"Content-Length: x\r\n\r\n" + BODY[:-3],
        b"",
    ],
    ids=["short", "long", "cut chunk", "no last", "no gzip", "to the end", "odd length", "no head"],
)
def test_a_body_that_was_cut_is_no_count(answer: bytes) -> None:
    """Digits may be missing at its end; it is trouble, and asked again."""

    def serve(wire: Wire) -> None:
        wire.request()
        wire.send(b"HTTP/1.1 200 OK\r\n" + answer)

    with wires(serve) as url:
        assert isinstance(service(url).poll("7"), Trouble)


def test_each_request_has_a_connection_of_its_own() -> None:
    """A count names no query: on a connection that is used again it may be another's."""
    heads: list[tuple[int, bytes]] = []

    def serve(wire: Wire) -> None:
        while request := wire.request():
            heads.append((wire.number, request))
            wire.answer({"status": "partial", "req_id": "7"})

    with wires(serve) as url:
        asker = service(url)
        answers = {asker.submit("1"), asker.poll("7"), asker.poll("7")}
    assert answers == {Partial("7")}
    assert [number for number, _ in heads] == [0, 1, 2]
    assert all(b"Connection: close" in head for _, head in heads)


def test_debugging_http_client_does_not_print_the_passcode(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """`debuglevel = 1` is a usual recipe; the header would stand in the cell and be saved."""
    # What the recipe says, word for word; it is only taken back after the test.
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)

    def serve(wire: Wire) -> None:
        wire.request()
        wire.answer()

    with wires(serve) as url:
        assert service(url).submit("1") == Success(Tally(1))
    assert HIDDEN not in "".join(capfd.readouterr())


@pytest.mark.parametrize("ahead", [0.0, 4 * 3600.0, -600.0])
def test_the_services_clock_decides_and_a_wrong_one_is_said(ahead: float) -> None:
    """A count of a day is whole once that day is over where the service is, not here."""
    heard: list[str] = []

    def serve(wire: Wire) -> None:
        while wire.request():
            wire.answer(head=f"Date: {formatdate(time.time(), usegmt=True)}\r\n")

    with wires(serve) as url:
        account = Account("default", "ABC", Secret(HIDDEN), base_url=url)
        asker = Service(account, warn=heard.append, wall=lambda: time.time() + ahead)
        answers = [asker.submit("1") for _ in range(3)]
    assert isinstance(answers[0], Success)
    assert answers[0].at is not None
    assert abs(answers[0].at.timestamp() - time.time()) < 60
    assert len(heard) == bool(ahead)
    expected = {0.0: "", 4 * 3600.0: "4 h ahead of", -600.0: "10 min behind"}[ahead]
    assert expected in "".join(heard)


@pytest.mark.parametrize("size", [b"-5", b"-0x5", b"5;x\r\n-1"])
def test_an_answer_in_impossible_chunks_is_trouble(size: bytes) -> None:
    """The id of a look is kept, and a submission is sent again."""

    def serve(wire: Wire) -> None:
        wire.request()
        wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + size + b"\r\n{}\r\n")

    with wires(serve) as url:
        assert isinstance(service(url).poll("7"), Trouble)
        assert isinstance(service(url).submit("7"), Trouble)


def test_only_loopback_is_asked_which_data_it_counts() -> None:
    """Whatever the account's id; any other host is asked nothing but the documented calls."""
    asked: list[bytes] = []

    def serve(wire: Wire) -> None:
        while request := wire.request():
            asked.append(request.split()[1])
            wire.answer({"data": "7f3a", "events": {}})

    with wires(serve) as url:
        assert sandbox_data(Account("a", "SANDBOX", Secret("x"), base_url=url)) == "7f3a"
        assert sandbox_data(Account("a", "ABC", Secret("x"), base_url=url)) == "7f3a"
        assert sandbox_data(Account("a", "SANDBOX", Secret("x"))) is None
    assert asked == [b"/sandbox/schema.json"] * 2
    with pytest.raises(OSError, match="refused"):  # which is not: no sandbox
        sandbox_data(Account("a", "SANDBOX", Secret("x"), base_url=url))


ODD_SCHEMAS = {
    "no JSON": b"<html>",
    "a list": b"[1]",
    "deep": b"[" * 100_000,
    "half a pair": b'{"data": "7f3a", "events": {"\\ud800": {}}, "geo": ["\\udc00"]}',
    "a number": b'{"data": 5}',
}


@pytest.mark.parametrize("body", ODD_SCHEMAS.values(), ids=ODD_SCHEMAS.keys())
def test_what_a_sandbox_tells_may_be_strange(body: bytes) -> None:
    """It costs no count, and what is learned from it can be written."""
    with wires(lambda wire: wire.request() and wire.answer(body)) as url:
        schema = sandbox_schema(Account("a", "A", Secret("x"), base_url=url))
    json.dumps(schema, ensure_ascii=False).encode()


def test_a_schema_without_end_costs_no_count(state: Path) -> None:
    """It is read so far and no further, as any other body."""
    sent = []

    def serve(wire: Wire) -> None:
        request = wire.request() or b""
        if b"schema.json" not in request:
            wire.answer()
            return
        wire.send(b'HTTP/1.1 200 X\r\n\r\n{"data": "')
        while True:
            wire.send(b"x" * (1 << 20))
            sent.append(1)

    with wires(serve) as url:
        account = Account("a", "A", Secret("x"), base_url=url)
        df = ct_magic.count("Charged 2026-10", account=account, progress="none")
    assert list(df["count"]) == [1]
    assert len(sent) < 64


@pytest.mark.parametrize(
    "head",
    [
        "HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\n{",
        "HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnone",
        "HTTP/1.1 500 X\r\n\r\n",
        "no HTTP",
        "",
    ],
)
def test_a_schema_that_is_cut_costs_no_count(state: Path, head: str) -> None:
    """Whatever answers there, what is asked is counted."""

    def serve(wire: Wire) -> None:
        if b"schema.json" in (wire.request() or b""):
            wire.send(head.encode())
        else:
            wire.answer()

    with wires(serve) as url:
        account = Account("a", "A", Secret("x"), base_url=url)
        df = ct_magic.count("Charged 2026-10", account=account, progress="none")
    assert list(df["count"]) == [1]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that no authority has signed, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "9", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)),
        ],
        check=True,
        capture_output=True,
    )
    return cert, key


def secured(certificate: tuple[Path, Path], before: bytes = b"") -> Callable[[Wire], None]:
    """A server that speaks TLS; `before` is sent ahead of each answer."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)

    def serve(wire: Wire) -> None:
        with context.wrap_socket(wire.sock, server_side=True) as sock:
            inner = Wire(sock, 0)
            while inner.request():
                inner.send(before)
                inner.answer()

    return serve


def test_a_certificate_that_cannot_be_verified_is_final_and_its_cure_works(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trying again helps nobody; naming the certificate does."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with wires(secured(certificate)) as url:
        secure = url.replace("http:", "https:")
        answer = service(secure).submit("1")
        assert isinstance(answer, Failure)
        assert "REQUESTS_CA_BUNDLE" in answer.error
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
        assert service(secure).submit("1") == Success(Tally(1))
        of_another = service(secure.replace("127.0.0.1", "localhost")).submit("1")
        assert isinstance(of_another, Failure)  # trusted, but not as this host


def relayed(wire: Wire) -> None:
    """Be a proxy: open a tunnel to wherever CONNECT says, and pass on what comes."""
    request = wire.request()
    assert request is not None
    host, _, port = request.split()[1].decode().partition(":")
    with socket.create_connection((host, int(port))) as target:
        wire.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        ends = {wire.sock: target, target: wire.sock}
        while True:
            for end in select.select(list(ends), [], [], 60)[0]:
                if not (data := end.recv(65536)):
                    return
                ends[end].sendall(data)


def test_a_proxy_on_the_way_is_gone_through(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A company's: the passcode goes through its tunnel, and a proxy that drips is bounded, too."""
    for name in ("no_proxy", "NO_PROXY", "https_proxy", "all_proxy", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    with (
        wires(secured(certificate, b"HTTP/1.1 103 Early Hints\r\n\r\n")) as url,
        wires(relayed) as proxy,
        wires(drip(b"HTTP/1.1 200 X\r\nA: ")) as slow,
    ):
        secure = url.replace("http:", "https:")
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        asker = service(secure)
        assert [asker.submit("1") for _ in range(3)] == [Success(Tally(1))] * 3
        monkeypatch.setenv("HTTPS_PROXY", slow)
        assert isinstance(service(secure, total=0.4).submit("1"), Trouble)


def test_a_proxy_whose_tunnel_breaks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The account's address is not to blame alone, and who may mend it looks at the proxy first."""

    def opened_and_closed(wire: Wire) -> None:
        wire.request()
        wire.send(b"HTTP/1.1 200 Connection established\r\n\r\n")

    for name in ("no_proxy", "NO_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    with wires(opened_and_closed) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        answer = service("https://127.0.0.1:9").submit("1")
    assert isinstance(answer, Trouble)
    assert "through the proxy in HTTPS_PROXY" in answer.error


def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy and no certificates but those that the test names."""
    for name in ("https_proxy", "all_proxy", "no_proxy", "requests_ca_bundle", "curl_ca_bundle"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (b"407 Proxy Authentication Required", "put user and password into HTTPS_PROXY"),
        (b"403 Forbidden", "whoever runs it must allow the way"),
        (b"401 Unauthorized", "HTTP 401 Unauthorized"),
    ],
)
def test_a_proxy_that_refuses_ends_the_cell_at_once(
    status: bytes, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It refuses every request alike: waiting three minutes tells nobody more."""

    def refusing(wire: Wire) -> None:
        wire.request()
        wire.send(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")

    alone(monkeypatch)
    with wires(refusing) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        answer = service("https://ct.example").submit("1")
    assert isinstance(answer, Denied)
    assert words in answer.error
    assert "passcode" not in answer.error


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_proxy_needs_no_scheme(
    host: str, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As curl takes it: `https_proxy=proxy.example:3128`."""
    alone(monkeypatch)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    with wires(secured(certificate)) as url, wires(relayed) as proxy:
        monkeypatch.setenv("https_proxy", f"{host}:{proxy.rpartition(':')[2]}")
        assert service(url.replace("http:", "https:")).submit("1") == Success(Tally(1))


def test_what_is_wrong_with_a_certificate_is_said(
    certificate: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its day, with this machine's clock, which may be what is wrong; its host; who signed it."""
    alone(monkeypatch)
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    days = {"expired": ("20200101000000Z", "20210101000000Z"), "not yet": ("20900101000000Z",) * 2}
    for word, (begin, end) in days.items():
        made = x509(cert, key, begin, end)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(made[0]))
        with wires(secured(made)) as url:
            answer = service(url.replace("http:", "https:")).submit("1")
        assert isinstance(answer, Failure)
        assert word in answer.error
        assert f"this machine's clock says {time.strftime('%Y-')}" in answer.error
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    with wires(secured(certificate)) as url:
        secure = url.replace("http:", "https:").replace("127.0.0.1", "localhost")
        answer = service(secure).submit("1")
    assert isinstance(answer, Failure)
    assert "mismatch" in answer.error
    assert "REQUESTS_CA_BUNDLE" not in answer.error


def x509(cert: Path, key: Path, begin: str, end: str) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that is its own authority, valid between two moments."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    private, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    first, last = (datetime.strptime(text, "%Y%m%d%H%M%S%z") for text in (begin, end))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(first)
        .not_valid_after(last + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(LOOPBACK)]), critical=True)
        .sign(private, hashes.SHA256())
    )
    encoding, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    cert.write_bytes(made.public_bytes(encoding))
    key.write_bytes(private.private_bytes(encoding, kind, serialization.NoEncryption()))
    return cert, key


IN_FOREIGN_HANDS = """
import sys
from ct_magic.client.accounts import Account
from ct_magic.client.credentials import Secret
from ct_magic.client.transport import Service

service = Service(Account("default", "ABC", Secret("x"), base_url=sys.argv[1]))
"""
PYOPENSSL = "import urllib3.contrib.pyopenssl as p\np.inject_into_urllib3()\n"
VCR = """
import os, vcr
tape = os.path.join(sys.argv[2], "tape.yaml")
for _ in range(2):  # recorded, and played
    with vcr.use_cassette(tape):
        print(service.submit("1"))
"""
NO_CLASS = """
from functools import partial
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
for pool in (HTTPConnectionPool, HTTPSConnectionPool):
    pool.ConnectionCls = partial(pool.ConnectionCls)
"""


class Final(HTTPConnection):
    """One of which no class can be made."""

    def __init_subclass__(cls) -> None:
        raise TypeError("this class is final")


class Unhashable(type):
    __hash__ = None  # type: ignore[assignment] # what is not to be kept in a cache


Odd = Unhashable("Odd", (HTTPConnection,), {})


def made(*args: Any, **options: Any) -> HTTPConnectionPool:
    return HTTPConnectionPool(*args, **options)


@pytest.mark.parametrize(
    "pool",
    [
        *(type("Pool", (HTTPConnectionPool,), {"ConnectionCls": kind}) for kind in (Final, Odd)),
        *(made, partial(HTTPConnectionPool)),
    ],
    ids=["final", "unhashable", "function", "partial"],
)
def test_a_connection_of_which_no_class_can_be_made_is_used_as_it_is(
    pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A double of urllib3's costs the bounds, not the count."""
    monkeypatch.setitem(poolmanager.pool_classes_by_scheme, "http", pool)
    with wires(lambda wire: wire.request() and wire.answer()) as url:
        assert service(url).submit("1") == Success(Tally(1))


@pytest.mark.parametrize("is_secure", [True, False])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "print(service.submit('1'))"),
        (PYOPENSSL, "print(service.submit('1'))"),
        (NO_CLASS, "print(service.submit('1'))"),
        ("", VCR),
        (PYOPENSSL, VCR),
    ],
    ids=["plain", "pyopenssl", "no class", "vcr", "both"],
)
def test_whatever_others_put_into_urllib3_the_count_comes(
    before: str, after: str, is_secure: bool, certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    """Another library's TLS, a recorder of tests, a function in place of a connection's class."""
    answering = secured(certificate) if is_secure else lambda wire: wire.request() and wire.answer()
    environ = {"REQUESTS_CA_BUNDLE": str(certificate[0]), "PATH": os.environ["PATH"]}
    with wires(answering) as url:
        address = url.replace("http:", "https:") if is_secure else url
        code = before + IN_FOREIGN_HANDS + after
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code, address, str(tmp_path)],
            capture_output=True,
            text=True,
            env=environ | {"PYTHONPATH": str(Path(ct_magic.__file__).parents[1])},
        )
    assert set(done.stdout.splitlines()) == {str(Success(Tally(1)))}, done.stdout + done.stderr


@pytest.mark.parametrize(
    "head",
    [
        *("Age: 30\r\n", "Age: 00001\r\n", 'Warning: 110 - "Response is Stale"\r\n'),
        *("X-Cache: Hit from edge\r\n", "Cache-Status: x; hit\r\n"),
        *("X-Cache: TCP_MEM_HIT\r\n", "CF-Cache-Status: HIT\r\n", "X-Cache-Status: STALE\r\n"),
        *("X-Proxy-Cache: HIT\r\n", "Age: 0\r\nAge: 30\r\n", "Age: +30\r\n"),
    ],
)
def test_what_a_cache_gives_is_no_answer(head: str) -> None:
    """It may drop the query string, and give one count to all; the id is kept."""

    def serve(wire: Wire) -> None:
        while wire.request():
            wire.answer(head=head)

    with wires(serve) as url:
        answers = [service(url).submit("1"), service(url).poll("7")]
    for answer in answers:
        assert isinstance(answer, Trouble)
        assert "answered by a cache" in answer.error


def dated(*ago: float) -> Callable[[Wire], None]:
    """Answer so many seconds ago, in turn: an id first, counts after it."""
    left = list(ago)

    def serve(wire: Wire) -> None:
        while request := wire.request():
            partial = {"status": "partial", "req_id": "7"}
            at = formatdate(time.time() - left.pop(0), usegmt=True)
            body = partial if request.startswith(b"POST") else {"status": "success", "count": 1}
            wire.answer(body, head=f"Date: {at}\r\n")

    return serve


@pytest.mark.parametrize(("ahead", "wrong"), [(0.0, 0.0), (0.0, 86400.0), (-7200.0, 0.0)])
def test_an_answer_that_is_older_than_its_question_is_none(ahead: float, wrong: float) -> None:
    """By the service's own clock, whatever this machine's says."""
    with wires(dated(*(ahead + ago for ago in (0, 20, 0, 30, 0)))) as url:
        account = Account("default", "ABC", Secret(HIDDEN), base_url=url)
        asker = Service(account, wall=lambda: time.time() + wrong)
        answers = [asker.submit("1"), *(asker.poll("7") for _ in range(2)), asker.submit("1")]
    assert answers[0] == Partial("7")
    assert answers[2] == Success(Tally(1))
    for old in (answers[1], answers[3]):
        assert isinstance(old, Trouble)
        assert "answered by a cache" in old.error


def test_an_answer_fits_its_question_where_time_is_frozen_or_clocks_differ_a_little() -> None:
    """A service of many machines, and a test that holds this machine's clock."""
    with wires(dated(0, 2, -2, 2, 0)) as url:
        account = Account("default", "ABC", Secret(HIDDEN), base_url=url)
        asker = Service(account, wall=lambda: 1.6e9)
        answers = [asker.submit("1"), *(asker.poll("8") for _ in range(4))]
    assert answers == [Partial("7"), *[Success(Tally(1))] * 4]


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 32\r\n",  # beside that of the body
        "Content-Encoding: gzip, gzip\r\n",
        "Content-Encoding: identity, gzip\r\n",
        "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n",
    ],
)
@pytest.mark.parametrize("looks", [False, True])
def test_headers_that_contradict_each_other_are_trouble(head: str, looks: bool) -> None:
    """A broken proxy: the id is kept, and nothing is unpacked twice."""

    def serve(wire: Wire) -> None:
        wire.request()
        wire.answer(head=head)

    with wires(serve) as url:
        answer = service(url).poll("7") if looks else service(url).submit("1")
    assert isinstance(answer, Trouble)


def test_a_process_without_file_handles_is_told_so() -> None:
    """It is not the network: `ulimit -n` is."""
    code = IN_FOREIGN_HANDS + (
        "import resource, socket\n"
        "service.submit('1')\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n"
        "held = []\n"
        "try:\n"
        "    while True: held.append(socket.socket())\n"
        "except OSError: pass\n"
        "print(service.submit('1').error)\n"
    )
    with wires(lambda wire: wire.request() and wire.answer()) as url:
        done = subprocess.run([sys.executable, "-c", code, url], capture_output=True, text=True)
    assert "ulimit -n" in done.stdout, done.stdout + done.stderr
    assert "no connection" not in done.stdout


@pytest.mark.parametrize(
    "data", [b"", b"HTTP/1.1 400 Bad\r\n\r\n", b"\x15\x03\x01\x00\x02\x02\x28"]
)
def test_a_handshake_that_was_cut_is_trouble(data: bytes) -> None:
    """A proxy that restarts, not a certificate: it is tried again, and ids are kept."""

    def serve(wire: Wire) -> None:
        wire.sock.recv(4096)
        wire.send(data)

    with wires(serve) as url:
        answer = service(url.replace("http:", "https:")).submit("1")
    assert isinstance(answer, Trouble)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("REQUESTS_CA_BUNDLE", "/no/such.pem", ["REQUESTS_CA_BUNDLE", "/no/such.pem"]),
        ("CURL_CA_BUNDLE", "/no/such.pem", ["CURL_CA_BUNDLE"]),
        (
            "HTTPS_PROXY",
            "socks5://127.0.0.1:9",
            ["HTTPS_PROXY", "pip install pysocks, then restart"],
        ),
        ("HTTPS_PROXY", "http://", ["HTTPS_PROXY", "write it like"]),
        ("HTTPS_PROXY", "http://[::1", ["HTTPS_PROXY", "write it like"]),
        ("HTTPS_PROXY", "http://me:hunter2@:80:x", ["HTTPS_PROXY", "write it like"]),
        ("https_proxy", "gopher://127.0.0.1:9", ["https_proxy", "write it like"]),
        ("ALL_PROXY", "http://127.0.0.1:99999", ["ALL_PROXY", "write it like"]),
        ("HTTPS_PROXY", "http://127.0.0.1:9", ["proxy", "HTTPS_PROXY"]),
    ],
)
def test_a_variable_that_leads_nowhere_is_named(
    name: str, value: str, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account's address is not to blame, and what to do is said."""
    for variable in (
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
        "no_proxy",
        "NO_PROXY",
    ):
        monkeypatch.delenv(variable, raising=False)
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(name, value)
    answer = service("https://ct.example").submit("1")
    assert isinstance(answer, Failure | Trouble)
    assert all(word in answer.error for word in words), answer.error
    assert "hunter2" not in answer.error


@pytest.mark.parametrize("part", [0, 0.5], ids=["none", "half of one"])
def test_a_file_that_holds_no_certificates_is_named(
    tmp_path: Path, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, part: float
) -> None:
    """It is there, but it is another file, or was cut: trying again helps nobody, its cure does."""
    whole = certificate[0].read_text()
    (tmp_path / "ours.pem").write_text("# ask Ann\n" + whole[: int(len(whole) * part)])
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ours.pem"))
    with wires(secured(certificate)) as url:
        secure = url.replace("http:", "https:")
        answer = service(secure).submit("1")
        assert isinstance(answer, Failure)
        assert "REQUESTS_CA_BUNDLE names no certificates" in answer.error
        (tmp_path / "ours.pem").write_text("# ask Ann\n" + whole)
        assert service(secure).submit("1") == Success(Tally(1))


def test_an_interrupt_in_a_request_does_not_keep_its_headers() -> None:
    """`%xmode Verbose` would print the locals of every frame, the passcode among them."""

    class Leave(BaseException):
        pass

    def leave(*_: object) -> None:
        raise Leave

    def serve(wire: Wire) -> None:
        wire.request()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
        wire.request()

    before = signal.signal(signal.SIGUSR1, leave)
    try:
        with wires(serve) as url, pytest.raises(Leave) as caught:
            service(url).submit("1")
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert caught.value.__context__ is None
    frame = caught.value.__traceback__
    while frame:
        assert HIDDEN not in repr(frame.tb_frame.f_locals)
        frame = frame.tb_next
