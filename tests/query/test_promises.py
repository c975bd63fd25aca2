"""The language's promises, held to texts and queries nobody thought of."""

import random
import time
from contextlib import suppress

import pytest
from helpers.language_inputs import (
    SINGLES,
    TODAY,
    broken,
    broken_cells,
    check_error,
    check_query,
    check_statement,
    check_text,
    corpus,
)
from helpers.length import amount
from helpers.statement_inputs import whole_statements, with_own_days
from hypothesis import example, given, settings, strategies as st

from ct_magic import QueryError
from ct_magic.query.model import Query
from ct_magic.query.parser import parse

QUICK = settings(max_examples=amount(40, long=400))
CELLS = list(broken_cells())


@pytest.mark.parametrize(("cell", "error"), CELLS, ids=[cell[:40] for cell, _ in CELLS])
def test_a_broken_cell_gets_the_message_that_helps(cell: str, error: str) -> None:
    """Promise 4, word for word: the line, the caret, what was found, and what to type."""
    with pytest.raises(QueryError) as caught:
        parse(cell, today=TODAY)
    assert str(caught.value) == error
    check_error(cell, caught.value)


def test_the_table_of_broken_cells_is_long() -> None:
    """Sixty were asked for; a file that was read wrong would be short."""
    assert len({cell for cell, _ in CELLS}) == len(CELLS) >= 60


@QUICK
@given(SINGLES)
def test_every_query_comes_back_from_its_text_and_its_json(query: Query) -> None:
    """Promises 2 and 3, for names and values of any characters, line breaks included."""
    check_query(query)


@QUICK
@given(whole_statements())
def test_every_statement_comes_back_from_its_text(query: Query) -> None:
    """Promise 2 for all clauses that go together, and names that look like the language's words."""
    check_statement(query)


@QUICK
@given(with_own_days())
def test_every_statement_with_own_days_comes_back_from_its_text(query: Query) -> None:
    """Promise 2 for windows, beside all that goes with them."""
    check_statement(query)


@QUICK
@given(st.text(st.characters(), max_size=60))
@example("\x00")
@example("{" * 100_000)
@example("(" * 10_000)
@example('{"a":' * 5_000 + "1" + "}" * 5_000)
@example("A where x = " + "9" * 5_000)
@example("A last " + "9" * 5_000 + " days")
@example('{"event_name": "x", "from": 20150101, "to": ' + "9" * 5_000 + "}")
@example("A today-" + "9" * 5_000)
def test_any_text_gives_queries_or_a_query_error(text: str) -> None:
    """Promise 1, for texts of any characters."""
    check_text(text)


def test_cells_broken_at_random_give_queries_or_a_query_error() -> None:
    """Promises 1 to 4 near the language; `tests/fuzz_language.py` does it 100,000 times."""
    rng, cells = random.Random(2026), corpus()
    tried = amount(500, long=5_000)
    accepted = sum(check_text(broken(rng, cells)) for _ in range(tried))
    # Else they are too broken, or not broken enough, to prove much.
    assert 0.1 < accepted / tried < 0.9


@pytest.mark.parametrize(
    "cell",
    [
        "$a" * 16_000,
        "A where " + " and ".join(f"p{n} = {n}" for n in range(4_000)) + " today",
        "A where " + "contains " * 8_000,
        "A where " + " and ".join(f"(p{n} = 1 or p{n} > 2)" for n in range(400)),
        "A did B where " + " and ".join(f"(p{n} = 1 or p{n} > 2)" for n in range(400)),
        "A where " + "(" * 10_000,
    ],
    ids=lambda cell: cell[:30],
)
def test_a_long_cell_is_read_in_the_time_that_it_takes_to_read(cell: str) -> None:
    """Not in its square: a kernel that hangs over a pasted text cannot even be asked why."""
    began = time.process_time()
    with suppress(QueryError):
        parse(cell, today=TODAY)
    assert time.process_time() - began < 10
