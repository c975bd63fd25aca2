"""What a picture shows: every number is one that was counted, and what is missing is said."""

from __future__ import annotations

import pandas as pd
import pytest
from helpers import frames
from helpers.frames import base, experiment, frame, share, unfinished, week, weeks

from ct_magic import plot
from ct_magic.charts.chart import Box, Chart, Colour, Dot, Path, Tile, Words, spread
from ct_magic.charts.plot import choose_chart
from ct_magic.common.words import share as percent
from ct_magic.results.cells import cells


def drawn(df: pd.DataFrame, **options: bool) -> Chart:
    return choose_chart(cells(df), **options)


def texts(chart: Chart) -> list[str]:
    return [mark.text for mark in chart.marks if isinstance(mark, Words | Tile)]


def boxes(chart: Chart, colour: Colour = Colour.FIRST) -> list[float]:
    return [m.right for m in chart.marks if isinstance(m, Box) and m.colour is colour]


def dots(chart: Chart) -> list[Dot]:
    last = chart.x.high  # behind it are the marks beside the names
    return [m for m in chart.marks if isinstance(m, Dot) and m.x <= last]


def labels(chart: Chart) -> list[str]:
    return [name for _, name in chart.y.ticks]


def test_bars_are_as_long_as_the_counts() -> None:
    """And each stands beside its own name and number."""
    df = frame({"Category": "Shoes", "count": 1234}, {"Category": "Bags", "count": 877})
    chart = drawn(df)
    assert (labels(chart), boxes(chart), texts(chart)) == (
        ["Shoes", "Bags"],
        [1234, 877],
        ["1,234", "877"],
    )
    assert chart.title == "Charged: profiles, by Category"
    assert "Shoes: 1,234; Bags: 877" in chart.alt


def test_names_that_read_alike_are_told_apart() -> None:
    """The number 5 and the text "5" are two bars with two names."""
    chart = drawn(frame({"Size": 5, "count": 10}, {"Size": "5", "count": 1000}))
    assert labels(chart) == ["5", '"5"']
    assert boxes(chart) == [10, 1000]


def test_statements_are_bars_and_no_funnel() -> None:
    """Nothing says that the second is a part of the first."""
    chart = drawn(frame({"query": "a", "count": 10}, {"query": "b", "count": 37}))
    assert texts(chart) == ["10", "37"]


def test_statements_of_different_days_say_which() -> None:
    """May's number beside June's is not one of the whole time."""
    days = {"start": "2026-06-01", "end": "2026-06-30"}
    chart = drawn(frame({"query": "May", "count": 1}, {"query": "June", "count": 2} | days))
    assert labels(chart)[1] == "June · 2026-06-01 to 2026-06-30"


def test_a_line_for_each_series_with_its_name_at_its_end() -> None:
    """Each place is a count, at its piece's first day."""
    df = frame(*weeks(3, 7, 5, Category="a"), *weeks(30, 70, 50, Category="b"))
    chart = drawn(df)
    lines = [m for m in chart.marks if isinstance(m, Path)]
    assert [[y for _, y in line.places] for line in lines] == [[3, 7, 5], [30, 70, 50]]
    ends = [m.text for m in chart.marks if isinstance(m, Words) and m.x > chart.x.high]
    assert ends == ["a", "b"]
    assert chart.title == "Charged: profiles a week, by Category"
    assert len({dot.shape for dot in dots(chart)}) == 2, "told apart without colour, too"


def test_a_last_piece_that_is_not_whole_is_hollow_and_dotted() -> None:
    """Two days of a week are no fall."""
    chart = drawn(unfinished(100, 110, 30))
    assert [dot.hollow for dot in dots(chart)] == [False, False, True]
    assert [m.dotted for m in chart.marks if isinstance(m, Path)] == [False, True]
    assert texts(chart) == ["2 of 7 days"]
    assert "not whole" in chart.alt


def test_a_first_piece_that_is_cut_short_is_hollow_too() -> None:
    """A period that begins in the middle of a week."""
    rows = weeks(30, 110, 100)
    rows[0] |= {"start": "2026-09-09", "whole": False}
    chart = drawn(frame(*rows))
    assert [dot.hollow for dot in dots(chart)] == [True, False, False]
    assert texts(chart) == ["5 of 7 days"]


def test_a_missing_count_is_a_gap() -> None:
    """No line is drawn over what nobody counted, and it is said how many are missing."""
    rows = weeks(3, 7, None, 5, 6)
    rows[2] |= {"status": "failed"}
    chart = drawn(frame(*rows))
    lines = [[y for _, y in m.places] for m in chart.marks if isinstance(m, Path)]
    assert lines == [[3, 7], [5, 6]]
    assert "1 of 5 without a count" in chart.lines[-1]


def test_a_funnel_is_nested_bars_with_both_percentages() -> None:
    """Each bar lies in that of the step before; in any order is said, since days are all."""
    chart = drawn(frames.funnel())
    assert boxes(chart) == [1844, 1387, 474]
    assert boxes(chart, Colour.TRACK) == [1844, 1387]
    assert texts(chart) == [
        "1,844",
        "1,387 · 75 % (73\N{EN DASH}77 %)",
        "474 · 26 % (24\N{EN DASH}28 %), 34 % of the step before",
    ]
    assert "in any order" in chart.lines[-1]


@pytest.mark.parametrize(
    ("step", "is_known"),
    [
        ("did Charged", False),
        ("did Charged after 1 month", True),
        ("did Charged before 2 weeks", True),
        ('did Charged where Note = "after 1 month"', False),
    ],
)
def test_the_order_is_said_to_be_unknown_only_where_it_is(step: str, is_known: bool) -> None:
    """Days behind the base's come after it."""
    chart = drawn(frame(base(10), share(5, 10, step=step)))
    assert ("in any order" in chart.lines[-1]) is not is_known
    assert ("in any order" in chart.alt) is not is_known


def test_shares_over_values_are_points_with_their_intervals() -> None:
    """The base's own row is no point: its share is 1 by definition."""
    df = experiment(control=(240, 1200), treated=(301, 1180))
    chart = drawn(df)
    points = [(dot.x, dot.y) for dot in dots(chart)]
    assert points == [(240 / 1200, 0), (301 / 1180, -1)]
    rows = df[df["low"].notna()]
    ends = [(m.places[0][0], m.places[1][0]) for m in chart.marks if isinstance(m, Path)]
    assert ends == list(zip(rows["low"], rows["high"], strict=True))
    assert labels(chart) == ["control", "treated"]
    assert chart.title == "App Launched: share that did Charged, by profile.Group"


def test_shares_over_time_are_lines() -> None:
    """One for each step; pieces that are not whole are hollow here, too."""
    rows = []
    for n in range(3):
        rows += [base(100, **week(n)), share(40 + n, 100, **week(n))]
    rows[-1] |= {"whole": False}
    rows[-2] |= {"whole": False}
    chart = drawn(frame(*rows))
    assert [dot.y for dot in dots(chart)] == [0.4, 0.41, 0.42]
    assert [dot.hollow for dot in dots(chart)] == [False, False, True]
    assert chart.title == "App Launched: share that did Charged, by week"


def test_a_triangle_has_a_number_in_each_finished_cell_and_nothing_else() -> None:
    """What is not over is blank; each row says how many it begins with."""
    chart = drawn(frames.triangle(3, 400))
    cell = {(m.x, m.y): m.text for m in chart.marks if isinstance(m, Tile)}
    assert cell == {
        (0, 0): "100 %", (1, 0): "50 %", (2, 0): "45 %",
        (0, -1): "100 %", (1, -1): percent(200 / 401),
        (0, -2): "100 %",
    }  # fmt: skip
    assert labels(chart)[:3] == [
        "7\N{EN DASH}13 Sep · 400",
        "14\N{EN DASH}20 Sep · 401",
        "21\N{EN DASH}27 Sep · 402",
    ]
    assert [name for _, name in chart.x.ticks] == ["week 0", "week 1", "week 2"]


@pytest.mark.parametrize("counts", [(400, 300, 200, 50), (400, 40, 20, 5), (400, 400, 0, 1)])
def test_a_triangles_colours_are_one_linear_scale_without_its_first_column(
    counts: tuple[int, ...],
) -> None:
    """42 % and 100 % have not one colour, and twice the share has twice the colour."""
    rows = [base(400, **week(0))]
    rows += [share(count, 400, after=n, **week(0)) for n, count in enumerate(counts)]
    chart = drawn(frame(*rows, base(9, **week(1)), share(9, 9, after=0, **week(1))))
    strength = {(m.x, m.y): m.strength for m in chart.marks if isinstance(m, Tile)}
    assert strength[0, 0] == strength[0, -1] == 0
    largest = max(counts[1:])
    for after, count in enumerate(counts[1:], 1):
        assert strength[after, 0] == pytest.approx(0.6 * count / largest, abs=6e-4)


def test_two_retentions_of_one_cell_have_each_their_mean() -> None:
    """They are about different people."""
    rows = [
        row | {"query": name}
        for name, count in (("new", 80), ("old", 20))
        for n in range(2)
        for row in (
            base(100, **week(n)),
            share(100, 100, after=0, **week(n)),
            share(count, 100, after=1, **week(n)),
        )
    ]
    chart = drawn(frame(*rows))
    means = [m.text for m in chart.marks if isinstance(m, Words) and m.bold]
    assert means == ["100 %", "80 %", "100 %", "20 %"]
    assert [name for name in labels(chart) if "mean" in name] == ["mean · new", "mean · old"]
    curve = drawn(frame(*rows), as_curves=True)
    thick = [m.places[-1] for m in curve.marks if isinstance(m, Path) and not m.thin]
    assert thick == [(1.0, 0.8), (1.0, 0.2)]
    assert "Mean of new of what is over" in chart.alt


def test_the_mean_is_of_finished_cells_only_and_by_size() -> None:
    """Not yet is no 0; a cohort of ten does not weigh as much as one of a thousand."""
    rows = [
        *(base(1000, **week(0)), share(1000, 1000, after=0, **week(0))),
        *(share(500, 1000, after=1, **week(0)),),
        *(base(10, **week(1)), share(10, 10, after=0, **week(1))),
        *(share(0, 10, after=1, **week(1)),),
        *(base(500, **week(2)), share(500, 500, after=0, **week(2))),
        *(share(None, 500, after=1, **week(2), status="not yet"),),
    ]
    chart = drawn(frame(*rows))
    means = [m.text for m in chart.marks if isinstance(m, Words) and m.bold]
    assert means == ["100 %", percent(500 / 1010)]
    curve = drawn(frame(*rows), as_curves=True)
    thick = [m for m in curve.marks if isinstance(m, Path) and not m.thin]
    assert [m.places for m in thick] == [((0.0, 1.0), (1.0, 500 / 1010))]


def test_a_cell_that_failed_is_no_blank() -> None:
    """A dash: it was asked, and may be asked again."""
    df = frames.triangle(2)
    df.loc[1, ["count", "share"]] = pd.NA
    df.loc[1, "status"] = "failed"
    assert "\N{EN DASH}" in texts(drawn(df))


def test_hours_are_columns_in_the_days_order() -> None:
    """A day has an order that bars beside names would not show."""
    df = frame(*({"hour": hour, "count": hour * 2} for hour in range(24)))
    chart = drawn(df)
    tops = {(m.left + m.right) / 2: m.top for m in chart.marks if isinstance(m, Box)}
    assert tops == {float(hour): hour * 2 for hour in range(1, 24)}
    assert "Most at 23:00: 46." in chart.alt


def test_vs_is_pairs_with_the_change() -> None:
    """Two bars for each value; where there is no change, none is said."""
    df = frames.versus()
    df.loc[2, "change"] = pd.NA
    chart = drawn(df)
    assert boxes(chart) == [700, 333, 51]
    assert boxes(chart, Colour.GREY) == [640, 350, 50]
    assert [t for t in texts(chart) if "%" in t] == ["700 · +9.4 %", "333 · \N{MINUS SIGN}4.9 %"]


def test_vs_over_time_is_two_lines_paired_in_their_order() -> None:
    """A piece without a partner has no place on the other line."""
    other = {"previous_start": "2025-09-08", "previous_end": "2025-09-14"}
    rows = [{**week(n), "count": 10 + n, "previous": 8 + n} | other for n in range(3)]
    rows.append({**week(3), "count": 13})
    lines = [m for m in drawn(frame(*rows)).marks if isinstance(m, Path)]
    assert {m.colour: [y for _, y in m.places] for m in lines} == {
        Colour.GREY: [8, 9, 10],
        Colour.FIRST: [10, 11, 12, 13],
    }


def test_a_missing_count_of_the_other_period_is_a_gap_too() -> None:
    """And where none of it arrived, its line has no name at 0."""
    other = {"previous_start": "2025-09-08", "previous_end": "2025-09-14"}
    rows = [{**week(n), "count": 10 + n, "previous": 8 + n} | other for n in range(5)]
    rows[2]["previous"] = None
    grey = [m for m in drawn(frame(*rows)).marks if isinstance(m, Path) and m.colour is Colour.GREY]
    assert [[y for _, y in m.places] for m in grey] == [[8, 9], [11, 12]]
    for row in rows:
        row["previous"] = None
    assert texts(drawn(frame(*rows))) == ["7 Sep\N{EN DASH}11 Oct"]


def test_a_line_without_a_number_has_no_name_at_its_end() -> None:
    """At 0 it would say that nobody did it; the others keep their own marks."""
    df = frame(*weeks(None, None, Category="a"), *weeks(3, 4, Category="b"))
    chart = drawn(df)
    beside = [m for m in chart.marks if not isinstance(m, Box | Path) and m.x > chart.x.high]
    assert [m.text for m in beside if isinstance(m, Words)] == ["b"]
    assert [m.shape for m in beside if isinstance(m, Dot)] == [1]


PICTURES = {
    "funnel": frames.funnel(),
    "experiment": experiment(a=(1, 2), b=(3, 4)),
    "triangle": frames.triangle(),
    "versus": frames.versus(),
    "time": unfinished(5, 6, 2),
    "versus over time": frame(
        *(
            {
                **week(n),
                "count": 3,
                "previous": 4,
                "previous_start": "2025-09-08",
                "previous_end": "2025-09-14",
            }
            for n in range(3)
        )
    ),
    "shares over time": frame(
        *(row for n in range(2) for row in (base(9, **week(n)), share(3, 9, **week(n))))
    ),
    "values": frame({"Category": "a", "count": 3}, {"Category": "b", "count": 0}),
}


@pytest.mark.parametrize("name", PICTURES)
def test_where_nothing_arrived_there_is_a_picture_that_says_so(name: str) -> None:
    """An axis without a count, no error behind the one that says why."""
    df = PICTURES[name].copy()
    for column in {"count", "of", "share", "low", "high", "previous", "change"} & set(df.columns):
        df[column] = pd.NA
    df["status"] = "failed"
    chart = drawn(df)
    assert f"{len(df)} of {len(df)} without a count" in chart.lines[-1]
    assert drawn(df, as_curves=True)
    for picture in (plot(df), plot(df, as_curves=True)):
        assert picture.png().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("number", [None, 0, 1, 10**12])
def test_each_number_of_profiles_can_be_drawn(name: str, number: int | None) -> None:
    """Nobody, one, or more than there are people: of at least as many, since others are refused."""
    df = PICTURES[name].copy()
    df["count"] = pd.array([number] * len(df), dtype="Int64")
    if number and "of" in df:
        df["of"] = df["of"].clip(lower=number)
    chart = drawn(df)
    assert chart.x.low < chart.x.high
    assert chart.y.low < chart.y.high


def test_an_axis_counts_whole_profiles() -> None:
    """A small one has no 2.5, which would read as a second 2."""
    for counts in ([0, 1, 3], [7, 19, 12], [0, 0, 0]):
        ticks = drawn(frame(*weeks(*counts))).y.ticks
        assert all(float(place).is_integer() for place, _ in ticks)
        assert len({name for _, name in ticks}) == len(ticks) > 1
        assert ticks[-1][0] >= max(counts)


def test_labels_that_would_lie_on_each_other_are_moved_apart() -> None:
    """As little as needed, and in their order."""
    assert spread([0, 100], 10) == [0, 100]
    assert spread([50, 50, 90], 10) == [45, 55, 90]
    assert spread([3, 1, 2], 10) == [12, -8, 2]


def test_a_picture_has_an_end() -> None:
    """A thousand values are not a picture that anybody scrolls; it says what is left out."""
    df = frame(*({"Category": f"c{n}", "count": n} for n in range(1000)))
    chart = drawn(df)
    assert len(boxes(chart)) < 100
    assert "the first 60 of 1,000 rows" in chart.lines[-1]
    lines = frame(*(row for n in range(40) for row in weeks(n, 2 * n, Category=f"c{n}")))
    chart = drawn(lines)
    assert len([m for m in chart.marks if isinstance(m, Path)]) == 12
    assert "the largest 12 of 40 lines" in chart.lines[-1]


@pytest.mark.parametrize("df", [frame({"count": 5}), frames.funnel(), frames.triangle(3)])
def test_a_picture_says_what_is_in_doubt(df: pd.DataFrame) -> None:
    """A number that may be of another question does not travel alone; each doubt is said once."""
    assert not any("doubt" in line for line in drawn(df).lines)
    doubted = df.assign(doubt="is '!=' known?")
    chart = drawn(doubted)
    assert chart.lines[-1] == "in doubt: is '!=' known?"
    assert "in doubt: is '!=' known?" in chart.alt
    two = frame({"query": "a", "count": 1, "doubt": "a"}, {"query": "b", "count": 1, "doubt": "b"})
    assert drawn(two).lines[-1] == "in doubt: a; and 1 more"
