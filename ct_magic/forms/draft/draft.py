"""A statement as the rows of a form, filled in or not; and the text that they make.

`FIELDS` says what kinds of row there are and the fields of each, `is_there` which of them a row
has. A field holds what was typed (see `field_text`), so that a row can be as incomplete as
what a person is about to say, and knows the variables that a query has forgotten. A row holds
nothing for a field that is empty.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import field

from ct_magic.forms.draft import field_text
from ct_magic.query import printer
from ct_magic.query.model import Operator, Scope
from ct_magic.rows import Record

Key = tuple[str | int, ...]  # which field: ("where", 0, "value"), ("did", 1, "event"), ("period",)
_Line = list[tuple[Key, str]]  # pieces of text, and which field each is of
SCOPE_WORDS = tuple(scope.value for scope in Scope)
GEO, PART = "geo", "$name"
RANGE = "range"
LISTS = ("in", "not in")
BARE = ("exists", "not exists")
OPERATOR_WORDS = (
    *(o.symbol for o in Operator if o not in (Operator.EXISTS, Operator.DOES_NOT_EXIST)),
    *(*LISTS, RANGE, *BARE),
)
SHARE_WHERE = "share where"
ANY = ("did any", "share did any")
KINDS = ("did", "did not", "did any", "share did", "share did not", "share did any", SHARE_WHERE)
TIMED_KINDS = ("did", "share did")  # kinds that take a number of times of their own
VALUES = "values of"
PIECES = ("day", "week", "month", "quarter", "year")
AXIS_UNITS = (VALUES, *PIECES, "hour", *(f"first {unit}" for unit in PIECES))
PRESETS = (
    *("today", "yesterday", "last 7 days", "last 30 days", "last 90 days", "this week"),
    *("last week", "this month", "last month", "last 3 months", "this year", "last year"),
)
_OWN = ("within 7 days", "within 30 days", "on day 1, 7, 30", "on days 1..30")
_OWN_PERIODS = (*_OWN, "after 30 days", "before 30 days", *PRESETS)
_WINDOWS = ("7 days", "28 days", "4 weeks", "3 months")
_OTHERS = ("previous", "before 1 week", "before 52 weeks", "last month")
_HOW_OFTEN_HINTS = (">= 2", ">= 3", "= 1")


class FieldRow(Record):
    """A row of the form, as it was typed: its fields by their names, and the rows below it."""

    typed: Mapping[str, str]
    rows: Mapping[str, tuple[FieldRow, ...]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        """Return what a field holds."""
        return self.typed.get(name, "")

    def below(self, name: str) -> tuple[FieldRow, ...]:
        """Return the rows of a list."""
        return self.rows.get(name, ())


def row(typed: Mapping[str, str], **rows: tuple[FieldRow, ...]) -> FieldRow:
    """Make a row, without what is empty."""
    filled = {name: text for name, text in typed.items() if text.strip()}
    return FieldRow(filled, {name: below for name, below in rows.items() if below})


class Field(Record):
    """A field of a row: its label, a hint where it is empty, and its choices or else proposals.

    The basis of `flex` is the room that it needs: what has not so much goes on below. Its label is
    for those who do not see it, or if `labelled` for all.
    """

    label: str
    flex: str = "1 1 10em"
    hint: str = ""
    choices: tuple[str, ...] = ()
    proposed: tuple[str, ...] = ()
    labelled: bool = False


_AXIS_SCOPES = ("", *SCOPE_WORDS[1:], GEO)
_PROPERTY = Field("property", "2 1 10em")
FIELDS: dict[str, dict[str, Field]] = {
    "query": {
        "label": Field("label", "1 1 11em", "name of the rows", labelled=True),
        "event": Field("event", hint="event, like Charged"),
        "period": Field("period", hint="last 30 days", proposed=PRESETS),
        "own": Field("did any, which days", "1 1 18em", "the period", proposed=_OWN, labelled=True),
        "often": Field("did any, how often", hint=">= 1", proposed=_HOW_OFTEN_HINTS, labelled=True),
        "versus": Field("the other period", "0 1 16em", "no other period", proposed=_OTHERS),
    },
    "where": {
        "joint": Field("and, or", "0 1 5em", choices=("and", "or")),
        "scope": Field("scope", "0 1 8em", choices=(*_AXIS_SCOPES, PART)),
        "property": _PROPERTY,
        "operator": Field("operator", "0 1 9em", choices=OPERATOR_WORDS),
        "value": Field("value", "5 1 9em"),
    },
    "did": {
        "kind": Field("did, did not or did any", "0 1 9em", choices=KINDS),
        "event": Field("event", "2 1 12em"),
        "times": Field("how often", "0 1 7em", ">= 1", proposed=_HOW_OFTEN_HINTS),
        "period": Field("its own period", "1 1 9em", "the same period", proposed=_OWN_PERIODS),
    },
    "by": {
        "unit": Field("by", "0 1 8em", choices=AXIS_UNITS),
        "scope": Field("scope", "0 1 8em", choices=_AXIS_SCOPES),
        "property": _PROPERTY,
        "values": Field("values", "5 1 9em", "Shoes, Bags"),
        "rolling": Field("rolling", "2 1 10em", "rolling, like 7 days", proposed=_WINDOWS),
    },
}
MISSING = {  # what is said of a field that has to be filled in, and is not
    "event": "which event? Like 'Charged'",
    "property": "which property? Like 'Amount'",
    "value": "which value? A text, a number, or a variable as $name",
    "values": "which values? Commas between them, like Shoes, Bags",
}
BELOW = {"query": ("where", "did", "by"), "did": ("where",)}  # the lists of rows in a row


def is_there(name: str, row: FieldRow) -> bool:
    """Return True if a row has this field, as its other fields are."""
    is_part, is_of_values = row["scope"] == PART, row["unit"] in ("", VALUES)
    match name:
        case "scope" | "values":
            return is_of_values
        case "property":
            return is_of_values and row["scope"] != GEO
        case "rolling":
            return row["unit"] in PIECES
        case "operator":
            return not is_part
        case "value":
            return not is_part and row["operator"] not in BARE
        case "times":
            return row["kind"] in TIMED_KINDS or bool(row[name])
        case "event" | "period":
            return row["kind"] != SHARE_WHERE
        case "own" | "often":
            return bool(row[name]) or any(did["kind"] in ANY for did in row.below("did"))
    return True


class Written(Record):
    """The text of a draft, and from where to where each field is in it."""

    text: str
    spans: tuple[tuple[int, int, Key], ...]

    def at(self, offset: int) -> Key:
        """Return the field that a place of the text belongs to: the last that begins before it."""
        begun = [key for start, _, key in self.spans if start <= offset]
        return begun[-1] if begun else self.spans[0][2]


def clause_key(key: Key) -> Key:
    """Return the clause that a field belongs to: what can be left out as a whole."""
    return key[:2] if key[0] in BELOW["query"] else key[:1]


def write_draft(draft: FieldRow, without: Collection[Key] = ()) -> Written:
    """Write a statement over indented lines, as the printer does, but for these clauses."""
    body: _Line = [(("body",), draft["body"])]
    lines = [body] if draft["body"] else list(_statement_lines(draft, without))
    if draft["label"] and ("label",) not in without:
        label = printer.name_text(field_text.field_name(draft["label"]))
        lines[0] = [(("label",), label), ((), ": "), *lines[0]]
    return _with_spans(_between("\n  ", lines))


def _statement_lines(draft: FieldRow, without: Collection[Key]) -> Iterator[_Line]:
    parts = _event(draft, (), without)
    head = _between(" ", parts)
    is_wide = len(_with_spans(head).text) > printer.WIDEST
    yield _between("\n    ", parts) if is_wide else head
    dids = _kept(draft, "did", (), without)
    inner = {key: _between(" ", _event(did, key, without)) for key, did in dids.items()}
    several = [inner[key] for key, did in dids.items() if did["kind"] in ANY]
    for key, did in dids.items():
        kind: _Line = [((*key, "kind"), did["kind"].removesuffix(" where"))]
        if did["kind"] not in ANY:
            yield _between(" ", [kind, inner[key], _often((*key, "times"), did["times"], without)])
        elif several:
            bracket = [*kind, ((), " ("), *_between(", ", several), ((), ")")]
            often = _often(("often",), draft["often"], without)
            yield _between(" ", [bracket, _typed(("own",), draft["own"], without), often])
            several = []
    if versus := _typed(("versus",), draft["versus"], without):
        yield [((), "vs "), *versus]
    if axes := [_axis_line(axis, key) for key, axis in _kept(draft, "by", (), without).items()]:
        yield [(axes[0][0][0], "by "), *_between(", ", axes)]


def _kept(row: FieldRow, name: str, key: Key, without: Collection[Key]) -> dict[Key, FieldRow]:
    """Return the rows of a list that are not left out, by their keys."""
    rows: dict[Key, FieldRow] = {(*key, name, n): below for n, below in enumerate(row.below(name))}
    return {at: below for at, below in rows.items() if at not in without}


def _typed(key: Key, text: str, without: Collection[Key]) -> _Line:
    return [(key, field_text.as_typed(text))] if text and key not in without else []


def _often(key: Key, text: str, without: Collection[Key]) -> _Line:
    return [(key, often)] if key not in without and (often := field_text.often(text)) else []


def _event(event: FieldRow, key: Key, without: Collection[Key]) -> list[_Line]:
    """Write an event, or what `share where` says of the base, in parts for lines of their own."""
    at = (*key, "event")
    name: _Line = [(at, "x" if at in without else field_text.event_word(event["event"]))]
    parts = [] if event["kind"] == SHARE_WHERE else [name]
    for number, (at, condition) in enumerate(_kept(event, "where", key, without).items()):
        joint = condition["joint"] if number else "where"
        parts.append([((*at, "joint"), f"{joint} "), *_condition(condition, at)])
    return [*parts, _typed((*key, "period"), event["period"], without)]


def _condition(condition: FieldRow, key: Key) -> _Line:
    about, operator = _about(condition, key), condition["operator"]
    if condition["scope"] == PART:
        return about
    word = [((*key, "operator"), "in" if operator == RANGE else operator)]
    words = {RANGE: field_text.range_word, **dict.fromkeys(LISTS, field_text.list_word)}
    value = words.get(operator, field_text.value_word)(condition["value"])
    return _between(" ", [about, word, [] if operator in BARE else [((*key, "value"), value)]])


def _about(row: FieldRow, key: Key) -> _Line:
    """Write what a filter or an axis speaks of."""
    scope, name = row["scope"], row["property"]
    if scope == GEO:
        return [((*key, "scope"), GEO)]
    word = field_text.as_typed(name) if scope == PART else field_text.property_word(scope, name)
    return [((*key, "property"), word)]


def _axis_line(axis: FieldRow, key: Key) -> _Line:
    if axis["unit"] == VALUES:
        values = ((*key, "values"), field_text.list_word(axis["values"]))
        return [*_about(axis, key), ((), " in "), values]
    rolling = _typed((*key, "rolling"), axis["rolling"], ())
    return _between(" rolling ", [[((*key, "unit"), axis["unit"])], rolling])


def _between(mark: str, parts: list[_Line]) -> _Line:
    """Join the parts that are not empty."""
    filled = filter(None, parts)
    return [piece for n, part in enumerate(filled) for piece in ([((), mark)] * bool(n) + part)]


def _with_spans(pieces: _Line) -> Written:
    spans, at = [], 0
    for key, text in pieces:
        if key:
            spans.append((at, at + len(text), key))
        at += len(text)
    return Written("".join(text for _, text in pieces), tuple(spans))
