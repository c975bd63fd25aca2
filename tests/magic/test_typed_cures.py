"""What an error says to type is typed, in the notebook where it stood, and the count arrives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.shell import TODAY, point_at, run
from IPython.core.interactiveshell import InteractiveShell

from ct_magic.errors import CtMagicError
from ct_magic.sandbox import Sandbox

ABOVE = "Charged where Amount > $floor 2026-10"
LINE = f'get_ipython().run_line_magic("ctcount", "{ABOVE}")'
INNER = """
def of(floor):
    def inner():
        return {}
    return inner
found = of(10)()
"""
IN_FUNCTION = """
def report(floor):
    {}
    return found
found = report(10)
"""
DAYS = "Charged 2026-10-01..2026-10-02 by day"
SHARES = "a: Charged 2026-10 share did App Launched"
AXES = f'{SHARES} by profile.Group in ("A", "B")'
CELLS = [
    # What is typed, what the error says, what is typed then.
    (
        "%ctcount found Charged 2026-10",
        "found = %ctcount Charged",
        "found = %ctcount Charged 2026-10",
    ),
    (
        "%ctcount Charged 2026-10 --refresh",
        "before the query: '%ctcount --refresh ...",
        "found = %ctcount --refresh Charged 2026-10",
    ),
    (
        "%%ctcount found Charged 2026-10\nby day",
        "the query goes on the lines below it",
        "%%ctcount found\nCharged 2026-10",
    ),
    ("%ctcount", "write a query, like 'App Launched today'", "found = %ctcount App Launched today"),
    (
        "%%ctcount found --timeout 1 h 30 m\nCharged 2026-10",
        "--timeout 90m, not",
        "%%ctcount found --timeout 90m\nCharged 2026-10",
    ),
    (
        "%%ctcount found --timezone UTC\nCharged 2026-10",
        "'%config CountMagics.timezone = ...'",
        "%config CountMagics.timezone = 'UTC'\nget_ipython().run_cell_magic"
        "('ctcount', 'found', 'Charged 2026-10')",
    ),
    (
        "%%ctcount found --plot --background\nCharged 2026-10",
        "after --background: ct_magic.plot",
        "get_ipython().run_cell_magic('ctcount', 'found --background', 'Charged 2026-10')\n"
        "%ct wait found\nct_magic.plot(found)",
    ),
    (
        "%config CountMagics.max_counts = 1\nget_ipython().run_line_magic('ctcount', '"
        + DAYS
        + "')",
        "raise it: %config CountMagics.max_counts = 2, count(..., max_counts=2)",
        f"%config CountMagics.max_counts = 2\nfound = %ctcount {DAYS}",
    ),
    (
        f"ct_magic.count('{DAYS}', max_counts=1)",
        "count(..., max_counts=2)",
        f"found = ct_magic.count('{DAYS}', max_counts=2)",
    ),
    (f"%ctcount {ABOVE}", "set it in a cell before", f"floor = 10\nfound = %ctcount {ABOVE}"),
    (
        f"%ctcount {ABOVE}",
        "pass params={'floor': ...}",
        f"found = ct_magic.count('{ABOVE}', params={{'floor': 10}})",
    ),
    (
        f"ct_magic.count('{ABOVE}', floor=10)",
        "$names go into params, as in params={'floor': 100}",
        f"found = ct_magic.count('{ABOVE}', params={{'floor': 100}})",
    ),
    (
        IN_FUNCTION.format(f"get_ipython().run_cell_magic('ctcount', 'found', '{ABOVE}')"),
        "write found = %ctcount QUERY",
        IN_FUNCTION.format(f"found = %ctcount {ABOVE}"),
    ),
    (
        IN_FUNCTION.format(f"get_ipython().run_cell_magic('ctcount', 'found', '{ABOVE}')"),
        "or found = ct_magic.count(TEXT, params=locals())",
        IN_FUNCTION.format(f"found = ct_magic.count('{ABOVE}', params=locals())"),
    ),
    (
        INNER.format(LINE),
        "as in ct_magic.count(TEXT, params={'floor': floor})",
        INNER.format(f"ct_magic.count('{ABOVE}', params={{'floor': floor}})"),
    ),
    (
        "ct_magic.count('Charged 2026-10', background=True)",
        "ct_magic.start comes back at once",
        "found = ct_magic.start('Charged 2026-10').result()",
    ),
    (
        "ct_magic.count('Charged 2026-10', timezone='IST')",
        "write it like 'Asia/Kolkata'",
        "found = ct_magic.count('Charged 2026-10', timezone='Asia/Kolkata')",
    ),
    (
        "found = ct_magic.count('Charged 2026-10')\nct_magic.plot(pd.concat([found, found]))",
        "or give the statements different labels",
        "found = ct_magic.count('a: Charged 2026-10\\nb: Charged 2026-10')\nct_magic.plot(found)",
    ),
    (
        "ct_magic.compare(ct_magic.count('Charged 2026-10'))",
        "write `share did",
        f"found = ct_magic.count('{AXES}')\nct_magic.compare(found)",
    ),
    (
        f"ct_magic.compare(ct_magic.count('{SHARES}'))",
        'write `by profile.Group in ("a", "b")`',
        f"found = ct_magic.count('{AXES}')\nct_magic.compare(found)",
    ),
    (
        f"found = ct_magic.count('{AXES}, profile.Plan in (\"x\")')\nct_magic.compare(found)",
        "compare(df, 'profile.Group')",
        "ct_magic.compare(found, 'profile.Group')",
    ),
    (
        "%ct values Charged by geo",
        'as in by geo in ("India/Goa", "Singapore")',
        'found = %ctcount Charged by geo in ("India/Goa", "Singapore")',
    ),
    ("%ct form", "ct_magic.count(text) counts", "found = ct_magic.count('Charged 2026-10')"),
]
VARIABLES = [
    # A value, a query with it, what the error says, the value then, the query then.
    ("Decimal('0.12345678901234567890')", "Charged where A > $v", "v = float(v)", "float(v)", None),
    (
        "np.datetime64('2026-11')",
        "Charged $v",
        "v.astype('datetime64[D]')",
        "v.astype('datetime64[D]')",
        None,
    ),
    (
        "'2026-10-02'",
        "Charged $v",
        "make it datetime.date.fromisoformat(v)",
        "datetime.date.fromisoformat(v)",
        None,
    ),
    ("20261002", "Charged $v", "datetime.date(Y, M, D)", "datetime.date(2026, 10, 2)", None),
    ("[1, 2]", "Charged where A = $v", "after 'in': in $v", "v", "Charged where A in $v"),
    ("5", "Charged where A in $v", "write in ($v)", "v", "Charged where A in ($v)"),
    ("5", "Charged where A in $v", "or make it one", "[v]", None),
    ("pd.Period('2026-10')", "Charged since $v", "write it alone", "v", "Charged $v"),
    (
        "'1pm'",
        "Charged where session.time_of_day in $v..17:00",
        "datetime.time of whole minutes",
        "datetime.time(13)",
        None,
    ),
    ("'5'", "Charged where A > $v", "compares numbers", "float(v)", None),
    (
        "'Charged where A > 5'",
        "App Launched did $v",
        "'did Charged where Amount > $floor'",
        "5",
        "App Launched did Charged where Amount > $v",
    ),
]


def refused(shell: InteractiveShell, cell: str) -> str:
    error = run(shell, cell).error_in_exec
    assert isinstance(error, CtMagicError), error
    return str(error)


def done(shell: InteractiveShell, cell: str) -> None:
    run(shell, cell).raise_error()
    assert set(shell.user_ns["found"]["status"]) == {"success"}


@pytest.fixture(scope="module")
def prompt() -> Iterator[Sandbox]:
    """A sandbox that answers at once: `count()` looks again after 30 seconds unless told."""
    with Sandbox(profiles=60, latency=0, today=TODAY) as box:
        yield box


@pytest.fixture
def notebook(
    prompt: Sandbox, state: Path, monkeypatch: pytest.MonkeyPatch, shell: InteractiveShell
) -> Iterator[InteractiveShell]:
    """A shell with what a notebook has imported."""
    point_at(prompt, monkeypatch)
    run(shell, "import datetime, ct_magic, numpy as np, pandas as pd\nfrom decimal import Decimal")
    yield shell
    run(shell, "%config CountMagics.timezone = None")


@pytest.mark.parametrize(("wrong", "message", "right"), CELLS)
def test_what_an_error_says_to_type_counts(
    notebook: InteractiveShell, wrong: str, message: str, right: str
) -> None:
    """In the notebook where the error stood."""
    assert message in refused(notebook, wrong)
    done(notebook, right)


@pytest.mark.parametrize(("value", "query", "message", "cured", "meant"), VARIABLES)
def test_a_variable_is_taken_once_it_is_what_the_error_says(
    notebook: InteractiveShell, value: str, query: str, message: str, cured: str, meant: str | None
) -> None:
    """The conversion that it names is typed as it stands."""
    assert message in refused(notebook, f"v = {value}\n%ctcount {query}")
    done(notebook, f"v = {cured}\nfound = %ctcount {meant or query}")
