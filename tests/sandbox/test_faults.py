"""Every fault at every step gives the right count or a clear row, in bounded time."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pandas as pd
import pytest
from helpers.raw_server import Wire, wires
from helpers.shell import TODAY

import ct_magic
from ct_magic import errors
from ct_magic.client.accounts import Account
from ct_magic.client.credentials import Secret
from ct_magic.sandbox import Fault, Sandbox
from ct_magic.sandbox.faults import FORGETFUL, REPLIES, Faults

QUERY = "App Launched 2026-10"
BODY = {"event_name": "App Launched", "from": 20261001, "to": 20261031}
STEPS = ("submit", "first", "later")
# The API's own words are final: a row that says why. Everything else is cured by another try.
FINAL = {"400", "401", "403", "404", "fail", "code401"}
PASSING = {"400", "404", "fail"}  # of a look: the query was accepted, and nothing is said of it
PENDING = {"partial", "text-id"}


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    """A sandbox for all tests that meet one fault: see `met`."""
    with Sandbox(profiles=60, today=TODAY, partials=2) as box:
        yield box


@pytest.fixture(scope="module")
def truth(shared: Sandbox) -> int:
    """The right count, straight from the data."""
    return shared.count(BODY)


def met(box: Sandbox, *faults: Fault, partials: int = 2) -> Sandbox:
    """Let a sandbox begin anew with these faults: it has no query, and no request in its log."""
    protocol = box._protocol
    protocol._faults, protocol._partials = Faults(faults, 1), partials
    protocol._pending.clear()
    protocol._log.clear()
    return box


def account_of(box: Sandbox) -> Account:
    return Account("default", "SANDBOX", Secret("sandbox"), base_url=box.url)


def ask(target: Sandbox | Account, **settings: float) -> pd.DataFrame:
    account = target if isinstance(target, Account) else account_of(target)
    try:
        return ct_magic.count(
            QUERY, account=account, poll_interval=0.01, retry_wait=0.01, progress="none", **settings
        )
    except errors.CountError as error:
        return error.frame


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", [kind for kind in REPLIES if kind != "slow"])
def test_a_fault_is_survived_or_said(
    state: object, shared: Sandbox, truth: int, step: str, kind: str
) -> None:
    """Right count or clear row; no number that the data does not hold; nothing is sent twice."""
    box = met(shared, Fault(step, kind))
    row = ask(box).iloc[0]
    assert len(box.log) < 10  # bounded, and not by a busy machine's clock
    accepted = [r for r in box.log if r.method == "POST" and r.status == 200]
    if kind not in FINAL or (step != "submit" and kind in PASSING):
        assert (row["status"], row["count"]) == ("success", truth)
        # A reply to a submission that was lost on the way: the service may have taken it.
        assert len(accepted) <= 1 + (step == "submit")
    else:
        assert row["status"] == "failed"
        assert row["count"] is pd.NA
        assert len(row["error"]) > 10
        assert len(accepted) <= 1


@pytest.mark.parametrize("step", ["first", "later"])
def test_a_forgotten_id_costs_one_more_submission(
    state: object, shared: Sandbox, truth: int, step: str
) -> None:
    """The only fault after which a query is submitted a second time."""
    box = met(shared, Fault(step, "forget"))
    row = ask(box).iloc[0]
    assert (row["status"], row["count"]) == ("success", truth)
    assert sum(r.method == "POST" for r in box.log) == 2


def test_a_clock_that_jumps_costs_nothing(state: object, truth: int) -> None:
    """The service's clock goes an hour ahead between two looks: the count is there early."""
    with Sandbox(profiles=60, today=TODAY, latency=1800, faults="later:clock") as box:
        row = ask(box).iloc[0]
        assert (row["status"], row["count"]) == ("success", truth)
        assert sum(r.method == "POST" for r in box.log) == 1


def test_an_id_as_text_is_as_good_as_a_number(state: object, shared: Sandbox, truth: int) -> None:
    """Both have been seen."""
    box = met(shared, Fault("submit", "text-id"), partials=1)
    assert ask(box)["count"].iloc[0] == truth


def test_partial_for_ever_ends_with_the_deadline(state: object) -> None:
    """And the row says so."""
    with Sandbox(profiles=60, today=TODAY, partials=1, faults="first:partial") as box:
        assert ask(box, timeout=0.3)["status"].iloc[0] == "timed out"


def test_a_body_that_drips_does_not_hold_the_deadline_up(state: object) -> None:
    """The request is left alone, and drips on; the cell goes on."""
    over, left = threading.Event(), threading.Event()

    def serve(wire: Wire) -> None:
        request = wire.request() or b""
        if b"req_id" not in request:
            is_query = request.startswith(b"POST")  # or it is asked whether it is a sandbox
            partial = {"status": "partial", "req_id": 384649162721759}
            wire.answer(partial if is_query else b"", 200 if is_query else 404)
            return
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
        try:
            while not over.wait(0.1):
                wire.send(b" ")
        finally:
            left.set()

    with wires(serve) as url:
        account = Account("default", "ABC", Secret("x"), base_url=url)
        assert ask(account, timeout=0.3)["status"].iloc[0] == "timed out"
        assert not left.is_set()
        over.set()


def test_a_service_that_is_down_is_given_up_with_a_row(state: object) -> None:
    """After a bounded time, and a bounded number of tries."""
    with Sandbox(profiles=60, today=TODAY, faults="any:503*1000") as box:
        row = ask(box, give_up_after=0.3).iloc[0]
        assert row["status"] == "failed"
        assert "without a usable answer" in row["error"]
        assert len(box.log) <= 12


@pytest.mark.parametrize("kind", ["reset", "503", "html", "redirect", "empty"])
def test_an_id_that_nothing_is_heard_of_is_kept(
    state: object, shared: Sandbox, truth: int, kind: str
) -> None:
    """A network that is lost for minutes costs a failed cell; the next run takes up the same id."""
    box = met(shared, Fault("first", kind, 99), partials=1)
    row = ask(box, give_up_after=0.2).iloc[0]
    assert row["status"] == "failed"
    assert "without a usable answer" in row["error"]
    box._protocol._faults = Faults((), 0)  # the network is back
    assert ask(box)["count"].iloc[0] == truth
    assert sum(request.method == "POST" for request in box.log) == 1


@pytest.mark.parametrize(("step", "resumable"), [("first", True), ("submit", False)])
def test_what_was_lost_on_the_way_is_said_to_be_there(
    state: object, shared: Sandbox, step: str, resumable: bool
) -> None:
    """The message says that the cell fetches it again; one that has no id is only failed."""
    account = account_of(met(shared, Fault(step, "reset", 99), partials=1))
    with pytest.raises(errors.CountFailedError) as caught:
        ct_magic.count(
            QUERY,
            account=account,
            poll_interval=0.01,
            retry_wait=0.01,
            give_up_after=0.2,
            progress="none",
        )
    assert ("what was sent is fetched" in str(caught.value)) == resumable


def test_a_storm_of_faults_loses_nothing(state: object) -> None:
    """A fifth of all requests fail in some way that can be cured; every count is right."""
    storm = [Fault("any", kind, 10_000, 0.05) for kind in ("429", "503", "code2", "reset")]
    text = "App Launched last 60 days by day"
    with Sandbox(profiles=60, today=TODAY, partials=1, faults=storm) as box:
        account = account_of(box)
        df = ct_magic.count(
            text,
            account=account,
            today=TODAY,
            poll_interval=0.01,
            retry_wait=0.01,
            progress="none",
        )
        days = df["start"].dt.strftime("%Y%m%d").astype(int)
        right = [box.count(BODY | {"from": int(d), "to": int(d)}) for d in days]
    assert list(df["count"]) == right


def test_every_fault_of_the_plan_is_in_the_matrix() -> None:
    """A fault that is added is tested."""
    assert set(REPLIES) >= FINAL
    assert set(FORGETFUL) == {"forget", "clock", *PENDING}
