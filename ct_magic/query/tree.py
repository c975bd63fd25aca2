"""The parse tree, typed: what is in a statement, as it was typed, whatever it means.

Each node is made by one rule of grammar.lark: see NODES. Builder, completion and the form read
these, and nothing of lark's own. A node's `first` and `last` are the tokens that it begins and ends
with, so that an error can underline it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from types import SimpleNamespace
from typing import ClassVar, dataclass_transform

from ct_magic.query.lexer import Token, unquoted


@dataclass_transform(frozen_default=True, eq_default=False)
class Node:
    """A part of a statement, compared by identity.

    It is frozen for the type checker only: making so many frozen classes, with comparison, would
    take a tenth of the time of the first query.
    """

    def __init_subclass__(cls) -> None:
        dataclass(eq=False, repr=False)(cls)

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
        names = [field.name for field in fields(part)]  # type: ignore[arg-type] # all are dataclasses
        yield from _leaves(tuple(getattr(part, name) for name in names), backwards)
    elif isinstance(part, tuple):
        for child in reversed(part) if backwards else part:
            yield from _leaves(child, backwards)


# A rule of the grammar -> the node that is made of its children, which lark hands over untyped.
NODES: dict[str, Callable[..., Node]] = {
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
    "did": lambda share, did, event, times: DidNode(share, did, None, (event,), None, times),
    "did_not": lambda share, did, sign, event, times: DidNode(
        share, did, sign, (event,), None, times
    ),
    "did_any": lambda share, did, sign, *rest: DidNode(share, did, sign, rest[:-2], *rest[-2:]),
    "share_where": ShareWhereNode,
    "times": Times,
    "versus": Versus,
    "by": lambda by, *axes: By(by, axes),
    "by_time": TimeAxis,
    "by_hour": lambda hour: TimeAxis(None, hour, None),
    "by_value": ValueAxis,
}


def node_maker() -> SimpleNamespace:
    """Return what lark asks for a method of each rule's name while it parses."""
    of_tokens = ["one_day", "days", "named_unit", "since", "last", "previous", "this"]
    of_tokens += ["moved", "moved_axis", "within", "rolling"]
    periods = {rule: lambda *tokens, rule=rule: PeriodNode(rule, tokens) for rule in of_tokens}
    makers = (NODES | periods).items()
    return SimpleNamespace(**{rule: lambda parts, make=make: make(*parts) for rule, make in makers})
