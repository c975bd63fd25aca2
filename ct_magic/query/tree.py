"""The parse tree, typed: what is in a statement, as it was typed, whatever it means.

Each node is made by one rule of grammar.lark: see NODES, and Progress for how. Builder, completion
and the form read the nodes. A node's `first` and `last` are the tokens that it begins and ends
with, so that an error can underline it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar, dataclass_transform

from ct_magic.query.lexer import Token, in_context, unquoted


@dataclass_transform(frozen_default=True, eq_default=False)
class Node:
    """A part of a statement, compared by identity.

    For the type checker each is a frozen dataclass; to make so many would delay the first query.
    """

    __match_args__: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls) -> None:
        names = [name for name, kind in cls.__annotations__.items() if "ClassVar" not in kind]
        cls.__match_args__ = tuple(names)  # type: ignore[misc] # as of a dataclass

    def __init__(self, *values: object, **named: object) -> None:
        names = self.__match_args__[: len(values)]  # what has a default may be left out
        vars(self).update(zip(names, values, strict=True), **named)

    @property
    def first(self) -> Token:
        """Return the token that it begins with."""
        return next(_leaves(self, backwards=False))

    @property
    def last(self) -> Token:
        """Return the token that it ends with."""
        return next(_leaves(self, backwards=True))


class Name(Node):
    """Bare words, or one quoted string."""

    words: tuple[Token, ...]

    @property
    def is_bare(self) -> bool:
        """Return True if it has no quotes."""
        return self.words[0].type != "STRING"

    @property
    def text(self) -> str:
        """Return the name that is meant."""
        if self.is_bare:
            return " ".join(word.text for word in self.words)
        return unquoted(self.words[0].text)


class EventName(Node):
    """A name, or the variable that holds one."""

    name: Name | Token


# Filters


class PropertyName(Node):
    """`Category`, `profile.Plan`: the word before the dot, if there is one, and the name."""

    scope: Token | None
    name: Name

    @property
    def is_geo(self) -> bool:
        """Return True if it is `geo`, which is no property but a place."""
        return self.scope is None and self.name.is_bare and self.name.text == "geo"


class ValuesNode(Node):
    """`("a", "b")`, or one variable that holds a list."""

    items: tuple[Token, ...]
    typed: bool = True

    @property
    def variable(self) -> Token | None:
        """Return the variable that holds the list; None where the values are typed."""
        return None if self.typed else self.items[0]


class ComparisonNode(Node):
    """`Amount > 5`."""

    property: PropertyName
    operator: Token
    value: Token


class Membership(Node):
    """`Category in (…)`, `Category not in (…)`."""

    property: PropertyName
    values: ValuesNode
    negated: bool = False


class Range(Node):
    """`Amount in 100..500`, `session.time_of_day in 13:00..17:00`."""

    property: PropertyName
    low: Token
    high: Token


class Existence(Node):
    """`Coupon exists`, `Coupon not exists`."""

    property: PropertyName
    sign: Token
    negated: bool = False


class Named(Node):
    """`$real`: the variable that holds a condition."""

    variable: Token


class Conjunction(Node):
    """Conditions joined by `and`, at least two."""

    parts: tuple[ConditionNode, ...]


class Disjunction(Node):
    """Conditions joined by `or`, at least two."""

    parts: tuple[ConditionNode, ...]


FilterNode = ComparisonNode | Membership | Range | Existence
LeafNode = FilterNode | Named
ConditionNode = LeafNode | Conjunction | Disjunction

# Periods


class PeriodNode(Node):
    """`last 30 days`, `2015-08-10..today`, `after 2 weeks`, `within 7 days`, `rolling 7 days`."""

    rule: str  # of the grammar
    tokens: tuple[Token, ...]  # `30` and `days` of `last`


class WindowNode(Node):
    """`7`, `7..13`: days after a profile's first one."""

    start: Token
    end: Token | None = None


class OnDays(Node):
    """`on day 1, 7`, `on days 7..13`."""

    on: Token
    day: Token
    windows: tuple[WindowNode, ...]


# Clauses


class EventNode(Node):
    """An event with its filters and its period."""

    name: EventName
    where: ConditionNode | None
    period: PeriodNode | OnDays | None  # a moved one only inside `did`, own days behind `share`


class Times(Node):
    """`>= 2`."""

    operator: Token
    number: Token


class DidNode(Node):
    """`did E >= 2`, `did not E`, `did any (E, F) within 7 days`."""

    share: Token | None  # the word before it that makes it a step
    did: Token
    sign: Token | None
    events: tuple[EventNode, ...]
    own: PeriodNode | OnDays | None  # the own days of a bracket
    times: Times | None

    @property
    def kind(self) -> str:
        """Return `did`, `did not` or `did any`."""
        return f"did {self.sign.text}" if self.sign else "did"


class ShareWhereNode(Node):
    """`share where reachability.has_token = true`."""

    share: Token
    where: ConditionNode

    events: ClassVar[tuple[EventNode, ...]] = ()


Clause = DidNode | ShareWhereNode


class Versus(Node):
    """`vs previous`, `vs before 52 weeks`, `vs 2026-05`; the token is PREVIOUS."""

    vs: Token
    period: Token | PeriodNode


class TimeAxis(Node):
    """`week`, `first week`, `day rolling 7 days`, `hour`."""

    by_first: Token | None
    unit: Token
    rolling: PeriodNode | None


class ValueAxis(Node):
    """`Category in (…)`."""

    property: PropertyName
    values: ValuesNode


AxisNode = TimeAxis | ValueAxis


class By(Node):
    """`by` and its axes."""

    by: Token
    axes: tuple[AxisNode, ...]


class QueryNode(Node):
    """A statement in the language; `vs` may have come before the clauses."""

    event: EventNode
    clauses: tuple[Clause, ...]
    versus: Versus | None
    by: By | None

    @property
    def axes(self) -> tuple[AxisNode, ...]:
        """Return the parts of its `by`."""
        return self.by.axes if self.by else ()


class StatementNode(Node):
    """A label, if there is one, and a query or a JSON token."""

    label: Name | None
    body: QueryNode | Token


def leaves(condition: ConditionNode | None) -> Iterator[LeafNode]:
    """Yield the filters of a condition, and its variables, in their order."""
    if isinstance(condition, Conjunction | Disjunction):
        for part in condition.parts:
            yield from leaves(part)
    elif condition is not None:
        yield condition


def _leaves(part: object, backwards: bool) -> Iterator[Token]:
    if isinstance(part, Token):
        yield part
    elif isinstance(part, Node):
        yield from _leaves(tuple(getattr(part, name) for name in part.__match_args__), backwards)
    elif isinstance(part, tuple):
        for child in reversed(part) if backwards else part:
            yield from _leaves(child, backwards)


# A rule of the grammar -> the node that is made of its children.
NODES: dict[str, Callable[..., object]] = {
    "?": lambda child: child,  # of a rule that has no node where it has one child
    "_": lambda *children: children,  # of a rule whose children will be those of the rule above
    "statement": StatementNode,
    "query": lambda event, *rest: QueryNode(event, rest[:-2], *rest[-2:]),
    "query_vs_first": lambda event, versus, *rest: QueryNode(event, rest[:-1], versus, rest[-1]),
    "event": EventNode,
    "event_name": EventName,
    "name": lambda *words: Name(words),
    "alternatives": lambda *parts: Disjunction(parts),
    "conditions": lambda *parts: Conjunction(parts),
    "named": Named,
    "compares": ComparisonNode,
    "is_any_of": Membership,
    "is_none_of": lambda name, values: Membership(name, values, negated=True),
    "is_between": Range,
    "exists": Existence,
    "exists_not": lambda name, sign: Existence(name, sign, negated=True),
    "property": PropertyName,
    "typed_list": lambda *items: ValuesNode(items),
    "variable_list": lambda variable: ValuesNode((variable,), typed=False),
    "on_day": lambda on, day, *windows: OnDays(on, day, windows),
    "window": WindowNode,
    "did": lambda share, did, sign, event, times: DidNode(share, did, sign, (event,), None, times),
    "did_any": lambda share, did, sign, *rest: DidNode(share, did, sign, rest[:-2], *rest[-2:]),
    "share_where": ShareWhereNode,
    "times": Times,
    "versus": Versus,
    "by": lambda by, *axes: By(by, axes),
    "by_time": TimeAxis,
    "by_hour": lambda hour: TimeAxis(None, hour, None),
    "by_value": ValueAxis,
}

_OF_TOKENS = ["one_day", "days", "named_unit", "since", "last", "previous", "this"]
_OF_TOKENS += ["moved", "moved_axis", "within", "rolling"]
NODES |= {rule: lambda *tokens, rule=rule: PeriodNode(rule, tokens) for rule in _OF_TOKENS}


class Progress:
    """How far the grammar goes along in a statement, and what may come next.

    This is an LALR(1) parser. Its tables are made by lark, of grammar.lark: tests/grammar.py. A
    state says of each symbol that may come next which state follows it; of a token before which a
    rule is complete it has that rule's number instead, counted down from -1. Then the symbols of
    the rule leave the stack, and its node is put there.
    """

    def __init__(self, line: Sequence[Token]) -> None:
        self._states = [0]
        self.stack: list[Any] = []  # tokens, and the nodes of complete rules
        self.taken, self._length = 0, len(line)
        for token in in_context(line):
            if not _take(token, self._states, self.stack):
                break
            self.taken += 1

    @property
    def accepted(self) -> frozenset[str]:
        """Return the types of token that may be next, perhaps `$END`; none behind a mistake."""
        if self.taken < self._length:
            return frozenset()
        types = filter(str.isupper, _tables()[1][self._states[-1]])
        ends = (Token(kind, "", 0) for kind in types)
        return frozenset(end.type for end in ends if _take(end, [*self._states], [*self.stack]))


def reach(line: Sequence[Token]) -> int:
    """Return how many of these tokens the grammar takes; the last may be `$END`."""
    return Progress(line).taken


def _take(token: Token, states: list[int], stack: list[Any]) -> bool:
    """Take the next token; return False where it cannot come."""
    rules, rows = _tables()
    while (step := rows[states[-1]].get(token.type, 0)) < 0:
        size, symbol, maker, kept = rules[~step]
        parts = stack[-size:]
        del stack[-size:], states[-size:]
        children = [None if at is None else parts[at] for at in kept]
        stack.append(NODES[maker](*(children if maker == "_" else _flat(children))))
        states.append(rows[states[-1]][symbol])
    if step:
        stack.append(token)
        states.append(step)
    return step > 0


def _flat(children: list[object]) -> list[object]:
    """Return the children of a node, those of rules without one in their rule's place.

    A list of n words is a rule of a rule, n deep: so there is one walk, where the node is made.
    """
    flat, left = list[object](), children
    while left:
        part = left.pop()
        if isinstance(part, tuple):
            left += part
        else:
            flat.append(part)
    return flat[::-1]


@cache
def _tables() -> tuple[list[Any], list[dict[str, int]]]:
    """Return of each rule its size, symbol, maker and children; of each state what may come."""
    rules, rows = json.loads((files(__package__) / "grammar.json").read_text("utf-8"))
    return rules, rows
