"""`%ct` and what it commands: in a real shell, and where somebody types, in a real kernel."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from queue import Queue
from typing import Any
from zoneinfo import ZoneInfo

import keyring
import pandas as pd
import pytest
from helpers.front_end import started_kernel
from helpers.shell import TODAY, point_at, run, until
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.blocking.client import BlockingKernelClient
from keyring.backend import KeyringBackend
from keyring.backends.null import Keyring as NullKeyring

import ct_magic
from ct_magic import errors
from ct_magic.client import credentials as passcodes
from ct_magic.magic.commands import COMMANDS, MEANT
from ct_magic.planning.prepare import prepare
from ct_magic.query.catalog import Names
from ct_magic.query.parser import statements
from ct_magic.sandbox import Sandbox
from ct_magic.session import known_names as name_sources
from ct_magic.session.session import SESSION, Session

HIDDEN = "AAE-hidden-7731"
Say = Callable[[str], str]


@pytest.fixture
def say(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run a cell that must work; give what it printed."""

    def printed(cell: str) -> str:
        run(shell, cell).raise_error()
        return capsys.readouterr().out

    return printed


@pytest.fixture(autouse=True)
def session() -> Iterator[None]:
    """Whatever account a test chose, the next begins with the environment's."""
    yield
    SESSION.used = "default"
    SESSION._given, SESSION._learned = {}, {}
    name_sources._learned.clear()


def refused(shell: InteractiveShell, cell: str) -> str:
    """Run a cell that must fail with an error of ours; give its message."""
    error = run(shell, cell).error_in_exec
    assert isinstance(error, errors.CtMagicError), error
    return str(error)


def accounts_file(state: Path, text: str) -> None:
    file = state / "config" / "accounts.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)


def test_use_sandbox_needs_no_account_and_no_network(
    state: Path, shell: InteractiveShell, say: Say
) -> None:
    """The first thing a newcomer types starts it inside the kernel, and says where it is."""
    assert "using account sandbox, SANDBOX, at http://127.0.0.1:" in say("%ct use sandbox")
    say("%%ctcount df\nApp Launched 2026-10")
    assert shell.user_ns["df"]["count"].iloc[0] > 1000


def test_a_name_that_the_sandbox_does_not_hold_is_doubted(account: Sandbox, say: Say) -> None:
    """With it come its names, for Tab, the form and doubts; they say nothing of other accounts."""
    text = 'Charged where Catgory = "Shoes"'
    doubted = "'Catgory' is not among the known names: is 'Category' meant?"
    say("%ct use sandbox")
    assert prepare(text).plan.rows[0].doubts == (doubted,)
    say("%ct use default")
    assert prepare(text).plan.rows[0].doubts == ()


def test_use_goes_back_to_the_environments_account(account: Sandbox, say: Say) -> None:
    """`%ct use default`, or `%ct use` alone, which says who is asked."""
    say("%ct use sandbox")
    assert "account sandbox" in say("%ct use")
    assert "using account default, SANDBOX, at http://127.0.0.1:" in say("%ct use default")


def test_an_account_can_be_asked_this_once(
    account: Sandbox, shell: InteractiveShell, say: Say
) -> None:
    """`--account` does not change whom the next cell asks."""
    before = len(account.log)
    say("%%ctcount df --account sandbox\nApp Launched 2026-10")
    assert len(account.log) == before
    assert "account default" in say("%ct use")


def test_an_unknown_account_is_named_with_those_that_are_there(
    account: Sandbox, state: Path, shell: InteractiveShell
) -> None:
    """A slip of the finger gets the near one."""
    accounts_file(state, '[prod]\nid = "P-1"\n')
    assert "did you mean 'prod'?" in refused(shell, "%ct use prdo")
    assert "default, sandbox, prod" in refused(shell, "%%ctcount --account xyz\nApp Launched")


def test_accounts_are_shown_with_what_each_one_lacks(
    account: Sandbox, state: Path, shell: InteractiveShell
) -> None:
    """A DataFrame: name, whether it is in use, ready, its region, and what to do."""
    accounts_file(state, '[prod]\nid = "P-1"\nregion = "in1"\n')
    listed = run(shell, "%ct accounts").result.set_index("account")
    assert list(listed.index) == ["default", "sandbox", "prod"]
    assert listed["in use"].tolist() == [True, False, False]
    assert listed["ready"].tolist() == [True, True, False]
    assert "%ct login prod" in listed.loc["prod", "note"]
    assert (listed.loc["prod", "id"], listed.loc["prod", "region"]) == ("P-1", "in1")


def test_explain_prints_the_language_the_json_and_curl(state: Path, say: Say) -> None:
    """Without an account; curl reads the passcode from the environment."""
    printed = say('%ct explain Charged where Category="Shoes" 2026-10')
    text, body, curl = printed.strip().split("\n\n")
    assert text == 'Charged where Category = "Shoes" 2026-10'
    assert json.loads(body)["event_properties"][0]["operator"] == "equals"
    assert '"X-CleverTap-Passcode: $CLEVERTAP_PASSCODE"' in curl


def test_explain_reads_json_as_well(state: Path, say: Say) -> None:
    """Given the API's JSON, the language for it."""
    body = '{"event_name": "Charged", "from": 20261001, "to": 20261031}'
    assert say(f"%%ct explain\n{body}").startswith("Charged 2026-10\n")


@pytest.mark.parametrize(
    ("cell", "place"),
    [
        ("%%ct explain\nCharged today\nApp wher x = 1", "line 3, column 5"),
        ("%%ct explain\n\n\nApp wher x = 1", "line 4, column 5"),
        ("%%ct explain Charged today\nApp wher x = 1", "line 2, column 5"),
    ],
)
def test_an_error_in_what_is_explained_has_its_place_in_the_cell(
    state: Path, shell: InteractiveShell, cell: str, place: str
) -> None:
    """The front end numbers a cell's lines from the magic's own on."""
    assert refused(shell, cell).startswith(place)


def test_help_explains_a_word_with_an_example(
    state: Path, shell: InteractiveShell, say: Say
) -> None:
    """And a word that it does not know is told where to look."""
    assert "where" in say("%ct help where")
    assert "%ct help" in refused(shell, "%ct help nonsense")


def test_names_go_to_a_file_and_come_from_it(
    account: Sandbox, state: Path, shell: InteractiveShell, say: Say
) -> None:
    """What one session asked, another proposes: where it found somebody."""
    say('%%ctcount df\nCharged where Amount > 3 and Category = "Shoes" 2026-10')
    say('%%ctcount df\nCharged where Amuont > 3 and Category = "Shoos" 2026-10')
    run(shell, "%%ctcount df\nChraged 2026-10")
    file = state / "names.json"
    say(f"%ct names --to {file}")
    events = json.loads(file.read_text())["events"]
    assert events["Charged"] == {"Amount": [], "Category": ["Shoes"]}
    assert "Chraged" not in events
    assert "events are known" in say(f"%ct names --from {file}")
    assert isinstance(run(shell, "%ct names").result, pd.DataFrame)


def test_a_list_of_names_is_whole_however_long_the_journal_takes(
    account: Sandbox, state: Path, say: Say
) -> None:
    """A file for a team must not lack what a busy machine has not read yet; Tab may not wait."""
    say('%%ctcount df\nCharged where Category = "Shoes" 2026-10')
    whole = Queue[Names]()
    with name_sources._reading:  # as if the file were being read by another thread
        name_sources._learned.clear()
        SESSION._learned = {}
        thread = threading.Thread(target=lambda: whole.put(name_sources.names()))
        thread.start()
        assert "Category" not in name_sources.names(name_sources.AT_A_KEY).of_event("Charged")
        assert thread.is_alive()
    assert "Category" in whole.get(timeout=60).of_event("Charged")
    thread.join()


def test_names_are_those_of_the_account_in_use(account: Sandbox, state: Path, say: Say) -> None:
    """What one account has, another may never have heard of."""
    accounts_file(state, '[other]\nid = "O-1"\n')
    (state / "names.json").write_text('{"events": {"Tea brewed": {"Leaf": ["green"]}}}')
    say(f"%ct names --from {state / 'names.json'}")
    assert "Tea brewed" in name_sources.names().events
    SESSION.used = "other"
    assert "Tea brewed" not in name_sources.names().events
    assert "Charged" in name_sources.names().events


def test_names_that_were_given_stand_before_learned_ones() -> None:
    """A team's file is surer than what somebody typed once."""
    session = Session()
    session.learn(statements('Abc where x = "1" today'))
    session.know(Names({"Zed": {}, "Yes": {"y": ()}}))
    assert list(session.names.events)[:3] == ["Yes", "Zed", "Abc"]


def test_names_come_from_the_sandbox_that_is_asked(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch, say: Say, shell: InteractiveShell
) -> None:
    """One that runs beside the kernel over a team's own export knows the team's names."""
    event = {"eventName": "Tea brewed", "ts": "20261001120000", "eventProps": {"Leaf": "green"}}
    line = json.dumps(event | {"profile": {"objectId": "p1"}})
    (tmp_path / "export.json").write_text(line + "\n")
    with Sandbox(data=str(tmp_path)) as box:
        point_at(box, monkeypatch)
        say("%ct names --from sandbox")
    names = run(shell, "%ct names").result
    assert ["green"] in names[names["property"] == "Leaf"]["values"].tolist()


def test_a_names_file_that_cannot_be_written_is_named(shell: InteractiveShell, state: Path) -> None:
    """One message with the path and the reason."""
    assert "No such file or directory" in refused(shell, f"%ct names --to {state}/none/names.json")
    assert "No such file or directory" in refused(shell, f"%ct names --from {state}/none.json")


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read"), ("{", "is not JSON"), ('{"evnts": {}}', "'evnts'")],
)
def test_a_names_file_that_is_none_is_said_to_be_none(
    state: Path, shell: InteractiveShell, content: str | None, message: str
) -> None:
    """One message that says which part; what was known stays."""
    file = state / "names.json"
    if content is not None:
        file.write_text(content)
    assert message in refused(shell, f"%ct names --from {file}")


def test_resume_fetches_what_an_earlier_cell_left(
    state: Path, shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a deadline the ids are in the journal; nothing is submitted again."""
    with Sandbox(profiles=100, partials=2, today=TODAY) as box:
        point_at(box, monkeypatch)
        run(shell, "%config CountMagics.poll_interval = 60")
        cell, queries = "%%ctcount df", "a: App Launched 2026-10\nb: Charged 2026-10"
        # Sent by a cell before, so that no machine is too busy for it while the deadline runs.
        run(shell, f"{cell} --background\n{queries}").raise_error()
        before = shell.user_ns["df"]
        until(lambda: all(job.req_id for job in before.jobs))
        before.cancel()
        error = run(shell, f"{cell} --timeout 0.1\n{queries}")
        assert isinstance(error.error_in_exec, errors.CountTimedOutError)
        run(shell, "%config CountMagics.poll_interval = 0.01")
        frame = run(shell, "%ct resume").result
        posts = [request for request in box.log if request.method == "POST"]
    assert frame["status"].tolist() == ["success", "success"]
    assert frame["query"].tolist() == ["a", "b"]
    assert len(posts) == 2


def test_wait_gives_the_dataframe_whether_it_had_arrived_or_not(
    account: Sandbox, shell: InteractiveShell
) -> None:
    """A cell behind a background one works in every order of events, and when it is run again."""
    shell.user_ns["a"] = ct_magic.start("App Launched 2026-10", poll_interval=0.01, progress="none")
    shell.user_ns["b"] = ct_magic.start("Charged 2026-10", poll_interval=0.01, progress="none")
    for cell in ("%ct wait a", "%ct wait", "%ct wait a b"):
        run(shell, cell).raise_error()
    assert list(shell.user_ns["a"]["status"]) == list(shell.user_ns["b"]["status"]) == ["success"]


def test_wait_fails_where_a_count_did_not_arrive(account: Sandbox, shell: InteractiveShell) -> None:
    """The variable is the DataFrame, and "Run All" stops, also the second time."""
    text = "good: App Launched 2026-10\nbad: No Such 2026-10"
    shell.user_ns["df"] = ct_magic.start(text, poll_interval=0.01, progress="none")
    for _ in range(2):
        assert "1 of 2 counts did not arrive" in refused(shell, "%ct wait df")
        assert list(shell.user_ns["df"]["status"]) == ["success", "failed"]
    assert "no variable 'fd'" in refused(shell, "%ct wait fd")
    shell.user_ns["fd"] = 5
    assert "expected a count or its DataFrame, got int" in refused(shell, "%ct wait fd")


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%ct count App Launched", "'%ctcount App Launched' counts"),
        ("%ct count", "'%ctcount QUERY' counts"),
        ("%ct Use sandbox", "did you mean '%ct use'?"),
        ("%ct login sandbox", "'%ct use sandbox' is all it needs"),
    ],
)
def test_a_command_that_is_none_is_told_the_right_one(
    state: Path, shell: InteractiveShell, cell: str, message: str
) -> None:
    """And what is said can be typed as it stands."""
    assert message in refused(shell, cell)


def test_a_passcode_in_the_place_of_a_name_is_not_repeated(
    state: Path, shell: InteractiveShell
) -> None:
    """A notebook saves its outputs, too."""
    message = refused(shell, f"%ct login {HIDDEN}")
    assert HIDDEN not in message
    assert "change it" in message


@pytest.mark.parametrize("word", ["login", "%ct resume", "wait"])
def test_help_explains_a_command(say: Say, word: str) -> None:
    """Whoever asks for help with one gets what it does, not a word of the language near it."""
    assert f"{word}: " in say(f"%ct help {word}")
    assert "%%ctcount?" in say("%ct help --timeout")


def test_resume_with_nothing_pending_is_an_empty_dataframe(
    account: Sandbox, shell: InteractiveShell
) -> None:
    """Not an error: a notebook may begin with it."""
    assert run(shell, "%ct resume").result.empty


# Login: a passcode is typed where nobody reads it


class Memory(KeyringBackend):
    """A keyring that forgets with the test."""

    priority = 1.0

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


@pytest.fixture
def memory() -> Iterator[Memory]:
    """The keyring of a machine that has one."""
    before, backend = keyring.get_keyring(), Memory()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)
    passcodes._session.clear()


def test_a_passcode_is_kept_in_the_keyring_and_found_there(memory: Memory) -> None:
    """The next session needs no login."""
    assert passcodes.remember("prod", passcodes.Secret(HIDDEN))
    passcodes._session.clear()
    assert passcodes.find_passcode("prod", {}).reveal() == HIDDEN
    assert list(memory.kept) == [("ct_magic", "prod")]


def test_without_a_keyring_a_passcode_is_kept_for_the_session() -> None:
    """A server has none; that is no reason to fail."""
    try:
        assert not passcodes.remember("prod", passcodes.Secret(HIDDEN))
        assert passcodes.find_passcode("prod", {}).reveal() == HIDDEN
    finally:
        passcodes._session.clear()


def test_a_keyring_that_keeps_nothing_is_not_said_to_have_kept_it(memory: Memory) -> None:
    """Where a machine has no keyring, one that takes everything is often put in its place."""
    keyring.set_keyring(NullKeyring())
    assert not passcodes.remember("prod", passcodes.Secret(HIDDEN))
    assert passcodes.find_passcode("prod", {}).reveal() == HIDDEN


class Broken(Memory):
    """One whose wallet cannot be opened; backends raise what they like."""

    def get_password(self, service: str, username: str) -> str | None:
        raise OSError("the wallet is locked")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise self.error

    error: BaseException = OSError("the wallet is locked")


def test_an_interrupt_of_the_keyrings_dialog_keeps_nothing(
    memory: Memory, shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever cancels it does not want the passcode kept; the error's frames do not hold it."""
    broken = Broken()
    broken.error = KeyboardInterrupt()
    keyring.set_keyring(broken)
    monkeypatch.setattr("getpass.getpass", lambda prompt: HIDDEN)
    error = run(shell, "%ct login").error_in_exec
    assert isinstance(error, errors.AccountError)
    assert str(error).startswith("cancelled in the keyring's dialog")
    with pytest.raises(errors.AccountError, match="no passcode for account"):
        passcodes.find_passcode("default", {})


def test_a_keyring_that_fails_shows_no_passcode(memory: Memory) -> None:
    """A traceback through it would hold the passcode, and those of the environment."""
    keyring.set_keyring(Broken())
    assert not passcodes.remember("prod", passcodes.Secret(HIDDEN))
    assert passcodes.find_passcode("prod", {}).reveal() == HIDDEN
    with pytest.raises(errors.AccountError, match="no passcode for account 'other'"):
        passcodes.find_passcode("other", {})


@pytest.fixture
def client(box: Sandbox, state: Path) -> Iterator[BlockingKernelClient]:
    """A real kernel whose account has an id but no passcode."""
    env = dict(os.environ) | {"CLEVERTAP_ACCOUNT_ID": "SANDBOX", "CLEVERTAP_BASE_URL": box.url}
    with started_kernel(env) as (_, client):
        yield client


def test_login_asks_with_a_hidden_prompt(client: BlockingKernelClient) -> None:
    """The front end is asked for a password field, and what is typed is used at once."""
    prompts: list[dict[str, Any]] = []
    outputs: list[str] = []

    def typed(message: dict[str, Any]) -> None:
        prompts.append(message["content"])
        client.input("sandbox")

    def ask(code: str, allow_stdin: bool = True) -> Any:
        return client.execute_interactive(
            code,
            allow_stdin=allow_stdin,
            stdin_hook=typed,
            output_hook=lambda m: outputs.append(repr(m["content"])),
            timeout=90,
        )["content"]

    set_up = "%load_ext ct_magic\n%config CountMagics.poll_interval = 0.01"
    assert ask(set_up)["status"] == "ok"
    nobody = ask("%ct login", allow_stdin=False)
    assert "no input line; set CLEVERTAP_PASSCODE" in nobody["evalue"]
    assert ask("%ct login")["status"] == "ok"
    assert [p["password"] for p in prompts] == [True]
    assert prompts[0]["prompt"].startswith("Passcode of account default, for http://127.0.0.1:")
    assert ask("%%ctcount df\nApp Launched 2026-10")["status"] == "ok"
    assert "kept for account default for this session" in "".join(outputs)


def test_values_are_shown_and_known(
    account: Sandbox, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a line to paste, whose counts arrive; Tab and doubts know them from then on."""
    result = run(shell, "%ct values Charged 2026-10 by Payment mode, profile.Group")
    result.raise_error()
    assert set(result.result["property"]) == {"Payment mode", "Group"}
    line = next(x for x in capsys.readouterr().out.splitlines() if "by Payment mode in (" in x)
    assert '"UPI"' in line
    assert "UPI" in SESSION.names.events["Charged"]["Payment mode"]
    run(shell, f"%%ctcount df\nCharged 2026-10\n{line}").raise_error()
    assert (shell.user_ns["df"]["count"] > 0).all()


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Midway"])
@pytest.mark.parametrize(
    "cell",
    [
        "%%ctcount df\nCharged today",
        "%ctcount --dry-run Charged today",
        "%ct explain Charged today",
        "%ct values Charged today by Payment mode",
    ],
)
def test_today_is_the_settings_wherever_it_is_read(
    account: Sandbox,
    shell: InteractiveShell,
    capsys: pytest.CaptureFixture[str],
    cell: str,
    zone: str,
) -> None:
    """These two zones never have the same day, so that one of them is not the machine's."""
    run(shell, f"%config CountMagics.timezone = {zone!r}")
    before, days = len(account.log), {f"{datetime.now(ZoneInfo(zone)):%Y%m%d}"}
    run(shell, cell)
    days.add(f"{datetime.now(ZoneInfo(zone)):%Y%m%d}")  # there it may just have been midnight
    sent = "".join(str(request.body) for request in account.log[before:])
    output = (sent + capsys.readouterr().out).replace('"', "'")
    assert any(f"from': {day}" in output for day in days)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Charged 2026-10", "there is no 'by'"),
        ("Charged by day", "'day' is no property"),
        ("Charged by geo", "name the places yourself"),
        ("Charged by Brand,", "'' is no property"),
        ("Charged by Brand in ('x')", "is no property"),
        ("Charged by day by Brand", "one count"),
        ('Charged where profile.A = 1 or tech.OS = "b" by Brand', "one count"),
    ],
)
def test_values_of_what_is_no_property_are_refused(
    account: Sandbox, shell: InteractiveShell, text: str, message: str
) -> None:
    """Nothing is sent, and the message shows how it is written."""
    before = len(account.log)
    assert message in refused(shell, f"%ct values {text}")
    assert len(account.log) == before


def test_an_account_is_checked(account: Sandbox, shell: InteractiveShell, say: Say) -> None:
    """The sandbox passes, and says first how much it will ask."""
    assert "small counts of account default" in say("%ct check default")
    assert "there is no account 'nobody'" in refused(shell, "%ct check nobody")


@pytest.mark.parametrize(
    ("line", "cure"),
    [
        ("%ct events", "%ct names"),
        ("%ct status", "%ct history"),
        ("%ct plan Charged 2026-10", "%ctcount --plan QUERY"),
        ("%ct Charged 2026-10", "%ctcount Charged 2026-10"),
        ("%ct set max_counts 9", "%config CountMagics.max_counts = 1000"),
    ],
)
def test_what_people_type_for_a_command_leads_to_one_that_works(
    account: Sandbox, shell: InteractiveShell, say: Say, line: str, cure: str
) -> None:
    """The cure that the message names is typed as it stands, and is no error."""
    assert cure in refused(shell, line)
    if not cure.startswith("%ct check"):  # asks counts, and is tested by itself
        say(cure.replace("QUERY", "Charged 2026-10"))


def test_no_word_that_stands_for_a_command_is_one() -> None:
    """What is meant by a word is said only where the word is nothing itself."""
    assert not MEANT.keys() & COMMANDS.keys()
