"""The tables of the grammar: they are lark's, and what we do with them is what lark does."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

import pytest
from grammar import TABLES, grammar, written
from helpers.language_inputs import RIGHT, broken, corpus
from lark import Lark, UnexpectedToken

from ct_magic.query.lexer import Source, Token, in_context, statement_tokens
from ct_magic.query.tree import NODES, Node, Progress

NO_RULE = ("?", "_")  # lark has these in its own way


def test_the_tables_are_those_of_the_grammar() -> None:
    """After a change of grammar.lark `python tests/grammar.py` writes them anew."""
    assert TABLES.read_text("utf-8") == written()


@pytest.fixture(scope="module")
def lark() -> Lark:
    """Lark's own parser, which makes our nodes."""
    made = {
        name: lambda parts, make=make: make(*parts)
        for name, make in NODES.items()
        if name not in NO_RULE
    }
    return grammar(SimpleNamespace(**made))


def statements(cells: list[str]) -> Iterator[list[Token]]:
    """The tokens of each statement, and the end behind them."""
    for cell in cells:
        for line in statement_tokens(Source(cell)):
            yield [*line, Token("$END", "", line[-1].end)]


def shape(part: object) -> object:
    """A node with all that is in it: nodes are compared by identity."""
    if isinstance(part, Node):
        return type(part).__name__, [shape(value) for value in vars(part).values()]
    return [shape(each) for each in part] if isinstance(part, tuple) else part


def shapes(stack: Iterable[object]) -> list[object]:
    """What a parser holds, without what it has of its own: children of rules without a node."""
    return [shape(part) for part in stack if isinstance(part, Node | Token)]


def same_as_lark(lark: Lark, line: list[Token]) -> None:
    """Hold of a beginning how much of it is read, what may come next, the stack, and the tree."""
    ours, larks, tree, taken = Progress(line), cast("Any", lark.parse_interactive()), None, 0
    with suppress(UnexpectedToken):
        for token in in_context(line):
            tree = larks.feed_token(token)
            taken += 1
    assert ours.taken == taken
    if taken < len(line):
        assert ours.accepted == set()
    elif tree:
        assert shape(ours.stack[0]) == shape(tree)
    else:
        assert ours.accepted == larks.accepts()
        assert shapes(ours.stack) == shapes(larks.parser_state.value_stack)


def test_a_statement_is_read_as_lark_reads_it(lark: Lark) -> None:
    """Right ones, wrong ones, and others that are broken at random."""
    rng, cells = random.Random(5), corpus()
    some = [*RIGHT, *rng.sample(cells, 30), *(broken(rng, cells) for _ in range(30))]
    for line in statements(some):
        for end in range(len(line) + 1):
            same_as_lark(lark, line[:end])
