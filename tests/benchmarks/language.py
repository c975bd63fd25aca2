"""The language: parse, print, complete, against the request that follows."""

from __future__ import annotations

from collections.abc import Iterator

from timing import Row, fresh, quick_server

CODE = """
import json, timeit
import by_hand
from ct_magic import completion, names, parser
text = 'loyal: App Launched where session.first_time = true and Amount in 1..5 last 7 days\\n' \\
       '  did Charged where Category in ("Shoes", "Bags") last 90 days\\n  did not App Uninstalled'
query = parser.statements(text, today=__import__("datetime").date(2026, 11, 23))[0]
known = names.Names({f"Event {n}": {f"Property {m}": ("a", "b") for m in range(20)}
                     for n in range(200)})
body = {"event_name": "App Launched", "from": 20261001, "to": 20261031}
run = lambda work: min(timeit.repeat(work, number=20, repeat=7)) / 20
print(json.dumps({
    "parse": run(lambda: parser.statements(text)),
    "print": run(lambda: str(query)),
    "complete": run(lambda: completion.complete("Event 1 where Pro", 17, known)),
    "request": run(lambda: by_hand.count("$address", body, 1))}))
"""


def rows() -> Iterator[Row]:
    """A statement of three events; two hundred events of twenty properties to propose."""
    with quick_server() as address:
        took = fresh(CODE, address=address)
    for what in ("parse", "print", "complete"):
        yield Row(f"{what} a statement", took[what], took["request"], "one request on loopback")
