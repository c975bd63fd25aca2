"""What the journal answers of a plan: days that are over stay over, a row's counts go together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from secrets import token_hex

import pytest
from helpers.plans import question, row

from ct_magic.client.jobs import Failure, Job, Partial, State, Tally
from ct_magic.client.journal.entries import CellRecord
from ct_magic.client.journal.freshness import Freshness, recalled
from ct_magic.client.journal.journal import Journal
from ct_magic.rows import Comparison, Formula, Plan
from ct_magic.settings import Settings

USUAL = Settings()


@dataclass
class Morning:
    """A journal, and the time at which somebody runs a cell; each count is there at once."""

    file: Path
    now: datetime = datetime(2026, 1, 1, 9, tzinfo=UTC)
    sent: list[str] = field(default_factory=list)
    ids: int = 0

    @property
    def freshness(self) -> Freshness:
        return Freshness(
            today=self.now.date(),
            zone=UTC,
            ttl=USUAL.cache_ttl,
            settled_after=USUAL.settled_after,
            settled_ttl=USUAL.settled_ttl,
            pickup_age=USUAL.pickup_age,
        )

    def run(
        self, plan: Plan, answered: bool = True, reached: Collection[int] | None = None
    ) -> list[Job]:
        """Ask what must be asked; give the jobs as the journal left them before.

        Only what is `reached` is sent, or fetched, before the kernel dies; None: everything.
        """
        journal = Journal(self.file, "acc", warn=print, now=lambda: self.now.timestamp())
        jobs = recalled(plan, journal, self.freshness)
        journal.begin(CellRecord(token_hex(8), plan), self.freshness)
        self.sent = [job.question.text for job in jobs if job.state is State.WAITING]
        for job in jobs:
            if reached is not None and job.number not in reached:
                continue
            if job.state is State.WAITING:
                assert journal.asked_elsewhere(job) is None
                journal.asking(job)
                self.ids += 1
                journal.answered(job, Partial(str(self.ids)))
            if answered and not job.state.ended:
                journal.ended(replace(job, state=State.SUCCESS, tally=Tally(5)))
        return jobs


def last_thirty_days(today: date) -> Plan:
    """What `Charged last 30 days by day` asks on this day."""
    days = [today - timedelta(n) for n in range(30, 0, -1)]
    questions = [question(f"Charged {day}", start=day, end=day, until=day) for day in days]
    return Plan(tuple(row(n) for n in range(30)), tuple(questions))


def test_each_morning_sends_the_new_day_and_those_that_may_change(tmp_path: Path) -> None:
    """Thirty days by day, each morning: one new day and the seven before it, never thirty."""
    morning = Morning(tmp_path / "j")
    sent: list[int] = []
    for _ in range(60):
        today = morning.now.date()
        morning.run(last_thirty_days(today))
        sent.append(len(morning.sent))
        if sent[1:]:
            days = [today - timedelta(n) for n in range(8, 0, -1)]
            assert morning.sent == [f"Charged {day}" for day in days]
        morning.now += timedelta(days=1)
    assert sent[0] == 30
    assert set(sent[1:]) == {8}


def total(*until: date) -> Plan:
    """One row that is a sum of counts, each of which looks at days up to one of these."""
    summed = row(0, formula=Formula(tuple(range(len(until)))))
    return Plan((summed,), tuple(question(f"q{n}", until=day) for n, day in enumerate(until)))


def only(plan: Plan, numbers: Sequence[int]) -> Plan:
    """Some of a plan's questions, each a row of its own."""
    rows = [row(n) for n in range(len(numbers))]
    return Plan(tuple(rows), tuple(plan.questions[n] for n in numbers))


def test_where_one_count_of_a_row_is_asked_anew_all_that_may_change_are(tmp_path: Path) -> None:
    """Counts of different moments may contradict each other; those of settled days may not."""
    morning = Morning(tmp_path / "j", datetime(2026, 11, 24, 9, tzinfo=UTC))
    yesterday, long_ago = date(2026, 11, 23), date(2026, 11, 1)
    plan = total(yesterday, yesterday, long_ago)
    morning.run(only(plan, [0, 2]))
    morning.now += timedelta(hours=1)
    jobs = morning.run(plan)
    assert morning.sent == ["q0", "q1"]
    assert jobs[2].state is State.SUCCESS
    morning.now += timedelta(hours=1)
    assert [job.state for job in morning.run(plan)] == [State.SUCCESS] * 3


def test_rows_that_share_a_count_go_together(tmp_path: Path) -> None:
    """A step's base is the next step's base, too: one that is missing takes all of them along."""
    morning = Morning(tmp_path / "j", datetime(2026, 11, 24, 9, tzinfo=UTC))
    of = Formula((0,))
    rows = [row(0), row(1, base=0, of=of), row(2, base=0, of=of), row(3)]
    day = date(2026, 11, 23)
    funnel = Plan(tuple(rows), tuple(question(f"q{n}", until=day) for n in range(4)))
    morning.run(only(funnel, [0, 1, 3]))
    morning.now += timedelta(minutes=1)
    morning.run(funnel)
    assert morning.sent == ["q0", "q1", "q2"]


def test_an_id_of_just_now_is_as_good_as_a_new_one(tmp_path: Path) -> None:
    """A cell that was killed in the middle goes on: what was sent is not sent again."""
    morning = Morning(tmp_path / "j", datetime(2026, 11, 24, 9, tzinfo=UTC))
    plan = total(date(2026, 11, 23), date(2026, 11, 23))
    morning.run(only(plan, [0]), answered=False)
    morning.now += timedelta(seconds=USUAL.pickup_age / 2)
    jobs = morning.run(plan, answered=False)
    assert morning.sent == ["q1"]
    assert jobs[0].req_id == "1"
    morning.now += timedelta(hours=1)
    morning.run(plan, answered=False)
    assert morning.sent == [], "both were of one moment, and of days that were over"


# What speaks of profiles as they are now.


def moving(plan: Plan, *numbers: int) -> Plan:
    """A plan some of whose questions speak of profiles as they are."""
    asked = [replace(q, profiles_now=n in numbers) for n, q in enumerate(plan.questions)]
    return replace(plan, questions=tuple(asked))


SETTLED = date(2026, 10, 31)
FUNNEL = Plan(
    (row(0), row(1, base=0, of=Formula((0,)))), tuple(question(f"q{n}") for n in range(2))
)
SUM = Plan((row(0, formula=Formula((0,), (1,))),), FUNNEL.questions)
OTHER = Comparison(Formula((1,)), SETTLED, SETTLED)
VERSUS = Plan((row(0, previous=OTHER),), FUNNEL.questions)
OWN_DAYS = Plan(
    (row(0, formula=Formula(tuple(range(30)), tuple(range(30, 60))), of=Formula((60,))),),
    tuple(question(f"q{n}") for n in range(61)),
)
SHAPES = pytest.mark.parametrize(
    "shape", [FUNNEL, SUM, VERSUS, OWN_DAYS], ids=["funnel", "sum", "versus", "own days"]
)


def all_of(plan: Plan) -> list[str]:
    return [asked.text for asked in plan.questions]


@SHAPES
@pytest.mark.parametrize("moves", [0, 1])
def test_a_count_of_profiles_as_they_are_never_settles(
    tmp_path: Path, shape: Plan, moves: int
) -> None:
    """The base of a month ago was kept, and the step asked anew: a share of two moments."""
    morning, plan = Morning(tmp_path / "j", datetime(2026, 11, 25, 9, tzinfo=UTC)), shape
    plan = moving(plan, moves)
    morning.run(only(plan, [moves]))
    morning.now += timedelta(days=23)
    morning.run(plan)
    assert morning.sent == all_of(plan)
    morning.now += timedelta(hours=23)
    morning.run(plan)
    assert morning.sent == []
    morning.now += timedelta(hours=2)
    morning.run(plan)
    assert f"q{moves}" in morning.sent
    assert morning.sent == all_of(plan), "one moment for all"


@SHAPES
@pytest.mark.parametrize("known", [0, 1])
@pytest.mark.parametrize("answered", [True, False])
def test_a_row_of_profiles_as_they_are_comes_from_one_run(
    tmp_path: Path, shape: Plan, known: int, answered: bool
) -> None:
    """If one must be asked anew, all are: also where it was asked a minute ago, by another cell."""
    morning, plan = Morning(tmp_path / "j", datetime(2026, 11, 25, 9, tzinfo=UTC)), shape
    plan = moving(plan, 1)
    morning.run(only(plan, [known]), answered)
    morning.now += timedelta(minutes=1)
    morning.run(plan, answered)
    assert morning.sent == all_of(plan)
    morning.now += timedelta(minutes=1)
    morning.run(plan, answered)
    assert morning.sent == []


def test_a_run_that_was_cut_off_is_resumed_with_all_that_it_had_sent(tmp_path: Path) -> None:
    """Of one run: what is counted and what is pending go together; what was never sent does not."""
    morning = Morning(tmp_path / "j", datetime(2026, 11, 25, 9, tzinfo=UTC))
    plan = moving(FUNNEL, 0)
    morning.run(plan, answered=False)
    morning.now += timedelta(minutes=1)
    morning.run(plan, reached=[0])
    assert morning.sent == []
    morning.now += timedelta(minutes=1)
    jobs = morning.run(plan, answered=False)
    assert [job.state for job in jobs] == [State.SUCCESS, State.SUBMITTED]
    morning.now += timedelta(days=2)
    morning.run(plan, answered=False, reached=[1])
    assert morning.sent == all_of(plan)
    morning.now += timedelta(minutes=1)
    morning.run(plan)
    assert morning.sent == all_of(plan)


def test_of_two_whole_runs_the_later_one_answers(tmp_path: Path) -> None:
    """A part that a third cell asked since, by itself, does not cut it in two."""
    morning = Morning(tmp_path / "j", datetime(2026, 11, 25, 9, tzinfo=UTC))
    plan = moving(FUNNEL, 0)
    for asked in (plan, only(plan, [1]), only(plan, [0])):
        morning.run(asked)
        morning.now += timedelta(minutes=1)
    assert {job.counted for job in morning.run(plan)} == {datetime(2026, 11, 25, 9, tzinfo=UTC)}


def test_rows_of_profiles_as_they_are_that_share_no_count_are_asked_each_by_itself(
    tmp_path: Path,
) -> None:
    """Ninety days of one filter are ninety counts: those that are known are kept."""
    morning = Morning(tmp_path / "j", datetime(2026, 11, 25, 9, tzinfo=UTC))
    plan = Plan(tuple(row(n) for n in range(90)), tuple(question(f"q{n}") for n in range(90)))
    plan = moving(plan, *range(90))
    morning.run(only(plan, range(60)))
    morning.now += timedelta(minutes=1)
    morning.run(plan)
    assert morning.sent == all_of(plan)[60:]


def test_a_plain_row_that_shares_a_count_with_one_of_profiles_is_no_part_of_it(
    tmp_path: Path,
) -> None:
    """Counts of events alone settle: a step of such is kept where its base must be asked anew."""
    morning = Morning(tmp_path / "j", datetime(2026, 11, 25, 9, tzinfo=UTC))
    rows = (*FUNNEL.rows, row(2, base=0, of=Formula((0,))))
    plan = Plan(rows, tuple(question(f"q{n}", until=SETTLED) for n in range(3)))
    plan = moving(plan, 1)
    morning.run(plan)
    morning.now += timedelta(days=2)
    morning.run(plan)
    assert morning.sent == ["q0", "q1"]


def test_an_id_of_an_earlier_run_that_is_forgotten_is_not_sent_again_by_itself(
    tmp_path: Path,
) -> None:
    """Its row would mix two moments; the next run of the cell asks all of it."""
    morning = Morning(tmp_path / "j", datetime(2026, 11, 25, 9, tzinfo=UTC))
    plan = moving(FUNNEL, 0)
    morning.run(plan, answered=False)
    morning.run(plan, reached=[0])
    journal = Journal(tmp_path / "j", "acc", warn=print, now=lambda: morning.now.timestamp())
    (*_, job) = recalled(plan, journal, morning.freshness)
    journal.begin(CellRecord("again", plan), morning.freshness)
    forgotten = replace(job, state=State.WAITING, req_id=None, again=True)
    assert isinstance(journal.asked_elsewhere(forgotten), Failure)
    morning.run(plan)
    assert morning.sent == all_of(plan)
