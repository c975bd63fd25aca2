"""Days from each profile's first, in the words of people: the message says what to write."""

from __future__ import annotations

import re

import pytest
from helpers.language_inputs import TODAY

from ct_magic import QueryError
from ct_magic.query.parser import parse

BASE = "App Installed last month "
STEP = f"{BASE}share did Charged "


def error_of(cell: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        parse(cell, today=TODAY)
    return caught.value


WINDOWS = {
    "within 1 week": ["within a week", "within one week", "within the first week", "in a week"],
    "within 7 days": [
        *("within 7-day", "within a 7-day window", "within 7 day window", "within 7 calendar days"),
        *("within 7 days or less", "within 7 days or fewer", "within at most 7 days", "<= 7 days"),
        *("up to 7 days", "in their first 7 days", "max 7 days", "within 7 days at most"),
        *("within 7d", "within 7days", "within 7", "within seven days", "Within 7 Days"),
        *(
            'within "7 days"',
            "within (7) days",
            "within day 7",
            "(7 days)",
            "[within 7 days]",
            "less than 7 days later",
        ),
        *("whithin 7 days", "with a 7 day window", "window of 7 days", "7-day conversion window"),
        *("withn 7 days", "in 7 days", "in the first 7 days", "within the next 7 days", "by day 7"),
        *("within 7 days of App Installed", "within 7 days after install", "within 7 days since x"),
    ],
    "within 2 weeks": ["within 2w", "in two weeks", "within week 2"],
    "within 30 days": ["within a month", "in 1 month"],
    "within 1 day": ["in the first 24 hours", "within 24h", "within 30 minutes", "within 1 hour"],
    "within 2 days": ["within 48 hours", "within 36 hrs"],
    "within 1, 7, 30 days": [
        *("within 1, 7, 30", "within 1, 7 and 30 days", "within 1 7 30 days"),
        *("within 1 day, 7 days, 30 days", "within 1 day, within 7 days and within 30 days"),
    ],
    "within 1, 2 weeks": ["within 1 week, 2 weeks", "within 1 week and 2 weeks"],
    "within 7, 14 days": ["within 7 days, 2 weeks", "within 7 days and 2 weeks", "within 1w, 14d"],
    "within 7, 30 days": ["within 7 or 30 days", "within 7 days or 30 days", "within 7d, 30d"],
    "on day 7": [
        *("a week later", "one week after", "+7d", "D+7", "T+7", "day 7th"),
        *("day 7", "on day7", "on D7", "in day 7", "on the 7th day", "on the day 7", "on day 7d"),
        *(
            "7 days later",
            "exactly 7 days after",
            "exactly 7 days later",
            "after 7 days of install",
            "on day 7 after install",
        ),
    ],
    "on day 0": ["on install day", "day of install"],
    "on day 1": ["the next day", "the day after"],
    "on day 1, 7, 30": [
        *("after 1, 7, 30 days", "1, 7, 30 days after install"),
        *("D1, D7, D30", "on day 1, 7 and 30", "on day 1/7/30", "on day 1, day 7, day 30"),
        *("on D1 D7 D30", "on day 1 & 7 & 30", "1d, 7d, 30d", "on day 1, on day 7 or on day 30"),
    ],
    "on days 1..7": [
        *("on day 1-7", "on days 1 - 7", "on days 1 to 7", "on day 1 to day 7", "days 1-7"),
        *(
            "between day 1 and 7",
            "from day 1 to day 7",
            "on days 1\u20137",
            "D1-D7",
            "days 1 through 7",
        ),
    ],
    "on days 1..7, 8..14": ["on days 1..7, on days 8..14", "on days 1-7, 8-14", "D1-D7 and D8-D14"],
    "on days 7..14": [
        *("7-14 days later", "between 7 and 14 days after install", "within days 7-14"),
        *("within 7-14 days", "within 7 to 14 days", "within 7..14 days"),
    ],
    "on days 7..30": [
        *("from day 7", "since day 7", "on day >= 7", "at least 7 days later", ">= 7 days"),
        *("on day 7..", "on day 7+", "on day 7 or later", "on day 7 unbounded"),
    ],
    "on days 1..30": ["at any time", "after install", "since signup"],
    "on days 8..30": ["after day 7"],
    "on days 0..6": ["before day 7"],
    "on days 0..7": ["until day 7", "no later than day 7"],
    "within 90 days": ["within 3m", "within 1q", "within 3 months"],
    "on days 7..13": ["in week 1", "week 1", "in the second week"],
    "on days 7..13, 14..20": ["on weeks 1, 2", "in weeks 1 and 2", "in week 1, week 2"],
    "on days 30..59": ["in month 1"],
    "on days 30..59, 60..89": ["on month 1, 2", "in months 1 and 2", "M1, M2"],
    "on days 7..34": ["on weeks 1..4", "in weeks 1-4", "during week 1 to 4"],
    "within 30 days >= 2": [">= 2 within 30 days", "within 30 days at least twice"],
    "within 30 days = 1": ["within 30 days only once", "within 30 days exactly once"],
    "within 30 days > 1": ["within 30 days more than once"],
    "on day 7 > 1": ["> 1 on day 7"],
}


@pytest.mark.parametrize(
    ("typed", "cure"), [(typed, cure) for cure, all_ in WINDOWS.items() for typed in all_]
)
def test_a_window_in_other_words_is_led_to_the_languages(typed: str, cure: str) -> None:
    """In the place of what is underlined, whatever stands behind; and it is a query then."""
    for rest in ("", " by first week"):
        error = error_of(STEP + typed + rest)
        said = re.search("(?:write|written) (.*)", error.message)
        assert said, error.message
        assert said[1] == cure
        start, end = error.column - 1, error.column - 1 + error.length
        assert parse(error.source[:start] + cure + error.source[end:], today=TODAY)


@pytest.mark.parametrize("typed", ["in 30 days", "day 7", "in week 1", "within a week", "on D7"])
def test_behind_another_did_the_whole_step_is_written(typed: str) -> None:
    """There a window would be refused again: own days are allowed in a step only."""
    said = re.search("write (share did .*)", error_of(f"{BASE}did Charged {typed}").message)
    assert said
    assert parse(BASE + said[1], today=TODAY)


@pytest.mark.parametrize(
    ("cell", "cure"),
    [
        ("Charged within 7 days", "App Installed share did Charged within 7 days"),
        ("Charged on day 1, 7", "App Installed share did Charged on day 1, 7"),
        ("Charged last week in week 2", "App Installed last week share did Charged on days 14..20"),
        ("A share did B last month within 7 days", "did B within 7 days"),
        ("A share did B within 7 days last month", "did B within 7 days"),
        ("A share did any (B, C within 2 days)", "did any (B, C) within 2 days"),
        ("A share Coupon exists by week", "share where Coupon exists"),
        ('A share with tech.OS = "iOS"', 'share where tech.OS = "iOS"'),
        ("A share Charged within 7 days", "share did Charged"),
        ("A share did Charged D7", "did Charged on day 7"),
        ("A share did Charged within an hour", "did Charged within 1 day"),
        ("A share did B in the last 7 days", "last 7 days"),
        ("A share did Charged within a quarter", "did Charged within 90 days"),
        ("A share did B within 7 days per week", "within 7 days by first week"),
        ("A share did B within 7 days monthly", "within 7 days by first month"),
        ("A share did B within 7 days and did C within 7 days", "within 7 days share did"),
        ("A share did where x = 1", "share where"),
        ("A share never B", "share did not B"),
        ("A share did Charged again within 7 days", "did Charged >= 2"),
        ("what % of Z Y within 7 days", "App Installed share did Charged within 7 days"),
        ("A share did no Charged within 7 days", "did not Charged"),
        ("A didn't B within 7 days", "did not B within 7 days"),
        ("A share did B on day 7 by first weeks", "by first week"),
        ("A share did B on day 7 by App Installed week", "by first week"),
        ("A share did B on day 7 split by week", "on day 7 by first week"),
        ("A share did B on day 7 versus previous", "vs previous"),
        ("A last month share did B vs same month last year", "vs before 1 year"),
        ("A share reachable by week", "share where reachability.has_token = true"),
        ("App Installed last week D7", "share did App Launched on day 7"),
        ("App Installed last week within 7 days", "share did App Launched within 7 days"),
    ],
)
def test_the_place_of_a_window_and_of_a_filter_is_said(cell: str, cure: str) -> None:
    """What is written instead is a query where it is put."""
    assert cure in error_of(cell).message


@pytest.mark.parametrize("base", ["App Installed", "App Installed last month"])
@pytest.mark.parametrize(
    "step", ["Charged within 7 days", "Charged on day 7", "Charged where Amount > 5 within 30 days"]
)
@pytest.mark.parametrize("word", ["", "then ", "and "])
def test_a_step_without_its_words_gets_them(base: str, step: str, word: str) -> None:
    """On a line of its own an event is no part of the name above it."""
    assert error_of(f"{base}\n  {word}{step}").cure == f"{base}\n  share did {step}"


@pytest.mark.parametrize(
    ("cell", "step"),
    [
        ("D7 retention of App Installed", "share did App Launched on day 7"),
        ("7-day retention", "share did App Launched on day 7"),
        ("App Installed last month 7 day retention", "share did App Launched on day 7"),
        ("App Installed last month retention", "share did App Launched on day 1, 7, 30"),
        ("App Installed last month W1 retention", "share did App Launched on days 7..13"),
        ("App Installed retained on day 7", "App Installed share did App Launched on day 7"),
        ("retention last month", "share did App Launched on day 1, 7, 30"),
        (
            "App Installed last month conversion to Charged within 7 days",
            "did Charged within 7 days",
        ),
        ("App Installed to Charged within 7 days", "share did Charged within 7 days"),
        ("App Installed, Charged within 7 days", "share did Charged within 7 days"),
        ("conversion App Installed -> Charged within 1 day", "share did Charged within 1 day"),
        ("App Installed last month Charged within 7 days", "share did Charged within 7 days"),
        ("did Charged within 7 days", "App Installed share did Charged within 7 days"),
        ("App Launched opt-in rate", "share where reachability.has_token = true"),
        ("App Launched share opted in", "share where reachability.has_token = true"),
        ("A share did App Launched on day 7 by weekly cohort", "by first week"),
        ("A share did App Launched on day 7 by week of install", "by first week"),
        ("A share of Charged", "share did Charged"),
        ("A last month % Charged", "share did Charged"),
        ("A share did Charged later", "share did Charged on days 1..30"),
        ("push opt-in rate by week", "App Launched share where reachability.has_token = true"),
        ("unbounded retention", "share did App Launched on days 7..30"),
        ("App Installed last month rolling day 14 retention", "on days 14..30"),
        ("weekly retention of App Installed", "after 0..11 weeks by first week"),
        ("App Installed monthly retention", "after 0..11 months by first month"),
        ("D1/D7/D30 retention", "share did App Launched on day 1, 7, 30"),
        ("App Installed last month D1/D7", "share did App Launched on day 1, 7"),
        ("N-day retention", "App Installed share did App Launched on day 1, 7, 30"),
        ("next day retention", "App Installed share did App Launched on day 1"),
        ("week 1 retention", "App Installed share did App Launched on days 7..13"),
        ("7-day retention by week", "share did App Launched on day 7 by first week"),
        ("App Installed last month came back within 7 days", "share did App Launched on days 1..6"),
        ("App Installed churned after 30 days", "share did not App Launched on days 1..30"),
        ("time to first Charged", "App Installed share did Charged within 1, 3, 7, 14, 30 days"),
        ("App Launched last month repeat within 30 days", "share did App Launched on days 1..29"),
        ("activation rate", "App Installed share did Charged within 7 days"),
    ],
)
def test_what_other_tools_call_it_leads_to_the_step(cell: str, step: str) -> None:
    """What is said is a statement, or a part of one, and the whole where the base is said."""
    message = error_of(cell).message
    assert step in message
    said = re.search(r"write (.*?)(?:; |$)|written (.*?)(?:; |$)", message)
    assert said
    text = said[1] or said[2]
    assert parse(text if text.startswith("App") else f"A last month {text}", today=TODAY)


@pytest.mark.parametrize(
    ("cell", "cure"),
    [
        ("users who A then B within 7 days", "A share did B within 7 days"),
        ("funnel A, B within 7 days", "A share did B within 7 days"),
        ("conversion rate from A to B in 3 days", "A share did B within 3 days"),
        ("conversion of A to B within 24 hours last week", "A last week share did B within 1 day"),
        ("A to B conversion rate", "A share did B"),
        ("B within 7 days of A last week", "A last week share did B within 7 days"),
        ("B within 48 hours after A", "A share did B within 2 days"),
        ("B 7 days after A by week", "A share did B on day 7 by first week"),
        ("A last week who B within 7 days", "A last week share did B within 7 days"),
        ("A last week and did B within 7 days", "A last week share did B within 7 days"),
        ("A last week but not B within 7 days", "A last week share did not B within 7 days"),
        ("A last week without B within 7 days", "A last week share did not B within 7 days"),
        ("A today converted to B in a week", "A today share did B within 1 week"),
        ("median time from A to B", "A share did B within 1, 3, 7, 14, 30 days"),
        ("A then B 7 days later", "A share did B on day 7"),
        ("A -> B D7", "A share did B on day 7"),
        ("A and B on day 1, 7", "A share did B on day 1, 7"),
        ("percentage of A that B within 7 days", "A share did B within 7 days"),
        ("share of A today who did B in 3 days", "A today share did B within 3 days"),
        ("how many users B within 7 days of A", "A share did B within 7 days"),
        ("of A last week, who B within 7 days", "A last week share did B within 7 days"),
        ("A last week conversion B within 7 days", "A last week share did B within 7 days"),
        ("A LAST WEEK SHARE DID B ON DAY 1", "A last week share did B on day 1"),
    ],
)
def test_a_question_in_a_sentence_becomes_the_statement(cell: str, cure: str) -> None:
    """Its events keep their names: no word of the sentence is taken for a part of one."""
    assert error_of(cell).cure == cure


@pytest.mark.parametrize(
    "typed",
    ["in {} days", "within {} hours", "{} days later", "at least {} times", "in week {}"],
)
def test_a_number_of_any_length_is_explained(typed: str) -> None:
    """Python reads no more than 4,300 digits; whatever is typed, one error of the query comes."""
    assert error_of(STEP + typed.format("9" * 5000))


def test_no_message_leads_to_a_period_that_moves() -> None:
    """Once they did, and 95 % was counted where 0 is true."""
    for typed in ("did B day 7", "did B in 30 days", "share did B in week 1", "within 7 days"):
        assert "after" not in error_of(f"A {typed}").message


@pytest.mark.parametrize("typed", ["aweek", "sevendays", "theday", "a d", "an w"])
def test_words_that_stick_together_are_read_or_left(typed: str) -> None:
    """Whatever comes where a window begins: a message, and the number that was typed."""
    message = error_of(f"{STEP}within {typed}").message
    assert "sevendays" not in typed or "within 7 days" in message
