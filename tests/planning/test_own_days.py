"""Own days as sums over first days: what must hold between rows, and which counts are asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest
from helpers import plain_counts
from helpers.engines import generated
from helpers.evaluated import answered, brackets, compare, planned, results_of
from helpers.length import amount
from helpers.plain_counts import Data
from helpers.plans import question
from helpers.random_statements import Statements

from ct_magic import QueryError
from ct_magic.client.jobs import Job, State, Tally
from ct_magic.client.journal.entries import Parts, plan_from_json, plan_to_json
from ct_magic.common.statistics import difference
from ct_magic.planning.row_results import RowResult, row_results
from ct_magic.query.expand import TooLargeError, expand
from ct_magic.query.model import (
    Ago,
    ByTime,
    ByValue,
    Clause,
    Days,
    Did,
    DidAny,
    DidNot,
    Event,
    Filter,
    Last,
    Often,
    Operator,
    Or,
    OwnDays,
    Preceding,
    Previous,
    Property,
    Query,
    Scope,
    ShareWhere,
    This,
    Unit,
)
from ct_magic.query.parser import read_cell, statements
from ct_magic.query.printer import to_text
from ct_magic.results.frame import frame
from ct_magic.rows import Plan, Row, row_name
from ct_magic.sandbox.engine import Engine

TODAY = date(2026, 11, 23)  # a Monday
BY_FIRST_WEEK = ByTime(Unit.WEEK, first=True)
Window = tuple[int, int]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """The sandbox's own data, small."""
    with generated(600, 7) as engine:
        yield engine


@pytest.fixture(scope="module")
def data(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Data:
    """The same data as plain rows."""
    folder = tmp_path_factory.mktemp("plain")
    engine.export(folder)
    tables = (pq.read_table(Path(folder, f"{name}.parquet")) for name in ("events", "profiles"))
    return plain_counts.read(*(table.to_pylist() for table in tables), ZoneInfo("UTC"))


def within(name: str, *windows: Window, often: Often | None = None) -> Did:
    """`share did NAME on days …`."""
    return Did(Event(name, (), OwnDays(windows), often), share=True)


def without(name: str, *windows: Window) -> DidNot:
    """`share did not NAME on days …`."""
    return DidNot(Event(name, (), OwnDays(windows)), share=True)


def asked(*clauses: Clause, last: Last | Days | This | Previous | None = None) -> Query:
    """A statement about those who installed the app."""
    return Query(Event("App Installed", (), last or Previous(Unit.MONTH)), clauses=clauses)


def rows(engine: Engine, *statements: Query) -> tuple[RowResult, ...]:
    """The rows of a cell, all of whose counts have arrived."""
    return results_of(list(statements), engine.count, TODAY)


@pytest.mark.parametrize("seed", range(amount(2, long=20)))
def test_own_days_and_their_like_equal_what_people_one_by_one_say(
    engine: Engine, data: Data, seed: int
) -> None:
    """`python tests/evaluate_statements.py 3000 0 new` tries more of them."""
    compared = compare(engine.count, data, TODAY, 12, seed, is_new=True)
    assert not compared.wrong, compared.wrong[0]
    assert compared.nonempty, "rows that find nobody prove little"


def test_a_bracket_holds_what_happened_after(engine: Engine, data: Data) -> None:
    """Days 0..n and 1..n stand below and above those who did it after, by the clock."""
    assert not brackets(engine.count, data, TODAY, 15, 3)


def test_who_did_and_who_did_not_are_all(engine: Engine) -> None:
    """In every piece, and in that of a window of which days are left out."""
    windows = ((1, 1), (0, 6), (3, 30))
    for step in windows:
        did, did_not = asked(within("App Launched", step)), asked(without("App Launched", step))
        for query in (did, replace(did, by=(BY_FIRST_WEEK,))):
            other = replace(did_not, by=query.by)
            for one, two in zip(rows(engine, query), rows(engine, other), strict=True):
                if one.row.from_day is not None and one.count is not None:
                    assert one.count + (two.count or 0) == one.of == two.of


def test_a_longer_window_holds_the_shorter_one_and_the_pieces_add_up(engine: Engine) -> None:
    """Rows of `by first week` over the same days are parts of the row without `by`."""
    days = Days(date(2026, 10, 5), date(2026, 11, 1))
    curve = asked(within("App Launched", *((0, n) for n in (1, 3, 7, 14))), last=days)
    whole = rows(engine, curve)
    counts = [row.count or 0 for row in whole[1:]]
    assert counts == sorted(counts)
    assert counts[0] > 0
    pieces = rows(engine, replace(curve, by=(BY_FIRST_WEEK,)))
    for place, row in enumerate(whole):
        assert sum(piece.count or 0 for piece in pieces[place::5]) == row.count
        assert sum(piece.of or 0 for piece in pieces[place::5]) == row.of


def test_another_period_is_another_statement(engine: Engine) -> None:
    """`vs` beside `share` gives the numbers that a statement of the other period gives alone."""
    steps = (within("App Launched", (1, 1), (1, 30)),)
    own = asked(*steps, last=Days(date(2026, 9, 15), date(2026, 10, 14)))
    other = asked(*steps, last=Days(date(2026, 8, 16), date(2026, 9, 14)))
    beside = rows(engine, replace(own, versus=Preceding()))
    for row, alone, before in zip(beside, rows(engine, own), rows(engine, other), strict=True):
        assert (row.count, row.of, row.share) == (alone.count, alone.of, alone.share)
        assert (row.previous, row.previous_of) == (before.count, before.of)
        assert row.previous_share == before.share
    step = beside[2]
    assert step.count
    assert step.of
    assert step.previous is not None
    assert step.previous_of
    gap = difference(step.count, step.of, step.previous, step.previous_of)
    assert (step.difference, step.difference_low) == (gap.difference, gap.low)
    assert step.difference_high == gap.high
    assert beside[0].difference_low is None


@pytest.mark.parametrize(
    ("query", "counts"),
    [
        (asked(within("A", (0, 6))), 32),
        (asked(within("A", (1, 1), (7, 7), (30, 30))), 87),
        (asked(within("A", (7, 7)), last=This(Unit.MONTH)), 17),
        (asked(within("A", (7, 7)), last=This(Unit.WEEK)), 1),
        (asked(within("A", (0, 0)), last=Days(Ago(0), Ago(0))), 1),
        (asked(within("A", (0, 6)), within("B", (0, 6), (0, 29))), 88),
        (
            replace(
                asked(within("A", (1, 1), (7, 7), (30, 30)), last=Last(8, Unit.WEEK)),
                by=(BY_FIRST_WEEK,),
            ),
            140,
        ),
        (replace(asked(within("A", (0, 6)), last=Last(4, Unit.WEEK)), versus=Preceding()), 48),
        (replace(asked(within("A", (1, 1)), last=This(Unit.MONTH)), versus=Preceding()), 46),
        (
            replace(
                asked(within("A", (0, 2)), last=Last(2, Unit.WEEK)),
                by=(BY_FIRST_WEEK, ByValue(Property("x"), ("a", "b"))),
            ),
            30,
        ),
    ],
)
def test_what_own_days_cost(query: Query, counts: int) -> None:
    """One count for each used day and window, and a base for each set of days not the whole."""
    assert len(planned([query], TODAY).questions) == counts


def test_days_whose_window_is_not_over_are_left_out_of_count_and_of() -> None:
    """Always the last ones; a row without a day is not yet, and shows its piece's days."""
    query = asked(within("A", (0, 6), (30, 30)), last=This(Unit.MONTH))
    base, week, month = planned([query], TODAY).rows
    assert (base.start, base.end, base.whole) == (date(2026, 11, 1), TODAY, None)
    assert (week.start, week.end, week.whole) == (base.start, date(2026, 11, 16), False)
    assert week.formula
    assert week.of
    assert len(week.formula.plus) == 16
    assert week.of != base.formula
    assert (month.start, month.end) == (base.start, TODAY)
    assert (month.formula, month.of, month.whole) == (None, None, False)


def test_a_did_without_a_period_takes_the_whole_piece() -> None:
    """Never the first day, nor the days that are used: of the count and of what it is of."""
    query = asked(Did(Event("B")), within("A", (0, 6)), last=This(Unit.MONTH))
    plan = planned([query], TODAY)
    inside = [text.partition(" did B")[2].split(" did ")[0] for text in texts(plan)]
    assert inside[0] == ""
    assert set(inside[1:]) == {" 2026-11-01..2026-11-23"}


def texts(plan: Plan) -> list[str]:
    """What each question asks."""
    return [question.text for question in plan.questions]


def test_day_0_is_the_first_for_that_value_and_a_profile_does_not_move_it() -> None:
    """What excludes earlier days has the filters of event and session, and those of `by`."""
    source = Property("utm_source", Scope.SESSION)
    plan_filter = Filter(Property("Plan", Scope.PROFILE), Operator.EQUALS, "Gold")
    query = asked(within("A", (1, 1)), last=Days(date(2026, 10, 1), date(2026, 10, 3)))
    query = replace(
        query, event=replace(query.event, where=(plan_filter,)), by=(ByValue(source, ("x",)),)
    )
    last = planned([query], TODAY).questions[-1].text
    excluded = 'did not App Installed where session.utm_source = "x" 2026-10-01..2026-10-02'
    assert last.endswith(excluded)
    assert "profile.Plan" in last.split(" did ")[0]


def test_own_days_are_refused_before_they_are_built() -> None:
    """However long the period is; the error says what to take less of."""
    query = asked(within("A", (7, 7)), last=Days(date(1900, 1, 1), Ago(1)))
    with pytest.raises(TooLargeError, match="fewer windows, fewer values or a shorter period"):
        expand([query], TODAY)
    years = replace(query, by=(ByTime(Unit.YEAR, first=True),))
    with pytest.raises(TooLargeError, match=r"46,\d\d\d counts"):
        expand([years], TODAY)


def test_an_or_over_the_profile_has_no_day_0() -> None:
    """It would be a sum of three for each day, and of two bases."""
    gold = Filter(Property("Plan", Scope.PROFILE), Operator.EQUALS, "Gold")
    large = Filter(Property("Amount"), Operator.GREATER_THAN, 5)
    query = replace(asked(within("A", (1, 1))), condition=Or((gold, large)))
    with pytest.raises(QueryError, match="own days"):
        planned([query], TODAY)


def test_share_where_excludes_by_the_base_and_asks_a_filter_once() -> None:
    """First did it in the piece at all, and in the piece with the step's filters, too."""
    token = Filter(Property("has_token", Scope.REACHABILITY), Operator.EQUALS, "True")
    mode = Filter(Property("Mode"), Operator.EQUALS, "UPI")
    query = asked(ShareWhere(mode), last=Days(date(2026, 10, 5), date(2026, 10, 18)))
    query = replace(query, by=(BY_FIRST_WEEK,))
    assert texts(planned([query], TODAY))[-1] == (
        'App Installed where Mode = "UPI" 2026-10-12..2026-10-18 '
        "did not App Installed 2026-10-05..2026-10-11"
    )
    twice = replace(asked(ShareWhere(token)), event=Event("A", (token,), Previous(Unit.MONTH)))
    assert len(planned([twice], TODAY).questions) == 1


# Counts of different moments.


def standing(query: Query, counts: Sequence[int]) -> list[RowResult]:
    """How the rows of a statement stand when its questions have these counts."""
    plan = planned([query], TODAY)
    assert len(plan.questions) == len(counts), texts(plan)
    jobs = [
        Job(n, question(f"q{n}"), State.SUCCESS, tally=Tally(count))
        for n, count in enumerate(counts)
    ]
    return list(row_results(plan, jobs))


TWO_DAYS = Days(date(2026, 10, 1), date(2026, 10, 2))


def own(*steps: Clause) -> Query:
    """A statement of two first days."""
    return asked(*steps, last=TWO_DAYS)


@pytest.mark.parametrize(
    ("query", "counts", "wrong"),
    [
        # A base of 10; then two days for each row.
        (own(within("A", (1, 1))), [10, 4, 6], []),
        (own(within("A", (1, 1))), [10, 4, 7], [1]),
        # A step above the step before on one of the days, though its sum is not.
        (own(within("A", (1, 1)), within("B", (1, 1))), [10, 1, 9, 2, 1], [2]),
        # A window inside another.
        (own(within("A", (0, 1), (0, 6))), [10, 3, 1, 2, 5], [1, 2]),
        (own(without("A", (0, 1), (0, 6))), [10, 3, 1, 2, 1], []),
        (own(without("A", (0, 1), (0, 6))), [10, 2, 1, 3, 1], [1, 2]),
        # Windows together below the one that they make.
        (own(within("A", (1, 2), (1, 1), (2, 2))), [10, 3, 3, 1, 2, 2, 1], []),
        (own(within("A", (1, 2), (1, 1), (2, 2))), [10, 4, 3, 1, 2, 2, 1], [1, 2, 3]),
        (own(within("A", (1, 2), (1, 1), (2, 2), (5, 5))), [9, 4, 3, 1, 2, 2, 1, 0, 0], [1, 2, 3]),
        # With a number, parts may be fewer than the whole.
        (
            own(
                within(
                    "A",
                    (1, 2),
                    (1, 1),
                    (2, 2),
                    often=Often(Operator.GREATER_THAN_EQUALS, 2),
                )
            ),
            [10, 4, 3, 1, 2, 2, 1],
            [],
        ),
        (
            own(within("A", (0, 1), (0, 6), often=Often(Operator.EQUALS, 2))),
            [10, 3, 1, 2, 5],
            [],
        ),
        (
            own(
                DidAny(
                    (Event("A"), Event("B")),
                    Operator.LESS_THAN,
                    3,
                    OwnDays(((0, 1), (0, 6))),
                    share=True,
                )
            ),
            [10, 2, 1, 3, 1],
            [1, 2],
        ),
    ],
)
def test_counts_that_cannot_be_of_one_moment_get_no_number(
    query: Query, counts: list[int], wrong: list[int]
) -> None:
    """First day by first day, since a sum may hide it."""
    results = standing(query, counts)
    assert [n for n, row in enumerate(results) if row.state is State.INCONSISTENT] == wrong
    assert [n for n, row in enumerate(results) if row.count is None] == wrong
    assert all(row.of is None for row in results if row.count is None)


def test_a_base_of_fewer_days_is_not_above_one_of_more() -> None:
    """Nor above the base's own row."""
    days = Days(TODAY - timedelta(4), TODAY - timedelta(1))
    query = asked(within("A", (1, 1), (2, 2)), last=days)
    plan = planned([query], TODAY)
    ofs = [row.of.plus[0] for row in plan.rows if row.of]
    counts = [0] * len(plan.questions)
    for number, count in zip(ofs, (10, 8, 9), strict=True):
        counts[number] = count
    states = [row.state for row in standing(query, counts)]
    assert states == [State.SUCCESS, State.INCONSISTENT, State.INCONSISTENT]
    counts[ofs[1]], counts[ofs[2]] = 11, 9
    assert standing(query, counts)[1].state is State.INCONSISTENT


def test_the_dataframe_has_the_window_and_the_other_share(engine: Engine) -> None:
    """Whole numbers and fractions beside their steps; missing where they say nothing."""
    text = """App Installed last 4 weeks vs previous
      share did Product Viewed within 3 days
      share did App Launched on day 1, 30"""
    plan = read_cell(text, today=TODAY).plan
    jobs = answered(plan, engine.count)
    df = frame(plan, row_results(plan, jobs))
    dtypes = {name: str(dtype) for name, dtype in df.dtypes.items()}
    names = [*("step", "from_day", "to_day", "count", "of", "share", "low", "high"), "previous"]
    at = list(df.columns).index("step")
    assert list(df.columns)[at : at + 9] == names
    assert {dtypes[name] for name in ("from_day", "to_day", "of", "previous_of")} == {"Int64"}
    shares = ("previous_share", "difference", "difference_low", "difference_high")
    assert {dtypes[name] for name in shares} == {"Float64"}
    assert df["step"].tolist()[2:] == ["did App Launched"] * 2
    assert df["from_day"].fillna(-1).tolist() == [-1, 0, 1, 30]
    assert df["to_day"].fillna(-1).tolist() == [-1, 2, 1, 30]
    assert df["status"].tolist() == ["success"] * 3 + ["not yet"]
    last = df.iloc[3]
    assert last[["count", "of", "share", "previous", "previous_of", "difference"]].isna().all()
    first_three = df[:3]
    assert (first_three["difference"] + first_three["previous_share"] - df["share"][:3] == 0).all()
    assert first_three["events"].isna().tolist() == [False, True, True]
    plain = read_cell("App Installed last 4 weeks", today=TODAY).plan
    columns = frame(plan=plain, results=row_results(plain, answered(plain, engine.count))).columns
    assert not {"from_day", "previous_of", "difference"} & set(columns)


def test_the_journal_keeps_a_plan_of_own_days() -> None:
    """As it was, with rows that are not yet: `%ct resume` computes the same from it."""
    query = asked(within("B", (0, 2)), within("A", (1, 1), (30, 30)), last=Last(4, Unit.WEEK))
    plan = planned([replace(query, versus=Preceding()), replace(query, by=(BY_FIRST_WEEK,))], TODAY)
    parts = Parts()
    back = plan_from_json(plan_to_json(plan, parts), parts)
    assert (back.rows, back.questions) == (plan.rows, plan.questions)
    assert any(row.formula is None for row in plan.rows)


def test_rows_know_their_windows() -> None:
    """`step` names the clause, without its windows where there are several."""
    query = asked(within("B", (0, 6)), within("A", (1, 1), (0, 6)))
    shown = [(row.step, row.from_day, row.to_day, row.has_events) for row in rows_of(query)]
    assert row_name(rows_of(query)[3]).endswith("did A, days 0..6, 2026-10-01 to 2026-10-31")
    assert shown == [
        ("App Installed", None, None, True),
        ("did B within 7 days", 0, 6, False),
        ("did A", 1, 1, False),
        ("did A", 0, 6, False),
    ]


def test_what_was_printed_plans_the_same() -> None:
    """The language refuses some of them; those that it reads are what they were."""
    makes, read = Statements(Random(4), TODAY), 0
    for _ in range(tried := amount(40, long=400)):
        statement = makes.new_statement()
        try:
            plan = planned([statement], TODAY)
            (back,) = statements(to_text(statement), today=TODAY)
        except QueryError:
            continue
        read += 1
        assert back == statement
        assert to_text(back) == to_text(statement)
        again = planned([back], TODAY)
        assert [question.key for question in again.questions] == [q.key for q in plan.questions]
        assert [(r.formula, r.of, r.within) for r in again.rows] == [
            (r.formula, r.of, r.within) for r in plan.rows
        ]
    assert read > 0.3 * tried


def rows_of(query: Query) -> tuple[Row, ...]:
    """The rows of a statement before anything is asked."""
    return planned([query], TODAY).rows
