"""Rows over shared questions: each is asked once, and cancelling one row harms no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from helpers.plans import plan, row
from hypothesis import given, strategies as st

from ct_magic.client.jobs import Job, State, Tally
from ct_magic.planning.row_results import RowRun
from ct_magic.rows import Comparison, Formula, Plan, Row

ENDS = st.sampled_from(
    [State.SUCCESS, State.FAILED, State.CANCELLED, State.TIMED_OUT, State.WAITING, State.SUBMITTED]
)


class Questions:
    """A run of questions that end as the test says."""

    def __init__(self, plan: Plan) -> None:
        self.jobs = tuple(Job(n, question) for n, question in enumerate(plan.questions))

    @property
    def clock(self) -> Callable[[], float]:
        return lambda: 0.0

    @property
    def done(self) -> bool:
        return all(job.state.ended for job in self.jobs)

    def start(self) -> None: ...

    def wait(self, timeout: float | None = None) -> bool:
        return self.done

    def cancel(self, number: int | None = None) -> None:
        numbers = range(len(self.jobs)) if number is None else (number,)
        for n in numbers:
            if not self.jobs[n].state.ended:
                self.move(n, State.CANCELLED)

    def move(self, number: int, state: State, count: int = 0) -> None:
        tally = Tally(count) if state is State.SUCCESS else None
        jobs = list(self.jobs)
        jobs[number] = replace(jobs[number], state=state, tally=tally)
        self.jobs = tuple(jobs)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Random formulas over a handful of questions, some compared, some inside others."""
    questions = draw(st.integers(1, 6))
    numbers = st.lists(st.integers(0, questions - 1), min_size=1, max_size=3, unique=True)
    rows: list[Row] = []
    for number in range(draw(st.integers(1, 8))):
        plus = tuple(draw(numbers))
        minus = tuple(draw(numbers)) if len(plus) > 1 and draw(st.booleans()) else ()
        base = draw(st.none() | st.integers(0, number))
        other = draw(st.none() | numbers.map(lambda n: Comparison(Formula(tuple(n)), None, None)))
        formula = Formula(plus, minus) if draw(st.integers(0, 9)) else None
        rows.append(row(number, formula=formula, base=base, within=base, previous=other))
    return plan(rows)


@given(plans(), st.data())
def test_a_row_is_its_formula_over_its_questions(plan: Plan, data: st.DataObject) -> None:
    """It has a number only where all its counts arrived and contradict nothing; else none."""
    questions = Questions(plan)
    run = RowRun(plan, questions)
    for number in range(len(plan.questions)):
        questions.move(number, data.draw(ENDS), data.draw(st.integers(0, 9)))
    counts = [job.tally.count if job.tally else None for job in questions.jobs]
    for result in run.rows:
        formula = result.row.formula
        behind = [] if formula is None else [counts[n] for n in formula.questions]
        if result.count is None:
            assert not behind or None in behind or result.state is State.INCONSISTENT
            continue
        assert formula is not None
        plus = [counts[n] or 0 for n in formula.plus]
        assert None not in behind
        assert result.count == sum(plus) - sum(counts[n] or 0 for n in formula.minus)
        assert max(plus) <= result.count <= sum(plus)
        assert result.of is None or result.count <= result.of


@given(plans(), st.data())
def test_cancelling_a_row_ends_only_what_no_other_row_needs(
    plan: Plan, data: st.DataObject
) -> None:
    """What is left of it ends when the last row that needs it is cancelled."""
    questions = Questions(plan)
    run = RowRun(plan, questions)
    chosen = data.draw(st.lists(st.integers(0, len(plan.rows) - 1), unique=True))
    for number in chosen:
        run.cancel(number)
    needed = {n for r in plan.rows if r.number not in chosen for n in r.questions}
    cancelled = {n for number in chosen for n in plan.rows[number].questions}
    for job in questions.jobs:
        assert (job.state is State.CANCELLED) == (job.number in cancelled - needed)


def test_rows_are_the_same_tuple_until_something_changes() -> None:
    """A panel looks many times a second; ten thousand rows are not computed each time."""
    planned = plan([row(0), row(1)])
    questions = Questions(planned)
    run = RowRun(planned, questions)
    first = run.rows
    assert run.rows is first
    questions.move(1, State.SUCCESS, 5)
    assert run.rows is not first
    assert run.rows[1].count == 5


def test_two_statements_that_ask_the_same_submit_it_once(account: object) -> None:
    """And both rows have its number."""
    import ct_magic
    from ct_magic.sandbox import Sandbox

    assert isinstance(account, Sandbox)
    before = len(account.log)
    text = "a: Charged 2026-10-01..2026-10-02\nb: Charged 2026-10-01..2026-10-02"
    df = ct_magic.count(text, poll_interval=0.01, progress="none")
    assert [request.method for request in account.log[before:]].count("POST") == 1
    assert df["count"].nunique() == 1
    assert list(df["query"]) == ["a", "b"]
