"""A text becomes a DataFrame, through the function and through the magic alike."""

import copy
import pickle
import random
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers.shell import TODAY, Count, point_at, until

import ct_magic
from ct_magic import errors
from ct_magic.client.accounts import Account
from ct_magic.client.credentials import Secret
from ct_magic.sandbox import Sandbox
from ct_magic.settings import Changes, Settings

SEED = 'choseNewFavoriteFood where value ~ "piz" 2015-08-10..2015-10-25'
BODY = {
    "event_name": "choseNewFavoriteFood",
    "event_properties": [{"name": "value", "operator": "contains", "value": "piz"}],
    "from": 20150810,
    "to": 20151025,
}


def test_the_seed_request_runs_end_to_end(account: Sandbox, count: Count) -> None:
    """The API's own example is sent byte for byte in meaning, and its count comes back."""
    df = count(SEED)
    sent = [request.body for request in account.log if request.method == "POST"]
    assert sent[-1] == BODY
    assert df["count"].iloc[0] == account.count(BODY) > 0
    assert df["query"].iloc[0] == SEED
    assert df["start"].iloc[0] == pd.Timestamp("2015-08-10")


def test_statements_and_pieces_are_rows_in_the_order_asked(account: Sandbox, count: Count) -> None:
    """Labels name rows, `by` multiplies them, a value axis is a column."""
    df = count(
        "new: App Installed 2026-10\n"
        'Charged 2026-10-01..2026-10-14 by week, Category in ("Shoes", "Bags")'
    )
    assert len(df) == 7
    assert df["query"].iloc[0] == "new"
    assert list(df["Category"].iloc[1:5]) == ["Shoes", "Bags", "Shoes", "Bags"]
    assert list(df["start"].dt.day.iloc[1:]) == [1, 1, 5, 5, 12, 12]
    assert (df["status"] == "success").all()


def test_a_failure_keeps_what_arrived_and_says_why(account: Sandbox, count: Count) -> None:
    """One short message; the other counts are in the variable, or on the error."""
    with pytest.raises(errors.CountFailedError, match="1 of 2 counts did not arrive") as caught:
        count("good: App Launched 2026-10\nbad: No Such Event 2026-10")
    frame = caught.value.frame
    assert list(frame["status"]) == ["success", "failed"]
    assert frame["count"].isna().tolist() == [False, True]
    assert "No Such Event" in frame["error"].iloc[1]
    assert "Traceback" not in str(caught.value)


def test_a_wrong_passcode_names_account_and_region(
    account: Sandbox, count: Count, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong region is answered like a wrong passcode, so both are named; the passcode is not."""
    monkeypatch.setenv("CLEVERTAP_PASSCODE", "hunter2hunter2")
    with pytest.raises(errors.CountFailedError) as caught:
        count("App Launched 2026-10\nCharged 2026-10")
    message = str(caught.value)
    assert "SANDBOX" in message
    assert account.url in message
    assert "hunter2" not in message


def test_without_an_account_the_way_on_is_said(state: Path, count: Count) -> None:
    """A newcomer's first error names the variables and the sandbox."""
    with pytest.raises(errors.AccountError, match="%ct use sandbox"):
        count("App Launched")


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (None, {}, "a query is a text, as in 'App Launched today', not None"),
        ([1], {}, "not \\[1\\]"),
        ("Charged today", {"poll_intervall": 3}, "did you mean poll_interval"),
        ("Charged today", {"background": True}, "ct_magic.start comes back at once"),
        ("Charged on $day", {"day": TODAY}, "into params"),
        ("Charged today", {"settings": {"timeout": 5}}, "settings is a ct_magic.Settings"),
        ("Charged today", {"today": "2026-11-23"}, "today is a datetime.date, not '2026-11-23'"),
    ],
)
def test_a_wrong_argument_is_named(
    account: Sandbox, text: Any, options: dict[str, Any], message: str
) -> None:
    """As a magic's: one message that says what is right, and nothing is sent."""
    before = len(account.log)
    with pytest.raises(errors.UsageError, match=message):
        ct_magic.count(text, **options)
    assert len(account.log) == before


def test_today_may_be_a_timestamp(account: Sandbox) -> None:
    """What pandas gives for a day is one."""
    df = ct_magic.count(
        "Charged yesterday", today=pd.Timestamp(TODAY), progress="none", poll_interval=0.01
    )
    assert df["start"].iloc[0] == pd.Timestamp("2026-11-22")


def test_a_query_that_is_wrong_is_never_sent(account: Sandbox, count: Count) -> None:
    """Nothing leaves before the whole cell has been understood."""
    before = len(account.log)
    with pytest.raises(errors.QueryError, match="did you mean 'where'"):
        count("App Launched 2026-10\nCharged wher Amount > 5")
    assert len(account.log) == before


def test_too_many_counts_are_refused_before_anything_is_sent(
    account: Sandbox, count: Count
) -> None:
    """The number is in the message."""
    before = len(account.log)
    with pytest.raises(errors.QueryError, match="1,461 counts, and the limit is 500"):
        count("Charged 2022-01-01..2025-12-31 by day")
    assert len(account.log) == before


def test_past_days_are_answered_from_the_journal_once_counted(
    account: Sandbox, count: Count
) -> None:
    """The second time nothing is sent, and the row says so; `refresh` asks anew."""
    first = count("Charged 2026-09")
    before = len(account.log)
    second = count("Charged 2026-09")
    assert len(account.log) == before
    assert list(first["cached"]) == [False]
    assert list(second["cached"]) == [True]
    assert first["count"].iloc[0] == second["count"].iloc[0]
    assert list(count("Charged 2026-09", refresh=True)["cached"]) == [False]


def test_json_of_any_kind_is_asked_as_it_stands(account: Sandbox, count: Count) -> None:
    """A "to" somewhere in it that is no day does not keep it from being sent."""
    text = '{"event_name": "Charged", "from": 20261001, "to": 20261031, "odd": {"to": 5}}'
    with pytest.raises(errors.CountFailedError, match="unknown key 'odd'"):
        count(text)


def test_parameters_are_values_all_the_way_into_the_json(account: Sandbox, count: Count) -> None:
    """A text with quotes and operators stays one value."""
    count(
        "Charged where Category in $kinds and Amount > $floor 2026-10",
        params={"kinds": ['a" or Amount > 0', "b"], "floor": 9.5},
    )
    sent = [request.body for request in account.log if request.method == "POST"][-1]
    assert [condition["value"] for condition in sent["event_properties"]] == [
        ['a" or Amount > 0', "b"],
        9.5,
    ]


def test_a_row_says_what_its_variables_were(account: Sandbox, count: Count) -> None:
    """Runs of one notebook over other values can be told apart; `$a and $b` is no formula there."""
    df = count("Charged where Amount > $low last 9 days by week", params={"low": 5})
    assert set(df["query"]) == {"Charged where Amount > 5 last 9 days by week"}


def test_a_deadline_ends_what_has_not_arrived(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is late is `timed out`, and a later run of the same text submits nothing twice."""
    with Sandbox(profiles=100, partials=3, today=TODAY) as box:
        point_at(box, monkeypatch)
        # Sent before, so that no machine is too busy for it while the deadline runs.
        handle = ct_magic.start("Charged 2026-10", poll_interval=60, progress="none")
        until(lambda: all(job.req_id for job in handle.jobs))
        handle.cancel()
        with pytest.raises(errors.CountTimedOutError) as caught:
            ct_magic.count("Charged 2026-10", timeout=0.1, poll_interval=60, progress="none")
        assert list(caught.value.frame["status"]) == ["timed out"]
        df = ct_magic.count("Charged 2026-10", poll_interval=0.01, progress="none")
        assert list(df["status"]) == ["success"]
        assert sum(request.method == "POST" for request in box.log) == 1


def test_a_handle_is_not_yet_the_dataframe(account: Sandbox) -> None:
    """`start` comes back at once; using the handle like the DataFrame says what to do instead."""
    handle = ct_magic.start("App Launched 2026-10", poll_interval=60, progress="none")
    with pytest.raises(errors.StillRunningError, match=r"\.result\(\) waits"):
        handle["count"]
    for copied in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match=r"its \.result\(\) can"):
            copied(handle)
    handle.cancel()


def test_a_handle_is_not_drawn_but_says_what_to_do(account: Sandbox) -> None:
    """It will be a DataFrame of counts; that it is none would send people looking elsewhere."""
    handle = ct_magic.start("App Launched 2026-10", poll_interval=60, progress="none")
    for look in (ct_magic.plot, ct_magic.shares):
        with pytest.raises(errors.StillRunningError, match=r"\.result\(\) waits"):
            look(handle)
    handle.cancel()
    with pytest.raises(errors.UsageError, match="not a DataFrame of counts"):
        ct_magic.shares(5)


def test_cancelling_a_handle_keeps_what_had_arrived(account: Sandbox) -> None:
    """The rest is `cancelled`."""
    handle = ct_magic.start("App Launched 2026-10", poll_interval=60, progress="none")
    handle.cancel()
    with pytest.raises(errors.CountCancelledError) as caught:
        handle.result(60)
    assert list(caught.value.frame["status"]) == ["cancelled"]


def test_the_users_random_numbers_are_left_alone(state: Path) -> None:
    """A notebook that sets a seed draws the same ones, whatever is asked and retried meanwhile."""
    before = random.getstate()
    text = "App Launched last 4 weeks by week"
    with Sandbox(profiles=300, today=TODAY, latency=(0, 0.1), faults="any:429*3,later:503") as box:
        account = Account("box", "SANDBOX", Secret("sandbox"), base_url=box.url, timezone="UTC")
        frame = ct_magic.count(
            text, account=account, today=TODAY, poll_interval=0.01, retry_wait=0.01, progress="none"
        )
        str(ct_magic.plan("Charged last 90 days by day", account=account, today=TODAY))
    assert frame["status"].eq("success").all()
    assert random.getstate() == before


def test_several_texts_are_one_question(account: Sandbox) -> None:
    """One DataFrame and one panel; each text may be indented as its place in a program is."""
    texts = [
        """
        a: App Launched
          2026-10
        """,
        "b: Charged 2026-10",
    ]
    df = ct_magic.count(texts, poll_interval=0.01, progress="none")
    assert df["query"].tolist() == ["a", "b"]


def test_a_text_that_is_indented_as_a_whole_is_not(account: Sandbox) -> None:
    """Between triple quotes in a function; what is indented further still goes on a statement."""

    def here() -> pd.DataFrame:
        return ct_magic.count(
            """
            shoes: Charged
              where Category = "Shoes"
              2026-10
            all: Charged 2026-10
            """,
            poll_interval=0.01,
            progress="none",
        )

    assert here()["query"].tolist() == ["shoes", "all"]


def test_the_keywords_of_count_are_the_settings() -> None:
    """An editor completes and checks them: each field, with its type."""
    assert set(Changes.__annotations__) == set(Settings.__dataclass_fields__)
    for name, field in Settings.__dataclass_fields__.items():
        assert Changes.__annotations__[name].__forward_arg__ == field.type
