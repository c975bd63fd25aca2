"""What a text means, what it sends and what that costs, printed; nothing is sent."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Unpack

from ct_magic.client.accounts import COUNTS_PATH, DEFAULT, REGIONS, Account
from ct_magic.client.credentials import variable
from ct_magic.client.jobs import State, jobs_of
from ct_magic.client.journal.freshness import recalled
from ct_magic.client.journal.journal import open_journal
from ct_magic.common.words import counted
from ct_magic.errors import QueryError
from ct_magic.planning import prepare
from ct_magic.planning.estimate import Estimate
from ct_magic.planning.first_look import expected
from ct_magic.query import strict_json
from ct_magic.query.expand import TooLargeError
from ct_magic.query.payload import to_payload
from ct_magic.query.printer import layout
from ct_magic.rows import Record
from ct_magic.session.session import SANDBOX, SESSION
from ct_magic.settings import Changes, Settings, changed, in_force

# What a cell would ask and what it costs, as a value that prints itself: `--plan`.


class PlanSummary(Record):
    """What a cell would ask, before anything is sent."""

    rows: int  # of the DataFrame
    counts: int | None  # distinct ones; None where the cell is refused
    known: int = 0  # counts that are in the journal
    pending: int = 0  # those with an id that is fetched
    to_send: int = 0
    not_yet: int = 0  # rows that are not asked, since their days are not over
    seconds: Estimate | None = None  # that the counts may take
    notes: tuple[str, ...] = ()  # sentences on the whole cell
    doubts: tuple[str, ...] = ()
    refused: str | None = None  # why, where the cell is too large

    def __str__(self) -> str:
        """Return at most four lines, then one for each doubt."""
        is_known = self.seconds and not self.to_send and not self.pending
        time = "answered at once" if is_known else str(self.seconds or "")
        lines = [self._counts(), time, self.refused, "; ".join(self.notes)]
        doubts = (f"doubt: {doubt}" for doubt in self.doubts)
        return "\n".join([*filter(None, lines), *doubts])

    def _repr_pretty_(self, printer: object, cycle: bool) -> None:
        # IPython shows the text, not the fields.
        printer.text("…" if cycle else str(self))  # type: ignore[attr-defined] # IPython's own

    def _counts(self) -> str:
        rows = counted(self.rows, "row")
        if self.counts is None:
            return rows
        known = f", {self.known:,} from the journal" if self.known else ""
        pending = f", {self.pending:,} still pending" if self.pending else ""
        future = f"; {counted(self.not_yet, 'row')} in the future" if self.not_yet else ""
        return f"{counted(self.to_send, 'count')} to ask for {rows}{known}{pending}{future}"


def plan(
    text: str | Sequence[str],
    *,
    params: Mapping[str, object] | None = None,
    today: date | None = None,
    account: str | Account | None = None,
    refresh: bool = False,
    settings: Settings | None = None,
    **changes: Unpack[Changes],
) -> PlanSummary:
    """Return what `count` would ask and how long it may take; nothing is sent.

    The parameters are those of `count`; an account is not needed. Raises QueryError for a text
    that is no query; for one that is too large the summary says so.
    """
    settings, chosen = changed(settings, changes), SESSION.account_if_any(account)
    try:
        read, day = prepare.read_plan(text, params, chosen, settings, today)
    except QueryError as error:
        if not isinstance(large := error.__context__, TooLargeError):
            raise
        refused = f"refused: {large.size}, the limit is {large.limit:,}"
        return PlanSummary(large.rows, None, refused=refused)
    planned = read.plan
    jobs, seconds = jobs_of(planned.questions), None
    if chosen is not None:
        journal, cell = open_journal(chosen), prepare.PreparedCell(planned, chosen, settings, day)
        jobs = jobs if refresh else recalled(planned, journal, cell.freshness)
        seconds, _ = expected(jobs, journal, cell.timing)
    states = [job.state for job in jobs]
    known, pending, to_send = map(states.count, (State.SUCCESS, State.SUBMITTED, State.WAITING))
    not_yet = sum(row.formula is None for row in planned.rows)
    numbers = (len(planned.rows), len(jobs), known, pending, to_send, not_yet)
    return PlanSummary(*numbers, seconds, planned.notes, planned.doubts)


class Preview(Record):
    """What a text would ask: the JSON of its distinct counts, its rows, and its doubts."""

    bodies: tuple[dict[str, Any], ...]
    rows: int
    doubts: tuple[str, ...]


def explain(
    text: str, *, params: Mapping[str, object] | None = None, settings: Settings | None = None
) -> str:
    """Return what a text means and would send, as a text: nothing is sent.

    It shows the statements in canonical form, their doubts, and the JSON and `curl` command of each
    count (of more than three, the first and the last). `params` are the values of its `$names`; an
    account is not needed. Raises QueryError for a text that is no query.
    """
    account = SESSION.account_if_any()
    cell, _ = prepare.read_plan(text, params, account, settings or in_force())
    parts = [layout(statement) for statement in cell.statements]
    parts += [f"doubt: {doubt}" for doubt in cell.plan.doubts]
    bodies = map(to_payload, cell.counts)
    shown = [f"{pretty(body)}\n\n{_curl_of(body, account)}" for body in bodies]
    return "\n\n".join([*parts, *_first_and_last(shown)])


def dry_run(
    text: str,
    params: Mapping[str, object],
    settings: Settings,
    account: str | None = None,
    every: bool = False,
) -> str:
    """Return the JSON that a text would send: of many counts the first and the last, or `every`."""
    shown = [pretty(body) for body in preview(text, params, settings, account).bodies]
    return "\n".join(shown if every else _first_and_last(shown))


def preview(
    text: str, params: Mapping[str, object], settings: Settings, account: str | None = None
) -> Preview:
    """Return what a text would ask. An account is not needed for it."""
    cell, _ = prepare.read_plan(text, params, SESSION.account_if_any(account), settings)
    return Preview(tuple(map(to_payload, cell.counts)), len(cell.plan.rows), cell.plan.doubts)


def curl(
    body: Mapping[str, object],
    url: str,
    account_id: str = "$CLEVERTAP_ACCOUNT_ID",
    passcode: str = "$CLEVERTAP_PASSCODE",
) -> str:
    """Return the shell command that asks this; the shell expands variables in id and passcode.

    Both are read from standard input: other users can see a command's arguments.
    """
    return "\n".join(
        [
            f"curl -sS {shlex.quote(url + COUNTS_PATH)} \\",
            "  --config - -H 'Content-Type: application/json' \\",
            f"  -d {shlex.quote(strict_json.encode(body))} <<END",
            f'header = "X-CleverTap-Account-Id: {account_id}"',
            f'header = "X-CleverTap-Passcode: {passcode}"',
            "END",
        ]
    )


def _curl_of(body: Mapping[str, object], account: Account | None) -> str:
    """Return the command for an account; its passcode is a variable, unless it is public."""
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
    """Return the first, the last and how many are between."""
    if len(shown) <= 3:
        return list(shown)
    return [shown[0], f"... and {len(shown) - 2:,} more, then the last:", shown[-1]]
