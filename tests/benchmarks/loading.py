"""What loading costs, and the first query: fresh interpreters, medians."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

from timing import Row, filled, fresh, in_turn, served

LOAD = """
import json, sys, time, types
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
empty = types.ModuleType("empty")
empty.load_ipython_extension = lambda shell: None
sys.modules["empty"] = empty
begun = time.perf_counter()
shell.run_line_magic("load_ext", "$name")
print(json.dumps({"s": time.perf_counter() - begun}))
"""
FIRST = """
import json, time
begun, used = time.perf_counter(), time.process_time()
$code
print(json.dumps({"s": time.perf_counter() - begun, "cpu": time.process_time() - used}))
"""
OURS = """
import ct_magic
ct_magic.count("App Launched 2026-10", progress="none", refresh=True)
"""
BY_HAND = """
import pandas, by_hand
body = {"event_name": "App Launched", "from": 20261001, "to": 20261031}
pandas.DataFrame({"count": [by_hand.count("$address", body, 1)]})
"""
OTHERS = {"empty": "an empty extension", "bigquery_magics": "bigquery-magics", "sql": "jupysql"}


def rows() -> Iterator[Row]:
    """Loading against other extensions; the first query against a script."""
    loading = fresh(LOAD, times=7, name="ct_magic")["s"]
    for name, called in OTHERS.items():
        if name == "empty" or importlib.util.find_spec(name):
            yield Row("`%load_ext`", loading, fresh(LOAD, times=7, name=name)["s"], called)
    with served("--profiles", "300", "--latency", "0") as address:
        codes = [filled(FIRST, code=code) for code in (OURS, BY_HAND)]
        ours, by_hand = in_turn(codes, 15, address=address)
    for which, kind in (("imports included", "s"), ("processor", "cpu")):
        label = f"first query of a process, {which}"
        yield Row(label, ours[kind], by_hand[kind], "requests and pandas")
