"""Several events where one stands: the advice names the events that were typed, and works."""

import re

import pytest
from helpers.language_inputs import TODAY

from ct_magic import QueryError
from ct_magic.query.parser import parse, statements

ARROWS = ("->", "-->", "=>", "\u2192", ">", ">>", "then", "followed by", "and then")


def advice(cell: str) -> str:
    """What to write instead of a cell, as its error says it."""
    with pytest.raises(QueryError) as caught:
        parse(cell, today=TODAY)
    written = re.search("write (.*?)(?:; |$)", caught.value.message)
    assert written, caught.value.message
    return written[1]


@pytest.mark.parametrize("arrow", ARROWS)
@pytest.mark.parametrize("period", ["", " last 7 days", " 2026-10-01..2026-10-31"])
def test_a_funnel_is_written_out_with_its_own_events_and_period(arrow: str, period: str) -> None:
    """The period belongs to the base: behind the last step it would be that step's alone."""
    cell = f"Signup {arrow} Order Paid{period}"
    assert advice(cell) == f"Signup{period} share did Order Paid"
    (meant,) = statements(advice(cell), today=TODAY)
    (alone,) = statements(f"Signup{period}", today=TODAY)
    assert meant.event == alone.event  # type: ignore[union-attr] # a Query


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("Signup and Paid last 7 days by week", "Signup last 7 days did Paid by week"),
        ("Signup & Paid & Rated", "Signup did Paid did Rated"),
        ("seen: Signup + 'a b' today", "Signup today did 'a b'"),
        ("Signup but not Paid last week", "Signup last week did not Paid"),
        ("Signup and not Paid", "Signup did not Paid"),
        ("Signup not Paid vs previous", "Signup did not Paid vs previous"),
        ("funnel Signup, Viewed, Paid today", "Signup today share did Viewed share did Paid"),
    ],
)
def test_joined_events_are_written_out(cell: str, meant: str) -> None:
    """`and` is a `did`, `but not` a `did not`; what stood behind the names stays."""
    assert advice(cell) == meant
    assert parse(meant, today=TODAY)


@pytest.mark.parametrize("joiner", ["or", "|", "||"])
def test_either_of_two_events_is_three_statements(joiner: str) -> None:
    """No single count is one event or the other: the three that add up are named."""
    with pytest.raises(QueryError, match="three statements") as caught:
        parse(f"Signup {joiner} Paid last 7 days", today=TODAY)
    sentence = re.search("are (.*) plus (.*) less (.*), three", caught.value.message)
    assert sentence
    assert [len(parse(part, today=TODAY)) for part in sentence.groups()] == [1, 1, 1]


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("Signup > 5", "filters begin with 'where'"),
        ("Signup and Age > 5", "filters begin with 'where'"),
        ("Signup where A = 1 and B", "expected an operator"),
        ("Signup and did Paid", "without 'and'"),
    ],
)
def test_filters_are_not_taken_for_events(cell: str, message: str) -> None:
    """Where a value is compared, or a clause begins, other advice helps."""
    with pytest.raises(QueryError, match=message):
        parse(cell, today=TODAY)


@pytest.mark.parametrize("cell", ["Signup & Paid", "Signup and Paid", "Signup + Paid"])
def test_a_name_that_holds_the_sign_can_be_quoted(cell: str) -> None:
    """It may have been a name after all."""
    with pytest.raises(QueryError, match=f'quoted, "{re.escape(cell)}"'):
        parse(cell, today=TODAY)
    assert parse(f'"{cell}"', today=TODAY)


@pytest.mark.parametrize("day", ["2026-11-01", '"2026-11-01"', '"20261101"', '"2026/11/01"'])
@pytest.mark.parametrize("key", ["from", "to"])
def test_a_day_in_json_is_said_as_the_number_it_must_be(day: str, key: str) -> None:
    """The number can be typed as it is said, whatever stood there."""
    days = {"from": "20261101", "to": "20261101"} | {key: day}
    cell = f'{{"event_name": "E", "from": {days["from"]}, "to": {days["to"]}}}'
    with pytest.raises(QueryError, match="as a number: 20261101") as caught:
        parse(cell, today=TODAY)
    error = caught.value
    assert error.source[error.column - 1 :][: error.length] == day


@pytest.mark.parametrize(
    "cell", ['\'{"event_name":"E","from":20261101}\'', 'x: \'{"event_name": "E"}\' today']
)
def test_json_between_quotes_is_no_event(cell: str) -> None:
    """It would be sent as a name, with the last 30 days."""
    with pytest.raises(QueryError, match="JSON is written without quotes"):
        parse(cell, today=TODAY)
