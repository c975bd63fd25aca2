"""Statements with every clause that go together, for the printer's promise."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st

from ct_magic.query.calendar import DEFAULT, in_own_units
from ct_magic.query.model import (
    Ago,
    And,
    AtPlace,
    Axis,
    ByHour,
    ByPlace,
    ByTime,
    ByValue,
    Condition,
    Days,
    Did,
    DidAny,
    DidNot,
    Event,
    Filter,
    Last,
    Operator,
    Or,
    OwnDays,
    Period,
    Preceding,
    Previous,
    Property,
    Query,
    Scope,
    ShareWhere,
    Shift,
    ShiftAxis,
    This,
    Unit,
)
from ct_magic.query.payload import TIMES

from .language_inputs import HOW_OFTEN, TODAY

WORDED = st.builds(Last, st.integers(1, 90), st.sampled_from(Unit)) | st.builds(
    lambda kind, unit: kind(unit),
    st.sampled_from([This, Previous]),
    st.sampled_from([unit for unit in Unit if unit is not Unit.DAY]),
)
SINCE_TODAY = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(
    lambda pair: Days(Ago(max(pair)), Ago(min(pair)))
)
DAYS = st.tuples(*[st.dates(TODAY - timedelta(90), TODAY)] * 2).map(
    lambda pair: Days(min(pair), max(pair))
)
PLAIN = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=5)
EASY = st.sampled_from(["A", "Payment mode", "hour", "first quarter", "A then B", "by", "50% off"])
EASY_FILTERS = st.builds(
    Filter,
    st.builds(Property, EASY, st.sampled_from(Scope)),
    st.just(Operator.EQUALS),
    PLAIN | st.integers(-9, 9) | st.lists(PLAIN, min_size=1, max_size=2).map(tuple),
) | st.builds(
    Filter,
    st.builds(Property, EASY),
    st.sampled_from([Operator.GREATER_THAN_EQUALS, Operator.LESS_THAN_EQUALS]),
    st.integers(0, 3),
)
EVENT_FILTERS = EASY_FILTERS.map(
    lambda condition: replace(condition, property=Property(condition.property.name))
)
EASY_PLACES = st.lists(st.sampled_from(["India", "Oman"]), min_size=1, max_size=2).map(tuple)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    EASY_FILTERS | st.builds(AtPlace, st.lists(EASY_PLACES, min_size=1, max_size=2).map(tuple)),
    lambda inner: st.builds(
        lambda kind, parts: kind(tuple(parts)),
        st.sampled_from([And, Or]),
        st.lists(inner, min_size=2, max_size=3),
    ),
    max_leaves=7,
)


MOVED = (Shift, ShiftAxis)
WINDOWS = st.tuples(*[st.integers(0, 3650)] * 2).map(sorted).map(tuple)
ANY_OFTEN = [(Operator.GREATER_THAN_EQUALS, 1), (Operator.EQUALS, 2), (Operator.LESS_THAN, 3)]


def has_or(condition: Condition) -> bool:
    if isinstance(condition, And):
        return any(map(has_or, condition.parts))
    return isinstance(condition, Or)


@st.composite
def whole_statements(draw: st.DrawFn) -> Query:
    """A statement with clauses that go together; each is as likely there as not."""
    time = draw(st.sampled_from([None, *Unit]))
    rolling = draw(st.sampled_from([None, Shift(7, Unit.DAY), Shift(1, Unit.QUARTER)]))
    first = rolling is None and draw(st.booleans())
    has_steps = draw(st.booleans())
    versus = draw(st.none() | _others())
    moved = [] if time and rolling else [st.builds(Shift, st.integers(-9, 9), _units(time))]
    own = [] if versus else [SINCE_TODAY, WORDED]
    wheres = st.lists(EVENT_FILTERS, max_size=2).map(tuple)
    inner = st.builds(Event, EASY, wheres, st.one_of(st.none(), DAYS, *own, *moved))
    clauses = draw(st.lists(_steps(inner), max_size=4))
    anys = [at for at, clause in enumerate(clauses) if isinstance(clause, DidAny)]
    clauses = [clause for at, clause in enumerate(clauses) if at not in anys[1:]]
    shared = draw(st.integers(0, len(clauses))) if has_steps else len(clauses)
    base, steps = clauses[:shared], clauses[shared:]
    base.sort(key=lambda clause: [Did, DidNot, DidAny].index(type(clause)))
    if moved and (last := [*base, *steps][-1:]) and not isinstance(last[0], DidAny):
        axis = draw(
            st.none() | st.builds(ShiftAxis, st.integers(0, 3), st.integers(3, 9), _units(time))
        )
        if axis:
            (steps or base)[-1] = replace(last[0], event=replace(last[0].event, period=axis))
    share_where = st.builds(ShareWhere, CONDITIONS.filter(lambda c: "AtPlace" not in repr(c)))
    share_wheres = draw(st.lists(share_where, max_size=1)) if steps else []
    condition = draw(st.none() | CONDITIONS.filter(has_or))
    places = () if condition else draw(st.lists(EASY_PLACES, max_size=1).map(tuple))
    wheres = st.just(()) if condition else st.lists(EASY_FILTERS, max_size=3).map(tuple)
    own_places = bool(places) or "AtPlace" in repr(condition)
    axes = draw(
        st.permutations([*draw(_axes(own_places)), *([ByTime(time, first, rolling)] * bool(time))])
    )
    period = draw(st.none() | DAYS | SINCE_TODAY | WORDED)
    clauses = [*base, *(replace(step, share=True) for step in steps)]
    if time is None:
        fit = in_own_units(period or DEFAULT)
        clauses = [clause.mapped(lambda event: moved_by(event, fit)) for clause in clauses]
    return Query(
        Event(draw(EASY), draw(wheres), period),
        places=places,
        clauses=(*clauses[: len(base)], *share_wheres, *clauses[len(base) :]),
        condition=condition if isinstance(condition, And | Or) else None,
        versus=versus,
        by=tuple(axes),
        label=draw(st.none() | EASY),
    )


def moved_by(event: Event, fit: Last | None) -> Event:
    """The event moved by no less than all of the period, in its own unit: else it is refused."""
    if fit and fit.unit is Unit.YEAR and fit.n > 11:
        fit = None  # nine times so many years are more than can be asked
    match event.period:
        case Shift(n):
            return event.during(Shift(n * fit.n, fit.unit) if fit else None)
        case ShiftAxis(first, last):
            return event.during(fit and ShiftAxis(first * fit.n or fit.n, last * fit.n, fit.unit))
    return event


@st.composite
def with_own_days(draw: st.DrawFn) -> Query:
    """A statement whose steps have windows: the other clauses are those that go with them."""
    query = draw(whole_statements())
    steps: list[Did | DidNot | DidAny] = []
    for number in range(last := draw(st.integers(1, 3))):
        most = 3 if number == last - 1 else 1
        window = OwnDays(tuple(draw(st.lists(WINDOWS, min_size=1, max_size=most, unique=True))))
        event = Event(f"Step {number}", draw(st.lists(EVENT_FILTERS, max_size=2).map(tuple)))
        often = draw(st.none() | HOW_OFTEN)
        own = event.during(window)
        kinds = [Did(replace(own, often=often), share=True), DidNot(own, share=True)]
        if not any(isinstance(clause, DidAny) for clause in (*query.base, *steps)):
            inside = (event.during(draw(st.none() | DAYS)),)
            how_often = draw(st.sampled_from(ANY_OFTEN))
            kinds.append(DidAny(inside, *how_often, window=window, share=True))
        steps.append(draw(st.sampled_from(kinds)))
    base = (c for c in query.base if not any(isinstance(e.period, MOVED) for e in c.events))
    axes = (a if not isinstance(a, ByTime) else ByTime(a.unit, first=True) for a in query.by)
    by = tuple(axis for axis in axes if not isinstance(axis, ByHour))
    return replace(query, clauses=(*base, *steps), by=by)


def _units(time: Unit | None) -> st.SearchStrategy[Unit]:
    return st.just(time) if time else st.sampled_from(Unit)


def _others() -> st.SearchStrategy[Period | Shift | Preceding]:
    return (
        st.just(Preceding()) | DAYS | WORDED | st.builds(Shift, st.integers(-60, 5), _units(None))
    )


def _steps(inner: st.SearchStrategy[Event]) -> st.SearchStrategy[Did | DidNot | DidAny]:
    often = st.none() | HOW_OFTEN
    return (
        st.builds(Did, st.builds(replace, inner, often=often))
        | st.builds(DidNot, inner)
        | st.builds(DidAny, st.lists(inner, min_size=1, max_size=2).map(tuple))
        | st.builds(
            DidAny, st.tuples(inner), st.sampled_from(sorted(TIMES, key=str)), st.integers(1, 9)
        )
    )


def _axes(own_places: bool) -> st.SearchStrategy[list[Axis]]:
    values = st.lists(st.integers(0, 9), min_size=1, max_size=2, unique=True).map(tuple)
    place = ByPlace((("India", "Goa"), ("Oman",)))
    choices: list[st.SearchStrategy[list[Axis]]] = [
        st.just([ByHour()]),
        values.map(lambda v: [ByValue(Property("hour"), v)]),
        values.map(lambda v: [ByValue(Property("first quarter", Scope.PROFILE), v), ByHour()]),
        st.just([] if own_places else [place, ByHour()]),
    ]
    return st.just([]) | st.one_of(choices)
