"""The journal's cells -> the DataFrame of `%ct history`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any

import pandas as pd

from ct_magic.client.jobs import Tally
from ct_magic.results.frame import DAY, TEXT

if TYPE_CHECKING:
    from ct_magic.client.journal.history import PastCell


HISTORY_COLUMNS: dict[str, Any] = {
    "asked": DAY,
    "account": TEXT,
    "variable": TEXT,
    "title": TEXT,
    "text": TEXT,
    "counts": "Int64",
    "state": TEXT,
    "count": "Int64",
    "events": "Int64",
    "users": "Int64",
    "devices": "Int64",
    "error": TEXT,
    "req_id": TEXT,
    "ended": DAY,
}


def history_frame(
    cells: Sequence[PastCell], zone_of: Callable[[str | None], tzinfo | None]
) -> pd.DataFrame:
    """Return a row for each cell that was asked, in the order given; see `ct_magic.history`."""
    rows = [_row(cell, zone_of(cell.zone)) for cell in cells]
    return pd.DataFrame(
        {
            name: pd.Series([row[name] for row in rows], dtype=HISTORY_COLUMNS[name])
            for name in HISTORY_COLUMNS
        }
    )


def _row(cell: PastCell, zone: tzinfo | None) -> dict[str, object]:
    entries = cell.entries
    tally = entries[0].tally if cell.counts == len(entries) == 1 else None
    left = cell.counts - len(entries)
    ended = [entry.ended for entry in entries]
    last = max((time for time in ended if time is not None), default=None)
    return {
        "asked": _local_moment(cell.began, zone),
        "account": cell.account,
        "variable": cell.variable,
        "title": _joined(cell.titles),
        "text": _joined([entry.text for entry in entries]),
        "counts": cell.counts,
        "state": _states([*(entry.state for entry in entries), *["not sent"] * left]),
        "count": tally and tally.count,
        **{name: getattr(tally or Tally(0), name) for name in ("events", "users", "devices")},
        "error": next((entry.error for entry in entries if entry.error), None),
        "req_id": _joined([entry.req_id for entry in entries if entry.req_id]) or None,
        "ended": _local_moment(None if None in ended else last, zone),
    }


def _joined(texts: Sequence[str]) -> str:
    return "; ".join(dict.fromkeys(texts))


def _states(states: Sequence[str]) -> str:
    tally = Counter(states)
    return states[0] if len(tally) == 1 else ", ".join(f"{n} {word}" for word, n in tally.items())


def _local_moment(seconds: float | None, zone: tzinfo | None) -> datetime | None:
    if seconds is None:
        return None
    moment = datetime.fromtimestamp(seconds, UTC).astimezone(zone)
    return moment.replace(tzinfo=None, microsecond=0)


# The points of `%ct check` as a DataFrame.

_CHECK_COLUMNS = ("point", "holds", "tested", "result", "meaning")


def point_table(rows: Sequence[Sequence[str | bool | None]]) -> pd.DataFrame:
    """Return a row for each point; `holds` is missing where it is unknown."""
    return pd.DataFrame([list(row) for row in rows], columns=list(_CHECK_COLUMNS)).astype(
        {"holds": "boolean"}
    )


# The commonest values of properties as a DataFrame.

_VALUE_COLUMNS = ("property_type", "property", "kind", "value", "events")


def value_table(rows: Sequence[Sequence[str | int]]) -> pd.DataFrame:
    """Return a row for each value of each property, with the events that had it."""
    frame = pd.DataFrame([list(row) for row in rows], columns=list(_VALUE_COLUMNS))
    return frame.astype({"events": "Int64"})


# The names that an account knows as a DataFrame.

_NAME_COLUMNS = ("event", "property", "type", "values", "source")


def name_table(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Return a row for each property; NA where it has no event, no type, or where none is known."""
    frame = pd.DataFrame([list(row.values()) for row in rows], columns=list(_NAME_COLUMNS))
    texts = {name: TEXT for name in _NAME_COLUMNS if name != "values"}
    frame["property"] = frame["property"].replace("", None)
    return frame.astype(texts)
