"""What a cell would ask and how long it may take, before anything is sent."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

import pytest
from helpers.shell import TODAY, run
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import ct_magic
from ct_magic import QueryError
from ct_magic.client.accounts import Account
from ct_magic.client.credentials import Secret
from ct_magic.client.jobs import Job, State, Tally, Timing
from ct_magic.client.journal.journal import Journal, open_journal
from ct_magic.errors import QueryWarning
from ct_magic.planning.estimate import Estimate, Pacing, estimate
from ct_magic.planning.first_look import REQUEST, expected, put_off, with_expectation
from ct_magic.planning.prepare import prepare
from ct_magic.rows import Question
from ct_magic.sandbox import Sandbox
from ct_magic.session.session import SESSION

ACCOUNT = Account("default", "ABC", Secret("x"), base_url="http://127.0.0.1:9")
FUNNEL = "funnel: App Launched 2026-10\n  share did Product Viewed\n  share did Charged"


@pytest.fixture
def strict(state: object) -> Iterator[Sandbox]:
    """A sandbox of a test's own."""
    with Sandbox(profiles=50, partials=0, today=TODAY) as box:
        yield box


def test_a_plan_says_rows_counts_what_is_known_and_what_is_to_be_sent(account: Sandbox) -> None:
    """And sends nothing: asked afterwards, the same counts are submitted."""
    text = f"{FUNNEL}\nagain: App Launched 2026-10"
    before = ct_magic.plan(text, today=TODAY)
    assert (before.rows, before.counts, before.known, before.to_send) == (4, 3, 0, 3)
    assert str(before).splitlines()[0] == "3 counts to ask for 4 rows"
    ct_magic.count("App Launched 2026-10", today=TODAY, poll_interval=0.01, progress="none")
    after = ct_magic.plan(text, today=TODAY)
    assert (after.counts, after.known, after.to_send) == (3, 1, 2)
    assert str(after).splitlines()[0] == "2 counts to ask for 4 rows, 1 from the journal"
    assert ct_magic.plan(text, today=TODAY, refresh=True).to_send == 3


def test_a_cells_plan_prints_the_same(account: Sandbox, shell: InteractiveShell) -> None:
    """`%%ctcount --plan`; and nothing is assigned."""
    with capture_output() as printed:
        run(shell, f"%%ctcount planned --plan\n{FUNNEL}").raise_error()
    assert printed.stdout.splitlines()[:2] == [
        "3 counts to ask for 3 rows",
        "no estimate yet: first counts of this account",
    ]
    assert "planned" not in shell.user_ns


def test_a_plan_needs_no_account(state: object) -> None:
    """Nothing is sent, so nobody need be set up; then no time is promised."""
    plan = ct_magic.plan("Charged where Amount != 5 last 3 weeks by week", today=TODAY)
    assert str(plan).splitlines() == [
        "3 counts to ask for 3 rows",
        "whole weeks: 2026-11-02 to 2026-11-22",
        "doubt: Amount != 5: the vendor does not list '!=' for numbers; CleverTap may ignore it",
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "Charged 1900-01-01..2020-12-31 by day, hour",
            ["1,060,680 rows", "refused: 1,060,680 rows, the limit is 10,000"],
        ),
        (
            "Charged last 501 days by day",
            ["501 rows", "refused: 501 counts, the limit is 500"],
        ),
    ],
)
def test_a_cell_that_would_be_refused_is_planned_all_the_same(
    state: object, text: str, lines: list[str]
) -> None:
    """Its numbers say what would have to be smaller."""
    assert str(ct_magic.plan(text, today=TODAY)).splitlines() == lines
    with pytest.raises(QueryError, match="the limit is"):
        ct_magic.parse(text, today=TODAY)


def test_a_plan_says_which_rows_are_not_asked_yet(state: object) -> None:
    """A retention triangle: three lines, 156 rows, 90 counts."""
    text = (
        "App Installed last 12 weeks\n  share did App Launched after 0..11 weeks\n  by first week"
    )
    plan = ct_magic.plan(text, today=TODAY)
    assert (plan.rows, plan.counts, plan.not_yet) == (156, 90, 66)
    assert str(plan).startswith("90 counts to ask for 156 rows; 66 rows in the future")


def test_a_script_is_warned_of_each_doubt_once(state: object) -> None:
    """Where nobody sees a panel; and before anything is sent."""
    script = """
import warnings
from datetime import date
import ct_magic
from ct_magic.client.accounts import Account
from ct_magic.client.credentials import Secret
account = Account("default", "ABC", Secret("x"), base_url="http://127.0.0.1:9")
text = "a: Charged where Amount != 5 2026-01-01\\nb: Charged where Amount != 5 2026-01-02"
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    ct_magic.start(text, account=account, progress="none").cancel()
print([(w.category.__name__, str(w.message)[:12]) for w in caught])
warnings.simplefilter("error")
try:
    ct_magic.start(text.replace("!= 5", "!= 6"), account=account, progress="none")
except UserWarning as warning:
    print(type(warning).__name__)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["[('QueryWarning', 'Amount != 5:')]", "QueryWarning"]


# How long it may take.


def played(counts: int, middle: float, pending: int | None, random: Random) -> list[float]:
    """How long counts of a simulated service took to be seen."""
    return [5.0 if random.lognormvariate(0, 0.3) * middle < 5 else 35.0 for _ in range(counts)]


def test_a_range_is_wide_while_nothing_is_known_and_narrow_after_the_first_cell() -> None:
    """Its ends then differ by a factor of 2 at the most."""
    first = estimate(30, [], Pacing(is_taught=False))
    assert first.high > 4 * first.low
    for middle in (1.0, 4.0, 12.0):
        for pending in (3, None):
            took = played(30, middle, pending, Random(1))
            later = estimate(30, took, Pacing(pending=pending))
            assert later.low < later.high <= 2.001 * later.low


def test_a_range_grows_with_the_counts_and_with_fewer_at_once() -> None:
    """Three at a time take longer than as many as one likes."""
    took = [5.3] * 40
    few, many = (estimate(n, took, Pacing(pending=3)) for n in (12, 120))
    assert many.low > 3 * few.high
    assert estimate(120, took, Pacing(pending=None)).high < many.low
    assert estimate(0, took, Pacing()) == Estimate(0, 0)


@pytest.mark.parametrize(("pending", "at_once"), [(None, 3), (None, 1), (3, 3)])
def test_a_range_knows_that_looks_are_requests_too(pending: int | None, at_once: int) -> None:
    """Each count needs two at the least, of which so many are under way at a time."""
    pacing = Pacing(at_once=at_once, pending=pending)
    seconds = estimate(100, [5.3] * 40, pacing)
    requests = 2 * 100 * pacing.request / at_once
    assert seconds.high >= requests
    if pending is None:
        assert seconds.low >= requests / 2


def test_a_very_large_cell_goes_on_at_the_rate_of_its_beginning() -> None:
    """Ten thousand counts are not played out one by one."""
    took = [5.3] * 40
    small, large = (estimate(n, took, Pacing(pending=3)) for n in (600, 6000))
    assert 9 < large.high / small.high < 11


def test_the_same_question_has_the_same_answer() -> None:
    """A plan that says something else each time is believed by nobody."""
    assert len({estimate(50, [5.0, 35.0] * 10, Pacing()) for _ in range(3)}) == 1


@pytest.mark.parametrize("pending", [3, None])
@pytest.mark.parametrize(
    ("took", "least", "most"),
    [
        ([5.3] * 200, 5.0, 5.0),  # all are ready before the first look
        ([5.3] * 38 + [35.3] * 2, 6.25, 15.0),  # few cells of 20 have none that is not
        ([5.3] * 4, 5.0, 5.0),  # too few to say anything
        ([], 5.0, 5.0),
    ],
)
def test_a_first_look_is_put_off_where_cells_end_sooner_by_it(
    took: list[float], least: float, most: float, pending: int | None
) -> None:
    """Looked at in vain, a count waits for half a minute more."""
    pacing = put_off(20, took, Pacing(pending=pending))
    assert least <= pacing.first_look <= most
    assert replace(pacing, first_look=5.0) == Pacing(pending=pending)


def test_a_first_look_never_comes_after_the_interval() -> None:
    """As the setting says; and it is no earlier than the setting."""
    took = [4.3] * 30 + [10.3] * 10
    for interval in (4.0, 6.0):
        look = put_off(20, took, Pacing(first_look=4.0, poll_interval=interval)).first_look
        assert 4.0 <= look <= interval


def test_what_is_expected_knows_the_look_that_will_be_had(tmp_path: Path, state: Path) -> None:
    """A look that is put off ends the cell sooner: the range says so, and the run does it."""
    journal = Journal(tmp_path / "j", "acc", warn=pytest.fail, now=lambda: 0.0)
    day = date(2026, 10, 31)
    jobs = [Job(n, Question("t", "e", day, day, f"{n}", f"{n}", day)) for n in range(40)]
    for job in jobs:
        journal.now = lambda: 0.0
        journal.asking(job)
        journal.now = lambda n=job.number: 35.3 if n % 20 == 0 else 5.3
        journal.ended(replace(job, state=State.SUCCESS, tally=Tally(5)))
    many, look = expected(jobs[:20], journal, Timing())
    assert look > 5.0
    assert many.high < estimate(20, journal.latencies(), Pacing()).high
    assert expected(jobs[:10], journal, Timing())[1] == 5.0
    cell = prepare("Charged 2026-10 by day", account=ACCOUNT)
    asked = with_expectation(cell, jobs[:20], journal)
    assert asked.timing == replace(cell.timing, first_look=look)
    assert asked.plan.expects == str(many)
    assert with_expectation(cell, jobs[:10], journal) == cell


def test_what_a_request_took_is_known_for_the_next_cell(tmp_path: Path) -> None:
    """A sandbox answers in milliseconds, the service in tenths of a second."""
    journal = Journal(tmp_path / "j", "acc", warn=pytest.fail, now=lambda: 0.0)
    day = date(2026, 10, 31)
    jobs = [Job(n, Question("t", "e", day, day, f"{n}", f"{n}", day)) for n in range(90)]
    usual, _ = expected(jobs, journal, Timing())
    journal.learn(REQUEST, "0.005")
    quick, _ = expected(jobs, journal, Timing())
    assert quick.low < usual.low / 2
    for odd in ("", "x", "nan", "inf", "-1", "0", "1e9"):
        journal.learn(REQUEST, odd)
        assert expected(jobs, journal, Timing())[0] == usual


def test_a_run_measures_its_requests(account: Sandbox, state: Path) -> None:
    """Of a cell that sends five at the least."""
    journal = open_journal(SESSION.account(None))
    texts = ("Charged yesterday", "Charged 2026-10-01..2026-10-05 by day")
    for text, is_measured in zip(texts, (False, True), strict=True):
        ct_magic.count(text, today=TODAY, poll_interval=0.01, progress="none")
        assert (journal.learned(REQUEST) is not None) is is_measured
    assert 0 < float(journal.learned(REQUEST) or 0) < 60


def test_an_estimate_is_made_soon_whatever_the_settings_are() -> None:
    """The panel opens after it: thousands of looks at each count would freeze the cell."""
    script = """
import resource
from itertools import product
from ct_magic.planning.estimate import estimate
from ct_magic.planning.first_look import put_off
from ct_magic.planning.estimate import Pacing
from ct_magic.settings import LONGEST
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))  # they take five together
for took, interval, pending, at_once in product(
    ([], [1e-9] * 20, [LONGEST] * 20), (0.001, 30.0, LONGEST), (1, None), (1, 100)
):
    pacing = Pacing(interval / 2, interval, at_once, request=0.005, pending=pending)
    expected = estimate(20, took, put_off(20, took, pacing))
    assert expected.low <= expected.high, pacing
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (5.3, 9.8, "5 to 10 s"),
        (35.3, 70.6, "35 to 75 s"),
        (61, 239, "1 to 4 min"),
        (125, 250, "2 to 5 min"),
        (3000, 9000, "50 min to 3 h"),
        (61, 244, "1 to 5 min"),
        (8000, 15000, "2 to 5 h"),
        (0.2, 0.4, "1 s"),
    ],
)
def test_a_range_in_words(low: float, high: float, words: str) -> None:
    """Rounded outwards, in the unit that one would say."""
    assert str(Estimate(low, high)) == f"may take {words}"


@pytest.mark.parametrize(("low", "high"), [(30, 121), (5, 1200), (30, 3960)])
def test_a_range_too_wide_to_plan_by_is_not_shown(low: float, high: float) -> None:
    """At most four times from one end to the other; panel and plan say the same."""
    assert str(Estimate(low, high)) == "no estimate yet"
    guess = Estimate(low, high, is_guess=True)
    assert str(guess) == "no estimate yet: first counts of this account"


def test_a_settings_error_is_said_as_by_count(state: object) -> None:
    """The keywords are those of `count`."""
    with pytest.raises(ct_magic.UsageError):
        ct_magic.plan("Charged", today=date(2026, 1, 1), max_count=5)  # type: ignore[call-arg] # wrong on purpose
    with warnings.catch_warnings():
        warnings.simplefilter("error", QueryWarning)
        assert ct_magic.plan("Charged where A != 5 today").doubts
