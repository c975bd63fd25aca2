"""`resume` restores a cell's rows with their columns, and fills the variable that holds them."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers.raw_server import Wire, wires
from helpers.shell import TODAY, point_at, submitted, until
from IPython.core.interactiveshell import InteractiveShell

import ct_magic
from ct_magic import api, errors
from ct_magic.client.accounts import Account
from ct_magic.client.credentials import Secret
from ct_magic.client.journal.journal import open_journal
from ct_magic.query.payload import to_payload
from ct_magic.sandbox import Sandbox
from ct_magic.settings import Settings

QUICK = Settings(poll_interval=0.01, progress="none")
SHOES = 'sales: Charged 2026-10-01..2026-10-02 by day, Category in ("Shoes", "Bags")'


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    """A sandbox that needs a second look at each count."""
    with Sandbox(profiles=200, partials=2, today=TODAY) as box:
        yield box


@pytest.fixture
def slow(shared: Sandbox, state: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The shared sandbox as the environment's account; the journal is the test's own."""
    point_at(shared, monkeypatch)
    return shared


def left(text: str, variable: str | None = None) -> pd.DataFrame:
    """Ask, and leave when every id is there: what a killed kernel leaves behind."""
    handle = ct_magic.start(text, poll_interval=60, progress="none", variable=variable)
    until(lambda: "waiting" not in handle.progress and all(job.req_id for job in handle.jobs))
    handle.cancel()
    assert handle._seen.wait(60)
    return handle.frame


def test_rows_come_back_with_their_columns_and_their_age(slow: Sandbox) -> None:
    """The label, the axes of `by`, the days: as the cell would have had them."""
    left(SHOES)
    before = submitted(slow)
    resumed = api.resume(QUICK)
    counted = ct_magic.count(SHOES, settings=QUICK)
    assert submitted(slow) == before
    assert list(resumed.columns) == [*counted.columns, "asked"]
    assert resumed["Category"].tolist() == ["Shoes", "Bags"] * 2
    assert resumed["query"].tolist() == ["sales"] * 4
    assert resumed["count"].tolist() == counted["count"].tolist()
    age = pd.Timestamp.now() - resumed["asked"].iloc[0]
    assert abs(age) < timedelta(minutes=5) + timedelta(hours=14), "the account's clock"


@pytest.mark.parametrize("name", ["asked", "Asked", "count", "status", "query", "id", "account"])
def test_no_column_of_ours_overwrites_an_axis(slow: Sandbox, name: str) -> None:
    """In what resume gives, in the variable that it fills, and in what is made of either."""
    text = f'App Launched 2026-10 share did Charged by "{name}" in ("a", "b")'
    variables: dict[str, Any] = {"df": left(text, "df")}
    resumed = api.resume(QUICK, variables=variables)
    warnings.simplefilter("ignore", errors.QueryWarning)
    for df in (resumed, variables["df"]):
        (axis,) = (name for name in df if set(map(str, df[name])) == {"a", "b"})
        compared = ct_magic.compare(df, axis)
        for made in (df, ct_magic.shares(df), compared):
            assert len({str(column).casefold() for column in made}) == len(made.columns)
        assert compared["against"].tolist() == ["a"]
        assert ct_magic.shares(df)[axis].equals(df[axis])
    assert pd.api.types.is_datetime64_dtype(resumed["asked"])


def test_several_cells_are_one_table_in_the_order_asked(slow: Sandbox) -> None:
    """Each with its own columns; where a row has none it is missing."""
    left(SHOES)
    left("App Launched 2026-10")
    resumed = api.resume(QUICK)
    assert resumed["query"].tolist() == ["sales"] * 4 + ["App Launched 2026-10"]
    assert resumed["Category"].isna().tolist() == [False] * 4 + [True]
    assert api.resume(QUICK).empty


def test_the_variable_that_holds_the_cells_frame_is_filled(slow: Sandbox) -> None:
    """And one that the user made something else of is not."""
    df = left(SHOES, "df")
    other = left("App Launched 2026-10", "other")
    extended = left("Added To Cart 2026-10", "mine")
    variables: dict[str, Any] = {"df": df, "other": "rebound", "mine": extended.assign(note="x")}
    api.resume(QUICK, variables=variables)
    assert variables["df"]["status"].tolist() == ["success"] * 4
    assert list(variables["df"].columns) == list(df.columns)
    assert variables["other"] == "rebound"
    assert "note" in variables["mine"].columns
    assert other["status"].tolist() == ["cancelled"]


def test_rows_of_a_filled_variable_that_were_never_sent_stay_cancelled(
    slow: Sandbox,
) -> None:
    """Only what has an id can be fetched; what had arrived before is kept."""
    first = ct_magic.count("Charged 2026-10-01", settings=QUICK)
    handle = ct_magic.start(
        "Charged 2026-10-01..2026-10-03 by day",
        poll_interval=60,
        max_concurrent=1,
        progress="none",
        variable="df",
    )
    until(lambda: handle.jobs[1].req_id)
    handle._run.cancel(2)
    handle.cancel()
    assert handle._seen.wait(60)
    variables = {"df": handle.frame}
    api.resume(QUICK, variables=variables)
    statuses = variables["df"]["status"].tolist()
    assert statuses[0] == "success"
    assert variables["df"]["count"].iloc[0] == first["count"].iloc[0]
    assert "success" in statuses[1:]


def test_a_funnel_is_fetched_whole(slow: Sandbox) -> None:
    """A step's share needs its base: both are there."""
    text = "App Launched 2026-10\n  share did Charged"
    left(text)
    resumed = api.resume(QUICK)
    assert resumed["share"].notna().all()
    assert len(resumed) == 2


def test_what_cannot_be_fetched_fails_with_its_age(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error carries all rows, and their ids are kept."""
    with Sandbox(profiles=50, partials=2, today=TODAY, account="ABC") as box:
        point_at(box, monkeypatch)
        monkeypatch.setenv("CLEVERTAP_ACCOUNT_ID", "ABC")
        left("a: App Launched 2026-10\nb: Charged 2026-10")
    with pytest.raises(errors.CountError) as caught:
        api.resume(Settings(poll_interval=0.01, retry_wait=0.001, timeout=0.5, progress="none"))
    assert caught.value.frame["asked"].notna().all()
    assert len(caught.value.frame) == 2


def test_a_sandbox_that_is_down_has_not_nothing_pending(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is pending is known by its data, which nobody tells: that is said, and no table is."""
    with Sandbox(profiles=50, partials=2, today=TODAY) as box:
        point_at(box, monkeypatch)
        left("Charged 2026-10")
    with pytest.raises(errors.AccountError, match="no sandbox answers at http://127"):
        api.resume(QUICK)


def test_a_journal_that_cannot_be_read_has_not_nothing_pending(
    slow: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """For a count it is a warning; who resumes has nothing else."""
    monkeypatch.setenv("CT_MAGIC_STATE_DIR", "/dev/null/x")
    with pytest.raises(errors.JournalError, match="CT_MAGIC_STATE_DIR names another folder"):
        api.resume(QUICK)
    caplog.clear()


def test_a_sandbox_whose_data_nobody_told_is_not_answered_from_the_journal(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was away for a moment when it was asked which it has: the next may have others."""
    account = Account("down", "SANDBOX", Secret("x"), base_url="http://127.0.0.1:9")
    first, second = open_journal(account), open_journal(account)
    first.learn("a", "b")
    assert first.learned("a") == "b"
    assert second.learned("a") is None


def test_another_sandbox_at_the_same_address_is_another_service(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its counts nor its ids are those of the one before, whatever they look like."""
    text = "App Launched 2026-10"
    with Sandbox(profiles=200, partials=1, today=TODAY) as box:
        point_at(box, monkeypatch)
        port = int(box.url.rpartition(":")[2])
        ct_magic.count(text, settings=QUICK)
        left("Charged 2026-10")
    with Sandbox(profiles=50, partials=1, today=TODAY, port=port) as box:
        counted = ct_magic.count(text, settings=QUICK)
        assert not counted["cached"].any()
        body = ct_magic.parse(text, today=TODAY)[0]
        assert counted["count"].iloc[0] == box.count(to_payload(body))
        assert api.resume(QUICK).empty
        before = submitted(box)
        assert ct_magic.count(text, settings=QUICK)["cached"].all()
        assert submitted(box) == before


def test_retention_comes_back_with_what_is_not_yet(slow: Sandbox) -> None:
    """Steps, numbers of `after` and shares, as the cell had them; nothing of it is asked again."""
    text = "App Launched last 2 weeks share did Charged after 0..1 weeks by first week"
    left(text)
    before = submitted(slow)
    resumed = api.resume(QUICK)
    counted = ct_magic.count(text, settings=QUICK)
    assert submitted(slow) == before
    assert "not yet" in resumed["status"].tolist()
    for name in ("step", "after", "count", "of", "share", "low", "whole", "status"):
        assert resumed[name].equals(counted[name]), name


class Unhelpful:
    """An object of the user's own, of which nothing can be asked."""

    def __getattr__(self, name: str) -> None:
        raise ZeroDivisionError(name)


def with_note(df: pd.DataFrame) -> pd.DataFrame:
    df.attrs["note"] = "mine"
    return df


CHANGES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "a name of its index": lambda df: df.rename_axis("mine"),
    "a name of its columns": lambda df: df.rename_axis("mine", axis="columns"),
    "a note beside it": with_note,
    "one column, which has the frame's attrs": lambda df: df["count"],
    "an object that answers nothing": lambda _: Unhelpful(),
    "rows taken out": lambda df: df[df["Category"] == "Shoes"],
    "rows in another order": lambda df: df.iloc[::-1],
    "rows numbered anew": lambda df: df.iloc[::-1].reset_index(drop=True),
    "a value filled in": lambda df: df.fillna({"count": 0}),
    "a label changed": lambda df: df.assign(query="mine"),
    "a column taken out": lambda df: df.drop(columns="doubt"),
    "a column added": lambda df: df.assign(note="x"),
    "columns in another order": lambda df: df[sorted(df.columns)],
    "another kind of number": lambda df: df.astype({"count": "Float64"}),
    "something in it that has no hash": lambda df: df.assign(query=[[1]] * len(df)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_somebody_made_of_a_frame_is_not_replaced(
    slow: Sandbox, change: Callable[[pd.DataFrame], Any]
) -> None:
    """Five rows were back where three were left: the counts are in what resume gives."""
    week = change(left(SHOES, "week"))
    variables: dict[str, Any] = {"week": week}
    resumed = api.resume(QUICK, variables=variables)
    assert variables["week"] is week
    assert resumed["status"].tolist() == ["success"] * 4


@pytest.mark.parametrize("copied", [pd.DataFrame.copy, lambda df: df[list(df)], lambda df: df[:]])
def test_a_copy_of_what_a_cell_gave_is_filled(
    slow: Sandbox, copied: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    """It is still as it was given; so is one that was saved and read again."""
    week = copied(left(SHOES, "week"))
    variables: dict[str, Any] = {"week": pickle.loads(pickle.dumps(week))}  # noqa: S301 # our own
    api.resume(QUICK, variables=variables)
    assert variables["week"]["status"].tolist() == ["success"] * 4
    assert "as_given" not in variables["week"].attrs


def test_where_the_counts_of_a_changed_variable_are_is_told(
    slow: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a line of the panel; nothing is told of what was never there."""
    week = left(SHOES, "week").iloc[:2]
    left("App Launched 2026-10", "gone")
    text = Settings(poll_interval=0.01, progress="text")
    api.resume(text, variables={"week": week})
    shown = " ".join(capsys.readouterr().err.split())
    assert "week was changed since: its counts are in what resume gives" in shown
    assert "gone was changed" not in shown


def test_counts_that_were_never_sent_are_told_by_resume(
    slow: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    """After an interrupt of thirty it said "6 of 6 done": twenty-four had never been asked."""
    handle = ct_magic.start(
        "Charged 2026-10-01..2026-10-30 by day",
        poll_interval=60,
        first_look=60,
        max_concurrent=1,
        progress="none",
        variable="df",
    )
    until(lambda: sum(job.req_id is not None for job in handle.jobs) >= 2)
    handle.cancel()
    assert handle._seen.wait(60)
    sent = len(api.resume(Settings(poll_interval=0.01, progress="text"), variables={}))
    shown = " ".join(capsys.readouterr().err.split())
    assert 2 <= sent < 30, "it was too quick to be interrupted"
    assert f"{sent} of 30" in shown
    assert f"the other {30 - sent} were never sent: run the cell again" in shown
    assert f"{sent} of {sent} " not in shown
    state = api.history()["state"].iloc[0]
    assert "success" in state
    assert state.endswith(" not sent")


def test_a_frame_names_the_account_of_its_counts(
    slow: Sandbox, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever account is in use when it is looked at."""
    named = Account("team", "SANDBOX", Secret("sandbox"), base_url=slow.url)
    counted = ct_magic.count("App Launched 2026-10", account=named, settings=QUICK)
    assert counted.attrs["account"] == "team"
    assert ct_magic.count("Charged 2026-10", settings=QUICK).attrs["account"] == "default"


def test_a_rerun_whose_counts_are_pending_at_another_account_says_so(
    slow: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    """After a restart the environment's account is asked, and those of the other lie there."""
    with Sandbox(profiles=60, partials=2, today=TODAY, account="TEAM-1") as other:
        team = Account("team", "TEAM-1", Secret("sandbox"), base_url=other.url)
        text = "Charged 2026-10-01..2026-10-02 by day"
        handle = ct_magic.start(text, account=team, poll_interval=60, progress="none")
        until(lambda: all(job.req_id for job in handle.jobs))
        handle.cancel()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", errors.JournalWarning)  # what a script hears
            ct_magic.count(text, poll_interval=0.01, progress="text")
        shown = " ".join(capsys.readouterr().err.split())
        assert "pending at another account: 2 at team ('%ct use team')" in shown
        ct_magic.count(text, account=team, settings=QUICK)


def test_settings_of_the_notebook_hold_for_functions_beside_the_magics(
    slow: Sandbox, shell: InteractiveShell
) -> None:
    """`%config CountMagics` is one place for both; a keyword and `settings=` go before it."""
    shell.run_line_magic("config", "CountMagics.timezone = 'Asia/Kolkata'")
    shell.run_line_magic("config", "CountMagics.max_counts = 3")
    assert ct_magic.count("Charged 2026-10-01").attrs["timezone"] == "Asia/Kolkata"
    with pytest.raises(errors.QueryError, match="limit is 3"):
        ct_magic.count("Charged 2026-10-01..2026-10-04 by day")
    assert "limit is 3" in str(ct_magic.plan("Charged 2026-10-01..2026-10-04 by day"))
    frame = ct_magic.count("Charged 2026-10-01..2026-10-04 by day", max_counts=4, timezone="UTC")
    assert (len(frame), frame.attrs["timezone"]) == (4, "UTC")
    plain = ct_magic.count("Charged 2026-10-05..2026-10-08 by day", settings=QUICK)
    assert plain.attrs["timezone"] != "Asia/Kolkata"
    shell.run_line_magic("config", "CountMagics.timezone = None")
    shell.extension_manager.unload_extension("ct_magic")
    assert ct_magic.plan("Charged 2026-10-01..2026-10-04 by day").counts == 4
    shell.extension_manager.load_extension("ct_magic")


def test_what_two_cells_wait_for_is_fetched_once_for_both(slow: Sandbox) -> None:
    """They share an id, which is not that of two queries: nothing is sent again."""
    days, begun = "Charged 2026-10-01..2026-10-03 by day", submitted(slow)
    variables: dict[str, Any] = {"one": left(days, "one")}
    variables["two"] = left("x: Charged 2026-10-02..2026-10-04 by day", "two")
    before = submitted(slow)
    assert before - begun == 4
    resumed = api.resume(QUICK, variables=variables)
    assert submitted(slow) == before
    assert resumed["status"].tolist() == ["success"] * 6
    counted = ct_magic.count("Charged 2026-10-01..2026-10-04 by day", settings=QUICK)["count"]
    assert variables["one"]["count"].tolist() == counted.tolist()[:3]
    assert variables["two"]["count"].tolist() == counted.tolist()[1:]


class OverMidnight:
    """A service whose clock says 23:56 when a query comes; its count comes after midnight."""

    def __init__(self) -> None:
        self.is_late, self._ids = False, count(7)

    def serve(self, wire: Wire) -> None:
        """Answer one connection."""
        while request := wire.request():
            late = self.is_late and request.startswith(b"GET")
            clock = "Thu, 26 Nov 2026 00:05:00" if late else "Wed, 25 Nov 2026 23:56:00"
            answer = {"status": "success", "count": 230} if late else {"status": "partial"}
            more = {"req_id": next(self._ids)} if request.startswith(b"POST") else {}
            wire.answer(answer | more, 200, f"Date: {clock} GMT\r\n")


@pytest.mark.parametrize("is_resumed", [False, True])
@pytest.mark.parametrize(
    "text",
    ["E 2026-11-25", "E 2026-11-24..2026-11-25 by day", "E 2026-11-20..2026-11-25 share did F"],
)
def test_a_count_sent_before_its_last_day_was_over_is_so_far(
    state: Path, monkeypatch: pytest.MonkeyPatch, text: str, is_resumed: bool
) -> None:
    """However late it comes: how much of that day it holds, nobody knows."""
    service, names = OverMidnight(), dict[str, Any]()
    quick = Settings(poll_interval=0.01, progress="none", timezone="UTC")
    with wires(service.serve) as url:
        monkeypatch.setenv("CLEVERTAP_ACCOUNT_ID", "A")
        monkeypatch.setenv("CLEVERTAP_PASSCODE", "x-y")
        monkeypatch.setenv("CLEVERTAP_BASE_URL", url)
        handle = ct_magic.start(text, today=date(2026, 11, 25), settings=quick, variable="df")
        until(lambda: all(job.req_id for job in handle.jobs))
        if is_resumed:
            handle.cancel()
            assert handle._seen.wait(60)
            names["df"] = handle.frame
        service.is_late = True
        frame = api.resume(quick, variables=names) if is_resumed else handle.result()
    for df in (frame, *names.values()):
        was_open = df["end"] == pd.Timestamp("2026-11-25")
        assert df["count"].eq(230).all()
        assert (df["counted"].dt.date <= date(2026, 11, 25)).tolist() == was_open.tolist()
