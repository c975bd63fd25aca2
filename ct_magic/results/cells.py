"""DataFrame of counts -> its rows as typed values, also where it was saved and read again.

The order of rows and columns has no meaning, since people sort, filter and join frames. A base is
the row whose `step` is its event and whose count is its `of`. What a single row does not tell, the
order of the steps and the unit of the pieces, is in the frame's `attrs` (see `frame.LAYOUT`), which
pandas passes on. Where they are lost, as in a file, the statement in the row's `query` is read
again; where that is a label, the step before is unknown. Nothing is guessed from the place or the
index of a row: rows may have been removed, and numbered anew.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any

import pandas as pd

from ct_magic.errors import StillRunningError, UsageError
from ct_magic.query.calendar import number_of_pieces
from ct_magic.query.model import Days, Unit
from ct_magic.results import frame
from ct_magic.results.frame import COLUMNS, LAYOUT
from ct_magic.rows import Record, is_over, replace

_NEEDED = ("query", "start", "end", "count")
CellValue = str | float | bool | date


class Series(Record):
    """What a row is a count of, apart from its days: rows of one series are one line."""

    query: str
    values: tuple[tuple[str, str, CellValue], ...]  # column, type (5 is not "5"), value
    step: str | None = None
    after: int | None = None
    window: tuple[int, int] | None = None  # own days


class Cell(Record):
    """A row of the DataFrame; None where a cell is empty. Shares and changes are fractions."""

    series: Series
    event: str
    start: date
    end: date
    count: int | None
    of: int | None = None
    share: float | None = None
    low: float | None = None
    high: float | None = None
    previous: int | None = None
    previous_start: date | None = None
    previous_end: date | None = None
    change: float | None = None
    previous_of: int | None = None
    previous_share: float | None = None
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    whole: bool | None = None
    status: str | None = None
    doubt: str | None = None
    counted: datetime | None = None  # on the account's clock
    rank: int | None = None  # the step's place in its statement, 0 for the base; None: unknown
    every: str | None = None  # the unit of `by`
    rolls: bool = False  # True for a window that ends with its piece

    @property
    def is_base(self) -> bool:
        """True for the row that the steps of its piece are compared with."""
        is_all = None in (self.count, self.of) or self.count == self.of
        return self.series.step is not None and self.series.step == self.event and is_all

    @property
    def is_step(self) -> bool:
        """True for a row that is a share of a base."""
        return self.series.step is not None and not self.is_base

    @property
    def is_open(self) -> bool:
        """True where its last day (or its hour on it) was not over when it was counted."""
        at, pieces = self.counted, ((name, value) for name, _, value in self.series.values)
        return at is not None and not is_over(self.end, pieces, at.date(), at.hour)

    @property
    def is_partial(self) -> bool:
        """True for a count of a piece that is cut short or not over."""
        return self.whole is False or (self.is_open and self.count is not None)

    @property
    def piece(self) -> tuple[object, ...]:
        """What a row has in common with the steps of the same base."""
        return self.series.query, self.series.values, self.start, self.end

    @property
    def days(self) -> int:
        """How many days the row counts; both ends are included."""
        return (self.end - self.start).days + 1


def axes(df: pd.DataFrame) -> tuple[str, ...]:
    """Return the columns of `by`'s values.

    Their names are in the frame's `attrs`; where these were lost, they are those of its statements,
    and those before the count that are no column of ours.
    """
    names = [str(name) for name in df.columns]
    known = [name for name in _layout(df)["axes"] if name in names]
    if LAYOUT in df.attrs and len(known) == len(_layout(df)["axes"]):
        return tuple(known)
    # A file that was written with its index has a column for that.
    before = [n for n in names[: names.index("count")] if not n.startswith("Unnamed: ")]
    return tuple(dict.fromkeys([n for n in before if n not in COLUMNS] + known))


def _layout(df: pd.DataFrame) -> Mapping[str, Any]:
    """Return the frame's layout, or that of its statements, which are read again."""
    if LAYOUT in df.attrs:
        return df.attrs[LAYOUT]  # type: ignore[no-any-return] # anything may be in `attrs`
    layout: dict[str, Any] = {"axes": [], "values": {}, "statements": {}}
    if "event" in df.columns:
        for query, event in df[["query", "event"]].drop_duplicates().itertuples(index=False):
            found = frame.layout_of(str(query), str(event))
            layout["axes"] += found.get("axes", [])
            layout["statements"] |= found.get("statements", {})
            for axis, values in found.get("values", {}).items():
                layout["values"].setdefault(axis, []).extend(values)
    return layout


def cells(df: pd.DataFrame) -> tuple[Cell, ...]:
    """Return the rows of a DataFrame of counts, in its order; foreign columns are ignored.

    Raises UsageError for another DataFrame, for one without rows, for one with the same count
    twice, since either could be meant, and for one with more people than there are.
    """
    _check_frame(df)
    names = axes(df)
    rows = tuple(_cell(row, names) for row in df.to_dict("records"))
    for row in rows:
        _check_counts(row)
    events: dict[str, str] = {}
    for row in (row for row in rows if row.event != row.series.query):  # which says nothing
        if (other := events.setdefault(row.series.query, row.event)) != row.event:
            raise UsageError(
                f"{row.series.query!r} is of two events, {other!r} and {row.event!r}: "
                "give the statements different labels"
            )
    often = Counter((row.series, row.start, row.end) for row in rows)
    (series, start, end), times = often.most_common(1)[0]
    if times > 1:
        values = "".join(f", {name} {value!r}" for name, _, value in series.values)
        raise UsageError(
            f"{series.query!r}{values}, {start} to {end} occurs twice: "
            "drop one of the rows, or give the statements different labels"
        )
    layouts = _layout(df)["statements"]
    units = _units(rows, layouts)
    found = []
    for row in rows:
        query, step = row.series.query, row.series.step
        steps = layouts.get(query, {}).get("steps", ())
        rank = steps.index(step) if step in steps else 0 if row.is_base else None
        every, rolls = units[query]
        found.append(replace(row, rank=rank, every=every, rolls=rolls))
    return tuple(found)


def with_room(df: pd.DataFrame, ours: Iterable[str]) -> pd.DataFrame:
    """Return a copy in which no axis has one of these names."""
    free = frame.free_names(axes(df), ours)
    renamed = df.rename(columns=free)
    if LAYOUT in renamed.attrs:
        known = renamed.attrs[LAYOUT]
        values = {free.get(name, name): some for name, some in known["values"].items()}
        names = [free.get(name, name) for name in known["axes"]]
        renamed.attrs[LAYOUT] = {**known, "axes": names, "values": values}
    return renamed


def asked_order(df: pd.DataFrame, values: Iterable[object], axis: str) -> list[object]:
    """Return an axis's values, or the statements, as they were asked; others in their order."""
    layout = _layout(df)
    asked = layout["statements"] if axis == "query" else layout["values"].get(axis, [])
    known = {value: place for place, value in enumerate(asked)}
    # From a file "True" and "01" come as True and 1.
    read = {_as_read(value): place for value, place in known.items()}
    found = dict.fromkeys(values)
    return sorted(found, key=lambda v: known.get(v, read.get(_as_read(v), len(known))))


def _as_read(value: object) -> object:
    """Return what is equal for a value and for what a file gives back of it."""
    try:
        return float(str(value))
    except ValueError:
        return str(value)


def steps(rows: Iterable[Cell]) -> list[Cell]:
    """Return the rows that are a share of a base."""
    return [row for row in rows if row.is_step]


def steps_before(rows: Sequence[Cell]) -> dict[int, Cell]:
    """Return, by the `id` of a row, the row of the step before it, where it is there and known."""
    known = {(row.piece, row.rank): row for row in rows if row.series.after is None}
    before = {id(row): known.get((row.piece, row.rank - 1)) for row in rows if row.rank}
    return {number: row for number, row in before.items() if row is not None}


def _units(
    rows: Sequence[Cell], layouts: Mapping[str, Mapping[str, Any]]
) -> dict[str, tuple[str | None, bool]]:
    """Return, for each statement, the stretch of the calendar that its pieces are, or end with."""
    lines: dict[str, list[list[Cell]]] = defaultdict(list)
    for series, some in by_series(rows).items():
        lines[series.query].append(some)
    units = {query: frame.pieces_of(some) for query, some in lines.items()}
    known = {query: layouts.get(query, {}) for query in lines}
    return units | {q: (of["every"], of["rolls"]) for q, of in known.items() if "every" in of}


def _check_frame(df: object) -> None:
    try:
        columns = list(df.columns)  # type: ignore[attr-defined] # anything may be given
    except StillRunningError:
        raise  # a handle's own message is better
    except AttributeError:
        columns = []
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        problem = f"not a DataFrame of counts (no column {missing[0]!r})"
        raise UsageError(f"{problem}: give what %%ctcount or count() gave")
    if not len(df):  # type: ignore[arg-type] # with these columns it is a DataFrame
        raise UsageError("this DataFrame holds no count")
    if "step" in columns and "event" not in columns:
        raise UsageError("there is no column 'event', by which the base of a share is known")


def _check_counts(row: Cell) -> None:
    for part, of in ((row.count, row.of), (row.previous, row.previous_of)):
        if part is not None and (part < 0 or (of is not None and part > of)):
            of_all = "" if of is None else f" of {of}"
            raise UsageError(
                f"{row.series.query!r}, {row.start} to {row.end}: {part}{of_all} cannot be a count "
                "of profiles; was the DataFrame changed? Give it as %%ctcount or count() gave it"
            )


# How a cell of each type is read, where there is something in it; from a CSV a day is a text.
_READ: dict[Any, Callable[[Any], Any]] = {
    frame.INT: int,
    frame.TEXT: str,
    frame.DAY: lambda value: date.fromisoformat(str(value)[:10]),
    frame.FLOAT: lambda value: number if math.isfinite(number := float(value)) else None,
    COLUMNS["whole"]: lambda value: str(value) == "True",
}


def _cell(row: Mapping[Any, Any], names: Sequence[str]) -> Cell:
    known = {name: row[name] for name in (*COLUMNS, *names) if not pd.isna(row.get(name))}
    last = known.get("to_day")
    series = Series(
        query=str(row["query"]),
        values=tuple((name, *_typed(known[name])) for name in names if name in known),
        step=str(known["step"]) if "step" in known else None,
        after=int(known["after"]) if "after" in known else None,
        window=None if last is None else (int(known.get("from_day", 0)), int(last)),
    )
    read: dict[str, Any] = {"event": series.query, "start": date.min, "end": date.max}
    ours = [name for name in COLUMNS if name in known and name in Cell.__dataclass_fields__]
    read |= {"count": None} | {name: _READ[COLUMNS[name]](known[name]) for name in ours}
    if "counted" in known:
        read["counted"] = datetime.fromisoformat(str(known["counted"])[:19])
    return Cell(series=series, **read)


def _typed(value: object) -> tuple[str, CellValue]:
    plain = value.item() if hasattr(value, "item") else value  # numpy's scalars
    if isinstance(plain, bool):
        return "flag", plain
    if isinstance(plain, int | float):
        return "number", plain
    return "text", str(plain)


# What kind of result the rows of a DataFrame are, and the stretch of time that `by` cut.


class Kind(Enum):
    """How the rows of a result belong together."""

    NUMBER = "one count"
    STATEMENTS = "several statements"
    VALUES = "one count for each value"
    TIME = "counts over time"
    FUNNEL = "shares of a base"
    RETENTION = "shares of a base after some time"
    VERSUS = "counts against another period"


def kind(rows: Sequence[Cell]) -> Kind:
    """Return the kind of a result.

    Rows of different kinds, like a share beside a count over time, are several statements.
    """
    # A day without a partner belongs to the comparison, too.
    compared = {row.series.query for row in rows if row.previous_start is not None}
    windows = {(r.series.query, r.series.window) for r in rows if r.is_step and r.series.window}
    listed = {query for query, times in Counter(q for q, _ in windows).items() if times > 1}

    shared = {row.series.query for row in rows if row.is_step}

    def own(row: Cell) -> Kind | None:
        series = row.series
        if series.query not in shared:  # a base alone is a count
            return Kind.VERSUS if series.query in compared else None
        is_listed = series.query in listed and series.window is not None
        return Kind.RETENTION if series.after is not None or is_listed else Kind.FUNNEL

    kinds = set(map(own, rows))
    if kinds <= {Kind.FUNNEL, Kind.RETENTION}:
        return Kind.RETENTION if Kind.RETENTION in kinds else Kind.FUNNEL
    if kinds != {None}:
        return Kind.VERSUS if kinds == {Kind.VERSUS} else Kind.STATEMENTS
    if len(rows) == 1:
        return Kind.NUMBER
    if is_over_time(rows):
        return Kind.TIME
    return Kind.VALUES if any(row.series.values for row in rows) else Kind.STATEMENTS


def is_over_time(rows: Sequence[Cell]) -> bool:
    """Return True if some series has several pieces, and all are cut into pieces."""
    pieces = by_series(rows).values()
    lengths = [len(cells) for cells in pieces]
    return max(lengths) > 1 and (min(lengths) > 1 or all(row.whole is not None for row in rows))


def by_series(rows: Iterable[Cell]) -> dict[Series, list[Cell]]:
    """Return the rows of each series in the order of their days; the series as they were asked."""
    series_rows: dict[Series, list[Cell]] = {}
    for row in rows:
        series_rows.setdefault(row.series, []).append(row)
    return {series: sorted(some, key=lambda row: row.start) for series, some in series_rows.items()}


def in_order(rows: Sequence[Cell]) -> list[Cell]:
    """Return the rows of a share by their days and steps; others as they are."""
    groups = list(dict.fromkeys((row.series.query, row.series.values) for row in rows))
    at = {group: number for number, group in enumerate(groups)}

    def place(row: Cell) -> tuple[object, ...]:
        series = row.series
        rank = len(rows) if row.rank is None else row.rank
        after = -1 if series.after is None else series.after
        return at[series.query, series.values], row.start, rank, after, series.window or (-1, -1)

    return list(rows) if all(row.series.step is None for row in rows) else sorted(rows, key=place)


def follows(earlier: Cell, later: Cell) -> bool:
    """Return True if a piece of a series comes right after another: none was removed."""
    if not earlier.rolls:
        return (later.start - earlier.end).days == 1
    if earlier.every is None or earlier.end >= later.end:
        return False
    return number_of_pieces(Days(earlier.end, later.end), Unit(earlier.every)) == 2


def unit(rows: Iterable[Cell]) -> str | None:
    """Return the stretch of the calendar that all whole pieces are: `week`; None if unknown."""
    return frame.unit_of_days((row.start, row.end) for row in rows if row.whole is not False)
