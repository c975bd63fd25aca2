"""`%ct check`: an honest service passes, and one that lies is found out by the point it lies in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers import lying_service as lies, shell
from helpers.plans import question
from IPython.lib.pretty import pretty

import ct_magic
from ct_magic import errors
from ct_magic.__main__ import main
from ct_magic.client.accounts import Account
from ct_magic.client.credentials import Secret
from ct_magic.client.jobs import Job, State, Tally
from ct_magic.client.journal.journal import open_journal
from ct_magic.counting.account_check import Check, Point, points, questions
from ct_magic.planning.prepare import known_facts, remember_facts
from ct_magic.query.doubts import CLOCK, DID_SEES_BASE
from ct_magic.sandbox import Sandbox
from ct_magic.settings import Settings

TODAY = datetime.now(UTC).date()  # what the command line asks of, which takes no other day
QUICK = Settings(poll_interval=0.05, first_look=0.05, retry_wait=0.01)


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """So many profiles that a day has enough of them."""
    with Sandbox(profiles=8_000, latency=0, at_once=20, today=TODAY) as sandbox:
        yield sandbox


@pytest.fixture
def honest(box: Sandbox, state: object) -> Account:
    return Account("honest", "SANDBOX", Secret("sandbox"), base_url=box.url, timezone="UTC")


def ask(account: Account, **more: Any) -> Check:
    return ct_magic.check(account, today=TODAY, settings=QUICK, **more)


def not_holding(check: Check) -> set[str]:
    return {point.name for point in check.points if point.holds is False}


def judged_by(**tallies: Tally) -> dict[str, bool | None]:
    """What holds by these counts; every other one was lost on the way."""
    lost = Job(0, question(), State.TIMED_OUT, error="nothing new for 1 h")
    jobs = {name: replace(lost, tally=tallies.get(name)) for name in questions(TODAY)}
    return {point.name: point.holds for point in points(jobs)}


def test_the_sandbox_passes(honest: Account) -> None:
    """Nothing does not hold; too few for the clock is not known, and said so."""
    check = ask(honest)
    assert check.holds
    assert check.facts >= {DID_SEES_BASE, "did not splits", "range of the clock"}
    assert {point.name for point in check.points if point.holds is None} <= {CLOCK}
    assert len({point.name for point in check.points}) == len(check.points) == 11


@pytest.mark.parametrize(
    ("query", "answer", "point"),
    [
        (lies.did_is_blind, None, DID_SEES_BASE),
        (lies.did_is_ignored, None, "did not splits"),
        (lies.did_any_is_ignored, None, "did any is either"),
        (lies.did_not_is_ignored, None, "did not splits"),
        (None, lies.days_are_added_up, "first days add up"),
        (lies.did_any_takes_the_first, None, "did any is either"),
        (lies.two_times_are_two_minutes, None, "range of the clock"),
        (lies.the_clock_is_ignored, None, "range of the clock"),
        (lies.unknown_keys_are_ignored, None, "unknown key is refused"),
        (lies.unknown_operators_are_ignored, None, "unknown operator is refused"),
        (lies.unknown_filters_are_ignored, None, "unknown filter is refused"),
        (lies.empty_text_is_no_filter, None, "empty text is a value"),
        (None, lies.count_is_neither, "count is users or devices"),
    ],
)
def test_each_lie_is_found_out_by_its_point(
    box: Sandbox, state: object, query: lies.Lie | None, answer: Any, point: str
) -> None:
    """And is not remembered as a fact."""
    with lies.lying(box, query or (lambda body: body), answer) as account:
        check = ask(account)
        assert point in not_holding(check)
        assert not check.holds
        facts = json.loads(open_journal(account).learned("facts") or "")
        assert facts[point] is False


@pytest.mark.parametrize("lie", [lies.did_is_ignored, lies.did_any_is_ignored])
def test_what_is_ignored_is_not_taken_for_what_is_seen(
    box: Sandbox, state: object, lie: lies.Lie
) -> None:
    """E, E did E and E did any (E) are one number, too, where the service drops these clauses."""
    with lies.lying(box, lie) as account:
        ask(account)
        assert DID_SEES_BASE not in known_facts(replace(account, id="OTHER"))
        facts = json.loads(open_journal(account).learned("facts") or "")
        assert DID_SEES_BASE not in facts


@pytest.mark.parametrize(
    ("again", "first", "right"),
    [(0, 50, None), (50, 0, None), (10, 40, True), (10, 41, False), (1, 49, True)],
)
def test_nobody_left_out_proves_nothing(again: int, first: int, right: object) -> None:
    """A 'did not' that is ignored gives the whole day, as one that leaves nobody out does."""
    judged = judged_by(day=Tally(50), again=Tally(again), first=Tally(first))
    assert judged["did not splits"] is right


def test_the_clock_of_the_event_is_found_out(state: object, tmp_path: Path) -> None:
    """A service whose time_of_day is each event's own minute, over the same events."""
    # On some days hardly anybody buys after the hour: it is always the same day here.
    with Sandbox(profiles=40_000, latency=0, at_once=20, today=shell.TODAY) as other:
        other._engine._db.execute(
            "UPDATE events SET session = json_merge_patch(session, "
            "json_object('time_of_day', strftime(ts, '%H:%M')))"
        )
        account = Account("other", "SANDBOX", Secret("sandbox"), base_url=other.url)
        check = ct_magic.check(account, today=shell.TODAY, settings=QUICK)
        assert not_holding(check) == {CLOCK}


def test_what_an_account_passed_is_remembered_and_takes_its_doubt_away(
    state: object, box: Sandbox
) -> None:
    """Of that account alone; what could not be told leaves what was known."""
    checked, other = (
        Account("a", name, Secret("x"), base_url=box.url, timezone="UTC") for name in ("A", "B")
    )
    remember_facts(open_journal(checked), {DID_SEES_BASE: True, CLOCK: True})
    remember_facts(open_journal(checked), {DID_SEES_BASE: None, CLOCK: False})
    assert known_facts(checked) == {DID_SEES_BASE}
    assert known_facts(other) == set()
    text = "App Launched last 7 days\n  did App Launched"
    doubts = {
        account.id: [
            doubt
            for row in ct_magic.planning.prepare.prepare(
                text, account=account, today=TODAY
            ).plan.rows
            for doubt in row.doubts
        ]
        for account in (checked, other)
    }
    assert not doubts["A"]
    assert any("sees the occurrences" in doubt for doubt in doubts["B"])


def test_facts_that_cannot_be_read_are_none(state: object, box: Sandbox) -> None:
    """Whatever stands in the journal."""
    account = Account("a", "A", Secret("x"), base_url=box.url)
    open_journal(account).learn("facts", '{"did sees the base": true}')
    assert known_facts(account) == {DID_SEES_BASE}
    for text in ("", "{", "[1]", "5", '{"did sees the base": 1}', "[" * 10_000):
        open_journal(account).learn("facts", text)
        assert known_facts(account) == set()


def test_it_says_first_how_many_counts_it_asks(honest: Account, box: Sandbox) -> None:
    """And asks no more than that."""
    lines: list[tuple[str, int]] = []
    before = len(box.log)
    ask(honest, say=lambda line: lines.append((line, len(box.log) - before)))
    assert lines == [(f"about {len(questions(TODAY))} small counts of account honest (SANDBOX)", 0)]
    assert len(box.log) - before == len(questions(TODAY))


def test_the_result_is_a_text_a_page_and_a_frame(honest: Account) -> None:
    """Each names every point, what was tested, the result and what it means."""
    check = ask(honest)
    for shown in (str(check), check._repr_html_(), pretty(check)):
        for point in check.points:
            assert point.name in shown
    assert list(check.frame.columns) == ["point", "holds", "tested", "result", "meaning"]
    assert check.frame["holds"].dtype == pd.BooleanDtype()
    assert len(check.frame) == len(check.points)
    assert "<b>" not in Check("x", (Point("<b>", "", "", None, ""),))._repr_html_()


def test_an_account_that_cannot_be_asked_is_an_error(honest: Account) -> None:
    """Not a table of question marks; the passcode is not in it."""
    wrong = Account("wrong", "SANDBOX", Secret("hidden-one"), base_url=honest.base_url)
    with pytest.raises(errors.CountFailedError, match="could not be asked") as caught:
        ask(wrong)
    assert "hidden-one" not in str(caught.value)
    assert json.loads(open_journal(wrong).learned("facts") or "{}") == {}


def test_an_event_that_nobody_does_tells_nothing(honest: Account) -> None:
    """Zero is zero whatever the service does with a query."""
    check = ask(honest, event="Push Impressions")
    judged = {point.name for point in check.points if point.holds is not None}
    assert judged <= {
        "unknown key is refused",
        "unknown operator is refused",
        "unknown filter is refused",
        "count is users or devices",
    }


def test_a_request_that_is_lost_is_no_refusal(state: object) -> None:
    """A service in trouble must not look like one that refuses what it does not know."""
    by_name = questions(TODAY)
    tallies = {name: Tally(50, 60, 50, 50) for name in by_name if not name.startswith("unknown")}
    unknown = ("unknown key is refused", "unknown operator is refused", "unknown filter is refused")
    judged = judged_by(**tallies)
    assert [judged[name] for name in unknown] == [None, None, None]


@pytest.mark.parametrize(("passcode", "code"), [("sandbox", 0), ("wrong", 2)])
def test_a_script_hears_it_by_the_exit_code(
    box: Sandbox, state: Path, monkeypatch: pytest.MonkeyPatch, passcode: str, code: int
) -> None:
    """0 where all of it holds; 2 where the account could not be asked, in one line."""
    environment = os.environ | {
        "CLEVERTAP_ACCOUNT_ID": "SANDBOX",
        "CLEVERTAP_PASSCODE": passcode,
        "CLEVERTAP_BASE_URL": box.url,
    }
    command = [sys.executable, "-m", "ct_magic", "check"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith("about 18 small counts of account default (SANDBOX)")
    assert ("did sees the base" in done.stdout) == (code == 0)
    assert "Traceback" not in done.stderr


def test_a_service_that_lies_is_exit_code_1(
    state: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some point does not hold; the command asks about the days before today."""
    with (
        Sandbox(profiles=800, latency=0, at_once=20) as box,
        lies.lying(box, lies.unknown_keys_are_ignored) as account,
    ):
        monkeypatch.setenv("CLEVERTAP_ACCOUNT_ID", "SANDBOX")
        monkeypatch.setenv("CLEVERTAP_PASSCODE", "sandbox")
        monkeypatch.setenv("CLEVERTAP_BASE_URL", account.base_url)
        ct_magic.use("default")
        assert main(["check"]) == 1
    assert "✗ unknown key is refused: does not hold" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("everybody", "inside", "right"),
    [
        (299, 299, None),
        (300, 300, True),
        (48, 44, False),
        (50, 48, None),
        (10_000, 9_990, True),
        (10_000, 9_900, None),
        (10_000, 9_000, False),
        (100, 101, None),
        (0, 0, None),
    ],
)
def test_few_people_do_not_decide_on_the_clock(everybody: int, inside: int, right: object) -> None:
    """That nobody bought beyond the hour proves nothing where hardly anybody bought."""
    tallies = {"once in the hour": Tally(everybody), "all in the hour": Tally(inside)}
    judged = judged_by(**tallies)
    assert judged[CLOCK] is right


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1", "utf-8"])
def test_a_file_whose_encoding_lacks_a_sign_gets_the_table(
    box: Sandbox, state: Path, encoding: str
) -> None:
    """Windows writes `python -m ct_magic check > file` so; the exit code is that of the check."""
    environment = os.environ | {
        "CLEVERTAP_ACCOUNT_ID": "SANDBOX",
        "CLEVERTAP_PASSCODE": "sandbox",
        "CLEVERTAP_BASE_URL": box.url,
        "PYTHONIOENCODING": encoding,
    }
    command = [sys.executable, "-m", "ct_magic", "check"]
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    mark = "✓".encode(encoding, "replace").decode(encoding)
    assert f"{mark} did sees the base: holds" in done.stdout.decode(encoding)
