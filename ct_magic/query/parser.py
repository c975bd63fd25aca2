"""Text -> queries: how a text is read, and its first mistake underlined.

    text      --lexer.tokens-->      tokens     refuses nothing
              --_statement_lines-->            statements a token without indentation begins one
              --lexer.in_context-->  the words that mean something in one place only
              --grammar.lark-->      `tree`     what is where; `tree.NODES` makes the nodes
              --builder-->           `Query`    what it means; variables and days are looked up
              --expand-->            rows over single counts; `payload` makes those JSON

Where the grammar stops, `mistakes` says what was found, what could be there and what was
probably meant. Every error is a QueryError that knows its line and column (`source`). The same
grammar tells `completion` what may come next.
"""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date, tzinfo
from functools import partial
from itertools import accumulate

from ct_magic.errors import QueryError, UsageError
from ct_magic.query.builder import Builder
from ct_magic.query.calendar import plain_day
from ct_magic.query.catalog import Names
from ct_magic.query.expand import MOST_COUNTS, Expansion, StatementError, expand
from ct_magic.query.lexer import (
    Source,
    Token,
    one_line,
    statement_tokens,
    tokens,
    with_contextual,
)
from ct_magic.query.model import JsonQuery, Query
from ct_magic.query.parts import NamedCondition, NamedEvent
from ct_magic.query.printer import to_text
from ct_magic.query.tree import DidNode, Progress, QueryNode, StatementNode, reach
from ct_magic.rows import replace

_DEEPEST = 30  # brackets in brackets
_INDENTED = "a statement begins without indentation: take the spaces before it away"
_INDENTED_LABEL = "a label begins its statement: take the spaces before it away"
_NO_MORE = "a condition is what may be behind 'where', and no more"
_EMPTY = "nothing is asked: write an event's name, as in App Launched last 7 days"
Spelled = tuple[list[Token], StatementNode]  # a statement's tokens, and their tree
_Statements = list[tuple[Query | JsonQuery, list[Token]]]  # each with its tokens


def parse(
    text: str,
    *,
    params: Mapping[str, object] | None = None,
    today: date | None = None,
    max_counts: int | None = MOST_COUNTS,
    zone: tzinfo | None = None,
    names: Names | None = None,
) -> tuple[Query | JsonQuery, ...]:
    """Return the distinct single counts that a text asks, in the order its rows need them.

    `params` are the values of its `$names`. `today` is the day that relative periods count from,
    `zone` the one whose days a time with a time zone means; both default to the machine's. `names`
    are those that the account knows. Each count is a Query, or JSON that the language cannot
    express; `to_text` and `to_payload` take both. Raises QueryError for a text that is no query, or
    that would ask more than `max_counts` counts (None: any number).
    """
    cell = read_cell(
        text, params=params, today=today, max_counts=max_counts, zone=zone, names=names
    )
    return cell.counts


def read_cell(
    text: str,
    *,
    params: Mapping[str, object] | None = None,
    today: date | None = None,
    max_counts: int | None = MOST_COUNTS,
    zone: tzinfo | None = None,
    names: Names | None = None,
    hours: int | None = None,
) -> Expansion:
    """Read a cell: its statements (see `statements`), and their single counts (see `parse`).

    `hours` is how many hours of today are over, where that is known.
    """
    day = plain_day(today or date.today(), zone)
    read = partial(_statements, params=params, today=day, zone=zone, names=names)
    with _cured(text, read) as pairs:
        try:
            return expand(tuple(query for query, _ in pairs), day, max_counts, hours)
        except StatementError as error:
            line = pairs[error.statement][1]
            at = next((token for token in line if token.type == error.keyword), line[0])
            raise Source(text).error(error.message, at.start, at.end) from None


def statements(
    text: str,
    params: Mapping[str, object] | None = None,
    today: date | None = None,
    zone: tzinfo | None = None,
    names: Names | None = None,
) -> tuple[Query | JsonQuery, ...]:
    """Return the statements as they were typed: `by` kept, periods not resolved.

    `source` is a statement's own text on one line, without label and comments. `today` serves
    only to refuse a period that ends before it begins.
    """
    day = plain_day(today or date.today(), zone)
    read = partial(_statements, params=params, today=day, zone=zone, names=names)
    with _cured(text, read) as pairs:
        return tuple(query for query, _ in pairs)


@contextmanager
def _cured(text: str, read: Callable[[str], _Statements]) -> Iterator[_Statements]:
    """Read a text; give an error of it or of the block its cure: a changed text that is read."""
    try:
        yield read(text)
    except QueryError as error:
        from ct_magic.query.mistakes.explain import cures

        for cure in cures(error, text):
            with suppress(QueryError):
                read(cure)
                error.cure = cure
                break
        raise


def condition(text: str, *, params: Mapping[str, object] | None = None) -> NamedCondition:
    """Return what may be behind `where` as a value that any cell may name: `where $real`.

    `params` are the values of the text's own `$names`. The value is frozen, can be pickled, prints
    as its text, and equals another with the same filters in any order. Raises QueryError for a text
    that is not one condition.
    """
    builder, query = _part(text, params, "where")
    where = query.event.where
    more = (*query.clauses, query.event.period, query.versus, query.by)
    if other := next(filter(None, more), None):
        builder.fail(_NO_MORE, other)
    return NamedCondition(builder.where(where))  # type: ignore[arg-type] # the grammar wants one


def event(text: str, *, params: Mapping[str, object] | None = None) -> NamedEvent:
    """Return an event as a value that any cell may name: `$big last month`, `did $big`.

    The text may have filters, a period and how often, as `Charged where Amount > 500 >= 2`; a
    period and how often may be typed behind the name instead. For the rest see `condition`.
    """
    builder, query = _part(text, params, "did")
    clause, *others = query.clauses
    more = next(filter(None, (*others, query.versus, query.by)), None)
    if more or not isinstance(clause, DidNode) or clause.sign:
        message = "an event is a name with filters, a period and how often, and no more"
        builder.fail(message, more or clause)
    return NamedEvent(builder.named_event(clause))


def _part(
    text: str, params: Mapping[str, object] | None, opening: str
) -> tuple[Builder, QueryNode]:
    """Read a part of a statement behind the word that it follows."""
    if not isinstance(text, str):
        raise UsageError(f"a part of a query is a text, not {reprlib.repr(text)}")
    source = Source(text)
    builder = Builder(source, params or {}, date.today())
    # What is before the text has no place in it, and no message repeats it.
    head = [Token("WORD", "x", -9), Token(opening.upper(), opening, -7)]
    words = list(tokens(source))
    if not words:
        no_filter = "there is no filter: write one, as in Amount > 500"
        raise source.error(_EMPTY if opening == "did" else no_filter, 0, 1)
    if words[0].type in (opening.upper(), "SHARE"):
        message = f"write what comes behind '{opening}' alone"
        raise source.error(message, words[0].start, words[0].end)
    begun = (word for word in words[1:] if source.begins_line(word.start))
    if opening == "did" and (other := next(begun, None)):
        raise source.error("an event is one line, or goes on indented", other.start, other.end)
    line = [*head, *words]
    is_cut = opening == "where" and 2 < (at := reach(line)) < len(line)
    if is_cut and "$END" in Progress(line[:at]).accepted:
        raise source.error(_NO_MORE, line[at].start, line[at].end)
    body = _tree(source, line).body
    assert isinstance(body, QueryNode)  # noqa: S101 # it begins with a name
    return builder, body


def spelled(source: Source) -> list[Spelled]:
    """Return the statements as they are spelled, without looking up a `$name`; QueryError else."""
    return [(line, _tree(source, line)) for line in _statement_lines(source)]


def _statements(
    text: str,
    params: Mapping[str, object] | None,
    today: date,
    zone: tzinfo | None,
    names: Names | None,
) -> _Statements:
    """Read one statement after the other."""
    if not isinstance(text, str):
        raise UsageError(f"a query is a text, as in 'App Launched today', not {reprlib.repr(text)}")
    source = Source(text)
    builder = Builder(source, params or {}, today, zone, names or Names())
    labels: set[str | None] = set()
    found = []
    for line in _statement_lines(source):
        # No other clause has a colon than the label.
        first, types = line[0], [token.type for token in line]
        colon = types.index("COLON") if "COLON" in types else -1
        if colon > 0 and source.line(line[colon].start) > source.line(first.start):
            raise source.error(_INDENTED_LABEL, line[colon - 1].start, line[colon].end)
        try:
            query = builder.build(_tree(source, line, today))
        except QueryError as error:
            from ct_magic.query.mistakes.rewriting import with_own_events

            raise error.saying(with_own_events(error.message, line)) from None
        if query.label is not None and query.label in labels:
            message = f"duplicate label '{query.label}': labels must be unique in a cell"
            raise source.error(message, first.start, line[colon - 1].end)
        labels.add(query.label)
        found.append((replace(query, source=_written(query, line[colon + 1 :])), line))
    return found


def _statement_lines(source: Source) -> list[list[Token]]:
    """Return the tokens of each statement; raise QueryError where none begins."""
    lines = statement_tokens(source)
    if not lines:
        raise source.error(_EMPTY, 0, 1)
    if not source.begins_line((first := lines[0][0]).start):
        raise source.error(_INDENTED, first.start, first.end)
    return lines


def _tree(source: Source, line: list[Token], today: date | None = None) -> StatementNode:
    depths = accumulate({"OPENING": 1, "CLOSING": -1}.get(token.type, 0) for token in line)
    if deep := next((token for token, n in zip(line, depths, strict=True) if n > _DEEPEST), None):
        raise source.error("brackets are nested deeper than any query", deep.start, deep.end)
    end = Token("$END", "", line[-1].end)
    progress = Progress([*line, end])
    if progress.taken <= len(line):
        from ct_magic.query.mistakes.explain import explain_mistake

        mistake = explain_mistake([*with_contextual(line), end], progress.taken, today)
        raise source.error(mistake.message, mistake.start, mistake.end)
    statement: StatementNode = progress.stack[0]
    return statement


def _written(query: Query | JsonQuery, body: list[Token]) -> str:
    """Return the statement's text on one line; of JSON and variables what they mean."""
    if any(token.type in ("JSON", "PARAM") for token in body):
        return to_text(replace(query, label=None))
    return one_line(body)
