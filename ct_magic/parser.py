"""Text -> queries: the one room that knows the grammar's parser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from lark import Lark, Token, Tree, UnexpectedToken
from lark.parsers.lalr_interactive_parser import InteractiveParser

from . import build, cql, dates, mistakes
from .errors import QueryError
from .query import JsonQuery, Query
from .tokens import Token as Ours
from .tokens import error, tokens

MAX_COUNTS = 500
JSON_START = re.compile(r"""(?:(?P<label>[^\W\d][^:{"'#\n]*|"[^"\n]*"|'[^'\n]*')\s*:)?\s*\{""")


@dataclass(frozen=True, slots=True)
class Statement:
    """Where one statement stands in the text, and whether it is JSON (then: where that begins)."""

    start: int
    end: int
    json_at: int | None = None


def parse(
    text: str,
    *,
    params: Mapping[str, Any] | None = None,
    today: date | None = None,
    max_counts: int = MAX_COUNTS,
) -> tuple[Query | JsonQuery, ...]:
    """Read a text and give its single counts, in the order asked, the pieces of `by` unfolded.

    `params` holds the values of the text's `$names`; `today` is the day that relative periods
    count from (the machine's today). Each query has `payload()`, the API's JSON, and `str()`, its
    canonical text. Raises QueryError, and nothing else, for a text that is no query or that would
    ask more than `max_counts` counts.
    """
    day = today or date.today()
    return unfold(statements(text, params=params, today=day), day, max_counts)


def unfold(
    asked: tuple[Query | JsonQuery, ...], today: date, max_counts: int = MAX_COUNTS
) -> tuple[Query | JsonQuery, ...]:
    """Unfold statements into single counts; refuse more than `max_counts` before making them."""
    total = sum(dates.how_many(query, today) for query in asked)
    if total > max_counts:
        raise QueryError(
            f"this asks {total:,} counts, and {max_counts:,} is the limit: ask for fewer pieces, "
            "or raise the setting max_counts",
            source=(asked[0].source or str(asked[0])),
        )
    return tuple(single for query in asked for single in dates.unfold(query, today))


def statements(
    text: str, *, params: Mapping[str, Any] | None = None, today: date | None = None
) -> tuple[Query | JsonQuery, ...]:
    """Read a text as it is written: periods stay relative, `by` stays folded."""
    found: list[Query | JsonQuery] = []
    labels: set[str] = set()
    builder = build.Builder(text, params or {}, today or date.today())
    for place in split(text):
        query = _json(text, place) if place.json_at is not None else _query(text, place, builder)
        if query.label is not None and query.label in labels:
            raise error(text, f"the label {query.label!r} stands twice: rename one", place.start)
        labels |= {query.label} if query.label is not None else set()
        found.append(query)
    if not found:
        raise error(text, "there is no query: write an event's name, like App Launched", 0)
    return tuple(found)


def split(text: str) -> Iterator[Statement]:
    """Cut a cell into its statements: each starts on a line without indentation."""
    at, begun = 0, None
    while at < len(text):
        stop = text.find("\n", at)
        stop = len(text) if stop < 0 else stop
        line = text[at:stop]
        if line.strip() and not line.lstrip().startswith("#"):
            indented = line[0].isspace()
            if indented and begun is None:
                raise error(
                    text,
                    "a statement begins at the start of its line: take the space before it away",
                    at,
                )
            if not indented:
                if begun is not None:
                    yield Statement(begun, at)
                begun = at
                if match := JSON_START.match(text, at):
                    stop = _json_end(text, match.end() - 1)
                    yield Statement(at, stop, match.end() - 1)
                    begun, stop = None, _after_json(text, stop)
        at = stop + 1
    if begun is not None:
        yield Statement(begun, len(text))


def next_kinds(before: list[Ours]) -> set[str]:
    """Give the kinds of token that may follow these; empty where they are already wrong."""
    machine = _grammar().parse_interactive()
    try:
        for token in before:
            machine.feed_token(_lark_token(token))
    except UnexpectedToken:
        return set()
    return _allowed(machine)


@cache
def _grammar() -> Lark:
    source = files(__package__).joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(source, parser="lalr", lexer="basic", maybe_placeholders=False)


def _lark_token(token: Ours) -> Token:
    return Token(token.kind, token)


def _allowed(machine: InteractiveParser) -> set[str]:
    return set(machine.accepts())  # type: ignore[no-untyped-call] # lark has no type here


def _query(text: str, place: Statement, builder: build.Builder) -> Query:
    found = tokens(text, place.start, place.end)
    machine = _grammar().parse_interactive()
    for index, token in enumerate(found):
        _feed(text, machine, found, index, _lark_token(token))
    end = Ours("$END", "", found[-1].end, found[-1].end)
    tree = _feed(text, machine, [*found, end], len(found), Token("$END", ""))
    query = builder.query(tree)
    return replace(query, source=_source(text, found))


def _feed(
    text: str, machine: InteractiveParser, found: list[Ours], index: int, token: Token
) -> Tree[Any]:
    try:
        tree: Tree[Any] = machine.feed_token(token)
        return tree
    except UnexpectedToken:
        raise mistakes.explain(text, found, index, _allowed(machine)) from None


def _source(text: str, found: list[Ours]) -> str:
    # The statement as typed, on one line: comments and line breaks gone, the label too.
    labelled = len(found) > 1 and found[1].kind == "COLON"
    rest = found[2:] if labelled else found
    parts = [rest[0].text]
    for before, token in pairwise(rest):
        parts.append(" " if token.start > before.end else "")
        parts.append(text[token.start : token.end] if token.kind == "STRING" else token.text)
    return "".join(parts)


def _json_end(text: str, at: int) -> int:
    try:
        _, end = json.JSONDecoder(parse_constant=_no_constant).raw_decode(text, at)
    except json.JSONDecodeError as wrong:
        raise error(text, mistakes.json_message(text, wrong), min(wrong.pos, len(text))) from None
    except (RecursionError, ValueError):
        raise error(
            text,
            "this JSON cannot be read: it is nested too deeply, or holds a number that is too long",
            at,
        ) from None
    return end


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _after_json(text: str, at: int) -> int:
    stop = text.find("\n", at)
    stop = len(text) if stop < 0 else stop
    rest = text[at:stop].strip()
    if rest and not rest.startswith("#"):
        where = at + len(text[at:stop]) - len(text[at:stop].lstrip())
        raise error(
            text,
            f"found {rest[:20]!r} behind the JSON: the statement ends with its last bracket",
            where,
            where + len(rest),
        )
    return stop


def _json(text: str, place: Statement) -> Query | JsonQuery:
    at = place.json_at or 0
    body = text[at : place.end]
    head = text[place.start : at]
    label = build.label_of(tokens(head, 0, len(head))) if head.strip() else None
    try:
        query = cql.from_payload(json.loads(body), body)
    except QueryError as wrong:
        raise error(text, wrong.message, at) from None
    return replace(query, label=label, source=" ".join(body.split()))
