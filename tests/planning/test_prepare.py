"""What is asked, before anything is sent: whose days are meant, and the command that asks it."""

from __future__ import annotations

import json
import shlex
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest
from helpers.shell import TODAY

import ct_magic
from ct_magic.client.accounts import Account
from ct_magic.client.credentials import Secret
from ct_magic.client.jobs import Timing
from ct_magic.errors import UsageError
from ct_magic.planning.prepare import prepare
from ct_magic.planning.preview import curl
from ct_magic.query.payload import to_payload
from ct_magic.settings import Settings


def test_curl_asks_the_same_and_tells_no_secret() -> None:
    """The command survives the shell with its quotes, and nothing of a secret is an argument."""
    (query,) = ct_magic.parse("""Charged where x = "it's $HOME `id`" 2026-01-01""", today=TODAY)
    command = curl(to_payload(query), "https://in1.api.clevertap.com")
    environ = {"CLEVERTAP_ACCOUNT_ID": "ACC", "CLEVERTAP_PASSCODE": "SECRET-1"}
    arguments, options = (
        subprocess.run(
            ["/bin/sh", "-c", f"{tool}\n{command}"],
            env=environ,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        for tool in ("curl() { printf '%s\\n' \"$@\"; }", "curl() { cat; }")
    )
    assert arguments[1] == "https://in1.api.clevertap.com/1/counts/profiles.json"
    assert json.loads(arguments[-1]) == to_payload(query)
    assert not [word for word in arguments if "SECRET" in word or "ACC" in word]
    assert 'header = "X-CleverTap-Passcode: SECRET-1"' in options
    assert 'header = "X-CleverTap-Account-Id: ACC"' in options
    assert "SECRET" not in command
    assert shlex.split(command)[0] == "curl"


def test_a_time_zone_that_is_none_is_said_before_anything_is_asked(state: Path) -> None:
    """Also where the day is given, so that nothing need be looked up in it."""
    account = Account("default", "ABC", Secret("x"), base_url="http://127.0.0.1:9")
    with pytest.raises(UsageError, match="no time zone 'Mars/Base'; write it like 'Asia/Kolkata'"):
        ct_magic.count("Charged", account=account, today=TODAY, timezone="Mars/Base")


def test_every_setting_of_the_pace_is_passed_on(state: Path) -> None:
    """One that is forgotten on the way has no effect, and nothing says so."""
    account = Account("prod", "ABC", Secret("x-y-z"))
    names = {field.name for field in fields(Timing)} & {field.name for field in fields(Settings)}
    odd = {name: 7 + number for number, name in enumerate(sorted(names))}
    timing = prepare("Charged 2026-10", account=account, settings=Settings(**odd)).timing
    assert {name: getattr(timing, name) for name in names} == odd
    assert "stalled_after" in names
