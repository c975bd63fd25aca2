"""Takes a passcode out of texts that came from outside, however it is written there."""

from __future__ import annotations

import html
import json
import quopri
import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from urllib.parse import unquote

from ct_magic.client.credentials import Secret

STARS = "****"
SHORTEST = 4  # letters and digits; of fewer, any text would seem to hold the passcode
ESCAPES = re.compile(
    r"[\\%]u\{?(?P<u>[0-9a-fA-F]{2,6})\}?|\\U(?P<U>[0-9a-fA-F]{8})|\\x(?P<x>[0-9a-fA-F]{2})"
    r"|\\(?P<octal>[0-7]{2,3})|\\(?P<plain>.)",
    re.DOTALL,
)
TAG = re.compile(r"<[^<>]*>")
ODD = re.compile(r"[\W_]+")


def without(body: bytes, secret: Secret) -> bytes:
    """Return a body with stars where the passcode stands plainly, or as JSON writes it."""
    passcode = secret.reveal()
    for written in (passcode, json.dumps(passcode)[1:-1], html.escape(passcode)):
        body = body.replace(written.encode(), STARS.encode())
    return body


def holds(text: str | bytes, secret: Secret) -> bool:
    """Return True if a text holds the passcode in any writing that undoes into it.

    UTF-16, escapes of programs, entities and tags of HTML, percent signs, base64 and the like are
    undone, a few deep, and only letters and digits compared: better to hide a harmless text than
    to show the passcode.
    """
    passcode = secret.reveal()
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return any(code in _core(shown) for code in _codes(passcode)) or any(
        _shows(form, passcode) for form in _forms(shown)
    )


def _forms(shown: str) -> Iterator[str]:
    """Yield a text, and what it is when escapes are undone, up to four deep."""
    for _ in range(4):
        yield from (shown, TAG.sub("", shown))
        shown = unquote(html.unescape(ESCAPES.sub(_unescaped, shown)))
    if "=" in shown:
        yield quopri.decodestring(shown.encode()).decode("utf-8", "replace")


def _shows(shown: str, passcode: str) -> bool:
    core = _core(passcode)
    return passcode in shown or (len(core) >= SHORTEST and core in _core(shown))


@cache
def _codes(passcode: str) -> tuple[str, ...]:
    """Return what stands in a text for the passcode in hexadecimal and, anywhere in it, base64."""
    secret = passcode.encode()
    # Of each of the three ways in which it may lie across the groups of three, what is its alone.
    parts = (b64encode(bytes(n) + secret)[-(-n * 8 // 6) :] for n in range(3))
    codes = (secret.hex(), *(part.rstrip(b"=")[:-1].decode() for part in parts))
    return tuple(code for code in map(_core, codes) if len(code) >= 2 * SHORTEST)


def _core(text: str) -> str:
    return ODD.sub("", unicodedata.normalize("NFKC", text)).casefold()


def _unescaped(match: re.Match[str]) -> str:
    if match["plain"] is not None:
        return match["plain"]
    code = int(match["octal"], 8) if match["octal"] else int(_hexadecimal(match), 16)
    return chr(code) if code < 0x110000 else ""


def _hexadecimal(match: re.Match[str]) -> str:
    return match["u"] or match["U"] or match["x"]
