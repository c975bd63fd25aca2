"""Takes a passcode out of what the service says, plainly written or with percent signs.

Nothing of a page that is not the API's is ever quoted; so only the API's own words are looked at.
"""

from __future__ import annotations

import json
import re
from functools import cache

from ct_magic.client.credentials import Secret


def without(text: str, secret: Secret) -> str:
    """Return a text with stars where the passcode is, in upper or lower case."""
    return _spellings(secret).sub("****", text)


def holds(text: str, secret: Secret) -> bool:
    """Return True if a text holds the passcode."""
    return bool(_spellings(secret).search(text))


def plainly(body: bytes) -> str:
    """Return JSON with its characters as they are, without escapes; anything else as text."""
    try:
        return json.dumps(json.loads(body), ensure_ascii=False)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")


@cache
def _spellings(secret: Secret) -> re.Pattern[str]:
    # As JSON writes it, too, where a backslash may lie before a character.
    parts = (rf"(?:\\?{re.escape(char)}|%{ord(char):02x})" for char in secret.reveal())
    return re.compile("".join(parts), re.IGNORECASE)
