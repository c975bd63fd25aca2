"""What an error says to write is written, and that error is gone: for every cell of the tables."""

from __future__ import annotations

import re
from functools import cache

import pytest
from helpers.language_inputs import TODAY, broken_cells

from ct_magic import QueryError
from ct_magic.counting.property_values import read_property, split_properties
from ct_magic.query.lexer import API_NAMES, CONTEXTUAL, Source, tokens
from ct_magic.query.mistakes.examples import wrong_cells
from ct_magic.query.parser import parse, statements

FRAMES = ("{}", "A {}", "A where {}", "A did {}", "A did B {}")
# What moves a period moves pieces of it.
FRAMES += tuple(f"A {text} by {unit}" for text in ("{}", "did B {}") for unit in ("week", "month"))
FRAMES += ("A {} by day",)
QUOTED = re.compile(r"""is quoted(?: whole)?[,:] (".*?"(?!\w))""")
MEANT = re.compile(r"found .*: did you mean '(.*?)'\?")
EXAMPLE = re.compile(r"\bas in ([^…]+?)(?=; |: a |, and a |\. |$)")
VALUES = re.compile("'%ct values (.*?)' shows them")


@cache
def errors() -> list[tuple[str, QueryError]]:
    """Every cell of both tables, and its error."""
    cells = [cell for cell, _ in (*broken_cells(), *wrong_cells())]
    return [(cell, error) for cell in cells if (error := error_of(cell))]


def error_of(cell: str) -> QueryError | None:
    try:
        parse(cell, today=TODAY)
    except QueryError as error:
        return error
    return None


def instead(cell: str, error: QueryError, line: str) -> str | None:
    """What is said of the cell with another line in the place of the wrong one."""
    lines = re.split("\r\n?|\n", cell.removeprefix("\ufeff"))
    lines[error.line - 1] = line
    changed = error_of("\n".join(lines))
    return changed and changed.message


def is_written(example: str) -> bool:
    """Return True if the language knows this, in one place or another of a statement."""
    for frame in FRAMES:
        for name in (5, ["a"], TODAY):
            try:
                statements(frame.format(example), {"floor": name}, TODAY)
            except QueryError:
                continue
            return True
    return False


def test_a_name_or_text_that_is_quoted_as_said_is_one() -> None:
    """And what comes behind it may be wrong, too, but not that again."""
    tried = 0
    for cell, error in errors():
        for quoted in QUOTED.findall(error.message):
            if quoted[1:-1] in error.source and quoted not in error.source:
                tried += 1
                line = error.source.replace(quoted[1:-1], quoted, 1)
                assert instead(cell, error, line) != error.message, cell
    assert tried > 100


def test_the_word_that_is_meant_can_stand_there() -> None:
    """In the place of what is underlined."""
    tried = 0
    for cell, error in errors():
        if word := MEANT.search(error.message):
            tried += 1
            before = error.source[: error.column - 1]
            after = error.source[error.column - 1 + error.length :]
            assert instead(cell, error, before + word[1] + after) != error.message, cell
    assert tried > 10


@pytest.mark.parametrize(
    ("cell", "cure"),
    [
        ("Charged wher Amount > 5", "Charged where Amount > 5"),
        ("A\nB wher x = 1\nC", "A\nB where x = 1\nC"),
        ("Charged where Category = Shoes", 'Charged where Category = "Shoes"'),
        ('A where x = "a" or "b" last 7 days', 'A where x in ("a", "b") last 7 days'),
        ("App Installed -> Charged", "App Installed share did Charged"),
        ("A then B last 7 days", "A last 7 days share did B"),
        ("A did B more than 3", "A did B > 3"),
        ("A last 14 days did B after 1 week by day", "A last 14 days did B after 7 days by day"),
        ("A share did B day 7", "A share did B on day 7"),
        ("A share did B within 48 hours", "A share did B within 2 days"),
        ("A share did B within 7 days of A", "A share did B within 7 days"),
        ("A did B within 7 days", "A share did B within 7 days"),
        ("A share did B within 7 days by week", "A share did B within 7 days by first week"),
        ("A where user.Plan = 1", "A where profile.Plan = 1"),
        ("A last 030 days", "A last 30 days"),
        ("A did B >= 02", "A did B >= 2"),
        ("A last 007 days did B", "A last 7 days did B"),
        ("A share did B within 07 days", "A share did B within 7 days"),
        ("A share did B on day 00", "A share did B on day 0"),
        ("A share did B on days 1..07", "A share did B on days 1..7"),
        ("A by day rolling 07 days", "A by day rolling 7 days"),
        ("A last week vs before 01 week", "A last week vs before 1 week"),
        ("A today-07..yesterday", "A today-7..yesterday"),
        ("A did any (B, C) >= 02", "A did any (B, C) >= 2"),
        ("A last 00000007 days", "A last 7 days"),
        ("A did B after 0..03 weeks by week", "A did B after 0..3 weeks by week"),
        ("A where x > 007", "A where x > 7"),
        ("A where x > 00.5", "A where x > 0.5"),
        ("A where x in -05..10", "A where x in -5..10"),
        ("A last 00 days", None),
        ("A where x = 01", None),  # a text, or a number: nobody knows which
        ("A where x in (1,005)", None),
        ("A 2026-W45", "A 2026-11-02..2026-11-08"),
        ("A on 2026W45 by day", "A 2026-11-02..2026-11-08 by day"),
        ("A week 45 of 2026", "A 2026-11-02..2026-11-08"),
        ("A last week vs 2026-W05", "A last week vs 2026-01-26..2026-02-01"),
        ("A from 2026-W45 to 2026-W46", "A 2026-11-02..2026-11-15"),
        ("A since 2026-W45", "A since 2026-11-02"),
        ("A 2026-W54", None),
        ("A Jan..Mar", "A 2026-01-01..2026-03-31"),
        ("A Jan..Mar 2025 by month", "A 2025-01-01..2025-03-31 by month"),
        ("A from Q1 to Q2", "A 2026-01-01..2026-06-30"),
        ("A Nov - Jan", "A 2025-11-01..2026-01-31"),
        ("A between Jan and Mar", "A 2026-01-01..2026-03-31"),
        ("A 2026-01..2026-03 vs previous", "A 2026-01-01..2026-03-31 vs previous"),
        ("A 2026-Q1..today", "A 2026-01-01..today"),
        ("A 2026-01..2026-02-15", "A 2026-01-01..2026-02-15"),
        ("A share did B on day 7 or less", "A share did B on days 0..7"),
        ("A share did B within 7, 14 days or less", "A share did B within 7, 14 days"),
        ("A share did B within 7 or 14 days", "A share did B within 7, 14 days"),
        ("A share did B on (1, 7) days", "A share did B on day 1, 7"),
        ("A share did B on days (1..7, 8..14)", "A share did B on days 1..7, 8..14"),
        ("A share did B on days 1..7, on days 8..14", "A share did B on days 1..7, 8..14"),
        ("A share did B within 7 days, 2 weeks", "A share did B within 7, 14 days"),
        ("A share did B within 7-day", "A share did B within 7 days"),
        ("A since January", "A since 2026-01-01"),
        ("A since Q4", "A since 2026-10-01"),
        ("A from 2026-08-10 until 2026-09-01", None),  # the message has other days
        ("A today-1 did B 5", None),
        ("A tomorrow", None),
        ("", None),
        ('{"event_name": "A"}', None),
    ],
)
def test_the_cure_of_an_error_is_the_text_that_is_read(cell: str, cure: str | None) -> None:
    """A script or an assistant takes it as it is; where more than one thing may be meant, none."""
    error = error_of(cell)
    assert error is not None
    assert error.cure == cure


def test_every_cure_is_read_and_brings_no_name_along() -> None:
    """A name would swallow what is put wrongly, so each word was typed, or is the language's."""
    cures = [(cell, error) for cell, error in errors() if error.cure]
    assert len(cures) > 80
    for cell, error in cures:
        assert statements(str(error.cure), today=TODAY)
        words = {token.text for token in tokens(Source(str(error.cure))) if token.type == "WORD"}
        said = re.findall(r"\w+", f"{cell} {error.message}")
        assert words <= {*said, *CONTEXTUAL, *API_NAMES}, cell


def test_every_example_is_of_the_language() -> None:
    """What stands behind `as in` is typed as it stands, or with its like around it."""
    examples = {e for _, error in errors() for e in EXAMPLE.findall(error.message)}
    assert len(examples) > 30
    wrong = {e for e in examples if not is_written(e)}
    assert not {e for e in wrong if not all(map(is_written, e.split(", ")))}


def test_the_values_that_an_error_leads_to_can_be_asked() -> None:
    """The command is typed as it stands."""
    commands = {c for _, error in errors() for c in VALUES.findall(error.message)}
    assert len(commands) > 3
    for command in commands:
        query, names = split_properties(command)
        assert [read_property(name) for name in names]
        assert len(statements(query, today=TODAY)) == 1


@pytest.mark.parametrize(
    ("cell", "message", "cure"),
    [
        (
            "A did B where x = 1 or y = 2",
            "write did any (B where x = 1, B where y = 2)",
            "A did any (B where x = 1, B where y = 2)",
        ),
        (
            "A did not B where x = 1 or y = 2",
            "write did not B where x = 1 did not B where y = 2",
            "A did not B where x = 1 did not B where y = 2",
        ),
        (
            "A did any (B where x = 1 or x = 2, C) >= 2",
            "in the bracket write B where x in (1, 2)",
            "A did any (B where x in (1, 2), C) >= 2",
        ),
        (
            "A share did any (C, B where x = 1 or y = 2) within 7 days",
            "in the bracket write B where x = 1, B where y = 2",
            "A share did any (C, B where x = 1, B where y = 2) within 7 days",
        ),
        ("A share did B did C", "move it before the first 'share'", "A did C share did B"),
        ("A share did B did C", "or write share did", "A share did B share did C"),
        ("A did B last 3 days vs previous", "leave the period out", "A did B vs previous"),
        (
            "A did B last 3 days vs previous",
            "before 30 days",
            "A did B before 30 days vs previous",
        ),
        (
            "A did B last 3 days vs previous by week",
            "before 1 week",
            "A last 4 weeks did B before 1 week vs previous by week",
        ),
        (
            "A last 30 days vs previous by week",
            "write 'last 3 weeks'",
            "A last 3 weeks vs previous",
        ),
        (
            "A where session.time_of_day in 22:00..03:00",
            "join two ranges by 'or'",
            "A where session.time_of_day in 22:00..23:59 or session.time_of_day in 00:00..03:00",
        ),
        ("A where geo = 1.5", '"country", "country/state"', 'A where geo = "India/Goa"'),
        ("A where x like 'a'", "write ~ for contains", "A where x ~ 'a'"),
        ("A where x <> 'a'", "write != for is not", "A where x != 'a'"),
        ("A where x => 1", "write >= for at least", "A where x >= 1"),
        ("A where x is 'a'", "write = before a value", "A where x = 'a'"),
        ("A where x is null", "write not exists", "A where x not exists"),
        ("a: A\na: B", "labels must be unique", "a: A\nb: B"),
        ("A 7 days", "write last 7 days", "A last 7 days"),
        ("A where x in 100..5", "before it begins", "A where x in 5..100"),
        ("A by hourly", "write by hour", "A by hour"),
    ],
)
def test_what_an_error_says_to_write_is_read(cell: str, message: str, cure: str) -> None:
    """Where it takes more than one word to put it right."""
    error = error_of(cell)
    assert error is not None
    assert message in error.message
    assert parse(cure, today=TODAY)
