"""Write the tables of the grammar anew: `python tests/grammar.py`, after each change of its rules.

lark makes them of ct_magic/query/grammar.lark; what they hold is said in ct_magic/query/tree.py.
Two states that do the same are one, and states are numbered as they are met: so the tables say the
same, whichever lark has made them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lark import Lark
from lark.grammar import Rule

QUERY = Path(__file__).parents[1] / "ct_magic/query"
TABLES = QUERY / "grammar.json"
Row = dict[str, Any]  # of each symbol the next state, or the rule that is complete before it


def grammar(makers: Any = None) -> Lark:
    """Return lark's parser of the language; `makers` has a method for the node of each rule."""
    rules = (QUERY / "grammar.lark").read_text("utf-8")
    return Lark(rules, parser="lalr", lexer="basic", start="statement", transformer=makers)


def written() -> str:
    """Return the tables as they must be: a line for each rule, and for each state."""
    states, start = merged(*automaton(grammar()))
    numbers = {start: 0}
    rules: dict[str, int] = {}
    rows = []
    for state in numbers_as_met(states, numbers):
        row = {}
        for symbol, step in sorted(states[state].items()):
            is_rule = isinstance(step, tuple)
            row[symbol] = (
                ~rules.setdefault(json.dumps(step), len(rules)) if is_rule else numbers[step]
            )
        rows.append(json.dumps(row))
    parts = (",\n".join(part) for part in (rules, rows))
    return "[[\n" + "\n],[\n".join(parts) + "\n]]\n"


def numbers_as_met(states: dict[int, Row], numbers: dict[int, int]) -> Iterator[int]:
    """Yield the states, each with those that it leads to numbered."""
    queue = [*numbers]
    for state in queue:
        for _, step in sorted(states[state].items()):
            if not isinstance(step, tuple) and step not in numbers:
                numbers[step] = len(numbers)
                queue.append(step)
        yield state


def automaton(parser: Lark) -> tuple[dict[int, Row], int]:
    """Return lark's states, a rule as what is done where it is complete, and the first state."""
    table = parser.parser.parser._parse_table
    states = {
        state: {
            symbol: to if action.name == "Shift" else done(to)
            for symbol, (action, to) in row.items()
        }
        for state, row in table.states.items()
    }
    end = table.end_states["statement"]
    states[end] = {"$END": end}
    return states, table.start_states["statement"]


def merged(states: dict[int, Row], start: int) -> tuple[dict[int, Row], int]:
    """Return the states without those that do what another does."""
    while True:
        first: dict[str, int] = {}
        same = {
            state: first.setdefault(repr(sorted(row.items())), state)
            for state, row in states.items()
        }
        if len(first) == len(states):
            return states, start
        states = {
            state: {s: same.get(to, to) for s, to in states[state].items()}
            for state in first.values()
        }
        start = same[start]


def done(rule: Rule) -> tuple[Any, ...]:
    """Return how many symbols a rule takes, its own symbol, its node's maker, and its children."""
    options, name = rule.options, rule.origin.name
    nones = [*options.empty_indices] or [False] * len(rule.expansion)
    kept: list[int | None] = []
    symbols = iter(enumerate(rule.expansion))
    for is_missing in nones:
        if is_missing:
            kept.append(None)
            continue
        at, symbol = next(symbols)
        if options.keep_all_tokens or not (symbol.is_term and symbol.filter_out):
            kept.append(at)
    inlined = name.startswith("_")
    # `?rule` with one child is that child; one with more has a node.
    alone = options.expand1 and not rule.alias and len(kept) == 1
    assert not alone or not rule.expansion[kept[0]].name.startswith("__"), rule
    maker = "_" if inlined else "?" if alone else rule.alias or name
    return len(rule.expansion), name, maker, tuple(kept)


if __name__ == "__main__":
    TABLES.write_text(written(), encoding="utf-8")
