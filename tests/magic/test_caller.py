"""Whose `$name` and NAME are meant: those of the code that calls the magic, wherever it stands."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ContextDecorator, ExitStack
from functools import partial
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from helpers.shell import run
from IPython.core.interactiveshell import InteractiveShell

from ct_magic import errors
from ct_magic.sandbox import Sandbox

QUERY = "Charged where Amount >= $floor 2026-10"


@pytest.fixture
def floors(account: Sandbox, shell: InteractiveShell) -> Iterator[list[Any]]:
    """The notebook's `floor` is 10; gives the values that were sent for `$floor` so far."""
    shell.user_ns["floor"] = 10
    before = len(account.log)
    sent = Sent(account, before)
    yield sent
    sys.modules.pop("report", None)


class Sent(list[Any]):
    """The values of the first filter of what was submitted meanwhile."""

    def __init__(self, box: Sandbox, before: int) -> None:
        super().__init__()
        self._box, self._before = box, before

    def __eq__(self, other: object) -> bool:
        posts = [r.body for r in self._box.log[self._before :] if r.method == "POST"]
        return [body["event_properties"][0]["value"] for body in posts] == other

    __hash__ = None  # type: ignore[assignment] # it changes


def cell(shell: InteractiveShell, text: str) -> Any:
    result = run(shell, dedent(text))
    result.raise_error()
    return result.result


def test_in_a_function_a_line_sees_the_functions_names(
    shell: InteractiveShell, floors: list[Any]
) -> None:
    """An argument hides the notebook's variable of the same name, as it does for Python."""
    cell(
        shell,
        f"""
        def here(floor):
            frame = %ctcount --refresh {QUERY}
            return frame
        here(3000)
        """,
    )
    assert floors == [3000]


def test_a_cell_magic_that_a_function_calls_sees_the_functions_names(
    shell: InteractiveShell, floors: list[Any]
) -> None:
    """IPython offers a cell magic the notebook's names only."""
    cell(
        shell,
        f"""
        def here(floor):
            return get_ipython().run_cell_magic("ctcount", "--refresh", "{QUERY}")
        found = here(2000)
        """,
    )
    assert floors == [2000]
    assert len(shell.user_ns["found"]) == 1


def test_in_a_function_a_name_cannot_be_bound(shell: InteractiveShell, floors: list[Any]) -> None:
    """It says what to write instead, and nothing is sent."""
    code = f"""
        def here(floor):
            get_ipython().run_cell_magic("ctcount", "found", "{QUERY}")
        here(2000)
        """
    error = run(shell, dedent(code)).error_in_exec
    assert isinstance(error, errors.UsageError)
    assert "write found = %ctcount QUERY" in str(error)
    assert floors == []
    assert "found" not in shell.user_ns


@pytest.mark.parametrize("around", ["[{}]", "list({})", "{{floor: {}}}"])
def test_a_comprehension_sees_its_own_variable(
    shell: InteractiveShell, floors: list[Any], around: str
) -> None:
    """At the top of a cell and in a function, on every Python."""
    call = f'len(get_ipython().run_line_magic("ctcount", "--refresh {QUERY}"))'
    code = around.format(f"{call} for floor in (100, 200)")
    cell(shell, f"found = {code}")
    cell(shell, f"def here():\n    return {code}\nfound = here()")
    assert floors == [100, 200, 100, 200]


def test_a_comprehension_in_a_function_sees_the_functions_names(
    shell: InteractiveShell, floors: list[Any]
) -> None:
    """Also those that only the query's text mentions."""
    call = f'get_ipython().run_line_magic("ctcount", "--refresh {QUERY}")'
    cell(shell, f"def here(floor):\n    return [{call} for _ in range(2)]\nfound = here(700)")
    assert floors == [700, 700]


@pytest.mark.parametrize(
    "body",
    [
        "def inner(): return get_ipython().run_line_magic('ctcount', query)\n    return inner()",
        "return list(map(lambda _: get_ipython().run_line_magic('ctcount', query), [1]))",
        "return sorted([1], key=lambda _: len(get_ipython().run_line_magic('ctcount', query)))",
    ],
    ids=["a function", "a lambda", "a key"],
)
def test_a_function_in_a_function_sees_the_names_around_it(
    shell: InteractiveShell, floors: list[Any], body: str
) -> None:
    """Though the query's text is no mention of them: the notebook's would be a wrong number."""
    cell(shell, f"query = {QUERY!r}\ndef outer(floor):\n    {body}\n_ = outer(3000)")
    assert floors == [3000]


RETURNED = {
    "a closure": "def outer():\n    floor = 3000\n    def inner(): return CALL\n    return inner",
    "two deep": (
        "def outer():\n    floor = 3000\n    def middle():\n        def inner(): return CALL\n"
        "        return inner\n    return middle()"
    ),
    "a lambda": "outer = lambda floor=3000: lambda: CALL",
    "a method": (
        "class Report:\n    def of(self, floor=3000):\n        return lambda: CALL\n"
        "def outer(): return Report().of()"
    ),
    "a generator": (
        "def outer():\n    floor = 3000\n    made = (CALL for _ in [1])\n"
        "    return lambda: next(made)"
    ),
    "forgotten": (
        "def outer():\n    floor = 3000\n    def inner(): return CALL\n    return inner\n"
        "first, outer = outer(), lambda: first"
    ),
}


@pytest.mark.parametrize("source", RETURNED)
def test_a_variable_of_a_function_that_has_returned_is_not_the_notebooks(
    shell: InteractiveShell, floors: list[Any], source: str
) -> None:
    """It is gone, since a query's text is no mention of it; the notebook's is another."""
    call = f"get_ipython().run_line_magic('ctcount', '--refresh {QUERY}')"
    cell(shell, RETURNED[source].replace("CALL", call))
    error = run(shell, "outer()()").error_in_exec
    assert isinstance(error, errors.QueryError)
    assert "mention it there" in str(error)
    assert floors == []


def test_what_a_function_that_has_returned_did_not_have_is_the_notebooks(
    shell: InteractiveShell, floors: list[Any]
) -> None:
    """And what the inner one mentions it holds."""
    call = f"get_ipython().run_line_magic('ctcount', '--refresh {QUERY}')"
    cell(shell, f"def outer(other):\n    return lambda: {call}\n_ = outer(1)()")
    cell(shell, f"def outer(floor):\n    return lambda: (floor, {call})\n_ = outer(600)()")
    assert floors == [10, 600]


def test_a_pool_that_calls_the_magic_itself_has_the_notebooks_names(
    shell: InteractiveShell, floors: list[Any]
) -> None:
    """No code of a user calls it there: neither `$name` nor NAME can be another's."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(shell.run_line_magic, "ctcount", f"--refresh {QUERY}").result(20)
        pool.submit(shell.run_cell_magic, "ctcount", "found --refresh", QUERY).result(20)
    assert floors == [10, 10]
    assert len(shell.user_ns["found"]) == 1


def write_report(folder: Path, monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    """Write a module whose code calls the magic."""
    call = f'get_ipython().run_cell_magic("ctcount", "found --refresh", "{QUERY}")'
    text = "\n".join(["from IPython import get_ipython", *lines, call])
    (folder / "report.py").write_text(text)
    monkeypatch.syspath_prepend(str(folder))


def test_a_module_has_its_own_names(
    tmp_path: Path, shell: InteractiveShell, floors: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """NAME is the module's, too; the notebook's variables are not touched."""
    write_report(tmp_path, monkeypatch, "floor = 500")
    cell(shell, "import report")
    assert floors == [500]
    assert len(sys.modules["report"].found) == 1
    assert "found" not in shell.user_ns


def test_what_a_module_lacks_is_looked_for_further_out(
    tmp_path: Path, shell: InteractiveShell, floors: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A helper that a team imports asks with the names of the cell that calls it."""
    write_report(tmp_path, monkeypatch)
    cell(shell, "import report")
    assert floors == [10]


@pytest.mark.parametrize("name", ["profile", "statistics", "IPython_report", "ct_magic_report"])
def test_code_is_told_by_its_file_and_not_by_its_modules_name(
    tmp_path: Path, shell: InteractiveShell, floors: list[Any], name: str
) -> None:
    """A file of the user's may bear the name of one of Python's."""
    (tmp_path / f"{name}.py").write_text(
        "from IPython import get_ipython\n"
        f"def buyers(floor): return get_ipython().run_line_magic('ctcount', '--refresh {QUERY}')\n"
    )
    cell(
        shell,
        f"""
        from importlib.util import module_from_spec, spec_from_file_location
        spec = spec_from_file_location({name!r}, {str(tmp_path / f"{name}.py")!r})
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        _ = module.buyers(3000)
        """,
    )
    assert floors == [3000]


BETWEEN = {
    "a partial": "_ = ask(QUERY)",
    "a key": "_ = sorted([1], key=lambda _: len(ask(QUERY)))",
    "Python's own": "_ = Around()(ask)(QUERY)",
    "a package's pool": "_ = pool.each(ask, [QUERY])",
    "a package's decorator": "@pool.tried\ndef tried(text): return ask(text)\n_ = tried(QUERY)",
    "two of them": "_ = pool.each(pool.tried(Around()(ask)), [QUERY])",
}
INSTALLED = """
def each(func, texts, floor=7):
    args = 7
    return [func(text) for text in texts]

def tried(func):
    def attempt(*args, floor=7): return func(*args)
    return attempt
"""


@pytest.mark.parametrize("between", BETWEEN)
@pytest.mark.parametrize("name", ["floor", "args"])
def test_frames_of_installed_packages_are_passed_over(
    tmp_path: Path,
    shell: InteractiveShell,
    floors: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    between: str,
    name: str,
) -> None:
    """They lend a query none of their variables, and hide none of the notebook's."""
    (tmp_path / "site-packages").mkdir()
    (tmp_path / "site-packages/pool.py").write_text(INSTALLED)
    monkeypatch.syspath_prepend(str(tmp_path / "site-packages"))
    monkeypatch.delitem(sys.modules, "pool", raising=False)
    shell.user_ns |= {
        "args": 10,
        "QUERY": "--refresh " + QUERY.replace("floor", name),
        "ask": partial(shell.run_line_magic, "ctcount"),
        "Around": type("Around", (ExitStack, ContextDecorator), {}),
    }
    cell(shell, f"import pool\n{BETWEEN[between]}")
    assert floors == [10]


def test_a_name_is_looked_for_in_the_function_that_called_the_helper(
    tmp_path: Path, shell: InteractiveShell, floors: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The nearest one that has it, before the notebook's."""
    helper = "def ask(text): return get_ipython().run_line_magic('ctcount', text)"
    (tmp_path / "report.py").write_text(f"from IPython import get_ipython\n{helper}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    source = f"from report import ask\ndef here(floor): return ask('--refresh {QUERY}')\n"
    cell(shell, f"{source}_ = here(4000)")
    assert floors == [4000]


@pytest.mark.parametrize(
    "body", ["CALL; floor = 1", "floor = 1; del floor; CALL", "for floor in (): pass\n    CALL"]
)
def test_a_local_variable_without_a_value_is_an_error(
    shell: InteractiveShell, floors: list[Any], body: str
) -> None:
    """As it is for Python: the notebook's of the same name is not what is meant."""
    call = f"get_ipython().run_line_magic('ctcount', '--refresh {QUERY}')"
    code = body.replace("CALL", call)
    error = run(shell, f"def here():\n    {code}\nhere()").error_in_exec
    assert isinstance(error, errors.QueryError)
    assert "$floor is a local variable of here that has no value yet" in str(error)
    assert floors == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("script.py", f'get_ipython().run_cell_magic("ctcount", "found --refresh", "{QUERY}")'),
        ("script.ipy", f"found = %ctcount --refresh {QUERY}"),
    ],
)
def test_a_script_that_is_run_leaves_its_variable_in_the_notebook(
    tmp_path: Path, shell: InteractiveShell, floors: list[Any], name: str, source: str
) -> None:
    """As `%run` does with every variable of a script."""
    (tmp_path / name).write_text(f"floor = 800\n{source}\n")
    cell(shell, f"%run {shlex.quote(str(tmp_path / name))}")
    assert floors == [800]
    assert len(shell.user_ns["found"]) == 1


def test_other_magics_may_stand_around_it(shell: InteractiveShell, floors: list[Any]) -> None:
    """`%time` and `%%capture` run the code in the notebook's names."""
    cell(shell, f"%time found = get_ipython().run_line_magic('ctcount', '--refresh {QUERY}')")
    cell(shell, f"%%capture\nfound = %ctcount --refresh {QUERY}")
    cell(shell, f"%%time\nfound = %ctcount --refresh {QUERY}")
    assert floors == [10, 10, 10]
    assert len(shell.user_ns["found"]) == 1


def test_help_commands_take_the_callers_names_too(
    shell: InteractiveShell, floors: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """What `%ct explain` shows is what would be sent there."""
    cell(shell, f"def here(floor):\n    %ct explain {QUERY}\nhere(4321)")
    assert '"value": 4321' in capsys.readouterr().out
