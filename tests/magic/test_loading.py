"""What loading costs: nothing heavy is imported before it is needed, in a fresh interpreter."""

import json
import subprocess
import sys

import pytest

HEAVY = {"pandas", "numpy", "requests", "ipywidgets", "lark", "duckdb", "keyring", "vl_convert"}
SHELL = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
before = set(sys.modules)
{code}
new = set(sys.modules) - before
print(json.dumps(sorted({{name.split(".")[0] for name in new}})))
"""


def imported(code: str) -> set[str]:
    """Return the top-level modules that this code adds to a fresh IPython shell."""
    done = subprocess.run(
        [sys.executable, "-c", SHELL.format(code=code)], capture_output=True, text=True, check=True
    )
    names: set[str] = set(json.loads(done.stdout.splitlines()[-1]))
    return names


@pytest.mark.parametrize(
    "code",
    [
        "shell.run_line_magic('load_ext', 'ct_magic')",
        "import ct_magic",
        "import ct_magic; dir(ct_magic)",
        "shell.run_line_magic('load_ext', 'ct_magic')\n"
        "shell.run_line_magic('config', 'CountMagics.poll_interval = 5')",
    ],
)
def test_loading_imports_nothing_heavy(code: str) -> None:
    """`%load_ext` stands at the top of every notebook, so it may cost no more than a blink."""
    assert not imported(code) & HEAVY


def test_each_need_brings_its_own_library_and_no_other() -> None:
    """A query that is only looked at needs no request, widget or DataFrame."""
    parsed = (
        "import ct_magic; ct_magic.parse('App Launched last 7 days'); "
        "from ct_magic.query import payload"
    )
    assert imported(parsed) & HEAVY == set()


def test_a_script_need_not_import_ipython() -> None:
    """`import ct_magic` in a scheduler's script leaves IPython alone."""
    code = "import sys, ct_magic; ct_magic.parse('App Launched'); print('IPython' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_loading_twice_and_unloading_leave_the_shell_as_it_was() -> None:
    """Run twice, reload, unload: what people do with extensions."""
    code = (
        "m = shell.Completer.custom_matchers; n = len(m)\n"
        "for _ in range(2): shell.run_line_magic('load_ext', 'ct_magic')\n"
        "shell.run_line_magic('reload_ext', 'ct_magic')\n"
        "assert len(m) == n + 1, m\n"
        "shell.run_line_magic('unload_ext', 'ct_magic')\n"
        "assert len(m) == n, m"
    )
    imported(code)
