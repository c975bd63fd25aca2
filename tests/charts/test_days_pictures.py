"""Pictures of own days, shares beside another period, and what is not over."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

import pandas as pd
import pytest
from helpers.engines import generated
from helpers.evaluated import answered, planned
from helpers.frames import frame, weeks
from helpers.shell import TODAY

from ct_magic import plot
from ct_magic.charts.chart import Band, Box, Chart, Colour, Dot, Path, Tile, Words
from ct_magic.charts.plot import choose_chart
from ct_magic.planning.row_results import row_results
from ct_magic.query.parser import statements
from ct_magic.results.cells import cells
from ct_magic.results.frame import frame as frame_of_plan

TYPES = 'profile.Customer Type in ("Gold", "Silver")'
MANY = 'profile.Customer Type in ("Gold", "Silver", "Bronze", "None", "Other")'
SOON = "App Installed last 4 weeks\n  share did Charged within 1, 7, 14 days"
BACK = "App Installed last 8 weeks\n  share did App Launched on day"
DASH, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"


@pytest.fixture(scope="module")
def asked() -> Iterator[Callable[[str], pd.DataFrame]]:
    """What a cell gives, of the sandbox's own data."""
    with generated(3000, 3) as engine:

        def ask(text: str) -> pd.DataFrame:
            plan = planned(list(statements(text, {}, TODAY)), TODAY)
            return frame_of_plan(plan, row_results(plan, answered(plan, engine.count)))

        yield ask


Asked = Callable[[str], pd.DataFrame]


def drawn(df: pd.DataFrame, **options: bool) -> Chart:
    return choose_chart(cells(df), **options)


def some(chart: Chart, kind: type) -> list:
    inside = chart.x.high if kind is Dot else float("inf")
    return [
        mark for mark in chart.marks if isinstance(mark, kind) and getattr(mark, "x", 0) <= inside
    ]


@pytest.mark.parametrize(
    ("by", "lines"), [("", 1), (f"\n  by {TYPES}", 2), ("\n  by first week", 4)]
)
def test_windows_that_hold_each_other_are_rising_curves(asked: Asked, by: str, lines: int) -> None:
    """One for each value or piece up to four, with its band, from 0; never falling by itself."""
    df = asked(SOON + by)
    chart = drawn(df)
    assert len(some(chart, Band)) == lines
    curves = [path.places for path in some(chart, Path)]
    shares = {(row.start, row.end): row.share for row in cells(df) if row.is_step}
    assert {round(y, 9) for places in curves for _, y in places} <= {
        round(value, 9) for value in shares.values() if value is not None
    } | {round(float(value), 9) for value in df["share"].dropna()}
    assert [x for x, _ in max(curves, key=len)] == [1, 7, 14]
    names = ["within 1 day", "within 7 days", "within 14 days"]
    assert [name for _, name in chart.x.ticks] == names
    assert chart.y.low == 0
    assert "bands are 95 % intervals" in chart.lines[-1]


@pytest.mark.parametrize(
    ("days", "named"),
    [
        ("within 1, 7, 14 days", ["within 1 day", "within 14 days", "within 7 days"]),
        ("on day 0, 1, 7", ["day 0", "day 1", "day 7"]),
        ("on days 0, 0..6", ["within 1 day", "within 7 days"]),
    ],
)
def test_day_0_among_windows_that_begin_with_it_is_within_1_day(
    asked: Asked, days: str, named: list[str]
) -> None:
    """As it was typed; a list of single days has its day 0."""
    df = asked(f"App Installed last 6 weeks share did Charged {days} by first week")
    chart = drawn(df)
    assert sorted(m.text for m in some(chart, Words) if m.x > chart.x.high) == named


def test_few_days_over_weeks_are_a_line_for_each_day(asked: Asked) -> None:
    """D1, D7 and D30 of each week's newcomers; what is left out is hollow."""
    df = asked(f"{BACK} 1, 7, 30\n  by first week")
    chart = drawn(df)
    names = [m.text for m in some(chart, Words) if m.x > chart.x.high]
    assert sorted(names) == ["day 1", "day 30", "day 7"]
    parts = df[(df["whole"] == False) & df["share"].notna()]  # noqa: E712 # a nullable column
    assert sum(dot.hollow for dot in some(chart, Dot)) == len(parts) > 0


def test_more_than_four_days_over_weeks_are_a_grid_and_its_curve(asked: Asked) -> None:
    """A row for each week, a column for each day; what is left out has a dashed edge."""
    few = BACK.replace("8 weeks", "5 weeks")
    df = asked(f"{few} 1, 2, 3, 7, 14\n  by first week")
    chart = drawn(df)
    assert [name for _, name in chart.x.ticks] == ["day 1", "day 2", "day 3", "day 7", "day 14"]
    assert len(some(chart, Tile)) == int(df[df["from_day"].notna()]["share"].notna().sum())
    assert any(tile.hollow for tile in some(chart, Tile))
    means = [m.text for m in some(chart, Words) if m.bold]
    curve = drawn(df, as_curves=True)
    thick = [path for path in some(curve, Path) if not path.thin]
    assert len(thick) == 1
    assert len(thick[0].places) == len(means) == 5
    assert plot(df).png().startswith(b"\x89PNG")


def test_values_over_days_are_a_curve_for_each(asked: Asked) -> None:
    """Above four without their bands."""
    few = BACK.replace("8 weeks", "7 days")
    chart = drawn(asked(f"{few} 0, 1, 2\n  by {MANY}"))
    assert not some(chart, Band)
    names = [m.text for m in some(chart, Words) if m.x > chart.x.high]
    assert set(names) <= {"Gold", "Silver", "Bronze", "None", "Other"}


def test_a_bracket_is_a_bar_from_its_low_to_its_high_end(asked: Asked) -> None:
    """The ordered truth lies between both windows."""
    df = asked("Product Viewed last 8 weeks\n  share did Charged on days 0..6, 1..6")
    (bar,) = [path for path in some(drawn(df), Path) if path.thick]
    low, high = sorted(df["share"].dropna().tolist())[:2]
    assert [x for x, _ in bar.places] == [low, high]
    assert "the truth lies between both ends" in drawn(df).lines[-1]


def test_a_filter_as_a_share_over_weeks_is_a_line_from_0(asked: Asked) -> None:
    """It is a share of the base's own people; no order of events is spoken of."""
    df = asked("App Launched last 8 weeks\n  share where reachability.has_token = true\n  by week")
    chart = drawn(df)
    assert chart.y.low == 0
    assert chart.title == "App Launched: share where reachability.has_token = true, by week"
    assert "in any order" not in chart.lines[-1]


@pytest.mark.parametrize("by", ["", f"\n  by {TYPES}", "\n  by week"])
def test_shares_beside_another_period_are_pairs_with_their_difference(
    asked: Asked, by: str
) -> None:
    """Step by step, both with their intervals; the difference is in points."""
    df = asked(f"App Launched last 4 weeks vs previous\n  share did Charged{by}")
    chart = drawn(df)
    rows = [row for row in cells(df) if row.is_step]
    own = [dot.x for dot in some(chart, Dot) if dot.colour is Colour.FIRST]
    other = [dot.x for dot in some(chart, Dot) if dot.colour is Colour.GREY]
    assert own == [row.share for row in rows]
    assert other == [row.previous_share for row in rows]
    texts = [m.text for m in some(chart, Words)]
    assert all(" points (" in text for text in texts)
    assert "each period is one draw" in chart.lines[-1]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "App Installed last 4 weeks vs previous\n  share did Charged within 1, 7, 14 days",
            ["within 1 day", "within 7 days", "within 14 days"],
        ),
        (
            "App Installed last 4 weeks vs previous share did App Launched on day 1 "
            "share did Charged within 7 days",
            ["did App Launched on day 1", "did Charged within 7 days"],
        ),
        (
            "App Launched last 2 weeks vs previous share did Charged after 0..1 weeks by week",
            ["week 0 · 9-15 Nov", "week 1 · 9-15 Nov", "week 0 · 16-22 Nov", "week 1 · 16-22 Nov"],
        ),
        (
            "App Installed last 2 weeks vs previous share did Charged on day 1, 3 by first week",
            ["day 1 · 9-15 Nov", "day 3 · 9-15 Nov", "day 1 · 16-21 Nov", "day 3 · 16-19 Nov"],
        ),
    ],
)
def test_windows_beside_another_period_are_pairs_that_lie_in_the_plane(
    asked: Asked, text: str, names: list[str]
) -> None:
    """One for each window and piece, as long as they fit; no interval leaves the picture."""
    chart = drawn(asked(text))
    assert [name.replace(DASH, "-") for _, name in chart.y.ticks] == names
    assert any(dot.colour is Colour.GREY for dot in some(chart, Dot))
    assert max(x for path in some(chart, Path) for x, _ in path.places) <= chart.x.high


def test_a_point_of_a_curve_whose_last_days_are_left_out_is_hollow(asked: Asked) -> None:
    """It is of fewer people than the one before it: a curve that falls there is no fall."""
    df = asked(SOON)
    steps = [row for row in cells(df) if row.is_step]
    chart = drawn(df)
    assert [dot.hollow for dot in some(chart, Dot)] == [row.is_partial for row in steps]
    assert any(row.is_partial for row in steps)
    assert "hollow: some days are not over, and left out" in chart.lines[-1]


def test_names_at_the_ends_of_lines_lie_above_the_names_of_the_ticks() -> None:
    """Also of several lines that end at nothing."""
    df = frame(*(row for name in "abcd" for row in weeks(9, 4, 0, Category=name)))
    chart = drawn(df)
    beside = sorted(m.y for m in chart.marks if isinstance(m, Words) and m.x > chart.x.high)
    assert beside[0] == chart.y.low
    assert len(set(beside)) == 4


def test_a_retention_by_a_value_axis_is_one_curve_for_each_value(asked: Asked) -> None:
    """Not a grid of grids: each is the mean of its cohorts, by their size."""
    text = f"App Launched last 5 weeks\n  share did Charged after 0..3 weeks\n  by week, {TYPES}"
    df = asked(text)
    chart = drawn(df)
    paths = some(chart, Path)
    assert len(paths) == 2
    gold = df[(df["after"] == 1) & (df["profile.Customer Type"] == "Gold") & df["count"].notna()]
    assert paths[0].places[1][1] == pytest.approx(gold["count"].sum() / gold["of"].sum())


# What is not over has one mark: hollow or dotted, and until when it was counted.

MORNING = datetime(2026, 9, 7, 11, 15)


def test_a_bar_of_a_day_that_is_not_over_is_hollow() -> None:
    """And the line below the title says until when."""
    rows = [{"query": name, "count": n, "counted": MORNING} for name, n in (("a", 3), ("b", 5))]
    chart = drawn(frame(*rows, {"query": "c", "count": 9, "counted": datetime(2026, 9, 8, 1)}))
    assert [box.hollow for box in some(chart, Box)] == [True, True, False]
    assert "so far, until 7 Sep 11:15" in chart.lines[-1]


def test_a_last_day_that_is_not_over_is_dotted() -> None:
    """A day is a whole piece only when it is over."""
    days = [
        {"start": date(2026, 9, n), "end": date(2026, 9, n), "count": n, "whole": True}
        | {"counted": datetime(2026, 9, 7, 11, 15)}
        for n in range(4, 8)
    ]
    chart = drawn(frame(*days))
    assert [dot.hollow for dot in some(chart, Dot)] == [False, False, False, True]
    assert [path.dotted for path in some(chart, Path)] == [False, True]
    assert any("so far, until 7 Sep 11:15" in m.text for m in some(chart, Words))


def test_a_comparison_of_a_day_that_is_not_over_says_so() -> None:
    """Never "no change", which reads as 0 %."""
    other = {"previous": 50, "previous_start": date(2026, 8, 31), "previous_end": date(2026, 8, 31)}
    chart = drawn(frame({"count": 30, "counted": MORNING} | other))
    assert "7 Sep is not over: no comparison yet" in chart.lines[-1]
    assert [box.hollow for box in some(chart, Box)] == [True, False]


# Names and zeros.

LONG = "https://shop.example/shoes/of/very/many/kinds/"


@pytest.mark.parametrize("ends", [("red", "blue"), ("red" * 40 + "a", "red" * 40 + "b"), ("", "x")])
def test_values_that_begin_alike_are_two_lines_with_two_names(ends: tuple[str, str]) -> None:
    """A legend's colour is never another line's, and what differs is shown."""
    df = frame(
        *weeks(3, 7, 5, Page=LONG + ends[0]),
        *weeks(30, 70, 50, Page=LONG + ends[1]),
        *weeks(1, 2, 1, Page="C"),
    )
    chart = drawn(df)
    paths = {path.colour: path.places[-1][1] for path in some(chart, Path)}
    beside = [m for m in chart.marks if isinstance(m, Dot | Words) and m.x > chart.x.high]
    names = [m.text for m in beside if isinstance(m, Words)]
    assert len(set(names)) == 3
    assert len(paths) == 3
    assert [m.colour for m in beside if isinstance(m, Dot)] == list(paths)


def test_an_hour_without_anybody_is_a_zero_and_a_missing_one_a_dash() -> None:
    """Neither has a column; they are not the same."""
    rows = [{"hour": hour, "count": hour % 3} for hour in range(24)]
    rows[5] |= {"count": None, "status": "failed"}
    rows[23] |= {"count": None, "status": "not yet"}
    signs = {m.x: m.text for m in some(drawn(frame(*rows)), Words)}
    assert signs == {float(h): "0" for h in range(0, 24, 3)} | {5.0: DASH}


def test_days_of_three_weeks_have_their_mondays_named_on_two_levels() -> None:
    """A day below another month has its month below it."""
    first = date(2026, 10, 20)
    days = [first + timedelta(days=n) for n in range(25)]
    rows = [{"start": day, "end": day, "count": 5, "whole": True} for day in days]
    ticks = [(date.fromordinal(int(at)), name) for at, name in drawn(frame(*rows)).x.ticks]
    assert all(day.weekday() == 0 for day, _ in ticks)
    assert [name for _, name in ticks] == ["26\nOct", "2\nNov", "9"]


def test_a_picture_of_ten_thousand_days_takes_seconds() -> None:
    """Four times as many days take about four times as long."""
    took = []
    for many in (2_500, 10_000):
        days = pd.date_range("1999-01-01", periods=many)
        df = pd.DataFrame({"query": "a", "event": "a", "start": days, "end": days, "whole": True})
        df["count"] = range(many)
        begun = time.process_time()
        plot(df).vega_lite()
        took.append(time.process_time() - begun)
    assert took[1] < 8 * took[0] + 1
