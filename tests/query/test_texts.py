"""Random cells, from the text to the DataFrame: `evaluate_texts.py` tries more of them."""

from datetime import date
from random import Random
from zoneinfo import ZoneInfo

import pytest
from evaluate_texts import Compared, compare
from helpers.length import amount


@pytest.mark.parametrize("is_new", [False, True])
def test_random_cells_hold_what_people_one_by_one_say(is_new: bool) -> None:
    """Lexer, grammar, builder, rows, JSON, SQL and frame, against plain Python."""
    compared = Compared()
    zone, day, cells = ZoneInfo("Asia/Kathmandu"), date(2028, 2, 29), amount(6, long=60)
    compare(zone, day, cells, Random(1), compared, is_new)
    assert not compared.wrong
    assert compared.rows > 10
