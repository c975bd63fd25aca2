"""The form's fields and a cell's text are one query, and a mistake stands at its field."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers.language_inputs import SINGLES, TODAY, corpus
from helpers.length import amount
from hypothesis import assume, given, settings, strategies as st

from ct_magic import QueryError
from ct_magic.forms.draft.document import ELSEWHERE, Sheet, missing_or_invalid, problems, read_sheet
from ct_magic.forms.draft.draft import (
    KINDS,
    OPERATOR_WORDS,
    PART,
    SHARE_WHERE,
    VALUES,
    FieldRow,
    row,
    write_draft,
)
from ct_magic.forms.draft.field_text import (
    field_name,
    list_field,
    list_word,
    name_field,
    value_field,
    value_word,
)
from ct_magic.query.model import (
    Ago,
    ByPlace,
    ByTime,
    ByValue,
    Days,
    Last,
    Often,
    Operator,
    Previous,
    Property,
    This,
    Unit,
)
from ct_magic.query.parser import parse, statements
from ct_magic.query.printer import layout

EQUALS = {"joint": "and", "operator": "="}
QUICK = settings(max_examples=amount(50, long=500))
AXES = [
    ByTime(Unit.WEEK),
    ByValue(Property("Plan, old"), (1, "a, b", "$x", "(c)")),
    ByPlace((("India", "Goa"), ("Oman",))),
]
PERIODS = [None, Last(3, Unit.MONTH), This(Unit.YEAR), Previous(Unit.WEEK), Days(Ago(9), Ago(1))]


def check(text: str) -> object:
    return parse(text, params={"x": 5, "kinds": ["a"]}, today=TODAY)


def wrong(text: str, draft: FieldRow | None = None) -> dict[tuple[str | int, ...], str]:
    sheet = read_sheet(text)
    sheet = sheet.put(0, draft) if draft else sheet
    return problems(sheet, 0, check)


@QUICK
@given(SINGLES, st.sampled_from(AXES), st.sampled_from(PERIODS))
def test_every_statement_survives_the_form(query, axis, period) -> None:  # type: ignore[no-untyped-def]
    """Text -> fields -> text gives the same text, for every clause and any characters."""
    # `>= 1` is left off: it is what is meant where nothing is said.
    events = (event for clause in query.clauses for event in clause.events)
    assume(all(event.often != Often(Operator.GREATER_THAN_EQUALS, 1) for event in events))
    base = query.event if period is None else query.event.during(period)
    for text in (layout(query), layout(replace(query, event=base, by=(axis,)))):
        sheet = read_sheet(text)
        assert sheet.put(0, sheet.statements[0].draft).text == sheet.text == text


@pytest.mark.parametrize("cell", [c for c in corpus() if "{" not in c][:150])
def test_what_people_write_means_the_same_after_the_form(cell: str) -> None:
    """Whatever spelling was typed, variables, several statements and comments included."""
    try:
        meant = statements(cell, {"x": 5}, TODAY)
    except QueryError:
        return  # it was no query before the form either
    sheet = read_sheet(cell)
    assert sheet.text == cell.removeprefix("\ufeff")
    for number, statement in enumerate(sheet.statements):
        assert problems(sheet, number, check) == {}
        sheet = sheet.put(number, statement.draft)
    reread = statements(sheet.text, {"x": 5}, TODAY)
    assert reread == meant
    assert [query.label for query in reread] == [query.label for query in meant]


@pytest.mark.parametrize(
    "text",
    [
        "A last 7 days\n  did B >= 3\n  share did C after 1 week\n  share did not D",
        "A last 12 weeks\n  share did B after 0..11 weeks\n  by first week",
        'A where p = 1 and q = 2 or r = "x" last 7 days\n  vs previous\n  by day rolling 7 days',
        "A where session.time_of_day in 13:00..17:00 today\n  share did any (B, C) >= 2",
        "A 2026-05\n  vs before 52 weeks\n  by hour",
        "A last 8 weeks\n  share did B within 7 days\n  by first week",
        "A last 8 weeks\n  share did not B where p = 1 on days 1..30\n  share did C on day 7, 30",
        "A last month\n  share did any (B where p > 1, C) within 1, 2 weeks >= 2",
        "A last month\n  share did any (B, C) on days 7..13, 14..20",
        'A 2026-Q3\n  share where p = 1 and q in (2, 3) or geo = "Oman"\n  vs previous\n  by week',
        "A where $real and p = 1 or $other last 7 days\n  share where $real",
        "$big last 7 days\n  did $big >= 2\n  did any ($big, B)\n  share did not $big",
        '"A then A" 2026-05\n  did not "B followed by C"\n  did "compare Plans"',
    ],
)
def test_each_new_clause_has_fields(text: str) -> None:
    """And the text that the fields make is the same."""
    sheet = read_sheet(text)
    assert sheet.statements[0].draft["body"] == ""
    assert sheet.put(0, sheet.statements[0].draft).text == text


def test_what_no_field_can_show_is_kept_as_text() -> None:
    """A bracket has no field: its statement stays word for word, and keeps its label."""
    text = 'x: A where (p = 1 or q = 2) and r = "y" last 7 days'
    sheet = read_sheet(text)
    assert sheet.statements[0].draft["body"] == text.removeprefix("x: ")
    assert sheet.put(0, sheet.statements[0].draft).text == text


@QUICK
@given(
    st.text(max_size=12),
    st.lists(st.text(max_size=8), min_size=1, max_size=3),
    st.sampled_from(OPERATOR_WORDS),
)
def test_anything_may_be_typed_into_a_field(typed: str, several: list[str], operator: str) -> None:
    """It is a hole, an error at its field, or a query: never an exception, never other syntax."""
    draft = row(
        dict.fromkeys(("label", "event", "period", "own", "often", "versus"), typed),
        where=(
            row({"joint": "and", "property": typed, "operator": operator, "value": typed}),
            row({"joint": "or", "scope": PART, "property": typed}),
        ),
        did=tuple(
            row({"kind": kind, "event": typed, "times": typed, "period": typed}) for kind in KINDS
        ),
        by=(
            row({"unit": VALUES, "property": typed, "values": ", ".join(several)}),
            row({"unit": "week", "rolling": typed}),
        ),
    )
    assert problems(Sheet().put(0, draft), 0, check) or not missing_or_invalid(draft)
    condition = row(EQUALS | {"property": f"p{typed}", "value": f"v{typed}"})
    safe = row({"event": "A"}, where=(condition,))
    if "\n" not in typed and "\r" not in typed and typed.isprintable():
        (query,) = statements(write_draft(safe).text, {}, TODAY)
        assert query.event.where[0].value == f"v{typed}".strip()  # type: ignore[union-attr]
        assert not query.by  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("Shoes", '"Shoes"'),
        ("5", "5"),
        ('"5"', '"5"'),
        ("5 stars", '"5 stars"'),
        ("true", "true"),
        ("$x", "$x"),
        ("$x and $y", '"$x and $y"'),
        ('say "a"', "'say \"a\"'"),
        ('"open', "'\"open'"),
        ("", ""),
    ],
)
def test_a_text_needs_no_quotes_in_a_field(typed: str, word: str) -> None:
    """A number, a variable and what stands between quotes are themselves, all else is a text."""
    assert value_word(typed) == word
    if word:
        assert value_word(value_field(word)) == word


def test_a_list_has_commas_between_its_values() -> None:
    """One that holds a comma is quoted; a variable alone is the whole list."""
    assert list_word('Shoes, "a, b", 5') == '("Shoes", "a, b", 5)'
    assert list_word("$kinds") == "$kinds"
    assert list_word("($kinds)") == list_word(list_field(["$kinds"])) == "($kinds)"
    assert list_field(['"Shoes"', '"a, b"', "5"]) == 'Shoes, "a, b", 5'


@given(st.text(st.characters(exclude_characters="\r\n"), min_size=1))
def test_a_name_reads_back_from_its_field(name: str) -> None:
    """Also one that begins with a dollar sign, a quote or a space."""
    assert field_name(name_field(name)) == name


def test_a_comment_inside_a_statement_goes_before_it() -> None:
    """What is changed in the form loses no remark, and other statements keep their spelling."""
    cell = "# top\na: Charged   where x=1  # why\n  by day # days\n\nb:  App Launched # last"
    sheet = read_sheet(cell)
    first = sheet.statements[0].draft
    changed = sheet.put(0, row(first.typed, where=first.below("where"))).text
    assert changed == "# top\n# why\na: Charged where x = 1 # days\n\nb:  App Launched # last"
    assert [s.text for s in read_sheet(changed).statements] == [
        "a: Charged where x = 1",
        "b:  App Launched",
    ]


def test_statements_come_and_go() -> None:
    """A new one begins on a line of its own; the last one that goes leaves an empty form."""
    sheet = read_sheet("Charged # all").add()
    sheet = sheet.put(1, row({"label": "new", "event": "App Launched"}))
    assert sheet.text == "Charged # all\nnew: App Launched"
    assert sheet.remove(1).text == "Charged # all"
    assert read_sheet(sheet.remove(0).text).statements[0].draft["label"] == "new"
    assert sheet.remove(0).remove(0).statements[0].draft == row({})
    assert read_sheet("").statements[0].draft == row({})
    assert read_sheet("# only a remark").put(0, row({"event": "A"})).text == "# only a remark\nA"


def test_json_is_shown_in_fields_where_the_language_can_say_it() -> None:
    """Else it is kept word for word, and can have a label."""
    sayable = '{"event_name": "A", "from": 20260101, "to": 20260101}'
    assert read_sheet(sayable).statements[0].draft == row({"event": "A", "period": "2026-01-01"})
    unsayable = '{"event_name": "A", "from": 20260101, "to": 20260101,\n "new": [1]}'
    draft = read_sheet(unsayable).statements[0].draft
    assert draft["body"] == unsayable
    assert read_sheet(unsayable).put(0, row(draft.typed | {"label": "j"})).text == f"j: {unsayable}"


@pytest.mark.parametrize(
    ("cell", "places"),
    [
        ("Charged where Amount > 'x'", {("where", 0, "value")}),
        ("Charged where Amount > $y today", {("where", 0, "value")}),
        ("Charged 2026-02-30", {("period",)}),
        (
            "Charged where A = 1 and B ~ 5 2026-12-01..2026-11-01",
            {("where", 1, "value"), ("period",)},
        ),
        ("A did B where tech.OS = 'x'", {("did", 0, "where", 0, "property")}),
        ("A did any (B, C on 2026-13-01) >= 2", {("did", 1, "period")}),
        ("A by day, week", {("by", 1, "unit")}),
        ("A by x in (1, 1)", {("by", 0, "values")}),
        ("A where geo ~ 'x'", {("where", 0, "scope")}),
        ("A last 30 years by day", {("by", 0, "unit")}),
    ],
)
def test_an_error_stands_at_its_field(cell: str, places: set[tuple[str | int, ...]]) -> None:
    """All of them at once: what is wrong is left out, and the rest is looked at."""
    assert set(wrong(cell)) == places


def test_what_is_missing_is_said_where_it_is_missing() -> None:
    """Not as an error of syntax some words later."""
    draft = row(
        {"period": "last 7 da"},
        where=(row(EQUALS),),
        did=(row({"kind": "did"}), row({"kind": SHARE_WHERE})),
        by=(row({"unit": VALUES}),),
    )
    assert set(wrong("", draft)) == {
        ("event",),
        ("where", 0, "property"),
        ("period",),
        ("did", 0, "event"),
        ("did", 1, "kind"),
        ("by", 0, "property"),
    }
    between = row({"property": "x", "operator": "range", "value": "5"})
    ranged = row({"event": "A"}, where=(between,))
    assert "two ends" in wrong("", ranged)["where", 0, "value"]


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("period", "today by day"),
        ("period", "today did B"),
        ("period", "B today"),
        ("period", "within 7 days"),
        ("versus", "previous by day"),
        ("own", "within 7 days >= 2"),
        ("own", "last 7 days"),
        ("often", ">= 2 by day"),
    ],
)
def test_a_field_says_no_more_than_its_own(field: str, typed: str) -> None:
    """What would be another clause is marked where it was typed, and no query."""
    any_of = row({"kind": "share did any", "event": "B"})
    draft = row({"event": "A", field: typed}, did=(any_of,))
    assert set(wrong("", draft)) == {(field,)}


def test_a_remark_in_a_field_takes_nothing_along() -> None:
    """How often comes behind the period, on the same line."""
    did = row({"kind": "did", "event": "B", "period": "today # so far", "times": "3"})
    assert write_draft(row({"event": "A"}, did=(did,))).text == "A\n  did B today >= 3"


def test_a_mistake_in_another_statement_is_not_put_at_a_field() -> None:
    """The form shows one statement; the others have their errors too."""
    assert set(problems(read_sheet("a: A today\nb: B 2026-02-30"), 0, check)) == {ELSEWHERE}
    assert set(problems(read_sheet("a: A today\na: B today"), 1, check)) == {("label",)}


def test_a_number_with_separators_is_no_text() -> None:
    """The text says how it is written; between quotes it is the text that it is."""
    assert value_word("1,000") == "1,000"
    assert value_word('"1,000"') == '"1,000"'


@pytest.mark.parametrize("typed", ["05", "-007", "00.5"])
def test_a_number_is_kept_as_it_was_typed_where_none_is_meant(typed: str) -> None:
    """What the field writes is what the text says of it: a code loses none of its zeros."""
    assert value_word(typed) == typed
