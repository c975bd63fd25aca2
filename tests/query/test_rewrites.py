"""What people type for what the language has in other words: the cure is said, and is a query."""

from __future__ import annotations

import re
import time
from datetime import date

import pytest
from helpers.language_inputs import TODAY

from ct_magic import QueryError
from ct_magic.query.catalog import Names
from ct_magic.query.mistakes import rewriting
from ct_magic.query.parser import parse
from ct_magic.query.printer import to_text

WEEKEND = 'where session.day_of_week in ("Saturday", "Sunday")'


def message_of(cell: str, today: date = TODAY) -> str:
    with pytest.raises(QueryError) as caught:
        parse(cell, today=today)
    return str(caught.value.message)


def test_a_usual_name_costs_few_patterns() -> None:
    """All of them take a fifth of a second to compile, and the first query waits for them."""
    names = ["App Launched", "Product Viewed", "Added To Cart", "First Purchase", "User Login"]
    for name in names:
        rewriting._compiled.cache_clear()
        rewriting.swallowed.cache_clear()
        parse(f"{name} last 7 days", today=TODAY)
        assert rewriting._compiled.cache_info().currsize < 20, name


@pytest.mark.parametrize(
    ("cell", "typed", "cure"),
    [
        ("Charged at least 3 times", None, "Charged did Charged >= 3"),
        ("x: Order Paid last 7 days more than 2 times", None, None),
        ("Order Paid at least two times", None, "Order Paid did Order Paid >= 2"),
        ("A did Charged at least 3 times", "did Charged at least 3 times", "did Charged >= 3"),
        ("A did B last 90 days over 2 times by day", None, None),
        ("A did Charged exactly 3 times", "did Charged exactly 3 times", "did Charged = 3"),
        ("Installed last 30 days and not Charged", "and not Charged", "did not Charged"),
        ("Installed where a = 1 today but did not Order Paid", None, None),
        ("Charged on weekends", None, f"Charged {WEEKEND}"),
        ("Charged last month on weekends", None, f"Charged {WEEKEND} last month"),
        ("Charged on Mondays", None, 'Charged where session.day_of_week = "Monday"'),
        ("Charged where Amount > $100", "$100", "100"),
        ("Charged where Amount in (€9.99, €5)", "€9.99", None),
        ("Charged where Amount = 100$ last week", "100$", "100"),
        ("Charged where Amount >= Rs 500", "Rs 500", "500"),
        ("Charged where Amount > 1,000 today", "1,000", "1000"),
        ("Charged where Amount = 1,250,000.5", "1,250,000.5", "1250000.5"),
        ("Charged rolling 28 days", "rolling 28 days", "by day rolling 28 days"),
        ("Charged last 3 months by rolling 2 weeks", None, None),
        ("Charged by day rolling 28", "rolling 28", "rolling 28 days"),
        ("%ctcount Charged today", None, "Charged today"),
        ("a = %ctcount Charged last 7 days by day", None, "Charged last 7 days by day"),
        ("a = %%ctcount Charged", None, "Charged"),
        ("%ctcount --plot --refresh Charged today", None, "Charged today"),
    ],
)
def test_the_cure_is_said_and_read(cell: str, typed: str | None, cure: str | None) -> None:
    """In the place of what is underlined; the rest of the cell stays."""
    with pytest.raises(QueryError) as caught:
        parse(cell, today=TODAY)
    error = caught.value
    start, end = error.column - 1, error.column - 1 + error.length
    assert typed is None or error.source[start:end] == typed
    said = re.search("(?:write|written) (.*?)(?:; a name|$)", error.message)
    assert said
    assert cure in (None, said[1])
    if "(€" not in cell:
        assert parse(error.source[:start] + said[1] + error.source[end:], today=TODAY)


def test_a_second_first_line_is_taken_away() -> None:
    """Pasted along with a cell; its NAME is no event."""
    with pytest.raises(QueryError) as caught:
        parse("%%ctcount weeks\nCharged today", today=TODAY)
    assert str(caught.value.cure).strip() == "Charged today"


@pytest.mark.parametrize("command", ["%ct plot", "%%ct values Charged by Brand", "df = %ct names"])
def test_a_command_inside_a_cell_is_led_out_of_it(command: str) -> None:
    """It is no query with odd signs."""
    assert "a cell of its own" in message_of(command)
    assert "a cell of its own" in message_of(f"Charged today\n{command}")


@pytest.mark.parametrize(
    ("cell", "cure"),
    [
        ("Charged on 27 Nov", "2026-11-27"),
        ("Charged on Nov 27th by hour", "2026-11-27"),
        ("Charged on 3rd of December", "2025-12-03"),
        ("Charged on 3 December 2024", "2024-12-03"),
        ("Charged since 1 September", "2026-09-01"),
        ("Charged from 1 Nov to 5 Nov", "2026-11-01 to 2026-11-05"),
        ("Charged from 20 Dec to 5 Jan", "2025-12-20 to 2026-01-05"),
        ("Charged in October", "2026-10"),
        ("Charged May 2026 by week", "2026-05"),
        ("Charged Q3 vs Q2", "2026-Q3 vs 2026-Q2"),
        ("Charged last week vs Q4 2025", "2025-Q4"),
        ("Charged Q1 2026 by month", "2026-Q1"),
    ],
)
def test_a_day_in_words_is_the_latest_that_has_begun(cell: str, cure: str) -> None:
    """A count of days to come would be of nobody."""
    message = message_of(cell, date(2026, 11, 30))
    assert re.search(rf"write {cure}\b", message), message


@pytest.mark.parametrize(
    "typed", ["2026Q3", "2026q3", "2026-q3", "2026 q3", "2026 Q3", "Q3-2026", "q3 2026"]
)
def test_a_quarter_in_another_spelling_is_written_as_a_period(typed: str) -> None:
    """It was led to quotes, which make an event's name of it."""
    assert "write 2026-Q3" in message_of(f"Charged {typed}")
    assert "write 2026-Q3" in message_of(f"Charged {typed} vs previous")


@pytest.mark.parametrize(
    ("typed", "days"),
    [
        ("Jan..Mar", "2026-01-01..2026-03-31"),
        ("Jan to Mar", "2026-01-01..2026-03-31"),
        ("from January to March 2025", "2025-01-01..2025-03-31"),
        ("between Jan and Mar", "2026-01-01..2026-03-31"),
        ("Nov-Feb", "2025-11-01..2026-02-28"),
        ("from Q1 to Q2", "2026-01-01..2026-06-30"),
        ("Q3 2025 to Q1 2026", "2025-07-01..2026-03-31"),
        ("2026-01..2026-03", "2026-01-01..2026-03-31"),
        ("from 2026-Q1 to 2026-Q2", "2026-01-01..2026-06-30"),
        ("first half of 2025", "2025-01-01..2025-06-30"),
        ("in H2 2025", "2025-07-01..2025-12-31"),
        ("third quarter of 2025", "2025-Q3"),
        ("3rd quarter", "2026-Q3"),
        ("4 Jan - 5 Feb", "2026-01-04..2026-02-05"),
    ],
)
def test_days_in_words_are_put_in_their_place(typed: str, days: str) -> None:
    """The cure is the whole cell, whatever is behind the period; both ends are of one stretch."""
    for rest in ("", " by week", " vs previous"):
        with pytest.raises(QueryError) as caught:
            parse(f"Charged {typed}{rest}", today=date(2026, 11, 30))
        assert caught.value.cure == f"Charged {days}{rest}"


def test_a_day_of_this_year_that_is_to_come_is_named_too() -> None:
    """Whoever types it a week ahead learns which year was taken."""
    message = message_of("Charged on 27 Nov", date(2026, 11, 23))
    assert "write 2025-11-27 (2026-11-27 is to come)" in message


def test_a_day_is_a_whole_word() -> None:
    """Q33 is no quarter, and 27Nov no day."""
    assert "2026-Q2" in message_of("Charged Q33 vs Q2")


def test_a_weekday_is_its_latest_date_or_all_of_them() -> None:
    """One day or every such day: both are said."""
    message = message_of("Charged on Saturday", date(2026, 11, 30))
    assert "2026-11-28" in message
    assert "session.day_of_week" in message


@pytest.mark.parametrize(
    ("cell", "amount", "often"),
    [
        ("Charged > 500", "where Amount > 500", "did Charged >= 3"),
        ("Charged >= 3 last week", "where Amount >= 3", "did Charged >= 3"),
        ("Order Paid = 1", "where Amount = 1", "did Order Paid = 1"),
    ],
)
def test_a_number_behind_an_event_is_an_amount_or_how_often(
    cell: str, amount: str, often: str
) -> None:
    """Nobody charges 500 times: the large number is not put behind 'did'."""
    assert amount in message_of(cell)
    assert often in message_of(cell)


@pytest.mark.parametrize("name", ["Amount", "amount", "Payment mode", "OS"])
def test_a_property_behind_by_is_no_keyword_misspelt(name: str) -> None:
    """Its values can be asked; 'month' was once proposed for Amount."""
    assert f"'%ct values Charged by {name}' shows them" in message_of(f"Charged by {name}")
    assert "did you mean 'month'" in message_of("Charged by moth")


NAMES = [
    ("Charged twice", "Charged did Charged >= 2"),
    ("first Charged", "Charged by first week"),
    ("App Launched D7", "share did App Launched on day 7"),
    ("Charged Q3", "Charged 2026-Q3"),
    ("Charged q3", "Charged 2026-Q3"),
    ("Charged third quarter", "Charged 2026-Q3"),
    ("Charged H1", "Charged 2026-01-01..2026-06-30"),
    ("Charged first half", "Charged 2026-01-01..2026-06-30"),
    ("Charged more than once", "Charged did Charged > 1"),
    ("App Installed without Charged", "App Installed did not Charged"),
    ("Charged first time", "Charged where session.first_time = true"),
    ("users who", "write the event's name, and behind it did"),
    ("people who Charged", "write Charged"),
    ("Charged L7D", "Charged last 7 days"),
    ("Charged during Dec", "Charged 2025-12"),
    ("Charged Mon through Fri", 'where session.day_of_week in ("Monday", "Friday")'),
    ("Charged Sunday through Tuesday", 'where session.day_of_week in ("Sunday", "Tuesday")'),
    ("Charged weekends", WEEKEND),
    ("all users", "take an event that all do, App Launched"),
    ("active users", "take an event that all do, App Launched"),
    ("unique profiles", "take an event that all do, App Launched"),
    ("new users", "as in App Installed"),
    ("paying customers", "as in Charged"),
    ("returning users", "share did App Launched on day 1, 7, 30"),
    ("resurrected users", "did not App Launched before 1 week"),
    ("Charged October", "Charged 2026-10"),
    ("App Installed Last Month", "keywords are lower case"),
    ("sum of Amount", "not of amounts"),
    ("how soon do they buy", "within 1, 3, 7, 14, 30 days"),
    ("conversion rate", "share did Charged within 7 days"),
    ("churn", "share did not App Launched on days 1..30"),
]


@pytest.mark.parametrize(("name", "cure"), NAMES)
def test_a_name_that_swallows_a_query_is_no_name(name: str, cure: str) -> None:
    """Unless it is quoted, or the account knows it; then it is printed so that it reads back."""
    assert cure in message_of(f"{name} last week")
    (quoted,) = parse(f'"{name}" last week', today=TODAY)
    (known,) = parse(f"{name} last week", today=TODAY, names=Names({name: {}}))
    assert quoted == known
    assert parse(to_text(known), today=TODAY) == (known,)


def test_how_often_inside_did_is_written_behind_its_event() -> None:
    """There the base is another event, and stays."""
    assert "how often is written did Charged >= 2;" in message_of("A did Charged twice")


@pytest.mark.parametrize(
    "name",
    [
        *(
            "First Purchase",
            "Level Up",
            "Day",
            "user",
            "Quarter Ended",
            "Share Clicked",
            "Next Day",
        ),
        *("pay later", "get started", "cost per click", "user join group", "Login First Time"),
        *("conversion", "Seen Today", "Top Viewed", "Average Order", "Charged May"),
        *("checkout without coupon", "Reached L10", "Push Optin", "Back Pressed", "Rate Us"),
    ],
)
def test_other_names_stay_names(name: str) -> None:
    """A capital letter begins a name of the field's own kind, and so do all small ones."""
    assert parse(f"{name} today did {name}", today=TODAY)


def test_a_long_cell_is_explained_at_once() -> None:
    """The patterns look around the place alone, and cannot run away."""
    with pytest.raises(QueryError):
        parse("Charged " + "very " * 20_000 + "> 5 at least", today=TODAY)


@pytest.mark.parametrize(
    ("cell", "cure"),
    [
        ("Charged daily", "Charged by day"),
        ("Order Paid weekly last 8 weeks", "Order Paid by week"),
        ("count Charged last week", "every count is of profiles: write Charged"),
        ("App Launched active users", "every count is of profiles: write App Launched"),
        ("DAU last 30 days", "App Launched last 30 days by day"),
        ("App Launched MAU", "App Launched last 30 days by day"),
        ("D7 retention App Launched", "share did App Launched on day 7"),
        ("Charged over the last 7 days", "Charged last 7 days"),
        ("Charged YoY", "Charged vs previous"),
        ("Charged MTD", "Charged this month"),
        ("Charged in the last week", "last week"),
        ("Charged where Coupon is empty", "not exists"),
        ("Charged where Gift is true today", "= true"),
        ("Charged where Amount from 100 to 500", "Amount in 100..500"),
        ("Charged in 2025", "2025-01-01..2025-12-31"),
        ("Charged H2 2025", "2025-07-01..2025-12-31"),
        ("Charged 2025-H1", "2025-01-01..2025-06-30"),
        ("Charged 2025h2 by week", "2025-07-01..2025-12-31"),
        ("Charged last fortnight", "last 2 weeks"),
        ("Charged last week vs prior week", "vs previous"),
        ("A share did B within 7 days by cohort", "by first week"),
        ("A share did B within 7 days, by first week", "no comma"),
        ("A share did B on day [1, 7]", "on day 1, 7"),
        ("A share did B the same day", "on day 0"),
        ("A share did B the next day", "on day 1"),
        ("A share did B within 7 days 2 times", "within 7 days >= 2"),
        ("A share did B within 7 days where x = 1", "did B where x = 1 within 7 days"),
        ("A then B within 7 days", "A share did B within 7 days"),
        ("A last month -> B within 7 days", "A last month share did B within 7 days"),
        ("A share(x = 1)", "share where x = 1"),
        ("A today percent did B", "share did"),
        ("App Launched last month but not this month", "did not App Launched this month"),
        ("Charged week over week", "Charged vs previous"),
        ("Charged last week compared to previous week", "vs previous"),
        ("Charged last 7 days vs prior 7 days", "vs previous"),
        ("Charged previous month", "last month"),
        ("Charged where Amount > 5k", "5000"),
        ("Charged where Amount >= 1,00,000", "100000"),
        ("Charged 3 or more times", "did Charged >= 3"),
        ("App Launched DAU/MAU", "by day rolling 30 days"),
        ("Charged rolling 7 day average", "by day rolling 7 day"),
        ("Charged last month Product Viewed", "as in share did Charged"),
        ("$big and $loyal last week", "write $big last week did $loyal"),
        ("$big then Charged last week", "write $big last week share did Charged"),
        ("$big share $loyal", "share did $loyal"),
        ("A did $big twice", "did $big >= 2"),
        ("A where $real, $paid last week", "write $real and $paid"),
        ("A $real last week", "write A where $real last week"),
    ],
)
def test_the_field_speaks_of_it_in_these_words(cell: str, cure: str) -> None:
    """None of them is sent as an event's name, and each leads to the text in one step."""
    assert cure in message_of(cell)


@pytest.mark.parametrize(
    ("cell", "cure"),
    [
        ("Charged Jan through Mar", "Charged 2026-01-01..2026-03-31"),
        ("Charged January through March", "Charged 2026-01-01..2026-03-31"),
        ("Charged January to March", "Charged 2026-01-01..2026-03-31"),
        ("Charged Jan until Mar", "Charged 2026-01-01..2026-03-31"),
        ("Charged Nov through Feb", "Charged 2025-11-01..2026-02-28"),
        ("Charged Q1 through Q2", "Charged 2026-01-01..2026-06-30"),
        ("A did Order Paid Jan through Mar", "A did Order Paid 2026-01-01..2026-03-31"),
        ("Charged 2026-01..03", "Charged 2026-01-01..2026-03-31"),
        ("Charged from 2025-11 to 02", "Charged 2025-11-01..2026-02-28"),
        ("Charged 2026-01-05..08", "Charged 2026-01-05..2026-01-08"),
        ("Charged 2025..2026", "Charged 2025-01-01..2026-12-31"),
        ("Charged from 2025 to 2026 by month", "Charged 2025-01-01..2026-12-31 by month"),
        ("Charged between 2025 and 2026", "Charged 2025-01-01..2026-12-31"),
        ("Charged 2025-2026", "Charged 2025-01-01..2026-12-31"),
        ("Charged since 2025", "Charged since 2025-01-01"),
        ("Charged last year vs 2024", "Charged last year vs 2024-01-01..2024-12-31"),
    ],
)
def test_a_range_of_months_or_years_is_written_as_its_days(cell: str, cure: str) -> None:
    """However it is joined; none of them is sent as an event's name."""
    with pytest.raises(QueryError) as caught:
        parse(cell, today=date(2026, 11, 30), max_counts=None)
    assert caught.value.cure == cure


@pytest.mark.parametrize(
    "cell",
    [
        "A did any (B where x = 3, B where x = 1 or y = 2, C)",
        "A did any (C, B where x = 1 or y = 2) >= 2",
    ],
)
def test_a_bracket_loses_no_event_by_a_cure(cell: str) -> None:
    """Where the text cannot be changed in its place, or would count twice, there is no cure."""
    with pytest.raises(QueryError) as caught:
        parse(cell, today=TODAY)
    assert caught.value.cure is None


@pytest.mark.parametrize("word", ["within", "whitin", "in", "first", "and", "not", "did", "day 1"])
@pytest.mark.parametrize("before", ["E where ", "E share did F ", "E "])
def test_a_word_that_is_typed_again_and_again_is_explained_at_once(before: str, word: str) -> None:
    """No text takes a time that doubles with each word: a key was held, or a page pasted."""
    begun = time.process_time()
    with pytest.raises(QueryError):
        parse(f"{before}{' '.join([word] * 40)} ?", today=TODAY)
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Charged no more than 2 times last week", "write <= for no more than"),
        ("Charged not more than 2 times", "how often somebody did it has no upper limit"),
        ("Charged max 3 times", "how often somebody did it has no upper limit"),
        ("Charged did Charged no more than 3", "how often somebody did it has no upper limit"),
        ("Charged where Amount no more than 5", "Amount <= 3"),
        ("Charged no fewer than 2 times last week", "did Charged >= 3"),
        ("Charged where Amount not less than 5", "write >= for no less than"),
        ("funnel App Installed > Charged", "write App Installed share did Charged"),
        ("funnel App Installed -> Charged last week", "write App Installed last week share did"),
        ("funnel of App Installed > Charged", "write App Installed share did Charged"),
    ],
)
def test_no_hint_asks_the_opposite_or_takes_a_word_into_a_name(typed: str, said: str) -> None:
    """`no more than` was said to be `>`, and a funnel to begin with the event `funnel App ...`."""
    message = message_of(typed)
    assert said in message
    assert not re.search(r"(write|written) (funnel|Charged (no|not|max))|> for", message)
