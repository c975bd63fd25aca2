"""`%ctcount df Charged ...`: what would be sent as an event that nobody ever did."""

import pytest

from ct_magic import UsageError
from ct_magic.magic.arguments import refuse_variable

EVENTS = ["App Launched", "Charged", "new Charged"]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("x Charged last 7 days", "x = %ctcount Charged last 7 days"),
        ("df App  Launched", "df = %ctcount App Launched"),
        ("my_df Charged", "my_df = %ctcount Charged"),
        ("x Charged 2026-10", "x = %ctcount Charged 2026-10"),
    ],
)
def test_a_variable_before_a_known_event_is_told_its_place(text: str, right: str) -> None:
    """The message can be typed as it stands, and says how such an event would be written."""
    with pytest.raises(UsageError) as caught:
        refuse_variable(text, EVENTS)
    assert right in str(caught.value)
    assert "is quoted" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "Charged last 7 days",
        "new Charged last 7 days",
        "Charged Twice last 7 days",
        "x Charged Twice last 7 days",
        '"x Charged" last 7 days',
        "x: Charged last 7 days",
        "New Charged today",
        "x unknown today",
        "",
    ],
)
def test_what_may_be_an_event_is_left_alone(text: str) -> None:
    """Known, quoted, labelled, or like nothing that is known."""
    refuse_variable(text, EVENTS)
