"""Pictures and columns of counts: the right kind, the right numbers, and legible in both themes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from helpers.shell import TODAY, run
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from matplotlib.colors import to_rgb
from matplotlib.image import imread

import ct_magic
from ct_magic import UsageError, plot, shares
from ct_magic.results import plot as plots
from ct_magic.results.kind import Kind, shape
from ct_magic.sandbox import Sandbox

FUNNEL = """seen: Product Viewed last 30 days
wanted: Added To Cart last 30 days
bought: Charged last 30 days"""
BY_VALUE = 'Charged last 30 days by Category in ("Shoes", "Bags")'
BY_WEEK = "Charged last 3 weeks by week"
BOTH = 'Charged last 3 weeks by week, Category in ("Shoes", "Bags")'
TWO = "bought: Charged last 3 weeks by week\nopened: App Launched last 3 weeks by week"


@pytest.fixture
def counted(account: Sandbox) -> Any:
    """Real counts of the sandbox, as a DataFrame."""

    def ask(text: str) -> pd.DataFrame:
        return ct_magic.count(text, today=TODAY, poll_interval=0.01, progress="none")

    return ask


def labels(found: plots.Picture) -> list[str]:
    return [text.get_text() for text in found.axes.get_yticklabels()]


def lengths(found: plots.Picture) -> list[float]:
    return [bar.get_width() for bar in found.axes.patches]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "kind", "series"),
    [
        ("Charged yesterday", Kind.NUMBER, ["Charged yesterday"]),
        (FUNNEL, Kind.FUNNEL, ["seen", "wanted", "bought"]),
        (BY_VALUE, Kind.VALUES, ["Shoes", "Bags"]),
        (BY_WEEK, Kind.TIME, [BY_WEEK]),
        (BOTH, Kind.TIME, ["Shoes", "Bags"]),
        (TWO, Kind.TIME, ["bought", "opened"]),
        ("a: " + BY_VALUE + "\nb: Charged today", Kind.VALUES, ["a, Shoes", "a, Bags", "b"]),
    ],
)
def test_the_shape_of_a_result_is_seen(
    counted: Any, text: str, kind: Kind, series: list[str]
) -> None:
    """From the DataFrame alone: it may have been saved, and read again."""
    found = shape(counted(text))
    assert (found.kind, list(dict.fromkeys(found.series))) == (kind, series)


@pytest.mark.parametrize("text", [FUNNEL, BY_VALUE, BOTH, TWO])
def test_a_column_of_ones_own_changes_nothing(counted: Any, text: str) -> None:
    """Nor do the shares: who has looked at them can still draw, and look again."""
    df = counted(text)
    more = shares(df).assign(note=range(len(df)))
    assert shape(more) == shape(df)
    assert plot(more).text == plot(df).text
    pd.testing.assert_frame_equal(shares(more).drop(columns="note"), shares(df))


@pytest.mark.parametrize("text", [FUNNEL, BY_WEEK, BOTH])
def test_what_was_written_as_csv_is_drawn_again(counted: Any, tmp_path: Path, text: str) -> None:
    """README's recipes leave such a file, and its days are texts."""
    df = counted(text)
    df.to_csv(tmp_path / "counts.csv", index=False)
    again = pd.read_csv(tmp_path / "counts.csv")
    assert plot(again).text == plot(df).text
    assert plot(again).png() == plot(df).png()


def test_a_funnel_shows_numbers_and_shares(counted: Any) -> None:
    """Each bar is as long as its count, and says the share of the first and of the one before."""
    df = counted(FUNNEL)
    found = plot(df)
    first, second, third = df["count"]
    assert labels(found) == ["seen", "wanted", "bought"]
    assert lengths(found) == [first, second, third]
    said = [text.get_text() for text in found.axes.texts]
    assert said[0] == f"{first:,}"
    assert said[1] == f"{second:,}   {second / first:.0%} of the first"
    assert said[2].endswith(
        f"{third / first:.0%} of the first, {third / second:.0%} of the one before"
    )


def test_one_series_over_time_is_bars_and_more_are_lines(counted: Any) -> None:
    """With the counts as heights; where a piece is short, that is said, and its bar paler."""
    weeks = counted(BY_WEEK)
    bars = plot(weeks)
    heights = [bar.get_height() for bar in bars.axes.patches]  # type: ignore[attr-defined]
    assert heights == list(weeks["count"])
    # Three weeks up to a Sunday are whole ones; up to a Saturday the first begins in the middle.
    assert "shorter" not in bars.text
    cut = plot(counted("Charged 2026-11-04..2026-11-22 by week"))
    assert cut.text.endswith("; 1 shorter piece")
    pale, *others = (bar.get_facecolor()[3] for bar in cut.axes.patches)
    assert pale < min(others)
    df = counted(BOTH)
    lines = plot(df).axes.get_lines()
    assert [line.get_label() for line in lines] == ["Shoes", "Bags"]
    for line, (_, counts) in zip(lines, df.groupby("Category", sort=False), strict=True):
        assert list(np.asarray(line.get_ydata())) == list(counts["count"])


def test_an_axis_counts_whole_profiles(counted: Any) -> None:
    """A small one has no 2.5, which would read as a second 2; nothing at all has an axis, too."""
    df = counted(BY_WEEK)
    for counts in ([0, 1, 3], [7, 19, 12], [0, 0, 0]):
        df["count"] = pd.array(counts, dtype="Int64")
        found = plot(df)
        assert found.png().startswith(b"\x89PNG")
        assert all(float(tick).is_integer() for tick in found.axes.get_yticks())


def test_lines_are_told_apart_without_colour(counted: Any) -> None:
    """Printed in grey, or seen by somebody who sees no red."""
    lines = plot(counted(TWO)).axes.get_lines()
    assert len({(line.get_linestyle(), line.get_marker()) for line in lines}) == 2


def test_what_did_not_arrive_is_no_bar_and_is_said(counted: Any) -> None:
    """A missing count is never drawn as a number."""
    df = counted(FUNNEL)
    df.loc[1, "count"] = pd.NA
    found = plot(df)
    assert lengths(found)[1] == 0
    assert found.axes.texts[1].get_text() == "no count"
    assert found.axes.texts[2].get_text().endswith("% of the first")
    assert "1 without a count" in found.text
    df["count"] = pd.array([pd.NA] * 3, dtype="Int64")
    assert plot(df).png().startswith(b"\x89PNG")


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio of two colours."""

    def light(colour: str) -> float:
        parts = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)
        ]
        return float(np.dot(parts, [0.2126, 0.7152, 0.0722]))

    low, high = sorted([light(one), light(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ground", ["#ffffff", "#111111"])
def test_it_is_legible_in_both_themes(counted: Any, ground: str, tmp_path: Path) -> None:
    """Nothing but ink and bars on a transparent ground, and these stand out on either."""
    found = plot(counted(BY_WEEK))
    assert contrast(plots.INK, ground) > 4
    assert contrast(plots.BAR, ground) > 3
    words = [found.axes.xaxis.label, found.axes.title, *found.axes.get_xticklabels()]
    words += [*found.axes.get_yticklabels(), *found.axes.texts]
    title = found.axes.get_title(loc="left")
    assert title == BY_WEEK
    assert {text.get_color() for text in words if text.get_text()} == {plots.INK}
    found.save(tmp_path / "weeks.png")
    assert imread(tmp_path / "weeks.png")[0, 0, 3] == 0


@pytest.mark.parametrize(
    "name", ["$\\frac$", "_hidden", "é" * 5000, "שלום <b>", "a\nb", "", "\U0001f355"]
)
def test_any_name_is_drawn_as_text(counted: Any, name: str) -> None:
    """Names are the account's; no formula, no warning, and no picture a mile wide."""
    df = counted(TWO)
    df["query"] = df["query"].mask(df["query"] == "bought", name)
    assert plot(df).png().startswith(b"\x89PNG")
    assert plot(df.drop_duplicates("query")).png().startswith(b"\x89PNG")


def test_marks_that_turn_a_line_round_are_left_out(counted: Any) -> None:
    """What a name hides is no part of the picture: `abc` stays before what follows it."""
    df = counted(FUNNEL)
    df.loc[0, "query"] = "abc\u202edlrow\u200b\u2066"
    assert labels(plot(df))[0] == "abc dlrow"


def test_matplotlib_is_left_as_it_was(counted: Any) -> None:
    """No figure stays open, and no setting of the user's is changed."""
    import matplotlib.pyplot as plt

    before = dict(mpl.rcParams)
    plot(counted(BY_WEEK)).png()
    assert plt.get_fignums() == []
    assert dict(mpl.rcParams) == before


def test_shares_compare_with_what_came_before(counted: Any) -> None:
    """Fractions, missing where there is nothing to compare with; the DataFrame is left alone."""
    df = counted(FUNNEL)
    found = shares(df)
    assert "share_of_first" not in df
    assert found["share_of_first"].iloc[2] == pytest.approx(df["count"][2] / df["count"][0])
    assert found["share_of_previous"].isna().tolist() == [True, False, False]
    over = shares(counted(BOTH))
    assert over["change"].isna().tolist() == [True, True, False, False, False, False]
    shoes = over[over["Category"] == "Shoes"]
    assert shoes["change"].iloc[1] == pytest.approx(
        shoes["count"].iloc[1] / shoes["count"].iloc[0] - 1
    )
    assert set(shares(counted(BY_VALUE)).columns) == set(counted(BY_VALUE).columns)


def test_nothing_is_divided_by_zero(counted: Any) -> None:
    """A step that nobody took has no share to be compared with."""
    df = counted(FUNNEL)
    df["count"] = pd.array([0, 0, 5], dtype="Int64")
    found = shares(df)
    assert found["share_of_first"].isna().all()
    assert found["share_of_previous"].isna().all()


@pytest.mark.parametrize("other", [pd.DataFrame({"a": [1]}), "text", pd.DataFrame()])
def test_another_dataframe_is_refused(other: Any) -> None:
    """With the column that is missing."""
    with pytest.raises(UsageError, match="no DataFrame of counts: it has no column 'query'"):
        plot(other)


def test_the_magic_draws_and_the_variable_is_there(
    account: Sandbox, shell: InteractiveShell
) -> None:
    """`--plot` is saved with the notebook as a picture, and as words beside it."""
    with capture_output() as said:
        run(shell, f"%%ctcount weeks --plot\n{BY_WEEK}").raise_error()
    (drawn,) = [one for one in said.outputs if "image/png" in one.data]
    assert drawn.data["text/plain"].startswith("counts over time: ")
    assert drawn.metadata["image/png"]["width"] < 900, "its letters are as large as the page's"
    assert isinstance(shell.user_ns["weeks"], pd.DataFrame)


def test_without_matplotlib_nothing_is_asked(account: Sandbox) -> None:
    """One line says what to install, before the count and not after minutes of it."""
    code = f"""
import sys
sys.modules["matplotlib"] = None
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "ct_magic")
shell.run_cell('''%%ctcount weeks --plot\\n{BY_WEEK}''')
assert "weeks" not in shell.user_ns
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "plotting needs the extra 'plot': pip install 'ct-magic[plot]'" in done.stdout
    assert not ct_magic.api.history().shape[0]  # type: ignore[attr-defined]
