"""What the journal answers of a plan: days that are over stay over, a row's counts go together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from helpers.plans import question, row

from ct_magic.client.jobs import Job, Partial, State, Tally
from ct_magic.client.journal.entries import Freshness
from ct_magic.client.journal.journal import Journal, recalled
from ct_magic.rows import Formula, Plan
from ct_magic.settings import Settings

USUAL = Settings()


@dataclass
class Morning:
    """A journal, and the time at which somebody runs a cell; each count is there at once."""

    file: Path
    now: datetime = datetime(2026, 1, 1, 9, tzinfo=UTC)
    sent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.journal = Journal(self.file, "acc", warn=print, now=lambda: self.now.timestamp())

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

    def run(self, plan: Plan, answered: bool = True) -> list[Job]:
        """Ask what must be asked; give the jobs as the journal left them before."""
        journal = self.journal
        jobs = recalled(plan, journal, self.freshness)
        self.sent = [job.question.text for job in jobs if job.state is State.WAITING]
        for job in jobs:
            if job.state is State.WAITING:
                journal.asking(job)
                journal.answered(job, Partial(str(job.number)))
            if answered and not job.state.ended:
                journal.ended(replace(job, state=State.SUCCESS, tally=Tally(5)))
        return jobs


def last_thirty_days(today: date) -> Plan:
    """What `Charged last 30 days by day` asks on this day."""
    days = [today - timedelta(n) for n in range(30, 0, -1)]
    questions = [question(f"Charged {day}", start=day, end=day, until=day) for day in days]
    return Plan(tuple(row(n) for n in range(30)), tuple(questions))


def test_a_year_of_mornings_sends_the_new_day_and_those_that_may_change(tmp_path: Path) -> None:
    """Thirty days by day, each morning: one new day and the seven before it, never thirty."""
    morning = Morning(tmp_path / "j")
    sent: list[int] = []
    for _ in range(365):
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
    assert jobs[0].req_id == "0"
    morning.now += timedelta(hours=1)
    morning.run(plan, answered=False)
    assert morning.sent == [], "both were of one moment, and of days that were over"
