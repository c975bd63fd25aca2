"""What a front end has to bear: messages a second, against a progress bar told of each change."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator

from jupyter_client.manager import start_new_kernel
from timing import HERE, ROOT, Row, filled, quick_server

SET_UP = """
import os
os.environ |= {"CLEVERTAP_BASE_URL": "$address", "CLEVERTAP_ACCOUNT_ID": "BENCHMARK",
               "CLEVERTAP_PASSCODE": "sandbox", "CT_MAGIC_STATE_DIR": "$state"}
%load_ext ct_magic
"""
NEWS = ("comm_msg", "update_display_data")  # what a page has to draw again
OURS = """%config CountMagics.max_counts = 20000
counts = %ctcount --refresh App Launched 1999-01-01..2026-05-18 by day
"""
BAR = """
import by_hand, ipywidgets
from IPython.display import display
bar = ipywidgets.IntProgress(max=10_000)
display(bar)
body = {"event_name": "App Launched", "from": 20261001, "to": 20261031}
for number in range(10_000):
    by_hand.count("$address", body, 1)
    bar.value = number
    bar.description = str(number)
"""


def rows() -> Iterator[Row]:
    """10,000 counts that arrive as fast as they can."""
    path = os.pathsep.join([str(ROOT), str(HERE)])
    with quick_server() as address, tempfile.TemporaryDirectory() as state:
        manager, client = start_new_kernel(env=os.environ | {"PYTHONPATH": path})
        values = {"address": address, "state": state}

        def a_second(code: str) -> float:
            kinds: list[str] = []
            begun = time.perf_counter()
            reply = client.execute_interactive(
                code,
                output_hook=lambda message: kinds.append(message["msg_type"]),
                allow_stdin=True,
            )
            assert reply["content"]["status"] == "ok", reply["content"]
            return sum(map(kinds.count, NEWS)) / (time.perf_counter() - begun)

        try:
            a_second(filled(SET_UP, **values))
            a_second("%%ctcount warm\nApp Launched 2026-10")
            panel, bar = a_second(OURS), a_second(filled(BAR, **values))
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    yield Row("messages to the front end", panel, bar, "IntProgress in a loop", "a second")
