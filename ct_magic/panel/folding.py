"""How much of a cell is seen at once: what is left out while it runs, and folded when it is done.

Many rows would move what is below them. While they are asked, the few that changed last are seen;
when all is done, they are behind a disclosure, as they are where a picture below shows them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ct_magic.panel.panel import Standing, has_trouble, single
from ct_magic.panel.tables import is_grid
from ct_magic.panel.text import ROWS
from ct_magic.planning.row_results import RowResult

Shape = Literal["one", "rows", "long", "grid"]
IN_SIGHT = 8  # rows of a long table while it runs: those that changed last
IN_TROUBLE = 3  # of them at most
DRAWN = 250  # cells of a grid that is drawn anew while it fills


def is_folded(standing: Standing) -> bool:
    """Return True when the rows are behind a disclosure: done, and many, or in a picture."""
    return standing.over and (is_pictured(standing) or shape(standing) == "long")


def is_pictured(standing: Standing) -> bool:
    """Return True when the picture below shows all rows."""
    return standing.over and standing.about.plotted and not standing.lost


def shape(standing: Standing) -> Shape:
    """Return how a cell is drawn: as one number, as rows below each other, or as a grid.

    Retention is drawn as the grid that it will be unless that is too large. Long are rows that are
    not all shown: some of them while it runs, then a picture.
    """
    if single(standing):
        return "one"
    if is_grid(standing.rows) and (standing.over or len(standing.rows) <= DRAWN):
        return "grid"
    return "rows" if len(standing.rows) <= ROWS else "long"


def in_sight(standing: Standing) -> Sequence[RowResult]:
    """Return the rows that a live panel shows: all, or of many those that changed last.

    What is marked stays. At most three are in trouble: of what all wait for, the head speaks.
    """
    rows = standing.rows
    if len(rows) <= ROWS:
        return rows

    def last_news(row: RowResult) -> float:
        times = [time for job in row.jobs for time in (job.ended, job.began) if time is not None]
        return max(times, default=float("-inf"))

    newest = sorted(rows, key=last_news, reverse=True)
    kept = [row for row in newest if row.row.number in standing.marked]
    others = [row for row in newest if row.row.number not in standing.marked]
    most = IN_TROUBLE - sum(map(has_trouble, kept))
    troubled = [*filter(has_trouble, others)][: max(0, min(most, IN_SIGHT - len(kept)))]
    # What has its number comes first, then what is asked.
    calm = sorted((row for row in others if not has_trouble(row)), key=lambda r: r.count is None)
    shown = [*kept, *troubled, *calm[: IN_SIGHT - len(kept) - len(troubled)]]
    return sorted(shown, key=lambda row: (has_trouble(row), row.row.number))
