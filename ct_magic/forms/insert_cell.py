"""Asks the page to insert a cell below: a comm that a front end's extension answers.

The kernel opens the comm `ct_magic.insert` with `{"text": "<the cell's source>"}`. A page that can
insert cells does, and answers `{"inserted": true}`, or false where it failed. A page that knows
nothing of it is silent.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ..client.threads import spawn

TARGET = "ct_magic.insert"
PATIENCE = 1.0  # seconds after which a page is taken for one that cannot


def insert(text: str, tell: Callable[[bool], None], patience: float = PATIENCE) -> None:
    """Ask for a cell with this text, and come back at once.

    `tell` is called with False when no page has inserted it in time, from another thread, and with
    True when one has, however late.
    """
    from comm import create_comm

    over = threading.Event()

    def answered(message: dict[str, Any]) -> None:
        over.set()
        tell(message["content"]["data"].get("inserted") is True)
        comm.close()

    def wait() -> None:
        if not over.wait(patience):
            tell(False)

    comm = create_comm(target_name=TARGET, data={"text": text})
    comm.on_msg(answered)
    spawn(wait, "ct_magic-insert")
