"""What the tests share: a small sandbox, an environment that points at it, and a real shell."""

from __future__ import annotations

import atexit
import gc
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from helpers.length import IS_LONG
from helpers.shell import TODAY, Count, point_at, through_cell
from hypothesis import HealthCheck, settings
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import ct_magic
from ct_magic.sandbox import Sandbox

if TYPE_CHECKING:
    from helpers.browser import Desk, Desks
    from helpers.front_end import FrontEnd
    from xdist.scheduler import LoadFileScheduling

# On a busy machine an example may take long: only the timeout of a test counts.
settings.register_profile("suite", deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile("suite")
# No test may open the keyring of whoever runs it nor write into their journal, go by their accounts
# or by their settings of IPython and Jupyter, or need a home that can be written. What tests start
# inherits this.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
HOME = Path(tempfile.mkdtemp(prefix="ct_magic-tests-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
PLACES = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
for place in (*PLACES, "CT_MAGIC_STATE_DIR", "CT_MAGIC_CONFIG_DIR"):
    os.environ[place] = str(HOME / place.lower())
# Files are as open to others, and standard error as quiet, as with nobody's own settings.
os.umask(0o022)
os.environ.pop("PYTHONWARNINGS", None)
# A process that is started need not compile the package anew, as it need not on a user's machine.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


DESKS = pytest.StashKey["Desks"]()
IN_A_BROWSER = re.compile(r"browser|test_colour|test_labextension")  # files
OVER_THE_WHEEL = re.compile(r"project/test_(installed|wheel)")
SLOW = re.compile(r"^tests/(jupyter/|test_)")  # kernels and processes
# Tests make much and forget it: to look for cycles so often takes a thirtieth of their time.
gc.set_threshold(50_000, 20, 20)
# These take seconds to import, to check what no test has: addresses in letters of all scripts.
# jsonschema does without, here and in the Jupyter of the processes that are started.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
LACKING = HOME / "lacking"
LACKING.mkdir()
(LACKING / "rfc3987_syntax.py").write_text("raise ImportError('it takes seconds')")
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [str(LACKING), os.environ.get("PYTHONPATH")])
)


def pytest_configure(config: pytest.Config) -> None:
    """Let each worker collect from another folder on: what one has compiled, the others read.

    In a fresh clone it would else be done by all of them.
    """
    workers = getattr(config, "workerinput", None)
    tests = Path(__file__).parent
    if workers and [Path(arg).resolve() for arg in config.args] == [tests]:
        places = sorted(map(str, [*tests.glob("test_*.py"), *tests.glob("[a-z]*/")]))
        begin = int(workers["workerid"][2:]) * len(places) // workers["workercount"]
        config.args[:] = places[begin:] + places[:begin]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes long: at the end the workers would wait for a last such file.

    What repeats a rule is left to the longer run.
    """
    repeats = [item for item in items if item.get_closest_marker("long") and not IS_LONG]
    config.hook.pytest_deselected(items=repeats)
    items[:] = [item for item in items if item not in repeats]
    items.sort(
        key=lambda item: (
            item.get_closest_marker("browser") is None,
            SLOW.match(item.nodeid) is None,
            item.path,  # each worker has begun elsewhere
        )
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """Give all files with a browser's tests to one worker, which starts and loads each app once.

    And those that need what is shipped to one that builds it.
    """
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = str(super()._split_scope(nodeid))
            groups = {"in a browser": IN_A_BROWSER, "over the wheel": OVER_THE_WHEEL}
            return next((name for name, files in groups.items() if files.search(file)), file)

    return Scheduling(config, log)


@pytest.fixture(scope="module", autouse=True)
def _old_objects() -> None:
    """Leave what was imported and collected so far out of the garbage collection.

    IPython collects whenever it forgets a session, as each test with a shell lets it twice.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def box() -> Iterator[Sandbox]:
    """A small sandbox that answers "partial" once, then the count; no time is involved."""
    with Sandbox(profiles=800, partials=1, today=TODAY) as sandbox:
        yield sandbox


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state and a configuration directory of the test's own, and no account."""
    for name in ("ACCOUNT_ID", "PASSCODE", "REGION", "BASE_URL"):
        monkeypatch.delenv(f"CLEVERTAP_{name}", raising=False)
    monkeypatch.setenv("CT_MAGIC_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("CT_MAGIC_CONFIG_DIR", str(tmp_path / "config"))
    return tmp_path


@pytest.fixture
def account(box: Sandbox, state: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """An environment whose account is the sandbox's."""
    point_at(box, monkeypatch)
    return box


@pytest.fixture(autouse=True)
def _journal_is_well(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A test that does not expect the journal's warning fails where there is one.

    Warnings are errors here, and not even then may the journal cost a count: it is logged instead.
    """
    yield
    messages = [record.message for record in caplog.get_records("call")]
    assert not [message for message in messages if message.startswith("ct_magic: the journal")]


@pytest.fixture(scope="session")
def _shell() -> InteractiveShell:
    config = Config()
    config.HistoryManager.enabled = False
    return InteractiveShell.instance(config=config)


@pytest.fixture
def shell(_shell: InteractiveShell) -> Iterator[InteractiveShell]:
    """A real IPython shell with the extension loaded, as after `%load_ext ct_magic`."""
    _shell.reset()
    _shell.extension_manager.load_extension("ct_magic")
    magics = _shell.magics_manager.registry["CountMagics"]
    magics.poll_interval, magics.progress = 0.01, "none"
    magics.max_counts = 500  # another test may set it
    yield _shell
    _shell.extension_manager.unload_extension("ct_magic")
    _shell.reset()


@pytest.fixture(scope="session")
def _kernel() -> Iterator[FrontEnd]:
    from helpers.front_end import front_end  # only these tests need what it imports

    with front_end() as front:
        yield front


@pytest.fixture
def kernel(_kernel: FrontEnd, state: Path) -> FrontEnd:
    """A real kernel that tests share, as new: with this test's directories and no variables."""
    _kernel.begin()
    return _kernel


@pytest.fixture(scope="session")
def chromium() -> Iterator[str]:
    """A Chromium for all tests in a browser."""
    from helpers import browser

    with browser.chromium() as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Start JupyterLab, with Notebook 7 beside it: the address, and the folder that is served."""
    from helpers import browser

    root = tmp_path_factory.mktemp("jupyter")
    with browser.server(root, extension=True) as address:
        yield address, root


@pytest.fixture(scope="session")
def desks(
    request: pytest.FixtureRequest, chromium: str, served: tuple[str, Path]
) -> Iterator[Desks]:
    """The pages of JupyterLab and Notebook 7, which all tests in a browser share."""
    from helpers import browser

    desks = request.config.stash[DESKS] = browser.Desks(chromium, served)
    yield desks
    desks.close()


@pytest.fixture
def lab(desks: Desks) -> Desk:
    """A page in which JupyterLab opens one notebook after the other."""
    return desks.desk("lab")


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Close the pages after the last test in a browser: other tests need asyncio."""
    desks = item.config.stash.get(DESKS, None)
    if desks and (nextitem is None or nextitem.get_closest_marker("browser") is None):
        desks.close()


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that is built from it; a warning is an error."""
    folder = tmp_path_factory.mktemp("dist")
    root = Path(__file__).parent.parent
    command = [sys.executable, "-W", "error", "-m", "build", "--no-isolation", "--outdir", folder]
    done = subprocess.run([*command, root], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in (done.stdout + done.stderr).lower()
    return folder


@pytest.fixture(params=["function", "cell"])
def count(request: pytest.FixtureRequest, shell: InteractiveShell) -> Count:
    """Both entrances: each test runs once through `count()` and once through `%%ctcount`."""
    if request.param == "function":
        return lambda text, **more: ct_magic.count(
            text, poll_interval=0.01, progress="none", **more
        )
    return lambda text, **more: through_cell(shell, text, **more)
