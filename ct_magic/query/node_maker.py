"""What each rule of grammar.lark becomes: the children that lark hands over -> a typed node."""

from __future__ import annotations

from collections.abc import Callable

from . import tree

# The children that a rule's parser hands over -> its node. lark knows no types, so this is where
# they begin.
NODES: dict[str, Callable[..., tree.Node]] = {
    "statement": tree.StatementNode,
    "query": lambda event, *rest: tree.QueryNode(event, rest[:-2], *rest[-2:]),
    "event": tree.EventNode,
    "event_name": tree.EventName,
    "name": lambda *words: tree.Name(words),
    "alternatives": lambda *parts: tree.Disjunction(parts),
    "conditions": lambda *parts: tree.Conjunction(parts),
    "compares": tree.ComparisonNode,
    "is_any_of": tree.Membership,
    "is_none_of": lambda name, values: tree.Membership(name, values, negated=True),
    "is_between": tree.Range,
    "exists": tree.Existence,
    "exists_not": lambda name, sign: tree.Existence(name, sign, negated=True),
    "property": tree.PropertyName,
    "typed_list": lambda *items: tree.ValuesNode(items),
    "variable_list": lambda variable: tree.ValuesNode((variable,), typed=False),
    "one_day": tree.OneDay,
    "days": tree.DaySpan,
    "whole_month": tree.WholeMonth,
    "since": tree.Since,
    "last": tree.LastUnits,
    "previous": tree.LastUnit,
    "this": tree.ThisUnit,
    "moved": tree.MovedNode,
    "moved_axis": tree.MovedAxis,
    "did": tree.DidNode,
    "did_not": tree.DidNotNode,
    "did_any": lambda share, did, sign, *rest: tree.DidAnyNode(
        share, did, sign, rest[:-1], rest[-1]
    ),
    "times": tree.Times,
    "versus": tree.Versus,
    "by": lambda by, *axes: tree.By(by, axes),
    "by_time": tree.TimeAxis,
    "by_hour": tree.HourAxis,
    "by_value": tree.ValueAxis,
    "rolling": tree.Rolling,
}


class NodeMaker:
    """What lark asks for a method of each rule's name while it parses."""

    def __getattr__(self, rule: str) -> Callable[[list[object]], tree.Node]:
        """Return the function that makes the rule's node; AttributeError for what is no rule."""
        if rule not in NODES:
            raise AttributeError(rule)
        return lambda children: NODES[rule](*children)
