"""The form without a browser: its fields, its text, what is wrong, and what it does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import ipywidgets as w
import pandas as pd
import pytest
from helpers.length import amount
from helpers.shell import run, until
from hypothesis import given, settings, strategies as st
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import ct_magic
from ct_magic.common.words import width
from ct_magic.errors import UsageError
from ct_magic.forms import Form
from ct_magic.forms.draft.draft import SHARE_WHERE
from ct_magic.forms.row_list import WRONG
from ct_magic.panel.widget_panel import VIEW, walk
from ct_magic.query.catalog import Names, names_from_json
from ct_magic.sandbox import Sandbox
from ct_magic.session.session import SESSION
from ct_magic.settings import Settings

pytestmark = pytest.mark.usefixtures("account")
CELL = """loyal: App Launched where session.utm_source = "google" and Amount > $floor last 7 days
  did Charged where Category in ("Shoes", "Bags")
  did any (Product Viewed, Added To Cart last 14 days) >= 2
  by week, geo in ("India")"""
PACE = Settings(poll_interval=0.01, progress="none")


class Hand:
    """Works a form as a person does: by the names of its fields and buttons."""

    def __init__(self, text: str = "", pace: Settings = PACE, **variables: Any) -> None:
        self.variables: dict[str, Any] = variables
        self.form = Form(text, self.variables, pace, patience=0)
        assert self.form._view
        self.box = self.form._view.box

    def fields(self, name: str) -> list[Any]:
        """The fields of that name, from top to bottom."""
        return [
            widget
            for widget in walk(self.box)
            if name in (getattr(widget, "tooltip", None), getattr(widget, "description", None))
        ]

    def type(self, name: str, text: Any, number: int = 0) -> None:
        self.fields(name)[number].value = text

    def press(self, name: str, number: int = 0) -> None:
        buttons = [
            widget
            for widget in walk(self.box)
            if isinstance(widget, w.Button) and name in (widget.description, widget.tooltip)
        ]
        buttons[number].click()

    def read(self, name: str) -> list[str]:
        return [widget.value for widget in self.fields(name)]

    @property
    def wrong(self) -> list[str]:
        """The names of the fields that are marked."""
        return [
            widget.tooltip
            for widget in walk(self.box)
            if WRONG in getattr(widget, "_dom_classes", ())
        ]

    @property
    def said(self) -> str:
        """All that the form has drawn."""
        return "\n".join(widget.value for widget in walk(self.box) if isinstance(widget, w.HTML))


@pytest.fixture
def names() -> Iterator[Names]:
    """A session that knows some names, and forgets them."""
    before = SESSION._given, SESSION._learned
    SESSION._given, SESSION._learned = {}, {}
    SESSION.know(
        names_from_json(
            '{"events": {"Charged": {"Category": ["Shoes", "a, b", "5"]}, "2x": {}},'
            ' "profile": {"Plan": ["Gold"]}, "geo": ["India/Goa"]}'
        )
    )
    yield SESSION.names
    SESSION._given, SESSION._learned = before


def test_fields_move_the_text() -> None:
    """A query is put together without knowing the language."""
    hand = Hand()
    hand.type("event", "Charged")
    hand.press("+ filter")
    hand.type("property", "Category")
    hand.type("operator", "in")
    hand.type("value", "Shoes, Bags")
    hand.type("period", "last week")
    hand.press("+ by")
    hand.type("by", "day")
    hand.type("label", "new one")
    text = 'new one: Charged where Category in ("Shoes", "Bags") last week\n  by day'
    assert hand.form.text == text
    assert hand.read("the query as text") == [text]
    assert "1 of 7 requests" in hand.said
    assert "asks 7 counts" in hand.said


def test_text_moves_the_fields() -> None:
    """Pasted text is in the fields at once, and reads back as it was typed."""
    hand = Hand(floor=5)
    hand.type("the query as text", CELL)
    assert hand.form.text == CELL
    assert hand.read("event") == ["App Launched", "Charged", "Product Viewed", "Added To Cart"]
    assert hand.read("property")[:3] == ["utm_source", "Amount", "Category"]
    assert hand.read("value") == ["google", "$floor", "Shoes, Bags"]
    assert hand.read("did, did not or did any") == ["did", "did any", "did any"]
    assert hand.read("did any, how often") == [">= 2"]
    assert hand.read("by") == ["week", "values of"]
    assert hand.wrong == []
    assert "&quot;value&quot;: 5" in hand.said
    hand.type("event", "Charged")
    assert hand.form.text.replace("Charged where session", "App Launched where session") == CELL


def test_own_days_conditions_and_parts_have_fields() -> None:
    """What a bracket's window, `share where` and a named part say is seen and changed in fields."""
    hand = Hand("App Installed 2026-Q3", real=ct_magic.condition('geo = "India"'))
    assert hand.read("period") == ["2026-Q3"]
    hand.press("+ filter")
    hand.type("scope", "$name")
    hand.type("property", "$real")
    hand.press("+ did")
    hand.type("did, did not or did any", "share did any")
    hand.type("event", "Charged", 1)
    hand.type("did any, which days", "within 7 days")
    assert hand.form.text == (
        "App Installed where $real 2026-Q3\n  share did any (Charged) within 7 days"
    )
    assert hand.wrong == []
    hand.press("Remove did 1")
    hand.type("did any, which days", "")
    hand.press("+ did")
    hand.type("did, did not or did any", SHARE_WHERE)
    assert hand.wrong == []
    hand.press("Run")
    assert "Add a filter" in hand.said
    hand.press("+ filter of it")
    hand.type("scope", "reachability", 1)
    hand.type("property", "has_token", 1)
    hand.type("value", "true", 1)
    assert hand.form.text == (
        "App Installed where $real 2026-Q3\n  share where reachability.has_token = true"
    )
    assert hand.wrong == []
    assert "asks 2 counts" in hand.said


def test_rows_are_removed_and_moved() -> None:
    """The order of filters is that of their rows."""
    hand = Hand("A where x = 1 and y = 2 and z = 3 today")
    hand.press("Move filter 3 up")
    assert hand.form.text == "A where x = 1 and z = 3 and y = 2 today"
    hand.press("Move filter 1 up")
    hand.press("Remove filter 1")
    hand.press("Move filter 1 down")
    assert hand.form.text == "A where y = 2 and z = 3 today"
    hand.press("Remove filter 2")
    hand.press("Remove filter 1")
    assert hand.form.text == "A today"


def test_what_is_no_query_stays_and_the_fields_wait() -> None:
    """Half a word loses nothing: the place is underlined, the fields show the last query."""
    hand = Hand("Charged where Amount > 5 today")
    hand.type("the query as text", "Charged wher Amount > 5 today")
    assert hand.form.text == "Charged wher Amount > 5 today"
    assert "^^^^" in hand.said
    assert "did you mean &#x27;where&#x27;?" in hand.said
    assert hand.fields("event")[0].disabled
    assert hand.read("value") == ["5"]
    hand.press("Run")
    assert "counts" not in hand.variables
    hand.press("Back to the fields")
    assert hand.form.text == "Charged where Amount > 5 today"
    assert not hand.fields("event")[0].disabled


def test_a_page_is_not_asked_to_count_what_goes_from_it() -> None:
    """Else it answers to a subshell that it deletes next, and asyncio complains in a cell."""
    hand = Hand("Charged today")
    view = hand.form._view
    assert view
    panels = [w.VBox([]) for _ in range(2)]
    for panel in panels:
        panel._view_count = 1
        view.place_panel(panel)
    assert [panel._view_count for panel in panels] == [None, 1]
    hand.form.close()
    assert panels[1]._view_count is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Charged where Amount > 10 and Category = 5 today wher", "\u2026Category = 5 today wher"),
        (
            "Charged where Amount > 10 and OS = 5 today wher",
            "Charged where Amount > 10 and OS = 5 today wher",
        ),
        ("Charged today wher", "Charged today wher"),
        ("\u6570" * 30 + " today wher", "\u6570" * 30 + " today wher"),
    ],
)
def test_the_place_of_a_mistake_is_in_sight(text: str, shown: str) -> None:
    """A long line would push its caret out at the right; wide characters are left as they are."""
    hand = Hand()
    hand.type("the query as text", text)
    place = re.search(r"<pre[^>]*ct-magic-place[^>]*>(.*?)</pre>", hand.said, re.DOTALL)
    assert place
    _, line, carets = unescape(place[1]).split("\n")
    assert line == shown
    columns = "".join(char * width(char) for char in line)
    assert columns[carets.index("^") :] == "wher"


def test_what_is_wrong_is_marked_at_its_field() -> None:
    """Several things at once, each where it is; the text says the first with its caret."""
    hand = Hand("Charged where Amount > 5 and B = 1 today")
    hand.type("value", "much")
    hand.type("period", "2026-02-30")
    hand.type("variable", "class")
    assert hand.wrong == ["value", "period", "variable"]
    assert "&#x27;&gt;&#x27; compares numbers" in hand.said
    assert "February 2026 has no day 30" in hand.said
    assert "is a word of Python" in hand.said
    hand.type("value", "<script>")
    assert "&lt;script&gt;" in hand.said
    assert "<script>" not in hand.said
    hand.type("value", "5")
    hand.type("period", "2026-02-28")
    hand.type("variable", "df")
    assert hand.wrong == []


@pytest.mark.parametrize("name", ["", "2x", "a b", "lambda", "a.b"])
def test_a_variable_has_a_variables_name(name: str) -> None:
    """And nothing is asked before it has."""
    hand = Hand("App Launched 2026-10")
    hand.type("variable", name)
    hand.press("Run")
    assert hand.wrong == ["variable"]
    assert set(hand.variables) == set()


def test_an_unknown_account_is_marked() -> None:
    """With those that are there."""
    hand = Hand("App Launched 2026-10")
    hand.type("account", "prdo")
    assert hand.wrong == ["account"]
    assert "there are default, sandbox" in hand.said


def test_every_field_has_a_label() -> None:
    """Heard where it is not seen: a hint is gone when something stands in the field."""
    hand = Hand(CELL, floor=1)
    fields = [
        widget
        for widget in walk(hand.box)
        if isinstance(widget, w.Text | w.Textarea | w.DatePicker)
    ]
    assert len(fields) > 20
    assert all(field.description for field in fields)


def test_what_has_no_room_goes_on_below() -> None:
    """In a narrow window no field is squeezed: its line wraps, and its buttons stand below."""
    hand = Hand(CELL, floor=1)
    lines = [
        widget
        for widget in walk(hand.box)
        if isinstance(widget, w.HBox)
        and any(isinstance(child, w.Text) for child in widget.children)
    ]
    assert len(lines) > 8
    for line in lines:
        assert line.layout.flex_flow == "row wrap"
        assert all(child.layout.flex.endswith("em") for child in line.children)


def test_an_empty_form_is_calm() -> None:
    """Nothing is wrong before anything was typed; Run says what is missing."""
    hand = Hand()
    assert hand.wrong == []
    hand.press("+ filter")
    assert hand.wrong == []
    assert "which" not in hand.said
    assert "^" not in hand.said
    hand.press("Run")
    assert hand.wrong == ["event", "property"]
    assert "which event?" in hand.said


def test_days_are_shown_and_typed_as_everywhere_else() -> None:
    """ISO, whatever the language of the browser: what a period means, and a way to write one."""
    hand = Hand("Charged 2026-08")
    assert (hand.read("from"), hand.read("to")) == (["2026-08-01"], ["2026-08-31"])
    hand.type("to", "2026-09-0")
    assert hand.form.text == "Charged 2026-08"
    hand.type("to", "2026-09-02")
    assert hand.form.text == "Charged 2026-08-01..2026-09-02"
    assert hand.read("period") == ["2026-08-01..2026-09-02"]


def test_run_and_insert_are_for_queries_only() -> None:
    """What cannot be asked cannot be pressed; what can says how many counts it is."""
    hand = Hand()
    buttons = [button for name in ("Run", "Insert cell") for button in hand.fields(name)]
    assert [button.disabled for button in buttons] == [True, True]
    hand.type("event", "Charged")
    assert [button.disabled for button in buttons] == [False, False]
    assert "asks 1 count" in hand.said
    hand.type("variable", "2x")
    assert [button.disabled for button in buttons] == [True, True]
    hand.type("variable", "x")
    hand.type("the query as text", "Charged wher Amount > 5")
    assert [button.disabled for button in buttons] == [True, True]


def test_a_count_is_asked_anew_where_that_is_ticked(account: Sandbox) -> None:
    """The card says that its count is the journal's, and by which word it is asked anew."""
    hand = Hand("App Launched 2026-10")
    for refresh, is_cached in ((False, False), (False, True), (True, False)):
        hand.type("ask anew (--refresh)", refresh)
        hand.press("Run")
        until(lambda: isinstance(hand.variables["counts"], pd.DataFrame))
        assert hand.variables.pop("counts")["cached"].tolist() == [is_cached]
        until(lambda: "counts is a DataFrame" in hand.said)  # else it comes after what is next
    hand.press("Insert cell")
    until(lambda: "This page inserts no cells" in hand.said)
    assert hand.read("the cell's text") == ["%%ctcount counts --refresh\nApp Launched 2026-10"]


def test_what_the_service_may_ignore_is_doubted_while_one_types() -> None:
    """Before Run: a number with a silent hole in it is the worst that can be shown."""
    hand = Hand("Charged where Amount != 100 last 7 days")
    assert "ct-magic-doubt" in hand.said.split("</style>")[1]
    hand.type("operator", "=")
    assert "ct-magic-doubt" not in hand.said.split("</style>")[1]


def test_a_result_of_another_query_is_dimmed() -> None:
    """A number under fields that ask something else would be taken for theirs."""
    hand = Hand("App Launched 2026-10")
    hand.press("Run")
    until(lambda: isinstance(hand.variables["counts"], pd.DataFrame))
    stale = [widget for widget in walk(hand.box) if "ct-magic-stale" in widget._dom_classes]
    assert stale == []
    hand.type("event", "Charged")
    (stale,) = [widget for widget in walk(hand.box) if "ct-magic-stale" in widget._dom_classes]
    assert "of another query: App Launched 2026-10" in hand.said
    hand.type("event", "App Launched")
    assert "ct-magic-stale" not in stale._dom_classes
    assert "of another query" not in hand.said


def test_names_are_proposed(names: Names) -> None:
    """Events, the properties of the scope, their values; in a list after what stands there."""
    hand = Hand('Charged where Category = "x" and profile.Plan in ("y") and geo = "z"')
    assert hand.fields("event")[0].options[:3] == ("2x", "Charged", "App Installed")
    assert [field.options for field in hand.fields("property")[:2]] == [("Category",), ("Plan",)]
    values = [field.options for field in hand.fields("value")]
    assert values == [("Shoes", "a, b", '"5"'), ("Gold",), ("India/Goa",)]
    hand.type("operator", "in")
    hand.type("value", "Shoes, ")
    assert hand.fields("value")[0].options == ('Shoes, "a, b"', 'Shoes, "5"')


def test_statements_of_a_cell_are_turned_over() -> None:
    """A cell may have several; the others and the remarks stay as they are."""
    hand = Hand("# all of them\na: Charged today  # first\nb:   App Launched")
    hand.press("The statement after")
    assert hand.read("event") == ["App Launched"]
    hand.type("event", "Charged")
    assert hand.form.text == "# all of them\na: Charged today  # first\nb: Charged"
    hand.press("+ statement")
    hand.type("event", "Product Viewed")
    assert hand.form.text.endswith("b: Charged\nProduct Viewed")
    hand.press("Remove this statement")
    assert hand.form.text.endswith("b: Charged")


def test_json_that_no_field_can_say_is_kept() -> None:
    """It can still be labelled and counted."""
    body = '{"event_name": "App Launched", "from": 20261001, "to": 20261031, "new": 1}'
    hand = Hand(body)
    assert "change it in the text" in hand.said
    hand.type("label", "j")
    assert hand.form.text == f"j: {body}"


def test_marks_that_nobody_sees_are_spelled_in_the_json() -> None:
    """One that turns the line round would show another query than the one that is sent."""
    hand = Hand('Charged where a = "x\u202ey" today')
    assert "x\\u202ey" in hand.said
    assert "\u202e" not in hand.form._view.json.value  # type: ignore[union-attr]


def test_run_fills_the_variable() -> None:
    """A handle first, then the DataFrame; the panel stands in the form."""
    hand = Hand("App Launched 2026-10")
    hand.type("variable", "seen")
    hand.press("Run")
    assert "seen" in hand.variables
    until(lambda: isinstance(hand.variables["seen"], pd.DataFrame))
    assert hand.variables["seen"]["status"].tolist() == ["success"]
    until(lambda: "seen is a DataFrame with 1 row" in hand.said)
    assert "<b>" in hand.said
    assert "profiles" in hand.said


def test_one_count_at_a_time_and_again_when_it_is_over() -> None:
    """Pressed twice it asks once; Cancel keeps the row; the next run's panel is the only one."""
    hand = Hand("App Launched 2026-10", Settings(poll_interval=60))
    hand.press("Run")
    first = hand.variables["counts"]
    hand.press("Run")
    assert hand.variables["counts"] is first
    assert "still counting" in hand.said
    hand.press("Cancel")
    until(lambda: "counts holds what had arrived" in hand.said)
    assert hand.variables["counts"]["status"].tolist() == ["cancelled"]
    hand.type("period", "2026-09-01")
    hand.type("event", "Charged")
    hand.press("Run")
    assert hand.variables["counts"] is not first
    hand.press("Cancel")
    until(lambda: hand.said.count('class="ct-asked"') == 1 and "cancelled" in hand.said)


def test_a_variable_that_was_bound_anew_is_left_alone() -> None:
    """The count must not overwrite what the user put there since."""
    hand = Hand("App Launched 2026-08", Settings(poll_interval=60))
    hand.press("Run")
    hand.variables["counts"] = "mine"
    hand.press("Cancel")
    until(lambda: "counts is bound to something else" in hand.said)
    assert hand.variables["counts"] == "mine"


def test_an_account_that_cannot_be_asked_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the form, with what to do; the variable is left as it is."""
    monkeypatch.delenv("CLEVERTAP_PASSCODE")
    monkeypatch.setenv("CLEVERTAP_ACCOUNT_ID", "A-1")
    hand = Hand("App Launched 2026-10")
    hand.press("Run")
    assert "passcode" in hand.said
    assert hand.variables == {}


def test_a_count_that_fails_is_said_and_kept() -> None:
    """The variable has the row with the reason."""
    hand = Hand("No Such 2026-10\nApp Launched 2026-10")
    hand.press("Run")
    until(lambda: "counts holds what had arrived" in hand.said)
    assert "No Such" in hand.said
    assert hand.variables["counts"]["status"].tolist() == ["failed", "success"]


def test_closing_releases_the_widgets_and_the_count_goes_on(shell: InteractiveShell) -> None:
    """What was asked arrives all the same; the query stays where the form was."""
    before = set(w.widgets.widget._instances)
    hand = Hand("App Launched 2026-10")
    with capture_output() as shown:
        hand.form._ipython_display_()
    assert VIEW in shown.outputs[0].data
    assert "needs Jupyter's widgets" in shown.outputs[0].data["text/plain"]
    hand.press("Run")
    hand.press("Insert cell")
    with capture_output() as shown:
        hand.press("Close")
    assert set(shown.outputs[0].data) == {"text/plain", "text/html"}
    assert "%%ctcount counts\nApp Launched 2026-10" in shown.outputs[0].data["text/plain"]
    until(lambda: isinstance(hand.variables["counts"], pd.DataFrame))
    hand.form.close()
    until(lambda: set(w.widgets.widget._instances) <= before)


def test_a_cell_that_no_page_inserts_is_shown_to_be_copied() -> None:
    """Nothing is lost where there is no extension that answers."""
    hand = Hand("App Launched 2026-10")
    hand.type("account", "sandbox")
    hand.press("Insert cell")
    until(lambda: "This page inserts no cells" in hand.said)
    assert hand.read("the cell's text") == [
        "%%ctcount counts --account sandbox\nApp Launched 2026-10"
    ]


@settings(max_examples=amount(6, long=60))
@given(st.lists(st.tuples(st.integers(0, 60), st.text(max_size=6)), max_size=12))
def test_whatever_is_typed_and_pressed_never_fails(steps: list[tuple[int, str]]) -> None:
    """Any text in any field, in any order: an error is shown, nothing is raised."""
    hand = Hand(CELL, floor=1)
    for at, text in steps:
        fields = [widget for widget in walk(hand.box) if isinstance(widget, w.Text | w.Textarea)]
        buttons = [widget for widget in walk(hand.box) if isinstance(widget, w.Button)]
        harmless = [button for button in buttons if button.description in ("↑", "↓", "✕", "◀", "▶")]
        (fields[at % len(fields)]).value = text
        if harmless and at % 3 == 0:
            harmless[at % len(harmless)].click()
    hand.form.close()


def test_the_magic_opens_a_query(shell: InteractiveShell) -> None:
    """On the line and in the cell; without a notebook it says where it works."""
    for cell in ("%ct form Charged today", "%%ct form\nCharged today"):
        error = run(shell, cell).error_in_exec
        assert isinstance(error, UsageError)
        assert "needs a notebook" in str(error)
    with pytest.raises(UsageError, match="needs a notebook"):
        ct_magic.form("Charged today")


def test_nobody_needs_widgets_where_nobody_looks_on() -> None:
    """An executed notebook shows the query."""
    form = Form("Charged today", {}, PACE, live=False)
    with capture_output() as shown:
        form._ipython_display_()
    assert "%%ctcount\nCharged today" in shown.outputs[0].data["text/plain"]
    assert VIEW not in shown.outputs[0].data
