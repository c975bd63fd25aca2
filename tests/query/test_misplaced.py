"""The table of wrong cells: each row gets its message, and cells like it get the same."""

import re

import pytest
from helpers.language_inputs import TODAY

from ct_magic import QueryError
from ct_magic.query.mistakes.examples import EXPECTED, wrong_cells
from ct_magic.query.parser import parse

ROWS = list(wrong_cells())


def test_every_row_of_the_table_gets_its_message() -> None:
    """A row is a test: another row that is too much like it, or a rule before it, shows here."""
    wrong = {cell: error for cell, message in ROWS if not _says(error := _error(cell), message)}
    assert not wrong


def test_a_cell_stands_in_the_table_once() -> None:
    """Two messages for one cell would leave it to the order of the rows."""
    assert len({cell for cell, _ in ROWS}) == len(ROWS)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("Signup in 2026-10", "a period is written alone"),
        ("Signup 2026-10-01 to 2026-10-09 by day", "two dots, 2026-10-01..2026-10-09"),
        ("Signup where A = 1 2026-10-01, 2026-10-09", "two dots, 2026-10-01..2026-10-09"),
        ("Signup did Paid 20261001 20261009", "two dots, 20261001..20261009"),
        ("x: Signup 20261001-20261009", "two dots, 20261001..20261009"),
        ("Signup where Age > +18 last week", "a number has no plus, 18"),
        ("Signup where Age != .5 and Plan = 'x'", "a number begins with a digit"),
        ("Signup where Age = 18..30 by day", "a range comes behind in"),
        ("Signup did Paid 3 days ago", "write today-3"),
        ("Signup last 30 days vs 30 days ago by day", "write vs before 7 days, or vs previous"),
        ("Signup last 3 months every month", "write by day or by week"),
        ("Signup yesterday by hours", "write by hour"),
        ("Signup did any (Paid or Left or Rated) = 2", "the events are parted by commas"),
        ("Signup share did (Paid, Left) by day", "write did any (Product Viewed"),
        ("Signup last week did Paid after Left", "not what came first"),
        ("Signup share did Paid before Left by week", "not what came first"),
        ("Signup did Paid in last 3 weeks", "a period is written alone"),
        ("Signup, Paid last month", "another event goes on a line of its own"),
        ("Signup last 30 days where City = 'x' by day", "filters come right after"),
        ("Signup where City = 'x' where Age > 5 today", "there is a 'where' already"),
        ("Signup where Age >= 18 and <= 30 last 7 days", "every filter names its property"),
        ("Signup where 18 <= Age last week", "the property comes first"),
        ("Signup where not (City = 'x' or Age > 5) today", "a bracket cannot be negated"),
        ("Signup where Age > 10,000 by day", "a number has no separators"),
        ("Signup where Age > floor by day", "a variable is written $floor"),
        ("Signup where Born < 2001-02-03", "since 2001-02-03"),
        ("Signup where Born = 2001-02-03 today", 'quoted, "2001-02-03"'),
        ("Signup did any Paid or Left last week", "the events are written in brackets"),
        ("Signup did Paid last 7 days and share did Left", "one 'did' follows another"),
        ("Signup did Paid > 3 this month", "how often comes last"),
        ("Signup last 90 hours by day", "periods are whole days"),
        ("Signup did Paid after 30 minutes", "periods are whole days"),
        ("2026-01-01 by day", "a line that goes on with the one above"),
        ("Signup from yesterday by day", "expected 'to'"),
        ("Signup 2026-01..2026-03 by month", "a whole month or quarter is written alone"),
        ("Signup 2026-01-01.2026-02-01", "a period has two dots"),
        ("Signup by month last year", "the period comes before 'by'"),
        ("Signup by Plan, day", "say which values"),
        ("Signup by City, Plan", "say which places"),
        ("Signup by day, Plan last week", "say which values"),
        ("Signup last 7 days vs Paid by day", "'vs' compares two periods"),
        ("Signup > Paid > Left today", "for a funnel"),
        ("Signup > 5 and Age = 3 today", "filters begin with 'where', as"),
        ("Signup by week and Plan in ('a')", "is joined by commas"),
        ("Signup where Paid last 30 days", "as in Gift = true"),
        ("Signup this week to today by day", "a period from one day to another"),
    ],
)
def test_cells_that_no_row_holds_get_the_message_of_their_kind(cell: str, message: str) -> None:
    """The table generalises: other names, numbers, periods and clauses around the mistake."""
    assert cell not in dict(ROWS)
    assert message in _error(cell)


def _error(cell: str) -> str:
    with pytest.raises(QueryError) as caught:
        parse(cell, today=TODAY)
    return str(caught.value).splitlines()[-1]


def _says(error: str, message: str) -> bool:
    """Return True if this is the message of a row, whatever it quotes of the cell."""
    if message == EXPECTED:
        return "expected " in error or "nothing more can come here" in error
    return all(part in error for part in re.split("{found}|{before}", message))
