"""A statement as the fields of a form, filled in or not; and the text that they make.

Every field holds what was typed (see `fields`), so that a draft can be as incomplete as what
a person is about to say, and knows the variables that a query has forgotten.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from ct_magic.forms.draft import field_text
from ct_magic.query import printer
from ct_magic.query.model import Operator, Scope

Key = tuple[str | int, ...]  # which field: ("where", 0, "value"), ("did", 1, "event"), ("period",)
_Piece = tuple[Key, str]
SCOPE_WORDS = (*(scope.value for scope in Scope), "geo")
RANGE = "range"
OPERATOR_WORDS = (
    *(o.symbol for o in Operator if o not in (Operator.EXISTS, Operator.DOES_NOT_EXIST)),
    *("in", "not in", RANGE),
    *("exists", "not exists"),
)
LISTS = ("in", "not in")
BARE = ("exists", "not exists")
KINDS = ("did", "did not", "did any", "share did", "share did not", "share did any")
ANY = ("did any", "share did any")
TIMED_KINDS = ("did", "share did")  # kinds that take a number of times of their own
JOINTS = ("and", "or")
VALUES = "values of"
PIECES = ("day", "week", "month", "quarter", "year")
AXIS_UNITS = (VALUES, *PIECES, "hour", *(f"first {unit}" for unit in PIECES))


@dataclass(frozen=True, slots=True)
class FilterFields:
    """A filter: the word before the dot, the property, one of OPERATORS, and the value.

    `joint`, one of JOINTS, joins it to the one before.
    """

    scope: str = ""
    property: str = ""
    operator: str = "="
    value: str = ""
    joint: str = "and"


@dataclass(frozen=True, slots=True)
class EventFields:
    """An event, its filters, and when."""

    event: str = ""
    where: tuple[FilterFields, ...] = ()
    period: str = ""


@dataclass(frozen=True, slots=True)
class DidFields:
    """What else the profile did: one of KINDS; all that are `did any` share one bracket.

    `times` is how often it did it, where the kind is one of TIMES.
    """

    kind: str = "did"
    inner: EventFields = field(default_factory=EventFields)
    times: str = ""


@dataclass(frozen=True, slots=True)
class AxisFields:
    """A part of `by`: one of UNITS, the property where it is the values of one.

    `rolling` is the length of the window, where the unit is one of PIECES.
    """

    unit: str = VALUES
    scope: str = ""
    property: str = ""
    values: str = ""
    rolling: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A statement; `often` is how often `did any` happened, `versus` the other period.

    `body` is text kept word for word: JSON, and what no field can say.
    """

    label: str = ""
    base: EventFields = field(default_factory=EventFields)
    did: tuple[DidFields, ...] = ()
    often: str = ""
    versus: str = ""
    by: tuple[AxisFields, ...] = ()
    body: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """The text of a draft, and from where to where each field is in it."""

    text: str
    spans: tuple[tuple[int, int, Key], ...]

    def at(self, offset: int) -> Key:
        """Return the field that a place of the text belongs to: the last that begins before it."""
        begun = [key for start, _, key in self.spans if start <= offset]
        return begun[-1] if begun else self.spans[0][2]


def clause_key(key: Key) -> Key:
    """Return the clause that a field belongs to: what can be left out as a whole."""
    return key[:2] if key[0] in ("where", "did", "by") else key[:1]


def write_draft(draft: Draft, without: Collection[Key] = ()) -> Written:
    """Write a draft over indented lines, as the printer does, but for these clauses."""
    body: list[_Piece] = [(("body",), draft.body)]
    lines = [body] if draft.body else list(_lines(draft, without))
    if draft.label.strip() and ("label",) not in without:
        label = printer.name_text(field_text.field_name(draft.label))
        lines[0] = [(("label",), label), ((), ": "), *lines[0]]
    return _joined([piece for at, line in enumerate(lines) for piece in _indented(at, line)])


def _lines(draft: Draft, without: Collection[Key]) -> Iterator[list[_Piece]]:
    parts = list(_parts(draft.base, (), without))
    head = _spaced(parts)
    if len(_joined(head).text) > printer.WIDEST:
        head = [p for n, part in enumerate(parts) for p in ([((), "\n    ")] * bool(n) + part)]
    yield head
    yield from _did_lines(draft, without)
    if draft.versus.strip() and ("versus",) not in without:
        yield [((), "vs "), (("versus",), field_text.versus(draft.versus))]
    axes = [_axis(axis, ("by", n)) for n, axis in enumerate(draft.by) if ("by", n) not in without]
    if axes:
        yield [(axes[0][0][0], "by "), *_between(", ", axes)]


def _did_lines(draft: Draft, without: Collection[Key]) -> Iterator[list[_Piece]]:
    dids = [(("did", n), did) for n, did in enumerate(draft.did) if ("did", n) not in without]
    inner = {key: _spaced(list(_parts(did.inner, key, without))) for key, did in dids}
    several = [inner[key] for key, did in dids if did.kind in ANY]
    often = "" if ("often",) in without else field_text.often(draft.often)
    for key, did in dids:
        kind: _Piece = ((*key, "kind"), did.kind)
        if did.kind not in ANY:
            times = field_text.often(did.times) if did.kind in TIMED_KINDS else ""
            yield [kind, ((), " "), *inner[key], *_tail((*key, "times"), times)]
        elif several:
            tail = _tail(("often",), often)
            yield [kind, ((), " ("), *_between(", ", several), ((), ")"), *tail]
            several = []


def _tail(key: Key, text: str) -> list[_Piece]:
    return [((), " "), (key, text)] if text else []


def _parts(event: EventFields, key: Key, without: Collection[Key]) -> Iterator[list[_Piece]]:
    """Write an event in the parts that may get lines of their own."""
    name = "x" if (*key, "event") in without else field_text.event_word(event.event)
    yield [((*key, "event"), name)]
    first = True
    for number, condition in enumerate(event.where):
        at = (*key, "where", number)
        if at not in without:
            word = "where" if first else condition.joint
            yield [((*at, "joint"), word), ((), " "), *_condition(condition, at)]
            first = False
    if event.period.strip() and (*key, "period") not in without:
        yield [((*key, "period"), field_text.period_field(event.period))]


def _condition(condition: FilterFields, key: Key) -> list[_Piece]:
    about = "scope" if condition.scope == "geo" else "property"
    lead = ((*key, about), field_text.property_word(condition.scope, condition.property))
    symbol = "in" if condition.operator == RANGE else condition.operator
    pieces: list[_Piece] = [lead, ((), " "), ((*key, "operator"), symbol)]
    if condition.operator in BARE:
        return pieces
    return [*pieces, ((), " "), ((*key, "value"), _value(condition))]


def _value(condition: FilterFields) -> str:
    if condition.operator in LISTS:
        return field_text.list_word(condition.value)
    return (field_text.range_word if condition.operator == RANGE else field_text.value_word)(
        condition.value
    )


def _axis(axis: AxisFields, key: Key) -> list[_Piece]:
    if axis.unit != VALUES:
        rolling = axis.rolling.strip() if axis.unit in PIECES else ""
        window: list[_Piece] = [((), " rolling "), ((*key, "rolling"), rolling)] if rolling else []
        return [((*key, "unit"), axis.unit), *window]
    about = "scope" if axis.scope == "geo" else "property"
    lead = ((*key, about), field_text.property_word(axis.scope, axis.property))
    return [lead, ((), " in "), ((*key, "values"), field_text.list_word(axis.values))]


def _indented(number: int, line: list[_Piece]) -> list[_Piece]:
    return [((), "\n  "), *line] if number else line


def _spaced(parts: list[list[_Piece]]) -> list[_Piece]:
    return _between(" ", parts)


def _between(mark: str, parts: list[list[_Piece]]) -> list[_Piece]:
    return [p for n, part in enumerate(parts) for p in ([((), mark)] * bool(n) + part)]


def _joined(pieces: list[_Piece]) -> Written:
    spans, at = [], 0
    for key, text in pieces:
        if key:
            spans.append((at, at + len(text), key))
        at += len(text)
    return Written("".join(text for _, text in pieces), tuple(spans))
