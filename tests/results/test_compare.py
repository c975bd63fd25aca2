"""Differences of shares: Newcombe's table, the score test, Holm, and what is compared with what."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from helpers import frames
from helpers.frames import base, experiment, frame, share, week

from ct_magic import UsageError, compare, plot, shares
from ct_magic.common.statistics import difference, holm
from ct_magic.errors import QueryWarning

# Newcombe, Statistics in Medicine 17 (1998), table II, method 10.
TABLE = [
    ((56, 70, 48, 80), (0.0524, 0.3339)),
    ((9, 10, 3, 10), (0.1705, 0.8090)),
    ((6, 7, 2, 7), (0.0582, 0.8062)),
    ((5, 56, 0, 29), (-0.0381, 0.1926)),
    ((0, 10, 0, 20), (-0.1611, 0.2775)),
    ((0, 10, 0, 10), (-0.2775, 0.2775)),
    ((10, 10, 0, 20), (0.6791, 1.0)),
    ((10, 10, 0, 10), (0.6075, 1.0)),
]


@pytest.mark.parametrize(("counts", "interval"), TABLE)
def test_the_interval_is_newcombes(counts: Any, interval: tuple[float, float]) -> None:
    """To the four digits of his table."""
    computed = difference(*counts)
    assert (round(computed.low, 4), round(computed.high, 4)) == interval


@pytest.mark.parametrize(("counts", "interval"), TABLE)
def test_the_other_way_round_it_is_the_same(counts: Any, interval: tuple[float, float]) -> None:
    """What is first changes the sign, and nothing else."""
    forwards, backwards = difference(*counts), difference(*counts[2:], *counts[:2])
    assert (backwards.low, backwards.high) == (
        pytest.approx(-forwards.high),
        pytest.approx(-forwards.low),
    )
    assert backwards.p == pytest.approx(forwards.p)


def test_p_is_of_the_pooled_score_test() -> None:
    """Its square is the chi-squared test of the 2x2 table: 7.0297 for 56/70 against 48/80."""
    assert difference(56, 70, 48, 80).p == pytest.approx(0.0080, abs=5e-5)
    assert difference(5, 10, 5, 10).p == pytest.approx(1)
    assert difference(0, 10, 0, 20).p == 1, "all or none in both: there is nothing to differ"


def test_holm_steps_down_and_never_below_the_p_before() -> None:
    """His own example: 0.01, 0.04, 0.03 of three."""
    for values, adjusted in (
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),
        ([0.9, 0.8], [1, 1]),
        ([0.02], [0.02]),
        ([None, 0.5, 0.5], [None, 1, 1]),
        ([None], [None]),
        ([], []),
    ):
        assert holm(values) == pytest.approx(adjusted)


def test_each_value_is_compared_with_the_first() -> None:
    """Difference, ratio and p from the counts; Holm because there are two of them."""
    compared = compare(experiment(control=(48, 80), treated=(56, 70), held=(30, 50)))
    assert list(compared["profile.Group"]) == ["treated", "held"]
    assert set(compared["against"]) == {"control"}
    treated = compared.iloc[0]
    assert treated["difference"] == pytest.approx(0.2)
    assert (round(treated["low"], 4), round(treated["high"], 4)) == (0.0524, 0.3339)
    assert treated["ratio"] == pytest.approx(4 / 3)
    assert treated["p_holm"] == pytest.approx(2 * treated["p"])
    alone = compare(experiment(control=(48, 80), treated=(56, 70)))
    assert alone["p_holm"][0] == alone["p"][0]


def test_steps_times_and_pieces_are_compared_apart() -> None:
    """A share of one week is not held against one of another."""
    rows = []
    for group, gain in (("a", 0), ("b", 10)):
        for n in range(2):
            of = {"profile.Group": group, **week(n)}
            rows += [base(100, **of), share(40 + gain, 100, step="did X", **of)]
            rows += [share(20 + gain + n, 100, step="did Y", **of)]
    compared = compare(frame(*rows))
    assert list(zip(compared["step"], compared["start"].dt.day, strict=True)) == [
        ("did X", 7),
        ("did Y", 7),
        ("did X", 14),
        ("did Y", 14),
    ]
    assert compared["difference"].round(4).tolist() == [0.1] * 4


def test_what_did_not_arrive_has_no_difference() -> None:
    """Nor has a base of nobody; and Holm counts only those that have a p."""
    df = experiment(control=(48, 80), treated=(56, 70), held=(30, 50))
    df.loc[df["profile.Group"] == "held", "count"] = pd.NA
    compared = compare(df)
    assert compared["difference"].isna().tolist() == [False, True]
    assert compared["p_holm"].tolist()[0] == compared["p"].tolist()[0]
    nobody = compare(frame(base(0, geo="a"), {**share(None, 0), "geo": "a"},
                           base(9, geo="b"), share(3, 9, geo="b")))  # fmt: skip
    assert nobody[["difference", "ratio", "p"]].isna().all(axis=None)


def test_groups_that_may_share_a_profile_are_warned_of() -> None:
    """An event's property puts one profile into several groups; a profile's does not."""
    rows = [base(80, Category="a"), share(8, 80, Category="a"),
            base(70, Category="b"), share(9, 70, Category="b")]  # fmt: skip
    with pytest.warns(QueryWarning, match="Category is no property of the profile"):
        compare(frame(*rows))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compare(experiment(control=(48, 80), treated=(56, 70)))


@pytest.mark.parametrize(
    ("df", "axis", "message"),
    [
        (frame({"count": 3}), None, "no share to compare"),
        (frames.funnel(), None, "nothing to compare"),
        (experiment(a=(1, 2)), "Category", "no axis 'Category': there is profile.Group"),
        (frame(base(3, geo="a", **{"profile.X": "b"})), None, "which of geo, profile.X"),
    ],
)
def test_what_cannot_be_compared_is_said(df: pd.DataFrame, axis: str | None, message: str) -> None:
    """One sentence says what is missing."""
    with pytest.raises(UsageError, match=message):
        compare(df, axis)


@pytest.mark.parametrize("use", [compare, plot, shares])
@pytest.mark.parametrize(
    ("column", "number", "told"),
    [("count", 81, "81 of 80"), ("count", -1, "-1 of 80"), ("of", 47, "48 of 47")],
)
def test_more_people_than_there_are_give_no_number(
    use: Callable[[pd.DataFrame], object], column: str, number: int, told: str
) -> None:
    """No count of ours is like that: somebody changed the frame, and no share of it is right."""
    df = experiment(control=(48, 80), treated=(56, 70))
    df.loc[df["step"].ne(df["event"]).idxmax(), column] = number
    with pytest.raises(UsageError, match=rf"{told} cannot be a count of profiles"):
        use(df)
