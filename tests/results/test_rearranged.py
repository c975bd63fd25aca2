"""Frames that were sorted, filtered, put together or written: the same numbers, or a refusal."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest
from helpers import frames
from helpers.engines import generated
from helpers.evaluated import answered, planned
from helpers.frames import base, frame, share, week
from helpers.length import amount

from ct_magic import UsageError, compare, plot, shares
from ct_magic.common.statistics import difference
from ct_magic.errors import QueryWarning
from ct_magic.planning.row_results import row_results
from ct_magic.query.parser import statements
from ct_magic.results import frame as frame_room
from ct_magic.results.cells import cells
from ct_magic.sandbox.engine import Engine

from helpers.shell import TODAY  # isort: skip

FUNNEL = """App Launched last 28 days
  share did Product Viewed
  share did Notification Viewed
  share did Charged"""
WEEKS = FUNNEL.replace("28 days", "4 weeks") + "\n  by week"
GROUPS = """App Launched last 28 days
  share did Charged
  by profile.Plan in ("free", "plus", "pro")"""
RETENTION = """App Launched last 5 weeks
  share did App Launched after 0..3 weeks
  by week"""
ROLLING = "App Launched last 40 days by day rolling 7 days"
ROLLING_WEEKS = "App Launched last 10 weeks by week rolling 28 days"
DAYS = "App Launched last 21 days by day"
TEXTS = [FUNNEL, WEEKS, GROUPS, RETENTION, ROLLING, ROLLING_WEEKS, DAYS]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with generated(600, 3) as engine:
        yield engine


def asked(engine: Engine, text: str) -> pd.DataFrame:
    """What a cell of this text gives, asked once for all tests."""
    return given(engine, text).copy()


@cache
def given(engine: Engine, text: str) -> pd.DataFrame:
    plan = planned(list(statements(text, {}, TODAY)), TODAY)
    return frame_room.frame(plan, row_results(plan, answered(plan, engine.count)))


def shuffled(df: pd.DataFrame) -> pd.DataFrame:
    return df.sample(frac=1, random_state=5)


def columns_turned(df: pd.DataFrame) -> pd.DataFrame:
    return df[list(df.columns)[::-1]]


REARRANGED: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "shuffled": shuffled,
    "by count": lambda df: df.sort_values("count"),
    "by count, downwards, numbered anew": lambda df: df.sort_values(
        "count", ascending=False
    ).reset_index(drop=True),
    "shuffled, numbered anew": lambda df: shuffled(df).reset_index(drop=True),
    "turned round": lambda df: df.iloc[::-1],
    "put together": lambda df: pd.concat([df.iloc[::2], df.iloc[1::2]]),
    "columns turned": columns_turned,
}
KEYS = ["query", "step", "after", "start", "end", "profile.Plan"]


def by_row(df: pd.DataFrame, names: list[str]) -> dict[Any, Any]:
    """The values of some columns by what each row is about."""
    keys = [name for name in KEYS if name in df.columns]
    lines = df.astype("object").where(df.notna(), None).to_dict("records")
    return {tuple(line[k] for k in keys): [line.get(name) for name in names] for line in lines}


@pytest.mark.parametrize("how", REARRANGED)
@pytest.mark.parametrize("text", TEXTS)
def test_shares_of_a_rearranged_frame_are_the_same(engine: Engine, text: str, how: str) -> None:
    """Neither rows nor columns have a meaning by their place."""
    df = asked(engine, text)
    names = ["share_of_step_before", "change"]
    assert by_row(shares(REARRANGED[how](df)), names) == by_row(shares(df), names)


@pytest.mark.parametrize("how", REARRANGED)
@pytest.mark.parametrize(("text", "by"), [(GROUPS, None), (WEEKS, "start")])
def test_a_comparison_of_a_rearranged_frame_is_the_same(
    engine: Engine, text: str, by: str | None, how: str
) -> None:
    """The first is the one that was asked first, and all others are there."""
    df = asked(engine, text)
    names = ["against", "share", "share_against", "difference", "low", "high", "p", "p_holm"]
    compared = by_row(compare(df, by), names)
    assert compared
    assert by_row(compare(REARRANGED[how](df), by), names) == compared


@pytest.mark.parametrize("how", REARRANGED)
@pytest.mark.parametrize("text", [FUNNEL, WEEKS, RETENTION, ROLLING, DAYS])
def test_a_picture_of_a_rearranged_frame_says_the_same(engine: Engine, text: str, how: str) -> None:
    """Each number with its own name."""
    df = asked(engine, text)
    assert plot(REARRANGED[how](df)).text == plot(df).text


@pytest.mark.parametrize("text", [FUNNEL, WEEKS])
@pytest.mark.parametrize("again", [lambda df: df, lambda df: df.reset_index(drop=True)])
def test_a_step_whose_step_before_was_taken_out_is_no_share_of_another(
    engine: Engine, text: str, again: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    """The step before that one is not the step before this one."""
    df = asked(engine, text)
    left = shares(again(df[df["step"] != "did Product Viewed"]))
    assert left.loc[left["step"] == "did Notification Viewed", "share_of_step_before"].isna().all()
    whole = shares(df)
    for step in ("did Charged",):
        known = [f.loc[f["step"] == step, "share_of_step_before"].tolist() for f in (left, whole)]
        assert known[0] == known[1]
    assert "of the step before" not in plot(again(df[df["step"] != "did Notification Viewed"])).text


def test_without_its_bases_a_comparison_is_the_same(engine: Engine) -> None:
    """A step's row says itself what it is a share of."""
    df = asked(engine, GROUPS)
    without = compare(df[df["step"] != "App Launched"])
    pd.testing.assert_frame_equal(without, compare(df))
    assert set(without["step"]) == {"did Charged"}


@pytest.mark.parametrize("every", [2, 4, 7, 8])
@pytest.mark.parametrize("text", [ROLLING, ROLLING_WEEKS, DAYS])
def test_pieces_between_which_rows_were_taken_out_have_no_change_and_no_line(
    engine: Engine, text: str, every: int
) -> None:
    """Also where the windows still overlap."""
    df = asked(engine, text)
    few = df.iloc[::every]
    assert shares(few)["change"].isna().all()
    assert shares(numbered_anew(few))["change"].isna().all()
    layers = str(plot(few).vega_lite())
    assert "'line'" not in layers


def test_a_file_has_the_same_shares_as_the_frame(engine: Engine, tmp_path: Path) -> None:
    """Rows that follow each other there were asked one after the other."""
    for number, text in enumerate(TEXTS):
        df = asked(engine, text)
        df.to_csv(tmp_path / f"{number}.csv", index=False)
        names = [n for n in ("share_of_step_before", "change") if n in shares(df)]
        read = shares(frames.from_csv(tmp_path / f"{number}.csv"))
        for name in names:
            both = [f[name].astype("Float64").fillna(-9).tolist() for f in (read, shares(df))]
            assert both[0] == pytest.approx(both[1])


def test_frames_of_two_cells_put_together_keep_their_steps(engine: Engine) -> None:
    """Each statement's steps follow its own base."""
    other = FUNNEL.replace("last 28 days", "last 14 days")
    both = [shares(asked(engine, text))["share_of_step_before"] for text in (FUNNEL, other)]
    joined = shares(pd.concat([asked(engine, FUNNEL), asked(engine, other)]))
    assert joined["share_of_step_before"].tolist()[1:4] == both[0].tolist()[1:]
    assert joined["share_of_step_before"].tolist()[5:] == both[1].tolist()[1:]


OURS = ["p", "ratio", "difference", "against", "low", "share_against", "query", "count", "step"]


@pytest.mark.parametrize("name", OURS)
def test_an_axis_that_is_called_like_a_column_of_ours_keeps_its_values(name: str) -> None:
    """It has ` (property)` behind its name, and nothing is written over it."""
    given = f"{name} (property)" if name in frame_room.COLUMNS else name
    rows = [
        row | {given: value}
        for value, count in (("a", 20), ("b", 35), ("c", 50))
        for row in (base(100), share(count, 100))
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", QueryWarning)
        compared = compare(frame(*rows), given)
    assert compared[f"{name} (property)"].tolist() == ["b", "c"]
    assert compared["difference"].tolist() == pytest.approx([0.15, 0.3])
    assert compared["against"].tolist() == ["a", "a"]
    assert (compared["p"] < 0.05).all()


@pytest.mark.parametrize("names", [("p", "P"), ("p", "p (property)"), ("Share", "share")])
def test_a_comparison_has_each_axis_once(engine: Engine, names: tuple[str, str]) -> None:
    """Also where two are called alike but for case, or as one of them will be called."""
    text = 'App Launched 2026-11-08\n  share did Charged\n  by "{}" in ("a", "b")'
    df = asked(engine, "\n".join(map(text.format, names)))
    for axis in df.attrs[frame_room.LAYOUT]["axes"]:
        with pytest.warns(QueryWarning, match="several groups"):
            columns = compare(df, axis).columns
        assert len({name.casefold() for name in columns}) == len(columns)


def test_a_new_column_is_not_written_over_an_axis() -> None:
    """`shares()` adds two columns, and an axis may be called like one."""
    rows = [
        row | {"share_of_step_before": value}
        for value in ("x", "y")
        for row in (base(100), share(25, 100))
    ]
    with_shares = shares(frame(*rows))
    assert with_shares["share_of_step_before (property)"].tolist() == ["x", "x", "y", "y"]
    assert with_shares["share_of_step_before"].tolist()[1::2] == [0.25, 0.25]


def test_a_property_called_hour_is_not_the_clock(engine: Engine) -> None:
    """Nor is one called geo the place: each axis has a column of its own."""
    for name in ("hour", "geo"):
        text = f'App Launched yesterday by "{name}" in (9, 9.5)'
        df = asked(engine, text)
        assert f"{name} (property)" in df.columns
        assert ":00" not in plot(df).text
    assert "hour" in asked(engine, "App Launched yesterday by hour").columns


def test_a_label_that_is_another_statements_text_makes_two_series(engine: Engine) -> None:
    """Two statements are two lines, whatever they are called."""
    text = "Charged last 7 days by day"
    df = asked(engine, f'"{text}": App Launched last 7 days by day\n{text}')
    assert df["query"].nunique() == 2
    assert len({cell.series for cell in cells(df)}) == 2


def test_a_base_is_known_by_its_event_and_its_count() -> None:
    """Without the event nothing tells which row is the base."""
    with pytest.raises(UsageError, match="no column 'event'"):
        shares(frames.funnel().drop(columns="event"))


def test_pieces_of_time_are_compared_with_the_first_and_only_whole_ones() -> None:
    """A part of a week says nothing of a week."""
    rows = [
        row
        for n, count in enumerate((20, 35, 90))
        for row in (base(100, **week(n)), share(count, 100, **week(n)))
    ]
    rows[-1] |= {"whole": False}
    compared = compare(frame(*rows), by="start")
    assert compared["difference"].tolist() == [pytest.approx(0.15), pd.NA]
    assert compared["against"].dt.day.tolist() == [7, 7]
    assert compared["p_holm"].tolist()[0] == compared["p"].tolist()[0]


def test_statements_are_compared_step_by_step() -> None:
    """Each against the first, all adjusted together, also where their days differ."""
    rows = [
        row | {"query": name} | week(n)
        for n, (name, count) in enumerate((("old", 20), ("new", 35), ("newest", 50)))
        for row in (base(100), share(count, 100), share(count // 5, 100, step="did X"))
    ]
    compared = compare(shuffled(frame(*rows)).sort_index(), by="query")
    assert compared["query"].tolist() == ["new", "newest"] * 2
    assert set(compared["against"]) == {"old"}
    assert compared["difference"].tolist() == pytest.approx([0.15, 0.3, 0.03, 0.06])
    assert compared["p_holm"][1] == pytest.approx(4 * compared["p"][1]), "four at once"


@pytest.mark.parametrize("second", ["Charged", "Notification Viewed"])
def test_a_step_is_compared_with_the_same_step_wherever_a_statement_has_it(
    engine: Engine, second: str
) -> None:
    """The first step of one and the first of the other may be two questions."""
    text = f"""a: App Launched 2026-10\n  share did {second}\n  share did Product Viewed
b: App Launched 2026-11-01..2026-11-20\n  share did Product Viewed\n  share did Charged"""
    df = asked(engine, text)
    known = df[df["query"] == "a"].set_index("step")["share"]
    against = compare(df, by="query").set_index("step")["share_against"].dropna()
    assert set(against.index) == {"did Product Viewed", "did Charged"} & set(known.index)
    assert against.tolist() == known[against.index].tolist()


def test_the_statement_that_was_asked_first_is_known_without_the_rows_numbers(
    engine: Engine,
) -> None:
    """The frame knows it, whatever was sorted and numbered anew."""
    days = "2026-11-02..2026-11-15 share did Charged within 3 days"
    df = asked(engine, f"b: App Installed {days}\na: App Launched {days}\nc: Product Viewed {days}")
    backwards = compare(df.iloc[::-1].reset_index(drop=True), by="query")
    assert set(backwards["against"]) == {"b"}
    names = ["difference", "p_holm"]
    assert by_row(backwards, names) == by_row(compare(df, by="query"), names)


@pytest.mark.parametrize("order", [(0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
def test_a_file_that_was_sorted_gives_no_share_of_another_step(order: tuple[int, ...]) -> None:
    """A statement says its steps' order itself; under a label what cannot be known is missing."""
    df = frames.funnel().iloc[list(order)].reset_index(drop=True)
    names = ["share_of_step_before"]
    assert by_row(shares(df), names) == by_row(shares(frames.funnel()), names)
    labelled = df.assign(query="funnel")
    assert shares(labelled)["share_of_step_before"].isna().all()
    assert "of the step before" not in plot(labelled).text


# Random frames: what is left after somebody worked on them has the same numbers, or none.

WHOLE = [
    *TEXTS,
    "App Launched last 28 days vs previous\n  share did Product Viewed\n  share did Charged",
    "App Launched last 28 days\n  share where reachability.has_token = true\n  share did Charged",
    "App Installed last 4 weeks\n  share did Charged within 1, 7, 14 days\n  by first week",
    "App Launched last 4 weeks\n  share did Product Viewed within 9 days\n"
    "  share did Charged on day 1, 2, 7",
    FUNNEL + '\n  by week, profile.Plan in ("free", "plus")',
]
COMPARED = ["share_against", "difference", "low", "high", "ratio", "p"]


def from_file(df: pd.DataFrame) -> pd.DataFrame:
    """What a CSV gives of a frame: neither types nor `attrs`."""
    text = io.StringIO(df.to_csv(index=False))
    return pd.read_csv(text, **({} if pd.__version__ >= "3" else {"float_precision": "round_trip"}))


def numbered_anew(df: pd.DataFrame) -> pd.DataFrame:
    """What is left when `attrs` are lost, too."""
    return pd.DataFrame(df.reset_index(drop=True).to_dict("series"))


def worked_on(df: pd.DataFrame, random: Random) -> pd.DataFrame:
    """A frame of some of the rows, in another order, put together of two, or read from a file."""
    kept = [n for n in range(len(df)) if random.random() < random.choice([0.6, 0.9, 1])] or [0]
    if random.random() < 0.6:
        random.shuffle(kept)
    cut = random.randint(0, len(kept))
    some = pd.concat([df.iloc[kept[:cut]], df.iloc[kept[cut:]].assign(extra=1)])
    if random.random() < 0.3:
        some = some.sort_values("count", kind="stable", ascending=random.random() < 0.5)
    return random.choice([numbered_anew, from_file, lambda frame: frame])(some)


def days_of(value: object) -> object:
    """A day as it is compared, also where it comes from a file; nothing is None."""
    if value is None or value is pd.NA or value != value:
        return None
    return str(value)[:10] if "-" in str(value)[4:5] else value


def lines_of(df: pd.DataFrame, names: list[str]) -> dict[Any, list[Any]]:
    keys = [n for n in [*KEYS, "from_day", "to_day", "against"] if n in df]
    lines = df.to_dict("records")
    return {
        tuple(days_of(line[k]) for k in keys): [days_of(line.get(n)) for n in names]
        for line in lines
    }


@pytest.mark.parametrize("label", ["", "weekly: "])
@pytest.mark.parametrize("text", WHOLE)
def test_whatever_was_made_of_a_frame_its_numbers_are_the_same_or_missing(
    engine: Engine, text: str, label: str
) -> None:
    """Never a number of another row's; where the text is there and no row gone, all of them."""
    df = asked(engine, label + text)
    names = ["share_of_step_before", "change"]
    truth = lines_of(shares(df), names)
    for seed in range(amount(6, long=60)):  # of each text in other ways
        found = lines_of(shares(worked_on(df, Random(f"{seed} {label}{text}"))), names)
        assert found.keys() <= truth.keys()
        for key, values in found.items():
            assert all(
                v in (None, pytest.approx(w)) for v, w in zip(values, truth[key], strict=True)
            )
    if not label:
        again = lines_of(shares(numbered_anew(shuffled(df))), names)
        assert again == {key: pytest.approx(values) for key, values in truth.items()}


@pytest.mark.parametrize("label", ["", "plans: "])
@pytest.mark.parametrize("text", [GROUPS, WHOLE[-1]])
def test_a_comparison_of_whatever_was_made_of_a_frame_is_with_what_it_names(
    engine: Engine, text: str, label: str
) -> None:
    """Each pair has the numbers that these two rows have."""
    df = asked(engine, label + text)
    keys = ["step", "start", "end", "profile.Plan"]
    counts = {
        tuple(days_of(line[k]) for k in keys): (line["count"], line["of"])
        for line in df.to_dict("records")
    }
    for seed in range(amount(5, long=50)):
        try:
            compared = compare(worked_on(df, Random(f"{seed} {label}{text}")), "profile.Plan")
        except UsageError:
            continue
        for line in compared.to_dict("records"):
            days = [days_of(line.get(k, df[k][0])) for k in ("start", "end")]
            own, other = (
                counts[line["step"], *days, line[name]] for name in ("profile.Plan", "against")
            )
            if days_of(line["difference"]) is not None:
                assert line["difference"] == pytest.approx(own[0] / own[1] - other[0] / other[1])
                assert line["p"] == pytest.approx(difference(*own, *other).p)


@pytest.mark.parametrize("how", ["by count", "shuffled", "turned round"])
def test_a_plain_frame_is_compared_with_the_value_that_was_asked_first(how: str) -> None:
    """Its index tells the order, whatever it was sorted by since."""
    df = frames.experiment(control=(48, 80), treated=(56, 70), held=(10, 50))
    pd.testing.assert_frame_equal(compare(REARRANGED[how](df)), compare(df))


@pytest.mark.parametrize("values", [("True", "False"), ("02", "1"), ("1e3", "7"), ("2.50", "x")])
def test_a_value_that_a_file_gave_another_type_is_known_again(
    engine: Engine, values: tuple[str, str]
) -> None:
    """The first is the one that was asked first, also where "True" and "02" came as True and 2."""
    listed = ", ".join(f'"{value}"' for value in values)
    df = asked(
        engine, f"App Launched 2026-11-08\n  share did Charged\n  by profile.Plan in ({listed})"
    )
    turned = from_file(df.iloc[::-1])
    first = turned["profile.Plan"].tolist()[-1]
    assert set(compare(turned)["against"]) == {first}


def test_a_file_of_texts_alone_has_the_same_shares(engine: Engine) -> None:
    """Numbers that were read as texts are numbers."""
    df = asked(engine, FUNNEL)
    texts = pd.read_csv(io.StringIO(df.to_csv(index=False)), dtype=str)
    pd.testing.assert_series_equal(*(shares(f)["share_of_step_before"] for f in (texts, df)))


@pytest.mark.parametrize("label", ["", "weekly: "])
@pytest.mark.parametrize("text", [DAYS, ROLLING])
def test_a_file_with_its_index_has_the_same_changes(engine: Engine, text: str, label: str) -> None:
    """The index is no axis, whatever its column is called in the file."""
    df = asked(engine, label + text)
    again = pd.read_csv(io.StringIO(df.to_csv()))
    pd.testing.assert_series_equal(*(shares(frame)["change"] for frame in (again, df)))


@pytest.mark.parametrize("text", [*TEXTS[:4], *WHOLE[-5:]])
def test_bases_whose_steps_were_taken_out_are_counts(engine: Engine, text: str) -> None:
    """They are drawn, and compared over time, as the statement without its steps."""
    df = asked(engine, text)
    bases = df[df["step"] == df["event"]]
    assert plot(bases).text
    assert "share" not in plot(bases).text
    assert "share_of_step_before" not in shares(bases)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2026-10-26..2026-11-01 by week", "2026-11-02 by day"),
        ("2026-10-30..2026-11-01 by day", "2026-11-02..2026-11-08 by week"),
        ("2026-06 by month", "2026-07-01..2026-09-30 by quarter"),
    ],
)
def test_a_piece_has_no_change_from_one_of_another_unit(
    engine: Engine, first: str, second: str
) -> None:
    """Two cells may have one label; a day after a week is not a fall by six sevenths."""
    cells_of = [asked(engine, f"seen: App Launched {days}") for days in (first, second)]
    put_together = shares(pd.concat(cells_of, ignore_index=True))
    assert put_together["change"].isna().tolist()[-1]
    assert put_together["change"].notna().sum() == len(cells_of[0]) - 1


def test_one_label_of_two_events_is_refused(engine: Engine) -> None:
    """Two cells may have one label; what is compared under it would be two questions."""
    texts = ("seen: App Launched 2026-10-26..2026-11-01", "seen: Charged 2026-11-02..2026-11-08")
    put_together = pd.concat([asked(engine, f"{text} by week") for text in texts])
    for of in (shares, plot):
        with pytest.raises(UsageError, match="of two events, 'App Launched' and 'Charged'"):
            of(put_together)
