"""Tables of other things than counts: the journal's cells, points of a check, values, names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any

import pandas as pd

from ct_magic.client.jobs import Tally
from ct_magic.results.frame import DAY, TEXT

if TYPE_CHECKING:
    from ct_magic.client.journal.history import PastCell

# The columns of each table, and their types.
HISTORY_COLUMNS: dict[str, Any] = {
    "asked": DAY,
    **dict.fromkeys(("account", "variable", "title", "text"), TEXT),
    "counts": "Int64",
    "state": TEXT,
    **dict.fromkeys(("count", "events", "users", "devices"), "Int64"),
    **dict.fromkeys(("error", "req_id"), TEXT),
    "ended": DAY,
}
POINT_COLUMNS = dict.fromkeys(("point", "holds", "tested", "result", "meaning")) | {
    "holds": "boolean"
}
VALUE_COLUMNS = dict.fromkeys(("property_type", "property", "kind", "value", "events")) | {
    "events": "Int64"
}
NAME_COLUMNS = {"event": TEXT, "property": TEXT, "type": TEXT, "values": None, "source": TEXT}


def table(rows: Iterable[Iterable[object]], columns: Mapping[str, Any]) -> pd.DataFrame:
    """Return the DataFrame of plain rows, given the types of its columns (None: pandas' own)."""
    types = {name: kind for name, kind in columns.items() if kind is not None}
    return pd.DataFrame([list(row) for row in rows], columns=list(columns)).astype(types)


def history_frame(
    cells: Sequence[PastCell], zone_of: Callable[[str | None], tzinfo | None]
) -> pd.DataFrame:
    """Return a row for each cell that was asked, in the order given; see `ct_magic.history`."""
    return table([_row(cell, zone_of(cell.zone)) for cell in cells], HISTORY_COLUMNS)


def _row(cell: PastCell, zone: tzinfo | None) -> tuple[object, ...]:
    entries = cell.entries
    tally = entries[0].tally if cell.counts == len(entries) == 1 else None
    left = ["not sent"] * (cell.counts - len(entries))
    states = Counter([*(entry.state for entry in entries), *left])
    numbered = [f"{number} {state}" for state, number in states.items()]
    ended = [entry.ended for entry in entries if entry.ended is not None]
    counts = tally or Tally(0)
    return (
        _moment(cell.began, zone),
        cell.account,
        cell.variable,
        _distinct(cell.titles),
        _distinct([entry.text for entry in entries]),
        cell.counts,
        "".join(states) if len(states) == 1 else ", ".join(numbered),
        tally and tally.count,
        *(counts.events, counts.users, counts.devices),
        next((entry.error for entry in entries if entry.error), None),
        _distinct([entry.req_id for entry in entries if entry.req_id]) or None,
        _moment(max(ended, default=None) if len(ended) == len(entries) else None, zone),
    )


def _distinct(texts: Sequence[str]) -> str:
    return "; ".join(dict.fromkeys(texts))


def _moment(seconds: float | None, zone: tzinfo | None) -> datetime | None:
    moment = None if seconds is None else datetime.fromtimestamp(seconds, UTC).astimezone(zone)
    return moment and moment.replace(tzinfo=None, microsecond=0)
