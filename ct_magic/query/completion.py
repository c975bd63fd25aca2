"""Tab: what the grammar allows next, with the names that are known. Rule: README.md, "Promises"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, pairwise

from ct_magic.query.catalog import SCOPES, Names
from ct_magic.query.lexer import CONTEXTUAL, OPERATORS, Source, Token, in_context, tokens, unquoted
from ct_magic.query.mistakes.stop import SPELLED, UNITS
from ct_magic.query.model import Property, Scalar, Scope
from ct_magic.query.printer import event_name, name_text, property_text, value_text
from ct_magic.query.tree import EventName, EventNode, Progress, PropertyName
from ct_magic.rows import Record, replace

_MOST_PROPOSED = 500  # as many as IPython takes from one matcher
# Never proposed: a label, a scope that is proposed with its dot, `within` with its number.
PUNCTUATION = {"COLON", "DOT", "WITHIN"}
_UNFINISHED = {"WORD", "NUMBER", "EIGHT_DIGITS", "GLUED"}  # perhaps a name, `2x` of "2x points"
_ORDERING = {"OVER", "AT_LEAST", "UNDER", "AT_MOST", "IN", "DOTS"}  # behind these, no text
_SEARCHING = {"HAS", "LACKS"}  # and behind these, no number
FIRST = {  # most often meant there
    "LAST": ("7 days", "30 days"),
    "BY": ("day", "week", "month"),
    "SHARE": ("did", "where"),
    "WITHIN": ("7 days", "30 days"),
}
OWN = ("within 7 days", "on day 1, 7, 30")  # days from each profile's first, in a step
ENDED = {"STRING", "DATE", "YEAR_MONTH", "YEAR_QUARTER", "PARAM", "JSON", "TODAY"}


class Completion(Record):
    """A text that may replace what is from `start` up to the cursor."""

    start: int
    text: str
    kind: str  # event, property, scope, value, place, keyword, operator or unit


class _Place(Record):
    """Where the cursor is: the statement's tokens before it, and what is typed of the next."""

    line: tuple[Token, ...]
    start: int
    typed: str
    mark: str = ""  # the quote that is open
    closed: bool = False  # whether the closing one is right behind the cursor

    def begins(self, text: str) -> bool:
        """Return True if this goes on from what is typed, in either case."""
        return text.casefold().startswith(self.typed.casefold())


def complete(text: str, cursor: int, names: Names) -> list[Completion]:
    """Return what may come at the cursor, at most 500: names and values first, then keywords.

    What is typed is compared without case. Names that need quotes have them; inside an open quote
    they have that one.
    """
    place = _place(text, cursor)
    if place is None:
        return []
    proposals = chain(_most_meant(place), _named(_with_whole_name(place), names), _keywords(place))
    return list(dict.fromkeys(islice(proposals, _MOST_PROPOSED)))


def _most_meant(place: _Place) -> Iterator[Completion]:
    if not place.line or place.mark:
        return
    did = max((at for at, token in enumerate(place.line) if token.type == "DID"), default=0)
    before, step = place.line[-1], place.line[did - 1].type == "SHARE"  # the last `did` is a step's
    kind = "WITHIN" if step and before.text == "within" else before.type
    first = "first " if kind == "BY" and _has_own_days(place.line) else ""
    for text in FIRST.get(kind, ()):
        if place.begins(first + text):
            yield Completion(place.start, first + text, "keyword" if kind == "SHARE" else "unit")
    if step and before.type == "ON" and place.begins(OWN[1][3:]):
        yield Completion(place.start, OWN[1][3:], "unit")
    if step and kind != "WITHIN" and "WITHIN" in Progress(place.line).accepted:
        for text in filter(place.begins, OWN):
            yield Completion(place.start, text, "keyword")


def _place(text: str, cursor: int) -> _Place | None:
    """Find the statement and the word at the cursor; None where nothing can be proposed."""
    before = text[:cursor]
    line = _open_statement(before)
    rest = before[line[-1].end if line else 0 :]
    if "#" in re.split(r"[\r\n]", rest)[-1]:
        return None
    if not line or rest:
        return _Place(line, cursor, "")
    last = line[-1]
    if last.type == "OPEN":
        closed = text[cursor : cursor + 1] == last.text[0]
        return _Place(line[:-1], last.start, last.text[1:], last.text[0], closed)
    if last.type in _UNFINISHED or last.text.isalpha():
        return _Place(line[:-1], last.start, last.text)
    return None if last.type in ENDED else _Place(line, cursor, "")


def _open_statement(before: str) -> tuple[Token, ...]:
    """Return the tokens of the statement that the text ends in; a new line begins a new one."""
    source = Source(before)
    line: list[Token] = []
    for token in tokens(source):
        if source.begins_line(token.start):
            line.clear()
        line.append(token)
    return () if before[-1:] in ("\r", "\n", "") else tuple(in_context(line))


def _with_whole_name(place: _Place) -> _Place:
    """Return the place with the words before the cursor as the beginning of one name."""
    line = [*place.line]
    while line and (line[-1].type == "WORD" or line[-1].text in CONTEXTUAL):
        line.pop()
    words = place.line[len(line) :]
    if place.mark or not words:
        return place
    typed = " ".join([*(word.text for word in words), place.typed])
    return replace(place, line=tuple(line), start=words[0].start, typed=typed)


def _keywords(place: _Place) -> Iterator[Completion]:
    if place.mark:
        return
    now = Progress(place.line)
    accepted = now.accepted - PUNCTUATION - _refused(place)
    if {"WORD", "OPENING"} <= accepted:
        accepted -= {"OPENING"}  # of an `or`: names come first to mind
    for kind, spelled in SPELLED.items():
        if kind not in accepted or not place.begins(spelled):
            continue
        if kind not in ("TRUE", "FALSE") or (_fits(place, spelled) and _property(now.stack)):
            is_a = "unit" if kind in UNITS else "operator" if kind in OPERATORS else "keyword"
            yield Completion(place.start, spelled, is_a)


def _refused(place: _Place) -> frozenset[str]:
    """Return the operators and units that the grammar takes there, and the language does not."""
    types = [token.type for token in place.line]
    if types[-1:] == ["BY"] and _has_own_days(place.line):
        return frozenset({*UNITS, "HOUR", "FIRST"})  # each is proposed behind its `first`
    if "WITHIN" in types and {*types[types.index("WITHIN") + 1 :]} <= {"NUMBER", "COMMA"}:
        return frozenset(UNITS - {"DAY", "DAYS", "WEEK", "WEEKS"})
    words = [token.text for token in place.line[-4:]]
    if words[-1:] == ["geo"] and [token.type for token in place.line[-2:-1]] != ["DOT"]:
        return OPERATORS - {"IS", "IN"}
    return OPERATORS - {"IN"} if words[-3:] == ["session", ".", "time_of_day"] else frozenset()


def _has_own_days(line: Sequence[Token]) -> bool:
    pairs = ((left.type, right.type) for left, right in pairwise(line))
    return any("WITHIN" in pair or pair in (("ON", "DAY"), ("ON", "DAYS")) for pair in pairs)


def _named(place: _Place, names: Names) -> Iterator[Completion]:
    """Propose names, texts and places, by what the grammar expects there."""
    now = Progress(place.line)
    event = _event_before(now.stack)
    wanted: list[tuple[Scalar, str, str]]
    if "TRUE" in now.accepted:
        wanted = _value_proposals(place, names, event, _property(now.stack))
    elif "WORD" not in now.accepted:
        return
    elif place.line and place.line[-1].type == "DOT":
        known = names.of_scope(_scope(place.line[-2].text))
        wanted = [(name, name_text(name), "property") for name in known]
    elif "PARAM" in now.accepted and "OPENING" not in now.accepted:  # which would be a condition
        wanted = [(name, event_name(name), "event") for name in names.events]
    else:
        known = names.of_event(event)
        wanted = [(name, property_text(Property(name)), "property") for name in known]
        is_inner = any(isinstance(item, Token) and item.type == "DID" for item in now.stack)
        if not place.mark:
            scopes = [f"{s.value}." for s in SCOPES if s is Scope.SESSION or not is_inner]
            wanted += [(scope, scope, "scope") for scope in scopes]
            wanted += [] if is_inner else [("geo", "geo", "property")]
    for value, spelled, kind in wanted:
        yield from _spelled(place, value, spelled, kind)


def _value_proposals(
    place: _Place, names: Names, event: str | None, prop: Property | None
) -> list[tuple[Scalar, str, str]]:
    """Return what fits there and is not in the list already."""
    places = dict.fromkeys([*(path.split("/")[0] for path in names.places), *names.places])
    known: Iterable[Scalar] = names.values(event, prop) if prop else places
    texts = [(value, value_text(value)) for value in known if _fits(place, value)]
    listed, kind = _listed_already(place.line), "value" if prop else "place"
    return [(value, text, kind) for value, text in texts if text not in listed]


def _listed_already(line: Sequence[Token]) -> set[str]:
    """Return the values of the list that is open, as they are printed: once is enough."""
    begin = max((at for at, token in enumerate(line) if token.type == "OPENING"), default=0)
    open_list = line[begin:] if begin and line[begin - 1].type == "IN" else ()
    texts = (unquoted(t.text) if t.type == "STRING" else t.text for t in open_list)
    return {text for typed in texts for text in (typed, value_text(typed))}


def _fits(place: _Place, proposed: Scalar) -> bool:
    """Return True if what is before the cursor can take the value."""
    return place.line[-1].type not in (_ORDERING if isinstance(proposed, str) else _SEARCHING)


def _spelled(place: _Place, value: Scalar, spelled: str, kind: str) -> Iterator[Completion]:
    """Propose it as it must be typed there, if what is typed is its beginning."""
    if "\n" in spelled or "\r" in spelled:
        return  # no text of the language can hold it
    if not place.mark:
        if place.begins(str(value)):
            yield Completion(place.start, spelled, kind)
    elif isinstance(value, str):
        inside = value.replace("\\", "\\\\").replace(place.mark, "\\" + place.mark)
        if place.begins(inside):
            end = "" if place.closed else place.mark
            yield Completion(place.start, place.mark + inside + end, kind)


# What the parser's stack says of the place


def _event_before(stack: Sequence[object]) -> str | None:
    """Return the event that the place is about: the last one begun, after `by` the first."""
    by = any(isinstance(item, Token) and item.type == "BY" for item in stack)
    for item in stack if by else reversed(stack):
        if isinstance(item, EventNode | EventName):
            name = item.name.name if isinstance(item, EventNode) else item.name
            return name.text
    return None


def _property(stack: Sequence[object]) -> Property | None:
    """Return the property whose value is expected; None for `geo`, whose value is a place."""
    prop = [item for item in stack if isinstance(item, PropertyName)][-1]
    scope = _scope(prop.scope.text) if prop.scope else Scope.EVENT
    return None if prop.is_geo else Property(prop.name.text, scope)


def _scope(word: str) -> Scope:
    return next((scope for scope in SCOPES if scope.value == word), Scope.EVENT)
