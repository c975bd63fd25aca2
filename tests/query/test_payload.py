"""Query <-> JSON: what the language can say, what stays JSON, and what is refused."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from ct_magic import QueryError
from ct_magic.query.model import JsonQuery, Query
from ct_magic.query.parser import parse, statements
from ct_magic.query.payload import from_payload, to_payload
from ct_magic.query.printer import to_text

TODAY = date(2026, 11, 23)
BASE = {"event_name": "x", "from": 20150101, "to": 20150102}
INNER = {"event_name": "y", "from": 20150101, "to": 20150102}


@pytest.mark.parametrize(
    ("extra", "printed"),
    [
        ({}, "x 2015-01-01..2015-01-02"),
        (
            {"session_properties": [{"name": "first_time", "value": "True"}]},
            "x where session.first_time = true 2015-01-01..2015-01-02",
        ),
        ({"event_properties": []}, "x 2015-01-01..2015-01-02"),
        ({"event_properties": None}, "x 2015-01-01..2015-01-02"),
        (
            {"session_properties": [{"name": "time_of_day", "value": ["22:30", "22:45"]}]},
            "x where session.time_of_day in 22:30..22:45 2015-01-01..2015-01-02",
        ),
        (
            {"session_properties": [{"name": "a", "operator": "equals", "value": ["b", "c"]}]},
            'x where session.a in ("b", "c") 2015-01-01..2015-01-02',
        ),
        (
            {"common_profile_properties": {"reachability": [{"name": "a", "value": "True"}]}},
            "x where reachability.a = true 2015-01-01..2015-01-02",
        ),
        (
            {"advanced_query": {"did_all": [INNER | {"operator": "equals", "value": 3}]}},
            "x 2015-01-01..2015-01-02 did y = 3",
        ),
        (
            {"common_profile_properties": {"geo_fields": [["Oman"], ["India", "Goa"]]}},
            'x where geo in ("Oman", "India/Goa") 2015-01-01..2015-01-02',
        ),
        (
            {
                "advanced_query": {
                    "did_all": [INNER | {"from": 20150102}],
                    "did_none": [INNER],
                    "did_any": {"any_events": [INNER], "operator": "equals", "value": 2},
                }
            },
            "x 2015-01-01..2015-01-02 did y 2015-01-02 did not y did any (y) = 2",
        ),
    ],
)
def test_json_is_said_in_the_language_and_sent_as_it_stood(
    extra: dict[str, Any], printed: str
) -> None:
    """What is printed asks the same; what is sent is what was pasted, to the last empty list."""
    payload = BASE | extra
    query = from_payload(payload)
    assert to_text(query) == printed
    assert to_payload(query) == payload
    assert parse(printed, today=TODAY) == (query,)
    assert parse(json.dumps(payload, indent=2), today=TODAY) == (query,)


def test_pasted_json_that_was_changed_since_sends_the_change() -> None:
    """The form takes a pasted query and edits it: the old JSON must not be sent."""
    query = from_payload(BASE | {"event_properties": []})
    assert isinstance(query, Query)
    changed = replace(query, event=replace(query.event, name="z"))
    assert to_payload(changed) == BASE | {"event_name": "z"}


FILTER = {"name": "a", "operator": "equals", "value": 1}


@pytest.mark.parametrize(
    "extra",
    [
        {"some_new_key": 1},
        {"event_properties": [FILTER | {"operator": "matches"}]},
        {"event_properties": [FILTER | {"value": True}]},
        {"event_properties": [FILTER | {"value": None}]},
        {"event_properties": [FILTER | {"value": []}]},
        {"event_properties": [FILTER | {"value": [[1]]}]},
        {"event_properties": [FILTER | {"operator": "greater_than", "value": "5"}]},
        {"event_properties": [FILTER | {"operator": "greater_than", "value": [5]}]},
        {"event_properties": [FILTER | {"operator": "contains", "value": 5}]},
        {"event_properties": [FILTER | {"operator": "exists", "value": 5}]},
        {"event_properties": [FILTER | {"case": "lower"}]},
        {"event_properties": [{"name": "a", "value": 1}]},
        {"event_properties": [FILTER | {"name": ""}]},
        {"event_properties": FILTER},
        {"event_properties": 0},
        {"session_properties": None},
        {"session_properties": [{"name": "time_of_day", "value": ["13:00"]}]},
        {"session_properties": [{"name": "time_of_day", "value": ["17:00", "13:00"]}]},
        {"session_properties": [{"name": "time_of_day", "value": ["1:00", "13:00"]}]},
        {"session_properties": [{"name": "time_of_day", "value": "13:00"}]},
        {"advanced_query": {"did_all": [INNER | {"operator": "equals"}]}},
        {"advanced_query": {"did_all": [INNER | {"operator": "less_than", "value": 2}]}},
        {"advanced_query": {"did_all": [INNER | {"operator": "equals", "value": 0}]}},
        {"advanced_query": {"did_none": [INNER | {"operator": "equals", "value": 2}]}},
        {"common_profile_properties": {"devices": []}},
        {"common_profile_properties": {"geo_fields": [["a/b"]]}},
        {"common_profile_properties": {"geo_fields": [[]]}},
        {"common_profile_properties": {"geo_fields": [["a", "b", "c", "d"]]}},
        {"advanced_query": {"did_all": INNER}},
        {"advanced_query": {"did_all": [{"event_name": "y"}]}},
        {"advanced_query": {"did_all": [INNER | {"to": 20140101}]}},
        {"advanced_query": {"did_all": [INNER | {"common_profile_properties": {}}]}},
        {"advanced_query": {"did_any": {"any_events": [INNER]}}},
        {
            "advanced_query": {
                "did_any": {"any_events": [], "operator": "greater_than_equals", "value": 1}
            }
        },
        {
            "advanced_query": {
                "did_any": {"any_events": [INNER], "operator": "greater_than", "value": True}
            }
        },
        {
            "advanced_query": {
                "did_any": {"any_events": [INNER], "operator": "not_equals", "value": 1}
            }
        },
    ],
    ids=json.dumps,
)
def test_what_the_language_cannot_say_is_kept_word_for_word(extra: dict[str, Any]) -> None:
    """Nothing is guessed, dropped or mended: it prints, is sent and read back as it is."""
    payload = BASE | extra
    query = from_payload(payload)
    assert isinstance(query, JsonQuery)
    assert json.dumps(to_payload(query)) == json.dumps(payload)
    assert parse(to_text(query), today=TODAY) == (query,)
    assert from_payload(to_payload(query)) == query


def test_numbers_keep_their_kind() -> None:
    """To the service 5, 5.0 and "5" are three values; an id of 20 digits is exact."""
    values = [5, 5.0, "5", 12345678901234567890, 0.1, 1e22, 1e-7]
    payload = BASE | {"event_properties": [{"name": "a", "operator": "equals", "value": values}]}
    (query,) = parse(to_text(from_payload(payload)), today=TODAY)
    assert json.dumps(to_payload(query)["event_properties"][0]["value"]) == json.dumps(values)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"event_name": "x", "from": 20150101},
        BASE | {"event_name": 5},
        BASE | {"from": 20150101.0},
        BASE | {"from": True},
        BASE | {"from": 20150230},
        BASE | {"to": 20140101},
        BASE | {"a": float("nan")},
        BASE | {"a": {1, 2}},
        BASE | {"a": "\ud83d"},
        BASE | {"a": 10**5000},
    ],
    ids=lambda payload: repr(payload)[:60] if "a" not in payload else "odd",
)
def test_what_cannot_be_sent_is_refused(payload: dict[str, Any]) -> None:
    """The API's three required keys, and what JSON itself cannot hold."""
    with pytest.raises(QueryError):
        from_payload(payload)


def test_endless_nesting_is_refused() -> None:
    """Neither a deep structure nor one that holds itself may end in RecursionError."""
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"a": deep}
    own: dict[str, Any] = dict(BASE)
    own["a"] = own
    for payload in (BASE | {"a": deep}, own):
        with pytest.raises(QueryError):
            from_payload(payload)
    while deep:  # or the interpreter frees it in one recursion, too
        deep = deep["a"]


def test_a_statement_is_no_payload_before_it_is_unfolded() -> None:
    """Days that count from today, and pieces, have no JSON of their own."""
    for cell in ("Charged", "Charged last 7 days", "Charged 2026-01 by day", "Charged today"):
        with pytest.raises(QueryError, match="first"):
            to_payload(statements(cell)[0])


def test_filters_are_equal_whose_values_are_of_one_type() -> None:
    """To Python 1 and 1.0 are equal; a query that was pasted with one is not sent for the other."""
    (pasted,) = parse(
        '{"event_name": "A", "from": 20261101, "to": 20261101, "event_properties": '
        '[{"value": 1, "name": "x", "operator": "equals"}], "session_properties": []}'
    )
    assert isinstance(pasted, Query)
    assert pasted.pasted
    (condition,) = pasted.event.where
    for value in (1.0, True, "1"):
        changed = replace(condition, value=value)
        assert changed != condition
        body = to_payload(replace(pasted, event=replace(pasted.event, where=(changed,))))
        assert type(body["event_properties"][0]["value"]) is type(value)
