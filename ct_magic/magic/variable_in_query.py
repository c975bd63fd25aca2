"""`%ctcount df Charged ...`: a variable that would be sent as a part of the event's name."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..errors import UsageError
from ..query.lexer import KEYWORDS

_VARIABLE = re.compile(r"(?P<variable>[a-z_]\w*)[ \t]+(?P<query>[^\W\d].*)", re.DOTALL)


def refuse_variable(text: str, events: Iterable[str]) -> None:
    """Raise UsageError where a query is a known event's behind a word that looks like a variable.

    `events` are the known ones. One that is called so all the same is known, or can be quoted.
    """
    match = _VARIABLE.fullmatch(text)
    if match is None or match["variable"] in KEYWORDS:
        return
    known = list(events)
    if any(_begins(text, event) for event in known):
        return
    if event := next((event for event in known if _begins(match["query"], event)), None):
        variable, query = match["variable"], " ".join(match["query"].split())
        raise UsageError(
            f"found '{variable} {event}': on one line the variable stands before the magic, "
            f"{variable} = %ctcount {query}. An event of that name is quoted: "
            f'"{variable} {event}"'
        )


def _begins(text: str, event: str) -> bool:
    """Return True if the text's first words are this event's whole name."""
    words, name = text.split(), event.split()
    if not name or words[: len(name)] != name:
        return False
    following = words[len(name) : len(name) + 1]
    return not following or following[0] in KEYWORDS or not re.match(r"[^\W\d]", following[0])
