"""Write the tables anew that hold what the language answers: `python tests/golden.py`.

To add a broken cell, write it into tests/query/broken-cells.txt above a line of dashes, run this,
and read what changed: `git diff` is the review.
"""

from __future__ import annotations

from helpers.language_inputs import BROKEN_CELLS, TODAY, broken_cells, shown_unseen

from ct_magic import QueryError
from ct_magic.query.parser import parse


def answer(cell: str) -> str:
    """What the language says of a cell."""
    try:
        parse(cell, today=TODAY)
    except QueryError as error:
        return str(error)
    return "IT IS A QUERY"


def written() -> str:
    """The table of broken cells as it must be."""
    blocks = (f"{cell}\n========\n{answer(cell)}\n" for cell, _ in broken_cells())
    return shown_unseen("--------\n".join(blocks))


if __name__ == "__main__":
    BROKEN_CELLS.write_text(written(), encoding="utf-8")
