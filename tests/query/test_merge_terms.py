"""Merging the terms of an `or`: as the page says it, step by step, and quickly."""

from datetime import date
from itertools import combinations, product

import pytest
from helpers.length import amount
from hypothesis import given, settings, strategies as st

from ct_magic.query.alternatives import Term, condition_keys, merged
from ct_magic.query.model import AtPlace, Filter, Operator, Property, identity, once
from ct_magic.query.parser import parse
from ct_magic.query.payload import to_payload
from ct_magic.query.printer import to_text

CONDITIONS = st.one_of(
    st.builds(
        Filter,
        st.sampled_from([Property("A"), Property("B"), Property("C")]),
        st.just(Operator.EQUALS),
        st.sampled_from([1, 2, 3, (1, 2), (2, 3), (3,), "1", 1.0, -1, -2, (-2, -1)]),
    ),
    st.builds(
        Filter,
        st.sampled_from([Property("A"), Property("B")]),
        st.sampled_from([Operator.GREATER_THAN, Operator.NOT_EQUALS]),
        st.sampled_from([1, -1, -2, 0, 2**61 - 1]),
    ),
    st.sampled_from([AtPlace((("Oman",),)), AtPlace((("India", "Goa"), ("Oman",)))]),
)
TERMS = st.lists(st.lists(CONDITIONS, min_size=1, max_size=3).map(tuple), min_size=1, max_size=7)


def step_by_step(terms: list[Term]) -> tuple[Term, ...]:
    """Rule 2 word by word: each round compares each with each."""
    terms = [once(term) for term in terms]
    while True:
        terms = [
            term
            for at, term in enumerate(terms)
            if not any(
                condition_keys(other) < condition_keys(term)
                or (condition_keys(other) == condition_keys(term) and before < at)
                for before, other in enumerate(terms)
            )
        ]
        for first, second in combinations(range(len(terms)), 2):
            if (united := one_term(terms[first], terms[second])) is not None:
                terms[first] = united
                del terms[second]
                break
        else:
            return tuple(terms)


def one_term(first: Term, second: Term) -> Term | None:
    """The term that two become which differ in one `=` of one property; None for others."""
    only_first = [c for c in first if identity(c) not in condition_keys(second)]
    only_second = [c for c in second if identity(c) not in condition_keys(first)]
    if (
        len(only_first) != 1
        or len(only_second) != 1
        or identity(only_first[0])[:2] != identity(only_second[0])[:2]
    ):
        return None
    (left,), (right,) = only_first, only_second
    if isinstance(left, AtPlace) and isinstance(right, AtPlace):
        new = AtPlace(tuple(dict.fromkeys((*left.places, *right.places))))
        return tuple(new if c is left else c for c in first)
    assert isinstance(left, Filter)
    assert isinstance(right, Filter)
    if left.operator is not Operator.EQUALS:
        return None
    values = [
        *listed(left),
        *(v for v in listed(right) if typed(v) not in map(typed, listed(left))),
    ]
    united = Filter(left.property, left.operator, tuple(values))
    return tuple(united if c is left else c for c in first)


def listed(condition: Filter) -> tuple[object, ...]:
    return condition.value if isinstance(condition.value, tuple) else (condition.value,)


def typed(value: object) -> tuple[str, object]:
    return type(value).__name__, value


@settings(max_examples=amount(75, long=750))
@given(TERMS)
def test_it_is_what_the_page_says_step_by_step(terms: list[Term]) -> None:
    """The quick way and the slow way give the same terms, in the same order and spelling."""
    assert repr(merged(terms)) == repr(step_by_step(terms))


def test_thousands_of_alternatives_of_one_property_are_one_list() -> None:
    """Comparing each with each would take minutes."""
    terms = [(Filter(Property("A"), Operator.EQUALS, str(n)),) for n in range(5000)]
    ((condition,),) = merged(terms)
    assert isinstance(condition, Filter)
    assert condition.value == tuple(str(n) for n in range(5000))


NUMBERS = (
    -3,
    -2,
    -1,
    0,
    1,
    2,
    2**61 - 1,
)  # to Python -1 and -2 hash alike, and so do 0 and the last
TESTS = {
    Operator.EQUALS: lambda value, listed: value in listed,
    Operator.NOT_EQUALS: lambda value, listed: value not in listed,
    Operator.GREATER_THAN: lambda value, listed: value > listed[0],
    Operator.LESS_THAN: lambda value, listed: value < listed[0],
}
OF_NUMBERS = st.builds(
    Filter,
    st.sampled_from([Property("A"), Property("B")]),
    st.sampled_from(list(TESTS)),
    st.sampled_from(NUMBERS),
)


@settings(max_examples=amount(75, long=750))
@given(st.lists(st.lists(OF_NUMBERS, min_size=1, max_size=3).map(tuple), min_size=1, max_size=6))
def test_the_terms_that_are_left_hold_for_the_same_events(terms: list[Term]) -> None:
    """Whatever the values hash to: small negative numbers, and numbers that hash as others do."""

    def holds(some: tuple[Term, ...], event: dict[str, int]) -> bool:
        return any(all(of_event(c, event) for c in term) for term in some)

    def of_event(c: Filter, event: dict[str, int]) -> bool:
        return bool(TESTS[c.operator](event[c.property.name], listed(c)))

    left = merged(terms)
    for a, b in product(NUMBERS, NUMBERS):
        event = {"A": a, "B": b}
        assert holds(left, event) == holds(tuple(terms), event), event


@pytest.mark.parametrize(
    ("where", "asked"),
    [
        (
            "(A != -1 and C = 1) or (A != -2 and C = 1)",
            "E 2026-11-22 did any (E where A != -1 and C = 1, E where A != -2 and C = 1)",
        ),
        (
            "(A > -1 and C = 1) or (A > -2 and C = 1)",
            "E 2026-11-22 did any (E where A > -1 and C = 1, E where A > -2 and C = 1)",
        ),
        (
            "(A = -1 and C = 1) or (A = -2 and C = 2)",
            "E 2026-11-22 did any (E where A = -1 and C = 1, E where A = -2 and C = 2)",
        ),
        (
            f"(A != 0 and C = 1) or (A != {2**61 - 1} and C = 1)",
            f"E 2026-11-22 did any (E where A != 0 and C = 1, E where A != {2**61 - 1} and C = 1)",
        ),
        (
            'A != 1 and B = 2 or A != "1" and B = 2',
            'E 2026-11-22 did any (E where A != 1 and B = 2, E where A != "1" and B = 2)',
        ),
        ("(A = -1 and C = 1) or (A = -2 and C = 1)", "E where A in (-1, -2) and C = 1 2026-11-22"),
        ("A = 1 or A = 1.0", "E where A in (1, 1.0) 2026-11-22"),
        ('A = 1 or A = "1" or A = true', 'E where A in (1, "1", true) 2026-11-22'),
        ("A in (1, 2) or A in (2, 1)", "E where A in (1, 2) 2026-11-22"),
        ("A in (-1, -2) or A in (-2, -1)", "E where A in (-1, -2) 2026-11-22"),
    ],
)
def test_two_alternatives_are_one_where_their_values_are(where: str, asked: str) -> None:
    """Conditions are compared by their values and the types of these, never by their hashes."""
    (count,) = parse(f"E where {where} yesterday", today=date(2026, 11, 23))
    assert to_text(count) == asked
    assert to_payload(count)["from"] == 20261122
