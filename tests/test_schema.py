"""What a script, or an assistant, can ask before it counts: names, values and the language."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings
from pathlib import Path

import pandas as pd
import pytest
from helpers.shell import TODAY

import ct_magic
from ct_magic.errors import AccountError, CountError, QueryError, QueryWarning, UsageError
from ct_magic.sandbox import Sandbox
from ct_magic.session.session import SESSION, Session

QUICK = {"poll_interval": 0.01, "first_look": 0.01, "progress": "none"}


def pairs() -> list[tuple[str, str]]:
    """The questions of the language's text, each with its cell."""
    (section,) = re.findall(r"^== questions.*\n((?:(?!== ).*\n)*)", ct_magic.language(), re.M)
    parts = [part for part in section.split("\n\n") if part.strip()]
    questions = [part.splitlines()[-1] for part in parts[1::2]]
    cells = [re.sub("^    ", "", part, flags=re.M).rstrip() for part in parts[2::2]]
    return list(zip([parts[1], *questions[1:]], cells, strict=True))


def test_the_language_has_ten_questions() -> None:
    """And a page, and each word."""
    text = ct_magic.language()
    assert len(pairs()) == 10
    assert all(question.endswith("?") for question, _ in pairs())
    for word in ("[label:] event", "== where", "retention", "did not", "vs previous"):
        assert word in text


@pytest.mark.parametrize(("question", "cell"), pairs(), ids=[q for q, _ in pairs()])
def test_the_cell_of_a_question_counts(
    state: Path, account: Sandbox, question: str, cell: str
) -> None:
    """Each runs as it is, and finds somebody."""
    df = ct_magic.count(cell, today=TODAY, **QUICK)  # type: ignore[arg-type] # settings
    assert df["count"].notna().any()
    assert df["count"].max() > 0
    assert df["doubt"].isna().all()


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session that knows nothing yet."""
    for name in ("_given", "_learned"):
        monkeypatch.setattr(SESSION, name, {})
    return SESSION


def test_names_of_the_sandbox_are_a_table(
    state: Path, fresh: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events, properties, types, values, and where each name comes from."""
    df = ct_magic.names("sandbox")
    assert list(df.columns) == ["event", "property", "type", "values", "source"]
    charged = df[df["event"] == "Charged"].set_index("property")
    assert charged.loc["Amount", "type"] == "number"
    assert charged.loc["Category", "type"] == "text"
    assert "Shoes" in charged.loc["Category", "values"]
    assert "sandbox" in charged.loc["Category", "source"]
    others = df[df["event"].isna()].set_index("property")
    assert others.loc["profile.Group", "values"] == ["control", "treated"]
    assert "India/Maharashtra/Mumbai" in others.loc["geo", "values"]
    assert set(df[df["event"] == "App Launched"]["source"]) == {"sandbox"}
    assert "API" in set(df[df["event"] == "App Uninstalled"]["source"].str.split(", ").explode())


def test_names_are_those_of_an_account(state: Path, fresh: Session, tmp_path: Path) -> None:
    """Without one those of the account in use; what another has is not told."""
    ct_magic.names("sandbox")
    plain = ct_magic.names()
    assert "Charged" in set(plain["event"].dropna())
    assert set(plain["source"]) == {"API"}
    assert plain["values"].map(len).sum() == 0


@pytest.mark.parametrize("name", ["nobody", "Sandbox", "prod eu"])
def test_an_account_that_there_is_not_has_no_names(state: Path, fresh: Session, name: str) -> None:
    """It is told as `count` tells it, with the accounts that there are."""
    with pytest.raises(ct_magic.AccountError, match="there is no account"):
        ct_magic.names(name)


def test_names_that_were_counted_are_known(state: Path, account: Sandbox, fresh: Session) -> None:
    """They come from the journal."""
    ct_magic.count('Charged where Category = "Shoes" 2026-10', today=TODAY, **QUICK)  # type: ignore[arg-type]
    df = ct_magic.names()
    (row,) = df[df["property"] == "Category"].to_dict("records")
    assert (row["event"], row["values"], row["source"]) == ("Charged", ["Shoes"], "asked")
    assert row["type"] == "text"


def test_two_lines_count_by_the_commonest_values(
    state: Path, account: Sandbox, fresh: Session
) -> None:
    """The values go into the query as they came."""
    top = ct_magic.values("Charged last 30 days by Category", today=TODAY, top=3, **QUICK)  # type: ignore[arg-type]
    assert list(top.columns) == ["property_type", "property", "kind", "value", "events"]
    assert len(top) == 3
    assert list(top["events"]) == sorted(top["events"], reverse=True)
    df = ct_magic.count(
        "Charged last 30 days by Category in $top",
        params={"top": top["value"]},
        today=TODAY,
        **QUICK,  # type: ignore[arg-type]
    )
    assert list(df["Category"]) == list(top["value"])
    assert (df["count"] <= df["events"]).all()
    assert list(df["events"]) == list(top["events"])
    known = ct_magic.names().set_index("property").loc["Category"]
    assert (known["values"], known["source"]) == (list(top["value"]), "asked, values")


def test_the_values_of_several_properties(state: Path, account: Sandbox, fresh: Session) -> None:
    """Also of numbers, of a profile, and with a variable."""
    df = ct_magic.values(
        "Charged where Amount > $floor 2026-10 by Amount, profile.Group, Payment mode",
        params={"floor": 10},
        today=TODAY,
        **QUICK,  # type: ignore[arg-type]
    )
    assert list(dict.fromkeys(df["property"])) == ["Amount", "Group", "Payment mode"]
    assert set(df[df["property"] == "Amount"]["kind"]) == {"NUMBER"}


@pytest.mark.parametrize(
    ("text", "more", "error", "message"),
    [
        ("Charged 2026-10", {}, UsageError, "no 'by'"),
        ("Charged 2026-10 by day", {}, UsageError, "'day' is no property"),
        ("Charged 2026-10 by geo", {}, UsageError, "name the places yourself"),
        ("Charged last 3 days by day by Category", {}, UsageError, "of one count, and this is 3"),
        ("Charged where by Category", {}, QueryError, "where"),
        ("Charged 2026-10 by Category", {"top": 0}, UsageError, "from 1 to 100"),
        ("Charged 2026-10 by Category", {"top": 101}, UsageError, "from 1 to 100"),
        ("Charged 2026-10 by Category", {"top": True}, UsageError, "from 1 to 100"),
        ("Charged 2026-10 by Category", {"account": "none"}, AccountError, "no account 'none'"),
        ("Charged 2026-10 by Nothing here", {}, CountError, "did not arrive"),
    ],
)
def test_what_has_no_values_says_why(
    state: Path, account: Sandbox, text: str, more: dict[str, object], error: type, message: str
) -> None:
    """Before anything is sent, where that can be known."""
    with pytest.raises(error, match=message):
        ct_magic.values(text, today=TODAY, **QUICK, **more)  # type: ignore[arg-type]


SCRIPT = """
import warnings
warnings.simplefilter("error")
import ct_magic
assert "ct_magic.names()" in ct_magic.__doc__ and "ct_magic.language()" in ct_magic.__doc__
ct_magic.use("sandbox")
names = ct_magic.names()
print(sorted(set(names["source"])), len(names) > 40)
print(list(ct_magic.values("Charged last 30 days by Category", top=2)["value"]))
try:
    ct_magic.count("CHARGED last 7 days")
except ct_magic.QueryWarning as warning:
    print("doubted:", warning)
except ct_magic.QueryError as error:
    print("doubted:", error)
"""


def test_a_script_without_a_notebook_knows_the_names(state: Path) -> None:
    """After `use` what is no name of the account is doubted, as it is in a notebook."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    sources, values, doubt = done.stdout.splitlines()[:3]
    assert sources == "['API', 'API, sandbox', 'sandbox'] True"
    assert values == "['Shoes', 'Bags']"
    assert "CHARGED" in doubt
    assert "Charged" in doubt


def test_names_are_doubted_for_their_own_account(
    state: Path, account: Sandbox, fresh: Session
) -> None:
    """What the sandbox has is no reason to doubt another account's."""
    ct_magic.names("sandbox")
    with warnings.catch_warnings():
        warnings.simplefilter("error", QueryWarning)
        df = ct_magic.count("Charged where Categry exists 2026-10", today=TODAY, **QUICK)  # type: ignore[arg-type]
    assert isinstance(df, pd.DataFrame)
