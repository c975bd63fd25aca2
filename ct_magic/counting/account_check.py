"""`%ct check`: what an account's own answers show about what the service leaves undocumented.

Most counts are of the day three days ago: it is complete, and late events have mostly arrived. All
are of one event E that many profiles do on a day, by default `App Launched`, which every account
has. A clause that the service ignores leaves the count as it is, which may look like success: a
point holds only where another count shows that its clauses had an effect.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from ct_magic import errors
from ct_magic.client.accounts import Account
from ct_magic.client.jobs import Job
from ct_magic.client.journal.journal import open_journal
from ct_magic.counting.asking import ask_unrecorded
from ct_magic.planning.prepare import PreparedCell, remember_facts, today_of
from ct_magic.query.doubts import CLOCK, DID_SEES_BASE
from ct_magic.rows import Plan, Record, question_about
from ct_magic.session.session import SESSION
from ct_magic.settings import Settings, in_force

if TYPE_CHECKING:
    import pandas as pd


EVENT = "App Launched"
BACK = timedelta(days=3)  # from today to the day D
_WEEK = timedelta(weeks=1)  # before D, in which some of its people came as well
_LONG_ENOUGH = timedelta(weeks=12)  # so many people that a few do not decide on the clock
MORNING, EVENING, HOUR = ["00:00", "11:59"], ["12:00", "23:59"], ["19:00", "19:59"]
FEWEST = 30  # people; that all of fewer came in both halves of a day proves nothing
# People; were it the event's clock, some would buy or end a minute beyond the hour.
_ENOUGH_PEOPLE = 300
STRANGE = "ct_magic_check"  # a name that no account has
_Body = dict[str, object]
Answers = Mapping[str, Job]  # by the names of `questions`, each ended
MARKS = {True: ("✓", "holds"), False: ("✗", "does not hold"), None: ("?", "unknown")}


class Point(Record):
    """One thing that was tested: `holds` is None where the answers are inconclusive."""

    name: str
    tested: str
    result: str
    holds: bool | None
    meaning: str


def questions(today: date, event: str = EVENT) -> dict[str, _Body]:
    """Return the JSON of each count that is asked, by its name here."""
    last = today - BACK
    day, before = _days(event, last, last), _days(event, last - _WEEK, last - timedelta(1))
    morning, evening = _at(day, MORNING), _at(day, EVENING)
    whole = _days(event, last - _LONG_ENOUGH, last)
    later = [_days(name, last - _LONG_ENOUGH, last) for name in ("Session Concluded", "Charged")]
    unknown = {"name": STRANGE, "operator": STRANGE, "value": "x"}
    empty = {"name": STRANGE, "operator": "equals", "value": ""}
    return {
        "day": day,
        "did": _with_advanced(day, did_all=[day]),
        "did any": _with_advanced(day, did_any=_did_any(day)),
        "again": _with_advanced(day, did_all=[before]),
        "first": _with_advanced(day, did_none=[before]),
        "week before": before,
        "eight days": _days(event, last - _WEEK, last),
        "morning": morning,
        "evening": evening,
        "morning and evening": _with_advanced(morning, did_all=[evening]),
        "morning or again": _with_advanced(day, did_any=_did_any(morning, before)),
        "morning and again": _with_advanced(morning, did_all=[before]),
        "once in the hour": _once(whole, *later),
        "all in the hour": _once(whole, *(_at(each, HOUR) for each in later)),
        "unknown key": day | {STRANGE: 1},
        "unknown operator": day | {"event_properties": [unknown]},
        "unknown filter": day | {"common_profile_properties": {STRANGE: [unknown]}},
        "empty text": day | {"event_properties": [empty]},
    }


class _Rule(Record):
    """What is tested by which counts: `judge` takes these and returns what they prove."""

    name: str
    tested: str
    counts: tuple[str, ...]
    judge: Callable[..., bool | None]
    meaning: str
    narrowed: tuple[str, ...] = ()  # counts that show that the clauses had an effect


def _adds_up(whole: int, *parts: int) -> bool:
    return whole == sum(parts)


def _is_either(either: int, morning: int, again: int, both: int) -> bool | None:
    # Where one part contains the other, a service that reads only one of them finds as many.
    right = either == morning + again - both
    return None if right and both in (morning, again) else right


def _is_clock_range(whole: int, morning: int, evening: int, both: int) -> bool | None:
    if not whole:
        return None
    if whole != morning + evening - both:
        return False
    # Where each half is the whole, the filter was ignored, or there are too few profiles.
    return True if both < whole else None if whole < FEWEST else False


def _is_sessions(all_of_them: int, inside: int) -> bool | None:
    # One in fifty bought or ended beyond the hour: it was not the beginning that was compared.
    beyond = all_of_them - inside
    if beyond >= max(3, all_of_them / 50):
        return False
    return True if all_of_them >= _ENOUGH_PEOPLE and 0 <= beyond <= all_of_them / 200 else None


_RULES = (
    _Rule(
        DID_SEES_BASE,
        "E; E did E; E did any (E): one number",
        ("day", "did", "did any"),
        lambda *counts: len(set(counts)) == 1,
        "'or' and a 'did' of the base's own event are exact where this holds, and wrong where not",
        ("again", "morning or again"),
    ),
    _Rule(
        "did not splits",
        "E; E did E in the week before; E did not: the first is the sum of the others",
        ("day", "again", "first"),
        _adds_up,
        "'did not' may be trusted where this holds",
        ("again", "first"),
    ),
    _Rule(
        "first days add up",
        "E on eight days; on the first seven; on the last for the first time: the sum",
        ("eight days", "week before", "first"),
        _adds_up,
        "the pieces of 'by first day' add up to the whole where this holds",
        ("first",),
    ),
    _Rule(
        "did any is either",
        "E did any (E in the morning, E in the week before); morning; week; both: first = second + "
        "third - fourth",
        ("morning or again", "morning", "again", "morning and again"),
        _is_either,
        "'did any', and 'or', find what either part finds where this holds",
        ("morning or again", "morning", "again"),
    ),
    _Rule(
        "range of the clock",
        "E; 00:00 to 11:59; 12:00 to 23:59; both: the halves are the whole, and not each all of it",
        ("day", "morning", "evening", "morning and evening"),
        _is_clock_range,
        "two times are a range of the clock where this holds; else the filter does something else",
    ),
    _Rule(
        CLOCK,
        "who launched once in 12 weeks, at 19:00 to 19:59, and bought or ended; those at 19:00 to "
        "19:59: one number if the session's beginning is what counts",
        ("once in the hour", "all in the hour"),
        _is_sessions,
        "'by hour' and time_of_day mean the hour in which the session began; else the event's own",
    ),
    _Rule(
        "empty text is a value",
        'E; E where a property that no profile has equals ""',
        ("day", "empty text"),
        lambda day, empty: empty != day if day else None,
        'an equality with "" finds empty texts where this holds; where not, it means no filter',
    ),
)


def points(answers: Answers) -> tuple[Point, ...]:
    """Return what the answers to `questions` say, point by point."""
    return (
        *(_judged(rule, answers) for rule in _RULES),
        *(_undecided(answers, f"unknown {kind}") for kind in ("key", "operator", "filter")),
        _devices(answers),
    )


def _counts_of(answers: Answers, *names: str) -> list[int] | None:
    """Return these counts; None where one is missing."""
    tallies = [answers[name].tally for name in names]
    return [tally.count for tally in tallies if tally] if all(tallies) else None


def _shown(answers: Answers, *names: str) -> str:
    """Return these counts as people read them, or why the first that is missing is."""
    for job in (answers[name] for name in names):
        if job.tally is None:  # one that is lost on the way is not refused
            words = ("refused" if job.refused else str(job.state), job.error)
            return ": ".join(filter(None, words))
    return ", ".join(f"{count:,}" for count in _counts_of(answers, *names) or ())


def _judged(rule: _Rule, answers: Answers) -> Point:
    counts = _counts_of(answers, *rule.counts)
    holds = rule.judge(*counts) if counts else None
    if rule.narrowed:
        # A clause that was ignored excludes no profile, or all of them.
        whole, *parts = _counts_of(answers, "day", *rule.narrowed) or [0]
        if not whole or (holds and not all(0 < part < whole for part in parts)):
            holds = None
    return Point(rule.name, rule.tested, _shown(answers, *rule.counts), holds, rule.meaning)


def _undecided(answers: Answers, kind: str) -> Point:
    counts = _counts_of(answers, "day", kind)
    ignored = counts is not None and counts[0] == counts[1]
    result = _shown(answers, "day", kind)
    return Point(
        f"{kind} is refused",
        f"E; E with an {kind} (an undocumented one)",
        f"{result} (ignored)" if ignored else result,
        True if answers[kind].refused else None if counts is None or not counts[0] else False,
        "a misspelt one is an error where this holds; where not, it is ignored silently and the "
        "count is of more profiles than meant",
    )


def _devices(answers: Answers) -> Point:
    tally = answers["day"].tally
    split = {"users": tally.users, "devices": tally.devices} if tally else {}
    shown = ", ".join(f"{value:,} {name}" for name, value in split.items() if value is not None)
    like = [name for name, value in split.items() if tally and value == tally.count]
    return Point(
        "count is users or devices",
        "E: count against userDeviceCount",
        f"{_shown(answers, 'day')}: {shown or 'no split'}",
        None if not shown else bool(like),
        f"a count is one of {' and of '.join(like)}"
        if like
        else "the columns users and devices say how a count is split",
    )


def _days(event: str, first: date, last: date) -> _Body:
    ends = {key: int(f"{day:%Y%m%d}") for key, day in (("from", first), ("to", last))}
    return {"event_name": event, **ends}


def _at(body: _Body, clock: list[str]) -> _Body:
    return body | {"session_properties": [{"name": "time_of_day", "value": clock}]}


def _with_advanced(body: _Body, **advanced: object) -> _Body:
    return body | {"advanced_query": advanced}


def _did_any(*events: _Body) -> _Body:
    return {"any_events": list(events), "operator": "greater_than_equals", "value": 1}


def _once(whole: _Body, *later: _Body) -> _Body:
    # One session in all these weeks: what it holds beyond the hour can come from no other.
    once = whole | {"operator": "equals", "value": 1}
    return _with_advanced(_at(whole, HOUR), did_all=[once], did_any=_did_any(*later))


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
                "{} {name}: {}".format(*MARKS[point.holds], name=point.name),
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

        rows = [(MARKS[p.holds][0], p.name, p.tested, p.result, p.meaning) for p in self.points]
        return word_table([("", "point", "tested", "result", "meaning"), *rows])


def check(
    account: str | Account | None = None,
    *,
    event: str = EVENT,
    today: date | None = None,
    settings: Settings | None = None,
    say: Callable[[str], None] | None = None,
) -> Check:
    """Ask an account some small counts whose answers must agree, and return what they show.

    `account` is a name or an `Account` (default: the one in use), `event` one that many profiles
    do on a day; the counts are of days before `today`. `say` is called first, with a sentence on
    how many counts are asked. What holds is remembered for this account and removes doubts.

    The result displays as a table; `.frame` is its DataFrame, `.holds` is False where some point
    does not hold. Raises AccountError for missing credentials, and CountFailedError where the
    account could not be asked.
    """
    from ct_magic.client.transport import Service

    chosen = SESSION.account(account)
    settings = settings or in_force()
    day = today or today_of(chosen, settings)
    bodies = questions(day, event)
    counts = (question_about(b, json.dumps(b), f"check: {name}") for name, b in bodies.items())
    plan = Plan((), tuple(counts))
    if say is not None:
        say(f"about {len(bodies)} small counts of account {chosen.name} ({chosen.id})")
    journal = open_journal(chosen)
    cell = PreparedCell(plan, chosen, settings, day)
    answers = dict(zip(bodies, ask_unrecorded(cell, journal, Service(chosen)), strict=True))
    result = Check(chosen.name, points(answers))
    if answers["day"].tally is None:
        message = f"the account could not be asked: {_shown(answers, 'day')}"
        raise errors.CountFailedError(message, result.frame)
    remember_facts(journal, {p.name: p.holds for p in result.points})
    return result
