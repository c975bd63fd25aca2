"""What a text means and sends, printed: the first, the last, and how many lie between."""

from __future__ import annotations

import json
import re

import ct_magic
from ct_magic.planning.preview import bodies, dry_run, explain
from ct_magic.query.payload import to_payload
from ct_magic.settings import Settings

USUAL = Settings(timezone="UTC")
DAYS = "Charged 2026-01-01..2026-03-31 by day"


def test_many_counts_print_the_first_and_the_last(state: object) -> None:
    """Ninety pieces of JSON are read by nobody; what is left out is counted."""
    shown = dry_run(DAYS, {}, USUAL)
    first, between, last = re.split(r"\n(\.\.\. .*)\n", shown)
    assert between == "... and 88 more, then the last:"
    assert [json.loads(body)["from"] for body in (first, last)] == [20260101, 20260331]
    explained = explain(DAYS, settings=USUAL)
    assert explained.count("curl -sS") == 2
    assert "... and 88 more" in explained


def test_every_body_can_still_be_had(state: object) -> None:
    """`--dry-run all` prints what `parse` gives, in its order."""
    text = dry_run(DAYS, {}, USUAL, every=True)
    payloads = [to_payload(query) for query in ct_magic.parse(DAYS)]
    printed = json.loads("[" + text.replace("}\n{", "},{") + "]")
    assert printed == payloads == bodies(DAYS, {}, USUAL)
    assert dry_run("Charged 2026-01 by week", {}, USUAL).count("event_name") == 2
    three = "Charged 2026-01-01..2026-01-03 by day"
    assert dry_run(three, {}, USUAL) == dry_run(three, {}, USUAL, every=True)


def test_an_explanation_begins_with_the_language_and_its_doubts(state: object) -> None:
    """Also of pasted JSON, which is where a misspelt operator hides."""
    triple = {"name": "Amount", "operator": "greaterThan", "value": 5}
    body = {"event_name": "Charged", "from": 20260101, "to": 20260131, "event_properties": [triple]}
    parts = explain(json.dumps(body), settings=USUAL).split("\n\n")
    assert json.loads(parts[0]) == json.loads(parts[2]) == body
    assert parts[1].startswith("doubt: Amount greaterThan 5: ")
    assert "is 'greater_than' meant?" in parts[1]
    assert parts[3].startswith("curl -sS https://api.clevertap.com/1/counts/profiles.json")
