"""`%ct check`: what an account's own answers say of the service, where no page says it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from ct_magic import errors
from ct_magic.client.accounts import Account
from ct_magic.client.jobs import Answer, Failure, State, Tally
from ct_magic.client.journal.journal import open_journal
from ct_magic.counting.asking import ask_unrecorded
from ct_magic.counting.check_points import EVENT, Answers, Point, points, questions
from ct_magic.planning.prepare import PreparedCell, remember_facts, today_of
from ct_magic.rows import Plan, Record, question_about
from ct_magic.session.session import SESSION
from ct_magic.settings import Settings, in_force

if TYPE_CHECKING:
    import pandas as pd

    from ct_magic.client.journal.journal import Journal
    from ct_magic.client.transport import Asker

MARKS = {True: "✓", False: "✗", None: "?"}
_RESULT_WORDS = {True: "holds", False: "does not hold", None: "unknown"}
_HEAD = ("", "point", "tested", "result", "meaning")


class Check(Record):
    """What was found out about an account: a table of points, as text and as a DataFrame."""

    account: str
    points: tuple[Point, ...]

    @property
    def holds(self) -> bool:
        """True unless a point does not hold; an unknown one is no failure."""
        return not any(point.holds is False for point in self.points)

    @property
    def facts(self) -> frozenset[str]:
        """The names of the points that hold."""
        return frozenset(point.name for point in self.points if point.holds)

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each point; `holds` is missing where it is unknown."""
        from ct_magic.results.tables import POINT_COLUMNS, table

        rows = [(p.name, p.holds, p.tested, p.result, p.meaning) for p in self.points]
        return table(rows, POINT_COLUMNS)

    def __str__(self) -> str:
        lines = [f"account {self.account}"]
        for point in self.points:
            lines += [
                f"{MARKS[point.holds]} {point.name}: {_RESULT_WORDS[point.holds]}",
                f"    tested   {point.tested}",
                f"    result   {point.result}",
                f"    meaning  {point.meaning}",
            ]
        return "\n".join(lines)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show the table in a terminal, too."""
        printer.text(str(self))

    def _repr_html_(self) -> str:
        from ct_magic.panel.short_tables import word_table

        rows = [(MARKS[p.holds], p.name, p.tested, p.result, p.meaning) for p in self.points]
        return word_table([_HEAD, *rows])


def check(
    account: str | Account | None = None,
    *,
    event: str = EVENT,
    today: date | None = None,
    settings: Settings | None = None,
    say: Callable[[str], None] | None = None,
) -> Check:
    """Ask an account some small counts whose answers must agree, and return what they say.

    `account` is a name or an `Account`; without it, the one in use. `event` is one that many
    profiles do on a day, `today` the day before which the days of the counts lie. `say` is called
    first, with a sentence on how many counts are asked. What holds is remembered for this account
    and takes doubts away.

    The result shows itself as a table; `.frame` is it as a DataFrame, `.holds` is False where
    some point does not hold. Raises AccountError for missing credentials, and CountFailedError
    where the account could not be asked.
    """
    chosen = SESSION.account(account)
    settings = settings or in_force()
    day = today or today_of(chosen, settings)
    bodies = questions(day, event)
    counts = (question_about(b, json.dumps(b), f"check: {name}") for name, b in bodies.items())
    plan = Plan((), tuple(counts))
    if say is not None:
        say(f"about {len(bodies)} small counts of account {chosen.name} ({chosen.id})")
    journal = open_journal(chosen)
    answers = _answers(list(bodies), PreparedCell(plan, chosen, settings, day), journal)
    result = Check(chosen.name, points(answers))
    if "day" not in answers.tallies:
        error = answers.errors.get("day", "no answer yet")
        raise errors.CountFailedError(f"the account could not be asked: {error}", result.frame)
    remember_facts(journal, {p.name: p.holds for p in result.points})
    return result


class _Refusals:
    """Passes requests on, and remembers which queries the service refused for good.

    What only failed to arrive says nothing about the service, and must not look like a refusal.
    """

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self.refused: set[str] = set()

    def submit(self, body: str) -> Answer:
        """Send a query."""
        return self._noted(body, self._asker.submit(body))

    def poll(self, req_id: str) -> Answer:
        """Look whether the query under this id is done."""
        return self._noted(req_id, self._asker.poll(req_id))

    def _noted(self, request: str, answer: Answer) -> Answer:
        if isinstance(answer, Failure):
            self.refused.add(request)
        return answer


def _answers(names: list[str], cell: PreparedCell, journal: Journal) -> Answers:
    from ct_magic.client.transport import Service

    asker = _Refusals(Service(cell.account))
    jobs = ask_unrecorded(cell, journal, asker)
    tallies, why, refused = dict[str, Tally](), dict[str, str](), set[str]()
    for name, job in zip(names, jobs, strict=True):
        if job.tally is not None:
            tallies[name] = job.tally
        elif job.state is State.FAILED and {job.question.body, job.req_id} & asker.refused:
            refused.add(name)
            why[name] = job.error or str(job.state)
        else:
            why[name] = f"{job.state}{': ' + job.error if job.error else ''}"
    return Answers(tallies, why, refused)
