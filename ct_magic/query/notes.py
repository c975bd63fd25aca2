"""What a panel says of a statement: which days were meant where its words leave that open."""

from __future__ import annotations

from datetime import date

from .calendar_pieces import ends
from .expand import own_days, unit_of_pieces
from .model import ByTime, JsonQuery, Query
from .resolve_period import is_of_whole_pieces
from .versus import left_out, other_days

NO_PERIOD = "no period given: the last 30 days"
_DO_NOT_ADD_UP = "the pieces of 'by first' do not add up: a 'did' takes each piece's days"


def notes(query: Query | JsonQuery, today: date) -> list[str]:
    """Return sentences on the days of a statement when `today` is today."""
    if isinstance(query, JsonQuery):
        return []
    sentences = [NO_PERIOD] if query.event.period is None else []
    unit, days = unit_of_pieces(query), own_days(query, today)
    if unit is not None and is_of_whole_pieces(query.event.period, unit):
        start, end = ends(days)
        sentences.append(f"whole {unit.value}s: {start} to {end}")
    if query.versus is not None:
        sentences.append(left_out(query, days, other_days(query, days, unit, today), unit) or "")
    is_first = any(isinstance(axis, ByTime) and axis.first for axis in query.by)
    if is_first and (query.did or query.did_not or query.did_any):
        sentences.append(_DO_NOT_ADD_UP)
    return list(filter(None, sentences))
