"""A statement's tree -> the draft that a form shows; `$names` stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import dropwhile

from ct_magic.errors import QueryError
from ct_magic.forms.draft import draft as rows, field_text
from ct_magic.forms.draft.draft import FieldRow, row
from ct_magic.query import lexer, parser, printer, tree
from ct_magic.query.lexer import Source, Token
from ct_magic.query.payload import from_json


class _NoFieldError(Exception):
    """Says that no field can show it."""


def draft(statement: parser.Spelled, source: Source) -> FieldRow:
    """Return the fields of a statement; what no field can show is kept as its text."""
    line, spelled = statement
    label, body = spelled.label, spelled.body
    named = field_text.name_field(label.text) if label else ""
    if isinstance(body, Token):
        return _json(body.text, named)
    try:
        return _Reader(line).query(body, named)
    except _NoFieldError:
        text = source.text[body.first.start : line[-1].end]
        return row({"label": named, "body": text})


def _json(body: str, label: str) -> FieldRow:
    """Read JSON that the language can say; keep what it cannot, or not yet, word for word."""
    kept = row({"label": label, "body": body})
    try:
        source = Source(printer.layout(from_json(body)))
        (statement,) = parser.spelled(source)
    except QueryError:
        return kept
    if source.text.startswith("{"):
        return kept
    fields = draft(statement, source)
    return row({"label": label, **fields.typed}, **fields.rows)


class _Reader:
    """Reads the nodes of one statement, whose tokens are `line`."""

    def __init__(self, line: list[Token]) -> None:
        self._line = line

    def query(self, query: tree.QueryNode, label: str) -> FieldRow:
        """Return the fields of a statement."""
        brackets = [c for c in query.clauses if isinstance(c, tree.DidNode) and c.kind == "did any"]
        if len(brackets) > 1:
            raise _NoFieldError
        event, versus = self._event(query.event), query.versus
        typed = {"label": label, **event.typed}
        for bracket in brackets:
            own = bracket.own
            typed["own"] = self._words(own.first.start, own) if own else ""
            typed["often"] = _times_text(bracket.times)
        typed["versus"] = self._words(versus.vs.end, versus) if versus else ""
        return row(
            typed,
            **event.rows,
            did=tuple(did for clause in query.clauses for did in self._dids(clause)),
            by=tuple(map(self._axis, query.by.axes)) if query.by else (),
        )

    def _words(self, start: int, node: tree.Node) -> str:
        """Return the words from there to the end of a node, as they were typed."""
        words = [t for t in self._line if start <= t.start < node.last.end]
        return lexer.one_line(list(dropwhile(lambda token: token.type == "CLOSING", words)))

    def _event(self, event: tree.EventNode, kind: str = "") -> FieldRow:
        name = event.name.name
        shown = name.text if isinstance(name, Token) else field_text.name_field(name.text)
        before = event.where or event.name
        period = self._words(before.last.end, event.period) if event.period else ""
        typed = {"kind": kind, "event": shown, "period": period}
        return row(typed, where=tuple(_filter_rows(event.where)))

    def _dids(self, clause: tree.Clause) -> Iterator[FieldRow]:
        if isinstance(clause, tree.ShareWhereNode):
            yield row({"kind": rows.SHARE_WHERE}, where=tuple(_filter_rows(clause.where)))
            return
        kind = f"share {clause.kind}" if clause.share else clause.kind
        times = "" if kind in rows.ANY else _times_text(clause.times)  # which is the bracket's
        for event in clause.events:
            did = self._event(event, kind)
            yield row({**did.typed, "times": times}, **did.rows)

    def _axis(self, axis: tree.AxisNode) -> FieldRow:
        match axis:
            case tree.ValueAxis():
                values = {"unit": rows.VALUES, "values": _list(axis.values)}
                return row(values | _property_fields(axis.property))
            case tree.TimeAxis():
                window = axis.rolling
                rolling = self._words(window.first.end, window) if window else ""
                first = "first " if axis.by_first else ""
                return row({"unit": f"{first}{axis.unit.text}", "rolling": rolling})


def _times_text(times: tree.Times | None) -> str:
    return f"{field_text.symbol(times.operator)} {times.number.text}" if times else ""


def _filter_rows(where: tree.ConditionNode | None) -> Iterator[FieldRow]:
    """Yield the filters, each with the word that joins it to the one before."""
    terms = where.parts if isinstance(where, tree.Disjunction) else (where,) if where else ()
    for term_number, term in enumerate(terms):
        parts = term.parts if isinstance(term, tree.Conjunction) else (term,)
        for number, part in enumerate(parts):
            if isinstance(part, tree.Conjunction | tree.Disjunction):
                raise _NoFieldError
            yield row({"joint": "or" if term_number and not number else "and"} | _filter_row(part))


def _filter_row(part: tree.LeafNode) -> dict[str, str]:
    if isinstance(part, tree.Named):
        return {"scope": rows.PART, "property": part.variable.text}
    about = _property_fields(part.property)
    match part:
        case tree.Existence():
            return about | {"operator": rows.BARE[part.negated]}
        case tree.Membership():
            return about | {"operator": rows.LISTS[part.negated], "value": _list(part.values)}
        case tree.Range(_, low, high):
            return about | {"operator": rows.RANGE, "value": field_text.range_field(low, high)}
        case tree.ComparisonNode(_, operator, value):
            shown = field_text.value_field(field_text.value_word(value.text))
            return about | {"operator": field_text.symbol(operator), "value": shown}


def _property_fields(name: tree.PropertyName) -> dict[str, str]:
    """Return the scope and the property's field; `geo` is a scope of its own."""
    if name.is_geo:
        return {"scope": rows.GEO}
    scope = name.scope.text if name.scope else ""
    if scope not in rows.SCOPE_WORDS:
        raise _NoFieldError
    return {"scope": scope, "property": field_text.name_field(name.name.text)}


def _list(values: tree.ValuesNode) -> str:
    if values.variable:
        return values.variable.text
    return field_text.list_field(field_text.value_word(item.text) for item in values.items)
