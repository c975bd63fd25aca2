"""The commonest values of properties as a DataFrame."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

_COLUMNS = ("property_type", "property", "kind", "value", "events")


def value_table(rows: Sequence[Sequence[str | int]]) -> pd.DataFrame:
    """Return a row for each value of each property, with the events that had it."""
    frame = pd.DataFrame([list(row) for row in rows], columns=list(_COLUMNS))
    return frame.astype({"events": "Int64"})
