"""What `%ct check` asks, as plain JSON, and how the answers are judged; nothing is sent from here.

Three days ago is the day D of most counts: complete, and what arrives late has mostly arrived. All
counts are of one event E, which many do on a day; `App Launched` is one that every account has.
A clause that the service ignores leaves the count as it is, which may look as if all were well: a
point holds only where some other count shows that its clauses are heeded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from ct_magic.client.jobs import Tally
from ct_magic.query.doubts import CLOCK, DID_SEES_BASE

DID_NOT_SPLITS = "did not splits"
FIRST_DAYS_ADD_UP = "first days add up"
ANY_IS_EITHER = "did any is either"
CLOCK_RANGE = "range of the clock"
UNKNOWN_KEY = "unknown key is refused"
UNKNOWN_OPERATOR = "unknown operator is refused"
UNKNOWN_FILTER = "unknown filter is refused"
COUNT_IS_SPLIT = "count is users or devices"
EMPTY_TEXT = "empty text is a value"

EVENT = "App Launched"
BACK = timedelta(days=3)  # from today to the day D
_WEEK = timedelta(weeks=1)  # before D, in which some of its people came as well
_WEEKS = timedelta(weeks=12)  # so many people that a few do not decide on the clock
MORNING, EVENING, HOUR = ["00:00", "11:59"], ["12:00", "23:59"], ["19:00", "19:59"]
FEWEST = 30  # people; that all of fewer came in both halves of a day proves nothing
_ENOUGH = 300  # people; were it the event's clock, some would buy or end a minute beyond the hour
STRANGE = "ct_magic_check"  # a name that no account has
_Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that was found out: `holds` is None where the answers do not tell."""

    name: str
    asked: str
    came: str
    holds: bool | None
    meaning: str


@dataclass(frozen=True, slots=True)
class Answers:
    """What came: the tally of each count, or why it was refused, or why it is missing."""

    tallies: Mapping[str, Tally]
    refused: Mapping[str, str]
    lost: Mapping[str, str]

    @property
    def errors(self) -> Mapping[str, str]:
        """Return why there is no count, by the counts' names."""
        return {**self.refused, **self.lost}

    def counts(self, *names: str) -> list[int] | None:
        """Return these counts; None where one is missing."""
        tallies = [self.tallies.get(name) for name in names]
        return [tally.count for tally in tallies if tally] if all(tallies) else None

    def shown(self, *names: str) -> str:
        """Return these counts as people read them, or the first error."""
        errors = self.errors
        if error := next((errors[name] for name in names if name in errors), None):
            return error
        tallies = [self.tallies.get(name) for name in names]
        return ", ".join(f"{tally.count:,}" if tally else "nothing" for tally in tallies)


def questions(today: date, event: str = EVENT) -> dict[str, _Json]:
    """Return the counts that are asked: their names here, and their JSON."""
    last = today - BACK
    day, before = _days(event, last, last), _days(event, last - _WEEK, last - timedelta(1))
    morning, evening = _at(day, MORNING), _at(day, EVENING)
    whole = _days(event, last - _WEEKS, last)
    later = [_days(name, last - _WEEKS, last) for name in ("Session Concluded", "Charged")]
    unknown = {"name": STRANGE, "operator": STRANGE, "value": "x"}
    empty = {"name": STRANGE, "operator": "equals", "value": ""}
    return {
        "day": day,
        "did": _with(day, did_all=[day]),
        "did any": _with(day, did_any=_any(day)),
        "again": _with(day, did_all=[before]),
        "first": _with(day, did_none=[before]),
        "week before": before,
        "eight days": _days(event, last - _WEEK, last),
        "morning": morning,
        "evening": evening,
        "morning and evening": _with(morning, did_all=[evening]),
        "morning or again": _with(day, did_any=_any(morning, before)),
        "morning and again": _with(morning, did_all=[before]),
        "once in the hour": _once(whole, *later),
        "all in the hour": _once(whole, *(_at(each, HOUR) for each in later)),
        "unknown key": day | {STRANGE: 1},
        "unknown operator": day | {"event_properties": [unknown]},
        "unknown filter": day | {"common_profile_properties": {STRANGE: [unknown]}},
        "empty text": day | {"event_properties": [empty]},
    }


def points(answers: Answers) -> tuple[Point, ...]:
    """Return what the answers say, point by point."""
    return (
        _same(answers),
        _split(answers),
        _first_days(answers),
        _either(answers),
        _range(answers),
        _clock(answers),
        *(_unknown(answers, name, kind) for name, kind in _UNKNOWN),
        _devices(answers),
        _empty(answers),
    )


_UNKNOWN = (
    (UNKNOWN_KEY, "unknown key"),
    (UNKNOWN_OPERATOR, "unknown operator"),
    (UNKNOWN_FILTER, "unknown filter"),
)


def _same(answers: Answers) -> Point:
    names = ("day", "did", "did any")
    counts = answers.counts(*names)
    return Point(
        DID_SEES_BASE,
        "E; E did E; E did any (E): one number",
        answers.shown(*names),
        _if_heeded(answers, counts and len(set(counts)) == 1, "again", "morning or again"),
        "'or' and a 'did' of the base's own event are exact where this holds, and wrong where not",
    )


def _split(answers: Answers) -> Point:
    names = ("day", "again", "first")
    counts = answers.counts(*names)
    return Point(
        DID_NOT_SPLITS,
        "E; E did E in the week before; E did not: the first is the sum of the others",
        answers.shown(*names),
        _if_heeded(answers, counts and counts[0] == counts[1] + counts[2], "again", "first"),
        "'did not' may be trusted where this holds",
    )


def _first_days(answers: Answers) -> Point:
    names = ("eight days", "week before", "first")
    counts = answers.counts(*names)
    return Point(
        FIRST_DAYS_ADD_UP,
        "E on eight days; on the first seven; on the last for the first time: the sum",
        answers.shown(*names),
        _if_heeded(answers, counts and counts[0] == counts[1] + counts[2], "first"),
        "the pieces of 'by first day' add up to the whole where this holds",
    )


def _either(answers: Answers) -> Point:
    names = ("morning or again", "morning", "again", "morning and again")
    counts = answers.counts(*names)
    return Point(
        ANY_IS_EITHER,
        "E did any (E in the morning, E in the week before); morning; week; both: first = second + "
        "third - fourth",
        answers.shown(*names),
        _if_heeded(answers, counts and _is_either(*counts), "morning or again", "morning", "again"),
        "'did any', and 'or', find what either part finds where this holds",
    )


def _is_either(either: int, morning: int, again: int, both: int) -> bool | None:
    # Where one part holds the other, who looked at one alone finds as many.
    right = either == morning + again - both
    return None if right and both in (morning, again) else right


def _if_heeded(answers: Answers, right: bool | list[int] | None, *narrowed: str) -> bool | None:
    """Return what was found; None where it may be so because a clause was ignored.

    A clause was heeded where it left somebody out, and somebody in.
    """
    counts = answers.counts("day", *narrowed)
    if right is None or counts is None or not counts[0]:
        return None
    if not right:
        return False
    return True if all(0 < count < counts[0] for count in counts[1:]) else None


def _range(answers: Answers) -> Point:
    names = ("day", "morning", "evening", "morning and evening")
    counts = answers.counts(*names)
    return Point(
        CLOCK_RANGE,
        "E; 00:00 to 11:59; 12:00 to 23:59; both: the halves are the whole, and not each all of it",
        answers.shown(*names),
        _is_range(counts) if counts and counts[0] else None,
        "two times are a range of the clock where this holds; else the filter does something else",
    )


def _is_range(counts: list[int]) -> bool | None:
    whole, morning, evening, both = counts
    if whole != morning + evening - both:
        return False
    # Where each half is the whole, the filter was ignored, or there are too few to tell.
    return True if both < whole else None if whole < FEWEST else False


def _clock(answers: Answers) -> Point:
    names = ("once in the hour", "all in the hour")
    counts = answers.counts(*names)
    return Point(
        CLOCK,
        "who launched once in 12 weeks, at 19:00 to 19:59, and bought or ended; those at 19:00 to "
        "19:59: one number if the session's beginning is what counts",
        answers.shown(*names),
        _is_sessions(counts) if counts else None,
        "'by hour' and time_of_day mean the hour in which the session began; else the event's own",
    )


def _is_sessions(counts: list[int]) -> bool | None:
    # One in fifty bought or ended beyond the hour: it was not the beginning that was compared.
    everybody, inside = counts
    beyond = everybody - inside
    if beyond >= max(3, everybody / 50):
        return False
    return True if everybody >= _ENOUGH and 0 <= beyond <= everybody / 200 else None


def _unknown(answers: Answers, name: str, kind: str) -> Point:
    counts, error = answers.counts("day", kind), answers.refused.get(kind)
    ignored = counts is not None and counts[0] == counts[1]
    came = f"refused: {error}" if error else answers.shown("day", kind)
    return Point(
        name,
        f"E; E with an {kind} that no page lists",
        f"{came} (ignored)" if ignored else came,
        True if error else None if counts is None or not counts[0] else False,
        "a misspelt one fails aloud where this holds; where not, it is dropped in silence and the "
        "count is of more people than were meant",
    )


def _devices(answers: Answers) -> Point:
    tally = answers.tallies.get("day")
    split = {"users": tally.users, "devices": tally.devices} if tally else {}
    shown = ", ".join(f"{value:,} {name}" for name, value in split.items() if value is not None)
    like = [name for name, value in split.items() if tally and value == tally.count]
    return Point(
        COUNT_IS_SPLIT,
        "E: count against userDeviceCount",
        f"{answers.shown('day')}: {shown or 'no split'}",
        None if not shown else bool(like),
        f"a count is one of {' and of '.join(like)}"
        if like
        else "the columns users and devices say how a count is split",
    )


def _empty(answers: Answers) -> Point:
    counts = answers.counts("day", "empty text")
    error = answers.refused.get("empty text")
    return Point(
        EMPTY_TEXT,
        'E; E where a property that nobody has equals ""',
        f"refused: {error}" if error else answers.shown("day", "empty text"),
        None if not counts or not counts[0] else counts[0] != counts[1],
        'an equality with "" finds empty texts where this holds; where not, it means no filter',
    )


def _days(event: str, first: date, last: date) -> _Json:
    ends = {key: int(f"{day:%Y%m%d}") for key, day in (("from", first), ("to", last))}
    return {"event_name": event, **ends}


def _at(body: _Json, clock: list[str]) -> _Json:
    return body | {"session_properties": [{"name": "time_of_day", "value": clock}]}


def _with(body: _Json, **advanced: object) -> _Json:
    return body | {"advanced_query": advanced}


def _any(*events: _Json) -> _Json:
    return {"any_events": list(events), "operator": "greater_than_equals", "value": 1}


def _once(whole: _Json, *later: _Json) -> _Json:
    # One session in all these weeks: what it holds beyond the hour can come from no other.
    once = whole | {"operator": "equals", "value": 1}
    return _with(_at(whole, HOUR), did_all=[once], did_any=_any(*later))
