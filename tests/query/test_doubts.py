"""Doubts: what no page of the vendor lists is named before its number is believed."""

import json
import unicodedata
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from ct_magic import QueryError
from ct_magic.query.catalog import SYSTEM, Names, names_from_json
from ct_magic.query.doubts import CLOCK, DID_SEES_BASE, FACTS, Known, are_doubted, doubted
from ct_magic.query.expand import expand
from ct_magic.query.model import Scope
from ct_magic.query.parser import read_cell, statements

TODAY = date(2026, 11, 23)
NAMES = names_from_json(
    '{"events": {"Charged": {"Category": ["Shoes", "Bags"], "Amount": []},'
    ' "App Launched": {}, "App Installed": {}},'
    ' "profile": {"Customer Type": ["Gold", "Platinum"]},'
    ' "session": {"utm_source": ["google"], "time_of_day": ["13:40"]},'
    ' "geo": ["India/Goa", "India/Maharashtra/Mumbai", "Singapore"]}'
)
DAYS = {"event_name": "Charged", "from": 20260101, "to": 20260131}


def doubts(text: str, names: Names = NAMES, facts: frozenset[str] = frozenset()) -> list[str]:
    """The doubts about a cell."""
    queries = statements(text, today=TODAY)
    return list(doubted(expand(queries, TODAY), TODAY, Known(facts, names)).doubts)


@pytest.mark.parametrize(
    ("text", "part", "known"),
    [
        ("Charged where Amount != 100 today", "Amount != 100", "'!=' for numbers"),
        ("Charged where Amount not in (1, 2) today", "Amount not in (…)", "'!=' for numbers"),
        ("Charged where session.utm_source != 'google' today", "session.utm_source", "equality"),
        ("Charged where session.x exists today", "session.x exists", "only equality"),
        ("Charged where session.x ~ 'a' today", "session.x ~", "only equality"),
        ("Charged today did App Launched where session.x > 1", "session.x > 1", "only equality"),
        ("Charged today did any (App Launched) < 3", "did any (…) <", "= and >="),
        ("Charged today did any (App Launched) <= 3", "did any (…) <=", "= and >="),
        ("Charged today did any (App Launched) > 3", "did any (…) >", "= and >="),
        ("Charged where app.Version = 1.10 today", "app.Version = 1.1", "quote it"),
        ("Charged where tech.OS Version in (10, 11.20) today", "tech.OS Version in", "quote it"),
        ("Charged where Category = '' today", 'Category = ""', "no filter"),
        ("Charged where Category in ('', 'Bags') today", "Category in (…)", "no filter"),
        ("Charged 2026-11-20..2026-11-24", "Charged:", "2026-11-24, after today"),
        ("Charged today did App Launched 2026-12-01", "App Launched:", "2026-12-01, after"),
        ("Charged where Category = 'Shoos' today", "Category =", 'is "Shoes" meant?'),
        ("Charged today by Category in ('Shoes', 'Bgas')", "Category =", 'is "Bags" meant?'),
        ("Charged where profile.Customer Type = 'gold' today", "profile.", 'is "Gold" meant?'),
        ("Charged where Category != 'shoes' today", "Category !=", 'is "Shoes" meant?'),
        ("charged yesterday", "'charged' is not", "is 'Charged' meant?"),
        ("Chargd 2026-10-01", "'Chargd' is not", "is 'Charged' meant?"),
        ("App Launched today did not Chargd", "'Chargd' is not", "is 'Charged' meant?"),
        ("App Launched today did Charged where Amuont > 5", "'Amuont'", "is 'Amount' meant?"),
        ("Charged by category in ('Shoes', 'Bags')", "'category'", "is 'Category' meant?"),
        (
            "Charged where profile.Customer type = 'Gold' today",
            "'Customer type'",
            "'Customer Type'",
        ),
        ("Charged where geo = 'Mumbai' today", "geo", 'is "India/Maharashtra/Mumbai" meant?'),
        ("Charged where geo in ('Nepal', 'india') today", "geo", 'is "India" meant?'),
        ("Charged where Category = '$kind' today", "Category =", "a variable has no quotes, $kind"),
        ("Charged where Category in ('Bags', '$a') today", "Category in", "no quotes, $a"),
        ("Charged where Category ~ '$kind' today", "Category ~", "a variable has no quotes"),
        ("Charged where Customer type = 'Gold' today", "Customer type is", "profile.Customer Type"),
        ("Charged where tech.UTM_SOURCE = 'x' today", "tech.UTM_SOURCE", "is session.utm_source"),
        (
            "Charged today did App Launched where utm_source = 'x'",
            "utm_source is",
            "session.utm_source",
        ),
        (
            'Charged where "profile.Plan" = "x" today',
            '"profile.Plan" is one',
            "is profile.Plan meant",
        ),
        ("Charged today did App Launched where 'tech.OS' = 'x'", '"tech.OS" is one', "is tech.OS"),
        ("App Launched where Charged >= 1 today", "Charged is an event", "did Charged"),
        ("Charged where App Installed exists today", "App Installed is an", "did App Installed"),
        ("Charged where country = 'India' today", "country is not", "is geo, as in"),
        ("Charged where profile.City = 'Goa' today", "profile.City is not", "is geo, as in"),
        ("Charged today by region in ('Goa')", "region is not", "is geo, as in"),
        ("CHARGED yesterday", "'CHARGED' is not", "is 'Charged' meant?"),
        ("app_launched yesterday", "'app_launched' is", "is 'App Launched' meant?"),
        ("Charged where AMOUNT > 5 today", "'AMOUNT' is", "is 'Amount' meant?"),
        (
            "App Launched Then Charged today",
            "'App Launched Then Charged' is not",
            "write App Launched did Charged",
        ),
        ("x Charged App Installed today", "'x Charged App", "write Charged did App Installed"),
        ("Charged yesterday by hour", "by hour", "which clock"),
        ("Charged where A = 1 or B = 2 yesterday", "did Charged", "sees the occurrences"),
        ("Charged yesterday did Charged where A = 1", "did Charged", "sees the occurrences"),
        ("Charged last 2 weeks by week did Charged", "did Charged", "sees"),
        ("Charged yesterday did Charged last 7 days >= 2", "did Charged", "sees"),
    ],
)
def test_what_no_page_lists_is_doubted(text: str, part: str, known: str) -> None:
    """The doubt begins with the part, and says what is known."""
    text = text.replace("by week did Charged", "did Charged by week")
    (doubt,) = doubts(text)
    assert doubt.startswith(part)
    assert known in doubt


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Charged where Category = 'Shoos' today", 'Charged where Category = "Shoes" today'),
        ("Chargd 2026-10-01", "Charged 2026-10-01"),
        ("Charged by category in ('Shoes')", "Charged by Category in ('Shoes')"),
        ("Charged where geo = 'Mumbai'", 'Charged where geo = "India/Maharashtra/Mumbai"'),
        ("Charged where Customer type = 'Gold'", "Charged where profile.Customer Type = 'Gold'"),
        ("Charged where tech.UTM_SOURCE = 'x'", "Charged where session.utm_source = 'x'"),
        ("Charged where country = 'India'", 'Charged where geo = "India"'),
        ("Charged where 'tech.OS' = 'x'", "Charged where tech.OS = 'x'"),
        ("Charged where tech OS = 'x'", "Charged where tech.OS = 'x'"),
        ("Charged where profile Plan = 'x'", "Charged where profile.Plan = 'x'"),
        ("Charged today by profile Plan in ('x')", "Charged today by profile.Plan in ('x')"),
        ("Charged where session utm_source = 'x'", "Charged where session.utm_source = 'x'"),
        ("App Launched where Charged >= 1", "App Launched did Charged >= 1"),
        ("App Launched Then Charged today", "App Launched did Charged today"),
        ("x Charged App Installed today", "Charged did App Installed today"),
    ],
)
def test_a_doubt_is_gone_once_what_is_meant_is_written(text: str, meant: str) -> None:
    """As it is said, in the place of what was typed."""
    assert doubts(text)
    assert not doubts(meant)


@pytest.mark.parametrize(
    "text",
    [
        "Charged where Amount > 5 and Category !~ 'x' and Category != 'Shoes' today",
        "Charged where Category not exists and profile.x exists and tech.y in (1, 2) today",
        "Charged where session.first_time = true and session.time_of_day in 13:00..17:00 today",
        "Charged today did any (App Launched) = 3 did App Launched > 2",
        "Charged today did not Charged last week",
        "Charged where Category = 'Shoes' or Category = 'Bags' today",
        "Charged where profile.Customer Type = 'Gold' or tech.OS = 'iOS' today",
        "Charged last 4 weeks by first week",
        "Charged where session length = 5 and profile type = 'x' and app name = 'y' today",
        "Charged where Category = 'Umbrellas' and Colour = 'Shoos' today",
        "Something Else where Catgory = 'x' and geo = 'India' and Umbrella = 1 today",
        "Charged where geo = 'India/Maharashtra' or geo = 'Nepal' today",
        json.dumps({**DAYS, "common_profile_properties": {"geo_radius": [[19.1, 72.9, 5]]}}),
    ],
)
def test_what_the_pages_list_is_not(text: str) -> None:
    """A doubt too many is a doubt that nobody reads."""
    assert doubts(text) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Charged where Foo = 1 today", "Foo is not among the known properties of Charged"),
        ("App Launched where Foo = 1 today", "Foo is not among the known properties of App L"),
        ("Charged where profile.Foo = 1 today", "profile.Foo is not among the known names"),
        ("Charged where session.foo = 'x' today", "session.foo is not among the known names"),
        ("Charged today did Charged where Foo exists", "Foo is not among the known properties"),
        ("Charged today by Foo in ('x')", "Foo is not among the known properties of Charged"),
    ],
)
def test_where_all_names_are_known_another_is_doubted(text: str, message: str) -> None:
    """It finds nobody, and 0 would look like an answer; a file need not hold all there is."""
    (doubt,) = doubts(text, replace(NAMES, are_all=True), FACTS)
    assert doubt.startswith(message)
    assert doubts(text, facts=FACTS) == []


def test_what_an_account_has_passed_is_no_doubt_any_more() -> None:
    """Each fact takes its own doubts away, and no other."""
    text = "a: Charged where A = 1 or B = 2 yesterday\nb: Charged yesterday by hour"
    assert len(doubts(text)) == 2
    assert [d[:7] for d in doubts(text, facts=frozenset({DID_SEES_BASE}))] == ["by hour"]
    assert [d[:3] for d in doubts(text, facts=frozenset({CLOCK}))] == ["did"]
    assert doubts(text, facts=FACTS) == []


def triple(**changes: object) -> dict[str, object]:
    """The JSON of a query with one filter."""
    return {
        **DAYS,
        "event_properties": [{"name": "A", "operator": "equals", "value": 1, **changes}],
    }


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {**DAYS, "event_propertys": []},
            ["'event_propertys' is not a documented key", "'event_properties' meant"],
        ),
        ({**DAYS, "zzz": 1}, ["'zzz' is not a documented key", "may ignore it"]),
        ({**DAYS, "common_profile_properties": {"tech": []}}, ["'tech' is not a documented key"]),
        (
            {**DAYS, "advanced_query": {"did_al": []}},
            ["'did_al' is not a documented key", "'did_all' meant"],
        ),
        (
            {**DAYS, "advanced_query": {"did_all": [{**DAYS, "event_name": "B", "often": 2}]}},
            ["'often' is not a documented key"],
        ),
        (
            {**DAYS, "advanced_query": {"did_any": {"any_events": [], "days": 7}}},
            ["'days' is not a documented key"],
        ),
        (
            triple(operator="greaterThan"),
            ["'greaterThan' is not a documented operator", "'greater_than' meant"],
        ),
        (
            triple(operator="not_equal"),
            ["'not_equal' is not a documented operator", "'not_equals' meant"],
        ),
        (triple(value=True), ["A = true:", '"True"']),
        (triple(value=[True, "x"]), ["A in (…)", '"True"']),
        (triple(operator="contains"), ["A ~ 1", "'~' for numbers"]),
        (triple(negate=True), ["'negate' is not a documented key"]),
    ],
)
def test_pasted_json_is_doubted_where_it_is_on_no_page(
    body: dict[str, object], words: list[str]
) -> None:
    """With the near miss, where there is one."""
    (doubt,) = doubts(json.dumps(body))
    assert all(word in doubt for word in words), doubt


def test_json_of_any_shape_gives_doubts_and_no_error() -> None:
    """What was pasted may hold anything where a list or an object belongs."""
    odd = (None, 5, "x", [], {}, [None], [[5]], {"a": 1}, [{"name": None, "value": {}}])
    for key in ("event_properties", "session_properties", "common_profile_properties"):
        for value in odd:
            doubts(json.dumps({**DAYS, key: value}))
    for key in ("did_all", "did_none", "did_any"):
        for value in odd:
            doubts(json.dumps({**DAYS, "advanced_query": {key: value}}))


ALL = replace(NAMES, are_all=True)


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("Charged where Category = 'Hats' today", 'among its known values, "Shoes", "Bags"'),
        ("Charged where Category in ('Shoes', 'Hats') today", '"Hats" is not among'),
        ("Charged by Category in ('Hats')", '"Hats" is not among'),
        ("Charged where Category = 'shoes' today", 'is "Shoes" meant?'),
    ],
)
def test_a_value_that_is_none_of_the_known_ones_is_doubted(text: str, known: str) -> None:
    """A silent 0 would look like an answer; the values that there are can be chosen from."""
    (doubt,) = doubts(text, ALL, FACTS)
    assert known in doubt


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("Charged where Category = 5 today", "its known values are texts, and 5 is none"),
        ("Charged where Category > 5 today", "its known values are texts, and 5 is none"),
        ("Charged where Amount = '5' today", 'its known values are numbers, and "5" is none'),
        ("Charged by Amount in (5, '7')", 'its known values are numbers, and "7" is none'),
        ("App Launched did Charged where Amount = true", "are numbers, and true is none"),
        ("Charged where Category ~ 'Hat' today", 'holds that, "Shoes", "Bags"'),
        ("Charged where geo = 'Atlantis' today", '"Atlantis" is not among the known places'),
        ("Charged by geo in ('India/Atlantis/X')", "is not among the known places"),
        ("Charged where Category ~ 'hoe' and Amount > 5 and Amount exists today", None),
        ("Charged where geo = 'India' and Category !~ 'Hat' today", None),
    ],
)
def test_what_can_find_nobody_is_doubted(text: str, known: str | None) -> None:
    """A number among texts, a part of no known text, a place that is nowhere: a silent 0."""
    types = {("Charged", "Category"): "text", ("Charged", "Amount"): "number"}
    found = doubts(text, replace(ALL, types=types), FACTS)
    assert [known in doubt for doubt in found if known] == [True] * (known is not None)
    assert known or not found


@pytest.mark.parametrize("clause", ["where id in $ids", "where id = 2e17", "by id in $ids"])
def test_ids_that_were_made_floats_are_doubted(clause: str) -> None:
    """A column of pandas with one value missing is of floats, which end at 16 digits."""
    ids = pd.Series([900719925474099301, None, 7]).dropna()
    cell = read_cell(f"Charged {clause}", params={"ids": ids}, today=TODAY)
    first, *_ = doubted(cell, TODAY, Known()).rows
    assert any("has no last digits" in doubt for doubt in first.doubts)
    exact = read_cell("Charged where id = 900719925474099301 and Amount > 1e17", today=TODAY)
    assert not any("digits" in doubt for doubt in doubted(exact, TODAY, Known()).rows[0].doubts)


def test_a_value_that_is_a_word_of_a_known_one_is_probably_that_one() -> None:
    """Card is Credit Card, and no one letter of it is wrong."""
    names = Names({"Charged": {"Payment mode": ("Cash", "Credit Card")}})
    (doubt,) = doubts("Charged where Payment mode = 'Card' today", names, FACTS)
    assert 'is "Credit Card" meant?' in doubt


@pytest.mark.parametrize("operator", ["=", "!=", ">"])
@pytest.mark.parametrize("name", ["Version", "App Version"])
def test_a_version_that_is_no_text_is_one_doubt(operator: str, name: str) -> None:
    """Quoted, its operator is right; a name that is meant is said along with it."""
    known = Names({"Charged": {}}, {Scope.APP: {"App Version": ("1.10",)}}, are_all=True)
    (doubt,) = doubts(f"Charged where app.{name} {operator} 1.10 today", known)
    assert "1.10 is not 1.1: quote it" in doubt
    assert ("is 'App Version' meant?" in doubt) == (name == "Version")


def test_many_known_values_are_not_all_of_them() -> None:
    """Those that are seen most often are known; a rarer one is no mistake."""
    names = Names({"Charged": {"City": tuple(f"City {n}" for n in range(50))}}, are_all=True)
    assert doubts("Charged where City = 'Elsewhere' today", names, FACTS) == []


@pytest.mark.parametrize("typed", ["Ko\u0308ln", "Nai\u0308ve"])
def test_texts_that_look_alike_are_said_to_differ(typed: str) -> None:
    """In one the accent is a character of its own: nobody could see it."""
    known = unicodedata.normalize("NFC", typed)
    names = Names({"Charged": {"City": (known,), typed: ()}, known: {}})
    (value,) = doubts(f"Charged where City = '{typed}' today", names, FACTS)
    assert "They look alike" in value
    assert "U+0308" in value
    (event,) = doubts(f"'{typed}' today", names, FACTS)
    assert "They look alike" in event


@pytest.mark.parametrize("text", ["Chargd today", "App Launched today did not Chargd"])
def test_a_misspelt_event_is_not_sent_where_the_events_are_known(text: str) -> None:
    """It is said once, at its place, before anything is asked; in quotes it is sent as it is."""
    with pytest.raises(QueryError, match="is 'Charged' meant") as caught:
        statements(text, today=TODAY, names=ALL)
    assert caught.value.column == text.index("Chargd") + 1
    assert statements(text.replace("Chargd", '"Chargd"'), today=TODAY, names=ALL)
    assert statements(text, today=TODAY, names=NAMES)
    assert statements("CHARGED today", today=TODAY, names=ALL)


@pytest.mark.parametrize(
    "text",
    [
        "Charged where Category in ('Shoos', 'Bags')",
        "Charged where Catgory = 'Bags'",
        "Charged by Category in ('Bag', 'Shoes')",
        "App Launched did CHARGED",
        "App Launched where profile.Customer Typ = 'Gold'",
        "App Launched where geo = 'Mumbai'",
    ],
)
def test_what_is_doubted_is_not_learned(text: str) -> None:
    """A list finds somebody by its other values: the typo in it would be proposed for ever."""
    (query,) = statements(text, today=TODAY)
    assert are_doubted(Names().learned(query), NAMES)
    (right,) = statements("Other where x = 'y' by Kind in ('z')", today=TODAY)
    assert not are_doubted(Names().learned(right), NAMES)


def test_an_axis_of_another_scope_is_not_sent() -> None:
    """Each of its counts would be 0."""
    text = "Charged today by OS in ('iOS')"
    with pytest.raises(QueryError, match=r"is tech.OS meant\?"):
        statements(text, today=TODAY, names=SYSTEM)
    assert statements(text.replace("OS in", '"OS" in'), today=TODAY, names=SYSTEM)
    assert statements("Charged today by tech.OS in ('iOS')", today=TODAY, names=SYSTEM)
