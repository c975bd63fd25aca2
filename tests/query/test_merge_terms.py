"""Merging the terms of an `or`: as the page says it, step by step, and quickly."""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from ct_magic.query.alternatives import Term, condition_key, condition_keys, merged, once
from ct_magic.query.model import AtPlace, Filter, Operator, Property

CONDITIONS = st.one_of(
    st.builds(
        Filter,
        st.sampled_from([Property("A"), Property("B"), Property("C")]),
        st.just(Operator.EQUALS),
        st.sampled_from([1, 2, 3, (1, 2), (2, 3), (3,), "1", 1.0]),
    ),
    st.builds(Filter, st.just(Property("A")), st.just(Operator.GREATER_THAN), st.just(1)),
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
    only_first = [c for c in first if condition_key(c) not in condition_keys(second)]
    only_second = [c for c in second if condition_key(c) not in condition_keys(first)]
    if (
        len(only_first) != 1
        or len(only_second) != 1
        or condition_key(only_first[0])[:2] != condition_key(only_second[0])[:2]
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


@settings(max_examples=300)
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
