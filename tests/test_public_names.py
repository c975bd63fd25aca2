"""What `ct_magic` exports: the whole of what is public, found where one looks, and light."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping

import pandas as pd
import pytest

import ct_magic
from ct_magic import errors
from ct_magic.results import frame, tables as history_frame

FRAME = pd.DataFrame({"count": [1, 2]})
ERRORS = [
    errors.QueryError("no", source="Charged wher", line=3, column=9, length=4),
    errors.UsageError("no"),
    errors.AccountError("no"),
    errors.MissingExtraError("the form", "notebook"),
    errors.JournalError("no"),
    errors.StillRunningError("no"),
    errors.CountFailedError("no", FRAME),
    errors.CountTimedOutError("no", FRAME),
    errors.CountCancelledError("no", FRAME),
    errors.CountInterrupt("no", FRAME),
]


def test_dir_is_the_list_of_what_is_public() -> None:
    """Tab behind `ct_magic.` proposes what one may use, and nothing of Python's or ours."""
    assert dir(ct_magic) == sorted(ct_magic.__all__)
    assert list(ct_magic.__all__) == sorted(set(ct_magic.__all__))


@pytest.mark.parametrize("name", ct_magic.__all__)
def test_each_public_name_is_there_and_explains_itself(name: str) -> None:
    """A list that names what is not there would fail only when it is used."""
    assert (getattr(ct_magic, name).__doc__ or "").strip()


@pytest.mark.parametrize(
    ("function", "columns"),
    [(ct_magic.count, frame.COLUMNS), (ct_magic.history, history_frame.HISTORY_COLUMNS)],
)
def test_help_names_every_column_of_a_dataframe(
    function: Callable[..., object], columns: Mapping[str, object]
) -> None:
    """Its table is the only one; a column of the code is in it, and no other."""
    lines = [line.strip() for line in str(function.__doc__).splitlines()]
    cells = [line.split("|")[1].strip() for line in lines if line.startswith("|")][2:]
    names = [name for cell in cells for name in cell.split(", ") if name.isidentifier()]
    assert sorted(names) == sorted(columns)


def test_every_error_is_public() -> None:
    """Whoever catches one writes its name."""
    names = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, BaseException)
    }
    assert names <= set(ct_magic.__all__)


def test_a_name_that_there_is_not_is_an_attribute_error() -> None:
    """As of any module."""
    with pytest.raises(AttributeError, match="no attribute 'cuont'"):
        _ = ct_magic.cuont


def test_importing_it_imports_nothing_heavy() -> None:
    """A kernel that never counts pays nothing: neither pandas nor the grammar is there."""
    heavy = "pandas", "lark", "requests", "sqlite3", "ipywidgets", "vl_convert", "duckdb", "IPython"
    code = f"import sys, ct_magic; print(*(set({heavy!r}) & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def pickled(error: BaseException) -> BaseException:
    back: BaseException = pickle.loads(pickle.dumps(error))  # noqa: S301 # of our own making
    return back


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, pickled])
def test_errors_survive_pickling_and_copying(error: BaseException, way: object) -> None:
    """A pool of processes dies of an error that cannot be pickled."""
    error.add_note("in the morning")
    copied = way(error)  # type: ignore[operator] # one of three
    assert type(copied) is type(error)
    assert str(copied) == str(error)
    assert vars(copied).keys() == vars(error).keys()
    if isinstance(error, errors.CountError | errors.CountInterrupt):
        pd.testing.assert_frame_equal(copied.frame, FRAME)
