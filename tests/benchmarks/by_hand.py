"""What people write without ct_magic: fifteen lines of requests, one count after the other."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import requests


def count(address: str, body: Mapping[str, Any], wait: float) -> int:
    """Ask one count, and look again every `wait` seconds."""
    url = f"{address}/1/counts/profiles.json"
    headers = {
        "X-CleverTap-Account-Id": "BENCHMARK",
        "X-CleverTap-Passcode": "sandbox",
        "Content-Type": "application/json",
    }
    answer = requests.post(url, json=body, headers=headers, timeout=60).json()
    while answer["status"] == "partial":
        time.sleep(wait)
        params = {"req_id": answer["req_id"]}
        answer = requests.get(url, params=params, headers=headers, timeout=60).json()
    return int(answer["count"])
