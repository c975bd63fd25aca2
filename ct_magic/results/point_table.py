"""The points of `%ct check` as a DataFrame."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

_COLUMNS = ("point", "holds", "asked", "came", "meaning")


def point_table(rows: Sequence[Sequence[str | bool | None]]) -> pd.DataFrame:
    """Return a row for each point; `holds` is missing where it is unknown."""
    return pd.DataFrame([list(row) for row in rows], columns=list(_COLUMNS)).astype(
        {"holds": "boolean"}
    )
