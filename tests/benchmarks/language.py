"""The language: parse and print against the request that follows, Tab against IPython's own."""

from __future__ import annotations

from collections.abc import Iterator

from timing import Row, fresh, quick_server

CODE = """
import datetime, json, timeit
import by_hand
from ct_magic.query import parser
from ct_magic.query.printer import to_text
text = 'loyal: App Launched where session.first_time = true and Amount in 1..5 last 7 days\\n' \\
       '  did Charged where Category in ("Shoes", "Bags") last 90 days\\n  did not App Uninstalled'
query = parser.statements(text, today=datetime.date(2026, 11, 23))[0]
body = {"event_name": "App Launched", "from": 20261001, "to": 20261031}
run = lambda work: min(timeit.repeat(work, number=20, repeat=7)) / 20
print(json.dumps({
    "parse": run(lambda: parser.statements(text)),
    "print": run(lambda: to_text(query)),
    "request": run(lambda: by_hand.count("$address", body, 1))}))
"""
# The name of a property where the event is not known is the most there is to look through.
TAB = """
import json, timeit
import pandas
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from ct_magic.query import catalog, completion
known = catalog.Names({f"Event e{n}": {f"Property p{m}": ("a", "b") for m in range(20)}
                     for n in range(5_000)})
shell = InteractiveShell.instance(user_ns={"df": pandas.DataFrame({"a": [1]})})
def of_cell(cell):
    proposed = completion.complete(cell, len(cell), known)
    assert len(proposed) > 20, cell
def of_dataframe():
    with provisionalcompleter():
        assert list(shell.Completer.completions("df.gro", 6))
run = lambda work: min(timeit.repeat(work, number=3, repeat=7)) / 3
print(json.dumps({
    "an event": run(lambda: of_cell("Eve")),
    "a property of any event": run(lambda: of_cell("Nobody where P")),
    "dataframe": run(of_dataframe)}))
"""


def rows() -> Iterator[Row]:
    """A statement of three events; five thousand events of twenty properties to propose."""
    with quick_server() as address:
        took = fresh(CODE, address=address)
    for step in ("parse", "print"):
        yield Row(f"{step} a statement", took[step], took["request"], "one request on loopback")
    tab = fresh(TAB)
    for names in ("an event", "a property of any event"):
        against = "IPython's Tab behind a DataFrame's dot"
        yield Row(f"Tab for {names}, of 5,000 events", tab[names], tab["dataframe"], against)
