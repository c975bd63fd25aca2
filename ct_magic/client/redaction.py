"""Takes a passcode out of texts that came from outside, however it is written there."""

from __future__ import annotations

import html
import json
import re
from urllib.parse import unquote

from .credentials import Secret

STARS = "****"
SHORTEST = 4  # letters and digits; of fewer, any text would seem to hold the passcode
ESCAPES = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})|\\(.)", re.DOTALL)
ODD = re.compile(r"[\W_]+")


def without(body: bytes, secret: Secret) -> bytes:
    """Return a body with stars where the passcode stands plainly, or as JSON writes it."""
    passcode = secret.reveal()
    for written in (passcode, json.dumps(passcode)[1:-1], html.escape(passcode)):
        body = body.replace(written.encode(), STARS.encode())
    return body


def holds(text: str | bytes, secret: Secret) -> bool:
    """Return True if a text holds the passcode in any writing that undoes into it.

    UTF-16, escapes of JSON, entities of HTML and percent signs are undone, a few deep, and only
    letters and digits compared: better to hide a harmless text than to show the passcode.
    """
    passcode = secret.reveal()
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    core = _core(passcode)
    for _ in range(4):
        if passcode in shown or (len(core) >= SHORTEST and core in _core(shown)):
            return True
        shown = unquote(html.unescape(ESCAPES.sub(_unescaped, shown)))
    return False


def _core(text: str) -> str:
    return ODD.sub("", text).casefold()


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else match[3]
