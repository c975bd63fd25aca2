"""The passcode is nowhere but in the header: whatever can be printed or written is searched."""

from __future__ import annotations

import json
import logging
import pickle
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from traceback import walk_tb
from types import FrameType
from typing import Any
from urllib.parse import quote

import pytest
from helpers.shell import TODAY, point_at, run
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import ct_magic
from ct_magic import errors
from ct_magic.client import credentials as passcodes, redaction
from ct_magic.client.accounts import Account
from ct_magic.client.jobs import Answer, Denied, Failure, Trouble
from ct_magic.client.transport import Service
from ct_magic.sandbox import Sandbox
from ct_magic.sandbox.faults import Reply
from ct_magic.sandbox.server import Server

HIDDEN = "AAE-hidden-7731"
CELLS = [
    "%xmode Verbose",
    "%config CountMagics.progress = '{mode}'",
    "%%ctcount df\nApp Launched 2026-10 by week",
    "%%ctcount df\ngood: App Launched 2026-09\nbad: No Such 2026-09",
    "%%ctcount df\nApp Launched where x 2026-10",
    "%ctcount --timeout 0.001 Charged 2026-10",
    "%config CountMagics.poll_interval = 60",
    "%%ctcount later --background\nCharged 2026-08",
    "repr(later), vars(later), dir(later), later.progress",
    "run = later._run.questions; vars(later._run), vars(run), vars(run._asker), vars(run._journal)",
    "import pickle; pickle.dumps(later)",
    "%tb",
    "later.result(0)",
    "later.cancel(); later.result()",
    "%config CountMagics.poll_interval = 0.01",
    "from ct_magic.session.session import SESSION; vars(SESSION), SESSION.account()",
    "%%ctcount --dry-run\nCharged 2026-10",
    "%ct explain Charged 2026-10",
    "%ct accounts",
    "%ct history",
    "%ct names",
    "%ct use prod",
    "%config CountMagics",
    "from ct_magic.client.accounts import find_account; account = find_account()",
    "repr(account), str(account), account",
    "import dataclasses; dataclasses.asdict(account)",
    "vars(account)",
    "import pickle; pickle.dumps(account)",
    "import copy; copy.copy(account), copy.deepcopy(account)",
    "ct_magic_count = __import__('ct_magic').count; ct_magic_count(123, account=account)",
    "ct_magic_count('App Launched 2026-10', account=account, today='nonsense')",
    "ct_magic_count('App Launched 2026-10', account=account, nonsense=1)",
    "%ctcount --account {hidden}x App Launched 2026-10",
    "%%ctcount df --plot\nApp Launched 2026-10 by week",
    "from ct_magic.forms.query_form import Form; from ct_magic.settings import Settings",
    "form = Form('App Launched 2026-10', {{}}, Settings()); vars(form), vars(form._view)",
    "view = form._view; view._run.click(); vars(view._runner), vars(view._runner._counting)",
    "__import__('ipywidgets').Widget.get_manager_state()",
    "form.close(); form",
]

STALE = (AttributeError, ImportError, ModuleNotFoundError, NameError)


@pytest.fixture
def hidden(state: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """An account whose passcode is not the sandbox's public one."""
    with Sandbox(profiles=100, partials=1, passcode=HIDDEN, today=TODAY) as box:
        point_at(box, monkeypatch)
        monkeypatch.setenv("CLEVERTAP_PASSCODE", HIDDEN)
        yield box


def searched(place: str, value: object) -> None:
    assert HIDDEN not in str(value), f"the passcode is in {place}"


def written(folder: Path) -> Iterator[tuple[str, bytes]]:
    for file in folder.rglob("*"):
        if file.is_file():
            yield str(file), file.read_bytes()


@pytest.mark.parametrize("mode", ["text", "html", "widget"])
def test_a_whole_session_never_shows_it(
    hidden: Sandbox,
    shell: InteractiveShell,
    state: Path,
    caplog: pytest.LogCaptureFixture,
    mode: str,
) -> None:
    """Outputs, tracebacks with every local, logs at DEBUG, panels, files: none holds it."""
    caplog.set_level(logging.DEBUG)
    with capture_output() as captured:
        results = [run(shell, cell.format(mode=mode, hidden="x")) for cell in CELLS]
    run(shell, "%xmode Context")
    assert any(request.status == 200 for request in hidden.log), "it was never sent: no proof"
    for result in results:
        assert type(result.error_in_exec) not in STALE, "the cell looks at what is not there"
        searched("a result", repr(result.result))
        searched("an error", repr(result.error_in_exec))
    searched("standard output", captured.stdout)
    searched("standard error", captured.stderr)
    for output in captured.outputs:
        searched("a display", output.data)
    searched("the log", caplog.text)
    for name, content in written(state):
        assert HIDDEN.encode() not in content, name
    searched("a variable", {k: repr(v) for k, v in shell.user_ns.items()})


def test_a_dataframe_and_an_error_can_be_pickled_without_it(hidden: Sandbox) -> None:
    """What an analyst stores on a shared drive holds counts and nothing else."""
    frame = ct_magic.count("App Launched 2026-10", poll_interval=0.01, progress="none")
    assert HIDDEN.encode() not in pickle.dumps(frame)
    with pytest.raises(errors.CountFailedError) as caught:
        ct_magic.count("No Such 2026-10", poll_interval=0.01, progress="none")
    assert HIDDEN.encode() not in pickle.dumps(caught.value.frame)


def frames(error: BaseException | None) -> Iterator[FrameType]:
    """The frames of ours that an error and what came before it keep alive."""
    while error is not None:
        for frame, _ in walk_tb(error.__traceback__):
            if frame.f_globals["__name__"].startswith("ct_magic"):
                yield frame
        error = error.__context__


def test_an_error_about_a_passcode_does_not_keep_it() -> None:
    """A service that collects errors takes the locals of every frame along."""
    typed = passcodes.Secret(f"{HIDDEN}\u201d")  # a quote that was copied with it
    with pytest.raises(errors.AccountError) as caught:
        passcodes.checked(typed)
    frames_of_error = list(frames(caught.value))
    assert frames_of_error
    searched("a local variable", [frame.f_locals for frame in frames_of_error])


def echoed(passcode: str, page: Callable[[str], bytes]) -> Answer:
    """What is made of an error page that holds the passcode that it was sent."""

    def echo(method: str, target: str, headers: Any, body: bytes) -> Reply:
        body = page(headers["X-CleverTap-Passcode"])
        return Reply(200 if b"req_id" in body else 400, body)

    server = Server(echo)
    server.start(0)
    try:
        account = Account("default", "ABC", passcodes.Secret(passcode), base_url=server.url)
        return Service(account).submit("{}")
    finally:
        server.stop()


@pytest.mark.parametrize(
    "page",
    [
        lambda sent: f"<p>You sent {sent}</p>".encode(),
        lambda sent: json.dumps({"status": "fail", "error": f"Invalid passcode {sent}"}).encode(),
        lambda sent: json.dumps({"headers": {"X-CleverTap-Passcode": sent}}).encode(),
        lambda sent: f"<p>{sent}</p>".encode("utf-16"),
        lambda sent: f"<p>{sent}</p>".encode("utf-16-be"),
        lambda sent: "".join(f"\\u{ord(char):04x}" for char in sent).encode(),
        lambda sent: json.dumps("".join(f"\\u{ord(c):04X}" for c in sent)).encode(),
        lambda sent: "".join(f"&#{ord(char)};" for char in sent).encode(),
        lambda sent: "".join(f"&#x{ord(char):x};" for char in sent).encode(),
        lambda sent: "".join(f"%{ord(char):02x}" for char in sent).encode(),
        lambda sent: sent.replace("-", r"\/-").encode(),
        lambda sent: "-".join(sent).encode(),
        lambda sent: b"x" * 110 + sent.encode(),
        lambda sent: json.dumps({"status": "partial", "req_id": sent}).encode(),
        lambda sent: json.dumps({"status": "fail", "error": [sent.upper()]}).encode(),
        lambda sent: b64encode(b"ABC:" + sent.encode()),
        lambda sent: sent.encode().hex().encode(),
        lambda sent: "".join(f"%u{ord(char):04x}" for char in sent).encode(),
        lambda sent: "".join(f"\\{ord(char):o}" for char in sent).encode(),
        lambda sent: f"<p>{sent[:5]}</p><p>{sent[5:]}</p>".encode(),
    ],
    ids=[
        *("HTML", "an error", "other JSON", "UTF-16", "UTF-16 BE", "escapes", "escapes in JSON"),
        *("entities", "hex entities", "percents", "slashes", "hyphens", "cut", "an id", "capitals"),
        *("base64", "hexadecimal", "percent u", "octal", "tags"),
    ],
)
@pytest.mark.parametrize("passcode", [HIDDEN, '7731-"hid\\den"'])
def test_a_page_that_repeats_the_passcode_is_not_quoted(
    passcode: str, page: Callable[[str], bytes]
) -> None:
    """Proxies print what they were sent, in any writing; an error says what came, not its words."""
    answer = echoed(passcode, page)
    assert isinstance(answer, Denied | Failure | Trouble)
    assert "7731" not in answer.error
    assert "A-h" not in answer.error  # nor a piece of it


@pytest.mark.parametrize("passcode", [HIDDEN, '7731-"hid\\den"'])
@pytest.mark.parametrize(
    "said",
    [
        lambda sent: f"Invalid passcode {sent}",
        lambda sent: sent.upper(),
        lambda sent: [f"the passcode {sent} is another's", "x"],
        lambda sent: quote(sent, safe=""),
        lambda sent: "".join(f"%{ord(char):02X}" for char in sent),
        lambda sent: "x" * 390 + sent,  # where an error is cut
        lambda sent: f"{sent}{sent} {sent}",
    ],
)
@pytest.mark.parametrize("is_ascii", [True, False])
def test_the_services_own_words_have_stars_in_its_place(
    passcode: str, said: Callable[[str], object], is_ascii: bool
) -> None:
    """They are worth reading, without what they repeat; in JSON's escapes, too."""

    def page(sent: str) -> bytes:
        body = {"status": "fail", "code": 400, "error": said(sent)}
        text = json.dumps(body)
        escaped = "".join(f"\\u{ord(char):04x}" for char in sent)
        return (text if is_ascii else text.replace(json.dumps(sent)[1:-1], escaped)).encode()

    answer = echoed(passcode, page)
    assert isinstance(answer, Denied | Failure | Trouble)
    assert "***" in answer.error
    assert "7731" not in answer.error
    assert "AAE" not in answer.error


def test_redaction_takes_the_time_that_reading_takes() -> None:
    """A megabyte of one ligature, which some forms of Unicode make eighteen letters of."""
    begun = time.process_time()
    for text in ("\ufdfa" * (1 << 20), HIDDEN[:-1] * (1 << 16), "%41" * (1 << 19)):
        assert redaction.without(text, passcodes.Secret(HIDDEN)) == text
    assert time.process_time() - begun < 5
