"""What a text means and sends, printed: as the language, as JSON, as `curl`. Nothing is sent."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ct_magic.client.accounts import COUNTS_PATH, DEFAULT, REGIONS, Account
from ct_magic.client.credentials import variable
from ct_magic.planning.prepare import read_plan
from ct_magic.query import strict_json
from ct_magic.query.payload import to_payload
from ct_magic.query.printer import layout
from ct_magic.session.session import SANDBOX, SESSION
from ct_magic.settings import Settings, in_force


@dataclass(frozen=True, slots=True)
class Preview:
    """What a text would ask: the JSON of its distinct counts, its rows, and its doubts."""

    bodies: tuple[dict[str, Any], ...]
    rows: int
    doubts: tuple[str, ...]


def explain(
    text: str, *, params: Mapping[str, object] | None = None, settings: Settings | None = None
) -> str:
    """Return what a text means and would send, as a text: nothing is sent.

    It holds the statements in canonical form, what the service may ignore of them, and the JSON
    and the `curl` command of each single count; of more than three, the first and the last.
    `params` are the values of its `$names`; an account is not needed. Raises QueryError for a text
    that is no query.
    """
    account = SESSION.account_if_any()
    cell, _ = read_plan(text, params, account, settings or in_force())
    parts = [layout(statement) for statement in cell.statements]
    parts += [f"doubt: {doubt}" for doubt in cell.plan.doubts]
    bodies = [to_payload(count) for count in cell.counts]
    return "\n\n".join(
        [
            *parts,
            *_first_and_last([f"{pretty(body)}\n\n{_curl_of(body, account)}" for body in bodies]),
        ]
    )


def dry_run(
    text: str,
    params: Mapping[str, object],
    settings: Settings,
    account: str | None = None,
    every: bool = False,
) -> str:
    """Return the JSON that a text would send: of many counts the first and the last, or `every`."""
    shown = [pretty(body) for body in bodies(text, params, settings, account)]
    return "\n".join(shown if every else _first_and_last(shown))


def bodies(
    text: str, params: Mapping[str, object], settings: Settings, account: str | None = None
) -> list[dict[str, object]]:
    """Return the JSON of every distinct count of a text. An account is not needed for it."""
    return list(preview(text, params, settings, account).bodies)


def preview(
    text: str, params: Mapping[str, object], settings: Settings, account: str | None = None
) -> Preview:
    """Return what a text would ask. An account is not needed for it."""
    cell, _ = read_plan(text, params, SESSION.account_if_any(account), settings)
    return Preview(tuple(map(to_payload, cell.counts)), len(cell.plan.rows), cell.plan.doubts)


def curl(
    body: Mapping[str, object],
    url: str,
    account_id: str = "$CLEVERTAP_ACCOUNT_ID",
    passcode: str = "$CLEVERTAP_PASSCODE",
) -> str:
    """Return the shell command that asks this; a shell makes id and passcode of what is given.

    They are read from below the command: others can see its arguments.
    """
    command = [
        f"curl -sS {shlex.quote(url + COUNTS_PATH)}",
        "--config - -H 'Content-Type: application/json'",
        f"-d {shlex.quote(strict_json.encode(body))} <<END",
    ]
    return "\n".join(
        [
            " \\\n  ".join(command),
            f'header = "X-CleverTap-Account-Id: {account_id}"',
            f'header = "X-CleverTap-Passcode: {passcode}"',
            "END",
        ]
    )


def _curl_of(body: Mapping[str, object], account: Account | None) -> str:
    """Return the command for an account, by its own variable, or by what is no secret."""
    if account is None or account.name == DEFAULT:
        return curl(body, account.base_url if account else f"https://{REGIONS['eu1']}")
    account_id = account.id
    for odd in ("\\", '"', "\\", "$", "`"):  # first for the file of options, then for the shell
        account_id = account_id.replace(odd, f"\\{odd}")
    if account.name == SANDBOX:
        return curl(body, account.base_url, account_id, account.passcode.reveal())  # it is public
    name = variable(account.name)
    held = f"${name}" if name.isascii() else "PASSCODE"  # to be typed: no shell has such a name
    return curl(body, account.base_url, account_id, held)


def pretty(body: Mapping[str, object]) -> str:
    """Return JSON as people read it."""
    return json.dumps(body, indent=2, ensure_ascii=False)


def _first_and_last(shown: Sequence[str]) -> list[str]:
    """Return the first, the last and how many lie between."""
    if len(shown) <= 3:
        return list(shown)
    return [shown[0], f"... and {len(shown) - 2:,} more, then the last:", shown[-1]]
