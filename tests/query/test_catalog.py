"""Known names: merged, learned from what was asked, and shared in a file."""

import json
from collections.abc import Iterator
from threading import Thread

import pytest

from ct_magic import UsageError
from ct_magic.query.catalog import MOST, Names, from_schema, names_from_json, to_json
from ct_magic.query.model import JsonQuery, Property, Query, Scope
from ct_magic.query.parser import parse, statements
from ct_magic.session.session import Session

FILE = {
    "events": {"App Launched": {}, "Charged": {"Amount": [], "Category": ["Bags", "Shoes"]}},
    "session": {"utm_source": ["google"]},
    "profile": {"Plan": ["gold", 5]},
    "geo": ["India/Goa"],
}


def test_a_names_file_comes_back_as_it_was() -> None:
    """Sorted and stable, because teams keep it under version control."""
    FILE["profile"] = {"Plan": [5, "gold"]}
    assert json.loads(to_json(names_from_json(json.dumps(FILE)))) == FILE
    assert to_json(names_from_json("{}")) == '{\n  "events": {}\n}\n'
    assert to_json(names_from_json(to_json(names_from_json(json.dumps(FILE))))).endswith("}\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"events": {"a": {"b": ["\\ud800"]}}}', "surrogates not allowed"),
        ('{"events": {"\\udc00": {}}}', "surrogates not allowed"),
        ('{"geo": ["India/\\ud83d"]}', "surrogates not allowed"),
        ("[]", "the file is a table"),
        ('{"event": {}}', "has 'event', which is no scope"),
        ('{"events": ["a"]}', "'events' is a table"),
        ('{"events": {"a": ["b"]}}', "the event 'a' is a table"),
        ('{"events": {"a": {"b": "c"}}}', "'b' of the event 'a' has a list"),
        ('{"profile": {"b": [true]}}', "'b' of 'profile' has a list"),
        ('{"geo": {"a": 1}}', "'geo' has a list"),
        ('{"geo": [5]}', "'geo' has a list of texts"),
    ],
)
def test_a_names_file_that_is_wrong_says_where(text: str, message: str) -> None:
    """Somebody wrote it by hand."""
    with pytest.raises(UsageError, match=message):
        names_from_json(text)


def test_what_was_asked_is_known() -> None:
    """Events, properties in their scopes, texts that were compared, pieces and places."""
    (query,) = statements(
        """Charged where Category in ("Shoes", "Bags") and Amount > 5 and profile.Plan = "gold"
          and geo = "India/Goa" did App Launched where session.first_time = true
          by week, Colour in ("red", 7)"""
    )
    names = Names().learned(query)
    assert names.events == {
        "Charged": {"Category": ("Shoes", "Bags"), "Amount": (), "Colour": ("red", 7)},
        "App Launched": {},
    }
    assert names.of_scope(Scope.PROFILE) == {"Plan": ("gold",)}
    assert names.of_scope(Scope.SESSION) == {"first_time": ("True",)}
    assert names.places == ("India/Goa",)


def test_learning_keeps_what_was_known_and_puts_the_newest_first() -> None:
    """What was asked last is what is likely asked next; and a list stays a list that one reads."""
    old = Names({"A": {"x": tuple(range(MOST))}})
    (query,) = statements('A where x = "new"')
    assert old.learned(query).values("A", Property("x"))[:2] == ("new", 0)
    assert len(old.learned(query).values("A", Property("x"))) == MOST
    assert old.events["A"]["x"] == tuple(range(MOST))
    (pasted,) = statements('{"event_name": "B", "from": 20150101, "to": 20150101, "odd": 1}')
    assert old.learned(pasted) == old


def test_an_event_nobody_knows_has_the_properties_of_all() -> None:
    """Better too many proposals than none."""
    names = names_from_json('{"events": {"A": {"x": [1]}, "B": {"y": []}, "C": {}}}')
    assert set(names.of_event("nobody")) == set(names.of_event("C")) == {"x", "y"}
    assert set(names.of_event("A")) == {"x"}


def test_names_that_are_learned_at_the_same_time_are_all_kept() -> None:
    """Those of the journal are fetched beside the cells, and a cell may be run meanwhile."""
    session = Session()
    beside = Thread(target=session.know, args=(Names({"B": {}}),))

    def asked() -> Iterator[Query | JsonQuery]:
        yield from parse("A 2026-10")
        beside.start()
        beside.join(0.2)
        yield from parse("C 2026-10")

    session.learn(asked())
    beside.join()
    assert {"A", "B", "C"} <= set(session.names.events)


@pytest.mark.parametrize(
    "schema",
    [
        *(None, 5, True, [1], ["ab", "cd"], "x", {"data": "x"}, {"events": 5}, {"events": ["A"]}),
        *({"events": {"A": 5}}, {"events": {"A": [1]}}, {"events": {"A": {"p": 5}}}),
        *({"events": {"A": {"p": ["x"]}}}, {"events": {"A": {"p": {"type": "text"}}}}),
        *({"events": {}, "profile": [1]}, {"events": {}, "tech": 5}),
    ],
)
def test_what_is_no_schema_is_one_sentence(schema: object) -> None:
    """Whatever is on loopback may answer there."""
    with pytest.raises(UsageError, match="no sandbox is there, or one of another version"):
        from_schema(schema)
