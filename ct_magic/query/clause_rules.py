"""What a statement's clauses may be together, whatever they ask.

Rule: README.md here, from "What else the profile did" on. Each check raises the error that
underlines the clause which cannot stand there. What needs days (whole pieces, pairs of `vs`) is
`expand`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from . import tree
from .check_filter import TIME_OF_DAY
from .filter_rules import FilterRules
from .model import Ago, Axis, ByHour, ByPlace, ByTime, ByValue, Days, Period, Shift, ShiftAxis, Unit
from .period_rules import PeriodRules, unit

_Moved = tree.MovedNode | tree.MovedAxis
BEHIND_SHARE = (
    "a 'did' without 'share' belongs to the base: move it before the first 'share', "
    "or write share did"
)
NO_STEPS = "'vs' cannot stand beside 'share': ask the shares of each period in a statement"
FROM_TODAY = (
    "beside 'vs' a 'did' cannot count its days from today: leave the period out, "
    "or write before 1 week"
)
LAST_CLAUSE = "'after' with several numbers stands in the statement's last clause, and once"
IN_ANY = "'after' with several numbers cannot stand inside 'did any': write did, or share did"
AFTER_VS = "behind 'vs' stands one number, as in vs before 52 weeks"
NO_ROLLING = "'rolling' cannot stand beside {}: take one of the two"
OWN_HOURS = "'by hour' asks every hour of the clock: leave time_of_day out, or by hour"
ONE_PLACE = "'geo' stands in 'where' and in 'by': say the place in one of the two"
TIME_TWICE = "a statement takes one period of time"
PER = {Unit.WEEK: (Unit.DAY, 7), Unit.QUARTER: (Unit.MONTH, 3), Unit.YEAR: (Unit.MONTH, 12)}


class ClauseRules(PeriodRules, FilterRules):
    """Checks the clauses of a statement against each other."""

    def check_clauses(self, node: tree.QueryNode) -> None:
        """Raise QueryError for clauses that cannot stand there, or not together."""
        self._check_shares(node)
        self._check_any(node.clauses)
        self._check_moved_axis(node.clauses)
        if node.versus:
            self._check_versus(node.versus, node.clauses)
        if axis := _time_axis(node):
            self._check_time(axis, node.clauses)

    def check_axes(self, node: tree.QueryNode, axes: tuple[Axis, ...]) -> None:
        """Raise QueryError for axes that do not go together, or not with the statement."""
        columns: set[str] = set()
        places = node.by.axes if node.by else ()
        own = [leaf.property for leaf in tree.leaves(node.event.where)]
        for axis, at in zip(axes, places, strict=True):
            column = _column(axis)
            if column in columns:
                self.fail(_twice(axis, column), at)
            columns.add(column)
            if isinstance(axis, ByPlace) and any(prop.is_geo for prop in own):
                self.fail(ONE_PLACE, at)
            if isinstance(axis, ByHour) and TIME_OF_DAY in map(self.property, own):
                self.fail(OWN_HOURS, at)

    def _check_shares(self, node: tree.QueryNode) -> None:
        shared = False
        for clause in node.clauses:
            if shared and not clause.share:
                self.fail(BEHIND_SHARE, clause.did)
            shared = shared or clause.share is not None
        if shared and node.versus:
            self.fail(NO_STEPS, node.versus.vs)

    def _check_any(self, clauses: Iterable[tree.Clause]) -> None:
        several = [clause for clause in clauses if isinstance(clause, tree.DidAnyNode)]
        if len(several) > 1:
            self.fail("a statement takes 'did any' once", several[1].did)

    def _check_moved_axis(self, clauses: tuple[tree.Clause, ...]) -> None:
        for clause in clauses:
            for period in _periods(clause):
                if not isinstance(period, tree.MovedAxis):
                    continue
                if isinstance(clause, tree.DidAnyNode):
                    self.fail(IN_ANY, period)
                if clause is not clauses[-1]:
                    self.fail(LAST_CLAUSE, period)

    def _check_versus(self, versus: tree.Versus, clauses: tuple[tree.Clause, ...]) -> None:
        if isinstance(versus.period, tree.MovedAxis):
            self.fail(AFTER_VS, versus.period)
        for clause in clauses:
            for period in _periods(clause):
                if not isinstance(period, _Moved) and _counts_from_today(self.period(period)):
                    self.fail(FROM_TODAY, period)

    def _check_time(self, axis: tree.TimeAxis, clauses: tuple[tree.Clause, ...]) -> None:
        if axis.rolling and axis.by_first:
            self.fail(NO_ROLLING.format("'first'"), axis.rolling)
        for clause in clauses:
            for period in _periods(clause):
                if not isinstance(period, _Moved):
                    continue
                if axis.rolling:
                    self.fail(NO_ROLLING.format(f"'{period.direction.text}'"), axis.rolling)
                shift = self.shift(period)
                if shift.unit is not unit(axis.unit):
                    self.fail(_in_unit(shift, unit(axis.unit)), period)


def _periods(clause: tree.Clause) -> Iterator[tree.PeriodNode | _Moved]:
    events = clause.events if isinstance(clause, tree.DidAnyNode) else (clause.event,)
    return (event.period for event in events if event.period is not None)


def _time_axis(node: tree.QueryNode) -> tree.TimeAxis | None:
    axes = node.by.axes if node.by else ()
    return next((axis for axis in axes if isinstance(axis, tree.TimeAxis)), None)


def _counts_from_today(period: Period) -> bool:
    days = (period.start, period.end) if isinstance(period, Days) else (Ago(0),)
    return any(isinstance(day, Ago) for day in days)


def _in_unit(shift: Shift | ShiftAxis, by: Unit) -> str:
    """Return how a moved period is written beside `by`, with its number where there is one."""
    numbers = [abs(shift.n)] if isinstance(shift, Shift) else [shift.first, shift.last]
    converted = [_converted(number, shift.unit, by) for number in numbers]
    word = "before" if isinstance(shift, Shift) and shift.n < 0 else "after"
    example = f", as in {word} 2 {by.value}s"
    if all(number is not None for number in converted):
        number = "..".join(map(str, converted))
        example = f": write {word} {number} {by.value}{'' if number == '1' else 's'}"
    return f"beside 'by {by.value}' a period is moved by {by.value}s{example}"


def _converted(number: int, unit: Unit, by: Unit) -> int | None:
    """Return the number in the other unit; None where that is no whole number."""
    small, times = PER.get(unit, (unit, 1))
    base, size = PER.get(by, (by, 1))
    whole, rest = divmod(number * times, size)
    return whole if small is base and not rest else None


def _column(axis: Axis) -> str:
    match axis:
        case ByTime():
            return ""  # its days have columns of their own
        case ByHour():
            return "hour"
        case ByValue(prop):
            return prop.column
        case ByPlace():
            return "geo"


def _twice(axis: Axis, column: str) -> str:
    if isinstance(axis, ByTime):
        return TIME_TWICE
    return f"two parts of 'by' make one column, '{column}': a statement takes each once"
