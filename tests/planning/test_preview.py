"""What a text means and sends, printed: the first, the last, and how many lie between."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

import ct_magic
from ct_magic.planning.preview import dry_run, explain, preview
from ct_magic.query.payload import to_payload
from ct_magic.sandbox.faults import Reply
from ct_magic.sandbox.server import Server
from ct_magic.session.session import SESSION
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
    assert printed == payloads == list(preview(DAYS, {}, USUAL).bodies)
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


ACCOUNTS = """
["big-shop"]
id = "SHOP$1"
base_url = "{url}/shop"
["größe"]
id = "G-1"
base_url = "{url}/g"
"""


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("default", "CLEVERTAP_PASSCODE"),
        ("big-shop", "CLEVERTAP_PASSCODE_BIG_SHOP"),
        ("größe", ""),  # no shell has a variable of that name: it is to be typed
    ],
)
def test_the_curl_of_an_account_is_its_own(
    state: Path, monkeypatch: pytest.MonkeyPatch, name: str, variable: str
) -> None:
    """Another account's passcode would be sent to this one's address."""
    seen = []

    def answer(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        seen.append((target, headers["X-CleverTap-Account-Id"], headers["X-CleverTap-Passcode"]))
        return Reply(200, b"{}")

    server = Server(answer)
    server.start(0)
    file = state / "config" / "accounts.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(ACCOUNTS.format(url=server.url), encoding="utf-8")
    file.chmod(0o600)
    monkeypatch.setenv("CLEVERTAP_ACCOUNT_ID", "DEF-1")
    monkeypatch.setenv("CLEVERTAP_BASE_URL", server.url)
    for each in ("", "_BIG_SHOP", "_GRÖSSE"):
        monkeypatch.setenv(
            f"CLEVERTAP_PASSCODE{each}", f"of-CLEVERTAP_PASSCODE{each}".replace("GRÖSSE", "G")
        )
    SESSION.use(name)
    try:
        command = explain("Charged 2026-10").split("\n\n")[-1]
        assert "of-" not in command
        if shutil.which("curl"):
            subprocess.run(["/bin/sh", "-c", command], check=True, capture_output=True)
            ids = {
                "default": ("", "DEF-1"),
                "big-shop": ("/shop", "SHOP$1"),
                "größe": ("/g", "G-1"),
            }
            place, account_id = ids[name]
            passcode = f"of-{variable}" if variable else "PASSCODE"
            assert seen == [(f"{place}/1/counts/profiles.json", account_id, passcode)]
    finally:
        SESSION.used = "default"
        server.stop()


def test_the_curl_of_the_sandbox_has_its_public_pair(state: Path) -> None:
    """And no variable of an account that is somewhere else."""
    SESSION.use("sandbox")
    try:
        command = explain("Charged 2026-10").split("\n\n")[-1]
    finally:
        SESSION.used = "default"
    assert 'header = "X-CleverTap-Account-Id: SANDBOX"' in command
    assert 'header = "X-CleverTap-Passcode: sandbox"' in command
    assert "$CLEVERTAP" not in command
    assert "http://127.0.0.1:" in command
