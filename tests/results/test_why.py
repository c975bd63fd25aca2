"""Where a change comes from: each value against everybody else, adjusted for all of them."""

from __future__ import annotations

from math import erfc, log, sqrt
from typing import Any

import pandas as pd
import pytest
import simulate_why
from helpers.frames import base, frame, share

import ct_magic
from ct_magic import UsageError, plot, why

OTHER = {"previous_start": "2026-08-31", "previous_end": "2026-08-31"}
AXES = {
    "OS": {"Android": (6000, 5220), "iOS": (4000, 3480)},
    "Payment mode": {"UPI": (4000, 2800), "Card": (3500, 3450), "Cash": (2500, 2450)},
    "Country": {"India": (9000, 7830)},
}
WHOLE = (10_000, 8_700)


def row(before: int | None, after: int | None, **more: Any) -> dict[str, Any]:
    known = before is not None and after is not None and before > 0
    change = {"change": after / before - 1} if known else {}
    return {"count": after, "previous": before} | change | OTHER | more


def scene(axes: dict[str, dict[str, tuple[Any, Any]]] = AXES, whole: Any = WHOLE) -> pd.DataFrame:
    """A cell of the whole and of some axes, each a statement."""
    rows = [row(*whole, query="June")]
    for axis, values in axes.items():
        rows += [row(*counts, query=f"by {axis}") | {axis: v} for v, counts in values.items()]
    return frame(*rows)


def test_the_largest_difference_from_everybody_else_comes_first() -> None:
    """By its z, whose p is adjusted for all values of all axes."""
    found = why(scene())
    names = ["axis", "value", "before", "after", "change", "rest_before", "rest_after"]
    assert list(found.columns) == [*names, "rest_change", "z", "p"]
    first = found.iloc[0]
    assert (first["axis"], first["value"]) == ("Payment mode", "UPI")
    assert (first["rest_before"], first["rest_after"]) == (6000, 5900)
    assert first["change"] == pytest.approx(-0.3)
    assert first["rest_change"] == pytest.approx(5900 / 6000 - 1)
    z = (log(2800 / 4000) - log(5900 / 6000)) / sqrt(1 / 2800 + 1 / 4000 + 1 / 5900 + 1 / 6000)
    assert first["z"] == pytest.approx(z)
    assert first["p"] == pytest.approx(6 * erfc(abs(z) / sqrt(2)), rel=1e-9)
    assert found["z"].abs().is_monotonic_decreasing
    assert found["p"].is_monotonic_increasing


def test_it_is_said_in_words_and_what_the_axes_leave_out() -> None:
    """The first finding; which values overlap, and which are not all there are."""
    axes = AXES | {"Category": {"Shoes": (6000, 5000), "Bags": (5000, 4500)}}
    said = repr(why(scene(axes)))
    assert said.startswith(
        "Payment mode = UPI: \N{MINUS SIGN}30 %, everybody else \N{MINUS SIGN}1.7 %"
    )
    assert "the values of Country cover 90 % of the whole" in said
    assert "the values of Category overlap: together 1.10 times the whole" in said
    assert "OS" not in said.split("\n\n")[0].split("axis")[0]
    assert "a correlation is no cause" in said
    assert "UPI" in why(scene())._repr_html_()


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_where_all_change_alike_nothing_stands_out(factor: float) -> None:
    """Half of everything is a change, but not of one value."""
    axes = {"OS": {"a": (6000, int(6000 * factor)), "b": (4000, int(4000 * factor))}}
    found = why(scene(axes, (10_000, int(10_000 * factor))))
    assert repr(found).startswith("nothing stands out")
    assert found["p"].min() == 1


@pytest.mark.parametrize(
    ("counts", "whole"),
    [
        ((0, 10), (100, 100)),
        ((10, 0), (100, 100)),
        ((None, 10), (100, 100)),
        ((10, None), (100, 100)),
        ((100, 50), (100, 100)),
        ((10, 100), (100, 100)),
        ((10, 120), (100, 100)),
        ((10, 12), (100, None)),
    ],
)
def test_where_one_of_the_four_is_missing_or_0_there_is_no_z(counts: Any, whole: Any) -> None:
    """And no p, which Holm does not count; the row is there, behind the others."""
    found = why(scene({"OS": {"a": counts, "b": (50, 40)}}, whole))
    last = found[found["value"] == "a"].iloc[0]
    assert pd.isna(last["z"])
    assert pd.isna(last["p"])
    assert len(found) == 2


def test_order_and_index_have_no_meaning() -> None:
    """A whole is the row without a value, wherever it is."""
    df = scene()
    expected = pd.DataFrame(why(df))
    for other in (df.iloc[::-1], df.sample(frac=1, random_state=3), df.sort_values("count")):
        found = pd.DataFrame(why(other)).sort_values(["axis", "value"], ignore_index=True)
        wanted = expected.sort_values(["axis", "value"], ignore_index=True)
        pd.testing.assert_frame_equal(found, wanted, check_exact=False)
    assert df.equals(scene()), "the frame is left alone"


@pytest.mark.parametrize(
    ("df", "message"),
    [
        (frame(row(9, 8)), "one statement of the whole is needed, and at least one by an axis"),
        (scene(AXES).iloc[1:], "one statement of the whole"),
        (
            pd.concat([scene(), scene().iloc[:1].assign(query="again")]),
            "one statement of the whole",
        ),
        (frame(row(9, 8), {"query": "x", "OS": "a", "count": 3}), "compares no two periods"),
        (frame(row(9, 8), row(5, 4, OS="a", query="x", event="Other")), "not of the event"),
        (frame(row(9, 8), row(5, 4, OS="a", query="x", end="2026-09-08")), "the days of the whole"),
        (frame(row(9, 8), row(5, 4, OS="a", Size=3, query="x")), "one statement of the whole"),
        (frame(base(5), share(3, 5)), "one statement of the whole"),
    ],
)
def test_another_frame_is_refused(df: pd.DataFrame, message: str) -> None:
    """With what is wrong, and what to write."""
    with pytest.raises(UsageError, match=message):
        why(df)


def test_a_picture_has_the_significant_bars_in_colour() -> None:
    """And says what it says not."""
    found = why(scene())
    picture = plot(found)
    layers = str(picture.vega_lite()["layer"])
    assert layers.count("#2f7fd1") == int((found["p"] < 0.05).sum())
    assert layers.count("#808080") == int((found["p"] >= 0.05).sum())
    assert "a correlation is no cause" in picture.text
    assert picture.png().startswith(b"\x89PNG")


def test_it_is_public_and_says_that_it_is_no_cause() -> None:
    """Who reads the help reads it there, too."""
    assert ct_magic.why is why
    assert "a correlation is no cause" in str(why.__doc__)


def test_what_is_taken_out_of_it_is_a_plain_frame() -> None:
    """A part says nothing of the whole."""
    found = why(scene())
    assert type(found[found["axis"] == "OS"]) is pd.DataFrame


def test_it_seldom_alarms_in_vain_and_finds_what_fell() -> None:
    """A few of the worlds of `python tests/simulate_why.py`, whose figures are in tests/README."""
    assert simulate_why.alarms(2000, worlds=40) <= 5
    assert simulate_why.hits(10_000, worlds=20) >= 18
